"""A pilot: some weeks of a desk, played a few times, to see what no mean tells in advance.

Timers and ages of the policy, updates, questions and slips bring work that :mod:`simulator.expected_load` leaves out.
How much depends on how long work and waits are, so it is measured: how busy the people of each tier are, and whether
more tickets wait at the end than in the middle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np

from simulator.codes import Fate
from simulator.draws import arrival_curve, check_size
from simulator.expected_load import WEEK
from simulator.metrics import worked
from simulator.model import DeskModel, Rules, compile_model
from simulator.openhours import Floats
from simulator.run import run_once
from simulator.tables import Run

WEEKS: Final = (4, 8)
"""A pilot is at least and at most so many weeks long, an even number."""
TIMES: Final = 5
"""How often it is played."""
WARM_UP: Final = 2
"""Weeks that fill the desk before, at least."""
ENOUGH: Final = 4_000
"""Tickets after which a pilot need not be longer."""
TOO_MANY: Final = 100_000
"""Tickets of the shortest pilot beyond which none is played: it would take too long."""
_T: Final = 2.132
"""Student's t for 95 % on one side, with 4 degrees of freedom."""
SEED: Final = 0


@dataclass(frozen=True, slots=True)
class PlayedTier:
    """One tier: the mean over the times that the pilot was played.

    ``busy`` is time worked ÷ time there of its own people, ``on_call`` the same of those on call (0..1; ``None`` where
    there are none). ``waiting`` are tickets that nobody has taken, at the end; ``grows`` by how many more they are a
    week since the middle, and ``surely`` by how many at least (one-sided, 95 %); ``taken`` are stays begun a week.
    """

    busy: float | None
    on_call: float | None
    waiting: float
    grows: float
    surely: float
    taken: float


@dataclass(frozen=True, slots=True)
class Pilot:
    """What was seen in ``weeks`` weeks, played ``times`` times; tiers by their place.

    ``lost`` is the share of tickets (0..1) whose customers gave up, or which a full queue turned away.
    """

    weeks: int
    times: int
    tiers: tuple[PlayedTier, ...]
    lost: float


def play_pilot(model: DeskModel, rules: Rules) -> Pilot | None:
    """Return what some weeks of a desk show; ``None`` where they would be too many tickets, or none.

    The weeks are the first of the period, or more than it has; a log is played as it is. Always the same chances.

    Raises:
        InputError: the desk asks for more tickets than can be played.
    """
    edges, expected = arrival_curve(model)
    check_size(model, expected)
    tickets = float(np.interp(model.end, edges, expected) - np.interp(model.start, edges, expected))
    a_week = tickets / (model.end - model.start) * WEEK
    if not tickets:
        return None
    period = model.desk.period
    if model.replayed is not None:
        weeks = max(round((model.end - model.start) / WEEK), 1)
    else:
        low, high = WEEKS
        weeks = min(max(low, math.ceil(ENOUGH / a_week / 2) * 2), high)
        period = period.model_copy(
            update={
                "last_day": period.first_day + timedelta(weeks=weeks, days=-1),
                "warm_up_weeks": min(max(period.warm_up_weeks, WARM_UP), WEEKS[1]),
            }
        )
        model = compile_model(model.desk.model_copy(update={"period": period}), rules)
    if a_week * (weeks + period.warm_up_weeks) > TOO_MANY:
        return None
    seen, lost, came = [], 0, 0
    for replication in range(TIMES):
        run = run_once(model, None, SEED, replication)
        seen.append(_seen(run))
        tickets_of_it = run.tickets[run.tickets["opened"] >= run.period[0]]
        came += len(tickets_of_it)
        lost += int(np.isin(tickets_of_it["fate"], (Fate.GAVE_UP, Fate.QUEUE_FULL)).sum())
    tiers = tuple(_together([one[tier] for one in seen], weeks) for tier in range(model.tiers))
    return Pilot(weeks, TIMES, tiers, lost / max(1, came))


_Seen = tuple[float, float, float, float, float, float, float]
"""Of one tier: minutes worked and there, the same on call, waiting in the middle and at the end, stays begun."""


def _seen(run: Run) -> list[_Seen]:
    model, visits = run.model, run.visits
    start, end = run.period
    minutes = worked(run, start, end).inside
    there = np.array([one.hours.minutes_between(start, end) for one in run.agents])
    found: list[_Seen] = []
    for tier in range(model.tiers):
        own = [n for n, one in enumerate(run.agents) if one.tier == tier and not one.on_call]
        called = [n for n, one in enumerate(run.agents) if one.tier == tier and one.on_call]
        mine = visits[visits["place"] == tier]
        begun = np.count_nonzero((mine["began"] >= start) & (mine["began"] < end))
        middle, last = (_waiting(mine["available"], mine["began"], mine["left"], at) for at in ((start + end) / 2, end))
        found.append((float(minutes[own].sum()), float(there[own].sum()), float(minutes[called].sum()),
                      float(there[called].sum()), middle, last, float(begun)))  # fmt: skip
    return found


def _waiting(available: Floats, began: Floats, left: Floats, at: float) -> float:
    """Return how many could be taken, and had neither been taken nor moved on."""
    return float(np.count_nonzero((available < at) & ~(began < at) & ~(left < at)))


def _together(seen: Sequence[_Seen], weeks: int) -> PlayedTier:
    minutes, there, called, on_call, middle, end, begun = np.array(seen).T
    grows = (end - middle) / (weeks / 2)
    error = float(grows.std(ddof=1)) / math.sqrt(len(grows))
    return PlayedTier(
        busy=float(minutes.sum() / there.sum()) if there.sum() and math.isfinite(there.sum()) else None,
        on_call=float(called.sum() / on_call.sum()) if on_call.sum() else None,
        waiting=float(end.mean()),
        grows=float(grows.mean()),
        surely=float(grows.mean()) - _T * error,
        taken=float(begun.mean()) / weeks,
    )
