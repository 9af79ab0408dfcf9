"""What fell due and was not done, reckoned without the ledger that the audit and the grader share."""

from __future__ import annotations

import math
from typing import Any

from policy import Rulebook
from policy.verdict import ActKey
from simulator import Run
from simulator.audit import Logs
from simulator.audit.book import Book
from simulator.audit.case import Case, Fact
from simulator.audit.history import Histories
from simulator.audit.replay import Replay


def overdue(act: ActKey, run: Run, done: Logs, book: Rulebook) -> dict[int, float]:
    """Return when an act fell due and was not done, by ticket, by asking the whole rulebook instant by instant."""
    histories = Histories(run, Book(book, run.model.desk))
    found = {}
    for number, log in done.items():
        due = _overdue(act, histories.case(number), log, histories.book, book)
        if due is not None:
            found[number + 1] = due
    return found


def _overdue(act: ActKey, case: Case, log: Any, asked: Book, book: Rulebook) -> float | None:
    replay, place = Replay(asked, case), 0
    first: dict[float, float] = {}
    facts = [item for item in case.items if isinstance(item, Fact)]
    events: list[tuple[float, Any]] = []
    for applied, fact in enumerate((*facts, None)):
        while place < len(log) and log[place].after == applied:
            events.append((log[place].deed.at, log[place].deed))
            place += 1
        events.append((case.end, None) if fact is None else (fact.at, fact))
    replay.look()
    for at, event in events:
        while True:
            situation = replay.situation()
            owed = [o for o in book.verdict(situation).obligations if o.key == act and not o.target]
            due = min((o.due for o in owed if o.due is not None), default=math.inf)
            if owed and due < math.inf:  # it counts from when it can be known
                calendar, since = book.calendar(situation), owed[0].since
                seen = first.setdefault(since, replay.now)
                if seen > since + 1e-6:
                    due = max(due, calendar.add(seen, calendar.open_minutes(since, due)))
            flip = replay.next_flip()
            if due < min(at, flip) - 1e-6:
                return due
            if flip >= at:
                break
            replay.now = flip
            replay.look()
        replay.now = max(replay.now, at)
        if isinstance(event, Fact):
            replay.apply(event)
        elif event is not None:
            replay.add(event)
        replay.look()
    return None
