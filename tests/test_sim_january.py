"""The baseline desk under the shipped procedure meets the January report (``docs/calibration.md``)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from policy import load_policy
from simulator import SimulationResult, load_desk, simulate

MONTHS = pytest.mark.parametrize("many", [150, pytest.param(400, marks=pytest.mark.heavy)], ids="{}-months".format)
SEED = 2  # no parameter was found with it

LARGEST_BIAS = {
    "tickets": 10.0,  # 2 % of 500
    "escalations": 4.25,  # 5 % of 85
    "escalations_t1_t2": 3.25,  # 5 % of 65
    "escalations_t2_t3": 0.75,  # 5 % of 15
    "escalations_t3_management": 0.5,  # of 5
    "deescalations": 0.5,  # of 3
    "escalation_resolution_hours": 0.21,  # 5 % of 4.2
    "sla_compliance": 0.01,  # one point of 94 %
    "csat": 0.1,  # of 4.5
}
"""What the mean of many months may be off the report, without any allowance for chance."""


@cache
def january(many: int) -> SimulationResult:
    return simulate(load_policy("secureai"), load_desk(), replications=many, seed=SEED)


@MONTHS
@pytest.mark.parametrize("name", LARGEST_BIAS)
def test_the_mean_is_januarys_figure(name: str, many: int) -> None:
    months, aim = january(many).month(name), january(many).references[name]
    assert abs(np.nanmean(months) - aim) <= LARGEST_BIAS[name]


@MONTHS
@pytest.mark.parametrize("name", [*LARGEST_BIAS, "escalation_rate", "deescalation_rate"])
def test_january_is_a_month_like_others(name: str, many: int) -> None:
    low, high = np.nanquantile(january(many).month(name), [0.05, 0.95])
    assert low <= january(many).references[name] <= high


@MONTHS
def test_escalations_by_category_are_januarys(many: int) -> None:
    for name, aim in january(many).references.items():
        if name.startswith("escalations_") and name not in LARGEST_BIAS:
            months = january(many).month(name)
            assert abs(months.mean() - aim) <= 4 * months.std(ddof=1) / np.sqrt(many) + 0.06 * aim, name


def test_one_line_of_policy_changes_the_month() -> None:
    slower = simulate(load_policy("secureai", {"tiers.T1.no_progress": "60m"}), load_desk(), replications=30, seed=SEED)
    fewer = january(150).month("escalations_t1_t2")[:30] - slower.month("escalations_t1_t2")
    assert fewer.mean() > 5
    assert (fewer > 0).mean() > 0.9
