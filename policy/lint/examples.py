"""Examples: the smallest situation in which a finding shows, put to the rulebook before it is shown to anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from policy.lint.cells import situation_of
from policy.lint.findings import Finding, undecided
from policy.lint.lifetimes import lived
from policy.lint.space import Node, Space
from policy.loading import Policy
from policy.rulebook import Rulebook
from policy.situation import Deed, Situation
from policy.situation_text import situation_text
from policy.verdict import ActKey, Obligation, Prohibition, Verdict

Claim = Callable[[Verdict, Situation], bool]
"""Whether a verdict on a situation is what a finding says."""


class Examples:
    """Makes situations of a policy and asks its rulebook about them."""

    def __init__(self, space: Space) -> None:
        """Take the space in which findings are made."""
        self.space = space
        self.book = Rulebook(space.policy)

    def smallest(self, node: Node) -> Situation | None:
        """Return the situation in ``node`` that states the least; ``None`` if there is none."""
        plain = self.plain(node)
        return None if plain is None else lived(self.space, self.book, plain)

    def plain(self, node: Node) -> Situation | None:
        """Return the smallest situation in ``node`` with everything known since the opening; ``None`` without one."""
        cell = self.space.smallest(node)
        return None if cell is None else situation_of(self.space, cell)

    def shown(self, found: Finding, node: Node, claim: Claim) -> Finding:
        """Return a finding with the smallest example of it; not proved if the rulebook does not bear it out."""
        situation = self.smallest(node)
        if situation is None:
            return undecided(found, "no situation of it could be made")
        return self.with_situation(found, situation, claim)

    def alone(self, id_: str, situation: Situation) -> Verdict:
        """Return what one rule says about a situation, together with the others that define the priority."""
        rules = self.space.policy.rules
        defines = any(rule.id == id_ and rule.define for rule in rules)
        kept = tuple(rule for rule in rules if rule.id == id_ or (rule.define and not defines))
        return Rulebook(replace(self.space.policy, rules=kept)).verdict(situation)

    def bans_of(self, id_: str, situation: Situation) -> tuple[Prohibition, ...]:
        """Return what one rule forbids in a situation, whatever it demands or allows beside."""
        stripped = tuple(
            replace(rule, obliges=(), permits=()) if rule.id == id_ else rule
            for rule in self.space.policy.rules
            if rule.id == id_ or rule.define
        )
        return Rulebook(replace(self.space.policy, rules=stripped)).verdict(situation).prohibitions

    def dues_of(self, ids: Iterable[str], key: ActKey, situation: Situation) -> set[tuple[float, float | None]]:
        """Return the dues (``math.inf`` = none) and cadences that some rules give an act, each duty by itself."""
        rules = self.space.policy.rules
        defining = tuple(replace(rule, obliges=(), permits=(), forbids=()) for rule in rules if rule.define)
        found: set[tuple[float, float | None]] = set()
        for rule in rules:
            for effect in rule.obliges if rule.id in ids else ():
                only = replace(rule, obliges=(effect,), define=None)
                verdict = Rulebook(replace(self.space.policy, rules=(*defining, only))).verdict(situation)
                found |= {(one.due_or_never, one.repeat) for one in every_owed(verdict) if one.key == key}
        return found

    def of_rules(self, found: Finding, node: Node, *ids: str) -> Finding:
        """Return a finding with the smallest situation in which each of some rules says something."""
        return self.shown(found, node, lambda _, s: all(says_something(self.alone(id_, s), id_) for id_ in ids))

    def with_situation(self, found: Finding, situation: Situation, claim: Claim) -> Finding:
        """Return a finding with a situation, if the rulebook bears it out."""
        if not claim(self.book.verdict(situation), situation):
            return undecided(found, "the rulebook does not bear out the example that was made of it")
        return replace(found, example=situation_text(situation, self.space.policy))


def says_something(verdict: Verdict, id_: str) -> bool:
    """Return whether a verdict cites a rule."""
    cited = [one.rules for one in every_owed(verdict)] + [one.rules for one in verdict.permissions]
    cited += [one.rules for one in verdict.prohibitions] + [rules for _, rules in verdict.paused]
    return any(id_ in rules for rules in (verdict.priority_rules, *cited))


def without(policy: Policy, *ids: str) -> Policy:
    """Return a policy without some of its rules."""
    return replace(policy, rules=tuple(rule for rule in policy.rules if rule.id not in ids))


def every_owed(verdict: Verdict) -> tuple[Obligation, ...]:
    """Return what is owed and what was owed and done."""
    return (*verdict.obligations, *verdict.fulfilled)


def owed(verdict: Verdict, key: ActKey) -> Obligation | None:
    """Return the obligation of an act, open or done."""
    return next((one for one in every_owed(verdict) if one.key == key), None)


def decided(verdict: Verdict, acts: tuple[ActKey, ...]) -> object:
    """Return what a verdict decides, whatever the names of the rules: two that are equal here differ in words only.

    Bans and permissions are compared by which of ``acts`` they forbid and allow.
    """
    demands = {
        (one.key, one.owner, one.due, one.repeat, one.ripe, one.target, one.done_at, one.weight, one.critical)
        for one in every_owed(verdict)
    }
    deeds = [Deed(verb, to, via, () if what is None else (what,)) for verb, to, via, what in acts]
    banned = {
        (deed, max(ban.weight for ban in bans), any(ban.critical for ban in bans))
        for deed in deeds
        if (bans := [ban for ban in verdict.prohibitions if ban.matches(deed)])
    }
    allowed = {deed for deed in deeds if any(one.matches(deed) for one in verdict.permissions)}
    return (
        verdict.priority, verdict.priority_since, frozenset(demands), frozenset(banned), frozenset(allowed),
        frozenset(clock for clock, _ in verdict.paused),
    )  # fmt: skip


def shifted(situation: Situation, minutes: float) -> Situation:
    """Return the same situation some minutes later; its clocks stay as they are."""
    s = situation
    move = {name: at + minutes for name, at in s.signals.items()}

    def moved(at: float | None) -> float | None:
        return None if at is None else at + minutes

    return replace(
        s, now=s.now + minutes, opened=s.opened + minutes, tier_since=moved(s.tier_since), signals=move,
        stated_since=moved(s.stated_since), status_since=moved(s.status_since),
        was=tuple(replace(one, begin=one.begin + minutes, end=one.end + minutes) for one in s.was),
        checks={name: at + minutes for name, at in s.checks.items()},
        counts={name: replace(count, since=count.since + minutes) for name, count in s.counts.items()},
        deeds=tuple(replace(deed, at=deed.at + minutes) for deed in s.deeds),
    )  # fmt: skip
