"""``deskdrill simulate``: a month at the desk, many times over."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskdrill.options import DEFAULT_POLICY, Commands, add_format, add_policy, command, split_sets, whole
from deskdrill.output import Column, Progress, Table, as_json, narrate, rendered, write

if TYPE_CHECKING:
    from policy import Policy
    from simulator import Desk, SimulationResult

DEFAULT_DESK = "january_2025"
_MORE = """\
Each replication is one month of the desk with other chances. The result is the same on any number of
workers; two runs with the same seed meet the same tickets, so that they can be compared one by one.
--tickets and --visits write the tables of replication 0, the first of the months."""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "simulate", "Simulate months at the desk", run, _MORE)
    add_policy(parser, desk=True)
    parser.add_argument(
        "--desk", metavar="D", default=DEFAULT_DESK, help=f"the desk: a name or a YAML file (default: {DEFAULT_DESK})"
    )
    parser.add_argument("--replications", metavar="N", type=whole(1, 1_000_000), default=400,
                        help="how many months (default: 400)")  # fmt: skip
    parser.add_argument("--seed", metavar="S", type=whole(0, 2**128 - 1), default=0,
                        help="which months they are (default: 0)")  # fmt: skip
    parser.add_argument("--workers", metavar="W", type=whole(1, 256), help="processes (default: one per core)")
    parser.add_argument("--tickets", metavar="FILE", type=Path, help="write the ticket table of replication 0 as CSV")
    parser.add_argument("--visits", metavar="FILE", type=Path,
                        help="write the visit table of replication 0 (one line per stay in a tier) as CSV")  # fmt: skip
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Simulate and print the figures."""
    from policy import load_policy
    from policy.errors import InputError
    from simulator import load_desk, simulate

    changes, desk_changes = split_sets(arguments.sets, desk=True)
    policy = load_policy(DEFAULT_POLICY if arguments.policy is None else arguments.policy, changes)
    desk = load_desk(arguments.desk, desk_changes)
    if arguments.tickets is not None and arguments.tickets == arguments.visits:
        raise InputError("--tickets and --visits name the same file")
    if arguments.tickets or arguments.visits:
        _export(policy, desk, arguments)
    with Progress("months simulated") as progress:
        result = simulate(
            policy, desk, replications=arguments.replications, seed=arguments.seed,
            workers=arguments.workers, progress=progress,
        )  # fmt: skip
    if arguments.format == "json":
        write(as_json(result.as_json()))
    elif arguments.format == "csv":
        write(rendered(_full(result), "csv"))
    else:
        if arguments.format == "table":
            write(f"{desk.title}\n{_months(result.replications)}, policy {result.policy}, seed {result.seed}\n\n")
        write(rendered(for_people(result), arguments.format))
    return 0


def _export(policy: Policy, desk: Desk, arguments: argparse.Namespace) -> None:
    from simulator import run_once, write_tickets, write_visits

    month = run_once(desk, policy, arguments.seed, 0)
    for path, writer, what in (
        (arguments.tickets, write_tickets, "tickets"),
        (arguments.visits, write_visits, "visits"),
    ):
        if path is not None:
            writer(month, path)
            narrate(f"Wrote the {what} of replication 0 to {path}.")


def _months(number: int) -> str:
    return "1 month" if number == 1 else f"{number} months"


def figure_text(value: float | None, unit: str) -> str:
    """Return a figure as people read it: shares as percentages, a dash for what is not known."""
    if value is None or not math.isfinite(value):
        return "-"
    if unit == "share":
        return f"{value * 100:.1f} %"
    return f"{value:.2f}" if unit in ("hours", "ratio", "points of 5") else f"{value:.1f}"


def for_people(result: SimulationResult) -> Table:
    """Return the figures as a table to be read."""
    metrics: dict[str, dict[str, Any]] = result.as_json()["metrics"]
    rows = []
    for name, one in metrics.items():
        low, high = (figure_text(bound, one["unit"]) for bound in one["ci95"])
        interval = "-" if low == "-" else f"{low} to {high}"
        unit = "" if one["unit"] == "share" else one["unit"]
        shown = [figure_text(one[key], one["unit"]) for key in ("mean", "sd", "reference")]
        rows.append((name, shown[0], interval, shown[1], shown[2], unit))
    names = ("figure", "mean", "95 % interval", "between months", "reference", "unit")
    columns = [Column(name, right=0 < place < 5) for place, name in enumerate(names)]
    return Table(columns, rows)


def _full(result: SimulationResult) -> Table:
    metrics: dict[str, dict[str, Any]] = result.as_json()["metrics"]
    rows = [
        (name, one["mean"], *one["ci95"], one["sd"], one["reference"], one["unit"]) for name, one in metrics.items()
    ]
    names = ("metric", "mean", "ci95_low", "ci95_high", "sd", "reference", "unit")
    return Table([Column(name) for name in names], rows)
