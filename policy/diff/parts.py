"""Where one act stands differently in two policies: the parts of the space, the plainest differences first.

A part is *exact* where the space can tell that the two rulebooks differ throughout. What it cannot tell is which of
several rules began to hold first, and so is the first to fall due; there a changed rule only may make a difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from policy.building import Rule
from policy.conditions import All, AnyOf, Attribute, Condition, Named
from policy.diff.effects import FORBIDDEN, OWED, PRIORITY, Effect, Signature
from policy.diff.realtime import Length, Order, RealTime
from policy.figures import Figure
from policy.lint.since import begin_together, begins_no_later
from policy.lint.space import Node, Space

Direction = Literal["more", "less", "other"]
"""``more``: the second policy demands (or forbids) what the first does not, or sooner; ``less``: the reverse;
``other``: the same demand on other terms (owner, counting, weight), or another priority."""
Told = TypeVar("Told")
NEW, GONE, SOONER, LATER, SHIFTED, OTHERWISE = "new", "gone", "sooner", "later", "shifted", "otherwise"
FIRST = " if first"
"""Said of what makes a difference only where the changed rule is the first to fall due."""
CLOSED = " when closed"
"""Said of dues that differ only where the act begins to be owed out of hours."""


@dataclass(frozen=True, slots=True)
class Part:
    """Part of the space in which an act stands differently: the direction, how (``NEW`` …), and where."""

    direction: Direction
    what: str
    where: Node


def parts(
    here: Space, there: Space, real: RealTime, old: list[Effect], new: list[Effect], possible: Node
) -> Iterator[Part]:
    """Yield where an act stands differently; ``old`` and ``new`` are its effects in the two policies."""
    false = here.bdd.false
    owed_before, owed_after = (here.any_of(e.where for e in part) & possible for part in (old, new))
    kind = (old or new)[0].signature.kind
    stricter = kind in (OWED, FORBIDDEN)
    for node, word in ((owed_after & ~owed_before, NEW), (owed_before & ~owed_after, GONE)):
        if node != false:
            yield Part("other" if kind == PRIORITY else "more" if (word == NEW) == stricter else "less", word, node)
    left = owed_before & owed_after
    if kind != OWED:
        differs = _signatures_differ(here, old, new, left)
        if differs != false:
            yield Part("other", OTHERWISE, differs)
        return
    for part in _dues(here, real, old, new, left):
        yield part
        left = left & ~part.where
    for part in _dues_when_closed(here, old, new, left):
        yield part
        left = left & ~part.where
    differs = _terms_differ(here, old, new, left)
    if differs != false:
        yield Part("other", OTHERWISE, differs)
        left = left & ~differs
    for rule in sorted(changed_rules(old, new)):
        unsure = _unbound(here, there, real, rule, old, new, left)
        if unsure is not None:
            yield unsure
            left = left & ~unsure.where


def merged(found: Iterable[Effect]) -> Mapping[Signature, Node]:
    """Return where each signature holds, whichever rules it comes from."""
    return _merged(found, lambda signature: signature)


def _merged(found: Iterable[Effect], told: Callable[[Signature], Told]) -> dict[Told, Node]:
    nodes: dict[Told, Node] = {}
    for effect in found:
        key = told(effect.signature)
        nodes[key] = effect.where if key not in nodes else nodes[key] | effect.where
    return nodes


def changed_rules(old: list[Effect], new: list[Effect]) -> set[str]:
    """Return the rules whose own effects differ."""
    rules = {effect.rule for effect in (*old, *new)}
    return {r for r in rules if merged(_of(r, old)) != merged(_of(r, new))}


def anchored(signature: Signature) -> float:
    """Return the due as minutes from the beginning of the clock that it hangs on."""
    return signature.due + max((minutes for _, minutes in signature.anchor), default=0.0)


def _of(rule: str, found: list[Effect]) -> list[Effect]:
    return [effect for effect in found if effect.rule == rule]


# -- what the space can tell ---------------------------------------------------------------------------------------


def _dues(space: Space, real: RealTime, old: list[Effect], new: list[Effect], both: Node) -> Iterator[Part]:
    """Yield where the act is due sooner or later than before, as the minutes of the calendars fall."""
    false = space.bdd.false
    before, after = (_merged(binding(space, real, part), _length) for part in (old, new))
    found: dict[Order, list[Node]] = {}
    for a, was in before.items():
        for b, now in after.items():
            if a == b:
                continue
            node = was & now & both
            if node != false:
                found.setdefault(real.order(a, b), []).append(node)
    for how, direction, word in _ORDERS:
        if how in found:
            yield Part(direction, word, space.any_of(found[how]))


_ORDERS: tuple[tuple[Order, Direction, str], ...] = (
    ("sooner", "more", SOONER), ("later", "less", LATER), ("mixed", "other", SHIFTED),
)  # fmt: skip


def _dues_when_closed(space: Space, old: list[Effect], new: list[Effect], both: Node) -> Iterator[Part]:
    """Yield where the act is due sooner or later than before if it begins to be owed out of hours."""
    before, after = (_merged(_first_due(space, part), _closed) for part in (old, new))
    sooner = later = space.bdd.false
    for a, was in before.items():
        for b, now in after.items():
            if a is not None and b is not None:
                sooner, later = (sooner | (was & now) if b < a else sooner), (later | (was & now) if b > a else later)
    found: tuple[tuple[Node, Direction, str], ...] = ((sooner, "more", SOONER), (later, "less", LATER))
    for node, direction, word in found:
        if node & both != space.bdd.false:
            yield Part(direction, word + CLOSED, node & both)


def _closed(signature: Signature) -> float | None:
    """Return the minutes from the next opening that there are out of hours, ``None`` if it has no such due."""
    figure = signature.ways[-1]
    return figure.fixed.minutes(1440.0) if isinstance(figure, Figure) and figure.fixed is not None else None


def _length(signature: Signature) -> Length:
    return signature.calendar, anchored(signature)


def binding(space: Space, real: RealTime, found: list[Effect]) -> list[Effect]:
    """Return each effect cut to where none other of the same act is due before it."""

    def rank(signature: Signature) -> tuple[float, bool]:
        calendars = {**real.first.calendars, **real.second.calendars}
        return anchored(signature), not calendars[signature.calendar].always_open

    cut = []
    for effect in found:
        mine = rank(effect.signature)
        before = space.any_of(e.where for e in found if rank(e.signature) < mine)
        cut.append(replace(effect, where=effect.where & ~before))
    return cut


def _terms_differ(space: Space, old: list[Effect], new: list[Effect], left: Node) -> Node:
    """Return where an act due at the same time is owed on other terms.

    The rulebook takes the shortest cadence, the greatest weight and the gravest of all rules at work (D5), and the
    rest from the one that sets the due.
    """
    differs = _signatures_differ(space, _first_due(space, old), _first_due(space, new), left, _nature)
    for term in (_cadence, _weight, _critical, _act_to_do):
        differs = differs | (_greatest_differ(space, old, new, term) & left)
    return differs


def _first_due(space: Space, found: list[Effect]) -> list[Effect]:
    cut = []
    for effect in found:
        mine = anchored(effect.signature)
        before = space.any_of(e.where for e in found if anchored(e.signature) < mine)
        cut.append(replace(effect, where=effect.where & ~before))
    return cut


def _nature(signature: Signature) -> object:
    ways = signature.ways if _closed(signature) is None else signature.ways[:-1]
    return signature.owner, ways, signature.grading[0], signature.grading[3]


def _cadence(signature: Signature) -> float:
    return -signature.repeat


def _weight(signature: Signature) -> float:
    return float(str(signature.grading[1]))


def _critical(signature: Signature) -> float:
    return float(bool(signature.grading[2]))


def _act_to_do(signature: Signature) -> float:
    return float(not signature.ways[1])


def _greatest_differ(space: Space, old: list[Effect], new: list[Effect], term: Callable[[Signature], float]) -> Node:
    """Return where the greatest value of a term among the rules at work is another one."""
    differs = space.bdd.false
    for value in {term(e.signature) for e in (*old, *new)}:
        a, b = (space.any_of(e.where for e in part if term(e.signature) >= value) for part in (old, new))
        differs = differs | (a & ~b) | (b & ~a)
    return differs


def _signatures_differ(
    space: Space, old: list[Effect], new: list[Effect], within: Node,
    told: Callable[[Signature], object] = lambda s: s,
) -> Node:  # fmt: skip
    before, after = _merged(old, told), _merged(new, told)
    false = space.bdd.false
    differs = false
    for key in {*before, *after}:
        a, b = before.get(key, false), after.get(key, false)
        differs = differs | (a & ~b) | (b & ~a)
    return differs & within


# -- what hangs on which rule began first ----------------------------------------------------------------------------


def _unbound(
    here: Space, there: Space, real: RealTime, rule: str, old: list[Effect], new: list[Effect], left: Node
) -> Part | None:
    """Return where a changed rule may matter although another is due as soon, if both began at once; and how.

    Rules begin to hold at different instants, so one with a longer time may be the first to fall due; and what was
    done before one of them began is done for the others only. It is proved not to matter only where another rule is
    certain to begin with it (or no later, if what was done earlier counts), allows no more time, and is the same in
    everything else.
    """
    own_old, own_new = _of(rule, old), _of(rule, new)
    node = _signatures_differ(here, own_old, own_new, left, _when)
    rules: dict[str, Rule] = {r.id: r for space in (here, there) for r in space.policy.rules}
    changed = changed_rules(old, new)
    for other in old:
        if other.rule in changed or not _as_early(here, other, rules[other.rule].when, rules[rule].when):
            continue
        beside = (mine for mine in (*own_old, *own_new) if mine.where & other.where != here.bdd.false)
        if all(_as_strict(other.signature, mine.signature) for mine in beside):
            node = node & ~other.where
    if node == here.bdd.false:
        return None
    lengths = [min((_length(e.signature) for e in part), key=lambda x: x[1], default=("", math.inf))
               for part in (own_old, own_new)]  # fmt: skip
    how = real.order(lengths[0], lengths[1])
    direction, word = {order: (direction, word) for order, direction, word in _ORDERS}.get(how, ("other", OTHERWISE))
    return Part(direction, word + FIRST, node)


def _as_early(space: Space, effect: Effect, a: Condition, b: Condition) -> bool:
    """Return whether an effect, of a rule that holds when ``a`` does, is surely open wherever one of ``b`` is.

    It then began no later and, unless what was done earlier counts for it, no earlier either.
    """
    if effect.signature.ways[0]:
        return begins_no_later(a, b) or begins_no_later(_spelt_out(space, a), b)
    return begin_together(a, b)


def _spelt_out(space: Space, condition: Condition) -> Condition:
    """Return a condition with the gravest priority as the rules define it; it is known since the first of them."""
    gravest = next(iter(space.policy.priorities))
    match condition:
        case Attribute() if condition.name == "priority" and gravest in condition.values:
            return AnyOf(tuple(rule.when for rule in space.policy.rules if rule.define == gravest))
        case All():
            return All(tuple(_spelt_out(space, part) for part in condition.inner))
        case Named():
            return _spelt_out(space, condition.inner)
    return condition


def _when(signature: Signature) -> object:
    """Return what of a signature decides when something falls due, and how its owner stands to it."""
    s = signature
    return s.owner, s.within, s.repeat, s.anchor, s.calendar, s.ways, s.grading


def _as_strict(a: Signature, b: Signature) -> bool:
    return (
        a.within <= b.within
        and a.anchor == b.anchor
        and math.isinf(a.repeat)
        and math.isinf(b.repeat)
        and (a.owner, a.calendar, a.ways) == (b.owner, b.calendar, b.ways)
        and (_weight(a), _critical(a)) >= (_weight(b), _critical(b))
        and _critical(a) >= _critical(b)
    )
