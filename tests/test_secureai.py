"""The shipped policy: complete, sound, and of one mind with the procedure's catalogue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from policy import Count, Deed, Obligation, Rulebook, Situation, Verdict, load_policy
from policy.calendars import Calendar
from policy.check import check_policy
from policy.clocks import Clock
from policy.errors import InputError
from policy.handbook import handbook_markdown
from policy.notices import fill_notice, placeholders
from policy.situation import Stretch

IDS = (Path(__file__).parent / "data" / "rule_ids.txt").read_text(encoding="utf-8").split()
POLICY = load_policy("secureai")
BOOK = Rulebook(POLICY)
MONDAY_9 = 28_966_140.0  # 2025-01-27T09:00Z
FRIDAY_1650 = 28_972_370.0  # 2025-01-31T16:50Z
ALWAYS = Calendar.always()


def situation(tier: str = "T1", *signals: str, at: float = MONDAY_9, minutes: float = 0.0, **more: object) -> Situation:
    """A ticket opened ``minutes`` ago at ``at``, its signals known since then."""
    base = Situation(
        now=at + minutes, opened=at, plan="professional", tier=tier, category="common_question", tier_since=at,
        status_since=at, signals=dict.fromkeys(signals, at), clocks={},
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]


def find(
    verdict: Verdict, verb: str, to: str | None = None, via: str | None = None, what: str | None = None
) -> Obligation:
    found = [o for o in verdict.obligations if o.key == (verb, to, via, what)]
    assert len(found) == 1, [o.key for o in verdict.obligations]
    return found[0]


def owes(verdict: Verdict, verb: str, to: str | None = None) -> bool:
    return any(o.verb == verb and (to is None or o.to == to) for o in verdict.obligations)


def in_hand(minutes: float, at: float = MONDAY_9) -> dict[str, Clock]:
    return {name: Clock(ALWAYS).start(at) for name in ("no_progress", "unresolved")} if minutes >= 0 else {}


# -- the catalogue -------------------------------------------------------------------------------------------------


def test_every_id_of_the_catalogue_is_there_with_its_source() -> None:
    entries = {entry.id: entry for entry in POLICY.entries()}
    assert [name for name in IDS if name not in entries] == []
    assert all(entries[name].source and entries[name].text for name in IDS)
    assert len(IDS) == len(set(IDS)) > 200


def test_what_the_catalogue_does_not_have_is_marked_as_assumed() -> None:
    for entry in POLICY.entries():
        if entry.id not in IDS:
            assert entry.assumed, entry.id
            assert entry.why, entry.id


def test_the_catalogue_of_the_house_is_the_one_kept_here() -> None:
    kept_apart = Path(__file__).parents[1].parent / "shared" / "rule_ids.txt"
    if not kept_apart.is_file():
        pytest.skip("the house's catalogue is not beside the project")
    assert kept_apart.read_text(encoding="utf-8").split() == IDS


def test_the_check_finds_nothing_but_blanks_to_fill_in() -> None:
    found = check_policy(POLICY)
    assert {f.code for f in found if f.severity != "note"} == {"to-fill-in"}
    assert not [f for f in found if f.severity == "error"]
    assert {f.code for f in found if f.severity == "note"} >= {"two-names", "two-addresses"}
    assert all(f.line for f in found)


def test_the_handbook_cites_every_id_outside_its_index() -> None:
    body = handbook_markdown(POLICY).split("## Index by id")[0]
    assert [name for name in IDS if f"`{name}`" not in body] == []


# -- priorities ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signals", "count", "priority"),
    [
        (("outage",), 1, "P1"),
        (("data_leak",), 1, "P1"),
        (("data_corruption",), 1, "P1"),
        (("api_down",), 1, "P2"),
        (("major_function_unavailable",), 1, "P2"),
        (("severe_performance",), 1, "P2"),
        (("slow_performance",), 1, "P3"),
        (("slow_performance",), 2, "P2"),
        (("bug",), 1, "P3"),
        (("minor_function_impaired", "workaround_available"), 1, "P3"),
        (("security_question",), 1, "P3"),
        (("cosmetic",), 900, "P4"),
        (("feature_request",), 1, "P4"),
        (("privacy_request",), 1, "P2"),
        (("legal_request",), 1, "P2"),
        (("cosmetic", "bug"), 900, "P4"),
        (("cosmetic", "bug", "most_customers_affected"), 900, "P4"),
        (("cosmetic", "api_down"), 1, "P2"),
        ((), 1, None),
    ],
)
def test_the_priority_follows_from_what_is_known(signals: tuple[str, ...], count: int, priority: str | None) -> None:
    s = situation("T1", *signals, counts={"customers_affected": Count(count, MONDAY_9)})
    assert BOOK.verdict(s).priority == priority


@pytest.mark.parametrize(("share", "priority"), [(50, None), (51, "P1"), (100, "P1")])
def test_most_customers_is_more_than_half(share: int, priority: str | None) -> None:
    s = situation("T1", counts={"share_of_customers": Count(share, MONDAY_9)})
    assert BOOK.verdict(s).priority == priority


# -- triggers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signals", "to", "rule", "minutes"),
    [
        (("outage",), "T3", "trigger.immediate.outage", 5),
        (("security_breach",), "security", "trigger.immediate.security", 5),
        (("data_loss",), "T3", "trigger.immediate.data_loss", 5),
        (("api_down", "multiple_enterprise_customers"), "vp", "trigger.immediate.many_enterprise", 15),
        (("privacy_request",), "compliance", "trigger.immediate.compliance", 15),
        (("privacy_request",), "T2", "trigger.immediate.compliance.technical", 15),
    ],
)
def test_what_goes_at_once(signals: tuple[str, ...], to: str, rule: str, minutes: float) -> None:
    verdict = BOOK.verdict(situation("T1", *signals, category="api_authentication"))
    owed = find(verdict, "escalate", to)
    assert rule in owed.rules
    assert owed.due == MONDAY_9 + minutes
    assert owed.ripe or "p2.assign_t2" in owed.rules
    assert not owes(BOOK.verdict(situation("T1", category="api_authentication")), "escalate", to)


def test_several_enterprise_customers_make_no_p1_and_nothing_on_a_p3() -> None:
    verdict = BOOK.verdict(situation("T1", "minor_function_impaired", "multiple_enterprise_customers"))
    assert verdict.priority == "P3"
    assert not owes(verdict, "escalate", "vp")


def test_a_p1_without_an_answer_goes_to_the_support_manager_after_15_minutes() -> None:
    just_not = BOOK.verdict(situation("T3", "outage", minutes=14))
    assert not owes(just_not, "escalate", "support_manager")
    late = BOOK.verdict(situation("T3", "outage", minutes=15))
    assert find(late, "escalate", "support_manager").rules == ("trigger.immediate.p1_response_breach",)
    answered = situation("T3", "outage", minutes=15, deeds=(Deed("reply", "customer", "email", (), MONDAY_9 + 5),))
    assert not owes(BOOK.verdict(answered), "escalate", "support_manager")


@pytest.mark.parametrize(
    ("tier", "signal", "to"),
    [
        ("T1", "needs_expertise", "T2"),
        ("T2", "needs_expertise", "T3"),
        ("T1", "needs_code_change", "T3"),
        ("T2", "needs_code_change", "T3"),
        ("T1", "bug", "T2"),
        ("T2", "bug", "T3"),
        ("T1", "integration_beyond_config", "T2"),
        ("T2", "integration_beyond_config", "T3"),
        ("T3", "unresolvable", "support_manager"),
    ],
)
def test_what_goes_after_troubleshooting(tier: str, signal: str, to: str) -> None:
    verdict = BOOK.verdict(situation(tier, signal, stated_priority="P3", stated_since=MONDAY_9))
    assert owes(verdict, "escalate", to)


def test_a_signal_that_brought_the_ticket_here_does_not_send_it_further() -> None:
    s = situation("T2", "needs_expertise", stated_priority="P3", stated_since=MONDAY_9, minutes=20)
    assert not owes(BOOK.verdict(replace(s, tier_since=MONDAY_9 + 10)), "escalate", "T3")


@pytest.mark.parametrize(
    ("tier", "clock", "minutes", "to"),
    [("T1", "no_progress", 30, "T2"), ("T2", "no_progress", 120, "T3"), ("T2", "unresolved", 240, "T3")],
)
def test_tier_timers_turn_at_their_minute(tier: str, clock: str, minutes: float, to: str) -> None:
    def at(elapsed: float) -> Verdict:
        clocks = {clock: Clock(ALWAYS).start(MONDAY_9)}
        s = situation(tier, minutes=elapsed, stated_priority="P3", stated_since=MONDAY_9, clocks=clocks)
        return BOOK.verdict(s)

    assert not owes(at(minutes - 1), "escalate", to)
    assert owes(at(minutes), "escalate", to)
    assert find(at(minutes), "escalate", to).since == MONDAY_9 + minutes


def test_a_p4_stays_and_the_lead_of_tier_2_is_asked() -> None:
    clocks = {"no_progress": Clock(ALWAYS).start(MONDAY_9)}
    verdict = BOOK.verdict(situation("T1", "general_question", minutes=30, clocks=clocks))
    assert not owes(verdict, "escalate")
    assert find(verdict, "notify", "t2_lead").rules == ("p4.timer_asks_lead",)
    assert any("p4.no_escalation" in p.rules for p in verdict.prohibitions)
    looked = {"knowledge_base": MONDAY_9}
    asked = BOOK.verdict(situation("T1", "general_question", "escalation_requested", checks=looked))
    assert any("p4.unless.customer_request" in p.rules for p in asked.permissions)
    assert not any("p4.no_escalation" in p.rules for p in asked.prohibitions)


# -- prohibitions --------------------------------------------------------------------------------------------------


def forbidden(verdict: Verdict, to: str) -> set[str]:
    deed = Deed("escalate", to)
    return {rule for p in verdict.prohibitions if p.matches(deed) for rule in p.rules}


def test_impatience_alone_is_no_reason_and_owes_an_answer() -> None:
    verdict = BOOK.verdict(situation("T1", "customer_impatient", checks={"knowledge_base": MONDAY_9}))
    assert "trigger.never.impatience" in forbidden(verdict, "T2")
    assert "trigger.never.impatience" in find(verdict, "reply", "customer", None, "expectation").rules
    with_reason = BOOK.verdict(
        situation("T1", "customer_impatient", "needs_expertise", checks={"knowledge_base": MONDAY_9})
    )
    assert forbidden(with_reason, "T2") == set()


def test_nothing_goes_before_the_basic_checks_but_what_goes_at_once() -> None:
    before = BOOK.verdict(situation("T1", "api_down", category="api_authentication"))
    assert "trigger.never.before_troubleshooting" in forbidden(before, "T2")
    half = situation("T1", "api_down", category="api_authentication", checks={"token_validity": MONDAY_9})
    assert "trigger.never.before_troubleshooting" in forbidden(BOOK.verdict(half), "T2")
    done = replace(half, checks={"token_validity": MONDAY_9, "header_format": MONDAY_9})
    assert forbidden(BOOK.verdict(done), "T2") == set()
    outage = BOOK.verdict(situation("T1", "outage", category="api_authentication"))
    assert forbidden(outage, "T3") == set()


def test_a_timer_that_runs_out_first_obliges_the_checks_and_the_escalation() -> None:
    s = situation("T1", "api_down", category="api_authentication", minutes=30, clocks=in_hand(30))
    verdict = BOOK.verdict(s)
    assert forbidden(verdict, "T2") == set()
    assert find(verdict, "escalate", "T2").ripe
    assert {o.what for o in verdict.obligations if o.verb == "check"} >= {"token_validity", "header_format"}


def test_offloading_is_forbidden_where_nothing_obliges_or_permits() -> None:
    idle = BOOK.verdict(situation("T1", category="navigation"))
    assert forbidden(idle, "T2") == {"trigger.never.within_capability", "trigger.never.offload"}
    beyond = BOOK.verdict(situation("T1", category="configuration", checks={"configuration": MONDAY_9}))
    assert "tier.T1.escalate_when" in {r for p in beyond.permissions for r in p.rules}
    assert forbidden(beyond, "T2") == set()


# -- protocols -----------------------------------------------------------------------------------------------------


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


# -- a ticket that comes back ------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        ({"status": "resolved"}, "deescalate.when.resolved"),
        ({"status": "waiting_customer", "stated_priority": "P3"}, "deescalate.when.waiting_customer"),
        ({"signals": {"premature_escalation": MONDAY_9}}, "deescalate.when.premature"),
        ({"signals": {"reclassified_lower": MONDAY_9}}, "deescalate.when.reclassified"),
        ({"deeds": (Deed("workaround", "customer", None, (), MONDAY_9),)}, "deescalate.when.workaround"),
    ],
)
def test_the_five_reasons_to_send_a_ticket_back(reason: dict[str, object], rule: str) -> None:
    verdict = BOOK.verdict(situation("T2", **reason))  # type: ignore[arg-type]
    assert any(p.verb == "deescalate" and p.to == "T1" and rule in p.rules for p in verdict.permissions)
    without = BOOK.verdict(situation("T2"))
    assert not any(rule in p.rules for p in without.permissions)


# -- notices -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["p1_customer", "customer_escalation", "internal_escalation"])
def test_notices_can_be_filled_and_miss_nothing(key: str) -> None:
    notice = POLICY.notices[key]
    lists = {"actions_done": ["looked at the token"], "requested_actions": ["look at the service"],
             "troubleshooting": [{"ok": True, "text": "token valid"}]}  # fmt: skip
    values = {name: lists.get(name, f"<{name}>") for name in notice.fields}
    shared = {"contacts": POLICY.contacts, "update_every": POLICY.figures.words("priorities.P1.every.customer_updates")}
    filled = fill_notice(notice, values, shared)
    assert "{{" not in filled.subject + filled.body
    for name in notice.fields:
        assert name in lists or f"<{name}>" in filled.subject + filled.body
    assert "support@secureai.com" in filled.body
    with pytest.raises(InputError, match="nothing fills"):
        fill_notice(notice, {**values, next(iter(notice.fields)): ""}, shared)


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ contacts._source }}",
        "{% for a in x %}{% for b in x %}{{ b }}{% endfor %}{% endfor %}",
        "{% for i in range(100000000) %}x{% endfor %}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ x * 1000000000 }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'other' %}",
        "{{ x|attr('y') }}",
        "{{ x() }}",
        "{% set y = x %}",
        "{{ broken",
        "{{" + "(" * 5000 + "x" + ")" * 5000 + "}}",
    ],
)
def test_a_template_that_wants_more_than_it_may_is_refused(template: str) -> None:
    with pytest.raises(InputError):
        placeholders(template)
