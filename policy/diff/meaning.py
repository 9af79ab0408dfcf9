"""What a change of a policy does: the regions of situations in which two policies say different things.

Both policies are laid over one space. For each act the effects of the two are compared cell by cell; where they differ
the cells are counted, the smallest is turned into a situation, and that is put to both rulebooks before it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from policy.conditions import All, Always, Condition, Named
from policy.diff.effects import FORBIDDEN, OWED, PAUSED, PERMITTED, PRIORITY, Effect, Signature, Touched, effects
from policy.errors import InputError
from policy.lint.cells import situation_of
from policy.lint.space import Node, Space
from policy.loading import Policy
from policy.rulebook import Rulebook
from policy.situation import Situation
from policy.verdict import ActKey, Verdict

Direction = Literal["more", "less", "other"]
"""``more``: the second policy demands (or forbids) what the first does not, or sooner; ``less``: the reverse;
``other``: the same demand on other terms (owner, counting, weight), or another priority."""


@dataclass(frozen=True, slots=True)
class Region:
    """Situations in which one act stands differently, and how.

    ``cells`` counts them exactly, of ``Meaning.cells`` in all. ``rules`` are those at work there that differ. The
    ``example`` is the smallest situation; ``confirmed`` tells whether the two rulebooks, asked about it, differ.
    """

    kind: str
    key: ActKey
    direction: Direction
    what: str
    cells: int
    rules: tuple[str, ...]
    example: Situation
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Meaning:
    """How two policies differ in what they decide. ``cells`` is the number of situations there are.

    Weights and other terms of a demand may differ without making it more or less; those regions say ``other``.
    """

    cells: int
    regions: tuple[Region, ...]
    covered: tuple[str, ...]
    """Rules whose effects changed although no verdict does: others demand as much already."""
    kinds: frozenset[tuple[str, str, str]]
    """(priority, plan, tier) of tickets of which some situation is decided differently."""

    @property
    def relation(self) -> Literal["same", "more", "less", "incomparable"]:
        """Return how much the second policy demands beside the first."""
        owed = [region for region in self.regions if region.kind == OWED]
        found = {region.direction for region in owed or self.regions}
        if not found:
            return "same"
        if "more" in found and "less" not in found:
            return "more"
        return "less" if "less" in found and "more" not in found else "incomparable"


ORDER: Final = (PRIORITY, OWED, FORBIDDEN, PERMITTED, PAUSED)


Part = tuple[Direction, str, Node]
"""Part of the space where an act stands differently: the direction, how, and where."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two policies over one space, and their effects by act."""

    here: Space
    there: Space
    possible: Node
    acts: tuple[tuple[str, ActKey], ...]
    before: Mapping[tuple[str, ActKey], list[Effect]]
    after: Mapping[tuple[str, ActKey], list[Effect]]

    @classmethod
    def of(cls, first: Policy, second: Policy) -> _Pair:
        """Lay two policies over one space; acts that no changed rule speaks of are left out."""
        touched = changed_acts(first, second)
        here = Space(first, beside=second)
        there = Space(second, beside=here)
        before, after = _by_act(effects(here, touched)), _by_act(effects(there, touched))
        acts = sorted({*before, *after}, key=lambda act: (ORDER.index(act[0]), _sortable(act[1])))
        return cls(here, there, here.possible | there.possible, tuple(acts), before, after)

    def differing(self) -> Iterator[tuple[tuple[str, ActKey], list[Effect], list[Effect], Iterator[Part]]]:
        """Yield each act whose effects differ: the act, its effects before and after, the parts of the space."""
        for act in self.acts:
            old, new = self.before.get(act, []), self.after.get(act, [])
            if not _same(old, new):
                yield act, old, new, _parts(self.here, self.there, old, new, self.possible)


def differ(first: Policy, second: Policy) -> bool:
    """Return whether any situation is decided differently (quicker than ``compare``, which says where)."""
    return any(True for *_, parts in _Pair.of(first, second).differing() for _ in parts)


def compare(first: Policy, second: Policy) -> Meaning:
    """Return how the verdicts of two policies differ, over every situation that either thinks possible."""
    pair = _Pair.of(first, second)
    here, there = pair.here, pair.there
    regions: list[Region] = []
    covered: set[str] = set()
    different = here.bdd.false
    books = (Rulebook(first), Rulebook(second))
    for act, old, new, found in pair.differing():
        parts = list(found)
        covered |= _idle(here, old, new, parts)
        for direction, what, node in parts:
            regions.append(_region(here, there, books, act, direction, what, node, (old, new)))
            different = different | node
    cells = _count(here, pair.possible)
    return Meaning(cells, tuple(regions), tuple(sorted(covered)), _kinds(here, there, different))


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
    a, b = ({replace(rule, id="", text="", layer=0): rule for rule in policy.rules} for policy in (first, second))
    changed = [rule for rules, others in ((a, b), (b, a)) for key, rule in rules.items() if key not in others]
    if any(rule.define for rule in changed):
        return None
    owed = [effect.act for rule in changed for effect in rule.obliges]
    banned = [ban.act for rule in changed for ban in rule.forbids]
    allowed = [act for rule in changed for act in rule.permits]
    return frozenset((act.verb, what) for act in (*owed, *banned, *allowed) for what in act.what)


