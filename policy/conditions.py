"""Conditions: the ``when`` of a rule, read once and asked often.

A condition is a mapping; all of its keys must hold. ``docs/policy-language.md`` lists the keys. Asked about a
situation, a condition answers *whether* it holds and *since when*: for a conjunction since the last part began to
hold, for a disjunction since the first of those that hold. From that instant a due is counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from policy.calendars import Calendar
from policy.clocks import Clock
from policy.figures import Figure
from policy.situation import OPEN, Situation

Answer = tuple[bool, float]


class Facts(Protocol):
    """What a condition may ask while a verdict is being found."""

    situation: Situation
    memo: dict[str, Answer]
    """Answers of named conditions, found once per situation."""

    @property
    def priority(self) -> tuple[str | None, float]:
        """The priority and since when it is known."""

    @property
    def attributes(self) -> Mapping[str, str | None]:
        """``plan``, ``priority`` and ``tier``."""

    def calendar(self) -> Calendar:
        """The calendar of the situation."""

    def clock(self, name: str) -> Clock | None:
        """One of the clocks, ``None`` where the situation has none."""

    def role(self, name: str) -> str:
        """The role that a relative role stands for now."""

    def capabilities(self, tier: str) -> tuple[str, ...]:
        """Categories that are within a tier's capability."""

    def beyond(self, tier: str) -> tuple[str, ...]:
        """Categories that a tier escalates."""

    def basic_checks(self) -> tuple[str, ...] | None:
        """The basic troubleshooting of the situation's category, ``None`` while the category is not known."""


class Condition(Protocol):
    """Something that holds or does not."""

    def ask(self, facts: Facts) -> Answer:
        """Return whether it holds, and since when it has been so (an instant)."""

    def parts(self) -> Iterator[Condition]:
        """Yield this condition and everything inside it."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A condition with nothing inside."""

    def parts(self) -> Iterator[Condition]:
        """Yield itself."""
        yield self  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class Always(Leaf):
    """Holds in every situation, and says so."""

    def ask(self, facts: Facts) -> Answer:
        """Return true since the ticket was opened."""
        return True, facts.situation.opened


@dataclass(frozen=True, slots=True)
class Signal(Leaf):
    """One of these signals is known."""

    names: tuple[str, ...]

    def ask(self, facts: Facts) -> Answer:
        """Return since the first of them became known."""
        known = [facts.situation.signals[n] for n in self.names if n in facts.situation.signals]
        return (True, min(known)) if known else (False, facts.situation.opened)


@dataclass(frozen=True, slots=True)
class EarlierSignal(Leaf):
    """One of these signals was known before the ticket came to the tier that holds it."""

    names: tuple[str, ...]

    def ask(self, facts: Facts) -> Answer:
        """Return since the ticket came to this tier."""
        s = facts.situation
        visit = s.opened if s.tier_since is None else s.tier_since
        return any(s.signals[n] < visit for n in self.names if n in s.signals), visit


@dataclass(frozen=True, slots=True)
class Attribute(Leaf):
    """The plan, priority, tier, category or status is one of these."""

    name: str
    values: tuple[str, ...]

    def ask(self, facts: Facts) -> Answer:
        """Return since the attribute has its present value.

        A ticket begins as open. So it has not been resolved since it was opened, whatever it was in between: to come
        back starts nothing afresh, and what was done before keeps counting (``standstill`` has the minutes between).
        """
        s = facts.situation
        value: str | None
        if self.name == "priority":
            value, since = facts.priority
        elif self.name == "tier":
            value, since = s.tier, s.opened if s.tier_since is None else s.tier_since
        elif self.name == "status":
            value, since = s.status, s.opened if s.status_since is None else s.status_since
            if value not in self.values and OPEN not in self.values:
                return False, s.opened
        else:
            value, since = (s.plan if self.name == "plan" else s.category), s.opened
        return value in self.values, since


@dataclass(frozen=True, slots=True)
class Within(Leaf):
    """The category is among the holding tier's capabilities, or among what it escalates (``beyond``)."""

    beyond: bool

    def ask(self, facts: Facts) -> Answer:
        """Return since the tier has held the ticket."""
        s = facts.situation
        known = facts.beyond(s.tier) if self.beyond else facts.capabilities(s.tier)
        return s.category in known, s.opened if s.tier_since is None else s.tier_since


