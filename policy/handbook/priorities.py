"""The pages for priorities: how one is recognised, its protocol by due time, and a picture of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from policy.building import Oblige
from policy.handbook.hours import hours_spans
from policy.handbook.model import (
    BY_WHEN,
    Block,
    Bullets,
    Event,
    Heading,
    Instant,
    Item,
    Page,
    Paragraph,
    Row,
    Span,
    Spans,
    Table,
    Timeline,
)
from policy.handbook.occasions import conditional
from policy.handbook.phrases import (
    Due,
    act_phrase,
    calendar_name,
    capital,
    clean,
    due_of,
    ids,
    short,
    spans_of,
    words,
)
from policy.handbook.reading import Book, Reading


@dataclass(frozen=True, slots=True)
class Entry:
    """An act of a protocol, by whom and when."""

    reading: Reading
    effect: Oblige
    due: Due
    who: str


def priority_anchor(priority: str) -> str:
    """Return the place of a priority's page."""
    return f"priority-{priority}"


def group_anchor(book: Book, title: str) -> str:
    """Return the place of a group of rules."""
    return f"group-{[group.title for group in book.policy.doc.groups].index(title) + 1}"


def priority_pages(book: Book) -> tuple[Page, ...]:
    """Return a page for each priority, gravest first."""
    return tuple(_page(book, name) for name in book.policy.priorities)


def overview(book: Book) -> Table:
    """Return the table of all priorities."""
    rows = []
    for name, one in book.policy.priorities.items():
        link = Span(clean(one.label), "link", priority_anchor(name))
        figures = (words(one.set_within), words(one.first_response), words(one.resolution))
        rows.append(Row(((link,), *((Span(text),) for text in figures))))
    return Table("Priorities at a glance", ("Priority", "Set within", "First response", "Resolution"), tuple(rows))


def _page(book: Book, name: str) -> Page:
    doc = book.policy.priorities[name]
    facts = (
        ("Set within", words(doc.set_within)),
        ("First response within", words(doc.first_response)),
        ("Resolved within", words(doc.resolution)),
    )
    rows = [Row(((Span(a),), (Span(b),))) for a, b in facts]
    rows.append(Row(((Span("Time counts"),), hours_spans(book.policy, calendar_name(book, name)))))
    table = Table("At a glance", ("What", "Figure"), tuple(rows))
    blocks: list[Block] = [table, *_recognised(book, name), *_protocol(book, name), *_also(book, name)]
    return Page(priority_anchor(name), clean(doc.label), tuple(blocks))


def _recognised(book: Book, name: str) -> Iterator[Block]:
    defining = [one for one in book.readings if one.rule.define == name]
    if defining:
        yield Heading("How you recognise it")
        yield Bullets(tuple(_sentence(book, one) for one in defining))


def _sentence(book: Book, reading: Reading) -> Item:
    return Item((*spans_of(book.policy, reading.rule.text), *ids([reading.id])))


def _entries(book: Book, name: str) -> list[Entry]:
    found = []
    for reading in book.readings:
        if reading.priorities != {name} or len(book.priorities) == 1 or book.is_off(reading):
            continue
        found += _entries_of(book, reading, name)
    return _by_due(found)


def _entries_of(book: Book, reading: Reading, name: str) -> list[Entry]:
    effects = reading.rule.obliges
    return [Entry(reading, one, due_of(book, reading, one, name), _who(book, reading, one)) for one in effects]


def _by_due(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: (one.reading.resolved, one.due.recurring, one.due.minutes, one.due.text))


def _at_once(book: Book, name: str) -> list[Entry]:
    """Return what the rules that come first oblige with this priority, whoever's protocol it is.

    These are the rules whose occasion makes it this priority, and those that name it beside others.
    """
    found: list[Entry] = []
    order = list(book.policy.priorities)
    for reading in book.readings:
        if reading.rule.layer or name not in reading.priorities or len(reading.priorities) == 1 or reading.resolved:
            continue
        gravity = book.gravity(reading)
        named = reading.priorities < book.priorities and (gravity is None or order.index(gravity) >= order.index(name))
        if not book.is_off(reading) and (gravity == name or named):
            found += _entries_of(book, reading, name)
    return _by_due(found)


