"""Putting the rows of a table in order, field by field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.tables import Table


def put_in_order(rows: Table, fields: Sequence[str]) -> None:
    """Sort rows in place by ``fields``, the first of which counts most; rows alike in all of them keep their order.

    Fields are looked at one by one, as plain columns. ``numpy.sort`` compares whole rows, which takes several times as
    long; and rows that are in order already, as many are, need not be moved at all.
    """
    columns = [np.ascontiguousarray(rows[name]) for name in fields]
    tied = np.ones(max(0, len(rows) - 1), bool)
    for column in columns:
        if (tied & (column[1:] < column[:-1])).any():
            rows[:] = rows[np.lexsort(columns[::-1])]
            return
        tied &= column[1:] == column[:-1]
        if not tied.any():
            return
