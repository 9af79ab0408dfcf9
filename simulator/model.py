"""The desk and the policy, compiled to plain numbers once per run.

Everything procedural (timers, targets, routes, calendars, cadences) is asked of the policy here, everything about
behaviour is taken from the desk file, and the engine then sees numbers only. A :class:`DeskModel` can be sent to
another process.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from policy.calendars import Calendar, to_instant
from policy.errors import InputError
from policy.explain import nearest
from simulator.desk import Desk
from simulator.desk.signals import Signal
from simulator.openhours import OpenHours
from simulator.replayed import Replayed, replayed
from simulator.roster import TierStaff, roster

ANY_CATEGORY: Final = "any"
"""The one kind of ticket of a desk that names no categories."""
AFTERMATH_DAYS: Final = 60
"""Calendars are known this long after the period, so that dues beyond its end are right (days)."""


class RouteLike(Protocol):
    """A timer of the policy that moves or adds a responsibility."""

    @property
    def clock(self) -> str: ...
    @property
    def minutes(self) -> float: ...
    @property
    def to(self) -> str: ...
    @property
    def parallel(self) -> bool: ...
    @property
    def unanswered(self) -> bool: ...


class Rules(Protocol):
    """What the desk asks the policy; ``policy.compiled.DeskRules`` answers it."""

    @property
    def priorities(self) -> Sequence[str]: ...
    @property
    def plans(self) -> Sequence[str]: ...
    @property
    def tiers(self) -> Sequence[str]: ...
    @property
    def management(self) -> Sequence[str]: ...
    def routes(self, priority: str, plan: str, tier: str) -> Sequence[RouteLike]: ...
    def destination(self, priority: str, plan: str, tier: str, signal: str) -> Sequence[str]: ...
    def first_response(self, priority: str, plan: str) -> float: ...
    def resolution(self, priority: str, plan: str) -> float: ...
    def calendar(self, priority: str, plan: str) -> Calendar: ...
    def tier_calendar(self, tier: str) -> Calendar: ...
    def running_while_waiting(self, priority: str, plan: str) -> Collection[str]: ...
    def update_every(self, priority: str, plan: str) -> Sequence[tuple[float, float]]: ...
    def signalled_priority(self, priority: str, plan: str, signal: str) -> str: ...
    def standing_while_verified(self, priority: str, plan: str, signal: str, approval: str) -> Collection[str]: ...
    @property
    def lowered_restarts(self) -> bool: ...
    @property
    def raised_restarts(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Move:
    """Who takes over: ``owner`` is a tier index or ``None`` (it stays), ``told`` are places that join in."""

    owner: int | None
    told: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TierRules:
    """What the policy says of a ticket of one priority and plan in one tier (times in minutes).

    ``no_progress`` and ``unresolved`` count time in hand; ``no_progress_to`` and ``unresolved_to`` are the tier that
    then owns the ticket. ``joins`` are places told after time in hand: (minutes, place). ``age_move`` is (index into
    ``KindRules.ages``, tier), ``age_joins`` are (index, place), ``unanswered_joins`` those that join only if the
    customer then still waits for the first response.
    """

    no_progress: float
    no_progress_to: int
    unresolved: float
    unresolved_to: int
    joins: tuple[tuple[float, int], ...]
    age_move: tuple[int, int] | None
    age_joins: tuple[tuple[int, int], ...]
    unanswered_joins: tuple[tuple[int, int], ...]
    expertise: Move
    code_change: Move
    unresolvable: Move
    plain: bool
    """Nothing but work ends a stay: no timer, no age at which it moves on."""
    hours: OpenHours
    """The calendar of its timers: that of the kind where it always runs, else the tier's."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What goes on while the customer is asked: the tier's timers, the resolution clock, the customer's updates."""

    in_hand: bool
    resolution: bool
    updates: bool


