"""The engine against its readable twin (``tests/oracle``): on random desks, ticket for ticket, bit for bit."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings

from simulator.engine.core import Desk as PlayedDesk
from simulator.tables import Table
from tests.oracle.desk import OracleDesk
from tests.random_desks import Case, desks

KEYS = {
    "visits": ("ticket", "entered", "place", "left"),
    "tickets": ("ticket",),
    "questions": ("ticket", "asked"),
    "spells": ("agent", "began", "ended", "ticket"),
}
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)


def in_order(table: Table, *names: str) -> Table:
    return np.sort(table, order=list(names))


def same(ours: Table, theirs: Table, what: str) -> None:
    """Compare two tables bit for bit; say where they differ first."""
    for row, (one, other) in enumerate(zip(ours, theirs, strict=False)):
        if one.tobytes() != other.tobytes():
            shown = {n: (one[n].item(), other[n].item()) for n in ours.dtype.names or () if one[n].tobytes() != other[n].tobytes()}
            raise AssertionError(f"{what} {row}: (engine, oracle) differ in {shown}; engine: {one}, oracle: {other}")
    assert len(ours) == len(theirs), f"{what}: {len(ours)} rows in the engine, {len(theirs)} in the oracle"


def check(case: Case) -> None:
    model = case.model()
    engine, oracle = PlayedDesk(model, case.seed, 0), OracleDesk(model, case.seed, 0)
    engine.play()
    oracle.play()
    for what, keys in KEYS.items():
        same(in_order(getattr(engine, what).table(), *keys), in_order(getattr(oracle, what), *keys), what)


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(desks())
def test_the_engine_does_what_its_readable_twin_does(case: Case) -> None:
    check(case)
