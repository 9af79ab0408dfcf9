"""The tables of a run: one row a ticket, one row a stay in a place, one row a spell of work. Every figure is a
function of these.

Instants are minutes since the opening of the run's window, not-a-number where something has not happened by its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.codes import Ending, Entry
from simulator.model import DeskModel
from simulator.openhours import Floats, OpenHours

Table = npt.NDArray[np.void]

TICKET_ROWS: Final = np.dtype(
    [
        ("ticket", "i4"),
        ("priority", "i1"),
        ("plan", "i1"),
        ("category", "i1"),
        ("solved_by", "i1"),
        ("holder", "i1"),
        ("fate", "i1"),
        ("cause", "i4"),
        ("opened", "f8"),
        ("responded", "f8"),
        ("resolved", "f8"),
        ("paused", "f8"),
        ("clock_from", "f8"),
        ("breached_before", "i1"),
        ("lowered", "i1"),
        ("raised", "i1"),
        ("signal", "i1"),
        ("updates_sent", "i4"),
        ("updates_missed", "i4"),
        ("updates_late", "i4"),
        ("reopened", "i1"),
        ("source", "i1"),
        ("luck", "f8"),
    ]
)
"""What the engine writes down of a ticket. ``fate`` is a :class:`~simulator.codes.Fate`, ``cause`` the number of the
outage (-1 without one), ``resolved`` when it was solved or lost. ``clock_from`` is when its resolution clock began
(anew, where its priority was lowered or raised), ``paused`` the minutes for which it stood still since then,
``breached_before`` whether it was over before. ``lowered`` is how often the priority was lowered, ``raised`` by how
many steps a signal raised it; ``signal`` is the place of the signal that it carries among the desk's, -1 for none."""

TICKETS: Final = np.dtype(
    [
        *((name, TICKET_ROWS[name]) for name in (TICKET_ROWS.names or ()) if name != "luck"),
        ("response_due", "f8"),
        ("resolution_due", "f8"),
        ("response_minutes", "f8"),
        ("resolution_minutes", "f8"),
        ("updates_due", "i4"),
        ("csat", "f8"),
    ]
)
"""``response_minutes`` and ``resolution_minutes`` are on the ticket's own calendar, without pauses; ``csat`` is
1..5, not-a-number for a ticket that is open, or was closed for want of its customer's answer."""

VISITS: Final = np.dtype(
    [
        ("ticket", "i4"),
        ("place", "i1"),
        ("agent", "i4"),
        ("entry", "i1"),
        ("ending", "i1"),
        ("entered", "f8"),
        ("available", "f8"),
        ("began", "f8"),
        ("left", "f8"),
        ("released", "f8"),
        ("slip", "i1"),
    ]
)
"""``entered`` ownership begins, ``available`` the hand-off is done, ``began`` an agent takes it, ``left`` ownership
ends, ``released`` that agent is free again. ``agent`` is the last who had it, -1 where nobody did. Nobody works in
places that are no tiers: all three are ``entered``. ``slip`` is a :class:`~simulator.codes.Slip`."""

QUESTIONS: Final = np.dtype([("ticket", "i4"), ("place", "i1"), ("asked", "f8"), ("answered", "f8")])
"""Questions to customers. ``answered``: when the waiting was over, also without an answer; not-a-number while it goes
on."""

UPDATES: Final = np.dtype([("ticket", "i4"), ("place", "i1"), ("due", "f8"), ("sent", "f8")])
"""Updates of customers that agents write as work: when each was ``due``, and when the agent turned to it (``sent``),
which is later than that where nobody was at work on the ticket, and not-a-number where it was forgotten."""

NOTES: Final = np.dtype([("ticket", "i4"), ("place", "i1"), ("what", "i1"), ("at", "f8")])
"""What an agent came to know in the middle of a stay, and when; ``what`` is a :class:`~simulator.codes.Note`."""

SPELLS: Final = np.dtype(
    [("ticket", "i4"), ("place", "i1"), ("agent", "i4"), ("began", "f8"), ("ended", "f8"), ("about", "i4")]
)
"""Stretches of an agent's work on a ticket, hand-offs included.

Of work that is done together with somebody who holds a ticket, ``ticket`` is -1, and ``about`` is the number of that
ticket; elsewhere ``about`` is -1.
"""


def priorities_then(visits: Table, tickets: Table) -> npt.NDArray[np.int64]:
    """Return the priority that each ticket had in each visit, as far as it was lowered later; shape (visits,).

    The visits are those of all tickets, in order. A priority that was seen too late counts as if it had been known.
    """
    final: npt.NDArray[np.int64] = tickets["priority"][visits["ticket"]].astype(np.int64)
    if not tickets["lowered"].any():
        return final
    so_far = np.cumsum(visits["entry"] == Entry.BACK_RECLASSIFIED)
    of_ticket = np.bincount(visits["ticket"], visits["entry"] == Entry.BACK_RECLASSIFIED, minlength=len(tickets))
    before = (np.cumsum(of_ticket) - of_ticket)[visits["ticket"]].astype(np.int64)
    return np.asarray(final - tickets["lowered"][visits["ticket"]] + (so_far - before), np.int64)


def solved_at(visits: Table, tickets: Table) -> Floats:
    """Return when each ticket was solved or lost: before it was closed, where it was handed back as solved.

    The shape is (tickets,); not-a-number where a ticket is open.
    """
    found: Floats = tickets["resolved"].copy()
    told = visits[(visits["entry"] == Entry.BACK_RESOLVED) & (visits["ending"] == Ending.SOLVED)]
    last = told["left"] == found[told["ticket"]]
    found[told["ticket"][last]] = told["entered"][last]
    return found


@dataclass(frozen=True, slots=True)
class Worker:
    """An agent of one replication: the home tier, whether on call, the hours (breaks in them, days away not), and all
    the tiers they work in."""

    tier: int
    on_call: bool
    hours: OpenHours
    tiers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One replication: its tables and what they were made from."""

    model: DeskModel
    seed: int
    replication: int
    tickets: Table
    visits: Table
    spells: Table
    agents: tuple[Worker, ...]
    """Who worked, by the number in the tables."""
    questions: Table
    updates: Table
    notes: Table
    looks: Table | None = None
    """What the engine saw in its queues (:mod:`simulator.looks`); nothing where it has none."""

    @property
    def period(self) -> tuple[float, float]:
        """The measured period ``[start, end)``, minutes since the opening."""
        return self.model.start, self.model.end
