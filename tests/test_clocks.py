"""Clocks against published cases, and against a count that knows nothing but minutes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wallclock import Plan, Readings, moments, opened, plans, readings

from policy.calendars import WEEKDAYS, Calendar, Interval, to_instant
from policy.clock_cases import CaseDoc, failures_of, read_cases
from policy.clocks import Clock

CASES_FILE = Path(__file__).parents[1].parent / "shared/cases/sla.json"
CASES = read_cases(CASES_FILE) if CASES_FILE.is_file() else ()


# -- published cases ----------------------------------------------------------------------------------------------


def instant(text: str) -> float:
    return to_instant(datetime.fromisoformat(text))


@pytest.mark.skipif(not CASES, reason="the published clock cases (shared/cases/sla.json) are not beside the project")
def test_the_published_cases_were_found() -> None:
    assert len(CASES) >= 50


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_published_case(case: CaseDoc) -> None:
    assert case.expect.model_fields_set == {"due_at", "elapsed_minutes", "remaining_minutes", "breached", "breached_at"}
    assert failures_of(case) == ()


# -- random lives against a minute-by-minute count ----------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """Something that happens to a clock ``after`` minutes from the start of the window."""

    after: int
    kind: str
    target: int = 0
    plan: Plan | None = None


@dataclass
class Counter:
    """The same clock as a program would have it that looks at every single minute."""

    target: int
    plan: Plan
    state: str = "new"
    elapsed: int = 0
    breached_at: int | None = None

    def apply(self, event: Event) -> None:
        moves = {
            ("start", "new"): "running", ("start", "stopped"): "running", ("pause", "running"): "paused",
            ("resume", "paused"): "running", ("stop", "running"): "stopped", ("stop", "paused"): "stopped",
        }  # fmt: skip
        if event.kind == "reset":
            self.elapsed = 0
        elif event.kind == "set_target":
            self.target = event.target
        elif event.kind == "set_calendar" and event.plan is not None:
            self.plan = event.plan
        else:
            self.state = moves.get((event.kind, self.state), self.state)


KINDS = ["start", "pause", "resume", "stop", "reset", "set_target", "set_calendar"]
WINDOW = 4 * 1440


AROUND = st.one_of(st.integers(0, WINDOW), st.integers(1380, 1620))  # the second is where clocks change
TARGETS = st.one_of(st.integers(1, 240), st.integers(1, 3000))
EVENTS = st.lists(st.tuples(AROUND, st.sampled_from(KINDS)), max_size=7)
PLANS = plans()


@st.composite
def lives(draw: st.DrawFn) -> tuple[str, date, Plan, int, list[Event], int]:
    """Return a zone, the first day of the window, a plan of hours, a target, events in order, and when to ask."""
    zone, day = draw(moments())
    drawn = draw(EVENTS)
    times = sorted([draw(AROUND), *(at for at, _ in drawn)])
    events = [
        Event(at, kind, draw(TARGETS) if kind == "set_target" else 0, draw(PLANS) if kind == "set_calendar" else None)
        for at, kind in zip(times, ["start", *(kind for _, kind in drawn)], strict=True)
    ]
    return zone, day, draw(PLANS), draw(TARGETS), events, draw(AROUND)


def count(local: Readings, plan: Plan, target: int, events: list[Event], ask: int) -> tuple[Counter, int | None]:
    """Return the counter at ``ask``, and its due: minutes from the window's start, -1 beyond the window, or None.

    What had elapsed at each minute is held in an array; between two events it is a running sum of the open minutes.
    """
    counter = Counter(target, plan)
    history = np.zeros(ask + 1, dtype=np.int64)  # elapsed at each minute
    since = 0  # the minute of the last reset
    stations = sorted({0, ask, *(event.after for event in events if event.after <= ask)})
    for here, ahead in zip(stations, [*stations[1:], ask + 1], strict=True):
        for event in events:
            if event.after == here:
                counter.apply(event)
                since = here if event.kind == "reset" else since
        counts = opened(local, counter.plan)[here : ahead - (here == ask)] & (counter.state == "running")
        sums = counter.elapsed + np.concatenate(([0], np.cumsum(counts)))
        history[here:ahead] = sums[: ahead - here]
        over = np.flatnonzero(history[here:ahead] >= counter.target)
        if counter.breached_at is None and counter.state == "running" and len(over):
            counter.breached_at = here + int(over[0])
        counter.elapsed = int(sums[-1])
    if counter.state != "running":
        return counter, None
    if counter.elapsed >= counter.target:
        return counter, since + int(np.flatnonzero(history[since:] >= counter.target)[0])
    ahead_of = np.flatnonzero(np.cumsum(opened(local, counter.plan)[ask:]) >= counter.target - counter.elapsed)
    return counter, ask + int(ahead_of[0]) + 1 if len(ahead_of) else -1


@given(lives())
def agrees(life: tuple[str, date, Plan, int, list[Event], int]) -> None:
    """Compare a clock with the count of every minute."""
    zone, day, plan, target, events, ask = life
    local = readings(zone, day)
    counter, due = count(local, plan, target, events, ask)
    begin = to_instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
    clock = Clock(plan.calendar(zone), target)
    for event in events:
        if event.after > ask:
            continue
        at = begin + event.after
        if event.kind == "set_target":
            clock = clock.with_target(at, event.target)
        elif event.kind == "set_calendar":
            assert event.plan is not None
            clock = clock.with_calendar(at, event.plan.calendar(zone))
        else:
            clock = getattr(clock, event.kind)(at)
    now = begin + ask
    assert clock.state == counter.state
    assert clock.elapsed(now) == counter.elapsed
    assert clock.remaining(now) == counter.target - counter.elapsed
    breached = clock.breach(now)
    assert (None if breached is None else breached - begin) == counter.breached_at
    found = clock.due_at(now)
    if due is None:
        assert found is None
    elif due == -1:
        assert found is None or found - begin > len(local.minute)
    else:
        assert found == begin + due


@pytest.mark.parametrize("examples", [500, pytest.param(10_000, marks=pytest.mark.heavy)])
def test_a_clock_agrees_with_counting_every_minute(examples: int) -> None:
    settings(max_examples=examples, deadline=None)(agrees)()


@settings(max_examples=60, deadline=None)
@given(lives(), st.lists(st.integers(0, WINDOW), max_size=5))
def test_looking_changes_nothing(life: tuple[str, date, Plan, int, list[Event], int], looks: list[int]) -> None:
    """Asking a clock on the way, or telling it what does not fit its state, leaves every answer as it was."""
    zone, day, plan, target, events, ask = life
    begin = to_instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
    calendar = plan.calendar(zone)
    plain = looked = Clock(calendar, target)
    simple = [event for event in events if event.kind not in ("set_target", "set_calendar") and event.after <= ask]
    stations = [(event.after, 0, event.kind) for event in simple] + [(look, 1, "") for look in looks if look < ask]
    for after, _, kind in sorted(stations, key=lambda station: station[:2]):
        if kind:
            plain, looked = getattr(plain, kind)(begin + after), getattr(looked, kind)(begin + after)
        else:
            looked = looked.advanced(begin + after).with_target(begin + after, target)
    now = begin + ask
    for question in ("elapsed", "remaining", "due_at", "breach"):
        assert getattr(plain, question)(now) == getattr(looked, question)(now), question


# -- single points ------------------------------------------------------------------------------------------------

OFFICE = Calendar({day: [(540, 1020)] for day in WEEKDAYS[:5]})
MONDAY = instant("2026-02-02T00:00:00+00:00")


def test_the_example_of_the_documentation() -> None:
    """docs/clocks.md tells the story of this ticket."""
    hours: list[Interval] = [(540, 720), (780, 1020)]
    desk = Calendar(dict.fromkeys(WEEKDAYS[:5], hours), zone="Europe/Berlin")

    def friday(text: str, days: int = 0) -> float:
        moment = datetime.fromisoformat(f"2026-02-06T{text}:00").replace(tzinfo=ZoneInfo("Europe/Berlin"))
        return to_instant(moment + timedelta(days=days))

    clock = Clock(desk, 240).start(friday("11:30"))
    assert clock.due_at(clock.at) == friday("16:30")
    clock = clock.pause(friday("13:30"))
    assert (clock.elapsed_then, clock.due_at(clock.at)) == (60, None)
    clock = clock.resume(friday("16:00"))
    assert (clock.elapsed_then, clock.due_at(clock.at)) == (60, friday("11:00", 3))
    assert clock.breach(friday("10:00", 3)) is None
    clock = clock.with_target(friday("10:00", 3), 120)
    assert (clock.elapsed_then, clock.due_at(clock.at)) == (180, friday("17:00"))
    assert clock.breach(clock.at) == friday("10:00", 3)
    friday_late = MONDAY + 4 * 1440 + 1010  # 16:50
    assert OFFICE.add(friday_late, 480) == MONDAY + 7 * 1440 + 1010


def test_a_clock_without_a_target_is_never_due() -> None:
    clock = Clock(OFFICE).start(MONDAY)
    assert clock.due_at(MONDAY) is None
    assert clock.breach(MONDAY + 10_000) is None
    assert clock.remaining(MONDAY + 600) == math.inf


def test_a_clock_on_a_calendar_that_never_opens_is_never_due() -> None:
    closed = Calendar({})
    clock = Clock(closed, 30).start(MONDAY)
    assert clock.due_at(MONDAY) is None
    assert clock.elapsed(MONDAY + 100_000) == 0
    assert clock.breach(MONDAY + 100_000) is None


def test_fractions_of_a_minute_count() -> None:
    clock = Clock(Calendar.always(), 1.5).start(MONDAY)
    assert clock.due_at(MONDAY) == MONDAY + 1.5
    assert clock.breach(MONDAY + 1.25) is None
    assert clock.breach(MONDAY + 1.5) == MONDAY + 1.5


def test_events_that_change_nothing_leave_no_trace() -> None:
    """A clock that is told a thousand times what it knows stays as small as one that was told once."""
    clock = Clock(OFFICE, 600).start(MONDAY)
    for minute in range(1000):
        clock = clock.resume(MONDAY + minute)
    assert len(clock.pieces) == 1
    assert clock.due_at(MONDAY + 1000) == MONDAY + 1440 + 540 + 120


def test_a_clock_of_many_pieces_finds_the_piece_by_search(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(Calendar.always(), 5000).start(MONDAY)
    for hour in range(2000):
        clock = clock.pause(MONDAY + hour * 60 + 10).resume(MONDAY + hour * 60 + 60)
    asked: list[float] = []
    add = Calendar.add
    monkeypatch.setattr(Calendar, "add", lambda self, at, minutes: asked.append(at) or add(self, at, minutes))
    monkeypatch.setattr(Calendar, "open_minutes", lambda *_: pytest.fail("pieces are searched, not counted again"))
    assert clock.reaches(5000) == MONDAY + 499 * 60 + 10
    assert len(asked) == 1


def test_the_half_hour_of_lord_howe() -> None:
    """The island moves its clocks by 30 minutes: 02:00 becomes 01:30, and 02:00 becomes 02:30."""
    zone = ZoneInfo("Australia/Lord_Howe")
    night: list[Interval] = [(60, 180)]
    calendar = Calendar({"sun": night}, zone=zone.key)
    autumn = to_instant(datetime(2025, 4, 6, tzinfo=zone))
    assert calendar.open_minutes(autumn, autumn + 1440) == 150
    spring = to_instant(datetime(2025, 10, 5, tzinfo=zone))
    assert calendar.open_minutes(spring, spring + 1440) == 90
    assert timedelta(minutes=calendar.add(autumn, 150) - autumn) == timedelta(hours=3, minutes=30)
