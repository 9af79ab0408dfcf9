"""Time: timers against the targets they guard, and promises against rules."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from policy.building import Rule
from policy.calendars import Calendar, to_datetime
from policy.clocks import Clock
from policy.conditions import All, AnyOf, ClockReaches, Condition, Done, Named, Not
from policy.durations import format_minutes, parse_duration
from policy.errors import InputError
from policy.lint.acts import Acts, Demand
from policy.lint.axioms import AGE, PART, WHOLE
from policy.lint.examples import Claim, Examples, every_owed, shifted
from policy.lint.findings import Finding, about, finding
from policy.lint.paths import ESCALATE, REACHING
from policy.lint.space import Node, Space
from policy.lint.span import Instants, add_to_each, every_minute
from policy.situation import Situation
from policy.verdict import Verdict

_HELD = (PART, WHOLE)
_GUARDING = (*_HELD, AGE)
_REPLY = "reply"


@dataclass(frozen=True, slots=True)
class _Timer:
    """A clock mark at which a rule escalates, in one tier and for one priority, and the target that it guards.

    ``replied`` is whether that is the first response, and not the resolution.
    """

    rule: str
    replied: bool
    clock: str
    tier: str
    priority: str
    minutes: float
    calendar: Calendar
    target: float
    target_calendar: Calendar
    where: Node


def timers_beyond_targets(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield rules whose timer runs out when the target it guards is used up already, for some start of two years.

    Timer and target begin at the same minute, and nothing pauses them; every minute of two years is tried. A timer
    guards the resolution, and must run out before it. Where another rule sends the ticket to the same role before the
    target, waiting for no clock, the timer guards nothing. One that asks whether a reply was given guards the first
    response, and may run out with it, not after it.
    """
    minutes = every_minute(space.policy)
    known: dict[tuple[str, float], Instants] = {}

    def ends(calendar: Calendar, length: float) -> Instants:
        key = (calendar.name, length)
        if key not in known:
            known[key] = add_to_each(calendar, minutes, length)
        return known[key]

    reported: set[tuple[str, str, bool]] = set()
    for timer in _timers(space, acts):
        space.check_time()
        if (timer.rule, timer.priority, timer.replied) in reported:
            continue
        out, used = ends(timer.calendar, timer.minutes), ends(timer.target_calendar, timer.target)
        late = out > used if timer.replied else out >= used
        if not late.any():
            continue
        reported.add((timer.rule, timer.priority, timer.replied))
        share = int(np.count_nonzero(late))
        start = float(minutes[int(np.argmax(late))])
        yield _shown(space, examples, timer, start, share, len(minutes))


def _shown(space: Space, examples: Examples, timer: _Timer, start: float, share: int, of: int) -> Finding:
    when = to_datetime(start).strftime("%A %d %B %Y %H:%M UTC")
    long = format_minutes(timer.target)
    used = f"after the first response was due ({long})" if timer.replied else f"when the target of {long} is used up"
    often = "whenever it begins" if share == of else f"for {share:,} of {of:,} starting minutes, such as {when}"
    found = about(
        space.policy, "timer-beyond-target", [timer.rule],
        f"{timer.rule}: on a {timer.priority} in {timer.tier} its timer of {format_minutes(timer.minutes)} is out only "
        f"{used}, {often}",
        "make the timer shorter than the target, on the calendars that both run on",
    )  # fmt: skip
    base = examples.plain(timer.where)
    if base is None:
        return found
    base = shifted(base, start - base.opened)
    held = Clock(timer.calendar).start(start)
    ticket = Clock(timer.target_calendar, math.inf if timer.replied else timer.target).start(start)
    now = held.reaches(timer.minutes)
    if now is None or math.isinf(now):
        return found
    others = {name: replace(clock, at=min(clock.at, now)) for name, clock in base.clocks.items()}
    whole = {WHOLE: held} if timer.clock == PART and space.part_within_whole else {}
    own = {} if timer.clock == AGE else {timer.clock: held}  # the age runs by itself
    clocks = {**others, **whole, **own, "resolution": ticket}
    situation = replace(base, now=now, clocks=clocks)

    def claim(verdict: Verdict, s: Situation) -> bool:
        fires = any(timer.rule in one.rules for one in every_owed(verdict))
        due = timer.target_calendar.add(start, timer.target)
        return fires and (due < s.now if timer.replied else due <= s.now)

    return examples.with_situation(found, situation, claim)


def _timers(space: Space, acts: Acts) -> Iterator[_Timer]:
    policy = space.policy
    for rule in policy.rules:
        escalates = any(effect.act.verb == ESCALATE for effect in rule.obliges)
        if not any(effect.act.verb in REACHING for effect in rule.obliges):
            continue
        for part, alone in _marks(rule.when):
            if part.name not in _GUARDING:
                continue
            for index, attributes, minutes in space.figures(part):
                for priority in policy.priorities:
                    for tier, doc in policy.tiers.items():
                        if attributes.get("priority", priority) != priority or attributes.get("tier", tier) != tier:
                            continue
                        where = space.rule(rule) & space.node(alone) & space.calendar(index)
                        where = where & space.priority[priority] & space.is_value("tier", tier)
                        if where == space.bdd.false:
                            continue
                        case = policy.calendars[policy.calendar_cases[index][1]]
                        own = policy.calendars[doc.calendar]
                        on = own if part.name in _HELD and not case.always_open else case
                        targets = policy.priorities[priority]
                        if _asks_for_reply(rule.when):
                            first = parse_duration(targets.first_response).minutes(case.day_minutes)
                            yield _Timer(rule.id, True, part.name, tier, priority, minutes, on, first, case, where)
                        target = parse_duration(targets.resolution).minutes(case.day_minutes)
                        if not escalates or where & ~_sent_anyway(acts, rule, target) == space.bdd.false:
                            continue
                        yield _Timer(rule.id, False, part.name, tier, priority, minutes, on, target, case, where)


