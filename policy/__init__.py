"""The procedure as data: one file says it, this room reads it, decides by it and prints it.

Files in reading order:

- ``secureai.yaml``: the procedure itself
- ``errors``; ``explain``, ``source``, ``yaml_source``, ``json_source``: reading files from outside; ``durations``,
  ``calendars``, ``clocks``: time
- ``document_values``, ``document_rules``, ``document``: what keys a policy file may have; ``figures``,
  ``conditions``, ``condition_reading``: the small language of its rules
- ``merging``, ``overlays``: what is stacked on a file; ``opening``, ``building``, ``loading``: from it to a checked
  ``Policy``
- ``life``: which edition of a policy governs a ticket; ``schema``: what an editor has to know to help
- ``situation``, ``verdict``, ``standstill``, ``rulebook``: the question, the answer, what does not count, who answers
- ``clock_hours``: on which calendar a clock runs; ``ticket_clocks``: how clocks follow what happens
- ``situation_file``, ``situation_text``: a situation as a file;
  ``reasons``: why a rule holds, in a sentence; ``withdrawal``: what is owed no longer, and why; ``clock_cases``:
  published cases that a clock must pass
- ``judging``: what becomes of duties, and what is right and wrong about deeds
- ``fast``: the same rules as tables, for many situations; ``probing``, ``telling``, ``compiled``: as plain numbers, for
  the simulator
- ``check``, ``lint/``: what can be said against a policy; ``notices``, ``handbook``: what people read

This room imports none of the others.
"""

from policy.loading import Entry, Policy, load_policy
from policy.rulebook import Rulebook
from policy.situation import Count, Deed, Situation
from policy.verdict import Obligation, Permission, Prohibition, Verdict

__all__ = [
    "Count",
    "Deed",
    "Entry",
    "Obligation",
    "Permission",
    "Policy",
    "Prohibition",
    "Rulebook",
    "Situation",
    "Verdict",
    "load_policy",
]
