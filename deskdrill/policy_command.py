"""``deskdrill policy``: check a procedure, look things up in it, print it."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskdrill import check_command, coverage_command, diff_command, notice_command, own_policy, verdict_command
from deskdrill.options import Commands, add_format, add_policy, command, family, policy_of
from deskdrill.origin import find, show_origin
from deskdrill.output import Column, Table, as_json, narrate, plain, rendered, shortened, write, write_file

if TYPE_CHECKING:
    from policy import Entry, Policy

_IN_BRACES = re.compile(r"\{([^{}]+)\}")
_SHOW = """\
WHAT is the id of a rule, a contact, a notice, a metric or a settlement, or the path of a value such as
tiers.T1.no_progress. Without it, every id is listed."""

_RENDER = """\
The handbook is the procedure as people read it: a page for each role and each priority, the escalation matrix,
checklists, notices, contacts, and every rule with its id and its source. The ending of FILE says in which form:
.md is Markdown, .html one page that loads nothing and prints on A4, .txt plain text of at most 80 columns."""


def add(commands: Commands) -> None:
    """Add the commands."""
    own = family(commands, "policy", "Check the procedure, look things up in it, print it")
    check_command.add(own)
    show = command(own, "show", "Show a rule, or any other entry, or a value", run_show, _SHOW)
    show.add_argument("what", metavar="WHAT", nargs="?", help="an id or the path of a value")
    show.add_argument("--origin", action="store_true",
                      help="which file and line each value comes from, and what it replaced")  # fmt: skip
    render = command(own, "render", "Print the handbook: Markdown, HTML or plain text", run_render, _RENDER)
    render.add_argument("--to", metavar="FILE", type=Path, help="write it to FILE (.md, .html or .txt)")
    notice_command.add(own)
    own_policy.add(own)
    for parser in (show, render):
        add_policy(parser)
    add_format(show)
    verdict_command.add(own)
    diff_command.add(own)
    coverage_command.add(own)


def run_show(arguments: argparse.Namespace) -> int:
    """Print an entry or a value; without a name, the list of entries."""
    policy = policy_of(arguments)
    if arguments.origin:
        show_origin(policy, arguments.what, arguments.format)
        return 0
    if arguments.what is None:
        _list(policy, arguments.format)
        return 0
    known = {entry.id: entry for entry in policy.entries()}
    found = _of_entry(known[arguments.what], policy) if arguments.what in known else _of_value(arguments.what, policy)
    if arguments.format == "json":
        write(as_json(found))
    elif arguments.format == "table":
        write(_sheet(found))
    else:
        rows = [(name, _line(value)) for name, value in found.items()]
        write(rendered(Table([Column("key"), Column("value")], rows), arguments.format))
    return 0


def run_render(arguments: argparse.Namespace) -> int:
    """Print the handbook, or write it in the form that the file's name asks for.

    Raises:
        InputError: the file's ending is none of the three, or the file cannot be written.
    """
    from policy.errors import InputError
    from policy.handbook import handbook_html, handbook_markdown, handbook_text

    forms = {".md": handbook_markdown, ".html": handbook_html, ".txt": handbook_text}
    ending = ".md" if arguments.to is None else arguments.to.suffix.lower()
    if ending not in forms:
        found = shortened(arguments.to.name)
        raise InputError(f"--to {found}: the handbook is written as .md, .html or .txt; give one of these endings")
    text = forms[ending](policy_of(arguments))
    if arguments.to is None:
        write(text)
    else:
        write_file(arguments.to, text)
        narrate(f"Wrote the handbook to {arguments.to}.")
    return 0


def _list(policy: Policy, form: str) -> None:
    entries = policy.entries()
    if form == "json":
        write(as_json([asdict(entry) for entry in entries]))
        return
    names = ["id", "kind", "line", "source", "text"]
    columns = [Column(name, right=name == "line") for name in names]
    write(rendered(Table(columns, [[getattr(entry, name) for name in names] for entry in entries]), form))


def _of_entry(entry: Entry, policy: Policy) -> dict[str, Any]:
    """Return what there is to say about an entry; the file's own words for its condition and its effect."""
    found: dict[str, Any] = {
        "id": entry.id,
        "says": entry.text,
        "source": entry.source,
        "kind": entry.kind,
        "title": entry.title,
        "place": policy.source.place(find(policy, entry.parent or entry.id)),
    }
    if entry.parent is not None:
        found["covered_by"] = entry.parent
    if entry.assumed:
        found["assumed"] = True
    if entry.why:
        found["why"] = entry.why
    written = _written(policy.source.data, entry.parent or entry.id)
    told = {"id", "source", "says", "assumed", "why", "covers", "title"}
    return found | {key: value for key, value in written.items() if key not in told and key not in found}


