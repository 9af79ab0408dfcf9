"""The audit: nothing is found where nothing was missed, and everything is found as what it is."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.reckoned import overdue
from deskdrill.main import main
from policy import Rulebook, load_policy
from policy.errors import InputError
from policy.verdict import ActKey
from simulator import Run, load_desk, run_once
from simulator.audit import Audit, act_name, audit, logs_of
from simulator.codes import ESCALATIONS, Ending, Entry, Slip
from simulator.run import run_of
from tests.audited_month import DATA, FREE, KEPT, SMALL, audited, book, logs, month, rules, told
from tests.told_desk import DAY, FIVE_PM, NINE, TEN, model, play

# -- nothing is found where nothing was missed -------------------------------------------------------------------------


def test_with_slips_at_zero_and_everybody_free_no_duty_is_missed() -> None:
    found = audited()
    assert told(found) == []
    assert {one.judged for one in found.escalations} == {"appropriate"}
    assert sum(found.duties.values()) > 500
    assert len(found.duties) > 70  # acts that fell due
    assert not any("busy" in one.could_not for one in found.findings)


@pytest.mark.heavy
@pytest.mark.parametrize("replications", [range(0, 10), range(10, 20)], ids=["0-9", "10-19"])
def test_nor_in_twenty_months_of_january(replications: range) -> None:
    desk = load_desk("january_2025", KEPT | FREE)
    for replication in replications:
        assert told(audit(run_once(desk, rules(), 0, replication), book())) == []


@pytest.mark.heavy
def test_nor_by_whom_january_has_who_were_free() -> None:
    desk = load_desk("january_2025", KEPT)
    for replication in range(6):
        found = audit(run_once(desk, rules(), 0, replication), book())
        assert told(found) == []
        assert len(found.findings) > 100  # of what nobody could keep


OUTAGES = (("demand.outages", "{per_year: 150, tickets: 5, within: 30m, priority: P1, category: hard}"),)


@pytest.mark.parametrize("seed", [1, 4])
def test_what_was_solved_before_anybody_took_it_leaves_its_duties_to_the_tier(seed: int) -> None:
    run = month(*OUTAGES, seed=seed)
    nobody = (run.visits["ending"] == Ending.SOLVED_TOGETHER) & np.isnan(run.visits["began"])
    untaken = set((run.visits["ticket"][nobody & (run.visits["place"] == 2)] + 1).tolist())
    assert len(untaken) > 3
    assert told(audited(*OUTAGES, seed=seed)) == []
    begun: ActKey = ("analyse", None, None, "rca_begun")
    done = logs_of(run, book(), tickets=[ticket - 1 for ticket in sorted(untaken)], never=begun)
    found = audit(run, book(), logs=done).missed
    owed = {ticket for ticket in untaken if run.tickets["resolved"][ticket - 1] < run.model.end - 1440}
    assert owed
    assert owed <= {one.ticket for one in found}
    assert {(one.act, one.owner) for one in found} == {(begun, "T3")}


# -- what is never done is reported, and nothing else ------------------------------------------------------------------


def acts() -> list[ActKey]:
    """Return every act that fell due in the month."""
    return sorted(audited().duties, key=str)


def owing(act: ActKey) -> list[int]:
    """Return the tickets about which an act was done, or owed."""
    return [number for number, log in logs().items() if any(one.deed.fits(*act) for one in log)]


@pytest.mark.parametrize("part", range(4))
def test_an_act_that_is_never_done_is_reported_wherever_it_fell_due_and_nothing_else_is(part: int) -> None:
    missed = 0
    for act in acts()[part::4]:
        tickets = owing(act)[:4]  # of what is owed about nearly every ticket, some are enough
        assert tickets, act_name(act)
        done = logs_of(month(), book(), tickets=tickets, never=act)
        found = audit(month(), book(), logs=done)
        assert {one.act for one in found.missed} <= {act}, act_name(act)
        looked_at = dict(list(done.items())[:2])
        reported = {one.ticket for one in found.findings if one.act == act and one.ticket - 1 in looked_at}
        assert reported == set(overdue(act, month(), looked_at, book())), act_name(act)
        missed += len(found.missed)
    assert missed > 10


@pytest.mark.heavy
@pytest.mark.parametrize("part", range(4))
def test_the_same_of_a_month_of_january(part: int) -> None:
    run = run_once(load_desk("january_2025", KEPT | FREE), rules(), 0, 0)
    usual = logs_of(run, book())
    kinds = sorted(audit(run, book(), logs=usual).duties, key=str)
    for act in kinds[part::4]:
        tickets = [n for n, log in usual.items() if any(one.deed.fits(*act) for one in log)]
        found = audit(run, book(), logs=logs_of(run, book(), tickets=tickets, never=act))
        assert {one.act for one in found.missed} <= {act}, act_name(act)


# -- every slip is found as what it is ---------------------------------------------------------------------------------

SLOW = (("work.T1.handoff", "{mean: 1m}"), ("work.T2.handoff", "{mean: 1m}"))
PLAIN = (("categories.hard.priorities", "{P3: 1}"), ("categories.easy.priorities", "{P3: 1}"))
"""No protocol asks for an escalation; only what was seen and the timers do."""


def flagged(run: Run, slip: Slip) -> Any:
    return run.visits[run.visits["slip"] & int(slip) > 0]


def kinds_of(found: Audit) -> set[str]:
    return {one.slip for one in found.missed}


def test_what_is_passed_on_too_soon_is_premature() -> None:
    change = (*PLAIN, ("behaviour.premature", "0.5"))
    found, run = audited(*change), month(*change)
    assert kinds_of(found) == {"premature"}
    passed_on = flagged(run, Slip.PREMATURE)
    passed_on = passed_on[passed_on["ending"] == Ending.PREMATURE]  # the others a timer took away before
    assert {one.ticket - 1 for one in found.missed} == set(passed_on["ticket"].tolist())
    assert all(one.rules for one in found.missed)


def test_a_tier_that_cannot_help_is_the_wrong_destination() -> None:
    change = (*PLAIN, ("behaviour.wrong_destination", "0.6"))
    found, run = audited(*change), month(*change)
    assert kinds_of(found) == {"wrong destination"}
    assert Counter(one.ticket - 1 for one in found.missed) == Counter(
        flagged(run, Slip.WRONG_DESTINATION)["ticket"].tolist()
    )


def test_a_sign_that_was_overlooked_is_recognised_late() -> None:
    policy = (("tiers.T1.no_progress", "20h"), ("tiers.T2.no_progress", "20h"), ("tiers.T2.unresolved", "40h"))
    change = (*PLAIN, ("behaviour.late_recognition", "0.5"), ("behaviour.late_by", "1h"))
    run = month(*change, policy=policy)
    found = audit(run, book(*policy))
    assert kinds_of(found) == {"late recognition"}
    seen = [int(Entry.EXPERTISE), int(Entry.CODE_CHANGE), int(Entry.UNRESOLVABLE)]
    late = flagged(run, Slip.LATE_RECOGNITION)
    ended = late[np.isin(late["ending"], seen) & ~np.isnan(late["left"])]
    assert {(one.ticket - 1, round(one.done or 0.0, 3)) for one in found.missed} == {
        (int(one["ticket"]), round(float(one["left"]), 3)) for one in ended
    }
    assert len(ended) > 2
    short = audit(month(*PLAIN, *change[2:3], ("behaviour.late_by", "5m"), policy=policy), book(*policy))
    assert told(short) == []  # the procedure leaves a quarter of an hour


def test_a_hand_off_that_lacked_something_is_incomplete() -> None:
    change = (*PLAIN, *SLOW, ("behaviour.incomplete_handoff", "0.5"))
    found, run = audited(*change), month(*change)
    assert kinds_of(found) == {"incomplete hand-off"}
    lacked = flagged(run, Slip.INCOMPLETE_HANDOFF)
    assert {one.ticket - 1 for one in found.missed} <= set(lacked["ticket"].tolist())
    assert len(found.missed) >= 0.8 * len(np.unique(lacked["ticket"])) > 3  # but those that are solved in time


def test_a_ticket_taken_for_less_than_it_is_has_the_wrong_priority() -> None:
    change = (("behaviour.wrong_priority", "0.5"),)
    found, run = audited(*change), month(*change)
    assert kinds_of(found) == {"wrong priority"}
    assert {one.ticket - 1 for one in found.missed} == set(run.notes[run.notes["what"] == 1]["ticket"].tolist())


@pytest.mark.parametrize("seed", [11, 21, 24])
def test_no_update_is_missed_because_the_run_ends(seed: int) -> None:
    """What falls due as an agent goes home for the last time is the commander's, as on any other evening."""
    assert told(audited(("work.update", "25m"), seed=seed)) == []


