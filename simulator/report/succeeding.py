"""What went well in one play and over all plays, found by rules that ``docs/report.md`` describes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from policy.durations import format_minutes
from simulator.codes import Fate, Judged
from simulator.derived import TOLERANCE, escalations
from simulator.report.aims import MEASURED, meeting, target
from simulator.report.figures import figure
from simulator.report.model import Point
from simulator.report.phrases import quoted
from simulator.report.subject import Subject
from simulator.report.windows import Window
from simulator.tables import Table

WELL_WITHIN: Final = 0.5
"""A share of the target's time within which a ticket counts as solved well within it."""
DELIGHTED: Final = 4.95
"""Points of satisfaction that count as all of them."""
SEVERAL: Final = 5
"""Escalations of a subject from which on it is worth saying that all were appropriate."""
RELIABLE: Final = 0.95
"""A share of the plays in which a target is met reliably."""


def successes(subject: Subject) -> tuple[Point, ...]:
    """Return what went well; one sentence that says so where nothing stands out."""
    window = subject.gathered.windows[-1]
    found = (
        *severe(subject, window), *delighted(subject, window), *all_appropriate(subject, window),
        *together(subject, window), *reliable(subject),
    )  # fmt: skip
    return found or (Point("Nothing stands out."),)


def severe(subject: Subject, window: Window) -> Iterator[Point]:
    """Yield the most severe priority's ticket that was solved furthest within its target."""
    done = _done(subject, window)
    for priority in range(len(subject.model.priorities)):
        mine = done[done["priority"] == priority]
        if not len(mine):
            continue
        share = mine["resolution_minutes"] / _targets(subject, mine)
        best = int(np.argmin(share))
        if share[best] <= WELL_WITHIN and np.isfinite(_targets(subject, mine)[best]):
            spent, aim = float(mine["resolution_minutes"][best]), float(_targets(subject, mine)[best])
            yield Point(f"{_ticket(subject, mine[best])} was solved in {_said(spent)} (target: {_said(aim)}).")
        return  # of the most severe there were, whether or not one was that quick


def delighted(subject: Subject, window: Window) -> Iterator[Point]:
    """Yield an escalation that left its customer wholly satisfied, of the highest plan that has one."""
    done = _done(subject, window)
    up = _counted(subject)
    mine = done[np.isin(done["ticket"], up["ticket"]) & (done["csat"] >= DELIGHTED)]
    if len(mine):
        best = mine[np.lexsort((mine["ticket"], mine["priority"], -mine["plan"].astype(np.int64)))[0]]
        plan = subject.label(subject.model.plans[int(best["plan"])])
        yield Point(
            f"{_ticket(subject, best)} was escalated, and its customer (plan {plan}) gives it "
            f"{figure(float(best['csat']), 'points')}."
        )


def all_appropriate(subject: Subject, window: Window) -> Iterator[Point]:
    """Yield the subject with most escalations of which every one was appropriate."""
    up = _counted(subject)
    up = up[(up["at"] >= window.start) & (up["at"] < window.end)]
    counts = np.bincount(up["category"], minlength=len(subject.model.categories))
    clean = [
        place for place in range(len(counts))
        if counts[place] >= SEVERAL and (up["judged"][up["category"] == place] == Judged.APPROPRIATE).all()
    ]  # fmt: skip
    if clean:
        top = max(clean, key=lambda place: int(counts[place]))
        name = quoted(subject.label(subject.model.categories[top]))
        yield Point(f"All {counts[top]} escalations about {name} were appropriate.")


def together(subject: Subject, window: Window) -> Iterator[Point]:
    """Yield the outage of which most tickets were solved together."""
    done = _done(subject, window)
    mine = done[(done["cause"] >= 0) & (done["fate"] == Fate.SOLVED_TOGETHER)]
    if len(mine):
        number = np.bincount(mine["cause"]).max()
        others = "one other ticket was" if number == 1 else f"{number} other tickets were"
        yield Point(f"When one ticket of an outage was solved, {others} solved together with it.")


def reliable(subject: Subject) -> Iterator[Point]:
    """Yield the targets that nearly every play meets."""
    for name, aim in subject.policy.targets.items():
        if name in MEASURED:
            found = subject.gathered.sample("figure", name)
            met = meeting(name, found, aim)
            if found.known and met >= RELIABLE * found.known:
                which = f"{met} of {found.known} {subject.plural} played"
                yield Point(f"{MEASURED[name].name} is {target(name, aim)} in {which}.")


def _done(subject: Subject, window: Window) -> Table:
    tickets = subject.run.tickets
    solved = np.isin(tickets["fate"], (Fate.SOLVED, Fate.SOLVED_TOGETHER))
    return tickets[solved & (tickets["resolved"] >= window.start) & (tickets["resolved"] < window.end)]


def _counted(subject: Subject) -> Table:
    rows = escalations(subject.run)
    return rows[(rows["to"] < subject.model.tiers) | np.isin(rows["to"], subject.model.management)]


def _targets(subject: Subject, tickets: Table) -> Any:
    """Return the resolution target of each ticket in minutes, shape (tickets,)."""
    figures = np.array([[kind.resolution for kind in kinds] for kinds in subject.model.kinds])
    return figures[tickets["priority"], tickets["plan"]]


def _ticket(subject: Subject, row: Any) -> str:
    priority = subject.priority(subject.model.priorities[int(row["priority"])])
    category = subject.label(subject.model.categories[int(row["category"])])
    return f"Ticket {int(row['ticket']) + 1}, {priority}, {quoted(category)},"


def _said(minutes: float) -> str:
    return format_minutes(float(round(minutes))) if minutes >= 1 - TOLERANCE else "less than a minute"
