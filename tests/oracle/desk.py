"""The life of a ticket, told as a SimPy process."""

from __future__ import annotations

import math

import numpy as np
import simpy

from simulator.codes import Ending, Entry, Fate, Pause, Slip
from simulator.draws import Arrivals, arrivals
from simulator.model import DeskModel

from . import plans
from .books import NEVER, Lost, Steps
from .hours import Countdown, add, between
from .people import Agent, QueueFull, Tier
from .tickets import Ticket
from .together import SOLVED_TOGETHER, Together

HANDS_BACK = (Ending.BACK_RESOLVED, Ending.BACK_WAITING, Ending.BACK_RECLASSIFIED, Ending.BACK_WORKAROUND)
BACKLOG = 2
"""The source of tickets that are waiting when the run begins."""


class OracleDesk(Together):
    """One replication of a desk; call :meth:`play`, then read its tables."""

    def __init__(self, model: DeskModel, seed: int, replication: int, arrived: Arrivals | None = None) -> None:
        super().__init__(model, seed, replication)
        self.arrived = arrivals(model, seed, replication) if arrived is None else arrived

    def play(self) -> None:
        """Run to the end of the period; what is then unfinished stays open."""
        self.env.process(self._feed())
        self.env.run(until=self.model.end)
        for agent in self.floor.agents:
            if agent.ticket is not None:
                self.note(agent, agent.ticket, self.model.end)
        for ticket in list(self.open.values()):
            if ticket.asked_at is not None:
                self.answered(ticket, NEVER)
            if ticket.verified_at is not None and plans.stands_still(self, ticket):
                ticket.paused -= between(ticket.kind.hours, self.model.end, ticket.verified_at)
            self.leave(ticket, Ending.OPEN, NEVER, NEVER)
            self.close(ticket, Fate.OPEN, NEVER)

    def _feed(self) -> Steps:
        """Let tickets be opened."""
        rows = zip(*(column.tolist() for column in self._columns()), strict=True)
        for index, (opened, source, row, cause) in enumerate(rows):
            yield self.until(opened)
            block, place = self.chance.of(source, row)
            stated = block.priority[place]
            if block.slips["wrong_priority"][place]:
                stated = min(stated + 1, len(self.model.priorities) - 1)
            kind = self.model.kinds[stated][block.plan[place]]
            ticket = Ticket(index, block, place, opened, stated, kind, cause)
            if stated != block.priority[place]:
                ticket.slip = Slip.WRONG_PRIORITY
            ticket.in_the_dark = block.signal[place] >= 0
            self.open[index] = ticket
            ticket.process = self.env.process(self.life(ticket, row))
            if ticket.slip and self.model.desk.behaviour.wrong_priority_found is not None:
                self.env.process(self.look_through_the_queue(ticket))
            if source != BACKLOG:
                self.call_together(ticket)

    def _columns(self) -> tuple[np.ndarray, ...]:
        return self.arrived.opened, self.arrived.source, self.arrived.row, self.arrived.cause

    def life(self, ticket: Ticket, number: int) -> Steps:
        """Live through a ticket, from its opening to its end; ``number`` counts within its source."""
        try:
            yield from self.begin(ticket, number)
            yield from self.until_solved(ticket)
            after = ticket.block.comes_back[ticket.row]
            if self.env.now + after < self.model.end:
                yield from self.come_back_after(ticket, after)
                yield from self.until_solved(ticket)
            self.close(ticket, Fate.SOLVED, self.env.now)
        except Lost as lost:
            self.close(ticket, lost.fate, self.env.now)
        except simpy.Interrupt as interrupt:
            if interrupt.cause != SOLVED_TOGETHER:
                raise
            now = self.env.now
            if not ticket.responded <= now:
                ticket.responded = now
            self.call_off(ticket)
            self.leave(ticket, Ending.SOLVED_TOGETHER, now, now)
            self.close(ticket, Fate.SOLVED_TOGETHER, now)
            if ticket.to_be_freed is not None:
                yield self.env.timeout(0)  # first the news reaches everybody
                self.floor.free(ticket.to_be_freed)

    def begin(self, ticket: Ticket, number: int) -> Steps:
        """Let a ticket come in."""
        kind = ticket.kind
        if self.writing:
            ticket.heard = Countdown(kind.hours, ticket.opened, kind.updates[0][1])
        self.expect_ages(ticket)
        if ticket.cause >= 0 and ticket.cause not in self.solved_causes:
            self.by_cause.setdefault(ticket.cause, []).append(ticket)
        if ticket.block.source == BACKLOG:
            counts = [self.model.desk.backlog.get(name, 0) for name in self.model.desk.tiers]
            self.enter(ticket, [tier for tier, n in enumerate(counts) for _ in range(n)][number], Entry.BACKLOG)
            ticket.available = self.env.now
            return
        move = kind.tiers[0].age_move
        if move is not None and kind.around_the_clock and not self.manned(self.tier_of(ticket)):
            # Nobody is there to take it and it cannot wait: the tier that would get it anyway is paged.
            ticket.entry, ticket.tier = Entry.PAGED, move[1]
            ticket.available = NEVER
            yield from self.on_the_way(ticket, self.env.timeout(ticket.block.paging[ticket.row]))

    def until_solved(self, ticket: Ticket) -> Steps:
        """Let a ticket go from tier to tier until it is solved."""
        while True:
            tier = self.tier_of(ticket)
            try:
                request = self.floor.request(ticket, tier)
            except QueueFull:
                self.leave(ticket, Ending.QUEUE_FULL, self.env.now, NEVER)
                raise Lost(Ending.QUEUE_FULL, Fate.QUEUE_FULL) from None
            agent = yield from self.wait(ticket, request)
            if agent is None:
                continue
            plans.begin(self, ticket, agent, tier)
            agent, ending = yield from self.stay(ticket, agent, tier)
            if agent is None:
                continue
            if ending == Ending.SOLVED:
                yield from self.solved_by(ticket, agent)
                return
            solved = yield from self.pass_on(ticket, agent, ending)
            if solved:
                return

    def stay(self, ticket: Ticket, agent: Agent, tier: Tier) -> Steps:
        """Let agents work on a ticket, until the stay ends; return who has it then, and how it ends."""
        while True:
            why = yield from self.work(ticket, agent)
            now = self.env.now
            if why == Pause.QUESTION and ticket.in_the_dark:
                self.note(agent, ticket, now)
                agent.spell_began = now
                if plans.come_to_light(self, ticket, agent):
                    return agent, Ending.SIGNAL
            elif why == Pause.QUESTION and ticket.priority != ticket.true_priority:
                self.note(agent, ticket, now)
                agent.spell_began = now
                plans.judge_anew(self, ticket, agent)
            elif why == Pause.QUESTION:
                self.note(agent, ticket, now)
                if not (yield from self.ask(ticket, agent)):
                    return None, why
            elif why in (Pause.SHIFT_END, Pause.URGENT):
                if why == Pause.SHIFT_END:
                    self.note(agent, ticket, now)
                request = self.floor.request(ticket, tier, broken_off=True)
                if why == Pause.SHIFT_END:
                    self.floor.free(agent)
                agent = yield from self.wait(ticket, request)
                if agent is None:
                    return None, why
            else:
                return agent, why

    def pass_on(self, ticket: Ticket, agent: Agent, ending: int) -> Steps:
        """Give a ticket to whoever has to have it now; return whether it has been solved instead."""
        rules = ticket.rules
        if ending == Ending.NO_PROGRESS:
            yield from self.hand_over(ticket, agent, rules.no_progress_to, Entry.NO_PROGRESS, ending)
        elif ending == Ending.UNRESOLVED:
            yield from self.hand_over(ticket, agent, rules.unresolved_to, Entry.UNRESOLVED, ending)
        elif ending == Ending.AGE:
            assert rules.age_move is not None
            yield from self.hand_over(ticket, agent, rules.age_move[1], Entry.AGE, ending)
        elif ending == Ending.SENT_BACK:
            to, ticket.may_be_misled = max(ticket.tier - 1, 0), False
            if ticket.passed_on_wrongly_by is not None:
                to, ticket.passed_on_wrongly_by = ticket.passed_on_wrongly_by, None
            yield from self.hand_over(ticket, agent, to, Entry.SENT_BACK, ending)
        elif ending == Ending.SIGNAL:
            entry = Entry.LAID_ASIDE if ticket.sent_to == ticket.tier else Entry.SIGNAL
            yield from self.hand_over(ticket, agent, ticket.sent_to, entry, ending)
        elif ending in HANDS_BACK:
            yield from self.hand_back(ticket, agent, Ending(ending))
        elif ending == Ending.ANSWERED:
            yield from self.hand_over(ticket, agent, ticket.handed_back_by, Entry.ANSWERED, ending)
        elif ending == Ending.WATCHED:
            yield from self.watch(ticket, agent)
            return True
        else:
            return (yield from self.follow(ticket, agent, ending))
        return False

    def hand_back(self, ticket: Ticket, agent: Agent, why: Ending) -> Steps:
        """Hand a ticket back to the tier that it came from."""
        now = self.env.now
        ticket.handed_back_by = ticket.tier
        ticket.owed_below = ticket.block.choices(ticket.tier, ticket.times_in[ticket.tier] - 1)
        if why == Ending.BACK_RESOLVED:  # its clocks stop
            ticket.settled_at = now
            if ticket.heard.left < math.inf:
                ticket.silenced = max(0.0, ticket.heard.left - between(ticket.kind.hours, ticket.heard.since, now))
                ticket.heard.left = math.inf
        elif why == Ending.BACK_RECLASSIFIED:
            ticket.lowered += 1
            plans.give_priority(self, ticket, ticket.priority + 1)
        to = ticket.tier - 1 if ticket.entry == Entry.PAGED else ticket.came_from
        yield from self.hand_over(ticket, agent, to, Entry[why.name], why)

    def watch(self, ticket: Ticket, agent: Agent) -> Steps:
        """Keep an eye on a ticket whose customer has a workaround, until it is fixed for good."""
        assert ticket.owed_below is not None
        now = self.env.now
        self.note(agent, ticket, now)
        self.leave(ticket, Ending.WATCHED, now, now)
        ticket.written = True
        self.floor.free(agent)
        yield self.until(add(ticket.kind.hours, now, ticket.owed_below.watch[ticket.row]))
        yield from self.solved_by(ticket, None)

    def follow(self, ticket: Ticket, agent: Agent, seen: int) -> Steps:
        """Do what the policy says of what the agent has come to see; return whether it has been solved with that."""
        move, now = plans.where_to(ticket, seen), self.env.now
        for place in move.told:
            self.tell(ticket, place, seen, now)
        if move.owner is None:  # the tier keeps it, but can only wait for what the others decide
            released = self.handed_over_by(ticket, agent)
            self.note(agent, ticket, released)
            self.leave(ticket, Ending(seen), now, released)
            ticket.written = True
            yield self.busy_until(agent, released)
            yield self.until(add(ticket.kind.hours, self.env.now, ticket.block.decision[ticket.row]))
            yield from self.solved_by(ticket, None)
            return True
        to = move.owner
        if ticket.may_be_misled and ticket.passed_on_wrongly_by is None and ticket.has("wrong_destination", agent):
            wrong = [tier for tier in range(ticket.tier + 1, self.model.tiers) if tier != to]
            if wrong:
                ticket.passed_on_wrongly_by, to = ticket.tier, wrong[-1]
                ticket.slip |= Slip.WRONG_DESTINATION
        names = self.model.places
        if to == move.owner and self.model.desk.work.swarming.get(names[ticket.tier]) == names[to]:
            return (yield from self.swarm(ticket, agent, to))
        yield from self.hand_over(ticket, agent, to, Entry(seen), seen)
        return False
