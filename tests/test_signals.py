"""Signals that tickets carry: when they are seen, where they lead, what stands still, and what the audit says of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from policy.errors import InputError
from simulator import load_desk, run_once
from simulator.codes import Ending, Entry, Note
from simulator.derived import clocks, escalations
from tests.audited_month import DATA, audited, month, rules, told
from tests.told_desk import NINE, TEN, Told, model, play, rows

BREACH = "{security_breach: {share: 0, seen: opened}}"
PRIVACY = "{privacy_request: {share: 0, verified: {signal: compliance_approved, after: {mean: 8h}}}}"
CARRIED = (
    (
        "signals",
        "{security_breach: {share: 0.1, seen: opened},"
        " privacy_request: {share: 0.2, verified: {signal: compliance_approved, after: {mean: 8h}}},"
        " escalation_requested: {share: 0.1}}",
    ),
)


def stays(played: Told) -> list[tuple[str, str, float, float]]:
    found = np.sort(played.visits.table(), order=["ticket", "entered", "place"])
    places = played.model.places
    return [(places[v["place"]], Entry(v["entry"]).name, float(v["entered"]), float(v["left"])) for v in found]


def notes(played: Told) -> list[tuple[str, float]]:
    return [(Note(one["what"]).name, float(one["at"])) for one in np.sort(played.notes.table(), order="at")]


# -- what follows ------------------------------------------------------------------------------------------------------


def test_a_breach_is_seen_with_the_first_look_and_leads_to_tier_3_and_security() -> None:
    played = play(model(name="secureai", signals=BREACH), {"at": TEN, "signal": 0, "priority": "P3"})
    seen = TEN + 5  # with the reply
    assert notes(played)[0] == ("SIGNAL_SEEN", seen)
    assert [one[:3] for one in stays(played)] == [
        ("T1", "OPENED", TEN), ("T3", "SIGNAL", seen), ("security", "SIGNAL", seen),
    ]  # fmt: skip
    ticket = rows(played)[0]
    assert (ticket["priority"], ticket["raised"], ticket["signal"]) == (0, 2, 0)
    assert ticket["clock_from"] == seen  # raised: its resolution clock began anew


def test_a_privacy_request_waits_for_compliance_and_its_clock_stands_still() -> None:
    told_it = {"at": TEN, "signal": 0, "priority": "P3", "verified_after": 120.0, "solved_by": 1}
    played = play(model(name="secureai", signals=PRIVACY), told_it)
    seen = TEN + 15  # with the checks
    assert stays(played)[:3] == [
        ("T1", "OPENED", TEN, seen), ("T2", "SIGNAL", seen, seen + 170), ("compliance", "SIGNAL", seen, seen + 170),
    ]  # fmt: skip
    assert notes(played) == [
        ("CHECKED", seen), ("SIGNAL_SEEN", seen), ("VERIFIED", seen + 120), ("CHECKED", seen + 130),
    ]  # fmt: skip
    ticket = rows(played)[0]
    assert (ticket["priority"], ticket["paused"], ticket["resolved"]) == (1, 120, seen + 170)


def test_what_carries_nothing_is_as_it_was() -> None:
    with_it, without = (
        play(model(name="secureai", **signals), {"at": TEN}) for signals in ({"signals": BREACH}, dict[str, str]())
    )
    assert with_it.visits.table().tobytes() == without.visits.table().tobytes()


def test_a_signal_that_leads_nowhere_changes_nothing_but_that_it_is_seen() -> None:
    carries = model(name="secureai", signals="{general_question: {share: 0}}")
    played, usual = (play(carries, {"at": TEN, "priority": "P4", **more}) for more in ({"signal": 0}, dict[str, int]()))
    assert stays(played) == stays(usual)
    assert [one for one in notes(played) if one[0] != "CHECKED"] == [("SIGNAL_SEEN", TEN + 15)]


def test_what_is_verified_without_a_move_is_laid_aside_by_its_tier() -> None:
    carried = "{privacy_request: {share: 0, verified: {signal: compliance_approved, after: {mean: 8h}}}}"
    above = {"at": NINE, "signal": 0, "priority": "P1", "verified_after": 60.0, "solved_by": 2}
    played = play(model(name="secureai", signals=carried, staffing__T1__agents="0"), above)
    found = [one[:2] for one in stays(played)]
    assert ("T3", "LAID_ASIDE") in found
    assert not (escalations_of(played)["reason"] == Entry.LAID_ASIDE).any()


def escalations_of(played: Told) -> Any:
    visits = played.visits.table()
    return np.array([(v["entry"],) for v in visits if v["entry"] == Entry.SIGNAL], [("reason", "i1")])


# -- as many as the desk file says -------------------------------------------------------------------------------------


def test_as_many_tickets_carry_a_signal_as_the_desk_says() -> None:
    desk = load_desk(
        DATA / "desk_small.yaml",
        {"demand.tickets_per_week": "4000", "signals": "{outage: {share: 0.1}, bug: {share: 0.3, categories: [hard]}}"},
    )
    run = run_once(desk, rules(), 5, 0)
    hard = list(desk.categories).index("hard")
    mine = run.tickets["category"] == hard
    for signal, which, share in ((0, mine | True, 0.1), (1, mine, 0.3), (1, ~mine, 0.0)):
        found = (run.tickets["signal"][which] == signal).mean()
        assert abs(found - share) <= 4 * np.sqrt(share * (1 - share) / which.sum())


def test_the_tables_add_up_where_signals_are_verified() -> None:
    run = month(*CARRIED)
    table = clocks(run)
    own = table[(table["clock"] == 1) & ~np.isnan(table["stopped"])]
    tickets = run.tickets[own["ticket"]]
    assert np.allclose(own["minutes"].sum(axis=1), tickets["resolution_minutes"], atol=1e-6)
    assert (tickets["paused"][tickets["signal"] == 1] > 0).any()
    led = escalations(run)
    assert set(led["judged"][led["reason"] == Entry.SIGNAL]) == {0}


# -- the rulebook agrees -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_audit_misses_nothing_where_everybody_is_free(seed: int) -> None:
    run, found = month(*CARRIED, seed=seed), audited(*CARRIED, seed=seed)
    assert told(found) == []
    led = {(one.to, one.judged) for one in found.escalations if one.reason == "signal"}
    assert {("security", "appropriate"), ("compliance", "appropriate")} <= led
    assert {judged for _, judged in led} == {"appropriate"}
    assert (run.visits["ending"] == Ending.SIGNAL).sum() > 5


# -- what cannot be ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signals", "says"),
    [
        ("{breach: {share: 0.1}}", 'no signal "breach"'),
        ("{bug: {share: 0.1, verified: {signal: approved, after: {mean: 1h}}}}", 'no signal "approved"'),
        ("{bug: {share: 0.6}, outage: {share: 0.6}}", "add up to 1.2; a ticket carries one at most"),
        ("{bug: {share: 0.1, categories: [harder]}}", 'no category "harder"; did you mean "hard"?'),
        ("{bug: {share: 0.1, seen: later}}", "expected 'opened' or 'checks'"),
    ],
)
def test_what_cannot_be_is_refused(signals: str, says: str) -> None:
    with pytest.raises(InputError, match=says.replace("?", r"\?")):
        model(name="secureai", signals=signals)
