"""The rulebook: the only place where the procedure is decided.

``Rulebook.verdict`` takes a situation and answers who owes what by when, what is allowed and what is forbidden. It is
pure: the same situation gives the same verdict. The precedence is that of settlement D6: an obligation that can be
kept now lifts a prohibition of the same act; a permission lifts a residual prohibition only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from policy.building import BASIC_CHECKS, Act, Forbid, Oblige, RelativeRole, Rule
from policy.calendars import Calendar
from policy.clocks import Clock
from policy.conditions import ClockReaches, Condition, Facts
from policy.document_rules import VISIT_BEFORE
from policy.errors import InputError
from policy.figures import Figure
from policy.loading import Policy
from policy.situation import RESOLUTION, Situation, visit_before
from policy.standstill import age_of, barred, due_at, next_due, stood_still
from policy.verdict import ActKey, Obligation, Permission, Prohibition, Verdict


class Rulebook:
    """A policy, ready to be asked."""

    def __init__(self, policy: Policy) -> None:
        """Take a loaded policy."""
        self.policy = policy
        effects = [
            r for r in policy.rules if r.define or r.obliges or r.permits or r.forbids or r.pauses
        ]  # rules without an effect inform; they decide nothing
        self._defining = tuple(r for r in effects if r.define)
        self._acting = tuple(r for r in effects if r.obliges or r.permits or r.forbids or r.pauses)
        self._severity = {name: rank for rank, name in enumerate(policy.priorities)}
        self._barred = {id(r): barred(r.when) for r in self._acting}
        self._timed = tuple(_timed_conditions(effects, policy.relative_roles.values()))

    def verdict(self, situation: Situation) -> Verdict:
        """Return what the procedure says about ``situation``.

        Raises:
            InputError: the situation uses a tier, plan or priority that the policy does not have.
        """
        facts = self._facts(situation)
        priority, since = facts.priority
        obligations: dict[ActKey, Obligation] = {}
        fulfilled: dict[ActKey, Obligation] = {}
        permissions: list[Permission] = []
        residual: list[Prohibition] = []
        strict: list[Prohibition] = []
        paused: dict[str, tuple[str, ...]] = {}
        for rule in self._acting:
            holds, began = rule.when.ask(facts)
            if not holds:
                continue
            for effect in rule.obliges:
                for one in self._owed(rule, effect, began, facts):
                    known_ones = obligations if one.done_at is None else fulfilled
                    known = known_ones.get(one.key)
                    known_ones[one.key] = one if known is None else _stricter(known, one)
            for act in rule.permits:
                permissions += [Permission(*key, (rule.id,), rule.text) for key in _acts(act, facts)]
            for ban in rule.forbids:
                (residual if ban.residual else strict).extend(_forbidden(rule, ban, facts))
            for clock in rule.pauses:
                paused[clock] = (*paused.get(clock, ()), rule.id)
        owed = tuple(sorted(obligations.values(), key=_by_due))
        prohibitions = [left for ban in strict if (left := _what_is_left(ban, owed, ())) is not None]
        prohibitions += [left for ban in residual if (left := _what_is_left(ban, owed, permissions)) is not None]
        return Verdict(
            priority=priority,
            priority_since=since,
            priority_rules=facts.priority_rules,
            obligations=owed,
            permissions=tuple(permissions),
            prohibitions=tuple(prohibitions),
            paused=tuple(paused.items()),
            fulfilled=tuple(fulfilled.values()),
        )

    def next_change(self, situation: Situation, verdict: Verdict | None = None) -> float | None:
        """Return the next instant after ``now`` at which time alone may change the verdict, or ``None``.

        These are the instants at which a clock reaches a figure that a rule names, and the dues of what is owed.
        ``verdict`` is the one for this situation, if it is at hand.
        """
        facts = self._facts(situation)
        instants = [condition.instant(facts) for condition in self._timed]
        instants += [o.due for o in (verdict or self.verdict(situation)).obligations]
        return min((t for t in instants if t is not None and situation.now < t < math.inf), default=None)

    def timers(self) -> tuple[ClockReaches, ...]:
        """Return every place where a rule waits for a clock."""
        return self._timed

    def calendar(self, situation: Situation) -> Calendar:
        """Return the calendar on which the situation's rules count (settlement D12)."""
        return self._facts(situation).calendar()

    def facts(self, situation: Situation) -> Facts:
        """Return what conditions may ask about a situation, so that each can be asked by itself.

        Raises:
            InputError: the situation uses a tier, plan or priority that the policy does not have.
        """
        return self._facts(situation)

    # -- inside ------------------------------------------------------------------------------------------------

    def _facts(self, situation: Situation) -> _Facts:
        policy = self.policy
        for kind, name, legal in (
            ("tier", situation.tier, policy.tiers),
            ("plan", situation.plan, policy.plans),
            ("priority", situation.stated_priority, policy.priorities),
        ):
            if name is not None and name not in legal:
                raise InputError(f'the policy {policy.name} has no {kind} "{name}"; it has {", ".join(legal)}')
        return _Facts(policy, situation, self._defining, self._severity)

    def _owed(self, rule: Rule, effect: Oblige, since: float, facts: _Facts) -> Iterable[Obligation]:
        now = facts.situation.now
        calendar = self.policy.calendars[effect.calendar] if effect.calendar else facts.calendar()
        open_ = effect.from_opening is None or calendar.is_open(since)
        first = _minutes(effect.first(open_), facts, calendar)
        repeat = _minutes(effect.repeat, facts, calendar)
        until = _minutes(effect.until, facts, calendar)
        rules = (*facts.priority_rules, rule.id) if effect.cites_definition else (rule.id,)
        owner = facts.role(effect.owner)
        resolution = facts.clock(RESOLUTION)
        still = stood_still(facts.situation, self._barred[id(rule)]) if facts.situation.was else ()
        counts_from = -math.inf if effect.earlier_counts is True else since
        own_from = since
        if effect.earlier_counts == VISIT_BEFORE:
            own_from = visit_before(facts.situation, self.policy.tiers)
        for key in _acts(effect.act, facts):
            matching = [d for d in facts.situation.deeds if d.fits(*key)]
            counting = [d for d in matching if d.at >= counts_from or (d.at >= own_from and d.by in (None, owner))]
            done_at = min(d.at for d in counting) if repeat is None and counting else None
            due: float | None = None
            if effect.target and resolution is not None:
                due = _target_due(effect, resolution, facts)
            elif repeat is not None and counting:
                due = next_due(calendar, max(d.at for d in counting), repeat, still, since)
            elif first is not None:
                due = due_at(calendar, since, first, still)
            due = None if due is None or math.isinf(due) else due
            if until is not None and until < math.inf and (due is None or due > due_at(calendar, since, until, still)):
                continue  # what falls due so late is no longer this rule's
            ripe = effect.waits_for is None or (due is not None and now >= due) or effect.waits_for.ask(facts)[0]
            yield Obligation(
                owner, *key, due, since, repeat, rules, effect.dimension, effect.weight, effect.critical,
                rule.text, ripe, effect.target, done_at,
            )  # fmt: skip


