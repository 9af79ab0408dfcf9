"""Loading a policy: from a name or a file, with changes on top, to a checked and frozen ``Policy``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from policy.building import Builder, Impossible, RelativeRole, Rule, fill_figures
from policy.calendars import Calendar
from policy.conditions import Condition
from policy.document import CategoryDoc, ContactDoc, NoticeDoc, PolicyDoc, PriorityDoc, TierDoc
from policy.document_values import EntryDoc
from policy.errors import InputError
from policy.explain import nearest
from policy.figures import Figures
from policy.notices import check_example, placeholders
from policy.overlays import VARIANTS, Overlay, split_reference, stacked
from policy.source import KeyPath, Source, validate
from policy.yaml_source import apply_sets, load_yaml, read_text

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement of the catalogue: its id, the section it comes from, what it says, and what kind it is.

    ``parent`` is the id of the entry that covers it, where it has none of its own. ``line`` is where it stands.
    """

    id: str
    source: str
    text: str
    kind: str
    title: str
    assumed: bool
    why: str | None
    line: int | None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A procedure, validated and ready to be asked. Made by ``load_policy``; never changed.

    ``digest`` identifies its content (SHA-256 of the document as changed, hexadecimal). ``doc`` is the document.
    """

    name: str
    digest: str
    doc: PolicyDoc
    source: Source
    rules: tuple[Rule, ...]
    calendars: Mapping[str, Calendar]
    calendar_cases: tuple[tuple[Condition, str], ...]
    relative_roles: Mapping[str, RelativeRole]
    figures: Figures
    impossible: tuple[Impossible, ...]
    catalogue: Mapping[str, Entry]
    """Every statement by its id, in the order of the file."""
    overlays: tuple[Overlay, ...] = ()
    """What was stacked on the policy file, in the order in which it was applied."""

    @property
    def tiers(self) -> Mapping[str, TierDoc]:
        """The tiers, lowest first."""
        return self.doc.tiers

    @property
    def priorities(self) -> Mapping[str, PriorityDoc]:
        """The priorities, most severe first."""
        return self.doc.priorities

    @property
    def plans(self) -> Mapping[str, str]:
        """The customers' plans and their labels."""
        return self.doc.vocabulary.plans

    @property
    def categories(self) -> Mapping[str, CategoryDoc]:
        """The kinds of issue."""
        return self.doc.vocabulary.categories

    @property
    def contacts(self) -> Mapping[str, ContactDoc]:
        """The contacts by key."""
        return self.doc.contacts

    @property
    def notices(self) -> Mapping[str, NoticeDoc]:
        """The notices by key."""
        return self.doc.notices

    @property
    def targets(self) -> Mapping[str, float]:
        """The targets of the metrics, by name."""
        return self.doc.targets

    def reference_figures(self) -> Mapping[str, float]:
        """Return the figures of past reports by the name of the metric (shares 0..1, hours, counts)."""
        return {name: value for report in self.doc.reports for name, value in report.figures.items()}

    def label(self, name: str) -> str:
        """Return how people call a role, act, channel, content, check, signal or priority."""
        v = self.doc.vocabulary
        for group in (v.roles, v.relative_roles, v.acts, v.contents, v.categories, self.doc.priorities):
            if name in group:
                return str(group[name].label)
        for texts in (v.channels, v.checks, v.signals, v.plans):
            if name in texts:
                return texts[name]
        return self.doc.notices[name].title if name in self.doc.notices else name

    def fill(self, text: str) -> str:
        """Return ``text`` with every ``{path.of.figure}`` in words."""
        return fill_figures(text, self.figures)

    def entries(self) -> tuple[Entry, ...]:
        """Return every statement of the catalogue, in the order of the file."""
        return tuple(self.catalogue.values())

    def entry(self, id_: str) -> Entry:
        """Return the statement with this id.

        Raises:
            InputError: there is none; the nearest id is named.
        """
        if id_ not in self.catalogue:
            raise InputError(f'{self.name} has no rule "{id_}"{nearest(id_, self.catalogue)}')
        return self.catalogue[id_]


def _entries(builder: Builder) -> Iterator[Entry]:
    for path, kind, title, text, doc in _entry_docs(builder.doc):
        line = builder.source.line((*path, "id"))
        said = builder.text((*path, "says"), text)
        yield Entry(doc.id, doc.source, said, kind, title, doc.assumed, doc.why, line)
        for covered in doc.covers:
            yield Entry(covered, doc.source, said, kind, title, doc.assumed, doc.why, line, parent=doc.id)


def _entry_docs(doc: PolicyDoc) -> Iterator[tuple[KeyPath, str, str, str, EntryDoc]]:
    for g, group in enumerate(doc.groups):
        for r, rule in enumerate(group.rules):
            yield ("groups", g, "rules", r), "rule", group.title, rule.says, rule
    for key, contact in doc.contacts.items():
        parts = (contact.email, contact.phone, contact.pager, contact.channel, contact.url, contact.hours, contact.note)
        text = " · ".join([contact.name, *filter(None, parts)])
        yield ("contacts", key), "contact", "Contacts", text, contact
    for key, notice in doc.notices.items():
        yield ("notices", key), "notice", notice.title, notice.says, notice
    for i, metric in enumerate(doc.metrics):
        yield ("metrics", i), "metric", metric.name, metric.says, metric
    for i, report in enumerate(doc.reports):
        yield ("reports", i), "report", report.title, report.says, report
    for i, one in enumerate(doc.settlements):
        text = f"The procedure says: {one.procedure_says} We settle: {one.settled}"
        yield ("settlements", i), "settlement", "Settlements", text, one


