"""Reading YAML that comes from outside: safely, within bounds, and remembering where everything stood.

Policies, desks and scenarios are all read here. Refused with file and line: files over 1 MB, nesting deeper than 40,
anchors and aliases (with which a small file can explode), tags, duplicate keys, text that is not UTF-8, control
characters, written out or escaped (a terminal would obey them), and numbers that are not plain decimal ones.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from policy.errors import InputError
from policy.explain import closest, nearest, shown
from policy.source import Data, Key, KeyPath, Source, Step, dotted

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 40
MAX_KEY: Final = 200
"""Characters of a key."""

_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9_]{0,20})", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(?:[0-9][0-9_]*)?\.?[0-9_]*(?:[eE][-+]?[0-9]+)?", re.ASCII)
_MAX_NUMBER: Final = 10**15
# libyaml reads a policy four times as fast as pure Python (measured on 0.8 MB: 0.8 s to 3.5 s).
_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(where: Path | str, *, name: str | None = None) -> Source:
    """Read a YAML document from a file (a ``Path``) or from text (a ``str``).

    Raises:
        InputError: the file is missing, unreadable, too large, or breaks one of this module's bounds.
    """
    named = name or (str(where) if isinstance(where, Path) else "<text>")
    text = read_text(where, named) if isinstance(where, Path) else where.replace("\r\n", "\n")
    if len(text) > MAX_BYTES:
        raise InputError.at(named, None, None, f"too large: at most {MAX_BYTES:,} characters are read")
    hidden = _HIDDEN.search(text)
    if hidden is not None:
        line = text.count("\n", 0, hidden.start()) + 1
        raise InputError.at(named, line, None, _hidden_message(hidden))
    node = _composed(text, named)
    if node is None:
        raise InputError.at(named, None, None, "is empty")
    lines: dict[KeyPath, int] = {}
    data = _plain(node, (), lines, named)
    last = text.count("\n") + 1  # libyaml puts an empty value at the end of a text on the line after it
    return Source(named, data, {path: min(line, last) for path, line in lines.items()})


def read_text(path: Path, named: str | None = None, *, max_bytes: int = MAX_BYTES) -> str:
    """Return the text of a file.

    Raises:
        InputError: missing, a folder, unreadable, over ``max_bytes``, or not UTF-8.
    """
    name = named or str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise InputError(f"{name}: there is no such file") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{name}: cannot be read: {reason}") from None
    if len(raw) > max_bytes:
        raise InputError(f"{name}: too large: at most {max_bytes:,} bytes are read")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError.at(name, line, None, "is not UTF-8 text; save it as UTF-8") from None


def _composed(text: str, named: str) -> yaml.Node | None:
    """Return the nodes of a document, ``None`` for an empty one."""
    try:
        return _compose(text, named, _Loader)
    except yaml.YAMLError as fast:
        try:  # the pure reader says more plainly what it found
            _compose(text, named, yaml.SafeLoader)
        except (yaml.YAMLError, ValueError, ArithmeticError) as error:
            raise _syntax_error(error if isinstance(error, yaml.MarkedYAMLError) else fast, named) from None
        raise _syntax_error(fast, named) from None
    except (ValueError, ArithmeticError) as error:  # the pure reader on an escape such as "\Uffffffff"
        raise _syntax_error(error, named) from None


def _compose(text: str, named: str, loader: Any) -> yaml.Node | None:
    depth = 0
    for event in yaml.parse(text, Loader=loader):  # cheap: nothing is built before it is known to be small
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise InputError.at(named, line, None, "anchors (&) and aliases (*) are not allowed; write the value out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            tag = tag.replace("tag:yaml.org,2002:", "!!")
            raise InputError.at(named, line, None, f"the tag {shown(tag)} is not allowed; tags (!) have no use here")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise InputError.at(named, line, None, f"is nested more than {MAX_DEPTH} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return yaml.compose(text, Loader=loader)


def _syntax_error(error: Exception, named: str) -> InputError:
    if not isinstance(error, yaml.MarkedYAMLError):
        return InputError.at(named, None, None, f"is not valid YAML: {str(error).splitlines()[0]}")
    mark = error.problem_mark or error.context_mark
    said = [error.problem or "cannot be read"]
    if error.context:
        begun = error.context_mark
        from_line = f" from line {begun.line + 1}" if begun and mark and begun.line != mark.line else ""
        said.insert(0, f"{error.context}{from_line}")
    return InputError.at(named, mark.line + 1 if mark else None, None, f"is not valid YAML: {', '.join(said)}")


def _hidden_message(hidden: re.Match[str]) -> str:
    what = "a terminal escape sequence," if hidden[0] in "\x1b\x9b" else "the invisible or control character"
    return f"holds {what} U+{ord(hidden[0]):04X}; remove it"


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1 if node.start_mark else 1


def _plain(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], named: str) -> Data:
    lines.setdefault(path, _line(node))
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Data] = {}
        for key_node, value_node in node.value:
            key = _key(key_node, path, named)
            here = (*path, key)
            if key in result:
                first = lines[here]
                raise InputError.at(
                    named, _line(key_node), dotted(here), f"the key stands here twice (first in line {first})"
                )
            lines[here] = _line(key_node)
            result[key] = _plain(value_node, here, lines, named)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, i), lines, named) for i, child in enumerate(node.value)]
    try:
        return _scalar(node)
    except InputError as error:
        raise InputError.at(named, _line(node), dotted(path), str(error)) from None


def _key(node: yaml.Node, path: KeyPath, named: str) -> str:
    key = node.value
    if not isinstance(node, yaml.ScalarNode) or not key or len(key) > MAX_KEY or "\n" in key or _HIDDEN.search(key):
        message = f"a key must be a plain word of at most {MAX_KEY} characters, on one line"
        raise InputError.at(named, _line(node), dotted(path), message)
    return str(key)


def _scalar(node: yaml.Node) -> Data:
    text = str(node.value)
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in ("true", "yes", "on")
    if kind in ("int", "float") and ":" not in text:  # "09:00" is a time of day, no base-60 number
        return _number(text)
    hidden = _HIDDEN.search(text)  # written as an escape in quotes
    if hidden is not None:
        raise InputError(_hidden_message(hidden))
    return text


def _number(text: str) -> int | float:
    whole = _INTEGER.fullmatch(text)
    digits = text.replace("_", "")
    number = int(digits) if whole else float(digits) if _FLOAT.fullmatch(text) and "." in text else math.nan
    if math.isnan(number):
        raise InputError(f"found {shown(text)}; expected a finite number in plain decimal digits, such as 12 or 0.75")
    if abs(number) > _MAX_NUMBER:
        raise InputError(f"found {shown(text)}; a number is at most {_MAX_NUMBER:,}")
    return number


# -- changes on top of a document (``--set``) --------------------------------------------------------------------


def apply_sets(source: Source, sets: Mapping[str, str], *, prefix: str = "") -> Source:
    """Return the document with values replaced, each key a dotted path, each value a YAML scalar or list.

    ``prefix`` is put before a path in messages (``policy.``). A path must lead to a value the document has.

    Raises:
        InputError: a path leads nowhere (the nearest legal one is named), or to a whole section.
    """
    if not sets:
        return source
    data, lines = copy.deepcopy(source.data), dict(source.lines)
    origins, replaced = dict(source.origins), dict(source.replaced)
    for text, value in sets.items():
        told = f"--set {prefix}{shown(text)[1:-1]}"
        path = _resolve(source, data, text, told)
        holder = data
        for part in path[:-1]:
            holder = holder[part]
        if isinstance(holder[path[-1]], (dict, list)) and not value.strip().startswith(("[", "{")):
            raise InputError(f"{told}: is a whole section, not a value; name one value inside it")
        if not value.strip():
            raise InputError(f"{told}: needs a value; write null for none")
        here = Source(source.name, data, lines, origins)
        replaced[path] = (*replaced.get(path, ()), Step(holder[path[-1]], here.place(path)))
        holder[path[-1]] = load_yaml(value, name=told).data
        lines.pop(path, None)
        for known in (lines, origins):  # what stood below a list that was replaced is gone
            for below in [p for p in known if len(p) > len(path) and p[: len(path)] == path]:
                del known[below]
        origins[path] = f"{told}={shown(value)[1:-1]}"
    return Source(source.name, data, lines, origins, replaced, source.removed)


_INDEX: Final = re.compile(r"\[([0-9]{1,6})\]|([0-9]{1,6})(?=[.\[]|$)")


def _resolve(source: Source, data: Data, text: str, told: str) -> KeyPath:
    path: list[Key] = []
    rest, holder = text, data
    while rest or not path:
        if isinstance(holder, dict):
            # Keys may hold dots themselves; the longest that fits is taken.
            fits = [key for key in holder if rest == key or rest.startswith((f"{key}.", f"{key}["))]
            if not fits:
                raise InputError(f"{told}: there is no such value in {source.name}{_hint(source, path, holder, text)}")
            key: Key = max(fits, key=len)
            rest = rest[len(str(key)) :]
            holder = holder[key]
        elif isinstance(holder, list):
            match = _INDEX.match(rest)
            if match is None:
                raise InputError(f"{told}: {dotted(path)} is a list; name an entry by its number: {dotted(path)}[0]")
            key = int(match[1] or match[2])
            if key >= len(holder):
                raise InputError(f"{told}: there is no such entry; {dotted(path)} has {len(holder)}, from 0 on")
            rest = rest[match.end() :]
            holder = holder[key]
        else:
            raise InputError(f"{told}: {dotted(path)} is a single value; nothing stands below it")
        path.append(key)
        if len(rest) > 1:  # a dot at the very end leads nowhere
            rest = rest.removeprefix(".")
    return tuple(path)


def _hint(source: Source, path: list[Key], holder: Mapping[str, Data], text: str) -> str:
    """Return the nearest legal path: beside the first wrong word, else one that ends so, else any that is like it.

    What stands in an entry of a list is no guess: there are many entries, and nothing was said of any.
    """
    wrong = re.split(r"[.\[]", text.removeprefix(dotted(path)).removeprefix("."))[0]
    near = closest(wrong, holder)
    if near is not None:
        return f'; did you mean "{dotted((*path, near))}"?'
    known = [dotted(p) for p in source.lines if p and not any(isinstance(part, int) for part in p)]
    near = next((k for k in known if k.endswith(f".{text}")), None) or (None if path else closest(text, known))
    return f'; did you mean "{near}"?' if near else nearest("", [dotted((*path, key)) for key in holder])
