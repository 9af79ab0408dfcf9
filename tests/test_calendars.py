"""Calendars against a count that looks at every minute of the wall clock."""

from __future__ import annotations

import itertools
import math
import tracemalloc
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wallclock import CHANGES, WINDOW_DAYS, Plan, moments, opened, plans, readings

import policy.calendars
from policy.calendars import WEEKDAYS, Calendar, _table, _year_of, to_datetime, to_instant

NIGHT = Plan((((60, 90), (95, 125), (130, 150), (165, 190)),) * 7)
LATE = Plan((((0, 30), (1380, 1400), (1410, 1440)),) * 7)


@given(moments(), plans(), st.integers(0, WINDOW_DAYS * 1440), st.integers(0, WINDOW_DAYS * 1440))
@example(("Europe/Berlin", date(2025, 10, 25)), NIGHT, 0, 4320)  # two intervals within the repeated hour
@example(("Antarctica/Troll", date(2025, 10, 25)), NIGHT, 0, 4320)
@example(("America/Sao_Paulo", date(2018, 2, 17)), LATE, 0, 4320)
@example(("America/St_Johns", date(2006, 10, 28)), LATE, 0, 4320)  # back from the new day into the old one
@example(("Pacific/Apia", date(2011, 12, 29)), LATE, 0, 4320)
def agrees(moment: tuple[str, date], plan: Plan, one: int, other: int) -> None:
    """Compare a calendar with the count of every minute."""
    zone, day = moment
    first, last = sorted((one, other))
    counts = opened(readings(zone, day), plan)
    begin = to_instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
    calendar = plan.calendar(zone)

    inside = first + np.flatnonzero(counts[first:last])
    assert calendar.open_minutes(begin + first, begin + last) == len(inside)
    if len(inside):
        assert calendar.add(begin + first, len(inside)) == begin + inside[-1] + 1
        assert calendar.add(begin + first, len(inside) - 0.5) == begin + inside[-1] + 0.5
        assert calendar.add(begin + first, 1) == begin + inside[0] + 1
        assert calendar.next_open(begin + first) == begin + inside[0]
    if first < last:
        assert calendar.is_open(begin + first) == counts[first]
        closed = first + np.flatnonzero(~counts[first:last])
        if len(closed):
            assert calendar.next_close(begin + first) == begin + closed[0]
        opens, closes = calendar.tables(begin + first, begin + last)
        clipped = np.minimum(closes, begin + last) - np.maximum(opens, begin + first)
        assert clipped.sum() == len(inside)
        assert (opens < closes).all()
        assert (closes[:-1] < opens[1:]).all()


@pytest.mark.parametrize("examples", [400, pytest.param(10_000, marks=pytest.mark.heavy)])
def test_a_calendar_agrees_with_the_wall_clock(examples: int) -> None:
    settings(max_examples=examples, deadline=None)(agrees)()


