"""The two years over which the check looks at every minute, and sums of calendar minutes for all of them at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from policy.calendars import Calendar, to_instant
from policy.loading import Policy

YEARS: Final = 2 * 365 * 1440.0
"""Minutes of two years."""
_FARTHEST: Final = to_instant(datetime(2190, 1, 1, tzinfo=UTC))
Instants = npt.NDArray[np.float64]


def first_day(policy: Policy) -> datetime:
    """Return the day from which a policy holds, or the nearest that calendars reach."""
    day = datetime.fromisoformat(policy.doc.effective_from).replace(tzinfo=UTC)
    return min(max(day, datetime(1971, 1, 1, tzinfo=UTC)), datetime(2150, 1, 1, tzinfo=UTC))


def every_minute(policy: Policy) -> Instants:
    """Return every minute of two years from the day on which the policy takes effect, shape ``(1_051_200,)``."""
    start = to_instant(first_day(policy))
    return np.arange(start, start + YEARS, 1.0)


def add_to_each(calendar: Calendar, starts: Instants, minutes: float) -> Instants:
    """Return ``calendar.add(start, minutes)`` for each of ``starts``, which are sorted.

    ``math.inf`` where the calendar has no such minute ahead.
    """
    if minutes <= 0:
        return starts.copy()
    if calendar.always_open:
        return starts + minutes
    first, last = float(starts[0]), float(starts[-1])
    until = last + 366 * 1440.0
    while calendar.open_minutes(last, until) < minutes and until < _FARTHEST:
        until = min(_FARTHEST, last + 2 * (until - last))
    opens, closes = calendar.tables(first, until)
    if not len(opens):
        return np.full(starts.shape, np.inf)
    lengths = closes - opens
    before = np.concatenate(([0.0], np.cumsum(lengths)))  # open minutes before each stretch, then all of them
    index = np.searchsorted(opens, starts, side="right") - 1
    inside = np.clip(starts - opens[index], 0.0, lengths[index])
    goal = np.where(index < 0, 0.0, before[index] + inside) + minutes
    stretch = np.searchsorted(before[:-1], goal, side="left") - 1
    due = opens[stretch] + (goal - before[stretch])
    return np.where(goal > before[-1], np.inf, due)
