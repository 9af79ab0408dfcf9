"""One replication of a system on the desk: played by the engine, and its tables added up.

Nothing is known here of queueing theory. What a window of time contains is integrated exactly from the instants in the
tables; what is said of visits is said of those for which it happens within the window, so that none is cut off by it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from simulator.codes import Ending, Entry
from simulator.draws.streams import GRAIN
from simulator.engine.core import Desk
from simulator.model import DeskModel
from simulator.openhours import Floats
from simulator.run import played_desk
from simulator.tables import Table
from simulator.theory.quantities import Sum
from simulator.theory.system import Service, System, loads, network, relaxation, stretch, traffic
from simulator.theory.textbook import textbook_model

WARM_UP: Final = 6.0
LENGTH: Final = 100.0
"""A replication is discarded, then measured, for so many relaxation times."""
LEAST_LENGTH: Final = 30.0
MANY_TICKETS: Final = 10_000
"""Where more tickets come in that time, it is measured no longer than they take to come, but at least so many times."""
QUIET: Final = 3.0
"""So many relaxation times before the end, tickets no longer count for the controls: their work may be cut off."""
FEWEST_TICKETS: Final = 1500
MOST_TICKETS: Final = 2_000_000
"""Tickets of a replication; where a system remembers for so long that more are needed, it cannot be decided here."""
MOST_YEARS: Final = 200
FULL: Final = 0.9
"""From this load on, it is called close to saturation."""
MOST_CLASSES_APART: Final = 3
EXACT: Final = 1e-6
"""How far a count may be from its mean because numbers have no more digits."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Trial:
    """A system on the desk: measured are the minutes from ``start`` to the model's end."""

    system: System
    model: DeskModel
    minutes: float
    """How many minutes of the desk a unit of time lasts."""
    start: float
    quiet: float
    tickets: float
    """How many tickets a replication is expected to have."""
    squares: bool
    """Whether the square of how many agents work is asked for."""

    @property
    def services(self) -> list[list[Service]]:
        """Service as the desk plays it, by tier, then by class."""
        return [[by[tier].played(self.minutes) for by in self.system.services] for tier in range(self.system.tiers)]

    @property
    def span(self) -> float:
        """How long tickets count for the controls (units of time)."""
        return (self.quiet - self.start) / self.minutes


@dataclass(frozen=True, slots=True)
class Observation:
    """Sums by :class:`~simulator.theory.quantities.Sum`, tier and class (times in units of the case), and controls.

    A control is what chance brought more than it does on the average: its mean is known to be 0.
    """

    sums: Floats
    controls: Floats


def trial(system: System, *, squares: bool) -> Trial | str:
    """Return a system as a desk with replications of the right length, or why it cannot be played here."""
    minutes, rate = stretch(system), sum(system.rates)
    memory = relaxation(system)
    measured = max(LEAST_LENGTH * memory, min(LENGTH * memory, MANY_TICKETS / rate), FEWEST_TICKETS / rate)
    warm_up = max(WARM_UP * memory, 0.02 * measured)
    if why := _too_long(system, warm_up + measured, minutes):
        return why
    hours = math.ceil((warm_up + measured) * minutes / 60.0)  # arrivals are drawn by the hour
    model = replace(textbook_model(network(system, minutes), math.ceil(hours / 24)), end=hours * 60.0)
    quiet = model.end - QUIET * memory * minutes
    return Trial(system, model, minutes, warm_up * minutes, quiet, model.end * rate / minutes, squares)


def _too_long(system: System, span: float, minutes: float) -> str:
    """Return what makes a replication of ``span`` units of time too long to be played, nothing if it is not."""
    tickets = span * sum(system.rates)
    if tickets > MOST_TICKETS:
        if not system.always_stable and max(loads(system)) >= FULL:
            return "so close to saturation that it forgets too slowly to be played here"
        return (
            f"a replication long enough to forget how it began would have about {tickets:.2g} tickets; "
            f"at most {MOST_TICKETS:,} are played"
        )
    if span * minutes > MOST_YEARS * 366 * 1440.0:
        return f"so little comes that a replication would last more than {MOST_YEARS} years of the desk"
    return ""


def observe(played: Trial, seed: int, replication: int) -> Observation:
    """Play one replication and add up its tables."""
    desk = played_desk(played.model, seed, replication)
    desk.play()
    return add_up(played, desk)


