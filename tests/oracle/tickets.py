"""A ticket: what is known of it, where it stands, and what has happened to it so far."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from simulator.codes import BACK_BY_AGREEMENT, Entry, Slip
from simulator.draws import Block, Choices
from simulator.draws.tickets import block_size
from simulator.model import DeskModel, KindRules, TierRules
from simulator.openhours import OpenHours

from .hours import Countdown, add, between

if TYPE_CHECKING:
    import simpy

    from .people import Agent, Request

GOLDEN = 0.6180339887498949
"""Turns of a circle between a ticket's luck with one update and with the next."""


NONE = Slip(0)


class Chance:
    """All chance about tickets, row by row."""

    def __init__(self, model: DeskModel, seed: int, replication: int) -> None:
        self._drawn = model, seed, replication
        self._blocks: dict[tuple[int, int], Block] = {}

    def of(self, source: int, row: int) -> tuple[Block, int]:
        """Return the block that holds a row of a source, and the place of the row in it."""
        number = 0
        while row >= block_size(number):
            row -= block_size(number)
            number += 1
        if (source, number) not in self._blocks:
            self._blocks[source, number] = Block(*self._drawn, source, number)
        return self._blocks[source, number], row


@dataclass
class Part:
    """A part of the work of a stay: what is done, and how many minutes of it are left."""

    what: str
    minutes: float
    then_ask: bool = False
    """Whether there is something to ask, or to see, when it is done."""
    ends_the_checks: bool = False


