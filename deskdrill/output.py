"""What commands print: results on stdout, narration on stderr, in the format that was asked for."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FORMATS: Final = ("table", "json", "csv", "md")


def _as_text(value: Any) -> str:
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, how a value is shown to people, and whether it is set flush right (numbers)."""

    name: str
    show: Callable[[Any], str] = _as_text
    right: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows of values; a row has a value for each column."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]

    def shown(self) -> list[list[str]]:
        """Return the rows as people read them."""
        return [
            [plain(column.show(value), one_line=True) for column, value in zip(self.columns, row, strict=True)]
            for row in self.rows
        ]


def plain(text: str, *, one_line: bool = False) -> str:
    """Return ``text`` with everything that a terminal might obey shown as ``?``; line ends stay unless ``one_line``."""
    kept = "" if one_line else "\n"
    return "".join(c if c.isprintable() or c in kept else " " if c.isspace() else "?" for c in text)


def shortened(text: str, limit: int = 100) -> str:
    """Return ``text`` fit to be quoted in a message: one visible line of at most ``limit`` characters."""
    one = plain(text, one_line=True)
    return one if len(one) <= limit else one[: limit - 1] + "…"


def write(text: str) -> None:
    """Write a result to stdout."""
    sys.stdout.write(text)


def narrate(text: str) -> None:
    """Say something beside the result, on stderr."""
    print(plain(text), file=sys.stderr)


def as_json(value: Any) -> str:
    """Return plain data as JSON text, ending in a line end."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(table: Table) -> str:
    """Return a table as CSV with a header line; numbers in full, nothing for what is missing."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(column.name for column in table.columns)
    rows.writerows(table.rows)
    return text.getvalue()


def as_markdown(table: Table) -> str:
    """Return a table in Markdown."""

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |"

    rows = [[cell.replace("\\", "\\\\").replace("|", "\\|") for cell in row] for row in table.shown()]
    rule = [("---:" if column.right else "---") for column in table.columns]
    return "\n".join([line([c.name for c in table.columns]), line(rule), *map(line, rows)]) + "\n"


def as_table(table: Table) -> str:
    """Return a table for the eye: aligned columns, a rule under the names."""
    rows = table.shown()
    names = [column.name for column in table.columns]
    widths = [max(map(len, cells)) for cells in zip(names, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if column.right else cell.ljust(width)
            for cell, width, column in zip(cells, widths, table.columns, strict=True)
        ]
        return "  ".join(padded).rstrip()

    return "\n".join([line(names), line(["-" * width for width in widths]), *map(line, rows)]) + "\n"


def rendered(table: Table, form: str) -> str:
    """Return a table as ``table``, ``csv`` or ``md``."""
    return {"csv": as_csv, "md": as_markdown}.get(form, as_table)(table)


def make_folder(path: Path) -> None:
    """Make a folder, and those around it, unless it is there; what is written into it comes later.

    Raises:
        InputError: it cannot be made, or nothing can be written into it.
    """
    from policy.errors import InputError

    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{path}: cannot be made or written into: {reason}") from None


def write_file(path: Path, text: str) -> None:
    """Write a text file, all of it or nothing: beside its place first, then renamed.

    Raises:
        InputError: it cannot be written.
    """
    from policy.errors import InputError

    temporary: Path | None = None
    try:
        if path.exists() and not path.is_file():  # a pipe or a device is written to, not replaced
            with path.open("w", encoding="utf-8") as file:
                file.write(text)
            return
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    except (OSError, ValueError) as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{path}: cannot be written: {reason}") from None


def write_new_file(path: Path, text: str) -> None:
    """Write a text file that is not there yet, all of it or nothing.

    Raises:
        InputError: it is there already, or cannot be written.
    """
    from policy.errors import InputError

    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        try:
            os.link(temporary, path)  # unlike a rename, it never replaces
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            with path.open("x", encoding="utf-8") as new:
                new.write(text)
    except FileExistsError:
        raise InputError(f"{path}: is there already; it is not written over") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{path}: cannot be written: {reason}") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


class Progress:
    """A line on stderr that counts, and is gone when the work is done. Silent where stderr is no terminal."""

    def __init__(self, what: str) -> None:
        """Take what is counted (``"months simulated"``)."""
        self._what = what
        self._shows = sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        """Show how far it is."""
        if self._shows:
            sys.stderr.write(f"\r{done} of {total} {self._what}; Ctrl+C stops ")
            sys.stderr.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shows:
            sys.stderr.write("\r" + " " * 78 + "\r")
            sys.stderr.flush()
