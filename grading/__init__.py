"""Grading: a drill, its transcript, the reference run, and what the procedure makes of what was done.

Files in reading order:

- ``errors``; ``acts``: the verbs of a transcript; ``vocabulary``: from their words to the policy's; ``transcript``
- ``world``: a scenario in motion; ``clocks``, ``options``, ``views``: what can be seen of it
- ``costs``: the minutes that acts take; ``fit``: whether scenario and policy speak of the same desk; ``drill``: one
  trainee in it
- ``planning``, ``handover``, ``reference``: the perfect run
- ``course``: what was done and owed; ``score``: what it is worth
- ``grade``: all of it together; ``findings``, ``sentences``, ``debrief``: the same in words

This room imports ``policy``, ``simulator`` and ``scenarios``.
"""

from grading.acts import VERBS, Act, read_act
from grading.costs import minute_reached
from grading.debrief import debrief_text
from grading.drill import Drill
from grading.errors import ActError, PolicyMismatch
from grading.findings import Finding
from grading.grade import Grade, TimelineRow, grade
from grading.reference import reference_transcript
from grading.score import PASS_MARK
from grading.transcript import Header, Transcript, read_transcript
from grading.views import ActOption, ClockView, FactView, Field, Message, TicketView

__all__ = [
    "PASS_MARK",
    "VERBS",
    "Act",
    "ActError",
    "ActOption",
    "ClockView",
    "Drill",
    "FactView",
    "Field",
    "Finding",
    "Grade",
    "Header",
    "Message",
    "PolicyMismatch",
    "TicketView",
    "TimelineRow",
    "Transcript",
    "debrief_text",
    "grade",
    "minute_reached",
    "read_act",
    "read_transcript",
    "reference_transcript",
]
