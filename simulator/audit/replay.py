"""A ticket's history played again before the rulebook: what is known, what stands on the ticket, how its clocks stand.

The same player serves the agents, who ask what they owe, and the auditor, who asks it anew. Where a ticket goes is told
by the deeds: without an escalation it stays where it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from policy.clocks import Clock
from policy.fast import FastVerdict
from policy.probing import ESCALATE
from policy.situation import OPEN, RESOLUTION, RESOLVED, Deed, Situation, Stretch
from policy.standstill import age_of
from policy.ticket_clocks import keeps_elapsed, resolution_clock, timers_calendar, with_status
from simulator.audit.book import Book
from simulator.audit.case import CHECK, DEESCALATE, OF_A_RETURN, Case, Fact, What

_PART, _WHOLE = "no_progress", "unresolved"
_TIMERS = (_PART, _WHOLE)
_SET_PRIORITY = "set_priority"


class Replay:
    """The state of one ticket. Life: opened from a case; facts and deeds in the order of time; ``look`` in between."""

    def __init__(self, book: Book, case: Case) -> None:
        """Open the ticket."""
        self.book, self.case = book, case
        self.now = self.tier_since = self.status_since = self.stated_since = case.opened
        self.tier, self.stated, self.status = case.tier, case.stated, OPEN
        self.lowered = False
        """Whether the ticket turned out to be less urgent than its true priority was when it came."""
        self.signals: dict[str, float] = {}
        self.checks: dict[str, float] = {}
        self.deeds: tuple[Deed, ...] = ()
        self.was: tuple[Stretch, ...] = ()
        self.clocks: dict[str, Clock] = {}
        self.verdict: FastVerdict | None = None
        self._stuck = self._stuck_stays()
        if (telling := book.telling.get(case.stated)) is not None:
            self.signals[telling] = case.opened

    # -- questions ---------------------------------------------------------------------------------------------

    def situation(self) -> Situation:
        """Return what the holder knows now. It shares the state's tables: ask at once."""
        case = self.case
        return Situation(
            now=self.now,
            opened=case.opened,
            plan=case.plan,
            tier=self.tier,
            category=case.category,
            tier_since=self.tier_since,
            stated_priority=self.stated,
            stated_since=self.stated_since,
            status=self.status,
            status_since=self.status_since,
            signals=self.signals,
            checks=self.checks,
            deeds=self.deeds,
            clocks=self.clocks,
            was=self.was,
        )

    def look(self) -> FastVerdict:
        """Return the verdict that holds now; the clocks follow it."""
        verdict = self.book.ask(self.situation())
        if self._heed(verdict):
            verdict = self.book.ask(self.situation())
        self.verdict = verdict
        return verdict

    def next_flip(self) -> float:
        """Return the next instant at which a clock may change the verdict, infinity if there is none."""
        assert self.verdict is not None
        situation = self.situation()
        calendar, priority = self.book.calendar(situation), self.verdict.priority
        clocks: Mapping[str, Clock | None] = {
            **self.clocks, "age": age_of(situation, calendar, self.verdict.priority_since)
        }  # fmt: skip
        soonest = math.inf
        for name, clock in clocks.items():
            if clock is None or clock.state != "running":
                continue
            for one, minutes in self.book.limits(priority, self.case.plan, self.tier, clock.calendar.day_minutes):
                if one == name:
                    at = clock.reaches(minutes)
                    if at is not None and self.now < at < soonest:
                        soonest = at
        return soonest

    # -- what happens ------------------------------------------------------------------------------------------

    def apply(self, fact: Fact) -> None:
        """Let a fact become known, now, unless the tier that would have found it out does not have the ticket."""
        if fact.tier and fact.tier != self.tier:
            return
        match fact.what:
            case What.TAKEN:
                if _WHOLE in self.clocks:
                    self.clocks[_WHOLE] = self.clocks[_WHOLE].start(self.now)
            case What.STUCK:  # of what was before, nobody knows when there was progress
                if _PART in self.clocks:
                    self.clocks[_PART] = self.clocks[_PART].start(self.now)
            case What.SIGN:
                if self.book.signal(fact.name) is not None:
                    self.signals.setdefault(fact.name, self.now)
            case What.TRUE_PRIORITY:
                telling = self.book.telling.get(fact.name)
                if telling is None:
                    self._state(fact.name)
                else:
                    self.signals.setdefault(telling, self.now)
            case What.STATUS:
                self._set_status(fact.name)
            case What.LOWERED:
                self._lower(fact.name)
            case What.PUT_AWAY:
                for name in _TIMERS:  # nobody has it in hand, and no timer of the tier counts that
                    self.clocks.pop(name, None)
            case What.BACK:
                self._set_status(OPEN)
                self._move(fact.name)

    def add(self, deed: Deed) -> None:
        """Let a deed take effect, now."""
        self.deeds = (*self.deeds, deed)
        if deed.verb in (ESCALATE, DEESCALATE) and deed.to in self.book.policy.tiers:
            assert deed.to is not None
            if deed.to != self.tier:
                self._move(deed.to, back=deed.verb == DEESCALATE)
        elif deed.verb == _SET_PRIORITY:
            for priority in deed.what:
                if priority in self.book.policy.priorities:
                    self._state(priority)
        elif deed.verb == CHECK:
            for name in deed.what:
                self.checks.setdefault(name, self.now)

    # -- inside ------------------------------------------------------------------------------------------------

    def _stuck_stays(self) -> frozenset[float]:
        """Return when the stays began that ended for lack of progress; of others nobody knows when there was any."""
        stuck = [item.at for item in self.case.items if isinstance(item, Fact) and item.what is What.STUCK]
        return frozenset(stay.entered for stay in self.case.stays if any(stay.began <= at < stay.left for at in stuck))

    def _state(self, priority: str) -> None:
        if priority != self.stated:
            self.stated, self.stated_since = priority, self.now

    def _set_status(self, status: str) -> None:
        if status == self.status:
            return
        self.clocks = with_status(self.clocks, status, self.now)
        if self.status != OPEN:
            self.was = (*self.was, Stretch(self.status, self.status_since, self.now))
        self.status, self.status_since = status, self.now

    def _move(self, tier: str, *, back: bool = False) -> None:
        """Give the ticket to a tier: a visit with timers of its own; what the tier before has seen is done with.

        But a tier that gets a ticket ``back`` knows why, and what the tier above saw in this very instant was seen
        before the ticket went back.
        """
        self.tier, self.tier_since = tier, self.now
        lasting = {*self.book.telling.values(), *self.book.carried_signals}
        kept = {*lasting, *(OF_A_RETURN if back else ())}
        before = math.nextafter(self.now, -math.inf) if back else math.inf
        self.signals = {
            name: min(since, before) if name in lasting else since
            for name, since in self.signals.items() if name in kept
        }  # fmt: skip
        self._start_visit()

    def _lower(self, priority: str) -> None:
        """Let the ticket be less urgent: what told of a graver priority is not so, and something tells of this."""
        self.lowered, ranks = True, list(self.book.policy.priorities)
        for one, signal in self.book.telling.items():
            if ranks.index(one) < ranks.index(priority):
                self.signals.pop(signal, None)
        telling = self.book.telling.get(priority)
        if telling is None:
            self._state(priority)
        else:
            self.signals.setdefault(telling, self.now)

    def _start_visit(self) -> None:
        own = None if self.verdict is None else self.book.calendar(self.situation())
        calendar = timers_calendar(self.book.policy, self.tier, own)
        stuck = any(since == self.tier_since for since in self._stuck) or (
            self.tier_since == self.case.opened and self.case.stays[0].entered in self._stuck
        )
        for name in _TIMERS:
            self.clocks.pop(name, None)
            if name != _PART or stuck:
                self.clocks[name] = Clock(calendar)

    def _heed(self, verdict: FastVerdict) -> bool:
        """Let the clocks follow a verdict; return whether one changed its ways."""
        before = {name: (clock.state, clock.target, clock.calendar) for name, clock in self.clocks.items()}
        known = None if self.verdict is None else self.verdict.priority
        if verdict.priority is not None and verdict.priority != known:
            first = self.verdict is None
            self.verdict = verdict
            if first:
                self._start_visit()
            self._new_priority(verdict.priority, known, first=first)
        still = {name for name, _ in verdict.paused}
        for name, clock in self.clocks.items():
            if name in still:
                self.clocks[name] = clock.pause(self.now)
            elif clock.state == "paused":
                self.clocks[name] = clock.resume(self.now)
        return before != {name: (clock.state, clock.target, clock.calendar) for name, clock in self.clocks.items()}

    def _new_priority(self, priority: str, known: str | None, *, first: bool) -> None:
        """Start the resolution clock of a priority, or let it go on: that is the policy's to say (settlement D18)."""
        policy = self.book.policy
        calendar = self.book.calendar(self.situation())
        keeps = not first and keeps_elapsed(policy, known, priority)
        clock = resolution_clock(
            policy, priority, calendar, self.now, keeping=self.clocks[RESOLUTION] if keeps else None,
            since=self.case.opened if first else self.now,
        )  # fmt: skip
        if not keeps and self.status == RESOLVED:
            clock = clock.stop(self.now)
        self.clocks[RESOLUTION] = clock
        if calendar.always_open:
            for name in _TIMERS:
                if name in self.clocks:
                    self.clocks[name] = self.clocks[name].with_calendar(self.now, calendar)


def hindsight(situation: Situation, case: Case, book: Book) -> Situation:
    """Return a situation as it would be if everybody had seen at once what could be seen: the true priority too."""
    signals = dict(situation.signals)
    for seen, could in case.visible.items():
        for name, since in signals.items():
            if since == seen:
                signals[name] = could
    return replace(situation, signals=signals)


def with_true_priority(situation: Situation, case: Case, book: Book) -> Situation:
    """Return a situation in which the ticket's true priority is known since it was opened."""
    telling = book.telling.get(case.true)
    if telling is None:
        return replace(situation, stated_priority=case.true, stated_since=case.opened)
    return replace(situation, signals={**situation.signals, telling: case.opened})
