"""Charts as SVG, drawn by matplotlib: the same bytes on every run, and readable without colour.

Meaning lies in position, shape and figures written beside; shades only help. Letters are drawn as paths, so that a
chart looks alike everywhere; the table behind each chart has its figures as text.
"""

from __future__ import annotations

import io
import logging
import math
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulator.report.figures import figure
from simulator.report.model import Bars, Chart, Heat, Kind, Mark, Trend, Trends

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK: Final = "#1b1f24"
SOFT: Final = "#57606a"
BAR: Final = "#9fc3e6"
LINE: Final = "#ccd3da"
FAINT: Final = "#87919b"
WIDTH: Final = 5.2
"""Inches; narrow enough that a small screen shows a chart whole, with letters that can be read."""
_WIDE: Final = 6.8
_MANY: Final = 12
"""A week with more hours than this side by side is drawn wide."""
_LABEL: Final = 30
_LABEL_LINES: Final = 2
_FULL: Final = 115.0
"""Percent at which a cell of a week would be as dark as can be."""
_DARK: Final = 0.55
"""From this shade on figures are written in white."""
_RC: Final[dict[Any, Any]] = {
    "svg.hashsalt": "deskdrill",
    "svg.fonttype": "path",
    "text.parse_math": False,  # a category may be called $x$
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.5,
}
_NOTHING: Final = {"Date": None, "Creator": None, "Format": None, "Type": None}
_WRITTEN: Final = re.compile(r'(\bid="|href="#|url\(#)')


def chart_svg(chart: Chart, number: int) -> str:
    """Return a chart as an ``svg`` element; ``number`` keeps its ids apart from those of the page's other charts."""
    from matplotlib.figure import Figure  # noqa: PLC0415  (takes a second; no other form needs it)

    with _settings():
        picture = Figure(layout="constrained")
        match chart:
            case Bars():
                _bars(picture, chart)
            case Trends():
                _trends(picture, chart)
            case Heat():
                _heat(picture, chart)
        file = io.StringIO()
        picture.savefig(file, format="svg", metadata=_NOTHING, transparent=True)
    svg = file.getvalue()
    svg = _WRITTEN.sub(rf"\g<1>c{number}-", svg[svg.index("<svg") :])
    head, rest = svg.split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    assert box is not None
    title, described = f"c{number}-title", f"c{number}-desc"
    names = f'<title id="{title}">{escape(chart.title)}</title><desc id="{described}">{escape(chart.described)}</desc>'
    wide = ' class="wide"' if isinstance(chart, Heat) and is_wide(chart) else ""
    opening = f'<svg{wide} xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {box[0]}'
    return f'{opening} role="img" aria-labelledby="{title} {described}">{names}{rest.strip()}'


def is_wide(chart: Heat) -> bool:
    """Return whether a week has so many hours side by side that its picture takes the whole width."""
    return len(chart.columns) > _MANY


