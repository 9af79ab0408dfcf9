"""Conditions, and parts of conditions, that are always true or never where they stand."""

from __future__ import annotations

from collections.abc import Iterator

from policy.conditions import All, Always, AnyOf, Condition, Named, Not
from policy.lint.dead import deciding, switched_on
from policy.lint.examples import Examples
from policy.lint.findings import Finding, about, finding
from policy.lint.space import Node, Space
from policy.lint.wording import written
from policy.source import KeyPath


def idle_parts(space: Space, examples: Examples) -> Iterator[Finding]:
    """Yield parts of conditions that always hold, or never, where they stand."""
    shared = {rule.id for g in space.policy.doc.groups if g.when is not None for rule in g.rules}
    for rule in deciding(space):
        if space.rule(rule) in (space.bdd.false, space.possible):  # dead, or a condition that says nothing at all
            continue
        for code, part in _idle(space, rule.when, space.possible, keep_first=rule.id in shared):
            found = about(
                space.policy, code, [rule.id], f"{rule.id}: {written(part)} {_WORDS[code]} where it stands",
                "leave it out, or write what was meant",
            )  # fmt: skip
            yield examples.of_rules(found, space.rule(rule), rule.id)
    for path, name, condition in _elsewhere(space):
        if not isinstance(condition, Always):
            whole = space.possible & ~space.node(condition) == space.bdd.false
            idle = [("always-true", condition)] if whole else list(_idle(space, condition, space.possible))
            for code, part in idle:
                yield finding(
                    space.policy, code, path, f"{name}: {written(part)} {_WORDS[code]} where it stands",
                    "leave it out, or write what was meant", [name],
                )  # fmt: skip
    yield from _waits(space, examples)
    yield from _cases(space)


def _waits(space: Space, examples: Examples) -> Iterator[Finding]:
    """Yield what a rule's acts wait for, where that is always there while the rule holds, or never."""
    for rule in space.policy.rules:
        base = space.rule(rule)
        conditions = dict.fromkeys(one.waits_for for one in rule.obliges if one.waits_for is not None)
        for condition in conditions if base != space.bdd.false else ():
            there = space.node(condition)
            idle: list[tuple[str, Condition]]
            if base & ~there == space.bdd.false:
                idle = [("always-true", condition)]
            elif base & there == space.bdd.false:
                off = base & space.node(switched_on(condition)) != space.bdd.false
                idle = [] if off else [("never-true", condition)]
            else:
                idle = list(_idle(space, condition, base))
            for code, part in idle:
                found = about(
                    space.policy, code, [rule.id],
                    f"{rule.id}: waits_for: {written(part)} {_WORDS[code]} where it stands",
                    "leave it out, or write what the act is to wait for",
                )  # fmt: skip
                yield examples.of_rules(found, base, rule.id)


_WORDS = {"always-true": "is always true", "never-true": "is never true"}


def _elsewhere(space: Space) -> Iterator[tuple[KeyPath, str, Condition]]:
    seen: set[str] = set()
    for rule in space.policy.rules:
        for part in rule.when.parts():
            if isinstance(part, Named) and part.name not in seen:
                seen.add(part.name)
                yield ("conditions", part.name), part.name, part.inner


def _cases(space: Space) -> Iterator[Finding]:
    """Yield cases of relative roles and of the calendar that are never reached, and parts of them that say nothing."""
    lists: list[tuple[KeyPath, str, list[Condition]]] = [
        (("vocabulary", "relative_roles", name, "cases"), name, [when for when, _ in role.cases])
        for name, role in space.policy.relative_roles.items()
    ]
    lists.append((("calendar_of",), "calendar_of", [when for when, _ in space.policy.calendar_cases]))
    for path, name, cases in lists:
        left = space.possible
        for index, when in enumerate(cases):
            here = left & space.node(when)
            takes_all = here == left and index + 1 < len(cases) and not isinstance(when, Always)
            parts = [("always-true", when)] if takes_all else list(_idle(space, when, left))
            for code, part in parts if here != space.bdd.false else ():
                yield finding(
                    space.policy, code, (*path, index),
                    f"{name}: {written(part)} {_WORDS[code]} in its case {index + 1}",
                    "leave it out, or write what was meant", [name],
                )  # fmt: skip
            if here == space.bdd.false:
                yield finding(
                    space.policy, "never-true", (*path, index), f"{name}: its case {index + 1} is never reached",
                    "remove it, or put it before the case that takes everything", [name],
                )  # fmt: skip
            left = left & ~space.node(when)


def _idle(
    space: Space, condition: Condition, context: Node, *, keep_first: bool = False
) -> Iterator[tuple[str, Condition]]:
    """Yield parts that make no difference, given what holds around them (``context``); named ones stand elsewhere."""
    if isinstance(condition, Not):
        yield from _idle(space, condition.inner, context)
    elif isinstance(condition, AnyOf):
        for part in condition.inner:
            if context & space.node(part) == space.bdd.false:
                if space.node(switched_on(part)) & context == space.bdd.false:
                    yield "never-true", part
            else:
                yield from _idle(space, part, context)
    elif isinstance(condition, All):
        kept = [part for part in condition.inner if not isinstance(part, Always)]
        for part in reversed(list(kept)):
            others = context & space.all_of(space.node(other) for other in kept if other is not part)
            if keep_first and part is condition.inner[0]:
                continue
            if others & ~space.node(part) == space.bdd.false and others != space.bdd.false:
                if len(kept) > 1:
                    yield "always-true", part
                kept = [other for other in kept if other is not part]
            else:
                yield from _idle(space, part, others)
