"""What the parts of a desk file have in common: strict reading, and the kinds of value that occur again and again."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from policy.durations import parse_duration
from policy.errors import InputError

Shape = Literal["lognormal", "exponential", "gamma", "uniform", "fixed"]


def _minutes(value: Any) -> float:
    """Return a duration with its unit (``"8m"``, ``"1.5h"``) as minutes."""
    try:
        duration = parse_duration(value)
    except InputError as error:
        raise ValueError(str(error)) from None
    if duration.business_days:
        raise ValueError(f"found {value!r}; expected minutes or hours of work, such as 45m or 6h")
    return duration.amount


YEARS: Final = (1900, 2999)
"""The first and the last year in which a desk can be played; calendars know a little more on either side."""


def _day(value: Any) -> date:
    """Return an ISO date as a date."""
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"found {str(value)[:40]!r}; expected a date such as 2025-01-31") from None
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise ValueError(f"found {str(value)[:40]!r}; expected a date in the years {YEARS[0]} to {YEARS[1]}")
    return day


_WRITTEN: dict[str, Any] = {"type": "string", "pattern": r"^[0-9.]+ *(s|m|min|h|d)$"}
"""Minutes as a file says them: with their unit."""
Minutes = Annotated[float, BeforeValidator(_minutes), WithJsonSchema(_WRITTEN)]
Day = Annotated[date, BeforeValidator(_day)]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=1e6)]
Factor = Annotated[float, Field(gt=0, le=1e6)]
Agents = Annotated[int, Field(ge=0, le=10_000)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")]
DutyName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$", max_length=80)]
"""A rule's id, an act, a content, or ``any``."""
Label = Annotated[str, Field(min_length=1, max_length=200)]


class Part(BaseModel):
    """Common to every part: unknown keys and loose types are errors, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Time(Part):
    """A length of time that chance decides: its mean, its coefficient of variation, and its shape.

    ``cv`` (standard deviation ÷ mean) is 0.7 where it is left out, and 0 is always the mean. ``exponential`` has a
    ``cv`` of 1, ``uniform`` runs from 0 to twice the mean, ``fixed`` is always the mean; none of the three takes one.
    """

    mean: Minutes
    cv: Annotated[float, Field(ge=0, le=5)] = 0.7
    shape: Shape = "lognormal"

    @model_validator(mode="after")
    def _cv_where_it_says_something(self) -> Time:
        if self.shape in ("exponential", "uniform", "fixed") and "cv" in self.model_fields_set:
            raise ValueError(f"cv says nothing about a length whose shape is {self.shape}; leave it out")
        return self