def _asks_for_reply(condition: Condition) -> bool:
    """Return whether a condition holds only while no reply was given yet."""
    match condition:
        case Not(inner=Done() as done):
            return done.verb == _REPLY
        case All():
            return any(_asks_for_reply(part) for part in condition.inner)
        case Named():
            return _asks_for_reply(condition.inner)
    return False


def _sent_anyway(acts: Acts, rule: Rule, target: float) -> Node:
    """Return where rules that wait for no clock send a ticket where ``rule`` sends it, sooner than the target."""
    to = {demand.key for demand in acts.demands if demand.rule is rule}
    return acts.space.any_of(
        d.where
        for d in acts.demands
        if d.key in to and d.rule is not rule and d.length.first < target and not any(_marks(d.rule.when))
    )


def _marks(condition: Condition) -> Iterator[tuple[ClockReaches, Condition]]:
    """Yield clock marks that a condition waits for, each with the condition that it alone is; a ban on one is none."""
    match condition:
        case ClockReaches():
            yield condition, condition
        case All() | AnyOf():
            for part in condition.inner:
                for mark, alone in _marks(part):
                    yield mark, part if isinstance(condition, AnyOf) else alone
        case Named():
            yield from _marks(condition.inner)


# -- promises ----------------------------------------------------------------------------------------------------


def promises(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield notices that promise news more often, or less often, than the rules oblige to give it.

    What counts is what holds while the notice is not late yet; it is sent once, at the beginning.
    """
    for key, notice in space.policy.notices.items():
        if notice.promises is None:
            continue
        path = ("notices", key, "promises")
        try:
            value = space.policy.figures.value(notice.promises.every)
            promised = parse_duration(value).minutes(_day_minutes(space, acts, key))
        except InputError as error:
            yield finding(space.policy, "notice-unfilled", path, f"{notice.id}: {error}", "name a figure", [notice.id])
            continue
        yield from _kept(space, acts, examples, key, promised)


def _day_minutes(space: Space, acts: Acts, notice: str) -> float:
    names = [d.length.calendar for d in acts.demands if d.key[3] == notice]
    return space.policy.calendars[names[0]].day_minutes if names else 1440.0


def _kept(space: Space, acts: Acts, examples: Examples, key: str, promised: float) -> Iterator[Finding]:
    notice = space.policy.notices[key]
    assert notice.promises is not None
    news: dict[tuple[float, str], list[Demand]] = {}
    for demand in acts.demands:
        if demand.key[3] == notice.promises.what and math.isfinite(demand.length.repeat):
            news.setdefault((demand.length.repeat, demand.rule.id), []).append(demand)
    path = ("notices", key, "promises")
    left = space.any_of(d.where & _in_time(space, d) for d in acts.demands if d.key[3] == key)
    for (repeat, rule), demands in sorted(news.items(), key=lambda item: item[0][0]):
        where = space.any_of(demand.where for demand in demands)
        here, left = left & where, left & ~where
        if here == space.bdd.false or repeat == promised:
            continue
        often = "more" if promised < repeat else "less"
        found = finding(
            space.policy, "update-promise", path,
            f"{notice.id}: promises news every {format_minutes(promised)}, {often} often than {rule} asks "
            f"(every {format_minutes(repeat)})",
            "let the notice promise the figure that the rule names", [notice.id, rule],
        )  # fmt: skip
        yield examples.shown(found, here, _repeats(rule, repeat))
    if left != space.bdd.false:
        found = finding(
            space.policy, "update-promise", path,
            f"{notice.id}: promises news every {format_minutes(promised)}, and no rule asks for it in some situations "
            f"in which it is sent",
            "add a rule that repeats, or promise nothing", [notice.id],
        )  # fmt: skip
        what = notice.promises.what
        yield examples.shown(
            found, left, lambda v, _: not any(o.what == what and o.repeat is not None for o in every_owed(v))
        )


def _in_time(space: Space, notice: Demand) -> Node:
    """Return where a notice is not late yet: no mark of the ticket's age that lies after its due is reached."""
    late = [at for at in space.breaks.get("age", ()) if at > notice.length.first]
    return space.all_of(~space.bdd.var(f"clock age>={at:g}") for at in late[:1])


def _repeats(rule: str, repeat: float) -> Claim:
    def claim(verdict: Verdict, _: Situation) -> bool:
        return any(rule in one.rules and one.repeat == repeat for one in every_owed(verdict))

    return claim
