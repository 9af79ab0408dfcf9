"""When tickets are opened: the rate of every hour, chance, and outages that bring many at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from policy.calendars import to_datetime
from simulator.desk import Time
from simulator.desk.demand import MONTHS, Outages
from simulator.draws.size import check_size
from simulator.draws.streams import Stream, lengths, rounded, stream
from simulator.model import DeskModel
from simulator.openhours import Floats


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Tickets in the order in which they are opened, arrays of shape (tickets,).

    ``opened`` in minutes since the opening; ``source`` is 0 for ordinary tickets, 1 for those of an outage, 2 for the
    backlog; ``row`` counts within a source; ``cause`` is the number of the outage, -1 without one.
    """

    opened: Floats
    source: npt.NDArray[np.int8]
    row: npt.NDArray[np.int32]
    cause: npt.NDArray[np.int32]


def arrival_curve(model: DeskModel, day_factors: Floats | None = None) -> tuple[Floats, Floats]:
    """Return the hours of the run (minutes, shape (hours + 1,)) and the tickets expected up to each.

    ``day_factors`` (shape (days,)) multiply the rate of each day. Of a replayed log these are the tickets that came.
    """
    demand = model.desk.demand
    weights = np.array(demand.hour_weights.weights())
    hours = round(model.end / 60.0)
    edges: Floats = np.arange(0.0, hours + 1.0) * 60.0
    if model.replayed is not None:
        return edges, np.searchsorted(model.replayed.opened, edges).astype(np.float64)
    first = to_datetime(model.opening)
    rates = np.resize(np.roll(weights, -(first.weekday() * 24 + first.hour)), hours)
    days = hours // 24
    factors = np.ones(days) if day_factors is None else day_factors.copy()
    quiet, months = set(demand.quiet_days.dates), demand.months
    if quiet or months:
        for day in range(days):
            date = (first + timedelta(days=day)).date()
            factors[day] *= demand.quiet_days.factor if date in quiet else 1.0
            factors[day] *= months.get(MONTHS[date.month - 1], 1.0)
    if demand.growth:
        since = np.arange(days) - model.start / 1440.0
        factors = factors * (1.0 + demand.growth) ** (since / 365.25)
    rates[: days * 24] *= np.repeat(factors, 24)
    total = weights.sum()
    weekly = demand.tickets_per_week * model.desk.calibrated.demand
    rates = rates * (weekly / total) if total > 0 else np.zeros(hours)
    expected: Floats = np.concatenate([[0.0], np.cumsum(rates)])
    return edges, expected


def arrivals(model: DeskModel, seed: int, replication: int) -> Arrivals:
    """Return the tickets of one replication, in the order in which they are opened.

    Raises:
        InputError: more would come than can be played (:func:`~simulator.draws.size.check_size`).
    """
    demand = model.desk.demand
    ordinary = _ordinary(model, seed, replication) if model.replayed is None else rounded(model.replayed.opened)
    parts = [(ordinary, 0, np.full(len(ordinary), -1, np.int32))]
    if demand.outages is not None:
        opened, cause = outage_tickets(demand.outages, model.end, stream(seed, replication, Stream.OUTAGES))
        parts.append((opened, 1, cause))
    waiting = sum(model.desk.backlog.values())
    if waiting:
        parts.append((np.zeros(waiting), 2, np.full(waiting, -1, np.int32)))
    opened = np.concatenate([part[0] for part in parts])
    order = np.argsort(opened, kind="stable")
    source = np.concatenate([np.full(len(part[0]), part[1], np.int8) for part in parts])
    row = np.concatenate([np.arange(len(part[0]), dtype=np.int32) for part in parts])
    cause = np.concatenate([part[2] for part in parts])
    return Arrivals(opened[order], source[order], row[order], cause[order])


def _ordinary(model: DeskModel, seed: int, replication: int) -> Floats:
    """Return the instants that chance draws for ordinary tickets."""
    curve, cv = arrival_curve(model), model.desk.demand.day_to_day
    check_size(model, curve[1])
    if cv:
        normals = stream(seed, replication, Stream.DAYS).standard_normal(round(model.end / 1440.0))
        # Gamma, so that a day is never below nothing; the mean is 1.
        curve = arrival_curve(model, lengths(normals, Time(mean="1m", cv=cv, shape="gamma")))  # type: ignore[arg-type]
    return rounded(poisson(curve, stream(seed, replication, Stream.ARRIVALS)))


def poisson(curve: tuple[Floats, Floats], rng: np.random.Generator) -> Floats:
    """Return the instants of a Poisson process with the expected counts of a curve.

    A process of rate one is bent by the inverse of the expected count, so that more demand brings the same tickets
    closer together instead of other tickets.
    """
    edges, expected = curve
    total = float(expected[-1])
    if total <= 0:
        return np.empty(0)
    block = int(total + 6 * total**0.5 + 20)
    counts = np.cumsum(rng.standard_exponential(block))
    while counts[-1] <= total:
        counts = np.concatenate([counts, counts[-1] + np.cumsum(rng.standard_exponential(block))])
    return np.interp(counts[counts < total], expected, edges)


def outage_tickets(outages: Outages, end: float, rng: np.random.Generator) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Return when the tickets of outages are opened (minutes), and the number of the outage of each."""
    opened: list[Floats] = []
    causes: list[int] = []
    at, number = 0.0, 0
    gap = 525_960.0 / outages.per_year if outages.per_year else float("inf")
    while (at := at + gap * float(rng.standard_exponential())) < end:
        count = 1 + int(rng.poisson(outages.tickets - 1))
        times = at + np.sort(rng.random(count)) * outages.within
        times[0] = at
        opened.append(times[times < end])
        causes += [number] * int((times < end).sum())
        number += 1
    return rounded(np.concatenate(opened)) if opened else np.empty(0), np.array(causes, np.int32)
