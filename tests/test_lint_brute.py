"""The check against brute force: on small random policies both look at every situation, and say the same."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from policy import Policy, Rulebook, load_policy
from policy.calendars import Calendar, to_instant
from policy.lint.acts import Acts
from policy.lint.cells import situation_of
from policy.lint.cover import Task, smallest_cover
from policy.lint.examples import decided, without
from policy.lint.findings import Finding, Report
from policy.lint.report import lint
from policy.lint.since import begins_no_later
from policy.lint.space import Space
from policy.lint.span import add_to_each
from policy.situation_file import read_situation
from policy.standstill import barred
from tests import brute

SHORT = (1, 2, 3, 4, 5)
SEEDS = [pytest.param(seed, marks=() if seed in SHORT else pytest.mark.heavy) for seed in range(24)]
"""Random policies: a few in every run, the others with ``make proof``."""


@cache
def looked_at(seed: int) -> tuple[Policy, Report, list[brute.Cell]]:
    policy = brute.random_policy(seed)
    return policy, lint(policy), brute.cells(policy)


def of(report: Report, *codes: str) -> list[Finding]:
    return [one for one in report.findings if one.code in codes]


@pytest.mark.parametrize("seed", SEEDS)
def test_both_count_the_same_situations(seed: int) -> None:
    _, report, every = looked_at(seed)
    assert report.situations == len(every) > 100


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_tickets_are_uncovered(seed: int) -> None:
    policy, report, every = looked_at(seed)
    said = set()
    for one in of(report, "uncovered"):
        told = re.search(r"on some (?:(\w) tickets|tickets without a priority) in (\w) ", one.message)
        assert told is not None
        said.add((told[2], told[1]))
    assert said == brute.uncovered(policy, every)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_rules_never_hold_or_always_hold(seed: int) -> None:
    policy, report, every = looked_at(seed)
    holding = {rule.id: sum(rule.id in cell.said for cell in every) for rule in policy.rules}
    assert {one.rule for one in of(report, "dead-rule")} == {name for name, count in holding.items() if not count}
    assert {one.rule for one in of(report, "blank-condition")} == {n for n, c in holding.items() if c == len(every)}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_conflicts(seed: int) -> None:
    policy, report, every = looked_at(seed)
    codes = ("demand-and-ban", "permission-and-ban", "two-dues", "two-priorities")
    assert {(one.code, frozenset(one.rules)) for one in of(report, *codes)} == brute.conflicts(policy, every)
    settled = replace(policy, doc=policy.doc.model_copy(update={"settles": policy.doc.settles.model_copy(update={
        "demand_and_ban": "demand", "permission_and_ban": "residual", "two_dues": "stricter",
        "two_priorities": "graver"})}))  # fmt: skip
    assert of(lint(settled), *codes) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_rules_are_superfluous_and_as_few_rules_make_them_so(seed: int) -> None:
    policy, report, every = looked_at(seed)
    rules = [rule.id for rule in policy.rules]
    twins = {name for one in of(report, "duplicate") for name in one.rules[1:]}
    shadows = {one.rule: one for one in of(report, "shadowed")}
    gone = set(twins)
    for name in reversed(rules):
        alive = any(name in cell.said for cell in every)
        if not alive or name in gone:
            assert name not in shadows
            continue
        others = frozenset(rules) - gone - {name}
        size = brute.smallest_dominating(every, name, others)
        found = shadows.get(name)
        assert (found is None) == (size is None), name
        if found is not None and found.status == "REFUTED":
            owes = any(cell.said[name].owes or cell.said[name].defines for cell in every if name in cell.said)
            assert len(found.rules) - 1 == size or (owes and len(found.rules) - 1 > (size or 0))
            gone.add(name)
        elif found is not None:
            assert len(found.rules) - 1 == size


@pytest.mark.parametrize("seed", SEEDS)
def test_taking_out_a_superfluous_rule_changes_no_verdict(seed: int) -> None:
    policy, report, every = looked_at(seed)
    gone = [one.rule for one in of(report, "shadowed") if one.status == "REFUTED"]
    gone += [name for one in of(report, "duplicate") for name in one.rules[1:]]
    acts = Acts(Space(policy))
    keys = tuple(dict.fromkeys(one.key for group in (acts.demands, acts.bans, acts.leaves) for one in group))
    before, after = Rulebook(policy), Rulebook(without(policy, *gone))
    for cell in every if gone else ():
        assert decided(before.verdict(cell.situation), keys) == decided(after.verdict(cell.situation), keys), gone


@pytest.mark.parametrize("seed", SEEDS)
def test_a_part_that_makes_no_difference_is_found(seed: int) -> None:
    policy, report, every = looked_at(seed)
    said = {one.rule for one in of(report, "always-true")}
    dead = {one.rule for one in of(report, "dead-rule", "blank-condition")}
    for rule in policy.rules:
        if rule.id not in dead and brute.idle_top_parts(policy, rule, every):
            assert rule.id in said, rule.when


@pytest.mark.parametrize("seed", SEEDS)
def test_every_example_reads_back_and_was_borne_out(seed: int) -> None:
    policy, report, _ = looked_at(seed)
    book = Rulebook(policy)
    for one in report.findings:
        if one.example is not None:
            verdict = book.verdict(read_situation(one.example, policy))
            assert verdict is not None
        elif one.status == "REFUTED":
            assert one.code in {"dead-rule", "switched-off", "never-true", "always-true", "contact-unused"} or (
                one.code.startswith(("unused", "figure"))
            ), one


def test_random_policies_hold_something_of_everything() -> None:
    seen = {(one.code, one.status) for seed in SHORT for one in looked_at(seed)[1].findings}
    for code in ("uncovered", "demand-and-ban", "permission-and-ban", "two-dues", "two-priorities", "dead-rule",
                 "shadowed", "duplicate", "always-true", "never-true"):  # fmt: skip
        assert (code, "REFUTED") in seen, code
    assert ("shadowed", "NOT PROVED") in seen
    sizes = {len(one.rules) for seed in SHORT for one in looked_at(seed)[1].findings if one.code == "shadowed"}
    assert max(sizes) >= 3  # covered by several together


def test_the_smallest_cover_is_the_smallest() -> None:
    space = Space(load_policy())
    here, there = space.is_value("plan", "starter"), space.is_value("tier", "T1")
    regions = {"all": space.bdd.true, "a": here, "b": ~here & there, "c": ~here & ~there}
    assert smallest_cover(space, [Task(space.possible, regions)]) == ("all",)
    del regions["all"]
    assert smallest_cover(space, [Task(space.possible, regions)]) == ("a", "b", "c")
    both = [Task(space.possible & here, regions), Task(space.possible & there, regions)]
    assert smallest_cover(space, both) == ("a", "b")
    assert smallest_cover(space, [Task(space.possible, {"a": here, "b": there})]) is None


# -- the means ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [30, pytest.param(300, marks=pytest.mark.heavy)])
def test_the_diagram_and_the_rulebook_agree_on_random_cells_of_the_shipped_policy(cells: int) -> None:
    policy = load_policy()
    space, book, rng = Space(policy), Rulebook(policy), random.Random(4)
    nodes = [(rule, space.rule(rule)) for rule in policy.rules]
    for _ in range(cells):
        cell, node = {}, space.possible
        for name in rng.sample(list(space.bdd.vars), len(space.bdd.vars)):
            value = rng.random() < (0.5 if name.startswith(("clock", "check")) else 0.2)
            narrower = space.bdd.let({name: value}, node)
            if narrower == space.bdd.false:
                value, narrower = not value, space.bdd.let({name: not value}, node)
            cell[name], node = value, narrower
        facts = book._facts(situation_of(space, cell))
        for rule, where in nodes:
            assert rule.when.ask(facts)[0] == (space.bdd.let(cell, where) == space.bdd.true), rule.id


def test_a_condition_that_is_said_to_begin_no_later_does() -> None:
    proved = 0
    for seed in SHORT:
        policy, _, every = looked_at(seed)
        book = Rulebook(policy)
        pairs = [(a, b) for a in policy.rules for b in policy.rules if a is not b and begins_no_later(a.when, b.when)]
        proved += len(pairs)
        rng = random.Random(seed)
        for cell in rng.sample(every, min(len(every), 120)) if pairs else ():
            situation = _spread(cell.situation, rng)
            facts = book._facts(situation)
            for a, b in pairs:
                (holds, since), (other, began) = a.when.ask(facts), b.when.ask(facts)
                assert not other or (holds and since <= began)
                assert barred(a.when) <= barred(b.when)
    assert proved > 20


def _spread(situation: brute.Situation, rng: random.Random) -> brute.Situation:
    """Return a situation whose facts became known one after the other."""

    def later() -> float:
        return brute.OPENED + rng.randint(0, 50)

    return replace(
        situation, now=brute.OPENED + 100, signals={name: later() for name in situation.signals},
        checks={name: later() for name in situation.checks}, tier_since=later(), status_since=later(),
        stated_since=later(), counts={name: replace(c, since=later()) for name, c in situation.counts.items()},
        deeds=tuple(replace(deed, at=later()) for deed in situation.deeds),
    )  # fmt: skip


@pytest.mark.parametrize("minutes", [0.0, 1.0, 29.5, 240.0, 480.0, 5000.0])
def test_adding_to_every_minute_at_once_is_adding_to_each(minutes: float) -> None:
    from datetime import UTC, date, datetime

    hours = {"mon": [(540, 720), (780, 1020)], "sat": [(0, 1440)], "sun": [(60, 240)]}
    shop = Calendar(hours, zone="Europe/Berlin", holidays=[date(2025, 3, 31)], name="shop")
    begin = to_instant(datetime(2025, 3, 1, tzinfo=UTC))
    starts = np.arange(begin, begin + 60 * 1440.0, 7.0)
    for calendar in (shop, Calendar.always(), Calendar({}, name="never")):
        found = add_to_each(calendar, starts, minutes)
        assert found.tolist() == [calendar.add(float(start), minutes) for start in starts]
