"""What cannot be, in every policy: what is true of tickets and clocks by what the words mean.

One value of an attribute at a time; no figure without the smaller ones; no earlier signal that is not known. Of clocks:

- ``age`` runs from the instant at which the priority is known, so there is none without a priority, and with one it
  has reached 0 at once.
- ``no_progress`` counts the part of ``unresolved`` since the last progress, on the same calendar, so it never shows
  more. That is so as long as whatever pauses ``unresolved`` pauses ``no_progress`` as well; where a rule pauses
  ``unresolved`` alone, nothing is taken for granted.

``age`` and ``resolution`` are compared with nothing: the priority may become known, and the target begin anew, at any
time of a visit. What a policy itself declares ``impossible`` comes on top.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from policy.conditions import All, AnyOf, ClockReaches, Condition, Named

if TYPE_CHECKING:
    from policy.lint.space import Node, Space
    from policy.loading import Policy

AGE: Final = "age"
WHOLE: Final = "unresolved"
PART: Final = "no_progress"


def part_within_whole(policies: Sequence[Policy]) -> bool:
    """Return whether ``no_progress`` never shows more than ``unresolved``: no rule pauses the latter alone."""
    return all(PART in rule.pauses for policy in policies for rule in policy.rules if WHOLE in rule.pauses)


def with_whole(condition: Condition) -> Condition:
    """Return a condition that says of each mark of ``no_progress`` that ``unresolved`` has reached it too.

    Where ``part_within_whole``, it holds in the same situations and since the same instants; saying both lets
    their beginnings be compared.
    """
    match condition:
        case ClockReaches() if condition.name == PART:
            return All((condition, ClockReaches(WHOLE, condition.figure, condition.early)))
        case All():
            return All(tuple(with_whole(part) for part in condition.inner))
        case AnyOf():
            return AnyOf(tuple(with_whole(part) for part in condition.inner))
        case Named():
            return with_whole(condition.inner)
    return condition


def by_meaning(space: Space) -> Iterator[Node]:
    """Yield what holds in every situation there can be, whatever the policy says."""
    for name, values in space.domains.items():
        yield _exactly_one(space, [space.is_value(name, value) for value in values])
    for name in space.earlier:
        yield _implies(space, f"earlier {name}", f"signal {name}")
    for name, ats in space.counts.items():
        yield from _in_order(space, [f"count {name}>={at}" for at in ats])
    for name in space.breaks:
        yield from _in_order(space, space.marks(name))
    for deed in space.deeds:
        for other in space.deeds:
            if other is not deed and deed.implies(other):
                yield _implies(space, space.deed_name(deed), space.deed_name(other))
    yield from _of_age(space)
    if space.part_within_whole:
        yield from _of_time_in_hand(space)


def _of_age(space: Space) -> Iterator[Node]:
    known = space.any_of(space.priority.values())
    for at, mark in zip(space.breaks.get(AGE, ()), space.marks(AGE), strict=True):
        yield ~space.bdd.var(mark) | known
        if at <= 0:
            yield ~known | space.bdd.var(mark)


def _of_time_in_hand(space: Space) -> Iterator[Node]:
    whole = list(zip(space.breaks.get(WHOLE, ()), space.marks(WHOLE), strict=True))
    for at, mark in zip(space.breaks.get(PART, ()), space.marks(PART), strict=True):
        reached = [less for minutes, less in whole if minutes <= at]
        if reached:
            yield _implies(space, mark, reached[-1])


def _in_order(space: Space, marks: Sequence[str]) -> Iterator[Node]:
    for less, more in pairwise(marks):
        yield _implies(space, more, less)


def _implies(space: Space, a: str, b: str) -> Node:
    return ~space.bdd.var(a) | space.bdd.var(b)


def _exactly_one(space: Space, nodes: list[Node]) -> Node:
    none, one = space.bdd.true, space.bdd.false
    for node in reversed(nodes):
        none, one = none & ~node, (one & ~node) | (none & node)
    return one
