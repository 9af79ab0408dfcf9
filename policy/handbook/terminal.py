"""The handbook as plain text for a terminal or a printer without graphics, at most 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from policy.handbook.drawing import matrix_lines, timeline_lines, wrapped
from policy.handbook.model import (
    Block,
    Bullets,
    Checklist,
    Handbook,
    Heading,
    Item,
    Letter,
    Matrix,
    Page,
    Paragraph,
    Span,
    Spans,
    Table,
    Timeline,
)

WIDTH = 78
_GAP = 2
_NARROWEST = 8


def as_text(book: Handbook) -> str:
    """Return a handbook as text of at most 80 columns, ending in a line end."""
    lines = [*_headed(f"{book.organisation}: {book.title}", "="), *_wrapped(f"{book.edition}.", WIDTH), ""]
    for block in book.opening:
        lines += [*_block(block), ""]
    lines += [*_headed("Contents", "-")]
    for part in book.parts:
        lines += [part.title, *(line for page in part.pages for line in _hanging(page.title, "  - ")), ""]
    for page in book.pages:
        lines += _page(page)
    return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


def _page(page: Page) -> Iterator[str]:
    yield from ("", *_headed(page.title, "="))
    for block in page.blocks:
        yield from _block(block)
        yield ""


def _headed(text: str, rule: str) -> Iterator[str]:
    lines = wrapped(text, WIDTH)
    yield from (*lines, rule * max(map(len, lines)), "")


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading(text):
            lines = wrapped(text, WIDTH)
            yield from (*lines, "-" * max(map(len, lines)))
        case Paragraph(spans):
            yield from _wrapped(_line(spans), WIDTH)
        case Bullets(items):
            yield from _items(items, "- ")
        case Checklist(title, applies, items):
            yield from (*wrapped(title, WIDTH), "-" * min(len(title), WIDTH))
            if applies:
                yield from (*_wrapped(_line(applies), WIDTH), "")
            yield from _items(items, "[ ] ")
        case Table():
            yield from _table(block)
        case Timeline():
            yield from (*wrapped(block.title, WIDTH), "", *timeline_lines(block))
        case Matrix():
            yield from (*wrapped(block.title, WIDTH), "", *matrix_lines(block))
        case Letter():
            yield from _letter(block)


def _items(items: Iterable[Item], mark: str) -> Iterator[str]:
    for item in items:
        yield from _hanging(_line(item.spans), mark)
        if item.remark:
            yield from _hanging(_line(item.remark), " " * len(mark))


def _hanging(text: str, mark: str) -> Iterator[str]:
    for i, line in enumerate(_wrapped(text, WIDTH - len(mark))):
        yield (mark if not i else " " * len(mark)) + line


def _wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines; a line end in it stays one."""
    return [line for part in text.split("\n") for line in wrapped(part, width)]


def _table(table: Table) -> Iterator[str]:
    rows = [[_line(cell) for cell in row.cells] for row in table.rows]
    widths = _widths([list(table.headers), *rows])
    yield from (*wrapped(table.caption, WIDTH), "")
    yield from _row(table.headers, widths)
    yield "  ".join("-" * width for width in widths)
    tall = any(len(_wrapped(cell, width)) > 1 for row in rows for cell, width in zip(row, widths, strict=True))
    for i, row in enumerate(rows):
        if i and tall:
            yield ""
        yield from _row(row, widths)


def _row(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    columns = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for i in range(max(map(len, columns))):
        parts = [lines[i] if i < len(lines) else "" for lines in columns]
        yield "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True))


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the widths of columns so that all fit: as each needs, else by how much it has to say.

    A column is not narrower than its longest word, as long as all can be so.
    """
    columns = list(zip(*rows, strict=True))
    widths = [max(1, *(len(line) for cell in column for line in cell.split("\n"))) for column in columns]
    free = WIDTH - _GAP * (len(columns) - 1)
    if sum(widths) <= free:
        return widths
    least = [max(_NARROWEST, *(len(word) for cell in column for word in cell.split())) for column in columns]
    while sum(least) > free:
        least[least.index(max(least))] -= 1
    weights = [sum(map(len, column)) ** 0.5 for column in columns]
    found = list(least)
    for _ in range(free - sum(least)):  # one column after the other, to whoever is the most cramped
        open_ = [i for i, width in enumerate(widths) if found[i] < width]
        if not open_:
            break
        found[max(open_, key=lambda i: weights[i] / found[i])] += 1
    return found


def _letter(letter: Letter) -> Iterator[str]:
    yield from (*wrapped(letter.label, WIDTH), "")
    for line in [f"Subject: {letter.subject}", "", *letter.text.rstrip().split("\n")]:
        yield from (f"  | {part}" for part in wrapped(line, WIDTH - 4))


def _line(spans: Spans) -> str:
    return "".join(map(_span, spans)).strip()


def _span(span: Span) -> str:
    return f"[{span.text}]" if span.style == "id" else span.text
