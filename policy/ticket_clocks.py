"""How the clocks of a ticket follow what happens to it: another status, another priority, a visit to a tier.

Practice and the desk's audit both keep a ticket's clocks by this, so that a drill and a simulated ticket count alike.
"""

from __future__ import annotations

from collections.abc import Mapping

from policy.calendars import Calendar
from policy.clocks import Clock
from policy.durations import parse_duration
from policy.loading import Policy
from policy.situation import RESOLVED


def with_status(clocks: Mapping[str, Clock], status: str, now: float) -> dict[str, Clock]:
    """Return the clocks of a ticket whose status changes: those of what is resolved stop, what comes back goes on."""
    if status == RESOLVED:
        return {name: clock.stop(now) for name, clock in clocks.items()}
    return {name: clock.start(now) if clock.state == "stopped" else clock for name, clock in clocks.items()}


def keeps_elapsed(policy: Policy, known: str | None, priority: str) -> bool:
    """Return whether the resolution clock goes on counting when the priority changes (settlement D18)."""
    ranks = list(policy.priorities)
    lowered = known is not None and ranks.index(priority) > ranks.index(known)
    change = policy.doc.reprioritised
    return (change.lowered if lowered else change.raised) == "keep"


def resolution_clock(
    policy: Policy, priority: str, calendar: Calendar, now: float, *, keeping: Clock | None, since: float
) -> Clock:
    """Return the resolution clock of a ticket that now has this priority.

    ``keeping`` is the clock that goes on with what it has counted; without one a new clock counts from ``since``.
    """
    target = parse_duration(policy.priorities[priority].resolution).minutes(calendar.day_minutes)
    if keeping is not None:
        return keeping.with_calendar(now, calendar).with_target(now, target)
    return Clock(calendar, target).start(since)


def timers_calendar(policy: Policy, tier: str, calendar: Calendar | None) -> Calendar:
    """Return the calendar on which a tier's timers run: its own, or the ticket's where that never closes."""
    if calendar is not None and calendar.always_open:
        return calendar
    return policy.calendars[policy.tiers[tier].calendar]
