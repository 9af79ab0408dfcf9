"""Cells, rows and phrases that several sections write alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from simulator.openhours import Floats
from simulator.report.figures import SOME, UNITS, Sample, bare, figure, limits, sample, with_half
from simulator.report.model import NOTHING, Kind, Mark

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FULL_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def mean_cell(of: Sample, kind: Kind) -> str:
    """Return the mean and how sure it is: ``17.2 ± 0.4 %``."""
    if not of.half > 0:  # known of one month only, or the same in all
        return figure(of.mean, kind)
    return f"{' ± '.join(with_half(of.mean, of.half, kind))}{UNITS.get(kind, '')}"


def cell(of: Sample, kind: Kind) -> str:
    """Return the mean and the limits of a month: ``54.1 (40 to 68)``; the unit stands in the table's head."""
    if not np.isfinite(of.mean):
        return NOTHING
    if not np.isfinite(of.low):
        return bare(of.mean, kind)
    low, high = (_rounded(value, kind) for value in (of.low, of.high))
    some = "" if of.known == of.months else SOME
    if of.low == of.high:
        return f"{low}{some}"
    return f"{bare(of.mean, kind)} ({low} to {high}){some}"


def row(label: str, of: Sample, kind: Kind) -> tuple[str, str, str]:
    """Return a row: what it is, the mean and how sure it is, the limits of a month."""
    return label, mean_cell(of, kind), limits(of, kind)


def mark(label: str, of: Sample, aim: float | None = None) -> Mark:
    """Return a figure of a chart."""
    return Mark(label, of.mean, of.low, of.high, aim)


def share(part: Floats, whole: Floats) -> Sample:
    """Return a share in each month, not-a-number where there is nothing to share."""
    return sample(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0))


def _rounded(value: float, kind: Kind) -> str:
    """Return a limit without more places than it needs beside a mean."""
    if kind in ("count", "share", "minutes"):
        return f"{100 * value if kind == 'share' else value:.0f}"
    return bare(value, kind) if kind != "hours" or abs(value) < 10 else f"{value:.0f}"


def total_of(parts: Iterable[Floats]) -> Floats:
    """Return the sum of some counts in each month, shape (months,); there is at least one."""
    return np.asarray(np.sum(list(parts), axis=0))


def quoted(text: str) -> str:
    """Return a name between quotation marks, so that it stands out in a sentence."""
    return f"“{text}”"


def joined(parts: Iterable[str]) -> str:
    """Return a list in words: ``a, b and c``."""
    *first, last = list(parts) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def hour_name(hour: int) -> str:
    """Return an hour of the week in words: ``Monday 09:00 to 10:00``."""
    return f"{FULL_DAYS[hour // 24]} {hour % 24:02}:00 to {hour % 24 + 1:02}:00"


def capital(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]