@dataclass(frozen=True, slots=True)
class KindRules:
    """What the policy says of tickets of one priority and plan (times in minutes of its calendar, ``hours``).

    ``updates`` is the cadence of the customer's updates: (from this age on, every so many minutes). ``ages`` are
    instants of age at which something falls due, ``tiers`` the rules in each tier. Where a kind counts
    ``around_the_clock``, the top tier's engineer on call takes it.
    """

    hours: OpenHours
    around_the_clock: bool
    first_response: float
    resolution: float
    updates: tuple[tuple[float, float], ...]
    waiting: Waiting
    ages: tuple[float, ...]
    age_clocks: tuple[bool, ...]
    """Which ages are what the resolution clock has counted; the others count since the priority is known."""
    tiers: tuple[TierRules, ...]
    handed_back: tuple[TierRules, ...]
    """The rules in each tier for what the tier above has handed back: no age sends it up again."""


@dataclass(frozen=True, slots=True)
class SignalRules:
    """What follows from a signal that comes to light, by priority and plan index.

    ``becomes`` are priority indices, ``moves`` say, by tier too, where the ticket then goes and who joins in.
    ``stands`` tells whether the resolution clock stands still until the ticket may go on.
    """

    at_opening: bool
    """Whether it is seen as soon as somebody has read the ticket, and not only with the checks."""
    becomes: tuple[tuple[int, ...], ...]
    moves: tuple[tuple[tuple[Move, ...], ...], ...]
    stands: tuple[tuple[bool, ...], ...]


@dataclass(frozen=True, slots=True)
class DeskModel:
    """A desk under a policy as numbers. Instants are minutes since ``opening`` (itself minutes since 1970)."""

    desk: Desk
    priorities: tuple[str, ...]
    plans: tuple[str, ...]
    categories: tuple[str, ...]
    places: tuple[str, ...]
    """Where a ticket can be: the tiers, then whoever else the policy sends it to."""
    tiers: int
    """How many of the places are tiers."""
    management: tuple[int, ...]
    """Which places are management; the others beyond the tiers (security, compliance) are counted apart."""
    opening: float
    start: float
    end: float
    """The measured period is ``[start, end)``; the run is ``[0, end)``."""
    kinds: tuple[tuple[KindRules, ...], ...]
    """Rules by priority and plan index."""
    staff: tuple[TierStaff, ...]
    always: OpenHours
    signals: tuple[SignalRules, ...]
    """What the policy says of each of the desk's signals."""
    lowered_restarts: bool
    """Whether the resolution clock of a ticket that turns out to be less urgent begins anew."""
    raised_restarts: bool
    """The same of a ticket that turns out to be more urgent."""
    replayed: Replayed | None = field(default=None, compare=False)  # desks are equal only if their logs are
    """The tickets of the desk's log, if it replays one."""


