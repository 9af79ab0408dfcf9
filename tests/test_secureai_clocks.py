"""The clocks of the shipped policy: what stands still while a ticket waits, and where it goes on when it comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy import Deed
from policy.clocks import Clock
from policy.situation import Stretch
from tests.secureai_tickets import BOOK, MONDAY_9, POLICY, find, owes, situation


@pytest.mark.parametrize("status", ["open", "waiting_customer", "waiting_compliance"])
def test_a_change_of_status_moves_no_due_of_a_p1_and_forgets_nothing(status: str) -> None:
    deeds = (
        Deed("assign_commander", at=MONDAY_9 + 4),
        Deed("open_war_room", at=MONDAY_9 + 5),
        Deed("notify", "t3_oncall", "pager", at=MONDAY_9 + 4),
    )
    s = situation("T3", "outage", minutes=30, category="incident", deeds=deeds)
    was = (Stretch("waiting_customer", MONDAY_9 + 6, MONDAY_9 + 29),)
    assert BOOK.verdict(replace(s, status=status, status_since=MONDAY_9 + 29, was=was)) == BOOK.verdict(s)


def test_a_p2_that_waits_for_the_customer_owes_no_first_response_twice() -> None:
    deeds = (Deed("reply", "customer", "email", ("first_response", "expected_time"), MONDAY_9 + 5),)
    s = situation("T1", "api_down", minutes=21, deeds=deeds)
    waiting = BOOK.verdict(replace(s, status="waiting_customer", status_since=MONDAY_9 + 20))
    assert {o.key for o in waiting.fulfilled} == {o.key for o in BOOK.verdict(s).fulfilled}
    assert not {o.key for o in waiting.fulfilled} & {o.key for o in waiting.obligations}


@pytest.mark.parametrize(
    ("begin", "end", "due"),
    [(60, 180, 300), (90, 180, 270), (180, 185, 180), (0, 60, 180), (30, 90, 210)],
)
def test_the_cadence_of_updates_stands_still_while_the_customer_is_awaited(begin: int, end: int, due: int) -> None:
    """An update every two hours, sent at 10:00: a wait of the ticket from ``begin`` to ``end`` goes on top (D18)."""
    deeds = (Deed("reply", "customer", "email", ("update",), MONDAY_9 + 60),)
    was = (Stretch("waiting_customer", MONDAY_9 + begin, MONDAY_9 + end),)
    s = situation("T2", "api_down", minutes=190, deeds=deeds, status_since=MONDAY_9 + end, was=was)
    assert find(BOOK.verdict(s), "reply", "customer", None, "update").due == MONDAY_9 + due


def test_a_resolved_ticket_that_comes_back_goes_on_where_it_stopped() -> None:
    deeds = (Deed("reply", "customer", "email", ("first_response", "update", "p1_customer"), MONDAY_9 + 5),)
    was = (Stretch("resolved", MONDAY_9 + 10, MONDAY_9 + 20),)
    s = situation("T3", "outage", minutes=25, deeds=deeds, status_since=MONDAY_9 + 20, was=was)
    verdict = BOOK.verdict(s)
    assert ("reply", "customer", None, "first_response") in {o.key for o in verdict.fulfilled}
    assert find(verdict, "open_war_room").due == MONDAY_9 + 25
    assert find(verdict, "reply", "customer", None, "update").due == MONDAY_9 + 45
    again = BOOK.verdict(replace(s, status="resolved", status_since=MONDAY_9 + 25))
    assert find(again, "debrief").due == MONDAY_9 + 25 + 240


def test_the_time_in_which_a_ticket_was_resolved_is_no_part_of_its_age() -> None:
    was = (Stretch("resolved", MONDAY_9 + 60, MONDAY_9 + 300),)
    p1 = situation("T3", "outage", minutes=474, status_since=MONDAY_9 + 300, was=was)
    assert not owes(BOOK.verdict(p1), "escalate", "vp")
    assert BOOK.next_change(replace(p1, now=MONDAY_9 + 470)) == MONDAY_9 + 475
    assert find(BOOK.verdict(replace(p1, now=MONDAY_9 + 475)), "escalate", "vp").due == MONDAY_9 + 480
    waited = replace(p1, was=(replace(was[0], status="waiting_customer"),))
    assert find(BOOK.verdict(waited), "escalate", "vp").due == MONDAY_9 + 240
    p2 = situation("T2", "api_down", minutes=464, status_since=MONDAY_9 + 300, was=was)
    assert not owes(BOOK.verdict(p2), "escalate", "T3")
    assert find(BOOK.verdict(replace(p2, now=MONDAY_9 + 465)), "escalate", "T3").due == MONDAY_9 + 480


def test_the_resolution_target_follows_the_clock_of_the_ticket() -> None:
    business = POLICY.calendars["business"]
    ran = Clock(business).start(MONDAY_9).pause(MONDAY_9 + 60)
    waits = situation("T2", "api_down", minutes=210, clocks={"resolution": ran})
    goes_on = replace(waits, clocks={"resolution": ran.resume(MONDAY_9 + 180)})
    assert find(BOOK.verdict(goes_on), "resolve").due == MONDAY_9 + 1440 + 120
    assert find(BOOK.verdict(waits), "resolve").due is None
    assert find(BOOK.verdict(replace(waits, clocks={})), "resolve").due == MONDAY_9 + 480


@pytest.mark.parametrize("signal", ["outage", "data_loss", "security_breach"])
def test_a_signal_that_confirms_the_priority_makes_it_no_younger(signal: str) -> None:
    stated = situation("T3", minutes=245, category="incident", stated_priority="P1", stated_since=MONDAY_9)
    confirmed = BOOK.verdict(replace(stated, signals={signal: MONDAY_9 + 244}))
    assert confirmed.priority_since == MONDAY_9
    assert find(confirmed, "escalate", "vp").due == MONDAY_9 + 240
    late = replace(stated, stated_since=MONDAY_9 + 244, signals={signal: MONDAY_9})
    assert BOOK.verdict(late).priority_since == MONDAY_9


def test_clocks_stand_still_for_the_customer_and_for_compliance_never_for_p1() -> None:
    waiting = situation("T2", "api_down", status="waiting_customer")
    assert dict(BOOK.verdict(waiting).paused)["resolution"] == ("pause.waiting_customer",)
    assert BOOK.verdict(situation("T3", "outage", status="waiting_customer")).paused == ()
    asked = situation("T2", "privacy_request", deeds=(Deed("escalate", "compliance", None, (), MONDAY_9),))
    assert dict(BOOK.verdict(asked).paused)["no_progress"] == ("pause.compliance",)
    approved = replace(asked, signals={**asked.signals, "compliance_approved": MONDAY_9})
    assert BOOK.verdict(approved).paused == ()
    for status in ("waiting_compliance", "open"):  # the ticket says so itself
        stands = {"resolution", "no_progress", "unresolved"} if status != "open" else set()
        assert {clock for clock, _ in BOOK.verdict(situation("T2", "api_down", status=status)).paused} == stands
    assert BOOK.verdict(situation("T3", "outage", status="waiting_compliance")).paused == ()
