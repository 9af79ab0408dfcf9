"""The lab's arithmetic: what can be changed, the two simulations, and the figures side by side. Knows no screens."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from policy import Policy, load_policy
from policy.errors import InputError
from simulator import Desk, SimulationResult, load_desk, simulate

DESK = "january_2025"
SEED = 1
"""Both months meet the same tickets with the same luck, so their difference is the change's and not chance's."""
MOST_MONTHS = 2_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Knob:
    """Something a manager can change: where it stands (as in ``--set``), what it is called, what it is now."""

    path: str
    label: str
    value: str
    people: bool = False


@dataclass(frozen=True, slots=True)
class Baseline:
    """The months of the desk as it is, and of which desk and procedure they are (the files may change meanwhile)."""

    result: SimulationResult
    policy_digest: str
    desk: Desk

    def fits(self, policy: Policy, desk: Desk, months: int) -> bool:
        """Return whether these are so many months of that desk under that policy."""
        return (self.result.replications, self.policy_digest, self.desk) == (months, policy.digest, desk)


@dataclass(frozen=True, slots=True)
class Row:
    """A figure side by side. Texts are ready to be shown; ``sign`` is ▲, ▼ or · (no clear change).

    ``share`` and ``before`` are the changed and the present value as shares of the bar's length, 0..1.
    """

    name: str
    label: str
    reference: str
    now: str
    changed: str
    difference: str
    sign: str
    share: float
    before: float


def knobs(policy: Policy, desk: Desk) -> tuple[Knob, ...]:
    """Return what the lab lets a manager change: the people of each tier, the tiers' timers, the update cadences."""
    found = [
        Knob(f"desk.staffing.{tier}.agents", f"{policy.label(tier)} people", str(people.agents), people=True)
        for tier, people in desk.staffing.items()
    ]
    top = desk.tiers[-1]
    found.append(Knob(f"desk.staffing.{top}.on_call", "On call", str(desk.staffing[top].on_call), people=True))
    for key, tier_ in policy.tiers.items():
        for name, words in (("no_progress", "no progress"), ("unresolved", "unresolved")):
            figure = getattr(tier_, name)
            if figure is not None:
                found.append(Knob(f"policy.tiers.{key}.{name}", f"{key} {words}", figure))
    for key, priority in policy.priorities.items():
        for name, figure in priority.every.items():
            if "update" in name and len(found) < 11:
                more = name.replace("_", " ").replace("customer ", "")
                found.append(Knob(f"policy.priorities.{key}.every.{name}", f"{key} {more}", figure))
    return tuple(found)


def run_months(
    ref: str,
    policy_sets: Mapping[str, str],
    desk_sets: Mapping[str, str],
    changes: Mapping[str, str],
    months: int,
    *,
    baseline: Baseline | None = None,
    progress: Progress | None = None,
) -> tuple[Baseline, SimulationResult]:
    """Return the months of the desk as it is and as changed; a ``baseline`` that still fits is used again.

    ``changes`` are values by path (``policy.…``, ``desk.…``). One process does all: an app runs in this one.

    Raises:
        InputError: a change that cannot be made, in words for the one who made it.
    """
    if not 2 <= months <= MOST_MONTHS:
        raise InputError(f"Months: found {months}; expected a whole number from 2 to {MOST_MONTHS:,}")
    policy_changes = {k.removeprefix("policy."): v for k, v in changes.items() if k.startswith("policy.")}
    desk_changes = {k.removeprefix("desk."): v for k, v in changes.items() if k.startswith("desk.")}
    # What is wrong with a change is said before a second is spent on the months.
    new_policy = load_policy(ref, {**policy_sets, **policy_changes})
    new_desk = load_desk(DESK, {**desk_sets, **desk_changes})
    policy, desk = load_policy(ref, policy_sets), load_desk(DESK, desk_sets)
    fresh = baseline is None or not baseline.fits(policy, desk, months)
    total = months * (int(fresh) + int(bool(changes)))

    def told(offset: int) -> Progress | None:
        return None if progress is None else lambda done, _: progress(offset + done, total)

    if baseline is None or fresh:
        result = simulate(policy, desk, replications=months, seed=SEED, workers=1, progress=told(0))
        baseline = Baseline(result, policy.digest, desk)
    if not changes:
        return baseline, baseline.result
    offset = months if fresh else 0
    changed = simulate(new_policy, new_desk, replications=months, seed=SEED, workers=1, progress=told(offset))
    return baseline, changed


