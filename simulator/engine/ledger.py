"""What the engine writes down: rows of plain numbers, packed as they are written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from struct import Struct
from typing import Final

import numpy as np
import numpy.typing as npt

_LETTERS: Final = {"i1": "b", "i4": "i", "f8": "d"}


class Rows:
    """Rows of one kind, in the order in which they were written: ``add(pack(*fields))`` writes one.

    A packed row costs less than half of what a tuple does, and the garbage collector need not look at it. With a
    ``file``, rows are appended to it whenever they are gathered, as they lie in memory, and none are kept.
    """

    def __init__(self, dtype: npt.DTypeLike, file: Path | None = None) -> None:
        """Begin an empty table of rows of ``dtype``."""
        self.dtype = np.dtype(dtype)
        self._file = file
        if file is not None:
            file.write_bytes(b"")
        letters = [_LETTERS[self.dtype[name].str[1:]] for name in self.dtype.names or ()]
        self.pack = Struct("<" + "".join(letters)).pack
        self._recent: list[bytes] = []
        self.add = self._recent.append
        self._blocks: list[npt.NDArray[np.void]] = []
        self._make: Callable[[], npt.NDArray[np.void]] | None = None

    def gather(self) -> None:
        """Put the rows written last into one array, which takes less memory, or into the file."""
        if not self._recent:
            return
        packed = b"".join(self._recent)
        self._recent.clear()
        if self._file is None:
            self._blocks.append(np.frombuffer(packed, self.dtype))
        else:
            with self._file.open("ab") as file:
                file.write(packed)

    def later(self, make: Callable[[], npt.NDArray[np.void]]) -> None:
        """Let a whole table be made when it is asked for, instead of writing its rows."""
        self._make = make

    def table(self) -> npt.NDArray[np.void]:
        """Return all rows as one array."""
        if self._make is not None:
            self._blocks, self._make = [self._make()], None
        self.gather()
        if self._file is not None and self._file.stat().st_size:
            self._blocks = [np.memmap(self._file, self.dtype, "r+")]
        if len(self._blocks) != 1 or not self._blocks[0].flags.writeable:  # a table is sorted by whoever asked for it
            self._blocks = [np.concatenate([np.empty(0, self.dtype), *self._blocks])]
        return self._blocks[0]
