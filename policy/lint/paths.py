"""Paths: whether an escalation leads to somebody who is there, and whether a ticket can always go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policy.lint.acts import Acts
from policy.lint.examples import Examples, every_owed
from policy.lint.findings import Finding, about, agreeing, finding, listed
from policy.lint.space import Node, Space
from policy.loading import Policy
from policy.situation import RESOLVED, Situation
from policy.verdict import Verdict

ESCALATE = "escalate"
CUSTOMER = "customer"
REACHING = (ESCALATE, "notify")
"""Acts that need somebody at the other end."""


def nobody_there(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield roles to whom rules escalate or send word, or who owe something, and whom nobody plays.

    A role is played by a tier, by the contact it names, by a contact that ``serves`` it, or by whoever an act of the
    policy names for it (a role that an ``assign_…`` act is about). The customer can be told things and owe things,
    but works on no tickets.
    """
    policy = space.policy
    for role in policy.doc.vocabulary.roles:
        if _is_played(policy, role):
            continue
        verbs = (ESCALATE,) if role == CUSTOMER else REACHING
        reaching = [d for d in acts.demands if d.key[0] in verbs and d.key[1] == role]
        owing = [d for d in acts.demands if d.owner == role and role != CUSTOMER]
        demands = reaching or owing
        if not demands:
            continue
        rules = list(dict.fromkeys(d.rule.id for d in demands))
        if role == CUSTOMER:
            message = f"{agreeing(rules, 'escalates', 'escalate')} tickets to the customer, who works on none"
            hint = "escalate to somebody who can work on it; what the customer is to hear is a reply"
        else:
            verb = ("sends tickets or word", "send tickets or word") if reaching else ("makes it owe", "make it owe")
            where = "there" if reaching else "something"
            message = f"nobody plays the role {role}, and {agreeing(rules, *verb)} {where}"
            hint = f"name a contact for it under vocabulary.roles.{role}, or let a contact serve it"
        found = about(policy, "path-nobody", rules, message, hint)

        def claim(verdict: Verdict, _: Situation, role: str = role, verbs: tuple[str, ...] = verbs) -> bool:
            return any(
                (role == one.to and one.verb in verbs) or (role == one.owner and role != CUSTOMER)
                for one in every_owed(verdict)
            )

        yield examples.shown(found, space.any_of(d.where for d in demands), claim)


def _is_played(policy: Policy, role: str) -> bool:
    doc = policy.doc.vocabulary.roles[role]
    served = any(contact.serves == role for contact in policy.contacts.values())
    return doc.tier or ((doc.contact is not None or served) and role != CUSTOMER)


