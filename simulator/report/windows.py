"""Stretches of days that a report is about: the months of a period, a week in it, all of it."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from policy.calendars import to_datetime, to_instant
from policy.errors import InputError
from simulator.desk import Desk
from simulator.model import DeskModel
from simulator.report.model import NO_BREAK

MONTHS: Final = 12
MOST_MONTHS: Final = 120
_WEEK: Final = re.compile(r"(\d{4})-?W(\d{1,2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """Whole days (UTC): their name, the first and the last, and ``[start, end)`` in minutes since the opening."""

    name: str
    first: date
    last: date
    start: float
    end: float


def months_of(first: date, months: int) -> date:
    """Return the last day of ``months`` months that begin with ``first``."""
    if not 1 <= months <= MOST_MONTHS:
        raise InputError(f"--months: found {months!r}; expected a whole number from 1 to {MOST_MONTHS}")
    return _later(first, months) - timedelta(days=1)


def with_months(desk: Desk, months: int) -> Desk:
    """Return a desk whose period is so many months, from its first day on.

    Raises:
        InputError: a number of months out of range.
    """
    period = desk.period.model_copy(update={"last_day": months_of(desk.period.first_day, months)})
    return desk.model_copy(update={"period": period})


def months_in(model: DeskModel) -> tuple[Window, ...]:
    """Return the months of a model's period, in order; the last one may be shorter.

    A month runs from the day on which the period begins to the day before the same day of the next month: a month of
    the calendar where it begins with the first.
    """
    period = model.desk.period
    found, number = [], 0
    while (first := _later(period.first_day, number)) <= period.last_day:
        number += 1
        last = min(_later(period.first_day, number) - timedelta(days=1), period.last_day)
        found.append(window(model, first, last))
    return tuple(found)


def whole(model: DeskModel) -> Window:
    """Return the whole period."""
    return window(model, model.desk.period.first_day, model.desk.period.last_day)


def week_in(model: DeskModel, asked: str | None) -> Window:
    """Return the week (Monday to Sunday) that is asked for, by its ISO number or by a day in it; of it what is played.

    Without a word the last whole week of the period; the last that begins in it, where none is whole.

    Raises:
        InputError: no week and no day, or one that lies outside the period.
    """
    period = model.desk.period
    if asked is None:
        monday = _monday(period.last_day - timedelta(days=6))
        monday = monday if monday >= period.first_day else _monday(period.last_day)
    else:
        monday = _asked(asked)
    first, last = max(monday, period.first_day), min(monday + timedelta(days=6), period.last_day)
    if first > last:
        raise InputError(
            f"--weekly: the week of {monday} lies outside the period, which runs from {period.first_day} "
            f"to {period.last_day}"
        )
    number = monday.isocalendar().week
    return window(model, first, last, f"week {number}, {days(first, last)}")


def window(model: DeskModel, first: date, last: date, name: str | None = None) -> Window:
    """Return some days of a model."""
    start = to_instant(datetime(first.year, first.month, first.day, tzinfo=UTC)) - model.opening
    end = to_instant(datetime(last.year, last.month, last.day, tzinfo=UTC)) + 1440.0 - model.opening
    return Window(name or days(first, last), first, last, start, end)


def days(first: date, last: date) -> str:
    """Return some days in words: ``January 2025`` for a whole month, else ``3 to 9 March 2025``."""
    if first.day == 1 and last == months_of(first, 1):
        return f"{calendar.month_name[first.month]} {first.year}"
    if first.day == 1 and last == months_of(last.replace(day=1), 1):
        year = "" if first.year == last.year else f" {first.year}"
        return f"{calendar.month_name[first.month]}{year} to {calendar.month_name[last.month]} {last.year}"
    end = f"{last.day} {calendar.month_name[last.month]} {last.year}"
    if first == last:
        return end
    begin = f"{first.day}"
    if (first.year, first.month) != (last.year, last.month):
        begin += f" {calendar.month_name[first.month]}"
    if first.year != last.year:
        begin += f" {first.year}"
    return f"{begin} to {end}"


def moment(model: DeskModel, at: float) -> str:
    """Return an instant as people read it: ``Mon 27 Jan 09:05`` (UTC)."""
    found = to_datetime(model.opening + at)
    return f"{found:%a} {found.day} {found:%b %H:%M}"


def weekday_moment(model: DeskModel, at: float) -> str:
    """Return an instant of a known week: ``Mon 09:05`` (UTC), never broken over two lines."""
    return f"{to_datetime(model.opening + at):%a{NO_BREAK}%H:%M}"


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _asked(asked: str) -> date:
    expected = "expected a week such as 2025-W04, or a day in it such as 2025-01-22"
    try:
        found = _WEEK.fullmatch(asked)
        day = date.fromisoformat(asked) if found is None else date.fromisocalendar(int(found[1]), int(found[2]), 1)
        return _monday(_monday(day) + timedelta(days=6))  # all of the week is in the calendar
    except (ValueError, OverflowError):
        raise InputError(f"--weekly: found {asked[:40]!r}; {expected}") from None


def _later(day: date, months: int) -> date:
    """Return the same day so many months later; the last one of a month that is too short."""
    year, month = divmod(day.year * MONTHS + day.month - 1 + months, MONTHS)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
