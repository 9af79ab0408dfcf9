"""What the rulebook answers: who owes what by when, what is allowed, what is forbidden, each with its rules."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from policy.situation import Deed

DIMENSIONS: Final = ("priority", "decision", "destination", "timing", "process", "communication", "hand-off")
ActKey = tuple[str, str | None, str | None, str | None]
"""What identifies an act: verb, recipient, channel, content."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """An act that somebody owes.

    ``due`` is an instant or ``None`` (no clock runs on it); ``since`` is when it began to be owed; ``repeat`` is the
    cadence in calendar minutes; ``ripe`` tells whether it may be done now even though a rule forbids the act (D6);
    a ``target`` is a result to reach, not an act to do. ``done_at`` is when it was done, ``None`` while it is open.
    ``rules`` cites every rule at work, the one that set the due first.
    """

    owner: str
    verb: str
    to: str | None
    via: str | None
    what: str | None
    due: float | None
    since: float
    repeat: float | None
    rules: tuple[str, ...]
    dimension: str
    weight: float
    critical: bool
    text: str
    ripe: bool = True
    target: bool = False
    done_at: float | None = None

    @property
    def key(self) -> ActKey:
        """Return what identifies the act owed."""
        return (self.verb, self.to, self.via, self.what)

    @property
    def due_or_never(self) -> float:
        """Return the due instant, ``math.inf`` where none is set."""
        return math.inf if self.due is None else self.due

    def met_by(self, deed: Deed) -> bool:
        """Return whether ``deed`` is the act owed, whenever it was done."""
        return deed.fits(*self.key)


@dataclass(frozen=True, slots=True)
class Permission:
    """An act that is allowed although nobody owes it; ``None`` stands for any."""

    verb: str
    to: str | None
    via: str | None
    what: str | None
    rules: tuple[str, ...]
    text: str = ""

    def matches(self, deed: Deed) -> bool:
        """Return whether ``deed`` is allowed by this."""
        return deed.fits(self.verb, self.to, self.via, self.what)


@dataclass(frozen=True, slots=True)
class Prohibition:
    """An act that is forbidden now; ``to`` is ``None`` where every recipient is meant but those in ``but_to``.

    ``but_to`` holds the recipients for which something owed or permitted has lifted the ban (settlement D6). A
    ``residual`` ban is one on all that no rule gives a reason for.
    """

    verb: str
    to: str | None
    via: str | None
    what: str | None
    rules: tuple[str, ...]
    dimension: str
    weight: float
    critical: bool
    text: str
    but_to: tuple[str, ...] = ()
    residual: bool = False

    def matches(self, deed: Deed) -> bool:
        """Return whether ``deed`` breaks this."""
        return deed.to not in self.but_to and deed.fits(self.verb, self.to, self.via, self.what)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The rulebook's answer for one situation.

    ``priority`` is what the rules define (or the stated one), ``priority_since`` when it became known.
    ``obligations`` are those still open, ordered by due. ``prohibitions`` are what is left of them after
    obligations and permissions have lifted theirs (D6). ``paused`` names clocks that a rule holds still.
    ``fulfilled`` are obligations that hold and were done, some of them before they began to be owed.
    """

    priority: str | None
    priority_since: float
    priority_rules: tuple[str, ...]
    obligations: tuple[Obligation, ...]
    permissions: tuple[Permission, ...]
    prohibitions: tuple[Prohibition, ...]
    paused: tuple[tuple[str, tuple[str, ...]], ...] = ()
    fulfilled: tuple[Obligation, ...] = ()

    def owed_by(self, owner: str) -> tuple[Obligation, ...]:
        """Return the open obligations of one role."""
        return tuple(o for o in self.obligations if o.owner == owner)
