"""The laws of every run, held against tables that lie on disk: a piece at a time, so that memory stays small.

Most laws are about one ticket, and are looked at for some thousands of tickets together. Those about an agent are
looked at for as many agents as have some thousands of spells of work between them: the memory that takes grows with the
spells of the busiest agent (some 200 bytes each), and with nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np

from simulator.checks import broken
from simulator.laws import LAWS, OF_AGENTS, OF_QUEUES, Books, Indices, about
from simulator.looks import unlike
from simulator.streaming import pieces
from simulator.tables import Run, Table

TOGETHER: Final = 1 << 15
"""Tickets, or spells of work, that are looked at together."""


def check_on_disk(run: Run) -> None:
    """Hold a run whose tables lie on disk against the laws (:func:`simulator.checks.check`).

    Raises:
        ImpossibleRun: a law is broken.
    """
    _every_row_has_a_ticket(run)
    for start, some in _by_tickets(run):
        books = Books(some)
        for law, breaking in LAWS:
            if breaking not in OF_AGENTS | OF_QUEUES:
                _tell(run, law, breaking(books) + start)
    for some in _by_agents(run):
        books = Books(some)
        for law, breaking in LAWS:
            if breaking in OF_AGENTS:
                _tell(run, law, breaking(books))
    for law, breaking in LAWS:
        if breaking in OF_QUEUES and run.looks is not None:
            odd = unlike(run.looks, pieces(run.visits), run.model.tiers)
            _tell(run, law, about(run, odd[0]) if len(odd) else np.empty(0, np.intp))


def _tell(run: Run, law: str, tickets: Indices) -> None:
    if len(tickets):
        raise broken(run, law, tickets)


def _every_row_has_a_ticket(run: Run) -> None:
    """Look at what would fall between the pieces: rows of no ticket, and tables that are out of order."""
    count = len(run.tickets)
    for name in ("visits", "spells", "questions", "updates", "notes"):
        before, lowest = 0, -1 if name == "spells" else 0  # work with somebody who holds a ticket is of none
        for piece in pieces(getattr(run, name)):
            ticket = piece["ticket"]
            bad = (ticket < lowest) | (ticket >= count)
            if name in _IN_ORDER:
                bad |= np.diff(ticket, prepend=before) < 0
                before = ticket[-1]
            _tell(run, LAWS[0][0], np.asarray(ticket[bad], np.intp))


_IN_ORDER: Final = ("visits", "updates", "notes")


def _by_tickets(run: Run) -> Iterator[tuple[int, Run]]:
    """Yield the first number of some tickets, and their rows of all tables, counted from that number on."""
    numbers = {name: np.ascontiguousarray(getattr(run, name)["ticket"]) for name in _IN_ORDER}
    for start in range(0, len(run.tickets), TOGETHER):
        stop = min(start + TOGETHER, len(run.tickets))
        tables: dict[str, Any] = {"tickets": np.array(run.tickets[start:stop])}
        for name, number in numbers.items():
            low, high = np.searchsorted(number, [start, stop])
            tables[name] = np.array(getattr(run, name)[low:high])
        for name in ("spells", "questions"):
            tables[name] = _chosen(getattr(run, name), "ticket", start, stop)
        for table in tables.values():
            table["ticket"] -= start
        yield start, replace(run, **tables)


def _by_agents(run: Run) -> Iterator[Run]:
    """Yield the spells of work of some agents at a time; the other tables stay as they are."""
    counts = np.zeros(len(run.agents), np.int64)
    for piece in pieces(run.spells):
        counts += np.bincount(piece["agent"], minlength=len(run.agents))
    start = 0
    while start < len(counts):
        within = int(np.searchsorted(np.cumsum(counts[start:]), TOGETHER, side="right"))
        stop = start + max(within, 1)
        yield replace(run, spells=_chosen(run.spells, "agent", start, stop))
        start = stop


def _chosen(rows: Table, what: str, start: int, stop: int) -> Table:
    """Return the rows of which a field is at least ``start`` and less than ``stop``."""
    found = [piece[(piece[what] >= start) & (piece[what] < stop)] for piece in pieces(rows)]
    return np.concatenate(found) if found else np.array(rows)
