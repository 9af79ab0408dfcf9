"""The policy of the small desk as the simulator asks it, read once for each set of changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from policy import load_policy
from simulator.model import Rules
from simulator.run import rules_of

SMALL_POLICY = Path(__file__).parent / "data" / "desk_policy.yaml"


def rules_under(changes: Mapping[str, str] | None = None, name: Path | str = SMALL_POLICY) -> Rules:
    """Return the rules of a policy with ``--set`` changes; the same ones whenever the same are asked for."""
    return _rules(name, tuple((changes or {}).items()))


@cache
def _rules(name: Path | str, changes: tuple[tuple[str, str], ...]) -> Rules:
    return rules_of(load_policy(name, dict(changes)))
