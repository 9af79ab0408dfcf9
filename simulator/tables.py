"""The tables of a run: one row a ticket, one row a stay in a place, one row a spell of work. Every figure is a
function of these.

Instants are minutes since the opening of the run's window, not-a-number where something has not happened by its end.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from policy.calendars import to_datetime
from policy.errors import InputError
from simulator.codes import Ending, Entry, Fate
from simulator.model import DeskModel
from simulator.openhours import OpenHours

Table = npt.NDArray[np.void]

TICKET_ROWS: Final = np.dtype(
    [
        ("ticket", "i4"),
        ("priority", "i1"),
        ("plan", "i1"),
        ("category", "i1"),
        ("solved_by", "i1"),
        ("holder", "i1"),
        ("fate", "i1"),
        ("cause", "i4"),
        ("opened", "f8"),
        ("responded", "f8"),
        ("resolved", "f8"),
        ("paused", "f8"),
        ("updates_sent", "i4"),
        ("updates_missed", "i4"),
        ("updates_late", "i4"),
        ("reopened", "i1"),
        ("source", "i1"),
        ("luck", "f8"),
    ]
)
"""What the engine writes down of a ticket. ``fate`` is a :class:`~simulator.codes.Fate`, ``cause`` the number of the
outage (-1 without one), ``paused`` the minutes for which its resolution clock stood still, ``resolved`` when it was
solved or lost."""

TICKETS: Final = np.dtype(
    [
        *((name, TICKET_ROWS[name]) for name in (TICKET_ROWS.names or ()) if name != "luck"),
        ("response_due", "f8"),
        ("resolution_due", "f8"),
        ("response_minutes", "f8"),
        ("resolution_minutes", "f8"),
        ("updates_due", "i4"),
        ("csat", "f8"),
    ]
)
"""``response_minutes`` and ``resolution_minutes`` are on the ticket's own calendar, without pauses; ``csat`` is
1..5."""

VISITS: Final = np.dtype(
    [
        ("ticket", "i4"),
        ("place", "i1"),
        ("agent", "i4"),
        ("entry", "i1"),
        ("ending", "i1"),
        ("entered", "f8"),
        ("available", "f8"),
        ("began", "f8"),
        ("left", "f8"),
        ("released", "f8"),
        ("slip", "i1"),
    ]
)
"""``entered`` ownership begins, ``available`` the hand-off is done, ``began`` an agent takes it, ``left`` ownership
ends, ``released`` that agent is free again. ``agent`` is the last who had it, -1 where nobody did. Nobody works in
places that are no tiers: all three are ``entered``. ``slip`` is a :class:`~simulator.codes.Slip`."""

QUESTIONS: Final = np.dtype([("ticket", "i4"), ("place", "i1"), ("asked", "f8"), ("answered", "f8")])
"""Questions to customers. ``answered``: when the waiting was over, also without an answer; not-a-number while it goes
on."""

SPELLS: Final = np.dtype([("ticket", "i4"), ("place", "i1"), ("agent", "i4"), ("began", "f8"), ("ended", "f8")])
"""Stretches of an agent's work on a ticket (-1: work done together with somebody who holds one), hand-offs included."""


@dataclass(frozen=True, slots=True)
class Worker:
    """An agent of one replication: the home tier, whether on call, and the hours without breaks and absences."""

    tier: int
    on_call: bool
    hours: OpenHours


@dataclass(frozen=True, slots=True)
class Run:
    """One replication: its tables and what they were made from."""

    model: DeskModel
    seed: int
    replication: int
    tickets: Table
    visits: Table
    spells: Table
    agents: tuple[Worker, ...]
    """Who worked, by the number in the tables."""
    questions: Table

    @property
    def period(self) -> tuple[float, float]:
        """The measured period ``[start, end)``, minutes since the opening."""
        return self.model.start, self.model.end


def write_tickets(run: Run, path: Path) -> None:
    """Write the ticket table as CSV (UTF-8, times in UTC, durations in minutes), all of it or nothing.

    Raises:
        InputError: the file cannot be written.
    """
    model, rows = run.model, run.tickets

    def lines() -> Iterator[list[Any]]:
        yield ["ticket_id", "priority", "segment", "category", "solvable_by", "holder", "opened_at",
               "first_response_due_at", "first_response_at", "resolution_due_at", "resolved_at",
               "first_response_minutes", "resolution_minutes", "updates_due", "updates_missed", "csat", "outcome",
               "outage", "paused_minutes", "reopened"]  # fmt: skip
        for row in rows:
            yield [
                int(row["ticket"]) + 1,
                model.priorities[row["priority"]],
                model.plans[row["plan"]],
                model.categories[row["category"]],
                (*model.places[: model.tiers], "nobody")[row["solved_by"]],
                model.places[row["holder"]],
                *(
                    _moment(model, row[name])
                    for name in ("opened", "response_due", "responded", "resolution_due", "resolved")
                ),
                _number(row["response_minutes"]),
                _number(row["resolution_minutes"]),
                int(row["updates_due"]),
                int(row["updates_missed"]),
                _number(row["csat"]),
                Fate(row["fate"]).name.lower(),
                int(row["cause"]) + 1 if row["cause"] >= 0 else "",
                _number(row["paused"]),
                int(row["reopened"]),
            ]

    _write_csv(path, lines())


def write_visits(run: Run, path: Path) -> None:
    """Write the visit table as CSV (UTF-8, times in UTC), all of it or nothing.

    Raises:
        InputError: the file cannot be written.
    """
    model = run.model

    def lines() -> Iterator[list[Any]]:
        yield ["ticket_id", "place", "entered_because", "ended", "entered_at", "available_at", "work_began_at",
               "left_at", "agent_released_at", "agent"]  # fmt: skip
        for row in run.visits:
            yield [
                int(row["ticket"]) + 1,
                model.places[row["place"]],
                Entry(row["entry"]).name.lower(),
                Ending(row["ending"]).name.lower(),
                *(_moment(model, row[name]) for name in ("entered", "available", "began", "left", "released")),
                int(row["agent"]) + 1 if row["agent"] >= 0 else "",
            ]

    _write_csv(path, lines())


def _moment(model: DeskModel, minutes: float) -> str:
    """Return an instant as ISO 8601 in UTC, empty where there is none (yet)."""
    if not np.isfinite(minutes):
        return ""
    return f"{to_datetime(model.opening + float(minutes)):%Y-%m-%dT%H:%M:%SZ}"


def _number(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else ""


def _write_csv(path: Path, lines: Iterable[list[Any]]) -> None:
    """Write beside the file and rename, so that a reader sees the old file or the new one."""
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = file.name
            _write_lines(file, lines)
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except (OSError, ValueError) as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{path}: cannot be written: {reason}") from None


def _write_lines(file: IO[str], lines: Iterable[list[Any]]) -> None:
    csv.writer(file, lineterminator="\n").writerows(lines)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
