"""What is wrong with a file, in one sentence: found, expected, and the nearest legal word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

_LISTED: Final = 16
"""So many legal words are listed where none is near; more would bury the message."""
_EXPECTED: Final = {
    "string_type": "text",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "string_too_short": "some text",
}
_BOUNDS: Final = ("greater_than_equal", "greater_than", "less_than_equal", "less_than")
_SHAPES: Final = ("dict_type", "mapping_type", "model_type", "model_attributes_type", "list_type", "string_type")


def nearest(word: str, legal: Iterable[str]) -> str:
    """Return ``; did you mean "x"?`` for the nearest legal word, or a short list of them, or nothing."""
    known = sorted(set(legal))
    near = closest(word, known)
    if near is not None:
        return f'; did you mean "{near}"?'
    return f"; expected one of: {', '.join(known)}" if 0 < len(known) <= _LISTED else ""


def missing(word: str, legal: Iterable[str], taken: Callable[[str], str | None]) -> str:
    """Return who took a word away (as ``taken`` tells by its name), else what ``nearest`` says of it."""
    gone = taken(word)
    return nearest(word, legal) if gone is None else f" (taken away by {gone})"


def closest(word: str, legal: Iterable[str]) -> str | None:
    """Return the legal word nearest to ``word``, whatever its case; ``None`` if none is near."""
    folded = {known.casefold(): known for known in legal}
    found = difflib.get_close_matches(word[:200].casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def shown(value: object) -> str:
    """Return a value as a message shows it: short, and with nothing that a terminal would obey."""
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:59] + "…")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "nothing" if value is None else str(value)[:60]


def explain(details: Sequence[ErrorDetails], key: str, model: type[BaseModel]) -> str:
    """Return one sentence about the ``details`` that pydantic gives for one place of a document.

    There are several where a value may be of several kinds. ``key`` is the last part of the place.
    """
    first = next((d for d in details if d["type"] not in _SHAPES), details[0])
    kind, found = first["type"], first["input"]
    bound = next((d for d in details if d["type"] in _BOUNDS), None)
    if bound is not None:  # of all kinds that it may be of, this is the one that was meant
        return f"found {shown(found)}; expected {_expected(bound)}"
    if kind == "extra_forbidden":
        return f"unknown key{nearest(key, legal_keys(model, first['loc'][:-1]))}"
    if kind == "missing":
        return "is missing"
    said = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if said.startswith("found ") or kind == "value_error":  # our own validators say what they found
        return said
    if kind == "literal_error" and isinstance(found, str):
        legal = str(first.get("ctx", {}).get("expected", ""))
        near = closest(found, re.findall(r"'([^']+)'", legal))
        return f"found {shown(found)}; expected {legal}" + (f'; did you mean "{near}"?' if near else "")
    if kind in ("too_short", "too_long"):
        many = first["ctx"]["actual_length"]
        return f"found {_entries(many) if many else 'none'}; expected {_expected(first)}"
    wanted = list(dict.fromkeys(_expected(d) for d in details))
    hint = ""
    if "text" in wanted and isinstance(found, (int, float, bool)):
        hint = " (for text, put it in quotes)"
    return f"found {shown(found)}; expected {' or '.join(wanted)}{hint}"


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


def _plain(number: float) -> str:
    """Return a bound in plain digits: ``52,560,000`` and not ``5.256e+07``."""
    return f"{number:,.0f}" if number == int(number) else f"{number:g}"


def _expected(detail: ErrorDetails) -> str:
    kind, limits = detail["type"], detail.get("ctx", {})
    match kind:
        case "greater_than_equal":
            return f"at least {_plain(limits['ge'])}"
        case "less_than_equal":
            return f"at most {_plain(limits['le'])}"
        case "greater_than":
            return f"greater than {_plain(limits['gt'])}"
        case "less_than":
            return f"less than {_plain(limits['lt'])}"
        case "too_short":
            return f"at least {_entries(limits['min_length'])}"
        case "too_long":
            return f"at most {_entries(limits['max_length'])}"
        case "string_too_long":
            return f"at most {limits['max_length']} characters"
        case "string_pattern_mismatch" if str(limits["pattern"]).startswith("^[A-Za-z]"):
            dots = ", with dots between its parts" if r"\." in str(limits["pattern"]) else ""
            return f"a name of letters, digits and _ that begins with a letter{dots}"
    said = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return _EXPECTED.get(kind, said)


def legal_keys(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """Return the field names legal at ``path`` (as pydantic gives it) of a model; empty where it cannot be told."""
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
