"""The rulebook for those who ask very often: the same rules, made once into tables, and the same verdict.

``FastBook`` keeps a *page* for each combination of attributes that it has met (plan, tier, status, kind of issue,
priority, calendar). On a page stand only the rules that can hold there, their figures in minutes, their acts with the
recipients worked out; the conditions that are left are steps of a ``Table``. A test draws many thousands of situations
and finds the answers equal to those of ``Rulebook.verdict``, whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from policy.calendars import Calendar
from policy.compiled_book.layout import PRIORITY, Layout, Row
from policy.compiled_book.pages import Page, page_of
from policy.compiled_book.tables import Attributes, Guarded, Table, since
from policy.conditions import Attribute
from policy.rulebook import Rulebook
from policy.situation import RESOLUTION, Deed, Situation, visit_before
from policy.standstill import Stretches, due_at, stood_still
from policy.verdict import ActKey, Obligation, Permission, Prohibition, Verdict


class Owed(NamedTuple):
    """An obligation as a plain row; its fields are those of ``Obligation``."""

    owner: str
    verb: str
    to: str | None
    via: str | None
    what: str | None
    due: float | None
    since: float
    repeat: float | None
    rules: tuple[str, ...]
    dimension: str
    weight: float
    critical: bool
    text: str
    ripe: bool
    target: bool
    done_at: float | None

    @property
    def key(self) -> ActKey:
        """Return what identifies the act owed."""
        return self[1:5]


@dataclass(slots=True)
class FastVerdict:
    """What ``Verdict`` says, its obligations as rows."""

    priority: str | None
    priority_since: float
    priority_rules: tuple[str, ...]
    obligations: list[Owed]
    permissions: list[Permission]
    prohibitions: list[Prohibition]
    paused: list[tuple[str, tuple[str, ...]]]
    fulfilled: list[Owed]

    def whole(self) -> Verdict:
        """Return it as a ``Verdict``."""
        return Verdict(
            self.priority,
            self.priority_since,
            self.priority_rules,
            tuple(Obligation(*row) for row in self.obligations),
            tuple(self.permissions),
            tuple(self.prohibitions),
            tuple(self.paused),
            tuple(Obligation(*row) for row in self.fulfilled),
        )


_owed: Callable[[type[Owed], tuple[Any, ...]], Owed] = tuple.__new__
"""Makes a row of all fields in order, twice as fast as calling the class."""


@dataclass(slots=True)
class _Opening:
    """What is asked before the priority is known, and what follows for each priority."""

    table: Table
    defining: list[list[tuple[Guarded, str]]]
    """By severity: the place of each rule that defines the priority, and its id."""
    calendars: dict[str | None, tuple[Table, list[tuple[int, Calendar]]]] = field(default_factory=dict)
    pages: dict[tuple[str | None, int], Page] = field(default_factory=dict)


class FastBook:
    """A rulebook in tables. Life: made once from a ``Rulebook``; fills in its pages as they are needed."""

    def __init__(self, rulebook: Rulebook) -> None:
        """Take the rules."""
        self.book = rulebook
        self._policy = policy = rulebook.policy
        effects = [r for r in policy.rules if r.define or r.obliges or r.permits or r.forbids or r.pauses]
        self._acting = [r for r in effects if r.obliges or r.permits or r.forbids or r.pauses]
        self._defining = [[r for r in effects if r.define == name] for name in policy.priorities]
        self._priorities = tuple(policy.priorities)
        self._openings: dict[tuple[str, str, str, int], _Opening] = {}
        conditions = [r.when for r in effects]
        conditions += [o.waits_for for r in effects for o in r.obliges if o.waits_for is not None]
        conditions += [when for role in policy.relative_roles.values() for when, _ in role.cases]
        conditions += [when for when, _ in policy.calendar_cases]
        self._layout = Layout(policy, conditions)
        named = {p for c in conditions for p in c.parts() if isinstance(p, Attribute) and p.name == "category"}
        self._about_kind: Sequence[Attribute] = sorted(named, key=repr)
        self._kinds: dict[object, int] = {}
        self._kind_of: dict[str | None, int] = {}

    def verdict(self, situation: Situation) -> Verdict:
        """Return what ``Rulebook.verdict`` returns.

        Raises:
            InputError: the situation uses a tier, plan or priority that the policy does not have.
        """
        return self.ask(situation).whole()

    def ask(self, situation: Situation) -> FastVerdict:
        """Return the verdict with its obligations as rows, which is faster.

        Raises:
            InputError: the situation uses a tier, plan or priority that the policy does not have.
        """
        s = situation
        opening, priority, row, known, rules = self._opened(s)
        calendar = self._calendar(opening, priority, row, s)
        page = opening.pages.get((priority, id(calendar)))
        if page is None:
            table = self._table(opening.table.attributes, priority, calendar)
            page = opening.pages[priority, id(calendar)] = page_of(table, self._acting)
        page.table.run(row, s)
        verdict = FastVerdict(priority, known, rules, [], [], [], [], [])
        self._obligations(page, row, s, verdict)
        verdict.permissions = [
            one if isinstance(one, Permission) else replace(one[1], to=row[one[0]])
            for when, ones in page.permits
            if since(row, when) is not None
            for one in ones
        ]
        self._prohibitions(page, row, verdict)
        if page.pauses:
            paused: dict[str, tuple[str, ...]] = {}
            for when, id_, clocks in page.pauses:
                if since(row, when) is not None:
                    for clock in clocks:
                        paused[clock] = (*paused.get(clock, ()), id_)
            verdict.paused = list(paused.items())
        return verdict

    def calendar(self, situation: Situation) -> Calendar:
        """Return what ``Rulebook.calendar`` returns: the calendar on which the situation's rules count.

        Raises:
            InputError: the situation uses a tier, plan or priority that the policy does not have.
        """
        opening, priority, row = self._opened(situation)[:3]
        return self._calendar(opening, priority, row, situation)

    # -- asking ------------------------------------------------------------------------------------------------

    def _opened(self, s: Situation) -> tuple[_Opening, str | None, Row, float, tuple[str, ...]]:
        """Return the opening of a situation, its priority, its row so far, since when it has the priority, and why."""
        if s.tier not in self._policy.tiers or s.plan not in self._policy.plans:
            self.book.facts(s)  # says what is wrong
        kind = self._kind_of.get(s.category, -1)
        opening = self._openings.get((s.plan, s.tier, s.status, kind))
        if opening is None:
            opening = self._open(s)
        row = self._layout.row(s)
        opening.table.run(row, s)
        priority, known, rules = self._priority(opening, row, s)
        row[PRIORITY], row[PRIORITY + 1] = (True, known), (False, known)
        return opening, priority, row, known, rules

    def _priority(self, opening: _Opening, row: Row, s: Situation) -> tuple[str | None, float, tuple[str, ...]]:
        stated = s.opened if s.stated_since is None else s.stated_since
        for name, rules in zip(self._priorities, opening.defining, strict=True):
            holding = []
            for (guards, base), id_ in rules:
                if not guards or row[guards[0]][0]:  # most are over here
                    began = since(row, (guards, base))
                    if began is not None:
                        holding.append((began, id_))
            if holding:
                known = min(began for began, _ in holding)
                known = min(known, stated) if name == s.stated_priority else known
                return name, known, tuple(id_ for _, id_ in holding)
        if s.stated_priority is not None and s.stated_priority not in self._policy.priorities:
            self.book.facts(s)  # says what is wrong
        return s.stated_priority, stated, ()

    def _calendar(self, opening: _Opening, priority: str | None, row: Row, s: Situation) -> Calendar:
        if priority not in opening.calendars:
            table = self._table(opening.table.attributes, priority)
            cases: list[tuple[int, Calendar]] = []
            for when, name in self._policy.calendar_cases:
                if table.decided(when) is not False:
                    cases.append((table.place(when), self._policy.calendars[name]))
                if table.decided(when):
                    break
            opening.calendars[priority] = table, cases
        table, cases = opening.calendars[priority]
        if len(cases) == 1:
            return cases[0][1]
        table.run(row, s)
        return next(calendar for place, calendar in cases if row[place][0])

    def _obligations(self, page: Page, row: Row, s: Situation, verdict: FastVerdict) -> None:
        deeds: dict[str, list[Deed]] = {}
        for deed in s.deeds:
            deeds.setdefault(deed.verb, []).append(deed)
        open_: dict[ActKey, Owed] = {}
        done: dict[ActKey, Owed] = {}
        dues: dict[tuple[Calendar, float, float, Stretches], float | None] = {}
        now, none_done, resolution = s.now, not deeds, s.clocks.get(RESOLUTION)
        for (guards, base), duties in page.duties:
            holds, began = row[base]
            for place in guards:  # the same as since(), without the cost of a call
                answer = row[place]
                if not answer[0]:
                    holds = False
                    break
                if answer[1] > began:
                    began = answer[1]
            if not holds:
                continue
            for duty in duties:
                key = duty.key
                if key is None:
                    to = row[duty.to] if isinstance(duty.to, int) else duty.to
                    key = (duty.verb, to, duty.via, duty.what)
                owner = row[duty.owner] if isinstance(duty.owner, int) else duty.owner
                own_from = began
                if duty.visit_before and not none_done:
                    own_from = visit_before(s, self._policy.tiers)
                counting = (
                    ()
                    if none_done or duty.verb not in deeds
                    else [
                        deed.at
                        for deed in deeds[duty.verb]
                        if deed.fits(*key)
                        and (
                            duty.earlier_counts
                            or deed.at >= began
                            or (duty.visit_before and deed.at >= own_from and deed.by in (None, owner))
                        )
                    ]
                )
                done_at = min(counting) if counting and duty.repeat is None else None
                begins, minutes = began, duty.first
                if counting and duty.repeat is not None:
                    begins, minutes = max(counting), duty.repeat
                elif duty.closed is not None and not duty.calendar.is_open(began):
                    minutes = duty.closed
                due: float | None = None
                if duty.target and resolution is not None:
                    goal = duty.within.minutes(duty.figures, resolution.calendar.day_minutes) if duty.within else None
                    due = None if goal is None else resolution.reaches(goal)
                elif minutes is not None:
                    still = stood_still(s, duty.barred) if s.was else ()
                    asked = (duty.calendar, begins, minutes, still)
                    if asked in dues:
                        due = dues[asked]
                    else:
                        instant = due_at(duty.calendar, begins, minutes, still)
                        due = dues[asked] = None if instant == math.inf else instant
                    if due is not None and due < began:
                        due = began  # done before it was owed: it falls due no sooner than that
                    until = duty.until
                    if until is not None and (due is None or due > due_at(duty.calendar, began, until, still)):
                        continue
                ripe = duty.waits < 0 or (due is not None and now >= due) or row[duty.waits][0]
                rules = (*verdict.priority_rules, *duty.rules) if duty.cites else duty.rules
                verb, to, via, what = key
                fields = (
                    owner,
                    verb,
                    to,
                    via,
                    what,
                    due,
                    began,
                    duty.repeat,
                    rules,
                    *duty.tail,
                    ripe,
                    duty.target,
                    done_at,
                )
                one = _owed(Owed, fields)
                ones = open_ if done_at is None else done
                known = ones.get(key)
                ones[key] = one if known is None else _stricter(known, one)
        verdict.obligations = sorted(open_.values(), key=_by_due)
        verdict.fulfilled = list(done.values())

    def _prohibitions(self, page: Page, row: Row, verdict: FastVerdict) -> None:
        bans = [
            one if isinstance(one, Prohibition) else replace(one[1], to=row[one[0]])
            for when, ones in page.forbids
            if since(row, when) is not None
            for one in ones
        ]
        if not bans:
            return
        owed: dict[str, set[str | None]] = {ban.verb: set() for ban in bans}
        for one in verdict.obligations:
            if one.verb in owed and one.ripe and not one.target:
                owed[one.verb].add(one.to)
        allowed = {verb: set(to) for verb, to in owed.items()}
        for permission in verdict.permissions:
            if permission.verb in allowed:
                allowed[permission.verb].add(permission.to)
        left = [_left(ban, owed[ban.verb]) for ban in bans if not ban.residual]
        left += [_left(ban, allowed[ban.verb]) for ban in bans if ban.residual]
        verdict.prohibitions = [ban for ban in left if ban is not None]

    # -- making pages ------------------------------------------------------------------------------------------

    def _table(self, attributes: Attributes, priority: str | None, calendar: Calendar | None = None) -> Table:
        return Table(self._policy, self._layout, replace(attributes, priority=priority, calendar=calendar))

    def _open(self, s: Situation) -> _Opening:
        kind = self._kind_of.get(s.category)
        if kind is None:
            kind = self._kind(s.category)
            if s.category in self._policy.categories or s.category is None:
                self._kind_of[s.category] = kind
        key = (s.plan, s.tier, s.status, kind)
        if key not in self._openings:
            table = self._table(Attributes(s.plan, s.tier, s.status, s.category), None)
            defining = [
                [(table.guarded(rule.when), rule.id) for rule in rules if table.decided(rule.when) is not False]
                for rules in self._defining
            ]
            self._openings[key] = _Opening(table, defining)
        return self._openings[key]

    def _kind(self, category: str | None) -> int:
        """Return a number that categories share which no rule can tell apart."""
        doc = self._policy.categories.get(category or "")
        seen = (
            None if doc is None else tuple(doc.basic_checks),
            tuple(category in attribute.values for attribute in self._about_kind),
            tuple((category in tier.capabilities, category in tier.beyond) for tier in self._policy.tiers.values()),
        )
        return self._kinds.setdefault(seen, len(self._kinds))


def _stricter(a: Owed, b: Owed) -> Owed:
    """Return one obligation for two on the same act: the earliest due holds, all rules are cited."""
    a_due, b_due = (math.inf if one.due is None else one.due for one in (a, b))
    first, second = (a, b) if a_due <= b_due else (b, a)
    repeats = [one.repeat for one in (a, b) if one.repeat is not None]
    rules = first.rules if first.rules == second.rules else tuple(dict.fromkeys(first.rules + second.rules))
    since, weight = min(a.since, b.since), max(a.weight, b.weight)
    critical, ripe, target = a.critical or b.critical, a.ripe or b.ripe, a.target and b.target
    repeat = min(repeats) if repeats else None
    fields = (
        *first[:6],
        since,
        repeat,
        rules,
        first.dimension,
        weight,
        critical,
        first.text,
        ripe,
        target,
        first.done_at,
    )
    return _owed(Owed, fields)


def _by_due(one: Owed) -> tuple[float, float, str, str, str, str]:
    due = math.inf if one.due is None else one.due
    return due, one.since, one.verb, one.to or "", one.via or "", one.what or ""


def _left(ban: Prohibition, lifted: set[str | None]) -> Prohibition | None:
    """Return what is left of a ban where acts to some recipients are owed or allowed."""
    if None in lifted or (ban.to is not None and ban.to in lifted):
        return None
    if ban.to is not None or not lifted:
        return ban
    but_to = tuple(sorted(to for to in lifted if to is not None))
    return Prohibition(
        ban.verb, None, ban.via, ban.what, ban.rules, ban.dimension, ban.weight, ban.critical, ban.text, but_to,
        ban.residual,
    )  # fmt: skip
