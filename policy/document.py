"""The policy file as it is written: what keys it may have, and of what kind.

Only the shape is checked here. Names that must exist elsewhere in the file (a role, a signal, a figure) are checked
when the rules are built (``policy.building``).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from policy.document_rules import GroupDoc
from policy.document_values import (
    Condition,
    DayText,
    Document,
    DurationText,
    EntryDoc,
    Name,
    Number,
    Text,
)


class RoleDoc(Document):
    """A role that can owe or receive something. ``tier`` roles own tickets; ``management`` ones are the ladder.

    ``available`` names the calendar on which somebody is there; a tier that does not say has its tier's calendar.
    """

    label: Text
    tier: bool = False
    management: bool = False
    contact: Name | None = None
    available: Name | None = None


class RelativeRoleDoc(Document):
    """A role that depends on the situation: by the tier that holds the ticket, or the first case that holds."""

    label: Text
    by_tier: dict[Name, Name] | None = None
    cases: list[RoleCaseDoc] | None = None


class RoleCaseDoc(Document):
    """One case of a relative role; without ``when`` it always holds."""

    when: Condition | None = None
    role: Name


class ActDoc(Document):
    """A verb: how a list of things to do words it, and the dimension in which it is graded."""

    label: Text
    dimension: Literal["priority", "decision", "destination", "timing", "process", "communication", "hand-off"]


class ContentDoc(Document):
    """What an act can carry; ``implied_by`` names verbs that always carry it."""

    label: Text
    implied_by: list[Name] = []


class CategoryDoc(Document):
    """A kind of issue and what the basic troubleshooting of it is."""

    label: Text
    basic_checks: list[Name] = []


class VocabularyDoc(Document):
    """The closed list of words that rules and situations are made of."""

    plans: dict[Name, Text]
    roles: dict[Name, RoleDoc]
    relative_roles: dict[Name, RelativeRoleDoc] = {}
    channels: dict[Name, Text]
    acts: dict[Name, ActDoc]
    contents: dict[Name, ContentDoc]
    signals: dict[Name, Text]
    checks: dict[Name, Text]
    counts: dict[Name, Text] = {}
    categories: dict[Name, CategoryDoc]


class CalendarDoc(Document):
    """Opening hours: ``hours`` by weekday (``"09:00-17:00"``, several with commas), or ``always_open``."""

    always_open: bool = False
    time_zone: str = "UTC"
    hours: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], str] = {}
    holidays: list[str] = []
    special_days: dict[str, str] = {}
    business_day: DurationText = "8h"


class CalendarCaseDoc(Document):
    """Which calendar a rule's time runs on: the first case that holds."""

    when: Condition | None = None
    use: Name


class TierDoc(Document):
    """A tier of technical support and its tunable figures; ``None`` for a timer means none."""

    label: Text
    team: Text
    calendar: Name
    no_progress: DurationText | None = None
    unresolved: DurationText | None = None
    response: dict[Name, DurationText]
    capabilities: list[Name]
    beyond: list[Name] = []


class PriorityDoc(Document):
    """A priority with its targets and the figures of its protocol, by name."""

    label: Text
    set_within: DurationText
    first_response: DurationText
    resolution: DurationText
    within: dict[Name, DurationText] = {}
    every: dict[Name, DurationText] = {}


class ReprioritisedDoc(Document):
    """What becomes of the resolution clock when a ticket's priority changes; its target is always the new one.

    ``restart``: it counts from the instant of the change. ``keep``: what has elapsed stays counted.
    """

    lowered: Literal["restart", "keep"] = "restart"
    raised: Literal["restart", "keep"] = "restart"


class ContactDoc(EntryDoc):
    """Somebody who can be reached. A value in [brackets] or with X for digits is still to be filled in.

    ``also_called`` is another name that people use; ``same_as`` names the contact that is the same person,
    ``serves`` a role that this contact fills beside others.
    """

    name: Text
    email: str | None = None
    phone: str | None = None
    pager: str | None = None
    channel: str | None = None
    url: str | None = None
    hours: str | None = None
    note: str | None = None
    also_called: str | None = None
    same_as: Name | None = None
    serves: Name | None = None
    staff_only: bool = False


class PromiseDoc(Document):
    """How often a notice promises news: every ``every`` (a figure by path), as replies that carry ``what``."""

    every: Text
    what: Name


