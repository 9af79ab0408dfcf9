"""Figures over many months, and how they are written: what one month does, and how sure the mean is.

Two intervals are told apart everywhere. *A month lies between* two limits: of so many further months as
:func:`coverage` says, each would lie between them, whatever their distribution (order statistics of the months played).
*The mean is sure to* ± so much: Student's t, 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from simulator.experiment import estimate
from simulator.openhours import Floats
from simulator.report.model import NOTHING, Kind

WANTED: Final = 0.95
ENOUGH: Final = 39
"""Months from which on the limits hold at least 95 of 100 further months."""
FEW: Final = 10
"""With fewer months than these the report says at its head that they say little."""
UNITS: Final[Mapping[Kind, str]] = {"share": " %", "hours": " h", "minutes": " min", "points": " of 5"}
SOME: Final = "*"
"""Stands after limits that only some of the months have."""
_HUNDRED: Final = 100.0
_MORE: Final = 2
"""Places by which a figure is lengthened so that its uncertainty is not written as nothing."""


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


def together(part: Floats, whole: Floats) -> Sample:
    """Return the share that a part has of the whole in all months together, so that it divides as the means do.

    ``half`` is that of a ratio estimate (Cochran 1977, section 6.3); limits and values are the shares of single months.
    """
    own = sample(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0))
    total = float(whole.sum())
    if not total > 0:
        return own
    ratio = float(part.sum()) / total
    left = estimate(part - ratio * whole)
    return replace(own, mean=ratio, half=(left.high - left.mean) * len(whole) / total)


def at_least(months: int) -> float:
    """Return the share of months that surely (95 %) meet what all of ``months`` months met (0..1).

    The exact limit of a binomial share (Clopper and Pearson 1934) whose every case is a success.
    """
    return float((1 - WANTED) ** (1 / months))


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


def with_half(mean: float, half: float, kind: Kind) -> tuple[str, str]:
    """Return a mean and how sure it is, without units: as many places as show that the latter is not nothing."""
    number, off = bare(mean, kind), bare(half, kind)
    if kind in ("count", "minutes") and abs(mean) >= _HUNDRED > half:  # as many places as the mean has
        off = f"{half:.0f}"
    if off.strip("0."):
        return number, off
    scale, places = _HUNDRED if kind == "share" else 1.0, len(number.partition(".")[2])
    for more in range(places + 1, places + _MORE + 1):
        off = f"{half * scale:.{more}f}"
        if off.strip("0."):
            break
    else:  # smaller still; rounded up, it is no promise too much
        off = f"{10.0**-more:.{more}f}"
    number = f"{mean * scale:.{more}f}"
    return number.removeprefix("-") if not number.strip("-0.") else number, off


def mean(of: Sample, kind: Kind) -> str:
    """Return the mean with its unit."""
    return figure(of.mean, kind)


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
