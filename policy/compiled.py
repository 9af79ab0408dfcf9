"""The rules of a desk as plain numbers, found by asking the rulebook.

The simulator plays hundreds of thousands of tickets, far too many to ask for a verdict at each of their steps. So the
book is *probed* beforehand: for each priority, plan and tier a few situations are made up (the basic checks done, at
an instant in open hours, clocks standing at chosen values) and what the verdict obliges is read off. Nothing is
decided here and no rule is known by name: a change of the file, even of every id in it, is a change of the answers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from policy.calendars import Calendar
from policy.clocks import Clock
from policy.errors import InputError
from policy.explain import nearest
from policy.fast import FastBook, FastVerdict, Owed
from policy.probing import (
    CUSTOMER,
    ESCALATE,
    FIRST_RESPONSE,
    REPLY,
    RESOLVE,
    UPDATE,
    added,
    early,
    escalations,
    quiet_monday,
    replies,
)  # fmt: skip
from policy.rulebook import Rulebook
from policy.situation import RESOLUTION, WAITING_CUSTOMER, Deed, Situation
from policy.telling import telling_signals

RESTART: Final = "restart"
_TIER_CLOCKS: Final = ("no_progress", "unresolved", RESOLUTION)


@dataclass(frozen=True, slots=True)
class Route:
    """A timer that moves a ticket, or opens a responsibility beside it.

    ``clock`` is ``no_progress`` or ``unresolved`` (time in hand), ``age`` (since the priority is known) or
    ``resolution``; ``minutes`` of it, on that clock's calendar, bring the ticket ``to`` a role; ``parallel`` where
    that role is no tier, so that the owner stays. ``unanswered`` ones hold only while the customer waits for the
    first response.
    """

    clock: str
    minutes: float
    to: str
    parallel: bool
    unanswered: bool = False


class DeskRules:
    """What a desk asks a policy: timers, routes, targets, calendars and cadences, in minutes.

    Answers are found when first asked for, and kept.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        """Take the rulebook of a policy."""
        self.cited: set[str] = set()
        """Ids of the rules that answers have rested on so far: what the simulator knows of the policy."""
        self._book = rulebook
        self._tables = FastBook(rulebook)
        self._policy = rulebook.policy
        self._start: dict[str, float] = {}
        self._calendars: dict[tuple[str, str], Calendar] = {}
        self._bases: dict[tuple[str, str, str, bool], FastVerdict] = {}
        self._routes: dict[tuple[str, str, str], tuple[Route, ...]] = {}
        self._routed: dict[tuple[str, ...], tuple[str, ...]] = {}
        """The rules behind each route, by (priority, plan, tier, clock, to)."""
        self._telling: dict[str, str] | None = None
        self._checks = tuple(self._policy.doc.vocabulary.checks)

    @property
    def name(self) -> str:
        """The policy's name."""
        return self._policy.name

    @property
    def priorities(self) -> tuple[str, ...]:
        """The priorities, most severe first."""
        return tuple(self._policy.priorities)

    @property
    def plans(self) -> tuple[str, ...]:
        """The customers' plans."""
        return tuple(self._policy.plans)

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers, lowest first."""
        return tuple(self._policy.tiers)

    @property
    def management(self) -> tuple[str, ...]:
        """The roles that are management: to involve one is an escalation to management (settlement D14)."""
        return tuple(name for name, role in self._policy.doc.vocabulary.roles.items() if role.management)

    def routes(self, priority: str, plan: str, tier: str) -> tuple[Route, ...]:
        """Return what time alone does to a ticket that ``tier`` holds, soonest first for each clock.

        Raises:
            InputError: the policy has no such priority, plan or tier.
        """
        known = self._routes.get((priority, plan, tier))
        if known is not None:
            return known
        self._known(tier)
        found = self._timed(priority, plan, tier, answered=True)
        waiting = self._timed(priority, plan, tier, answered=False)
        sooner = [route for key, route in waiting.items() if key not in found or route.minutes < found[key].minutes]
        routes = [*found.values(), *(replace(route, unanswered=True) for route in sooner)]
        routed = self._routes[priority, plan, tier] = tuple(sorted(routes, key=lambda r: (r.clock, r.minutes, r.to)))
        return routed

    def _timed(self, priority: str, plan: str, tier: str, *, answered: bool) -> dict[tuple[str, str], Route]:
        """Return the soonest route of each clock to each role, for a ticket that has had a first response or not."""
        base = self._base(priority, plan, tier, answered)
        calendar, start = self.calendar(priority, plan), self._opening(priority, plan)
        found: dict[tuple[str, str], Route] = {}

        def keep(clock: str, minutes: float, owed: Owed) -> None:
            to = owed.to
            if to is not None and math.isfinite(minutes) and (clock, to) not in found:
                found[clock, to] = Route(clock, minutes, to, to not in self._policy.tiers)
                self._routed.setdefault((priority, plan, tier, clock, to), owed.rules)

        for owed in escalations(base):
            if owed.due is not None:
                self.cited.update(owed.rules)
                keep("age", calendar.open_minutes(start, owed.due), owed)
        before: dict[str, FastVerdict] = {}
        for clock, minutes, reached in self._thresholds(priority, plan, tier):
            verdict = self._at(priority, plan, tier, clock, reached, answered)
            for owed in added(before.get(clock, base), verdict):
                self.cited.update(owed.rules)
                keep(clock, minutes, owed)
            before[clock] = verdict
        return found

    def destination(self, priority: str, plan: str, tier: str, signal: str) -> tuple[str, ...]:
        """Return whom ``tier`` has to escalate to once ``signal`` is known and the basic checks are done.

        Empty where the policy does not oblige it, or does not know the signal.

        Raises:
            InputError: the policy has no such priority, plan or tier.
        """
        added = self._signalled(priority, plan, tier, signal)
        self.cited.update(rule for owed in added for rule in owed.rules)
        return tuple(dict.fromkeys(owed.to for owed in added if owed.to is not None))

    def _signalled(self, priority: str, plan: str, tier: str, signal: str) -> list[Owed]:
        self._known(tier)
        if signal not in self._policy.doc.vocabulary.signals:
            return []
        beside = self._beside(priority, plan, signal)
        base = self._base(priority, plan, tier)
        if beside:
            base = self._tables.ask(self._situation(priority, plan, tier, signals=beside))
        return added(base, self._tables.ask(self._situation(priority, plan, tier, signals=(*beside, signal))))

    def _beside(self, priority: str, plan: str, signal: str) -> tuple[str, ...]:
        """Return what a ticket of this priority shows besides a signal: that from which its priority follows.

        A stated priority gives way to one that follows from signals. Where that would make a ticket less urgent,
        something else must be known of it.
        """
        if self.signalled_priority(priority, plan, signal) in self.priorities[: self.priorities.index(priority) + 1]:
            return ()
        if self._telling is None:
            self._telling = telling_signals(self._policy, self._tables.ask)
        found = self._telling.get(priority)
        return () if found is None else (found,)

    def signalled_priority(self, priority: str, plan: str, signal: str) -> str:
        """Return the priority of a ticket of this one once ``signal`` is known: the same, or what the signal makes it.

        Raises:
            InputError: the policy has no such signal.
        """
        self._known_signal(signal)
        verdict = self._tables.ask(self._situation(priority, plan, self._first_tier(), signals=(signal,)))
        return verdict.priority or priority

    def standing_while_verified(self, priority: str, plan: str, signal: str, approval: str) -> frozenset[str]:
        """Return the clocks that stand still once a signal has been passed on, and run again with the ``approval``.

        Raises:
            InputError: the policy has no such signal, or no such approval.
        """
        self._known_signal(signal)
        self._known_signal(approval)
        tier = self._first_tier()
        told = tuple(Deed(ESCALATE, to, None, (), self._opening(priority, plan)) for to in
                     self.destination(priority, plan, tier, signal))  # fmt: skip

        def paused(*signals: str) -> set[str]:
            asked = self._situation(priority, plan, tier, signals=(*self._beside(priority, plan, signal), *signals))
            verdict = self._tables.ask(replace(asked, deeds=(*asked.deeds, *told)))
            self.cited.update(rule for _, rules in verdict.paused for rule in rules)
            return {clock for clock, _ in verdict.paused}

        return frozenset(paused(signal) - paused(signal, approval))

    def first_response(self, priority: str, plan: str) -> float:
        """Return the minutes within which a customer gets the first response, infinity where none is owed."""
        return self._soonest(priority, plan, self._targets(priority, plan, FIRST_RESPONSE))

    def resolution(self, priority: str, plan: str) -> float:
        """Return the minutes within which a ticket is to be resolved, infinity where none is set."""
        return self._soonest(priority, plan, self._targets(priority, plan, RESOLVE))

    def _targets(self, priority: str, plan: str, what: str) -> list[Owed]:
        """Return what is owed of the first response, of the resolution, or of the customer's updates."""
        verdict = self._base(priority, plan, self._first_tier(), answered=what != FIRST_RESPONSE)
        if what == RESOLVE:
            return [o for o in verdict.obligations if o.target and o.verb == RESOLVE]
        return [o for o in replies(verdict, what) if (o.repeat is None) == (what == FIRST_RESPONSE)]

    # -- the rules behind the answers ----------------------------------------------------------------------------

    def route_rules(self, priority: str, plan: str, tier: str, clock: str, to: str) -> tuple[str, ...]:
        """Return the ids behind the route of a clock to a role (see :meth:`routes`), none where there is no such."""
        self.routes(priority, plan, tier)
        return self._routed.get((priority, plan, tier, clock, to), ())

    def destination_rules(self, priority: str, plan: str, tier: str, signal: str, to: str) -> tuple[str, ...]:
        """Return the ids that have ``tier`` escalate to a role once ``signal`` is known."""
        owed = self._signalled(priority, plan, tier, signal)
        return tuple(dict.fromkeys(rule for one in owed if one.to == to for rule in one.rules))

    def target_rules(self, priority: str, plan: str, what: str) -> tuple[str, ...]:
        """Return the ids behind a target: ``first_response`` or ``resolve`` (of the soonest), or ``update``."""
        owed = self._targets(priority, plan, what)
        if what != UPDATE:
            owed = sorted((o for o in owed if o.due is not None), key=lambda o: o.due or 0.0)[:1]
        return tuple(dict.fromkeys(rule for one in owed for rule in one.rules))

    def update_every(self, priority: str, plan: str) -> tuple[tuple[float, float], ...]:
        """Return the cadence of the customer's updates: (from this age on, every so many minutes), ascending."""
        tier = self._first_tier()
        ages = {0.0} | {at for name, _, at in self._thresholds(priority, plan, tier) if name == "age"}
        cadence: list[tuple[float, float]] = []
        for age in sorted(ages, reverse=True):
            untold, told = self._at(priority, plan, tier, "age", age), self._told(priority, plan, tier, age)
            owed = [*replies(untold, UPDATE), *replies(told, UPDATE)]
            self.cited.update(rule for o in owed if o.repeat is not None for rule in o.rules)
            every = min((o.repeat for o in replies(told, UPDATE) if o.repeat is not None), default=math.inf)
            if math.isinf(every) and cadence:
                every = cadence[0][1]  # no rule holds yet that goes on from what was told now, but one will
            if cadence and cadence[0][1] == every:
                cadence[0] = age, every
            else:
                cadence.insert(0, (age, every))
        return tuple(cadence)

    def running_while_waiting(self, priority: str, plan: str) -> frozenset[str]:
        """Return what goes on while the customer is asked: names of clocks, and ``update`` where updates are owed."""
        asked = replace(self._situation(priority, plan, self._first_tier()), status=WAITING_CUSTOMER)
        verdict = self._tables.ask(asked)
        self.cited.update(rule for _, rules in verdict.paused for rule in rules)
        running = set(_TIER_CLOCKS) - {clock for clock, _ in verdict.paused}
        return frozenset(running | ({UPDATE} if replies(verdict, UPDATE) else set()))

    @property
    def lowered_restarts(self) -> bool:
        """Whether the resolution clock of a ticket lowered in priority starts anew (settlement D18)."""
        return self._policy.doc.reprioritised.lowered == RESTART

    @property
    def raised_restarts(self) -> bool:
        """Whether the resolution clock of a ticket raised in priority starts anew (settlement D18)."""
        return self._policy.doc.reprioritised.raised == RESTART

    def calendar(self, priority: str, plan: str) -> Calendar:
        """Return the calendar on which tickets of this priority and plan count."""
        if (priority, plan) not in self._calendars:
            asked = Situation(0.0, 0.0, plan, self._first_tier(), stated_priority=priority)
            self._calendars[priority, plan] = self._book.calendar(asked)
        return self._calendars[priority, plan]

    def tier_calendar(self, tier: str) -> Calendar:
        """Return the calendar in which a tier works.

        Raises:
            InputError: the policy has no such tier.
        """
        self._known(tier)
        return self._policy.calendars[self._policy.tiers[tier].calendar]

    # -- probing -----------------------------------------------------------------------------------------------

    def _known(self, tier: str) -> None:
        if tier not in self._policy.tiers:
            raise InputError(
                f'the desk works in tiers, and the policy {self.name} has none called "{tier}"; '
                f"it has {', '.join(self._policy.tiers)}"
            )

    def _known_signal(self, signal: str) -> None:
        signals = self._policy.doc.vocabulary.signals
        if signal not in signals:
            raise InputError(f'the policy {self.name} has no signal "{signal}"{nearest(signal, signals)}')

    def _first_tier(self) -> str:
        return next(iter(self._policy.tiers))

    def _opening(self, priority: str, plan: str) -> float:
        """Return an instant that begins a week without a holiday: the tickets' calendar has just opened."""
        calendar = self.calendar(priority, plan)
        if calendar.name not in self._start:
            self._start[calendar.name] = quiet_monday(calendar)
        return self._start[calendar.name]

    def _situation(
        self,
        priority: str,
        plan: str,
        tier: str,
        *,
        age: float = 0.0,
        clocks: Mapping[str, float] | None = None,
        signals: Iterable[str] = (),
        answered: bool = True,
    ) -> Situation:
        """Return a made-up ticket: ``age`` and the ``clocks``' elapsed minutes are what it has counted.

        ``answered`` tells whether it had its first response when it was opened.
        """
        start, calendar = self._opening(priority, plan), self.calendar(priority, plan)
        now = calendar.add(start, age)
        standing = clocks or {}
        return Situation(
            now=now,
            opened=start,
            plan=plan,
            tier=tier,
            tier_since=start,
            stated_priority=priority,
            stated_since=start,
            status_since=start,
            signals=dict.fromkeys(signals, start),
            checks=dict.fromkeys(self._checks, start),
            deeds=(Deed(REPLY, CUSTOMER, None, (FIRST_RESPONSE,), start),) if answered else (),
            # Paused clocks stand where they are put: only those asked about have reached anything. By one of the
            # resolution that stands no target would fall due, so there is none unless it is asked about.
            clocks={
                name: Clock(calendar, state="paused", at=now, elapsed_then=standing.get(name, 0.0))
                for name in _TIER_CLOCKS
                if name != RESOLUTION or name in standing
            },
        )

    def _base(self, priority: str, plan: str, tier: str, answered: bool = True) -> FastVerdict:
        key = (priority, plan, tier, answered)
        if key not in self._bases:
            self._bases[key] = self._tables.ask(self._situation(priority, plan, tier, answered=answered))
        return self._bases[key]

    def _at(
        self, priority: str, plan: str, tier: str, clock: str, reached: float, answered: bool = True
    ) -> FastVerdict:
        age, clocks = (reached, None) if clock == "age" else (0.0, {clock: reached})
        return self._tables.ask(self._situation(priority, plan, tier, age=age, clocks=clocks, answered=answered))

    def _told(self, priority: str, plan: str, tier: str, age: float) -> FastVerdict:
        """Return the verdict on a ticket of this age whose customer has this minute heard the news."""
        asked = self._situation(priority, plan, tier, age=age)
        return self._tables.ask(replace(asked, deeds=(*asked.deeds, Deed(REPLY, CUSTOMER, None, (UPDATE,), asked.now))))

    def _thresholds(self, priority: str, plan: str, tier: str) -> list[tuple[str, float, float]]:
        """Return (clock, its figure, the minutes at which a rule first sees it) for one kind of ticket.

        Ascending by what is seen first, so that what each adds is what it has more than the one before.
        """
        attributes = {"priority": priority, "plan": plan, "tier": tier}
        day = self.calendar(priority, plan).day_minutes
        found = set()
        for timer in self._book.timers():
            minutes = timer.figure.minutes(attributes, day)
            if math.isfinite(minutes):
                found.add((timer.name, minutes, max(0.0, minutes - early(timer, attributes, day))))
        return sorted(found, key=lambda timer: (timer[2], timer[1], timer[0]))

    def _soonest(self, priority: str, plan: str, owed: Iterable[Owed]) -> float:
        calendar, start = self.calendar(priority, plan), self._opening(priority, plan)
        dated = [(o, o.due) for o in owed if o.due is not None]
        self.cited.update(rule for o, _ in dated for rule in o.rules)
        return min((calendar.open_minutes(start, due) for _, due in dated), default=math.inf)
