"""``deskdrill simulate``: a month at the desk, many times over."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskdrill.options import DEFAULT_POLICY, Commands, add_format, add_policy, command, split_sets, whole
from deskdrill.output import Column, Progress, Table, as_json, narrate, plain, rendered, write

if TYPE_CHECKING:
    from policy import Policy, Rulebook
    from policy.compiled import DeskRules
    from simulator import Desk, Run, SimulationResult

DEFAULT_DESK = "january_2025"
TABLES = ("tickets", "visits", "escalations", "clocks", "updates", "notes")
_MORE = """\
Each replication is one month of the desk with other chances. The result is the same on any number of
workers; two runs with the same seed meet the same tickets, so that they can be compared one by one.
--tickets, --visits, --escalations, --clocks, --updates, --notes and --events write what happened in one of
the months; --trace tells the story of one of its tickets instead of the figures. docs/tables.md explains
every column."""


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
    about = {
        "tickets": "one line a ticket", "visits": "one line a stay in a tier", "escalations": "one line an escalation",
        "clocks": "one line a clock: due, stopped, breached and why",
        "updates": "one line an update of a customer: due, sent",
        "notes": "one line a thing that an agent came to know",
    }  # fmt: skip
    for name in TABLES:
        help_ = f"write the table of {name} of one month, {about[name]} (.csv or .parquet)"
        parser.add_argument(f"--{name}", metavar="FILE", type=Path, help=help_)
    parser.add_argument("--events", metavar="FILE", type=Path,
                        help="write one month as an event log for process mining (.xes)")  # fmt: skip
    parser.add_argument("--trace", metavar="TICKET", type=whole(1, 10**9),
                        help="tell what happened to a ticket of one month, when, and by which rule")  # fmt: skip
    parser.add_argument("--replication", metavar="R", type=whole(0, 10**6 - 1),
                        help="which month the tables and --trace are about (default: 0, the first)")  # fmt: skip
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Simulate and print the figures, or the story of a ticket."""
    from policy import load_policy
    from simulator import load_desk, simulate

    changes, desk_changes = split_sets(arguments.sets, desk=True)
    policy = load_policy(DEFAULT_POLICY if arguments.policy is None else arguments.policy, changes)
    desk = load_desk(arguments.desk, desk_changes)
    files = {name: path for name in (*TABLES, "events") if (path := getattr(arguments, name)) is not None}
    _check(arguments, files)
    if files or arguments.trace is not None:
        month, rules, rulebook = _month(policy, desk, arguments)
        told = None if arguments.trace is None else _told(month, rules, rulebook, desk, arguments.trace)
        _export(month, files)
        if told is not None:
            write(as_json(told) if arguments.format == "json" else _as_text(told))
            return 0
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


# -- one month -------------------------------------------------------------------------------------------------------


def _check(arguments: argparse.Namespace, files: Mapping[str, Path]) -> None:
    """Refuse what cannot be done before anything is simulated."""
    from policy.errors import InputError

    if files:  # the formats need numpy, which the rest has loaded by now
        from simulator.export import check_ending

        for name, path in files.items():
            check_ending(name, path)
            for other in files:
                if other != name and files[other] == path:
                    raise InputError(f"--{name} and --{other} name the same file")
    if arguments.trace is not None and arguments.format not in ("table", "json"):
        raise InputError(f"--trace has no --format {arguments.format}; expected one of: table, json")
    if arguments.replication is not None and not files and arguments.trace is None:
        raise InputError(
            "--replication says which month --trace or a table is about, and none is asked for; "
            'did you mean "--replications"?'
        )


def _month(policy: Policy, desk: Desk, arguments: argparse.Namespace) -> tuple[Run, DeskRules, Rulebook]:
    """Return one month, the rules that it was played by, and the rulebook that they are of."""
    from policy import Rulebook
    from policy.compiled import DeskRules
    from simulator import run_once

    rulebook = Rulebook(policy)
    rules = DeskRules(rulebook)
    return run_once(desk, rules, arguments.seed, arguments.replication or 0), rules, rulebook


def _export(month: Run, files: Mapping[str, Path]) -> None:
    """Write the tables that were asked for."""
    from simulator import write_events, write_table

    for name, path in files.items():
        if name == "events":
            write_events(month, path)
        else:
            write_table(month, name, path)
        narrate(f"Wrote the {name} of replication {month.replication} to {path}.")


def _told(month: Run, rules: DeskRules, rulebook: Rulebook, desk: Desk, ticket: int) -> dict[str, Any]:
    """Return the story of a ticket as plain data."""
    from policy.calendars import to_datetime
    from simulator import story_of

    policy = rulebook.policy
    labels = {name: role.label for name, role in policy.doc.vocabulary.roles.items()}
    labels |= dict(policy.doc.vocabulary.signals)
    labels |= {name: category.label or name for name, category in desk.categories.items()}
    found = story_of(month, ticket, rules, labels, rulebook)
    steps = [
        {"at": f"{to_datetime(month.model.opening + step.at):%Y-%m-%dT%H:%M:%SZ}", "text": step.text,
         "rules": list(step.rules)}
        for step in found.steps
    ]  # fmt: skip
    return {
        "ticket": ticket, "about": found.about, "desk": desk.name, "policy": policy.name, "seed": month.seed,
        "replication": month.replication, "steps": steps,
    }  # fmt: skip


def _as_text(told: dict[str, Any]) -> str:
    """Return a story as people read it, a line a step, with the day where it changes and the rules in brackets."""
    from datetime import datetime

    lines = [f"Ticket {told['ticket']}: {told['about']}", f"{told['desk']}, policy {told['policy']}, "
             f"seed {told['seed']}, replication {told['replication']}; times are UTC", ""]  # fmt: skip
    for step in told["steps"]:
        at = datetime.fromisoformat(step["at"])
        rules = f"  [{', '.join(step['rules'])}]" if step["rules"] else ""
        lines.append(f"{at:%a} {at.day:2} {at:%b %Y %H:%M}  {step['text']}{rules}")
    return plain("\n".join(lines)) + "\n"


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
