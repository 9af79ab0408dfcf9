"""Conflicts: rules that cannot both be kept, where the policy does not say which of them holds.

``settles`` of the policy file says so for four kinds of conflict. A kind that is settled is none; where a key is taken
out, every place is reported in which rules meet so. Rules that agree on the outcome are no conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from policy.lint.acts import Acts, Demand, Leave, Length, covers, overlap
from policy.lint.examples import Examples, every_owed
from policy.lint.findings import Finding, about, agreeing, listed
from policy.lint.space import Node, Space
from policy.situation import Situation
from policy.verdict import ActKey, Verdict


def told(key: ActKey) -> str:
    """Return an act in short: ``escalate to T3``."""
    verb, to, via, what = key
    said = [verb, what or "", f"to {to}" if to else "", f"by {via}" if via else ""]
    return " ".join(part for part in said if part)


def demand_and_ban(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield, for each rule that forbids, the rules that demand the same act in the same situation.

    A target is a result to reach, and demands no act at once.
    """
    if space.policy.doc.settles.demand_and_ban:
        return
    for ban_id in dict.fromkeys(ban.rule.id for ban in acts.bans):
        clashes = [
            (demand, ban, ban.where & ripe(space, demand))
            for ban in acts.bans
            if ban.rule.id == ban_id
            for demand in acts.demands
            if covers(ban.key, demand.key) and not demand.effect.target
        ]
        clashes = [clash for clash in clashes if clash[2] != space.bdd.false]
        if not clashes:
            continue
        rules = list(dict.fromkeys(demand.rule.id for demand, _, _ in clashes))
        found = about(
            space.policy, "demand-and-ban", dict.fromkeys([ban_id, *rules]),
            f"{ban_id} forbids what {_who(ban_id, rules, 'demands', 'demand')}",
            "say in settles which holds (demand_and_ban: demand), or except the one from the other with unless",
        )  # fmt: skip
        wanted = frozenset(demand.key for demand, _, _ in clashes)

        def claim(verdict: Verdict, s: Situation, wanted: frozenset[ActKey] = wanted, ban_id: str = ban_id) -> bool:
            bans = examples.bans_of(ban_id, s)
            return any(
                one.ripe and one.key in wanted and any(ban.to in (None, one.to) for ban in bans)
                for one in every_owed(verdict)
            )

        yield examples.shown(found, space.any_of(where for _, _, where in clashes), claim)


def _who(ban_id: str, rules: list[str], one: str, several: str) -> str:
    if rules == [ban_id]:
        return f"it {one} itself"
    return agreeing(["it", *(rule for rule in rules if rule != ban_id)] if ban_id in rules else rules, one, several)


def ripe(space: Space, demand: Demand) -> Node:
    """Return where a demand can be met at once: it does not wait for anything, or what it waits for is there."""
    waits = demand.effect.waits_for
    return demand.where if waits is None else demand.where & space.node(waits)


