"""What a handbook is made of: pages of blocks, the same for every form in which it is printed.

Texts are tuples of spans and hold plain text, never markup: each form escapes what it must.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Style = Literal["plain", "strong", "emphasis", "id", "link"]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text. An ``id`` or ``link`` leads to the place called ``target`` in the same handbook, if it has one."""

    text: str
    style: Style = "plain"
    target: str | None = None


Spans = tuple[Span, ...]
BY_WHEN: Final = "By when"
"""The head of the column in which a table tells dues."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a page (one level below the page's own)."""

    text: str
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; ``small`` is for remarks that explain."""

    spans: Spans
    small: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A point of a list, with what is to be said about it in smaller letters; ``anchor`` is its place."""

    spans: Spans
    remark: Spans = ()
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of points, in no order."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """A list to tick, with its heading and when it applies."""

    title: str
    applies: Spans
    items: tuple[Item, ...]
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; ``anchor`` is its place."""

    cells: tuple[Spans, ...]
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption; the first cell of each row is its header."""

    caption: str
    headers: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """Something in a timeline: what, and by whom."""

    what: str
    who: str


@dataclass(frozen=True, slots=True)
class Instant:
    """A point of a timeline, with everything due then; ``recurring`` comes back again and again."""

    when: str
    events: tuple[Event, ...]
    recurring: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is due when, as a picture. ``begins`` tells from when its times count."""

    key: str
    title: str
    description: str
    begins: str
    instants: tuple[Instant, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A box of the matrix: a role, what it is, and what leads to it; ``key`` is the role."""

    key: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """An arrow between two boxes; ``lines`` say when it is taken."""

    source: str
    target: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Who hands to whom, as a picture.

    ``tiers`` stand one above the other with ``down`` between neighbours and ``over`` past them; ``ladder`` is the
    management with its own ``rungs``; ``others`` stand aside. What leads to the last two stands in their lines.
    """

    title: str
    description: str
    tiers: tuple[Node, ...]
    down: tuple[Step, ...]
    over: tuple[Step, ...]
    ladder: tuple[Node, ...]
    rungs: tuple[Step, ...]
    others: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice filled in with a specimen, as text and as the inside of an HTML mail (safe as it is)."""

    label: str
    subject: str
    text: str
    html: str


Block = Heading | Paragraph | Bullets | Checklist | Table | Timeline | Matrix | Letter


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the handbook. ``breaks`` pages begin on a new sheet; ``dense`` ones are set small in two columns."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    breaks: bool = True
    dense: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Pages that belong together in the list of contents."""

    title: str
    pages: tuple[Page, ...]


@dataclass(frozen=True, slots=True)
class Handbook:
    """A whole handbook: its title page, and its parts."""

    title: str
    organisation: str
    edition: str
    opening: tuple[Block, ...]
    parts: tuple[Part, ...]

    @property
    def pages(self) -> tuple[Page, ...]:
        """All pages in order."""
        return tuple(page for part in self.parts for page in part.pages)


def length(page: Page) -> int:
    """Return how long a page is: its rows, points and pictures (each counts as ten rows)."""
    sizes = (
        len(block.rows) if isinstance(block, Table)
        else len(block.items) if isinstance(block, Bullets | Checklist)
        else 10 if isinstance(block, Timeline | Matrix | Letter)
        else 0
        for block in page.blocks
    )  # fmt: skip
    return sum(sizes)


def plain(spans: Spans) -> str:
    """Return spans as one text."""
    return "".join(span.text for span in spans)
