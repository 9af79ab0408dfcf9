"""Tables on disk, for runs whose tables are larger than the memory.

While the desk is played, rows go to files as they are written. Afterwards they are put in order a piece at a time, so
that all that grows in memory with the run is a few numbers a ticket. The tables are ``.npy`` files in the folder
(``tickets``, ``visits``, ``spells``, ``questions``, ``updates``, ``notes``), the same as those of a run in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from simulator.ordering import put_in_order
from simulator.tables import TICKETS, Table

PIECE: Final = 1 << 17
"""Rows that are looked at together."""


def ordered(rows: Table, tickets: int, order: Sequence[str], path: Path) -> Table:
    """Write rows to a ``.npy`` file in the order of their tickets, within a ticket by the fields of ``order``.

    ``tickets`` is how many there are. The table that comes back lies in the file.
    """
    counts = np.zeros(tickets, np.int64)
    for piece in pieces(rows):
        counts += np.bincount(piece["ticket"], minlength=tickets)
    ends = np.cumsum(counts)
    free = ends - counts
    found = _new(path, rows.dtype, len(rows))
    for piece in pieces(rows):
        by_ticket = piece[np.argsort(piece["ticket"], kind="stable")]
        which, first, many = np.unique(by_ticket["ticket"], return_index=True, return_counts=True)
        within = np.arange(len(by_ticket)) - np.repeat(first, many)
        found[np.repeat(free[which], many) + within] = by_ticket
        free[which] += many
    start = 0
    while start < len(found):
        last = int(np.searchsorted(ends, start + PIECE, side="right")) - 1  # whole tickets only
        stop = int(ends[last]) if last >= 0 and ends[last] > start else int(ends[np.searchsorted(ends, start, "right")])
        put_in_order(found[start:stop], order)
        start = stop
    return _kept(found, path)


def copied(rows: Table, path: Path, made: Callable[[Table], Table] | None = None,
           dtype: npt.DTypeLike | None = None) -> Table:  # fmt: skip
    """Write rows to a ``.npy`` file, a piece at a time, each turned into rows of ``dtype`` by ``made``."""
    found = _new(path, rows.dtype if dtype is None else np.dtype(dtype), len(rows))
    start = 0
    for piece in pieces(rows):
        found[start : start + len(piece)] = piece if made is None else made(piece)
        start += len(piece)
    return _kept(found, path)


ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "visits": ("ticket", "entered", "place"),
    "spells": (),
    "questions": (),
    "updates": ("ticket", "due"),
    "notes": ("ticket", "at", "what"),
}
"""The tables of a run, but that of tickets, and the fields by which they are sorted; without any, rows stand in the
order in which they were written."""


def settled(folder: Path, written: Mapping[str, Table], made: Callable[[Table], Table]) -> dict[str, Table]:
    """Return the tables of a run in order, on disk, from what was written; ``made`` makes rows of the ticket table.

    The files that were written while the desk was played are removed.
    """
    count = len(written["tickets"])
    in_order = ordered(written["tickets"], count, ["ticket"], folder / "tickets.tmp.npy")
    found = {"tickets": copied(in_order, folder / "tickets.npy", made, TICKETS)}
    (folder / "tickets.tmp.npy").unlink()
    for name, order in ORDERS.items():
        path = folder / f"{name}.npy"
        found[name] = ordered(written[name], count, order, path) if order else copied(written[name], path)
    for name in written:
        (folder / f"{name}.rows").unlink()
    return found


def pieces(rows: Table) -> Iterator[Table]:
    """Yield the rows of a table, so many at a time that they need little memory."""
    for start in range(0, len(rows), PIECE):
        yield np.array(rows[start : start + PIECE])


def _new(path: Path, dtype: np.dtype[Any], length: int) -> Table:
    """Return a table of that many rows in a new file; one without rows is kept in memory until it is saved."""
    if not length:
        return np.empty(0, dtype)
    return np.lib.format.open_memmap(path, "w+", dtype, (length,))


def _kept(table: Table, path: Path) -> Table:
    """Return a finished table as it lies in its file, to be read only."""
    if isinstance(table, np.memmap):
        table.flush()
    else:
        np.save(path, table)
    found: Table = np.load(path, mmap_mode="r") if len(table) else table
    return found
