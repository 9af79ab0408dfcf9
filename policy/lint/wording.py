"""Conditions in the words of the policy file, for messages."""

from __future__ import annotations

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
from policy.figures import Figure

_LONGEST = 120


def written(condition: Condition) -> str:
    """Return a condition as it would be written in the file, on one line and not too long."""
    text = "{" + _written(condition) + "}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _written(condition: Condition) -> str:
    match condition:
        case Always():
            return "always: true"
        case Signal():
            return f"signal: {_names(condition.names)}"
        case EarlierSignal():
            return f"earlier_signal: {_names(condition.names)}"
        case Attribute():
            return f"{condition.name}: {_names(condition.values)}"
        case Within():
            return f"capability: {'beyond' if condition.beyond else 'within'}"
        case Checked():
            return f"checked: {_names((*(('basic',) if condition.basic else ()), *condition.names))}"
        case Done():
            return f"done: {{{_done(condition)}}}"
        case ClockReaches():
            return f"clock: {{name: {condition.name}, reaches: {_figure(condition.figure)}}}"
        case CountAtLeast():
            return f"count: {{name: {condition.name}, at_least: {condition.at_least}}}"
        case Named():
            return f"is: {condition.name}"
        case Not():
            return f"not: {{{_written(condition.inner)}}}"
        case All():
            return f"all: [{', '.join('{' + _written(part) + '}' for part in condition.inner)}]"
        case AnyOf():
            return f"any: [{', '.join('{' + _written(part) + '}' for part in condition.inner)}]"
    raise AssertionError(f"no words for {condition!r}")


def _names(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _done(done: Done) -> str:
    parts = [f"act: {done.verb}"]
    parts += [f"to: {_names(done.to)}"] if done.to else []
    parts += [f"{key}: {value}" for key, value in (("via", done.via), ("what", done.what)) if value]
    parts += [f"by: {_names(done.by)}"] if done.by else []
    return ", ".join([*parts, "in_visit: true"] if done.in_visit else parts)


def _figure(figure: Figure) -> str:
    share = f"{figure.share:g} of " if figure.share != 1 else ""
    if figure.path:
        return f"{share}{figure.path}"
    return f"{share}{figure.fixed.text}" if figure.fixed is not None else "none"
