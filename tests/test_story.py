"""The story of a ticket: told stories word for word, every ticket of a month, and what the command prints."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from test_sim_derived import ASKING, ONE, P4, run_of
from told_desk import DATA, DAY, FIVE_PM, NINE, TEN, model, play

from deskdrill.main import main
from deskdrill.simulate_command import _as_text
from policy import Rulebook, load_policy
from policy.compiled import DeskRules
from policy.errors import InputError
from simulator import Run, Story, load_desk, run_once, story_of
from simulator.audit import audit, logs_of
from simulator.codes import ESCALATIONS, Entry, Note
from tests.random_desks import Case, desks


@cache
def small_rules() -> DeskRules:
    return DeskRules(Rulebook(load_policy(DATA / "desk_policy.yaml")))


def told(desk: Any, *tickets: dict[str, Any], ticket: int = 1, **more: Any) -> Story:
    return story_of(run_of(play(desk, *tickets, **more)), ticket, small_rules(), {"T1": "Tier 1", "T2": "Tier 2"})


def sentences(story: Story) -> list[tuple[float, str]]:
    return [(step.at, step.text) for step in story.steps if not step.text.startswith("The customer was")]


def test_a_ticket_that_is_escalated() -> None:
    story = told(model(**ONE), {"at": TEN, **P4}, {"at": TEN + 28, "solved_by": 1}, ticket=2)
    assert story.about == "P3, plan starter, hard; Tier 2 can solve it"
    assert sentences(story) == [
        (TEN + 28, "Opened"),
        (TEN + 35, "Tier 1 takes it after 7 min in the queue (agent 1)"),
        (TEN + 40, "The customer has the first response, in time: 12 min of 8 h"),
        (TEN + 50, "Tier 1 has done the checks"),
        (TEN + 60, "Tier 1 sees that it needs more expertise and hands it to Tier 2; the hand-off takes 5 min"),
        (TEN + 65, "Tier 2 takes it at once (agent 2)"),
        (TEN + 75, "Tier 2 has done the checks"),
        (TEN + 115, "Tier 2 solves it, after 1 h 27 min on its clock (target 40 h)"),
    ]


def test_the_rules_are_those_of_the_policy() -> None:
    story = told(model(**ONE), {"at": TEN, "solved_by": 1}, recognition=100.0)
    moved = [step for step in story.steps if step.text.startswith("No progress for 30 min: Tier 1 hands it to Tier 2")]
    assert [step.rules for step in moved] == [small_rules().route_rules("P3", "starter", "T1", "no_progress", "T2")]
    assert moved[0].rules
    replied = next(step for step in story.steps if "first response" in step.text)
    assert replied.rules == small_rules().target_rules("P3", "starter", "first_response") != ()
    seen = next(step for step in told(model(), {"at": TEN, "solved_by": 1}).steps if "expertise" in step.text)
    assert seen.rules == small_rules().destination_rules("P3", "starter", "T1", "needs_expertise", "T2") != ()


def test_questions_interruptions_and_the_end_of_a_shift() -> None:
    story = told(model(**ONE, work__customer=ASKING), {"at": TEN, **P4, "asks": 0, "answer": 90.0})
    assert (TEN + 15, "Tier 1 asks the customer a question") in sentences(story)
    assert (TEN + 105, "The customer answers after 1 h 30 min") in sentences(story)
    story = told(model(**ONE, work__preempts="[P3]"), {"at": TEN, **P4}, {"at": TEN + 20, "priority": "P3"})
    assert (TEN + 20, "Agent 1 breaks off for ticket 2, which is more urgent") in sentences(story)
    assert (TEN + 55, "Agent 1 goes on with it, 35 min later") in sentences(story)
    desk = model(**ONE, staffing__T1__at_shift_end="hand_over")
    story = told(desk, {"at": FIVE_PM - 10, **P4})
    assert (FIVE_PM, "Agent 1 breaks off at the end of the shift") in sentences(story)


def test_an_answer_that_nobody_waits_for_any_more_is_not_told() -> None:
    desk = model(**ONE, work__customer=ASKING)
    waits = {"at": TEN, "asks": 0, "answer": 90.0}
    moved = "No progress for 30 min: Tier 1 hands it to Tier 2; the customer's answer is no longer waited for"
    assert (TEN + 45, moved) in sentences(told(desk, waits))
    desk = model(name="secureai", **ONE, work__customer=ASKING)
    story = told(desk, waits | {"priority": "P2", "answer": 300.0})
    moved = "Open for 1 h: it moves from Tier 1 to Tier 2; the customer's answer is no longer waited for"
    assert (TEN + 60, moved) in sentences(story)
    assert not any("answers" in text for _, text in sentences(story))
    early = told(desk, waits | {"priority": "P2", "answer": 20.0})
    assert (TEN + 35, "The customer answers after 20 min") in sentences(early)
    assert not any("no longer" in text for _, text in sentences(early))


def test_a_priority_that_is_seen_late() -> None:
    desk = model({"priorities.P2.within.assign_t2": "20m"}, **ONE, behaviour__wrong_priority="0.5")
    wrong = {"at": TEN, "priority": "P2", "wrong_priority": True}
    story = told(desk, wrong, piece=(29.0, 40.0, 60.0))
    assert sentences(story)[:6] == [
        (TEN, "Opened, and taken for less urgent than it is"),
        (TEN, "Tier 1 takes it at once (agent 1)"),
        (TEN + 5, "The customer has the first response, in time: 5 min of 1 h"),
        (TEN + 15, "Tier 1 has done the checks"),
        (TEN + 15, "Tier 1 sees that it is P2, and not P3"),
        (TEN + 35, "Open for 20 min since its priority was raised: it moves from Tier 1 to Tier 2; the hand-off takes"
                   " 5 min"),
    ]  # fmt: skip
    # Until then the rules were those of the priority that it was taken for.
    story = told(model(staffing__T1__agents="0", behaviour__wrong_priority="0.5"), wrong)
    moved = next(step for step in story.steps if "moves" in step.text)
    assert (moved.at, moved.text) == (DAY + TEN, "Open for 8 h: it moves from Tier 1 to Tier 2")
    assert moved.rules == small_rules().route_rules("P3", "starter", "T1", "age", "T2") != ()
    assert story.about.startswith("P2, ")


def test_each_update_is_told() -> None:
    never = {"tiers.T2.no_progress": "null", "tiers.T2.unresolved": "null", "priorities.P2.within.escalate_t3": "90h"}
    desk = model(never, work__update="4m", staffing__T1__agents="0", behaviour__updates_forgotten="0")
    p2s = [{"at": NINE + n, "priority": "P2"} for n in (0, 1)]
    story = told(desk, *p2s, piece=(20.0, 200.0, 60.0))
    rules = small_rules().target_rules("P2", "starter", "update")
    assert [(step.at, step.text, step.rules) for step in story.steps if "update" in step.text] == [
        (NINE + 120, "Tier 2 sends the customer the update that is due", rules),
        (NINE + 240, "Tier 2 sends the customer the update that is due", rules),
        (NINE + 283, "The customer was sent 2 of 2 updates", rules),
    ]
    assert rules
    story = told(desk, *p2s, piece=(20.0, 200.0, 60.0), ticket=2)
    assert [(at, text) for at, text in sentences(story) if "update" in text][:2] == [
        (NINE + 121, "An update of the customer is due, and nobody is at work on the ticket"),
        (NINE + 283, "Tier 2 sends the customer the update, 2 h 42 min late"),
    ]
    desk = model(never, work__update="4m", staffing__T1__agents="0", behaviour__updates_forgotten="1")
    forgot = (NINE + 120, "An update of the customer is due, and Tier 2 forgets it")
    assert forgot in sentences(told(desk, p2s[0], piece=(20.0, 200.0, 60.0)))


def test_who_is_called_in() -> None:
    story = told(model(work__swarming="{T1: T2}"), {"at": TEN, "solved_by": 1})
    assert sentences(story)[-2:] == [
        (TEN + 25, "Agent 3 of Tier 2, called in, works on it together with agent 1"),
        (TEN + 75, "Tier 1 solves it, after 1 h 15 min on its clock (target 40 h)"),
    ]
    story = told(model(work__swarming="{T1: T2}"), {"at": TEN, "solved_by": 2})
    assert (TEN + 25, "Agent 3 of Tier 2, called in, works on it together with agent 1") in sentences(story)


def test_who_comes_to_a_war_room() -> None:
    def room(length: str, **ticket: Any) -> list[tuple[float, str]]:
        desk = model(work__war_room=f"{{priorities: [P1], people: {{T2: 1, T3: 1}}, length: {{mean: 30m, {length}}}}}")
        alike = {"at": TEN + 1, "priority": "P1"}
        story = told(desk, alike | {"at": TEN} | ticket, alike, {"at": TEN + 2, "solved_by": 1})
        return [(at, text) for at, text in sentences(story) if "war room" in text]

    called = (TEN, "A war room is called together: 1 of Tier 2 and 1 of T3")
    for found in (room("cv: 0.5"), room("shape: fixed")):
        assert found[0] == called
        assert (TEN, "Agent 3 of Tier 2 comes to the war room") in found
        assert sorted(text.split(" of ")[1].split()[0] for _, text in found if "leaves" in text) == ["T3", "Tier"]
    assert room("cv: 0.5", priority="P2") == []
    night = room("cv: 0.5", at=3.0 * 60)  # the ticket is solved before anybody of Tier 2 comes to work
    assert [text for _, text in night if "Tier 2" in text] == [
        "A war room is called together: 1 of Tier 2 and 1 of T3",
        "The ticket is over before anybody of Tier 2 could come to the war room",
    ]


@given(desks())
def has_a_story(case: Case) -> None:
    run = run_once(case.model(), None, case.seed, 0)
    for ticket in range(1, len(run.tickets) + 1):
        texts = [step.text for step in story_of(run, ticket).steps]
        assert not [text for text in texts if re.search(r"\bnan\b|\binf\b|-\d", text)]
        mine = {name: getattr(run, name) for name in ("updates", "notes", "questions")}
        mine = {name: table[table["ticket"] == ticket - 1] for name, table in mine.items()}
        assert sum("forgets it" in text for text in texts) == np.isnan(mine["updates"]["sent"]).sum()
        assert sum("sends the customer the update" in text for text in texts) == (mine["updates"]["sent"] > 0).sum()
        for what, said in ((Note.PRIORITY_SEEN, "sees that it is"), (Note.SIGNAL_SEEN, "sees a signal")):
            assert sum(said in text for text in texts) == (mine["notes"]["what"] == what).sum()
        answers = sum("The customer answers" in text or "no longer waited" in text for text in texts)
        assert answers <= np.count_nonzero(~np.isnan(mine["questions"]["answered"]))


@pytest.mark.parametrize("examples", [15, pytest.param(150, marks=pytest.mark.heavy)])
def test_there_is_a_story_whatever_happens_on_a_desk(examples: int) -> None:
    calm = (HealthCheck.too_slow,)
    settings(max_examples=examples, deadline=None, database=None, suppress_health_check=calm)(has_a_story)()


def test_nights_lateness_and_decisions() -> None:
    story = told(model({"priorities.P4.resolution": "20m"}, **ONE), {"at": NINE - 60, **P4})
    assert (NINE, "Tier 1 takes it after 1 h in which nobody was on shift (agent 1)") in sentences(story)
    assert (NINE + 20, "The target of the resolution (20 min) is used up") in sentences(story)
    story = told(model(), {"at": NINE, "solved_by": 3})
    assert any(text.endswith("; a decision is waited for") for _, text in sentences(story))
    assert any("It is decided how to go on: solved" in text for _, text in sentences(story))


def test_what_the_rulebook_holds_against_it_is_said() -> None:
    story = told(model(behaviour__premature="0.5"), {"at": TEN, "premature": True})
    assert any(text.endswith("(by the rulebook premature)") for _, text in sentences(story))
    assert any("sends it back to Tier 1" in text for _, text in sentences(story))


def test_a_story_without_rules_and_names() -> None:
    story = story_of(run_of(play(model(), {"at": TEN, "solved_by": 1})), 1)
    assert {step.rules for step in story.steps} == {()}
    assert "T1 takes it at once (agent 1)" in [step.text for step in story.steps]


def test_a_ticket_that_is_not_there() -> None:
    run = run_of(play(model(), {"at": TEN}))
    for ticket in (0, 2):
        with pytest.raises(InputError, match=f"there is no ticket {ticket}; this run has tickets 1 to 1"):
            story_of(run, ticket)


# -- a whole month -----------------------------------------------------------------------------------------------------


@cache
def month() -> tuple[Run, DeskRules]:
    rules = DeskRules(Rulebook(load_policy()))
    return run_once(load_desk(), rules, 2, 0), rules


@pytest.mark.parametrize("every", [pytest.param(3, id="some"), pytest.param(1, id="all", marks=pytest.mark.heavy)])
def test_every_ticket_of_a_month_has_a_story(every: int) -> None:
    run, rules = month()
    ids = {entry.id for entry in load_policy().entries()}
    cited: set[str] = set()
    for ticket in range(1, len(run.tickets) + 1, every):
        story = story_of(run, ticket, rules)
        times = [step.at for step in story.steps]
        assert times == sorted(times)
        assert story.steps[0].at == run.tickets["opened"][ticket - 1]
        assert times[-1] <= run.model.end
        cited |= {rule for step in story.steps for rule in step.rules}
        mine = run.visits[run.visits["ticket"] == ticket - 1]
        for entry, at in zip(mine["entry"], mine["entered"], strict=True):
            if entry in ESCALATIONS:  # each is told, and rests on a rule
                there = [step for step in story.steps if step.at == at and step.rules]
                assert there, (ticket, Entry(entry), story)
        assert not any(re.search(r"nan|inf\b", step.text) for step in story.steps)
    assert len(cited) > 10
    assert cited <= ids


def test_updates_are_those_that_the_audit_has_also_while_nobody_is_at_work_on_the_ticket() -> None:
    rules, book = month()[1], Rulebook(load_policy())
    run = run_once(load_desk(), rules, 0, 0)
    found = [one for one in audit(run, book).findings if one.act == ("reply", "customer", None, "update")]
    waits = (run.tickets["priority"] == 0) & (run.tickets["resolved"] - run.tickets["opened"] > 600)
    alone = (np.flatnonzero(waits) + 1).tolist()  # a P1 for which management decides
    assert alone
    assert len({one.ticket for one in found}) > 4
    for ticket in sorted({one.ticket for one in found})[:4] + alone:
        mine = [one for one in found if one.ticket == ticket]
        log = logs_of(run, book, tickets=[ticket - 1])[ticket - 1]
        sent = sum(one.deed.fits("reply", "customer", None, "update") for one in log)
        steps = story_of(run, ticket, rules, {"incident_commander": "incident commander"}, book).steps
        due = [step for step in steps if "An update of the customer is due, and" in step.text]
        assert sorted(step.at for step in due) == sorted(one.due for one in mine if one.due is not None)
        assert sum("forgets it" in step.text for step in due) == sum(
            one.slip == "update forgotten" and not one.could_not for one in mine
        )
        told = sum("sends the customer" in step.text for step in steps)
        told += sum(int(n) for step in steps for n in re.findall(r"and (\d+) more within", step.text))
        assert told == sent
        of = sent + sum(one.slip == "update forgotten" for one in mine)
        assert any(step.text.startswith("The customer was sent ") for step in steps)
        if of > 1:
            assert any(f"sent {sent or 'none'} of {of} updates" in step.text for step in steps)
        if ticket in alone:
            assert any("The incident commander sends the customer" in step.text for step in steps)


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_tells_a_story(capsys: pytest.CaptureFixture[str]) -> None:
    run, rules = month()
    up = run.visits[run.visits["entry"] == Entry.EXPERTISE]["ticket"][0] + 1
    assert main(["simulate", "--trace", str(up), "--seed", "2"]) == 0
    text, err = capsys.readouterr()
    assert err == ""
    steps = story_of(run, int(up), rules, rulebook=Rulebook(load_policy())).steps
    body = text.splitlines()[3:]
    assert text.startswith(f"Ticket {up}: ")
    assert len(body) == len(steps)
    assert all(re.match(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [ \d]\d \w{3} 20\d\d \d\d:\d\d  \w", line) for line in body)
    assert any("Tier 1 sees that it needs more expertise and hands it to Tier 2" in line for line in body)
    assert main(["simulate", "--trace", str(up), "--seed", "2", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["ticket"], found["seed"], found["replication"]) == (up, 2, 0)
    assert [step["rules"] for step in found["steps"]] == [list(step.rules) for step in steps]


def test_another_replication_has_other_stories(capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for replication in ("0", "1"):
        assert main(["simulate", "--trace", "3", "--replication", replication, "--format", "json"]) == 0
        told.append(json.loads(capsys.readouterr().out))
    assert [one["replication"] for one in told] == [0, 1]
    assert told[0]["steps"] != told[1]["steps"]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--trace", "100000"], "there is no ticket 100000; this run has tickets 1 to "),
        (["--trace", "1", "--format", "csv"], "--trace has no --format csv; expected one of: table, json"),
        (["--trace", "0"], "expected a whole number from 1"),
    ],
)
def test_what_cannot_be_told(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(["simulate", *argv])
    except SystemExit as end:
        code = int(end.code or 0)
    assert code == 2
    assert message in capsys.readouterr().err


def test_nothing_that_a_terminal_would_obey_is_printed() -> None:
    step = {"at": "2025-01-06T09:12:00Z", "text": "\x1b[31mred\x07", "rules": ["a\x1bb"]}
    text = _as_text(
        {"ticket": 1, "about": "x\x1b]0;y", "desk": "d", "policy": "p", "seed": 0, "replication": 0, "steps": [step]}
    )
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "?[31mred?" in text
