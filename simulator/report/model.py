"""What a report is made of: sections of blocks, the same for every form in which it is printed.

Texts are plain, never markup: each form escapes what it must. A chart is data and stands before the table that says the
same in figures, so that a form without pictures loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

MET: Final = "✓"
MISSED: Final = "✗"
NOTHING: Final = "–"
NO_BREAK: Final = "\N{NO-BREAK SPACE}"
"""Stands between words that are to stay on one line."""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; ``small`` is for remarks that explain how to read something."""

    text: str
    small: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a list; ``lead`` says in a word or two what it is about.

    ``topic`` is not printed: points of several months that are about the same thing have the same.
    """

    text: str
    lead: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Points:
    """A list of points; ``numbered`` where their order says something."""

    items: tuple[Point, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption. The first cell of each row is its header; ``left`` says how many columns hold words.

    ``tight`` tables have many narrow columns of figures, and stand closer; one ``behind`` a chart says nothing that the
    chart does not say in figures already.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    tight: bool = False
    behind: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A figure of a chart: its mean, and the limits between which a single month lies (not-a-number: not known)."""

    label: str
    mean: float
    low: float
    high: float
    aim: float | None = None
    """The target, or what is expected."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Marks below each other on one axis, in ``unit`` (shares are 0..1); ``aim`` says what the hollow mark means."""

    title: str
    described: str
    unit: str
    marks: tuple[Mark, ...]
    aim: str | None = None


@dataclass(frozen=True, slots=True)
class Trend:
    """A figure over months: a mark for each, in order, with its target where it has one."""

    title: str
    unit: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Trends:
    """Several figures over the same months, a small picture for each."""

    title: str
    described: str
    parts: tuple[Trend, ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """A share (0..1, or not-a-number: nobody there) for each row and column, arrays as tuples of rows."""

    title: str
    described: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]


Chart = Bars | Trends | Heat
Block = Text | Points | Table | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A section: its title, an anchor for links, and its blocks."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report: whose it is, its title, what it is about, and its sections."""

    organisation: str
    title: str
    about: tuple[str, ...]
    sections: tuple[Section, ...]


Kind = Literal["share", "count", "hours", "minutes", "points", "ratio", "money"]
"""What a figure counts, and so how it is written."""
