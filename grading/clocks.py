"""The clocks of a ticket as a desk's system shows them.

A ticketing system knows the plan, the tier and the priority that somebody wrote on the ticket; it does not know the
right one. So these clocks never give the answer away.
"""

from __future__ import annotations

import math

from grading.views import ClockState, ClockView
from grading.world import World
from policy.calendars import Calendar
from policy.clocks import Clock
from policy.durations import parse_duration
from policy.rulebook import Rulebook


def clock_views(world: World, rulebook: Rulebook) -> tuple[ClockView, ...]:
    """Return first response, resolution (once a priority is set) and the timers of the holding tier."""
    policy, scenario = rulebook.policy, world.scenario
    calendar = _ticket_calendar(world, rulebook)
    views = [_first_response(world, rulebook, calendar)]
    if world.stated_priority is not None:
        target = parse_duration(policy.priorities[world.stated_priority].resolution).minutes(calendar.day_minutes)
        clock = Clock(calendar, target).start(scenario.opens)
        label = f"Resolution ({world.stated_priority})"
        views.append(_view("resolution", label, clock, target, world, running=world.status == "open"))
    tier = policy.tiers[world.tier]
    for name, label, figure in (
        ("no_progress", f"Without progress in {tier.label}", tier.no_progress),
        ("unresolved", f"Unresolved in {tier.label}", tier.unresolved),
    ):
        if figure is not None and world.tier == scenario.seat:
            clock = world.clocks[name]
            target = parse_duration(figure).minutes(clock.calendar.day_minutes)
            views.append(_view(name, label, clock, target, world, running=clock.state == "running"))
    return tuple(views)


def _ticket_calendar(world: World, rulebook: Rulebook) -> Calendar:
    """Return the calendar by what stands on the ticket alone."""
    bare = world.situation()
    return rulebook.calendar(type(bare)(
        now=bare.now, opened=bare.opened, plan=bare.plan, tier=bare.tier, category=bare.category,
        stated_priority=bare.stated_priority, stated_since=bare.stated_since,
    ))  # fmt: skip


def _first_response(world: World, rulebook: Rulebook, calendar: Calendar) -> ClockView:
    policy, opens = rulebook.policy, world.scenario.opens
    figures = [policy.tiers[world.scenario.seat].response.get(world.scenario.ticket.customer.plan)]
    if world.stated_priority is not None:
        figures.append(policy.priorities[world.stated_priority].first_response)
    minutes = [parse_duration(f).minutes(calendar.day_minutes) for f in figures if f is not None]
    target = min(minutes, default=math.inf)
    clock = Clock(calendar, target).start(opens)
    answered = next((d.at for d in world.deeds if d.verb == "reply"), None)
    if answered is not None:
        clock = clock.stop(answered)
    # The priority may shorten the plan's target, so until there is one this is not the last word.
    label = "First response (by plan)" if world.stated_priority is None else "First response"
    return _view("first_response", label, clock, target, world, running=answered is None)


def _view(name: str, label: str, clock: Clock, target: float, world: World, *, running: bool) -> ClockView:
    due = clock.reaches(target)
    breached = due is not None and due < world.now and clock.elapsed(world.now) > target
    state: ClockState = "running" if running else "met" if clock.state == "stopped" else "paused"
    return ClockView(
        name=name,
        label=label,
        due_minute=None if due is None else round(due - world.scenario.opens, 4),
        elapsed=round(clock.elapsed(world.now), 4),
        target=None if math.isinf(target) else target,
        state="breached" if breached else state,
    )
