"""The check makes sense: of clocks, of the tickets that it shows, and in the words in which it says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policy import Policy, load_policy
from policy.lint.findings import Finding, Report, agreeing
from policy.lint.report import lint
from policy.loading import build_policy
from policy.situation_file import read_situation
from policy.source import Source
from policy.yaml_source import load_yaml
from tests.test_lint import BROKEN, FILES, broken, changed

FOREMAN = {"act": "notify", "to": "foreman", "within": "1h"}


def bakery(*rules: dict[str, Any], **parts: Any) -> tuple[Policy, Report]:
    """Return the small policy with rules added to its duties and other parts replaced, and the check of it."""
    data = load_yaml(BROKEN / "bakery.yaml").data
    data["groups"][1]["rules"] += [{"id": f"x{n}", "source": "X", "says": "X.", **rule} for n, rule in enumerate(rules)]
    policy = build_policy(Source("x.yaml", {**data, **parts}))
    return policy, lint(policy)


def clock(name: str, reaches: str) -> dict[str, Any]:
    return {"clock": {"name": name, "reaches": reaches}}


def found(report: Report, code: str) -> list[Finding]:
    return [one for one in report.findings if one.code == code]


# -- clocks ------------------------------------------------------------------------------------------------------


def test_a_pause_of_the_whole_time_alone_lets_the_part_be_longer() -> None:
    overtaking = {"when": {"all": [clock("no_progress", "2h"), {"not": clock("unresolved", "1h")}]}, "oblige": FOREMAN}
    assert [one.rule for one in found(bakery(overtaking)[1], "dead-rule")] == ["x0"]
    alone = {"when": {"status": "waiting_customer"}, "pause": {"clocks": ["unresolved"]}}
    assert found(bakery(overtaking, alone)[1], "dead-rule") == []
    both = {"when": {"status": "waiting_customer"}, "pause": {"clocks": ["unresolved", "no_progress"]}}
    assert [one.rule for one in found(bakery(overtaking, both)[1], "dead-rule")] == ["x0"]


def test_age_and_the_target_are_compared_with_no_other_clock() -> None:
    rules = [
        {"when": {"all": [clock(a, "2h"), {"not": clock(b, "1h")}, {"priority": "LOW"}]}, "oblige": FOREMAN}
        for a in ("no_progress", "unresolved", "age", "resolution")
        for b in ("age", "resolution")
        if a != b
    ]
    assert found(bakery(*rules)[1], "dead-rule") == []


def test_a_shorter_whole_time_leaves_the_rules_without_progress_never_the_first() -> None:
    report = lint(load_policy("secureai", {"tiers.T1.unresolved": "20m"}))
    (one,) = [one for one in found(report, "shadowed") if one.rule == "trigger.after.t1_timer"]
    assert one.rules == ("trigger.after.t1_timer", "tier.T1.escalate_after.unresolved")
    assert one.message.startswith("trigger.after.t1_timer (and tier.T1.escalate_after, which says the same): ")
    assert "never the first" in one.message


# -- tickets that are shown --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_example_is_a_ticket_that_can_be(path: Path) -> None:
    policy, report = broken(path)
    for one in report.findings:
        if one.example is not None:
            _is_possible(policy, read_situation(one.example, policy))


def _is_possible(policy: Policy, situation: Any) -> None:
    elapsed = {name: clock.elapsed(situation.now) for name, clock in situation.clocks.items()}
    for name, minutes in elapsed.items():
        calendar = situation.clocks[name].calendar
        assert minutes <= calendar.open_minutes(situation.opened, situation.now) + 1e-6, name
    if all("no_progress" in rule.pauses for rule in policy.rules if "unresolved" in rule.pauses):
        assert elapsed["no_progress"] <= elapsed["unresolved"]


def test_a_young_priority_on_an_old_ticket_became_known_late() -> None:
    when = {"all": [clock("no_progress", "6h"), {"priority": "LOW"}, {"not": clock("age", "1h")}]}
    policy, report = bakery({"when": when, "oblige": {"act": "escalate", "to": "customer"}})
    (one,) = found(report, "path-nobody")
    assert one.example is not None
    situation = read_situation(one.example, policy)
    _is_possible(policy, situation)
    assert situation.now - situation.opened == 6 * 60
    assert situation.stated_since == situation.now or set(situation.signals.values()) == {situation.now}


# -- what is said ------------------------------------------------------------------------------------------------


def message(name: str, code: str) -> str:
    return next(one.message for one in broken(BROKEN / f"{name}.yaml")[1].findings if one.code == code)


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("path-circle-self", "path-circle", " sends a ticket in a circle: "),
        ("path-circle", "path-circle", "counter → workshop (hand.over), workshop → counter ("),
        ("path-nobody", "path-nobody", "give.up sends tickets or word there"),
        ("path-customer", "path-nobody", "back.to.customer escalates tickets to the customer, who works on none"),
        ("shadowed-ban", "shadowed", "never.blind forbids as much wherever it holds"),
        ("shadowed-by-one", "shadowed", "asks as much wherever it holds"),
        ("shadowed-definition", "shadowed", " it as grave wherever it holds"),
        ("conflict-self-ban", "demand-and-ban", "neither forbids what it, tell.foreman and tell.helper demand"),
        ("conflict-one-rule-two-dues", "two-dues", "twice sets different dues for one act: notify news to foreman"),
        ("timer-beyond-response", "timer-beyond-target", "out only after the first response was due (30 min)"),
        ("notice-part-of-text", "notice-unfilled", 'the field "customer" is a text, without parts'),
        ("notice-contact-part", "notice-unfilled", "contact.office has no phone"),
        ("hours-owner", "out-of-hours", "office owes check plug within 1 h, all of which may lie outside the hours"),
        ("uncovered-unknown", "uncovered", "some tickets without a priority in workshop"),
    ],
)  # fmt: skip
def test_findings_say_what_is_the_matter(name: str, code: str, said: str) -> None:
    assert said in message(name, code)


def test_verbs_agree_with_how_many_rules_there_are() -> None:
    assert agreeing(["a"], "sends", "send") == "a sends"
    assert agreeing(["a", "b", "c"], "sends", "send") == "a, b and c send"


def test_a_permission_that_is_shadowed_allows_as_much() -> None:
    leave = {"act": "escalate", "to": "workshop"}
    _, report = bakery(
        {"when": {"all": [{"tier": "counter"}, {"signal": ["asked"]}, {"plan": "gold"}]}, "permit": leave}
    )
    (one,) = found(report, "shadowed")
    assert "may.ask allows as much wherever it holds" in one.message


def test_a_rule_against_itself_is_listed_once() -> None:
    for name, code, rule in (
        ("conflict-self-ban", "demand-and-ban", "neither"),
        ("conflict-one-rule-two-dues", "two-dues", "twice"),
    ):
        one = next(one for one in found(broken(BROKEN / f"{name}.yaml")[1], code) if one.rule == rule)
        assert (one.severity, one.status, one.rules.count(rule)) == ("error", "REFUTED", 1)
        assert one.example is not None


def test_a_rule_may_forbid_what_it_allows() -> None:
    act = {"act": "notify", "to": "office"}
    settles = {"demand_and_ban": "demand", "two_dues": "stricter", "two_priorities": "graver"}
    _, report = bakery({"when": {"signal": "asked"}, "permit": act, "forbid": act}, settles=settles)
    one = next(one for one in found(report, "permission-and-ban") if one.rule == "x0")
    assert (one.rules, one.status, one.message) == (("x0",), "REFUTED", "x0 forbids what it allows itself")


def test_a_circle_names_one_rule_for_each_step_in_order() -> None:
    _, report = broken(BROKEN / "path-circle.yaml")
    (one,) = found(report, "path-circle")
    assert len(one.rules) == 2
    assert one.rules[0] == "hand.over"


def test_a_tier_in_which_tickets_get_stuck_is_named_with_what_brings_them() -> None:
    (one,) = found(broken(BROKEN / "path-stuck.yaml")[1], "path-stuck")
    assert set(one.rules) == {"hand.over", "timer.out", "may.ask"}


def test_where_nothing_is_possible_only_that_is_said() -> None:
    _, report = broken(BROKEN / "nothing-possible-together.yaml")
    (one,) = report.findings
    assert (one.code, one.severity, report.situations) == ("nothing-possible", "error", 0)
    assert "not at the counter" in one.message
    assert "not in the workshop" in one.message
    assert "Ovens" not in one.message
    assert one.rules == ("impossible[3]", "impossible[5]")
    assert one.line is not None
    others = {p.status for p in report.properties if p.code in ("uncovered", "dead-rule", "shadowed", "out-of-hours")}
    assert others == {"NOT PROVED"}


def test_nothing_is_silenced_in_vain_where_nothing_is_possible() -> None:
    silence = [{"code": "shadowed", "rules": ["may.ask"], "why": "A reason."}]
    impossible = [{"says": "Nothing.", "when": {"always": True}}]
    _, report = bakery(impossible=impossible, lint={"silence": silence})
    assert [one.code for one in report.findings] == ["nothing-possible"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_not_proved_is_listed_with_its_reason(path: Path) -> None:
    _, report = broken(path)
    if report.situations:
        unknown = {one.code for one in report.properties if one.status == "NOT PROVED"}
        assert unknown <= {one.code for one in report.findings if one.status == "NOT PROVED"}


def test_a_role_without_hours_is_named() -> None:
    (one,) = found(broken(BROKEN / "hours-unstated.yaml")[1], "out-of-hours")
    assert (one.severity, one.status) == ("note", "NOT PROVED")
    assert one.message.startswith("nothing says when foreman is there")
    assert "tell.foreman" in one.rules


def test_an_owner_who_is_there_in_hours_only_is_reported() -> None:
    report = lint(changed("\n  vocabulary: {roles: {security: {available: business}}}"))
    assert {one.rule for one in found(report, "out-of-hours")} == {
        "trigger.immediate.security",
        "p1.approve_public_text",
    }


def test_a_long_time_reaches_into_the_hours_of_its_owner() -> None:
    """A night is shorter than two days, so an act that the office owes by then can be done."""
    long = {"act": "check", "what": "plug", "owner": "office", "within": "4d", "calendar": "always"}
    assert found(bakery({"when": {"signal": "asked"}, "oblige": long})[1], "out-of-hours") == []
    short = {**long, "within": "12h"}
    assert [one.rule for one in found(bakery({"when": {"signal": "asked"}, "oblige": short})[1], "out-of-hours")] == [
        "x0"
    ]


def test_a_timer_may_run_out_with_the_first_response() -> None:
    def guarding(reaches: str) -> list[Finding]:
        when = {"all": [{"priority": "HIGH"}, clock("age", reaches), {"not": {"done": {"act": "reply"}}}]}
        return found(bakery({"when": when, "oblige": {"act": "notify", "to": "foreman", "within": "5m"}})[1],
                     "timer-beyond-target")  # fmt: skip

    assert guarding("30m") == []
    assert [one.rule for one in guarding("31m")] == ["x0"]


@pytest.mark.parametrize(
    ("value", "blank"),
    [
        ("TBD", True), ("tbd", True), ("<office address>", True), ("xxx", True), ("+49-xxx-12", True), ("???", True),
        ("to be announced", True), ("[address]", True), ("+1-XXX", True),
        ("Office <office@bakery.example>", False), ("maxxx@bakery.example", False), ("Tbdale", False), ("12", False),
    ],
)  # fmt: skip
def test_what_is_still_to_be_filled_in_is_seen(value: str, *, blank: bool) -> None:
    data = load_yaml(BROKEN / "bakery.yaml").data
    data["contacts"]["foreman"]["phone"] = value
    report = lint(build_policy(Source("x.yaml", data)))
    assert bool(found(report, "to-fill-in")) == blank


def test_a_part_that_the_notice_asks_for_first_may_be_missing() -> None:
    data = load_yaml(BROKEN / "bakery.yaml").data
    body = data["notices"]["alarm"]["body"]
    data["notices"]["alarm"]["body"] = (
        f"{body}{{% if contacts.office.phone %}} {{{{ contacts.office.phone }}}}{{% endif %}}"
    )
    assert found(lint(build_policy(Source("x.yaml", data))), "notice-unfilled") == []
