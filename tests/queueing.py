"""Exact results of queueing theory in closed form, for tests: the other side of the comparison.

Nothing here is taken from the project's code. One unit of time is arbitrary; ``a`` is the offered load λ/μ.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np


def erlang_b(c: int, a: float) -> float:
    """Return the share of calls that find all ``c`` lines busy (Erlang 1917), by the usual recursion."""
    blocked = 1.0
    for n in range(1, c + 1):
        blocked = a * blocked / (n + a * blocked)
    return blocked


def erlang_c(c: int, a: float) -> float:
    """Return the share of calls that wait in M/M/c (Erlang 1917)."""
    b = erlang_b(c, a)
    return b / (1 - a / c * (1 - b))


def wait(c: int, lam: float, mu: float) -> float:
    """Return the mean wait in M/M/c."""
    return erlang_c(c, lam / mu) / (c * mu - lam)


def within(c: int, lam: float, mu: float, t: float) -> float:
    """Return the share of calls in M/M/c that wait at most ``t``."""
    return 1 - erlang_c(c, lam / mu) * math.exp(-(c * mu - lam) * t)


def cobham(c: int, lam: Sequence[float], mu: float) -> list[float]:
    """Return the mean wait by class in M/M/c with non-preemptive priorities (Cobham 1954)."""
    first = erlang_c(c, sum(lam) / mu) / (c * mu)
    sums = np.concatenate([[0.0], np.cumsum(lam)]) / (c * mu)
    return [float(first / ((1 - a) * (1 - b))) for a, b in itertools.pairwise(sums)]


def preemptive(c: int, lam: Sequence[float], mu: float) -> list[float]:
    """Return the mean sojourn by class in M/M/c with preemptive priorities: classes 1..k are an M/M/c of their own."""
    found: list[float] = []
    for k in range(1, len(lam) + 1):
        total = sum(lam[:k])
        all_of_them = total * (wait(c, total, mu) + 1 / mu)
        found.append((all_of_them - sum(rate * one for rate, one in zip(lam, found, strict=False))) / lam[k - 1])
    return found


def mg1(lam: Sequence[float], mean: Sequence[float], second: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return the mean waits of M/G/1 by class, without and with preemption (resumed); of one class, Pollaczek's."""
    rho = np.array(lam) * mean
    sums = np.concatenate([[0.0], np.cumsum(rho)])
    rest = np.array(lam) * second / 2
    without = [float(rest.sum() / ((1 - a) * (1 - b))) for a, b in itertools.pairwise(sums)]
    resumed = [
        float(mean[k] / (1 - sums[k]) + rest[: k + 1].sum() / ((1 - sums[k]) * (1 - sums[k + 1])) - mean[k])
        for k in range(len(lam))
    ]
    return without, resumed


def erlang_a(c: int, lam: float, mu: float, theta: float) -> tuple[float, float, float, float]:
    """Return what M/M/c+M does (Palm 1957): share waiting, share giving up, mean wait of all, mean agents at work.

    Solved as a birth-and-death chain, cut off where its tail no longer counts.
    """
    weights = [1.0]
    n = 0
    while n < c or weights[-1] > 1e-18 * sum(weights):
        n += 1
        weights.append(weights[-1] * lam / (min(n, c) * mu + max(n - c, 0) * theta))
    p = np.array(weights) / sum(weights)
    states = np.arange(len(p))
    queue = float((p * np.maximum(states - c, 0)).sum())
    return float(p[c:].sum()), theta * queue / lam, queue / lam, float((p * np.minimum(states, c)).sum())


def leaves_at(c: int, lam: float, mu: float, limit: float) -> tuple[float, float, float]:
    """Return what M/M/c+D does: share waiting, share leaving at ``limit``, mean wait of all (Barrer 1957).

    The offered wait of those who find all agents busy has density proportional to ``exp(-(cμ - λ) x)`` up to the
    limit, and ``exp(-λ·limit - cμ(x - limit))`` beyond, where nobody joins any more.
    """
    a, drift = lam / mu, c * mu - lam
    below = sum(a**n / math.factorial(n) for n in range(c))
    at = lam * a ** (c - 1) / math.factorial(c - 1)  # the density of the offered wait at 0, to the same scale
    short = limit if abs(drift) < 1e-12 else (1 - math.exp(-drift * limit)) / drift
    beyond = math.exp(-drift * limit) / (c * mu)
    whole = below + at * (short + beyond)
    x = np.linspace(0.0, limit, 200_001)
    waited = float(np.trapezoid(x * np.exp(-drift * x), x))
    return at * (short + beyond) / whole, at * beyond / whole, at * (waited + limit * beyond) / whole


def jackson(
    lam: float, tiers: Sequence[tuple[int, float]], p: Sequence[float], back: float
) -> tuple[list[float], list[float], list[float], float]:
    """Return rates, loads and mean waits by tier, and the mean sojourn, of Jackson's network (1957).

    Tickets go up with ``p``; from the second tier they go back to the first with probability ``back``.
    """
    rates = [lam]
    if len(tiers) > 1:
        rates = [lam / (1 - p[0] * back)]
        for odds in p:
            rates.append(rates[-1] * odds)
    loads = [rate / (c * mu) for rate, (c, mu) in zip(rates, tiers, strict=True)]
    waits = [wait(c, rate, mu) for rate, (c, mu) in zip(rates, tiers, strict=True)]
    present = sum(rate * (w + 1 / mu) for rate, w, (_, mu) in zip(rates, waits, tiers, strict=True))
    return rates, loads, waits, present / lam
