"""Tiers that pass tickets on and never back, played one after the other.

What happens in a tier does not depend on the tiers above it. So all of its tickets can be played before the first one
comes to the next tier, and it needs no calendar of events: it is looked at whenever a ticket comes. Until then whoever
was done took what waited, and of those who are idle the one who was done first takes the ticket.

Where two events fall on the same instant, the one that was planned first comes first, as everywhere; if both were
planned at the same instant too, only a calendar of all events can tell, and :class:`Undecided` says so.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapreplace

import numpy as np
import numpy.typing as npt

from simulator.openhours import Floats


class Undecided(Exception):
    """Which of two events comes first cannot be told without a calendar of all events."""


@dataclass(frozen=True, slots=True)
class Coming:
    """Tickets that come to a tier, in order: when, the number of the stay, the priority, and when it was planned."""

    at: list[float]
    stay: list[int]
    rank: list[int]
    planned: list[float]


@dataclass(frozen=True, slots=True)
class Stays:
    """What is known of all stays, by number; ``began`` and ``by`` (whom) are not-a-number and -1 until they are."""

    minutes: array[float]
    onward: array[int]
    began: array[float]
    by: array[int]


def play_tier(agents: Sequence[int], ranks: int, coming: Iterable[Coming], stays: Stays) -> None:
    """Find out who takes which stay, and when; what has not been taken when the last ticket comes is left.

    Raises:
        Undecided: two events at the same instant were planned at the same instant.
    """
    minutes, began, by = stays.minutes, stays.began, stays.by
    queues = [deque[int]() for _ in range(ranks)]
    people = [(-1.0, place, agent, -1) for place, agent in enumerate(agents)] or [(math.inf, 0, -1, -1)]
    """When each agent is done or has been, the number of that event, who it is, and the stay: a heap."""
    number, waiting = len(people), 0

    def earlier(done: int, planned: float) -> bool:
        """Return whether that stay's end comes before what was planned then, both being at the same instant."""
        if began[done] == planned:
            raise Undecided
        return began[done] < planned

    for some in coming:
        for now, stay, rank, planned in zip(some.at, some.stay, some.rank, some.planned, strict=True):
            at, _, agent, done = people[0]
            while waiting and at <= now and (at < now or earlier(done, planned)):
                for queue in queues:
                    if queue:
                        taken = queue.popleft()
                        break
                began[taken], by[taken] = at, agent
                heapreplace(people, (at + minutes[taken], number, agent, taken))
                number += 1
                waiting -= 1
                at, _, agent, done = people[0]
            if at <= now and (at < now or earlier(done, planned)):
                began[stay], by[stay] = now, agent
                heapreplace(people, (now + minutes[stay], number, agent, stay))
                number += 1
            else:
                queues[rank].append(stay)
                waiting += 1


def passed_on(came: npt.NDArray[np.intp], stays: Stays, end: float) -> tuple[npt.NDArray[np.intp], Floats, Floats]:
    """Return which of the stays in a tier are over by ``end`` and followed by another, when, and when they began.

    They are in the order in which they are over.

    Raises:
        Undecided: two that are over at the same instant began at the same instant.
    """
    began = np.frombuffer(stays.began)[came]
    over = began + np.frombuffer(stays.minutes)[came]
    goes = np.flatnonzero((np.frombuffer(stays.onward, np.intc)[came] >= 0) & (over < end))
    goes = goes[np.lexsort((began[goes], over[goes]))]
    came, over, began = came[goes], over[goes], began[goes]
    if ((over[1:] == over[:-1]) & (began[1:] == began[:-1])).any():
        raise Undecided
    return came, over, began
