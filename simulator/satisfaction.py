"""How content a customer is: a plain function of the wait, the time taken, the updates kept and the outcome.

A customer starts from 5 points and loses some for

- the *wait* for the first response, as a share of its target (at most 1),
- the *time* to the resolution, as a share of its target (at most 1),
- *missed updates*, as a share of the updates that were due,
- an outcome that was *late*: a resolution target missed,
- an outcome that was none (*unsolved*): the customer gave up waiting, or a full queue turned the ticket away. Their
  wait and their time are counted until then.

Who never answered the desk's question is asked for no opinion either, and an open ticket has no outcome yet: these have
no score. The desk file says how many points each costs at its worst (``satisfaction``); one calibrated factor,
``calibrated.dissatisfaction``, scales them all. The score is at least 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulator.desk import Desk
from simulator.openhours import Floats

BEST = 5.0
WORST = 1.0


def updates_due(age: Floats, cadence: Sequence[tuple[float, float]]) -> npt.NDArray[np.int64]:
    """Return how many customer updates fell due within ``age`` minutes of the ticket's calendar.

    ``cadence`` holds (from this age on, every so many minutes), ascending.
    """
    count = np.zeros(len(age), np.int64)
    for position, (start, every) in enumerate(cadence):
        stop = cadence[position + 1][0] if position + 1 < len(cadence) else math.inf
        if every <= 0 or not math.isfinite(every):
            continue
        # An update due in the very minute of the resolution is the resolution's own message.
        inside = np.clip(np.minimum(age - 1e-9, stop) - start, 0.0, None)
        count += np.floor(np.nan_to_num(inside) / every).astype(np.int64)
    return count


def updates_missed(due: npt.NDArray[np.int64], luck: Floats, forgotten: float) -> npt.NDArray[np.int64]:
    """Return how many of each ticket's due updates were forgotten, each with probability ``forgotten``.

    ``luck`` in [0, 1) is the ticket's own number, turned into a binomial count by inversion.
    """
    missed = np.zeros(len(due), np.int64)
    if forgotten <= 0.0:
        return missed
    if forgotten >= 1.0:
        return due.copy()
    term = (1.0 - forgotten) ** due.astype(np.float64)
    reached = term.copy()
    for k in range(int(due.max(initial=0))):
        more = (luck >= reached) & (missed < due)
        if not more.any():
            break
        missed += more
        term = term * np.maximum(due - k, 0) / (k + 1) * (forgotten / (1.0 - forgotten))
        reached = reached + term
    return missed


def csat(
    desk: Desk,
    wait_share: Floats,
    time_share: Floats,
    missed_share: Floats,
    late: npt.NDArray[np.bool_],
    unsolved: npt.NDArray[np.bool_],
) -> Floats:
    """Return the points, 1..5, of customers whose wait, time and missed updates had these shares of the worst.

    Arrays have shape (tickets,); with a share that is not-a-number there is no score.
    """
    weights = desk.satisfaction
    lost = (
        weights.wait * np.minimum(wait_share, 1.0)
        + weights.time * np.minimum(time_share, 1.0)
        + weights.missed_updates * missed_share
        + weights.late * late
        + weights.unsolved * unsolved
    )
    return np.asarray(np.maximum(BEST - desk.calibrated.dissatisfaction * lost, WORST))
