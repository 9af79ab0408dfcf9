"""What the engine writes down: rows of plain numbers, packed as they are written."""

from __future__ import annotations

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
        self._kept = bytearray()
        self._made: npt.NDArray[np.void] | None = None

    def gather(self) -> None:
        """Put the rows written last behind those before them, in memory or in the file.

        Memory that is one piece grows where it is: rows are never held twice, as they would be if many arrays had to
        become one in the end.
        """
        if not self._recent:
            return
        packed = b"".join(self._recent)
        self._recent.clear()
        self._append(packed)

    def extend(self, rows: npt.NDArray[np.void]) -> None:
        """Write many rows at once."""
        self.gather()
        self._append(rows.view(np.uint8).data)

    def _append(self, packed: bytes | memoryview) -> None:
        if self._file is None:
            self._kept += packed
        else:
            with self._file.open("ab") as file:
                file.write(packed)

    def taken(self) -> npt.NDArray[np.void]:
        """Return the rows written last, and forget them."""
        packed = b"".join(self._recent)
        self._recent.clear()
        return np.frombuffer(packed, self.dtype)

    def table(self) -> npt.NDArray[np.void]:
        """Return all rows as one array, once all are written: a table is sorted by whoever asked for it."""
        if self._made is None:
            self.gather()
            self._made = self._whole()
        return self._made

    def _whole(self) -> npt.NDArray[np.void]:
        if self._file is not None and self._file.stat().st_size:
            return np.memmap(self._file, self.dtype, "r+")
        return np.frombuffer(self._kept, self.dtype) if self._kept else np.empty(0, self.dtype)