def test_updates_that_are_forgotten_are_found_as_that() -> None:
    change = (("behaviour.updates_forgotten", "0.6"),)
    found, run = audited(*change), month(*change)
    assert kinds_of(found) == {"update forgotten"}
    forgotten = set(run.updates[np.isnan(run.updates["sent"])]["ticket"].tolist())
    assert forgotten <= {one.ticket - 1 for one in found.missed}


@pytest.mark.parametrize("seed", [1, 7])
def test_a_forgotten_update_that_comes_back_after_the_customer_was_asked_is_forgotten_too(seed: int) -> None:
    answer = ("work.customer", "{share: 0, answer: {mean: 90m}}")
    back = tuple((f"work.{tier}.hands_back", "{waiting_customer: 0.8}") for tier in ("T2", "T3"))
    nobody_s = ("work.update", "null"), ("behaviour.updates_forgotten", "0.4")
    assert kinds_of(audited(answer, *back, *nobody_s, seed=seed)) == {"update forgotten"}


@pytest.mark.parametrize(
    ("name", "which"),
    [
        ("any", lambda act, rules: True),
        ("document", lambda act, rules: act[0] == "document"),
        ("expected_time", lambda act, rules: act[3] == "expected_time"),
    ],
)
def test_duties_that_the_desk_file_says_are_forgotten_are_found(name: str, which: Any) -> None:
    found = audited((f"behaviour.duties.{name}.forgotten", "0.7"))
    assert found.missed
    assert all(which(one.act, one.rules) for one in found.missed)
    assert kinds_of(found) <= {"forgotten", "incomplete hand-off", "update forgotten"}
    late = audited((f"behaviour.duties.{name}.late", "1"), (f"behaviour.duties.{name}.late_by", "1s"))
    assert {one.slip for one in late.missed} <= {"late", "update late"}
    assert {one.kind for one in late.missed} == {"late"}


