"""What the customer hears, and when: the first response, updates, the solution; and what targets were used up."""

from __future__ import annotations

import math
from collections.abc import Iterator

from simulator.codes import Ending
from simulator.derived import TOLERANCE
from simulator.story.case import Case
from simulator.story.citing import Names
from simulator.story.model import Step, said


def targets(case: Case, names: Names) -> Iterator[Step]:
    """Yield the first response, and what targets were used up before they were met."""
    row, first = case.row, int(case.row["priority"] - case.row["lowered"] + case.row["raised"])
    responded, due = float(row["responded"]), float(row["response_due"])
    target = case.rules_of(first).first_response
    rules = names.target_rules("first_response", first)
    if math.isnan(responded):
        if due < case.closed:
            yield Step(due, f"The target of the first response ({said(target)}) is used up", rules)
    elif math.isinf(target):
        yield Step(responded, "The customer has the first response")
    else:
        spent = float(row["response_minutes"])
        late = responded > due + TOLERANCE
        how = f"{said(spent - target)} too late" if late else "in time"
        yield Step(responded, f"The customer has the first response, {how}: {said(spent)} of {said(target)}", rules)
    if float(row["resolution_due"]) + TOLERANCE < case.closed:
        target = case.rules_of(int(row["priority"])).resolution
        text = f"The target of the resolution ({said(target)}) is used up"
        yield Step(float(row["resolution_due"]), text, names.target_rules("resolve", int(row["priority"])))


def updates(case: Case, names: Names) -> Iterator[Step]:
    """Yield each update that an agent was to write: when it was due, and sent or forgotten.

    Only desks whose updates take time know of each; of the others, :func:`updates_played` tells how many there were.
    """
    for update in case.run.updates:
        due, sent, tier = float(update["due"]), float(update["sent"]), names.place(int(update["place"]))
        rules = names.target_rules("update", case.priority_in(case.stay_at(due)))
        if math.isnan(sent):
            yield Step(due, f"An update of the customer is due, and {tier} forgets it", rules)
        elif sent > due:
            yield Step(due, "An update of the customer is due, and nobody is at work on the ticket", rules)
            yield Step(sent, f"{tier} sends the customer the update, {said(sent - due)} late")
        else:
            yield Step(sent, f"{tier} sends the customer the update that is due", rules)


def end(case: Case, names: Names) -> Iterator[Step]:
    """Yield the decision that ends a ticket nobody could solve."""
    row, closed, last = case.row, case.closed, case.stays[-1]
    resolved = not math.isnan(row["resolved"])
    if not math.isnan(last["left"]) and (not resolved or closed > last["left"]):
        watched = last["ending"] == Ending.WATCHED
        if resolved:
            how = "It is fixed for good, and closed" if watched else "It is decided how to go on: solved"
            yield Step(closed, f"{how}{spent(case)}", names.target_rules("resolve", int(row["priority"])))
        else:
            what = "the permanent fix" if watched else "a decision"
            yield Step(closed, f"The run ends; {what} is still waited for")


def updates_played(case: Case, names: Names) -> Iterator[Step]:
    """Yield how many updates the customer got of those that fell to the agents of the desk."""
    row, closed = case.row, case.closed
    due, missed, late = (int(row[name]) for name in ("updates_due", "updates_missed", "updates_late"))
    if due:
        count = "the update" if due == 1 else f"{due - missed or 'none'} of {due} updates"
        text = f"The customer was {'not ' if due == missed == 1 else ''}sent {count}"
        yield Step(closed, text + (f", {late} of them late" if late else ""),
                   names.target_rules("update", int(row["priority"])))  # fmt: skip


def spent(case: Case) -> str:
    """Return what the resolution took on the ticket's clock, beside its target."""
    target = case.rules_of(int(case.row["priority"])).resolution
    minutes = said(float(case.row["resolution_minutes"]))
    return f", after {minutes} on its clock" + ("" if math.isinf(target) else f" (target {said(target)})")
