"""The check: what is found in broken policies, what is proved of the shipped one, and what a settlement is worth."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deskdrill.main import main
from policy import Policy, Rulebook, load_policy
from policy.lint import report as report_module
from policy.lint.findings import CODES, PROPERTIES, Finding, Report
from policy.lint.report import lint
from policy.loading import build_policy
from policy.situation_file import read_situation
from policy.source import Source
from policy.yaml_source import load_yaml

ROOT = Path(__file__).parent.parent
BROKEN = Path(__file__).parent / "data" / "broken"
FILES = sorted(path for path in BROKEN.glob("*.yaml") if path.stem != "bakery")


@cache
def shipped() -> tuple[Policy, Report, float]:
    policy = load_policy()
    began = time.process_time()
    return policy, lint(policy), time.process_time() - began


@cache
def linted(overlay: str) -> Report:
    return lint(changed(overlay))


def changed(overlay: str) -> Policy:
    """Return the shipped policy with a change, written as overlays are, on top."""
    folder = ROOT / "policy"
    text = f"overlay: changed\nof: secureai\nsays: A change.\nwhy: To see what the check says.\nchanges:\n{overlay}"
    from policy.merging import node_of, source_of
    from policy.overlays import Overlay, OverlayDoc, _applied
    from policy.source import validate

    base, source = load_yaml(folder / "secureai.yaml", name="secureai.yaml"), load_yaml(text, name="changed.yaml")
    one = Overlay(validate(OverlayDoc, source), source, folder / "changed.yaml")
    tree, removed = _applied(node_of(base), one, "secureai")
    return build_policy(source_of(tree, base.name, removed))


def expected(path: Path) -> tuple[str, set[str]]:
    head = path.read_text(encoding="utf-8")
    code = re.search(r"^# code: (\S+)$", head, re.MULTILINE)
    also = re.search(r"^# also: (.+)$", head, re.MULTILINE)
    assert code is not None
    return code[1], set(also[1].split(", ")) if also else set()


# -- broken policies ---------------------------------------------------------------------------------------------


def test_the_policy_that_is_broken_is_clean_and_the_folder_breaks_every_property() -> None:
    report = lint(load_policy(BROKEN / "bakery.yaml"))
    assert report.findings == ()
    assert {one.status for one in report.properties} == {"PROVED"}
    assert len(FILES) >= 30
    declared_elsewhere = {"two-names", "two-addresses"}
    assert {expected(path)[0] for path in FILES} >= set(CODES) - declared_elsewhere - {"unused-word"}


@cache
def broken(path: Path) -> tuple[Policy, Report]:
    policy = load_policy(f"{BROKEN / 'bakery.yaml'}+{path}")
    return policy, lint(policy)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_policy_is_reported_with_its_code_and_nothing_else(path: Path) -> None:
    policy, report = broken(path)
    code, also = expected(path)
    assert {one.code for one in report.findings} == {code} | also
    first = next(one for one in report.findings if one.code == code)
    assert first.severity == ("note" if first.status == "NOT PROVED" else CODES[code])
    assert first.message
    assert first.suggestion
    assert first.file
    assert first.line
    for one in report.findings:
        if one.example is not None:  # it reads back, and the rules at work say something in it
            assert Rulebook(policy).verdict(read_situation(one.example, policy)) is not None
    statuses = {one.code: one.status for one in report.properties}
    assert statuses[code] == first.status if code in statuses else code == "silence-unused"


NEEDS_NO_SITUATION = {"nothing-possible", "dead-rule", "switched-off", "silence-unused", *PROPERTIES["names"]}


def test_every_finding_about_situations_shows_one() -> None:
    for path in FILES:
        for one in broken(path)[1].findings:
            shows = one.example is not None
            role_case = one.rule in ("helper", "calendar_of")
            assert shows != (one.code in NEEDS_NO_SITUATION or one.status == "NOT PROVED" or role_case), one


def example_of(name: str, code: str) -> tuple[Policy, Finding, Any]:
    policy, report = broken(BROKEN / f"{name}.yaml")
    one = next(one for one in report.findings if one.code == code)
    assert one.example is not None
    return policy, one, read_situation(one.example, policy)


def test_examples_are_the_smallest_there_are() -> None:
    _, _, situation = example_of("conflict-two-priorities", "two-priorities")
    assert set(situation.signals) == {"till_slow"}
    assert {name: count.value for name, count in situation.counts.items()} == {"tills": 3}
    assert not situation.checks
    assert not situation.deeds
    _, found, situation = example_of("conflict-demand-ban", "demand-and-ban")
    assert found.rules[0] == "never.blind"
    assert (situation.tier, dict(situation.signals), dict(situation.checks)) == ("counter", {}, {})


def test_a_timer_over_a_clock_change_is_shown_in_that_night() -> None:
    policy, found, situation = example_of("timer-over-clock-change", "timer-beyond-target")
    assert "2,280 of 1,051,200" in found.message  # 19 hours before each of two skipped hours
    assert "Saturday 29 March 2025" in found.message
    verdict = Rulebook(policy).verdict(situation)
    assert any("timer.out" in one.rules for one in verdict.obligations)
    assert situation.clocks["resolution"].elapsed(situation.now) >= 25 * 60


# -- the shipped policy ------------------------------------------------------------------------------------------


def test_the_shipped_policy_has_nothing_but_blanks_to_fill_in() -> None:
    _, report, _ = shipped()
    assert report.count("error") == 0
    assert {one.code for one in report.findings if one.severity == "warning"} == {"to-fill-in"}
    assert all(one.silenced for one in report.silenced)


def test_every_property_is_answered_over_the_whole_space() -> None:
    _, report, _ = shipped()
    assert report.situations > 10**26
    assert [one.code for one in report.properties] == [c for c in CODES if c != "silence-unused"]
    proved = {one.code for one in report.properties if one.status == "PROVED"}
    assert proved >= {
        "uncovered", "demand-and-ban", "two-dues", "two-priorities", "dead-rule", "path-nobody", "path-stuck",
        "path-circle", "timer-beyond-target", "update-promise", "endless-pause",
    }  # fmt: skip
    over = [one.said for one in report.properties if one.code in proved - set(PROPERTIES["names"])]
    assert all(f"over {report.situations:,} situations" in said for said in over)


def test_the_shipped_policy_is_checked_in_seconds() -> None:
    assert shipped()[2] < 15  # seconds of computing; 4 were measured


# -- with a settlement removed -----------------------------------------------------------------------------------

REMOVED = {
    "D2": (  # Enterprise has no figure in Tier 1, Starter none in Tier 2
        """
  tiers: {T1: {response: {$remove: [enterprise]}}, T2: {response: {$remove: [starter]}}}
  rules: {tier.T1.response: {says: As the tier says.}, tier.T2.response: {says: As the tier says.}}""",
        {"figure-missing": {"tier.T1.response", "tier.T2.response"}, "uncovered": set()},
    ),
    "D3": (  # both cadences of a P1 stand side by side
        """
  rules:
    $add:
      P1, the first hour and on:
        - id: p1.hourly
          source: P1 - Critical Issues
          says: The customers hear every hour.
          when: {always: true}
          oblige: {act: reply, to: customer, what: update, owner: incident_lead, repeat: 1h, weight: 2}""",
        {"shadowed": {"p1.hourly", "p1.customer_updates"}},
    ),
    "D5": (
        """
  settles: {two_dues: null}""",
        {"two-dues": {"p2.updates_early", "p1.customer_updates", "trigger.immediate.many_enterprise"},
         "settlement-lost": {"settled.D5"}},
    ),
    "D6, demand and ban": (
        """
  settles: {demand_and_ban: null}""",
        {"demand-and-ban": {"trigger.never.offload", "trigger.never.before_troubleshooting", "p1.to_t3"},
         "settlement-lost": {"settled.D6"}},
    ),
    "D6, permission and ban": (
        """
  settles: {permission_and_ban: null}""",
        {"permission-and-ban": {"trigger.never.offload", "tier.T1.escalate_when"}, "settlement-lost": {"settled.D6"}},
    ),
    "D8": (
        """
  settles: {two_priorities: null}""",
        {"two-priorities": {"p1.define.unavailable", "p2.define.api_down", "p4.define.cosmetic"},
         "settlement-lost": {"settled.D8"}},
    ),
    "D10": (  # both cadences of a P2 at once
        """
  rules:
    p2.updates_early: {oblige: {until: null}}
    p2.updates: {when: {always: true}, oblige: {earlier_counts: null}}""",
        {"shadowed": {"p2.updates", "p2.updates_early"}},
    ),
    "D12": (  # Tier 3 and the Support Manager keep business hours like everybody
        """
  vocabulary: {roles: {T3: {available: null}, support_manager: {available: business}}}""",
        {"out-of-hours": {"p1.to_t3", "p1.notify_support_manager", "trigger.immediate.outage"},
         "settlement-lost": {"settled.D12"}},
    ),
    "D20": (  # what is late is escalated only when it is late by another rule's word
        """
  rules: {$remove: [workflow.decision.sla_breach]}""",
        {"settlement-lost": {"settled.D20"}},
    ),
    "D22": (  # a security question has no priority of its own
        """
  rules: {$remove: [p3.define.security_question]}""",
        {"settlement-lost": {"settled.D22"}, "unused-word": {"security_question"}},
    ),
    "D24": (  # Tier 1 asks nobody on a P4
        """
  rules: {$remove: [p4.timer_asks_lead]}""",
        {"settlement-lost": {"settled.D24"}},
    ),
    "D26": (  # the root cause analysis is one act with two dues
        """
  rules: {p1.begin_rca: {oblige: {what: rca}}}""",
        {"shadowed": {"p1.rca", "p1.begin_rca"}, "unused-word": {"rca_begun"}},
    ),
    "D28": (  # "immediately" has a figure for P1 only
        """
  prompt: {$remove: [P2, P3, P4]}""",
        None,  # the rules that name prompt.P2 do not load
    ),
    "D33": (  # a notice wants a fact that nobody has
        """
  notices: {p1_customer: {fields: {$remove: [estimate]}, specimen: {$remove: [estimate]}}}""",
        {"notice-unfilled": {"notice.p1_customer"}},
    ),
}  # fmt: skip
NOT_SEEN = {
    "D1": "two timers instead of one reading: either alone is consistent, a choice and no clash",
    "D4": "telling and escalating are two acts; as one act with two instants it is a choice of figures",
    "D7": "what a privacy request is, and when the C-level comes in, is a choice",
    "D9": "a breach treated like any outage is consistent, only unwise",
    "D11": "permitted or owed is a choice; with D6 taken out as well it is a permission-and-ban",
    "D13": "the form of the file requires every resolution target",
    "handed_back": "a duty that follows a permission is no clash of two rules, though the ticket would go to and fro",
    "D14": "how escalations are counted decides nothing in a situation",
    "D15": "how reasons are counted decides nothing in a situation",
    "D16": "how times are compared decides nothing in a situation",
    "D17": "how returns are counted decides nothing in a situation",
    "D18": "resetting or keeping a clock is a choice, tried as variants",
    "D19": "two names and two addresses are noted whether settled or not",
    "D21": "to whom many Enterprise customers go is a choice",
    "D23": "a target of a metric decides nothing in a situation",
    "D25": "an owner and others beside the owner do not clash",
    "D27": "a timer and its backstop do not clash",
    "D29": "what an immediate trigger waives is a choice",
    "D30": "whether Tier 2 may be passed over is a choice",
    "D31": "two tiers may both be able to do something",
    "D32": "the form of the file gives every duty an owner",
}


def test_every_settlement_is_either_shown_or_declared_as_a_choice() -> None:
    settled = {one.id.removeprefix("settled.") for one in load_policy().doc.settlements}
    assert settled == {name.split(",")[0] for name in REMOVED} | set(NOT_SEEN)


SHORT = ("D5", "D28")
"""Those that are removed in every run; a whole check takes seconds."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in SHORT else pytest.mark.heavy) for name in REMOVED]
)
def test_without_a_settlement_its_contradiction_is_reported(name: str) -> None:
    from policy.errors import InputError

    overlay, wanted = REMOVED[name]
    if wanted is None:
        with pytest.raises(InputError, match="prompt"):
            changed(overlay)
        return
    before = {(one.code, one.rules) for one in shipped()[1].findings}
    report = linted(overlay)
    new = [one for one in report.findings if (one.code, one.rules) not in before]
    assert {one.code for one in new} - {"silence-unused"} == set(wanted)
    for code, rules in wanted.items():
        named = {rule for one in new if one.code == code for rule in one.rules}
        assert rules <= named, code
        for one in new:
            if one.code == code and CODES[code] == "error" and code not in PROPERTIES["names"]:
                assert one.example is not None, one.message


