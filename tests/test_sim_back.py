"""A small run gives what it gave before, to nine digits (the last bits of a logarithm differ between processors).

Where a change of results is meant, say so in the changelog and store the new ones::

    python tests/test_sim_back.py
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from policy import load_policy
from simulator import load_desk, run_once, simulate

DATA = Path(__file__).parent / "data"
STORED = DATA / "desk_results.json"


def nine_digits(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: nine_digits(part) for key, part in value.items()}
    if isinstance(value, list):
        return [nine_digits(part) for part in value]
    return float(f"{value:.9g}") if isinstance(value, float) and math.isfinite(value) else value


def results() -> dict[str, Any]:
    policy, desk = load_policy(DATA / "desk_policy.yaml"), load_desk(DATA / "desk_small.yaml")
    one = run_once(desk, policy, 4, 2)
    visits = [[None if value != value else value for value in row.tolist()] for row in one.visits[:60]]
    return nine_digits(
        {"months": simulate(policy, desk, replications=20, seed=4).as_json()["metrics"], "visits": visits}
    )


def test_a_small_run_gives_what_it_gave_before() -> None:
    assert results() == json.loads(STORED.read_text(encoding="utf-8"))


if __name__ == "__main__":
    STORED.write_text(json.dumps(results(), indent=1) + "\n", encoding="utf-8")
