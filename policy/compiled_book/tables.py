"""Conditions as tables: a situation becomes a row of answers, and a condition a place in that row.

An *answer* is the pair that a condition gives: whether it holds, and since when (an instant). The row begins with what
the situation says (``Layout``). A ``Table`` is made for one combination of attributes (plan, tier, status, kind of
issue, priority, calendar): what those decide is decided when the table is made, and what is left are a few steps, each
of which appends one answer to the row. Equal parts of different rules become one step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from policy.building import RelativeRole
from policy.calendars import Calendar
from policy.compiled_book.layout import BASES, OPENED, PRIORITY, STATUS, VISIT, Layout, Row, fits
from policy.conditions import (
    All,
    Always,
    Answer,
    AnyOf,
    Attribute,
    Checked,
    ClockReaches,
    Condition,
    Done,
    Named,
    Not,
    Within,
)
from policy.loading import Policy
from policy.situation import OPEN, Situation
from policy.standstill import age_of

Step = Callable[[Row, Situation], Any]
Guarded = tuple[tuple[int, ...], int]
"""Places that must all hold, and one that must hold too, since when the counting begins."""
_DUST: Final = 1e-6
"""Minutes by which sums of floats may be off, at most."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is decided when a table is made. ``calendar`` is ``None`` where it is still to be found."""

    plan: str
    tier: str
    status: str
    category: str | None
    priority: str | None = None
    calendar: Calendar | None = None

    def figures(self) -> Mapping[str, str | None]:
        """Return the attributes on which a figure may depend."""
        return {"plan": self.plan, "tier": self.tier, "priority": self.priority}


