"""Pauses: whether something that can happen ends each of them."""

from __future__ import annotations

from collections.abc import Iterator

from policy.building import Rule
from policy.lint.examples import Claim, Examples
from policy.lint.findings import Finding, about, listed
from policy.lint.space import Node, Space
from policy.situation import RESOLVED, Situation
from policy.verdict import Verdict


def endless_pauses(space: Space, examples: Examples) -> Iterator[Finding]:
    """Yield rules that stop a clock in a situation which nothing but resolving, or another priority, could end.

    What is known stays known and what was done stays done; only further facts, another status, or a clock that goes on
    running can end a pause. A clock that some rule stops does not run, be it this rule or another.
    """
    for rule in space.policy.rules:
        if not rule.pauses:
            continue
        for priority, where in space.priority.items():
            space.check_time()
            base = space.possible & where & ~space.is_value("status", RESOLVED)
            held = space.rule(rule) & base
            if held == space.bdd.false:
                continue
            endless = held & ~_endable(space, base, base & ~space.node(rule.when), held)
            if endless == space.bdd.false:
                continue
            found = about(
                space.policy, "endless-pause", [rule.id],
                f"{rule.id}: stops {listed(rule.pauses)} of a {priority}, and nothing that can happen ends it",
                "except what ends it: unless: {signal: …}; or let it hold only while the ticket has a status",
            )  # fmt: skip
            yield examples.shown(found, endless, _holds_still(rule))
            break


def _endable(space: Space, base: Node, ended: Node, held: Node) -> Node:
    """Return from where in ``base`` something that can happen leads to ``ended``, at least from where in ``held``.

    Facts come at any time, one or several; the marks of a clock are reached only where no rule stops it.
    """
    facts = [name for name in space.bdd.vars if name.startswith(("signal ", "check ", "done ", "count "))]
    statuses = [f"status={value}" for value in space.domains["status"]]
    stopped = {
        clock: space.any_of(space.node(rule.when) for rule in space.policy.rules if clock in rule.pauses)
        for clock in space.breaks
    }
    while True:
        before = ended
        for name in facts:
            ended = ended | space.bdd.let({name: True}, ended)
        ended = ended | space.bdd.exist(statuses, ended)
        if held & ~ended == space.bdd.false:
            return ended
        ended = ended & base
        for clock, still in stopped.items():
            for mark in reversed(space.marks(clock)):
                ended = ended | (base & ~still & space.bdd.let({mark: True}, ended))
        if ended == before:
            return ended


def _holds_still(rule: Rule) -> Claim:
    def claim(verdict: Verdict, _: Situation) -> bool:
        return any(rule.id in rules for _, rules in verdict.paused)

    return claim
