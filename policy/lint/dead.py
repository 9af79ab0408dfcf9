"""What has no effect: rules that never hold, rules that others make superfluous, parts that say nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from policy.building import Rule
from policy.conditions import All, Always, AnyOf, ClockReaches, Condition, Named, Not
from policy.lint.acts import Acts, Ban, Demand, Leave, Length, covers
from policy.lint.cover import Task, smallest_cover
from policy.lint.examples import Examples, decided, without
from policy.lint.findings import Finding, about, finding, listed, undecided
from policy.lint.since import begin_together, begins_no_later
from policy.lint.space import Node, Space
from policy.lint.wording import written
from policy.rulebook import Rulebook
from policy.situation import Situation
from policy.verdict import Verdict
from policy.yaml_source import KeyPath

Regions = dict[str, Node]


def deciding(space: Space) -> list[Rule]:
    """Return the rules that have an effect."""
    return [r for r in space.policy.rules if r.define or r.obliges or r.permits or r.forbids or r.pauses]


# -- rules that never hold ---------------------------------------------------------------------------------------


def dead_rules(space: Space) -> Iterator[Finding]:
    """Yield rules that hold nowhere; those whose timer is set to none on purpose are only noted."""
    for rule in deciding(space):
        if space.rule(rule) != space.bdd.false:
            continue
        if space.node(switched_on(rule.when)) & space.possible != space.bdd.false:
            yield about(
                space.policy, "switched-off", [rule.id], f"{rule.id}: never holds, because its timer is set to none",
                "nothing to do, if that is meant",
            )  # fmt: skip
            continue
        yield about(
            space.policy, "dead-rule", [rule.id], f"{rule.id}: can never hold: {written(rule.when)}",
            "its parts exclude each other, or something under impossible excludes them; mend or remove it",
        )  # fmt: skip


def switched_on(condition: Condition) -> Condition:
    """Return a condition in which every timer that is set to none has run out."""
    match condition:
        case ClockReaches() if condition.figure.fixed is None and condition.figure.by is None:
            return Always()
        case All():
            return All(tuple(switched_on(part) for part in condition.inner))
        case AnyOf():
            return AnyOf(tuple(switched_on(part) for part in condition.inner))
        case Not():
            return Not(switched_on(condition.inner))
        case Named():
            return switched_on(condition.inner)
    return condition


# -- rules that others make superfluous --------------------------------------------------------------------------


def duplicates(space: Space, examples: Examples) -> Iterator[Finding]:
    """Yield groups of rules that hold in the same situations and do the same."""
    for group in duplicate_groups(space):
        ids = [rule.id for rule in group]
        found = about(
            space.policy, "duplicate", ids, f"{listed(ids)} hold in the same situations and say the same",
            "keep one of them, and name the other under covers",
        )  # fmt: skip
        yield examples.of_rules(found, space.rule(group[0]), *ids)


def duplicate_groups(space: Space) -> list[list[Rule]]:
    """Return rules with the same condition and the same effects, two or more in a group."""
    groups: list[list[Rule]] = []
    for rule in deciding(space):
        if space.rule(rule) == space.bdd.false:
            continue
        for group in groups:
            if _same(space, group[0], rule):
                group.append(rule)
                break
        else:
            groups.append([rule])
    return [group for group in groups if len(group) > 1]


def _same(space: Space, a: Rule, b: Rule) -> bool:
    effects = [(r.define, r.obliges, r.permits, r.forbids, r.pauses) for r in (a, b)]
    if effects[0] != effects[1] or space.rule(a) != space.rule(b):
        return False
    return not (a.obliges or a.define) or begin_together(a.when, b.when)


def shadowed(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield rules that could be taken out without any verdict becoming another one, and the fewest rules that do it.

    Rules are taken out one by one, the last of the file first, and are then no reason to take out another. Where only
    the instant from which a due counts is in doubt, the finding is not proved.
    """
    gone = {rule.id for group in duplicate_groups(space) for rule in group[1:]}
    keys = tuple(dict.fromkeys(one.key for group in (acts.demands, acts.bans, acts.leaves) for one in group))
    for rule in reversed(deciding(space)):
        space.check_time()
        if space.rule(rule) == space.bdd.false or rule.id in gone:
            continue
        proved, supposed = _tasks(space, acts, rule, gone)
        names = smallest_cover(space, proved)
        sure = names is not None
        names = smallest_cover(space, supposed) if names is None else names
        if names is None:
            continue
        found = about(
            space.policy, "shadowed", [rule.id, *names],
            f"{rule.id}: has no effect, because {listed(names)} {'asks' if len(names) == 1 else 'together ask'} "
            "as much wherever it holds",
            "remove it, or name it under covers of the other",
        )  # fmt: skip
        if not sure:
            yield undecided(found, "unless it begins to hold at another instant than they do")
            continue
        gone.add(rule.id)
        rest = Rulebook(without(space.policy, rule.id))

        def claim(verdict: Verdict, s: Situation, rest: Rulebook = rest) -> bool:
            return decided(verdict, keys) == decided(rest.verdict(s), keys)

        yield examples.shown(found, space.rule(rule), claim)


