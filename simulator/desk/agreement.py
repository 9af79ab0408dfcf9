"""What the parts of a desk file have to agree on: names that are there, tickets that come to an end."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from policy.explain import nearest
from policy.source import KeyPath, Misplaced
from simulator.desk.log import NOBODY

if TYPE_CHECKING:
    from simulator.desk.document import Desk

MOST_STAYS: Final = 1000.0
"""A ticket that chance sends up and down goes through at most so many stays, on average."""


def names_of_its_own(desk: Desk) -> None:
    """Refuse a tier, a shift or a category that the desk itself does not have.

    Raises:
        Misplaced: the first such name.
    """
    known: dict[str, Collection[str]] = {"tier": desk.staffing, "shift": desk.shifts, "category": desk.categories}
    for where, kind, name in _named(desk):
        if name not in known[kind]:
            raise Misplaced(where, f'there is no {kind} "{name}"{nearest(name, known[kind])}')


def _named(desk: Desk) -> Iterator[tuple[KeyPath, str, str]]:
    """Yield each name of a tier, shift or category that the file uses: where it stands, what it names, the name."""
    work = desk.work
    for name in work.__pydantic_extra__ or {}:
        yield ("work", name), "tier", name
    for tier, helper in work.swarming.items():
        yield ("work", "swarming", tier), "tier", tier
        yield ("work", "swarming", tier), "tier", helper
    for name in work.war_room.people if work.war_room else {}:
        yield ("work", "war_room", "people", name), "tier", name
    by_tier: dict[KeyPath, Collection[str]] = {
        ("backlog",): desk.backlog,
        ("costs", "hour"): desk.costs.hour,
        ("calibrated", "beyond_odds"): desk.calibrated.beyond_odds,
        ("calibrated", "work"): desk.calibrated.work,
    }
    for path, names in by_tier.items():
        for name in names:
            yield (*path, name), "tier", name
    if desk.demand.outages:
        yield ("demand", "outages", "category"), "category", desk.demand.outages.category
    if desk.demand.log is not None:
        for what, kind in (("category", "category"), ("solved_by", "tier")):
            for meant in desk.demand.log.meant(what).values():
                if meant and not (what == "solved_by" and meant == NOBODY):
                    yield ("demand", "log", "words", what), kind, meant
    for category, one in desk.categories.items():
        for name in one.beyond:
            yield ("categories", category, "beyond", name), "tier", name
        for name in one.piece:
            yield ("categories", category, "piece", name), "tier", name
    for signal, carried in desk.signals.items():
        for place, name in enumerate(carried.categories or []):
            yield ("signals", signal, "categories", place), "category", name
    for tier, staff in desk.staffing.items():
        for number, group in enumerate(staff.groups):
            here: KeyPath = ("staffing", tier, "groups", number)
            if group.shift:
                yield (*here, "shift"), "shift", group.shift
            for place, name in enumerate(group.also):
                yield (*here, "also", place), "tier", name
            for place, name in enumerate(group.skills or []):
                yield (*here, "skills", place), "category", name


def signals_at_most_one(desk: Desk) -> None:
    """Refuse signals that more than all tickets of a category carry: a ticket carries one at most.

    Raises:
        Misplaced: the signal with which they become too many.
    """
    for category in desk.categories or ("",):
        total = 0.0
        for name, signal in desk.signals.items():
            if signal.categories is None or category in signal.categories:
                total += signal.share
                if total > 1 + 1e-9:
                    of = f" of {category}" if category else ""
                    raise Misplaced(
                        ("signals", name, "share"),
                        f"the shares of the signals{of} add up to {total:g}; a ticket carries one at most",
                    )


def helpers_from_above(desk: Desk) -> None:
    """Refuse a tier that swarms with itself or with one below: it is called in instead of escalating to it.

    Raises:
        Misplaced: the first such tier.
    """
    for tier, helper in desk.work.swarming.items():
        if desk.tiers.index(helper) <= desk.tiers.index(tier):
            above = desk.tiers[desk.tiers.index(tier) + 1 :]
            wanted = f"expected a tier above it: {', '.join(above)}" if above else "no tier is above it"
            raise Misplaced(("work", "swarming", tier), f'found "{helper}", which is called in by {tier}; {wanted}')


def tickets_come_to_an_end(desk: Desk) -> None:
    """Refuse tiers between which a ticket could circle for ever, or nearly so.

    Where chance decides (``passes_on``), a stay leads up and down with those probabilities; elsewhere a ticket that is
    beyond its tier goes up. The stays of a ticket are then those of an absorbing Markov chain, whose expected number is
    finite if the spectral radius of the routing is below 1.

    Raises:
        Misplaced: a ticket would go through more than :data:`MOST_STAYS` stays on average.
    """
    by_chance = [place for place in range(len(desk.tiers)) if desk.work_of(place).passes_on is not None]
    if not any(desk.work_of(place).sends_back for place in by_chance):
        return
    last = len(desk.tiers) - 1
    # What a tier that looks at a ticket cannot solve goes up, whatever the tiers above do with it.
    beyond = [place for place in range(last) if place not in by_chance and _sends_up(desk, place)]
    routing = np.zeros((last + 1, last + 1))
    for place in by_chance:
        one = desk.work_of(place)
        routing[place, min(place + 1, last)] += (one.passes_on or 0.0) if place < last else 0.0
        routing[place, max(place - 1, 0)] += one.sends_back
    for place in beyond:
        routing[place, place + 1] = 1.0
    radius = float(np.abs(np.linalg.eigvals(routing)).max())
    stays = np.linalg.solve(np.eye(last + 1) - routing, np.ones(last + 1)) if radius < 1 - 1e-12 else None
    if stays is not None and stays.max() <= MOST_STAYS:
        return
    worst = max(by_chance, key=lambda place: desk.work_of(place).sends_back)
    said = "would circle for ever" if stays is None else f"would go through {stays.max():,.0f} stays on average"
    raise Misplaced(
        ("work", desk.tiers[worst], "sends_back"),
        f"a ticket {said}; expected passes_on and sends_back that let it out after at most {MOST_STAYS:,.0f}",
    )


def somebody_to_hand_back_to(desk: Desk) -> None:
    """Refuse to hand tickets back from the lowest tier, for an answer of which no length is said, or again and again.

    Raises:
        Misplaced: the first such tier.
    """
    for place, tier in enumerate(desk.tiers):
        back, here = desk.work_of(place).hands_back, ("work", tier, "hands_back")
        if back is None:
            continue
        if not place:
            raise Misplaced(here, f"there is no tier below {tier}")
        if back.waiting_customer and desk.work.customer is None:
            raise Misplaced(
                (*here, "waiting_customer"),
                "work.customer is missing, which says how long customers take to answer",
            )
        most = 1 - 1 / MOST_STAYS
        if back.waiting_customer > most:
            raise Misplaced(
                (*here, "waiting_customer"),
                f"found {back.waiting_customer:g}; a ticket would go up and down for ever; expected at most {most:g}",
            )


def _sends_up(desk: Desk, place: int) -> bool:
    """Return whether there are tickets that a tier, which looks at them, cannot solve."""
    return desk.demand.log is not None or any(one.beyond.get(desk.tiers[place]) for one in desk.categories.values())
