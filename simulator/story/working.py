"""What is done in a stay: who takes the ticket, what they come to know, what interrupts them, who goes on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from simulator.codes import Ending, Entry, Note, Slip
from simulator.derived import TOLERANCE
from simulator.story.case import Case
from simulator.story.citing import Names
from simulator.story.model import Step, said

MOVED: Final = (Ending.NO_PROGRESS, Ending.UNRESOLVED, Ending.AGE)
"""The endings of a stay that a timer or an age ends."""
_DROPS: Final = (*MOVED, Ending.CLOSED, Ending.SOLVED_TOGETHER)
"""Those that end a question to the customer without an answer."""


def stay_begins(case: Case, names: Names, number: int) -> Iterator[Step]:
    """Yield how a stay begins, and what is done in it until it ends."""
    stay = case.stays[number]
    tier, entry = names.place(int(stay["place"])), Entry(stay["entry"])
    if entry == Entry.REOPENED:
        yield Step(float(stay["entered"]), f"It comes back, to {tier}")
    if entry == Entry.PAGED:
        text = f"Nobody is in {names.place(0)} and it cannot wait: {tier} is paged"
        yield Step(float(stay["entered"]), text, _paging_rules(case, names, number))
    yield from _learned(case, names, number)
    began = float(stay["began"])
    if not math.isnan(began):
        yield Step(began, _taken(case, number, tier))
        yield from _asked(case, number, tier)
        yield from _interrupted(case, number)


def dropped(case: Case, number: int) -> bool:
    """Return whether a stay ended while the customer was still asked."""
    asked = case.times.questions
    still = bool((asked.end[asked.stay == number] == case.times.left[number]).any())
    return still and case.stays[number]["ending"] in _DROPS


def _paging_rules(case: Case, names: Names, number: int) -> tuple[str, ...]:
    """Return the rules that send a ticket up from the first tier, which it has never been in."""
    stay = case.stays[number]
    return names.age_rules(number, int(stay["place"]), float(stay["entered"]), here=0)[1]


def _taken(case: Case, number: int, tier: str) -> str:
    stay = case.stays[number]
    available, began = float(stay["available"]), float(stay["began"])
    pool = case.model.tiers if case.times.called[number] else int(stay["place"])
    queue = case.times.staffed[pool].minutes_between(available, began)
    alone = began - available - queue
    waits = []
    if queue > TOLERANCE:
        waits.append(f"{said(queue)} in the queue")
    if alone > TOLERANCE:
        waits.append(f"{said(alone)} in which nobody was on shift")
    mine = case.spells(stay)
    who = f" (agent {int((mine[0] if mine else stay)['agent']) + 1})"
    incomplete = "; the hand-off was incomplete, and it has to ask back"
    asks = incomplete if int(stay["slip"]) & Slip.INCOMPLETE_HANDOFF else ""
    notes = case.run.notes[case.run.notes["what"] == Note.VERIFIED]
    verified = ", now that it is verified" if ((notes["at"] >= stay["entered"]) & (notes["at"] <= began)).any() else ""
    return f"{tier} takes it {'after ' + ' and '.join(waits) if waits else 'at once'}{who}{verified}{asks}"


def _learned(case: Case, names: Names, number: int) -> Iterator[Step]:
    """Yield what comes to be known in a stay, in the queue or in the middle of the work."""
    stay = case.stays[number]
    tier = names.place(int(stay["place"]))
    for note in case.run.notes:
        at = float(note["at"])
        if note["what"] == Note.VERIFIED or case.stay_of(note) != number:
            continue
        if note["what"] == Note.PRIORITY_SEEN:
            true = case.stated - 1
            who = f"Somebody who looks through the queue of {tier}" if not at >= stay["began"] else tier
            yield Step(at, f"{who} sees that it is {names.priority(true)}, and not {names.priority(true + 1)}")
        elif note["what"] == Note.SIGNAL_SEEN:
            raised = int(case.row["raised"])
            now = f"; it is {names.priority(case.priority_in(number))} from now on" if raised else ""
            yield Step(at, f"{tier} sees a signal: {names.label(case.signal)}{now}")
        elif note["what"] == Note.CHECKED and at > stay["began"]:  # checks that take no time are none
            yield Step(at, f"{tier} has done the checks")


def _asked(case: Case, number: int, tier: str) -> Iterator[Step]:
    """Yield the questions to the customer, and the answers."""
    for since, until in _questions(case, number):
        yield Step(since, f"{tier} asks the customer a question")
        if not math.isinf(until):
            yield Step(until, f"The customer answers after {said(until - since)}")


def _questions(case: Case, number: int) -> Iterator[tuple[float, float]]:
    """Yield when the customer was asked and answered, infinity without an answer."""
    asked = case.times.questions
    for place in np.flatnonzero(asked.stay == number):
        since, until = float(asked.start[place]), float(asked.end[place])
        open_still = np.isnan(case.run.questions["answered"][case.run.questions["asked"] == since]).any()
        silent = open_still or (dropped(case, number) and until == case.times.left[number])
        yield since, math.inf if silent else until


def _interrupted(case: Case, number: int) -> Iterator[Step]:
    """Yield who breaks off, why, and who goes on."""
    stay, left = case.stays[number], case.times.left[number]
    questions = list(_questions(case, number))
    mine = case.spells(stay)
    for one, later in zip(mine, [*mine[1:], None], strict=True):
        ended = float(one["ended"])
        over = left if later is None else float(later["began"])
        if ended < over and ended < left and not any(since == ended for since, _ in questions):
            yield Step(ended, f"Agent {int(one['agent']) + 1} breaks off{_why_stopped(case, one)}")
        if later is not None and over > ended and over < left:
            since = max([at for _, at in questions if at <= over], default=ended)
            waited = f", {said(over - since)} later" if over - since > TOLERANCE else ""
            yield Step(over, f"Agent {int(later['agent']) + 1} goes on with it{waited}")


def _why_stopped(case: Case, spell: Any) -> str:
    """Return why work on a ticket stopped: for which other, or at the end of the shift."""
    ended, agent, spells = float(spell["ended"]), int(spell["agent"]), case.whole.spells
    others = spells[(spells["agent"] == agent) & (spells["began"] == ended)]
    others = others[others["ticket"] != case.number]
    for other in others:
        number = int(other["ticket"])
        if number >= 0 and case.whole.tickets["priority"][number] < case.row["priority"]:
            return f" for ticket {number + 1}, which is more urgent"
    if agent < len(case.run.agents) and not case.run.agents[agent].hours.is_open(ended):
        return " at the end of the shift"
    return " for something more urgent" if len(others) else ""
