"""The codes as plain numbers: a member of an enumeration takes ten times as long to look up as a name of a module."""

from __future__ import annotations

import math
from typing import Final

from simulator.codes import Ending, Entry, Note, Pause, Slip
from simulator.engine.parts import Stage

INFINITE: Final = math.inf
HANDOVER, WAITING, WORKING, DECISION, RESOLVED, ASKING, ANSWERED, BROKEN_OFF, _ = (int(stage) for stage in Stage)
SOLVED: Final = int(Ending.SOLVED)
EXPERTISE: Final = int(Ending.EXPERTISE)
CODE_CHANGE: Final = int(Ending.CODE_CHANGE)
UNRESOLVABLE: Final = int(Ending.UNRESOLVABLE)
NO_PROGRESS: Final = int(Ending.NO_PROGRESS)
UNRESOLVED: Final = int(Ending.UNRESOLVED)
AGE: Final = int(Ending.AGE)
PREMATURE: Final = int(Ending.PREMATURE)
BACK_RESOLVED: Final = int(Ending.BACK_RESOLVED)
BACK_WAITING: Final = int(Ending.BACK_WAITING)
BACK_RECLASSIFIED: Final = int(Ending.BACK_RECLASSIFIED)
BACK_WORKAROUND: Final = int(Ending.BACK_WORKAROUND)
ANSWERED_ABOVE: Final = int(Ending.ANSWERED)
WATCHED: Final = int(Ending.WATCHED)
SENT_BACK: Final = int(Ending.SENT_BACK)
OPEN: Final = int(Ending.OPEN)
GAVE_UP: Final = int(Ending.GAVE_UP)
QUEUE_FULL: Final = int(Ending.QUEUE_FULL)
JOINT_WORK: Final = int(Ending.JOINT_WORK)
QUESTION: Final = int(Pause.QUESTION)
SHIFT_END: Final = int(Pause.SHIFT_END)
LATE_RECOGNITION: Final = int(Slip.LATE_RECOGNITION)
WRONG_DESTINATION: Final = int(Slip.WRONG_DESTINATION)
INCOMPLETE_HANDOFF: Final = int(Slip.INCOMPLETE_HANDOFF)
SLIP_PREMATURE: Final = int(Slip.PREMATURE)
WRONG_PRIORITY: Final = int(Slip.WRONG_PRIORITY)
CHECKED: Final = int(Note.CHECKED)
PRIORITY_SEEN: Final = int(Note.PRIORITY_SEEN)
SIGNAL_SEEN: Final = int(Note.SIGNAL_SEEN)
VERIFIED: Final = int(Note.VERIFIED)
OPENED, PAGED, BACKLOG, ENTRY_SENT_BACK = (
    int(entry) for entry in (Entry.OPENED, Entry.PAGED, Entry.BACKLOG, Entry.SENT_BACK)
)
