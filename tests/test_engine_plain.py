"""A plain desk is played another way, which is faster, and gives the same tables, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from simulator import run_once
from simulator.desk import Desk
from simulator.draws import Arrivals
from simulator.engine.core import Desk as GeneralDesk
from simulator.engine.forward import Undecided
from simulator.engine.plain import PlainDesk, is_plain
from simulator.model import DeskModel, compile_model
from simulator.run import played_desk
from simulator.theory.textbook import Class, Network, NoProcedure, desk_document, length, textbook_model
from tests.random_desks import plain_networks

TABLES = {
    "visits": ("ticket", "entered", "place", "left", "began", "agent"),
    "tickets": ("ticket",),
    "spells": ("began", "agent", "ended", "ticket"),
    "questions": ("ticket",),
}


def compare(model: DeskModel, seed: int, arrived: Arrivals | None = None) -> int:
    """Play a plain desk both ways; return how many visits it had."""
    assert is_plain(model)
    fast, general = PlainDesk(model, seed, 1, arrived), GeneralDesk(model, seed, 1, arrived)
    fast.play()
    general.play()
    for name, keys in TABLES.items():
        one, other = (np.sort(getattr(desk, name).table(), order=list(keys)) for desk in (fast, general))
        assert len(one) == len(other), name
        different = [(a, b) for a, b in zip(one, other, strict=True) if a.tobytes() != b.tobytes()]
        assert different[:1] == [], name
    assert fast.workers() == general.workers()
    return len(fast.visits.table())


@settings(max_examples=80, deadline=None, suppress_health_check=(HealthCheck.too_slow,), derandomize=True)
@given(plain_networks())
def test_both_ways_give_the_same_tables(drawn: tuple[Network, int]) -> None:
    network, days = drawn
    compare(textbook_model(network, days), days)


@pytest.mark.heavy
@settings(max_examples=1500, deadline=None, suppress_health_check=(HealthCheck.too_slow,))
@given(plain_networks())
def test_both_ways_give_the_same_tables_on_many_networks(drawn: tuple[Network, int]) -> None:
    network, days = drawn
    compare(textbook_model(network, days), days)


def test_more_than_one_block_of_tickets_and_tickets_that_come_back_often() -> None:
    service = (length(3.0), length(3.0, "fixed"))
    network = Network((Class(0.1, service), Class(0.1, service)), (2, 2), (0.4, 0.0), (0.1, 0.5))
    assert compare(textbook_model(network, 6), 3) > 2 * 0.2 * 6 * 1440


def test_tickets_that_go_round_in_a_circle_for_longer_than_the_desk_is_open() -> None:
    service = (length(3.0), length(40.0))
    for passes_on, sends_back in (((0.99, 0.0), (0.0, 0.99)), ((0.0, 0.0), (0.99, 0.0))):
        model = textbook_model(Network((Class(0.02, service),), (2, 2), passes_on, sends_back), 1)
        assert compare(model, 3) > 100
        assert np.isnan(run_once(model, None, 3, 1).tickets["resolved"]).mean() > 0.5


def forward(shape: str, lengths: tuple[float, ...], agents: tuple[int, ...]) -> Network:
    """Return tiers that never send back, two classes; busy, so that much waits."""
    service = tuple(length(mean, shape) for mean in lengths)
    tiers = len(agents)
    passes_on = (*(0.5 for _ in range(tiers - 1)), 0.0)
    return Network((Class(0.1, service), Class(0.2, service)), agents, passes_on, (0.0,) * tiers)


@pytest.mark.parametrize(
    ("network", "undecided"),
    [
        (forward("exponential", (3.0, 6.0, 11.0), (1, 1, 1)), False),
        (forward("exponential", (9.0, 18.0), (3, 3)), False),
        (forward("uniform", (9.0, 18.0, 10.0), (3, 0, 2)), False),
        # Instants that coincide: somebody is done with 6 minutes' work as a ticket comes after 3.
        (forward("fixed", (3.0, 6.0), (1, 1)), False),
        (forward("fixed", (6.0, 12.0), (2, 2)), False),
        # As above, but work of the same length that began at the same instant.
        (forward("fixed", (3.0, 3.0), (1, 1)), True),
    ],
)
def test_tiers_one_after_the_other_give_the_same_tables_as_all_at_once(
    network: Network, undecided: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    begin = PlainDesk._begin
    monkeypatch.setattr(PlainDesk, "_begin", lambda desk: (begun.append(1), begin(desk)))
    assert compare(textbook_model(network, 4), 5) > 1000
    assert len(begun) == (2 if undecided else 1)
    monkeypatch.setattr(PlainDesk, "_forward", at_once)
    compare(textbook_model(network, 4), 5)


def test_of_two_who_are_done_at_the_same_instant_the_one_who_began_first_is_first() -> None:
    seven_and_four = (length(7.0, "fixed"), length(4.0, "fixed"))
    classes = tuple(Class(0.1, (first, length(20.5, "fixed"))) for first in seven_and_four)
    model = textbook_model(Network(classes, (2, 4), (0.9, 0.0), (0.0, 0.0)), 1)
    arrived = Arrivals(np.array([0.0, 3.0, 4.0, 5.0]), np.zeros(4, np.int8), np.arange(4, dtype=np.int32),
                       np.full(4, -1, np.int32))  # fmt: skip
    seen = 0
    for seed in range(100):
        compare(model, seed, arrived)
        visits = run_once(model, None, seed, 1, arrived).visits
        third, fourth = (visits[(visits["ticket"] == ticket) & (visits["place"] == 0)][0] for ticket in (2, 3))
        # The first two took seven minutes, and the urgent one, who came last, was taken before the one in between.
        seen += third["left"] == fourth["left"] == 14.0 and fourth["began"] < third["began"]
    assert seen > 3


def at_once(desk: PlainDesk) -> None:
    raise Undecided


BUSY = Network((Class(0.05, (length(10.0),)),), (1,))


def changed(path: str, value: Any) -> DeskModel:
    document = desk_document(BUSY, 2)
    *parents, last = path.split(".")
    at = document
    for parent in parents:
        at = at.setdefault(parent, {})
    at[last] = value
    return compile_model(Desk.model_validate(document), NoProcedure(1, 1))


def test_a_plain_desk_is_played_the_fast_way() -> None:
    model = changed("title", "As it is")
    assert type(played_desk(model, 1, 0)) is PlainDesk
    assert len(run_once(model, None, 1, 0).tickets) > 50


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("work.first_response", {"mean": "1m"}),
        ("work.preempts", ["P1"]),
        ("work.update", "2m"),
        ("work.customer", {"share": 0.1, "answer": {"mean": "1h"}}),
        ("work.war_room", {"priorities": ["P1"], "people": {"T1": 1}, "length": {"mean": "1h"}}),
        ("work.T1.handoff", {"mean": "1m"}),
        ("work.T1.passes_on", None),
        ("staffing.T1", {"agents": "unlimited"}),
        ("staffing.T1", {"agents": 1, "queue_limit": 3}),
        ("staffing.T1", {"agents": 1, "on_call": 1}),
        ("staffing.T1", {"groups": [{"agents": 1, "pace": 0.5}]}),
        ("staffing.T1", {"groups": [{"agents": 1, "skills": ["class_1"]}]}),
        ("staffing.T1", {"agents": 1, "breaks": "12:00-12:30"}),
        ("people.differ", 0.2),
        ("people.absence", 0.2),
        ("people", {"newcomers": 0.5, "newcomer": 2.0}),
        ("customers.patience", {"mean": "1h"}),
        ("customers.reopen", 0.1),
        ("backlog", {"T1": 3}),
        ("behaviour.premature", 0.1),
        ("behaviour.late_recognition", 0.1),
        ("behaviour.wrong_priority", 0.1),
        ("behaviour.wrong_destination", 0.1),
        ("behaviour.incomplete_handoff", 0.1),
        ("demand.outages", {"per_year": 9.0, "tickets": 3.0, "within": "1h", "category": "class_1", "priority": "P1"}),
    ],
)
def test_a_desk_with_anything_else_is_not(path: str, value: Any) -> None:
    assert type(played_desk(changed(path, value), 1, 0)) is GeneralDesk


def test_a_timer_an_age_or_hours_are_not_plain() -> None:
    model = changed("title", "As it is")
    (kind,) = model.kinds[0]
    aged = replace(model, kinds=((replace(kind, ages=(5.0,)),),))
    timed = replace(model, kinds=((replace(kind, tiers=(replace(kind.tiers[0], plain=False),)),),))
    assert [is_plain(one) for one in (model, aged, timed)] == [True, False, False]
