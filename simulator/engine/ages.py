"""Ages: what falls due because a ticket has been open for so long, wherever it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.codes import Ending, Entry
from simulator.engine.parts import NEVER, AgeLine, Bell, Stage, Ticket

if TYPE_CHECKING:
    from simulator.engine.core import Desk


class Ages:
    """The ages of all kinds of tickets: one line for each age of each kind."""

    def __init__(self, desk: Desk) -> None:
        """Make the lines, all empty."""
        self._desk = desk
        self._lines = {
            id(kind): tuple(AgeLine(kind, index) for index in range(len(kind.ages)))
            for row in desk.model.kinds
            for kind in row
        }

    def expect(self, ticket: Ticket, since: float) -> None:
        """Let a ticket of its kind reach its ages, counted from ``since``."""
        kind = ticket.kind
        ticket.ages = tuple([kind.hours.add(since, minutes) for minutes in kind.ages])
        for line, due in zip(self._lines[id(kind)], ticket.ages, strict=True):
            if due == math.inf:
                continue
            if not line.line:
                self._desk.at(line, due, (self._fall_due,))
            line.line.append(ticket)

    def _fall_due(self, line: AgeLine) -> None:
        queue, index, now = line.line, line.index, self._desk.now
        while queue:
            ticket = queue[0]
            if ticket.stage != Stage.RESOLVED and ticket.kind is line.kind:
                due = ticket.ages[index]
                if due > now:
                    self._desk.at(line, due, (self._fall_due,))
                    return
                self._reach(ticket, index, due)
            queue.popleft()

    def _fall_due_later(self, bell: Bell) -> None:
        ticket, index = bell.about
        if ticket.stage != Stage.RESOLVED and ticket.priority == bell.visit:
            self._reach(ticket, index, self._desk.now)

    def _reach(self, ticket: Ticket, index: int, due: float) -> None:
        desk, kind = self._desk, ticket.kind
        if kind.age_pauses[index]:
            held = ticket.paused
            if ticket.stage == Stage.ASKING and not kind.waiting.resolution:
                held += kind.hours.minutes_between(ticket.paused_since, due)
            later = kind.hours.add(kind.hours.add(ticket.opened, kind.ages[index]), held)
            if later > due:  # the clock stood still while the customer was asked
                if later < math.inf:
                    desk.at(Bell((ticket, index), ticket.priority), later, (self._fall_due_later,))
                return
        rules = kind.tiers[ticket.tier]
        for which, place in rules.age_joins:
            if which == index:
                desk.tell(ticket, place, int(Entry.AGE), due)
        for which, place in rules.unanswered_joins:
            if which == index and not ticket.responded <= due:
                desk.tell(ticket, place, int(Entry.AGE), due)
        if rules.age_move is None or rules.age_move[0] != index:
            return
        to = rules.age_move[1]
        if ticket.stage in (Stage.WAITING, Stage.BROKEN_OFF):
            ticket.pool.queues[ticket.priority].remove(ticket)
            ticket.pool.waiting -= 1
            desk.leave(ticket, int(Ending.AGE), due, NEVER)
            desk.enter(ticket, to, int(Entry.AGE), due)
            called = desk.pool_of(ticket) is not desk.tiers[to]
            desk.at(ticket, due + ticket.block.paging[ticket.row] if called else due, (desk.hand_over,))
        elif ticket.stage == Stage.HANDOVER:  # on its way to a tier that would have to pass it on at once
            desk.leave(ticket, int(Ending.AGE), due, NEVER)
            desk.enter(ticket, to, int(Entry.AGE), due)
