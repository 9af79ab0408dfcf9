"""Work on a ticket, and the ages that tickets reach meanwhile."""

from __future__ import annotations

import math

import simpy

from simulator.codes import Ending, Entry, Note, Pause
from simulator.model import KindRules
from simulator.openhours import OpenHours

from .books import NEVER, Books, Steps
from .hours import Countdown, add, between, next_open
from .people import PRE_EMPTED, Agent
from .tickets import Ticket


class Work(Books):
    """A desk at which tickets are worked on, once somebody has them."""

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
                if self.update(ticket, update):
                    part.minutes += self.writing
            elif done <= limit:
                ticket.parts.pop(0)
                if part.ends_the_checks:
                    self.learned(ticket, Note.CHECKED)
                if part.what != "reply":
                    ticket.stuck = Countdown(ticket.timed, step, ticket.rules.no_progress)
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

    def update(self, ticket: Ticket, at: float) -> bool:
        """Write to the customer, who has to hear by now, or forget it; return whether it is written."""
        due = ticket.heard.over()
        if ticket.forgets(self.model.desk.behaviour.updates_forgotten):
            ticket.missed += 1
            ticket.hear_from(due)
            self.updated(ticket, due, NEVER)
            return False
        ticket.sent += 1
        ticket.late += due < at
        ticket.hear_from(at)
        self.updated(ticket, due, at)
        return True

    def hours_of(self, agent: Agent) -> OpenHours:
        """Return the hours in which an agent goes on with what they have: in overtime, until it is done."""
        return self.model.always if agent.home.staff.at_shift_end == "finish" else agent.hours

    def expect_ages(self, ticket: Ticket) -> None:
        """Let a ticket reach the ages of its kind: each is an event; others that it had are none any more."""
        ticket.aged_anew += 1
        kind, these = ticket.kind, ticket.aged_anew
        ticket.ages = [self.env.process(self.reach(ticket, kind, these, index)) for index in range(len(kind.ages))]

    def reach(self, ticket: Ticket, kind: KindRules, these: int, index: int) -> Steps:
        """Let a ticket reach an age of its kind, and tell those who join in then; if ``these`` are still its ages."""
        while True:
            if ticket.solved or ticket.aged_anew != these:
                yield self.env.event()  # never
            due = ticket.age_due(index, self.env.now)
            if due <= self.env.now:
                break
            yield self.until(due)
        if ticket.settled_at is not None:
            return
        due = self.env.now
        rules = kind.tiers[ticket.tier]
        joining = [place for which, place in rules.age_joins if which == index]
        if not ticket.responded <= due:
            joining += [place for which, place in rules.unanswered_joins if which == index]
        for place in joining:
            self.tell(ticket, place, Entry.AGE, due)
