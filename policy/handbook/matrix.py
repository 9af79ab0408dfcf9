"""The escalation matrix: who hands to whom, and when, read off the rules."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from policy.building import Act
from policy.handbook.model import Matrix, Node, Page, Paragraph, Row, Span, Spans, Step, Table
from policy.handbook.occasions import occasion
from policy.handbook.phrases import Due, capital, clean, due_of, ids, listed, short, words
from policy.handbook.reading import Book, Reading, Values

ESCALATE: Final = "escalate"


@dataclass(frozen=True, slots=True)
class Way:
    """A rule by which a ticket is handed on, whether it is owed or only allowed, when, and on what occasion.

    ``only`` names the priorities, if they are few.
    """

    rule: str
    text: str
    owed: bool
    when: str
    layer: int
    waits: tuple[str, ...]
    only: str
    occasion: str

    @property
    def reason(self) -> str:
        """The occasion in a few words, with the priorities if they are few; empty if there is nothing to say."""
        if not self.occasion:
            return f"every {self.only}" if self.only and self.owed else ""
        return self.occasion + (f" ({self.only})" if self.only else "")


@dataclass(frozen=True, slots=True)
class Passage:
    """All ways from one role to another. ``source`` is a tier, or a rung of the ladder."""

    source: str
    target: str
    ways: tuple[Way, ...]


def passages(book: Book) -> tuple[Passage, ...]:
    """Return who may hand to whom, one passage for each pair of a source and a target, in the file's order of roles."""
    found: dict[tuple[str, str], list[Way]] = {}
    for reading in book.readings:
        if book.is_off(reading):
            continue
        effects: list[tuple[Act, Due | None]] = [
            (effect.act, due_of(book, reading, effect)) for effect in reading.rule.obliges
        ]
        effects += [(act, None) for act in reading.rule.permits]
        for act, due in effects:
            if act.verb == ESCALATE:
                few = reading.priorities if len(reading.priorities) <= len(book.priorities) // 2 else ()
                only = listed([name for name in book.policy.priorities if name in few])
                when, waits = (due.text, due.waits) if due else ("", ())
                said = (reading.id, reading.rule.text, due is not None, when, reading.rule.layer, waits, only)
                way = Way(*said, occasion(book, reading))
                for pair in _pairs(book, reading, act):
                    if way not in found.setdefault(pair, []):  # two recipients of a rule may be the same role
                        found[pair].append(way)
    order = [*book.policy.tiers, *(n for n in book.policy.doc.vocabulary.roles if n not in book.policy.tiers)]
    pairs = sorted(found, key=lambda pair: (order.index(pair[0]), order.index(pair[1])))
    return tuple(Passage(source, target, tuple(found[source, target])) for source, target in pairs)


def _pairs(book: Book, reading: Reading, act: Act) -> list[tuple[str, str]]:
    """Return source and target of each hand-over that a rule speaks of."""
    pairs = []
    for to in act.to:
        for target, tiers in book.recipients(reading, to).items():
            sources = [one for one in actors(book, reading) if one not in book.tiers or one in tiers]
            pairs += [(source, target) for source in sources if source != target]
    return pairs


def actors(book: Book, reading: Reading) -> tuple[str, ...]:
    """Return who may use a permission: the tiers for which it holds, or the role that must have had it before."""
    earlier = [to for deed in reading.deeds if deed.verb == ESCALATE for to in deed.to]
    rungs = [to for to in earlier if to in book.policy.doc.vocabulary.roles and to not in book.tiers]
    return tuple(rungs or [tier for tier in book.policy.tiers if tier in reading.tiers])


def matrix_page(book: Book) -> Page | None:
    """Return the page with the drawn matrix and its table; ``None`` where nothing is handed on."""
    found = passages(book)
    if not found:
        return None
    opening = Paragraph(
        (
            Span("An arrow is a hand-over. A ticket has one technical owner at a time; whoever else it goes to holds a "
                 "responsibility beside the owner. The table below says the same in words, with every rule."),
        )
    )  # fmt: skip
    same: dict[tuple[str, tuple[Way, ...]], list[str]] = {}
    for way in found:
        same.setdefault((way.target, way.ways), []).append(way.source)
    rows = tuple(_row(book, sources, target, ways) for (target, ways), sources in same.items())
    table = Table("Who hands to whom, and when", ("Hand-over", "Owed", "Allowed"), rows)
    return Page("matrix", "The escalation matrix", (opening, _matrix(book, found), table))


def _row(book: Book, sources: list[str], target: str, ways: tuple[Way, ...]) -> Row:
    owed, free = (_cell([way for way in ways if way.owed is wanted]) for wanted in (True, False))
    whence = listed([capital(short(book.policy, name)) for name in sources], "or")
    return Row(((Span(f"{whence} → {capital(short(book.policy, target))}"),), owed, free))


