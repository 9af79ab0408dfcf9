"""The verbs of a transcript: their fields, what they cost, and how a line is checked.

``docs/transcript.md`` is the same table for people. A verb costs its minutes; a check costs what its scenario says,
and ``wait`` what its line says. Nothing here knows the procedure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from grading.errors import ActError
from policy.explain import nearest
from scenarios import clean_text

MAX_MINUTE: Final = 100_000.0
"""No act begins or waits beyond this many minutes (about ten weeks)."""
MAX_ITEMS: Final = 40
Kind = Literal["word", "words", "text", "form", "minutes"]
"""``word``: one name · ``words``: a name or a list of names · ``text``: free text · ``form``: named free texts ·
``minutes``: a number of minutes."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of a verb."""

    name: str
    kind: Kind
    label: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class VerbSpec:
    """A verb: what it is called on a button, in which group it stands, what it costs in minutes."""

    name: str
    label: str
    group: str
    minutes: float
    fields: tuple[FieldSpec, ...]


def _verb(name: str, label: str, group: str, minutes: float, *fields: FieldSpec) -> VerbSpec:
    return VerbSpec(name, label, group, minutes, fields)


_TO = FieldSpec("to", "word", "To", required=True)
_REASON = FieldSpec("reason", "word", "Reason")
_FORM = FieldSpec("handoff", "form", "Hand-off")

_ALL: Final = (
    _verb("check", "Look something up", "find out", 2, FieldSpec("what", "word", "What", required=True)),
    _verb("ask", "Ask the customer", "find out", 1, FieldSpec("what", "word", "What", required=True)),
    _verb("set_priority", "Set the priority", "ticket", 0.5, FieldSpec("priority", "word", "Priority", required=True)),
    _verb(
        "document", "Write it down in the ticket", "ticket", 1.5,
        FieldSpec("what", "words", "What the note covers", required=True), FieldSpec("text", "text", "Note"),
    ),
    _verb(
        "reply", "Reply to the customer", "customer", 2,
        FieldSpec("notice", "word", "Notice"), FieldSpec("tells", "words", "What it tells"),
        FieldSpec("text", "text", "Text"),
    ),
    _verb("workaround", "Give the customer a workaround", "customer", 3, FieldSpec("text", "text", "Text")),
    _verb("escalate", "Escalate", "hand over", 2, _TO, _REASON, _FORM, FieldSpec("text", "text", "Note")),
    _verb("notify", "Notify somebody", "hand over", 0.5, _TO, FieldSpec("via", "word", "By"),
          FieldSpec("text", "text", "Text")),
    _verb("handoff", "Hand over notes later", "hand over", 1, _TO, _FORM),
    _verb("transfer", "Transfer open calls and chats", "hand over", 0.5, FieldSpec("to", "word", "To")),
    _verb("confirm", "Confirm", "hand over", 0.5,
          FieldSpec("what", "words", "What", required=True), FieldSpec("to", "word", "With")),
    _verb("remind", "Set a reminder", "ticket", 0.5, FieldSpec("minutes", "minutes", "In minutes")),
    _verb("status_page", "Update the status page", "incident", 1, FieldSpec("state", "word", "State", required=True)),
    _verb("assign_commander", "Assign an incident commander", "incident", 1, FieldSpec("to", "word", "To")),
    _verb("open_war_room", "Open a war room", "incident", 1),
    _verb("log_feature", "Log a feature request", "ticket", 1.5, FieldSpec("text", "text", "Text")),
    _verb("deescalate", "De-escalate", "hand over", 2, _TO, FieldSpec("reason", "word", "Reason", required=True)),
    _verb("resolve", "Resolve the ticket", "ticket", 1, FieldSpec("text", "text", "Text")),
    _verb("wait", "Wait", "time", 0, FieldSpec("minutes", "minutes", "Minutes", required=True)),
)  # fmt: skip
VERBS: Final[Mapping[str, VerbSpec]] = MappingProxyType({verb.name: verb for verb in _ALL})
_ALWAYS: Final = frozenset({"minute", "do", "note"})


