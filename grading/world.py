"""The world of a drill: what is known, what stands on the ticket, and what happens by itself.

A world holds state and lets events happen at their instants; it judges nothing. Its chances (how soon a team
acknowledges, how soon a customer answers) are all drawn from the seed when it is made, in the order of the scenario
file, so that the same seed gives the same world whatever the trainee does.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from grading.acts import Act
from grading.views import FactView, Message, Who
from policy.clocks import Clock
from policy.rulebook import Rulebook
from policy.situation import OPEN, Count, Deed, Situation, Stretch
from policy.ticket_clocks import keeps_elapsed, resolution_clock, timers_calendar, with_status
from policy.verdict import Verdict
from scenarios import Effect, Inject, Scenario, clean_text

_STREAM: Final = 1
_USUAL_ACKNOWLEDGEMENT: Final = (5.0, 15.0)


@dataclass(frozen=True, slots=True, order=True)
class _Event:
    at: float
    order: int
    happens: Callable[[], None]


class World:
    """The state of one drill. Life: made from a scenario and a seed; ``advance_to`` moves its time forwards."""

    def __init__(self, scenario: Scenario, rulebook: Rulebook, seed: int) -> None:
        """Open the scenario: the ticket lies before the trainee at the opening instant, in hand."""
        self.scenario = scenario
        self.rulebook = rulebook
        self.now = scenario.opens
        self.tier = scenario.seat
        self.tier_since = scenario.opens
        self.status = OPEN
        self.status_since = scenario.opens
        self.was: tuple[Stretch, ...] = ()
        self.stated_priority: str | None = None
        self.stated_since: float | None = None
        self.signals: dict[str, float] = {}
        self.counts: dict[str, Count] = {}
        self.checks: dict[str, float] = {}
        self.answered: dict[str, float] = {}
        self.deeds: tuple[Deed, ...] = ()
        self.acknowledged: dict[str, float] = {}
        self.awaited: dict[str, float] = {}
        self.facts: list[FactView] = []
        self.messages: list[Message] = []
        self.clocks: dict[str, Clock] = {}
        self.verdict: Verdict | None = None
        self._concluded: set[int] = set()
        self._injected: set[int] = set()
        self._queue: list[_Event] = []
        self._order = 0
        self._delays = self._drawn(seed)
        self._start_visit(in_hand=True)
        self._open()

    # -- questions ---------------------------------------------------------------------------------------------

    @property
    def minute(self) -> float:
        """Minutes since the opening."""
        return round(self.now - self.scenario.opens, 6)

    def situation(self) -> Situation:
        """Return what the seat knows now."""
        return Situation(
            now=self.now,
            opened=self.scenario.opens,
            plan=self.scenario.ticket.customer.plan,
            tier=self.tier,
            category=self.scenario.ticket.category,
            tier_since=self.tier_since,
            stated_priority=self.stated_priority,
            stated_since=self.stated_since,
            status=self.status,
            status_since=self.status_since,
            was=self.was,
            signals=dict(self.signals),
            checks=dict(self.checks),
            counts=dict(self.counts),
            deeds=self.deeds,
            clocks=dict(self.clocks),
        )

    def next_event(self) -> float | None:
        """Return the instant of the next thing that happens by itself."""
        return self._queue[0].at if self._queue else None

    def pending(self, team: str) -> bool:
        """Return whether something was handed to ``team`` that it has not acknowledged yet."""
        return team in self.awaited

    # -- time --------------------------------------------------------------------------------------------------

    def move_to(self, instant: float) -> None:
        """Move to ``instant`` and let what is due by then happen. Never backwards."""
        while self._queue and self._queue[0].at <= instant:
            event = heapq.heappop(self._queue)
            self.now = max(self.now, event.at)
            event.happens()
        self.now = max(self.now, instant)

    def heed(self, verdict: Verdict) -> bool:
        """Let the clocks follow a verdict: what it holds still stands still; a new priority has a new target.

        Return whether a clock changed its ways, so that the verdict may have changed as well.
        """
        before = {name: (clock.state, clock.target, clock.calendar) for name, clock in self.clocks.items()}
        known = self.verdict.priority if self.verdict is not None else None
        if verdict.priority is not None and verdict.priority != known:
            self._new_priority(verdict.priority, first=known is None)
        still = {name for name, _ in verdict.paused}
        for name, clock in self.clocks.items():
            self.clocks[name] = clock.pause(self.now) if name in still else clock.resume(self.now)
        self.verdict = verdict
        return before != {name: (clock.state, clock.target, clock.calendar) for name, clock in self.clocks.items()}

    # -- what changes ------------------------------------------------------------------------------------------

    def say(self, who: Who, text: str, name: str = "") -> None:
        """Add a line to the conversation."""
        self.messages.append(Message(self.minute, who, clean_text(text), name))

    def establish(self, effect: Effect) -> None:
        """Let signals begin or cease to hold and numbers become known, now."""
        for name in effect.withdraws:
            self.signals.pop(name, None)
        for name in effect.establishes:
            self.signals.setdefault(name, self.now)
        for name, value in effect.counts.items():
            if name not in self.counts or self.counts[name].value != value:
                self.counts[name] = Count(value, self.now)

    def learn(self, name: str, label: str, text: str, effect: Effect) -> None:
        """Take note of a fact from a check or an answer, draw the conclusions that now follow: progress was made."""
        self.facts.append(FactView(self.minute, name, clean_text(text), label))
        self.establish(effect)
        known = {*self.checks, *self.answered}
        for index, conclusion in enumerate(self.scenario.conclusions):
            if index not in self._concluded and known.issuperset(conclusion.when):
                self._concluded.add(index)
                self.facts.append(FactView(self.minute, "", clean_text(conclusion.shows), "What follows"))
                self.establish(conclusion.effect)
        self.progress()

    def progress(self) -> None:
        """Start the timer of "no progress" afresh (settlement D1: a status message is no progress, a fact is)."""
        if "no_progress" in self.clocks:
            self.clocks["no_progress"] = self.clocks["no_progress"].reset(self.now)

    def add_deed(self, deed: Deed) -> None:
        """Record a deed."""
        self.deeds = (*self.deeds, deed)

    def move_to_tier(self, tier: str) -> None:
        """Give the ticket to another tier; its visit begins with timers of its own."""
        self.tier, self.tier_since = tier, self.now
        self._start_visit(in_hand=False)

    def set_status(self, status: str) -> None:
        """Change the ticket's status: what is resolved stops its clocks, what comes back keeps what they counted."""
        if status == self.status:
            return
        self.clocks = with_status(self.clocks, status, self.now)
        if self.status != OPEN:
            self.was = (*self.was, Stretch(self.status, self.status_since, self.now))
        self.status, self.status_since = status, self.now

    def set_priority(self, priority: str) -> None:
        """Write a priority on the ticket."""
        if priority != self.stated_priority:
            self.stated_priority, self.stated_since = priority, self.now

    # -- things to come ----------------------------------------------------------------------------------------

    def after(self, minutes: float, happens: Callable[[], None]) -> None:
        """Let something happen in ``minutes``."""
        heapq.heappush(self._queue, _Event(self.now + minutes, self._order, happens))
        self._order += 1

    def expect_answer(self, name: str) -> None:
        """Let the customer answer a question, once, after their time."""
        question = self.scenario.question(name)
        assert question is not None

        def answer() -> None:
            if name not in self.answered:
                self.answered[name] = self.now
                self.say("customer", question.says, self.scenario.ticket.customer.name)
                self.learn(name, question.label, question.says, question.effect)

        self.after(self._delays[f"question:{name}"], answer)

    def expect_acknowledgement(self, team: str) -> None:
        """Let a team acknowledge what it was handed, after its time."""
        self.awaited[team] = self.now

        def acknowledge() -> None:
            self.awaited.pop(team, None)
            self.acknowledged[team] = self.now
            colleague = self.scenario.colleague(team)
            says = colleague.says if colleague is not None else "Received, thank you. We are looking at it."
            self.say("colleague", says, self.rulebook.policy.label(team))
            if team == self.tier:
                for name in ("no_progress", "unresolved"):
                    self.clocks[name] = self.clocks[name].start(self.now)

        self.after(self._delays.get(f"team:{team}", self._delays["anybody"]), acknowledge)

    def react(self, act: Act) -> None:
        """Let an act set off the injects that wait for it."""
        for index, inject in enumerate(self.scenario.injects):
            on = inject.on
            if on is None or on.do != act.verb or index in self._injected:
                continue
            if on.to is not None and on.to != act.word("to"):
                continue
            single = (act.word(name) for name in ("what", "notice", "priority", "state", "reason"))
            said = {*act.words("what"), *act.words("tells"), *act.fields.get("handoff", {}), *single}
            if on.what is not None and on.what not in said:
                continue
            self._injected.add(index)
            self.after(inject.after, self._happening(inject))

    # -- inside ------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        ticket = self.scenario.ticket
        self.establish(self.scenario.opening)
        self.say("customer", ticket.text, ticket.customer.name)
        for index, inject in enumerate(self.scenario.injects):
            if inject.at is not None:
                self._injected.add(index)
                self.after(inject.at, self._happening(inject))

    def _happening(self, inject: Inject) -> Callable[[], None]:
        def happens() -> None:
            if any(name in self.signals for name in inject.unless):
                return
            who: Who = "customer" if inject.who == "customer" else "system" if inject.who == "system" else "colleague"
            name = self.scenario.ticket.customer.name if who == "customer" else ""
            self.say(who, inject.text, self.rulebook.policy.label(inject.who) if who == "colleague" else name)
            self.establish(inject.effect)

        return happens

    def _new_priority(self, priority: str, *, first: bool) -> None:
        """Start the resolution clock of a priority; let the tier timers run on its calendar where that never closes.

        What becomes of it when the priority changes later is the policy's to say (settlement D18).
        """
        policy = self.rulebook.policy
        calendar = self.rulebook.calendar(self.situation())
        known = None if self.verdict is None else self.verdict.priority
        keeps = not first and keeps_elapsed(policy, known, priority)
        self.clocks["resolution"] = resolution_clock(
            policy, priority, calendar, self.now, keeping=self.clocks["resolution"] if keeps else None,
            since=self.scenario.opens if first else self.now,
        )  # fmt: skip
        timers_on = timers_calendar(policy, self.tier, calendar)
        for name in ("no_progress", "unresolved"):
            self.clocks[name] = self.clocks[name].with_calendar(self.now, timers_on)

    def _start_visit(self, *, in_hand: bool) -> None:
        """Begin a visit to a tier: its two timers count time in hand, from the first work (settlement D1)."""
        known = self.verdict.priority if self.verdict is not None else None
        own = None if known is None else self.rulebook.calendar(self.situation())
        calendar = timers_calendar(self.rulebook.policy, self.tier, own)
        for name in ("no_progress", "unresolved"):
            clock = Clock(calendar)
            self.clocks[name] = clock.start(self.now) if in_hand else clock

    def _drawn(self, seed: int) -> dict[str, float]:
        spans = [("anybody", _USUAL_ACKNOWLEDGEMENT)]
        spans += [(f"question:{q.name}", q.answers_after) for q in self.scenario.questions]
        spans += [(f"team:{c.team}", c.acknowledges_after) for c in self.scenario.colleagues]
        stream = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_STREAM,)))
        shares = stream.random(len(spans))
        # Half minutes, so that instants stay exact in binary and readable in a transcript.
        return {
            name: round((low + (high - low) * float(share)) * 2) / 2
            for (name, (low, high)), share in zip(spans, shares, strict=True)
        }
