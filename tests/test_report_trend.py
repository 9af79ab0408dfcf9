"""Months that stand out of a trend: by more than chance, on their own, and with the reason where it can be seen."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from policy import Rulebook, load_policy
from policy.compiled import DeskRules
from simulator import load_desk, run_once
from simulator.model import DeskModel, compile_model
from simulator.openhours import Floats
from simulator.report.counting import Key
from simulator.report.gathering import gather
from simulator.report.model import Points
from simulator.report.subject import Subject
from simulator.report.trending import TREND, moves, standing_out
from simulator.report.windows import months_in, with_months

SMALL = Path(__file__).parent / "data" / "desk_small.yaml"
MONTHS = 5


def model(**sets: str) -> DeskModel:
    return compile_model(with_months(load_desk(SMALL, sets), MONTHS), DeskRules(Rulebook(load_policy())))


@cache
def subject() -> Subject:
    gathered = gather(model(), months_in(model()), 5, 6)
    rules = DeskRules(Rulebook(load_policy()))
    return Subject(load_policy(), rules, model(), gathered, run_once(model(), None, 5, 0), 5)


def noise(months: int, seed: int, plays: int = 30) -> Floats:
    return np.asarray(np.random.default_rng(seed).normal(0.94, 0.03, (months, plays)))


def test_a_month_stands_out_only_by_more_than_chance() -> None:
    alarms = sum(bool(standing_out(noise(6, seed))) for seed in range(400))
    assert alarms / 400 <= 0.05 / len(TREND) + 0.02
    slope = np.linspace(0, 0.5, 6)[:, None]
    assert sum(bool(standing_out(noise(6, seed) + slope)) for seed in range(400)) / 400 <= 0.05 / len(TREND) + 0.02
    for place in range(6):
        dip = noise(6, place)
        dip[place] -= 0.08
        ((found, by),) = standing_out(dip)
        assert found == place
        assert by.mean == pytest.approx(-0.08, abs=0.03)
        assert by.low < by.mean < by.high < 0
    two = noise(12, 3)
    two[[2, 7]] += 0.1
    assert {place for place, _ in standing_out(two)} == {2, 7}


def test_few_months_and_months_without_the_figure() -> None:
    dip = noise(3, 1)
    dip[1] -= 0.1
    assert [place for place, _ in standing_out(dip)] == [1]
    edge = noise(3, 1)
    edge[0] -= 0.1
    assert {place for place, _ in standing_out(edge)} <= {1}  # a way, or the first month: three cannot tell
    assert standing_out(dip[:2]) == []
    assert standing_out(dip[:, :1]) == []
    holes = noise(6, 2)
    holes[4] -= 0.1
    holes[0, ::5] = np.nan
    assert [place for place, _ in standing_out(holes)] == [4]


def told_of(of: Subject) -> dict[str, str]:
    (block,) = moves(of, len(of.gathered.windows))
    assert isinstance(block, Points)
    return {point.lead or "nothing": point.text for point in block.items}


def level(of: Subject, months: dict[int, float]) -> Subject:
    """Return a subject whose figures are level over the months, but for the SLA compliance of some."""
    random = np.random.default_rng(11)
    for window in range(len(of.gathered.windows)):
        figures: dict[Key, list[float]] = {
            ("figure", name): [0.5 + x for x in random.normal(0, 0.01, 6)] for name in TREND
        }
        figures["figure", "sla_compliance"] = [x + months.get(window, 0.0) for x in figures["figure", "sla_compliance"]]
        copy = of.gathered.values.copy()
        for key, values in figures.items():
            copy[:, window, of.gathered.places[key]] = values
        of = replace(of, gathered=replace(of.gathered, values=copy))
    return of


def test_a_month_that_stands_out_is_named_with_the_reason_that_shows() -> None:
    months = subject()
    assert [one.name for one in months.gathered.windows][1] == "3 April to 2 May 2025"
    assert set(told_of(level(months, {}))) == {"nothing"}
    low = told_of(level(months, {1: -0.2}))["3 April to 2 May 2025 stands out"]
    assert re.match(r"SLA compliance, 3\d\.\d %, is \d\d\.\d points \(\d\d\.\d to \d\d\.\d\) below what the other", low)
    assert "closed on 18 and 21 April" in low
    high = told_of(level(months, {1: 0.2}))["3 April to 2 May 2025 stands out"]
    assert "above" in high
    assert "closed on" not in high  # closed days make nothing better
    elsewhere = told_of(level(months, {2: -0.2}))
    assert set(elsewhere) == {"3 May to 2 June 2025 stands out"}
    assert "closed on" not in elsewhere["3 May to 2 June 2025 stands out"]
    dates = "[2025-04-18, 2025-04-21]"
    quiet = replace(months, model=model(**{"demand.quiet_days.dates": dates}))
    assert "closed on" not in told_of(level(quiet, {1: -0.2}))["3 April to 2 May 2025 stands out"]
