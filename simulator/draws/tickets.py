"""What chance decides about tickets, drawn a block at a time: row r of a block belongs to one ticket.

What happens in the run never changes which numbers a ticket gets: the same ticket meets two policies, or two staffing
plans, with the same luck (common random numbers). Each stay in each tier has numbers of its own, drawn when the first
ticket of the block needs them, so that no number is used twice however often a ticket comes back.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from simulator.desk.demand import Category
from simulator.draws.choices import Choices, Drawn, ways
from simulator.draws.replay import category_of, named_of, over
from simulator.draws.streams import Stream, lengths, pick, stream, with_odds
from simulator.model import DeskModel
from simulator.openhours import Floats

SMALLEST: Final = 512
LARGEST: Final = 4096
MAX_PIECES: Final = 16
"""More pieces of work than this are cut off (with a mean of 6, the most a desk may say, that is 1 ticket in 15,000)."""

Rows = npt.NDArray[np.intp]


def block_size(number: int) -> int:
    """Return how many tickets a block of this number (from 0) has: 512, 512, 1024, 2048, and 4096 from there on.

    A month fills one or two small ones; a long run is drawn in large ones, which costs less a ticket.
    """
    return min(LARGEST, SMALLEST << max(0, number - 1))


def rows_of(number: int) -> slice:
    """Return the rows of a source that are in a block."""
    first = sum(map(block_size, range(number)))
    return slice(first, first + block_size(number))


class Block:
    """Everything that chance decides about ``size`` tickets of one source, in order; lists are by row."""

    def __init__(self, model: DeskModel, seed: int, replication: int, source: int, number: int) -> None:
        """Draw what every ticket needs; the rest is drawn when it is asked for."""
        self.size = size = block_size(number)
        self.model, self._seed, self._replication = model, seed, replication
        self._source, self._number = source, number
        self.source = source
        desk = model.desk
        kinds = desk.categories or {"": Category(priorities=dict.fromkeys(model.priorities, 1.0))}
        kind = self._stream(Stream.KIND).random((size, 4))
        outages = desk.demand.outages
        named = None if source or model.replayed is None else named_of(model.replayed, rows_of(number))
        if source == 1 and outages is not None:
            category = np.full(size, list(kinds).index(outages.category), np.int8)
            priority = np.full(size, model.priorities.index(outages.priority), np.int8)
        else:
            category = category_of(model, named, list(kinds.values()), kind[:, 0])
            priority = np.zeros(size, np.int8)
            for index, entry in enumerate(kinds.values()):
                mine = category == index
                priority[mine] = pick(kind[mine, 1], [entry.priorities.get(p, 0.0) for p in model.priorities])
        priority = over(named, "priority", priority)
        plans = desk.plans or dict.fromkeys(model.plans, 1.0)
        self._category, self._priority = category, priority
        plan = over(named, "plan", pick(kind[:, 2], [plans.get(p, 0.0) for p in model.plans]))
        self.columns: dict[str, npt.NDArray[Any]] = {"priority": priority, "category": category, "plan": plan}
        self.columns["luck"] = kind[:, 3].copy()
        """What is known of every ticket from the start, each an array of shape (size,)."""
        self.priority: list[int] = priority.tolist()
        effort = np.array([c.effort for c in kinds.values()])[category]
        self._effort = effort * np.array([desk.work.pace.get(p, 1.0) for p in model.priorities])[priority]
        solved_by = _solved_by(model, list(kinds.values()), self._stream(Stream.LEVEL), category)
        self._solved_by = over(named, "solved_by", solved_by)
        self.columns["solved_by"] = self._solved_by
        self.plan: list[int] = as_codes(plan)
        self.category: list[int] = as_codes(category)
        self.solved_by: list[int] = as_codes(self._solved_by)
        """The lowest tier that can solve each ticket, the number of tiers where none can."""
        self.luck: list[float] = as_list(self.columns["luck"])
        """Luck with updates, in [0, 1)."""
        self._choices: dict[tuple[int, int], Choices] = {}

    def _stream(self, which: Stream, *key: int) -> np.random.Generator:
        return stream(self._seed, self._replication, which, self._source, self._number, *key)

    @cached_property
    def _small(self) -> Floats:
        return self._stream(Stream.SMALL_TIMES).standard_normal((self.size, 6))

    @cached_property
    def response(self) -> list[float]:
        """Minutes for the first response."""
        return as_list(lengths(self._small[:, 0], self.model.desk.work.first_response))

    @cached_property
    def help(self) -> list[float]:
        """Minutes of help within the tier."""
        return as_list(lengths(self._small[:, 1], self.model.desk.work.ask_for_help))

    @cached_property
    def paging(self) -> list[float]:
        """Minutes until the engineer on call answers."""
        return as_list(lengths(self._small[:, 2], self.model.desk.work.paging))

    @cached_property
    def decision(self) -> list[float]:
        """Minutes until management has decided."""
        return as_list(lengths(self._small[:, 3], self.model.desk.work.management_decision))

    @cached_property
    def asking_back(self) -> list[float]:
        """Minutes that the receiver of an incomplete hand-off needs to ask back."""
        return as_list(lengths(self._small[:, 4], self.model.desk.behaviour.asking_back))

    @cached_property
    def war_room(self) -> list[float]:
        """Minutes for which people who are called together are busy with the ticket."""
        room = self.model.desk.work.war_room
        return [0.0] * self.size if room is None else as_list(lengths(self._small[:, 5], room.length))

    @cached_property
    def stated(self) -> list[int]:
        """The priority that each ticket is given when it is opened: one step less urgent, where that slip happens."""
        least = len(self.model.priorities) - 1
        wrong = self.luck_with_slips["wrong_priority"] < 1.0
        return as_codes(np.where(wrong, np.minimum(self._priority + 1, least), self._priority))

    @cached_property
    def found_after(self) -> list[float]:
        """Minutes after which a wrong priority is found in the queue; infinity where nobody looks."""
        time = self.model.desk.behaviour.wrong_priority_found
        if time is None:
            return [float("inf")] * self.size
        return as_list(lengths(self._stream(Stream.FOUND).standard_normal(self.size), time))

    @cached_property
    def slips(self) -> dict[str, list[bool]]:
        """Which slips happen to which ticket, by name, where those at work are as careful as anybody."""
        return {name: (luck < 1.0).tolist() for name, luck in self.luck_with_slips.items()}

    @cached_property
    def slip_luck(self) -> dict[str, list[float]]:
        """The :attr:`luck_with_slips` as lists."""
        return {name: as_list(luck) for name, luck in self.luck_with_slips.items()}

    @cached_property
    def luck_with_slips(self) -> dict[str, Floats]:
        """Luck with slips, by name: one happens to whoever makes it more often than so many times the usual.

        ``code_seen``, which is a habit, stands among them.
        """
        behaviour = self.model.desk.behaviour
        drawn = self._stream(Stream.SLIPS).random((self.size, 8))
        premature = min(1.0, behaviour.premature * self.model.desk.calibrated.premature)
        shares = {
            "premature": premature,
            "code_seen": behaviour.code_change_seen_in_T1,
            "late_recognition": behaviour.late_recognition,
            "wrong_destination": behaviour.wrong_destination,
            "incomplete_handoff": behaviour.incomplete_handoff,
            "wrong_priority": behaviour.wrong_priority,
        }
        return {
            name: drawn[:, place] / share if share else np.full(self.size, np.inf)
            for place, (name, share) in enumerate(shares.items())
        }

    @cached_property
    def signals_and_luck(self) -> tuple[npt.NDArray[np.int8], Floats]:
        """Return which signal each ticket carries (-1: none), and a normal number for how long it is verified."""
        found = np.full(self.size, -1, np.int8)
        signals = self.model.desk.signals
        if self._source == 1 or not signals:
            return found, np.zeros(self.size)
        rng = self._stream(Stream.SIGNALS)
        luck, normal = rng.random(self.size), rng.standard_normal(self.size)
        names, until = list(self.model.desk.categories), np.zeros(self.size)
        for number, signal in enumerate(signals.values()):
            may = np.ones(self.size, bool)
            if signal.categories is not None:
                may = np.isin(self._category, [names.index(name) for name in signal.categories])
            since = until.copy()
            until[may] += signal.share
            found[may & (since <= luck) & (luck < until)] = number
        return found, normal

    @cached_property
    def signal(self) -> list[int]:
        """The signal that each ticket carries, a place in the desk's ``signals``; -1 for none, as in outages."""
        return as_codes(self.signals_and_luck[0])

    @cached_property
    def verified_after(self) -> list[float]:
        """Minutes until whoever was told of the signal lets the ticket go on; 0 where nobody has to."""
        which, normal = self.signals_and_luck
        found = np.zeros(self.size)
        for number, signal in enumerate(self.model.desk.signals.values()):
            if signal.verified is not None:
                mine = which == number
                found[mine] = lengths(normal[mine], signal.verified.after)
        return as_list(found)

    @cached_property
    def _customers(self) -> Floats:
        """Normals and uniforms about the customer: patience, whether it comes back, and when."""
        rng = self._stream(Stream.CUSTOMERS)
        return np.column_stack([rng.standard_normal((self.size, 2)), rng.random((self.size, 1))])

    @cached_property
    def patience(self) -> list[float]:
        """Minutes that a customer waits to be served before giving up."""
        time = self.model.desk.customers.patience
        return [float("inf")] * self.size if time is None else as_list(lengths(self._customers[:, 0], time))

    @cached_property
    def comes_back(self) -> list[float]:
        """Minutes after which a solved ticket comes back, infinity where it does not."""
        customers = self.model.desk.customers
        after = lengths(self._customers[:, 1], customers.reopen_after)
        return as_list(np.where(self._customers[:, 2] < customers.reopen, after, np.inf))

    def choices(self, tier: int, stay: int) -> Choices:
        """Return what chance decides about the ``stay``-th stay (from 0) of every ticket in a tier."""
        found = self._choices.get((tier, stay))
        if found is None:
            desk, drawn, normals = self.model.desk, *self._numbers(tier, stay)
            factor = desk.calibrated.work.get(desk.tiers[tier], 1.0)
            pieces = self._pieces(tier, normals, np.repeat(np.arange(self.size), drawn.counts))
            found = Choices(desk.work_of(tier), factor, desk.work.customer, drawn, pieces)
            if not tier and not stay:
                found.at_hand()
            self._choices[tier, stay] = found
            if (back := desk.work_of(tier).hands_back) is not None:
                rng = self._stream(Stream.HANDS_BACK, tier, stay)
                found.hand_back(back, rng.random(self.size), rng.standard_normal((2, self.size)))
        return found

    def routed(self, tier: int, stay: int, rows: Rows) -> tuple[Floats, npt.NDArray[np.int8]]:
        """Return the whole lengths (minutes) of a stay that chance routes and how it ends, for some rows only."""
        work = self.model.desk.work_of(tier)
        drawn, normals = self._numbers(tier, stay)
        if len(normals) == self.size:
            pieces = self._pieces(tier, normals[rows], rows)
        else:
            count = drawn.counts[rows]
            starts = np.cumsum(count) - count
            of_row = np.repeat(np.arange(len(rows)), count)
            place = np.arange(len(of_row)) - starts[of_row]
            begins = np.cumsum(drawn.counts) - drawn.counts
            pieces = self._pieces(tier, normals[begins[rows][of_row] + place], rows[of_row])
            pieces = np.add.reduceat(pieces, starts)
        return lengths(drawn.normals[0, rows], work.checks) + pieces, ways(drawn.uniform[1, rows], work)

    def _numbers(self, tier: int, stay: int) -> tuple[Drawn, Floats]:
        """Return the numbers of a stay, and the normals of its pieces, one row's after the other's."""
        steps = _poisson_steps(self.model.desk.work_of(tier).pieces - 1)
        uniform = self._stream(Stream.CHOICES, tier, stay).random((4, self.size))
        count = np.ones(self.size, np.int64)
        if steps[0] < 1:
            count += np.searchsorted(steps, uniform[0], side="right")
        # The first piece of every row has its number whatever the others need: two desks whose tickets need more or
        # fewer pieces have it in common.
        rng = self._stream(Stream.WORK, tier, stay)
        normals, first = rng.standard_normal((4, self.size)), rng.standard_normal(self.size)
        more = int(count.sum()) - self.size
        if more:
            starts = np.cumsum(count) - count
            pieces, is_first = np.empty(self.size + more), np.zeros(self.size + more, np.bool_)
            is_first[starts] = True
            pieces[starts], pieces[~is_first] = first, rng.standard_normal(more)
        else:
            pieces = first
        return Drawn(uniform, count, normals), pieces

    def _pieces(self, tier: int, normal: Floats, which: Rows) -> Floats:
        """Return the lengths of pieces of work (minutes), each of the row ``which``; shape (pieces,)."""
        desk, name = self.model.desk, self.model.desk.tiers[tier]
        easier = np.where(self._solved_by[which] < tier, desk.work.easier, 1.0)
        factor = self._effort[which] * easier * desk.calibrated.work.get(name, 1.0)
        own = {
            index: entry.piece[name] for index, entry in enumerate(desk.categories.values()) if name in entry.piece
        }
        if len(own) < max(1, len(desk.categories)):
            pieces = lengths(normal, desk.work_of(tier).piece, factor)
        else:
            pieces = np.empty(len(normal))
        for index, time in own.items():
            mine = np.flatnonzero(self._category[which] == index)
            pieces[mine] = lengths(normal[mine], time, factor[mine])
        return pieces


