"""A log of real tickets that is replayed: where it lies, and how its columns and words are to be read."""

from __future__ import annotations

from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, PrivateAttr

from policy.errors import InputError
from policy.explain import shown
from simulator.desk.log_reading import LogRows
from simulator.desk.values import Label, Name, Part

OTHERS: Final = "*"
"""Stands for every word that is not listed."""
NOBODY: Final = "nobody"
"""As the tier that can solve a ticket: none."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"found {shown(name)}; expected a time zone such as Europe/Berlin") from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]
Meanings = dict[Label, Name | None]
"""By a word of the log, what it is called here; without a name, chance decides as it does without a log."""


class Columns(Part):
    """The columns that are read, by what the header calls them; null leaves one unread."""

    opened: Label = "opened_at"
    ticket: Label | None = "ticket_id"
    priority: Label | None = "priority"
    category: Label | None = "category"
    plan: Label | None = "plan"
    solved_by: Label | None = "solved_by"


class Words(Part):
    """What the log's words are called here, column by column; ``*`` is every word that is not listed.

    A word that stands for itself need not be listed, nor the number of a priority (1 is the most urgent) or of a tier
    (1 is the lowest).
    """

    priority: Meanings = {}
    category: Meanings = {}
    plan: Meanings = {}
    solved_by: Meanings = {}


class Log(Part):
    """A replayed log: a CSV file (``.gz`` or not) whose rows inside the run are the tickets.

    ``file`` is relative to the desk file. ``time_zone`` is that of times which name no offset. What the log does not
    name of a ticket is decided by chance, as it is without a log.
    """

    file: Annotated[str, Field(min_length=1, max_length=1000)]
    time_zone: Zone | None = None
    columns: Columns = Columns()
    words: Words = Words()
    _rows: LogRows | None = PrivateAttr(default=None)

    @property
    def rows(self) -> LogRows:
        """What stands in the file.

        Raises:
            InputError: the file has not been read: the desk was not loaded from a file.
        """
        if self._rows is None:
            raise InputError(f"demand.log.file: {self.file} has not been read; load the desk from a file")
        return self._rows

    def with_rows(self, rows: LogRows) -> Log:
        """Return this log with what stands in its file, which counts when desks are compared."""
        filled = self.model_copy()
        filled._rows = rows
        return filled

    def meant(self, what: str) -> Meanings:
        """Return the meanings of the words of a column, by its name in :class:`Words`."""
        found: Any = getattr(self.words, what)
        return dict(found)