def _who_can_what(policy: Policy) -> list[tuple[object, ...]]:
    return [(name, tier.capabilities, tier.beyond, tier.calendar) for name, tier in policy.tiers.items()]


def _by_act(found: Iterable[Effect]) -> dict[tuple[str, ActKey], list[Effect]]:
    by_act: dict[tuple[str, ActKey], list[Effect]] = {}
    for effect in found:
        by_act.setdefault(effect.signature.act, []).append(effect)
    return by_act


def _same(old: list[Effect], new: list[Effect]) -> bool:
    return _merged(old) == _merged(new)


def _merged(found: list[Effect]) -> dict[Signature, Node]:
    """Return where each signature holds, whichever rules it comes from."""
    merged: dict[Signature, Node] = {}
    for effect in found:
        known = merged.get(effect.signature)
        merged[effect.signature] = effect.where if known is None else known | effect.where
    return merged


def _changed_rules(old: list[Effect], new: list[Effect]) -> set[str]:
    rules = {effect.rule for effect in (*old, *new)}
    return {r for r in rules if _merged([e for e in old if e.rule == r]) != _merged([e for e in new if e.rule == r])}


def _parts(
    here: Space, there: Space, old: list[Effect], new: list[Effect], possible: Node
) -> Iterator[Part]:
    """Yield where an act stands differently, the plainest differences first."""
    false = here.bdd.false
    owed_before, owed_after = (here.any_of(e.where for e in part) & possible for part in (old, new))
    kind = (old or new)[0].signature.kind
    gone, come = owed_before & ~owed_after, owed_after & ~owed_before
    stricter = kind in (OWED, FORBIDDEN)
    for node, word in ((come, "new"), (gone, "gone")):
        if node != false:
            direction: Direction = "other" if kind == PRIORITY else "more" if (word == "new") == stricter else "less"
            yield direction, word, node
    left = owed_before & owed_after
    if kind != OWED:
        differs = _where_signatures_differ(here, old, new, left)
        if differs != false:
            yield "other", "on other terms", differs
        return
    for node, direction, word in _dues(here, old, new, left):
        if node != false:
            yield direction, word, node
            left = left & ~node
    # What is compared next are the terms that hold: those of the effects that set the due.
    differs = _where_signatures_differ(here, _terms(_binding(here, old)), _terms(_binding(here, new)), left)
    if differs != false:
        yield "other", "on other terms", differs
        left = left & ~differs
    for rule in sorted(_changed_rules(old, new)):
        node, direction = _unbound(here, there, rule, old, new, left)
        if node != false:
            yield direction, "otherwise where it is the first to fall due", node
            left = left & ~node


def _idle(space: Space, old: list[Effect], new: list[Effect], parts: list[Part]) -> set[str]:
    """Return the changed rules that are proved to make no difference: they hold in no part that differs."""
    idle = set()
    for rule in _changed_rules(old, new):
        own = space.any_of(e.where for e in (*old, *new) if e.rule == rule)
        if all(own & node == space.bdd.false for *_, node in parts):
            idle.add(rule)
    return idle


def _unbound(
    here: Space, there: Space, rule: str, old: list[Effect], new: list[Effect], left: Node
) -> tuple[Node, Direction]:
    """Return where a changed rule may matter although another is due as soon, if both began at once; and how.

    Rules begin to hold at different instants, so one with a longer time may be the first to fall due. It is proved
    not to matter only where another rule asks no more conditions than it does, and therefore holds at least as long,
    allows no more time, and is the same in everything else.
    """
    own_old, own_new = ([e for e in part if e.rule == rule] for part in (old, new))
    node = _where_signatures_differ(here, own_old, own_new, left)
    conditions = {r.id: _conjuncts(r.when) for space in (here, there) for r in space.policy.rules}
    changed = _changed_rules(old, new)
    for other in old:
        if other.rule in changed or not conditions[other.rule] <= conditions[rule]:
            continue
        if all(_as_strict(other.signature, mine.signature) for mine in (*own_old, *own_new)):
            node = node & ~other.where
    dues = [min((_anchored(e.signature) for e in part), default=math.inf) for part in (own_old, own_new)]
    direction: Direction = "more" if dues[1] < dues[0] else "less" if dues[1] > dues[0] else "other"
    return node, direction


