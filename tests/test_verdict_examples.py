"""Each rule with an effect: stored situations whose verdict holds it, and others beside them in which it just does not.

The examples are data (``data/verdict_examples``), made once and compared with the catalogue, so that a rule that is
broken in the policy fails here; those of ``catalogue.yaml`` were written from the catalogue by hand. How many ways to
break a rule they notice is counted. Twenty more stand below.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from broken_rules import Breaker, caught
from verdict_examples import Case, cases, said, situation, situation_doc, stored

from policy import Policy, Rulebook, Situation, Verdict, load_policy
from policy.building import Rule
from policy.lint.space import Space
from policy.loading import build_policy
from policy.situation_file import read_situation
from policy.source import Source

IDS = (Path(__file__).parent / "data" / "rule_ids.txt").read_text(encoding="utf-8").split()
OFF_BY_DEFAULT = {"tier.T1.escalate_after.unresolved": {"tiers.T1.unresolved": "1h"}}
"""Rules whose timer is off in the shipped policy, and the change that switches it on."""


@cache
def world(sets: tuple[tuple[str, str], ...] = ()) -> Rulebook:
    """Return the policy, with changes."""
    return Rulebook(load_policy("secureai", dict(sets)))


def effects(rule: Rule) -> dict[str, bool]:
    return {
        "define": bool(rule.define), "oblige": bool(rule.obliges), "permit": bool(rule.permits),
        "forbid": bool(rule.forbids), "pause": bool(rule.pauses),
    }  # fmt: skip


RULES = {rule.id: rule for rule in load_policy("secureai").rules if any(effects(rule).values())}


@cache
def stored_cases() -> dict[str, tuple[Case, ...]]:
    found: dict[str, tuple[Case, ...]] = {}
    for case in cases():
        found[case.id] = (*found.get(case.id, ()), case)
    return found


def said_by(verdict: Verdict, id_: str) -> set[str]:
    """Return the kinds of effect for which a verdict cites a rule."""
    cited = {
        "define": verdict.priority_rules,
        "oblige": [r for o in (*verdict.obligations, *verdict.fulfilled) for r in o.rules],
        "permit": [r for p in verdict.permissions for r in p.rules],
        "forbid": [r for p in verdict.prohibitions for r in p.rules],
        "pause": [r for _, rules in verdict.paused for r in rules],
    }
    return {kind for kind, rules in cited.items() if id_ in rules}


def expected(rule: Rule) -> set[str]:
    return {kind for kind, has in effects(rule).items() if has}


# -- stored --------------------------------------------------------------------------------------------------------


def wrong(book: Rulebook, cases: Iterable[Case]) -> Iterator[str]:
    """Yield what a policy says otherwise than stored cases."""
    for case in cases:
        here = situation(case.sketch, book)
        lines = said(book.verdict(here), case.id, here.opened)
        if not lines:
            yield f"{case.id} is not in the verdict of {case.sketch}"
        elif case.says and lines != list(case.says):
            yield f"{case.id} says {lines} and not {list(case.says)} of {case.sketch}"
        for beside in case.but:
            lines = said(book.verdict(situation(beside, book)), case.id, here.opened)
            if lines:
                yield f"{case.id} says {lines} of {beside}, where it does not hold"


@pytest.mark.parametrize("id_", RULES)
def test_the_verdict_is_as_stored(id_: str) -> None:
    found = stored_cases().get(id_, ())
    assert any(case.says for case in found), "no stored case; benchmarks/make_verdict_examples.py makes some"
    assert any(case.but for case in found)
    assert list(wrong(world(tuple(found[0].sets.items())), found)) == []


def test_a_stored_situation_is_what_its_file_says() -> None:
    book = world()
    for found in stored_cases().values():
        sketch = found[-1].but[-1] if found[-1].but else found[-1].sketch
        assert situation(sketch, book) == read_situation(json.dumps(situation_doc(sketch)), book.policy)


def test_nothing_is_stored_of_rules_that_are_not_there() -> None:
    assert set(stored_cases()) == set(RULES)
    assert len(stored(by_hand=True)) > 60


def test_every_kind_of_effect_is_stored() -> None:
    words = {"define": "defines", "oblige": "owes", "permit": "permits", "forbid": "forbids", "pause": "pauses"}
    for id_, rule in RULES.items():
        first = [set(" ".join(case.says).split()) for case in stored_cases()[id_] if case.says]
        assert any({words[kind] for kind in expected(rule)} <= one for one in first), id_


BROKEN = {
    "p1.war_room": ("when", "{signal: outage}"),
    "p1.notify_compliance": ("when", "{signal: vendor_involved}"),
    "p3.escalate_t2": (
        "when", "{all: [{tier: T1}, {clock: {name: no_progress, reaches: priorities.P3.within.escalate_t2}}]}",
    ),
    "p4.log_feature": ("when", "{signal: documentation_request}"),
    "p4.unless.strategic": ("when", "{signal: churn_risk}"),
    "management.director": (
        "when", "{any: [{all: [{plan: starter}, {signal: customer_dissatisfied}]}, {signal: strategic_issue}]}",
    ),
    "pause.compliance": ("unless", "{priority: P2}"),
    "trigger.after.integration": (
        "when",
        "{all: [{tier: [T1, T2]}, {signal: integration_beyond_config}, {earlier_signal: integration_beyond_config}]}",
    ),
    "trigger.never.impatience": (
        "when",
        "{all: [{signal: customer_impatient}, {not: {is: reason_to_escalate}}, {signal: escalation_requested}]}",
    ),
    "p3.define.workaround": ("unless", "{is: breach}"),
    "workflow.decision.sla_breach": (
        "when", "{clock: {name: resolution, reaches: {of: priorities, by: priority, then: first_response}}}",
    ),
    "p1.vendors": ("when", "{always: true}"),
    "p2.notify_account_manager": ("when", "{plan: [enterprise, professional]}"),
    "deescalate.when.workaround": ("when", "{all: [{tier: T3}, {done: {act: workaround}}]}"),
    "workflow.checklist.impact": ("unless", None),
}  # fmt: skip
"""Rules with another condition, as a slip of the pen in the policy file would leave them."""


def rewritten(id_: str, key: str, value: Any) -> Policy:
    """Return the shipped policy with one key of one rule changed (``None`` takes it away)."""
    source = world().policy.source
    data: Any = copy.deepcopy(source.data)
    rule = next(one for group in data["groups"] for one in group["rules"] if one["id"] == id_)
    rule.pop(key, None)
    if value is not None:
        rule[key] = value
    return build_policy(Source(source.name, data))


@pytest.mark.parametrize("id_", BROKEN)
def test_a_broken_rule_is_noticed(id_: str) -> None:
    key, text = BROKEN[id_]
    book = Rulebook(rewritten(id_, key, None if text is None else yaml.safe_load(text)))
    assert any(wrong(book, stored_cases()[id_]))


@pytest.mark.parametrize("every", [pytest.param(80, id="some"), pytest.param(1, id="all", marks=pytest.mark.heavy)])
def test_the_stored_examples_notice_nearly_every_way_to_break_a_rule(every: int) -> None:
    count, missed = 0, []
    breaker = Breaker(load_policy("secureai"))
    for id_, rule in RULES.items():
        if id_ in OFF_BY_DEFAULT:
            continue
        asked: list[tuple[Situation, bool]] = []
        for mutant in breaker.mutants(rule, every):
            count += 1
            if not asked:
                for case in stored_cases()[id_]:
                    asked.append((situation(case.sketch, world()), True))
                    asked += [(situation(one, world()), False) for one in case.but]
            if not caught(breaker.policy, mutant, asked):
                missed.append(f"{id_}: {mutant.how}")
    assert count > 10_000 / every
    assert len(missed) <= 0.02 * count, missed


def test_every_id_of_the_catalogue_with_an_effect_is_covered() -> None:
    policy: Policy = load_policy("secureai")
    entries = {entry.id: entry for entry in policy.entries()}
    with_effect = [id_ for id_ in IDS if (entries[id_].parent or id_) in RULES]
    assert len(with_effect) > 90
    assert {entries[id_].parent or id_ for id_ in with_effect} <= set(RULES)
    informing = {rule.id for rule in policy.rules} - set(RULES)
    assert all(entries[id_].kind != "rule" or id_ in informing for id_ in IDS if id_ not in with_effect)


def test_a_rule_that_is_off_can_never_hold_and_with_its_figure_it_can() -> None:
    for id_, sets in OFF_BY_DEFAULT.items():
        space = Space(load_policy("secureai"))
        assert space.smallest(space.rule(RULES[id_])) is None
        assert all(dict(case.sets) == sets for case in stored_cases()[id_])


def test_a_prohibition_that_an_obligation_lifts_is_gone_for_its_recipient() -> None:
    """Settlement D6: what is owed beats what is forbidden, and a permission beats the ban on offloading only."""
    policy = load_policy("secureai")
    head = "{opened: 2025-01-27T09:00:00+00:00, now: +10m, plan: professional, tier: T1, category: api_authentication"
    bare = verdict_of(head + ", priority: P3}")
    ids = {"trigger.never.before_troubleshooting", "trigger.never.offload"}
    assert {r for ban in bare.prohibitions for r in ban.rules} >= ids
    assert all(ban.but_to == () for ban in bare.prohibitions)
    owed = verdict_of(head + ", signals: [outage]}")
    left = [ban for ban in owed.prohibitions if set(ban.rules) & ids]
    assert [(ban.rules, ban.but_to) for ban in left] == [(("trigger.never.offload",), ("T3",))]
    allowed = verdict_of(head + ", priority: P3, checks: [token_validity, header_format]}")
    assert [p.rules for p in allowed.permissions] == [("tier.T1.escalate_when",)]
    assert [(b.rules, b.but_to) for b in allowed.prohibitions if "trigger.never.offload" in b.rules] == [
        (("trigger.never.offload",), ("T2",))
    ]
    assert policy.entry("settled.D6")


# -- by hand -------------------------------------------------------------------------------------------------------


def verdict_of(text: str) -> Verdict:
    book = world()
    return book.verdict(read_situation(text, book.policy))


HEAD = "opened: 2025-01-27T09:00:00+00:00\nplan: professional\ncategory: api_authentication\n"
BY_HAND = {
    "trigger.immediate.outage": ("now: +1m\ntier: T1\nsignals: [outage]", "signals: [outage]", "signals: [api_down]"),
    "trigger.immediate.p1_response_breach": ("now: +15m\ntier: T3\nsignals: [outage]", "now: +15m", "now: +14m"),
    "trigger.immediate.many_enterprise": (
        "now: +1m\ntier: T1\nsignals: [api_down, multiple_enterprise_customers]", "api_down", "bug",
    ),
    "trigger.after.t1_timer": (
        "now: +2h\ntier: T1\npriority: P3\nclocks: {no_progress: {since: +90m}}", "since: +90m", "since: +91m",
    ),
    "tier.T2.escalate_after": (
        "now: +5h\ntier: T2\npriority: P3\nclocks: {unresolved: {elapsed: 4h}}", "elapsed: 4h", "elapsed: 239m",
    ),
    "tier.T1.escalate_when": (
        "now: +20m\ntier: T1\npriority: P3\nchecks: [token_validity, header_format]", ", header_format", "",
    ),
    "tier.T3.escalate_after": ("now: +1h\ntier: T3\npriority: P3\nsignals: [unresolvable]", "tier: T3", "tier: T2"),
    "p1.define.most_customers": (
        "now: +1m\ntier: T1\ncounts: {share_of_customers: 51, customers_affected: 900}",
        "customers: 51", "customers: 50",
    ),
    "p2.define.multiple_users": (
        "now: +1m\ntier: T1\nsignals: [slow_performance]\ncounts: {customers_affected: 2}",
        "affected: 2", "affected: 1",
    ),
    "p2.updates": ("now: +4h\ntier: T2\nsignals: [api_down]", "now: +4h", "now: +239m"),
    "p2.updates_early": (  # what fell due in the first hours stays owed; what falls due later is the next cadence's
        "now: +241m\ntier: T2\nsignals: [api_down]\n"
        "deeds: [{act: reply, to: customer, what: [first_response, update], at: +60m}]",
        "at: +60m", "at: +200m",
    ),
    "p2.escalate_t3": ("now: +225m\ntier: T2\nsignals: [api_down]", "now: +225m", "now: +224m"),
    "p2.notify_account_manager": (
        "now: +1m\ntier: T2\nsignals: [api_down]", "plan: professional", "plan: enterprise",
    ),
    "p1.rca": (
        "now: +2h\ntier: T3\nsignals: [outage]\nstatus: resolved\nstatus_since: +1h", "resolved", "waiting_customer",
    ),
    "p4.no_escalation": (
        "now: +1m\ntier: T1\nsignals: [cosmetic, customer_impatient]", "customer_impatient", "escalation_requested",
    ),
    "request.permits": (
        "now: +9m\ntier: T1\npriority: P3\nsignals: [escalation_requested]\nchecks: [token_validity, header_format]",
        "[token_validity, header_format]", "[token_validity]",
    ),
    "management.ladder": (
        "now: +1h\ntier: T3\npriority: P2\ndeeds: [{act: escalate, to: support_manager, at: +50m}]",
        "act: escalate", "act: notify",
    ),
    "pause.waiting_customer": (
        "now: +1h\ntier: T1\npriority: P2\nstatus: waiting_customer", "priority: P2", "priority: P1",
    ),
    "workflow.handoff.receipt": (
        "now: +1h\ntier: T2\npriority: P2\ndeeds: [{act: escalate, to: T2, at: +50m, by: T1}]", "to: T2", "to: vendor",
    ),
    "deescalate.when.workaround": (
        "now: +1h\ntier: T2\npriority: P3\ndeeds: [{act: workaround, to: customer, at: +50m}]", "tier: T2", "tier: T1",
    ),
}  # fmt: skip
"""Rule: a situation with it, and what is changed (from, to) for one without it."""
TURNED = {"p2.notify_account_manager"}
"""Where the situation as it stands is the one without the rule."""


@pytest.mark.parametrize("id_", BY_HAND)
def test_an_example_by_hand(id_: str) -> None:
    body, old, new = BY_HAND[id_]
    text = HEAD + body + "\n"
    assert text.count(old) == 1, text
    with_it, without = text, text.replace(old, new)
    if id_ in TURNED:
        with_it, without = without, with_it
    assert said_by(verdict_of(with_it), id_) >= expected(RULES[id_])
    assert said_by(verdict_of(without), id_) == set()


def test_there_are_twenty_by_hand() -> None:
    assert len(BY_HAND) == 20
    assert BY_HAND.keys() <= RULES.keys()
