"""What is read off verdicts when the rulebook is probed, and when it is probed: a week in which all is as usual."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from policy.calendars import Calendar, to_instant
from policy.conditions import ClockReaches
from policy.fast import FastVerdict, Owed
from policy.verdict import ActKey

ESCALATE: Final = "escalate"
REPLY: Final = "reply"
RESOLVE: Final = "resolve"
FIRST_RESPONSE: Final = "first_response"
UPDATE: Final = "update"
CUSTOMER: Final = "customer"
SEARCHED_WEEKS: Final = 104


def early(timer: ClockReaches, attributes: Mapping[str, str | None], day: float) -> float:
    """Return how many minutes before its figure a rule first sees a clock."""
    return timer.early.minutes(attributes, day) if timer.early.fixed or timer.early.by else 0.0


def escalations(verdict: FastVerdict) -> list[Owed]:
    """Return the escalations that are owed."""
    return [owed for owed in verdict.obligations if owed.verb == ESCALATE]


def added(before: FastVerdict, after: FastVerdict) -> list[Owed]:
    """Return the escalations that are owed anew, or now for one more reason."""
    known: dict[ActKey, set[str]] = {owed.key: set(owed.rules) for owed in escalations(before)}
    return [owed for owed in escalations(after) if not set(owed.rules) <= known.get(owed.key, set())]


def replies(verdict: FastVerdict, what: str) -> list[Owed]:
    """Return what is owed to the customer as a reply of this content."""
    return [
        owed for owed in verdict.obligations
        if owed.verb == REPLY and owed.what == what and owed.to in (None, CUSTOMER)
    ]  # fmt: skip


def quiet_monday(calendar: Calendar) -> float:
    """Return the first opening of a week in which the calendar has its usual hours, 2025 or later."""
    if calendar.always_open:
        return to_instant(datetime(2025, 3, 3, 9, tzinfo=UTC))
    mondays = [to_instant(datetime(2025, 1, 6, tzinfo=UTC) + timedelta(weeks=w)) for w in range(SEARCHED_WEEKS)]
    lengths = [calendar.open_minutes(monday, monday + 7 * 1440.0) for monday in mondays]
    usual = max(sorted(set(lengths)), key=lengths.count)
    # Two usual weeks in a row: what falls due after a week of work is counted on usual days too.
    for week in range(SEARCHED_WEEKS - 1):
        if lengths[week] == lengths[week + 1] == usual:
            return calendar.next_open(mondays[week])
    return calendar.next_open(mondays[0])
