"""What a report is about: a desk under a policy, its figures over many plays, and one play to look at closely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from simulator.codes import Cause, Entry, Judged
from simulator.model import DeskModel
from simulator.report.counting import ELSEWHERE, MANAGEMENT, steps, word
from simulator.report.gathering import Gathered
from simulator.tables import Run

if TYPE_CHECKING:
    from policy import Policy
    from policy.compiled import DeskRules

CAUSES: Final[Mapping[Cause, str]] = {
    Cause.QUEUE: "waiting in the queue",
    Cause.WRONG_TIER: "in the wrong tier",
    Cause.HANDOFF: "hand-off",
    Cause.NOBODY: "no one on shift",
    Cause.CUSTOMER: "waiting for the customer",
    Cause.WORK: "work in the right tier",
    Cause.DECISION: "waiting for a decision",
}
ENTRIES: Final[Mapping[Entry, str]] = {
    Entry.EXPERTISE: "needs expertise",
    Entry.CODE_CHANGE: "needs a code change",
    Entry.UNRESOLVABLE: "no technical solution",
    Entry.NO_PROGRESS: "no progress",
    Entry.UNRESOLVED: "in hand too long",
    Entry.AGE: "open as long as allowed",
    Entry.PREMATURE: "taken for harder",
    Entry.PAGED: "paged at once",
    Entry.ANSWERED: "up again, answered",
    Entry.SIGNAL: "a signal came to light",
}
BACK_WORDS: Final[Mapping[Entry, str]] = {
    Entry.SENT_BACK: "sent back, too early or to the wrong tier",
    Entry.BACK_RECLASSIFIED: "less urgent than it was taken for",
    Entry.BACK_RESOLVED: "solved",
    Entry.BACK_WAITING: "waiting for the customer",
    Entry.BACK_WORKAROUND: "workaround, permanent fix pending",
}
JUDGED: Final[Mapping[Judged, str]] = {
    Judged.APPROPRIATE: "appropriate",
    Judged.PREMATURE: "premature",
    Judged.LATE: "late",
    Judged.WRONG_DESTINATION: "wrong destination",
}


@dataclass(frozen=True)
class Subject:
    """Desk, policy and figures; ``run`` is the one play (a replication of the same seed) that is looked at closely."""

    policy: Policy
    rules: DeskRules
    model: DeskModel
    gathered: Gathered
    run: Run
    seed: int
    changes: tuple[str, ...] = ()
    """What was changed for this report, as it was written (``policy.tiers.T1.no_progress=60m``)."""
    word: str = "month"
    """What one play of the window is called: a month, a week, a quarter, a period."""
    reported: Mapping[str, float] = field(default_factory=dict)
    """What the real period was reported to have, by figure; nothing where the report is about something else."""
    withheld: bool = False
    """Whether such figures are left out, because something was changed for this report."""

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """How people call tiers, roles, plans and categories."""
        vocabulary = self.policy.doc.vocabulary
        labels = {name: role.label for name, role in vocabulary.roles.items()} | dict(vocabulary.plans)
        return labels | {
            name: category.label or name.replace("_", " ") for name, category in self.model.desk.categories.items()
        }

    def label(self, name: str) -> str:
        """Return how people call a tier, a role, a plan or a category."""
        return self.labels.get(name, name.replace("_", " "))

    def priority(self, name: str) -> str:
        """Return how people call a priority."""
        found = self.policy.priorities.get(name)
        return found.label if found is not None else name

    @property
    def plural(self) -> str:
        """What several plays are called."""
        return f"{self.word}s"

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers, lowest first."""
        return self.model.desk.tiers

    @property
    def steps(self) -> tuple[str, ...]:
        """Where escalations lead, as keys name it."""
        return steps(self.model)

    def step_label(self, step: str) -> str:
        """Return how people call a step of the escalation path, by where it leads."""
        return self.move_label(self.below(step), step)

    def below(self, step: str) -> str:
        """Return the tier from which a step of the escalation path usually comes: the one below where it leads."""
        return self.tiers[-1] if step == MANAGEMENT else self.tiers[self.tiers.index(step) - 1]

    def move_label(self, source: str, step: str) -> str:
        """Return how people call a move from a tier to where a step leads."""
        return f"{self.label(source)} → {self.to_label(step)}"

    def to_label(self, step: str) -> str:
        """Return how people call the place where a step leads."""
        return "Management" if step == MANAGEMENT else self.label(step)

    def jumps(self, step: str) -> tuple[str, ...]:
        """Return from which other tiers than the one below such a step was taken in any play."""
        found = (tier for tier in self.tiers if tier not in (self.below(step), step))
        return tuple(tier for tier in found if self.gathered.of("step", "from", tier, step).any())

    def elsewhere(self) -> tuple[str, ...]:
        """Return who else is brought in, beside tiers and management."""
        return tuple(key[1] for key in self.gathered.places if key[0] == ELSEWHERE)

    @property
    def window(self) -> str:
        """The name of the days that the report is about."""
        return self.gathered.windows[-1].name


def reasons(policy: Policy) -> Mapping[str, tuple[str, ...]]:
    """Return which of the desk's reasons count as each reason of the procedure, none where it names no mix."""
    found = next((one.counts for one in policy.doc.metrics if one.counts), {})
    return {name: tuple(words) for name, words in found.items()}


def expected_mix(policy: Policy) -> Mapping[str, float]:
    """Return the share of each reason that the procedure expects (0..1), where it names a mix."""
    return next((one.target for one in policy.doc.metrics if one.counts), {})


def reason_words() -> Mapping[str, str]:
    """Return the desk's reasons as keys name them, and in words."""
    return {word(entry): text for entry, text in ENTRIES.items()}
