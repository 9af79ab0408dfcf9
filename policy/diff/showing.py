"""Examples of a difference: situations made of a cell, put to both rulebooks, and what the two answers differ in.

The smallest situation of a cell has everything known since one instant, and its clocks stand. Where that shows no
difference, because another rule is as soon or because nobody can tell when a clock that stands reached what it shows,
clocks run, facts are made known later, one or two at a time, the ticket is opened shortly before closing time, or the
act is done, until the two rulebooks differ about it. If they never do, that is said. What is shown is read back from
the file that people get, by each policy on its own, and put to the rulebooks then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from policy.calendars import to_datetime
from policy.clocks import Clock
from policy.diff.effects import OWED, PAUSED, PERMITTED, PRIORITY
from policy.diff.parts import CLOSED, FIRST
from policy.durations import format_minutes
from policy.errors import InputError
from policy.lint.examples import shifted
from policy.rulebook import Rulebook
from policy.situation import Deed, Situation
from policy.situation_file import read_situation
from policy.situation_text import situation_text
from policy.verdict import ActKey, Obligation, Verdict

Books = tuple[Rulebook, Rulebook]
Pair = tuple[Situation, Situation]
"""One situation on the calendars of the first policy and on those of the second."""
Change = Callable[[Situation], Situation]
CITED: Final = "cited by one only:"
"""Said where the rulebooks differ about the rules they cite, and about nothing else."""
DONE: Final = "once done, it counts as "
NOT_BEFORE: Final = "not owed before"
NO_MORE: Final = "not owed any more"
_FARTHEST: Final = 8 * 1440.0
_DISTANCES: Final = 8
_PAIRED: Final = 5
_OVERNIGHT: Final = 720.0


@dataclass(frozen=True, slots=True)
class Shown:
    """An example, and in words what the rulebooks differ about there; nothing if they agree."""

    pair: Pair
    differs: tuple[str, ...]

    @property
    def confirmed(self) -> bool:
        """Return whether the rulebooks differ about what is to be done, and not only about the rules they cite."""
        return any(not one.startswith(CITED) for one in self.differs)

    def bears_out(self, what: str) -> bool:
        """Return whether the difference is ``what`` is said of the region: NEW, GONE, SOONER, LATER … of ``parts``."""
        told = [one.removeprefix(DONE) for one in self.differs]
        dues = [one.removeprefix("due ").split(" instead of ") for one in told if one.startswith("due ")]
        match what.removesuffix(FIRST).removesuffix(CLOSED):
            case "sooner":
                return any(now < before for now, before in dues)  # moments of one form; "whenever" is the last
            case "later":
                return any(now > before for now, before in dues)
            case "shifted":
                return bool(dues)
            case "new":
                return NOT_BEFORE in self.differs
            case "gone":
                return NO_MORE in self.differs
        as_soon = not dues and not {NOT_BEFORE, NO_MORE} & {*told}
        return self.confirmed and (as_soon or what.endswith(FIRST))


def shown(
    books: Books, smallest: Pair, kind: str, key: ActKey, rules: frozenset[str], minutes: set[float], what: str
) -> Shown:
    """Return an example near the ``smallest`` situation in which the rulebooks differ about an act.

    ``rules`` are the changed rules, one of which must be cited where another situation than the smallest is shown;
    ``minutes`` are the times that rules at work allow. A difference that is ``what`` is said of the region is preferred
    to another one. Without any difference the smallest is returned.
    """
    smallest = written(books, (lean(smallest[0]), lean(smallest[1])))
    best = Shown(smallest, replayed(books, smallest, kind, key))
    if kind != OWED or best.bears_out(what):
        return best

    def better(found: Shown) -> bool:
        return found.bears_out(what) or (found.confirmed and not best.confirmed)

    for change in _changes(books, smallest[1], key, minutes):
        pair = change(smallest[0]), change(smallest[1])
        if not better(Shown(pair, replayed(books, pair, kind, key, rules))):
            continue
        pair = written(books, pair)
        found = Shown(pair, replayed(books, pair, kind, key, rules))
        if better(found) and all(_possible(book, one) for book, one in zip(books, pair, strict=True)):
            best = found
            if best.bears_out(what):
                break
    return best


def written(books: Books, pair: Pair) -> Pair:
    """Return a situation as each policy reads it from the file that is written of it; as it was if one cannot."""
    try:
        text = situation_text(pair[1], books[1].policy, book=books[1])
        first, second = (read_situation(text, book.policy, name="example", book=book) for book in books)
    except InputError:  # a word that only one of the policies knows
        return pair
    return first, second


def lean(situation: Situation) -> Situation:
    """Return a situation without the clocks that show nothing."""
    clocks = {name: clock for name, clock in situation.clocks.items() if clock.elapsed_then or clock.state == "running"}
    return replace(situation, clocks=clocks)


def replayed(
    books: Books, pair: Pair, kind: str, key: ActKey, rules: frozenset[str] | None = None
) -> tuple[str, ...]:
    """Return what two rulebooks differ about, in words; ``rules``: only if one of these is cited."""
    verdicts: list[Verdict] = []
    for book, situation in zip(books, pair, strict=True):
        try:
            verdicts.append(book.verdict(situation))
        except InputError:  # a word that only the other policy knows
            return ("only one of the policies knows such tickets",)
    before, after = verdicts
    if kind == PRIORITY:
        return _changed("priority", before.priority or "none", after.priority or "none")
    if kind == PAUSED:
        a, b = (key[0] in dict(one.paused) for one in verdicts)
        return _changed("the clock", "stands" if a else "runs", "stands" if b else "runs")
    if kind == OWED:
        return _owed(before, after, key, rules)
    return _allowed(before, after, kind, key)


def _owed(before: Verdict, after: Verdict, key: ActKey, rules: frozenset[str] | None) -> tuple[str, ...]:
    still = [_one(verdict.obligations, key) for verdict in (before, after)]
    done = [_one(verdict.fulfilled, key) for verdict in (before, after)]
    if rules is not None and not any(one is not None and rules & set(one.rules) for one in (*still, *done)):
        return ()
    if found := _terms(still[0], still[1]):
        return found
    if found := _terms(done[0], done[1]):
        return tuple(f"{DONE}{one}" for one in found)
    cited = [set(one.rules) if one else set() for one in still]
    return (f"{CITED} {', '.join(sorted(cited[1] ^ cited[0]))}",) if cited[0] != cited[1] else ()


def _one(obligations: Iterable[Obligation], key: ActKey) -> Obligation | None:
    return next((one for one in obligations if one.key == key), None)


def _terms(a: Obligation | None, b: Obligation | None) -> tuple[str, ...]:
    if a is None or b is None:
        return () if a is b else (NOT_BEFORE,) if a is None else (NO_MORE,)
    found = list(_changed("due", _moment(a.due, b.due), _moment(b.due, a.due)))
    found += _changed("owed by", a.owner, b.owner)
    found += _changed("every", _every(a.repeat), _every(b.repeat))
    found += _changed("weight", f"{a.weight:g}", f"{b.weight:g}")
    found += _changed("graded as", a.dimension, b.dimension)
    found += ["a critical act now" if b.critical else "no critical act any more"] if a.critical != b.critical else []
    found += ["a result to reach now, no act" if b.target else "an act now"] if a.target != b.target else []
    found += ["may be done at once" if b.ripe else "has to wait now"] if a.ripe != b.ripe else []
    return tuple(found)


def _changed(what: str, before: str, after: str) -> tuple[str, ...]:
    return () if before == after else (f"{what} {after} instead of {before}",)


def _moment(due: float | None, other: float | None) -> str:
    if due is None or math.isinf(due):
        return "whenever"
    alike = other is not None and math.isfinite(other) and to_datetime(due).date() == to_datetime(other).date()
    return f"{to_datetime(due):%H:%M}" if alike else f"{to_datetime(due):%Y-%m-%d %H:%M}"


def _every(minutes: float | None) -> str:
    return "once" if minutes is None else format_minutes(minutes)


def _allowed(before: Verdict, after: Verdict, kind: str, key: ActKey) -> tuple[str, ...]:
    if kind == PERMITTED:
        a, b = ({(p.verb, p.to, p.via, p.what) for p in v.permissions} for v in (before, after))
        words = ("permitted", "not permitted")
        return _changed("it is", words[key not in a], words[key not in b])
    bans = [next((p for p in v.prohibitions if (p.verb, p.to, p.via, p.what) == key), None) for v in (before, after)]
    first, second = bans
    if first is None or second is None:
        words = ("forbidden", "not forbidden")
        return _changed("it is", words[first is None], words[second is None])
    found = list(_changed("weight", f"{first.weight:g}", f"{second.weight:g}"))
    found += _changed("graded as", first.dimension, second.dimension)
    found += _changed("critical:", *("yes" if one.critical else "no" for one in (first, second)))
    found += _changed("but to", *(", ".join(one.but_to) or "nobody" for one in (first, second)))
    return tuple(found) + _changed("lifted by a permission:", *("yes" if p.residual else "no" for p in (first, second)))


def _possible(book: Rulebook, situation: Situation) -> bool:
    facts = book.facts(situation)
    return not any(one.when.ask(facts)[0] for one in book.policy.impossible)


# -- other situations of a cell, or near it --------------------------------------------------------------------------


def _changes(books: Books, situation: Situation, key: ActKey, minutes: set[float]) -> Iterator[Change]:
    """Yield changes of a situation, the smallest first."""
    near = sorted(m for m in minutes if m <= _FARTHEST)
    gaps = {b - a for a, b in combinations(near, 2)}
    distances = sorted({1.0, *(m + 1 for m in near), *(gap + 1 for gap in gaps)})[:_DISTANCES]
    calendar = books[1].calendar(situation)

    def later(names: Iterable[str], distance: float) -> Change:
        at = calendar.add(situation.opened, distance)
        return lambda s: _later(s, set(names), at)

    def done(distance: float) -> Change:
        at = calendar.add(situation.opened, distance)
        return lambda s: _with_deed(s, key, at)

    names = list(_facts(situation))
    runs = list(_runs(situation))
    yield from runs
    for distance in distances:
        yield from (later((name,), distance) for name in names)
    closing = _closing(books, situation)
    if closing is not None:
        yield lambda s: shifted(s, closing - s.opened)
        yield lambda s: shifted(s, closing + 2.0 - s.opened)  # when it is closed
    if len(names) <= _PAIRED:
        for distance in distances:
            yield from (later(two, distance) for two in combinations(names, 2))
    for distance in distances[:2]:  # done before one of the rules began
        for name in names:
            known = later((name,), distance)
            yield lambda s, known=known: _with_deed(known(s), key, s.opened)  # type: ignore[misc]
    for distance in (1.0, *(m + 1 for m in near)):
        yield done(distance)
    for run in runs:
        for late in [later((name,), distance) for distance in distances for name in names]:
            yield lambda s, run=run, late=late: run(late(s))  # type: ignore[misc]


def _runs(situation: Situation) -> Iterator[Change]:
    """Yield changes by which clocks that stand have run since the opening and reach just now what they showed.

    First each by itself, then all that show the same.
    """
    showing = {name: clock.elapsed_then for name, clock in situation.clocks.items() if clock.elapsed_then}
    sets = [frozenset((name,)) for name in showing]
    alike = (frozenset(n for n, shows in showing.items() if shows == at) for at in dict.fromkeys(showing.values()))
    for names in (*sets, *(some for some in alike if len(some) > 1)):
        name = min(names)
        at = situation.clocks[name].calendar.add(situation.opened, showing[name])
        yield lambda s, names=names, at=at: _running(s, names, at)  # type: ignore[misc]


def _running(s: Situation, names: frozenset[str], at: float) -> Situation:
    clocks = {n: Clock(c.calendar).start(s.opened) if n in names else c for n, c in s.clocks.items()}
    return replace(s, now=max(s.now, at), clocks=clocks)


def _facts(s: Situation) -> Iterator[str]:
    """Yield the facts that may have become known at an instant of their own."""
    yield "priority"
    yield "tier"
    if s.status != "open":
        yield "status"
    yield from (f"signal {name}" for name in s.signals)
    yield from (f"check {name}" for name in s.checks)
    yield from (f"count {name}" for name in s.counts)
    yield from (f"deed {index}" for index in range(len(s.deeds)))


def _later(s: Situation, names: set[str], at: float) -> Situation:
    """Return a situation in which some facts become known at ``at``, which is then the present if it is later."""
    return replace(
        s,
        now=max(s.now, at),
        stated_since=at if "priority" in names else s.stated_since,
        tier_since=at if "tier" in names else s.tier_since,
        status_since=at if "status" in names else s.status_since,
        signals={name: at if f"signal {name}" in names else since for name, since in s.signals.items()},
        checks={name: at if f"check {name}" in names else since for name, since in s.checks.items()},
        counts={name: replace(c, since=at) if f"count {name}" in names else c for name, c in s.counts.items()},
        deeds=tuple(replace(deed, at=at) if f"deed {i}" in names else deed for i, deed in enumerate(s.deeds)),
    )


def _with_deed(s: Situation, key: ActKey, at: float) -> Situation:
    verb, to, via, what = key
    deed = Deed(verb, to, via, () if what is None else (what,), at)
    return replace(s, now=max(s.now, at), deeds=(*s.deeds, deed))


def _closing(books: Books, situation: Situation) -> float | None:
    """Return the last open minute before the next night of the calendars that close, if the situation fits it."""
    ends = []
    for book in books:
        for calendar in book.policy.calendars.values():
            close = calendar.next_close(situation.opened)
            if math.isfinite(close) and calendar.next_open(close) - close >= _OVERNIGHT:
                ends.append(close - 1.0)
    return min(ends, default=None) if situation.now == situation.opened else None
