"""Where the time goes: what a ticket waits for, or who works on it, at each instant of its life.

``docs/tables.md`` defines the states. The stretches of time here are signed: a stay in hand counts as waiting for its
agent, and each spell of work in it takes that back and counts as work. So nothing is cut into pieces, and every minute
is counted once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.codes import Cause, Ending, Entry, Note
from simulator.model import KindRules
from simulator.openhours import Floats, OpenHours
from simulator.tables import Run, Table, priorities_then

Ints = npt.NDArray[np.int64]
CAUSES: Final = len(Cause) - 1
"""Without ``NONE``."""


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches of time of one kind, arrays of shape (stretches,): of which stay (its row), from when to when."""

    what: str
    stay: Ints
    start: Floats
    end: Floats


class Times:
    """The stays of a run in its tiers, and what happened in them; arrays by stay are of shape (stays,)."""

    def __init__(self, run: Run) -> None:
        """Take a run."""
        self.run, self.model = run, run.model
        self.stays: Table = run.visits[run.visits["place"] < run.model.tiers]
        """In the order of the tickets, then of time."""
        self.ticket: Ints = self.stays["ticket"].astype(np.int64)
        self.place: Ints = self.stays["place"].astype(np.int64)
        self.closed: Floats = np.where(np.isnan(run.tickets["resolved"]), run.model.end, run.tickets["resolved"])
        """When each ticket's life ends, as far as the run knows it; shape (tickets,)."""
        self.left: Floats = np.where(np.isnan(self.stays["left"]), self.closed[self.ticket], self.stays["left"])
        ending = self.stays["ending"]
        self.mistaken = ending == Ending.SENT_BACK
        unable = run.tickets["solved_by"][self.ticket] > self.place
        asks = self.stays["entry"] == Entry.BACK_WAITING  # it has nothing to solve
        self.wrong = self.mistaken | (unable & (ending != Ending.SOLVED) & (ending != Ending.WATCHED) & ~asks)

    # -- rules by stay -----------------------------------------------------------------------------------------

    @cached_property
    def kind(self) -> Ints:
        """The kind of each ticket (priority × plans + plan), shape (tickets,)."""
        tickets = self.run.tickets
        return np.asarray(tickets["priority"].astype(np.int64) * len(self.model.plans) + tickets["plan"])

    @cached_property
    def kind_then(self) -> Ints:
        """The kind of each stay's ticket in that stay, before its priority was lowered later; shape (stays,)."""
        priority = priorities_then(self.stays, self.run.tickets)
        return np.asarray(priority * len(self.model.plans) + self.run.tickets["plan"][self.ticket])

    @cached_property
    def kinds(self) -> tuple[KindRules, ...]:
        """The rules of each kind."""
        return tuple(kind for row in self.model.kinds for kind in row)

    @cached_property
    def called(self) -> npt.NDArray[np.bool_]:
        """Whether those on call have a stay, not the tier's ordinary people."""
        around = np.array([kind.around_the_clock for kind in self.kinds])
        on_call = np.array([staff.on_call > 0 for staff in self.model.staff])
        return np.asarray(around[self.kind_then] & on_call[self.place])

    @cached_property
    def own_hours(self) -> Groups:
        """The calendar on which a stay's ticket counts."""
        return Groups([kind.hours for kind in self.kinds], self.kind_then)

    @cached_property
    def tier_hours(self) -> Groups:
        """The calendar on which a stay's timers count."""
        hours = [*(staff.hours for staff in self.model.staff), self.model.always]
        around = np.array([kind.around_the_clock for kind in self.kinds])
        return Groups(hours, np.where(around[self.kind_then], self.model.tiers, self.place))

    @cached_property
    def staffed(self) -> tuple[OpenHours, ...]:
        """When somebody of each tier is on shift (breaks are part of it); last, those on call: always."""
        return (*(_staffed(self.run, tier) for tier in range(self.model.tiers)), self.model.always)

    # -- what happened -----------------------------------------------------------------------------------------

    def stay_of(self, ticket: Ints, at: Floats) -> Ints:
        """Return the stay in hand at which something happened, for arrays of tickets and instants; -1 without one."""
        begun = np.flatnonzero(~np.isnan(self.stays["began"]))
        tickets = np.concatenate([self.ticket[begun], ticket])
        instants = np.concatenate([self.stays["began"][begun], at])
        later = np.concatenate([np.zeros(len(begun), bool), np.ones(len(ticket), bool)])
        order = np.lexsort((later, instants, tickets))
        known = np.concatenate([begun, np.full(len(ticket), -1)])[order]
        latest = np.maximum.accumulate(known) if len(known) else known
        found = np.full(len(order), -1)
        found[order] = latest
        stay = found[len(begun) :]
        if not len(begun):
            return stay
        return np.where((stay >= 0) & (self.ticket[stay] == ticket), stay, -1)

    @cached_property
    def questions(self) -> Stretches:
        """When customers were asked."""
        asked = self.run.questions
        ticket = asked["ticket"].astype(np.int64)
        end = np.where(np.isnan(asked["answered"]), self.closed[ticket], asked["answered"])
        return _kept(Stretches("asked", self.stay_of(ticket, asked["asked"]), asked["asked"], end))

    @cached_property
    def verified(self) -> Stretches:
        """When a signal was verified and no resolution clock ran: within the hand-offs that come before those stays."""
        notes = self.run.notes[self.run.notes["what"] == Note.VERIFIED]
        seen = self.run.notes[self.run.notes["what"] == Note.SIGNAL_SEEN]
        until = np.full(len(self.run.tickets), np.nan)
        until[notes["ticket"]] = notes["at"]
        signals = self.run.tickets["signal"][seen["ticket"]]
        asked = np.array([one.verified is not None for one in self.model.desk.signals.values()], bool)
        stands = np.array([[*sum(one.stands, ())] for one in self.model.signals], bool)
        seen = seen[asked[signals] & stands[signals, self.kind[seen["ticket"]]]] if len(seen) else seen
        ticket = seen["ticket"].astype(np.int64)
        end = np.where(np.isnan(until[ticket]), self.closed[ticket], until[ticket])
        rows = np.flatnonzero(np.isin(self.stays["entry"], (Entry.SIGNAL, Entry.LAID_ASIDE)))
        stay = np.full(len(self.run.tickets), -1)
        stay[self.ticket[rows]] = rows
        return _kept(Stretches("verified", stay[ticket], seen["at"], end))

    @cached_property
    def work(self) -> Stretches:
        """When somebody worked on a ticket in hand, hand-offs left out."""
        spells = self.run.spells[self.run.spells["ticket"] >= 0]
        stay = self.stay_of(spells["ticket"].astype(np.int64), spells["began"])
        return _kept(Stretches("work", stay, spells["began"], np.minimum(spells["ended"], self.left[stay])))

    @cached_property
    def all(self) -> tuple[Stretches, ...]:
        """All stretches; those of work and of questions lie within those in hand."""
        stays, every = self.stays, np.arange(len(self.stays))
        available = np.where(np.isnan(stays["available"]), self.left, stays["available"])
        began = np.where(np.isnan(stays["began"]), self.left, stays["began"])
        kept, closed = self._decisions()
        released = np.fmin(stays["released"][kept], closed)
        return (
            _kept(Stretches("handoff", every, stays["entered"], np.minimum(available, self.left))),
            _kept(Stretches("waiting", every, available, np.minimum(began, self.left))),
            _kept(Stretches("in hand", every, began, self.left)),
            self.work,
            self.questions,
            self.verified,
            _kept(Stretches("handoff", kept, stays["left"][kept], released)),
            _kept(Stretches("decision", kept, released, closed)),
        )

    def _decisions(self) -> tuple[Ints, Floats]:
        """Return the stays that were left and given to nobody, so that a decision was waited for, and until when."""
        stays, tickets = self.stays, self.run.tickets
        last = np.ones(len(stays), bool)
        last[:-1] = self.ticket[1:] != self.ticket[:-1]
        back = np.zeros(len(stays), bool)
        back[:-1] = ~last[:-1] & (stays["entry"][1:] == Entry.REOPENED)
        decided = np.isin(stays["ending"], (Ending.EXPERTISE, Ending.CODE_CHANGE, Ending.UNRESOLVABLE, Ending.WATCHED))
        kept = np.flatnonzero(decided & last & ~np.isnan(stays["left"]))
        again = np.flatnonzero(decided & back)
        # The one that came back was solved so many minutes before as its clock stood still without a question, and not
        # because it was solved and only not closed yet. (What was before the clock began anew, no clock counts.)
        stands = np.array([not kind.waiting.resolution for kind in self.kinds])[self.kind_then]
        counted = stays["entered"] >= tickets["clock_from"][self.ticket]
        asked = np.where(stands & counted, self.asked_within(self.own_hours), 0.0)
        solved = np.flatnonzero(stays["entry"] == Entry.BACK_RESOLVED)
        asked[solved] = self.own_hours.between(solved, stays["entered"][solved], self.left[solved])
        laid = self.verified
        asked += np.bincount(laid.stay, self.own_hours.between(laid.stay, laid.start, laid.end), minlength=len(asked))
        by_ticket = np.bincount(self.ticket, asked, minlength=len(tickets))
        still = (tickets["paused"] - by_ticket)[self.ticket[again]]
        ended = self.own_hours.before(again, stays["entered"][again + 1], np.maximum(still, 0.0))
        return np.concatenate([kept, again]), np.concatenate([self.closed[self.ticket[kept]], ended])

    def asked_within(self, hours: Groups) -> Floats:
        """Return, for each stay, the minutes for which its customer was asked, on the calendars given."""
        asked = self.questions
        minutes = hours.between(asked.stay, asked.start, np.minimum(asked.end, self.left[asked.stay]))
        return np.bincount(asked.stay, minutes, minlength=len(self.stays)).astype(np.float64)

    # -- what a clock's time was spent on ----------------------------------------------------------------------

    def shares(self, hours: Groups, clock_of: Ints, start: Floats, stop: Floats, runs: npt.NDArray[np.bool_],
               *, reply: bool = False) -> Floats:  # fmt: skip
        """Return the open minutes of each clock by cause, shape (clocks, causes).

        ``clock_of`` is the clock that a stay belongs to (-1: none), ``runs`` tells whether the clock goes on while the
        customer is asked. For the first ``reply`` every tier is the right one.
        """
        found = np.zeros(len(start) * CAUSES)

        def add(clock: Ints, cause: Ints | int, minutes: Floats) -> None:
            found[:] += np.bincount(clock * CAUSES + cause, minutes, minlength=len(found))

        for part in self.all:
            clock = clock_of[part.stay]
            mine = clock >= 0
            clock, stay = clock[mine], part.stay[mine]
            since = np.maximum(part.start[mine], start[clock])
            until = np.minimum(part.end[mine], stop[clock])
            mine = until > since
            clock, stay, since, until = clock[mine], stay[mine], since[mine], until[mine]
            minutes = hours.between(stay, since, until)
            if part.what == "verified":
                if not reply:
                    add(clock, np.where(self.mistaken[stay], int(Cause.WRONG_TIER), int(Cause.HANDOFF)), -minutes)
                continue
            if part.what in ("handoff", "decision"):
                usual = int(Cause.HANDOFF if part.what == "handoff" else Cause.DECISION)
                add(clock, np.where(self.mistaken[stay], int(Cause.WRONG_TIER), usual), minutes)
                continue
            unmanned = minutes - self._manned(hours, stay, since, until)
            mistaken = self.mistaken[stay]
            queue = np.where(mistaken, int(Cause.WRONG_TIER), int(Cause.QUEUE))
            nobody = np.where(mistaken, int(Cause.WRONG_TIER), int(Cause.NOBODY))
            if part.what == "work":
                wrong = mistaken if reply else self.wrong[stay]
                add(clock, queue, unmanned - minutes)
                add(clock, np.where(wrong, int(Cause.WRONG_TIER), int(Cause.WORK)), minutes - unmanned)
            elif part.what == "asked":
                add(clock, queue, unmanned - minutes)
                add(clock, nobody, -unmanned)
                add(clock, int(Cause.CUSTOMER), np.where(runs[clock], minutes, 0.0))
            else:
                add(clock, queue, minutes - unmanned)
                add(clock, nobody, unmanned)
        return np.maximum(np.round(found.reshape(len(start), CAUSES), 9), 0.0)

    def _manned(self, hours: Groups, stay: Ints, start: Floats, end: Floats) -> Floats:
        """Return the open minutes of stretches in which somebody of the tier was on shift."""
        pool = np.where(self.called[stay], self.model.tiers, self.place[stay])
        minutes = np.zeros(len(stay))
        for number, mine in hours.parts(stay):
            for tier in np.unique(pool[mine]):
                here = mine & (pool == tier)
                both = self._both(hours.hours[number], int(tier))
                minutes[here] = both.between(start[here], end[here])
        return minutes

    @cached_property
    def _common(self) -> dict[tuple[int, int], OpenHours]:
        return {}

    def _both(self, hours: OpenHours, tier: int) -> OpenHours:
        key = id(hours), tier
        if key not in self._common:
            self._common[key] = hours.without(hours.without(self.staffed[tier]))
        return self._common[key]


