"""Many months of one desk: replications, their means and how sure we are of them.

Replication r of seed s is the same month whoever computes it and however many processes share the work.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from policy.errors import InputError
from policy.explain import nearest
from simulator.desk import Desk
from simulator.farm import farm, simulate_months
from simulator.metrics import metric_units
from simulator.model import DeskModel, Rules, compile_model
from simulator.openhours import Floats
from simulator.run import rules_of

if TYPE_CHECKING:
    from policy import Policy

MAX_REPLICATIONS: Final = 1_000_000
CHUNK: Final = 20
"""Replications that a process does at a time; between chunks progress is told."""

Progress = Callable[[int, int], None]
"""Called with (replications done, replications in all); may raise to stop."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure over the replications; not-a-number where fewer months than needed have it."""

    mean: float
    low: float
    high: float
    sd: float


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """The months of a simulation: ``months`` has shape (replications, metrics), columns named by ``units``' keys."""

    policy: str
    desk: str
    seed: int
    replications: int
    units: dict[str, str]
    references: dict[str, float]
    months: Floats

    def month(self, name: str) -> Floats:
        """Return one figure of every replication, shape (replications,).

        Raises:
            KeyError: there is no such figure.
        """
        return np.asarray(self.months[:, list(self.units).index(name)])

    def estimate(self, name: str) -> Estimate:
        """Return mean, 95 % confidence interval of the mean (Student's t) and standard deviation between months."""
        return estimate(self.month(name))

    def as_json(self) -> dict[str, Any]:
        """Return the object that ``simulate --format json`` prints; what is not a number is ``None``."""
        metrics = {}
        for name, unit in self.units.items():
            found = self.estimate(name)
            metrics[name] = {
                "mean": _plain(found.mean),
                "ci95": [_plain(found.low), _plain(found.high)],
                "sd": _plain(found.sd),
                "reference": self.references.get(name),
                "unit": unit,
            }
        return {
            "policy": self.policy,
            "desk": self.desk,
            "seed": self.seed,
            "replications": self.replications,
            "metrics": metrics,
        }


def estimate(values: Floats, confidence: float = 0.95) -> Estimate:
    """Return the mean of independent months with its Student-t interval; months without the figure are left out."""
    from scipy.special import stdtrit  # noqa: PLC0415  (costs more than a small simulation to import)

    known = values[~np.isnan(values)]
    n = len(known)
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, math.nan)
    mean = math.fsum(known) / n
    if n == 1:
        return Estimate(mean, math.nan, math.nan, math.nan)
    sd = float(known.std(ddof=1))
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * sd / math.sqrt(n)
    return Estimate(mean, mean - half, mean + half, sd)


def simulate(
    policy: Policy | Rules,
    desk: Desk,
    *,
    replications: int = 400,
    seed: int = 0,
    workers: int | None = 1,
    progress: Progress | None = None,
) -> SimulationResult:
    """Return the figures of ``replications`` independent months of ``desk`` under ``policy``.

    ``workers`` is the number of processes (``None``: one a core); it changes the time taken, never the result.

    Raises:
        InputError: a number out of range, or a desk that does not fit the policy.
    """
    _check("--replications", replications, 1, MAX_REPLICATIONS)
    _check("--seed", seed, 0, 2**128 - 1)
    workers = os.cpu_count() or 1 if workers is None else workers
    _check("--workers", workers, 1, 256)
    units = metric_units(desk)
    for name in desk.reference:
        if name not in units:
            raise InputError(f'desk {desk.name}: reference.{name}: no figure is called "{name}"{nearest(name, units)}')
    model = compile_model(desk, rules_of(policy))
    chunks = [range(i, min(i + CHUNK, replications)) for i in range(0, replications, CHUNK)]
    months: list[Floats] = []
    # Closed here and now if progress stops it: an exception that is being handled keeps a generator alive.
    with closing(_blocks(model, seed, chunks, min(workers, len(chunks)))) as blocks:
        for block in blocks:
            months.append(block)
            if progress is not None:
                progress(sum(len(b) for b in months), replications)
    return SimulationResult(
        policy=str(getattr(policy, "name", "")),
        desk=desk.name,
        seed=seed,
        replications=replications,
        units=units,
        references=dict(desk.reference),
        months=np.concatenate(months),
    )


def _blocks(model: DeskModel, seed: int, chunks: list[range], workers: int) -> Generator[Floats]:
    """Yield the months of each chunk, in order."""
    if workers <= 1:
        yield from (simulate_months(model, seed, chunk) for chunk in chunks)
        return
    with farm(model, seed, workers) as hands:
        yield from hands.months(chunks)


def _check(what: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"{what}: found {value!r}; expected a whole number from {low} to {high}")


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
