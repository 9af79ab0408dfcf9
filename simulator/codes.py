"""The codes in the tables: why a stay in a place began and how it ended, what went wrong, what became of a ticket."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final


class Ending(IntEnum):
    """Why a stay in a tier ended."""

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
    GAVE_UP = 10
    """The customer no longer waited."""
    CLOSED = 11
    """The customer never answered a question."""
    SOLVED_TOGETHER = 12
    """Another ticket of the same outage was solved."""
    QUEUE_FULL = 13
    JOINT_WORK = 14
    """Time that an agent gave to somebody else's ticket."""


class Pause(IntEnum):
    """Why work on a ticket stops although the stay goes on; numbers beyond those of :class:`Ending`."""

    QUESTION = 100
    SHIFT_END = 101
    URGENT = 102
    PRIORITY_SEEN = 103


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
    REOPENED = 11
    BACKLOG = 12


class Judged(IntEnum):
    """What the rulebook says of an escalation."""

    APPROPRIATE = 0
    PREMATURE = 1
    """The tier could have solved it."""
    LATE = 2
    """It was seen too late that the tier could not, or a timer of the policy had run out before."""
    WRONG_DESTINATION = 3


class Measured(IntEnum):
    """What a clock measures."""

    FIRST_RESPONSE = 0
    RESOLUTION = 1
    NO_PROGRESS = 2
    UNRESOLVED = 3


class Cause(IntEnum):
    """Where the time of a clock went; of one that was breached, the largest share names why."""

    NONE = -1
    QUEUE = 0
    WRONG_TIER = 1
    HANDOFF = 2
    NOBODY = 3
    CUSTOMER = 4
    WORK = 5
    DECISION = 6


class Fate(IntEnum):
    """What became of a ticket."""

    OPEN = 0
    SOLVED = 1
    GAVE_UP = 2
    CLOSED = 3
    SOLVED_TOGETHER = 4
    QUEUE_FULL = 5


class Slip(IntFlag):
    """What went wrong in a stay; several things may."""

    LATE_RECOGNITION = 1
    """That the ticket is beyond the tier was seen later than it could have been."""
    WRONG_DESTINATION = 2
    """It was passed on to a tier that could not help."""
    INCOMPLETE_HANDOFF = 4
    """The hand-off by which this stay began was incomplete: the tier had to ask back."""
    PREMATURE = 8
    """It was passed on although the tier could have solved it."""
    WRONG_PRIORITY = 16
    """It was taken for less urgent than it is, for all of the stay or until its checks were done."""


class Note(IntEnum):
    """What an agent came to know in the middle of a stay."""

    CHECKED = 0
    """The checks of the stay were done."""
    PRIORITY_SEEN = 1
    """The ticket had been taken for less urgent than it is."""


NOT_ESCALATIONS: Final = (Entry.SENT_BACK, Entry.OPENED, Entry.REOPENED, Entry.BACKLOG)
ESCALATIONS: Final = tuple(int(entry) for entry in Entry if entry not in NOT_ESCALATIONS)
"""The entries that are escalations: ownership moves up, or another responsibility opens."""
