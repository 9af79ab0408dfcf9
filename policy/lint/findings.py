"""What the check says: findings, properties, and the report that holds both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from policy.loading import Policy
from policy.source import KeyPath

Severity = Literal["error", "warning", "note"]
Status = Literal["PROVED", "REFUTED", "NOT PROVED"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "note")

PROPERTIES: Final[dict[str, dict[str, Severity]]] = {
    "coverage": {
        "nothing-possible": "error",
        "uncovered": "error",
        "blank-condition": "warning",
        "figure-missing": "warning",
    },
    "conflict": {
        "demand-and-ban": "error",
        "permission-and-ban": "error",
        "two-dues": "error",
        "two-priorities": "error",
    },
    "dead": {
        "dead-rule": "warning",
        "switched-off": "note",
        "duplicate": "warning",
        "shadowed": "warning",
        "always-true": "warning",
        "never-true": "warning",
    },
    "path": {"path-nobody": "error", "path-stuck": "error", "path-circle": "error", "out-of-hours": "warning"},
    "time": {"timer-beyond-target": "error", "update-promise": "error", "endless-pause": "error"},
    "names": {
        "notice-unfilled": "error",
        "notice-unused-field": "warning",
        "contact-undefined": "error",
        "contact-unused": "warning",
        "same-address": "warning",
        "to-fill-in": "warning",
        "tier-undefined": "error",
        "settlement-lost": "error",
        "unused-condition": "warning",
        "unused-figure": "warning",
        "unused-word": "note",
        "two-names": "note",
        "two-addresses": "note",
        "history": "warning",
    },
    "silence": {"silence-unused": "warning"},
}
"""Every code, under its property, with its severity. ``docs/lint.md`` explains each."""
CODES: Final[dict[str, Severity]] = {code: grave for codes in PROPERTIES.values() for code, grave in codes.items()}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a policy.

    ``rules`` are the ids at work. ``example`` is a situation file in which it can be seen, already replayed through
    the rulebook; ``None`` where there is none to show. ``status`` is ``REFUTED`` where the property is refuted by
    this, ``NOT PROVED`` where it could not be decided. ``silenced`` is the reason given in the policy file.
    """

    code: str
    severity: Severity
    message: str
    rules: tuple[str, ...] = ()
    status: Status = "REFUTED"
    example: str | None = None
    suggestion: str = ""
    file: str = ""
    line: int | None = None
    silenced: str | None = None

    @property
    def rule(self) -> str:
        """Return the first of the ids, "" without any."""
        return self.rules[0] if self.rules else ""


@dataclass(frozen=True, slots=True)
class Property:
    """What was asked for one code, and the answer; ``said`` is how far it reaches, or why it was not proved."""

    code: str
    status: Status
    said: str


@dataclass(frozen=True, slots=True)
class Report:
    """The whole check. ``situations`` counts the cells looked at (0: they could not be looked at)."""

    rules: int
    situations: int
    properties: tuple[Property, ...]
    findings: tuple[Finding, ...]
    silenced: tuple[Finding, ...] = ()

    def count(self, severity: Severity) -> int:
        """Return how many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)


def place(policy: Policy, path: KeyPath) -> tuple[str, int | None]:
    """Return the file and the line of a part of a policy; what an overlay says stands in the overlay."""
    where = policy.source.place(path)
    file, _, line = where.rpartition(":")
    return (file, int(line)) if file and line.isdigit() else (where, None)


def finding(
    policy: Policy, code: str, path: KeyPath, message: str, suggestion: str = "", rules: Iterable[str] = ()
) -> Finding:
    """Return a finding about a place in the policy file."""
    file, line = place(policy, path)
    return Finding(code, CODES[code], message, tuple(rules), suggestion=suggestion, file=file, line=line)


def about(policy: Policy, code: str, rules: Iterable[str], message: str, suggestion: str = "") -> Finding:
    """Return a finding about rules; it stands at the first of them."""
    ids = tuple(rules)
    return finding(policy, code, _rule_path(policy, ids[0]), message, suggestion, ids)


def _rule_path(policy: Policy, id_: str) -> KeyPath:
    for g, group in enumerate(policy.doc.groups):
        for r, rule in enumerate(group.rules):
            if rule.id == id_:
                return ("groups", g, "rules", r)
    return ()


def undecided(found: Finding, reason: str) -> Finding:
    """Return a finding that is not proved, for a reason: a note, whatever its code."""
    return replace(found, severity="note", status="NOT PROVED", message=f"{found.message} ({reason})")


def agreeing(names: Iterable[str], one: str, several: str) -> str:
    """Return names as a sentence lists them, with the verb that agrees with how many they are."""
    every = list(names)
    return f"{listed(every)} {one if len(every) == 1 else several}"


def listed(names: Iterable[str]) -> str:
    """Return names as a sentence lists them: ``a, b and c``."""
    every = list(names)
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}"
