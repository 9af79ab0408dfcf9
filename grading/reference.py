"""The reference run: a perfect trainee, computed from the rulebook alone.

At every instant it asks what its seat owes and does what comes first; nothing in it knows a scenario or a rule. Its
preferences, in order:

1. the duties with a due, in the order of ``planning``, everything that one act can settle taken together; a check
   that an owed escalation waits for is as urgent as that;
2. while it holds the ticket and no escalation is owed: a look at whatever has not been looked at yet;
3. the duties on which no clock runs;
4. otherwise it waits for the next change, until the horizon.

It leaves out what nobody asked for and what a rule forbids.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from grading.acts import VERBS, read_act
from grading.drill import Drill, Watcher
from grading.errors import ActError
from grading.handover import handoff_form
from grading.planning import Job, in_order
from grading.transcript import Transcript
from policy.rulebook import Rulebook
from policy.situation import Deed
from policy.verdict import ActKey, Obligation, Verdict
from scenarios import Scenario

MAX_ACTS: Final = 1_000
_AHEAD: Final = 15.0
"""A duty that recurs is done at most this many minutes before it is due again."""
_TOGETHER: Final = frozenset({"reply", "document"})
"""Verbs of which one act can settle several duties at once."""


def reference_transcript(scenario: Scenario, rulebook: Rulebook, seed: int = 0) -> Transcript:
    """Return the transcript of a perfect run of ``scenario`` under ``rulebook``."""
    return run_reference(scenario, rulebook, seed).transcript()


def run_reference(scenario: Scenario, rulebook: Rulebook, seed: int, *, watcher: Watcher | None = None) -> Drill:
    """Return the drill that the perfect trainee played, finished; ``watcher`` saw all of it."""
    drill = Drill(scenario, rulebook, seed, watcher=watcher)
    futile: set[tuple[object, ...]] = set()
    for _ in range(MAX_ACTS):
        if drill.ended:
            break
        act = next_act(drill, futile)
        if act is None:
            ahead = _next_stop(drill)
            if ahead is None or ahead >= drill.horizon:
                break
            drill.wait_until(ahead)  # a gap between minutes is waiting; a line for it would say nothing
            continue
        before = _owed(drill)
        try:
            drill.do(act)
        except ActError:
            futile.add(_mark(act))
            continue
        if act["do"] != "check" and _owed(drill) == before:
            futile.add(_mark(act))  # it changed nothing; without this the run would try for ever
    drill.finish()
    return drill


def next_act(drill: Drill, futile: Iterable[tuple[object, ...]] = ()) -> dict[str, Any] | None:
    """Return the act that a perfect trainee does now, ``None`` to wait."""
    seat, verdict = drill.scenario.seat, drill.verdict
    horizon = drill.scenario.opens + drill.horizon
    avoid = set(futile)
    all_owed = [o for o in verdict.owed_by(seat) if not o.target]
    owed = [o for o in all_owed if o.due is None or o.due <= horizon]
    able: list[tuple[Obligation, dict[str, Any]]] = []
    for duty in owed:
        act = _act_for(duty, all_owed, drill)
        if act is not None and _mark(act) not in avoid and _may(duty, verdict) and _is_time(duty, drill):
            able.append((duty, act))
    handing_over = [o for o in owed if o.verb == "escalate"]
    waiting = [o.due_or_never for o in handing_over if not any(duty is o for duty, _ in able)]
    order = in_order(_jobs(able, min(waiting, default=math.inf), drill), drill.situation.now)
    if order and min(job.due for job in order) < math.inf:
        return order[0].act
    if drill.ticket.yours and not handing_over and (look := _unseen(drill)) is not None:
        return look
    return order[0].act if order else None


def _jobs(able: Sequence[tuple[Obligation, dict[str, Any]]], held_up: float, drill: Drill) -> list[Job]:
    """Return the acts to choose from, each once. ``held_up`` is when an escalation is due that waits for checks."""
    tiers = {act["to"] for duty, act in able if _moves(duty, drill)}
    left = _left_after_moving(min(tiers), drill) if tiers else frozenset()
    settled: dict[tuple[object, ...], list[tuple[Obligation, dict[str, Any]]]] = {}
    for duty, act in able:
        settled.setdefault(_mark(act), []).append((duty, act))
    jobs = []
    for pairs in settled.values():
        duties, act = [duty for duty, _ in pairs], pairs[0][1]
        due = min(duty.due_or_never for duty in duties)
        jobs.append(
            Job(
                act=act,
                minutes=drill.cost(read_act(act)),
                due=min(due, held_up) if act["do"] == "check" else due,
                critical=any(duty.critical for duty in duties),
                weight=sum(duty.weight for duty in duties),
                moves=_moves(duties[0], drill),
                lapses=not any(duty.key in left for duty in duties),
            )
        )
    return jobs


def _moves(duty: Obligation, drill: Drill) -> bool:
    return duty.verb == "escalate" and duty.to in drill.rulebook.policy.tiers and duty.to != drill.ticket.tier


def _left_after_moving(tier: str, drill: Drill) -> frozenset[ActKey]:
    """Return what the seat still owes once it has given the ticket to ``tier``."""
    now, seat = drill.situation, drill.scenario.seat
    deed = Deed("escalate", tier, at=now.now, by=seat)
    then = replace(now, tier=tier, tier_since=now.now, deeds=(*now.deeds, deed))
    return frozenset(o.key for o in drill.rulebook.verdict(then).owed_by(seat))


def _next_stop(drill: Drill) -> float | None:
    """Return the next minute worth waking up for: something happens, or a recurring duty comes near."""
    recurring = [
        round(_not_before(o) - drill.scenario.opens, 6) for o in drill.verdict.owed_by(drill.scenario.seat) if o.repeat
    ]
    stops = [m for m in [drill.next_event_minute(), *recurring] if m is not None and m > drill.minute]
    return min(stops, default=None)


def _is_time(duty: Obligation, drill: Drill) -> bool:
    """Return whether a duty should be done now; one that recurs is not done long before it is due again."""
    return drill.scenario.opens + drill.minute >= _not_before(duty)


def _not_before(duty: Obligation) -> float:
    if duty.repeat is None or duty.due is None:
        return -math.inf
    return duty.due - min(_AHEAD, duty.repeat / 4)


def _may(duty: Obligation, verdict: Verdict) -> bool:
    """Return whether a duty can be done now without breaking a rule."""
    deed = Deed(duty.verb, duty.to, duty.via, () if duty.what is None else (duty.what,))
    return not any(ban.matches(deed) for ban in verdict.prohibitions)


def _act_for(duty: Obligation, owed: Sequence[Obligation], drill: Drill) -> dict[str, Any] | None:
    """Return the transcript line that settles a duty (and others with it), ``None`` if no act can do so now."""
    if duty.verb not in VERBS:
        return None
    scenario, policy = drill.scenario, drill.rulebook.policy
    together = [duty]
    if duty.verb in _TOGETHER:
        same = [o for o in owed if (o.verb, o.to, o.via) == (duty.verb, duty.to, duty.via)]
        together = [o for o in same if o is duty or _is_time(o, drill)]
    whats = list(dict.fromkeys(o.what for o in together if o.what is not None))
    match duty.verb:
        case "check":
            return None if scenario.check(duty.what or "") is None else {"do": "check", "what": duty.what}
        case "ask":
            return None if scenario.question(duty.what or "") is None else {"do": "ask", "what": duty.what}
        case "set_priority":
            return {"do": "set_priority", "priority": duty.what}
        case "reply":
            notices = [w for w in whats if w in policy.notices]
            line: dict[str, Any] = {"do": "reply"}
            if notices:
                line["notice"] = notices[0]
            if tells := [w for w in whats if w not in notices]:
                line["tells"] = tells
            return line
        case "confirm":
            return None if not _acknowledged(duty, drill) else _plain(duty, whats)
        case "escalate":
            form = handoff_form(_parts(drill), drill, duty.to, duty.text)
            return _plain(duty, []) | ({"reason": duty.what} if duty.what else {}) | {"handoff": form}
        case "handoff":
            return _plain(duty, []) | {"handoff": handoff_form(whats, drill, duty.to)}
        case "remind":
            return {"do": "remind", "minutes": 60}
    return _plain(duty, whats)


def _plain(duty: Obligation, whats: Sequence[str]) -> dict[str, Any]:
    fields = {field.name: field for field in VERBS[duty.verb].fields}
    line: dict[str, Any] = {"do": duty.verb}
    for name, value in (("to", duty.to), ("via", duty.via)):
        if value is not None and name in fields:
            line[name] = value
    if whats and "what" in fields:
        line["what"] = list(whats)
    if whats and "state" in fields:
        line["state"] = whats[0]
    if whats and "reason" in fields:
        line["reason"] = whats[0]
    return line


def _acknowledged(duty: Obligation, drill: Drill) -> bool:
    teams = drill.acknowledged()
    return bool(teams) if duty.to is None else duty.to in teams


def _parts(drill: Drill) -> list[str]:
    """Return the names of the parts of the hand-off form."""
    options = [o for o in drill.options() if o.verb == "escalate"]
    return [c.value for o in options for f in o.fields if f.kind == "form" for c in f.choices]


def _unseen(drill: Drill) -> dict[str, Any] | None:
    """Return a look at the cheapest check not made yet, if nothing dated is missed meanwhile."""
    seen = drill.situation.checks
    open_checks = [check for check in drill.scenario.checks if check.name not in seen]
    left = drill.horizon - drill.minute
    fitting = [check for check in open_checks if check.minutes < left]
    first = min(fitting, key=lambda check: check.minutes, default=None)
    return None if first is None else {"do": "check", "what": first.name}


def _owed(drill: Drill) -> tuple[tuple[object, ...], ...]:
    return tuple((o.key, o.due) for o in drill.verdict.owed_by(drill.scenario.seat))


def _mark(act: dict[str, Any]) -> tuple[object, ...]:
    said = {k: v for k, v in act.items() if k not in ("handoff", "text")}
    return tuple(sorted((k, str(v)) for k, v in said.items()))
