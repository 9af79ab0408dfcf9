"""Stories of what interrupts, pauses, ends or multiplies work (``told_desk`` has the numbers)."""

from __future__ import annotations

import numpy as np
import pytest
from told_desk import DAY, FIVE_PM, NINE, TEN, fates, model, play, resolved, responded, rows, story, visits, work

from simulator.codes import Ending

ONE = {"staffing__T1__agents": "1"}
ASKING = "{share: 0.5, answer: {mean: 2h}, close_after: {mean: 48h, shape: fixed}}"
P4 = {"priority": "P4"}  # no timer and no age touches it


# -- broken off for something more urgent ---------------------------------------------------------------------------


def test_an_urgent_ticket_breaks_in_and_the_other_goes_on_where_it_stood() -> None:
    desk = model(**ONE, work__preempts="[P3]")
    played = play(desk, {"at": TEN, **P4}, {"at": TEN + 20, "priority": "P3"})
    # 20 of 35 minutes are done; the P3 takes 35; the rest of the P4 takes 15.
    assert work(played) == [(0, TEN, TEN + 20), (0, TEN + 55, TEN + 70)]
    assert work(played, 1) == [(0, TEN + 20, TEN + 55)]
    assert resolved(played) == [TEN + 70, TEN + 55]
    assert responded(played) == [TEN + 5, TEN + 25]
    assert [Ending(v["ending"]).name for v in visits(played)] == ["SOLVED"]


def test_without_leave_to_break_in_the_urgent_one_waits() -> None:
    played = play(model(**ONE), {"at": TEN, **P4}, {"at": TEN + 20, "priority": "P3"})
    assert resolved(played) == [TEN + 35, TEN + 70]


def test_a_reply_that_is_broken_off_is_sent_later() -> None:
    played = play(model(**ONE, work__preempts="[P3]"), {"at": TEN, **P4}, {"at": TEN + 2, "priority": "P3"})
    assert responded(played) == [TEN + 40, TEN + 7]  # 2 of its 5 minutes were written before, 3 after
    assert resolved(played)[0] == TEN + 70


def test_the_least_urgent_is_dropped_and_of_those_the_one_begun_last() -> None:
    desk = model(staffing__T1__agents="3", work__preempts="[P2]")
    played = play(desk, {"at": TEN, **P4}, {"at": TEN + 1, **P4}, {"at": TEN + 2}, {"at": TEN + 10, "priority": "P2"})
    assert work(played, 1)[0] == (1, TEN + 1, TEN + 10)
    assert work(played, 3)[0] == (1, TEN + 10, TEN + 45)
    assert [len(work(played, n)) for n in range(3)] == [1, 2, 1]
    assert work(played, 1)[1][0] == 0  # whoever is free first goes on with it


def test_nobody_is_dropped_for_an_equal_or_at_the_very_end() -> None:
    desk = model(**ONE, work__preempts="[P3]")
    assert len(work(play(desk, {"at": TEN}, {"at": TEN + 20}))) == 1
    played = play(desk, {"at": TEN, **P4}, {"at": TEN + 35, "priority": "P3"})  # it is solved at this very instant
    assert work(played) == [(0, TEN, TEN + 35)]
    assert work(played, 1) == [(0, TEN + 35, TEN + 70)]


def test_twice_broken_off_they_are_taken_up_in_the_order_in_which_they_came() -> None:
    desk = model({"tiers.T1.no_progress": "null"}, **ONE, work__preempts="[P2, P3]")
    played = play(desk, {"at": TEN, **P4}, {"at": TEN + 10, "priority": "P3"}, {"at": TEN + 20, "priority": "P2"})
    # P4: 10 done, then the P3: 10 done, then all 35 of the P2, the P3's 25, the P4's 25.
    assert resolved(played) == [TEN + 105, TEN + 80, TEN + 55]
    same = play(desk, {"at": TEN, **P4}, {"at": TEN + 35, **P4}, {"at": TEN + 40, "priority": "P3"})
    assert resolved(same) == [TEN + 35, TEN + 105, TEN + 75]


def test_the_timer_of_a_ticket_that_was_dropped_goes_on() -> None:
    desk = model(**ONE, work__preempts="[P2]", work__pace="{P2: 1}")
    two = [{"at": TEN, "solved_by": 0}, {"at": TEN + 20, "priority": "P2"}]
    played = play(desk, *two, piece=(30.0, 40.0, 60.0))
    # In hand since 10:00, the first fact at 15; then 30 minutes without progress, dropped or not.
    assert story(played)[0] == ("T1", "OPENED", TEN, TEN + 45)
    assert story(played)[1][:3] == ("T2", "NO_PROGRESS", TEN + 45)


