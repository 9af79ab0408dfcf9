"""The tables of a run as files for other programs: CSV, Parquet, and an event log (XES) for process mining.

``sheets`` says which columns each table has, ``files`` writes all of a file or nothing, ``text`` (CSV), ``parquet`` and
``xes`` are the formats. Every format is written in pieces, so that a table may be larger than the memory.
"""

from simulator.export.formats import check_ending, write_table, write_tickets, write_visits
from simulator.export.sheets import TABLES
from simulator.export.xes import write_events

__all__ = ["TABLES", "check_ending", "write_events", "write_table", "write_tickets", "write_visits"]
