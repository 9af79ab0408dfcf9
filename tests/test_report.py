"""The reports' figures: counted again from the tables, with limits that hold, and rules that find what stands out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from policy import Rulebook, load_policy
from policy.compiled import DeskRules
from policy.errors import InputError
from simulator import Run, clocks, escalations, load_desk, month_metrics, run_once
from simulator.codes import Cause, Entry, Fate, Judged, Measured
from simulator.metrics import worked
from simulator.model import DeskModel, compile_model
from simulator.report.aims import MEASURED, goal, months_that_meet, sign, target
from simulator.report.counting import BACK, REASONS, Key, busy_hours, count, word
from simulator.report.figures import ENOUGH, coverage, cut_off, limits, said, sample
from simulator.report.gathering import Gathered, gather
from simulator.report.improving import breaches, improvements, missed_targets, outstanding, over_part
from simulator.report.phrases import cell, mean_cell
from simulator.report.subject import Subject, expected_mix, reasons
from simulator.report.succeeding import successes
from simulator.report.windows import Window, days, months_in, months_of, week_in, whole, with_months

DATA = Path(__file__).parent / "data"
SMALL = DATA / "desk_small.yaml"


@cache
def model(months: int = 0) -> DeskModel:
    desk = load_desk(SMALL)
    return compile_model(with_months(desk, months) if months else desk, DeskRules(Rulebook(load_policy())))


@cache
def played(months: int = 0, replication: int = 0) -> Run:
    return run_once(model(months), None, 5, replication)


@cache
def counted(months: int = 0, replication: int = 0) -> dict[Key, float]:
    """Return the figures of the whole period."""
    return count(played(months, replication), [whole(model(months))])[0]


def inside(run: Run, at: float) -> bool:
    return run.period[0] <= at < run.period[1]


@cache
def subject() -> Subject:
    policy = load_policy()
    gathered = gather(model(), months_in(model()), 5, 6)
    return Subject(policy, DeskRules(Rulebook(policy)), model(), gathered, played(), 5, (), "period")


# -- what is counted -------------------------------------------------------------------------------------------------


def test_the_figures_of_a_month_are_those_of_simulate() -> None:
    found = counted()
    for name, value in month_metrics(played()).items():
        assert found["figure", name] == pytest.approx(value, nan_ok=True), name


@pytest.mark.parametrize("replication", range(3))
def test_escalations_are_counted_as_their_table_has_them(replication: int) -> None:
    run, found = played(2, replication), counted(2, replication)
    places, tiers = run.model.places, run.model.tiers
    steps: Counter[tuple[str, str]] = Counter()
    categories: Counter[str] = Counter()
    why: Counter[str] = Counter()
    judged: Counter[tuple[str, str]] = Counter()
    for row in escalations(run):
        if not inside(run, float(row["at"])):
            continue
        to = int(row["to"])
        if to >= tiers and to not in run.model.management:
            continue
        step = places[to] if to < tiers else "management"
        steps[run.model.priorities[run.tickets["priority"][row["ticket"]]], step] += 1
        categories[run.model.categories[row["category"]]] += 1
        why[word(Entry(row["reason"]))] += 1
        judged[word(Judged(row["judged"])), places[row["from"]]] += 1
    assert sum(steps.values()) > 30
    for priority, step in product(run.model.priorities, ("T2", "T3", "management")):
        assert found["step", "priority", priority, step] == steps[priority, step]
    for name in run.model.categories:
        assert found["escalations", "category", name] == categories[name]
    for reason in REASONS:
        assert found["reason", word(reason)] == why[word(reason)]
    for one, tier in product(Judged, run.model.places[:tiers]):
        assert found["judged", word(one), "from", tier] == judged[word(one), tier]
    assert sum(found["reason", word(reason)] for reason in REASONS) == found["figure", "escalations"]


@pytest.mark.parametrize("replication", range(3))
def test_missed_targets_are_those_of_the_table_of_clocks(replication: int) -> None:
    run, found = played(2, replication), counted(2, replication)
    why: Counter[tuple[str, str]] = Counter()
    late = set()
    for row in clocks(run):
        ticket = run.tickets[row["ticket"]]
        solved = ticket["fate"] in (Fate.SOLVED, Fate.SOLVED_TOGETHER) and inside(run, float(ticket["resolved"]))
        if row["breached"] and row["place"] < 0 and solved:
            why[word(Measured(row["clock"])), word(Cause(row["cause"]))] += 1
            late.add(int(row["ticket"]))
    assert len(late) > 5
    own = (Measured.FIRST_RESPONSE, Measured.RESOLUTION)
    for clock, cause in product(own, [one for one in Cause if one != Cause.NONE]):
        assert found["breaches", word(clock), word(cause)] == why[word(clock), word(cause)]
    assert found["breached",] == len(late)
    assert found["figure", "sla_compliance"] == pytest.approx(1 - len(late) / found["solved",])
    for kind, names in (("priority", run.model.priorities), ("tier", ("T1", "T2", "T3"))):
        assert sum(found["breached", kind, name] for name in names) == len(late)


def test_what_comes_back_is_counted_by_its_reason_and_ends_the_time_when_it_is_solved() -> None:
    shares = {"resolved": 0.3, "waiting_customer": 0.1, "reclassified": 0.1, "workaround": 0.1}
    changes = {f"work.T2.hands_back.{name}": str(value) for name, value in shares.items()}
    desk = load_desk(SMALL, changes | {"work.customer.share": "0.1", "work.customer.answer": "{mean: 2h}"})
    handing = compile_model(desk, DeskRules(Rulebook(load_policy())))
    run = run_once(handing, None, 1, 0)
    (found,) = count(run, [whole(handing)])
    metrics = month_metrics(run)
    came = Counter(word(Entry(one["entry"])) for one in run.visits if inside(run, float(one["entered"])))
    assert {entry: found["back", word(entry)] for entry in BACK} == {entry: came[word(entry)] for entry in BACK}
    mistakes = found["back", "sent_back"] + found["back", "back_reclassified"]
    assert mistakes == metrics["deescalations"] > 0
    assert sum(found["back", word(entry)] for entry in BACK) - mistakes == metrics["hand_backs"] > 5
    parts = [(found["escalated", p], found["escalated_hours", p]) for p in handing.priorities if found["escalated", p]]
    hours = sum(number * mean for number, mean in parts) / sum(number for number, _ in parts)
    assert hours == pytest.approx(metrics["escalation_resolution_hours"])


def test_months_add_up_to_the_whole() -> None:
    run = played(3)
    windows = months_in(run.model)
    assert len(windows) == 3
    months = count(run, windows)
    (total,) = count(run, [whole(run.model)])
    counts = {"opened", "step", "escalations", "judged", "solved", "breached", "breaches", "stays", "passed", "slip"}
    added = [key for key in total if key[0] in counts | {"over", "timers", "staffed"}]
    added += [("figure", "tickets"), ("figure", "escalations"), ("figure", "deescalations")]
    assert len(added) > 150
    for key in added:
        assert sum(month[key] for month in months) == pytest.approx(total[key]), key
    assert total["figure", "tickets"] > 0


def test_the_backlog_of_a_month_is_what_is_open_when_it_ends() -> None:
    run = played(2)
    first, last = months_in(run.model)
    figures = count(run, [first, last])
    open_then = sum(
        1 for one in run.tickets if one["opened"] < first.end and not one["resolved"] < first.end
    )
    assert figures[0]["figure", "backlog_end"] == open_then
    assert figures[1]["figure", "backlog_end"] == np.count_nonzero(run.tickets["fate"] == Fate.OPEN)


def test_busy_hours_are_those_of_each_agent_hour_by_hour() -> None:
    run = played()
    window = whole(run.model)
    busy, staffed = busy_hours(run, window)
    expected = np.zeros_like(busy)
    hours = np.arange(window.start, window.end, 60.0)
    for spell in run.spells:
        worker = run.agents[spell["agent"]]
        if worker.on_call:
            continue
        for start in hours[(hours > spell["began"] - 60) & (hours < spell["ended"])]:
            since, until = max(start, spell["began"], window.start), min(start + 60, spell["ended"], window.end)
            expected[worker.tier, int((start - window.start) / 60) % 168] += worker.hours.minutes_between(since, until)
    assert window.first.weekday() == 0  # so that the first hour is a Monday's
    np.testing.assert_allclose(busy, expected, atol=1e-6)
    total = worked(run, *run.period)
    for tier in range(run.model.tiers):
        mine = [n for n, one in enumerate(run.agents) if one.tier == tier and not one.on_call]
        assert busy[tier].sum() == pytest.approx(total.inside[mine].sum())
        assert staffed[tier].sum() == pytest.approx(
            sum(run.agents[n].hours.minutes_between(*run.period) for n in mine)
        )
    assert (busy <= staffed + 1e-6).all()


def test_the_same_figures_on_any_number_of_workers() -> None:
    windows = months_in(model())
    alone, shared = (gather(model(), windows, 5, 12, workers) for workers in (1, 2))
    assert list(alone.places) == list(shared.places)
    np.testing.assert_array_equal(alone.values, shared.values)
    np.testing.assert_array_equal(alone.values[:6], subject().gathered.values)


# -- days ------------------------------------------------------------------------------------------------------------


def test_months_follow_the_calendar_from_the_first_day_on() -> None:
    assert months_of(date(2025, 1, 1), 1) == date(2025, 1, 31)
    assert months_of(date(2025, 1, 31), 1) == date(2025, 2, 27)
    assert months_of(date(2024, 11, 15), 3) == date(2025, 2, 14)
    january = compile_model(with_months(load_desk(), 3), DeskRules(Rulebook(load_policy())))
    assert [one.name for one in months_in(january)] == ["January 2025", "February 2025", "March 2025"]
    assert [one.last for one in months_in(january)] == [date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31)]
    assert months_in(january)[0].end == months_in(january)[1].start
    assert (whole(january).start, whole(january).end) == (january.start, january.end)


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        (date(2025, 3, 3), date(2025, 3, 9), "3 to 9 March 2025"),
        (date(2025, 3, 31), date(2025, 4, 6), "31 March to 6 April 2025"),
        (date(2024, 12, 30), date(2025, 1, 5), "30 December 2024 to 5 January 2025"),
        (date(2024, 12, 1), date(2025, 2, 28), "December 2024 to February 2025"),
        (date(2025, 1, 1), date(2025, 3, 31), "January to March 2025"),
        (date(2025, 1, 1), date(2025, 1, 1), "1 January 2025"),
    ],
)
def test_days_in_words(first: date, last: date, name: str) -> None:
    assert days(first, last) == name


def test_a_week_is_named_by_its_number_or_by_a_day() -> None:
    january = compile_model(load_desk(), DeskRules(Rulebook(load_policy())))
    last = week_in(january, None)
    assert (last.first, last.last) == (date(2025, 1, 20), date(2025, 1, 26))
    assert week_in(january, "2025-W04") == week_in(january, "2025-01-22") == last
    cut = week_in(january, "2025-W01")
    assert (cut.first, cut.last) == (date(2025, 1, 1), date(2025, 1, 5))
    for wrong in ("2025-W06", "2024-12-29", "9999-12-31", "0001-01-01"):
        with pytest.raises(InputError, match=r"--weekly: "):
            week_in(january, wrong)
    for wrong in ("soon", "2025-W54", "2025-02-30", "W04", "٢٠٢٥-W04"):
        with pytest.raises(InputError, match="expected a week such as 2025-W04"):
            week_in(january, wrong)


# -- how sure --------------------------------------------------------------------------------------------------------


def test_limits_hold_as_often_as_they_say() -> None:
    random = np.random.default_rng(3)
    for months in (5, 20, 39, 100, 250):
        held = 0
        for _ in range(4000):
            values = random.lognormal(size=months + 1)
            one = sample(values[:-1])
            held += one.low <= values[-1] <= one.high
        assert held / 4000 == pytest.approx(coverage(months), abs=0.016), months
    assert all(coverage(months) >= 0.95 for months in range(ENOUGH, 2000))
    assert coverage(ENOUGH - 1) < 0.95
    assert cut_off(1) == 0


def test_the_mean_and_how_sure_it_is() -> None:
    one = sample(np.array([1.0, 2.0, 3.0, 4.0, np.nan]))
    assert (one.mean, one.known, one.months) == (2.5, 4, 5)
    assert one.half == pytest.approx(3.182446 * 1.290994 / 2, rel=1e-5)  # Student's t with 3 degrees of freedom
    assert (one.low, one.high) == (1.0, 4.0)
    alone = sample(np.array([7.0]))
    assert alone.mean == 7.0
    assert np.isnan([alone.half, alone.low, alone.high]).all()
    assert np.isnan(sample(np.array([np.nan])).mean)


def test_figures_as_they_are_written() -> None:
    shares = sample(np.array([0.16, 0.18, 0.17, 0.17]))
    assert said(shares, "share") == "17.0 % (a month: 16.0 to 18.0 %)"
    assert mean_cell(shares, "share") == "17.0 ± 1.3 %"
    assert cell(shares, "share") == "17.0 (16 to 18)"
    assert cell(sample(np.zeros(4)), "count") == "0"
    assert limits(sample(np.zeros(4)), "count") == "always 0"
    assert cell(sample(np.array([1.0, 2.0, np.nan])), "count") == "1.5 (1 to 2)*"
    assert said(sample(np.array([np.nan])), "hours") == "–"
    assert mean_cell(sample(np.array([3.0])), "hours") == "3.0 h"
    assert mean_cell(sample(np.array([1200.0, 1300.0])), "money").startswith("1 250 ± ")


# -- targets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "just_met", "just_missed"),
    [
        ("escalation_rate", 0.1999, 0.20),
        ("deescalation_rate", 0.0499, 0.05),
        ("escalation_resolution_ratio", 0.5, 0.5001),
        ("sla_compliance", 0.90, 0.8999),
        ("csat", 4.2, 4.1999),
    ],
)
def test_a_target_at_its_edge(name: str, just_met: float, just_missed: float) -> None:
    aim = load_policy().targets[name]
    assert sign(name, just_met, aim) == "✓"
    assert sign(name, just_missed, aim) == "✗"
    assert sign(name, float("nan"), aim) == "–"
    both = sample(np.array([just_met, just_missed, np.nan]))
    assert months_that_meet(name, both, aim) == "1 of 2"


def test_every_target_of_the_policy_has_a_direction_and_words() -> None:
    targets = load_policy().targets
    assert set(targets) <= set(MEASURED)
    assert (target("escalation_rate", 0.2), goal("csat", 4.2)) == ("below 20 %", "≥ 4.2")


def test_every_reason_of_the_desk_counts_once() -> None:
    policy = load_policy()
    named = [one for words in reasons(policy).values() for one in words]
    assert sorted(named) == sorted(word(reason) for reason in REASONS)
    assert set(reasons(policy)) == set(expected_mix(policy))


# -- what stands out -------------------------------------------------------------------------------------------------


def test_a_subject_stands_out_only_where_it_is_clear_and_counts() -> None:
    clear = {"a": np.array([3.0, 4.0, 3.5, 4.5]), "b": np.array([-3.0, -4.0, -3.5, -4.5])}
    assert outstanding(clear) == "a"
    assert outstanding({name: values / 10 for name, values in clear.items()}) is None  # less than once
    assert outstanding({"a": np.array([30.0, -20.0, 5.0, -9.0]), "b": np.zeros(4)}) is None  # chance
    assert outstanding({"a": np.array([5.0, 5.1])}) is None  # nothing to compare with
    excess = over_part({"a": np.array([6.0]), "b": np.array([2.0])}, {"a": np.array([10.0]), "b": np.array([30.0])})
    assert {name: float(values[0]) for name, values in excess.items()} == {"a": 4.0, "b": -4.0}


def test_a_missed_target_is_found_and_a_met_one_is_not() -> None:
    found = {point.topic for point in missed_targets(subject())}
    for name, aim in subject().policy.targets.items():
        mean = subject().gathered.sample("figure", name).mean
        assert (name in found) == (not MEASURED[name].meets(mean, aim))
    strict = load_policy(sets={"targets.sla_compliance": "0.9999", "targets.escalation_rate": "0.99"})
    topics = {point.topic for point in missed_targets(replace(subject(), policy=strict))}
    assert "sla_compliance" in topics
    assert "escalation_rate" not in topics


def changed(key: Key, values: list[float]) -> Subject:
    """Return the subject with one figure as it is told."""
    gathered = subject().gathered
    copy = gathered.values.copy()
    copy[:, -1, gathered.places[key]] = values
    return replace(subject(), gathered=replace(gathered, values=copy))


def test_the_cause_of_most_missed_targets_is_named() -> None:
    other = changed(("breaches", "resolution", "handoff"), [900.0, 901.0, 902.0, 903.0, 904.0, 905.0])
    (point,) = breaches(other)
    assert point.topic == "breaches handoff"
    assert "come from hand-off, 902 (a period: 900 to 905)" in point.text
    assert "above all of the resolution" in point.text
    assert {one.topic for one in improvements(other)} >= {"breaches handoff"}


def test_coaching_is_about_the_subject_with_most_premature_escalations() -> None:
    other = changed(("judged", "premature"), [8.0] * 6)
    other = replace(
        other, gathered=replace(other.gathered, values=other.gathered.values.copy())
    )
    other.gathered.values[:, -1, other.gathered.places["judged", "premature", "category", "easy"]] = 8.0
    other.gathered.values[:, -1, other.gathered.places["judged", "premature", "category", "hard"]] = 0.0
    (point,) = [one for one in improvements(other) if one.topic == "coaching premature"]
    assert "“Easy ones”" in point.text


def test_nothing_stands_out_of_a_desk_without_tickets() -> None:
    desk = load_desk(SMALL, {"demand.tickets_per_week": "0"})
    policy = load_policy()
    rules = DeskRules(Rulebook(policy))
    empty = compile_model(desk, rules)
    gathered = gather(empty, months_in(empty), 0, 2)
    quiet = Subject(policy, rules, empty, gathered, run_once(empty, None, 0, 0), 0)
    assert len(improvements(quiet)) == len(successes(quiet)) == 1
    assert "Nothing stands out" in improvements(quiet)[0].text


def test_success_stories_are_tickets_of_the_run() -> None:
    run, window = played(), subject().gathered.windows[-1]
    for point in successes(subject()):
        if point.text.startswith("Ticket "):
            row = run.tickets[int(point.text.split(",")[0].removeprefix("Ticket ")) - 1]
            assert window.start <= row["resolved"] < window.end
            assert row["resolved"] <= row["resolution_due"]


def test_one_window_alone() -> None:
    gathered = gather(model(2), months_in(model(2)), 5, 2)
    first = gathered.only(0)
    assert first.windows == gathered.windows[:1]
    np.testing.assert_array_equal(first.of("figure", "tickets"), gathered.of("figure", "tickets", window=0))
    with pytest.raises(KeyError):
        gathered.of("figure", "luck")
    assert isinstance(gathered, Gathered)
    assert isinstance(first.windows[0], Window)
