"""How much of a case is played: what decides it, what does not, and what is said where it was not enough."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import queueing as theory

from simulator.openhours import Floats
from simulator.theory import estimate, verify
from simulator.theory.cases import Case, Cases, Row
from simulator.theory.course import MOST_BLIND, PILOT, UNSOUND, Course, Verdict, sample_of
from simulator.theory.kinds import Params, kind_of
from simulator.theory.observe import Observation, Trial, observe, slack, trial
from simulator.theory.quantities import Quantity, Sum, asked
from simulator.theory.system import Service, System, relaxation

WAIT = Quantity(Sum.WAIT, Sum.TAKEN)
DETERMINISTIC = (0.3, 0.7, 1.2, 17.3, 1 / 3)
"""None of these is a whole number of grains of the desk's clock, the last not even of millionths of a minute."""


def one_agent(service: Service, load: float = 0.7) -> System:
    return System((load / service.mean,), ((service,),), (1,))


def tried(system: System) -> Trial:
    found = trial(system, squares=False)
    assert isinstance(found, Trial)
    return found


def drawn(told: Trial, played: Trial, replications: int) -> estimate.Sample:
    """Return replications of one desk, added up as if they were of another."""
    seen = [observe(replace(told, model=played.model), 5, n) for n in range(replications)]
    return sample_of(seen, slack(told))


# -- what the desk draws ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", DETERMINISTIC)
def test_lengths_that_are_rounded_are_no_other_work(mean: float) -> None:
    one = tried(one_agent(Service(mean, "fixed", 0.0)))
    sample = drawn(one, one, 40)
    assert estimate.sound(sample, 1)
    # Work that never varies explains nothing, and rounding is not to be taken for it.
    weight = estimate.weights(sample, WAIT)
    assert weight is not None
    assert (weight[1:] == 0).all()


@pytest.mark.parametrize(("mean", "cv"), [(0.05, 0.000001), (0.7, 0.0001), (0.7, 0.01)])
def test_lengths_that_hardly_vary_are_no_other_work_either(mean: float, cv: float) -> None:
    one = tried(one_agent(Service(mean, "lognormal", cv)))
    assert estimate.sound(drawn(one, one, 40), 1)


def test_what_the_desk_plays_is_what_its_file_and_its_clock_can_say() -> None:
    assert Service(1 / 3).played(1.0).mean == 0.333333
    assert Service(1 / 3).played(10.0).mean == pytest.approx(0.3333333, abs=1e-15)
    assert Service(1 / 3, "fixed", 0.0).played(1.0).mean == round(0.333333 * 2**20) / 2**20


@pytest.mark.parametrize(
    ("told", "other"),
    [
        (Service(0.7, "fixed", 0.0), Service(0.70001, "fixed", 0.0)),
        (Service(0.7, "lognormal", 0.0001), Service(0.70003, "lognormal", 0.0001)),
        (Service(1.0), Service(1.02)),
        (Service(1.0), Service(1.0, "gamma", 0.95)),
    ],
)
def test_a_desk_that_draws_other_work_than_it_was_told_to_is_found_out(told: Service, other: Service) -> None:
    one, wrong = tried(one_agent(told)), tried(System(one_agent(told).rates, ((other,),), (1,)))
    assert estimate.sound(drawn(one, one, 100), 1)
    assert not estimate.sound(drawn(one, wrong, 100), 1)


def test_a_desk_to_which_others_come_than_it_was_told_is_found_out() -> None:
    one, wrong = tried(one_agent(Service(0.7, "fixed", 0.0), 0.7)), tried(one_agent(Service(0.7, "fixed", 0.0), 0.69))
    assert not estimate.sound(drawn(one, wrong, 100), 1)


# -- how long a replication is ---------------------------------------------------------------------------------------


def test_what_is_observed_begins_when_the_empty_beginning_is_forgotten() -> None:
    system = one_agent(Service(1.0), 0.8)
    one = tried(system)
    assert one.start == pytest.approx(6 * relaxation(system))
    assert one.model.end >= 106 * relaxation(system)


def test_nothing_is_left_of_the_empty_beginning() -> None:
    """In the first relaxation time that is observed, as many are there as in the long run, and less before it."""
    system = one_agent(Service(1.0), 0.8)
    one = tried(system)
    memory = relaxation(system)

    def present(start: float) -> Floats:
        end = 60.0 * round((start + memory) / 60.0)
        part = replace(one, model=replace(one.model, end=end), start=start, quiet=end)
        seen = [observe(part, 3, n).sums for n in range(600)]
        return np.array([sums[Sum.PRESENT].sum() / sums[Sum.LENGTH].sum() for sums in seen])

    observed, empty = present(one.start), present(0.0)
    assert abs(observed.mean() - 4.0) < 3 * observed.std() / 600**0.5
    assert empty.mean() < 4.0 - 5 * empty.std() / 600**0.5


