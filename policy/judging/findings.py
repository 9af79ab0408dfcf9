"""A duty as it went, and an act that was not right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from policy.verdict import ActKey

EPSILON: Final = 1e-6
"""Minutes by which an act may be over its due and still be in time: what falls on the same instant is."""

Kind = Literal["met", "late", "missed", "wrong", "unneeded", "forbidden"]


@dataclass(frozen=True, slots=True)
class Duty:
    """One instance of an obligation, as it went. Times are minutes of the ledger that kept the account.

    ``done`` is ``None`` while it was not done; ``void`` means that it ceased to be owed before it was due,
    ``spoiled`` that it was done at a moment at which it was forbidden, and so earns nothing; ``moved`` that it went to
    somebody else together with the ticket, undone: that counts only where the reference run did it before;
    ``excused`` that it was late by no more than in the reference run, which could not keep it either. ``owner`` is
    who owed it when it fell due, ``repeat`` the cadence in calendar minutes of a duty that recurs, ``seen`` when the
    ledger first saw it owed: after ``since`` where it counts from before it could be known; ``dated`` when its
    present due was set; ``ceased`` when it was owed no longer, undone.
    """

    key: ActKey
    rules: tuple[str, ...]
    dimension: str
    weight: float
    critical: bool
    text: str
    since: float
    due: float | None
    done: float | None
    void: bool = False
    spoiled: bool = False
    moved: bool = False
    excused: bool = False
    owner: str = ""
    repeat: float | None = None
    seen: float = 0.0
    dated: float = 0.0
    ceased: float | None = None

    @property
    def group(self) -> tuple[str | None, ...]:
        """Return what shares one weight: the act, however often; the priority, however often it changed."""
        return ("priority",) if self.dimension == "priority" else self.key

    @property
    def kind(self) -> Kind:
        """Return met, late or missed."""
        if self.done is None or self.spoiled:
            return "missed"
        late = self.due is not None and self.done > self.due + EPSILON and not self.excused
        return "late" if late else "met"


@dataclass(frozen=True, slots=True)
class Misstep:
    """An act that was not right. ``minute`` is when it was completed; ``weight`` is the rule's (1 where none says)."""

    kind: Literal["forbidden", "wrong", "unneeded"]
    key: ActKey
    rules: tuple[str, ...]
    dimension: str
    weight: float
    critical: bool
    text: str
    minute: float
    owner: str = ""
