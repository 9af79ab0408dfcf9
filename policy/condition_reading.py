"""From a condition as it is written in a policy file to one that can be asked, its names checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policy.conditions import (
    All,
    Always,
    AnyOf,
    Attribute,
    Checked,
    ClockReaches,
    Condition,
    CountAtLeast,
    Done,
    EarlierSignal,
    Named,
    Not,
    Signal,
    Within,
)
from policy.errors import InputError
from policy.explain import missing, nearest
from policy.figures import Figures, read_figure
from policy.situation import CLOCKS, STATUSES


@dataclass(frozen=True, slots=True)
class Words:
    """The names a condition may use, taken from the policy's vocabulary."""

    figures: Figures
    signals: frozenset[str]
    checks: frozenset[str]
    counts: frozenset[str]
    plans: frozenset[str]
    priorities: frozenset[str]
    tiers: frozenset[str]
    categories: frozenset[str]
    roles: frozenset[str]
    people: frozenset[str]
    """Roles that depend on nothing."""
    channels: frozenset[str]
    acts: frozenset[str]
    contents: frozenset[str]
    named: Mapping[str, Mapping[str, Any]]
    taken: Callable[[str], str | None] = lambda name: None
    """Who took a name away that is not there; ``None`` if nobody did."""

    def known(self, kind: str, name: object, legal: frozenset[str]) -> str:
        """Return ``name`` if it is legal.

        Raises:
            InputError: it is not; the nearest is named.
        """
        if not isinstance(name, str) or name not in legal:
            hint = missing(str(name), legal, self.taken)
            raise InputError(f"found {name!r}, which is no {kind} of the vocabulary{hint}")
        return name


KEYS = (
    "always", "signal", "earlier_signal", "priority", "plan", "tier", "category", "status", "capability", "checked",
    "done", "clock", "count", "is", "all", "any", "not",
)  # fmt: skip


def read_condition(raw: object, words: Words, _inside: tuple[str, ...] = ()) -> Condition:
    """Read a condition.

    Raises:
        InputError: an unknown key or name (with the nearest legal one), or named conditions that run in a circle.
    """
    if not isinstance(raw, Mapping) or not raw:
        raise InputError("expected a condition such as {signal: outage}; write {always: true} if it always holds")
    parts = [_read_key(str(key), value, words, _inside) for key, value in raw.items()]
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _listed(value: object) -> list[object]:
    items = list(value) if isinstance(value, list) else [value]
    if not items:
        raise InputError("found an empty list, which never holds; name at least one")
    return items


def _read_key(key: str, value: object, words: Words, inside: tuple[str, ...]) -> Condition:
    attributes = {
        "priority": words.priorities, "plan": words.plans, "tier": words.tiers, "category": words.categories,
        "status": frozenset(STATUSES),
    }  # fmt: skip
    if key in attributes:
        return Attribute(key, tuple(words.known(key, v, attributes[key]) for v in _listed(value)))
    match key:
        case "always" if value is True:
            return Always()
        case "signal":
            return Signal(tuple(words.known("signal", v, words.signals) for v in _listed(value)))
        case "earlier_signal":
            return EarlierSignal(tuple(words.known("signal", v, words.signals) for v in _listed(value)))
        case "capability" if value in ("within", "beyond"):
            return Within(value == "beyond")
        case "checked":
            names = [v for v in _listed(value) if v != "basic"]
            return Checked(
                tuple(words.known("check", v, words.checks) for v in names), basic=len(names) < len(_listed(value))
            )
        case "done" if isinstance(value, Mapping):
            return _read_done(value, words)
        case "clock" if isinstance(value, Mapping):
            _only(value, ("name", "reaches", "early"))
            name = words.known("clock", value.get("name"), frozenset(CLOCKS))
            reaches = read_figure(value.get("reaches"), words.figures)
            return ClockReaches(name, reaches, read_figure(value.get("early"), words.figures))
        case "count" if isinstance(value, Mapping):
            _only(value, ("name", "at_least"))
            at_least = value.get("at_least")
            at_least = words.figures.value(at_least) if isinstance(at_least, str) else at_least
            if isinstance(at_least, bool) or not isinstance(at_least, (int, float)) or at_least % 1 or at_least < 0:
                raise InputError(f"found at_least: {at_least!r}; expected a whole number")
            return CountAtLeast(words.known("count", value.get("name"), words.counts), int(at_least))
        case "is":
            return _read_named(str(value), words, inside)
        case "all" | "any" if isinstance(value, list) and value:
            inner = tuple(read_condition(part, words, inside) for part in value)
            return All(inner) if key == "all" else AnyOf(inner)
        case "not":
            return Not(read_condition(value, words, inside))
    if key in KEYS:
        raise InputError(f"{key}: found {str(value)[:60]!r}, which this key cannot hold")
    raise InputError(f'unknown condition "{key}"{nearest(key, KEYS)}')


def _read_done(value: Mapping[str, Any], words: Words) -> Done:
    _only(value, ("act", "to", "via", "what", "in_visit", "by"))
    to, by = ([] if value.get(key) is None else _listed(value[key]) for key in ("to", "by"))
    via, what = value.get("via"), value.get("what")
    return Done(
        words.known("act", value.get("act"), words.acts),
        tuple(words.known("role", v, words.roles) for v in to),
        None if via is None else words.known("channel", via, words.channels),
        None if what is None else words.known("content", what, words.contents),
        bool(value.get("in_visit", False)),
        tuple(words.known("fixed role", v, words.people) for v in by),
    )


def _read_named(name: str, words: Words, inside: tuple[str, ...]) -> Condition:
    if name in inside:
        raise InputError(f"the named conditions {' → '.join((*inside, name))} run in a circle")
    if name not in words.named:
        raise InputError(f'there is no condition named "{name}"{missing(name, words.named, words.taken)}')
    return Named(name, read_condition(words.named[name], words, (*inside, name)))


def _only(value: Mapping[str, Any], legal: tuple[str, ...]) -> None:
    for key in value:
        if key not in legal:
            raise InputError(f'unknown key "{key}"{nearest(str(key), legal)}')
