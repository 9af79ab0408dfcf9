"""The reference run: a perfect trainee, computed from the rulebook alone.

At every instant it asks what its seat owes and does the duty that is due first; nothing in it knows a scenario or a
rule. Its preferences, in order:

1. what keeps an owed or an open escalation waiting: the checks owed;
2. the duty that is due first, everything that one act can settle taken together;
3. while it holds the ticket and no escalation is owed: a look at whatever has not been looked at yet;
4. otherwise it waits for the next change, until the horizon.

It leaves out what nobody asked for and what a rule forbids.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from grading.acts import VERBS
from grading.drill import Drill, Watcher
from grading.errors import ActError
from grading.transcript import Transcript
from policy.rulebook import Rulebook
from policy.situation import Deed
from policy.verdict import Obligation, Verdict
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
    acts: list[tuple[Obligation, dict[str, Any]]] = []
    for duty in owed:
        act = _act_for(duty, all_owed, drill)
        if act is not None and _mark(act) not in avoid and _may(duty, verdict) and _is_time(duty, drill):
            acts.append((duty, act))
    handing_over = [o for o in owed if o.verb == "escalate"]
    if handing_over:
        for duty, act in acts:
            if duty.verb == "check":
                return act
    if acts and acts[0][0].due is not None:
        return _first_due(acts)
    if drill.ticket.yours and not handing_over and (look := _unseen(drill)) is not None:
        return look
    return acts[0][1] if acts else None


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


def _first_due(acts: Sequence[tuple[Obligation, dict[str, Any]]]) -> dict[str, Any]:
    # Of those due at one instant the priority comes first and an escalation last: it takes the ticket out of this seat.
    order = {"set_priority": -1, "escalate": 1}
    return min(acts, key=lambda pair: (pair[0].due_or_never, order.get(pair[0].verb, 0)))[1]


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
            return _plain(duty, []) | ({"reason": duty.what} if duty.what else {}) | {"handoff": _form(drill)}
        case "handoff":
            return _plain(duty, []) | {"handoff": {what: _notes(drill) for what in whats}}
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


def _form(drill: Drill) -> dict[str, str]:
    """Return a hand-off form filled from what was found out."""
    options = [o for o in drill.options() if o.verb == "escalate"]
    parts = [c.value for o in options for f in o.fields if f.kind == "form" for c in f.choices]
    return {part: _notes(drill) for part in parts}


def _notes(drill: Drill) -> str:
    ticket = drill.ticket
    found = "; ".join(f"{fact.label}: {fact.text}" for fact in drill.facts) or "nothing looked up yet"
    return f"Ticket {ticket.number}, {ticket.company}: {ticket.subject}. {found}"[:1500]


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

