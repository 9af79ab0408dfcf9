"""From a cell of the space to a situation one can hold in hand, and back.

A cell says which signals are known, between which figures a clock stands, and so on. ``situation_of`` makes a
concrete situation of it, so that whatever the diagram claims can be replayed through the rulebook.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from policy.calendars import Calendar, to_instant
from policy.clocks import Clock
from policy.lint.diagram import holds
from policy.lint.space import NOBODY, Space
from policy.situation import CLOCKS, RESOLUTION, Count, Deed, Situation

Assignment = Mapping[str, bool]
_AGE: Final = "age"
_MONDAYS: Final = 200


def value_of(space: Space, assignment: Assignment, attribute: str) -> str | None:
    """Return the value of an attribute (``plan``, ``tier``, ``status``, ``category``, ``stated``) in a cell."""
    for value in space.domains[attribute]:
        if assignment.get(f"{attribute}={value}"):
            return None if value == NOBODY else value
    return None


def reached(space: Space, assignment: Assignment, clock: str) -> float:
    """Return the largest figure that a clock has reached in a cell (minutes), 0 if none."""
    marks = [at for at in space.breaks.get(clock, ()) if assignment.get(f"clock {clock}>={at:g}")]
    return max(marks, default=0.0)


def situation_of(space: Space, assignment: Assignment) -> Situation:
    """Return a concrete situation in a cell: opened on an ordinary Monday morning, everything known since then.

    What is known from an earlier visit is known since a minute before. Clocks stand where the cell says; one of the
    resolution that has reached nothing is left out, as no target would fall due by a clock that stands.
    """
    opened = _ordinary_monday(space)
    earlier = opened - 1.0
    signals = {
        name: earlier if assignment.get(f"earlier {name}") else opened
        for name in space.policy.doc.vocabulary.signals
        if assignment.get(f"signal {name}")
    }
    done = [atom for atom in space.deeds if assignment.get(space.deed_name(atom))]
    deeds = tuple(
        Deed(
            atom.verb, atom.to, atom.via, (atom.what,) if atom.what else (),
            opened if atom.in_visit else earlier, atom.by,
        )
        for atom in done
    )  # fmt: skip
    counts = {
        name: Count(max((at for at in ats if assignment.get(f"count {name}>={at}")), default=0), opened)
        for name, ats in space.counts.items()
    }
    counts = {name: count for name, count in counts.items() if count.value}
    calendar = _calendar(space, assignment)
    now = calendar.add(opened, reached(space, assignment, _AGE))
    clocks = {
        name: Clock(calendar, state="paused", at=now, elapsed_then=reached(space, assignment, name))
        for name in CLOCKS
        if name != _AGE and (name != RESOLUTION or reached(space, assignment, name))
    }
    return Situation(
        now=now,
        opened=opened,
        plan=value_of(space, assignment, "plan") or space.domains["plan"][0],
        tier=value_of(space, assignment, "tier") or space.domains["tier"][0],
        category=value_of(space, assignment, "category"),
        tier_since=opened,
        stated_priority=value_of(space, assignment, "stated"),
        stated_since=opened,
        status=value_of(space, assignment, "status") or space.domains["status"][0],
        status_since=opened,
        signals=signals,
        checks={name: opened for name in space.policy.doc.vocabulary.checks if assignment.get(f"check {name}")},
        counts=counts,
        deeds=deeds,
        clocks=clocks,
    )


def _calendar(space: Space, assignment: Assignment) -> Calendar:
    for index, (_, name) in enumerate(space.policy.calendar_cases):
        if holds(space.calendar(index), assignment):
            return space.policy.calendars[name]
    return Calendar.always()


def _ordinary_monday(space: Space) -> float:
    """Return the opening of a Monday after which every calendar has two usual weeks."""
    calendars = [c for c in space.policy.calendars.values() if not c.always_open]
    first = datetime(2025, 1, 6, tzinfo=UTC)
    mondays = [to_instant(first + timedelta(weeks=week)) for week in range(_MONDAYS)]
    if not calendars:
        return mondays[0] + 540.0
    main = calendars[0]
    lengths = [main.open_minutes(monday, monday + 14 * 1440.0) for monday in mondays]
    usual = max(set(lengths), key=lambda length: (lengths.count(length), length))
    return main.next_open(mondays[lengths.index(usual)])