@pytest.mark.heavy
def test_without_d24_the_timer_clashes_with_the_ban_on_p4() -> None:
    """With D6 in force a duty beats the ban silently; without it, D24 is what keeps the two apart."""
    without_d6 = "\n  settles: {demand_and_ban: null}"
    without_both = f"{without_d6}\n  rules: {{trigger.after.t1_timer: {{unless: null}}}}"

    def clashing(overlay: str) -> set[str]:
        found = [one for one in lint(changed(overlay)).findings if one.code == "demand-and-ban"]
        return {rule for one in found if one.rules[0] == "p4.no_escalation" for rule in one.rules}

    assert "trigger.after.t1_timer" not in clashing(without_d6)
    assert "trigger.after.t1_timer" in clashing(without_both)


def test_rules_that_agree_are_no_conflict() -> None:
    found = [one for one in linted(REMOVED["D5"][0]).findings if one.code == "two-dues"]
    pairs = [set(one.rules) for one in found]
    assert {"trigger.after.t1_timer", "tier.T1.escalate_after"} not in pairs
    assert not any("p1.page_oncall" in rules for rules in pairs)


# -- bounds ------------------------------------------------------------------------------------------------------


def mixing(signals: int) -> dict[str, Any]:
    """Return a condition of so many signals whose diagram explodes."""
    half = signals // 2
    return {"any": [{"all": [{"signal": f"s{n}"}, {"signal": f"s{n + half}"}]} for n in range(half)]}


