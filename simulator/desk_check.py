"""What is missing or odd in a desk under a policy, in words: from means, and from a pilot where one was played.

An *error* is what makes the figures of any simulation meaningless (a queue that grows without end, a tier that tickets
reach and nobody is in); a *warning* is what may be meant and seldom is; a *note* is worth knowing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from policy import Policy
from policy.explain import nearest
from simulator.desk_names import names, names_in_the_audit, unused
from simulator.draws import arrival_curve, check_size, tickets_expected
from simulator.expected_load import WEEK, TierLoad, expected_load, flows
from simulator.metrics import metric_units
from simulator.model import DeskModel, KindRules, Rules
from simulator.openhours import Floats
from simulator.pilot import Pilot, PlayedTier
from simulator.remark import Remark

FULL: Final = 1.0
BUSY: Final = 0.9
SATURATED: Final = 0.95
"""A tier that is as busy as this, while ever more tickets wait, cannot do its work."""
GROWING: Final = 0.01
"""A queue grows by at least this share of the tickets that are taken."""
MANY: Final = 500_000
"""Tickets of a run with which it is worth saying that a run takes long."""
MOSTLY: Final = 0.5
"""A higher tier that is away for more than this share of the time is worth a word."""
MANY_LOST: Final = 0.05
"""From this share of lost tickets on it is worth saying so."""
LITTLE: Final = 0.005
"""Shares of tickets below this are not worth a word."""
LONG_GAP: Final = 3 * 1440.0
"""A log may leave a weekend empty at either end of the run, but no more (minutes)."""


def check_desk(
    model: DeskModel, rules: Rules, pilot: Pilot | None = None, policy: Policy | None = None
) -> tuple[tuple[TierLoad, ...], tuple[Remark, ...]]:
    """Return the load of each tier, and what there is to say about a desk, errors first.

    What timers, ages, updates and questions add to the work, or take from it, is seen only in a ``pilot``
    (:func:`~simulator.pilot.play_pilot`). With the ``policy`` itself, the names that only an audit looks up are
    looked up too.

    Raises:
        InputError: the desk asks for more tickets than can be played.
    """
    check_size(model, arrival_curve(model)[1])
    load = expected_load(model)
    found = [
        *_demand(model), *_log(model), *_work(model, load), *_on_call(model, load), *_hours(model),
        *_hours_above(model, load), *_around_the_clock(model), *names(model, rules), *unused(model), *_called(model),
        *_sums(model),
    ]  # fmt: skip
    if policy is not None:
        found += names_in_the_audit(model, policy)
    if pilot is not None:
        found = [_softened(one, model, pilot) for one in found]
        found += _lost(model, pilot)
        found += _played(model, pilot, {one.where for one in found if one.code in ("overload", "nobody")})
    rank = {"error": 0, "warning": 1, "note": 2}
    return load, tuple(sorted(found, key=lambda one: rank[one.severity]))


def _demand(model: DeskModel) -> Iterator[Remark]:
    if not any(True for _ in flows(model)):
        where = "demand.tickets_per_week" if model.replayed is None else "demand.log"
        yield Remark("warning", "no-tickets", where, "no ticket ever comes")
    tickets = tickets_expected(model, arrival_curve(model)[1])
    if tickets >= MANY:
        yield Remark("note", "long-run", "demand", f"one run has {tickets:,.0f} tickets, and takes its time")
    units = metric_units(model.desk)
    for name in model.desk.reference:
        if name not in units:
            hint = nearest(name, units)
            yield Remark("error", "unknown-figure", f"reference.{name}", f'no figure is called "{name}"{hint}')


def _log(model: DeskModel) -> Iterator[Remark]:
    """Say how much of a replayed log the run meets, where it leaves the run empty, and what chance adds to it."""
    log = model.replayed
    if log is None:
        return
    opened, warm_up = log.opened, int(np.searchsorted(log.opened, model.start))
    inside = len(opened) - warm_up
    yield Remark(
        "note", "log", "demand.log.file",
        f"of {len(opened) + log.before + log.after:,} rows {inside:,} fall in the period, {warm_up:,} in the warm-up, "
        f"and {log.before + log.after:,} outside the run, which leaves them out",
    )  # fmt: skip
    if inside:
        for late, said in (
            (float(opened[0]), "the first row of the run comes {} after it begins: the desk is empty until then"),
            (model.end - float(opened[-1]), "the last row of the run comes {} before it ends: then the desk runs dry"),
        ):
            if late >= LONG_GAP:
                yield Remark("warning", "log-gap", "demand.log.file", said.format(f"{late / 1440:.1f} days"))
    for what, codes in log.named.items():
        unsaid = int((codes < 0).sum())
        if unsaid and not (what == "category" and not model.desk.categories):
            named = "difficulty (which tier can solve them)" if what == "solved_by" else what
            some = "its tickets" if unsaid == len(codes) else f"{unsaid:,} of {len(codes):,} tickets"
            yield Remark("note", "log-drawn", f"demand.log.columns.{what}",
                         f"of {some} the log does not say the {named}: chance decides")  # fmt: skip


def _work(model: DeskModel, load: tuple[TierLoad, ...]) -> Iterator[Remark]:
    """Say which tiers cannot do what they are offered, for want of people, of time or of a skill."""
    for place, tier in enumerate(load):
        where, staff = f"staffing.{tier.tier}", model.staff[place]
        helpers = [spec for other in model.staff for spec in other.agents if place in spec.tiers]
        if tier.offered > 0 and not helpers and not staff.unlimited:
            yield Remark("error", "nobody", where,
                         f"{tier.stays:.3g} tickets a week reach {tier.tier}, and nobody works there")  # fmt: skip
            continue
        if tier.utilisation >= FULL:
            yield Remark(
                "error", "overload", where,
                f"{tier.tier} is offered {tier.offered / 60:.3g} hours of work a week and has {tier.staffed / 60:.3g} "
                f"hours of people: what waits there grows without end",
            )  # fmt: skip
        elif tier.utilisation >= BUSY:
            yield Remark(
                "warning", "busy", where,
                f"{tier.tier} is busy for {tier.utilisation:.0%} of its time, and timers, updates and questions come "
                f"on top: waits will be long and vary much",
            )  # fmt: skip
        for name, stays in tier.by_category.items():
            able = any(spec.skills is None or model.categories.index(name) in spec.skills for spec in helpers)
            if stays > LITTLE and helpers and not able:
                yield Remark("error", "no-skill", f"{where}.groups",
                             f"nobody in {tier.tier} has the skill for {name}, and {stays:.3g} such tickets a week "
                             f"reach it")  # fmt: skip


def _on_call(model: DeskModel, load: tuple[TierLoad, ...]) -> Iterator[Remark]:
    """Say where those on call are offered more hours than a week has."""
    for tier, staff in zip(load, model.staff, strict=True):
        there = staff.on_call * WEEK
        if there and tier.on_call >= FULL * there:
            yield Remark(
                "error", "overload", f"staffing.{tier.tier}.on_call",
                f"{tier.on_call / 60:.3g} hours of work a week come to those on call, who have {there / 60:.3g}: what "
                f"waits there grows without end",
            )  # fmt: skip
        elif there and tier.on_call >= BUSY * there:
            yield Remark("warning", "busy", f"staffing.{tier.tier}.on_call",
                         f"those on call are busy for {tier.on_call / there:.0%} of the week")  # fmt: skip


def _played(model: DeskModel, pilot: Pilot, said: set[str]) -> Iterator[Remark]:
    """Say which tiers could not do their work when the desk was played, and are not among those ``said`` already."""
    for name, tier in zip(model.desk.tiers, pilot.tiers, strict=True):
        for where, busy in ((f"staffing.{name}", tier.busy), (f"staffing.{name}.on_call", tier.on_call)):
            if busy is None or where in said or busy < BUSY:
                continue
            who = name if where.endswith(name) else f"whoever is on call for {name}"
            if busy >= SATURATED and _grows(tier):
                yield Remark(
                    "error", "overload", where,
                    f"played for {pilot.weeks} weeks, {who} is busy for {busy:.0%} of the time, and of "
                    f"{tier.waiting:.0f} tickets that wait in the end {tier.grows:.3g} more come every week: timers, "
                    f"ages, updates and questions of the policy bring more work than there are people for",
                )  # fmt: skip
            else:
                yield Remark("warning", "busy-when-played", where,
                             f"played for {pilot.weeks} weeks, {who} is busy for {busy:.0%} of the time: waits will "
                             f"be long and vary much")  # fmt: skip


def _lost(model: DeskModel, pilot: Pilot) -> Iterator[Remark]:
    """Say so where many tickets are lost: those that are solved look the better for it."""
    if pilot.lost >= MANY_LOST:
        patience = model.desk.customers.patience is not None
        where = "customers.patience" if patience else f"staffing.{model.desk.tiers[0]}.queue_limit"
        yield Remark(
            "warning", "lost", where,
            f"played for {pilot.weeks} weeks, {pilot.lost:.0%} of the tickets are lost: their customers give up, or a "
            f"full queue turns them away. Compliance with targets is that of the solved ones alone",
        )  # fmt: skip


def _called(model: DeskModel) -> Iterator[Remark]:
    """Say where a war room calls more people of a tier than it has."""
    room = model.desk.work.war_room
    for name, people in room.people.items() if room is not None else ():
        staff = model.staff[model.desk.tiers.index(name)]
        if not staff.unlimited and people > len(staff.agents):
            yield Remark(
                "warning", "war-room", f"work.war_room.people.{name}",
                f"{people} of {name} are called, who {'is' if len(staff.agents) == 1 else 'are'} "
                f"{len(staff.agents)}: the same people come again and again, until the ticket is solved",
            )  # fmt: skip


def _softened(remark: Remark, model: DeskModel, pilot: Pilot) -> Remark:
    """Return a remark; as a warning if it says that a tier has too much to do, and it had not when it was played."""
    for name, tier in zip(model.desk.tiers, pilot.tiers, strict=True):
        for where, busy in ((f"staffing.{name}", tier.busy), (f"staffing.{name}.on_call", tier.on_call)):
            if remark.code == "overload" and remark.where == where and busy is not None:
                if busy >= SATURATED or _grows(tier):
                    return remark
                offered = remark.message.partition(": what waits there")[0]
                lost = ", or their customers give up" if model.desk.customers.patience is not None else ""
                lost += ", or war rooms are over before those called come" if model.desk.work.war_room else ""
                return Remark(
                    "warning", "relieved", where,
                    f"{offered}; played for {pilot.weeks} weeks it is busy for {busy:.0%} of the time, because tickets "
                    f"are taken from it before it comes to them: timers and ages pass them on{lost}",
                )  # fmt: skip
    return remark


def _grows(tier: PlayedTier) -> bool:
    return tier.surely > 0 and tier.grows >= GROWING * tier.taken


def _hours(model: DeskModel) -> Iterator[Remark]:
    """Say how many tickets come, by priority, while their clock runs and nobody of the first tier is at work."""
    minutes, arriving = _arriving(model)
    if not arriving.sum():
        return
    manned = _manned(model, 0, minutes)
    by_priority: dict[str, list[float]] = {}
    for flow in flows(model):
        if flow.kind.around_the_clock and flow.kind.tiers[0].age_move is not None:
            continue  # whoever is on call is paged
        open_now = np.array([flow.kind.hours.is_open(at) for at in minutes])
        alone = float(arriving[open_now & ~manned].sum() / arriving.sum())
        shares = by_priority.setdefault(flow.priority, [0.0, 0.0])
        shares[0] += flow.per_week * alone
        shares[1] += flow.per_week
    first = model.desk.tiers[0]
    for priority, (alone, all_) in by_priority.items():
        if alone / all_ > LITTLE:
            yield Remark(
                "warning", "nobody-on-shift", f"staffing.{first}",
                f"{alone / all_:.0%} of {priority} arrive while their clocks run and nobody of {first} is on shift",
            )  # fmt: skip
    closed = float(arriving[~manned].sum() / arriving.sum())
    if closed > LITTLE:
        yield Remark("note", "out-of-hours", f"staffing.{first}",
                     f"{closed:.0%} of all tickets arrive while nobody of {first} is on shift")  # fmt: skip


def _hours_above(model: DeskModel, load: tuple[TierLoad, ...]) -> Iterator[Remark]:
    """Say for how much of the time in which the clocks of escalated tickets run nobody of a higher tier is there."""
    minutes, _ = _arriving(model)
    kinds: dict[str, KindRules] = {}
    for flow in flows(model):
        kinds.setdefault(flow.priority, flow.kind)
    for place, tier in enumerate(load):
        if not place or not tier.stays or model.staff[place].unlimited or not _manned(model, place, minutes).any():
            continue
        manned, away = _manned(model, place, minutes), dict[str, list[str]]()
        for priority, kind in kinds.items():
            if kind.around_the_clock:
                continue  # said elsewhere
            open_now = np.array([kind.hours.is_open(at) for at in minutes])
            alone = float((open_now & ~manned).sum() / max(1, open_now.sum()))
            if alone > MOSTLY:
                away.setdefault(f"{alone:.0%}", []).append(priority)
        for share, priorities in away.items():
            yield Remark(
                "warning", "nobody-on-shift", f"staffing.{tier.tier}",
                f"for {share} of the time in which the clocks of {' and '.join(priorities)} run nobody of {tier.tier} "
                f"is on shift: what is escalated there waits",
            )  # fmt: skip


def _arriving(model: DeskModel) -> tuple[Floats, Floats]:
    """Return the middle of each hour of the measured period and the tickets expected in it."""
    edges, expected = arrival_curve(model)
    middle, tickets = (edges[:-1] + edges[1:]) / 2, np.diff(expected)
    inside = middle >= model.start
    return middle[inside], tickets[inside]


def _manned(model: DeskModel, tier: int, minutes: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    shifts = [spec.shift for staff in model.staff for spec in staff.agents if tier in spec.tiers]
    different = list({id(shift): shift for shift in shifts}.values())
    return np.array([any(shift.is_open(at) for shift in different) for at in minutes], np.bool_)


def _around_the_clock(model: DeskModel) -> Iterator[Remark]:
    """Say where what runs around the clock finds nobody at night."""
    minutes, _ = _arriving(model)
    told: set[tuple[str, int]] = set()
    for flow in flows(model):
        move = flow.kind.tiers[0].age_move
        tier = move[1] if move is not None else 0
        if not flow.kind.around_the_clock or (flow.priority, tier) in told or model.staff[tier].on_call:
            continue
        told.add((flow.priority, tier))
        if not _manned(model, tier, minutes).all():
            name = model.desk.tiers[tier]
            yield Remark(
                "warning", "no-on-call", f"staffing.{name}.on_call",
                f"{flow.priority} counts around the clock and goes to {name} with nobody on call: at night it waits",
            )  # fmt: skip


def _sums(model: DeskModel) -> Iterator[Remark]:
    """Say where shares look as if they should add up to one (or to a hundred) and do not."""
    desk = model.desk
    weights: dict[str, Mapping[str, float]] = {"plans": desk.plans}
    weights["categories"] = {name: one.share for name, one in desk.categories.items()}
    weights |= {f"categories.{name}.priorities": one.priorities for name, one in desk.categories.items()}
    for where, shares in weights.items():
        total = math.fsum(shares.values())
        whole = 1.0 if total < 2 and any(share % 1 for share in shares.values()) else 100.0
        if len(shares) > 1 and 0.9 <= total / whole <= 1.1 and abs(total / whole - 1) > 1e-6:
            yield Remark("warning", "sum", where,
                         f"they add up to {total:.6g}, not {whole:g}; only their proportions count")  # fmt: skip
    for place, tier in enumerate(desk.tiers):
        one = desk.work_of(place)
        if one.passes_on is None and one.sends_back:
            yield Remark("warning", "in-vain", f"work.{tier}.sends_back", "it goes with passes_on, which is left out")
