"""``deskdrill policy clock``: cases are run, what fails is told, and a bad file is refused."""

from __future__ import annotations

import copy
import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskdrill.main import main
from policy.calendars import _table
from policy.clock_cases import failures_of, read_cases
from policy.errors import InputError

PUBLISHED = Path(__file__).parents[1].parent / "shared/cases/sla.json"
HOURS = {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
MONDAY = "2026-02-02"
CASE: dict[str, Any] = {
    "id": "one",
    "family": "for people",
    "calendar": {"time_zone": "Europe/Berlin", "hours": HOURS, "holidays": ["2026-02-03"]},
    "target_minutes": 240,
    "events": [
        {"at": "2026-02-02T11:30:00+01:00", "event": "start"},
        {"at": "2026-02-02T13:30:00+01:00", "event": "pause"},
        {"at": "2026-02-02T16:00:00+01:00", "event": "resume"},
        {"at": "2026-02-04T10:00:00+01:00", "event": "set_target", "minutes": 120},
        {
            "at": "2026-02-04T10:30:00+01:00",
            "event": "set_calendar",
            "calendar": {"time_zone": "UTC", "always_open": True},
        },
        {"at": "2026-02-04T23:00:00+01:00", "event": "stop"},
    ],
    "ask": {"at": "2026-02-04T10:20:00+01:00"},
    "expect": {
        "due_at": "2026-02-02T17:00:00+01:00",
        "elapsed_minutes": 200,
        "remaining_minutes": -80,
        "breached": True,
        "breached_at": "2026-02-04T10:00:00+01:00",
    },
}

Run = Callable[..., str]


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the case with the value at a dotted path replaced; ``...`` takes it out."""
    case = copy.deepcopy(CASE)
    here: Any = case
    *way, last = path.split(".")
    for part in way:
        here = here[int(part) if isinstance(here, list) else part]
    key: Any = int(last) if isinstance(here, list) else last
    if value is ...:
        del here[key]
    else:
        here[key] = value
    return case


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run cases; return what was printed on the stream of the exit code."""

    def call(*cases: Any, form: str = "json", code: int = 0, text: str | None = None) -> str:
        file = tmp_path / "cases.json"
        file.write_text(json.dumps({"about": "Cases.", "cases": cases}) if text is None else text, encoding="utf-8")
        assert main(["policy", "clock", "--cases", str(file), "--format", form]) == code
        shown = capsys.readouterr()
        assert (shown.out == "") == (code == 2)
        assert (shown.err == "") == (code != 2)
        return shown.err if code == 2 else shown.out

    return call


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="the published clock cases are not beside the project")
def test_the_published_cases_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "clock", "--cases", str(PUBLISHED), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"passed": len(read_cases(PUBLISHED)), "failed": 0, "failures": []}
    assert found["passed"] >= 50


def test_cases_that_pass(run: Run) -> None:
    assert json.loads(run(CASE)) == {"passed": 1, "failed": 0, "failures": []}
    assert run(CASE, form="table") == "1 of 1 cases passed, 0 failed.\n"
    assert run(CASE, form="csv") == "id,field,expected,got\n"


