"""What a change of a policy is and what it does.

Reading order: ``changes`` (the edited values, the sentences that read differently), ``effects`` (what rules bring
about, and where), ``meaning`` (the situations that are decided differently), ``ticket_table`` and
``tickets`` (the open tickets that it touches).
"""

from policy.diff.changes import Change, Sentence, changes, sentences
from policy.diff.meaning import Meaning, Region, compare, differ
from policy.diff.ticket_table import OpenTicket, read_tickets
from policy.diff.tickets import Touched, outside_tiers, standing, touched

__all__ = [
    "Change",
    "Meaning",
    "OpenTicket",
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
