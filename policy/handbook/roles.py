"""The pages for people: one for each role that owes something, and one for those who only hear of things."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from policy.building import Act, Oblige
from policy.handbook.matrix import ESCALATE, passages
from policy.handbook.model import Block, Bullets, Heading, Item, Page, Paragraph, Row, Span, Spans, Table
from policy.handbook.phrases import Due, act_phrase, capital, clean, due_of, ids, listed, short, spans_of, words
from policy.handbook.reading import Book, Reading, Values


@dataclass(frozen=True, slots=True)
class Duty:
    """What a role may owe by a rule, and from which tiers' tickets; ``rules`` say the same."""

    reading: Reading
    effect: Oblige
    tiers: Values
    due: Due
    rules: tuple[str, ...]


def role_anchor(role: str) -> str:
    """Return the place of a role's page."""
    return f"role-{role}"


def duties(book: Book, role: str) -> tuple[Duty, ...]:
    """Return everything that a role may owe, in the order of the file; rules that say the same are one."""
    found: dict[tuple[object, ...], Duty] = {}
    for reading in book.readings:
        if book.is_off(reading):
            continue
        for effect in reading.rule.obliges:
            tiers = book.owners(reading, effect).get(role)
            if not tiers:
                continue
            due = due_of(book, reading, effect)
            key = (effect.act, due.text, reading.core, effect.owner)
            rules = (*found[key].rules, reading.id) if key in found else (reading.id,)
            first = found.get(key)
            found[key] = Duty(first.reading if first else reading, effect, tiers, due, tuple(dict.fromkeys(rules)))
    return tuple(found.values())


def role_pages(book: Book) -> tuple[Page, ...]:
    """Return a page for each role that owes something: tiers first, then the others in the file's order."""
    roles = book.policy.doc.vocabulary.roles
    order = [*book.policy.tiers, *(name for name in roles if name not in book.policy.tiers)]
    owing = {role: found for role in order if (found := duties(book, role))}
    pages = [_page(book, role, found) for role, found in owing.items()]
    hearing = _hearing(book, [role for role in order if role not in owing])
    return (*pages, *([hearing] if hearing else []))


def _page(book: Book, role: str, owed: Sequence[Duty]) -> Page:
    name = short(book.policy, role)
    # "You are Tier 1", "You are Compliance", "You are the Support Manager".
    article = "the " if role not in book.policy.tiers and (" " in name or name[:1].islower()) else ""
    blocks: list[Block] = [*_about(book, role), *_owed(book, role, owed)]
    if role in book.policy.tiers:
        blocks += [*_may(book, role), *_must_not(book, role), *_hands_to(book, role)]
    blocks += _receives(book, role)
    return Page(role_anchor(role), f"You are {article}{name}", tuple(blocks))


# -- what the page begins with -------------------------------------------------------------------------------------


def _about(book: Book, role: str) -> Iterator[Block]:
    policy = book.policy
    tier = policy.tiers.get(role)
    if tier is not None:
        strong = Span(f"{clean(tier.team)}. ", "strong")
        solves = [clean(policy.label(name)) for name in tier.capabilities]
        beyond = [clean(policy.label(name)) for name in tier.beyond]
        said = f"You solve: {', '.join(solves)}. " if solves else ""
        said += f"You may pass on, after the basic checks: {', '.join(beyond)}." if beyond else ""
        yield Paragraph((strong, Span(said)))
        facts = [f"{words(text)} ({short(policy, key)})" for key, text in tier.response.items()]
        rows = [("You answer within", ", ".join(facts))] if facts else []
        timers = [f"{words(tier.no_progress)} without progress"] if tier.no_progress else []
        timers += [f"{words(tier.unresolved)} in hand, unresolved"] if tier.unresolved else []
        rows.append(("You pass a ticket on after", " or ".join(timers) or "no fixed time"))
        yield Table("At a glance", ("What", "Figure"), tuple(Row(((Span(a),), (Span(b),))) for a, b in rows))
    contact = policy.contacts.get(policy.doc.vocabulary.roles[role].contact or "")
    if contact is not None:
        ways = [contact.email, contact.phone, f"pager: {contact.pager}" if contact.pager else None, contact.channel]
        said = ", ".join(clean(way) for way in ways if way)
        if said:
            yield Paragraph((Span("Others reach you at "), Span(said, "strong"), Span(".")), small=True)


# -- what is owed --------------------------------------------------------------------------------------------------


def _owed(book: Book, role: str, owed: Sequence[Duty]) -> Iterator[Block]:
    first = [duty for duty in owed if duty.reading.rule.layer == 0]
    rest = [duty for duty in owed if duty.reading.rule.layer > 0 and not duty.effect.target]
    if first:
        yield Heading("What you look at first")
        yield Paragraph((Span("Is it one of these? Then it does not wait for anything else."),))
        yield _table(book, role, "These come before everything else", first)
        if role in book.policy.tiers:
            links: list[Span] = []
            for name, one in book.policy.priorities.items():
                links += [Span(", "), Span(clean(one.label), "link", f"priority-{name}")]
            yield Paragraph((Span("If it is none of these, set the priority and follow its page: "), *links[1:], Span(".")))
    if rest:
        yield Heading("What you must do, and by when")
    escalating = [duty for duty in rest if duty.effect.act.verb == ESCALATE]
    others = [duty for duty in rest if duty.effect.act.verb != ESCALATE]
    for caption, group in _grouped(book, others):
        yield _table(book, role, caption, group)
    if escalating:
        yield _table(book, role, "When you must hand a ticket on", escalating)
    targets = [duty for duty in owed if duty.effect.target]
    if targets:
        yield _table(book, role, "What you aim for", targets)


