"""One ticket of a run, and what was so of it at each instant: its priority, the rules of it, who worked on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.attribution import Times
from simulator.codes import Entry, Note
from simulator.model import KindRules
from simulator.tables import Run


class Case:
    """A ticket of a run."""

    def __init__(self, run: Run, number: int) -> None:
        """Take the run, and the number of one of its tickets, from 0."""
        self.whole, self.number = run, number
        self.run = _only(run, number)
        """The same run with this ticket alone (number 0 there)."""
        self.model = run.model
        self.row: Any = self.run.tickets[0]
        self.plan = run.model.plans[self.row["plan"]]
        self.times = Times(self.run)
        self.stays = self.times.stays
        self.closed = float(self.times.closed[0])
        """When its life ends, as far as the run knows it."""
        seen = self.run.notes[self.run.notes["what"] == Note.PRIORITY_SEEN]
        self.seen_at = float(seen["at"][0]) if len(seen) else -np.inf
        """When it was seen that it had been taken for less urgent than it is; minus infinity where it was not."""
        self._seen_in = self.stay_of(seen[0]) if len(seen) else 0
        light = self.run.notes[self.run.notes["what"] == Note.SIGNAL_SEEN]
        self._raised_in = self.stay_of(light[0]) if len(light) and self.row["raised"] else 0
        """The stay in which a signal raised the priority."""
        self.raised_at = float(light["at"][0]) if len(light) and self.row["raised"] else -np.inf
        """When it did so; minus infinity where none did."""
        self.stated = int(self.row["priority"] - self.row["lowered"] + self.row["raised"]) + len(seen)
        """The priority that it was taken for when it came."""

    def stay_of(self, note: Any) -> int:
        """Return the number of the stay in which something came to be known, if not by an agent then in the queue.

        It is -1 if the ticket was on its way then.
        """
        stays, at = self.stays, note["at"]
        for since in (stays["began"], stays["available"]):
            there = (stays["place"] == note["place"]) & (since <= at) & (at <= self.times.left)
            if there.any():
                return int(np.flatnonzero(there)[-1])
        return -1

    def raised_before(self, at: float) -> bool:
        """Return whether its priority was raised before an instant: its age counts from then on."""
        return any(-np.inf < raised < at for raised in (self.seen_at, self.raised_at))

    def priority_in(self, stay: int) -> int:
        """Return the priority that the ticket had in a stay, at the end of it, for those who had it."""
        lowered = np.count_nonzero(self.stays["entry"][: stay + 1] == Entry.BACK_RECLASSIFIED)
        before = int(self.row["raised"]) if stay < self._raised_in else 0
        return int(self.row["priority"] - self.row["lowered"] + lowered) + (stay < self._seen_in) + before

    @property
    def signal(self) -> str:
        """The name of the signal that it carries, empty without one."""
        place = int(self.row["signal"])
        return list(self.model.desk.signals)[place] if place >= 0 else ""

    def stay_at(self, at: float) -> int:
        """Return the number of the stay that owns the ticket at an instant."""
        return max(0, int(np.count_nonzero(self.stays["entered"] <= at)) - 1)

    def rules_in(self, stay: int) -> KindRules:
        """Return the rules of the ticket in a stay, as those knew them who had it."""
        return self.rules_of(self.priority_in(stay))

    def rules_of(self, priority: int) -> KindRules:
        """Return the rules of the ticket if it has a priority."""
        found: KindRules = self.model.kinds[priority][self.row["plan"]]
        return found

    def spells(self, stay: Any) -> list[Any]:
        """Return the spells of work in a stay."""
        began, left = float(stay["began"]), float(stay["left"])
        return [
            one for one in self.run.spells
            if one["place"] == stay["place"] and one["began"] >= began and not one["began"] > left
        ]  # fmt: skip


def _only(run: Run, number: int) -> Run:
    tickets = run.tickets[number : number + 1].copy()
    visits = run.visits[run.visits["ticket"] == number].copy()
    spells = run.spells[run.spells["ticket"] == number].copy()
    questions = run.questions[run.questions["ticket"] == number].copy()
    updates = run.updates[run.updates["ticket"] == number].copy()
    notes = run.notes[run.notes["ticket"] == number].copy()
    for rows in (tickets, visits, spells, questions, updates, notes):
        rows["ticket"] = 0
    spells.sort(order="began")
    updates.sort(order="due")
    notes.sort(order=("at", "what"))
    return Run(run.model, run.seed, run.replication, tickets, visits, spells, run.agents, questions, updates, notes)
