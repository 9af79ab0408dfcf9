"""Two lengths of time on real calendars: which of them is over first, for every start minute of two years.

Sixty minutes of business hours and sixty of every hour are the same on a Monday morning and not on a Friday evening;
what a change of opening hours does to a due is known only where the minutes are counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from policy.calendars import Calendar, to_instant
from policy.document import CalendarDoc
from policy.lint.span import YEARS, Instants, add_to_each, every_minute
from policy.loading import Policy

Order = Literal["same", "sooner", "later", "mixed"]
"""Of the second length beside the first; ``mixed``: sooner for some starts and later for others."""
Length = tuple[str, float]
"""A calendar by name, and minutes of it."""
Mask = npt.NDArray[np.bool_]
_MONTH: Final = 31 * 1440.0


def opening(doc: CalendarDoc) -> object:
    """Return what decides when a calendar is open; its business day is a length and no part of that."""
    return "always" if doc.always_open else (doc.time_zone, doc.hours, set(doc.holidays), doc.special_days)


@dataclass(frozen=True, slots=True)
class Moved:
    """How the second of two lengths stands to the first, over ``tried`` start minutes of two years.

    For ``changed`` of them it ends at another instant; ``start`` is one of these (minutes since 1970), in open hours
    and at a full hour if there is such a one. ``None`` where both always end together.
    """

    order: Order
    changed: int
    tried: int
    start: float | None


class RealTime:
    """Compares lengths of two policies. Life: made for one comparison, it remembers what it has compared.

    Starts at which neither calendar is open are left out: time counts from the next opening there, which is tried.
    """

    def __init__(self, first: Policy, second: Policy) -> None:
        """Take the calendars of two policies; the two years begin when ``second`` takes effect."""
        self.first, self.second = first, second
        self._known: dict[tuple[Length, Length], Moved] = {}
        self._starts: dict[tuple[str, str], tuple[Instants, Mask]] = {}

    def changed(self, old: str, new: str) -> bool:
        """Return whether calendar ``old`` of the first policy is open at other hours than ``new`` of the second."""
        if old not in self.first.doc.calendars or new not in self.second.doc.calendars:
            return old != new
        return opening(self.first.doc.calendars[old]) != opening(self.second.doc.calendars[new])

    def order(self, old: Length, new: Length) -> Order:
        """Return whether the second length is over sooner or later than the first, begun at the same minute."""
        if math.isinf(old[1]) or math.isinf(new[1]) or not self.changed(old[0], new[0]):
            return "same" if old[1] == new[1] else "sooner" if new[1] < old[1] else "later"
        return self.moved(old, new).order

    def moved(self, old: Length, new: Length) -> Moved:
        """Return how two finite lengths stand to each other, minute by minute."""
        key = old, new
        if key not in self._known:
            starts, both_open = self._minutes(old[0], new[0])
            before = add_to_each(self.first.calendars[old[0]], starts, old[1])
            after = add_to_each(self.second.calendars[new[0]], starts, new[1])
            sooner, later = bool((after < before).any()), bool((after > before).any())
            order: Order = "mixed" if sooner and later else "sooner" if sooner else "later" if later else "same"
            differs = before != after
            start = None if order == "same" else _plainest(starts, differs, both_open, np.maximum(before, after))
            self._known[key] = Moved(order, int(np.count_nonzero(differs)), len(starts), start)
        return self._known[key]

    def _minutes(self, old: str, new: str) -> tuple[Instants, Mask]:
        """Return the start minutes of two years, and at which of them both calendars are open; shape ``(minutes,)``.

        They are later years where only days beyond the next two differ.
        """
        key = old, new
        if key not in self._starts:
            starts = every_minute(self.second)
            days = self._days(old, new)
            if days and not any(starts[0] - _MONTH <= day <= starts[-1] + _MONTH for day in days):
                begin = min(days) - _MONTH
                starts = np.arange(begin, begin + YEARS, 1.0)
            a, b = (_open(c, starts) for c in (self.first.calendars[old], self.second.calendars[new]))
            either = a | b
            self._starts[key] = starts[either], (a & b)[either]
        return self._starts[key]

    def _days(self, old: str, new: str) -> list[float]:
        """Return the days on which alone two calendars differ; none where they differ every week."""
        a, b = self.first.doc.calendars.get(old), self.second.doc.calendars.get(new)
        if a is None or b is None or (a.always_open, a.time_zone, a.hours) != (b.always_open, b.time_zone, b.hours):
            return []
        days = set(a.holidays) ^ set(b.holidays)
        special = {*a.special_days, *b.special_days}
        days |= {day for day in special if a.special_days.get(day) != b.special_days.get(day)}
        return [to_instant(datetime.fromisoformat(day).replace(tzinfo=UTC)) for day in days]


def _plainest(starts: Instants, differs: Mask, both_open: Mask, ends: Instants) -> float:
    finite = differs & np.isfinite(ends)  # where nothing falls due any more there is no example
    choices = (finite & both_open & (starts % 60 == 0), finite & both_open, finite, differs)
    return float(starts[int(np.argmax(next(choice for choice in choices if choice.any())))])


def _open(calendar: Calendar, starts: Instants) -> Mask:
    return np.asarray(add_to_each(calendar, starts, 1.0) == starts + 1.0)
