"""Tables are put in order as numpy would, without looking at rows that are in order already."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.ordering import put_in_order
from simulator.tables import VISITS, Table

FIELDS = ("ticket", "entered", "place")


def table(rows: int, different: int) -> Table:
    rng = np.random.default_rng(rows)
    found = np.zeros(rows, VISITS)
    for name in FIELDS:
        found[name] = rng.integers(0, different, rows)
    found["left"] = np.arange(rows)
    return found


@pytest.mark.parametrize("rows", [0, 1, 2, 50, 3000])
@pytest.mark.parametrize("different", [1, 3, 100])
def test_rows_are_sorted_by_the_first_field_first_and_alike_keep_their_order(rows: int, different: int) -> None:
    found = table(rows, different)
    expected = np.sort(found, order=[*FIELDS, "left"])
    put_in_order(found, FIELDS)
    assert found.tobytes() == expected.tobytes()
    put_in_order(found, FIELDS)
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_out_of_order_is_seen_where_those_before_it_are_alike(field: str) -> None:
    found = np.zeros(20, VISITS)
    found[field] = [*range(19), 17]
    found["left"] = np.arange(20)
    put_in_order(found, FIELDS)
    assert found[field].tolist() == [*range(18), 17, 18]
    assert found["left"].tolist() == [*range(18), 19, 18]
