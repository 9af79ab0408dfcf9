"""The moving parts of a desk: tickets, agents, pools. Each is, or has, a SimPy event that is used again and again.

A :class:`Ticket` has at most one thing of its own ahead (the end of a hand-off, a decision, a customer's answer), so
it *is* the event for that. Work has its own event, the agent's :class:`Spell`, because work can be broken off: the
spell is then left in the calendar as a dead one, and the agent gets another. Whatever may be overtaken by something
else (a customer's patience, a timer of a ticket whose work was broken off) is a :class:`Bell` that looks, when it
rings, whether it is still meant.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from simulator.codes import Entry
from simulator.model import KindRules, TierRules
from simulator.openhours import OpenHours

if TYPE_CHECKING:
    from simulator.draws import Agenda, Block
    from simulator.draws.crew import Member
    from simulator.engine.scripts import Script
    from simulator.engine.walk import Walk
    from simulator.roster import TierStaff

NEVER = math.nan
INFINITE = math.inf
LEAST = 127
"""Below any priority: what a ticket's signal demands where it demands nothing."""
OPENED = int(Entry.OPENED)
NOT_MISLED = -1
NOT_AGAIN = -2
"""Where a ticket was passed on to a wrong tier from: from none yet, or never again."""


class Stage(IntEnum):
    """Where a ticket stands."""

    HANDOVER = 0
    WAITING = 1
    WORKING = 2
    DECISION = 3
    RESOLVED = 4
    ASKING = 5
    """The customer has a question to answer."""
    ANSWERED = 6
    """The customer has answered, and the agent has not yet gone on."""
    BROKEN_OFF = 7
    """Back in the queue, work on it broken off."""
    SWARMING = 8
    """In the hands of an agent who waits for, or works with, somebody called in."""


class Ticket(Event):
    """A ticket, and the event of whatever happens to it next."""

    # What is asked of every ticket has a place of its own; the rest stands in the class until it is set.
    __slots__ = (
        "agenda", "agent", "aging", "answering", "ask_at", "at", "available", "began", "block", "callbacks",
        "called", "came_from", "category", "cause", "checks_at", "clock_from", "entered", "entry", "final",
        "gives_up", "hasty", "in_hand", "in_hand_left", "in_the_dark", "index", "kind", "late", "left",
        "misled_from", "missed", "opened", "paused", "pool", "priority", "progress", "progress_left", "quick",
        "reopened", "responded", "row", "rules", "script", "sent", "settled", "slip", "stage", "stays", "tier",
        "told", "update_from", "update_left", "visit",
    )  # fmt: skip
    _ok = True
    _value = None
    gives_up: float
    """When the customer gives up waiting for somebody to take it."""
    paused_since = 0.0
    stays: list[int] | None
    """How often it has been in each tier; ``None`` while it is in the first for the first time."""
    told: dict[int, tuple[int, float]] | None
    """Who has joined in: by place, why and when."""
    stood_still: tuple[float, float] | None = None
    """From when to when the timers of the stay in hand stood still, as the customer was asked."""
    sender: Agent | None = None
    aged_from: float | None = None
    """Since when its age counts, where that is not since it was opened."""
    aged_still = 0.0
    """Minutes since then for which it did not count, the ticket being solved."""
    unheard = 0.0
    """Minutes since then for which no updates were owed, the ticket being solved or its customer asked."""
    aging: int
    """How often its ages were begun anew, or went on after they had stopped: what was expected before is not meant."""
    lowered = 0
    """How often its priority was lowered, a tier above having found it less urgent."""
    clock_from: float | None
    """Since when its resolution clock counts, where that is not since it was opened."""
    breached_before = False
    """Whether that clock was over before it began anew."""
    came_from: int
    """The tier that it came from."""
    asker = 0
    """The last tier that has handed it back."""
    closing = watch = 0.0
    """Minutes of work for the tier that it was handed back to, and for how long that one watches a workaround."""
    settled: float | None
    """When it was handed back as solved; its clocks stand still until it is closed."""
    silenced: float | None = None
    """The open minutes until the next update, where one was owed before that."""
    demanded = LEAST
    """The priority that the signal seen on it demands: nobody lowers it below that."""
    certain: int | None = None
    """The priority that follows from what is known of it, whatever it was taken for."""
    in_the_dark: bool
    """Whether it carries a signal that nobody has seen yet."""
    raised = 0
    """By how much its signal raised its priority."""
    verified_at = 0.0
    """Until when nobody may work on it, its signal being verified; 0 where nothing is."""
    called: tuple[JointWork, ...]
    """The work of those who were called to help with it."""
    hasty: bool
    """Whether something is missing in the hand-off with which it came."""
    script: Script | None
    """What its first stay comes to, if that may go in one go."""
    age_move_due: float
    """The age at which the ticket leaves the tier that has it in hand."""
    # About the stay in hand.
    pool: Pool
    agent: Agent
    rules: TierRules
    at: int
    left: float
    final: int
    ask_at: int
    """The part of the agenda after which the customer is asked, or the true priority is seen; -1 without a question."""
    checks_at: int
    """How many parts of the agenda are done when the checks are; -1 once that is written down, or where it is not."""
    answering: bool
    quick: bool
    progress: float
    progress_left: float
    """Since when nothing has been achieved, and the open minutes after that until the timer of it is over."""
    in_hand: float
    in_hand_left: float
    """The same for the timer of the time in hand."""

    def __init__(
        self, index: int, row: int, block: Block, opened: float, priority: int, category: int, kind: KindRules,
        update_left: float = math.inf,
    ) -> None:  # fmt: skip
        """Make a ticket; it does nothing until it is scheduled, and needs no environment of its own."""
        self.index = index
        self.row = row
        self.block = block
        self.opened = self.entered = self.available = opened
        self.priority = priority
        self.category = category
        self.kind = kind
        self.tier = self.stage = 0
        self.began = self.responded = NEVER
        self.agenda: Agenda | None = None
        self.script = self.stays = self.told = self.clock_from = self.settled = None
        self.visit = self.sent = self.missed = self.late = self.reopened = self.slip = self.aging = self.came_from = 0
        self.called = ()
        self.in_the_dark = self.hasty = False
        self.entry = OPENED
        self.cause = self.misled_from = NOT_MISLED
        self.gives_up = INFINITE
        self.paused = 0.0
        # Since when the customer has heard nothing, and the open minutes after that until they have to hear.
        self.update_from = opened
        self.update_left = update_left


