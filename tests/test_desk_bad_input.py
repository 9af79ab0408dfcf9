"""Desk files that cannot be played: each mistake gets one clear message with its place, and exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from deskdrill.main import main
from simulator.desk import Desk

DESK = """\
name: odd
title: An odd desk
period: {first_day: 2025-03-03, last_day: 2025-03-30}
plans: {professional: 1}
categories: {a: {priorities: {P3: 1}, beyond: {T1: 0.1}}}
demand: {tickets_per_week: 110}
staffing: {T1: {agents: 5}, T2: {agents: 3}, T3: {agents: 2}}
"""
NO_TIME = "checks: {mean: 0m}, piece: {mean: 0m}, handoff: {mean: 0m}"


def refused(capsys: pytest.CaptureFixture[str], *argv: str | Path) -> str:
    """Run a command that must be refused; return the message."""
    code = main([str(a) for a in argv])
    shown = capsys.readouterr()
    assert code == 2, shown
    assert shown.out == ""
    assert "Traceback" not in shown.err
    assert len(shown.err) < 700
    return shown.err


def written(folder: Path, old: str = "", new: str = "", more: str = "") -> Path:
    """Write the desk with one thing changed and lines added."""
    assert not old or DESK.count(old) == 1
    path = folder / "odd.yaml"
    path.write_text((DESK.replace(old, new) if old else DESK) + more)
    return path


def test_the_desk_itself_is_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["desk", "check", str(written(tmp_path))]) == 0
    assert "error" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "command", [("desk", "check"), ("simulate", "--replications", "1", "--workers", "1", "--desk")]
)
@pytest.mark.parametrize(
    ("more", "said"),
    [
        # tickets that never end
        (f"work:\n  T1: {{passes_on: 1, {NO_TIME}}}\n  T2: {{passes_on: 0, sends_back: 1, {NO_TIME}}}\n",
         "odd.yaml:10: work.T2.sends_back: a ticket would circle for ever"),
        ("work:\n  T1: {passes_on: 1}\n  T2: {passes_on: 0.3, sends_back: 0.7}\n  T3: {passes_on: 0, sends_back: 1}\n",
         "odd.yaml:11: work.T3.sends_back: a ticket would circle for ever"),
        ("work:\n  T2: {passes_on: 0, sends_back: 1}\n",
         "odd.yaml:9: work.T2.sends_back: a ticket would circle for ever"),
        ("work:\n  T1: {passes_on: 0, sends_back: 1}\n",
         "odd.yaml:9: work.T1.sends_back: a ticket would circle for ever"),
        ("work:\n  T1: {passes_on: 1}\n  T2: {passes_on: 0, sends_back: 0.9999}\n",
         "odd.yaml:10: work.T2.sends_back: a ticket would go through 20,000 stays on average"),
        # shares of more than all
        ("work:\n  T2: {passes_on: 0.7, sends_back: 0.5}\n",
         "odd.yaml:9: work.T2: passes_on and sends_back add up to 1.2; expected at most 1"),
        # helpers who are no help
        ("work:\n  swarming:\n    T1: T1\n", 'odd.yaml:10: work.swarming.T1: found "T1"'),
        ("work:\n  swarming: {T2: T1}\n", "odd.yaml:9: work.swarming.T2: found"),
        ("work:\n  swarming: {T3: T1}\n", "no tier is above it"),
        # names that are not there, each at its own line
        ("work:\n  swarming:\n    T1: T9\n", 'odd.yaml:10: work.swarming.T1: there is no tier "T9"'),
        ("costs:\n  hour: {T1: 3}\nbacklog:\n  T7: 3\n", 'odd.yaml:11: backlog.T7: there is no tier "T7"'),
    ],
)  # fmt: skip
def test_a_desk_that_does_not_agree_with_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], more: str, said: str
) -> None:
    assert said in refused(capsys, *command, written(tmp_path, more=more))


def test_tiers_that_send_back_and_let_go_are_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = "work: {T1: {passes_on: 0.9}, T2: {passes_on: 0.1, sends_back: 0.9}, T3: {passes_on: 0, sends_back: 0.5}}\n"
    assert main(["simulate", "--replications", "1", "--workers", "1", "--desk", str(written(tmp_path, more=more))]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("work.swarming.T1=T9", '--set desk.work.swarming.T1=T9: work.swarming.T1: there is no tier "T9"'),
        ("work.swarming={T2: T1}", "--set desk.work.swarming={T2: T1}: work.swarming.T2: found"),
        ("work.T3={passes_on: 1, sends_back: 1}", "--set desk.work.T3={passes_on: 1, sends_back: 1}: work.T3: passes"),
    ],
)
def test_a_change_is_blamed_and_not_the_file(capsys: pytest.CaptureFixture[str], change: str, said: str) -> None:
    assert said in refused(capsys, "desk", "check", "--set", f"desk.{change}")


def test_a_desk_that_was_not_read_from_a_file_says_where_too() -> None:
    document = {
        "name": "odd", "title": "Odd", "period": {"first_day": "2025-03-03", "last_day": "2025-03-30"},
        "demand": {"tickets_per_week": 1.0}, "staffing": {"T1": {"agents": 1}}, "work": {"swarming": {"T1": "T8"}},
    }  # fmt: skip
    with pytest.raises(ValidationError, match=r'work\.swarming\.T1: there is no tier "T8"'):
        Desk.model_validate(document)


# -- bounds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "3000-01-01", "9999-12-31"])
def test_years_beyond_every_calendar(tmp_path: Path, capsys: pytest.CaptureFixture[str], day: str) -> None:
    period = "{first_day: 2025-03-03, last_day: 2025-03-30}"
    path = written(tmp_path, period, f"{{first_day: {day}, last_day: {day}}}")
    assert f"odd.yaml:3: period.first_day: found '{day}'; expected a date in the years 1900 to 2999" in refused(
        capsys, "desk", "check", path
    )


@pytest.mark.parametrize("day", ["1900-01-01", "2999-12-31"])
def test_the_first_and_the_last_day_can_be_played(tmp_path: Path, capsys: pytest.CaptureFixture[str], day: str) -> None:
    period = "{first_day: 2025-03-03, last_day: 2025-03-30}"
    path = written(tmp_path, period, f"{{first_day: {day}, last_day: {day}, warm_up_weeks: 520}}")
    few = ("--set", "desk.demand.tickets_per_week=1")
    assert main(["simulate", "--replications", "1", "--workers", "1", "--desk", str(path), *few]) == 0
    capsys.readouterr()


TOO_MANY = [
    (("demand.tickets_per_week=1000000", "period.last_day=2200-01-01"), "asks for 9,1"),
    (("demand.growth=10", "period.last_day=2044-01-01"), "e+22 tickets in 985 weeks"),
    (("demand.tickets_per_week=1000000",), "asks for 6,000,000 tickets in 6 weeks"),
    (("demand.tickets_per_week=1000000", "demand.months={mar: 1000000}"), "expected at most 5,000,000"),
    (("demand.outages={per_year: 1000, tickets: 1000, within: 1h, category: a, priority: P3}",
      "period.last_day=2045-01-01"), "asks for 19,9"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "sets", "asked"),
    [
        # Processes say what the command says; it takes seconds to start them.
        pytest.param(command, *one, marks=pytest.mark.heavy if command == "workers" and one != TOO_MANY[0] else ())
        for command in ("check", "simulate", "workers")
        for one in TOO_MANY
    ],
)
def test_more_tickets_than_can_be_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, sets: tuple[str, ...], asked: str
) -> None:
    changes = [word for change in sets for word in ("--set", f"desk.{change}")]
    path = str(written(tmp_path))
    few = ("simulate", "--replications", "30", "--desk", path)
    argv = {"check": ("desk", "check", path), "simulate": (*few, "--workers", "1"), "workers": (*few, "--workers", "2")}
    assert asked in refused(capsys, *argv[command], *changes)
