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
from simulator.model import Move
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
        all(kind.ages == () for row in model.kinds for kind in row)
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
        self._ends = self.model.end
        self._came = self._arrived.opened[: bisect_left(self._opened, self._ends)]
        self._blocks_played: list[dict[str, npt.NDArray[Any]]] = []
        self._paths: list[Paths] = []
        self._began, self._agent = array("d"), array("i")
        """When each stay's work began and who did it; not-a-number and -1 until then."""
        self._minutes: list[float] = []
        self._onward: list[int] = []
        """Of each stay: the queue that the ticket comes to afterwards, -1 where it does not go on."""
        if len(self._came):
            self._run()
        self.visits.later(self._visit_rows)
        self.spells.later(lambda: _spells(self.visits.table(), self._ends))
        self.tickets.later(lambda: self._ticket_rows(self.visits.table()))

    def _run(self) -> None:
        """Let tickets come, and agents take them.

        This is the loop over the calendar of events that SimPy has, for two kinds of events only: the next ticket
        comes, an agent has done their work. Of events at the same instant the one that was planned first comes first.
        """
        ranks = len(self.model.priorities)
        queues = [deque[int]() for _ in range(len(self.tiers) * ranks)]
        queues_by_tier = [queues[first : first + ranks] for first in range(0, len(queues), ranks)]
        idle_by_tier = [deque(agent.number for agent in pool.agents) for pool in self.tiers]
        idle_by_queue = [idle for idle in idle_by_tier for _ in range(ranks)]
        tier_of = {agent.number: pool.tier for pool in self.tiers for agent in pool.agents}
        began, by, minutes, onward = self._began, self._agent, self._minutes, self._onward
        first_idle = idle_by_tier[0]
        calendar: list[tuple[float, int, int, int]] = [(math.inf, 0, -1, -1)]
        """When an agent will have done their work, the number of that event, the agent, the stay."""
        number = coming = 0
        """Of the next event that is planned, and of the next ticket's."""
        for opened, stays, ranked, last in self._blocks_of_tickets():
            if last:
                coming = -1
            for now, stay, rank in zip(opened, stays, ranked, strict=True):
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

    def _blocks_of_tickets(self) -> Iterator[tuple[list[float], list[int], list[int], bool]]:
        """Yield when tickets come, their first stays and their priorities.

        The last is a ticket that is not written down: it comes at the end, and what happens before is over by then.
        """
        start = number = 0
        ranks = len(self.model.priorities)
        while start < len(self._came):
            block = Block(*self.drawn, 0, number)
            opened = self._came[start : start + block.size]
            found = paths(block, opened, self._ends)
            priority = block.columns["priority"]
            queue = found.tier.astype(np.intp) * ranks + priority[found.row]
            onward = np.full(len(queue), -1)
            more = np.flatnonzero(found.row[1:] == found.row[:-1])
            onward[more] = queue[more + 1]
            first = len(self._minutes) + found.first
            self._minutes += found.minutes.tolist()
            self._onward += onward.tolist()
            self._began.frombytes(np.full(len(queue), np.nan).tobytes())
            self._agent.frombytes(np.full(len(queue), -1, np.intc).tobytes())
            self._paths.append(found)
            self._blocks_played.append(block.columns)
            yield opened.tolist(), first.tolist(), priority[: len(opened)].tolist(), False
            start, number = start + len(opened), number + 1
        self._minutes.append(0.0)
        self._onward.append(-1)
        self._began.append(math.nan)
        self._agent.append(-1)
        yield [self._ends], [len(self._minutes) - 1], [ranks - 1], True

    # -- the tables --------------------------------------------------------------------------------------------

    def _visit_rows(self) -> Table:
        """Return the stays that were reached, ticket by ticket."""
        if not self._paths:
            return np.zeros(0, VISITS)
        ticket = _numbered(self._paths)
        began = np.frombuffer(self._began)[: len(ticket)]
        left = began + np.array(self._minutes[: len(ticket)])
        over = left < self._ends
        first = np.append(True, ticket[1:] != ticket[:-1])
        entered = np.empty(len(ticket))
        entered[1:] = left[:-1]
        entered[first] = self._came
        reached = first
        reached[1:] |= over[:-1]
        left[~over] = np.nan
        columns: dict[str, npt.NDArray[Any]] = {
            "ticket": ticket, "place": _whole(self._paths, "tier"), "agent": np.frombuffer(self._agent, np.intc)[:-1],
            "entry": _whole(self._paths, "entry"), "ending": np.where(over, _whole(self._paths, "ending"), OPEN),
            "entered": entered, "available": entered, "began": began, "left": left, "released": left,
        }  # fmt: skip
        rows = np.zeros(int(reached.sum()), VISITS)
        for name, values in columns.items():
            rows[name] = values if len(rows) == len(values) else values[reached]
        return rows

    def _ticket_rows(self, visits: Table) -> Table:
        """Return what is known of the tickets; ``visits`` are in order."""
        rows = np.zeros(len(self._came), TICKET_ROWS)
        rows["cause"] = -1
        if not len(rows):
            return rows
        rows["ticket"] = np.arange(len(rows))
        for name in ("priority", "plan", "category", "solved_by", "luck"):
            rows[name] = np.concatenate([columns[name] for columns in self._blocks_played])[: len(rows)]
        rows["opened"] = self._came
        ends = np.append(np.flatnonzero(visits["ticket"][1:] != visits["ticket"][:-1]), len(visits) - 1)
        rows["responded"] = visits["began"][np.append(0, ends[:-1] + 1)]
        rows["resolved"] = visits["left"][ends]
        rows["holder"] = visits["place"][ends]
        rows["fate"] = np.where(visits["ending"][ends] == SOLVED, int(Fate.SOLVED), int(Fate.OPEN))
        return rows


def _numbered(played: list[Paths]) -> npt.NDArray[np.intp]:
    """Return the ticket of every stay."""
    starts = np.cumsum([0, *(len(one.first) for one in played)])
    return np.concatenate([one.row + start for one, start in zip(played, starts[:-1], strict=True)])


def _whole(played: list[Paths], name: str) -> npt.NDArray[Any]:
    """Return a column of the stays."""
    return np.concatenate([getattr(one, name) for one in played])


def _spells(visits: Table, end: float) -> Table:
    """Return the spells of work that the visits were."""
    worked = ~np.isnan(visits["began"])
    if not worked.all():
        visits = visits[worked]
    spells = np.zeros(len(visits), SPELLS)
    for name in ("ticket", "place", "agent", "began"):
        spells[name] = visits[name]
    spells["ended"] = np.where(np.isnan(visits["released"]), end, visits["released"])
    return spells
