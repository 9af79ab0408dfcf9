"""The pages to look things up in: checklists, every rule in full, contacts, figures, settlements, the index."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policy.document import ContactDoc
from policy.document_rules import GroupDoc
from policy.handbook.model import (
    Block,
    Bullets,
    Checklist,
    Heading,
    Item,
    Page,
    Paragraph,
    Row,
    Span,
    Spans,
    Table,
)
from policy.handbook.phrases import act_phrase, anchor_of, capital, clean, due_of, id_span, ids, listed, short, spans_of
from policy.handbook.priorities import group_anchor
from policy.handbook.reading import Book, Reading

_FEWEST = 3
"""A checklist has at least so many duties."""


# -- checklists ----------------------------------------------------------------------------------------------------


def checklist_page(book: Book) -> Page | None:
    """Return the lists to tick: groups of rules that are all owed together, by priority or after a deed."""
    lists = [one for group in book.policy.doc.groups if (one := _checklist(book, group))]
    if not lists:
        return None
    said = "Copy the list you need, and tick as you go. The time counts from when its list begins."
    opening = Paragraph((Span(said),))
    return Page("checklists", "Checklists to tick", (opening, *lists))


def _checklist(book: Book, group: GroupDoc) -> Checklist | None:
    readings = [one for one in book.of_group(group) if not book.is_off(one)]
    owing = [one for one in readings if one.rule.obliges]
    common = frozenset(book.priorities).intersection(*(one.priorities for one in owing)) if owing else frozenset()
    tied = all(one.priorities != book.priorities or one.deeds for one in owing)
    if sum(len(one.rule.obliges) for one in owing) < _FEWEST or not common or not tied:
        return None
    steps = [one for one in readings if one.rule.obliges or _is_step(one, readings)]
    items = [item for one in steps for item in _ticks(book, one)]
    about = spans_of(book.policy, book.policy.fill(group.about)) if group.about else ()
    return Checklist(clean(group.title), about, tuple(items))


def _is_step(one: Reading, among: list[Reading]) -> bool:
    """Return whether a rule without effect is a step: it stands beside others of its kind and introduces none."""
    if one.rule.define or one.rule.permits or one.rule.forbids or one.rule.pauses:
        return False
    owing = [other.id for other in among if other.rule.obliges]
    stem = one.id.rpartition(".")[0]
    introduces = any(id_.startswith(f"{one.id}.") for id_ in owing)
    return bool(stem) and not introduces and any(id_.startswith(f"{stem}.") for id_ in owing)


def _ticks(book: Book, one: Reading) -> Iterator[Item]:
    if not one.rule.obliges:
        yield Item((*spans_of(book.policy, one.rule.text), *ids([one.id])))
    for effect in one.rule.obliges:
        people = list(book.owners(one, effect))
        who = f"{capital(short(book.policy, people[0]))}: " if len(people) == 1 and len(book.tiers) > 1 else ""
        what = act_phrase(book, one, effect.act)
        due = due_of(book, one, effect).text
        yield Item((Span(f"{who}{what}", "strong"), Span(f", {due}"), *ids([one.id])))


# -- every rule in full --------------------------------------------------------------------------------------------


def rule_pages(book: Book) -> tuple[Page, ...]:
    """Return every rule with its id, its source and why it is so, group by group."""
    return tuple(_group(book, group) for group in book.policy.doc.groups)


def _group(book: Book, group: GroupDoc) -> Page:
    policy = book.policy
    blocks: list[Block] = [Paragraph(spans_of(policy, policy.fill(group.about)))] if group.about else []
    blocks.append(Bullets(tuple(_rule(book, one) for one in book.of_group(group))))
    return Page(group_anchor(book, group.title), clean(group.title), tuple(blocks), breaks=False, dense=True)


def _rule(book: Book, one: Reading) -> Item:
    policy, doc = book.policy, one.doc
    assumed = (Span(" "), Span("Assumed.", "emphasis")) if doc.assumed else ()
    covers = ids(doc.covers)
    owing = [o.owner for o in one.rule.obliges if not o.target and not _is_holder(book, o.owner)]
    owners = dict.fromkeys(clean(policy.label(owner)).split(", ")[0] for owner in owing)
    remark: list[Span] = [Span(f"Owed by {listed(list(owners))}. ")] if owners else []
    remark.append(Span(f"Source: {clean(doc.source).rstrip('.')}."))
    if doc.why:
        remark += [Span(" Why: "), *spans_of(policy, doc.why)]
    return Item((*spans_of(policy, one.rule.text), *ids([one.id]), *covers, *assumed), tuple(remark), anchor_of(one.id))


def _is_holder(book: Book, owner: str) -> bool:
    """Return whether a role is simply whoever holds the ticket."""
    relative = book.policy.relative_roles.get(owner)
    return relative is not None and not relative.cases and all(a == b for a, b in relative.by_tier.items())


# -- contacts, figures ---------------------------------------------------------------------------------------------


def contacts_page(book: Book) -> Page | None:
    """Return who can be reached, and how."""
    policy = book.policy
    if not policy.contacts:
        return None
    rows = []
    for one in policy.contacts.values():
        cells = ((Span(clean(one.name)), *ids([one.id])), _plain(", ".join(_ways(book, one))), _plain(one.hours or ""))
        rows.append(Row(cells, anchor_of(one.id)))
    note = Paragraph((Span("What stands in brackets, or has X for digits, is still to be filled in."),), small=True)
    table = Table("Contacts", ("Who", "How", "Hours"), tuple(rows))
    blank = any(_blank(one) for one in policy.contacts.values())
    return Page("contacts", "Contacts", (table, note) if blank else (table,))


def _blank(one: ContactDoc) -> bool:
    return any(text and re.search(r"\[|XX", text) for text in (one.name, one.phone, one.email))


def _plain(text: str) -> Spans:
    return (Span(clean(text)),) if text else ()


def _ways(book: Book, one: ContactDoc) -> Iterator[str]:
    yield from filter(None, (one.email, one.phone, one.channel, one.url))
    if one.pager:
        yield f"pager: {one.pager}"
    if one.note:
        yield one.note.rstrip(".")
    if one.serves is not None:
        yield f"serves as {short(book.policy, one.serves)}"
    if one.also_called:
        yield f"also called {one.also_called}"
    if one.same_as is not None and one.same_as in book.policy.contacts:
        yield f"the same person as {book.policy.contacts[one.same_as].name}"


def metrics_page(book: Book) -> Page | None:
    """Return what is measured, and the targets."""
    policy = book.policy
    if not policy.doc.metrics and not policy.targets:
        return None
    blocks: list[Block] = []
    if policy.doc.metrics:
        rows = []
        for one in policy.doc.metrics:
            target = "; ".join(f"{clean(name.replace('_', ' '))} {value:g}" for name, value in one.target.items())
            said = (*spans_of(policy, policy.fill(one.says)), *ids([one.id]))
            rows.append(Row(((Span(clean(one.name), "strong"),), said, _plain(target)), anchor_of(one.id)))
        blocks.append(Table("Metrics", ("Metric", "What it is", "Target"), tuple(rows)))
    if policy.targets:
        pairs = ((name.replace("_", " "), f"{value:g}") for name, value in policy.targets.items())
        cells = tuple(Row((_plain(capital(name)), _plain(value))) for name, value in pairs)
        blocks.append(Table("Targets", ("Target", "Value"), cells))
    return Page("metrics", "What is measured", tuple(blocks))


def reports_page(book: Book) -> Page | None:
    """Return the reports, with the figures of past ones."""
    policy = book.policy
    blocks: list[Block] = []
    for one in policy.doc.reports:
        blocks.append(Heading(clean(one.title), anchor_of(one.id)))
        blocks.append(Paragraph((*spans_of(policy, policy.fill(one.says)), *ids([one.id]))))
        if one.figures:
            pairs = ((name.replace("_", " "), f"{value:g}") for name, value in one.figures.items())
            cells = tuple(Row((_plain(capital(name)), _plain(value))) for name, value in pairs)
            blocks.append(Table(f"Figures: {clean(one.title)}", ("Figure", "Value"), cells))
        for name, items in one.lists.items():
            blocks.append(Paragraph((Span(f"{capital(clean(name.replace('_', ' ')))}:"),)))
            blocks.append(Bullets(tuple(Item(spans_of(policy, capital(item))) for item in items)))
    return Page("reports", "Reports", tuple(blocks), breaks=False) if blocks else None


def settlements_page(book: Book) -> Page | None:
    """Return how contradictions of the written procedure are settled."""
    policy = book.policy
    items = []
    for one in policy.doc.settlements:
        said = spans_of(policy, one.procedure_says)
        settled = (Span(" We settle: ", "strong"), *spans_of(policy, one.settled))
        carried = [id_span(name) if name in policy.catalogue else Span(name, "id") for name in one.carried_by]
        remark: list[Span] = [Span("Carried by ")] if carried else []
        for i, span in enumerate(carried):
            remark += [span, Span("." if i == len(carried) - 1 else ", ")]
        items.append(Item((*said, *settled, *ids([one.id])), tuple(remark), anchor_of(one.id)))
    if not items:
        return None
    return Page("settlements", "How contradictions and gaps are settled", (Bullets(tuple(items)),), dense=True)


def index_page(book: Book) -> Page:
    """Return the index of all ids."""
    rows = []
    for entry in sorted(book.policy.entries(), key=lambda one: one.id):
        target = anchor_of(entry.parent or entry.id)
        where = (Span(capital(clean(entry.title)), "link", target),)
        rows.append(Row(((Span(entry.id, "id", target),), where, _plain(entry.source))))
    return Page("index", "Index by id", (Table("Every id", ("Id", "Where", "Source"), tuple(rows)),), dense=True)