def add_up(trial: Trial, desk: Desk) -> Observation:
    """Return the sums and the controls of a desk that has been played."""
    return _Reader(trial, desk).observation()


class _Reader:
    """The columns of the tables that are needed again and again, and the sums as they grow."""

    def __init__(self, trial: Trial, desk: Desk) -> None:
        self.trial, self.system = trial, trial.system
        self.start, self.end = trial.start, trial.model.end
        visits = desk.visits.table()
        self.spells = desk.spells.table()
        self.ticket, self.ending = visits["ticket"], visits["ending"]
        self.opened = visits["entry"] == Entry.OPENED
        self.entered, self.began, self.left = visits["entered"], visits["began"], visits["left"]
        self.available = visits["available"]
        self.kinds = self._classes(desk.tickets.table()) if self.system.classes > 1 else None
        self.cell = self._cell(visits)
        self.full = self.ending == Ending.QUEUE_FULL
        self.gave_up = self.ending == Ending.GAVE_UP
        self.served = ~(self.full | self.gave_up | np.isnan(self.left))
        self.worked = self._worked()
        self.sums = np.zeros((len(Sum), self.system.tiers, self.system.classes))

    def observation(self) -> Observation:
        """Return all sums and controls."""
        self.sums[Sum.LENGTH] = self.end - self.start
        self._visits()
        self._integrals()
        if self.system.by_tier:
            self._sojourns()
        for which in (Sum.WAIT, Sum.STAY, Sum.IDLE, Sum.SOJOURN, Sum.LENGTH, Sum.PRESENT, Sum.QUEUED, Sum.BUSY,
                      Sum.BUSY_SQUARED):  # fmt: skip
            self.sums[which] /= self.trial.minutes
        return Observation(self.sums, np.array(self._controls()))

    def _classes(self, tickets: Table) -> npt.NDArray[Any]:
        kinds = np.zeros(len(tickets), np.int64)
        kinds[tickets["ticket"]] = tickets["category"]
        return kinds

    def _cell(self, rows: Table) -> npt.NDArray[Any]:
        """Return the tier and class of each row, as one number."""
        place = rows["place"].astype(np.int64)
        return place if self.kinds is None else place * self.system.classes + self.kinds[rows["ticket"]]

    def _worked(self) -> Floats:
        """Return the minutes of work of each visit that was served, not-a-number for others."""
        if self.system.preempts:  # a ticket comes once, and its work may be in pieces
            spells = self.spells
            by_ticket = np.bincount(
                spells["ticket"], spells["ended"] - spells["began"], minlength=int(self.ticket.max(initial=-1)) + 1
            )
            worked = by_ticket[self.ticket]
        else:
            worked = self.left - self.began
        return np.where(self.served, worked, np.nan)

    def _add(self, which: Sum, cell: npt.NDArray[Any], weights: Floats | None = None) -> None:
        shape = self.sums.shape[1:]
        self.sums[which] += np.bincount(cell, weights, minlength=shape[0] * shape[1]).reshape(shape)

    def _within(self, instants: Floats) -> Mask:
        return np.asarray((self.start <= instants) & (instants < self.end))

    def _visits(self) -> None:
        """Add up what is said of visits."""
        cell = self.cell
        self._add(Sum.CAME, cell[self._within(self.entered)])
        taken = np.where(self.gave_up, self.left, self.began)  # not-a-number for those turned away, or still waiting
        mine = self._within(taken)
        wait, where = (taken - self.available)[mine], cell[mine]
        self._add(Sum.TAKEN, where)
        self._add(Sum.WAITED, where[wait > 0])
        self._add(Sum.WAIT, where, wait)
        self._add(Sum.GAVE_UP, where[self.gave_up[mine]])
        if self.system.target is not None:
            self._add(Sum.SOON, where[(wait <= self.system.target * self.trial.minutes) & ~self.gave_up[mine]])
        gone = self._within(self.left)
        self._add(Sum.BLOCKED, cell[gone & self.full])
        gone &= ~self.full
        stay = (self.left - self.entered)[gone]
        self._add(Sum.LEFT, cell[gone])
        self._add(Sum.STAY, cell[gone], stay)
        idle = stay - np.where(self.gave_up[gone], 0.0, self.worked[gone])
        self._add(Sum.IDLE, cell[gone], idle)
        self._add(Sum.IDLED, cell[gone][idle > 0])

    def _integrals(self) -> None:
        """Add up how many were there, and how many agents worked, over the window."""
        until = np.where(np.isnan(self.left), self.end, self.left)
        self._add(Sum.PRESENT, self.cell, np.where(self.full, 0.0, self._overlap(self.entered, until)))
        spells = self.spells
        began, ended = spells["began"], spells["ended"]
        self._add(Sum.BUSY, self._cell(spells), self._overlap(began, ended))
        self.sums[Sum.QUEUED] = self.sums[Sum.PRESENT] - self.sums[Sum.BUSY]
        if self.trial.squares:
            for tier in range(self.system.tiers):
                mine = spells["place"] == tier
                self.sums[Sum.BUSY_SQUARED, tier, 0] = self._squares(began[mine], ended[mine])

    def _overlap(self, since: Floats, until: Floats) -> Floats:
        """Return the minutes of each stretch that lie within the window."""
        return np.asarray(np.maximum(np.minimum(until, self.end) - np.maximum(since, self.start), 0.0))

    def _squares(self, began: Floats, ended: Floats) -> float:
        """Return the integral over the window of the square of the number of stretches that are under way."""
        instants = np.concatenate([began, ended])
        order = np.argsort(instants, kind="stable")
        steps = np.concatenate([np.ones(len(began)), -np.ones(len(ended))])[order]
        edges = np.clip(np.concatenate([instants[order], [self.end]]), self.start, self.end)
        return float((np.cumsum(steps) ** 2 * np.diff(edges)).sum())

    def _sojourns(self) -> None:
        """Add up how long tickets were on the desk, over all their visits."""
        opened = np.zeros(int(self.ticket.max(initial=-1)) + 1)
        opened[self.ticket[self.opened]] = self.entered[self.opened]
        mine = (self.ending == Ending.SOLVED) & self._within(self.left)
        self._add(Sum.SOLVED, self.cell[mine])
        self._add(Sum.SOJOURN, self.cell[mine], self.left[mine] - opened[self.ticket[mine]])

    def _controls(self) -> list[float]:
        """Return by how much what chance brought differs from its mean: arrivals, work, and ways through the tiers.

        The lengths of work of visits that began to wait in a window add up to their mean number times their mean
        length, whatever the visits were (Wald); the same holds for where they went. :func:`slack` is in this order.
        """
        system, trial = self.system, self.trial
        window = (self.start <= self.entered) & (self.entered < trial.quiet)
        came = np.bincount(self.cell[window & self.opened], minlength=system.classes)[: system.classes]
        more = came - trial.span * np.array(system.rates)
        found: list[float] = more.tolist() if system.classes <= MOST_CLASSES_APART else [float(more.sum())]
        done = window & self.served
        cell, work = self.cell[done], self.worked[done] / trial.minutes
        services = trial.services
        means = np.array([[one.mean for one in by_class] for by_class in services]).ravel()
        seconds = np.array([[one.second_moment for one in by_class] for by_class in services]).ravel()
        for tier in range(system.tiers):
            mine = cell // system.classes == tier
            found.append(float((work[mine] - means[cell[mine]]).sum()))
            if system.tiers == 1:
                found.append(float((work[mine] ** 2 - seconds[cell[mine]]).sum()))
                continue
            for ending, odds in _ways(system, tier).items():
                went = self.ending[done][mine] == ending
                found.append(float(went.sum() - odds * len(went)))
        return found


def _ways(system: System, tier: int) -> dict[Ending, float]:
    """Return the ways out of a tier that are left to chance, with their probabilities."""
    odds = {Ending.EXPERTISE: system.passes_on[tier], Ending.SENT_BACK: system.sends_back[tier]}
    return {ending: one for ending, one in odds.items() if 0 < one < 1}


def slack(trial: Trial) -> Floats:
    """Return how far the mean of each control may be from 0 although the desk draws what it is told to.

    The desk plays lengths rounded to the grain of its clock. Where lengths hardly vary, all of them may be rounded to
    the same side, so each visit may bring a grain too much.
    """
    system = trial.system
    found = [EXACT] * (system.classes if system.classes <= MOST_CLASSES_APART else 1)
    grain = 1 / GRAIN / trial.minutes
    for tier, visits in enumerate(traffic(system).sum(axis=1).tolist()):
        most = visits * trial.span * grain
        found.append(most)
        if system.tiers == 1:
            found.append(2 * max(one.mean for one in trial.services[tier]) * most)
        else:
            found += [EXACT] * len(_ways(system, tier))
    return np.array(found)
