"""What comes in: how many tickets, in which hours, on which days, and what they have in common."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, field_validator, model_validator

from simulator.desk.log import Log
from simulator.desk.values import Day, Factor, Minutes, Name, Part, Share, Time, Weight

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LONGEST_YEARS: Final = 200


class Period(Part):
    """The days that are measured (UTC), after whole weeks that only fill the desk."""

    first_day: Day
    last_day: Day
    warm_up_weeks: Annotated[int, Field(ge=0, le=520)] = 2

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.last_day < self.first_day:
            raise ValueError(f"last_day {self.last_day} lies before first_day {self.first_day}")
        if (self.last_day - self.first_day).days > 366 * LONGEST_YEARS:
            raise ValueError(f"a period is at most {LONGEST_YEARS} years")
        return self


class QuietDays(Part):
    """Dates on which fewer tickets come than the weekday would bring."""

    factor: Share
    dates: list[Day] = []


Hourly = Annotated[list[Weight], Field(min_length=24, max_length=24)]


def _office_day() -> list[float]:
    return [1.0 if 9 <= hour < 17 else 0.1 for hour in range(24)]


def _weekend_day() -> list[float]:
    return [0.1] * 24


class Week(Part):
    """Relative arrival rate of each hour of the week (UTC): 24 numbers a day; only their proportions count.

    A day that is left out has office hours from Monday to Friday, and is quiet at weekends.
    """

    mon: Hourly = Field(default_factory=_office_day)
    tue: Hourly = Field(default_factory=_office_day)
    wed: Hourly = Field(default_factory=_office_day)
    thu: Hourly = Field(default_factory=_office_day)
    fri: Hourly = Field(default_factory=_office_day)
    sat: Hourly = Field(default_factory=_weekend_day)
    sun: Hourly = Field(default_factory=_weekend_day)

    def weights(self) -> list[float]:
        """Return the 168 weights, Monday 00:00 first."""
        return [weight for day in WEEKDAYS for weight in getattr(self, day)]


class Outages(Part):
    """Causes that bring many tickets at once: ``per_year`` of them, ``tickets`` each, over ``within``.

    All their tickets are of one category and one priority, and are answered together as soon as one of them is solved.
    """

    per_year: Annotated[float, Field(ge=0, le=1000)]
    tickets: Annotated[float, Field(ge=1, le=1000)]
    within: Minutes
    category: Name
    priority: Name


def _either(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"required": ["tickets_per_week"]}, {"required": ["log"]}]
    del schema["properties"]["tickets_per_week"]["default"]  # it is there only beside a log


class Demand(Part):
    """How many tickets come, and when: by rates and chance, or as a log has them.

    ``day_to_day`` is the coefficient of variation of a whole day's rate, beyond what chance does to a constant rate.
    ``months`` are factors by month, ``growth`` is the growth in a year (0.1: a tenth more every year, from the first
    day of the period on). A ``log`` says all of this, and stands alone.
    """

    model_config = {"json_schema_extra": _either}

    tickets_per_week: Weight = 0.0
    hour_weights: Week = Week()
    quiet_days: QuietDays = QuietDays(factor=1.0)
    day_to_day: Annotated[float, Field(ge=0, le=3)] = 0.0
    months: dict[str, Factor] = {}
    growth: Annotated[float, Field(gt=-1, le=10)] = 0.0
    outages: Outages | None = None
    log: Log | None = None

    @field_validator("months")
    @classmethod
    def _months(cls, months: dict[str, float]) -> dict[str, float]:
        for name in months:
            if name not in MONTHS:
                raise ValueError(f'there is no month "{name}"; they are called {", ".join(MONTHS)}')
        return months

    @model_validator(mode="after")
    def _rates_or_a_log(self) -> Demand:
        said = [name for name in type(self).model_fields if name in self.model_fields_set and name != "log"]
        if self.log is None and "tickets_per_week" not in said:
            raise ValueError("tickets_per_week is missing (or a log, which is replayed instead)")
        if self.log is not None and said:
            raise ValueError(f"a log says what comes in and when; leave {_and(said)} out, or the log")
        return self


def _and(names: list[str]) -> str:
    return " and ".join([part for part in (", ".join(names[:-1]), names[-1]) if part])


class Category(Part):
    """A kind of ticket: its share, its priorities, and which tier can really solve it.

    ``beyond`` is, by tier, the share that this tier cannot solve, of those that the tier below cannot solve either.
    ``effort`` multiplies the length of its pieces of work; ``piece`` gives it lengths of its own, by tier.
    ``counts_as`` is the policy's category by whose rules an audit judges it.
    """

    label: Annotated[str, Field(max_length=200)] = ""
    share: Weight = 1.0
    priorities: Annotated[dict[Name, Weight], Field(min_length=1)]
    beyond: dict[Name, Share] = {}
    effort: Factor = 1.0
    piece: dict[Name, Time] = {}
    counts_as: Name | None = None
