"""The laws that every run keeps: each is found broken in a table that was tampered with, and none in a run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import simulator.run
from simulator import Run, run_once
from simulator.checks import ImpossibleRun, check
from simulator.codes import Ending, Entry, Fate
from simulator.desk import Desk
from simulator.laws import LAWS
from simulator.looks import unlike
from simulator.model import DeskModel, compile_model
from tests.random_desks import Case, SmallRules, desks, week

DAY = 1440.0


@cache
def model() -> DeskModel:
    """Return a desk on which most things happen."""
    document: dict[str, Any] = {
        "name": "checked",
        "title": "A desk to be checked",
        "period": {"first_day": "2024-01-01", "last_day": "2024-01-19", "warm_up_weeks": 0},
        "demand": {"tickets_per_week": 150.0},
        "categories": {"any": {"priorities": {"P2": 1.0, "P3": 1.0}, "beyond": {"T1": 0.4}}},
        "staffing": {"T1": {"agents": 3, "multitasking": 2}, "T2": {"agents": 1}, "T3": {"agents": 1}},
        "work": {
            "preempts": ["P2"],
            "customer": {"share": 0.3, "answer": {"mean": "2h"}},
            "update": "3m",
            "T2": {"hands_back": {"resolved": 0.2, "waiting_customer": 0.1, "reclassified": 0.2, "workaround": 0.1}},
        },
        "behaviour": {"premature": 0.2, "updates_forgotten": 0.2},
        "customers": {"reopen": 0.2, "reopen_after": {"mean": "4h"}},
    }
    office = week(540, 1020)
    rules = SmallRules(
        calendars=dict.fromkeys(("P2", "P3", "T1", "T2", "T3"), office),
        destinations={("T1", "needs_expertise"): ("T2", "manager")},
        updates=((0.0, 90.0),),
    )
    return compile_model(Desk.model_validate(document), rules)


@cache
def played() -> Run:
    return run_once(model(), None, 1, 0)


def tampered(**tables: Callable[[np.ndarray], np.ndarray | None]) -> Run:
    """Return the run with some of its tables changed, in place or for another."""
    run, changed = played(), {}
    for name, change in tables.items():
        table = getattr(run, name).copy()
        other = change(table)
        changed[name] = table if other is None else other
    return replace(run, **changed)


def law_broken(run: Run) -> str:
    with pytest.raises(ImpossibleRun) as caught:
        check(run)
    said = r"The simulation broke a law of its own, which is a fault of DeskDrill: (.*)\.\n"
    found = re.match(said, str(caught.value))
    assert found is not None
    return found[1]


def place(table: np.ndarray, where: np.ndarray, number: int = 3) -> int:
    """Return the place of a row for which something holds."""
    return int(np.flatnonzero(where)[number])


def no_row(table: np.ndarray) -> np.ndarray:
    return np.delete(table, 5)


def twice(table: np.ndarray) -> np.ndarray:
    return np.insert(table, 5, table[4])


def lost(tickets: np.ndarray) -> None:
    tickets["fate"][place(tickets, tickets["fate"] == Fate.SOLVED)] = Fate.OPEN


def ended_before(tickets: np.ndarray) -> None:
    row = place(tickets, tickets["fate"] == Fate.SOLVED)
    tickets["resolved"][row] = tickets["opened"][row] - 1


def never_in_a_tier(visits: np.ndarray) -> np.ndarray:
    return visits[visits["ticket"] != 7]


def taken_before_it_came(visits: np.ndarray) -> None:
    row = place(visits, visits["began"] > visits["available"])
    visits["available"][row] = visits["began"][row] + 1


def free_before_it_left(visits: np.ndarray) -> None:
    row = place(visits, visits["released"] > visits["left"])
    visits["released"][row] = visits["left"][row] - 0.5


def began_elsewhen(visits: np.ndarray) -> None:
    visits["entered"][place(visits, visits["entry"] == Entry.OPENED)] -= 1


def nowhere(visits: np.ndarray) -> None:
    """Let a ticket be nowhere for half a minute."""
    row = place(visits, (visits["entry"] == Entry.EXPERTISE) & (visits["place"] == 1))
    visits["entered"][row] += 0.5


def in_two_tiers(visits: np.ndarray) -> None:
    row = place(visits, (visits["entry"] == Entry.EXPERTISE) & (visits["place"] == 1))
    visits["left"][row - 1] = visits["released"][row - 1]


def handed_back_and_not_taken_so(visits: np.ndarray) -> None:
    visits["entry"][place(visits, visits["entry"] == Entry.BACK_RESOLVED)] = Entry.EXPERTISE


def never_lowered(tickets: np.ndarray) -> None:
    tickets["lowered"][place(tickets, tickets["lowered"] > 0)] = 0


def clock_begun_elsewhen(tickets: np.ndarray) -> None:
    tickets["clock_from"][place(tickets, tickets["lowered"] == 0)] += 1.0


def other_ending(visits: np.ndarray) -> None:
    visits["left"][place(visits, (visits["ending"] == Ending.SOLVED) & (visits["place"] == 0))] -= 0.5


def other_holder(tickets: np.ndarray) -> None:
    tickets["holder"][place(tickets, tickets["fate"] == Fate.SOLVED)] += 1


def never_answered(tickets: np.ndarray) -> None:
    tickets["responded"][place(tickets, tickets["fate"] == Fate.SOLVED)] = np.nan


def told_before_it_was_opened(visits: np.ndarray) -> None:
    row = place(visits, visits["place"] > 2)
    for name in ("entered", "available", "began"):
        visits[name][row] = 0.0


def told_for_too_long(visits: np.ndarray) -> None:
    row = place(visits, (visits["place"] > 2) & ~np.isnan(visits["left"]))
    visits["released"][row] = visits["left"][row] = visits["left"][row] + 1


def worked_backwards(spells: np.ndarray) -> None:
    spells["ended"][5] = spells["began"][5] - 1


def twice_as_busy(spells: np.ndarray) -> np.ndarray:
    return np.concatenate([spells] * 4)


def two_at_once(spells: np.ndarray) -> None:
    """Let an agent go on with a ticket for a moment into the next one, which is another ticket's."""
    mine = np.flatnonzero(spells["agent"] == 0)
    mine = mine[np.argsort(spells["began"][mine])]
    follows = np.flatnonzero(spells["ended"][mine[:-1]] == spells["began"][mine[1:]])[0]
    spells["ended"][mine[follows]] += 0.25


