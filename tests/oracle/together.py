"""More than one ticket, more than one agent: outages, war rooms, a tier called in to help."""

from __future__ import annotations

import math

import simpy

from simulator.codes import Ending, Entry
from simulator.model import DeskModel

from .books import Steps
from .customers import Customers
from .hours import add, between, next_open
from .people import Agent
from .tickets import Errand, Ticket

SOLVED_TOGETHER = "another ticket of the same outage is solved"


class Together(Customers):
    """A desk at which people work together, and tickets are solved together."""

    def __init__(self, model: DeskModel, seed: int, replication: int) -> None:
        super().__init__(model, seed, replication)
        self.by_cause: dict[int, list[Ticket]] = {}
        self.solved_causes: set[int] = set()

    def solved_by(self, ticket: Ticket, agent: Agent | None) -> Steps:
        """Let a ticket be solved, and with it the others of its outage."""
        now = self.env.now
        if agent is not None:
            self.note(agent, ticket, now)
            self.leave(ticket, Ending.SOLVED, now, now)
        ticket.solved = True
        self.call_off(ticket)
        if ticket.cause >= 0 and ticket.cause not in self.solved_causes:
            self.solved_causes.add(ticket.cause)
            others = [one for one in self.by_cause.pop(ticket.cause) if not one.solved]
            for other in others:
                other.process.interrupt(SOLVED_TOGETHER)
            if others:
                yield self.env.all_of([other.process for other in others])
        if agent is not None:
            self.floor.free(agent)

    def swarm(self, ticket: Ticket, host: Agent, tier: int) -> Steps:
        """Call somebody of another tier in, and keep the ticket; return whether it is solved that way."""
        stay = ticket.times_in.get(tier, 0)
        ticket.times_in[tier] = stay + 1
        choices, row = ticket.block.choices(tier, stay), ticket.row
        able = ticket.solved_by <= tier
        minutes = sum(choices.solve(row)) if able else float(choices.checks[row] + choices.recognition[row])
        host.spell_ends = -math.inf  # nobody calls the host away
        help_of = Errand(ticket, tier, minutes, self.env.now, asked_by_a_host=True)
        help_of.process = self.env.process(self.lend_a_hand(help_of))
        try:
            while not help_of.process.triggered:  # whoever called them writes to the customer meanwhile
                update = next_open(self.hours_of(host), max(ticket.heard.over(), self.env.now))
                yield help_of.process | self.until(update)
                if update <= self.env.now:
                    self.update(ticket, update)
            helper = help_of.process.value
        except simpy.Interrupt:  # solved together with another; whoever was called in finishes what they do
            help_of.asked_by_a_host = False
            self.note(host, ticket, self.env.now)
            ticket.to_be_freed = host
            raise
        if able:
            yield from self.solved_by(ticket, host)
            self.floor.free(helper)
        else:
            self.floor.free(helper)
            yield from self.hand_over(ticket, host, tier, Entry.EXPERTISE, Ending.EXPERTISE)
        return able

    def call_together(self, ticket: Ticket) -> None:
        """Call people to the war room of a ticket that is urgent enough."""
        room = self.model.desk.work.war_room
        if room is None or self.model.priorities[ticket.priority] not in room.priorities:
            return
        minutes = ticket.block.war_room[ticket.row]
        for name, people in room.people.items():
            for _ in range(people):
                errand = Errand(ticket, self.model.desk.tiers.index(name), minutes, self.env.now)
                errand.process = self.env.process(self.lend_a_hand(errand))

    def lend_a_hand(self, errand: Errand) -> Steps:
        """Give time to a ticket that somebody else has; return who did, if they are still with the one who asked."""
        tier = self.floor.tiers[errand.tier]
        request = errand.request = self.floor.request(errand, tier)
        while True:
            agent = began = None
            try:
                agent = yield request
                began, hours = self.env.now, self.hours_of(agent)
                agent.spell_ends = add(hours, began, errand.minutes)
                yield self.until(agent.spell_ends)
                break
            except simpy.Interrupt:
                if agent is None:  # called away in the instant in which they took it
                    agent, began, hours = request.agent, self.env.now, self.model.always
                errand.minutes -= between(hours, began, self.env.now)
                self.note(agent, errand, self.env.now, began)
                if errand.called_off:
                    return None
                request = errand.request = self.floor.request(errand, tier, broken_off=True)
        self.note(agent, errand, self.env.now)
        if not errand.asked_by_a_host:
            self.floor.free(agent)
        return agent
