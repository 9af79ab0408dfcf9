"""The handbook in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from policy.handbook.drawing import matrix_lines, timeline_lines
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

_SPECIAL = re.compile(r"([\\`*_\[\]|~])")
_NAME = re.compile(r"[\w.]+")
_FENCE = re.compile(r"`{3,}")


def as_markdown(book: Handbook) -> str:
    """Return a handbook in Markdown, ending in a line end."""
    lines = [f"# {_escaped(book.organisation)}: {_escaped(book.title)}", "", f"{_escaped(book.edition)}.", ""]
    for block in book.opening:
        lines += [*_block(block, 2), ""]
    lines += ["## Contents", ""]
    for part in book.parts:
        lines += [f"- {_escaped(part.title)}", *(f"  - [{_escaped(p.title)}](#{p.anchor})" for p in part.pages)]
    lines.append("")
    for page in book.pages:
        lines += _page(page)
    return "\n".join(lines).rstrip() + "\n"


def _page(page: Page) -> Iterator[str]:
    yield from (f'<a id="{page.anchor}"></a>', "", f"## {_escaped(page.title)}", "")
    for block in page.blocks:
        yield from _block(block, 3)
        yield ""


def _block(block: Block, level: int) -> Iterator[str]:
    match block:
        case Heading(text, anchor):
            if anchor:
                yield from (f'<a id="{anchor}"></a>', "")
            yield f"{'#' * level} {_escaped(text)}"
        case Paragraph(spans):
            yield _line(spans)
        case Bullets(items):
            yield from _items(items, "- ")
        case Checklist(title, applies, items):
            yield from (f"{'#' * level} {_escaped(title)}", "")
            if applies:
                yield from (_line(applies), "")
            yield from _items(items, "- [ ] ")
        case Table():
            yield from _table(block)
        case Timeline():
            yield from (f"**{_escaped(block.title)}**", "", "```text", *timeline_lines(block), "```")
        case Matrix():
            yield from (f"**{_escaped(block.title)}**", "", "```text", *matrix_lines(block), "```")
        case Letter():
            yield from _letter(block)


def _items(items: Iterable[Item], mark: str) -> Iterator[str]:
    for item in items:
        anchor = f'<a id="{item.anchor}"></a>' if item.anchor else ""
        remark = f"<br>{_line(item.remark)}" if item.remark else ""
        yield f"{mark}{anchor}{_line(item.spans)}{remark}"


def _table(table: Table) -> Iterator[str]:
    yield from (f"**{_escaped(table.caption)}**", "")
    yield f"| {' | '.join(map(_escaped, table.headers))} |"
    yield f"|{'---|' * len(table.headers)}"
    for row in table.rows:
        cells = [_line(cell) for cell in row.cells]
        if row.anchor:
            cells[0] = f'<a id="{row.anchor}"></a>{cells[0]}'
        yield f"| {' | '.join(cells)} |"


def _letter(letter: Letter) -> Iterator[str]:
    text = f"Subject: {letter.subject}\n\n{letter.text}".rstrip()
    longest = max((len(found) for found in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    yield from (f"**{_escaped(letter.label)}**", "", f"{fence}text", text, fence)


def _line(spans: Spans) -> str:
    return "".join(map(_span, spans)).replace("\n", "<br>").strip()


def _span(span: Span) -> str:
    match span.style:
        case "strong":
            return _around("**", span.text)
        case "emphasis":
            return _around("*", span.text)
        case "id" if _NAME.fullmatch(span.text):
            return f"`{span.text}`"
        case "link" if span.target:
            return f"[{_escaped(span.text)}](#{span.target})"
    return _escaped(span.text)


def _around(mark: str, text: str) -> str:
    """Return marked text; spaces at its ends stay outside, where Markdown wants them."""
    inner = text.strip()
    left, right = len(text) - len(text.lstrip()), len(text) - len(text.rstrip())
    return f"{' ' * left}{mark}{_escaped(inner)}{mark}{' ' * right}" if inner else text


def _escaped(text: str) -> str:
    shown = _SPECIAL.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return f"\\{shown}" if shown.startswith(("#", "- ", "+ ")) else shown
