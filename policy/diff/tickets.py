"""Which open tickets of a ticket table a change of policy touches.

What the table does not say (how long a ticket has been in hand, what was found out) is left open: a ticket *may* be
touched if some situation with its plan, priority and tier is, and it is touched *now* if the two rulebooks differ
about what the table does say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from policy.building import BASIC_CHECKS, Act
from policy.calendars import to_datetime
from policy.clocks import Clock
from policy.diff.effects import Touched as Acts
from policy.diff.effects import touches
from policy.diff.meaning import changed_acts
from policy.diff.ticket_table import OpenTicket
from policy.durations import parse_duration
from policy.fast import FastBook
from policy.life import effective
from policy.loading import Policy
from policy.rulebook import Rulebook
from policy.situation import Deed, Situation
from policy.verdict import ActKey

_TOLD_EACH: Final = 500
"""Tickets between two words about how far it is."""
Owed = dict[ActKey, tuple[str, float | None]]
"""By act: who owes it, and the instant at which it is due (``None`` = whenever)."""


@dataclass(frozen=True, slots=True)
class Touched:
    """An open ticket that a change touches: ``now`` holds what somebody owes differently, in words of the verdict."""

    ticket: OpenTicket
    now: tuple[str, ...]


def touched(
    first: Policy, second: Policy, tickets: Sequence[OpenTicket], now: float, kinds: frozenset[tuple[str, str, str]],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Touched]:  # fmt: skip
    """Yield the tickets that a change from ``first`` to ``second`` touches.

    ``kinds`` are (priority, plan, tier) of which some situation is decided differently (``Meaning.kinds``); a ticket
    with a word that only one policy knows is touched whatever they are. ``now`` is the instant of the comparison
    (minutes since 1970). ``progress`` is told now and then how many tickets are done, and of how many.
    """
    acts = changed_acts(first, second)
    asked = _Asked(first, acts), _Asked(second, acts)
    tiers = frozenset({*first.tiers, *second.tiers})
    known: dict[tuple[object, ...], tuple[str, ...]] = {}  # of tickets alike, one is asked about
    for number, ticket in enumerate(tickets):
        if number % _TOLD_EACH == 0:
            progress(number, len(tickets))
        strange = tuple(
            words for one, name in zip(asked, "AB", strict=True) for words in one.strange(ticket, name, tiers)
        )
        if strange:
            yield Touched(ticket, strange)
        elif (ticket.priority, ticket.plan, ticket.tier) in kinds:
            alike = (ticket.priority, ticket.plan, ticket.tier, ticket.opened, ticket.responded)
            if alike not in known:
                known[alike] = _differing(*(one.owed(ticket, now) for one in asked))
            yield Touched(ticket, known[alike])


def outside_tiers(tickets: Sequence[OpenTicket], policies: Sequence[Policy]) -> dict[str, int]:
    """Return how many tickets are held by roles that are a tier in no policy; rules about tiers cannot be asked."""
    counts: dict[str, int] = {}
    for ticket in tickets:
        if not any(ticket.tier in policy.tiers for policy in policies):
            counts[ticket.tier] = counts.get(ticket.tier, 0) + 1
    return counts


def standing(first: Policy, second: Policy, hit: Sequence[Touched]) -> str:
    """Return a sentence about which of the two policies the touched tickets are under; "" without any ticket."""
    if not hit:
        return ""
    day = second.doc.effective_from
    before = sum(one.ticket.opened < effective(second) for one in hit)
    if second.doc.applies_to_open:
        return f"B says applies_to_open: true, so from {day} on it governs these tickets, whenever they were opened."
    keeps = "keep the policy under which they were opened: B says applies_to_open: false."
    if first.doc.effective_from == day:
        since = f"A and B both hold from {day}; which of them governs a ticket opened since then, they do not say."
        if not before:
            return since
        left = "" if before == len(hit) else f" {since}"
        return f"{_these(before, len(hit))} opened before {day} and {keeps}{left}"
    if before:
        return f"{_these(before, len(hit))} opened before {day}, when B comes into force, and {keeps}"
    return f"These tickets were opened when B was in force (from {day} on), so they are under B."


def _these(some: int, of: int) -> str:
    return "These tickets were" if some == of else f"{some} of these {of} tickets were"


class _Asked:
    """A policy that is asked about tickets: only what it obliges to, and of that only ``acts`` (``None``: all)."""

    def __init__(self, policy: Policy, acts: Acts | None) -> None:
        self._policy = policy
        rules = [r for r in policy.rules if r.define or any(_speaks_of(one.act, acts) for one in r.obliges)]
        self._book = FastBook(Rulebook(replace(policy, rules=tuple(rules))))
        self._targets = {name: parse_duration(one.resolution) for name, one in policy.priorities.items()}

    def strange(self, ticket: OpenTicket, called: str, tiers: frozenset[str]) -> Iterator[str]:
        """Yield what this policy, called A or B, does not know of a ticket; ``tiers`` are those of either."""
        policy = self._policy
        holders: Mapping[str, object] = policy.tiers if ticket.tier in tiers else policy.doc.vocabulary.roles
        words = (
            ("priority", ticket.priority, policy.priorities),
            ("plan", ticket.plan, policy.plans),
            ("tier" if ticket.tier in tiers else "role", ticket.tier, holders),
        )
        for kind, word, legal in words:
            if word not in legal:
                yield f"{called} has no {kind} {word}"

    def owed(self, ticket: OpenTicket, now: float) -> Owed:
        """Return what is owed on a ticket; its resolution clock has run since it was opened."""
        return {one.key: (one.owner, one.due) for one in self._book.ask(self._situation(ticket, now)).obligations}

    def _situation(self, ticket: OpenTicket, now: float) -> Situation:
        deeds: tuple[Deed, ...] = ()
        if ticket.responded is not None:
            deeds = (Deed("reply", "customer", None, ("first_response",), ticket.responded),)
        clocks: dict[str, Clock] = {}
        situation = Situation(
            now=max(now, ticket.opened), opened=ticket.opened, plan=ticket.plan, tier=ticket.tier,
            tier_since=ticket.opened, stated_priority=ticket.priority, stated_since=ticket.opened,
            status_since=ticket.opened, deeds=deeds, clocks=clocks,
        )  # fmt: skip
        calendar = self._book.calendar(situation)  # on which the clock then runs
        target = self._targets[ticket.priority].minutes(calendar.day_minutes)
        clocks["resolution"] = Clock(calendar, target, "running", ticket.opened)
        return situation


def _speaks_of(act: Act, acts: Acts | None) -> bool:
    """Return whether an obligation may be one of ``acts``; "basic checks" stands for checks that have names too."""
    if touches(act, acts):
        return True
    return acts is not None and (
        (act.verb, BASIC_CHECKS) in acts or (BASIC_CHECKS in act.what and any(act.verb == verb for verb, _ in acts))
    )


def _differing(before: Owed, after: Owed) -> tuple[str, ...]:
    """Return what is owed differently, in words."""
    return tuple(
        f"{' '.join(part for part in key if part)}: {_terms(before.get(key))} → {_terms(after.get(key))}"
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    )


def _terms(one: tuple[str, float | None] | None) -> str:
    if one is None:
        return "not owed"
    owner, due = one
    return f"{owner}, whenever" if due is None else f"{owner}, due {to_datetime(due):%Y-%m-%d %H:%M} UTC"
