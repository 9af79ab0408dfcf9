"""Calendars: which minutes count.

A calendar answers two questions exactly: how many of its minutes lie between two instants, and at which instant a
number of its minutes is used up. An *instant* is minutes since 1970-01-01T00:00Z. A minute is open when its local
wall-clock reading lies in an interval of that weekday and the local date is no holiday; an hour that a clock change
skips does not exist, and one that it repeats counts twice.

Open time is held a year at a time: a table of its stretches with running totals, so that a question within a year is a
binary search, and one number a year, so that a question over many years is a sum: 10,000 business hours cost what one
hour costs. A table is made from the pieces of real time in which the zone keeps one offset from UTC. Within a piece the
wall clock runs evenly; only from piece to piece does it jump, so taking the pieces in order keeps the stretches in
order even where an hour is repeated.

Of the tables of all calendars the last 256 are kept. The densest (48 intervals on each day) takes 0.4 MB, so however
many calendars a file describes and however far apart its instants lie, the tables stay below 110 MB.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL: Final = _EPOCH.toordinal()
_FIRST_YEAR: Final = 1969
_END_YEAR: Final = 2202
"""Before the first and from the end on, what is not always open counts as closed."""
_DAY: Final = 1440.0
Interval = tuple[int, int]
"""Half-open minutes of a local day, ``(540, 1020)`` for 09:00-17:00; the close may be 1440."""
Minutes = npt.NDArray[np.float64]


def to_instant(moment: datetime) -> float:
    """Return an aware datetime as minutes since 1970-01-01T00:00Z."""
    delta = moment - _EPOCH
    return delta.days * 1440 + delta.seconds / 60 + delta.microseconds / 60e6


def to_datetime(instant: float, zone: ZoneInfo | None = None) -> datetime:
    """Return an instant as an aware datetime in ``zone`` (UTC by default), to the nearest second."""
    return (_EPOCH + timedelta(seconds=round(instant * 60))).astimezone(zone or UTC)


_NEW_YEARS: Final = tuple(to_instant(datetime(year, 1, 1, tzinfo=UTC)) for year in range(_FIRST_YEAR, _END_YEAR + 1))
_YEARS: Final = len(_NEW_YEARS) - 1
"""Years are counted from 0 (1969)."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The open stretches of one UTC year; ``totals`` are its open minutes before each stretch, ``all`` all of them."""

    opens: Sequence[float]
    closes: Sequence[float]
    totals: Sequence[float]
    all: float

    def before(self, instant: float) -> float:
        """Return the open minutes from the start of the year to ``instant``."""
        index = bisect_right(self.opens, instant) - 1
        if index < 0:
            return 0.0
        return self.totals[index] + min(instant, self.closes[index]) - self.opens[index]


@dataclass(frozen=True, slots=True, eq=False)  # told apart by identity: a key of the tables' cache
class _Hours:
    """The hours of a calendar: by weekday, and by local day (counted from 1970-01-01) where they are not the usual."""

    zone: str
    week: tuple[tuple[Interval, ...], ...]
    special: Mapping[int, tuple[Interval, ...]]

    def local(self, first: int, end: int) -> tuple[Minutes, Minutes]:
        """Return what is open on the local days ``[first, end)`` as local minutes, sorted: opening and closing."""
        days = np.arange(first, end)
        lows, highs = [np.empty(0)], [np.empty(0)]
        special = [day for day in range(first, end) if day in self.special] if self.special else []
        usual = days[~np.isin(days, special)] if special else days
        for weekday, parts in enumerate(self.week):
            if parts:
                midnights = usual[(usual + 3) % 7 == weekday] * _DAY  # 1970-01-01 was a Thursday
                lows.append(np.add.outer(midnights, [low for low, _ in parts]).ravel())
                highs.append(np.add.outer(midnights, [high for _, high in parts]).ravel())
        for day in special:
            lows.append(np.array([day * _DAY + low for low, _ in self.special[day]]))
            highs.append(np.array([day * _DAY + high for _, high in self.special[day]]))
        return np.sort(np.concatenate(lows)), np.sort(np.concatenate(highs))  # they are disjoint: one order fits both