def test_more_forgetting_never_lowers_the_number_of_missed_duties() -> None:
    numbers, before = [len(audited().missed)], set()
    for share in ("0.1", "0.3", "1"):
        found = audited(("behaviour.duties.any.forgotten", share))
        now = {(one.ticket, one.act) for one in found.missed if one.kind == "missed"}
        assert len(before - now) <= 0.1 * len(before)  # nearly always the very same ones
        numbers.append(len(found.missed))
        before = now
    assert numbers[0] == 0
    assert numbers == sorted(numbers)


# -- who could not help it ---------------------------------------------------------------------------------------------


def test_who_was_busy_or_away_has_missed_nothing() -> None:
    found = audited(("staffing.T1.agents", "1"), ("staffing.T2.agents", "1"), ("demand.tickets_per_week", "160"))
    reasons = Counter(one.could_not for one in found.findings)
    assert {reason for reason in reasons if reason} >= {"everybody was busy with other tickets", "nobody was there"}
    assert told(found) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nor_who_keeps_as_many_tickets_as_they_may_when_one_moves_on_without_them(seed: int) -> None:
    asked = ("work.customer", "{share: 0.9, answer: {mean: 4h}}")
    found = audited(asked, ("staffing.T1.agents", "2"), ("demand.tickets_per_week", "140"), seed=seed)
    assert sum("busy" in one.could_not for one in found.findings) > 10
    assert told(found) == []


def test_nor_whose_first_response_was_begun_at_last_and_is_not_sent_when_the_run_ends() -> None:
    desk = model(name="secureai", staffing__T1__agents="1", categories__hard__counts_as="bug_report")
    first, second = {"at": 2 * DAY + NINE, "priority": "P4"}, {"at": 2 * DAY + TEN, "priority": "P4", "response": 20.0}
    run = run_of(play(desk, first, second, piece=(1417.0, 40.0, 60.0)), 0, 0)
    assert np.isnan(run.tickets["responded"][1])
    assert run.visits["began"][run.visits["ticket"] == 1].tolist() == [4 * DAY + FIVE_PM - 8]
    found = audit(run, book())
    assert any(one.ticket == 2 and one.act[3] == "expectation" for one in found.findings)
    assert told(found) == []


def test_the_audit_asks_the_rulebook_anew() -> None:
    stricter = book(("priorities.P3.within.begin_troubleshooting", "1m"), ("tiers.T1.response.starter", "1m"))
    found = audit(month(), stricter, logs=logs())
    assert {one.act[0] for one in found.findings} >= {"check", "reply"}
    assert len(found.findings) > len(audited().findings)


# -- escalations -------------------------------------------------------------------------------------------------------


