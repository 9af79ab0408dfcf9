"""What can be asked of a system, by the names that textbooks use, as ratios of sums over the desk's tables.

A quantity is a sum over another sum: minutes waited over visits, say, or minutes of work over the length of the run.
Times are in the unit of the case, and waits are per visit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from simulator.theory.system import System


class Sum(IntEnum):
    """What is added up over a run, by tier and class.

    Visits count where what they are counted for happens: in ``CAME`` on entering, in ``TAKEN`` (those who began to be
    served or gave up), ``WAITED``, ``SOON``, ``WAIT`` and ``GAVE_UP`` on leaving the queue, in ``LEFT``, ``STAY`` and
    ``IDLE`` on leaving the tier, in ``SOLVED`` and ``SOJOURN`` (in the tier that solved it) on leaving the desk.
    """

    LENGTH = 0
    CAME = 1
    TAKEN = 2
    WAITED = 3
    SOON = 4
    WAIT = 5
    GAVE_UP = 6
    BLOCKED = 7
    LEFT = 8
    STAY = 9
    IDLED = 10
    IDLE = 11
    """Minutes of a stay in which nobody worked on it, breaks included; ``IDLED`` counts the stays that have some."""
    PRESENT = 12
    """The integral of how many are there."""
    QUEUED = 13
    """The integral of how many are there and not worked on."""
    BUSY = 14
    """The integral of how many agents work."""
    BUSY_SQUARED = 15
    """The integral of the square of that (in the first class's place)."""
    SOLVED = 16
    SOJOURN = 17


INPUTS: Final = (Sum.CAME, Sum.BUSY, Sum.BUSY_SQUARED)
"""Sums that are little else than what came in; see :mod:`simulator.theory.estimate`."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """``factor`` × the sum ``over`` ÷ the sum ``per``, over one tier and class, or over all of them (``None``).

    With ``spread`` it is a variance: the mean square less the square of the mean of ``BUSY``. ``events`` counts what
    the sum is made of, where that can be rare.
    """

    over: Sum
    per: Sum
    tier: int | None = None
    kind: int | None = None
    factor: float = 1.0
    events: Sum | None = None
    spread: bool = False

    @property
    def share(self) -> bool:
        """Whether it is a share: a count of some over a count of all."""
        return self.events is self.over


_WAIT: Final = Quantity(Sum.WAIT, Sum.TAKEN, events=Sum.WAITED)
_IDLE: Final = Quantity(Sum.IDLE, Sum.LEFT, events=Sum.IDLED)
_STAY: Final = Quantity(Sum.STAY, Sum.LEFT)
_WAITED: Final = Quantity(Sum.WAITED, Sum.TAKEN, events=Sum.WAITED)
_GAVE_UP: Final = Quantity(Sum.GAVE_UP, Sum.TAKEN, events=Sum.GAVE_UP)
_SOON: Final = Quantity(Sum.SOON, Sum.TAKEN, events=Sum.SOON)
_BLOCKED: Final = Quantity(Sum.BLOCKED, Sum.CAME, events=Sum.BLOCKED)
_QUEUED: Final = Quantity(Sum.QUEUED, Sum.LENGTH, events=Sum.WAITED)
_PRESENT: Final = Quantity(Sum.PRESENT, Sum.LENGTH)
_BUSY: Final = Quantity(Sum.BUSY, Sum.LENGTH)
_CAME: Final = Quantity(Sum.CAME, Sum.LENGTH)

_ALL: Final = {
    "P_wait": _WAITED, "pw": _WAITED, "Wq": _WAIT, "Wq_mean": _WAIT, "mean_wait_all": _WAIT, "wait_all": _WAIT,
    "Wq_given_wait": Quantity(Sum.WAIT, Sum.WAITED),
    "ASA_s": Quantity(Sum.WAIT, Sum.TAKEN, factor=60.0, events=Sum.WAITED),
    "SL": _SOON, "SL_within_t": _SOON,
    "total_wait": _IDLE, "W": _STAY, "sojourn": _STAY, "mean_sojourn": _STAY,
    "Lq": _QUEUED, "L": _PRESENT, "busy": _BUSY, "mean_busy": _BUSY, "occupancy": _BUSY, "rho": _BUSY,
    "var_busy": Quantity(Sum.BUSY_SQUARED, Sum.LENGTH, spread=True),
    "P_abandon": _GAVE_UP, "pab": _GAVE_UP, "P_block": _BLOCKED,
}  # fmt: skip
"""Over everything that comes to a system of one tier."""
_BY_CLASS: Final = {
    "Wq_by_class": _WAIT, "P_wait_by_class": _WAITED, "total_wait_by_class": _IDLE, "sojourn_by_class": _STAY,
    "W_by_class": _STAY, "Lq_by_class": _QUEUED, "L_by_class": _PRESENT, "busy_by_class": _BUSY,
}  # fmt: skip
_BY_TIER: Final = {
    "tier_rates": _CAME, "rho": _BUSY, "busy_by_tier": _BUSY, "Wq_by_tier": _WAIT, "P_wait_by_tier": _WAITED,
    "sojourn_by_tier": _STAY, "W_by_tier": _STAY, "Lq_by_tier": _QUEUED, "L_by_tier": _PRESENT,
}  # fmt: skip
_NETWORK: Final = {
    "mean_sojourn": Quantity(Sum.SOJOURN, Sum.SOLVED),
    "W": Quantity(Sum.SOJOURN, Sum.SOLVED),
    "L": _PRESENT, "Lq": _QUEUED, "busy": _BUSY,
}  # fmt: skip
"""Over a whole network."""
ALL_NAMES: Final = frozenset({**_ALL, **_BY_CLASS, **_BY_TIER, **_NETWORK})
_BY_AGENT: Final = ("rho", "occupancy")
_TARGET: Final = ("SL", "SL_within_t")


def names(system: System) -> list[str]:
    """Return what can be asked of a system."""
    found = {**_BY_TIER, **_NETWORK} if system.by_tier else {**_ALL, **_BY_CLASS}
    return [name for name in found if _can_be_asked(system, name)]


def _can_be_asked(system: System, name: str) -> bool:
    if name in ("P_abandon", "pab"):
        return system.patience is not None
    if name == "P_block":
        return system.queue_limit is not None
    if name in _BY_AGENT:
        return system.agents[0] is not None
    if name in _TARGET:
        return system.target is not None and not system.preempts
    # Where work can be broken off, a wait may come after it has begun.
    return not (system.preempts and name in ("P_wait", "pw", "P_wait_by_class", "Wq_given_wait"))


def asked(system: System, name: str) -> Quantity | Sequence[Quantity]:
    """Return what a name asks of a system: one quantity, or one for each class or tier.

    Raises:
        KeyError: that cannot be asked of this system.
    """
    if name not in names(system):
        raise KeyError(name)
    if system.by_tier:
        if name in _BY_TIER:
            return [_of(system, name, _BY_TIER[name], tier=tier) for tier in range(system.tiers)]
        return _of(system, name, _NETWORK[name])
    if name in _BY_CLASS:
        return [_of(system, name, _BY_CLASS[name], kind=kind) for kind in range(system.classes)]
    return _of(system, name, _ALL[name])


def _of(system: System, name: str, usual: Quantity, tier: int | None = None, kind: int | None = None) -> Quantity:
    """Return a quantity of one tier and class; where work is broken off, a wait is all of a stay without work."""
    factor = usual.factor
    if usual.over is Sum.WAIT and system.preempts:
        usual = _IDLE
    if usual.over is Sum.QUEUED and system.preempts:
        usual = replace(usual, events=Sum.IDLED)
    if name in _BY_AGENT:
        factor /= system.agents[tier or 0] or 1
    return replace(usual, tier=tier, kind=kind, factor=factor)
