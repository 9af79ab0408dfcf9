"""Streams of chance: named, spawned from one seed, and the same whatever happens in the run."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.desk import Time
from simulator.openhours import Floats

GRAIN: Final = 2.0**20
"""Lengths are whole numbers of ``1 / GRAIN`` minutes (57 microseconds). Sums of them are exact, in any order."""
TO_GRAIN: Final = 1.5 * 2.0**52 / GRAIN
"""Added to a length and taken away again, it rounds the length to the grain: so far from nothing, floats lie one grain
apart."""


class Stream(IntEnum):
    """The streams of chance. Numbers are part of the results: never renumber, only add."""

    ARRIVALS = 0
    KIND = 1
    LEVEL = 2
    SLIPS = 3
    SMALL_TIMES = 4
    UPDATES = 5
    DAYS = 6
    OUTAGES = 7
    PEOPLE = 8
    WORK = 10
    CHOICES = 11
    CUSTOMERS = 12
    DUTIES = 13
    HANDS_BACK = 14
    SIGNALS = 15
    FOUND = 16


def stream(seed: int, replication: int, which: Stream, *key: int) -> np.random.Generator:
    """Return the generator of one stream of one replication; ``key`` parts a stream further."""
    sequence = np.random.SeedSequence(seed, spawn_key=(replication, int(which), *key))
    return np.random.Generator(np.random.PCG64(sequence))


def rounded(minutes: Floats) -> Floats:
    """Return lengths rounded to the grain."""
    return np.rint(minutes * GRAIN) / GRAIN


def lengths(normals: Floats, time: Time, factor: float | Floats = 1.0) -> Floats:
    """Return lengths of time (minutes) of the shape of ``time``, one for each standard normal number.

    A larger number gives a longer time, so that two desks which differ in a mean meet the same luck. ``factor``
    multiplies the mean.
    """
    mean = time.mean * np.asarray(factor)
    if time.shape == "fixed" or (time.cv == 0 and time.shape in ("lognormal", "gamma")):
        return rounded(np.broadcast_to(mean, normals.shape))
    if time.shape == "lognormal":
        variance = float(np.log1p(time.cv**2))
        return rounded(mean * np.exp(variance**0.5 * normals - variance / 2))
    from scipy.special import gammaincinv, log_ndtr, ndtr  # noqa: PLC0415  (slow to import, and not often needed)

    if time.shape == "exponential":
        return rounded(mean * -log_ndtr(-normals))
    if time.shape == "uniform":
        return rounded(mean * 2.0 * ndtr(normals))
    shape = time.cv**-2  # of a gamma distribution; 1 / cv² stages, where that is a whole number (Erlang)
    return rounded(mean / shape * gammaincinv(shape, ndtr(normals)))


def pick(uniform: Floats, weights: list[float]) -> npt.NDArray[np.int8]:
    """Return an index for each number in [0, 1), in proportion to the weights."""
    edges = np.cumsum(weights)
    picked: npt.NDArray[np.int8] = np.searchsorted(edges, uniform * edges[-1], side="right").astype(np.int8)
    return picked


def with_odds(probability: float, odds_factor: float) -> float:
    """Return a probability whose odds are multiplied; 0 and 1 stay what they are."""
    if probability in (0.0, 1.0):
        return probability
    odds = probability / (1 - probability) * odds_factor
    return odds / (1 + odds)
