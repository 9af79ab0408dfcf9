"""A queueing system as the textbooks state it, in any unit of time, and what follows from it before anything is played.

``traffic`` and ``loads`` say whether it is stable, ``relaxation`` how long it remembers, ``stretch`` how long its unit
of time lasts on the desk, and ``network`` what it is there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np

from simulator.draws.streams import rounded
from simulator.openhours import Floats
from simulator.theory.textbook import Class, Length, Network, length
from simulator.theory.textbook import minutes as as_minutes

Shape = Literal["exponential", "fixed", "gamma", "uniform", "lognormal"]
SHORTEST: Final = 0.05
LONGEST: Final = 1000.0
BUSIEST: Final = 90.0
"""A unit of time is a minute of the desk where all means lie between the first two (minutes) and at most the third
comes in a minute; a desk file says lengths to the millionth of a minute, and has a limit on what comes in a week."""


@dataclass(frozen=True, slots=True)
class Service:
    """A length of time that chance decides: its mean (units of time), shape and coefficient of variation."""

    mean: float
    shape: Shape = "exponential"
    cv: float = 1.0

    @property
    def second_moment(self) -> float:
        """The mean of the square."""
        return self.mean**2 * (1 + self.cv**2)

    def played(self, stretch: float) -> Service:
        """Return it with the mean that the desk plays, a unit of time being ``stretch`` minutes.

        Its file knows no more than the millionth of a minute, its clock no more than the grain.
        """
        mean = float(as_minutes(self.mean * stretch).removesuffix("m"))
        if self.shape == "fixed":
            mean = float(rounded(np.array(mean)))
        return replace(self, mean=mean / stretch)

    def said(self, stretch: float) -> Length:
        """Return it as a desk file says it, a unit of time being ``stretch`` minutes."""
        return length(self.mean * stretch, self.shape, self.cv if self.shape in ("gamma", "lognormal") else None)


@dataclass(frozen=True, slots=True)
class System:
    """Tiers in a row and the classes that come to the first; earlier classes are more urgent.

    ``rates`` are arrivals in a unit of time by class, ``services`` are by class, then by tier; ``agents`` are by tier,
    ``None`` without limit. ``passes_on`` and ``sends_back`` are probabilities by tier. ``patience`` is how long one
    waits in the first tier, ``queue_limit`` how many may wait there. ``target`` is the wait that counts as soon.
    ``by_tier`` says whether results are given tier by tier.
    """

    rates: tuple[float, ...]
    services: tuple[tuple[Service, ...], ...]
    agents: tuple[int | None, ...]
    passes_on: tuple[float, ...] = (0.0,)
    sends_back: tuple[float, ...] = (0.0,)
    patience: Service | None = None
    queue_limit: int | None = None
    preempts: bool = False
    target: float | None = None
    by_tier: bool = False

    @property
    def tiers(self) -> int:
        """How many tiers there are."""
        return len(self.agents)

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.rates)

    @property
    def always_stable(self) -> bool:
        """Whether no load is too much: whoever waits gives up, or cannot wait, or need not."""
        return self.patience is not None or self.queue_limit is not None or self.agents[0] is None


def traffic(system: System) -> Floats:
    """Return the visits in a unit of time, shape (tiers, classes); infinite where tickets never leave.

    They solve the traffic equations of Jackson (1957): what comes to a tier comes from outside, from the tier below
    and from the tier above.
    """
    tiers = system.tiers
    moves = np.zeros((tiers, tiers))
    for tier in range(tiers):
        if tier + 1 < tiers:
            moves[tier + 1, tier] += system.passes_on[tier]
        if tier:
            moves[tier - 1, tier] += system.sends_back[tier]
    if max(np.abs(np.linalg.eigvals(moves))) > 1 - 1e-9:
        return np.full((tiers, system.classes), math.inf)
    outside = np.zeros((tiers, system.classes))
    outside[0] = system.rates
    return np.asarray(np.linalg.solve(np.eye(tiers) - moves, outside))


def loads(system: System) -> list[float]:
    """Return the work that comes in a unit of time to each agent of a tier, by tier; 0 where agents are unlimited."""
    visits = traffic(system)
    means = np.array([[one.mean for one in by_tier] for by_tier in system.services]).T
    offered = (visits * means).sum(axis=1)
    return [
        0.0 if agents is None else float(work / agents) for work, agents in zip(offered, system.agents, strict=True)
    ]


def relaxation(system: System) -> float:
    """Return about how long the system remembers how it began (units of time).

    For one agent and Poisson arrivals that is the known ``1 / (sqrt(mu) - sqrt(lambda))²`` of M/M/1; variable service
    stretches it as it stretches the wait, more agents share it. For a network it is the sum over the tiers, times
    the number of visits.
    """
    visits = traffic(system)
    remembered, outside = 0.0, sum(system.rates)
    for tier, (agents, load) in enumerate(zip(system.agents, loads(system), strict=True)):
        came = float(visits[tier].sum())
        if came == 0:
            continue
        shares = visits[tier] / came
        mean = float(sum(share * by[tier].mean for share, by in zip(shares, system.services, strict=True)))
        second = float(sum(share * by[tier].second_moment for share, by in zip(shares, system.services, strict=True)))
        in_hand = second / mean  # twice the mean of what is left of a service
        remembered += in_hand * max(1.0, came / outside)
        if agents is None or system.queue_limit == 0:
            continue
        light = min(load, 1 / load)
        queue = math.inf if light == 1 else second / (2 * mean) / (agents * (1 - light**0.5) ** 2)
        if system.patience is not None and system.patience.shape == "fixed":
            # A wait that is never longer than that, with chance's steps of a service each.
            queue = min(queue, system.patience.mean**2 * agents / mean) + system.patience.mean
        elif system.patience is not None:
            queue = system.patience.mean if load >= 1 else min(queue, system.patience.mean)
        remembered += queue * max(1.0, came / outside)
    return remembered


def stretch(system: System) -> float:
    """Return how many minutes of the desk a unit of time lasts: one, unless the desk could not say the lengths."""
    means = [one.mean for by_tier in system.services for one in by_tier]
    means += [] if system.patience is None else [system.patience.mean]
    minutes = 1.0
    if min(means) < SHORTEST or max(means) > LONGEST:
        minutes = 10.0 ** -round(math.log10(max(means) * min(means)) / 2)
    if sum(system.rates) > BUSIEST * minutes:
        minutes = float(math.ceil(sum(system.rates) / BUSIEST))
    return minutes


def network(system: System, minutes: float) -> Network:
    """Return the system as a network of the desk, a unit of time being so many minutes."""
    agents: tuple[Any, ...] = tuple("unlimited" if one is None else one for one in system.agents)
    return Network(
        classes=tuple(
            Class(rate / minutes, tuple(one.said(minutes) for one in by_tier))
            for rate, by_tier in zip(system.rates, system.services, strict=True)
        ),
        agents=agents,
        passes_on=system.passes_on,
        sends_back=system.sends_back,
        patience=None if system.patience is None else system.patience.said(minutes),
        queue_limit=system.queue_limit,
        preempts=system.preempts,
    )