def begun_at_night(spells: np.ndarray) -> None:
    row = place(spells, spells["began"] % DAY == 540.0, 1)
    spells["began"][row] -= 1.0


def work_of_another_tier(spells: np.ndarray) -> None:
    spells["place"][place(spells, spells["place"] == 1)] = 0


def work_after_the_stay(visits: np.ndarray) -> None:
    """Let a stay end before the work on it does; the law about stays that follow each other has nothing to say here."""
    row = place(visits, visits["released"] > visits["left"])
    visits["released"][row] = visits["left"][row]


def two_for_one(spells: np.ndarray) -> np.ndarray:
    """Let another agent, who has nothing to do just then, work on a ticket in somebody's hands."""
    for spell in spells[spells["agent"] == 0]:
        other = spells[spells["agent"] == 1]
        free = ~((other["began"] < spell["ended"]) & (other["ended"] > spell["began"]))
        if free.all() and spell["began"] % DAY > 540:
            copy = spell.copy()
            copy["agent"] = 1
            return np.append(spells, copy)
    raise AssertionError("agent 1 is never free")


def asked_before_the_reply(questions: np.ndarray) -> None:
    questions["asked"][2] = 0.0


def answered_before_it_was_asked(questions: np.ndarray) -> None:
    questions["answered"][2] = questions["asked"][2] - 1


def written_too_early(updates: np.ndarray) -> None:
    updates["sent"][place(updates, updates["sent"] == updates["due"])] -= 1.0


def written_after_the_end(updates: np.ndarray) -> None:
    row = place(updates, updates["sent"] == updates["due"])
    updates["due"][row] = updates["sent"][row] = played().model.end + 1.0


def sent_after_all(updates: np.ndarray) -> None:
    """Let an update that was forgotten have been sent."""
    row = place(updates, np.isnan(updates["sent"]))
    updates["sent"][row] = updates["due"][row]


def an_update_lost(updates: np.ndarray) -> np.ndarray:
    return updates[1:]


def checked_too_late(notes: np.ndarray) -> None:
    notes["at"][3] = played().model.end + 1.0


def taken_from_nowhere(visits: np.ndarray) -> None:
    visits["available"][place(visits, visits["began"] > visits["available"])] = np.nan


