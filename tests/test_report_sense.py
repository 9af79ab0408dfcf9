"""What the reports say is true, is said once, and is said with as much certainty as there is."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from policy import Policy, Rulebook, load_policy
from policy.compiled import DeskRules
from simulator import Desk, escalations, load_desk, run_once
from simulator.codes import Entry
from simulator.model import DeskModel, compile_model
from simulator.report import Order, Report, as_html, as_text, make_report
from simulator.report import model as parts
from simulator.report.aims import target
from simulator.report.counting import Key
from simulator.report.details import breaches as breaches_section
from simulator.report.details import by_tier_and_priority
from simulator.report.figures import at_least, together, with_half
from simulator.report.gathering import gather
from simulator.report.improving import breaches, improvements, missed_targets
from simulator.report.judged import review
from simulator.report.model import Points, Table, Text
from simulator.report.monthly import summary
from simulator.report.quarterly import targets
from simulator.report.subject import ENTRIES, Subject
from simulator.report.windows import months_in, week_in, whole, with_months

SMALL = Path(__file__).parent / "data" / "desk_small.yaml"
JANUARY = "january_2025"
PRICED = {"costs.hour.T1": "30", "costs.hour.T2": "40", "costs.hour.T3": "60"}
LATE = (("behaviour.late_recognition", "0.6"),)


@cache
def rules() -> DeskRules:
    return DeskRules(Rulebook(load_policy()))


def small() -> DeskModel:
    return compile_model(load_desk(SMALL), rules())


@cache
def subject(plays: int = 6, word: str = "period") -> Subject:
    model = small()
    gathered = gather(model, months_in(model), 5, plays)
    return Subject(load_policy(), rules(), model, gathered, run_once(model, None, 5, 0), 5, (), word)


def changed(of: Subject, figures: dict[Key, list[float]]) -> Subject:
    """Return a subject with some figures as they are told."""
    copy = of.gathered.values.copy()
    for key, values in figures.items():
        copy[:, -1, of.gathered.places[key]] = values
    return replace(of, gathered=replace(of.gathered, values=copy))


def sentences(of: Report) -> list[str]:
    """Return every paragraph and every point of a report."""
    found = []
    for section in of.sections:
        for block in section.blocks:
            if isinstance(block, Text):
                found.append(block.text)
            elif isinstance(block, Points):
                found += [point.text for point in block.items]
    return found


def tables(of: Report) -> dict[str, Table]:
    return {block.caption: block for section in of.sections for block in section.blocks if isinstance(block, Table)}


def made(which: str, desk: str = str(SMALL), plays: int = 3, sets: tuple[tuple[str, str], ...] = ()) -> Report:
    return _made(which, desk, plays, sets)


@cache
def _made(which: str, desk: str, plays: int, sets: tuple[tuple[str, str], ...]) -> Report:
    order = Order(which=which, replications=plays)  # type: ignore[arg-type]
    return make_report(load_policy(), load_desk(desk, dict(sets)), order)


# -- what is said is what the tables say -------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [1, 6])
@pytest.mark.parametrize("top", ["P1", "P2", "P3", "P4"])
def test_furthest_from_the_target_is_what_the_table_has_as_its_largest(known: int, top: str) -> None:
    seldom = [9.0] * known + [float("nan")] * (6 - known)
    ratios = {("escalated_ratio", name): [2.0 + place] * 6 for place, name in enumerate(subject().model.priorities)}
    other = changed(subject(), {**ratios, ("escalated_ratio", top): seldom,
                                ("figure", "escalation_resolution_ratio"): [3.0] * 6})  # fmt: skip
    (point,) = [one for one in missed_targets(other) if one.topic == "escalation_resolution_ratio"]
    (table,) = [one for one in by_tier_and_priority(other).blocks
                if isinstance(one, Table) and one.caption.startswith("Time from the first")]  # fmt: skip
    printed = {row[0]: float(row[3].split()[0].rstrip("*")) for row in table.rows}
    worst = max(printed, key=lambda name: printed[name])
    assert worst == other.priority(top)
    some = "" if known == 6 else f" (known in {known} of 6 periods)"
    assert point.text.endswith(f"Furthest from it is {worst}, with 9.00{some}.")


def test_a_jump_over_a_tier_is_told_as_one() -> None:
    model = small()
    run, week = run_once(model, None, 0, 0), week_in(model, None)
    cases, _ = review(run, Rulebook(load_policy()), week)
    label = subject().label
    management = {model.places[place] for place in model.management}
    moved: Counter[str] = Counter()
    for case in cases:
        to = "Management" if case.judgement.to in management else label(case.judgement.to)
        moved[f"{label(case.judgement.source)} → {to}"] += 1
    rows = {row[0]: int(row[1]) for row in tables(made("weekly"))["This week beside others"].rows}
    shown = {name: number for name, number in rows.items() if "→" in name}
    assert Counter(shown) == moved
    assert moved["Tier 1 → Tier 3"] > 0
    assert {"Tier 1 → Tier 2", "Tier 2 → Tier 3", "Tier 3 → Management"} <= set(shown)


def test_the_summary_says_how_many_of_a_step_come_from_elsewhere() -> None:
    model, numbers = small(), []
    window = whole(model)
    for replication in range(6):
        up = escalations(run_once(model, None, 5, replication))
        inside = (up["at"] >= window.start) & (up["at"] < window.end)
        numbers.append(int(np.count_nonzero(inside & (up["from"] == 0) & (up["to"] == 2))))
    assert sum(numbers) > 0
    (table,) = [one for one in summary(subject()).blocks if isinstance(one, Table)]
    names = [row[0] for row in table.rows]
    place = names.index("of these from Tier 1")
    assert names[place - 1] == "Tier 2 → Tier 3"
    assert table.rows[place][1].startswith(f"{np.mean(numbers):.1f}")


def test_a_share_beside_counts_divides_as_they_do() -> None:
    uneven = changed(subject(), {
        ("breaches", clock, cause): [0.0] * 6
        for clock in ("first_response", "resolution")
        for cause in ("queue", "wrong_tier", "handoff", "nobody", "customer", "work", "decision")
    })  # fmt: skip
    uneven = changed(uneven, {("breaches", "resolution", "queue"): [5.0, 5.0, 5.0, 5.0, 5.0, 95.0],
                              ("breaches", "resolution", "work"): [1.0, 1.0, 1.0, 1.0, 1.0, 7.0]})  # fmt: skip
    (point,) = breaches(uneven)
    found = re.match(r"([\d.]+) % come from waiting in the queue, ([\d.]+) \(.*\) of ([\d.]+),", point.text)
    assert found is not None
    share, part, all_ = map(float, found.groups())
    assert (part, all_) == (20.0, 22.0)
    assert share == pytest.approx(100 * part / all_, abs=0.05)
    (table,) = [one for one in breaches_section(uneven).blocks
                if isinstance(one, Table) and one.caption == "Missed targets by cause"]  # fmt: skip
    (row,) = [row for row in table.rows if row[0] == "Waiting in the queue"]
    assert row[-1].startswith(f"{share} ± ")


def test_the_interval_of_a_share_of_all_months_holds() -> None:
    random, held = np.random.default_rng(7), 0
    for _ in range(2000):
        whole_ = random.poisson(20, 40).astype(float)
        part = random.binomial(whole_.astype(int), 0.3).astype(float)
        one = together(part, whole_)
        assert one.mean == pytest.approx(part.sum() / whole_.sum())
        held += abs(one.mean - 0.3) <= one.half
    assert held / 2000 == pytest.approx(0.95, abs=0.02)
    assert np.isnan(together(np.zeros(3), np.zeros(3)).mean)
    everything = together(np.ones(3), np.ones(3))
    assert (everything.mean, everything.half) == (1.0, 0.0)


# -- as sure as one can be ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mean", "half", "kind", "written"),
    [
        (0.0004, 0.0003, "share", ("0.04", "0.03")),
        (-0.00002, 0.00002, "share", ("-0.002", "0.002")),
        (0.037, 0.006, "share", ("3.7", "0.6")),
        (0.0, 1e-9, "share", ("0.000", "0.001")),
        (500.0, 0.3, "count", ("500.0", "0.3")),
        (500.0, 6.2, "count", ("500", "6")),
        (0.001, 0.002, "points", ("0.001", "0.002")),
        (1250.4, 635.3, "money", ("1 250", "635")),
    ],
)
def test_no_uncertainty_is_written_as_none(
    mean: float, half: float, kind: parts.Kind, written: tuple[str, str]
) -> None:
    assert with_half(mean, half, kind) == written


def test_no_report_says_plus_or_minus_nothing() -> None:
    for which, plays in (("monthly", 12), ("weekly", 3), ("quarterly", 3)):
        assert not re.search(r"± 0(\.0+)?(?![.\d])", as_text(made(which, plays=plays)))


def test_few_plays_come_with_a_warning() -> None:
    for which in ("monthly", "weekly", "quarterly"):
        assert any("so few say little" in line for line in made(which).about)
    assert not any("so few say little" in line for line in made("monthly", plays=12).about)
    assert any("Only one period was played" in line for line in made("monthly", plays=1).about)


@pytest.mark.parametrize("plays", [5, 40])
@pytest.mark.parametrize("met", [True, False])
def test_whether_a_target_is_too_easy_is_asked_only_where_enough_was_played(plays: int, met: bool) -> None:
    assert at_least(29) >= 0.9 > at_least(28)
    of = subject(plays=plays, word="quarter")
    aim = of.policy.targets["sla_compliance"]
    figures: dict[Key, list[float]] = {("figure", name): [float("nan")] * plays for name in of.policy.targets}
    figures["figure", "sla_compliance"] = [0.99 if met else 0.01] * plays
    (point,) = targets(changed(of, figures))
    asks = "Could it ask for more?" if met else "Can it be reached at all?"
    assert (asks in point.text) == (plays == 40)
    if plays == 40:
        assert f"SLA compliance ({target('sla_compliance', aim)})" in point.text
        assert ("at least 93 of 100" if met else "at most 7 of 100") in point.text
    else:
        assert "5 quarters cannot tell: that takes 29 or more" in point.text
    figures["figure", "sla_compliance"] = [0.99] * (plays - 1) + [0.01]
    assert list(targets(changed(of, figures))) == []


# -- what was reported -------------------------------------------------------------------------------------------------


def real_cells(of: Report) -> list[str]:
    found = [row[table.heads.index(head)] for table in tables(of).values()
             for head in table.heads if "reported" in head for row in table.rows]  # fmt: skip
    return found + re.findall(r"; reported (\S+)", "\n".join(sentences(of)))


def test_all_that_the_procedures_report_has_stands_beside_the_figures() -> None:
    desk = load_desk(JANUARY)
    report = made("monthly", JANUARY)
    shares = ("escalation_rate", "sla_compliance", "deescalation_rate")
    units = {"escalation_resolution_hours": " h"}
    expected = {name: f"{100 * value:g} %" if name in shares else f"{value:g}{units.get(name, '')}"
                for name, value in desk.reference.items()}  # fmt: skip
    assert {"4.2 h", "94 %", "4.5", "3.5 %", "17 %", "23", "18", "15", "12", "11", "6", "85"} <= set(expected.values())
    assert set(expected.values()) <= set(real_cells(report))
    assert sum("“Reported” is what the real month had" in one for one in sentences(report)) == 1


@pytest.mark.parametrize("how", ["set", "overlay", "months", "shorter", "other"])
def test_what_was_reported_is_left_out_where_the_desk_is_another(how: str) -> None:
    policy: Policy = load_policy("secureai+p1-hourly-updates" if how == "overlay" else "secureai")
    desk: Desk = load_desk(JANUARY)
    if how == "other":
        desk = desk.model_copy(update={"reference": {}})
    if how == "shorter":
        desk = with_months(desk, 2)
    order = Order(replications=2, months={"months": 2, "shorter": 1}.get(how),
                  changes=("desk.staffing.T1.agents=0",) if how == "set" else ())  # fmt: skip
    report = make_report(policy, desk, order)
    assert real_cells(report) == []
    left_out = any("The figures reported for the real month are left out" in one for one in sentences(report))
    assert left_out == (how in ("set", "overlay"))


# -- said once, and said well ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["monthly", "weekly", "quarterly"])
@pytest.mark.parametrize("desk", [str(SMALL), JANUARY])
def test_no_sentence_stands_twice(which: str, desk: str) -> None:
    said = Counter(sentences(made(which, desk, 12 if which == "monthly" else 3)))
    assert [one for one, number in said.items() if number > 1] == []


def test_late_escalations_are_told_once() -> None:
    report = made("weekly", JANUARY, sets=LATE)
    (discussed,) = [section for section in report.sections if section.anchor == "discuss"]
    points = [point for block in discussed.blocks if isinstance(block, Points) for point in block.items]
    late = [point for point in points if "could have seen it sooner" in point.text]
    assert len(late) > 1
    table = tables(report)["Duties of the week's escalated tickets that were not done as they should be"]
    assert not any("could have seen it sooner" in cell for row in table.rows for cell in row)
    (row,) = [row for row in table.rows if row[0] == "Late recognition"]
    tickets = re.findall(r"\d+", row[1])
    leads = [point.lead for point in late]
    assert list(map("Ticket {}, late".format, tickets)) == list(dict.fromkeys(leads))
    assert int(row[3]) == len(late)


def test_who_else_is_brought_in_is_one_sentence_of_those_that_were() -> None:
    january = compile_model(load_desk(JANUARY), rules())
    gathered = gather(january, months_in(january), 5, 12)
    of = replace(subject(), model=january, gathered=gathered)
    names = of.elsewhere()
    assert len(names) > 1
    none = changed(of, {("elsewhere", name): [0.0] * 12 for name in names})
    assert "Besides" not in "".join(one.text for one in summary(none).blocks if isinstance(one, Text))
    some = changed(none, {("elsewhere", names[0]): [0.0] * 11 + [1.0]})
    (text,) = [one.text for one in summary(some).blocks if isinstance(one, Text) and "Besides" in one.text]
    assert text.startswith("Besides, outside this sum: fewer than 0.1 (a period: 0 to 1) to ")
    assert names[1] not in text
    assert "and" not in text.split(": ", 1)[1]


def test_costs_have_a_unit_or_are_left_out() -> None:
    free = made("quarterly")
    assert "What it costs" not in tables(free)
    assert not any("cost" in head for head in tables(free)["One agent more would change, on average"].heads)
    assert sum("The desk file has no costs" in one for one in sentences(free)) == 1
    priced = made("quarterly", sets=tuple(PRICED.items()))
    assert "What it costs" in tables(priced)
    assert sum("names no currency" in one for one in sentences(priced)) == 1
    assert "cost a quarter" in tables(priced)["One agent more would change, on average"].heads


def test_several_months_are_not_told_as_one() -> None:
    report = make_report(load_policy(), load_desk(SMALL), Order(months=2, replications=3))
    assert any("2 months in a row, simulated 3 times, seed 0." in line for line in report.about)
    assert any("3 quarters simulated, seed 0." in line for line in made("quarterly").about)


def test_a_ticket_that_moves_by_its_age_was_not_open_too_long() -> None:
    assert ENTRIES[Entry.AGE] == "open as long as allowed"
    assert "too long" not in as_text(made("weekly")).split("Appropriate escalations")[1].split("Excellent")[0].replace(
        ENTRIES[Entry.UNRESOLVED], "")  # fmt: skip


def test_hand_offs_are_a_sentence() -> None:
    points = [one for one in improvements(subject(plays=40)) if one.topic == "handoffs"]
    incomplete = changed(subject(), {("slip", "T2", "incomplete_handoff"): [9.0] * 6, ("stays", "T2"): [30.0] * 6})
    (point,) = [one for one in improvements(incomplete) if one.topic == "handoffs"]
    assert points == []  # this desk's hand-offs are complete
    assert "the receiver has to ask back: Tier 2 about 9.0 (a period: always 9), 30.0 % of its tickets" in point.text


# -- layout ------------------------------------------------------------------------------------------------------------


def test_when_an_escalation_was_stands_on_one_line() -> None:
    report = made("weekly", JANUARY)
    table = tables(report)["Appropriate escalations, in the order of time (UTC)"]
    assert len(table.rows) > 5
    text = as_text(report).split("Appropriate escalations, in the order of time (UTC):")[1].split("Excellent")[0]
    whole_lines = re.findall(r"^\d+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d\d:\d\d +Tier \d →", text, re.MULTILINE)
    assert len(whole_lines) == len(table.rows)
    assert max(len(line) for line in text.splitlines()) <= 80
    page = as_html(replace(report, sections=tuple(one for one in report.sections if one.anchor == "appropriate")))
    assert page.count('class="word kept" data-head="when"') == len(table.rows)


def test_a_figure_and_its_unit_stay_on_one_line() -> None:
    text = "x" * 70 + " it is 4 h, 12 % and 5 min or so."
    section = parts.Section("A", "a", tuple(Text("x" * n + " took 4 h, 12 % and 5 min.") for n in range(40, 78)))
    lines = as_text(parts.Report("Org", "Title", (text,), (section,))).splitlines()[4:]
    assert not any(re.search(r"\d$", line) for line in lines)


def test_the_pictures_of_a_week_stay_together_on_paper() -> None:
    page = as_html(replace(made("monthly"), sections=tuple(
        one for one in made("monthly").sections if one.anchor == "utilisation")))  # fmt: skip
    (group,) = re.findall(r'<div class="together">(.*)</section>', page, re.DOTALL)
    assert group.count("<figure") == page.count("<figure") == 3
    css = page.split("@media print")[1]
    assert re.search(r"[^{}]*\.together[^{}]*\{ break-inside: avoid; \}", css)
    assert "break-before: page" not in css
