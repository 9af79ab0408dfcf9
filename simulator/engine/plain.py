"""A desk on which nothing but work happens, played as fast as SimPy can.

Where no timer, shift, slip, customer or interruption can touch a ticket, a visit is a wait and a length of work. Such
a desk (a network of queues, as in the textbooks) needs none of the questions that :class:`~simulator.engine.core.Desk`
asks at each step, and this one does without them. Its tables are the same, bit for bit; ``tests/test_engine_plain.py``
holds the two together.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush, heapreplace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from simulator.codes import Ending, Fate
from simulator.draws.paths import Paths, paths
from simulator.draws.tickets import Block
from simulator.engine.core import Desk
from simulator.engine.forward import Coming, Stays, Undecided, passed_on, play_tier
from simulator.model import Move
from simulator.openhours import Floats
from simulator.tables import SPELLS, TICKET_ROWS, VISITS

if TYPE_CHECKING:
    from simulator.model import DeskModel
    from simulator.tables import Table

SOLVED: Final = int(Ending.SOLVED)
OPEN: Final = int(Ending.OPEN)


def is_plain(model: DeskModel) -> bool:
    """Return whether nothing but work happens on a desk."""
    desk = model.desk
    work, slips = desk.work, desk.behaviour
    always = model.always.closes[-1]
    return (
        not model.signals
        and all(kind.ages == () for row in model.kinds for kind in row)
        and all(rules.plain for row in model.kinds for kind in row for rules in kind.tiers)
        and all(
            not staff.unlimited
            and staff.queue_limit == math.inf
            and not staff.on_call
            and all(
                agent.skills is None
                and agent.pace == 1.0
                and len(agent.tiers) == 1
                and agent.hours.closes[:1] == [always]
                for agent in staff.agents
            )
            for staff in model.staff
        )
        and all(
            desk.work_of(tier).passes_on is not None and desk.work_of(tier).handoff.mean == 0
            for tier in range(model.tiers)
        )
        and all(
            kind.tiers[tier].expertise == Move(tier + 1, ())
            for row in model.kinds
            for kind in row
            for tier in range(model.tiers)
            if desk.work_of(tier).passes_on
        )
        and work.first_response.mean == 0
        and not (work.preempts or work.customer or work.war_room or work.update or work.swarming or desk.backlog)
        and not (desk.demand.outages or desk.customers.patience or desk.customers.reopen)
        and not (desk.people.differ or desk.people.absence or desk.people.newcomers)
        and not (slips.premature or slips.wrong_destination or slips.incomplete_handoff or slips.wrong_priority)
        and not slips.late_recognition
    )


class PlainDesk(Desk):
    """A replication of a desk on which nothing but work happens.

    Where every ticket goes and how long each of its stays takes is drawn ahead, block by block: the stays stand in a
    row, ticket by ticket. What is left to find out is who takes which stay, and when.
    """

    def play(self) -> None:
        """Run to the end of the period; what is then unfinished stays open."""
        self._came = self.arrived.opened[: bisect_left(self.coming.opened, self.model.end)]
        if not len(self._came):
            return
        self._begin()
        try:
            if any(self.model.desk.work_of(tier).sends_back for tier in range(self.model.tiers)):
                raise Undecided
            self._forward()
        except Undecided:
            self._begin()
            self._at_once()
        self._write_down()

    def _begin(self) -> None:
        self._drawn: list[tuple[Paths, dict[str, npt.NDArray[Any]]]] = []
        """Of each block, where its tickets go and what they are like."""
        self._stays = Stays(array("d"), array("i"), array("d"), array("i"))

    def _forward(self) -> None:
        """Let tickets come to one tier after the other."""
        tiers, ranks, stays, end = self.tiers, len(self.model.priorities), self._stays, self.model.end
        play_tier([agent.number for agent in tiers[0].agents], ranks, self._blocks_of_tickets(), stays)
        tier_of = np.concatenate([found.tier for found, _ in self._drawn])
        came = np.flatnonzero(tier_of == 0)
        for tier in range(1, len(tiers)):
            before, at, planned = passed_on(came, stays, end)
            came = before + 1
            rank = np.frombuffer(stays.onward, np.intc)[before] - tier * ranks
            coming = Coming(at.tolist(), came.tolist(), rank.tolist(), planned.tolist())
            who = [agent.number for agent in tiers[tier].agents]
            play_tier(who, ranks, (coming, self._the_end()), stays)

    def _at_once(self) -> None:
        """Let tickets come, and agents take them, in all tiers at once.

        This is the loop over the calendar of events that SimPy has, for two kinds of events only: the next ticket
        comes, an agent has done their work. Of events at the same instant the one that was planned first comes first.
        """
        ranks = len(self.model.priorities)
        queues = [deque[int]() for _ in range(len(self.tiers) * ranks)]
        queues_by_tier = [queues[first : first + ranks] for first in range(0, len(queues), ranks)]
        idle_by_tier = [deque(agent.number for agent in pool.agents) for pool in self.tiers]
        idle_by_queue = [idle for idle in idle_by_tier for _ in range(ranks)]
        tier_of = {agent.number: pool.tier for pool in self.tiers for agent in pool.agents}
        stays = self._stays
        began, by, minutes, onward = stays.began, stays.by, stays.minutes, stays.onward
        first_idle = idle_by_tier[0]
        calendar: list[tuple[float, int, int, int]] = [(math.inf, 0, -1, -1)]
        """When an agent will have done their work, the number of that event, the agent, the stay."""
        number = coming = 0
        """Of the next event that is planned, and of the next ticket's."""
        for some in self._blocks_of_tickets():
            if some.at[0] == self.model.end:
                coming = -1
            for now, stay, rank in zip(some.at, some.stay, some.rank, strict=True):
                while True:
                    at, event, agent, done = calendar[0]
                    if at >= now and (at > now or event > coming):
                        break
                    tier = tier_of[agent]
                    for queue in queues_by_tier[tier]:
                        if queue:
                            taken = queue.popleft()
                            began[taken], by[taken] = at, agent
                            heapreplace(calendar, (at + minutes[taken], number, agent, taken))
                            number += 1
                            break
                    else:
                        heappop(calendar)
                        idle_by_tier[tier].append(agent)
                    to = onward[done]
                    if to >= 0:
                        taken = done + 1
                        if idle_by_queue[to]:
                            agent = idle_by_queue[to].popleft()
                            began[taken], by[taken] = at, agent
                            heappush(calendar, (at + minutes[taken], number, agent, taken))
                            number += 1
                        else:
                            queues[to].append(taken)
                coming = number
                if first_idle:
                    agent = first_idle.popleft()
                    began[stay], by[stay] = now, agent
                    heappush(calendar, (now + minutes[stay], number + 1, agent, stay))
                else:
                    queues[rank].append(stay)
                number += 2

    def _blocks_of_tickets(self) -> Iterator[Coming]:
        """Yield the tickets that come, block by block, with their first stays.

        The last is a ticket that is not written down: it comes at the end, and what happens before is over by then.
        """
        start = number = 0
        ranks = len(self.model.priorities)
        planned = np.append(-1.0, self._came)  # a ticket's coming is planned when the one before has come
        while start < len(self._came):
            block = Block(*self.drawn, 0, number)
            stop = min(start + block.size, len(self._came))
            found = paths(block, self._came[start:stop], self.model.end)
            priority = block.columns["priority"]
            queue = found.tier.astype(np.intc) * ranks + priority[found.row]
            onward = np.full(len(queue), -1, np.intc)
            more = np.flatnonzero(found.row[1:] == found.row[:-1])
            onward[more] = queue[more + 1]
            first = len(self._stays.minutes) + found.first
            self._expect(found.minutes, onward)
            self._drawn.append((found, block.columns))
            yield Coming(
                self._came[start:stop].tolist(), first.tolist(), priority[: stop - start].tolist(),
                planned[start:stop].tolist(),
            )  # fmt: skip
            start, number = stop, number + 1
        self._expect(np.zeros(1), np.full(1, -1, np.intc))
        yield self._the_end()

    def _the_end(self) -> Coming:
        return Coming([self.model.end], [len(self._stays.minutes) - 1], [len(self.model.priorities) - 1], [-math.inf])

    def _expect(self, minutes: Floats, onward: npt.NDArray[np.intc]) -> None:
        """Make room for stays."""
        stays = self._stays
        stays.minutes.frombytes(minutes.tobytes())
        stays.onward.frombytes(onward.tobytes())
        stays.began.frombytes(np.full(len(minutes), math.nan).tobytes())
        stays.by.frombytes(np.full(len(minutes), -1, np.intc).tobytes())

    # -- what is written down ----------------------------------------------------------------------------------

    def _write_down(self) -> None:
        """Write the tables, block by block: numbers that were just looked at are found again at once."""
        began, agent = np.frombuffer(self._stays.began), np.frombuffer(self._stays.by, np.intc)
        ticket = stay = 0
        for found, columns in self._drawn:
            opened = self._came[ticket : ticket + len(found.first)]
            here = slice(stay, stay + len(found.row))
            visits = _visits(found, opened, ticket, began[here], agent[here], self.model.end)
            self.visits.extend(visits)
            self.spells.extend(_spells(visits, self.model.end))
            self.tickets.extend(_tickets(visits, opened, columns))
            ticket, stay = ticket + len(opened), here.stop


