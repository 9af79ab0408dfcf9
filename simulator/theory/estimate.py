"""From replications to an interval: ratios, controls, Student's t, and what is too rare for it.

Replications are independent, so Student's t applies to them as it stands. Each gives a quantity's numerator and
denominator; the estimate is the ratio of their totals, and its spread that of the replications about it (the delta
method), which has no bias to speak of, unlike the mean of ratios.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.openhours import Floats
from simulator.theory.quantities import INPUTS, Quantity, Sum

ALPHA: Final = 0.001
"""The chance that any interval of a file misses its exact value although the desk is right; shared by its rows."""
EARLY: Final = 0.1
"""The part of ``ALPHA`` that is spent on a first look, which can only tell that a value is missed; see
:func:`critical`."""
RELATIVE: Final = 0.03
ABSOLUTE: Final = 0.002
SMALL: Final = 0.05
"""An interval is narrow if its half-width is at most ``RELATIVE`` of the exact value, or ``ABSOLUTE`` where that value
is below ``SMALL``."""
FEWEST: Final = 100
"""Replications of which an interval is made at least, so that their mean is as good as normal."""
RARE: Final = 400
"""Events fewer than this are also given the limits of a Poisson count."""
WORTHWHILE: Final = 0.85
"""Controls are used where they leave at most this share of the variance."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Replications: ``sums`` of shape (replications, sums, tiers, classes), ``controls`` (replications, controls).

    ``slack`` is how far the mean of each control may be from 0 because the desk rounds, shape (controls,).
    """

    sums: Floats
    controls: Floats
    slack: Floats

    def first(self, replications: int) -> Sample:
        """Return the first replications only."""
        return Sample(self.sums[:replications], self.controls[:replications], self.slack)

    def __len__(self) -> int:
        """Return the number of replications."""
        return len(self.sums)


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its confidence interval; ``sd`` is the standard deviation between replications."""

    mean: float
    low: float
    high: float
    sd: float

    @property
    def half_width(self) -> float:
        """The larger of the two distances from the mean."""
        return max(self.high - self.mean, self.mean - self.low)


def tolerance(exact: float) -> float:
    """Return the half-width that an interval may have at most."""
    return ABSOLUTE if abs(exact) < SMALL else RELATIVE * abs(exact)


def critical(rows: float, replications: int) -> float:
    """Return the quantile of Student's t for one of ``rows`` simultaneous intervals (Bonferroni).

    Where an interval has only a part of its row's chance to miss, ``rows`` is divided by that part.
    """
    from scipy.special import stdtrit  # noqa: PLC0415  (slow to import)

    return float(stdtrit(replications - 1, 1 - ALPHA / rows / 2))


def needed(sd: float, half_width: float, rows: float, margin: float) -> float:
    """Return how many replications make an interval so narrow, the variance being uncertain by the factor ``margin``.

    Returns infinity where nothing is known of the spread.
    """
    if not math.isfinite(sd):
        return math.inf
    found = float(FEWEST)
    for _ in range(3):  # the quantile hardly depends on the number any more
        found = max(FEWEST, margin * (critical(rows, math.ceil(min(found, 1e6))) * sd / half_width) ** 2)
    return math.ceil(found)


def values(sample: Sample, quantity: Quantity) -> Floats | None:
    """Return a value for each replication, shape (replications,), whose mean is the estimate.

    Returns ``None`` where there is nothing to divide by.
    """
    over, per = _column(sample, quantity.over, quantity), _column(sample, quantity.per, quantity)
    if not per.sum() > 0:
        return None
    ratio = over.sum() / per.sum()
    found = ratio + (over - ratio * per) / per.mean()
    if quantity.spread:
        means = _column(sample, Sum.BUSY, quantity) / per
        found = found - means.mean() ** 2 - 2 * means.mean() * (means - means.mean())
    return np.asarray(quantity.factor * found)


def _column(sample: Sample, which: Sum, quantity: Quantity) -> Floats:
    sums = sample.sums[:, which]
    if which is Sum.LENGTH:  # the same for all of them
        return np.asarray(sums[:, 0, 0])
    tier = slice(None) if quantity.tier is None else slice(quantity.tier, quantity.tier + 1)
    kind = slice(None) if quantity.kind is None else slice(quantity.kind, quantity.kind + 1)
    return np.asarray(sums[:, tier, kind].sum(axis=(1, 2)))


