"""What a change of a policy is and what it does.

Reading order: ``changes`` (the edited values, the sentences that read differently), ``effects`` (what rules bring
about, and where), ``realtime`` (lengths of time on real calendars), ``parts`` (where one act stands differently),
``openings`` (what changed opening hours do), ``showing`` (examples, put to both rulebooks), ``meaning`` (the situations
that are decided differently), ``ticket_table`` and ``tickets`` (the open tickets that it touches).
"""

from policy.diff.changes import Change, Sentence, changes, sentences
from policy.diff.meaning import Covered, Excluded, Meaning, Region, compare, differ
from policy.diff.openings import Opening
from policy.diff.ticket_table import OpenTicket, read_tickets
from policy.diff.tickets import Touched, outside_tiers, standing, touched

__all__ = [
    "Change",
    "Covered",
    "Excluded",
    "Meaning",
    "OpenTicket",
    "Opening",
    "Region",
    "Sentence",
    "Touched",
    "changes",
    "compare",
    "differ",
    "outside_tiers",
    "read_tickets",
    "sentences",
    "standing",
    "touched",
]
