"""How far an agent gets with a ticket before something other than the work itself ends it.

A stay is worked off part by part (the reply, the checks, the pieces). :func:`walk` goes along the parts until the last
is done, a timer or an age of the policy is reached, a question must be asked, or the clock says stop. It changes
nothing: the same walk, stopped earlier, tells where a ticket stands when work on it is broken off.
"""

from __future__ import annotations

import math
from typing import Final

from simulator.codes import Ending, Pause
from simulator.engine.parts import NEVER, Agent, Ticket
from simulator.model import TierRules

NO_PROGRESS: Final = int(Ending.NO_PROGRESS)
UNRESOLVED: Final = int(Ending.UNRESOLVED)
AGE: Final = int(Ending.AGE)
QUESTION: Final = int(Pause.QUESTION)
INFINITE: Final = math.inf
_GOLDEN: Final = 0.6180339887498949
"""Turns of a circle between the luck of one update and that of the next."""


Updates = list[tuple[float, float]]
"""Updates of the customer: when each was due, and when it was sent (not-a-number: forgotten)."""
Walk = tuple[float, int, int, float, float, float, float, float, Updates | None, float]
"""Where work on a ticket has got to: the instant, why it ended there, the part of the agenda and the minutes left of
it; since when nothing has been achieved and the minutes left until the timer of that is over; since when the customer
has heard nothing and the minutes left until they have to hear; the updates on the way; when the checks were done, if
they were on the way (not-a-number elsewhere). (A plain tuple, because one is made for every spell.)"""


def walk(
    ticket: Ticket, agent: Agent, now: float, stop: float, why: int, writing: float = 0.0, forgotten: float = 0.0
) -> Walk:
    """Return how work that begins at ``now`` goes on, at most until ``stop`` (which is then ``why`` it ends).

    ``writing`` is what an update of the customer takes (minutes), ``forgotten`` the share that nobody sends. What
    falls on the same instant counts in the order: work done, no progress, unresolved, age, stop.
    """
    agenda, at, left, rules = ticket.agenda, ticket.at, ticket.left, ticket.rules
    assert agenda is not None
    clock, no_progress = rules.hours, rules.no_progress
    progress, progress_left = ticket.progress, ticket.progress_left
    # A timer counts open minutes, so it cannot be over before as many minutes have gone by: most need no calendar.
    other, code = ticket.in_hand + ticket.in_hand_left, UNRESOLVED
    exact = other == INFINITE
    if rules.age_move is not None and (age := ticket.age_move_due) < other:
        other, code, exact = age, AGE, True
    if stop < other:
        other, code, exact = stop, why, True
    closes, overtime = agent.closes, agent.overtime
    if not agent.since <= now < closes:
        closes = now  # the calendar is asked for every part
    heard, heard_left = ticket.update_from, ticket.update_left
    updates: Updates | None = None
    t, last, checks, checked = now, len(agenda), ticket.checks_at, NEVER
    while True:
        finish = t + left
        if finish > closes:
            finish = worked_until(agent, t, left, overtime)
        if finish > other and not exact:
            other, code = _exactly(ticket, rules, stop, why)
            exact = True
        limit, reason = other, code
        if finish > progress + progress_left:
            due = clock.add(progress, progress_left)
            if due <= other:
                limit, reason = due, NO_PROGRESS
        if heard + heard_left <= finish:
            update = ticket.kind.hours.add(heard, heard_left) if heard_left else heard
            written = max(update, now)
            if not (agent.since <= written < closes or overtime):  # due while nobody was at work on it
                written = agent.hours.next_open(written)
            if written <= finish and written < limit:
                if updates is None:
                    updates = []
                if forgotten and lucky(ticket, ticket.sent + ticket.missed + len(updates)) < forgotten:
                    updates.append((update, NEVER))
                    heard = update
                else:
                    updates.append((update, written))
                    left += writing
                    heard = written
                heard_left = next_gap(ticket, heard)
                continue  # a longer part may not be done before a timer is over
            heard, heard_left = update, 0.0  # known exactly from now on
        if finish > limit and finish > now:  # what takes no time is done even if something had been over before
            limit = max(limit, now)
            left = max(0.0, minutes_worked(agent, limit, finish, overtime))
            return limit, reason, at, left, progress, progress_left, heard, heard_left, updates, checked
        t = finish
        at += 1
        if at == checks:
            checked = t
        if at == last:
            return t, ticket.final, at, 0.0, progress, progress_left, heard, heard_left, updates, checked
        left = agenda[at]
        if at > 1 or not ticket.answering:
            progress, progress_left = t, no_progress
        if at - 1 == ticket.ask_at:
            return t, QUESTION, at, left, progress, progress_left, heard, heard_left, updates, checked


def _exactly(ticket: Ticket, rules: TierRules, stop: float, why: int) -> tuple[float, int]:
    """Return what ends a stay first, apart from a lack of progress: the instant and why."""
    other, code = rules.hours.add(ticket.in_hand, ticket.in_hand_left), UNRESOLVED
    if rules.age_move is not None and ticket.age_move_due < other:
        other, code = ticket.age_move_due, AGE
    return (stop, why) if stop < other else (other, code)


def worked_until(agent: Agent, at: float, minutes: float, overtime: bool) -> float:
    """Return when ``minutes`` of an agent's work from ``at`` on are done; in overtime they go on until it is done."""
    return at + minutes if overtime else agent.hours.add(at, minutes)


def minutes_worked(agent: Agent, start: float, end: float, overtime: bool) -> float:
    """Return the minutes that an agent works in ``[start, end)``."""
    return end - start if overtime else agent.hours.minutes_between(start, end)


def next_gap(ticket: Ticket, since: float) -> float:
    """Return the open minutes until the customer has to hear again after ``since``, by the ticket's age then."""
    kind = ticket.kind
    if len(kind.updates) == 1:
        return kind.updates[0][1]
    born = ticket.opened if ticket.aged_from is None else ticket.aged_from
    age, every = kind.hours.minutes_between(born, since) - ticket.unheard, math.inf
    for begins, gap in kind.updates:
        if begins <= age:
            every = gap
    return every


def lucky(ticket: Ticket, number: int) -> float:
    """Return a ticket's luck with its update of this number, in [0, 1)."""
    return (ticket.block.luck[ticket.row] + number * _GOLDEN) % 1.0
