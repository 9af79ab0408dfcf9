"""What a change of policy does: the regions of situations in which two policies say different things.

Both policies are laid over one space, and compared where both think a situation possible. For each act the effects of
the two are compared cell by cell; where they differ the cells are counted, the smallest is turned into a situation, and
that is put to both rulebooks before it is shown. Opening hours are compared minute by minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from policy.diff.effects import FORBIDDEN, OWED, PAUSED, PERMITTED, PRIORITY, Effect, Touched, effects
from policy.diff.openings import Opening, moves, openings
from policy.diff.parts import (
    FIRST,
    LATER,
    OTHERWISE,
    SHIFTED,
    SOONER,
    Direction,
    Part,
    anchored,
    changed_rules,
    parts,
)
from policy.diff.realtime import RealTime
from policy.diff.showing import NO_MORE, NOT_BEFORE, Shown, shown
from policy.lint.cells import situation_of
from policy.lint.cover import Task, smallest_cover
from policy.lint.diagram import holds
from policy.lint.space import Node, Space
from policy.loading import Policy
from policy.rulebook import Rulebook
from policy.situation import Situation
from policy.verdict import ActKey

CALENDAR: Final = "calendar"
"""The kind of a region in which things fall due at other instants because opening hours changed."""
ORDER: Final = (PRIORITY, OWED, FORBIDDEN, PERMITTED, PAUSED)
Act = tuple[str, ActKey]


@dataclass(frozen=True, slots=True)
class Region:
    """Situations in which one act stands differently, and how.

    ``cells`` counts them exactly, of ``Meaning.cells`` in all. ``rules`` are those at work there that differ.
    ``confirmed`` tells whether the two rulebooks, asked about ``example``, differ, and ``differs`` says in what; the
    example is then the smallest that shows it, else the smallest of the region.
    """

    kind: str
    key: ActKey
    direction: Direction
    what: str
    cells: int
    rules: tuple[str, ...]
    example: Situation
    confirmed: bool
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Covered:
    """A rule that was changed without any verdict becoming another, and the fewest rules that see to that."""

    rule: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Excluded:
    """Situations that one policy alone calls impossible: ``second`` tells which; ``says`` names its axioms."""

    second: bool
    cells: int
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """How two policies differ in what they decide. ``cells`` is the number of situations that both think possible.

    Weights and other terms of a demand may differ without making it more or less; those regions say ``other``.
    """

    cells: int
    regions: tuple[Region, ...]
    covered: tuple[Covered, ...]
    """Rules whose effects changed although no verdict does: others demand as much already."""
    kinds: frozenset[tuple[str, str, str]]
    """(priority, plan, tier) of tickets of which some situation is decided differently."""
    openings: tuple[Opening, ...] = ()
    excluded: tuple[Excluded, ...] = ()

    @property
    def relation(self) -> Literal["same", "more", "less", "incomparable"]:
        """Return how much the second policy demands beside the first.

        What no example bears out has no say, unless there is nothing else.
        """
        regions = [region for region in self.regions if region.confirmed] or self.regions
        owed = [region for region in regions if region.kind in (OWED, CALENDAR)]
        found = {region.direction for region in owed or regions}
        if not found:
            return "same"
        if "more" in found and "less" not in found:
            return "more"
        return "less" if "less" in found and "more" not in found else "incomparable"


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two policies over one space, and their effects by act."""

    here: Space
    there: Space
    real: RealTime
    possible: Node
    acts: tuple[Act, ...]
    before: Mapping[Act, list[Effect]]
    after: Mapping[Act, list[Effect]]
    books: tuple[Rulebook, Rulebook]

    @classmethod
    def of(cls, first: Policy, second: Policy) -> _Pair:
        """Lay two policies over one space; acts that no changed rule speaks of are left out."""
        touched = changed_acts(first, second)
        here = Space(first, beside=second)
        there = Space(second, beside=here)
        possible = here.possible & there.possible
        names = _renamed(first, second)
        before = _by_act(effects(here, touched), possible, names)
        after = _by_act(effects(there, touched), possible, {})
        acts = sorted({*before, *after}, key=lambda act: (ORDER.index(act[0]), _sortable(act[1])))
        books = Rulebook(first), Rulebook(second)
        return cls(here, there, RealTime(first, second), possible, tuple(acts), before, after, books)

    @property
    def spaces(self) -> tuple[Space, Space]:
        """Return the two views of the space."""
        return self.here, self.there

    def effects(self, act: Act) -> tuple[list[Effect], list[Effect]]:
        """Return the effects of one act in the two policies."""
        return self.before.get(act, []), self.after.get(act, [])

    def differing(self) -> Iterator[tuple[Act, Iterator[Part]]]:
        """Yield each act whose effects differ, with the parts of the space where it stands differently."""
        for act in self.acts:
            old, new = self.effects(act)
            if changed_rules(old, new):
                yield act, parts(self.here, self.there, self.real, old, new, self.possible)

    def openings(self) -> Iterator[Opening]:
        """Yield what changed opening hours do."""
        return openings(self.spaces, self.real, self.books, self.both, self.possible)

    @property
    def both(self) -> tuple[list[Effect], list[Effect]]:
        """Return every effect that is compared, before and after."""
        before, after = ([e for found in side.values() for e in found] for side in (self.before, self.after))
        return before, after


