"""The command line: formats, exit codes, and what ends up on which stream."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deskdrill import app_command, tour
from deskdrill.main import build_parser, main
from grading import read_transcript
from policy import load_policy
from scenarios import scenario_ids

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data"
FIRST_TRY = str(tour.EXAMPLE)
LONGER = "policy.tiers.T1.no_progress=60m"
METRICS = [
    "tickets",
    "escalations",
    "escalation_rate",
    "escalated_ticket_share",
    "escalations_t1_t2",
    "escalations_t2_t3",
    "escalations_t3_management",
    "deescalations",
    "deescalation_rate",
    "escalation_resolution_hours",
    "sla_compliance",
    "first_response_compliance",
    "resolution_compliance",
    "csat",
    "utilisation_t1",
    "utilisation_t2",
    "utilisation_t3",
    "backlog_end",
]

Run = Callable[..., str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command that must succeed without a word on stderr; return what it printed."""

    def call(*argv: str | Path, code: int = 0, err: str = "") -> str:
        assert main([str(a) for a in argv]) == code
        shown = capsys.readouterr()
        assert shown.err == err
        return shown.out

    return call


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# -- help ------------------------------------------------------------------------------------------------------------


def commands() -> list[list[str]]:
    """Return every command there is."""
    found: list[list[str]] = [[]]

    def walk(parser: Any, path: list[str]) -> None:
        for action in parser._actions:
            if not isinstance(action.choices, dict):
                continue
            for name, child in action.choices.items():
                found.append([*path, name])
                walk(child, [*path, name])

    walk(build_parser(), [])
    return found


