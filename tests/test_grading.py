"""Grades on the shipped procedure: the reference is perfect, mistakes cost, and the same rules move everything."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from grading import (
    Grade,
    PolicyMismatch,
    Transcript,
    debrief_text,
    grade,
    minute_reached,
    read_transcript,
    reference_transcript,
)
from grading.course import Course, play_reference
from grading.drill import Drill
from policy import Rulebook, load_policy
from policy.errors import InputError
from policy.handbook import handbook_markdown
from scenarios import Scenario, load_scenario

BOOK = Rulebook(load_policy("secureai"))
THREE = ("api_401", "slow_analysis", "gdpr_delete")
Line = dict[str, Any]
COURSES: dict[tuple[str, str, int], Course] = {}


@pytest.fixture(autouse=True)
def one_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every grade stands beside the reference of its scenario, which is the same for all of them."""

    def play(scenario: Scenario, rulebook: Rulebook, seed: int) -> Course:
        key = (scenario.id, rulebook.policy.digest, seed)
        if key not in COURSES:
            COURSES[key] = play_reference(scenario, rulebook, seed)
        return COURSES[key]

    monkeypatch.setattr(sys.modules["grading.grade"], "play_reference", play)


@lru_cache(maxsize=100)
def _reference(name: str, seed: int) -> Transcript:
    return reference_transcript(load_scenario(name), BOOK, seed)


def reference(name: str, seed: int = 0) -> list[Line]:
    return [dict(line) for line in _reference(name, seed).lines]


def graded(name: str, lines: Iterable[Mapping[str, Any]], seed: int = 0, book: Rulebook = BOOK) -> Grade:
    scenario = load_scenario(name)
    header = Drill(scenario, book, seed).header.as_line()
    text = "".join(json.dumps(line) + "\n" for line in [header, *lines])
    return grade(read_transcript(text), scenario, book)


def verdicts(result: Grade, rule: str) -> list[str]:
    return [f.verdict for f in result.findings if rule in f.rules]


# -- the reference and the blank -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", THREE)
@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(n, marks=pytest.mark.heavy) for n in range(6, 20))])
def test_the_reference_scores_100_whatever_the_seed(name: str, seed: int) -> None:
    result = graded(name, reference(name, seed), seed)
    assert result.score == 100
    assert result.passed
    assert {f.verdict for f in result.findings} == {"met"}


@pytest.mark.parametrize("name", THREE)
def test_a_transcript_written_and_read_again_is_graded_the_same(name: str) -> None:
    transcript = reference_transcript(load_scenario(name), BOOK, 3)
    again = read_transcript(transcript.to_jsonl())
    assert grade(again, load_scenario(name), BOOK).as_json() == grade(transcript, load_scenario(name), BOOK).as_json()


@pytest.mark.parametrize("name", THREE)
def test_the_minute_that_a_transcript_reaches_is_where_the_drill_stands(name: str) -> None:
    scenario, done = load_scenario(name), reference(name)
    drill = Drill(scenario, BOOK, 0)
    for line in done[:-1]:
        drill.do(line)
        assert minute_reached(scenario, drill.transcript()) == drill.minute
    drill.do({"do": "wait", "minutes": 3.25})
    assert minute_reached(scenario, drill.transcript()) == drill.minute
    drill.do({"do": "wait", "minutes": 5000})
    assert minute_reached(scenario, drill.transcript()) == drill.minute == drill.horizon


@pytest.mark.parametrize("name", THREE)
def test_doing_nothing_fails(name: str) -> None:
    result = graded(name, [])
    assert not result.passed
    assert result.score < 20


# -- what the issue of each scenario is ----------------------------------------------------------------------------


def test_api_401_escalated_at_once_without_a_check_fails() -> None:
    at_once = {"minute": 0, "do": "escalate", "to": "T2"}
    for lines in ([at_once], [at_once, *reference("api_401")]):
        result = graded("api_401", lines)
        assert not result.passed
        assert verdicts(result, "trigger.never.before_troubleshooting") == ["forbidden"]


def test_api_401_cites_the_rules_that_set_the_dues() -> None:
    result = graded("api_401", reference("api_401"))
    cited = {f.rule for f in result.findings}
    assert {"p2.define.api_down", "trigger.after.expertise", "workflow.execution.customer"} <= cited
    escalation = next(f for f in result.findings if f.act == "escalate to Tier 2")
    assert {"trigger.after.expertise", "p2.assign_t2"} <= set(escalation.rules)
    assert escalation.source == "When to Escalate"


def test_api_401_sent_to_the_wrong_team_is_wrong() -> None:
    lines = [line | {"to": "T3"} if line["do"] == "escalate" else line for line in reference("api_401")]
    result = graded("api_401", lines)
    assert not result.passed
    assert "wrong" in {f.verdict for f in result.findings}


def test_slow_analysis_is_p2_only_for_who_looks() -> None:
    perfect = reference("slow_analysis")
    found = next(line["minute"] for line in perfect if line.get("what") == "similar_tickets")
    blind = [line for line in perfect if line["minute"] < found]
    result = graded("slow_analysis", blind)
    assert not result.passed
    assert "missed" in verdicts(result, "workflow.execution.customer")