def _grouped(book: Book, owed: Sequence[Duty]) -> Iterator[tuple[str, list[Duty]]]:
    """Yield tables of duties: one for each single priority and one for the rest, apart by what the owner is then."""
    groups: dict[tuple[int, str, str, bool], list[Duty]] = {}
    order = list(book.policy.priorities)
    for duty in owed:
        single = next(iter(duty.reading.priorities)) if len(duty.reading.priorities) == 1 < len(order) else ""
        relative = book.policy.doc.vocabulary.relative_roles.get(duty.effect.owner)
        hat = duty.effect.owner if relative is not None and relative.cases else ""
        rank = order.index(single) + 1 if single else 0
        resolved = duty.reading.resolved
        groups.setdefault((rank, hat, single, resolved), []).append(duty)
    for rank, hat, single, resolved in sorted(groups, key=lambda key: (key[0], key[3], key[1] != "", key[1])):
        parts = [clean(book.policy.label(single))] if single else []
        parts += ["after the resolution"] if resolved else []
        parts += [f"as {clean(book.policy.label(hat))}"] if hat else []
        yield capital(", ".join(parts) or "On every ticket"), groups[rank, hat, single, resolved]


def _table(book: Book, role: str, caption: str, owed: Iterable[Duty]) -> Table:
    together: dict[tuple[tuple[str, ...], str], list[Duty]] = {}
    for duty in sorted(owed, key=lambda one: (one.due.recurring, one.due.minutes)):
        together.setdefault((duty.rules, duty.due.text), []).append(duty)
    return Table(caption, ("By when", "What you do", "The rule"), tuple(_row(book, role, g) for g in together.values()))


def _row(book: Book, role: str, same: Sequence[Duty]) -> Row:
    duty = same[0]
    acts: list[Span] = []
    for one in same:
        tiers = frozenset({role}) & one.tiers or one.tiers
        acts += [Span("\n"), Span(act_phrase(book, one.reading, one.effect.act, tiers), "strong")]
    only = duty.reading.priorities
    note = ""
    if 1 < len(only) < len(book.priorities):
        note = f" ({listed([name for name in book.policy.priorities if name in only])})"
    said = (*spans_of(book.policy, duty.reading.rule.text), Span(note), *ids(duty.rules))
    return Row(((Span(capital(duty.due.text)),), tuple(acts[1:]), said))


# -- what is allowed, what is forbidden, where it goes -------------------------------------------------------------


def _sentence(book: Book, reading: Reading) -> Item:
    return Item((*spans_of(book.policy, reading.rule.text), *ids([reading.id])))


def _may(book: Book, role: str) -> Iterator[Block]:
    found = [one for one in book.readings if one.rule.permits and role in one.tiers]
    if found:
        yield Heading("What you may do")
        yield Bullets(tuple(_sentence(book, one) for one in found))


def _must_not(book: Book, role: str) -> Iterator[Block]:
    found = [one for one in book.readings if one.rule.forbids and role in one.tiers]
    if found:
        yield Heading("What you must not do")
        yield Bullets(tuple(_sentence(book, one) for one in found))


def _hands_to(book: Book, role: str) -> Iterator[Block]:
    ways = [way for way in passages(book) if role in way.sources]
    if not ways:
        return
    yield Heading("Whom you hand to")
    rows = []
    for way in ways:
        owed = [one for one in way.ways if one.owed]
        marks = [f"owed for {len(owed)} {'reason' if len(owed) == 1 else 'reasons'}"] if owed else []
        free = len(way.ways) - len(owed)
        marks += [f"allowed for {free} {'reason' if free == 1 else 'reasons'}"] if free else []
        name: Spans = (Span(short(book.policy, way.target), "strong"),)
        rows.append(Row((name, (Span(capital(listed(marks))),), ids(dict.fromkeys(w.rule for w in way.ways))[1:])))
    yield Table("Where your tickets go", ("To", "How often the procedure says so", "By which rules"), tuple(rows))


# -- what arrives --------------------------------------------------------------------------------------------------


def _arriving(book: Book, role: str) -> list[tuple[Reading, Act, str]]:
    """Return what reaches a role: the rule, the act, and when."""
    found = []
    for reading in book.readings:
        if book.is_off(reading):
            continue
        for effect in reading.rule.obliges:
            if any(role in book.recipients(reading, to) for to in effect.act.to):
                found.append((reading, effect.act, due_of(book, reading, effect).text))
        for act in reading.rule.permits:
            if any(role in book.recipients(reading, to) for to in act.to):
                found.append((reading, act, ""))
    return found


def _receives(book: Book, role: str) -> Iterator[Block]:
    found = _arriving(book, role)
    if found:
        yield Heading("What reaches you")
        seen = dict.fromkeys(reading.id for reading, _, _ in found)
        by_id = {reading.id: reading for reading, _, _ in found}
        yield Bullets(tuple(_sentence(book, by_id[one]) for one in seen))


def _hearing(book: Book, roles: Iterable[str]) -> Page | None:
    rows = []
    for role in roles:
        arriving = _arriving(book, role)
        seen = {reading.id: reading for reading, _, _ in arriving}
        for reading in seen.values():
            said = (*spans_of(book.policy, reading.rule.text), *ids([reading.id]))
            rows.append(Row(((Span(capital(short(book.policy, role)), "strong"),), said)))
    if not rows:
        return None
    opening = Paragraph((Span("These people owe nothing by this procedure. This is what reaches them."),))
    table = Table("What reaches whom", ("Who", "What"), tuple(rows))
    return Page("role-others", "You are told, or asked to take over", (opening, table))
