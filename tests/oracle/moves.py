"""The way of a ticket from tier to tier: waiting for somebody, being handed over."""

from __future__ import annotations

import math

import simpy

from simulator.codes import Ending, Entry, Fate, Note, Slip

from . import plans
from .books import NEVER, Lost, Steps
from .hours import add, is_open
from .people import FOUND, PRE_EMPTED, Agent, Request, Tier
from .tickets import Ticket
from .work import Work


class Moves(Work):
    """A desk at which tickets wait, and go from tier to tier."""

    def wait(self, ticket: Ticket, request: Request) -> Steps:
        """Wait for an agent; return nobody if the ticket leaves the queue for another tier, or another place in it."""
        ends = [self.patience(ticket)] if ticket.visits == 0 else []
        if request.broken_off:  # it is still in the tier's hands
            ends = self.timers(ticket)
        else:
            ticket.waits_with = request
        try:
            with request:
                ending = yield from self.unless_it_ends(ticket, request, ends)
        except simpy.Interrupt as interrupt:
            if request.agent is not None and interrupt.cause == PRE_EMPTED:
                return request.agent  # called away in the instant in which they took it
            if request.agent is None and interrupt.cause == FOUND:
                self.learned(ticket, Note.PRIORITY_SEEN)
                plans.give_priority(self, ticket, ticket.true_priority)
                return None  # it waits anew, as another ticket
            ticket.to_be_freed = request.agent
            raise
        finally:
            ticket.waits_with = None
        if ending is not None:
            yield from self.move_on(ticket, ending)
        return request.agent

    def look_through_the_queue(self, ticket: Ticket) -> Steps:
        """Let somebody see, some time after its opening, that a waiting ticket is more urgent than it seems."""
        yield self.until(add(self.floor.tiers[0].hours, self.env.now, ticket.block.found_after[ticket.row]))
        request = ticket.waits_with
        if request is not None and request.agent is None and ticket.priority != ticket.true_priority:
            ticket.process.interrupt(FOUND)

    def patience(self, ticket: Ticket) -> tuple[Ending, float]:
        """Return when a customer gives up who begins to wait, or has waited since before."""
        if math.isnan(ticket.gives_up):
            ticket.gives_up = self.env.now + ticket.block.patience[ticket.row]
        return Ending.GAVE_UP, ticket.gives_up

    def timers(self, ticket: Ticket) -> list[tuple[Ending, float]]:
        """Return when the timers of a ticket are over that a tier has in hand."""
        now = self.env.now
        return [
            (Ending.NO_PROGRESS, max(now, ticket.stuck.over())),
            (Ending.UNRESOLVED, max(now, ticket.in_hand.over())),
        ]

    def unless_it_ends(self, ticket: Ticket, event: simpy.Event, ends: list[tuple[Ending, float]]) -> Steps:
        """Wait for an event that lets a stay go on; return how the stay ends if it does before, ``None`` otherwise.

        The first of the ``ends`` ends it, or the age at which the tier has to pass the ticket on.
        """
        ending, at = min(ends, key=lambda end: end[1], default=(Ending.OPEN, math.inf))
        move = ticket.age_move
        reached = self.env.event() if move is None else ticket.ages[move[0]]
        if reached.processed:  # what has been reached before is noticed by whoever takes it
            reached = self.env.event()
        over = self.until(at)
        yield event | over | reached
        if event.processed or (isinstance(event, Request) and event.agent is not None):
            return None
        return ending if over.processed else Ending.AGE

    def move_on(self, ticket: Ticket, ending: Ending) -> Steps:
        """Let a ticket that nobody works on go to another tier, or be given up."""
        rules, now, had_it = ticket.kind.tiers[ticket.tier], self.env.now, ticket.agent is not None
        self.leave(ticket, ending, now, now if had_it else NEVER)
        if ending == Ending.GAVE_UP:
            raise Lost(Ending.GAVE_UP, Fate.GAVE_UP)
        to = {
            Ending.NO_PROGRESS: rules.no_progress_to,
            Ending.UNRESOLVED: rules.unresolved_to,
            Ending.AGE: rules.age_move[1] if rules.age_move else -1,
        }[ending]
        self.enter(ticket, to, Entry(ending))
        minutes = ticket.block.paging[ticket.row] if self.tier_of(ticket).on_call else 0.0
        yield from self.on_the_way(ticket, self.env.timeout(minutes))

    def hand_over(self, ticket: Ticket, agent: Agent, to: int, entry: Entry, ending: int) -> Steps:
        """Hand a ticket over: it is the other tier's at once, and the agent busy with it until they can take it."""
        now, was = self.env.now, ticket.tier
        released = self.handed_over_by(ticket, agent)
        if to > was and ticket.kind.around_the_clock and self.floor.called[to].on_call:
            released = max(self.replied(ticket), now + ticket.block.paging[ticket.row])
        self.note(agent, ticket, released)
        self.leave(ticket, Ending(ending), now, released)
        self.enter(ticket, to, entry)
        ticket.hasty = to > was and ticket.has("incomplete_handoff", agent)
        yield from self.on_the_way(ticket, self.busy_until(agent, released))

    def handed_over_by(self, ticket: Ticket, agent: Agent) -> float:
        """Return when a hand-off that begins now is made; a reply that is being written is written first."""
        choices = ticket.block.choices(ticket.tier, ticket.times_in[ticket.tier] - 1)
        return add(self.hours_of(agent), self.replied(ticket), float(choices.handoff[ticket.row]))

    def replied(self, ticket: Ticket) -> float:
        return ticket.responded if ticket.responded > self.env.now else self.env.now

    def busy_until(self, agent: Agent, at: float) -> simpy.Process:
        """Let an agent be busy, but with no ticket, until an instant; then they are free."""
        agent.ticket = None

        def be_busy() -> Steps:
            yield self.until(at)
            self.floor.free(agent)

        return self.env.process(be_busy())

    def on_the_way(self, ticket: Ticket, arrives: simpy.Event) -> Steps:
        """Let a ticket be on its way to a tier.

        If it reaches an age meanwhile at which that tier would have to pass it on, it goes to the next tier instead.
        """
        while True:
            move = ticket.age_move
            yield arrives if move is None or ticket.ages[move[0]].processed else arrives | ticket.ages[move[0]]
            if arrives.processed:
                if ticket.verified_at is None or ticket.verified_at <= self.env.now:
                    break
                arrives = self.until(ticket.verified_at)
                continue
            assert move is not None
            self.leave(ticket, Ending.AGE, self.env.now, NEVER)
            self.enter(ticket, move[1], Entry.AGE)
        if ticket.verified_at is not None:
            self.learned(ticket, Note.VERIFIED, ticket.verified_at)
            ticket.verified_at = None
        yield self.env.timeout(0)  # whoever brings it has gone on to something else by then
        ticket.available = self.env.now

    def enter(self, ticket: Ticket, to: int, entry: Entry) -> None:
        """Make a ticket another tier's."""
        if entry in (Entry.AGE, Entry.NO_PROGRESS, Entry.UNRESOLVED):
            # It has left where it was sent by mistake.
            ticket.may_be_misled = ticket.may_be_misled and ticket.passed_on_wrongly_by is None
            ticket.passed_on_wrongly_by = None
        ticket.came_from, ticket.tier, ticket.entry, ticket.entered = ticket.tier, to, entry, self.env.now
        ticket.available = ticket.began = NEVER
        ticket.agent, ticket.parts, ticket.hasty = None, [], False
        ticket.visits += 1
        ticket.slip = Slip.WRONG_PRIORITY if ticket.priority != ticket.true_priority else Slip(0)

    def tier_of(self, ticket: Ticket) -> Tier:
        """Return the people whom a ticket waits for."""
        return (self.floor.called if ticket.kind.around_the_clock else self.floor.tiers)[ticket.tier]

    def manned(self, tier: Tier) -> bool:
        """Return whether somebody is there in a tier."""
        if tier.unlimited:
            return is_open(tier.hours, self.env.now)
        return any(agent.is_there(self.env.now) for agent in tier.agents)
