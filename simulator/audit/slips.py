"""Duties that agents forget, or do late: what the desk file says of each, and each duty's own luck.

The luck of a duty belongs to the ticket, the act and its number. So one share can be changed without dealing anything
else anew, and what is forgotten at a share of 0.05 is forgotten at 0.10 as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from policy.errors import InputError
from policy.explain import nearest
from policy.fast import Owed
from policy.probing import ESCALATE, RESOLVE, UPDATE
from policy.verdict import ActKey
from simulator.audit.book import Book
from simulator.audit.case import DEESCALATE
from simulator.desk import DutySlip
from simulator.draws.streams import Stream, stream
from simulator.tables import Run

ANY = "any"
_PLAYED = {
    ESCALATE: "late_recognition, premature, wrong_destination",
    DEESCALATE: "premature, wrong_destination",
    RESOLVE: "the lengths of work",
}
"""Acts that the desk plays; what else keeps them from being right and in time."""


@dataclass(frozen=True, slots=True)
class Luck:
    """What becomes of one duty: done in time unless it is forgotten, or late by so many minutes."""

    forgotten: bool
    late_by: float


KEPT = Luck(False, 0.0)


class Slips:
    """The slips of a run's desk in what its agents owe."""

    def __init__(self, run: Run, book: Book) -> None:
        """Take the run's desk.

        Raises:
            InputError: the desk names a duty that the policy does not have, or one that the desk itself plays.
        """
        behaviour = run.model.desk.behaviour
        self._run, self._slips = run, dict(behaviour.duties)
        self.updates_are_played = run.model.desk.work.update is not None
        self._luck: dict[tuple[int, ActKey, int], Luck] = {}
        self._updates = DutySlip(forgotten=behaviour.updates_forgotten)
        vocabulary = book.policy.doc.vocabulary
        self._rules = {entry.id for entry in book.policy.rules}
        legal = {ANY, *self._rules, *vocabulary.acts, *vocabulary.contents}
        for name in self._slips:
            where = f"desk {run.model.desk.name}: behaviour.duties.{name}"
            if name not in legal:
                raise InputError(f'{where}: the policy has no rule, act or content "{name}"{nearest(name, legal)}')
            if name in _PLAYED:
                raise InputError(f'{where}: the desk plays "{name}" itself; what decides about it: {_PLAYED[name]}')

    def of(self, owed: Owed, ticket: int, number: int) -> Luck:
        """Return what becomes of a ticket's duty, its ``number``-th of this kind."""
        slip = self._slip(owed)
        if slip is None or not (slip.forgotten or slip.late):
            return KEPT
        asked = ticket, owed.key, number
        if asked not in self._luck:
            self._luck[asked] = self._drawn(slip, ticket, owed.key, number)
        return self._luck[asked]

    def never(self, owed: Owed) -> bool:
        """Return whether a duty is always forgotten."""
        slip = self._slip(owed)
        return slip is not None and slip.forgotten >= 1

    def _drawn(self, slip: DutySlip, ticket: int, act: ActKey, number: int) -> Luck:
        key = crc32("|".join(part or "" for part in act).encode())
        draws = stream(self._run.seed, self._run.replication, Stream.DUTIES, ticket, key, number).random(2)
        if draws[0] < slip.forgotten:
            return Luck(True, 0.0)
        return Luck(False, slip.late_by if draws[1] < slip.late else 0.0)

    def _slip(self, owed: Owed) -> DutySlip | None:
        """Return what the desk says of a duty: of its rule, else of what it tells, else of the act, else of any."""
        slips = self._slips
        for rule in owed.rules:
            if rule in slips:
                return slips[rule]
        for name in (owed.what, owed.verb):
            if name is not None and name in slips:
                return slips[name]
        if owed.what == UPDATE and self._updates.forgotten:
            return self._updates
        return slips.get(ANY)


def act_name(key: ActKey) -> str:
    """Return an act as a short name: the verb, whom it reaches, by which way, and what it tells."""
    verb, to, via, what = key
    said = verb + (f" → {to}" if to else "") + (f" by {via}" if via else "")
    return said + (f": {what}" if what else "")
