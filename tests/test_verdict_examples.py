"""Each rule with an effect: a situation whose verdict holds it, and one beside it in which it just does not.

The pairs differ in one thing. They come from the space of all situations and are replayed through the rulebook. Twenty
more are written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from policy import Policy, Rulebook, Verdict, load_policy
from policy.building import BASIC_CHECKS, Rule
from policy.lint.cells import holds, situation_of
from policy.lint.space import Space
from policy.situation_file import read_situation

IDS = (Path(__file__).parent / "data" / "rule_ids.txt").read_text(encoding="utf-8").split()
OFF_BY_DEFAULT = {"tier.T1.escalate_after.unresolved": {"tiers.T1.unresolved": "1h"}}
"""Rules whose timer is off in the shipped policy, and the change that switches it on."""
Cell = dict[str, bool]


@cache
def world(id_: str) -> tuple[Rulebook, Space]:
    """Return the policy in which a rule can hold, and its space."""
    return _world(tuple(OFF_BY_DEFAULT.get(id_, {}).items()))


@cache
def _world(sets: tuple[tuple[str, str], ...]) -> tuple[Rulebook, Space]:
    policy = load_policy("secureai", dict(sets))
    return Rulebook(policy), Space(policy)


def effects(rule: Rule) -> dict[str, bool]:
    return {
        "define": bool(rule.define), "oblige": bool(rule.obliges), "permit": bool(rule.permits),
        "forbid": bool(rule.forbids), "pause": bool(rule.pauses),
    }  # fmt: skip


RULES = {rule.id: rule for rule in load_policy("secureai").rules if any(effects(rule).values())}


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


def neighbours(space: Space, cell: Cell) -> Iterator[Cell]:
    """Yield the possible cells that differ in one thing: one fact, one figure of a clock, one value of an attribute."""
    for name, values in space.domains.items():
        for value in values:
            if not cell[f"{name}={value}"]:
                yield cell | {f"{name}={other}": other == value for other in values}
    for name, known in cell.items():
        if "=" not in name or ">=" in name:
            changed = cell | {name: not known}
            if name.startswith(("clock ", "count ")):  # a figure that is reached has passed all before it
                what, _, at = name.partition(">=")
                for other in cell:
                    if other.startswith(f"{what}>="):
                        changed[other] = float(other.partition(">=")[2]) < float(at) + (not known) * 1e-9
            yield changed


def example(id_: str) -> tuple[Cell, Cell]:
    """Return a cell in whose verdict a rule has every effect it can have, and one beside it where it has none.

    Raises:
        AssertionError: there is no such pair.
    """
    book, space = world(id_)
    rule = next(rule for rule in book.policy.rules if rule.id == id_)
    node = space.rule(rule)
    if any(BASIC_CHECKS in effect.act.what for effect in rule.obliges):  # some kinds of issue have no basic checks
        kinds = [name for name, kind in book.policy.categories.items() if kind.basic_checks]
        node &= space.any_of(space.is_value("category", name) for name in kinds)
    for _ in range(4):
        cell = space.smallest(node)
        assert cell is not None, f"{id_} can never hold"
        if expected(rule) <= said_by(book.verdict(situation_of(space, cell)), id_):
            for beside in neighbours(space, cell):
                if holds(space, space.possible, beside) and not holds(space, space.node(rule.when), beside):
                    return cell, beside
        node &= ~space.all_of(space.bdd.var(name) if known else ~space.bdd.var(name) for name, known in cell.items())
    raise AssertionError(f"no verdict holds {id_} in all its parts and has a neighbour without it")


def differences(a: Cell, b: Cell) -> set[str]:
    """Return what differs: the attribute, clock or count by its name, or the fact."""
    return {name.partition(">=")[0].partition("=")[0] for name in a if a[name] != b[name]}


@pytest.mark.parametrize("id_", RULES)
def test_a_verdict_can_hold_the_rule_and_just_not(id_: str) -> None:
    book, space = world(id_)
    rule = RULES[id_]
    inside, outside = example(id_)
    assert len(differences(inside, outside)) == 1
    with_it, without = (book.verdict(situation_of(space, cell)) for cell in (inside, outside))
    assert expected(rule) <= said_by(with_it, id_)  # duties that name the definition cite its rule as well
    assert said_by(without, id_) == set()


def test_every_id_of_the_catalogue_with_an_effect_is_covered() -> None:
    policy: Policy = load_policy("secureai")
    entries = {entry.id: entry for entry in policy.entries()}
    with_effect = [id_ for id_ in IDS if (entries[id_].parent or id_) in RULES]
    assert len(with_effect) > 90
    assert {entries[id_].parent or id_ for id_ in with_effect} <= set(RULES)
    informing = {rule.id for rule in policy.rules} - set(RULES)
    assert all(entries[id_].kind != "rule" or id_ in informing for id_ in IDS if id_ not in with_effect)


def test_a_rule_that_is_off_can_never_hold_and_with_its_figure_it_can() -> None:
    for id_ in OFF_BY_DEFAULT:
        _, space = _world(())
        assert space.smallest(space.rule(RULES[id_])) is None
        _, switched_on = world(id_)
        assert (
            switched_on.smallest(switched_on.rule(next(r for r in switched_on.policy.rules if r.id == id_))) is not None
        )


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
    book, _ = _world(())
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
    "p2.updates_early": (
        "now: +239m\ntier: T2\nsignals: [api_down]\ndeeds: [{act: reply, to: customer, what: update, at: 120}]",
        "at: 120",
        "at: 121",
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
