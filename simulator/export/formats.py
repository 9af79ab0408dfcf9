"""Which format a file has: its ending says it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from policy.errors import InputError
from simulator.export.parquet import need_parquet, write_parquet
from simulator.export.sheets import TABLES
from simulator.export.text import write_csv
from simulator.tables import Run

ENDINGS: Final = (".csv", ".parquet")
EVENTS: Final = "events"
XES: Final = ".xes"


def check_ending(table: str, path: Path) -> None:
    """Check that a table, or the ``events``, can be written to a file of this name.

    Raises:
        InputError: the ending names no format, or one for which a package is missing.
    """
    ending = path.suffix.lower()
    if table == EVENTS:
        if ending != XES:
            raise InputError(f'{path}: found the ending "{path.suffix}"; an event log is written as .xes')
    elif ending not in ENDINGS:
        raise InputError(f'{path}: found the ending "{path.suffix}"; a table is written as .csv or .parquet')
    if ending == ".parquet":
        need_parquet(path)


def write_table(run: Run, table: str, path: Path) -> int:
    """Write a table of :data:`~simulator.export.sheets.TABLES` to a file, all of it or nothing; return its rows.

    The ending says the format: ``.csv`` (UTF-8; instants in UTC to the second, minutes to three places, nothing where
    something is unknown) or ``.parquet``.

    Raises:
        InputError: the file cannot be written, its ending names no format, or pyarrow is not there for Parquet.
    """
    check_ending(table, path)
    sheet = TABLES[table](run)
    if path.suffix.lower() == ".parquet":
        write_parquet(sheet, path)
    else:
        write_csv(sheet, path)
    return len(sheet.rows)


def write_tickets(run: Run, path: Path) -> None:
    """Write the ticket table; see :func:`write_table`."""
    write_table(run, "tickets", path)


def write_visits(run: Run, path: Path) -> None:
    """Write the visit table; see :func:`write_table`."""
    write_table(run, "visits", path)
