"""The desk as a simulation: what a policy or a staffing plan would do to a month of tickets.

Files in reading order:

- ``desk``: the desk file and its checks; ``desks/``: the desks that come with the program
- ``openhours``: calendars as numbers; ``roster``: who works when; ``replayed``: a log of tickets as numbers;
  ``model``: desk and policy compiled to numbers
- ``expected_stays``, ``expected_load``, ``pilot``, ``remark``, ``desk_names``, ``desk_check``: what can be said of a
  desk without playing whole months of it
- ``draws``: all chance, from one seed; ``codes``: why stays begin and end; ``engine``: the desk in motion
- ``satisfaction``, ``run``, ``tables``, ``ordering``: one replication and its tables; ``streaming``: the same
  on disk
- ``looks``, ``laws``, ``checks``, ``checks_on_disk``: the laws that every run keeps, and what is said of a broken one
- ``attribution``, ``derived``: where the time of tickets goes; the tables of escalations and of clocks
- ``export``: all tables as files; ``story``: what happened to one ticket, in sentences
- ``metrics``: a month's figures; ``experiment``: many months; ``farm``: the processes that share them
- ``audit``: a run held against the procedure; ``report``: months told to those who answer for the desk
- ``theory``: textbook queues as desks, beside their exact results
"""

from simulator.derived import clocks, escalations
from simulator.desk import Desk, list_desks, load_desk
from simulator.experiment import Estimate, SimulationResult, simulate
from simulator.export import write_events, write_table, write_tickets, write_visits
from simulator.metrics import metric_units, month_metrics
from simulator.run import run_once
from simulator.story import Step, Story, story_of
from simulator.tables import Run

__all__ = [
    "Desk",
    "Estimate",
    "Run",
    "SimulationResult",
    "Step",
    "Story",
    "clocks",
    "escalations",
    "list_desks",
    "load_desk",
    "metric_units",
    "month_metrics",
    "run_once",
    "simulate",
    "story_of",
    "write_events",
    "write_table",
    "write_tickets",
    "write_visits",
]
