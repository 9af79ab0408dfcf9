"""A month's figures, each a function of the ticket table and the visit table.

Which tickets a figure counts:

- *tickets* are those opened in the period;
- an *escalation* is counted when it happens, by where it leads: to T2, to T3 (from T1 or T2), to management; one to
  security or compliance is no part of that sum and stands on a line of its own;
- a *de-escalation* is a return as premature, counted when it happens;
- compliance, durations and satisfaction count the tickets *resolved* in the period, whenever they were opened;
- waits count the stays that an agent began in the period; utilisation is work done in the period ÷ open time of the
  people there (the ordinary queue of T3; its engineer on call stands beside it, in hours);
- the backlog is what is unresolved when the period ends.

A share of nothing (no ticket resolved, nobody on shift) is not-a-number here and ``null`` in JSON.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.codes import ESCALATIONS, Entry
from simulator.desk import TIERS, Desk
from simulator.model import DeskModel
from simulator.openhours import Floats, OpenHours
from simulator.tables import Run, Table

UNITS: Final[Mapping[str, str]] = {
    "tickets": "tickets",
    "escalations": "escalations",
    "escalation_rate": "share",
    "escalated_ticket_share": "share",
    "escalations_t1_t2": "escalations",
    "escalations_t2_t3": "escalations",
    "escalations_t3_management": "escalations",
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
    "wait_t1_minutes": "minutes",
    "wait_t2_minutes": "minutes",
    "wait_t3_minutes": "minutes",
    "utilisation_t1": "share",
    "utilisation_t2": "share",
    "utilisation_t3": "share",
    "on_call_hours": "hours",
    "backlog_end": "tickets",
}
"""Unit of each figure; the escalations of each category of the desk follow as ``escalations_CATEGORY``."""

_TOLERANCE: Final = 1e-6  # minutes; a target met to the instant is met, whatever the last bit says
_NAN: Final = math.nan


def metric_units(desk: Desk) -> dict[str, str]:
    """Return the names of a desk's figures, in order, with their units."""
    return {**UNITS, **{f"escalations_{name}": "escalations" for name in desk.categories}}


def month_metrics(run: Run) -> dict[str, float]:
    """Return the figures of the measured period of one run, by name (see :data:`UNITS`)."""
    model, tickets, visits = run.model, run.tickets, run.visits
    start, end = run.period
    opened = int(np.count_nonzero((tickets["opened"] >= start) & (tickets["opened"] < end)))
    done = tickets[(tickets["resolved"] >= start) & (tickets["resolved"] < end)]
    upward = visits[np.isin(visits["entry"], ESCALATIONS)]
    counted = (upward["place"] < len(TIERS)) | np.isin(upward["place"], model.management)
    recent = (upward["entered"] >= start) & (upward["entered"] < end)
    elsewhere, upward, now_up = upward[recent & ~counted], upward[counted], upward[recent & counted]
    back = visits[(visits["entry"] == Entry.SENT_BACK) & (visits["entered"] >= start) & (visits["entered"] < end)]
    in_time = done["responded"] <= done["response_due"] + _TOLERANCE
    solved_in_time = done["resolved"] <= done["resolution_due"] + _TOLERANCE
    escalations = len(now_up)
    figures = {
        "tickets": float(opened),
        "escalations": float(escalations),
        "escalation_rate": _ratio(escalations, opened),
        "escalated_ticket_share": _ratio(len(np.unique(now_up["ticket"])), opened),
        "escalations_t1_t2": float(np.count_nonzero(now_up["place"] == 1)),
        "escalations_t2_t3": float(np.count_nonzero(now_up["place"] == 2)),
        "escalations_t3_management": float(np.count_nonzero(now_up["place"] >= len(TIERS))),
        "escalations_elsewhere": float(len(elsewhere)),
        "deescalations": float(len(back)),
        "deescalation_rate": _ratio(len(back), escalations),
        **_durations(model, tickets, done, upward),
        "sla_compliance": _mean(in_time & solved_in_time),
        "first_response_compliance": _mean(in_time),
        "resolution_compliance": _mean(solved_in_time),
        "csat": _mean(done["csat"]),
        **_work(model, tickets, visits, start, end),
        "backlog_end": float(np.count_nonzero(np.isnan(tickets["resolved"]))),
    }
    by_category = np.bincount(tickets["category"][now_up["ticket"]], minlength=len(model.categories))
    for name, count in zip(model.categories, by_category, strict=True):
        figures[f"escalations_{name}"] = float(count)
    return figures


def _durations(model: DeskModel, tickets: Table, done: Table, upward: Table) -> dict[str, float]:
    """Return the mean times to resolution, in hours: from the first escalation, and from the opening."""
    first = np.full(len(tickets), np.inf)
    np.minimum.at(first, upward["ticket"], upward["entered"])
    escalated = done[np.isfinite(first[done["ticket"]])]
    since = first[escalated["ticket"]]
    on_clock = np.zeros(len(escalated))
    usual = np.zeros(len(escalated))
    for index, kinds in enumerate(model.kinds):
        severe = escalated["priority"] == index
        for plan, kind in enumerate(kinds):
            mine = severe & (escalated["plan"] == plan)
            on_clock[mine] = kind.hours.between(since[mine], escalated["resolved"][mine])
        if severe.any():
            usual[severe] = done["resolution_minutes"][done["priority"] == index].mean()
    return {
        "escalation_resolution_hours": _mean(on_clock) / 60,
        "escalation_resolution_elapsed_hours": _mean(escalated["resolved"] - since) / 60,
        "escalation_resolution_ratio": _ratio(float(on_clock.sum()), float(usual.sum())),
        "resolution_hours": _mean(done["resolution_minutes"]) / 60,
    }


def _work(model: DeskModel, tickets: Table, visits: Table, start: float, end: float) -> dict[str, float]:
    """Return the mean wait in each tier (minutes of its calendar) and how busy its people were."""
    always = np.array([[kind.around_the_clock for kind in kinds] for kinds in model.kinds])
    around = always[tickets["priority"][visits["ticket"]], tickets["plan"][visits["ticket"]]]
    on_call = around & (visits["place"] == len(TIERS) - 1)
    waits: dict[str, float] = {}
    used: dict[str, float] = {}
    staffing = model.desk.staffing
    agents = (staffing.T1.agents, staffing.T2.agents, staffing.T3.agents)
    for tier, name in enumerate(TIERS):
        hours = model.tier_hours[tier]
        mine = visits[(visits["place"] == tier) & ~on_call]
        begun = mine[(mine["began"] >= start) & (mine["began"] < end)]
        waits[f"wait_{name.lower()}_minutes"] = _mean(hours.between(begun["available"], begun["began"]))
        staffed = agents[tier] * float(hours.between(start, end))
        used[f"utilisation_{name.lower()}"] = _ratio(_busy(hours, mine, start, end), staffed)
    called = _busy(model.always, visits[on_call], start, end) / 60
    return {**waits, **used, "on_call_hours": called}


def _busy(hours: OpenHours, stays: Table, start: float, end: float) -> float:
    """Return the open minutes of ``[start, end)`` in which an agent had one of these stays in hand."""
    begun = stays[~np.isnan(stays["began"])]
    since = np.clip(begun["began"], start, end)
    until = np.clip(np.where(np.isnan(begun["released"]), end, begun["released"]), start, end)
    return float(hours.between(since, until).sum())


def _mean(values: npt.NDArray[np.bool_] | Floats) -> float:
    return float(values.mean()) if len(values) else _NAN


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else _NAN
