"""The search for examples of a rule, in the space of all situations; ``make_verdict_examples.py`` writes them.

For each rule and each part of its condition two situations are sought in the space of all situations, one with the
rule and one without, that differ in that part alone: once the pair that states the least, once the one that states the
most, so that a rule that asks too little and one that asks too much both show. More situations are added until every
fact, and its absence, stands beside the rule somewhere, and until what a slip of the pen would make of the rule can be
told from it.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from broken_rules import Breaker
from verdict_examples import BARE, LISTS, Sketch, changed, deed_text, said, situation

from policy import Policy, Rulebook
from policy.building import BASIC_CHECKS, Rule
from policy.conditions import (
    Attribute,
    Checked,
    ClockReaches,
    Condition,
    CountAtLeast,
    Done,
    EarlierSignal,
    Signal,
    Within,
)
from policy.lint.cells import holds, situation_of
from policy.lint.diagram import branches
from policy.lint.space import Node, Space

Cell = dict[str, bool]
Part = tuple[Node, Cell, Cell]
"""A part of a condition: where it alone decides, what a cell says with it, and what it says without."""
TRIES = 6
SEED = 1
"""Of the slips of the pen that examples are completed against; the test draws others."""


@dataclass(slots=True)
class Found:
    """The cases of one rule while they are being found, each a situation with it, with the changes that undo it."""

    cases: dict[str, tuple[Sketch, bool, dict[str, Sketch]]] = field(default_factory=dict)
    others: list[Sketch] = field(default_factory=list)
    inside: list[Cell] = field(default_factory=list)
    outside: list[Cell] = field(default_factory=list)

    def add(self, sketch: Sketch, cell: Cell, rich: bool) -> dict[str, Sketch]:
        """Add a situation with the rule and return its changes, to which more may be added."""
        self.inside.append(cell)
        return self.cases.setdefault(json.dumps(sketch, sort_keys=True), (sketch, rich, {}))[2]


class Maker:
    """Finds examples of the rules of one policy. Life: made of the policy, then asked rule by rule."""

    def __init__(self, policy: Policy) -> None:
        """Take the policy and cut its space."""
        self.policy, self.book, self.space = policy, Rulebook(policy), Space(policy)
        self.breaker = Breaker(policy, SEED, self.space)
        self.turn = 0

    def of(self, rule: Rule) -> dict[str, Any]:
        """Return the examples of a rule as they are stored."""
        self.turn = 0
        found = Found()
        node, inside = self.space.node(rule.when), self.inside(rule)
        self.graver = self.breaker.graver(rule)
        parts = [(self.decisive(node, inside, *flip), *flip) for flip in self.flips(rule.when, node)]
        parts = [part for part in parts if part[0] != self.space.bdd.false]
        for rich in (False, True):
            for part in parts:
                self.pair(rule, found, *part, rich=rich)
        if not found.cases:
            self.alone(rule, found, node & inside, rich=False)
        known = node if rule.define and rule.obliges else node & inside
        self.spread(rule, found, known, parts)
        self.complete(rule, found, known)
        without = {"without": [patch(BARE, one) for one in found.others]} if found.others else {}
        return {"cases": [self.case(rule, *one) for one in found.cases.values()]} | without

    def decisive(self, node: Node, inside: Node, atom: Cell, other: Cell) -> Node:
        """Return where a rule holds with one part of it and not with the other, all else being the same."""
        bdd, possible = self.space.bdd, self.space.possible
        where = bdd.let(atom, node & inside & possible) & ~bdd.let(other, node)
        where &= bdd.let(other, possible & ~self.graver)
        return where & bdd.cube(atom)

    def inside(self, rule: Rule) -> Node:
        """Return where a rule that holds can be seen in a verdict in all its parts."""
        space, bdd = self.space, self.space.bdd
        node = space.priority[rule.define] if rule.define else bdd.true
        if any(BASIC_CHECKS in one.act.what for one in rule.obliges):
            kinds = [name for name, kind in self.policy.categories.items() if kind.basic_checks]
            node &= space.any_of(space.is_value("category", name) for name in kinds)
        return node

    # -- single parts ------------------------------------------------------------------------------------------

    def flips(self, when: Condition, node: Node) -> Iterator[tuple[Cell, Cell]]:
        """Yield each single change of a part of a condition, as what a cell says with it and what it says after."""
        seen = set()
        for leaf in when.parts():
            for a, b in self._flips(leaf, node):
                for pair in ((a, b), (b, a)):
                    key = json.dumps(pair, sort_keys=True)
                    if key not in seen:
                        seen.add(key)
                        yield pair

    def _flips(self, leaf: Condition, node: Node) -> Iterator[tuple[Cell, Cell]]:
        names: list[str] = []
        match leaf:
            case Signal():
                names = [f"signal {name}" for name in leaf.names]
            case EarlierSignal():
                names = [f"earlier {name}" for name in leaf.names]
            case Attribute() if leaf.name == "priority":
                yield from self._values("stated", leaf.values)
                for other in [name for name in self.policy.priorities if name not in leaf.values]:
                    support = self.space.bdd.support(self.space.defined_by[other])
                    names += [name for name in self.space._cost if name in support][:2]
            case Attribute():
                yield from self._values(leaf.name, leaf.values)
            case Within():
                yield from self._values("category", self._here(leaf, node))
            case Checked():
                names = [f"check {name}" for name in self.policy.doc.vocabulary.checks]
            case CountAtLeast():
                names = [f"count {leaf.name}>={leaf.at_least}"]
            case ClockReaches():
                names = self.space.marks(leaf.name)
            case Done():
                names = [self.space.deed_name(deed) for deed in self.space.deeds if deed.verb == leaf.verb]
        yield from (({name: True}, {name: False}) for name in names)

    def _here(self, leaf: Within, node: Node) -> tuple[str, ...]:
        tiers = self.policy.tiers
        can = [name for name in tiers if node & self.space.is_value("tier", name) != self.space.bdd.false]
        lists = [tiers[name].beyond if leaf.beyond else tiers[name].capabilities for name in can]
        return tuple(dict.fromkeys(name for one in lists for name in one))

    def _values(self, attribute: str, values: tuple[str, ...]) -> Iterator[tuple[Cell, Cell]]:
        """Yield, for each value that is named and each that is not, a change from the one to the other."""
        domain = self.space.domains[attribute]
        others = [value for value in domain if value not in values]

        def cell(value: str) -> Cell:
            return {f"{attribute}={one}": one == value for one in domain}

        for i in range(max(len(values), len(others)) if others else 0):
            yield cell(values[i % len(values)]), cell(others[i % len(others)])

    # -- situations --------------------------------------------------------------------------------------------

    def pair(self, rule: Rule, found: Found, where: Node, atom: Cell, other: Cell, *, rich: bool) -> bool:
        """Add the pair of situations that states the least (or the most) of all that differ in one part."""
        self.space.allow(math.inf)
        for _ in range(TRIES):
            cell = self.fullest(where) if rich else self.space.smallest(where)
            if cell is None:
                return False
            beside = cell | other
            sketch, without = (self.sketch(one, atom) for one in (cell, beside))
            if not any(name.startswith("clock age") for name in atom):
                without |= {"now": sketch["now"]}
            if self.enough(rule, self.says(rule, sketch), rich) and not self.says(rule, without):
                found.add(sketch, cell, rich)[json.dumps(without, sort_keys=True)] = without
                found.outside.append(beside)
                return True
            where &= ~self.space.bdd.cube(cell)
        return False

    def alone(self, rule: Rule, found: Found, where: Node, *, rich: bool) -> bool:
        """Add the situation with the rule that states the least (or the most) in ``where``."""
        for _ in range(TRIES):
            cell = self.fullest(where) if rich else self.space.smallest(where)
            if cell is None:
                return False
            sketch = self.sketch(cell, {})
            if self.enough(rule, self.says(rule, sketch), rich):
                found.add(sketch, cell, rich)
                return True
            where &= ~self.space.bdd.cube(cell)
        return False

    def spread(self, rule: Rule, found: Found, known: Node, parts: list[Part]) -> None:
        """Add situations until each fact, and its absence, stands beside the rule, and each fact without it too."""
        space = self.space
        for name, fact in self.facts():
            if name.startswith("category="):  # the pairs that state the most have one each in turn
                continue
            for there, rich in ((fact, False), (~fact, True)):
                where = known & there & space.possible
                if where != space.bdd.false and not self.seen(name, fact, found.inside, known=not rich):
                    self.alone(rule, found, where, rich=rich) or self.alone(rule, found, where, rich=not rich)
            if self.seen(name, fact, found.outside):
                continue
            for where, atom, other in parts:
                if name not in atom and self.pair(rule, found, where & fact, atom, other, rich=False):
                    break
            else:
                self.apart(rule, found, fact & ~space.node(rule.when))

    def apart(self, rule: Rule, found: Found, where: Node) -> bool:
        """Add the situation that states the least in ``where``, in which the rule is not."""
        cell = self.space.smallest(where & ~self.graver)
        sketch = None if cell is None else self.sketch(cell, {})
        if cell is None or sketch is None or self.says(rule, sketch):
            return False
        found.others.append(sketch)
        found.outside.append(cell)
        return True

    def complete(self, rule: Rule, found: Found, known: Node) -> None:
        """Add situations that tell the rule from what it may become by a slip of the pen, where none does yet."""
        space, node = self.space, self.space.node(rule.when)
        for mutant in self.breaker.mutants(rule):
            other = self.breaker.where(rule, mutant.rule.when)
            if other is None:
                continue
            if all(holds(space, other, cell) for cell in found.inside):
                if any(holds(space, other, cell) for cell in found.outside):
                    continue
                self.apart(rule, found, other & ~node) or self.alone(rule, found, known & ~other, rich=False)

    def seen(self, name: str, fact: Node, cells: list[Cell], *, known: bool = True) -> bool:
        """Return whether a fact (or its absence) stands in one of some cells."""
        if name in self.space._cost:
            return any(cell[name] == known for cell in cells)
        return any(holds(self.space, fact, cell) == known for cell in cells)

    def facts(self) -> Iterator[tuple[str, Node]]:
        """Yield all that a situation can state, and each priority."""
        yield from ((name, self.space.bdd.var(name)) for name in self.space._cost)
        yield from ((f"priority={name}", node) for name, node in self.space.priority.items())

    def fullest(self, node: Node) -> Cell | None:
        """Return a cell in ``node`` that states about the most; attributes take turns."""
        space, bdd = self.space, self.space.bdd
        node &= space.possible
        if node == bdd.false:
            return None
        self.turn += 1
        cell: Cell = dict.fromkeys(space._cost, True)
        for attribute, values in space.domains.items():
            start = self.turn % len(values)
            for value in (*values[start:], *values[:start]):
                kept = bdd.let({f"{attribute}={one}": one == value for one in values}, node)
                if kept != bdd.false:
                    node = kept
                    cell |= {f"{attribute}={one}": one == value for one in values}
                    break
        while node != bdd.true:
            low, high = branches(node)
            cell[node.var] = high != bdd.false
            node = high if cell[node.var] else low
        return cell

    def says(self, rule: Rule, sketch: Sketch) -> list[str]:
        """Return what the verdict of a situation says of a rule."""
        one = situation(sketch, self.book)
        return said(self.book.verdict(one), rule.id, one.opened)

    def enough(self, rule: Rule, lines: list[str], rich: bool) -> bool:
        """Return whether a verdict says of a rule what it can say: all kinds of it where little is known."""
        effects = {
            "defines": rule.define, "owes": rule.obliges, "permits": rule.permits, "forbids": rule.forbids,
            "pauses": rule.pauses,
        }  # fmt: skip
        words = {word for line in lines for word in line.split()[:2]}
        return bool(lines) if rich else all(word in words for word, has in effects.items() if has)

    # -- in short ----------------------------------------------------------------------------------------------

    def sketch(self, cell: Cell, at_stake: Cell) -> Sketch:
        """Return a cell as a situation in short; a clock or count whose mark is at stake stands one short of it."""
        s = situation_of(self.space, cell)
        found: Sketch = {"now": s.now - s.opened, "plan": s.plan, "tier": s.tier, "category": s.category}
        found |= {"priority": s.stated_priority, "status": None if s.status == "open" else s.status}
        found |= {"signals": list(s.signals), "earlier": [name for name, at in s.signals.items() if at < s.opened]}
        found |= {"checks": list(s.checks), "counts": {name: one.value for name, one in s.counts.items()}}
        found["deeds"] = [deed_text(deed, s.opened) for deed in s.deeds]
        found["clocks"] = {name: one.elapsed_then for name, one in s.clocks.items() if one.elapsed_then}
        for mark in at_stake:
            kind, _, name = mark.partition(" ")
            what, reaches, at = name.partition(">=")
            if reaches and not cell[mark]:
                if what == "age":
                    calendar = self.book.calendar(situation(changed(BARE, found), self.book))
                    found["now"] = calendar.add(s.opened, float(at) - 1) - s.opened
                else:
                    found[f"{kind}s"][what] = float(at) - 1
        found["now"] = found["now"] or 0
        return whole(changed({}, found))

    def case(self, rule: Rule, sketch: Sketch, rich: bool, but: Mapping[str, Sketch]) -> dict[str, Any]:
        """Return a case as it is stored."""
        patches = [({}, patch(BARE, sketch)), ({"of": "everything"}, patch(self.everything(), sketch))]
        head, with_ = min(patches, key=lambda one: len(json.dumps(one)))
        case = {**head, "with": with_}
        if not rich:
            case["says"] = self.says(rule, sketch)
        return case | ({"but": [patch(sketch, one) for one in but.values()]} if but else {})

    def everything(self) -> Sketch:
        """Return the situation in which all is known and done."""
        cell = dict.fromkeys(self.space._cost, True)
        for attribute, values in self.space.domains.items():
            cell |= {f"{attribute}={value}": value == values[0] for value in values}
        return whole(self.sketch(cell, {}) | {"now": 0})


def whole(value: Any) -> Any:
    """Return whole numbers as such, everywhere inside."""
    if isinstance(value, dict):
        return {key: whole(one) for key, one in value.items()}
    return int(value) if isinstance(value, float) and value == int(value) else value


def patch(old: Sketch, new: Sketch) -> dict[str, Any]:
    """Return the change that makes one situation of another."""
    found: dict[str, Any] = {}
    for key in dict.fromkeys((*new, *old)):
        if old.get(key) == new.get(key):
            continue
        if key not in LISTS or key not in old:
            found[key] = new.get(key)
            continue
        for word, a, b in (("less", old, new), ("more", new, old)):
            names = [name for name in a.get(key, ()) if name not in b.get(key, ())]
            if names:
                found.setdefault(word, {})[key] = names
    return found
