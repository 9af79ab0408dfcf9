"""Words: acts as a list of things to do names them, dues as people say them, texts of the policy as spans."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from policy.building import BASIC_CHECKS, Act, Oblige
from policy.conditions import All, AnyOf, ClockReaches, Condition
from policy.durations import parse_duration
from policy.figures import Figure
from policy.handbook.model import Span, Spans
from policy.handbook.reading import Book, Reading, Values, sure
from policy.loading import Policy

_REACHED: Final = {
    "age": "{}",
    "no_progress": "{} without progress",
    "unresolved": "{} in hand, unresolved",
    "resolution": "{} on the resolution clock",
}
_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)+")
_EVERY_ONE: Final = re.compile(r"\bevery 1 (?=[a-z])")
_COMMON: Final = frozenset({"the", "a", "an", "to", "of", "it", "in", "on", "and", "or", "news"})


def spans_of(policy: Policy, text: str) -> Spans:
    """Return a text of the policy as spans, on one line; where it names an id, the id leads to its place."""
    one = clean(text)
    found: list[Span] = []
    end = 0
    for match in _ID.finditer(one):
        if match[0] in policy.catalogue:
            found += [Span(one[end : match.start()]), id_span(match[0])]
            end = match.end()
    found.append(Span(one[end:]))
    return tuple(span for span in found if span.text)


def clean(text: str) -> str:
    """Return a text on one line, without anything that a terminal or a reading order would obey."""
    kept = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn") else " " for c in text)
    return _EVERY_ONE.sub("every ", " ".join(kept.split()))


def id_span(id_: str) -> Span:
    """Return an id that leads to its place."""
    return Span(id_, "id", anchor_of(id_))


def anchor_of(id_: str) -> str:
    """Return the place of an entry."""
    return f"rule-{id_}"


def ids(names: Iterable[str]) -> Spans:
    """Return ids, one after the other, a space between them and before the first."""
    return tuple(span for name in names for span in (Span(" "), id_span(name)))


def capital(text: str) -> str:
    """Return a text with a capital at its start."""
    return text[:1].upper() + text[1:]


def listed(words: Sequence[str], last: str = "and") -> str:
    """Return words as a list in a sentence: "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def short(policy: Policy, name: str) -> str:
    """Return what a role, plan or priority is called, without what stands in brackets behind it."""
    return clean(policy.label(name)).split(" (")[0]


def words(duration: str | None, missing: str = "none") -> str:
    """Return a duration of the policy in words."""
    return missing if duration is None else parse_duration(duration).words()


# -- acts ----------------------------------------------------------------------------------------------------------


def act_phrase(book: Book, reading: Reading, act: Act, tiers: Values | None = None) -> str:
    """Return an act as a list of things to do names it: "Notify: on-call engineer (by phone)".

    ``tiers`` are those that hold the ticket, where fewer are meant than the rule allows.
    """
    policy = book.policy
    label = clean(policy.label(act.verb))
    whom = [role for to in act.to for role in _named(book, reading, to, reading.tiers if tiers is None else tiers)]
    whats = [clean(_content(policy, what)) for what in act.what if what is not None]
    whats = [what for what in dict.fromkeys(whats) if not _says_already(label, what)]
    whom = [who for who in dict.fromkeys(whom) if not _says_already(label, who)]
    by = [_inside(clean(policy.label(via))) for via in act.via if via is not None]
    said = capital(label)
    brackets = []
    if whats or (whom and len(label.split()) > 2):
        said += f": {'; '.join(whats)}" if whats else ""
        brackets += [f"to {listed(whom)}"] if whom else []
    elif whom:
        said += f": {listed(whom)}"
    brackets += [f"by {listed(by)}"] if by else []
    return said + (f" ({', '.join(brackets)})" if brackets else "")


def _named(book: Book, reading: Reading, to: str | None, tiers: Values) -> list[str]:
    """Return how a recipient is called: by name where there is only one, else as the policy words the role."""
    people = {} if to is None else book.people(to, tiers, reading.core)
    if len(people) == 1:
        return [short(book.policy, name) for name in people]
    return [] if to is None else [clean(book.policy.label(to))]


def _content(policy: Policy, what: str) -> str:
    return "the basic checks" if what == BASIC_CHECKS else policy.label(what)


def _says_already(label: str, words_: str) -> bool:
    """Return whether a label of an act says these words in itself ("reply to the customer": customer)."""
    stems = {word.lower() for word in re.findall(r"\w+", label)}
    return {word.lower() for word in re.findall(r"\w+", words_)} - _COMMON <= stems


def _inside(label: str) -> str:
    """Return a label fit for the inside of a sentence: a small letter, unless it is a name or an abbreviation."""
    return label[:1].lower() + label[1:] if label[1:].replace("-", "").islower() else label


