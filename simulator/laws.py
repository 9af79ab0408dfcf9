"""The laws that every run keeps; each returns the tickets that break it. :mod:`simulator.checks` looks at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from simulator.codes import HANDED_BACK, Ending, Entry, Fate, Note
from simulator.looks import unlike
from simulator.openhours import Floats
from simulator.ordering import picked
from simulator.tables import Run, Table

Indices = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

_DECIDED_BY_OTHERS: Final = (
    Ending.EXPERTISE, Ending.CODE_CHANGE, Ending.UNRESOLVABLE, Ending.PREMATURE, Ending.WATCHED,
)  # fmt: skip
"""Ways in which a ticket's last stay ends although it is open: it waits for somebody's decision."""
_CLOSE: Final = 1e-9
"""Sums of many instants may differ by so much, relative to what is summed."""


@dataclass(frozen=True)
class Books:
    """The tables of a run, put in the orders in which the laws look at them."""

    run: Run

    @cached_property
    def stays(self) -> Table:
        """Visits to tiers, by ticket and then in the order in which they happened."""
        visits = self.run.visits
        in_tiers = visits["place"] < self.run.model.tiers
        found = visits if in_tiers.all() else picked(visits, in_tiers)
        ticket, entered, left = found["ticket"], found["entered"], found["left"]
        same = ticket[1:] == ticket[:-1]
        behind = (ticket[1:] < ticket[:-1]) | (same & ((entered[1:] <= entered[:-1]) | (left[1:] < left[:-1])))
        if behind.any():  # a stay that takes no time may stand behind the one that follows it
            found = picked(found, np.lexsort((left, entered, ticket)))
        return found

    @cached_property
    def first(self) -> Flags:
        """Whether a row of ``stays`` is its ticket's first."""
        ticket = self.stays["ticket"]
        return np.append(True, ticket[1:] != ticket[:-1])[: len(ticket)]

    @cached_property
    def lasts(self) -> Table:
        """The last stay of each ticket, in order."""
        return picked(self.stays, np.append(self.first[1:], True)[: len(self.first)])

    @cached_property
    def spells(self) -> Table:
        """Spells of work, by agent and then in the order in which they began."""
        spells = self.run.spells
        order = np.argsort(spells["began"], kind="stable")
        agent = spells["agent"][order]
        # Small numbers are sorted many times faster.
        agent = agent.astype(np.uint16) if len(self.run.agents) < 1 << 16 else agent
        found = picked(spells, order[np.argsort(agent, kind="stable")])
        if _overlap(found, "agent").any():  # one that took no time may stand behind the next
            found = found[np.lexsort((found["ended"], found["began"], found["agent"]))]
        return found

    @cached_property
    def presence(self) -> tuple[Floats, Floats, Flags]:
        """Of each agent the minutes worked and the minutes there, of each spell whether it began out of hours."""
        spells, agents, end = self.spells, self.run.agents, self.run.model.end
        calendars = {id(one.hours): one.hours for one in agents}
        number = {key: place for place, key in enumerate(calendars)}
        group = np.array([number[id(one.hours)] for one in agents], np.intp)
        who, began, until = spells["agent"], spells["began"], np.minimum(spells["ended"], end)
        busy, there, away = np.zeros(len(agents)), np.zeros(len(agents)), np.zeros(len(spells), bool)
        for place, hours in enumerate(calendars.values()):
            there[group == place] = hours.minutes_between(0.0, end)
            mine = np.flatnonzero(group[who] == place) if len(calendars) > 1 else np.arange(len(who))
            if not len(mine):
                continue
            if not hours.opens:
                away[mine] = True
                continue
            opens, closes, before = np.array(hours.opens), np.array(hours.closes), np.array(hours.before)
            instants = np.concatenate([began[mine], until[mine]])
            index = np.searchsorted(opens, instants, side="right") - 1
            inside = np.minimum(instants, closes[index])
            open_before = np.where(index < 0, 0.0, before[index] + inside - opens[index])
            minutes = open_before[len(mine) :] - open_before[: len(mine)]
            busy += np.bincount(who[mine], minutes, minlength=len(agents))
            away[mine] = ((index < 0) | (instants >= closes[index]))[: len(mine)]
        return busy, there, away


def _overlap(spells: Table, what: str) -> Flags:
    """Return whether each spell but the first begins before the last one of the same agent or ticket has ended."""
    same: Flags = spells[what][1:] == spells[what][:-1]
    return same & (spells["ended"][:-1] > spells["began"][1:])


# -- the laws: each returns the tickets that break it -----------------------------------------------------------------


