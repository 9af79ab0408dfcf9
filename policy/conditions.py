"""Conditions: the ``when`` of a rule, read once and asked often.

A condition is a mapping; all of its keys must hold. ``docs/policy-language.md`` lists the keys. Asked about a
situation, a condition answers *whether* it holds and *since when*: for a conjunction since the last part began to
hold, for a disjunction since the first of those that hold. From that instant a due is counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from policy.calendars import Calendar
from policy.clocks import Clock
from policy.errors import InputError
from policy.explain import missing, nearest
from policy.figures import Figure, Figures, read_figure
from policy.situation import CLOCKS, OPEN, STATUSES, Situation

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
    """An act was done; ``in_visit`` counts only those since the ticket is in this tier."""

    verb: str
    to: tuple[str, ...]
    via: str | None
    what: str | None
    in_visit: bool

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


@dataclass(frozen=True, slots=True)
class Words:
    """The names a condition may use, taken from the policy's vocabulary."""

    figures: Figures
    signals: frozenset[str]
    checks: frozenset[str]
    counts: frozenset[str]
    plans: frozenset[str]
    priorities: frozenset[str]
    tiers: frozenset[str]
    categories: frozenset[str]
    roles: frozenset[str]
    channels: frozenset[str]
    acts: frozenset[str]
    contents: frozenset[str]
    named: Mapping[str, Mapping[str, Any]]
    taken: Callable[[str], str | None] = lambda name: None
    """Who took a name away that is not there; ``None`` if nobody did."""

    def known(self, kind: str, name: object, legal: frozenset[str]) -> str:
        """Return ``name`` if it is legal.

        Raises:
            InputError: it is not; the nearest is named.
        """
        if not isinstance(name, str) or name not in legal:
            hint = missing(str(name), legal, self.taken)
            raise InputError(f"found {name!r}, which is no {kind} of the vocabulary{hint}")
        return name


KEYS = (
    "always", "signal", "earlier_signal", "priority", "plan", "tier", "category", "status", "capability", "checked",
    "done", "clock", "count", "is", "all", "any", "not",
)  # fmt: skip


def read_condition(raw: object, words: Words, _inside: tuple[str, ...] = ()) -> Condition:
    """Read a condition.

    Raises:
        InputError: an unknown key or name (with the nearest legal one), or named conditions that run in a circle.
    """
    if not isinstance(raw, Mapping) or not raw:
        raise InputError("expected a condition such as {signal: outage}; write {always: true} if it always holds")
    parts = [_read_key(str(key), value, words, _inside) for key, value in raw.items()]
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _listed(value: object) -> list[object]:
    items = list(value) if isinstance(value, list) else [value]
    if not items:
        raise InputError("found an empty list, which never holds; name at least one")
    return items


def _read_key(key: str, value: object, words: Words, inside: tuple[str, ...]) -> Condition:
    attributes = {
        "priority": words.priorities, "plan": words.plans, "tier": words.tiers, "category": words.categories,
        "status": frozenset(STATUSES),
    }  # fmt: skip
    if key in attributes:
        return Attribute(key, tuple(words.known(key, v, attributes[key]) for v in _listed(value)))
    match key:
        case "always" if value is True:
            return Always()
        case "signal":
            return Signal(tuple(words.known("signal", v, words.signals) for v in _listed(value)))
        case "earlier_signal":
            return EarlierSignal(tuple(words.known("signal", v, words.signals) for v in _listed(value)))
        case "capability" if value in ("within", "beyond"):
            return Within(value == "beyond")
        case "checked":
            names = [v for v in _listed(value) if v != "basic"]
            return Checked(
                tuple(words.known("check", v, words.checks) for v in names), basic=len(names) < len(_listed(value))
            )
        case "done" if isinstance(value, Mapping):
            return _read_done(value, words)
        case "clock" if isinstance(value, Mapping):
            _only(value, ("name", "reaches", "early"))
            name = words.known("clock", value.get("name"), frozenset(CLOCKS))
            reaches = read_figure(value.get("reaches"), words.figures)
            return ClockReaches(name, reaches, read_figure(value.get("early"), words.figures))
        case "count" if isinstance(value, Mapping):
            _only(value, ("name", "at_least"))
            at_least = value.get("at_least")
            at_least = words.figures.value(at_least) if isinstance(at_least, str) else at_least
            if isinstance(at_least, bool) or not isinstance(at_least, (int, float)) or at_least % 1 or at_least < 0:
                raise InputError(f"found at_least: {at_least!r}; expected a whole number")
            return CountAtLeast(words.known("count", value.get("name"), words.counts), int(at_least))
        case "is":
            return _read_named(str(value), words, inside)
        case "all" | "any" if isinstance(value, list) and value:
            inner = tuple(read_condition(part, words, inside) for part in value)
            return All(inner) if key == "all" else AnyOf(inner)
        case "not":
            return Not(read_condition(value, words, inside))
    if key in KEYS:
        raise InputError(f"{key}: found {str(value)[:60]!r}, which this key cannot hold")
    raise InputError(f'unknown condition "{key}"{nearest(key, KEYS)}')


def _read_done(value: Mapping[str, Any], words: Words) -> Done:
    _only(value, ("act", "to", "via", "what", "in_visit"))
    to = [] if value.get("to") is None else _listed(value["to"])
    via, what = value.get("via"), value.get("what")
    return Done(
        words.known("act", value.get("act"), words.acts),
        tuple(words.known("role", v, words.roles) for v in to),
        None if via is None else words.known("channel", via, words.channels),
        None if what is None else words.known("content", what, words.contents),
        bool(value.get("in_visit", False)),
    )


def _read_named(name: str, words: Words, inside: tuple[str, ...]) -> Condition:
    if name in inside:
        raise InputError(f"the named conditions {' → '.join((*inside, name))} run in a circle")
    if name not in words.named:
        raise InputError(f'there is no condition named "{name}"{missing(name, words.named, words.taken)}')
    return Named(name, read_condition(words.named[name], words, (*inside, name)))


def _only(value: Mapping[str, Any], legal: tuple[str, ...]) -> None:
    for key in value:
        if key not in legal:
            raise InputError(f'unknown key "{key}"{nearest(str(key), legal)}')
