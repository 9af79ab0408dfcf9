"""The audit of a whole run: the log of what its agents did, and what the rulebook says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from policy.rulebook import Rulebook
from policy.verdict import ActKey
from simulator.audit.book import Book
from simulator.audit.doings import Log, doings
from simulator.audit.findings import Audit, Finding, Judgement
from simulator.audit.history import Histories
from simulator.audit.judge import Auditor
from simulator.audit.limits import notes, refuse
from simulator.audit.people import People
from simulator.audit.slips import Slips
from simulator.codes import ESCALATIONS
from simulator.tables import Run

Logs = Mapping[int, Log]
"""By ticket (its number from 0): what was done about it."""


def logs_of(
    run: Run,
    rulebook: Rulebook,
    period: tuple[float, float] | None = None,
    tickets: Iterable[int] | None = None,
    never: ActKey | None = None,
) -> Logs:
    """Return what the agents of a run did, acting on the rulebook with the slips of its desk.

    ``tickets`` are their numbers, from 0 (all, where it is left out). ``never`` is an act that nobody does: an audit
    must report it wherever it fell due.
    With a ``period``, ``[start, end)`` in minutes since the run's opening, only for tickets that were escalated in it.

    Raises:
        InputError: the desk names a duty that the policy does not have (``behaviour.duties``), or lets chance alone
            decide where tickets go (``work.T.passes_on``).
    """
    refuse(run.model.desk)
    book = Book(rulebook, run.model.desk)
    histories, people, slips = Histories(run, book), People(run, book), Slips(run, book)
    numbers = _tickets(run, period) if tickets is None else tickets
    return {number: doings(histories.case(number), book, people, slips, never) for number in numbers}


def audit(
    run: Run, rulebook: Rulebook, period: tuple[float, float] | None = None, logs: Logs | None = None
) -> Audit:
    """Return what the rulebook says of a run: duties missed or late, wrong acts, and every escalation judged.

    ``logs`` is what was done (:func:`logs_of`, found where it is left out). With a ``period``, ``[start, end)`` in
    minutes since the run's opening, only tickets that were escalated in it are looked at, and of their escalations
    those in it are judged.

    Raises:
        InputError: the desk names a duty that the policy does not have (``behaviour.duties``), or lets chance alone
            decide where tickets go (``work.T.passes_on``).
    """
    refuse(run.model.desk)
    if logs is None:
        logs = logs_of(run, rulebook, period)
    book = Book(rulebook, run.model.desk)
    histories, people = Histories(run, book), People(run, book)
    findings: list[Finding] = []
    judged: list[Judgement] = []
    duties: Counter[ActKey] = Counter()
    for number, log in logs.items():
        auditor = Auditor(histories.case(number), log, book, people)
        auditor.judge()
        findings += auditor.findings
        judged += auditor.escalations
        duties.update(auditor.duties)
    if period is not None:
        judged = [one for one in judged if period[0] <= one.at < period[1]]
    told = notes(run.model.desk, rulebook.policy.label)
    return Audit(run.seed, run.replication, len(logs), tuple(findings), tuple(judged), duties, told)


def _tickets(run: Run, period: tuple[float, float] | None) -> list[int]:
    if period is None:
        return list(range(len(run.tickets)))
    visits = run.visits
    mine = np.isin(visits["entry"], ESCALATIONS) & (visits["entered"] >= period[0]) & (visits["entered"] < period[1])
    return [int(number) for number in np.unique(visits["ticket"][mine])]
