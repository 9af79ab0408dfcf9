"""Small random policies, every situation of them, and what the check should say, found by asking in each of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations, product
from typing import Any

from policy import Policy, Rulebook
from policy.building import Oblige, Rule
from policy.calendars import Calendar, to_instant
from policy.clocks import Clock
from policy.conditions import All, Always, Condition
from policy.lint.acts import covers, overlap
from policy.lint.space import Space
from policy.loading import build_policy
from policy.rulebook import _acts, _minutes
from policy.situation import OPEN, RESOLVED, Count, Deed, Situation
from policy.source import Source
from policy.verdict import ActKey

OPENED = to_instant(datetime(2025, 1, 6, 9, tzinfo=UTC))
SIGNALS = ("a", "b", "c")
CLOCKS = (("no_progress",), ("no_progress", "unresolved"), ("unresolved", "age"))
"""The clocks that the rules of one policy name; all three would be too many situations."""


def random_policy(seed: int) -> Policy:
    """Return a policy of some ten rules over a handful of words."""
    rng = random.Random(seed)
    clocks, said = rng.choice(CLOCKS), {"source": "Chance", "says": "By chance."}
    rules = [{"id": f"r{n}", **said, **_rule(rng, clocks)} for n in range(rng.randint(5, 11))]
    if rng.random() < 0.4:  # something to be found twice
        rules.append({**rng.choice(rules), "id": "again"})
    if rng.random() < 0.5:  # something that two others cover together
        whole, split = _condition(rng, 1, timed=clocks), {"signal": rng.choice(SIGNALS)}
        leave = {**said, "permit": {"act": "escalate", "to": "m"}}
        parts = {"whole": whole, "half": {"all": [whole, split]}, "rest": {"all": [whole, {"not": split}]}}
        rules += [{"id": name, **leave, "when": when} for name, when in parts.items()]
    graver = [rule for rule in rules if rule.get("define") == {"priority": "H"}]
    if graver and rng.random() < 0.7:  # a definition that another one makes superfluous
        when = {"all": [graver[0]["when"], {"signal": "b"}]}
        rules.append({"id": "weaker", **said, "when": when, "define": {"priority": "L"}})
    roles = {"t": {"label": "T", "tier": True}, "u": {"label": "U", "tier": True}, "m": {"label": "M", "contact": "m"}}
    data: dict[str, Any] = {
        "deskdrill_policy": 1, "name": "chance", "title": "Chance", "organisation": "Chance", "version": "1",
        "effective_from": "2025-01-01",
        "vocabulary": {
            "plans": {"p": "P"}, "roles": roles, "channels": {},
            "relative_roles": {
                "holder": {"label": "holder", "by_tier": {"t": "t", "u": "u"}},
                "next": {"label": "next", "cases": [{"when": {"signal": "a"}, "role": "m"}, {"role": "u"}]},
            },
            "acts": {v: {"label": v, "dimension": "process"} for v in ("escalate", "reply", "check", "set_priority")},
            "contents": {"x": {"label": "x"}, "y": {"label": "y"}},
            "signals": {name: name for name in SIGNALS}, "checks": {"k": "k"}, "counts": {"n": "n"},
            "categories": {"one": {"label": "one", "basic_checks": ["k"]}},
        },
        "precedence": ["duty"],
        "calendars": {"always": {"always_open": True}},
        "calendar_of": [{"use": "always"}],
        "tiers": {
            "t": {"label": "T", "team": "T", "calendar": "always", "response": {}, "capabilities": []},
            "u": {"label": "U", "team": "U", "calendar": "always", "response": {}, "capabilities": ["one"]},
        },
        "priorities": {
            name: {"label": name, "set_within": "5m", "first_response": "5m", "resolution": "8h"} for name in ("H", "L")
        },
        "prompt": {"H": "10m", "L": "20m"}, "figures": {}, "targets": {},
        "conditions": {"shared": _condition(rng, 1, timed=())},
        "impossible": [
            {"says": "Two states are enough.", "when": {"status": ["waiting_customer", "waiting_compliance"]}},
            {"says": "By chance.", "when": {"all": [{"signal": rng.choice(SIGNALS)}, _condition(rng, 0, timed=())]}},
        ],
        "groups": [{"title": "All", "layer": "duty", "rules": rules}],
        "contacts": {"m": {"id": "contact.m", "source": "Chance", "name": "M"}},
        "notices": {}, "metrics": [], "reports": [], "settlements": [],
    }  # fmt: skip
    return build_policy(Source("chance.yaml", data))


def _rule(rng: random.Random, clocks: tuple[str, ...]) -> dict[str, Any]:
    kind = rng.choice(("define", "oblige", "oblige", "oblige", "forbid", "permit", "pause"))
    timed = () if kind == "define" else clocks
    rule: dict[str, Any] = {"when": _condition(rng, 2, timed=timed)}
    if rng.random() < 0.2:
        rule["unless"] = _condition(rng, 0, timed=timed)
    act = rng.choice((
        {"act": "escalate", "to": rng.choice(("u", "m", "next"))},
        {"act": "reply", "what": rng.choice(("x", "y"))},
        {"act": "check", "what": "basic_checks"},
    ))  # fmt: skip
    if kind == "define":
        return {**rule, "define": {"priority": rng.choice("HL")}}
    if kind == "pause":
        stopped = rng.choice((["no_progress"], ["resolution"], ["no_progress", "unresolved"], ["unresolved"]))
        return {**rule, "pause": {"clocks": stopped}}
    if kind == "permit":
        return {**rule, "permit": act}
    if kind == "forbid":
        ban = {"act": "escalate"} if rng.random() < 0.5 else act
        return {**rule, "forbid": {**ban, "residual": rng.random() < 0.5}}
    length: dict[str, Any] = {"within": rng.choice(("10m", "20m", {"of": "prompt", "by": "priority"}))}
    if rng.random() < 0.2:
        length = {"repeat": rng.choice(("10m", "20m"))}
    if rng.random() < 0.3:
        length["waits_for"] = {"checked": "basic"}
    return {**rule, "oblige": {**act, **length, "earlier_counts": rng.random() < 0.6}}


def _condition(rng: random.Random, depth: int, *, timed: tuple[str, ...]) -> dict[str, Any]:
    if depth and rng.random() < 0.55:
        parts = [_condition(rng, depth - 1, timed=timed) for _ in range(rng.randint(2, 3))]
        return {rng.choice(("all", "any")): parts}
    leaves: list[dict[str, Any]] = [
        {"signal": rng.choice(SIGNALS)},
        {"signal": rng.sample(SIGNALS, 2)},
        {"tier": rng.choice("tu")},
        {"status": rng.choice((OPEN, RESOLVED))},
        {"checked": rng.choice(("k", "basic"))},
        {"count": {"name": "n", "at_least": 2}},
        {"earlier_signal": "a"},
    ]
    if timed:
        leaves += [
            {"priority": rng.choice("HL")},
            {"clock": {"name": rng.choice(timed), "reaches": rng.choice(("30m", "60m"))}},
            {"done": {"act": "escalate", "to": "u"}},
            {"is": "shared"},
        ]
    leaf = rng.choice(leaves)
    return {"not": leaf} if rng.random() < 0.3 else leaf


# -- every situation ---------------------------------------------------------------------------------------------


def every_situation(policy: Policy) -> list[Situation]:
    """Return one situation of each kind that the rules can tell apart, those that cannot be left out."""
    space = Space(policy)  # only for where the rules cut, not for what they say
    book = Rulebook(policy)
    earlier = [name for name in SIGNALS if f"earlier {name}" in space.bdd.vars]
    states = [(None, OPENED, *([OPENED - 1] if name in earlier else [])) for name in SIGNALS]
    marks = {name: (0.0, *space.breaks.get(name, ())) for name in ("no_progress", "unresolved", "age")}
    times = [time for time in product(*marks.values()) if _can_be(policy, marks, *time[:2])]
    deeds = [()] + [(Deed(d.verb, d.to, d.via, (), OPENED - 1),) for d in space.deeds if not d.in_visit]
    many = (0, 2) if "n" in space.counts else (0,)
    found = []
    for tier, status, category, stated, known, check, count, (part, whole, age), done in product(
        "tu", (OPEN, RESOLVED), (None, "one"), (None, "H", "L"), product(*states), (False, True), many, times, deeds
    ):
        elapsed = {"no_progress": part, "unresolved": whole}
        situation = Situation(
            now=OPENED + age, opened=OPENED, plan="p", tier=tier, category=category, tier_since=OPENED,
            stated_priority=stated, stated_since=OPENED, status=status, status_since=OPENED,
            signals={name: since for name, since in zip(SIGNALS, known, strict=True) if since is not None},
            checks={"k": OPENED} if check else {}, counts={"n": Count(count, OPENED)} if count else {}, deeds=done,
            clocks={
                name: Clock(Calendar.always(), state="paused", at=OPENED + age, elapsed_then=at)
                for name, at in elapsed.items()
            },
        )  # fmt: skip
        facts = book._facts(situation)
        if age and facts.priority[0] is None:  # it has no age
            continue
        if not any(one.when.ask(facts)[0] for one in policy.impossible):
            found.append(situation)
    return found


def _can_be(policy: Policy, marks: dict[str, tuple[float, ...]], part: float, whole: float) -> bool:
    """Return whether a part of the time in hand may stand at one mark while the whole stands at another."""
    if any(rule.pauses == ("unresolved",) for rule in policy.rules):
        return True  # the whole may have stood still while the part ran on
    return part < min((at for at in marks["unresolved"] if at > whole), default=float("inf"))


# -- what each rule says in each of them -------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What one rule says in one situation, found with the rulebook's own means."""

    owes: tuple[tuple[ActKey, float, float, bool, bool], ...]
    """Act, minutes, repeat, whether it can be met at once, whether earlier deeds count."""
    forbids: tuple[tuple[ActKey, bool], ...]
    permits: tuple[ActKey, ...]
    pauses: tuple[str, ...]
    defines: str | None


