"""Paths: whether an escalation leads to somebody who is there, and whether a ticket can always go on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policy.calendars import Calendar, to_instant
from policy.lint.acts import Acts, Demand
from policy.lint.conflict import told
from policy.lint.examples import Examples, every_owed
from policy.lint.findings import Finding, about, finding, listed
from policy.lint.space import Node, Space
from policy.lint.span import YEARS, first_day
from policy.loading import Policy
from policy.situation import RESOLVED, Situation
from policy.verdict import ActKey, Verdict

ESCALATE = "escalate"
REACHING = (ESCALATE, "notify")
"""Acts that need somebody at the other end."""


def nobody_there(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield roles to whom rules escalate or send word, or who owe something, and whom nobody plays.

    A role is played by a tier, by the contact it names, by a contact that ``serves`` it, or by whoever an act of the
    policy names for it (a role that an ``assign_…`` act is about).
    """
    policy = space.policy
    for role in policy.doc.vocabulary.roles:
        if _is_played(policy, role):
            continue
        reaching = [d for d in acts.demands if d.key[0] in REACHING and d.key[1] == role]
        owing = [d for d in acts.demands if d.owner == role]
        demands = reaching or owing
        if not demands:
            continue
        rules = list(dict.fromkeys(d.rule.id for d in demands))
        what = "sends tickets or word there" if reaching else "makes it owe something"
        found = about(
            policy, "path-nobody", rules, f"nobody plays the role {role}, and {listed(rules)} {what}",
            f"name a contact for it under vocabulary.roles.{role}, or let a contact serve it",
        )  # fmt: skip

        def claim(verdict: Verdict, _: Situation, role: str = role) -> bool:
            return any(role in (one.to, one.owner) for one in every_owed(verdict))

        yield examples.shown(found, space.any_of(d.where for d in demands), claim)


def _is_played(policy: Policy, role: str) -> bool:
    doc = policy.doc.vocabulary.roles[role]
    served = any(contact.serves == role for contact in policy.contacts.values())
    return doc.tier or doc.contact is not None or served or role == "customer"


