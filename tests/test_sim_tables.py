"""Nothing is lost and nobody works twice at once: what must hold in the tables of any run."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from policy import load_policy
from policy.errors import InputError
from simulator import Run, load_desk, month_metrics, run_once, write_tickets, write_visits
from simulator.codes import Ending, Entry

DATA = Path(__file__).parent / "data"
CHANGES = ({}, {"staffing.T1.agents": "1"}, {"calibrated.tickets_per_week": "250"}, {"calibrated.premature": "0.5"})
RUNS = [(change, replication) for change in range(len(CHANGES)) for replication in range(3)]


@cache
def run(change: int = 0, replication: int = 0) -> Run:
    desk = load_desk(DATA / "desk_small.yaml", CHANGES[change])
    return run_once(desk, load_policy(DATA / "desk_policy.yaml"), 3, replication)


def busiest(began: Iterable[float], released: Iterable[float]) -> int:
    """Return the most stays in hand at one instant; one that ends when another begins has ended."""
    edges = sorted([(float(t), 1) for t in began] + [(float(t), -1) for t in released])
    most = now = 0
    for _, step in edges:
        now += step
        most = max(most, now)
    return most


@pytest.mark.parametrize(("change", "replication"), RUNS)
def test_every_ticket_is_resolved_or_open_and_its_stays_follow_each_other(change: int, replication: int) -> None:
    one = run(change, replication)
    in_tiers = one.visits[one.visits["place"] < 3]
    assert set(in_tiers["ticket"]) == set(range(len(one.tickets)))
    for ticket in one.tickets:
        stays = in_tiers[in_tiers["ticket"] == ticket["ticket"]]
        stays = stays[np.argsort(stays["entered"], kind="stable")]
        assert stays["entered"][0] == ticket["opened"]
        np.testing.assert_array_equal(stays["left"][:-1], stays["entered"][1:])
        last = stays[-1]
        if np.isnan(ticket["resolved"]):
            assert last["ending"] == Ending.OPEN or last["ending"] in (Ending.UNRESOLVABLE, Ending.EXPERTISE)
        else:
            assert last["ending"] != Ending.OPEN
            assert ticket["resolved"] >= last["left"]
            assert ticket["holder"] == last["place"]
            assert ticket["opened"] < ticket["responded"] <= ticket["resolved"]


@pytest.mark.parametrize(("change", "replication"), RUNS)
def test_nobody_has_two_tickets_in_hand(change: int, replication: int) -> None:
    one = run(change, replication)
    staffing, start = one.model.desk.staffing, one.visits[~np.isnan(one.visits["began"])]
    critical = one.tickets["priority"][start["ticket"]] == 0
    released = np.where(np.isnan(start["released"]), np.inf, start["released"])
    for place, agents in ((0, staffing.T1.agents), (1, staffing.T2.agents), (2, staffing.T3.agents)):
        mine = (start["place"] == place) & ~((place == 2) & critical)
        assert busiest(start["began"][mine], released[mine]) <= agents
        # The hours of a tier are kept: work begins in them.
        assert all(one.model.tier_hours[place].is_open(at) for at in start["began"][mine])
    called = (start["place"] == 2) & critical
    assert busiest(start["began"][called], released[called]) <= staffing.T3.on_call


@pytest.mark.parametrize(("change", "replication"), RUNS)
def test_instants_of_a_stay_are_in_order(change: int, replication: int) -> None:
    visits = run(change, replication).visits
    for before, after in (("entered", "available"), ("available", "began"), ("began", "left"), ("left", "released")):
        both = ~np.isnan(visits[before]) & ~np.isnan(visits[after])
        assert (visits[before][both] <= visits[after][both]).all(), (before, after)


def test_the_runs_above_hold_what_they_should_try() -> None:
    visits = np.concatenate([run(change, replication).visits for change, replication in RUNS])
    assert {Entry(e) for e in visits["entry"]} == set(Entry)
    assert {Ending(e) for e in visits["ending"]} >= set(Ending) - {Ending.UNRESOLVED}


def test_the_figures_are_functions_of_the_tables() -> None:
    one = run()
    start, end = one.period
    figures = month_metrics(one)
    tickets, visits = one.tickets, one.visits
    opened = tickets["opened"] >= start
    assert figures["tickets"] == opened.sum()
    assert figures["backlog_end"] == np.isnan(tickets["resolved"]).sum()
    done = tickets[tickets["resolved"] >= start]
    kept = (done["responded"] <= done["response_due"]) & (done["resolved"] <= done["resolution_due"])
    assert figures["sla_compliance"] == pytest.approx(kept.mean())
    to_t2 = (visits["place"] == 1) & (visits["entered"] >= start)
    assert figures["escalations_t1_t2"] == to_t2.sum()
    assert end == one.model.end


def test_tables_as_csv(tmp_path: Path) -> None:
    one = run()
    write_tickets(one, tmp_path / "tickets.csv")
    write_visits(one, tmp_path / "visits.csv")
    with (tmp_path / "tickets.csv").open(encoding="utf-8") as file:
        tickets = list(csv.DictReader(file))
    with (tmp_path / "visits.csv").open(encoding="utf-8") as file:
        visits = list(csv.DictReader(file))
    assert len(tickets) == len(one.tickets)
    assert len(visits) == len(one.visits)
    assert tickets[0]["opened_at"].startswith("2025-02-2")
    assert {t["priority"] for t in tickets} <= {"P1", "P2", "P3", "P4"}
    assert {v["place"] for v in visits} >= {"T1", "T2", "T3", "support_manager"}
    assert sum(v["entered_because"] == "opened" for v in visits) + sum(
        v["entered_because"] == "paged" for v in visits
    ) == len(tickets)


def test_a_table_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written: No such file"):
        write_tickets(run(), tmp_path / "nowhere" / "tickets.csv")
    assert list(tmp_path.iterdir()) == []
