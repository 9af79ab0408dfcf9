"""Examples in which time makes sense: a ticket is at least as old as its clocks, and what they show fits together.

A cell of the space says between which figures each clock stands, and no more. ``lived`` chooses the rest so that such
a ticket can be met: it was opened long enough ago, the whole time in hand is not shorter than a part of it, and the
priority has been known for as long as its age says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from policy.clocks import Clock
from policy.lint.axioms import AGE, PART, WHOLE
from policy.lint.space import Space
from policy.rulebook import Rulebook
from policy.situation import Situation


def lived(space: Space, book: Rulebook, situation: Situation) -> Situation:
    """Return the same situation (as ``situation_of`` makes it) in a ticket that is as old as its clocks show.

    Where what defines the priority was known from the beginning, the age cannot be less than the time in hand, and
    the situation is left as it is.
    """
    clocks = _fitting(situation.clocks) if space.part_within_whole else situation.clocks
    plain = replace(situation, clocks=clocks)
    longest = max(clocks.values(), key=lambda clock: clock.elapsed_then, default=None)
    if longest is None:
        return plain
    opened, calendar = plain.opened, longest.calendar
    age = calendar.open_minutes(opened, plain.now)
    if longest.elapsed_then <= age:
        return plain
    known = calendar.add(opened, longest.elapsed_then - age)
    now = calendar.add(opened, longest.elapsed_then)

    def later(at: float) -> float:
        return known if at == opened else at

    older = replace(
        plain, now=now, stated_since=known, status_since=known,
        signals={name: later(at) for name, at in plain.signals.items()},
        checks={name: later(at) for name, at in plain.checks.items()},
        counts={name: replace(count, since=later(count.since)) for name, count in plain.counts.items()},
        deeds=tuple(replace(deed, at=later(deed.at)) for deed in plain.deeds),
        clocks={name: replace(clock, at=now) for name, clock in clocks.items()},
    )  # fmt: skip
    return older if _ages(space, book, older) == _ages(space, book, plain) else plain


def _fitting(clocks: Mapping[str, Clock]) -> dict[str, Clock]:
    """Return clocks of which ``unresolved`` shows no less than ``no_progress``."""
    if PART not in clocks or WHOLE not in clocks:
        return dict(clocks)
    at_least = clocks[PART].elapsed_then
    whole = clocks[WHOLE]
    return {**clocks, WHOLE: replace(whole, elapsed_then=max(whole.elapsed_then, at_least))}


def _ages(space: Space, book: Rulebook, situation: Situation) -> list[bool]:
    """Return which marks of its age a situation has reached."""
    age = book.facts(situation).clock(AGE)
    return [age is not None and age.elapsed(situation.now) >= at for at in space.breaks.get(AGE, ())]