def permission_and_ban(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield, for each rule that forbids, the rules that allow the same act in the same situation."""
    if space.policy.doc.settles.permission_and_ban:
        return
    for ban_id in dict.fromkeys(ban.rule.id for ban in acts.bans):
        clashes: list[tuple[Leave, Node]] = [
            (leave, ban.where & leave.where)
            for ban in acts.bans
            if ban.rule.id == ban_id
            for leave in acts.leaves
            if overlap(ban.key, leave.key)
        ]
        clashes = [clash for clash in clashes if clash[1] != space.bdd.false]
        if not clashes:
            continue
        rules = list(dict.fromkeys(leave.rule.id for leave, _ in clashes))
        found = about(
            space.policy, "permission-and-ban", dict.fromkeys([ban_id, *rules]),
            f"{ban_id} forbids what {_who(ban_id, rules, 'allows', 'allow')}",
            "say in settles which holds (permission_and_ban: residual), or except the one from the other with unless",
        )  # fmt: skip
        allowed = frozenset(rules)

        def claim(verdict: Verdict, s: Situation, allowed: frozenset[str] = allowed, ban_id: str = ban_id) -> bool:
            allows = any(allowed.intersection(one.rules) for one in verdict.permissions)
            return allows and bool(examples.bans_of(ban_id, s))

        yield examples.shown(found, space.any_of(where for _, where in clashes), claim)


def two_dues(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield, for each act, the rules that give it different lengths in one situation."""
    if space.policy.doc.settles.two_dues:
        return
    clashes: dict[tuple[str, ...], list[tuple[ActKey, Node]]] = {}
    for key in dict.fromkeys(demand.key for demand in acts.demands):
        of_length: dict[Length, list[Demand]] = {}
        for demand in acts.demands_of(key):
            of_length.setdefault(demand.length, []).append(demand)
        both = space.bdd.false
        for a, b in combinations(of_length, 2):
            if differ(space, a, b):
                both = both | (_any(space, of_length[a]) & _any(space, of_length[b]))
        if both == space.bdd.false:
            continue
        clashes.setdefault(tuple(_that_differ(space, of_length)), []).append((key, both))
    for rules, places in clashes.items():
        acts_told = listed(told(key) for key, _ in places)
        found = about(
            space.policy, "two-dues", rules,
            f"{agreeing(rules, 'sets', 'set')} different dues for one act: {acts_told}",
            "say in settles which holds (two_dues: stricter), or give the act one due",
        )  # fmt: skip
        keys = [key for key, _ in places]

        def claim(verdict: Verdict, s: Situation, keys: list[ActKey] = keys, rules: tuple[str, ...] = rules) -> bool:
            cited = {one.key: one.rules for one in every_owed(verdict)}
            named = [key for key in keys if set(rules).intersection(cited.get(key, ()))]
            return any(len(examples.dues_of(rules, key, s)) > 1 for key in named)

        yield examples.shown(found, space.any_of(where for _, where in places), claim)


def differ(space: Space, a: Length, b: Length) -> bool:
    """Return whether two lengths from one instant may end at different instants."""
    calendars = space.policy.calendars
    same = a.calendar == b.calendar or (calendars[a.calendar].always_open and calendars[b.calendar].always_open)
    either_once = a.repeat == float("inf") or b.repeat == float("inf")
    return not same or a.first != b.first or not (either_once or a.repeat == b.repeat)


def _that_differ(space: Space, of_length: dict[Length, list[Demand]]) -> Iterable[str]:
    found: dict[str, None] = {}
    for length, demands in of_length.items():
        others = space.any_of(_any(space, of_length[o]) for o in of_length if differ(space, length, o))
        found.update((d.rule.id, None) for d in demands if d.where & others != space.bdd.false)
    order = {rule.id: index for index, rule in enumerate(space.policy.rules)}
    return sorted(found, key=order.__getitem__)


def _any(space: Space, demands: Iterable[Demand]) -> Node:
    return space.any_of(demand.where for demand in demands)


def two_priorities(space: Space, examples: Examples) -> Iterator[Finding]:
    """Yield, for each two priorities, the rules that define a situation as the one and as the other."""
    if space.policy.doc.settles.two_priorities:
        return
    defining = [rule for rule in space.policy.rules if rule.define]
    for a, b in combinations(space.policy.priorities, 2):
        both = space.defined_by[a] & space.defined_by[b] & space.possible
        if both == space.bdd.false:
            continue
        rules = [r.id for r in defining if r.define in (a, b) and space.rule(r) & both != space.bdd.false]
        found = about(
            space.policy, "two-priorities", rules, f"{listed(rules)} make some tickets {a} and {b} at once",
            "say in settles which holds (two_priorities: graver), or except the one from the other with unless",
        )  # fmt: skip

        def claim(verdict: Verdict, s: Situation, rules: list[str] = rules, pair: tuple[str, str] = (a, b)) -> bool:
            said = {examples.alone(id_, s).priority for id_ in rules if id_ in verdict.priority_rules}
            return verdict.priority == pair[0] and said == {pair[0]} and _says(examples, rules, s, pair[1])

        yield examples.shown(found, both, claim)


def _says(examples: Examples, rules: Iterable[str], situation: Situation, priority: str) -> bool:
    return any(
        examples.alone(id_, situation).priority_rules and examples.alone(id_, situation).priority == priority
        for id_ in rules
    )
