"""Textbook queues as desks: a desk file without a procedure, open always, in which nothing but work happens.

One unit of time is one minute. What the desk asks of a policy is answered by :class:`NoProcedure`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

from policy.calendars import Calendar
from simulator.desk import Desk
from simulator.model import DeskModel, RouteLike, compile_model

FIRST_DAY: Final = date(2024, 1, 1)
Length = Mapping[str, Any]


def minutes(mean: float) -> str:
    """Return a length as a desk file says it."""
    return f"{mean:.6f}m"


def length(mean: float, shape: str = "exponential", cv: float | None = None) -> dict[str, Any]:
    """Return a length of time as a desk file says it (minutes)."""
    said: dict[str, Any] = {"mean": minutes(mean), "shape": shape}
    return said if cv is None else said | {"cv": cv}


@dataclass(frozen=True, slots=True)
class Class:
    """A class of customers: arrivals a minute, and the length of their service in each tier."""

    rate: float
    service: tuple[Length, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """Tiers in a row, each with a number of agents (or without limit), and the classes that come to the first.

    ``passes_on`` and ``sends_back`` are probabilities by tier. ``patience`` is how long one waits in the first tier,
    ``queue_limit`` how many may wait there; ``preempts`` lets the earlier classes break in on the later ones.
    """

    classes: tuple[Class, ...]
    agents: tuple[int | Literal["unlimited"], ...]
    passes_on: tuple[float, ...] = (0.0,)
    sends_back: tuple[float, ...] = (0.0,)
    patience: Length | None = None
    queue_limit: int | None = None
    preempts: bool = False


class NoProcedure:
    """The rules of a desk that has none: no timer, no target, always open; what is passed on goes one tier up."""

    def __init__(self, priorities: int, tiers: int) -> None:
        """Take the number of priorities and of tiers."""
        self.priorities: Sequence[str] = tuple(f"P{n + 1}" for n in range(priorities))
        self.plans: Sequence[str] = ("any",)
        self.tiers: Sequence[str] = tuple(f"T{n + 1}" for n in range(tiers))
        self.management: Sequence[str] = ()
        self._always = Calendar.always()

    def routes(self, priority: str, plan: str, tier: str) -> Sequence[RouteLike]:
        """Return no timers."""
        return ()

    def destination(self, priority: str, plan: str, tier: str, signal: str) -> Sequence[str]:
        """Return the tier above."""
        return self.tiers[self.tiers.index(tier) + 1 :][:1]

    def first_response(self, priority: str, plan: str) -> float:
        """Return no target."""
        return float("inf")

    def resolution(self, priority: str, plan: str) -> float:
        """Return no target."""
        return float("inf")

    def calendar(self, priority: str, plan: str) -> Calendar:
        """Return the calendar that is always open."""
        return self._always

    def tier_calendar(self, tier: str) -> Calendar:
        """Return the calendar that is always open."""
        return self._always

    def running_while_waiting(self, priority: str, plan: str) -> Collection[str]:
        """Return no clocks."""
        return ()

    def update_every(self, priority: str, plan: str) -> Sequence[tuple[float, float]]:
        """Return no updates."""
        return ((0.0, float("inf")),)

    @property
    def lowered_restarts(self) -> bool:
        """Whether a clock begins anew that there is not."""
        return True

    def signalled_priority(self, priority: str, plan: str, signal: str) -> str:
        """Return the same priority."""
        return priority

    def standing_while_verified(self, priority: str, plan: str, signal: str, approval: str) -> Collection[str]:
        """Return no clocks."""
        return ()

    @property
    def raised_restarts(self) -> bool:
        """Whether a clock begins anew that there is not."""
        return True


def desk_document(network: Network, days: int) -> dict[str, Any]:
    """Return the desk file of a network, as data, for a period of ``days``."""
    tiers = [f"T{n + 1}" for n in range(len(network.agents))]
    nothing = {"mean": "0m", "shape": "fixed"}
    work: dict[str, Any] = {"first_response": nothing}
    for place, tier in enumerate(tiers):
        work[tier] = {
            "checks": nothing, "piece": nothing, "pieces": 1.0, "recognition": nothing, "handoff": nothing,
            "passes_on": network.passes_on[place], "sends_back": network.sends_back[place],
        }  # fmt: skip
    if network.preempts:
        work["preempts"] = [f"P{n + 1}" for n in range(len(network.classes) - 1)]
    first: dict[str, Any] = {} if network.queue_limit is None else {"queue_limit": network.queue_limit}
    hourly = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), [1.0] * 24)
    return {
        "name": "textbook",
        "title": "A textbook queue",
        "period": {
            "first_day": FIRST_DAY.isoformat(),
            "last_day": (FIRST_DAY + timedelta(days=days - 1)).isoformat(),
            "warm_up_weeks": 0,
        },
        "demand": {
            "tickets_per_week": sum(one.rate for one in network.classes) * 10_080.0,
            "hour_weights": hourly,
        },
        "categories": {
            f"class_{n + 1}": {
                "share": one.rate,
                "priorities": {f"P{n + 1}": 1.0},
                "piece": dict(zip(tiers, one.service, strict=True)),
            }
            for n, one in enumerate(network.classes)
        },
        "staffing": {
            tier: {"agents": agents} | (first if place == 0 else {})
            for place, (tier, agents) in enumerate(zip(tiers, network.agents, strict=True))
        },
        "work": work,
        "customers": {} if network.patience is None else {"patience": dict(network.patience)},
    }


def textbook_model(network: Network, days: int) -> DeskModel:
    """Return a network as a compiled desk, over ``days``."""
    desk = Desk.model_validate(desk_document(network, days))
    return compile_model(desk, NoProcedure(len(network.classes), len(network.agents)))
