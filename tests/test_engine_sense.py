"""What must follow when something changes, on the same luck and on several seeds: means over replications.

``test_sim_functional`` has the figures of ``simulate`` on one seed; here the tables are read.
"""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from simulator import Run, load_desk, run_once
from simulator.codes import ESCALATIONS, Entry
from simulator.model import DeskModel, compile_model
from tests.rules_under import rules_under

DATA = Path(__file__).parent / "data"
MONTHS = 8
SEEDS = (1, 2, 3)

several_seeds = pytest.mark.parametrize("seed", SEEDS)


@cache
def model(policy: tuple[str, ...], desk: tuple[str, ...]) -> DeskModel:
    sets = [dict(change.split("=", 1) for change in changes) for changes in (policy, desk)]
    return compile_model(load_desk(DATA / "desk_small.yaml", sets[1]), rules_under(sets[0]))


@cache
def months(seed: int, policy: tuple[str, ...] = (), desk: tuple[str, ...] = ()) -> tuple[Run, ...]:
    return tuple(run_once(model(policy, desk), None, seed, number) for number in range(MONTHS))


def mean_wait(runs: tuple[Run, ...], tier: int) -> float:
    """Return the mean time (minutes) for which a ticket that could be taken waited until it was, or for good."""
    waits = []
    for run in runs:
        stays = run.visits[(run.visits["place"] == tier) & ~np.isnan(run.visits["available"])]
        until = np.fmin(np.fmin(stays["began"], stays["left"]), run.model.end)
        waits.append(until - stays["available"])
    return float(np.concatenate(waits).mean())


def mean_of(runs: tuple[Run, ...], column: str) -> float:
    return float(np.nanmean(np.concatenate([run.tickets[column] for run in runs])))


@several_seeds
def test_more_demand_does_not_shorten_waits(seed: int) -> None:
    usual, more = months(seed), months(seed, desk=("demand.tickets_per_week=150",))
    for tier in range(3):
        assert mean_wait(more, tier) >= mean_wait(usual, tier), tier
    assert mean_of(more, "response_minutes") > mean_of(usual, "response_minutes")


@several_seeds
@pytest.mark.parametrize(("tier", "agents"), [("T1", 3), ("T2", 2), ("T3", 2)])
def test_more_agents_in_a_tier_do_not_lengthen_its_wait(seed: int, tier: str, agents: int) -> None:
    number = int(tier[1]) - 1
    more = months(seed, desk=(f"staffing.{tier}.agents={agents}",))
    assert mean_wait(more, number) <= mean_wait(months(seed), number)


def timed_out(runs: tuple[Run, ...]) -> dict[tuple[int, int], float]:
    """Return how long (minutes in hand, of its calendar) Tier 1 had each ticket when its timer first took it away."""
    found: dict[tuple[int, int], float] = {}
    for number, run in enumerate(runs):
        stays = run.visits[(run.visits["place"] == 0) & (run.visits["ending"] == int(Entry.NO_PROGRESS))]
        for stay in stays:
            minutes = run.model.staff[0].hours.minutes_between(float(stay["began"]), float(stay["left"]))
            found.setdefault((number, int(stay["ticket"])), minutes)
    return found


@several_seeds
def test_a_longer_timer_moves_escalations_later(seed: int) -> None:
    runs = [months(seed, policy=(f"tiers.T1.no_progress={minutes}m",)) for minutes in (20, 30, 45)]
    short, usual, long = (timed_out(one) for one in runs)
    assert len(short) > len(usual) > len(long) > 10
    for earlier, later in ((short, usual), (usual, long)):
        both = earlier.keys() & later.keys()
        assert np.mean([later[one] - earlier[one] for one in both]) >= 10
        assert np.mean(list(later.values())) > np.mean(list(earlier.values()))


def escalated_after(runs: tuple[Run, ...]) -> dict[tuple[int, int], float]:
    """Return how long (minutes, on the clock on the wall) after its opening each ticket was escalated."""
    found: dict[tuple[int, int], float] = {}
    for number, run in enumerate(runs):
        for stay in run.visits[np.isin(run.visits["entry"], ESCALATIONS) & (run.visits["place"] < run.model.tiers)]:
            minutes = float(stay["entered"] - run.tickets["opened"][stay["ticket"]])
            key = number, int(stay["ticket"])
            found[key] = min(minutes, found.get(key, np.inf))
    return found


@several_seeds
def test_with_a_longer_timer_what_is_escalated_is_escalated_later(seed: int) -> None:
    runs = [months(seed, policy=(f"tiers.T1.no_progress={minutes}m",)) for minutes in (15, 30, 60)]
    found = [escalated_after(one) for one in runs]
    assert len(found[0]) > len(found[1]) > len(found[2])
    for earlier, later in itertools.pairwise(found):
        both = earlier.keys() & later.keys()  # whether by the timer or for another reason
        assert len(both) > 50
        assert np.mean([later[one] - earlier[one] for one in both]) > 0


@several_seeds
@pytest.mark.parametrize("written", [(), ("work.update=4m",)])
def test_twice_as_many_forgotten_updates_lower_satisfaction(seed: int, written: tuple[str, ...]) -> None:
    some = months(seed, desk=("behaviour.updates_forgotten=0.2", *written))
    twice = months(seed, desk=("behaviour.updates_forgotten=0.4", *written))
    assert mean_of(twice, "updates_missed") > 1.5 * mean_of(some, "updates_missed")
    assert mean_of(twice, "csat") < mean_of(some, "csat")
