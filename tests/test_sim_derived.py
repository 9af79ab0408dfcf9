"""The tables of escalations and clocks: told stories checked by hand, and months counted minute by minute."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from told_desk import DATA, DAY, FIVE_PM, NINE, TEN, model, play

from policy import load_policy
from simulator import Run, clocks, escalations, load_desk, month_metrics, run_once
from simulator.codes import ESCALATIONS, Cause, Ending, Entry, Judged, Measured, Slip
from simulator.run import run_of as tables_of

ONE = {"staffing__T1__agents": "1"}
ASKING = "{share: 0.5, answer: {mean: 2h}, close_after: {mean: 48h, shape: fixed}}"
P4 = {"priority": "P4"}
NAMES = [cause.name.lower() for cause in Cause if cause != Cause.NONE]


def run_of(played: Any) -> Run:
    """Return the run of a told desk, as ``run_once`` would."""
    return tables_of(played, 0, 0)


def told(desk: Any, *tickets: dict[str, Any], **more: Any) -> Run:
    return run_of(play(desk, *tickets, **more))


def up(run: Run) -> list[tuple[str, str, str, float, str]]:
    """Return the escalations of a run: from, to, why, when, and what the rulebook says."""
    places = run.model.places
    return [
        (places[e["from"]], places[e["to"]], Entry(e["reason"]).name, float(e["at"]), Judged(e["judged"]).name)
        for e in escalations(run)
    ]


def clock(run: Run, what: Measured, ticket: int = 0, place: int = -1) -> np.void:
    table = clocks(run)
    (row,) = table[(table["clock"] == what) & (table["ticket"] == ticket) & (table["place"] == place)]
    return row


def spent(row: np.void) -> dict[str, float]:
    """Return where the minutes of a clock went, without what took none."""
    return {name: float(minutes) for name, minutes in zip(NAMES, row["minutes"], strict=True) if minutes}


# -- escalations -----------------------------------------------------------------------------------------------------


def test_an_escalation_by_recognition() -> None:
    run = told(model(), {"at": TEN, "solved_by": 1})
    assert up(run) == [("T1", "T2", "EXPERTISE", TEN + 25, "APPROPRIATE")]
    (row,) = escalations(run)
    assert row["resolution_minutes"] == 55.0  # 5 of the hand-off, 10 of checks, a piece of 40
    assert row["category"] == run.tickets["category"][0]


def test_an_open_ticket_has_no_resolution_minutes() -> None:
    run = told(model(), {"at": 6 * DAY + TEN, "priority": "P1", "solved_by": 2})
    assert up(run)[0][:3] == ("T1", "T3", "PAGED")
    assert not np.isnan(escalations(run)["resolution_minutes"]).any()
    late = told(model(), {"at": 4 * DAY + FIVE_PM - 30, "solved_by": 1})  # Friday evening; the run ends on Sunday
    assert np.isnan(escalations(late)["resolution_minutes"]).all()


@pytest.mark.parametrize(
    ("slip", "solved_by", "settings", "bit", "judged"),
    [
        ("late_recognition", 1, {"behaviour__late_by": "10m"}, Slip.LATE_RECOGNITION, "LATE"),
        ("premature", 0, {}, Slip.PREMATURE, "PREMATURE"),
        ("wrong_destination", 1, {}, Slip.WRONG_DESTINATION, "WRONG_DESTINATION"),
    ],
)
def test_each_slip_is_judged_as_what_it_is(
    slip: str, solved_by: int, settings: dict[str, str], bit: Slip, judged: str
) -> None:
    desk = model(**{f"behaviour__{slip}": "0.5"}, **settings)
    run = told(desk, {"at": TEN, "solved_by": solved_by, slip: True}, {"at": TEN + 1, "solved_by": 1})
    slips = [Slip(int(v["slip"])) for v in run.visits if v["ticket"] == 0]
    assert slips[0] == bit
    assert not any(slips[1:])
    assert not run.visits["slip"][run.visits["ticket"] == 1].any()
    table = escalations(run)
    found = [Judged(e["judged"]).name for e in table if e["ticket"] == 0]
    assert found[0] == judged
    assert [Judged(e["judged"]).name for e in table if e["ticket"] == 1] == ["APPROPRIATE"]


def test_slips_that_are_no_fault_of_an_escalation_stand_in_the_visits() -> None:
    run = told(model(behaviour__incomplete_handoff="0.5"), {"at": TEN, "solved_by": 1, "incomplete_handoff": True})
    assert [int(v["slip"]) for v in run.visits] == [0, int(Slip.INCOMPLETE_HANDOFF)]
    assert [row[4] for row in up(run)] == ["APPROPRIATE"]
    run = told(model(behaviour__wrong_priority="0.5"), {"at": TEN, "priority": "P3", "wrong_priority": True})
    assert [int(v["slip"]) for v in run.visits] == [int(Slip.WRONG_PRIORITY)]


def test_an_escalation_after_a_timer_has_run_out_is_late() -> None:
    run = told(model(), {"at": TEN, "solved_by": 2})
    assert [row[4] for row in up(run)] == ["APPROPRIATE", "APPROPRIATE"]
    visits = run.visits.copy()
    second = np.flatnonzero(visits["place"] == 1)[0]
    moved = visits["began"][second] + 241  # Tier 2 may have a ticket in hand for 4 hours
    visits["left"][second] = visits["entered"][second + 1] = moved
    late = replace(run, visits=visits)
    assert [row[4] for row in up(late)] == ["APPROPRIATE", "LATE"]
    visits["left"][second] = visits["entered"][second + 1] = moved - 1
    assert [row[4] for row in up(replace(run, visits=visits))] == ["APPROPRIATE", "APPROPRIATE"]


def test_an_escalation_after_its_age_is_late() -> None:
    run = told(model(), {"at": TEN, "priority": "P2", "solved_by": 1})
    visits = run.visits.copy()
    assert [row[4] for row in up(run)] == ["APPROPRIATE"]
    visits["left"][0] = visits["entered"][1] = TEN + 61  # a P2 leaves Tier 1 within the hour
    assert [row[4] for row in up(replace(run, visits=visits))] == ["LATE"]


def test_who_joins_follows_the_tier_that_had_the_ticket() -> None:
    run = told(model(), {"at": TEN, "priority": "P1", "solved_by": 2}, piece=(20.0, 40.0, 600.0))
    joined = [row for row in up(run) if row[1] not in ("T1", "T2", "T3")]
    assert {row[0] for row in joined} == {"T3"}
    assert {row[2] for row in joined} == {"AGE"}


# -- clocks ----------------------------------------------------------------------------------------------------------


def test_where_the_time_of_a_ticket_goes() -> None:
    run = told(model(**ONE), {"at": TEN, **P4}, {"at": TEN + 10, "solved_by": 1})
    row = clock(run, Measured.RESOLUTION, 1)
    assert spent(row) == {"queue": 25.0, "wrong_tier": 25.0, "handoff": 5.0, "work": 50.0}
    assert (row["start"], row["stopped"], bool(row["breached"])) == (TEN + 10, TEN + 115, False)
    assert row["cause"] == Cause.NONE
    row = clock(run, Measured.FIRST_RESPONSE, 1)
    assert spent(row) == {"queue": 25.0, "work": 5.0}  # of the reply, every tier is the right one


@pytest.mark.parametrize(("long", "why"), [(20.0, "WORK"), (70.0, "QUEUE")])
def test_the_largest_share_names_why_a_clock_was_breached(long: float, why: str) -> None:
    desk = model({"priorities.P3.resolution": "1h"}, **ONE)
    run = told(desk, {"at": TEN, **P4}, {"at": TEN + 10, "solved_by": 1}, piece=(long, 40.0, 60.0))
    row = clock(run, Measured.RESOLUTION, 1)
    assert row["breached"]
    assert row["due"] == TEN + 70
    assert Cause(row["cause"]).name == why


def test_a_target_met_to_the_instant_is_met() -> None:
    for minutes, breached in (("35m", False), ("34m", True)):
        run = told(model({"priorities.P4.resolution": minutes}, **ONE), {"at": TEN, **P4})
        assert bool(clock(run, Measured.RESOLUTION)["breached"]) is breached


def test_nobody_on_shift_is_told_from_a_queue() -> None:
    shifts = "{late: {hours: {mon: '12:00-17:00'}}}"
    desk = model(shifts=shifts, staffing__T1__agents="0", staffing__T1__groups="[{agents: 1, shift: late}]")
    run = told(desk, {"at": TEN, **P4}, {"at": TEN, **P4})
    assert spent(clock(run, Measured.RESOLUTION)) == {"nobody": 120.0, "work": 35.0}
    assert spent(clock(run, Measured.RESOLUTION, 1)) == {"nobody": 120.0, "queue": 35.0, "work": 35.0}


@pytest.mark.parametrize(
    ("policy", "counts"), [(DATA / "desk_policy.yaml", 20.0), ("secureai", 0.0)], ids=["it runs", "it stands still"]
)
def test_the_customers_time_counts_only_where_the_clock_runs(policy: Any, counts: float) -> None:
    desk = model(name=policy, **ONE, work__customer=ASKING)
    run = told(desk, {"at": TEN, **P4, "asks": 0, "answer": 20.0})
    assert [(q["asked"], q["answered"]) for q in run.questions] == [(TEN + 15, TEN + 35)]
    row = clock(run, Measured.RESOLUTION)
    assert spent(row).get("customer", 0.0) == counts
    assert spent(row)["work"] == 35.0
    assert row["minutes"].sum() == run.tickets["resolution_minutes"][0] == 35.0 + counts


def test_a_question_that_is_still_open_at_the_end() -> None:
    desk = model(name="secureai", **ONE, work__customer=ASKING)
    run = told(desk, {"at": 4 * DAY + TEN, **P4, "asks": 0, "answer": 90 * DAY})
    (asked,) = run.questions
    assert math.isnan(asked["answered"])
    row = clock(run, Measured.RESOLUTION)
    assert spent(row) == {"work": 15.0}
    # The clock stands still from 10:15 on Friday to the end of the run, which is 405 minutes of its calendar.
    hours = run.model.kinds[3][0].hours
    assert row["due"] == hours.add(4 * DAY + TEN, run.model.kinds[3][0].resolution + 405)


def test_a_stay_by_mistake_is_the_wrong_tier_all_of_it() -> None:
    desk = model(behaviour__wrong_destination="0.5")
    run = told(desk, {"at": TEN, "solved_by": 1, "wrong_destination": True})
    row = clock(run, Measured.RESOLUTION)
    mistaken = run.visits[run.visits["ending"] == Ending.SENT_BACK]
    assert len(mistaken) == 1
    whole = float(mistaken["left"][0] - mistaken["entered"][0])
    others = [v for v in run.visits if v["ending"] not in (Ending.SENT_BACK, Ending.SOLVED)]
    in_hand = sum(float(v["left"] - v["began"]) for v in others)
    assert spent(row)["wrong_tier"] == pytest.approx(whole + in_hand)


def test_a_decision_is_waited_for() -> None:
    run = told(model(), {"at": NINE, "solved_by": 3})
    assert spent(clock(run, Measured.RESOLUTION))["decision"] == 60.0


def test_timers_of_a_tier() -> None:
    run = told(model(), {"at": TEN, "solved_by": 1}, recognition=100.0)
    row = clock(run, Measured.NO_PROGRESS, place=0)
    assert (row["start"], row["due"], row["stopped"]) == (TEN + 15, TEN + 45, TEN + 45)
    assert row["breached"]
    assert Cause(row["cause"]) == Cause.WRONG_TIER
    assert spent(row) == {"wrong_tier": 30.0}
    row = clock(run, Measured.NO_PROGRESS, place=1)
    assert math.isnan(row["due"])
    assert not row["breached"]
    row = clock(run, Measured.UNRESOLVED, place=1)
    assert (row["due"] - row["start"], bool(row["breached"])) == (240.0, False)
    in_first = clocks(run)[clocks(run)["place"] == 0]
    assert set(in_first["clock"]) == {Measured.NO_PROGRESS}  # Tier 1 has no timer of the time in hand


def test_time_in_hand_runs_out() -> None:
    run = told(model(), {"at": TEN, "solved_by": 1}, piece=(20.0, (90.0, 90.0, 90.0), 60.0))
    row = clock(run, Measured.UNRESOLVED, place=1)
    assert row["breached"]
    assert row["stopped"] == row["due"] == row["start"] + 240
    assert Cause(row["cause"]) == Cause.WORK  # Tier 2 could have solved it


def test_no_ticket_no_rows() -> None:
    run = told(model(), {"at": TEN})
    nothing = replace(run, tickets=run.tickets[:0], visits=run.visits[:0], spells=run.spells[:0])
    assert len(escalations(nothing)) == 0
    assert len(clocks(nothing)) == 0


# -- whole runs ------------------------------------------------------------------------------------------------------


@cache
def month(replication: int) -> Run:
    return run_once(load_desk(), load_policy(), 5, replication)


@pytest.mark.parametrize("replication", range(4))
def test_every_minute_of_a_clock_is_counted_once(replication: int) -> None:
    run = month(replication)
    table = clocks(run)
    assert (table["minutes"] >= 0).all()
    for what, minutes in ((Measured.FIRST_RESPONSE, "response_minutes"), (Measured.RESOLUTION, "resolution_minutes")):
        mine = table[table["clock"] == what]
        expected = run.tickets[minutes][mine["ticket"]]
        known = ~np.isnan(expected)
        np.testing.assert_allclose(mine["minutes"].sum(axis=1)[known], expected[known], atol=1e-5)
    done = ~np.isnan(run.tickets["resolved"])
    late = run.tickets["resolved"] > run.tickets["resolution_due"] + 1e-6
    own = table[table["clock"] == Measured.RESOLUTION]
    np.testing.assert_array_equal(own["breached"][done], late[done])
    named = table["cause"] != Cause.NONE
    np.testing.assert_array_equal(named, table["breached"] & (table["minutes"].max(axis=1) > 0))


@pytest.mark.parametrize("replication", range(4))
def test_the_escalations_are_those_of_the_figures(replication: int) -> None:
    run = month(replication)
    table = escalations(run)
    start, end = run.period
    managed = (table["to"] < run.model.tiers) | np.isin(table["to"], run.model.management)
    counted = managed & (table["at"] >= start) & (table["at"] < end)
    assert counted.sum() == month_metrics(run)["escalations"]
    assert len(table) == np.isin(run.visits["entry"], ESCALATIONS).sum()
    moves = table["to"] < run.model.tiers
    assert (table["from"][moves] < table["to"][moves]).all()


def test_slips_and_judgements_of_many_months_are_those_of_the_desk() -> None:
    runs = [month(n) for n in range(4)]
    visits = np.concatenate([run.visits for run in runs])
    assert np.bitwise_or.reduce(visits["slip"]) == sum(Slip)
    judged = np.concatenate([escalations(run)["judged"] for run in runs])
    assert set(judged.tolist()) == {int(one) for one in Judged}
    quiet = {f"behaviour.{name}": "0" for name in (
        "premature", "late_recognition", "wrong_destination", "incomplete_handoff", "wrong_priority"
    )}  # fmt: skip
    run = run_once(load_desk("january_2025", quiet), load_policy(), 5, 0)
    assert not run.visits["slip"].any()
    assert set(escalations(run)["judged"].tolist()) <= {int(Judged.APPROPRIATE), int(Judged.LATE)}  # late by a timer


def counted(run: Run, ticket: int) -> dict[str, float]:
    """Return where the minutes of a ticket's resolution clock went, by asking each minute what the ticket waits for."""
    row, found = run.tickets[ticket], dict.fromkeys(NAMES, 0.0)
    kind = run.model.kinds[row["priority"]][row["plan"]]
    stays = [v for v in run.visits if v["ticket"] == ticket and v["place"] < run.model.tiers]
    spells = [s for s in run.spells if s["ticket"] == ticket]
    asked = [q for q in run.questions if q["ticket"] == ticket]
    end = run.model.end if math.isnan(row["resolved"]) else float(row["resolved"])
    for t in np.arange(float(row["opened"]) + 0.5, end, 1.0):
        if not kind.hours.is_open(t):
            continue
        here = [s for s in stays if s["entered"] <= t and not s["left"] <= t]
        if not here:
            last = [s for s in stays if s["left"] <= t][-1]
            if last["ending"] != Ending.SOLVED:
                found["handoff" if t < last["released"] else "decision"] += 1
            continue
        stay = here[-1]
        if any(q["asked"] <= t and not q["answered"] <= t for q in asked):
            found["customer"] += kind.waiting.resolution
            continue
        tier = int(stay["place"])
        on_call = kind.around_the_clock and run.model.staff[tier].on_call
        there = on_call or any(w.hours.is_open(t) for w in run.agents if tier in w.tiers and not w.on_call)
        working = any(s["began"] <= t < s["ended"] for s in spells)
        if stay["ending"] == Ending.SENT_BACK:
            found["wrong_tier"] += 1
        elif not stay["available"] <= t:
            found["handoff"] += 1
        elif not there:
            found["nobody"] += 1
        elif not stay["began"] <= t or not working:
            found["queue"] += 1
        else:
            able = row["solved_by"] <= tier or stay["ending"] == Ending.SOLVED
            found["work" if able else "wrong_tier"] += 1
    return found


def test_a_count_minute_by_minute_agrees() -> None:
    run = month(0)
    table = clocks(run)
    own = table[table["clock"] == Measured.RESOLUTION]
    interesting = np.argsort(-np.count_nonzero(own["minutes"] > 1.0, axis=1), kind="stable")[:30]
    several = 0
    for row in own[interesting]:
        found = counted(run, int(row["ticket"]))
        several += sum(minutes > 1 for minutes in found.values()) >= 3
        edges = 4 + 2 * int(np.count_nonzero(run.spells["ticket"] == row["ticket"]))  # each may lie inside a minute
        for name, minutes in zip(NAMES, row["minutes"], strict=True):
            assert found[name] == pytest.approx(float(minutes), abs=edges), (int(row["ticket"]), name, found, row)
    assert several >= 20


def test_a_file_in_the_repository_explains_every_column() -> None:
    said = (Path(__file__).parent.parent / "docs" / "tables.md").read_text(encoding="utf-8")
    from simulator.export import TABLES

    for name, sheet in TABLES.items():
        for field in sheet(month(0)).fields:
            if not field.name.endswith("_minutes") or name != "clocks":
                assert f"`{field.name}`" in said, f"{name}.{field.name}"
    for name in NAMES:
        assert f"`{name}`" in said
