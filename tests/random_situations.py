"""Situations by the thousand: random cells of a policy's space, then random instants, deeds and clocks in them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from policy import Count, Deed, Policy, Situation
from policy.calendars import Calendar
from policy.clocks import Clock
from policy.lint.cells import situation_of
from policy.lint.space import Node, Space
from policy.situation import STATUSES, Stretch


def random_cell(space: Space, chance: random.Random, within: Node | None = None) -> dict[str, bool]:
    """Return a random cell of what is possible (of ``within`` where that is given)."""
    node = space.possible if within is None else within & space.possible
    assert node != space.bdd.false
    dense = chance.choice((0.01, 0.03, 0.1, 0.3))
    cell = {name: chance.random() < dense for name in space.bdd.vars}
    while node not in (space.bdd.true, space.bdd.false):
        low, high = (~node.low, ~node.high) if node.negated else (node.low, node.high)
        likely = 0.25 if "=" in node.var else dense  # one value of an attribute holds, whatever else does
        takes = low == space.bdd.false or (high != space.bdd.false and chance.random() < likely)
        cell[node.var] = takes
        node = high if takes else low
    return cell


def random_clock(policy: Policy, opened: float, now: float, chance: random.Random) -> Clock:
    """Return a clock that was started, and perhaps paused, resumed, reset or stopped."""
    calendar = chance.choice([*policy.calendars.values(), Calendar.always()])
    clock = Clock(calendar, chance.choice((30.0, 480.0)))
    for at in sorted(chance.uniform(opened, now) for _ in range(chance.randint(0, 5))):
        clock = chance.choice((clock.start, clock.start, clock.pause, clock.resume, clock.reset, clock.stop))(at)
    return clock


def perturbed(s: Situation, policy: Policy, deeds: list[Deed], chance: random.Random) -> Situation:
    """Return a situation with what the cell knows, but since random instants, and with more that was done."""
    now = s.opened + chance.choice((0.0, 3.0, 30.0, 200.0, 480.0, 3000.0, 9000.0)) + chance.choice((0.0, 0.25, 7.0))
    now += chance.random() * 60 if chance.random() < 0.3 else 0.0

    def at() -> float:
        return s.opened if chance.random() < 0.3 else chance.uniform(s.opened - 5.0, now)

    def maybe() -> float | None:
        return None if chance.random() < 0.3 else at()

    def since() -> float:
        return at() if chance.random() < 0.8 else now

    signals = {name: since() for name in s.signals if chance.random() < 0.9}
    done = [replace(deed, at=since()) for deed in s.deeds]
    done += [replace(deed, at=since()) for deed in chance.choices(deeds, k=chance.choice((0, 0, 1, 3, 8)))]
    clocks = {name: replace(clock, at=now) for name, clock in s.clocks.items()}
    if chance.random() < 0.7:
        names = [name for name in ("no_progress", "unresolved", "resolution") if chance.random() < 0.8]
        clocks = {name: random_clock(policy, s.opened, now, chance) for name in names}
    status_since, was = maybe(), []
    if chance.random() < 0.4:  # the status has changed before
        status_since = chance.uniform(s.opened, now)
        ends = sorted(chance.uniform(s.opened, status_since) for _ in range(2 * chance.randint(0, 3)))
        ends[-1:] = [status_since] if ends and chance.random() < 0.5 else ends[-1:]
        was = [Stretch(chance.choice(STATUSES[1:]), *pair) for pair in zip(ends[::2], ends[1::2], strict=True)]
    return replace(
        s,
        now=now,
        plan=chance.choice(list(policy.plans)),
        status=s.status if chance.random() < 0.7 else chance.choice(STATUSES),
        tier_since=maybe(),
        status_since=status_since,
        was=tuple(was),
        stated_priority=chance.choice((None, *policy.priorities)) if chance.random() < 0.5 else s.stated_priority,
        stated_since=maybe(),
        signals=signals,
        checks={name: since() for name in policy.doc.vocabulary.checks if name in s.checks or chance.random() < 0.2},
        counts={name: Count(count.value + chance.choice((-1, 0, 0, 1)), since()) for name, count in s.counts.items()},
        deeds=tuple(done),
        clocks=clocks,
    )


def random_situations(
    policy: Policy, deeds: list[Deed], cells: int, each: int, seed: int, space: Space | None = None
) -> Iterator[Situation]:
    """Yield ``cells`` cells as they are, and ``each`` situations made from every one of them."""
    chance = random.Random(seed)
    space = space or Space(policy)
    for _ in range(cells):
        plain = situation_of(space, random_cell(space, chance))
        yield plain
        for _ in range(each):
            yield perturbed(plain, policy, deeds, chance)
