"""The desk file as a whole: what its parts have to agree on."""

from __future__ import annotations

import hashlib
import math
from typing import Annotated, Final

from pydantic import Field, field_validator, model_validator

from simulator.desk.agreement import (
    helpers_from_above,
    names_of_its_own,
    signals_at_most_one,
    somebody_to_hand_back_to,
    tickets_come_to_an_end,
)
from simulator.desk.conduct import Behaviour, Calibrated, Costs, Customers, Satisfaction
from simulator.desk.demand import Category, Demand, Period
from simulator.desk.people import People, Shift, Staffing
from simulator.desk.signals import Signal
from simulator.desk.values import Label, Name, Part, Weight
from simulator.desk.work import TierWork, Work

MOST_TIERS: Final = 20


class Desk(Part):
    """A whole desk, validated. The tiers are those of ``staffing``, lowest first."""

    name: Name
    title: Label
    period: Period
    demand: Demand
    plans: dict[Name, Weight] = {}
    categories: dict[Name, Category] = {}
    signals: dict[Name, Signal] = {}
    staffing: Annotated[dict[Name, Staffing], Field(min_length=1, max_length=MOST_TIERS)]
    shifts: dict[Name, Shift] = {}
    people: People = People()
    work: Work = Field(default_factory=Work.usual)
    behaviour: Behaviour = Behaviour()
    customers: Customers = Customers()
    satisfaction: Satisfaction = Satisfaction()
    costs: Costs = Costs()
    backlog: dict[Name, Annotated[int, Field(ge=0, le=100_000)]] = {}
    calibrated: Calibrated = Calibrated()
    reference: dict[Name, float] = {}

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers of technical ownership, lowest first."""
        return tuple(self.staffing)

    @property
    def digest(self) -> str:
        """What identifies the desk: SHA-256 of all it says, with its defaults and what its log says (hexadecimal)."""
        log = self.demand.log
        content = self.model_dump_json() + ("" if log is None else log.rows.digest)
        return hashlib.sha256(content.encode()).hexdigest()

    def work_of(self, tier: int) -> TierWork:
        """Return how a tier, by its place, works."""
        return self.work.of(self.tiers[tier])

    @field_validator("plans")
    @classmethod
    def _some_plan(cls, plans: dict[str, float]) -> dict[str, float]:
        if plans and not math.fsum(plans.values()) > 0:
            raise ValueError("the shares of the plans add up to nothing")
        return plans

    @field_validator("categories")
    @classmethod
    def _some_category(cls, categories: dict[str, Category]) -> dict[str, Category]:
        if categories and not math.fsum(category.share for category in categories.values()) > 0:
            raise ValueError("the shares of the categories add up to nothing")
        for name, category in categories.items():
            if not math.fsum(category.priorities.values()) > 0:
                raise ValueError(f"the shares of the priorities of {name} add up to nothing")
        return categories

    @model_validator(mode="after")
    def _no_factor_on_a_log(self) -> Desk:
        if self.demand.log is not None and self.calibrated.demand != 1.0:
            raise ValueError("calibrated.demand is a factor on tickets_per_week, and a log is replayed; leave it out")
        return self

    @model_validator(mode="after")
    def _agrees(self) -> Desk:
        names_of_its_own(self)
        signals_at_most_one(self)
        helpers_from_above(self)
        tickets_come_to_an_end(self)
        somebody_to_hand_back_to(self)
        return self
