"""A month's figures, each a function of the ticket table and the visit table.

Which tickets a figure counts:

- *tickets* are those opened in the period;
- an *escalation* is counted when it happens, by where it leads: to T2, to T3 (from T1 or T2), to management; one to
  security or compliance is no part of that sum and stands on a line of its own;
- the *escalated ticket share* is that of the tickets opened in the period which were escalated by its end, once or
  more often; a ticket of before that is escalated in it counts for the escalations only;
- a *de-escalation* is a return as premature or as less urgent, counted when it happens; what is handed back because it
  is solved, for an answer of the customer, or with a workaround is none, and stands beside them as a *hand-back*;
- compliance, durations and satisfaction count the tickets *resolved* in the period, whenever they were opened;
- waits count the stays that an agent began in the period; utilisation is work done in the period ÷ open time of the
  people there (the ordinary queue of T3; its engineer on call stands beside it, in hours);
- the backlog is what is unresolved when the period ends.

A share of nothing (no ticket resolved, nobody on shift) is not-a-number here and ``null`` in JSON.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.codes import BACK_BY_AGREEMENT, DE_ESCALATIONS, ESCALATIONS, Entry, Fate
from simulator.desk import Desk
from simulator.model import DeskModel
from simulator.openhours import Floats
from simulator.roster import DAY
from simulator.tables import Run, Table, priorities_then, solved_at

FIGURES: Final[Mapping[str, str]] = {
    "tickets": "tickets",
    "escalations": "escalations",
    "escalation_rate": "share",
    "escalated_ticket_share": "share",
    "escalations_elsewhere": "escalations",
    "deescalations": "de-escalations",
    "deescalation_rate": "share",
    "escalation_resolution_hours": "hours",
    "escalation_resolution_elapsed_hours": "hours",
    "escalation_resolution_ratio": "ratio",
    "resolution_hours": "hours",
    "sla_compliance": "share",
    "first_response_compliance": "share",
    "resolution_compliance": "share",
    "csat": "points of 5",
    "on_call_hours": "hours",
    "overtime_hours": "hours",
    "abandoned": "tickets",
    "closed_unanswered": "tickets",
    "reopened": "tickets",
    "cost": "money",
    "backlog_end": "tickets",
}
"""Unit of each figure that every desk has; one whose tiers hand tickets back has ``hand_backs`` too. By tier there are
``wait_TIER_minutes``, ``utilisation_TIER`` and ``escalations_FROM_TO`` (from the tier below; from the top to
management), by category ``escalations_CATEGORY``."""

_TOLERANCE: Final = 1e-6  # minutes; a target met to the instant is met, whatever the last bit says
_NAN: Final = math.nan


def metric_units(desk: Desk) -> dict[str, str]:
    """Return the names of a desk's figures, in order, with their units."""
    tiers = [tier.lower() for tier in desk.tiers]
    units = dict(list(FIGURES.items())[:4])
    units |= {f"escalations_{low}_{high}": "escalations" for low, high in pairwise([*tiers, "management"])}
    units |= dict(list(FIGURES.items())[4:7])
    if any(desk.work_of(tier).hands_back is not None for tier in range(len(tiers))):
        units["hand_backs"] = "hand-backs"
    units |= dict(list(FIGURES.items())[7:15])
    units |= {f"wait_{tier}_minutes": "minutes" for tier in tiers}
    units |= {f"utilisation_{tier}": "share" for tier in tiers}
    units |= dict(list(FIGURES.items())[15:])
    return units | {f"escalations_{name}": "escalations" for name in desk.categories}


