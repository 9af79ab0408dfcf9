"""The shipped policy: complete, sound, and of one mind with the procedure's catalogue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from policy import Count, Deed, Verdict
from policy.check import check_policy
from policy.clocks import Clock
from policy.handbook import handbook_markdown
from tests.secureai_tickets import ALWAYS, BOOK, MONDAY_9, POLICY, find, in_hand, owes, situation

IDS = (Path(__file__).parent / "data" / "rule_ids.txt").read_text(encoding="utf-8").split()


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


# -- sent back ----------------------------------------------------------------------------------------------------


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
