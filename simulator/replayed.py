"""The rows of a log that fall inside a run, as numbers: when each ticket was opened and what the log says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from policy.errors import InputError
from policy.explain import nearest, shown
from simulator.desk import Desk
from simulator.desk.log import NOBODY, OTHERS, Log
from simulator.desk.log_reading import NAMED, Column
from simulator.openhours import Floats

_MINUTE = 60e6
_KINDS = {"priority": "the policy has no priority", "plan": "the policy has no plan",
          "category": "the desk has no category", "solved_by": "the desk has no tier"}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """The rows inside the run, in the order of opening.

    ``opened`` are minutes since the opening of the run, shape (tickets,); ``named`` are codes of shape (tickets,) by
    what they say (:data:`~simulator.desk.log_reading.NAMED`), -1 where the log does not name it. ``before`` and
    ``after`` count the rows outside.
    """

    opened: Floats
    named: Mapping[str, npt.NDArray[np.int8]]
    before: int
    after: int


def replayed(
    desk: Desk, priorities: Sequence[str], plans: Sequence[str], opening: float, end: float
) -> Replayed | None:
    """Return the rows of the desk's log from ``opening`` (minutes since 1970) on, for ``end`` minutes.

    Without a log there is nothing.

    Raises:
        InputError: a row inside names a priority, plan, category or tier that there is not.
    """
    log = desk.demand.log
    if log is None:
        return None
    minutes = (log.rows.opened - round(opening * _MINUTE)) / _MINUTE
    first, last = np.searchsorted(minutes, [0.0, end]).tolist()
    inside = slice(first, last)
    legal = {"priority": tuple(priorities), "plan": tuple(plans), "category": tuple(desk.categories)}
    named = {}
    for what in NAMED:
        column = log.rows.columns.get(what)
        if column is None or (what == "category" and not desk.categories):  # all are of one kind there
            named[what] = np.full(last - first, -1, np.int8)
        else:
            named[what] = _codes(log, what, column, inside, legal.get(what, desk.tiers))
    return Replayed(minutes[inside], named, first, len(minutes) - last)


def _codes(log: Log, what: str, column: Column, inside: slice, legal: tuple[str, ...]) -> npt.NDArray[np.int8]:
    """Return places in ``legal`` for the words of a column, -1 where a cell or the meaning of its word is empty."""
    words = column.codes[inside]
    code_of = np.full(len(column.words) + 1, -1, np.int8)  # the last for empty cells
    for word in np.unique(words[words >= 0]).tolist():
        code = _code(log, what, column.words[word], legal)
        if code is None:
            message = (
                f"found {shown(column.words[word])}; {_KINDS[what]} of that name{nearest(column.words[word], legal)} "
                f"(or say in demand.log.words.{what} what it is called here)"
            )
            raise InputError.at(log.rows.name, column.lines[word], column.key, message)
        code_of[word] = code
    found: npt.NDArray[np.int8] = code_of[words]
    return found


def _code(log: Log, what: str, word: str, legal: tuple[str, ...]) -> int | None:
    """Return the place of what a word means, -1 for what chance decides, ``None`` where it means nothing."""
    meanings = log.meant(what)
    meant: str | None
    if word in meanings:
        meant = meanings[word]
    elif word in legal or (what == "solved_by" and word == NOBODY):
        meant = word
    elif what in ("priority", "solved_by") and word.isascii() and word.isdecimal() and 1 <= int(word[:9]) <= len(legal):
        return int(word[:9]) - 1
    elif OTHERS in meanings:
        meant = meanings[OTHERS]
    else:
        return None
    if meant is None:
        return -1
    return legal.index(meant) if meant in legal else len(legal)  # names that mean anything else are refused before