def month_metrics(run: Run) -> dict[str, float]:
    """Return the figures of the measured period of one run, by name (see :func:`metric_units`)."""
    model, tickets, visits = run.model, run.tickets, run.visits
    start, end = run.period
    new = _inside(tickets["opened"], start, end)
    opened = int(np.count_nonzero(new))
    ended = tickets[(tickets["resolved"] >= start) & (tickets["resolved"] < end)]
    done = ended[np.isin(ended["fate"], (Fate.SOLVED, Fate.SOLVED_TOGETHER))]
    upward = visits[np.isin(visits["entry"], ESCALATIONS)]
    counted = (upward["place"] < model.tiers) | np.isin(upward["place"], model.management)
    recent = (upward["entered"] >= start) & (upward["entered"] < end)
    elsewhere, upward, now_up = upward[recent & ~counted], upward[counted], upward[recent & counted]
    lately = visits["entry"][(visits["entered"] >= start) & (visits["entered"] < end)]
    back = np.isin(lately, DE_ESCALATIONS)
    in_time = done["responded"] <= done["response_due"] + _TOLERANCE
    solved_in_time = (done["resolved"] <= done["resolution_due"] + _TOLERANCE) & (done["breached_before"] == 0)
    escalations = len(now_up)
    figures = {
        "tickets": float(opened),
        "escalations": float(escalations),
        "escalation_rate": _ratio(escalations, opened),
        "escalated_ticket_share": _ratio(int(np.count_nonzero(new[np.unique(now_up["ticket"])])), opened),
        **_by_tier(model, now_up),
        "escalations_elsewhere": float(len(elsewhere)),
        "deescalations": float(np.count_nonzero(back)),
        "deescalation_rate": _ratio(int(np.count_nonzero(back)), escalations),
        "hand_backs": float(np.count_nonzero(np.isin(lately, BACK_BY_AGREEMENT))),
        **_durations(model, tickets, done, upward, solved_at(visits, tickets)),
        "sla_compliance": _mean(in_time & solved_in_time),
        "first_response_compliance": _mean(in_time),
        "resolution_compliance": _mean(solved_in_time),
        "csat": _mean(ended["csat"][~np.isnan(ended["csat"])]),
        **_work(run, start, end),
        "abandoned": float(np.count_nonzero(np.isin(ended["fate"], (Fate.GAVE_UP, Fate.QUEUE_FULL)))),
        "closed_unanswered": float(np.count_nonzero(ended["fate"] == Fate.CLOSED)),
        "reopened": float(
            np.count_nonzero((visits["entry"] == Entry.REOPENED) & _inside(visits["entered"], start, end))
        ),
        "backlog_end": float(np.count_nonzero(tickets["fate"] == Fate.OPEN)),
    }
    figures["cost"] = _cost(run, done, ~solved_in_time, figures)
    figures = {name: figures[name] for name in metric_units(model.desk) if name in figures}
    by_category = np.bincount(tickets["category"][now_up["ticket"]], minlength=len(model.categories))
    for name, count in zip(model.categories, by_category, strict=True):
        figures[f"escalations_{name}"] = float(count)
    return figures


def _durations(model: DeskModel, tickets: Table, done: Table, upward: Table, solved: Floats) -> dict[str, float]:
    """Return the mean times to resolution, in hours: from the first escalation, and from the opening."""
    first = np.full(len(tickets), np.inf)
    np.minimum.at(first, upward["ticket"], upward["entered"])
    escalated = done[np.isfinite(first[done["ticket"]])]
    since, until = first[escalated["ticket"]], solved[escalated["ticket"]]
    on_clock = np.zeros(len(escalated))
    usual = np.zeros(len(escalated))
    for index, kinds in enumerate(model.kinds):
        severe = escalated["priority"] == index
        for plan, kind in enumerate(kinds):
            mine = severe & (escalated["plan"] == plan)
            on_clock[mine] = kind.hours.between(since[mine], until[mine])
        if severe.any():
            usual[severe] = done["resolution_minutes"][done["priority"] == index].mean()
    return {
        "escalation_resolution_hours": _mean(on_clock) / 60,
        "escalation_resolution_elapsed_hours": _mean(until - since) / 60,
        "escalation_resolution_ratio": _ratio(float(on_clock.sum()), float(usual.sum())),
        "resolution_hours": _mean(done["resolution_minutes"]) / 60,
    }


def _by_tier(model: DeskModel, upward: Table) -> dict[str, float]:
    """Return the escalations to each tier above the first, and to management."""
    tiers = [tier.lower() for tier in model.desk.tiers]
    counts = [float(np.count_nonzero(upward["place"] == place)) for place in range(1, model.tiers)]
    counts.append(float(np.count_nonzero(upward["place"] >= model.tiers)))
    pairs = pairwise([*tiers, "management"])
    return {f"escalations_{low}_{high}": count for (low, high), count in zip(pairs, counts, strict=True)}


