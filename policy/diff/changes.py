"""What was edited: the values in which two policy files differ, each with who reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from policy.document import ReadElsewhereDoc
from policy.loading import Policy

_MISSING: Final = object()

_WORDS: Final = frozenset({"says", "about", "why", "source", "title", "assumed", "label", "procedure_says", "settled"})
"""Keys that people read and no rule does."""
_READERS: Final[Mapping[str, str]] = {
    "deskdrill_policy": "the loader",
    "name": "transcripts and reports",
    "title": "the handbook",
    "organisation": "the handbook",
    "version": "the handbook and its history",
    "effective_from": "which tickets the policy governs",
    "applies_to_open": "which tickets the policy governs",
    "history": "the handbook",
    "plans_note": "the handbook",
    "contacts": "the handbook, the notices and the check",
    "notices": "what is sent to people, and the handbook",
    "metrics": "the monthly report and the handbook",
    "reports": "the figures that simulated months are held against",
    "targets": "the monthly report and the lab",
    "settlements": "the handbook",
    "lint": "the check",
    "impossible": "the check and this comparison",
    "reprioritised": "practice, for the resolution clock",
    "vocabulary": "forms, sentences and counts",
}
_RULES: Final = frozenset(
    {"tiers", "priorities", "prompt", "figures", "calendars", "calendar_of", "conditions", "groups", "precedence"}
)


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs: its path, what it was and is (``None`` for absent), and who reads it.

    ``deciding`` tells whether the rulebook reads it; ``words`` whether only people do. ``declared`` is the reason the
    policy declares (``read_elsewhere``) for why no verdict depends on it, ``None`` without one.
    """

    path: str
    before: str | None
    after: str | None
    reader: str
    deciding: bool
    words: bool
    declared: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A statement of the handbook that reads differently (``None``: there is none)."""

    id: str
    before: str | None
    after: str | None


def changes(first: Policy, second: Policy) -> tuple[Change, ...]:
    """Return the values in which two policies differ, in the order of the file; where lines stand does not matter."""
    before, after = (dict(value_paths(policy)) for policy in (first, second))
    found = []
    for path in dict.fromkeys((*before, *after)):
        old, new = before.get(path, _MISSING), after.get(path, _MISSING)
        if old is new or (old == new and type(old) is type(new)):
            continue
        section = path.split(".")[0].split("[")[0]
        last = path.rsplit(".", 1)[-1]
        words = last in _WORDS
        reader = "the handbook" if words else _READERS.get(section, "the rulebook")
        reason = declared(second, path)
        deciding = section in _RULES and not words and reason is None
        if reason is not None:
            reader = reason.read_by
        why = None if reason is None else reason.why
        found.append(Change(path, _shown(old), _shown(new), reader, deciding, words, why))
    return tuple(found)


def declared(policy: Policy, path: str) -> ReadElsewhereDoc | None:
    """Return the reason that a policy declares for why no verdict depends on a value, ``None`` without one.

    In a declared path ``*`` stands for anything; a path also means everything below it.
    """
    return next((one for one in policy.doc.read_elsewhere if any(fits(path, pattern) for pattern in one.paths)), None)


def fits(path: str, pattern: str) -> bool:
    """Return whether a path is meant by a pattern, in which ``*`` stands for anything, or lies below what is."""
    anything = ".*".join(map(re.escape, pattern.split("*")))
    return re.fullmatch(rf"{anything}([.\[].*)?", path) is not None


def sentences(first: Policy, second: Policy) -> tuple[Sentence, ...]:
    """Return the statements that the two handbooks word differently."""
    before, after = ({e.id: e.text for e in policy.entries()} for policy in (first, second))
    return tuple(
        Sentence(name, before.get(name), after.get(name))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    )


def value_paths(policy: Policy) -> Iterator[tuple[str, Any]]:
    """Yield every value of a policy with its path, in the order of the file."""
    return _leaves(policy.source.data, "")


def _leaves(data: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield every value with its path; entries of a list that have an id are named by it, wherever they stand."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, f"{path}.{key}" if path else key)
        if not data:
            yield path, "{}"
    elif isinstance(data, list):
        for index, value in enumerate(data):
            name = value.get("id") or value.get("title") if isinstance(value, dict) else None
            yield from _leaves(value, f"{path}[{name if name is not None else index}]")
        if not data:
            yield path, "[]"
    else:
        yield path, data


def _shown(value: Any) -> str | None:
    if value is _MISSING:
        return None
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