@dataclass(frozen=True)
class Cell:
    """One situation: its tier and priority, and what the rules say that hold in it."""

    situation: Situation
    priority: str | None
    said: dict[str, Said]


def cells(policy: Policy) -> list[Cell]:
    """Return every situation with what the rules say in it."""
    book = Rulebook(policy)
    found = []
    for situation in every_situation(policy):
        facts = book._facts(situation)
        said = {rule.id: _said(book, rule, facts) for rule in policy.rules if rule.when.ask(facts)[0]}
        found.append(Cell(situation, facts.priority[0], said))
    return found


def _said(book: Rulebook, rule: Rule, facts: Any) -> Said:
    def owed(effect: Oblige) -> Iterator[tuple[ActKey, float, float, bool, bool]]:
        calendar = facts.calendar()
        within, repeat = _minutes(effect.within, facts, calendar), _minutes(effect.repeat, facts, calendar)
        never = float("inf")
        every = never if repeat is None else repeat
        ripe = effect.waits_for is None or effect.waits_for.ask(facts)[0]
        for key in _acts(effect.act, facts):
            yield key, every if within is None else within, every, ripe, effect.earlier_counts

    return Said(
        tuple(one for effect in rule.obliges for one in owed(effect)),
        tuple((key, ban.residual) for ban in rule.forbids for key in _acts(ban.act, facts)),
        tuple(key for act in rule.permits for key in _acts(act, facts)),
        rule.pauses,
        rule.define,
    )


