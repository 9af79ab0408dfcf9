"""Notices: Jinja2 templates that come with a policy, checked when it is loaded and rendered in a sandbox.

A template is text from outside. It may print fields, take a part of a contact, choose with ``if`` and run through a
list with ``for``, once; it may not call, import, define or nest loops, so it ends, and its output is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from policy.document import NoticeDoc
from policy.errors import InputError

ALWAYS_KNOWN: Final = frozenset({"contacts", "update_every"})
"""Names that every notice may use: the policy's contacts, and how often a P1 is reported on."""
MAX_OUTPUT: Final = 50_000
"""Characters of a rendered notice."""
MAX_TEMPLATE: Final = 20_000
_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.For, nodes.If, nodes.CondExpr,
    nodes.Const, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice filled in: its subject and its body as plain text."""

    subject: str
    body: str


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals.clear()
    return environment


def placeholders(text: str) -> frozenset[str]:
    """Return the names that a template needs.

    Raises:
        InputError: it is no template, or uses what templates of a policy may not use; the template's line is named.
    """
    if len(text) > MAX_TEMPLATE:
        raise InputError(f"the template is too long; at most {MAX_TEMPLATE:,} characters")
    try:
        tree = _environment().parse(text)
    except TemplateSyntaxError as error:
        raise InputError(f"line {error.lineno} of the template: {error.message}") from None
    except RecursionError:
        raise InputError("the template is nested too deeply") from None
    _only_allowed(tree, inside_loop=False)
    return frozenset(meta.find_undeclared_variables(tree) - {"loop"})


def _only_allowed(node: nodes.Node, *, inside_loop: bool) -> None:
    if not isinstance(node, _ALLOWED):
        kind = type(node).__name__.lower()
        raise InputError(
            f"line {node.lineno} of the template: {kind} is not allowed; a notice may print fields, choose with if, "
            "and run through a list with for"
        )
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        raise InputError(f'line {node.lineno} of the template: the attribute "{node.attr}" is private')
    is_loop = isinstance(node, nodes.For)
    if is_loop and inside_loop:
        raise InputError(f"line {node.lineno} of the template: a loop inside a loop is not allowed")
    for child in node.iter_child_nodes():
        _only_allowed(child, inside_loop=inside_loop or is_loop)


def fill_notice(notice: NoticeDoc, values: Mapping[str, Any], shared: Mapping[str, Any]) -> Notice:
    """Return a notice with its fields filled from ``values``, and from what every notice knows (``shared``).

    Raises:
        InputError: a field is missing, or the result would be longer than ``MAX_OUTPUT`` characters.
    """
    missing = [name for name in notice.fields if not values.get(name)]
    if missing:
        raise InputError(f"{notice.id}: nothing fills {', '.join(missing)}")
    known = {**values, **shared}
    return Notice(_rendered(notice, notice.subject or "", known), _rendered(notice, notice.body or "", known))


def _rendered(notice: NoticeDoc, text: str, known: Mapping[str, Any]) -> str:
    placeholders(text)
    parts: list[str] = []
    size = 0
    try:
        for part in _environment().from_string(text).generate(**known):
            size += len(part)
            if size > MAX_OUTPUT:
                raise InputError(f"{notice.id}: longer than {MAX_OUTPUT:,} characters when filled in")
            parts.append(part)
    except TemplateError as error:
        raise InputError(f"{notice.id}: {error}") from None
    except TypeError as error:
        raise InputError(f"{notice.id}: a field is of the wrong kind: {error}") from None
    return "".join(parts)
