"""The books of the twin: its tables, and what is written down in them."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from simulator.codes import Ending, Entry, Fate, Note
from simulator.draws.crew import crew
from simulator.model import DeskModel
from simulator.tables import NOTES, QUESTIONS, SPELLS, TICKET_ROWS, UPDATES, VISITS, Table

from .people import Agent, Floor
from .tickets import Chance, Errand, Ticket

Steps = Generator[simpy.Event, Any, Any]
NEVER = math.nan


class Lost(Exception):
    """A ticket ends without being solved."""

    def __init__(self, ending: Ending, fate: Fate) -> None:
        self.ending, self.fate = ending, fate


class Books:
    """A desk that is only written about."""

    def __init__(self, model: DeskModel, seed: int, replication: int) -> None:
        self.env = simpy.Environment()
        self.model = model
        self.chance = Chance(model, seed, replication)
        self.writing = model.desk.work.update or 0.0
        self.floor = Floor(self, crew(model, seed, replication))
        self.open: dict[int, Ticket] = {}
        self._tickets: list[tuple[Any, ...]] = []
        self._visits: list[tuple[Any, ...]] = []
        self._spells: list[tuple[Any, ...]] = []
        self._questions: list[tuple[Any, ...]] = []
        self._updates: list[tuple[Any, ...]] = []
        self._notes: list[tuple[Any, ...]] = []

    @property
    def tickets(self) -> Table:
        return np.array(self._tickets, TICKET_ROWS)

    @property
    def visits(self) -> Table:
        return np.array(self._visits, VISITS)

    @property
    def spells(self) -> Table:
        return np.array(self._spells, SPELLS)

    @property
    def questions(self) -> Table:
        return np.array(self._questions, QUESTIONS)

    @property
    def updates(self) -> Table:
        return np.array(self._updates, UPDATES)

    @property
    def notes(self) -> Table:
        return np.array(self._notes, NOTES)

    def until(self, instant: float) -> simpy.Timeout:
        """Return a timeout that is over at an instant."""
        return self.env.timeout(instant - self.env.now)

    def tell(self, ticket: Ticket, place: int, why: int, at: float) -> None:
        """Let somebody join in; who has done so already does not do it again."""
        if place not in ticket.told or at < ticket.told[place][0]:
            ticket.told[place] = at, int(why)

    def note(self, agent: Agent, ticket: Ticket | Errand, ended: float, began: float | None = None) -> None:
        """Write down a spell of work; it began when the agent's began who has it now."""
        began = agent.spell_began if began is None else began
        self._spells.append((ticket.index, ticket.tier, agent.number, began, ended, ticket.about))

    def learned(self, ticket: Ticket, what: Note, at: float | None = None) -> None:
        """Write down that an agent has come to know something, now or a little earlier."""
        self._notes.append((ticket.index, ticket.tier, what, self.env.now if at is None else at))

    def updated(self, ticket: Ticket, due: float, sent: float) -> None:
        """Write down an update of the customer, sent or forgotten."""
        self._updates.append((ticket.index, ticket.tier, due, sent))

    def answered(self, ticket: Ticket, at: float) -> None:
        """Write down a question to the customer, and let what has stood still go on, or stand still to the end."""
        self._questions.append((ticket.index, ticket.tier, ticket.asked_at, at))
        ticket.clocks_run_again(self.model.end if math.isnan(at) else at)

    def leave(self, ticket: Ticket, ending: Ending, left: float, released: float) -> None:
        """Write down a stay; who joins in after some time in hand has been told on the way."""
        if ticket.written:
            return
        had_it = ticket.agent is not None
        if had_it:
            for countdown, place in ticket.joins:
                if countdown.over() <= left or (math.isnan(left) and countdown.over() < self.model.end):
                    self.tell(ticket, place, Entry.UNRESOLVED, countdown.over())
        self._visits.append(
            (
                ticket.index, ticket.tier, ticket.agent.number if ticket.agent is not None else -1, ticket.entry,
                ending, ticket.entered, ticket.available, ticket.began, left, released if had_it else NEVER,
                ticket.slip,
            )
        )  # fmt: skip

    def close(self, ticket: Ticket, fate: Fate, resolved: float) -> None:
        """Write down a ticket that is over and done with, or open at the end."""
        ticket.solved = True
        ticket.settle(self.model.end if math.isnan(resolved) else resolved)
        del self.open[ticket.index]
        block, row = ticket.block, ticket.row
        for place, (at, why) in ticket.told.items():
            if at <= (self.model.end if math.isnan(resolved) else resolved):
                self._visits.append((ticket.index, place, -1, why, Ending.SOLVED, at, at, at, resolved, resolved, 0))
        self._tickets.append(
            (
                ticket.index, ticket.priority, block.plan[row], ticket.category, ticket.solved_by, ticket.tier, fate,
                ticket.cause, ticket.opened, ticket.responded, resolved, ticket.paused, ticket.clock_from,
                ticket.breached_before, ticket.lowered, ticket.raised, block.signal[row],
                ticket.sent, ticket.missed, ticket.late, ticket.reopened, block.source, block.luck[row],
            )
        )  # fmt: skip
