"""Who is called in to help: the people of a war room, and somebody of a higher tier where a tier swarms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.codes import Ending, Entry
from simulator.derived import TOLERANCE
from simulator.story.case import Case
from simulator.story.citing import Names
from simulator.story.model import Step, said
from simulator.tables import Table


def war_room(case: Case, names: Names) -> Iterator[Step]:
    """Yield the call to a war room when the ticket came, who came when, and when they left."""
    room = case.model.desk.work.war_room
    if room is None or names.priority(case.stated) not in room.priorities or case.stays[0]["entry"] == Entry.BACKLOG:
        return
    at = float(case.row["opened"])
    people = {case.model.desk.tiers.index(name): count for name, count in room.people.items()}
    called = [f"{count} of {names.place(place)}" for place, count in people.items()]
    yield Step(at, f"A war room is called together: {' and '.join(called)}")
    for place in people:
        spells = [spell for spell in _joint(case, place) if not _of_a_swarm(case, spell)]
        if not spells and case.closed < case.model.end:
            nobody = f"before anybody of {names.place(place)} could come to the war room"
            yield Step(case.closed, f"The ticket is over {nobody}")
        for spell in spells:
            began, ended = float(spell["began"]), float(spell["ended"])
            who = f"Agent {int(spell['agent']) + 1} of {names.place(place)}"
            yield Step(began, f"{who} comes to the war room")
            worked = _worked(case, spell)
            long = said(worked) if ended - began - worked < TOLERANCE else f"{said(worked)} of work"
            yield Step(ended, f"{who} leaves the war room after {long}")


def swarm(case: Case, names: Names, number: int) -> Iterator[Step]:
    """Yield who of a higher tier comes to help in a stay, and works on the ticket together with its agent."""
    stay, tiers = case.stays[number], case.model.desk.tiers
    helper = case.model.desk.work.swarming.get(tiers[int(stay["place"])])
    if helper is None or stay["ending"] not in (Ending.SOLVED, Ending.EXPERTISE):
        return
    place = tiers.index(helper)
    joint = _joint(case, place)
    joint = joint[(joint["ended"] == stay["left"]) & (joint["began"] >= stay["began"])]
    if len(joint) == 1:
        began, agent = float(joint["began"][0]), int(joint["agent"][0]) + 1
        yield Step(began, f"Agent {agent} of {names.place(place)}, called in, works on it together with"
                          f" agent {int(stay['agent']) + 1}")  # fmt: skip


def _joint(case: Case, place: int) -> Table:
    """Return the spells of those of a tier who work together with whoever holds the ticket."""
    spells = case.whole.spells
    joint: Table = spells[(spells["about"] == case.number) & (spells["place"] == place)]
    return joint


def _worked(case: Case, spell: Any) -> float:
    """Return the minutes that an agent worked in a spell."""
    began, ended = float(spell["began"]), float(spell["ended"])
    agent = case.run.agents[int(spell["agent"])]
    if case.model.staff[agent.tier].at_shift_end == "finish":
        return ended - began
    return agent.hours.minutes_between(began, ended)


def _of_a_swarm(case: Case, spell: Any) -> bool:
    """Return whether somebody was called in by a tier that swarms: both end at the same instant."""
    tiers, swarming = case.model.desk.tiers, case.model.desk.work.swarming
    return any(
        swarming.get(tiers[int(stay["place"])]) == tiers[int(spell["place"])]
        and stay["left"] == spell["ended"]
        and stay["began"] <= spell["began"]
        for stay in case.stays
        if stay["place"] < len(tiers)
    )
