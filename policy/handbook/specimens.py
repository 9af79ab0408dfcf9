"""Notices filled in with a specimen ticket: a value for each kind of field, none of them real."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from policy.document import NoticeDoc
from policy.errors import InputError
from policy.handbook.model import Block, Bullets, Heading, Item, Letter, Page, Paragraph, Span
from policy.handbook.phrases import anchor_of, capital, clean, figure_words, ids, short, spans_of
from policy.handbook.reading import Book
from policy.notices import Notice, fill_notice, fill_notice_html, lists_in

_WHO_READS: Final = {"customer": "Customers read it.", "staff": "Staff read it.", "rule": ""}
_TIMES: Final = ("09:05", "09:10", "09:40", "10:10", "10:40", "11:10")


def notices_page(book: Book) -> Page | None:
    """Return every notice: what it is for, its fields, and how it reads with a specimen ticket."""
    policy = book.policy
    if not policy.notices:
        return None
    blocks: list[Block] = [
        Paragraph((Span("Each notice is shown with a specimen ticket: a made-up customer, made-up times. "),
                   Span("Nothing in a specimen is real.", "strong"))),
    ]  # fmt: skip
    for notice in policy.notices.values():
        blocks += _notice(book, notice)
    return Page("notices", "Notices", tuple(blocks))


def _notice(book: Book, notice: NoticeDoc) -> list[Block]:
    policy = book.policy
    said = (*spans_of(policy, policy.fill(notice.says)), Span(f" {_WHO_READS[notice.audience]}".rstrip()))
    assumed = (Span(" "), Span("Assumed.", "emphasis")) if notice.assumed else ()
    blocks: list[Block] = [
        Heading(capital(clean(notice.title)), anchor_of(notice.id)),
        Paragraph((*said, *ids([notice.id]), *assumed)),
    ]
    if notice.why:
        blocks.append(Paragraph((Span("Why: "), *spans_of(policy, notice.why)), small=True))
    if notice.body:
        blocks.append(_letter(book, notice))
    if notice.fields:
        blocks.append(Paragraph((Span("What you fill in:"),)))
        items = (Item((Span(name, "id"), Span(f": {clean(says)}"))) for name, says in notice.fields.items())
        blocks.append(Bullets(tuple(items)))
    return blocks


def _letter(book: Book, notice: NoticeDoc) -> Letter:
    values = specimen(book, notice)
    shared = {"contacts": book.policy.contacts, "update_every": _update_every(book, notice)}
    label = f"Specimen: {clean(notice.title)}"
    try:
        filled, html = fill_notice(notice, values, shared), fill_notice_html(notice, values, shared)
    except InputError as error:  # the check reports such a template; the handbook shows it as it is written
        unfilled = Notice(clean(notice.subject or ""), f"(It cannot be filled in: {error})\n\n{notice.body}")
        return Letter(label, unfilled.subject, unfilled.body, "")
    return Letter(label, filled.subject, filled.body.rstrip() + "\n", html.inside)


def _update_every(book: Book, notice: NoticeDoc) -> str:
    """Return how often a notice promises news, in words; else how often the gravest priority that has news does."""
    if notice.promises is not None:
        with suppress(InputError):
            return book.policy.figures.words(notice.promises.every)
    for priority in book.policy.priorities:
        for reading in book.readings:
            for effect in reading.rule.obliges:
                if reading.priorities == {priority} and effect.repeat is not None and effect.act.verb == "reply":
                    return figure_words(book, effect.repeat, reading, reading.priorities)
    return "hour"


def specimen(book: Book, notice: NoticeDoc) -> dict[str, Any]:
    """Return a value for every field of a notice: by what the template does with it, then by its name."""
    loops: Mapping[str, frozenset[str]] = {}
    with suppress(InputError):  # the check reports such a template
        loops = lists_in(notice.body or "")
    times = iter(_TIMES * 8)
    return {name: _value(book, name, clean(says), loops.get(name), times) for name, says in notice.fields.items()}


def _value(book: Book, name: str, says: str, parts: frozenset[str] | None, times: Any) -> Any:
    if parts is not None:
        return [_item(says, parts, number) for number in (1, 2)]
    policy = book.policy
    people = {
        "ticket": "T-0000",
        "customer": "Sam Specimen",
        "company": "Specimen Ltd",
        "sender": "Alex Specimen",
        "engineer": "Robin Specimen",
        "plan": short(policy, next(iter(policy.plans), "plan")),
        "priority": next(iter(policy.priorities)),
        "team": clean(list(policy.tiers.values())[-1].team) if policy.tiers else "the team",
    }
    if name in people:
        return people[name]
    match name.rpartition("_")[2]:
        case "at":
            return f"{next(times)} on 1 January"
        case "email":
            return "team@example.org"
        case "phone":
            return "+1-555-0100"
    return f"‹{says}›"


def _item(says: str, parts: frozenset[str], number: int) -> Any:
    """Return an item of a list; where the template takes parts of it, a mapping with a yes and a no."""
    text = f"‹{says}, {number}›"
    return dict.fromkeys(sorted(parts), text) | {"ok": number == 1} if parts else text