@dataclass(slots=True)
class Table:
    """Conditions under given attributes: ``place`` puts one in and returns where its answer will stand.

    ``steps`` are to be run in order on a row, each answer appended.
    """

    policy: Policy
    layout: Layout
    attributes: Attributes
    steps: list[Step] = field(default_factory=list)
    _equal: dict[Any, int] = field(default_factory=dict)

    def run(self, row: Row, situation: Situation) -> None:
        """Append the answers to a row of the layout."""
        del row[self.layout.size :]
        for step in self.steps:
            row.append(step(row, situation))

    # -- what the attributes decide ----------------------------------------------------------------------------

    def decided(self, condition: Condition) -> bool | None:
        """Return whether a condition holds, as far as the attributes decide it."""
        match condition:
            case Always():
                return True
            case Attribute():
                return getattr(self.attributes, condition.name) in condition.values
            case Within():
                tier = self.policy.tiers[self.attributes.tier]
                return self.attributes.category in (tier.beyond if condition.beyond else tier.capabilities)
            case Checked():
                needed = self._needed(condition)
                return False if needed is None else None if needed else True
            case ClockReaches() if condition.name == "age" and self.attributes.priority is None:
                return False
            case Named():
                return self.decided(condition.inner)
            case Not():
                inner = self.decided(condition.inner)
                return None if inner is None else not inner
            case All() | AnyOf():
                decisive, is_open = isinstance(condition, AnyOf), False
                for part in condition.inner:  # most are over at the first
                    decided = self.decided(part)
                    if decided is decisive:
                        return decisive
                    is_open = is_open or decided is None
                return None if is_open else not decisive
        return None

    def basic_checks(self) -> tuple[str, ...] | None:
        """Return the basic checks of the category, ``None`` while it is not known."""
        category = self.policy.categories.get(self.attributes.category or "")
        return None if category is None else tuple(category.basic_checks)

    def _needed(self, condition: Checked) -> tuple[str, ...] | None:
        basic = self.basic_checks() if condition.basic else ()
        return None if basic is None else (*condition.names, *basic)

    # -- places ------------------------------------------------------------------------------------------------

    def place(self, condition: Condition) -> int:
        """Return the place of a condition's answer, with the steps that make it put in."""
        match condition:
            case Always():
                return OPENED
            case Attribute(name="status") if not self.decided(condition) and OPEN not in condition.values:
                return OPENED + 1
            case Attribute() | Within():
                since = {"priority": PRIORITY, "tier": VISIT, "status": STATUS}
                base = VISIT if isinstance(condition, Within) else since.get(condition.name, OPENED)
                return base if self.decided(condition) else base + 1
            case Checked():
                return self._checked(self._needed(condition))
            case ClockReaches():
                return self._step(("clock", condition), lambda: self._clock(condition))
            case Done() if condition not in self.layout.places:
                return self._done(condition)
            case Named():
                return self.place(condition.inner)
            case Not():
                inner = self.place(condition.inner)
                return inner ^ 1 if inner < BASES else self._step(("not", inner), lambda: _not(inner))
            case All():
                return self._all(self.parts(condition))
            case AnyOf():
                places = tuple(dict.fromkeys(self.place(part) for part in condition.inner))
                return places[0] if len(places) == 1 else self._step(("any", places), lambda: _any(places))
        return self.layout.places[condition]

    def _step(self, key: Any, make: Callable[[], Step]) -> int:
        """Return the place of a step, of an equal one if there is one already."""
        if key not in self._equal:
            step = make()
            self._equal[key] = self.layout.size + len(self.steps)
            self.steps.append(step)
        return self._equal[key]

    def parts(self, condition: Condition) -> list[int]:
        """Return the places of all that must hold for a conjunction, those inside it that are conjunctions too.

        What holds since the opening is left out: it changes nothing. After a certain no, nothing is asked any more.
        """
        while isinstance(condition, Named):
            condition = condition.inner
        if not isinstance(condition, All):
            return [self.place(condition)]
        flat: list[int] = []
        for part in condition.inner:
            for place in self.parts(part):
                if place != OPENED and place not in flat:
                    flat.append(place)
                if place < BASES and place & 1:
                    return flat
        return flat

    def guarded(self, condition: Condition) -> Guarded:
        """Return a condition that is only asked whether it holds, in the order in which a no is found soonest."""
        while isinstance(condition, Named):
            condition = condition.inner
        if not isinstance(condition, All):
            return (), self.place(condition)
        parts = self.parts(condition)
        certain = [place for place in parts if place < BASES]
        return tuple(place for place in parts if place >= BASES), self._all(certain)

    def _all(self, flat: list[int]) -> int:
        if not flat or (len(flat) == 1 and flat[0] < BASES and flat[0] & 1):
            return flat[0] if flat else OPENED
        parts = tuple(flat)
        return self._step(("all", parts), lambda: _all(parts))

    def _checked(self, needed: tuple[str, ...] | None) -> int:
        if not needed:
            return OPENED + 1 if needed is None else OPENED
        places = tuple(dict.fromkeys(self.layout.checks[name] for name in needed))

        def step(row: Row, situation: Situation) -> Answer:
            since = -math.inf
            for place in places:
                holds, began = row[place]
                if not holds:
                    return False, situation.opened
                since = max(since, began)
            return True, since

        return self._step(("checked", places), lambda: step)

    def _clock(self, condition: ClockReaches) -> Step:
        name, figures = condition.name, self.attributes.figures()
        by_day: dict[float, float] = {}

        def minutes_on(day: float) -> float:
            if day not in by_day:
                early = condition.early
                before = early.minutes(figures, day) if early.fixed or early.by else 0.0
                whole = condition.figure.minutes(figures, day)
                by_day[day] = math.inf if math.isinf(whole) else max(0.0, whole - before)
            return by_day[day]

        if name == "age":
            calendar = self.attributes.calendar
            if self.attributes.priority is None or calendar is None:
                return lambda row, _: row[OPENED + 1]
            minutes = minutes_on(calendar.day_minutes)

            def age(row: Row, situation: Situation) -> Any:
                since = row[PRIORITY][1]
                if since + minutes > situation.now + _DUST:  # no calendar is faster than time
                    return row[OPENED + 1]
                reached = (
                    age_of(situation, calendar, since).reaches(minutes)
                    if situation.was
                    else calendar.add(since, minutes)
                )
                return row[OPENED + 1] if reached is None or reached > situation.now else (True, reached)

            return age

        def stated(row: Row, situation: Situation) -> Any:
            clock = situation.clocks.get(name)
            if clock is None:
                return row[OPENED + 1]
            minutes = minutes_on(clock.calendar.day_minutes)
            shown = clock.elapsed_then
            if shown < minutes and (clock.state != "running" or clock.at + minutes - shown > situation.now + _DUST):
                return row[OPENED + 1]
            reached = clock.reaches(minutes)
            return row[OPENED + 1] if reached is None or reached > situation.now else (True, reached)

        return stated

    def _done(self, condition: Done) -> int:
        """Return the place of a deed whose recipient depends on the situation."""
        roles = tuple(self.role(name) for name in condition.to)
        names = frozenset(role for role in roles if isinstance(role, str))
        places = tuple(role for role in roles if isinstance(role, int))

        def step(row: Row, situation: Situation) -> Answer:
            wanted = names.union(row[place] for place in places) if places else names
            instants = [
                deed.at
                for deed in situation.deeds
                if deed.verb == condition.verb and deed.to in wanted and fits(condition, deed, situation)
            ]
            return (True, min(instants)) if instants else (False, situation.opened)

        return self._step(("done", condition), lambda: step)

    # -- roles -------------------------------------------------------------------------------------------------

    def role(self, name: str) -> str | int:
        """Return the role that a name stands for, or the place where it will stand."""
        relative: RelativeRole | None = self.policy.relative_roles.get(name)
        if relative is None:
            return name
        cases: list[tuple[int, str | int]] = []
        otherwise: str | int = relative.by_tier.get(self.attributes.tier, name)
        for when, role in relative.cases:
            decided = self.decided(when)
            if decided:
                otherwise = self.role(role)
                break
            if decided is None:
                cases.append((self.place(when), self.role(role)))
        if not cases:
            return otherwise

        def step(row: Row, _: Situation) -> str:
            for place, role in cases:
                if row[place][0]:
                    return row[role] if isinstance(role, int) else role
            return row[otherwise] if isinstance(otherwise, int) else otherwise

        return self._step(("role", name), lambda: step)


def since(row: Row, condition: Guarded) -> float | None:
    """Return since when a condition has held, ``None`` if it does not hold."""
    guards, base = condition
    found: float
    holds, found = row[base]
    if not holds:
        return None
    for place in guards:
        answer = row[place]
        if not answer[0]:
            return None
        if answer[1] > found:
            found = answer[1]
    return found


def _not(inner: int) -> Step:
    def step(row: Row, _: Situation) -> Answer:
        holds, began = row[inner]
        return not holds, began

    return step


def _all(parts: tuple[int, ...]) -> Step:
    def step(row: Row, situation: Situation) -> Any:
        since = situation.opened
        for place in parts:
            answer = row[place]
            if not answer[0]:
                return answer
            if answer[1] > since:
                since = answer[1]
        return True, since

    return step


def _any(parts: tuple[int, ...]) -> Step:
    def step(row: Row, _: Situation) -> Answer:
        held, latest = math.inf, -math.inf
        for place in parts:
            holds, began = row[place]
            if holds:
                if began < held:
                    held = began
            elif began > latest:
                latest = began
        return (True, held) if held < math.inf else (False, latest)

    return step
