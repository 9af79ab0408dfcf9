"""The shipped policy on tickets that are escalated more than once, and on those that come back to a lower tier."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy import Deed, Obligation, Situation, Verdict
from policy.clocks import Clock
from tests.secureai_tickets import BOOK, MONDAY_9, POLICY, find, owes, situation

UP, DOWN = "escalate", "deescalate"
HOUR = 60.0
Move = tuple[float, str, str, str]
"""At a minute, the tier that passed a ticket on, how, and where to."""


def journey(*moves: Move, minutes: float, priority: str = "P3", **more: object) -> Situation:
    """A ticket that was opened in Tier 1, and moved."""
    deeds = tuple(Deed(verb, to, None, (), MONDAY_9 + minute, by) for minute, by, verb, to in moves)
    tier, since = ("T1", 0.0) if not moves else (moves[-1][3], moves[-1][0])
    base = situation(
        tier, minutes=minutes, tier_since=MONDAY_9 + since, stated_priority=priority, stated_since=MONDAY_9, deeds=deeds
    )
    return replace(base, **more)  # type: ignore[arg-type]


def with_deeds(s: Situation, *deeds: Deed) -> Situation:
    return replace(s, deeds=tuple(sorted((*s.deeds, *deeds), key=lambda deed: deed.at)))


def of_rules(verdict: Verdict, *starts: str) -> list[Obligation]:
    """What these rules demand, done or not."""
    every = (*verdict.obligations, *verdict.fulfilled)
    return [one for one in every if any(rule.startswith(starts) for rule in one.rules)]


HANDING_OVER = ("workflow.execution.", "workflow.handoff.", "workflow.follow_up.")
TO_T2 = (30.0, "T1", UP, "T2")
TO_T3 = (150.0, "T2", UP, "T3")
BACK = (200.0, "T2", DOWN, "T1")


# -- a second escalation -----------------------------------------------------------------------------------------------


def test_the_hand_over_of_a_second_escalation_counts_from_it_and_is_the_second_sender_s() -> None:
    first = BOOK.verdict(journey(TO_T2, minutes=31))
    second = BOOK.verdict(journey(TO_T2, TO_T3, minutes=151))
    then = {o.key[:1] + o.key[2:]: o for o in of_rules(first, *HANDING_OVER)}
    now = {o.key[:1] + o.key[2:]: o for o in of_rules(second, *HANDING_OVER)}
    assert then.keys() == now.keys()
    assert len(now) > 9
    for key, owed in now.items():
        earlier = then[key]
        assert (earlier.owner, owed.owner) == ("T1", "T2")
        assert (earlier.since, owed.since) == (MONDAY_9 + 30, MONDAY_9 + 150)
        assert earlier.due is not None
        assert owed.due == earlier.due + 120, key
    assert {o.to for o in of_rules(second, "workflow.handoff.")} == {"T3"}


def test_the_first_hand_over_does_not_count_for_the_second() -> None:
    everything = [replace_at(o, 31) for o in of_rules(BOOK.verdict(journey(TO_T2, minutes=31)), *HANDING_OVER)]
    done = with_deeds(journey(TO_T2, minutes=40), *everything)
    assert {o.verb for o in BOOK.verdict(done).obligations if o.rules[0].startswith(HANDING_OVER)} == {"follow_up"}
    again = with_deeds(journey(TO_T2, TO_T3, minutes=151), *everything)
    left = [o for o in BOOK.verdict(again).obligations if o.rules[0].startswith(HANDING_OVER)]
    assert {o.key for o in left} >= {
        ("document", None, None, "reason"), ("reply", "customer", None, "customer_escalation"),
        ("remind", None, None, None), ("handoff", "T3", None, "notes"), ("confirm", "T3", None, "receipt"),
    }  # fmt: skip


def replace_at(owed: Obligation, minute: float) -> Deed:
    """The deed that meets an obligation."""
    what = () if owed.what is None else (owed.what,)
    return Deed(owed.verb, owed.to, owed.via, what, MONDAY_9 + minute, owed.owner)


@pytest.mark.parametrize(("minute", "written"), [(29, False), (31, True), (149, True), (151, True)])
def test_each_escalation_has_a_reason_of_its_own_which_may_be_written_before_it(minute: float, written: bool) -> None:
    s = with_deeds(journey(TO_T2, TO_T3, minutes=152), Deed("document", None, None, ("reason",), MONDAY_9 + minute))
    verdict = BOOK.verdict(s)
    assert (("document", None, None, "reason") in {o.key for o in verdict.fulfilled}) == written


def test_what_stands_in_the_ticket_need_not_be_written_again() -> None:
    note = Deed("document", None, None, ("issue", "impact", "sla", "information", "workarounds"), MONDAY_9 + 20, "T1")
    s = with_deeds(journey(TO_T2, TO_T3, minutes=152), note)
    assert not [o for o in BOOK.verdict(s).obligations if o.rules[0].startswith("workflow.checklist")]


@pytest.mark.parametrize(
    ("moves", "sender"),
    [
        ([TO_T2], "T1"),
        ([TO_T2, TO_T3], "T2"),
        ([(30, "T1", UP, "T3")], "T1"),
        ([TO_T2, BACK, (260, "T1", UP, "T3")], "T1"),
        ([(30, "T1", UP, "T3"), (150, "T3", DOWN, "T2"), (260, "T2", UP, "T3")], "T2"),
        ([TO_T2, BACK, (260, "T1", UP, "T2")], "T1"),
    ],
)
def test_who_escalated_it_is_told_by_the_escalation_under_way(moves: list[Move], sender: str) -> None:
    verdict = BOOK.verdict(journey(*moves, minutes=moves[-1][0] + 1))
    handing = of_rules(verdict, *HANDING_OVER)
    assert {o.owner for o in handing} == {sender}
    assert all(o.to != sender for o in handing)


def test_where_nobody_says_who_escalated_it_it_went_from_tier_to_tier() -> None:
    s = journey(TO_T2, TO_T3, minutes=151)
    told = replace(s, deeds=tuple(replace(deed, by=None) for deed in s.deeds))
    assert {o.owner for o in of_rules(BOOK.verdict(told), *HANDING_OVER)} == {"T2"}
    straight = replace(told, deeds=told.deeds[1:])
    assert {o.owner for o in of_rules(BOOK.verdict(straight), *HANDING_OVER)} == {"T1"}


def test_whoever_was_called_for_a_p1_is_not_called_again_when_the_ticket_moves() -> None:
    called = (Deed("notify", "t3_oncall", "phone", (), MONDAY_9 + 2, "T1"),
              Deed("notify", "t3_oncall", "pager", (), MONDAY_9 + 2, "T1"),
              Deed("assign_commander", None, None, (), MONDAY_9 + 2, "T1"))  # fmt: skip
    for moves in ([(3.0, "T1", UP, "T3")], [(3.0, "T1", UP, "T3"), (50.0, "T3", DOWN, "T1")]):
        verdict = BOOK.verdict(with_deeds(journey(*moves, minutes=51, priority="P1"), *called))
        assert not owes(verdict, "notify", "t3_oncall")
        assert not owes(verdict, "assign_commander")


# -- a ticket that came back -------------------------------------------------------------------------------------------

RETURNS = {
    "T2 to T1": ([TO_T2, BACK], "T2"),
    "T3 to T2": ([TO_T2, TO_T3, (200, "T3", DOWN, "T2")], "T3"),
    "T3 to T1": ([TO_T2, TO_T3, (200, "T3", DOWN, "T1")], "T3"),
    "straight up and down": ([(30, "T1", UP, "T3"), (200, "T3", DOWN, "T1")], "T3"),
    "by way of T2": ([(30, "T1", UP, "T3"), (150, "T3", DOWN, "T2"), (200, "T2", DOWN, "T1")], "T2"),
}  # fmt: skip


@pytest.mark.parametrize("name", RETURNS)
def test_nobody_hands_over_to_themselves_after_a_return(name: str) -> None:
    moves, _ = RETURNS[name]
    assert of_rules(BOOK.verdict(journey(*moves, minutes=201)), *HANDING_OVER) == []


@pytest.mark.parametrize("name", RETURNS)
def test_who_handed_it_back_owes_the_steps_of_the_return(name: str) -> None:
    moves, returner = RETURNS[name]
    owed = of_rules(BOOK.verdict(journey(*moves, minutes=201)), "deescalate.process.")
    assert {(o.verb, o.owner) for o in owed} == {
        ("document", returner), ("notify", returner), ("reply", returner),
    }  # fmt: skip
    assert {o.due for o in owed} == {MONDAY_9 + 215}
    assert {o.to for o in owed if o.verb == "notify"} == {moves[-1][3]}


@pytest.mark.parametrize(("name", "returner"), [("T2 to T1", "T2"), ("T3 to T2", "T3"), ("straight up and down", "T3")])
def test_who_handed_it_back_where_nobody_says_so(name: str, returner: str) -> None:
    s = journey(*RETURNS[name][0], minutes=201)
    told = replace(s, deeds=tuple(replace(deed, by=None) for deed in s.deeds))
    assert {o.owner for o in of_rules(BOOK.verdict(told), "deescalate.process.")} == {returner}


def test_a_second_return_counts_by_itself() -> None:
    moves = [TO_T2, BACK, (260, "T1", UP, "T2"), (300, "T2", DOWN, "T1")]
    told = (Deed("notify", "T1", "chat", (), MONDAY_9 + 201, "T2"),
            Deed("document", None, None, ("deescalation_reason",), MONDAY_9 + 201, "T2"))  # fmt: skip
    verdict = BOOK.verdict(with_deeds(journey(*moves, minutes=301), *told))
    assert find(verdict, "notify", "T1").due == MONDAY_9 + 315
    assert find(verdict, "document", None, None, "deescalation_reason").due == MONDAY_9 + 315
    assert not of_rules(BOOK.verdict(journey(*moves[:3], minutes=261)), "deescalate.process.")


# -- what would send it up again ---------------------------------------------------------------------------------------


def age(priority: str, hours: float, *moves: Move, **more: object) -> Verdict:
    return BOOK.verdict(journey(*moves, minutes=hours * HOUR, priority=priority, **more))


@pytest.mark.parametrize(
    ("priority", "hours", "moves", "to"),
    [
        ("P3", 24.0, [TO_T2, BACK], "T2"),
        ("P2", 5.0, [TO_T2, BACK], "T2"),
        ("P2", 5.0, [TO_T2, TO_T3, (200, "T3", DOWN, "T2")], "T3"),
        ("P1", 4.0, [(3, "T1", UP, "T3"), (200, "T3", DOWN, "T1")], "T3"),
    ],
)
def test_no_age_sends_up_again_what_has_been_there(
    priority: str, hours: float, moves: list[Move], to: str
) -> None:
    assert not owes(age(priority, hours, *moves), UP, to)
    for reason in ("premature_escalation", "reclassified_lower"):
        assert owes(age(priority, hours, *moves, signals={reason: MONDAY_9 + 199}), UP, to)


def test_a_workaround_given_by_tier_1_does_not_replace_the_escalation() -> None:
    """Settlements D1, D18 and D27: it is progress to the timer, the clocks go on, and the backstop stays."""
    given = (Deed("workaround", "customer", None, ("workaround",), MONDAY_9 + 100, "T1"),)
    still = journey(minutes=24 * HOUR, deeds=given)
    assert find(BOOK.verdict(still), UP, "T2").rules == ("p3.escalate_t2",)
    helped = with_deeds(journey(TO_T2, BACK, minutes=24 * HOUR), replace(given[0], at=MONDAY_9 + 190, by="T2"))
    assert not owes(BOOK.verdict(helped), UP, "T2")


def test_the_timers_and_new_signs_do() -> None:
    back = journey(TO_T2, BACK, minutes=300)
    in_hand = replace(back, clocks={"no_progress": Clock(POLICY.calendars["always"]).start(MONDAY_9 + 201)})
    assert "trigger.after.t1_timer" in find(BOOK.verdict(in_hand), UP, "T2").rules
    known = {"needs_code_change": MONDAY_9 + 190}
    assert not owes(BOOK.verdict(replace(back, signals=known)), UP, "T3")
    assert owes(BOOK.verdict(replace(back, signals={"needs_code_change": MONDAY_9 + 290})), UP, "T3")
    assert owes(BOOK.verdict(replace(back, signals={"outage": MONDAY_9 + 290})), UP, "T3")
    urgent = journey((3, "T1", UP, "T3"), (200, "T3", DOWN, "T1"), minutes=300, priority="P1")
    assert not owes(BOOK.verdict(replace(urgent, signals={"outage": MONDAY_9})), UP, "T3")


@pytest.mark.parametrize("name", ["T2 to T1", "T3 to T2", "T3 to T1"])
def test_with_the_customer_s_answer_it_goes_up_to_the_tier_that_asked(name: str) -> None:
    moves, asked = RETURNS[name]
    back = journey(*moves, minutes=300, signals={"question_for_customer": MONDAY_9 + 199})
    assert not owes(BOOK.verdict(back), UP)
    answered = replace(back, signals={**back.signals, "customer_answered": MONDAY_9 + 299})
    owed = find(BOOK.verdict(answered), UP, asked)
    assert (owed.rules, owed.due) == (("trigger.after.answered",), MONDAY_9 + 314)
    above = journey(*moves, (299, moves[-1][3], UP, asked), minutes=300, signals=answered.signals)
    assert "trigger.after.answered" not in {rule for o in BOOK.verdict(above).obligations for rule in o.rules}


def test_a_question_for_the_customer_and_a_workaround_are_allowed_above_and_with_them_the_return() -> None:
    for tier, allowed in (("T2", True), ("T1", False)):
        asks = BOOK.verdict(situation(tier, "question_for_customer"))
        assert any(p.verb == DOWN and p.to == "T1" for p in asks.permissions) == allowed
        assert any(p.verb == "workaround" for p in asks.permissions) == allowed


# -- management --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("earlier", [False, True])
def test_management_that_has_it_already_is_not_asked_again(earlier: bool) -> None:
    """Settlement D25: who was brought in holds a responsibility beside the owner."""
    clocks = {"resolution": Clock(POLICY.calendars["business"], 480).start(MONDAY_9)}
    asked = Deed(UP, "support_manager", None, (), MONDAY_9 + 200, "T3")
    s = journey(TO_T2, TO_T3, minutes=480, priority="P2", clocks=clocks)
    verdict = BOOK.verdict(with_deeds(s, asked) if earlier else s)
    assert owes(verdict, UP, "support_manager") == (not earlier)
    assert owes(verdict, "notify", "support_manager")  # it is told of the breach all the same


def test_nor_is_the_vp_of_an_old_p1() -> None:
    vp = Deed(UP, "vp", None, (), MONDAY_9 + 10, "T1")
    s = with_deeds(journey((3, "T1", UP, "T3"), minutes=4 * HOUR, priority="P1"), vp)
    assert {o.to for o in BOOK.verdict(s).obligations if o.verb == UP} >= {"cto", "ceo"}
    assert not owes(BOOK.verdict(s), UP, "vp")
