"""Cases beside theory: as many replications as make every interval narrow, and whether the exact value lies inside.

How many are needed is decided by precision alone. A pilot of each case, used for nothing else, tells the spread of its
rows; the replications planned from it are then played, and more only where a row is still too wide. Whether an exact
value lies inside an interval is looked at once, at the end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np

from simulator.farm import processes
from simulator.openhours import Floats
from simulator.theory import estimate
from simulator.theory.cases import Case, Cases, Row
from simulator.theory.estimate import Interval, Sample
from simulator.theory.observe import Observation, Trial, observe, trial

PILOT: Final = 40
APART: Final = 10_000_000
"""Replications of a case are numbered from its index times this, so that no two cases share their chances."""
MARGIN: Final = 1.25
"""The variance is taken to be so much larger than the pilot's; it is estimated from few replications."""
MORE_MARGIN: Final = 1.1
ROUNDS: Final = 4
"""How often more replications may be planned."""
LONG: Final = 150_000
"""Cases whose replications have more tickets come last, so that their pilots take no time from others."""
SAFETY: Final = 0.97
"""This much of the time may be planned for."""

Progress = Callable[[int, int], None]
Job = tuple[int, int]
"""A place among the trials, and a replication."""


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
class _Course:
    """A case under way."""

    case: Case
    trial: Trial | None
    seen: list[Observation] = field(default_factory=list)
    pilot: Sample | None = None
    weights: list[Floats | None] = field(default_factory=list)
    seconds: float = 0.0
    """What a replication takes."""
    planned: int = 0
    sample: Sample | None = None
    sound: bool = True

    @property
    def tickets(self) -> float:
        """How many tickets a replication is expected to have."""
        return 0.0 if self.trial is None else self.trial.tickets


def verify(
    cases: Cases,
    *,
    seed: int = 0,
    seconds: float = 1140.0,
    workers: int = 1,
    progress: Progress | None = None,
) -> tuple[Verdict, ...]:
    """Return the verdict on each row, in the order of the file.

    ``seconds`` is how long it may take in all; it decides which rows stay undecided, and nothing else. ``workers`` is
    the number of processes; it changes the time taken, never a replication.
    """
    return _Verification(cases, seed, seconds, workers, progress).verdicts()


