"""What an agent is going to do in a stay, as far as it is up to the work: its parts, and how it ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.codes import ESCALATIONS, HANDED_BACK, Ending, Entry, Note, Slip
from simulator.draws import Choices
from simulator.draws.streams import GRAIN
from simulator.model import Move, SignalRules, TierRules
from simulator.openhours import OpenHours

from .hours import Countdown, add, between
from .tickets import Part, Ticket

if TYPE_CHECKING:
    from .desk import OracleDesk
    from .people import Agent, Tier


NOWHERE = Move(None, ())
NEVER_OPEN = OpenHours([], [], [], 0.0)
NOTHING = TierRules(math.inf, -1, math.inf, -1, (), None, (), (), NOWHERE, NOWHERE, NOWHERE, True, NEVER_OPEN)
"""The rules of a stay that nothing but work ends."""


def begin(desk: OracleDesk, ticket: Ticket, agent: Agent, tier: Tier) -> None:
    """Plan the stay that an agent begins now."""
    now, stay = desk.env.now, ticket.times_in.get(ticket.tier, 0)
    ticket.times_in[ticket.tier] = stay + 1
    ticket.began = now
    ticket.take_in_hand(tier.hours, now, now, ticket.rules_here(NOTHING))
    choices = ticket.block.choices(ticket.tier, stay)
    parts, ticket.outcome = _work(desk, agent, ticket, choices, stay)
    _see_what_it_is(desk, ticket, choices, parts)
    dark = _in_the_dark(desk, ticket, choices, parts)
    _before_the_work(ticket, parts)
    if not ticket.answered_yet:
        reply = ticket.block.response[ticket.row]
        if reply:
            parts.insert(0, Part("reply", reply))
        else:
            ticket.responded = now
    if dark is not None and dark.at_opening:
        if parts[0].what != "reply":
            parts.insert(0, Part("reading", 0.0))
        for part in parts:
            part.then_ask = part is parts[0]
    if choices.routed is None and parts[-1].what != "closing":
        _note_the_checks(desk, ticket, parts)
    _at_pace(desk, agent, parts)
    agent.begun_with += 1
    ticket.parts = parts


def _at_pace(desk: OracleDesk, agent: Agent, parts: list[Part]) -> None:
    """Let an agent need as long for the parts of a stay as they do."""
    pace = agent.pace
    if agent.newcomer != 1.0:
        learned = 0.5 ** (agent.begun_with / desk.model.desk.people.learns_within)
        pace *= 1.0 + (agent.newcomer - 1.0) * learned
    if pace != 1.0:
        for part in parts:
            part.minutes = round(part.minutes * pace * GRAIN) / GRAIN


def _in_the_dark(desk: OracleDesk, ticket: Ticket, choices: Choices, parts: list[Part]) -> SignalRules | None:
    """Return what follows from a signal that comes to light in a stay, if one does."""
    if not ticket.in_the_dark or choices.routed is not None or parts[-1].what == "closing":
        return None
    return desk.model.signals[ticket.block.signal[ticket.row]]


def _before_the_work(ticket: Ticket, parts: list[Part]) -> None:
    """Leave out checks that take no time, and put in the asking back that an incomplete hand-off calls for."""
    if parts[0].what == "checks" and not parts[0].minutes and not parts[0].then_ask:
        parts[0].what = "nothing"
        if len(parts) > 1:
            parts.pop(0)
    if ticket.hasty:
        parts.insert(0, Part("asking back", ticket.block.asking_back[ticket.row]))
        ticket.slip |= Slip.INCOMPLETE_HANDOFF


def _see_what_it_is(desk: OracleDesk, ticket: Ticket, choices: Choices, parts: list[Part]) -> None:
    """Let a wrong priority or a signal be seen: when the checks are done, and then there is nothing to ask."""
    dark = _in_the_dark(desk, ticket, choices, parts)
    if ticket.priority != ticket.true_priority or not (dark is None or dark.at_opening):
        for part in parts:
            part.then_ask = part.what == "checks"
        if parts[-1].then_ask:
            parts.append(Part("nothing more", 0.0))


def _note_the_checks(desk: OracleDesk, ticket: Ticket, parts: list[Part]) -> None:
    """Let it be noted when the checks of a stay are done; where they take no time, that is before all other work."""
    before = [part for part in parts if part.what in ("reply", "asking back", "checks")]
    if before:
        before[-1].ends_the_checks = True
    else:
        desk.learned(ticket, Note.CHECKED)


def judge_anew(desk: OracleDesk, ticket: Ticket, agent: Agent) -> None:
    """Give a ticket in hand the priority that it really has, and do what is still to be done as it then has to be."""
    desk.learned(ticket, Note.PRIORITY_SEEN)
    _in_hand_with(desk, ticket, ticket.true_priority)
    _go_on(desk, ticket, agent, checked=True)


def come_to_light(desk: OracleDesk, ticket: Ticket, agent: Agent) -> bool:
    """Let an agent see the signal of a ticket; return whether it leaves the stay for that."""
    now, plan = desk.env.now, ticket.block.plan[ticket.row]
    rules = desk.model.signals[ticket.block.signal[ticket.row]]
    ticket.in_the_dark = False
    if not rules.at_opening and ticket.priority != ticket.true_priority:
        desk.learned(ticket, Note.PRIORITY_SEEN)
        _in_hand_with(desk, ticket, ticket.true_priority)
    desk.learned(ticket, Note.SIGNAL_SEEN)
    by_itself = rules.becomes[-1][plan]
    ticket.demanded = by_itself if by_itself < len(desk.model.priorities) - 1 else None
    becomes = rules.becomes[ticket.priority][plan]
    if becomes < ticket.priority:
        ticket.raised = ticket.priority - becomes
        if becomes <= ticket.true_priority:
            ticket.certain = becomes
        _in_hand_with(desk, ticket, becomes)
    move = rules.moves[ticket.priority][plan][ticket.tier]
    for place in move.told:
        desk.tell(ticket, place, Entry.SIGNAL, now)
    minutes = ticket.block.verified_after[ticket.row]
    if minutes:
        ticket.verified_at = add(ticket.kind.hours, now, minutes)
        if stands_still(desk, ticket):
            ticket.paused += minutes
    if move.owner is None and not minutes:
        _go_on(desk, ticket, agent, checked=not rules.at_opening)
        return False
    ticket.sent_to = ticket.tier if move.owner is None else move.owner
    return True


def stands_still(desk: OracleDesk, ticket: Ticket) -> bool:
    """Return whether the resolution clock stands still while the ticket's signal is verified."""
    rules = desk.model.signals[ticket.block.signal[ticket.row]]
    return rules.stands[ticket.priority][ticket.block.plan[ticket.row]]


