"""How much work a desk is offered, by tier, in closed form: from means alone, without playing a single ticket.

A ticket of one kind (category, priority, plan, lowest tier that can solve it) goes from tier to tier as recognition
and routing send it; that is an absorbing Markov chain, whose expected visits solve a linear system. What only time or a
slip decides is left out: timers and ages of the policy, updates, questions, patience, tickets passed on wrongly. What
they add is measured by :mod:`simulator.pilot`.
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
from simulator.model import DeskModel, KindRules, Move
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


@dataclass(frozen=True, slots=True)
class Flow:
    """Tickets of one kind: how many a week, and what the rules say of them. ``solved_by`` may be one beyond the top."""

    category: str
    priority: str
    plan: str
    kind: KindRules
    solved_by: int
    per_week: float


def expected_load(model: DeskModel) -> tuple[TierLoad, ...]:
    """Return the load of each tier in the measured period."""
    tiers = model.tiers
    stays, own, called = np.zeros(tiers), np.zeros(tiers), np.zeros(tiers)
    by_category = [dict.fromkeys(model.categories, 0.0) for _ in range(tiers)]
    for flow in flows(model):
        visits, minutes = _journey(model, flow)
        stays += flow.per_week * visits
        for tier in range(tiers):
            by_category[tier][flow.category] += flow.per_week * float(visits[tier])
        away = np.array([flow.kind.around_the_clock and staff.on_call > 0 for staff in model.staff])
        called += np.where(away, flow.per_week * minutes, 0.0)
        own += np.where(away, 0.0, flow.per_week * minutes)
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


def _journey(model: DeskModel, flow: Flow) -> tuple[Floats, Floats]:
    """Return the expected stays in each tier and the minutes of work there, of one ticket."""
    tiers = model.tiers
    onward, minutes = np.zeros((tiers, tiers)), np.zeros(tiers)
    for tier in range(tiers):
        onward[tier], minutes[tier] = _stay(model, flow, tier)
    start = np.zeros(tiers)
    start[0] = 1.0
    paged = flow.kind.tiers[0].age_move
    if flow.kind.around_the_clock and paged is not None:
        start[0], start[paged[1]] = 0.0, 1.0  # the engineer on call has it before Tier 1 has done much
    visits: Floats = np.asarray(np.linalg.solve(np.eye(tiers) - onward.T, start), np.float64)
    worked: Floats = visits * minutes
    worked[0] += model.desk.work.first_response.mean
    return visits, worked


def _stay(model: DeskModel, flow: Flow, tier: int) -> tuple[Floats, float]:
    """Return where a stay in a tier leads with which probability, and the minutes of work in it."""
    desk, work, slips = model.desk, model.desk.work_of(tier), model.desk.behaviour
    to = np.zeros(model.tiers)
    factor = desk.calibrated.work.get(desk.tiers[tier], 1.0)
    entry = desk.categories.get(flow.category)
    piece = work.piece.mean if entry is None else entry.piece.get(desk.tiers[tier], work.piece).mean
    effort = (1.0 if entry is None else entry.effort) * desk.work.pace.get(flow.priority, 1.0)
    easier = desk.work.easier if tier > flow.solved_by else 1.0
    solving = work.checks.mean + piece * work.pieces * effort * easier * factor
    if work.passes_on is not None:
        to[min(tier + 1, model.tiers - 1)] += work.passes_on if tier + 1 < model.tiers else 0.0
        to[max(tier - 1, 0)] += min(work.sends_back, 1 - work.passes_on)
        return to, solving + work.handoff.mean * float(to.sum())
    if tier >= flow.solved_by:
        return to, solving
    move = _move(model, flow, tier)
    seen = work.checks.mean + work.recognition.mean * factor + slips.late_recognition * slips.late_by
    if move.owner is not None:
        to[move.owner] += 1.0
        return to, seen + work.handoff.mean + slips.incomplete_handoff * slips.asking_back.mean
    if move.told:
        return to, seen + work.handoff.mean
    return to, seen + desk.work.ask_for_help.mean


def _move(model: DeskModel, flow: Flow, tier: int) -> Move:
    """Return where recognition sends a ticket that a tier cannot solve."""
    rules = flow.kind.tiers[tier]
    if tier == model.tiers - 1:
        return rules.unresolvable
    code = rules.code_change if 0 < tier == model.tiers - 2 else rules.expertise
    return code if code.owner is not None or code.told else rules.expertise


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
