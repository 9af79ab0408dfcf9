"""From arguments to an exit code.

Exit codes: 0 done · 1 a check that was asked for failed · 2 wrong use or bad input · 130 stopped with Ctrl+C.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from deskdrill import (
    app_command,
    audit_command,
    desk_command,
    doctor,
    policy_command,
    practice,
    report_command,
    scenario_command,
    simulate_command,
    theory_command,
    tour,
)
from deskdrill.interrupt import EXIT_CODE, stop_at_first_interrupt
from deskdrill.options import Parser
from deskdrill.output import plain

ABOUT = """\
Practise escalating support tickets, ask what another policy or another
staffing would do to a support desk, and print the procedure. One file of rules
says it; everything here reads it."""

EXAMPLES = """\
examples:
  deskdrill                                     open the app
  deskdrill simulate --set desk.staffing.T2.agents=3
                                                a month with one agent more
  deskdrill scenario reference api_401          a perfect run of a drill
  deskdrill policy show tiers.T1.no_progress    a figure, and who uses it

Results go to stdout, everything else to stderr.
Exit codes: 0 done, 1 a check failed, 2 wrong use or bad input,
130 stopped with Ctrl+C."""

LONGEST = 600
"""Characters of an error message that are shown; a value from outside may be quoted in it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that ``argv`` (or the command line) names; return its exit code."""
    _prepare_streams()
    try:
        if argv is None:  # this process is ours: nobody else's program that calls this function
            stop_at_first_interrupt()
        code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read us has seen enough
        _let_go_of_stdout()
        return 0
    except KeyboardInterrupt:
        # If it broke into text that was being executed (as dataclasses do when they are imported), Python would end
        # itself by the signal whatever code we return, unless text was executed to the end since.
        exec("")
        print("\nStopped.", file=sys.stderr)
        return EXIT_CODE
    except OSError as error:
        place = f"{error.filename}: " if error.filename else "the output could not be written: "
        print(f"deskdrill: {plain(place + (error.strerror or str(error)), one_line=True)}", file=sys.stderr)
        _let_go_of_stdout()
        return 2
    return code


def _run(argv: Sequence[str]) -> int:
    try:
        if argv and argv[0].startswith("-") and argv[0] not in ("-h", "--help", "--version"):
            argv = ["app", *argv]  # options without a command are the app's
        arguments, unknown = build_parser().parse_known_args(argv)
        if unknown:
            arguments.parser.refuse(unknown)
        return int(arguments.run(arguments))
    except SystemExit as stop:  # help was given, or the arguments were wrong and it was said
        return int(stop.code or 0)
    except Exception as error:
        from policy.errors import DeskDrillError

        if not isinstance(error, DeskDrillError):
            raise
        said = plain(str(error))
        print(f"deskdrill: {said if len(said) <= LONGEST else said[: LONGEST - 1] + '…'}", file=sys.stderr)
        return 2


def build_parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(prog="deskdrill", usage="deskdrill [COMMAND] [OPTIONS]", description=ABOUT, epilog=EXAMPLES)
    parser.add_argument("--version", action="version", help="print the version", version=f"deskdrill {_version()}")
    parser.set_defaults(run=app_command.run, parser=parser, policy=None, sets=[])
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", prog="deskdrill", parser_class=Parser)
    for module in (
        app_command, tour, practice, scenario_command, simulate_command, report_command, audit_command, desk_command,
        theory_command, policy_command, doctor
    ):  # fmt: skip
        module.add(commands)
    return parser


def _version() -> str:
    try:
        return version("deskdrill")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "(not installed)"


def _prepare_streams() -> None:
    """Make sure that the three streams are there, and that no character makes printing fail."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by whoever called us
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  (open until the end)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _let_go_of_stdout() -> None:
    """Point stdout at nothing, so that Python does not complain again when it closes it."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