# -- what the check should find ----------------------------------------------------------------------------------


def uncovered(policy: Policy, every: list[Cell]) -> set[tuple[str, str | None]]:
    """Return the tiers and priorities (or none) of unresolved tickets on which nobody owes anything that falls due."""
    return {
        (cell.situation.tier, cell.priority)
        for cell in every
        if cell.situation.status != RESOLVED
        and not any(minutes < float("inf") for one in cell.said.values() for _, minutes, *_ in one.owes)
    }


def conflicts(policy: Policy, every: list[Cell]) -> set[tuple[str, frozenset[str]]]:
    """Return every conflict by its code and the rules at work."""
    bans: dict[tuple[str, str], set[str]] = {}
    dues: dict[ActKey, set[str]] = {}
    grave: dict[frozenset[str], set[str]] = {}
    for cell in every:
        for (name, one), (other, two) in product(cell.said.items(), repeat=2):
            for ban, _ in one.forbids:
                if any(covers(ban, key) and ripe for key, _, _, ripe, _ in two.owes):
                    bans.setdefault(("demand-and-ban", name), {name}).add(other)
                if any(overlap(ban, key) for key in two.permits):
                    bans.setdefault(("permission-and-ban", name), {name}).add(other)
            for a, b in product(one.owes, two.owes):
                if a[0] == b[0] and (a[1] != b[1] or (a[2] != b[2] and float("inf") not in (a[2], b[2]))):
                    dues.setdefault(a[0], set()).update((name, other))
            if one.defines and two.defines and one.defines != two.defines:
                grave.setdefault(frozenset((one.defines, two.defines)), set()).update((name, other))
    found = {(code, frozenset(rules)) for (code, _), rules in bans.items()}
    found |= {("two-dues", frozenset(rules)) for rules in dues.values()}
    return found | {("two-priorities", frozenset(rules)) for rules in grave.values()}


