"""The binary decision diagram under the space: ``dd`` in pure Python, held to a time and a size."""

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
    """A manager that keeps to a time and a size, and does not complain about nodes alive at its end."""

    deadline: float = math.inf
    steps: int = 0

    def allow(self, seconds: float) -> None:
        """Set the time from now on, and begin to count steps anew."""
        self.deadline, self.steps = time.monotonic() + seconds, 0

    def check_time(self) -> None:
        """Raise if the time or the number of steps is used up."""
        if self.steps > MAX_STEPS or time.monotonic() > self.deadline:
            raise TooLargeError

    def find_or_add(self, *node: int) -> int:
        """Return a node, and look at the clock every now and then."""
        self.steps += 1
        if not self.steps & 1023:
            self.check_time()
        return int(super().find_or_add(*node))

    def __del__(self) -> None:
        """Say nothing: Python takes the diagram and its nodes down in any order."""


def new_diagram() -> Any:
    """Return an empty diagram."""
    bdd = autoref.BDD()
    bdd.configure(reordering=False)
    manager: Any = bdd._bdd
    manager.__class__ = _Manager
    return bdd


def branches(node: Node) -> tuple[Node, Node]:
    """Return the low and the high branch of a node, its negation carried down."""
    return (~node.low, ~node.high) if node.negated else (node.low, node.high)