def as_list(lengths: Floats) -> list[float]:
    """Return numbers as Python's own, which are quicker to take one by one."""
    found: list[float] = lengths.tolist()
    return found


def as_codes(codes: npt.NDArray[Any]) -> list[int]:
    """Return codes as Python's own whole numbers."""
    found: list[int] = codes.tolist()
    return found


def _solved_by(
    model: DeskModel, kinds: list[Category], rng: np.random.Generator, category: npt.NDArray[np.int8]
) -> npt.NDArray[np.int8]:
    """Return the lowest tier that can solve each ticket, the number of tiers where none can."""
    tiers, odds = model.desk.tiers, model.desk.calibrated.beyond_odds
    uniform = rng.random((len(category), len(tiers)))
    solved_by = np.zeros(len(category), np.int8)
    beyond = np.ones(len(category), bool)
    for place, tier in enumerate(tiers):
        shares = np.array([with_odds(kind.beyond.get(tier, 0.0), odds.get(tier, 1.0)) for kind in kinds])
        beyond &= uniform[:, place] < shares[category]
        solved_by += beyond
    return solved_by


@cache
def _poisson_steps(mean: float) -> Floats:
    """Return P(N <= k) for k = 0 ... MAX_PIECES - 2: the steps at which one more piece is drawn."""
    k = np.arange(1, MAX_PIECES - 1)
    terms = np.concatenate([[1.0], np.cumprod(mean / k)])
    return np.asarray(np.cumsum(terms) * np.exp(-mean))
