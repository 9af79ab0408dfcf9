"""What has no effect: rules that never hold, and rules that others make superfluous."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from policy.building import Rule
from policy.conditions import All, Always, AnyOf, ClockReaches, Condition, Named, Not
from policy.lint.acts import Acts, Ban, Demand, Leave, Length, covers
from policy.lint.axioms import with_whole
from policy.lint.cover import Task, smallest_cover
from policy.lint.examples import Examples, decided, says_something, without
from policy.lint.findings import Finding, about, listed, undecided
from policy.lint.since import begin_together, begins_no_later
from policy.lint.space import Node, Space
from policy.lint.wording import written
from policy.rulebook import Rulebook
from policy.situation import Situation
from policy.verdict import Verdict

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
    groups = duplicate_groups(space)
    gone = {rule.id for group in groups for rule in group[1:]}
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
        if not names:
            found = about(
                space.policy, "shadowed", [rule.id], f"{rule.id}: has no effect: wherever it holds, it names no act",
                "remove it, or let it hold where there is something to do (basic_checks needs a category with checks)",
            )  # fmt: skip

            def silent(verdict: Verdict, _: Situation, id_: str = rule.id) -> bool:
                return not says_something(verdict, id_)

            yield examples.shown(found, space.rule(rule), silent)
            continue
        found = about(
            space.policy, "shadowed", [rule.id, *names],
            f"{rule.id}{_twins(groups, rule)}: has no effect, because {listed(names)} {_as_much(rule, len(names))} "
            "wherever it holds",
            "remove it, or name it under covers of the other",
        )  # fmt: skip
        if not sure:
            later = all(no_later(space, other.when, rule.when) for other in space.policy.rules if other.id in names)
            yield undecided(found, _NEVER_FIRST if later else _ELSEWHEN)
            continue
        gone.add(rule.id)
        rest = Rulebook(without(space.policy, rule.id))

        def claim(verdict: Verdict, s: Situation, rest: Rulebook = rest) -> bool:
            return decided(verdict, keys) == decided(rest.verdict(s), keys)

        yield examples.shown(found, space.rule(rule), claim)


_ELSEWHEN = "unless it begins to hold at another instant than they do"
_NEVER_FIRST = "it begins no sooner, so it is never the first; but what is done before it begins does not count for it"


def no_later(space: Space, a: Condition, b: Condition) -> bool:
    """Return whether it is certain that wherever ``b`` holds, ``a`` holds too and began no later."""
    return begins_no_later(a, b) or (space.part_within_whole and begins_no_later(a, with_whole(b)))


def _twins(groups: list[list[Rule]], rule: Rule) -> str:
    """Return the rules that say the same as one, for a message: " (and b, which says the same)"."""
    twins = [other.id for group in groups if group[0] is rule for other in group[1:]]
    says = "says" if len(twins) == 1 else "say"
    return f" (and {listed(twins)}, which {says} the same)" if twins else ""


def _as_much(rule: Rule, others: int) -> str:
    """Return what ``others`` rules do as much as a rule, in words: "asks as much", "together allow as much"."""
    effects = {"ask": rule.obliges, "allow": rule.permits, "forbid": rule.forbids, "stop": rule.pauses}
    verbs = [verb for verb, effect in effects.items() if effect]
    if rule.define:
        verbs.append("make")
    verb = verbs[0] if len(verbs) == 1 else "say"
    told = {"stop": "the same clocks", "make": "it as grave"}.get(verb, "as much")
    return f"{verb}s {told}" if others == 1 else f"together {verb} {told}"


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
        counts_alike = other.effect.earlier_counts is True and no_later(space, a, b)
        found = proved if counts_alike or begin_together(a, b) else supposed
        found[other.rule.id] = found.get(other.rule.id, space.bdd.false) | where
    return proved, supposed


def _stricter(space: Space, a: Demand, b: Demand) -> bool:
    """Return whether ``a`` asks at least what ``b`` asks, counted from the same instant."""
    one, two = a.effect, b.effect
    if (one.target, one.earlier_counts, one.from_opening) != (two.target, two.earlier_counts, two.from_opening):
        return False
    if one.until is not None and one.until != two.until:  # what falls due late is not its
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
        (proved if graver or no_later(space, other.when, rule.when) else supposed)[other.id] = space.rule(other)
    return proved, supposed
