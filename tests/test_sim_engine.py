"""The desk in motion, one ticket's story at a time: tiers, timers, ages, ladders (``told_desk`` has the numbers)."""

from __future__ import annotations

import numpy as np
import pytest
from told_desk import DAY, FIVE_PM, NINE, TEN, fates, model, play, resolved, responded, story, visits

from simulator.codes import Ending


def test_solved_in_the_first_tier() -> None:
    played = play(model(), {"at": TEN})
    assert story(played) == [("T1", "OPENED", TEN, TEN + 35)]
    assert responded(played) == [TEN + 5]
    assert resolved(played) == [TEN + 35]


def test_waits_for_the_opening_and_pauses_at_the_close() -> None:
    played = play(model(), {"at": 100.0}, {"at": FIVE_PM - 20})
    assert story(played) == [("T1", "OPENED", 100.0, NINE + 35)]
    assert story(played, 1) == [("T1", "OPENED", FIVE_PM - 20, DAY + NINE + 15)]
    assert responded(played) == [NINE + 5, FIVE_PM - 15]


def test_first_come_first_served_but_the_urgent_first() -> None:
    lows = [{"at": TEN + minute, "priority": "P4"} for minute in (0, 1, 2)]
    played = play(model(staffing__T1__agents="1"), *lows, {"at": TEN + 3, "priority": "P3"})
    assert responded(played) == [TEN + 5, TEN + 75, TEN + 110, TEN + 40]


def test_recognised_as_beyond_the_tier_and_handed_over() -> None:
    played = play(model(), {"at": TEN, "solved_by": 1})
    # 5 reply + 10 checks + 10 recognition; ownership moves at once, work begins after the hand-off of 5.
    assert story(played) == [("T1", "OPENED", TEN, TEN + 25), ("T2", "EXPERTISE", TEN + 25, TEN + 30 + 50)]
    first, second = visits(played)
    assert (second["available"], second["began"]) == (TEN + 30, TEN + 30)
    assert first["released"] == TEN + 30  # the sender is busy until the hand-off is made


def test_the_timer_runs_out_on_a_stretch_without_progress() -> None:
    long_piece = (31.0, 40.0, 60.0)
    played = play(model(), {"at": TEN}, piece=long_piece)
    # In hand: 15 minutes to the first fact, then 30 without progress.
    assert story(played)[1] == ("T2", "NO_PROGRESS", TEN + 45, TEN + 50 + 50)
    assert len(story(play(model({"tiers.T1.no_progress": "60m"}), {"at": TEN}, piece=long_piece))) == 1
    assert len(story(play(model({"tiers.T1.no_progress": "null"}), {"at": TEN}, piece=long_piece))) == 1


def test_progress_restarts_the_one_timer_and_not_the_other() -> None:
    pieces = (20.0, [100.0, 100.0, 100.0], 60.0)
    played = play(model(), {"at": NINE, "solved_by": 1}, piece=pieces)
    # Three stretches under two hours each, but four hours unresolved in hand.
    assert story(played)[1:] == [
        ("T2", "EXPERTISE", NINE + 25, NINE + 30 + 240),
        ("T3", "UNRESOLVED", NINE + 270, NINE + 275 + 70),
    ]


def test_a_p4_stays_and_is_solved_with_help() -> None:
    played = play(model(), {"at": TEN, "priority": "P4", "solved_by": 2})
    assert story(played) == [("T1", "OPENED", TEN, TEN + 5 + 10 + 10 + 15)]


def test_code_change_goes_past_the_second_tier_if_seen() -> None:
    seen = play(model(), {"at": TEN, "solved_by": 2, "code_seen": True})
    assert [(place, why) for place, why, _, _ in story(seen)] == [("T1", "OPENED"), ("T3", "CODE_CHANGE")]
    unseen = play(model(), {"at": TEN, "solved_by": 2})
    assert [(place, why) for place, why, _, _ in story(unseen)] == [
        ("T1", "OPENED"),
        ("T2", "EXPERTISE"),
        ("T3", "CODE_CHANGE"),
    ]


def test_what_nobody_can_solve_is_decided_by_management() -> None:
    played = play(model(), {"at": NINE, "solved_by": 3})
    t3_left = NINE + 25 + 5 + 40 + 5 + 60
    assert story(played)[-2:] == [
        ("T3", "CODE_CHANGE", NINE + 70, t3_left),
        ("support_manager", "UNRESOLVABLE", t3_left, t3_left + 5 + 60),
    ]
    assert resolved(played) == [t3_left + 65]


