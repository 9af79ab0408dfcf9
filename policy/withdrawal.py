"""What is owed no longer, or later, and why: a duty that is not done ends because a rule does, and that is told."""

from __future__ import annotations

from dataclasses import dataclass

from policy.reasons import Reasons
from policy.rulebook import Rulebook
from policy.situation import Situation
from policy.verdict import ActKey


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An act that was owed, not done, and is owed no longer, or only later than before.

    ``rules`` demanded it and hold no longer (or name another act or recipient now); ``reason`` says what ended them.
    ``due`` is when it falls due now: an instant, ``None`` where it does not.
    """

    key: ActKey
    owner: str
    rules: tuple[str, ...]
    reason: str
    due: float | None = None


def withdrawn(book: Rulebook, before: Situation, after: Situation) -> tuple[Withdrawal, ...]:
    """Return every obligation of ``before`` that in ``after`` is neither met nor due as soon, with what ended it.

    Raises:
        InputError: a situation uses a tier, plan or priority that the policy does not have.
    """
    later = book.verdict(after)
    done = {owed.key for owed in later.fulfilled}
    still = {owed.key: owed for owed in later.obligations}
    facts, reasons = book.facts(after), Reasons(book, after)
    obliging = {rule.id: rule for rule in book.policy.rules if rule.obliges}
    found = []
    for owed in book.verdict(before).obligations:
        now = still.get(owed.key)
        if owed.key in done or (now is not None and now.due_or_never <= owed.due_or_never):
            continue
        rules = tuple(id_ for id_ in owed.rules if id_ in obliging)
        ended = tuple(id_ for id_ in rules if not obliging[id_].when.ask(facts)[0])
        due = None if now is None else now.due
        found.append(Withdrawal(owed.key, owed.owner, ended or rules, reasons.cited(ended or rules), due))
    return tuple(found)
