"""What can be said against a policy that loads: names that lead nowhere, blanks still to be filled in, doubles.

Loading refuses what cannot be used at all; here stands what a policy owner should know before anybody is trained on
it. An *error* makes ``policy check`` fail; a *warning* does not; a *note* tells what is as it is on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from policy.errors import InputError
from policy.life import disagreements
from policy.loading import Policy
from policy.notices import ALWAYS_KNOWN, placeholders
from policy.rulebook import Rulebook
from policy.situation import Situation
from policy.yaml_source import KeyPath, nearest

Severity = Literal["error", "warning", "note"]
_SOME_DAY: Final = 28_966_140.0  # a Monday morning in January 2025
_BLANK = re.compile(r"\[[^\]]+\]|X{3,}")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know: its ``code``, how grave it is, the sentence, the rule it is about and where that stands."""

    code: str
    severity: Severity
    message: str
    rule: str = ""
    line: int | None = None


def check_policy(policy: Policy) -> list[Finding]:
    """Return everything there is to say, the gravest first, then in the order of the file."""
    found = [
        *_notices(policy),
        *_settlements(policy),
        *_roles(policy),
        *_every_tier_answers(policy),
        *_blanks(policy),
        *_doubles(policy),
        *(_finding(policy, path, "history", "warning", said) for path, said in disagreements(policy)),
    ]
    order = ("error", "warning", "note")
    return sorted(found, key=lambda f: (order.index(f.severity), f.line or 0))


def _notices(policy: Policy) -> Iterator[Finding]:
    for key, notice in policy.notices.items():
        path: KeyPath = ("notices", key)
        used: set[str] = set()
        for part in ("subject", "body"):
            text = getattr(notice, part)
            if text is None:
                continue
            try:
                used |= placeholders(text)
            except InputError as error:
                yield _finding(policy, (*path, part), "notice-template", "error", f"{notice.id}: {error}", notice.id)
        for name in sorted(used - set(notice.fields) - ALWAYS_KNOWN):
            message = f"{notice.id}: nothing fills {{{{ {name} }}}}{nearest(name, notice.fields)}"
            yield _finding(policy, (*path, "body"), "notice-unfilled", "error", message, notice.id)
        for name in sorted(set(notice.fields) - used) if notice.body is not None else ():
            message = f'{notice.id}: the field "{name}" is asked for and never printed'
            yield _finding(policy, (*path, "fields", name), "notice-unused-field", "warning", message, notice.id)
        for named in re.findall(r"contacts\.(\w+)", f"{notice.subject} {notice.body}"):
            if named not in policy.contacts:
                message = f"{notice.id}: there is no contact {named}{nearest(named, policy.contacts)}"
                yield _finding(policy, (*path, "body"), "contact-undefined", "error", message, notice.id)


def _settlements(policy: Policy) -> Iterator[Finding]:
    known = {entry.id for entry in policy.entries()}
    for index, one in enumerate(policy.doc.settlements):
        for name in one.carried_by:
            if name in known:
                continue
            try:
                policy.figures.value(name)
            except InputError:
                message = f'{one.id}: is carried by "{name}", which is neither a rule nor a value{nearest(name, known)}'
                path: KeyPath = ("settlements", index, "carried_by")
                yield _finding(policy, path, "settlement-lost", "error", message, one.id)


def _roles(policy: Policy) -> Iterator[Finding]:
    for key, role in policy.doc.vocabulary.roles.items():
        if role.tier and key not in policy.tiers:
            message = f'the role {key} is called a tier and has no entry under "tiers"'
            yield _finding(policy, ("vocabulary", "roles", key), "tier-undefined", "error", message)


def _every_tier_answers(policy: Policy) -> Iterator[Finding]:
    """Ask the rulebook about an open ticket of each priority in each tier: somebody must owe something."""
    rulebook = Rulebook(policy)
    for tier in policy.tiers:
        for priority in policy.priorities:
            for plan in policy.plans:
                situation = Situation(now=_SOME_DAY, opened=_SOME_DAY, plan=plan, tier=tier, stated_priority=priority)
                if not any(not o.target for o in rulebook.verdict(situation).obligations):
                    message = f"nobody owes anything on an open {priority} of plan {plan} in {tier}"
                    yield _finding(policy, ("tiers", tier), "coverage", "error", message)


def _blanks(policy: Policy) -> Iterator[Finding]:
    for key, contact in policy.contacts.items():
        parts = (contact.name, contact.email, contact.phone, contact.pager, contact.channel, contact.url)
        for blank in dict.fromkeys(part for part in parts if part and _BLANK.search(part)):
            message = f"{contact.id}: {blank} is still to be filled in"
            yield _finding(policy, ("contacts", key), "to-fill-in", "warning", message, contact.id)


def _doubles(policy: Policy) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for key, contact in policy.contacts.items():
        path: KeyPath = ("contacts", key)
        if contact.also_called is not None:
            message = f"{contact.id}: {contact.name} is also called {contact.also_called}"
            yield _finding(policy, path, "two-names", "note", message, contact.id)
        if contact.same_as is not None:
            if contact.same_as not in policy.contacts:
                hint = nearest(contact.same_as, policy.contacts)
                message = f"{contact.id}: there is no contact {contact.same_as}{hint}"
                yield _finding(policy, (*path, "same_as"), "contact-undefined", "error", message, contact.id)
                continue
            other = policy.contacts[contact.same_as]
            message = f"{contact.id}: {contact.email} reaches the same person as {other.email} ({other.id})"
            yield _finding(policy, path, "two-addresses", "note", message, contact.id)
        if contact.email is not None and not _BLANK.search(contact.email):
            if contact.email in seen:
                message = f"{contact.id}: has the same address as {seen[contact.email]}"
                yield _finding(policy, path, "same-address", "warning", message, contact.id)
            seen.setdefault(contact.email, contact.id)


def _finding(
    policy: Policy, path: KeyPath, code: str, severity: Severity, message: str, rule: str = ""
) -> Finding:
    return Finding(code, severity, message, rule, policy.source.line(path))
