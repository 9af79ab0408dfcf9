"""What the parts of a policy file are made of: kinds of values, and what every part and every entry has."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from policy.durations import parse_duration
from policy.errors import InputError


def _duration(text: Any) -> Any:
    try:
        parse_duration(text)
    except InputError as error:
        raise ValueError(str(error)) from None
    return text


def _written_duration(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise ValueError(f"found {value:g}; expected a duration such as {abs(value):g}m")
    return value


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"found {text[:40]!r}; expected a date such as 2025-01-31") from None
    return text


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"found {value}; expected a number")
    return value


DurationText = Annotated[str, BeforeValidator(_written_duration), AfterValidator(_duration)]
DayText = Annotated[str, AfterValidator(_day)]
Number = Annotated[float, BeforeValidator(_no_bool), Field(ge=0, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")]
RuleId = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$", max_length=80)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Names = str | list[str]
Condition = dict[str, Any]


class Document(BaseModel):
    """Common to every part: unknown keys are errors, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EntryDoc(Document):
    """What every entry of the catalogue has: an id, where it comes from, what it says."""

    id: RuleId
    source: Text
    covers: list[RuleId] = []
    assumed: bool = False
    why: Text | None = None
