"""A situation as a row of answers, each in a place of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from policy.conditions import Condition, CountAtLeast, Done, EarlierSignal, Signal
from policy.loading import Policy
from policy.situation import Deed, Situation

Row = list[Any]
"""Answers (whether something holds, and since when) by place; the places of relative roles hold the role's name."""

# The first places hold "yes" and "no" since each of four instants; a place and its negation differ in the last bit.
OPENED: Final = 0
VISIT: Final = 2
STATUS: Final = 4
PRIORITY: Final = 6
BASES: Final = 8


class Layout:
    """Which place of a row holds what a situation says. Made once per policy."""

    def __init__(self, policy: Policy, conditions: Iterable[Condition]) -> None:
        """Look at everything that the conditions ask about."""
        self._roles = policy.relative_roles
        self.places: dict[Condition, int] = {}
        self.checks: dict[str, int] = {}
        self._signals: dict[str, list[int]] = {}
        self._earlier: dict[str, list[int]] = {}
        self._earlier_places: list[int] = []
        self._counts: dict[str, list[tuple[int, int]]] = {}
        self._deeds: dict[str, list[tuple[Done, frozenset[str | None] | None, int]]] = {}
        self.size = BASES
        for name in policy.doc.vocabulary.checks:
            self.checks[name] = self._next()
        for condition in conditions:
            for part in condition.parts():
                self._place(part)

    def _next(self) -> int:
        self.size += 1
        return self.size - 1

    def _place(self, part: Condition) -> None:
        match part:
            case Signal() | EarlierSignal() | CountAtLeast() | Done() if part in self.places:
                return
            case Signal():
                self.places[part] = place = self._next()
                for name in part.names:
                    self._signals.setdefault(name, []).append(place)
            case EarlierSignal():
                self.places[part] = place = self._next()
                self._earlier_places.append(place)
                for name in part.names:
                    self._earlier.setdefault(name, []).append(place)
            case CountAtLeast():
                self.places[part] = place = self._next()
                self._counts.setdefault(part.name, []).append((part.at_least, place))
            case Done() if not any(name in self._roles for name in part.to):
                self.places[part] = place = self._next()
                wanted = frozenset(part.to) if part.to else None
                self._deeds.setdefault(part.verb, []).append((part, wanted, place))

    def row(self, s: Situation) -> Row:
        """Return the row of a situation, its priority still to be found."""
        opened = s.opened
        visit = opened if s.tier_since is None else s.tier_since
        status = opened if s.status_since is None else s.status_since
        no = (False, opened)
        row: Row = [no] * self.size
        row[:PRIORITY] = ((True, opened), no, (True, visit), (False, visit), (True, status), (False, status))
        for place in self._earlier_places:
            row[place] = row[VISIT + 1]
        for name, at in s.signals.items():
            answer = (True, at)
            for place in self._signals.get(name, ()):
                if row[place] is no or at < row[place][1]:
                    row[place] = answer
            if at < visit and name in self._earlier:
                for place in self._earlier[name]:
                    row[place] = row[VISIT]
        for name, at in s.checks.items():
            if name in self.checks:
                row[self.checks[name]] = (True, at)
        for name, count in s.counts.items():
            for at_least, place in self._counts.get(name, ()):
                row[place] = (count.value >= at_least, count.since)
        for deed in s.deeds:
            for done, wanted, place in self._deeds.get(deed.verb, ()):
                counts = fits(done, deed, s) and (wanted is None or deed.to in wanted)
                if counts and (row[place] is no or deed.at < row[place][1]):
                    row[place] = (True, deed.at)
        return row


def fits(done: Done, deed: Deed, s: Situation) -> bool:
    """Return whether a deed is of the channel, the content, the visit and the people that a condition asks for."""
    return (
        (done.via is None or done.via == deed.via)
        and (done.what is None or done.what in deed.what)
        and not (done.in_visit and s.tier_since is not None and deed.at < s.tier_since)
        and (not done.by or deed.by in done.by)
    )