def _as_strict(a: Signature, b: Signature) -> bool:
    return (
        a.within <= b.within
        and a.anchor == b.anchor == ()
        and math.isinf(a.repeat)
        and math.isinf(b.repeat)
        and (a.owner, a.calendar, a.ways) == (b.owner, b.calendar, b.ways)
    )


def _conjuncts(condition: Condition) -> frozenset[Condition]:
    """Return the conditions that all have to hold."""
    if isinstance(condition, Named):
        return _conjuncts(condition.inner)
    if isinstance(condition, All):
        return frozenset().union(*map(_conjuncts, condition.inner))
    return frozenset() if isinstance(condition, Always) else frozenset({condition})


def _terms(found: list[Effect]) -> list[Effect]:
    """Return effects without their times, which are compared elsewhere."""
    return [replace(e, signature=replace(e.signature, within=0.0, anchor=())) for e in found]


def _anchored(signature: Signature) -> float:
    """Return the due as minutes from the beginning of the clock that it hangs on."""
    return signature.due + max((minutes for _, minutes in signature.anchor), default=0.0)


def _dues(
    space: Space, old: list[Effect], new: list[Effect], both: Node
) -> list[tuple[Node, Direction, str]]:
    """Return where the act is due sooner or later than before."""
    minutes = sorted({_anchored(e.signature) for e in (*old, *new)})
    sooner = later = space.bdd.false
    reached_old = reached_new = space.bdd.false
    for at in minutes:
        reached_old = reached_old | space.any_of(e.where for e in old if _anchored(e.signature) == at)
        reached_new = reached_new | space.any_of(e.where for e in new if _anchored(e.signature) == at)
        sooner = sooner | (reached_new & ~reached_old & both)
        later = later | (reached_old & ~reached_new & both)
    return [(sooner, "more", "sooner"), (later, "less", "later")]


def _binding(space: Space, found: list[Effect]) -> list[Effect]:
    """Return each effect cut to where none other of the same act is due before it."""
    cut = []
    for effect in found:
        mine = _anchored(effect.signature)
        before = space.any_of(e.where for e in found if _anchored(e.signature) < mine)
        cut.append(Effect(effect.signature, effect.rule, effect.where & ~before))
    return cut


def _where_signatures_differ(space: Space, old: list[Effect], new: list[Effect], within: Node) -> Node:
    before, after = _merged(old), _merged(new)
    false = space.bdd.false
    differs = false
    for signature in set(before) | set(after):
        old_node, new_node = before.get(signature, false), after.get(signature, false)
        differs = differs | (old_node & ~new_node) | (new_node & ~old_node)
    return differs & within


def _region(
    here: Space, there: Space, books: tuple[Rulebook, Rulebook], act: tuple[str, ActKey], direction: Direction,
    what: str, node: Node, both: tuple[list[Effect], list[Effect]],
) -> Region:  # fmt: skip
    space = here if (node & here.possible) != here.bdd.false else there
    cell = space.smallest(node)
    assert cell is not None
    examples = situation_of(here, cell), situation_of(there, cell)
    found = [e for part in both for e in part if space.bdd.let(cell, e.where) == space.bdd.true]
    changed = _changed_rules(*both)
    at_work = dict.fromkeys(e.rule for e in found if e.rule in changed) or dict.fromkeys(e.rule for e in found)
    kind, key = act
    return Region(
        kind, key, direction, what, _count(space, node), tuple(at_work), examples[0 if space is here else 1],
        _confirmed(books, kind, key, examples),
    )  # fmt: skip


def _confirmed(
    books: tuple[Rulebook, Rulebook], kind: str, key: ActKey, examples: tuple[Situation, Situation]
) -> bool:
    """Return whether the two rulebooks really answer differently in the example (on the calendars of each)."""
    views: list[object] = []
    for book, example in zip(books, examples, strict=True):
        try:
            views.append(_view(book.verdict(example), kind, key))
        except InputError:  # a word that only the other policy knows
            views.append(None)
    return views[0] != views[1]


def _view(verdict: Verdict, kind: str, key: ActKey) -> object:
    match kind:
        case "priority":
            return verdict.priority, verdict.priority_rules
        case "owed":
            return [o for o in verdict.obligations if o.key == key]
        case "permitted":
            return [(p.verb, p.to, p.via, p.what) for p in verdict.permissions if (p.verb, p.to, p.via, p.what) == key]
        case "forbidden":
            return [p for p in verdict.prohibitions if (p.verb, p.to, p.via, p.what) == key]
    return verdict.paused


def _count(space: Space, node: Node) -> int:
    return int(space.bdd.count(node, nvars=len(space.bdd.vars)))


def _sortable(key: ActKey) -> tuple[str, ...]:
    return tuple(part or "" for part in key)
