"""The scoring model. ``docs/scoring.md`` gives its reasons.

The *items* of a drill are the duties of the reference run: what a perfect trainee of this seat owed, each act once,
however often it recurred. Their weights are the denominator, whatever the trainee did, so that not looking never
pays. An item earns its share in full when it was met, in part when it was late, and nothing when it was missed. What
the reference run itself could not keep is not charged (``eased``): where a policy asks for more than there are minutes.
Deductions come on top: for acts that were forbidden, wrong or unneeded, and for duties that the trainee's own course
created and that were not kept. So an added mistake can only lower the score.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from policy.judging import EPSILON, Duty, Kind, Misstep
from policy.verdict import ActKey

PASS_MARK: Final = 80.0
CRITICAL_CAP: Final = 50.0
"""A critical error holds the score down to this."""
NO_HANDOVER_CAP: Final = 70.0
"""A required escalation that never happened holds the score down to this: it cannot pass."""
LATE_CREDIT: Final = 0.5
VERY_LATE_CREDIT: Final = 0.25
"""Late by more than the time that was allowed (at least ``GRACE`` minutes)."""
GRACE: Final = 15.0
DEDUCTIONS: Final = {"forbidden": 25.0, "wrong": 20.0, "unneeded": 5.0}
"""Points for a first such act; each further one that breaks the same rule costs a fifth of it."""
REPEATED: Final = 0.2


@dataclass(frozen=True, slots=True)
class Item:
    """What a drill examines: a duty of the reference run with its share of 100 points, ``possible``."""

    group: tuple[str | None, ...]
    duty: Duty
    possible: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A duty or a misstep with its points: what it brought (below 0 for a deduction) and could have brought."""

    kind: Kind
    points: float
    possible: float
    duty: Duty | None = None
    misstep: Misstep | None = None
    due: float | None = None


def credit_of(duty: Duty) -> float:
    """Return what a duty earns, 0..1."""
    if duty.done is None or duty.due is None or duty.kind != "late":
        return 1.0 if duty.kind == "met" else 0.0
    allowed = max(GRACE, duty.due - duty.since)
    return LATE_CREDIT if duty.done - duty.due <= allowed else VERY_LATE_CREDIT


def items_of(reference: Iterable[Duty], horizon: float) -> tuple[Item, ...]:
    """Return the items of a drill from the duties of its reference run: those that were done by the horizon."""
    heaviest: dict[tuple[str | None, ...], Duty] = {}
    for duty in reference:
        if duty.void or duty.moved or duty.weight <= 0 or duty.done is None:
            continue
        known = heaviest.get(duty.group)
        if known is None or duty.weight > known.weight:
            heaviest[duty.group] = duty
    total = sum(duty.weight for duty in heaviest.values())
    return tuple(Item(group, duty, 100.0 * duty.weight / total) for group, duty in heaviest.items())


def eased(duties: Iterable[Duty], reference: Iterable[Duty]) -> tuple[Duty, ...]:
    """Return the trainee's duties without what the reference run could not keep either.

    A duty that it did late is excused up to the same lateness, one that it missed or lost with the ticket falls away
    where the trainee missed or lost it as well. (A policy can ask for more than there are minutes.)
    """
    slack: dict[ActKey, float] = {}
    lost: set[ActKey] = set()
    for duty in reference:
        if duty.void:
            continue
        if duty.moved:
            lost.add(duty.key)
        elif duty.kind == "missed":
            slack[duty.key] = math.inf
        elif duty.kind == "late":
            assert duty.done is not None
            assert duty.due is not None
            slack[duty.key] = max(slack.get(duty.key, 0.0), duty.done - duty.due)
    result: list[Duty] = []
    for duty in duties:
        allowed = slack.get(duty.key, 0.0)
        if duty.moved and duty.key in lost:
            continue
        if not duty.moved and duty.done is None and math.isinf(allowed):
            continue
        if duty.kind == "late" and duty.done is not None and duty.due is not None:
            duty = replace(duty, excused=duty.done - duty.due <= allowed + EPSILON)
        result.append(duty)
    return tuple(result)


def marks_of(items: Sequence[Item], duties: Iterable[Duty], missteps: Iterable[Misstep]) -> tuple[Mark, ...]:
    """Return a mark for every duty of the trainee's course, every item never met, and every misstep."""
    by_group: dict[tuple[str | None, ...], list[Duty]] = {}
    for duty in duties:
        if not duty.void and duty.weight > 0:
            by_group.setdefault(duty.group, []).append(duty)
    marks: list[Mark] = []
    unit = sum(item.possible for item in items) / max(EPSILON, sum(item.duty.weight for item in items))
    for item in items:
        own = by_group.pop(item.group, [])
        share = item.possible / max(1, len(own))
        marks += [Mark(d.kind, share * credit_of(d), share, d, due=d.due) for d in own]
        if not own:
            marks.append(Mark("missed", 0.0, item.possible, item.duty, due=item.duty.due))
    for group in by_group.values():  # duties that the trainee's own course created
        own = [d for d in group if not d.moved]
        if not own:
            continue
        heaviest = max(d.weight for d in own) * unit / len(own)
        marks += [Mark(d.kind, heaviest * (credit_of(d) - 1.0), 0.0, d, due=d.due) for d in own]
    seen: dict[tuple[object, ...], int] = {}
    for misstep in missteps:
        mark = (misstep.kind, misstep.rules or misstep.key)
        again = seen.get(mark, 0)
        seen[mark] = again + 1
        points = DEDUCTIONS[misstep.kind] * max(1.0, misstep.weight) * (REPEATED if again else 1.0)
        marks.append(Mark(misstep.kind, -points, 0.0, misstep=misstep))
    return tuple(marks)


def raw_score(marks: Iterable[Mark]) -> float:
    """Return the sum of the points, held between 0 and 100."""
    total = math.fsum(mark.points for mark in marks)
    return min(100.0, max(0.0, round(total, 9)))  # shares of 100 need not add up to it in binary


def cap_of(marks: Iterable[Mark], items: Iterable[Item]) -> float:
    """Return the highest score that these marks allow: critical errors and a hand-over that never happened cap it."""
    cap = 100.0
    required = {item.group for item in items if item.duty.key[0] == "escalate"}
    for mark in marks:
        if is_critical(mark):
            cap = min(cap, CRITICAL_CAP)
        if mark.duty is not None and mark.kind == "missed" and mark.duty.group in required:
            cap = min(cap, NO_HANDOVER_CAP)
    return cap


def is_critical(mark: Mark) -> bool:
    """Return whether a mark is a critical error: the rule says so, and it was broken, not only a little late."""
    if mark.misstep is not None:
        return mark.misstep.critical
    return mark.duty is not None and mark.duty.critical and credit_of(mark.duty) <= VERY_LATE_CREDIT