def compile_model(desk: Desk, rules: Rules) -> DeskModel:
    """Return the desk under the policy, as numbers.

    Raises:
        InputError: the desk, or a row of its log, names a priority or a plan that the policy does not have.
    """
    priorities, plans = tuple(rules.priorities), tuple(rules.plans)
    _check_names(desk, priorities, plans)
    tiers = desk.tiers
    start_day = datetime(*desk.period.first_day.timetuple()[:3], tzinfo=UTC)
    last_day = datetime(*desk.period.last_day.timetuple()[:3], tzinfo=UTC)
    opening_day = start_day - timedelta(weeks=desk.period.warm_up_weeks)
    opening = to_instant(opening_day)
    end = to_instant(last_day + timedelta(days=1)) - opening
    known_to = opening + end + AFTERMATH_DAYS * 1440.0
    places = _Places(tiers)
    known: dict[int, tuple[Calendar, OpenHours]] = {}  # the calendar is kept, so that its id stays its own

    def hours(calendar: Calendar) -> OpenHours:
        # The policy hands out the same calendar again and again, and its hours are a long table.
        if id(calendar) not in known:
            known[id(calendar)] = calendar, OpenHours.of(calendar, opening, known_to)
        return known[id(calendar)][1]

    calendars = tuple(Calendar.always() if _is_missing(rules, places, t) else rules.tier_calendar(t) for t in tiers)
    opens = tuple(map(hours, calendars))
    kinds = tuple(
        tuple(_kind(rules, places, priority, plan, hours, opens) for plan in plans) for priority in priorities
    )
    signals = tuple(_signal(rules, places, priorities, plans, name, one) for name, one in desk.signals.items())
    return DeskModel(
        desk=desk,
        priorities=priorities,
        plans=plans,
        categories=tuple(desk.categories) or (ANY_CATEGORY,),
        places=tuple(places.names),
        tiers=len(tiers),
        management=tuple(n for n, name in enumerate(places.names) if n >= len(tiers) and name in rules.management),
        opening=opening,
        start=to_instant(start_day) - opening,
        end=end,
        kinds=kinds,
        staff=roster(desk, calendars, hours),
        always=hours(Calendar.always()),
        signals=signals,
        lowered_restarts=rules.lowered_restarts,
        raised_restarts=rules.raised_restarts,
        replayed=replayed(desk, priorities, plans, opening, end),
    )


class _Places:
    """Numbers for the places, in the order in which they are first named; the tiers come first."""

    def __init__(self, tiers: Sequence[str]) -> None:
        self.tiers = tuple(tiers)
        self.names: list[str] = list(tiers)

    def number(self, name: str) -> int:
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)


def _check_names(desk: Desk, priorities: tuple[str, ...], plans: tuple[str, ...]) -> None:
    work, outages, log = desk.work, desk.demand.outages, desk.demand.log
    named = {f"categories.{name}.priorities": list(c.priorities) for name, c in desk.categories.items()}
    named |= {"work.pace": list(work.pace), "work.preempts": list(work.preempts)}
    named["work.war_room.priorities"] = list(work.war_room.priorities) if work.war_room else []
    named["demand.outages.priority"] = [outages.priority] if outages else []
    meant = {} if log is None else {what: [n for n in log.meant(what).values() if n] for what in ("priority", "plan")}
    named["demand.log.words.priority"] = meant.get("priority", [])
    by_plan = {"plans": list(desk.plans), "costs.credit": list(desk.costs.credit)}
    by_plan["demand.log.words.plan"] = meant.get("plan", [])
    for what, legal, places in (("plan", plans, by_plan), ("priority", priorities, named)):
        for where, names in places.items():
            for name in names:
                if name not in legal:
                    raise InputError(
                        f'desk {desk.name}: {where}.{name}: the policy has no {what} "{name}"{nearest(name, legal)}'
                    )


def _kind(
    rules: Rules, places: _Places, priority: str, plan: str, hours: Callable[[Calendar], OpenHours],
    opens: Sequence[OpenHours],
) -> KindRules:  # fmt: skip
    calendar = rules.calendar(priority, plan)
    by_tier = [
        () if _is_missing(rules, places, tier) else tuple(rules.routes(priority, plan, tier)) for tier in places.tiers
    ]
    aged = sorted({_age(route) for routes in by_tier for route in routes if _is_age(route)})
    running = rules.running_while_waiting(priority, plan)
    in_tiers = tuple(
        _tier_rules(rules, places, priority, plan, tier, routes, aged, hours(calendar) if calendar.always_open else own)
        for tier, routes, own in zip(places.tiers, by_tier, opens, strict=True)
    )
    return KindRules(
        hours=hours(calendar),
        around_the_clock=calendar.always_open,
        first_response=rules.first_response(priority, plan),
        resolution=rules.resolution(priority, plan),
        updates=tuple(sorted(rules.update_every(priority, plan))),
        waiting=Waiting("no_progress" in running, "resolution" in running, "update" in running),
        ages=tuple(minutes for minutes, _ in aged),
        age_clocks=tuple(resolution for _, resolution in aged),
        tiers=in_tiers,
        handed_back=tuple(replace(one, age_move=None) for one in in_tiers),
    )


