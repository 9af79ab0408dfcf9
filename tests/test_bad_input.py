"""Bad input: each mistake gets one clear message on stderr, nothing on stdout, exit code 2 and no traceback."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from deskdrill.main import main

DATA = Path(__file__).parent / "data"
BAKERY = DATA / "broken" / "bakery.yaml"
POLICY = str(DATA / "drill_policy.yaml")
SCENARIO = str(DATA / "drill_scenario.yaml")
ACTS = '{"minute": 0, "do": "check", "what": "plug"}\n{"minute": 2, "do": "check", "what": "fuse"}\n'
ESCAPES = "\x1b]0;owned\x07\x1b[31mred\x1b[0m"

Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a command that must be refused; return the message."""

    def run(*argv: str | Path) -> str:
        code = main([str(a) for a in argv])
        shown = capsys.readouterr()
        assert code == 2, shown
        assert shown.out == ""
        assert shown.err.startswith("deskdrill")
        assert "Traceback" not in shown.err
        assert "\x1b" not in shown.err
        assert len(shown.err) < 700
        return shown.err

    return run


@pytest.fixture
def acts(tmp_path: Path) -> Path:
    file = tmp_path / "acts.jsonl"
    file.write_text(ACTS)
    return file


def _changed(tmp_path: Path, file: str, old: str, new: str) -> Path:
    """Return a copy of a data file with one thing changed."""
    text = (DATA / file).read_text()
    assert text.count(old) == 1, f"{old!r} must stand once in {file}"
    path = tmp_path / file
    path.write_text(text.replace(old, new))
    return path


# -- policies --------------------------------------------------------------------------------------------------------


def test_an_unknown_key_names_the_line_and_the_nearest_key(refused: Refused, tmp_path: Path) -> None:
    policy = _changed(tmp_path, "drill_policy.yaml", "no_progress: 30m", "no_progres: 30m")
    line = (DATA / "drill_policy.yaml").read_text()[: (DATA / "drill_policy.yaml").read_text().index("no_progress")]
    said = refused("policy", "show", "--policy", policy)
    assert f"drill_policy.yaml:{line.count(chr(10)) + 1}: tiers.counter.no_progres" in said
    assert 'did you mean "no_progress"?' in said


def test_a_wrong_unit_says_what_a_duration_is(refused: Refused, tmp_path: Path) -> None:
    policy = _changed(tmp_path, "drill_policy.yaml", "no_progress: 30m", "no_progress: 30 fortnights")
    said = refused("policy", "show", "--policy", policy)
    assert "tiers.counter.no_progress: found '30 fortnights'" in said
    assert '"30m"' in said


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ range(9) }}", "call is not allowed"),
        ("{{ contacts.__class__ }}", 'the attribute "__class__" is private'),
        ("{{ contacts['__class__'] }}", "getitem is not allowed"),
        ("{{ customer|attr('mro') }}", "filter is not allowed"),
        ("{% for a in b %}{% for c in d %}x{% endfor %}{% endfor %}", "a loop inside a loop is not allowed"),
        ("{% macro m() %}{% endmacro %}", "macro is not allowed"),
        ("{% include 'other' %}", "include is not allowed"),
        ("{% if a %}", "line 1 of the template: Unexpected end of template"),
        ("{{ " + " and ".join(["a"] * 900) + " }}", "is nested too deeply"),
        ("{{ a" + ".b" * 900 + " }}", "is nested too deeply"),
        ("x" * 20_001, "the template is too long"),
    ],
)  # fmt: skip
def test_a_notice_that_reaches_out_is_refused_on_loading(
    refused: Refused, tmp_path: Path, template: str, said: str
) -> None:
    text = (BAKERY).read_text()
    line = next(n for n, row in enumerate(text.splitlines(), 1) if row.strip().startswith("subject:"))
    rows = text.splitlines()
    rows[line - 1] = rows[line - 1].partition("subject:")[0] + f"subject: {json.dumps(template)}"
    policy = tmp_path / "hostile.yaml"
    policy.write_text("\n".join(rows) + "\n")
    for command in ("show", "check", "render"):
        more = ("--to", tmp_path / "handbook.md") if command == "render" else ()
        message = refused("policy", command, "--policy", policy, *more)
        assert f"hostile.yaml:{line}: notices." in message
        assert said in message


