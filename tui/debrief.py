"""The debrief: the score, what went wrong and what went well, each with its rule, and your course by the reference."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from grading import PASS_MARK, Finding, Grade, debrief_text
from grading.debrief import advice
from tui.attempts import keep_debrief
from tui.messages import HomeWanted, ScenarioChosen
from tui.panels import number
from tui.widgets import Pane, Words

_GROUPS = {
    "forbidden": ("! What the procedure forbids", "$error"),
    "wrong": ("x What went somewhere else than it should", "$error"),
    "missed": ("- What was owed and not done", "$error"),
    "late": ("~ What was done late", "$warning"),
    "unneeded": ("? What nobody needed", "$warning"),
    "met": ("+ What you did as the procedure asks", "$success"),
}
_MARKS = {"ok": "+", "late": "~", "missed": "-", "forbidden": "!", "wrong": "x", "unneeded": "?"}
_STYLES = {"ok": "$success", "late": "$warning", "unneeded": "$warning"}
_BAR = 20


class DebriefScreen(Screen[None]):
    """What the procedure makes of a drill."""

    CSS_PATH = "debrief.tcss"
    HELP = (
        "The score is out of 100; you need 80 and no critical error to pass. Each line below says what was owed or "
        "forbidden, when, and what you did, with the rule and its place in the procedure.\n\n"
        "The signs: + as asked, ~ late, - missed, ! forbidden, x wrong, ? unneeded.\n\n"
        "1, 2 and 3 go to the summary, the findings and the two courses. y writes all of it to a text file."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "section('summary')", "Summary", id="debrief.summary"),
        Binding("2", "section('findings')", "Findings", id="debrief.findings"),
        Binding("3", "section('courses')", "Courses", id="debrief.courses"),
        Binding("a", "again", "Try again", id="debrief.again"),
        Binding("y", "export", "Save as text", id="debrief.export"),
        Binding("escape,h", "home", "Home", key_display="esc", id="debrief.home"),
    ]

    def __init__(self, grade: Grade, home: Path, transcript: Path | None = None) -> None:
        """Show ``grade``; its text is written below ``home``, named like ``transcript``."""
        super().__init__()
        self._grade = grade
        self._home = home
        self._transcript = transcript

    def compose(self) -> ComposeResult:
        """Lay out one long page: summary, findings, courses."""
        grade = self._grade
        with Pane(id="page"):
            yield Words(_head(grade), id="summary")
            yield Words(_dimensions(grade), classes="block")
            yield Words(_advice(grade), classes="block")
            yield Words(Content.styled("── Findings ──", "bold"), id="findings", classes="block")
            for verdict, (heading, style) in _GROUPS.items():
                found = [f for f in grade.findings if f.verdict == verdict]
                if found:
                    yield Words(Content.styled(heading, f"bold {style}"), classes="block")
                    yield Grid(*_findings(found), classes="findings")
            yield Words(Content.styled("── Your course beside the reference ──", "bold"), id="courses", classes="block")
            yield Grid(*_courses(grade), id="timelines")
            yield Words(_foot(grade), classes="block")
        yield Words(id="status")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Take the keyboard to the page."""
        self.query_one(Pane).focus()

    def action_section(self, name: str) -> None:
        """Scroll to a section."""
        self.query_one(Pane).scroll_to_widget(self.query_one(f"#{name}"), top=True, animate=False)

    def action_again(self) -> None:
        """Play the scenario once more, with other chances."""
        self.post_message(ScenarioChosen(self._grade.scenario))

    def action_home(self) -> None:
        """Go home."""
        self.post_message(HomeWanted())

    def action_export(self) -> None:
        """Write the debrief to a text file, copy it where the terminal allows that, and say where it is."""
        text = debrief_text(self._grade)
        try:
            path = keep_debrief(self._home, self._transcript, text)
        except OSError as error:
            self._tell(f"✗ Not saved: {error.strerror or error}")
            return
        self.app.copy_to_clipboard(text)
        self._tell(f"Copied, if your terminal allows it, and saved as {path}")

    def _tell(self, words: str) -> None:
        status = self.query_one("#status", Words)
        status.update(words)
        status.display = True


def _head(grade: Grade) -> Content:
    verdict = ("✓ PASSED", "bold $success") if grade.passed else ("✗ NOT PASSED", "bold $error")
    parts: list[str | tuple[str, str]] = [
        (f"{grade.title}\n", "bold"),
        ("Score ", "bold"), (f"{grade.score:.1f} of 100   ", "bold"), verdict,
        (f"   ({PASS_MARK:g} and no critical error pass)", "$text-muted"),
    ]  # fmt: skip
    if grade.critical:
        parts += ["\n", (f"! Critical: {', '.join(grade.critical)}. ", "bold $error")]
    if grade.raw > grade.score:
        parts.append(f"\nThe points alone would make {grade.raw:.1f}; the score is held at {grade.cap:g}.")
    return Content.assemble(*parts)


def _dimensions(grade: Grade) -> Content:
    lines = []
    for name, one in grade.dimensions.items():
        filled = round(one.score / 100 * _BAR)
        bar = f"[{'#' * filled}{'.' * (_BAR - filled)}]"
        style = "$success" if one.score >= PASS_MARK else "$warning"
        lines.append(
            Content.assemble(f"{name:<14} {one.score:4.0f} ", (bar, style), f"  weight {one.weight * 100:3.0f} %")
        )
    return Content("\n").join(lines)


def _advice(grade: Grade) -> Content:
    said = advice(grade)
    if not said:
        return Content("Nothing to do differently: every duty was kept, in time, and nothing was done in vain.")
    lines = [Content.assemble(f"{place}. ", one) for place, one in enumerate(said, start=1)]
    return Content("\n").join([Content.styled("What to do differently next time", "bold"), *lines])


def _findings(found: Iterable[Finding]) -> Iterable[Widget]:
    """Return for each finding its points and its words: what happened, what the procedure says, where."""
    for finding in found:
        yield Words(Content.styled(f"{finding.points:+.1f}" if finding.points else "0", "bold"), classes="points")
        parts: list[str | tuple[str, str]] = [finding.message]
        if finding.critical and finding.verdict != "met":
            parts.append((" critical", "bold $error"))
        if finding.says:
            parts += ["\n", (f"“{finding.says.strip()}”", "italic")]
        cited = finding.rule + (f" · {finding.source}" if finding.source else "")
        if cited:
            parts += ["\n", (cited, "$text-muted")]
        yield Words(Content.assemble(*parts))


def _courses(grade: Grade) -> Iterable[Widget]:
    """Return the two courses side by side, a row each: minute and mark, then what was done."""
    for head in ("", "You", "", "The reference"):
        yield Words(Content.styled(head, "bold underline"))
    for mine, reference in zip_longest(grade.yours, grade.reference):
        for row in (mine, reference):
            if row is None:
                yield from (Words(), Words())
                continue
            mark, style = _MARKS.get(row.mark, " "), _STYLES.get(row.mark, "$error")
            yield Words(Content.assemble(f"{number(row.minute):>5} ", (mark, f"bold {style}")))
            yield Words(row.text)


def _foot(grade: Grade) -> Content:
    lines = [f"Minutes count from the opening. Policy {grade.policy} ({grade.policy_digest[:12]}), seed {grade.seed}."]
    return Content("\n".join([*lines, *(f"Note: {warning}" for warning in grade.warnings)]))
