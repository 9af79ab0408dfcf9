"""The debrief in plain text: at most 80 columns, no colour, to be read by the person it is about."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from itertools import zip_longest
from typing import Final

from grading.findings import Finding
from grading.grade import Grade, TimelineRow
from grading.score import CRITICAL_CAP, NO_HANDOVER_CAP, PASS_MARK
from grading.sentences import minute_text, sentence

WIDTH: Final = 80
_BAR: Final = 20
_HEADINGS: Final = {
    "forbidden": "What the procedure forbids",
    "wrong": "What went somewhere else than it should",
    "missed": "What was owed and not done",
    "late": "What was done late",
    "unneeded": "What nobody needed",
    "met": "What you did as the procedure asks",
}
_MARKS: Final = {
    "ok": "+", "late": "~", "missed": "-", "forbidden": "!", "wrong": "x", "unneeded": "?", "": " ",
}  # fmt: skip


def debrief_text(grade: Grade) -> str:
    """Return the debrief of a grade, ending in a line end."""
    parts = [_head(grade), _dimensions(grade), _advice(grade), _findings(grade), _timelines(grade), _foot(grade)]
    return "\n\n".join(part for part in parts if part) + "\n"


def advice(grade: Grade, limit: int = 3) -> tuple[str, ...]:
    """Return the things to do differently next time, the one that cost most first; at most ``limit``."""
    costly = sorted((f for f in grade.findings if f.lost > 0), key=lambda f: (-int(f.critical), -f.lost))
    result: list[str] = []
    for finding in costly:
        said = _counsel(finding)
        if said not in result:
            result.append(said)
    return tuple(result[:limit])


def _counsel(finding: Finding) -> str:
    rule = f" {sentence(finding.says)}" if finding.says else ""
    cited = f" ({finding.rule})" if finding.rule else ""
    due = f", by minute {minute_text(finding.due_minute)}" if finding.due_minute is not None else ""
    match finding.verdict:
        case "forbidden":
            return f"Do not {finding.act} before you may.{rule}{cited}"
        case "wrong":
            return f"Before you {finding.act}, ask yourself what is owed to whom.{rule}{cited}"
        case "unneeded":
            return f"Leave out what nobody needs: do not {finding.act} without a reason.{rule}{cited}"
        case "late":
            return f"Be sooner{due}: {finding.act}.{rule}{cited}"
    return f"Do not forget{due}: {finding.act}.{rule}{cited}"


def _head(grade: Grade) -> str:
    title = _cut(f"Debrief: {grade.title}", WIDTH)
    verdict = "passed" if grade.passed else "not passed"
    lines = [title, "=" * len(title), ""]
    lines += _wrap(
        f"Score {grade.score:.1f} of 100: {verdict}. The pass mark is {PASS_MARK:g}, without a critical error."
    )
    if grade.critical:
        cited = ", ".join(grade.critical)
        lines += _wrap(f"Critical: {cited}. Whatever else went well, this holds the score at {CRITICAL_CAP:g} or less.")
    elif grade.cap < 100 and grade.raw > grade.score:
        lines += _wrap(
            f"An escalation that was required never happened; without it the score is {NO_HANDOVER_CAP:g} at most."
        )
    return "\n".join(lines)


def _dimensions(grade: Grade) -> str:
    lines = ["How it went, by dimension"]
    for name, one in grade.dimensions.items():
        filled = round(one.score / 100 * _BAR)
        bar = "#" * filled + "." * (_BAR - filled)
        lines.append(f"  {name:<14}{one.score:5.0f} of 100  {bar}  weight {one.weight * 100:3.0f} %")
    return "\n".join(lines)


def _advice(grade: Grade) -> str:
    things = advice(grade)
    if not things:
        return "Nothing to do differently: every duty was kept, in time, and nothing was done in vain."
    heading = "One thing to do differently" if len(things) == 1 else f"{_NUMBERS[len(things)]} things to do differently"
    lines = [heading]
    for number, said in enumerate(things, start=1):
        lines += _wrap(said, first=f"  {number}. ", rest="     ")
    return "\n".join(lines)


_NUMBERS: Final = {2: "Two", 3: "Three"}


def _findings(grade: Grade) -> str:
    blocks = []
    for verdict, heading in _HEADINGS.items():
        own = [f for f in grade.findings if f.verdict == verdict]
        if own:
            blocks.append("\n".join([heading, *(line for finding in own for line in _lines(finding))]))
    return "\n\n".join(blocks)


def _lines(finding: Finding) -> list[str]:
    points = f"{finding.points:+.1f}" if finding.points else "0"
    lines = _wrap(finding.message, first=f"  {points:>6}  ", rest=" " * 10)
    cited = finding.rule + (f" · {finding.source}" if finding.source else "")
    return lines + (_wrap(cited, first=" " * 10, rest=" " * 10) if cited else [])


def _timelines(grade: Grade) -> str:
    width = (WIDTH - 3) // 2
    left, right = _column(grade.yours, width), _column(grade.reference, width)
    head = f"{'You':<{width}} | The reference"
    lines = ["Your course beside the reference", "", head, "-" * width + "-+-" + "-" * width]
    lines += [f"{a:<{width}} | {b}".rstrip() for a, b in zip_longest(left, right, fillvalue="")]
    used = {row.mark for row in grade.yours}
    legend = [f"{_MARKS[m]} {m}" for m in ("ok", "late", "missed", "forbidden", "wrong", "unneeded") if m in used]
    return "\n".join([*lines, "", f"Minutes from the opening. {'  '.join(legend)}".rstrip()])


def _column(rows: Iterable[TimelineRow], width: int) -> list[str]:
    lines: list[str] = []
    for row in rows:
        first = f"{minute_text(row.minute):>6} {_MARKS.get(row.mark, ' ')} "
        lines += _wrap(row.text, first=first, rest=" " * len(first), width=width)
    return lines


def _foot(grade: Grade) -> str:
    lines = [f"Graded by the policy {grade.policy} ({grade.policy_digest[:12]}), seed {grade.seed}."]
    lines += [line for warning in grade.warnings for line in _wrap(warning, first="Note: ", rest="      ")]
    return "\n".join(lines)


def _wrap(text: str, *, first: str = "", rest: str = "", width: int = WIDTH) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    ) or [first.rstrip()]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
