"""The app; without a terminal, the tour."""

from __future__ import annotations

import argparse
import sys

from deskdrill import tour
from deskdrill.interrupt import leave_interrupts_to_others
from deskdrill.options import DEFAULT_POLICY, Commands, add_policy, command, split_sets
from deskdrill.output import narrate


def add(commands: Commands) -> None:
    """Add the command."""
    more = "Drills, debriefs and the lab, in a terminal of at least 80 columns by 24 lines. q quits."
    add_policy(command(commands, "app", "Open the app (also without any command)", run, more), desk=True)


def run(arguments: argparse.Namespace) -> int:
    """Open the app, or give the tour where there is no terminal to open it in."""
    from policy import load_policy
    from policy.errors import DeskDrillError

    policy, desk = split_sets(arguments.sets, desk=True)
    name = DEFAULT_POLICY if arguments.policy is None else arguments.policy
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        if arguments.policy is not None or arguments.sets:
            raise DeskDrillError("the app needs a terminal; the tour, which needs none, takes no --policy and no --set")
        narrate("No terminal here, so this is the tour as text. In a terminal, the same command opens the app.")
        return tour.give(replications=tour.REPLICATIONS, seed=tour.SEED, workers=None)
    load_policy(name, policy)  # what is wrong with it is said before the screen is taken over
    from tui import run_app

    leave_interrupts_to_others()
    changes = {f"policy.{path}": value for path, value in policy.items()}
    return run_app(name, changes | {f"desk.{path}": value for path, value in desk.items()})
