"""The columns of each table as other programs get them: names for codes, instants for minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from simulator.codes import Cause, Ending, Entry, Fate, Judged, Measured, Note, Slip
from simulator.derived import clocks, escalations
from simulator.model import DeskModel
from simulator.tables import Run, Table

CHUNK: Final = 65_536
"""Rows that are written at a time."""

Kind = Literal["text", "instant", "minutes", "whole", "flag"]
"""What a column holds: text, minutes since the opening (an instant), minutes, whole numbers, yes or no. Not-a-number,
infinity, an empty text and a negative whole number stand for nothing."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column: its name, what it holds, and how its values (shape (rows,)) are got from rows of the table."""

    name: str
    kind: Kind
    values: Callable[[Table], npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table and its columns; ``opening`` is what instants count from (minutes since 1970)."""

    fields: tuple[Field, ...]
    rows: Table
    opening: float

    def chunks(self) -> Iterator[list[npt.NDArray[Any]]]:
        """Yield the values of all columns, so many rows at a time."""
        for start in range(0, len(self.rows), CHUNK):
            rows = self.rows[start : start + CHUNK]
            yield [field.values(rows) for field in self.fields]


def tickets_sheet(run: Run) -> Sheet:
    """Return the ticket table."""
    model = run.model
    return _sheet(run, run.tickets, [
        _ticket(),
        _named("priority", "priority", model.priorities),
        _named("segment", "plan", model.plans),
        _named("category", "category", model.categories),
        _named("solvable_by", "solved_by", (*model.places[: model.tiers], "nobody")),
        _named("holder", "holder", model.places),
        _instant("opened_at", "opened"),
        _instant("first_response_due_at", "response_due"),
        _instant("first_response_at", "responded"),
        _instant("resolution_due_at", "resolution_due"),
        _instant("resolved_at", "resolved"),
        _plain("first_response_minutes", "minutes", "response_minutes"),
        _plain("resolution_minutes", "minutes", "resolution_minutes"),
        _plain("updates_due", "whole"),
        _plain("updates_missed", "whole"),
        _plain("csat", "minutes"),
        _coded("outcome", "fate", Fate),
        Field("outage", "whole", lambda rows: np.where(rows["cause"] >= 0, rows["cause"] + 1, -1)),
        _plain("paused_minutes", "minutes", "paused"),
        _plain("reopened", "whole"),
        _instant("resolution_clock_from", "clock_from"),
        Field("breached_before", "flag", lambda rows: rows["breached_before"] > 0),
        _plain("lowered", "whole"),
        _plain("raised", "whole"),
    ])  # fmt: skip


def visits_sheet(run: Run) -> Sheet:
    """Return the visit table: one row for each stay in a place."""
    slips = [_slips(value) for value in range(2 * max(Slip))]
    return _sheet(run, run.visits, [
        _ticket(),
        _named("place", "place", run.model.places),
        _coded("entered_because", "entry", Entry),
        _coded("ended", "ending", Ending),
        _instant("entered_at", "entered"),
        _instant("available_at", "available"),
        _instant("work_began_at", "began"),
        _instant("left_at", "left"),
        _instant("agent_released_at", "released"),
        Field("agent", "whole", lambda rows: np.where(rows["agent"] >= 0, rows["agent"] + 1, -1)),
        _named("slips", "slip", slips),
    ])  # fmt: skip


def escalations_sheet(run: Run) -> Sheet:
    """Return the table of escalations."""
    model = run.model
    return _sheet(run, escalations(run), [
        _ticket(),
        _named("from", "from", model.places),
        _named("to", "to", model.places),
        _coded("reason", "reason", Entry),
        _named("category", "category", model.categories),
        _instant("at", "at"),
        _coded("judged", "judged", Judged),
        _plain("resolution_minutes", "minutes"),
    ])  # fmt: skip


def clocks_sheet(run: Run) -> Sheet:
    """Return the table of clocks."""
    return _sheet(run, clocks(run), [
        _ticket(),
        _coded("clock", "clock", Measured),
        _named("tier", "place", run.model.places[: run.model.tiers]),
        _instant("started_at", "start"),
        _instant("due_at", "due"),
        _instant("stopped_at", "stopped"),
        Field("breached", "flag", lambda rows: rows["breached"]),
        _coded("why", "cause", Cause, nothing=Cause.NONE),
        *(_share(cause) for cause in Cause if cause != Cause.NONE),
    ])  # fmt: skip


def updates_sheet(run: Run) -> Sheet:
    """Return the table of customers' updates that agents wrote as work, or forgot."""
    return _sheet(run, run.updates, [
        _ticket(),
        _named("place", "place", run.model.places),
        _instant("due_at", "due"),
        _instant("sent_at", "sent"),
    ])  # fmt: skip


def notes_sheet(run: Run) -> Sheet:
    """Return the table of what agents came to know in the middle of a stay."""
    return _sheet(run, run.notes, [
        _ticket(),
        _named("place", "place", run.model.places),
        _coded("what", "what", Note),
        _instant("at", "at"),
    ])  # fmt: skip


TABLES: Final[Mapping[str, Callable[[Run], Sheet]]] = {
    "tickets": tickets_sheet,
    "visits": visits_sheet,
    "escalations": escalations_sheet,
    "clocks": clocks_sheet,
    "updates": updates_sheet,
    "notes": notes_sheet,
}
"""The tables that can be written, by name."""


def slips_of(value: int) -> tuple[str, ...]:
    """Return the names of the slips in a bit mask."""
    return tuple(str(slip.name).lower() for slip in Slip if slip & value)


def code_name(code: IntEnum) -> str:
    """Return a code as the files name it."""
    return code.name.lower()


def _sheet(run: Run, rows: Table, fields: list[Field]) -> Sheet:
    return Sheet(tuple(fields), rows, _opening(run.model))


def _opening(model: DeskModel) -> float:
    return model.opening


def _slips(value: int) -> str:
    return "+".join(slips_of(value))


def _ticket() -> Field:
    return Field("ticket_id", "whole", lambda rows: rows["ticket"].astype(np.int64) + 1)


def _plain(name: str, kind: Kind, column: str | None = None) -> Field:
    return Field(name, kind, lambda rows: rows[column or name])


def _instant(name: str, column: str) -> Field:
    return Field(name, "instant", lambda rows: rows[column])


def _named(name: str, column: str, names: Sequence[str]) -> Field:
    """Return a column of names for codes from 0 on; a negative code is nothing."""
    labels = np.array([*names, ""], dtype=object)
    return Field(name, "text", lambda rows: labels[np.where(rows[column] < 0, len(labels) - 1, rows[column])])


def _coded(name: str, column: str, codes: type[IntEnum], nothing: IntEnum | None = None) -> Field:
    labels = {int(code): "" if code == nothing else code_name(code) for code in codes}
    return Field(name, "text", lambda rows: np.array([labels[code] for code in rows[column].tolist()], dtype=object))


def _share(cause: Cause) -> Field:
    return Field(f"{code_name(cause)}_minutes", "minutes", lambda rows: rows["minutes"][:, int(cause)])
