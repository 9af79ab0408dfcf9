"""Calendars: which minutes count.

A calendar answers two questions exactly: how many of its minutes lie between two instants, and at which instant a
number of its minutes is used up. An *instant* is minutes since 1970-01-01T00:00Z. A minute is open when its local
wall-clock reading lies in an interval of that weekday and the local date is no holiday; an hour that a clock change
skips does not exist, and one that it repeats counts twice.

Open time is held as a table of stretches a year, with running totals, so that both questions are a binary search:
10,000 business hours cost what one hour costs. The table is made from the pieces of real time in which the zone keeps
one offset from UTC. Within a piece the wall clock runs evenly; only from piece to piece does it jump, so walking the
pieces in order keeps the stretches in order even where an hour is repeated.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL: Final = _EPOCH.toordinal()
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


@dataclass(frozen=True, slots=True)
class _Table:
    """The open stretches of the UTC years ``[first, last)``; ``totals`` are the open minutes before each stretch.

    A table never changes; a calendar that needs more years puts a longer one in its place. So two threads may ask
    one calendar at once.
    """

    first: int
    last: int
    opens: Sequence[float]
    closes: Sequence[float]
    totals: Sequence[float]

    def before(self, instant: float) -> float:
        """Return the open minutes from the start of the table to ``instant``."""
        index = bisect_right(self.opens, instant) - 1
        if index < 0:
            return 0.0
        return self.totals[index] + min(instant, self.closes[index]) - self.opens[index]

    def all(self) -> float:
        """Return the open minutes of the whole table."""
        return self.totals[-1] + self.closes[-1] - self.opens[-1] if self.opens else 0.0


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

        ``special_days`` replace the hours of single local dates (half-days), a holiday closes its date whatever else
        is said of it; ``day_minutes`` is the length of a business day.
        """
        self.name = name
        self.zone = ZoneInfo(zone)
        self.day_minutes = day_minutes
        self.always_open = hours is None
        self._week = {day: _merged((hours or {}).get(day, ())) for day in WEEKDAYS}
        self._special = {day: _merged(parts) for day, parts in (special_days or {}).items()}
        self._special.update(dict.fromkeys(holidays, ()))
        self._table = _Table(0, 0, (), (), ())
        self._never = not self.always_open and not any(self._week.values()) and not any(self._special.values())

    @classmethod
    def always(cls) -> Calendar:
        """Return the calendar that counts every minute."""
        return cls(None, day_minutes=1440.0, name="always")

    # -- questions ---------------------------------------------------------------------------------------------

    def open_minutes(self, start: float, end: float) -> float:
        """Return how many of this calendar's minutes lie in ``[start, end)``; 0 if ``end`` is not later."""
        if end <= start or self._never:
            return 0.0
        if self.always_open or math.isinf(end):
            return end - start
        table = self._covering(start, end)
        return table.before(end) - table.before(start)

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
        table = self._covering(instant, instant)
        while True:
            goal = table.before(instant) + minutes
            if table.all() >= goal:
                break
            if table.last > _LAST_YEAR:
                return math.inf
            table = self._longer(table)
        index = bisect_left(table.totals, goal) - 1
        return table.opens[index] + (goal - table.totals[index])

    def is_open(self, instant: float) -> bool:
        """Return whether the minute that begins at ``instant`` counts."""
        if self.always_open:
            return True
        table = self._covering(instant, instant)
        index = bisect_right(table.opens, instant) - 1
        return index >= 0 and instant < table.closes[index]

    def next_open(self, instant: float) -> float:
        """Return the first instant at or after ``instant`` that is open; ``math.inf`` if there is none."""
        if self.is_open(instant):
            return instant
        if self._never:
            return math.inf
        table = self._covering(instant, instant)
        while (index := bisect_right(table.opens, instant)) == len(table.opens):
            if table.last > _LAST_YEAR:
                return math.inf
            table = self._longer(table)
        return table.opens[index]

    def next_close(self, instant: float) -> float:
        """Return the first instant at or after ``instant`` that is closed; ``math.inf`` for an open-ended calendar."""
        if self.always_open:
            return math.inf
        table = self._covering(instant, instant)
        index = bisect_right(table.opens, instant) - 1
        if index < 0 or instant >= table.closes[index]:
            return instant
        while table.closes[index] >= _new_year(table.last):  # it may go on beyond the table
            if table.last > _LAST_YEAR:
                return math.inf
            table = self._longer(table)
        return table.closes[index]

    def tables(self, start: float, end: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the opening and closing instants of the stretches that overlap ``[start, end)``.

        Two arrays of shape ``(stretches,)``, sorted and disjoint.
        """
        if self.always_open:
            return np.array([start]), np.array([end])
        table = self._covering(start, end)
        low, high = bisect_right(table.closes, start), bisect_left(table.opens, end)
        return np.array(table.opens[low:high]), np.array(table.closes[low:high])

    def holidays(self) -> tuple[date, ...]:
        """Return the local dates on which it is closed whatever day of the week they are, in order."""
        return tuple(sorted(day for day, parts in self._special.items() if not parts))

    # -- the table of stretches --------------------------------------------------------------------------------

    def _covering(self, start: float, end: float) -> _Table:
        """Return the table, made long enough to hold both instants with a year to spare at each side."""
        table = self._table
        first, last = to_year(start) - 1, to_year(end) + 2
        if table.first <= first and last <= table.last:
            return table
        if table.first == table.last or first < table.first:  # an earlier year, which is rare, makes it anew
            return self._extended(_Table(first, first, (), (), ()), max(last, table.last))
        return self._extended(table, last)

    def _longer(self, table: _Table) -> _Table:
        """Return the table with twice the years."""
        return self._extended(table, table.last + max(1, table.last - table.first))

    def _extended(self, table: _Table, last: int) -> _Table:
        """Return the table filled in up to the year ``last``, and keep it."""
        last = min(last, _LAST_YEAR + 2)
        opens, closes, totals = list(table.opens), list(table.closes), list(table.totals)
        total = table.all()
        for low, high in self._stretches(_new_year(table.last), _new_year(last)):
            if closes and low == closes[-1]:
                closes[-1] = high
            else:
                opens.append(low)
                closes.append(high)
                totals.append(total)
            total += high - low
        self._table = _Table(table.first, last, opens, closes, totals)
        return self._table

    def _stretches(self, start: float, end: float) -> Iterator[tuple[float, float]]:
        """Yield what is open within ``[start, end)``, in order."""
        for begins, ends, offset in _offsets(start, end, self.zone):
            first, last = math.floor((begins + offset) / 1440), math.ceil((ends + offset) / 1440)
            for number in range(first, last):  # local days, counted from 1970-01-01
                day = date.fromordinal(_EPOCH_ORDINAL + number)
                for low, high in self._special.get(day, self._week[WEEKDAYS[day.weekday()]]):
                    opens = max(begins, number * 1440 + low - offset)
                    closes = min(ends, number * 1440 + high - offset)
                    if opens < closes:
                        yield opens, closes


def to_year(instant: float) -> int:
    """Return the UTC year of an instant (near a new year possibly its neighbour), held between 1970 and 2200."""
    if instant < 0:
        return _FIRST_YEAR
    return int(min(_LAST_YEAR, _FIRST_YEAR + instant / (365.2425 * 1440)))


def _new_year(year: int) -> float:
    return to_instant(datetime(year, 1, 1, tzinfo=UTC))


def _merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return intervals sorted, with those that touch or overlap made one."""
    merged: list[Interval] = []
    for low, high in sorted(intervals):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        elif low < high:
            merged.append((low, high))
    return tuple(merged)


def _offsets(start: float, end: float, zone: ZoneInfo) -> list[tuple[float, float, float]]:
    """Return ``(from, to, offset in minutes)`` of the pieces of ``[start, end)`` with one UTC offset each."""
    pieces: list[tuple[float, float, float]] = []
    if zone.key == "UTC":
        return [(start, end, 0.0)]
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
