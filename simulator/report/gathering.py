"""The figures of many replications: the same whoever plays them, and however many processes share the work."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from simulator.experiment import Progress
from simulator.farm import processes
from simulator.model import DeskModel
from simulator.openhours import Floats
from simulator.report.counting import Key, count
from simulator.report.figures import Sample, sample
from simulator.report.windows import Window
from simulator.run import run_once

CHUNK: Final = 10
"""Replications that a process plays at a time."""
_Answer = tuple[tuple[Key, ...], Floats]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The figures of all replications: ``values`` has shape (replications, windows, figures)."""

    windows: tuple[Window, ...]
    places: Mapping[Key, int]
    values: Floats

    @property
    def replications(self) -> int:
        """How many months (or weeks, or quarters) were played."""
        return len(self.values)

    def only(self, window: int) -> Gathered:
        """Return the figures of one window alone."""
        which = range(len(self.windows))[window]
        return Gathered(self.windows[which : which + 1], self.places, self.values[:, which : which + 1])

    def of(self, *key: str, window: int = -1) -> Floats:
        """Return a figure of every replication in a window (the last one by default), shape (replications,).

        Raises:
            KeyError: nothing of that name is counted.
        """
        return np.asarray(self.values[:, window, self.places[key]])

    def sample(self, *key: str, window: int = -1) -> Sample:
        """Return what the replications say of one figure.

        Raises:
            KeyError: nothing of that name is counted.
        """
        return sample(self.of(*key, window=window))


def gather(
    model: DeskModel, windows: Sequence[Window], seed: int, replications: int, workers: int | None = 1,
    progress: Progress | None = None,
) -> Gathered:  # fmt: skip
    """Return the figures of ``replications`` plays of a desk in each window (``workers`` ``None``: one a core)."""
    chunks = [range(i, min(i + CHUNK, replications)) for i in range(0, replications, CHUNK)]
    hands = min(os.cpu_count() or 1 if workers is None else workers, len(chunks))
    answer = partial(_counted, model, tuple(windows), seed)
    keys: tuple[Key, ...] = ()
    blocks: list[Floats] = []
    with closing(_answers(answer, chunks, hands)) as answers:
        for found, block in answers:
            keys = found  # those of the model, every time
            blocks.append(block)
            if progress is not None:
                progress(sum(map(len, blocks)), replications)
    return Gathered(tuple(windows), {key: place for place, key in enumerate(keys)}, np.concatenate(blocks))


def _answers(answer: partial[_Answer], chunks: list[range], workers: int) -> Generator[_Answer]:
    if workers <= 1:
        yield from map(answer, chunks)
        return
    with processes(answer, workers) as hands:
        yield from hands.answers(chunks)


def _counted(model: DeskModel, windows: tuple[Window, ...], seed: int, replications: range) -> _Answer:
    keys: tuple[Key, ...] = ()
    rows = []
    for replication in replications:
        found = count(run_once(model, None, seed, replication), windows)
        keys = tuple(found[0])
        rows.append([list(one.values()) for one in found])
    return keys, np.array(rows, np.float64)
