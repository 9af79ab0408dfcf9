"""All chance, drawn before the run: row i belongs to ticket i.

Streams are named, and spawned from one seed by ``SeedSequence(seed, spawn_key=(replication, stream))``. What happens
in the run never changes which numbers a ticket gets: the same ticket meets two policies, or two staffing plans, with
the same luck (common random numbers). The work of each tier has a row for each stay there, so a second stay, or one
stay more in another tier, shifts nobody's draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from policy.calendars import to_datetime
from simulator.desk import TIERS, Time
from simulator.model import DeskModel
from simulator.openhours import Floats

Codes = npt.NDArray[np.int8]
STAYS: Final = 2
"""How often a ticket can stay in one tier: once, and once more after it was sent back as premature."""
MAX_PIECES: Final = 16
"""More pieces of work than this are cut off (with a mean of 6, the most a desk may say, that is 1 ticket in 15,000)."""


class Stream(IntEnum):
    """The streams of chance. Numbers are part of the results: never renumber, only add."""

    ARRIVALS = 0
    KIND = 1
    LEVEL = 2
    SLIPS = 3
    SMALL_TIMES = 4
    UPDATES = 5
    WORK_T1 = 11
    WORK_T2 = 12
    WORK_T3 = 13
    PIECES_T1 = 21
    PIECES_T2 = 22
    PIECES_T3 = 23


@dataclass(frozen=True, slots=True)
class TierDraws:
    """Work in one tier, minutes: ``checks``, ``recognition``, ``handoff`` of shape (tickets, stays); ``pieces`` of
    shape (tickets, stays, MAX_PIECES), 0 after the last."""

    checks: Floats
    recognition: Floats
    handoff: Floats
    pieces: Floats


@dataclass(frozen=True, slots=True)
class Draws:
    """Everything that chance decides about ``n`` tickets.

    ``opened`` in minutes since the opening, ascending; ``priority``, ``plan``, ``category`` are indices;
    ``solved_by`` is 0, 1, 2 for the tier that can solve it, 3 for none. ``premature`` marks those whose first agent
    takes them for harder than they are; ``code_seen`` those whose need of a code change Tier 1 would recognise.
    """

    opened: Floats
    priority: Codes
    plan: Codes
    category: Codes
    solved_by: Codes
    premature: npt.NDArray[np.bool_]
    code_seen: npt.NDArray[np.bool_]
    response: Floats
    help: Floats
    paging: Floats
    decision: Floats
    update_luck: Floats
    tiers: tuple[TierDraws, TierDraws, TierDraws]


def stream(seed: int, replication: int, which: Stream) -> np.random.Generator:
    """Return the generator of one stream of one replication."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(replication, int(which)))))


def draw(model: DeskModel, seed: int, replication: int) -> Draws:
    """Return the tickets of one replication and all that chance decides about them."""
    desk = model.desk
    opened = arrivals(model, stream(seed, replication, Stream.ARRIVALS))
    n = len(opened)
    kind = stream(seed, replication, Stream.KIND).random((n, 3))
    category = _pick(kind[:, 0], [c.share for c in desk.categories.values()])
    priority = np.zeros(n, np.int8)
    for index, entry in enumerate(desk.categories.values()):
        mine = category == index
        priority[mine] = _pick(kind[mine, 1], [entry.priorities.get(p, 0.0) for p in model.priorities])
    plan = _pick(kind[:, 2], [desk.plans.get(p, 0.0) for p in model.plans])
    slips = stream(seed, replication, Stream.SLIPS).random((n, 2))
    small = stream(seed, replication, Stream.SMALL_TIMES).standard_normal((n, 4))
    effort = np.array([c.effort for c in desk.categories.values()])[category]
    effort = effort * np.array([desk.work.pace.get(p, 1.0) for p in model.priorities])[priority]
    t1, t2, t3 = (_tier_draws(model, seed, replication, tier, n, effort) for tier in range(len(TIERS)))
    return Draws(
        opened=opened,
        priority=priority,
        plan=plan,
        category=category,
        solved_by=_solved_by(model, stream(seed, replication, Stream.LEVEL).random((n, 3)), category),
        premature=slips[:, 0] < desk.calibrated.premature,
        code_seen=slips[:, 1] < desk.behaviour.code_change_seen_in_T1,
        response=log_normal(small[:, 0], desk.work.first_response),
        help=log_normal(small[:, 1], desk.work.ask_for_help),
        paging=log_normal(small[:, 2], desk.work.paging),
        decision=log_normal(small[:, 3], desk.work.management_decision),
        update_luck=stream(seed, replication, Stream.UPDATES).random(n),
        tiers=(t1, t2, t3),
    )