# -- shifts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "spells"),
    [
        ("pause", [(0, FIVE_PM - 20, DAY + NINE + 15)]),
        ("hand_over", [(0, FIVE_PM - 20, FIVE_PM), (0, DAY + NINE, DAY + NINE + 20)]),
        ("finish", [(0, FIVE_PM - 20, FIVE_PM + 15)]),
    ],
)
def test_the_end_of_a_shift(what: str, spells: list[tuple[int, float, float]]) -> None:
    desk = model(**ONE, staffing__T1__at_shift_end=what)
    assert work(play(desk, {"at": FIVE_PM - 20, **P4})) == spells  # reading up takes 5 minutes, by whoever does


def test_a_ticket_is_handed_over_to_the_next_shift() -> None:
    shifts = '{late: {hours: {mon: "13:00-21:00"}, breaks: "18:00-18:30"}}'
    groups = "{groups: [{agents: 1, shift: late}], agents: 1, at_shift_end: hand_over}"
    played = play(model(shifts=shifts, staffing__T1=groups), {"at": FIVE_PM - 21, **P4}, {"at": FIVE_PM - 20, **P4})
    # Agent 0 takes the first, the late one the second, and goes on with the other when it is done.
    first, late = work(played), work(played, 1)
    assert first == [(0, FIVE_PM - 21, FIVE_PM), (1, FIVE_PM + 15, FIVE_PM + 34)]
    assert late == [(1, FIVE_PM - 20, FIVE_PM + 15)]


def test_a_ticket_is_taken_before_or_after_a_break_and_worked_on_through_it() -> None:
    desk = model(**ONE, staffing__T1__breaks='"12:00-12:30"')
    played = play(desk, {"at": 715.0, **P4}, {"at": 725.0, **P4}, {"at": 750.0, **P4})
    assert work(played) == [(0, 715.0, 750.0)]
    assert work(played, 1) == [(0, 750.0, 785.0)]
    waits = play(desk, {"at": 725.0, **P4})
    assert work(waits) == [(0, 750.0, 785.0)]


def test_a_holiday_of_the_calendar_is_free_unless_the_shift_works_it() -> None:
    closed = {"calendars.office.holidays": "[2025-03-04]"}
    works = "{every: {hours: {mon: 09:00-17:00, tue: 09:00-17:00}, holidays: true}}"
    assert work(play(model(closed, **ONE), {"at": DAY + TEN, **P4}))[0][1] == 2 * DAY + NINE
    on = model(closed, shifts=works, staffing__T1="{groups: [{agents: 1, shift: every}]}")
    assert work(play(on, {"at": DAY + TEN, **P4}))[0][1] == DAY + TEN


# -- people ------------------------------------------------------------------------------------------------------------


def test_somebody_with_a_skill_waits_for_their_kind_of_ticket() -> None:
    desk = model(staffing__T1="{groups: [{agents: 1, skills: [easy]}, {agents: 1, skills: [hard]}]}")
    played = play(desk, {"at": TEN, "category": 0}, {"at": TEN + 1, "category": 0}, {"at": TEN + 2, "category": 1})
    assert [work(played, n) for n in range(3)] == [
        [(1, TEN, TEN + 35)], [(1, TEN + 35, TEN + 70)], [(0, TEN + 2, TEN + 37)],
    ]  # fmt: skip


def test_a_quick_group_works_quicker() -> None:
    desk = model(staffing__T1="{groups: [{agents: 1, pace: 0.5}]}")
    assert resolved(play(desk, {"at": TEN})) == [TEN + 17.5]


def test_an_agent_of_two_tiers_takes_the_most_urgent_of_both() -> None:
    both = "{groups: [{agents: 1, also: [T2]}]}"
    desk = model({"priorities.P2.within.assign_t2": "3h"}, staffing__T1=both, staffing__T2__agents="0")
    played = play(desk, {"at": TEN, "solved_by": 1}, {"at": TEN + 1, **P4}, {"at": TEN + 2, "priority": "P2"})
    # T1: 25 and a hand-off of 5; then the P2, then their own ticket in T2 (a P3), then the P4.
    assert work(played) == [(0, TEN, TEN + 30), (0, TEN + 65, TEN + 115)]
    assert work(played, 2) == [(0, TEN + 30, TEN + 65)]
    assert work(played, 1) == [(0, TEN + 115, TEN + 150)]


def test_a_newcomer_gets_quicker_ticket_by_ticket() -> None:
    desk = model(**ONE, people="{newcomers: 1, newcomer: 2, learns_within: 1}")
    played = play(desk, *({"at": TEN + n, **P4} for n in range(3)))
    lengths = [end - began for n in range(3) for _, began, end in work(played, n)]
    assert lengths == pytest.approx([35 * 2, 35 * 1.5, 35 * 1.25], abs=1e-4)


