"""What a change of opening hours does: the dues that fall at other instants, and the timers that run out at others.

The rules stay as they are and so do their minutes; but the minutes are counted on another calendar. Every start minute
of two years is tried for each length of time that a rule allows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from policy.clock_hours import TIERS_OWN
from policy.clocks import Clock
from policy.conditions import ClockReaches
from policy.diff.effects import OWED, Effect
from policy.diff.realtime import Length, Order, RealTime
from policy.diff.showing import Books, Pair, lean, replayed, written
from policy.document import CalendarDoc
from policy.durations import parse_duration
from policy.lint.cells import situation_of
from policy.lint.examples import shifted
from policy.lint.space import Node, Space
from policy.verdict import ActKey

_DAYS: Final = {"mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday",
                "sat": "Saturday", "sun": "Sunday"}  # fmt: skip
_TRIED: Final = 30


@dataclass(frozen=True, slots=True)
class Opening:
    """A calendar that changed, or a tier that has another one.

    ``says`` is the change in words. ``rules`` are those whose dues are counted on it, ``timers`` the clocks that run
    on it, ``timed`` the rules that wait for these, ``people`` the roles that are there in its hours. ``order`` tells
    how dues and timers move; ``changed`` of ``tried`` is for how many start minutes the length that moves most often
    ends at another instant. ``where`` holds the situations in which something counts on it; ``pair`` is an example,
    ``differs`` what the rulebooks differ about.
    """

    name: str
    says: tuple[str, ...]
    order: Order
    rules: tuple[str, ...]
    timers: tuple[str, ...]
    timed: tuple[str, ...]
    people: tuple[str, ...]
    changed: int
    tried: int
    where: Node
    key: ActKey | None
    pair: Pair | None
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Use:
    """A length of time counted on a calendar: of a due, or of a timer (then ``clock`` names it)."""

    rule: str
    key: ActKey
    old: Length
    new: Length
    where: Node
    clock: str = ""
    tier: str = ""
    anchored: bool = False


def openings(
    spaces: tuple[Space, Space], real: RealTime, books: Books, effects: tuple[list[Effect], list[Effect]],
    possible: Node,
) -> Iterator[Opening]:  # fmt: skip
    """Yield each calendar whose opening hours changed, and each tier that has another calendar, with what it moves."""
    first, second = real.first, real.second
    uses = list(_dues(spaces[0], real, *effects))
    timers = list(_timers(spaces, real, possible))
    for name, doc in second.doc.calendars.items():
        old = first.doc.calendars.get(name)
        says = () if old is None or old == doc else tuple(calendar_words(name, old, doc))
        mine = [use for use in (*uses, *timers) if use.new[0] == name == use.old[0]]
        if says and real.changed(name, name):
            people = [role for role, one in second.doc.vocabulary.roles.items() if one.available == name]
            yield _opening(spaces, real, books, name, says, mine, people)
    for tier, now in second.tiers.items():
        was = first.tiers.get(tier)
        if was is not None and was.calendar != now.calendar and real.changed(was.calendar, now.calendar):
            says = (f"{now.label}: its timers count on the calendar {now.calendar} instead of {was.calendar}",)
            yield _opening(spaces, real, books, tier, says, [t for t in timers if t.tier == tier], ())


def moves(
    spaces: tuple[Space, Space], real: RealTime, effects: tuple[list[Effect], list[Effect]], possible: Node
) -> bool:
    """Return whether changed opening hours move any due or timer."""
    uses = (*_dues(spaces[0], real, *effects), *_timers(spaces, real, possible))
    return any(real.moved(use.old, use.new).changed for use in uses)


def _opening(
    spaces: tuple[Space, Space], real: RealTime, books: Books, name: str, says: tuple[str, ...],
    uses: list[_Use], people: Iterable[str],
) -> Opening:  # fmt: skip
    moved = {use: real.moved(use.old, use.new) for use in uses}
    moving = [use for use in uses if moved[use].changed]
    orders = {moved[use].order for use in moving}
    order: Order = "same" if not orders else orders.pop() if len(orders) == 1 else "mixed"
    most = max(((one.changed, one.tried) for one in moved.values()), default=(0, 0))
    shown: tuple[ActKey | None, Pair | None, tuple[str, ...]] = (None, None, ())
    for use in sorted(moving, key=_plainness)[:_TRIED]:
        made = _example(spaces, real, use)
        pair = None if made is None else written(books, made)
        differs = () if pair is None else replayed(books, pair, OWED, use.key)
        if differs:
            act = " ".join(part for part in use.key if part)
            shown = use.key, pair, tuple(f"{act}: {one}" for one in differs)
            break
    return Opening(
        name, says, order,
        tuple(dict.fromkeys(use.rule for use in uses if not use.clock)),
        tuple(dict.fromkeys(f"{use.clock} in {use.tier}" for use in uses if use.clock)),
        tuple(dict.fromkeys(use.rule for use in uses if use.clock)),
        tuple(people), most[0], most[1], spaces[0].any_of(use.where for use in moving), *shown,
    )  # fmt: skip


def _plainness(use: _Use) -> tuple[object, ...]:
    return bool(use.clock), use.anchored, use.old[1] < 60, use.old[1], use.rule


# -- what counts on a calendar -------------------------------------------------------------------------------------


def _dues(space: Space, real: RealTime, old: list[Effect], new: list[Effect]) -> Iterator[_Use]:
    """Yield the lengths of dues whose calendar is the same by name and another by its hours."""
    before: dict[tuple[object, ...], list[Effect]] = {}
    for effect in old:
        before.setdefault(_which(effect), []).append(effect)
    for effect in new:
        s = effect.signature
        if s.kind != OWED or math.isinf(s.due) or not real.changed(s.calendar, s.calendar):
            continue
        for other in before.get(_which(effect), ()):
            where = other.where & effect.where
            if where != space.bdd.false:
                old_length, new_length = (s.calendar, other.signature.due), (s.calendar, s.due)
                yield _Use(effect.rule, s.key, old_length, new_length, where, anchored=bool(s.anchor))


def _which(effect: Effect) -> tuple[object, ...]:
    s = effect.signature
    return effect.rule, s.kind, s.key, s.owner, s.calendar


def _timers(spaces: tuple[Space, Space], real: RealTime, possible: Node) -> Iterator[_Use]:
    """Yield the timers of tiers that run on other hours than before, and what the rules owe when they run out."""
    here, there = spaces
    closing = [
        there.calendar(index)
        for index, (_, name) in enumerate(there.policy.calendar_cases)
        if not there.policy.calendars[name].always_open
    ]
    for rule in there.policy.rules:
        keys = [(a.verb, to, via, what) for o in rule.obliges for a in (o.act,) for to in a.to for via in a.via
                for what in a.what]  # fmt: skip
        marks = [part for part in rule.when.parts() if isinstance(part, ClockReaches) and part.name in TIERS_OWN]
        for mark in marks if keys else ():
            for tier, doc in there.policy.tiers.items():
                was = here.policy.tiers.get(tier)
                if was is None or not real.changed(was.calendar, doc.calendar):
                    continue
                for _, attributes, minutes in there.figures(mark):
                    where = there.rule(rule) & possible & there.is_value("tier", tier) & there.any_of(closing)
                    where = where & there.all_of(there.attribute(n, value) for n, value in attributes.items())
                    if where != there.bdd.false:
                        old, new = (was.calendar, minutes), (doc.calendar, minutes)
                        yield _Use(rule.id, keys[0], old, new, where, mark.name, tier, anchored=True)


# -- an example ------------------------------------------------------------------------------------------------------


def _example(spaces: tuple[Space, Space], real: RealTime, use: _Use) -> Pair | None:
    """Return a situation that begins at a minute from which the two lengths end at different instants."""
    cell, start = spaces[0].smallest(use.where), real.moved(use.old, use.new).start
    if cell is None or start is None:
        return None
    situations = [lean(situation_of(space, cell)) for space in spaces]
    if not use.clock:
        if any(one.now != one.opened for one in situations):
            return None
        a, b = situations
        return shifted(a, start - a.opened), shifted(b, start - b.opened)
    calendars = real.first.calendars[use.old[0]], real.second.calendars[use.new[0]]
    ends = [calendar.add(start, length[1]) for calendar, length in zip(calendars, (use.old, use.new), strict=True)]
    pair = []
    for situation, calendar in zip(situations, calendars, strict=True):
        one = replace(shifted(situation, start - situation.opened), now=min(ends))
        running = Clock(calendar).start(start)
        clocks = {name: replace(c, at=one.now) for name, c in one.clocks.items() if name not in TIERS_OWN}
        clocks |= {name: running for name in TIERS_OWN if name == use.clock or name in situation.clocks}
        pair.append(replace(one, clocks=clocks))
    return pair[0], pair[1]


# -- in words --------------------------------------------------------------------------------------------------------


def calendar_words(name: str, old: CalendarDoc, new: CalendarDoc) -> Iterator[str]:
    """Yield what changed in a calendar: "Business hours: closed on 1 May 2025"."""
    title = f"{name.replace('_', ' ').capitalize()} hours"
    if old.always_open != new.always_open:
        yield f"{title}: {'always open now' if new.always_open else 'not always open any more'}"
        return
    for day in sorted({*new.holidays} - {*old.holidays}):
        yield f"{title}: closed on {_date(day)}{_anyway(old, day)}"
    for day in sorted({*old.holidays} - {*new.holidays}):
        yield f"{title}: no longer closed on {_date(day)}{_anyway(new, day)}"
    for day, word in _DAYS.items():
        before, after = _hours(old, day), _hours(new, day)
        if before != after:
            yield f"{title}: {word} {after} instead of {before}"
    for day in sorted({*old.special_days, *new.special_days}):
        before, after = (_special(doc, day) for doc in (old, new))
        if before != after:
            yield f"{title}: {_date(day)} {after} instead of {before}"
    if old.time_zone != new.time_zone:
        yield f"{title}: in the time zone {new.time_zone} instead of {old.time_zone}"
    if old.business_day != new.business_day:
        before, after = (parse_duration(doc.business_day).words() for doc in (old, new))
        yield f"{title}: a business day counts {after} instead of {before}"


def _hours(doc: CalendarDoc, day: str) -> str:
    return {str(name): hours for name, hours in doc.hours.items()}.get(day, "") or "closed"


def _special(doc: CalendarDoc, day: str) -> str:
    return doc.special_days[day] or "closed" if day in doc.special_days else "the usual hours"


def _weekday(day: str) -> str:
    return list(_DAYS)[date.fromisoformat(day).weekday()]


def _date(day: str) -> str:
    one = date.fromisoformat(day)
    return f"{one.day} {one:%B %Y}"


def _anyway(doc: CalendarDoc, day: str) -> str:
    """Return a remark where the day would be closed without being a holiday."""
    if day in doc.special_days or _hours(doc, _weekday(day)) != "closed":
        return ""
    return f", a {_DAYS[_weekday(day)]} on which it is closed anyway"