class Groups:
    """Calendars by stay: few calendars, and for each stay the number of its own."""

    def __init__(self, hours: list[OpenHours], which: Ints) -> None:
        """Take the calendars, and for each stay the place of its own among them; the same ones are put together."""
        known: dict[int, int] = {}
        self.hours: list[OpenHours] = []
        numbers = []
        for one in hours:
            if id(one) not in known:
                known[id(one)] = len(self.hours)
                self.hours.append(one)
            numbers.append(known[id(one)])
        self._of_stay = np.array(numbers, np.int64)[which]

    def parts(self, stay: Ints) -> Iterator[tuple[int, npt.NDArray[np.bool_]]]:
        """Yield the number of each calendar among stays, and which have it."""
        mine = self._of_stay[stay]
        for number in np.unique(mine):
            yield int(number), mine == number

    def between(self, stay: Ints, start: Floats, end: Floats) -> Floats:
        """Return the open minutes of stretches, each on the calendar of its stay."""
        minutes = np.zeros(len(stay))
        for number, mine in self.parts(stay):
            minutes[mine] = self.hours[number].between(start[mine], end[mine])
        return minutes

    def add(self, stay: Ints, at: Floats, minutes: Floats) -> Floats:
        """Return when ``minutes`` after ``at`` are used up, each on the calendar of its stay."""
        due = np.full(len(stay), np.nan)
        for number, mine in self.parts(stay):
            due[mine] = self.hours[number].add_all(at[mine], minutes[mine])
        return due

    def before(self, stay: Ints, at: Floats, minutes: Floats) -> Floats:
        """Return the latest instant from which ``minutes`` are used up at ``at``, each on the calendar of its stay."""
        since = np.full(len(stay), np.nan)
        for number, mine in self.parts(stay):
            hours = self.hours[number]
            goal = np.maximum(hours.minutes_before(at[mine]) - minutes[mine], 0.0)
            index = np.maximum(np.searchsorted(hours.before, goal, side="right") - 1, 0)
            since[mine] = np.take(hours.opens, index) + (goal - np.take(hours.before, index))
        return since


def _kept(part: Stretches) -> Stretches:
    """Return the stretches that belong to a stay and last."""
    kept = (part.stay >= 0) & (part.end > part.start)
    return Stretches(part.what, part.stay[kept], part.start[kept], part.end[kept])


def _staffed(run: Run, tier: int) -> OpenHours:
    """Return when at least one of those who work in a tier is on shift."""
    staff = run.model.staff[tier]
    if staff.unlimited:
        return staff.agents[0].hours
    hours = {id(one.hours): one.hours for one in run.agents if tier in one.tiers and not one.on_call}
    opens = np.concatenate([np.empty(0), *(one.opens for one in hours.values())])
    closes = np.concatenate([np.empty(0), *(one.closes for one in hours.values())])
    order = np.argsort(opens, kind="stable")
    opens, closes = opens[order], np.maximum.accumulate(closes[order]) if len(order) else closes
    first = np.ones(len(opens), bool)
    first[1:] = opens[1:] > closes[:-1]
    last = np.append(first[1:], True) if len(opens) else first
    return OpenHours.from_stretches(opens[first], closes[last])
