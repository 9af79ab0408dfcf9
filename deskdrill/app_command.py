"""The app; without a terminal, the tour."""

from __future__ import annotations

import argparse
import sys

from deskdrill import tour
from deskdrill.options import DEFAULT_POLICY, Commands, add_policy, command, split_sets
from deskdrill.output import narrate


def add(commands: Commands) -> None:
    """Add the command."""
    more = "Drills, debriefs and the lab, in a terminal of at least 80 columns by 24 lines. q quits."
    add_policy(command(commands, "app", "Open the app (also without any command)", run, more), desk=True)


def run(arguments: argparse.Namespace) -> int:
    """Open the app, or give the tour where there is no terminal to open it in."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        narrate("No terminal here, so this is the tour as text. In a terminal, the same command opens the app.")
        return tour.give(replications=tour.REPLICATIONS, seed=tour.SEED, workers=None)
    from policy import load_policy

    policy, desk = split_sets(arguments.sets, desk=True)
    name = DEFAULT_POLICY if arguments.policy is None else arguments.policy
    load_policy(name, policy)  # what is wrong with it is said before the screen is taken over
    from tui import run_app

    changes = {
        f"{head}.{path}": value for head, own in (("policy", policy), ("desk", desk)) for path, value in own.items()
    }
    return run_app(name, changes)
