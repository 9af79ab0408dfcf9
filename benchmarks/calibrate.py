"""Find the free parameters of a desk (its block ``calibrated``) from the figures of its report.

    python benchmarks/calibrate.py                      print the block that was found
    python benchmarks/calibrate.py --write              put it into the desk file
    python benchmarks/calibrate.py --check              only compare the desk as it stands with its figures

The method of moments, by simulation. There are as many free parameters as figures to meet. ``demand`` follows from the
arrival curve without simulating. The parameters that act on each other (``beyond_odds`` of each tier, ``premature``,
``work`` of the first tier and of all above it) are found by Levenberg's method (a Jacobian from forward differences,
steps shortened until they help) on few months, then by Broyden's on many; all runs share one seed, so that two sets of
parameters meet the same luck and differ by what they do alone.
``dissatisfaction`` acts on satisfaction alone and comes last. ``docs/calibration.md`` says what each stands for.

Progress goes to stderr, the result to stdout. With the defaults it takes about a quarter of an hour on two free cores.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from policy import Policy, load_policy
from policy.errors import DeskDrillError
from simulator import Desk, load_desk, simulate
from simulator.desk import desk_path
from simulator.draws import arrival_curve
from simulator.model import compile_model
from simulator.run import rules_of

SEED: Final = 20250131
"""The seed of all runs that look for parameters."""
CHECK_SEEDS: Final = (1, 2, 3)
"""Seeds of ``--check``; no parameter was found with them."""
COARSE: Final = 200
FINE: Final = 2_000
"""Months simulated for each set of parameters while coming near, and while finishing."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Free:
    """A parameter that is looked for, on a log scale: where it stands in the block, and the figure it is there for.

    ``tiers`` are those that share it, none for a parameter of the whole desk.
    """

    name: str
    figure: str
    tiers: tuple[str, ...] = ()

    def value(self, desk: Desk) -> float:
        """Return what the desk has."""
        found: Any = getattr(desk.calibrated, self.name)
        return float(found.get(self.tiers[0], 1.0) if self.tiers else found)

    def put(self, desk: Desk, value: float) -> Desk:
        """Return the desk with another value."""
        if not self.tiers:
            return changed(desk, **{self.name: value})
        return changed(desk, **{self.name: getattr(desk.calibrated, self.name) | dict.fromkeys(self.tiers, value)})


def free_parameters(desk: Desk) -> tuple[Free, ...]:
    """Return the parameters of a desk that act on each other; there are two tiers at least."""
    tiers = desk.tiers
    steps = [f"escalations_{low}_{high}".lower() for low, high in pairwise([*tiers, "management"])]
    return (
        *(Free("beyond_odds", step, (tier,)) for tier, step in zip(tiers, steps, strict=True)),
        Free("premature", "deescalations"),
        Free("work", "sla_compliance", tiers[:1]),
        Free("work", "escalation_resolution_hours", tiers[1:]),
    )


def misses(desk: Desk, months: dict[str, float]) -> Floats:
    """Return by how much each figure misses its reference: the logarithm of their ratio (of what is late, for
    compliance), which near zero is the share by which it misses."""
    found = []
    for figure, value in months.items():
        aim = desk.reference[figure]
        if figure == "sla_compliance":
            value, aim = 1 - value, 1 - aim
        found.append(math.log(max(value, 1e-9) / aim))
    return np.array(found)


def changed(desk: Desk, **values: Any) -> Desk:
    """Return the desk with other free parameters."""
    return desk.model_copy(update={"calibrated": desk.calibrated.model_copy(update=values)})


