"""How figures move from month to month."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from simulator.experiment import estimate
from simulator.report.aims import MEASURED, goal, sign
from simulator.report.figures import bare, figure
from simulator.report.model import Block, Point, Points, Section, Table, Text, Trend, Trends
from simulator.report.phrases import cell, mark
from simulator.report.subject import Subject

TREND: Final = ("escalation_rate", "deescalation_rate", "sla_compliance", "csat")
"""The figures whose way is shown."""


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
        columns.append(["" if aim is None else goal(name, aim), *cells, f"± {bare(unsure, one.kind)}"])
    rows = tuple(zip(("target", *names, "means are sure to"), *columns, strict=True))
    about = "Each point is the mean of a month, the line through it what single months do, the dashed line the target."
    return Section(title, anchor, (
        Trends("Trend over the months", about, tuple(parts)),
        Table("Figures by month, and in brackets the limits of a month", ("month", *titles), rows),
        *moves(subject, months),
    ))  # fmt: skip


def moves(subject: Subject, months: int) -> Iterator[Block]:
    """Yield what can be said of the way from the first month to the last (95 % for all figures together)."""
    found = []
    for name in TREND:
        one = MEASURED[name]
        first, last = (subject.gathered.of("figure", name, window=place) for place in (0, months - 1))
        for way, change in (("rises", last - first), ("falls", first - last)):
            by = estimate(change, 1 - 0.05 / len(TREND))
            if by.low > 0:
                mean, low, high = (figure(x, one.kind).replace(" %", " points") for x in (by.mean, by.low, by.high))
                text = f"{one.name} {way} by {mean} on average ({low} to {high}) from the first month to the last."
                found.append(Point(text))
    nothing = "No mean moves from the first month to the last by more than chance explains."
    yield Points(tuple(found) or (Point(nothing),))