@pytest.mark.parametrize("bomb", ["a: &a [x, x]\nb: [*a, *a]\n", "a: &a\n  <<: *a\n"])
def test_a_yaml_bomb_is_refused(refused: Refused, tmp_path: Path, bomb: str) -> None:
    policy = tmp_path / "bomb.yaml"
    policy.write_text(bomb)
    assert "bomb.yaml:1: anchors (&) and aliases (*) are not allowed" in refused("policy", "show", "--policy", policy)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x7fELF\x02\x01\x01\x00\xff\xfe\x00", "is not UTF-8 text"),
        (b"", "is empty"),
        (b"a: [", "is not valid YAML"),
        (b"- 1\n- 2\n", "expected a mapping"),
        (b"x: !!python/object/apply:os.system [echo]\n", "is not allowed"),
        (b"a: " + b"[" * 100 + b"]" * 100, "nested more than 40 levels"),
        (b"a: 1\n" * 300_000, "too large"),
        ("a: \u202eabc\n".encode(), "U+202E"),
    ],
)
def test_files_that_are_no_policy(refused: Refused, tmp_path: Path, content: bytes, said: str) -> None:
    policy = tmp_path / "odd.yaml"
    policy.write_bytes(content)
    message = refused("policy", "show", "--policy", policy)
    assert "odd.yaml" in message
    assert said in message


def test_a_missing_file_a_folder_and_a_wrong_name(refused: Refused, tmp_path: Path) -> None:
    assert "nowhere.yaml: there is no such file" in refused("policy", "show", "--policy", tmp_path / "nowhere.yaml")
    folder = tmp_path / "folder.yaml"
    folder.mkdir()
    assert "folder.yaml: cannot be read: Is a directory" in refused("policy", "show", "--policy", folder)
    assert 'no policy named "secureia"; did you mean "secureai"?' in refused("policy", "show", "--policy", "secureia")
    assert "no policy named" in refused("policy", "show", "--policy", "")


def test_a_wrong_name_in_policy_show(refused: Refused) -> None:
    said = refused("policy", "show", "hand.ovr", "--policy", POLICY)
    assert 'did you mean "hand.over"?' in said
    said = refused("policy", "show", "tiers.counter.no_progres", "--policy", POLICY)
    assert 'did you mean "tiers.counter.no_progress"?' in said


# -- changes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("policy.tiers.counter.no_progres=60m", 'did you mean "tiers.counter.no_progress"?'),
        ("policy.tiers.counter.no_progress=60x", "found '60x'; expected a duration"),
        ("policy.tiers.counter.no_progress=-5m", "found '-5m'; expected a duration"),
        ("policy.tiers.counter.no_progress=9999999999999m", "a duration is at most a hundred years"),
        ("policy.tiers.counter.no_progress=&a 5m", "anchors (&)"),
        ("policy.tiers=3", "is a whole section"),
        ("policy.tiers.counter.no_progress", "has no value"),
        ("polcy.tiers.counter.no_progress=3m", 'did you mean "policy"?'),
        ("tiers.counter.no_progress=3m", "a path begins with policy."),
        ("policy=3m", "names no value; a path goes on after policy., such as"),
        ("policy.=3m", "names no value; a path goes on after policy., such as"),
        ("policy..=3m", "names no value"),
        ("policy.tiers.counter.no_progress=60", "found 60; expected a duration such as 60m"),
        ("policy.tiers.counter.no_progress=-60", "found -60; expected a duration such as 60m"),
        ("policy.figures.tell_within=-1", "figures.tell_within: found -1; expected at least 0\n"),
        ("=3m", "names nothing that can be changed"),
        ("desk.staffing.T2.agents=4", "this command has no desk"),
        (f"policy.{ESCAPES}=1", "there is no such value"),
    ],
)
def test_changes_that_lead_nowhere(refused: Refused, change: str, said: str) -> None:
    assert said in refused("policy", "show", "--policy", POLICY, "--set", change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("desk.staffing.T2.agents=-1", "desk.staffing.T2.agents=-1"),
        ("desk.staffing.T2.agents=two", "staffing.T2.agents"),
        ("desk.staffing.T2.agents=" + "9" * 5000, "staffing.T2.agents"),
        ("desk.staffing.T2.agents=1e999", "staffing.T2.agents"),
        ("desk.staffing.T2.agent=4", 'did you mean "staffing.T2.agents"?'),
        ("tiers.T1.no_progress=4m", "a path begins with policy. or desk."),
        ("desk.=4", "names no value; a path goes on after desk., such as desk.staffing.T2.agents"),
        ("desk.staffing={}", "staffing: found none; expected at least 1 entry"),
        ("desk.demand.hour_weights.mon=[1, 2]", "found 2 entries; expected at least 24 entries"),
        ("policy.figures.sla_at_risk=2", "figures.sla_at_risk: found the share 2"),
    ],
)
def test_changes_to_the_desk(refused: Refused, change: str, said: str) -> None:
    assert said in refused("simulate", "--replications", "1", "--set", change)


