"""What chance decides about people: how they differ, and on which days they are away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.desk import Time
from simulator.draws.streams import GRAIN, Stream, lengths, stream
from simulator.model import DeskModel
from simulator.openhours import OpenHours
from simulator.roster import DAY, AgentSpec


@dataclass(frozen=True, slots=True)
class Member:
    """One agent of one replication: the spec, with absences cut out of its hours, and a pace of their own.

    ``newcomer`` multiplies the length of their work at first (1: they have learned it all).
    """

    spec: AgentSpec
    hours: OpenHours
    shift: OpenHours
    pace: float
    newcomer: float


def crew(model: DeskModel, seed: int, replication: int) -> tuple[tuple[Member, ...], ...]:
    """Return the people of each tier in one replication; agent i of a tier is the same person in every run."""
    people = model.desk.people
    plain = not (people.differ or people.absence or people.newcomers)
    if plain:
        return tuple(
            tuple(Member(spec, spec.hours, spec.shift, spec.pace, 1.0) for spec in staff.agents)
            for staff in model.staff
        )
    return tuple(
        tuple(
            _member(model, spec, stream(seed, replication, Stream.PEOPLE, tier, place))
            for place, spec in enumerate(staff.agents)
        )
        for tier, staff in enumerate(model.staff)
    )


def _member(model: DeskModel, spec: AgentSpec, rng: np.random.Generator) -> Member:
    people = model.desk.people
    normal, uniform = rng.standard_normal(1), float(rng.random())
    pace = spec.pace
    if people.differ:
        time = Time(mean="1m", cv=people.differ, shape="lognormal")  # type: ignore[arg-type]
        pace = round(pace * float(lengths(normal, time)[0]) * GRAIN) / GRAIN
    hours, shift = spec.hours, spec.shift
    if people.absence:
        days = int(model.end // DAY) + 1
        away = np.flatnonzero(rng.random(days) < people.absence).astype(np.float64) * DAY
        free = OpenHours.from_stretches(away, away + DAY)
        hours, shift = hours.without(free), shift.without(free)
    return Member(spec, hours, shift, pace, people.newcomer if uniform < people.newcomers else 1.0)
