"""``deskdrill policy verdict``: every part of a verdict, each with its reason in a sentence, in every format."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from situations import deeds_of, situations

from deskdrill.main import main
from policy import Rulebook, Situation, Verdict, load_policy
from policy.conditions import Signal
from policy.reasons import Reasons, act_words
from policy.situation_file import read_situation
from policy.situation_text import situation_text
from policy.withdrawal import withdrawn

DOC = Path(__file__).parents[1] / "docs" / "situation.md"
BAKERY = Path(__file__).parent / "data" / "drill_policy.yaml"
HEAD = "opened: 2025-01-27T09:00:00+00:00\nplan: professional\ncategory: account\n"
TIMER = HEAD + "now: +30m\ntier: T1\npriority: P3\nclocks: {no_progress: {since: 0}, unresolved: {since: 0}}\n"

Run = Callable[..., Any]


@cache
def book(name: str = "secureai") -> Rulebook:
    return Rulebook(load_policy(BAKERY if name == "bakery" else name))


def read(text: str) -> Situation:
    return read_situation(text, book().policy)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Ask about a situation given as text; return what was printed."""

    def call(text: str, *argv: str, code: int = 0) -> str:
        file = tmp_path / "situation.yaml"
        file.write_text(text, encoding="utf-8")
        assert main(["policy", "verdict", str(file), *argv]) == code
        shown = capsys.readouterr()
        assert bool(shown.err) == bool(code)
        return shown.err if code else shown.out

    return call


def data(run: Run, text: str, *argv: str) -> Any:
    return json.loads(run(text, "--format", "json", *argv))


# -- formats -------------------------------------------------------------------------------------------------------


def test_json_holds_the_whole_verdict(run: Run) -> None:
    text = (
        TIMER + "signals: [customer_impatient, call_open]\ndeeds: [{act: reply, to: customer, what: first_response}]\n"
    )
    found, verdict = data(run, text), book().verdict(read(text))
    assert list(found) == [
        "policy", "digest", "situation", "now", "calendar", "priority", "obligations", "permissions", "prohibitions",
        "paused", "fulfilled",
    ]  # fmt: skip
    assert (found["policy"], found["now"], found["calendar"]) == ("secureai", "2025-01-27T09:30:00+00:00", "business")
    assert found["priority"]["priority"] == verdict.priority == "P3"
    assert found["priority"]["reason"] == "No rule defines it; it stands on the ticket"
    for part in ("obligations", "permissions", "prohibitions", "fulfilled"):
        said = getattr(verdict, part)
        assert [row["rules"] for row in found[part]] == [list(one.rules) for one in said]
        assert [(r["act"], r["to"], r["via"], r["what"]) for r in found[part]] == [
            (one.verb, one.to, one.via, one.what) for one in said
        ]
    assert [row["due_in_minutes"] for row in found["obligations"]] == [
        None if one.due is None else one.due - read(text).now for one in verdict.obligations
    ]


def test_the_reason_is_the_sentence_of_the_rule(run: Run) -> None:
    found = data(run, TIMER)
    (owed,) = [row for row in found["obligations"] if row["act"] == "escalate"]
    assert owed["reason"] == (
        "Tier 1 has worked 30 minutes without progress: trigger.after.t1_timer, tier.T1.escalate_after"
    )
    assert (owed["owner"], owed["to"], owed["due"]) == ("T1", "T2", "2025-01-27T09:45:00+00:00")


@pytest.mark.parametrize("form", ["csv", "md"])
def test_the_other_formats_hold_every_line(run: Run, form: str) -> None:
    found, text = data(run, TIMER), run(TIMER, "--format", form)
    lines = 1 + sum(len(found[part]) for part in ("obligations", "permissions", "prohibitions", "paused", "fulfilled"))
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) == lines
        assert {row["kind"] for row in rows} >= {"priority", "obligation", "prohibition"}
        assert [r["due"] for r in rows if r["kind"] == "obligation"] == [o["due"] or "" for o in found["obligations"]]
        assert all(row["reason"] for row in rows)
    else:
        assert len(text.splitlines()) == lines + 2