def _cell(ways: list[Way]) -> Spans:
    """Return the rules of a hand-over, a line for each time by which it is due."""
    by_due: dict[str, list[str]] = {}
    for way in ways:
        by_due.setdefault(way.when, []).append(way.rule)
    said: list[Span] = []
    for when, rules in by_due.items():
        said += [Span("\n")] if said else []
        said += [Span(capital(when)), *ids(rules)] if when else ids(rules)[1:]
    return tuple(said)


def _matrix(book: Book, found: tuple[Passage, ...]) -> Matrix:
    policy = book.policy
    roles = policy.doc.vocabulary.roles
    tiers = list(policy.tiers)
    by_pair = {(way.source, way.target): way for way in found}
    targets = dict.fromkeys(way.target for way in found if way.target not in policy.tiers)
    ladder = [name for name in roles if roles[name].management and name in targets]
    others = [name for name in targets if name not in ladder]
    down = tuple(Step(a, b, step_lines(by_pair[a, b])) for a, b in pairwise(tiers) if (a, b) in by_pair)
    over = tuple(
        Step(way.source, way.target, step_lines(way))
        for way in found
        if way.source in policy.tiers and way.target in policy.tiers
        and tiers.index(way.target) - tiers.index(way.source) > 1
    )  # fmt: skip
    rungs = tuple(
        Step(way.source, way.target, step_lines(way)) for way in found if way.source in ladder and way.target in ladder
    )
    steps = set(pairwise(ladder))
    sides = {name: _from(book, found, name) for name in (*ladder, *others)}
    for rung in rungs:
        if (rung.source, rung.target) not in steps:  # it passes over a rung: told in the box it leads to
            sides[rung.target] += (f"from {short(policy, rung.source)}, {'; '.join(rung.lines)}",)
    return Matrix(
        title="Who hands to whom",
        description=_description(book, found),
        tiers=tuple(_tier(book, name) for name in tiers),
        down=down,
        over=over,
        ladder=tuple(Node(name, capital(short(policy, name)), sides[name]) for name in ladder),
        rungs=tuple(rung for rung in rungs if (rung.source, rung.target) in steps),
        others=tuple(Node(name, capital(short(policy, name)), sides[name]) for name in others),
    )


def _tier(book: Book, name: str) -> Node:
    tier = book.policy.tiers[name]
    solves = [clean(book.policy.label(one)) for one in tier.capabilities]
    lines = [clean(tier.team)]
    lines += [f"solves: {', '.join(solves)}"] if solves else []
    answers = dict.fromkeys(words(text) for text in tier.response.values())
    lines += [f"answers within {listed(list(answers), 'or')}"] if answers else []
    return Node(name, clean(tier.label), tuple(lines))


def step_lines(passage: Passage) -> tuple[str, ...]:
    """Return when a step is taken: its timers, then what else occasions it: at once, owed, or only allowed."""
    owed = [way for way in passage.ways if way.owed]
    timers = dict.fromkeys(wait + (f" ({way.only})" if way.only else "") for way in owed for wait in way.waits)
    kinds = {
        "at once": [way for way in owed if way.layer == 0 and not way.waits],
        "owed": [way for way in owed if way.layer > 0 and not way.waits],
        "allowed": [way for way in passage.ways if not way.owed],
    }
    return (*timers, *(_occasions(kind, ways) for kind, ways in kinds.items() if ways))


def _occasions(kind: str, ways: list[Way]) -> str:
    """Return "owed: bug; needs expertise"; an occasion that holds anyway is not told for some priorities again."""
    anyway = {way.occasion for way in ways if not way.only}
    told = dict.fromkeys(way.reason for way in ways if not way.only or way.occasion not in anyway - {""})
    named = [reason for reason in told if reason]
    more = sum(not way.reason for way in ways) if named else 0
    return kind + (f": {'; '.join(named)}" if named else "") + (f"; {_reasons(more)} more" if more else "")


def _from(book: Book, found: tuple[Passage, ...], target: str) -> tuple[str, ...]:
    """Return what leads from the tiers to a role aside: from which of them, and when."""
    ways = [way for way in found if way.target == target and way.source in book.tiers]
    if not ways:
        return ()
    names: Values = frozenset(way.source for way in ways)
    listed_names = [short(book.policy, name) for name in book.policy.tiers if name in names]
    source = "from every tier" if names == book.tiers and len(names) > 1 else f"from {listed(listed_names, 'or')}"
    merged = Passage("", target, tuple({way.rule: way for passage in ways for way in passage.ways}.values()))
    return (source, *step_lines(merged))


def _reasons(number: int) -> str:
    return f"{number} {'reason' if number == 1 else 'reasons'}"


def _description(book: Book, found: tuple[Passage, ...]) -> str:
    """Return the picture in words, for those who do not see it."""
    said = []
    for way in found:
        source, target = (capital(short(book.policy, name)) for name in (way.source, way.target))
        said.append(f"{source} to {target}: {'; '.join(step_lines(way))}.")
    return " ".join(said)
