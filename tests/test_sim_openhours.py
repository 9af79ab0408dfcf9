"""The desk's calendars as numbers must say what the policy's calendars say."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.calendars import WEEKDAYS, Calendar, to_instant
from simulator.openhours import OpenHours

START = to_instant(datetime(2025, 3, 24, tzinfo=UTC))  # with the European change of clocks inside
END = START + 28 * 1440.0


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    hours = {}
    for day in WEEKDAYS:
        edges = sorted(draw(st.lists(st.integers(0, 1440), max_size=4, unique=True)))
        hours[day] = list(zip(edges[::2], edges[1::2], strict=False))
    holidays = [date(2025, 4, d) for d in draw(st.lists(st.integers(1, 20), max_size=3))]
    return Calendar(hours, zone=draw(st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"])), holidays=holidays)


INSTANTS = st.floats(0, END - START, allow_nan=False, width=32)
# A quarter of a minute is the finest that is asked for: below it, float rounding near an edge is all there is to see.
LENGTHS = st.one_of(st.just(0.0), st.floats(0.25, 6000, allow_nan=False, width=32))


@settings(max_examples=150, deadline=None)
@given(calendars(), INSTANTS, LENGTHS)
def test_one_instant_as_the_calendar_has_it(calendar: Calendar, at: float, minutes: float) -> None:
    hours = OpenHours.of(calendar, START, END)
    assert hours.is_open(at) == calendar.is_open(START + at) or at == END - START
    expected = calendar.add(START + at, minutes) - START
    found = hours.add(at, minutes)
    if expected <= END - START - 1e-6:
        assert math.isclose(found, expected, abs_tol=1e-6)
    else:
        assert found > END - START - 1e-3  # infinity, or the very end of the window
    opening = calendar.next_open(START + at) - START
    found = hours.next_open(at)
    assert math.isclose(found, opening, abs_tol=1e-6) or (math.isinf(found) and opening >= END - START)


@settings(max_examples=150, deadline=None)
@given(calendars(), st.lists(st.tuples(INSTANTS, INSTANTS, LENGTHS), min_size=1, max_size=8))
def test_many_instants_as_the_calendar_has_them(calendar: Calendar, rows: list[tuple[float, float, float]]) -> None:
    hours = OpenHours.of(calendar, START, END)
    start, end, minutes = (np.array(column) for column in zip(*rows, strict=True))
    expected = [calendar.open_minutes(START + a, START + b) for a, b, _ in rows]
    np.testing.assert_allclose(hours.between(start, end), expected, atol=1e-6)
    one_by_one = [hours.add(a, m) for a, _, m in rows]
    np.testing.assert_allclose(hours.add_all(start, minutes), one_by_one, atol=1e-6)


def test_what_never_happened_stays_not_a_number() -> None:
    hours = OpenHours.from_stretches(np.array([10.0, 50.0]), np.array([20.0, 60.0]))
    found = hours.between(np.array([np.nan, 0.0, 0.0]), np.array([5.0, np.nan, 55.0]))
    assert np.isnan(found[:2]).all()
    assert found[2] == 15


def test_never_open() -> None:
    hours = OpenHours.from_stretches(np.empty(0), np.empty(0))
    assert not hours.is_open(5)
    assert math.isinf(hours.add(5, 1))
    assert hours.add(5, 0) == 5
    assert math.isinf(hours.next_open(0))
    assert hours.between(np.array([0.0]), np.array([9.0])).tolist() == [0.0]


def test_a_target_used_up_at_closing_time_is_due_then() -> None:
    hours = OpenHours.from_stretches(np.array([0.0, 100.0]), np.array([60.0, 160.0]))
    assert hours.add(0, 60) == 60
    assert hours.add(0, 61) == 101
    assert hours.add_all(np.array([0.0, 0.0]), np.array([60.0, 61.0])).tolist() == [60.0, 101.0]
