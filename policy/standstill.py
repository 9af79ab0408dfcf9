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
from policy.situation import RESOLVED, STATUSES, Situation

_EVERY: Final = frozenset(STATUSES)
_NONE: Final[frozenset[str]] = frozenset()
_STOPPED: Final = frozenset({RESOLVED})
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


def age_of(situation: Situation, calendar: Calendar, since: float) -> Clock:
    """Return the clock ``age``: it runs on ``calendar`` from the instant ``since``, not while the ticket was resolved.

    A ticket that was reopened is as old as it was when it was resolved (settlement D18).
    """
    return _without(calendar, since, stood_still(situation, _STOPPED) if situation.was else ())


def due_at(calendar: Calendar, start: float, minutes: float, still: Stretches) -> float:
    """Return the instant ``minutes`` of the calendar after ``start``, not counting what stood still.

    ``math.inf`` where the calendar has no such minute ahead.
    """
    if not still or calendar.add(start, minutes) <= still[0][0]:
        return calendar.add(start, minutes)
    reached = _without(calendar, start, still).reaches(minutes)
    return calendar.add(start, minutes) if reached is None else reached


def next_due(calendar: Calendar, done: float, repeat: float, still: Stretches, since: float) -> float:
    """Return when a duty that holds since ``since`` falls due again, ``repeat`` minutes after it was ``done``.

    Where it was done before it was owed, the count goes on from then; it falls due no sooner than it is owed.
    """
    return max(due_at(calendar, done, repeat, still), since)


def _without(calendar: Calendar, start: float, still: Stretches) -> Clock:
    """Return a clock that has run since ``start`` but for what stood still."""
    clock = Clock(calendar).start(start)
    for begin, end in still:
        if end > start:
            clock = clock.pause(max(begin, start)).resume(end)
    return clock
