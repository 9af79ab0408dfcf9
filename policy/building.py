"""From the validated document to rules that can be asked.

Every name a rule uses is looked up here, once; what does not exist is an error with file, line and key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from policy.calendars import Calendar
from policy.condition_reading import Words, read_condition
from policy.conditions import All, Always, Attribute, ClockReaches, Condition, Done, Not
from policy.document import PolicyDoc
from policy.document_rules import Earlier, ForbidDoc, GroupDoc, ObligeDoc, PermitDoc, RuleDoc
from policy.errors import InputError
from policy.explain import missing
from policy.figures import Figure, Figures, read_figure
from policy.opening import read_calendar
from policy.source import KeyPath, Source

T = TypeVar("T")
BASIC_CHECKS = "basic_checks"
"""As a content: each check of the category's basic troubleshooting."""


@dataclass(frozen=True, slots=True)
class Act:
    """An act in a rule: the verb, and every recipient, channel and content that is meant (``None`` = any)."""

    verb: str
    to: tuple[str | None, ...]
    via: tuple[str | None, ...]
    what: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Oblige:
    """The effect "owes"."""

    act: Act
    owner: str
    within: Figure | None
    repeat: Figure | None
    waits_for: Condition | None
    earlier_counts: Earlier
    cites_definition: bool
    target: bool
    calendar: str | None
    dimension: str
    weight: float
    critical: bool
    from_opening: Figure | None = None
    """Instead of ``within`` where it begins out of hours."""
    until: Figure | None = None
    """What would fall due later than this after the beginning is not owed."""

    def first(self, open_: bool) -> Figure | None:
        """Return how long there is before it falls due for the first time, by whether its calendar is open then."""
        if self.within is None:
            return self.repeat
        return self.within if open_ or self.from_opening is None else self.from_opening


