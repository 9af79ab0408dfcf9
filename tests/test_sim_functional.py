"""What must follow when something changes, on the same luck: more demand, longer waits; more agents, shorter ones."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from policy import load_policy
from policy.errors import InputError
from simulator import Desk, SimulationResult, list_desks, load_desk, simulate
from simulator.desk import Time

DATA = Path(__file__).parent / "data"
MONTHS = 30


@cache
def months(*changes: str) -> SimulationResult:
    sets: dict[str, dict[str, str]] = {"policy": {}, "desk": {}}
    for change in changes:
        path, _, value = change.partition("=")
        room, _, rest = path.partition(".")
        sets[room][rest] = value
    policy = load_policy(DATA / "desk_policy.yaml", sets["policy"])
    return simulate(policy, load_desk(DATA / "desk_small.yaml", sets["desk"]), replications=MONTHS, seed=5)


def mean(name: str, *changes: str) -> float:
    return months(*changes).estimate(name).mean


def test_more_demand_longer_waits() -> None:
    more = "desk.demand.tickets_per_week=150"
    assert mean("tickets", more) > 1.2 * mean("tickets")
    for tier in ("t1", "t2", "t3"):
        assert mean(f"wait_{tier}_minutes", more) > mean(f"wait_{tier}_minutes")
        assert mean(f"utilisation_{tier}", more) > mean(f"utilisation_{tier}")
    assert mean("sla_compliance", more) < mean("sla_compliance")


@pytest.mark.parametrize(("tier", "agents"), [("T1", 3), ("T2", 2), ("T3", 2)])
def test_more_agents_shorter_waits(tier: str, agents: int) -> None:
    more = f"desk.staffing.{tier}.agents={agents}"
    assert mean(f"wait_{tier.lower()}_minutes", more) < mean(f"wait_{tier.lower()}_minutes")
    assert mean(f"utilisation_{tier.lower()}", more) < mean(f"utilisation_{tier.lower()}")


def test_a_longer_timer_passes_fewer_tickets_on() -> None:
    slow, none = "policy.tiers.T1.no_progress=60m", "policy.tiers.T1.no_progress=null"
    assert mean("escalations_t1_t2") > mean("escalations_t1_t2", slow) > mean("escalations_t1_t2", none)
    # Recognition matters as well: without any timer what is beyond Tier 1 still leaves it.
    assert mean("escalations_t1_t2", none) > 0.5 * mean("escalations_t1_t2")


def test_a_longer_timer_in_the_second_tier() -> None:
    slow = ("policy.tiers.T2.no_progress=8h", "policy.tiers.T2.unresolved=8h")
    assert mean("escalations_t2_t3", *slow) < mean("escalations_t2_t3")


def test_harder_tickets_more_escalations() -> None:
    assert mean("escalations_t1_t2", "desk.calibrated.beyond_odds.T1=1.5") > mean("escalations_t1_t2")
    assert mean("escalations_t2_t3", "desk.calibrated.beyond_odds.T2=1.5") > mean("escalations_t2_t3")
    assert mean("escalations_t3_management", "desk.calibrated.beyond_odds.T3=2") > mean("escalations_t3_management")


def test_premature_escalations_are_sent_back() -> None:
    assert mean("deescalations", "desk.behaviour.premature=0") == 0
    assert mean("deescalations", "desk.behaviour.premature=0.2") > 2 * mean("deescalations") > 0


def test_tighter_targets_fewer_kept() -> None:
    assert mean("resolution_compliance", "policy.priorities.P3.resolution=4h") < mean("resolution_compliance")
    assert mean("first_response_compliance", "policy.tiers.T1.response.starter=30m") < mean("first_response_compliance")


def test_forgotten_updates_cost_satisfaction() -> None:
    forgotten, none = "desk.behaviour.updates_forgotten=1", "desk.behaviour.updates_forgotten=0"
    assert mean("csat", forgotten) < mean("csat") < mean("csat", none)
    assert 1 <= mean("csat", "desk.calibrated.dissatisfaction=1000") < 2
    assert mean("csat", "desk.calibrated.dissatisfaction=0") == 5


def test_customers_who_are_lost_are_not_content() -> None:
    alone = "desk.staffing.T1.agents=1"
    for turned_away in ("desk.staffing.T1.queue_limit=1", "desk.customers.patience.mean=3h"):
        assert mean("abandoned", alone, turned_away) > 0.2 * mean("tickets", alone, turned_away)
        assert mean("csat", alone, turned_away) < mean("csat", alone) < mean("csat")
        assert mean("csat", alone, turned_away, "desk.satisfaction.unsolved=0") > mean("csat", alone, turned_away)
    run = months(alone, "desk.customers.patience.mean=3h")
    assert 1 <= run.estimate("csat").mean <= 5


def test_nobody_at_work_solves_nothing_in_the_ordinary_way() -> None:
    nobody = tuple(f"desk.staffing.{t}.agents=0" for t in ("T1", "T2", "T3"))
    idle = months(*nobody)
    assert np.isnan(idle.month("utilisation_t1")).all()
    assert idle.as_json()["metrics"]["utilisation_t1"]["mean"] is None
    assert mean("backlog_end", *nobody) > mean("tickets", *nobody)
    assert mean("on_call_hours", *nobody) > 0  # the engineer on call still takes every P1


def test_no_demand_is_no_error() -> None:
    quiet = months("desk.demand.tickets_per_week=0")
    assert quiet.estimate("tickets").mean == 0
    csat = quiet.as_json()["metrics"]["csat"]
    assert csat == {"mean": None, "ci95": [None, None], "sd": None, "reference": None, "unit": "points of 5"}


def test_management_is_counted_apart_from_security() -> None:
    # The same role, once it is no rung of the ladder, leaves the escalations for a line of its own.
    apart = "policy.vocabulary.roles.support_manager.management=false"
    moved = mean("escalations_t3_management") - mean("escalations_t3_management", apart)
    assert moved > 0
    assert mean("escalations_elsewhere") == 0
    assert mean("escalations_elsewhere", apart) == pytest.approx(moved)
    assert mean("escalations") - mean("escalations", apart) == pytest.approx(moved)


def test_escalations_add_up() -> None:
    one = months()
    parts = sum(one.month(f"escalations_{step}") for step in ("t1_t2", "t2_t3", "t3_management"))
    np.testing.assert_array_equal(one.month("escalations"), parts)
    by_category = one.month("escalations_hard") + one.month("escalations_easy")
    np.testing.assert_array_equal(one.month("escalations"), by_category)
    np.testing.assert_allclose(one.month("escalation_rate"), one.month("escalations") / one.month("tickets"))


def test_the_same_bytes_on_one_worker_and_on_two() -> None:
    policy, desk = load_policy(DATA / "desk_policy.yaml"), load_desk(DATA / "desk_small.yaml")
    one, two = (simulate(policy, desk, replications=21, seed=9, workers=w) for w in (1, 2))
    assert json.dumps(one.as_json()) == json.dumps(two.as_json())
    assert one.months.tobytes() == two.months.tobytes()


def test_more_replications_keep_the_first() -> None:
    policy, desk = load_policy(DATA / "desk_policy.yaml"), load_desk(DATA / "desk_small.yaml")
    few = simulate(policy, desk, replications=3, seed=5)
    np.testing.assert_array_equal(few.months, months().months[:3])


def test_progress_is_told_and_can_stop_it() -> None:
    told: list[tuple[int, int]] = []
    policy, desk = load_policy(DATA / "desk_policy.yaml"), load_desk(DATA / "desk_small.yaml")
    simulate(policy, desk, replications=25, seed=5, progress=lambda done, of: told.append((done, of)))
    assert told == [(20, 25), (25, 25)]

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(policy, desk, replications=25, seed=5, progress=stop)


@pytest.mark.parametrize(("name", "bad"), [("replications", 0), ("seed", -1), ("workers", 0), ("replications", 1.5)])
def test_numbers_out_of_range_are_refused(name: str, bad: int) -> None:
    arguments = {"replications": 1, name: bad}
    with pytest.raises(InputError, match=f"--{name}: found {bad}"):
        simulate(load_policy(DATA / "desk_policy.yaml"), load_desk(DATA / "desk_small.yaml"), **arguments)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("staffing.T1.agents", "-1", "found -1; expected at least 0"),
        ("staffing.T1.agents", "2.5", "expected a whole number"),
        ("staffing.T1.people", "2", "there is no such value"),
        ("work.paging.mean", "5", "expected a duration"),
        ("work.paging.mean", "1bd", "expected minutes or hours of work"),
        ("categories.hard.beyond.T1", "1.2", "expected at most 1"),
        ("period.last_day", "2025-02-30", "expected a date"),
        ("period.last_day", "2025-01-30", "lies before first_day"),
        ("demand.tickets_per_week", ".inf", "finite"),
        ("plans", "{starter: 0}", "add up to nothing"),
        ("categories.hard.beyond.T4", "0.1", 'categories.hard.beyond.T4: there is no tier "T4"'),
        ("work.T9", "{checks: {mean: 3m}}", 'work.T9: there is no tier "T9"'),
        ("work.T1.checks", "{mean: 3m, shape: fixed, cv: 0.4}", "cv says nothing about a length whose shape is fixed"),
        ("staffing.T1.groups", "[{agents: 1, shift: night}]", 'groups.0..shift: there is no shift "night"'),
        ("staffing.T1", "{agents: unlimited, queue_limit: 3}", "need neither groups nor a queue limit"),
        ("staffing.T9.agents", "2", "there is no such value"),
        ("customers.patiense.mean", "3h", "there is no such value"),
        ("demand.months", "{may: 2, mey: 2}", 'there is no month "mey"'),
        ("demand.outages", "{per_year: 1, tickets: 2, within: 1h, category: soft, priority: P2}", 'no category "soft"'),
    ],
)
def test_a_wrong_desk_is_refused_in_words(path: str, value: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_desk(DATA / "desk_small.yaml", {path: value})


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("plans", "{startr: 1}", 'plans.startr: the policy has no plan "startr"; did you mean "starter"'),
        ("categories.hard.priorities", "{P9: 1}", 'categories.hard.priorities.P9: the policy has no priority "P9"'),
        ("work.pace", "{P0: 1}", 'work.pace.P0: the policy has no priority "P0"'),
        ("work.preempts", "[P0]", 'work.preempts.P0: the policy has no priority "P0"'),
        ("reference", "{tikets: 1}", 'no figure is called "tikets"; did you mean "tickets"'),
    ],
)
def test_a_desk_that_does_not_fit_is_refused_in_words(path: str, value: str, message: str) -> None:
    desk = load_desk(DATA / "desk_small.yaml", {path: value})
    with pytest.raises(InputError, match=message):
        simulate(load_policy(DATA / "desk_policy.yaml"), desk, replications=1)


def test_a_change_may_name_what_the_file_leaves_to_its_default() -> None:
    def changed(path: str, value: str) -> Desk:
        return load_desk(DATA / "desk_small.yaml", {path: value})

    assert changed("customers.patience.mean", "3h").customers.patience == Time(mean="180m")
    assert changed("work.customer", "{share: 0.1, answer: {mean: 3h}}").work.customer is not None
    assert changed("calibrated.work.T2", "1.5").calibrated.work == {"T2": 1.5}
    assert changed("staffing.T1.on_call", "1").staffing["T1"].on_call == 1
    assert changed("categories.easy.piece.T1", "{mean: 3m}").categories["easy"].piece["T1"].mean == 3
    # What is not named of a length stays as it is where it is left out.
    usual = load_desk(DATA / "desk_small.yaml").behaviour.asking_back
    assert changed("behaviour.asking_back.mean", "20m").behaviour.asking_back == usual.model_copy(update={"mean": 20.0})


def test_desks_by_name() -> None:
    assert "january_2025" in list_desks()
    with pytest.raises(InputError, match='there is no desk "january"; did you mean "january_2025"'):
        load_desk("january")
    with pytest.raises(InputError, match="there is no such file"):
        load_desk("./none.yaml")
