"""How places are called, and the ids of the rules that asked for what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import numpy as np

from simulator.codes import Entry
from simulator.derived import TOLERANCE
from simulator.model import RouteLike
from simulator.story.case import Case

_SIGNALS: Final = {
    Entry.EXPERTISE: "needs_expertise",
    Entry.PREMATURE: "needs_expertise",
    Entry.CODE_CHANGE: "needs_code_change",
    Entry.UNRESOLVABLE: "unresolvable",
}


class Cites(Protocol):
    """What knows the ids of the rules; ``policy.compiled.DeskRules`` does."""

    def routes(self, priority: str, plan: str, tier: str) -> Sequence[RouteLike]: ...
    def route_rules(self, priority: str, plan: str, tier: str, clock: str, to: str) -> tuple[str, ...]: ...
    def destination_rules(self, priority: str, plan: str, tier: str, signal: str, to: str) -> tuple[str, ...]: ...
    def target_rules(self, priority: str, plan: str, what: str) -> tuple[str, ...]: ...


class Names:
    """The names in a story, and the rules of its ticket. Stays are given by number, priorities and places too."""

    def __init__(self, case: Case, cites: Cites | None, labels: Mapping[str, str]) -> None:
        """Take who knows the rules (none are cited without it), and how people call the places."""
        self._case, self._cites, self._labels = case, cites, labels

    def label(self, name: str) -> str:
        """Return how people call what has a name in the desk or the policy."""
        return self._labels.get(name, name)

    def place(self, number: int) -> str:
        """Return how people call a place."""
        return self.label(self._case.model.places[number])

    def priority(self, number: int) -> str:
        """Return the name of a priority."""
        return self._case.model.priorities[number]

    def target_rules(self, what: str, priority: int) -> tuple[str, ...]:
        """Return the rules that say how soon something is owed to the customer."""
        if self._cites is None:
            return ()
        return self._cites.target_rules(self.priority(priority), self._case.plan, what)

    def route_rules(self, stay: int, to: int, clock: str, here: int | None = None) -> tuple[str, ...]:
        """Return the rules by which a timer that is over leads from a stay to a place.

        ``here`` is another tier than that of the stay.
        """
        if self._cites is None:
            return ()
        priority, places = self.priority(self._case.priority_in(stay)), self._case.model.places
        tier = self._here(stay) if here is None else places[here]
        return self._cites.route_rules(priority, self._case.plan, tier, clock, places[to])

    def seen_rules(self, stay: int, to: int, entry: Entry) -> tuple[str, ...]:
        """Return the rules by which what was seen in a stay leads to a place."""
        signal = self._case.signal if entry == Entry.SIGNAL else _SIGNALS.get(entry)
        if self._cites is None or not signal:
            return ()
        plan, there, here = self._case.plan, self._case.model.places[to], self._here(stay)
        priority = self.priority(self._case.priority_in(stay))
        found = self._cites.destination_rules(priority, plan, here, signal, there)
        usual = "needs_expertise"  # what a tier takes for expertise where the procedure has no such signal
        return found or self._cites.destination_rules(priority, plan, here, usual, there)

    def age_rules(self, stay: int, to: int, at: float, here: int | None = None) -> tuple[float, tuple[str, ...]]:
        """Return the age at which a place gets a ticket or joins, and the rules that say so; ``here`` is another tier
        than that of the stay.

        Of several ages the last that the ticket had reached. Ages count from the opening, or since the priority was
        lowered, raised or seen to be another, and not while the ticket was solved.
        """
        case = self._case
        kind, here = case.rules_in(stay), int(case.stays[stay]["place"]) if here is None else here
        rules = kind.tiers[here]
        moves = [] if rules.age_move is None else [rules.age_move]
        ages = sorted(kind.ages[i] for i, place in (*moves, *rules.age_joins, *rules.unanswered_joins) if place == to)
        lowered = case.stays["entered"][case.stays["entry"] == Entry.BACK_RECLASSIFIED].tolist()
        begins = (float(case.row["opened"]), case.seen_at, case.raised_at, *lowered)
        since = max([one for one in begins if one < at], default=at)
        again = np.flatnonzero((case.stays["entry"] == Entry.REOPENED) & (case.stays["entered"] <= at))
        solved = [
            kind.hours.minutes_between(max(since, float(case.times.left[one - 1])), float(case.stays["entered"][one]))
            for one in again
        ]
        age = kind.hours.minutes_between(since, at) - sum(solved)
        reached = [one for one in ages if one <= age + TOLERANCE] or ages[:1] or [age]
        cited: tuple[str, ...] = ()
        if self._cites is not None:
            for route in self._cites.routes(self.priority(case.priority_in(stay)), case.plan, case.model.places[here]):
                fits = route.to == case.model.places[to] and abs(route.minutes - reached[-1]) < TOLERANCE
                if fits and route.clock in ("age", "resolution") and not cited:
                    cited = self.route_rules(stay, to, route.clock, here)
        return reached[-1], cited

    def _here(self, stay: int) -> str:
        return self._case.model.places[int(self._case.stays[stay]["place"])]
