"""Random desks, drawn by Hypothesis: desk documents, and a stand-in for a policy to play them under.

Ties are kept out where nothing in the desk decides them (see ``tests/oracle``): every timer and age has a fraction of
a minute of its own, hand-offs take time, and where an order could depend on two agents' doing the same at once, each
agent has a shift of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import Any

from hypothesis import strategies as st

from policy.calendars import WEEKDAYS, Calendar
from simulator.desk import Desk
from simulator.model import DeskModel, compile_model
from simulator.theory.textbook import Class, Network

FIRST_DAY = date(2024, 1, 1)  # a Monday
MANAGEMENT, SECURITY = "manager", "security"
CARRIED = ("leak", "plea")
SIGNALS = ("needs_expertise", "needs_code_change", "unresolvable")
FEATURES = (
    "ages", "always", "backlog", "breaks", "careless", "code_seen", "customer", "decision", "fate", "finish",
    "found", "hand_over", "hands_back", "incomplete", "joins", "late", "learning", "limit", "misjudged", "misled",
    "on_call", "outages", "pace", "patience", "preempts", "premature", "reopen", "routed", "shared", "shifts",
    "signals", "skills", "swarming", "timers", "unchecked", "unlimited", "updates", "war_room",
)  # fmt: skip
"""What a desk may have besides tickets, tiers and agents."""


@dataclass(frozen=True)
class Route:
    """A timer; see ``simulator.model.RouteLike``."""

    clock: str
    minutes: float
    to: str
    parallel: bool = False
    unanswered: bool = False


@dataclass(frozen=True)
class SmallRules:
    """The rules of a small desk, said one by one; without any, nothing but work happens, and always."""

    priorities: Sequence[str] = ("P1", "P2", "P3")
    tiers: Sequence[str] = ("T1", "T2", "T3")
    plans: Sequence[str] = ("any",)
    management: Sequence[str] = (MANAGEMENT,)
    timers: Mapping[tuple[str, str], Sequence[Route]] = field(default_factory=dict)
    """By priority and tier."""
    destinations: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    """By tier and signal; the tier above where nothing is said."""
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    """By priority or tier; always open where nothing is said."""
    running: Collection[str] = ()
    updates: Sequence[tuple[float, float]] = ((0.0, math.inf),)
    always: Calendar = field(default_factory=Calendar.always)
    becomes: Mapping[str, str] = field(default_factory=dict)
    """By signal: the priority that it raises a ticket to."""
    standing: Collection[str] = ()
    lowered_restarts: bool = True
    raised_restarts: bool = True

    def routes(self, priority: str, plan: str, tier: str) -> Sequence[Route]:
        return self.timers.get((priority, tier), ())

    def destination(self, priority: str, plan: str, tier: str, signal: str) -> Sequence[str]:
        above = self.tiers[self.tiers.index(tier) + 1 :][:1]
        return self.destinations.get((tier, signal), above)

    def signalled_priority(self, priority: str, plan: str, signal: str) -> str:
        return min(priority, self.becomes.get(signal, priority))

    def standing_while_verified(self, priority: str, plan: str, signal: str, approval: str) -> Collection[str]:
        return self.standing

    def first_response(self, priority: str, plan: str) -> float:
        return 60.0

    def resolution(self, priority: str, plan: str) -> float:
        return 480.0

    def calendar(self, priority: str, plan: str) -> Calendar:
        return self.calendars.get(priority, self.always)

    def tier_calendar(self, tier: str) -> Calendar:
        return self.calendars.get(tier, self.always)

    def running_while_waiting(self, priority: str, plan: str) -> Collection[str]:
        return self.running

    def update_every(self, priority: str, plan: str) -> Sequence[tuple[float, float]]:
        return self.updates


@dataclass(frozen=True)
class Case:
    """A desk, the rules it is played under, and the seed of its chance."""

    features: tuple[str, ...]
    document: Mapping[str, Any]
    rules: SmallRules
    seed: int

    def model(self) -> DeskModel:
        """Return the desk, compiled."""
        return compile_model(Desk.model_validate(self.document), self.rules)


def week(opens: int, closes: int, days: int = 5) -> Calendar:
    """Return a calendar that is open from one minute of the day to another, on the first days of every week."""
    return Calendar({day: [(opens, closes)] for day in WEEKDAYS[:days]})


def clock(minute: int) -> str:
    """Return a minute of the day as a desk file says it."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


