"""What agents did: what the desk played, and besides it what the rulebook asks for and the desk does not play.

The desk plays the work, the moves, the first response, the checks, the questions and (where they take time) the
updates. Everything else that is owed costs no time there, so it is done here: at each instant somebody asks the
rulebook, and whoever owes something does it as soon as they are there and have the ticket; what recurs, in the instant
in which it is due, or before a break. A slip of the desk file keeps them from it. The log says what was done, when and
by whom; an audit reads nothing else of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from policy.fast import FastVerdict, Owed
from policy.judging import EPSILON
from policy.probing import ESCALATE, FIRST_RESPONSE, REPLY, RESOLVE, UPDATE
from policy.situation import Deed
from policy.standstill import due_at
from policy.verdict import ActKey
from simulator.audit.book import Book
from simulator.audit.case import CHECK, DEESCALATE, Case, Fact
from simulator.audit.people import People
from simulator.audit.replay import Replay
from simulator.audit.slips import Slips
from simulator.openhours import OpenHours

HANDOFF = "handoff"
_NEVER = math.inf


@dataclass(frozen=True, slots=True)
class Doing:
    """A deed, done after so many of the case's facts had become known."""

    after: int
    deed: Deed


Log = tuple[Doing, ...]


def doings(case: Case, book: Book, people: People, slips: Slips, never: ActKey | None = None) -> Log:
    """Return what was done about a ticket, in order.

    ``never`` is an act that nobody does, whoever owes it and whether the desk plays it or not.
    """
    return tuple(_Agents(case, book, people, slips, never).act())


