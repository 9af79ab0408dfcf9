"""DeskDrill's own engine, as ``benchmarks/desk.py`` asks for it: the only module of the benchmark that knows it.

All plays are ``simulator.run_once``, as any user would call it: the random numbers are drawn, the tickets played, all
tables written, put in order and (in memory) held against the laws that every run keeps. All of that is measured, and
so is the compiling of the desk, which grows with the length of the period. Only what does not depend on the number of
tickets (the policy, read and probed) is kept from one call to the next.
"""

from __future__ import annotations

import math
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from benchmarks.peers import Network, Outcome
from benchmarks.peers.network import CLASSES
from policy import load_policy
from simulator import Run, load_desk, run_once
from simulator.codes import Fate
from simulator.desk import Desk
from simulator.draws import Arrivals, arrivals
from simulator.model import Rules
from simulator.run import rules_of
from simulator.streaming import ORDERS
from simulator.theory.textbook import Class, length, textbook_model
from simulator.theory.textbook import Network as Queues

MINUTES_A_DAY: Final = 1440
WEEKS_A_YEAR: Final = 365.25 / 7

_held: list[Run] = []
"""The run of the last call, if its tables are in memory: there they stay until their bytes have been asked for."""


def bare(network: Network, tickets: int, seed: int) -> Outcome:
    """Play so many tickets of the bare network on DeskDrill's engine, to their end, and return what became of them."""
    _held.clear()
    days = 1 + math.ceil((tickets + 6 * tickets**0.5) / (network.lam * MINUTES_A_DAY))
    while True:
        model = textbook_model(queues(network), days)
        drawn = arrivals(model, seed, 0)
        if len(drawn.opened) >= tickets:
            run = run_once(model, None, seed, 0, first_of(drawn, tickets))
            if (run.tickets["fate"] == int(Fate.SOLVED)).all():
                _held.append(run)
                return outcome_of(run)
        days *= 2  # too few came, or the last were not solved by the end


def january(tickets: int, seed: int) -> int:
    """Play about so many tickets of the January desk, all features on, and return how many were played.

    Demand is that of January, however many weeks it takes: the time runs on, the arrivals do not come closer.
    """
    _held.clear()
    _held.append(run_once(january_of(tickets), rules(), seed, 0))
    return len(_held[0].tickets)


def january_on_disk(tickets: int, seed: int) -> int:
    """Play the same, with the tables written to disk as they grow."""
    _held.clear()
    with tempfile.TemporaryDirectory() as folder:
        run = run_once(january_of(tickets), rules(), seed, 0, stream_to=Path(folder))
        return len(run.tickets)


def table_bytes() -> int:
    """Return the bytes of tables that the last call holds in memory; 0 where they are on disk."""
    return sum(getattr(run, name).nbytes for run in _held for name in ("tickets", *ORDERS))


def january_of(tickets: int) -> Desk:
    """Return the desk of January over so many weeks that about so many tickets come, the warm-up's among them."""
    desk = load_desk()
    outages = desk.demand.outages
    weekly = desk.demand.tickets_per_week * desk.calibrated.demand
    weekly += outages.per_year / WEEKS_A_YEAR * outages.tickets if outages is not None else 0.0
    days = max(1, math.ceil(7 * (tickets / weekly - desk.period.warm_up_weeks)))
    last = desk.period.first_day + timedelta(days=days - 1)
    return load_desk(sets={"period.last_day": last.isoformat()})


class Answered:
    """The rules of a policy, which remember what they have been asked: probing does not depend on the tickets."""

    def __init__(self, rules: Rules) -> None:
        """Take the rules."""
        self._rules = rules

    def __getattr__(self, name: str) -> Any:
        """Return an answer, or a question whose answers are kept."""
        found = getattr(self._rules, name)
        found = cache(found) if callable(found) else found
        setattr(self, name, found)
        return found


@cache
def rules() -> Rules:
    """Return what the desk asks of the policy."""
    return cast(Rules, Answered(rules_of(load_policy())))


def queues(network: Network) -> Queues:
    """Return the network as the desk's textbook form of it."""
    service = tuple(length(1 / tier.rate) for tier in network.tiers)
    return Queues(
        classes=tuple(Class(network.lam * share, service) for share in (network.urgent, 1 - network.urgent)),
        agents=tuple(tier.agents for tier in network.tiers),
        passes_on=network.moves,
        sends_back=(0.0,) * len(network.tiers),
    )


def first_of(drawn: Arrivals, tickets: int) -> Arrivals:
    """Return the first so many arrivals."""
    return Arrivals(drawn.opened[:tickets], drawn.source[:tickets], drawn.row[:tickets], drawn.cause[:tickets])


def outcome_of(run: Run) -> Outcome:
    """Return what became of the tickets of a run whose tickets have all been solved."""
    tickets, visits, tiers = run.tickets, run.visits, run.model.tiers
    cell = visits["place"].astype(np.intp) * CLASSES + tickets["priority"][visits["ticket"]]
    count = np.bincount(cell, minlength=tiers * CLASSES).reshape(tiers, CLASSES)
    wait = np.bincount(cell, visits["began"] - visits["entered"], minlength=tiers * CLASSES).reshape(tiers, CLASSES)
    sojourns = tickets["resolved"] - tickets["opened"]
    return Outcome(
        tickets=len(tickets),
        sojourn_minutes=float(sojourns.mean()) if len(tickets) else math.nan,
        wait_minutes=_rows(np.divide(wait, count, out=np.full(wait.shape, math.nan), where=count > 0)),
        visits=_rows(count),
    )


def _rows(table: npt.NDArray[Any]) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(row) for row in table.tolist())
