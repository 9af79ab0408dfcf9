"""Figures over many months, and how they are written: what one month does, and how sure the mean is.

Two intervals are told apart everywhere. *A month lies between* two limits: of so many further months as
:func:`coverage` says, each would lie between them, whatever their distribution (order statistics of the months played).
*The mean is sure to* ± so much: Student's t, 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.experiment import estimate
from simulator.openhours import Floats
from simulator.report.model import NOTHING, Kind

WANTED: Final = 0.95
ENOUGH: Final = 39
"""Months from which on the limits hold at least 95 of 100 further months."""
UNITS: Final[Mapping[Kind, str]] = {"share": " %", "hours": " h", "minutes": " min", "points": " of 5"}
SOME: Final = "*"
"""Stands after limits that only some of the months have."""
_HUNDRED: Final = 100.0
_TEN: Final = 10.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure of many months: ``mean`` ± ``half`` (95 %), and the limits of a month; not-a-number where unknown.

    ``known`` is how many of the ``months`` have the figure; limits are of those.
    """

    mean: float
    half: float
    low: float
    high: float
    known: int
    months: int
    values: Floats
    """The figure of each month, shape (months,)."""


def sample(values: Floats) -> Sample:
    """Return what months say of one figure; those that do not have it (not-a-number) are left out."""
    known = np.sort(values[~np.isnan(values)])
    found = estimate(known)
    n, cut = len(known), cut_off(len(known))
    low, high = (float(known[cut]), float(known[n - 1 - cut])) if n > 1 else (math.nan, math.nan)
    return Sample(found.mean, found.high - found.mean, low, high, n, len(values), values)


def cut_off(months: int) -> int:
    """Return how many of the smallest and of the largest months are left out: as many as leave 95 of 100 within."""
    return max(0, math.floor((months + 1) * (1 - WANTED) / 2) - 1)


def coverage(months: int) -> float:
    """Return the chance that one more month lies within the limits (0..1).

    The next of n + 1 months that are alike is equally likely to have any rank among them (Wilks 1941).
    """
    return max(0.0, (months - 1 - 2 * cut_off(months)) / (months + 1))


def figure(value: float, kind: Kind) -> str:
    """Return a figure with its unit."""
    if not math.isfinite(value):
        return NOTHING
    return bare(value, kind) + UNITS.get(kind, "")


def bare(value: float, kind: Kind) -> str:
    """Return a figure without its unit."""
    if not math.isfinite(value):
        return NOTHING
    if kind == "share":
        text = f"{value * _HUNDRED:.1f}"
    elif kind == "money":
        text = f"{value:,.0f}".replace(",", " ")
    elif kind in ("points", "ratio"):
        text = f"{value:.2f}"
    elif kind in ("count", "minutes") and abs(value) >= _HUNDRED:
        text = f"{value:.0f}"
    else:
        text = f"{value:.1f}"
    return text.removeprefix("-") if not text.strip("-0.") else text


def mean(of: Sample, kind: Kind) -> str:
    """Return the mean with its unit."""
    return figure(of.mean, kind)


def sure(of: Sample, kind: Kind) -> str:
    """Return how sure the mean is, as ``± 0.4``."""
    return NOTHING if not math.isfinite(of.half) else f"± {bare(of.half, kind)}"


def limits(of: Sample, kind: Kind) -> str:
    """Return the limits of a month, with an asterisk where not every month has the figure."""
    if not math.isfinite(of.low):
        return NOTHING
    low, high = (f"{value:.0f}" if kind == "count" else bare(value, kind) for value in (of.low, of.high))
    text = (f"always {low}" if low == high else f"{low} to {high}") + UNITS.get(kind, "")
    return text if of.known == of.months else text + SOME


def said(of: Sample, kind: Kind, period: str = "month") -> str:
    """Return a figure in one phrase: ``17.2 % (a month: 13.4 to 21.0 %)``."""
    between = limits(of, kind)
    return mean(of, kind) if between == NOTHING else f"{mean(of, kind)} (a {period}: {between})"