class _Facts:
    """What conditions ask while one verdict is found; computed once per situation."""

    def __init__(
        self, policy: Policy, situation: Situation, defining: tuple[Rule, ...], severity: Mapping[str, int]
    ) -> None:
        self.situation = situation
        self.memo: dict[str, tuple[bool, float]] = {}
        self._policy = policy
        self.priority_rules: tuple[str, ...] = ()
        self.priority: tuple[str | None, float] = self._priority(defining, severity)
        self.memo.clear()  # what was asked before the priority was known may depend on it
        self.attributes: Mapping[str, str | None] = {
            "plan": situation.plan,
            "tier": situation.tier,
            "priority": self.priority[0],
        }
        self._calendar: Calendar | None = None
        self._age: Clock | None = None

    def _priority(self, defining: tuple[Rule, ...], severity: Mapping[str, int]) -> tuple[str | None, float]:
        s = self.situation
        best: tuple[int, str, float] | None = None
        for rule in defining:
            assert rule.define is not None
            holds, since = rule.when.ask(self)
            if not holds:
                continue
            rank = severity[rule.define]
            if best is None or rank < best[0]:
                best, self.priority_rules = (rank, rule.define, since), (rule.id,)
            elif rank == best[0]:
                best = (rank, rule.define, min(since, best[2]))
                self.priority_rules = (*self.priority_rules, rule.id)
        stated = s.opened if s.stated_since is None else s.stated_since
        if best is None:
            return s.stated_priority, stated
        # What confirms the priority that stands on the ticket already makes it no younger.
        return best[1], min(best[2], stated) if best[1] == s.stated_priority else best[2]

    def calendar(self) -> Calendar:
        if self._calendar is None:
            for when, name in self._policy.calendar_cases:
                if when.ask(self)[0]:
                    self._calendar = self._policy.calendars[name]
                    break
        assert self._calendar is not None  # the last case always holds (checked on loading)
        return self._calendar

    def clock(self, name: str) -> Clock | None:
        if name != "age":
            return self.situation.clocks.get(name)
        if self._age is None and self.priority[0] is not None:
            self._age = age_of(self.situation, self.calendar(), self.priority[1])
        return self._age

    def role(self, name: str) -> str:
        relative: RelativeRole | None = self._policy.relative_roles.get(name)
        if relative is None:
            return name
        for when, role in relative.cases:
            if when.ask(self)[0]:
                return self.role(role)
        return relative.by_tier.get(self.situation.tier, name)

    def capabilities(self, tier: str) -> tuple[str, ...]:
        return tuple(self._policy.tiers[tier].capabilities)

    def beyond(self, tier: str) -> tuple[str, ...]:
        return tuple(self._policy.tiers[tier].beyond)

    def basic_checks(self) -> tuple[str, ...] | None:
        category = self._policy.categories.get(self.situation.category or "")
        return None if category is None else tuple(category.basic_checks)


