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
    BACK_RESOLVED = 15
    """Solved, and handed back to the tier below, which tells the customer and closes it."""
    BACK_WAITING = 16
    """Handed back to the tier below, which asks the customer."""
    BACK_RECLASSIFIED = 17
    """Less urgent than it was taken for; handed back to the tier below."""
    BACK_WORKAROUND = 18
    """The customer is helped; handed back to the tier below until the permanent fix."""
    ANSWERED = 19
    """The customer has answered what the tier above wanted to know."""
    WATCHED = 20
    """The customer has a workaround; the permanent fix is waited for."""
    SIGNAL = 21
    """A signal came to light that leads elsewhere."""


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
    BACK_RESOLVED = 13
    """The tier above has solved it; what is left is to tell the customer, and to close it."""
    BACK_WAITING = 14
    BACK_RECLASSIFIED = 15
    BACK_WORKAROUND = 16
    ANSWERED = 17
    """Passed up again: the customer has answered."""
    SIGNAL = 18
    """A signal came to light: of a breach, say, or of a request that the law protects."""
    LAID_ASIDE = 19
    """The same tier's again, which laid it aside while its signal was verified."""


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
    SIGNAL_SEEN = 2
    """The signal that the ticket carries came to light."""
    VERIFIED = 3
    """Whoever was told of it lets the ticket go on."""


HANDED_BACK: Final = (Entry.BACK_RESOLVED, Entry.BACK_WAITING, Entry.BACK_RECLASSIFIED, Entry.BACK_WORKAROUND)
"""The entries by which a tier above hands a ticket back for a good reason."""
BACK_BY_AGREEMENT: Final = (Entry.BACK_RESOLVED, Entry.BACK_WAITING, Entry.BACK_WORKAROUND)
"""Those after which no age sends the ticket up again: it has been there."""
CLOSING: Final = (Entry.BACK_RESOLVED, Entry.BACK_WORKAROUND)
"""Those after which the customer is told, and nothing else is to be done."""
DE_ESCALATIONS: Final = (Entry.SENT_BACK, Entry.BACK_RECLASSIFIED)
"""The entries that say that an escalation, or its priority, was a mistake (settlement D17)."""
NOT_ESCALATIONS: Final = (
    *HANDED_BACK, Entry.SENT_BACK, Entry.OPENED, Entry.REOPENED, Entry.BACKLOG, Entry.LAID_ASIDE
)  # fmt: skip
ESCALATIONS: Final = tuple(int(entry) for entry in Entry if entry not in NOT_ESCALATIONS)
"""The entries that are escalations: ownership moves up, or another responsibility opens."""
