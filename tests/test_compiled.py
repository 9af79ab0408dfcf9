"""What the simulator asks a policy: found by probing, the same whatever the rules are called."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from policy import Policy, Rulebook, Situation, Verdict, load_policy
from policy.compiled import DeskRules, Route
from policy.errors import InputError
from policy.fast import FastBook, FastVerdict
from policy.loading import FOLDER
from simulator import load_desk, run_once, simulate

DATA = Path(__file__).parent / "data"
SMALLHOUSE = DATA / "desk_policy.yaml"


def rules(**sets: str) -> DeskRules:
    return DeskRules(Rulebook(load_policy(SMALLHOUSE, {path.replace("__", "."): v for path, v in sets.items()})))


def everything(asked: DeskRules) -> list[object]:
    found: list[object] = [asked.management]
    for priority in asked.priorities:
        for plan in asked.plans:
            found += [asked.resolution(priority, plan), asked.update_every(priority, plan)]
            found.append(asked.calendar(priority, plan).name)
            found.append(asked.first_response(priority, plan))
            for tier in ("T1", "T2", "T3"):
                found.append(asked.routes(priority, plan, tier))
                found += [
                    asked.destination(priority, plan, tier, signal)
                    for signal in ("needs_expertise", "needs_code_change", "unresolvable")
                ]
    return found


def test_tier_timers_are_routes_on_time_in_hand() -> None:
    assert Route("no_progress", 30.0, "T2", False) in rules().routes("P3", "starter", "T1")
    t2 = rules().routes("P3", "starter", "T2")
    assert [(r.clock, r.minutes, r.to) for r in t2] == [("no_progress", 120.0, "T3"), ("unresolved", 240.0, "T3")]


def test_a_timer_set_to_null_is_none_and_a_changed_one_moves() -> None:
    assert all(r.clock != "no_progress" for r in rules(tiers__T1__no_progress="null").routes("P3", "starter", "T1"))
    changed = rules(tiers__T1__no_progress="60m").routes("P3", "starter", "T1")
    assert Route("no_progress", 60.0, "T2", False) in changed


def test_a_duty_from_the_start_is_a_route_at_an_age() -> None:
    assert Route("age", 60.0, "T2", False) in rules().routes("P2", "starter", "T1")
    assert Route("age", 5.0, "T3", False) in rules().routes("P1", "starter", "T1")


def test_a_rule_that_warns_early_counts_from_its_figure() -> None:
    assert [r for r in rules().routes("P2", "starter", "T2") if r.clock == "age"] == [Route("age", 240.0, "T3", False)]
    # One business day is eight hours of the ticket's calendar.
    assert Route("age", 480.0, "T2", False) in rules().routes("P3", "starter", "T1")


def test_management_joins_and_owns_nothing() -> None:
    joins = {(r.clock, r.minutes, r.to) for r in rules().routes("P1", "starter", "T3") if r.parallel}
    assert joins == {("age", 240.0, "vp"), ("age", 240.0, "cto"), ("resolution", 240.0, "support_manager")}
    assert rules().management == ("support_manager", "vp", "cto")


def test_p4_stays_where_it_is() -> None:
    for tier in ("T1", "T2", "T3"):
        assert rules().routes("P4", "enterprise", tier) == ()
    assert rules().destination("P4", "enterprise", "T1", "needs_expertise") == ()


def test_destinations_follow_what_is_known() -> None:
    asked = rules()
    assert asked.destination("P3", "starter", "T1", "needs_expertise") == ("T2",)
    assert asked.destination("P3", "starter", "T1", "needs_code_change") == ("T3",)
    assert asked.destination("P3", "starter", "T3", "unresolvable") == ("support_manager",)
    assert asked.destination("P3", "starter", "T1", "breach") == ("security",)
    # Owed anyway within the hour, but now for one more reason.
    assert asked.destination("P2", "starter", "T1", "needs_expertise") == ("T2",)
    assert asked.destination("P3", "starter", "T1", "a_signal_nobody_knows") == ()


def test_first_response_is_the_earliest_of_plan_and_priority() -> None:
    asked = rules()
    found = {p: [asked.first_response(p, plan) for plan in asked.plans] for p in asked.priorities}
    assert found == {"P1": [15, 15, 15], "P2": [60, 60, 60], "P3": [480, 240, 60], "P4": [480, 240, 60]}


def test_targets_calendars_and_cadences() -> None:
    asked = rules()
    assert [asked.resolution(p, "starter") for p in asked.priorities] == [240, 480, 2400, 1440]
    assert asked.calendar("P1", "starter").always_open
    assert asked.tier_calendar("T1").name == "office"
    assert asked.update_every("P2", "starter") == ((0.0, 120.0), (240.0, 240.0))
    assert asked.update_every("P4", "starter") == ((0.0, math.inf),)


def test_a_holiday_where_the_book_is_probed_changes_no_answer() -> None:
    many = "[2025-01-06, 2025-01-13, 2025-01-15, 2025-01-20]"
    assert everything(rules(calendars__office__holidays=many)) == everything(rules())


def renamed(text: str) -> str:
    numbers = iter(range(10_000))
    return re.sub(r"(?m)^(\s*- id: )\S+$", lambda m: f"{m[1]}r{next(numbers)}", text)


@pytest.mark.parametrize("name", ["smallhouse", "secureai"])
def test_renaming_every_rule_changes_nothing(name: str, tmp_path: Path) -> None:
    original = SMALLHOUSE if name == "smallhouse" else FOLDER / "secureai.yaml"
    other = tmp_path / "renamed.yaml"
    other.write_text(renamed(original.read_text(encoding="utf-8")), encoding="utf-8")
    before, after = load_policy(original), load_policy(other)
    assert {r.id for r in before.rules}.isdisjoint({r.id for r in after.rules})
    assert everything(DeskRules(Rulebook(before))) == everything(DeskRules(Rulebook(after)))


@pytest.fixture(scope="module")
def secureai() -> Policy:
    return load_policy("secureai")


def test_secureai_as_the_procedure_says_it(secureai: Policy) -> None:
    asked = DeskRules(Rulebook(secureai))
    assert [asked.first_response(p, "enterprise") for p in asked.priorities] == [15, 60, 60, 60]
    assert [asked.first_response(p, "starter") for p in asked.priorities] == [15, 60, 480, 480]
    assert [asked.resolution(p, "starter") for p in asked.priorities] == [240, 480, 2400, 1440]
    assert [asked.update_every(p, "starter")[0][1] for p in asked.priorities] == [30, 120, 480, math.inf]
    t1 = {(r.clock, r.minutes, r.to) for r in asked.routes("P2", "starter", "T1")}
    assert {("age", 60.0, "T2"), ("no_progress", 30.0, "T2"), ("resolution", 480.0, "support_manager")} <= t1
    assert asked.routes("P4", "starter", "T1") == ()


def test_what_holds_only_while_the_customer_waits_is_marked(secureai: Policy) -> None:
    routes = DeskRules(Rulebook(secureai)).routes("P1", "starter", "T3")
    assert [r for r in routes if r.unanswered] == [Route("age", 15.0, "support_manager", True, unanswered=True)]


def test_a_policy_without_the_desks_tiers_is_refused() -> None:
    with pytest.raises(InputError, match="none called \"T1\"; it has counter, workshop"):
        DeskRules(Rulebook(load_policy(DATA / "drill_policy.yaml"))).routes("HIGH", "basic", "T1")
    with pytest.raises(InputError, match="the policy has no plan"):
        simulate(load_policy(DATA / "drill_policy.yaml"), load_desk(DATA / "desk_small.yaml"), replications=1)


def test_asking_is_cheap_enough_to_be_done_for_every_run(secureai: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk asks the compiled tables alone, a bounded number of times, and never the rulebook itself."""
    asked, ask = [], FastBook.ask

    def counted(book: FastBook, situation: Situation) -> FastVerdict:
        asked.append(situation)
        return ask(book, situation)

    def never(book: Rulebook, situation: Situation) -> Verdict:
        raise AssertionError("the rulebook was asked for a verdict")

    monkeypatch.setattr(FastBook, "ask", counted)
    monkeypatch.setattr(Rulebook, "verdict", never)
    everything(DeskRules(Rulebook(secureai)))
    assert 0 < len(asked) < 2000


def test_the_calendar_is_that_of_the_priority_and_the_plan() -> None:
    asked = DeskRules(Rulebook(load_policy("secureai+enterprise-p2-around-the-clock")))
    assert asked.calendar("P2", "enterprise").always_open
    assert not asked.calendar("P2", "starter").always_open
    assert not asked.calendar("P3", "enterprise").always_open


def test_a_calendar_of_one_plan_reaches_the_simulated_desk() -> None:
    base, around = (  # a desk on which no clock is ever paused
        run_once(load_desk(DATA / "desk_small.yaml"), load_policy(name), 5, 0).tickets
        for name in ("secureai", "secureai+enterprise-p2-around-the-clock")
    )
    mine = (base["priority"] == 1) & (base["plan"] == list(load_policy("secureai").plans).index("enterprise"))
    assert (around["resolution_due"][mine] <= base["resolution_due"][mine]).all()
    assert (around["resolution_due"][mine] < base["resolution_due"][mine]).any()
    assert (around["resolution_due"][~mine] == base["resolution_due"][~mine]).all()
