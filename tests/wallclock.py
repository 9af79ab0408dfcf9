"""The wall clock minute by minute, read through the standard library: the oracle for calendars and clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from policy.calendars import WEEKDAYS, Calendar, Interval

# Days around which the clocks of a zone change, and a few zones that are merely odd. The window begins the day before.
CHANGES = [
    ("UTC", "2024-02-29"),
    ("Europe/Berlin", "2025-03-30"),
    ("Europe/Berlin", "2025-10-26"),
    ("America/New_York", "2025-03-09"),
    ("America/New_York", "2025-11-02"),
    ("Australia/Lord_Howe", "2025-04-06"),  # by half an hour
    ("Australia/Lord_Howe", "2025-10-05"),
    ("America/Sao_Paulo", "2017-10-15"),  # midnight is skipped
    ("America/Sao_Paulo", "2018-02-18"),  # the last hour of Saturday is repeated
    ("Africa/Cairo", "2023-04-28"),
    ("Africa/Cairo", "2023-10-27"),
    ("Asia/Beirut", "2022-03-27"),
    ("Asia/Beirut", "2022-10-30"),
    ("America/St_Johns", "2006-04-02"),  # at one minute past midnight
    ("America/St_Johns", "2006-10-29"),
    ("America/Santiago", "2025-04-06"),
    ("Antarctica/Troll", "2025-03-30"),  # by two hours
    ("Antarctica/Troll", "2025-10-26"),
    ("Pacific/Apia", "2011-12-30"),  # the day does not exist
    ("Africa/Casablanca", "2024-03-10"),
    ("Africa/Casablanca", "2024-04-14"),
    ("Asia/Kolkata", "2025-01-01"),
    ("Asia/Kathmandu", "2024-12-31"),
    ("Pacific/Kiritimati", "2025-01-01"),
    ("Pacific/Marquesas", "2024-12-31"),
    ("Europe/Dublin", "2025-10-26"),
    ("Asia/Tehran", "2022-03-22"),
]
WINDOW_DAYS = 8


class Readings(NamedTuple):
    """What the wall clock reads at the beginning of every minute of the window: arrays of one shape."""

    day: npt.NDArray[np.int64]  # of the month
    weekday: npt.NDArray[np.int64]  # 0 is Monday
    minute: npt.NDArray[np.int64]  # of the day


@cache
def dates(day: int) -> list[date]:
    """Return the dates that fall on this day of a month, in the years that the tests look at."""
    days = [date(2004, 1, 1) + timedelta(days=n) for n in range(366 * 23)]
    return [one for one in days if one.day == day]


@dataclass(frozen=True)
class Plan:
    """Opening hours as a test writes them; ``None`` for ``week`` is always open."""

    week: tuple[tuple[Interval, ...], ...] | None
    holidays: tuple[int, ...] = ()  # days of the month
    half_days: tuple[tuple[int, tuple[Interval, ...]], ...] = ()  # (day of the month, hours)

    def calendar(self, zone: str) -> Calendar:
        """Return the calendar of the project with these hours."""
        if self.week is None:
            return Calendar(None, zone=zone)
        # The days of the month stand for every month of the years that the tests look at.
        return Calendar(
            dict(zip(WEEKDAYS, self.week, strict=True)),
            zone=zone,
            holidays=[one for day in self.holidays for one in dates(day)],
            special_days={one: hours for day, hours in self.half_days for one in dates(day)},
        )


@cache
def readings(zone: str, day: date) -> Readings:
    """Return the wall clock of ``zone`` at every minute of the window, read through the standard library."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    moments = [(begin + timedelta(minutes=n)).astimezone(ZoneInfo(zone)) for n in range(WINDOW_DAYS * 1440)]
    return Readings(
        np.array([m.day for m in moments]),
        np.array([m.weekday() for m in moments]),
        np.array([m.hour * 60 + m.minute for m in moments]),
    )


def opened(local: Readings, plan: Plan) -> npt.NDArray[np.bool_]:
    """Return for every minute whether it counts, by looking at it."""
    if plan.week is None:
        return np.ones(local.minute.shape, dtype=bool)
    counts = np.zeros(local.minute.shape, dtype=bool)
    for weekday, hours in enumerate(plan.week):
        counts |= (local.weekday == weekday) & _within(local, hours)
    for day, hours in plan.half_days:
        counts = np.where(local.day == day, _within(local, hours), counts)
    return counts & ~np.isin(local.day, plan.holidays)


def _within(local: Readings, hours: tuple[Interval, ...]) -> npt.NDArray[np.bool_]:
    found = np.zeros(local.minute.shape, dtype=bool)
    for low, high in hours:
        found |= (low <= local.minute) & (local.minute < high)
    return found


# Strategies are made once: to make them anew for each example takes longer than to draw from them.
_MOMENTS = st.sampled_from([(zone, date.fromisoformat(day) - timedelta(days=1)) for zone, day in CHANGES])
_CUTS = st.one_of(st.integers(0, 1440), st.sampled_from([0, 1, 60, 90, 120, 150, 180, 540, 1020, 1380, 1440]))
_INTERVALS = st.lists(st.tuples(_CUTS, _CUTS), max_size=3).map(
    lambda found: tuple((low, high) for low, high in found if low < high)
)
_KINDS = st.lists(_INTERVALS, min_size=1, max_size=4)
_DAYS = st.lists(st.integers(1, 31), max_size=2)
_WEEKS = st.integers(0, 4**7 - 1)
_ALWAYS = st.integers(0, 9)


def moments() -> st.SearchStrategy[tuple[str, date]]:
    """Return zones with the first day of the window: the day before one at which their clocks change."""
    return _MOMENTS


def intervals() -> st.SearchStrategy[tuple[Interval, ...]]:
    """Return up to three intervals of a day, some of them touching, some around the hours at which clocks change."""
    return _INTERVALS


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Return opening hours of every kind: each weekday has one of up to four kinds of hours, a half-day too."""
    if draw(_ALWAYS) == 0:
        return Plan(None)
    kinds, week = draw(_KINDS), draw(_WEEKS)
    days = [kinds[week // 4**n % 4 % len(kinds)] for n in range(7)]
    halves = dict.fromkeys(draw(_DAYS))
    return Plan(tuple(days), tuple(draw(_DAYS)), tuple((day, draw(_INTERVALS)) for day in halves))
