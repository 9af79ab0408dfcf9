"""What can be done now: the menu of a drill.

Everything that is possible is on it, the wise and the unwise: whether an act is right, the trainee has to know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grading.acts import VERBS, Act
from grading.views import ActOption, Choice, Field
from grading.vocabulary import CUSTOMER
from grading.world import World
from policy.loading import Policy
from policy.rulebook import Rulebook

Cost = Callable[[Act], float]


def act_options(world: World, rulebook: Rulebook, cost: Cost) -> tuple[ActOption, ...]:
    """Return the acts that are possible now, each with its minutes and the fields to fill in."""
    policy, scenario = rulebook.policy, world.scenario
    done = {*world.checks}
    options = [
        _option("check", cost, f"{check.label}{' (again)' if check.name in done else ''}", what=check.name)
        for check in scenario.checks
    ]
    options += [
        _option("ask", cost, question.label, what=question.name)
        for question in scenario.questions
        if question.name not in world.answered
    ]
    known = policy.doc.vocabulary.acts
    for verb in VERBS:
        if verb in ("check", "ask") or (verb != "wait" and verb not in known):
            continue
        if verb == "confirm" and not world.acknowledged:
            continue
        if verb == "deescalate" and world.tier != scenario.seat:
            continue
        if verb == "resolve" and world.status != "open":
            continue
        options.append(_form(verb, world, policy, cost))
    return tuple(options)


def _option(verb: str, cost: Cost, label: str, **fixed: str) -> ActOption:
    fields = tuple(Field(name, name, "fixed", (Choice(value, label),), True, value) for name, value in fixed.items())
    return ActOption(verb, label, cost(Act(verb, fixed)), VERBS[verb].group, fields)


def _form(verb: str, world: World, policy: Policy, cost: Cost) -> ActOption:
    spec = VERBS[verb]
    fields = []
    for field in spec.fields:
        choices = _choices(verb, field.name, world, policy)
        match field.kind:
            case "word" if choices:
                fields.append(Field(field.name, field.label, "choice", choices, field.required))
            case "words":
                fields.append(Field(field.name, field.label, "choices", choices, field.required))
            case "form":
                fields.append(Field(field.name, field.label, "form", choices, field.required))
            case "minutes":
                fields.append(Field(field.name, field.label, "minutes", (), field.required, _usual_minutes(verb)))
            case _:
                fields.append(Field(field.name, field.label, "text", (), field.required))
    minutes = 0.0 if verb == "wait" else cost(Act(verb, {}))
    return ActOption(verb, spec.label, minutes, spec.group, tuple(fields))


def _usual_minutes(verb: str) -> float:
    return 60.0 if verb == "remind" else 5.0


def _choices(verb: str, field: str, world: World, policy: Policy) -> tuple[Choice, ...]:
    vocabulary = policy.doc.vocabulary
    names: list[str] = []
    match field:
        case "priority":
            names = list(policy.priorities)
        case "to" if verb in ("confirm",):
            names = list(world.acknowledged)
        case "to" if verb == "deescalate":
            names = [tier for tier in policy.tiers if tier != world.tier]
        case "to":
            own = {CUSTOMER, world.scenario.seat}
            names = [role for role in vocabulary.roles if role not in own]
        case "via":
            names = list(vocabulary.channels)
        case "notice":
            names = [key for key, notice in policy.notices.items() if notice.audience == "customer"]
        case "reason":
            names = [*contents_for(verb, policy), *vocabulary.signals]
        case "tells" | "what" | "handoff" | "state":
            names = contents_for(verb, policy, form=field == "handoff")
    return tuple(Choice(name, policy.label(name)) for name in names)


def contents_for(verb: str, policy: Policy, *, form: bool = False) -> list[str]:
    """Return the contents that a verb can carry, as far as the policy's rules use them with it."""
    used: dict[str, Any] = {}
    for rule in policy.rules:
        acts = [o.act for o in rule.obliges] + list(rule.permits) + [f.act for f in rule.forbids]
        for act in acts:
            if act.verb == ("handoff" if form else verb):
                used.update(dict.fromkeys(w for w in act.what if w is not None))
    contents = policy.doc.vocabulary.contents
    return [name for name in contents if name in used]
