"""Published cases of clocks: each a calendar, a target, what happened, and what the clock must answer.

A file of cases is JSON, ``{"about": ..., "cases": [...]}``; ``docs/clocks.md`` describes the form. Instants are
ISO 8601 with an offset; what happens after the instant of asking has not happened yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from policy.calendars import WEEKDAYS, Calendar, Interval, to_datetime, to_instant
from policy.clocks import Clock
from policy.durations import LONGEST_MINUTES
from policy.errors import InputError
from policy.explain import shown
from policy.json_source import read_json
from policy.opening import MOST_INTERVALS, read_intervals
from policy.source import Source, validate

MAX_BYTES: Final = 20_000_000
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2199
_EXACT: Final = 1e-6
"""Minutes within which two answers are the same; instants are kept as floats of minutes."""


def _instant(value: Any) -> float:
    expected = "expected an instant in ISO 8601 with an offset, such as 2026-01-30T16:30:00+00:00"
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"found {shown(value)}; {expected}")
    if not _FIRST_YEAR < moment.year < _LAST_YEAR:  # both ends left out: the offset may carry it over them
        raise ValueError(f"found {shown(value)}; expected a year between {_FIRST_YEAR} and {_LAST_YEAR}")
    return to_instant(moment)


def _day(value: Any) -> Any:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"found {shown(value)}; expected a date such as 2025-12-25") from None


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"found {shown(value)}; expected a time zone such as Europe/Berlin") from None
    return value


def _hours(value: Any) -> Interval:
    expected = 'expected two times of day, such as ["09:00", "17:00"]'
    pair = value if isinstance(value, list) and all(isinstance(part, str) for part in value) else []
    if len(pair) != 2:
        raise ValueError(f"found {shown(value)}{f' of {len(value)}' if isinstance(value, list) else ''}; {expected}")
    if any("," in part for part in pair):
        raise ValueError(f"found {shown('-'.join(pair))}; {expected}; each interval is a pair of its own")
    try:
        (interval,) = read_intervals("-".join(pair))
    except InputError as error:
        raise ValueError(str(error)) from None
    return interval


Instant = Annotated[float, BeforeValidator(_instant)]
Minutes = Annotated[float, Field(ge=0, le=LONGEST_MINUTES, strict=True)]
Hours = Annotated[Interval, BeforeValidator(_hours)]
Day = Annotated[list[Hours], Field(max_length=MOST_INTERVALS)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CalendarDoc(_Part):
    """A calendar as a case writes it: opening hours as pairs by weekday, or always open."""

    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    always_open: bool = False
    hours: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], Day] = {}
    holidays: list[Annotated[date, BeforeValidator(_day)]] = []

    def calendar(self) -> Calendar:
        """Return the calendar."""
        if self.always_open:
            return Calendar(None, zone=self.time_zone)
        hours: Mapping[str, list[Interval]] = {str(day): parts for day, parts in self.hours.items()}
        return _calendar(
            self.time_zone, tuple(tuple(hours.get(day, ())) for day in WEEKDAYS), tuple(sorted(set(self.holidays)))
        )


@lru_cache(maxsize=1024)
def _calendar(zone: str, week: tuple[tuple[Interval, ...], ...], holidays: tuple[date, ...]) -> Calendar:
    """Return the calendar of these hours; cases that write the same one share it, and what it has worked out."""
    return Calendar(dict(zip(WEEKDAYS, week, strict=True)), zone=zone, holidays=holidays)


class EventDoc(_Part):
    """Something that happens to a clock."""

    at: Instant
    event: Literal["start", "pause", "resume", "stop", "reset", "set_target", "set_calendar"]
    minutes: Minutes | None = None
    calendar: CalendarDoc | None = None

    def applied(self, clock: Clock) -> Clock:
        """Return the clock after this event.

        Raises:
            InputError: it lacks the target or the calendar that it sets.
        """
        if self.event == "set_target":
            if self.minutes is None:
                raise InputError("set_target needs minutes")
            return clock.with_target(self.at, self.minutes)
        if self.event == "set_calendar":
            if self.calendar is None:
                raise InputError("set_calendar needs a calendar")
            return clock.with_calendar(self.at, self.calendar.calendar())
        moved: Clock = getattr(clock, self.event)(self.at)
        return moved


class AskDoc(_Part):
    """When the clock is asked."""

    at: Instant


class ExpectDoc(_Part):
    """What the clock must answer; what is left out is not compared."""

    due_at: Instant | None = None
    elapsed_minutes: Annotated[float, Field(strict=True)] | None = None
    remaining_minutes: Annotated[float, Field(strict=True)] | None = None
    breached: Annotated[bool, Field(strict=True)] | None = None
    breached_at: Instant | None = None


class CaseDoc(BaseModel):
    """One case; what else it says about itself (``family``, ``why``, ``source``) is for people."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str = Field(min_length=1, max_length=200)
    calendar: CalendarDoc
    target_minutes: Minutes
    events: list[EventDoc]
    ask: AskDoc
    expect: ExpectDoc


