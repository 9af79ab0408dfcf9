"""A report as one HTML page: nothing to load, made to be read on a screen, on paper and aloud."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from simulator.report.charts import chart_svg, is_wide
from simulator.report.model import MET, MISSED, NO_BREAK, Block, Heat, Points, Report, Table, Text

_FOLDER: Final = Path(__file__).parent
_JOINT: Final = re.compile(r"(?<=[a-z0-9])([._])(?=[a-zA-Z])")
_LONG: Final = 14
"""A table with more rows than these may go on on the next sheet of paper."""
_MEANS: Final = {MET: "met", MISSED: "missed"}


def as_html(report: Report) -> str:
    """Return a report as an HTML document, ending in a line end."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    drawn = _Drawn()
    sections = [
        {"title": section.title, "anchor": section.anchor, "groups": [
            {"together": week, "blocks": [drawn.block(block) for block in blocks]}
            for week, blocks in groupby(section.blocks, _of_a_week)
        ]}
        for section in report.sections
    ]  # fmt: skip
    style = Markup((_FOLDER / "report.css").read_text(encoding="utf-8").rstrip())
    page = environment.get_template("report.html.jinja").render(report=report, sections=sections, style=style)
    return page.strip() + "\n"


class _Drawn:
    """Blocks as the page's template takes them; charts are counted, so that their ids stay apart."""

    def __init__(self) -> None:
        self._charts = 0

    def block(self, block: Block) -> dict[str, Any]:
        match block:
            case Text():
                return {"kind": "text", "it": block}
            case Points():
                return {"kind": "points", "it": block}
            case Table():
                rows = [[_cell(text) for text in row] for row in block.rows]
                return {"kind": "table", "it": block, "rows": rows, "long": len(rows) > _LONG}
            case _:
                self._charts += 1
                svg, half = Markup(chart_svg(block, self._charts)), isinstance(block, Heat) and not is_wide(block)
                return {"kind": "chart", "it": block, "svg": svg, "half": half}


def _of_a_week(block: Block) -> bool:
    """Return whether a block is a picture of a week or the table behind it: these stay on one sheet of paper."""
    return isinstance(block, Heat) or (isinstance(block, Table) and block.behind)


def _cell(text: str) -> dict[str, Any]:
    """Return a cell: its text, and the sign before it, with what it means, where it has one.

    One all of whose words are to stay together is never broken.
    """
    sign = text[:1] if text[:1] in _MEANS else ""
    shown = _breakable(text[len(sign) :].strip())
    return {"sign": sign, "means": _MEANS.get(sign, ""), "text": shown, "kept": NO_BREAK in text and " " not in text}


def _breakable(text: str) -> Markup:
    """Return an escaped text whose long ids may be broken after their dots and underscores."""
    return Markup(_JOINT.sub(r"\1<wbr>", str(escape(text))))
