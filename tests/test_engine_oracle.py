"""The engine against its readable twin (``tests/oracle``): on random desks, ticket for ticket, bit for bit."""

from __future__ import annotations

from collections import Counter
from enum import IntEnum, IntFlag
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.codes import Ending, Entry, Fate, Slip
from simulator.engine.core import Desk as PlayedDesk
from simulator.tables import Table
from tests.oracle.desk import OracleDesk
from tests.random_desks import FEATURES, Case, desk_of, desks

ORDER = {
    "visits": ("ticket", "entered", "place", "left"),
    "tickets": ("ticket",),
    "questions": ("ticket", "asked"),
    "spells": ("agent", "began", "ended", "ticket"),
    "updates": ("ticket", "due"),
    "notes": ("ticket", "at", "what"),
}
"""The tables that are compared, and what their rows are sorted by: their order is that of writing."""
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
SEEN: Counter[str] = Counter()


def compare(case: Case) -> None:
    """Play a desk twice, and hold the tables together.

    Raises:
        AssertionError: a row differs, in a single bit; with what it is in each.
    """
    model = case.model()
    engine, oracle = PlayedDesk(model, case.seed, 0), OracleDesk(model, case.seed, 0)
    engine.play()
    SEEN["desks"] += 1
    if tied(engine):
        SEEN["desks with ties"] += 1
        return
    oracle.play()
    for name, keys in ORDER.items():
        ours, theirs = (
            np.sort(table, order=list(keys)) for table in (getattr(engine, name).table(), getattr(oracle, name))
        )
        for one, other in zip(ours, theirs, strict=False):
            assert one.tobytes() == other.tobytes(), f"{name} of {case.features}: {told(one, other)}"
        assert len(ours) == len(theirs), f"{name} of {case.features}: one more row than the twin's, or one less"
    count(case, engine)


def tied(engine: PlayedDesk) -> bool:
    """Return whether things happened in the same instant of which nothing decides which comes first.

    Timers that begin to count when a calendar opens are over together: tickets are moved though nobody works on them,
    and at least one was in hand. A stay that is over as it begins may be broken into in that instant, or not. And of
    tiers that hire as many as they need, one after the other hires first.
    """
    visits, spells = engine.visits.table(), engine.spells.table()
    hiring = [tier for tier, staff in enumerate(engine.model.staff) if staff.unlimited]
    began = [set(spells["began"][spells["place"] == tier].tolist()) for tier in hiring]  # also of those called together
    if len(set().union(*began)) < sum(map(len, began)):
        return True
    if any(engine.preempts) and (visits["began"] == visits["left"]).any(where=visits["place"] < engine.model.tiers):
        return True
    moved = moved_by_themselves(engine)
    instants, tickets = np.unique(np.unique(moved[["left", "ticket"]])["left"], return_counts=True)
    in_hand = moved["left"][~np.isnan(moved["began"])]
    return bool(np.isin(in_hand, instants[tickets > 1]).any())


def moved_by_themselves(engine: PlayedDesk) -> Table:
    """Return the stays that a timer or an age ended while nobody worked on the ticket."""
    visits = engine.visits.table()
    ended = np.isin(visits["ending"], (Ending.NO_PROGRESS, Ending.UNRESOLVED, Ending.AGE))
    return visits[ended & ~(visits["released"] > visits["left"])]


def told(one: np.void, other: np.void) -> str:
    """Return in which columns two rows differ, and the engine's row."""
    columns = [name for name in one.dtype.names or () if one[name].tobytes() != other[name].tobytes()]
    different = ", ".join(f"{name} is {one[name]}, with the twin {other[name]}" for name in columns)
    return f"{different}; the row is {one}"


def name(code: IntEnum | IntFlag) -> str:
    return f"{type(code).__name__}.{code.name}"


def count(case: Case, engine: PlayedDesk) -> None:
    """Note what happened, so that it can be told whether everything did."""
    tickets, visits = engine.tickets.table(), engine.visits.table()
    codes: list[tuple[Table, type[IntEnum | IntFlag]]] = [
        (visits["ending"], Ending), (visits["entry"], Entry), (tickets["fate"], Fate), (visits["slip"], Slip),
    ]  # fmt: skip
    for column, kind in codes:
        for code, number in zip(*np.unique(column, return_counts=True), strict=True):
            SEEN.update({name(one): int(number) for one in (kind(code) if kind is Slip else (kind(code),))})
    SEEN.update(case.features)
    SEEN["updates sent"] += int(tickets["updates_sent"].sum())
    SEEN["updates late"] += int(tickets["updates_late"].sum())
    SEEN["updates forgotten"] += int(tickets["updates_missed"].sum())
    SEEN["tickets reopened"] += int(tickets["reopened"].sum())
    SEEN["questions"] += len(engine.questions.table())
    questions, spells = engine.questions.table(), engine.spells.table()
    for stay in moved_by_themselves(engine):
        asked = questions[(questions["ticket"] == stay["ticket"]) & (questions["asked"] >= stay["began"])]
        worked = spells["ended"][(spells["ticket"] == stay["ticket"]) & (spells["ended"] <= stay["left"])]
        last = asked[(asked["asked"] == worked.max(initial=0.0)) & (asked["answered"] <= stay["left"])]
        SEEN["moved while the customer was asked"] += int((last["answered"] == stay["left"]).sum())
        SEEN["moved after an answer"] += int((last["answered"] < stay["left"]).sum())
    SEEN["help"] += int((engine.spells.table()["ticket"] < 0).sum())


@settings(max_examples=240, deadline=None, suppress_health_check=SLOW, derandomize=True)
@given(desks())
def test_the_engine_does_what_its_readable_twin_does(case: Case) -> None:
    compare(case)


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW, derandomize=True)
@given(desks(("customer", "timers", "ages", "signals"), most=4))
def test_nor_do_they_differ_where_customers_are_asked_and_timers_run(case: Case) -> None:
    compare(case)


@pytest.mark.parametrize("others", [(), ("unlimited",), ("ages", "reopen"), ("found", "signals")])
def test_nor_where_tickets_are_handed_back(others: tuple[str, ...]) -> None:
    for seed in range(8):
        compare(desk_of(seed, {"customer", "hands_back", *others}))


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW, derandomize=True)
@given(desks(("always", "careless", "on_call", "premature", "shifts"), most=5))
def test_nor_where_those_on_call_slip_more_than_the_others(case: Case) -> None:
    compare(case)


def test_the_desks_above_have_everything() -> None:
    everything = [name(code) for kind in (Ending, Entry, Fate, Slip) for code in kind if code != Ending.JOINT_WORK]
    counted = (
        "updates sent", "updates late", "updates forgotten", "tickets reopened", "questions", "help",
        "moved while the customer was asked", "moved after an answer",
    )  # fmt: skip
    assert SEEN["desks with ties"] < 0.03 * SEEN["desks"]
    assert {one: SEEN[one] for one in (*everything, *FEATURES, *counted) if SEEN[one] < 2} == {}


@pytest.mark.heavy
@pytest.mark.parametrize("most", [3, 14, len(FEATURES)])
@settings(max_examples=2000, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_the_engine_does_what_its_readable_twin_does_on_many_desks(most: int, data: st.DataObject) -> None:
    compare(data.draw(desks(most=most)))


def test_the_twin_knows_nothing_of_the_engine() -> None:
    for path in (Path(__file__).parent / "oracle").glob("*.py"):
        assert "simulator.engine import" not in (text := path.read_text(encoding="utf-8")), path
        assert "from simulator.engine." not in text, path