def deep(signals: int) -> dict[str, Any]:
    """Return a condition of so many signals whose diagram has as many levels, and is as small as can be."""
    return {"all": [{"signal": f"s{n}"} for n in range(signals)]}


def hostile(signals: int, when: dict[str, Any]) -> Policy:
    """Return a policy with so many signals more, and a rule about them."""
    source = load_yaml(BROKEN / "bakery.yaml")
    data = source.data
    data["vocabulary"]["signals"] |= {f"s{n}": f"signal {n}" for n in range(signals)}
    leave = {"act": "notify", "to": "office"}
    rule = {"id": "knot", "source": "x", "says": "x", "when": when, "permit": leave}
    data["groups"][1]["rules"].append(rule)
    return build_policy(Source("hostile.yaml", data, source.lines))


def test_a_policy_that_is_too_large_is_not_proved_and_not_for_ever() -> None:
    began = time.monotonic()
    report = lint(hostile(60, mixing(60)), seconds=1)
    assert time.monotonic() - began < 15
    unknown = [one for one in report.properties if one.status == "NOT PROVED"]
    assert unknown
    assert all("not decided" in one.said for one in unknown)
    assert {one.code for one in unknown} == {one.code for one in report.findings if one.status == "NOT PROVED"}
    assert all(one.severity == "warning" for one in report.findings if one.status == "NOT PROVED")


