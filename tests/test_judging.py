"""The ledger: what becomes of duties, and what is right and wrong about deeds."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from policy.judging import Duty, Ledger
from policy.situation import Deed
from policy.verdict import Obligation, Permission, Prohibition, Verdict


def owed(verb: str = "notify", due: float | None = 10.0, owner: str = "T1", **more: Any) -> Obligation:
    fields: dict[str, Any] = {
        "to": None, "via": None, "what": None, "since": 0.0, "repeat": None, "rules": ("a.rule",),
        "dimension": "process", "weight": 1.0, "critical": False, "text": "Do it.",
    }  # fmt: skip
    return Obligation(owner=owner, verb=verb, due=due, **{**fields, **more})


def verdict(*obligations: Obligation, **more: Any) -> Verdict:
    return Verdict("P3", 0.0, (), obligations, more.pop("permissions", ()), more.pop("prohibitions", ()), **more)


def ban(verb: str, to: str | None = None, *, residual: bool = False, but_to: tuple[str, ...] = ()) -> Prohibition:
    return Prohibition(
        verb, to, None, None, ("a.ban",), "decision", 1.0, False, "Do not.", but_to=but_to, residual=residual
    )


@pytest.mark.parametrize(("at", "kind"), [(4.0, "met"), (10.0, "met"), (10.5, "late"), (None, "missed")])
def test_a_duty_is_met_late_or_missed(at: float | None, kind: str) -> None:
    ledger = Ledger("T1")
    ledger.observe(verdict(owed()), 0.0)
    if at is not None:
        ledger.record(Deed("notify", at=at), verdict(owed()))
        ledger.observe(verdict(), at)
    (duty,) = ledger.close(60.0)
    assert (duty.kind, duty.done, duty.due, duty.void) == (kind, at, 10.0, False)


@pytest.mark.parametrize(("ceases", "void"), [(9.0, True), (10.0, True), (11.0, False)])
def test_what_ceases_to_be_owed_before_it_is_due_was_no_duty(ceases: float, void: bool) -> None:
    ledger = Ledger("T1")
    ledger.observe(verdict(owed()), 0.0)
    ledger.observe(verdict(), ceases)
    (duty,) = ledger.close(60.0)
    assert (duty.void, duty.ceased) == (void, ceases)


@pytest.mark.parametrize(("due", "void"), [(60.0, False), (61.0, True)])
def test_what_is_due_after_the_end_is_no_duty(due: float, void: bool) -> None:
    ledger = Ledger()
    ledger.observe(verdict(owed(due=due)), 0.0)
    assert [duty.void for duty in ledger.close(60.0)] == [void]


def test_what_goes_to_somebody_else_in_time_has_moved_and_may_still_be_done_from_here() -> None:
    mine, theirs = owed(), owed(owner="T2")
    for done, moved in ((False, True), (True, False)):
        ledger = Ledger("T1")
        ledger.observe(verdict(mine), 0.0)
        ledger.observe(verdict(theirs), 5.0)
        if done:
            ledger.record(Deed("notify", at=6.0), verdict(theirs))
        (duty,) = ledger.close(60.0)
        assert (duty.moved, duty.done) == (moved, 6.0 if done else None)


def test_everybodys_ledger_follows_a_duty_from_one_owner_to_the_next() -> None:
    for goes, who in ((5.0, "T2"), (11.0, "T1")):  # who had it when it fell due has missed it
        ledger = Ledger()
        ledger.observe(verdict(owed()), 0.0)
        ledger.observe(verdict(owed(owner="T2")), goes)
        (duty,) = ledger.close(60.0)
        assert (duty.owner, duty.kind, duty.moved) == (who, "missed", False)


@pytest.mark.parametrize(("since", "missed"), [(4.0, 0), (10.0, 0), (11.0, 1)])
def test_what_is_owed_anew_after_it_was_missed_is_another_duty(since: float, missed: int) -> None:
    """Of two escalations each has a hand-over: that the second was made in time does not make up for the first."""
    ledger = Ledger()
    ledger.observe(verdict(owed()), 0.0)
    again = verdict(owed(owner="T2", since=since, due=30.0))
    ledger.observe(again, 12.0)
    ledger.record(Deed("notify", at=15.0), again)
    ledger.observe(verdict(), 15.0)
    duties = ledger.close(60.0)
    assert [duty.kind for duty in duties] == ["missed"] * missed + ["met"]
    assert (duties[0].owner, duties[0].since, duties[0].due) == ("T1", 0.0, 10.0 if missed else 30.0)


def test_a_seat_s_ledger_leaves_out_what_others_owe_and_everybodys_leaves_out_targets() -> None:
    others, target = owed(owner="T2"), owed("resolve", target=True)
    for ledger, count in ((Ledger("T1"), 0), (Ledger(), 1)):
        ledger.observe(verdict(others, target), 0.0)
        assert len(ledger.close(60.0)) == count


def test_what_recurs_is_a_duty_each_time() -> None:
    ledger = Ledger()
    for due in (30.0, 60.0, 90.0):
        again = owed(due=due, repeat=30.0)
        ledger.observe(verdict(again), due - 30.0)
        ledger.record(Deed("notify", at=due), verdict(again))
    duties = ledger.close(95.0)
    assert [(duty.due, duty.done, duty.since) for duty in duties] == [(30, 30, 0), (60, 60, 30), (90, 90, 60)]
    assert {duty.repeat for duty in duties} == {30.0}


def test_a_duty_says_when_it_was_first_seen_and_since_when_it_has_its_due() -> None:
    ledger = Ledger()
    late = owed(due=5.0, since=-10.0)
    ledger.observe(verdict(late), 7.0)
    ledger.observe(verdict(), 8.0)  # it stands still
    ledger.observe(verdict(late), 9.0)
    ledger.observe(verdict(replace(late, due=20.0)), 12.0)
    *_, duty = ledger.close(60.0)
    assert (duty.seen, duty.dated) == (7.0, 12.0)


@pytest.mark.parametrize(("ceases", "seen"), [(9.0, 0.0), (11.0, 20.0)])
def test_what_was_missed_and_comes_back_is_seen_anew(ceases: float, seen: float) -> None:
    ledger = Ledger()
    ledger.observe(verdict(owed()), 0.0)
    ledger.observe(verdict(), ceases)
    ledger.observe(verdict(owed()), 20.0)
    assert [duty.seen for duty in ledger.close(60.0)] == [0.0, seen]


def test_what_was_done_before_it_was_owed_counts_once_where_the_rules_say_so() -> None:
    ledger = Ledger()
    early = owed(done_at=-3.0)
    for now in (0.0, 1.0, 2.0):
        ledger.observe(verdict(fulfilled=(early,)), now)
    (duty,) = ledger.close(60.0)
    assert (duty.kind, duty.done) == ("met", -3.0)


def test_deeds_that_nobody_asked_for() -> None:
    to_t2, nothing = owed("escalate", to="T2"), verdict()
    allowed = verdict(permissions=(Permission("escalate", "T3", None, None, ("a.permit",)),))
    cases: list[tuple[Deed, Verdict, str | None]] = [
        (Deed("escalate", "T2"), verdict(to_t2), None),
        (Deed("escalate", "T3"), verdict(to_t2), "wrong"),
        (Deed("escalate", "T3"), verdict(replace(to_t2, ripe=False)), "unneeded"),
        (Deed("escalate", "T3"), nothing, "unneeded"),
        (Deed("escalate", "T3"), allowed, None),
        (Deed("reply", "customer"), nothing, None),
        (Deed("notify", "vp"), nothing, "unneeded"),
        (Deed("escalate", "T3"), verdict(prohibitions=(ban("escalate"),)), "forbidden"),
        (Deed("escalate", "T3"), verdict(prohibitions=(ban("escalate", but_to=("T3",)),)), "unneeded"),
        (Deed("escalate", "T3"), verdict(to_t2, prohibitions=(ban("escalate", residual=True),)), "wrong"),
        (Deed("set_priority", what=("P3",)), nothing, None),
        (Deed("set_priority", what=("P2",)), nothing, "unneeded"),
    ]
    for deed, ruling, kind in cases:
        ledger = Ledger()
        ledger.observe(ruling, 0.0)
        ledger.record(replace(deed, at=5.0, by="T1"), ruling)
        found = [(one.kind, one.minute, one.owner) for one in ledger.missteps]
        assert found == ([] if kind is None else [(kind, 5.0, "T1")]), (deed, kind)


def test_a_duty_done_when_it_was_forbidden_earns_nothing() -> None:
    ledger = Ledger()
    ruling = verdict(owed("escalate", to="T2"), prohibitions=(ban("escalate", "T2"),))
    ledger.observe(ruling, 0.0)
    ledger.record(Deed("escalate", "T2", at=5.0), ruling)
    (duty,) = ledger.close(60.0)
    assert (duty.spoiled, duty.kind) == (True, "missed")
    assert [one.kind for one in ledger.missteps] == ["forbidden"]


def test_times_are_minutes_since_the_opening() -> None:
    ledger = Ledger(opens=1000.0)
    ledger.observe(verdict(owed(due=1010.0, since=1000.0)), 1000.0)
    ledger.record(Deed("notify", at=1004.0), verdict(owed(due=1010.0)))
    assert [(duty.due, duty.done) for duty in ledger.close(60.0)] == [(10.0, 4.0)]


def test_duties_come_in_the_order_of_their_dues_those_without_last() -> None:
    ledger = Ledger()
    ledger.observe(verdict(owed("a", due=None), owed("b", due=20.0), owed("c", due=5.0)), 0.0)
    assert [duty.key[0] for duty in ledger.close(math.inf)] == ["c", "b", "a"]


def test_priorities_share_a_group() -> None:
    one = Duty(("set_priority", None, None, "P2"), (), "priority", 1.0, False, "", 0.0, 5.0, None)
    other = replace(one, key=("set_priority", None, None, "P1"))
    assert one.group == other.group != replace(one, dimension="process").group
