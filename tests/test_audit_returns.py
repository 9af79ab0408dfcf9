"""The audit of desks whose tiers hand tickets back: nothing is missed, and what is missing is found."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from policy import Rulebook, load_policy
from simulator import Run, load_desk, run_once
from simulator.audit import Audit, audit, logs_of
from simulator.codes import HANDED_BACK, Entry, Note
from simulator.run import run_of
from tests.audited_month import FREE, KEPT, audited, book, logs, month, rules, told
from tests.told_desk import DAY, FIVE_PM, TEN, model, play

REASONS = ("resolved", "waiting_customer", "reclassified", "workaround")
ASKING = ("work.customer", "{share: 0, answer: {mean: 90m}}")


def hands_back(*reasons: str, share: float = 0.8) -> tuple[tuple[str, str], ...]:
    """A desk whose upper tiers hand back a ``share`` of what comes to them, for these reasons."""
    each = ", ".join(f"{reason}: {share / len(reasons):g}" for reason in reasons)
    return (ASKING, *((f"work.{tier}.hands_back", f"{{{each}}}") for tier in ("T2", "T3")))


def returned(run: Run, *entries: Entry) -> Any:
    return run.visits[np.isin(run.visits["entry"], entries or HANDED_BACK)]


# -- nothing is missed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reasons", [*((one,) for one in REASONS), REASONS], ids="-".join)
def test_who_hands_a_ticket_back_for_a_good_reason_misses_nothing(reasons: tuple[str, ...]) -> None:
    change = hands_back(*reasons)
    run, found = month(*change), audited(*change)
    known = {Entry[f"BACK_{reason.partition('_')[0].upper()}"] for reason in reasons}
    assert {Entry(entry) for entry in returned(run)["entry"]} == known
    assert len(returned(run)) > 5
    assert told(found) == []
    assert {one.judged for one in found.escalations} <= {"appropriate", "late"}  # late while it is handed over


@pytest.mark.heavy
@pytest.mark.parametrize("replications", [range(0, 10), range(10, 20)], ids=["0-9", "10-19"])
def test_nor_in_twenty_months_of_a_january_with_returns(replications: range) -> None:
    change = dict(hands_back(*REASONS, share=0.6)[1:])
    desk = load_desk("january_2025", KEPT | FREE | change)
    for replication in replications:
        run = run_once(desk, rules(), 0, replication)
        assert len(returned(run)) > 30
        assert told(audit(run, book())) == []


@pytest.mark.heavy
def test_nor_do_those_whom_january_has_while_they_are_free() -> None:
    desk = load_desk("january_2025", KEPT | dict(hands_back("resolved", "reclassified", "workaround", share=0.6)[1:]))
    for replication in range(6):
        assert told(audit(run_once(desk, rules(), 0, replication), book())) == []


def told_desk(ticket: dict[str, Any], **changes: str) -> Run:
    free = {f"staffing__{tier}__agents": "unlimited" for tier in ("T1", "T2")}
    more = {"categories__hard__counts_as": "bug_report", "behaviour__updates_forgotten": "0",
            "work__customer": ASKING[1]}  # fmt: skip
    return run_of(play(model(name="secureai", **free, **more, **changes), ticket), 0, 0)


def test_nor_where_a_p1_is_handed_back_to_a_tier_that_goes_home() -> None:
    asked = {"back": "waiting", "back_in": 2, "answer": DAY}
    run = told_desk({"at": FIVE_PM - 50, "priority": "P1", "solved_by": 2} | asked)
    assert len(returned(run)) == 1
    assert told(audit(run, book())) == []


def test_nor_where_what_came_to_light_in_that_instant_had_led_to_the_tier_above() -> None:
    asked = {"priority": "P1", "solved_by": 2, "signal": 0, "back": "waiting", "back_in": 2}
    run = told_desk({"at": TEN} | asked, signals="{data_loss: {share: 0, seen: checks}}")
    seen, back = run.notes["at"][run.notes["what"] == Note.SIGNAL_SEEN], returned(run)["entered"]
    assert (seen.tolist(), returned(run)["place"].tolist()) == (back.tolist(), [0])
    assert told(audit(run, book())) == []


# -- what is missing is found ------------------------------------------------------------------------------------------

STEPS = [
    ("document", None, None, "deescalation_reason"),
    ("notify", "T1", None, None),
    ("notify", "T2", None, None),
]


@pytest.mark.parametrize("act", STEPS, ids=lambda act: f"{act[0]} {act[1] or act[3]}")
def test_a_step_of_the_return_that_nobody_takes_is_reported_for_each_return(act: Any) -> None:
    change = hands_back("waiting_customer", "workaround")
    run = month(*change)
    done = logs_of(run, book(), tickets=np.unique(returned(run)["ticket"]).tolist(), never=act)
    found = audit(run, book(), logs=done)
    to = {None: (0, 1), "T1": (0,), "T2": (1,)}[act[1]]
    there = returned(run)
    there = there[np.isin(there["place"], to)]
    late = there["left"] - there["entered"]
    lasted = there[np.isnan(late) | (late > 16)]  # who had it for less than the quarter of an hour missed nothing
    wanted = Counter((int(one["ticket"]) + 1, round(float(one["entered"]), 3)) for one in lasted)
    reported = Counter((one.ticket, round(one.since, 3)) for one in found.findings if one.act == act)
    assert {one.act for one in found.missed} <= {act}
    assert len(wanted) > 3
    assert {key for key in wanted if key not in reported} == set()
    owners = {one.owner for one in found.findings if one.act == act}
    assert owners == ({"T2", "T3"} if act[1] != "T2" else {"T3"})


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        ("resolved", "deescalate.when.resolved"),
        ("waiting_customer", "deescalate.when.waiting_customer.asks"),
        ("reclassified", "deescalate.when.reclassified"),
        ("workaround", "deescalate.when.workaround"),
    ],
)
def test_a_return_that_no_rule_allows_is_found_and_each_has_a_rule_of_its_own(reason: str, rule: str) -> None:
    change = hands_back(reason)
    policy = load_policy()
    stricter = Rulebook(replace(policy, rules=tuple(one for one in policy.rules if one.id != rule)))
    found = audit(month(*change), stricter, logs=logs(*change))
    unasked = [one for one in found.missed if one.act[0] == "deescalate"]
    assert {(one.slip, one.act[0]) for one in found.missed} == {("unneeded", "deescalate")}
    assert len(unasked) == len(returned(month(*change)))


def test_a_ticket_that_was_handed_back_and_goes_up_again_is_handed_over_again() -> None:
    change = hands_back("waiting_customer")
    run = month(*change)
    up = run.visits[run.visits["entry"] == Entry.ANSWERED]
    assert len(up) > 5
    for one in up:
        doings = logs(*change)[int(one["ticket"])]
        at = run.model.opening + float(one["entered"])
        to = run.model.places[one["place"]]
        assert any(doing.deed.fits("confirm", to, None, "receipt") and doing.deed.at == at for doing in doings)


def test_what_was_solved_above_is_resolved_there_and_only_closed_below() -> None:
    run = told_desk({"at": TEN, "solved_by": 1, "back": "resolved"})
    log = logs_of(run, book())[0]
    resolved = [one.deed for one in log if one.deed.verb == "resolve"]
    assert [(deed.by, deed.at - run.model.opening) for deed in resolved] == [("T2", TEN + 80)]
    assert told(audit(run, book())) == []


def test_a_ticket_that_turned_out_less_urgent_has_the_duties_of_its_new_priority() -> None:
    run = told_desk({"at": TEN, "priority": "P2", "solved_by": 1, "back": "reclassified"})
    log = logs_of(run, book())[0]
    priorities = [one.deed.what for one in log if one.deed.verb == "set_priority"]
    assert priorities == [("P2",), ("P3",)]
    found: Audit = audit(run, book())
    assert told(found) == []


def test_what_is_watched_until_the_fix_is_in_nobody_s_hands() -> None:
    """The timer of a tier that is done with a ticket does not go on."""
    run = told_desk({"at": TEN, "solved_by": 2, "back": "workaround", "back_in": 2, "watch": 2000.0})
    assert told(audit(run, book())) == []