def test_a_policy_with_more_words_than_the_diagram_is_deep_is_not_proved() -> None:
    report = lint(hostile(1600, deep(1600)), seconds=30)
    conflicts = [one for one in report.properties if one.code in PROPERTIES["conflict"]]
    assert {one.status for one in conflicts} == {"NOT PROVED"}
    said = "not decided, as there are too many words for a diagram of all situations"
    assert {one.said for one in conflicts} == {said}


def test_memory_is_bounded_by_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policy.lint.diagram.MAX_STEPS", 1_000)
    report = lint(load_policy(BROKEN / "bakery.yaml"))
    assert {one.status for one in report.properties} >= {"NOT PROVED"}


# -- silences ----------------------------------------------------------------------------------------------------


def test_a_silence_needs_the_code_every_rule_and_a_reason() -> None:
    base = BROKEN / "duplicate-rule.yaml"
    source = load_yaml(BROKEN / "bakery.yaml").data
    again = load_yaml(base).data["changes"]["rules"]["$add"]["Leave"]
    source["groups"][2]["rules"] += again

    def codes(silence: list[dict[str, Any]]) -> list[str]:
        data = {**source, "lint": {"silence": silence}}
        return [one.code for one in lint(build_policy(Source("x.yaml", data))).findings]

    both = ["may.ask", "may.ask.again"]
    assert codes([]) == ["duplicate"]
    assert codes([{"code": "duplicate", "rules": both, "why": "Said twice."}]) == []
    assert codes([{"code": "duplicate", "rules": both[:1], "why": "Half."}]) == ["duplicate", "silence-unused"]
    assert codes([{"code": "shadowed", "rules": both, "why": "Another."}]) == ["duplicate", "silence-unused"]
    assert codes([{"code": "duplicate", "rules": [*both, "high.dead"], "why": "Too many."}]) == ["silence-unused"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("vocabulary: {roles: {T3: {available: alwais}}}", "alwais"),
        ("contacts: {aws: {serves: vendors}}", "vendors"),
        ("notices: {p1_customer: {promises: {what: updates}}}", "updates"),
        ("settles: {two_dues: laxer}", "two_dues"),
        ("lint: {silence: [{code: duplicate, rules: [p1.rca], why: ''}]}", "why"),
    ],
)
def test_what_the_check_goes_by_must_exist(change: str, named: str) -> None:
    from policy.errors import InputError

    with pytest.raises(InputError, match=named):
        changed(f"  {change}")


