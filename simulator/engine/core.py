"""The desk in motion: tickets that are their own events, tiers that hold one queue per priority.

Life of a ticket: opened → waits in a tier → is worked on → solved, or handed over (ownership moves at once; the sender
is busy until the hand-off is done, and then the next tier can take it) → … → solved. On the way a question may have to
be asked, work may be broken off for something more urgent, the shift may end, the customer may give up.

Ages at which a ticket falls due are the same for all tickets of a kind, so they fall due in the order of opening: an
:class:`~simulator.engine.parts.AgeLine` is a queue whose head alone has a place in the calendar of events.
"""

from __future__ import annotations

import math
from heapq import heappush

from simulator.codes import Fate
from simulator.draws import Arrivals, arrivals
from simulator.draws.crew import crew
from simulator.engine import apart, pauses, returns, signals, together, urgent
from simulator.engine.ages import Ages
from simulator.engine.coming import Coming
from simulator.engine.floor import Floor
from simulator.engine.numbers import (
    AGE,
    ASKING,
    CHECKED,
    CODE_CHANGE,
    DECISION,
    ENTRY_SENT_BACK,
    HANDOVER,
    JOINT_WORK,
    NO_PROGRESS,
    OPEN,
    QUESTION,
    RESOLVED,
    SENT_BACK,
    SHIFT_END,
    SOLVED,
    UNRESOLVABLE,
    UNRESOLVED,
    VERIFIED,
    WAITING,
    WORKING,
    WRONG_DESTINATION,
    WRONG_PRIORITY,
)
from simulator.engine.parts import NEVER, NOT_AGAIN, NOT_MISLED, Agent, Pool, Spell, Stage, Ticket, slipped
from simulator.engine.priorities import true_priority
from simulator.engine.progress import checked, went
from simulator.engine.scripts import in_one_go, solved_in_one_go, unfold
from simulator.engine.stays import plan, undisturbed
from simulator.engine.walk import walk, worked_until
from simulator.model import DeskModel, Move, TierRules


