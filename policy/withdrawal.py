"""What is owed no longer, and why: a duty that is not done ends because a rule stops holding, and that is told."""

from __future__ import annotations

from dataclasses import dataclass

from policy.reasons import Reasons
from policy.rulebook import Rulebook
from policy.situation import Situation
from policy.verdict import ActKey


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An act that was owed, not done, and is owed no longer.

    ``rules`` demanded it and hold no longer (or name another act or recipient now); ``reason`` says what ended them.
    """

    key: ActKey
    owner: str
    rules: tuple[str, ...]
    reason: str


def withdrawn(book: Rulebook, before: Situation, after: Situation) -> tuple[Withdrawal, ...]:
    """Return every obligation of ``before`` that is neither open nor fulfilled in ``after``, with what ended it.

    Raises:
        InputError: a situation uses a tier, plan or priority that the policy does not have.
    """
    later = book.verdict(after)
    still = {owed.key for owed in (*later.obligations, *later.fulfilled)}
    facts, reasons = book.facts(after), Reasons(book, after)
    obliging = {rule.id: rule for rule in book.policy.rules if rule.obliges}
    found = []
    for owed in book.verdict(before).obligations:
        if owed.key in still:
            continue
        rules = tuple(id_ for id_ in owed.rules if id_ in obliging)
        ended = tuple(id_ for id_ in rules if not obliging[id_].when.ask(facts)[0])
        found.append(Withdrawal(owed.key, owed.owner, ended or rules, reasons.cited(ended or rules)))
    return tuple(found)
