"""Two tables that follow from those of a run: one row an escalation, one row a clock (``docs/tables.md``)."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.attribution import CAUSES, Groups, Ints, Times
from simulator.codes import BACK_BY_AGREEMENT, ESCALATIONS, Cause, Ending, Entry, Judged, Measured, Slip
from simulator.model import TierRules
from simulator.openhours import Floats
from simulator.tables import Run, Table, solved_at

TOLERANCE: Final = 1e-6  # minutes; a target met to the instant is met, whatever the last bit says

ESCALATION_ROWS: Final = np.dtype(
    [
        ("ticket", "i4"),
        ("from", "i1"),
        ("to", "i1"),
        ("reason", "i1"),
        ("category", "i1"),
        ("at", "f8"),
        ("judged", "i1"),
        ("resolution_minutes", "f8"),
    ]
)
"""``from`` is a tier, ``to`` any place; ``reason`` is an :class:`~simulator.codes.Entry`, ``judged`` a
:class:`~simulator.codes.Judged`; ``resolution_minutes`` are those from the escalation to the solution, on the ticket's
own calendar (pauses included), not-a-number while it is open."""

CLOCK_ROWS: Final = np.dtype(
    [
        ("ticket", "i4"),
        ("clock", "i1"),
        ("place", "i1"),
        ("start", "f8"),
        ("due", "f8"),
        ("stopped", "f8"),
        ("breached", "?"),
        ("cause", "i1"),
        ("minutes", "f8", (CAUSES,)),
    ]
)
"""``clock`` is a :class:`~simulator.codes.Measured`, ``place`` the tier whose timer it is (-1: a clock of the ticket),
``cause`` a :class:`~simulator.codes.Cause` (``NONE`` where the clock was not breached), ``minutes`` where the time of
the clock went, by cause. ``stopped`` is not-a-number while it runs, ``due`` where there is none."""

_SEEN: Final = (int(Entry.EXPERTISE), int(Entry.CODE_CHANGE), int(Entry.UNRESOLVABLE))
"""Escalations because somebody came to see something."""


def escalations(run: Run) -> Table:
    """Return one row for each escalation of a run (:data:`ESCALATION_ROWS`), by ticket and time.

    An escalation moves a ticket up, or lets management or somebody else join; what is sent back is none.
    """
    visits, tickets, times = run.visits, run.tickets, Times(run)
    came_from = _from_stay(run)
    rows = np.flatnonzero(np.isin(visits["entry"], ESCALATIONS))
    up = visits[rows]
    stay = came_from[rows]  # the stay before, as a row of the stays; -1: paged at once
    table = np.zeros(len(up), ESCALATION_ROWS)
    table["ticket"], table["to"], table["reason"], table["at"] = up["ticket"], up["place"], up["entry"], up["entered"]
    table["from"] = np.where(stay >= 0, times.place[stay] if len(times.place) else 0, 0)
    table["category"] = tickets["category"][up["ticket"]]
    table["judged"] = _judged(times, up, stay)
    closed = solved_at(run.visits, tickets)[up["ticket"]]
    own = Groups([kind.hours for kind in times.kinds], times.kind)
    since, until = up["entered"], np.where(np.isnan(closed), up["entered"], closed)
    table["resolution_minutes"] = own.between(up["ticket"].astype(np.int64), since, np.maximum(since, until))
    table["resolution_minutes"][np.isnan(closed)] = np.nan
    return table


def _from_stay(run: Run) -> Ints:
    """Return, for each visit, the stay in a tier that it follows (its row among the stays), -1 where there is none.

    Who joins follows the stay that has begun before; a tier follows the stay before it.
    """
    visits = run.visits
    in_tier = visits["place"] < run.model.tiers
    number = np.cumsum(in_tier) - 1
    before = number - in_tier  # the last stay at or before each visit, its own left out
    stays = visits[in_tier]

    def same(stay: Ints) -> npt.NDArray[np.bool_]:
        if not len(stays):
            return np.zeros(len(visits), bool)
        return np.asarray((stay >= 0) & (stays["ticket"][np.maximum(stay, 0)] == visits["ticket"]))

    found = np.where(same(before), before, -1)
    while True:
        earlier = found - 1
        back = ~in_tier & (found >= 0) & same(earlier)
        back[back] = stays["entered"][found[back]] >= visits["entered"][back]
        if not back.any():
            return found
        found = np.where(back, earlier, found)


def _judged(times: Times, up: Table, stay: Ints) -> npt.NDArray[np.int8]:
    """Return what the rulebook says of escalations (visits) from stays."""
    judged = np.full(len(up), int(Judged.APPROPRIATE), np.int8)
    if not len(times.stays):
        return judged
    known, seen, moves = stay >= 0, np.isin(up["entry"], _SEEN), up["place"] < times.model.tiers
    slip = np.where(known, times.stays["slip"][stay], 0)
    over = np.where(known & moves, _ran_out(times)[stay], np.inf)
    late = (seen & (slip & Slip.LATE_RECOGNITION > 0)) | (up["entered"] > over + TOLERANCE)
    judged[late] = Judged.LATE
    judged[seen & moves & (slip & Slip.WRONG_DESTINATION > 0)] = Judged.WRONG_DESTINATION
    judged[(up["entry"] == Entry.PREMATURE) & (slip & Slip.PREMATURE > 0)] = Judged.PREMATURE
    return judged


# -- timers of the tiers -----------------------------------------------------------------------------------------------


def _figures(times: Times, name: str) -> Floats:
    """Return a figure of the tiers' rules for each stay."""
    figures = np.array([[getattr(rules, name) for rules in kind.tiers] for kind in times.kinds], np.float64)
    solved = times.stays["entry"] == Entry.BACK_RESOLVED  # its clocks have stopped
    return np.where(solved, math.inf, figures[times.kind_then, times.place])


