"""The desk file as a whole: what its parts have to agree on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection
from typing import Annotated, Final

from pydantic import Field, field_validator, model_validator

from policy.yaml_source import nearest
from simulator.desk.conduct import Behaviour, Calibrated, Costs, Customers, Satisfaction
from simulator.desk.demand import Category, Demand, Period
from simulator.desk.log import NOBODY
from simulator.desk.people import People, Shift, Staffing
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
    def _names_of_its_own(self) -> Desk:
        """Refuse a tier, a shift or a category that the desk itself does not have."""
        known: dict[str, Collection[str]] = {
            "tier": self.staffing, "shift": self.shifts, "category": self.categories
        }  # fmt: skip
        for where, kind, names in self._named():
            legal = known[kind]
            for name in names:
                if name not in legal:
                    raise ValueError(f'{where}: there is no {kind} "{name}"{nearest(name, legal)}')
        return self

    def _named(self) -> list[tuple[str, str, list[str]]]:
        found = [
            ("work", "tier", list(self.work.__pydantic_extra__ or {})),
            ("work.swarming", "tier", [*self.work.swarming, *self.work.swarming.values()]),
            ("work.war_room.people", "tier", list(self.work.war_room.people) if self.work.war_room else []),
            ("backlog", "tier", list(self.backlog)),
            ("costs.hour", "tier", list(self.costs.hour)),
            ("calibrated.beyond_odds", "tier", list(self.calibrated.beyond_odds)),
            ("calibrated.work", "tier", list(self.calibrated.work)),
            ("demand.outages.category", "category", [self.demand.outages.category] if self.demand.outages else []),
        ]
        if self.demand.log is not None:
            meant = {what: [n for n in self.demand.log.meant(what).values() if n] for what in ("category", "solved_by")}
            found.append(("demand.log.words.category", "category", meant["category"]))
            found.append(("demand.log.words.solved_by", "tier", [n for n in meant["solved_by"] if n != NOBODY]))
        for name, category in self.categories.items():
            found.append((f"categories.{name}.beyond", "tier", list(category.beyond)))
            found.append((f"categories.{name}.piece", "tier", list(category.piece)))
        for tier, staff in self.staffing.items():
            for number, group in enumerate(staff.groups):
                where = f"staffing.{tier}.groups[{number}]"
                found.append((f"{where}.shift", "shift", [group.shift] if group.shift else []))
                found.append((f"{where}.also", "tier", group.also))
                found.append((f"{where}.skills", "category", group.skills or []))
        return found
