"""The desk in motion: tickets that are their own events, tiers that hold one queue per priority.

A :class:`Ticket` has one thing ahead of it at any time (its arrival, the end of a hand-off, the end of work, a
decision), so it *is* the SimPy event for that, used again and again: nothing is allocated per step. Life of a ticket:
opened → waits in a tier → is worked on → solved, or handed over (ownership moves at once; the sender is busy until
the hand-off is done, and then the next tier can take it) → … → solved. Ages at which a ticket falls due are the same
for all tickets of a kind, so they fall due in the order of opening: a :class:`AgeLine` is a queue whose head alone
has a place in the calendar of events.

An agent who has taken a ticket keeps it until it is solved or handed over; when the tier closes, work pauses.
"""

from __future__ import annotations

import math
from collections import deque
from enum import IntEnum
from heapq import heappush

import simpy
from simpy.events import Event

from simulator.codes import Ending, Entry
from simulator.draws import Draws
from simulator.model import DeskModel, KindRules, Move, TierRules
from simulator.openhours import OpenHours
from simulator.work import Stays, foresee

TOP = 2
NEVER = math.nan


class Stage(IntEnum):
    """Where a ticket stands."""

    HANDOVER = 0
    WAITING = 1
    WORKING = 2
    DECISION = 3
    RESOLVED = 4


VisitRow = tuple[int, int, int, int, float, float, float, float, float]
"""ticket, place, entry, ending, entered, available, began, left, released."""


class Ticket(Event):
    """A ticket, and the event of whatever happens to it next."""

    __slots__ = (
        "ages",
        "available",
        "began",
        "ending",
        "entered",
        "entry",
        "index",
        "kind",
        "leaves",
        "pool",
        "priority",
        "responded",
        "sender",
        "stage",
        "stays",
        "tier",
        "told",
    )
    _ok = True
    _value = None

    def __init__(self, env: simpy.Environment, index: int, priority: int, kind: KindRules) -> None:
        """Make ticket ``index``; it does nothing until it is scheduled."""
        super().__init__(env)
        self.index = index
        self.priority = priority
        self.kind = kind
        self.tier = 0
        self.stage = Stage.HANDOVER
        self.entry = Entry.OPENED
        self.ending = 0
        self.entered = self.available = self.began = self.leaves = NEVER
        self.responded = False
        self.stays = [0, 0, 0]
        self.pool: Pool
        self.sender: Pool | None = None
        self.ages: tuple[float, ...] = ()
        self.told: list[tuple[int, int, float]] = []


class Pool(Event):
    """The agents of a tier and the tickets that wait for them; as an event, the tier's next opening."""

    __slots__ = ("bell_set", "free", "hours", "queues", "tier", "waiting")
    _ok = True
    _value = None

    def __init__(self, env: simpy.Environment, tier: int, hours: OpenHours, agents: int, priorities: int) -> None:
        """Make a pool of ``agents`` who work in ``hours``."""
        super().__init__(env)
        self.tier = tier
        self.hours = hours
        self.free = agents
        self.queues: tuple[deque[Ticket], ...] = tuple(deque() for _ in range(priorities))
        self.waiting = 0
        self.bell_set = False


class AgeLine(Event):
    """Tickets of one kind in the order in which they reach one age; as an event, the head's reaching it."""

    __slots__ = ("index", "line")
    _ok = True
    _value = None

    def __init__(self, env: simpy.Environment, index: int) -> None:
        """Make the line of the ``index``-th age of a kind."""
        super().__init__(env)
        self.index = index
        self.line: deque[Ticket] = deque()