def _some_ticket_missing(books: Books) -> Indices:
    numbers = books.run.tickets["ticket"]
    return _where(numbers != np.arange(len(numbers)), numbers)


def _no_stay(books: Books) -> Indices:
    numbers, seen = books.run.tickets["ticket"], books.stays["ticket"][books.first]
    if len(seen) == len(numbers) and (seen == numbers).all():
        return _NONE
    return np.setxor1d(seen, numbers).astype(np.intp)


def _fate_unknown(books: Books) -> Indices:
    tickets = books.run.tickets
    still_open = tickets["fate"] == Fate.OPEN
    bad = (still_open != np.isnan(tickets["resolved"])) | (tickets["fate"] < 0) | (tickets["fate"] > max(Fate))
    return _where(bad, tickets["ticket"])


def _not_as_the_stays_say(books: Books) -> Indices:
    """The last stay ends as the ticket does; a solved ticket has been answered."""
    tickets, lasts = books.run.tickets, books.lasts
    left, resolved = lasts["left"], tickets["resolved"]
    still_open = tickets["fate"] == Fate.OPEN
    decided = np.isin(lasts["ending"], _DECIDED_BY_OTHERS)
    open_stay = (lasts["ending"] == Ending.OPEN) & np.isnan(left)
    as_open = open_stay | (decided & ~np.isnan(left))
    as_ended = (left == resolved) | (decided & (left <= resolved))
    bad = np.where(still_open, ~as_open, ~as_ended) | (lasts["place"] != tickets["holder"])
    solved = (tickets["fate"] == Fate.SOLVED) | (tickets["fate"] == Fate.SOLVED_TOGETHER)
    bad |= solved & ~(tickets["responded"] <= resolved)
    return _where(bad, tickets["ticket"])


def _opened_after_it_ended(books: Books) -> Indices:
    tickets, end = books.run.tickets, books.run.model.end
    opened, resolved, responded = tickets["opened"], tickets["resolved"], tickets["responded"]
    bad = ~(opened >= 0) | ~(opened < end) | (resolved < opened) | (responded < opened) | (resolved >= end)
    return _where(bad, tickets["ticket"])


def _backwards_within_a_stay(books: Books) -> Indices:
    visits = books.run.visits
    entered, available, began = visits["entered"], visits["available"], visits["began"]
    left, released = visits["left"], visits["released"]
    # A comparison with what has not happened is false.
    bad = (entered > available) | (available > began) | (began > left) | (left > released)
    bad |= (entered > left) | (available > left) | np.isnan(entered) | (np.isnan(left) & ~np.isnan(released))
    return _where(bad, visits["ticket"])


def _backwards_from_stay_to_stay(books: Books) -> Indices:
    stays = books.stays
    left, entered = stays["left"][:-1], stays["entered"][1:]
    comes_back = stays["entry"][1:] == Entry.REOPENED
    follows = np.where(comes_back, entered >= left, entered == left)
    return _where(~books.first[1:] & ~follows, stays["ticket"][1:])


def _handed_back_otherwise(books: Books) -> Indices:
    """What a tier hands back, the next has as that, in the instant in which it was handed back; and nothing else."""
    stays, tickets = books.stays, books.run.tickets
    desk = books.run.model.desk
    if all(desk.work_of(tier).hands_back is None for tier in range(books.run.model.tiers)):
        odd = (tickets["lowered"] != 0) | (tickets["clock_from"] != tickets["opened"]) & ~_raised(books)
        back = np.isin(stays["entry"], (*HANDED_BACK, Entry.ANSWERED))
        return np.concatenate([_where(odd, tickets["ticket"]), _where(back, stays["ticket"])])
    ending = np.append(-1, stays["ending"][:-1])[: len(stays)]
    ending[books.first] = -1
    bad = np.zeros(len(stays), bool)
    for why in (*HANDED_BACK, Entry.ANSWERED):
        bad |= (stays["entry"] == why) != (ending == Ending[why.name])
    lowered = np.bincount(stays["ticket"], stays["entry"] == Entry.BACK_RECLASSIFIED, minlength=len(tickets))
    miscounted = lowered != tickets["lowered"]
    began, opened = tickets["clock_from"], tickets["opened"]
    anew = (tickets["lowered"] > 0) & books.run.model.lowered_restarts
    miscounted |= ~_raised(books) & np.where(anew, ~(began > opened) | (began > tickets["resolved"]), began != opened)
    return np.concatenate([_where(bad, stays["ticket"]), _where(miscounted, tickets["ticket"])])


