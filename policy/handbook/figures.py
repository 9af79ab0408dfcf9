"""Pictures in SVG, drawn to stand inside the HTML handbook: the timeline of a priority and the escalation matrix.

Colours come from the page's style sheet, so that the pictures follow it into the dark and onto paper. Each has a title
and a description for those who listen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from itertools import groupby
from typing import Final

from policy.handbook.drawing import wrapped
from policy.handbook.model import Matrix, Node, Step, Timeline

_LINE: Final = 18
_LETTER: Final = 6.9
"""The width that a letter of 13 px takes on average, generously."""


def timeline_svg(picture: Timeline) -> str:
    """Return a timeline as SVG: time runs downwards, what is due stands beside it."""
    width, axis = 540, 150
    inside = int((width - axis - 24) / _LETTER)
    parts: list[str] = []
    y = 22.0
    parts.append(_text(axis + 22, y, picture.begins, "head"))
    top, last = y + 12, y
    dots: list[str] = []
    y += 30
    for instant in picture.instants:
        whens = wrapped(instant.when, int((axis - 30) / 7.6))
        parts += [_text(axis - 16, y + i * _LINE, line, "when", anchor="end") for i, line in enumerate(whens)]
        kind, radius = ("again", 5.5) if instant.recurring else ("dot", 5)
        dots.append(f'<circle class="{kind}" cx="{axis}" cy="{y - 4.5:g}" r="{radius:g}"/>')
        last = y - 4.5
        row = y
        for who, events in groupby(instant.events, key=lambda event: event.who):
            for line in wrapped(who, inside):
                parts.append(_text(axis + 22, row, line, "who"))
                row += _LINE - 1
            for event in events:
                for line in wrapped(event.what, inside):
                    parts.append(_text(axis + 22, row, line, "what"))
                    row += _LINE
            row += 3
        y = max(row, y + len(whens) * _LINE) + 6
    parts += [f'<line class="axis" x1="{axis}" y1="{top:g}" x2="{axis}" y2="{last:g}"/>', *dots]
    return _svg(picture.key, picture.title, picture.description, width, y - 8, parts, "timeline")


def matrix_svg(picture: Matrix) -> str:
    """Return the matrix as SVG: tiers in the middle, management on the right, everybody else on the left."""
    side = 176
    left = side + 44 if picture.others else 0
    tier_x, tier_w = 8 + left + 42, 268
    right_x = tier_x + tier_w + 66
    width = right_x + side + 8 if picture.ladder else tier_x + tier_w + 16
    parts = [_arrowhead()]
    names = {node.key: node.title for node in picture.tiers}
    past = {
        node.key: tuple(
            f"straight from {names[step.source]}, {'; '.join(step.lines)}"
            for step in picture.over
            if step.target == node.key
        )
        for node in picture.tiers
    }
    tiers = [replace(node, lines=(*node.lines, *past[node.key])) for node in picture.tiers]
    places, bottom = _column(tiers, picture.down, tier_x, 34, tier_w, parts, "tier")
    frame = (tier_x - 42.0, 8.0, tier_w + 60.0, bottom + 10)
    x, y, w, h = frame
    parts.insert(1, f'<rect class="group" x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="10"/>')
    parts += _over(picture.over, places, tier_x)
    total = frame[1] + frame[3]
    if picture.ladder:
        ladder, end = _column(picture.ladder, picture.rungs, right_x, 34, side, parts, "rung")
        entered = [ladder[node.key] for node in picture.ladder if node.lines]
        parts += [_arrow(frame[0] + frame[2], y, right_x - 3, y) for y in _middles(entered, frame)]
        total = max(total, end + 14)
    if picture.others:
        others, end = _column(picture.others, (), 8, 34, side, parts, "aside")
        parts += [_arrow(frame[0], y, 8 + side + 3, y) for y in _middles(list(others.values()), frame)]
        total = max(total, end + 14)
    return _svg("matrix-picture", picture.title, picture.description, width, total + 8, parts, "matrix")


Place = tuple[float, float]
"""Top and bottom of a box."""


def _middles(places: Sequence[Place], frame: tuple[float, float, float, float]) -> list[float]:
    """Return where arrows between the frame and boxes beside it run, as far as the frame reaches."""
    return [min((top + bottom) / 2, frame[1] + frame[3] - 8) for top, bottom in places]


def _column(
    nodes: Sequence[Node], steps: Sequence[Step], x: float, y: float, width: float, parts: list[str], kind: str
) -> tuple[dict[str, Place], float]:
    """Draw boxes one below the other, with the steps between neighbours; return their places and the lower end."""
    between = {(step.source, step.target): step for step in steps}
    places: dict[str, Place] = {}
    before: Node | None = None
    for node in nodes:
        if before is not None:
            step = between.get((before.key, node.key))
            said = step.lines if step else ()
            lines = [line for text in said for line in wrapped(text, int((width - 40) / _LETTER))]
            gap = max(28, len(lines) * _LINE + 18)
            if step is not None:
                centre = x + 20
                parts.append(_arrow(centre, y, centre, y + gap - 3))
                parts += [_text(centre + 12, y + 20 + i * _LINE, line, "label") for i, line in enumerate(lines)]
            y += gap
        lines = [line for text in node.lines for line in wrapped(text, int((width - 20) / (_LETTER * 0.94)))]
        titles = wrapped(node.title, int((width - 20) / 8.2))
        height = 14 + len(titles) * 20 + len(lines) * (_LINE - 1)
        parts.append(f'<rect class="box {kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>')
        parts += [_text(x + 10, y + 21 + i * 20, line, "name") for i, line in enumerate(titles)]
        start = y + 20 + len(titles) * 20
        parts += [_text(x + 10, start + i * (_LINE - 1), line, "fine") for i, line in enumerate(lines)]
        places[node.key] = (y, y + height)
        y += height
        before = node
    return places, y


def _over(steps: Sequence[Step], places: dict[str, Place], x: float) -> list[str]:
    """Draw the steps that pass over a tier, to the left of the boxes."""
    parts = []
    for number, step in enumerate(steps):
        out, into = places[step.source], places[step.target]
        start, end = (out[0] + out[1]) / 2, into[0] + 20 + number * 12
        bend = x - 26 + number * 6
        way = f"M{x:g} {start:g} H{bend:g} V{end:g} H{x - 3:g}"
        parts.append(f'<path class="arrow" d="{way}" marker-end="url(#arrowhead)"/>')
    return parts


def _arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="arrow" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" marker-end="url(#arrowhead)"/>'


def _arrowhead() -> str:
    return (
        '<defs><marker id="arrowhead" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path class="head-of-arrow" d="M0 0 L10 5 L0 10 z"/></marker></defs>'
    )


def _text(x: float, y: float, text: str, kind: str, *, anchor: str = "") -> str:
    if not text:
        return ""
    where = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="{kind}" x="{x:g}" y="{y:g}"{where}>{escape(text)}</text>'


def _svg(key: str, title: str, told: str, width: float, height: float, parts: Sequence[str], kind: str) -> str:
    name = escape(key)
    return "\n".join(
        [
            f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img" '
            f'aria-labelledby="{name}-title {name}-told">',
            f'<title id="{name}-title">{escape(title)}</title>',
            f'<desc id="{name}-told">{escape(told)}</desc>',
            *(part for part in parts if part),
            "</svg>",
        ]
    )
