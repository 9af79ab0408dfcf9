"""``deskdrill report``: the monthly escalation report, the weekly review and the quarterly planning sheet."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from deskdrill.options import DEFAULT_POLICY, Commands, add_policy, command, split_sets, whole
from deskdrill.output import Progress, narrate, plain, shortened, write, write_file
from deskdrill.simulate_command import DEFAULT_DESK

if TYPE_CHECKING:
    from simulator.report import Order

_MORE = """\
The report plays the desk many times and tells, for each figure, what a single month does and how sure the mean is. The
ending of FILE says in which form: .html is one page with charts that loads nothing and prints on A4, .md is Markdown,
.txt plain text of at most 80 columns (also without --to). docs/report.md explains every section."""
_DEFAULT_REPLICATIONS = 100
_MOST_MONTHS = 120
_LAST = ""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "report", "Report on a month, a week or a quarter of the desk", run, _MORE)
    parser.add_argument("--to", metavar="FILE", type=Path, help="write it to FILE (.html, .md or .txt)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--weekly", metavar="WEEK", nargs="?", const=_LAST,
                       help="review a week: 2025-W04, or a day in it (default: the last whole one)")  # fmt: skip
    which.add_argument("--quarterly", action="store_true", help="the planning sheet of three months")
    parser.add_argument("--months", metavar="N", type=whole(1, _MOST_MONTHS),
                        help="play N months in a row, report on the last (default: the desk's period)")  # fmt: skip
    add_policy(parser, desk=True)
    parser.add_argument(
        "--desk", metavar="D", default=DEFAULT_DESK, help=f"the desk: a name or a YAML file (default: {DEFAULT_DESK})"
    )
    parser.add_argument("--replications", metavar="N", type=whole(1, 1_000_000), default=_DEFAULT_REPLICATIONS,
                        help=f"how often the desk is played (default: {_DEFAULT_REPLICATIONS})")  # fmt: skip
    parser.add_argument("--seed", metavar="S", type=whole(0, 2**128 - 1), default=0,
                        help="with which chances (default: 0)")  # fmt: skip
    parser.add_argument("--replication", metavar="R", type=whole(0, 10**6 - 1), default=0,
                        help="the play whose tickets are looked at one by one (default: 0, the first)")  # fmt: skip
    parser.add_argument("--workers", metavar="W", type=whole(1, 256), help="processes (default: one per core)")


def run(arguments: argparse.Namespace) -> int:
    """Print a report, or write it in the form that the file's name asks for.

    Raises:
        InputError: the file's ending is none of the three, or it cannot be written.
    """
    from policy import load_policy
    from policy.errors import InputError
    from simulator import load_desk
    from simulator.report import as_html, as_markdown, as_text, make_report

    forms = {".html": as_html, ".md": as_markdown, ".txt": as_text}
    ending = ".txt" if arguments.to is None else arguments.to.suffix.lower()
    if ending not in forms:
        found = shortened(arguments.to.name)
        raise InputError(f"--to {found}: a report is written as .html, .md or .txt; give one of these endings")
    changes, desk_changes = split_sets(arguments.sets, desk=True)
    policy = load_policy(DEFAULT_POLICY if arguments.policy is None else arguments.policy, changes)
    desk = load_desk(arguments.desk, desk_changes)
    with Progress("plays simulated") as progress:
        text = forms[ending](make_report(policy, desk, _order(arguments), progress))
    if arguments.to is None:
        write(text)
    else:
        write_file(arguments.to, text)
        narrate(f"Wrote the report to {arguments.to}.")
    return 0


def _order(arguments: argparse.Namespace) -> Order:
    from simulator.report import Order

    return Order(
        which="quarterly" if arguments.quarterly else "monthly" if arguments.weekly is None else "weekly",
        months=arguments.months,
        week=arguments.weekly or None,
        replications=arguments.replications,
        seed=arguments.seed,
        replication=arguments.replication,
        workers=arguments.workers,
        changes=tuple(plain(text, one_line=True) for text in arguments.sets),
    )
