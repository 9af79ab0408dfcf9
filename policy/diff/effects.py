"""What the rules of a policy bring about, and where in the space: the stuff that two policies are compared by.

An *effect* is one act that one rule owes, permits or forbids, with everything about it that somebody could notice: who
owes it, by when (minutes from which mark of which clock), how often, what it weighs in a grade. Where two policies have
the same effects in a cell, nobody can tell them apart there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policy.building import BASIC_CHECKS, Act, Oblige, Rule
from policy.conditions import All, ClockReaches, Condition, Named
from policy.figures import Figure
from policy.lint.space import Node, Space
from policy.verdict import ActKey

OWED: Final = "owed"
PERMITTED: Final = "permitted"
FORBIDDEN: Final = "forbidden"
PRIORITY: Final = "priority"
PAUSED: Final = "paused"


@dataclass(frozen=True, slots=True)
class Signature:
    """Everything about an effect but where it holds and which rule it comes from.

    ``within`` and ``repeat`` are minutes of the calendar (infinity: none); ``anchor`` names the clock marks at which
    the rule begins to hold (from there the minutes count). ``grading`` is what only a grade depends on.
    """

    kind: str
    key: ActKey
    owner: str = ""
    within: float = math.inf
    repeat: float = math.inf
    anchor: tuple[tuple[str, float], ...] = ()
    calendar: str = ""
    ways: tuple[object, ...] = ()
    grading: tuple[object, ...] = ()

    @property
    def act(self) -> tuple[str, ActKey]:
        """Return what is owed, permitted or forbidden, whatever its terms."""
        return self.kind, self.key

    @property
    def due(self) -> float:
        """Return the minutes until it is due, as if every rule had begun to hold at once."""
        return self.within if math.isfinite(self.within) else self.repeat


@dataclass(frozen=True, slots=True)
class Effect:
    """A signature, where it holds, and the rule that it comes from."""

    signature: Signature
    rule: str
    where: Node


Touched = frozenset[tuple[str, str | None]]
"""Verbs with their contents."""


def touches(act: Act, touched: Touched | None) -> bool:
    """Return whether an act has one of the verbs and contents in ``touched`` (``None``: any)."""
    return touched is None or any((act.verb, what) in touched for what in act.what)


def effects(space: Space, touched: Touched | None = None) -> Iterator[Effect]:
    """Yield every effect of the policy of ``space``; of acts only those in ``touched``, where it is given."""
    for name in space.policy.priorities:
        rules = [rule for rule in space.policy.rules if rule.define == name]
        for rule in rules:
            where = space.rule(rule) & space.priority[name]
            yield Effect(Signature(PRIORITY, (name, None, None, None)), rule.id, where)
    for rule in space.policy.rules:
        for effect in rule.obliges:
            if touches(effect.act, touched):
                yield from _owed(space, rule, effect)
        for act in rule.permits:
            if not touches(act, touched):
                continue
            for key, where in _keys(space, act):
                yield Effect(Signature(PERMITTED, key), rule.id, space.rule(rule) & where)
        for ban in rule.forbids:
            if not touches(ban.act, touched):
                continue
            grading = (ban.dimension, ban.weight, ban.critical)
            for key, where in _keys(space, ban.act):
                signature = Signature(FORBIDDEN, key, ways=(ban.residual,), grading=grading)
                yield Effect(signature, rule.id, space.rule(rule) & where)
        for clock in rule.pauses:
            yield Effect(Signature(PAUSED, (clock, None, None, None)), rule.id, space.rule(rule))


def _owed(space: Space, rule: Rule, effect: Oblige) -> Iterator[Effect]:
    base = space.rule(rule)
    grading = (effect.dimension, effect.weight, effect.critical, effect.cites_definition)
    for terms, where in _terms(space, rule, effect):
        ways = (effect.earlier_counts, effect.target, effect.waits_for, effect.until, effect.from_opening)
        for owner, owning in space.role(effect.owner).items():
            for key, acting in _keys(space, effect.act):
                here = base & where & owning & acting
                if here != space.bdd.false:
                    within, repeat, anchor, calendar = terms
                    signature = Signature(OWED, key, owner, within, repeat, anchor, calendar, ways, grading)
                    yield Effect(signature, rule.id, here)


Terms = tuple[float, float, tuple[tuple[str, float], ...], str]


def _terms(space: Space, rule: Rule, effect: Oblige) -> Iterator[tuple[Terms, Node]]:
    """Yield within, repeat, anchor and calendar of an effect, and where these terms hold."""
    timers = list(_marks(rule.when))
    names: set[str] = {f.by for f in (effect.within, effect.repeat) if f is not None and f.by is not None}
    names |= {f.by for timer in timers for f in (timer.figure, timer.early) if f.by is not None}
    for index, (_, case) in enumerate(space.policy.calendar_cases):
        calendar = effect.calendar or case
        day = space.policy.calendars[calendar].day_minutes
        for attributes, where in _combinations(space, sorted(names)):
            anchor = tuple(
                (timer.name, minutes)
                for timer in timers
                for row, own, minutes in space.figures(timer)
                if row == index and own.items() <= attributes.items()
            )
            within, repeat = _minutes(effect.within, attributes, day), _minutes(effect.repeat, attributes, day)
            yield (within, repeat, anchor, calendar), space.calendar(index) & where


def _marks(condition: Condition) -> Iterator[ClockReaches]:
    """Yield the clock marks that all have to be reached before a condition holds."""
    match condition:
        case ClockReaches():
            yield condition
        case All():
            for part in condition.inner:
                yield from _marks(part)
        case Named():
            yield from _marks(condition.inner)


def _combinations(space: Space, names: list[str]) -> Iterator[tuple[Mapping[str, str], Node]]:
    if not names:
        yield {}, space.bdd.true
        return
    first, rest = names[0], names[1:]
    values = space.domains["stated"][1:] if first == "priority" else space.domains[first]
    for value in values:
        for row, where in _combinations(space, rest):
            yield {**row, first: value}, where & space.attribute(first, value)
    if first == "priority":  # nobody has said how grave it is
        none = ~space.any_of(space.priority.values())
        for row, where in _combinations(space, rest):
            yield row, where & none


def _minutes(figure: Figure | None, attributes: Mapping[str, str], day: float) -> float:
    return math.inf if figure is None else figure.minutes(attributes, day)


def _keys(space: Space, act: Act) -> Iterator[tuple[ActKey, Node]]:
    for to in act.to:
        recipients = {None: space.bdd.true} if to is None else space.role(to)
        for role, where in recipients.items():
            for via in act.via:
                for what in act.what:
                    if what != BASIC_CHECKS:
                        yield (act.verb, role, via, what), where
                        continue
                    for name, doc in space.policy.categories.items():
                        for check in doc.basic_checks:
                            yield (act.verb, role, via, check), where & space.is_value("category", name)
