"""The binary decision diagram under the space: ``dd`` in pure Python, held to a time and a size.

Nearly all the time of a check goes into combining nodes. ``dd`` does that by one rule for every operation; here "and"
has a rule of its own, which stops where the answer is known ("x and x") and finds again what was combined in the other
order. Diagrams are canonical, so the answers are the same nodes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dd import autoref
from dd import bdd as plain_bdd

Node = Any
"""A node of the diagram (``dd`` has no types)."""
MAX_STEPS: Final = 4_000_000
"""Steps of the diagram between two ``allow``; each keeps some 200 bytes."""


class TooLargeError(Exception):
    """The space is too large to be looked through in the time or the memory that was allowed."""


class _Manager(plain_bdd.BDD):  # type: ignore[misc, unused-ignore]
    """A manager that keeps to a time and a size, and does not complain about nodes alive at its end.

    It never reorders its variables, so none of what follows looks whether it should. A node is a whole number, its
    negation the number below zero, and 1 and -1 are what holds everywhere and nowhere.
    """

    deadline: float = math.inf
    steps: int = 0

    def __init__(self) -> None:
        super().__init__()
        self.met: dict[tuple[int, int], int] = {}
        """What two nodes have in common, the smaller number first."""

    def allow(self, seconds: float) -> None:
        """Set the time from now on, and begin to count steps anew."""
        self.deadline, self.steps = time.monotonic() + seconds, 0

    def check_time(self) -> None:
        """Raise if the time or the number of steps is used up."""
        if self.steps > MAX_STEPS or time.monotonic() > self.deadline:
            raise TooLargeError

    def find_or_add(self, level: int, low: int, high: int) -> int:
        """Return the node of a variable with its branches, and look at the clock every now and then."""
        self.steps += 1
        if not self.steps & 1023:
            self.check_time()
        if low == high:
            return low
        sign = 1
        if high < 0:  # the high branch is never a negation
            sign, low, high = -1, -low, -high
        key = (level, low, high)
        node = self._pred.get(key)
        if node is None:
            node = self._min_free
            self._pred[key], self._succ[node], self._ref[node] = node, key, 0
            self._ref[low if low > 0 else -low] += 1
            self._ref[high] += 1
            self._min_free = node + 1  # no node is ever taken out
        return sign * node

    def apply(self, op: str, u: int, v: int | None = None, w: int | None = None) -> int:
        """Return what an operation makes of nodes; what the checks ask all the time goes straight to its rule."""
        if v is not None and u in self and v in self:
            if op == "and":
                return self._and(u, v)
            if op == "or":
                return -self._and(-u, -v)
        plain: Any = super()
        return int(plain.apply(op, u, v, w))

    def _ite(self, g: int, u: int, v: int) -> int:
        if u == 1:
            return -self._and(-g, -v)
        if u == -1:
            return self._and(-g, v)
        if v == 1:
            return -self._and(g, -u)
        if v == -1:
            return self._and(g, u)
        return -self._and(-self._and(g, u), -self._and(-g, v))

    def _and(self, u: int, v: int) -> int:
        if u == v or v == 1:
            return u
        if u == 1:
            return v
        if u == -v or u == -1 or v == -1:
            return -1
        key = (u, v) if u < v else (v, u)
        known = self.met.get(key)
        if known is not None:
            return known
        forks: Any = self._succ
        u_level, u_low, u_high = forks[u if u > 0 else -u]
        if u < 0:
            u_low, u_high = -u_low, -u_high
        v_level, v_low, v_high = forks[v if v > 0 else -v]
        if v < 0:
            v_low, v_high = -v_low, -v_high
        if u_level == v_level:
            found = self.find_or_add(u_level, self._and(u_low, v_low), self._and(u_high, v_high))
        elif u_level < v_level:
            found = self.find_or_add(u_level, self._and(u_low, v), self._and(u_high, v))
        else:
            found = self.find_or_add(v_level, self._and(u, v_low), self._and(u, v_high))
        self.met[key] = found
        return found

    def __del__(self) -> None:
        """Say nothing: Python takes the diagram and its nodes down in any order."""


class _Node(autoref.Function):  # type: ignore[misc, unused-ignore]
    """A node with its operations. It counts no references: no node is ever taken out of a diagram."""

    def __init__(self, node: int, bdd: Any) -> None:
        self.node, self.bdd, self.manager = node, bdd, bdd._bdd

    def __del__(self) -> None:
        """Leave the node where it is."""

    def __hash__(self) -> int:
        return self.node

    def __eq__(self, other: object) -> bool:
        return self.node == self._number(other)

    def __ne__(self, other: object) -> bool:
        return self.node != self._number(other)

    def __invert__(self) -> _Node:
        return _Node(-self.node, self.bdd)

    def __and__(self, other: Node) -> _Node:
        return _Node(self._diagram()._and(self.node, self._number(other)), self.bdd)

    def __or__(self, other: Node) -> _Node:
        return _Node(-self._diagram()._and(-self.node, -self._number(other)), self.bdd)

    def _diagram(self) -> Any:
        return self.manager

    def _number(self, other: Any) -> int:
        if other.bdd is not self.bdd:
            raise ValueError("nodes of two diagrams have nothing to say to each other")
        return int(other.node)


class _Diagram(autoref.BDD):  # type: ignore[misc, unused-ignore]
    """A diagram of such nodes."""

    def __init__(self) -> None:
        manager: Any = _Manager  # it compares as dd's own does
        self._bdd = manager()
        self._bdd.configure(reordering=False)
        self.vars = self._bdd.vars

    def _wrap(self, u: int) -> _Node:
        return _Node(u, self)


def new_diagram() -> Any:
    """Return an empty diagram."""
    return _Diagram()


def holds(node: Node, cell: Mapping[str, bool]) -> bool:
    """Return what a node says where every variable has the value that ``cell`` gives it."""
    forks, names, here = node.manager._succ, node.manager._level_to_var, node.node
    while here not in (1, -1):
        level, low, high = forks[abs(here)]
        branch = high if cell[names[level]] else low
        here = branch if here > 0 else -branch
    return bool(here == 1)


def cheapest(node: Node, costs: Sequence[float]) -> list[tuple[int, bool]]:
    """Return the cheapest way through a node to where it holds: levels, each with whether its high branch is taken.

    ``costs`` are those of the high branches, by level; of two ways that cost the same it takes the low branch. The
    node holds somewhere.
    """
    forks: Mapping[int, tuple[int, int, int]] = node.manager._succ
    known: dict[int, tuple[float, bool]] = {}

    def best(here: int) -> float:
        if here in (1, -1):
            return 0.0 if here == 1 else math.inf
        found = known.get(here)
        if found is None:
            level, low, high = forks[abs(here)]
            sign = 1 if here > 0 else -1
            without, with_it = best(sign * low), best(sign * high) + costs[level]
            found = known[here] = (without, False) if without <= with_it else (with_it, True)
        return found[0]

    best(node.node)
    way, here = [], node.node
    while here not in (1, -1):
        level, low, high = forks[abs(here)]
        takes = known[here][1]
        way.append((level, takes))
        here = (high if takes else low) if here > 0 else -(high if takes else low)
    return way