@st.composite
def desks(draw: st.DrawFn, features: Sequence[str] = FEATURES, most: int = 14) -> Case:
    """Draw a desk with some of these features, at most so many.

    What makes a failing example hard to read (features, days, tickets) is Hypothesis's to make small; the rest is drawn
    from a seed, which tries more than Hypothesis would.
    """
    some = draw(st.sampled_from(sorted({min(n, most, len(features)) for n in (0, 1, 2, 3, 4, 5, 6, 8, 10, 14)})))
    has = draw(st.sets(st.sampled_from(list(features)), min_size=some, max_size=some)) if some else set()
    days, tickets = draw(st.sampled_from([2, 0, 4, 6])), draw(st.sampled_from([60, 20, 120, 250]))
    return _Drawing(Random(draw(st.integers(0, 2**32))), has, days, tickets).case()


def desk_of(seed: int, features: set[str], days: int = 4, tickets: int = 250) -> Case:
    """Return a desk with these features over so many days, with so many tickets a week; the rest is drawn."""
    return _Drawing(Random(seed), features, days, tickets).case()


class _Drawing:
    """A desk that is being drawn."""

    def __init__(self, chance: Random, has: set[str], days: int, tickets: int) -> None:
        self.pick, self.some = chance.choice, chance.randint
        self.chance: Callable[[], bool] = lambda: chance.random() < 0.5
        self.subset: Callable[[Sequence[str]], list[str]] = lambda of: chance.sample(of, chance.randint(0, len(of)))
        self.has, self.days, self.tickets = has, days, tickets
        fractions = count(1)
        self.odd: Callable[[int], float] = lambda minutes: minutes + next(fractions) / 1024
        self.minute = count(self.some(0, 30))
        self.priorities = tuple(f"P{n + 1}" for n in range(self.some(1, 4)))
        self.tiers = tuple(f"T{n + 1}" for n in range(self.pick([2, 1, 3, 3])))
        self.staggered = bool(has & {"customer", "hand_over", "hands_back", "shared", "skills"})
        self.shifts: dict[str, Any] = {}

    def share(self) -> float:
        return self.pick([0.15, 0.5, 0.85])

    def time(self, low: int, high: int) -> dict[str, Any]:
        shape = self.pick(["lognormal", "exponential", "gamma", "uniform"])
        said: dict[str, Any] = {"mean": f"{self.some(low, high)}m", "shape": shape}
        return said | ({"cv": 0.7} if shape in ("lognormal", "gamma") else {})

    def case(self) -> Case:
        names = [f"c{n}" for n in range(self.some(1, 3))]
        document: dict[str, Any] = {
            "name": "random",
            "title": "A random desk",
            "period": self.period(),
            "demand": self.demand(names),
            "categories": {name: self.category() for name in names},
            "staffing": {tier: self.staffing(place, names) for place, tier in enumerate(self.tiers)},
            "people": self.people(),
            "work": self.work(),
            "behaviour": self.behaviour(),
            "signals": self.signals(),
            "customers": self.customers(),
            "backlog": {tier: self.some(0, 5) for tier in self.tiers} if "backlog" in self.has else {},
        }
        document["shifts"] = self.shifts
        return Case(tuple(sorted(self.has)), document, self.rules(), self.some(0, 10**6))

    def period(self) -> dict[str, Any]:
        last = FIRST_DAY + timedelta(days=self.days)
        return {"first_day": FIRST_DAY.isoformat(), "last_day": last.isoformat(), "warm_up_weeks": 0}

    def demand(self, names: list[str]) -> dict[str, Any]:
        said: dict[str, Any] = {"tickets_per_week": float(self.tickets)}
        if "outages" in self.has:
            said["outages"] = {
                "per_year": 300.0, "tickets": 6.0, "within": f"{self.some(10, 200)}m", "category": names[0],
                "priority": self.pick(self.priorities),
            }  # fmt: skip
        return said

    def category(self) -> dict[str, Any]:
        return {
            "priorities": {priority: float(self.some(1, 3)) for priority in self.priorities},
            "beyond": {tier: self.share() for tier in self.tiers if self.chance()},
            "effort": self.pick([0.5, 1.0, 2.0]),
        }

    def shift(self) -> str:
        name, opens = f"s{len(self.shifts)}", self.some(0, 18) * 60
        length = self.some(2, 12) * 60
        opens, closes = opens + next(self.minute), min(1440, opens + length + next(self.minute) + 7)
        said: dict[str, Any] = {"hours": dict.fromkeys(WEEKDAYS[: self.some(1, 7)], f"{clock(opens)}-{clock(closes)}")}
        if "breaks" in self.has:
            middle = (opens + closes) // 2 + next(self.minute)
            said["breaks"] = f"{clock(middle)}-{clock(middle + 1 + next(self.minute))}"
        self.shifts[name] = said
        return name

    def staffing(self, place: int, names: list[str]) -> dict[str, Any]:
        has, said = self.has, dict[str, Any]()
        if "unlimited" in has and not self.staggered and self.chance():
            return {"agents": "unlimited"}
        agents, groups = self.pick([1, 2, 1, 3, 2, 0]), list[dict[str, Any]]()
        if self.staggered or "shifts" in has:
            for _ in range(agents):
                group: dict[str, Any] = {"agents": 1, "shift": self.shift()}
                if "skills" in has and self.chance():
                    group["skills"] = self.subset(names) or names[:1]
                if "shared" in has and self.chance():
                    group["also"] = self.subset(self.tiers)
                if "pace" in has:
                    group["pace"] = self.pick([0.5, 0.8, 1.0, 1.3])
                if "careless" in has:
                    group["slips"] = self.pick([0.0, 0.5, 3.0, 50.0])
                groups.append(group)
            agents = 0
        said = {"agents": agents, "groups": groups}
        if "breaks" in has and not self.staggered:
            said["breaks"] = "12:03-12:40"
        if "on_call" in has and self.chance():
            said["on_call"] = self.some(1, 2)
        if "limit" in has and self.chance():
            said["queue_limit"] = self.some(0, 6)
        if has & {"customer", "hands_back"}:
            said["multitasking"] = self.some(1, 3)
        ends = ["pause", *(name for name in ("finish", "hand_over") if name in has)]
        said["at_shift_end"] = self.pick(ends)
        return said

    def people(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if "pace" in self.has:
            said |= {"differ": 0.3}
        if "learning" in self.has:
            said |= {"newcomers": 0.6, "newcomer": 2.5, "learns_within": 5.0}
        return said

    def work(self) -> dict[str, Any]:
        has, said = self.has, dict[str, Any]()
        said["first_response"] = self.time(3, 10) if self.chance() else {"mean": "0m", "shape": "fixed"}
        said["paging"], said["ask_for_help"] = self.time(2, 10), self.time(5, 20)
        said["management_decision"] = self.time(30, 600)
        for tier in self.tiers:
            # What takes no time is over as it begins, and may be broken into in the same instant or not.
            unchecked = "unchecked" in has and "preempts" not in has and self.chance()
            said[tier] = {
                "checks": {"mean": "0m", "shape": "fixed"} if unchecked else self.time(3, 15),
                "piece": self.time(5, 60), "pieces": self.pick([1.0, 2.5]),
                "recognition": self.time(5, 30), "handoff": self.time(3, 15),
            }  # fmt: skip
            if "routed" in has:
                said[tier] |= {"passes_on": 0.3 if tier != self.tiers[-1] else 0.0, "sends_back": 0.2}
            elif "hands_back" in has and tier != self.tiers[0]:
                said[tier] |= {"hands_back": self.hands_back()}
        if "preempts" in has:
            said["preempts"] = list(self.priorities[: self.some(1, max(1, len(self.priorities) - 1))])
        if "swarming" in has:
            said["swarming"] = dict(zip(self.tiers, self.tiers[1:], strict=False))
        if "war_room" in has:
            said["war_room"] = {
                "priorities": list(self.priorities[:1]), "people": {tier: 1 for tier in self.tiers if self.chance()},
                "length": self.time(10, 90),
            }  # fmt: skip
            said["war_room"]["people"] |= {self.tiers[0]: 1}
        if "updates" in has:
            said["update"] = f"{self.some(1, 9)}m"
        if has & {"customer", "hands_back"}:
            share = self.share() if "customer" in has else 0.0
            said["customer"] = {"share": share, "answer": self.time(20, 400), "never": 0.2}
            said["customer"]["close_after"] = {"mean": "9h", "cv": 0.3}
        return said

    def signals(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        for name in CARRIED if "signals" in self.has else ():
            said[name] = {"share": self.pick([0.1, 0.4]), "seen": self.pick(["opened", "checks"])}
            if self.chance():
                said[name]["verified"] = {"signal": "approved", "after": self.time(5, 400)}
        return said

    def hands_back(self) -> dict[str, Any]:
        reasons = ("resolved", "waiting_customer", "reclassified", "workaround")
        shares = {reason: self.pick([0.1, 0.25]) for reason in reasons}
        return {**shares, "closing": self.time(3, 20), "watch": self.time(100, 900)}

    def behaviour(self) -> dict[str, Any]:
        slips = {
            "premature": "premature", "late": "late_recognition", "misled": "wrong_destination",
            "incomplete": "incomplete_handoff", "misjudged": "wrong_priority", "code_seen": "code_change_seen_in_T1",
        }  # fmt: skip
        said: dict[str, Any] = {slip: self.share() for name, slip in slips.items() if name in self.has}
        if "found" in self.has:
            said |= {"wrong_priority": self.pick([0.2, 0.6]), "wrong_priority_found": self.time(5, 300)}
        return said | ({"updates_forgotten": self.share()} if "fate" in self.has else {})

    def customers(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if "patience" in self.has:
            said["patience"] = self.time(20, 600)
        if "reopen" in self.has:
            said |= {"reopen": self.share(), "reopen_after": self.time(10, 1000)}
        return said

    # -- the rules -----------------------------------------------------------------------------------------------

    def rules(self) -> SmallRules:
        has = self.has
        timers = {
            (priority, tier): self.timers(place)
            for priority in self.priorities
            for place, tier in enumerate(self.tiers)
        }
        calendars: dict[str, Calendar] = {}
        offices = [week(540, 1020), week(480, 1200, 6), week(600, 900, 7)]
        if "always" not in has:
            calendars = {name: self.pick(offices) for name in self.tiers}
            # Tickets of one night reach an age at one instant, and then in the order of their opening. Where ages are
            # also counted from something else, there would be no such order.
            if "ages" not in has or not has & {"reopen", "misjudged", "found", "signals"}:
                calendars |= {name: self.pick(offices) for name in self.priorities[1:]}
                calendars |= {self.priorities[0]: offices[0]} if self.chance() else {}
        destinations: dict[tuple[str, str], Sequence[str]] = {}
        for place, tier in enumerate(self.tiers):
            above = self.tiers[place + 1 :]
            for signal in (*SIGNALS, *CARRIED):
                choices: list[tuple[str, ...]] = [(one,) for one in above] * 2
                choices += [(), *((one, MANAGEMENT) for one in above)]
                if "decision" in has:
                    choices += [(MANAGEMENT,), (MANAGEMENT, SECURITY)]
                destinations[tier, signal] = self.pick(choices)
        running = self.subset(["no_progress", "resolution", "update"])
        gaps = [(0.0, math.inf)]
        if "updates" in has:
            gaps = [(0.0, self.odd(self.some(20, 300)))]
            if self.chance():
                gaps.append((self.odd(self.some(60, 300)), self.odd(self.some(20, 300))))
        return SmallRules(
            priorities=self.priorities, tiers=self.tiers, timers=timers, destinations=destinations,
            calendars=calendars, running=tuple(running), updates=tuple(gaps),
            lowered_restarts=self.chance(), raised_restarts=self.chance(),
            becomes={signal: self.pick(self.priorities) for signal in CARRIED} if "signals" in has else {},
            standing=("resolution",) if self.chance() else (),
        )  # fmt: skip

    def timers(self, place: int) -> tuple[Route, ...]:
        has, found, above = self.has, list[Route](), self.tiers[place + 1 :]
        if "timers" in has and above:
            found += [
                Route(name, self.odd(self.some(10, 120)), self.pick(above))
                for name in ("no_progress", "unresolved")
                if self.chance()
            ]
        if "ages" in has and above and self.chance():
            name = self.pick(["age", "resolution"])
            found.append(Route(name, self.odd(self.some(5, 400)), self.pick(above)))
        if "joins" in has:
            found += [
                Route(
                    name, self.odd(self.some(10, 600)), self.pick([MANAGEMENT, SECURITY]), True,
                    name in ("age", "resolution") and self.chance(),
                )
                for name in ("no_progress", "unresolved", "age", "resolution")
                if self.chance()
            ]  # fmt: skip
        return tuple(found)


@st.composite
def plain_networks(draw: st.DrawFn) -> tuple[Network, int]:
    """Draw a plain network of queues, feedback included, and the days to play it for."""
    tiers, classes = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    shapes = st.sampled_from(["exponential", "gamma", "lognormal", "uniform", "fixed"])

    def service() -> dict[str, Any]:
        shape = draw(shapes)
        said: dict[str, Any] = {"mean": f"{draw(st.integers(1, 40))}m", "shape": shape}
        return said | ({"cv": draw(st.sampled_from([0.5, 1.5]))} if shape in ("gamma", "lognormal") else {})

    on = [draw(st.sampled_from([0.0, 0.2, 0.7])) for _ in range(tiers - 1)]
    network = Network(
        classes=tuple(
            Class(draw(st.sampled_from([0.002, 0.01, 0.05])), tuple(service() for _ in range(tiers)))
            for _ in range(classes)
        ),
        agents=tuple(draw(st.integers(0, 4)) for _ in range(tiers)),
        passes_on=(*on, 0.0),
        sends_back=tuple(draw(st.sampled_from([0.0, 0.1, 0.3])) for _ in range(tiers)),
    )
    return network, draw(st.integers(1, 7))
