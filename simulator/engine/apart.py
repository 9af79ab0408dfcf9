"""Customers: they lose patience, are asked and answer, or do not, and some come back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.codes import Ending, Entry, Fate
from simulator.engine.floor import most_urgent
from simulator.engine.parts import Agent, Bell, Stage, Ticket
from simulator.engine.walk import next_gap

if TYPE_CHECKING:
    from simulator.engine.core import Desk


def ask(desk: Desk, agent: Agent, ticket: Ticket, now: float) -> None:
    """Ask the customer; the agent keeps the ticket and can meanwhile do something else."""
    choices = ticket.block.choices(ticket.tier, 0 if ticket.stays is None else ticket.stays[ticket.tier] - 1)
    ticket.stage = int(Stage.ASKING)
    ticket.ask_at = -1
    ticket.paused_since = now
    agent.held += 1
    answer = choices.answer[ticket.row]
    if answer == math.inf:
        desk.at(ticket, now + choices.close_after[ticket.row], (desk.never_answered,))
    else:
        desk.at(ticket, now + answer, (desk.answered,))
    desk.free(agent)


def answered(desk: Desk, ticket: Ticket) -> None:
    """The customer has answered: the clocks run again, and the agent goes on as soon as they can."""
    if ticket.stage != Stage.ASKING:  # resolved in the meantime
        return
    runs_again(desk, ticket, desk.now)
    ticket.stage = int(Stage.ANSWERED)
    agent = ticket.agent
    agent.answered.append(ticket)
    if agent.waits or agent in agent.home.idle:
        if agent.is_there(desk.now):
            _not_idle(agent)
            desk.free(agent)
        else:
            _come_back(desk, agent)


def runs_again(desk: Desk, ticket: Ticket, now: float) -> None:
    """Let the clocks go on that stood still while the customer was asked."""
    desk.asked(ticket, now)
    kind, since, hours = ticket.kind, ticket.paused_since, ticket.pool.hours
    if not kind.waiting.resolution:
        ticket.paused += kind.hours.minutes_between(since, now)
        if ticket.rules.age_move is not None:
            ticket.age_move_due = desk.ages.due(ticket, ticket.rules.age_move[0])
    if not kind.waiting.in_hand:
        ticket.progress_left -= hours.minutes_between(ticket.progress, since)
        ticket.in_hand_left -= hours.minutes_between(ticket.in_hand, since)
        ticket.progress = ticket.in_hand = now
        ticket.stood_still = since, now
    if not kind.waiting.updates and ticket.update_left < math.inf:
        ticket.update_from, ticket.update_left = now, next_gap(kind, ticket.opened, now)


def _not_idle(agent: Agent) -> None:
    if agent.waits:
        agent.waits = False
        return
    for pool in agent.pools:
        pool.idle.remove(agent)


def _come_back(desk: Desk, agent: Agent) -> None:
    """Wake an agent when their next shift begins."""
    opens = agent.there.next_open(desk.now)
    if agent.bell is None and opens < math.inf:
        agent.bell = Bell((desk, agent))
        desk.at(agent.bell, opens, (_is_back,))


def _is_back(bell: Bell) -> None:
    desk, agent = bell.about
    agent.bell = None
    for pool in agent.pools:  # those who have nothing in hand take what waits first
        desk.dispatch(pool)
    if agent.answered and (agent.waits or agent in agent.home.idle):
        _not_idle(agent)
        desk.free(agent)


def go_on(desk: Desk, agent: Agent, now: float, at_once: bool) -> bool:
    """Let an agent who is free go on with a ticket whose customer has answered; return whether they do.

    Unless it is ``at_once``, what waits and is more urgent comes before.
    """
    if not agent.is_there(now):
        _come_back(desk, agent)
        return False
    ticket = min(agent.answered, key=lambda one: one.priority)
    if not at_once and min(most_urgent(pool, agent, now) for pool in agent.pools) < (ticket.priority, 0.0):
        return False
    agent.answered.remove(ticket)
    agent.held -= 1
    desk.take(ticket.pool, agent, ticket, now)
    return True


def never_answered(desk: Desk, ticket: Ticket) -> None:
    """Close a ticket whose customer was asked and never answered."""
    if ticket.stage != Stage.ASKING:
        return
    now = desk.now
    runs_again(desk, ticket, now)
    agent = ticket.agent
    agent.held -= 1
    desk.leave(ticket, int(Ending.CLOSED), now, now)
    desk.close(ticket, Fate.CLOSED, now)
    if agent.waits:
        agent.waits = False
        desk.free(agent)


def come_back(desk: Desk, ticket: Ticket, now: float) -> None:
    """Let a solved ticket come back later, once. Until then it counts as solved."""
    ticket.stage = int(Stage.RESOLVED)
    ticket.paused_since = now
    desk.at(ticket, now + ticket.block.comes_back[ticket.row], (desk.reopen,))


def reopen(desk: Desk, ticket: Ticket) -> None:
    """A solved ticket comes back to the first tier; its clocks stood still in between."""
    now = desk.now
    ticket.reopened += 1
    ticket.paused += ticket.kind.hours.minutes_between(ticket.paused_since, now)
    desk.enter(ticket, 0, int(Entry.REOPENED), now)
    ticket.available = now
    if ticket.update_left < math.inf:
        ticket.update_from, ticket.update_left = now, next_gap(ticket.kind, ticket.opened, now)
    desk.ages.expect_anew(ticket)
    desk.offer(desk.pool_of(ticket), ticket)
