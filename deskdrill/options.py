"""The parser, and the options that several commands share."""

from __future__ import annotations

import argparse
import difflib
import re
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from deskdrill.output import FORMATS, shortened

if TYPE_CHECKING:
    from policy import Policy

Commands = Any  # argparse's subparsers; its class has no public name
DEFAULT_POLICY = "secureai"
MAX_DRILL_SEED = 2**63 - 1


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, with the nearest legal word, and exit code 2."""

    def __init__(self, **options: Any) -> None:
        """Take what ``ArgumentParser`` takes."""
        options.setdefault("allow_abbrev", False)
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**options)

    def error(self, message: str) -> NoReturn:
        """Print one line and leave with exit code 2."""
        self.exit(2, f"{self.prog}: {shortened(_said(message), 400)} (see {self.prog} --help)\n")

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Leave with an error about arguments that this command does not take."""
        word = next((w for w in unknown if w.startswith("-")), unknown[0])
        self.error(f'does not take "{shortened(word, 60)}"{_near(word.split("=")[0], self._option_string_actions)}')


def _said(message: str) -> str:
    """Return argparse's message in our words where it is about a word that was not expected."""
    found = re.match(r"argument (\S+): invalid choice: (['\"])(.*)\2 \((?:choose from )?(.*)\)$", message, re.DOTALL)
    if found is None:
        return message
    name, _, word, legal = found.groups()
    words = re.findall(r"[\w.-]+", legal)
    hint = _near(word, words) or f"; expected one of: {', '.join(words)}"
    what = "there is no command" if name == "COMMAND" else f"argument {name}: found"
    return f'{what} "{shortened(word, 60)}"{hint}'


def _near(word: str, legal: Sequence[str] | dict[str, Any]) -> str:
    close = difflib.get_close_matches(word, list(legal), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


Run = Callable[[argparse.Namespace], int]
"""What a command does: it takes the parsed arguments and returns the exit code."""


def command(commands: Commands, name: str, about: str, run: Run, more: str = "") -> Parser:
    """Add a command; ``about`` is its line in the list, ``more`` what its own help adds to that."""
    description = f"{about}.\n\n{textwrap.fill(more, 79)}".strip()
    parser: Parser = commands.add_parser(name, help=about, description=description)
    parser.set_defaults(run=run, parser=parser)
    return parser


def family(commands: Commands, name: str, about: str) -> Commands:
    """Add a command that only has commands of its own."""
    parser: Parser = commands.add_parser(name, help=about, description=f"{about}.")

    def nothing_named(_: argparse.Namespace) -> int:
        parser.error("names no command")

    parser.set_defaults(run=nothing_named, parser=parser)
    return parser.add_subparsers(metavar="COMMAND", title="commands")


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from ``low`` to ``high``."""

    def read(text: str) -> int:
        try:
            number: int | None = int(text)
        except ValueError:
            number = None
        if number is None or not low <= number <= high:
            raise argparse.ArgumentTypeError(
                f"found {shortened(text, 40)!r}; expected a whole number from {low} to {_count(high)}"
            )
        return number

    return read


def _count(number: int) -> str:
    return f"2^{number.bit_length()} - 1" if number >= 2**40 else f"{number}"


def add_policy(parser: argparse.ArgumentParser, *, desk: bool = False) -> None:
    """Add ``--policy`` and ``--set``; ``desk`` says whether ``desk.…`` may be set as well."""
    parser.add_argument(
        "--policy", metavar="P",
        help=f"the procedure: a name or a YAML file, with overlays after a + (default: {DEFAULT_POLICY})",
    )
    example = "policy.tiers.T1.no_progress=60m" + (" or desk.staffing.T2.agents=4" if desk else "")
    parser.add_argument(
        "--set", metavar="PATH=VALUE", action="append", default=[], dest="sets",
        help=f"change one value for this run, such as {example}; may be given many times",
    )  # fmt: skip


def add_format(parser: argparse.ArgumentParser, *more: str) -> None:
    """Add ``--format``."""
    parser.add_argument("--format", choices=(*FORMATS, *more), default="table", help="how the result is printed")


def split_sets(given: Sequence[str], *, desk: bool = False) -> tuple[dict[str, str], dict[str, str]]:
    """Return the changes to the policy and those to the desk, by path without its first word; the last one wins.

    Raises:
        InputError: no ``=``, or a path that begins with something else.
    """
    from policy.errors import InputError

    parts: dict[str, dict[str, str]] = {"policy": {}, "desk": {}}
    for text in given:
        path, equals, value = text.partition("=")
        head, dot, rest = path.strip().partition(".")
        shown = shortened(path)
        if not equals:
            raise InputError(f"--set {shown}: has no value; write PATH=VALUE, such as policy.tiers.T1.no_progress=60m")
        if head in parts and not rest.strip("."):
            example = "policy.tiers.T1.no_progress" if head == "policy" else "desk.staffing.T2.agents"
            raise InputError(f"--set {shown}: names no value; a path goes on after {head}., such as {example}")
        if head not in parts or not dot:
            hint = _near(head, list(parts)) or "; a path begins with policy." + (" or desk." if desk else "")
            raise InputError(f'--set {shown}: "{shortened(head, 40)}" names nothing that can be changed{hint}')
        if head == "desk" and not desk:
            raise InputError(f"--set {shown}: this command has no desk; only policy.… can be changed here")
        parts[head].pop(rest, None)
        parts[head][rest] = value
    return parts["policy"], parts["desk"]


def policy_of(arguments: argparse.Namespace) -> Policy:
    """Return the policy that the arguments name, with their changes.

    Raises:
        InputError: there is no such policy, or something in it or in the changes is wrong.
    """
    from policy import load_policy

    return load_policy(DEFAULT_POLICY if arguments.policy is None else arguments.policy, split_sets(arguments.sets)[0])
