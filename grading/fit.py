"""Whether a scenario and a policy speak of the same desk: every word of the one has to be a word of the other.

A word that the policy does not know would be taken as read and change the answer key in silence: a misspelt signal
never holds, a misspelt team never answers. So each is refused, with its place in the file and the nearest legal word.
Only checks and questions may have names of the scenario's own; one that is almost a check of the policy is taken for
a slip, since the category's basic checks could then never be done.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Final

from grading.acts import VERBS
from grading.vocabulary import CUSTOMER, contents
from policy.explain import nearest
from policy.loading import Policy
from policy.source import KeyPath
from scenarios import Effect, Scenario, Trigger

_A_SLIP: Final = 0.85
"""How alike (0..1) two names are that are taken for the same, misspelt."""
_OWN_MINUTES: Final = frozenset({"check", "ask", "wait"})
"""Verbs of which the minutes stand elsewhere: with each check and question, and in the act itself."""
_Use = tuple[KeyPath, str, str, Iterable[str]]
"""A word used: where it stands, what kind of word it is, the word, and the legal ones."""


def check_fit(scenario: Scenario, policy: Policy) -> None:
    """Make sure that ``scenario`` can be played under ``policy``.

    Raises:
        InputError: it uses a word that the policy (or, for checks, the scenario itself) does not have; with file,
            line, key and the nearest legal word.
    """
    for path, kind, name, legal in _desk(scenario, policy):
        if name not in legal:
            both = f"the scenario {scenario.id} cannot be played under the policy {policy.name}"
            raise scenario.error(path, f'{both}: that has no {kind} "{name}"{nearest(name, legal)}')
    for path, kind, name, legal in (*_effects(scenario, policy), *_people(scenario, policy), *_acts(scenario, policy)):
        if name not in legal:
            raise scenario.error(path, f'there is no {kind} "{name}"{nearest(name, legal)}')
    _checks_spelt(scenario, policy)


def _desk(scenario: Scenario, policy: Policy) -> Iterator[_Use]:
    yield ("seat",), "tier", scenario.seat, policy.tiers
    yield ("ticket", "customer", "plan"), "plan", scenario.ticket.customer.plan, policy.plans
    yield ("ticket", "category"), "category", scenario.ticket.category, policy.categories


def _effects(scenario: Scenario, policy: Policy) -> Iterator[_Use]:
    words = policy.doc.vocabulary
    opening = scenario.opening
    for index, name in enumerate(opening.establishes):
        yield ("signals", index), "signal", name, words.signals
    for name in opening.counts:
        yield ("counts", name), "count", name, words.counts
    parts: dict[str, list[Effect]] = {
        "checks": [check.effect for check in scenario.checks],
        "questions": [question.effect for question in scenario.questions],
        "conclusions": [conclusion.effect for conclusion in scenario.conclusions],
        "injects": [inject.effect for inject in scenario.injects],
    }
    for part, effects in parts.items():
        for index, effect in enumerate(effects):
            for key, names in (("establishes", effect.establishes), ("withdraws", effect.withdraws)):
                for place, name in enumerate(names):
                    yield (part, index, key, place), "signal", name, words.signals
            for name in effect.counts:
                yield (part, index, "counts", name), "count", name, words.counts
    for index, inject in enumerate(scenario.injects):
        for place, name in enumerate(inject.unless):
            yield ("injects", index, "unless", place), "signal", name, words.signals


def _people(scenario: Scenario, policy: Policy) -> Iterator[_Use]:
    roles = policy.doc.vocabulary.roles
    for index, colleague in enumerate(scenario.colleagues):
        yield ("colleagues", index, "team"), "team", colleague.team, roles
    for index, inject in enumerate(scenario.injects):
        yield ("injects", index, "who"), "team", inject.who, (CUSTOMER, "system", *roles)


def _acts(scenario: Scenario, policy: Policy) -> Iterator[_Use]:
    for verb in scenario.costs:
        yield ("costs", verb), "act with minutes of its own", verb, sorted(set(VERBS) - _OWN_MINUTES)
    for index, inject in enumerate(scenario.injects):
        if inject.on is not None:
            path: KeyPath = ("injects", index, "on")
            yield (*path, "do"), "act", inject.on.do, VERBS
            if inject.on.to is not None:
                yield (*path, "to"), "team", inject.on.to, policy.doc.vocabulary.roles
            if inject.on.what is not None:
                yield (*path, "what"), "content", inject.on.what, _contents(inject.on, scenario, policy)


def _contents(trigger: Trigger, scenario: Scenario, policy: Policy) -> Iterable[str]:
    """Return what the act that sets off an inject can be about."""
    if trigger.do == "check":
        return [check.name for check in scenario.checks]
    if trigger.do == "ask":
        return [question.name for question in scenario.questions]
    return contents(policy)


def _checks_spelt(scenario: Scenario, policy: Policy) -> None:
    known = policy.doc.vocabulary.checks
    here = {check.name for check in scenario.checks}
    for index, check in enumerate(scenario.checks):
        if check.name in known:
            continue
        near = difflib.get_close_matches(check.name, [name for name in known if name not in here], 1, _A_SLIP)
        if near:
            raise scenario.error(
                ("checks", index, "name"),
                f'the check "{check.name}" is almost one of the policy; did you mean "{near[0]}"? '
                "A check of the scenario's own needs a name less like it",
            )
