"""Hours: whether those whom rules reach, and those who owe something, are there when time is counted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from policy.calendars import Calendar, to_instant
from policy.durations import format_minutes
from policy.lint.acts import Acts, Demand
from policy.lint.conflict import told
from policy.lint.examples import Examples, every_owed
from policy.lint.findings import Finding, about, finding
from policy.lint.paths import REACHING
from policy.lint.space import Space
from policy.lint.span import YEARS, add_to_each, first_day
from policy.loading import Policy
from policy.situation import Situation
from policy.verdict import ActKey, Verdict


def availability(policy: Policy, role: str) -> Calendar | None:
    """Return on which calendar somebody plays a role; ``None`` where the policy does not say."""
    doc = policy.doc.vocabulary.roles[role]
    name = doc.available or (policy.tiers[role].calendar if role in policy.tiers else None)
    if name == "always" and name not in policy.calendars:
        return Calendar.always()
    return None if name is None else policy.calendars[name]


def out_of_hours(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield rules by which somebody is to be reached, or to do something, in time that is not theirs.

    Who is to be reached must be there whenever time is counted; who owes something, for some of the time there is for
    it. Tiers that owe something are left out: a ticket is in the hands of somebody who is at work. Roles of which the
    policy does not say when they are there are named, as not proved.
    """
    timed = [demand for demand in acts.demands if math.isfinite(demand.length.first)]
    yield from _reached(space, [demand for demand in timed if demand.key[0] in REACHING], examples)
    yield from _owing(space, [d for d in timed if not space.policy.doc.vocabulary.roles[d.owner].tier], examples)
    yield from _unstated(space.policy, acts)


def _reached(space: Space, demands: Iterable[Demand], examples: Examples) -> Iterator[Finding]:
    late: dict[tuple[str, str], list[Demand]] = {}
    for demand in demands:
        role = demand.key[1]
        there = None if role is None else availability(space.policy, role)
        counted = space.policy.calendars[demand.length.calendar]
        if role is not None and there is not None and _reaches_beyond(space.policy, counted, there):
            late.setdefault((demand.rule.id, role), []).append(demand)
    for (rule, role), missed in late.items():
        found = about(
            space.policy, "out-of-hours", [rule],
            f"{rule}: {told(missed[0].key)} counts time outside the hours of {role} ({_hours(space.policy, role)})",
            f"make {role} available then (vocabulary.roles.{role}.available), or send it to somebody who is there",
        )  # fmt: skip
        yield _shown(space, examples, found, rule, missed)


def _owing(space: Space, demands: Iterable[Demand], examples: Examples) -> Iterator[Finding]:
    late: dict[tuple[str, str], list[Demand]] = {}
    for demand in demands:
        there = availability(space.policy, demand.owner)
        counted = space.policy.calendars[demand.length.calendar]
        if there is not None and _may_run_out(space.policy, counted, there, demand.length.first):
            late.setdefault((demand.rule.id, demand.owner), []).append(demand)
    for (rule, owner), missed in late.items():
        least = min(demand.length.first for demand in missed)
        found = about(
            space.policy, "out-of-hours", [rule],
            f"{rule}: {owner} owes {told(missed[0].key)} within {format_minutes(least)}, all of which may lie outside "
            f"the hours of {owner} ({_hours(space.policy, owner)})",
            f"make {owner} available then (vocabulary.roles.{owner}.available), or let somebody owe it who is there",
        )  # fmt: skip
        yield _shown(space, examples, found, rule, missed)


def _shown(space: Space, examples: Examples, found: Finding, rule: str, demands: list[Demand]) -> Finding:
    keys = frozenset(demand.key for demand in demands)

    def claim(verdict: Verdict, _: Situation, keys: frozenset[ActKey] = keys) -> bool:
        return any(one.key in keys and rule in one.rules for one in every_owed(verdict))

    return examples.shown(found, space.any_of(demand.where for demand in demands), claim)


def _hours(policy: Policy, role: str) -> str:
    there = availability(policy, role)
    return (there.name if there is not None else "") or "its calendar"


def _unstated(policy: Policy, acts: Acts) -> Iterator[Finding]:
    """Yield the roles that rules reach, or that owe something, and of which nothing says when they are there."""
    of_role: dict[str, dict[str, None]] = {}
    for demand in acts.demands:
        named = [demand.key[1]] if demand.key[0] in REACHING else []
        named += [demand.owner] if math.isfinite(demand.length.first) else []
        for role in named:
            if role is not None and availability(policy, role) is None:
                of_role.setdefault(role, {})[demand.rule.id] = None
    for role, rules in of_role.items():
        found = finding(
            policy, "out-of-hours", ("vocabulary", "roles", role),
            f"nothing says when {role} is there, so whether it is reached in time cannot be told",
            f"name a calendar under vocabulary.roles.{role}.available", rules,
        )  # fmt: skip
        yield replace(found, severity="note", status="NOT PROVED")


def _reaches_beyond(policy: Policy, counted: Calendar, there: Calendar) -> bool:
    """Return whether some minute that a rule counts within two years lies outside the hours of a role."""
    if there.always_open or counted is there:
        return False
    if counted.always_open:
        return True
    start = to_instant(first_day(policy))
    opens, closes = counted.tables(start, start + YEARS)
    return any(there.open_minutes(a, b) < b - a for a, b in zip(opens.tolist(), closes.tolist(), strict=True))


def _may_run_out(policy: Policy, counted: Calendar, there: Calendar, minutes: float) -> bool:
    """Return whether some duty of this length that begins within two years ends before anybody was there.

    It begins at the worst instant, when a role has just left.
    """
    if there.always_open or counted is there:
        return False
    start = to_instant(first_day(policy))
    opens, closes = there.tables(start, start + YEARS)
    if not len(opens):
        return True
    gone, back = np.concatenate(([start], closes[:-1])), opens
    return bool((add_to_each(counted, gone, minutes) <= back).any())
