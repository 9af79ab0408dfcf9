"""Chance is drawn before the run, a row a ticket: no policy and no staffing changes a ticket's luck."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from policy import load_policy
from simulator import load_desk
from simulator.desk import Time
from simulator.draws import MAX_PIECES, Draws, TierDraws, arrival_curve, draw, log_normal, with_odds
from simulator.model import DeskModel, compile_model
from simulator.run import rules_of

DATA = Path(__file__).parent / "data"


def model(policy: dict[str, str] | None = None, **desk: str) -> DeskModel:
    sets = {path.replace("__", "."): value for path, value in desk.items()}
    return compile_model(
        load_desk(DATA / "desk_small.yaml", sets), rules_of(load_policy(DATA / "desk_policy.yaml", policy or {}))
    )


def columns(draws: Draws) -> dict[str, np.ndarray]:
    found = {f.name: getattr(draws, f.name) for f in fields(Draws) if f.name != "tiers"}
    for tier, one in enumerate(draws.tiers):
        found |= {f"{tier}.{f.name}": getattr(one, f.name) for f in fields(TierDraws)}
    return found


def same(a: Draws, b: Draws, but: tuple[str, ...] = ()) -> None:
    for name, values in columns(a).items():
        if name not in but:
            np.testing.assert_array_equal(values, columns(b)[name], err_msg=name)


def test_two_policies_meet_the_same_luck() -> None:
    same(draw(model(), 7, 3), draw(model({"tiers.T1.no_progress": "60m", "priorities.P2.resolution": "4h"}), 7, 3))


def test_two_staffings_meet_the_same_luck() -> None:
    same(draw(model(), 7, 3), draw(model(staffing__T1__agents="9", staffing__T3__on_call="0"), 7, 3))


def test_more_demand_brings_the_same_tickets_closer_together() -> None:
    few, many = draw(model(), 7, 3), draw(model(calibrated__tickets_per_week="150"), 7, 3)
    n = len(few.opened)
    assert len(many.opened) > n
    assert (many.opened[:n] <= few.opened).all()
    for name, values in columns(many).items():
        if name != "opened":
            np.testing.assert_array_equal(values[:n], columns(few)[name], err_msg=name)


def test_harder_tickets_are_the_same_tickets_and_more() -> None:
    base, hard = draw(model(), 7, 3), draw(model(calibrated__beyond_T1_odds="2"), 7, 3)
    same(base, hard, but=("solved_by",))
    assert (hard.solved_by >= base.solved_by).all()
    assert (hard.solved_by > base.solved_by).any()


def test_replications_and_seeds_differ() -> None:
    first = draw(model(), 7, 3).response
    for other in (draw(model(), 7, 4).response, draw(model(), 8, 3).response):
        assert not np.array_equal(first[:20], other[:20])


def test_arrivals_follow_the_curve() -> None:
    one = model(calibrated__tickets_per_week="1000")
    edges, expected = arrival_curve(one)
    opened = np.concatenate([draw(one, 1, r).opened for r in range(40)])
    assert (opened >= 0).all()
    assert (opened < one.end).all()
    days = np.histogram(opened, np.arange(0, one.end + 1, 1440.0))[0] / 40
    wanted = np.diff(np.interp(np.arange(0, one.end + 1, 1440.0), edges, expected))
    assert wanted.sum() == pytest.approx(2000 - wanted[9])  # one day came at half its rate
    assert (np.abs(days - wanted) < 4.5 * np.sqrt(wanted / 40)).all()


def test_pieces_of_work_have_the_mean_that_the_desk_says() -> None:
    draws = [draw(model(calibrated__tickets_per_week="2000"), 1, r).tiers[0].pieces for r in range(5)]
    pieces = np.concatenate(draws)
    assert pieces.shape[1:] == (2, MAX_PIECES)
    count = (pieces > 0).sum(axis=2)
    assert count.min() == 1
    assert count.mean() == pytest.approx(2.0, abs=4 * count.std() / np.sqrt(count.size))


def test_log_normal_has_its_mean_and_spread() -> None:
    normals = np.random.default_rng(3).standard_normal(400_000)
    times = log_normal(normals, Time(mean="20m", cv=0.8), 1.5)
    assert times.mean() == pytest.approx(30, rel=0.01)
    assert times.std() / times.mean() == pytest.approx(0.8, rel=0.02)
    assert (log_normal(normals, Time(mean="20m", cv=0.0)) == 20).all()


def test_odds() -> None:
    assert with_odds(0.5, 3) == 0.75
    assert with_odds(0.2, 1) == pytest.approx(0.2)
    assert [with_odds(p, 7) for p in (0.0, 1.0)] == [0.0, 1.0]
