"""Reading JSON that comes from outside, with the line at which each value stands.

Refused with file and line: what is no JSON, a key that stands twice in one object, numbers that are not finite or too
long to be one, and nesting deeper than 40. The lines are looked up only once something is wrong: that takes
longer than reading, and a good file needs none.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from policy.errors import InputError
from policy.explain import shown
from policy.source import Key, KeyPath, Source, dotted
from policy.yaml_source import MAX_DEPTH, read_text

T = TypeVar("T")
_DIGITS: Final = 400
"""Characters of a number; a longer one is not meant, or not to be written out."""
_LINED: Final = 4_000_000
"""Characters of a text whose lines are looked up; in a longer one the path must do."""
_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[][{},:]|[^][{},:"\s]+', re.DOTALL)


class _Refused(ValueError):
    """Valid to Python's reader and not to this one; found again with its place."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A value or the key of an object: where it leads to, its 1-based line, and its text as written."""

    path: KeyPath
    line: int
    text: str
    is_key: bool


def read_json(path: Path, read: Callable[[Source], T], *, max_bytes: int) -> T:
    """Return what ``read`` makes of the document in a file; its errors are told with their lines.

    Raises:
        InputError: the file is missing, over ``max_bytes``, no JSON, or refused by this module or by ``read``.
    """
    name = str(path)
    text = read_text(path, name, max_bytes=max_bytes)
    source = Source(name, _loaded(text, name))
    try:
        return read(source)
    except InputError:
        if len(text) > _LINED:
            raise
    return read(replace(source, lines=_lines(text, name)))


def _lines(text: str, name: str) -> dict[KeyPath, int]:
    """Return the 1-based line of every value of a JSON text; that of its key for a member of an object."""
    lines: dict[KeyPath, int] = {}
    for item in _items(text, name):
        lines.setdefault(item.path, item.line)
    return lines


def _loaded(text: str, name: str) -> Any:
    try:
        data = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_number, parse_int=_number, parse_float=_number
        )
    except json.JSONDecodeError as error:
        raise InputError.at(name, error.lineno, None, f"is no JSON: {error.msg}") from None
    except RecursionError:
        raise InputError(f"{name}: is nested too deeply") from None
    except _Refused:
        raise _located(text, name) from None
    level = [data]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for one in level if isinstance(one, (dict, list)) for inner in _inside(one)]
    if level:
        raise _located(text, name)
    return data


def _inside(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Refused
    return found


def _number(text: str) -> int | float:
    if len(text) > _DIGITS:
        raise _Refused
    number = int(text) if text.lstrip("-").isdigit() else float(text)
    if not math.isfinite(number):
        raise _Refused
    return number


def _located(text: str, name: str) -> InputError:
    """Return (or raise) the error about the first thing in a text that is refused."""
    objects: list[tuple[KeyPath, dict[Key, int]]] = []  # those around this place: path, and lines of its keys so far
    for item in _items(text, name):
        if item.is_key:
            *around, key = item.path
            while objects and objects[-1][0] != tuple(around[: len(objects[-1][0])]):
                objects.pop()
            if not objects or len(objects[-1][0]) < len(around):
                objects.append((tuple(around), {}))
            seen = objects[-1][1]
            if key in seen:
                message = f"the key stands here twice (first in line {seen[key]})"
                return InputError.at(name, item.line, dotted(item.path), message)
            seen[key] = item.line
        elif item.text[0] not in '"{[tfn':
            try:
                _number(item.text)
            except _Refused:
                message = f"found {shown(item.text)[1:-1]}; expected a finite number"
                if len(item.text) > _DIGITS:
                    message = f"found a number of {len(item.text):,} characters; at most {_DIGITS} are read"
                return InputError.at(name, item.line, dotted(item.path), message)
    raise AssertionError("what was refused is found again")


def _items(text: str, name: str) -> Iterator[_Item]:
    """Yield the values and keys of a valid JSON text in their order, by its marks alone.

    Raises:
        InputError: it is nested deeper than 40.
    """
    path: list[Key] = []
    opened: list[str] = []
    line, at = 1, 0
    key_next = False
    for token in _TOKEN.finditer(text):
        mark = token[0]
        line, at = line + text.count("\n", at, token.start()), token.start()
        if mark in "}]":
            opened.pop()
            path.pop()
            key_next = False
        elif mark == ",":
            if opened[-1] == "[":
                path[-1] = int(path[-1]) + 1
            else:
                key_next = True
        elif mark == ":":
            key_next = False
        elif key_next:
            path[-1] = json.loads(mark)
            yield _Item(tuple(path), line, mark, True)
        else:
            yield _Item(tuple(path), line, mark, False)
            if mark in "[{":
                opened.append(mark)
                if len(opened) > MAX_DEPTH:
                    raise InputError.at(name, line, None, f"is nested more than {MAX_DEPTH} levels deep")
                path.append(0 if mark == "[" else "")
                key_next = mark == "{"