def test_the_sheet_has_a_section_for_each_part(run: Run) -> None:
    text = run(
        HEAD + "now: +2h\ntier: T2\nsignals: [privacy_request]\nstatus: waiting_customer\n"
        "deeds: [{act: escalate, to: compliance, at: 5}, {act: reply, to: customer, what: request_form, at: 2}]\n"
    )
    for title in ("Owed", "Allowed", "Forbidden", "Standing still", "Done already"):
        assert re.search(rf"^{title} \(\d+\)$", text, re.MULTILINE), title
    assert "Mon 27 Jan 2025 11:00 UTC · Tier 2 · Professional" in text
    assert "Priority: P2 (high)" in text
    assert "the time to resolve\n      It waits for the customer: pause.waiting_customer; “a request" in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_dues_are_told_as_instants_in_the_zone_of_the_calendar_and_from_now(run: Run) -> None:
    zone = ("--set", "policy.calendars.business.time_zone=Asia/Kathmandu")
    text = HEAD.replace("09:00", "07:00") + "now: +30m\ntier: T1\npriority: P2\n"
    found = data(run, text, *zone)
    assert found["now"] == "2025-01-27T13:15:00+05:45"
    (answer,) = [o for o in found["obligations"] if o["what"] == "first_response"]
    assert (answer["due"], answer["due_in_minutes"]) == ("2025-01-27T13:45:00+05:45", 30)
    assert "by 13:45 (in 30 min): Tier 1, reply to the customer: a first response" in run(text, *zone)


def test_what_waits_says_for_what(run: Run) -> None:
    text = (
        HEAD.replace("account", "api_authentication")
        + "now: +1m\ntier: T1\nsignals: [api_down]\nchecks: [token_validity]\n"
    )
    (owed,) = [o for o in data(run, text)["obligations"] if o["act"] == "escalate"]
    assert (owed["ripe"], owed["waits"]) == (False, "“the request header” was not looked up yet")
    assert "It waits: “the request header” was not looked up yet." in run(text)


def test_a_late_duty_and_one_due_now_and_another_day(run: Run) -> None:
    text = run(HEAD + "now: +15m\ntier: T1\npriority: P3\n")
    assert "by 09:10 (5 min late): Tier 1, set the priority: P3 (medium)" in text
    assert "by Mon 3 Feb 09:00 (in 167 h 45 min)" in text or "by Fri 31 Jan 17:00" in text
    assert "by 09:10 (now): Tier 1, set the priority" in run(HEAD + "now: +10m\ntier: T1\npriority: P3\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "situation.yaml: is empty"),
        ("- a", "expected a mapping of keys to values"),
        (HEAD + "now: +1m\ntier: T7\n", "situation.yaml:5: tier: there is no tier 'T7'; expected one of: T1, T2, T3"),
        (HEAD + "tier: T1\n", "now: is missing"),
    ],
)
def test_a_bad_file_is_told_in_one_line_and_exit_code_2(run: Run, text: str, said: str) -> None:
    message = run(text, code=2)
    assert said in message
    assert message.startswith("deskdrill: ")
    assert message.count("\n") == 1


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["policy", "verdict", str(tmp_path / "none.yaml")]) == 2
    assert "there is no such file" in capsys.readouterr().err


def test_the_page_on_situations_shows_a_mistake_as_it_is_told(run: Run) -> None:
    text = DOC.read_text(encoding="utf-8")
    example = re.search(
        r"<!-- file: broken.yaml -->\n\n```yaml\n(.*?)```\n\n```text\nbroken.yaml(.*?)\n```", text, re.DOTALL
    )
    assert example is not None
    assert example[2] in run(example[1], code=2)


# -- reasons -------------------------------------------------------------------------------------------------------


def everything(verdict: Verdict) -> list[tuple[str, ...]]:
    cited = [
        one.rules for one in (*verdict.obligations, *verdict.fulfilled, *verdict.permissions, *verdict.prohibitions)
    ]
    return [*cited, *(rules for _, rules in verdict.paused), verdict.priority_rules]


