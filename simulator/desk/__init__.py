"""The desk file: who works when, what comes in, how people work, and how it is checked on the way in.

A desk says how a desk *behaves*; what it *owes* (timers, targets, routes, calendars) is the policy's. Every key is
documented in ``docs/desk.md`` with unit, default and source. Files in reading order: ``values`` (the kinds of value),
``log`` and ``log_reading`` (tickets that are replayed), ``demand``, ``people``, ``work``, ``conduct`` (the parts),
``document`` (the whole), ``loading``.
"""

from simulator.desk.conduct import DutySlip
from simulator.desk.document import Desk
from simulator.desk.loading import desk_path, list_desks, load_desk
from simulator.desk.people import Staffing
from simulator.desk.values import Time
from simulator.desk.work import TierWork

__all__ = ["Desk", "DutySlip", "Staffing", "TierWork", "Time", "desk_path", "list_desks", "load_desk"]
