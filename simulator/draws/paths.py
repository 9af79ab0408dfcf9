"""Where tickets go on a desk whose tiers chance alone routes: known before anything is played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.codes import Ending, Entry
from simulator.draws.tickets import Block
from simulator.openhours import Floats


@dataclass(frozen=True, slots=True)
class Paths:
    """The stays of some tickets, ticket by ticket, and those of a ticket in order; arrays of shape (stays,).

    Attributes:
        row: Which ticket of the block.
        tier: Where it is.
        minutes: The whole length of the work.
        ending: How the stay ends, an :class:`~simulator.codes.Ending`; not ``SOLVED`` where another follows.
        entry: How it began, an :class:`~simulator.codes.Entry`.
        first: Where each ticket's first stay stands, shape (tickets,).
    """

    row: npt.NDArray[np.intp]
    tier: npt.NDArray[np.int8]
    minutes: Floats
    ending: npt.NDArray[np.int8]
    entry: npt.NDArray[np.int8]
    first: npt.NDArray[np.intp]


def paths(block: Block, opened: Floats, end: float) -> Paths:
    """Return the stays of the first tickets of a block, one or more, which are opened at these instants.

    A ticket's path breaks off where its work alone, without any wait, would last until ``end``: nobody sees what
    follows, and a path that leads in a circle needs no other end.
    """
    steps: list[dict[str, npt.NDArray[Any]]] = []
    row, at = np.arange(len(opened)), opened
    tier, entry = np.zeros(len(row), np.int8), np.full(len(row), int(Entry.OPENED), np.int8)
    stays = np.zeros((len(row), block.model.tiers), np.int32)
    while len(row):
        stay = stays[row, tier]
        stays[row, tier] += 1
        key = tier.astype(np.intp) * (int(stay.max()) + 1) + stay
        if key.min() == key.max():  # all are in the same tier for the same time, as at the start
            minutes, ending = block.routed(int(tier[0]), int(stay[0]), row)
        else:
            minutes, ending = np.empty(len(row)), np.empty(len(row), np.int8)
            for one in np.unique(key).tolist():
                mine = np.flatnonzero(key == one)
                minutes[mine], ending[mine] = block.routed(int(tier[mine[0]]), int(stay[mine[0]]), row[mine])
        steps.append({"row": row, "tier": tier, "minutes": minutes, "ending": ending, "entry": entry})
        at = at + minutes
        on = np.flatnonzero((ending != int(Ending.SOLVED)) & (at < end))
        row, at, tier, ending = row[on], at[on], tier[on], ending[on]
        up = ending == int(Ending.EXPERTISE)
        tier = np.where(up, tier + 1, np.maximum(tier - 1, 0)).astype(np.int8)
        entry = np.where(up, int(Entry.EXPERTISE), int(Entry.SENT_BACK)).astype(np.int8)
    return _in_order(steps, len(opened))


def _in_order(steps: list[dict[str, npt.NDArray[Any]]], tickets: int) -> Paths:
    """Return all steps (each: the stays of those tickets that get so far, by row), ticket by ticket."""
    many = np.zeros(tickets, np.intp)
    for step in steps:
        many[step["row"]] += 1
    first = np.cumsum(many) - many
    whole = {name: np.empty(int(many.sum()), values.dtype) for name, values in steps[0].items()}
    for number, step in enumerate(steps):
        place = first[step["row"]] + number
        for name, values in step.items():
            whole[name][place] = values
    return Paths(first=first, **whole)
