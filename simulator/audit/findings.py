"""What an audit finds: duties missed or late, acts that were wrong, and each escalation with its judgement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from policy.judging import Kind
from policy.verdict import ActKey

MISSED: Final[tuple[Kind, ...]] = ("missed", "late", "wrong", "unneeded", "forbidden")
JUDGED: Final = ("appropriate", "premature", "late", "wrong destination")
SLIPS: Final = (
    "premature", "late recognition", "wrong destination", "incomplete hand-off", "wrong priority", "update forgotten",
    "update late", "forgotten", "late",
)  # fmt: skip
"""What can have gone wrong, as people say it; what of these a finding is follows from what was done, not from what
the desk knows of its own slips."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was not as the procedure has it. Instants are minutes since the run's opening.

    ``ticket`` counts from 1. ``slip`` names what went wrong (:data:`SLIPS`). ``could_not`` says why the owner could
    not help it, in words; a finding with such a reason is no missed duty. ``due`` is ``None`` for an act without one,
    ``done`` for one that was never done.
    """

    ticket: int
    owner: str
    act: ActKey
    rules: tuple[str, ...]
    kind: Kind
    slip: str
    since: float
    due: float | None
    done: float | None
    says: str
    could_not: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """An escalation as the rulebook sees it: ``judged`` is one of :data:`JUDGED`, ``why`` a sentence."""

    ticket: int
    source: str
    to: str
    reason: str
    category: str
    at: float
    judged: str
    rules: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit of one run found.

    ``duties`` counts by act those that were done, and those that fell due and were not; ``tickets`` what was looked at.
    ``notes`` are sentences: what of the desk the procedure does not have, and what is found for that.
    """

    seed: int
    replication: int
    tickets: int
    findings: tuple[Finding, ...]
    escalations: tuple[Judgement, ...]
    duties: Mapping[ActKey, int]
    notes: tuple[str, ...] = ()

    @property
    def missed(self) -> tuple[Finding, ...]:
        """The findings that somebody could have helped."""
        return tuple(one for one in self.findings if not one.could_not)

    def summary(self) -> tuple[tuple[str, str, int], ...]:
        """Return how often each thing was found: (slip or why nobody could help it, act, number), the most first."""
        from simulator.audit.slips import act_name  # noqa: PLC0415

        counted: Counter[tuple[str, str]] = Counter(
            (one.could_not or one.slip, act_name(one.act)) for one in self.findings
        )
        return tuple((what, act, number) for (what, act), number in sorted(counted.items(), key=_most_first))


def _most_first(item: tuple[tuple[str, str], int]) -> tuple[int, tuple[str, str]]:
    return -item[1], item[0]


def together(audits: Sequence[Audit]) -> tuple[Finding, ...]:
    """Return the findings of several runs, in their order."""
    return tuple(one for audit in audits for one in audit.findings)
