"""The codes in the tables: why a stay in a place began and how it ended."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Ending(IntEnum):
    """Why a stay in a tier ended. The first six are what work alone can bring."""

    SOLVED = 0
    EXPERTISE = 1
    CODE_CHANGE = 2
    UNRESOLVABLE = 3
    NO_PROGRESS = 4
    UNRESOLVED = 5
    AGE = 6
    PREMATURE = 7
    SENT_BACK = 8
    OPEN = 9


class Entry(IntEnum):
    """Why a stay in a place began."""

    EXPERTISE = 1
    CODE_CHANGE = 2
    UNRESOLVABLE = 3
    NO_PROGRESS = 4
    UNRESOLVED = 5
    AGE = 6
    PREMATURE = 7
    PAGED = 8
    SENT_BACK = 9
    OPENED = 10


ESCALATIONS: Final = tuple(entry for entry in Entry if entry not in (Entry.SENT_BACK, Entry.OPENED))
"""The entries that are escalations: ownership moves up, or another responsibility opens."""