class Search:
    """A search for the free parameters of one desk under one policy."""

    def __init__(self, policy: Policy, desk: Desk, workers: int, seed: int) -> None:
        """Start from the parameters that the desk has."""
        self.rules = rules_of(policy)
        self.workers, self.seed = workers, seed
        self.desk = changed(desk, demand=self.demand(desk))
        self.free = free_parameters(desk)
        self.x = np.array([math.log(free.value(desk)) for free in self.free])

    def demand(self, desk: Desk) -> float:
        """Return the factor at which the expected number of tickets of the period is the report's."""
        model = compile_model(desk, self.rules)
        edges, expected = arrival_curve(model)
        inside = float(np.interp(model.end, edges, expected) - np.interp(model.start, edges, expected))
        outages, days = desk.demand.outages, (model.end - model.start) / 1440
        wanted = desk.reference["tickets"]
        if outages is not None:
            wanted -= outages.per_year * outages.tickets * days / 365.25
        return float(f"{desk.calibrated.demand * wanted / inside:.5g}")

    def at(self, x: Floats) -> Desk:
        """Return the desk with the parameters ``x``, to five digits, so that what is written is what was tried."""
        desk = self.desk
        for free, value in zip(self.free, x, strict=True):
            desk = free.put(desk, float(f"{math.exp(value):.5g}"))
        return desk

    def miss(self, x: Floats, months: int) -> Floats:
        """Simulate and return by how much the figures miss."""
        result = simulate(self.rules, self.at(x), replications=months, seed=self.seed, workers=self.workers)
        return misses(self.desk, {free.figure: result.estimate(free.figure).mean for free in self.free})

    def slope(self, miss: Floats, months: int, step: float = 0.1) -> Floats:
        """Return the slope of the misses, by forward differences."""
        columns = []
        for column in range(len(self.free)):
            x = self.x.copy()
            x[column] += step
            columns.append((self.miss(x, months) - miss) / step)
        return np.array(columns).T

    def run(self) -> Desk:
        """Search, coarse and then fine, and return the desk found."""
        slope = self.approach(COARSE)
        self.polish(FINE, slope)
        desk = self.at(self.x)
        for _ in range(3):  # not quite one step: no score is below 1
            result = simulate(self.rules, desk, replications=FINE // 4, seed=self.seed, workers=self.workers)
            lost, aim = 5 - result.estimate("csat").mean, 5 - desk.reference["csat"]
            desk = changed(desk, dissatisfaction=float(f"{desk.calibrated.dissatisfaction * aim / lost:.5g}"))
        return desk

    def approach(self, months: int, good: float = 0.05, rounds: int = 12) -> Floats:
        """Come near by Levenberg's method: Newton's step, shortened until it helps. Return the last slope."""
        miss, damping = self.told(self.miss(self.x, months), months), 0.01
        slope = self.slope(miss, months)
        for _ in range(rounds):
            if np.abs(miss).max() < good:
                break
            move = np.linalg.solve(slope.T @ slope + damping * np.eye(len(self.free)), -slope.T @ miss)
            after = self.told(self.miss(self.x + move, months), months)
            if after @ after < miss @ miss:
                self.x, miss, damping = self.x + move, after, damping / 5
                slope = self.slope(miss, months)
            else:
                damping *= 10
        return slope

    def polish(self, months: int, slope: Floats, good: float = 0.004, rounds: int = 6) -> None:
        """Finish by Broyden's method: each round one run, whose surprise corrects the slope."""
        miss = self.told(self.miss(self.x, months), months)
        for _ in range(rounds):
            if np.abs(miss).max() < good:
                break
            move = -np.linalg.solve(slope, miss)
            after = self.told(self.miss(self.x + move, months), months)
            slope = slope + np.outer(after - miss - slope @ move, move) / (move @ move)
            self.x, miss = self.x + move, after

    def told(self, miss: Floats, months: int) -> Floats:
        """Tell how far off the figures are (as shares of them), and return it."""
        shown = "  ".join(f"{f.figure} {m:+.2%}" for f, m in zip(self.free, miss, strict=True))
        print(f"{months} months: {shown}", file=sys.stderr, flush=True)
        return miss


def block(desk: Desk) -> str:
    """Return the block ``calibrated`` as YAML."""
    lines = ["calibrated:"]
    for name, value in desk.calibrated.model_dump().items():
        if isinstance(value, dict):
            value = "{" + ", ".join(f"{tier}: {factor:g}" for tier, factor in value.items()) + "}"
        lines.append(f"  {name}: {value if isinstance(value, str) else f'{value:g}'}")
    return "\n".join(lines)


def write(path: Path, desk: Desk) -> None:
    """Put the block into the desk file, in place of the one that stands there."""
    text = path.read_text(encoding="utf-8")
    new, count = re.subn(r"(?m)^calibrated:\n(?:[ \t]+.*\n)+", block(desk) + "\n", text)
    if count != 1:
        raise SystemExit(f"{path}: has no block calibrated to replace")
    path.write_text(new, encoding="utf-8")


def check(policy: Policy, desk: Desk, workers: int, months: int = 400) -> str:
    """Return a table of the desk's figures beside their references, for each of the seeds of the check."""
    heads = "  ".join(f"{f'seed {s}':>18}" for s in CHECK_SEEDS)
    rows = [f"{'figure':32} {'report':>8}  {heads}   months 5-95 %"]
    results = [simulate(policy, desk, replications=months, seed=s, workers=workers) for s in CHECK_SEEDS]
    for name, aim in desk.reference.items():
        cells = []
        for result in results:
            found = result.estimate(name)
            cells.append(f"{found.mean:9.4g} ± {(found.high - found.low) / 2:6.2g}")
        low, high = np.nanquantile(np.concatenate([r.month(name) for r in results]), [0.05, 0.95])
        rows.append(f"{name:32} {aim:8g}  " + "  ".join(cells) + f"   {low:.4g} to {high:.4g}")
    return "\n".join(rows)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Find the free parameters of a desk from the figures of its report.")
    parser.add_argument("--policy", default="secureai", help="a policy's name or file")
    parser.add_argument("--desk", default="january_2025", help="a desk's name or file")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--seed", type=int, default=SEED, help="seed of the search")
    parser.add_argument("--write", action="store_true", help="write the block into the desk file")
    parser.add_argument("--check", action="store_true", help="search nothing; compare the desk with its figures")
    args = parser.parse_args()
    try:
        policy, desk = load_policy(args.policy), load_desk(args.desk)
        if not args.check:
            desk = Search(policy, desk, args.workers, args.seed).run()
            print(block(desk))
            if args.write:
                write(desk_path(args.desk), desk)
        print(check(policy, desk, args.workers), file=sys.stdout if args.check else sys.stderr)
    except DeskDrillError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
