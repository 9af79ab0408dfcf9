"""The rulebook as an audit asks it: verdicts from its tables, and what follows from the policy alone, found once.

No rule and no signal is known by name here: which signal makes a ticket a P2, which category of the policy the desk's
tickets belong to, when a clock may change the verdict, all that is asked of the policy.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache

from policy.calendars import Calendar
from policy.fast import FastBook, FastVerdict
from policy.loading import Policy
from policy.probing import CUSTOMER, REPLY
from policy.rulebook import Rulebook
from policy.situation import Situation
from policy.telling import telling_signals
from simulator.desk import Desk

Limits = tuple[tuple[str, float], ...]
"""Clocks with the minutes at which a rule first looks at them."""


@lru_cache(maxsize=8)
def _tables(rulebook: Rulebook) -> FastBook:
    """Return the tables of a rulebook, whose pages are made as they are needed and serve all runs."""
    return FastBook(rulebook)


class Book:
    """A policy's rulebook, ready for one desk."""

    def __init__(self, rulebook: Rulebook, desk: Desk) -> None:
        """Take the rulebook, and the desk whose categories are to be found in it."""
        self.rulebook = rulebook
        self.policy: Policy = rulebook.policy
        self._tables = _tables(rulebook)
        self._desk = desk
        self._limits: dict[tuple[str | None, str, str, float], Limits] = {}
        self._carried: dict[str, tuple[str, ...]] = {}

    def ask(self, situation: Situation) -> FastVerdict:
        """Return the verdict on a situation."""
        return self._tables.ask(situation)

    def calendar(self, situation: Situation) -> Calendar:
        """Return the calendar on which the situation's rules count."""
        return self._tables.calendar(situation)

    def carried(self, verb: str) -> tuple[str, ...]:
        """Return the contents that an act of this verb always carries."""
        if verb not in self._carried:
            contents = self.policy.doc.vocabulary.contents
            self._carried[verb] = tuple(name for name, doc in contents.items() if verb in doc.implied_by)
        return self._carried[verb]

    def limits(self, priority: str | None, plan: str, tier: str, day_minutes: float) -> Limits:
        """Return when clocks may change a verdict: their names, and the minutes at which a rule first looks at them."""
        key = priority, plan, tier, day_minutes
        if key not in self._limits:
            attributes = {"priority": priority, "plan": plan, "tier": tier}
            found = set()
            for timer in self.rulebook.timers():
                minutes = timer.figure.minutes(attributes, day_minutes)
                early = timer.early.minutes(attributes, day_minutes) if timer.early.fixed or timer.early.by else 0.0
                if math.isfinite(minutes):
                    found.add((timer.name, max(0.0, minutes - early)))
            self._limits[key] = tuple(sorted(found))
        return self._limits[key]

    # -- from the desk's words to the policy's -------------------------------------------------------------------

    def category(self, name: str) -> str | None:
        """Return the policy's category for one of the desk's: what the desk file says, or the same name.

        What the policy does not know counts as the first kind that its lowest tier solves itself.
        """
        known = self.policy.categories
        of = self._desk.categories.get(name)
        for one in (None if of is None else of.counts_as, name):
            if one in known:
                return one
        lowest = next(iter(self.policy.tiers.values()))
        return next((one for one in lowest.capabilities if one in known), next(iter(known), None))

    def basic_checks(self, name: str) -> tuple[str, ...]:
        """Return the basic checks of one of the desk's categories."""
        of = self.policy.categories.get(self.category(name) or "")
        return () if of is None else tuple(of.basic_checks)

    @cached_property
    def recurring(self) -> frozenset[str]:
        """The rules by which something falls due again and again."""
        return frozenset(rule.id for rule in self.policy.rules if any(one.repeat is not None for one in rule.obliges))

    @cached_property
    def telling(self) -> dict[str, str]:
        """The signal from which each priority follows, if there is one."""
        return telling_signals(self.policy, self.ask)

    @cached_property
    def carried_signals(self) -> frozenset[str]:
        """The signals that tickets of the desk carry, and those by which they are let go on."""
        carried = self._desk.signals
        return frozenset({*carried, *(one.verified.signal for one in carried.values() if one.verified is not None)})

    def signal(self, name: str) -> str | None:
        """Return a signal if the policy has it."""
        return name if name in self.policy.doc.vocabulary.signals else None

    def is_answer(self, verb: str, to: str | None) -> bool:
        """Return whether an act reaches the customer as a reply."""
        return verb == REPLY and to in (None, CUSTOMER)
