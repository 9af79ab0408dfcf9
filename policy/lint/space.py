"""The space of situations of a policy, held as a binary decision diagram (BDD).

A situation is cut at what the rules can tell apart: each signal, check and deed they ask about is a yes or a no;
each clock and count lies between two of the figures that the rules name; plan, tier, category, status and the stated
priority are one value each. What is left are finitely many *cells*, some 10^27 for a real policy, far too many to
list and none too many for a BDD. Within a cell every rule holds or does not hold throughout.

What cannot be is cut away: two values of one attribute, a figure reached before a smaller one of the same clock, time
without progress that is longer than the whole time in hand (``policy.lint.axioms`` has them all), and whatever the
policy itself declares as ``impossible``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final

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
from policy.lint.axioms import by_meaning, part_within_whole
from policy.lint.diagram import Node, cheapest, new_diagram
from policy.loading import Policy
from policy.situation import OPEN, STATUSES

__all__ = ["NOBODY", "DeedAtom", "Node", "Space", "possible_roles"]
NOBODY: Final = "-"
"""The value of ``category`` and ``stated`` that stands for "not known"."""


@dataclass(frozen=True, slots=True)
class DeedAtom:
    """Something that was done, as far as the rules ask; ``None`` fits anything."""

    verb: str
    to: str | None
    via: str | None
    what: str | None
    in_visit: bool
    by: str | None = None

    def implies(self, other: DeedAtom) -> bool:
        """Return whether a deed that fits this one fits the other too."""
        pairs = ((self.to, other.to), (self.via, other.via), (self.what, other.what), (self.by, other.by))
        return (
            self.verb == other.verb
            and all(general is None or own == general for own, general in pairs)
            and (self.in_visit or not other.in_visit)
        )


@dataclass(slots=True)
class _Found:
    """What the conditions of a policy ask about."""

    earlier: set[str] = field(default_factory=set)
    counts: dict[str, set[int]] = field(default_factory=dict)
    clocks: dict[str, set[float]] = field(default_factory=dict)
    deeds: set[DeedAtom] = field(default_factory=set)


class Space:
    """The situations of one policy. Life: built from the policy; rules and conditions are then asked as nodes."""

    def __init__(self, policy: Policy, *, beside: Space | Policy | None = None, seconds: float = math.inf) -> None:
        """Cut the space at what the rules of ``policy`` name, within ``seconds``.

        ``beside`` is another policy whose cuts are made as well, so that the two can be compared cell by cell; where
        it is given as a space, both share one diagram.

        Raises:
            TooLargeError: it takes longer, or more memory than may be used.
        """
        self.policy = policy
        other = beside.policy if isinstance(beside, Space) else beside
        both = [policy] if other is None else [other, policy] if isinstance(beside, Space) else [policy, other]
        self.domains: dict[str, tuple[str, ...]] = {
            "plan": _union(p.plans for p in both),
            "tier": _union(p.tiers for p in both),
            "status": (OPEN, *(s for s in STATUSES if s != OPEN)),
            "category": (NOBODY, *_union(p.categories for p in both)),
            "stated": (NOBODY, *_union(p.priorities for p in both)),
        }
        self._vocabularies = [p.doc.vocabulary for p in both]
        self._found = _Found()
        for one in both:
            self._look_at_everything(one)
        self.breaks: dict[str, tuple[float, ...]] = {name: tuple(sorted(at)) for name, at in self._found.clocks.items()}
        self.counts: dict[str, tuple[int, ...]] = {name: tuple(sorted(at)) for name, at in self._found.counts.items()}
        self.deeds = tuple(sorted(self._found.deeds, key=repr))
        self.bdd: Any = beside.bdd if isinstance(beside, Space) else new_diagram()
        self.allow(seconds)
        self._declare()
        self._memo: dict[Condition, Node] = {}
        self.priority: dict[str, Node] = {}
        self.defined_by: dict[str, Node] = {}
        self._define_priorities()
        self.earlier = tuple(sorted(self._found.earlier))
        self.part_within_whole = part_within_whole(both)
        self.by_meaning: Node = self.all_of(by_meaning(self))
        self.possible = self.all_of([self.by_meaning, *(~self.node(one.when) for one in policy.impossible)])

    # -- asking ------------------------------------------------------------------------------------------------

    def allow(self, seconds: float) -> None:
        """Set how long the diagram may work from now on; after that it raises ``TooLargeError``."""
        self.bdd._bdd.allow(seconds)

    def check_time(self) -> None:
        """Raise ``TooLargeError`` if the time allowed is over; for loops outside the diagram."""
        self.bdd._bdd.check_time()

    def node(self, condition: Condition) -> Node:
        """Return where in the space a condition holds (not yet cut to what is possible)."""
        known = self._memo.get(condition)
        if known is None:
            known = self._memo[condition] = self._node(condition)
        return known

    def rule(self, rule: Rule) -> Node:
        """Return where in the space a rule holds."""
        return self.node(rule.when) & self.possible

    def is_value(self, attribute: str, value: str) -> Node:
        """Return where an attribute has a value."""
        return self.bdd.var(f"{attribute}={value}")

    def role(self, name: str) -> dict[str, Node]:
        """Return which role a name stands for, and where."""
        relative = self.policy.relative_roles.get(name)
        if relative is None:
            return {name: self.bdd.true}
        found: dict[str, Node] = {}
        left = self.bdd.true
        for when, to in relative.cases:
            here = left & self.node(when)
            left = left & ~self.node(when)
            for role, where in self.role(to).items():
                found[role] = found.get(role, self.bdd.false) | (here & where)
        for tier in self.domains["tier"]:
            role = relative.by_tier.get(tier, name)
            found[role] = found.get(role, self.bdd.false) | (left & self.is_value("tier", tier))
        return {role: where for role, where in found.items() if where != self.bdd.false}

    def attribute(self, name: str, value: str) -> Node:
        """Return where ``plan``, ``tier`` or ``priority`` (as the rules define it) has a value."""
        return self.priority[value] if name == "priority" else self.is_value(name, value)

    def count(self, node: Node) -> int:
        """Return in how many possible cells ``node`` holds."""
        return int(self.bdd.count(node & self.possible, nvars=len(self.bdd.vars)))

    def any_of(self, nodes: Iterable[Node]) -> Node:
        """Return where at least one of ``nodes`` holds."""
        return reduce(lambda a, b: a | b, nodes, self.bdd.false)

    def all_of(self, nodes: Iterable[Node]) -> Node:
        """Return where all of ``nodes`` hold."""
        return reduce(lambda a, b: a & b, nodes, self.bdd.true)

    def smallest(self, node: Node) -> dict[str, bool] | None:
        """Return the assignment in ``node`` that states the least, ``None`` if it is empty.

        Every variable counts 1 where it is true, the later values of an attribute a little more than the first.
        """
        node = node & self.possible
        if node == self.bdd.false:
            return None
        order = [self.bdd.var_at_level(level) for level in range(len(self.bdd.vars))]
        way = cheapest(node, [self._cost[name] for name in order])
        return dict.fromkeys(order, False) | {order[level]: takes for level, takes in way}

    # -- building ----------------------------------------------------------------------------------------------

    def _look_at_everything(self, policy: Policy) -> None:
        for condition in _conditions(policy):
            for part in condition.parts():
                match part:
                    case EarlierSignal():
                        self._found.earlier.update(part.names)
                    case CountAtLeast():
                        self._found.counts.setdefault(part.name, set()).add(part.at_least)
                    case ClockReaches():
                        at = {minutes for _, _, minutes in self.figures(part, policy)}
                        self._found.clocks.setdefault(part.name, set()).update(at)
                    case Done():
                        self._found.deeds.update(_deed_atoms(part, policy))

    def figures(self, timer: ClockReaches, policy: Policy | None = None) -> list[tuple[int, Mapping[str, str], float]]:
        """Return at which minute of its clock a condition begins to hold.

        A row for each case of the calendar (its index in ``calendar_of``) and each combination of attributes on which
        the figure depends; combinations without a figure are left out.
        """
        rows: list[tuple[int, Mapping[str, str], float]] = []
        policy = policy or self.policy
        for index, (_, calendar) in enumerate(policy.calendar_cases):
            day = policy.calendars[calendar].day_minutes
            for attributes in self._combinations(policy, timer.figure.by, timer.early.by):
                minutes = timer.figure.minutes(attributes, day)
                has_early = timer.early.fixed is not None or timer.early.by is not None
                early = timer.early.minutes(attributes, day) if has_early else 0.0
                if math.isfinite(minutes):
                    rows.append((index, attributes, max(0.0, minutes - early)))
        return rows

    def _combinations(self, policy: Policy, *names: str | None) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = [{}]
        for name in sorted({name for name in names if name is not None}):
            values = list(policy.priorities) if name == "priority" else list(self.domains[name])
            rows = [{**row, name: value} for row in rows for value in values]
        return rows

    def _declare(self) -> None:
        self._cost: dict[str, float] = {}
        for name, values in self.domains.items():
            for index, value in enumerate(values):
                self._cost[f"{name}={value}"] = index / 100
        for name in _union(v.signals for v in self._vocabularies):
            self._cost[f"signal {name}"] = 1.0
            if name in self._found.earlier:
                self._cost[f"earlier {name}"] = 1.0
        for name in _union(v.checks for v in self._vocabularies):
            self._cost[f"check {name}"] = 1.0
        for name, ats in self.counts.items():
            self._cost.update({f"count {name}>={at}": 1.0 for at in ats})
        for name, breaks in self.breaks.items():
            self._cost.update({f"clock {name}>={at:g}": 1.0 for at in breaks})
        self._cost.update({self.deed_name(deed): 1.0 for deed in self.deeds})
        self.bdd.declare(*self._cost)

    def deed_name(self, deed: DeedAtom) -> str:
        """Return the variable of a deed."""
        name = f"done {deed.verb}|{deed.to}|{deed.via}|{deed.what}|{deed.in_visit}"
        return name if deed.by is None else f"{name}|{deed.by}"

    def marks(self, clock: str) -> list[str]:
        """Return the variables of a clock, one for each figure it may have reached, the least first."""
        return [f"clock {clock}>={at:g}" for at in self.breaks.get(clock, ())]

    def _define_priorities(self) -> None:
        defining = [rule for rule in self.policy.rules if rule.define]
        graver = self.bdd.false
        self.priority = dict.fromkeys(self.domains["stated"][1:], self.bdd.false)
        for name in self.policy.priorities:
            here = self.any_of(self.node(rule.when) for rule in defining if rule.define == name)
            self.defined_by[name] = here
            self.priority[name] = here & ~graver
            graver = graver | here
        for name in self.policy.priorities:
            self.priority[name] = self.priority[name] | (~graver & self.bdd.var(f"stated={name}"))

    def _node(self, condition: Condition) -> Node:
        bdd = self.bdd
        match condition:
            case Always():
                return bdd.true
            case Signal():
                return self.any_of(bdd.var(f"signal {name}") for name in condition.names)
            case EarlierSignal():
                return self.any_of(bdd.var(f"earlier {name}") for name in condition.names)
            case Attribute() if condition.name == "priority":
                return self.any_of(self.priority[value] for value in condition.values)
            case Attribute():
                return self.any_of(self.is_value(condition.name, value) for value in condition.values)
            case Within():
                return self._within(condition.beyond)
            case Checked():
                return self._checked(condition)
            case Done():
                return self._done(condition)
            case ClockReaches():
                return self._reaches(condition)
            case CountAtLeast():
                return bdd.var(f"count {condition.name}>={condition.at_least}")
            case Named():
                return self.node(condition.inner)
            case All():
                return self.all_of(self.node(part) for part in condition.inner)
            case AnyOf():
                return self.any_of(self.node(part) for part in condition.inner)
            case Not():
                return ~self.node(condition.inner)
        raise AssertionError(f"no symbol for {condition!r}")

    def _within(self, beyond: bool) -> Node:
        parts = []
        for tier, doc in self.policy.tiers.items():
            names = doc.beyond if beyond else doc.capabilities
            parts += [self.is_value("tier", tier) & self.is_value("category", name) for name in names]
        return self.any_of(parts)

    def _checked(self, condition: Checked) -> Node:
        own = self.all_of(self.bdd.var(f"check {name}") for name in condition.names)
        if not condition.basic:
            return own
        basic = self.any_of(
            self.is_value("category", name) & self.all_of(self.bdd.var(f"check {check}") for check in doc.basic_checks)
            for name, doc in self.policy.categories.items()
        )
        return own & basic

    def _done(self, condition: Done) -> Node:
        atoms = []
        for name in condition.to or (None,):
            for role, where in {None: self.bdd.true}.items() if name is None else self.role(name).items():
                for by in condition.by or (None,):
                    atom = DeedAtom(condition.verb, role, condition.via, condition.what, condition.in_visit, by)
                    atoms.append(where & self.bdd.var(self.deed_name(atom)))
        return self.any_of(atoms)

    def _reaches(self, timer: ClockReaches) -> Node:
        parts = []
        for index, attributes, minutes in self.figures(timer):
            where = self.all_of(self.attribute(name, value) for name, value in attributes.items())
            parts.append(self.calendar(index) & where & self.bdd.var(f"clock {timer.name}>={minutes:g}"))
        return self.any_of(parts)

    def calendar(self, index: int) -> Node:
        """Return where the ``index``-th case of ``calendar_of`` is the one that holds."""
        earlier = self.any_of(self.node(when) for when, _ in self.policy.calendar_cases[:index])
        return self.node(self.policy.calendar_cases[index][0]) & ~earlier


def _conditions(policy: Policy) -> Iterable[Condition]:
    for rule in policy.rules:
        yield rule.when
        for effect in rule.obliges:
            if effect.waits_for is not None:
                yield effect.waits_for
    for role in policy.relative_roles.values():
        yield from (when for when, _ in role.cases)
    yield from (when for when, _ in policy.calendar_cases)
    yield from (one.when for one in policy.impossible)


def _deed_atoms(done: Done, policy: Policy) -> Iterable[DeedAtom]:
    roles = [role for name in done.to for role in sorted(possible_roles(name, policy))]
    for to in roles if done.to else (None,):
        for by in done.by or (None,):
            yield DeedAtom(done.verb, to, done.via, done.what, done.in_visit, by)


def possible_roles(name: str, policy: Policy) -> set[str]:
    """Return the roles that a name may stand for."""
    relative = policy.relative_roles.get(name)
    if relative is None:
        return {name}
    found = set(relative.by_tier.values())
    if any(tier not in relative.by_tier for tier in policy.tiers):
        found.add(name)
    for _, to in relative.cases:
        found |= possible_roles(to, policy)
    return found


def _union(names: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in names for name in group))
