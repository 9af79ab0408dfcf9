"""What one agent more in a tier would change, with the same tickets and the same luck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simulator.desk import Desk
from simulator.experiment import Progress
from simulator.model import compile_model
from simulator.report.figures import Sample, sample
from simulator.report.gathering import Gathered, gather
from simulator.report.windows import whole

if TYPE_CHECKING:
    from policy.compiled import DeskRules

MOST: Final = 20
"""Plays of each change; the same luck on both sides makes few of them enough."""


@dataclass(frozen=True, slots=True)
class OneMore:
    """The differences, play by play, that one agent more in a tier makes: with less without."""

    tier: str
    plays: int
    compliance: Sample
    wait: Sample
    csat: Sample
    cost: Sample


def one_more(
    desk: Desk, rules: DeskRules, known: Gathered, seed: int, workers: int | None, progress: Progress | None = None
) -> tuple[OneMore, ...]:
    """Return what one agent more would change in each tier that has a number of agents.

    ``known`` are the figures of the desk as it is, whose last window is the whole period; the first plays are compared.
    """
    plays = min(MOST, known.replications)
    found = []
    for tier, staff in desk.staffing.items():
        if staff.agents == "unlimited":
            continue
        more = staff.model_copy(update={"agents": staff.agents + 1})
        model = compile_model(desk.model_copy(update={"staffing": {**desk.staffing, tier: more}}), rules)
        changed = gather(model, (whole(model),), seed, plays, workers, progress)

        def difference(name: str, changed: Gathered = changed) -> Sample:
            return sample(changed.of("figure", name) - known.of("figure", name)[:plays])

        found.append(OneMore(
            tier, plays, difference("sla_compliance"), difference(f"wait_{tier.lower()}_minutes"), difference("csat"),
            difference("cost"),
        ))  # fmt: skip
    return tuple(found)