@pytest.mark.parametrize(("agents", "offered"), [(1, 50.0), (120, 110.0), (2, 1.0)])
def test_a_replication_is_no_longer_than_it_needs(agents: int, offered: float) -> None:
    """Not a whole day, in which more than a hundred thousand might come."""
    system = System((offered,), ((Service(1.0),),), (agents,), queue_limit=0)
    one = tried(system)
    rate = offered / one.minutes
    assert one.tickets == pytest.approx(one.model.end * rate)
    assert one.tickets <= max(1500, 10_000) * 1.06 + 60 * rate
    assert one.model.end - one.start >= 30 * relaxation(system) * one.minutes
    found = observe(one, 1, 1).sums
    assert found[Sum.CAME].sum() == pytest.approx(offered * found[Sum.LENGTH].sum(), rel=0.1)


# -- how many replications a row needs -------------------------------------------------------------------------------


def a_case(name: str, params: dict[str, Any], values: dict[str, float], index: int = 0) -> Case:
    def refuse(key: str, message: str) -> Any:
        raise AssertionError(f"{key}: {message}")

    kind = kind_of(name)
    assert kind is not None
    system = kind.read(Params(params, refuse))
    rows = []
    for metric, exact in values.items():
        quantity = asked(system, metric)
        assert isinstance(quantity, Quantity)
        rows.append(Row(metric, exact, quantity))
    return Case(index, name, system, tuple(rows))


def mm1(load: float, index: int = 0, **other: float) -> Case:
    values = {"P_wait": load, "Wq": theory.wait(1, load, 1.0), "Lq": load * theory.wait(1, load, 1.0)}
    return a_case("Erlang C M/M/c", {"c": 1, "lam": load, "mu": 1.0}, values | other, index)


class Made:
    """Replications that are made up: waits of a mean and a spread, and controls that explain much of them."""

    def __init__(self, mean: float, sd: float, off: float = 0.0, seed: int = 1) -> None:
        self.rng, self.mean, self.sd, self.off = np.random.default_rng(seed), mean, sd, off

    def __call__(self) -> Observation:
        control = self.rng.standard_normal()
        sums = np.zeros((len(Sum), 1, 1))
        sums[Sum.TAKEN] = sums[Sum.WAITED] = 1000.0
        sums[Sum.LENGTH] = 2000.0
        sums[Sum.WAIT] = 1000.0 * (self.mean + self.sd * (0.9 * control + 0.436 * self.rng.standard_normal()))
        return Observation(sums, np.array([control + self.off, 0.0, 0.0]))


def played(case: Case, made: Callable[[], Observation], most: int, rows: int = 1) -> tuple[Course, Verdict]:
    """Play a case's first row, from one of its numbers to the next, until it is decided or too much."""
    course = Course(case, tried(case.system), rows)
    while course.targets and course.targets[0] <= most:
        while len(course.seen) < course.targets[0]:
            course.seen.append(made())
        course.look()
    return course, course.verdict(course.plans[0], "too little was played")


WQ = a_case("Erlang C M/M/c", {"c": 1, "lam": 0.5, "mu": 1.0}, {"Wq": 1.0})


def test_a_row_is_played_until_it_is_narrow_and_not_much_further() -> None:
    course, found = played(WQ, Made(1.0, 0.4), 10_000)
    assert found.inside is True
    assert found.why == ""
    half = (found.high - found.low) / 2
    assert 0.8 * 0.03 < half <= 0.03
    assert found.replications == len(course.seen) - PILOT > 400


def test_where_controls_are_not_used_replications_are_planned_without_them() -> None:
    with_them = played(WQ, Made(1.0, 0.4), 20_000)[1]
    course, found = played(WQ, Made(1.0, 0.4, off=1.0), 20_000)
    assert found.inside is True
    assert found.why == UNSOUND
    assert (found.high - found.low) / 2 <= 0.03
    assert found.replications > 3 * with_them.replications
    assert course.targets == []


