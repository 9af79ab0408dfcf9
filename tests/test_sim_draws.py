"""Chance belongs to tickets, row by row: no policy and no staffing changes a ticket's luck."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import load_desk
from simulator.codes import Ending
from simulator.desk import Time
from simulator.draws import Arrivals, Block, arrival_curve, arrivals
from simulator.draws.crew import crew
from simulator.draws.streams import lengths, pick, with_odds
from simulator.draws.tickets import LARGEST, MAX_PIECES, block_size
from simulator.model import DeskModel, compile_model
from tests.rules_under import rules_under

DATA = Path(__file__).parent / "data"
LISTS = ("priority", "plan", "category", "solved_by", "luck", "response", "help", "paging", "decision", "asking_back",
         "patience", "comes_back")  # fmt: skip
SLIPS = ("premature", "code_seen", "late_recognition", "wrong_destination", "incomplete_handoff", "wrong_priority")
EVERYTHING = {
    "behaviour": "{premature: 0.1, code_change_seen_in_T1: 0.3, late_recognition: 0.2, wrong_destination: 0.2, "
    "incomplete_handoff: 0.2, wrong_priority: 0.1}",
    "customers": "{patience: {mean: 6h}, reopen: 0.2}",
    "work.customer": "{share: 0.3, answer: {mean: 4h}, never: 0.1}",
}


def model(policy: dict[str, str] | None = None, **desk: str) -> DeskModel:
    sets = {path.replace("__", "."): value for path, value in desk.items()}
    return compile_model(load_desk(DATA / "desk_small.yaml", EVERYTHING | sets), rules_under(policy))


def luck(desk: DeskModel, seed: int = 7, replication: int = 3, number: int = 0) -> dict[str, Any]:
    """Return everything that chance decides about the tickets of a block, two stays in each tier."""
    block = Block(desk, seed, replication, 0, number)
    found = {name: np.array(getattr(block, name)) for name in LISTS}
    found |= {name: np.array(block.slips[name]) for name in SLIPS}
    for tier in range(desk.tiers):
        for stay in range(2):
            one = block.choices(tier, stay)
            columns = {
                "checks": np.asarray(one.checks),
                "recognition": np.asarray(one.recognition),
                "handoff": np.asarray(one.handoff),
                "asks": np.array(one.asks),
                "answer": np.array(one.answer),
                "close_after": np.array(one.close_after),
                "pieces": np.array([one.solve(row) + (0.0,) * (MAX_PIECES + 1 - len(one.solve(row)))
                                    for row in range(block.size)]),
            }  # fmt: skip
            found |= {f"{tier}.{stay}.{name}": values for name, values in columns.items()}
    return found


def same(a: dict[str, Any], b: dict[str, Any], but: tuple[str, ...] = ()) -> None:
    assert set(a) == set(b)
    for name, values in a.items():
        if name not in but:
            np.testing.assert_array_equal(values, b[name], err_msg=name)


def same_arrivals(a: Arrivals, b: Arrivals) -> None:
    for name in ("opened", "source", "row", "cause"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


def test_two_policies_meet_the_same_luck() -> None:
    other = model({"tiers.T1.no_progress": "60m", "priorities.P2.resolution": "4h"})
    same(luck(model()), luck(other))
    same_arrivals(arrivals(model(), 7, 3), arrivals(other, 7, 3))


def test_two_staffings_meet_the_same_luck() -> None:
    other = model(staffing__T1__agents="9", staffing__T3__on_call="0")
    same(luck(model()), luck(other))
    same_arrivals(arrivals(model(), 7, 3), arrivals(other, 7, 3))


def test_more_demand_brings_the_same_tickets_closer_together() -> None:
    few, many = model(), model(calibrated__demand="1.25")
    a, b = arrivals(few, 7, 3).opened, arrivals(many, 7, 3).opened
    n = len(a)
    assert len(b) > n
    assert (b[:n] <= a).all()
    same(luck(few), luck(many))
    by_week = arrivals(model(demand__tickets_per_week="150"), 7, 3).opened
    np.testing.assert_array_equal(by_week, b)  # the factor is one on the tickets of a week


def test_harder_tickets_are_the_same_tickets_and_more() -> None:
    base, hard = luck(model(work__easier="1")), luck(model(work__easier="1", calibrated__beyond_odds="{T1: 2}"))
    same(base, hard, but=("solved_by",))
    assert (hard["solved_by"] >= base["solved_by"]).all()
    assert (hard["solved_by"] > base["solved_by"]).any()


def test_longer_work_is_the_same_luck_stretched() -> None:
    base, slow = luck(model()), luck(model(calibrated__work="{T2: 2}"))
    np.testing.assert_allclose(slow["1.0.recognition"], 2 * base["1.0.recognition"], atol=1e-5)
    np.testing.assert_allclose(slow["1.1.pieces"][:, 1:], 2 * base["1.1.pieces"][:, 1:], atol=1e-5)
    same(base, slow, but=tuple(f"1.{stay}.{name}" for stay in range(2) for name in ("recognition", "pieces")))


def test_a_category_has_lengths_of_its_own() -> None:
    own = luck(model(categories__easy__piece="{T1: {mean: 3m, shape: fixed}}"))
    base, easy = luck(model()), own["category"] == 1
    worked = own["0.0.pieces"][easy][:, 1:]
    assert set(worked[worked > 0]) == {3.0}
    np.testing.assert_array_equal(own["0.0.pieces"][~easy], base["0.0.pieces"][~easy])


def test_replications_seeds_blocks_and_stays_differ() -> None:
    one = luck(model())
    for other in (luck(model(), replication=4), luck(model(), seed=8), luck(model(), number=1)):
        for name in ("response", "luck", "0.0.checks", "2.1.pieces"):
            assert not np.array_equal(one[name][:20], other[name][:20]), name
    assert not np.array_equal(one["0.0.checks"], one["0.1.checks"])
    assert not np.array_equal(one["0.0.checks"] / 7, one["1.0.checks"] / 15)
    first, second = (arrivals(model(), 7, replication).opened[:20] for replication in (3, 4))
    assert not np.array_equal(first, second)


def test_blocks_grow_to_the_largest() -> None:
    assert [block_size(n) for n in range(7)] == [512, 512, 1024, 2048, 4096, 4096, LARGEST]


def test_arrivals_follow_the_curve() -> None:
    one = model(demand__tickets_per_week="1000")
    edges, expected = arrival_curve(one)
    opened = np.concatenate([arrivals(one, 1, r).opened for r in range(40)])
    assert (opened >= 0).all()
    assert (opened < one.end).all()
    days = np.histogram(opened, np.arange(0, one.end + 1, 1440.0))[0] / 40
    wanted = np.diff(np.interp(np.arange(0, one.end + 1, 1440.0), edges, expected))
    assert wanted.sum() == pytest.approx(2000 - wanted[9])  # one day came at half its rate
    assert (np.abs(days - wanted) < 4.5 * np.sqrt(wanted / 40)).all()


def test_an_hour_without_rate_brings_nothing() -> None:
    one = model(demand__hour_weights__mon=f"{[0] * 24}", demand__tickets_per_week="1000")
    opened = arrivals(one, 1, 0).opened
    assert len(opened) > 1000
    assert not ((opened % (7 * 1440)) < 1440).any()
    nothing = model(demand__tickets_per_week="0")
    assert len(arrivals(nothing, 1, 0).opened) == 0


def test_a_day_is_busier_than_another_beyond_what_chance_does() -> None:
    flat = "{" + ", ".join(f"{day}: {[1] * 24}" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")) + "}"
    sets = {"demand__tickets_per_week": "700", "demand__hour_weights": flat, "demand__quiet_days": "{factor: 1}",
            "period__last_day": "2025-08-31"}  # fmt: skip

    def of_days(**more: str) -> np.ndarray:
        one = model(**sets, **more)
        return np.histogram(arrivals(one, 2, 0).opened, np.arange(0, one.end + 1, 1440.0))[0]

    plain, varied = of_days(), of_days(demand__day_to_day="0.3")
    n = len(plain)
    assert n == 189
    assert plain.var(ddof=1) == pytest.approx(100, rel=4.5 * np.sqrt(2 / n))  # Poisson: the variance is the mean
    assert varied.mean() == pytest.approx(100, abs=4.5 * np.sqrt(1000 / n))
    assert varied.var(ddof=1) == pytest.approx(100 + 30**2, rel=0.6)
    assert varied.var(ddof=1) > 4 * plain.var(ddof=1)


def test_months_and_growth_change_the_rate() -> None:
    long = {"period__first_day": "2025-01-06", "period__last_day": "2026-12-31", "demand__quiet_days": "{factor: 1}"}

    def expected(**more: str) -> tuple[DeskModel, np.ndarray]:
        one = model(**long, **more)
        return one, np.diff(arrival_curve(one)[1])

    one, flat = expected()
    _, summer = expected(demand__months="{jul: 0.5, aug: 2}")
    _, grown = expected(demand__growth="0.1")
    days = ((np.arange(len(flat)) * 60 - one.start) // 1440).astype(int)  # since 6 January 2025
    july, august = (days >= 176) & (days < 207), (days >= 207) & (days < 238)
    assert july.sum() == august.sum() == 31 * 24
    np.testing.assert_allclose(summer[july], flat[july] * 0.5)
    np.testing.assert_allclose(summer[august], flat[august] * 2)
    np.testing.assert_allclose(summer[days < 176], flat[days < 176])
    first, later = days == 0, days == 364  # 52 weeks: the same weekday
    np.testing.assert_allclose(grown[first], flat[first])
    assert (grown[days < 0] < flat[days < 0]).all()
    np.testing.assert_allclose(grown[later], flat[later] * 1.1 ** (364 / 365.25))


OUTAGES = "{per_year: 400, tickets: 8, within: 2h, category: hard, priority: P2}"


def test_an_outage_brings_tickets_of_one_kind_within_its_time() -> None:
    one = model(demand__outages=OUTAGES, period__last_day="2025-08-31")
    arrived = arrivals(one, 3, 0)
    assert (np.diff(arrived.opened) >= 0).all()
    assert ((arrived.cause >= 0) == (arrived.source == 1)).all()
    causes, sizes = np.unique(arrived.cause[arrived.cause >= 0], return_counts=True)
    expected = 400 * one.end / 525_960
    assert len(causes) == pytest.approx(expected, abs=4.5 * np.sqrt(expected))
    assert sizes.mean() == pytest.approx(8, abs=4.5 * np.sqrt(7 / len(causes)) + 8 / len(causes))
    for cause in causes:
        mine = arrived.opened[arrived.cause == cause]
        assert mine.max() - mine.min() <= 120
    block = Block(one, 3, 0, 1, 0)
    assert set(block.category) == {0}
    assert set(block.priority) == {one.priorities.index("P2")}
    # The ordinary tickets are what they were.
    ordinary = arrived.source == 0
    without = arrivals(model(period__last_day="2025-08-31"), 3, 0)
    np.testing.assert_array_equal(arrived.opened[ordinary], without.opened)
    np.testing.assert_array_equal(arrived.row[ordinary], without.row)


def test_what_waits_at_the_beginning_comes_first() -> None:
    arrived = arrivals(model(backlog="{T1: 3, T2: 2}"), 3, 0)
    assert arrived.source[:5].tolist() == [2] * 5
    assert (arrived.opened[:5] == 0).all()
    assert (arrived.source[5:] == 0).all()


def test_pieces_of_work_have_the_mean_that_the_desk_says() -> None:
    counts = []
    for number in range(6):
        block = Block(model(), 1, 0, 0, number)
        one = block.choices(0, 0)
        counts += [len(one.solve(row)) - 1 for row in range(block.size)]  # the first are the checks
    assert min(counts) == 1
    assert np.mean(counts) == pytest.approx(2.0, abs=4 * np.std(counts) / np.sqrt(len(counts)))
    assert np.var(counts) == pytest.approx(1.0, rel=0.1)  # 1 + Poisson


def test_the_whole_stay_is_the_sum_of_its_parts_and_ends_the_same_way() -> None:
    block = Block(model(work__T3="{passes_on: 0, sends_back: 0.3, pieces: 1}", work__T1="{passes_on: 0.4}"), 1, 0, 0, 0)
    rows = np.arange(3, block.size, 7)
    for stay in ((0, 0), (0, 1), (2, 0)):
        one = block.choices(*stay)
        minutes, ends = block.routed(*stay, rows)
        assert one.routed is not None
        assert [sum(one.solve(row)) for row in rows] == minutes.tolist()
        assert [one.routed[row] for row in rows] == ends.tolist()
        assert len(set(ends.tolist())) == 2


def test_agendas_in_a_row_are_those_of_the_rows() -> None:
    block = Block(model(), 1, 0, 0, 0)
    before = np.arange(block.size) / 2
    for stay in ((0, 0), (1, 1)):
        one = block.choices(*stay)
        parts, bounds = one.in_a_row(before)
        assert len(bounds) == block.size + 1
        for row in range(block.size):
            assert tuple(parts[bounds[row] : bounds[row + 1]]) == (before[row], *one.solve(row))


def test_questions_come_between_the_parts_of_a_stay() -> None:
    one = model()
    blocks = [Block(one, 1, 0, 0, number) for number in range(6)]
    asks = np.concatenate([block.choices(0, 0).asks for block in blocks])
    parts = np.concatenate([[len(b.choices(0, 0).solve(r)) for r in range(b.size)] for b in blocks])
    n = len(asks)
    assert (asks >= 0).mean() == pytest.approx(0.3, abs=4.5 * np.sqrt(0.21 / n))
    assert (asks < parts - 1).all()  # never after the last
    answers = np.concatenate([block.choices(0, 0).answer for block in blocks])
    assert np.isinf(answers).mean() == pytest.approx(0.1, abs=4.5 * np.sqrt(0.09 / n))


def test_slips_are_as_frequent_as_the_desk_says() -> None:
    one = model(calibrated__premature="2")
    blocks = [Block(one, 1, 0, 0, number) for number in range(7)]
    shares = {"premature": 0.2, "code_seen": 0.3, "late_recognition": 0.2, "wrong_destination": 0.2,
              "incomplete_handoff": 0.2, "wrong_priority": 0.1}  # fmt: skip
    for name, share in shares.items():
        happened = np.concatenate([block.slips[name] for block in blocks])
        assert happened.mean() == pytest.approx(share, abs=4.5 * np.sqrt(share * (1 - share) / len(happened))), name


def test_routed_stays_end_as_often_as_the_desk_says() -> None:
    one = model(work__T2="{passes_on: 0.2, sends_back: 0.3}")
    ends = np.concatenate([Block(one, 1, 0, 0, number).choices(1, 0).routed for number in range(7)])
    for ending, share in ((Ending.EXPERTISE, 0.2), (Ending.SENT_BACK, 0.3), (Ending.SOLVED, 0.5)):
        assert (ends == ending).mean() == pytest.approx(share, abs=4.5 * np.sqrt(share * (1 - share) / len(ends)))


SHAPES = [
    (Time(mean="20m", cv=0.8), 0.8),
    (Time(mean="20m", cv=0.3), 0.3),
    (Time(mean="20m", cv=0.5, shape="gamma"), 0.5),
    (Time(mean="20m", cv=1.5, shape="gamma"), 1.5),
    (Time(mean="20m", shape="exponential"), 1.0),
    (Time(mean="20m", shape="uniform"), 1 / np.sqrt(3)),
]


@pytest.mark.parametrize(("time", "cv"), SHAPES, ids=lambda one: f"{getattr(one, 'shape', one)}")
def test_every_shape_has_its_mean_and_spread(time: Time, cv: float) -> None:
    normals = np.random.default_rng(3).standard_normal(400_000)
    times = lengths(normals, time, 1.5)
    assert times.min() >= 0
    assert times.mean() == pytest.approx(30, rel=0.01)
    assert times.std() / times.mean() == pytest.approx(cv, rel=0.02)
    order = np.argsort(normals)
    assert (np.diff(times[order]) >= 0).all()  # more luck, longer times


def test_uniform_runs_from_nothing_to_twice_the_mean_and_exponential_is_exponential() -> None:
    normals = np.random.default_rng(3).standard_normal(400_000)
    uniform = lengths(normals, Time(mean="20m", shape="uniform"))
    assert np.quantile(uniform, [0.25, 0.5, 0.75]) == pytest.approx([10, 20, 30], rel=0.01)
    assert uniform.max() <= 40
    exponential = lengths(normals, Time(mean="20m", shape="exponential"))
    assert np.quantile(exponential, [0.5, 0.9]) == pytest.approx([20 * np.log(2), 20 * np.log(10)], rel=0.01)


@pytest.mark.parametrize("time", [Time(mean="20m", cv=0.0), Time(mean="20m", cv=0, shape="gamma"),
                                  Time(mean="20m", shape="fixed")])  # fmt: skip
def test_without_spread_it_is_always_the_mean(time: Time) -> None:
    normals = np.random.default_rng(3).standard_normal(100)
    assert (lengths(normals, time) == 20).all()


def test_lengths_are_whole_grains() -> None:
    times = lengths(np.random.default_rng(3).standard_normal(1000), Time(mean="20m"))
    assert (times * 2.0**20 == np.rint(times * 2.0**20)).all()


def test_odds() -> None:
    assert with_odds(0.5, 3) == 0.75
    assert with_odds(0.2, 1) == pytest.approx(0.2)
    assert [with_odds(p, 7) for p in (0.0, 1.0)] == [0.0, 1.0]


def test_picking_in_proportion() -> None:
    assert pick(np.array([0.0, 0.24, 0.25, 0.74, 0.999]), [1, 0, 2, 1]).tolist() == [0, 0, 2, 2, 3]


def test_people_differ_are_away_and_are_the_same_in_every_staffing() -> None:
    sets = {"people": "{differ: 0.2, absence: 0.1, newcomers: 0.3, newcomer: 2.0}", "period__last_day": "2025-08-31"}
    few = crew(model(**sets, staffing__T1__agents="40"), 5, 0)
    more = crew(model(**sets, staffing__T1__agents="60", staffing__T2__agents="3"), 5, 0)
    for a, b in zip(few[0], more[0], strict=False):
        assert (a.pace, a.newcomer, a.hours) == (b.pace, b.newcomer, b.hours)
    paces = np.array([member.pace for member in more[0]])
    assert len(set(paces)) == 60
    assert paces.mean() == pytest.approx(1.0, abs=4.5 * 0.2 / np.sqrt(60))
    assert {member.newcomer for member in more[0]} == {1.0, 2.0}
    one = model(**sets)
    whole = one.staff[0].hours.minutes_between(0, one.end)
    there = np.array([member.hours.minutes_between(0, one.end) for member in more[0]]) / whole
    assert there.mean() == pytest.approx(0.9, abs=0.02)
    other = crew(model(**sets, staffing__T1__agents="40"), 5, 1)
    assert [m.pace for m in other[0]] != [m.pace for m in few[0]]
    plain = crew(model(), 5, 0)
    assert {(m.pace, m.newcomer) for m in plain[0]} == {(1.0, 1.0)}