def test_gdpr_an_hour_before_compliance_hears_is_late() -> None:
    def waited(line: Line) -> Line:
        return {k: v for k, v in line.items() if k != "minute"}

    lines = [{"do": "wait", "minutes": 60.0}, *map(waited, reference("gdpr_delete"))]
    result = graded("gdpr_delete", lines)
    late = next(f for f in result.findings if f.act == "escalate to Compliance")
    assert (late.rule, late.verdict, late.due_minute) == ("trigger.immediate.compliance", "late", 15)
    assert not result.passed
    assert "trigger.immediate.compliance" in result.critical


# -- one line of policy --------------------------------------------------------------------------------------------


def test_one_line_of_policy_moves_the_findings_and_the_handbook() -> None:
    lines: list[Line] = [
        {"minute": 0, "do": "set_priority", "priority": "P2"},
        {"minute": 1, "do": "check", "what": "header_format"},
        {"minute": 50, "do": "escalate", "to": "T2"},
    ]
    hour = Rulebook(load_policy("secureai", {"tiers.T1.no_progress": "60m"}))
    before, after = graded("api_401", lines), graded("api_401", lines, book=hour)
    assert verdicts(before, "trigger.after.t1_timer") == ["late"]
    assert verdicts(before, "trigger.never.before_troubleshooting") == []
    assert verdicts(after, "trigger.never.before_troubleshooting") == ["forbidden"]
    assert verdicts(after, "trigger.after.t1_timer") == []
    sentence = "After {} without progress in Tier 1 the ticket goes to Tier 2."
    assert sentence.format("30 minutes") in handbook_markdown(BOOK.policy)
    assert sentence.format("1 hour") in handbook_markdown(hour.policy)
    # The third reader, the simulator, is held to the same line in test_cli.py (one line of policy moves the desk ...).


def test_another_policy_than_the_headers_has_to_be_named() -> None:
    transcript = reference_transcript(load_scenario("api_401"), BOOK, 0)
    hour = Rulebook(load_policy("secureai", {"tiers.T1.no_progress": "60m"}))
    with pytest.raises(PolicyMismatch, match="--policy or --set"):
        grade(transcript, load_scenario("api_401"), hour)
    assert grade(transcript, load_scenario("api_401"), hour, check_digest=False).score > 90
    with pytest.raises(InputError, match="not of"):
        grade(transcript, load_scenario("gdpr_delete"), BOOK)
    with pytest.raises(InputError, match="no header"):
        grade(Transcript(None, ()), load_scenario("api_401"), BOOK)


# -- mistakes cost, always -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", THREE)
def test_dropping_any_act_of_the_reference_costs(name: str) -> None:
    perfect = reference(name)
    for index, dropped in enumerate(perfect):
        lines = perfect[:index] + perfect[index + 1 :]
        optional = dropped["do"] == "check" and dropped["what"] in ("account_limits", "access_log")
        result = graded(name, lines)
        assert (result.score == 100) == optional, dropped
        assert result.score <= 99.5 or optional, (dropped, result.score)


MISTAKES: tuple[Line, ...] = (
    {"do": "escalate", "to": "ceo"},
    {"do": "escalate", "to": "T3"},
    {"do": "escalate", "to": "support_manager"},
    {"do": "escalate", "to": "security"},
    {"do": "notify", "to": "ceo"},
    {"do": "notify", "to": "product"},
    {"do": "notify", "to": "vendor", "via": "phone"},
    {"do": "set_priority", "priority": "P1"},
    {"do": "set_priority", "priority": "P4"},
    {"do": "status_page", "state": "Investigating"},
    {"do": "open_war_room"},
    {"do": "assign_commander"},
    {"do": "resolve"},
    {"do": "log_feature"},
)


@pytest.mark.parametrize("name", THREE)
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: "-".join(map(str, m.values())))
@pytest.mark.parametrize("every", [pytest.param(6, id="some"), pytest.param(1, id="all", marks=pytest.mark.heavy)])
def test_a_mistake_in_a_perfect_course_costs_wherever_it_stands(name: str, mistake: Line, every: int) -> None:
    perfect = reference(name)
    for place in range(0, len(perfect) + 1, every):
        minute = perfect[place]["minute"] if place < len(perfect) else perfect[-1]["minute"] + 5
        result = graded(name, [*perfect[:place], mistake | {"minute": minute}, *perfect[place:]])
        assert result.raw <= 99.5, (place, mistake)


@given(
    st.sampled_from(THREE),
    st.lists(st.booleans(), min_size=30, max_size=30),
    st.lists(st.tuples(st.floats(0, 30), st.sampled_from(MISTAKES)), min_size=1, max_size=3),
)
def never_raises(name: str, kept: list[bool], mistakes: list[tuple[float, Line]]) -> None:
    """The mistakes come after the course: in between, the time they take could let a colleague's answer come in."""
    perfect = reference(name)
    lines = [line for line, keep in zip(perfect, kept, strict=False) if keep]
    minute = perfect[-1]["minute"] + 2
    scores = [graded(name, lines).raw]
    for later, mistake in mistakes:
        minute += round(later, 1)
        lines.append(mistake | {"minute": minute})
        scores.append(graded(name, lines).raw)
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("examples", [30, pytest.param(300, marks=pytest.mark.heavy)])
def test_adding_a_mistake_to_any_course_never_raises_its_score(examples: int) -> None:
    settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True,
        phases=(Phase.explicit, Phase.generate),
    )(never_raises)()  # fmt: skip


