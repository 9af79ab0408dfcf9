"""The desk's clock and its books: the loop over its events, and what is written down."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from pathlib import Path

import simpy
from simpy.events import Event

from simulator.codes import Fate
from simulator.engine.goes import GOES, told_at_length
from simulator.engine.ledger import Rows
from simulator.engine.numbers import ASKING, DECISION, GAVE_UP, INFINITE, RESOLVED, SOLVED, UNRESOLVED
from simulator.engine.parts import NEVER, Agent, Ticket
from simulator.model import DeskModel
from simulator.tables import NOTES, QUESTIONS, SPELLS, TICKET_ROWS, UPDATES, VISITS, Table


class Books(simpy.Environment):
    """A SimPy environment that keeps the tables of a desk."""

    # Names that have a place of their own are found faster than in the dictionary that an environment has besides.
    __slots__ = (
        "goes", "model", "notes", "open_tickets", "questions", "spells", "tickets", "updates", "visits",
    )  # fmt: skip

    def __init__(self, model: DeskModel) -> None:
        """Begin with empty tables, at time 0, the opening of the window."""
        super().__init__(0.0)
        self.model = model
        self._without_rows()
        self.open_tickets: dict[int, Ticket] = {}

    def _without_rows(self) -> None:
        self.tickets, self.visits, self.spells = Rows(TICKET_ROWS), Rows(VISITS), Rows(SPELLS)
        self.questions, self.updates, self.notes = Rows(QUESTIONS), Rows(UPDATES), Rows(NOTES)
        self.goes = Rows(GOES)

    def gather(self) -> None:
        """Put what was written last to what was written before, in memory or on disk."""
        self.tell_at_length()
        for rows in (self.tickets, self.visits, self.spells, self.questions, self.updates, self.notes):
            rows.gather()

    def tell_at_length(self) -> None:
        """Write the rows of the tables for tickets that were solved in one go."""
        goes = self.goes.taken()
        if len(goes):
            told = told_at_length(goes)
            self.tickets.add(told["tickets"])
            self.visits.add(told["visits"])
            self.spells.add(told["spells"])
            self.notes.add(told["notes"])

    def tables(self) -> dict[str, Table]:
        """Give away what has been written, by the names of the tables; the rows in the order of writing."""
        found = {
            "tickets": self.tickets.table(),
            "visits": self.visits.table(),
            "spells": self.spells.table(),
            "questions": self.questions.table(),
            "updates": self.updates.table(),
            "notes": self.notes.table(),
        }
        self._without_rows()  # a desk and its parts know each other: they may stay in memory for a while
        return found

    def stream_to(self, folder: Path) -> None:
        """Write the tables to files in a folder as they grow, instead of keeping them in memory."""
        self.tickets = Rows(TICKET_ROWS, folder / "tickets.rows")
        self.visits = Rows(VISITS, folder / "visits.rows")
        self.spells = Rows(SPELLS, folder / "spells.rows")
        self.questions = Rows(QUESTIONS, folder / "questions.rows")
        self.updates = Rows(UPDATES, folder / "updates.rows")
        self.notes = Rows(NOTES, folder / "notes.rows")

    def run_until(self, end: float, opened: Sequence[float], arrive: Callable[[int], None]) -> None:
        """Process events until ``end``, and let tickets ``arrive``, by number, when they are ``opened``.

        This is what ``Environment.run`` does, without what no event of ours needs: callbacks may be used again, and
        none fails. It takes half the time, and a long run consists of little else. Arrivals need no place in the
        calendar of events, as they come in order; at the same instant as others they have the place in which they would
        have been put when the ticket before them came. Meanwhile nobody looks for cycles of objects: what is done with
        here refers to nothing that refers to it, and is gone at once (measured: no cycle in 30,000 tickets, and a tenth
        of the time for the looking).
        """
        queue, pop, number, collects = self._queue, heappop, self._eid, gc.isenabled()
        gc.disable()
        try:
            index, last = 0, len(opened)
            coming = (opened[0] if last else INFINITE, 1, next(number))
            while True:
                if queue and queue[0] < coming:
                    self._now, _, _, event = pop(queue)
                    if self._now >= end:
                        break
                    event.callbacks[0](event)  # none of ours has more than one
                    continue
                self._now = coming[0]
                if self._now >= end:
                    break
                arriving = index
                index += 1
                coming = (opened[index] if index < last else INFINITE, 1, next(number))
                arrive(arriving)
        finally:
            if collects:
                gc.enable()
        self._now = end

    def at(self, event: Event, instant: float, callbacks: tuple[Callable[..., None], ...]) -> None:
        """Schedule a re-used event for an exact instant (``now + delay`` would round)."""
        event.callbacks = callbacks  # type: ignore[assignment]  # any iterable will do, and a tuple need not be made anew
        heappush(self._queue, (instant, 1, next(self._eid), event))  # type: ignore[misc]

    def note(self, agent: Agent, ticket: Ticket, began: float, end: float) -> None:
        """Write down that an agent worked on a ticket."""
        about = -1 if ticket.index >= 0 else ticket.about.index  # type: ignore[attr-defined]  # joint work has one
        self.spells.add(self.spells.pack(ticket.index, ticket.pool.tier, agent.number, began, end, about))

    def asked(self, ticket: Ticket, answered: float) -> None:
        """Write down a question to the customer, and when the waiting was over."""
        self.questions.add(self.questions.pack(ticket.index, ticket.tier, ticket.paused_since, answered))

    def learned(self, ticket: Ticket, what: int, at: float) -> None:
        """Write down what an agent came to know in the middle of a stay."""
        self.notes.add(self.notes.pack(ticket.index, ticket.tier, what, at))

    def updated(self, ticket: Ticket, due: float, sent: float) -> None:
        """Write down an update of the customer, and count it; ``sent`` is not-a-number where it was forgotten."""
        self.updates.add(self.updates.pack(ticket.index, ticket.tier, due, sent))
        if sent == sent:
            ticket.sent += 1
            ticket.late += due < sent
        else:
            ticket.missed += 1

    def close(self, ticket: Ticket, fate: int, now: float) -> None:
        """Write a ticket's row; ``now`` is when it was resolved or lost, not-a-number while it is open."""
        ticket.stage = RESOLVED
        block, row = ticket.block, ticket.row
        del self.open_tickets[ticket.index]
        if ticket.told is not None:
            self._leave_told(ticket, now)
        if ticket.settled is not None:
            self.settle(ticket, now if now == now else self.model.end)
        opened = ticket.opened
        self.tickets.add(
            self.tickets.pack(
                ticket.index, ticket.priority, block.plan[row], ticket.category, block.solved_by[row], ticket.tier,
                fate, ticket.cause, opened, ticket.responded, now, ticket.paused,
                opened if ticket.clock_from is None else ticket.clock_from, ticket.breached_before, ticket.lowered,
                ticket.raised, block.signal[row] if self.model.signals else -1,
                ticket.sent, ticket.missed, ticket.late, ticket.reopened, block.source, block.luck[row],
            )
        )  # fmt: skip

    def settle(self, ticket: Ticket, until: float) -> None:
        """Let the clock of a ticket that was handed back as solved have stood still since then."""
        assert ticket.settled is not None
        minutes = ticket.kind.hours.minutes_between(ticket.settled, until)
        ticket.paused += minutes
        ticket.aged_still += minutes
        ticket.unheard += minutes
        ticket.settled = None

    # -- what is written down ----------------------------------------------------------------------------------

    def tell(self, ticket: Ticket, place: int, entry: int, at: float) -> None:
        """Open a parallel responsibility, once per place: the earliest of those told."""
        if ticket.told is None:
            ticket.told = {}
        known = ticket.told.get(place)
        if known is None or at < known[1]:
            ticket.told[place] = entry, at

    def leave(self, ticket: Ticket, ending: int, left: float, released: float) -> None:
        """Write down that a stay ends, and tell those who join after some time in hand."""
        if ticket.stage == DECISION:  # its stay in the tier is written already
            return
        worked_on = ticket.agenda is not None
        if worked_on and ticket.rules.joins:
            for after, place in ticket.rules.joins:
                joined = self._joined(ticket, after)
                if joined <= left or (left != left and joined < self.model.end):
                    self.tell(ticket, place, UNRESOLVED, joined)
        self.visits.add(
            self.visits.pack(
                ticket.index, ticket.tier, ticket.agent.number if worked_on else -1, ticket.entry, ending,
                ticket.entered, ticket.available, ticket.began, left, released if worked_on else NEVER, ticket.slip,
            )
        )  # fmt: skip

    def _joined(self, ticket: Ticket, after: float) -> float:
        """Return when somebody joins in who does so ``after`` so many minutes in hand."""
        hours, began, still = ticket.rules.hours, ticket.began, ticket.stood_still
        if ticket.stage == ASKING and not ticket.kind.waiting.in_hand:  # to this day
            still = ticket.paused_since, INFINITE
        joined = hours.add(began, after)
        if still is None or joined <= still[0]:
            return joined
        return hours.add(still[1], after - hours.minutes_between(began, still[0])) if still[1] < INFINITE else INFINITE

    def given_up(self, ticket: Ticket) -> None:
        """Write down that a ticket, no longer in a queue, was given up some time ago."""
        ticket.called = ()
        self.leave(ticket, GAVE_UP, ticket.gives_up, NEVER)
        self.close(ticket, Fate.GAVE_UP, ticket.gives_up)

    def _leave_told(self, ticket: Ticket, left: float) -> None:
        for place, (entry, at) in (ticket.told or {}).items():
            if not at > (left if left == left else self.model.end):
                self.visits.add(self.visits.pack(ticket.index, place, -1, entry, SOLVED, at, at, at, left, left, 0))
