"""Time that does not count: what a rule demands stands still while the ticket's status does not let it hold.

A rule says in its condition in which states of a ticket it holds ("not resolved", "not while it waits for the
customer"). When the ticket comes back from another state, what is owed is owed since the same instant as before, and
the minutes in between are left out of its due: the count goes on where it stopped (settlement D18).
"""

from __future__ import annotations

from typing import Final

from policy.calendars import Calendar
from policy.clocks import Clock
from policy.conditions import All, Always, AnyOf, Attribute, Condition, Named, Not
from policy.situation import STATUSES, Situation

_EVERY: Final = frozenset(STATUSES)
_NONE: Final[frozenset[str]] = frozenset()
Stretches = tuple[tuple[float, float], ...]
"""Begins and ends (instants), the earliest first; none touches the next but at its end."""


def barred(condition: Condition) -> frozenset[str]:
    """Return the states of a ticket in which a condition cannot hold, whatever else is known."""
    match condition:
        case Attribute(name="status"):
            return _EVERY.difference(condition.values)
        case Named():
            return barred(condition.inner)
        case Not():
            return _certain(condition.inner)
        case All():
            return _NONE.union(*map(barred, condition.inner))
        case AnyOf():
            return _EVERY.intersection(*map(barred, condition.inner))
    return _NONE


def _certain(condition: Condition) -> frozenset[str]:
    """Return the states of a ticket in which a condition holds, whatever else is known."""
    match condition:
        case Always():
            return _EVERY
        case Attribute(name="status"):
            return frozenset(condition.values)
        case Named():
            return _certain(condition.inner)
        case Not():
            return barred(condition.inner)
        case All():
            return _EVERY.intersection(*map(_certain, condition.inner))
        case AnyOf():
            return _NONE.union(*map(_certain, condition.inner))
    return _NONE


def stood_still(situation: Situation, statuses: frozenset[str]) -> Stretches:
    """Return when the ticket was in one of ``statuses`` earlier on."""
    return tuple((was.begin, was.end) for was in situation.was if was.status in statuses)


def due_at(calendar: Calendar, start: float, minutes: float, still: Stretches) -> float:
    """Return the instant ``minutes`` of the calendar after ``start``, not counting what stood still.

    ``math.inf`` where the calendar has no such minute ahead.
    """
    if not still or calendar.add(start, minutes) <= still[0][0]:
        return calendar.add(start, minutes)
    clock = Clock(calendar).start(start)
    for begin, end in still:
        if end > start:
            clock = clock.pause(max(begin, start)).resume(end)
    reached = clock.reaches(minutes)
    return calendar.add(start, minutes) if reached is None else reached
