"""Between a transcript's words and the policy's: who is meant, and which contents an act carries."""

from __future__ import annotations

from collections.abc import Iterable

from grading.acts import Act
from grading.errors import ActError
from policy.explain import nearest
from policy.loading import Policy

CUSTOMER = "customer"


def recipients(policy: Policy) -> tuple[str, ...]:
    """Return every role that something can be sent to, in the order of the policy."""
    return tuple(policy.doc.vocabulary.roles)


def recipient(act: Act, policy: Policy, tier: str) -> str | None:
    """Return the role an act goes to: the one it names, the customer for a reply, the holding tier for a transfer.

    Raises:
        ActError: it names a role that the policy does not have; the nearest is told.
    """
    to = act.word("to")
    if to is None:
        if act.verb in ("reply", "workaround", "ask"):
            return CUSTOMER
        return tier if act.verb == "transfer" else None
    legal = recipients(policy)
    if to not in legal:
        raise ActError(f'there is nobody called "{to}" to {act.verb} to{nearest(to, legal)}')
    return to


def tags(act: Act, policy: Policy) -> tuple[str, ...]:
    """Return the contents that an act names: the notice, what it tells, the priority, the parts of a form filled in.

    Raises:
        ActError: a content or a reason that the policy does not have; the nearest is told.
    """
    named: list[str] = []
    if act.verb in ("check", "ask"):
        return tuple(filter(None, [act.word("what")]))
    for name in ("notice", "priority"):
        named += filter(None, [act.word(name)])
    named += [*act.words("tells"), *(act.words("what") if not isinstance(act.fields.get("what"), str) else ())]
    named += [key for key, text in act.fields.get("handoff", {}).items() if text.strip()]
    legal = contents(policy)
    for tag in named:
        if tag not in legal:
            raise ActError(f'"{act.verb}" cannot carry "{tag}"{nearest(tag, legal)}')
    reason = act.word("reason")
    if reason is not None and reason not in (known := reasons(policy)):
        expected = nearest(reason, known) or "; expected a signal or a content of the policy"
        raise ActError(f'there is no reason "{reason}"{expected}')
    # A reason may be a signal, a state may be free words; they count as contents where the policy knows them as such.
    named += [word for word in (act.fields.get("reason"), act.fields.get("state")) if word in legal]
    return tuple(dict.fromkeys(named))


def contents(policy: Policy) -> frozenset[str]:
    """Return every content that an act may carry."""
    vocabulary = policy.doc.vocabulary
    return frozenset({*vocabulary.contents, *vocabulary.checks, *policy.priorities, *policy.notices})


def reasons(policy: Policy) -> frozenset[str]:
    """Return everything that may be the reason of an act: what can be known of a ticket, or a content."""
    return contents(policy) | frozenset(policy.doc.vocabulary.signals)


def contents_of(verb: str, policy: Policy) -> tuple[str, ...]:
    """Return the contents that an act of this verb always carries."""
    return tuple(name for name, doc in policy.doc.vocabulary.contents.items() if verb in doc.implied_by)


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence lists them: "a, b and c"."""
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""
