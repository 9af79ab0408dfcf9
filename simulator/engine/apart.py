"""Customers: they lose patience, are asked and answer, or do not, and some come back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.codes import Ending, Entry, Fate
from simulator.engine.floor import most_urgent
from simulator.engine.numbers import AGE, ANSWERED, ASKING, RESOLVED
from simulator.engine.parts import NEVER, Agent, Bell, Ticket
from simulator.engine.timers import expect, let_go, run_again, updates_go_on
from simulator.engine.together import call_off

if TYPE_CHECKING:
    from simulator.engine.core import Desk


def ask(desk: Desk, agent: Agent, ticket: Ticket, now: float) -> None:
    """Ask the customer; the agent keeps the ticket and can meanwhile do something else."""
    choices = ticket.block.choices(ticket.tier, 0 if ticket.stays is None else ticket.stays[ticket.tier] - 1)
    ticket.stage = ASKING
    ticket.ask_at = -1
    ticket.paused_since = now
    agent.held += 1
    answer = choices.answer[ticket.row]
    bell = Bell((desk, ticket), ticket.visit)
    if answer == math.inf:
        desk.at(bell, now + choices.close_after[ticket.row], (never_answered,))
    else:
        desk.at(bell, now + answer, (answered,))
    if ticket.kind.waiting.in_hand:
        expect(desk, ticket)
    desk.free(agent)


def answered(bell: Bell) -> None:
    """The customer has answered: the clocks run again, and the agent goes on as soon as they can."""
    desk, ticket = bell.about
    if ticket.visit != bell.visit or ticket.stage != ASKING:  # it has moved on, or is resolved
        return
    run_again(desk, ticket, desk.now)
    ticket.stage = ANSWERED
    agent = ticket.agent
    agent.answered.append(ticket)
    if agent.waits or agent in agent.home.idle:
        if agent.is_there(desk.now):
            _not_idle(agent)
            desk.free(agent)
        else:
            _come_back(desk, agent)
    if ticket.stage == ANSWERED and not ticket.kind.waiting.in_hand:
        expect(desk, ticket)


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


def never_answered(bell: Bell) -> None:
    """Close a ticket whose customer was asked and never answered."""
    desk, ticket = bell.about
    if ticket.visit != bell.visit or ticket.stage != ASKING:
        return
    now = desk.now
    agent = let_go(desk, ticket, now)
    if ticket.called:
        call_off(ticket, now)
    desk.leave(ticket, int(Ending.CLOSED), now, now)
    desk.close(ticket, Fate.CLOSED, now)
    if agent is not None:
        desk.free(agent)


def come_back(desk: Desk, ticket: Ticket, now: float) -> None:
    """Let a solved ticket come back later, once. Until then it counts as solved."""
    if ticket.settled is not None:
        desk.settle(ticket, now)
    ticket.stage = RESOLVED
    ticket.paused_since = now
    desk.at(ticket, now + ticket.block.comes_back[ticket.row], (desk.reopen,))


def reopen(desk: Desk, ticket: Ticket) -> None:
    """A solved ticket comes back to the first tier; its clocks stood still in between, and go on.

    If it is too old for that tier by now, the one that the policy names for its age has it at once.
    """
    now = desk.now
    ticket.reopened += 1
    minutes = ticket.kind.hours.minutes_between(ticket.paused_since, now)
    ticket.paused += minutes
    ticket.aged_still += minutes
    if ticket.silenced is not None:
        ticket.update_from, ticket.update_left, ticket.silenced = now, ticket.silenced, None
        ticket.unheard += minutes
    elif ticket.update_left < math.inf:
        updates_go_on(ticket, ticket.paused_since, now)
    desk.enter(ticket, 0, int(Entry.REOPENED), now)
    desk.ages.expect_anew(ticket)
    while (move := ticket.kind.tiers[ticket.tier].age_move) and desk.ages.due(ticket, move[0]) <= now:
        desk.leave(ticket, AGE, now, NEVER)
        desk.enter(ticket, move[1], AGE, now)
    pool = desk.pool_of(ticket)
    if ticket.tier and pool is not desk.tiers[ticket.tier]:
        desk.at(ticket, now + ticket.block.paging[ticket.row], (desk.hand_over,))
        return
    ticket.available = now
    desk.offer(pool, ticket)
