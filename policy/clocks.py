"""Clocks: time that counts towards a target, with start, pause, resume, stop, reset and a change of target.

A clock is an immutable value; every event returns a new one. Events come in the order in which they happened. What
an event does depends on the state (new → running → paused / stopped); an event that does not fit changes nothing.
The semantics are those of common help desks and are written out in ``docs/clocks.md``.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Literal

from policy.calendars import Calendar

State = Literal["new", "running", "paused", "stopped"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch in which the clock ran: ``[start, end)`` on ``calendar``, with ``elapsed`` minutes before it."""

    start: float
    end: float
    calendar: Calendar
    elapsed: float


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock at the instant ``at`` of its last event.

    ``elapsed`` counts minutes of the calendar while running since the last reset. ``target`` is in minutes
    (``math.inf`` = none). ``pieces`` are the stretches run since the reset, so that past instants can be found.
    ``breached_at`` is the first instant at which a running clock was at or over its target, and stays once set.
    """

    calendar: Calendar
    target: float = math.inf
    state: State = "new"
    at: float = -math.inf
    elapsed_then: float = 0.0
    pieces: tuple[Piece, ...] = ()
    breached_at: float | None = None

    # -- events ------------------------------------------------------------------------------------------------

    def start(self, at: float) -> Clock:
        """Begin to count, from new or stopped (a reopened ticket keeps what had elapsed)."""
        now = self._settled(at)
        return replace(now, state="running") if now.state in ("new", "stopped") else now

    def pause(self, at: float) -> Clock:
        """Stop counting until resumed."""
        now = self._settled(at)
        return replace(now, state="paused") if now.state == "running" else now

    def resume(self, at: float) -> Clock:
        """Count again after a pause."""
        now = self._settled(at)
        return replace(now, state="running") if now.state == "paused" else now

    def stop(self, at: float) -> Clock:
        """End: the work is done."""
        now = self._settled(at)
        return replace(now, state="stopped") if now.state in ("running", "paused") else now

    def reset(self, at: float) -> Clock:
        """Set what has elapsed to zero; the state stays, so a running clock goes on from here."""
        return replace(self._settled(at), elapsed_then=0.0, pieces=())

    def with_target(self, at: float, target: float) -> Clock:
        """Change the target; what has elapsed is kept."""
        return replace(self._settled(at), target=target)

    def with_calendar(self, at: float, calendar: Calendar) -> Clock:
        """Count on another calendar from here on; what was counted is kept."""
        return replace(self._settled(at), calendar=calendar)

    # -- questions ---------------------------------------------------------------------------------------------

    def elapsed(self, now: float) -> float:
        """Return the minutes counted up to ``now`` since the last reset."""
        if self.state != "running":
            return self.elapsed_then
        return self.elapsed_then + self.calendar.open_minutes(self.at, now)

    def remaining(self, now: float) -> float:
        """Return target less elapsed, in minutes; negative when over."""
        return self.target - self.elapsed(now)

    def due_at(self, now: float) -> float | None:
        """Return when the target is used up if nothing more happens; ``None`` unless running.

        When it is used up already, that past instant. ``None`` too where the calendar has no open minute ahead.
        """
        return self.reaches(self.target) if self.state == "running" else None

    def reaches(self, minutes: float) -> float | None:
        """Return the instant (past or, while running, ahead) at which ``minutes`` are reached, else ``None``."""
        if self.state == "new" or math.isinf(minutes):
            return None
        if self.pieces and self.elapsed_then >= minutes:
            # The piece in which it was reached is the last that began with less.
            index = bisect_left(self.pieces, minutes, key=lambda piece: piece.elapsed) - 1
            piece = self.pieces[max(index, 0)]
            return min(piece.calendar.add(piece.start, minutes - piece.elapsed), piece.end)
        if self.state != "running":
            return self.at if self.elapsed_then >= minutes else None
        ahead = self.calendar.add(self.at, minutes - self.elapsed_then)
        return None if math.isinf(ahead) else ahead

    def breach(self, now: float) -> float | None:
        """Return the instant of the first breach up to ``now``, or ``None``."""
        return self.advanced(now).breached_at

    def advanced(self, at: float) -> Clock:
        """Return the clock at ``at``, with no event in between: what ran is counted, a breach is recorded."""
        return self._settled(at)._checked()

    # -- inside ------------------------------------------------------------------------------------------------

    def _settled(self, at: float) -> Clock:
        """Count up to ``at`` and record a breach before it; one at ``at`` itself waits for that instant's events."""
        if self.state != "running":
            return replace(self, at=at)
        breached = self.breached_at
        if breached is None:
            due = self.reaches(self.target)
            if due is not None and max(due, self.at) < at:
                breached = max(due, self.at)
        return replace(self, at=at, elapsed_then=self.elapsed(at), pieces=self._pieces(at), breached_at=breached)

    def _pieces(self, at: float) -> tuple[Piece, ...]:
        """Return the pieces with the one that ends at ``at``; an event that changed nothing begins no new one."""
        if at <= self.at:
            return self.pieces
        if self.pieces and self.pieces[-1].end == self.at and self.pieces[-1].calendar is self.calendar:
            return (*self.pieces[:-1], replace(self.pieces[-1], end=at))
        return (*self.pieces, Piece(self.at, at, self.calendar, self.elapsed_then))

    def _checked(self) -> Clock:
        """Record a breach at this very instant, once all its events are applied: running, at or over the target."""
        if self.breached_at is None and self.state == "running" and self.elapsed_then >= self.target:
            return replace(self, breached_at=self.at)
        return self
