"""Transcripts: read tolerantly where a program may have died, strictly everywhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grading.acts import VERBS, read_act
from grading.course import play_transcript
from grading.drill import Drill
from grading.errors import ActError
from grading.transcript import read_transcript
from policy import Rulebook, load_policy
from policy.errors import DeskDrillError, InputError
from scenarios import load_scenario

BOOK = Rulebook(load_policy("secureai"))
HEADER = '{"deskdrill": 1, "scenario": "api_401", "seed": 3, "policy": "secureai", "policy_digest": "abc"}\n'
CHECK = '{"minute": 0, "do": "check", "what": "token_validity"}\n'
WAIT = '{"minute": 5, "do": "wait", "minutes": 2.5}\n'


def test_reading_and_writing_is_a_round_trip() -> None:
    transcript = read_transcript(HEADER + CHECK + WAIT)
    assert transcript.header is not None
    assert transcript.header.seed == 3
    assert transcript.to_jsonl() == HEADER + CHECK + WAIT
    assert transcript.warnings == ()


def test_a_header_may_be_missing() -> None:
    transcript = read_transcript(CHECK)
    assert transcript.header is None
    assert [act.verb for act in transcript.acts] == ["check"]


@pytest.mark.parametrize("torn", [WAIT[:-9], WAIT[:3], "{", '{"minute": 5, "do": "wa\n', "\x00\x00\x00", '"ab'])
def test_a_torn_last_line_is_dropped_and_said(torn: str) -> None:
    transcript = read_transcript(HEADER + CHECK + torn)
    assert [act.verb for act in transcript.acts] == ["check"]
    assert len(transcript.warnings) == 1
    assert ":3: the last line is torn" in transcript.warnings[0]


def test_a_line_torn_inside_a_character(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    file.write_bytes((HEADER + CHECK).encode() + '{"do": "reply", "text": "Zoë'.encode()[:-1])
    transcript = read_transcript(file)
    assert len(transcript.acts) == 1
    assert transcript.warnings


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"do": "chekc", "what": "x"}', 'did you mean "check"'),
        ('{"minute": 1}', 'has no "do"'),
        ('{"do": "check"}', 'needs "what"'),
        ('{"do": "wait", "minutes": -1}', "cannot be negative"),
        ('{"do": "wait", "minutes": NaN}', "NaN"),
        ('{"do": "wait", "minutes": Infinity}', "Infinity"),
        ('{"do": "wait", "minutes": 1e999}', "finite"),
        ('{"do": "wait", "minutes": 1e9}', "at most"),
        ('{"do": "wait", "minutes": 1' + "0" * 400 + "}", "too large"),
        ('{"do": "wait", "minutes": 1' + "0" * 5000 + "}", "t.jsonl:2"),
        ('{"do": "wait", "minutes": true}', "expected a number"),
        ('{"do": "wait", "minutes": "5"}', "expected a number"),
        ('{"minute": -3, "do": "wait", "minutes": 1}', "cannot be negative"),
        ('{"do": "check", "what": {"a": 1}}', "expected a name"),
        ('{"do": "reply", "tells": 5}', "expected a name"),
        ('{"do": "reply", "text": ["x"]}', "expected text"),
        ('{"do": "escalate", "to": "T2", "handoff": "all of it"}', "is a form"),
        ('{"do": ["check"]}', "unknown verb"),
        ('["check"]', "every line is an object"),
        ('{"do": "check", ', "not valid JSON"),
        ("[" * 5000, "t.jsonl:2"),
        ('{"do": "reply", "text": "raw \x1b[2J"}', "not valid JSON"),
    ],
)
def test_a_broken_line_is_named(line: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        read_transcript(HEADER + line + "\n" + CHECK, name="t.jsonl")
    assert "t.jsonl:2" in str(error.value)
    assert said in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ('{"deskdrill": 2, "scenario": "a", "policy": "p", "policy_digest": "d"}', "reads version 1"),
        ('{"deskdrill": true, "scenario": "a", "policy": "p", "policy_digest": "d"}', "reads version 1"),
        ('{"deskdrill": 1, "policy": "p", "policy_digest": "d"}', "scenario: is missing"),
        ('{"deskdrill": 1, "scenario": "a", "polcy": "p", "policy_digest": "d"}', 'did you mean "policy"'),
        ('{"deskdrill": 1, "scenario": "a", "seed": -1, "policy": "p", "policy_digest": "d"}', "whole number"),
        ('{"deskdrill": 1, "scenario": "a", "seed": 1.5, "policy": "p", "policy_digest": "d"}', "whole number"),
    ],
)
def test_a_broken_header_is_named(header: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        read_transcript(header + "\n" + CHECK)
    assert said in str(error.value)


def test_a_header_in_the_middle_is_refused() -> None:
    with pytest.raises(InputError, match="only on the first line"):
        read_transcript(HEADER + CHECK + HEADER)


def test_acts_are_taken_in_order_of_their_minute() -> None:
    late = '{"minute": 9, "do": "set_priority", "priority": "P2"}\n'
    follows = '{"do": "resolve"}\n'
    transcript = read_transcript(HEADER + late + follows + CHECK)
    assert [act.verb for act in transcript.acts] == ["check", "set_priority", "resolve"]
    assert transcript.warnings == ("<transcript>:4: was begun at minute 0, before the act above it; it is taken first",)


def test_many_lines_out_of_order_are_not_all_told() -> None:
    lines = "".join(f'{{"minute": {minute}, "do": "resolve"}}\n' for minute in range(50, 0, -1))
    assert len(read_transcript(HEADER + lines).warnings) == 5


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"do": "notify", "to": "t2_lead", "vai": "email"}', '"vai" is no field of "notify"; did you mean "via"?'),
        ('{"do": "resolve", "to": "T2"}', '"to" is no field of "resolve"; expected one of: do, minute, note, text'),
        ('{"do": "notify", "to": "T2", "to": "T3"}', 'the key "to" stands twice'),
        ('{"do": "handoff", "to": "T2", "handoff": {"notes": "a", "notes": "b"}}', 'the key "notes" stands twice'),
    ],
)
def test_a_field_too_many_is_refused_with_its_line(line: str, said: str) -> None:
    for after in ("", CHECK):  # the last line of a file is no torn one for that
        with pytest.raises(InputError) as error:
            read_transcript(HEADER + CHECK + line + "\n" + after)
        assert str(error.value) == f"<transcript>:3: {said}"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("needs_expertize", 'there is no reason "needs_expertize"; did you mean "needs_expertise"?'),
        ("zzz", 'there is no reason "zzz"; expected a signal or a content of the policy'),
    ],
)
def test_a_reason_that_the_policy_does_not_know_is_refused_with_its_line(reason: str, said: str) -> None:
    transcript = read_transcript(CHECK + json.dumps({"do": "escalate", "to": "T2", "reason": reason}) + "\n")
    with pytest.raises(InputError) as error:
        play_transcript(transcript, load_scenario("api_401"), BOOK, 0)
    assert str(error.value) == f"<transcript>:2: {said}"


def test_the_reasons_that_are_offered_are_accepted() -> None:
    drill = Drill(load_scenario("api_401"), BOOK)
    (act,) = [option for option in drill.options() if option.verb == "escalate"]
    (field,) = [field for field in act.fields if field.name == "reason"]
    assert "needs_expertise" in {choice.value for choice in field.choices}
    for choice in field.choices:
        Drill(load_scenario("api_401"), BOOK).do({"do": "escalate", "to": "T2", "reason": choice.value})


def test_a_note_may_stand_anywhere() -> None:
    assert read_transcript(HEADER + '{"do": "resolve", "note": "why not"}\n').acts[0].fields == {}


def test_text_is_cleaned() -> None:
    act = read_act({"do": "reply", "text": "\u001b[31mHello\u202e [bold]you[/bold]"})
    assert act.fields["text"] == "Hello [bold]you[/bold]"


def test_bounds(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too large"):
        read_transcript(HEADER + CHECK * 40_000)
    with pytest.raises(InputError, match="too long"):
        read_transcript(HEADER + '{"do":"resolve"}\n' * 6_000)
    with pytest.raises(InputError, match="no such file"):
        read_transcript(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match="cannot be read"):
        read_transcript(tmp_path)
    assert read_transcript("\n\n").warnings == ("<transcript>: is empty, so nothing was done",)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(VERBS)),
    st.dictionaries(st.sampled_from(["what", "to", "minutes", "handoff", "tells"]), JSON),
)
def test_no_line_brings_down_the_reader(verb: str, fields: dict[str, object]) -> None:
    own = {spec.name for spec in VERBS[verb].fields}
    try:
        act = read_act({"do": verb, **{name: value for name, value in fields.items() if name in own}})
    except ActError:
        return
    json.dumps(act.as_line())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200))
def test_no_bytes_bring_down_the_reader(raw: bytes) -> None:
    try:
        read_transcript((HEADER.encode() + raw).decode("utf-8", "surrogateescape"))
    except (DeskDrillError, UnicodeEncodeError):
        return
