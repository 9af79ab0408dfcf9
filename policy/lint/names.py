"""Names: what leads nowhere, what nothing uses, blanks still to be filled in, doubles; no situation is needed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from policy.conditions import Checked, Condition, CountAtLeast, Done, EarlierSignal, Named, Signal
from policy.document import NoticeDoc
from policy.errors import InputError
from policy.explain import nearest
from policy.life import disagreements
from policy.lint.findings import Finding, finding
from policy.loading import Policy
from policy.notices import ALWAYS_KNOWN, parts_in, placeholders
from policy.source import KeyPath

_BLANK = re.compile(
    r"\[[^\]]+\]|<[^<>@:/]+>|X{3,}|\?{3,}|(?<![A-Za-z])x{3,}(?![A-Za-z])"
    r"|(?i:\b(?:tbd|tba|tbc|todo|fixme|to be (?:announced|confirmed|decided|defined|filled in))\b)"
)
"""Something in brackets (but no address), X for digits, question marks, or words that promise it for later."""


def names(policy: Policy) -> Iterator[Finding]:
    """Yield everything there is to say about names, in the order of its subjects."""
    yield from _notices(policy)
    yield from _settlements(policy)
    yield from _roles(policy)
    yield from _contacts(policy)
    yield from _unused(policy)
    for path, message in disagreements(policy):
        yield finding(policy, "history", path, message, "let version, effective_from and the newest entry agree", [])


def _notices(policy: Policy) -> Iterator[Finding]:
    for key, notice in policy.notices.items():
        path: KeyPath = ("notices", key)
        used: set[str] = set()
        for part in ("subject", "body"):
            text = getattr(notice, part)
            if text is not None:
                used |= placeholders(text)
        known = ALWAYS_KNOWN if notice.promises is not None else ALWAYS_KNOWN - {"update_every"}
        for name in sorted(used - set(notice.fields) - known):
            message = f"{notice.id}: nothing fills {{{{ {name} }}}}{nearest(name, notice.fields)}"
            hint = "say under promises how often" if name == "update_every" else f"add {name} to its fields"
            yield finding(policy, "notice-unfilled", (*path, "body"), message, hint, [notice.id])
        for name in sorted(set(notice.fields) - used) if notice.body is not None else ():
            message = f'{notice.id}: the field "{name}" is asked for and never printed'
            hint = "print it, or ask for it no more"
            yield finding(policy, "notice-unused-field", (*path, "fields", name), message, hint, [notice.id])
        for parts in sorted({parts for text in (notice.subject, notice.body) if text for parts in parts_in(text)}):
            lacking = _lacking(policy, notice, parts)
            if lacking is not None:
                message = f"{notice.id}: nothing fills {{{{ {'.'.join(parts)} }}}}, because {lacking}"
                hint = "print something that is there"
                yield finding(policy, "notice-unfilled", (*path, "body"), message, hint, [notice.id])
        for named in _contacts_named(notice.subject, notice.body):
            if named not in policy.contacts:
                message = f"{notice.id}: there is no contact {named}{nearest(named, policy.contacts)}"
                hint = f"add it under contacts.{named}"
                yield finding(policy, "contact-undefined", (*path, "body"), message, hint, [notice.id])


def _lacking(policy: Policy, notice: NoticeDoc, parts: tuple[str, ...]) -> str | None:
    """Return why there is no such part of a field or a contact, ``None`` if there is one."""
    if parts[0] != "contacts":
        return f'the field "{parts[0]}" is a text, without parts' if parts[0] in notice.fields else None
    contact = policy.contacts.get(parts[1])
    if contact is None:  # that it is missing is said elsewhere
        return None
    if len(parts) == 2:
        return f"{contact.id} has parts; say which"
    value = getattr(contact, parts[2], None)
    if len(parts) > 3 or not isinstance(value, str):
        return f"{contact.id} has no {'.'.join(parts[2:])}"
    return None


def _contacts_named(*texts: str | None) -> list[str]:
    return [name for text in texts if text for name in re.findall(r"contacts\.(\w+)", text)]


def _settlements(policy: Policy) -> Iterator[Finding]:
    known = {entry.id for entry in policy.entries()}
    for index, one in enumerate(policy.doc.settlements):
        for name in one.carried_by:
            if name in known:
                continue
            try:
                stated = name.startswith("settles.") or name.endswith(".available")
                missing = policy.figures.value(name) is None and stated
            except InputError:
                missing = True
            if missing:
                message = f'{one.id}: is carried by "{name}", which is neither a rule nor a value{nearest(name, known)}'
                path: KeyPath = ("settlements", index, "carried_by")
                yield finding(policy, "settlement-lost", path, message, "name what carries it", [one.id])


def _roles(policy: Policy) -> Iterator[Finding]:
    for key, role in policy.doc.vocabulary.roles.items():
        if role.tier and key not in policy.tiers:
            message = f'the role {key} is called a tier and has no entry under "tiers"'
            path: KeyPath = ("vocabulary", "roles", key)
            yield finding(policy, "tier-undefined", path, message, f"add tiers.{key}, or leave tier: true out", [key])


def _contacts(policy: Policy) -> Iterator[Finding]:
    used = _used_contacts(policy)
    seen: dict[str, str] = {}
    for key, contact in policy.contacts.items():
        path: KeyPath = ("contacts", key)
        parts = (contact.name, contact.email, contact.phone, contact.pager, contact.channel, contact.url, contact.hours)
        for blank in dict.fromkeys(part for part in parts if part and _BLANK.search(part)):
            message = f"{contact.id}: {blank} is still to be filled in"
            yield finding(policy, "to-fill-in", path, message, "write the real one", [contact.id])
        if contact.also_called is not None:
            message = f"{contact.id}: {contact.name} is also called {contact.also_called}"
            yield finding(policy, "two-names", path, message, "", [contact.id])
        if contact.same_as is not None:
            other = policy.contacts.get(contact.same_as)
            if other is None:
                hint = nearest(contact.same_as, policy.contacts)
                message = f"{contact.id}: there is no contact {contact.same_as}{hint}"
                yield finding(policy, "contact-undefined", (*path, "same_as"), message, "name one", [contact.id])
            else:
                message = f"{contact.id}: {contact.email} reaches the same person as {other.email} ({other.id})"
                yield finding(policy, "two-addresses", path, message, "", [contact.id])
        elif key not in used:
            message = f"{contact.id}: no role, no notice and no rule leads to it"
            hint = "let a role name it as its contact, say which role it serves, or remove it"
            yield finding(policy, "contact-unused", path, message, hint, [contact.id])
        if contact.email is not None and not _BLANK.search(contact.email):
            if contact.email in seen:
                message = f"{contact.id}: has the same address as {seen[contact.email]}"
                yield finding(policy, "same-address", path, message, "say same_as, or mend it", [contact.id])
            seen.setdefault(contact.email, contact.id)


def _used_contacts(policy: Policy) -> set[str]:
    used = {role.contact for role in policy.doc.vocabulary.roles.values() if role.contact is not None}
    used |= {name for notice in policy.notices.values() for name in _contacts_named(notice.subject, notice.body)}
    return used | {key for key, contact in policy.contacts.items() if contact.serves is not None}


# -- what nothing uses -------------------------------------------------------------------------------------------


def _unused(policy: Policy) -> Iterator[Finding]:
    conditions = list(_conditions(policy))
    parts = [part for condition in conditions for part in condition.parts()]
    named = {part.name for part in parts if isinstance(part, Named)}
    for name in policy.doc.conditions:
        if name not in named:
            message = f"no rule uses the condition {name}"
            yield finding(policy, "unused-condition", ("conditions", name), message, "use it or remove it", [name])
    yield from _unused_figures(policy)
    v = policy.doc.vocabulary
    used_words = {
        "signals": _words(p.names for p in parts if isinstance(p, (Signal, EarlierSignal))),
        "counts": {p.name for p in parts if isinstance(p, CountAtLeast)},
        "checks": _words(p.names for p in parts if isinstance(p, Checked)) | _words(_acts(policy, 3))
        | _words(c.basic_checks for c in policy.categories.values()),
        "acts": _words(_acts(policy, 0)) | {p.verb for p in parts if isinstance(p, Done)},
        "contents": _words(_acts(policy, 3)) | {p.what for p in parts if isinstance(p, Done) and p.what},
        "channels": _words(_acts(policy, 2)) | {p.via for p in parts if isinstance(p, Done) and p.via},
    }  # fmt: skip
    for kind, used in used_words.items():
        for name in getattr(v, kind):
            if name not in used:
                message = f"no rule asks for or speaks of {name} ({kind})"
                hint = "nothing to do if scenarios need the word; else remove it"
                yield finding(policy, "unused-word", ("vocabulary", kind, name), message, hint, [name])


def _words(groups: Iterable[Iterable[str]]) -> set[str]:
    return set(chain.from_iterable(groups))


def _acts(policy: Policy, place: int) -> Iterator[list[str]]:
    """Yield the verbs (0), recipients (1), channels (2) or contents (3) of every act of every rule."""
    for rule in policy.rules:
        for act in (*(o.act for o in rule.obliges), *rule.permits, *(f.act for f in rule.forbids)):
            values = ((act.verb,), act.to, act.via, act.what)[place]
            yield [value for value in values if value is not None]


def _conditions(policy: Policy) -> Iterator[Condition]:
    for rule in policy.rules:
        yield rule.when
        yield from (effect.waits_for for effect in rule.obliges if effect.waits_for is not None)
    for role in policy.relative_roles.values():
        yield from (when for when, _ in role.cases)
    yield from (when for when, _ in policy.calendar_cases)
    yield from (one.when for one in policy.impossible)


def _unused_figures(policy: Policy) -> Iterator[Finding]:
    """Yield figures that no rule, condition or notice refers to; texts that only print one do not count."""
    data = policy.source.data
    texts: set[str] = set()
    tables: set[str] = set()
    for key in ("groups", "conditions", "calendar_of", "impossible", "vocabulary", "notices"):
        _collect(data.get(key), texts, tables)
    for path in _figure_paths(policy):
        text = ".".join(path)
        if text not in texts and not any(text.startswith(f"{table}.") for table in tables):
            message = f"no rule uses the figure {text}"
            yield finding(policy, "unused-figure", path, message, "use it or remove it", [text])


def _figure_paths(policy: Policy) -> Iterator[tuple[str, ...]]:
    yield from (("figures", name) for name in policy.doc.figures)
    yield from (("prompt", name) for name in policy.doc.prompt)
    for key, priority in policy.priorities.items():
        yield ("priorities", key, "set_within")
        for table in ("within", "every"):
            yield from (("priorities", key, table, name) for name in getattr(priority, table))


def _collect(value: object, texts: set[str], tables: set[str]) -> None:
    if isinstance(value, dict):
        if {"of", "by"} <= set(value):
            tables.add(str(value["of"]))
        for key, child in value.items():
            if key != "says":
                _collect(child, texts, tables)
    elif isinstance(value, list):
        for child in value:
            _collect(child, texts, tables)
    elif isinstance(value, str):
        texts.add(value)