def dominated(cell: Cell, name: str, others: frozenset[str]) -> bool:
    """Return whether in one situation every effect of a rule is there without it, by some of ``others``."""
    own, rest = cell.said[name], [cell.said[o] for o in others if o in cell.said]
    order = "HL"
    return (
        all(any(_as_strict(a, b) for one in rest for a in one.owes) for b in own.owes)
        and all(any(covers(a, b) and weak >= r for one in rest for a, r in one.forbids) for b, weak in own.forbids)
        and all(any(covers(a, b) for one in rest for a in one.permits) for b in own.permits)
        and all(any(clock in one.pauses for one in rest) for clock in own.pauses)
        and (
            own.defines is None
            or any(one.defines and order.index(one.defines) <= order.index(own.defines) for one in rest)
        )
    )


def _as_strict(a: tuple[ActKey, float, float, bool, bool], b: tuple[ActKey, float, float, bool, bool]) -> bool:
    same = a[0] == b[0] and (a[2] == float("inf")) == (b[2] == float("inf")) and a[4] == b[4]
    return same and a[1] <= b[1] and a[2] <= b[2] and (a[3] or not b[3])


def smallest_dominating(every: list[Cell], name: str, others: frozenset[str]) -> int | None:
    """Return how many of ``others`` it takes to make a rule superfluous, ``None`` if all do not."""
    mine = [cell for cell in every if name in cell.said]
    for size in range(len(others) + 1):
        for chosen in combinations(sorted(others), size):
            if all(dominated(cell, name, frozenset(chosen)) for cell in mine):
                return size
    return None


def idle_top_parts(policy: Policy, rule: Rule, every: list[Cell]) -> list[Condition]:
    """Return the parts of a condition, seen as one conjunction, without which it holds in the same situations."""
    parts = [part for part in _flat(rule.when) if not isinstance(part, Always)]
    book = Rulebook(policy)
    rows = []
    for cell in every:
        facts = book._facts(cell.situation)
        rows.append([part.ask(facts)[0] for part in parts])
    return [
        part for index, part in enumerate(parts)
        if len(parts) > 1 and all(row[index] for row in rows if all(row[:index] + row[index + 1 :]))
    ]  # fmt: skip


def _flat(condition: Condition) -> list[Condition]:
    return [one for part in condition.inner for one in _flat(part)] if isinstance(condition, All) else [condition]