def _who(book: Book, reading: Reading, effect: Oblige) -> str:
    """Return who owes it: by name if it is one, else as the policy words it, in short."""
    people = list(book.owners(reading, effect))
    if len(people) == 1:
        return capital(short(book.policy, people[0]))
    return capital(clean(book.policy.label(effect.owner)).split(", ")[0])


def _protocol(book: Book, name: str) -> Iterator[Block]:
    entries, first = _entries(book, name), _at_once(book, name)
    if not entries and not first:
        return
    yield Heading("What is due, and when")
    if first:
        rows = [_row(book, one) for one in _together(first)]
        yield Table("At once, if it is one of these", (BY_WHEN, "Who", "What"), tuple(rows))
    for resolved, caption in ((False, "The protocol, by due time"), (True, "After the resolution, by due time")):
        rows = [_row(book, one) for one in entries if one.reading.resolved is resolved]
        if rows:
            yield Table(caption, (BY_WHEN, "Who", "What"), tuple(rows))
    yield Heading("The same as a picture")
    yield from _timelines(book, name, _by_due([*first, *entries]))


def _together(entries: list[Entry]) -> list[Entry]:
    """Return entries without those that say the same in words: two acts of one rule, due together."""
    return list({(one.reading.id, one.due.text, one.who): one for one in entries}.values())


def _row(book: Book, one: Entry) -> Row:
    said: Spans = (*spans_of(book.policy, one.reading.rule.text), *ids([one.reading.id]))
    return Row(((Span(capital(one.due.text)),), (Span(one.who),), said))


def _timelines(book: Book, name: str, entries: list[Entry]) -> Iterator[Timeline]:
    """Yield a picture of what is due until the resolution, and one of what is due after it."""
    label = clean(book.policy.label(name))
    for resolved, part in groupby(entries, key=lambda one: one.reading.resolved):
        instants = []
        for (when, recurring), same in groupby(part, key=lambda one: (one.due.text, one.due.recurring)):
            events = [_event(book, one) for one in same]
            first = list(dict.fromkeys(event.who for event in events))
            events.sort(key=lambda event: first.index(event.who))  # what one person does stands together
            instants.append(Instant(capital(when.removeprefix("within ")), tuple(events), recurring))
        begins = "From the resolution" if resolved else "From the moment the priority is known"
        title = f"{label}: what is due {'after the resolution' if resolved else 'when'}"
        key = f"timeline-{name}{'-resolved' if resolved else ''}"
        yield Timeline(key, title, _told(begins, instants), begins, tuple(instants))


def _event(book: Book, one: Entry) -> Event:
    return Event(conditional(book, one.reading, act_phrase(book, one.reading, one.effect.act)), one.who)


def _told(begins: str, instants: list[Instant]) -> str:
    """Return the picture in words, for those who do not see it."""
    said = [f"{one.when}: {'; '.join(event.what for event in one.events)}." for one in instants]
    return " ".join([f"{begins}:", *said])


def _also(book: Book, name: str) -> Iterator[Block]:
    """Yield what else holds for the priority: what it allows and forbids, and the rules it shares with others."""
    for heading, found in (
        ("What may be done", [one for one in book.readings if one.rule.permits and one.priorities == {name}]),
        ("What must not be done", [one for one in book.readings if one.rule.forbids and one.priorities == {name}]),
    ):
        if found and len(book.priorities) > 1:
            yield Heading(heading)
            yield Bullets(tuple(_sentence(book, one) for one in found))
    shared = dict.fromkeys(
        one.group.title
        for one in book.readings
        if one.rule.obliges and name in one.priorities and 1 < len(one.priorities) < len(book.priorities)
    )
    if shared:
        links: list[Span] = []
        for title in shared:
            links += [Span(", "), Span(clean(title), "link", group_anchor(book, title))]
        yield Paragraph((Span("It shares with other priorities: "), *links[1:], Span(".")))