# -- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--replications", "0"),
        ("--replications", "-3"),
        ("--replications", "ten"),
        ("--replications", "9" * 5000),
        ("--seed", "-1"),
        ("--seed", "1.5"),
        ("--seed", str(2**128)),
        ("--workers", "0"),
        ("--workers", "100000"),
    ],
)
def test_numbers_out_of_range(refused: Refused, option: str, value: str) -> None:
    said = refused("simulate", option, value)
    assert option in said
    assert "expected a whole number from" in said


def test_a_desk_that_does_not_exist(refused: Refused, tmp_path: Path) -> None:
    assert 'did you mean "january_2025"?' in refused("simulate", "--desk", "january_2024")
    assert "there is no such file" in refused("simulate", "--desk", tmp_path / "desk.yaml")


def test_tables_that_cannot_be_written_are_said_before_the_months_are_simulated(
    refused: Refused, tmp_path: Path
) -> None:
    missing = tmp_path / "no such folder" / "t.csv"
    assert "cannot be written" in refused("simulate", "--replications", "1000000", "--tickets", missing)
    same = tmp_path / "t.csv"
    assert "the same file" in refused("simulate", "--tickets", same, "--visits", same)


# -- commands --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["simulat"], 'did you mean "simulate"?'),
        (["scenario", "lst"], 'did you mean "list"?'),
        (["scenario"], "names no command"),
        (["policy"], "names no command"),
        (["xyzzy"], 'there is no command "xyzzy"'),
        (["simulate", "--replication", "3"], 'did you mean "--replications"?'),
        (["simulate", "--format", "jsn"], 'did you mean "json"?'),
        (["play", "api_401"], "--actions"),
        (["grade"], "TRANSCRIPT"),
        ([f"{ESCAPES}"], "there is no command"),
    ],
)
def test_wrong_use_is_one_line_with_the_nearest_word(refused: Refused, argv: list[str], said: str) -> None:
    message = refused(*argv)
    assert said in message
    assert message.count("\n") == 1


# -- scenarios and transcripts ---------------------------------------------------------------------------------------