class _Verification:
    def __init__(self, cases: Cases, seed: int, seconds: float, workers: int, progress: Progress | None) -> None:
        self.rows, self.seed, self.workers = cases.rows, seed, workers
        self.deadline = time.monotonic() + seconds
        self.progress, self.done, self.total = progress, 0, 0
        self.courses = [
            _Course(case, trial(case.system, squares=any(row.quantity.spread for row in case.rows)))
            for case in cases.cases
        ]
        self.under_way = sorted((one for one in self.courses if one.trial is not None), key=lambda one: one.tickets)
        self.trials = tuple((one.case.index, one.trial) for one in self.under_way if one.trial is not None)

    def verdicts(self) -> tuple[Verdict, ...]:
        """Play what is needed, then look."""
        with _hands(self.trials, self.seed, self.workers) as hands:
            long = [course.tickets > LONG for course in self.under_way]
            for places in ([n for n, one in enumerate(long) if not one], [n for n, one in enumerate(long) if one]):
                if not self._decide(hands, places):
                    break
        for course in self.courses:
            if course.pilot is not None and len(course.seen) >= 2:
                course.sample = _sample(course.seen)
                course.sound = estimate.sound(course.sample, self.rows)
        return tuple(self._verdict(course, n, row) for course in self.courses for n, row in enumerate(course.case.rows))

    def _decide(self, hands: Hands, places: Sequence[int]) -> bool:
        """Play pilots, then what they say is needed; return whether there is time for more."""
        if not self._play(hands, [(place, replication) for place in places for replication in range(PILOT)]):
            return False
        for place in places:
            self._learn(self.under_way[place])
        for round_ in range(ROUNDS):
            jobs = self._plan(places, first=round_ == 0)
            if not self._play(hands, jobs):
                return False
        return True

    def _play(self, hands: Hands, jobs: list[Job]) -> bool:
        """Play jobs until they are done or time is up; return whether they are done."""
        self.total += len(jobs)
        answers = hands(jobs)
        for place, _ in jobs:
            if time.monotonic() > self.deadline:
                return False
            observation, seconds = next(answers)
            course = self.under_way[place]
            course.seen.append(observation)
            course.seconds += (seconds - course.seconds) / len(course.seen)
            self.done += 1
            if self.progress is not None:
                self.progress(self.done, self.total)
        return True

    def _learn(self, course: _Course) -> None:
        """Take the pilot's replications away, and keep what they teach."""
        course.pilot = _sample(course.seen)
        course.seen = []
        course.weights = [estimate.weights(course.pilot, row.quantity) for row in course.case.rows]

    def _plan(self, places: Sequence[int], *, first: bool) -> list[Job]:
        """Return the replications that are still needed, those of the case that takes least time first."""
        left = max(0.0, self.deadline - time.monotonic()) * SAFETY * self.workers
        wanted: list[tuple[float, int, int]] = []
        for place in places:
            course = self.under_way[place]
            needed = self._needed(course, left, first=first)
            more = needed - course.planned
            if more > 0:
                wanted.append((more * course.seconds, place, more))
        jobs: list[Job] = []
        for _, place, more in sorted(wanted):
            course = self.under_way[place]
            begin = PILOT + course.planned
            jobs += [(place, replication) for replication in range(begin, begin + more)]
            course.planned += more
        return jobs

    def _needed(self, course: _Course, left: float, *, first: bool) -> int:
        """Return how many replications a case needs, leaving out rows for which no time would do."""
        sample = course.pilot if first else _sample(course.seen)
        assert sample is not None
        most = estimate.FEWEST
        for row, weight in zip(course.case.rows, course.weights, strict=True):
            found = estimate.controlled(sample, row.quantity, weight)
            if found is None:
                continue
            width = estimate.tolerance(row.exact)
            sd = float(found.std(ddof=1))
            if not first and self._narrow(course, sample, row, weight):
                continue
            needed = estimate.needed(sd, width, self.rows, MARGIN if first else MORE_MARGIN)
            if not first:
                needed = max(needed, math.ceil(1.1 * course.planned))
            if (needed - course.planned) * course.seconds > left:
                continue
            most = max(most, int(needed))
        return most

    def _narrow(self, course: _Course, sample: Sample, row: Row, weight: Floats | None) -> bool:
        found = estimate.interval(sample, row.quantity, weight, self.rows, _service(course))
        return found is not None and found.half_width <= estimate.tolerance(row.exact)

    def _verdict(self, course: _Course, place: int, row: Row) -> Verdict:
        """Look where a row's exact value lies."""
        case = course.case

        def said(found: Interval | None, inside: bool | None, why: str = "") -> Verdict:
            bounds = (found.mean, found.low, found.high) if found else (math.nan, math.nan, math.nan)
            return Verdict(case.index, case.name, row.metric, row.exact, *bounds, inside, len(course.seen), why)

        if course.trial is None:
            return said(None, None, "so close to saturation that it forgets too slowly to be played here")
        sample = course.sample
        if sample is None:
            return said(None, None, "no time was left for it")
        weight = course.weights[place] if course.sound else None
        found = estimate.interval(sample, row.quantity, weight, self.rows, _service(course))
        if found is None:
            return said(None, None, "nothing of the kind was seen")
        enough = len(sample) >= estimate.FEWEST
        why = "" if course.sound else "the desk drew other arrivals or work than it was told to; no controls were used"
        if enough and not found.low <= row.exact <= found.high:
            return said(found, False, why)
        if enough and found.half_width <= estimate.tolerance(row.exact):
            return said(found, True, why)
        return said(found, None, "the interval is still too wide; it needs more time")


def _sample(seen: Sequence[Observation]) -> Sample:
    return Sample(np.array([one.sums for one in seen]), np.array([one.controls for one in seen]))


def _service(course: _Course) -> float:
    return max(one.mean for by_tier in course.case.system.services for one in by_tier)


Trials = tuple[tuple[int, Trial], ...]
Answer = tuple[Observation, float]
Hands = Callable[[Sequence[Job]], Iterator[Answer]]
"""Answers jobs in their order."""


def play(trials: Trials, seed: int, job: Job) -> Answer:
    """Return one replication of one of the trials, and the seconds that it took."""
    place, replication = job
    index, one = trials[place]
    began = time.perf_counter()
    return observe(one, seed, index * APART + replication), time.perf_counter() - began


@contextmanager
def _hands(trials: Trials, seed: int, workers: int) -> Iterator[Hands]:
    answer = partial(play, trials, seed)
    if workers <= 1:
        yield lambda jobs: map(answer, jobs)
        return
    with processes(answer, workers) as farm:
        yield farm.answers