@dataclass(frozen=True, slots=True)
class Act:
    """One line of a transcript, checked. ``minute`` is when it was begun (``None`` = when the one before ended).

    ``line`` is the 1-based line of the file, 0 for an act that comes from a program.
    """

    verb: str
    fields: Mapping[str, Any]
    minute: float | None = None
    line: int = 0

    def word(self, name: str) -> str | None:
        """Return a ``word`` field, ``None`` if it was left out."""
        value = self.fields.get(name)
        return value if isinstance(value, str) and value else None

    def words(self, name: str) -> tuple[str, ...]:
        """Return a ``words`` field, empty if it was left out."""
        return tuple(self.fields.get(name, ()))

    def as_line(self, minute: float | None = None) -> dict[str, Any]:
        """Return the act as a transcript line, begun at ``minute`` (or at its own)."""
        begun = self.minute if minute is None else minute
        head: dict[str, Any] = {} if begun is None else {"minute": _tidy(begun)}
        return head | {"do": self.verb} | {k: list(v) if isinstance(v, tuple) else v for k, v in self.fields.items()}


def read_act(raw: Mapping[str, Any], *, line: int = 0) -> Act:
    """Return a transcript line as an act.

    Raises:
        ActError: no verb or an unknown one, a field that the verb does not have (the nearest is named), one that is
            missing or of the wrong kind, a number that is negative, not finite or beyond ``MAX_MINUTE``.
    """
    verb = raw.get("do")
    if verb is None:
        raise ActError('has no "do"; every line names its verb, such as {"minute": 3, "do": "check", "what": "..."}')
    if not isinstance(verb, str) or verb not in VERBS:
        raise ActError(f'unknown verb "{_shown(verb)}"{nearest(str(verb), VERBS)}')
    spec = VERBS[verb]
    legal = {field.name for field in spec.fields} | _ALWAYS
    for name in raw:
        if name not in legal:
            raise ActError(f'"{_shown(name)}" is no field of "{verb}"{nearest(str(name), legal)}')
    minute = None if raw.get("minute") is None else _number(raw["minute"], "minute")
    fields: dict[str, Any] = {}
    for field in spec.fields:
        value = raw.get(field.name)
        if value is None or value in ("", [], {}):
            if field.required:
                raise ActError(f'"{verb}" needs "{field.name}"')
            continue
        fields[field.name] = _value(field, value)
    return Act(verb, fields, minute, line)


def _value(field: FieldSpec, value: Any) -> Any:
    if field.kind == "minutes":
        return _number(value, field.name)
    if field.kind == "form":
        if not isinstance(value, Mapping) or len(value) > MAX_ITEMS:
            raise ActError(f'"{field.name}" is a form: {{"context": "...", "notes": "..."}}')
        return {_word(str(k), field.name): _text(v, f"{field.name}.{k}") for k, v in value.items()}
    if field.kind == "words":
        items = value if isinstance(value, (list, tuple)) else [value]
        if len(items) > MAX_ITEMS:
            raise ActError(f'"{field.name}" lists more than {MAX_ITEMS} things')
        return tuple(dict.fromkeys(_word(item, field.name) for item in items))
    if field.kind == "word":
        return _word(value, field.name)
    return _text(value, field.name)


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        found = f'the text "{_shown(value)}"' if isinstance(value, str) else _shown(value)
        raise ActError(f'"{name}": found {found}; expected a number of minutes')
    if isinstance(value, int) and abs(value) > MAX_MINUTE:
        raise ActError(f'"{name}": the number is too large; at most {MAX_MINUTE:g} minutes')
    number = float(value)
    if not math.isfinite(number):
        raise ActError(f'"{name}": found {number}; expected a finite number of minutes')
    if number < 0:
        raise ActError(f'"{name}": found {number:g}; minutes cannot be negative')
    if number > MAX_MINUTE:
        raise ActError(f'"{name}": found {number:g}; at most {MAX_MINUTE:g} minutes')
    return number


def _word(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ActError(f'"{name}": found {_shown(value)}; expected a name')
    word = value.strip()
    if not word or len(word) > 60 or not all(c.isalnum() or c in "_.-# @+" for c in word):
        raise ActError(f'"{name}": found "{_shown(value)}"; expected a name such as T2 or token_validity')
    return word


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ActError(f'"{name}": found {_shown(value)}; expected text')
    return clean_text(value)


def _shown(value: Any) -> str:
    text = clean_text(str(value), one_line=True)
    return text if len(text) <= 40 else text[:39] + "…"


def _tidy(number: float) -> float | int:
    rounded = round(number, 4)
    return int(rounded) if rounded == int(rounded) else rounded
