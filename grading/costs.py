"""What acts cost, in minutes, and how far a drill has got by them."""

from __future__ import annotations

from grading.acts import VERBS, Act
from grading.transcript import Transcript
from scenarios import Scenario


def cost(scenario: Scenario, act: Act) -> float:
    """Return the minutes that an act takes in a scenario."""
    if act.verb == "wait":
        return float(act.fields["minutes"])
    if act.verb == "check" and (check := scenario.check(act.word("what") or "")) is not None:
        return check.minutes
    if act.verb == "ask" and (question := scenario.question(act.word("what") or "")) is not None:
        return question.minutes
    return scenario.costs.get(act.verb, VERBS[act.verb].minutes)


def minute_reached(scenario: Scenario, transcript: Transcript) -> float:
    """Return the minute at which a drill stands once the acts of a transcript are done, at most its horizon."""
    minute = 0.0
    for act in transcript.acts:
        minute = max(minute, act.minute or 0.0) + cost(scenario, act)
        if minute >= scenario.horizon:
            return scenario.horizon
    return minute
