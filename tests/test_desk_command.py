"""``desk new`` and ``desk check``: a desk of ten lines works, and what is missing or odd is said in words."""

from __future__ import annotations

import contextlib
import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deskdrill.main import main
from policy import load_policy
from simulator import load_desk, month_metrics, run_once, simulate
from simulator.expected_load import WEEK, expected_load
from simulator.model import compile_model
from simulator.run import rules_of
from simulator.theory.textbook import Class, Network, length, textbook_model

DATA = Path(__file__).parent / "data"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_desk_that_is_written_has_ten_lines_works_and_is_not_odd(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["desk", "new", "Our desk.yaml"]) == 0
    text = (folder / "Our desk.yaml").read_text(encoding="utf-8")
    said = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(said) == 10
    assert said[0] == "name: our_desk"
    assert text.startswith("# yaml-language-server: $schema=desk.schema.json\n")
    assert sum(line.startswith("#") for line in text.splitlines()) >= 8
    month = simulate(load_policy("secureai"), load_desk(folder / "Our desk.yaml"), replications=3, seed=1)
    assert month.estimate("tickets").mean > 300
    assert main(["desk", "check", "./Our desk.yaml"]) == 0
    assert "error" not in capsys.readouterr().out


def test_a_file_that_is_there_is_never_touched(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine.yaml").write_text("precious")
    (folder / "link.yaml").symlink_to("nowhere")
    for name in ("mine.yaml", "link.yaml", "desk.txt", "no/such/folder.yaml"):
        assert main(["desk", "new", name]) == 2
        assert capsys.readouterr().err.startswith("deskdrill: ")
    assert (folder / "mine.yaml").read_text() == "precious"
    assert sorted(path.name for path in folder.iterdir()) == ["link.yaml", "mine.yaml"]


@cache
def checked(*sets: str) -> tuple[int, Any]:
    changes = [word for change in sets for word in ("--set", change)]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = main(["desk", "check", str(DATA / "desk_small.yaml"), "--policy", str(DATA / "desk_policy.yaml"),
                     "--format", "json", *changes])  # fmt: skip
    return code, json.loads(out.getvalue())


def test_the_small_desk_has_no_error() -> None:
    code, found = checked()
    assert (code, found["errors"], found["desk"], found["policy"]) == (0, 0, "small", "smallhouse")
    assert [one["tier"] for one in found["tiers"]] == ["T1", "T2", "T3"]
    assert not [one for one in found["remarks"] if one["severity"] == "error"]


ODD = [
    ("desk.demand.tickets_per_week=600", "error", "overload", "staffing.T1", "grows without end"),
    ("desk.staffing.T2.agents=0", "error", "nobody", "staffing.T2", "nobody works there"),
    ("desk.staffing.T2={groups: [{agents: 2, skills: [easy]}]}", "error", "no-skill", "staffing.T2.groups",
     "nobody in T2 has the skill for hard"),
    ("desk.reference={tikets: 1}", "error", "unknown-figure", "reference.tikets", 'did you mean "tickets"'),
    ("desk.demand.tickets_per_week=150", "warning", "busy", "staffing.T1", "is busy for"),
    ("desk.demand.tickets_per_week=0", "warning", "no-tickets", "demand.tickets_per_week", "no ticket ever comes"),
    ("desk.staffing.T3.on_call=0", "warning", "no-on-call", "staffing.T3.on_call", "P1 counts around the clock"),
    ("desk.staffing.T1={groups: [{agents: 4, shift: short}]}", "warning", "nobody-on-shift", "staffing.T1", "of P2"),
    ("desk.plans={starter: 0.5, professional: 0.35, enterprise: 0.1}", "warning", "sum", "plans", "to 0.95, not 1"),
    ("desk.plans={starter: 50, professional: 35, enterprise: 14}", "warning", "sum", "plans", "add up to 99, not 100"),
    ("desk.staffing.T2={groups: [{agents: 2, shift: short}]}", "warning", "nobody-on-shift", "staffing.T2",
     "of the time in which the clocks of P"),
    ("desk.categories.easy.counts_as=bug_reprot", "error", "unknown-name", "categories.easy.counts_as",
     'no category "bug_reprot"'),
    ("desk.behaviour.duties={remnd: {forgotten: 0.5}}", "error", "unknown-name", "behaviour.duties.remnd",
     'no rule, act or content "remnd"'),
    ("desk.demand.quiet_days={dates: [2019-12-25], factor: 0.5}", "note", "in-vain", "demand.quiet_days.dates",
     "a day that is outside the run"),
    ("desk.customers.patience={mean: 20m, shape: exponential}", "warning", "lost", "customers.patience",
     "of the tickets are lost"),
    ("desk.staffing.T1.queue_limit=0", "warning", "lost", "staffing.T1.queue_limit", "a full queue turns them away"),
    ("desk.work.war_room={priorities: [P1], people: {T1: 50}, length: {mean: 30m}}", "warning", "war-room",
     "work.war_room.people.T1", "50 of T1 are called, who are 2"),
    ("desk.work.T2.sends_back=0.1", "warning", "in-vain", "work.T2.sends_back", "goes with passes_on"),
    ("desk.plans={starter: 1, professional: 1}", "note", "plan-never-drawn", "plans", "plan enterprise"),
    ("desk.categories.hard.share=0", "note", "priority-never-drawn", "categories", "priority P1"),
    ("desk.categories.hard.share=0", "note", "category-never-drawn", "categories.hard", "no ticket is"),
    ("desk.staffing.T1.agents=2", "note", "out-of-hours", "staffing.T1", "of all tickets arrive while nobody"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "severity", "code", "where", "message"), ODD, ids=[f"{o[2]}-{o[3]}" for o in ODD])
def test_what_is_odd_is_said(change: str, severity: str, code: str, where: str, message: str) -> None:
    shift = 'desk.shifts={short: {hours: {mon: "09:00-12:00", tue: "09:00-12:00"}}}'
    exit_code, found = checked(shift, change)
    mine = [one for one in found["remarks"] if (one["severity"], one["code"], one["where"]) == (severity, code, where)]
    assert mine, found["remarks"]
    assert any(message in one["message"] for one in mine)
    assert exit_code == (1 if any(one["severity"] == "error" for one in found["remarks"]) else 0)
    _, usual = checked(shift)
    if code != "out-of-hours":
        assert not [one for one in usual["remarks"] if (one["code"], one["where"]) == (code, where)]


def test_weights_that_are_not_meant_as_shares_are_let_be() -> None:
    _, found = checked("desk.plans={starter: 7, professional: 2, enterprise: 1}")
    assert not [one for one in found["remarks"] if one["code"] == "sum"]


def test_a_tier_of_the_policy_that_the_desk_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    desk = DATA.parent.parent / "deskdrill" / "examples" / "own" / "ten_lines.yaml"
    two = "desk.staffing={T1: {agents: 3}, T2: {agents: 2, on_call: 1}}"
    kinds = "desk.categories={all: {priorities: {P3: 1}, beyond: {T1: 0.1}}}"
    assert main(["desk", "check", str(desk), "--set", two, "--set", kinds, "--set", "desk.costs={}"]) == 0
    assert "the policy has the tier T3" in capsys.readouterr().out


def test_the_table_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["desk", "check"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("The support desk, January 2025\npolicy secureai, played for 8 weeks, 5 times\n")
    assert "utilisation" in out
    assert main(["desk", "check", "--set", "desk.staffing.T1.agents=0"]) == 1
    assert "nobody there" in capsys.readouterr().out


def test_what_is_no_desk_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["desk", "check", "january"]) == 2
    assert 'did you mean "january_2025"?' in capsys.readouterr().err
    assert main(["desk"]) == 2


# -- the pilot -------------------------------------------------------------------------------------------------------

TIMERS = """\
name: over
title: Overloaded by timers
period: {first_day: 2025-03-03, last_day: 2025-05-25}
demand: {tickets_per_week: 60}
plans: {professional: 1}
categories:
  a: {priorities: {P3: 1}, beyond: {T1: 0.02}}
staffing: {T1: {agents: 4}, T2: {agents: 1}, T3: {agents: 1}}
work: {T1: {piece: {mean: 60m}}, T2: {piece: {mean: 40m}}}
"""


def test_a_shift_that_nobody_works() -> None:
    _, found = checked('desk.shifts={short: {hours: {mon: "09:00-12:00"}}}')
    assert ("note", "shifts.short") in [(one["severity"], one["where"]) for one in found["remarks"]]


def test_too_much_work_that_is_taken_away_in_time_is_no_error() -> None:
    much = "desk.demand.tickets_per_week=500"
    assert checked(much)[0] == 1
    code, found = checked(much, "desk.customers.patience={mean: 5m, shape: exponential}")
    said = [one for one in found["remarks"] if one["where"] == "staffing.T1" and one["code"] == "relieved"]
    assert (code, [one["severity"] for one in said]) == (0, ["warning"])
    assert "customers give up" in said[0]["message"]
    assert found["tiers"][0]["utilisation"] > 1 > found["tiers"][0]["played"]["busy"]


def test_credit_for_a_plan_that_the_policy_has_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["desk", "check", "--set", "desk.costs.credit={gold: 100}"]) == 2
    assert 'costs.credit.gold: the policy has no plan "gold"' in capsys.readouterr().err


