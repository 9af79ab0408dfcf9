"""A ticket gets another priority: found more urgent than it was taken for, or less urgent by a tier above.

It is then another kind of ticket. Its age counts from the change; its resolution clock begins anew, or keeps what it
has counted, as the policy says for a priority that is raised, and for one that is lowered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.engine.parts import Ticket

if TYPE_CHECKING:
    from simulator.engine.core import Desk

TOLERANCE: Final = 1e-6
"""Minutes; a target met to the instant is met, whatever the last bit says."""


def true_priority(ticket: Ticket) -> int:
    """Return the priority that a ticket should have, as far as anybody could know it by now."""
    return ticket.block.priority[ticket.row] + ticket.lowered if ticket.certain is None else ticket.certain


def change(desk: Desk, ticket: Ticket, priority: int, now: float) -> None:
    """Give a ticket another priority, with the clocks that follow from it. It is in no queue meanwhile."""
    model, kind = desk.model, ticket.kind
    other = model.kinds[priority][ticket.block.plan[ticket.row]]
    since = ticket.opened if ticket.clock_from is None else ticket.clock_from
    if model.lowered_restarts if priority > ticket.priority else model.raised_restarts:
        ticket.breached_before |= kind.hours.add(since, kind.resolution + ticket.paused) + TOLERANCE < now
        ticket.clock_from, ticket.paused = now, 0.0
    elif other.hours is not kind.hours:  # what has been counted stays counted
        counted = kind.hours.minutes_between(since, now) - ticket.paused
        ticket.paused = other.hours.minutes_between(since, now) - counted
    ticket.aged_from, ticket.aged_still, ticket.unheard = now, 0.0, 0.0
    ticket.priority, ticket.kind = priority, other
    desk.ages.expect_anew(ticket)
    if desk.writing:
        every = other.updates[0][1]
        if ticket.sent and other.hours.add(ticket.update_from, every) > now:
            ticket.update_left = every
        else:  # a customer who has not heard for longer hears at once
            ticket.update_from, ticket.update_left = now, 0.0 if ticket.sent else every
