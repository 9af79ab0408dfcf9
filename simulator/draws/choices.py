"""What chance decides about one stay of every ticket of a block in one tier."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.codes import Ending
from simulator.desk.work import HandsBack, Interruption, TierWork
from simulator.draws.streams import lengths
from simulator.openhours import Floats

Agenda = tuple[float, ...]
"""Lengths of work in a stay (minutes), in order; each ends with progress."""


class Drawn(NamedTuple):
    """The numbers behind a stay, with a column for every row of the block.

    ``uniform`` and ``normals`` have shape (4, rows), ``counts`` says in how many pieces the work is done.
    """

    uniform: Floats
    counts: npt.NDArray[np.int64]
    normals: Floats


class Choices:
    """One stay of every ticket of a block in one tier; arrays and lists are by row, lengths in minutes.

    ``checks``, ``recognition`` and ``handoff`` are lengths. ``routed`` is how a stay ends where chance alone decides,
    ``None`` elsewhere. ``asks`` is the place in the agenda after which the customer is asked, -1 without a question;
    it is ``None`` where nobody ever is. ``back`` is how the stay of an escalated ticket ends if the tier hands it back
    (see :meth:`hand_back`), ``None`` where it never does.
    """

    back: list[int] | None = None
    closing: list[float]
    """Minutes of work for the tier that a ticket is handed back to, once the customer is helped."""
    watch: list[float]
    """Minutes for which it watches a ticket with a workaround."""

    def __init__(
        self, work: TierWork, factor: float, customer: Interruption | None, drawn: Drawn, pieces: Floats
    ) -> None:
        """Turn numbers into lengths; ``pieces`` are those of all rows, one after the other."""
        uniform, count, normals = drawn
        self._drawn, self._pieces, self._customer = drawn, pieces, customer
        self._ends = np.cumsum(count)
        self.minutes_of_checks = lengths(normals[0], work.checks)
        self.checks: Sequence[float] = self.minutes_of_checks  # type: ignore[assignment]  # an array is as good
        self.recognition: Sequence[float] = lengths(normals[1], work.recognition, factor)  # type: ignore[assignment]
        self.handoff = lengths(normals[2], work.handoff)
        self.routed: list[int] | None = None
        if work.passes_on is not None:
            self.routed = ways(uniform[1], work).tolist()
        self.asks: list[int] | None = None
        if customer is not None:
            asks = np.full(len(count), -1)
            some = np.flatnonzero(uniform[2] < customer.share)
            place = (uniform[2, some] / max(customer.share, 1e-300) * count[some]).astype(int)
            asks[some] = np.minimum(place, count[some] - 1)
            self.asks = asks.tolist()
            self.asked = asks >= 0
            """Whether there is a question, as an array."""

    def hand_back(self, back: HandsBack, uniform: Floats, normals: Floats) -> None:
        """Decide which stays the tier ends by handing the ticket back, and why: an ending, ``SOLVED`` for the others.

        ``uniform`` has shape (rows,), ``normals`` (2, rows).
        """
        shares = {
            Ending.BACK_WAITING: back.waiting_customer, Ending.BACK_RECLASSIFIED: back.reclassified,
            Ending.BACK_RESOLVED: back.resolved, Ending.BACK_WORKAROUND: back.workaround,
        }  # fmt: skip
        edges = np.cumsum(list(shares.values()))
        codes = np.array([*shares, Ending.SOLVED], np.int8)
        self.back = codes[np.searchsorted(edges, uniform, side="right")].tolist()
        self.closing, self.watch = lengths(normals[0], back.closing).tolist(), lengths(normals[1], back.watch).tolist()

    @cached_property
    def answer(self) -> list[float]:
        """Minutes until the customer answers; infinity where they never do."""
        if self._customer is None:
            return []
        minutes = lengths(self._drawn.normals[3], self._customer.answer)
        found: list[float] = np.where(self._drawn.uniform[3] < self._customer.never, np.inf, minutes).tolist()
        return found

    @cached_property
    def close_after(self) -> list[float]:
        """Minutes after which nobody waits for an answer any more."""
        if self._customer is None:
            return []
        found: list[float] = lengths(self._drawn.normals[3], self._customer.close_after).tolist()
        return found

    def solve(self, row: int) -> Agenda:
        """Return the agenda of a stay that solves the ticket: the checks, unless they take no time, and the pieces."""
        checks = float(self.checks[row])
        end = self._ends[row]
        work = self._pieces[end - self._drawn.counts[row] : end].tolist()
        return (checks, *work) if checks else tuple(work)

    def at_hand(self) -> None:
        """Turn into lists what is asked for of many rows: they are quicker to look things up in, one by one."""
        self.checks, self.recognition = self.minutes_of_checks.tolist(), np.asarray(self.recognition).tolist()

    def in_a_row(self, before: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
        """Return all agendas, one row's after the other's, and where each begins; there, too, where the last ends.

        In each of them some time ``before`` comes first, then the checks, even if they take no time, then the pieces.
        """
        bounds = np.append(0, self._ends) + 2 * np.arange(len(before) + 1)
        starts, parts = bounds[:-1], np.empty(bounds[-1])
        is_piece = np.ones(len(parts), bool)
        is_piece[starts] = is_piece[starts + 1] = False
        parts[starts], parts[starts + 1], parts[is_piece] = before, self.minutes_of_checks, self._pieces
        return parts, bounds


def ways(uniform: Floats, work: TierWork) -> npt.NDArray[np.int8]:
    """Return how stays end, each an :class:`~simulator.codes.Ending`, in a tier that chance alone routes."""
    assert work.passes_on is not None
    ends = np.full(len(uniform), int(Ending.SOLVED), np.int8)
    ends[uniform < work.passes_on + work.sends_back] = int(Ending.SENT_BACK)
    ends[uniform < work.passes_on] = int(Ending.EXPERTISE)
    return ends
