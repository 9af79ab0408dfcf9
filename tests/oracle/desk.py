"""The life of a ticket, told as a SimPy process."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from simulator.codes import Ending, Entry, Fate, Pause, Slip
from simulator.draws import Arrivals, arrivals
from simulator.draws.crew import crew
from simulator.draws.streams import lengths
from simulator.model import DeskModel
from simulator.openhours import OpenHours
from simulator.tables import QUESTIONS, SPELLS, TICKET_ROWS, VISITS, Table

from . import plans
from .hours import Countdown, add, between, is_open, next_open
from .people import PRE_EMPTED, Agent, Floor, QueueFull, Request, Tier
from .tickets import Chance, Errand, Ticket

SOLVED_TOGETHER = "another ticket of the same outage is solved"
Steps = Generator[simpy.Event, Any, Any]
NEVER = math.nan
BACKLOG = 2
"""The source of tickets that are waiting when the run begins."""


class Lost(Exception):
    """A ticket ends without being solved."""

    def __init__(self, ending: Ending, fate: Fate) -> None:
        self.ending, self.fate = ending, fate


class OracleDesk:
    """One replication of a desk; call :meth:`play`, then read ``tickets``, ``visits`` and ``spells``."""

    def __init__(self, model: DeskModel, seed: int, replication: int, arrived: Arrivals | None = None) -> None:
        self.env = simpy.Environment()
        self.model = model
        self.chance = Chance(model, seed, replication)
        self.arrived = arrivals(model, seed, replication) if arrived is None else arrived
        self.writing = model.desk.work.update or 0.0
        self.floor = Floor(self, crew(model, seed, replication))
        self.open: dict[int, Ticket] = {}
        self.by_cause: dict[int, list[Ticket]] = {}
        self.solved_causes: set[int] = set()
        self._tickets: list[tuple[Any, ...]] = []
        self._visits: list[tuple[Any, ...]] = []
        self._spells: list[tuple[Any, ...]] = []
        self._questions: list[tuple[Any, ...]] = []

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
            self.leave(ticket, Ending.OPEN, NEVER, NEVER)
            self.close(ticket, Fate.OPEN, NEVER)

    @property
    def tickets(self) -> Table:
        return np.array(self._tickets, TICKET_ROWS)

    @property
    def visits(self) -> Table:
        return np.array(self._visits, VISITS)

    @property
    def spells(self) -> Table:
        return np.array(self._spells, SPELLS)

    @property
    def questions(self) -> Table:
        return np.array(self._questions, QUESTIONS)

    # -- the life of a ticket ------------------------------------------------------------------------------------

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
            self.open[index] = ticket
            ticket.process = self.env.process(self.life(ticket, row))
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
            assert interrupt.cause == SOLVED_TOGETHER
            now = self.env.now
            if not ticket.responded <= now:
                ticket.responded = now
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

    def wait(self, ticket: Ticket, request: Request) -> Steps:
        """Wait for an agent; return nobody if the ticket leaves the queue for another tier."""
        ending, at = self.first_to_end_waiting(ticket, request.broken_off)
        move = ticket.kind.tiers[ticket.tier].age_move
        reached = self.env.event() if move is None else ticket.ages[move[0]]
        over = self.until(at)
        # What has been reached before is noticed by whoever takes it.
        try:
            with request:
                yield request | over | (reached if not reached.processed else self.env.event())
        except simpy.Interrupt as interrupt:
            if request.agent is not None and interrupt.cause == PRE_EMPTED:
                return request.agent  # called away in the instant in which they took it
            ticket.to_be_freed = request.agent
            raise
        if request.agent is not None:
            return request.agent
        if not over.processed:
            ending = Ending.AGE
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
        return None

    def first_to_end_waiting(self, ticket: Ticket, broken_off: bool) -> tuple[Ending, float]:
        """Return what ends a wait for an agent if none comes and the ticket reaches no age, and when."""
        now = self.env.now
        ends: list[tuple[Ending, float]] = []
        if broken_off:  # it is still in the tier's hands
            ends.append((Ending.NO_PROGRESS, max(now, ticket.stuck.over())))
            ends.append((Ending.UNRESOLVED, max(now, ticket.in_hand.over())))
        elif ticket.visits == 0:
            ends.append((Ending.GAVE_UP, now + ticket.block.patience[ticket.row]))
        return min(ends, key=lambda end: end[1], default=(Ending.OPEN, math.inf))

    def stay(self, ticket: Ticket, agent: Agent, tier: Tier) -> Steps:
        """Let agents work on a ticket, until the stay ends; return who has it then, and how it ends."""
        while True:
            why = yield from self.work(ticket, agent)
            now = self.env.now
            if why == Pause.QUESTION and ticket.priority != ticket.true_priority:
                self.note(agent, ticket, now)
                agent.spell_began = now
                plans.judge_anew(self, ticket)
            elif why == Pause.QUESTION:
                self.note(agent, ticket, now)
                yield from self.ask(ticket, agent)
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

    def work(self, ticket: Ticket, agent: Agent) -> Steps:
        """Work on a ticket, part by part, until something ends the stay or stops the work; return what."""
        began, hours, shift_end = agent.spell_began, self.hours_of(agent), math.inf
        if agent.home.staff.at_shift_end == "hand_over":
            shift_end = next(closes for closes in agent.hours.closes if closes > self.env.now)
        if ticket.parts[0].what == "reply" and not ticket.answered_yet:
            ticket.responded = add(hours, self.env.now, ticket.parts[0].minutes)
        if agent.ticket is not ticket:  # called away at once
            self.stop(ticket)
            self.note(agent, ticket, self.env.now, began)
            return Pause.URGENT
        while True:
            now, part = self.env.now, ticket.parts[0]
            done = add(hours, now, part.minutes)
            why, limit = self.first_to_end_work(ticket, shift_end)
            update = next_open(hours, max(ticket.heard.over(), began))
            last = len(ticket.parts) == 1 or part.then_ask
            if update <= done and update < limit:
                step, agent.spell_ends = update, math.inf
            elif done <= limit:
                step, agent.spell_ends = done, done if last else math.inf
            else:
                step = agent.spell_ends = limit
            try:
                yield self.until(step)
            except simpy.Interrupt as interrupt:
                part.minutes -= between(hours, now, self.env.now)
                self.stop(ticket)
                self.note(agent, ticket, self.env.now, began)
                if interrupt.cause == PRE_EMPTED:
                    return Pause.URGENT
                ticket.to_be_freed = agent
                raise
            part.minutes -= between(hours, now, step)
            if update <= done and update < limit:
                self.update(ticket, update)
            elif done <= limit:
                ticket.parts.pop(0)
                if part.what != "reply":
                    ticket.stuck = Countdown(ticket.hours, step, ticket.rules.no_progress)
                if not ticket.parts:
                    return ticket.outcome
                if part.then_ask:
                    return Pause.QUESTION
            else:
                if why == Pause.SHIFT_END:
                    self.stop(ticket)
                    part.minutes += self.model.desk.work.shift_handover
                return why

    def first_to_end_work(self, ticket: Ticket, shift_end: float) -> tuple[int, float]:
        """Return what ends work that goes on and on, and when."""
        now, move = self.env.now, ticket.rules.age_move
        ends: list[tuple[int, float]] = [
            (Ending.NO_PROGRESS, ticket.stuck.over()),
            (Ending.UNRESOLVED, ticket.in_hand.over()),
            (Ending.AGE, math.inf if move is None else ticket.age_due(move[0], now)),
            (Pause.SHIFT_END, shift_end),
        ]
        why, limit = min(ends, key=lambda end: end[1])
        return why, max(limit, now)

    def stop(self, ticket: Ticket) -> None:
        """Let a reply that is not sent yet not be sent."""
        if ticket.responded > self.env.now:
            ticket.responded = NEVER

    def update(self, ticket: Ticket, at: float) -> None:
        """Write to the customer, who has to hear by now, or forget it."""
        due = ticket.heard.over()
        if ticket.forgets(self.model.desk.behaviour.updates_forgotten):
            ticket.missed += 1
            ticket.hear_from(due)
            return
        ticket.sent += 1
        ticket.late += due < at
        ticket.parts[0].minutes += self.writing
        ticket.hear_from(at + self.writing)

    def ask(self, ticket: Ticket, agent: Agent) -> Steps:
        """Ask the customer, and go on when they have answered and the agent is free."""
        choices = ticket.block.choices(ticket.tier, ticket.times_in[ticket.tier] - 1)
        ticket.asked_at = self.env.now
        agent.held.append(ticket)
        self.floor.free(agent)
        answer = choices.answer[ticket.row]
        try:
            yield self.env.timeout(choices.close_after[ticket.row] if math.isinf(answer) else answer)
            self.answered(ticket, self.env.now)
            if math.isinf(answer):
                self.leave(ticket, Ending.CLOSED, self.env.now, self.env.now)
                if self.floor.forget(ticket, agent):
                    self.floor.free(agent)
                raise Lost(Ending.CLOSED, Fate.CLOSED)
            yield self.floor.go_on(ticket, agent)
        except simpy.Interrupt:
            if ticket.asked_at is not None:
                self.answered(ticket, self.env.now)
            if self.floor.forget(ticket, agent):
                ticket.to_be_freed = agent
            raise

    # -- from tier to tier ---------------------------------------------------------------------------------------

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
        else:
            return (yield from self.follow(ticket, agent, ending))
        return False

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
        if ticket.may_be_misled and ticket.has("wrong_destination"):
            wrong = [tier for tier in range(ticket.tier + 1, self.model.tiers) if tier != to]
            if wrong:
                ticket.passed_on_wrongly_by, to = ticket.tier, wrong[-1]
                ticket.slip |= Slip.WRONG_DESTINATION
        names = self.model.places
        if to == move.owner and self.model.desk.work.swarming.get(names[ticket.tier]) == names[to]:
            return (yield from self.swarm(ticket, agent, to))
        yield from self.hand_over(ticket, agent, to, Entry(seen), seen)
        return False

    # -- people called together ----------------------------------------------------------------------------------

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
            helper = yield help_of.process
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
        minutes = float(lengths(self.chance.of_war_room(ticket.index), room.length)[0])
        for name, people in room.people.items():
            for _ in range(people):
                errand = Errand(ticket, self.model.desk.tiers.index(name), minutes, self.env.now)
                errand.process = self.env.process(self.lend_a_hand(errand))

    def lend_a_hand(self, errand: Errand) -> Steps:
        """Give time to a ticket that somebody else has; return who did, if they are still with the one who asked."""
        tier = self.floor.tiers[errand.tier]
        request = self.floor.request(errand, tier)
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
                request = self.floor.request(errand, tier, broken_off=True)
        self.note(agent, errand, self.env.now)
        if not errand.asked_by_a_host:
            self.floor.free(agent)
        return agent

    def hours_of(self, agent: Agent) -> OpenHours:
        """Return the hours in which an agent goes on with what they have: in overtime, until it is done."""
        return self.model.always if agent.home.staff.at_shift_end == "finish" else agent.hours

    def hand_over(self, ticket: Ticket, agent: Agent, to: int, entry: Entry, ending: int) -> Steps:
        """Hand a ticket over: it is the other tier's at once, and the agent busy with it until they can take it."""
        now, was = self.env.now, ticket.tier
        released = self.handed_over_by(ticket, agent)
        if to > was and ticket.kind.around_the_clock and self.floor.called[to].on_call:
            released = max(self.replied(ticket), now + ticket.block.paging[ticket.row])
        self.note(agent, ticket, released)
        self.leave(ticket, Ending(ending), now, released)
        self.enter(ticket, to, entry)
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
            move = ticket.kind.tiers[ticket.tier].age_move
            yield arrives if move is None or ticket.ages[move[0]].processed else arrives | ticket.ages[move[0]]
            if arrives.processed:
                break
            assert move is not None
            self.leave(ticket, Ending.AGE, self.env.now, NEVER)
            self.enter(ticket, move[1], Entry.AGE)
        yield self.env.timeout(0)  # whoever brings it has gone on to something else by then
        ticket.available = self.env.now

    def enter(self, ticket: Ticket, to: int, entry: Entry) -> None:
        """Make a ticket another tier's."""
        if entry in (Entry.AGE, Entry.NO_PROGRESS, Entry.UNRESOLVED):
            # It has left where it was sent by mistake.
            ticket.may_be_misled = ticket.may_be_misled and ticket.passed_on_wrongly_by is None
            ticket.passed_on_wrongly_by = None
        ticket.tier, ticket.entry, ticket.entered = to, entry, self.env.now
        ticket.available = ticket.began = NEVER
        ticket.agent, ticket.parts = None, []
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

    # -- the end, and what comes after it ------------------------------------------------------------------------

    def solved_by(self, ticket: Ticket, agent: Agent | None) -> Steps:
        """Let a ticket be solved, and with it the others of its outage."""
        now = self.env.now
        if agent is not None:
            self.note(agent, ticket, now)
            self.leave(ticket, Ending.SOLVED, now, now)
        ticket.solved = True
        if ticket.cause >= 0 and ticket.cause not in self.solved_causes:
            self.solved_causes.add(ticket.cause)
            others = [one for one in self.by_cause.pop(ticket.cause) if not one.solved]
            for other in others:
                other.process.interrupt(SOLVED_TOGETHER)
            if others:
                yield self.env.all_of([other.process for other in others])
        if agent is not None:
            self.floor.free(agent)

    def come_back_after(self, ticket: Ticket, after: float) -> Steps:
        """Let a solved ticket come back to the first tier; its clocks stand still until then."""
        since = self.env.now
        yield self.env.timeout(after)
        now = self.env.now
        ticket.solved = ticket.written = False
        ticket.reopened += 1
        ticket.paused += between(ticket.kind.hours, since, now)
        self.enter(ticket, 0, Entry.REOPENED)
        ticket.available = ticket.aged_from = now
        ticket.paused_since_aging = 0.0
        if ticket.heard.left < math.inf:
            ticket.hear_from(now)
        self.expect_ages(ticket)

    # -- ages ----------------------------------------------------------------------------------------------------

    def expect_ages(self, ticket: Ticket) -> None:
        """Let a ticket reach the ages of its kind: each is an event."""
        ticket.ages = [self.env.process(self.reach(ticket, index)) for index in range(len(ticket.kind.ages))]

    def reach(self, ticket: Ticket, index: int) -> Steps:
        """Let a ticket reach an age, and tell those who join in then."""
        kind, since = ticket.kind, ticket.aged_from
        while (due := ticket.age_due(index, self.env.now)) > self.env.now:
            yield self.until(due)
            if ticket.solved or ticket.kind is not kind or ticket.aged_from != since:
                yield self.env.event()  # never
        rules = kind.tiers[ticket.tier]
        joining = [place for which, place in rules.age_joins if which == index]
        if not ticket.responded <= due:
            joining += [place for which, place in rules.unanswered_joins if which == index]
        for place in joining:
            self.tell(ticket, place, Entry.AGE, due)

    # -- the books -----------------------------------------------------------------------------------------------

    def until(self, instant: float) -> simpy.Timeout:
        """Return a timeout that is over at an instant."""
        return self.env.timeout(instant - self.env.now)

    def tell(self, ticket: Ticket, place: int, why: int, at: float) -> None:
        """Let somebody join in; who has done so already does not do it again."""
        if place not in ticket.told or at < ticket.told[place][0]:
            ticket.told[place] = at, int(why)

    def note(self, agent: Agent, ticket: Ticket | Errand, ended: float, began: float | None = None) -> None:
        """Write down a spell of work; it began when the agent's began who has it now."""
        began = agent.spell_began if began is None else began
        self._spells.append((ticket.index, ticket.tier, agent.number, began, ended))

    def answered(self, ticket: Ticket, at: float) -> None:
        """Write down a question to the customer, and let what has stood still go on."""
        self._questions.append((ticket.index, ticket.tier, ticket.asked_at, at))
        if math.isnan(at):
            ticket.timers_stood_still(self.model.end)
        else:
            ticket.clocks_run_again(at)

    def leave(self, ticket: Ticket, ending: Ending, left: float, released: float) -> None:
        """Write down a stay; who joins in after some time in hand has been told on the way."""
        if ticket.written:
            return
        had_it = ticket.agent is not None
        if had_it:
            for countdown, place in ticket.joins:
                if countdown.over() <= left or (math.isnan(left) and countdown.over() < self.model.end):
                    self.tell(ticket, place, Entry.UNRESOLVED, countdown.over())
        self._visits.append(
            (
                ticket.index, ticket.tier, ticket.agent.number if ticket.agent is not None else -1, ticket.entry, ending,
                ticket.entered, ticket.available, ticket.began, left, released if had_it else NEVER, ticket.slip,
            )
        )  # fmt: skip

    def close(self, ticket: Ticket, fate: Fate, resolved: float) -> None:
        """Write down a ticket that is over and done with, or open at the end."""
        ticket.solved = True
        del self.open[ticket.index]
        block, row = ticket.block, ticket.row
        for place, (at, why) in ticket.told.items():
            if at <= (self.model.end if math.isnan(resolved) else resolved):
                self._visits.append((ticket.index, place, -1, why, Ending.SOLVED, at, at, at, resolved, resolved, 0))
        self._tickets.append(
            (
                ticket.index, ticket.priority, block.plan[row], ticket.category, ticket.solved_by, ticket.tier, fate,
                ticket.cause, ticket.opened, ticket.responded, resolved, ticket.paused, ticket.sent, ticket.missed,
                ticket.late, ticket.reopened, block.source, block.luck[row],
            )
        )  # fmt: skip