@dataclass(frozen=True, slots=True)
class Forbid:
    """The effect "must not"; a ``residual`` prohibition also gives way to permissions."""

    act: Act
    residual: bool
    dimension: str
    weight: float
    critical: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the book, in the order of its layer. ``text`` is what it says, figures filled in."""

    id: str
    layer: int
    text: str
    when: Condition
    define: str | None
    obliges: tuple[Oblige, ...]
    permits: tuple[Act, ...]
    forbids: tuple[Forbid, ...]
    pauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Impossible:
    """What cannot be, and why."""

    when: Condition
    says: str


@dataclass(frozen=True, slots=True)
class RelativeRole:
    """A role that depends on the situation."""

    by_tier: Mapping[str, str]
    cases: tuple[tuple[Condition, str], ...]


class Builder:
    """Looks names up in one document while its rules are built."""

    def __init__(self, doc: PolicyDoc, source: Source) -> None:
        """Take the document and where it was read, for messages."""
        self.doc = doc
        self.source = source
        self.figures = Figures(doc.model_dump(mode="python"), source.taken)
        v = doc.vocabulary
        roles = {*v.roles, *v.relative_roles}
        self.words = Words(
            figures=self.figures,
            signals=frozenset(v.signals),
            checks=frozenset(v.checks),
            counts=frozenset(v.counts),
            plans=frozenset(v.plans),
            priorities=frozenset(doc.priorities),
            tiers=frozenset(doc.tiers),
            categories=frozenset(v.categories),
            roles=frozenset(roles),
            people=frozenset(v.roles),
            channels=frozenset(v.channels),
            acts=frozenset(v.acts),
            contents=frozenset({*v.contents, *v.checks, *doc.priorities, *doc.notices, BASIC_CHECKS}),
            named=doc.conditions,
            taken=source.taken,
        )

    # -- looking up --------------------------------------------------------------------------------------------

    def at(self, path: KeyPath, read: Callable[[], T]) -> T:
        """Return ``read()``, an error of it with the place in the file."""
        try:
            return read()
        except InputError as error:
            raise self.source.error(path, str(error)) from None

    def name(self, path: KeyPath, kind: str, name: str, legal: Mapping[str, Any] | frozenset[str]) -> str:
        """Return a name that is legal here, or raise with the nearest one."""
        if name not in legal:
            raise self.source.error(path, f'there is no {kind} "{name}"{missing(name, legal, self.source.taken)}')
        return name

    def condition(self, path: KeyPath, raw: object) -> Condition:
        """Read a condition."""
        return self.at(path, lambda: read_condition(raw, self.words))

    def figure(self, path: KeyPath, raw: object) -> Figure:
        """Read a figure."""
        return self.at(path, lambda: read_figure(raw, self.figures))

    def text(self, path: KeyPath, text: str) -> str:
        """Return ``text`` with its figures in words."""
        return self.at(path, lambda: fill_figures(text, self.figures))

    # -- parts -------------------------------------------------------------------------------------------------

    def rules(self) -> tuple[Rule, ...]:
        """Return all rules, in order of their layer, then of the file."""
        for key, raw in self.doc.conditions.items():
            self.condition(("conditions", key), raw)
        built = [
            self._rule(("groups", g, "rules", r), group, rule)
            for g, group in enumerate(self.doc.groups)
            for r, rule in enumerate(group.rules)
        ]
        return tuple(sorted(built, key=lambda rule: rule.layer))

    def _rule(self, path: KeyPath, group: GroupDoc, doc: RuleDoc) -> Rule:
        self.name((*path[:2], "layer"), "layer", group.layer, dict.fromkeys(self.doc.precedence))
        has_effect = any((doc.define, doc.oblige, doc.permit, doc.forbid, doc.pause))
        parts: list[Condition] = []
        if group.when is not None and has_effect:
            parts.append(self.condition((*path[:2], "when"), group.when))
        if doc.when is not None:
            parts.append(self.condition((*path, "when"), doc.when))
        elif has_effect and group.when is None:
            message = "has an effect but no condition; if it always holds, write when: {always: true}"
            raise self.source.error(path, message)
        if doc.unless is not None:
            parts.append(Not(self.condition((*path, "unless"), doc.unless)))
        when = All(tuple(parts)) if parts else Always()
        if doc.define is not None:
            self.name((*path, "define", "priority"), "priority", doc.define.priority, self.doc.priorities)
            for part in when.parts():
                if self._needs_priority(part):
                    raise self.source.error((*path, "when"), "a rule that defines the priority cannot depend on it")
        return Rule(
            id=doc.id,
            layer=self.doc.precedence.index(group.layer),
            text=self.text((*path, "says"), doc.says),
            when=when,
            define=doc.define.priority if doc.define else None,
            obliges=tuple(self._oblige((*path, "oblige"), o) for o in _each(doc.oblige)),
            permits=tuple(self._act((*path, "permit"), p) for p in _each(doc.permit)),
            forbids=tuple(self._forbid((*path, "forbid"), f) for f in _each(doc.forbid)),
            pauses=tuple(doc.pause.clocks) if doc.pause else (),
        )

    def _needs_priority(self, part: Condition) -> bool:
        """Return whether a condition can only be asked once the priority is known."""
        if isinstance(part, Done):
            return any(name in self.doc.vocabulary.relative_roles for name in part.to)
        return isinstance(part, ClockReaches) or (isinstance(part, Attribute) and part.name == "priority")

    def _act(self, path: KeyPath, doc: ObligeDoc | PermitDoc | ForbidDoc) -> Act:
        self.name((*path, "act"), "act", doc.act, self.words.acts)
        to, via, what = (_many(value) for value in (doc.to, doc.via, doc.what))
        for key, kind, names, legal in (
            ("to", "role", to, self.words.roles),
            ("via", "channel", via, self.words.channels),
            ("what", "content", what, self.words.contents),
        ):
            for name in names:
                if name is not None:
                    self.name((*path, key), kind, name, legal)
        return Act(doc.act, to, via, what)

    def _oblige(self, path: KeyPath, doc: ObligeDoc) -> Oblige:
        act = self._act(path, doc)
        self.name((*path, "owner"), "role", doc.owner, self.words.roles)
        if doc.calendar is not None:
            self.name((*path, "calendar"), "calendar", doc.calendar, self.doc.calendars)
        return Oblige(
            act=act,
            owner=doc.owner,
            within=None if doc.within is None else self.figure((*path, "within"), doc.within),
            repeat=None if doc.repeat is None else self.figure((*path, "repeat"), doc.repeat),
            waits_for=None if doc.waits_for is None else self.condition((*path, "waits_for"), doc.waits_for),
            earlier_counts=doc.earlier_counts,
            cites_definition=doc.cites_definition,
            target=doc.target,
            calendar=doc.calendar,
            dimension=doc.dimension or self.doc.vocabulary.acts[doc.act].dimension,
            weight=doc.weight,
            critical=doc.critical,
            from_opening=self._from_opening(path, doc),
            until=self._until(path, doc),
        )

    def _until(self, path: KeyPath, doc: ObligeDoc) -> Figure | None:
        if doc.until is None:
            return None
        if doc.repeat is None:
            raise self.source.error((*path, "until"), "stands beside repeat: it ends what falls due again and again")
        return self.figure((*path, "until"), doc.until)

    def _from_opening(self, path: KeyPath, doc: ObligeDoc) -> Figure | None:
        if doc.from_opening is None:
            return None
        if doc.within is None:
            raise self.source.error((*path, "from_opening"), "stands beside within, which holds in hours")
        return self.figure((*path, "from_opening"), doc.from_opening)

    def _forbid(self, path: KeyPath, doc: ForbidDoc) -> Forbid:
        act = self._act(path, doc)
        dimension = doc.dimension or self.doc.vocabulary.acts[doc.act].dimension
        return Forbid(act, doc.residual, dimension, doc.weight, doc.critical)

    def relative_roles(self) -> dict[str, RelativeRole]:
        """Return the roles that depend on the situation."""
        result = {}
        for key, doc in self.doc.vocabulary.relative_roles.items():
            path: KeyPath = ("vocabulary", "relative_roles", key)
            for tier, role in (doc.by_tier or {}).items():
                self.name((*path, "by_tier"), "tier", tier, self.doc.tiers)
                self.name((*path, "by_tier", tier), "role", role, self.doc.vocabulary.roles)
            cases = []
            for i, case in enumerate(doc.cases or []):
                when = Always() if case.when is None else self.condition((*path, "cases", i, "when"), case.when)
                self.name((*path, "cases", i, "role"), "role", case.role, self.words.roles)
                cases.append((when, case.role))
            result[key] = RelativeRole(doc.by_tier or {}, tuple(cases))
        self._refuse_circles(result)
        return result

    def _refuse_circles(self, roles: Mapping[str, RelativeRole]) -> None:
        """Make sure that every relative role leads to a role in the end."""
        leads = {key: list(role.by_tier.values()) for key, role in roles.items()}
        for key, role in roles.items():
            for when, to in role.cases:
                leads[key] += [to, *(name for part in when.parts() if isinstance(part, Done) for name in part.to)]
        for key in roles:
            seen, ahead = set(), leads[key]
            while ahead:
                here = ahead[0]
                ahead = ahead[1:]
                if here == key:
                    path: KeyPath = ("vocabulary", "relative_roles", key)
                    raise self.source.error(path, "runs in a circle; a relative role must lead to a role in the end")
                if here in roles and here not in seen:
                    seen.add(here)
                    ahead = ahead + leads[here]

    def impossible(self) -> tuple[Impossible, ...]:
        """Return what cannot be."""
        return tuple(
            Impossible(self.condition(("impossible", i, "when"), one.when), one.says)
            for i, one in enumerate(self.doc.impossible)
        )

    def calendars(self) -> dict[str, Calendar]:
        """Return the calendars by name."""
        return {key: read_calendar(self.source, key, doc) for key, doc in self.doc.calendars.items()}

    def calendar_cases(self) -> tuple[tuple[Condition, str], ...]:
        """Return which calendar holds when, first match first."""
        cases = []
        for i, case in enumerate(self.doc.calendar_of):
            self.name(("calendar_of", i, "use"), "calendar", case.use, self.doc.calendars)
            when = Always() if case.when is None else self.condition(("calendar_of", i, "when"), case.when)
            if any(isinstance(part, ClockReaches) for part in when.parts()):
                message = "a calendar cannot depend on a clock that runs on it"
                raise self.source.error(("calendar_of", i, "when"), message)
            cases.append((when, case.use))
        if not cases or not isinstance(cases[-1][0], Always):
            raise self.source.error(("calendar_of",), "the last case must hold always (leave its when out)")
        return tuple(cases)


def _each(value: T | list[T] | None) -> list[T]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _many(value: str | list[str] | None) -> tuple[str | None, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def fill_figures(text: str, figures: Figures) -> str:
    """Return ``text`` with each ``{path.of.figure}`` put in words, ``{path.of.share:%}`` as per cent.

    Raises:
        InputError: a path leads nowhere.
    """
    parts = text.split("{")
    filled = [parts[0]]
    for part in parts[1:]:
        path, closed, rest = part.partition("}")
        filled.append(_figure_in_words(path, figures) + rest if closed else "{" + part)
    # "every 1 business day" reads "every business day".
    return "".join(filled).replace("every 1 ", "every ")


def _figure_in_words(path: str, figures: Figures) -> str:
    path, asked, form = path.partition(":")
    value = figures.value(path) if asked else None
    if not asked:
        return figures.words(path)
    if form != "%" or isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f'found "{{{path}:{form}}}"; expected {{{path}}}, or {{{path}:%}} where it is a number')
    return f"{value * 100:g} per cent"
