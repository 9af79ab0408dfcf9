"""Putting the rows of a table in order, field by field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulator.tables import Table


def _whole(rows: Table) -> Table:
    """Return a view of rows without their fields: they are moved at once then, and not field by field."""
    return rows.view(np.dtype((np.void, rows.dtype.itemsize)))


def picked(rows: Table, which: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Table:
    """Return ``rows[which]``, many times as fast."""
    return _whole(rows)[which].view(rows.dtype)


def put_in_order(rows: Table, fields: Sequence[str]) -> None:
    """Sort rows in place by ``fields``, the first of which counts most; rows alike in all of them keep their order.

    Fields are looked at one by one, as plain columns. ``numpy.sort`` compares whole rows, which takes several times as
    long; and rows that are in order already, as many are, need not be moved at all.
    """
    columns = [np.ascontiguousarray(rows[name]) for name in fields]
    tied = np.ones(max(0, len(rows) - 1), bool)
    for column in columns:
        if (tied & (column[1:] < column[:-1])).any():
            whole = _whole(rows)
            whole[:] = whole[np.lexsort(columns[::-1])]
            return
        tied &= column[1:] == column[:-1]
        if not tied.any():
            return
