"""What a rule says about tiers, priorities and people, read off its condition without asking the rulebook.

A condition may hold for some tiers and priorities only. ``possible`` and ``sure`` bound that from above and below, so
that a rule can be put on the pages of those whom it may concern. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from policy.building import Oblige, Rule
from policy.conditions import All, Always, AnyOf, Attribute, ClockReaches, Condition, Done, Named, Not, Signal
from policy.document_rules import GroupDoc, RuleDoc
from policy.loading import Policy
from policy.situation import RESOLVED, STATUSES

Values = frozenset[str]


def possible(condition: Condition, name: str, whole: Values) -> Values:
    """Return the values of an attribute (``tier``, ``priority``, ``status``, …) with which it may hold."""
    match condition:
        case Attribute(name=asked, values=values) if asked == name:
            return whole & set(values)
        case All(inner):
            found = whole
            for part in inner:
                found &= possible(part, name, whole)
            return found
        case AnyOf(inner):
            return frozenset[str]().union(*(possible(part, name, whole) for part in inner))
        case Named(inner=inner_one):
            return possible(inner_one, name, whole)
        case Not(inner=inner_one):
            return whole - sure(inner_one, name, whole)
    return whole


def sure(condition: Condition, name: str, whole: Values) -> Values:
    """Return the values of an attribute with which it holds whatever else is the case."""
    match condition:
        case Always():
            return whole
        case Attribute(name=asked, values=values) if asked == name:
            return whole & set(values)
        case All(inner):
            found = whole
            for part in inner:
                found &= sure(part, name, whole)
            return found
        case AnyOf(inner):
            return frozenset[str]().union(*(sure(part, name, whole) for part in inner))
        case Named(inner=inner_one):
            return sure(inner_one, name, whole)
        case Not(inner=inner_one):
            return whole - possible(inner_one, name, whole)
    return frozenset()


def conjuncts(condition: Condition) -> Iterator[Condition]:
    """Yield every condition that must hold, named ones opened; what always holds is left out."""
    match condition:
        case All(inner):
            for part in inner:
                yield from conjuncts(part)
        case Named(inner=inner_one):
            yield from conjuncts(inner_one)
        case Always():
            return
        case _:
            yield condition


def implied(condition: Condition, core: Collection[Condition]) -> bool:
    """Return whether a condition must hold where all of ``core`` holds; false where that cannot be read off."""
    if condition in core:
        return True
    match condition:
        case Always():
            return True
        case Signal(names):
            return any(isinstance(part, Signal) and set(part.names) <= set(names) for part in core)
        case All(inner):
            return all(implied(part, core) for part in inner)
        case AnyOf(inner):
            return any(implied(part, core) for part in inner)
        case Named(inner=inner_one):
            return implied(inner_one, core)
    return False


@dataclass(frozen=True, slots=True)
class Reading:
    """A rule with its place, and what its condition says about whom it concerns.

    ``core`` is what must hold; ``resolved`` is true for a rule that speaks of a ticket after its resolution.
    """

    rule: Rule
    doc: RuleDoc
    group: GroupDoc
    core: frozenset[Condition]
    tiers: Values
    priorities: Values
    plans: Values
    resolved: bool

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.rule.id

    @property
    def deeds(self) -> tuple[Done, ...]:
        """The deeds that must have been done before the rule holds."""
        return tuple(part for part in self.core if isinstance(part, Done))


class Book:
    """A policy, read for printing."""

    def __init__(self, policy: Policy) -> None:
        """Read every rule of the policy, in the order of the file."""
        self.policy = policy
        self.tiers: Values = frozenset(policy.tiers)
        self.priorities: Values = frozenset(policy.priorities)
        by_id = {rule.id: rule for rule in policy.rules}
        self.readings = tuple(
            self._read(by_id[doc.id], doc, group) for group in policy.doc.groups for doc in group.rules
        )

    def _read(self, rule: Rule, doc: RuleDoc, group: GroupDoc) -> Reading:
        statuses = frozenset(STATUSES)
        return Reading(
            rule=rule,
            doc=doc,
            group=group,
            core=frozenset(conjuncts(rule.when)),
            tiers=possible(rule.when, "tier", self.tiers),
            priorities=possible(rule.when, "priority", self.priorities),
            plans=possible(rule.when, "plan", frozenset(self.policy.plans)),
            resolved=possible(rule.when, "status", statuses) == {RESOLVED},
        )

    def of_group(self, group: GroupDoc) -> tuple[Reading, ...]:
        """Return the rules of a group."""
        return tuple(one for one in self.readings if one.group is group)

    def people(self, role: str, tiers: Values, core: Collection[Condition] = ()) -> dict[str, Values]:
        """Return every role that ``role`` may stand for, each with the tiers in which it may.

        ``core`` is what holds besides. A role that depends on nothing stands for itself.
        """
        relative = self.policy.relative_roles.get(role)
        if relative is None:
            return {role: tiers}
        found: dict[str, Values] = {}

        def add(more: dict[str, Values]) -> None:
            for name, where in more.items():
                found[name] = found.get(name, frozenset()) | where

        left, held = tiers, set(core)
        for when, to in relative.cases:
            here = left & possible(when, "tier", self.tiers)
            if not here:
                continue
            needed = set(conjuncts(when))
            add(self.people(to, here, [*held, *needed]))
            left -= sure(when, "tier", self.tiers)
            if needed <= held:
                return found
        for tier in self.policy.tiers:
            if tier in left and tier in relative.by_tier:
                add({relative.by_tier[tier]: frozenset({tier})})
        return found

    def gravity(self, reading: Reading) -> str | None:
        """Return the priority that a ticket has at least where a rule holds, by what the definitions say."""
        defining = (one for one in self.readings if one.rule.define)
        found = {one.rule.define for one in defining if one is reading or implied(one.rule.when, reading.core)}
        return next((name for name in self.policy.priorities if name in found), None)

    def owners(self, reading: Reading, effect: Oblige) -> dict[str, Values]:
        """Return who may owe this, each with the tiers in which they may."""
        return self.people(effect.owner, reading.tiers, reading.core)

    def recipients(self, reading: Reading, to: str | None) -> dict[str, Values]:
        """Return whom this may go to, each with the tiers from which it may."""
        return {} if to is None else self.people(to, reading.tiers, reading.core)

    def is_off(self, reading: Reading) -> bool:
        """Return whether the rule waits for a clock that has no figure and so never holds."""
        return any(
            isinstance(part, ClockReaches) and part.figure.fixed is None and part.figure.by is None
            for part in reading.core
        )