def _raised(books: Books) -> npt.NDArray[np.bool_]:
    """Return which tickets were found more urgent than they were taken for, so that their clock began anew."""
    found = np.zeros(len(books.run.tickets), bool)
    notes = books.run.notes
    if books.run.model.raised_restarts:
        found[notes["ticket"][notes["what"] == Note.PRIORITY_SEEN]] = True
        found |= books.run.tickets["raised"] > 0
    return found


def _first_stay_elsewhen(books: Books) -> Indices:
    tickets = books.run.tickets
    return _where(books.stays["entered"][books.first] != tickets["opened"], tickets["ticket"])


def _told_out_of_time(books: Books) -> Indices:
    visits, tickets = books.run.visits, books.run.tickets
    told = visits[visits["place"] >= books.run.model.tiers]
    ticket = tickets[told["ticket"]]
    ends, resolved = told["left"], ticket["resolved"]
    bad = (told["entered"] < ticket["opened"]) | (told["entered"] > resolved)
    bad |= (ends != resolved) & ~(np.isnan(ends) & np.isnan(resolved))
    return _where(bad, told["ticket"])


def _work_backwards(books: Books) -> Indices:
    spells, end = books.run.spells, books.run.model.end
    return _where(~(spells["began"] <= spells["ended"]) | ~(spells["began"] <= end), spells["ticket"])


def _busier_than_there(books: Books) -> Indices:
    busy, there, _ = books.presence
    return _where((busy > there * (1 + _CLOSE))[books.spells["agent"]], books.spells["ticket"])


def _two_at_once(books: Books) -> Indices:
    return _where(_overlap(books.spells, "agent"), books.spells["ticket"][1:])


def _begun_while_away(books: Books) -> Indices:
    """Work begins in the agent's hours, or at the instant at which the same agent's work before ended."""
    away = books.presence[2]
    if not away.any():
        return _NONE
    spells = books.spells
    goes_on = (spells["agent"][1:] == spells["agent"][:-1]) & (spells["began"][1:] == spells["ended"][:-1])
    return _where(away & ~np.append(False, goes_on), spells["ticket"])


def _work_outside_a_stay(books: Books) -> Indices:
    """Work on a ticket lies within the stay that it then has."""
    spells, stays = books.run.spells, books.stays
    spells = spells if (spells["ticket"] >= 0).all() else spells[spells["ticket"] >= 0]
    ticket, began = np.ascontiguousarray(spells["ticket"]), np.ascontiguousarray(spells["began"])
    entered, first = np.ascontiguousarray(stays["entered"]), np.flatnonzero(books.first)
    last = np.append(first[1:], len(stays)) - 1
    stay, final = first[ticket], last[ticket]
    going_on = np.flatnonzero(stay < final)
    while len(going_on):
        going_on = going_on[entered[stay[going_on] + 1] <= began[going_on]]
        stay[going_on] += 1
        going_on = going_on[stay[going_on] < final[going_on]]
    outside = np.flatnonzero(~_within(spells, stays, stay))
    # A ticket may be passed on in the instant in which work on it begins: then the stay before is the right one.
    while len(outside) and (earlier := stay[outside] > first[ticket[outside]]).any():
        if (lost := outside[~earlier]).size:
            return np.asarray(ticket[lost], np.intp)
        stay[outside] -= 1
        outside = outside[~_within(spells[outside], stays, stay[outside])]
    return np.asarray(ticket[outside], np.intp)


def _within(spells: Table, stays: Table, which: Indices) -> Flags:
    """Return whether each spell lies in a stay, given by its row."""
    began, released = stays["began"][which], stays["released"][which]
    within: Flags = (stays["place"][which] == spells["place"]) & (began <= spells["began"])
    return within & ~(spells["ended"] > released)


def _two_for_one(books: Books) -> Indices:
    spells = books.run.spells
    number = spells["ticket"]
    several = np.bincount(number[number >= 0], minlength=1) > 1
    spells = picked(spells, (number >= 0) & several[number])
    spells = picked(spells, np.lexsort((spells["ended"], spells["began"], spells["ticket"])))
    return _where(_overlap(spells, "ticket"), spells["ticket"][1:])


def _question_out_of_time(books: Books) -> Indices:
    questions, tickets = books.run.questions, books.run.tickets
    number, asked, answered = questions["ticket"], questions["asked"], questions["answered"]
    bad = (answered < asked) | (asked < tickets["responded"][number])
    bad |= (answered > tickets["resolved"][number]) | ~(asked >= tickets["opened"][number])
    return _where(bad, number)