def test_a_value_that_is_grossly_missed_is_found_out_though_its_interval_will_never_be_narrow() -> None:
    wrong = replace(WQ, rows=(replace(WQ.rows[0], exact=0.01),))  # to within 0.002, that is
    _, found = played(wrong, Made(1.0, 0.4), 10_000)
    assert (found.inside, found.replications) == (False, 100)
    assert found.low > 0.01
    _, right = played(replace(WQ, rows=(replace(WQ.rows[0], exact=0.99),)), Made(1.0, 0.4), 10_000)
    assert right.inside is True


def test_the_two_looks_miss_together_no_more_often_than_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 10 % for both, the exact value is missed in about 10 % of 300 courses."""
    monkeypatch.setattr(estimate, "ALPHA", 0.1)
    missed = [played(WQ, Made(1.0, 0.4, seed=n), 10_000)[1].inside is False for n in range(300)]
    assert sum(missed) / 300 < 0.1 + 3 * (0.09 / 300) ** 0.5


def test_where_nothing_of_the_kind_is_seen_it_is_not_played_for_ever() -> None:
    course, found = played(WQ, lambda: Observation(np.zeros((len(Sum), 1, 1)), np.zeros(3)), 10_000)
    assert (found.inside, found.replications) == (None, MOST_BLIND)
    assert found.why == "nothing of the kind was seen in 1,600 replications"
    assert course.targets == []


# -- time ------------------------------------------------------------------------------------------------------------


class Clock:
    """A clock on which each replication takes as long as its case is told to, and nothing else takes any time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *lengths: float) -> None:
        self.now, self.played, really = 0.0, [0] * len(lengths), verify.play

        def play(trials: Any, seed: int, job: tuple[int, int]) -> tuple[Observation, float]:
            self.now += lengths[job[0]]
            self.played[job[0]] += 1
            return really(trials, seed, job)[0], lengths[job[0]]

        monkeypatch.setattr(verify, "play", play)
        monkeypatch.setattr(verify, "time", SimpleNamespace(monotonic=lambda: self.now, perf_counter=lambda: self.now))


def cases(*some: Case) -> Cases:
    return Cases(some, ())


def test_time_decides_which_rows_stay_undecided_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows, to the bit, however much time there is and however many work; the others are undecided."""
    file = cases(mm1(0.6), mm1(0.4, 1))
    whole = verify.verify(file, workers=2)
    assert all(one.inside for one in whole)
    numbers = {one.replications for one in whole[:3]}
    assert len(numbers) > 1  # rows of one case, decided by different numbers of replications
    undecided = []
    for budget in (14.0, 20.0, 30.0, 45.0, 300.0):
        with monkeypatch.context() as patch:
            clock = Clock(patch, 0.1, 0.1)
            found = verify.verify(file, seconds=budget)
        assert clock.now <= budget + 0.1
        undecided.append(sum(one.inside is None for one in found))
        for one, other in zip(found, whole, strict=True):
            assert other == one or one.inside is None
    assert undecided[0] == 6
    assert undecided == sorted(undecided, reverse=True)
    assert len(set(undecided)) >= 4
    assert undecided[-1] == 0


def test_what_was_not_played_is_told_with_the_time_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, 1.0)
    found = verify.verify(cases(mm1(0.6)), seconds=200.0)
    for one in found:
        if one.inside is not None:
            assert one.why == ""
            continue
        said = re.fullmatch(
            r"([\d,]+) of the ([\d,]+) replications it needs were played; the others take about (\d+) (s|min)", one.why
        )
        assert said is not None
        played, needed, more = (int(number.replace(",", "")) for number in said.groups()[:3])
        assert played == one.replications == clock.played[0] - PILOT
        assert needed - played == pytest.approx(more * (1 if said[4] == "s" else 60), abs=30)
        assert needed - played > (200.0 - clock.now) * 0.97  # there was no time for them
    assert {one.inside for one in found} == {True, None}


def test_what_takes_long_waits_for_what_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, 10.0, 0.1)
    found = verify.verify(cases(mm1(0.6), mm1(0.4, 1)), seconds=200.0)
    assert [one.inside for one in found] == [None] * 3 + [True] * 3
    assert {one.why for one in found[:3]} == {"no time was left for it; it takes about 23 min at least"}
    assert clock.played[0] == 2  # which told how long the others would take


def test_what_is_narrow_takes_no_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, 0.1)
    (found,) = verify.verify(cases(a_case("Erlang B M/M/c/c", {"c": 1, "a": 5.0}, {"P_block": 5 / 6})))
    assert (found.inside, found.replications) == (True, 100)
    assert clock.played == [140]
