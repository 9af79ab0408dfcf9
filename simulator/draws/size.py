"""How many tickets a run would have, before any is drawn: a desk may ask for more than any memory holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from policy.errors import InputError
from simulator.openhours import Floats

if TYPE_CHECKING:
    from simulator.model import DeskModel

MOST_TICKETS: Final = 5_000_000
"""A run of so many takes some minutes and 3 GB (650 bytes a ticket, measured with 400,000 of the baseline)."""
_YEAR: Final = 525_960.0


def tickets_expected(model: DeskModel, expected: Floats) -> float:
    """Return the tickets that a whole run is expected to have, warm-up, outages and backlog included.

    ``expected`` are those of the ordinary demand up to each hour (:func:`~simulator.draws.arrivals.arrival_curve`).
    """
    outages = model.desk.demand.outages
    more = 0.0 if outages is None else outages.per_year * outages.tickets * model.end / _YEAR
    return float(expected[-1]) + more + sum(model.desk.backlog.values())


def check_size(model: DeskModel, expected: Floats) -> None:
    """Refuse a run of more than :data:`MOST_TICKETS` tickets.

    Raises:
        InputError: so many would come; the message says how many.
    """
    tickets = tickets_expected(model, expected)
    if not tickets <= MOST_TICKETS:
        asked = f"{tickets:,.0f}" if tickets < 1e15 else f"{tickets:.3g}" if np.isfinite(tickets) else "without end"
        raise InputError(
            f"desk {model.desk.name}: demand.tickets_per_week: one run asks for {asked} tickets in "
            f"{model.end / 10_080:,.0f} weeks (warm-up, growth, outages and backlog included); "
            f"expected at most {MOST_TICKETS:,}"
        )
