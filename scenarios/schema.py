"""The scenario file at the edge: what its keys are, of which kind, within which bounds.

Every model forbids unknown keys. ``ScenarioFile.scenario()`` turns what was read into the frozen values of
``scenarios.model``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from policy.calendars import to_instant
from scenarios.model import (
    Check,
    Colleague,
    Conclusion,
    Customer,
    Effect,
    Inject,
    Question,
    Scenario,
    Ticket,
    Trigger,
)

Word = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
ShortText = Annotated[str, Field(min_length=1, max_length=120)]
LongText = Annotated[str, Field(min_length=1, max_length=4000)]
Minutes = Annotated[float, Field(ge=0, le=1440, allow_inf_nan=False, strict=True)]
Cost = Annotated[float, Field(gt=0, le=240, allow_inf_nan=False, strict=True)]
Count = Annotated[int, Field(ge=0, le=1_000_000, strict=True)]
Signals = Annotated[list[Word], Field(max_length=40)]
Span = Annotated[list[Minutes], Field(min_length=2, max_length=2)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _WithEffect(_Part):
    establishes: Signals = []
    withdraws: Signals = []
    counts: dict[Word, Count] = {}

    def effect(self) -> Effect:
        return Effect(tuple(self.establishes), tuple(self.withdraws), dict(self.counts))


class CustomerFile(_Part):
    """``ticket.customer``."""

    name: ShortText
    company: ShortText
    plan: Word
    account_value: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    health: Literal["green", "yellow", "red"] = "green"
    previous_escalations: Count = 0


class TicketFile(_Part):
    """``ticket``."""

    number: Annotated[str, Field(pattern=r"^[0-9A-Z-]{1,20}$")]
    subject: ShortText
    channel: Literal["email", "chat", "phone"] = "email"
    category: Word
    text: LongText
    customer: CustomerFile


class CheckFile(_WithEffect):
    """One of ``checks``."""

    name: Word
    label: ShortText
    minutes: Cost
    shows: LongText


class QuestionFile(_WithEffect):
    """One of ``questions``."""

    name: Word
    label: ShortText
    minutes: Cost = 1.0
    answers_after: Span
    says: LongText


class ConclusionFile(_WithEffect):
    """One of ``conclusions``."""

    when: Annotated[list[Word], Field(min_length=1, max_length=20)]
    shows: LongText


class ColleagueFile(_Part):
    """One of ``colleagues``."""

    team: Word
    acknowledges_after: Span
    says: LongText


class TriggerFile(_Part):
    """``on`` of an inject."""

    do: Word
    to: Word | None = None
    what: Word | None = None


class InjectFile(_WithEffect):
    """One of ``injects``."""

    who: Word
    text: LongText
    at: Minutes | None = None
    on: TriggerFile | None = None
    after: Minutes = 0.0
    unless: Signals = []

    @model_validator(mode="after")
    def _one_cause(self) -> InjectFile:
        if (self.at is None) == (self.on is None):
            raise ValueError('needs either "at" (a minute) or "on" (an act), and not both')
        return self


class ScenarioFile(_Part):
    """A scenario file."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    title: ShortText
    level: Literal["easy", "medium", "hard"]
    seat: Word
    about: LongText
    opens: str
    horizon: Annotated[float, Field(gt=0, le=10_080, allow_inf_nan=False)]
    ticket: TicketFile
    signals: Signals = []
    counts: dict[Word, Count] = {}
    checks: Annotated[list[CheckFile], Field(max_length=60)] = []
    questions: Annotated[list[QuestionFile], Field(max_length=60)] = []
    conclusions: Annotated[list[ConclusionFile], Field(max_length=60)] = []
    colleagues: Annotated[list[ColleagueFile], Field(max_length=30)] = []
    injects: Annotated[list[InjectFile], Field(max_length=60)] = []
    costs: dict[Word, Cost] = {}

    @field_validator("opens")
    @classmethod
    def _is_a_moment(cls, text: str) -> str:
        parse_moment(text)
        return text

    def scenario(self) -> Scenario:
        """Return the frozen value the other rooms work with."""
        customer = Customer(
            self.ticket.customer.name,
            self.ticket.customer.company,
            self.ticket.customer.plan,
            self.ticket.customer.account_value,
            self.ticket.customer.health,
            self.ticket.customer.previous_escalations,
        )
        ticket = Ticket(
            self.ticket.number,
            self.ticket.subject,
            self.ticket.channel,
            self.ticket.category,
            self.ticket.text.strip(),
            customer,
        )
        return Scenario(
            id=self.id,
            title=self.title,
            level=self.level,
            seat=self.seat,
            about=self.about.strip(),
            opens=to_instant(parse_moment(self.opens)),
            horizon=self.horizon,
            ticket=ticket,
            opening=Effect(tuple(self.signals), (), dict(self.counts)),
            checks=tuple(Check(c.name, c.label, c.minutes, c.shows.strip(), c.effect()) for c in self.checks),
            questions=tuple(
                Question(q.name, q.label, q.minutes, _span(q.answers_after), q.says.strip(), q.effect())
                for q in self.questions
            ),
            conclusions=tuple(Conclusion(tuple(c.when), c.shows.strip(), c.effect()) for c in self.conclusions),
            colleagues=tuple(Colleague(c.team, _span(c.acknowledges_after), c.says.strip()) for c in self.colleagues),
            injects=tuple(_inject(i) for i in self.injects),
            costs=dict(self.costs),
        )


def parse_moment(text: str) -> datetime:
    """Read a date and time with its offset, such as ``2025-01-27T09:00Z``.

    Raises:
        ValueError: not such a moment, or outside the years 1971 to 2199.
    """
    expected = 'expected a date and time with its offset, such as "2025-01-27T09:00Z"'
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"found {text[:40]!r}; {expected}") from None
    if moment.tzinfo is None:
        raise ValueError(f"found {text[:40]!r} without an offset; {expected}")
    if not 1971 <= moment.year <= 2199:
        raise ValueError(f"found the year {moment.year}; {expected}")
    return moment.astimezone(UTC)


def _span(pair: list[float]) -> tuple[float, float]:
    return min(pair), max(pair)


def _inject(part: InjectFile) -> Inject:
    trigger = Trigger(part.on.do, part.on.to, part.on.what) if part.on is not None else None
    return Inject(part.who, part.text.strip(), part.at, trigger, part.after, tuple(part.unless), part.effect())