def test_a_look_before_it_is_owed_counts() -> None:
    perfect = reference("api_401")
    looks = [line for line in perfect if line.get("what") == "knowledge_base"]
    rest = [line for line in perfect if line not in looks]
    result = graded("api_401", [{"do": "check", "what": "knowledge_base"}, *rest])
    assert verdicts(result, "workflow.checklist.knowledge_base") == ["met"]
    assert result.score == 100


@pytest.mark.parametrize("name", THREE)
def test_who_does_everything_fails(name: str) -> None:
    drill = Drill(load_scenario(name), BOOK, 0)
    lines: list[Line] = []
    for role in ("T2", "T3", "security", "compliance", "support_manager", "director", "vp", "cto", "ceo"):
        lines.append({"do": "escalate", "to": role})
        lines.append({"do": "notify", "to": role})
    lines += [{"do": "set_priority", "priority": p} for p in ("P1", "P2", "P3", "P4")]
    lines += [{"do": "check", "what": check.name} for check in drill.scenario.checks]
    assert not graded(name, lines).passed


# -- what people read ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", THREE)
def test_the_debrief_fits_80_columns_and_cites_rules(name: str) -> None:
    text = debrief_text(graded(name, reference(name)[:4]))
    assert max(map(len, text.splitlines())) <= 80
    assert "not passed" in text
    assert "workflow.execution.customer" in text
    assert "Your course beside the reference" in text


def test_the_contracts_keys_are_all_there() -> None:
    plain = json.loads(json.dumps(graded("api_401", reference("api_401")[:5]).as_json()))
    assert {"scenario", "seed", "score", "passed", "dimensions", "critical", "findings"} <= set(plain)
    keys = {"rule", "source", "dimension", "verdict", "due_minute", "done_minute", "points", "message"}
    for finding in plain["findings"]:
        assert keys <= set(finding)
        assert finding["verdict"] in {"met", "late", "missed", "wrong", "unneeded", "forbidden"}
    assert all({"score", "weight"} <= set(d) for d in plain["dimensions"].values())
    assert sum(d["weight"] for d in plain["dimensions"].values()) == pytest.approx(1, abs=1e-3)


def test_text_that_a_terminal_would_obey_never_comes_back_from_a_drill() -> None:
    lines = [{"do": "reply", "text": "\x1b[2J\x1b]0;owned\x07[bold]hi[/bold] {{ 7*7 }}\u202e"}]
    drill = Drill(load_scenario("api_401"), BOOK, 0)
    drill.do(lines[0])
    said = drill.conversation[-1].text
    assert said == "[bold]hi[/bold] {{ 7*7 }}"
    assert "\x1b" not in debrief_text(graded("api_401", lines))


def test_the_first_response_clock_says_by_what_until_a_priority_is_set() -> None:
    drill = Drill(load_scenario("api_401"), BOOK, 0)
    labels = [clock.label for clock in drill.clocks()]
    assert "First response (by plan)" in labels
    drill.do({"do": "set_priority", "priority": "P2"})
    labels = [clock.label for clock in drill.clocks()]
    assert "First response" in labels
    assert "First response (by plan)" not in labels


def test_acts_beyond_the_horizon_are_told_and_not_counted() -> None:
    lines = [{"minute": 500, "do": "escalate", "to": "T2"}]
    result = graded("api_401", lines)
    assert any("not counted" in warning for warning in result.warnings)
    assert result.score == 0


def test_what_was_resolved_too_early_comes_back_with_everything_that_was_done() -> None:
    """A reopened ticket owes no first response again, and the resolution is charged once, as what was forbidden."""
    lines = reference("api_401")
    asked = next(i for i, line in enumerate(lines) if line["do"] == "reply")
    wrong = [*lines[: asked + 1], {"do": "resolve"}, *lines[asked + 1 :]]
    for line in wrong:
        line.pop("t", None)
    result = graded("api_401", wrong)
    assert verdicts(result, "resolve.when_solved") == ["forbidden"]
    assert verdicts(result, "p2.first_response") == ["met"]

    drill = Drill(load_scenario("api_401"), BOOK)
    drill.do({"do": "reply", "tells": ["first_response"], "text": "We are looking at it."})
    drill.do({"do": "resolve"})
    closed = drill.minute
    drill.wait_until(closed + 11)
    assert drill.situation.status == "open"
    (was,) = drill.situation.was
    assert (was.status, was.end - was.begin) == ("resolved", 10)
    assert ("reply", "customer", None, "first_response") in {o.key for o in drill.verdict.fulfilled}
    elapsed = drill.situation.clocks["no_progress"].elapsed(drill.situation.now)
    assert elapsed == drill.minute - 10
