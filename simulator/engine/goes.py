"""What is written down of a ticket that is solved in one go: one short row, from which those of the tables are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from simulator.codes import Ending, Entry, Fate, Note
from simulator.tables import NOTES, SPELLS, TICKET_ROWS, VISITS, Table

GOES: Final = np.dtype(
    [
        ("ticket", "i4"),
        ("agent", "i4"),
        ("priority", "i1"),
        ("plan", "i1"),
        ("category", "i1"),
        ("opened", "f8"),
        ("began", "f8"),
        ("responded", "f8"),
        ("checked", "f8"),
        ("resolved", "f8"),
        ("luck", "f8"),
    ]
)
"""A ticket that the first tier replied to, checked and solved, and nothing else happened to it."""

Values = Mapping[str, str | float]
_TICKET: Final[Values] = {
    **{name: name for name in ("ticket", "priority", "plan", "category", "opened", "responded", "resolved", "luck")},
    "fate": int(Fate.SOLVED),
    "cause": -1,
    "signal": -1,
    "clock_from": "opened",
}
_VISIT: Final[Values] = {
    **{name: name for name in ("ticket", "agent", "began")},
    "entry": int(Entry.OPENED),
    "ending": int(Ending.SOLVED),
    "entered": "opened",
    "available": "opened",
    "left": "resolved",
    "released": "resolved",
}
_SPELL: Final[Values] = {"ticket": "ticket", "agent": "agent", "began": "began", "ended": "resolved", "about": -1}
_NOTE: Final[Values] = {"ticket": "ticket", "what": int(Note.CHECKED), "at": "checked"}


def told_at_length(goes: Table) -> dict[str, bytes]:
    """Return the rows of the tables, packed, by the names of the tables."""
    return {
        "tickets": _made(goes, TICKET_ROWS, _TICKET),
        "visits": _made(goes, VISITS, _VISIT),
        "spells": _made(goes, SPELLS, _SPELL),
        "notes": _made(goes, NOTES, _NOTE),
    }


def _made(goes: Table, dtype: np.dtype[Any], values: Values) -> bytes:
    """Return rows whose columns are those named, or one number; 0 where nothing is said."""
    rows = np.zeros(len(goes), dtype)
    for name, value in values.items():
        rows[name] = goes[value] if isinstance(value, str) else value
    return rows.tobytes()
