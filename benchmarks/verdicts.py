"""What a verdict costs, from the rulebook and from its tables, as a ratio. Run: ``python benchmarks/verdicts.py``.

The same few hundred situations are asked in turn, several rounds of both, and the fastest round of each counts. The
situations are the smallest in which each rule of the policy holds, and the same tickets hours and days later.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policy import Rulebook, Situation, load_policy
from policy.fast import FastBook
from policy.lint.cells import situation_of
from policy.lint.space import Space

LATER = (0.0, 90.0, 2000.0)
"""Minutes after which each ticket is asked about again."""


def situations(book: Rulebook) -> list[Situation]:
    """Return situations in which, taken together, every rule of a policy holds that can."""
    space = Space(book.policy)
    cells = [space.smallest(space.rule(rule)) for rule in book.policy.rules]
    plain = [situation_of(space, cell) for cell in cells if cell is not None]
    return [replace(one, now=one.now + minutes) for one in plain for minutes in LATER]


def microseconds(ask: Callable[[Situation], object], many: Sequence[Situation], rounds: int) -> float:
    """Return the least that one question costs on average, over several rounds (microseconds)."""
    spent = []
    for _ in range(rounds):
        begin = time.perf_counter()
        for situation in many:
            ask(situation)
        spent.append(time.perf_counter() - begin)
    return min(spent) / len(many) * 1e6


def main() -> int:
    """Print the costs and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--policy", default="secureai")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    book = Rulebook(load_policy(given.policy))
    many = situations(book)
    begin = time.perf_counter()
    fast = FastBook(book)
    for situation in many:
        if fast.verdict(situation) != book.verdict(situation):
            raise AssertionError(f"the verdicts differ: {situation}")
    first = time.perf_counter() - begin
    plain = microseconds(book.verdict, many, given.rounds)
    print(f"{len(many)} situations of {given.policy}; both agree on each ({first:.1f} s, with the tables made)")
    print(f"{'rulebook':<24}{plain:8.1f} µs a verdict")
    for name, ask in (("tables, whole verdict", fast.verdict), ("tables, as rows", fast.ask)):
        cost = microseconds(ask, many, given.rounds)
        print(f"{name:<24}{cost:8.1f} µs a verdict   {plain / cost:.1f} times as fast")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
