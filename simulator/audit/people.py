"""Who could have done what: when those who owe something are there, and whether anybody of a tier was free."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from simulator.audit.book import Book
from simulator.model import AFTERMATH_DAYS
from simulator.openhours import OpenHours
from simulator.tables import Run

HANDOVER = "the hand-off, or the page, was not done yet"
NOBODY = "nobody was there"
BUSY = "everybody was busy with other tickets"
WORKING = "the ticket was being worked on all the time"
WAITED = "nobody had it in hand yet"


class People:
    """The people of a run, and the others whom the policy names. Instants are minutes since 1970."""

    def __init__(self, run: Run, book: Book) -> None:
        """Take the people and their spells of work."""
        self._run, self._book, self._model = run, book, run.model
        self.zero = run.model.opening
        """The run's opening, an instant."""
        model = run.model
        self._tiers = {name: place for place, name in enumerate(model.places[: model.tiers])}
        self._agents: list[list[int]] = [[] for _ in self._tiers]
        self._hours: dict[int, OpenHours] = {}
        self._find_agents()
        self._there = [self._union(tier) for tier in range(model.tiers)]
        self._others: dict[str, OpenHours] = {}
        spells = np.sort(run.spells, order=["agent", "began"])
        starts = np.searchsorted(spells["agent"], np.arange(len(run.agents) + 1))
        self._spells = [
            (spells["began"][low:high].tolist(), spells["ended"][low:high].tolist())
            for low, high in pairwise(starts.tolist())
        ]
        self._kept: dict[int, list[tuple[float, float]]] = {}
        """By agent: from when to when they kept a ticket whose customer was asked."""
        self._find_kept()

    def _find_kept(self) -> None:
        """Find the tickets that agents kept while their customers were asked, and until somebody went on with them."""
        spells = np.sort(self._run.spells, order=["ticket", "began"])
        stays = self._run.visits[self._run.visits["place"] < self._model.tiers]
        stays = np.sort(stays, order=["ticket", "entered"])
        for one in self._run.questions:
            asked = float(one["asked"])
            mine = spells[slice(*np.searchsorted(spells["ticket"], [one["ticket"], one["ticket"] + 1]))]
            asking = mine[mine["ended"] == asked]
            if not len(asking):
                continue
            then = mine["began"][mine["began"] >= asked]
            stay = stays[slice(*np.searchsorted(stays["ticket"], [one["ticket"], one["ticket"] + 1]))]
            left = stay["left"][(stay["entered"] <= asked) & ~(stay["left"] < asked)]
            ends = [float(at) for at in (*then[:1], *left[:1]) if at == at]  # not-a-number: still there
            self._kept.setdefault(int(asking["agent"][-1]), []).append((asked, min(ends, default=self._model.end)))

    def _find_agents(self) -> None:
        """Find the agents of each tier, and when they can take a ticket: on shift, and not in a break."""
        number = 0
        for staff in self._model.staff:
            if not staff.unlimited:
                for spec in staff.agents:
                    shift = self._run.agents[number].hours
                    self._hours[number] = shift.without(shift.without(spec.hours))
                    for place in spec.tiers:
                        self._agents[place].append(number)
                    number += 1
            number += staff.on_call

    def _union(self, tier: int) -> OpenHours:
        staff = self._model.staff[tier]
        if staff.unlimited:
            return staff.agents[0].hours
        pairs = sorted(
            pair for number in self._agents[tier]
            for pair in zip(self._hours[number].opens, self._hours[number].closes, strict=True)
        )  # fmt: skip
        opens: list[float] = []
        closes: list[float] = []
        for low, high in pairs:
            if closes and low <= closes[-1]:
                closes[-1] = max(closes[-1], high)
            else:
                opens.append(low)
                closes.append(high)
        return OpenHours.from_stretches(np.array(opens), np.array(closes))

    def hours(self, owner: str, *, around_the_clock: bool) -> OpenHours:
        """Return when somebody is there who can act for an owner (minutes since the run's opening).

        Of a tier, its people, or those on call for what runs ``around_the_clock``; of anybody else, when the policy
        says that they can be reached.
        """
        tier = self._tiers.get(owner)
        if tier is not None:
            return self._model.always if around_the_clock and self._model.staff[tier].on_call else self._there[tier]
        if owner not in self._others:
            policy, model = self._book.policy, self._model
            role = policy.doc.vocabulary.roles.get(owner)
            named = None if role is None else role.available
            known = model.opening + model.end + AFTERMATH_DAYS * 1440.0
            hours = model.always if named is None else OpenHours.of(policy.calendars[named], model.opening, known)
            self._others[owner] = hours
        return self._others[owner]

    def around_the_clock(self, priority: str | None, plan: str) -> bool:
        """Return whether tickets of a priority and plan count at all hours."""
        if priority not in self._model.priorities:
            return False
        return self._model.kinds[self._model.priorities.index(priority)][self._model.plans.index(plan)].around_the_clock

    def is_tier(self, owner: str) -> bool:
        """Return whether an owner is one of the desk's tiers."""
        return owner in self._tiers

    def there(self, hours: OpenHours, at: float) -> bool:
        """Return whether somebody is there at an instant, the last of a shift included."""
        minute = at - self.zero
        index = bisect_right(hours.opens, minute) - 1
        return index >= 0 and minute <= hours.closes[index]

    def next_there(self, hours: OpenHours, at: float) -> float:
        """Return the first instant from ``at`` on at which somebody is there."""
        return at if self.there(hours, at) else self.zero + hours.next_open(at - self.zero)

    def last_there(self, hours: OpenHours, since: float, until: float) -> float | None:
        """Return the last instant of ``[since, until]`` at which somebody is there, ``None`` if nobody ever is."""
        if self.there(hours, until):
            return until
        index = bisect_left(hours.closes, until - self.zero) - 1
        if index < 0:
            return None
        last = self.zero + hours.closes[index]
        return last if last >= since else None

    def after(self, hours: OpenHours, at: float, minutes: float) -> float:
        """Return when somebody has been there for ``minutes`` after ``at``."""
        return self.zero + hours.add(at - self.zero, minutes)

    def why_not(self, owner: str, at: float, *, around_the_clock: bool) -> str:
        """Return why nobody of a tier could turn to a ticket at an instant; empty if somebody was free."""
        hours = self.hours(owner, around_the_clock=around_the_clock)
        if not self.there(hours, at):
            return NOBODY
        tier = self._tiers[owner]
        if around_the_clock and self._model.staff[tier].on_call:
            free = any(self._idle(number, at) for number in self._on_call(tier))
        elif self._model.staff[tier].unlimited:
            free = True
        else:
            free = any(
                self.there(self._hours[number], at) and self._idle(number, at) for number in self._agents[tier]
            )  # fmt: skip
        return "" if free else BUSY

    def _on_call(self, tier: int) -> Sequence[int]:
        return [n for n, one in enumerate(self._run.agents) if one.on_call and one.tier == tier]

    def _idle(self, number: int, at: float) -> bool:
        """Return whether an agent is not at work, and may take a ticket beside those whose customers are asked."""
        begins, ends = self._spells[number]
        minute = at - self.zero
        index = bisect_right(begins, minute) - 1
        if index >= 0 and ends[index] > minute:
            return False
        kept = sum(since <= minute < until for since, until in self._kept.get(number, ()))
        return kept < self._model.staff[self._run.agents[number].tier].multitasking
