"""The wall clock minute by minute, read through the standard library: the oracle for calendars and clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

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


class Local(NamedTuple):
    """What the wall clock reads at the beginning of a minute."""

    day: date
    minute: int


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
        days = [date(2004, 1, 1) + timedelta(days=n) for n in range(366 * 23)]
        halves = dict(self.half_days)
        return Calendar(
            dict(zip(WEEKDAYS, self.week, strict=True)),
            zone=zone,
            holidays=[day for day in days if day.day in self.holidays],
            special_days={day: halves[day.day] for day in days if day.day in halves},
        )


@cache
def readings(zone: str, day: date) -> list[Local]:
    """Return the wall clock of ``zone`` at every minute of the window, read through the standard library."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    moments = [(begin + timedelta(minutes=n)).astimezone(ZoneInfo(zone)) for n in range(WINDOW_DAYS * 1440)]
    return [Local(m.date(), m.hour * 60 + m.minute) for m in moments]


def opened(local: Local, plan: Plan) -> bool:
    """Return whether a minute counts, by looking at it."""
    if plan.week is None:
        return True
    if local.day.day in plan.holidays:
        return False
    hours = dict(plan.half_days).get(local.day.day, plan.week[local.day.weekday()])
    return any(low <= local.minute < high for low, high in hours)


def moments() -> st.SearchStrategy[tuple[str, date]]:
    """Return zones with the first day of the window: the day before one at which their clocks change."""
    return st.sampled_from([(zone, date.fromisoformat(day) - timedelta(days=1)) for zone, day in CHANGES])


@st.composite
def intervals(draw: st.DrawFn) -> tuple[Interval, ...]:
    """Return up to three intervals of a day, some of them touching, some around the hours at which clocks change."""
    cuts = st.one_of(st.integers(0, 1440), st.sampled_from([0, 1, 60, 90, 120, 150, 180, 540, 1020, 1380, 1440]))
    found = draw(st.lists(st.tuples(cuts, cuts), max_size=3))
    return tuple((low, high) for low, high in found if low < high)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Return opening hours of every kind."""
    if draw(st.integers(0, 9)) == 0:
        return Plan(None)
    days = st.integers(1, 31)
    return Plan(
        tuple(draw(st.lists(intervals(), min_size=7, max_size=7))),
        tuple(draw(st.lists(days, max_size=2))),
        tuple(draw(st.lists(st.tuples(days, intervals()), max_size=2, unique_by=lambda pair: pair[0]))),
    )
