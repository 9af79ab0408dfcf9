"""Rules broken in many mechanical ways, to see whether the stored examples of verdicts notice.

Each mutant changes one thing of the condition of one rule: a part is dropped, negated or added, a signal, plan,
priority, tier, check, deed or clock is another one, a figure is larger or smaller, ``all`` becomes ``any``. A mutant
that holds in exactly the same possible situations says the same in other words and is none.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from policy import Policy, Rulebook
from policy.building import Rule
from policy.conditions import (
    All,
    Always,
    AnyOf,
    Attribute,
    Checked,
    ClockReaches,
    Condition,
    CountAtLeast,
    Done,
    EarlierSignal,
    Named,
    Not,
    Signal,
    Within,
)
from policy.lint.space import Space
from policy.situation import CLOCKS, STATUSES

PICKS = 3
"""How many other names are tried in the place of one."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule with another condition, and what was done to it."""

    rule: Rule
    how: str


def unfolded(condition: Condition) -> Condition:
    """Return a condition with its named conditions written out."""
    match condition:
        case Named():
            return unfolded(condition.inner)
        case All() | AnyOf():
            return type(condition)(tuple(map(unfolded, condition.inner)))
        case Not():
            return Not(unfolded(condition.inner))
    return condition


class Breaker:
    """Breaks the rules of one policy. The same policy and seed give the same mutants."""

    def __init__(self, policy: Policy, seed: int = 4, space: Space | None = None) -> None:
        """Take the policy whose rules are broken, and its space if there is one."""
        self.policy, self.random = policy, random.Random(seed)
        self.space = space or Space(policy)
        self._count = 0
        v = policy.doc.vocabulary
        self.signals, self.checks = list(v.signals), list(v.checks)
        self.values = {
            "plan": list(policy.plans), "priority": list(policy.priorities), "tier": list(policy.tiers),
            "status": list(STATUSES), "category": list(policy.categories),
        }  # fmt: skip

    def mutants(self, rule: Rule, every: int = 1) -> Iterator[Mutant]:
        """Yield mutants of a rule that hold in other situations than the rule does; of all, one in ``every``."""
        self.space.allow(math.inf)
        when = unfolded(rule.when)
        here = self.where(rule, when)
        for changed, how in self._all(when):
            self._count += 1
            if self._count % every or (rule.define and any(map(_needs_priority, changed.parts()))):
                continue  # what defines the priority cannot depend on it; the loading refuses that
            there = self.where(rule, changed)
            if there is None or there != here:
                yield Mutant(replace(rule, when=changed), how)

    def where(self, rule: Rule, when: Condition) -> Any:
        """Return in which possible situations it shows that a condition of a rule holds.

        That it defines a priority is seen only where no rule defines a graver one. ``None`` if the space is not cut
        as finely as the condition asks.
        """
        try:
            return self.space.node(when) & self.space.possible & ~self.graver(rule)
        except (AssertionError, KeyError, ValueError):  # the diagram has no such mark
            return None

    def graver(self, rule: Rule) -> Any:
        """Return where a rule that does nothing but define a priority is outdone by a graver one."""
        if rule.define is None or rule.obliges:
            return self.space.bdd.false
        graver = list(self.policy.priorities)
        return self.space.any_of(self.space.defined_by[name] for name in graver[: graver.index(rule.define)])

    def _all(self, when: Condition) -> Iterator[tuple[Condition, str]]:
        yield from self._changed(when)
        for extra in self._extras():
            yield All((when, extra)), f"and {extra}"
            yield AnyOf((when, extra)), f"or {extra}"

    def _changed(self, here: Condition) -> Iterator[tuple[Condition, str]]:
        """Yield a condition with one thing in it changed."""
        if isinstance(here, (All, AnyOf)):
            kind, other = type(here), AnyOf if isinstance(here, All) else All
            for i, part in enumerate(here.inner):
                before, after = here.inner[:i], here.inner[i + 1 :]
                if before or after:
                    yield kind((*before, *after)), f"without {part}"
                for changed, how in self._changed(part):
                    yield kind((*before, changed, *after)), how
            if len(here.inner) > 1:
                yield other(here.inner), f"{other.__name__} for {kind.__name__} of {here.inner}"
        elif isinstance(here, Not):
            yield here.inner, f"not without not: {here.inner}"
            for changed, how in self._changed(here.inner):
                yield Not(changed), how
        else:
            if not isinstance(here, Always):
                yield Not(here), f"negated {here}"
            yield from ((changed, f"{changed} for {here}") for changed in self._others(here))

    def _others(self, leaf: Condition) -> Iterator[Condition]:
        match leaf:
            case Signal():
                yield from (Signal(names) for names in self._names(leaf.names, self.signals))
            case EarlierSignal():
                earlier = list(self.space.earlier)
                yield from (EarlierSignal(names) for names in self._names(leaf.names, earlier))
                yield Signal(leaf.names)
            case Attribute():
                for names in self._names(leaf.values, self.values[leaf.name]):
                    yield Attribute(leaf.name, names)
            case Within():
                yield Within(not leaf.beyond)
            case Checked():
                yield Checked(tuple(self._pick(self.checks)), False)
            case ClockReaches():
                yield from (replace(leaf, name=name) for name in CLOCKS if name != leaf.name)
                for by in (0.5, 0.9, 1.1, 2.0):
                    yield replace(leaf, figure=replace(leaf.figure, share=leaf.figure.share * by))
            case CountAtLeast():
                yield from (replace(leaf, at_least=leaf.at_least + by) for by in (-1, 1))
            case Done():
                for name in self._pick([deed.verb for deed in self.space.deeds if deed.verb != leaf.verb]):
                    yield replace(leaf, verb=name, to=(), what=None)
                yield from (replace(leaf, to=leaf.to[:i] + leaf.to[i + 1 :]) for i in range(len(leaf.to)))
                if leaf.to:
                    yield replace(leaf, to=("vp",))
                yield replace(leaf, in_visit=not leaf.in_visit)
                if leaf.by:
                    yield replace(leaf, by=())

    def _names(self, names: tuple[str, ...], legal: list[str]) -> Iterator[tuple[str, ...]]:
        """Yield names with one taken away, one added, and one changed."""
        rest = [name for name in legal if name not in names]
        for i in range(len(names)):
            if len(names) > 1:
                yield names[:i] + names[i + 1 :]
            yield from ((*names[:i], other, *names[i + 1 :]) for other in self._pick(rest))
        yield from ((*names, other) for other in self._pick(rest))

    def _pick(self, names: list[str]) -> list[str]:
        return self.random.sample(sorted(set(names)), min(PICKS, len(set(names))))

    def _extras(self) -> Iterator[Condition]:
        """Yield parts that are added to a condition."""
        found: list[Condition] = [Signal((name,)) for name in self._pick(self.signals)]
        for attribute in ("plan", "tier", "priority", "status"):
            found += [Attribute(attribute, (self.random.choice(self.values[attribute]),))]
        found += [Checked((), True), Done("escalate", ("T2",), None, None, False)]
        for extra in found:
            yield extra
            yield Not(extra)


def _needs_priority(part: Condition) -> bool:
    return isinstance(part, ClockReaches) or (isinstance(part, Attribute) and part.name == "priority")


def caught(policy: Policy, mutant: Mutant, cases: list[Any]) -> bool:
    """Return whether examples notice a mutant; ``cases`` are pairs of a situation and whether the rule is in it."""
    needed = [one for one in policy.rules if one.define or mutant.rule.forbids]
    rules = [mutant.rule if one.id == mutant.rule.id else one for one in needed]
    if not any(one.id == mutant.rule.id for one in rules):
        rules.append(mutant.rule)
    book = Rulebook(replace(policy, rules=tuple(rules)))
    return any(cites(book, situation, mutant.rule.id) != there for situation, there in cases)


def cites(book: Rulebook, situation: Any, id_: str) -> bool:
    """Return whether the verdict of a situation cites a rule."""
    verdict = book.verdict(situation)
    found = (*verdict.obligations, *verdict.fulfilled, *verdict.permissions, *verdict.prohibitions)
    return (
        id_ in verdict.priority_rules
        or any(id_ in one.rules for one in found)
        or any(id_ in rules for _, rules in verdict.paused)
    )
