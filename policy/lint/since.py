"""Since when a rule holds: what can be proved from the form of two conditions alone.

A due is counted from the instant at which a condition began to hold, and no cell of the space knows that instant. But
a conjunction begins with the last of its parts and a disjunction with the first of those that hold, so the form often
tells which of two conditions began no later. What it does not tell is not claimed.

Such a condition is also barred by no more states of the ticket than the other one (``standstill``), so that its dues
stand still for no longer.
"""

from __future__ import annotations

from policy.conditions import (
    All,
    Always,
    AnyOf,
    Attribute,
    Checked,
    ClockReaches,
    Condition,
    CountAtLeast,
    Done,
    EarlierSignal,
    Named,
    Not,
    Signal,
)
from policy.situation import OPEN
from policy.standstill import barred


def begins_no_later(a: Condition, b: Condition) -> bool:
    """Return whether it is certain that wherever ``b`` holds, ``a`` holds too and began no later."""
    a, b = _plain(a), _plain(b)
    if a == b or isinstance(a, Always):
        return True
    if _since_opening(a) and barred(a) <= barred(b):
        return True
    if isinstance(a, All):
        return all(begins_no_later(part, b) for part in a.inner)
    if isinstance(b, AnyOf):
        return all(begins_no_later(a, part) for part in b.inner)
    if isinstance(b, All) and any(begins_no_later(a, part) for part in b.inner):
        return True
    if isinstance(a, AnyOf):
        return any(begins_no_later(part, b) for part in a.inner)
    return _leaf(a, b)


def begin_together(a: Condition, b: Condition) -> bool:
    """Return whether it is certain that two conditions hold in the same situations, since the same instant."""
    return begins_no_later(a, b) and begins_no_later(b, a)


def _plain(condition: Condition) -> Condition:
    while isinstance(condition, Named) or (isinstance(condition, (All, AnyOf)) and len(condition.inner) == 1):
        condition = condition.inner if isinstance(condition, Named) else condition.inner[0]
    if isinstance(condition, All):
        parts = [part for part in condition.inner if not isinstance(_plain(part), Always)]
        if len(parts) < len(condition.inner):
            return _plain(All(tuple(parts))) if parts else Always()
    return condition


def _since_opening(condition: Condition) -> bool:
    """Return whether a condition is a ban on states that a ticket does not begin with: held since the opening."""
    inner = condition.inner if isinstance(condition, Not) else None
    return isinstance(inner, Attribute) and inner.name == "status" and OPEN not in inner.values


def _leaf(a: Condition, b: Condition) -> bool:
    match a, b:
        case Signal(), Signal():
            return set(b.names) <= set(a.names)
        case EarlierSignal(), EarlierSignal():
            return set(b.names) <= set(a.names)
        case Attribute(), Attribute():
            return a.name == b.name and set(b.values) <= set(a.values)
        case Checked(), Checked():
            return set(a.names) <= set(b.names) and (b.basic or not a.basic)
        case CountAtLeast(), CountAtLeast():
            return a.name == b.name and a.at_least <= b.at_least
        case Done(), Done():
            general = (a.via in (None, b.via)) and (a.what in (None, b.what)) and (b.in_visit or not a.in_visit)
            general = general and (not a.by or (bool(b.by) and set(b.by) <= set(a.by)))
            return a.verb == b.verb and general and (not a.to or (bool(b.to) and set(b.to) <= set(a.to)))
        case ClockReaches(), ClockReaches():
            return _sooner(a, b)
    return False


def _sooner(a: ClockReaches, b: ClockReaches) -> bool:
    """Return whether a mark of a clock is reached no later than another: both plain figures in the same unit."""
    first, second = a.figure.fixed, b.figure.fixed
    if a.name != b.name or a.early != b.early or first is None or second is None:
        return False
    if a.figure.by is not None or b.figure.by is not None or first.business_days != second.business_days:
        return False
    return first.amount * a.figure.share <= second.amount * b.figure.share