@pytest.mark.parametrize("command", commands(), ids=lambda c: " ".join(c) or "deskdrill")
def test_every_command_has_help(run: Run, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = run(*command, "--help")
    assert text.startswith("usage: deskdrill")
    assert all(len(line) <= 80 for line in text.splitlines())


def test_there_are_the_commands_there_should_be() -> None:
    names = {" ".join(command) for command in commands()}
    assert names >= {
        "app", "tour", "play", "grade", "simulate", "doctor", "scenario list", "scenario reference",
        "policy check", "policy show", "policy render",
    }  # fmt: skip


def test_version(run: Run) -> None:
    assert run("--version") == "deskdrill 0.1.0\n"


# -- simulate --------------------------------------------------------------------------------------------------------


def test_simulate_prints_the_object_of_the_contract(run: Run) -> None:
    found = json.loads(run("simulate", "--replications", 3, "--seed", 7, "--workers", 1, "--format", "json"))
    assert list(found) == ["policy", "desk", "seed", "replications", "metrics"]
    assert (found["policy"], found["desk"], found["seed"], found["replications"]) == ("secureai", "january_2025", 7, 3)
    assert set(METRICS) <= set(found["metrics"])
    for one in found["metrics"].values():
        assert set(one) == {"mean", "ci95", "sd", "reference", "unit"}
        assert len(one["ci95"]) == 2
    assert found["metrics"]["tickets"]["reference"] == 500


def test_the_number_of_workers_changes_no_byte(run: Run) -> None:
    small = ("--desk", DATA / "desk_small.yaml", "--policy", DATA / "desk_policy.yaml")
    argv = ("simulate", *small, "--replications", 41, "--seed", 3, "--format", "json", "--workers")
    assert run(*argv, 1) == run(*argv, 2)


def test_simulate_in_the_other_formats(run: Run) -> None:
    argv = ("simulate", "--replications", 2, "--workers", 1, "--format")
    table, lines, markdown = run(*argv, "table"), rows(run(*argv, "csv")), run(*argv, "md")
    assert {row["metric"] for row in lines} >= set(METRICS)
    assert "policy secureai" in table
    assert markdown.startswith("| figure | mean |")
    assert len(markdown.splitlines()) == len(lines) + 2
    shown = next(line for line in table.splitlines() if line.startswith("tickets "))
    assert f"{float(lines[0]['mean']):.1f}" in shown


def test_changes_to_the_desk_and_the_policy_take_effect(run: Run) -> None:
    argv = ("simulate", "--replications", 3, "--workers", 1, "--format", "json")
    plain = json.loads(run(*argv))["metrics"]
    other = json.loads(run(*argv, "--set", "desk.staffing.T2.agents=9", "--set", LONGER))["metrics"]
    assert other["utilisation_t2"]["mean"] < plain["utilisation_t2"]["mean"]
    assert other["escalations_t1_t2"]["mean"] < plain["escalations_t1_t2"]["mean"]
    assert other["tickets"] == plain["tickets"]


def test_the_tables_of_replication_0_are_exported(run: Run, tmp_path: Path) -> None:
    tickets, visits = tmp_path / "tickets.csv", tmp_path / "visits.csv"
    argv = ("simulate", "--replications", 2, "--workers", 1, "--tickets", tickets, "--visits", visits)
    said = f"Wrote the tickets of replication 0 to {tickets}.\nWrote the visits of replication 0 to {visits}.\n"
    run(*argv, err=said)
    first = rows(tickets.read_text())
    assert len(first) > 100
    assert {row["ticket_id"] for row in rows(visits.read_text())} == {row["ticket_id"] for row in first}


# -- drills ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", scenario_ids())
def test_the_reference_run_is_played_to_full_marks(run: Run, tmp_path: Path, scenario: str) -> None:
    file = tmp_path / "reference.jsonl"
    file.write_text(run("scenario", "reference", scenario, "--seed", 5, "--format", "jsonl"))
    assert read_transcript(file).header.seed == 5  # type: ignore[union-attr]
    for argv in (("grade", file), ("play", scenario, "--actions", file)):
        found = json.loads(run(*argv, "--require-pass", "--format", "json"))
        assert (found["score"], found["passed"], found["critical"]) == (100, True, [])


@pytest.mark.parametrize("scenario", scenario_ids())
def test_doing_nothing_fails(run: Run, tmp_path: Path, scenario: str) -> None:
    file = tmp_path / "empty.jsonl"
    file.write_text(run("scenario", "reference", scenario, "--format", "jsonl").splitlines()[0] + "\n")
    found = json.loads(run("grade", file, "--format", "json"))
    assert not found["passed"]
    run("grade", file, "--require-pass", code=1)


def test_play_makes_the_header_and_saves_it(run: Run, tmp_path: Path) -> None:
    saved = tmp_path / "saved.jsonl"
    argv = ("play", "api_401", "--actions", FIRST_TRY, "--seed", 3, "--save", saved, "--format", "json")
    played = json.loads(run(*argv, err=f"Wrote the transcript to {saved}.\n"))
    assert json.loads(run("grade", saved, "--format", "json")) == played
    header = json.loads(saved.read_text().splitlines()[0])
    assert (header["scenario"], header["seed"], header["policy"]) == ("api_401", 3, "secureai")
    assert header["policy_digest"] == load_policy().digest


def test_a_grade_has_the_form_of_the_contract(run: Run) -> None:
    found = json.loads(run("play", "api_401", "--actions", FIRST_TRY, "--format", "json"))
    assert set(found) >= {"scenario", "seed", "score", "passed", "dimensions", "critical", "findings"}
    assert 0 < found["score"] < 80
    assert not found["passed"]
    for dimension in found["dimensions"].values():
        assert set(dimension) == {"score", "weight"}
    keys = {"rule", "source", "dimension", "verdict", "due_minute", "done_minute", "points", "message"}
    for finding in found["findings"]:
        assert set(finding) >= keys
        assert finding["verdict"] in ("met", "late", "missed", "wrong", "unneeded", "forbidden")


def test_grades_in_the_other_formats(run: Run) -> None:
    argv = ("play", "api_401", "--actions", FIRST_TRY, "--format")
    lines, table, markdown = rows(run(*argv, "csv")), run(*argv, "table"), run(*argv, "md")
    assert table.startswith("Debrief: ")
    assert max(map(len, table.splitlines())) <= 80
    assert len(markdown.splitlines()) == len(lines) + 2
    assert all(row["rule"] for row in lines if row["verdict"] != "unneeded")


def test_another_policy_than_the_headers_must_be_named(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "saved.jsonl"
    said = f"Wrote the transcript to {saved}.\n"
    longer = run("play", "api_401", "--actions", FIRST_TRY, "--set", LONGER, "--save", saved, err=said)
    assert main(["grade", str(saved)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "--policy or --set" in shown.err
    assert run("grade", saved, "--set", LONGER) == longer
    assert run("grade", saved, "--policy", "secureai") == run("play", "api_401", "--actions", FIRST_TRY)


def test_acts_from_stdin(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(Path(FIRST_TRY).read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert run("play", "api_401", "--actions", "-") == run("play", "api_401", "--actions", FIRST_TRY)


def test_a_scenario_and_a_policy_of_ones_own(run: Run, tmp_path: Path) -> None:
    policy = ("--policy", DATA / "drill_policy.yaml")
    file = tmp_path / "reference.jsonl"
    file.write_text(run("scenario", "reference", DATA / "drill_scenario.yaml", *policy, "--format", "jsonl"))
    argv = ("grade", file, "--scenario", DATA / "drill_scenario.yaml", *policy, "--format", "json")
    assert json.loads(run(*argv))["score"] == 100


def test_scenario_list_and_reference_in_every_format(run: Run) -> None:
    assert {s["id"] for s in json.loads(run("scenario", "list", "--format", "json"))} == set(scenario_ids())
    assert len(rows(run("scenario", "list", "--format", "csv"))) == len(scenario_ids())
    found = json.loads(run("scenario", "reference", "api_401", "--format", "json"))
    lines = rows(run("scenario", "reference", "api_401", "--format", "csv"))
    assert [act["do"] for act in found["acts"]] == [row["do"] for row in lines]
    assert "a perfect run" in run("scenario", "reference", "api_401")
    assert run("scenario", "list", "--format", "md").startswith("| id |")


# -- the procedure ---------------------------------------------------------------------------------------------------


def test_policy_check_passes_and_counts(run: Run) -> None:
    policy = load_policy()
    found = json.loads(run("policy", "check", "--format", "json"))
    assert found["rules"] == len(policy.rules) > 150
    assert found["entries"] == len(policy.entries())
    assert [f for f in found["findings"] if f["severity"] == "error"] == []


def test_policy_check_in_the_other_formats(run: Run) -> None:
    bakery = DATA / "broken" / "bakery.yaml"
    check = ("policy", "check", "--policy", f"{bakery}+{DATA / 'broken' / 'duplicate-rule.yaml'}")
    found = json.loads(run(*check, "--format", "json"))
    assert [one["code"] for one in found["findings"]] == ["duplicate"]
    assert f"{found['rules']} rules loaded" in run(*check)
    assert [row["code"] for row in rows(run(*check, "--format", "csv"))] == ["duplicate"]


@pytest.mark.parametrize("every", [pytest.param(7, id="some"), pytest.param(1, id="all", marks=pytest.mark.heavy)])
def test_policy_show_finds_every_entry_with_its_source(every: int) -> None:
    from deskdrill.policy_command import _of_entry, _sheet

    policy = load_policy()
    for entry in policy.entries()[::every]:
        sheet = _sheet(_of_entry(entry, policy))
        assert entry.id in sheet
        assert entry.source.split()[0] in sheet


def test_policy_show_of_a_covered_id(run: Run, tmp_path: Path) -> None:
    text = (DATA / "drill_policy.yaml").read_text()
    file = tmp_path / "covering.yaml"
    file.write_text(text.replace("      - id: never.idle\n", "      - id: never.idle\n        covers: [never.bored]\n"))
    found = json.loads(run("policy", "show", "never.bored", "--policy", file, "--format", "json"))
    assert (found["covered_by"], found["source"]) == ("never.idle", "House rules")
    assert found["forbid"] == {"act": "escalate", "residual": True}


def test_policy_show_of_a_rule_and_a_value(run: Run) -> None:
    entries = load_policy().entries()
    ruling = next(e for e in entries if e.kind == "rule" and e.parent is None)
    found = json.loads(run("policy", "show", ruling.id, "--format", "json"))
    assert (found["id"], found["says"], found["source"]) == (ruling.id, ruling.text, ruling.source)
    value = json.loads(run("policy", "show", "tiers.T1.no_progress", "--format", "json"))
    assert (value["value"], value["in_words"]) == ("30m", "30 minutes")
    assert set(value["used_by"]) <= {e.id for e in entries}
    assert value["used_by"]
    changed = json.loads(run("policy", "show", "policy.tiers.T1.no_progress", "--set", LONGER, "--format", "json"))
    assert (changed["value"], changed["place"]) == ("60m", f"--set {LONGER}")


def test_policy_show_names_the_rules_that_use_a_value_and_no_others(run: Run) -> None:
    def users(path: str) -> list[str]:
        return list(json.loads(run("policy", "show", path, "--format", "json")).get("used_by", []))

    # A figure that is asked by priority reads the resolutions and not the other figures of a priority.
    asked = users("priorities.P2.resolution")
    assert asked
    assert not set(asked) & set(users("priorities.P1.within.debrief"))
    assert len(users("priorities.P1.within.debrief")) == 1
    assert set(asked) <= set(users("priorities.P2")) <= set(users("priorities"))
    # A section is used by whoever uses one of its values.
    parts = [set(users(f"prompt.{priority}")) for priority in ("P1", "P2", "P3", "P4")]
    assert set(users("prompt")) == set.union(*parts)
    assert all(part < set(users("prompt")) for part in parts)


def test_policy_show_lists_everything(run: Run) -> None:
    lines = rows(run("policy", "show", "--format", "csv"))
    assert [row["id"] for row in lines] == [e.id for e in load_policy().entries()]


def test_the_handbook_is_printed_and_written(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "handbook.md"
    text = run("policy", "render")
    assert text.startswith("# ")
    run("policy", "render", "--to", file, err=f"Wrote the handbook to {file}.\n")
    assert file.read_text() == text


def test_one_line_of_policy_moves_the_desk_the_grade_and_the_handbook(run: Run) -> None:
    def all_three(*changes: str) -> tuple[float, set[tuple[str, str]], str]:
        desk = json.loads(run("simulate", "--replications", 5, "--workers", 1, "--format", "json", *changes))
        graded = json.loads(run("play", "api_401", "--actions", FIRST_TRY, "--format", "json", *changes))
        findings = {(f["rule"], f["verdict"]) for f in graded["findings"]}
        return desk["metrics"]["escalations"]["mean"], findings, run("policy", "render", *changes)

    before, after = all_three(), all_three("--set", LONGER)
    assert after[0] < before[0]
    assert after[1] != before[1]
    told = [set(text.splitlines()) for text in (before[2], after[2])]
    assert any("30 minutes" in line for line in told[0] - told[1])
    assert any("1 hour" in line for line in told[1] - told[0])


# -- the app, the tour, the machine ----------------------------------------------------------------------------------


def test_the_tour_tells_the_whole_story(run: Run) -> None:
    text = run("tour", "--replications", 4, "--workers", 1)
    for heading in ("1. One line of the procedure", "2. A month at the desk", "3. A drill, graded", "What to try next"):
        assert heading in text
    assert max(map(len, text.splitlines())) <= 80
    assert "nan" not in text


def test_without_a_terminal_the_app_gives_the_tour(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, Any]] = []
    monkeypatch.setattr(tour, "give", lambda **options: given.append(options) or 0)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    said = "No terminal here, so this is the tour as text. In a terminal, the same command opens the app.\n"
    for argv in ([], ["app"]):
        run(*argv, err=said)
    assert given == [{"replications": tour.REPLICATIONS, "seed": tour.SEED, "workers": None}] * 2


def test_with_a_terminal_the_app_opens_with_the_policy_that_was_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tui

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    opened: list[tuple[Any, ...]] = []
    monkeypatch.setattr(tui, "run_app", lambda *given: opened.append(given) or 0)
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert app_command.run(build_parser().parse_args([])) == 0
    assert app_command.run(build_parser().parse_args(["app", "--set", LONGER])) == 0
    assert opened == [("secureai", {}), ("secureai", {"policy.tiers.T1.no_progress": "60m"})]


def test_doctor(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DESKDRILL_HOME", str(tmp_path / "new"))
    found = {c["check"]: c for c in json.loads(run("doctor", "--format", "json"))}
    assert all(c["ok"] for c in found.values())
    assert found["data folder"]["found"] == str(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DESKDRILL_HOME", str(tmp_path / "file"))
    run("doctor", code=1)


# -- streams and signals ---------------------------------------------------------------------------------------------


def start(*argv: str, **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "deskdrill", *argv]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True, **options)


def test_a_closed_pipe_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = start("policy", "show", stdout=writing)
    os.close(writing)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_error() -> None:
    with Path("/dev/full").open("wb") as full:
        process = start("policy", "show", stdout=full)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err == b"deskdrill: the output could not be written: No space left on device\n"


@pytest.mark.parametrize("seconds", [1.0, pytest.param(3.0, marks=pytest.mark.heavy)])
def test_ctrl_c_stops_at_once_and_says_so(seconds: float) -> None:
    process = start("simulate", "--replications", "100000", "--workers", "2", stdout=subprocess.PIPE)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"\nStopped.\n")


def test_output_in_a_narrow_encoding_is_no_error() -> None:
    process = start("policy", "show", stdout=subprocess.PIPE, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(closed: str) -> None:
    command = f'exec "$0" -m deskdrill scenario list {closed}'
    done = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_names_of_files_cannot_speak_to_the_terminal(run: Run, tmp_path: Path) -> None:
    torn = tmp_path / "\x1b[31mred.jsonl"
    torn.write_text(Path(FIRST_TRY).read_text() + '{"torn')
    assert "\x1b" not in run("play", "api_401", "--actions", torn)
    policy = tmp_path / "\x1b[31mred.yaml"
    policy.write_text((DATA / "drill_policy.yaml").read_text())
    assert "\x1b" not in run("policy", "show", "hand.over", "--policy", policy)
    saved = tmp_path / "\x1b[31msaved.jsonl"
    told = f"Wrote the transcript to {saved}.\n".replace("\x1b", "?")
    run("play", "api_401", "--actions", FIRST_TRY, "--save", saved, err=told)
