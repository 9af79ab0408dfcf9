"""The handbook as one HTML document: nothing to load, made to be read on a screen, on paper and aloud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from policy.handbook.figures import matrix_svg, timeline_svg
from policy.handbook.model import (
    BY_WHEN,
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

_MANY = 12
"""A part with more pages is folded in the list of contents."""
_TWO_COLUMNS = 4
"""A list with so many points may stand in two columns on paper."""
STYLE = Path(__file__).parent / "handbook.css"


def as_html(book: Handbook) -> str:
    """Return a handbook as an HTML document, ending in a line end."""
    return "\n".join(_document(book)) + "\n"


def _document(book: Handbook) -> Iterator[str]:
    title = escape(f"{book.organisation}: {book.title}")
    yield "<!doctype html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{title}</title>"
    yield f"<style>\n{STYLE.read_text(encoding='utf-8').rstrip()}\n</style>"
    yield "</head>"
    yield "<body>"
    yield '<a class="skip" href="#content">Skip to the content</a>'
    yield '<div class="sheet">'
    yield '<header class="title">'
    yield f'<p class="kicker">{escape(book.organisation)}</p>'
    yield f"<h1>{escape(book.title)}</h1>"
    yield f'<p class="edition">{escape(book.edition)}</p>'
    yield "</header>"
    yield from _contents(book)
    yield '<main id="content" tabindex="-1">'
    yield '<section class="opening" aria-label="About this handbook">'
    for block in book.opening:
        yield from _block(block, 2)
    yield "</section>"
    for page in book.pages:
        yield from _page(page)
    yield "</main>"
    yield "</div>"
    yield "</body>"
    yield "</html>"


def _contents(book: Handbook) -> Iterator[str]:
    yield '<nav class="contents" aria-label="Contents">'
    for part in book.parts:
        links = "".join(f'<li><a href="#{escape(page.anchor)}">{escape(page.title)}</a></li>' for page in part.pages)
        folded = "" if len(part.pages) > _MANY else " open"
        yield f"<details{folded}><summary>{escape(part.title)}</summary><ul>{links}</ul></details>"
    yield "</nav>"


def _page(page: Page) -> Iterator[str]:
    anchor = escape(page.anchor)
    kind = "page" + (" fresh" if page.breaks else "") + (" dense" if page.dense else "")
    yield f'<section class="{kind}" aria-labelledby="{anchor}">'
    yield f'<h2 id="{anchor}">{escape(page.title)}</h2>'
    for block in page.blocks:
        yield from _block(block, 3)
    yield "</section>"


def _block(block: Block, level: int) -> Iterator[str]:
    match block:
        case Heading(text, anchor):
            yield f"<h{level}{_id(anchor)}>{escape(text)}</h{level}>"
        case Paragraph(spans, small):
            yield f"<p{' class=small' if small else ''}>{_line(spans)}</p>"
        case Bullets(items):
            yield '<ul class="many">' if len(items) >= _TWO_COLUMNS else "<ul>"
            for item in items:
                yield f"<li{_id(item.anchor)}>{_item(item)}</li>"
            yield "</ul>"
        case Checklist():
            yield from _checklist(block, level)
        case Table():
            yield from _table(block)
        case Timeline():
            yield from _figure(block.title, timeline_svg(block))
        case Matrix():
            yield from _figure(block.title, matrix_svg(block))
        case Letter():
            yield from _letter(block)


def _checklist(block: Checklist, level: int) -> Iterator[str]:
    yield '<div class="checklist">'
    yield f"<h{level}{_id(block.anchor)}>{escape(block.title)}</h{level}>"
    if block.applies:
        yield f"<p>{_line(block.applies)}</p>"
    yield '<p class="blanks" aria-hidden="true"><span>Ticket</span><span>Begun at</span><span>By</span></p>'
    yield '<ul class="ticks">'
    for item in block.items:
        yield f'<li{_id(item.anchor)}><label><input type="checkbox"> <span>{_item(item)}</span></label></li>'
    yield "</ul>"
    yield "</div>"


def _table(table: Table) -> Iterator[str]:
    # The roles are said outright, because a small screen shows rows as blocks and would forget them.
    name = escape(table.caption)
    yield f'<div class="scroll" role="region" aria-label="{name}" tabindex="0">'
    timed = " timed" if table.headers[0] == BY_WHEN else ""
    yield f'<table role="table" class="c{len(table.headers)}{timed}">'
    yield f"<caption>{name}</caption>"
    heads = "".join(f'<th role="columnheader" scope="col">{escape(text)}</th>' for text in table.headers)
    yield f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
    yield '<tbody role="rowgroup">'
    for row in table.rows:
        first, *rest = row.cells
        cells = "".join(map(_cell, rest, table.headers[1:]))
        head = f'<th role="rowheader" scope="row">{_line(first)}</th>'
        yield f'<tr role="row"{_id(row.anchor)}>{head}{cells}</tr>'
    yield "</tbody>"
    yield "</table>"
    yield "</div>"


def _cell(spans: Spans, header: str) -> str:
    """Return a cell; a small screen, which hides the heads of columns, writes its head before it."""
    return f'<td role="cell" data-head="{escape(header)}">{_line(spans)}</td>'


def _figure(title: str, svg: str) -> Iterator[str]:
    yield "<figure>"
    yield f'<div class="scroll" role="region" aria-label="{escape(title)}" tabindex="0">'
    yield svg
    yield "</div>"
    yield f"<figcaption>{escape(title)}</figcaption>"
    yield "</figure>"


def _letter(letter: Letter) -> Iterator[str]:
    yield '<figure class="letter">'
    yield f"<figcaption>{escape(letter.label)}</figcaption>"
    yield f'<p class="subject">Subject: {escape(letter.subject)}</p>'
    # The inside comes from the notices' own renderer, which escapes whatever fills it.
    yield letter.html or f"<pre>{escape(letter.text)}</pre>"
    yield "</figure>"


def _id(anchor: str | None) -> str:
    return f' id="{escape(anchor)}"' if anchor else ""


def _item(item: Item) -> str:
    remark = f'<br> <span class="remark">{_line(item.remark)}</span>' if item.remark else ""
    return _line(item.spans) + remark


def _line(spans: Spans) -> str:
    return "".join(_joined(spans)).strip().replace("\n", "<br>")


def _joined(spans: Iterable[Span]) -> Iterator[str]:
    for span in spans:
        text = escape(span.text, quote=False)
        match span.style:
            case "strong":
                yield f"<strong>{text}</strong>"
            case "emphasis":
                yield f"<em>{text}</em>"
            case "id":
                broken = text.replace(".", ".<wbr>").replace("_", "_<wbr>")
                code = f"<code>{broken}</code>"
                yield f'<a class="id" href="#{escape(span.target)}">{code}</a>' if span.target else code
            case "link" if span.target:
                yield f'<a href="#{escape(span.target)}">{text}</a>'
            case _:
                yield text
