"""More than one ticket, more than one agent: outages, war rooms, a tier called in to help."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.codes import Ending, Entry, Fate
from simulator.engine.parts import NEVER, Agent, JointWork, Stage, Ticket
from simulator.engine.timers import let_go
from simulator.engine.urgent import break_off
from simulator.engine.walk import lucky, next_gap

if TYPE_CHECKING:
    from simulator.engine.core import Desk


class Outages:
    """Causes of many tickets: as soon as one of them is solved, all are."""

    def __init__(self, desk: Desk) -> None:
        """Begin without any."""
        self._desk = desk
        self._open: dict[int, list[Ticket]] = {}
        self.solved: set[int] = set()

    def add(self, ticket: Ticket, cause: int) -> None:
        """Count a ticket among those of a cause."""
        ticket.cause = cause
        if ticket.cause not in self.solved:
            self._open.setdefault(ticket.cause, []).append(ticket)

    def over(self, cause: int, now: float) -> None:
        """Solve all other open tickets of a cause, wherever they are."""
        if cause in self.solved:
            return
        self.solved.add(cause)
        freed: list[Agent] = []
        for ticket in self._open.pop(cause, ()):
            if ticket.stage == Stage.RESOLVED:
                continue
            if ticket.stage == Stage.WAITING and ticket.gives_up <= now:
                ticket.pool.queues[ticket.priority].remove(ticket)
                self._desk.let_go(ticket.pool, ticket)
                continue
            agent = self._let_go(ticket, now)
            if not ticket.responded <= now:
                ticket.responded = now
            if ticket.called:
                call_off(ticket, now)
            self._desk.leave(ticket, int(Ending.SOLVED_TOGETHER), now, now)
            self._desk.close(ticket, Fate.SOLVED_TOGETHER, now)
            if agent is not None:
                freed.append(agent)
        for agent in freed:
            self._desk.free(agent)

    def _let_go(self, ticket: Ticket, now: float) -> Agent | None:
        """Take a ticket from where it is; return the agent who is free now, if there is one."""
        if ticket.stage == Stage.WORKING:
            agent = ticket.agent
            break_off(self._desk, agent, now)
            return agent
        if ticket.stage == Stage.SWARMING:
            agent, agent.ticket = ticket.agent, None
            write_meanwhile(self._desk, ticket, math.nextafter(now, -math.inf))
            self._desk.note(agent, ticket, agent.spell.began, now)
            return agent
        return let_go(self._desk, ticket, now)


# -- people called together -------------------------------------------------------------------------------------------


def call_together(desk: Desk, ticket: Ticket) -> None:
    """Call people to the war room of an urgent ticket: for each, work of a given length, as urgent as the ticket."""
    room = desk.work.war_room
    assert room is not None
    length = ticket.block.war_room[ticket.row]
    for name, count in room.people.items():
        pool = desk.tiers[desk.model.desk.tiers.index(name)]
        for _ in range(count):
            desk.offer(pool, joint_work(desk, ticket, pool.tier, length))


def call_in(desk: Desk, agent: Agent, ticket: Ticket, tier: int, ending: int) -> None:
    """Call somebody of a higher tier in (swarming): the agent keeps the ticket and works on it with them."""
    stays = ticket.stays = ticket.stays or [int(place == ticket.tier) for place in range(desk.model.tiers)]
    stay = stays[tier]
    stays[tier] = stay + 1
    choices, row = ticket.block.choices(tier, stay), ticket.row
    able = ticket.block.solved_by[row] <= tier
    length = sum(choices.solve(row)) if able else float(choices.checks[row] + choices.recognition[row])
    joint = joint_work(desk, ticket, tier, length)
    joint.host = agent
    ticket.stage = int(Stage.SWARMING)
    desk.offer(desk.tiers[tier], joint)


def joined(desk: Desk, helper: Agent, joint: Ticket, now: float) -> None:
    """The joint work is done: the helper is free, and what they were called in for is solved or goes on."""
    assert isinstance(joint, JointWork)
    host, ticket = joint.host, joint.about
    if host is not None and ticket.stage != Stage.RESOLVED:
        write_meanwhile(desk, ticket, now)
        ticket.stage = int(Stage.WORKING)
        host.spell.end = now
        if ticket.block.solved_by[ticket.row] <= joint.tier:
            desk.note(host, ticket, host.spell.began, now)
            desk.leave(ticket, int(Ending.SOLVED), now, now)
            desk.solve(ticket, now)
            desk.free(host)
        else:
            desk.move(host, ticket, joint.tier, Entry.EXPERTISE, int(Ending.EXPERTISE))
    desk.free(helper)


def write_meanwhile(desk: Desk, ticket: Ticket, until: float) -> None:
    """Let the customer have the updates that fell due, up to an instant, since somebody was called in (swarming).

    Whoever called them writes while the other works or is still to come, and so it takes no time of either's work.
    """
    host, kind = ticket.agent, ticket.kind
    while ticket.update_left < math.inf:
        due = kind.hours.add(ticket.update_from, ticket.update_left)
        at = max(due, host.spell.end)
        if not host.overtime:
            at = host.hours.next_open(at)
        if at > until:
            return
        sent = NEVER if lucky(ticket, ticket.sent + ticket.missed) < desk.forgotten else at
        desk.updated(ticket, due, sent)
        ticket.update_from = due if sent != sent else sent
        ticket.update_left = next_gap(ticket, ticket.update_from)


def joint_work(desk: Desk, ticket: Ticket, tier: int, length: float) -> JointWork:
    """Return time that somebody in a tier is to give to a ticket that somebody else holds."""
    joint = JointWork(-1, ticket.row, ticket.block, desk.now, ticket.priority, ticket.category, ticket.kind)
    joint.tier = tier
    joint.began = joint.responded = desk.now
    joint.agenda, joint.at, joint.left = (length,), 0, length
    joint.final, joint.ask_at, joint.checks_at = int(Ending.JOINT_WORK), -1, -1
    joint.answering, joint.quick = False, True
    joint.rules = desk.plain
    joint.progress = joint.in_hand = desk.now
    joint.progress_left = joint.in_hand_left = math.inf
    joint.about, joint.host = ticket, None
    ticket.called = (*ticket.called, joint)
    return joint


def call_off(ticket: Ticket, now: float) -> None:
    """Let nobody come any more to help with a ticket that is solved; who is there stays until they are done.

    They are still in their queues: whoever comes upon them later finds that they are not needed.
    """
    for joint in ticket.called:
        joint.gives_up = now
    ticket.called = ()  # so that neither keeps the other in memory
