"""A calendar over one window, as plain numbers: fast, vectorised, and free of objects.

The engine asks "when are 25 more minutes of this calendar used up?" a few times a ticket, and the tables ask how many
open minutes lie between thousands of pairs of instants. Both are a binary search in the running totals of the
calendar's stretches. Instants here are minutes since the window's opening, which keeps them small and exact.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from policy.calendars import Calendar

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OpenHours:
    """The open stretches ``[opens[i], closes[i])`` of a calendar; ``before[i]`` open minutes lie before stretch i."""

    opens: Sequence[float]
    closes: Sequence[float]
    before: Sequence[float]
    total: float
    """Open minutes of the whole window."""

    @cached_property
    def _arrays(self) -> tuple[Floats, Floats, Floats]:
        """The same as arrays, for questions about many instants at once."""
        return np.array(self.opens), np.array(self.closes), np.array(self.before)

    @classmethod
    def of(cls, calendar: Calendar, start: float, end: float) -> OpenHours:
        """Return ``calendar`` between two instants (minutes since 1970)."""
        opens, closes = calendar.tables(start, end)
        opens = np.maximum(opens - start, 0.0)
        closes = np.minimum(closes - start, end - start)
        return cls.from_stretches(opens, closes)

    @classmethod
    def from_stretches(cls, opens: Floats, closes: Floats) -> OpenHours:
        """Return the hours made of sorted, disjoint stretches."""
        return cls._of_lists(opens.tolist(), closes.tolist())

    @classmethod
    def _of_lists(cls, opens: list[float], closes: list[float]) -> OpenHours:
        totals = np.concatenate([[0.0], np.cumsum(np.array(closes) - np.array(opens))])
        return cls(opens, closes, totals[:-1].tolist(), float(totals[-1]))

    def without(self, other: OpenHours) -> OpenHours:
        """Return the hours that are open here and not there."""
        opens: list[float] = []
        closes: list[float] = []
        firsts = np.searchsorted(np.array(other.closes), np.array(self.opens), side="right")
        lasts = np.searchsorted(np.array(other.opens), np.array(self.closes), side="left")
        done = 0
        for place in np.flatnonzero(firsts < lasts).tolist():  # the stretches that something is cut from
            opens += self.opens[done:place]
            closes += self.closes[done:place]
            done, start = place + 1, self.opens[place]
            for here in range(firsts[place], lasts[place]):
                if other.opens[here] > start:
                    opens.append(start)
                    closes.append(other.opens[here])
                start = max(start, other.closes[here])
            if start < self.closes[place]:
                opens.append(start)
                closes.append(self.closes[place])
        opens += self.opens[done:]
        closes += self.closes[done:]
        return OpenHours._of_lists(opens, closes)  # most instants are those of these hours: nothing is kept twice

    def stretch(self, at: float) -> tuple[float, float]:
        """Return the stretch in which ``at`` lies, or the next one; infinities where the window has none."""
        index = bisect_right(self.opens, at)
        if index and at < self.closes[index - 1]:
            index -= 1
        return (self.opens[index], self.closes[index]) if index < len(self.opens) else (math.inf, math.inf)

    def is_open(self, at: float) -> bool:
        """Return whether the minute that begins at ``at`` counts."""
        index = bisect_right(self.opens, at) - 1
        return index >= 0 and at < self.closes[index]

    def next_open(self, at: float) -> float:
        """Return the first open instant at or after ``at``; infinity if the window has none."""
        index = bisect_right(self.opens, at)
        if index and at < self.closes[index - 1]:
            return at
        return self.opens[index] if index < len(self.opens) else math.inf

    def add(self, at: float, minutes: float) -> float:
        """Return the instant at which ``minutes`` of open time after ``at`` are used up; infinity if never here."""
        if minutes <= 0.0:
            return at
        opens, before = self.opens, self.before
        index = bisect_right(opens, at) - 1
        if index >= 0:
            if at + minutes <= self.closes[index]:  # the common case: today
                return at + minutes
            goal = before[index] + min(at, self.closes[index]) - opens[index] + minutes
        else:
            goal = minutes
        if goal > self.total:
            return math.inf
        index = bisect_left(before, goal) - 1
        return opens[index] + (goal - before[index])

    def minutes_between(self, start: float, end: float) -> float:
        """Return the open minutes in ``[start, end)``; 0 if ``end`` is not later."""
        if end <= start:
            return 0.0
        return self._before(end) - self._before(start)

    def _before(self, at: float) -> float:
        index = bisect_right(self.opens, at) - 1
        if index < 0:
            return 0.0
        return self.before[index] + min(at, self.closes[index]) - self.opens[index]

    def minutes_before(self, at: Any) -> Floats:
        """Return the open minutes before each instant of an array (not-a-number stays so)."""
        at = np.asarray(at, dtype=np.float64)
        if not self.opens:
            return np.where(np.isnan(at), np.nan, 0.0)
        opens, closes, before = self._arrays
        index = np.searchsorted(opens, at, side="right") - 1
        inside = np.maximum(index, 0)
        counted = before[inside] + np.minimum(at, closes[inside])
        return np.where(index < 0, np.where(np.isnan(at), np.nan, 0.0), counted - opens[inside])

    def between(self, start: Any, end: Any) -> Floats:
        """Return the open minutes from each ``start`` to each ``end`` (arrays of the same shape), never below 0."""
        return np.maximum(self.minutes_before(end) - self.minutes_before(start), 0.0)

    def add_all(self, at: Floats, minutes: Floats | float) -> Floats:
        """Return, for each instant, when ``minutes`` of open time after it are used up; infinity if never here."""
        if not self.opens:
            return np.where(np.asarray(minutes) <= 0, at, np.inf)
        goal = self.minutes_before(at) + minutes
        opens, _, before = self._arrays
        index = np.maximum(np.searchsorted(before, goal, side="left") - 1, 0)
        due = opens[index] + (goal - before[index])
        return np.where(np.asarray(minutes) <= 0, at, np.where(goal > self.total, np.inf, due))
