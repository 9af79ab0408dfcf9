"""What occasions a rule, in a few words: enough for an arrow or a point of a timeline, where a sentence is too long."""

from __future__ import annotations

from typing import Final

from policy.conditions import All, AnyOf, Attribute, Condition, CountAtLeast, Named, Signal, Within
from policy.handbook.phrases import capital, clean, listed, short
from policy.handbook.reading import Book, Reading

_WITH: Final = ", with "


def occasion(book: Book, reading: Reading) -> str:
    """Return the signals, counts, plans and kinds of issue that a rule waits for; empty where it waits for none."""
    told = (_told(book, part) for part in sorted(reading.core, key=repr))
    return _WITH.join(dict.fromkeys(filter(None, told)))


def _told(book: Book, condition: Condition) -> str:
    match condition:
        case Signal(names):
            return listed([clean(name.replace("_", " ")) for name in names], "or")
        case CountAtLeast(name, at_least):
            return f"{at_least} or more {clean(name.replace('_', ' '))}"
        case Attribute(name="plan", values=values) if set(values) < set(book.policy.plans):
            return listed([short(book.policy, value) for value in values], "or")
        case Within(beyond):
            return "what is beyond the tier" if beyond else "what the tier solves itself"
        case Named(inner=inner_one):
            return _told(book, inner_one)
        case All(inner):
            return _WITH.join(filter(None, (_told(book, part) for part in inner)))
        case AnyOf(inner):
            told = [_told(book, part) for part in inner]
            between = ", or " if any(" or " in one for one in told) else " or "
            return between.join(dict.fromkeys(told)) if all(told) else ""
    return ""


def conditional(book: Book, reading: Reading, said: str) -> str:
    """Return what is to be done with its occasion before it: "If data leak: Escalate: Security team"."""
    found = occasion(book, reading)
    return f"If {found}: {said}" if found else capital(said)
