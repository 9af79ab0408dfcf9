"""Who is called in to help: the people of a war room, and somebody of a higher tier where a tier swarms.

The table of spells tells that somebody worked together with whoever holds a ticket, not on which one. So a spell is
taken for one of this ticket's only if nothing else can be meant: in a swarm both end at the same instant, and in a war
room each is busy for as long as was drawn for this ticket.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from simulator.codes import Ending, Entry
from simulator.desk import Time
from simulator.draws.streams import Stream, lengths, stream
from simulator.engine.together import WAR_ROOM
from simulator.story.case import Case
from simulator.story.citing import Names
from simulator.story.model import Step, said
from simulator.tables import Table

_TOLERANCE: Final = 1e-6  # minutes; lengths of work are told apart that differ by more


def war_room(case: Case, names: Names) -> Iterator[Step]:
    """Yield the call to a war room when the ticket came, who came when, and when they left.

    Who was broken off there, or had a room of a length that is always the same, is left out.
    """
    room = case.model.desk.work.war_room
    if room is None or names.priority(case.stated) not in room.priorities or case.stays[0]["entry"] == Entry.BACKLOG:
        return
    at = float(case.row["opened"])
    people = {case.model.desk.tiers.index(name): count for name, count in room.people.items()}
    called = [f"{count} of {names.place(place)}" for place, count in people.items()]
    yield Step(at, f"A war room is called together: {' and '.join(called)}")
    length = _drawn(case, room.length)
    if length is None:
        return
    for place in people:
        for spell in _joint(case, place):
            began, ended = float(spell["began"]), float(spell["ended"])
            if began >= at and abs(_worked(case, spell) - length) < _TOLERANCE:
                who = f"Agent {int(spell['agent']) + 1} of {names.place(place)}"
                over = ", though the ticket is closed by now" if began >= case.closed else ""
                yield Step(began, f"{who} comes to the war room{over}")
                yield Step(ended, f"{who} leaves the war room after {said(ended - began)}")


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
    """Return the spells of those of a tier who work together with somebody who holds a ticket."""
    spells = case.whole.spells
    joint: Table = spells[(spells["ticket"] < 0) & (spells["place"] == place)]
    return joint


def _drawn(case: Case, length: Time) -> float | None:
    """Return how long each is busy in the ticket's war room (minutes); nothing if that is the same in all of them."""
    normal = stream(case.run.seed, case.run.replication, Stream.SMALL_TIMES, WAR_ROOM, case.number).standard_normal(1)
    drawn = float(lengths(normal, length)[0])
    return None if drawn == float(lengths(normal + 1.0, length)[0]) else drawn


def _worked(case: Case, spell: Any) -> float:
    """Return the minutes that an agent worked in a spell."""
    began, ended = float(spell["began"]), float(spell["ended"])
    agent = case.run.agents[int(spell["agent"])]
    if case.model.staff[agent.tier].at_shift_end == "finish":
        return ended - began
    return agent.hours.minutes_between(began, ended)
