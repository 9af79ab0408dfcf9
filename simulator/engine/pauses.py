"""Work on a ticket stops although the stay goes on: something is to be asked, comes to light, or the shift is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.codes import Pause
from simulator.engine import apart, signals
from simulator.engine.numbers import PRIORITY_SEEN
from simulator.engine.parts import NEVER, Agent, Ticket
from simulator.engine.priorities import true_priority
from simulator.engine.stays import go_on_differently
from simulator.engine.urgent import put_back, reprioritise

if TYPE_CHECKING:
    from simulator.engine.core import Desk


def pause(desk: Desk, agent: Agent, ticket: Ticket, why: int) -> None:
    """Let an agent stop working on a ticket that stays in the tier."""
    now = agent.spell.end
    if why == Pause.QUESTION and ticket.in_the_dark:
        rules = desk.model.signals[ticket.block.signal[ticket.row]]
        signals.come_to_light(desk, agent, ticket, rules, now)
    elif why == Pause.QUESTION and desk.wrong_priority and ticket.priority != true_priority(ticket):
        desk.learned(ticket, PRIORITY_SEEN, now)
        reprioritise(desk, ticket, true_priority(ticket), now)
        go_on_differently(desk, agent, ticket, checked=True)
        desk.take(ticket.pool, agent, ticket, now)
    elif why == Pause.QUESTION:
        apart.ask(desk, agent, ticket, now)
    else:
        if ticket.responded > now:
            ticket.responded = NEVER
        ticket.left += desk.work.shift_handover
        agent.ticket = None
        put_back(desk, ticket)
        desk.free(agent)
        desk.dispatch(ticket.pool)
