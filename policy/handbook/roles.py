"""The pages for people: one for each role that owes something, and one for those who only hear of things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from policy.building import Oblige
from policy.durations import parse_duration
from policy.handbook.matrix import ESCALATE, actors, passages, step_lines
from policy.handbook.model import BY_WHEN, Block, Bullets, Heading, Item, Page, Paragraph, Row, Span, Table
from policy.handbook.phrases import (
    Due,
    capital,
    clean,
    day_minutes,
    due_of,
    ids,
    listed,
    short,
    spans_of,
    within_minutes,
    words,
)
from policy.handbook.reading import Book, Reading, Values

_FEWEST = 3
"""So many duties make a table of their own."""


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
    blocks: list[Block] = [*_about(book, role), *_owed(book, role, owed)]
    blocks += [*_may(book, role), *_must_not(book, role), *_hands_to(book, role)]
    blocks += _receives(book, role)
    return Page(role_anchor(role), _title(book, role), tuple(blocks))


def _title(book: Book, role: str) -> str:
    """Return "You are Tier 1", "You are Compliance", "You are the Support Manager"."""
    name = short(book.policy, role)
    article = "the " if role not in book.policy.tiers and (" " in name or name[:1].islower()) else ""
    return f"You are {article}{name}"


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
    reached = ", ".join(_ways_to(book, role))
    if reached:
        yield Paragraph((Span("Others reach you at "), Span(reached, "strong"), Span(".")), small=True)


# -- what is owed --------------------------------------------------------------------------------------------------


def _owed(book: Book, role: str, owed: Sequence[Duty]) -> Iterator[Block]:
    first = [duty for duty in owed if _at_once(book, duty)]
    rest = [duty for duty in owed if duty not in first and not duty.effect.target]
    if first:
        yield Heading("What you look at first")
        yield Paragraph((Span("Is it one of these? Then it does not wait for anything else."),))
        yield _table(book, "These come before everything else", first)
        if role in book.policy.tiers:
            links: list[Span] = []
            for name, one in book.policy.priorities.items():
                links += [Span(", "), Span(clean(one.label), "link", f"priority-{name}")]
            said = "If it is none of these, set the priority and follow its page: "
            yield Paragraph((Span(said), *links[1:], Span(".")))
    if rest:
        yield Heading("What you must do, and by when")
    escalating = [duty for duty in rest if duty.effect.act.verb == ESCALATE]
    others = [duty for duty in rest if duty.effect.act.verb != ESCALATE]
    lent: dict[str, list[Duty]] = {}
    kept = []
    for duty in others:
        wearer = _wearer(book, duty.effect.owner)
        if wearer is None or wearer == role:
            kept.append(duty)
        else:
            lent.setdefault(duty.effect.owner, []).append(duty)
    for caption, group in _grouped(book, kept):
        yield _table(book, caption, group)
    for hat, group in lent.items():
        yield _lent(book, hat, group)
    if escalating:
        yield _table(book, "When you must hand a ticket on", escalating)
    targets = [duty for duty in owed if duty.effect.target]
    if targets:
        yield _table(book, "What you aim for", targets)


def _at_once(book: Book, duty: Duty) -> bool:
    """Return whether a duty comes before everything else: its rule stands first, and it is due at once.

    What "at once" may take is the longest of the policy's ``prompt`` figures; without any, the place is enough.
    """
    day = day_minutes(book, duty.effect.calendar, None)
    prompt = [parse_duration(text).minutes(day) for text in book.policy.doc.prompt.values()]
    in_time = not prompt or within_minutes(book, duty.effect) <= max(prompt)
    return duty.reading.rule.layer == 0 and in_time and not duty.effect.target


def _grouped(book: Book, owed: Sequence[Duty]) -> Iterator[tuple[str, list[Duty]]]:
    """Yield tables of duties: one for each single priority and one for the rest, apart by what the owner is then.

    A few duties do not make a table of their own where there is another for the same priority.
    """
    groups: dict[tuple[int, bool, str], list[Duty]] = {}
    order = list(book.policy.priorities)
    for duty in owed:
        only = duty.reading.priorities
        rank = order.index(next(iter(only))) + 1 if len(only) == 1 < len(order) else 0
        groups.setdefault((rank, duty.reading.resolved, _hat(book, duty)), []).append(duty)
    for key in sorted(groups):
        rank, resolved, hat = key
        if hat and len(groups[key]) < _FEWEST and (rank, resolved, "") in groups:
            groups[rank, resolved, ""] += groups.pop(key)
    for rank, resolved, hat in sorted(groups):
        found = groups[rank, resolved, hat]
        parts = [clean(book.policy.label(order[rank - 1]))] if rank else []
        parts += ["after the resolution"] if resolved else []
        parts += [f"as {clean(book.policy.label(hat))}"] if hat else []
        common = _common(book, found)
        if not rank and common != book.priorities:
            parts.append(_named(book, common))
        yield capital(", ".join(parts) or "Whatever the priority"), found


def _hat(book: Book, duty: Duty) -> str:
    """Return the role as which something is owed, if it is one that depends on what happened."""
    relative = book.policy.doc.vocabulary.relative_roles.get(duty.effect.owner)
    return duty.effect.owner if relative is not None and relative.cases else ""


def _common(book: Book, owed: Sequence[Duty]) -> Values:
    """Return the priorities for which most of these duties are."""
    counts = Counter(duty.reading.priorities for duty in owed)
    return max(counts, key=lambda one: (counts[one], len(one)), default=book.priorities)


def _named(book: Book, priorities: Values) -> str:
    names = [name for name in book.policy.priorities if name in priorities]
    return "any priority" if priorities == book.priorities else listed(names)


def _table(book: Book, caption: str, owed: Sequence[Duty]) -> Table:
    common = _common(book, owed)
    hats = {_hat(book, duty) for duty in owed}
    together: dict[tuple[tuple[str, ...], str], Duty] = {}
    for duty in sorted(owed, key=lambda one: (one.due.recurring, one.due.minutes)):
        together.setdefault((duty.rules, duty.due.text), duty)
    rows = tuple(_row(book, duty, common, tell_hat=len(hats) > 1) for duty in together.values())
    return Table(caption, (BY_WHEN, "What"), rows)


def _row(book: Book, duty: Duty, common: Values, *, tell_hat: bool) -> Row:
    only, hat = duty.reading.priorities, _hat(book, duty)
    before = (Span(f"As {clean(book.policy.label(hat))}: ", "emphasis"),) if hat and tell_hat else ()
    note = () if only == common or len(only) == 1 else (Span(f" ({_named(book, only)})"),)
    said = (*before, *spans_of(book.policy, duty.reading.rule.text), *note, *ids(duty.rules))
    return Row(((Span(capital(duty.due.text)),), said))


def _wearer(book: Book, hat: str) -> str | None:
    """Return the role that is meant by a role that depends on the situation, as soon as somebody has it.

    ``None`` where it is one of the tiers, or not always the same.
    """
    relative = book.policy.relative_roles.get(hat)
    if relative is None or not relative.cases:
        return None
    first = relative.cases[0][1]
    return first if first in book.policy.doc.vocabulary.roles and first not in book.tiers else None


def _lent(book: Book, hat: str, owed: Sequence[Duty]) -> Paragraph:
    """Return where the duties stand that a role has only until somebody else has them."""
    wearer = _wearer(book, hat) or hat
    soonest = min(owed, key=lambda one: one.due.minutes).due.text
    count = f"{len(owed)} duties" if len(owed) > 1 else "one duty"
    return Paragraph(
        (
            Span(f"{capital(clean(book.policy.label(hat)))}: ", "strong"),
            Span(f"as such you have {count} more, the first {soonest}. They stand under "),
            Span(_title(book, wearer), "link", role_anchor(wearer)),
            Span("."),
        )
    )


# -- what is allowed, what is forbidden, where it goes -------------------------------------------------------------


def _sentence(book: Book, reading: Reading) -> Item:
    return Item((*spans_of(book.policy, reading.rule.text), *ids([reading.id])))


def _permitted(book: Book, role: str) -> list[Reading]:
    return [one for one in book.readings if one.rule.permits and role in actors(book, one)]


def _may(book: Book, role: str) -> Iterator[Block]:
    found = _permitted(book, role)
    if found:
        yield Heading("What you may do")
        yield Bullets(tuple(_sentence(book, one) for one in found))


def _must_not(book: Book, role: str) -> Iterator[Block]:
    found = [one for one in book.readings if one.rule.forbids and role in one.tiers]
    if found:
        yield Heading("What you must not do")
        yield Bullets(tuple(_sentence(book, one) for one in found))


def _hands_to(book: Book, role: str) -> Iterator[Block]:
    ways = [way for way in passages(book) if way.source == role]
    if ways:
        yield Heading("Whom you hand to")
        rows = []
        for way in ways:
            reached = ", ".join(_ways_to(book, way.target)) or "not told"
            when = "\n".join(map(capital, step_lines(way)))
            rows.append(Row(((Span(capital(short(book.policy, way.target))),), (Span(when),), (Span(reached),))))
        yield Table("Where your tickets go", ("To", "When", "You reach them at"), tuple(rows))


def _ways_to(book: Book, role: str) -> list[str]:
    contact = book.policy.contacts.get(book.policy.doc.vocabulary.roles[role].contact or "")
    if contact is None:
        return []
    ways = [contact.email, contact.phone, f"pager: {contact.pager}" if contact.pager else None, contact.channel]
    return [clean(way) for way in ways if way]


# -- what arrives --------------------------------------------------------------------------------------------------


def _arriving(book: Book, role: str) -> list[Reading]:
    """Return the rules by which something reaches a role."""
    found: list[Reading] = []
    for reading in book.readings:
        if book.is_off(reading):
            continue
        for effect in reading.rule.obliges:
            if any(_comes_from_others(book, reading, effect.owner, role, to) for to in effect.act.to):
                found.append(reading)
        if any(role in book.recipients(reading, to) for act in reading.rule.permits for to in act.to):
            found.append(reading)
    return list({reading.id: reading for reading in found}.values())


def _comes_from_others(book: Book, reading: Reading, owner: str, role: str, to: str | None) -> bool:
    """Return whether what goes to a role may come from somebody else than the same role."""
    tiers = book.recipients(reading, to).get(role)
    return tiers is not None and set(book.people(owner, tiers, reading.core)) != {role}


def _receives(book: Book, role: str) -> Iterator[Block]:
    """Yield what comes from others; what the role may do itself, and others to it, is told once on its page."""
    found = _arriving(book, role)
    own = _permitted(book, role)
    both = [one.id for one in found if one in own]
    new = [one for one in found if one not in own]
    if found:
        yield Heading("What reaches you")
    if new:
        yield Bullets(tuple(_sentence(book, one) for one in new))
    if both:
        said = Span("Of what you may do, this may also be done by others, so that it reaches you:")
        yield Paragraph((said, *ids(both)), small=True)


def _hearing(book: Book, roles: Iterable[str]) -> Page | None:
    """Return the page of those who owe nothing; who gets the same stands together."""
    together: dict[tuple[str, ...], tuple[list[str], list[Reading]]] = {}
    for role in roles:
        if found := _arriving(book, role):
            together.setdefault(tuple(one.id for one in found), ([], found))[0].append(role)
    if not together:
        return None
    blocks: list[Block] = [Paragraph((Span("They owe nothing by this procedure. This is what reaches them."),))]
    for names, found in together.values():
        blocks.append(Heading(capital(listed([short(book.policy, name) for name in names]))))
        blocks.append(Bullets(tuple(_sentence(book, one) for one in found)))
    return Page("roles-told", "Those who are told, or asked to take over", tuple(blocks))