def _is_missing(rules: Rules, places: _Places, tier: str) -> bool:
    """Return whether the policy has no such tier at the top: nothing leads there, and nobody is in it."""
    return len(places.tiers) > 1 and tier == places.tiers[-1] and tier not in rules.tiers


def _signal(
    rules: Rules, places: _Places, priorities: tuple[str, ...], plans: tuple[str, ...], name: str, signal: Signal
) -> SignalRules:
    becomes = tuple(
        tuple(priorities.index(rules.signalled_priority(priority, plan, name)) for plan in plans)
        for priority in priorities
    )

    def stands(priority: str, plan: str) -> bool:
        asked = signal.verified
        return asked is not None and "resolution" in rules.standing_while_verified(priority, plan, name, asked.signal)

    return SignalRules(
        at_opening=signal.seen == "opened",
        becomes=becomes,
        moves=tuple(
            tuple(tuple(_move(rules, places, priority, plan, tier, name) for tier in places.tiers) for plan in plans)
            for priority in priorities
        ),
        stands=tuple(tuple(stands(priority, plan) for plan in plans) for priority in priorities),
    )


def _move(rules: Rules, places: _Places, priority: str, plan: str, tier: str, signal: str) -> Move:
    """Return where a signal leads from a tier."""
    named = () if _is_missing(rules, places, tier) else rules.destination(priority, plan, tier, signal)
    numbers = [places.number(name) for name in named]
    owners = [n for n in numbers if places.tiers.index(tier) < n < len(places.tiers)]
    return Move(owners[0] if owners else None, tuple(n for n in numbers if n >= len(places.tiers)))


def _is_age(route: RouteLike) -> bool:
    # A ticket's resolution clock starts when it is opened, as its age does.
    return route.clock in ("age", "resolution")


def _age(route: RouteLike) -> tuple[float, bool]:
    """Return an age: its minutes, and whether the resolution clock counts them."""
    return route.minutes, route.clock == "resolution"


def _tier_rules(
    rules: Rules, places: _Places, priority: str, plan: str, tier: str, routes: Sequence[RouteLike],
    aged: list[tuple[float, bool]], hours: OpenHours,
) -> TierRules:  # fmt: skip
    timers = {"no_progress": (math.inf, -1), "unresolved": (math.inf, -1)}
    joins: list[tuple[float, int]] = []
    age_move: tuple[int, int] | None = None
    age_joins: list[tuple[int, int]] = []
    unanswered: list[tuple[int, int]] = []
    for route in sorted(routes, key=lambda route: route.minutes):
        to = places.number(route.to)
        if to <= places.tiers.index(tier):
            continue  # a timer never sends a ticket down
        moves = not route.parallel and to < len(places.tiers)
        if route.unanswered and (moves or not _is_age(route)):
            continue  # an agent who has a ticket in hand has answered it, and its move is timed without regard to that
        if _is_age(route):
            index = aged.index(_age(route))
            if not moves:
                (unanswered if route.unanswered else age_joins).append((index, to))
            elif age_move is None:
                age_move = (index, to)
        elif not moves:
            joins.append((route.minutes, to))
        elif math.isinf(timers[route.clock][0]):
            timers[route.clock] = (route.minutes, to)

    def move(signal: str) -> Move:
        return _move(rules, places, priority, plan, tier, signal)

    return TierRules(
        *timers["no_progress"],
        *timers["unresolved"],
        tuple(joins),
        age_move,
        tuple(age_joins),
        tuple(unanswered),
        move("needs_expertise"),
        move("needs_code_change"),
        move("unresolvable"),
        plain=all(math.isinf(limit) for limit, _ in timers.values()) and not joins and age_move is None,
        hours=hours,
    )
