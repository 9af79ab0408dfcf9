"""Notices filled in with the specimen ticket of the policy; nothing in it is real."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from policy.document import NoticeDoc
from policy.errors import InputError
from policy.handbook.model import Block, Bullets, Heading, Item, Letter, Page, Paragraph, Span
from policy.handbook.phrases import anchor_of, capital, clean, figure_words, ids, spans_of
from policy.handbook.reading import Book
from policy.loading import Policy
from policy.notices import HtmlNotice, Notice, fill_notice, fill_notice_html, lists_in

_WHO_READS: Final = {"customer": "Customers read it.", "staff": "Staff read it.", "rule": ""}


def notices_page(book: Book) -> Page | None:
    """Return every notice: what it is for, its fields, and how it reads with a specimen ticket."""
    policy = book.policy
    if not policy.notices:
        return None
    said = "Each notice is shown as it reads for a specimen ticket: a made-up customer, made-up facts and times. "
    blocks: list[Block] = [Paragraph((Span(said), Span("Nothing in a specimen is real.", "strong")))]
    if any(set(notice.fields) - set(notice.specimen) for notice in policy.notices.values()):
        blocks.append(Paragraph((Span("What stands in ‹ › has no example; it says what belongs there."),), small=True))
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


def filled_notice(
    policy: Policy, notice: NoticeDoc, values: Mapping[str, Any] | None = None
) -> tuple[Notice, HtmlNotice]:
    """Return a notice of a policy as text and as HTML mail, filled from ``values``; without them, from its specimen.

    Raises:
        InputError: a field is missing, or the notice cannot be filled in.
    """
    return _filled(Book(policy), notice, specimen(notice) if values is None else values)


def _filled(book: Book, notice: NoticeDoc, values: Mapping[str, Any]) -> tuple[Notice, HtmlNotice]:
    shared = {"contacts": book.policy.contacts, "update_every": _update_every(book, notice)}
    return fill_notice(notice, values, shared), fill_notice_html(notice, values, shared)


def _letter(book: Book, notice: NoticeDoc) -> Letter:
    label = f"Specimen: {clean(notice.title)}"
    try:
        filled, html = _filled(book, notice, specimen(notice))
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


def specimen(notice: NoticeDoc) -> dict[str, Any]:
    """Return a value for every field of a notice: its example, else ‹what belongs there›."""
    loops: Mapping[str, frozenset[str]] = {}
    with suppress(InputError):  # the check reports such a template
        loops = lists_in(notice.body or "")
    return {
        name: notice.specimen.get(name) or _placeholder(clean(says), loops.get(name))
        for name, says in notice.fields.items()
    }


def _placeholder(says: str, parts: frozenset[str] | None) -> Any:
    return f"‹{says}›" if parts is None else [_item(says, parts, number) for number in (1, 2)]


def _item(says: str, parts: frozenset[str], number: int) -> Any:
    """Return an item of a list; where the template takes parts of it, a mapping with a yes and a no."""
    text = f"‹{says}, {number}›"
    return dict.fromkeys(sorted(parts), text) | {"ok": number == 1} if parts else text