@contextmanager
def _settings() -> Iterator[None]:
    """Draw with our settings, whatever those of the machine are, and in silence."""
    import matplotlib as mpl  # noqa: PLC0415

    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)  # about caches, which change nothing in the picture
    try:
        with mpl.rc_context(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing")  # the table has the letter
            mpl.rcdefaults()
            mpl.rcParams.update(_RC)
            yield
    finally:
        log.setLevel(level)


# -- the kinds -------------------------------------------------------------------------------------------------------


def _bars(picture: Figure, chart: Bars) -> None:
    """Draw a bar for each mark, a line for what single months do, and a hollow diamond for its target."""
    marks = [mark for mark in chart.marks if math.isfinite(mark.mean)]
    picture.set_size_inches(WIDTH, 0.75 + 0.36 * max(1, len(marks)))
    axes = picture.subplots()
    places = np.arange(len(marks))
    scale = 100.0 if chart.unit == "share" else 1.0
    means = [mark.mean * scale for mark in marks]
    axes.barh(places, means, height=0.55, color=BAR, edgecolor=INK, linewidth=0.8, zorder=2)
    for place, mark in zip(places, marks, strict=True):
        if math.isfinite(mark.low):
            axes.plot([mark.low * scale, mark.high * scale], [place, place], color=INK, linewidth=1.4, zorder=3)
            for end in (mark.low, mark.high):
                axes.plot([end * scale] * 2, [place - 0.13, place + 0.13], color=INK, linewidth=1.4, zorder=3)
        if mark.aim is not None:
            axes.plot([mark.aim * scale], [place], marker="D", markersize=7, markerfacecolor="white",
                      markeredgecolor=INK, markeredgewidth=1.4, linestyle="none", zorder=4)  # fmt: skip
    axes.set_yticks(places, [_label(mark.label) for mark in marks])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    _figures_at_the_end(axes, marks, chart.unit)
    if chart.unit == "share":
        axes.set_xlabel("percent")
    _quiet(axes, "x")


def _figures_at_the_end(axes: Axes, marks: Sequence[Mark], unit: str) -> None:
    """Write each mean at the right edge."""
    kind: Kind = "share" if unit == "share" else "count"
    for place, mark in enumerate(marks):
        axes.annotate(
            figure(mark.mean, kind), (1, place), xycoords=("axes fraction", "data"), xytext=(6, 0),
            textcoords="offset points", va="center", annotation_clip=False,
        )  # fmt: skip


def _trends(picture: Figure, chart: Trends) -> None:
    """Draw a small picture for each figure: its means in order, what single months do, and the target, dashed."""
    rows = -(-len(chart.parts) // 2)
    picture.set_size_inches(WIDTH, 1.9 * rows)
    panels = picture.subplots(rows, 2, squeeze=False).ravel()
    for axes, part in zip(panels, chart.parts, strict=False):
        _trend(axes, part)
    for axes in panels[len(chart.parts) :]:
        axes.set_axis_off()


def _trend(axes: Axes, part: Trend) -> None:
    scale = 100.0 if part.unit == "share" else 1.0
    places = np.arange(len(part.marks))
    means = np.array([mark.mean for mark in part.marks]) * scale
    low, high = (np.array([getattr(mark, end) for mark in part.marks]) * scale for end in ("low", "high"))
    axes.vlines(places, low, high, color=SOFT, linewidth=3.5, alpha=0.45)
    axes.plot(places, means, color=INK, marker="o", markersize=4.5, linewidth=1.2)
    aim = part.marks[0].aim
    if aim is not None:
        axes.axhline(aim * scale, color=INK, linewidth=1, linestyle=(0, (5, 3)))
    every = -(-len(places) // 6)
    axes.set_xticks(places[::every], [mark.label.split()[0] for mark in part.marks[::every]])
    axes.set_xlim(-0.5, len(places) - 0.5)
    unit = {"share": ", percent", "points": ", of 5"}.get(part.unit, "")
    axes.set_title(f"{part.title}{unit}", fontsize=9.5, fontweight="bold", loc="left")
    _quiet(axes, "y")


def _heat(picture: Figure, chart: Heat) -> None:
    """Draw a cell for each hour with its percentage in it; cells without anybody are hatched."""
    values = np.array(chart.values) * 100
    rows, columns = values.shape
    picture.set_size_inches(_WIDE if is_wide(chart) else WIDTH, 0.5 + 0.28 * rows)
    axes = picture.subplots()
    axes.pcolormesh(
        np.ma.masked_invalid(values), cmap="Blues", vmin=0, vmax=_FULL, edgecolors="white", linewidth=1.2
    )  # fmt: skip
    size = 6.5 if is_wide(chart) else 9
    for row in range(rows):
        for column in range(columns):
            value = values[row, column]
            if math.isfinite(value):
                axes.text(column + 0.5, row + 0.5, f"{value:.0f}", ha="center", va="center", fontsize=size,
                          color="white" if value / _FULL >= _DARK else INK)  # fmt: skip
            else:
                axes.fill_between([column + 0.04, column + 0.96], row + 0.06, row + 0.94, facecolor="white",
                                  edgecolor=FAINT, hatch="////", linewidth=0)  # fmt: skip
    axes.set_xticks(np.arange(columns) + 0.5, list(chart.columns))
    axes.set_yticks(np.arange(rows) + 0.5, list(chart.rows))
    axes.invert_yaxis()
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _quiet(axes: Axes, along: str) -> None:
    """Leave the grid in one direction, thin, and take away what carries nothing."""
    axes.grid(axis="x" if along == "x" else "y", color=LINE, linewidth=0.7, zorder=0)
    axes.set_axisbelow(True)
    axes.spines["left" if along == "y" else "bottom"].set_visible(False)
    axes.tick_params(length=0)


def _label(text: str) -> str:
    """Return a name as a chart shows it: two short lines at most."""
    line = " ".join("".join(one if one.isprintable() or one.isspace() else "?" for one in text).split())
    return "\n".join(textwrap.wrap(line, _LABEL, max_lines=_LABEL_LINES, placeholder=" …"))
