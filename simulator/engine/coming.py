"""How tickets come to the desk: as they were drawn or told, a block at a time, each to the tier that has it first."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.draws import Arrivals, Block
from simulator.engine import together
from simulator.engine.numbers import BACKLOG, INFINITE, PAGED, WAITING, WRONG_PRIORITY
from simulator.engine.parts import NEVER, AgeLine, Bell, Pool, Ticket
from simulator.engine.scripts import Script
from simulator.engine.urgent import found_in_the_queue
from simulator.looks import LOOKS
from simulator.model import KindRules
from simulator.tables import Table

if TYPE_CHECKING:
    from simulator.engine.core import Desk

A_LOOK: Final = 64
"""After so many tickets, or more where many wait, somebody looks at the queues."""

Kind = tuple[KindRules, float, Pool, tuple[AgeLine, ...], int, bool]
"""A kind of tickets, the open minutes until its customers first have to hear, who gets them, the lines of its ages, the
tier that is paged for them where nobody is there (-1: none), and whether people are called together for them."""


class Coming:
    """The tickets that are still to come, in the order in which they are opened."""

    __slots__ = (
        "_arrived", "_blocks", "_desk", "_first", "_kinds", "_looks", "_next_look", "_now", "_rows", "_script",
        "_size", "_sources", "opened",
    )  # fmt: skip

    def __init__(self, desk: Desk, arrived: Arrivals) -> None:
        """Let nobody have come yet. The desk knows its ages, its rules and its people."""
        self._desk, self._arrived = desk, arrived
        self.opened = array("d", arrived.opened.tobytes())
        """When each ticket is opened."""
        self._sources, self._rows = array("b", arrived.source.tobytes()), array("i", arrived.row.tobytes())
        self._blocks: dict[int, tuple[int, int, Block]] = {}
        """By source: the number of the block in use, its first row, and the block."""
        self._now: Block | None = None
        """The block of ordinary tickets that is in use, with its first row and the number of its rows."""
        self._first = self._size = 0
        self._script: Script | None = None
        """Of that block, where chance alone does not say where tickets go."""
        self._next_look = 0
        self._looks: list[tuple[int, float, int]] = []
        room = desk.work.war_room
        self._kinds = tuple(
            tuple(self._kind(kind, together=room is not None and name in room.priorities) for kind in row)
            for name, row in zip(desk.model.priorities, desk.model.kinds, strict=True)
        )

    def _kind(self, kind: KindRules, *, together: bool) -> Kind:
        desk = self._desk
        hear = desk.writing > 0 and any(gap < INFINITE for _, gap in kind.updates)
        pools = desk.on_call if kind.around_the_clock else desk.tiers
        paged = kind.tiers[0].age_move if kind.around_the_clock else None
        return (
            kind, kind.updates[0][1] if hear else INFINITE, pools[0], desk.ages.lines(kind),
            -1 if paged is None else paged[1], together,
        )  # fmt: skip

    def block(self, source: int, row: int) -> tuple[Block, int]:
        """Return the block of a source's row, and the place of the row in it; rows come in order."""
        number, start, block = self._blocks.get(source, (-1, 0, None))
        if block is None or row >= start + block.size:
            desk = self._desk
            desk.gather()
            start += 0 if block is None else block.size
            block = Block(*desk.drawn, source, number + 1)
            self._blocks[source] = number + 1, start, block
            if not source and desk.model.desk.work_of(0).passes_on is None:
                self._now, self._first, self._size = block, start, block.size
                self._script = Script(desk, block)
        return block, row - start

    def arrive(self, index: int) -> None:
        """Let a ticket come."""
        desk, source, number = self._desk, self._sources[index], self._rows[index]
        block, row, script = self._now, number - self._first, self._script
        if source or block is None or row >= self._size:
            block, row = self.block(source, number)
            script = None if source else self._script
        priority = (block.stated if desk.wrong_priority else block.priority)[row]
        kind, update_left, first, ages, paged, together_for = self._kinds[priority][block.plan[row]]
        now = self.opened[index]
        if index >= self._next_look:
            self._look(index, now)
        ticket = Ticket(index, row, block, now, priority, block.category[row], kind, update_left)
        desk.open_tickets[index] = ticket
        if script is not None and script.straight[row]:
            ticket.script = script
        else:
            if desk.wrong_priority and priority != block.priority[row]:
                ticket.slip = WRONG_PRIORITY
                if desk.looked_through:
                    found = desk.tiers[0].hours.add(now, block.found_after[row])
                    desk.at(Bell((desk, ticket)), found, (found_in_the_queue,))
            if desk.signals and block.signal[row] >= 0:
                ticket.in_the_dark = True
        for line in ages:
            if line.line:
                line.line.append(ticket)
            else:
                desk.ages.expect(line, ticket)
        if source:
            if source == 2:
                self._waits_already(ticket, number)
                return
            if desk.outages is not None:
                desk.outages.add(ticket, int(self._arrived.cause[index]))
        if paged >= 0 and not self._manned(first, now):
            # Nobody is there to take it and it cannot wait: monitoring pages the tier that would get it anyway.
            ticket.entry, ticket.tier, ticket.script = PAGED, paged, None
            ticket.available = NEVER
            desk.at(ticket, now + block.paging[row], (desk.hand_over,))
        else:
            desk.offer(first, ticket)
        if together_for:
            together.call_together(desk, ticket)

    def _look(self, index: int, now: float) -> None:
        """Count what stands in the queues; the longer they are, the later the next look."""
        pools = (*self._desk.tiers, *(pool for pool in self._desk.on_call if pool not in self._desk.tiers))
        waiting = 0
        for pool in pools:
            for queue in pool.queues:
                for ticket in queue:
                    waiting += ticket.stage == WAITING and ticket.gives_up > now and ticket.index >= 0
        self._looks.append((index, now, waiting))
        self._next_look = index + max(A_LOOK, sum(pool.waiting for pool in pools))

    def looks(self) -> Table | None:
        """Return what was seen in the queues; nothing where tickets are played without any."""
        return np.array(self._looks, LOOKS) if self._looks else None

    def _waits_already(self, ticket: Ticket, number: int) -> None:
        """Put a ticket of the backlog into the queue in which it waits when the run begins."""
        desk = self._desk
        counts = [desk.model.desk.backlog.get(name, 0) for name in desk.model.desk.tiers]
        tier = int(np.searchsorted(np.cumsum(counts), number, side="right"))
        desk.enter(ticket, tier, BACKLOG, desk.now)
        ticket.available = desk.now
        desk.offer(desk.pool_of(ticket), ticket)

    @staticmethod
    def _manned(pool: Pool, now: float) -> bool:
        return pool.hours.is_open(now) if pool.unlimited else any(agent.is_there(now) for agent in pool.agents)