def _tasks(space: Space, acts: Acts, rule: Rule, gone: set[str]) -> tuple[list[Task], list[Task]]:
    """Return what would have to be covered for a rule to be superfluous: surely, and but for the instants."""
    sure: list[Task] = []
    maybe: list[Task] = []

    def add(target: Node, proved: Regions, supposed: Regions) -> None:
        sure.append(Task(target, proved))
        both = {name: proved.get(name, space.bdd.false) | supposed.get(name, space.bdd.false)
                for name in (*proved, *supposed)}  # fmt: skip
        maybe.append(Task(target, both))

    for demand in acts.demands:
        if demand.rule is rule:
            add(demand.where, *_as_demanding(space, acts, demand, gone))
    for ban in acts.bans:
        if ban.rule is rule:
            others = (o for o in acts.bans if o.rule is not rule and o.rule.id not in gone and _as_forbidding(o, ban))
            add(ban.where, _regions(space, others), {})
    for leave in acts.leaves:
        if leave.rule is rule:
            leaves = (o for o in acts.leaves if o.rule is not rule and o.rule.id not in gone)
            add(leave.where, _regions(space, (o for o in leaves if covers(o.key, leave.key))), {})
    for clock in rule.pauses:
        pausing = (r for r in deciding(space) if r is not rule and r.id not in gone and clock in r.pauses)
        add(space.rule(rule), {r.id: space.rule(r) for r in pausing}, {})
    if rule.define:
        add(space.rule(rule), *_as_grave(space, rule, gone))
    return sure, maybe


def _regions(space: Space, parts: Iterable[Demand | Ban | Leave]) -> Regions:
    found: Regions = {}
    for part in parts:
        found[part.rule.id] = found.get(part.rule.id, space.bdd.false) | part.where
    return found


def _as_demanding(space: Space, acts: Acts, demand: Demand, gone: set[str]) -> tuple[Regions, Regions]:
    proved: Regions = {}
    supposed: Regions = {}
    for other in acts.demands_of(demand.key):
        if other.rule is demand.rule or other.rule.id in gone or not _stricter(space, other, demand):
            continue
        where = other.where & _ripe_with(space, other, demand)
        a, b = other.rule.when, demand.rule.when
        counts_alike = other.effect.earlier_counts and begins_no_later(a, b)
        found = proved if counts_alike or begin_together(a, b) else supposed
        found[other.rule.id] = found.get(other.rule.id, space.bdd.false) | where
    return proved, supposed


def _stricter(space: Space, a: Demand, b: Demand) -> bool:
    """Return whether ``a`` asks at least what ``b`` asks, counted from the same instant."""
    one, two = a.effect, b.effect
    if (one.target, one.earlier_counts) != (two.target, two.earlier_counts):
        return False
    if one.weight < two.weight or one.critical < two.critical or not _no_later(space, a.length, b.length):
        return False
    sooner = a.length.calendar == b.length.calendar and a.length.first < b.length.first
    return sooner or (a.owner, one.dimension) == (b.owner, two.dimension)


def _no_later(space: Space, a: Length, b: Length) -> bool:
    calendars = space.policy.calendars
    if a.calendar != b.calendar and not calendars[a.calendar].always_open:
        return False
    same_kind = math.isinf(a.repeat) == math.isinf(b.repeat)
    return same_kind and a.first <= b.first and a.repeat <= b.repeat


def _ripe_with(space: Space, a: Demand, b: Demand) -> Node:
    """Return where ``a`` can be met at once if ``b`` can."""
    mine, other = a.effect.waits_for, b.effect.waits_for
    if mine is None or mine == other:
        return space.bdd.true
    return space.node(mine) if other is None else space.node(mine) | ~space.node(other)


def _as_forbidding(a: Ban, b: Ban) -> bool:
    one, two = a.effect, b.effect
    graded = one.weight >= two.weight and one.critical >= two.critical and one.dimension == two.dimension
    return covers(a.key, b.key) and (two.residual or not one.residual) and graded


def _as_grave(space: Space, rule: Rule, gone: set[str]) -> tuple[Regions, Regions]:
    order = list(space.policy.priorities)
    proved: Regions = {}
    supposed: Regions = {}
    for other in space.policy.rules:
        if other is rule or other.define is None or rule.define is None or other.id in gone:
            continue
        if order.index(other.define) > order.index(rule.define):
            continue
        graver = other.define != rule.define
        (proved if graver or begins_no_later(other.when, rule.when) else supposed)[other.id] = space.rule(other)
    return proved, supposed


# -- parts of conditions that say nothing ------------------------------------------------------------------------


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
    yield from _cases(space)


_WORDS = {"always-true": "is always true", "never-true": "is never true"}


def _elsewhere(space: Space) -> Iterator[tuple[KeyPath, str, Condition]]:
    seen: set[str] = set()
    for rule in space.policy.rules:
        for part in rule.when.parts():
            if isinstance(part, Named) and part.name not in seen:
                seen.add(part.name)
                yield ("conditions", part.name), part.name, part.inner


def _cases(space: Space) -> Iterator[Finding]:
    """Yield cases of relative roles and of the calendar that are never reached."""
    lists: list[tuple[KeyPath, str, list[Condition]]] = [
        (("vocabulary", "relative_roles", name, "cases"), name, [when for when, _ in role.cases])
        for name, role in space.policy.relative_roles.items()
    ]
    lists.append((("calendar_of",), "calendar_of", [when for when, _ in space.policy.calendar_cases]))
    for path, name, cases in lists:
        left = space.possible
        for index, when in enumerate(cases):
            if left & space.node(when) == space.bdd.false:
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


