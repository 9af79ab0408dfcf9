"""Open minutes, counted by walking from one open stretch to the next."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator

from simulator.openhours import OpenHours


def stretches(hours: OpenHours, since: float) -> Iterator[tuple[float, float]]:
    """Yield the open stretches that are not over at ``since``, the first one from there on."""
    for index in range(bisect_right(hours.closes, since), len(hours.closes)):
        yield max(hours.opens[index], since), hours.closes[index]


def is_open(hours: OpenHours, at: float) -> bool:
    """Return whether the minute that begins at ``at`` is open."""
    return any(opens <= at for opens, _ in stretches(hours, at))


def next_open(hours: OpenHours, at: float) -> float:
    """Return the first open instant from ``at`` on."""
    return next((opens for opens, _ in stretches(hours, at)), math.inf)


def add(hours: OpenHours, at: float, minutes: float) -> float:
    """Return when so many open minutes after ``at`` are over: the end of the last one, not the next opening."""
    if minutes <= 0 or math.isinf(minutes):
        return at if minutes <= 0 else math.inf
    for opens, closes in stretches(hours, at):
        if opens + minutes <= closes:
            return opens + minutes
        minutes -= closes - opens
    return math.inf


def between(hours: OpenHours, start: float, end: float) -> float:
    """Return the open minutes from ``start`` to ``end``."""
    total = 0.0
    for opens, closes in stretches(hours, start):
        if opens >= end:
            break
        total += min(closes, end) - opens
    return total


class Countdown:
    """A timer that counts open minutes, and can stand still."""

    def __init__(self, hours: OpenHours, since: float, minutes: float) -> None:
        self.hours = hours
        self.since = since
        self.left = minutes

    def over(self) -> float:
        """Return when it is over, if it does not stand still until then."""
        return add(self.hours, self.since, self.left)

    def stood_still(self, since: float, until: float) -> None:
        """Let it not have counted from ``since`` to ``until``."""
        self.left -= between(self.hours, self.since, since)
        self.since = until