def test_an_overload_that_only_timers_bring_is_seen_in_the_pilot(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Means alone say that Tier 2 is idle; the policy's timer sends most tickets up to it."""
    (folder / "over.yaml").write_text(TIMERS)
    assert main(["desk", "check", "over.yaml", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    first, second, _ = found["tiers"]
    assert second["utilisation"] < 0.1
    assert second["played"]["busy"] > 0.97
    assert second["played"]["more_waiting_per_week"] > 10
    assert first["played"]["busy"] < 0.9
    errors = [one for one in found["remarks"] if one["severity"] == "error"]
    assert [(one["code"], one["where"]) for one in errors] == [("overload", "staffing.T2")]
    assert "timers, ages, updates and questions" in errors[0]["message"]
    # With people enough for it, or without the timers, there is nothing to say.
    for change in ("desk.staffing.T2.agents=4", "policy.tiers.T1.no_progress=null"):
        assert main(["desk", "check", "over.yaml", "--set", change]) == 0
        assert "played for" in capsys.readouterr().out


def test_those_on_call_have_but_the_hours_of_a_week() -> None:
    code, found = checked("desk.categories.hard.priorities={P1: 1}", "desk.demand.tickets_per_week=700")
    assert code == 1
    said = [one for one in found["remarks"] if one["where"] == "staffing.T3.on_call"]
    assert [(one["severity"], one["code"]) for one in said] == [("error", "overload")]
    assert "who have 168" in said[0]["message"]
    assert found["tiers"][2]["on_call_hours_per_week"] > 168
    assert found["tiers"][2]["played"]["on_call"] > 0.95


def test_a_queue_that_is_long_and_does_not_grow_is_no_overload(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One agent of 40 hours with 37 hours of work: busy, and said to be, but no error."""
    (folder / "busy.yaml").write_text(
        TIMERS.replace("tickets_per_week: 60", "tickets_per_week: 56").replace("beyond: {T1: 0.02}", "beyond: {}")
        .replace("agents: 4", "agents: 1").replace("piece: {mean: 60m}", "pieces: 1, piece: {mean: 24m}")
    )  # fmt: skip
    none = "policy.tiers.T1.no_progress=null"
    code = main(["desk", "check", "busy.yaml", "--format", "json", "--set", none])
    found = json.loads(capsys.readouterr().out)
    assert found["tiers"][0]["played"]["busy"] > 0.85
    assert code == 0
    assert [one["code"] for one in found["remarks"] if one["where"] == "staffing.T1" and "busy" in one["code"]]


# -- the load in closed form ----------------------------------------------------------------------------------------


def test_the_load_of_a_network_is_that_of_the_textbook() -> None:
    """Jackson's traffic equations: T1 gets 0.5 + 0.25 of T2, T2 gets 0.4 of T1, service 1 and 2 minutes."""
    network = Network(
        classes=(Class(0.5, (length(1.0), length(2.0))),),
        agents=(1, 2), passes_on=(0.4, 0.0), sends_back=(0.0, 0.25),
    )  # fmt: skip
    first, second = expected_load(textbook_model(network, 7))
    into_first = 0.5 / (1 - 0.4 * 0.25)
    assert first.stays == pytest.approx(into_first * 10_080)
    assert second.stays == pytest.approx(0.4 * into_first * 10_080)
    assert first.utilisation == pytest.approx(into_first)
    assert second.utilisation == pytest.approx(0.4 * into_first * 2 / 2)


BACK = "waiting_customer: 0.3, reclassified: 0.2, resolved: 0.2, workaround: 0.2, closing: {mean: 15m}"


@pytest.mark.parametrize("changes", [{}, {"work.T2.hands_back": f"{{{BACK}}}", "work.T3.hands_back": f"{{{BACK}}}"}])
def test_the_load_is_what_a_desk_without_timers_does(changes: dict[str, str]) -> None:
    """Played with plenty of people and no timers, the tiers work as much as the closed form says."""
    policy = load_policy(DATA / "desk_policy.yaml", {"tiers.T1.no_progress": "null", "tiers.T2.no_progress": "null",
                                                     "tiers.T2.unresolved": "null"})  # fmt: skip
    desk = load_desk(DATA / "desk_small.yaml", {
        "staffing.T1.agents": "30", "staffing.T2.agents": "30", "staffing.T3.agents": "30",
        "behaviour": "{updates_forgotten: 0}", "period.last_day": "2025-12-28",
        "categories.hard.priorities": "{P3: 1}", "categories.easy.priorities": "{P3: 1, P4: 1}",
        "work.customer": "{share: 0, answer: {mean: 1h}}", **changes,
    })  # fmt: skip
    model = compile_model(desk, rules_of(policy))
    load = expected_load(model)
    runs = [run_once(model, None, 3, r) for r in range(8)]
    months = [month_metrics(run) for run in runs]
    weeks = len(runs) * (model.end - model.start) / WEEK
    for place, one in enumerate(load):
        stays = sum(np.count_nonzero((run.visits["place"] == place) & (run.visits["began"] >= model.start))
                    for run in runs)  # fmt: skip
        assert stays / weeks == pytest.approx(one.stays, rel=0.05), one.tier
        played = sum(month[f"utilisation_{one.tier.lower()}"] for month in months) / len(runs)
        assert played == pytest.approx(one.utilisation, rel=0.06), one.tier
