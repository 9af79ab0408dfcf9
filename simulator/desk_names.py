"""Names in a desk file: what the policy has and the desk never draws, and what the desk names in vain."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from policy import Policy
from policy.explain import nearest
from simulator.expected_load import flows
from simulator.expected_stays import Flow
from simulator.model import DeskModel, Rules
from simulator.remark import Remark


def names(model: DeskModel, rules: Rules) -> Iterator[Remark]:
    """Say what the policy has and the desk never draws, and what the desk names in vain."""
    desk, drawn = model.desk, list(flows(model))
    if not drawn:
        return
    for tier in rules.tiers:
        if tier not in desk.tiers:
            yield Remark("warning", "tier-not-staffed", "staffing",
                         f"the policy has the tier {tier} and the desk has not; nothing can go there")  # fmt: skip
    for tier in desk.tiers:
        if tier not in rules.tiers:
            yield Remark("note", "tier-unknown", f"staffing.{tier}",
                         f"the policy has no tier {tier}: nothing is sent there")  # fmt: skip
    for what, names, seen in (
        ("priority", model.priorities, {flow.priority for flow in drawn}),
        ("plan", model.plans, {flow.plan for flow in drawn}),
    ):
        for name in names:
            if name not in seen:
                yield Remark("note", f"{what}-never-drawn", "categories" if what == "priority" else "plans",
                             f"no ticket has the {what} {name} of the policy")  # fmt: skip
    yield from _in_vain(model, drawn)


def _in_vain(model: DeskModel, drawn: list[Flow]) -> Iterator[Remark]:
    work, seen = model.desk.work, {flow.priority for flow in drawn}
    named = {"work.preempts": work.preempts, "work.pace": list(work.pace)}
    if work.war_room is not None:
        named["work.war_room.priorities"] = work.war_room.priorities
    for where, names in named.items():
        for name in names:
            if name not in seen:
                yield Remark("note", "in-vain", where, f"it names {name}, and no ticket has that priority")
    categories = {flow.category for flow in drawn}
    for name in model.desk.categories:
        if name not in categories:
            yield Remark("note", "category-never-drawn", f"categories.{name}", "no ticket is of this category")
    if work.preempts and len(seen) == 1:
        yield Remark("note", "in-vain", "work.preempts", "there is but one priority, and nothing to break off for it")


def names_in_the_audit(model: DeskModel, policy: Policy) -> Iterator[Remark]:
    """Say which names the audit would look for in vain: it alone asks for duties and for the policy's categories."""
    desk, vocabulary = model.desk, policy.doc.vocabulary
    for name, one in desk.categories.items():
        if one.counts_as is not None and one.counts_as not in policy.categories:
            yield _unknown(f"categories.{name}.counts_as", "category", one.counts_as, policy.categories)
    duties = {"any", *(rule.id for rule in policy.rules), *vocabulary.acts, *vocabulary.contents}
    for name in desk.behaviour.duties:
        if name not in duties:
            yield _unknown(f"behaviour.duties.{name}", "rule, act or content", name, duties)


def _unknown(where: str, what: str, name: str, legal: Collection[str]) -> Remark:
    return Remark("error", "unknown-name", where, f'the policy has no {what} "{name}"{nearest(name, legal)}')


def unused(model: DeskModel) -> Iterator[Remark]:
    """Say which shifts nobody works, and which quiet days lie outside the run."""
    desk = model.desk
    worked = {group.shift for staffing in desk.staffing.values() for group in staffing.groups}
    for name in desk.shifts:
        if name not in worked:
            yield Remark("note", "in-vain", f"shifts.{name}", "nobody works this shift")
    first = desk.period.first_day - timedelta(weeks=desk.period.warm_up_weeks)
    last = desk.period.last_day
    outside = [day for day in desk.demand.quiet_days.dates if not first <= day <= last]
    if outside:
        days = "a day that is" if len(outside) == 1 else f"{len(outside)} days that are"
        yield Remark("note", "in-vain", "demand.quiet_days.dates", f"it names {days} outside the run")
