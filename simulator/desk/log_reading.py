"""Reading the file of a log: CSV with a header, one row a ticket, at most 2 million of them.

Times are ISO 8601 with date and time of day. Rows may stand in any order; those of one instant keep the order of the
file. Columns that nobody asked for are not looked at.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from policy.errors import InputError
from policy.explain import nearest, shown

if TYPE_CHECKING:
    from simulator.desk.log import Log

MAX_BYTES: Final = 500_000_000
MAX_ROWS: Final = 2_000_000
NAMED: Final = ("priority", "category", "plan", "solved_by")
"""What a log may say of a ticket besides when it was opened."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WALL_EPOCH: Final = datetime(1970, 1, 1)
_SECOND: Final = 1_000_000
_DATE_ALONE: Final = 10


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``codes`` (shape (rows,)) are places in ``words``, -1 where the cell is empty.

    ``lines`` are the lines of the file in which each word stands first; ``key`` is what the header calls the column.
    """

    key: str
    codes: npt.NDArray[np.int32]
    words: tuple[str, ...]
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LogRows:
    """What stands in a log, in the order of opening. Two are equal if their files say the same, byte for byte.

    ``digest`` is the SHA-256 of the unpacked file (hexadecimal), ``opened`` are microseconds since 1970-01-01T00:00Z,
    shape (rows,); ``columns`` are by what they say of a ticket, as in :data:`NAMED`.
    """

    name: str = field(compare=False)
    digest: str
    opened: npt.NDArray[np.int64] = field(compare=False)
    columns: Mapping[str, Column] = field(compare=False)


def read_log(path: Path, log: Log) -> LogRows:
    """Return what stands in the file of a log.

    Raises:
        InputError: no such file, too large, not CSV, a column that is missing, or a wrong row, with its line.
    """
    name = str(path)
    if not path.is_file():
        raise InputError(f"{name}: there is no such file")
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            counted = _Counted(gzip.GzipFile(fileobj=file) if packed else file, name)
            text = io.TextIOWrapper(io.BufferedReader(counted, 1 << 16), encoding="utf-8-sig", newline="")
            return _Reading(name, log).read(text, counted)
    except (OSError, EOFError, zlib.error) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise InputError(f"{name}: cannot be read: {reason}") from None


class _Counted(io.RawIOBase):
    """Bytes on their way: counted, bounded and digested."""

    def __init__(self, source: BinaryIO | gzip.GzipFile, name: str) -> None:
        super().__init__()
        self._source, self._name, self._bytes = source, name, 0
        self.sha = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self._source.read(len(buffer))
        self._bytes += len(found)
        if self._bytes > MAX_BYTES:
            raise InputError(f"{self._name}: too large: at most {MAX_BYTES:,} bytes are read")
        self.sha.update(found)
        buffer[: len(found)] = found
        return len(found)


class _Reading:
    """One file being read."""

    def __init__(self, name: str, log: Log) -> None:
        self._name, self._log = name, log
        self._zone = None if log.time_zone is None else ZoneInfo(log.time_zone)

    def read(self, text: io.TextIOWrapper, counted: _Counted) -> LogRows:
        """Return everything, in the order of opening."""
        rows = self._rows(text)
        _, first = next(rows, (1, None))
        if first is None:
            raise InputError(f"{self._name}: is empty; expected a header and one row a ticket")
        header = [name.strip() for name in first]
        places = self._places(header)
        opened_at, id_at = places.pop("opened"), places.pop("ticket", None)
        opened = array("q")
        known: dict[str, int] = {}
        parts = [(place, array("i"), dict[str, int](), list[int]()) for place in places.values()]
        for line, row in rows:
            if len(row) != len(header):
                raise self._error(line, None, f"found {len(row)} cells; expected {len(header)}, as in the header")
            if len(opened) == MAX_ROWS:
                raise self._error(line, None, f"too long: at most {MAX_ROWS:,} rows are read")
            opened.append(self._instant(row[opened_at].strip(), line, header[opened_at]))
            if id_at is not None and (ticket := row[id_at].strip()) and known.setdefault(ticket, line) != line:
                message = f"found {shown(ticket)} twice (first in line {known[ticket]})"
                raise self._error(line, header[id_at], message)
            for place, codes, words, lines in parts:
                word = row[place].strip()
                code = words.setdefault(word, len(words)) if word else -1
                if code == len(lines):
                    lines.append(line)
                codes.append(code)
        instants = np.array(opened, np.int64)
        order = np.argsort(instants, kind="stable")
        columns = {
            what: Column(header[place], np.array(codes, np.int32)[order], tuple(words), tuple(lines))
            for what, (place, codes, words, lines) in zip(places, parts, strict=True)
        }
        return LogRows(self._name, counted.sha.hexdigest(), instants[order], columns)

    def _rows(self, text: io.TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
        """Yield each row that is not blank, with the line in which it begins."""
        reader, line = csv.reader(text, strict=True), 0
        try:
            for row in reader:
                line, begun = reader.line_num, line + 1
                if row:
                    yield begun, row
        except csv.Error as error:
            raise self._error(line + 1, None, f"is not CSV: {error}") from None
        except UnicodeDecodeError:
            raise self._error(line + 1, None, "is not UTF-8 text from about here on; save it as UTF-8") from None

    def _places(self, header: list[str]) -> dict[str, int]:
        """Return the place of each column that is there and is to be read."""
        names, columns = header, self._log.columns
        found: dict[str, int] = {}
        for what in ("opened", "ticket", *NAMED):
            name = getattr(columns, what)
            if name is None or (name not in names and what != "opened" and what not in columns.model_fields_set):
                continue
            where = f"demand.log.columns.{what}"
            if name not in names:
                hint = nearest(name, [one for one in names if one.isprintable()])
                if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
                    hint = "; columns must be separated by commas"
                raise self._error(1, None, f'the header has no column "{name}" ({where}){hint}')
            if names.count(name) > 1:
                raise self._error(1, None, f'the header has the column "{name}" twice ({where})')
            found[what] = names.index(name)
        return found

    def _instant(self, written: str, line: int, key: str) -> int:
        """Return a time as microseconds since 1970-01-01T00:00Z."""
        try:
            moment = datetime.fromisoformat(written)
            if len(written) <= _DATE_ALONE:
                raise ValueError
        except ValueError:
            message = f"found {shown(written)}; expected date and time such as 2025-01-31T09:30:00+01:00"
            raise self._error(line, key, message) from None
        past = moment - _EPOCH if moment.tzinfo else moment - _WALL_EPOCH - self._offset(moment, line, key)
        return (past.days * 86_400 + past.seconds) * _SECOND + past.microseconds

    def _offset(self, moment: datetime, line: int, key: str) -> timedelta:
        """Return the offset from UTC of a wall-clock reading; where it occurs twice, of the first time."""
        if self._zone is None:
            message = "names no time zone; write an offset (Z, +01:00) or say demand.log.time_zone"
            raise self._error(line, key, f"found {shown(moment.isoformat())}, which {message}")
        local = moment.replace(tzinfo=self._zone)
        offset, after = local.utcoffset() or timedelta(), local.replace(fold=1).utcoffset() or timedelta()
        if offset < after:
            message = f"there is no such time in {self._log.time_zone}: clocks are put forward then"
            raise self._error(line, key, f"found {shown(moment.isoformat())}; {message}")
        return offset

    def _error(self, line: int, key: str | None, message: str) -> InputError:
        return InputError.at(self._name, line, key, message)