def _update_out_of_time(books: Books) -> Indices:
    """An update is sent when it is due or later, while the ticket is open; one that is forgotten was due then."""
    updates, tickets = books.run.updates, books.run.tickets
    number, due, sent = updates["ticket"], updates["due"], updates["sent"]
    last = np.fmax(due, sent)
    bad = (sent < due) | ~(due >= tickets["opened"][number]) | (last > tickets["resolved"][number])
    return _where(bad | ~(last <= books.run.model.end), number)


def _updates_miscounted(books: Books) -> Indices:
    """The updates of each ticket are as many as its row says, sent, late and forgotten."""
    updates, tickets = books.run.updates, books.run.tickets
    if books.run.model.desk.work.update is None:  # they take no time, and are counted only
        return np.asarray(updates["ticket"], np.intp)
    due, sent, number = updates["due"], updates["sent"], len(tickets)
    bad = np.zeros(number, np.bool_)
    kinds = (("updates_missed", np.isnan(sent)), ("updates_sent", sent >= due), ("updates_late", sent > due))
    for name, these in kinds:
        bad |= np.bincount(updates["ticket"][these], minlength=number) != tickets[name]
    return _where(bad, tickets["ticket"])


def _note_out_of_time(books: Books) -> Indices:
    notes, tickets = books.run.notes, books.run.tickets
    ticket, at, end = notes["ticket"], notes["at"], books.run.model.end
    bad = ~(at >= tickets["opened"][ticket]) | (at > tickets["resolved"][ticket]) | ~(at <= end)
    return _where(bad, notes["ticket"])


def _taken_from_nowhere(books: Books) -> Indices:
    stays = books.stays
    return _where(~np.isnan(stays["began"]) & np.isnan(stays["available"]), stays["ticket"])


def _queues_otherwise(books: Books) -> Indices:
    """What the engine saw in its queues now and then is what waited by the tables; Little's law follows from that."""
    run = books.run
    if run.looks is None:
        return _NONE
    odd = unlike(run.looks, [run.visits], run.model.tiers)
    return about(run, odd[0]) if len(odd) else _NONE


def about(run: Run, at: float) -> Indices:
    """Return the number of the ticket, of those opened by an instant, that was opened last."""
    return np.array([max(0, int(np.searchsorted(run.tickets["opened"], at, side="right")) - 1)], np.intp)


_NONE: Final[Indices] = np.empty(0, np.intp)


def _where(bad: Flags, tickets: npt.NDArray[Any]) -> Indices:
    return np.asarray(tickets[bad], np.intp) if bad.any() else _NONE


Law = Callable[[Books], Indices]

LAWS: Final[tuple[tuple[str, Law], ...]] = (
    ("tickets are counted from the first to the last, each once", _some_ticket_missing),
    ("a ticket is open or it has ended, and not both", _fate_unknown),
    ("a ticket ends after it was opened, within the run", _opened_after_it_ended),
    ("a ticket has been in a tier", _no_stay),
    ("time does not run backwards within a stay", _backwards_within_a_stay),
    ("a ticket's first stay begins when it is opened", _first_stay_elsewhen),
    ("a ticket is in one tier at a time, and always in one", _backwards_from_stay_to_stay),
    ("what a tier hands back, the next has as that", _handed_back_otherwise),
    ("a ticket ends as its last stay does", _not_as_the_stays_say),
    ("those who join in do so while a ticket is open, and until it ends", _told_out_of_time),
    ("time does not run backwards in work", _work_backwards),
    ("nobody is busy for longer than they are there", _busier_than_there),
    ("nobody works on two tickets at once", _two_at_once),
    ("work begins when the agent is at work", _begun_while_away),
    ("work on a ticket is done within a stay, in its tier", _work_outside_a_stay),
    ("a ticket is worked on by one agent at a time", _two_for_one),
    ("a customer is asked after the first reply, and not after the ticket has ended", _question_out_of_time),
    ("an update is sent when it is due, or later, while the ticket is open", _update_out_of_time),
    ("each ticket has as many updates as its row says", _updates_miscounted),
    ("an agent comes to know something while the ticket is open", _note_out_of_time),
    ("a ticket that is taken could be taken", _taken_from_nowhere),
    ("queues are as long as the waits say, whenever the engine looked at them (Little's law)", _queues_otherwise),
)
"""What holds in every run, and how to find the tickets that break it; in the order in which they are looked at."""

OF_AGENTS: Final[frozenset[Law]] = frozenset((_busier_than_there, _two_at_once, _begun_while_away))
"""The laws that need all the work of an agent; each of the others needs all that happened to a ticket."""

OF_QUEUES: Final[frozenset[Law]] = frozenset((_queues_otherwise,))
"""The laws that need what happened to all tickets."""
