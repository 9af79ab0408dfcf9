"""How figures move from month to month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np

from policy.calendars import Calendar, to_instant
from simulator.experiment import Estimate, estimate
from simulator.openhours import Floats
from simulator.report.aims import MEASURED, goal, sign
from simulator.report.figures import bare, figure, with_half
from simulator.report.model import NOTHING, Block, Kind, Point, Points, Section, Table, Text, Trend, Trends
from simulator.report.phrases import capital, cell, joined, mark
from simulator.report.subject import Subject
from simulator.report.windows import Window

TREND: Final = ("escalation_rate", "deescalation_rate", "sla_compliance", "csat")
"""The figures whose way is shown."""
_LEAST: Final = 3
"""Months of which one can stand out from the others."""
_TINY: Final = 1e-12
_WEEK: Final = timedelta(days=7)


def trend(subject: Subject, months: int) -> Section:
    """Return the section on how figures move from month to month; the windows before the last are the months."""
    title, anchor = "Trend over the months", "trend"
    windows = subject.gathered.windows[:months]
    if months < 2:
        note = "One month was played. With --months 6 the report plays six in a row, and shows how the figures move."
        return Section(title, anchor, (Text(note),))
    names = [f"{window.first:%b %Y}" for window in windows]
    parts, columns, titles = [], [], []
    for name in TREND:
        one, aim = MEASURED[name], subject.policy.targets.get(name)
        found = [subject.gathered.sample("figure", name, window=place) for place in range(months)]
        marks = tuple(mark(label, of, aim) for label, of in zip(names, found, strict=True))
        parts.append(Trend(one.name, one.kind, marks))
        titles.append(one.name + (", %" if one.kind == "share" else ""))
        unsure = max((of.half for of in found if np.isfinite(of.half)), default=np.nan)
        cells = [cell(of, one.kind) for of in found]
        if aim is not None:
            cells = [f"{sign(name, of.mean, aim)} {text}" for of, text in zip(found, cells, strict=True)]
        sure = f"± {with_half(0.0, float(unsure), one.kind)[1]}" if unsure > 0 else NOTHING if unsure else "all alike"
        columns.append(["" if aim is None else goal(name, aim), *cells, sure])
    rows = tuple(zip(("target", *names, "means are sure to"), *columns, strict=True))
    about = "Each point is the mean of a month, the line through it what single months do, the dashed line the target."
    return Section(title, anchor, (
        Trends("Trend over the months", about, tuple(parts)),
        Table("Figures by month, and in brackets the limits of a month", ("month", *titles), rows),
        *moves(subject, months),
    ))  # fmt: skip


def moves(subject: Subject, months: int) -> Iterator[Block]:
    """Yield what can be said of the way from the first month to the last, and of months that stand out.

    Each of the two is said with 95 % for all figures (and months) together.
    """
    found = []
    for name in TREND:
        one = MEASURED[name]
        first, last = (subject.gathered.of("figure", name, window=place) for place in (0, months - 1))
        for way, change in (("rises", last - first), ("falls", first - last)):
            by = estimate(change, 1 - 0.05 / len(TREND))
            if by.low > 0:
                text = f"{one.name} {way} by {_by(by, one.kind)} on average from the first month to the last."
                found.append(Point(text))
    found += outliers(subject, months)
    nothing = "No mean moves from the first month to the last by more than chance explains, and no month stands out."
    yield Points(tuple(found) or (Point(nothing),))


def outliers(subject: Subject, months: int) -> Iterator[Point]:
    """Yield the months that differ from what the others let expect by more than chance explains, and why if it shows.

    A month is compared, play by play, with the line through the other months, so that a steady way is no surprise. The
    one that is furthest from its line (in standard errors) is taken out, and the rest looked at again. Of three months
    only the one in the middle can be told apart from a steady way. 95 % for all months and figures together.
    """
    apart: dict[int, list[tuple[str, Estimate]]] = {}
    for name in TREND:
        for place, by in standing_out(np.array([subject.gathered.of("figure", name, window=i) for i in range(months)])):
            apart.setdefault(place, []).append((name, by))
    shut = [_shut(subject, window) for window in subject.gathered.windows[:months]]
    usual = max((len(days) for place, days in enumerate(shut) if place not in apart), default=0)
    for place, differences in sorted(apart.items()):
        parts = []
        for name, by in differences:
            one = MEASURED[name]
            mean = subject.gathered.sample("figure", name, window=place).mean
            called = one.name if one.name[1:2].isupper() else one.name[:1].lower() + one.name[1:]
            way = "above" if by.mean > 0 else "below"
            parts.append(f"{called}, {figure(mean, one.kind)}, is {_by(by, one.kind)} {way}")
        text = f"{capital(joined(parts))} what the other months let expect."
        worse = any((by.mean < 0) == (MEASURED[name].says == "at least") for name, by in differences)
        if worse and len(shut[place]) > usual:
            text += " " + _why(shut[place])
        yield Point(text, f"{subject.gathered.windows[place].name} stands out")


def standing_out(values: Floats) -> list[tuple[int, Estimate]]:
    """Return which months stand out and by how much, the clearest first; ``values`` has shape (months, plays)."""
    every, rest = len(values), list(range(len(values)))
    found: list[tuple[int, Estimate]] = []
    while len(rest) >= _LEAST:
        asked = rest if len(rest) > _LEAST else rest[1:-1]
        differences = {place: _from_line(values, place, [one for one in rest if one != place]) for place in asked}
        known = {place: estimate(one, 1 - 0.05 / (every * len(TREND))) for place, one in differences.items()}
        clear = {place: by for place, by in known.items() if by.low > 0 or by.high < 0}
        if not clear:
            break
        top = max(clear, key=lambda place: abs(clear[place].mean) / max(clear[place].sd, _TINY))
        found.append((top, clear[top]))
        rest.remove(top)
    return found


def _from_line(values: Floats, place: int, others: Sequence[int]) -> Floats:
    """Return, play by play, how far a month is from the straight line (least squares) through other months."""
    at = np.array(others, np.float64)
    away = at - at.mean()
    weights = 1 / len(at) + (place - at.mean()) * away / (away**2).sum()
    return np.asarray(values[place] - weights @ values[others])


def _by(by: Estimate, kind: Kind) -> str:
    """Return a difference without its sign, and its interval in brackets."""
    mean, *ends = (bare(abs(x), kind) for x in (by.mean, by.low, by.high))
    low, high = ends if by.mean > 0 else ends[::-1]
    return f"{mean}{' points' if kind == 'share' else ''} ({low} to {high})"


def _shut(subject: Subject, window: Window) -> tuple[date, ...]:
    """Return the working days on which the first tier is closed, but on which the desk expects no fewer tickets."""
    calendar, quiet = subject.rules.tier_calendar(subject.tiers[0]), subject.model.desk.demand.quiet_days
    expected = set(quiet.dates) if quiet.factor < 1 else set()
    days = (window.first + timedelta(days=i) for i in range((window.last - window.first).days + 1))
    return tuple(
        day for day in days
        if day not in expected and not _open(calendar, day) and any(_open(calendar, day + k * _WEEK) for k in (-1, 1))
    )  # fmt: skip


def _open(calendar: Calendar, day: date) -> bool:
    start = to_instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
    return calendar.open_minutes(start, start + 1440.0) > 0


def _why(days: Sequence[date]) -> str:
    """Return the reason that can be seen: days on which the desk is closed and tickets come as usual."""
    months = list(dict.fromkeys(f"{day:%B}" for day in days))
    parts = (joined(str(day.day) for day in days if f"{day:%B}" == month) + f" {month}" for month in months)
    named = joined(parts)
    it = "that day" if len(days) == 1 else "these days"
    return (
        f"A likely reason: the policy's calendar is closed on {named}, and the desk file lets as many tickets come on "
        f"{it} as on other days (demand.quiet_days)."
    )
