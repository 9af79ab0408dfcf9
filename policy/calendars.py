"""Calendars: which minutes count.

A calendar answers two questions exactly: how many of its minutes lie between two instants, and at which instant a
number of its minutes is used up. An *instant* is minutes since 1970-01-01T00:00Z. A minute is open when its local
wall-clock reading lies in an interval of that weekday and the local date is no holiday; an hour that a clock change
skips does not exist, and one that it repeats counts twice.

Open time is held as a table of stretches a year, with running totals, so that both questions are a binary search:
10,000 business hours cost what one hour costs.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2200
Interval = tuple[int, int]
"""Half-open minutes of a local day, ``(540, 1020)`` for 09:00-17:00; the close may be 1440."""


def to_instant(moment: datetime) -> float:
    """Return an aware datetime as minutes since 1970-01-01T00:00Z."""
    delta = moment - _EPOCH
    return delta.days * 1440 + delta.seconds / 60 + delta.microseconds / 60e6


def to_datetime(instant: float, zone: ZoneInfo | None = None) -> datetime:
    """Return an instant as an aware datetime in ``zone`` (UTC by default), to the nearest second."""
    return (_EPOCH + timedelta(seconds=round(instant * 60))).astimezone(zone or UTC)


class Calendar:
    """Open time by weekday, with holidays, half-days and a time zone; or always open.

    Life: built once from a policy, it fills in the years it is asked about and keeps them.
    """

    def __init__(
        self,
        hours: Mapping[str, Iterable[Interval]] | None = None,
        *,
        zone: str = "UTC",
        holidays: Iterable[date] = (),
        special_days: Mapping[date, Iterable[Interval]] | None = None,
        day_minutes: float = 480.0,
        name: str = "",
    ) -> None:
        """Make a calendar; ``hours`` maps ``mon``…``sun`` to intervals, ``None`` means always open.

        ``special_days`` replace the hours of single local dates (half-days); ``day_minutes`` is the length of a
        business day.
        """
        self.name = name
        self.zone = ZoneInfo(zone)
        self.day_minutes = day_minutes
        self.always_open = hours is None
        self._week = {day: _merged((hours or {}).get(day, ())) for day in WEEKDAYS}
        self._special = {day: _merged(parts) for day, parts in (special_days or {}).items()}
        self._special.update(dict.fromkeys(holidays, ()))
        self._opens: list[float] = []
        self._closes: list[float] = []
        self._totals: list[float] = []  # open minutes before the stretch of the same index
        self._from = self._to = 0  # the years [from, to) are filled in
        self._never = not self.always_open and not any(self._week.values()) and not any(self._special.values())

    @classmethod
    def always(cls) -> Calendar:
        """Return the calendar that counts every minute."""
        return cls(None, day_minutes=1440.0, name="always")

    # -- questions ---------------------------------------------------------------------------------------------

    def open_minutes(self, start: float, end: float) -> float:
        """Return how many of this calendar's minutes lie in ``[start, end)``; 0 if ``end`` is not later."""
        if end <= start:
            return 0.0
        if self.always_open:
            return end - start
        self._cover(start, end)
        return self._before(end) - self._before(start)

    def add(self, instant: float, minutes: float) -> float:
        """Return the instant at which ``minutes`` of open time after ``instant`` are used up.

        It is the end of the last counted minute: a target used up exactly at closing time is due then, not at the
        next opening. With ``minutes <= 0`` it is ``instant`` itself. ``math.inf`` when the calendar has no such
        minute ahead (before the year 2200).
        """
        if minutes <= 0:
            return instant
        if self.always_open:
            return instant + minutes
        if self._never or math.isinf(minutes):
            return math.inf
        self._cover(instant, instant)
        while True:
            goal = self._before(instant) + minutes
            if self._closes and self._totals[-1] + self._closes[-1] - self._opens[-1] >= goal:
                break
            if self._to > _LAST_YEAR:
                return math.inf
            self._extend_to(self._to + max(1, self._to - self._from))
        index = bisect_left(self._totals, goal) - 1
        return self._opens[index] + (goal - self._totals[index])

    def is_open(self, instant: float) -> bool:
        """Return whether the minute that begins at ``instant`` counts."""
        if self.always_open:
            return True
        self._cover(instant, instant)
        index = bisect_right(self._opens, instant) - 1
        return index >= 0 and instant < self._closes[index]

    def next_open(self, instant: float) -> float:
        """Return the first instant at or after ``instant`` that is open; ``math.inf`` if there is none."""
        if self.is_open(instant):
            return instant
        if self._never:
            return math.inf
        while True:
            index = bisect_right(self._opens, instant)
            if index < len(self._opens):
                return self._opens[index]
            if self._to > _LAST_YEAR:
                return math.inf
            self._extend_to(self._to + max(1, self._to - self._from))

    def next_close(self, instant: float) -> float:
        """Return the first instant at or after ``instant`` that is closed; ``math.inf`` for an open-ended calendar."""
        if self.always_open:
            return math.inf
        self._cover(instant, instant)
        index = bisect_right(self._opens, instant) - 1
        return self._closes[index] if index >= 0 and instant < self._closes[index] else instant

    def tables(self, start: float, end: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the opening and closing instants of the stretches that overlap ``[start, end)``.

        Two arrays of shape ``(stretches,)``, sorted and disjoint.
        """
        if self.always_open:
            return np.array([start]), np.array([end])
        self._cover(start, end)
        low, high = bisect_right(self._closes, start), bisect_left(self._opens, end)
        return np.array(self._opens[low:high]), np.array(self._closes[low:high])

    # -- the table of stretches --------------------------------------------------------------------------------

    def _before(self, instant: float) -> float:
        """Return the open minutes from the start of the table to ``instant``."""
        index = bisect_right(self._opens, instant) - 1
        if index < 0:
            return 0.0
        return self._totals[index] + min(instant, self._closes[index]) - self._opens[index]

    def _cover(self, start: float, end: float) -> None:
        first = min(max(to_year(start) - 1, _FIRST_YEAR - 1), _LAST_YEAR)
        last = min(to_year(end) + 2, _LAST_YEAR + 2)
        if self._from == self._to:
            self._from, self._to = first, first
        if first < self._from:  # rare: a question about an earlier year rebuilds the table
            last = max(last, self._to)
            self._from = self._to = first
            self._opens, self._closes, self._totals = [], [], []
        if last > self._to:
            self._extend_to(last)

    def _extend_to(self, year: int) -> None:
        year = min(year, _LAST_YEAR + 2)
        day, stop = date(self._to, 1, 1), date(year, 1, 1)
        # Neighbouring zones can put a local new year up to 14 h from the UTC one; the margin of a year at each end
        # of the table (see _cover) keeps every answer away from its edges.
        while day < stop:
            for low, high in self._special.get(day, self._week[WEEKDAYS[day.weekday()]]):
                for opens, closes in _real_stretches(day, low, high, self.zone):
                    self._append(opens, closes)
            day += timedelta(days=1)
        self._to = year

    def _append(self, opens: float, closes: float) -> None:
        if self._closes and opens <= self._closes[-1]:
            self._closes[-1] = max(self._closes[-1], closes)
            return
        total = self._totals[-1] + self._closes[-1] - self._opens[-1] if self._opens else 0.0
        self._opens.append(opens)
        self._closes.append(closes)
        self._totals.append(total)


def to_year(instant: float) -> int:
    """Return the UTC year of an instant, held between 1970 and 2200."""
    if instant < 0:
        return _FIRST_YEAR
    return min(_LAST_YEAR, _FIRST_YEAR + int(instant / (365.2425 * 1440)))


def _merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return intervals sorted, with those that touch or overlap made one."""
    merged: list[Interval] = []
    for low, high in sorted(intervals):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        elif low < high:
            merged.append((low, high))
    return tuple(merged)


def _real_stretches(day: date, low: int, high: int, zone: ZoneInfo) -> list[tuple[float, float]]:
    """Return the UTC stretches in which the local wall clock of ``day`` reads within ``[low, high)`` minutes.

    On a day without a clock change that is one stretch. On others the day is cut where the zone's offset changes
    (found by bisection, to the minute); within each piece the wall clock runs evenly.
    """
    midnight = to_instant(datetime(day.year, day.month, day.day, tzinfo=UTC))  # as if the zone were UTC
    start, end = midnight - 14 * 60 - 60, midnight + 1440 + 14 * 60 + 60
    pieces = _offsets(start, end, zone)
    if len(pieces) == 1:
        offset = pieces[0][2]
        return [(midnight + low - offset, midnight + high - offset)]
    stretches = []
    for piece_start, piece_end, offset in pieces:
        opens, closes = max(piece_start, midnight + low - offset), min(piece_end, midnight + high - offset)
        if opens < closes:
            stretches.append((opens, closes))
    return stretches


def _offsets(start: float, end: float, zone: ZoneInfo) -> list[tuple[float, float, float]]:
    """Return ``(from, to, offset in minutes)`` of the pieces of ``[start, end)`` with one UTC offset each."""
    pieces: list[tuple[float, float, float]] = []
    here, offset = start, _offset(start, zone)
    while here < end:
        step = min(here + 360, end)  # no zone has changed twice within six hours
        if _offset(step, zone) == offset:
            if step == end:
                break
            here = step
            continue
        low, high = here, step
        while high - low > 1:
            middle = float(math.floor((low + high) / 2))
            low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
        pieces.append((start, high, offset))
        start = here = high
        offset = _offset(high, zone)
    pieces.append((start, end, offset))
    return pieces


def _offset(instant: float, zone: ZoneInfo) -> float:
    delta = to_datetime(instant, zone).utcoffset()
    return 0.0 if delta is None else delta.total_seconds() / 60