@dataclass
class Ticket:
    """A ticket. ``agent`` is the last who had it in this stay, ``parts`` what is still to be done in it."""

    index: int
    block: Block
    row: int
    opened: float
    priority: int
    kind: KindRules
    cause: int
    about = -1
    process: simpy.Process = field(init=False)

    # Where it is.
    tier: int = 0
    entry: Entry = Entry.OPENED
    entered: float = field(init=False)
    available: float = field(init=False)
    came_from: int = 0
    """The tier that it was in before."""
    began: float = math.nan
    agent: Agent | None = None
    errands: list[Errand] = field(default_factory=list)
    """What others were called for, to help with it."""
    visits: int = 0
    times_in: dict[int, int] = field(default_factory=dict)
    """How often somebody has begun with it in each tier."""

    # The stay in hand.
    hours: OpenHours = None  # type: ignore[assignment]
    """The hours of whoever has it in hand."""
    timed: OpenHours = None  # type: ignore[assignment]
    """The calendar on which the tier's timers count."""
    rules: TierRules = None  # type: ignore[assignment]
    parts: list[Part] = field(default_factory=list)
    outcome: int = 0
    """How the stay ends if nothing else ends it."""
    stuck: Countdown = None  # type: ignore[assignment]
    in_hand: Countdown = None  # type: ignore[assignment]
    joins: list[tuple[Countdown, int]] = field(default_factory=list)
    """Who joins in after some time in hand: until when, and the place."""

    waits_with: Request | None = None
    """The wish for somebody who takes it, while it waits in a queue."""
    gives_up: float = math.nan
    """When its customer gives up waiting."""

    # What it has gone through.
    responded: float = math.nan
    passed_on_wrongly_by: int | None = None
    may_be_misled: bool = True
    ages: list[simpy.Process] = field(default_factory=list)
    """The ages of its kind, as events."""
    aged_from: float = field(init=False)
    paused: float = 0.0
    solved_since_aging: float = 0.0
    """Minutes since then for which it was solved."""
    unheard_since_aging: float = 0.0
    """Minutes since then for which no updates were owed."""
    aged_anew: int = 0
    """How often its ages have become others."""
    asked_at: float | None = None
    heard: Countdown = None  # type: ignore[assignment]
    """Until the customer has to hear again."""
    sent: int = 0
    missed: int = 0
    late: int = 0
    reopened: int = 0
    in_the_dark: bool = False
    """Whether it carries a signal that nobody has seen yet."""
    demanded: int | None = None
    """The priority that its signal demands, if it demands one."""
    certain: int | None = None
    """The priority that follows from its signal."""
    raised: int = 0
    """By how much its signal raised its priority."""
    sent_to: int = 0
    """Where its signal leads."""
    verified_at: float | None = None
    """Until when its signal is being verified."""
    lowered: int = 0
    """How often a tier above has found it less urgent than it was taken for."""
    clock_from: float = field(init=False)
    """Since when its resolution clock counts."""
    breached_before: bool = False
    handed_back_by: int = 0
    """The tier that has handed it back, the last time that one did."""
    owed_below: Choices | None = None
    """What chance has decided about the stay that ended so."""
    settled_at: float | None = None
    """When it was solved, if what is left is to tell the customer and to close it."""
    silenced: float | None = None
    """The minutes until the next update, if updates were owed until then."""
    hasty: bool = False
    """Whether something is missing in the hand-off with which it came."""
    told: dict[int, tuple[float, int]] = field(default_factory=dict)
    """Who has joined in: by place, when and why."""
    slip: Slip = NONE
    """What has gone wrong in this stay."""
    solved: bool = False
    written: bool = False
    """Its stay is in the books already, though it is not solved: others decide about it."""
    to_be_freed: Agent | None = None

    def __post_init__(self) -> None:
        self.entered = self.available = self.aged_from = self.clock_from = self.opened
        self.heard = Countdown(self.kind.hours, self.opened, math.inf)

    def take_in_hand(self, hours: OpenHours, since: float, began: float, rules: TierRules) -> None:
        """Let the timers of a tier count: progress from ``since`` on, the time in hand from its start.

        They count in the ``hours`` of the tier, but always where all that has to do with the ticket does.
        """
        self.hours, self.rules = hours, rules
        timed = self.timed = self.kind.hours if self.kind.around_the_clock else hours
        self.stuck = Countdown(timed, since, rules.no_progress)
        self.in_hand = Countdown(timed, began, rules.unresolved)
        self.joins = [(Countdown(timed, began, after), place) for after, place in rules.joins]

    @property
    def category(self) -> int:
        return self.block.category[self.row]

    @property
    def solved_by(self) -> int:
        return self.block.solved_by[self.row]

    @property
    def true_priority(self) -> int:
        return self.block.priority[self.row] + self.lowered if self.certain is None else self.certain

    @property
    def age_move(self) -> tuple[int, int] | None:
        """The age at which its tier has to pass it on, and to whom; what was handed back by agreement stays there."""
        return None if self.entry in BACK_BY_AGREEMENT else self.kind.tiers[self.tier].age_move

    def rules_here(self, nothing: TierRules) -> TierRules:
        """Return the rules of a stay that begins now; where the clocks have stopped, ``nothing`` ends it but work."""
        if self.settled_at is not None:
            return nothing
        return replace(self.kind.tiers[self.tier], age_move=self.age_move)

    @property
    def answered_yet(self) -> bool:
        return not math.isnan(self.responded)

    def has(self, name: str, agent: Agent | None = None) -> bool:
        """Return whether a slip of this name happens to it, if this agent is at work (or anybody)."""
        return self.block.slip_luck[name][self.row] < (1.0 if agent is None else agent.slips)

    def forgets(self, share: float) -> bool:
        """Return whether its next update is forgotten."""
        return (self.block.luck[self.row] + (self.sent + self.missed) * GOLDEN) % 1.0 < share

    def age_due(self, index: int, now: float) -> float:
        """Return when it reaches an age, as far as that can be known at ``now``."""
        since, stood_still = self.aged_from, self.solved_since_aging
        if self.kind.age_clocks[index]:
            since, stood_still = self.clock_from, self.paused
            if self.asked_at is not None and not self.kind.waiting.resolution:
                stood_still += between(self.kind.hours, self.asked_at, now)
        return add(self.kind.hours, since, self.kind.ages[index] + stood_still)

    def settle(self, until: float) -> None:
        """Let its clock have stood still since it was solved, if it was handed back as that."""
        if self.settled_at is not None:
            self.was_solved(self.settled_at, until)
            self.settled_at = None

    def was_solved(self, since: float, until: float) -> None:
        """Let its clock and its age not have counted while it was solved."""
        minutes = between(self.kind.hours, since, until)
        self.paused += minutes
        self.solved_since_aging += minutes
        self.unheard_since_aging += minutes

    def hear_from(self, now: float) -> None:
        """Let the time until the next update of the customer count from ``now``, by the cadence at its age."""
        age = between(self.kind.hours, self.aged_from, now) - self.unheard_since_aging
        every = [gap for begins, gap in self.kind.updates if begins <= age]
        self.heard = Countdown(self.kind.hours, now, every[-1] if every else math.inf)

    def clocks_run_again(self, now: float) -> None:
        """Take account of what stood still while the customer was asked."""
        assert self.asked_at is not None
        waiting = self.kind.waiting
        if not waiting.resolution:
            self.paused += between(self.kind.hours, self.asked_at, now)
        self.timers_stood_still(now)
        if not waiting.updates:
            self.unheard_since_aging += between(self.kind.hours, self.asked_at, now)
            self.updates_stood_still(self.asked_at, now)
        self.asked_at = None

    def updates_stood_still(self, since: float, now: float) -> None:
        """Let the time until the next update not have counted; one that was overdue before stays overdue."""
        if self.heard.left < math.inf and self.heard.over() > since:
            self.heard.stood_still(since, now)

    def timers_stood_still(self, now: float) -> None:
        """Let the timers of the tier not have counted while the customer was asked, if that is the rule."""
        assert self.asked_at is not None
        if not self.kind.waiting.in_hand:
            for countdown in (self.stuck, self.in_hand, *(countdown for countdown, _ in self.joins)):
                if countdown.over() > self.asked_at:
                    countdown.stood_still(self.asked_at, now)


class Errand:
    """Time that somebody gives to a ticket that somebody else has; it waits for an agent as a ticket does.

    When that ticket is solved, whoever has not come yet is called off.
    """

    index = -1

    def __init__(self, ticket: Ticket, tier: int, minutes: float, now: float, asked_by_a_host: bool = False) -> None:
        self.tier = tier
        self.minutes = minutes
        self.priority, self.category = ticket.priority, ticket.category
        self.entered = self.available = now
        self.asked_by_a_host = asked_by_a_host
        self.about = ticket.index
        ticket.errands.append(self)
        self.called_off = False
        self.request: Request | None = None
        self.agent: Agent | None = None
        self.process: simpy.Process