@pytest.mark.parametrize("name", ["bakery", "secureai"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.data())
def test_everything_that_is_said_has_a_reason(name: str, drawn: st.DataObject) -> None:
    own = book(name)
    policy = own.policy
    situation = drawn.draw(situations(policy, deeds_of(policy)))
    reasons = Reasons(own, situation)
    for rules in everything(own.verdict(situation)):
        told = reasons.cited(rules)
        assert all(rule in told for rule in rules)
        for sentence in filter(None, told.split("; ")):
            assert re.match(r"[A-Z“]", sentence), told
    for rule in policy.rules:
        assert reasons.why(rule) if rule.when.ask(own.facts(situation))[0] else reasons.why_not(rule)


@pytest.mark.parametrize(
    ("text", "rule", "sentence"),
    [
        ("now: +50m\ntier: T1\npriority: P3\nclocks: {no_progress: {since: +5m}}", "trigger.after.t1_timer",
         "Tier 1 has worked 45 minutes without progress (the limit is 30 minutes)"),
        ("now: +5h\ntier: T2\npriority: P3\nclocks: {unresolved: 4h}", "tier.T2.escalate_after",
         "Tier 2 has had it in hand for 4 hours, unresolved"),
        ("now: +15m\ntier: T3\nsignals: [outage]", "trigger.immediate.p1_response_breach",
         "It has been P1 for 15 minutes and “reply to the customer” was not done"),
        ("now: +1m\ntier: T1\nsignals: [outage, critical_failure]", "trigger.immediate.outage",
         "Tier 1 has it and “the whole platform is down” and “a failure that stops the platform” are known"),
        ("now: 2025-01-28T09:00:00Z\ntier: T2\nsignals: [api_down]", "p2.management_review",
         "It has been P2 for 1 business day"),
        ("now: +9m\ntier: T1\nsignals: [bug]\ncounts: {customers_affected: 4}", "p2.define.multiple_users",
         "“how many customers are affected” is 4, “the software seems to be at fault” is known "
         "and “it only looks wrong” is not known"),
        ("now: +7h\ntier: T2\nsignals: [api_down]\nclocks: {resolution: {since: 0}}", "workflow.decision.sla_risk",
         "The time to resolve has run for 7 hours (the limit is 6 hours)"),
        ("now: +1h\ntier: T2\npriority: P2\ndeeds: [{act: escalate, to: T2, at: 50}]", "workflow.execution.reason",
         "It is P2 and “escalate → Tier 2” was done"),
    ],
)  # fmt: skip
def test_the_words_of_a_reason(text: str, rule: str, sentence: str) -> None:
    found = next(r for r in book().policy.rules if r.id == rule)
    assert Reasons(book(), read(HEAD + text + "\n")).why(found) == sentence


@pytest.mark.parametrize(
    ("text", "rule", "sentence"),
    [
        ("now: +29m\ntier: T1\npriority: P3\nclocks: {no_progress: {since: 0}}", "trigger.after.t1_timer",
         "Tier 1 has worked less than 30 minutes without progress"),
        ("now: +29m\ntier: T1\npriority: P3\nsignals: [bug]", "trigger.never.within_capability",
         "“the software seems to be at fault” is known"),
        ("now: +29m\ntier: T2\npriority: P3", "management.ladder", "“escalate → Support Manager” was not done"),
        ("now: +29m\ntier: T1\npriority: P3", "p1.war_room", "It is P3"),
    ],
)  # fmt: skip
def test_the_words_of_why_not(text: str, rule: str, sentence: str) -> None:
    found = next(r for r in book().policy.rules if r.id == rule)
    assert Reasons(book(), read(HEAD + text + "\n")).why_not(found) == sentence


def test_acts_in_words() -> None:
    policy = book().policy
    assert act_words(policy, ("escalate", "T3", None, None)) == "escalate → Tier 3"
    assert act_words(policy, ("notify", "t3_oncall", "phone", None)) == "notify → on-call engineer, by phone"
    assert act_words(policy, ("notify", "t3_oncall", "pager", None)) == "notify → on-call engineer, by PagerDuty"
    assert act_words(policy, ("reply", "customer", None, "update")) == (
        "reply to the customer: news of where the matter stands"
    )


# -- what changes when time passes, and when it gets worse ---------------------------------------------------------


@pytest.mark.parametrize("name", ["bakery", "secureai"])
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.data(), minutes=st.sampled_from([1, 15, 30, 60, 240, 480, 1440, 10_000]))
def test_when_only_time_passes_a_duty_stays_until_a_rule_withdraws_it(
    name: str, drawn: st.DataObject, minutes: int
) -> None:
    """Nothing is done and nothing is paused in between, so what is gone or put off is so by a rule, which is cited."""
    own = book(name)
    policy = own.policy
    before = drawn.draw(situations(policy, deeds_of(policy)))
    after = replace(before, now=before.now + minutes)
    old, new = own.verdict(before), own.verdict(after)
    done = {one.key for one in new.fulfilled}
    dues = {one.key: one.due_or_never for one in new.obligations}
    gone = {
        one.key: one
        for one in old.obligations
        if one.key not in done and (one.key not in dues or dues[one.key] > one.due_or_never)
    }
    told = {one.key: one for one in withdrawn(own, before, after)}
    assert told.keys() == gone.keys()
    facts = own.facts(after)
    for key, one in told.items():
        assert one.rules
        assert set(one.rules) <= set(gone[key].rules)
        assert one.due == (dues.get(key) if math.isfinite(dues.get(key, math.inf)) else None)
        for id_ in one.rules:
            rule = next(rule for rule in policy.rules if rule.id == id_)
            moved = any(name in policy.relative_roles for effect in rule.obliges for name in effect.act.to if name)
            assert not rule.when.ask(facts)[0] or (moved and key not in dues)
        assert all(id_ in one.reason for id_ in one.rules)