def slipped(agent: Agent, ticket: Ticket, name: str) -> bool:
    """Return whether an agent makes a slip with a ticket."""
    return ticket.block.slip_luck[name][ticket.row] < agent.slips


class JointWork(Ticket):
    """Time that somebody gives to a ticket that somebody else holds; ``host`` waits for it, where there is one."""

    about: Ticket
    host: Agent | None


class Spell(Event):
    """A stretch of an agent's work; as an event, its end. A dead one has no agent."""

    __slots__ = ("agent", "began", "end", "ending", "walk")
    _ok = True
    _value = None

    def __init__(self, agent: Agent) -> None:
        """Make the spell of an agent."""
        self.agent: Agent | None = agent
        self.began = self.end = 0.0
        self.ending = 0
        self.walk: Walk | None = None


class Bell(Event):
    """Something that may be overtaken: who it is about, and what has to be unchanged when it rings."""

    __slots__ = ("about", "visit")
    _ok = True
    _value = None

    def __init__(self, about: Any, visit: int = 0) -> None:
        """Make a bell about a ticket's visit, an agent or a pool."""
        self.about = about
        self.visit = visit


class Agent:
    """Somebody at work.

    They take tickets while they are ``there``, which leaves breaks out; what they have in hand is worked on through a
    break, in all their ``hours``. ``since`` and ``until`` are the stretch of being there that was looked at last,
    ``place`` is its place among all of them, ``closes`` is when the shift ends in which it lies.
    """

    __slots__ = (
        "answered", "bell", "called", "closes", "done", "held", "home", "hours", "newcomer", "number", "overtime",
        "pace", "place", "pools", "since", "skills", "slips", "spell", "there", "ticket", "until", "waits",
    )  # fmt: skip

    def __init__(self, number: int, pools: tuple[Pool, ...], member: Member, called: bool = False) -> None:
        """Make an agent of the pools, home first."""
        self.number = number
        self.pools = pools
        self.home = pools[0]
        self.hours = member.shift
        self.there = member.hours
        self.skills = member.spec.skills
        self.slips = member.spec.slips
        self.pace = member.pace
        self.newcomer = member.newcomer
        self.done = 0
        self.called = called
        self.ticket: Ticket | None = None
        self.spell = Spell(self)
        self.held = 0
        self.answered: deque[Ticket] = deque()
        self.waits = False
        self.bell: Bell | None = None
        self.overtime = self.home.staff.at_shift_end == "finish"
        self.since, self.until = self.there.stretch(0.0)
        self.place = 0
        self.closes = self.hours.stretch(self.since)[1]

    def is_there(self, now: float) -> bool:
        """Return whether the agent can take a ticket at ``now``."""
        if now >= self.until:
            there, place = self.there, self.place + 1
            if place < len(there.closes) and now < there.closes[place]:  # the stretch that comes next
                self.since, self.until = there.opens[place], there.closes[place]
            else:
                self.since, self.until = there.stretch(now)
                place = bisect_left(there.opens, self.since)
            self.place = place
            if self.since >= self.closes:
                self.closes = self.hours.stretch(self.since)[1]
        return self.since <= now


class Pool:
    """The agents of a tier and the tickets that wait for them."""

    __slots__ = (
        "agents", "alone", "bell", "expected", "hours", "idle", "limit", "linked", "mixed", "queues", "rings", "staff",
        "tier", "unlimited", "waiting",
    )  # fmt: skip

    def __init__(self, tier: int, staff: TierStaff, hours: OpenHours, priorities: int) -> None:
        """Make the pool of a tier; ``hours`` is the calendar of its timers."""
        self.tier = tier
        self.staff = staff
        self.hours = hours
        self.agents: list[Agent] = []
        self.idle: deque[Agent] = deque()
        self.queues: tuple[deque[Ticket], ...] = tuple(deque() for _ in range(priorities))
        self.waiting = 0
        self.bell: Bell | None = None
        self.rings = math.inf
        self.expected = False
        """Whether the bell is set for whoever of the idle comes first; the idle who came since are not thought of."""
        self.limit = staff.queue_limit
        self.unlimited = staff.unlimited
        self.mixed = False
        """Whether some agent cannot take every ticket."""
        self.linked: tuple[Pool, ...] = (self,)
        """The pools that share agents with it, or with those that do."""
        self.alone = True
        """Whether its agents work in no other, and each can take every ticket."""


class AgeLine(Event):
    """Tickets in the order in which they reach an age, that of opening; as an event, the head's reaching it."""

    __slots__ = ("index", "kind", "line")
    _ok = True
    _value = None

    def __init__(self, kind: KindRules, index: int) -> None:
        """Make the line of the ``index``-th age of a kind, and of others that count the same age on its calendar."""
        self.kind = kind
        self.index = index
        self.line: deque[Ticket] = deque()