def test_every_escalation_is_judged_once_with_its_rules() -> None:
    run, found = month(), audited()
    rows = run.visits[np.isin(run.visits["entry"], ESCALATIONS)]
    assert sorted((one.ticket - 1, round(one.at, 4)) for one in found.escalations) == sorted(
        (int(row["ticket"]), round(float(row["entered"]), 4)) for row in rows
    )
    assert all(one.rules and one.why and one.reason for one in found.escalations)
    known = {entry.id for entry in book().policy.entries()}
    assert {rule for one in found.escalations for rule in one.rules} <= known


def test_a_week_s_review_looks_at_the_tickets_that_were_escalated_in_it() -> None:
    whole, start, end = audited(), 2 * 1440.0, 4 * 1440.0
    part = audit(month(), book(), (start, end))
    assert 0 < part.tickets < whole.tickets
    assert part.escalations == tuple(one for one in whole.escalations if start <= one.at < end)


# -- the command, and what it refuses ----------------------------------------------------------------------------------


def run_command(capsys: pytest.CaptureFixture[str], *changes: str, form: str = "json") -> tuple[int, str]:
    sets = [f"desk.{name}={value}" for name, value in (SMALL | KEPT | FREE).items()]
    given = [word for text in (*sets, *changes) for word in ("--set", text)]
    code = main(["audit", "--desk", str(DATA / "desk_small.yaml"), "--seed", "1", *given, "--format", form])
    return code, capsys.readouterr().out


def test_the_command_says_0_where_nothing_was_missed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run_command(capsys)
    found = json.loads(out)
    assert (code, found["missed"], found["tickets"], found["notes"]) == (0, 0, audited().tickets, [])
    assert len(found["escalations"]) == len(audited().escalations)


@pytest.mark.parametrize("form", ["table", "csv"])
def test_the_command_says_1_where_duties_were_missed(capsys: pytest.CaptureFixture[str], form: str) -> None:
    code, out = run_command(capsys, "desk.behaviour.duties.any.forgotten=0.3", form=form)
    assert code == 1
    assert "forgotten" in out
    assert "set the priority" in out


@pytest.mark.parametrize(
    ("name", "message"), [("remnd", 'did you mean "remind"'), ("escalate", "the desk plays"), ("p9.rule", "no rule")]
)
def test_a_duty_that_nobody_has_is_refused(tmp_path: Path, name: str, message: str) -> None:
    text = (DATA / "desk_small.yaml").read_text(encoding="utf-8")
    changed = text.replace("behaviour: {", f'behaviour: {{duties: {{"{name}": {{forgotten: 1}}}}, ')
    (tmp_path / "desk.yaml").write_text(changed, encoding="utf-8")
    run = run_once(load_desk(tmp_path / "desk.yaml"), rules(), 1, 0)
    with pytest.raises(InputError, match=message):
        audit(run, book())


def test_a_desk_where_chance_alone_moves_tickets_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(capsys, "desk.work.T1.passes_on=0.3")[0] == 2
    by_chance = month(("work.T1.passes_on", "0.3"))
    with pytest.raises(InputError, match="chance alone decides"):
        audit(by_chance, book())
    with pytest.raises(InputError, match="passes_on"):
        logs_of(by_chance, book())


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_desk_that_swarms_is_told_to_work_in_a_way_that_the_procedure_does_not_have(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    given = ["--desk", str(DATA / "desk_small.yaml"), "--set", "desk.work.swarming={T1: T2}", "--format", form]
    main(["audit", *given])
    told = capsys.readouterr()
    said = told.err if form == "csv" else " ".join(json.loads(told.out)["notes"]) if form == "json" else told.out
    assert " ".join(said.split()).startswith("Tier 1 calls Tier 2 in and keeps the ticket (work.swarming.T1).")


def test_a_run_without_tickets_has_nothing_to_find() -> None:
    found = audited(("demand.tickets_per_week", "0"))
    assert (found.tickets, found.findings, found.escalations) == (0, (), ())


def test_another_policy_s_desk_can_be_audited() -> None:
    small = load_policy(DATA / "desk_policy.yaml")
    run = run_once(load_desk(DATA / "desk_small.yaml", SMALL | KEPT | FREE), small, 1, 0)
    found = audit(run, Rulebook(small))
    assert {one.judged for one in found.escalations} == {"appropriate"}
    # Its rules do not say that they end with the ticket, so what is solved is still owed.
    solved = {n + 1 for n, resolved in enumerate(run.tickets["resolved"]) if not math.isnan(resolved)}
    assert {one.ticket for one in found.missed} <= solved