@dataclass(frozen=True, slots=True)
class Checked(Leaf):
    """These checks are all done; ``basic`` stands for the category's basic troubleshooting."""

    names: tuple[str, ...]
    basic: bool

    def ask(self, facts: Facts) -> Answer:
        """Return since the last of them was done."""
        s = facts.situation
        basic = facts.basic_checks() if self.basic else ()
        if basic is None:  # nobody has said yet what kind of issue it is
            return False, s.opened
        needed = (*self.names, *basic)
        missing = [n for n in needed if n not in s.checks]
        if missing:
            return False, s.opened
        return True, max((s.checks[n] for n in needed), default=s.opened)


@dataclass(frozen=True, slots=True)
class Done(Leaf):
    """An act was done, ``by`` one of these roles (anybody, where there are none).

    ``in_visit`` counts only what was done since the ticket came to this tier, the act that brought it included.
    """

    verb: str
    to: tuple[str, ...]
    via: str | None
    what: str | None
    in_visit: bool
    by: tuple[str, ...] = ()

    def ask(self, facts: Facts) -> Answer:
        """Return since it was first done."""
        s = facts.situation
        wanted = {facts.role(name) for name in self.to}
        earliest = s.tier_since if self.in_visit and s.tier_since is not None else -math.inf
        instants = [
            deed.at
            for deed in s.deeds
            if deed.fits(self.verb, None, self.via, self.what)
            and deed.at >= earliest
            and (not wanted or deed.to in wanted)
            and (not self.by or deed.by in self.by)
        ]
        return (True, min(instants)) if instants else (False, s.opened)


@dataclass(frozen=True, slots=True)
class ClockReaches(Leaf):
    """A clock has counted this much; ``early`` minutes before it already count."""

    name: str
    figure: Figure
    early: Figure

    def instant(self, facts: Facts) -> float | None:
        """Return when the clock reaches (or reached) the figure, if nothing more happens."""
        clock = facts.clock(self.name)
        if clock is None:
            return None
        day = clock.calendar.day_minutes
        attributes = facts.attributes
        minutes = self.figure.minutes(attributes, day)
        early = self.early.minutes(attributes, day) if self.early.fixed or self.early.by else 0.0
        return None if math.isinf(minutes) else clock.reaches(max(0.0, minutes - early))

    def ask(self, facts: Facts) -> Answer:
        """Return since the instant at which it was reached."""
        reached = self.instant(facts)
        if reached is None or reached > facts.situation.now:
            return False, facts.situation.opened
        return True, reached


@dataclass(frozen=True, slots=True)
class CountAtLeast(Leaf):
    """A number is known and at least this."""

    name: str
    at_least: int

    def ask(self, facts: Facts) -> Answer:
        """Return since the number is known."""
        count = facts.situation.counts.get(self.name)
        if count is None:
            return False, facts.situation.opened
        return count.value >= self.at_least, count.since


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    inner: tuple[Condition, ...]

    def ask(self, facts: Facts) -> Answer:
        """Return since the last part began to hold, or how long a part has not held."""
        since = facts.situation.opened
        for part in self.inner:
            holds, began = part.ask(facts)
            if not holds:
                return False, began
            since = max(since, began)
        return True, since

    def parts(self) -> Iterator[Condition]:
        """Yield itself and everything inside."""
        yield self
        for part in self.inner:
            yield from part.parts()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    inner: tuple[Condition, ...]

    def ask(self, facts: Facts) -> Answer:
        """Return since the first of those that hold."""
        answers = [part.ask(facts) for part in self.inner]
        holding = [began for holds, began in answers if holds]
        if holding:
            return True, min(holding)
        return False, max((began for _, began in answers), default=facts.situation.opened)

    def parts(self) -> Iterator[Condition]:
        """Yield itself and everything inside."""
        yield self
        for part in self.inner:
            yield from part.parts()


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    inner: Condition

    def ask(self, facts: Facts) -> Answer:
        """Return the opposite, since the same instant."""
        holds, began = self.inner.ask(facts)
        return not holds, began

    def parts(self) -> Iterator[Condition]:
        """Yield itself and everything inside."""
        yield self
        yield from self.inner.parts()


@dataclass(frozen=True, slots=True)
class Named:
    """A condition of the policy's ``conditions``, asked once per situation however many rules use it."""

    name: str
    inner: Condition

    def ask(self, facts: Facts) -> Answer:
        """Return what the condition of that name answers."""
        known = facts.memo.get(self.name)
        if known is None:
            known = facts.memo[self.name] = self.inner.ask(facts)
        return known

    def parts(self) -> Iterator[Condition]:
        """Yield itself and everything inside."""
        yield self
        yield from self.inner.parts()