def _work(run: Run, start: float, end: float) -> dict[str, float]:
    """Return the mean wait in each tier (minutes of its calendar) and how busy its people were."""
    model, tickets, visits = run.model, run.tickets, run.visits
    always = np.array([[kind.around_the_clock for kind in kinds] for kinds in model.kinds])
    around = always[priorities_then(visits, tickets), tickets["plan"][visits["ticket"]]]
    called = np.array([staff.on_call > 0 for staff in model.staff])
    found: dict[str, float] = {}
    usual = visits[(visits["place"] < model.tiers)]
    usual = usual[~(around[visits["place"] < model.tiers] & called[usual["place"]])]
    begun = usual[_inside(usual["began"], start, end)]
    for tier, name in enumerate(model.desk.tiers):
        mine = begun[begun["place"] == tier]
        waits = model.staff[tier].hours.between(mine["available"], mine["began"])
        found[f"wait_{name.lower()}_minutes"] = _mean(waits)
    work = worked(run, start, end)
    for tier, name in enumerate(model.desk.tiers):
        here = [n for n, worker in enumerate(run.agents) if worker.tier == tier and not worker.on_call]
        # The same hours again and again are counted once.
        there = Counter(id(run.agents[n].hours) for n in here)
        hours = {id(run.agents[n].hours): run.agents[n].hours for n in here}
        staffed = sum(count * hours[key].minutes_between(start, end) for key, count in there.items())
        found[f"utilisation_{name.lower()}"] = _ratio(float(work.inside[here].sum()), staffed)
    on_call = [n for n, worker in enumerate(run.agents) if worker.on_call]
    found["on_call_hours"] = float(work.inside[on_call].sum()) / 60
    found["overtime_hours"] = float(work.beyond.sum()) / 60
    return found


@dataclass(frozen=True, slots=True)
class Worked:
    """Minutes worked by each agent in the period, within their hours and beyond them; arrays of shape (agents,)."""

    inside: Floats
    beyond: Floats


def worked(run: Run, start: float, end: float) -> Worked:
    """Return how long each agent worked in ``[start, end)``."""
    spells, agents = run.spells, run.agents
    since, until = np.clip(spells["began"], start, end), np.clip(spells["ended"], start, end)
    inside, beyond = np.zeros(len(agents)), np.zeros(len(agents))
    groups = np.array([id(worker.hours) for worker in agents], np.int64)
    of_group = groups[spells["agent"]] if len(agents) else np.empty(0, np.int64)
    for key, hours in {id(worker.hours): worker.hours for worker in agents}.items():
        mine = of_group == key
        minutes = hours.between(since[mine], until[mine])
        who = spells["agent"][mine]
        inside += np.bincount(who, minutes, minlength=len(agents))
        tier = np.array([run.model.staff[worker.tier].at_shift_end == "finish" for worker in agents])[who]
        # Work that goes on beyond the shift is overtime only where the desk says so; elsewhere it waits.
        closes = hours.add_all(since[mine], np.maximum(minutes, 1e-9))
        over = np.where(
            tier & (until[mine] > closes + 1e-6) & (until[mine] - since[mine] < DAY), until[mine] - closes, 0.0
        )
        beyond += np.bincount(who, over, minlength=len(agents))
    return Worked(inside, beyond)


def _cost(run: Run, done: Table, late: npt.NDArray[np.bool_], figures: Mapping[str, float]) -> float:
    """Return what the period costs: people at work, on call, overtime, and credits for missed targets."""
    model, costs = run.model, run.model.desk.costs
    start, end = run.period
    total = costs.on_call_hour * sum(staff.on_call for staff in model.staff) * (end - start) / 60
    for tier, name in enumerate(model.desk.tiers):
        hour = costs.hour.get(name, 0.0)
        if hour:
            there = sum(w.hours.minutes_between(start, end) for w in run.agents if w.tier == tier and not w.on_call)
            total += hour * there / 60
    usual = max(costs.hour.values(), default=0.0)
    total += figures["overtime_hours"] * usual * costs.overtime_factor
    credit = np.array([costs.credit.get(plan, 0.0) for plan in model.plans])
    return float(total + credit[done["plan"][late]].sum())


def _inside(instants: Floats, start: float, end: float) -> npt.NDArray[np.bool_]:
    return (instants >= start) & (instants < end)


def _mean(values: npt.NDArray[np.bool_] | Floats) -> float:
    return float(values.mean()) if len(values) else _NAN


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else _NAN
