"""Who works when: the people of each tier, their shifts, breaks and skills."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from policy.errors import InputError
from policy.opening import read_intervals
from simulator.desk.demand import WEEKDAYS
from simulator.desk.values import Agents, Factor, Name, Part, Share

AtShiftEnd = Literal["pause", "hand_over", "finish"]


def _intervals(text: str) -> str:
    try:
        read_intervals(text)
    except InputError as error:
        raise ValueError(str(error)) from None
    return text


class Shift(Part):
    """The hours of a shift by day of the week, such as ``09:00-17:00``, in the time zone of the tier's calendar.

    A day that is left out is free; so are the holidays of the tier's calendar, unless it works on ``holidays``.
    """

    hours: Annotated[dict[str, str], Field(min_length=1)]
    breaks: str = ""
    holidays: bool = False

    @field_validator("hours")
    @classmethod
    def _days(cls, hours: dict[str, str]) -> dict[str, str]:
        for day, text in hours.items():
            if day not in WEEKDAYS:
                raise ValueError(f'there is no day "{day}"; they are called {", ".join(WEEKDAYS)}')
            _intervals(text)
        return hours

    @field_validator("breaks")
    @classmethod
    def _breaks(cls, breaks: str) -> str:
        return _intervals(breaks)


class Group(Part):
    """People who are alike: how many, in which shift, with which skills, how quick and how accurate.

    ``skills`` are the categories that they can work on (all, where it is left out); ``pace`` multiplies the length of
    their work (0.8 is a fifth quicker), ``slips`` how often they make those of the desk that lie in the work of one
    agent (0: never); ``also`` are other tiers that they help out in.
    """

    agents: Agents
    shift: Name | None = None
    skills: Annotated[list[Name], Field(min_length=1)] | None = None
    pace: Factor = 1.0
    slips: Annotated[float, Field(ge=0, le=100)] = 1.0
    also: list[Name] = []


class Staffing(Part):
    """The people of a tier. ``agents`` work the tier's own hours (the policy's); ``groups`` come on top of them.

    ``on_call`` take what runs around the clock. ``multitasking`` is how many tickets an agent may hold at once while
    customers are asked. ``at_shift_end`` says what becomes of a ticket in work: it waits for its agent (``pause``), is
    put back for somebody else (``hand_over``), or is finished in overtime (``finish``). In ``breaks`` nobody takes a
    ticket; one in hand is worked on. ``queue_limit`` is how many tickets may wait; one that comes to a full queue is
    lost.
    """

    agents: Agents | Literal["unlimited"] = 0
    on_call: Agents = 0
    groups: list[Group] = []
    breaks: str = ""
    multitasking: Annotated[int, Field(ge=1, le=100)] = 1
    at_shift_end: AtShiftEnd = "pause"
    queue_limit: Annotated[int, Field(ge=0, le=1_000_000)] | None = None

    @field_validator("breaks")
    @classmethod
    def _breaks(cls, breaks: str) -> str:
        return _intervals(breaks)

    @model_validator(mode="after")
    def _one_kind_of_number(self) -> Staffing:
        if self.agents == "unlimited" and (self.groups or self.queue_limit is not None):
            raise ValueError("unlimited agents need neither groups nor a queue limit")
        return self


class People(Part):
    """How people differ and change.

    ``differ`` is the coefficient of variation of their pace, ``absence`` the share of days on which one is away (ill
    or on leave). A newcomer needs ``newcomer`` times as long, which halves its distance to 1 every ``learns_within``
    tickets.
    """

    differ: Annotated[float, Field(ge=0, le=1)] = 0.0
    absence: Share = 0.0
    newcomers: Share = 0.0
    newcomer: Annotated[float, Field(ge=1, le=10)] = 1.0
    learns_within: Annotated[float, Field(gt=0, le=100_000)] = 100.0
