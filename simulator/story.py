"""The story of a ticket: what happened to it, when, and by which rule, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from policy.durations import format_minutes
from policy.errors import InputError
from simulator.attribution import Times
from simulator.codes import Ending, Entry, Fate, Judged, Slip
from simulator.derived import TOLERANCE, escalations
from simulator.model import KindRules, RouteLike
from simulator.tables import Run

_SIGNALS: Final = {
    Entry.EXPERTISE: "needs_expertise",
    Entry.PREMATURE: "needs_expertise",
    Entry.CODE_CHANGE: "needs_code_change",
    Entry.UNRESOLVABLE: "unresolvable",
}
_SEEN: Final = {
    Ending.EXPERTISE: "sees that it needs more expertise",
    Ending.CODE_CHANGE: "sees that the code has to be changed",
    Ending.UNRESOLVABLE: "finds no solution by technical means",
    Ending.PREMATURE: "takes it for harder than it is",
    Ending.SENT_BACK: "cannot use it",
    Ending.BACK_RESOLVED: "solves it",
    Ending.BACK_WAITING: "needs to know something of the customer",
    Ending.BACK_RECLASSIFIED: "finds it less urgent than it was taken for",
    Ending.BACK_WORKAROUND: "helps the customer with a workaround",
    Ending.ANSWERED: "has the customer's answer",
    Ending.WATCHED: "tells the customer of the workaround, and watches the ticket",
}


_BACK: Final = (Ending.BACK_RESOLVED, Ending.BACK_WAITING, Ending.BACK_RECLASSIFIED, Ending.BACK_WORKAROUND)


class Cites(Protocol):
    """What knows the ids of the rules; ``policy.compiled.DeskRules`` does."""

    def routes(self, priority: str, plan: str, tier: str) -> Sequence[RouteLike]: ...
    def route_rules(self, priority: str, plan: str, tier: str, clock: str, to: str) -> tuple[str, ...]: ...
    def destination_rules(self, priority: str, plan: str, tier: str, signal: str, to: str) -> tuple[str, ...]: ...
    def target_rules(self, priority: str, plan: str, what: str) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened: when (minutes since the opening), what, and the ids of the rules that asked for it."""

    at: float
    text: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to a ticket (its number in the files, from 1), in order."""

    ticket: int
    about: str
    steps: tuple[Step, ...]


def story_of(run: Run, ticket: int, cites: Cites | None = None, labels: Mapping[str, str] | None = None) -> Story:
    """Return the story of a ticket of a run; ``ticket`` counts from 1, as in the files.

    ``cites`` tells the rules (none are cited without it), ``labels`` how people call the places and the categories.

    Raises:
        InputError: the run has no such ticket.
    """
    if not len(run.tickets):
        raise InputError(f"there is no ticket {ticket}: no ticket came in this run")
    if not 1 <= ticket <= len(run.tickets):
        raise InputError(f"there is no ticket {ticket}; this run has tickets 1 to {len(run.tickets)}")
    told = _Teller(_only(run, ticket - 1), cites, labels or {})
    steps = sorted(told.steps(), key=lambda step: step.at)
    return Story(ticket, told.about(), tuple(steps))


def _only(run: Run, number: int) -> _Case:
    tickets = run.tickets[number : number + 1].copy()
    visits = run.visits[run.visits["ticket"] == number].copy()
    spells = run.spells[run.spells["ticket"] == number].copy()
    questions = run.questions[run.questions["ticket"] == number].copy()
    updates = run.updates[run.updates["ticket"] == number].copy()
    notes = run.notes[run.notes["ticket"] == number].copy()
    for rows in (tickets, visits, spells, questions, updates, notes):
        rows["ticket"] = 0
    spells.sort(order="began")
    alone = Run(run.model, run.seed, run.replication, tickets, visits, spells, run.agents, questions, updates, notes)
    return _Case(run, alone, number)


@dataclass(frozen=True, slots=True)
class _Case:
    """A run, and the same with one ticket alone (number 0 there)."""

    whole: Run
    alone: Run
    number: int


class _Teller:
    """Tells the story of one ticket."""

    def __init__(self, case: _Case, cites: Cites | None, labels: Mapping[str, str]) -> None:
        self._case, self._cites, self._labels = case, cites, labels
        run = case.alone
        self._run, self._model, self._row = run, run.model, run.tickets[0]
        self._priority = run.model.priorities[self._row["priority"]]
        self._plan = run.model.plans[self._row["plan"]]
        self._kind: KindRules = run.model.kinds[self._row["priority"]][self._row["plan"]]
        self._times = Times(run)
        self._stays = self._times.stays
        self._kinds: list[KindRules] = [self._times.kinds[kind] for kind in self._times.kind_then]
        """The rules of the ticket in each stay: its priority may have been lowered since."""
        self._priorities = [run.model.priorities[kind // len(run.model.plans)] for kind in self._times.kind_then]
        self._number = 0
        """The stay of which is told."""
        self._judged = {(int(e["to"]), float(e["at"])): Judged(e["judged"]) for e in escalations(run)}

    def about(self) -> str:
        """Return what the ticket is, in a line."""
        category = self._model.categories[self._row["category"]]
        right = int(self._row["solved_by"])
        who = f"{self._place(right)} can solve it" if right < self._model.tiers else "no tier can solve it"
        kind = self._labels.get(category, category)
        return f"{self._priority}, plan {self._plan}, {kind}; {who}"

    def steps(self) -> Iterator[Step]:
        """Yield what happened, stay by stay."""
        yield Step(float(self._row["opened"]), self._opened())
        yield from self._targets()
        for number, stay in enumerate(self._stays):
            self._number = number
            yield from self._stay(number, stay)
        for visit in self._run.visits[self._run.visits["place"] >= self._model.tiers]:
            yield self._joins(visit)
        yield from self._end()

    # -- the ticket --------------------------------------------------------------------------------------------

    def _opened(self) -> str:
        first = self._stays[0]
        if first["entry"] == Entry.BACKLOG:
            return f"It waits in {self._place(int(first['place']))} already when the run begins"
        opened = "Opened as part of an outage" if self._row["cause"] >= 0 else "Opened"
        wrong = int(first["slip"]) & Slip.WRONG_PRIORITY
        return f"{opened}, and taken for less urgent than it is" if wrong else opened

    def _targets(self) -> Iterator[Step]:
        """Yield the first response, and what targets were used up before they were met."""
        row, kind = self._row, self._kind
        first = self._model.kinds[row["priority"] - row["lowered"]][row["plan"]]
        responded, due, target = float(row["responded"]), float(row["response_due"]), first.first_response
        rules = self._target_rules("first_response", self._model.priorities[row["priority"] - row["lowered"]])
        closed = float(self._times.closed[0])
        if math.isnan(responded):
            if due < closed:
                yield Step(due, f"The target of the first response ({_said(target)}) is used up", rules)
        elif math.isinf(target):
            yield Step(responded, "The customer has the first response")
        else:
            spent = float(row["response_minutes"])
            late = responded > due + TOLERANCE
            how = f"{_said(spent - target)} too late" if late else "in time"
            text = f"The customer has the first response, {how}: {_said(spent)} of {_said(target)}"
            yield Step(responded, text, rules)
        if float(row["resolution_due"]) + TOLERANCE < closed:
            text = f"The target of the resolution ({_said(kind.resolution)}) is used up"
            yield Step(float(row["resolution_due"]), text, self._target_rules("resolve"))

    def _end(self) -> Iterator[Step]:
        """Yield the decision that ends a ticket nobody could solve, and what the customer heard."""
        row, closed, last = self._row, float(self._times.closed[0]), self._stays[-1]
        resolved = not math.isnan(row["resolved"])
        if not math.isnan(last["left"]) and (not resolved or closed > last["left"]):
            watched = last["ending"] == Ending.WATCHED
            if resolved:
                how = "It is fixed for good, and closed" if watched else "It is decided how to go on: solved"
                yield Step(closed, f"{how}{self._spent()}", self._target_rules("resolve"))
            else:
                what = "the permanent fix" if watched else "a decision"
                yield Step(closed, f"The run ends; {what} is still waited for")
        due, missed, late = (int(row[name]) for name in ("updates_due", "updates_missed", "updates_late"))
        if due:
            count = "the update" if due == 1 else f"{due - missed or 'none'} of {due} updates"
            text = f"The customer was {'not ' if due == missed == 1 else ''}sent {count}"
            yield Step(closed, text + (f", {late} of them late" if late else ""), self._target_rules("update"))

    def _spent(self) -> str:
        target = self._kind.resolution
        spent = _said(float(self._row["resolution_minutes"]))
        return f", after {spent} on its clock" + ("" if math.isinf(target) else f" (target {_said(target)})")

    # -- a stay ------------------------------------------------------------------------------------------------

    def _stay(self, number: int, stay: Any) -> Iterator[Step]:
        tier, entry = self._place(int(stay["place"])), Entry(stay["entry"])
        if entry == Entry.REOPENED:
            yield Step(float(stay["entered"]), f"It comes back, to {tier}")
        if entry == Entry.PAGED:
            text = f"Nobody is in {self._place(0)} and it cannot wait: {tier} is paged"
            yield Step(float(stay["entered"]), text, self._age_rules(0, int(stay["place"]), float(stay["entered"]))[1])
        began = float(stay["began"])
        if not math.isnan(began):
            yield Step(began, self._taken(number, stay, tier))
            yield from self._worked(number, stay, tier)
        yield from self._left(number, stay, tier)

    def _taken(self, number: int, stay: Any, tier: str) -> str:
        available, began = float(stay["available"]), float(stay["began"])
        pool = self._model.tiers if self._times.called[number] else int(stay["place"])
        queue = self._times.staffed[pool].minutes_between(available, began)
        alone = began - available - queue
        waits = []
        if queue > TOLERANCE:
            waits.append(f"{_said(queue)} in the queue")
        if alone > TOLERANCE:
            waits.append(f"{_said(alone)} in which nobody was on shift")
        mine = self._spells(stay)
        who = f" (agent {int((mine[0] if mine else stay)['agent']) + 1})"
        incomplete = "; the hand-off was incomplete, and it has to ask back"
        asks = incomplete if int(stay["slip"]) & Slip.INCOMPLETE_HANDOFF else ""
        return f"{tier} takes it {'after ' + ' and '.join(waits) if waits else 'at once'}{who}{asks}"

    def _spells(self, stay: Any) -> list[Any]:
        began, left = float(stay["began"]), float(stay["left"])
        return [
            one for one in self._run.spells
            if one["place"] == stay["place"] and one["began"] >= began and not one["began"] > left
        ]  # fmt: skip

    def _worked(self, number: int, stay: Any, tier: str) -> Iterator[Step]:
        """Yield what interrupts the work of a stay, and who goes on."""
        asked = self._times.questions
        mine = self._spells(stay)
        answers: list[float] = []
        for place in np.flatnonzero(asked.stay == number):
            since, until = float(asked.start[place]), float(asked.end[place])
            yield Step(since, f"{tier} asks the customer a question")
            answered = not np.isnan(self._run.questions["answered"][self._run.questions["asked"] == since]).any()
            if answered and stay["ending"] not in (Ending.CLOSED, Ending.SOLVED_TOGETHER):
                answers.append(until)
                yield Step(until, f"The customer answers after {_said(until - since)}")
        left = self._times.left[number]
        for one, later in zip(mine, [*mine[1:], None], strict=True):
            ended = float(one["ended"])
            over = left if later is None else float(later["began"])
            if ended < over and ended < left and not (asked.start == ended).any():
                yield Step(ended, f"Agent {int(one['agent']) + 1} breaks off{self._why_stopped(one)}")
            if later is not None and over > ended and over < left:
                since = max([at for at in answers if at <= over], default=ended)
                waited = f", {_said(over - since)} later" if over - since > TOLERANCE else ""
                yield Step(over, f"Agent {int(later['agent']) + 1} goes on with it{waited}")

    def _why_stopped(self, spell: Any) -> str:
        """Return why work on a ticket stopped: for which other, or at the end of the shift."""
        ended, agent, spells = float(spell["ended"]), int(spell["agent"]), self._case.whole.spells
        others = spells[(spells["agent"] == agent) & (spells["began"] == ended)]
        others = others[others["ticket"] != self._case.number]
        for other in others:
            number = int(other["ticket"])
            if number >= 0 and self._case.whole.tickets["priority"][number] < self._row["priority"]:
                return f" for ticket {number + 1}, which is more urgent"
        if agent < len(self._run.agents) and not self._run.agents[agent].hours.is_open(ended):
            return " at the end of the shift"
        return " for something more urgent" if len(others) else ""

    def _left(self, number: int, stay: Any, tier: str) -> Iterator[Step]:
        ending, left = Ending(stay["ending"]), float(stay["left"])
        follower = self._stays[number + 1] if number + 1 < len(self._stays) else None
        if ending == Ending.OPEN:
            yield Step(float(self._times.closed[0]), f"The run ends; it is still open, with {tier}")
            return
        if ending == Ending.SOLVED:
            final = left == self._row["resolved"]
            rules = self._target_rules("resolve") if final else ()
            told = stay["entry"] == Entry.BACK_RESOLVED
            done = "tells the customer, and closes it" if told else "solves it"
            yield Step(left, f"{tier} {done}{self._spent() if final else ''}", rules)
            return
        fates = {
            Ending.GAVE_UP: "The customer gives up waiting",
            Ending.QUEUE_FULL: f"The queue of {tier} is full; the ticket is lost",
            Ending.CLOSED: "The customer has not answered; the ticket is closed",
            Ending.SOLVED_TOGETHER: "Solved together with another ticket of the same outage",
        }
        if ending in fates:
            solved = self._spent() if self._row["fate"] == Fate.SOLVED_TOGETHER else ""
            yield Step(left, fates[ending] + solved)
            return
        if ending == Ending.WATCHED:
            yield Step(left, f"{tier} {_SEEN[ending]}")
            return
        if follower is None or follower["entry"] == Entry.REOPENED:  # the tier keeps it
            yield Step(left, f"{tier} {_SEEN.get(ending, 'can do no more')}; a decision is waited for")
            return
        yield self._passed_on(number, stay, follower, tier, ending)

    def _passed_on(self, number: int, stay: Any, follower: Any, tier: str, ending: Ending) -> Step:
        here, to, at = int(stay["place"]), int(follower["place"]), float(stay["left"])
        other, rules = self._place(to), self._kinds[number].tiers[here]
        cited: tuple[str, ...] = ()
        if ending == Ending.NO_PROGRESS:
            text = f"No progress for {_said(rules.no_progress)}: {tier} hands it to {other}"
            cited = self._route_rules(here, to, "no_progress")
        elif ending == Ending.UNRESOLVED:
            text = f"Unresolved after {_said(rules.unresolved)} in hand: {tier} hands it to {other}"
            cited = self._route_rules(here, to, "unresolved")
        elif ending == Ending.AGE:
            age, cited = self._age_rules(here, to, at)
            text = f"Open for {_said(age)}: it moves from {tier} to {other}"
        elif ending == Ending.SENT_BACK:
            text = f"{tier} {_SEEN[ending]} and sends it back to {other}"
        elif ending in _BACK:
            text = f"{tier} {_SEEN[ending]}, and hands it back to {other}{self._after(number, ending)}"
        elif ending == Ending.ANSWERED:
            text = f"{tier} {_SEEN[ending]}, and passes it up again to {other}"
        else:
            text = f"{tier} {_SEEN.get(ending, 'can do no more')} and hands it to {other}"
            cited = self._seen_rules(here, to, Entry(follower["entry"]))
        if not math.isnan(follower["available"]) and follower["available"] - at > TOLERANCE:
            text += f"; the hand-off takes {_said(float(follower['available']) - at)}"
        return Step(at, text + self._verdict(to, at), cited)

    def _after(self, number: int, ending: Ending) -> str:
        """Return what a hand-back means for the ticket's clock."""
        if ending == Ending.BACK_RESOLVED:
            return ", which is to close it; its clocks stop"
        if ending != Ending.BACK_RECLASSIFIED:
            return ""
        anew = self._model.lowered_restarts
        clock = "its resolution clock begins anew" if anew else "its resolution clock goes on with the new target"
        return f" as {self._priorities[number + 1]}; {clock}"

    def _verdict(self, to: int, at: float) -> str:
        """Return what the rulebook says of an escalation, unless it is as it should be."""
        said = {
            Judged.PREMATURE: "premature", Judged.LATE: "late", Judged.WRONG_DESTINATION: "the wrong destination"
        }  # fmt: skip
        judged = self._judged.get((to, at), Judged.APPROPRIATE)
        return "" if judged == Judged.APPROPRIATE else f" (by the rulebook {said[judged]})"

    def _joins(self, visit: Any) -> Step:
        """Return how somebody who owns no tickets is brought in."""
        to, at, entry = int(visit["place"]), float(visit["entered"]), Entry(visit["entry"])
        self._number = max(0, int(np.count_nonzero(self._stays["entered"] < at)) - 1)
        here = int(self._stays[self._number]["place"])
        if entry == Entry.AGE:
            age, cited = self._age_rules(here, to, at)
            return Step(at, f"Open for {_said(age)}: {self._place(to)} is brought in", cited)
        if entry == Entry.UNRESOLVED:
            text = f"Unresolved in {self._place(here)} for too long: {self._place(to)} is brought in"
            return Step(at, text, self._route_rules(here, to, "unresolved"))
        return Step(at, f"{self._place(to)} is brought in{self._verdict(to, at)}", self._seen_rules(here, to, entry))

    # -- names and rules ---------------------------------------------------------------------------------------

    def _place(self, number: int) -> str:
        name = self._model.places[number]
        return self._labels.get(name, name)

    def _target_rules(self, what: str, priority: str | None = None) -> tuple[str, ...]:
        return () if self._cites is None else self._cites.target_rules(priority or self._priority, self._plan, what)

    def _route_rules(self, here: int, to: int, clock: str) -> tuple[str, ...]:
        if self._cites is None:
            return ()
        places = self._model.places
        return self._cites.route_rules(self._priorities[self._number], self._plan, places[here], clock, places[to])

    def _seen_rules(self, here: int, to: int, entry: Entry) -> tuple[str, ...]:
        if self._cites is None or entry not in _SIGNALS:
            return ()
        places, signal, priority = self._model.places, _SIGNALS[entry], self._priorities[self._number]
        found = self._cites.destination_rules(priority, self._plan, places[here], signal, places[to])
        usual = "needs_expertise"  # what a tier takes for expertise where the procedure has no such signal
        return found or self._cites.destination_rules(priority, self._plan, places[here], usual, places[to])

    def _age_rules(self, here: int, to: int, at: float) -> tuple[float, tuple[str, ...]]:
        """Return the age at which a place gets a ticket or joins, and the rules that say so.

        Of several ages the last that the ticket had reached.
        """
        kind, priority = self._kinds[self._number], self._priorities[self._number]
        rules = kind.tiers[here]
        moves = [] if rules.age_move is None else [rules.age_move]
        ages = sorted(kind.ages[i] for i, place in (*moves, *rules.age_joins, *rules.unanswered_joins) if place == to)
        anew = np.isin(self._stays["entry"], (Entry.REOPENED, Entry.BACK_RECLASSIFIED))
        begins = self._stays["entered"][anew & (self._stays["entered"] < at)].tolist()
        age = kind.hours.minutes_between(max(begins, default=float(self._row["opened"])), at)
        reached = [one for one in ages if one <= age + TOLERANCE] or ages[:1] or [age]
        cited: tuple[str, ...] = ()
        if self._cites is not None:
            for route in self._cites.routes(priority, self._plan, self._model.places[here]):
                fits = route.to == self._model.places[to] and abs(route.minutes - reached[-1]) < TOLERANCE
                if fits and route.clock in ("age", "resolution") and not cited:
                    cited = self._route_rules(here, to, route.clock)
        return reached[-1], cited


def _said(minutes: float) -> str:
    """Return a length of time as people say it, to the minute."""
    return format_minutes(float(round(minutes))) if minutes >= 1 else "less than a minute"
