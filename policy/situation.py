"""What is known at an instant: the question that the rulebook answers.

A situation is what the *holder* of a ticket knows, each fact with the instant since when it is known. Instants are
minutes since 1970-01-01T00:00Z.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from policy.clocks import Clock

OPEN: Final = "open"
WAITING_CUSTOMER: Final = "waiting_customer"
WAITING_COMPLIANCE: Final = "waiting_compliance"
RESOLVED: Final = "resolved"
STATUSES: Final = (OPEN, WAITING_CUSTOMER, WAITING_COMPLIANCE, RESOLVED)
RESOLUTION: Final = "resolution"
CLOCKS: Final = ("no_progress", "unresolved", RESOLUTION, "age")
"""Clocks that a condition may ask about. ``no_progress`` and ``unresolved`` count the time in hand of this visit to
a tier; ``resolution`` is the ticket's; ``age`` runs from the instant the priority is known (the rulebook makes it)."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing done: a verb, with the recipient, the channel and the contents where the verb has them.

    ``what`` holds content tags: the check that was made, the notice sent, what a reply told, the priority set.
    """

    verb: str
    to: str | None = None
    via: str | None = None
    what: tuple[str, ...] = ()
    at: float = 0.0
    by: str | None = None

    def fits(self, verb: str, to: str | None, via: str | None, what: str | None) -> bool:
        """Return whether this deed is the act described; ``None`` in the description fits anything."""
        return (
            self.verb == verb
            and (to is None or to == self.to)
            and (via is None or via == self.via)
            and (what is None or what in self.what)
        )


MOVES: Final = ("escalate", "deescalate")
"""Acts that give a ticket to another tier, where they go to one."""


@dataclass(frozen=True, slots=True)
class Count:
    """A number known since an instant, such as how many customers are affected."""

    value: int
    since: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time during which a ticket had another status than it has now: ``[begin, end)``, in instants."""

    status: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything known at ``now`` about one ticket.

    ``signals`` and ``checks`` map names to the instant since when they are known or done. ``tier`` holds the ticket
    since ``tier_since``. ``stated_priority`` is what stands on the ticket; the rulebook falls back on it where no
    rule defines one. ``was`` holds what the ticket's status was before ``status_since``, the earliest first; it was
    open at all other times.
    """

    now: float
    opened: float
    plan: str
    tier: str
    category: str | None = None
    tier_since: float | None = None
    stated_priority: str | None = None
    stated_since: float | None = None
    status: str = OPEN
    status_since: float | None = None
    signals: Mapping[str, float] = field(default_factory=dict)
    checks: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, Count] = field(default_factory=dict)
    deeds: tuple[Deed, ...] = ()
    clocks: Mapping[str, Clock] = field(default_factory=dict)
    was: tuple[Stretch, ...] = ()


def visit_before(s: Situation, tiers: Collection[str]) -> float:
    """Return since when the tier had the ticket that had it before this one, minus infinity for the first.

    The deeds tell: it came there with the last move before the one that brought it here.
    """
    if s.tier_since is None:
        return -math.inf
    moves = (deed.at for deed in s.deeds if deed.verb in MOVES and deed.to in tiers and deed.at < s.tier_since)
    return max(moves, default=-math.inf)
