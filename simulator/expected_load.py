"""How much work a desk is offered, by tier, in closed form: from means alone, without playing a single ticket.

A ticket of one kind (category, priority, plan, lowest tier that can solve it) goes from tier to tier as recognition,
routing and hand-backs send it (:mod:`simulator.expected_stays`). What only time, a slip or a signal decides is left
out: timers and ages of the policy, updates, questions, patience, tickets passed on wrongly, where signals lead; and the
tickets of an outage are taken for such as may be handed back, which they are not. What the former add is measured by
:mod:`simulator.pilot`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from simulator.desk.demand import Category
from simulator.draws import arrival_curve
from simulator.draws.replay import Kind, mix
from simulator.draws.streams import with_odds
from simulator.expected_stays import Flow, journey
from simulator.model import DeskModel
from simulator.openhours import Floats

YEAR: Final = 525_960.0
WEEK: Final = 10_080.0


@dataclass(frozen=True, slots=True)
class TierLoad:
    """One tier over the measured period: minutes and stays a week.

    ``offered`` is the work for the tier's own people, ``staffed`` what they have for it, absences and paces counted;
    ``on_call`` is the work for those on call. ``by_category`` are stays a week, by category.
    """

    tier: str
    stays: float
    offered: float
    staffed: float
    on_call: float
    by_category: dict[str, float]

    @property
    def utilisation(self) -> float:
        """Offered work ÷ staffed time; infinity where there is work and nobody, 0 where there is neither."""
        if self.staffed > 0:
            return self.offered / self.staffed
        return float("inf") if self.offered > 0 else 0.0


def expected_load(model: DeskModel) -> tuple[TierLoad, ...]:
    """Return the load of each tier in the measured period."""
    tiers = model.tiers
    stays, own, called = np.zeros(tiers), np.zeros(tiers), np.zeros(tiers)
    by_category = [dict.fromkeys(model.categories, 0.0) for _ in range(tiers)]
    for flow in flows(model):
        visits, mine, away = journey(model, flow)
        stays += flow.per_week * visits
        for tier in range(tiers):
            by_category[tier][flow.category] += flow.per_week * float(visits[tier])
        own += flow.per_week * mine
        called += flow.per_week * away
    own += _war_rooms(model)
    return tuple(
        TierLoad(model.desk.tiers[t], float(stays[t]), float(own[t]), _staffed(model, t), float(called[t]),
                 by_category[t])
        for t in range(tiers)
    )  # fmt: skip


def flows(model: DeskModel) -> Iterator[Flow]:
    """Yield the kinds of ticket that come at all, most urgent priority first within a category."""
    kinds = model.desk.categories or {model.categories[0]: Category(priorities=dict.fromkeys(model.priorities, 1.0))}
    names = list(kinds)
    rates = _drawn(model, kinds) if model.replayed is None else _logged(model, kinds)
    for (c, p, n, known), rate in rates:
        able = {known: 1.0} if known >= 0 else dict(enumerate(_levels(model, kinds[names[c]])))
        for solved_by, share in able.items():
            if rate * share > 0:
                yield Flow(names[c], model.priorities[p], model.plans[n], model.kinds[p][n], solved_by, rate * share)


def _drawn(model: DeskModel, kinds: Mapping[str, Category]) -> Iterator[tuple[Kind, float]]:
    """Yield the tickets a week that chance brings, by kind."""
    desk = model.desk
    ordinary, outages = _tickets_a_week(model)
    plans = desk.plans or dict.fromkeys(model.plans, 1.0)
    whole = sum(one.share for one in kinds.values())
    for (c, (name, one)), (p, priority), (n, plan) in product(
        enumerate(kinds.items()), enumerate(model.priorities), enumerate(model.plans)
    ):
        wanted = one.priorities.get(priority, 0.0) / sum(one.priorities.values())
        rate = ordinary * one.share / whole * wanted
        cause = desk.demand.outages
        if cause is not None and (cause.category, cause.priority) == (name, priority):
            rate += outages
        yield (c, p, n, -1), rate * plans.get(plan, 0.0) / sum(plans.values())


def _logged(model: DeskModel, kinds: Mapping[str, Category]) -> Iterator[tuple[Kind, float]]:
    """Yield the tickets a week that the log has in the measured period, by kind."""
    weeks, again = (model.end - model.start) / WEEK, 1.0 + model.desk.customers.reopen
    for kind, tickets in mix(model, list(kinds.values())):
        yield kind, tickets / weeks * again


def _tickets_a_week(model: DeskModel) -> tuple[float, float]:
    """Return the tickets of an average week of the period, and the outages (whose tickets are worked on as one)."""
    edges, expected = arrival_curve(model)
    inside = float(np.interp(model.end, edges, expected) - np.interp(model.start, edges, expected))
    again = 1.0 + model.desk.customers.reopen
    outages = model.desk.demand.outages
    return inside / (model.end - model.start) * WEEK * again, 0.0 if outages is None else outages.per_year / YEAR * WEEK


def _levels(model: DeskModel, category: Category) -> list[float]:
    """Return the share of tickets whose lowest able tier is each; the last share is that of nobody."""
    left, shares = 1.0, []
    for tier in model.desk.tiers:
        beyond = with_odds(category.beyond.get(tier, 0.0), model.desk.calibrated.beyond_odds.get(tier, 1.0))
        shares.append(left * (1 - beyond))
        left *= beyond
    return [*shares, left]


def _war_rooms(model: DeskModel) -> Floats:
    room, found = model.desk.work.war_room, np.zeros(model.tiers)
    if room is not None:
        rate = sum(flow.per_week for flow in flows(model) if flow.priority in room.priorities)
        for tier, people in room.people.items():
            found[model.desk.tiers.index(tier)] += rate * people * room.length.mean
    return found


def _staffed(model: DeskModel, tier: int) -> float:
    """Return the minutes of work that the people of a tier can do in an average week of the period."""
    staff = model.staff[tier]
    if staff.unlimited:
        return float("inf")
    weeks = (model.end - model.start) / WEEK
    there = sum(spec.hours.minutes_between(model.start, model.end) / spec.pace for spec in staff.agents)
    # Who helps out in other tiers is counted at home and in equal parts there.
    for other in model.staff:
        for spec in other.agents:
            if len(spec.tiers) > 1 and tier in spec.tiers:
                part = spec.hours.minutes_between(model.start, model.end) / spec.pace / len(spec.tiers)
                there += part if spec.tiers[0] != tier else part - part * len(spec.tiers)
    return there * (1 - model.desk.people.absence) / weeks