class Desk(Floor):
    """One replication of a desk. Call :meth:`play`, then read ``tickets``, ``visits`` and ``spells``."""

    __slots__ = (
        "_over", "ages", "arrived", "coming", "drawn", "forgotten", "looked_through", "may_come_back", "outages",
        "pauses", "plain", "signals", "slips", "work", "writing", "wrong_priority",
    )  # fmt: skip

    def __init__(self, model: DeskModel, seed: int, replication: int, arrived: Arrivals | None = None) -> None:
        """Set up the tiers; time starts at 0, the opening of the window. ``arrived`` replaces the drawn arrivals."""
        super().__init__(model, crew(model, seed, replication))
        self.drawn = model, seed, replication
        self.arrived = arrivals(model, seed, replication) if arrived is None else arrived
        desk = model.desk
        behaviour, self.work = desk.behaviour, desk.work
        self.writing = desk.work.update or 0.0
        self.forgotten = behaviour.updates_forgotten
        self.ages = Ages(self)
        self.outages = together.Outages(self) if desk.demand.outages is not None else None
        self.pauses = all(staff.at_shift_end == "pause" for staff in model.staff)
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
        self.signals = bool(model.signals)
        self.wrong_priority = behaviour.wrong_priority > 0
        self.looked_through = behaviour.wrong_priority_found is not None
        self._over = (self._spell_over,)
        nowhere = Move(None, ())
        self.plain = TierRules(
            math.inf, -1, math.inf, -1, (), None, (), (), nowhere, nowhere, nowhere, plain=True, hours=model.always
        )
        """Rules of a stay that nothing but work ends."""
        self.coming = Coming(self, self.arrived)

    def play(self) -> None:
        """Run to the end of the period; what is then unfinished stays open."""
        self.run_until(self.model.end, self.coming.opened, self.coming.arrive)
        for pool in (*self.tiers, *(pool for pool in self.on_call if pool not in self.tiers)):
            for agent in pool.agents:
                held, spell = agent.ticket, agent.spell
                if agent.home is not pool or held is None:
                    continue
                self.note(agent, held, spell.began, self.model.end)
                if held.stage == Stage.SWARMING:
                    together.write_meanwhile(self, held, math.nextafter(self.model.end, -math.inf))
                if held.stage != WORKING:
                    continue
                if not held.agenda:
                    unfold(held)
                if spell.walk is not None:  # the updates sent so far
                    went(self, held, walk(held, agent, spell.began, self.model.end, 0, self.writing, self.forgotten))
                elif held.checks_at >= 0:
                    checked(self, held, spell, self.model.end)
        for ticket in list(self.open_tickets.values()):
            if ticket.stage == ASKING:
                self.asked(ticket, NEVER)
                if not ticket.kind.waiting.resolution:
                    ticket.paused += ticket.kind.hours.minutes_between(ticket.paused_since, self.model.end)
            if ticket.stage == WAITING and ticket.gives_up < self.model.end:
                self.given_up(ticket)
                continue
            if ticket.stage == RESOLVED:  # solved; it would come back only later
                self.close(ticket, Fate.SOLVED, ticket.paused_since)
                continue
            if ticket.verified_at > self.model.end and signals.stands_still(self, ticket):
                ticket.paused -= ticket.kind.hours.minutes_between(self.model.end, ticket.verified_at)
            self.leave(ticket, OPEN, NEVER, NEVER)
            self.close(ticket, Fate.OPEN, NEVER)
        self.tell_at_length()

    # -- work ------------------------------------------------------------------------------------------------

    def take(self, pool: Pool, agent: Agent, ticket: Ticket, now: float) -> None:
        """Let an agent begin with a ticket, or go on with it."""
        agent.ticket = ticket
        ticket.agent = agent
        ticket.stage = WORKING
        ticket.pool = pool
        end = 0.0
        if ticket.agenda is None:
            script = ticket.script
            if script is not None and not ticket.visit and script.simple[ticket.row] and agent.newcomer == 1.0:
                end = in_one_go(self, script, agent, ticket, now)
            if not end:
                plan(self, agent, ticket, now)
                end = undisturbed(self, agent, ticket, now)
                if not end and ticket.rules.age_move is not None:
                    ticket.age_move_due = self.ages.due(ticket, ticket.rules.age_move[0])
        elif ticket.answering and ticket.responded != ticket.responded:
            ticket.responded = worked_until(agent, now, ticket.left, agent.overtime)
        spell = agent.spell
        spell.began = now
        if end:
            spell.ending, spell.walk = ticket.final, None
        elif ticket.quick:
            end = now + ticket.left
            if end > agent.closes:
                end = worked_until(agent, now, ticket.left, agent.overtime)
            spell.ending, spell.walk = ticket.final, None
        else:
            stop, why = math.inf, 0
            if not self.pauses and agent.home.staff.at_shift_end == "hand_over":
                stop, why = agent.closes, SHIFT_END
            far = spell.walk = walk(ticket, agent, now, stop, why, self.writing, self.forgotten)
            end, spell.ending = far[0], far[1]
        spell.end = end
        spell.callbacks = self._over  # type: ignore[assignment]
        heappush(self._queue, (end, 1, next(self._eid), spell))  # type: ignore[misc]

    # -- the end of a spell ------------------------------------------------------------------------------------

    def _spell_over(self, spell: Spell) -> None:
        agent = spell.agent
        if agent is None:  # broken off
            return
        ticket = agent.ticket
        assert ticket is not None
        far = spell.walk
        if far is not None:
            went(self, ticket, far)
        elif not ticket.agenda:
            if solved_in_one_go(self, agent, ticket, spell.began, spell.end):
                self.free(agent)
                return
            self.learned(ticket, CHECKED, spell.began + ticket.left)
        elif ticket.checks_at >= 0:
            checked(self, ticket, spell, spell.end)
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
            pauses.pause(self, agent, ticket, ending)
        elif ending == JOINT_WORK:
            self.note(agent, ticket, spell.began, spell.end)
            together.joined(self, agent, ticket, spell.end)
        elif ending > JOINT_WORK:
            returns.hand_back(self, agent, ticket, ending)
        else:
            self._follow(agent, ticket, ending)

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
            if self.slips and ticket.misled_from == NOT_MISLED and slipped(agent, ticket, "wrong_destination"):
                to = urgent.wrong_tier(ticket.tier, to, self.model.tiers)
                if to != move.owner:
                    ticket.misled_from = ticket.tier
                    ticket.slip |= WRONG_DESTINATION
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
        up = to > ticket.tier
        self.enter(ticket, to, entry, now)
        ticket.hasty = self.slips and up and slipped(agent, ticket, "incomplete_handoff")
        if released == now:
            self.hand_over(ticket)
        else:
            self.at(ticket, released, (self.hand_over,))

    def enter(self, ticket: Ticket, to: int, entry: int, now: float) -> None:
        """Give a ticket to another tier."""
        ticket.came_from, ticket.tier, ticket.entry, ticket.entered = ticket.tier, to, entry, now
        ticket.stage = HANDOVER
        ticket.available = ticket.began = NEVER
        begun, ticket.agenda = ticket.agenda is not None, None
        if ticket.hasty:
            ticket.hasty = False
        ticket.gives_up = math.inf
        if ticket.stood_still is not None:
            ticket.stood_still = None
        if ticket.misled_from >= 0 and entry in (NO_PROGRESS, UNRESOLVED, AGE):
            ticket.misled_from = NOT_AGAIN  # it has left where it was sent by mistake
        ticket.visit += 1
        if ticket.slip:
            ticket.slip = WRONG_PRIORITY if ticket.priority != true_priority(ticket) else 0
        if ticket.stays is None:
            ticket.stays = [0] * self.model.tiers
            ticket.stays[0] = int(begun)

    def _released(self, agent: Agent, ticket: Ticket, now: float) -> float:
        """Return when the agent is free again: the reply sent and the hand-off made."""
        stay = 0 if ticket.stays is None else ticket.stays[ticket.tier] - 1
        minutes = float(ticket.block.choices(ticket.tier, stay).handoff[ticket.row])
        sent = _reply_sent(ticket, now)
        return worked_until(agent, sent, minutes, agent.overtime) if minutes else sent

    def hand_over(self, ticket: Ticket) -> None:
        sender = ticket.sender
        if sender is not None:
            ticket.sender = None
            self.free(sender)
        if ticket.stage == DECISION:
            decided = ticket.kind.hours.add(self._now, ticket.block.decision[ticket.row])
            self.at(ticket, decided, (self.decided,))
            return
        if ticket.stage == RESOLVED:  # solved together with another while it was handed over
            return
        if ticket.verified_at:
            if ticket.verified_at > self._now:
                self.at(ticket, ticket.verified_at, (self.hand_over,))
                return
            self.learned(ticket, VERIFIED, ticket.verified_at)
            ticket.verified_at = 0.0
        ticket.available = self._now
        self.offer(self.pool_of(ticket), ticket)

    def decided(self, ticket: Ticket) -> None:
        """Nobody works on a ticket any more, and now it is decided, or fixed for good."""
        if ticket.stage != RESOLVED:
            self.solve(ticket, self._now)

    def break_in(self, pool: Pool, ticket: Ticket, now: float) -> bool:
        """Let somebody drop what they do for a ticket; return whether there was one."""
        return urgent.break_in(self, pool, ticket, now)

    def go_on(self, agent: Agent, now: float, *, at_once: bool) -> bool:
        """Let an agent go on with a ticket whose customer has answered; return whether they do."""
        return apart.go_on(self, agent, now, at_once)

    def reopen(self, ticket: Ticket) -> None:
        """A solved ticket comes back."""
        apart.reopen(self, ticket)

    # -- the end of a ticket -----------------------------------------------------------------------------------

    def solve(self, ticket: Ticket, now: float) -> None:
        """A ticket is solved: for good, or until it comes back."""
        if ticket.called:
            together.call_off(ticket, now)
        if self.may_come_back and not ticket.reopened and ticket.block.comes_back[ticket.row] < math.inf:
            apart.come_back(self, ticket, now)
        else:
            self.close(ticket, Fate.SOLVED, now)
        if ticket.cause >= 0 and self.outages is not None:
            self.outages.over(ticket.cause, now)


def _reply_sent(ticket: Ticket, now: float) -> float:
    """Return when a first reply that the agent has begun is sent: it is finished even if ownership moves."""
    return max(now, ticket.responded)
