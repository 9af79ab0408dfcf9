"""On which calendar a policy lets a clock run, where nobody says another.

The timers of a tier run in the hours of that tier, unless the ticket's own calendar never closes; every other clock
runs on the ticket's own (settlements D1 and D12).
"""

from __future__ import annotations

from typing import Final

from policy.calendars import Calendar
from policy.rulebook import Rulebook
from policy.situation import Situation

TIERS_OWN: Final = ("no_progress", "unresolved")
"""Clocks that run on the calendar of the tier that holds the ticket, unless the ticket's own is always open."""


def own_calendar(book: Rulebook, name: str, situation: Situation) -> Calendar:
    """Return the calendar on which the clock ``name`` runs by a policy; the situation's clocks are not asked.

    Raises:
        InputError: the situation uses a tier, plan or priority that the policy does not have.
    """
    policy, counted = book.policy, book.calendar(situation)
    if name not in TIERS_OWN or counted.always_open:
        return counted
    return policy.calendars[policy.tiers[situation.tier].calendar]