def stuck(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield tiers in which a ticket of some kind can get stuck: beyond what the tier can do, and no way on."""
    onward = space.any_of(d.where for d in acts.demands if d.key[0] == ESCALATE)
    onward = onward | space.any_of(leave.where for leave in acts.leaves if leave.key[0] == ESCALATE)
    for tier, doc in space.policy.tiers.items():
        here = space.possible & space.is_value("tier", tier) & ~space.is_value("status", RESOLVED)
        kinds = [name for name in space.policy.categories if name not in doc.capabilities]
        left = [name for name in kinds if here & space.is_value("category", name) & onward == space.bdd.false]
        if not left:
            continue
        bringing = [d.rule.id for d in acts.demands if d.key[:2] == (ESCALATE, tier)]
        bringing += [leave.rule.id for leave in acts.leaves if leave.key[:2] == (ESCALATE, tier)]
        found = finding(
            space.policy, "path-stuck", ("tiers", tier),
            f"{tier} cannot solve {listed(left)}, and no rule ever lets it pass such a ticket on",
            f"add a rule that escalates from {tier}, or add what it can solve to its capabilities",
            dict.fromkeys(bringing) or [tier],
        )  # fmt: skip

        def claim(verdict: Verdict, _: Situation) -> bool:
            verbs = [one.verb for one in every_owed(verdict)] + [one.verb for one in verdict.permissions]
            return ESCALATE not in verbs

        yield examples.shown(found, here & space.any_of(space.is_value("category", name) for name in left), claim)


@dataclass(frozen=True, slots=True)
class _Step:
    """A ticket is moved from a tier to a tier by a rule; ``state`` is where, whatever the visit was like."""

    rule: str
    start: str
    end: str
    where: Node
    state: Node


def circles(space: Space, acts: Acts, examples: Examples) -> Iterator[Finding]:
    """Yield circles of tiers in which rules alone send a ticket round, nothing else having changed.

    What a move changes by itself (the tier, the clocks of the visit, what was done) is left open; that a circle can
    be run through is claimed only if one state of everything else obliges to every step of it. One rule is named for
    each step, in the order of the steps, and each step is put to the rulebook.
    """
    moves = _moves(space, acts)
    for circle in _simple_circles(moves):
        steps, state = _chosen(space, [moves[a, b] for a, b in zip(circle, (*circle[1:], circle[0]), strict=True)])
        if not steps:
            continue
        rules = list(dict.fromkeys(step.rule for step in steps))
        way = ", ".join(f"{step.start} → {step.end} ({step.rule})" for step in steps)
        found = about(
            space.policy, "path-circle", rules, f"{agreeing(rules, 'sends', 'send')} a ticket in a circle: {way}",
            "let the way back depend on something that the way there changes",
        )  # fmt: skip

        def claim(verdict: Verdict, _: Situation, steps: list[_Step] = steps, state: Node = state) -> bool:
            after = [examples.smallest(step.where & state) for step in steps[1:]]
            verdicts = [verdict, *(examples.book.verdict(one) for one in after if one is not None)]
            return len(verdicts) == len(steps) and all(
                any(one.verb == ESCALATE and one.to == step.end and step.rule in one.rules for one in every_owed(v))
                for step, v in zip(steps, verdicts, strict=True)
            )

        yield examples.shown(found, steps[0].where & state, claim)


def _chosen(space: Space, circle: list[list[_Step]]) -> tuple[list[_Step], Node]:
    """Return one step for each move of a circle, and the states that oblige to all of them; none if there are none."""
    left = space.all_of(space.any_of(step.state for step in steps) for steps in circle)
    chosen: list[_Step] = []
    for steps in circle:
        fitting = next((step for step in steps if step.state & left != space.bdd.false), None)
        if fitting is None:
            return [], left
        chosen.append(fitting)
        left = left & fitting.state
    return chosen, left


def _moves(space: Space, acts: Acts) -> dict[tuple[str, str], list[_Step]]:
    tiers = space.domains["tier"]
    changed = [f"tier={tier}" for tier in tiers] + [space.deed_name(deed) for deed in space.deeds]
    changed += [*space.marks("no_progress"), *space.marks("unresolved")]
    changed += [name for name in space.bdd.vars if name.startswith("earlier ")]
    found: dict[tuple[str, str], list[_Step]] = {}
    for a in tiers:
        here = space.is_value("tier", a) & ~space.is_value("status", RESOLVED)
        for b in tiers:
            of_rule: dict[str, Node] = {}
            for demand in acts.demands:
                where = demand.where & here if demand.key[:2] == (ESCALATE, b) else space.bdd.false
                if where != space.bdd.false:
                    of_rule[demand.rule.id] = of_rule.get(demand.rule.id, space.bdd.false) | where
            steps = [_Step(id_, a, b, where, space.bdd.exist(changed, where)) for id_, where in of_rule.items()]
            if steps:
                found[a, b] = steps
    return found


def _simple_circles(moves: Mapping[tuple[str, str], object]) -> Iterator[tuple[str, ...]]:
    """Yield each circle once, from the first of its tiers."""
    order = list(dict.fromkeys(tier for move in moves for tier in move))

    def walk(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for a, b in moves:
            if a != path[-1]:
                continue
            if b == path[0]:
                yield path
            elif b not in path and order.index(b) > order.index(path[0]):
                yield from walk((*path, b))

    for tier in order:
        yield from walk((tier,))
