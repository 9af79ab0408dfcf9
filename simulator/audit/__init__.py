"""The audit: a run's tickets held against the rulebook that grades trainees.

Files in reading order:

- ``book``: the rulebook as it is asked here
- ``case``: what was known of a ticket and what the desk played; ``history``: the same, read from the tables
- ``replay``: that history played again before the rulebook
- ``people``: who was there, and who was free; ``slips``: what is forgotten or late
- ``doings``: what agents did, acting on the rulebook: the log that an audit reads
- ``limits``: what the procedure knows nothing of
- ``escalations``, ``judge``: what the rulebook says of it; ``findings``: the same as rows
- ``auditing``: a whole run
"""

from simulator.audit.auditing import Logs, audit, logs_of
from simulator.audit.findings import JUDGED, SLIPS, Audit, Finding, Judgement
from simulator.audit.limits import by_chance
from simulator.audit.slips import act_name

__all__ = ["JUDGED", "SLIPS", "Audit", "Finding", "Judgement", "Logs", "act_name", "audit", "by_chance", "logs_of"]
