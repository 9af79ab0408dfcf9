"""What has led simulators of desks astray: each trap a small desk whose instants are computed by hand.

A ticket takes 35 minutes in Tier 1: 5 for the reply, 10 for the checks, 20 for its piece (``told_desk`` has the rest).
Nothing but work touches a P4. A P3 leaves Tier 1 after 30 minutes without progress.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from told_desk import (
    DATA,
    DAY,
    FIVE_PM,
    NINE,
    TEN,
    fates,
    model,
    play,
    resolved,
    responded,
    rows,
    story,
    visits,
    work,
)

from policy import load_policy
from simulator import Run, clocks, escalations, load_desk, run_once, simulate
from simulator.checks import check
from simulator.codes import Ending, Note
from simulator.draws import Arrivals
from simulator.run import run_of

ONE = {"staffing__T1__agents": "1"}
P4 = {"priority": "P4"}
P3 = {"priority": "P3"}
A_MOMENT = 1 / 1024
PREEMPTS = {"work__preempts": "[P3]"}
NO_TIMER = {"tiers.T1.no_progress": "null"}
MONDAY_ONLY = {"period__first_day": "2025-03-03", "period__last_day": "2025-03-03"}
NEVER = pytest.approx(math.nan, nan_ok=True)


# -- nobody on shift ---------------------------------------------------------------------------------------------------


def test_nobody_on_shift_takes_nothing_and_timers_in_hand_do_not_run() -> None:
    played = play(model(staffing__T1__agents="0"), {"at": TEN, **P4})
    assert fates(played) == ["OPEN"]
    assert work(played) == []
    assert story(played) == [("T1", "OPENED", TEN, NEVER)]


def test_nobody_on_shift_until_tomorrow() -> None:
    desk = model(shifts='{one: {hours: {tue: "09:00-17:00"}}}', staffing__T1="{groups: [{agents: 1, shift: one}]}")
    played = play(desk, {"at": NINE, **P3}, {"at": TEN, **P4}, {"at": TEN + 1, **P3})
    # On Tuesday the more urgent one first, though it came later. The oldest has gone to Tier 2 by then, after 8 hours.
    assert work(played, 2) == [(0, DAY + NINE, DAY + NINE + 35)]
    assert work(played, 1) == [(0, DAY + NINE + 35, DAY + NINE + 70)]
    assert story(played)[1][:3] == ("T2", "AGE", FIVE_PM)


def test_what_cannot_wait_is_paged_where_nobody_is_on_shift() -> None:
    played = play(model(), {"at": 120.0, "priority": "P1", "solved_by": 2})
    assert story(played)[0] == ("T3", "PAGED", 120.0, 120 + 4 + 5 + 10 + 60)


# -- a shift that shrinks while tickets are in work --------------------------------------------------------------------

SHORT_TUESDAY = '{short: {hours: {mon: "09:00-17:00", tue: "09:00-11:00", wed: "09:00-17:00"}}}'


@pytest.mark.parametrize(
    ("at_shift_end", "spells"),
    [
        ("pause", [(0, DAY + 650, 2 * DAY + NINE + 25)]),  # 10 minutes are done by 11:00
        ("hand_over", [(0, DAY + 650, DAY + 660), (0, 2 * DAY + NINE, 2 * DAY + NINE + 30)]),  # 5 to read up
        ("finish", [(0, DAY + 650, DAY + 685)]),
    ],
)
def test_a_shift_that_is_shorter_today(at_shift_end: str, spells: list[tuple[int, float, float]]) -> None:
    staff = f"{{groups: [{{agents: 1, shift: short}}], at_shift_end: {at_shift_end}}}"
    played = play(model(shifts=SHORT_TUESDAY, staffing__T1=staff), {"at": DAY + 650, **P4})
    assert work(played) == spells


def test_fewer_people_from_noon_on_finish_what_more_people_began() -> None:
    shifts = '{early: {hours: {mon: "09:00-12:00"}}}'
    staff = "{groups: [{agents: 2, shift: early}], agents: 1, at_shift_end: hand_over}"
    played = play(model(shifts=shifts, staffing__T1=staff), *({"at": 700.0 + n, **P4} for n in range(3)))
    # Agent 0 stays. At noon agents 1 and 2 have done 19 and 18 minutes of theirs; reading up takes 5 each.
    assert work(played) == [(0, 700, 735)]
    assert work(played, 1) == [(1, 701, 720), (0, 735, 735 + 16 + 5)]
    assert work(played, 2) == [(2, 702, 720), (0, 756, 756 + 17 + 5)]
    assert rows(played)["fate"].tolist() == [1, 1, 1]


# -- breaking off ------------------------------------------------------------------------------------------------------


def test_at_the_very_instant_of_completion_nothing_is_broken_off() -> None:
    played = play(model(**ONE, **PREEMPTS), {"at": TEN, **P4}, {"at": TEN + 35, **P3})
    assert work(played) == [(0, TEN, TEN + 35)]
    assert work(played, 1) == [(0, TEN + 35, TEN + 70)]
    before = play(model(**ONE, **PREEMPTS), {"at": TEN, **P4}, {"at": TEN + 35 - A_MOMENT, **P3})
    assert work(before) == [(0, TEN, TEN + 35 - A_MOMENT), (0, TEN + 70 - A_MOMENT, TEN + 70)]


def test_a_hand_off_is_not_broken_off() -> None:
    desk = model(NO_TIMER, **ONE, work__preempts="[P2]")
    played = play(desk, {"at": TEN, "solved_by": 1}, {"at": TEN + 27, "priority": "P2"})
    # It is seen after 25 minutes, and handed over in 5.
    assert work(played)[0] == (0, TEN, TEN + 30)
    assert work(played, 1)[0][1] == TEN + 30


def test_a_ticket_that_was_broken_off_is_broken_off_again() -> None:
    played = play(model(**ONE, **PREEMPTS), {"at": TEN, **P4}, {"at": TEN + 10, **P3}, {"at": TEN + 50, **P3})
    # 10 minutes are done, 25 left; from 10:45 to 10:50 5 more; the last 20 from 11:25 on.
    assert work(played) == [(0, TEN, TEN + 10), (0, TEN + 45, TEN + 50), (0, TEN + 85, TEN + 105)]


def test_the_ticket_for_which_another_was_broken_off_is_broken_off_itself() -> None:
    desk = model(NO_TIMER, **ONE, work__preempts="[P2, P3]")
    played = play(desk, {"at": TEN, **P4}, {"at": TEN + 10, **P3}, {"at": TEN + 20, "priority": "P2"})
    assert work(played, 2) == [(0, TEN + 20, TEN + 55)]
    assert work(played, 1) == [(0, TEN + 10, TEN + 20), (0, TEN + 55, TEN + 80)]
    assert work(played) == [(0, TEN, TEN + 10), (0, TEN + 80, TEN + 105)]


def test_of_several_victims_the_one_that_came_to_the_tier_first_goes_on_first() -> None:
    desk = model(staffing__T1__agents="2", **PREEMPTS)
    played = play(desk, {"at": TEN, **P4}, {"at": TEN + 1, **P4}, {"at": TEN + 10, **P3}, {"at": TEN + 12, **P3})
    # Dropped is the one begun last (9 minutes done), then the other (12 done), which came first and goes on first.
    assert work(played, 1) == [(1, TEN + 1, TEN + 10), (0, TEN + 47, TEN + 73)]
    assert work(played) == [(0, TEN, TEN + 12), (1, TEN + 45, TEN + 68)]


def test_victims_go_on_before_those_that_nobody_has_had_yet() -> None:
    played = play(model(**ONE, **PREEMPTS), {"at": TEN, **P4}, {"at": TEN + 1, **P4}, {"at": TEN + 10, **P3})
    assert work(played)[1] == (0, TEN + 45, TEN + 70)
    assert work(played, 1) == [(0, TEN + 70, TEN + 105)]


# -- an agent shared by two tiers --------------------------------------------------------------------------------------

BOTH = {"staffing__T1": "{groups: [{agents: 1, also: [T2]}]}", "staffing__T2__agents": "0"}


def test_a_shared_agent_has_one_pair_of_hands() -> None:
    played = play(model(**BOTH), {"at": TEN, "solved_by": 1, **P3}, {"at": TEN + 26, **P3}, {"at": TEN + 200, **P4})
    # Handed over at 10:30, and then free for what waits in Tier 1, before their own ticket comes to Tier 2.
    assert work(played, 1) == [(0, TEN + 30, TEN + 65)]
    assert work(played) == [(0, TEN, TEN + 30), (0, TEN + 65, TEN + 115)]
    assert work(played, 2) == [(0, TEN + 200, TEN + 235)]
    check(run_of(played, 0, 0))


def test_a_shared_agent_is_called_away_from_the_other_tier() -> None:
    desk = model(NO_TIMER, **BOTH, work__preempts="[P2]")
    played = play(desk, {"at": TEN, "solved_by": 1}, {"at": TEN + 40, "priority": "P2"})
    assert work(played) == [(0, TEN, TEN + 30), (0, TEN + 30, TEN + 40), (0, TEN + 75, TEN + 115)]
    assert work(played, 1) == [(0, TEN + 40, TEN + 75)]


# -- a priority raised while the ticket waits --------------------------------------------------------------------------


FOUND = {"behaviour__wrong_priority": "0.5", "behaviour__wrong_priority_found": "{mean: 1h}"}


def taken_for(priority: dict[str, str], found: float = math.inf) -> dict[str, object]:
    """Return a ticket that is one step more urgent than it is taken for, and when somebody sees that in the queue."""
    true = {"P4": "P3", "P3": "P2", "P2": "P1"}[priority["priority"]]
    return {"priority": true, "wrong_priority": True, "found": found}


def test_a_priority_raised_in_the_queue_overtakes() -> None:
    queue = [{"at": TEN, **P4}, {"at": TEN + 1, **P4}, {"at": TEN + 2, **taken_for(P4, 18.0)}]
    played = play(model(**ONE, **FOUND), *queue)
    assert [work(played, n)[0][1] for n in range(3)] == [TEN, TEN + 70, TEN + 35]
    assert rows(played)["priority"].tolist() == [3, 3, 2]
    seen = played.notes.table()
    seen = seen[seen["what"] == Note.PRIORITY_SEEN]
    assert [(one["ticket"], one["at"]) for one in seen] == [(2, TEN + 20)]
    breaks_in = play(model(**ONE, **FOUND, work__preempts="[P3]"), *queue)
    assert work(breaks_in, 2) == [(0, TEN + 20, TEN + 55)]
    assert work(breaks_in) == [(0, TEN, TEN + 20), (0, TEN + 55, TEN + 70)]


def test_a_wrong_priority_is_not_found_in_the_queue_once_somebody_has_the_ticket() -> None:
    queue = [{"at": TEN, **taken_for(P4, 3.0)}, {"at": TEN + 1, **P4}]
    played = play(model(**ONE, **FOUND), *queue)
    seen = played.notes.table()
    seen = seen[seen["what"] == Note.PRIORITY_SEEN]
    assert [(one["ticket"], one["at"]) for one in seen] == [(0, TEN + 15)]  # with the checks


def test_the_ages_of_a_raised_ticket_count_from_then() -> None:
    queue = [{"at": TEN, **P4}, {"at": TEN + 1, **taken_for(P3, 19.0)}]
    played = play(model(**FOUND, staffing__T1__agents="0"), *queue)
    assert story(played, 1)[1][:3] == ("T2", "AGE", TEN + 80)  # a P2 leaves Tier 1 within the hour


def test_a_customer_is_not_more_patient_because_the_priority_is_raised() -> None:
    queue = [{"at": TEN, **P4}, {"at": TEN + 1, "patience": 30.0, **taken_for(P4, 19.0)}]
    desk = model(**ONE, **FOUND, customers="{patience: {mean: 1h}}")
    played = play(desk, *queue)
    assert fates(played) == ["SOLVED", "GAVE_UP"]
    assert resolved(played)[1] == TEN + 31
    assert rows(played)["priority"].tolist() == [3, 2]


# -- a timer that is over in the same instant as the work --------------------------------------------------------------


@pytest.mark.parametrize(("piece", "then"), [(30.0, 1), (30.0 + A_MOMENT, 2)])
def test_work_that_is_done_as_the_timer_is_over_is_done(piece: float, then: int) -> None:
    played = play(model(), {"at": TEN, **P3}, piece=(piece, 40.0, 60.0))
    # The first fact at 10:15; Tier 1 has until 10:45.
    assert story(played)[0] == ("T1", "OPENED", TEN, TEN + 45)
    assert len(story(played)) == then
    assert Ending(visits(played)[0]["ending"]) == (Ending.SOLVED if then == 1 else Ending.NO_PROGRESS)


@pytest.mark.parametrize(("piece", "ending"), [(45.0, Ending.SOLVED), (45.0 + A_MOMENT, Ending.AGE)])
def test_work_that_is_done_at_an_age_is_done(piece: float, ending: Ending) -> None:
    desk = model({**NO_TIMER})
    played = play(desk, {"at": TEN, "priority": "P2"}, piece=(piece, 40.0, 60.0))
    assert Ending(visits(played)[0]["ending"]) == ending
    assert visits(played)[0]["left"] == TEN + 60


# -- before the first shift, after the last ----------------------------------------------------------------------------

OVER_THE_DAY = (600.0, 40.0, 60.0)


def test_a_ticket_before_the_first_shift_that_is_not_done_in_the_last() -> None:
    played = play(model(**ONE, **MONDAY_ONLY), {"at": 10.0, **P4}, piece=OVER_THE_DAY)
    assert fates(played) == ["OPEN"]
    assert responded(played) == [NINE + 5]
    assert work(played) == [(0, NINE, DAY)]  # in their hands to the end of the run; they were there until 17:00
    check(run_of(played, 0, 0))


def test_a_ticket_before_the_first_shift_that_is_done_after_the_last() -> None:
    desk = model(**ONE, **MONDAY_ONLY, staffing__T1__at_shift_end="finish")
    played = play(desk, {"at": 10.0, **P4}, piece=OVER_THE_DAY)
    assert resolved(played) == [NINE + 615]
    assert work(played) == [(0, NINE, NINE + 615)]
    check(run_of(played, 0, 0))


def test_a_ticket_that_comes_after_the_last_shift() -> None:
    played = play(model(**ONE, **MONDAY_ONLY), {"at": FIVE_PM, **P4})
    assert (fates(played), work(played)) == (["OPEN"], [])


# -- no demand, next to none -------------------------------------------------------------------------------------------


@cache
def weeks(**desk: str) -> Run:
    sets = {path.replace("__", "."): value for path, value in desk.items()}
    return run_once(load_desk(DATA / "desk_small.yaml", sets), load_policy(DATA / "desk_policy.yaml"), 3, 0)


def test_a_day_on_which_the_rate_of_arrivals_is_zero() -> None:
    none = f"[{', '.join(['0'] * 24)}]"
    opened = weeks(demand__hour_weights__tue=none, demand__tickets_per_week="2000").tickets["opened"]
    by_day = np.bincount((opened // DAY).astype(int), minlength=14)
    assert by_day[[1, 8]].tolist() == [0, 0]
    assert by_day[[0, 2, 3, 4, 5, 6, 7]].min() > 50


def test_no_ticket_at_all() -> None:
    run = weeks(demand__tickets_per_week="0")
    tables = (run.tickets, run.visits, run.spells, run.questions, run.updates, run.notes)
    assert [len(table) for table in tables] == [0] * 6
    assert len(escalations(run)) == len(clocks(run)) == 0
    told = play(model())
    assert len(rows(told)) == 0


def test_one_ticket() -> None:
    one = Arrivals(np.array([TEN]), np.zeros(1, np.int8), np.zeros(1, np.int32), np.full(1, -1, np.int32))
    run = run_once(weeks().model, None, 3, 0, one)
    assert len(run.tickets) == 1
    assert run.tickets["opened"][0] == TEN
    assert run.visits["entered"][0] == TEN
    assert run.tickets["fate"][0] == 1
    assert run.spells["ended"].max() == run.tickets["resolved"][0]


# -- a horizon shorter than the warm-up --------------------------------------------------------------------------------


def test_a_period_shorter_than_its_warm_up_counts_its_own_tickets_only() -> None:
    short = {"period.first_day": "2025-03-03", "period.last_day": "2025-03-03", "period.warm_up_weeks": "4"}
    desk, policy = load_desk(DATA / "desk_small.yaml", short), load_policy(DATA / "desk_policy.yaml")
    run = run_once(desk, policy, 3, 0)
    assert run.period == (28 * DAY, 29 * DAY)
    in_period = run.tickets["opened"] >= 28 * DAY
    assert 0 < in_period.sum() < 0.1 * len(run.tickets)
    result = simulate(policy, desk, replications=1, seed=3)
    assert result.estimate("tickets").mean == in_period.sum()
    solved = (run.tickets["resolved"] >= 28 * DAY) & (run.tickets["fate"] == 1)
    share = result.estimate("first_response_compliance").mean
    in_time = run.tickets["responded"] <= run.tickets["response_due"] + 1e-6
    assert share == pytest.approx(in_time[solved].mean())
