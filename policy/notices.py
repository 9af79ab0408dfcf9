"""Notices: Jinja2 templates that come with a policy, checked when it is loaded and rendered in a sandbox.

A template is text from outside. It may print fields, take a part of a contact, choose with ``if`` and run through a
list with ``for``, once; it may not call, import, define or nest loops, so it ends, and its output is bounded.

What fills a template is text from outside as well. In a text mail it cannot add a header or steer a terminal; in an
HTML mail every character of it is shown as it was written, never obeyed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
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
_STEERING: Final = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the reading order of what follows."""
_LINE_ENDS: Final = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_DEEPEST: Final = 8
_DEEPEST_TEMPLATE: Final = 60
"""How deep the parts of a template may be nested; the shipped ones stay below 10."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice filled in: its subject and its body as plain text."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class HtmlNotice:
    """A notice filled in for an HTML mail.

    ``subject`` is plain text on one line, ``inside`` the paragraphs of the body, ``document`` a whole HTML document
    with nothing to load.
    """

    subject: str
    inside: str
    document: str


def _environment(*, autoescape: bool = False) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=autoescape)
    environment.globals.clear()
    return environment


def placeholders(text: str) -> frozenset[str]:
    """Return the names that a template needs.

    Raises:
        InputError: it is no template, or uses what templates of a policy may not use; the template's line is named.
    """
    return frozenset(meta.find_undeclared_variables(_tree(text)) - {"loop"})


@lru_cache(maxsize=64)  # a policy asks once for each field of each notice
def lists_in(text: str) -> Mapping[str, frozenset[str]]:
    """Return the names that a template runs through, each with the parts that it takes of every item.

    Raises:
        InputError: as ``placeholders``.
    """
    found: dict[str, frozenset[str]] = {}
    for loop in _tree(text).find_all(nodes.For):
        if isinstance(loop.iter, nodes.Name) and isinstance(loop.target, nodes.Name):
            item = loop.target.name
            parts = {
                part.attr
                for part in loop.find_all(nodes.Getattr)
                if isinstance(part.node, nodes.Name) and part.node.name == item
            }
            found[loop.iter.name] = found.get(loop.iter.name, frozenset()) | parts
    return found


def parts_in(text: str) -> frozenset[tuple[str, ...]]:
    """Return what a template prints of a part of something, as dotted names: ``("contacts", "office", "email")``.

    Items of a list that it runs through are left out, and what it first asks for with ``if``.

    Raises:
        InputError: as ``placeholders``.
    """
    tree = _tree(text)
    items = {"loop"} | {one.target.name for one in tree.find_all(nodes.For) if isinstance(one.target, nodes.Name)}
    tests = [*(one.test for one in tree.find_all(nodes.If)), *(one.test for one in tree.find_all(nodes.CondExpr))]
    asked = {_dotted(part) for test in tests for part in (test, *test.find_all(nodes.Getattr))}
    printed = {_dotted(part) for out in tree.find_all(nodes.Output) for part in out.find_all(nodes.Getattr)}
    whole = {names for names in printed if not any(other[: len(names)] == names != other for other in printed)}
    return frozenset(names for names in whole - asked if len(names) > 1 and names[0] not in items)


def _dotted(node: nodes.Node) -> tuple[str, ...]:
    if isinstance(node, nodes.Getattr):
        return (*_dotted(node.node), node.attr)
    return (node.name,) if isinstance(node, nodes.Name) else ()


@lru_cache(maxsize=64)
def _tree(text: str) -> nodes.Template:
    if len(text) > MAX_TEMPLATE:
        raise InputError(f"the template is too long; at most {MAX_TEMPLATE:,} characters")
    try:
        tree = _environment().parse(text)
    except TemplateSyntaxError as error:
        raise InputError(f"line {error.lineno} of the template: {error.message}") from None
    except RecursionError:
        raise InputError("the template is nested too deeply") from None
    _only_allowed(tree, inside_loop=False)
    return tree


def _only_allowed(node: nodes.Node, depth: int = 0, *, inside_loop: bool) -> None:
    if depth > _DEEPEST_TEMPLATE:
        raise InputError(f"line {node.lineno} of the template: is nested too deeply")
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
        _only_allowed(child, depth + 1, inside_loop=inside_loop or is_loop)


def check_example(notice: NoticeDoc, name: str) -> None:
    """Check that the specimen's example of a field is of the kind that the notice prints: a text, or a list of parts.

    Raises:
        InputError: it is of another kind, or lacks a part; the template itself is not one.
    """
    found, wanted = notice.specimen[name], lists_in(notice.body or "").get(name)
    if wanted is None and not isinstance(found, str):
        raise InputError("found a list; expected a text, as the notice does not run through this field")
    if wanted is None:
        return
    parts = listed_parts(wanted)
    if isinstance(found, str):
        raise InputError(f"found a text; expected a list{parts}, as the notice runs through this field")
    for number, item in enumerate(found, 1):
        known: Collection[str] = item if isinstance(item, Mapping) else ()
        if wanted - set(known):
            raise InputError(f"item {number}: expected a mapping{parts}")
        if not wanted and not isinstance(item, str):
            raise InputError(f"item {number}: found a mapping; expected a text")


def listed_parts(names: Collection[str]) -> str:
    """Return " with ok and text", the parts that a notice takes of an item; nothing if it takes none."""
    return f" with {' and '.join(sorted(names))}" if names else ""


def fill_notice(notice: NoticeDoc, values: Mapping[str, Any], shared: Mapping[str, Any]) -> Notice:
    """Return a notice with its fields filled from ``values``, and from what every notice knows (``shared``).

    Raises:
        InputError: a field is missing, or the result would be longer than ``MAX_OUTPUT`` characters.
    """
    known = _known(notice, values, shared)
    subject = " ".join(_rendered(notice, notice.subject or "", known).split())
    return Notice(subject, _rendered(notice, notice.body or "", known))


def fill_notice_html(notice: NoticeDoc, values: Mapping[str, Any], shared: Mapping[str, Any]) -> HtmlNotice:
    """Return a notice for an HTML mail, filled as by ``fill_notice``; nothing in a field or in the template is markup.

    An empty line in the body begins a paragraph, any other line end stays a line end.

    Raises:
        InputError: as ``fill_notice``.
    """
    known = _known(notice, values, shared)
    subject = " ".join(_rendered(notice, notice.subject or "", known).split())
    body = _rendered(notice, notice.body or "", known, html=True)
    paragraphs = [part.strip("\n") for part in re.split(r"\n[ \t]*\n", body)]
    inside = "\n".join(f"<p>{'<br>'.join(part.splitlines())}</p>" for part in paragraphs if part.strip())
    document = (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>{escape(subject)}</title></head>\n<body>\n{inside}\n</body>\n</html>\n"
    )
    return HtmlNotice(subject, inside, document)


def _known(notice: NoticeDoc, values: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    missing = [name for name in notice.fields if not values.get(name)]
    if missing:
        raise InputError(f"{notice.id}: nothing fills {', '.join(missing)}")
    return {**{name: _inert(value) for name, value in values.items()}, **shared}


def _inert(value: Any, depth: int = 0) -> Any:
    """Return what fills a field as plain text, lists and mappings, so that nothing of it is obeyed.

    A text that calls itself safe markup loses that right; control characters become visible; anything that is neither
    text, number, list nor mapping becomes the text it prints as.

    Raises:
        InputError: lists and mappings are nested too deeply.
    """
    if depth > _DEEPEST:
        raise InputError("a field is nested too deeply")
    if value is None or type(value) in (bool, int, float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _inert(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_inert(item, depth + 1) for item in value]
    return _visible("".join(value) if isinstance(value, str) else str(value))


def _visible(text: str) -> str:
    """Return text without anything that a terminal, a mail header or a reading order would obey."""
    kept = _LINE_ENDS.sub("\n", text)
    return "".join("\ufffd" if _steers(c) else c for c in kept)


def _steers(c: str) -> bool:
    return c in _STEERING or (unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t")


def _rendered(notice: NoticeDoc, text: str, known: Mapping[str, Any], *, html: bool = False) -> str:
    _tree(text)
    parts: list[str] = []
    size = 0
    # Jinja2 escapes what is printed from fields; the template's own text is escaped here, as it is text as well.
    source = _escaped_text(text) if html else text
    try:
        for part in _environment(autoescape=html).from_string(source).generate(**known):
            size += len(part)
            if size > MAX_OUTPUT:
                raise InputError(f"{notice.id}: longer than {MAX_OUTPUT:,} characters when filled in")
            parts.append(part)
    except TemplateError as error:
        raise InputError(f"{notice.id}: {error}") from None
    except TypeError as error:
        raise InputError(f"{notice.id}: a field is of the wrong kind: {error}") from None
    return "".join(parts)


def _escaped_text(template: str) -> str:
    """Return a template whose own text is escaped for HTML, its ``{{ }}`` and ``{% %}`` left as they are."""
    out: list[str] = []
    inside = 0
    for _, kind, value in _environment().lex(template):
        if kind in ("variable_begin", "block_begin", "comment_begin"):
            inside += 1
        out.append(value if inside else escape(value))
        if kind in ("variable_end", "block_end", "comment_end"):
            inside -= 1
    return "".join(out)
