"""The smallest set of regions that together cover others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from policy.lint.diagram import holds
from policy.lint.space import Node, Space

_MOST = 4
"""Sets of more names than this are not claimed to be the smallest."""


@dataclass(frozen=True, slots=True)
class Task:
    """A part of the space to be covered, and what covers some of it, by name."""

    target: Node
    regions: Mapping[str, Node]


def smallest_cover(space: Space, tasks: Sequence[Task]) -> tuple[str, ...] | None:
    """Return the fewest names whose regions cover every task; ``None`` if all names together do not.

    Found by implicit hitting sets: a cell that is not covered yet must be covered by one of the names in whose region
    it lies; the fewest names that hit all such cells are tried next, until nothing is left. Sets of more than four
    are found by leaving out what can be left out, and may not be the smallest.
    """
    names = list(dict.fromkeys(name for task in tasks for name in task.regions))
    if any(_left(space, task, names) != space.bdd.false for task in tasks):
        return None
    to_hit: list[frozenset[str]] = []
    while True:
        chosen = _hitting(to_hit)
        if chosen is None:
            return _irredundant(space, tasks, names)
        left = _uncovered(space, tasks, chosen)
        if left is None:
            return tuple(name for name in names if name in chosen)
        to_hit.append(left)


def _uncovered(space: Space, tasks: Iterable[Task], names: Iterable[str]) -> frozenset[str] | None:
    """Return the names that cover some cell that ``names`` do not, ``None`` if they cover everything."""
    for task in tasks:
        left = _left(space, task, names)
        if left != space.bdd.false:
            cell = dict.fromkeys(space.bdd.vars, False) | space.bdd.pick(left)
            return frozenset(n for n, region in task.regions.items() if holds(region, cell))
    return None


def _left(space: Space, task: Task, names: Iterable[str]) -> Node:
    chosen = set(names)
    return task.target & ~space.any_of(region for name, region in task.regions.items() if name in chosen)


def _hitting(to_hit: list[frozenset[str]]) -> tuple[str, ...] | None:
    names = sorted(frozenset[str]().union(*to_hit))
    for size in range(_MOST + 1):
        for chosen in combinations(names, size):
            if all(one.intersection(chosen) for one in to_hit):
                return chosen
    return None


def _irredundant(space: Space, tasks: Sequence[Task], names: list[str]) -> tuple[str, ...]:
    kept = list(names)
    for name in names:
        rest = [other for other in kept if other != name]
        if _uncovered(space, tasks, rest) is None:
            kept = rest
    return tuple(kept)
