"""Who works when, as plain numbers: every agent of a desk with their hours.

Hours are made of the shift (or the tier's calendar), without the breaks. What chance decides about people (how they
differ, on which days they are away) is drawn once per replication, in :mod:`simulator.draws`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from policy.calendars import WEEKDAYS, Calendar
from policy.opening import read_intervals
from simulator.desk import Desk, Staffing
from simulator.openhours import OpenHours

DAY: Final = 1440.0
MakeHours = Callable[[Calendar], OpenHours]


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """One agent: the ``tiers`` they work in, home first; ``hours`` without breaks cut out of ``shift``.

    ``skills`` are indices of categories (``None``: all), ``pace`` multiplies the length of their work, ``slips`` how
    often they make the slips of the desk.
    """

    tiers: tuple[int, ...]
    hours: OpenHours
    shift: OpenHours
    skills: frozenset[int] | None
    pace: float
    slips: float = 1.0


@dataclass(frozen=True, slots=True)
class TierStaff:
    """The people of one tier. ``agents`` are those whose home it is; ``unlimited`` tiers make one whenever needed."""

    hours: OpenHours
    """The tier's own hours, by the policy."""
    agents: tuple[AgentSpec, ...]
    on_call: int
    unlimited: bool
    queue_limit: float
    multitasking: int
    at_shift_end: str


def roster(desk: Desk, calendars: tuple[Calendar, ...], hours: MakeHours) -> tuple[TierStaff, ...]:
    """Return the people of each tier; ``calendars`` are the tiers' own, ``hours`` turns a calendar into numbers."""
    return tuple(
        _tier(desk, place, staff, calendar, hours)
        for place, (staff, calendar) in enumerate(zip(desk.staffing.values(), calendars, strict=True))
    )


def _tier(desk: Desk, place: int, staff: Staffing, calendar: Calendar, hours: MakeHours) -> TierStaff:
    own = hours(calendar)
    agents: list[AgentSpec] = []
    usual = _without(own, staff.breaks, calendar, hours)
    unlimited = staff.agents == "unlimited"
    plain = AgentSpec((place,), usual, own, None, 1.0)
    agents += [plain] * (1 if staff.agents == "unlimited" else staff.agents)
    for group in staff.groups:
        shift, worked = own, usual
        if group.shift is not None:
            entry = desk.shifts[group.shift]
            week = {day: read_intervals(text) for day, text in entry.hours.items()}
            free = () if entry.holidays else calendar.holidays()
            shift = hours(Calendar(week, zone=calendar.zone.key, holidays=free))
            worked = _without(shift, ", ".join(filter(None, (entry.breaks, staff.breaks))), calendar, hours)
        tiers = (place, *(desk.tiers.index(tier) for tier in group.also if desk.tiers.index(tier) != place))
        names = list(desk.categories)
        skills = None if group.skills is None else frozenset(names.index(name) for name in group.skills)
        spec = AgentSpec(tuple(dict.fromkeys(tiers)), worked, shift, skills, group.pace, group.slips)
        agents += [spec] * group.agents
    return TierStaff(
        hours=own,
        agents=tuple(agents),
        on_call=staff.on_call,
        unlimited=unlimited,
        queue_limit=math.inf if staff.queue_limit is None else float(staff.queue_limit),
        multitasking=staff.multitasking,
        at_shift_end=staff.at_shift_end,
    )


def _without(shift: OpenHours, breaks: str, calendar: Calendar, hours: MakeHours) -> OpenHours:
    """Return a shift with its breaks, at the same local times every day, cut out."""
    if not breaks:
        return shift
    every_day = dict.fromkeys(WEEKDAYS, read_intervals(breaks))
    return shift.without(hours(Calendar(every_day, zone=calendar.zone.key)))
