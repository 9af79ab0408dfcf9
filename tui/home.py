"""The home screen: what this is, the scenarios with how they went, and the way into the lab."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList
from textual.widgets.option_list import Option

from policy import Policy
from scenarios import ScenarioInfo, list_scenarios, load_scenario
from tui.attempts import PastAttempt, goes_on_at, open_attempt, past_attempts
from tui.messages import LabChosen, ScenarioChosen
from tui.panels import number
from tui.resume import ResumeQuestion
from tui.widgets import Menu, Words

_WELCOME = (
    "Practise escalating support tickets before it counts, and try out a desk before you change it. "
    "Every verdict and every figure comes from one written procedure: "
)
_LAB = "the-lab"


class HomeScreen(Screen[None]):
    """Where the app begins."""

    CSS_PATH = "home.tcss"
    HELP = (
        "A drill puts you in one seat with one ticket. Time passes only by what you do and by waiting; look things "
        "up, talk to the customer, decide whose ticket it is. Afterwards you read what the procedure makes of it.\n\n"
        "The lab is for whoever plans the desk: change staff and timers, and see what a month would look like.\n\n"
        "A drill that you leave is kept; choose it again to go on where you were."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "lab", "Lab", id="home.lab"),
    ]

    def __init__(self, policy: Policy, home: Path) -> None:
        """Show what can be practised under ``policy``, and what ``home`` keeps of earlier attempts."""
        super().__init__()
        self._policy = policy
        self._home = home
        self._scenarios = {info.id: info for info in list_scenarios()}
        self._attempts: dict[str, tuple[PastAttempt, ...]] = {}

    def compose(self) -> ComposeResult:
        """Lay out the welcome above the menu."""
        yield Words("DeskDrill", id="name")
        title = f"{self._policy.doc.organisation}, {self._policy.doc.title}"
        yield Words(Content.assemble(_WELCOME, (title, "bold"), "."), id="welcome")
        yield Menu(id="choices")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Fill the menu and take the keyboard there."""
        self._fill()
        self.query_one(Menu).focus()

    def on_screen_resume(self) -> None:
        """Tell what has changed while another screen was shown."""
        if self.is_mounted:
            self._fill()

    def _fill(self) -> None:
        menu = self.query_one(Menu)
        at = menu.highlighted or 0
        self._attempts = {name: past_attempts(self._home, name) for name in self._scenarios}
        menu.clear_options()
        for info in self._scenarios.values():
            menu.add_options([Option(self._line(info), id=info.id), None])
        lab = Content.assemble(
            ("The lab: a month at the desk\n", "bold"),
            "Change how many people there are and when a ticket moves on; see a month beside the one you know.",
        )
        menu.add_option(Option(lab, id=_LAB))
        menu.highlighted = min(at, menu.option_count - 1)

    def _line(self, info: ScenarioInfo) -> Content:
        seat = self._policy.label(info.seat)
        how = self._history(info.id)
        return Content.assemble(
            (info.title, "bold"),
            (f"\n{info.level} · {seat} · {number(info.minutes)} min · ", "$text-muted"),
            how,
            f"\n{info.about.strip()}",
        )

    def _history(self, name: str) -> Content:
        """Return in a line how earlier attempts at a scenario went and whether one is open."""
        attempts = self._attempts[name]
        scored = [attempt for attempt in attempts if attempt.score is not None]
        parts: list[str | tuple[str, str]] = []
        begun = open_attempt(attempts, self._policy.digest)
        if begun is not None:
            minute = goes_on_at(begun, load_scenario(name))
            parts.append((f"▶ go on at minute {number(minute)} ", "bold $warning"))
        if scored:
            best, last = max(a.score or 0.0 for a in scored), scored[-1]
            mark = "✓ passed" if any(a.passed for a in scored) else "✗ not passed yet"
            parts.append(f"{mark}, best {best:.0f}, last {last.score:.0f} of 100")
        elif begun is None:
            parts.append(("not tried yet", "$text-muted"))
        return Content.assemble(*parts)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Go where the menu points; ask first where an attempt is still open."""
        event.stop()
        name = event.option.id or ""
        if name == _LAB:
            self.action_lab()
            return
        begun = open_attempt(self._attempts[name], self._policy.digest)
        if begun is None:
            self.post_message(ScenarioChosen(name))
            return

        def answered(resume: bool | None) -> None:
            if resume is not None:
                self.post_message(ScenarioChosen(name, begun.path if resume else None))

        minute = goes_on_at(begun, load_scenario(name))
        self.app.push_screen(ResumeQuestion(self._scenarios[name].title, begun.acts, minute), answered)

    def action_lab(self) -> None:
        """Go to the lab."""
        self.post_message(LabChosen())
