"""Cases beside theory: what is played in the time that there is, and the verdicts.

Time decides which replications are played, and so which rows stay undecided. How many a row needs, and what is said of
it then, is the business of :mod:`simulator.theory.course`, which knows nothing of time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

from simulator.farm import processes
from simulator.theory.cases import Cases
from simulator.theory.course import PILOT, Course, Plan, Verdict
from simulator.theory.observe import Observation, Trial, observe, trial

__all__ = ["Verdict", "verify"]

APART: Final = 10_000_000
"""Replications of a case are numbered from its index times this, so that no two cases share their chances."""
SAFETY: Final = 0.97
"""This much of the time may be planned for."""
TASTE: Final = 2
"""Replications that tell how long the others of a case take."""
MOST_AT_ONCE: Final = 100_000
"""Replications of a case that are planned together, so that their list fits into memory."""
GUESS: Final = 5e-6
"""Seconds that a ticket takes, as long as none of its case has been played."""
HOPE: Final = 2.0
"""What seems to take up to so many times the time that is left is tried all the same, where there is nothing else."""
SHORT: Final = 1.0
TIMES: Final = 4.0
"""What takes so many seconds, or at most so many times as long as the shortest piece of work, is played with it; what
takes longer waits until it is known whether anything short is left."""

Progress = Callable[[int, int], None]
Job = tuple[int, int]
"""A place among the trials, and a replication."""


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
        self.seed, self.workers = seed, workers
        self.deadline = time.monotonic() + seconds
        self.progress, self.done, self.total = progress, 0, 0
        self.courses = [
            Course(case, trial(case.system, squares=any(row.quantity.spread for row in case.rows)), cases.rows)
            for case in cases.cases
        ]
        self.trials = {one.case.index: one.trial for one in self.courses if one.trial is not None}
        self.took: dict[int, list[float]] = {place: [] for place in self.trials}

    def verdicts(self) -> tuple[Verdict, ...]:
        """Play what there is time for, the shortest first, then say what is known."""
        with _hands(self.trials, self.seed, self.workers) as hands:
            while jobs := self._jobs():
                in_time = self._play(hands, jobs)
                for place in {place for place, _ in jobs}:
                    self.courses[place].look()
                if not in_time:
                    break
        return tuple(
            course.verdict(plan, self._undecided(place, plan))
            for place, course in enumerate(self.courses)
            for plan in course.plans
        )

    def _jobs(self) -> list[Job]:
        """Return the replications to be played next: the pieces of work that are short, as far as time allows.

        A piece leads a case from where it is to where one of its rows is looked at.
        """
        left = (self.deadline - time.monotonic()) * SAFETY * self.workers
        pieces = sorted(
            ((number - len(self.courses[place].seen)) * self._seconds(place), place, number)
            for place in self.trials
            for number in self._numbers(place)
        )
        jobs: list[Job] = []
        reached = {place: len(course.seen) for place, course in enumerate(self.courses)}
        for cost, place, number in pieces:
            if cost > max(SHORT, TIMES * pieces[0][0]):
                break
            more = (number - reached[place]) * self._seconds(place)
            if more > (left if jobs else HOPE * left):
                break
            left -= more
            jobs += [(place, replication) for replication in range(reached[place], number)]
            reached[place] = number
        return jobs

    def _numbers(self, place: int) -> list[int]:
        """Return up to which replications a case might be played next."""
        course = self.courses[place]
        targets = [one for one in course.targets if one <= APART]
        most = len(course.seen) + MOST_AT_ONCE if self.took[place] else TASTE
        return sorted({min(one, most) for one in targets})

    def _seconds(self, place: int) -> float:
        """Return how long a replication of a case takes."""
        took = self.took[place]
        return sum(took) / len(took) if took else self.trials[place].tickets * GUESS

    def _play(self, hands: Hands, jobs: list[Job]) -> bool:
        """Play jobs until they are done or time is up; return whether they are done."""
        self.total += len(jobs)
        answers = hands(jobs)
        for place, _ in jobs:
            if time.monotonic() > self.deadline:
                return False
            observation, seconds = next(answers)
            self.courses[place].seen.append(observation)
            self.took[place].append(seconds)
            self.done += 1
            if self.progress is not None:
                self.progress(self.done, self.total)
        return True

    def _undecided(self, place: int, plan: Plan) -> str:
        """Return why a row is undecided: the replications that it lacks, and how long they would take."""
        if place not in self.trials:
            return ""
        seen = len(self.courses[place].seen)
        more = _span((plan.whole - seen) * self._seconds(place) / self.workers)
        if not self.took[place]:
            return "no time was left for it"
        if seen < PILOT:
            return f"no time was left for it; it takes {more} at least"
        return f"{seen - PILOT:,} of the {plan.target:,} replications it needs were played; the others take {more}"


def _span(seconds: float) -> str:
    """Return a length of time as one says it."""
    for unit, name, most in ((1.0, "s", 120.0), (60.0, "min", 120.0), (3600.0, "hours", 10_000.0)):
        if seconds <= most * unit:
            return f"about {max(1.0, seconds / unit):,.0f} {name}"
    return "more than a year"


Trials = dict[int, Trial]
"""By the place of the case."""
Answer = tuple[Observation, float]
Hands = Callable[[Sequence[Job]], Iterator[Answer]]
"""Answers jobs in their order."""


def play(trials: Trials, seed: int, job: Job) -> Answer:
    """Return one replication of one of the trials, and the seconds that it took."""
    import scipy.special  # noqa: F401, PLC0415  (slow to import; not part of what a replication takes)

    place, replication = job
    began = time.perf_counter()
    return observe(trials[place], seed, place * APART + replication), time.perf_counter() - began


@contextmanager
def _hands(trials: Trials, seed: int, workers: int) -> Iterator[Hands]:
    answer = partial(play, trials, seed)
    if workers <= 1:
        yield lambda jobs: map(answer, jobs)
        return
    with processes(answer, workers) as farm:
        yield farm.answers
