"""What rules demand, allow and forbid, and where in the space: the stuff that conflicts and shadows are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from policy.building import BASIC_CHECKS, Act, Forbid, Oblige, Rule
from policy.lint.space import Node, Space
from policy.verdict import ActKey


@dataclass(frozen=True, slots=True)
class Length:
    """How long there is for an act: the first due in minutes of a calendar, then every ``repeat`` minutes."""

    first: float
    repeat: float
    calendar: str


@dataclass(frozen=True, slots=True)
class Demand:
    """An act that a rule owes in a part of the space, with one owner, one recipient and one length."""

    rule: Rule
    effect: Oblige
    owner: str
    key: ActKey
    length: Length
    where: Node


@dataclass(frozen=True, slots=True)
class Ban:
    """An act that a rule forbids in a part of the space."""

    rule: Rule
    effect: Forbid
    key: ActKey
    where: Node


@dataclass(frozen=True, slots=True)
class Leave:
    """An act that a rule allows in a part of the space."""

    rule: Rule
    key: ActKey
    where: Node


class Acts:
    """Every demand, ban and leave of a policy, found once."""

    def __init__(self, space: Space) -> None:
        """Take the acts of the rules of a space."""
        self.space = space
        self.demands = [
            one for rule in space.policy.rules for effect in rule.obliges for one in _demands(space, rule, effect)
        ]
        self.bans = [
            Ban(rule, ban, key, space.rule(rule) & where)
            for rule in space.policy.rules
            for ban in rule.forbids
            for key, where in keys(space, ban.act)
        ]
        self.leaves = [
            Leave(rule, key, space.rule(rule) & where)
            for rule in space.policy.rules
            for act in rule.permits
            for key, where in keys(space, act)
        ]

    def demands_of(self, key: ActKey) -> list[Demand]:
        """Return the demands of one act."""
        return [demand for demand in self.demands if demand.key == key]


def covers(ban: ActKey, act: ActKey) -> bool:
    """Return whether whoever does ``act`` breaks a ban; ``None`` in the ban stands for any."""
    return ban[0] == act[0] and all(b is None or b == a for b, a in zip(ban[1:], act[1:], strict=True))


def overlap(a: ActKey, b: ActKey) -> bool:
    """Return whether something can be done that is both acts."""
    return a[0] == b[0] and all(x is None or y is None or x == y for x, y in zip(a[1:], b[1:], strict=True))


def keys(space: Space, act: Act) -> Iterator[tuple[ActKey, Node]]:
    """Yield each act that is meant, relative roles made real, and where it is."""
    for to in act.to:
        recipients = {None: space.bdd.true} if to is None else space.role(to)
        for role, where in recipients.items():
            for via in act.via:
                for what in act.what:
                    if what != BASIC_CHECKS:
                        yield (act.verb, role, via, what), where
                        continue
                    for check, category in basic_checks(space).items():
                        yield (act.verb, role, via, check), where & category


def basic_checks(space: Space) -> dict[str, Node]:
    """Return every check of some category's basic troubleshooting, and where the category is one of those."""
    found: dict[str, Node] = {}
    for name, doc in space.policy.categories.items():
        for check in doc.basic_checks:
            found[check] = found.get(check, space.bdd.false) | space.is_value("category", name)
    return found


def combinations(space: Space, names: Iterable[str]) -> Iterator[tuple[Mapping[str, str], Node]]:
    """Yield every combination of values of some attributes, and where they are so; an unknown priority is left out."""
    first, *rest = [*sorted(set(names)), ""]
    if not first:
        yield {}, space.bdd.true
        return
    values = space.domains["stated"][1:] if first == "priority" else space.domains[first]
    for value in values:
        where = space.attribute(first, value)
        for row, others in combinations(space, filter(None, rest)):
            yield {**row, first: value}, where & others
    if first == "priority":
        none = ~space.any_of(space.priority.values())
        for row, others in combinations(space, filter(None, rest)):
            yield row, none & others


def _demands(space: Space, rule: Rule, effect: Oblige) -> Iterator[Demand]:
    base = space.rule(rule)
    if base == space.bdd.false:
        return
    acts = list(keys(space, effect.act))
    owners = space.role(effect.owner).items()
    for length, here in _lengths(space, effect, base):
        for owner, owning in owners:
            for key, acting in acts:
                where = here & owning & acting
                if where != space.bdd.false:
                    yield Demand(rule, effect, owner, key, length, where)


def _lengths(space: Space, effect: Oblige, base: Node) -> Iterator[tuple[Length, Node]]:
    """Yield the lengths that an effect has, and where in ``base`` each of them holds."""
    found: dict[Length, Node] = {}
    figures = [figure for figure in (effect.within, effect.repeat) if figure is not None]
    for index, (_, case) in enumerate(space.policy.calendar_cases):
        name = effect.calendar or case
        day = space.policy.calendars[name].day_minutes
        on_calendar = base & space.calendar(index)
        if on_calendar == space.bdd.false:
            continue
        for attributes, where in combinations(space, (f.by for f in figures if f.by is not None)):
            here = on_calendar & where
            if here == space.bdd.false:
                continue
            within = math.inf if effect.within is None else effect.within.minutes(attributes, day)
            repeat = math.inf if effect.repeat is None else effect.repeat.minutes(attributes, day)
            length = Length(repeat if effect.within is None else within, repeat, name)
            found[length] = found.get(length, space.bdd.false) | here
    yield from found.items()
