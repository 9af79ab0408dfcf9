"""What a scenario states: the world a trainee meets, and no word about the right answer.

The answer key is derived by asking the rulebook at every instant; here stands only what is true, what it costs to
find out, and how the people around react. Minutes count from the opening of the scenario; instants are minutes since
1970-01-01T00:00Z.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from policy.errors import InputError
from policy.source import KeyPath, Source

_NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Effect:
    """How what is known changes: signals that begin or cease to hold, and counts (``customers_affected``: 5)."""

    establishes: tuple[str, ...] = ()
    withdraws: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=lambda: _NOTHING)

    @property
    def empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.establishes or self.withdraws or self.counts)


@dataclass(frozen=True, slots=True)
class Customer:
    """Who writes. ``account_value`` is in US dollars a year, ``None`` if the record does not say."""

    name: str
    company: str
    plan: str
    account_value: float | None = None
    health: str = "green"
    previous_escalations: int = 0


@dataclass(frozen=True, slots=True)
class Ticket:
    """The ticket as it stands when the scenario opens."""

    number: str
    subject: str
    channel: str
    category: str
    text: str
    customer: Customer


@dataclass(frozen=True, slots=True)
class Check:
    """Something the seat can look at: it costs ``minutes``, shows ``shows`` and changes what is known."""

    name: str
    label: str
    minutes: float
    shows: str
    effect: Effect = field(default_factory=Effect)


@dataclass(frozen=True, slots=True)
class Question:
    """Something the customer can be asked: asking costs ``minutes``, the answer comes within ``answers_after``.

    ``answers_after`` is a range (low, high) in minutes; the seed decides where in it.
    """

    name: str
    label: str
    minutes: float
    answers_after: tuple[float, float]
    says: str
    effect: Effect = field(default_factory=Effect)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What follows once all of ``when`` (names of checks and questions) are known."""

    when: tuple[str, ...]
    shows: str
    effect: Effect = field(default_factory=Effect)


@dataclass(frozen=True, slots=True)
class Colleague:
    """How soon a team acknowledges what is handed to it (range of minutes), and what it writes then."""

    team: str
    acknowledges_after: tuple[float, float]
    says: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """The act that sets off an inject: every field given must fit (``do: escalate``, ``to: T2``)."""

    do: str
    to: str | None = None
    what: str | None = None


@dataclass(frozen=True, slots=True)
class Inject:
    """Something that happens by itself: ``at`` a minute, or ``after`` minutes from an act (``on``), at most once.

    ``who`` is ``customer``, ``system`` or the name of a team; it happens only while none of ``unless`` holds.
    """

    who: str
    text: str
    at: float | None = None
    on: Trigger | None = None
    after: float = 0.0
    unless: tuple[str, ...] = ()
    effect: Effect = field(default_factory=Effect)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A practice scenario.

    ``opens`` is an instant; ``horizon`` is in minutes from it: what is still open then is judged there. ``signals``
    and ``counts`` are known at the opening. ``costs`` replaces the usual minutes of single acts, by verb.
    ``source`` is the file it was read from, so that what only a policy can tell to be wrong is told with its line.
    """

    id: str
    title: str
    level: str
    seat: str
    about: str
    opens: float
    horizon: float
    ticket: Ticket
    opening: Effect
    checks: tuple[Check, ...]
    questions: tuple[Question, ...] = ()
    conclusions: tuple[Conclusion, ...] = ()
    colleagues: tuple[Colleague, ...] = ()
    injects: tuple[Inject, ...] = ()
    costs: Mapping[str, float] = field(default_factory=dict)
    source: Source | None = field(default=None, compare=False, repr=False)

    def error(self, path: KeyPath, message: str) -> InputError:
        """Return an error about the value at ``path`` of the file, with its line where the file is known."""
        source = self.source or Source(f"scenario {self.id}", {})
        return source.error(path, message)

    def check(self, name: str) -> Check | None:
        """Return the check of that name."""
        return next((check for check in self.checks if check.name == name), None)

    def question(self, name: str) -> Question | None:
        """Return the question of that name."""
        return next((question for question in self.questions if question.name == name), None)

    def colleague(self, team: str) -> Colleague | None:
        """Return how that team reacts."""
        return next((colleague for colleague in self.colleagues if colleague.team == team), None)


@dataclass(frozen=True, slots=True)
class ScenarioInfo:
    """A line in the list of scenarios; ``minutes`` is how long the drill lasts at most."""

    id: str
    title: str
    level: str
    seat: str
    minutes: float
    about: str = ""
