"""What the engine writes down: rows of plain numbers, turned into arrays a block at a time."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

BLOCK: Final = 8192


class Rows:
    """Rows of one kind, in the order in which they were written."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        """Begin an empty table of rows of ``dtype``."""
        self.dtype = np.dtype(dtype)
        self.recent: list[tuple[Any, ...]] = []
        self._blocks: list[npt.NDArray[np.void]] = []

    def add(self, row: tuple[Any, ...]) -> None:
        """Write a row."""
        recent = self.recent
        recent.append(row)
        if len(recent) >= BLOCK:
            self._blocks.append(np.array(recent, self.dtype))
            recent.clear()

    def table(self) -> npt.NDArray[np.void]:
        """Return all rows as one array."""
        if self.recent or not self._blocks:
            self._blocks.append(np.array(self.recent, self.dtype))
            self.recent.clear()
        if len(self._blocks) > 1:
            self._blocks = [np.concatenate(self._blocks)]
        return self._blocks[0]
