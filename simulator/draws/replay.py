"""What a replayed log says of tickets, laid over what chance says of them.

Chance draws all it draws without a log, so that a ticket keeps its luck whatever the log names. Only a category that
the log leaves open beside a priority is drawn among the tickets of that priority.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from simulator.desk.demand import Category
from simulator.draws.streams import pick
from simulator.model import DeskModel
from simulator.openhours import Floats
from simulator.replayed import Replayed

Codes = npt.NDArray[np.int8]
Kind = tuple[int, int, int, int]
"""Category, priority, plan, and the lowest tier that can solve it, -1 where that is left to the category's shares."""


def named_of(log: Replayed, rows: slice) -> Mapping[str, Codes]:
    """Return what the log says of the tickets in these rows, -1 where it does not or has no such row."""
    found = {}
    for what, codes in log.named.items():
        found[what] = np.full(rows.stop - rows.start, -1, np.int8)
        there = codes[rows]
        found[what][: len(there)] = there
    return found


def over(named: Mapping[str, Codes] | None, what: str, drawn: Codes) -> Codes:
    """Return what the log says, and what was drawn where it says nothing."""
    return drawn if named is None else np.where(named[what] >= 0, named[what], drawn)


def category_of(
    model: DeskModel, named: Mapping[str, Codes] | None, kinds: Sequence[Category], uniform: Floats
) -> Codes:
    """Return the category of each ticket: the log's, or one drawn with the numbers of ``uniform``, in [0, 1)."""
    category = pick(uniform, [one.share for one in kinds])
    if named is None:
        return category
    for place, priority in enumerate(model.priorities):
        mine = named["priority"] == place
        if mine.any():
            category[mine] = pick(uniform[mine], among(kinds, priority))
    return over(named, "category", category)


def among(kinds: Sequence[Category], priority: str) -> list[float]:
    """Return the weight of each category among the tickets of a priority; if none has it, the categories' shares."""
    weights = [one.share * one.priorities.get(priority, 0.0) / sum(one.priorities.values()) for one in kinds]
    return weights if sum(weights) > 0 else [one.share for one in kinds]


def mix(model: DeskModel, kinds: Sequence[Category]) -> Iterator[tuple[Kind, float]]:
    """Yield the log's tickets in the measured period, by kind.

    What the log leaves open is spread as chance would draw it, but for the tier that can solve a ticket.
    """
    assert model.replayed is not None
    inside = model.replayed.opened >= model.start
    named = model.replayed.named
    rows = np.column_stack([named[what][inside] for what in ("category", "priority", "plan", "solved_by")])
    plans = [model.desk.plans.get(name, 0.0) if model.desk.plans else 1.0 for name in model.plans]
    found: dict[Kind, float] = {}
    for (category, priority, plan, solved_by), count in _counted(rows):
        weights = among(kinds, model.priorities[priority]) if priority >= 0 else [one.share for one in kinds]
        for c, in_category in _spread(category, weights):
            by_priority = [kinds[c].priorities.get(name, 0.0) for name in model.priorities]
            for p, in_priority in _spread(priority, by_priority):
                for n, in_plan in _spread(plan, plans):
                    key = c, p, n, solved_by
                    found[key] = found.get(key, 0.0) + count * in_category * in_priority * in_plan
    for key in sorted(found):
        yield key, found[key]


def _counted(rows: Codes) -> Iterator[tuple[list[int], int]]:
    different, counts = np.unique(rows, axis=0, return_counts=True)
    yield from zip(different.tolist(), counts.tolist(), strict=True)


def _spread(code: int, weights: list[float]) -> list[tuple[int, float]]:
    """Return the code that is known, or all that can be drawn, each with its share."""
    if code >= 0:
        return [(code, 1.0)]
    return [(place, weight / sum(weights)) for place, weight in enumerate(weights) if weight > 0]