def stuck(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield tiers in which a ticket of some kind can get stuck: beyond what the tier can do, and no way on."""
    onward = space.any_of(d.where for d in acts.demands if d.key[0] == ESCALATE)
    onward = onward | space.any_of(leave.where for leave in acts.leaves if leave.key[0] == ESCALATE)
    for tier, doc in space.policy.tiers.items():
        here = space.possible & space.is_value("tier", tier) & ~space.is_value("status", RESOLVED)
        kinds = [name for name in space.policy.categories if name not in doc.capabilities]
        left = [name for name in kinds if here & space.is_value("category", name) & onward == space.bdd.false]
        if not left:
            continue
        found = finding(
            space.policy, "path-stuck", ("tiers", tier),
            f"{tier} cannot solve {listed(left)}, and no rule ever lets it pass such a ticket on",
            f"add a rule that escalates from {tier}, or add what it can solve to its capabilities",
        )  # fmt: skip

        def claim(verdict: Verdict, _: Situation) -> bool:
            verbs = [one.verb for one in every_owed(verdict)] + [one.verb for one in verdict.permissions]
            return ESCALATE not in verbs

        yield examples.shown(found, here & space.any_of(space.is_value("category", name) for name in left), claim)


@dataclass(frozen=True, slots=True)
class _Move:
    """A ticket is moved from a tier to a tier by some rules; ``state`` is where, whatever the visit was like."""

    rules: tuple[str, ...]
    where: Node
    state: Node


def circles(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield circles of tiers in which rules alone send a ticket round, nothing else having changed.

    What a move changes by itself (the tier, the clocks of the visit, what was done) is left open; that a circle can
    be run through is claimed only if one state of everything else obliges to every step of it.
    """
    moves = _moves(space, acts)
    for circle in _simple_circles(moves):
        steps = [moves[a, b] for a, b in zip(circle, (*circle[1:], circle[0]), strict=True)]
        state = space.all_of(step.state for step in steps)
        start = steps[0].where & state
        if start == space.bdd.false:
            continue
        rules = list(dict.fromkeys(name for step in steps for name in step.rules))
        way = f"{' → '.join((*circle, circle[0]))}"
        found = about(
            space.policy, "path-circle", rules, f"{listed(rules)} send a ticket in a circle: {way}",
            "let the way back depend on something that the way there changes",
        )  # fmt: skip
        target = circle[1] if len(circle) > 1 else circle[0]

        def claim(verdict: Verdict, _: Situation, target: str = target) -> bool:
            return any(one.verb == ESCALATE and one.to == target for one in every_owed(verdict))

        yield examples.shown(found, start, claim)


def _moves(space: Space, acts: Acts) -> dict[tuple[str, str], _Move]:
    tiers = space.domains["tier"]
    changed = [f"tier={tier}" for tier in tiers] + [space.deed_name(deed) for deed in space.deeds]
    changed += [*space.marks("no_progress"), *space.marks("unresolved")]
    changed += [name for name in space.bdd.vars if name.startswith("earlier ")]
    found: dict[tuple[str, str], _Move] = {}
    for a in tiers:
        for b in tiers:
            demands = [d for d in acts.demands if d.key[:2] == (ESCALATE, b)]
            here = space.is_value("tier", a) & ~space.is_value("status", RESOLVED)
            parts = [(d.rule.id, d.where & here) for d in demands]
            parts = [part for part in parts if part[1] != space.bdd.false]
            if parts:
                where = space.any_of(part for _, part in parts)
                state = space.bdd.exist(changed, where)
                found[a, b] = _Move(tuple(dict.fromkeys(name for name, _ in parts)), where, state)
    return found


def _simple_circles(moves: Mapping[tuple[str, str], object]) -> Iterator[tuple[str, ...]]:
    """Yield each circle once, from the first of its tiers."""
    order = list(dict.fromkeys(tier for move in moves for tier in move))

    def walk(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for a, b in moves:
            if a != path[-1]:
                continue
            if b == path[0]:
                yield path
            elif b not in path and order.index(b) > order.index(path[0]):
                yield from walk((*path, b))

    for tier in order:
        yield from walk((tier,))


# -- hours -------------------------------------------------------------------------------------------------------


def availability(policy: Policy, role: str) -> Calendar | None:
    """Return on which calendar somebody plays a role; ``None`` where the policy does not say."""
    doc = policy.doc.vocabulary.roles[role]
    name = doc.available or (policy.tiers[role].calendar if role in policy.tiers else None)
    if name == "always" and name not in policy.calendars:
        return Calendar.always()
    return None if name is None else policy.calendars[name]


def unstated_hours(space: Space, acts: Acts) -> list[str]:
    """Return the roles that rules reach and of which the policy does not say when they are there."""
    reached = dict.fromkeys(d.key[1] for d in acts.demands if d.key[0] in REACHING)
    return [role for role in reached if role is not None and availability(space.policy, role) is None]


def out_of_hours(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield rules by which somebody is to be reached in time at hours at which nobody is there."""
    late: dict[tuple[str, str], list[Demand]] = {}
    for demand in acts.demands:
        role = demand.key[1]
        if demand.key[0] not in REACHING or role is None or not math.isfinite(demand.length.first):
            continue
        there = availability(space.policy, role)
        if there is not None and _reaches_beyond(space.policy, space.policy.calendars[demand.length.calendar], there):
            late.setdefault((demand.rule.id, role), []).append(demand)
    for (rule, role), demands in late.items():
        there = availability(space.policy, role)
        assert there is not None
        hours = there.name or "its calendar"
        found = about(
            space.policy, "out-of-hours", [rule],
            f"{rule}: {told(demands[0].key)} counts time outside the hours of {role} ({hours})",
            f"make {role} available then (vocabulary.roles.{role}.available), or send it to somebody who is there",
        )  # fmt: skip
        keys = frozenset(demand.key for demand in demands)

        def claim(verdict: Verdict, _: Situation, keys: frozenset[ActKey] = keys, rule: str = rule) -> bool:
            return any(one.key in keys and rule in one.rules for one in every_owed(verdict))

        yield examples.shown(found, space.any_of(d.where for d in demands), claim)


def _reaches_beyond(policy: Policy, counted: Calendar, there: Calendar) -> bool:
    """Return whether some minute that a rule counts within two years lies outside the hours of a role."""
    if there.always_open or counted is there:
        return False
    if counted.always_open:
        return True
    start = to_instant(first_day(policy))
    opens, closes = counted.tables(start, start + YEARS)
    return any(there.open_minutes(a, b) < b - a for a, b in zip(opens.tolist(), closes.tolist(), strict=True))
