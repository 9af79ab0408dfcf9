"""Updates of the customer as the audit has them: who sent them, or did not, at work on the ticket or besides.

The desk plays the updates of those who are at work. Whoever else owes one by the rulebook, such as the commander of an
incident, sends it as the audit has it, and so both tell the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from policy.probing import CUSTOMER, REPLY, UPDATE
from policy.rulebook import Rulebook
from simulator.audit import Finding, audit, logs_of
from simulator.derived import TOLERANCE
from simulator.story.case import Case
from simulator.story.citing import Names
from simulator.story.model import Step, said
from simulator.tables import Run

_FEW = 3
"""Updates in a row by the same person that are told one by one."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was sent: when (minutes since the opening), and by whom; and what was found about that."""

    sent: tuple[tuple[float, str], ...]
    found: tuple[Finding, ...]

    @property
    def late(self) -> tuple[Finding, ...]:
        """What was sent late."""
        return tuple(one for one in self.found if one.kind == "late" and one.done is not None)

    @property
    def left_out(self) -> tuple[Finding, ...]:
        """What was not sent, or not before the one after."""
        return tuple(one for one in self.found if one not in self.late)


def heard(run: Run, number: int, rulebook: Rulebook) -> Heard:
    """Return the updates about a ticket (its number from 0).

    Raises:
        InputError: the audit refuses the desk.
    """
    logs = logs_of(run, rulebook, tickets=[number])
    deeds = [one.deed for one in logs[number] if one.deed.fits(REPLY, CUSTOMER, None, UPDATE)]
    sent = tuple((deed.at - run.model.opening, deed.by or "") for deed in deeds)
    found = audit(run, rulebook, logs=logs).findings
    return Heard(sent, tuple(one for one in found if one.act == (REPLY, CUSTOMER, None, UPDATE)))


def updates(case: Case, names: Names, told: Heard) -> Iterator[Step]:
    """Yield what was sent, and what was due and was not."""
    late = {one.done: one for one in told.late if one.done is not None}
    for at, by in _single(told.sent, [one.due or 0.0 for one in told.found], late):
        found = next((one for done, one in late.items() if abs(done - at[0]) < TOLERANCE), None)
        who, rules = _capital(_who(names, by)), names.target_rules("update", case.priority_in(case.stay_at(at[0])))
        if found is not None and found.due is not None:
            yield Step(at[0], f"{who} sends the customer the update, {said(at[0] - found.due)} late", rules)
        elif len(at) == 1:
            yield Step(at[0], f"{who} sends the customer an update", rules)
        else:
            yield Step(at[0], f"{who} sends the customer an update, and {len(at) - 1} more within"
                              f" {said(at[-1] - at[0])}", rules)  # fmt: skip
    for one in told.found:
        if one.due is None:
            continue
        who = _who(names, one.owner)
        if one.could_not:
            text = f"{who} cannot send it: {one.could_not}"
        elif one in told.late:
            text = f"{who} does not send it yet"
        else:
            text = f"{who} forgets it"
        yield Step(one.due, f"An update of the customer is due, and {text}", one.rules)


def end(case: Case, names: Names, told: Heard) -> Iterator[Step]:
    """Yield how many updates the customer got of those that were due by the rulebook."""
    sent, due = len(told.sent), len(told.sent) + len(told.left_out)
    if not due:
        return
    count = "the update" if due == 1 else f"{sent or 'none'} of {due} updates"
    late = f", {len(told.late)} of them late" if told.late else ""
    text = f"The customer was {'not ' if not sent and due == 1 else ''}sent {count}{late}"
    yield Step(case.closed, text, names.target_rules("update", int(case.row["priority"])))


def _single(
    sent: Sequence[tuple[float, str]], dues: Sequence[float], late: dict[float, Finding]
) -> Iterator[tuple[list[float], str]]:
    """Yield updates that are told together: in a row by the same person, with nothing amiss before, or one by one."""

    def row(one: tuple[float, str]) -> tuple[str, int, float]:
        at, by = one
        alone = at if any(abs(at - done) < TOLERANCE for done in late) else -1.0
        return by, sum(due < at for due in dues), alone

    for (by, _, _), those in groupby(sent, row):
        instants = [at for at, _ in those]
        if len(instants) > _FEW:
            yield instants, by
        else:
            yield from (([at], by) for at in instants)


def _who(names: Names, owner: str) -> str:
    """Return somebody in a sentence: a role with its article, a tier by its name."""
    label = names.label(owner)
    return f"the {label}" if label[:1].islower() else label


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
