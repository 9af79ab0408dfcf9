"""Pages: the rules that can hold under given attributes, figures in minutes and recipients worked out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from policy.building import BASIC_CHECKS, Act, Forbid, Oblige, Rule
from policy.calendars import Calendar
from policy.compiled_book.tables import Guarded, Table
from policy.conditions import Condition
from policy.document_rules import VISIT_BEFORE
from policy.figures import Figure
from policy.standstill import barred
from policy.verdict import ActKey, Permission, Prohibition

Role = str | int | None
"""A role by name, the place of a row where its name stands, or nobody."""


class Duty(NamedTuple):
    """One act of one rule that obliges."""

    key: ActKey | None
    """The act, ``None`` if its recipient is only known from the row."""
    verb: str
    to: Role
    via: str | None
    what: str | None
    owner: str | int
    first: float | None
    """Minutes until it falls due for the first time."""
    repeat: float | None
    calendar: Calendar
    earlier_counts: bool
    visit_before: bool
    """Whether what its owner did since the visit before counts as well."""
    cites: bool
    waits: int
    """The place of the condition for which it waits, -1 for none."""
    rules: tuple[str, ...]
    tail: tuple[str, float, bool, str]
    """Dimension, weight, critical, text."""
    target: bool
    closed: float | None
    """Minutes until it falls due for the first time where it begins out of hours, if that makes a difference."""
    within: Figure | None
    figures: Mapping[str, str | None]
    """What ``within`` depends on, for a target, which counts on the calendar of the ticket's own clock."""
    barred: frozenset[str]
    """States of the ticket during which its dues stand still."""
    until: float | None
    """Minutes after which nothing falls due any more."""


@dataclass(slots=True)
class Page:
    """The rules that can hold under given attributes, each with the place of its condition."""

    table: Table
    duties: list[tuple[Guarded, list[Duty]]] = field(default_factory=list)
    permits: list[tuple[Guarded, list[Permission | tuple[int, Permission]]]] = field(default_factory=list)
    forbids: list[tuple[Guarded, list[Prohibition | tuple[int, Prohibition]]]] = field(default_factory=list)
    pauses: list[tuple[Guarded, str, tuple[str, ...]]] = field(default_factory=list)


def page_of(table: Table, rules: Iterable[Rule]) -> Page:
    """Return the page of a table whose attributes hold the priority and the calendar."""
    page = Page(table)
    for rule in rules:
        if table.decided(rule.when) is False:
            continue
        when = table.guarded(rule.when)
        if rule.obliges:
            page.duties.append((when, [d for effect in rule.obliges for d in _duties(table, rule, effect)]))
        if rule.permits:
            page.permits.append((when, [p for act in rule.permits for p in _permissions(table, rule, act)]))
        if rule.forbids:
            page.forbids.append((when, [p for ban in rule.forbids for p in _bans(table, rule, ban)]))
        if rule.pauses:
            page.pauses.append((when, rule.id, rule.pauses))
    return page


def _duties(table: Table, rule: Rule, effect: Oblige) -> Iterable[Duty]:
    calendar = table.policy.calendars[effect.calendar] if effect.calendar else table.attributes.calendar
    assert calendar is not None  # a page has one
    figures, day = table.attributes.figures(), calendar.day_minutes
    open_, closed = (None if f is None else f.minutes(figures, day) for f in map(effect.first, (True, False)))
    repeat = None if effect.repeat is None else effect.repeat.minutes(figures, day)
    until = math.inf if effect.until is None else effect.until.minutes(figures, day)
    waits, still = _waits(table, effect.waits_for), barred(rule.when)
    for to, via, what in _acts(table, effect.act):
        yield Duty(
            None if isinstance(to, int) else (effect.act.verb, to, via, what),
            effect.act.verb, to, via, what, table.role(effect.owner), open_, repeat,
            calendar, effect.earlier_counts is True, effect.earlier_counts == VISIT_BEFORE, effect.cites_definition,
            waits, (rule.id,),
            (effect.dimension, effect.weight, effect.critical, rule.text), effect.target,
            closed if effect.from_opening is not None else None, effect.within, figures, still,
            until if until < math.inf else None,
        )  # fmt: skip


def _waits(table: Table, condition: Condition | None) -> int:
    return -1 if condition is None or table.decided(condition) else table.place(condition)


def _acts(table: Table, act: Act) -> Iterable[tuple[Role, str | None, str | None]]:
    contents: list[str | None] = []
    for what in act.what:
        contents += (table.basic_checks() or ()) if what == BASIC_CHECKS else (what,)
    for to in [None if name is None else table.role(name) for name in act.to]:
        yield from ((to, via, what) for via in act.via for what in contents)


def _permissions(table: Table, rule: Rule, act: Act) -> Iterable[Permission | tuple[int, Permission]]:
    for to, via, what in _acts(table, act):
        one = Permission(act.verb, to if isinstance(to, str) else None, via, what, (rule.id,), rule.text)
        yield (to, one) if isinstance(to, int) else one


def _bans(table: Table, rule: Rule, ban: Forbid) -> Iterable[Prohibition | tuple[int, Prohibition]]:
    for to, via, what in _acts(table, ban.act):
        one = Prohibition(
            ban.act.verb, to if isinstance(to, str) else None, via, what, (rule.id,), ban.dimension, ban.weight,
            ban.critical, rule.text, residual=ban.residual,
        )  # fmt: skip
        yield (to, one) if isinstance(to, int) else one
