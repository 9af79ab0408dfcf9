"""Who takes what: agents who are free, tickets that wait, and the two brought together."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from heapq import merge

from simulator.codes import HANDED_BACK, Fate
from simulator.draws.crew import Member
from simulator.engine.books import Books
from simulator.engine.numbers import INFINITE, QUEUE_FULL, WAITING
from simulator.engine.parts import NEVER, Agent, Bell, Pool, Ticket
from simulator.model import DeskModel
from simulator.roster import AgentSpec
from simulator.tables import Worker


class Floor(Books, ABC):
    """The people of a desk and the tickets that wait for them."""

    __slots__ = ("_agents", "on_call", "patient", "preempts", "tiers")

    def __init__(self, model: DeskModel, members: tuple[tuple[Member, ...], ...]) -> None:
        """Let everybody be idle, and nothing wait."""
        super().__init__(model)
        self.tiers = tuple(
            Pool(tier, staff, staff.hours, len(model.priorities)) for tier, staff in enumerate(model.staff)
        )
        self.on_call = tuple(
            Pool(tier, staff, model.always, len(model.priorities)) if staff.on_call else self.tiers[tier]
            for tier, staff in enumerate(model.staff)
        )
        self._people(members)
        self.preempts = tuple(name in model.desk.work.preempts for name in model.priorities)
        self.patient = model.desk.customers.patience is None

    def workers(self) -> tuple[Worker, ...]:
        """Return everybody who could have worked, by their number."""
        found: dict[int, Worker] = {}
        for pool in (*self.tiers, *self.on_call):
            for agent in pool.agents:
                found[agent.number] = Worker(
                    agent.home.tier, agent.called, agent.hours, tuple(other.tier for other in agent.pools)
                )  # fmt: skip
        return tuple(found[number] for number in sorted(found))

    def _people(self, members: tuple[tuple[Member, ...], ...]) -> None:
        number = 0
        for tier, (pool, staff) in enumerate(zip(self.tiers, self.model.staff, strict=True)):
            for member in members[tier] if not pool.unlimited else ():
                pools = tuple(self.tiers[other] for other in member.spec.tiers)
                agent = Agent(number, pools, member)
                number += 1
                for other in pools:
                    other.agents.append(agent)
                    other.idle.append(agent)
                    other.mixed = other.mixed or agent.skills is not None
            called = self.on_call[tier]
            if called is not pool:
                for _ in range(staff.on_call):
                    always = AgentSpec((tier,), self.model.always, self.model.always, None, 1.0)
                    agent = Agent(number, (called,), Member(always, always.hours, always.shift, 1.0, 1.0), called=True)
                    number += 1
                    called.agents.append(agent)
                    called.idle.append(agent)
        self._agents = number
        link(self.tiers)

    def pool_of(self, ticket: Ticket) -> Pool:
        """Return the people that a ticket waits for: the tier's, or those on call where its clocks always run."""
        return (self.on_call if ticket.kind.around_the_clock else self.tiers)[ticket.tier]

    def offer(self, pool: Pool, ticket: Ticket) -> None:
        """Let somebody take a ticket, or let it wait."""
        now = self._now
        ticket.pool = pool
        if not (pool.waiting and pool.alone):
            if pool.alone and pool.idle:
                first = pool.idle[0]
                if first.since <= now < first.until and not first.answered:
                    pool.idle.popleft()
                    self.take(pool, first, ticket, now)
                    return
            agent = self._somebody(pool, ticket, now)
            if agent is not None:
                self.take(pool, agent, ticket, now)
                return
        if self.preempts[ticket.priority] and self.break_in(pool, ticket, now):
            return
        if (
            pool.waiting >= pool.limit
            and ticket.index >= 0
            and ticket.entry not in HANDED_BACK
            and self._still_waiting(pool, now) >= pool.limit
        ):
            self.leave(ticket, QUEUE_FULL, now, NEVER)
            self.close(ticket, Fate.QUEUE_FULL, now)
            return
        ticket.stage = WAITING
        pool.queues[ticket.priority].append(ticket)
        pool.waiting += 1
        if not self.patient and not ticket.visit and not ticket.reopened and ticket.index >= 0:
            # No event is needed for that: whoever comes upon the ticket later finds that it had been given up by then.
            ticket.gives_up = now + ticket.block.patience[ticket.row]
        if pool.idle or pool.unlimited:
            self.ring(pool, now)

    def _still_waiting(self, pool: Pool, now: float) -> int:
        """Return how many tickets wait whose customers have not given up."""
        return sum(ticket.gives_up > now for queue in pool.queues for ticket in queue)

    def _somebody(self, pool: Pool, ticket: Ticket, now: float) -> Agent | None:
        """Return an agent who is free, there, and able; the one who has been free longest."""
        idle = pool.idle
        for agent in idle:
            there = agent.since <= now if now < agent.until else agent.is_there(now)
            if there and (agent.skills is None or ticket.category in agent.skills) and not agent.answered:
                if agent is idle[0]:
                    idle.popleft()
                else:
                    idle.remove(agent)
                if len(agent.pools) > 1:
                    for other in agent.pools:
                        if other is not pool:
                            other.idle.remove(agent)
                return agent
        if pool.unlimited and pool.staff.agents[0].hours.is_open(now):
            spec = pool.staff.agents[0]
            agent = Agent(self._agents, (pool,), Member(spec, spec.hours, spec.shift, spec.pace, 1.0))
            self._agents += 1
            pool.agents.append(agent)
            agent.is_there(now)
            return agent
        return None

    def ring(self, pool: Pool, now: float) -> None:
        """Set the pool's bell for the next time that somebody idle comes to work.

        Whoever is there and idle all the same cannot take what waits, and is not waited for.
        """
        if pool.expected and pool.rings >= now:
            return
        pool.expected = True
        if pool.unlimited:
            opens = pool.staff.agents[0].hours.next_open(now)
        else:
            opens = INFINITE
            for agent in pool.idle:
                if now >= agent.until:
                    agent.is_there(now)
                if agent.since <= now:
                    pool.expected = False  # they may go, and come back before the others
                elif agent.since < opens:
                    opens = agent.since
        if opens < pool.rings or pool.rings < now:
            if opens == INFINITE:
                return
            pool.rings = opens
            pool.bell = Bell(pool)
            self.at(pool.bell, opens, (self._opens,))

    def _opens(self, bell: Bell) -> None:
        pool = bell.about
        if bell is pool.bell:
            pool.rings, pool.expected = math.inf, False
            self.dispatch(pool)

    def dispatch(self, pool: Pool) -> None:
        """Let free agents take waiting tickets, most urgent first, then first come first served."""
        now = self._now
        if len(pool.linked) > 1:
            self._dispatch_together(pool.linked, now)
            return
        for queue in pool.queues:
            if not pool.mixed:
                while queue:
                    if queue[0].gives_up <= now:
                        self.let_go(pool, queue.popleft())
                        continue
                    agent = self._somebody(pool, queue[0], now)
                    if agent is None:
                        break
                    pool.waiting -= 1
                    self.take(pool, agent, queue.popleft(), now)
            else:
                for ticket in list(queue):
                    if ticket.gives_up <= now:
                        queue.remove(ticket)
                        self.let_go(pool, ticket)
                        continue
                    agent = self._somebody(pool, ticket, now)
                    if agent is not None:
                        queue.remove(ticket)
                        pool.waiting -= 1
                        self.take(pool, agent, ticket, now)
        if pool.waiting and (pool.idle or pool.unlimited):
            self.ring(pool, now)

    def _dispatch_together(self, pools: tuple[Pool, ...], now: float) -> None:
        """Do so where tiers share agents: of equally urgent tickets, first the one that came to its tier first."""
        waiting = merge(*([ticket for queue in pool.queues for ticket in queue] for pool in pools), key=_urgency)
        for ticket in waiting:
            pool = ticket.pool
            given_up = ticket.gives_up <= now
            agent = None if given_up else self._somebody(pool, ticket, now)
            if given_up or agent is not None:
                pool.queues[ticket.priority].remove(ticket)
            if given_up:
                self.let_go(pool, ticket)
            elif agent is not None:
                pool.waiting -= 1
                self.take(pool, agent, ticket, now)
        for pool in pools:
            if pool.waiting and pool.idle:
                self.ring(pool, now)

    def free(self, agent: Agent) -> None:
        """Let an agent go on with what waits for them, or be idle."""
        now = self._now
        agent.ticket = None
        pool = agent.home
        if not agent.held and not pool.waiting and len(agent.pools) == 1:
            pool.idle.append(agent)
            pool.expected = False
            return
        full = agent.held >= agent.home.staff.multitasking
        if agent.answered and self.go_on(agent, now, at_once=full):
            return
        if full:
            agent.waits = True
            return
        if len(agent.pools) > 1:
            pool = min(agent.pools, key=lambda other: most_urgent(other, agent, now))
        if pool.waiting and (agent.since <= now if now < agent.until else agent.is_there(now)):
            for queue in pool.queues:
                while queue and queue[0].gives_up <= now:
                    self.let_go(pool, queue.popleft())
                if queue and (agent.skills is None or queue[0].category in agent.skills):
                    pool.waiting -= 1
                    self.take(pool, agent, queue.popleft(), now)
                    return
                if queue and pool.mixed:
                    for ticket in queue:
                        if ticket.category in agent.skills and now < ticket.gives_up:  # type: ignore[operator]
                            pool.waiting -= 1
                            queue.remove(ticket)
                            self.take(pool, agent, ticket, now)
                            return
        if agent.answered and self.go_on(agent, now, at_once=True):
            return
        for other in agent.pools:
            other.idle.append(agent)
            other.expected = False
            if other.waiting:
                self.ring(other, now)

    def let_go(self, pool: Pool, ticket: Ticket) -> None:
        """Let a ticket that was given up, and is no longer in its queue, be done with; or help no longer needed."""
        pool.waiting -= 1
        if ticket.index >= 0:
            self.given_up(ticket)

    # -- what the desk answers ---------------------------------------------------------------------------------

    @abstractmethod
    def take(self, pool: Pool, agent: Agent, ticket: Ticket, now: float) -> None:
        """Let an agent begin with a ticket, or go on with it."""

    @abstractmethod
    def break_in(self, pool: Pool, ticket: Ticket, now: float) -> bool:
        """Let somebody drop what they do for a ticket; return whether there was one."""

    @abstractmethod
    def go_on(self, agent: Agent, now: float, *, at_once: bool) -> bool:
        """Let an agent go on with a ticket whose customer has answered; return whether they do.

        Unless it is ``at_once``, what waits and is more urgent comes before.
        """


def most_urgent(pool: Pool, agent: Agent, now: float) -> tuple[int, float]:
    """Return how urgent the first ticket is that an agent could take from a pool: its priority, and since when it is
    the tier's."""
    for priority, queue in enumerate(pool.queues):
        for ticket in queue:
            if now < ticket.gives_up and (agent.skills is None or ticket.category in agent.skills):
                return priority, ticket.entered
    return len(pool.queues), INFINITE


def _urgency(ticket: Ticket) -> tuple[int, float]:
    return ticket.priority, ticket.entered


def link(pools: tuple[Pool, ...]) -> None:
    """Tell each pool which share agents with it, or with those that do, and so on."""
    for pool in pools:
        linked = {pool}
        while (more := {other for one in linked for agent in one.agents for other in agent.pools}) > linked:
            linked = more
        pool.linked = tuple(other for other in pools if other in linked)
        pool.alone = len(pool.linked) == 1 and not pool.mixed
