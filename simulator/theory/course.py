"""A case under way: at how many replications each of its rows is looked at, and what is then said of it.

Nothing is known here of time. A row's numbers follow from the replications alone: a pilot, used for nothing else, tells
the spread and with it the first number; if the row is still too wide there, what has been played tells the next. So
whatever else is played, and however fast, a row that is decided is decided by the same replications.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.openhours import Floats
from simulator.theory import estimate
from simulator.theory.cases import Case, Row
from simulator.theory.estimate import Interval, Sample
from simulator.theory.observe import Observation, Trial, slack

PILOT: Final = 40
MARGIN: Final = 1.25
"""The variance is taken to be so much larger than the pilot's; it is estimated from few replications."""
MORE_MARGIN: Final = 1.1
MORE: Final = 1.1
MOST_MORE: Final = 4.0
"""A row that is still too wide is looked at again with so many times the replications, at least and at most (unless
its spread asks for more)."""
MOST_BLIND: Final = 1600
"""After so many replications in which nothing of the kind was seen, no more are played for it."""
UNSOUND: Final = "the desk drew other arrivals or work than it was told to; no controls were used"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a row: the desk's mean and interval (not-a-number where there is none).

    ``inside`` is ``None`` where the row is undecided. ``why`` says in words what there is to be said of that.
    """

    case: int
    name: str
    metric: str
    exact: float
    mean: float
    low: float
    high: float
    inside: bool | None
    replications: int
    why: str = ""


@dataclass(slots=True)
class Plan:
    """A row that is looked at once so many replications after the pilot have been played."""

    row: Row
    target: int = estimate.FEWEST
    planned: int = estimate.FEWEST
    """What the pilot says that the row needs; before that, it is only looked at for a value that is grossly missed."""
    weight: Floats | None = None
    verdict: Verdict | None = None

    @property
    def whole(self) -> int:
        """How many replications that are, with those of the pilot."""
        return PILOT + self.target


class Course:
    """A case, the replications that have been played of it, and the plan of each row; ``rows`` are those of the file.

    A trial that is a text says why there is none.
    """

    def __init__(self, case: Case, trial: Trial | str, rows: int) -> None:
        """Begin with nothing played."""
        self.case, self.trial = case, trial if isinstance(trial, Trial) else None
        self.refused = "" if isinstance(trial, Trial) else trial
        self.plans = [Plan(row) for row in case.rows]
        self.seen: list[Observation] = []
        self._slack = np.empty(0) if self.trial is None else slack(self.trial)
        self._learned = False
        self._early, self._late = rows / estimate.EARLY, rows / (1 - estimate.EARLY)

    @property
    def targets(self) -> list[int]:
        """The numbers of replications, with the pilot's, at which rows that are undecided are looked at; ascending."""
        waiting = {plan.whole for plan in self.plans if plan.verdict is None}
        return [] if self.trial is None else sorted(waiting)

    def look(self) -> None:
        """Look at the rows whose replications are there; those that are still too wide get a later number."""
        if len(self.seen) >= PILOT and not self._learned:
            self._learn()
        samples: dict[int, tuple[Sample, bool]] = {}
        for plan in self.plans:
            while plan.verdict is None and len(self.seen) >= plan.whole:
                if plan.target not in samples:
                    sample = self._sample(PILOT, plan.whole)
                    samples[plan.target] = sample, estimate.sound(sample, self._late)
                self._look_at(plan, *samples[plan.target])

    def verdict(self, plan: Plan, undecided: str) -> Verdict:
        """Return what became of a row; an undecided one is told with what has been played, and for this reason."""
        if plan.verdict is not None:
            return plan.verdict
        if self.trial is None:
            return self._said(plan, None, None, self.refused, 0)
        done = len(self.seen) - PILOT
        if done < 2:
            return self._said(plan, None, None, undecided, max(0, done))
        sample = self._sample(PILOT, len(self.seen))
        weight = plan.weight if estimate.sound(sample, self._late) else None
        return self._said(plan, self._interval(plan, sample, weight, self._late), None, undecided, done)

    def _learn(self) -> None:
        """Keep what the pilot teaches: the weights of the controls, and with how many replications rows are narrow."""
        pilot = self._sample(0, PILOT)
        sound = estimate.sound(pilot, self._late)
        for plan in self.plans:
            plan.weight = estimate.weights(pilot, plan.row.quantity)
            sd = estimate.foreseen(pilot, plan.row.quantity, plan.weight if sound else None)
            if sd is not None:
                plan.planned = self._needed(plan, sd, MARGIN)
        self._learned = True

    def _needed(self, plan: Plan, sd: float, margin: float) -> int:
        return int(estimate.needed(sd, estimate.tolerance(plan.row.exact), self._late, margin))

    def _look_at(self, plan: Plan, sample: Sample, sound: bool) -> None:
        """Decide a row if it is narrow, else plan more replications: by the very interval that would decide it."""
        early = len(sample) < plan.planned
        weight = plan.weight if sound else None
        found = self._interval(plan, sample, weight, self._early if early else self._late)
        inside = found is not None and found.low <= plan.row.exact <= found.high
        wide = math.inf if found is None else found.half_width / estimate.tolerance(plan.row.exact)
        why = "" if sound else UNSOUND
        if found is not None and (not inside if early else wide <= 1):
            plan.verdict = self._said(plan, found, inside, why, len(sample))
        elif early:
            plan.target = plan.planned
        elif found is not None:
            more = max(MORE, min(wide, MOST_MORE)) * len(sample)
            plan.target = max(math.ceil(more), self._needed(plan, found.sd, MORE_MARGIN))
        elif len(sample) < MOST_BLIND:
            plan.target = 2 * len(sample)
        else:
            why = f"nothing of the kind was seen in {len(sample):,} replications"
            plan.verdict = self._said(plan, None, None, why, len(sample))

    def _interval(self, plan: Plan, sample: Sample, weight: Floats | None, rows: float) -> Interval | None:
        service = max(one.mean for by_tier in self.case.system.services for one in by_tier)
        return estimate.interval(sample, plan.row.quantity, weight, rows, service)

    def _sample(self, start: int, stop: int) -> Sample:
        return sample_of(self.seen[start:stop], self._slack)

    def _said(self, plan: Plan, found: Interval | None, inside: bool | None, why: str, replications: int) -> Verdict:
        bounds = (found.mean, found.low, found.high) if found else (math.nan, math.nan, math.nan)
        row = plan.row
        return Verdict(self.case.index, self.case.name, row.metric, row.exact, *bounds, inside, replications, why)


def sample_of(seen: Sequence[Observation], slack: Floats) -> Sample:
    """Return replications as arrays."""
    return Sample(np.array([one.sums for one in seen]), np.array([one.controls for one in seen]), slack)
