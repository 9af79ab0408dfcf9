"""Findings: each mark in words, with the rule it rests on.

A finding cites one rule, the one that set the due or forbade the act; all rules at work stand in ``rules``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from grading.score import Mark
from grading.sentences import duty_phrase, minute_text, sentence
from policy.errors import InputError
from policy.judging import Duty, Kind, Misstep
from policy.loading import Policy
from scenarios import Scenario

ORDER: Final = ("forbidden", "wrong", "missed", "late", "unneeded", "met")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined. Minutes are of the drill; ``points`` is what it brought, of ``possible``."""

    rule: str
    source: str
    dimension: str
    verdict: Kind
    due_minute: float | None
    done_minute: float | None
    points: float
    message: str
    possible: float
    rules: tuple[str, ...]
    act: str
    says: str
    critical: bool = False

    @property
    def lost(self) -> float:
        """Points that were lost here."""
        return self.possible - self.points

    def as_json(self) -> dict[str, Any]:
        """Return the finding as plain data, in the form of the contract with a few keys more."""
        return {
            "rule": self.rule,
            "source": self.source,
            "dimension": self.dimension,
            "verdict": self.verdict,
            "due_minute": _rounded(self.due_minute),
            "done_minute": _rounded(self.done_minute),
            "points": round(self.points, 2) + 0.0,
            "message": self.message,
            "possible": round(self.possible, 2),
            "rules": list(self.rules),
            "act": self.act,
            "critical": self.critical,
        }


def findings_of(marks: Iterable[Mark], scenario: Scenario, policy: Policy) -> tuple[Finding, ...]:
    """Return a finding per mark: what went wrong first, each kind in order of time."""
    found = [_finding(mark, scenario, policy) for mark in marks]
    return tuple(sorted(found, key=lambda f: (ORDER.index(f.verdict), _when(f), f.act)))


def _finding(mark: Mark, scenario: Scenario, policy: Policy) -> Finding:
    source = mark.duty or mark.misstep
    assert source is not None
    act = duty_phrase(source.key, policy, scenario)
    rule = source.rules[0] if source.rules else ""
    done = mark.duty.done if mark.duty is not None else mark.misstep.minute if mark.misstep else None
    if mark.duty is not None:
        message = _of_duty(mark.duty, mark, act)
    else:
        assert mark.misstep is not None
        message = _of_misstep(mark.misstep, act)
    return Finding(
        rule=rule,
        source=_source(rule, policy),
        dimension=source.dimension,
        verdict=mark.kind,
        due_minute=mark.due,
        done_minute=done if mark.kind != "missed" else None,
        points=mark.points,
        message=message,
        possible=mark.possible,
        rules=source.rules,
        act=act,
        says=source.text,
        critical=source.critical,
    )


def _of_duty(duty: Duty, mark: Mark, act: str) -> str:
    due = f"due by minute {minute_text(duty.due)}" if duty.due is not None else "no clock runs on it"
    if duty.spoiled:
        return sentence(f"{act}: done when it was forbidden, so it earns nothing")
    if mark.kind == "missed" or duty.done is None:
        return sentence(f"{act}: not done, {due}")
    if mark.kind == "late" and duty.due is not None:
        late = minute_text(duty.done - duty.due)
        return sentence(f"{act}: done at minute {minute_text(duty.done)}, {late} min late ({due})")
    hard = "; the reference run could do it no sooner, so it counts as met" if duty.excused else ""
    return sentence(f"{act}: done at minute {minute_text(duty.done)}, {due}{hard}")


def _of_misstep(misstep: Misstep, act: str) -> str:
    when = f"at minute {minute_text(misstep.minute)}"
    if misstep.kind == "forbidden":
        return sentence(f"{act}: forbidden {when}")
    if misstep.kind == "wrong":
        return sentence(f"{act}: done {when}, but something else was owed")
    return sentence(f"{act}: done {when}, though nothing asked for it")


def _source(rule: str, policy: Policy) -> str:
    try:
        return policy.entry(rule).source if rule else ""
    except InputError:
        return ""


def _when(finding: Finding) -> float:
    moments = [m for m in (finding.due_minute, finding.done_minute) if m is not None]
    return min(moments, default=0.0)


def _rounded(minute: float | None) -> float | None:
    return None if minute is None else round(minute, 4)
