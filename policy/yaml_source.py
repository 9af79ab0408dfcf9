"""Reading YAML that comes from outside: safely, within bounds, and remembering where everything stood.

Policies, desks and scenarios are all read here. Refused with file and line: files over 1 MB, nesting deeper than 40,
anchors and aliases (with which a small file can explode), custom tags, duplicate keys, text that is not UTF-8, and
control characters (a terminal would obey them).
"""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from policy.errors import InputError

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 40
Key = str | int
KeyPath = tuple[Key, ...]
Data = Any  # what YAML can hold: mappings, lists, strings, numbers, booleans, null

_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_TAGS: Final = {f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null")}
ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Source:
    """A document and where its parts stand: ``data`` is plain Python, ``lines`` maps key paths to 1-based lines."""

    name: str
    data: Data
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    origins: Mapping[KeyPath, str] = field(default_factory=dict)
    """Paths that were set from elsewhere (an overlay file and line, or ``--set``) and by what."""

    def line(self, path: KeyPath) -> int | None:
        """Return the line of ``path``, or of the nearest part around it that has one."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None

    def error(self, path: KeyPath, message: str) -> InputError:
        """Return an error about ``path``."""
        if path in self.origins:
            return InputError(f"{self.origins[path]}: {dotted(path)}: {message}")
        return InputError.at(self.name, self.line(path), dotted(path), message)


def dotted(path: Iterable[Key]) -> str:
    """Return a key path as text: ``("rules", 3, "when")`` → ``rules[3].when``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest(word: str, legal: Iterable[str]) -> str:
    """Return ``; did you mean "x"?`` for the nearest legal word, or a short list of them, or nothing."""
    known = sorted(set(legal))
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f'; did you mean "{close[0]}"?'
    return f"; expected one of: {', '.join(known)}" if 0 < len(known) <= 16 else ""


def load_yaml(where: Path | str, *, name: str | None = None) -> Source:
    """Read a YAML document from a file (a ``Path``) or from text (a ``str``).

    Raises:
        InputError: the file is missing, unreadable, too large, or breaks one of this module's bounds.
    """
    shown = name or (str(where) if isinstance(where, Path) else "<text>")
    text = read_text(where, shown) if isinstance(where, Path) else where
    if len(text) > MAX_BYTES:
        raise InputError.at(shown, None, None, f"too large: at most {MAX_BYTES:,} characters are read")
    hidden = _HIDDEN.search(text)
    if hidden is not None:
        line = text.count("\n", 0, hidden.start()) + 1
        raise InputError.at(
            shown, line, None, f"holds the invisible or control character U+{ord(hidden[0]):04X}; remove it"
        )
    lines: dict[KeyPath, int] = {}
    try:
        _refuse_aliases_and_depth(text, shown)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            raise InputError.at(shown, 1, None, "is empty")
        data = _plain(node, (), lines, shown)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line_number = mark.line + 1 if mark else None
        raise InputError.at(shown, line_number, None, f"is not valid YAML: {error.problem or error}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError.at(shown, None, None, f"is not valid YAML: {error}") from None
    return Source(shown, data, lines)


def read_text(path: Path, shown: str | None = None, *, max_bytes: int = MAX_BYTES) -> str:
    """Return the text of a file.

    Raises:
        InputError: missing, a folder, unreadable, over ``max_bytes``, or not UTF-8.
    """
    name = shown or str(path)
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


def _refuse_aliases_and_depth(text: str, shown: str) -> None:
    """Walk the events (cheap, nothing is built) and refuse what could explode."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise InputError.at(
                shown, line, None, "anchors (&) and aliases (*) are not allowed; write the value out"
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise InputError.at(shown, line, None, f"is nested more than {MAX_DEPTH} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _plain(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], shown: str) -> Data:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if node.tag not in _TAGS and not node.tag.endswith(":timestamp"):
        raise InputError.at(shown, line, dotted(path), f"the tag {node.tag} is not allowed")
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Data] = {}
        for key_node, value_node in node.value:
            key_line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise InputError.at(shown, key_line, dotted(path), "a key must be a plain word")
            key = key_node.value
            if key in result:
                raise InputError.at(shown, key_line, dotted((*path, key)), "the key stands here twice")
            lines[(*path, key)] = key_line
            result[key] = _plain(value_node, (*path, key), lines, shown)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, i), lines, shown) for i, child in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Data:
    assert isinstance(node, yaml.ScalarNode)
    if node.tag.endswith(":timestamp") or (node.style is None and ":" in node.value):
        return node.value  # dates and times of day stay text ("09:00" is no base-60 number)
    return yaml.SafeLoader("").construct_object(node)  # type: ignore[no-untyped-call]


# -- changes on top of a document (``--set``) --------------------------------------------------------------------


def apply_sets(source: Source, sets: Mapping[str, str], *, prefix: str = "") -> Source:
    """Return the document with values replaced, each key a dotted path, each value a YAML scalar or list.

    ``prefix`` is put before a path in messages (``policy.``). A path must lead to a value the document has.

    Raises:
        InputError: a path leads nowhere (the nearest legal one is named), or to a whole section.
    """
    if not sets:
        return source
    data, origins = copy.deepcopy(source.data), dict(source.origins)
    for text, value in sets.items():
        path = _resolve(source, data, text, prefix)
        holder = data
        for part in path[:-1]:
            holder = holder[part]
        if isinstance(holder[path[-1]], (dict, list)) and not value.strip().startswith(("[", "{")):
            raise InputError(f"--set {prefix}{text}: is a whole section, not a value; name one value inside it")
        holder[path[-1]] = load_yaml(value, name=f"--set {prefix}{text}").data
        origins[path] = f"--set {prefix}{text}={value}"
    return Source(source.name, data, source.lines, origins)


def _resolve(source: Source, data: Data, text: str, prefix: str) -> KeyPath:
    path: list[Key] = []
    rest = text
    holder = data
    while rest:
        if isinstance(holder, dict):
            # Keys may hold dots themselves; the longest that fits is taken.
            fits = [key for key in holder if rest == key or rest.startswith((f"{key}.", f"{key}["))]
            if not fits:
                legal = [dotted((*path, key)) for key in holder]
                wanted = dotted((*path, re.split(r"[.\[]", rest)[0]))
                hint = nearest(wanted, legal) or _deep_hint(source, text)
                raise InputError(f"--set {prefix}{text}: there is no such value in {source.name}{hint}")
            key: Key = max(fits, key=len)
            rest = rest[len(str(key)) :]
        elif isinstance(holder, list) and (match := re.match(r"\[?(\d{1,6})\]?", rest)):
            key = int(match[1])
            rest = rest[match.end() :]
            if key >= len(holder):
                raise InputError(f"--set {prefix}{text}: {dotted(path)} has only {len(holder)} entries")
        else:
            raise InputError(f"--set {prefix}{text}: {dotted(path)} is a single value; nothing stands below it")
        rest = rest.removeprefix(".")
        path.append(key)
        holder = holder[key]
    if not path:
        raise InputError(f"--set {prefix}{text}: names no value")
    return tuple(path)


def _deep_hint(source: Source, text: str) -> str:
    return nearest(text, [dotted(path) for path in source.lines if path])


# -- from plain data to models -----------------------------------------------------------------------------------


def validate(model: type[ModelT], source: Source) -> ModelT:
    """Return ``source`` as ``model``.

    Raises:
        InputError: the first thing that is wrong, with file, line, key, what was found, what was expected, and the
            nearest legal key for an unknown one. The number of further errors is told.
    """
    if not isinstance(source.data, dict):
        raise source.error((), "expected a mapping of keys to values at the top of the file")
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        first = min(details, key=lambda d: source.line(_real_path(d, source)) or 0)
        message = _message(first, model, source)
        more = len({_real_path(d, source) for d in details}) - 1
        if more:
            message += f" (and {more} more {'place' if more == 1 else 'places'} in this file)"
        raise source.error(_real_path(first, source), message) from None


def _real_path(detail: ErrorDetails, source: Source) -> KeyPath:
    """Return pydantic's location without the names of union members that it puts in between."""
    path: list[Key] = []
    here = source.data
    for part in detail["loc"]:
        if (isinstance(here, dict) and part in here) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        ):
            path.append(part)
            here = here[part]
        elif isinstance(here, dict) and part == detail["loc"][-1] and detail["type"] == "missing":
            path.append(part)
    return tuple(path)


def _message(detail: ErrorDetails, model: type[BaseModel], source: Source) -> str:
    path = _real_path(detail, source)
    kind = detail["type"]
    if kind == "extra_forbidden":
        legal = _legal_keys(model, detail["loc"][:-1])
        return f"unknown key{nearest(str(path[-1]) if path else '', legal)}"
    if kind == "missing":
        return "is missing"
    found = detail["input"]
    shown = f"found {found!r}"[:80] if not isinstance(found, (dict, list)) else f"found a {type(found).__name__}"
    said = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if said.startswith("found "):  # our own validators say what they found
        return said
    if kind == "literal_error" and isinstance(found, str):
        expected = str(detail.get("ctx", {}).get("expected", ""))
        return f"{shown}; expected {expected}{_only_close(found, expected)}"
    if kind == "value_error":
        return said
    return f"{shown}; expected {said}"


def _only_close(found: str, expected: str) -> str:
    hint = nearest(found, re.findall(r"'([^']+)'", expected))
    return hint if "did you mean" in hint else ""


def _legal_keys(model: type[BaseModel], path: tuple[Key, ...]) -> list[str]:
    """Return the field names legal at ``path`` of a model; empty where it cannot be told."""
    here: Any = model
    for part in path:
        models = _models_in(here)
        fields = [m.model_fields for m in models]
        found = next((f[str(part)].annotation for f in fields if str(part) in f), None)
        if found is not None:
            here = found
        elif models and isinstance(part, str) and any(m.__name__ == part for m in models):
            here = next(m for m in models if m.__name__ == part)
    return sorted({name for m in _models_in(here) for name in m.model_fields})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for arg in get_args(annotation) for m in _models_in(arg)]