def differ(first: Policy, second: Policy) -> bool:
    """Return whether any situation is decided differently (quicker than ``compare``, which says where)."""
    pair = _Pair.of(first, second)
    if any(True for _, found in pair.differing() for _ in found):
        return True
    return moves(pair.spaces, pair.real, pair.both, pair.possible)


def compare(first: Policy, second: Policy) -> Meaning:
    """Return how the verdicts of two policies differ, over every situation that both think possible."""
    pair = _Pair.of(first, second)
    here, there = pair.here, pair.there
    opened = tuple(pair.openings())
    regions = [_hours(here, one) for one in opened if one.order != "same" and one.pair is not None]
    found = {act: list(some) for act, some in pair.differing()}
    regions += [_region(pair, act, part) for act, some in found.items() for part in some]
    different = here.any_of(part.where for some in found.values() for part in some)
    different = different | here.any_of(one.where for one in opened)
    excluded = tuple(
        Excluded(second_too, _count(here, only), _axioms(one.policy, other.policy))
        for one, other, second_too in ((here, there, False), (there, here, True))
        if (only := other.possible & ~one.possible) != here.bdd.false
    )
    return Meaning(
        _count(here, pair.possible), tuple(regions), tuple(_covered(pair, found)), _kinds(here, there, different),
        opened, excluded,
    )  # fmt: skip


def _axioms(one: Policy, other: Policy) -> tuple[str, ...]:
    """Return the words of what one policy alone calls impossible."""
    known = {axiom.when for axiom in other.impossible}
    return tuple(axiom.says for axiom in one.impossible if axiom.when not in known)


def _kinds(here: Space, there: Space, different: Node) -> frozenset[tuple[str, str, str]]:
    return frozenset(
        (priority, plan, tier)
        for space in (here, there)
        for priority in space.policy.priorities
        for plan in space.domains["plan"]
        for tier in space.domains["tier"]
        if different & space.priority[priority] & space.is_value("plan", plan) & space.is_value("tier", tier)
        != space.bdd.false
    )


def changed_acts(first: Policy, second: Policy) -> Touched | None:
    """Return the acts of the rules that differ; ``None`` where something differs on which every rule may rest."""
    for name in ("relative_roles", "calendar_cases", "impossible", "plans", "categories"):
        if getattr(first, name) != getattr(second, name):
            return None
    if list(first.priorities) != list(second.priorities) or _who_can_what(first) != _who_can_what(second):
        return None
    if first.doc.calendars != second.doc.calendars or first.doc.vocabulary != second.doc.vocabulary:
        return None
    a, b = ({(rule.id, replace(rule, text="", layer=0)): rule for rule in policy.rules} for policy in (first, second))
    changed = [rule for rules, others in ((a, b), (b, a)) for key, rule in rules.items() if key not in others]
    if any(rule.define for rule in changed):
        return None
    owed = [effect.act for rule in changed for effect in rule.obliges]
    banned = [ban.act for rule in changed for ban in rule.forbids]
    allowed = [act for rule in changed for act in rule.permits]
    return frozenset((act.verb, what) for act in (*owed, *banned, *allowed) for what in act.what)


def _who_can_what(policy: Policy) -> list[tuple[object, ...]]:
    return [(name, tier.capabilities, tier.beyond, tier.calendar) for name, tier in policy.tiers.items()]


def _renamed(first: Policy, second: Policy) -> dict[str, str]:
    """Return the new ids of rules that have another one and are otherwise the same."""
    before, after = ({rule.id for rule in policy.rules} for policy in (first, second))
    new = {replace(rule, id="", text="", layer=0): rule.id for rule in second.rules if rule.id not in before}
    old = {rule.id: replace(rule, id="", text="", layer=0) for rule in first.rules if rule.id not in after}
    return {id_: new[rule] for id_, rule in old.items() if rule in new}


def _by_act(found: Iterable[Effect], possible: Node, names: Mapping[str, str]) -> dict[Act, list[Effect]]:
    by_act: dict[Act, list[Effect]] = {}
    for effect in found:
        where = effect.where & possible
        if where != where.bdd.false:
            known = replace(effect, rule=names.get(effect.rule, effect.rule), where=where)
            by_act.setdefault(effect.signature.act, []).append(known)
    return by_act


