"""When time counts: the calendars in words, with their holidays and special days by year."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Final

from policy.calendars import WEEKDAYS
from policy.document import CalendarDoc
from policy.handbook.model import Row, Span, Spans, Table
from policy.handbook.phrases import calendar_name, capital, clean, listed
from policy.handbook.reading import Book
from policy.loading import Policy

ANCHOR: Final = "hours"
"""The place where calendars are described."""
TITLE: Final = "When time counts"
"""What stands over it; on paper and in a terminal a link leads nowhere, so it is named."""
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def hours_words(policy: Policy, name: str) -> str:
    """Return the opening hours of a calendar in words; that it has holidays, without their dates."""
    doc = policy.doc.calendars[name]
    holidays = ", except on holidays" if _closed(doc) else ""
    special = ", and by special hours on some days" if _special(doc) else ""
    return _week(doc) + holidays + special


def hours_spans(policy: Policy, name: str) -> Spans:
    """Return the opening hours of a calendar, leading to its dates where it has some."""
    doc = policy.doc.calendars[name]
    said = Span(hours_words(policy, name))
    if not _closed(doc) and not _special(doc):
        return (said,)
    return said, Span(" (the dates: "), Span(f"“{TITLE}”", "link", ANCHOR), Span(")")


def hours_table(book: Book) -> Table:
    """Return every calendar: what counts by it, its hours, and the days on which they do not hold."""
    rows = []
    for name, doc in book.policy.doc.calendars.items():
        counted = [priority for priority in book.policy.priorities if calendar_name(book, priority) == name]
        title = capital(clean(name.replace("_", " "))) + (f" ({listed(counted)})" if counted else "")
        dated = [f"closed in {line}" for line in _by_year(_closed(doc))]
        dated += [f"{dates_words([day])} {day.year}: {hours}" for day, hours in _special(doc).items()]
        days = "\n".join(map(capital, dated)) or "no day"
        rows.append(Row(((Span(title),), (Span(_week(doc)),), (Span(days),))))
    return Table("Calendars", ("Calendar", "Open", "Except"), tuple(rows))


def dates_words(days: Iterable[date]) -> str:
    """Return dates of one year in words, without the year: "1 January, 18 and 21 April"."""
    months = groupby(sorted(days), key=lambda day: day.month)
    return ", ".join(f"{listed([str(day.day) for day in same])} {_MONTHS[month - 1]}" for month, same in months)


def _by_year(days: Iterable[date]) -> list[str]:
    years = groupby(sorted(days), key=lambda day: day.year)
    return [f"{year}: {dates_words(same)}" for year, same in years]


def _closed(doc: CalendarDoc) -> set[date]:
    """Return the days without any hours."""
    closed = {date.fromisoformat(text) for text in doc.holidays}
    return closed | {date.fromisoformat(text) for text, hours in doc.special_days.items() if not hours.strip()}


def _special(doc: CalendarDoc) -> dict[date, str]:
    """Return the days with hours of their own; a holiday stays closed."""
    closed = _closed(doc)
    days = {date.fromisoformat(text): _interval(hours) for text, hours in sorted(doc.special_days.items())}
    return {day: hours for day, hours in days.items() if day not in closed}


def _interval(opening: str) -> str:
    return clean(opening).replace("-", "–")


def _week(doc: CalendarDoc) -> str:
    if doc.always_open:
        return "around the clock"
    days: dict[str, list[str]] = {}
    for day, opening in doc.hours.items():
        if opening.strip():
            days.setdefault(_interval(opening), []).append(day)
    said = "; ".join(f"{_days(names)} {opening}" for opening, names in days.items())
    return f"{said or 'no weekday'} ({doc.time_zone})"


def _days(names: Sequence[str]) -> str:
    """Return days of the week as people say them: "Mon to Fri", "Sat and Sun"."""
    called = [name.capitalize() for name in WEEKDAYS if name in names]
    first = WEEKDAYS.index(called[0].lower())
    together = len(called) > 2 and list(WEEKDAYS[first : first + len(called)]) == [name.lower() for name in called]
    return f"{called[0]} to {called[-1]}" if together else listed(called)
