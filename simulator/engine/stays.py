"""What an agent is going to do in a stay, as far as it is up to the work: its parts, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.draws import Agenda, Choices
from simulator.draws.streams import TO_GRAIN
from simulator.engine import returns
from simulator.engine.numbers import (
    BACK_RECLASSIFIED,
    BACK_WAITING,
    CHECKED,
    CODE_CHANGE,
    EXPERTISE,
    INCOMPLETE_HANDOFF,
    INFINITE,
    LATE_RECOGNITION,
    OPENED,
    PREMATURE,
    SENT_BACK,
    SLIP_PREMATURE,
    SOLVED,
    UNRESOLVABLE,
)
from simulator.engine.parts import Agent, Ticket, slipped
from simulator.engine.priorities import true_priority
from simulator.engine.scripts import BEFORE_THE_WORK, falls_due
from simulator.engine.walk import worked_until
from simulator.model import SignalRules

if TYPE_CHECKING:
    from simulator.engine.core import Desk


def plan(desk: Desk, agent: Agent, ticket: Ticket, now: float) -> None:
    """Make up what the agent is going to do in this stay, as far as it is up to the work."""
    script = ticket.script
    if script is not None and not ticket.visit:
        rules = ticket.rules = ticket.kind.tiers[0]
        agenda, final = at_pace(desk, agent, script.agenda(ticket.row)), SOLVED
        ticket.ask_at = -1 if script.asks is None or script.asks[ticket.row] < 0 else script.asks[ticket.row] + 1
        ticket.answering, ticket.checks_at = True, BEFORE_THE_WORK
        reply = now + agenda[0]
        ticket.responded = reply if reply <= agent.closes else worked_until(agent, now, agenda[0], agent.overtime)
    else:
        agenda, final = _made_up(desk, agent, ticket, now)
        rules = ticket.rules
    agent.done += 1
    if not desk.patient:
        ticket.gives_up = INFINITE  # somebody has taken it
    ticket.began = now
    ticket.agenda, ticket.final, ticket.at = agenda, final, 0
    ticket.progress = ticket.in_hand = now
    ticket.progress_left, ticket.in_hand_left = rules.no_progress, rules.unresolved
    if rules.plain and ticket.ask_at < 0 and ticket.update_left == INFINITE and desk.pauses:
        ticket.quick = True
        ticket.left = agenda[0] if len(agenda) == 1 else sum(agenda)
    else:
        ticket.quick = False
        ticket.left = agenda[0]


def _made_up(desk: Desk, agent: Agent, ticket: Ticket, now: float) -> tuple[Agenda, int]:
    """Return the agenda of a stay of which nothing is known ahead, and how it ends if nothing else ends it."""
    tier, block, row = ticket.tier, ticket.block, ticket.row
    if ticket.stays is None:
        stay = 0
        if tier or ticket.reopened or ticket.entry != OPENED:
            ticket.stays = [0] * desk.model.tiers
            ticket.stays[tier] = 1
    else:
        stay = ticket.stays[tier]
        ticket.stays[tier] = stay + 1
    choices = block.choices(tier, stay)
    ticket.rules = returns.rules_of(desk, ticket) if ticket.came_from > tier else ticket.kind.tiers[tier]
    ticket.ask_at = -1 if choices.asks is None else choices.asks[row]
    if choices.routed is not None:
        agenda, final = choices.solve(row), choices.routed[row]
    else:
        agenda, final = decide(desk, agent, ticket, choices, stay, float(choices.checks[row]))
    closing = ticket.came_from > tier and returns.is_closing(ticket)
    dark = _in_the_dark(desk, ticket, choices, closing=closing) if ticket.in_the_dark else None
    agenda, checks = _with_questions(desk, ticket, choices, agenda, dark, closing=closing)
    unanswered = ticket.responded != ticket.responded
    ticket.answering = False
    if unanswered and (response := block.response[row]):
        agenda = (response, *agenda)
        ticket.answering = True
        ticket.ask_at += ticket.ask_at >= 0
        checks += 1
    if dark is not None and dark.at_opening:
        if not ticket.answering:
            agenda, checks = (0.0, *agenda), checks + (checks > 0)
        ticket.ask_at = 0
    ticket.checks_at = checks
    if choices.routed is not None or closing:
        ticket.checks_at = -1  # chance has decided, whatever they say, or there is nothing more to check
    elif not checks:
        ticket.checks_at = -1
        desk.learned(ticket, CHECKED, now)
    agenda = at_pace(desk, agent, agenda)
    if unanswered:
        response = agenda[0] if ticket.answering else 0.0
        ticket.responded = (
            now + response if now + response <= agent.closes else worked_until(agent, now, response, agent.overtime)
        )
    return agenda, final


def _in_the_dark(desk: Desk, ticket: Ticket, choices: Choices, *, closing: bool) -> SignalRules | None:
    """Return what follows from a signal that nobody has seen yet, if it comes to light in a stay."""
    if closing or choices.routed is not None:
        return None
    return desk.model.signals[ticket.block.signal[ticket.row]]


def _with_questions(
    desk: Desk, ticket: Ticket, choices: Choices, agenda: Agenda, dark: SignalRules | None, *, closing: bool
) -> tuple[Agenda, int]:
    """Return an agenda with all that is asked, or seen, on the way, and how many of its parts come with the checks."""
    if (desk.wrong_priority and ticket.priority != true_priority(ticket)) or not (dark is None or dark.at_opening):
        ticket.ask_at = 0  # it is seen when the checks are done, and then there is nothing to ask
    checks = 1 if choices.checks[ticket.row] and not closing else 0
    if ticket.ask_at >= 0:
        if ticket.ask_at and not checks:
            ticket.ask_at -= 1  # checks that take no time are left out
        elif not checks:
            agenda, checks = (0.0, *agenda), 1  # but for something that comes after them
        if ticket.ask_at == len(agenda) - 1:
            agenda = (*agenda, 0.0)  # something is still to be done: to go on
    if ticket.hasty:
        ticket.slip |= INCOMPLETE_HANDOFF
        agenda = (ticket.block.asking_back[ticket.row], *agenda)
        ticket.ask_at += ticket.ask_at >= 0
        checks += 1
    return agenda, checks


def at_pace(desk: Desk, agent: Agent, agenda: Agenda) -> Agenda:
    """Return an agenda with the lengths that it has for an agent."""
    pace = agent.pace
    if agent.newcomer != 1.0:
        pace *= 1.0 + (agent.newcomer - 1.0) * 0.5 ** (agent.done / desk.model.desk.people.learns_within)
    return agenda if pace == 1.0 else tuple([minutes * pace + TO_GRAIN - TO_GRAIN for minutes in agenda])


def go_on_differently(desk: Desk, agent: Agent, ticket: Ticket, *, checked: bool) -> None:
    """Make up anew what is still to be done in a stay in which something came out, with the checks or before them."""
    assert ticket.stays is not None or not ticket.tier
    stay = 0 if ticket.stays is None else ticket.stays[ticket.tier] - 1
    choices = ticket.block.choices(ticket.tier, stay)
    ticket.ask_at = -1
    if choices.routed is not None:  # chance has decided, whatever comes out
        return
    ticket.slip &= ~(SLIP_PREMATURE | LATE_RECOGNITION)
    if checked:
        agenda, ticket.final = decide(desk, agent, ticket, choices, stay, 0.0, anew=True)
        ticket.ask_at = ticket.checks_at = -1  # there is nothing more to ask
    else:
        ticket.ask_at = -1 if choices.asks is None else choices.asks[ticket.row]
        agenda, ticket.final = decide(desk, agent, ticket, choices, stay, float(choices.checks[ticket.row]))
        agenda, checks = _with_questions(desk, ticket, choices, agenda, None, closing=False)
        to_come, ticket.checks_at = ticket.checks_at > ticket.at, -1
        if to_come and checks:
            ticket.checks_at = checks
        elif to_come:
            desk.learned(ticket, CHECKED, agent.spell.end)
    ticket.agenda = agenda = at_pace(desk, agent, agenda or (0.0,))
    ticket.at, ticket.left = 0, agenda[0]
    ticket.answering = False


def undisturbed(desk: Desk, agent: Agent, ticket: Ticket, now: float) -> float:
    """Return when a stay that begins now is over if it is plain that nothing disturbs it, 0 where it must be looked at.

    Most stays are: the work is done before the agent goes home, before any timer and before the next update.
    :func:`~simulator.engine.walk.walk` would say the same, part by part.
    """
    agenda, rules = ticket.agenda, ticket.rules
    assert agenda is not None
    total = sum(agenda)
    end = now + total
    if end > agent.closes or ticket.ask_at >= 0 or total > rules.unresolved:
        return 0.0
    if total > rules.no_progress and _longest(agenda, answering=ticket.answering) > rules.no_progress:
        return 0.0
    return 0.0 if falls_due(desk, ticket, rules.age_move, end) else end


def _longest(agenda: Agenda, *, answering: bool) -> float:
    """Return the longest time (minutes) that work on an agenda goes on without progress; a reply is none."""
    first = agenda[0] + agenda[1] if answering and len(agenda) > 1 else agenda[0]
    return max((first, *agenda[1:]))


def _solving(choices: Choices, row: int, *, anew: bool) -> Agenda:
    """Return the agenda of a stay that solves the ticket, without the checks if they are done."""
    solve = choices.solve(row)
    return solve[1:] if anew and choices.checks[row] else solve


def decide(
    desk: Desk, agent: Agent, ticket: Ticket, choices: Choices, stay: int, checks: float, *, anew: bool = False
) -> tuple[Agenda, int]:
    """Return the agenda of a stay and how it ends if nothing else ends it; ``checks`` are the minutes still to check.

    It is decided ``anew`` when something has come out in the stay.
    """
    tier, block, row, rules = ticket.tier, ticket.block, ticket.row, ticket.rules
    checked = (checks,) if checks else ()
    able = block.solved_by[row] <= tier
    if ticket.cause >= 0 and desk.outages is not None and ticket.cause in desk.outages.solved:
        ticket.ask_at = -1
        return (checks,), SOLVED  # the answer is known
    if ticket.came_from > tier and (left := returns.what_is_left(ticket, checks)) is not None:
        return left
    slips = desk.slips
    if ticket.misled_from >= 0 or (ticket.entry == PREMATURE and returns.may_go_back(desk, ticket, checks, desk.now)):
        ticket.ask_at = -1
        return (checks,), SENT_BACK
    if tier and choices.back is not None:
        ending = returns.reason(desk, ticket, choices, able=able, anew=anew)
        if ending in (BACK_WAITING, BACK_RECLASSIFIED):
            ticket.ask_at = -1
            return (checks,), ending
        if ending != SOLVED:
            return _solving(choices, row, anew=anew), ending
    premature = slips and able and tier == 0 and stay == 0 and slipped(agent, ticket, "premature")
    if able and not premature:
        return _solving(choices, row, anew=anew), SOLVED
    if premature:
        seen, move = PREMATURE, rules.expertise
    elif tier == desk.model.tiers - 1:
        seen, move = UNRESOLVABLE, rules.unresolvable
    elif 0 < tier == desk.model.tiers - 2 or (
        slips and tier == 0 and block.slips["code_seen"][row] and block.solved_by[row] >= desk.model.tiers - 1
    ):
        seen, move = CODE_CHANGE, rules.code_change
    else:
        seen, move = EXPERTISE, rules.expertise
    if seen == CODE_CHANGE and move.owner is None and not move.told:  # the procedure has no such signal
        seen, move = EXPERTISE, rules.expertise
    recognition = float(choices.recognition[row])
    if move.owner is None and not move.told:
        # What the procedure keeps in the tier is solved there with somebody's help.
        if premature:
            return _solving(choices, row, anew=anew), SOLVED
        ticket.ask_at = -1
        return (*checked, recognition, block.help[row]), SOLVED
    ticket.ask_at = min(ticket.ask_at, 0)
    if premature:
        ticket.slip |= SLIP_PREMATURE
    if slips and slipped(agent, ticket, "late_recognition"):
        ticket.slip |= LATE_RECOGNITION
        recognition += desk.model.desk.behaviour.late_by
    return (*checked, recognition), seen
