"""Durations as people write them: ``30m``, ``1.5h``, ``7d``, ``3bd``.

A duration of hours or minutes runs on whatever calendar its rule names. ``d`` is 24 hours of that calendar's
time; ``bd`` is a *business day*, as long as the calendar says a day of work is (8 h at SecureAI, rule D12).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from policy.errors import InputError

_PATTERN: Final = re.compile(r"(\d{1,30}(?:\.\d{1,6})?)\s*(s|m|min|h|d|bd)", re.ASCII)
_MINUTES: Final = {"s": 1 / 60, "m": 1.0, "min": 1.0, "h": 60.0, "d": 1440.0}
LONGEST_MINUTES: Final = 100 * 365 * 1440.0
"""No duration is longer than a hundred years (minutes)."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time.

    ``amount`` counts minutes, or business days where ``business_days`` is true. ``text`` is what was written.
    """

    amount: float
    business_days: bool
    text: str

    def minutes(self, day_minutes: float) -> float:
        """Return the length in calendar minutes; ``day_minutes`` is the length of a business day."""
        return self.amount * day_minutes if self.business_days else self.amount

    def words(self) -> str:
        """Return the duration in words: "30 minutes", "2 hours", "3 business days"."""
        if self.business_days:
            return _count(self.amount, "business day")
        if self.amount < 60:
            return _count(self.amount, "minute")
        hours, minutes = divmod(self.amount, 60)
        if self.amount % 1440 == 0 and self.amount > 2880:
            return _count(self.amount / 1440, "day")
        return _count(hours, "hour") + (f" {_count(minutes, 'minute')}" if minutes else "")


def _count(number: float, noun: str) -> str:
    return f"{_plain(number)} {noun}" if number == 1 else f"{_plain(number)} {noun}s"


def _plain(number: float) -> str:
    """Return a number without an exponent: ``1234567`` and not ``1.23457e+06``."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def parse_duration(text: object) -> Duration:
    """Read a duration such as ``"30m"`` or ``"3bd"``.

    Raises:
        InputError: not a duration, negative, or longer than a hundred years.
    """
    expected = 'expected a duration such as "30m", "2h", "1.5h", "7d" or "3bd" (business days)'
    if not isinstance(text, str):
        raise InputError(f"found {text!r}; {expected}")
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise InputError(f"found {text[:40]!r}; {expected}")
    number, unit = float(match[1]), match[2]
    # Rounded, so that 4.35h is 261 minutes and not 260.99999999999994.
    amount = number if unit == "bd" else round(number * _MINUTES[unit], 9)
    if amount * (1440 if unit == "bd" else 1) > LONGEST_MINUTES:
        raise InputError(f"found {text[:40]!r}; a duration is at most a hundred years")
    return Duration(amount, unit == "bd", text.strip())


def format_minutes(minutes: float) -> str:
    """Return a number of minutes as a person reads it: ``90`` → ``"1 h 30 min"``, ``0.5`` → ``"0.5 min"``.

    ``math.inf``, where no limit is set, is ``"no limit"``.
    """
    if math.isinf(minutes):
        return "no limit"
    rest = round(abs(minutes), 2)
    sign = "-" if minutes < 0 < rest else ""
    hours, left = divmod(rest, 60)
    if not hours:
        return f"{sign}{_plain(left)} min"
    return f"{sign}{_plain(hours)} h" + (f" {_plain(left)} min" if round(left, 2) else "")
