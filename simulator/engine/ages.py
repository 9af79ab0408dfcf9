"""Ages: what falls due because a ticket has been open for so long, wherever it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.engine.numbers import AGE, ANSWERED, ASKING, BROKEN_OFF, HANDOVER, RESOLVED, WAITING
from simulator.engine.parts import NEVER, AgeLine, Bell, Ticket
from simulator.engine.returns import stays_below
from simulator.engine.timers import move_on
from simulator.model import KindRules

if TYPE_CHECKING:
    from simulator.engine.core import Desk


class Ages:
    """The ages of all kinds of tickets: one line for each age, for all kinds that count it on the same calendar."""

    def __init__(self, desk: Desk) -> None:
        """Make the lines, all empty."""
        self._desk = desk
        lines: dict[tuple[int, float, int], AgeLine] = {}
        self._lines = {
            id(kind): tuple(
                lines.setdefault((id(kind.hours), age, index), AgeLine(kind, index))
                for index, age in enumerate(kind.ages)
            )
            for row in desk.model.kinds
            for kind in row
        }
        self._falls_due = (self._fall_due,)

    def due(self, ticket: Ticket, index: int) -> float:
        """Return when a ticket reaches an age of its kind, if its clock does not stand still from now on."""
        kind = ticket.kind
        if kind.age_clocks[index]:
            since, stood_still = ticket.clock_from, ticket.paused
        else:
            since, stood_still = ticket.aged_from, ticket.aged_still
        return kind.hours.add(ticket.opened if since is None else since, kind.ages[index] + stood_still)

    def lines(self, kind: KindRules) -> tuple[AgeLine, ...]:
        """Return the lines in which the tickets of a kind stand, behind those that were opened before."""
        return self._lines[id(kind)]

    def expect(self, line: AgeLine, ticket: Ticket) -> None:
        """Let a ticket that has just been opened reach an age, as the head of a line.

        Only heads are asked for their instant; most tickets are resolved before they come to be one.
        """
        line.line.append(ticket)
        self._next(line)

    def expect_anew(self, ticket: Ticket) -> None:
        """Expect the ages of a ticket that has come back, or is of another kind. It leaves the lines it is in."""
        ticket.aging += 1
        for index in range(len(ticket.kind.ages)):
            self._ring(ticket, index, self.due(ticket, index))

    def _ring(self, ticket: Ticket, index: int, due: float) -> None:
        if due < math.inf:
            self._desk.at(Bell((ticket, index), ticket.aging), max(due, self._desk.now), (self._fall_due_alone,))

    def _next(self, line: AgeLine) -> None:
        """Schedule the head of a line that is still to come; let go what is over."""
        queue, index = line.line, line.index
        while queue:
            ticket = queue[0]
            if ticket.stage != RESOLVED and not ticket.aging:
                # Without the time for which its clock stood still, so that no other is due before it.
                due = line.kind.hours.add(ticket.opened, line.kind.ages[index])
                if due < math.inf:
                    self._desk.at(line, due, self._falls_due)
                    return
            queue.popleft()

    def _fall_due(self, line: AgeLine) -> None:
        ticket, now = line.line.popleft(), self._desk.now
        if ticket.stage != RESOLVED and not ticket.aging and not self._given_up(ticket, now):
            self._reach(ticket, line.index, now)
        self._next(line)

    def _given_up(self, ticket: Ticket, now: float) -> bool:
        if ticket.stage != WAITING or ticket.gives_up > now:
            return False
        ticket.pool.queues[ticket.priority].remove(ticket)
        self._desk.let_go(ticket.pool, ticket)
        return True

    def _fall_due_alone(self, bell: Bell) -> None:
        (ticket, index), now = bell.about, self._desk.now
        if ticket.stage != RESOLVED and ticket.aging == bell.visit and not self._given_up(ticket, now):
            self._reach(ticket, index, now)

    def _reach(self, ticket: Ticket, index: int, due: float) -> None:
        desk, kind = self._desk, ticket.kind
        if ticket.settled is not None:
            return
        if kind.age_clocks[index]:
            later = self.due(ticket, index)
            if ticket.stage == ASKING and not kind.waiting.resolution:
                later = kind.hours.add(later, kind.hours.minutes_between(ticket.paused_since, due))
            if later > due:  # the clock stood still while the customer was asked
                self._ring(ticket, index, later)
                return
        rules = kind.tiers[ticket.tier]
        for which, place in rules.age_joins:
            if which == index:
                desk.tell(ticket, place, AGE, due)
        for which, place in rules.unanswered_joins:
            if which == index and not ticket.responded <= due:
                desk.tell(ticket, place, AGE, due)
        if rules.age_move is None or rules.age_move[0] != index or stays_below(ticket):
            return
        to = rules.age_move[1]
        if ticket.stage in (WAITING, BROKEN_OFF, ASKING, ANSWERED):
            move_on(desk, ticket, to, AGE)
        elif ticket.stage == HANDOVER:  # on its way to a tier that would have to pass it on at once
            desk.leave(ticket, AGE, due, NEVER)
            desk.enter(ticket, to, AGE, due)
