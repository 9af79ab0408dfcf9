"""A month at a small desk and its audit, made once for all tests that ask about it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from policy import Rulebook, load_policy
from policy.compiled import DeskRules
from simulator import Run, load_desk, run_once
from simulator.audit import Audit, Logs, act_name, audit, logs_of

DATA = Path(__file__).parent / "data"
KEPT = {
    f"behaviour.{slip}": "0"
    for slip in (
        "updates_forgotten", "premature", "late_recognition", "wrong_destination", "incomplete_handoff",
        "wrong_priority",
    )
}  # fmt: skip
FREE = {f"staffing.{tier}.agents": "unlimited" for tier in ("T1", "T2", "T3")}
SMALL = {
    "period.warm_up_weeks": "0", "demand.tickets_per_week": "70", "work.update": "3m", "work.preempts": "[P1]",
    "categories.hard.counts_as": "bug_report", "categories.easy.counts_as": "configuration",
    "categories.hard.priorities": "{P1: 3, P2: 3, P3: 4, P4: 1}",
    "categories.hard.beyond": "{T1: 0.6, T2: 0.6, T3: 0.3}",
    "work.pace.P1": "1.0",
}  # fmt: skip


@cache
def book(*changes: tuple[str, str]) -> Rulebook:
    return Rulebook(load_policy(sets=dict(changes)))


@cache
def rules(*changes: tuple[str, str]) -> DeskRules:
    return DeskRules(book(*changes))


@cache
def month(*changes: tuple[str, str], seed: int = 1, policy: tuple[tuple[str, str], ...] = ()) -> Run:
    desk = load_desk(DATA / "desk_small.yaml", SMALL | KEPT | FREE | dict(changes))
    return run_once(desk, rules(*policy), seed, 0)


@cache
def logs(*changes: tuple[str, str], seed: int = 1) -> Logs:
    return logs_of(month(*changes, seed=seed), book())


@cache
def audited(*changes: tuple[str, str], seed: int = 1) -> Audit:
    return audit(month(*changes, seed=seed), book(), logs=logs(*changes, seed=seed))


def told(found: Audit) -> list[str]:
    return [f"{one.ticket} {act_name(one.act)}: {one.slip}, {one.rules}" for one in found.missed]
