"""Stories of customers: they are asked, lose patience, come back, and have to hear (``told_desk`` has the numbers)."""

from __future__ import annotations

import math

import pytest
from told_desk import (
    DATA,
    DAY,
    FIVE_PM,
    NINE,
    TEN,
    Told,
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

from simulator import load_desk
from simulator.codes import Ending, Note
from simulator.model import compile_model
from tests.random_desks import Route, SmallRules

ONE = {"staffing__T1__agents": "1"}
ASKING = "{share: 0.5, answer: {mean: 2h}, close_after: {mean: 48h, shape: fixed}}"
P4 = {"priority": "P4"}  # no timer and no age touches it


def updates(played: Told, ticket: int = 0) -> list[tuple[float, float]]:
    """Return (due, sent) of each update of a ticket."""
    found = played.updates.table()
    return [(float(u["due"]), float(u["sent"])) for u in found[found["ticket"] == ticket]]


def questions(played: Told, ticket: int = 0) -> list[tuple[float, float]]:
    """Return (asked, answered) of each question about a ticket."""
    found = played.questions.table()
    return [(float(q["asked"]), float(q["answered"])) for q in found[found["ticket"] == ticket]]


def notes(played: Told, ticket: int = 0) -> list[tuple[str, float]]:
    """Return (what, when) of each thing that an agent came to know about a ticket."""
    found = played.notes.table()
    return [(Note(n["what"]).name, float(n["at"])) for n in found[found["ticket"] == ticket]]


# -- asked ---------------------------------------------------------------------------------------------------------


def test_a_question_pauses_the_clocks_and_the_agent_does_something_else() -> None:
    desk = model(name="secureai", **ONE, staffing__T1__multitasking="2", work__customer=ASKING)
    played = play(desk, {"at": TEN, "asks": 0, "answer": 90.0}, {"at": TEN + 5})
    # Asked after reply and checks; the other ticket meanwhile; the answer at 11:45; the piece is left.
    assert work(played) == [(0, TEN, TEN + 15), (0, TEN + 105, TEN + 125)]
    assert work(played, 1) == [(0, TEN + 15, TEN + 50)]
    assert rows(played)["paused"].tolist() == [90.0, 0.0]
    assert story(played) == [("T1", "OPENED", TEN, TEN + 125)]  # no timer ran meanwhile


def test_where_clocks_run_while_the_customer_is_asked_the_timer_does() -> None:
    played = play(model(**ONE, work__customer=ASKING), {"at": TEN, "asks": 0, "answer": 90.0})
    assert rows(played)["paused"][0] == 0
    assert story(played)[1][1] == "NO_PROGRESS"


def test_whose_hands_are_full_waits_with_the_customer() -> None:
    desk = model(name="secureai", **ONE, work__customer=ASKING)  # one ticket at a time
    played = play(desk, {"at": TEN, "asks": 0, "answer": 90.0}, {"at": TEN + 5})
    assert work(played, 1) == [(0, TEN + 125, TEN + 160)]


def test_an_answer_after_the_shift_is_read_the_next_morning() -> None:
    desk = model(name="secureai", **ONE, work__customer=ASKING)
    played = play(desk, {"at": FIVE_PM - 60, "asks": 0, "answer": 120.0})
    assert resolved(played) == [DAY + NINE + 20]
    assert rows(played)["paused"][0] == 45.0  # only open hours: until 17:00


def test_a_customer_who_never_answers_has_the_ticket_closed() -> None:
    desk = model(name="secureai", **ONE, work__customer=ASKING)
    asked = {"at": TEN, "asks": 0, "answer": math.inf, "close_after": 2 * DAY, **P4}
    played = play(desk, asked, {"at": TEN + 5, **P4})
    assert fates(played) == ["CLOSED", "SOLVED"]
    assert resolved(played)[0] == TEN + 15 + 2 * DAY
    assert Ending(visits(played)[-1]["ending"]) == Ending.CLOSED
    assert work(played, 1)[0][1] == TEN + 15 + 2 * DAY  # the agent's hands were full until then


PATIENCE = "{patience: {mean: 1h}}"


def test_a_customer_loses_patience_in_the_queue() -> None:
    desk = model(**ONE, customers=PATIENCE)
    played = play(desk, {"at": TEN, **P4}, {"at": TEN + 5, "patience": 20.0}, {"at": TEN + 6, "patience": 30.0})
    assert fates(played) == ["SOLVED", "GAVE_UP", "SOLVED"]
    assert resolved(played)[1] == TEN + 25
    assert math.isnan(responded(played)[1])
    assert work(played, 1) == []
    assert work(played, 2) == [(0, TEN + 35, TEN + 70)]
    at_the_instant = play(desk, {"at": TEN, **P4}, {"at": TEN + 5, "patience": 30.0})
    assert fates(at_the_instant) == ["SOLVED", "GAVE_UP"]  # they had gone when the agent was free


def test_patience_is_no_longer_asked_for_once_somebody_has_the_ticket() -> None:
    played = play(model(**ONE, customers=PATIENCE), {"at": TEN, "patience": 10.0}, {"at": 300.0, "patience": 60.0})
    assert fates(played) == ["SOLVED", "GAVE_UP"]  # the other one came at night


def test_a_full_queue_loses_tickets() -> None:
    desk = model(**ONE, staffing__T1__queue_limit="1")
    played = play(desk, {"at": TEN}, {"at": TEN + 1}, {"at": TEN + 2}, {"at": TEN + 36})
    assert fates(played) == ["SOLVED", "SOLVED", "QUEUE_FULL", "SOLVED"]
    assert resolved(played)[2] == TEN + 2
    none = play(model(**ONE, staffing__T1__queue_limit="0"), {"at": TEN}, {"at": TEN + 1}, {"at": TEN + 35})
    assert fates(none) == ["SOLVED", "QUEUE_FULL", "SOLVED"]


def test_who_has_given_up_takes_no_place_in_a_queue_of_limited_length() -> None:
    desk = model(**ONE, staffing__T1__queue_limit="1", customers=PATIENCE)
    played = play(desk, {"at": TEN}, {"at": TEN + 1, "patience": 5.0}, {"at": TEN + 10, "patience": 500.0})
    assert fates(played) == ["SOLVED", "GAVE_UP", "SOLVED"]


def test_a_solved_ticket_comes_back_once() -> None:
    desk = model(customers="{reopen: 0.5, reopen_after: {mean: 1h}}")
    played = play(desk, {"at": TEN, "comes_back": 60.0})
    assert story(played) == [("T1", "OPENED", TEN, TEN + 35), ("T1", "REOPENED", TEN + 95, TEN + 95 + 30)]
    assert rows(played)["reopened"].tolist() == [1]
    assert rows(played)["paused"].tolist() == [60.0]  # in between, its clock stood still
    assert resolved(played) == [TEN + 125]
    late = play(desk, {"at": TEN, "comes_back": 30 * DAY})
    assert rows(late)["reopened"].tolist() == [0]


# -- updates as work --------------------------------------------------------------------------------------------------


def p2(desk_model: str = "4m", **more: str):  # type: ignore[no-untyped-def]
    never = {"tiers.T2.no_progress": "null", "tiers.T2.unresolved": "null", "priorities.P2.within.escalate_t3": "90h"}
    return model(never, work__update=desk_model, staffing__T1__agents="0", **more)


LONG = (20.0, 200.0, 60.0)


def test_updates_are_written_when_due_and_take_time() -> None:
    played = play(p2(behaviour__updates_forgotten="0"), {"at": NINE, "priority": "P2"}, piece=LONG)
    # T2 has it at the age of 60: 5 + 10 + 200 minutes of work, one update due at the age of 120, another at 240.
    assert work(played) == [(0, NINE + 60, NINE + 60 + 215 + 2 * 4)]
    assert updates(played) == [(NINE + 120, NINE + 120), (NINE + 240, NINE + 240)]
    assert rows(played)[["updates_sent", "updates_missed", "updates_late"]].tolist() == [(2, 0, 0)]


def test_updates_that_are_forgotten_take_no_time() -> None:
    played = play(p2(behaviour__updates_forgotten="1"), {"at": NINE, "priority": "P2"}, piece=LONG)
    assert work(played) == [(0, NINE + 60, NINE + 60 + 215)]
    assert rows(played)[["updates_sent", "updates_missed", "updates_late"]].tolist() == [(0, 2, 0)]
    assert [(due, math.isnan(sent)) for due, sent in updates(played)] == [(NINE + 120, True), (NINE + 240, True)]


def test_an_update_that_falls_due_in_the_queue_is_late() -> None:
    busy = {"at": NINE, "priority": "P1"}
    desk = p2(behaviour__updates_forgotten="0")
    played = play(desk, {"at": NINE, "priority": "P2"}, {"at": NINE + 1, "priority": "P2"}, busy, piece=LONG)
    assert rows(played)["updates_late"][0] == 0
    assert rows(played)["updates_late"][1] == 1  # it waited until 13:43 and more
    assert updates(played, 1)[0] == (NINE + 121, work(played, 1)[0][1])


def test_an_update_that_is_due_while_nobody_has_the_ticket_and_then_it_ends_has_no_row() -> None:
    nobody = {"staffing__T1__agents": "0", "staffing__T2__agents": "0", "staffing__T3__agents": "0"}
    played = play(model(work__update="4m", **nobody), {"at": NINE, "priority": "P2"})
    assert (fates(played), updates(played)) == (["OPEN"], [])


# -- timers and ages while nobody works on it --------------------------------------------------------------------------

def test_a_timer_that_runs_moves_the_ticket_while_its_customer_is_asked() -> None:
    desk = model(**ONE, work__customer=ASKING)  # one ticket at a time, and all clocks run
    played = play(desk, {"at": TEN, "asks": 0, "answer": 90.0}, {"at": TEN + 5, **P4})
    # The first fact, and the question, at 10:15; 30 minutes later it goes to Tier 2, and the question is dropped.
    assert story(played)[:2] == [("T1", "OPENED", TEN, TEN + 45), ("T2", "NO_PROGRESS", TEN + 45, TEN + 95)]
    assert questions(played) == [(TEN + 15, TEN + 45)]
    assert work(played) == [(0, TEN, TEN + 15), (1, TEN + 45, TEN + 95)]  # no hand-off: nobody worked on it
    assert visits(played)["released"][0] == TEN + 45
    assert work(played, 1) == [(0, TEN + 45, TEN + 80)]  # the agent's hands are free again


def test_an_answer_that_comes_before_the_timer_is_over_keeps_the_ticket() -> None:
    desk = model(**ONE, work__customer=ASKING)
    played = play(desk, {"at": TEN, "asks": 0, "answer": 10.0})
    assert work(played) == [(0, TEN, TEN + 15), (0, TEN + 25, TEN + 45)]
    assert story(played) == [("T1", "OPENED", TEN, TEN + 45)]  # work done and timer over at once: done


def test_a_timer_moves_a_ticket_whose_answer_nobody_has_read() -> None:
    desk = model(name="secureai", **ONE, staffing__T1__multitasking="2", work__customer=ASKING)
    played = play(desk, {"at": TEN, "asks": 0, "answer": 5.0}, {"at": TEN + 5, **P4}, piece=(90.0, 40.0, 60.0))
    # Asked at 10:15, answered at 10:20: from then on the 30 minutes count. The agent has another ticket until 12:00.
    assert story(played)[:2] == [("T1", "OPENED", TEN, TEN + 50), ("T2", "NO_PROGRESS", TEN + 50, TEN + 100)]
    assert questions(played) == [(TEN + 15, TEN + 20)]
    assert work(played, 1) == [(0, TEN + 15, TEN + 120)]


def test_a_timer_moves_a_ticket_whose_agent_has_gone_home() -> None:
    early = '{early: {hours: {mon: "09:00-10:18", tue: "09:00-17:00"}}}'
    staff = "{groups: [{agents: 1, shift: early}]}"
    desk = model(name="secureai", shifts=early, staffing__T1=staff, work__customer=ASKING)
    played = play(desk, {"at": TEN, "asks": 0, "answer": 5.0})
    assert story(played)[:2] == [("T1", "OPENED", TEN, TEN + 50), ("T2", "NO_PROGRESS", TEN + 50, TEN + 100)]
    tomorrow = play(desk, {"at": TEN, "asks": 0, "answer": 5.0}, {"at": DAY + NINE + 1, **P4})
    assert work(tomorrow, 1) == [(0, DAY + NINE + 1, DAY + NINE + 36)]


def test_an_age_moves_a_ticket_while_its_customer_is_asked() -> None:
    desk = model(name="secureai", **ONE, work__customer=ASKING)
    played = play(desk, {"at": TEN, "priority": "P2", "asks": 0, "answer": 300.0})
    first, second = story(played)[:2]
    assert first == ("T1", "OPENED", TEN, TEN + 60)  # a P2 is Tier 2's within the hour
    assert second[:3] == ("T2", "AGE", TEN + 60)
    assert questions(played)[0] == (TEN + 15, TEN + 60)
    assert rows(played)["paused"][0] == 45.0


def test_a_ticket_that_is_closed_unanswered_is_closed_by_whoever_has_it() -> None:
    desk = model(**ONE, work__customer=ASKING)
    played = play(desk, {"at": TEN, "asks": 0, "answer": math.inf, "close_after": 25.0}, {"at": TEN + 1, **P4})
    assert (fates(played), resolved(played)[0]) == (["CLOSED", "SOLVED"], TEN + 40)
    later = play(desk, {"at": TEN, "asks": 0, "answer": math.inf, "close_after": 35.0}, {"at": TEN + 1, **P4})
    assert (fates(later), story(later)[1][1]) == (["SOLVED", "SOLVED"], "NO_PROGRESS")


def test_an_age_that_stood_still_holds_up_nobody_elses() -> None:
    timers = {("P2", "T1"): (Route("resolution", 60.0, "T2"),)}
    rules = SmallRules(priorities=("P1", "P2", "P3", "P4"), timers=timers)
    sets = {"plans": "{any: 1}", "period.warm_up_weeks": "0", "work.customer": ASKING, "work.easier": "1.0"}
    desk = compile_model(load_desk(DATA / "desk_small.yaml", sets), rules)
    p2s = [{"at": TEN, "priority": "P2"}, {"at": TEN + 2, "priority": "P2", "asks": 0, "answer": 20.0}]
    played = play(desk, *p2s, {"at": TEN + 3, "priority": "P2"}, piece=(200.0, 40.0, 60.0))
    # Two agents have the first two. The second's clock stands still for 20 minutes; the third waits, and leaves first.
    assert [story(played, n)[0][3] for n in range(3)] == [TEN + 60, TEN + 82, TEN + 63]
    assert work(played, 2)[0][1] == TEN + 63


# -- what comes after the checks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asks", "at"), [(0, TEN + 5), (1, TEN + 25)])
def test_a_question_of_a_stay_without_checks_is_asked(asks: int, at: float) -> None:
    desk = model(**ONE, work__customer=ASKING)
    ticket = {"at": TEN, **P4, "checks": 0.0, "asks": asks, "answer": 50.0}
    played = play(desk, ticket, piece=([20.0, 30.0], 40.0, 60.0))
    assert questions(played) == [(at, at + 50)]
    assert resolved(played) == [TEN + 105]


def test_a_wrong_priority_is_seen_when_there_is_nothing_to_check() -> None:
    desk = model(**ONE, behaviour__wrong_priority="0.5")
    played = play(desk, {"at": TEN, "wrong_priority": True, "priority": "P3", "checks": 0.0})
    assert rows(played)["priority"].tolist() == [2]
    assert notes(played) == [("CHECKED", TEN + 5), ("PRIORITY_SEEN", TEN + 5)]
    assert work(played) == [(0, TEN, TEN + 5), (0, TEN + 5, TEN + 25)]


def test_a_wrong_priority_is_seen_with_the_checks_of_a_tier_that_nobody_handed_it_to() -> None:
    slips = "{wrong_priority: 0.5, incomplete_handoff: 0.5}"
    desk = model(behaviour=slips, staffing__T1__agents="0")
    wrong = {"at": TEN, "wrong_priority": True, "priority": "P3", "incomplete_handoff": True, "asking_back": 25.0}
    played = play(desk, {**wrong, "priority": "P2"})
    # A P3 until Tier 2 has it, at the age of 8 hours: reply 5, checks 10, and nobody to ask back.
    began = DAY + TEN
    assert story(played)[1][:3] == ("T2", "AGE", began)
    assert notes(played) == [("CHECKED", began + 15), ("PRIORITY_SEEN", began + 15)]


def test_a_wrong_priority_is_seen_although_the_ticket_is_sent_back() -> None:
    desk = model(behaviour="{wrong_priority: 0.5, premature: 0.5}", **ONE)
    played = play(desk, {"at": TEN, "wrong_priority": True, "premature": True, "priority": "P3", "checks": 12.0})
    assert notes(played)[:2] == [("CHECKED", TEN + 17), ("PRIORITY_SEEN", TEN + 17)]


def test_a_question_that_is_open_at_the_end_counts_as_pause_until_then() -> None:
    desk = model(name="secureai", **ONE, work__customer=ASKING)
    played = play(desk, {"at": 4 * DAY + TEN, **P4, "asks": 0, "answer": 90 * DAY})
    assert rows(played)["paused"].tolist() == [405.0]  # from 10:15 on Friday to 17:00


# -- when the checks were done -----------------------------------------------------------------------------------------


def test_the_checks_are_noted_in_every_way_to_do_them() -> None:
    desk = model(**ONE, work__preempts="[P3]")
    assert notes(play(desk, {"at": TEN, **P4})) == [("CHECKED", TEN + 15)]
    night = play(desk, {"at": FIVE_PM - 10, **P4})
    assert notes(night) == [("CHECKED", DAY + NINE + 5)]
    broken_off = play(desk, {"at": TEN, **P4}, {"at": TEN + 10, "priority": "P3"})
    assert notes(broken_off) == [("CHECKED", TEN + 50)]
    after = play(desk, {"at": TEN, **P4}, {"at": TEN + 20, "priority": "P3"})
    assert notes(after) == [("CHECKED", TEN + 15)]
    open_at_the_end = play(desk, {"at": 4 * DAY + FIVE_PM - 18, **P4})  # on Friday; the run ends on Sunday
    assert fates(open_at_the_end) == ["OPEN"]
    assert notes(open_at_the_end) == [("CHECKED", 4 * DAY + FIVE_PM - 3)]
    handed_over = play(desk, {"at": TEN, "solved_by": 1})
    assert notes(handed_over) == [("CHECKED", TEN + 15), ("CHECKED", TEN + 40)]


def test_checks_that_a_timer_cut_short_are_not_noted() -> None:
    desk = model({"tiers.T1.no_progress": "8m"}, **ONE)
    played = play(desk, {"at": TEN, "priority": "P3"})
    assert story(played)[0] == ("T1", "OPENED", TEN, TEN + 8)
    assert notes(played) == [("CHECKED", visits(played)["began"][1] + 10)]
