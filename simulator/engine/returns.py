"""What a tier hands back to the one below though it was right to pass it up, and what that one then does with it.

A tier that was sent a ticket may have solved it, may need an answer of the customer, may find it less urgent than it
was taken for, or may help with a workaround. In each case the ticket goes back to the tier that it came from, with a
hand-off as on the way up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.codes import BACK_BY_AGREEMENT, CLOSING, ESCALATIONS, Ending, Entry
from simulator.draws import Choices
from simulator.engine.numbers import (
    ANSWERED_ABOVE,
    BACK_RECLASSIFIED,
    BACK_RESOLVED,
    BACK_WAITING,
    DECISION,
    INFINITE,
    PAGED,
    SOLVED,
    WATCHED,
)
from simulator.engine.parts import Agent, Ticket
from simulator.engine.priorities import change, true_priority
from simulator.engine.timers import minutes_to_update
from simulator.model import TierRules

if TYPE_CHECKING:
    from simulator.engine.core import Desk

_ENTRIES: Final = {
    int(ending): int(Entry[ending.name])
    for ending in (Ending.BACK_RESOLVED, Ending.BACK_WAITING, Ending.BACK_RECLASSIFIED, Ending.BACK_WORKAROUND)
}
_ENTRY_ANSWERED: Final = int(Entry.ANSWERED)
_ENTRY_RESOLVED, _ENTRY_WAITING = int(Entry.BACK_RESOLVED), int(Entry.BACK_WAITING)
_CLOSING: Final = tuple(map(int, CLOSING))
_BY_AGREEMENT: Final = tuple(map(int, BACK_BY_AGREEMENT))


# -- the tier that hands back ------------------------------------------------------------------------------------------


def reason(desk: Desk, ticket: Ticket, choices: Choices, *, able: bool, anew: bool) -> int:
    """Return how a stay ends by being handed back, ``SOLVED`` where it is not.

    What has not been escalated has nobody to go back to, and the tickets of an outage are solved together. If the stay
    is made up ``anew``, its priority has just been looked at; and nobody lowers one that follows from a signal.
    """
    if choices.back is None or ticket.entry not in ESCALATIONS or ticket.cause >= 0:
        return SOLVED
    why = choices.back[ticket.row]
    if why == BACK_WAITING:
        return why
    if why == BACK_RECLASSIFIED:
        least = ticket.priority == len(desk.model.priorities) - 1
        known = anew or ticket.priority >= ticket.demanded
        return SOLVED if least or known or ticket.priority != true_priority(ticket) else why
    return why if able else SOLVED


def hand_back(desk: Desk, agent: Agent, ticket: Ticket, ending: int) -> None:
    """Do what follows when a stay ends in one of the ways that have to do with handing back."""
    now = agent.spell.end
    if ending == WATCHED:
        _watch(desk, agent, ticket, now)
    elif ending == ANSWERED_ABOVE:
        desk.move(agent, ticket, ticket.asker, _ENTRY_ANSWERED, ending)
    else:
        stays = ticket.stays
        choices = ticket.block.choices(ticket.tier, 0 if stays is None else stays[ticket.tier] - 1)
        to = ticket.tier - 1 if ticket.entry == PAGED else ticket.came_from
        ticket.asker = ticket.tier
        ticket.closing, ticket.watch = choices.closing[ticket.row], choices.watch[ticket.row]
        if ending == BACK_RESOLVED:
            ticket.settled = now
            if ticket.update_left < INFINITE:
                ticket.silenced, ticket.update_left = minutes_to_update(ticket, now), INFINITE
        elif ending == BACK_RECLASSIFIED:
            ticket.lowered += 1
            change(desk, ticket, ticket.priority + 1, now)
        desk.move(agent, ticket, to, _ENTRIES[ending], ending)


# -- the tier that gets it back ----------------------------------------------------------------------------------------


def rules_of(desk: Desk, ticket: Ticket) -> TierRules:
    """Return the rules of a stay: no clock of a solved ticket runs, and no age sends up what has been there."""
    if ticket.entry == _ENTRY_RESOLVED:
        return desk.plain
    kind = ticket.kind
    return (kind.handed_back if ticket.entry in _BY_AGREEMENT else kind.tiers)[ticket.tier]


def may_go_back(desk: Desk, ticket: Ticket, checks: float, now: float) -> bool:
    """Return whether a ticket, once read, is still too young for the tier below to have to pass it up again."""
    below = ticket.kind.tiers[ticket.tier - 1].age_move
    return below is None or desk.ages.due(ticket, below[0]) > ticket.pool.hours.add(now, checks)


def is_closing(ticket: Ticket) -> bool:
    """Return whether all that is left to do is to tell the customer, and to close the ticket."""
    return ticket.entry in _CLOSING


def stays_below(ticket: Ticket) -> bool:
    """Return whether no age of the policy sends a ticket up from the tier that has it."""
    return ticket.entry in _BY_AGREEMENT


def what_is_left(ticket: Ticket, checks: float) -> tuple[tuple[float, ...], int] | None:
    """Return the agenda of a stay after a hand-back and how it ends, ``None`` where it is like any other."""
    if ticket.entry in _CLOSING:
        ticket.ask_at = -1
        return (ticket.closing,), SOLVED if ticket.entry == _ENTRY_RESOLVED else WATCHED
    if ticket.entry == _ENTRY_WAITING:
        ticket.ask_at = 0
        return ((checks,) if checks else ()), ANSWERED_ABOVE
    return None


def _watch(desk: Desk, agent: Agent, ticket: Ticket, now: float) -> None:
    """Keep a ticket whose customer has a workaround, until the permanent fix: nobody works on it any more."""
    desk.note(agent, ticket, agent.spell.began, now)
    desk.leave(ticket, WATCHED, now, now)
    ticket.stage = DECISION
    desk.at(ticket, ticket.kind.hours.add(now, ticket.watch), (desk.decided,))
    desk.free(agent)