def test_premature_is_sent_back_and_solved_below() -> None:
    played = play(model(), {"at": TEN, "premature": True})
    assert story(played) == [
        ("T1", "OPENED", TEN, TEN + 25),
        ("T2", "PREMATURE", TEN + 25, TEN + 40),
        ("T1", "SENT_BACK", TEN + 40, TEN + 45 + 30),  # answered already: checks and the piece
    ]


def test_a_p2_is_not_sent_back_when_it_would_have_to_come_again() -> None:
    blocker = {"at": TEN - 1}
    played = play(model(staffing__T1__agents="1"), blocker, {"at": TEN, "priority": "P2", "premature": True})
    # Taken after 34 minutes, premature at 59; once T2 has read it, it is older than the hour in which T2 must have it.
    assert [why for _, why, _, _ in story(played, 1)] == ["OPENED", "PREMATURE"]


def test_a_p2_leaves_the_queue_of_the_first_tier_at_its_age() -> None:
    played = play(model(staffing__T1__agents="0"), {"at": TEN, "priority": "P2"})
    assert story(played) == [("T1", "OPENED", TEN, TEN + 60), ("T2", "AGE", TEN + 60, TEN + 60 + 55)]
    # The age is business time.
    late = play(model(staffing__T1__agents="0"), {"at": FIVE_PM - 10, "priority": "P2"})
    assert story(late)[0][3] == DAY + NINE + 50


def test_a_p2_leaves_the_hands_of_a_tier_at_its_age() -> None:
    played = play(model({"tiers.T1.no_progress": "null"}), {"at": TEN, "priority": "P2"}, piece=(100.0, 40.0, 60.0))
    assert story(played) == [("T1", "OPENED", TEN, TEN + 60), ("T2", "AGE", TEN + 60, TEN + 65 + 50)]


def test_an_age_reached_on_the_way_passes_the_tier_over() -> None:
    desk = model({"priorities.P2.within.escalate_t3": "65m"}, staffing__T1__agents="1")
    # Passed on by its age at 60 minutes; the reply and the hand-off last until 75: by then it is T3's.
    blocker = {"at": TEN - 30}
    played = play(desk, blocker, {"at": TEN - 29, "priority": "P2"}, piece=(45.0, 40.0, 60.0), recognition=10)
    assert [(place, why) for place, why, _, _ in story(played, 1)][-1][0] == "T3"


def test_a_critical_ticket_in_office_hours() -> None:
    played = play(model(), {"at": TEN, "priority": "P1"})
    # The reply is finished (5), and at the age of 5 minutes the engineer on call is paged (4): 10 checks, 60 work.
    assert story(played) == [("T1", "OPENED", TEN, TEN + 5), ("T3", "AGE", TEN + 5, TEN + 9 + 70)]
    assert responded(played) == [TEN + 5]


def test_a_critical_ticket_at_night_is_paged_at_once() -> None:
    played = play(model(), {"at": 100.0, "priority": "P1"})
    assert story(played) == [("T3", "PAGED", 100.0, 100 + 4 + 75)]
    assert responded(played) == [109.0]


def test_a_late_critical_ticket_reaches_the_ladder_once_each() -> None:
    played = play(model(), {"at": 100.0, "priority": "P1"}, piece=(20.0, 40.0, 300.0))
    told = [row for row in story(played) if row[0] not in ("T1", "T2", "T3")]
    assert sorted(told) == [(who, "AGE", 340.0, 100 + 4 + 315) for who in ("cto", "support_manager", "vp")]


def test_unanswered_critical_ticket_reaches_the_manager_under_secureai() -> None:
    desk = model(name="secureai")
    two = [{"at": 100.0, "priority": "P1"}, {"at": 110.0, "priority": "P1"}]  # one engineer, two incidents
    played = play(desk, *two)
    assert "support_manager" not in [place for place, *_ in story(played, 0)]
    assert ("support_manager", "AGE", 125.0) in [row[:3] for row in story(played, 1)]


def test_what_is_open_at_the_end_is_written_as_open() -> None:
    desk = model()
    played = play(desk, {"at": desk.end - 3 * DAY}, {"at": desk.end - 60.0, "priority": "P1"}, {"at": desk.end - 1})
    assert fates(played) == ["SOLVED", "OPEN", "OPEN"]
    assert [Ending(v["ending"]) for v in visits(played, 2)] == [Ending.OPEN]
    assert np.isnan(resolved(played)[1])


@pytest.mark.parametrize("agents", ["1", "3"])
def test_two_at_the_same_instant_go_in_their_order(agents: str) -> None:
    played = play(model(staffing__T1__agents=agents), {"at": TEN}, {"at": TEN})
    assert responded(played) == ([TEN + 5, TEN + 40] if agents == "1" else [TEN + 5, TEN + 5])
