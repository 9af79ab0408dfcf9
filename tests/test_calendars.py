"""Calendars against a count that looks at every minute of the wall clock."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wallclock import CHANGES, WINDOW_DAYS, Plan, moments, opened, plans, readings

import policy.calendars
from policy.calendars import WEEKDAYS, Calendar, to_datetime, to_instant, to_year

NIGHT = Plan((((60, 90), (95, 125), (130, 150), (165, 190)),) * 7)
LATE = Plan((((0, 30), (1380, 1400), (1410, 1440)),) * 7)


@settings(max_examples=150, deadline=None)
@given(moments(), plans(), st.integers(0, WINDOW_DAYS * 1440), st.integers(0, WINDOW_DAYS * 1440))
@example(("Europe/Berlin", date(2025, 10, 25)), NIGHT, 0, 4320)  # two intervals within the repeated hour
@example(("Antarctica/Troll", date(2025, 10, 25)), NIGHT, 0, 4320)
@example(("America/Sao_Paulo", date(2018, 2, 17)), LATE, 0, 4320)
@example(("America/St_Johns", date(2006, 10, 28)), LATE, 0, 4320)  # back from the new day into the old one
@example(("Pacific/Apia", date(2011, 12, 29)), LATE, 0, 4320)
def test_a_calendar_agrees_with_the_wall_clock(moment: tuple[str, date], plan: Plan, one: int, other: int) -> None:
    zone, day = moment
    first, last = sorted((one, other))
    locals_ = readings(zone, day)
    counted = [n for n in range(len(locals_)) if opened(locals_[n], plan)]
    begin = to_instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
    calendar = plan.calendar(zone)

    inside = [n for n in counted if first <= n < last]
    assert calendar.open_minutes(begin + first, begin + last) == len(inside)
    if inside:
        assert calendar.add(begin + first, len(inside)) == begin + inside[-1] + 1
        assert calendar.add(begin + first, len(inside) - 0.5) == begin + inside[-1] + 0.5
        assert calendar.add(begin + first, 1) == begin + inside[0] + 1
        assert calendar.next_open(begin + first) == begin + inside[0]
    if first < last:
        is_open = opened(locals_[first], plan)
        assert calendar.is_open(begin + first) == is_open
        ends = next((n for n in range(first, last) if not opened(locals_[n], plan)), None)
        if ends is not None:
            assert calendar.next_close(begin + first) == begin + ends
        opens, closes = calendar.tables(begin + first, begin + last)
        clipped = sum(
            min(high, begin + last) - max(low, begin + first) for low, high in zip(opens, closes, strict=True)
        )
        assert clipped == len(inside)
        assert all(low < high for low, high in zip(opens, closes, strict=True))
        assert all(high < low for high, low in zip(closes, opens[1:], strict=False))


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


def test_ten_thousand_business_hours_are_looked_up_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[float, float]] = []
    stretches = Calendar._stretches

    def watched(self: Calendar, start: float, end: float) -> object:
        made.append((start, end))
        return stretches(self, start, end)

    monkeypatch.setattr(Calendar, "_stretches", watched)
    calendar = Calendar(OFFICE, zone="Europe/Berlin")
    short = calendar.add(MONDAY, 60)
    long = calendar.add(MONDAY, 10_000 * 60)
    assert long - short > 5 * 364 * 1440  # more than five years: 7 hours a day, five days a week
    assert len(made) <= 3
    assert sum(end - start for start, end in made) < 13 * 366 * 1440
    made.clear()
    table = calendar._table
    for hours in range(1, 10_000, 100):
        due = calendar.add(MONDAY, hours * 60)
        assert calendar.open_minutes(MONDAY, due) == hours * 60
    assert calendar._table is table  # every answer came from the same table
    assert made == []


def test_finding_where_a_zone_changes_its_clocks_takes_few_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    offset = policy.calendars._offset
    monkeypatch.setattr(policy.calendars, "_offset", lambda at, zone: looks.append(at) or offset(at, zone))
    Calendar({day: [(n, n + 1) for n in range(0, 1440, 10)] for day in WEEKDAYS}, zone="Europe/Berlin").is_open(MONDAY)
    assert len(looks) < 3 * 366 * 4 + 100  # four a day, however many intervals there are


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
    assert abs(to_year(to_instant(moment)) - moment.year) <= 1


@pytest.mark.parametrize(("at", "year"), [(-math.inf, 1970), (-1.0, 1970), (0.0, 1970), (math.inf, 2200), (1e12, 2200)])
def test_the_years_of_the_table_are_bounded(at: float, year: int) -> None:
    assert to_year(at) == year