def _age_moves(times: Times) -> Floats:
    """Return the age at which a stay's tier has to pass its ticket on, infinity without one; shape (stays,)."""

    def age(ages: tuple[float, ...], rules: TierRules) -> float:
        return math.inf if rules.age_move is None else ages[rules.age_move[0]]

    figures = np.array([[age(kind.ages, rules) for rules in kind.tiers] for kind in times.kinds], np.float64)
    there_before = np.isin(times.stays["entry"], BACK_BY_AGREEMENT)
    return np.where(there_before, math.inf, figures[times.kind_then, times.place])


def _stands(times: Times, clock: str) -> npt.NDArray[np.bool_]:
    """Return, by kind, whether a clock stands still while the customer is asked."""
    return np.array([not getattr(kind.waiting, clock) for kind in times.kinds], bool)


def _unresolved_due(times: Times) -> Floats:
    """Return when the timer of the time in hand is used up, for each stay; infinity where there is none."""
    every, hours = np.arange(len(times.stays)), times.tier_hours
    stands = _stands(times, "in_hand")[times.kind_then]
    still = np.where(stands, times.asked_within(hours), 0.0)
    due = hours.add(every, times.stays["began"], _figures(times, "unresolved") + still)
    return np.where(np.isnan(due), np.inf, due)


def _stuck(times: Times) -> tuple[Floats, Floats]:
    """Return since when, and until when, the timer without progress ran that ended a stay; not-a-number elsewhere."""
    stays, hours = times.stays, times.tier_hours
    ended = np.flatnonzero(stays["ending"] == Ending.NO_PROGRESS)
    start, due = np.full(len(stays), np.nan), np.full(len(stays), np.nan)
    limit = _figures(times, "no_progress")[ended]
    left = stays["left"][ended]
    start[ended] = np.maximum(hours.before(ended, left, limit), stays["began"][ended])
    due[ended] = left
    return start, due


def _ran_out(times: Times) -> Floats:
    """Return the first instant at which a timer of the policy had run out in a stay, infinity where none had."""
    stays = times.stays
    over = _unresolved_due(times)
    # Ages count from the opening, or since the priority was lowered, and not while a ticket was solved; of a priority
    # seen later, from then, which is unknown.
    since = np.where(stays["entry"] == Entry.BACK_RECLASSIFIED, stays["entered"], -np.inf)
    first = np.ones(len(stays), bool)
    first[1:] = times.ticket[1:] != times.ticket[:-1]
    since[first] = times.run.tickets["opened"][times.ticket[first]]
    rank = np.maximum.accumulate(np.where(np.isfinite(since), np.arange(len(stays)), 0))
    misjudged = np.zeros(len(times.run.tickets), bool)
    misjudged[times.ticket[stays["slip"] & Slip.WRONG_PRIORITY > 0]] = True
    misjudged |= times.run.tickets["raised"] > 0
    ages = _age_moves(times)
    ages[misjudged[times.ticket]] = np.inf
    due = np.full(len(stays), np.inf)
    aged = np.flatnonzero(np.isfinite(ages))

    def so_far(minutes: Floats) -> Floats:  # since the age counts, in this stay too
        return np.asarray(np.cumsum(minutes) - np.cumsum(minutes)[rank] + minutes[rank])

    still = so_far(_solved_before(times))
    by_ticket = still + so_far(times.asked_within(times.own_hours))
    for number, kind in enumerate(times.kinds):
        for place, rules in enumerate(kind.tiers):
            if rules.age_move is not None and kind.age_clocks[rules.age_move[0]] and not kind.waiting.resolution:
                mine = (times.kind_then == number) & (times.place == place)
                still[mine] = by_ticket[mine]
    due[aged] = times.own_hours.add(aged, since[rank][aged], ages[aged] + still[aged])
    return np.asarray(np.maximum(np.fmin(over, due), stays["entered"]))


def _solved_before(times: Times) -> Floats:
    """Return, for each stay that a ticket came back for, the minutes for which it had been solved; 0 elsewhere."""
    stays, again = times.stays, np.flatnonzero(times.stays["entry"] == Entry.REOPENED)
    solved = np.where(stays["entry"] == Entry.BACK_RESOLVED, stays["entered"], times.left)
    for part in times.all:
        if part.what == "decision":
            solved[part.stay] = part.end
    minutes = np.zeros(len(stays))
    minutes[again] = times.own_hours.between(again, solved[again - 1], stays["entered"][again])
    return minutes


