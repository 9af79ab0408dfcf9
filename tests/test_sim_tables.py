"""Nothing is lost and nobody works twice at once: what must hold in the tables of any run."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from told_desk import DAY, TEN, model, play

from policy import load_policy
from policy.errors import InputError
from simulator import Run, load_desk, month_metrics, run_once, write_tickets, write_visits
from simulator.codes import Ending, Entry, Fate
from simulator.metrics import worked
from simulator.run import run_of

DATA = Path(__file__).parent / "data"
CHANGES: tuple[dict[str, str], ...] = (
    {},
    {"staffing.T1.agents": "1"},
    {"demand.tickets_per_week": "250"},
    {"behaviour.premature": "0.5"},
    {
        "work.preempts": "[P1, P2]",
        "work.update": "3m",
        "work.T2.hands_back": "{resolved: 0.2, waiting_customer: 0.3, reclassified: 0.2, workaround: 0.2}",
        "work.customer": "{share: 0.3, answer: {mean: 4h}, never: 0.1}",
        "work.war_room": "{priorities: [P1], people: {T2: 1}, length: {mean: 30m}}",
        "customers": "{patience: {mean: 10h, shape: exponential}, reopen: 0.1, reopen_after: {mean: 8h}}",
        "demand.outages": "{per_year: 300, tickets: 5, within: 2h, category: hard, priority: P2}",
        "staffing.T1": "{agents: 2, multitasking: 3, at_shift_end: hand_over, queue_limit: 12, breaks: '12:00-12:30'}",
        "staffing.T2": "{agents: 1, multitasking: 2, at_shift_end: finish}",
        "people": "{differ: 0.2, absence: 0.1}",
        "signals": "{needs_expertise: {share: 0.1},"
        " breach: {share: 0.1, seen: opened, verified: {signal: breach, after: {mean: 2h}}}}",
        "behaviour": "{wrong_priority: 0.1, wrong_destination: 0.2, incomplete_handoff: 0.3, late_recognition: 0.2}",
        "backlog": "{T1: 5, T2: 2}",
    },
)
EVERYTHING = len(CHANGES) - 1
RUNS = [(change, replication) for change in range(len(CHANGES)) for replication in range(3)]


@cache
def run(change: int = 0, replication: int = 0) -> Run:
    desk = load_desk(DATA / "desk_small.yaml", CHANGES[change])
    return run_once(desk, load_policy(DATA / "desk_policy.yaml"), 3, replication)


@pytest.mark.parametrize(("change", "replication"), RUNS)
def test_every_ticket_is_resolved_or_open_and_its_stays_follow_each_other(change: int, replication: int) -> None:
    one = run(change, replication)
    in_tiers = one.visits[one.visits["place"] < 3]
    assert one.tickets["ticket"].tolist() == list(range(len(one.tickets)))
    assert set(in_tiers["ticket"]) == set(range(len(one.tickets)))
    for ticket in one.tickets:
        stays = in_tiers[in_tiers["ticket"] == ticket["ticket"]]
        stays = stays[np.argsort(stays["entered"], kind="stable")]
        assert stays["entered"][0] == ticket["opened"]
        goes_on = stays["entry"][1:] != Entry.REOPENED
        np.testing.assert_array_equal(stays["left"][:-1][goes_on], stays["entered"][1:][goes_on])
        last, fate = stays[-1], Fate(ticket["fate"])
        assert (fate == Fate.OPEN) == np.isnan(ticket["resolved"])
        if fate == Fate.OPEN:
            decided = (Ending.UNRESOLVABLE, Ending.EXPERTISE, Ending.WATCHED)
            assert last["ending"] == Ending.OPEN or last["ending"] in decided
        else:
            assert last["ending"] != Ending.OPEN
            assert ticket["resolved"] >= last["left"]
            assert ticket["holder"] == last["place"]
        if fate in (Fate.SOLVED, Fate.SOLVED_TOGETHER):
            assert ticket["opened"] < ticket["responded"] <= ticket["resolved"]
        if fate in (Fate.GAVE_UP, Fate.QUEUE_FULL) and not ticket["reopened"]:
            assert np.isnan(ticket["responded"])
            assert len(stays) == 1 or fate == Fate.QUEUE_FULL


@pytest.mark.parametrize(("change", "replication"), RUNS)
def test_nobody_works_on_two_tickets_at_once(change: int, replication: int) -> None:
    one = run(change, replication)
    assert len(one.spells)
    for agent in set(one.spells["agent"].tolist()):
        mine = one.spells[one.spells["agent"] == agent]
        mine = mine[np.argsort(mine["began"], kind="stable")]
        assert (mine["began"] <= mine["ended"]).all()
        assert (mine["ended"][:-1] <= mine["began"][1:]).all(), agent
        # Work begins in the agent's own hours.
        worker = one.agents[agent]
        if change != EVERYTHING:
            assert all(worker.hours.is_open(at) for at in mine["began"])


@pytest.mark.parametrize(("change", "replication"), RUNS)
def test_busy_time_is_never_more_than_staffed_time(change: int, replication: int) -> None:
    one = run(change, replication)
    start, end = one.period
    done = worked(one, start, end)
    for agent, worker in enumerate(one.agents):
        assert done.inside[agent] <= worker.hours.minutes_between(start, end) + 1e-6


@pytest.mark.parametrize(("change", "replication"), RUNS)
def test_instants_of_a_stay_are_in_order(change: int, replication: int) -> None:
    visits = run(change, replication).visits
    for before, after in (("entered", "available"), ("available", "began"), ("began", "left"), ("left", "released")):
        both = ~np.isnan(visits[before]) & ~np.isnan(visits[after])
        assert (visits[before][both] <= visits[after][both]).all(), (before, after)


def test_the_runs_above_hold_what_they_should_try() -> None:
    visits = np.concatenate([run(change, replication).visits for change, replication in RUNS])
    assert {Entry(e) for e in visits["entry"]} == set(Entry)
    assert {Ending(e) for e in visits["ending"]} >= set(Ending) - {Ending.UNRESOLVED, Ending.JOINT_WORK}
    tickets = np.concatenate([run(change, replication).tickets for change, replication in RUNS])
    assert {Fate(fate) for fate in tickets["fate"]} == set(Fate)


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


def test_the_share_of_escalated_tickets_is_one_of_tickets() -> None:
    week, hard = 7 * DAY, {"solved_by": 2}  # of each such ticket, two escalations
    before = [{"at": week - DAY, **hard}, {"at": week - DAY + 1, **hard}]  # a Sunday, before the period
    desk = model(period__warm_up_weeks="1")
    figures = month_metrics(run_of(play(desk, *before, {"at": week + TEN}), 0, 0))
    assert (figures["tickets"], figures["escalation_rate"], figures["escalated_ticket_share"]) == (1.0, 4.0, 0.0)
    figures = month_metrics(run_of(play(desk, *before, {"at": week + TEN}, {"at": week + TEN, **hard}), 0, 0))
    assert (figures["tickets"], figures["escalation_rate"], figures["escalated_ticket_share"]) == (2.0, 3.0, 0.5)


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