def arrival_curve(model: DeskModel) -> tuple[Floats, Floats]:
    """Return the hours of the run (minutes, shape (hours + 1,)) and the tickets expected up to each."""
    demand = model.desk.demand
    weights = np.array(demand.hour_weights.weights())
    hours = round(model.end / 60.0)
    edges = np.arange(hours + 1) * 60.0
    first = to_datetime(model.opening)
    rates = np.resize(np.roll(weights, -(first.weekday() * 24 + first.hour)), hours)
    quiet = set(demand.quiet_days.dates)
    for day in range(hours // 24):
        if (first + timedelta(days=day)).date() in quiet:
            rates[day * 24 : (day + 1) * 24] *= demand.quiet_days.factor
    total = weights.sum()
    rates = rates * (model.desk.calibrated.tickets_per_week / total) if total > 0 else np.zeros(hours)
    expected: Floats = np.concatenate([[0.0], np.cumsum(rates)])
    return edges.astype(np.float64), expected


def arrivals(model: DeskModel, rng: np.random.Generator) -> Floats:
    """Return the instants at which tickets are opened: a Poisson process with a rate for each hour.

    A process of rate one is bent by the inverse of the expected count, so that more demand brings the same tickets
    closer together instead of other tickets.
    """
    edges, expected = arrival_curve(model)
    total = float(expected[-1])
    if total <= 0:
        return np.empty(0)
    block = int(total + 6 * total**0.5 + 20)
    counts = np.cumsum(rng.standard_exponential(block))
    while counts[-1] <= total:
        counts = np.concatenate([counts, counts[-1] + np.cumsum(rng.standard_exponential(block))])
    return np.interp(counts[counts < total], expected, edges)


def log_normal(normals: Floats, time: Time, factor: float = 1.0) -> Floats:
    """Return log-normal times (minutes) with the mean and coefficient of variation of ``time``."""
    variance = float(np.log1p(time.cv**2))
    return np.asarray(time.mean * factor * np.exp(variance**0.5 * normals - variance / 2))


def with_odds(probability: float, odds_factor: float) -> float:
    """Return a probability whose odds are multiplied; 0 and 1 stay what they are."""
    if probability in (0.0, 1.0):
        return probability
    odds = probability / (1 - probability) * odds_factor
    return odds / (1 + odds)


def _pick(uniform: Floats, weights: list[float]) -> Codes:
    """Return an index for each number in [0, 1), in proportion to the weights."""
    edges = np.cumsum(weights)
    picked: Codes = np.searchsorted(edges, uniform * edges[-1], side="right").astype(np.int8)
    return picked


def _solved_by(model: DeskModel, uniform: Floats, category: Codes) -> Codes:
    calibrated = model.desk.calibrated
    shares = np.array(
        [
            [
                with_odds(c.beyond_T1, calibrated.beyond_T1_odds),
                with_odds(c.beyond_T2, calibrated.beyond_T2_odds),
                with_odds(c.beyond_T3, calibrated.beyond_T3_odds),
            ]
            for c in model.desk.categories.values()
        ]
    )
    beyond = uniform < shares[category]
    solved_by: Codes = np.cumprod(beyond, axis=1).sum(axis=1).astype(np.int8)
    return solved_by


def _tier_draws(model: DeskModel, seed: int, replication: int, tier: int, n: int, effort: Floats) -> TierDraws:
    work, calibrated = model.desk.work_of(tier), model.desk.calibrated
    normals = stream(seed, replication, (Stream.WORK_T1, Stream.WORK_T2, Stream.WORK_T3)[tier]).standard_normal(
        (n, STAYS, MAX_PIECES + 3)
    )
    uniform = stream(seed, replication, (Stream.PIECES_T1, Stream.PIECES_T2, Stream.PIECES_T3)[tier]).random((n, STAYS))
    count = 1 + np.searchsorted(_poisson_steps(work.pieces - 1), uniform, side="right")
    factor = calibrated.T1_work if tier == 0 else calibrated.upper_work
    pieces = log_normal(normals[:, :, 3:], work.piece, factor) * effort[:, None, None]
    pieces[np.arange(MAX_PIECES) >= count[:, :, None]] = 0.0
    return TierDraws(
        checks=log_normal(normals[:, :, 0], work.checks),
        recognition=log_normal(normals[:, :, 1], work.recognition, factor),
        handoff=log_normal(normals[:, :, 2], work.handoff),
        pieces=pieces,
    )


def _poisson_steps(mean: float) -> Floats:
    """Return P(N <= k) for k = 0 ... MAX_PIECES - 2: the steps at which one more piece is drawn."""
    k = np.arange(1, MAX_PIECES - 1)
    terms = np.concatenate([[1.0], np.cumprod(mean / k)])
    return np.asarray(np.cumsum(terms) * np.exp(-mean))