def one_more_in_the_queue(looks: np.ndarray) -> None:
    looks["waiting"][len(looks) // 2] += 1


TAMPERINGS: tuple[tuple[str, Callable[[np.ndarray], np.ndarray | None], str], ...] = (
    ("tickets", no_row, "tickets are counted from the first to the last, each once"),
    ("tickets", twice, "tickets are counted from the first to the last, each once"),
    ("tickets", lost, "a ticket is open or it has ended, and not both"),
    ("tickets", ended_before, "a ticket ends after it was opened, within the run"),
    ("visits", never_in_a_tier, "a ticket has been in a tier"),
    ("visits", taken_before_it_came, "time does not run backwards within a stay"),
    ("visits", free_before_it_left, "time does not run backwards within a stay"),
    ("visits", began_elsewhen, "a ticket's first stay begins when it is opened"),
    ("visits", nowhere, "a ticket is in one tier at a time, and always in one"),
    ("visits", in_two_tiers, "a ticket is in one tier at a time, and always in one"),
    ("visits", handed_back_and_not_taken_so, "what a tier hands back, the next has as that"),
    ("tickets", never_lowered, "what a tier hands back, the next has as that"),
    ("tickets", clock_begun_elsewhen, "what a tier hands back, the next has as that"),
    ("visits", other_ending, "a ticket ends as its last stay does"),
    ("tickets", other_holder, "a ticket ends as its last stay does"),
    ("tickets", never_answered, "a ticket ends as its last stay does"),
    ("visits", told_before_it_was_opened, "those who join in do so while a ticket is open, and until it ends"),
    ("visits", told_for_too_long, "those who join in do so while a ticket is open, and until it ends"),
    ("spells", worked_backwards, "time does not run backwards in work"),
    ("spells", twice_as_busy, "nobody is busy for longer than they are there"),
    ("spells", two_at_once, "nobody works on two tickets at once"),
    ("spells", begun_at_night, "work begins when the agent is at work"),
    ("spells", work_of_another_tier, "work on a ticket is done within a stay, in its tier"),
    ("visits", work_after_the_stay, "work on a ticket is done within a stay, in its tier"),
    ("spells", two_for_one, "a ticket is worked on by one agent at a time"),
    (
        "questions",
        asked_before_the_reply,
        "a customer is asked after the first reply, and not after the ticket has ended",
    ),
    (
        "questions",
        answered_before_it_was_asked,
        "a customer is asked after the first reply, and not after the ticket has ended",
    ),
    ("updates", written_too_early, "an update is sent when it is due, or later, while the ticket is open"),
    ("updates", written_after_the_end, "an update is sent when it is due, or later, while the ticket is open"),
    ("updates", sent_after_all, "each ticket has as many updates as its row says"),
    ("updates", an_update_lost, "each ticket has as many updates as its row says"),
    ("notes", checked_too_late, "an agent comes to know something while the ticket is open"),
    (
        "visits",
        taken_from_nowhere,
        "a ticket that is taken could be taken",
    ),
    (
        "looks",
        one_more_in_the_queue,
        "queues are as long as the waits say, whenever the engine looked at them (Little's law)",
    ),
)


@pytest.mark.parametrize(("table", "change", "law"), TAMPERINGS, ids=[change.__name__ for _, change, _ in TAMPERINGS])
def test_a_broken_law_is_found(table: str, change: Callable[[np.ndarray], np.ndarray | None], law: str) -> None:
    assert law_broken(tampered(**{table: change})) == law


def test_waits_of_others_are_no_waits_of_the_queue() -> None:
    """Little's law: waits that are shuffled among tickets, or made up, are not those of the queues that were seen."""
    run = played()
    assert run.looks is not None
    assert run.looks["waiting"].max() > 3
    assert not len(unlike(run.looks, [run.visits], run.model.tiers))
    rng = np.random.default_rng(1)
    came, began = run.visits["available"], run.visits["began"]
    taken = ~np.isnan(began) & ~np.isnan(came)
    waits = (began - came)[taken]
    for other in (rng.permutation(waits), rng.uniform(0, 1000, len(waits)), 1.1 * waits):
        visits = run.visits.copy()
        visits["began"][taken] = came[taken] + other
        assert len(unlike(run.looks, [visits], run.model.tiers))


def test_every_law_is_broken_above() -> None:
    assert {law for _, _, law in TAMPERINGS} == {law for law, _ in LAWS}


def test_the_run_itself_breaks_none() -> None:
    check(played())


def test_the_error_tells_the_story_of_the_ticket() -> None:
    with pytest.raises(ImpossibleRun) as caught:
        check(tampered(visits=nowhere))
    told = str(caught.value).splitlines()
    assert told[1] == "Replication 0 of seed 1; this ticket alone:"
    number = int(re.match(r"Ticket (\d+) \(P[23], any\): opened 2024-01-", told[2])[1])  # type: ignore[index]
    mine = played().visits[played().visits["ticket"] == number - 1]
    stays = [line for line in told if line.startswith("  in ")]
    assert len(stays) == len(mine)
    assert any(line.startswith("  in T2 as expertise from 2024-01-") for line in stays)
    assert any("left as solved" in line for line in stays)
    assert any(line.startswith("  worked on in T2 by agent 4: 2024-01-") for line in told)


def test_the_story_of_a_ticket_that_a_long_run_has_broken_often_is_cut() -> None:
    with pytest.raises(ImpossibleRun, match=r"\.\.\. and \d+ rows more$") as caught:
        check(tampered(spells=lambda spells: np.concatenate([spells, *[spells[:1]] * 60])))
    assert len(str(caught.value).splitlines()) == 2 + 40 + 1


def test_several_tickets_are_counted() -> None:
    def all_night(spells: np.ndarray) -> None:
        spells["began"][spells["began"] % DAY == 540.0] -= 1.0

    with pytest.raises(ImpossibleRun, match=r"; \d+ tickets, of which this is the first:"):
        check(tampered(spells=all_night))


def test_it_is_checked_at_the_end_of_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Run] = []
    monkeypatch.setattr(simulator.run, "check", seen.append)
    assert [id(run_once(model(), None, 2, 0))] == [id(run) for run in seen]


SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW, derandomize=True)
@given(desks())
def test_random_desks_break_none(case: Case) -> None:
    run_once(case.model(), None, case.seed, 1)


@pytest.mark.heavy
@settings(max_examples=3000, deadline=None, suppress_health_check=SLOW)
@given(desks(most=20))
def test_many_random_desks_break_none(case: Case) -> None:
    run_once(case.model(), None, case.seed, 1)