class Calendar:
    """Open time by weekday, with holidays, half-days and a time zone; or always open.

    Life: built once from a policy and never changed; the years it is asked about are filled in as they come.
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
        week = tuple(_merged((hours or {}).get(day, ())) for day in WEEKDAYS)
        special = {_number(day): _merged(parts) for day, parts in (special_days or {}).items()}
        special.update(dict.fromkeys(map(_number, holidays), ()))
        self._hours = _Hours(zone, week, special)
        self._never = not self.always_open and not any(week) and not any(special.values())
        self._totals: dict[int, float] = {}

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
        first, last = _year_of(start), _year_of(end)
        if first == last:
            table = _table(self._hours, first)
            return table.before(end) - table.before(start)
        begun, ended = _table(self._hours, first), _table(self._hours, last)
        return begun.all - begun.before(start) + sum(map(self._total, range(first + 1, last))) + ended.before(end)

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
        year = _year_of(instant)
        goal = _table(self._hours, year).before(instant) + minutes
        while (total := self._total(year)) < goal:
            goal -= total
            year += 1
            if year == _YEARS:
                return math.inf
        table = _table(self._hours, year)
        index = bisect_left(table.totals, goal) - 1
        return table.opens[index] + (goal - table.totals[index])

    def is_open(self, instant: float) -> bool:
        """Return whether the minute that begins at ``instant`` counts."""
        if self.always_open:
            return True
        table = _table(self._hours, _year_of(instant))
        index = bisect_right(table.opens, instant) - 1
        return index >= 0 and instant < table.closes[index]

    def next_open(self, instant: float) -> float:
        """Return the first instant at or after ``instant`` that is open; ``math.inf`` if there is none."""
        if self.is_open(instant):
            return instant
        if self._never:
            return math.inf
        year = _year_of(instant)
        table = _table(self._hours, year)
        index = bisect_right(table.opens, instant)
        while index == len(table.opens):
            year += 1
            while year < _YEARS and not self._total(year):
                year += 1
            if year == _YEARS:
                return math.inf
            table, index = _table(self._hours, year), 0
        return table.opens[index]

    def next_close(self, instant: float) -> float:
        """Return the first instant at or after ``instant`` that is closed; ``math.inf`` for an open-ended calendar."""
        if self.always_open:
            return math.inf
        year = _year_of(instant)
        table = _table(self._hours, year)
        index = bisect_right(table.opens, instant) - 1
        if index < 0 or instant >= table.closes[index]:
            return instant
        close = table.closes[index]
        while close == _NEW_YEARS[year + 1]:  # it may go on beyond the year
            year += 1
            if year == _YEARS:
                return math.inf
            table = _table(self._hours, year)
            if not table.opens or table.opens[0] > close:
                break
            close = table.closes[0]
        return close

    def tables(self, start: float, end: float) -> tuple[Minutes, Minutes]:
        """Return the opening and closing instants of the stretches that overlap ``[start, end)``.

        Two arrays of shape ``(stretches,)``, sorted and disjoint.
        """
        if self.always_open:
            return np.array([start]), np.array([end])
        years = [_table(self._hours, year) for year in range(_year_of(start), _year_of(end) + 1)]
        opens, closes = _joined([np.array(one.opens) for one in years], [np.array(one.closes) for one in years])
        low, high = np.searchsorted(closes, start, side="right"), np.searchsorted(opens, end, side="left")
        return opens[low:high], closes[low:high]

    def holidays(self) -> tuple[date, ...]:
        """Return the local dates on which it is closed whatever day of the week they are, in order."""
        closed = sorted(number for number, parts in self._hours.special.items() if not parts)
        return tuple(date.fromordinal(_EPOCH_ORDINAL + number) for number in closed)

    def _total(self, year: int) -> float:
        """Return the open minutes of a year; the numbers are kept, also where the table is not."""
        total = self._totals.get(year)
        if total is None:
            total = self._totals[year] = _table(self._hours, year).all
        return total


# -- the tables ----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _table(hours: _Hours, year: int) -> _Table:
    """Return the table of a year."""
    all_opens, all_closes = [], []
    for begins, ends, offset in _offsets(hours.zone, year):
        first, end = math.floor((begins + offset) / _DAY), math.ceil((ends + offset) / _DAY)
        lows, highs = hours.local(first, end)
        opens, closes = np.maximum(lows - offset, begins), np.minimum(highs - offset, ends)
        there = opens < closes
        all_opens.append(opens[there])
        all_closes.append(closes[there])
    opens, closes = _joined(all_opens, all_closes)
    sums = np.concatenate(([0.0], np.cumsum(closes - opens)))
    return _Table(_packed(opens), _packed(closes), _packed(sums[:-1]), float(sums[-1]))


def _packed(values: Minutes) -> array[float]:
    """Return an array that is quick to bisect: numpy's takes ten times as long for a single number."""
    return array("d", values.tobytes())


def _joined(opens: Sequence[Minutes], closes: Sequence[Minutes]) -> tuple[Minutes, Minutes]:
    """Return stretches that follow each other as one list, with those that touch made one."""
    lows, highs = np.concatenate(opens), np.concatenate(closes)
    apart = lows[1:] != highs[:-1]
    ends = np.ones(min(1, len(lows)), dtype=bool)
    return lows[np.concatenate((ends, apart))], highs[np.concatenate((apart, ends))]


def _year_of(instant: float) -> int:
    """Return the UTC year of an instant, counted from 0 (1969) and held within the years that are known."""
    return min(max(bisect_right(_NEW_YEARS, instant) - 1, 0), _YEARS - 1)


def _number(day: date) -> int:
    """Return a local day counted from 1970-01-01."""
    return day.toordinal() - _EPOCH_ORDINAL


def _merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return intervals sorted, with those that touch or overlap made one."""
    merged: list[Interval] = []
    for low, high in sorted(intervals):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        elif low < high:
            merged.append((low, high))
    return tuple(merged)


@lru_cache(maxsize=4096)
def _offsets(zone_name: str, year: int) -> tuple[tuple[float, float, float], ...]:
    """Return ``(from, to, offset in minutes)`` of the pieces of a year with one UTC offset each."""
    start, end = _NEW_YEARS[year], _NEW_YEARS[year + 1]
    if zone_name == "UTC":
        return ((start, end, 0.0),)
    zone = ZoneInfo(zone_name)
    pieces: list[tuple[float, float, float]] = []
    here, offset = start, _offset(start, zone)
    while here < end:
        step = min(here + _DAY, end)  # no zone changes twice within a day: the shortest time between is 167 hours
        if _offset(step, zone) == offset:
            here = step
            continue
        low, high = here, step
        while high - low > 1:
            middle = float(math.floor((low + high) / 2))
            low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
        pieces.append((start, high, offset))
        start = here = high
        offset = _offset(high, zone)
    if start < end:
        pieces.append((start, end, offset))
    return tuple(pieces)


def _offset(instant: float, zone: ZoneInfo) -> float:
    delta = to_datetime(instant, zone).utcoffset()
    return 0.0 if delta is None else delta.total_seconds() / 60