def _in_hand_with(desk: OracleDesk, ticket: Ticket, priority: int) -> None:
    """Give a ticket in hand another priority, and with it other timers."""
    give_priority(desk, ticket, priority)
    ticket.take_in_hand(ticket.hours, desk.env.now, ticket.began, ticket.kind.tiers[ticket.tier])


def _go_on(desk: OracleDesk, ticket: Ticket, agent: Agent, *, checked: bool) -> None:
    """Plan anew what is still to be done in a stay in which something came out, with the checks or before them."""
    stay = ticket.times_in[ticket.tier] - 1
    choices = ticket.block.choices(ticket.tier, stay)
    if choices.routed is not None:  # chance has decided
        return
    ticket.slip &= ~(Slip.PREMATURE | Slip.LATE_RECOGNITION)
    parts, ticket.outcome = _work(desk, agent, ticket, choices, stay, anew=checked)
    if checked:
        parts = [part for part in parts if part.what != "checks"] or [Part("nothing more", 0.0)]
        for part in parts:
            part.then_ask = False
    else:
        _see_what_it_is(desk, ticket, choices, parts)
        _before_the_work(ticket, parts)
        if any(part.ends_the_checks for part in ticket.parts):
            _note_the_checks(desk, ticket, parts)
    _at_pace(desk, agent, parts)
    ticket.parts = parts


def give_priority(desk: OracleDesk, ticket: Ticket, priority: int) -> None:
    """Give a ticket another priority: another kind of ticket, whose ages count from now."""
    now, old = desk.env.now, ticket.kind
    kind = desk.model.kinds[priority][ticket.block.plan[ticket.row]]
    restarts = desk.model.raised_restarts if priority < ticket.priority else desk.model.lowered_restarts
    if restarts:
        due = add(old.hours, ticket.clock_from, old.resolution + ticket.paused)
        ticket.breached_before = ticket.breached_before or due + 1e-6 < now
        ticket.clock_from, ticket.paused = now, 0.0
    else:  # on another calendar, what has been counted stays counted
        counted = between(old.hours, ticket.clock_from, now) - ticket.paused
        ticket.paused = between(kind.hours, ticket.clock_from, now) - counted
    ticket.priority, ticket.kind = priority, kind
    ticket.aged_from, ticket.solved_since_aging, ticket.unheard_since_aging = now, 0.0, 0.0
    if desk.writing:
        every = kind.updates[0][1]
        heard = Countdown(kind.hours, ticket.heard.since if ticket.sent else now, every)
        ticket.heard = heard if heard.over() > now or not ticket.sent else Countdown(kind.hours, now, 0.0)
    desk.expect_ages(ticket)


