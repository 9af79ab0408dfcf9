"""Targets: which way each figure is meant to go, and whether it gets there. The values are the policy's."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.report.figures import Sample
from simulator.report.model import MET, MISSED, NOTHING, Kind


@dataclass(frozen=True, slots=True)
class Direction:
    """How a figure is called and counted, and when its target is met."""

    name: str
    kind: Kind
    says: str
    meets: Callable[[float, float], bool]


MEASURED: Final[Mapping[str, Direction]] = {
    "escalation_rate": Direction("Escalation rate", "share", "below", operator.lt),
    "escalation_resolution_ratio": Direction("Escalation resolution ÷ average", "ratio", "at most", operator.le),
    "sla_compliance": Direction("SLA compliance", "share", "at least", operator.ge),
    "first_response_compliance": Direction("First responses in time", "share", "at least", operator.ge),
    "resolution_compliance": Direction("Resolutions in time", "share", "at least", operator.ge),
    "csat": Direction("Customer satisfaction", "points", "at least", operator.ge),
    "deescalation_rate": Direction("De-escalation rate", "share", "below", operator.lt),
}
"""The figures that a policy may set a target for, in the order of the report."""


_SIGNS: Final = {"below": "<", "at most": "≤", "at least": "≥"}


def target(name: str, value: float) -> str:
    """Return a target in words: ``below 20 %``."""
    return f"{MEASURED[name].says} {_short(name, value)}"


def tick(name: str, value: float, aim: float) -> str:
    """Return a target, and whether a figure meets it: ``✓ < 20 %``."""
    return f"{sign(name, value, aim)} {goal(name, aim)}"


def sign(name: str, value: float, aim: float) -> str:
    """Return the sign of whether a figure meets a target."""
    if not math.isfinite(value):
        return NOTHING
    return MET if MEASURED[name].meets(value, aim) else MISSED


def goal(name: str, aim: float) -> str:
    """Return a target in signs: ``< 20 %``."""
    return f"{_SIGNS[MEASURED[name].says]} {_short(name, aim)}"


def _short(name: str, value: float) -> str:
    kind = MEASURED[name].kind
    return f"{100 * value:g} %" if kind == "share" else f"{value:g}"


def months_that_meet(name: str, of: Sample, aim: float) -> str:
    """Return how many of the months that have the figure meet its target: ``98 of 100``."""
    return f"{meeting(name, of, aim)} of {of.known}" if of.known else NOTHING


def meeting(name: str, of: Sample, aim: float) -> int:
    """Return in how many months a figure meets its target."""
    values = of.values[~np.isnan(of.values)]
    return sum(MEASURED[name].meets(float(value), aim) for value in values)