def weights(pilot: Sample, quantity: Quantity) -> Floats | None:
    """Return what to take away for each unit of each control, shape (controls,), or ``None`` where it does not pay.

    They come from the pilot, which is used for nothing else, so a replication's value less its controls is still
    independent of the others, and its mean still that of the desk. What is little else than what came in (rates,
    utilisation) is never controlled: it would be compared with itself.
    """
    found = values(pilot, quantity)
    if found is None or quantity.over in INPUTS:
        return None
    spread = pilot.controls.std(axis=0)
    some = spread > pilot.slack  # what rounding alone can do tells nothing
    freedom = len(pilot) - 1 - int(some.sum())
    if not some.any() or freedom < 10 or not found.std() > 0:
        return None
    columns = np.column_stack([np.ones(len(pilot)), pilot.controls[:, some] / spread[some]])
    solution = np.linalg.lstsq(columns, found, rcond=None)[0]
    whole = np.zeros(len(spread))
    whole[some] = solution[1:] / spread[some]
    left = foreseen(pilot, quantity, whole)
    return whole if left is not None and left**2 <= WORTHWHILE * float(found.var(ddof=1)) else None


def foreseen(pilot: Sample, quantity: Quantity, weight: Floats | None) -> float | None:
    """Return the standard deviation of a quantity, less its controls, in replications other than the pilot's.

    To the pilot its own weights fit better than to others, and they are uncertain too.
    """
    found = controlled(pilot, quantity, weight)
    if found is None:
        return None
    used = 0 if weight is None else np.count_nonzero(weight)
    freedom = len(pilot) - 1 - used
    return math.sqrt(float(((found - found.mean()) ** 2).sum()) / freedom * (1 + used / freedom))


def controlled(sample: Sample, quantity: Quantity, weight: Floats | None) -> Floats | None:
    """Return the values of a quantity less their controls, shape (replications,)."""
    found = values(sample, quantity)
    return found if found is None or weight is None else np.asarray(found - sample.controls @ weight)


def sound(sample: Sample, rows: float) -> bool:
    """Return whether the controls are 0 on the average, as they must be if the desk draws what it was told to."""
    spread = sample.controls.std(axis=0, ddof=1)
    off = np.abs(sample.controls.mean(axis=0)) - sample.slack
    return bool((off * math.sqrt(len(sample)) <= critical(rows, len(sample)) * spread).all())


def interval(sample: Sample, quantity: Quantity, weight: Floats | None, rows: float, service: float) -> Interval | None:
    """Return a quantity's interval, one of ``rows`` that hold together.

    ``service`` is how long a wait would be about, should none have been seen (units of time).
    """
    found = controlled(sample, quantity, weight)
    if found is None or len(found) < 2:
        return None
    mean, sd = float(found.mean()), float(found.std(ddof=1))
    half = critical(rows, len(found)) * sd / math.sqrt(len(found))
    low, high = mean - half, mean + half
    if quantity.events is not None:
        low, high = _rare(sample, quantity, rows, service, (low, high))
    return Interval(mean, low, high, sd)


def _rare(
    sample: Sample, quantity: Quantity, rows: float, service: float, found: tuple[float, float]
) -> tuple[float, float]:
    """Widen an interval to the limits of a Poisson count where what it is made of was seen a few times only.

    Student's t knows nothing of what has never been seen.
    """
    assert quantity.events is not None
    low, high = found
    count = float(_column(sample, quantity.events, quantity).sum())
    total = float(_column(sample, quantity.per, quantity).sum())
    whole = float(_column(sample, quantity.over, quantity).sum())
    if count < RARE:
        fewest, most = _poisson(count, rows)
        each = quantity.factor * (whole / count if count else 1.0 if quantity.share else service) / total
        low, high = min(low, each * fewest), max(high, each * most)
    if quantity.share and total - count < RARE:
        fewest, most = _poisson(total - count, rows)
        low, high = min(low, 1 - most / total), max(high, 1 - fewest / total)
    return low, high


def _poisson(count: float, rows: float) -> tuple[float, float]:
    """Return the exact limits of the mean of a Poisson count (Garwood 1936)."""
    from scipy.special import gammaincinv  # noqa: PLC0415  (slow to import)

    tail = ALPHA / rows / 2
    return float(gammaincinv(count, tail)) if count else 0.0, float(gammaincinv(count + 1, 1 - tail))