def _work(
    desk: OracleDesk, agent: Agent, ticket: Ticket, choices: Choices, stay: int, anew: bool = False
) -> tuple[list[Part], int]:
    """Return the parts of a stay, the reply left out, and how it ends if nothing else ends it.

    It is made up ``anew`` when the checks are done and have shown that the priority is another.
    """
    row = ticket.row
    checks = Part("checks", float(choices.checks[row]))
    able = ticket.solved_by <= ticket.tier
    top = desk.model.tiers - 1
    if choices.routed is not None:
        return _pieces(ticket, choices), choices.routed[row]
    if ticket.cause in desk.solved_causes:  # the answer is known
        return [checks], Ending.SOLVED
    if ticket.passed_on_wrongly_by is not None:
        return [checks], Ending.SENT_BACK
    if ticket.entry == Entry.PREMATURE and _may_go_back(desk, ticket, 0.0 if anew else checks.minutes):
        return [checks], Ending.SENT_BACK
    if ticket.entry in HANDED_BACK and (left := _what_is_left(ticket, checks)) is not None:
        return left
    handed_back = _handed_back(desk, ticket, choices)
    follows = ticket.demanded is not None and ticket.priority >= ticket.demanded
    if handed_back == Ending.BACK_RECLASSIFIED and (anew or follows):
        handed_back = None  # it has just been looked at, or follows from a signal
    if handed_back in (Ending.BACK_WAITING, Ending.BACK_RECLASSIFIED):
        return [checks], handed_back
    if handed_back is not None and able:
        return _pieces(ticket, choices), handed_back
    premature = able and ticket.tier == 0 and stay == 0 and ticket.has("premature", agent)
    if able and not premature:
        return _pieces(ticket, choices), Ending.SOLVED

    # It is beyond the tier, or taken for that.
    sees_code = ticket.tier == 0 and ticket.has("code_seen") and ticket.solved_by >= top
    if premature:
        seen = Ending.PREMATURE
    elif ticket.tier == top:
        seen = Ending.UNRESOLVABLE
    elif 0 < ticket.tier == top - 1 or sees_code:
        seen = Ending.CODE_CHANGE
    else:
        seen = Ending.EXPERTISE
    if seen == Ending.CODE_CHANGE and _stays(ticket.rules.code_change):  # the procedure has no such signal
        seen = Ending.EXPERTISE
    recognition = Part("recognition", float(choices.recognition[row]))
    if _stays(where_to(ticket, seen)):
        if premature:
            return _pieces(ticket, choices), Ending.SOLVED
        return [checks, recognition, Part("help", ticket.block.help[row])], Ending.SOLVED
    if premature:
        ticket.slip |= Slip.PREMATURE
    if ticket.has("late_recognition", agent):
        ticket.slip |= Slip.LATE_RECOGNITION
        recognition.minutes += desk.model.desk.behaviour.late_by
    checks.then_ask = choices.asks is not None and choices.asks[row] >= 0
    return [checks, recognition], seen


def _handed_back(desk: OracleDesk, ticket: Ticket, choices: Choices) -> Ending | None:
    """Return how a tier above hands a ticket back that was escalated to it, if it does."""
    if choices.back is None or ticket.entry not in ESCALATIONS or ticket.cause >= 0:
        return None
    why = Ending(choices.back[ticket.row])
    if why == Ending.BACK_RECLASSIFIED:
        could_be_lower = ticket.priority + 1 < len(desk.model.priorities)
        return why if could_be_lower and ticket.priority == ticket.true_priority else None
    return None if why == Ending.SOLVED else why


def _what_is_left(ticket: Ticket, checks: Part) -> tuple[list[Part], int] | None:
    """Return what a tier has to do for what was handed back to it; nothing special if it is just less urgent."""
    assert ticket.owed_below is not None
    closing = Part("closing", ticket.owed_below.closing[ticket.row])
    if ticket.entry == Entry.BACK_RESOLVED:
        return [closing], Ending.SOLVED
    if ticket.entry == Entry.BACK_WORKAROUND:
        return [closing], Ending.WATCHED
    if ticket.entry == Entry.BACK_WAITING:
        checks.then_ask = True
        return [checks, Part("nothing more", 0.0)], Ending.ANSWERED
    return None


def where_to(ticket: Ticket, seen: int) -> Move:
    """Return what the policy says of what an agent has come to see."""
    rules = ticket.rules
    return {Ending.CODE_CHANGE: rules.code_change, Ending.UNRESOLVABLE: rules.unresolvable}.get(seen, rules.expertise)  # type: ignore[call-overload, no-any-return]


def _stays(move: Move) -> bool:
    return move.owner is None and not move.told


def _pieces(ticket: Ticket, choices: Choices) -> list[Part]:
    """Return the parts of a stay that solves the ticket; a question comes after one of them that is not the last."""
    row, checks = ticket.row, float(choices.checks[ticket.row])
    pieces = choices.solve(row)[1:] if checks else choices.solve(row)
    parts = [Part("checks", checks), *(Part("work", minutes) for minutes in pieces)]
    if choices.asks is not None and choices.asks[row] >= 0:
        parts[choices.asks[row]].then_ask = True
    return parts


def _may_go_back(desk: OracleDesk, ticket: Ticket, checks: float) -> bool:
    """Return whether it is, once read, still too young for the tier below to have to pass it up again."""
    below = ticket.kind.tiers[ticket.tier - 1].age_move
    now = desk.env.now
    return below is None or ticket.age_due(below[0], now) > add(ticket.hours, now, checks)