class _Agents:
    """Everybody who owes something about one ticket, acting on the rulebook."""

    def __init__(self, case: Case, book: Book, people: People, slips: Slips, never: ActKey | None) -> None:
        self._never = never
        self._case, self._book, self._people, self._slips = case, book, people, slips
        self._replay = Replay(book, case)
        self._log: list[Doing] = []
        self._facts = 0
        self._number: dict[ActKey, int] = {}
        """How often each act was done, or forgotten where it recurs."""
        self._next: dict[ActKey, int] = {}
        self._had: set[str] = {case.tier}
        self._elsewhere = False
        """Whether somebody did not get the ticket whose work on it the desk has played: it was of another world."""
        self._missing: dict[float, ActKey] = {}
        """By the instant at which the stay began whose tier had to ask back: what the hand-off to it lacked."""

    def act(self) -> Iterator[Doing]:
        replay, case = self._replay, self._case
        items = iter(case.items)
        item = next(items, None)
        while True:
            wake = self._do_what_is_time()
            ahead = case.end if item is None else item.at
            soonest = min(wake, replay.next_flip(), ahead)
            if soonest >= case.end and item is None:
                break
            if item is not None and item.at <= soonest:
                replay.now = max(replay.now, item.at)
                if isinstance(item, Fact):
                    replay.apply(item)
                    self._facts += 1
                else:
                    self._played(item)
                item = next(items, None)
                # What falls on one instant is one event, but for a deed: before it, everybody has seen what there is.
                while isinstance(item, Fact) and item.at <= replay.now:
                    replay.apply(item)
                    self._facts += 1
                    item = next(items, None)
            else:
                replay.now = max(replay.now, soonest)
        return iter(self._log)

    def _played(self, deed: Deed) -> None:
        """Let what the desk played be done, but by nobody who has not got the ticket because nobody gave it."""
        self._had.add(self._replay.tier)
        has_it = deed.by == self._replay.tier or not self._people.is_tier(deed.by or "")
        finishes = deed.verb == REPLY and deed.by in self._had  # a reply that was begun is written to its end
        if not (has_it or finishes or deed.verb == RESOLVE):
            return
        if self._elsewhere and deed.verb == ESCALATE:
            return
        before = len(self._log)
        self._done(deed)
        if len(self._log) == before and deed.verb == ESCALATE and deed.to in self._book.policy.tiers:
            self._elsewhere = True

    def _done(self, deed: Deed) -> None:
        never = self._never
        if never is not None and (deed.verb, deed.to, deed.via) == never[:3]:
            if never[3] is None or deed.what == (never[3],):
                return
            deed = replace(deed, what=tuple(what for what in deed.what if what != never[3]))
        self._replay.add(deed)
        self._log.append(Doing(self._facts, deed))

    def _do_what_is_time(self) -> float:
        """Let everybody do what it is time for; return the next instant at which somebody means to do something."""
        while True:
            verdict, now, wake, acted = self._replay.look(), self._replay.now, _NEVER, False
            for owed in verdict.obligations:
                if owed.target or owed.key == self._never or self._is_played(owed):
                    continue
                at = self._when(owed, verdict)
                if at <= now:
                    acted = True
                    self._number[owed.key] = self._next[owed.key]
                    tags = (*((owed.what,) if owed.what else ()), *self._book.carried(owed.verb))
                    self._done(Deed(owed.verb, owed.to, owed.via, tuple(dict.fromkeys(tags)), now, owed.owner))
                else:
                    wake = min(wake, at)
            if not acted:
                return wake

    # -- what is played, and when the rest is done -------------------------------------------------------------

    def _is_played(self, owed: Owed) -> bool:
        """Return whether the desk plays what is owed, so that nobody needs to think of it here."""
        if self._elsewhere and owed.verb != RESOLVE:
            return not owed.ripe
        if owed.verb == ESCALATE:  # nobody is brought in twice there; who asks them again only writes it down
            again = any(deed.fits(ESCALATE, owed.to, None, None) for deed in self._replay.deeds)
            return owed.to in self._book.policy.tiers or not again
        if owed.verb in (DEESCALATE, RESOLVE):
            return True
        if owed.verb == CHECK:
            category = self._book.policy.categories.get(self._case.category or "")
            return category is not None and owed.what in category.basic_checks
        if not self._book.is_answer(owed.verb, owed.to):
            return False
        if owed.what == FIRST_RESPONSE:
            return not self._case.responded <= self._replay.now
        return owed.what == UPDATE and self._slips.updates_are_played and self._writes(owed)

    def _writes(self, owed: Owed) -> bool:
        """Return whether a customer update falls due by its cadence while somebody works on the ticket."""
        if owed.due is None or owed.rules[0] not in self._book.recurring:
            return False  # of several rules the one that is due first stands first
        if not self._case.worked_on(self._replay.tier, owed.due):
            return False
        told = [deed.at for deed in self._replay.deeds if deed.fits(*owed.key) and deed.at >= owed.since]
        calendar = self._book.calendar(self._replay.situation())
        if calendar.always_open and any(abs(at - owed.due) < EPSILON for at in self._case.shift_ends):
            return False  # who works on it goes home in that very instant, and writes it when they are back
        return owed.due >= calendar.add(max(told, default=owed.since), owed.repeat or 0.0) - EPSILON

    def _when(self, owed: Owed, verdict: FastVerdict) -> float:
        """Return when the owner does what they owe, infinity for not before something changes."""
        begins = self._begins(owed, verdict)
        if begins == _NEVER or self._lacks(owed):
            return _NEVER
        hours = self._people.hours(owed.owner, around_the_clock=self._around(verdict))
        number = self._number.get(owed.key, 0)
        luck = self._slips.of(owed, self._case.number, number)
        due = owed.due
        if owed.repeat is None:
            at = _NEVER if luck.forgotten else self._soonest(owed.owner, hours, begins)
        elif due is None:
            return _NEVER
        else:
            calendar = self._book.calendar(self._replay.situation())
            if self._slips.never(owed):
                return _NEVER
            # What another rule wants of it now, once, is done as soon as what does not recur.
            once = owed.rules[0] not in self._book.recurring and not luck.forgotten
            while luck.forgotten:  # they think of it again when it would be due the next time
                due, number = due_at(calendar, due, owed.repeat, ()), number + 1
                if due > self._case.end:
                    return _NEVER
                luck = self._slips.of(owed, self._case.number, number)
            at = self._soonest(owed.owner, hours, begins) if once else self._in_time(owed, hours, begins, due)
        self._next[owed.key] = number + 1
        if luck.late_by and due is not None and at < _NEVER:
            at = max(at, self._people.after(hours, due, luck.late_by))
        return at

    def _soonest(self, owner: str, hours: OpenHours, at: float) -> float:
        """Return the first instant from ``at`` on at which an owner is there; who has the ticket in hand is."""
        return at if self._case.at_hand(owner, at, at) else self._people.next_there(hours, at)

    def _in_time(self, owed: Owed, hours: OpenHours, begins: float, due: float) -> float:
        """Return when what recurs is done: when it is due, before they go if they are away then, or else after."""
        if due <= begins:
            return self._soonest(owed.owner, hours, begins)
        if self._case.at_hand(owed.owner, due, due):
            return due
        last = self._people.last_there(hours, begins, due)
        if last is None or any(deed.at >= last and deed.fits(*owed.key) for deed in self._replay.deeds):
            return self._people.next_there(hours, due)  # it has just been done, and nobody comes before it is due
        return last

    def _around(self, verdict: FastVerdict) -> bool:
        return self._people.around_the_clock(verdict.priority, self._case.plan)

    def _begins(self, owed: Owed, verdict: FastVerdict) -> float:
        """Return from when on the owner can act: a tier that holds the ticket, once somebody has it in hand."""
        now, case = self._replay.now, self._case
        at = now
        if self._elsewhere:
            return at
        if owed.owner == self._replay.tier:
            if owed.what == UPDATE and self._slips.updates_are_played and owed.due is not None:
                at = max(now, owed.due)  # nobody has it in hand then: whoever is free writes it
                if self._people.why_not(owed.owner, at, around_the_clock=self._around(verdict)):
                    return _NEVER
            elif (stay := case.stay(owed.owner, now)) is None or not (stay.began <= now or case.untaken(stay, now)):
                return _NEVER  # what was solved before anybody took it is anybody's of the tier
        # The first thing that a customer hears is the first response.
        if self._book.is_answer(owed.verb, owed.to) and not case.responded <= at:
            return case.responded if case.responded > at else _NEVER
        return at

    def _lacks(self, owed: Owed) -> bool:
        """Return whether a hand-off lacked this part, so that the tier had to ask back."""
        stay = self._case.stay(owed.to or "", self._replay.now) if owed.verb == HANDOFF else None
        if stay is None or not stay.incomplete:
            return False
        return self._missing.setdefault(stay.entered, owed.key) == owed.key
