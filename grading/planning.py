"""In which order a perfect trainee does what is owed.

What is due first goes first. Three things bend that:

1. of dues at one instant the critical, then the heavier goes first;
2. where not everything can be in time, what weighs least is late, by as little as the rest allows; a critical duty
   that is late waits for no uncritical one;
3. before the ticket moves to another tier, what the seat would lose with it and is due soon is done, if that makes
   nothing late; what is due later, who takes over can do in good time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

_EPSILON: Final = 1e-6
_QUICK: Final = 2.0
"""Minutes that a move which is late anyway may wait for a duty that lapses with it."""

_SOON: Final = 15.0
"""Who takes a ticket over needs about so many minutes before the first thing is done."""


@dataclass(frozen=True, slots=True)
class Job:
    """An act that settles a duty. ``minutes`` is what it takes, ``due`` an instant (``math.inf`` for none).

    ``moves`` tells that the ticket leaves the seat with it, ``lapses`` that it could no longer be done then.
    """

    act: dict[str, Any]
    minutes: float
    due: float
    critical: bool
    weight: float
    moves: bool = False
    lapses: bool = False


def in_order(jobs: Sequence[Job], now: float) -> list[Job]:
    """Return ``jobs`` in the order in which to do them from the instant ``now``."""
    order = _by_worth(sorted(jobs, key=_by_due), now)
    moving = next((job for job in order if job.moves), None)
    if moving is None:
        return order
    before = order.index(moving)
    soon = now + sum(job.minutes for job in order[: before + 1]) + _SOON
    for job in order[before + 1 :]:
        if not job.lapses or job.due > soon:
            continue
        other = [*order]
        other.remove(job)
        other.insert(other.index(moving), job)
        if _makes_nothing_late(order, other, now):
            order = other
    return order


def _by_due(job: Job) -> tuple[float, bool, float, bool]:
    return (job.due, not job.critical, -job.weight, job.moves)


def _by_worth(order: Sequence[Job], now: float) -> list[Job]:
    """Return the jobs so that as much weight as can be is in time (Moore and Hodgson's rule, by worth)."""
    kept: list[Job] = []
    late: list[Job] = []
    for job in order:
        if now + job.minutes > job.due + _EPSILON:
            late.append(job)  # late even if it is done at once
            continue
        kept.append(job)
        while now + sum(j.minutes for j in kept) > job.due + _EPSILON:
            least = min(kept, key=lambda j: (j.critical, j.weight, -j.minutes))
            kept.remove(least)
            late.append(least)
    for job in sorted(late, key=lambda j: (not j.critical, -j.weight, j.due)):
        places = range(_after_urgent(kept) if job.critical else 0, len(kept) + 1)
        tries = [[*kept[:place], job, *kept[place:]] for place in places]
        kept = tries[0] if job.critical else next(o for o in tries if _makes_nothing_late(kept, o, now))
    return kept


def _after_urgent(order: Sequence[Job]) -> int:
    """Return the place before the first job that is not critical."""
    return next((place for place, job in enumerate(order) if not job.critical), len(order))


def _makes_nothing_late(order: Sequence[Job], other: Sequence[Job], now: float) -> bool:
    """Return whether in ``other`` nothing of ``order`` is later than it was; a late move may wait a little."""
    was, becomes = _lateness(order, now), _lateness(other, now)
    patience = {id(job): _QUICK for job in order if job.moves and not job.critical and was[id(job)] > 0}
    return all(becomes[key] <= was[key] + patience.get(key, 0.0) + _EPSILON for key in was)


def _lateness(order: Sequence[Job], now: float) -> dict[int, float]:
    """Return by how many minutes each job is late, 0 for none."""
    result: dict[int, float] = {}
    for job in order:
        now += job.minutes
        result[id(job)] = max(0.0, now - job.due)
    return result