def test_who_is_away_takes_nothing() -> None:
    played = play(model(**ONE, people="{absence: 1}"), {"at": TEN})
    assert fates(played) == ["OPEN"]


# -- slips -------------------------------------------------------------------------------------------------------------


def test_a_wrong_priority_is_seen_when_the_checks_are_done() -> None:
    desk = model({"priorities.P2.within.assign_t2": "20m"}, **ONE)
    sent = model({"priorities.P2.within.assign_t2": "20m"}, **ONE, behaviour__wrong_priority="0.5")
    wrong = {"at": TEN, "priority": "P2", "wrong_priority": True}
    assert story(play(desk, wrong))[1][:3] == ("T2", "AGE", TEN + 20)  # where the slip does not happen
    played = play(sent, wrong)
    # A P3 until the checks are done (15 minutes); from then on a P2, of which T2 must have it after 20.
    assert rows(played)["priority"].tolist() == [1]
    assert story(played) == [("T1", "OPENED", TEN, TEN + 35)]
    long = play(sent, wrong, piece=(29.0, 40.0, 60.0))
    assert story(long)[1][:3] == ("T2", "AGE", TEN + 35)


def test_a_wrong_priority_waits_in_the_wrong_queue() -> None:
    later = {"priorities.P2.within.assign_t2": "3h"}
    desk = model(later, **ONE, behaviour__wrong_priority="0.5")
    queue = [{"at": TEN, **P4}, {"at": TEN + 1}, {"at": TEN + 2, "priority": "P2", "wrong_priority": True}]
    assert responded(play(desk, *queue))[1:] == [TEN + 40, TEN + 75]
    assert responded(play(model(later, **ONE), *queue))[1:] == [TEN + 75, TEN + 40]


def test_the_wrong_destination_sends_it_back() -> None:
    desk = model(behaviour__wrong_destination="0.5")
    played = play(desk, {"at": TEN, "solved_by": 1, "wrong_destination": True})
    # To T3 instead of T2, which reads it (10) and sends it back (5); T1 checks and sees again (20), and it goes to T2.
    assert story(played) == [
        ("T1", "OPENED", TEN, TEN + 25),
        ("T3", "EXPERTISE", TEN + 25, TEN + 40),
        ("T1", "SENT_BACK", TEN + 40, TEN + 65),
        ("T2", "EXPERTISE", TEN + 65, TEN + 120),
    ]


def test_an_incomplete_hand_off_costs_asking_back() -> None:
    desk = model(behaviour__incomplete_handoff="0.5")
    played = play(desk, {"at": TEN, "solved_by": 1, "incomplete_handoff": True, "asking_back": 25.0})
    assert story(played)[1] == ("T2", "EXPERTISE", TEN + 25, TEN + 30 + 25 + 50)


def test_late_recognition_comes_late_or_never() -> None:
    desk = model(behaviour="{late_recognition: 0.5, late_by: 15m}")
    late = {"at": TEN, "solved_by": 1, "late_recognition": True}
    assert story(play(desk, late))[1] == ("T2", "EXPERTISE", TEN + 40, TEN + 45 + 50)
    longer = model(behaviour="{late_recognition: 0.5, late_by: 25m}")
    assert story(play(longer, late))[1][:3] == ("T2", "NO_PROGRESS", TEN + 45)  # the timer was there first


# -- more than one ticket, more than one agent ------------------------------------------------------------------------

OUTAGE = "{per_year: 5, tickets: 3, within: 1h, category: hard, priority: P3}"


def test_an_outage_is_solved_together() -> None:
    desk = model(demand__outages=OUTAGE)
    mine = [{"at": TEN + n, "cause": 0} for n in (0, 10, 12, 20)]
    played = play(desk, *mine, {"at": TEN + 50, "cause": 0}, {"at": TEN + 13, "cause": 1})
    assert fates(played)[:4] == ["SOLVED", "SOLVED_TOGETHER", "SOLVED_TOGETHER", "SOLVED_TOGETHER"]
    assert resolved(played)[:4] == [TEN + 35] * 4
    assert work(played, 1) == [(1, TEN + 10, TEN + 35)]
    assert work(played, 2) == []
    assert responded(played)[2] == TEN + 35  # the solution is the first they hear
    # Whoever comes later gets the known answer: reply and checks.
    assert work(played, 4) == [(work(played, 4)[0][0], TEN + 50, TEN + 65)]
    assert fates(played)[5] == "SOLVED"  # another cause