def test_the_case_of_the_documentation_passes(run: Run) -> None:
    page = (Path(__file__).parents[1] / "docs" / "clocks.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert json.loads(run(text=example)) == {"passed": 1, "failed": 0, "failures": []}
    assert (
        json.loads(run(text=example.replace('"elapsed_minutes": 180', '"elapsed_minutes": 60'), code=1))["failed"] == 1
    )


def test_what_is_left_out_of_an_expectation_is_not_compared(run: Run) -> None:
    assert json.loads(run(changed("expect", {"elapsed_minutes": 200})))["passed"] == 1
    assert json.loads(run(changed("expect", {"breached_at": None}), code=1))["failed"] == 1


@pytest.mark.parametrize(
    ("path", "value", "field", "expected", "got"),
    [
        ("expect.due_at", f"{MONDAY}T16:59:00+01:00", "due_at", f"{MONDAY}T16:59:00+01:00", f"{MONDAY}T17:00:00+01:00"),
        ("expect.due_at", None, "due_at", None, f"{MONDAY}T17:00:00+01:00"),
        ("expect.elapsed_minutes", 199, "elapsed_minutes", 199, 200),
        ("expect.elapsed_minutes", 200.5, "elapsed_minutes", 200.5, 200),
        ("expect.remaining_minutes", 0, "remaining_minutes", 0, -80),
        ("expect.breached", False, "breached", False, True),
        ("expect.breached_at", "2026-02-04T09:30:00+00:00", "breached_at",
         "2026-02-04T10:30:00+01:00", "2026-02-04T10:00:00+01:00"),
    ],
)  # fmt: skip
def test_every_field_can_fail(run: Run, path: str, value: Any, field: str, expected: Any, got: Any) -> None:
    found = json.loads(run(changed(path, value), CASE | {"id": "two"}, code=1))
    assert found == {
        "passed": 1,
        "failed": 1,
        "failures": [{"id": "one", "field": field, "expected": expected, "got": got}],
    }


def test_failures_in_the_other_formats(run: Run) -> None:
    wrong = changed("expect.breached", False)
    (row,) = csv.DictReader(io.StringIO(run(wrong, form="csv", code=1)))
    assert row == {"id": "one", "field": "breached", "expected": "False", "got": "True"}
    assert "| one | breached | false | true |" in run(wrong, form="md", code=1)
    assert run(wrong, form="table", code=1).startswith("0 of 1 cases passed, 1 failed.\n\nid   field")


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("id", ..., "cases[0].id: is missing"),
        ("calendar", ..., "cases[0].calendar: is missing"),
        ("calendar.time_zone", "Berlim", "cases[0].calendar.time_zone: found 'Berlim'; expected a time zone"),
        ("calendar.hours", {"monday": []}, "cases[0].calendar.hours"),
        ("calendar.hours.mon", [["17:00", "09:00"]], "expected opening hours such as 09:00-17:00"),
        ("calendar.hours.mon", [["09:00"]],
         'hours.mon[0]: found a list of 1; expected two times of day, such as ["09:00"'),
        ("calendar.hours.mon", ["09:00"], "cases[0].calendar.hours.mon[0]: found '09:00'; expected two times of day"),
        ("calendar.hours.mon", [["09:00", 17]], "hours.mon[0]: found a list of 2; expected two times of day"),
        ("calendar.hours.mon", [["09:00", "12:00, 13:00-17:00"]], "each interval is a pair of its own"),
        ("calendar.hours.mon", [["09:00", "10:00"]] * 49, "hours.mon: found 49 entries; expected at most 48 entries"),
        ("calendar.holiday", [], "cases[0].calendar.holiday: unknown key; did you mean \"holidays\""),
        ("calendar.holidays", ["2026-02-30"], "expected a date such as 2025-12-25"),
        ("target_minutes", "4h", "cases[0].target_minutes: found '4h'; expected a number"),
        ("target_minutes", -1, "cases[0].target_minutes: found -1; expected at least 0"),
        ("target_minutes", True, "cases[0].target_minutes: found true; expected a number"),
        ("target_minutes", 1e15, "cases[0].target_minutes: found 1000000000000000.0; expected at most 52,560,000"),
        ("events.0.event", "begin", "cases[0].events[0].event: found 'begin'; expected 'start', 'pause'"),
        ("events.0.at", "2026-02-02T11:30", "cases[0].events[0].at: found '2026-02-02T11:30'; expected an instant"),
        ("events.0.at", "0001-01-01T00:00:00+14:00", "expected a year between 1970 and 2199"),
        ("events.0.at", "2026-02-02T14:30:00+01:00", "cases[0].events[1].at: one: is earlier than the event before it"),
        ("events.0.minutes", 4, "minutes stand with set_target, and only there"),
        ("events.3.minutes", ..., "minutes stand with set_target, and only there"),
        ("events.4.calendar", ..., "a calendar stands with set_calendar, and only there"),
        ("ask.at", 5, "cases[0].ask.at: found 5; expected an instant"),
        ("ask", {}, "cases[0].ask.at: is missing"),
        ("expect", {}, "cases[0].expect: expects nothing; name at least one of due_at, elapsed_minutes"),
        ("expect.overdue", True, "cases[0].expect.overdue: unknown key"),
        ("expect.breached", 1, "cases[0].expect.breached: found 1; expected true or false"),
        ("expect.elapsed_minutes", "200", "cases[0].expect.elapsed_minutes: found '200'; expected a number"),
    ],
)  # fmt: skip
def test_a_bad_case_is_told_with_its_place(run: Run, path: str, value: Any, said: str) -> None:
    message = run(changed(path, value), code=2)
    assert said in message
    assert message.startswith("deskdrill: ")
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1: is no JSON"),
        ('{"cases": [\n{"id": }]}', ":2: is no JSON: Expecting value"),
        ("[]", "expected a mapping"),
        ('{"cases": []}', "cases: "),
        ('{"cases": 3}', "cases: found 3; expected a list"),
        ('{"cases": [], "cases": []}', ":1: cases: the key stands here twice (first in line 1)"),
        ('{"about": [{"k": {}, "l": 1},\n{"k": "\\"{", "l": [],\n"k": 1}]}',
         ":3: about[1].k: the key stands here twice (first in line 2)"),
        ('{"cases": NaN}', ":1: cases: found NaN; expected a finite number"),
        ('{"cases": [1,\n-Infinity]}', ":2: cases[1]: found -Infinity; expected a finite number"),
        ('{"cases": [1,\n\n{"a": 1e999}]}', ":3: cases[1].a: found 1e999; expected a finite number"),
        ('{"cases":\n' + "[" * 41 + "1" + "]" * 41 + "}", ":2: is nested more than 40 levels deep"),
        ("[" * 200_000, "is nested too deeply"),
        ('{"cases": [' + "1" * 6000 + "]}",
         ":1: cases[0]: found a number of 6,000 characters; at most 400 are read"),
    ],
    ids=range(13),
)  # fmt: skip
def test_a_bad_file_is_told(run: Run, text: str, said: str) -> None:
    assert said in run(code=2, text=text)