_FIGURES = (
    ("tickets", "Tickets"),
    ("escalations", "Escalations"),
    ("escalations_t1_t2", "  to Tier 2"),
    ("escalations_t2_t3", "  to Tier 3"),
    ("escalations_t3_management", "  to management"),
    ("escalation_rate", "Escalation rate"),
    ("deescalations", "Sent back"),
    ("escalation_resolution_hours", "Escalated to solved"),
    ("sla_compliance", "SLA kept"),
    ("first_response_compliance", "First answer in time"),
    ("resolution_compliance", "Solved in time"),
    ("csat", "Satisfaction, of 5"),
    ("wait_t1_minutes", "Wait in Tier 1"),
    ("wait_t2_minutes", "Wait in Tier 2"),
    ("wait_t3_minutes", "Wait in Tier 3"),
    ("utilisation_t1", "Tier 1 busy"),
    ("utilisation_t2", "Tier 2 busy"),
    ("utilisation_t3", "Tier 3 busy"),
    ("on_call_hours", "On call at work"),
    ("backlog_end", "Open at the end"),
)


def rows(baseline: SimulationResult, changed: SimulationResult) -> tuple[Row, ...]:
    """Return the figures of a month side by side, with the paired difference and its 95 % interval."""
    difference = replace(changed, months=changed.months - baseline.months)
    result = []
    for name, label in _FIGURES:
        unit = baseline.units.get(name)
        if unit is None:
            continue
        now, new = baseline.estimate(name).mean, changed.estimate(name).mean
        reference = baseline.references.get(name)
        gap = difference.estimate(name)
        words, sign = _difference(gap.mean, gap.low, gap.high, unit)
        length = 1.0 if unit == "share" else max(filter(math.isfinite, (now, new)), default=1.0) * 1.1 or 1.0
        result.append(
            Row(
                name, label, "" if reference is None else _shown(reference, unit), _shown(now, unit),
                *((_shown(new, unit), words, sign) if changed is not baseline else ("", "", "")),
                _share(new, length), _share(now, length),
            )
        )  # fmt: skip
    return tuple(result)


def bar(row: Row, width: int) -> str:
    """Return a bar of ``#`` for the changed figure, with ``|`` where the present one ends."""
    filled, mark = round(row.share * width), min(width - 1, round(row.before * width))
    signs = ["#" if place < filled else "." for place in range(width)]
    signs[mark] = "|"
    return "".join(signs)


def _difference(mean: float, low: float, high: float, unit: str) -> tuple[str, str]:
    if not math.isfinite(mean):
        return "no figure", "·"
    if mean == 0 and low == high == 0:
        return "the same", "·"
    half = (high - low) / 2
    scale, digits = (100.0, 1) if unit == "share" else (1.0, _digits(unit))
    gap = round(mean * scale, digits) + 0.0  # no "-0.0"
    sure = math.isfinite(half) and not low <= 0 <= high and gap != 0
    margin = f" ± {half * scale:.{digits}f}" if math.isfinite(half) else ""
    words = f"{gap:+.{digits}f}{margin}{' pt' if unit == 'share' else ''}"
    return words, "·" if not sure else "▲" if mean > 0 else "▼"


def _shown(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return "none"
    if unit == "share":
        return f"{value * 100:.1f} %"
    tail = {"hours": " h", "minutes": " min"}.get(unit, "")
    return f"{value:.{_digits(unit)}f}{tail}"


def _digits(unit: str) -> int:
    return 2 if unit in ("points of 5", "ratio") else 1


def _share(value: float, length: float) -> float:
    return min(1.0, max(0.0, value / length)) if math.isfinite(value) else 0.0
