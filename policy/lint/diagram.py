"""The binary decision diagram under the space: ``dd`` in pure Python, held to a time and a size.

Nearly all the time of a check goes into combining nodes. ``dd`` does that by one rule for every operation; here "and"
has a rule of its own, which stops where the answer is known ("x and x") and finds again what was combined in the other
order. Diagrams are canonical, so the answers are the same nodes.
"""

from __future__ import annotations

import math
import time
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
    met: dict[tuple[int, int], int]
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


def new_diagram() -> Any:
    """Return an empty diagram."""
    bdd = autoref.BDD()
    bdd.configure(reordering=False)
    manager: Any = bdd._bdd
    manager.__class__ = _Manager
    manager.met = {}
    return bdd


def branches(node: Node) -> tuple[Node, Node]:
    """Return the low and the high branch of a node, its negation carried down."""
    return (~node.low, ~node.high) if node.negated else (node.low, node.high)
