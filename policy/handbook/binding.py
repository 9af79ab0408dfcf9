"""Putting the handbook together: its title page, and which pages come after which."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from policy.handbook.hours import ANCHOR, TITLE, hours_table
from policy.handbook.matrix import matrix_page
from policy.handbook.model import (
    Block,
    Bullets,
    Handbook,
    Heading,
    Item,
    Page,
    Paragraph,
    Part,
    Row,
    Span,
    Table,
    length,
)
from policy.handbook.phrases import clean, listed, spans_of, words
from policy.handbook.priorities import overview, priority_pages
from policy.handbook.reading import Book
from policy.handbook.reference import (
    checklist_page,
    contacts_page,
    index_page,
    metrics_page,
    reports_page,
    rule_pages,
    settlements_page,
)
from policy.handbook.roles import role_anchor, role_pages
from policy.handbook.specimens import notices_page
from policy.loading import Policy

_FILLS: Final = 25
"""So many rows make a page that is worth a sheet of its own."""


def handbook(policy: Policy) -> Handbook:
    """Return the handbook of a policy; the same policy gives the same handbook."""
    book = Book(policy)
    parts = (
        Part("For each role", role_pages(book)),
        Part("For each priority", priority_pages(book)),
        Part("To work with", _pages(matrix_page(book), checklist_page(book), notices_page(book), contacts_page(book))),
        Part("Every rule in full", rule_pages(book)),
        Part(
            "To look things up",
            _pages(metrics_page(book), reports_page(book), settlements_page(book), index_page(book)),
        ),
    )
    doc = policy.doc
    return Handbook(
        title=clean(doc.title),
        organisation=clean(doc.organisation),
        edition=f"Version {clean(doc.version)}, in force from {doc.effective_from}",
        opening=_opening(book),
        parts=tuple(Part(part.title, _broken(part.pages)) for part in parts if part.pages),
    )


def _broken(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """Return the pages of a part with their breaks: the first begins on a new sheet, others if they fill one."""
    return tuple(replace(page, breaks=not i or length(page) >= _FILLS) for i, page in enumerate(pages))


def _pages(*pages: Page | None) -> tuple[Page, ...]:
    return tuple(page for page in pages if page is not None)


def _opening(book: Book) -> tuple[Block, ...]:
    policy = book.policy
    keeps = "A ticket opened before that day keeps the edition under which it was opened."
    takes = "It holds for tickets that are open on that day as well."
    blocks: list[Block] = [Paragraph((Span(takes if policy.doc.applies_to_open else keeps),))]
    if policy.doc.history:
        rows = tuple(
            Row(tuple((Span(clean(text)),) for text in (one.version, one.date, one.approved_by, one.why)))
            for one in policy.doc.history
        )
        blocks.append(Table("What changed, and who approved it", ("Version", "Date", "Approved by", "Why"), rows))
    blocks += [Heading("How to read this"), _how_to_read(book), overview(book), _tiers(book)]
    blocks += [Heading(TITLE, ANCHOR), hours_table(book)]
    if policy.doc.plans_note:
        blocks.append(Paragraph(spans_of(policy, policy.fill(policy.doc.plans_note)), small=True))
    return tuple(blocks)


def _how_to_read(book: Book) -> Bullets:
    policy = book.policy
    return Bullets(
        (
            Item((Span("Begin with the page of your own role. ", "strong"),
                  Span("It says what you look at first, what you must do and by when, what you may do, what you must "
                       "not do, and whom you hand to."))),
            Item((Span("A time counts from the moment at which its rule begins to hold: ", "strong"),
                  Span("when the priority is known, when a signal is seen, when a timer runs out. Where several rules "
                       "set a time for one act, the earliest holds."))),
            Item((Span("An id such as "), Span(next(iter(policy.catalogue), "a.rule"), "id"),
                  Span(" names a rule. Every rule stands in full, with its source, under “Every rule in full”; the "
                       "index at the end lists them all."))),
            Item((Span("Assumed", "emphasis"),
                  Span(" marks what the written procedure leaves open and this house has settled; the reason stands "
                       "with it."))),
        )
    )  # fmt: skip


def _tiers(book: Book) -> Table:
    rows = []
    for name, tier in book.policy.tiers.items():
        timers = [f"{words(tier.no_progress)} without progress"] if tier.no_progress else []
        timers += [f"{words(tier.unresolved)} in hand, unresolved"] if tier.unresolved else []
        link = Span(clean(tier.label), "link", role_anchor(name))
        rows.append(Row(((link,), (Span(clean(tier.team)),), (Span(listed(timers, "or") or "no timer"),))))
    return Table("Tiers at a glance", ("Tier", "Team", "Passes a ticket on after"), tuple(rows))
