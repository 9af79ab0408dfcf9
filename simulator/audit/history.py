"""The history of a ticket: what was known of it, and what the desk played, instant by instant, read from the tables."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from policy.probing import CUSTOMER, ESCALATE, FIRST_RESPONSE, REPLY, RESOLVE, UPDATE
from policy.situation import OPEN, RESOLVED, WAITING_CUSTOMER, Deed
from simulator.attribution import Times
from simulator.audit.book import Book
from simulator.audit.case import (
    ANSWER_SIGN,
    ASK,
    CHECK,
    DEESCALATE,
    LESS_URGENT_SIGN,
    QUESTION_SIGN,
    SENT_BACK_SIGN,
    SOLVED,
    WORKAROUND,
    Case,
    Fact,
    InHand,
    Item,
    What,
)
from simulator.codes import HANDED_BACK, Ending, Entry, Fate, Note, Slip
from simulator.model import TierRules
from simulator.tables import Run

SIGNS: Final[Mapping[int, str]] = {
    int(Ending.EXPERTISE): "needs_expertise",
    int(Ending.CODE_CHANGE): "needs_code_change",
    int(Ending.UNRESOLVABLE): "unresolvable",
}
"""What an agent has seen who says that a tier can do no more; of a desk that knows no such signal, expertise."""
LOST: Final = (Fate.GAVE_UP, Fate.CLOSED, Fate.QUEUE_FULL)


class Histories:
    """Reads the cases of a run from its tables, one ticket at a time."""

    def __init__(self, run: Run, book: Book) -> None:
        """Take the run; its tables are looked through once."""
        self.run, self.book, self.model = run, book, run.model
        self._tables = {
            name: (table, np.searchsorted(table["ticket"], np.arange(len(run.tickets) + 1)))
            for name in ("visits", "questions", "updates", "notes")
            for table in (_by_ticket(getattr(run, name)),)
        }
        spells = _by_ticket(run.spells)
        self._spells = spells, np.searchsorted(spells["ticket"], np.arange(len(run.tickets) + 1))
        self._decided = _decisions(run)

    def case(self, number: int) -> Case:
        """Return the case of a ticket; ``number`` counts from 0."""
        return _Reader(self, number).case()

    def rows(self, name: str, number: int) -> Any:
        """Return a ticket's rows of a table, in order."""
        table, starts = self._spells if name == "spells" else self._tables[name]
        return table[starts[number] : starts[number + 1]]

    def decided(self, number: int, left: float) -> float | None:
        """Return when management had decided what a stay that ended then had left open."""
        return self._decided.get((number, left))


def _by_ticket(table: Any) -> Any:
    return table[np.argsort(table["ticket"], kind="stable")]


def _decisions(run: Run) -> dict[tuple[int, float], float]:
    times = Times(run)
    found: dict[tuple[int, float], float] = {}
    for part in times.all:
        if part.what == "decision":
            for stay, end in zip(part.stay, part.end, strict=True):
                found[int(times.ticket[stay]), float(times.stays["left"][stay])] = float(end)
    return found