# -- edits that are never realised -----------------------------------------------------------------------------------


def _covered(pair: _Pair, found: Mapping[Act, list[Part]]) -> Iterator[Covered]:
    """Yield the changed rules that are proved to make no difference anywhere, and what makes up for them."""
    tasks: dict[str, list[Task]] = {}
    matters: set[str] = set()
    for act in pair.acts:
        old, new = pair.effects(act)
        changed = changed_rules(old, new)
        kept = [effect for effect in new if effect.rule not in changed]
        for rule in sorted(changed):
            mine = [effect for effect in (*old, *new) if effect.rule == rule]
            own = pair.here.any_of(effect.where for effect in mine)
            if any(own & part.where != pair.here.bdd.false for part in found.get(act, ())):
                matters.add(rule)
            tasks.setdefault(rule, []).extend(_task(effect, kept) for effect in mine)
    for rule in sorted(set(tasks) - matters):
        names = smallest_cover(pair.here, tasks[rule])
        if names is not None:
            yield Covered(rule, names)


def _task(effect: Effect, others: list[Effect]) -> Task:
    regions: dict[str, Node] = {}
    for other in others:
        if anchored(other.signature) <= anchored(effect.signature):
            regions[other.rule] = other.where if other.rule not in regions else regions[other.rule] | other.where
    return Task(effect.where, regions)


# -- regions ---------------------------------------------------------------------------------------------------------


def _hours(space: Space, one: Opening) -> Region:
    what = {"sooner": SOONER, "later": LATER}.get(one.order, SHIFTED)
    direction: Direction = "more" if what == SOONER else "less" if what == LATER else "other"
    assert one.pair is not None
    key = (one.name, None, None, None)
    rules = tuple(dict.fromkeys((*one.rules, *one.timed)))
    return Region(CALENDAR, key, direction, what, _count(space, one.where), rules, one.pair[1], True, one.differs)


def _region(pair: _Pair, act: Act, part: Part) -> Region:
    """Return a part of the space as people see it, with the smallest example that both rulebooks bear out."""
    smallest: tuple[tuple[str, ...], Shown] | None = None
    for cell in _cells(pair.here, part.where):
        rules, found = _example(pair, act, cell, part.what)
        if smallest is None or found.bears_out(part.what) or (found.confirmed and not smallest[1].confirmed):
            smallest = rules, found
        if found.bears_out(part.what) or act[0] != OWED:
            break
    assert smallest is not None
    rules, found = smallest
    direction, what = _as_shown(part, found) if act[0] == OWED else (part.direction, part.what)
    return Region(
        *act, direction, what, _count(pair.here, part.where), rules, found.pair[1], found.confirmed, found.differs,
    )  # fmt: skip


def _as_shown(part: Part, found: Shown) -> tuple[Direction, str]:
    """Return what is said of a part: no more than its example shows, if that is something else."""
    if not found.confirmed or found.bears_out(part.what):
        return part.direction, part.what
    more_or_less = {("more", NOT_BEFORE), ("less", NO_MORE)} & {(part.direction, one) for one in found.differs}
    return part.direction if more_or_less else "other", OTHERWISE + FIRST


def _cells(space: Space, where: Node) -> Iterator[Mapping[str, bool]]:
    """Yield the smallest cell of a region, then the smallest with each priority on the ticket."""
    cell = space.smallest(where)
    assert cell is not None
    yield cell
    for name in space.domains["stated"][1:]:
        other = space.smallest(where & space.is_value("stated", name))
        if other is not None and other != cell:
            yield other


def _example(pair: _Pair, act: Act, cell: Mapping[str, bool], what: str) -> tuple[tuple[str, ...], Shown]:
    """Return the changed rules at work in a cell, and an example in it or near it."""
    here, there = pair.here, pair.there
    old, new = pair.effects(act)
    at_work = [e for e in (*old, *new) if holds(e.where, cell)]
    changed = changed_rules(old, new)
    rules = dict.fromkeys(e.rule for e in at_work if e.rule in changed) or dict.fromkeys(e.rule for e in at_work)
    smallest = situation_of(here, cell), situation_of(there, cell)
    minutes = {anchored(effect.signature) for effect in at_work}
    return tuple(rules), shown(pair.books, smallest, *act, frozenset(rules), minutes, what)


def _count(space: Space, node: Node) -> int:
    return int(space.bdd.count(node, nvars=len(space.bdd.vars)))


def _sortable(key: ActKey) -> tuple[str, ...]:
    return tuple(part or "" for part in key)