def test_the_line_of_what_is_wrong_is_told(run: Run) -> None:
    """Whatever stands before it: line ends and marks within strings, empty lists and objects, other cases."""
    odd = CASE | {"why": 'a "quoted", {odd}\n[text]: \\', "source": [[], {}, [{}], "", -1.5e3]}
    text = json.dumps({"cases": [odd, changed("events.3.minutes", -2) | {"id": "two"}]}, indent=1)
    line = next(n for n, one in enumerate(text.splitlines(), 1) if '"minutes": -2' in one)
    assert f"cases.json:{line}: cases[1].events[3].minutes: found -2; expected at least 0" in run(code=2, text=text)


def test_a_file_too_long_for_lines_is_told_by_its_path(run: Run) -> None:
    text = json.dumps({"about": "x" * 4_000_000, "cases": [changed("ask", 1)]})
    assert "cases.json: cases[0].ask: found 1; expected a mapping" in run(code=2, text=text)


def test_cases_of_one_calendar_share_it(run: Run) -> None:
    """Two hundred years are worked out once, however many cases look at them."""
    far = changed("ask.at", "2198-02-02T09:10:00+00:00") | {"expect": {"breached": True}}
    far["calendar"] = {"time_zone": "Europe/Berlin", "hours": {"mon": [["09:00", "17:00"]]}}
    far["events"] = [{"at": "1971-01-30T16:30:00+00:00", "event": "start"}]
    _table.cache_clear()
    assert json.loads(run(*(far | {"id": str(n)} for n in range(20))))["passed"] == 20
    assert _table.cache_info().misses <= 2198 - 1971 + 1


def test_two_cases_of_one_name_are_refused(run: Run) -> None:
    assert "cases[1].id: the id 'one' stands here twice" in run(CASE, CASE, code=2)


def test_a_file_that_is_not_there_or_no_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["policy", "clock", "--cases", str(tmp_path / "none.json")]) == 2
    assert "there is no such file" in capsys.readouterr().err
    (tmp_path / "odd.json").write_bytes(b'{"about": "\xff"}')
    assert main(["policy", "clock", "--cases", str(tmp_path / "odd.json")]) == 2
    assert "is not UTF-8" in capsys.readouterr().err
    assert main(["policy", "clock"]) == 2
    assert "--cases" in capsys.readouterr().err


PATHS = (
    "calendar", "calendar.hours", "calendar.hours.mon", "calendar.holidays", "events", "events.0", "events.3.minutes",
    "events.4.calendar", "ask", "ask.at", "expect", "expect.due_at", "target_minutes",
)  # fmt: skip
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.just("2026-02-02T11:30:00+01:00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(junk=JUNK, path=st.sampled_from(PATHS))
def test_whatever_stands_in_a_case_is_run_or_refused(
    junk: Any, path: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "junk.json"
    file.write_text(json.dumps({"cases": [changed(path, junk)]}), encoding="utf-8")
    try:
        (case,) = read_cases(file)
    except InputError:
        return
    failures_of(case)
