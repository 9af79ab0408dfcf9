"""Rules as they are written in a policy file: when they hold, and what follows."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field

from policy.document_values import Condition, Document, EntryDoc, Name, Names, Text

VISIT_BEFORE: Final = "visit_before"
Earlier = bool | Literal["visit_before"]
"""Whether an act counts that was done before it was owed: always, never, or if its owner did it no earlier than in
the visit before this one."""


class ObligeDoc(Document):
    """An act that is owed. A list in ``to``, ``via`` or ``what`` means each of them."""

    act: Name
    owner: Name = "holder"
    to: Names | None = None
    via: Names | None = None
    what: Names | None = None
    within: str | dict[str, Any] | None = None
    from_opening: str | dict[str, Any] | None = None
    repeat: str | dict[str, Any] | None = None
    until: str | dict[str, Any] | None = None
    waits_for: Condition | None = None
    earlier_counts: Earlier = False
    cites_definition: bool = False
    target: bool = False
    calendar: Name | None = None
    dimension: (
        Literal["priority", "decision", "destination", "timing", "process", "communication", "hand-off"] | None
    ) = None
    weight: float = Field(default=1.0, ge=0, le=100)
    critical: bool = False


class PermitDoc(Document):
    """An act that is allowed."""

    act: Name
    to: Names | None = None
    via: Names | None = None
    what: Names | None = None


class ForbidDoc(Document):
    """An act that is forbidden; a ``residual`` prohibition gives way to a permission as well."""

    act: Name
    to: Names | None = None
    via: Names | None = None
    what: Names | None = None
    residual: bool = False
    dimension: (
        Literal["priority", "decision", "destination", "timing", "process", "communication", "hand-off"] | None
    ) = None
    weight: float = Field(default=1.0, ge=0, le=100)
    critical: bool = False


class DefineDoc(Document):
    """What a situation *is*: its priority."""

    priority: Name


class PauseDoc(Document):
    """Clocks that stand still while the rule holds."""

    clocks: list[Literal["no_progress", "unresolved", "resolution"]]


class RuleDoc(EntryDoc):
    """A rule: when it holds, and what follows. A rule without an effect informs (it is printed and cited)."""

    says: Text
    when: Condition | None = None
    unless: Condition | None = None
    define: DefineDoc | None = None
    oblige: ObligeDoc | list[ObligeDoc] | None = None
    permit: PermitDoc | list[PermitDoc] | None = None
    forbid: ForbidDoc | list[ForbidDoc] | None = None
    pause: PauseDoc | None = None


class GroupDoc(Document):
    """Rules that a support lead looks for together; ``layer`` is their place in the order of precedence."""

    title: Text
    about: Text | None = None
    layer: Name
    when: Condition | None = None
    rules: list[RuleDoc]
