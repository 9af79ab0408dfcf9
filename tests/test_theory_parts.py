"""The parts of ``deskdrill theory``: what is added up, what follows from replications, how a system becomes a desk."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from simulator.codes import Ending, Entry
from simulator.engine.core import Desk
from simulator.engine.plain import PlainDesk
from simulator.run import played_desk
from simulator.tables import SPELLS, TICKET_ROWS, VISITS
from simulator.theory import estimate
from simulator.theory.estimate import Sample
from simulator.theory.kinds import KINDS, Params, kind_of
from simulator.theory.observe import Trial, add_up, observe, trial
from simulator.theory.quantities import Quantity, Sum, asked, names
from simulator.theory.system import Service, System, loads, network, relaxation, stretch, traffic

NAN = math.nan
ONE = Service(1.0)


def jackson(back: float) -> System:
    return System((0.5,), ((ONE, ONE),), (1, 1), (0.4, 0.0), (0.0, back), by_tier=True)


# -- the system ------------------------------------------------------------------------------------------------------


def test_the_traffic_of_a_network_counts_those_who_come_again() -> None:
    assert traffic(jackson(0.0)).ravel().tolist() == pytest.approx([0.5, 0.2])
    again = 0.5 / (1 - 0.4 * 0.25)
    assert traffic(jackson(0.25)).ravel().tolist() == pytest.approx([again, 0.4 * again])
    assert loads(jackson(0.25)) == pytest.approx([again, 0.4 * again])
    for_ever = System((0.5,), ((ONE, ONE),), (1, 1), (1.0, 0.0), (0.0, 1.0), by_tier=True)
    assert np.isinf(traffic(for_ever)).all()


def test_the_memory_of_a_queue_is_that_of_the_textbook() -> None:
    for load in (0.3, 0.8, 0.95):
        one = System((load,), ((ONE,),), (1,))
        assert relaxation(one) == pytest.approx(1 / (1 - load**0.5) ** 2 + 2)
    fixed = System((0.8,), ((Service(1.0, "fixed", 0.0),),), (1,))
    wide = System((0.8,), ((Service(1.0, "gamma", 2.0),),), (1,))
    assert relaxation(fixed) < relaxation(System((0.8,), ((ONE,),), (1,))) < relaxation(wide)
    patient = System((3.0,), ((ONE,),), (2,), patience=Service(4.0))
    assert relaxation(patient) < 10  # though it is overloaded


@pytest.mark.parametrize(
    ("rate", "mean", "minutes"), [(0.8, 1.0, 1.0), (0.8e6, 1e-6, 1e6), (0.8e-6, 1e6, 1e-6), (900.0, 1.0, 10.0)]
)
def test_a_unit_of_time_is_a_minute_unless_the_desk_could_not_say_it(rate: float, mean: float, minutes: float) -> None:
    system = System((rate,), ((Service(mean),),), (1000,))
    assert stretch(system) == pytest.approx(minutes)
    found = network(system, stretch(system))
    assert found.classes[0].rate == pytest.approx(rate / minutes)
    assert float(found.classes[0].service[0]["mean"].removesuffix("m")) == pytest.approx(mean * minutes)


def test_a_unit_of_time_that_is_stretched_changes_no_result() -> None:
    usual = trial(System((0.5,), ((ONE,),), (1,), target=1.0), squares=True)
    small = trial(System((0.5e4,), ((Service(1e-4),),), (1,), target=1e-4), squares=True)
    assert isinstance(usual, Trial)
    assert isinstance(small, Trial)
    assert (usual.minutes, small.minutes) == (1.0, 1e4)
    ours, theirs = observe(usual, 1, 2), observe(small, 1, 2)
    times = [Sum.LENGTH, Sum.WAIT, Sum.STAY, Sum.IDLE, Sum.PRESENT, Sum.QUEUED, Sum.BUSY, Sum.BUSY_SQUARED, Sum.SOJOURN]
    for which in Sum:
        assert ours.sums[which] == pytest.approx(theirs.sums[which] * (1e4 if which in times else 1.0), rel=1e-9), which


def test_kinds_are_known_by_their_names() -> None:
    assert len(KINDS) == 13
    for name in (
        "Jackson escalation (feed-forward)", "Jackson escalation (feedback: de-escalation)",
        "Jackson tandem M/M/1->M/M/1", "M/G/inf (infinite staff)", "M/M/c preemptive-resume priority (equal mu)",
        "M/M/c+D (deterministic escalate-after timer, ticket leaves queue at D)",
    ):  # fmt: skip
        assert kind_of(name) is not None
    for name in ("", "M/M/c", "Erlang C M/M/c+M", "Jackson", "Erlang C"):
        assert kind_of(name) is None


def _refuse(key: str, message: str) -> Any:
    raise AssertionError(f"{key}: {message}")


def test_the_names_of_services_are_their_shapes() -> None:
    found = [Params({}, _refuse).service("service", name, 3.0)
             for name in ("exp", "det", "erlang4", "uniform0_2m", "lognormal_cv1.5")]  # fmt: skip
    assert [one.mean for one in found] == [3.0] * 5
    assert [one.second_moment / 9 for one in found] == pytest.approx([2.0, 1.0, 1.25, 4 / 3, 3.25])


# -- what is added up ------------------------------------------------------------------------------------------------


def _table(dtype: Any, rows: list[dict[str, float]]) -> Any:
    table = np.zeros(len(rows), dtype)
    for place, row in enumerate(rows):
        for name, value in row.items():
            table[place][name] = value
    return table


def _visit(ticket: int, entered: float, began: float, left: float, ending: Ending, place: int = 0) -> dict[str, float]:
    entry = Entry.OPENED if place == 0 else Entry.EXPERTISE
    return {"ticket": ticket, "place": place, "entry": entry, "ending": ending, "entered": entered,
            "available": entered, "began": began, "left": left, "released": left}  # fmt: skip


def _desk(visits: list[dict[str, float]], spells: list[tuple[int, float, float]], kinds: list[int]) -> Any:
    """Return a desk as far as its tables go, all work being done in the first tier."""
    held = {
        "visits": _table(VISITS, visits),
        "spells": _table(SPELLS, [{"ticket": t, "began": a, "ended": b} for t, a, b in spells]),
        "tickets": _table(TICKET_ROWS, [{"ticket": n, "category": k, "priority": k} for n, k in enumerate(kinds)]),
    }
    return SimpleNamespace(**{name: SimpleNamespace(table=lambda one=one: one) for name, one in held.items()})


def _window(system: System, start: float, end: float) -> Trial:
    model: Any = SimpleNamespace(end=end)
    return Trial(system, model, 1.0, start, end, 1.0, squares=True)


def test_a_window_counts_what_happens_in_it_and_integrates_exactly() -> None:
    system = System((0.5, 0.5), ((ONE,), (ONE,)), (2,), target=3.0)
    visits = [
        _visit(0, 2, 2, 12, Ending.SOLVED),  # began before the window
        _visit(1, 4, 11, 15, Ending.SOLVED),  # waited into it, 7 minutes
        _visit(2, 12, 14, 30, Ending.OPEN) | {"left": NAN, "released": NAN},  # is being worked on at its end
        _visit(3, 13, NAN, 16, Ending.GAVE_UP),
        _visit(4, 14, NAN, 14, Ending.QUEUE_FULL),
        _visit(5, 18, NAN, NAN, Ending.OPEN),  # still waits
    ]
    desk = _desk(visits, [(0, 2, 12), (1, 11, 15), (2, 14, 20)], [0, 1, 1, 0, 0, 1])
    sums = add_up(_window(system, 10.0, 20.0), desk).sums[:, 0]
    expected = {
        Sum.LENGTH: [10, 10], Sum.CAME: [2, 2], Sum.TAKEN: [1, 2], Sum.WAITED: [1, 2], Sum.SOON: [0, 1],
        Sum.WAIT: [3, 9], Sum.GAVE_UP: [1, 0], Sum.BLOCKED: [1, 0], Sum.LEFT: [2, 1], Sum.STAY: [13, 11],
        Sum.IDLED: [1, 1], Sum.IDLE: [3, 7],
        Sum.PRESENT: [2 + 3, 5 + 8 + 2], Sum.BUSY: [2, 4 + 6], Sum.QUEUED: [3, 5],
        # At work: one in [10, 11), two in [11, 12), one in [12, 14), two in [14, 15), one in [15, 20).
        Sum.BUSY_SQUARED: [1 + 4 + 2 + 4 + 5, 0], Sum.SOLVED: [0, 0], Sum.SOJOURN: [0, 0],
    }  # fmt: skip
    assert {which: sums[which].tolist() for which in Sum} == expected


def test_work_that_was_broken_off_is_counted_once_and_its_breaks_as_waiting() -> None:
    system = System((0.5, 0.5), ((ONE,), (ONE,)), (1,), preempts=True)
    visits = [_visit(0, 10, 10, 18, Ending.SOLVED), _visit(1, 12, 12, 15, Ending.SOLVED)]
    desk = _desk(visits, [(0, 10, 12), (1, 12, 15), (0, 15, 18)], [1, 0])
    sums = add_up(_window(system, 10.0, 20.0), desk).sums[:, 0]
    assert sums[Sum.IDLE].tolist() == [0, 3]
    assert sums[Sum.STAY].tolist() == [3, 8]
    assert sums[Sum.QUEUED].tolist() == [0, 3]
    assert sums[Sum.IDLED].tolist() == [0, 1]


def test_a_sojourn_runs_from_the_first_visit_to_the_last() -> None:
    visits = [
        _visit(0, 5, 6, 8, Ending.EXPERTISE), _visit(0, 8, 11, 13, Ending.SENT_BACK, place=1),
        _visit(0, 13, 13, 16, Ending.SOLVED) | {"entry": Entry.SENT_BACK}, _visit(1, 1, 1, 9, Ending.SOLVED),
    ]  # fmt: skip
    sums = add_up(_window(jackson(0.25), 10.0, 20.0), _desk(visits, [], [0, 0])).sums
    assert sums[Sum.SOLVED].ravel().tolist() == [1, 0]
    assert sums[Sum.SOJOURN].ravel().tolist() == [11, 0]
    assert sums[Sum.CAME].ravel().tolist() == [1, 0]
    assert sums[Sum.WAIT].ravel().tolist() == [0, 3]


def test_the_quick_engine_and_the_whole_one_give_the_same_sums() -> None:
    for system in (jackson(0.25), System((0.3, 0.3), ((ONE,), (Service(1.0, "gamma", 0.5),)), (1,))):
        found = trial(system, squares=True)
        assert isinstance(found, Trial)
        quick, whole = played_desk(found.model, 1, 7), Desk(found.model, 1, 7)
        assert isinstance(quick, PlainDesk)
        quick.play()
        whole.play()
        ours, theirs = add_up(found, quick), add_up(found, whole)
        np.testing.assert_allclose(ours.sums, theirs.sums, rtol=1e-12)
        np.testing.assert_allclose(ours.controls, theirs.controls, rtol=1e-9, atol=1e-6)
        assert ours.sums[Sum.SOLVED if system.by_tier else Sum.LEFT].sum() > 100


# -- from replications to intervals ----------------------------------------------------------------------------------


def _sample(over: Any, per: Any, controls: Any = None, which: Sum = Sum.WAIT, by: Sum = Sum.TAKEN) -> Sample:
    sums = np.zeros((len(over), len(Sum), 1, 1))
    sums[:, which, 0, 0], sums[:, by, 0, 0] = over, per
    controls = np.zeros((len(over), 1)) if controls is None else controls
    return Sample(sums, controls, np.full(controls.shape[1], 1e-6))


WAIT = Quantity(Sum.WAIT, Sum.TAKEN)


def test_the_estimate_is_the_ratio_of_the_totals_and_its_spread_that_of_a_ratio() -> None:
    rng = np.random.default_rng(1)
    per = rng.integers(50, 150, 4000).astype(float)
    over = per * (3.0 + rng.standard_normal(4000))
    found = estimate.values(_sample(over, per), WAIT)
    assert found is not None
    assert found.mean() == pytest.approx(over.sum() / per.sum())
    # The variance of a ratio, by the delta method.
    assert found.std() == pytest.approx(math.sqrt((per**2).mean()) / per.mean(), rel=0.05)
    assert estimate.values(_sample([0.0, 0.0], [0.0, 0.0]), WAIT) is None


def test_a_variance_is_the_mean_square_less_the_square_of_the_mean() -> None:
    rng = np.random.default_rng(2)
    busy, length = rng.normal(5, 1, 300), np.full(300, 10.0)
    sums = np.zeros((300, len(Sum), 1, 1))
    sums[:, Sum.BUSY, 0, 0], sums[:, Sum.LENGTH, 0, 0] = 10 * busy, length
    sums[:, Sum.BUSY_SQUARED, 0, 0] = 10 * (busy**2 + 4)
    found = estimate.values(
        Sample(sums, np.zeros((300, 1)), np.zeros(1)), Quantity(Sum.BUSY_SQUARED, Sum.LENGTH, spread=True)
    )
    assert found is not None
    assert found.mean() == pytest.approx(4 + busy.var())


def test_intervals_hold_together_and_are_as_wide_as_students_t() -> None:
    rng = np.random.default_rng(3)
    over = rng.normal(3, 1, 120)
    found = estimate.interval(_sample(over, np.ones(120)), WAIT, None, 50, 1.0)
    assert found is not None
    expected = stats.t.ppf(1 - 0.001 / 50 / 2, 119) * over.std(ddof=1) / math.sqrt(120)
    assert found.half_width == pytest.approx(expected)
    assert estimate.critical(1, 10**7) == pytest.approx(3.2905, abs=1e-3)


def test_an_interval_covers_as_often_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """With controls from a pilot of its own and skewed ratios, 90 % intervals cover in 90 % of 2000 trials."""
    monkeypatch.setattr(estimate, "ALPHA", 0.1)
    rng = np.random.default_rng(4)

    def draw(n: int) -> Sample:
        chance = rng.standard_exponential(n) - 1
        per = rng.poisson(100, n).astype(float)
        return _sample(per * (2 + chance + 0.5 * rng.standard_exponential(n) - 0.5), per, chance[:, None])

    weight = estimate.weights(draw(40), WAIT)
    assert weight is not None
    covered = narrower = 0
    for _ in range(2000):
        sample = draw(100)
        found, bare = (estimate.interval(sample, WAIT, w, 1, 1.0) for w in (weight, None))
        assert found is not None
        assert bare is not None
        covered += found.low <= 2 <= found.high
        narrower += found.half_width < bare.half_width
    assert abs(covered / 2000 - 0.9) < 4 * math.sqrt(0.09 / 2000) + 0.01
    assert narrower == 2000


def test_controls_that_tell_nothing_and_rows_that_are_inputs_are_left_alone() -> None:
    rng = np.random.default_rng(5)
    noise = rng.standard_normal((40, 1))
    sample = _sample(rng.normal(3, 1, 40), np.ones(40), noise)
    assert estimate.weights(sample, WAIT) is None
    close = 5 + noise[:, 0]
    assert estimate.weights(_sample(close, np.ones(40), noise), WAIT) is not None
    came = _sample(close, np.ones(40), noise, Sum.CAME, Sum.LENGTH)
    assert estimate.weights(came, Quantity(Sum.CAME, Sum.LENGTH)) is None


def test_controls_that_are_not_what_they_should_be_are_found_out() -> None:
    rng = np.random.default_rng(6)
    noise = rng.standard_normal((200, 2))
    assert estimate.sound(_sample(np.ones(200), np.ones(200), noise), 50)
    assert not estimate.sound(_sample(np.ones(200), np.ones(200), noise + np.array([0.0, 0.5])), 50)
    assert estimate.sound(_sample(np.ones(200), np.ones(200), np.zeros((200, 2))), 50)


@pytest.mark.parametrize("seen", [0, 1, 7, 100])
def test_what_is_rare_gets_the_limits_of_a_poisson_count(seen: int) -> None:
    over = np.zeros(100)
    over[: min(seen, 100)] = seen / max(1, min(seen, 100))
    gave_up = Quantity(Sum.GAVE_UP, Sum.TAKEN, events=Sum.GAVE_UP)
    found = estimate.interval(_sample(over, np.full(100, 1000.0), which=Sum.GAVE_UP), gave_up, None, 20, 1.0)
    assert found is not None
    tail = 0.001 / 20 / 2
    assert found.high * 1e5 >= stats.chi2.ppf(1 - tail, 2 * seen + 2) / 2 - 1e-9
    assert found.low * 1e5 <= (stats.chi2.ppf(tail, 2 * seen) / 2 if seen else 0.0) + 1e-9
    nearly_all = _sample(1000.0 - over, np.full(100, 1000.0), which=Sum.SOON)
    soon = estimate.interval(nearly_all, Quantity(Sum.SOON, Sum.TAKEN, events=Sum.SOON), None, 20, 1.0)
    assert soon is not None
    assert 1 - soon.low == pytest.approx(found.high)


def test_enough_replications_are_planned() -> None:
    for sd in (0.01, 0.3, 1.0):
        n = int(estimate.needed(sd, 0.03, 77, 1.0))
        assert n >= estimate.FEWEST
        assert estimate.critical(77, n) * sd / math.sqrt(n) <= 0.03 * 1.001
        if n > estimate.FEWEST:
            assert estimate.critical(77, n - 2) * sd / math.sqrt(n - 2) > 0.03 * 0.999
    assert estimate.needed(NAN, 0.03, 77, 1.0) == math.inf
    assert (estimate.tolerance(4.0), estimate.tolerance(0.0499), estimate.tolerance(0.0)) == (0.12, 0.002, 0.002)


# -- what can be asked -----------------------------------------------------------------------------------------------


def test_what_a_system_does_not_have_cannot_be_asked() -> None:
    plain = System((0.5,), ((ONE,),), (2,))
    assert {"SL", "P_abandon", "P_block", "tier_rates"}.isdisjoint(names(plain))
    broken_off = System((0.2, 0.2), ((ONE,), (ONE,)), (1,), preempts=True)
    assert "P_wait" not in names(broken_off)
    of_class = asked(broken_off, "Wq_by_class")
    assert isinstance(of_class, list)
    assert [(one.over, one.kind) for one in of_class] == [(Sum.IDLE, 0), (Sum.IDLE, 1)]
    assert "occupancy" not in names(System((1.0,), ((ONE,),), (None,)))
    occupancy = asked(plain, "occupancy")
    assert isinstance(occupancy, Quantity)
    assert occupancy.factor == 0.5
    with pytest.raises(KeyError):
        asked(plain, "Wq_by_tier")
