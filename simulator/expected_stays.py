"""The way of one ticket through the tiers, in closed form: the stays that chance and routing lead to, and their work.

A stay is followed by others with probabilities that depend on nothing but what it is (an absorbing Markov chain), so
the expected number of each kind of stay solves a linear system.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from simulator.model import DeskModel, KindRules, Move
from simulator.openhours import Floats


@dataclass(frozen=True, slots=True)
class Flow:
    """Tickets of one kind: how many a week, and what the rules say of them. ``solved_by`` may be one beyond the top."""

    category: str
    priority: str
    plan: str
    kind: KindRules
    solved_by: int
    per_week: float


class _Why(Enum):
    """What a tier has a ticket for."""

    WORK = "it came first to the tier, or was sent back there"
    ESCALATED = "it was passed up; the tier may hand it back"
    ASKING = "it was handed back to ask the customer, and is passed up again"
    CLOSING = "it was handed back solved, or with a workaround, and is closed"


class _Stay(NamedTuple):
    """A kind of stay: where, why, at which priority (its index), and the tier that it came from or is to go back to."""

    tier: int
    why: _Why
    priority: int
    other: int


Next = list[tuple[_Stay, float]]
"""The stays that may follow, with their probabilities; the rest is that none does."""


def journey(model: DeskModel, flow: Flow) -> tuple[Floats, Floats, Floats]:
    """Return, for one ticket, the expected stays in each tier, and the minutes of work there: of the tier's own people,
    and of those on call. The shapes are (tiers,)."""
    start = _first(model, flow)
    stays, rows, minutes = [start], list[Next](), list[float]()
    for stay in stays:  # grows on the way
        work, follow = _stay(model, flow, stay)
        minutes.append(work)
        rows.append(follow)
        stays += [one for one in dict.fromkeys(one for one, _ in follow) if one not in stays]
    onward = np.zeros((len(stays), len(stays)))
    for row, follow in enumerate(rows):
        for one, share in follow:
            onward[row, stays.index(one)] += share
    begin = np.zeros(len(stays))
    begin[0] = 1.0
    expected = np.linalg.solve(np.eye(len(stays)) - onward.T, begin)
    visits, own, called = np.zeros(model.tiers), np.zeros(model.tiers), np.zeros(model.tiers)
    for place, stay in enumerate(stays):
        around = _kind(model, flow, stay.priority).around_the_clock and model.staff[stay.tier].on_call > 0
        reply = model.desk.work.first_response.mean * begin[place]  # whoever takes it first
        visits[stay.tier] += expected[place]
        (called if around else own)[stay.tier] += expected[place] * minutes[place] + reply
    return visits, own, called


def _first(model: DeskModel, flow: Flow) -> _Stay:
    priority, paged = model.priorities.index(flow.priority), flow.kind.tiers[0].age_move
    if flow.kind.around_the_clock and paged is not None:  # the engineer on call has it before Tier 1 has done much
        return _Stay(paged[1], _Why.ESCALATED, priority, paged[1] - 1)
    return _Stay(0, _Why.WORK, priority, 0)


def _kind(model: DeskModel, flow: Flow, priority: int) -> KindRules:
    return model.kinds[priority][model.plans.index(flow.plan)]


def _stay(model: DeskModel, flow: Flow, stay: _Stay) -> tuple[float, Next]:
    """Return the minutes of work of a stay, the hand-off included, and what follows it."""
    work = model.desk.work_of(stay.tier)
    if stay.why == _Why.CLOSING:
        back = model.desk.work_of(stay.other).hands_back
        assert back is not None
        return back.closing.mean, []
    if stay.why == _Why.ASKING:
        again = _Stay(stay.other, _Why.ESCALATED, stay.priority, stay.tier)
        return work.checks.mean + work.handoff.mean, [(again, 1.0)]
    if work.passes_on is not None:
        return _routed(model, flow, stay)
    asked_back, follow, rest, minutes = 0.0, Next(), 1.0, 0.0
    if stay.why == _Why.ESCALATED:
        slips = model.desk.behaviour
        asked_back = slips.incomplete_handoff * slips.asking_back.mean if stay.tier else 0.0
        for one, share, worked in _handed_back(model, flow, stay):
            follow.append((one, share))
            minutes += share * (worked + work.handoff.mean)
            rest -= share
    usual, onward = _worked_on(model, flow, stay)
    follow += [(one, share * rest) for one, share in onward]
    return asked_back + minutes + rest * usual, follow


def _handed_back(model: DeskModel, flow: Flow, stay: _Stay) -> Iterator[tuple[_Stay, float, float]]:
    """Yield the stays below that a hand-back leads to, how often, and the minutes of work before each."""
    back, checks = model.desk.work_of(stay.tier).hands_back, model.desk.work_of(stay.tier).checks.mean
    if back is None:
        return
    below = stay._replace(tier=stay.other, other=stay.tier)
    if back.waiting_customer:
        yield below._replace(why=_Why.ASKING), back.waiting_customer, checks
    if back.reclassified and stay.priority + 1 < len(model.priorities):
        yield below._replace(why=_Why.WORK, priority=stay.priority + 1), back.reclassified, checks
    helped = back.resolved + back.workaround
    if helped and flow.solved_by <= stay.tier:
        yield below._replace(why=_Why.CLOSING), helped, _solving(model, flow, stay)


def _routed(model: DeskModel, flow: Flow, stay: _Stay) -> tuple[float, Next]:
    """Return the same of a tier that chance alone routes."""
    work, here = model.desk.work_of(stay.tier), stay.tier
    assert work.passes_on is not None
    follow = Next()
    if here + 1 < model.tiers:
        follow.append((_Stay(here + 1, _Why.ESCALATED, stay.priority, here), work.passes_on))
    follow.append((_Stay(max(here - 1, 0), _Why.WORK, stay.priority, here), min(work.sends_back, 1 - work.passes_on)))
    follow = [(one, share) for one, share in follow if share]
    return _solving(model, flow, stay) + work.handoff.mean * sum(share for _, share in follow), follow


def _solving(model: DeskModel, flow: Flow, stay: _Stay) -> float:
    """Return the minutes of checking and solving a ticket."""
    desk, work, tier = model.desk, model.desk.work_of(stay.tier), model.desk.tiers[stay.tier]
    entry = desk.categories.get(flow.category)
    piece = work.piece.mean if entry is None else entry.piece.get(tier, work.piece).mean
    effort = (1.0 if entry is None else entry.effort) * desk.work.pace.get(flow.priority, 1.0)
    easier = desk.work.easier if stay.tier > flow.solved_by else 1.0
    return work.checks.mean + piece * work.pieces * effort * easier * desk.calibrated.work.get(tier, 1.0)


def _worked_on(model: DeskModel, flow: Flow, stay: _Stay) -> tuple[float, Next]:
    """Return the minutes of a stay that is like any other, and what follows it."""
    if stay.tier >= flow.solved_by:
        return _solving(model, flow, stay), []
    desk, work, slips = model.desk, model.desk.work_of(stay.tier), model.desk.behaviour
    recognition = work.recognition.mean * desk.calibrated.work.get(desk.tiers[stay.tier], 1.0)
    seen = work.checks.mean + recognition + slips.late_recognition * slips.late_by
    move = _move(model, _kind(model, flow, stay.priority), stay.tier)
    if move.owner is not None:
        up = _Stay(move.owner, _Why.ESCALATED, stay.priority, stay.tier)
        return seen + work.handoff.mean, [(up, 1.0)]
    return seen + (work.handoff.mean if move.told else desk.work.ask_for_help.mean), []


def _move(model: DeskModel, kind: KindRules, tier: int) -> Move:
    """Return where recognition sends a ticket that a tier cannot solve."""
    rules = kind.tiers[tier]
    if tier == model.tiers - 1:
        return rules.unresolvable
    code = rules.code_change if 0 < tier == model.tiers - 2 else rules.expertise
    return code if code.owner is not None or code.told else rules.expertise