def load_policy(ref: str | Path = "secureai", sets: Mapping[str, str] | None = None) -> Policy:
    """Load a policy by name (``secureai``) or from a file, with ``--set`` changes (paths without ``policy.``).

    Overlays are stacked on it with ``+`` (``secureai+t1-45m``, docs/variants.md); the changes come last. The name of
    what results is the policy's and those of all overlays applied, with ``+`` between them.

    Raises:
        InputError: no such policy or overlay, or anything wrong in it; the message names file, line and key.
    """
    first, overlays = split_reference(ref)
    path = find_policy(first)
    name = path.name if path.parent == FOLDER else str(first)
    source = _document(read_text(path, name), name)
    if isinstance(source.data, dict) and "overlay" in source.data and "deskdrill_policy" not in source.data:
        raise source.error((), f"is an overlay, not a policy; name the policy first: secureai+{first}")
    source, applied = stacked(source, overlays, ref)
    policy = build_policy(apply_sets(source, sets or {}, prefix="policy."))
    return replace(policy, name="+".join((policy.name, *(one.name for one in applied))), overlays=applied)


@lru_cache(maxsize=8)  # whoever compares or plays on asks for the same text again; nothing writes into a document
def _document(text: str, name: str) -> Source:
    return load_yaml(text, name=name)


def find_policy(ref: str | Path) -> Path:
    """Return the file of a policy named or given by path.

    Raises:
        InputError: there is none; the nearest name is told.
    """
    text = str(ref)
    if isinstance(ref, Path) or "/" in text or "\\" in text or text.endswith((".yaml", ".yml")):
        return Path(text)
    known = {p.stem: p for p in FOLDER.glob("*.yaml")}
    if text not in known:
        if text in {one.stem for one in VARIANTS.glob("*.yaml")}:
            raise InputError(f'"{text}" is an overlay, not a policy; name the policy first: secureai+{text}')
        raise InputError(f'there is no policy named "{text}"{nearest(text, known)} (or give a file: ./my-policy.yaml)')
    return known[text]


def build_policy(source: Source) -> Policy:
    """Return the policy of a document.

    Raises:
        InputError: anything wrong in it.
    """
    doc = validate(PolicyDoc, source)
    _unique_ids(doc, source)
    builder = Builder(doc, source)
    _check_names(builder)
    rules = builder.rules()
    return Policy(
        name=doc.name,
        digest=digest(source.data),
        doc=doc,
        source=source,
        rules=rules,
        calendars=builder.calendars(),
        calendar_cases=builder.calendar_cases(),
        relative_roles=builder.relative_roles(),
        figures=builder.figures,
        impossible=builder.impossible(),
        catalogue={entry.id: entry for entry in _entries(builder)},
    )


def digest(data: Any) -> str:
    """Return the SHA-256 of plain data, written as canonical JSON (hexadecimal)."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _unique_ids(doc: PolicyDoc, source: Source) -> None:
    seen: dict[str, KeyPath] = {}
    for path, _, _, _, entry in _entry_docs(doc):
        named: list[tuple[KeyPath, str]] = [((*path, "id"), entry.id)]
        named += [((*path, "covers", index), one) for index, one in enumerate(entry.covers)]
        for here, one in named:
            first, second = seen.setdefault(one, here), here
            if first == second:
                continue
            if source.is_changed(first) and not source.is_changed(second):  # what came later is to blame
                first, second = second, first
            raise source.error(second, f'the id "{one}" is used already ({_other_place(source, first, second)})')


def _other_place(source: Source, first: KeyPath, second: KeyPath) -> str:
    if source.is_changed(first) or source.is_changed(second):
        return source.place(first)
    return f"line {source.line(first)}"


def _check_names(builder: Builder) -> None:
    doc, v = builder.doc, builder.doc.vocabulary
    for index, layer in enumerate(doc.precedence):
        if layer in doc.precedence[:index]:
            raise builder.source.error(("precedence", index), f'the layer "{layer}" stands here twice')
    for key, role in v.roles.items():
        if role.contact is not None:
            builder.name(("vocabulary", "roles", key, "contact"), "contact", role.contact, doc.contacts)
        if role.available is not None:
            path: KeyPath = ("vocabulary", "roles", key, "available")
            builder.name(path, "calendar", role.available, {**doc.calendars, "always": None})
    for key, contact in doc.contacts.items():
        if contact.serves is not None:
            builder.name(("contacts", key, "serves"), "role", contact.serves, v.roles)
    for key, notice in doc.notices.items():
        if notice.promises is not None:
            builder.name(("notices", key, "promises", "what"), "content", notice.promises.what, v.contents)
        for part, template in (("subject", notice.subject), ("body", notice.body)):
            if template is not None:
                builder.at(("notices", key, part), partial(placeholders, template))
        for name in notice.specimen:
            builder.name(("notices", key, "specimen", name), "field of the notice", name, notice.fields)
            builder.at(("notices", key, "specimen", name), partial(check_example, notice, name))
    for key, category in v.categories.items():
        for check in category.basic_checks:
            builder.name(("vocabulary", "categories", key, "basic_checks"), "check", check, v.checks)
    for key, content in v.contents.items():
        for verb in content.implied_by:
            builder.name(("vocabulary", "contents", key, "implied_by"), "act", verb, v.acts)
    for key, tier in doc.tiers.items():
        builder.name(("tiers", key), "role", key, v.roles)
        builder.name(("tiers", key, "calendar"), "calendar", tier.calendar, doc.calendars)
        for field_name in ("capabilities", "beyond"):
            for category_name in getattr(tier, field_name):
                builder.name(("tiers", key, field_name), "category", category_name, v.categories)
    for key in doc.prompt:
        builder.name(("prompt", key), "priority", key, doc.priorities)
