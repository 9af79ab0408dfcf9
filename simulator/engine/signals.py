"""Signals that tickets carry: one that comes to light may raise the priority, lead elsewhere, and let others join."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.codes import Ending, Entry
from simulator.engine.numbers import PRIORITY_SEEN, SIGNAL_SEEN
from simulator.engine.parts import Agent, Ticket
from simulator.engine.priorities import true_priority
from simulator.engine.stays import go_on_differently
from simulator.engine.urgent import reprioritise
from simulator.model import SignalRules

if TYPE_CHECKING:
    from simulator.engine.core import Desk

ENTRY: Final = int(Entry.SIGNAL)
LAID_ASIDE: Final = int(Entry.LAID_ASIDE)
ENDING: Final = int(Ending.SIGNAL)


def come_to_light(desk: Desk, agent: Agent, ticket: Ticket, rules: SignalRules, now: float) -> None:
    """Do what follows when an agent sees the signal of a ticket: it goes where the policy says, or they go on with it.

    Where it has to be verified first, nobody works on it until then.
    """
    checked, plan = not rules.at_opening, ticket.block.plan[ticket.row]
    ticket.in_the_dark = False
    if checked and ticket.priority != true_priority(ticket):
        desk.learned(ticket, PRIORITY_SEEN, now)
        reprioritise(desk, ticket, true_priority(ticket), now)
    desk.learned(ticket, SIGNAL_SEEN, now)
    demanded = rules.becomes[-1][plan]
    if demanded < len(desk.model.priorities) - 1:
        ticket.demanded = demanded
    becomes = rules.becomes[ticket.priority][plan]
    if becomes < ticket.priority:
        ticket.raised = ticket.priority - becomes
        if becomes <= true_priority(ticket):
            ticket.certain = becomes
        reprioritise(desk, ticket, becomes, now)
    move = rules.moves[ticket.priority][plan][ticket.tier]
    for place in move.told:
        desk.tell(ticket, place, ENTRY, now)
    minutes = ticket.block.verified_after[ticket.row]
    if minutes:
        ticket.verified_at = ticket.kind.hours.add(now, minutes)
        if stands_still(desk, ticket):
            ticket.paused += minutes
    if move.owner is not None or minutes:
        agent.spell.began = now
        if move.owner is None:
            desk.move(agent, ticket, ticket.tier, LAID_ASIDE, ENDING)
        else:
            desk.move(agent, ticket, move.owner, ENTRY, ENDING)
        return
    go_on_differently(desk, agent, ticket, checked=checked)
    desk.take(ticket.pool, agent, ticket, now)


def stands_still(desk: Desk, ticket: Ticket) -> bool:
    """Return whether the resolution clock of a ticket stands still while its signal is verified."""
    rules = desk.model.signals[ticket.block.signal[ticket.row]]
    return rules.stands[ticket.priority][ticket.block.plan[ticket.row]]
