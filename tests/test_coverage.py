"""The coverage table: nothing is missing without a declared reason, and no reason is idle."""

from __future__ import annotations

import copy
from pathlib import Path

from deskdrill.coverage_command import coverage, unused_reasons
from policy import load_policy
from policy.loading import build_policy
from policy.source import Source

POLICY = load_policy("secureai")
ROWS = {row.id: row for row in coverage(POLICY)}
IDS = (Path(__file__).parent / "data" / "rule_ids.txt").read_text(encoding="utf-8").split()


def test_every_statement_has_a_row_that_is_complete() -> None:
    assert [name for name in IDS if name not in ROWS] == []
    assert [row.id for row in ROWS.values() if not row.complete] == []


def test_no_declared_reason_is_idle() -> None:
    assert unused_reasons(POLICY) == []


def test_a_reason_that_is_missing_is_seen() -> None:
    bare = load_policy("secureai", {"coverage.no_verdict": "[]", "coverage.no_simulation": "[]"})
    missing = [row.id for row in coverage(bare) if not row.complete]
    assert "contact.ceo" in missing
    assert "trigger.after.t1_timer" not in missing


def test_rules_that_decide_are_in_a_verdict_and_timers_in_the_simulator() -> None:
    assert ROWS["p1.war_room"].verdict == "yes"
    assert ROWS["trigger.after.t1_timer"].simulator == "yes"
    assert ROWS["training.module_1"].verdict.startswith("It describes training")
    assert all(row.handbook == "yes" for row in ROWS.values())


def test_each_statement_says_as_what_it_stands_in_the_policy() -> None:
    assert ROWS["p1.war_room"].policy == "rule"
    assert ROWS["contact.ceo"].policy == "contact"
    data = copy.deepcopy(POLICY.source.data)
    data["metrics"][0]["covers"] = ["metric.more"]
    rows = {row.id: row for row in coverage(build_policy(Source("covering", data)))}
    assert rows["metric.more"].policy == f"part of {data['metrics'][0]['id']}"
    page = (Path(__file__).parents[1] / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert "| id | in the policy | in a verdict | in the simulator | in the handbook |" in page


def test_the_page_is_current() -> None:
    page = (Path(__file__).parents[1] / "docs" / "coverage.md").read_text(encoding="utf-8")
    for row in ROWS.values():
        assert f"| {row.id} |" in page.replace("`", ""), row.id
