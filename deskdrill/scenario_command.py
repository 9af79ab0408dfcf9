"""``deskdrill scenario``: what can be practised, and how it is done perfectly."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from deskdrill.options import MAX_DRILL_SEED, Commands, add_format, add_policy, command, family, policy_of, whole
from deskdrill.output import Column, Table, as_json, rendered, write

_MORE = """\
The reference run is computed from the rules: nobody has written it down. Under another policy it is another
run. --format jsonl gives a transcript that can be played and graded."""


def add(commands: Commands) -> None:
    """Add the commands."""
    own = family(commands, "scenario", "List the scenarios, or show a perfect run of one")
    listing = command(own, "list", "List the scenarios that come with DeskDrill", run_list)
    add_format(listing)
    reference = command(own, "reference", "Show a perfect run of a scenario", run_reference, _MORE)
    reference.add_argument("scenario", metavar="ID", help="the scenario: an id or a YAML file")
    reference.add_argument("--seed", metavar="S", type=whole(0, MAX_DRILL_SEED), default=0,
                           help="the chances of the drill (default: 0)")  # fmt: skip
    add_policy(reference)
    add_format(reference, "jsonl")


def run_list(arguments: argparse.Namespace) -> int:
    """Print the scenarios, the easy ones first."""
    from scenarios import list_scenarios

    found = list_scenarios()
    if arguments.format == "json":
        write(as_json([asdict(info) for info in found]))
        return 0
    names = ["id", "title", "level", "seat", "minutes"] + ([] if arguments.format == "table" else ["about"])
    columns = [Column(name, "{:g}".format, right=True) if name == "minutes" else Column(name) for name in names]
    write(rendered(Table(columns, [[getattr(info, name) for name in names] for info in found]), arguments.format))
    return 0


def run_reference(arguments: argparse.Namespace) -> int:
    """Print the reference run of a scenario."""
    from grading import reference_transcript
    from policy import Rulebook
    from scenarios import load_scenario

    scenario = load_scenario(arguments.scenario)
    transcript = reference_transcript(scenario, Rulebook(policy_of(arguments)), arguments.seed)
    if arguments.format == "jsonl":
        write(transcript.to_jsonl())
        return 0
    header = {} if transcript.header is None else transcript.header.as_line()
    if arguments.format == "json":
        write(as_json({"header": header, "acts": list(transcript.lines)}))
        return 0
    rows = []
    for line in transcript.lines:
        fields = {key: value for key, value in line.items() if key not in ("minute", "do")}
        told = json.dumps(fields, ensure_ascii=False) if arguments.format == "csv" else _told(fields)
        rows.append((line.get("minute"), line["do"], told))
    columns = [Column("minute", "{:g}".format, right=True), Column("do"), Column("fields")]
    if arguments.format == "table":
        policy, digest = header.get("policy", ""), str(header.get("policy_digest", ""))[:12]
        write(f"{scenario.title}: a perfect run\nseed {arguments.seed}, policy {policy} ({digest})\n\n")
    write(rendered(Table(columns, rows), arguments.format))
    return 0


def _told(fields: dict[str, object]) -> str:
    """Return the fields of an act in a line; of a form, the names of what was filled in."""
    parts = []
    for name, value in fields.items():
        words = f"{value:g}" if isinstance(value, float) else str(value)
        if isinstance(value, (list, tuple, dict)):
            words = ", ".join(map(str, value))
        parts.append(f"{name}: {words}")
    return " · ".join(parts)
