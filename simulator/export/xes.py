"""A run as an event log (XES, IEEE 1849), so that process-mining tools read it.

A trace is a ticket, an activity is a stay in a place, and the standard life cycle says how it goes on there: *schedule*
when the ticket comes, *assign* when its hand-off is done, *start* when an agent takes it, *suspend* and *resume* around
what interrupts the work, *complete* when it leaves, *withdraw* where nobody had taken it. Who is only told has a single
*complete*.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final
from xml.sax.saxutils import quoteattr

import numpy as np

from simulator.codes import Ending, Entry, Fate, Judged
from simulator.derived import escalations
from simulator.export.files import whole_file
from simulator.export.sheets import code_name, slips_of
from simulator.tables import Run, Table

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
CHUNK: Final = 4096
"""Tickets that are looked at together."""
_HEAD: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
  <extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
  <global scope="trace">
    <string key="concept:name" value=""/>
  </global>
  <global scope="event">
    <string key="concept:name" value=""/>
    <string key="lifecycle:transition" value="complete"/>
    <date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>
  </global>
  <classifier name="Activity" keys="concept:name"/>
  <classifier name="Activity and transition" keys="concept:name lifecycle:transition"/>
"""


@dataclass(frozen=True, slots=True)
class _Event:
    """A transition of a stay: when, of which stay, which, by whom, and what else is known."""

    at: float
    place: int
    transition: str
    agent: int = -1
    more: tuple[tuple[str, str], ...] = ()


def write_events(run: Run, path: Path) -> int:
    """Write the event log of a run as XES, all of it or nothing; return the number of its traces.

    Raises:
        InputError: the file cannot be written.
    """
    with whole_file(path) as file:
        _write(run, file)
    return len(run.tickets)


def _write(run: Run, file: BinaryIO) -> None:
    def put(text: str) -> None:
        file.write(text.encode())

    put(_HEAD)
    put(f"  {_string('concept:name', run.model.desk.title)}\n")
    put(f'  <int key="seed" value={_quoted(str(run.seed))}/>\n  <int key="replication" value="{run.replication}"/>\n')
    put('  <string key="lifecycle:model" value="standard"/>\n')
    judged = _judgements(run)
    of_visit, of_spell = _by_ticket(run.visits), _by_ticket(run.spells[run.spells["ticket"] >= 0])
    for first in range(0, len(run.tickets), CHUNK):
        rows = run.tickets[first : first + CHUNK]
        stays, spells = of_visit(first, first + len(rows)), of_spell(first, first + len(rows))
        for row in rows:
            number = int(row["ticket"])
            put(_trace(run, row, list(_events(run, stays.get(number, []), spells.get(number, []), judged))))
    put("</log>\n")


def _by_ticket(table: Table) -> Callable[[int, int], dict[int, list[Any]]]:
    """Return a function that gives the rows of the tickets from one number to another, in order of time."""
    order = np.lexsort((table["place"], table["entered" if "entered" in (table.dtype.names or ()) else "began"],
                        table["ticket"]))  # fmt: skip
    tickets = table["ticket"][order]

    def between(first: int, last: int) -> dict[int, list[Any]]:
        low, high = np.searchsorted(tickets, (first, last))
        found: dict[int, list[Any]] = {}
        for row in table[order[low:high]]:
            found.setdefault(int(row["ticket"]), []).append(row)
        return found

    return between


def _judgements(run: Run) -> dict[tuple[int, int, float], str]:
    """Return what the rulebook says of each escalation that was not appropriate, by ticket, place and instant."""
    table = escalations(run)
    return {
        (int(row["ticket"]), int(row["to"]), float(row["at"])): code_name(Judged(row["judged"]))
        for row in table[table["judged"] != Judged.APPROPRIATE]
    }


def _events(
    run: Run, stays: list[Any], spells: list[Any], judged: dict[tuple[int, int, float], str]
) -> Iterator[_Event]:
    """Yield the events of one ticket, stay by stay."""
    for stay in stays:
        here, entered = int(stay["place"]), float(stay["entered"])
        because = [("entered_because", code_name(Entry(stay["entry"])))]
        verdict = judged.get((int(stay["ticket"]), here, entered))
        if verdict is not None:
            because.append(("judged", verdict))
        if here >= run.model.tiers:
            yield _Event(entered, here, "complete", more=tuple(because))
            continue
        yield _Event(entered, here, "schedule", more=tuple(because))
        if not math.isnan(stay["available"]) and stay["available"] > entered:
            yield _Event(float(stay["available"]), here, "assign")
        began, left = float(stay["began"]), float(stay["left"])
        if not math.isnan(began):
            yield from _worked(stay, run.model.end, spells)
        if not math.isnan(left):
            ended = [("ended", code_name(Ending(stay["ending"])))]
            if slips := slips_of(int(stay["slip"])):
                ended.append(("slips", " ".join(slips)))
            transition = "withdraw" if math.isnan(began) else "complete"
            yield _Event(left, here, transition, int(stay["agent"]), tuple(ended))


def _worked(stay: Any, end: float, spells: list[Any]) -> Iterator[_Event]:
    """Yield how work on a ticket begins in a stay, and what interrupts it."""
    here, began, left = int(stay["place"]), float(stay["began"]), float(stay["left"])
    mine = [one for one in spells if one["place"] == here and one["began"] >= began and not one["began"] > left]
    yield _Event(began, here, "start", int(mine[0]["agent"]) if mine else int(stay["agent"]))
    for one, later in zip(mine, [*mine[1:], None], strict=True):
        ended = float(one["ended"])
        if later is not None:
            if later["began"] > ended:
                yield _Event(ended, here, "suspend", int(one["agent"]))
                yield _Event(float(later["began"]), here, "resume", int(later["agent"]))
        elif ended < (end if math.isnan(left) else left):
            yield _Event(ended, here, "suspend", int(one["agent"]))


def _trace(run: Run, row: Any, events: list[_Event]) -> str:
    model = run.model
    lines = [
        "  <trace>",
        "    " + _string("concept:name", str(int(row["ticket"]) + 1)),
        "    " + _string("priority", model.priorities[row["priority"]]),
        "    " + _string("plan", model.plans[row["plan"]]),
        "    " + _string("category", model.categories[row["category"]]),
        "    " + _string("outcome", code_name(Fate(row["fate"]))),
    ]
    for event in sorted(events, key=lambda one: one.at):  # who joins late stands among the stays
        if not event.at < model.end:
            continue
        lines += [
            "    <event>",
            "      " + _string("concept:name", model.places[event.place]),
            "      " + _string("lifecycle:transition", event.transition),
            f'      <date key="time:timestamp" value="{_moment(model.opening + event.at)}"/>',
        ]
        if event.agent >= 0:
            lines.append("      " + _string("org:resource", f"agent {event.agent + 1}"))
        lines.append("      " + _string("org:group", model.places[event.place]))
        lines += ["      " + _string(key, value) for key, value in event.more]
        lines.append("    </event>")
    lines.append("  </trace>\n")
    return "\n".join(lines)


def _moment(minutes: float) -> str:
    at = _EPOCH + timedelta(milliseconds=round(minutes * 60_000))
    return at.isoformat(timespec="milliseconds")


def _string(key: str, value: str) -> str:
    return f"<string key={_quoted(key)} value={_quoted(value)}/>"


def _quoted(text: str) -> str:
    """Return text as the value of an attribute; what XML cannot hold becomes a question mark."""
    return quoteattr("".join(c if _may_stand(c) else "?" for c in text))


def _may_stand(c: str) -> bool:
    return c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
