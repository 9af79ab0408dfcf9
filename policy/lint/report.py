"""The whole check: every property in turn, within a time, and what the policy wants to be silent about."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from policy.lint import conflict, coverage, dead, hours, idle, paths, pauses, times
from policy.lint.acts import Acts
from policy.lint.diagram import TooLargeError
from policy.lint.examples import Examples
from policy.lint.findings import CODES, PROPERTIES, SEVERITIES, Finding, Property, Report, finding
from policy.lint.names import names
from policy.lint.space import Space
from policy.loading import Policy

SECONDS: Final = 60.0
"""How long the check may take, by default."""
Prover = Callable[[Space, Acts, Examples], Iterable[Finding]]

PROVERS: Final[dict[tuple[str, ...], Prover]] = {
    ("nothing-possible",): lambda space, acts, examples: coverage.nothing_possible(space),
    ("uncovered",): coverage.uncovered,
    ("blank-condition",): lambda space, acts, examples: coverage.blank_conditions(space, examples),
    ("figure-missing",): lambda space, acts, examples: coverage.missing_figures(space, examples),
    ("demand-and-ban",): conflict.demand_and_ban,
    ("permission-and-ban",): conflict.permission_and_ban,
    ("two-dues",): conflict.two_dues,
    ("two-priorities",): lambda space, acts, examples: conflict.two_priorities(space, examples),
    ("dead-rule", "switched-off"): lambda space, acts, examples: dead.dead_rules(space),
    ("duplicate",): lambda space, acts, examples: dead.duplicates(space, examples),
    ("shadowed",): dead.shadowed,
    ("always-true", "never-true"): lambda space, acts, examples: idle.idle_parts(space, examples),
    ("path-nobody",): paths.nobody_there,
    ("path-stuck",): paths.stuck,
    ("path-circle",): paths.circles,
    ("out-of-hours",): hours.out_of_hours,
    ("timer-beyond-target",): times.timers_beyond_targets,
    ("update-promise",): times.promises,
    ("endless-pause",): lambda space, acts, examples: pauses.endless_pauses(space, examples),
}
"""What looks for which codes in the space of situations."""


def lint(policy: Policy, *, seconds: float = SECONDS) -> Report:
    """Return everything there is to say about a policy, found within about ``seconds``.

    What cannot be decided in that time is reported as not proved, never left out.
    """
    until = time.monotonic() + seconds
    found = list(names(policy))
    proved: list[Property] = []
    situations = 0
    try:
        space = Space(policy, seconds=seconds)
        situations = space.count(space.possible)
        acts, examples = Acts(space), Examples(space)
    except (TooLargeError, RecursionError) as error:
        for codes in PROVERS:
            reason = _reason(error, seconds)
            found += _not_proved(policy, codes, reason)
            proved += [Property(code, "NOT PROVED", reason) for code in codes]
    else:
        for codes, prover in PROVERS.items():
            if proved and space.possible == space.bdd.false:  # said once, by the first
                proved += [Property(code, "NOT PROVED", "no situation is left to look at") for code in codes]
                continue
            space.allow(max(0.0, until - time.monotonic()))
            try:
                new = list(prover(space, acts, examples))
            except (TooLargeError, RecursionError) as error:
                reason = _reason(error, seconds)
                found += _not_proved(policy, codes, reason)
                proved += [Property(code, "NOT PROVED", reason) for code in codes]
                continue
            found += new
            proved += [_property(code, new, situations) for code in codes]
    kept, silenced, unused = _silences(policy, found)
    if any(one.code == "nothing-possible" for one in found):
        unused = []  # nothing was looked at that they might silence
    proved += [_of_names(policy, code, found) for code in PROPERTIES["names"]]
    hushed = Counter(one.code for one in silenced)
    proved = [replace(one, said=f"{one.said}; {n} silenced") if (n := hushed[one.code]) else one for one in proved]
    order = {code: index for index, code in enumerate(CODES)}
    ordered = sorted([*kept, *unused], key=lambda f: (SEVERITIES.index(f.severity), f.line or 0, order[f.code]))
    return Report(len(policy.rules), situations, tuple(proved), tuple(ordered), tuple(silenced))


def _reason(error: Exception, seconds: float) -> str:
    if isinstance(error, RecursionError):
        return "not decided, as there are too many words for a diagram of all situations"
    return f"not decided within {seconds:g} seconds and the memory allowed"


def _not_proved(policy: Policy, codes: Iterable[str], reason: str) -> Iterator[Finding]:
    for code in codes:
        one = finding(policy, code, (), f"whether there is any {code} is {reason}", "make the policy smaller")
        yield replace(one, severity="warning", status="NOT PROVED")


def _property(code: str, found: list[Finding], situations: int) -> Property:
    mine = [one for one in found if one.code == code]
    refuted = [one for one in mine if one.status == "REFUTED"]
    if refuted:
        return Property(code, "REFUTED", f"found {len(refuted)}, over {situations:,} situations")
    if mine:
        return Property(code, "NOT PROVED", f"{len(mine)} could not be decided, over {situations:,} situations")
    over = f"over {situations:,} situations"
    if code == "timer-beyond-target":
        over += ", for every starting minute of two years"
    return Property(code, "PROVED", f"there is none, {over}")


def _of_names(policy: Policy, code: str, found: list[Finding]) -> Property:
    count = sum(one.code == code and one.status == "REFUTED" for one in found)
    if count:
        return Property(code, "REFUTED", f"found {count}")
    return Property(code, "PROVED", "there is none, in the whole file")


def _silences(policy: Policy, found: list[Finding]) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """Return what is to be reported, what the policy silences with its reason, and silences that silence nothing."""
    kept, silenced, unused = list(found), [], []
    for index, silence in enumerate(policy.doc.lint.silence):
        mine = [one for one in kept if one.code == silence.code and one.rules and set(one.rules) <= set(silence.rules)]
        kept = [one for one in kept if one not in mine]
        silenced += [replace(one, silenced=silence.why) for one in mine]
        idle = [name for name in silence.rules if not any(name in one.rules for one in mine)]
        if idle or not mine:
            path = ("lint", "silence", index)
            message = f"nothing is found that this would silence: {silence.code} of {', '.join(idle)}"
            unused.append(finding(policy, "silence-unused", path, message, "remove it", idle))
    return kept, silenced, unused
