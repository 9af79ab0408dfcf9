"""How a stay in a tier would go, if nothing but the work itself ended it.

In this model an agent who has taken a ticket stays with it, so time in hand is work time, and where a stay ends
follows from the ticket's draws and the policy's two timers alone: it can be computed for all tickets at once, before
the run. The run then only decides *when* a stay begins, and whether the ticket's age ends it earlier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.codes import Ending
from simulator.draws import STAYS, Draws
from simulator.model import DeskModel
from simulator.openhours import Floats


@dataclass(frozen=True, slots=True)
class Stays:
    """For each ticket, in one tier, one stay: minutes in hand until it ends, and how (an :class:`Ending`).

    Index with [responded before?][stay][ticket]: the agent who takes an unanswered ticket answers it first.
    """

    minutes: list[list[list[float]]]
    ending: list[list[list[int]]]
    checks: list[list[float]]
    """Minutes from the start of a stay to the first fact established, [stay][ticket]."""
    handoff: list[list[float]]


def foresee(model: DeskModel, draws: Draws, tier: int) -> Stays:
    """Return how every ticket's stays in ``tier`` (0, 1, 2) would end."""
    minutes: list[list[list[float]]] = []
    ending: list[list[list[int]]] = []
    limits = _limits(model, draws, tier)
    for responded in (False, True):
        pairs = [_stay(model, draws, tier, stay, responded, limits) for stay in range(STAYS)]
        minutes.append([pair[0].tolist() for pair in pairs])
        ending.append([pair[1].tolist() for pair in pairs])
    work = draws.tiers[tier]
    return Stays(minutes, ending, work.checks.T.tolist(), work.handoff.T.tolist())


@dataclass(frozen=True, slots=True)
class _Limits:
    """By ticket: the two timers (minutes in hand), and whether what is beyond the tier may leave it."""

    no_progress: Floats
    unresolved: Floats
    expertise_moves: npt.NDArray[np.bool_]
    code_change_moves: npt.NDArray[np.bool_]
    unresolvable_moves: npt.NDArray[np.bool_]


def _limits(model: DeskModel, draws: Draws, tier: int) -> _Limits:
    rules = [[kind.tiers[tier] for kind in row] for row in model.kinds]
    where = (draws.priority, draws.plan)
    return _Limits(
        np.array([[r.no_progress for r in row] for row in rules])[where],
        np.array([[r.unresolved for r in row] for row in rules])[where],
        *(
            np.array([[m.owner is not None or bool(m.told) for m in row] for row in moves])[where]
            for moves in (
                [[r.expertise for r in row] for row in rules],
                [[r.code_change for r in row] for row in rules],
                [[r.unresolvable for r in row] for row in rules],
            )
        ),
    )


def _stay(
    model: DeskModel, draws: Draws, tier: int, stay: int, responded: bool, limits: _Limits
) -> tuple[Floats, npt.NDArray[np.int8]]:
    """Return (minutes in hand, ending) of one stay of every ticket."""
    work = draws.tiers[tier]
    able = draws.solved_by <= tier
    premature = draws.premature & able if tier == 0 and stay == 0 else np.zeros(len(able), bool)
    signal = _signal(draws, tier, premature)
    leaves = np.select(
        [signal == Ending.EXPERTISE, signal == Ending.CODE_CHANGE, signal == Ending.UNRESOLVABLE, premature],
        [limits.expertise_moves, limits.code_change_moves, limits.unresolvable_moves, limits.expertise_moves],
        default=False,
    )
    # A gap is a stretch without progress. The first ends with the first fact established; a reply is no progress.
    first = work.checks[:, stay] + (0.0 if responded else draws.response)
    easier = np.where(draws.solved_by < tier, model.desk.work.easier, 1.0)
    gaps = np.concatenate([first[:, None], work.pieces[:, stay, :] * easier[:, None]], axis=1)
    doubting = ~able | (premature & leaves)
    gaps[doubting, 1:] = 0.0
    gaps[doubting, 1] = work.recognition[doubting, stay]
    # What the procedure keeps in the tier is solved there with somebody's help.
    gaps[~able & ~leaves, 2] = draws.help[~able & ~leaves]
    natural = np.where(leaves, signal, Ending.SOLVED)

    sums = np.cumsum(gaps, axis=1)
    stuck = gaps > limits.no_progress[:, None]
    at = np.argmax(stuck, axis=1)
    rows = np.arange(len(at))
    stuck_minutes = np.where(stuck.any(axis=1), sums[rows, at] - gaps[rows, at] + limits.no_progress, np.inf)
    total = sums[:, -1]
    minutes = np.minimum(np.minimum(total, stuck_minutes), limits.unresolved)
    ending = np.where(
        minutes >= total,
        natural,
        np.where(minutes >= stuck_minutes, int(Ending.NO_PROGRESS), int(Ending.UNRESOLVED)),
    )
    return minutes, ending.astype(np.int8)


def _signal(draws: Draws, tier: int, premature: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
    """Return what the agent would come to see, as the :class:`Ending` it leads to."""
    if tier == 2:
        seen = np.full(len(draws.opened), int(Ending.UNRESOLVABLE))
    elif tier == 1:
        seen = np.full(len(draws.opened), int(Ending.CODE_CHANGE))
    else:
        seen = np.where(draws.code_seen & (draws.solved_by >= 2), int(Ending.CODE_CHANGE), int(Ending.EXPERTISE))
    able = draws.solved_by <= tier
    seen = np.where(premature, int(Ending.PREMATURE), seen)
    return np.where(able & ~premature, int(Ending.SOLVED), seen).astype(np.int8)
