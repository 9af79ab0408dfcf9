"""What an audit knows of a ticket: facts that became known, deeds, stays and spells of work, instant by instant.

A :class:`Fact` changes what is known; a deed is what somebody did. Both stand in one sequence, in the order in which
they happened. Instants are minutes since 1970, as the policy counts them.

What agents take a ticket for and what is so are told apart: facts are what the holder knew, and :attr:`Case.visible`
says since when a sign could have been seen that was overlooked at first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from policy.situation import Deed

DEESCALATE: Final = "deescalate"
CHECK: Final = "check"
ASK: Final = "ask"
WORKAROUND: Final = "workaround"
SOLVED: Final = "solved"
SENT_BACK_SIGN: Final = "premature_escalation"
LESS_URGENT_SIGN: Final = "reclassified_lower"
QUESTION_SIGN: Final = "question_for_customer"
ANSWER_SIGN: Final = "customer_answered"
OF_A_RETURN: Final = (SENT_BACK_SIGN, LESS_URGENT_SIGN, QUESTION_SIGN)
"""Signs for which a ticket goes back: the tier that gets it knows them as well."""


class What(Enum):
    """What a fact is about."""

    TAKEN = "an agent takes the ticket"
    STUCK = "progress was made, and from here on there was none"
    SIGN = "a signal becomes known"
    TRUE_PRIORITY = "the ticket's true priority is seen"
    STATUS = "the ticket's status changes"
    BACK = "a solved ticket comes back to the first tier"
    LOWERED = "the ticket turns out to be less urgent"
    PUT_AWAY = "nobody has the ticket in hand any more, and it stays where it is"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that became known: when, what, and its name (a signal, a status, a priority, a tier).

    ``tier`` is who came to know it in their work on the ticket: without the ticket they would not have.
    """

    at: float
    what: What
    name: str = ""
    tier: str = ""


Item = Fact | Deed


@dataclass(frozen=True, slots=True)
class InHand:
    """A stay in a tier: from when it owned the ticket, could take it, took it, until when it owned it."""

    tier: str
    entered: float
    available: float
    began: float
    left: float
    incomplete: bool
    """The hand-off by which it began lacked something, and the tier had to ask back."""


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket with its history, up to ``end``: the run's end, or when it was given up, closed unanswered or lost.

    ``number`` counts from 0. ``stated`` is the priority it was taken for when it came, ``true`` the one that was seen
    later; it may have been lowered since. ``solvable_by`` is the lowest tier that can solve it (``None``: no tier),
    which nobody knows beforehand.
    """

    number: int
    opened: float
    plan: str
    category: str | None
    kind: str
    """The desk's own name of the category."""
    tier: str
    stated: str
    true: str
    solvable_by: str | None
    items: tuple[Item, ...]
    stays: tuple[InHand, ...]
    work: tuple[tuple[str, float, float], ...]
    """Spells of work on it: a tier, from when to when; hand-offs left out."""
    hands: tuple[tuple[str, float, float], ...]
    """Who had it in their hands, in breaks too: a tier, from when to when, hand-offs included."""
    forgotten: tuple[float, ...]
    """When an update of the customer was due that an agent at work on the ticket forgot (desks that play updates)."""
    shift_ends: tuple[float, ...]
    """When work on it stopped because its agent went home, to go on with it later."""
    responded: float
    """When the customer got the first response; not-a-number without one."""
    visible: Mapping[float, float]
    """By the instant at which a sign was seen: since when it could have been."""
    reasons: Mapping[tuple[str, float], str]
    """Why it was escalated, by whom it went to and when."""
    paged: bool
    end: float

    def stay(self, tier: str, at: float) -> InHand | None:
        """Return a tier's stay at an instant: its last that had begun to own the ticket by then, if there was one."""
        found = None
        for one in self.stays:
            if one.entered > at:
                break
            if one.tier == tier:
                found = one
        return found

    def untaken(self, stay: InHand, at: float) -> bool:
        """Return whether a stay had ended by an instant though nobody ever took the ticket in it, nor got it then."""
        return self.went_on(stay, at) and all(one.entered != stay.left for one in self.stays)

    def went_on(self, stay: InHand, at: float) -> bool:
        """Return whether a stay had ended by an instant before anybody could take the ticket in it."""
        return stay.left <= at and not stay.began <= stay.left

    def at_hand(self, tier: str, since: float, until: float) -> bool:
        """Return whether somebody of a tier had it in their hands at some instant of ``[since, until]``."""
        return any(who == tier and began <= until and ended >= since for who, began, ended in self.hands)

    def worked_on(self, tier: str, at: float) -> bool:
        """Return whether somebody of a tier was at work on it, the first and the last instant included."""
        return any(who == tier and began <= at <= ended for who, began, ended in self.work)
