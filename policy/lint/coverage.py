"""Coverage: situations in which nobody owes anything, and conditions that say less than they seem to."""

from __future__ import annotations

import math
from collections.abc import Iterator

from policy.conditions import Always, ClockReaches
from policy.figures import Figure
from policy.lint.acts import Acts, Demand, combinations
from policy.lint.examples import Examples, every_owed
from policy.lint.findings import Finding, about, finding, listed
from policy.lint.space import Node, Space
from policy.situation import RESOLVED


def nothing_possible(space: Space) -> Iterator[Finding]:
    """Yield one finding if ``impossible`` leaves no situation at all: then nothing else can be said of any."""
    if space.possible != space.bdd.false:
        return
    guilty = list(range(len(space.policy.impossible)))
    for index in tuple(guilty):  # leave out what is not needed to exclude everything
        rest = [other for other in guilty if other != index]
        cut = space.all_of(~space.node(space.policy.impossible[other].when) for other in rest)
        if space.by_meaning & cut == space.bdd.false:
            guilty = rest
    said = listed(f'"{space.policy.impossible[index].says}"' for index in guilty)
    yield finding(
        space.policy, "nothing-possible", ("impossible", guilty[0]),
        f"no situation is left, because impossible excludes every one: {said}{' together' if len(guilty) > 1 else ''}",
        "narrow what is impossible; until then nothing can be checked",
        [f"impossible[{index}]" for index in guilty],
    )  # fmt: skip


def uncovered(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield a finding for each tier and priority (or none yet) in which some open ticket obliges nobody to anything.

    Targets are results, not duties, and a duty whose table of figures has none there never falls due; neither covers.
    """
    covered = space.any_of(demand.where for demand in acts.demands if _binds(demand))
    bare = space.possible & ~covered & ~space.is_value("status", RESOLVED)
    unknown = ~space.any_of(space.priority.values())
    for tier in space.domains["tier"]:
        for name, where in (*space.priority.items(), (None, unknown)):
            here = bare & where & space.is_value("tier", tier)
            if here == space.bdd.false:
                continue
            found = finding(
                space.policy, "uncovered", ("tiers", tier),
                f"nobody owes anything on some {f'{name} tickets' if name else 'tickets without a priority'} in {tier} "
                f"({space.count(here):,} situations)",
                "add a rule that obliges somebody there, at least to reply or to set the priority",
            )  # fmt: skip
            yield examples.shown(found, here, lambda v, _: all(one.target or one.due is None for one in every_owed(v)))


def _binds(demand: Demand) -> bool:
    timeless = demand.effect.within is None and demand.effect.repeat is None
    return not demand.effect.target and (timeless or math.isfinite(demand.length.first))


def blank_conditions(space: Space, examples: Examples) -> Iterator[Finding]:
    """Yield rules whose condition holds in every situation there can be and does not say so."""
    for rule in space.policy.rules:
        parts = list(rule.when.parts())
        says_so = any(isinstance(part, Always) for part in parts)
        if not says_so and space.rule(rule) == space.possible:
            found = about(
                space.policy, "blank-condition", [rule.id], f"{rule.id}: its condition holds in every situation",
                "write when: {always: true} if that is meant, or narrow the condition",
            )  # fmt: skip
            yield examples.of_rules(found, space.possible, rule.id)


def missing_figures(space: Space, examples: Examples) -> Iterator[Finding]:
    """Yield rules that ask a table of figures for a plan, priority or tier it does not hold."""
    for rule in space.policy.rules:
        base = space.rule(rule)
        figures = [f for effect in rule.obliges for f in (effect.within, effect.repeat, effect.until) if f]
        clocks = [part for part in rule.when.parts() if isinstance(part, ClockReaches)]
        figures += [f for clock in clocks for f in (clock.figure, clock.early)]
        for by, path, names in sorted({_gap(space, base, figure) for figure in figures if figure.by is not None}):
            if names:
                found = about(
                    space.policy, "figure-missing", [rule.id],
                    f"{rule.id}: {path} has no figure for the {by} {', '.join(names)}, so nothing falls due there",
                    f"add the figure under {path}, or narrow the rule",
                )  # fmt: skip
                where = base & space.any_of(space.attribute(by, name) for name in names)
                yield examples.of_rules(found, where, rule.id)


def _gap(space: Space, base: Node, figure: Figure) -> tuple[str, str, tuple[str, ...]]:
    assert figure.by is not None
    known = {name for name, value in figure.table if value is not None}
    lacking = [
        row[figure.by]
        for row, where in combinations(space, [figure.by])
        if row and row[figure.by] not in known and base & where != space.bdd.false
    ]
    return figure.by, figure.path, tuple(lacking)
