"""Which open tickets of a ticket table a change of policy touches.

The table is the CSV that ``simulate --tickets`` writes. What it does not say (how long a ticket has been in hand, what
was found out) is left open: a ticket *may* be touched if some situation with its plan, priority and tier is, and it is
touched *now* if the two rulebooks differ about what the table does say.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from policy.calendars import to_datetime, to_instant
from policy.clocks import Clock
from policy.durations import parse_duration
from policy.errors import InputError
from policy.loading import Policy
from policy.rulebook import Rulebook
from policy.situation import Deed, Situation
from policy.verdict import Verdict
from policy.yaml_source import nearest, read_text

MAX_BYTES: Final = 50_000_000
_NEEDED: Final = ("ticket_id", "priority", "segment", "holder", "opened_at", "first_response_at", "resolved_at")


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """An open ticket of a table; instants are minutes since 1970."""

    id: str
    priority: str
    plan: str
    tier: str
    opened: float
    responded: float | None


@dataclass(frozen=True, slots=True)
class Touched:
    """An open ticket that a change touches: ``now`` holds what somebody owes differently, in words of the verdict."""

    ticket: OpenTicket
    now: tuple[str, ...]


def read_tickets(path: Path) -> tuple[tuple[OpenTicket, ...], float]:
    """Return the open tickets of a table and the last instant that it tells of.

    Raises:
        InputError: the file cannot be read, lacks a column, or holds a moment that is none; with its line.
    """
    rows = csv.DictReader(io.StringIO(read_text(path, max_bytes=MAX_BYTES), newline=""))
    columns = rows.fieldnames or []
    for name in _NEEDED:
        if name not in columns:
            raise InputError(f'{path}:1: there is no column "{name}"{nearest(name, columns)}; expected a ticket table')
    found: list[OpenTicket] = []
    last = 0.0
    for row in rows:
        where = f"{path}:{rows.line_num}"
        opened, responded, resolved = (
            _moment(row.get(name) or "", f"{where}: {name}")
            for name in ("opened_at", "first_response_at", "resolved_at")
        )
        if opened is None:
            raise InputError(f"{where}: opened_at: is empty")
        last = max(last, opened, responded or 0.0, resolved or 0.0)
        if resolved is None:
            kind = (row["priority"], row["segment"], row["holder"])
            found.append(OpenTicket(row["ticket_id"], *kind, opened, responded))
    return tuple(found), last


def touched(
    first: Policy, second: Policy, tickets: Iterable[OpenTicket], now: float, kinds: frozenset[tuple[str, str, str]]
) -> Iterator[Touched]:
    """Yield the tickets that a change from ``first`` to ``second`` touches.

    ``kinds`` are (priority, plan, tier) of which some situation is decided differently (``Meaning.kinds``).

    Raises:
        InputError: a ticket has a priority, plan or tier that a policy does not know.
    """
    books = Rulebook(first), Rulebook(second)
    for ticket in tickets:
        if (ticket.priority, ticket.plan, ticket.tier) not in kinds:
            continue
        before, after = (_owed(book.verdict(_situation(ticket, book.policy, now))) for book in books)
        differing = [f"{name}: {before.get(name, 'not owed')} → {after.get(name, 'not owed')}"
                     for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]  # fmt: skip
        yield Touched(ticket, tuple(differing))


def _owed(verdict: Verdict) -> dict[str, str]:
    """Return what is owed, in words, and how it is due."""
    owed = {}
    for o in verdict.obligations:
        act = " ".join(part for part in (o.verb, o.to, o.via, o.what) if part)
        due = "whenever" if o.due is None else f"due {to_datetime(o.due):%Y-%m-%d %H:%M} UTC"
        owed[act] = f"{o.owner}, {due}"
    return owed


def _situation(ticket: OpenTicket, policy: Policy, now: float) -> Situation:
    """Return what the table says of a ticket; its resolution clock has run since it was opened."""
    deeds: tuple[Deed, ...] = ()
    if ticket.responded is not None:
        deeds = (Deed("reply", "customer", None, ("first_response",), ticket.responded),)
    bare = Situation(
        now=max(now, ticket.opened), opened=ticket.opened, plan=ticket.plan, tier=ticket.tier, tier_since=ticket.opened,
        stated_priority=ticket.priority, stated_since=ticket.opened, status_since=ticket.opened, deeds=deeds,
    )  # fmt: skip
    calendar = Rulebook(policy).calendar(bare)
    target = parse_duration(policy.priorities[ticket.priority].resolution).minutes(calendar.day_minutes)
    return replace(bare, clocks={"resolution": Clock(calendar, target).start(ticket.opened)})


def _moment(text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{where}: found {text[:40]!r}; expected a moment such as 2025-01-31T16:50:00Z") from None
    if moment.tzinfo is None:
        raise InputError(f"{where}: found {text[:40]!r} without an offset; expected one such as 2025-01-31T16:50:00Z")
    return to_instant(moment)
