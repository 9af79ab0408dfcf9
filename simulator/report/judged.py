"""The escalations of some days, one by one, as the rulebook judges them: what the weekly review talks about."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.audit import Audit, Finding, Judgement, audit
from simulator.codes import Ending, Fate, Slip
from simulator.derived import TOLERANCE
from simulator.report.windows import Window
from simulator.tables import Run

if TYPE_CHECKING:
    from policy.rulebook import Rulebook

APPROPRIATE = "appropriate"
PREMATURE = "premature"


@dataclass(frozen=True, slots=True)
class Case:
    """An escalation and what became of it.

    ``agent`` is who escalated (their number, from 1; ``None``: nobody did, it was paged). ``spent`` are the minutes on
    the ticket's clock from the opening to the end, ``after`` those elapsed from the escalation to it, not-a-number
    while it is open.
    """

    judgement: Judgement
    priority: str
    plan: str
    agent: int | None
    spent: float
    after: float
    excellent: bool


def review(run: Run, rulebook: Rulebook, window: Window) -> tuple[tuple[Case, ...], Audit]:
    """Return the escalations of a window in the order of time, and the audit of their tickets."""
    found = audit(run, rulebook, (window.start, window.end))
    faults = {one.ticket for one in found.missed}
    cases = [_case(run, one, one.ticket in faults) for one in found.escalations]
    return tuple(sorted(cases, key=lambda case: (case.judgement.at, case.judgement.ticket))), found


def lessons(found: Sequence[Finding], told: Collection[str] = ()) -> list[tuple[Finding, tuple[int, ...]]]:
    """Return what was not done as it should be, though somebody could have: one example of each, and of which tickets.

    The most frequent come first. Findings whose words are ``told`` elsewhere are alike if they have the same slip.
    """
    counted: dict[tuple[str, str, tuple[str, ...]], list[Finding]] = {}
    for one in found:
        if not one.could_not:
            alike = (one.slip, "", ()) if one.says in told else (one.slip, one.says, one.rules)
            counted.setdefault(alike, []).append(one)
    ranked = sorted(counted.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(alike[0], tuple(one.ticket for one in alike)) for _, alike in ranked]


def _case(run: Run, one: Judgement, faulty: bool) -> Case:
    model, row = run.model, run.tickets[one.ticket - 1]
    visits = run.visits[run.visits["ticket"] == one.ticket - 1]
    stays = visits[visits["place"] < model.tiers]
    closed = float(row["resolved"])
    return Case(
        judgement=one,
        priority=model.priorities[int(row["priority"])],
        plan=model.plans[int(row["plan"])],
        agent=_agent(model.places, stays, one),
        spent=float(row["resolution_minutes"]),
        after=closed - one.at,
        excellent=one.judged == APPROPRIATE and not faulty and _led_home(model.places, row, stays, one),
    )


def _agent(places: Sequence[str], stays: Any, one: Judgement) -> int | None:
    """Return who had the ticket when it was escalated."""
    here = stays[(stays["place"] == places.index(one.source)) & (stays["entered"] <= one.at + TOLERANCE)]
    return int(here[-1]["agent"]) + 1 if len(here) and here[-1]["agent"] >= 0 else None


def _led_home(places: Sequence[str], row: Any, stays: Any, one: Judgement) -> bool:
    """Return whether the tier that got the ticket had all it needed, and solved it in time itself."""
    mine = stays[(np.abs(stays["entered"] - one.at) <= TOLERANCE) & (stays["place"] == places.index(one.to))]
    if not len(mine):
        return False
    stay = mine[0]
    complete = not int(stay["slip"]) & Slip.INCOMPLETE_HANDOFF
    by_itself = stay["ending"] in (Ending.SOLVED, Ending.BACK_RESOLVED)
    solved = by_itself and row["fate"] == Fate.SOLVED and row["reopened"] == 0
    in_time = not math.isnan(row["resolved"]) and row["resolved"] <= row["resolution_due"] + TOLERANCE
    return bool(complete and solved and in_time and not row["breached_before"])