class _Reader:
    """Reads one ticket."""

    def __init__(self, histories: Histories, number: int) -> None:
        self._all, self._number = histories, number
        self._book, self._model = histories.book, histories.model
        self._row = histories.run.tickets[number]
        self._zero = self._model.opening
        self._visits = histories.rows("visits", number)
        self._stays = self._visits[self._visits["place"] < self._model.tiers]
        self._notes = histories.rows("notes", number)
        self._items: list[tuple[float, int, int, Item]] = []
        self._visible: dict[float, float] = {}
        self._as_taken = int(self._row["priority"]) - int(self._row["lowered"]) + int(self._row["raised"])
        """The priority before it was lowered, or raised by a signal."""
        seen = self._notes[self._notes["what"] == Note.SIGNAL_SEEN]["at"]
        self._raised_from = float(seen[0]) if len(seen) else math.inf
        self._lowered = np.cumsum(self._stays["entry"] == Entry.BACK_RECLASSIFIED)

    def case(self) -> Case:
        row, model = self._row, self._model
        true = model.priorities[self._as_taken]
        seen = self._notes[self._notes["what"] == Note.PRIORITY_SEEN]
        stated = model.priorities[min(self._as_taken + 1, len(model.priorities) - 1)] if len(seen) else true
        self._facts()
        lost = int(row["fate"]) in LOST and not math.isnan(row["resolved"])
        end = float(row["resolved"]) if lost else model.end
        category = model.categories[row["category"]]
        solver = int(row["solved_by"])
        return Case(
            number=self._number,
            opened=self._at(row["opened"]),
            plan=model.plans[row["plan"]],
            category=self._book.category(category),
            kind=category,
            tier=model.places[self._stays[0]["place"]],
            stated=stated,
            true=true,
            solvable_by=model.places[solver] if solver < model.tiers else None,
            items=tuple(item for at, _, _, item in sorted(self._items, key=lambda one: one[:3]) if at <= end),
            stays=tuple(self._in_hand(stay) for stay in self._stays),
            work=tuple(self._work()),
            hands=tuple(
                (model.places[one["place"]], self._at(began), self._at(ended))
                for one in self._all.rows("spells", self._number)
                for began, ended in self._on_shift(one)
            ),
            forgotten=tuple(
                self._at(one["due"]) for one in self._all.rows("updates", self._number) if math.isnan(one["sent"])
            ),
            shift_ends=tuple(self._shift_ends()),
            responded=self._at(row["responded"]),
            visible=self._visible,
            reasons={
                (model.places[one["place"]], self._at(one["entered"])): Entry(int(one["entry"])).name.lower()
                for one in self._visits
            },
            paged=bool(self._stays[0]["entry"] == Entry.PAGED),
            end=self._at(end),
        )

    def _at(self, minutes: Any) -> float:
        return self._zero + float(minutes)

    def _work(self) -> Iterator[tuple[str, float, float]]:
        """Yield the spells of work, each up to the end of the stay in which it began: what follows is the hand-off."""
        for one in self._all.rows("spells", self._number):
            number, _ = self._stay_at(float(one["began"]))
            left = float(self._stays[number]["left"])
            for began, ended in self._on_shift(one):
                until = ended if math.isnan(left) else min(ended, left)
                if until > began:
                    yield self._model.places[one["place"]], self._at(began), self._at(until)

    def _shift_ends(self) -> Iterator[float]:
        """Yield when work stopped, in a spell, because its agent went home."""
        for one in self._all.rows("spells", self._number):
            parts = [ended for _, ended in self._on_shift(one)]
            goes_on = float(one["ended"]) >= self._model.end > parts[-1]  # beyond the end of the run
            yield from map(self._at, parts if goes_on else parts[:-1])

    def _on_shift(self, spell: Any) -> Iterator[tuple[float, float]]:
        """Yield the parts of a spell in which its agent was on shift: work that waits for its agent is one spell."""
        began, ended, agent = float(spell["began"]), float(spell["ended"]), int(spell["agent"])
        worker = self._all.run.agents[agent] if agent >= 0 else None
        if worker is None or self._model.staff[worker.tier].at_shift_end == "finish":
            yield began, ended
            return
        hours = worker.hours
        for number in range(bisect_left(hours.closes, began), bisect_right(hours.opens, ended)):
            yield max(began, hours.opens[number]), min(ended, hours.closes[number])

    def _in_hand(self, stay: Any) -> InHand:
        left = math.inf if math.isnan(stay["left"]) else self._at(stay["left"])
        incomplete = bool(int(stay["slip"]) & Slip.INCOMPLETE_HANDOFF)
        entered, available, began = (self._at(stay[name]) for name in ("entered", "available", "began"))
        return InHand(self._model.places[stay["place"]], entered, available, began, left, incomplete)

    def _add(self, minutes: float, stay: int, phase: int, item: Item) -> None:
        self._items.append((minutes, stay, phase, item))

    def _fact(self, minutes: float, stay: int, phase: int, what: What, name: str = "", tier: str = "") -> None:
        self._add(minutes, stay, phase, Fact(self._at(minutes), what, name, tier))

    def _deed(
        self, minutes: float, stay: int, phase: int, verb: str, to: str | None, by: str, *what: str
    ) -> None:
        tags = tuple(dict.fromkeys((*what, *self._book.carried(verb))))
        self._add(minutes, stay, phase, Deed(verb, to, None, tags, self._at(minutes), by))

    # -- what happened -----------------------------------------------------------------------------------------

    def _facts(self) -> None:
        """Collect what happened; within an instant in the order of the stays, and of ``phase`` within a stay."""
        for number, stay in enumerate(self._stays):
            tier = self._model.places[stay["place"]]
            if stay["entry"] == Entry.REOPENED:
                self._fact(float(stay["entered"]), number, 0, What.BACK, tier)
            if not math.isnan(stay["began"]):
                self._fact(float(stay["began"]), number, 0, What.TAKEN, tier=tier)
            if stay["ending"] == Ending.NO_PROGRESS:
                self._fact(self._stuck_since(number), number, 1, What.STUCK, tier=tier)
            self._ends(number, stay, tier)
        responded = float(self._row["responded"])
        if not math.isnan(responded):
            number, tier = self._stay_at(responded)
            self._deed(responded, number, 1, REPLY, CUSTOMER, tier, FIRST_RESPONSE)
        for one in self._all.rows("questions", self._number):
            number, tier = self._stay_at(float(one["asked"]))
            self._deed(float(one["asked"]), number, 5, ASK, CUSTOMER, tier)
            self._fact(float(one["asked"]), number, 5, What.STATUS, WAITING_CUSTOMER, tier)
            if not math.isnan(one["answered"]) and float(one["answered"]) < self._closed():
                self._fact(float(one["answered"]), number, 2, What.STATUS, OPEN, tier)
        for one in self._all.rows("updates", self._number):
            if not math.isnan(one["sent"]):
                number, _ = self._stay_at(float(one["sent"]))
                self._deed(float(one["sent"]), number, 3, REPLY, CUSTOMER, self._model.places[one["place"]], UPDATE)
        for one in self._notes:
            number, tier = self._stay_at(float(one["at"]))
            if one["what"] == Note.CHECKED:
                for name in self._book.basic_checks(self._model.categories[self._row["category"]]):
                    self._add(
                        float(one["at"]), number, 4, Deed(CHECK, None, None, (name,), self._at(one["at"]), tier)
                    )
            elif one["what"] == Note.PRIORITY_SEEN:
                priority = self._model.priorities[self._as_taken]
                self._fact(float(one["at"]), number, 4, What.TRUE_PRIORITY, priority, tier)
            else:
                self._fact(float(one["at"]), number, 4, What.SIGN, self._carried(int(one["what"])))
        for visit in self._visits[self._visits["place"] >= self._model.tiers]:
            number, tier = self._stay_at(float(visit["entered"]), owning=True)
            self._deed(float(visit["entered"]), number, 7, ESCALATE, self._model.places[visit["place"]], tier)

    def _carried(self, what: int) -> str:
        """Return the name of the signal that the ticket carries, or of that by which it is let go on."""
        name, signal = list(self._model.desk.signals.items())[int(self._row["signal"])]
        let_go = name if signal.verified is None else signal.verified.signal
        return name if what == Note.SIGNAL_SEEN else str(let_go)

    def _closed(self) -> float:
        return math.inf if math.isnan(self._row["resolved"]) else float(self._row["resolved"])

    def _stay_at(self, at: float, *, owning: bool = False) -> tuple[int, str]:
        """Return the stay at an instant (its number and tier): the last begun before, or owned before, and not left."""
        begins = self._stays["entered"] if owning else self._stays["began"]
        found = [n for n, began in enumerate(begins) if began <= at]
        if owning and len(found) > 1:  # who joins at the instant of a move is called by the tier that had it
            found = [n for n in found if not (begins[n] == at and n)] or found[:1]
        number = found[-1] if found else 0
        return number, self._model.places[self._stays[number]["place"]]

    def _ends(self, number: int, stay: Any, tier: str) -> None:
        ending, left = int(stay["ending"]), float(stay["left"])
        follower = self._stays[number + 1] if number + 1 < len(self._stays) else None
        if ending in (Ending.SOLVED, Ending.SOLVED_TOGETHER):
            if stay["entry"] != Entry.BACK_RESOLVED:  # what the tier above has solved is only closed here
                self._solved(left, number, tier)
            return
        if math.isnan(left) or ending in (Ending.OPEN, Ending.GAVE_UP, Ending.CLOSED, Ending.QUEUE_FULL):
            return
        if ending in SIGNS:
            sign = SIGNS[ending]
            self._fact(left, number, 6, What.SIGN, sign, tier)
            if int(stay["slip"]) & Slip.LATE_RECOGNITION:
                self._visible[self._at(left)] = self._at(self._overlooked(stay))
        if ending == Ending.WATCHED:
            self._fact(left, number, 6, What.PUT_AWAY, tier=tier)
        if follower is None or follower["entry"] == Entry.REOPENED:
            decided = self._all.decided(self._number, left)
            solved = decided if follower is not None else float(self._row["resolved"])
            if solved is not None and not math.isnan(solved):
                self._solved(solved, number, tier)
            return
        to = self._model.places[follower["place"]]
        if ending == Ending.SENT_BACK:
            self._fact(left, number, 6, What.SIGN, SENT_BACK_SIGN, tier)
            self._deed(left, number, 8, DEESCALATE, to, tier)
        elif follower["entry"] in HANDED_BACK:
            self._handed_back(number, follower, tier)
            self._deed(left, number, 10, DEESCALATE, to, tier)
        elif follower["entry"] != Entry.LAID_ASIDE:
            if ending == Ending.ANSWERED:
                self._fact(left, number, 6, What.SIGN, ANSWER_SIGN, tier)
            self._deed(left, number, 8, ESCALATE, to, tier)

    def _handed_back(self, number: int, follower: Any, tier: str) -> None:
        """Collect what a tier knew and did that handed a ticket back, before it did."""
        at = float(follower["entered"])
        match int(follower["entry"]):
            case Entry.BACK_RESOLVED:
                self._solved(at, number, tier)
            case Entry.BACK_WAITING:
                self._fact(at, number, 6, What.SIGN, QUESTION_SIGN, tier)
            case Entry.BACK_RECLASSIFIED:
                priority = self._model.priorities[self._as_taken + int(self._lowered[number + 1])]
                self._fact(at, number, 6, What.SIGN, LESS_URGENT_SIGN, tier)
                self._fact(at, number, 6, What.LOWERED, priority, tier)
            case Entry.BACK_WORKAROUND:
                self._deed(at, number, 6, WORKAROUND, CUSTOMER, tier)

    def _solved(self, at: float, number: int, tier: str) -> None:
        if math.isnan(at) or not at < self._model.end:
            return
        self._fact(at, number, 9, What.SIGN, SOLVED)
        self._deed(at, number, 9, RESOLVE, None, tier)
        self._fact(at, number, 9, What.STATUS, RESOLVED)

    def _stuck_since(self, number: int) -> float:
        """Return since when there was no progress in a stay that ended for the lack of it."""
        stay = self._stays[number]
        raised = int(self._row["raised"]) if self._raised_from <= stay["left"] else 0
        kind = self._model.kinds[self._as_taken + int(self._lowered[number]) - raised][self._row["plan"]]
        rules: TierRules = kind.tiers[int(stay["place"])]
        hours = rules.hours
        goal = hours.minutes_between(0.0, float(stay["left"])) - rules.no_progress
        return max(hours.add(0.0, goal) if goal > 0 else 0.0, float(stay["began"]))

    def _overlooked(self, stay: Any) -> float:
        """Return since when a sign could have been seen that was seen when the stay was left.

        The desk says for how long such a sign is overlooked, in minutes of work. It cannot be seen before the checks.
        """
        late_by, at = self._model.desk.behaviour.late_by, float(stay["left"])
        began = float(stay["began"])
        for since, until in sorted(self._spells_of(stay), reverse=True):
            worked = min(until, at) - since
            if worked <= 0:
                continue
            if worked >= late_by:
                at = min(until, at) - late_by
                break
            late_by -= worked
            at = since
        checked = [float(n["at"]) for n in self._notes if n["what"] == Note.CHECKED and began <= n["at"] <= at]
        return max(at, *checked, began) if checked else max(at, began)

    def _spells_of(self, stay: Any) -> Iterator[tuple[float, float]]:
        for one in self._all.rows("spells", self._number):
            if one["place"] == stay["place"] and one["began"] >= stay["began"] and one["began"] < stay["left"]:
                yield float(one["began"]), float(one["ended"])
