"""Reading a ticket table: the CSV that ``simulate --tickets`` writes, or one of the same columns from elsewhere.

What stands on the row of an open ticket is checked against the policies that are compared, so that a slip is never
taken for a ticket that no rule touches.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from policy.calendars import to_instant
from policy.errors import InputError
from policy.explain import closest, nearest, shown
from policy.loading import Policy
from policy.yaml_source import read_text

MAX_BYTES: Final = 50_000_000
_NEEDED: Final = ("ticket_id", "priority", "segment", "holder", "opened_at", "first_response_at", "resolved_at")
_MOMENTS: Final = ("opened_at", "first_response_at", "resolved_at")
_YEARS: Final = (1970, 2200)
_LONGEST_ID: Final = 200


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """An open ticket of a table; instants are minutes since 1970. ``tier`` is the role that holds it."""

    id: str
    priority: str
    plan: str
    tier: str
    opened: float
    responded: float | None


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the table: its cells by column, and where it begins."""

    cells: Mapping[str, str]
    where: str

    def error(self, column: str, message: str) -> InputError:
        return InputError(f"{self.where}: {column}: {message}")

    def moment(self, column: str) -> float | None:
        """Return a moment as minutes since 1970; ``None`` for an empty cell."""
        text = self.cells[column]
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self.error(column, f"found {shown(text)}; expected a moment such as 2025-01-31T16:50:00Z") from None
        if moment.tzinfo is None:
            expected = "expected one such as 2025-01-31T16:50:00Z"
            raise self.error(column, f"found {shown(text)} without an offset; {expected}")
        if not _YEARS[0] <= moment.year < _YEARS[1] or (instant := to_instant(moment)) < 0:
            raise self.error(column, f"found {shown(text)}; expected a moment from {_YEARS[0]} to {_YEARS[1] - 1}")
        return instant


def read_tickets(path: Path, policies: Sequence[Policy]) -> tuple[tuple[OpenTicket, ...], float]:
    """Return the open tickets of a table and the last instant that it tells of (minutes since 1970).

    ``policies`` are those whose words the rows may use: a priority, a plan (``segment``) and a role (``holder``) that
    one of them knows.

    Raises:
        InputError: the file cannot be read, is no CSV, lacks a column or has one twice; a row has another number of
            cells, a word that no policy knows, a moment that is none, or the id of another. Told with its line.
    """
    legal = {
        "priority": {name for policy in policies for name in policy.priorities},
        "segment": {name for policy in policies for name in policy.plans},
        "holder": {name for policy in policies for name in policy.doc.vocabulary.roles},
    }
    found: list[OpenTicket] = []
    ids: dict[str, str] = {}
    last = 0.0
    for row in _rows(path):
        id_ = _id(row, ids)
        opened, responded, resolved = map(row.moment, _MOMENTS)
        if opened is None:
            raise row.error("opened_at", "is empty")
        for column, instant in zip(_MOMENTS[1:], (responded, resolved), strict=True):
            if instant is not None and instant < opened:
                raise row.error(column, f"is before opened_at ({row.cells['opened_at']})")
            last = max(last, opened, instant or 0.0)
        if resolved is None:
            for column, names in legal.items():
                _check_word(row, column, names)
            priority, plan, holder = (row.cells[column] for column in legal)
            found.append(OpenTicket(id_, priority, plan, holder, opened, responded))
    return tuple(found), last


def _rows(path: Path) -> Iterator[_Row]:
    """Yield the rows below the header; empty lines are none."""
    lines = csv.reader(io.StringIO(read_text(path, max_bytes=MAX_BYTES), newline=""), strict=True)
    columns: list[str] = []
    while True:
        where = f"{path}:{lines.line_num + 1}"
        try:
            cells = next(lines, None)
        except csv.Error as error:
            raise InputError(f"{where}: is not valid CSV: {_plainly(error)}") from None
        if not columns:
            columns = _header(cells or [], where)
        elif cells is None:
            return
        elif cells and len(cells) != len(columns):
            count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            raise InputError(f"{where}: has {count}; expected {len(columns)}, as many as the header")
        elif cells:
            yield _Row(dict(zip(columns, cells, strict=True)), where)


def _plainly(error: csv.Error) -> str:
    """Return what is wrong with a line, in words for people."""
    said = str(error)
    if "field limit" in said:
        return f"a cell is longer than {csv.field_size_limit():,} characters"
    if "unexpected end of data" in said:
        return "a quotation mark is opened here and never closed"
    return said


def _header(columns: list[str], where: str) -> list[str]:
    for name in _NEEDED:
        if name not in columns:
            near = closest(name, columns)
            hint = f'; did you mean "{near}"?' if near else f"; a ticket table needs the columns {', '.join(_NEEDED)}"
            raise InputError(f'{where}: there is no column "{name}"{hint}')
    for name in columns:
        if columns.count(name) > 1:
            raise InputError(f"{where}: the column {shown(name)} stands twice")
    return columns


def _id(row: _Row, ids: dict[str, str]) -> str:
    """Return the ticket's id, and remember where it stands."""
    id_ = row.cells["ticket_id"]
    if not id_ or len(id_) > _LONGEST_ID:
        raise row.error("ticket_id", f"found {shown(id_)}; expected 1 to {_LONGEST_ID} characters")
    if id_ in ids:
        raise row.error("ticket_id", f"{shown(id_)} stands twice (first at {ids[id_]})")
    ids[id_] = row.where
    return id_


def _check_word(row: _Row, column: str, legal: set[str]) -> None:
    found = row.cells[column]
    if not found:
        raise row.error(column, f"is empty; expected one of: {', '.join(sorted(legal))}")
    if found not in legal:
        raise row.error(column, f"found {shown(found)}{nearest(found, legal)}")
