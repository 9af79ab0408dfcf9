"""``deskdrill play`` and ``deskdrill grade``: drills without the app."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deskdrill.options import MAX_DRILL_SEED, Commands, add_format, add_policy, command, policy_of, whole
from deskdrill.output import Column, Table, as_json, narrate, rendered, shortened, write, write_file

if TYPE_CHECKING:
    from grading import Grade, Transcript
    from scenarios import Scenario

_PLAY = """\
FILE is a transcript (docs/transcript.md): JSON lines, one act each. Its header may be missing; it is then
made from the scenario, --seed, --policy and --set. A FILE of - reads from stdin."""
_GRADE = """\
The header of the transcript names the scenario, the seed and the policy. To grade by another policy than
the one it was played under, name that policy with --policy or --set. A TRANSCRIPT of - reads from stdin."""


def add(commands: Commands) -> None:
    """Add the commands."""
    play = command(commands, "play", "Play a drill from a file of acts, and grade it", run_play, _PLAY)
    play.add_argument("scenario", metavar="ID", help="the scenario: an id (deskdrill scenario list) or a YAML file")
    play.add_argument("--actions", metavar="FILE", required=True, help="the acts, as a transcript")
    add_policy(play)
    play.add_argument("--seed", metavar="S", type=whole(0, MAX_DRILL_SEED),
                      help="the chances of the drill (default: the header's, else 0)")  # fmt: skip
    play.add_argument("--save", metavar="FILE", type=Path, help="write the transcript with its header to FILE")
    grade = command(commands, "grade", "Grade a transcript", run_grade, _GRADE)
    grade.add_argument("transcript", metavar="TRANSCRIPT", help="the transcript")
    grade.add_argument("--scenario", metavar="FILE", help="the scenario, if it is not one of DeskDrill's own")
    add_policy(grade)
    for parser in (play, grade):
        parser.add_argument("--require-pass", action="store_true", help="exit with 1 if the drill was not passed")
        add_format(parser)


def run_play(arguments: argparse.Namespace) -> int:
    """Play the acts of a file in a scenario and print the grade."""
    from grading import Header
    from policy.errors import InputError
    from scenarios import load_scenario

    scenario = load_scenario(arguments.scenario)
    transcript = _read(arguments.actions)
    header = transcript.header
    if header is not None and header.scenario != scenario.id:
        raise InputError(f'{transcript.name}: is of the scenario "{header.scenario}", not of "{scenario.id}"')
    if header is not None and arguments.seed not in (None, header.seed):
        raise InputError(
            f"{transcript.name}: its header says seed {header.seed}, --seed says {arguments.seed}; leave --seed out"
        )
    policy = policy_of(arguments)
    seed = header.seed if header is not None else arguments.seed or 0
    own = Header(scenario.id, seed, policy.name, policy.digest)
    result = _graded(transcript.with_header(header or own), scenario, arguments)
    if arguments.save is not None:
        write_file(arguments.save, transcript.with_header(own).to_jsonl())
        narrate(f"Wrote the transcript to {arguments.save}.")
    return _tell(result, arguments)


def run_grade(arguments: argparse.Namespace) -> int:
    """Grade a transcript and print the grade."""
    from policy.errors import InputError
    from policy.explain import nearest
    from scenarios import load_scenario, scenario_ids

    transcript = _read(arguments.transcript)
    header = transcript.header
    if header is None:
        raise InputError(
            f"{transcript.name}: has no header, so it does not say which scenario it is of; "
            "use: deskdrill play ID --actions FILE"
        )
    if arguments.scenario is not None:
        scenario = load_scenario(arguments.scenario)
    elif header.scenario in scenario_ids():  # a transcript names a scenario, never a file of this machine
        scenario = load_scenario(header.scenario)
    else:
        hint = nearest(header.scenario, scenario_ids())
        raise InputError(
            f'{transcript.name}:1: scenario: there is no scenario "{shortened(header.scenario, 60)}"{hint} '
            "(give the file of one of your own with --scenario)"
        )
    return _tell(_graded(transcript, scenario, arguments), arguments)


def _read(name: str) -> Transcript:
    """Read a transcript from a file, or from stdin for ``-``."""
    from grading import read_transcript
    from grading.transcript import MAX_BYTES

    if name != "-":
        return read_transcript(Path(name), name=shortened(name, 300))
    raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    return read_transcript(raw.decode("utf-8", "surrogateescape"), name="<stdin>")


def _graded(transcript: Transcript, scenario: Scenario, arguments: argparse.Namespace) -> Grade:
    from grading import grade
    from policy import Rulebook

    policy_was_named = arguments.policy is not None or bool(arguments.sets)
    return grade(transcript, scenario, Rulebook(policy_of(arguments)), check_digest=not policy_was_named)


def _tell(result: Grade, arguments: argparse.Namespace) -> int:
    """Print a grade; return the exit code."""
    from grading import debrief_text

    form = arguments.format
    if form == "table":
        write(debrief_text(result))
    else:
        for warning in result.warnings:
            narrate(f"Note: {warning}")
        write(as_json(result.as_json()) if form == "json" else rendered(_findings(result), form))
    return 1 if arguments.require_pass and not result.passed else 0


def _findings(result: Grade) -> Table:
    names = ("verdict", "dimension", "points", "possible", "due_minute", "done_minute", "rule", "source", "message")
    numbers = names[2:6]
    columns = [Column(name, _number, right=True) if name in numbers else Column(name) for name in names]
    return Table(columns, [[f.as_json()[name] for name in names] for f in result.findings])


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
