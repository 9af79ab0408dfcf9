"""A policy has a life: editions follow one another, and each ticket keeps the one under which it was opened.

An edition holds from midnight UTC of its ``effective_from``. A later one that says ``applies_to_open: true`` takes over
the tickets that are open when it comes into force.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise

from policy.calendars import to_instant
from policy.errors import InputError
from policy.loading import Policy
from policy.source import KeyPath


def effective(policy: Policy) -> float:
    """Return the instant from which a policy holds (minutes since 1970-01-01T00:00Z)."""
    day = date.fromisoformat(policy.doc.effective_from)
    return to_instant(datetime(day.year, day.month, day.day, tzinfo=UTC))


def governing(opened: float, timeline: Sequence[Policy], at: float | None = None) -> Policy:
    """Return the policy under which a ticket stands that was opened at the instant ``opened``.

    That is the latest edition in force when it was opened, unless a later one applies to open tickets; of those the
    latest. ``at`` is the instant at which it is asked: what comes into force after it does not count yet (``None`` =
    all of the timeline has come). A ticket older than every edition stands under the oldest. The order of ``timeline``
    does not matter. Instants are minutes since 1970-01-01T00:00Z.

    Raises:
        InputError: the timeline is empty, or two editions come into force on one day.
    """
    editions = sorted(timeline, key=effective)
    if not editions:
        raise InputError("no policy is given; a ticket stands under at least one")
    for earlier, later in pairwise(editions):
        if effective(earlier) == effective(later):
            names = " and ".join(f"{one.name} {one.doc.version}" for one in (earlier, later))
            raise InputError(f"{names} both come into force on {later.doc.effective_from}; one of them must come first")
    chosen = editions[0]
    for edition in editions[1:]:
        begins = effective(edition)
        if begins <= opened or (edition.doc.applies_to_open and (at is None or begins <= at)):
            chosen = edition
    return chosen


def disagreements(policy: Policy) -> Iterator[tuple[KeyPath, str]]:
    """Yield where a policy's history contradicts what it says of itself: the place, and the sentence."""
    history = policy.doc.history
    if not history:
        return
    days = [one.date for one in history]
    if days not in (sorted(days), sorted(days, reverse=True)):
        yield ("history",), "the entries of the history are not in the order of their dates"
    index = max(range(len(history)), key=lambda place: (history[place].date, place if days == sorted(days) else -place))
    newest = history[index]
    if newest.date != policy.doc.effective_from:
        message = f"holds from {policy.doc.effective_from}, but the newest entry of its history is of {newest.date}"
        yield ("effective_from",), message
    if newest.version != policy.doc.version:
        message = f"is version {policy.doc.version}, but the newest entry of its history is {newest.version}"
        yield ("version",), message
    seen: set[str] = set()
    for place, one in enumerate(history):
        if one.version in seen:
            yield ("history", place, "version"), f"version {one.version} stands twice in the history"
        seen.add(one.version)
