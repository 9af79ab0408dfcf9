"""Work that is broken off: for something more urgent, at the end of a shift, because a priority was judged wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.codes import Pause
from simulator.engine.numbers import BROKEN_OFF, PRIORITY_SEEN, WAITING
from simulator.engine.parts import NEVER, Agent, Bell, Pool, Spell, Stage, Ticket
from simulator.engine.priorities import change, true_priority
from simulator.engine.progress import checked, went
from simulator.engine.scripts import unfold
from simulator.engine.timers import expect, let_go
from simulator.engine.walk import minutes_worked, walk

if TYPE_CHECKING:
    from simulator.engine.core import Desk


def break_in(desk: Desk, pool: Pool, ticket: Ticket, now: float) -> bool:
    """Let an agent drop what they do for ``ticket``; return whether there was one.

    The least urgent ticket is dropped, of those the one begun last. What is over at this very instant is not dropped:
    its agent is free at once anyway.
    """
    victim: Agent | None = None
    worst = (-1, 0.0)
    for agent in pool.agents:
        held = agent.ticket
        if held is None or held.stage != Stage.WORKING or held.priority <= ticket.priority or agent.spell.end <= now:
            continue
        if not agent.is_there(now) or (agent.skills is not None and ticket.category not in agent.skills):
            continue
        rank = held.priority, agent.spell.began
        if victim is None or rank > worst:
            victim, worst = agent, rank
    if victim is None:
        return False
    dropped = break_off(desk, victim, now)
    put_back(desk, dropped)
    desk.take(pool, victim, ticket, now)
    if dropped.pool.idle:  # somebody may be free who could not have taken the urgent one
        desk.dispatch(dropped.pool)
    return True


def break_off(desk: Desk, agent: Agent, now: float) -> Ticket:
    """Stop an agent's work at ``now``; return the ticket, which knows how far it has got."""
    ticket, spell = agent.ticket, agent.spell
    assert ticket is not None
    unanswered = ticket.responded > now
    if not ticket.agenda:
        unfold(ticket)
    if spell.walk is None and ticket.quick:
        agenda, done = ticket.agenda, minutes_worked(agent, spell.began, now, agent.overtime)
        assert agenda is not None
        at, last = 0, len(agenda) - 1
        while at < last and done >= agenda[at]:
            done -= agenda[at]
            at += 1
        ticket.at, ticket.left, ticket.quick = at, max(0.0, agenda[at] - done), False
        if ticket.checks_at >= 0:
            checked(desk, ticket, spell, now)
    else:
        if spell.walk is None and ticket.rules.age_move is not None:  # it was not looked at yet
            ticket.age_move_due = desk.ages.due(ticket, ticket.rules.age_move[0])
        went(desk, ticket, walk(ticket, agent, spell.began, now, int(Pause.URGENT), desk.writing, desk.forgotten))
    if unanswered:
        ticket.responded = NEVER
    desk.note(agent, ticket, spell.began, now)
    spell.agent = None
    agent.spell = Spell(agent)
    agent.ticket = None
    return ticket


def put_back(desk: Desk, ticket: Ticket) -> None:
    """Put a ticket whose work was broken off back at the head of its queue, behind those that came before it.

    It is still in the tier's hands, so its timers go on.
    """
    pool = ticket.pool
    ticket.stage = BROKEN_OFF
    queue = pool.queues[ticket.priority]
    place = 0
    for other in queue:
        if other.stage != BROKEN_OFF or other.available > ticket.available:
            break
        place += 1
    queue.insert(place, ticket)
    pool.waiting += 1
    expect(desk, ticket)


def wrong_tier(tier: int, right: int, tiers: int) -> int:
    """Return a tier above ``tier`` that is not the right one, the right one where there is no other."""
    return next((other for other in range(tiers - 1, tier, -1) if other != right), right)


def reprioritise(desk: Desk, ticket: Ticket, priority: int, now: float) -> None:
    """Give a ticket another priority that an agent has in hand."""
    change(desk, ticket, priority, now)
    rules = ticket.rules = ticket.kind.tiers[ticket.tier]
    ticket.progress, ticket.progress_left = now, rules.no_progress
    ticket.in_hand, ticket.in_hand_left = ticket.began, rules.unresolved
    if rules.age_move is not None:
        ticket.age_move_due = desk.ages.due(ticket, rules.age_move[0])


def found_in_the_queue(bell: Bell) -> None:
    """Somebody looks through the queue: a ticket that still waits there gets the priority that it should have."""
    desk, ticket = bell.about
    now, priority = desk.now, true_priority(ticket)
    if ticket.stage != WAITING or ticket.gives_up <= now or ticket.priority == priority:
        return
    gives_up = ticket.gives_up
    let_go(desk, ticket, now)
    desk.learned(ticket, PRIORITY_SEEN, now)
    change(desk, ticket, priority, now)
    desk.offer(desk.pool_of(ticket), ticket)
    if ticket.stage == WAITING:
        ticket.gives_up = gives_up  # they have waited since before
