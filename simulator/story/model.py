"""A story and its steps."""

from __future__ import annotations

from dataclasses import dataclass

from policy.durations import format_minutes


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened: when (minutes since the opening), what, and the ids of the rules that asked for it."""

    at: float
    text: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to a ticket (its number in the files, from 1), in order."""

    ticket: int
    about: str
    steps: tuple[Step, ...]


def said(minutes: float) -> str:
    """Return a length of time as people say it, to the minute."""
    return format_minutes(float(round(minutes))) if minutes >= 1 else "less than a minute"
