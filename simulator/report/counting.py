"""What reports count: one replication's figures in each window, under keys that name them.

``docs/report.md`` says what each counts. The keys follow from the desk and the policy alone, so that all replications
have the same, and their figures lie in one array.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.attribution import Groups, Ints, Times
from simulator.codes import DE_ESCALATIONS, ESCALATIONS, HANDED_BACK, Cause, Ending, Entry, Fate, Judged, Measured, Slip
from simulator.derived import clocks, escalations
from simulator.metrics import month_metrics
from simulator.model import DeskModel
from simulator.openhours import Floats
from simulator.report.windows import Window
from simulator.tables import Run, Table, solved_at

Key = tuple[str, ...]
Mask = npt.NDArray[np.bool_]
HOURS: Final = 168
"""Hours of a week, Monday 00:00 UTC first."""
OWN_CLOCKS: Final = (Measured.FIRST_RESPONSE, Measured.RESOLUTION)
TIMERS: Final = (Measured.NO_PROGRESS, Measured.UNRESOLVED)
CAUSES: Final = tuple(cause for cause in Cause if cause != Cause.NONE)
REASONS: Final = tuple(entry for entry in Entry if entry in ESCALATIONS)
BACK: Final = (*DE_ESCALATIONS, *(entry for entry in HANDED_BACK if entry not in DE_ESCALATIONS))
"""Why tickets come back from a tier above: first what counts as a de-escalation."""
MANAGEMENT: Final = "management"
ELSEWHERE: Final = "elsewhere"
_TOLERANCE: Final = 1e-6
_UP: Final = (Ending.EXPERTISE, Ending.CODE_CHANGE, Ending.UNRESOLVABLE, Ending.NO_PROGRESS, Ending.UNRESOLVED,
              Ending.AGE, Ending.PREMATURE, Ending.SIGNAL)  # fmt: skip


def word(code: Entry | Judged | Cause | Measured | Slip) -> str:
    """Return a code as keys name it."""
    return str(code.name).lower()


def steps(model: DeskModel) -> tuple[str, ...]:
    """Return where escalations lead, as keys name it: the tiers above the first, then management."""
    return (*model.desk.tiers[1:], MANAGEMENT)


def count(run: Run, windows: Sequence[Window]) -> list[dict[Key, float]]:
    """Return the figures of a run in each window; what there is nothing of is not-a-number where it is a share."""
    counter = _Counter(run)
    return [dict(counter.figures(one)) for one in windows]


class _Counter:
    """The tables of a run, and what is counted in them."""

    def __init__(self, run: Run) -> None:
        self.run, self.model = run, run.model
        self.clocks, self.escalations, self.times = clocks(run), escalations(run), Times(run)
        places = self.escalations["to"]
        self.counted: Mask = (places < run.model.tiers) | np.isin(places, run.model.management)

    def figures(self, window: Window) -> Iterator[tuple[Key, float]]:
        """Yield every figure of a window under its key."""
        yield from self._month(window)
        yield from self._tickets(window)
        yield from self._escalations(window)
        yield from self._solved(window)
        yield from self._stays(window)
        yield from self._hours(window)

    def _month(self, window: Window) -> Iterator[tuple[Key, float]]:
        """Yield the figures that ``simulate`` prints, of this window alone."""
        run = replace(self.run, model=replace(self.model, start=window.start, end=window.end))
        found = month_metrics(run)
        tickets = self.run.tickets
        open_then = (tickets["opened"] < window.end) & ~(tickets["resolved"] < window.end)
        found["backlog_end"] = float(np.count_nonzero(open_then))
        yield from ((("figure", name), value) for name, value in found.items())

    def _tickets(self, window: Window) -> Iterator[tuple[Key, float]]:
        opened = self.run.tickets[_inside(self.run.tickets["opened"], window)]
        for what, names in self._kinds():
            yield from _counted(("opened", what), names, opened[what])

    def _kinds(self) -> tuple[tuple[str, Sequence[str]], ...]:
        return (("priority", self.model.priorities), ("plan", self.model.plans), ("category", self.model.categories))

    # -- escalations -------------------------------------------------------------------------------------------

    def _escalations(self, window: Window) -> Iterator[tuple[Key, float]]:
        model, recent = self.model, _inside(self.escalations["at"], window)
        up, aside = self.escalations[recent & self.counted], self.escalations[recent & ~self.counted]
        step = np.minimum(up["to"].astype(np.int64), model.tiers) - 1
        names = steps(model)
        yield from _counted(("step",), names, step)
        for place, tier in enumerate(model.desk.tiers):
            yield from _counted(("step", "from", tier), names, step[up["from"] == place])
        priority = self.run.tickets["priority"][up["ticket"]]
        for place, name in enumerate(model.priorities):
            yield from _counted(("step", "priority", name), names, step[priority == place])
        yield from _counted(("escalations", "category"), model.categories, up["category"])
        yield from _counted(("escalations", "priority"), model.priorities, priority)
        for reason in REASONS:
            mine = up["reason"] == reason
            yield ("reason", word(reason)), float(np.count_nonzero(mine))
        for judged in Judged:
            mine = up["judged"] == judged
            yield ("judged", word(judged)), float(np.count_nonzero(mine))
            yield from _counted(("judged", word(judged), "category"), model.categories, up["category"][mine])
            yield from _counted(("judged", word(judged), "from"), model.desk.tiers, up["from"][mine])
        came = self.run.visits["entry"][_inside(self.run.visits["entered"], window)]
        for entry in BACK:
            yield ("back", word(entry)), float(np.count_nonzero(came == entry))
        others = [place for place in range(model.tiers, len(model.places)) if place not in model.management]
        for place in others:
            yield (ELSEWHERE, model.places[place]), float(np.count_nonzero(aside["to"] == place))

    # -- tickets solved ----------------------------------------------------------------------------------------

    def _solved(self, window: Window) -> Iterator[tuple[Key, float]]:
        model, tickets = self.model, self.run.tickets
        solved = np.isin(tickets["fate"], (Fate.SOLVED, Fate.SOLVED_TOGETHER)) & _inside(tickets["resolved"], window)
        done = tickets[solved]
        answered = done["responded"] <= done["response_due"] + _TOLERANCE
        kept = (done["resolved"] <= done["resolution_due"] + _TOLERANCE) & (done["breached_before"] == 0)
        in_time = answered & kept
        yield ("solved",), float(len(done))
        yield ("breached",), float(np.count_nonzero(~in_time))
        tier = np.minimum(done["holder"].astype(np.int64), model.tiers - 1)
        for what, names, codes in (*((w, n, done[w]) for w, n in self._kinds()), ("tier", model.desk.tiers, tier)):
            for place, name in enumerate(names):
                mine = codes == place
                yield ("solved", what, name), float(np.count_nonzero(mine))
                yield ("breached", what, name), float(np.count_nonzero(mine & ~in_time))
                yield ("complied", what, name), _mean(in_time[mine])
                yield ("hours", what, name), _mean(done["resolution_minutes"][mine]) / 60
        yield from self._satisfied(window)
        yield from self._escalated(done)
        yield from self._breaches(solved)

    def _satisfied(self, window: Window) -> Iterator[tuple[Key, float]]:
        """Yield how content customers are whose tickets ended, also those who gave up or were turned away."""
        tickets = self.run.tickets
        ended = tickets[_inside(tickets["resolved"], window) & ~np.isnan(tickets["csat"])]
        tier = np.minimum(ended["holder"].astype(np.int64), self.model.tiers - 1)
        kinds = ((what, names, ended[what]) for what, names in self._kinds())
        for what, names, codes in (*kinds, ("tier", self.model.desk.tiers, tier)):
            for place, name in enumerate(names):
                yield ("csat", what, name), _mean(ended["csat"][codes == place])

    def _escalated(self, done: Table) -> Iterator[tuple[Key, float]]:
        """Yield, by priority, the mean time from the first escalation to the resolution, and against the average."""
        up = self.escalations[self.counted]
        first = np.full(len(self.run.tickets), np.inf)
        np.minimum.at(first, up["ticket"], up["at"])
        mine = done[np.isfinite(first[done["ticket"]])]
        own = Groups([kind.hours for kind in self.times.kinds], self.times.kind)
        since, until = first[mine["ticket"]], solved_at(self.run.visits, self.run.tickets)[mine["ticket"]]
        minutes = own.between(mine["ticket"].astype(np.int64), since, until)
        for place, name in enumerate(self.model.priorities):
            here = mine["priority"] == place
            usual = _mean(done["resolution_minutes"][done["priority"] == place])
            yield ("escalated", name), float(np.count_nonzero(here))
            yield ("escalated_hours", name), _mean(minutes[here]) / 60
            yield ("escalated_elapsed", name), _mean((until - since)[here]) / 60
            yield ("escalated_ratio", name), _mean(minutes[here]) / usual if usual else np.nan

    def _breaches(self, solved: Mask) -> Iterator[tuple[Key, float]]:
        """Yield the missed targets of solved tickets: first response and resolution, by cause."""
        rows = self.clocks[self.clocks["breached"] & solved[self.clocks["ticket"]]]
        for clock in OWN_CLOCKS:
            mine = rows[rows["clock"] == clock]
            yield ("breaches", word(clock)), float(len(mine))
            for cause in CAUSES:
                here = mine["cause"] == cause
                yield ("breaches", word(clock), word(cause)), float(np.count_nonzero(here))

    # -- stays, and people -------------------------------------------------------------------------------------

    def _stays(self, window: Window) -> Iterator[tuple[Key, float]]:
        """Yield what tiers did with the tickets that left them in the window, and their slips."""
        model, stays = self.model, self.times.stays
        left = _inside(stays["left"], window) & ~np.isnan(stays["began"])
        category = self.run.tickets["category"][stays["ticket"]]
        passed = left & np.isin(stays["ending"], _UP)
        for place, tier in enumerate(model.desk.tiers):
            mine = left & (stays["place"] == place)
            yield ("stays", tier), float(np.count_nonzero(mine))
            yield from _counted(("stays", tier), model.categories, category[mine])
            yield from _counted(("passed", tier), model.categories, category[mine & passed])
            for slip in Slip:
                yield ("slip", tier, word(slip)), float(np.count_nonzero(stays["slip"][mine] & slip))
        stopped = self.clocks[_inside(self.clocks["stopped"], window)]
        for clock in TIMERS:
            for place, tier in enumerate(model.desk.tiers):
                here = stopped[(stopped["clock"] == clock) & (stopped["place"] == place)]
                over = here[here["breached"]]
                yield ("timers", word(clock), tier), float(len(here))
                yield ("over", word(clock), tier), float(len(over))
                categories = self.run.tickets["category"][over["ticket"]]
                yield from _counted(("over", word(clock), tier), model.categories, categories)

    def _hours(self, window: Window) -> Iterator[tuple[Key, float]]:
        """Yield how busy each tier was in each hour of the week, and how long its people were there."""
        busy, staffed = busy_hours(self.run, window)
        for place, tier in enumerate(self.model.desk.tiers):
            yield ("staffed", tier), float(staffed[place].sum()) / 60
            there = staffed[place] > 0
            share = np.divide(busy[place], staffed[place], out=np.full(HOURS, np.nan), where=there)
            yield from ((("busy", tier, str(hour)), float(value)) for hour, value in enumerate(share))


def busy_hours(run: Run, window: Window) -> tuple[Floats, Floats]:
    """Return the minutes worked and the minutes on shift by hour of the week, arrays of shape (tiers, 168).

    Of the ordinary people of each tier, within their hours; those on call stand aside.
    """
    model = run.model
    busy, staffed = np.zeros((model.tiers, HOURS)), np.zeros((model.tiers, HOURS))
    edges = np.append(np.arange(window.start, window.end, 60.0), window.end)
    hour = _hour_of_week(model, edges[:-1])
    home = np.array([-1 if worker.on_call else worker.tier for worker in run.agents], np.int64)
    groups = np.array([id(worker.hours) for worker in run.agents], np.int64)
    known = {id(worker.hours): worker.hours for worker in run.agents}
    pieces, since, until = _by_hour(run.spells, window)
    agent = run.spells["agent"][pieces] if len(run.agents) else np.empty(0, np.int64)
    at = _hour_of_week(model, since)
    for key, hours in known.items():
        there = np.diff(hours.minutes_before(edges))
        in_week = np.bincount(hour, there, minlength=HOURS)
        here = groups[agent] == key
        worked = hours.between(since[here], until[here])
        for tier in range(model.tiers):
            staffed[tier] += in_week * np.count_nonzero((groups == key) & (home == tier))
            mine = home[agent[here]] == tier
            busy[tier] += np.bincount(at[here][mine], worked[mine], minlength=HOURS)
    return busy, staffed


def _by_hour(spells: Table, window: Window) -> tuple[Ints, Floats, Floats]:
    """Return spells of work cut at full hours: of which spell (its row), from when to when."""
    since = np.clip(spells["began"], window.start, window.end)
    until = np.clip(spells["ended"], window.start, window.end)
    first = np.floor(since / 60).astype(np.int64)
    number = np.maximum(np.ceil(until / 60).astype(np.int64) - first, 0) * (until > since)
    rows = np.repeat(np.arange(len(spells)), number)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(number) - number, number)
    begins = (first[rows] + place) * 60.0
    return rows, np.maximum(since[rows], begins), np.minimum(until[rows], begins + 60.0)


def _hour_of_week(model: DeskModel, at: Floats) -> Ints:
    """Return the hour of the week (0..167) of instants; windows open at midnight."""
    # 1970-01-01 was a Thursday.
    return np.asarray((np.floor((model.opening + at) / 60) + 72) % HOURS, np.int64)


def _counted(key: Key, names: Sequence[str], codes: npt.NDArray[np.integer]) -> Iterator[tuple[Key, float]]:
    numbers = np.bincount(np.asarray(codes, np.int64), minlength=len(names))
    yield from (((*key, name), float(number)) for name, number in zip(names, numbers, strict=True))


def _inside(at: Floats, window: Window) -> Mask:
    return np.asarray((at >= window.start) & (at < window.end))


def _mean(values: Floats | Mask) -> float:
    return float(values.mean()) if len(values) else np.nan