def test_a_war_room_takes_people_of_other_tiers() -> None:
    room = "{priorities: [P1], people: {T2: 1}, length: {mean: 30m, shape: fixed}}"
    desk = model(work__war_room=room)
    played = play(desk, {"at": TEN, "priority": "P1"}, {"at": TEN - 200, "solved_by": 1, "priority": "P3"},
                  {"at": TEN + 5, "priority": "P4"})  # fmt: skip
    joint = work(played, -1)
    assert [end - began for _, began, end in joint] == [30.0]
    assert joint[0][1] == TEN
    assert [row["place"] for row in played.spells.table() if row["ticket"] == -1] == [1]


def test_who_has_not_come_to_a_war_room_does_not_come_when_its_ticket_is_solved() -> None:
    room = "{priorities: [P1], people: {T2: 4}, length: {mean: 30m, shape: fixed}}"
    played = play(model(work__war_room=room, staffing__T2__agents="1"), {"at": TEN, "priority": "P1"})
    solved = resolved(played)[0]
    assert TEN + 60 < solved < TEN + 90
    joint = [(s["ticket"], s["about"], s["began"], s["ended"]) for s in played.spells.table() if s["place"] == 1]
    # One after the other, as there is but one agent; the third stays until the room is over, the fourth never comes.
    assert joint == [(-1, 0, TEN + begins, TEN + begins + 30) for begins in (0, 30, 60)]
    assert fates(played) == ["SOLVED"]


def test_a_tier_is_called_in_and_the_agent_keeps_the_ticket() -> None:
    desk = model(work__swarming="{T1: T2}")
    played = play(desk, {"at": TEN, "solved_by": 1})
    # 25 minutes until it is seen; then both work for what T2 needs (50), without a hand-off.
    assert story(played) == [("T1", "OPENED", TEN, TEN + 75)]
    assert work(played) == [(0, TEN, TEN + 75)]
    assert work(played, -1) == [(2, TEN + 25, TEN + 75)]


@pytest.mark.parametrize("forgotten", [False, True])
def test_who_calls_somebody_in_writes_the_updates_meanwhile(forgotten: bool) -> None:
    more = {"work__update": "4m", "behaviour__updates_forgotten": "1" if forgotten else "0"}
    desk = model(work__swarming="{T1: T2}", **more)
    played = play(desk, {"at": TEN, "priority": "P2", "solved_by": 1}, piece=(20.0, 300.0, 60.0))
    assert resolved(played) == [TEN + 25 + 310]  # the updates take no time of either's work
    (first, sent, _), (second, _, _) = [(one["due"], one["sent"], one["place"]) for one in played.updates.table()]
    assert (first, second) == (TEN + 120, TEN + 240)
    assert np.isnan(sent) if forgotten else sent == first
    (row,) = rows(played)
    assert (row["updates_sent"], row["updates_missed"], row["updates_late"]) == ((0, 2, 0) if forgotten else (2, 0, 0))


def test_who_is_called_in_and_cannot_solve_it_either_has_it_passed_on() -> None:
    desk = model(work__swarming="{T1: T2}")
    played = play(desk, {"at": TEN, "solved_by": 2})
    seen = TEN + 25 + 10 + 30  # the checks and the recognition of T2
    assert story(played)[0] == ("T1", "OPENED", TEN, seen)
    assert story(played)[1][0] == "T2"


def test_what_waits_at_the_beginning_is_taken_first() -> None:
    desk = model(**ONE, backlog="{T1: 1, T2: 1}")
    played = play(desk, {"at": 0.0}, {"at": 0.0, "solved_by": 1}, source=2)
    assert story(played) == [("T1", "BACKLOG", 0.0, NINE + 35)]
    assert story(played, 1) == [("T2", "BACKLOG", 0.0, NINE + 55)]
    assert rows(played)["source"].tolist() == [2, 2]


def test_unlimited_staff_lets_nobody_wait() -> None:
    desk = model(staffing__T1="{agents: unlimited}")
    played = play(desk, *({"at": TEN} for _ in range(5)), {"at": 100.0})
    assert resolved(played) == [TEN + 35] * 5 + [NINE + 35]
    assert np.unique([agent for n in range(5) for agent, *_ in work(played, n)]).size == 5


def test_a_reply_takes_the_agents_own_time() -> None:
    quick = model(staffing__T1="{groups: [{agents: 1, pace: 0.5}]}", work__preempts="[P3]")
    assert responded(play(quick, {"at": TEN, **P4})) == [TEN + 2.5]
    # Broken off after the reply and before the checks were done, it has been answered all the same.
    assert responded(play(quick, {"at": TEN, **P4}, {"at": TEN + 4, "priority": "P3"}))[0] == TEN + 2.5


def test_a_reply_in_overtime_is_sent_in_overtime() -> None:
    desk = model(**ONE, staffing__T1__at_shift_end="finish")
    assert responded(play(desk, {"at": FIVE_PM - 2, **P4})) == [FIVE_PM + 3]
