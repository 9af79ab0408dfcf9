"""A desk on which nothing but work happens, played as fast as SimPy can.

Where no timer, shift, slip, customer or interruption can touch a ticket, a visit is a wait and a length of work. Such
a desk (a network of queues, as in the textbooks) needs none of the questions that :class:`~simulator.engine.core.Desk`
asks at each step, and this one does without them. Its tables are the same, bit for bit; ``tests/test_engine_plain.py``
holds the two together.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from heapq import heappush
from typing import TYPE_CHECKING, Final

import numpy as np
from simpy.events import Event

from simulator.codes import Ending, Entry, Fate
from simulator.draws.tickets import Block
from simulator.engine.core import Desk
from simulator.engine.parts import NEVER
from simulator.tables import SPELLS, TICKET_ROWS

if TYPE_CHECKING:
    from simulator.model import DeskModel
    from simulator.tables import Table

SOLVED: Final = int(Ending.SOLVED)
EXPERTISE: Final = int(Ending.EXPERTISE)
OPEN: Final = int(Ending.OPEN)
OPENED: Final = int(Entry.OPENED)
ENTRY_SENT_BACK: Final = int(Entry.SENT_BACK)


def is_plain(model: DeskModel) -> bool:
    """Return whether nothing but work happens on a desk."""
    desk = model.desk
    work, slips = desk.work, desk.behaviour
    always = model.always.closes[-1]
    return (
        all(kind.ages == () for row in model.kinds for kind in row)
        and all(rules.plain for row in model.kinds for kind in row for rules in kind.tiers)
        and all(
            not staff.unlimited
            and staff.queue_limit == math.inf
            and not staff.on_call
            and all(
                agent.skills is None
                and agent.pace == 1.0
                and len(agent.tiers) == 1
                and agent.hours.closes[:1] == [always]
                for agent in staff.agents
            )
            for staff in model.staff
        )
        and all(
            desk.work_of(tier).passes_on is not None and desk.work_of(tier).handoff.mean == 0
            for tier in range(model.tiers)
        )
        and work.first_response.mean == 0
        and not (work.preempts or work.customer or work.war_room or work.update or work.swarming or desk.backlog)
        and not (desk.demand.outages or desk.customers.patience or desk.customers.reopen)
        and not (desk.people.differ or desk.people.absence or desk.people.newcomers)
        and not (slips.premature or slips.wrong_destination or slips.incomplete_handoff or slips.wrong_priority)
        and not slips.late_recognition
    )


class _Ticket:
    """A ticket on a plain desk; ``stays`` counts those in each tier, ``None`` in the first."""

    __slots__ = ("block", "entered", "entry", "index", "priority", "row", "stays")
    block: Block
    entered: float
    entry: int
    index: int
    priority: int
    row: int
    stays: list[int] | None


class _Work(Event):
    """An agent and their work; as an event, its end."""

    __slots__ = ("began", "ending", "number", "ticket", "tier")
    _ok = True
    _value = None
    began: float
    ending: int

    def __init__(self, number: int, tier: int) -> None:
        """Take over the agent of a number."""
        self.number = number
        self.tier = tier
        self.ticket: _Ticket | None = None


class PlainDesk(Desk):
    """A replication of a desk on which nothing but work happens."""

    def play(self) -> None:
        """Run to the end of the period; what is then unfinished stays open."""
        self._idle = tuple(deque(_Work(agent.number, pool.tier) for agent in pool.agents) for pool in self.tiers)
        self._everybody = [work for idle in self._idle for work in idle]
        self._queues = tuple(tuple(deque[_Ticket]() for _ in self.model.priorities) for _ in self.tiers)
        self._kinds: list[Block] = []
        if self._opened and self._opened[0] < self.model.end:
            self.at(Event(self), self._opened[0], (self._flow(),))
            self.run_until(self.model.end)
        self._leave_all()

    def _flow(self) -> Callable[[Event], None]:
        """Return what to do when a ticket is opened.

        The steps are closures, not methods: names of a function are found three times as fast as attributes, and here
        that is a third of the time.
        """
        opened, idle_by_tier, queues_by_tier = self._opened, self._idle, self._queues
        calendar, number = self._queue, self._eid
        pack, add, kinds, drawn = self.visits.pack, self.visits.add, self._kinds, self.drawn
        tiers, last = self.model.tiers, len(opened)
        first_idle, first_queues = idle_by_tier[0], queues_by_tier[0]
        waiting = [0] * tiers
        index = start = stop = 0
        block: Block
        priorities: list[int] = []
        lengths: list[float] = []
        endings: list[int] = []

        def come(feed: Event) -> None:
            nonlocal index, start, stop, block, priorities, lengths, endings
            if index == stop:
                self.visits.gather()
                block = Block(*drawn, 0, len(kinds))
                start, stop = stop, stop + block.size
                kinds.append(block)
                priorities = block.priority
                lengths, endings = block.plain(0, 0)
            row, now = index - start, opened[index]
            ticket = _Ticket()
            ticket.index, ticket.row, ticket.block, ticket.priority = index, row, block, priorities[row]
            ticket.entered, ticket.entry, ticket.stays = now, OPENED, None
            index += 1
            if index < last:
                feed.callbacks = coming  # type: ignore[assignment]
                heappush(calendar, (opened[index], 1, next(number), feed))  # type: ignore[misc]
            if first_idle:
                work = first_idle.popleft()
                work.ticket = ticket
                work.began = now
                work.ending = endings[row]
                work.callbacks = over  # type: ignore[assignment]
                heappush(calendar, (now + lengths[row], 1, next(number), work))  # type: ignore[misc]
            else:
                first_queues[ticket.priority].append(ticket)
                waiting[0] += 1

        def worked(work: _Work) -> None:
            ticket, tier, now, ending = work.ticket, work.tier, self._now, work.ending
            assert ticket is not None
            entered = ticket.entered
            add(pack(ticket.index, tier, work.number, ticket.entry, ending, entered, entered, work.began, now, now, 0))
            if waiting[tier]:
                waiting[tier] -= 1
                for queue in queues_by_tier[tier]:
                    if queue:
                        take(work, queue.popleft(), now)
                        break
            else:
                work.ticket = None
                idle_by_tier[tier].append(work)
            if ending == SOLVED:
                return
            if ticket.stays is None:
                ticket.stays = [0] * tiers
                ticket.stays[0] = 1
            to, ticket.entry = (tier + 1, EXPERTISE) if ending == EXPERTISE else (max(tier - 1, 0), ENTRY_SENT_BACK)
            ticket.entered = now
            idle = idle_by_tier[to]
            if idle:
                take(idle.popleft(), ticket, now)
            else:
                queues_by_tier[to][ticket.priority].append(ticket)
                waiting[to] += 1

        def take(work: _Work, ticket: _Ticket, now: float) -> None:
            tier, stays = work.tier, ticket.stays
            if stays is None:
                minutes, ends = ticket.block.plain(0, 0)
            else:
                minutes, ends = ticket.block.plain(tier, stays[tier])
                stays[tier] += 1
            row = ticket.row
            work.ticket = ticket
            work.began = now
            work.ending = ends[row]
            work.callbacks = over  # type: ignore[assignment]
            heappush(calendar, (now + minutes[row], 1, next(number), work))  # type: ignore[misc]

        coming, over = (come,), (worked,)
        return come

    def _leave_all(self) -> None:
        """Write down what is unfinished, and the tables that follow from the visits."""
        pack, add = self.visits.pack, self.visits.add
        for work in self._everybody:
            one = work.ticket
            if one is not None:
                add(
                    pack(
                        one.index,
                        work.tier,
                        work.number,
                        one.entry,
                        OPEN,
                        one.entered,
                        one.entered,
                        work.began,
                        NEVER,
                        NEVER,
                        0,
                    )
                )
        for tier, queues in enumerate(self._queues):
            for one in (ticket for queue in queues for ticket in queue):
                add(pack(one.index, tier, -1, one.entry, OPEN, one.entered, one.entered, NEVER, NEVER, NEVER, 0))
        self.spells.later(lambda: _spells(self.visits.table(), self.model.end))
        self.tickets.later(lambda: self._ticket_rows(self.visits.table()))

    def _ticket_rows(self, visits: Table) -> Table:
        n = int(np.searchsorted(self._opened, self.model.end))
        rows = np.zeros(n, TICKET_ROWS)
        rows["ticket"] = np.arange(n)
        for name in ("priority", "plan", "category", "solved_by", "luck"):
            if n:
                rows[name] = np.concatenate([block.columns[name] for block in self._kinds])[:n]
        rows["opened"] = self._opened[:n]
        rows["cause"] = -1
        rows["responded"] = rows["resolved"] = np.nan
        first = np.isin(visits["entry"], (OPENED,)) & ~np.isnan(visits["began"])
        rows["responded"][visits["ticket"][first]] = visits["began"][first]
        last = (visits["ending"] == SOLVED) | (visits["ending"] == OPEN)
        rows["holder"][visits["ticket"][last]] = visits["place"][last]
        solved = visits[visits["ending"] == SOLVED]
        rows["resolved"][solved["ticket"]] = solved["left"]
        rows["fate"][solved["ticket"]] = int(Fate.SOLVED)
        return rows


def _spells(visits: Table, end: float) -> Table:
    """Return the spells of work that the visits were."""
    worked = visits[~np.isnan(visits["began"])]
    spells = np.zeros(len(worked), SPELLS)
    for name in ("ticket", "place", "agent", "began"):
        spells[name] = worked[name]
    spells["ended"] = np.where(np.isnan(worked["released"]), end, worked["released"])
    return spells
