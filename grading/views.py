"""What a drill shows: frozen values for the app, the command line and programs. All texts are plain and cleaned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Who = Literal["customer", "you", "colleague", "system"]
ClockState = Literal["running", "paused", "met", "breached", "stopped"]
FieldKind = Literal["fixed", "choice", "choices", "text", "form", "minutes"]


@dataclass(frozen=True, slots=True)
class TicketView:
    """The ticket as the desk's system shows it. ``priority`` is what stands on it, not what it should be.

    ``tier`` holds the ticket; ``holder`` says so in words. ``account_value`` is in US dollars a year.
    """

    number: str
    customer: str
    company: str
    plan: str
    category: str
    opened_text: str
    subject: str
    tier: str
    holder: str
    status: str
    priority: str | None
    account_value: float | None = None
    health: str = ""
    previous_escalations: int = 0
    channel: str = "email"
    yours: bool = True


@dataclass(frozen=True, slots=True)
class Message:
    """A line of the conversation. ``name`` is who speaks as people call them."""

    minute: float
    who: Who
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class FactView:
    """Something found out. ``check`` is the check or question it came from, ``label`` the same in words."""

    minute: float
    check: str
    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class ClockView:
    """A clock of the ticket. ``due_minute`` and ``elapsed`` are minutes of the drill; ``target`` is in minutes."""

    name: str
    label: str
    due_minute: float | None
    elapsed: float
    target: float | None
    state: ClockState


class Choice(NamedTuple):
    """A value that a field may take, and how people call it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an act. ``fixed``: ``default`` is its only value; ``form``: ``choices`` are the names of its parts."""

    name: str
    label: str
    kind: FieldKind
    choices: tuple[Choice, ...] = ()
    required: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class ActOption:
    """Something that can be done now. ``minutes`` is what it costs."""

    verb: str
    label: str
    minutes: float
    group: str
    fields: tuple[Field, ...] = ()

    def line(self, **values: Any) -> dict[str, Any]:
        """Return the act with these values (and the defaults of fields not given) as a transcript line."""
        given = {f.name: values.get(f.name, f.default) for f in self.fields}
        return {"do": self.verb} | {k: v for k, v in given.items() if v not in (None, "", [], {}, ())}
