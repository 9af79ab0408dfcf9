"""The bare network that all peers play, and the few figures by which they are compared.

Tickets arrive in a Poisson stream at the first tier, each of one of two classes. Each tier has agents of equal speed
and one queue: the urgent wait before the routine, first come first served within a class, and nobody's work is
interrupted. Work times are exponential. A ticket leaves a tier for the next with a fixed probability;
else it is solved.

Since work takes both classes equally long, the number of tickets in the tiers is that of a Jackson network, so the mean
wait of *all* tickets at a tier is that of M/M/c. By class this holds at the first tier only (Cobham 1954, with Erlang's
C): the classes do not leave a tier as independent Poisson streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CLASSES = 2
"""Number of priority classes: 0 is urgent, 1 is routine."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier: the number of its agents, and the tickets that one of them completes per minute of work."""

    agents: int
    rate: float


@dataclass(frozen=True, slots=True)
class Network:
    """Tiers in a row, as the module describes them.

    Attributes:
        lam: Arrivals per minute at the first tier.
        tiers: The tiers, first to last.
        onward: Probability (0..1) of moving from each tier to the next; one fewer than tiers.
        urgent: Share of urgent tickets (0..1).
    """

    lam: float = 5.1
    tiers: tuple[Tier, ...] = (Tier(6, 1.0), Tier(3, 0.425), Tier(2, 0.1224))
    onward: tuple[float, ...] = (0.2, 0.18)
    urgent: float = 0.3

    def __post_init__(self) -> None:
        """Refuse a network whose parts do not fit.

        Raises:
            ValueError: the number of probabilities is not that of the tiers less one.
        """
        if len(self.onward) != len(self.tiers) - 1:
            raise ValueError(f"{len(self.tiers)} tiers need {len(self.tiers) - 1} probabilities, not {self.onward}")

    @property
    def moves(self) -> tuple[float, ...]:
        """Return the probability of moving on for every tier; 0 at the last. Shape ``(tiers,)``."""
        return (*self.onward, 0.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the tickets that were played to their end.

    Attributes:
        tickets: Their number.
        sojourn_minutes: Mean time from arrival to solution.
        wait_minutes: Mean wait per visit, shape ``(tiers, classes)``; nan where nobody came.
        visits: Number of visits, shape ``(tiers, classes)``.
    """

    tickets: int
    sojourn_minutes: float
    wait_minutes: tuple[tuple[float, ...], ...]
    visits: tuple[tuple[int, ...], ...]

    def wait_at(self, tier: int) -> float:
        """Return the mean wait of both classes at a tier (counted from 0), in minutes; nan where nobody came."""
        pairs = list(zip(self.wait_minutes[tier], self.visits[tier], strict=True))
        count = sum(visits for _, visits in pairs)
        return sum(wait * visits for wait, visits in pairs if visits) / count if count else float("nan")


def outcome(sojourns: Sequence[float], waits: Sequence[Sequence[Sequence[float]]]) -> Outcome:
    """Sum up the tickets: each one's time in the network, and each visit's wait ``[tier][class]``, all in minutes."""
    return Outcome(
        tickets=len(sojourns),
        sojourn_minutes=_mean(sojourns),
        wait_minutes=tuple(tuple(_mean(those) for those in tier) for tier in waits),
        visits=tuple(tuple(len(those) for those in tier) for tier in waits),
    )


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else float("nan")
