"""How sharp the desk's audit is: it finds nothing where nothing was missed, and whatever was is found as what it is.

Three measurements on the desk of January with everybody free: months without slips, the same from which one duty after
another is taken away, and a month for each slip. ``evidence.py audit`` writes them down; nothing here prints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from benchmarks.reckoned import overdue
from policy import Rulebook, load_policy
from policy.compiled import DeskRules
from policy.verdict import ActKey
from simulator import Desk, Run, load_desk, run_once
from simulator.audit import Audit, Logs, act_name, audit, logs_of
from simulator.codes import Ending, Note, Slip

SLIPS: Final = (
    "updates_forgotten", "premature", "late_recognition", "wrong_destination", "incomplete_handoff", "wrong_priority",
)  # fmt: skip
KEPT: Final = {f"behaviour.{slip}": "0" for slip in SLIPS}
FREE: Final = {f"staffing.{tier}.agents": "unlimited" for tier in ("T1", "T2", "T3")}
SHARE: Final = "0.3"
"""How often a slip is made that is looked for."""
SLOW: Final = {"tiers.T1.no_progress": "20h", "tiers.T2.no_progress": "20h", "tiers.T2.unresolved": "40h"}
"""Timers that do not come before an agent who is late."""


@dataclass(slots=True)
class Kept:
    """Months in which nobody slipped: what fell due and what was missed, by verb, and why nobody could the rest."""

    months: int = 0
    tickets: int = 0
    acts: dict[str, set[ActKey]] = field(default_factory=dict)
    due: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    could_not: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Removed:
    """A duty that nobody did, and in how many tickets that was reported.

    ``months`` is how many months were looked at until it was reported in one, or all; ``tickets`` are those looked at,
    of those about which it was done before. ``reckoned`` is how many of them were reckoned anew, and ``disagree`` in
    how many the reckoning says otherwise than the audit. ``else_found`` counts tickets with a finding of another kind.
    """

    act: ActKey
    months: int
    tickets: int
    reported: int
    reckoned: int
    disagree: int
    else_found: int

    @property
    def came_due(self) -> bool:
        """Whether it ever fell due before the ticket was solved or passed on, or should be said to have."""
        return self.reported + self.disagree > 0

    @property
    def met(self) -> bool:
        """Whether nothing else was found, and the reckoning agrees."""
        return not self.else_found and not self.disagree


@dataclass(frozen=True, slots=True)
class Slipped:
    """A slip made on purpose: in how many tickets the desk made it, and in how many which slip was found.

    ``made`` is ``None`` where no table of the desk tells.
    """

    name: str
    made: int | None
    found_as: Mapping[str, int]
    wanted: frozenset[str]

    @property
    def found(self) -> int:
        """How many tickets had a finding by the right name."""
        return sum(number for slip, number in self.found_as.items() if slip in self.wanted)

    @property
    def otherwise(self) -> int:
        """How many had one by another."""
        return sum(number for slip, number in self.found_as.items() if slip not in self.wanted)


@dataclass(frozen=True, slots=True)
class _Month:
    """A month, what was done in it, and its audit."""

    run: Run
    logs: Logs
    audited: Audit


class Measuring:
    """Plays and audits months of January. Life: made of nothing; each measurement can be asked for by itself."""

    def __init__(self) -> None:
        """Load the policy."""
        self._book = Rulebook(load_policy())
        self._rules = DeskRules(self._book)
        self._months: dict[int, _Month] = {}

    def kept(self, months: int, *, free: bool = True) -> Kept:
        """Return what the audit says of months in which nobody slips, one replication a month.

        There are as many people as are needed, or (not ``free``) those of January.
        """
        busy, found = load_desk("january_2025", KEPT), Kept(months)
        for replication in range(months):
            if free:
                one = self._month(replication).audited
            else:
                one = audit(run_once(busy, self._rules, 0, replication), self._book)
            found.tickets += one.tickets
            for act, number in one.duties.items():
                found.acts.setdefault(act[0], set()).add(act)
                found.due[act[0]] += number
            found.missed.update(finding.act[0] for finding in one.missed)
            found.could_not.update(finding.could_not for finding in one.findings if finding.could_not)
        return found

    def removed(self, months: int, most: int | None, sample: int) -> Iterator[Removed]:
        """Yield each duty of so many months, taken away.

        Of each at most so many tickets of a month are looked at (``most``; ``None``: all). A duty that is not reported
        in the first month is looked for in the next, and so on. ``sample`` is how many tickets of a month with a
        report, and how many without one, are reckoned anew at most.
        """
        acts = {act for number in range(months) for act in self._month(number).audited.duties}
        for act in sorted(acts, key=act_name):
            found = Removed(act, 0, 0, 0, 0, 0, 0)
            for number in range(months):
                found = self._removed(act, number, most, sample, found)
                if found.reported:
                    break
            yield found

    def _removed(self, act: ActKey, number: int, most: int | None, sample: int, before: Removed) -> Removed:
        """Return what a month adds to what was found ``before`` of a duty that is taken away."""
        run, usual = self._month(number).run, self._month(number).logs
        about = [ticket for ticket, log in usual.items() if any(one.deed.fits(*act) for one in log)][:most]
        done = logs_of(run, self._book, tickets=about, never=act)
        found = audit(run, self._book, logs=done)
        reported = {one.ticket - 1 for one in found.findings if one.act == act}
        kept = [ticket for ticket in about if ticket not in reported]
        again = {ticket: done[ticket] for ticket in (*sorted(reported)[:sample], *kept[:sample])}
        said = {ticket - 1 for ticket in overdue(act, run, again, self._book)}
        return Removed(
            act, number + 1, before.tickets + len(about), before.reported + len(reported),
            before.reckoned + len(again), before.disagree + len(said ^ (reported & again.keys())),
            before.else_found + len({one.ticket for one in found.missed if one.act != act}),
        )  # fmt: skip

    def _month(self, number: int) -> _Month:
        """Return a month of people who are free and do not slip; it is kept."""
        if number not in self._months:
            run = run_once(_desk({}), self._rules, 0, number)
            logs = logs_of(run, self._book)
            self._months[number] = _Month(run, logs, audit(run, self._book, logs=logs))
        return self._months[number]

    def slips(self) -> Iterator[Slipped]:
        """Yield each slip of the desk file, made alone, and a duty that is forgotten and one that is late."""
        plain = {f"categories.{name}.priorities": "{P3: 1}" for name in load_desk("january_2025").categories}
        plain |= {"demand.outages.priority": "P3"}
        for name, flag, wanted in (
            ("premature", Slip.PREMATURE, "premature"),
            ("wrong_destination", Slip.WRONG_DESTINATION, "wrong destination"),
            ("late_recognition", Slip.LATE_RECOGNITION, "late recognition"),
            ("incomplete_handoff", Slip.INCOMPLETE_HANDOFF, "incomplete hand-off"),
        ):
            late = name == "late_recognition"
            more = {"behaviour.late_by": "1h"} if late else {}
            run, found = self._slipped(plain | more | {f"behaviour.{name}": SHARE}, SLOW if late else {})
            yield _slipped(name, _flagged(run, flag), found, wanted)
        run, found = self._slipped({"behaviour.wrong_priority": SHARE})
        seen = run.notes["ticket"][run.notes["what"] == Note.PRIORITY_SEEN]
        yield _slipped("wrong_priority", len(np.unique(seen)), found, "wrong priority")
        run, found = self._slipped({"behaviour.updates_forgotten": SHARE})
        forgotten = run.updates["ticket"][np.isnan(run.updates["sent"])]
        yield _slipped("updates_forgotten", len(np.unique(forgotten)), found, "update forgotten")
        _, found = self._slipped({"behaviour.duties.any.forgotten": SHARE})
        yield _slipped("duties.any.forgotten", None, found, "forgotten", "update forgotten", "incomplete hand-off")
        _, found = self._slipped({"behaviour.duties.document.late": SHARE, "behaviour.duties.document.late_by": "5m"})
        yield _slipped("duties.document.late", None, found, "late")

    def _slipped(self, changes: Mapping[str, str], policy: Mapping[str, str] | None = None) -> tuple[Run, Audit]:
        book = Rulebook(load_policy(sets=dict(policy))) if policy else self._book
        run = run_once(_desk(changes), DeskRules(book) if policy else self._rules, 0, 0)
        return run, audit(run, book)


def _desk(changes: Mapping[str, str]) -> Desk:
    return load_desk("january_2025", KEPT | FREE | dict(changes))


def _flagged(run: Run, slip: Slip) -> int:
    """Return in how many tickets a slip was made that came to something: no timer took the ticket away before."""
    rows = run.visits[run.visits["slip"] & int(slip) > 0]
    endings = {
        Slip.PREMATURE: (Ending.PREMATURE,),
        Slip.LATE_RECOGNITION: (Ending.EXPERTISE, Ending.CODE_CHANGE, Ending.UNRESOLVABLE),
    }
    if slip in endings:
        rows = rows[np.isin(rows["ending"], endings[slip])]
    return len(np.unique(rows["ticket"]))


def _slipped(name: str, made: int | None, found: Audit, *wanted: str) -> Slipped:
    tickets = {(one.slip, one.ticket) for one in found.missed}
    return Slipped(name, made, Counter(slip for slip, _ in tickets), frozenset(wanted))
