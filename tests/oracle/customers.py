"""Customers: they are asked and answer, or do not, and some come back."""

from __future__ import annotations

import math

import simpy

from simulator.codes import Ending, Entry, Fate

from .books import NEVER, Lost, Steps
from .moves import Moves
from .people import PRE_EMPTED, Agent, Request
from .tickets import Ticket


class Customers(Moves):
    """A desk whose customers have to be asked."""

    def call_off(self, ticket: Ticket) -> None:
        """Let nobody come any more who was called to help with a ticket and has not come yet."""
        for errand in ticket.errands:
            errand.called_off = True
            request = errand.request
            if request is not None and request.agent is None and request in request.tier.queue:
                request.tier.queue.remove(request)

    def ask(self, ticket: Ticket, agent: Agent) -> Steps:
        """Ask the customer, and go on when they have answered and the agent is free; return whether the agent does.

        Nobody works on the ticket meanwhile, and it may leave the tier: its timers count again when the customer has
        answered, if they do not go on as it is.
        """
        choices = ticket.block.choices(ticket.tier, ticket.times_in[ticket.tier] - 1)
        answer = choices.answer[ticket.row]
        ticket.asked_at = self.env.now
        agent.held.append(ticket)
        self.floor.free(agent)
        request: Request | None = None
        try:
            answered = self.env.timeout(choices.close_after[ticket.row] if math.isinf(answer) else answer)
            timers = self.timers(ticket) if ticket.kind.waiting.in_hand else []
            ending = yield from self.unless_it_ends(ticket, answered, timers)
            self.answered(ticket, self.env.now)
            if ending is None and math.isinf(answer):
                self.call_off(ticket)
                self.leave(ticket, Ending.CLOSED, self.env.now, self.env.now)
                if self.floor.forget(ticket, agent):
                    self.floor.free(agent)
                raise Lost(Ending.CLOSED, Fate.CLOSED)
            if ending is None:
                request = self.floor.go_on(ticket, agent)
                ending = yield from self.unless_it_ends(ticket, request, self.timers(ticket))
        except simpy.Interrupt as interrupt:
            went_on = request is not None and request.agent is not None
            if went_on and interrupt.cause == PRE_EMPTED:
                return True  # called away in the instant in which they went on
            if ticket.asked_at is not None:
                self.answered(ticket, self.env.now)
            if went_on or self.floor.forget(ticket, agent):
                ticket.to_be_freed = agent
            raise
        if ending is None:
            return True
        if self.floor.forget(ticket, agent):
            self.floor.free(agent)
        yield from self.move_on(ticket, ending)
        return False

    def come_back_after(self, ticket: Ticket, after: float) -> Steps:
        """Let a solved ticket come back to the first tier; its clocks stand still until then."""
        since = self.env.now
        ticket.settle(since)
        yield self.env.timeout(after)
        now = self.env.now
        ticket.solved = ticket.written = False
        ticket.reopened += 1
        ticket.was_solved(since, now)
        if ticket.silenced is not None:
            ticket.heard.since, ticket.heard.left, ticket.silenced = now, ticket.silenced, None
        else:
            ticket.updates_stood_still(since, now)
        self.enter(ticket, 0, Entry.REOPENED)
        self.expect_ages(ticket)
        while (move := ticket.kind.tiers[ticket.tier].age_move) and ticket.age_due(move[0], now) <= now:
            self.leave(ticket, Ending.AGE, now, NEVER)  # it is too old for this tier
            self.enter(ticket, move[1], Entry.AGE)
        if ticket.tier and self.tier_of(ticket).on_call:
            yield from self.on_the_way(ticket, self.env.timeout(ticket.block.paging[ticket.row]))
        ticket.available = now if math.isnan(ticket.available) else ticket.available
