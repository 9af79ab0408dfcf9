"""``deskdrill policy new`` and ``policy schema``: beginning a policy of one's own, and help for the editor."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from deskdrill.options import Commands, command
from deskdrill.output import as_json, narrate, shortened, write, write_new_file

KINDS = ("policy", "desk", "scenario", "overlay")
_FOLDER = Path(__file__).parent / "examples" / "own"
_NEW = """\
FILE gets a small procedure with two tiers, three priorities and a handful of rules, every part of it explained. It
passes the check as it is. --desk and --scenario write a desk file and a drill that go with it. A file that is there
already is never touched. docs/your-own-policy.md goes on from here."""
_SCHEMA = """\
Save it beside your file and name it in the file's first line, and an editor that knows JSON Schema completes and
checks what you write: # yaml-language-server: $schema=policy.schema.json
Each kind of file has its own; the files that "policy new" writes name theirs."""


def add(commands: Commands) -> None:
    """Add the commands to the family ``policy``."""
    new = command(commands, "new", "Begin a procedure of your own", run_new, _NEW)
    new.add_argument("file", metavar="FILE", type=Path, help="where to write it, such as ./acme.yaml")
    new.add_argument("--desk", metavar="FILE", type=Path, help="write a small desk that goes with it")
    new.add_argument("--scenario", metavar="FILE", type=Path, help="write a drill that goes with it")
    schema = command(commands, "schema", "Print a JSON Schema for your editor", run_schema, _SCHEMA)
    schema.add_argument("--of", choices=KINDS, default="policy", help="of which kind of file (default: policy)")


def run_new(arguments: argparse.Namespace) -> int:
    """Write the files, none of them over another; all of them or none."""
    from policy.errors import InputError

    wanted = {"policy": arguments.file, "desk": arguments.desk, "scenario": arguments.scenario}
    files = {kind: path for kind, path in wanted.items() if path is not None}
    for path in files.values():
        if path.exists() or path.is_symlink():
            raise InputError(f"{path}: is there already; it is not written over")
        if path.suffix not in (".yaml", ".yml"):
            raise InputError(f"{path}: the name of the file must end in .yaml")
    if len({path.absolute() for path in files.values()}) < len(files):
        raise InputError("two of the files have the same name")
    written: list[Path] = []
    try:
        for kind, path in files.items():
            write_new_file(path, filled(kind, kind, path))
            written.append(path)
    except InputError:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    for kind, path in files.items():
        narrate(f"Wrote the {kind} {shortened(str(path), 200)}.")
    narrate(f"Next: deskdrill policy check --policy {shortened(_as_file(arguments.file), 200)}")
    return 0


def run_schema(arguments: argparse.Namespace) -> int:
    """Print a schema."""
    write(as_json(schema(arguments.of)))
    return 0


def schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of one kind of file."""
    from policy import schema as made

    if kind == "policy":
        return made.policy_schema()
    if kind == "overlay":
        return made.overlay_schema()
    if kind == "desk":
        import simulator.desk

        words = made.read_descriptions(Path(simulator.desk.__file__).parents[1] / "descriptions" / "desk.yaml")
        found = made.schema_of(simulator.desk.Desk, words, "DeskDrill desk")
        _lengths_as_written(found)
        return found
    import scenarios.schema

    words = made.read_descriptions(Path(scenarios.schema.__file__).parent / "descriptions" / "scenario.yaml")
    return made.schema_of(scenarios.schema.ScenarioFile, words, "DeskDrill scenario")


def _lengths_as_written(part: Any) -> None:
    """Put the unit back on the lengths of time that are defaults, as a desk file would write them."""
    children = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for child in children:
        _lengths_as_written(child)
    default = part.get("default") if isinstance(part, dict) else None
    if isinstance(default, dict) and isinstance(default.get("mean"), float):
        default["mean"] = f"{default['mean']:g}m"


def filled(template: str, kind: str, path: Path) -> str:
    """Return a template of one kind of file, named after the file where that makes a name."""
    text = (_FOLDER / f"{template}.yaml").read_text(encoding="utf-8")
    text = re.sub(r"(# yaml-language-server: \$schema=)\S*/", r"\1", text, count=1)
    name = re.sub(r"\W+", "_", path.stem, flags=re.ASCII).strip("_")
    key = "id" if kind == "scenario" else "name"
    if re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name.lower()):
        text = re.sub(rf"^{key}: .*$", f"{key}: {name.lower()}", text, count=1, flags=re.MULTILINE)
    return text


def _as_file(path: Path) -> str:
    return str(path) if path.is_absolute() or len(path.parts) > 1 else f"./{path}"