# -- documents and the command -----------------------------------------------------------------------------------


def test_every_code_is_explained() -> None:
    text = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
    headed = re.findall(r"^### `([a-z-]+)`", text, re.MULTILINE)
    assert sorted(headed) == sorted(CODES)
    for code in CODES:
        section = text.split(f"### `{code}`")[1].split("\n#")[0]
        assert CODES[code] in section, code
        assert "```yaml" in section, code


def test_the_command_prints_what_was_found(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ref = f"{BROKEN / 'bakery.yaml'}+{BROKEN / 'conflict-two-dues.yaml'}"
    folder = tmp_path / "examples"
    assert main(["policy", "check", "--policy", ref, "--format", "json", "--examples", str(folder)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert set(found) >= {"rules", "situations", "errors", "warnings", "findings", "properties", "silenced"}
    (one,) = found["findings"]
    assert set(one) >= {"code", "severity", "status", "rules", "example", "message", "suggestion", "file", "line"}
    assert (one["code"], one["status"], found["errors"]) == ("two-dues", "REFUTED", 1)
    (file,) = folder.iterdir()
    assert main(["policy", "verdict", str(file), "--policy", ref, "--format", "json"]) == 0
    verdict = json.loads(capsys.readouterr().out)
    assert any(set(one["rules"]) <= set(row.get("rules", ())) for row in verdict["obligations"])
    assert main(["policy", "check", "--policy", ref]) == 1
    assert "two-dues" in capsys.readouterr().out


def test_a_command_that_does_not_check_loads_no_diagram() -> None:
    code = "import sys; from deskdrill.main import main; main(['policy', 'show']); print('dd' in sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_the_provers_answer_for_every_code_about_situations() -> None:
    told = [code for codes in report_module.PROVERS for code in codes]
    assert told == [c for c in CODES if c not in PROPERTIES["names"] and c not in PROPERTIES["silence"]]
