"""Agents, and the tickets that wait for them: what ``simpy.PriorityResource`` cannot say.

Agents come and go with their shifts, differ in what they can do and how fast, may belong to several tiers, can be
called away from a ticket, and keep tickets whose customers have been asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

import simpy
from simpy.events import URGENT

from simulator.codes import HANDED_BACK
from simulator.draws.crew import Member
from simulator.openhours import OpenHours
from simulator.roster import AgentSpec, TierStaff

from .hours import is_open

if TYPE_CHECKING:
    from .desk import OracleDesk
    from .tickets import Errand, Ticket

PRE_EMPTED = "something more urgent"
FOUND = "somebody who looks through the queue sees that it is more urgent"


class QueueFull(Exception):
    """A ticket came to a queue that takes no more."""


class Agent:
    """Somebody at work.

    They take tickets while they are ``there``: in their shift, but not in a break. A break is taken between tickets:
    what they have in hand they work on in all their ``hours``. ``since`` is their place among those who are free.
    """

    def __init__(self, number: int, tiers: list[Tier], member: Member, on_call: bool = False) -> None:
        self.number = number
        self.tiers = tiers
        self.home = tiers[0]
        self.hours, self.there = member.shift, member.hours
        self.skills = member.spec.skills
        self.pace, self.newcomer, self.slips = member.pace, member.newcomer, member.spec.slips
        self.on_call = on_call
        self.begun_with = 0
        self.busy = False
        self.since = number
        self.ticket: Ticket | Errand | None = None
        """What they work on; nothing during a hand-off, though they are busy."""
        self.spell_began = 0.0
        self.spell_ends = math.inf
        """When what they do now will be over, where that ends their spell of work."""
        self.held: list[Ticket] = []
        """Tickets whose customers have been asked."""
        self.to_go_on: list[Request] = []
        """Those of them whose customers have answered."""

    def is_there(self, now: float) -> bool:
        return is_open(self.there, now)

    def can_do(self, ticket: Ticket | Errand) -> bool:
        return self.skills is None or ticket.category in self.skills

    def has_hands_full(self) -> bool:
        return len(self.held) >= self.home.staff.multitasking


class Request(simpy.Event):
    """A ticket's wish for somebody who works on it; its value is the agent.

    As a context it is withdrawn if it is left before it was granted.
    """

    def __init__(self, floor: Floor, ticket: Ticket | Errand, tier: Tier, broken_off: bool) -> None:
        super().__init__(floor.desk.env)
        self.floor = floor
        self.ticket = ticket
        self.tier = tier
        self.broken_off = broken_off
        since = ticket.available if broken_off else floor.env.now
        self.place = (ticket.priority, not broken_off, since, next(floor.numbers))
        self.agent: Agent | None = None

    def grant(self, agent: Agent) -> None:
        """Give the ticket to an agent, before anything else happens at this instant."""
        self.agent = agent
        agent.busy, agent.ticket = True, self.ticket
        agent.spell_began, agent.spell_ends = self.env.now, math.inf
        self.ticket.agent = agent
        self._ok, self._value = True, agent
        self.env.schedule(self, URGENT)

    def __enter__(self) -> Request:
        return self

    def __exit__(self, *_: object) -> None:
        if self.agent is None:
            self.tier.queue.remove(self)


class Tier:
    """The people of a tier and the queue before them; ``hours`` is the calendar of its timers."""

    def __init__(self, number: int, staff: TierStaff, hours: OpenHours, on_call: bool = False) -> None:
        self.number = number
        self.staff = staff
        self.hours = hours
        self.on_call = on_call
        self.unlimited = staff.unlimited and not on_call
        self.agents: list[Agent] = []
        self.queue: list[Request] = []

    def in_order(self) -> list[Request]:
        """Return what waits, in the order in which it is taken."""
        return sorted(self.queue, key=lambda request: request.place)


class Floor:
    """Everybody at the desk, and everything that waits for them."""

    def __init__(self, desk: OracleDesk, members: tuple[tuple[Member, ...], ...]) -> None:
        self.desk = desk
        self.env = desk.env
        self.numbers = count()
        model = desk.model
        self.tiers = [Tier(n, staff, staff.hours) for n, staff in enumerate(model.staff)]
        self.called = [
            Tier(n, staff, model.always, on_call=True) if staff.on_call else self.tiers[n]
            for n, staff in enumerate(model.staff)
        ]
        self.agents: list[Agent] = []
        always = Member(AgentSpec((0,), model.always, model.always, None, 1.0), model.always, model.always, 1.0, 1.0)
        for tier, called, people in zip(self.tiers, self.called, members, strict=True):
            for member in () if tier.unlimited else people:
                self._hire([self.tiers[n] for n in member.spec.tiers], member)
            for _ in range(tier.staff.on_call):
                self._hire([called], always, on_call=True)
        self._free = count(len(self.agents))
        for agent in self.agents:
            self.env.process(self._comes_to_work(agent))
        for tier in self.tiers:
            if tier.unlimited:
                self.env.process(self._opens(tier))

    def _hire(self, tiers: list[Tier], member: Member, on_call: bool = False) -> Agent:
        agent = Agent(len(self.agents), tiers, member, on_call)
        self.agents.append(agent)
        for tier in tiers:
            tier.agents.append(agent)
        return agent

    def _comes_to_work(self, agent: Agent) -> Iterator[simpy.Event]:
        """Let an agent look at what there is to do whenever they come (back) to their desk."""
        for opens in agent.there.opens:
            yield self.env.timeout(opens - self.env.now)
            self.serve(agent.tiers)
            if not agent.busy and agent.to_go_on:
                self.free(agent)

    def _opens(self, tier: Tier) -> Iterator[simpy.Event]:
        for opens in tier.staff.agents[0].hours.opens:
            yield self.env.timeout(opens - self.env.now)
            self.serve([tier])

    # -- who takes what ------------------------------------------------------------------------------------------

    def request(self, ticket: Ticket | Errand, tier: Tier, broken_off: bool = False) -> Request:
        """Ask for somebody of a tier who works on a ticket.

        A ticket whose work was broken off goes back to the queue it has been in: it breaks in on nobody, and no limit
        of the queue keeps it out.
        """
        request = Request(self, ticket, tier, broken_off)
        agent = self._somebody(tier, ticket)
        if agent is None and not broken_off and self._may_break_in(ticket):
            agent = self._least_urgent(tier, ticket)
            if agent is not None:
                assert agent.ticket is not None
                agent.ticket.process.interrupt(PRE_EMPTED)
        if agent is not None:
            request.grant(agent)
        elif not broken_off and self._may_be_lost(ticket) and len(tier.queue) >= tier.staff.queue_limit:
            raise QueueFull
        else:
            tier.queue.append(request)
        return request

    def _may_be_lost(self, ticket: Ticket | Errand) -> bool:
        return ticket.index >= 0 and ticket.entry not in HANDED_BACK  # type: ignore[union-attr]

    def _may_break_in(self, ticket: Ticket | Errand) -> bool:
        model = self.desk.model
        return model.priorities[ticket.priority] in model.desk.work.preempts

    def _somebody(self, tier: Tier, ticket: Ticket | Errand) -> Agent | None:
        """Return who has been free for longest, of those who are there, able, and have nothing to go on with."""
        now = self.env.now
        able = [
            agent
            for agent in tier.agents
            if not agent.busy
            and agent.is_there(now)
            and agent.can_do(ticket)
            and not agent.to_go_on
            and not agent.has_hands_full()
        ]
        if able:
            return min(able, key=lambda agent: agent.since)
        if tier.unlimited and is_open(tier.staff.agents[0].hours, now):
            spec = tier.staff.agents[0]
            return self._hire([tier], Member(spec, spec.hours, spec.shift, spec.pace, 1.0))
        return None

    def _least_urgent(self, tier: Tier, ticket: Ticket | Errand) -> Agent | None:
        """Return who works on the least urgent ticket, of those the one begun last; nobody if none is less urgent."""
        now = self.env.now
        victims = [
            agent
            for agent in tier.agents
            if agent.ticket is not None
            and agent.ticket.priority > ticket.priority
            and agent.spell_ends > now
            and agent.is_there(now)
            and agent.can_do(ticket)
        ]
        return max(victims, key=lambda agent: (agent.ticket.priority, agent.spell_began), default=None)  # type: ignore[union-attr]

    def serve(self, tiers: list[Tier]) -> None:
        """Give what waits to those who are free: in the order of tickets, to whoever has been free for longest."""
        while True:
            for request in self._by_urgency(self._linked(tiers)):
                agent = self._somebody(request.tier, request.ticket)
                if agent is not None:
                    request.tier.queue.remove(request)
                    request.grant(agent)
                    break
            else:
                return

    def _linked(self, tiers: list[Tier]) -> list[Tier]:
        """Return these tiers and those that have agents in common with them, or with those, and so on."""
        found = set(tiers)
        for agent in self.agents * len(self.tiers):
            if found & set(agent.tiers):
                found |= set(agent.tiers)
        return [tier for tier in (*self.tiers, *self.called) if tier in found and (found.discard(tier) is None)]

    def _by_urgency(self, tiers: list[Tier]) -> list[Request]:
        """Return what waits in several tiers, most urgent first; each tier's in its own order."""
        merged: list[Request] = []
        queues = [tier.in_order() for tier in tiers]
        while any(queues):
            heads = [queue for queue in queues if queue]
            first = min(heads, key=lambda queue: (queue[0].ticket.priority, queue[0].ticket.entered))
            merged.append(first.pop(0))
        return merged

    def free(self, agent: Agent) -> None:
        """Let an agent look for something to do; without anything they are free from now on."""
        agent.busy, agent.ticket, agent.spell_ends = False, None, math.inf
        agent.since = next(self._free)
        if not agent.is_there(self.env.now):
            return
        waiting = None
        if not agent.has_hands_full():
            heads = [next((r for r in tier.in_order() if agent.can_do(r.ticket)), None) for tier in agent.tiers]
            waiting = min(
                (request for request in heads if request is not None),
                key=lambda request: (request.ticket.priority, request.ticket.entered),
                default=None,
            )
        own = min(agent.to_go_on, key=lambda request: request.ticket.priority, default=None)
        if own is not None and (waiting is None or own.ticket.priority <= waiting.ticket.priority):
            agent.to_go_on.remove(own)
            agent.held.remove(own.ticket)
            own.grant(agent)
        elif waiting is not None:
            waiting.tier.queue.remove(waiting)
            waiting.grant(agent)

    # -- tickets that an agent keeps -----------------------------------------------------------------------------

    def go_on(self, ticket: Ticket, agent: Agent) -> Request:
        """Ask the agent who keeps a ticket to go on with it."""
        request = Request(self, ticket, agent.home, broken_off=False)
        agent.to_go_on.append(request)
        if not agent.busy and agent.is_there(self.env.now):
            self.free(agent)
        return request

    def forget(self, ticket: Ticket, agent: Agent) -> bool:
        """Let an agent no longer keep a ticket; return whether they could now do something else, and do nothing."""
        could_not = agent.has_hands_full()
        agent.held.remove(ticket)
        agent.to_go_on = [request for request in agent.to_go_on if request.ticket is not ticket]
        return could_not and not agent.busy
