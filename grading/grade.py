"""From a transcript to a grade: the trainee's course beside the reference run, both watched by the same ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from grading.course import Course, play_reference, play_transcript
from grading.errors import PolicyMismatch
from grading.findings import Finding, findings_of
from grading.score import PASS_MARK, Mark, cap_of, eased, is_critical, items_of, marks_of, raw_score
from grading.transcript import Transcript
from policy.errors import InputError
from policy.rulebook import Rulebook
from scenarios import Scenario

DIMENSIONS: Final = ("priority", "decision", "destination", "timing", "process", "communication", "hand-off")


@dataclass(frozen=True, slots=True)
class DimensionScore:
    """How one dimension went: ``score`` 0..100, and its ``weight`` in the whole, 0..1."""

    score: float
    weight: float


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A row of a timeline: when it was done, what it was, and a mark (``ok``, ``late``, ``forbidden``, …)."""

    minute: float
    text: str
    mark: str


@dataclass(frozen=True, slots=True)
class Grade:
    """The result of a drill. ``score`` is 0..100 after the cap; ``raw`` is what the points alone make."""

    scenario: str
    title: str
    seed: int
    policy: str
    policy_digest: str
    score: float
    raw: float
    cap: float
    passed: bool
    dimensions: Mapping[str, DimensionScore]
    critical: tuple[str, ...]
    findings: tuple[Finding, ...]
    yours: tuple[TimelineRow, ...]
    reference: tuple[TimelineRow, ...]
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the grade as plain data; the form of the contract, with a few keys more."""
        return {
            "scenario": self.scenario,
            "seed": self.seed,
            "score": round(self.score, 2),
            "passed": self.passed,
            "dimensions": {
                name: {"score": round(d.score, 2), "weight": round(d.weight, 4)} for name, d in self.dimensions.items()
            },
            "critical": list(self.critical),
            "findings": [finding.as_json() for finding in self.findings],
            "pass_mark": PASS_MARK,
            "cap": self.cap,
            "policy": self.policy,
            "policy_digest": self.policy_digest,
            "warnings": list(self.warnings),
        }


def grade(transcript: Transcript, scenario: Scenario, rulebook: Rulebook, *, check_digest: bool = True) -> Grade:
    """Return the grade of a transcript.

    ``check_digest`` is false where the user named the policy to grade by.

    Raises:
        PolicyMismatch: the transcript was made under another policy than ``rulebook``'s.
        InputError: it has no header, is of another scenario, or names something that the scenario or the policy
            does not have.
    """
    header = transcript.header
    if header is None:
        raise InputError(f"{transcript.name}: has no header; its first line says which scenario it is of")
    if header.scenario != scenario.id:
        raise InputError(f'{transcript.name}: is of the scenario "{header.scenario}", not of "{scenario.id}"')
    policy = rulebook.policy
    if check_digest and header.policy_digest != policy.digest:
        raise PolicyMismatch(
            f"{transcript.name}: was made under the policy {header.policy} ({header.policy_digest[:12]}), "
            f"which is not the {policy.name} at hand ({policy.digest[:12]}); "
            "name the policy to grade by with --policy or --set"
        )
    course = play_transcript(transcript, scenario, rulebook, header.seed)
    perfect = play_reference(scenario, rulebook, header.seed)
    items = items_of(perfect.duties, scenario.horizon)
    marks = marks_of(items, eased(course.duties, perfect.duties), course.missteps)
    cap, raw = cap_of(marks, items), raw_score(marks)
    score = min(raw, cap)
    critical = tuple(dict.fromkeys(rule for mark in marks if is_critical(mark) for rule in _rules(mark)[:1]))
    return Grade(
        scenario=scenario.id,
        title=scenario.title,
        seed=header.seed,
        policy=policy.name,
        policy_digest=policy.digest,
        score=score,
        raw=raw,
        cap=cap,
        passed=score >= PASS_MARK and not critical,
        dimensions=_dimensions(marks),
        critical=critical,
        findings=findings_of(marks, scenario, policy),
        yours=_timeline(course, marks),
        reference=_timeline(perfect, ()),
        warnings=(*transcript.warnings, *course.warnings),
    )


def timelines(result: Grade) -> tuple[tuple[TimelineRow, ...], tuple[TimelineRow, ...]]:
    """Return the trainee's timeline and the reference's, each in order of time."""
    return result.yours, result.reference


def _rules(mark: Mark) -> tuple[str, ...]:
    source = mark.duty or mark.misstep
    return () if source is None else source.rules


def _dimensions(marks: Sequence[Mark]) -> dict[str, DimensionScore]:
    """Return the dimensions that this drill examined or in which something went wrong."""
    total = sum(mark.possible for mark in marks)
    result = {}
    for name in DIMENSIONS:
        own = [m for m in marks if (m.duty or m.misstep) is not None and (m.duty or m.misstep).dimension == name]  # type: ignore[union-attr]
        possible = sum(m.possible for m in own)
        earned = sum(m.points for m in own)
        if possible > 0:
            score = 100.0 * earned / possible
        elif earned < 0:
            score = 100.0 + earned
        else:
            continue
        result[name] = DimensionScore(min(100.0, max(0.0, score)), possible / total if total else 0.0)
    return result


def _timeline(course: Course, marks: Iterable[Mark]) -> tuple[TimelineRow, ...]:
    rows = [TimelineRow(step.minute, step.text, step.mark) for step in course.steps]
    rows += [
        TimelineRow(m.duty.due, f"Due, and not done: {course.phrase(m.duty.key)}", "missed")
        for m in marks
        if m.kind == "missed" and m.duty is not None and m.duty.due is not None
    ]
    return tuple(sorted(rows, key=lambda row: row.minute))