# -- clocks ------------------------------------------------------------------------------------------------------------


def clocks(run: Run) -> Table:
    """Return one row for each clock of a run (:data:`CLOCK_ROWS`): by ticket its own, then those of its stays.

    A clock without a target is none, and has no row.
    """
    times = Times(run)
    parts = [_first_response(times), _resolution(times), *_timers(times)]
    table = np.concatenate([np.empty(0, CLOCK_ROWS), *parts])
    return table[np.lexsort((table["clock"], table["start"], table["place"] >= 0, table["ticket"]))]


def _first_response(times: Times) -> Table:
    tickets = times.run.tickets
    changed = tickets["raised"].astype(np.int64) - tickets["lowered"]
    first = times.kind + changed * len(times.model.plans)  # the priority of that time
    target = np.array([kind.first_response for kind in times.kinds])[first]
    stopped = np.where(np.isnan(tickets["responded"]), tickets["resolved"], tickets["responded"])
    due = tickets["response_due"]
    return _own(times, Measured.FIRST_RESPONSE, np.isfinite(target), due, stopped)


def _resolution(times: Times) -> Table:
    tickets = times.run.tickets
    target = np.array([kind.resolution for kind in times.kinds])[times.kind]
    return _own(times, Measured.RESOLUTION, np.isfinite(target), tickets["resolution_due"], tickets["resolved"])


def _own(times: Times, clock: Measured, there: npt.NDArray[np.bool_], due: Floats, stopped: Floats) -> Table:
    """Return the rows of one clock of the tickets that have it."""
    tickets = times.run.tickets
    which = np.flatnonzero(there)
    table = np.zeros(len(which), CLOCK_ROWS)
    table["ticket"], table["clock"], table["place"] = which, clock, -1
    reply = clock == Measured.FIRST_RESPONSE
    start = tickets["opened" if reply else "clock_from"]
    table["start"], table["due"], table["stopped"] = start[which], due[which], stopped[which]
    stop = np.where(np.isnan(stopped), times.closed, stopped)[which]
    table["breached"] = stop > table["due"] + TOLERANCE
    if not reply:  # a breach once recorded stays
        table["breached"] |= tickets["breached_before"][which] > 0
    row = np.full(len(tickets), -1)
    row[which] = np.arange(len(which))
    runs = ~_stands(times, "resolution")[times.kind[which]] | reply
    solved = times.stays["entry"] == Entry.BACK_RESOLVED  # no clock of the ticket runs any more
    _fill(times, table, times.own_hours, np.where(solved, -1, row[times.ticket]), stop, runs, reply=reply)
    return table


def _timers(times: Times) -> list[Table]:
    """Return the rows of the tiers' timers: without progress, and unresolved."""
    begun = ~np.isnan(times.stays["began"])
    stuck_since, stuck_due = _stuck(times)
    unresolved = _unresolved_due(times)
    stays = times.stays
    return [
        _timer(times, Measured.NO_PROGRESS, begun & np.isfinite(_figures(times, "no_progress")),
               np.where(np.isnan(stuck_since), stays["began"], stuck_since), stuck_due,
               stays["ending"] == Ending.NO_PROGRESS),
        _timer(times, Measured.UNRESOLVED, begun & np.isfinite(_figures(times, "unresolved")),
               stays["began"], unresolved,
               (stays["ending"] == Ending.UNRESOLVED) | (times.left > unresolved + TOLERANCE)),
    ]  # fmt: skip


def _timer(
    times: Times, clock: Measured, there: npt.NDArray[np.bool_], start: Floats, due: Floats,
    over: npt.NDArray[np.bool_],
) -> Table:  # fmt: skip
    which = np.flatnonzero(there)
    table = np.zeros(len(which), CLOCK_ROWS)
    table["ticket"], table["clock"], table["place"] = times.ticket[which], clock, times.place[which]
    table["start"], table["due"], table["stopped"] = start[which], due[which], times.stays["left"][which]
    table["breached"] = over[which]
    row = np.full(len(times.stays), -1)
    row[which] = np.arange(len(which))
    runs = ~_stands(times, "in_hand")[times.kind_then[which]]
    _fill(times, table, times.tier_hours, row, times.left[which], runs)
    return table


def _fill(
    times: Times, table: Table, hours: Groups, row: Ints, stop: Floats, runs: npt.NDArray[np.bool_],
    *, reply: bool = False,
) -> None:  # fmt: skip
    """Fill in where the clocks' time went, and why those were breached that were."""
    minutes = times.shares(hours, row, table["start"], stop, runs, reply=reply)
    table["minutes"] = minutes
    spent = minutes.max(axis=1, initial=0.0) > 0
    table["cause"] = np.where(table["breached"] & spent, minutes.argmax(axis=1), int(Cause.NONE))
