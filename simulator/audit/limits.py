"""What the procedure knows nothing of: desks that an audit refuses, and what is to be known before one is read."""

from __future__ import annotations

from collections.abc import Callable

from policy.errors import InputError
from simulator.desk import Desk


def by_chance(desk: Desk) -> str | None:
    """Return the first tier from which chance alone moves tickets (``work.T.passes_on``), ``None`` without any."""
    return next((tier for place, tier in enumerate(desk.tiers) if desk.work_of(place).passes_on is not None), None)


def refuse(desk: Desk) -> None:
    """Refuse a desk whose work the procedure says nothing of.

    Raises:
        InputError: chance alone decides where tickets go.
    """
    tier = by_chance(desk)
    if tier is not None:
        raise InputError(
            f"desk {desk.name}: work.{tier}.passes_on: chance alone decides where tickets go, nobody checks or "
            f"escalates anything there, and so nothing of it can be held against the procedure"
        )


def notes(desk: Desk, label: Callable[[str], str] = str) -> tuple[str, ...]:
    """Return what is to be known before the audit of a desk is read, in sentences; ``label`` says how tiers are called.

    A desk may work in ways that the procedure does not have: what it asks for is then not done, and is found.
    """
    return tuple(
        f"{label(tier)} calls {label(helper)} in and keeps the ticket (work.swarming.{tier}). The procedure has no "
        f"such way: it wants the ticket escalated. So an escalation that falls due meanwhile is found as forgotten or "
        f"late."
        for tier, helper in desk.work.swarming.items()
    )
