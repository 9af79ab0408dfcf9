"""How a ticket leaves a stay: solved, lost, or handed to somebody else; and who joins though they own no tickets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from simulator.codes import Ending, Entry, Fate, Judged, Note
from simulator.derived import TOLERANCE, escalations
from simulator.story.case import Case
from simulator.story.citing import Names
from simulator.story.customer import spent
from simulator.story.model import Step, said
from simulator.story.working import MOVED, dropped

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
_HELD_AGAINST: Final = {
    Judged.PREMATURE: "premature", Judged.LATE: "late", Judged.WRONG_DESTINATION: "the wrong destination"
}  # fmt: skip


class Moves:
    """Tells how a ticket moves on."""

    def __init__(self, case: Case, names: Names) -> None:
        """Take the ticket, and the names of places and rules."""
        self._case, self._names = case, names
        self._judged = {(int(e["to"]), float(e["at"])): Judged(e["judged"]) for e in escalations(case.run)}

    def stay_ends(self, number: int) -> Iterator[Step]:
        """Yield how a stay ends."""
        case, stay = self._case, self._case.stays[number]
        ending, left, tier = Ending(stay["ending"]), float(stay["left"]), self._names.place(int(stay["place"]))
        follower = case.stays[number + 1] if number + 1 < len(case.stays) else None
        if ending == Ending.OPEN:
            yield Step(case.closed, f"The run ends; it is still open, with {tier}")
            return
        if ending == Ending.SOLVED:
            final = left == case.row["resolved"]
            rules = self._names.target_rules("resolve", int(case.row["priority"])) if final else ()
            told = stay["entry"] == Entry.BACK_RESOLVED
            done = "tells the customer, and closes it" if told else "solves it"
            yield Step(left, f"{tier} {done}{spent(case) if final else ''}", rules)
            return
        fates = {
            Ending.GAVE_UP: "The customer gives up waiting",
            Ending.QUEUE_FULL: f"The queue of {tier} is full; the ticket is lost",
            Ending.CLOSED: "The customer has not answered; the ticket is closed",
            Ending.SOLVED_TOGETHER: "Solved together with another ticket of the same outage",
        }
        if ending in fates:
            solved = spent(case) if case.row["fate"] == Fate.SOLVED_TOGETHER else ""
            yield Step(left, fates[ending] + solved)
            return
        if ending == Ending.WATCHED:
            yield Step(left, f"{tier} {_SEEN[ending]}")
            return
        if follower is None or follower["entry"] == Entry.REOPENED:  # the tier keeps it
            yield Step(left, f"{tier} {_SEEN.get(ending, 'can do no more')}; a decision is waited for")
            return
        yield self._passed_on(number, follower, tier, ending)

    def _passed_on(self, number: int, follower: Any, tier: str, ending: Ending) -> Step:
        names, stay = self._names, self._case.stays[number]
        to, at = int(follower["place"]), float(stay["left"])
        other, rules = names.place(to), self._case.rules_in(number).tiers[int(stay["place"])]
        cited: tuple[str, ...] = ()
        if ending == Ending.NO_PROGRESS:
            text = f"No progress for {said(rules.no_progress)}: {tier} hands it to {other}"
            cited = names.route_rules(number, to, "no_progress")
        elif ending == Ending.UNRESOLVED:
            text = f"Unresolved after {said(rules.unresolved)} in hand: {tier} hands it to {other}"
            cited = names.route_rules(number, to, "unresolved")
        elif ending == Ending.AGE:
            age, cited = names.age_rules(number, to, at)
            since = " since its priority was raised" if self._case.raised_before(at) else ""
            text = f"Open for {said(age)}{since}: it moves from {tier} to {other}"
        elif ending == Ending.SENT_BACK:
            text = f"{tier} {_SEEN[ending]} and sends it back to {other}"
        elif ending in _BACK:
            text = f"{tier} {_SEEN[ending]}, and hands it back to {other}{self._after(number, ending)}"
        elif ending == Ending.SIGNAL:
            aside = follower["entry"] == Entry.LAID_ASIDE
            text = f"{tier} lays it aside" if aside else f"{tier} hands it to {other}"
            cited = names.seen_rules(number, to, Entry(follower["entry"]))
        elif ending == Ending.ANSWERED:
            text = f"{tier} {_SEEN[ending]}, and passes it up again to {other}"
        else:
            text = f"{tier} {_SEEN.get(ending, 'can do no more')} and hands it to {other}"
            cited = names.seen_rules(number, to, Entry(follower["entry"]))
        if self._verifying(follower):
            text += "; nobody works on it until it is verified"
        elif not math.isnan(follower["available"]) and follower["available"] - at > TOLERANCE:
            text += f"; the hand-off takes {said(float(follower['available']) - at)}"
        if ending in MOVED and dropped(self._case, number):
            text += "; the customer's answer is no longer waited for"
        return Step(at, text + self._verdict(to, at), cited)

    def _verifying(self, stay: Any) -> bool:
        """Return whether the signal of a ticket is still to be verified when a stay begins."""
        notes, carried = self._case.run.notes, self._case.model.desk.signals.get(self._case.signal)
        if carried is None or carried.verified is None:
            return False
        seen, done = (notes["at"][notes["what"] == what] for what in (Note.SIGNAL_SEEN, Note.VERIFIED))
        return bool((seen <= stay["entered"]).any()) and not bool((done <= stay["entered"]).any())

    def _after(self, number: int, ending: Ending) -> str:
        """Return what a hand-back means for the ticket's clock."""
        if ending == Ending.BACK_RESOLVED:
            return ", which is to close it; its clocks stop"
        if ending != Ending.BACK_RECLASSIFIED:
            return ""
        anew = self._case.model.lowered_restarts
        clock = "its resolution clock begins anew" if anew else "its resolution clock goes on with the new target"
        return f" as {self._names.priority(self._case.priority_in(number + 1))}; {clock}"

    def _verdict(self, to: int, at: float) -> str:
        """Return what the rulebook says of an escalation, unless it is as it should be."""
        judged = self._judged.get((to, at), Judged.APPROPRIATE)
        return "" if judged == Judged.APPROPRIATE else f" (by the rulebook {_HELD_AGAINST[judged]})"

    # -- who owns no tickets -------------------------------------------------------------------------------------

    def joins(self) -> Iterator[Step]:
        """Yield how those are brought in who own no tickets."""
        visits = self._case.run.visits
        for visit in visits[visits["place"] >= self._case.model.tiers]:
            yield self._joins(int(visit["place"]), float(visit["entered"]), Entry(visit["entry"]))

    def _joins(self, to: int, at: float, entry: Entry) -> Step:
        names, stays = self._names, self._case.stays
        stay = max(0, int(np.count_nonzero(stays["entered"] < at)) - 1)
        if entry == Entry.AGE:
            age, cited = names.age_rules(stay, to, at)
            since = " since its priority was raised" if self._case.raised_before(at) else ""
            return Step(at, f"Open for {said(age)}{since}: {names.place(to)} is brought in", cited)
        if entry == Entry.UNRESOLVED:
            here = names.place(int(stays[stay]["place"]))
            text = f"Unresolved in {here} for too long: {names.place(to)} is brought in"
            return Step(at, text, names.route_rules(stay, to, "unresolved"))
        text = f"{names.place(to)} is brought in{self._verdict(to, at)}"
        return Step(at, text, names.seen_rules(stay, to, entry))