INSTANTS = st.floats(30 * 365 * 1440.0, 34 * 365 * 1440.0)  # 2000 to 2003


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted({zone for zone, _ in CHANGES})), plans(), INSTANTS, INSTANTS, INSTANTS)
def test_counting_is_additive_and_adding_undoes_it(zone: str, plan: Plan, a: float, b: float, c: float) -> None:
    start, middle, end = sorted((a, b, c))
    calendar = plan.calendar(zone)
    whole = calendar.open_minutes(start, end)
    assert calendar.open_minutes(start, middle) + calendar.open_minutes(middle, end) == pytest.approx(whole, abs=1e-6)
    assert 0 <= whole <= end - start + 1e-6
    due = calendar.add(start, whole)
    assert due <= end + 1e-6
    assert calendar.open_minutes(start, due) == pytest.approx(whole, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(moments(), plans(), st.lists(st.integers(0, WINDOW_DAYS * 1440), min_size=2, max_size=3))
def test_the_order_of_questions_does_not_matter(moment: tuple[str, date], plan: Plan, asked: list[int]) -> None:
    """A calendar that was asked about other years before answers as a fresh one."""
    zone, day = moment
    begin = to_instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
    used = plan.calendar(zone)
    used.open_minutes(begin - 5 * 365 * 1440, begin - 4 * 365 * 1440)
    used.add(begin, 300_000)
    for n in asked:
        fresh = plan.calendar(zone)
        assert used.open_minutes(begin, begin + n) == fresh.open_minutes(begin, begin + n)
        assert used.add(begin + n, 77) == fresh.add(begin + n, 77)


# -- cost ---------------------------------------------------------------------------------------------------------

OFFICE = {day: [(540, 720), (780, 1020)] for day in WEEKDAYS[:5]}
MONDAY = to_instant(datetime(2026, 2, 2, tzinfo=UTC))


def test_ten_thousand_business_hours_are_looked_up_not_counted() -> None:
    calendar = Calendar(OFFICE, zone="Europe/Berlin")
    _table.cache_clear()
    short = calendar.add(MONDAY, 60)
    assert _table.cache_info().misses == 1
    long = calendar.add(MONDAY, 10_000 * 60)
    assert long - short > 5 * 364 * 1440  # more than five years: 7 hours a day, five days a week
    assert _table.cache_info().misses == 6
    for hours in range(1, 10_000, 100):
        due = calendar.add(MONDAY, hours * 60)
        assert calendar.open_minutes(MONDAY, due) == hours * 60
    assert _table.cache_info().misses == 6  # every answer came from the same tables


def test_the_years_between_are_sums_and_their_tables_need_not_be_kept() -> None:
    """The densest calendar over all years takes little memory, and what was forgotten is worked out again."""
    dense = Calendar({day: [(n, n + 1) for n in range(0, 1440, 30)] for day in WEEKDAYS})
    _table.cache_clear()
    tracemalloc.start()
    begin, end = (to_instant(datetime(year, 1, 1, tzinfo=UTC)) for year in (1971, 2198))
    days = (end - begin) / 1440
    assert dense.open_minutes(begin, end) == days * 48
    assert dense.add(begin, days * 48 - 0.5) == end - 30 + 0.5
    for _ in range(2):
        other = Calendar({day: [(n, n + 1) for n in range(0, 1440, 30)] for day in WEEKDAYS})
        assert other.open_minutes(begin, end) == days * 48
    assert dense.open_minutes(begin, begin + 1440) == 48
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert _table.cache_info().currsize == 256
    assert most < 130e6
    _table.cache_clear()


def test_finding_where_a_zone_changes_its_clocks_takes_few_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    offset = policy.calendars._offset
    monkeypatch.setattr(policy.calendars, "_offset", lambda at, zone: looks.append(at) or offset(at, zone))
    policy.calendars._offsets.cache_clear()
    calendars = [
        Calendar({day: [(n, n + length) for n in range(0, 1440, 30)] for day in WEEKDAYS}, zone="Europe/Berlin")
        for length in (1, 2, 3)
    ]
    for calendar in calendars:
        calendar.is_open(MONDAY)
    assert 366 <= len(looks) < 366 + 50  # one a day, however many intervals and calendars there are


@pytest.mark.parametrize("zone", sorted({zone for zone, _ in CHANGES} | {"Asia/Gaza", "America/Recife"}))
def test_no_zone_changes_its_clocks_twice_within_a_day(zone: str) -> None:
    """The search takes steps of a day; looked at hour by hour, it misses nothing."""
    from zoneinfo import ZoneInfo

    for year in (2000, 2011, 2025, 2040):
        begin = to_instant(datetime(year, 1, 1, tzinfo=UTC))
        changes = [begin]
        before = to_datetime(begin, ZoneInfo(zone)).utcoffset()
        for hour in range(1, 366 * 24):
            here = to_datetime(begin + hour * 60, ZoneInfo(zone)).utcoffset()
            if here != before:
                changes.append(begin + hour * 60)
            before = here
        found = [piece[0] for piece in policy.calendars._offsets(zone, year - 1969)]
        assert [math.ceil(at / 60) * 60 for at in found] == changes
        assert all(later - sooner > 1440 for sooner, later in itertools.pairwise(changes[1:]))


# -- edges --------------------------------------------------------------------------------------------------------


def test_always_open() -> None:
    calendar = Calendar.always()
    assert calendar.open_minutes(5, 65) == 60
    assert calendar.add(5, 60) == 65
    assert calendar.next_close(5) == math.inf
    assert calendar.next_open(5) == 5


def test_open_day_and_night_but_for_one_holiday() -> None:
    """A stretch that runs past the years that the table holds ends where it really ends."""
    calendar = Calendar({day: [(0, 1440)] for day in WEEKDAYS}, holidays=[date(2060, 1, 1)])
    assert calendar.next_close(MONDAY) == to_instant(datetime(2060, 1, 1, tzinfo=UTC))
    assert Calendar({day: [(0, 1440)] for day in WEEKDAYS}).next_close(MONDAY) == math.inf


def test_nothing_ahead() -> None:
    never = Calendar({})
    assert never.add(MONDAY, 1) == math.inf
    assert never.next_open(MONDAY) == math.inf
    assert never.open_minutes(MONDAY, math.inf) == 0
    once = Calendar({}, special_days={date(2020, 1, 1): [(0, 60)]})
    assert once.add(MONDAY, 1) == math.inf
    assert once.next_open(MONDAY) == math.inf
    assert once.open_minutes(0, MONDAY) == 60


def test_a_holiday_closes_a_half_day() -> None:
    day = date(2026, 2, 2)
    calendar = Calendar(OFFICE, holidays=[day], special_days={day: [(540, 600)]})
    assert calendar.open_minutes(MONDAY, MONDAY + 1440) == 0


def test_touching_and_overlapping_intervals_are_one() -> None:
    calendar = Calendar({"mon": [(600, 660), (540, 600), (650, 700)]})
    assert calendar.open_minutes(MONDAY, MONDAY + 1440) == 160
    assert calendar.next_close(MONDAY + 540) == MONDAY + 700


def test_a_shift_across_midnight_is_one_stretch() -> None:
    calendar = Calendar({"mon": [(1320, 1440)], "tue": [(0, 360)]})
    assert calendar.next_close(MONDAY + 1400) == MONDAY + 1440 + 360


@given(st.datetimes(datetime(1970, 1, 1), datetime(2199, 1, 1)))
def test_instants_are_datetimes_and_back(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC, microsecond=0)
    assert to_datetime(to_instant(moment)) == moment
    assert _year_of(to_instant(moment)) + 1969 == moment.year


@pytest.mark.parametrize(
    ("at", "year"), [(-math.inf, 1969), (-1e9, 1969), (-1.0, 1969), (0.0, 1970), (math.inf, 2201), (1e12, 2201)]
)
def test_the_years_of_the_tables_are_bounded(at: float, year: int) -> None:
    assert _year_of(at) + 1969 == year


def test_beyond_the_years_that_are_known_all_is_closed() -> None:
    calendar = Calendar(OFFICE, zone="Europe/Berlin")
    assert calendar.open_minutes(-1e9, -1e8) == 0
    assert calendar.add(1e12, 1) == calendar.next_open(1e12) == math.inf
    assert calendar.next_open(-1e9) == to_instant(datetime(1969, 1, 1, 8, tzinfo=UTC))
