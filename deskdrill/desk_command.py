"""``deskdrill desk new`` and ``desk check``: beginning a desk of one's own, and what is missing or odd in one."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from deskdrill.options import DEFAULT_POLICY, Commands, add_policy, command, family, split_sets
from deskdrill.output import Column, Table, as_json, narrate, rendered, shortened, write, write_new_file
from deskdrill.simulate_command import DEFAULT_DESK

if TYPE_CHECKING:
    from simulator.expected_load import TierLoad
    from simulator.pilot import Pilot, PlayedTier
    from simulator.remark import Remark

_NEW = """\
FILE gets a desk of ten lines, each explained, that goes with the procedure secureai. Everything that it leaves out
has a default. A file that is there already is never touched. docs/desk.md has all keys."""
_CHECK = """\
The work that each tier is offered is set against the time of its people, in closed form from means. What timers, ages
and updates add is seen in a pilot: some weeks of the desk, played a few times, always with the same chances. An error
makes the figures of any simulation meaningless (exit code 1); a warning may be meant and seldom is; a note is worth
knowing."""


def add(commands: Commands) -> None:
    """Add the family."""
    desks = family(commands, "desk", "Begin a desk of your own, or check one")
    new = command(desks, "new", "Write a desk of ten lines", run_new, _NEW)
    new.add_argument("file", metavar="FILE", type=Path, help="where to write it, such as ./desk.yaml")
    check = command(desks, "check", "Say what is missing or odd in a desk", run_check, _CHECK)
    check.add_argument("desk", metavar="DESK", nargs="?", default=DEFAULT_DESK,
                       help=f"the desk: a name or a YAML file (default: {DEFAULT_DESK})")  # fmt: skip
    add_policy(check, desk=True)
    check.add_argument("--format", choices=("table", "json"), default="table", help="how the result is printed")


def run_new(arguments: argparse.Namespace) -> int:
    """Write the desk, never over another file."""
    from deskdrill.own_policy import filled
    from policy.errors import InputError

    path: Path = arguments.file
    if path.suffix not in (".yaml", ".yml"):
        raise InputError(f"{path}: the name of the file must end in .yaml")
    write_new_file(path, filled("ten_lines", "desk", path))
    narrate(f"Wrote the desk {shortened(str(path), 200)}.")
    shown = str(path) if path.is_absolute() or len(path.parts) > 1 else f"./{path}"
    narrate(f"Next: deskdrill desk check {shortened(shown, 200)}")
    return 0


def run_check(arguments: argparse.Namespace) -> int:
    """Print the load of each tier and the remarks; 1 if there is an error among them."""
    from policy import load_policy
    from simulator import load_desk
    from simulator.desk_check import check_desk
    from simulator.model import compile_model
    from simulator.pilot import play_pilot
    from simulator.run import rules_of

    changes, desk_changes = split_sets(arguments.sets, desk=True)
    policy = load_policy(DEFAULT_POLICY if arguments.policy is None else arguments.policy, changes)
    desk = load_desk(arguments.desk, desk_changes)
    rules = rules_of(policy)
    model = compile_model(desk, rules)
    pilot = play_pilot(model, rules)
    load, remarks = check_desk(model, rules, pilot, policy)
    errors = sum(one.severity == "error" for one in remarks)
    if arguments.format == "json":
        tiers = [
            {
                "tier": one.tier,
                "tickets_per_week": one.stays,
                "offered_hours_per_week": one.offered / 60,
                "staffed_hours_per_week": _plain(one.staffed / 60),
                "utilisation": _plain(one.utilisation),
                "on_call_hours_per_week": one.on_call / 60,
                "played": None if pilot is None else _seen(pilot.tiers[place]),
            }
            for place, one in enumerate(load)
        ]
        said = [
            {"severity": one.severity, "code": one.code, "where": one.where, "message": one.message} for one in remarks
        ]
        names = {"desk": desk.name, "desk_digest": desk.digest, "policy": policy.name}
        played = None if pilot is None else {"weeks": pilot.weeks, "times": pilot.times, "lost": pilot.lost}
        write(as_json(names | {"errors": errors, "pilot": played, "tiers": tiers, "remarks": said}))
    else:
        head = f"{desk.title}\npolicy {policy.name}, {_how(pilot)}"
        write(f"{head}\n\n{rendered(_loads(load, pilot), 'table')}\n{_said(remarks)}")
    return 1 if errors else 0


def _how(pilot: Pilot | None) -> str:
    if pilot is None:
        return "not played: too many tickets for it, or none"
    return f"played for {pilot.weeks} week{'' if pilot.weeks == 1 else 's'}, {pilot.times} times"


def _seen(tier: PlayedTier) -> dict[str, float | None]:
    return {"busy": tier.busy, "on_call": tier.on_call, "waiting": tier.waiting, "more_waiting_per_week": tier.grows}


def _loads(load: tuple[TierLoad, ...], pilot: Pilot | None) -> Table:
    names = ("tier", "tickets a week", "hours offered", "of people", "utilisation", "played", "hours on call")
    busy = [None] * len(load) if pilot is None else [one.busy for one in pilot.tiers]
    rows = [
        (one.tier, _shown(one.stays), _shown(one.offered / 60), _shown(one.staffed / 60), _share(one.utilisation),
         "-" if played is None else _share(played), _shown(one.on_call / 60))
        for one, played in zip(load, busy, strict=True)
    ]  # fmt: skip
    return Table([Column(name, right=place > 0) for place, name in enumerate(names)], rows)


def _said(remarks: tuple[Remark, ...]) -> str:
    if not remarks:
        return "Nothing is missing, and nothing is odd.\n"
    lines = [f"{one.severity:7}  {one.where}: {one.message}  [{one.code}]" for one in remarks]
    counts = [
        f"{number} {severity}{'' if number == 1 else 's'}"
        for severity in ("error", "warning", "note")
        if (number := sum(one.severity == severity for one in remarks))
    ]
    return "\n".join(lines) + f"\n\n{', '.join(counts)}\n"


def _shown(hours: float) -> str:
    return f"{hours:.1f}" if math.isfinite(hours) else "unlimited"


def _share(value: float) -> str:
    return f"{value:.0%}" if math.isfinite(value) else "nobody there"


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
