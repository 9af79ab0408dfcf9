"""Situations written as files that ``policy.situation_file`` reads back as the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Final

from policy.calendars import Calendar, to_datetime, to_instant
from policy.clock_hours import own_calendar
from policy.clocks import Clock
from policy.errors import InputError
from policy.loading import Policy
from policy.rulebook import Rulebook
from policy.situation import OPEN, Deed, Situation
from policy.situation_file import ALWAYS

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_WORDS_OF_YAML: Final = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def situation_text(situation: Situation, policy: Policy, *, book: Rulebook | None = None) -> str:
    """Return a situation as the text of a file that ``read_situation`` reads back as the same.

    What goes without saying is left out. The opening is written to the microsecond. Targets and breaches of clocks
    are not written: no rule asks about them. With ``book``, the rulebook of ``policy``, the calendar of a clock is left
    out where the policy has it run on that one, so that another policy, which reads the file, has it run on its own.

    Raises:
        InputError: a clock runs on a calendar that has no name in ``policy``.
    """
    own: set[str] = set()
    if book is not None:
        own = {name for name, c in situation.clocks.items() if own_calendar(book, name, situation) is c.calendar}
    return "\n".join(_lines(situation, policy, own)) + "\n"


def _lines(s: Situation, policy: Policy, own: set[str]) -> Iterable[str]:
    opened = to_datetime(s.opened)
    opened += timedelta(minutes=s.opened - to_instant(opened))  # below the second
    zone = next((c.zone for c in policy.calendars.values() if not c.always_open), UTC)

    def since(at: float) -> str:
        return _span(at - s.opened)

    yield f"opened: {opened.astimezone(zone).isoformat()}"
    yield f"now: {since(s.now)}"
    yield f"plan: {_word(s.plan)}"
    yield f"tier: {_word(s.tier)}"
    yield from _since_line("tier_since", s.tier_since, s)
    if s.category is not None:
        yield f"category: {_word(s.category)}"
    if s.stated_priority is not None:
        yield f"priority: {_word(s.stated_priority)}"
    yield from _since_line("priority_since", s.stated_since, s)
    if s.status != OPEN:
        yield f"status: {s.status}"
    yield from _since_line("status_since", s.status_since, s)
    if s.was:
        yield "was:"
        yield from (f"  - {{status: {w.status}, begin: {since(w.begin)}, end: {since(w.end)}}}" for w in s.was)
    for key, facts in (("signals", s.signals), ("checks", s.checks)):
        if facts and all(at == s.opened for at in facts.values()):
            yield f"{key}: [{', '.join(map(_word, facts))}]"
        elif facts:
            yield f"{key}:"
            yield from (f"  {_word(name)}: {since(at)}" for name, at in facts.items())
    if s.counts:
        yield "counts:"
        for name, count in s.counts.items():
            known = f"{{value: {count.value}, since: {since(count.since)}}}"
            yield f"  {_word(name)}: {count.value if count.since == s.opened else known}"
    if s.deeds:
        yield "deeds:"
        yield from (f"  - {{{_deed_text(deed, since(deed.at))}}}" for deed in s.deeds)
    if s.clocks:
        yield "clocks:"
        for name, clock in s.clocks.items():
            yield f"  {_word(name)}: {{{_clock_text(clock, s, policy, own=name in own)}}}"


def _since_line(key: str, at: float | None, s: Situation) -> Iterable[str]:
    if at != s.opened:
        yield f"{key}: {'null' if at is None else _span(at - s.opened)}"


def _deed_text(deed: Deed, at: str) -> str:
    parts = [f"act: {_word(deed.verb)}"]
    parts += [f"{key}: {_word(value)}" for key, value in (("to", deed.to), ("via", deed.via)) if value is not None]
    if deed.what:
        listed = ", ".join(map(_word, deed.what))
        parts.append(f"what: {listed}" if len(deed.what) == 1 else f"what: [{listed}]")
    parts.append(f"at: {at}")
    if deed.by is not None:
        parts.append(f"by: {_word(deed.by)}")
    return ", ".join(parts)


def _clock_text(clock: Clock, s: Situation, policy: Policy, *, own: bool) -> str:
    parts = [f"state: {clock.state}", f"elapsed: {_amount(clock.elapsed_then)}"]
    if clock.at != s.now and clock.state != "new":
        parts.append(f"since: {_span(clock.at - s.opened)}")
    if not own:
        parts.append(f"calendar: {_calendar_name(clock.calendar, policy)}")
    if clock.pieces:
        pieces = [
            f"{{begin: {_span(p.start - s.opened)}, end: {_span(p.end - s.opened)}, "
            f"elapsed: {_amount(p.elapsed)}, calendar: {_calendar_name(p.calendar, policy)}}}"
            for p in clock.pieces
        ]
        parts.append(f"ran: [{', '.join(pieces)}]")
    return ", ".join(parts)


def _calendar_name(calendar: Calendar, policy: Policy) -> str:
    for name, known in policy.calendars.items():
        if known is calendar:
            return _word(name)
    if calendar.name in policy.calendars and policy.calendars[calendar.name].always_open == calendar.always_open:
        return _word(calendar.name)
    if calendar.always_open:
        return ALWAYS
    raise InputError(f"a clock runs on a calendar that {policy.name} does not have")


def _span(minutes: float) -> str:
    """Return minutes from the opening: ``+45m``, ``-1m``, or a plain number where they are no whole minutes."""
    if minutes % 1 or abs(minutes) >= 1e7:
        return _number(minutes)
    sign, length = "-" if minutes < 0 else "+", abs(minutes)
    return f"{sign}{length / 60:.0f}h" if length and not length % 60 else f"{sign}{length:.0f}m"


def _amount(minutes: float) -> str:
    return _number(minutes) if minutes % 1 or minutes >= 1e7 else f"{minutes:.0f}m"


def _number(value: float) -> str:
    """Return a number in plain decimal digits that reads back as the very same."""
    text = f"{Decimal(repr(value)):f}"
    return text if "." in text else f"{text}.0"


def _word(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML else json.dumps(text)
