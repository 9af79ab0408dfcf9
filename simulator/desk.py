"""The desk file: who works when, what comes in, how people work, and how it is checked on the way in.

A desk says how a desk *behaves*; what it *owes* (timers, targets, routes, calendars) is the policy's. Every key is
documented in ``docs/desk.md`` with unit, default and source.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from policy.durations import parse_duration
from policy.errors import InputError
from policy.yaml_source import apply_sets, load_yaml, nearest, validate

TIERS: Final = ("T1", "T2", "T3")
"""The tiers of technical ownership, lowest first."""

_FOLDER: Final = Path(__file__).parent / "desks"
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _minutes(value: Any) -> float:
    """Return a duration with its unit (``"8m"``, ``"1.5h"``) as minutes."""
    try:
        duration = parse_duration(value)
    except InputError as error:
        raise ValueError(str(error)) from None
    if duration.business_days:
        raise ValueError(f"found {value!r}; expected minutes or hours of work, such as 45m or 6h")
    return duration.amount


def _day(value: Any) -> date:
    """Return an ISO date as a date."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"found {str(value)[:40]!r}; expected a date such as 2025-01-31") from None


Minutes = Annotated[float, BeforeValidator(_minutes)]
Day = Annotated[date, BeforeValidator(_day)]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=1e6)]
Factor = Annotated[float, Field(gt=0, le=1e6)]
Agents = Annotated[int, Field(ge=0, le=10_000)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")]
Label = Annotated[str, Field(min_length=1, max_length=200)]


class Part(BaseModel):
    """Common to every part: unknown keys and loose types are errors, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Period(Part):
    """The days that are measured (UTC), after whole weeks that only fill the desk."""

    first_day: Day
    last_day: Day
    warm_up_weeks: Annotated[int, Field(ge=0, le=520)] = 2

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.last_day < self.first_day:
            raise ValueError(f"last_day {self.last_day} lies before first_day {self.first_day}")
        if (self.last_day - self.first_day).days > 366 * 20:
            raise ValueError("a period is at most 20 years")
        return self


class QuietDays(Part):
    """Dates on which fewer tickets come than the weekday would bring."""

    factor: Share
    dates: list[Day] = []


Hourly = Annotated[list[Weight], Field(min_length=24, max_length=24)]


class Week(Part):
    """Relative arrival rate of each hour of the week (UTC): 24 numbers a day; only their proportions count."""

    mon: Hourly
    tue: Hourly
    wed: Hourly
    thu: Hourly
    fri: Hourly
    sat: Hourly
    sun: Hourly

    def weights(self) -> list[float]:
        """Return the 168 weights, Monday 00:00 first."""
        return [weight for day in _WEEKDAYS for weight in getattr(self, day)]


class Demand(Part):
    """When tickets come; how many is ``calibrated.tickets_per_week``."""

    hour_weights: Week
    quiet_days: QuietDays = QuietDays(factor=1.0)


class Category(Part):
    """A kind of ticket: its share, its priorities, and which tier can really solve it.

    ``beyond_T1`` is the share that Tier 1 cannot solve; ``beyond_T2`` the share of those that Tier 2 cannot solve
    either; ``beyond_T3`` the share of those that nobody can solve by technical means. ``effort`` multiplies the
    length of its pieces of work.
    """

    label: Label
    share: Weight
    priorities: Annotated[dict[Name, Weight], Field(min_length=1)]
    beyond_T1: Share
    beyond_T2: Share
    beyond_T3: Share
    effort: Factor = 1.0


class Staffing(Part):
    """How many people a tier has while its calendar is open."""

    agents: Agents


class TopStaffing(Staffing):
    """The top tier: ``on_call`` engineers take what runs around the clock, ``agents`` the ordinary queue."""

    on_call: Agents = 1


class StaffByTier(Part):
    """The people of each tier."""

    T1: Staffing
    T2: Staffing
    T3: TopStaffing


class Time(Part):
    """A length of work, log-normal: its mean and its coefficient of variation (0 = always the mean)."""

    mean: Minutes
    cv: Annotated[float, Field(ge=0, le=5)] = 0.7


class TierWork(Part):
    """How a tier works on a ticket.

    It reads and checks (``checks``, the first fact established), then either works piece by piece, each ending with
    progress, the last with the solution, or comes to see (``recognition``) that the ticket is beyond it.
    """

    checks: Time
    piece: Time
    pieces: Annotated[float, Field(ge=1, le=6)]
    recognition: Time
    handoff: Time


class Work(Part):
    """How long things take. ``pace`` multiplies the pieces of work of a priority: 0.5 is twice as fast."""

    first_response: Time
    T1: TierWork
    T2: TierWork
    T3: TierWork
    pace: dict[Name, Factor] = {}
    easier: Annotated[float, Field(gt=0, le=1)] = 1.0
    ask_for_help: Time
    paging: Time
    management_decision: Time


class Behaviour(Part):
    """Slips and habits, as shares."""

    code_change_seen_in_T1: Share = 0.0
    updates_forgotten: Share = 0.0


class Satisfaction(Part):
    """Points of 5 lost by a customer whose wait, time, updates or outcome were as bad as can be."""

    wait: Weight
    time: Weight
    missed_updates: Weight
    late: Weight


class Calibrated(Part):
    """The free parameters, set by ``benchmarks/calibrate.py`` and by nothing else."""

    tickets_per_week: Weight
    beyond_T1_odds: Factor = 1.0
    beyond_T2_odds: Factor = 1.0
    beyond_T3_odds: Factor = 1.0
    premature: Share = 0.0
    T1_work: Factor = 1.0
    upper_work: Factor = 1.0
    dissatisfaction: Weight = 1.0


class Desk(Part):
    """A whole desk, validated."""

    name: Name
    title: Label
    period: Period
    demand: Demand
    plans: Annotated[dict[Name, Weight], Field(min_length=1)]
    categories: Annotated[dict[Name, Category], Field(min_length=1)]
    staffing: StaffByTier
    work: Work
    behaviour: Behaviour
    satisfaction: Satisfaction
    calibrated: Calibrated
    reference: dict[Name, float] = {}

    @field_validator("plans")
    @classmethod
    def _some_plan(cls, plans: dict[str, float]) -> dict[str, float]:
        if not math.fsum(plans.values()) > 0:
            raise ValueError("the shares of the plans add up to nothing")
        return plans

    @field_validator("categories")
    @classmethod
    def _some_category(cls, categories: dict[str, Category]) -> dict[str, Category]:
        if not math.fsum(category.share for category in categories.values()) > 0:
            raise ValueError("the shares of the categories add up to nothing")
        for name, category in categories.items():
            if not math.fsum(category.priorities.values()) > 0:
                raise ValueError(f"the shares of the priorities of {name} add up to nothing")
        return categories

    def work_of(self, tier: int) -> TierWork:
        """Return how tier 0, 1 or 2 works."""
        return (self.work.T1, self.work.T2, self.work.T3)[tier]


def list_desks() -> list[str]:
    """Return the names of the desks that come with the program."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_desk(ref: str | Path = "january_2025", sets: Mapping[str, str] | None = None) -> Desk:
    """Load a desk by name or file, with ``--set`` changes (paths without the leading ``desk.``).

    Raises:
        InputError: no such desk or file, or the first thing wrong in it, with file, line and key.
    """
    path = desk_path(ref)
    shown = path.name if path.parent == _FOLDER else str(path)
    return validate(Desk, apply_sets(load_yaml(path, name=shown), dict(sets or {}), prefix="desk."))


def desk_path(ref: str | Path) -> Path:
    """Return the file of a desk named by name or path.

    Raises:
        InputError: a bare name that no desk of the program has, and no file either.
    """
    path = Path(ref)
    if isinstance(ref, str) and (_FOLDER / f"{ref}.yaml").is_file():
        return _FOLDER / f"{ref}.yaml"
    if not path.suffix and len(path.parts) <= 1 and not path.exists():
        raise InputError(f'there is no desk "{str(ref)[:60]}"{nearest(str(ref), list_desks())}')
    return path


TierName = Literal["T1", "T2", "T3"]
