"""Pictures made of text: the timeline and the matrix for Markdown and the terminal, at most 76 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby

from policy.handbook.model import Matrix, Node, Step, Timeline

WIDTH = 76
_WHEN = 18


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most ``width`` characters; an empty text is one empty line.

    A word that is too long for a line is broken after a dot, if it has one.
    """
    words = (part for word in text.split() for part in _broken(word, width))
    return textwrap.wrap(" ".join(words), width, break_on_hyphens=False) or [""]


def _broken(word: str, width: int) -> Iterator[str]:
    while len(word) > width:
        dot = word.rfind(".", 0, width)
        if dot < 0:
            break
        yield word[: dot + 1]
        word = word[dot + 1 :]
    yield word


def timeline_lines(picture: Timeline) -> Iterator[str]:
    """Yield a timeline, one line of text after the other."""
    yield f"{'':{_WHEN}} ┌ {picture.begins}"
    for instant in picture.instants:
        mark = "↻" if instant.recurring else "●"
        whens = wrapped(instant.when, _WHEN)
        lines: list[str] = []
        for who, events in groupby(instant.events, key=lambda event: event.who):
            lines += wrapped(f"{who}:", WIDTH - _WHEN - 3)
            for event in events:
                first, *rest = wrapped(event.what, WIDTH - _WHEN - 6)
                lines += [f" • {first}", *(f"   {line}" for line in rest)]
        yield f"{'':{_WHEN}} │"
        for i in range(max(len(whens), len(lines))):
            when = whens[i] if i < len(whens) else ""
            what = lines[i] if i < len(lines) else ""
            yield f"{when:>{_WHEN}} {mark if not i else '│'} {what}".rstrip()
    yield f"{'':{_WHEN}} ┴"


def matrix_lines(picture: Matrix) -> Iterator[str]:
    """Yield the matrix, one line of text after the other."""
    down = {(step.source, step.target): step for step in picture.down}
    yield from _stack(picture.tiers, down, picture.over)
    if picture.ladder:
        yield from ("", "Management", "")
        rungs = {(step.source, step.target): step for step in picture.rungs}
        yield from _stack(picture.ladder, rungs, ())
    if picture.others:
        yield from ("", "Beside them", "")
        for node in picture.others:
            yield from _box(node)


def _stack(nodes: tuple[Node, ...], steps: dict[tuple[str, str], Step], over: Iterable[Step]) -> Iterator[str]:
    before: Node | None = None
    for node in nodes:
        if before is not None:
            step = steps.get((before.key, node.key))
            if step is None:
                yield ""
            else:
                yield from (f"{'':16}│  {line}" for text in step.lines for line in wrapped(text, WIDTH - 20))
                yield f"{'':16}▼"
        names = {one.key: one.title for one in nodes}
        more = tuple(
            f"▶ straight from {names[step.source]}: {'; '.join(step.lines)}" for step in over if step.target == node.key
        )
        yield from _box(Node(node.key, node.title, (*node.lines, *more)))
        before = node


def _box(node: Node) -> Iterator[str]:
    inner = WIDTH - 4
    lines = [line for text in (node.title, *node.lines) for line in wrapped(text, inner)]
    yield f"┌{'─' * (inner + 2)}┐"
    for line in lines:
        yield f"│ {line:<{inner}} │"
    yield f"└{'─' * (inner + 2)}┘"
