"""What a tier hands back to the one below, and why: told desks, whose every instant can be reckoned by hand.

Every ticket is a P3 that comes at 10:00 and that Tier 1 cannot solve: answered at 10:05, checked at 10:15, seen to need
Tier 2 at 10:25, handed over by 10:30. Tier 2 has checked it at 10:40, and solved it, if it can, at 11:20; a hand-off
takes 5 minutes, what is left for the tier below 10.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from policy import load_policy
from policy.errors import InputError
from simulator import load_desk, month_metrics, run_once
from simulator.codes import Ending, Entry, Judged, Measured
from simulator.derived import clocks, escalations
from simulator.model import DeskModel
from simulator.run import rules_of, run_of
from simulator.story import story_of
from simulator.tables import Run
from tests.told_desk import DATA, DAY, FIVE_PM, TEN, Told, model, play, story, visits, work

ONE = {"staffing__T1": "{agents: 1}"}
HARD: dict[str, Any] = {"at": TEN, "solved_by": 1}
SOLVED = TEN + 80
"""When Tier 2 has solved it."""
CUSTOMER = {"work__customer": "{share: 1, answer: {mean: 90m}}"}


def run(played: Told) -> Run:
    return run_of(played, 0, 0)


def clock(one: Run, which: Measured = Measured.RESOLUTION) -> Any:
    table = clocks(one)
    return table[(table["clock"] == which) & (table["place"] == -1)][0]


# -- solved -----------------------------------------------------------------------------------------------------------


def test_what_is_handed_back_as_solved_is_closed_by_the_tier_below_and_its_clock_stops_at_the_solution() -> None:
    played = play(model(**ONE), HARD | {"back": "resolved"})
    assert story(played) == [
        ("T1", "OPENED", TEN, TEN + 25),
        ("T2", "EXPERTISE", TEN + 25, SOLVED),
        ("T1", "BACK_RESOLVED", SOLVED, SOLVED + 15),
    ]
    assert [Ending(v["ending"]) for v in visits(played)] == [Ending.EXPERTISE, Ending.BACK_RESOLVED, Ending.SOLVED]
    assert work(played) == [(0, TEN, TEN + 30), (1, TEN + 30, SOLVED + 5), (0, SOLVED + 5, SOLVED + 15)]
    one = run(played)
    ticket = one.tickets[0]
    assert (ticket["resolved"], ticket["paused"], ticket["resolution_minutes"]) == (SOLVED + 15, 15.0, 80.0)
    assert clock(one)["minutes"].sum() == 80.0
    assert escalations(one)["resolution_minutes"].tolist() == [55.0]
    figures = month_metrics(one)
    assert (figures["escalation_resolution_hours"], figures["deescalations"]) == (55 / 60, 0.0)


def test_a_solved_ticket_is_not_breached_by_waiting_to_be_closed() -> None:
    # The target of 85 minutes is used up 5 minutes after the solution, and Tier 1 is busy with something long.
    target = {"priorities.P2.resolution": "85m"}
    desk = model(target, **ONE)
    busy = {"at": TEN + 31, "priority": "P4"}
    one = run(play(desk, HARD | {"priority": "P2", "back": "resolved"}, busy, piece=(300.0, 40.0, 60.0)))
    ticket = one.tickets[0]
    assert ticket["resolved"] > TEN + 300
    assert ticket["resolution_minutes"] == 80.0
    assert ticket["resolution_due"] >= ticket["resolved"]
    assert not clock(one)["breached"]


def test_no_clock_moves_a_solved_ticket() -> None:
    # A P2 is to be in Tier 2 within an hour, and Tier 1 has half an hour: neither holds for what is solved.
    played = play(model(**ONE), HARD | {"priority": "P2", "back": "resolved", "closing": 50.0})
    assert story(played)[-1] == ("T1", "BACK_RESOLVED", SOLVED, SOLVED + 55)
    assert not np.isin(clocks(run(played))["start"], SOLVED + 5).any()


def test_a_solved_ticket_that_comes_back_has_clocks_again() -> None:
    played = play(model(**ONE, customers__reopen="0.5"), HARD | {"back": "resolved", "comes_back": 30.0})
    assert story(played)[3][:3] == ("T1", "REOPENED", SOLVED + 45)
    ticket = run(played).tickets[0]
    # 15 minutes until it was closed, 30 until it came back; then 20 in Tier 1 and 80 in Tier 2, a hand-off between.
    assert ticket["paused"] == 45.0
    assert ticket["resolution_minutes"] == ticket["resolved"] - TEN - 45.0


def test_a_solved_ticket_that_nobody_closes_in_time_is_open_with_its_clock_at_rest() -> None:
    desk = model(**ONE)
    friday = 4 * DAY + FIVE_PM
    played = play(desk, HARD | {"at": friday - 90, "back": "resolved"})
    assert story(played)[2][:3] == ("T1", "BACK_RESOLVED", friday - 10)
    one = run(played)  # 5 of 10 minutes of what is left were done before the weekend, with which the run ends
    assert np.isnan(one.tickets["resolved"][0])
    assert one.tickets["paused"][0] == 10.0


# -- the customer ------------------------------------------------------------------------------------------------------


def test_the_tier_below_asks_the_customer_and_passes_the_ticket_up_again() -> None:
    played = play(model(name="secureai", **ONE, **CUSTOMER), HARD | {"back": "waiting"})
    asked = TEN + 40 + 5 + 10  # checked, handed back, read
    assert story(played) == [
        ("T1", "OPENED", TEN, TEN + 25),
        ("T2", "EXPERTISE", TEN + 25, TEN + 40),
        ("T1", "BACK_WAITING", TEN + 40, asked + 90),
        ("T2", "ANSWERED", asked + 90, asked + 95 + 50),
    ]
    assert played.questions.table()[["asked", "answered"]].tolist() == [(asked, asked + 90)]
    one = run(played)
    assert one.tickets["paused"][0] == 90.0
    assert one.tickets["resolution_minutes"][0] == asked + 145 - TEN - 90
    assert [Entry(e) for e in escalations(one)["reason"]] == [Entry.EXPERTISE, Entry.ANSWERED]
    assert {Judged(j) for j in escalations(one)["judged"]} == {Judged.APPROPRIATE}


def test_the_clocks_of_a_p1_go_on_while_its_customer_is_asked() -> None:
    urgent = HARD | {"priority": "P1", "back": "waiting", "back_in": 2}
    played = play(model(name="secureai", **ONE, **CUSTOMER), urgent)
    stays = story(played)
    below = next(n for n, stay in enumerate(stays) if stay[1] == "BACK_WAITING")
    # In hand since then, the checks done after 10 minutes; half an hour without progress, and no answer.
    began = float(visits(played)["began"][below])
    assert stays[below][3] == began + 40
    assert stays[below + 1][1] == "NO_PROGRESS"
    assert run(played).tickets["paused"][0] == 0.0


def test_no_age_sends_up_again_what_has_been_there() -> None:
    played = play(model(name="secureai", **ONE, **CUSTOMER), HARD | {"priority": "P2", "back": "waiting"})
    assert [stay[1] for stay in story(played)] == ["OPENED", "EXPERTISE", "BACK_WAITING", "ANSWERED"]


def test_a_customer_who_never_answers_has_the_ticket_closed() -> None:
    never = {"back": "waiting", "answer": math.inf, "close_after": 300.0}
    played = play(model(name="secureai", **ONE, **CUSTOMER), HARD | never)
    assert visits(played)["ending"].tolist()[-1] == Ending.CLOSED
    assert run(played).tickets["resolved"][0] == TEN + 55 + 300


# -- less urgent -------------------------------------------------------------------------------------------------------


def test_a_ticket_that_is_less_urgent_has_the_next_priority_and_a_new_clock() -> None:
    played = play(model(**ONE), HARD | {"priority": "P2", "back": "reclassified"})
    lowered = TEN + 40
    stays = story(played)
    assert stays[:2] == [("T1", "OPENED", TEN, TEN + 25), ("T2", "EXPERTISE", TEN + 25, lowered)]
    # Tier 1 still cannot solve it: it checks again, sees that, and passes it up again.
    assert stays[2:] == [
        ("T1", "BACK_RECLASSIFIED", lowered, lowered + 25), ("T2", "EXPERTISE", lowered + 25, lowered + 80),
    ]  # fmt: skip
    one = run(played)
    ticket = one.tickets[0]
    assert one.model.priorities[ticket["priority"]] == "P3"
    assert (ticket["lowered"], ticket["clock_from"], ticket["breached_before"]) == (1, lowered, 0)
    assert ticket["resolution_minutes"] == 80.0
    assert ticket["resolution_due"] == one.model.kinds[2][0].hours.add(lowered, 5 * 480.0)
    assert (clock(one)["start"], clock(one)["minutes"].sum()) == (lowered, 80.0)
    figures = month_metrics(one)
    assert (figures["deescalations"], figures["deescalation_rate"]) == (1.0, 0.5)


def test_the_first_response_keeps_the_target_of_the_priority_that_it_was_given_under() -> None:
    one = run(play(model(**ONE), HARD | {"priority": "P2", "back": "reclassified"}))
    assert one.tickets["response_due"][0] == TEN + 60
    assert clock(one, Measured.FIRST_RESPONSE)["due"] == TEN + 60


def test_where_the_policy_says_so_the_clock_keeps_what_has_elapsed() -> None:
    desk = replace(model(**ONE), lowered_restarts=False)
    one = run(play(desk, HARD | {"priority": "P2", "back": "reclassified"}))
    ticket = one.tickets[0]
    assert (ticket["lowered"], ticket["clock_from"], ticket["resolution_minutes"]) == (1, TEN, 120.0)
    assert ticket["resolution_due"] == one.model.kinds[2][0].hours.add(TEN, 5 * 480.0)


def test_a_breach_once_recorded_stays() -> None:
    desk = model({"priorities.P2.resolution": "30m"}, **ONE)
    one = run(play(desk, HARD | {"priority": "P2", "back": "reclassified"}))
    assert one.tickets["breached_before"][0]
    assert one.tickets["resolved"][0] < one.tickets["resolution_due"][0]
    assert clock(one)["breached"]
    assert month_metrics(one)["resolution_compliance"] == 0.0


def test_the_least_urgent_ticket_cannot_be_lowered() -> None:
    desk = model(**ONE)
    desk_up = {"priority": "P4", "back": "reclassified", "premature": True}
    assert all(entry != "BACK_RECLASSIFIED" for _, entry, _, _ in story(play(desk, HARD | desk_up)))


# -- a workaround ------------------------------------------------------------------------------------------------------


def test_a_workaround_is_told_to_the_customer_and_the_ticket_watched_until_the_fix() -> None:
    played = play(model(**ONE), HARD | {"back": "workaround"})
    assert story(played)[2] == ("T1", "BACK_WORKAROUND", SOLVED, SOLVED + 15)
    assert visits(played)["ending"].tolist()[-1] == Ending.WATCHED
    one = run(played)
    closed = SOLVED + 15 + 240
    assert (one.tickets["resolved"][0], one.tickets["paused"][0]) == (closed, 0.0)
    assert clock(one)["minutes"].sum() == closed - TEN
    figures = month_metrics(one)
    assert (figures["deescalations"], figures["resolution_hours"]) == (0.0, (closed - TEN) / 60)


def test_the_tier_below_is_free_while_it_watches() -> None:
    other = {"at": SOLVED, "priority": "P4"}
    played = play(model(**ONE), HARD | {"back": "workaround"}, other)
    assert work(played, 1) == [(0, SOLVED, SOLVED + 35)]
    assert run(played).tickets["resolved"][0] == SOLVED + 35 + 10 + 240


# -- the way back ------------------------------------------------------------------------------------------------------


def test_what_tier_2_cannot_solve_is_not_handed_back_as_solved() -> None:
    played = play(model(**ONE), HARD | {"solved_by": 2, "back": "resolved"})
    assert [stay[:2] for stay in story(played)] == [("T1", "OPENED"), ("T2", "EXPERTISE"), ("T3", "CODE_CHANGE")]


def texts(desk: DeskModel, ticket: dict[str, Any]) -> list[str]:
    return [step.text for step in story_of(run(play(desk, ticket)), 1).steps]


def test_the_story_says_what_was_handed_back() -> None:
    told = texts(model(**ONE), HARD | {"back": "resolved"})
    back = "T2 solves it, and hands it back to T1, which is to close it; its clocks stop; the hand-off takes 5 min"
    assert back in told
    assert any(text.startswith("T1 tells the customer, and closes it, after 1 h 20 min on its clock") for text in told)
    lowered = (
        "T2 finds it less urgent than it was taken for, and hands it back to T1 as P3; its resolution clock begins "
        "anew; the hand-off takes 5 min"
    )
    assert lowered in texts(model(**ONE), HARD | {"priority": "P2", "back": "reclassified"})
    watched = texts(model(**ONE), HARD | {"back": "workaround"})
    assert "T1 tells the customer of the workaround, and watches the ticket" in watched
    assert any(text.startswith("It is fixed for good, and closed, after ") for text in watched)
    asked = texts(model(name="secureai", **ONE, **CUSTOMER), HARD | {"back": "waiting"})
    assert any(text.startswith("T1 has the customer's answer, and passes it up again to T2") for text in asked)


# -- the desk file -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ({"work.T1.hands_back": "{resolved: 0.1}"}, "there is no tier below T1"),
        ({"work.T2.hands_back": "{waiting_customer: 0.1}"}, "work.customer is missing"),
        ({"work.T2.hands_back": "{resolved: 0.6, workaround: 0.5}"}, r"add up to 1\.1; expected at most 1"),
        ({"work.T2.hands_back": "{resolved: 0.6}", "work.T2.passes_on": "0.1"}, "leave hands_back out"),
    ],
)
def test_a_desk_that_cannot_hand_back_is_refused(sets: dict[str, str], said: str) -> None:
    with pytest.raises((InputError, ValidationError), match=said):
        load_desk(DATA / "desk_small.yaml", sets)


def test_shares_are_shares_of_the_escalated_stays() -> None:
    desk = {f"staffing__{tier}__agents": "unlimited" for tier in ("T1", "T2")} | {"demand__tickets_per_week": "4000"}
    shares = "{resolved: 0.3, reclassified: 0.2, workaround: 0.1}"
    one = run_once(model(**desk, work__T2__hands_back=shares), None, 1, 0)
    stays = one.visits[(one.visits["place"] == 1) & np.isin(one.visits["entry"], (Entry.EXPERTISE, Entry.NO_PROGRESS))]
    least = len(one.model.priorities) - 1
    able = one.tickets["solved_by"][stays["ticket"]] <= 1
    stays = stays[able & (one.tickets["priority"][stays["ticket"]] < least) & ~np.isnan(stays["left"])]
    resolved = np.mean(stays["ending"] == Ending.BACK_RESOLVED)
    assert len(stays) > 300
    assert abs(resolved - 0.3) < 4 * math.sqrt(0.21 / len(stays))


@pytest.mark.parametrize("replication", range(3))
def test_every_minute_of_a_clock_is_counted_once(replication: int) -> None:
    shares = "{resolved: 0.25, waiting_customer: 0.2, reclassified: 0.2, workaround: 0.2}"
    more = {"work__customer": "{share: 0.2, answer: {mean: 3h}}", "customers__reopen": "0.2"}
    desk = model(name="secureai", work__T2__hands_back=shares, work__T3__hands_back=shares, **more)
    one = run_once(desk, None, 5, replication)
    rows = clocks(one)
    rows = rows[rows["clock"] == Measured.RESOLUTION]
    tickets = one.tickets[rows["ticket"]]
    ended = ~np.isnan(tickets["resolved"])
    assert (rows["start"] == tickets["clock_from"]).all()
    assert (tickets["lowered"][ended] > 0).any()
    np.testing.assert_allclose(
        rows["minutes"].sum(axis=1)[ended], tickets["resolution_minutes"][ended], rtol=0, atol=1e-6
    )


def test_the_policy_says_whether_a_clock_begins_anew() -> None:
    assert rules_of(load_policy("secureai")).lowered_restarts
    assert not rules_of(load_policy("secureai+downgrade-keeps-elapsed")).lowered_restarts


def test_without_shares_nothing_changes() -> None:
    never = {"work__T2__hands_back": "{closing: {mean: 9m}}"}
    plain, none = (run_once(model(**sets), None, 3, 0) for sets in ({}, never))
    assert plain.visits.tobytes() == none.visits.tobytes()
    assert plain.spells.tobytes() == none.spells.tobytes()
    assert "hand_backs" not in month_metrics(plain)
    assert month_metrics(none)["hand_backs"] == 0.0