class CasesDoc(BaseModel):
    """A file of cases."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    cases: list[CaseDoc] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that is not the expected one; instants as ISO 8601, minutes as numbers."""

    id: str
    field: str
    expected: object
    got: object


def read_cases(path: Path) -> tuple[CaseDoc, ...]:
    """Read a file of cases.

    Raises:
        InputError: it is missing, no JSON, or not of this form; the message names the place.
    """
    return read_json(path, _cases, max_bytes=MAX_BYTES)


def _cases(source: Source) -> tuple[CaseDoc, ...]:
    cases = validate(CasesDoc, source).cases
    seen: set[str] = set()
    for index, case in enumerate(cases):
        if case.id in seen:
            raise source.error(("cases", index, "id"), f"the id {shown(case.id)} stands here twice")
        seen.add(case.id)
        if not case.expect.model_fields_set:
            legal = ", ".join(ExpectDoc.model_fields)
            raise source.error(("cases", index, "expect"), f"expects nothing; name at least one of {legal}")
        _check_events(case, index, source)
    return tuple(cases)


def _check_events(case: CaseDoc, index: int, source: Source) -> None:
    before = None
    for place, event in enumerate(case.events):
        path = ("cases", index, "events", place)
        if (event.event == "set_target") != (event.minutes is not None):
            raise source.error(path, f"{case.id}: minutes stand with set_target, and only there")
        if (event.event == "set_calendar") != (event.calendar is not None):
            raise source.error(path, f"{case.id}: a calendar stands with set_calendar, and only there")
        if before is not None and event.at < before:
            raise source.error((*path, "at"), f"{case.id}: is earlier than the event before it")
        before = event.at


def failures_of(case: CaseDoc) -> tuple[Failure, ...]:
    """Run one case; return every answer that is not the expected one."""
    now = case.ask.at
    clock = Clock(case.calendar.calendar(), case.target_minutes)
    for event in case.events:
        if event.at <= now:
            clock = event.applied(clock)
    breached_at = clock.breach(now)
    got: dict[str, float | bool | None] = {
        "due_at": clock.due_at(now),
        "elapsed_minutes": clock.elapsed(now),
        "remaining_minutes": clock.remaining(now),
        "breached": breached_at is not None,
        "breached_at": breached_at,
    }
    zone = clock.calendar.zone
    found = []
    for name, value in got.items():
        expected = getattr(case.expect, name)
        if name in case.expect.model_fields_set and not _same(expected, value):
            found.append(Failure(case.id, name, _said(name, expected, zone), _said(name, value, zone)))
    return tuple(found)


def _same(expected: float | bool | None, value: float | bool | None) -> bool:
    if expected is None or value is None:
        return expected is value
    return abs(expected - value) <= _EXACT


def _said(name: str, value: float | bool | None, zone: ZoneInfo) -> object:
    if value is not None and name.endswith("_at"):
        return to_datetime(value, zone).isoformat()
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, 6)
    return value
