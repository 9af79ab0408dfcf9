"""From a desk and a policy to a report: which days are played, how often, and what is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from policy.errors import InputError
from simulator.desk import Desk
from simulator.experiment import MAX_REPLICATIONS, Progress
from simulator.model import compile_model
from simulator.report.gathering import gather
from simulator.report.model import Report
from simulator.report.monthly import monthly_report
from simulator.report.subject import Subject
from simulator.report.windows import Window, months_in, with_months
from simulator.run import run_once

if TYPE_CHECKING:
    from policy import Policy

Which = Literal["monthly"]
REPLICATIONS: Final = 100
"""Plays of a report, where nobody says how many: enough for limits that leave out the most extreme ones."""
_MONTH_DAYS: Final = range(28, 32)


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of a report: which one, over how many months, and how often each is played.

    ``months`` ``None`` plays the desk's own period. ``replication`` is the play that is looked at closely, ``changes``
    is what was changed for the report, as it was written.
    """

    which: Which = "monthly"
    months: int | None = None
    week: str | None = None
    replications: int = REPLICATIONS
    seed: int = 0
    replication: int = 0
    workers: int | None = 1
    changes: tuple[str, ...] = ()


def make_report(policy: Policy, desk: Desk, order: Order, progress: Progress | None = None) -> Report:
    """Return a report on a desk under a policy.

    Raises:
        InputError: a number out of range, a week outside the period, or a desk that does not fit the policy.
    """
    from policy import Rulebook  # noqa: PLC0415  (the rulebook brings a template engine with it)
    from policy.compiled import DeskRules  # noqa: PLC0415

    if not 1 <= order.replications <= MAX_REPLICATIONS:
        raise InputError(f"--replications: found {order.replications}; expected 1 to {MAX_REPLICATIONS}")
    if not 0 <= order.replication < order.replications:
        raise InputError(
            f"--replication: found {order.replication}; the {order.replications} that are played are 0 to "
            f"{order.replications - 1}"
        )
    if order.months is not None:
        desk = with_months(desk, order.months)
    rules = DeskRules(Rulebook(policy))
    model = compile_model(desk, rules)
    windows, word = months_in(model), "month"
    if _days(windows[-1]) not in _MONTH_DAYS:
        word = "period"
    gathered = gather(model, windows, order.seed, order.replications, order.workers, progress)
    run = run_once(model, None, order.seed, order.replication)
    subject = Subject(policy, rules, model, gathered, run, order.seed, order.changes, word)
    return monthly_report(subject)


def _days(window: Window) -> int:
    return (window.last - window.first).days + 1
