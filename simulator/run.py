"""One replication: draw the tickets, play the desk, fill the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.desk import Desk
from simulator.draws import Draws, draw
from simulator.engine import Desk as PlayedDesk
from simulator.model import DeskModel, Rules, compile_model
from simulator.openhours import Floats
from simulator.satisfaction import csat, updates_due, updates_missed
from simulator.tables import TICKETS, VISITS, Run, Table

if TYPE_CHECKING:
    from policy import Policy


def rules_of(policy: Policy | Rules) -> Rules:
    """Return what the desk asks of a policy, made by probing its rulebook (rules themselves are returned as is)."""
    from policy import Policy, Rulebook  # noqa: PLC0415  (the rulebook brings a template engine with it)
    from policy.compiled import DeskRules  # noqa: PLC0415

    return DeskRules(Rulebook(policy)) if isinstance(policy, Policy) else policy


def run_once(desk: Desk | DeskModel, policy: Policy | Rules | None, seed: int, replication: int) -> Run:
    """Return one replication of ``desk`` under ``policy``: its ticket table and its visit table.

    A compiled :class:`DeskModel` may be given instead of a desk; ``policy`` is then not needed.

    Raises:
        InputError: the desk names a priority or a plan that the policy does not have.
    """
    if not isinstance(desk, DeskModel):
        assert policy is not None, "a desk needs a policy"
        desk = compile_model(desk, rules_of(policy))
    draws = draw(desk, seed, replication)
    played = PlayedDesk(desk, draws)
    played.play()
    visits = np.array(played.visits, dtype=VISITS)
    visits.sort(order=["ticket", "entered", "place"])
    return Run(desk, seed, replication, _ticket_table(desk, draws, played), visits)


def _ticket_table(model: DeskModel, draws: Draws, played: PlayedDesk) -> Table:
    table = np.zeros(len(draws.opened), TICKETS)
    table["ticket"] = np.arange(len(table))
    for name in ("priority", "plan", "category", "solved_by", "opened"):
        table[name] = getattr(draws, name)
    table["holder"] = played.holder
    table["responded"] = _until(played.responded, model.end)
    table["resolved"] = _until(played.resolved, model.end)
    response, resolution = np.empty(len(table)), np.empty(len(table))
    for priority, kinds in enumerate(model.kinds):
        for plan, kind in enumerate(kinds):
            mine, hours = (draws.priority == priority) & (draws.plan == plan), kind.hours
            response[mine], resolution[mine] = kind.first_response, kind.resolution
            opened, resolved = table["opened"][mine], table["resolved"][mine]
            table["response_due"][mine] = hours.add_all(opened, kind.first_response)
            table["resolution_due"][mine] = hours.add_all(opened, kind.resolution)
            table["response_minutes"][mine] = hours.between(opened, table["responded"][mine])
            table["resolution_minutes"][mine] = hours.between(opened, resolved)
            age = hours.between(opened, np.where(np.isnan(resolved), model.end, resolved))
            table["updates_due"][mine] = updates_due(age, kind.updates)
    table["updates_missed"] = updates_missed(
        table["updates_due"].astype(np.int64), draws.update_luck, model.desk.behaviour.updates_forgotten
    )
    table["csat"] = csat(
        model.desk,
        table["response_minutes"] / response,
        table["resolution_minutes"] / resolution,
        table["updates_missed"] / np.maximum(table["updates_due"], 1),
        table["resolved"] > table["resolution_due"],
    )
    return table


def _until(instants: list[float], end: float) -> Floats:
    """Return instants with those beyond the end of the run made not-a-number: nobody has seen them yet."""
    known = np.array(instants, dtype=np.float64)
    known[~(known < end)] = np.nan
    return known
