"""What holds in every run, whatever the desk: nothing is lost, time does not run backwards, nobody works twice at once.

:func:`check` looks at the tables of a run when it has ended. A law that is broken is a fault of the program, never of
its input; the error tells the story of a ticket that it happened to.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from policy.calendars import to_datetime
from simulator.codes import Ending, Entry, Fate, Note
from simulator.laws import LAWS, Books, Indices
from simulator.tables import Run

_LONGEST_STORY: Final = 40


class ImpossibleRun(Exception):
    """A run broke a law that every run keeps; the message names the law and tells a ticket's story."""


def check(run: Run) -> None:
    """Hold a run against the laws that every run keeps.

    - Every ticket that came is solved, given up, closed, lost or open, and its tables agree on which.
    - No time runs backwards: within a stay, from stay to stay, in work, in a question to the customer, in an update.
    - The updates of customers are as many as are counted.
    - A ticket is in one tier at a time, and goes from one to the next without a gap (unless it was solved and comes
      back). What a tier hands back, the next has as that, and its priority is lowered as often as it says.
    - An agent works on one ticket at a time, a ticket is worked on by one agent at a time, within one of its stays;
      work begins when the agent is at work, and nobody is busy for longer than they are there (overtime aside).
    - Little's law: whenever the engine looked at its queues they were as long as the waits in the tables say.

    It costs about a twentieth of the run.

    Raises:
        ImpossibleRun: a law is broken.
    """
    books = Books(run)
    for law, breaking in LAWS:
        tickets = breaking(books)
        if len(tickets):
            raise broken(run, law, tickets)


def broken(run: Run, law: str, tickets: Indices) -> ImpossibleRun:
    """Return the error that says which law some tickets broke, with the story of the first."""
    return ImpossibleRun(
        f"The simulation broke a law of its own, which is a fault of DeskDrill: {law}.\n"
        f"Replication {run.replication} of seed {run.seed}; {_how_many(len(np.unique(tickets)))}\n"
        + "\n".join(story(run, int(tickets[0])))
    )


def _how_many(count: int) -> str:
    return "this ticket alone:" if count == 1 else f"{count} tickets, of which this is the first:"


def story(run: Run, ticket: int) -> list[str]:
    """Return the rows of a ticket in the tables of a run, in words; times are UTC."""
    model = run.model

    def at(instant: float) -> str:
        return "never" if np.isnan(instant) else f"{to_datetime(model.opening + float(instant)):%Y-%m-%d %H:%M:%S}"

    told: list[str] = []
    for row in run.tickets[run.tickets["ticket"] == ticket]:
        told.append(
            f"Ticket {ticket + 1} ({model.priorities[row['priority']]}, {model.categories[row['category']]}): opened "
            f"{at(row['opened'])}, answered {at(row['responded'])}, {_word(Fate, row['fate'])} {at(row['resolved'])}, "
            f"held by {model.places[row['holder']]}"
        )
    if not told:
        told.append(f"Ticket {ticket + 1}: no row in the table of tickets")
    for row in run.visits[run.visits["ticket"] == ticket]:
        who = f"agent {row['agent'] + 1}" if row["agent"] >= 0 else "nobody"
        told.append(
            f"  in {model.places[row['place']]} as {_word(Entry, row['entry'])} from {at(row['entered'])}, could be "
            f"taken {at(row['available'])}, taken by {who} {at(row['began'])}, left as "
            f"{_word(Ending, row['ending'])} {at(row['left'])}, agent free {at(row['released'])}"
        )
    for row in run.spells[run.spells["ticket"] == ticket]:
        place = model.places[row["place"]]
        told.append(f"  worked on in {place} by agent {row['agent'] + 1}: {at(row['began'])} to {at(row['ended'])}")
    for row in run.questions[run.questions["ticket"] == ticket]:
        told.append(f"  customer asked {at(row['asked'])}, waited for until {at(row['answered'])}")
    for row in run.updates[run.updates["ticket"] == ticket]:
        told.append(f"  customer had to hear {at(row['due'])}, was written to {at(row['sent'])}")
    for row in run.notes[run.notes["ticket"] == ticket]:
        told.append(f"  {_word(Note, row['what'])} in {model.places[row['place']]}: {at(row['at'])}")
    more = len(told) - _LONGEST_STORY
    return told if more <= 0 else [*told[:_LONGEST_STORY], f"  ... and {more} rows more"]


def _word(kind: type[Any], code: int) -> str:
    try:
        return str(kind(code).name).lower().replace("_", " ")
    except ValueError:
        return f"{kind.__name__.lower()} {code}"
