"""Under changed policies: the reference run still scores 100, keeps what can be kept, and says something useful."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from grading import Grade, Transcript, grade, reference_transcript
from grading.planning import Job, in_order
from policy import Rulebook, load_policy
from scenarios import load_scenario

THREE = ("api_401", "slow_analysis", "gdpr_delete")
CHANGES: tuple[dict[str, str], ...] = (
    {"prompt.P2": "9m"},
    {"prompt.P2": "5m"},
    {"prompt.P2": "1m"},
    {"priorities.P2.within.assign_t2": "2m"},
    {"tiers.T1.no_progress": "5m"},
    {"tiers.T1.no_progress": "60m"},
    {"priorities.P2.first_response": "5m"},
    {"tiers.T1.response.professional": "5m"},
    {"figures.after_escalation": "5m"},
    {"figures.after_escalation": "2m"},
    {"figures.handoff_receipt": "10m"},
    {"figures.handoff_receipt": "5m"},
    {"figures.follow_up_every": "20m"},
    {"priorities.P2.every.updates_early": "15m"},
    {"priorities.P2.set_within": "1m"},
)


@cache
def book(*changes: tuple[str, str]) -> Rulebook:
    return Rulebook(load_policy("secureai", dict(changes)))


def run(name: str, seed: int, changes: dict[str, str]) -> tuple[Transcript, Grade]:
    scenario, rulebook = load_scenario(name), book(*changes.items())
    transcript = reference_transcript(scenario, rulebook, seed)
    return transcript, grade(transcript, scenario, rulebook)


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: "-".join(f"{k}={v}" for k, v in c.items()))
@pytest.mark.parametrize("name", THREE)
@pytest.mark.parametrize("seeds", [range(1), pytest.param(range(1, 8), marks=pytest.mark.heavy)], ids=["some", "more"])
def test_the_reference_scores_100_under_any_policy(name: str, change: dict[str, str], seeds: range) -> None:
    for seed in seeds:
        _, result = run(name, seed, change)
        assert result.score == 100
        assert result.passed
        assert result.critical == ()


@pytest.mark.parametrize("change", [{"prompt.P2": "9m"}, {"prompt.P2": "5m"}])
def test_the_priority_is_set_before_the_ticket_leaves(change: dict[str, str]) -> None:
    transcript, result = run("slow_analysis", 0, change)
    acts = [(act.verb, act.word("priority") or act.word("to")) for act in transcript.acts]
    assert acts.index(("set_priority", "P2")) < acts.index(("escalate", "T2"))
    assert not [f for f in result.findings if "the reference run" in f.message]


def test_of_what_is_due_at_once_the_critical_goes_first() -> None:
    transcript, result = run("gdpr_delete", 0, {"prompt.P2": "5m"})
    assert (transcript.acts[0].verb, transcript.acts[0].word("to")) == ("escalate", "compliance")
    to_compliance = next(f for f in result.findings if f.act == "escalate to Compliance")
    assert to_compliance.done_minute == 2


def test_who_is_later_than_the_reference_is_late() -> None:
    scenario, rulebook = load_scenario("gdpr_delete"), book(("prompt.P2", "1m"))
    perfect = reference_transcript(scenario, rulebook, 0)
    wait = type(perfect.acts[0])("wait", {"minutes": 30.0}, 0.0)
    later = [type(a)(a.verb, a.fields, (a.minute or 0) + 30) for a in perfect.acts]
    result = grade(Transcript(perfect.header, (wait, *later)), scenario, rulebook)
    assert not result.passed
    assert "late" in {f.verdict for f in result.findings if f.act == "escalate to Compliance"}
    nothing = grade(Transcript(perfect.header, ()), scenario, rulebook)
    assert nothing.score < 20


@pytest.mark.parametrize("name", THREE)
def test_each_part_of_the_hand_off_says_its_own(name: str) -> None:
    transcript, _ = run(name, 0, {})
    forms = [act.fields["handoff"] for act in transcript.acts if act.fields.get("handoff")]
    assert forms
    rules = {rule.id for rule in book().policy.rules}
    for form in forms:
        texts = list(form.values())
        assert len(set(texts)) == len(texts)
        assert all(0 < len(text) <= 1500 for text in texts)
        assert not [rule for rule in rules if any(rule in text for text in texts)]
        assert "please:" in form["requested_actions"]
        assert load_scenario(name).ticket.customer.name in form["context"]
    checks = [act.word("what") for act in transcript.acts if act.verb == "check"]
    notes = forms[-1]["notes"].splitlines()
    for check in load_scenario(name).checks:
        if check.name in checks and forms[-1] is forms[0]:
            assert any(line.startswith(f"- {check.label} (minute ") for line in notes)


# -- the order of acts ---------------------------------------------------------------------------------------------


def job(name: str, minutes: float, due: float, weight: float = 1.0, **more: Any) -> Job:
    return Job({"do": name}, minutes, due, more.pop("critical", False), weight, **more)


def order(*jobs: Job) -> list[str]:
    return [one.act["do"] for one in in_order(jobs, 0.0)]


def test_what_is_due_first_goes_first_then_critical_then_heavy() -> None:
    assert order(job("b", 1, 9), job("a", 1, 5)) == ["a", "b"]
    jobs = (job("light", 1, 9), job("heavy", 1, 9, 2), job("critical", 1, 9, 0.5, critical=True))
    assert order(*jobs) == ["critical", "heavy", "light"]


def test_what_lapses_goes_before_the_move_unless_that_makes_it_late() -> None:
    move, quick = job("move", 2, 5, moves=True), job("quick", 1, 9, lapses=True)
    assert order(move, quick, job("stays", 1, 60)) == ["quick", "move", "stays"]
    assert order(move, job("long", 4, 9, lapses=True)) == ["move", "long"]
    assert order(move, job("later", 1, 60, lapses=True)) == ["move", "later"]  # the next holder's, in good time
    assert order(move, quick, job("next", 2, 4)) == ["next", "quick", "move"]
    assert order(move, quick, job("next", 3, 4)) == ["next", "move", "quick"]


def test_where_minutes_are_short_the_light_one_is_late() -> None:
    assert order(job("light", 3, 3), job("heavy", 3, 4, 5)) == ["heavy", "light"]
    assert order(job("hopeless", 5, 1), job("roomy", 1, 60)) == ["hopeless", "roomy"]
    assert order(job("hopeless", 5, 1), job("tight", 1, 2)) == ["tight", "hopeless"]
    critical = job("critical", 5, 1, critical=True)
    assert order(critical, job("tight", 1, 2)) == ["critical", "tight"]


def test_in_order_loses_no_job() -> None:
    jobs = [
        job(str(n), 1 + n % 4, 3 + 2 * (n % 5), 1 + n % 3, critical=n % 4 == 0, moves=n == 3, lapses=n % 2 == 0)
        for n in range(12)
    ]
    result = in_order(jobs, 0.0)
    assert sorted(map(id, result)) == sorted(map(id, jobs))
    assert all(a is not b for a, b in pairwise(result))
