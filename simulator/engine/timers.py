"""The timers of tickets that are in a tier's hands though nobody works on them: they move such a ticket by themselves.

Work on it was broken off, its customer is asked, or has answered and the agent has not gone on yet. (While somebody
works on a ticket, :mod:`~simulator.engine.walk` knows when a timer is over.)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.codes import Ending
from simulator.engine.numbers import ANSWERED, ASKING, BROKEN_OFF, WAITING
from simulator.engine.parts import Agent, Bell, Ticket

if TYPE_CHECKING:
    from simulator.engine.core import Desk


def expect(desk: Desk, ticket: Ticket) -> None:
    """Let a ticket that nobody works on move as soon as one of its timers is over."""
    hours = ticket.rules.hours
    due = math.inf
    if ticket.progress_left < math.inf:
        due = hours.add(ticket.progress, ticket.progress_left)
    if ticket.in_hand_left < math.inf:
        due = min(due, hours.add(ticket.in_hand, ticket.in_hand_left))
    if due < math.inf:
        desk.at(Bell((desk, ticket), ticket.visit), max(due, desk.now), (_over,))


def _over(bell: Bell) -> None:
    """A timer of a ticket may be over: if it is, and nobody works on the ticket, it moves."""
    desk, ticket = bell.about
    now = desk.now
    if ticket.visit != bell.visit or ticket.stage not in (BROKEN_OFF, ASKING, ANSWERED):
        return
    if ticket.stage == ASKING and not ticket.kind.waiting.in_hand:  # it stands still
        return
    rules = ticket.rules
    hours = rules.hours
    stuck, unresolved = hours.add(ticket.progress, ticket.progress_left), hours.add(ticket.in_hand, ticket.in_hand_left)
    if stuck <= min(now, unresolved):
        move_on(desk, ticket, rules.no_progress_to, int(Ending.NO_PROGRESS))
    elif unresolved <= now:
        move_on(desk, ticket, rules.unresolved_to, int(Ending.UNRESOLVED))
    # Otherwise it was taken up again since, and has other timers now.


def move_on(desk: Desk, ticket: Ticket, to: int, why: int) -> None:
    """Give a ticket that nobody works on to another tier at once; ``why`` is the ending, and the entry of that name."""
    now = desk.now
    agent = let_go(desk, ticket, now)
    desk.leave(ticket, why, now, now)
    desk.enter(ticket, to, why, now)
    called = desk.pool_of(ticket) is not desk.tiers[to]
    desk.at(ticket, now + ticket.block.paging[ticket.row] if called else now, (desk.hand_over,))
    if agent is not None:
        desk.free(agent)


def let_go(desk: Desk, ticket: Ticket, now: float) -> Agent | None:
    """Take a ticket that nobody works on out of its queue, or from the agent who keeps it.

    The agent is returned if they had their hands full and did nothing else, and so are free now. A question to the
    customer is dropped.
    """
    if ticket.stage in (WAITING, BROKEN_OFF):
        ticket.pool.queues[ticket.priority].remove(ticket)
        ticket.pool.waiting -= 1
    elif ticket.stage in (ASKING, ANSWERED):
        agent = ticket.agent
        agent.held -= 1
        if ticket.stage == ANSWERED:
            agent.answered.remove(ticket)
        else:
            run_again(desk, ticket, now)
        if agent.waits:
            agent.waits = False
            return agent
    return None


def run_again(desk: Desk, ticket: Ticket, now: float) -> None:
    """Let the clocks go on that stood still while the customer was asked."""
    desk.asked(ticket, now)
    kind, since, hours = ticket.kind, ticket.paused_since, ticket.rules.hours
    if not kind.waiting.resolution:
        ticket.paused += kind.hours.minutes_between(since, now)
        if ticket.rules.age_move is not None:
            ticket.age_move_due = desk.ages.due(ticket, ticket.rules.age_move[0])
    if not kind.waiting.in_hand:
        if ticket.progress_left < math.inf:
            ticket.progress_left -= hours.minutes_between(ticket.progress, since)
        if ticket.in_hand_left < math.inf:
            ticket.in_hand_left -= hours.minutes_between(ticket.in_hand, since)
        ticket.progress = ticket.in_hand = now
        ticket.stood_still = since, now
    if not kind.waiting.updates and ticket.update_left < math.inf:
        updates_go_on(ticket, since, now)


def updates_go_on(ticket: Ticket, since: float, now: float) -> None:
    """Let the time until the customer's next update go on where it stood ``since`` some instant."""
    kind = ticket.kind
    if len(kind.updates) > 1:  # else nobody asks
        ticket.unheard += kind.hours.minutes_between(since, now)
    due = kind.hours.add(ticket.update_from, ticket.update_left)
    if due > since:  # else it is overdue, and stays that
        ticket.update_from, ticket.update_left = now, kind.hours.minutes_between(since, due)


def minutes_to_update(ticket: Ticket, at: float) -> float:
    """Return the open minutes after ``at`` until the customer has to hear, 0 where that is overdue."""
    hours = ticket.kind.hours
    return hours.minutes_between(at, hours.add(ticket.update_from, ticket.update_left))
