"""Why a rule holds, or does not, in a sentence made from its conditions and the situation.

Nothing is known here of any rule: the words come from the policy's vocabulary, the sentence from the tree of the
rule's conditions. Of a disjunction the part that began first is told; of a negation only what somebody would ask about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from policy.building import Rule
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
    Within,
)
from policy.durations import Duration
from policy.loading import Policy
from policy.rulebook import Rulebook
from policy.situation import OPEN, RESOLVED, WAITING_COMPLIANCE, WAITING_CUSTOMER, Situation
from policy.verdict import ActKey

_STATUS: Final = {
    OPEN: "it is open",
    WAITING_CUSTOMER: "it waits for the customer",
    WAITING_COMPLIANCE: "it waits for compliance",
    RESOLVED: "it is resolved",
}
_ENDS: Final = {
    "known": ("is known", "are known"),
    "unknown": ("is not known", "are not known"),
    "done": ("was done", "were done"),
    "undone": ("was not done", "were not done"),
    "checked": ("was looked up", "were looked up"),
    "unchecked": ("was not looked up yet", "were not looked up yet"),
}
"""Kinds of phrase that quote words of the vocabulary, and how a clause about one or several of them ends."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a sentence.

    ``kind`` is ``clause``, ``tier`` (who has the ticket), ``priority``, or one of those that quote. A phrase that says
    as much as another kind names it in ``covers``. A ``minor`` one goes without saying where there is anything else.
    """

    text: str
    kind: str = "clause"
    minor: bool = False
    covers: str | None = None


def act_words(policy: Policy, key: ActKey) -> str:
    """Return an act in words: "escalate → Tier 2", "reply to the customer: the expected resolution time"."""
    verb, to, via, what = key
    label = policy.label(verb)
    words = label if what is None else f"{label}: {policy.label(what)}"
    if to is not None and policy.label(to) not in label:
        words += f" → {policy.label(to)}"
    return words if via is None else f"{words}, by {_lower(policy.label(via))}"


class Reasons:
    """Why the rules of a book hold or do not hold in one situation."""

    def __init__(self, book: Rulebook, situation: Situation) -> None:
        """Take the book and the situation."""
        self._policy = book.policy
        self._facts = book.facts(situation)
        self._rules = {rule.id: rule for rule in book.policy.rules}

    def cited(self, rules: Sequence[str]) -> str:
        """Return the reason of something that these rules say, with their ids: "It is P1: rule, rule".

        Rules with the same reason share a sentence; several sentences are separated by semicolons.
        """
        sentences: dict[str, list[str]] = {}
        for id_ in rules:
            sentences.setdefault(self.why(self._rules[id_]), []).append(id_)
        return "; ".join(f"{sentence}: {', '.join(ids)}" for sentence, ids in sentences.items())

    def why(self, rule: Rule) -> str:
        """Return why a rule holds, without its id; why it does not, where it does not hold."""
        if rule.when.ask(self._facts)[0]:
            return _sentence(self._holding(rule.when))
        return self.why_not(rule)

    def why_not(self, rule: Rule) -> str:
        """Return what keeps a rule from holding; that it holds, where it does."""
        if rule.when.ask(self._facts)[0]:
            return self.why(rule)
        return _sentence(self._failing(rule.when))

    def waits(self, rules: Iterable[str], key: ActKey) -> str | None:
        """Return what an act owed by these rules still waits for, ``None`` if nothing."""
        for id_ in rules:
            for effect in self._rules[id_].obliges:
                waits = effect.waits_for
                if effect.act.verb == key[0] and waits is not None and not waits.ask(self._facts)[0]:
                    return _sentence(self._failing(waits))
        return None

    # -- what holds --------------------------------------------------------------------------------------------

    def _holding(self, condition: Condition) -> Iterator[Phrase]:
        facts, policy = self._facts, self._policy
        match condition:
            case Always():
                yield Phrase("it always holds", "always", minor=True)
            case Signal():
                known = [name for name in condition.names if name in facts.situation.signals]
                yield from (Phrase(self._signal(name), "known") for name in known)
            case EarlierSignal():
                known = [f"“{self._signal(name)}”" for name in condition.names if name in facts.situation.signals]
                yield Phrase(f"{_listed(known)} was known before {self._tier()} had it")
            case Attribute():
                yield self._attribute(condition.name)
            case Within():
                yield Phrase(f"{self._category()} is {self._reach(condition)}")
            case Checked():
                yield from (Phrase(self._check(name), "checked") for name in self._needed(condition))
                if not self._needed(condition):
                    yield Phrase(f"{self._category()} needs no basic checks")
            case Done():
                yield Phrase(self._done(condition), "done")
            case ClockReaches():
                yield self._clock(condition)
            case CountAtLeast():
                count = facts.situation.counts[condition.name].value
                yield Phrase(f"“{policy.doc.vocabulary.counts[condition.name]}” is {count}")
            case Named():
                yield from self._holding(condition.inner)
            case All():
                for part in condition.inner:
                    yield from self._holding(part)
            case AnyOf():
                holding = [(part.ask(facts)[1], n) for n, part in enumerate(condition.inner) if part.ask(facts)[0]]
                yield from self._holding(condition.inner[min(holding)[1]])
            case Not():
                yield from self._failing(condition.inner)

    def _attribute(self, name: str) -> Phrase:
        s = self._facts.situation
        match name:
            case "priority":
                priority = self._facts.priority[0]
                return Phrase(f"it is {priority}" if priority else "it has no priority yet", "priority")
            case "plan":
                return Phrase(f"the customer's plan is {self._policy.label(s.plan)}")
            case "tier":
                return Phrase(f"{self._tier()} has it", "tier")
            case "status":
                return Phrase(_STATUS.get(s.status, s.status))
        return Phrase(f"its kind is {self._category()}" if s.category else "its kind is not known")

    # -- what does not -----------------------------------------------------------------------------------------

    def _failing(self, condition: Condition) -> Iterator[Phrase]:
        facts, policy = self._facts, self._policy
        match condition:
            case Always():
                yield Phrase("this never holds")
            case Signal():
                yield from (Phrase(self._signal(name), "unknown") for name in condition.names)
            case EarlierSignal():
                told = [f"“{self._signal(name)}”" for name in condition.names]
                yield Phrase(f"{_listed(told, 'or')} was not known before {self._tier()} had it", minor=True)
            case Attribute():
                found = self._attribute(condition.name)
                yield Phrase(found.text, found.kind, minor=True)
            case Within():
                yield Phrase(f"{self._category()} is not {self._reach(condition)}")
            case Checked():
                missing = [name for name in self._needed(condition) if name not in facts.situation.checks]
                yield from (Phrase(self._check(name), "unchecked") for name in missing)
                if condition.basic and facts.basic_checks() is None:
                    yield Phrase("nobody has said yet what kind of issue it is")
            case Done():
                yield Phrase(self._done(condition), "undone")
            case ClockReaches():
                yield self._clock_before(condition)
            case CountAtLeast():
                text = (
                    f"“{policy.doc.vocabulary.counts[condition.name]}” is not known to be {condition.at_least} or more"
                )
                yield Phrase(text)
            case Named():
                usual = self._is_usual(condition.inner)
                yield Phrase(f"“{condition.name.replace('_', ' ')}” does not apply", minor=usual)
            case All():
                parts = [part for part in condition.inner if not part.ask(facts)[0]]
                yield from self._failing(parts[0])
            case AnyOf():
                for part in condition.inner:
                    yield from self._failing(part)
            case Not():
                yield from self._holding(condition.inner)

    def _is_usual(self, condition: Condition) -> bool:
        """Return whether a condition fails for something that was not done in this visit: nothing to speak of."""
        match condition:
            case Done():
                return condition.in_visit
            case Named():
                return self._is_usual(condition.inner)
            case All():
                return self._is_usual(next(part for part in condition.inner if not part.ask(self._facts)[0]))
        return False

    # -- words -------------------------------------------------------------------------------------------------

    def _signal(self, name: str) -> str:
        return self._policy.doc.vocabulary.signals[name]

    def _check(self, name: str) -> str:
        return self._policy.doc.vocabulary.checks[name]

    def _tier(self) -> str:
        return self._policy.label(self._facts.situation.tier)

    def _category(self) -> str:
        category = self._facts.situation.category
        return "an issue of no known kind" if category is None else self._policy.label(category)

    def _reach(self, condition: Within) -> str:
        return f"beyond what {self._tier()} solves" if condition.beyond else f"what {self._tier()} solves itself"

    def _needed(self, condition: Checked) -> list[str]:
        return list(dict.fromkeys((*condition.names, *((self._facts.basic_checks() or ()) if condition.basic else ()))))

    def _done(self, condition: Done) -> str:
        s = self._facts.situation
        roles = [self._facts.role(name) for name in condition.to]
        done = [d for d in s.deeds if d.fits(condition.verb, None, condition.via, condition.what)]
        done = [d for d in done if not condition.by or d.by in condition.by]
        to = next((d.to for d in done if d.to in roles), None)
        if to is None and roles:
            words = act_words(self._policy, (condition.verb, None, condition.via, condition.what))
            return f"{words} → {_listed([self._policy.label(role) for role in roles], 'or')}"
        return act_words(self._policy, (condition.verb, to, condition.via, condition.what))

    def _clock(self, condition: ClockReaches) -> Phrase:
        """Return how much a clock shows that has reached its figure; the figure too where it shows another."""
        facts = self._facts
        clock = facts.clock(condition.name)
        assert clock is not None  # it has reached something
        limit, in_words = self._limit(condition)
        elapsed = clock.elapsed(facts.situation.now)
        shows = in_words if abs(elapsed - limit) < 0.005 else _words(elapsed)
        beside = "" if shows == in_words else f" (the limit is {in_words})"
        match condition.name:
            case "no_progress":
                return Phrase(f"{self._tier()} has worked {shows} without progress{beside}", covers="tier")
            case "unresolved":
                return Phrase(f"{self._tier()} has had it in hand for {shows}, unresolved{beside}", covers="tier")
            case "age":
                return Phrase(f"it has been {facts.priority[0]} for {shows}{beside}", covers="priority")
        return Phrase(f"the time to resolve has run for {shows}{beside}")

    def _clock_before(self, condition: ClockReaches) -> Phrase:
        limit, in_words = self._limit(condition)
        if limit == float("inf"):
            return Phrase("no figure is set for it")
        match condition.name:
            case "no_progress":
                return Phrase(f"{self._tier()} has worked less than {in_words} without progress", covers="tier")
            case "unresolved":
                return Phrase(f"{self._tier()} has had it in hand for less than {in_words}", covers="tier")
            case "age":
                priority = self._facts.priority[0]
                return Phrase(f"it has been {priority} for less than {in_words}", covers="priority")
        return Phrase(f"the time to resolve has run for less than {in_words}")

    def _limit(self, condition: ClockReaches) -> tuple[float, str]:
        """Return the figure for which a condition waits, in minutes and in words."""
        clock = self._facts.clock(condition.name)
        calendar = self._facts.calendar() if clock is None else clock.calendar
        figure, attributes = condition.figure, self._facts.attributes
        minutes = figure.minutes(attributes, calendar.day_minutes)
        duration = figure.fixed if figure.by is None else dict(figure.table).get(attributes.get(figure.by) or "")
        if duration is not None and figure.share == 1.0:
            return minutes, duration.words()
        return minutes, _words(minutes)


def _words(minutes: float) -> str:
    return Duration(round(minutes, 2), False, "").words()


def _sentence(phrases: Iterable[Phrase]) -> str:
    """Return phrases as one sentence with a capital and without a full stop."""
    found = list(dict.fromkeys(phrases))
    if any(phrase.kind != "always" for phrase in found):
        found = [phrase for phrase in found if phrase.kind != "always"]
    if any(not phrase.minor for phrase in found):
        found = [phrase for phrase in found if not phrase.minor]
    covered = {phrase.covers for phrase in found}
    clauses = [phrase.text for phrase in found if phrase.kind == "priority" and phrase.kind not in covered]
    clauses += [phrase.text for phrase in found if phrase.kind == "tier" and phrase.kind not in covered]
    clauses += [phrase.text for phrase in found if phrase.kind not in _ENDS and phrase.kind not in ("priority", "tier")]
    for kind, (one, many) in _ENDS.items():
        told = [f"“{phrase.text}”" for phrase in found if phrase.kind == kind]
        if told:
            clauses.append(f"{_listed(told)} {one if len(told) == 1 else many}")
    text = _listed(clauses)
    return text[:1].upper() + text[1:]


def _listed(words: Sequence[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def _lower(text: str) -> str:
    """Return a label inside a sentence: a name such as PagerDuty keeps its capital."""
    return text if any(letter.isupper() for letter in text[1:]) else text[:1].lower() + text[1:]
