"""``deskdrill policy notice``: a notice filled in, as plain text or as HTML mail."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskdrill.options import Commands, add_policy, command, policy_of
from deskdrill.output import Column, Table, as_json, as_table, narrate, plain, shortened, write

if TYPE_CHECKING:
    from policy import Policy
    from policy.document import NoticeDoc

_NOTICE = """\
NOTICE is the name of a notice or its id; without it, all notices are listed (--format json names their fields). A
notice is filled in with the made-up example that the policy gives, or with --fields: a YAML or JSON file that has a
value for each field. Nothing in a field is markup or a command: an HTML mail shows it as it was written."""


def add(commands: Commands) -> None:
    """Add the command to those of ``deskdrill policy``."""
    parser = command(commands, "notice", "Print a notice filled in, as text or HTML mail", run, _NOTICE)
    parser.add_argument("notice", metavar="NOTICE", nargs="?", help="such as p1_customer")
    parser.add_argument("--fields", metavar="FILE", type=Path, help="fill it from FILE, not from the policy's example")
    add_policy(parser)
    parser.add_argument("--format", choices=("text", "html", "json"), default="text",
                        help="plain text, an HTML document with nothing to load, or both as JSON")  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Print a notice, or the list of them."""
    from policy.errors import InputError

    policy = policy_of(arguments)
    if arguments.notice is None:
        if arguments.format == "html" or arguments.fields is not None:
            option = "--fields" if arguments.fields is not None else "--format html"
            raise InputError(f"{option} goes with the name of a notice; policy notice lists them")
        _list(policy, arguments.format)
        return 0
    name, notice = _found(policy, arguments.notice)
    if notice.body is None:
        raise InputError(f"{notice.id} has no text to print: {notice.title}")
    _print(policy, name, notice, arguments)
    return 0


def _print(policy: Policy, name: str, notice: NoticeDoc, arguments: argparse.Namespace) -> None:
    from policy.handbook import filled_notice

    values = None if arguments.fields is None else _values(arguments.fields, notice)
    text, html = filled_notice(policy, notice, values)
    if arguments.format == "html":
        write(html.document)
    elif arguments.format == "json":
        told = {"name": name, "id": notice.id, "title": notice.title, "audience": notice.audience}
        write(as_json(told | {"subject": text.subject, "text": text.body, "html": html.document}))
    else:
        write(plain(f"Subject: {text.subject}\n\n{text.body.rstrip()}\n"))
    if values is None and notice.fields:
        narrate("Filled in with the policy's example, in which nothing is real; --fields FILE fills in yours.")


def _found(policy: Policy, wanted: str) -> tuple[str, NoticeDoc]:
    """Return a notice by its name or its id.

    Raises:
        InputError: there is none; the nearest is told.
    """
    from policy.errors import InputError
    from policy.explain import nearest

    for name, notice in policy.notices.items():
        if wanted in (name, notice.id):
            return name, notice
    raise InputError(f'{policy.name} has no notice "{shortened(wanted, 80)}"{nearest(wanted, policy.notices)}')


def _values(path: Path, notice: NoticeDoc) -> dict[str, Any]:
    """Return what a file says of each field of a notice; a number is taken as it is written.

    Raises:
        InputError: no such file, no such field, one that is missing or of another kind than the notice prints.
    """
    from policy.errors import InputError
    from policy.explain import nearest
    from policy.notices import check_example
    from policy.yaml_source import load_yaml

    source = load_yaml(path)
    if not isinstance(source.data, dict):
        raise source.error((), "expected a mapping: the name of each field, and what fills it")
    found: dict[str, Any] = {}
    for name, value in source.data.items():
        if name not in notice.fields:
            raise source.error((name,), f'{notice.id} has no field "{name}"{nearest(name, notice.fields)}')
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        found[name] = str(value) if number else value
        if not isinstance(found[name], (str, list)):
            raise source.error((name,), "expected a text, or a list where the notice runs through the field")
        try:
            check_example(notice.model_copy(update={"specimen": found}), name)
        except InputError as error:
            raise source.error((name,), str(error)) from None
    missing = [name for name in notice.fields if not found.get(name)]
    if missing:
        raise source.error((), f"nothing fills {', '.join(missing)}")
    return found


def _list(policy: Policy, form: str) -> None:
    notices = [
        {"name": name, "id": one.id, "title": one.title, "audience": one.audience, "fields": dict(one.fields)}
        for name, one in policy.notices.items()
        if one.body is not None
    ]
    if form == "json":
        write(as_json(notices))
        return
    columns = [Column(name, right=name == "fields") for name in ("notice", "read by", "what it is", "fields")]
    rows = [(one["name"], one["audience"], one["title"], len(one["fields"])) for one in notices]
    write(as_table(Table(columns, rows)))
