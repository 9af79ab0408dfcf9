"""Situations as files: a question to the rulebook that people can write, keep and send.

``read_situation`` reads one, ``situation_text`` writes one; what is written reads back as the same situation.
``docs/situation.md`` describes the form. Instants are ISO 8601 with an offset, durations from the opening of the
ticket (``+30m``), or plain numbers, which are minutes from the opening.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import Field, StrictFloat, StrictInt, StrictStr

from policy.calendars import Calendar, to_instant
from policy.clock_hours import own_calendar
from policy.clocks import Clock, Piece
from policy.document_values import Document
from policy.durations import LONGEST_MINUTES, parse_duration
from policy.errors import InputError
from policy.explain import nearest, shown
from policy.loading import Policy
from policy.rulebook import Rulebook
from policy.situation import CLOCKS, OPEN, STATUSES, Count, Deed, Situation, Stretch
from policy.source import KeyPath, Source, validate
from policy.yaml_source import load_yaml

ALWAYS: Final = "always"
"""The calendar that counts every minute; its name may be used whether or not the policy has one of that name."""
STATES: Final = ("new", "running", "paused", "stopped")
_STATED_CLOCKS: Final = tuple(name for name in CLOCKS if name != "age")
_FIRST, _LAST = (to_instant(datetime.fromisoformat(f"{year}-01-01T00:00:00+00:00")) for year in (1970, 2200))
_SIGNED: Final = re.compile(r"([+-])\s*(.+)", re.DOTALL)
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_WORDS_OF_YAML: Final = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}

When = StrictStr | StrictInt | StrictFloat
Amount = StrictStr | StrictInt | StrictFloat


class PieceDoc(Document):
    """A stretch that a clock has run, with what it had counted before."""

    begin: When
    end: When
    elapsed: Amount = 0
    calendar: str | None = None


class ClockDoc(Document):
    """A clock: what it shows, and since when it has stood or run so."""

    state: str = "running"
    elapsed: Amount = 0
    since: When | None = None
    calendar: str | None = None
    ran: list[PieceDoc] = Field(default_factory=list)


class WasDoc(Document):
    """A time during which the ticket was in another state than now, and not open."""

    status: str
    begin: When
    end: When


class CountDoc(Document):
    """A number, and since when it is known."""

    value: StrictInt
    since: When = 0


class DeedDoc(Document):
    """Something that was done."""

    act: str
    to: str | None = None
    via: str | None = None
    what: str | list[str] = Field(default_factory=list)
    at: When = 0
    by: str | None = None


class SituationDoc(Document):
    """A situation file."""

    opened: When
    now: When
    plan: str
    tier: str
    tier_since: When | None = None
    category: str | None = None
    priority: str | None = None
    priority_since: When | None = None
    status: str = OPEN
    status_since: When | None = None
    was: list[WasDoc] = Field(default_factory=list)
    signals: list[str] | dict[str, When] | None = None
    checks: list[str] | dict[str, When] | None = None
    counts: dict[str, StrictInt | CountDoc] | None = None
    deeds: list[DeedDoc] | None = None
    clocks: dict[str, Amount | ClockDoc] | None = None


def read_situation(
    where: Path | str, policy: Policy, *, name: str | None = None, book: Rulebook | None = None
) -> Situation:
    """Read a situation from a file (a ``Path``) or from text (a ``str``).

    ``book`` is the rulebook of ``policy``, if it is at hand: one is made where a clock does not name its calendar.

    Raises:
        InputError: it cannot be read, or uses a word that ``policy`` does not have; file, line, key and the nearest
            legal word are named.
    """
    source = load_yaml(where, name=name)
    return _Reader(validate(SituationDoc, source), source, policy, book).situation()


@dataclass(frozen=True, slots=True)
class _Reader:
    doc: SituationDoc
    source: Source
    policy: Policy
    book: Rulebook | None

    def situation(self) -> Situation:
        doc, policy = self.doc, self.policy
        opened = self._instant(("opened",), doc.opened, None, math.inf)
        now = self._instant(("now",), doc.now, opened, math.inf)
        if now < opened:
            raise self.source.error(("now",), "is before the ticket was opened")

        def known(path: KeyPath, value: When) -> float:
            return self._instant(path, value, opened, now)

        def since(key: str, value: When | None) -> float | None:
            if value is not None:
                return known((key,), value)
            return None if key in doc.model_fields_set else opened

        v = policy.doc.vocabulary
        self._word(("plan",), "plan", doc.plan, policy.plans)
        self._word(("tier",), "tier", doc.tier, policy.tiers)
        self._word(("status",), "status", doc.status, STATUSES)
        if doc.category is not None:
            self._word(("category",), "category", doc.category, v.categories)
        if doc.priority is not None:
            self._word(("priority",), "priority", doc.priority, policy.priorities)

        def facts(key: str, given: list[str] | dict[str, When] | None, legal: Collection[str]) -> dict[str, float]:
            found: dict[str, float] = {}
            if isinstance(given, dict):
                for one, value in given.items():
                    self._word((key, one), key[:-1], one, legal)
                    found[one] = known((key, one), value)
                return found
            for index, one in enumerate(given or ()):
                self._word((key, index), key[:-1], one, legal)
                if one in found:
                    raise self.source.error((key, index), f"{one} stands here twice")
                found[one] = opened
            return found

        base = Situation(
            now=now,
            opened=opened,
            plan=doc.plan,
            tier=doc.tier,
            category=doc.category,
            tier_since=since("tier_since", doc.tier_since),
            stated_priority=doc.priority,
            stated_since=since("priority_since", doc.priority_since),
            status=doc.status,
            status_since=since("status_since", doc.status_since),
            was=self._was(opened, now, since("status_since", doc.status_since)),
            signals=facts("signals", doc.signals, v.signals),
            checks=facts("checks", doc.checks, v.checks),
            counts=self._counts(opened, now),
            deeds=tuple(self._deed(i, deed, opened, now) for i, deed in enumerate(doc.deeds or ())),
        )
        clocks = {name: self._clock(name, clock, base) for name, clock in (doc.clocks or {}).items()}
        return replace(base, clocks=clocks)

    def _word(self, path: KeyPath, kind: str, word: str, legal: Collection[str]) -> str:
        if word not in legal:
            raise self.source.error(path, f"there is no {kind} {shown(word)}{nearest(word, legal)}")
        return word

    def _instant(self, path: KeyPath, value: When, opened: float | None, latest: float) -> float:
        """Return an instant; ``opened`` is what durations count from, ``None`` where they have no place."""
        instant = _read_instant(value, opened)
        if instant is None:
            relative = "" if opened is None else ', or a duration from the opening such as "+30m"'
            expected = f"expected an instant in ISO 8601 with an offset, such as 2025-01-27T09:00:00+00:00{relative}"
            raise self.source.error(path, f"found {shown(value)}; {expected}")
        if not _FIRST <= instant <= _LAST:
            raise self.source.error(path, f"found {shown(value)}; expected a year between 1970 and 2199")
        if instant > latest:
            raise self.source.error(path, f"found {shown(value)}, which is after now; nothing is known of the future")
        return instant

    def _was(self, opened: float, now: float, status_since: float | None) -> tuple[Stretch, ...]:
        """Return the earlier states of the ticket, which lie one after the other, before the present one."""
        found: list[Stretch] = []
        latest = now if status_since is None else status_since
        for index, given in enumerate(self.doc.was):
            path: KeyPath = ("was", index)
            self._word((*path, "status"), "status", given.status, STATUSES)
            begin = self._instant((*path, "begin"), given.begin, opened, now)
            end = self._instant((*path, "end"), given.end, opened, now)
            if end < begin:
                raise self.source.error((*path, "end"), "is before it began")
            if found and begin < found[-1].end:
                raise self.source.error((*path, "begin"), "is before the one above ended; the earliest comes first")
            if end > latest:
                raise self.source.error((*path, "end"), "is after status_since, when the present state began")
            found.append(Stretch(given.status, begin, end))
        return tuple(found)

    def _counts(self, opened: float, now: float) -> dict[str, Count]:
        found = {}
        for name, given in (self.doc.counts or {}).items():
            self._word(("counts", name), "count", name, self.policy.doc.vocabulary.counts)
            count = CountDoc(value=given) if isinstance(given, int) else given
            if count.value < 0:
                raise self.source.error(("counts", name), "expected a whole number, 0 or more")
            found[name] = Count(count.value, self._instant(("counts", name, "since"), count.since, opened, now))
        return found

    def _deed(self, index: int, doc: DeedDoc, opened: float, now: float) -> Deed:
        path: KeyPath = ("deeds", index)
        v = self.policy.doc.vocabulary
        contents = {*v.contents, *v.checks, *self.policy.priorities, *self.policy.notices}
        what = (doc.what,) if isinstance(doc.what, str) else tuple(doc.what)
        self._word((*path, "act"), "act", doc.act, v.acts)
        for key, word, legal in (("to", doc.to, v.roles), ("via", doc.via, v.channels), ("by", doc.by, v.roles)):
            if word is not None:
                self._word((*path, key), "channel" if key == "via" else "role", word, legal)
        for word in what:
            self._word((*path, "what"), "content", word, contents)
        return Deed(doc.act, doc.to, doc.via, what, self._instant((*path, "at"), doc.at, opened, now), doc.by)

    def _clock(self, name: str, given: Amount | ClockDoc, base: Situation) -> Clock:
        path: KeyPath = ("clocks", name)
        if name == "age":
            raise self.source.error(path, "runs from the instant at which the priority is known; it is not stated")
        self._word(path, "clock", name, _STATED_CLOCKS)
        doc = given if isinstance(given, ClockDoc) else ClockDoc(elapsed=given)
        below = path if not isinstance(given, ClockDoc) else (*path, "elapsed")
        self._word((*path, "state"), "state", doc.state, STATES)
        at = base.now if doc.since is None else self._instant((*path, "since"), doc.since, base.opened, base.now)
        pieces = tuple(self._piece((*path, "ran", i), piece, name, base) for i, piece in enumerate(doc.ran))
        return Clock(
            self._calendar((*path, "calendar"), doc.calendar, name, base),
            state=doc.state,  # type: ignore[arg-type]
            at=-math.inf if doc.state == "new" else at,  # nothing has happened to a new one
            elapsed_then=self._minutes(below, doc.elapsed),
            pieces=pieces,
        )

    def _piece(self, path: KeyPath, doc: PieceDoc, clock: str, base: Situation) -> Piece:
        begin = self._instant((*path, "begin"), doc.begin, base.opened, base.now)
        end = self._instant((*path, "end"), doc.end, base.opened, base.now)
        if end < begin:
            raise self.source.error((*path, "end"), "is before it began")
        calendar = self._calendar((*path, "calendar"), doc.calendar, clock, base)
        return Piece(begin, end, calendar, self._minutes((*path, "elapsed"), doc.elapsed))

    def _calendar(self, path: KeyPath, name: str | None, clock: str, base: Situation) -> Calendar:
        """Return a calendar by name; without one, that on which the policy lets the clock run."""
        if name is None:
            return own_calendar(self.book or Rulebook(self.policy), clock, base)
        if name == ALWAYS and name not in self.policy.calendars:
            return _EVERY_MINUTE
        self._word(path, "calendar", name, self.policy.calendars)
        return self.policy.calendars[name]

    def _minutes(self, path: KeyPath, value: Amount) -> float:
        if isinstance(value, str):
            try:
                duration = parse_duration(value)
            except InputError as error:
                raise self.source.error(path, str(error)) from None
            if not duration.business_days:
                return duration.amount
        elif 0 <= value <= LONGEST_MINUTES:
            return float(value)
        raise self.source.error(path, f"found {shown(value)}; expected minutes, or a duration such as 45m or 2h")


_EVERY_MINUTE: Final = Calendar.always()


def _read_instant(value: When, opened: float | None) -> float | None:
    """Return an instant, ``None`` if ``value`` is none."""
    if isinstance(value, (int, float)):
        return None if opened is None else opened + value
    signed = _SIGNED.fullmatch(value.strip())
    if signed is not None:
        try:
            duration = parse_duration(signed[2])
        except InputError:
            return None
        if opened is None or duration.business_days:
            return None
        return opened + (duration.amount if signed[1] == "+" else -duration.amount)
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return None if moment.tzinfo is None else to_instant(moment)
