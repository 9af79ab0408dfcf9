"""From a desk and a policy to a report: which days are played, how often, and what is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from policy.errors import InputError
from simulator.desk import Desk
from simulator.experiment import MAX_REPLICATIONS, Progress
from simulator.model import DeskModel, compile_model
from simulator.report.gathering import gather
from simulator.report.model import Report
from simulator.report.monthly import monthly_report
from simulator.report.subject import Subject
from simulator.report.windows import MOST_MONTHS, Window, months_in, months_of, week_in, whole, with_months
from simulator.run import run_once

if TYPE_CHECKING:
    from policy import Policy

Which = Literal["monthly", "weekly", "quarterly"]
REPLICATIONS: Final = 100
"""Plays of a report, where nobody says how many: enough for limits that leave out the most extreme ones."""
_MONTH_DAYS: Final = range(28, 32)
QUARTER: Final = 3
"""Months of a quarter."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of a report: which one, over how many months, and how often each is played.

    ``months`` ``None`` plays the desk's own period; ``week`` is an ISO week or a day in it (``None``: the last whole
    week). ``replication`` is the play that is looked at closely, ``changes`` is what was changed for the report, as it
    was written.
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
    own = desk.period
    months = QUARTER if order.months is None and order.which == "quarterly" and _short(desk) else order.months
    if order.which == "quarterly":
        _check_quarters(desk, months)
    if months is not None:
        desk = with_months(desk, months)
    rulebook = Rulebook(policy)
    rules = DeskRules(rulebook)
    model = compile_model(desk, rules)
    windows, word = _windows(model, order)
    gathered = gather(model, windows, order.seed, order.replications, order.workers, progress)
    run = run_once(model, None, order.seed, order.replication)
    real = desk.reference if order.which == "monthly" and len(windows) == 1 and desk.period == own else {}
    changed = bool(order.changes or policy.overlays)
    subject = Subject(policy, rules, model, gathered, run, order.seed, order.changes, word,
                      {} if changed else real, changed and bool(real))  # fmt: skip
    if order.which == "weekly":
        from simulator.report.weekly import weekly_report  # noqa: PLC0415  (what only one report needs)

        return weekly_report(subject, rulebook)
    if order.which == "quarterly":
        from simulator.report.quarterly import quarterly_report  # noqa: PLC0415  (as above)
        from simulator.report.staffing import one_more  # noqa: PLC0415

        return quarterly_report(subject, one_more(desk, rules, gathered, order.seed, order.workers, progress))
    return monthly_report(subject)


def _windows(model: DeskModel, order: Order) -> tuple[tuple[Window, ...], str]:
    """Return the days that are counted, what is reported on last, and what that is called."""
    if order.which == "weekly":
        return (week_in(model, order.week),), "week"
    months = months_in(model)
    if order.which == "quarterly":
        return (*months, whole(model)), "quarter" if len(months) == QUARTER else "period"
    return months, "month" if _days(months[-1]) in _MONTH_DAYS else "period"


def _check_quarters(desk: Desk, months: int | None) -> None:
    """Take care that a quarterly sheet is of whole quarters.

    Raises:
        InputError: it would be of other months.
    """
    expected = f"a quarterly sheet is of {QUARTER} months, or of a multiple of them"
    if months is not None and months % QUARTER:
        raise InputError(f"--months: found {months}; {expected}")
    if months is None:
        period = desk.period
        quarters = (months_of(period.first_day, number) for number in range(QUARTER, MOST_MONTHS + 1, QUARTER))
        if period.last_day not in quarters:
            raise InputError(
                f"--quarterly: the period of the desk, {period.first_day} to {period.last_day}, is something else: "
                f"{expected}; say how many with --months"
            )


def _short(desk: Desk) -> bool:
    """Return whether a desk's own period is too short to plan a quarter by."""
    return (desk.period.last_day - desk.period.first_day).days + 1 <= _MONTH_DAYS[-1]


def _days(window: Window) -> int:
    return (window.last - window.first).days + 1
