"""A whole story: everything that is told of a ticket, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policy.errors import InputError
from policy.rulebook import Rulebook
from simulator.audit import by_chance
from simulator.codes import Entry, Slip
from simulator.story import customer, heard, together, working
from simulator.story.case import Case
from simulator.story.citing import Cites, Names
from simulator.story.model import Step, Story
from simulator.story.moving import Moves
from simulator.tables import Run


def story_of(
    run: Run, ticket: int, cites: Cites | None = None, labels: Mapping[str, str] | None = None,
    rulebook: Rulebook | None = None,
) -> Story:  # fmt: skip
    """Return the story of a ticket of a run; ``ticket`` counts from 1, as in the files.

    ``cites`` tells the rules (none are cited without it), ``labels`` how people call the places and the categories.
    With the ``rulebook``, updates are those that the audit has: sent or not by whoever owed them. Without it, or where
    chance alone moves tickets, they are those that the desk played.

    Raises:
        InputError: the run has no such ticket, or its desk names a duty that the policy does not have.
    """
    if not len(run.tickets):
        raise InputError(f"there is no ticket {ticket}: no ticket came in this run")
    if not 1 <= ticket <= len(run.tickets):
        raise InputError(f"there is no ticket {ticket}; this run has tickets 1 to {len(run.tickets)}")
    case = Case(run, ticket - 1)
    names = Names(case, cites, labels or {})
    told = None if rulebook is None or by_chance(run.model.desk) else heard.heard(run, ticket - 1, rulebook)
    steps = sorted(_steps(case, names, told), key=lambda step: step.at)
    return Story(ticket, _about(case, names), tuple(steps))


def _about(case: Case, names: Names) -> str:
    """Return what the ticket is, in a line."""
    category, right = case.model.categories[case.row["category"]], int(case.row["solved_by"])
    who = f"{names.place(right)} can solve it" if right < case.model.tiers else "no tier can solve it"
    return f"{names.priority(case.row['priority'])}, plan {case.plan}, {names.label(category)}; {who}"


def _steps(case: Case, names: Names, told: heard.Heard | None) -> Iterator[Step]:
    """Yield what happened, stay by stay; of what happened at the same instant, what came first."""
    moves = Moves(case, names)
    yield Step(float(case.row["opened"]), _opened(case, names))
    yield from together.war_room(case, names)
    yield from customer.targets(case, names)
    for number in range(len(case.stays)):
        yield from working.stay_begins(case, names, number)
        yield from together.swarm(case, names, number)
        yield from moves.stay_ends(number)
    yield from customer.updates(case, names) if told is None else heard.updates(case, names, told)
    yield from moves.joins()
    yield from customer.end(case, names)
    yield from customer.updates_played(case, names) if told is None else heard.end(case, names, told)


def _opened(case: Case, names: Names) -> str:
    first = case.stays[0]
    if first["entry"] == Entry.BACKLOG:
        return f"It waits in {names.place(int(first['place']))} already when the run begins"
    opened = "Opened as part of an outage" if case.row["cause"] >= 0 else "Opened"
    wrong = int(first["slip"]) & Slip.WRONG_PRIORITY
    return f"{opened}, and taken for less urgent than it is" if wrong else opened