def _visits(
    found: Paths, opened: Floats, ticket: int, began: Floats, agent: npt.NDArray[np.intc], end: float
) -> Table:
    """Return the stays of a block that were reached, ticket by ticket; ``ticket`` is the number of its first."""
    left = began + found.minutes
    over = left < end
    left[~over] = math.nan
    entered = np.append(0.0, left[:-1])
    entered[found.first] = opened
    reached = np.append(True, over[:-1])
    reached[found.first] = True
    columns: dict[str, npt.NDArray[Any]] = {
        "ticket": found.row + ticket, "place": found.tier, "agent": agent, "entry": found.entry,
        "ending": np.where(over, found.ending, OPEN), "entered": entered, "available": entered, "began": began,
        "left": left, "released": left,
    }  # fmt: skip
    rows = np.zeros(len(reached), VISITS)
    for name, values in columns.items():
        rows[name] = values
    return rows if reached.all() else rows[reached]


def _spells(visits: Table, end: float) -> Table:
    """Return the spells of work that the visits were."""
    worked = ~np.isnan(visits["began"])
    if not worked.all():
        visits = visits[worked]
    rows = np.zeros(len(visits), SPELLS)
    for name in ("ticket", "place", "agent", "began"):
        rows[name] = visits[name]
    rows["about"] = -1
    rows["ended"] = np.where(np.isnan(visits["released"]), end, visits["released"])
    return rows


def _tickets(visits: Table, opened: Floats, columns: dict[str, npt.NDArray[Any]]) -> Table:
    """Return the tickets of a block, one or more, whose visits these are."""
    rows = np.zeros(len(opened), TICKET_ROWS)
    for name in ("priority", "plan", "category", "solved_by", "luck"):
        rows[name] = columns[name][: len(rows)]
    ends = np.append(np.flatnonzero(visits["ticket"][1:] != visits["ticket"][:-1]), len(visits) - 1)
    last = visits[ends]
    rows["ticket"], rows["cause"], rows["opened"] = last["ticket"], -1, opened
    rows["clock_from"], rows["signal"] = opened, -1
    rows["responded"] = visits["began"][np.append(0, ends[:-1] + 1)]
    rows["resolved"], rows["holder"] = last["left"], last["place"]
    rows["fate"] = np.where(last["ending"] == SOLVED, int(Fate.SOLVED), int(Fate.OPEN))
    return rows