@pytest.mark.parametrize("name", ["secureai", "secureai+p1-hourly-updates", "secureai+p2-2h-updates"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.data(), minutes=st.sampled_from([15, 60, 119, 240, 480, 1440, 10_000]))
def test_when_only_time_passes_no_update_is_put_off(name: str, drawn: st.DataObject, minutes: int) -> None:
    """Cadences follow one another, and what fell due under the first is still owed under the next."""
    own = book(name)
    before = drawn.draw(situations(own.policy, deeds_of(own.policy)))
    after = replace(before, now=before.now + minutes)
    later = {one.key: one.due_or_never for one in own.verdict(after).obligations}
    for one in own.verdict(before).obligations:
        if one.repeat is not None:
            assert later[one.key] <= one.due_or_never, one


@pytest.mark.parametrize(
    ("told_at", "due"),
    [(None, 120), (30, 150), (120, 240), (121, 361), (210, 450)],
)
def test_an_update_that_fell_due_in_the_first_hours_stays_due_after_them(told_at: int | None, due: int) -> None:
    """The next cadence counts on from the last update; passing from one to the other puts nothing off."""
    deeds = "" if told_at is None else f"\ndeeds: [{{act: reply, to: customer, what: update, at: {told_at}}}]"
    for now in (239, 240, 241, 360, 460):
        asked = read(f"{HEAD}tier: T2\npriority: P2\nnow: {now}{deeds}\n")
        found = [one.due for one in book().verdict(asked).obligations if (one.verb, one.what) == ("reply", "update")]
        assert found == ([asked.opened + due] if now >= 240 or due <= 240 else []), now


def test_a_withdrawal_says_what_ended_the_duty() -> None:
    before = read(
        HEAD + "now: +20m\ntier: T1\npriority: P3\nsignals: [customer_impatient]\nclocks: {no_progress: {since: 0}}\n"
    )
    assert withdrawn(book(), before, replace(before, now=before.now + 9)) == ()
    (one,) = withdrawn(book(), before, replace(before, now=before.now + 10))
    assert (one.key, one.owner) == (("reply", "customer", None, "expectation"), "T1")
    assert one.reason == "Tier 1 has worked 30 minutes without progress: trigger.never.impatience"


RANK = {name: rank for rank, name in enumerate(("T1", "T2", "T3", "support_manager", "director", "vp", "cto", "ceo"))}
BESIDE = ("security", "compliance")


@given(drawn=st.data())
def keeps_the_escalation(drawn: st.DataObject) -> None:
    policy = book().policy
    parts = [part for rule in policy.rules if rule.define in ("P1", "P2") for part in rule.when.parts()]
    graver = {name for part in parts if isinstance(part, Signal) for name in part.names} - {"cosmetic"}
    assert len(graver) > 8
    before = drawn.draw(situations(policy, deeds_of(policy)))
    old = book().verdict(before)
    severity = [*policy.priorities, None]
    found = {}
    for name in sorted(graver - before.signals.keys()):
        after = replace(before, signals={**before.signals, name: before.now})
        verdict = book().verdict(after)
        # On a ticket that somebody rated higher, a signal that defines a lower priority is not a graver one.
        if severity.index(verdict.priority) <= severity.index(old.priority):
            found[name] = verdict
    signal = drawn.draw(st.sampled_from(sorted(found)))
    new = found[signal]
    held = {one.to for one in (*old.obligations,) if one.verb == "escalate"}
    holds = {one.to for one in (*new.obligations, *new.fulfilled) if one.verb == "escalate"}
    assert {to for to in BESIDE if to in held} <= holds
    if reached := [RANK[to] for to in held if to in RANK]:
        assert max((RANK[to] for to in holds if to in RANK), default=-1) >= max(reached), (signal, held, holds)


@pytest.mark.parametrize("examples", [50, pytest.param(500, marks=pytest.mark.heavy)])
def test_a_graver_signal_keeps_an_escalation_to_a_destination_no_lower(examples: int) -> None:
    calm = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    settings(max_examples=examples, deadline=None, suppress_health_check=calm)(keeps_the_escalation)()


def test_a_situation_that_was_written_gets_the_verdict_of_the_original(run: Run) -> None:
    situation = read(TIMER + "signals: {bug: +3m, call_open: 4.25}\n")
    assert (
        data(run, situation_text(situation, book().policy))["obligations"]
        == data(run, TIMER + "signals: {bug: 3, call_open: 4.25}\n")["obligations"]
    )