class Desk(simpy.Environment):
    """One replication of a desk. Call :meth:`play`, then read ``visits``, ``responded`` and ``resolved``."""

    def __init__(self, model: DeskModel, draws: Draws) -> None:
        """Set up the tiers; time starts at 0, the opening of the window."""
        super().__init__(0.0)
        n = len(draws.opened)
        self.model = model
        self.opened: list[float] = draws.opened.tolist()
        self.priority: list[int] = draws.priority.tolist()
        self.plan: list[int] = draws.plan.tolist()
        self.response: list[float] = draws.response.tolist()
        self.paging: list[float] = draws.paging.tolist()
        self.decision: list[float] = draws.decision.tolist()
        self.stays: tuple[Stays, ...] = tuple(foresee(model, draws, tier) for tier in range(3))
        staffing, count = model.desk.staffing, len(model.priorities)
        agents = (staffing.T1.agents, staffing.T2.agents, staffing.T3.agents)
        self.tiers = tuple(Pool(self, t, model.tier_hours[t], agents[t], count) for t in range(3))
        self.on_call = Pool(self, TOP, model.always, staffing.T3.on_call, count)
        self.lines = tuple(
            tuple(tuple(AgeLine(self, index) for index in range(len(kind.ages))) for kind in row)
            for row in model.kinds
        )
        self.visits: list[VisitRow] = []
        self.responded = [NEVER] * n
        self.resolved = [NEVER] * n
        self.holder = [0] * n
        self.open_tickets: dict[int, Ticket] = {}

    def play(self) -> None:
        """Run to the end of the period; what is then unfinished stays open."""
        if self.opened:
            self._announce(0)
            self.run(until=self.model.end)
        for ticket in self.open_tickets.values():
            self._write(ticket, Ending.OPEN, NEVER, NEVER)
            self._write_told(ticket, NEVER)

    def at(self, event: Event, instant: float, callback: object) -> None:
        """Schedule a re-used event for an exact instant (``now + delay`` would round)."""
        event.callbacks = (callback,)  # type: ignore[assignment]
        heappush(self._queue, (instant, 1, next(self._eid), event))  # type: ignore[misc]

    # -- arrival -----------------------------------------------------------------------------------------------

    def _announce(self, index: int) -> None:
        priority = self.priority[index]
        kind = self.model.kinds[priority][self.plan[index]]
        self.at(Ticket(self, index, priority, kind), self.opened[index], self._arrive)

    def _arrive(self, ticket: Ticket) -> None:
        index = ticket.index
        if index + 1 < len(self.opened):
            self._announce(index + 1)
        now = ticket.entered = ticket.available = self.opened[index]
        self.open_tickets[index] = ticket
        kind = ticket.kind
        if kind.ages:
            hours = kind.hours
            ticket.ages = tuple(hours.add(now, minutes) for minutes in kind.ages)
            for line, due in zip(self.lines[ticket.priority][self.plan[index]], ticket.ages, strict=True):
                if not line.line:
                    self.at(line, due, self._fall_due)
                line.line.append(ticket)
        first = self.tiers[0]
        paged = kind.tiers[0].age_move
        if paged and kind.around_the_clock and not first.hours.is_open(now):
            # Nobody is there to take it and it cannot wait: monitoring pages the tier that would get it anyway.
            ticket.entry, ticket.tier = Entry.PAGED, paged[1]
            ticket.available = now + self.paging[index]
            self.at(ticket, ticket.available, self._hand_over)
        else:
            self._offer(first, ticket)

    # -- waiting and taking ------------------------------------------------------------------------------------

    def _pool_of(self, ticket: Ticket) -> Pool:
        if ticket.tier == TOP and ticket.kind.around_the_clock:
            return self.on_call
        return self.tiers[ticket.tier]

    def _offer(self, pool: Pool, ticket: Ticket) -> None:
        ticket.stage = Stage.WAITING
        ticket.pool = pool
        pool.queues[ticket.priority].append(ticket)
        pool.waiting += 1
        if pool.free:
            self._dispatch(pool)

    def _dispatch(self, pool: Pool) -> None:
        """Let free agents take waiting tickets, most urgent first, then first come first served."""
        if not pool.waiting:
            return
        now: float = self._now
        if not pool.hours.is_open(now):
            opening = pool.hours.next_open(now)
            if not pool.bell_set:
                pool.bell_set = True
                self.at(pool, opening, self._open)
            return
        for queue in pool.queues:
            while queue and pool.free:
                pool.waiting -= 1
                self._take(pool, queue.popleft(), now)

    def _open(self, pool: Pool) -> None:
        pool.bell_set = False
        self._dispatch(pool)

    def _free(self, pool: Pool) -> None:
        pool.free += 1
        if pool.waiting:
            self._dispatch(pool)

    def _take(self, pool: Pool, ticket: Ticket, now: float) -> None:
        pool.free -= 1
        index, tier = ticket.index, ticket.tier
        ticket.stage, ticket.began = Stage.WORKING, now
        stays, stay = self.stays[tier], ticket.stays[tier]
        ticket.stays[tier] = stay + 1
        before = ticket.responded
        minutes, ending = stays.minutes[before][stay][index], stays.ending[before][stay][index]
        rules = ticket.kind.tiers[tier]
        if not before:
            ticket.responded = True
            self.responded[index] = pool.hours.add(now, self.response[index])
        if ticket.entry == Entry.PREMATURE and self._may_go_back(ticket, stays.checks[stay][index], now):
            minutes, ending = stays.checks[stay][index], Ending.SENT_BACK
        end = pool.hours.add(now, minutes)
        if rules.age_move:
            due = ticket.ages[rules.age_move[0]]
            if due < end:
                end, ending = max(due, now), Ending.AGE
        for after, place in rules.joins:
            if (joined := pool.hours.add(now, after)) <= end:
                self._tell(ticket, place, Entry.UNRESOLVED, joined)
        ticket.leaves, ticket.ending = end, ending
        self.at(ticket, end, self._done)

    def _may_go_back(self, ticket: Ticket, checks: float, now: float) -> bool:
        """Return whether the ticket, once read, is still too young for the tier below to have to pass it up again."""
        below = ticket.kind.tiers[ticket.tier - 1].age_move
        return below is None or ticket.ages[below[0]] > ticket.pool.hours.add(now, checks)

    # -- the end of a stay -------------------------------------------------------------------------------------

    def _done(self, ticket: Ticket) -> None:
        ending = ticket.ending
        rules = ticket.kind.tiers[ticket.tier]
        now = ticket.leaves
        if ending == Ending.SOLVED:
            self._write(ticket, Ending.SOLVED, now, now)
            self._resolve(ticket, now)
            self._free(ticket.pool)
        elif ending == Ending.NO_PROGRESS:
            self._move(ticket, rules.no_progress_to, Entry.NO_PROGRESS)
        elif ending == Ending.UNRESOLVED:
            self._move(ticket, rules.unresolved_to, Entry.UNRESOLVED)
        elif ending == Ending.AGE:
            assert rules.age_move is not None
            self._move(ticket, rules.age_move[1], Entry.AGE)
        elif ending == Ending.SENT_BACK:
            self._move(ticket, ticket.tier - 1, Entry.SENT_BACK)
        else:
            self._follow(ticket, rules, ending, now)

    def _follow(self, ticket: Ticket, rules: TierRules, ending: int, now: float) -> None:
        """Do what the policy says of what the agent has come to see."""
        moves: dict[int, Move] = {Ending.CODE_CHANGE: rules.code_change, Ending.UNRESOLVABLE: rules.unresolvable}
        move = moves.get(ending, rules.expertise)
        for place in move.told:
            self._tell(ticket, place, Entry(ending), now)
        if move.owner is not None:
            self._move(ticket, move.owner, Entry(ending))
            return
        # The tier keeps the ticket, but can do no more than to wait for what the others decide.
        released = self._released(ticket, now)
        self._write(ticket, ending, now, released)
        ticket.sender, ticket.stage = ticket.pool, Stage.DECISION
        self.at(ticket, released, self._hand_over)

    def _move(self, ticket: Ticket, to: int, entry: Entry) -> None:
        now = ticket.leaves
        released = self._released(ticket, now)
        ticket.sender = ticket.pool
        up_to_call = to == TOP and ticket.kind.around_the_clock
        if up_to_call:
            released = max(self._reply_sent(ticket, now), now + self.paging[ticket.index])
        self._write(ticket, ticket.ending, now, released)
        self._enter(ticket, to, entry, now)
        self.at(ticket, released, self._hand_over)

    def _enter(self, ticket: Ticket, to: int, entry: Entry, now: float) -> None:
        ticket.tier, ticket.entry, ticket.entered = to, entry, now
        ticket.stage = Stage.HANDOVER
        ticket.available = ticket.began = NEVER

    def _reply_sent(self, ticket: Ticket, now: float) -> float:
        """Return when a first reply that this agent has begun is sent: it is finished even if ownership moves."""
        sent = self.responded[ticket.index]
        return max(now, sent)

    def _released(self, ticket: Ticket, now: float) -> float:
        """Return when the agent is free again: the reply sent and the hand-off made."""
        stay = ticket.stays[ticket.tier] - 1
        minutes = self.stays[ticket.tier].handoff[stay][ticket.index]
        return ticket.pool.hours.add(self._reply_sent(ticket, now), minutes)

    def _hand_over(self, ticket: Ticket) -> None:
        sender = ticket.sender
        if sender is not None:
            ticket.sender = None
            self._free(sender)
        if ticket.stage == Stage.DECISION:
            decided = ticket.kind.hours.add(self._now, self.decision[ticket.index])
            self.at(ticket, decided, self._decided)
            return
        ticket.available = self._now
        self._offer(self._pool_of(ticket), ticket)

    def _decided(self, ticket: Ticket) -> None:
        self._resolve(ticket, self._now)

    def _resolve(self, ticket: Ticket, now: float) -> None:
        ticket.stage = Stage.RESOLVED
        self.resolved[ticket.index] = now
        self.holder[ticket.index] = ticket.tier
        del self.open_tickets[ticket.index]
        self._write_told(ticket, now)

    # -- ages --------------------------------------------------------------------------------------------------

    def _fall_due(self, line: AgeLine) -> None:
        queue, index, now = line.line, line.index, self._now
        while queue:
            ticket = queue[0]
            if ticket.stage != Stage.RESOLVED:
                due = ticket.ages[index]
                if due > now:
                    self.at(line, due, self._fall_due)
                    return
                self._reach_age(ticket, index, due)
            queue.popleft()

    def _reach_age(self, ticket: Ticket, index: int, due: float) -> None:
        rules = ticket.kind.tiers[ticket.tier]
        for which, place in rules.age_joins:
            if which == index:
                self._tell(ticket, place, Entry.AGE, due)
        for which, place in rules.unanswered_joins:
            if which == index and not self.responded[ticket.index] <= due:
                self._tell(ticket, place, Entry.AGE, due)
        if rules.age_move is None or rules.age_move[0] != index:
            return
        if ticket.stage == Stage.WAITING:
            ticket.pool.queues[ticket.priority].remove(ticket)
            ticket.pool.waiting -= 1
            self._write(ticket, Ending.AGE, due, NEVER)
            self._enter(ticket, rules.age_move[1], Entry.AGE, due)
            called = self._pool_of(ticket) is self.on_call
            self.at(ticket, due + self.paging[ticket.index] if called else due, self._hand_over)
        elif ticket.stage == Stage.HANDOVER:  # on its way to a tier that would have to pass it on at once
            self._write(ticket, Ending.AGE, due, NEVER)
            self._enter(ticket, rules.age_move[1], Entry.AGE, due)

    # -- what is written down ----------------------------------------------------------------------------------

    def _tell(self, ticket: Ticket, place: int, entry: Entry, at: float) -> None:
        """Open a parallel responsibility, once per place."""
        if all(place != known for known, _, _ in ticket.told):
            ticket.told.append((place, entry, at))

    def _write(self, ticket: Ticket, ending: int, left: float, released: float) -> None:
        if ticket.stage == Stage.DECISION:  # its stay in the tier is written already
            return
        self.visits.append(
            (
                ticket.index,
                ticket.tier,
                ticket.entry,
                ending,
                ticket.entered,
                ticket.available,
                ticket.began,
                left,
                released,
            )
        )

    def _write_told(self, ticket: Ticket, left: float) -> None:
        for place, entry, at in ticket.told:
            if not at > (left if left == left else self.model.end):
                self.visits.append((ticket.index, place, entry, Ending.SOLVED, at, at, at, left, left))
