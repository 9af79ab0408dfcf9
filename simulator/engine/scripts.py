"""First stays that go in one go: the reply, the checks and the pieces, one after the other, and the ticket is solved.

Most tickets are such, and how long each of their parts takes is worked out for whole blocks of them at once. That a
stay is one is a matter of chance alone; whether something disturbs it is looked at when it begins
(:func:`in_one_go`), and if something does that was not to be foreseen, it is laid out in parts as any other
(:func:`unfold`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.draws import Agenda, Block
from simulator.draws.streams import TO_GRAIN
from simulator.engine.numbers import INFINITE, RESOLVED, SOLVED
from simulator.engine.parts import Agent, Ticket

if TYPE_CHECKING:
    from simulator.engine.core import Desk

FOLDED: Final[Agenda] = ()
"""The agenda of a stay that goes in one go: nobody has had to look at its parts."""
BEFORE_THE_WORK: Final = 2
"""The parts before the pieces: the reply and the checks."""


class Script:
    """What the first stay in the first tier comes to, for the tickets of a block; lists are by row."""

    __slots__ = ("_agendas", "_bounds", "_parts", "asks", "by_pace", "comes_back", "luck", "plan", "simple", "straight")

    def __init__(self, desk: Desk, block: Block) -> None:
        """Lay out the stays of a block that was drawn for ordinary tickets, none of which belongs to an outage."""
        choices = block.choices(0, 0)
        response = np.array(block.response)
        self.plan, self.luck, self.comes_back = block.plan, block.luck, block.comes_back
        self._parts, self._bounds = choices.in_a_row(response)
        """The parts of all stays at an ordinary pace, and between which places each stay's are."""
        self._agendas: tuple[list[float], list[int]] | None = None
        """The same as lists, once they are asked for."""
        simple = block.columns["solved_by"] == 0
        simple &= (response > 0) & (choices.minutes_of_checks > 0)
        if choices.routed is not None:
            simple[:] = False
        if desk.wrong_priority:
            simple &= np.array(block.stated, np.int8) == block.columns["priority"]
        if desk.signals:
            simple &= block.signals_and_luck[0] < 0
        if desk.slips:
            anybody = (*desk.tiers[0].agents, *desk.on_call[0].agents)
            careless = max((agent.slips for agent in anybody), default=1.0)
            simple &= block.luck_with_slips["premature"] >= careless
        self.straight: list[bool] = simple.tolist()
        """Whether the ticket is replied to, checked and solved, if nothing disturbs that; a question may be asked."""
        self.asks = choices.asks
        """The place of the question among the checks and the pieces, -1 without one; ``None`` where nobody asks."""
        self.simple: list[bool] = self.straight if choices.asks is None else (simple & ~choices.asked).tolist()
        """The same of those that go without a question."""
        self.by_pace: dict[float, tuple[list[float], list[float], list[float]]] = {}
        """What :meth:`paced` has returned for each pace."""

    def paced(self, pace: float) -> tuple[list[float], list[float], list[float]]:
        """Return the minutes until the reply is sent, until the checks are done, and in all, at an agent's pace."""
        parts = self._parts if pace == 1.0 else self._parts * pace + TO_GRAIN - TO_GRAIN
        starts = self._bounds[:-1]
        reply, total = parts[starts], np.add.reduceat(parts, starts)
        checked = reply + parts[starts + 1]
        found = self.by_pace[pace] = reply.tolist(), checked.tolist(), total.tolist()
        return found

    def agenda(self, row: int) -> Agenda:
        """Return the parts of a stay as they are for somebody of ordinary pace."""
        if self._agendas is None:
            self._agendas = self._parts.tolist(), self._bounds.tolist()
        parts, bounds = self._agendas
        return tuple(parts[bounds[row] : bounds[row + 1]])


def in_one_go(desk: Desk, script: Script, agent: Agent, ticket: Ticket, now: float) -> float:
    """Begin with a ticket that goes in one go; return when it is solved, 0 where its parts have to be looked at."""
    row, rules = ticket.row, ticket.kind.tiers[0]
    reply, checked, total = script.by_pace.get(agent.pace) or script.paced(agent.pace)
    minutes = total[row]
    end = now + minutes
    if end > agent.closes or minutes > rules.no_progress or minutes > rules.unresolved:
        return 0.0
    looked_at = rules.age_move is not None or end >= ticket.update_from + ticket.update_left
    if looked_at and falls_due(desk, ticket, rules.age_move, end):
        return 0.0
    agent.done += 1
    ticket.gives_up = INFINITE
    ticket.rules, ticket.began, ticket.responded = rules, now, now + reply[row]
    ticket.agenda, ticket.final, ticket.left = FOLDED, SOLVED, checked[row]
    return end


def solved_in_one_go(desk: Desk, agent: Agent, ticket: Ticket, began: float, now: float) -> bool:
    """Write down that a ticket was solved in one go, if there is nothing more to tell of it; return whether it was."""
    script, row = ticket.script, ticket.row
    assert script is not None
    if ticket.told is not None or ticket.called or ticket.rules.joins:
        return False
    if desk.may_come_back and script.comes_back[row] < INFINITE:
        return False
    desk.goes.add(
        desk.goes.pack(
            ticket.index, agent.number, ticket.priority, script.plan[row], ticket.category, ticket.opened, began,
            ticket.responded, began + ticket.left, now, script.luck[row],
        )
    )  # fmt: skip
    ticket.stage = RESOLVED
    del desk.open_tickets[ticket.index]
    return True


def falls_due(desk: Desk, ticket: Ticket, age_move: tuple[int, int] | None, end: float) -> bool:
    """Return whether an update of the customer falls due by ``end``, or the age at which a tier passes the ticket on.

    Open minutes are no fewer than those of the clock on the wall, so for most no calendar is needed.
    """
    if end >= ticket.update_from + ticket.update_left:
        if ticket.update_left:
            ticket.update_from, ticket.update_left = ticket.kind.hours.add(ticket.update_from, ticket.update_left), 0.0
        if end >= ticket.update_from:
            return True
    if age_move is None:
        return False
    if not ticket.aging and end <= ticket.opened + ticket.kind.ages[age_move[0]]:
        return False
    return end > desk.ages.due(ticket, age_move[0])


def unfold(ticket: Ticket) -> None:
    """Lay a stay out that was to go in one go, as it was when it began."""
    assert ticket.script is not None
    agenda, rules, pace = ticket.script.agenda(ticket.row), ticket.rules, ticket.agent.pace
    if pace != 1.0:
        agenda = tuple([minutes * pace + TO_GRAIN - TO_GRAIN for minutes in agenda])
    ticket.agenda, ticket.at, ticket.left = agenda, 0, agenda[0]
    ticket.answering, ticket.quick = True, False
    ticket.ask_at, ticket.checks_at = -1, BEFORE_THE_WORK
    ticket.progress = ticket.in_hand = ticket.began
    ticket.progress_left, ticket.in_hand_left = rules.no_progress, rules.unresolved
