"""How far work on a ticket has got: what is remembered of it, and written down, when a spell of work is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.numbers import CHECKED
from simulator.engine.parts import Spell, Ticket
from simulator.engine.walk import Walk, worked_until

if TYPE_CHECKING:
    from simulator.engine.core import Desk


def went(desk: Desk, ticket: Ticket, far: Walk) -> None:
    """Remember how far work on a ticket has got."""
    (
        _, _, ticket.at, ticket.left, ticket.progress, ticket.progress_left, ticket.update_from, ticket.update_left,
        updates, checked,
    ) = far  # fmt: skip
    if updates is not None:
        for due, sent in updates:
            desk.updated(ticket, due, sent)
    if checked == checked:
        desk.learned(ticket, CHECKED, checked)


def checked(desk: Desk, ticket: Ticket, spell: Spell, until: float) -> None:
    """Write down when the checks were done, if they were by ``until``, of a stay that is in its first spell."""
    agenda, agent, began = ticket.agenda, spell.agent, spell.began
    assert agenda is not None
    assert agent is not None
    first = sum(agenda[: ticket.checks_at])
    at = began + first
    if spell.end != began + sum(agenda):  # the agent does not work all the time
        at = worked_until(agent, began, first, agent.overtime)
    if at <= until:
        ticket.checks_at = -1
        desk.learned(ticket, CHECKED, at)
