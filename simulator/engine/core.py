"""The desk in motion: tickets that are their own events, tiers that hold one queue per priority.

Life of a ticket: opened → waits in a tier → is worked on → solved, or handed over (ownership moves at once; the sender
is busy until the hand-off is done, and then the next tier can take it) → … → solved. On the way a question may have to
be asked, work may be broken off for something more urgent, the shift may end, the customer may give up.

Ages at which a ticket falls due are the same for all tickets of a kind, so they fall due in the order of opening: an
:class:`~simulator.engine.parts.AgeLine` is a queue whose head alone has a place in the calendar of events.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, Final

import simpy
from simpy.events import Event

from simulator.codes import ESCALATIONS, Ending, Entry, Fate, Pause
from simulator.draws import Arrivals, Block, Choices, arrivals
from simulator.draws.crew import Member, crew
from simulator.draws.streams import GRAIN
from simulator.engine import apart, together, urgent
from simulator.engine.ages import Ages
from simulator.engine.ledger import Rows
from simulator.engine.parts import NEVER, NOT_AGAIN, NOT_MISLED, Agent, Bell, Pool, Spell, Stage, Ticket
from simulator.engine.walk import walk, worked_until
from simulator.model import DeskModel, Move, TierRules
from simulator.roster import AgentSpec
from simulator.tables import SPELLS, TICKET_ROWS, VISITS, Worker

# An enumeration's member takes ten times as long to look up as a name of the module.
HANDOVER, WAITING, WORKING, DECISION, RESOLVED, ASKING, ANSWERED, BROKEN_OFF = (int(stage) for stage in Stage)
INFINITE: Final = math.inf
SOLVED: Final = int(Ending.SOLVED)
EXPERTISE: Final = int(Ending.EXPERTISE)
CODE_CHANGE: Final = int(Ending.CODE_CHANGE)
UNRESOLVABLE: Final = int(Ending.UNRESOLVABLE)
NO_PROGRESS: Final = int(Ending.NO_PROGRESS)
UNRESOLVED: Final = int(Ending.UNRESOLVED)
AGE: Final = int(Ending.AGE)
PREMATURE: Final = int(Ending.PREMATURE)
SENT_BACK: Final = int(Ending.SENT_BACK)
OPEN: Final = int(Ending.OPEN)
QUEUE_FULL: Final = int(Ending.QUEUE_FULL)
JOINT_WORK: Final = int(Ending.JOINT_WORK)
QUESTION: Final = int(Pause.QUESTION)
SHIFT_END: Final = int(Pause.SHIFT_END)
OPENED, PAGED, BACKLOG, ENTRY_SENT_BACK = (
    int(entry) for entry in (Entry.OPENED, Entry.PAGED, Entry.BACKLOG, Entry.SENT_BACK)
)


class Desk(simpy.Environment):
    """One replication of a desk. Call :meth:`play`, then read ``tickets``, ``visits`` and ``spells``."""

    def __init__(self, model: DeskModel, seed: int, replication: int, arrived: Arrivals | None = None) -> None:
        """Set up the tiers; time starts at 0, the opening of the window. ``arrived`` replaces the drawn arrivals."""
        super().__init__(0.0)
        self.model = model
        self.drawn = model, seed, replication
        arrived = arrivals(model, seed, replication) if arrived is None else arrived
        self._opened: list[float] = arrived.opened.tolist()
        self._arrived = arrived
        self._ordinary = bool((arrived.source == 0).all())
        self._next = 0
        self._blocks: dict[int, tuple[int, int, Block]] = {}
        """By source: the number of the block in use, its first row, and the block."""
        self.tickets, self.visits, self.spells = Rows(TICKET_ROWS), Rows(VISITS), Rows(SPELLS)
        self.open_tickets: dict[int, Ticket] = {}
        desk = model.desk
        behaviour, self.work = desk.behaviour, desk.work
        self.writing = desk.work.update or 0.0
        self.forgotten = behaviour.updates_forgotten
        self.tiers = tuple(
            Pool(tier, staff, staff.hours, len(model.priorities)) for tier, staff in enumerate(model.staff)
        )
        self.on_call = tuple(
            Pool(tier, staff, model.always, len(model.priorities)) if staff.on_call else self.tiers[tier]
            for tier, staff in enumerate(model.staff)
        )
        self._people(crew(model, seed, replication))
        self.ages = Ages(self)
        self.preempts = tuple(name in desk.work.preempts for name in model.priorities)
        self.outages = together.Outages(self) if desk.demand.outages is not None else None
        self.pauses = all(staff.at_shift_end == "pause" for staff in model.staff)
        self.patient = desk.customers.patience is None
        self.may_come_back = desk.customers.reopen > 0
        self.slips = any(
            (
                behaviour.premature,
                behaviour.code_change_seen_in_T1,
                behaviour.late_recognition,
                behaviour.wrong_destination,
                behaviour.incomplete_handoff,
            )
        )
        self.wrong_priority = behaviour.wrong_priority > 0
        self._updates = tuple(
            tuple(self.writing > 0 and any(gap < math.inf for _, gap in kind.updates) for kind in row)
            for row in model.kinds
        )
        self._over = (self._spell_over,)
        self.plain = TierRules(math.inf, -1, math.inf, -1, (), None, (), (), *[Move(None, ())] * 3, plain=True)
        """Rules of a stay that nothing but work ends."""

    def workers(self) -> tuple[Worker, ...]:
        """Return everybody who could have worked, by their number."""
        found: dict[int, Worker] = {}
        for pool in (*self.tiers, *self.on_call):
            for agent in pool.agents:
                found[agent.number] = Worker(agent.home.tier, agent.called, agent.hours)
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

    def play(self) -> None:
        """Run to the end of the period; what is then unfinished stays open."""
        if self._opened and self._opened[0] < self.model.end:
            self.at(Bell(self), self._opened[0], (self._arrive,))
            self._run(self.model.end)
        for pool in (*self.tiers, *(pool for pool in self.on_call if pool not in self.tiers)):
            for agent in pool.agents:
                if agent.home is pool and agent.ticket is not None:
                    self.note(agent, agent.ticket, agent.spell.began, self.model.end)
        for ticket in list(self.open_tickets.values()):
            self.leave(ticket, OPEN, NEVER, NEVER)
            self.close(ticket, Fate.OPEN, NEVER)

    def _run(self, end: float) -> None:
        """Process events until ``end``.

        This is what ``Environment.run`` does, without what no event of ours needs: callbacks may be used again, and
        none fails. It takes half the time, and a long run consists of little else.
        """
        queue, pop = self._queue, heappop
        while queue:
            self._now, _, _, event = pop(queue)
            if self._now >= end:
                break
            event.callbacks[0](event)  # type: ignore[index]  # none of ours has more than one
        self._now = end

    def at(self, event: Event, instant: float, callbacks: tuple[Callable[..., None], ...]) -> None:
        """Schedule a re-used event for an exact instant (``now + delay`` would round)."""
        event.callbacks = callbacks  # type: ignore[assignment]  # any iterable will do, and a tuple need not be made anew
        heappush(self._queue, (instant, 1, next(self._eid), event))  # type: ignore[misc]

    # -- arrival -----------------------------------------------------------------------------------------------

    def _block(self, source: int, row: int) -> tuple[Block, int]:
        """Return the block of a source's row, and the place of the row in it; rows come in order."""
        number, start, block = self._blocks.get(source, (-1, 0, None))
        if block is None or row >= start + block.size:
            for rows in (self.tickets, self.visits, self.spells):
                rows.gather()
            start += 0 if block is None else block.size
            block = Block(*self.drawn, source, number + 1)
            self._blocks[source] = number + 1, start, block
        return block, row - start

    def _arrive(self, feed: Event) -> None:
        index = self._next
        self._next = index + 1
        opened = self._opened
        if index + 1 < len(opened):
            feed.callbacks = (self._arrive,)  # type: ignore[assignment]
            heappush(self._queue, (opened[index + 1], 1, next(self._eid), feed))  # type: ignore[misc]
        if self._ordinary:
            source, row = 0, index
        else:
            source, row = int(self._arrived.source[index]), int(self._arrived.row[index])
        block, row = self._block(source, row)
        priority, plan = block.priority[row], block.plan[row]
        if self.wrong_priority:
            priority = urgent.stated(self, block, row, priority)
        kind = self.model.kinds[priority][plan]
        ticket = Ticket(index, row, block, opened[index], priority, block.category[row], kind)
        self.open_tickets[index] = ticket
        if self._updates[priority][plan]:
            ticket.update_due = kind.hours.add(ticket.opened, kind.updates[0][1])
        if kind.ages:
            self.ages.expect(ticket)
        if source == 1 and self.outages is not None:
            self.outages.add(ticket, int(self._arrived.cause[index]))
        elif source == 2:
            self._waits_already(ticket, int(self._arrived.row[index]))
            return
        if self.work.war_room is not None:
            together.call_together(self, ticket)
        paged = kind.tiers[0].age_move
        first = self.tiers[0]
        if paged and kind.around_the_clock and not self._manned(first):
            # Nobody is there to take it and it cannot wait: monitoring pages the tier that would get it anyway.
            ticket.entry, ticket.tier = PAGED, paged[1]
            ticket.available = self._now + block.paging[row]
            self.at(ticket, ticket.available, (self.hand_over,))
        else:
            self.offer(first, ticket)

    def _waits_already(self, ticket: Ticket, number: int) -> None:
        """Put a ticket of the backlog into the queue in which it waits when the run begins."""
        for tier, count in enumerate(self.model.desk.backlog.get(name, 0) for name in self.model.desk.tiers):
            if number < count:
                break
            number -= count
        self.enter(ticket, tier, BACKLOG, self._now)
        ticket.available = self._now
        self.offer(self.pool_of(ticket), ticket)

    def _manned(self, pool: Pool) -> bool:
        now = self._now
        return pool.hours.is_open(now) if pool.unlimited else any(agent.is_there(now) for agent in pool.agents)

    # -- waiting and taking ------------------------------------------------------------------------------------

    def pool_of(self, ticket: Ticket) -> Pool:
        """Return the people that a ticket waits for: the tier's, or those on call where its clocks always run."""
        return (self.on_call if ticket.kind.around_the_clock else self.tiers)[ticket.tier]

    def offer(self, pool: Pool, ticket: Ticket) -> None:
        """Let somebody take a ticket, or let it wait."""
        now = self._now
        ticket.pool = pool
        if not pool.waiting or pool.mixed:
            agent = self._somebody(pool, ticket, now)
            if agent is not None:
                self.take(pool, agent, ticket, now)
                return
        if self.preempts[ticket.priority] and urgent.break_in(self, pool, ticket, now):
            return
        if pool.waiting >= pool.limit:
            self.leave(ticket, QUEUE_FULL, now, NEVER)
            self.close(ticket, Fate.QUEUE_FULL, now)
            return
        ticket.stage = WAITING
        pool.queues[ticket.priority].append(ticket)
        pool.waiting += 1
        if not self.patient:
            apart.wait(self, ticket, now)
        if pool.idle:
            self.ring(pool, now)

    def _somebody(self, pool: Pool, ticket: Ticket, now: float) -> Agent | None:
        """Return an agent who is free, there, and able; the one who has been free longest."""
        idle = pool.idle
        for agent in idle:
            if agent.since <= now < agent.until or agent.is_there(now):
                if agent.skills is None or ticket.category in agent.skills:
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
        """Set the pool's bell for the next time that somebody idle comes to work."""
        if pool.unlimited:
            opens = pool.staff.agents[0].hours.next_open(now)
        else:
            opens = min((agent.hours.next_open(now) for agent in pool.idle), default=math.inf)
        if opens < pool.rings or pool.rings < now:
            if opens == math.inf:
                return
            pool.rings = opens
            pool.bell = Bell(pool)
            self.at(pool.bell, opens, (self._opens,))

    def _opens(self, bell: Bell) -> None:
        pool = bell.about
        if bell is pool.bell:
            pool.rings = math.inf
            self.dispatch(pool)

    def dispatch(self, pool: Pool) -> None:
        """Let free agents take waiting tickets, most urgent first, then first come first served."""
        now = self._now
        for queue in pool.queues:
            if not pool.mixed:
                while queue:
                    agent = self._somebody(pool, queue[0], now)
                    if agent is None:
                        break
                    pool.waiting -= 1
                    self.take(pool, agent, queue.popleft(), now)
            else:
                for ticket in list(queue):
                    agent = self._somebody(pool, ticket, now)
                    if agent is not None:
                        queue.remove(ticket)
                        pool.waiting -= 1
                        self.take(pool, agent, ticket, now)
        if pool.waiting and (pool.idle or pool.unlimited):
            self.ring(pool, now)

    def free(self, agent: Agent) -> None:
        """Let an agent go on with what waits for them, or be idle."""
        now = self._now
        agent.ticket = None  # type: ignore[assignment]
        if agent.answered and apart.go_on(self, agent, now):
            return
        if agent.held >= agent.home.staff.multitasking:
            agent.waits = True
            return
        pool = agent.home
        if len(agent.pools) > 1:
            pool = min(agent.pools, key=_most_urgent)
        if pool.waiting and (agent.since <= now < agent.until or agent.is_there(now)):
            for queue in pool.queues:
                if queue and (agent.skills is None or queue[0].category in agent.skills):
                    pool.waiting -= 1
                    self.take(pool, agent, queue.popleft(), now)
                    return
                if queue and pool.mixed:
                    for ticket in queue:
                        if ticket.category in agent.skills:  # type: ignore[operator]
                            pool.waiting -= 1
                            queue.remove(ticket)
                            self.take(pool, agent, ticket, now)
                            return
        for other in agent.pools:
            other.idle.append(agent)
            if other.waiting:
                self.ring(other, now)

    def take(self, pool: Pool, agent: Agent, ticket: Ticket, now: float) -> None:
        """Let an agent begin with a ticket, or go on with it."""
        agent.ticket = ticket
        ticket.agent = agent
        ticket.stage = WORKING
        ticket.pool = pool
        if ticket.agenda is None:
            self._plan(agent, ticket, now)
        elif ticket.answering and ticket.at == 0:
            ticket.responded = worked_until(agent, now, ticket.left, False)
        spell = agent.spell
        spell.began = now
        if ticket.quick:
            end = now + ticket.left
            if end > agent.until:
                end = agent.hours.add(now, ticket.left)
            spell.ending, spell.walk = ticket.final, None
        else:
            stop, why = math.inf, 0
            if not self.pauses and agent.home.staff.at_shift_end == "hand_over":
                stop, why = agent.shift.stretch(now)[1], SHIFT_END
            far = spell.walk = walk(ticket, agent, now, stop, why, self.writing, self.forgotten)
            end, spell.ending = far.end, far.ending
        spell.end = end
        spell.callbacks = self._over  # type: ignore[assignment]
        heappush(self._queue, (end, 1, next(self._eid), spell))  # type: ignore[misc]

    def _plan(self, agent: Agent, ticket: Ticket, now: float) -> None:
        """Make up what the agent is going to do in this stay, as far as it is up to the work."""
        tier, block, row = ticket.tier, ticket.block, ticket.row
        if ticket.stays is None:
            stay = 0
            if tier or ticket.reopened or ticket.entry != OPENED:
                ticket.stays = [0] * self.model.tiers
                ticket.stays[tier] = 1
        else:
            stay = ticket.stays[tier]
            ticket.stays[tier] = stay + 1
        choices = block.choices(tier, stay)
        rules = ticket.rules = ticket.kind.tiers[tier]
        ticket.ask_at = -1 if choices.asks is None else choices.asks[row]
        if choices.routed is not None:
            agenda, final = choices.solve(row), choices.routed[row]
        else:
            agenda, final = self._decide(ticket, choices, stay)
        ticket.answering = False
        if ticket.responded != ticket.responded:
            response = block.response[row]
            if response:
                agenda = (response, *agenda)
                ticket.answering = True
                ticket.ask_at += ticket.ask_at >= 0
            ticket.responded = now + response if now + response <= agent.until else agent.hours.add(now, response)
        if self.slips and ticket.tier and ticket.entry in ESCALATIONS and block.slips["incomplete_handoff"][row]:
            agenda = (block.asking_back[row], *agenda)
            ticket.ask_at += ticket.ask_at >= 0
        if self.wrong_priority and ticket.priority != block.priority[row]:
            ticket.ask_at = int(ticket.answering)  # seen when the checks are done
        pace = agent.pace
        if agent.newcomer != 1.0:
            pace *= 1.0 + (agent.newcomer - 1.0) * 0.5 ** (agent.done / self.model.desk.people.learns_within)
        if pace != 1.0:
            agenda = tuple([round(minutes * pace * GRAIN) / GRAIN for minutes in agenda])
        agent.done += 1
        ticket.began = now
        ticket.agenda, ticket.final, ticket.at = agenda, final, 0
        ticket.progress = ticket.in_hand = now
        ticket.progress_left, ticket.in_hand_left = rules.no_progress, rules.unresolved
        if rules.age_move is not None:
            ticket.age_move_due = self.ages.due(ticket, rules.age_move[0])
        if rules.plain and ticket.ask_at < 0 and ticket.update_due == INFINITE and self.pauses:
            ticket.quick = True
            ticket.left = agenda[0] if len(agenda) == 1 else sum(agenda)
        else:
            ticket.quick = False
            ticket.left = agenda[0]

    def _decide(self, ticket: Ticket, choices: Choices, stay: int) -> tuple[tuple[float, ...], int]:
        """Return the agenda of a stay and how it ends if nothing else ends it."""
        tier, block, row, rules = ticket.tier, ticket.block, ticket.row, ticket.rules
        able = block.solved_by[row] <= tier
        if ticket.cause >= 0 and self.outages is not None and ticket.cause in self.outages.solved:
            ticket.ask_at = -1
            return (float(choices.checks[row]),), SOLVED  # the answer is known
        slips = block.slips if self.slips else None
        if ticket.misled_from >= 0 or (
            ticket.entry == PREMATURE and urgent.may_go_back(self, ticket, float(choices.checks[row]), self._now)
        ):
            ticket.ask_at = -1
            return (float(choices.checks[row]),), SENT_BACK
        premature = bool(slips and able and tier == 0 and stay == 0 and slips["premature"][row])
        if able and not premature:
            return choices.solve(row), SOLVED
        if premature:
            seen, move = PREMATURE, rules.expertise
        elif tier == self.model.tiers - 1:
            seen, move = UNRESOLVABLE, rules.unresolvable
        elif tier == self.model.tiers - 2 or (
            slips and tier == 0 and slips["code_seen"][row] and block.solved_by[row] >= self.model.tiers - 1
        ):
            seen, move = CODE_CHANGE, rules.code_change
        else:
            seen, move = EXPERTISE, rules.expertise
        checks, recognition = float(choices.checks[row]), float(choices.recognition[row])
        if move.owner is None and not move.told:
            # What the procedure keeps in the tier is solved there with somebody's help.
            if premature:
                return choices.solve(row), SOLVED
            ticket.ask_at = -1
            return (checks, recognition, block.help[row]), SOLVED
        ticket.ask_at = min(ticket.ask_at, 0)
        if slips and slips["late_recognition"][row]:
            recognition += self.model.desk.behaviour.late_by
        return (checks, recognition), seen

    # -- the end of a spell ------------------------------------------------------------------------------------

    def _spell_over(self, spell: Spell) -> None:
        agent = spell.agent
        if agent is None:  # broken off
            return
        ticket = agent.ticket
        assert ticket is not None
        far = spell.walk
        if far is not None:
            self.went(ticket, far)
        ending = spell.ending
        if ending == SOLVED:
            now = spell.end
            self.note(agent, ticket, spell.began, now)
            self.leave(ticket, SOLVED, now, now)
            self.solve(ticket, now)
            self.free(agent)
        elif ending == NO_PROGRESS:
            self.move(agent, ticket, ticket.rules.no_progress_to, NO_PROGRESS, ending)
        elif ending == UNRESOLVED:
            self.move(agent, ticket, ticket.rules.unresolved_to, UNRESOLVED, ending)
        elif ending == AGE:
            assert ticket.rules.age_move is not None
            self.move(agent, ticket, ticket.rules.age_move[1], AGE, ending)
        elif ending == SENT_BACK:
            to = ticket.misled_from if ticket.misled_from >= 0 else max(ticket.tier - 1, 0)
            ticket.misled_from = min(ticket.misled_from, NOT_AGAIN) if ticket.misled_from < 0 else NOT_AGAIN
            self.move(agent, ticket, to, ENTRY_SENT_BACK, ending)
        elif ending >= QUESTION:
            self.note(agent, ticket, spell.began, spell.end)
            urgent.pause(self, agent, ticket, ending)
        elif ending == JOINT_WORK:
            self.note(agent, ticket, spell.began, spell.end)
            together.joined(self, agent, ticket, spell.end)
        else:
            self._follow(agent, ticket, ending)

    def went(self, ticket: Ticket, far: Any) -> None:
        """Remember how far work on a ticket has got."""
        ticket.at, ticket.left = far.at, far.left
        ticket.progress, ticket.progress_left, ticket.update_due = far.progress, far.progress_left, far.update_due
        ticket.sent += far.sent
        ticket.missed += far.missed
        ticket.late += far.late

    def note(self, agent: Agent, ticket: Ticket, began: float, end: float) -> None:
        """Write down that an agent worked on a ticket."""
        self.spells.add(self.spells.pack(ticket.index, ticket.pool.tier, agent.number, began, end))

    def _follow(self, agent: Agent, ticket: Ticket, ending: int) -> None:
        """Do what the policy says of what the agent has come to see."""
        rules = ticket.rules
        moves: dict[int, Move] = {CODE_CHANGE: rules.code_change, UNRESOLVABLE: rules.unresolvable}
        move = moves.get(ending, rules.expertise)
        now = agent.spell.end
        for place in move.told:
            self.tell(ticket, place, ending, now)
        if move.owner is not None:
            to = move.owner
            if self.slips and ticket.misled_from == NOT_MISLED and ticket.block.slips["wrong_destination"][ticket.row]:
                to = urgent.wrong_tier(ticket.tier, to, self.model.tiers)
                ticket.misled_from = ticket.tier if to != move.owner else NOT_MISLED
            helper = self.work.swarming.get(self.model.places[ticket.tier])
            if to == move.owner and helper == self.model.places[to]:
                together.call_in(self, agent, ticket, to, ending)
                return
            self.move(agent, ticket, to, ending, ending)
            return
        # The tier keeps the ticket, but can do no more than to wait for what the others decide.
        released = self._released(agent, ticket, now)
        self.note(agent, ticket, agent.spell.began, released)
        self.leave(ticket, ending, now, released)
        ticket.sender, ticket.stage = agent, DECISION
        agent.ticket = None
        self.at(ticket, released, (self.hand_over,))

    def move(self, agent: Agent, ticket: Ticket, to: int, entry: int, ending: int) -> None:
        """Hand a ticket over to another tier when the agent's spell ends."""
        now = agent.spell.end
        released = self._released(agent, ticket, now)
        if to > ticket.tier and ticket.kind.around_the_clock and self.on_call[to] is not self.tiers[to]:
            released = max(_reply_sent(ticket, now), now + ticket.block.paging[ticket.row])
        self.note(agent, ticket, agent.spell.began, released)
        self.leave(ticket, ending, now, released)
        ticket.sender = agent
        agent.ticket = None
        self.enter(ticket, to, entry, now)
        if released == now:
            self.hand_over(ticket)
        else:
            self.at(ticket, released, (self.hand_over,))

    def enter(self, ticket: Ticket, to: int, entry: int, now: float) -> None:
        """Give a ticket to another tier."""
        ticket.tier, ticket.entry, ticket.entered = to, entry, now
        ticket.stage = HANDOVER
        ticket.available = ticket.began = NEVER
        ticket.agenda = None
        ticket.visit += 1
        if ticket.stays is None:
            ticket.stays = [0] * self.model.tiers
            ticket.stays[0] = 1

    def _released(self, agent: Agent, ticket: Ticket, now: float) -> float:
        """Return when the agent is free again: the reply sent and the hand-off made."""
        stay = 0 if ticket.stays is None else ticket.stays[ticket.tier] - 1
        minutes = float(ticket.block.choices(ticket.tier, stay).handoff[ticket.row])
        return agent.hours.add(_reply_sent(ticket, now), minutes) if minutes else _reply_sent(ticket, now)

    def hand_over(self, ticket: Ticket) -> None:
        sender = ticket.sender
        if sender is not None:
            ticket.sender = None
            self.free(sender)
        if ticket.stage == DECISION:
            decided = ticket.kind.hours.add(self._now, ticket.block.decision[ticket.row])
            self.at(ticket, decided, (self._decided,))
            return
        if ticket.stage == RESOLVED:  # solved together with another while it was handed over
            return
        ticket.available = self._now
        self.offer(self.pool_of(ticket), ticket)

    def _decided(self, ticket: Ticket) -> None:
        if ticket.stage != RESOLVED:
            self.solve(ticket, self._now)

    def answered(self, ticket: Ticket) -> None:
        """The customer has answered."""
        apart.answered(self, ticket)

    def never_answered(self, ticket: Ticket) -> None:
        """The customer has been asked, and has not answered for too long."""
        apart.never_answered(self, ticket)

    def reopen(self, ticket: Ticket) -> None:
        """A solved ticket comes back."""
        apart.reopen(self, ticket)

    # -- the end of a ticket -----------------------------------------------------------------------------------

    def solve(self, ticket: Ticket, now: float) -> None:
        """A ticket is solved: for good, or until it comes back."""
        if self.may_come_back and apart.comes_back(self, ticket, now):
            return
        self.close(ticket, Fate.SOLVED, now)
        if ticket.cause >= 0 and self.outages is not None:
            self.outages.over(ticket.cause, now)

    def close(self, ticket: Ticket, fate: int, now: float) -> None:
        """Write a ticket's row; ``now`` is when it was resolved or lost, not-a-number while it is open."""
        ticket.stage = RESOLVED
        block, row = ticket.block, ticket.row
        del self.open_tickets[ticket.index]
        if ticket.told is not None:
            self._leave_told(ticket, now)
        self.tickets.add(
            self.tickets.pack(
                ticket.index, ticket.priority, block.plan[row], ticket.category, block.solved_by[row], ticket.tier, fate,
                ticket.cause, ticket.opened, ticket.responded, now, ticket.paused, ticket.sent, ticket.missed,
                ticket.late, ticket.reopened, block.source, block.luck[row],
            )
        )  # fmt: skip

    # -- what is written down ----------------------------------------------------------------------------------

    def tell(self, ticket: Ticket, place: int, entry: int, at: float) -> None:
        """Open a parallel responsibility, once per place."""
        if ticket.told is None:
            ticket.told = []
        if all(place != known for known, _, _ in ticket.told):
            ticket.told.append((place, entry, at))

    def leave(self, ticket: Ticket, ending: int, left: float, released: float) -> None:
        """Write down that a stay ends, and tell those who join after some time in hand."""
        if ticket.stage == DECISION:  # its stay in the tier is written already
            return
        worked_on = ticket.agenda is not None
        if worked_on and ticket.rules.joins and left == left:
            for after, place in ticket.rules.joins:
                joined = ticket.pool.hours.add(ticket.began, after)
                if joined <= left:
                    self.tell(ticket, place, int(UNRESOLVED), joined)
        self.visits.add(
            self.visits.pack(
                ticket.index, ticket.tier, ticket.agent.number if worked_on else -1, ticket.entry, ending, ticket.entered,
                ticket.available, ticket.began, left, released,
            )
        )  # fmt: skip

    def _leave_told(self, ticket: Ticket, left: float) -> None:
        for place, entry, at in ticket.told or ():
            if not at > (left if left == left else self.model.end):
                self.visits.add(self.visits.pack(ticket.index, place, -1, entry, SOLVED, at, at, at, left, left))


def _reply_sent(ticket: Ticket, now: float) -> float:
    """Return when a first reply that the agent has begun is sent: it is finished even if ownership moves."""
    return max(now, ticket.responded)


def _most_urgent(pool: Pool) -> tuple[int, float]:
    for priority, queue in enumerate(pool.queues):
        if queue:
            return priority, queue[0].entered
    return len(pool.queues), math.inf