def _written(data: Any, id_: str) -> dict[str, Any]:
    """Return the mapping of a document that carries an id."""
    if isinstance(data, dict) and data.get("id") == id_:
        return data
    children = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return next((found for child in children if (found := _written(child, id_))), {})


def _of_value(path: str, policy: Policy) -> dict[str, Any]:
    """Return a value of the policy by its path, and the rules that refer to it.

    Raises:
        InputError: there is neither an entry nor a value of that name; the nearest is told.
    """
    from policy.errors import InputError
    from policy.explain import nearest

    path = path.removeprefix("policy.")
    parts = tuple(path.split("."))
    value: Any = policy.source.data
    for part in parts:
        if not isinstance(value, dict) or part not in value:
            known = [entry.id for entry in policy.entries()]
            paths = [".".join(map(str, key)) for key in policy.source.lines if key and _is_figure(key)]
            hint = nearest(path, known + paths)
            raise InputError(f'{policy.name} has no rule and no value "{shortened(path, 80)}"{hint}')
        value = value[part]
    found: dict[str, Any] = {"path": path, "value": value}
    if not isinstance(value, (dict, list)):
        found["in_words"] = policy.figures.words(path)
    found["place"] = policy.source.place(parts)
    users = [rule["id"] for rule in _rules(policy.source.data) if _refers(rule, path)]
    return found | ({"used_by": users} if users else {})


def _is_figure(key: tuple[str | int, ...]) -> bool:
    return key[0] != "groups" and all(isinstance(part, str) for part in key)


def _rules(data: Any) -> Iterator[dict[str, Any]]:
    for group in data.get("groups", []):
        yield from group["rules"]


def _refers(value: Any, path: str) -> bool:
    """Return whether a value of a policy file names a figure (or one of that section), alone or in braces in a text."""
    if isinstance(value, str):
        return any(named == path or named.startswith(f"{path}.") for named in (value, *_IN_BRACES.findall(value)))
    if isinstance(value, dict):
        if "by" in value and _is_asked(value, path):
            return True
        return any(_refers(child, path) for child in value.values())
    return isinstance(value, list) and any(_refers(child, path) for child in value)


def _is_asked(figure: dict[str, Any], path: str) -> bool:
    """Return whether a figure by plan, priority or tier reads a value, or one of that section.

    ``{of: priorities, by: priority, then: resolution}`` reads ``priorities.P1.resolution``, so ``priorities`` and
    ``priorities.P1`` as well, but no other figure of P1.
    """
    asked = str(figure.get("of")).split(".")
    parts = path.split(".")
    if parts[: len(asked)] != asked[: len(parts)]:
        return False
    then = str(figure["then"]).split(".") if figure.get("then") else []
    below = parts[len(asked) + 1 :]
    return below == then[: len(below)]


def _sheet(found: dict[str, Any]) -> str:
    """Return what was found as a sheet: a line or a paragraph for each key."""
    import textwrap

    lines = []
    for name, value in found.items():
        label = f"{name.replace('_', ' ')}:"
        if (isinstance(value, (dict, list)) and _line(value).startswith(("{", "["))) or "\n" in str(value):
            lines += [label, textwrap.indent(_yaml(value).rstrip(), "  ")]
        else:
            lines += textwrap.wrap(
                f"{label:<12} {_line(value)}", 100, subsequent_indent=" " * 13,
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
    return plain("\n".join(lines)) + "\n"


def _line(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _yaml(value: Any) -> str:
    import yaml

    if isinstance(value, str):
        return value
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=90, default_flow_style=None)
