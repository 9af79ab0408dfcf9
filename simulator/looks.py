"""Looks at the queues: how many tickets the engine saw waiting now and then, held against the waits in the tables.

While a desk is played, the engine counts what stands in its queues whenever some tickets more have come. The tables say
when each ticket could be taken and when it was, which says the same in another way: if both agree at every look, the
average length of the queues is the rate of tickets times their mean wait, which is Little's law.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.tables import Table

LOOKS: Final = np.dtype([("ticket", "i4"), ("at", "f8"), ("waiting", "i4")])
"""The ticket about to come (numbers grow), the instant, and how many tickets wait to be taken in their visit."""

Counts = npt.NDArray[np.int64]


def waiting_then(looks: Table, visits: Iterable[Table], tiers: int) -> tuple[Counts, Counts]:
    """Return how many tickets waited by the tables at each look, at least and at most; shape (looks,).

    ``visits`` are pieces of the table. What comes or goes at the very instant may be counted or not, but for the ticket
    that is about to come: it is not there yet.
    """
    at = np.ascontiguousarray(looks["at"])
    least, most = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    for piece in visits:
        queued = piece[(piece["place"] < tiers) & ~np.isnan(piece["available"])]
        began, left = queued["began"], queued["left"]
        came = np.sort(queued["available"])
        went = np.where(np.isnan(began), left, began)
        went = np.sort(went[~np.isnan(went)])
        least += np.searchsorted(came, at, side="left") - np.searchsorted(went, at, side="right")
        most += np.searchsorted(came, at, side="right") - np.searchsorted(went, at, side="left")
        look = np.minimum(np.searchsorted(looks["ticket"], queued["ticket"]), len(looks) - 1)
        own = (looks["ticket"][look] == queued["ticket"]) & (at[look] == queued["available"])
        most -= np.bincount(look[own], minlength=len(looks))
    return least, most


def unlike(looks: Table, visits: Iterable[Table], tiers: int) -> npt.NDArray[np.float64]:
    """Return the instants of the looks that saw more, or fewer, than there were by the tables."""
    least, most = waiting_then(looks, visits, tiers)
    found: npt.NDArray[np.float64] = looks["at"][(looks["waiting"] < least) | (looks["waiting"] > most)]
    return found
