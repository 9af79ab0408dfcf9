"""The protocols of the shipped policy: who owes what by when, from P1 to P4."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy import Deed, Obligation, Verdict
from policy.clocks import Clock
from tests.secureai_tickets import BOOK, FRIDAY_1650, MONDAY_9, POLICY, find, owes, situation


@pytest.mark.parametrize(
    ("key", "minutes", "rule"),
    [
        (("set_priority", None, None, "P1"), 5, "p1.create_ticket"),
        (("status_page", None, None, "Investigating"), 5, "p1.status_investigating"),
        (("notify", "t3_oncall", "phone", None), 5, "p1.call_oncall"),
        (("notify", "t3_oncall", "pager", None), 5, "p1.page_oncall"),
        (("notify", "engineering", "email", None), 5, "p1.email_engineering"),
        (("notify", "incidents_channel", "chat", None), 5, "p1.slack_incidents"),
        (("notify", "support_manager", None, None), 15, "p1.notify_support_manager"),
        (("reply", "customer", None, "p1_customer"), 15, "p1.customer_notification"),
        (("activate_team", None, None, None), 15, "p1.activate_incident_team"),
        (("assign_commander", None, None, None), 15, "p1.incident_commander"),
        (("open_war_room", None, None, None), 15, "p1.war_room"),
        (("mobilise", None, None, None), 15, "p1.mobilise"),
        (("assess", None, None, "initial_assessment"), 30, "p1.initial_assessment"),
        (("reply", "customer", None, "update"), 30, "p1.customer_update_1"),
        (("plan", None, None, "action_plan"), 30, "p1.action_plan"),
        (("confirm", None, None, "resources"), 30, "p1.resources_confirmed"),
        (("activate_plan", None, None, None), 60, "p1.communication_plan"),
        (("notify", "cto", None, None), 60, "p1.notify_executives"),
        (("notify", "ceo", None, None), 60, "p1.notify_executives"),
        (("sync", None, None, None), 30, "p1.internal_sync"),
        (("assess", None, None, "progress"), 30, "p1.progress_assessment"),
        (("schedule", None, None, "incident_review"), 240, "p1.schedule_review"),
    ],
)
@pytest.mark.parametrize("at", [MONDAY_9, MONDAY_9 + 12 * 60 + 7, MONDAY_9 - 30 * 60])
def test_the_p1_protocol_runs_around_the_clock(
    key: tuple[str, str | None, str | None, str | None], minutes: float, rule: str, at: float
) -> None:
    handed_over = Deed("escalate", "T3", None, (), at, "T1")
    owed = find(BOOK.verdict(situation("T3", "outage", at=at, deeds=(handed_over,))), *key)
    assert owed.due == at + minutes
    assert rule in owed.rules


def test_a_p1_goes_to_the_executives_at_four_hours() -> None:
    assert not owes(BOOK.verdict(situation("T3", "outage", minutes=234)), "escalate", "vp")
    owed = find(BOOK.verdict(situation("T3", "outage", minutes=240)), "escalate", "vp")
    assert owed.rules == ("p1.escalate_executives",)
    assert owed.due == MONDAY_9 + 240


def test_after_a_p1_the_cause_is_looked_for_in_elapsed_time() -> None:
    friday = FRIDAY_1650
    s = situation("T3", "outage", at=friday, minutes=60, status="resolved", status_since=friday + 60)
    verdict = BOOK.verdict(s)
    assert find(verdict, "analyse", None, None, "rca").due == friday + 60 + 48 * 60
    assert find(verdict, "reply", "customer", None, "resolution").due == friday + 60 + 15
    assert not owes(verdict, "sync")


def test_the_commander_takes_over_coordination_once_there_is_one() -> None:
    assert find(BOOK.verdict(situation("T1", "outage")), "open_war_room").owner == "T1"
    handed_over = Deed("escalate", "T3", None, (), MONDAY_9 + 3, "T1")
    moved = situation("T3", "outage", tier_since=MONDAY_9 + 3, minutes=4, deeds=(handed_over,))
    assert find(BOOK.verdict(moved), "open_war_room").owner == "T1"
    led = replace(moved, deeds=(*moved.deeds, Deed("assign_commander", None, None, (), MONDAY_9 + 4)))
    assert find(BOOK.verdict(led), "open_war_room").owner == "incident_commander"
    assert find(BOOK.verdict(led), "assess", None, None, "initial_assessment").owner == "T3"


def test_an_engineer_whom_monitoring_pages_is_not_called_again_and_is_led_by_the_manager() -> None:
    verdict = BOOK.verdict(situation("T3", "outage", at=MONDAY_9 - 30 * 60))
    assert not owes(verdict, "notify", "t3_oncall")
    assert find(verdict, "assign_commander").owner == "support_manager"


def test_a_review_nobody_scheduled_is_owed_when_the_incident_ends() -> None:
    ended = situation("T3", "outage", minutes=60, status="resolved", status_since=MONDAY_9 + 60)
    owed = find(BOOK.verdict(ended), "schedule", None, None, "incident_review")
    assert (owed.owner, owed.due) == ("support_manager", MONDAY_9 + 75)
    scheduled = Deed("schedule", None, None, ("incident_review",), MONDAY_9 + 30)
    assert not owes(BOOK.verdict(replace(ended, deeds=(scheduled,))), "schedule")


def test_updates_rest_while_a_ticket_waits_for_the_customer() -> None:
    def updates(status: str) -> list[Obligation]:
        verdict = BOOK.verdict(situation("T2", "api_down", status=status))
        return [o for o in verdict.obligations if o.what == "update"]

    assert updates("open")
    assert not updates("waiting_customer")


def test_compliance_is_reached_in_business_hours_even_for_a_p1() -> None:
    saturday = MONDAY_9 - 54 * 60  # 03:00
    verdict = BOOK.verdict(situation("T1", "security_breach", "privacy_request", at=saturday))
    assert verdict.priority == "P1"
    assert find(verdict, "escalate", "compliance").due == MONDAY_9 + 15
    assert find(verdict, "escalate", "security").due == saturday + 5
    in_hours = BOOK.verdict(situation("T1", "security_breach", "privacy_request"))
    assert find(in_hours, "escalate", "compliance").due == MONDAY_9 + 5


@pytest.mark.parametrize(("at", "due"), [(MONDAY_9 - 54 * 60, MONDAY_9 + 15), (MONDAY_9, MONDAY_9 + 5)])
def test_vp_and_director_have_15_minutes_from_the_next_opening(at: float, due: float) -> None:
    verdict = BOOK.verdict(situation("T3", "outage", "multiple_enterprise_customers", at=at))
    assert find(verdict, "escalate", "vp").due == due
    p2 = BOOK.verdict(situation("T2", "api_down", "multiple_enterprise_customers", at=at))
    assert find(p2, "notify", "director").due == MONDAY_9 + 15


@pytest.mark.parametrize("also", ["limited_users_affected", "workaround_available", "most_customers_affected"])
def test_what_only_looks_wrong_is_p4_whoever_sees_it(also: str) -> None:
    assert BOOK.verdict(situation("T1", "cosmetic", also)).priority == "P4"
    assert BOOK.verdict(situation("T1", "cosmetic", "slow_performance", also)).priority != "P4"


def test_the_management_review_of_a_p2_is_done_when_a_business_day_is_over() -> None:
    before = BOOK.verdict(situation("T2", "api_down", minutes=464))
    assert "management_review" not in {o.what for o in before.obligations}
    verdict = BOOK.verdict(situation("T2", "api_down", minutes=465))
    assert find(verdict, "review", None, None, "management_review").due == MONDAY_9 + 480
    assert find(verdict, "notify", "support_manager").due == MONDAY_9 + 480


def test_several_enterprise_customers_of_a_p1_leave_one_technical_owner() -> None:
    verdict = BOOK.verdict(situation("T1", "outage", "multiple_enterprise_customers"))
    assert {o.to for o in verdict.obligations if o.verb == "escalate"} == {"T3", "vp"}


def test_the_issue_of_a_p1_is_written_down_as_well() -> None:
    assert find(BOOK.verdict(situation("T1", "outage")), "document", None, None, "issue").due == MONDAY_9 + 15


def test_the_p2_protocol() -> None:
    verdict = BOOK.verdict(situation("T1", "api_down", plan="enterprise"))
    hour = MONDAY_9 + 60
    assert find(verdict, "escalate", "T2").due == hour
    assert find(verdict, "notify", "t1_lead").due == hour
    assert find(verdict, "reply", "customer", None, "expected_time").due == hour
    assert find(verdict, "reply", "customer", None, "update").due == MONDAY_9 + 120
    assert find(verdict, "notify", "account_manager").due == MONDAY_9 + 240
    assert find(verdict, "review", None, None, "engineering_review").owner == "T3"
    assert not owes(BOOK.verdict(situation("T1", "api_down", plan="starter")), "notify", "account_manager")
    later = BOOK.verdict(situation("T2", "api_down", minutes=240))
    assert "p2.escalate_t3" in find(later, "escalate", "T3").rules
    assert find(later, "escalate", "T3").due == MONDAY_9 + 240
    news = ("reply", "customer", None, "update")
    assert find(later, *news).due == MONDAY_9 + 120  # what fell due in the first hours stays so
    deeds = (Deed("reply", "customer", None, ("update",), MONDAY_9 + 210),)
    told = find(BOOK.verdict(situation("T2", "api_down", minutes=240, deeds=deeds)), *news)
    assert (told.due, told.repeat) == (MONDAY_9 + 450, 240)
    next_day = BOOK.verdict(situation("T3", "api_down", minutes=24 * 60))
    assert "p2.management_review" in find(next_day, "review", None, None, "management_review").rules


def test_a_p3_of_friday_afternoon_owes_its_first_answer_on_monday_afternoon() -> None:
    verdict = BOOK.verdict(situation("T1", "minor_function_impaired", at=FRIDAY_1650, plan="starter"))
    answer = find(verdict, "reply", "customer", None, "first_response")
    assert answer.due == FRIDAY_1650 + 3 * 1440  # Monday 16:50
    assert {"tier.T1.response", "p3.initial_response"} <= set(answer.rules)
    monday = FRIDAY_1650 + 3 * 1440
    answered = situation(
        "T1", "minor_function_impaired", at=FRIDAY_1650, minutes=3 * 1440,
        deeds=(Deed("reply", "customer", "email", ("first_response",), monday),),
    )  # fmt: skip
    assert find(BOOK.verdict(answered), "reply", "customer", None, "update").due == monday + 1440


def test_the_p4_protocol() -> None:
    verdict = BOOK.verdict(situation("T1", "feature_request", plan="starter"))
    day = 24 * 60.0
    assert find(verdict, "reply", "customer", None, "first_response").due == MONDAY_9 + 480
    assert find(verdict, "reply", "customer", None, "expectation").due == MONDAY_9 + 480
    assert find(verdict, "reply", "customer", None, "answer").due == MONDAY_9 + 2 * day + 480
    assert find(verdict, "log_feature").due == MONDAY_9 + 2 * day + 480


@pytest.mark.parametrize(
    ("plan", "signal", "minutes"),
    [("enterprise", "minor_function_impaired", 60), ("professional", "minor_function_impaired", 240),
     ("starter", "minor_function_impaired", 480), ("starter", "api_down", 60), ("professional", "api_down", 60)],
)  # fmt: skip
def test_the_first_response_is_due_at_the_earliest_of_plan_tier_and_priority(
    plan: str, signal: str, minutes: float
) -> None:
    answer = find(BOOK.verdict(situation("T1", signal, plan=plan)), "reply", "customer", None, "first_response")
    assert answer.due == MONDAY_9 + minutes


def test_resolution_at_risk_and_breached() -> None:
    def at(minutes: float) -> Verdict:
        clocks = {"resolution": Clock(POLICY.calendars["business"], 480).start(MONDAY_9)}
        return BOOK.verdict(situation("T2", "api_down", minutes=minutes, clocks=clocks))

    assert not owes(at(359), "notify", "support_manager")
    assert "workflow.decision.sla_risk" in find(at(360), "notify", "support_manager").rules
    assert not owes(at(479), "escalate", "support_manager")
    assert "management.support_manager" in find(at(480), "escalate", "support_manager").rules