def _target_due(effect: Oblige, resolution: Clock, facts: _Facts) -> float | None:
    """Return when the ticket's own clock reaches a target; ``None`` while it stands still (settlement D18)."""
    minutes = _minutes(effect.within, facts, resolution.calendar)
    return None if minutes is None else resolution.reaches(minutes)


def _minutes(figure: Figure | None, facts: _Facts, calendar: Calendar) -> float | None:
    if figure is None:
        return None
    return figure.minutes(facts.attributes, calendar.day_minutes)


def _acts(act: Act, facts: _Facts) -> list[ActKey]:
    contents: list[str | None] = []
    for what in act.what:
        contents += (facts.basic_checks() or ()) if what == BASIC_CHECKS else (what,)
    recipients = [None if to is None else facts.role(to) for to in act.to]
    return [(act.verb, to, via, what) for to in recipients for via in act.via for what in contents]


def _forbidden(rule: Rule, ban: Forbid, facts: _Facts) -> list[Prohibition]:
    return [
        Prohibition(*key, (rule.id,), ban.dimension, ban.weight, ban.critical, rule.text, residual=ban.residual)
        for key in _acts(ban.act, facts)
    ]


def _stricter(a: Obligation, b: Obligation) -> Obligation:
    """Return one obligation for two on the same act: the earliest due holds, all rules are cited (D5)."""
    first, second = (a, b) if a.due_or_never <= b.due_or_never else (b, a)
    repeats = [r for r in (a.repeat, b.repeat) if r is not None]
    return Obligation(
        owner=first.owner, verb=first.verb, to=first.to, via=first.via, what=first.what,
        due=first.due, since=min(a.since, b.since), repeat=min(repeats, default=None),
        rules=tuple(dict.fromkeys((*first.rules, *second.rules))),
        dimension=first.dimension, weight=max(a.weight, b.weight), critical=a.critical or b.critical,
        text=first.text, ripe=a.ripe or b.ripe, target=a.target and b.target, done_at=first.done_at,
    )  # fmt: skip


def _by_due(o: Obligation) -> tuple[float, float, tuple[str, str, str, str]]:
    return (o.due_or_never, o.since, (o.verb, o.to or "", o.via or "", o.what or ""))


def _what_is_left(
    ban: Prohibition, owed: Iterable[Obligation], permissions: Iterable[Permission]
) -> Prohibition | None:
    """Return what obligations that can be kept now, and permissions, leave of a ban; ``None`` for nothing (D6)."""
    # A target is a result to reach; it gives nobody leave to act.
    lifted = {o.to for o in owed if o.ripe and not o.target and o.verb == ban.verb}
    lifted |= {p.to for p in permissions if p.verb == ban.verb}
    if None in lifted or (ban.to is not None and ban.to in lifted):
        return None
    if ban.to is not None or not lifted:
        return ban
    return replace(ban, but_to=tuple(sorted(to for to in lifted if to is not None)))


def _timed_conditions(rules: Iterable[Rule], roles: Iterable[RelativeRole]) -> Iterable[ClockReaches]:
    conditions: list[Condition] = [when for role in roles for when, _ in role.cases]
    for rule in rules:
        conditions += [rule.when, *(o.waits_for for o in rule.obliges if o.waits_for is not None)]
    for condition in conditions:
        yield from (part for part in condition.parts() if isinstance(part, ClockReaches))
