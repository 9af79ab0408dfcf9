"""A report as plain text for a terminal or a mail, at most 80 columns wide. A chart is left out: its table is there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from policy.handbook.drawing import wrapped
from simulator.report.model import NO_BREAK, Block, Points, Report, Section, Table, Text

WIDTH: Final = 78
_GAP: Final = 2
_NARROWEST: Final = 6
_UNIT: Final = re.compile(r"(?<=[0-9]) (?=(?:%|h|min)(?![a-z]))")
"""The space between a figure and its unit, which no line ends with."""
_GLUE: Final = "\ue000"
"""Stands for a space that is kept, while lines are broken; nothing that is printed can have this letter."""


def as_text(report: Report) -> str:
    """Return a report as text of at most 80 columns, ending in a line end."""
    lines = [*_headed(f"{report.organisation}: {report.title}", "=")]
    for line in report.about:
        lines += wrapped(_plain(line), WIDTH)
    for section in report.sections:
        lines += _section(section)
    return "\n".join(line.rstrip() for line in lines).replace(_GLUE, " ").rstrip() + "\n"


def _section(section: Section) -> Iterator[str]:
    yield from ("", *_headed(section.title, "-"))
    first = True
    for block in section.blocks:
        lines = list(_block(block))
        if lines and not first:
            yield ""
        yield from lines
        first = first and not lines


def _headed(text: str, rule: str) -> Iterator[str]:
    lines = wrapped(_plain(text), WIDTH)
    yield from (*lines, rule * max(map(len, lines)))


def _block(block: Block) -> Iterator[str]:
    match block:
        case Text(text):
            yield from wrapped(_prose(text), WIDTH)
        case Points(items, numbered):
            for number, item in enumerate(items, 1):
                mark = f"{number}. " if numbered else "- "
                text = f"{item.lead}: {item.text}" if item.lead else item.text
                for place, line in enumerate(wrapped(_prose(text), WIDTH - len(mark))):
                    yield (mark if not place else " " * len(mark)) + line
        case Table():
            yield from _table(block)


def _table(table: Table) -> Iterator[str]:
    gap = 1 if table.tight else _GAP
    heads = [_plain(head) for head in table.heads]
    rows = [[_plain(cell) for cell in row] for row in table.rows]
    widths = _widths([heads, *rows], gap)
    yield from (*wrapped(f"{_plain(table.caption)}:", WIDTH), "")
    yield from _row(heads, widths, table.left, gap)
    yield (" " * gap).join("-" * width for width in widths)
    for row in rows:
        yield from _row(row, widths, table.left, gap)


def _row(cells: Sequence[str], widths: Sequence[int], left: int, gap: int) -> Iterator[str]:
    columns = [_broken(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for i in range(max(map(len, columns))):
        parts = [lines[i] if i < len(lines) else "" for lines in columns]
        yield (" " * gap).join(
            part.ljust(width) if place < left else part.rjust(width)
            for place, (part, width) in enumerate(zip(parts, widths, strict=True))
        )


def _broken(cell: str, width: int) -> list[str]:
    """Return a cell in lines; what stands in brackets at its end is kept together if it can be."""
    at = cell.rfind(" (")
    if len(cell) <= width or at < 0 or max(at, len(cell) - at - 1) > width:
        return wrapped(cell, width)
    return [cell[:at], cell[at + 1 :]]


def _widths(rows: Sequence[Sequence[str]], gap: int) -> list[int]:
    """Return the widths of columns so that all fit: as each needs, else the widest are narrowed first."""
    columns = list(zip(*rows, strict=True))
    widths = [max(1, *map(len, column)) for column in columns]
    least = [max(1, min(_NARROWEST, width), *(len(word) for cell in column for word in cell.split()))
             for column, width in zip(columns, widths, strict=True)]  # fmt: skip
    free = WIDTH - gap * (len(columns) - 1)
    while sum(widths) > free:
        room = [width - need for width, need in zip(widths, least, strict=True)]
        if max(room) > 0:
            place = max((i for i, one in enumerate(room) if one > 0), key=lambda i: widths[i])
        else:  # words have to be broken
            place = widths.index(max(widths))
        widths[place] -= 1
    return widths


def _prose(text: str) -> str:
    return _UNIT.sub(_GLUE, _plain(text))


def _plain(text: str) -> str:
    """Return a text without anything that a terminal might obey, on one line."""
    parts = text.split(NO_BREAK)
    return _GLUE.join(_line(part) for part in parts)


def _line(text: str) -> str:
    line = "".join(one if one.isprintable() or one.isspace() else "?" for one in text)
    return " ".join(line.split())
