"""How accurate people are: the slips that lie in the work of one agent happen as often as the desk file says."""

from __future__ import annotations

import pytest

from simulator import load_desk, run_once
from simulator.codes import Slip
from tests.audited_month import DATA, rules

MADE = {
    "behaviour.premature": "0.1", "behaviour.late_recognition": "0.2", "behaviour.wrong_destination": "0.2",
    "behaviour.incomplete_handoff": "0.2", "demand.tickets_per_week": "150",
}  # fmt: skip
KINDS = (Slip.PREMATURE, Slip.LATE_RECOGNITION, Slip.WRONG_DESTINATION, Slip.INCOMPLETE_HANDOFF)


def made(factor: float, seed: int) -> dict[str, int]:
    groups = {f"staffing.{tier}": f"{{groups: [{{agents: 4, slips: {factor}}}]}}" for tier in ("T1", "T2", "T3")}
    run = run_once(load_desk(DATA / "desk_small.yaml", MADE | groups), rules(), seed, 0)
    return {str(kind.name): int((run.visits["slip"] & kind > 0).sum()) for kind in KINDS}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_who_is_less_accurate_makes_more_slips_and_who_makes_none_makes_none(seed: int) -> None:
    never, seldom, usual, often = (made(factor, seed) for factor in (0.0, 0.4, 1.0, 3.0))
    assert set(never.values()) == {0}
    for name in usual:
        assert seldom[name] <= usual[name] < often[name], name
    assert sum(seldom.values()) < sum(usual.values())
