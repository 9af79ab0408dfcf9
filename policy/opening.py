"""Opening hours as people write them, and the calendars of a policy made of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from policy.calendars import WEEKDAYS, Calendar, Interval, to_instant
from policy.document import CalendarDoc
from policy.durations import parse_duration
from policy.errors import InputError
from policy.source import Key, Source

T = TypeVar("T")
MOST_INTERVALS: Final = 48
"""Intervals of opening hours on one day: one each half-hour."""
_FAR: Final = to_instant(datetime(2190, 1, 1, tzinfo=UTC))
"""A calendar that a policy can use is still open some time after this."""


def read_calendar(source: Source, name: str, doc: CalendarDoc) -> Calendar:
    """Return the calendar ``name`` of a policy file.

    Raises:
        InputError: a time zone, time of day or date that is none, more than 48 intervals on a day, a business day that
            is not hours of one day, or a calendar that never opens; the message names the very key.
    """

    def at(path: tuple[Key, ...], read: Callable[[], T]) -> T:
        try:
            return read()
        except InputError as error:
            raise source.error(("calendars", name, *path), str(error)) from None

    at(("time_zone",), partial(_refuse_unknown_zone, doc.time_zone))
    day_minutes = at(("business_day",), partial(_business_day, doc.business_day))
    if doc.always_open:
        whole_day = doc.business_day == "8h"  # not said otherwise
        return Calendar(None, zone=doc.time_zone, day_minutes=1440.0 if whole_day else day_minutes, name=name)
    hours = {day: at(("hours", day), partial(read_intervals, doc.hours.get(day, ""))) for day in WEEKDAYS}
    holidays = [at(("holidays", index), partial(_day, text)) for index, text in enumerate(doc.holidays)]
    special = {}
    for text, parts in doc.special_days.items():
        day = at(("special_days", text), partial(_day, text))
        special[day] = at(("special_days", text), partial(read_intervals, parts))
    calendar = Calendar(
        hours, zone=doc.time_zone, holidays=holidays, special_days=special, day_minutes=day_minutes, name=name
    )
    if not any(hours.values()):
        path = ("calendars", name, "hours") if "hours" in doc.model_fields_set else ("calendars", name)
        raise source.error(path, "is open on no weekday; give at least one its hours, or write always_open: true")
    if math.isinf(calendar.next_open(_FAR)):
        raise source.error(("calendars", name, "holidays"), "leave no day on which the calendar is open")
    return calendar


def read_intervals(text: str) -> list[Interval]:
    """Read opening hours such as ``"09:00-12:30, 13:00-17:00"``; an empty text is closed.

    Raises:
        InputError: not of that form, an interval that does not end after it begins, or more than 48 of them.
    """
    intervals: list[Interval] = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        opens, dash, closes = part.partition("-")
        low, high = _minute(opens), _minute(closes)
        if not dash or low >= high:
            raise InputError(f"found {part!r}; expected opening hours such as 09:00-17:00")
        intervals.append((low, high))
        if len(intervals) > MOST_INTERVALS:
            raise InputError(f"found more than {MOST_INTERVALS} intervals; a day holds at most that many")
    return intervals


def _minute(text: str) -> int:
    clock = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", text.strip())
    if clock is None:
        raise InputError(f"found {text!r}; expected a time of day such as 09:00")
    value = int(clock[1]) * 60 + int(clock[2])
    if value > 1440 or int(clock[2]) > 59:
        raise InputError(f"found {text!r}; a day ends at 24:00")
    return value


def _business_day(text: str) -> float:
    length = parse_duration(text)
    if length.business_days or not 0 < length.amount <= 1440:
        raise InputError(f'found "{text}"; expected hours of one day, such as 8h')
    return length.amount


def _refuse_unknown_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(f'found "{name}"; expected a time zone such as Europe/Berlin') from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"found {text!r}; expected a date such as 2025-12-25") from None