# -- dues ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due: in words, and for sorting in minutes (``math.inf``: without a figure).

    ``waits`` are the clocks that must have run out before, each in words.
    """

    text: str
    minutes: float
    recurring: bool = False
    waits: tuple[str, ...] = ()


def due_of(book: Book, reading: Reading, effect: Oblige, only: str | None = None) -> Due:
    """Return when an obligation is due, counted from when its rule holds; ``only`` is the priority asked about."""
    priorities = reading.priorities if only is None else frozenset({only})
    day = day_minutes(book, effect.calendar, only)
    age, early, clocks = _waited(reading, book, priorities)
    if effect.repeat is not None:
        every = clean(f"every {figure_words(book, effect.repeat, reading, priorities)}")
        if effect.until is not None:
            every += f", for the first {figure_words(book, effect.until, reading, priorities)}"
        elif age is not None:
            every += f", after the first {figure_words(book, age.figure, reading, priorities)}"
        elif clocks:
            every += f", after {' or '.join(clocks)}"
        return Due(every, _least(effect.repeat, only, day), recurring=True)
    within = figure_words(book, effect.within, reading, priorities) if effect.within is not None else ""
    minutes = math.inf if effect.within is None else _least(effect.within, only, day)
    if age is not None:
        reached = figure_words(book, age.figure, reading, priorities)
        minutes += _least(age.figure, only, day)
        if early:
            return Due(f"at {reached}", minutes - _least(age.early, only, day), waits=(f"at {reached}",))
        after = f"after {reached}"
        return Due(after + (f": within {within}" if within else ""), minutes, waits=(after,))
    text = f"within {within}" if within else "no figure"
    if clocks:
        text = f"after {' or '.join(clocks)}: {text}" if within else f"after {' or '.join(clocks)}"
        minutes += 1e7  # a timer has no fixed place on the ticket's own line of time
    return Due(text, minutes, waits=tuple(f"after {clock}" for clock in clocks))


def within_minutes(book: Book, effect: Oblige) -> float:
    """Return how long an obligation may take once its rule holds, at least (minutes; ``math.inf``: no figure)."""
    return math.inf if effect.within is None else _least(effect.within, None, day_minutes(book, effect.calendar, None))


def _waited(reading: Reading, book: Book, priorities: Values) -> tuple[ClockReaches | None, bool, list[str]]:
    """Return the age that a rule waits for, whether it begins early, and other clocks in words."""
    age: ClockReaches | None = None
    others: dict[str, None] = {}
    for part in sorted(reading.core, key=repr):
        inner: tuple[Condition, ...] = part.inner if isinstance(part, AnyOf) else (part,)
        timers = [clock for one in inner if (clock := _clock(one)) is not None]
        if len(timers) < len(inner):
            continue
        for one in timers:
            if one.name == "age" and len(inner) == 1:
                age = one
            elif one.figure.fixed is not None or one.figure.by is not None:
                others[_reached(book, one, reading, priorities)] = None
    return age, age is not None and (age.early.fixed is not None or age.early.by is not None), list(others)


def _clock(condition: Condition) -> ClockReaches | None:
    """Return the clock that a condition waits for, its only one, whatever else it asks."""
    parts = condition.inner if isinstance(condition, All) else (condition,)
    clocks = [part for part in parts if isinstance(part, ClockReaches)]
    return clocks[0] if len(clocks) == 1 else None


def _reached(book: Book, clock: ClockReaches, reading: Reading, priorities: Values) -> str:
    """Return in words what a clock must reach."""
    if clock.name == "resolution" and clock.figure.by == "priority" and clock.figure.path == "priorities":
        share = clock.figure.share
        return "the resolution target" if share == 1 else f"{share * 100:g} per cent of the resolution target"
    return _REACHED[clock.name].format(figure_words(book, clock.figure, reading, priorities))


def figure_words(book: Book, figure: Figure, reading: Reading, priorities: Values) -> str:
    """Return a figure in words; where it depends on something, each value with what it holds for."""
    share = f"{figure.share * 100:g} per cent of " if figure.share != 1 else ""
    if figure.by is None:
        return share + (figure.fixed.words() if figure.fixed else "none")
    legal = {"priority": priorities, "plan": reading.plans, "tier": reading.tiers}[figure.by]
    groups: dict[str, list[str]] = {}
    for name, duration in figure.table:
        if name in legal and duration is not None:
            called = name if figure.by == "priority" else short(book.policy, name)
            groups.setdefault(duration.words(), []).append(called)
    if len(groups) < 2:
        return share + next(iter(groups), "none")
    most = max(groups, key=lambda value: len(groups[value]))
    if len(groups[most]) > 1:  # "15 minutes (P1: 5 minutes)"
        others = "; ".join(f"{', '.join(names)}: {value}" for value, names in groups.items() if value != most)
        return f"{share}{most} ({others})"
    return share + ", ".join(f"{value} ({', '.join(names)})" for value, names in groups.items())


def _least(figure: Figure, only: str | None, day: float) -> float:
    if figure.by is None:
        return figure.minutes({}, day)
    names = [name for name, _ in figure.table if figure.by != "priority" or only in (None, name)]
    return min((figure.minutes({figure.by: name}, day) for name in names), default=math.inf)


def day_minutes(book: Book, calendar: str | None, priority: str | None) -> float:
    """Return the length of a day on the calendar of a rule, or on that of a priority (minutes)."""
    return book.policy.calendars[calendar or calendar_name(book, priority)].day_minutes


def calendar_name(book: Book, priority: str | None) -> str:
    """Return on which calendar a priority's time counts; without one, the calendar of everything else."""
    policy = book.policy
    for when, name in policy.calendar_cases:
        if priority in sure(when, "priority", book.priorities):
            return name
    return policy.calendar_cases[-1][1]