def test_a_wrong_scenario_name(refused: Refused, acts: Path) -> None:
    assert 'did you mean "api_401"?' in refused("play", "api_40", "--actions", acts)
    assert 'did you mean "gdpr_delete"?' in refused("scenario", "reference", "gdpr_delte")
    assert "there is no such file" in refused("play", "./nowhere.yaml", "--actions", acts)
    assert "there is no scenario" in refused("play", ESCAPES, "--actions", acts)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (r'"The till \e]0;owned\a does nothing."', "terminal escape sequence"),
        (r'"The till \x9b31m does nothing."', "terminal escape sequence"),
        ('"The till [bold red]does[/bold red] nothing."', "text markup"),
        ('"The till [@click=app.quit]does[/] nothing."', "text markup"),
        ('"{{ self.__init__ }}"', "template"),
    ],
)
def test_a_scenario_whose_customer_writes_to_the_terminal(
    refused: Refused, acts: Path, tmp_path: Path, text: str, said: str
) -> None:
    path = _changed(tmp_path, "drill_scenario.yaml", "The till by the door does nothing at all.", text)
    message = refused("play", path, "--actions", acts, "--policy", POLICY)
    assert "drill_scenario.yaml:" in message
    assert "ticket.text" in message
    assert said in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"null\n", "found nothing; every line is an object"),
        (b"5\n", "found 5; every line is an object"),
        (b'{"minute": "0", "do": "check", "what": "plug"}\n', 'found the text "0"; expected a number'),
        (b"\x00\x01\x02\xff\xfe", "is not"),
        (b"[]\n", "every line is an object"),
        (b'{"minute": 0, "do": "chekc", "what": "plug"}\n', 'did you mean "check"?'),
        (b'{"minute": -1, "do": "check", "what": "plug"}\n', "cannot be negative"),
        (b'{"minute": 0, "do": "wait", "minutes": 1e300}\n', "at most"),
        (b'{"minute": 0, "do": "wait", "minutes": ' + b"9" * 5000 + b"}\n", "number is too l"),
        (b'{"minute": 0, "do": "wait", "minutes": NaN}\n', "NaN"),
        (b'{"minute": 0, "do": "check", "what": "plgu"}\n', 'did you mean "plug"?'),
        (b'{"minute": 0, "do": "escalate", "to": "workshp"}\n', 'did you mean "workshop"?'),
        (b'{"torn\n' + ACTS.encode(), ":1:"),
        (b'{"deskdrill": 2, "scenario": "dead_till", "policy": "x", "policy_digest": "y"}\n', "version 2"),
        (b'{"deskdrill": 1, "scenario": "other", "policy": "x", "policy_digest": "y"}\n', 'scenario "other"'),
    ],
)
def test_transcripts_that_cannot_be_played(refused: Refused, tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "acts.jsonl"
    file.write_bytes(content)
    message = refused("play", SCENARIO, "--policy", POLICY, "--actions", file)
    assert "acts.jsonl" in message
    assert said in message


def test_transcripts_that_are_not_there(refused: Refused, tmp_path: Path) -> None:
    assert "there is no such file" in refused("grade", tmp_path / "nowhere.jsonl")
    assert "cannot be read: Is a directory" in refused("grade", tmp_path)
    assert "cannot be read" in refused("grade", "nul\x00byte.jsonl")


def test_a_transcript_without_a_header_cannot_be_graded(refused: Refused, acts: Path) -> None:
    assert "deskdrill play ID --actions" in refused("grade", acts)
    acts.write_text("")
    assert "deskdrill play ID --actions" in refused("grade", acts)
    acts.write_text('{"minute": 0, "do')
    assert "deskdrill play ID --actions" in refused("grade", acts)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "acts.jsonl: is empty, so nothing was done"),
        (b"\n \n", "acts.jsonl: is empty, so nothing was done"),
        (b'{"minute": 0, "do', "acts.jsonl:1: the last line is torn and was dropped"),
    ],
)
def test_a_file_without_an_act_is_a_drill_in_which_nothing_was_done(
    capsys: pytest.CaptureFixture[str], acts: Path, content: bytes, said: str
) -> None:
    argv = ["play", SCENARIO, "--policy", POLICY, "--actions", str(acts), "--format", "csv"]
    acts.write_text('{"minute": 0, "do": "wait", "minutes": 0}\n')
    assert main(argv) == 0
    idle = capsys.readouterr()
    acts.write_bytes(content)
    assert main(argv) == 0
    found = capsys.readouterr()
    assert found.out == idle.out
    assert said in found.err


def test_a_transcript_names_a_scenario_and_never_a_file(refused: Refused, tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    file.write_text(f'{{"deskdrill": 1, "scenario": "{SCENARIO}", "policy": "bakery", "policy_digest": "x"}}\n' + ACTS)
    assert "there is no scenario" in refused("grade", file, "--policy", POLICY)


def test_a_torn_last_line_counts_up_to_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    whole, torn = tmp_path / "whole.jsonl", tmp_path / "torn.jsonl"
    whole.write_text(ACTS)
    torn.write_text(ACTS + '{"minute": 6, "do": "esca')
    results = []
    for file in (whole, torn):
        assert main(["play", SCENARIO, "--policy", POLICY, "--actions", str(file), "--format", "csv"]) == 0
        results.append(capsys.readouterr())
    assert results[0].out == results[1].out
    assert results[0].err == ""
    assert "torn.jsonl:3: the last line is torn" in results[1].err


def test_another_seed_than_the_headers(refused: Refused, tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    header = '{"deskdrill": 1, "scenario": "dead_till", "seed": 4, "policy": "bakery", "policy_digest": "x"}\n'
    file.write_text(header + ACTS)
    said = refused("play", SCENARIO, "--policy", POLICY, "--actions", file, "--seed", "5")
    assert "seed 4" in said


def test_a_scenario_under_a_policy_of_another_house(refused: Refused, acts: Path) -> None:
    said = refused("play", "api_401", "--policy", POLICY, "--actions", acts)
    assert 'cannot be played under the policy bakery: that has no tier "T1"' in said
    assert "cannot be played" in refused("scenario", "reference", "api_401", "--policy", POLICY)
    assert 'no tier "counter"' in refused("play", SCENARIO, "--actions", acts)


@pytest.mark.parametrize("argv", [["app"], []])
def test_the_app_without_a_terminal_takes_no_changes(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert "needs a terminal" in refused(*argv, "--set", "policy.tiers.T1.no_progress=60m")
