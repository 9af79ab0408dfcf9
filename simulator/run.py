"""One replication: play the desk, fill the tables."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from policy.errors import InputError
from simulator.checks import check
from simulator.checks_on_disk import check_on_disk
from simulator.codes import Fate
from simulator.desk import Desk
from simulator.draws import Arrivals
from simulator.engine.core import Desk as PlayedDesk
from simulator.engine.plain import PlainDesk, is_plain
from simulator.model import DeskModel, KindRules, Rules, compile_model
from simulator.ordering import put_in_order
from simulator.satisfaction import csat, updates_due, updates_missed
from simulator.streaming import ORDERS, settled
from simulator.tables import TICKETS, Run, Table

if TYPE_CHECKING:
    from policy import Policy

PIECE: Final = 1 << 13
"""Rows of the ticket table that are made together: few enough to stay near the processor."""


def rules_of(policy: Policy | Rules) -> Rules:
    """Return what the desk asks of a policy, made by probing its rulebook (rules themselves are returned as is)."""
    from policy import Policy, Rulebook  # noqa: PLC0415  (the rulebook brings a template engine with it)
    from policy.compiled import DeskRules  # noqa: PLC0415

    return DeskRules(Rulebook(policy)) if isinstance(policy, Policy) else policy


def run_once(
    desk: Desk | DeskModel,
    policy: Policy | Rules | None,
    seed: int,
    replication: int,
    arrived: Arrivals | None = None,
    stream_to: Path | None = None,
) -> Run:
    """Return one replication of ``desk`` under ``policy`` and its tables.

    A compiled :class:`DeskModel` may be given instead of a desk; ``policy`` is then not needed. ``arrived`` replaces
    the tickets' drawn instants.

    With ``stream_to``, a folder that is there, the tables are written to ``.npy`` files in it as the run goes on and
    stay there: the run's tables lie in those files, and memory holds but a few numbers a ticket.

    Raises:
        InputError: the desk names a priority or a plan that the policy does not have, or the folder cannot be written.
        ImpossibleRun: the tables break a law that every run keeps, which is a fault of the program (see
            :mod:`simulator.checks`). Tables on disk are looked at a piece at a time.
    """
    if not isinstance(desk, DeskModel):
        assert policy is not None, "a desk needs a policy"
        desk = compile_model(desk, rules_of(policy))
    if stream_to is not None:
        run = _streamed(desk, seed, replication, arrived, stream_to)
        check_on_disk(run)
        return run
    played = played_desk(desk, seed, replication, arrived)
    played.play()
    run = run_of(played, seed, replication)
    del played  # what it wrote down has become tables, and the laws need room
    check(run)
    return run


def run_of(played: PlayedDesk, seed: int, replication: int) -> Run:
    """Return the tables of a desk that has been played to its end."""
    tables = played.tables()
    put_in_order(tables["tickets"], ["ticket"])
    for name, order in ORDERS.items():
        if order:
            put_in_order(tables[name], order)
    tables["tickets"] = ticket_table(played.model, tables["tickets"])
    return Run(played.model, seed, replication, agents=played.workers(), looks=played.coming.looks(), **tables)


def _streamed(model: DeskModel, seed: int, replication: int, arrived: Arrivals | None, folder: Path) -> Run:
    """Return one replication whose tables lie on disk."""
    played = PlayedDesk(model, seed, replication, arrived)  # the fast way makes its tables at once, in memory
    try:
        played.stream_to(folder)
        played.play()
        tables = settled(folder, played.tables(), partial(ticket_table, model))
    except OSError as error:
        raise InputError(f"{folder}: the tables cannot be written: {error.strerror or error}") from None
    return Run(model, seed, replication, agents=played.workers(), looks=played.coming.looks(), **tables)


def played_desk(model: DeskModel, seed: int, replication: int, arrived: Arrivals | None = None) -> PlayedDesk:
    """Return a replication that is ready to be played, the fast way where nothing but work happens on the desk."""
    plain = (arrived is None or not arrived.source.any()) and is_plain(model)
    return (PlainDesk if plain else PlayedDesk)(model, seed, replication, arrived)


def ticket_table(model: DeskModel, rows: Table) -> Table:
    """Return the ticket table: what the engine wrote down, and what follows from it."""
    table = np.zeros(len(rows), TICKETS)
    for start in range(0, len(rows), PIECE):
        _fill(model, rows[start : start + PIECE], table[start : start + PIECE])
    return table


def _fill(model: DeskModel, rows: Table, table: Table) -> None:
    """Fill a part of the ticket table."""
    for name in rows.dtype.names or ():
        if name != "luck":
            table[name] = rows[name]
    opened, since, responded, resolved, paused = (
        rows[name].copy() for name in ("opened", "clock_from", "responded", "resolved", "paused")
    )
    for instants in (responded, resolved):
        instants[~(instants < model.end)] = np.nan  # nobody has seen it yet
    played = model.desk.work.update is not None
    """Whether updates take time; else they are not played, and are counted here."""
    age_at = np.where(np.isnan(resolved), model.end, resolved)
    groups, group = _alike(model)
    mine_of = first_of = group[rows["priority"], rows["plan"]]
    changed = rows["raised"] - rows["lowered"]
    if changed.any():  # the first response had the target of the priority before
        first_of = group[rows["priority"] + changed, rows["plan"]]
    found = {name: np.empty(len(rows)) for name in ("response_due", "resolution_due", "response_minutes",
                                                    "resolution_minutes")}  # fmt: skip
    due, response, resolution = np.empty(len(rows), np.int64), np.empty(len(rows)), np.empty(len(rows))
    for number, kind in enumerate(groups):
        mine, hours = np.flatnonzero(mine_of == number), kind.hours
        if len(mine):
            began, stood = since[mine], paused[mine]
            resolution[mine] = kind.resolution
            found["resolution_due"][mine] = hours.add_all(began, kind.resolution + stood)
            found["resolution_minutes"][mine] = hours.between(began, resolved[mine]) - stood
            if not played:
                due[mine] = updates_due(hours.between(began, age_at[mine]) - stood, kind.updates)
        first = mine if first_of is mine_of else np.flatnonzero(first_of == number)
        if len(first):
            came = opened[first]
            response[first] = kind.first_response
            found["response_due"][first] = hours.add_all(came, kind.first_response)
            found["response_minutes"][first] = hours.between(came, responded[first])
    if not played:
        missed = updates_missed(due, rows["luck"], model.desk.behaviour.updates_forgotten)
        table["updates_missed"], table["updates_sent"] = missed, due - missed
    else:
        missed = rows["updates_missed"].astype(np.int64)
        due = rows["updates_sent"] + missed
    table["updates_due"], table["responded"], table["resolved"] = due, responded, resolved
    for name, minutes in found.items():
        table[name] = minutes
    fate, waited = rows["fate"], found["response_minutes"]
    unsolved = (fate == Fate.GAVE_UP) | (fate == Fate.QUEUE_FULL)
    waited = np.where(unsolved & np.isnan(waited), found["resolution_minutes"], waited)  # until they had gone
    score = csat(
        model.desk,
        waited / response,
        found["resolution_minutes"] / resolution,
        missed / np.maximum(due, 1),
        (resolved > found["resolution_due"]) | (rows["breached_before"] > 0),
        unsolved,
    )
    table["csat"] = np.where(fate == Fate.CLOSED, np.nan, score)


def _alike(model: DeskModel) -> tuple[list[KindRules], npt.NDArray[np.intp]]:
    """Return kinds of tickets of which no two have the same calendar, targets and updates, and which of them each is.

    The latter has shape (priorities, plans).
    """
    groups: dict[tuple[int, float, float, tuple[tuple[float, float], ...]], int] = {}
    kinds: list[KindRules] = []
    number = np.empty((len(model.priorities), len(model.plans)), np.intp)
    for priority, row in enumerate(model.kinds):
        for plan, kind in enumerate(row):
            key = (id(kind.hours), kind.first_response, kind.resolution, kind.updates)
            number[priority, plan] = groups.setdefault(key, len(groups))
            if len(groups) > len(kinds):
                kinds.append(kind)
    return kinds, number
