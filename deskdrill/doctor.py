"""``deskdrill doctor``: whether this machine has what DeskDrill needs."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from deskdrill.options import Commands, add_format, command
from deskdrill.output import Column, Table, as_json, rendered, write

PACKAGES = ("deskdrill", "textual", "numpy", "scipy", "simpy", "pydantic", "PyYAML", "Jinja2", "tzdata")
SMALLEST = (80, 24)
Check = tuple[str, str, bool]


def add(commands: Commands) -> None:
    """Add the command."""
    more = "Exit code 1 if something that DeskDrill needs is missing. Put the output into a report of a problem."
    add_format(command(commands, "doctor", "Look whether everything DeskDrill needs is here", run, more))


def run(arguments: argparse.Namespace) -> int:
    """Print what was looked at and how it stands."""
    checks = list(_checks())
    if arguments.format == "json":
        write(as_json([{"check": name, "found": found, "ok": ok} for name, found, ok in checks]))
    else:
        columns = [Column("check"), Column("ok", lambda ok: "yes" if ok else "NO"), Column("found")]
        write(rendered(Table(columns, [(name, ok, found) for name, found, ok in checks]), arguments.format))
    return 0 if all(ok for _, _, ok in checks) else 1


def _checks() -> Iterator[Check]:
    yield "Python", f"{platform.python_version()} on {platform.system()}", sys.version_info >= (3, 11)
    for name in PACKAGES:
        try:
            yield name, version(name), True
        except PackageNotFoundError:
            yield name, "not installed", False
    yield _policy()
    from tui.attempts import data_home  # the app's own word on it; Textual is not loaded for that

    folder = data_home()
    yield "data folder", str(folder), _writable(folder)
    yield "cores", str(os.cpu_count() or 1), True
    yield _terminal()
    encoding = (sys.stdout.encoding or "unknown").lower()
    yield "text", encoding, "utf" in encoding
    yield "colour", "off (NO_COLOR)" if os.environ.get("NO_COLOR") else "on in the app", True


def _policy() -> Check:
    from policy import load_policy
    from policy.errors import DeskDrillError

    try:
        policy = load_policy()
    except DeskDrillError as error:
        return "policy", str(error), False
    return "policy", f"{policy.name} {policy.doc.version}, {len(policy.rules)} rules ({policy.digest[:12]})", True


def _writable(folder: Path) -> bool:
    """Return whether a folder can be written to, or could be made; nothing is made to find out."""
    there = next((place for place in (folder, *folder.absolute().parents) if place.exists()), None)
    return there is not None and there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _terminal() -> Check:
    if not sys.stdout.isatty():
        return "terminal", "none here; the app needs one, the commands do not", True
    columns, lines = shutil.get_terminal_size()
    fits = columns >= SMALLEST[0] and lines >= SMALLEST[1]
    return "terminal", f"{columns} columns by {lines} lines" + ("" if fits else "; the app needs 80 by 24"), fits