Example = Text | list[Text] | list[dict[Name, bool | Text]]
"""What a field of a notice may hold: a text, or a list where the notice runs through one."""


class NoticeDoc(EntryDoc):
    """A notice: a Jinja2 template for text, with the fields that must be filled.

    ``promises`` is what ``{{ update_every }}`` in it stands for; ``specimen`` fills fields for the handbook.
    """

    title: Text
    says: Text
    audience: Literal["customer", "staff", "rule"]
    fields: dict[Name, Text] = {}
    specimen: dict[Name, Example] = {}
    subject: str | None = None
    body: str | None = None
    promises: PromiseDoc | None = None


class MetricDoc(EntryDoc):
    """A figure that the procedure measures, with its target where it has one.

    ``counts`` says, for a mix, which reasons of the desk's escalations count as each of its parts.
    """

    name: Text
    says: Text
    target: dict[str, float] = {}
    counts: dict[Name, list[Name]] = {}


class ReportDoc(EntryDoc):
    """A report's form, or a report with its figures."""

    title: Text
    says: Text
    figures: dict[str, float] = {}
    lists: dict[str, list[str]] = {}


class SettlementDoc(EntryDoc):
    """How a contradiction or gap of the procedure is settled, and which values or rules carry it."""

    procedure_says: Text
    settled: Text
    carried_by: list[str] = []


class ImpossibleDoc(Document):
    """Something that cannot be: situations in which the condition holds are not counted by the check."""

    says: Text
    when: Condition


class SettlesDoc(Document):
    """What holds where rules meet. Without a key nothing is settled there, and the check reports each such place.

    The rulebook always answers as these values say; the check asks whether the policy says so too.
    """

    demand_and_ban: Literal["demand"] | None = None
    permission_and_ban: Literal["residual"] | None = None
    two_dues: Literal["stricter"] | None = None
    two_priorities: Literal["graver"] | None = None


class SilenceDoc(Document):
    """Findings of the check that are not to be reported, and why."""

    code: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]
    rules: list[Text] = Field(min_length=1)
    why: Text


class LintDoc(Document):
    """What the check is told about this policy."""

    silence: list[SilenceDoc] = []


class CoverageReasonDoc(Document):
    """Why some statements are not found somewhere: their ids (``contact.*``: all that begin so), and the reason."""

    ids: list[str]
    why: Text


class CoverageDoc(Document):
    """Declared reasons why a statement is in no verdict, or not in the simulator."""

    no_verdict: list[CoverageReasonDoc] = []
    no_simulation: list[CoverageReasonDoc] = []


class ReadElsewhereDoc(Document):
    """Values on which no verdict depends: their paths (``*``: anything), who reads them, and why that is so."""

    paths: list[Text] = Field(min_length=1)
    read_by: Text
    why: Text


class LifeDoc(Document):
    """One entry of the policy's own history."""

    version: str
    date: DayText
    approved_by: str
    why: Text


class PolicyDoc(Document):
    """A whole policy file."""

    deskdrill_policy: Literal[1]
    name: Name
    title: Text
    organisation: Text
    version: str
    effective_from: DayText
    applies_to_open: bool = False
    history: list[LifeDoc] = []
    vocabulary: VocabularyDoc
    precedence: list[Name]
    calendars: dict[Name, CalendarDoc]
    calendar_of: list[CalendarCaseDoc]
    plans_note: str | None = None
    tiers: dict[Name, TierDoc]
    priorities: dict[Name, PriorityDoc]
    prompt: dict[Name, DurationText]
    reprioritised: ReprioritisedDoc = ReprioritisedDoc()
    figures: dict[Name, DurationText | Number]
    targets: dict[Name, Number]
    conditions: dict[Name, Condition] = {}
    settles: SettlesDoc = SettlesDoc()
    impossible: list[ImpossibleDoc] = []
    lint: LintDoc = LintDoc()
    coverage: CoverageDoc = CoverageDoc()
    read_elsewhere: list[ReadElsewhereDoc] = []
    groups: list[GroupDoc]
    contacts: dict[Name, ContactDoc]
    notices: dict[Name, NoticeDoc]
    metrics: list[MetricDoc]
    reports: list[ReportDoc]
    settlements: list[SettlementDoc]


RelativeRoleDoc.model_rebuild()
