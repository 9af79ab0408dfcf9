"""The app itself: it holds what all screens need and decides which screen comes next. Nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from policy import Policy, Rulebook, load_policy
from policy.errors import DeskDrillError
from scenarios import load_scenario
from tui.attempts import data_home
from tui.debrief import DebriefScreen
from tui.drill import DrillScreen
from tui.help import HelpScreen, help_text
from tui.home import HomeScreen
from tui.lab import LabScreen
from tui.messages import DrillGraded, HomeWanted, LabChosen, ScenarioChosen
from tui.session import Session


class DeskDrillApp(App[int]):
    """Home, drills, debriefs and the lab, under one policy."""

    TITLE = "DeskDrill"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    # Textual declares these as instance variables; they are read from the class.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (34, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        # Where a field takes what is typed, the footer shows the second key of each.
        Binding("question_mark", "help", "Help", key_display="?", id="app.help"),
        Binding("f1", "help", "Help", id="app.help2"),
        Binding("q", "quit", "Quit", id="app.quit"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit2"),
    ]

    def __init__(
        self, policy_ref: str = "secureai", sets: Mapping[str, str] | None = None, *, home: Path | None = None
    ) -> None:
        """Open under a policy (name or file) with ``--set`` changes (``policy.…`` and ``desk.…``).

        Raises:
            InputError: the policy cannot be used as named or changed.
        """
        super().__init__()
        self._ref = policy_ref
        self._policy_sets, self._desk_sets = split_sets(sets or {})
        self.policy: Policy = load_policy(policy_ref, self._policy_sets)
        self._rulebook = Rulebook(self.policy)
        self._home = data_home() if home is None else home

    def on_mount(self) -> None:
        """Begin at home."""
        self.push_screen(HomeScreen(self.policy, self._home))

    def on_scenario_chosen(self, event: ScenarioChosen) -> None:
        """Open a drill, new or resumed."""
        try:
            scenario = load_scenario(event.scenario)
            if event.resume is None:
                session = Session.start(scenario, self._rulebook, self._home)
            else:
                session = Session.resume(event.resume, scenario, self._rulebook)
        except DeskDrillError as error:
            self.notify(str(error), title="This drill cannot be opened", severity="error", timeout=15, markup=False)
            return
        self._go(DrillScreen(session))

    def on_drill_graded(self, event: DrillGraded) -> None:
        """Show the debrief in place of the drill."""
        self._go(DebriefScreen(event.grade, self._home, event.transcript))

    def on_lab_chosen(self, event: LabChosen) -> None:
        """Open the lab."""
        self._go(LabScreen(self._ref, self._policy_sets, self._desk_sets))

    def on_home_wanted(self, event: HomeWanted) -> None:
        """Go home."""
        self._go(None)

    def _go(self, screen: Screen[None] | None) -> None:
        """Show ``screen`` above home, in place of whatever is there (``None``: only home)."""
        above = not isinstance(self.screen, HomeScreen)
        if screen is None:
            if above:
                self.pop_screen()
        elif above:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    async def action_help(self) -> None:
        """Show the help of the screen at hand."""
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(help_text(self, self.screen)))

    async def action_quit(self) -> None:
        """Leave; what was done is on the disk already."""
        self.exit(0)


def split_sets(sets: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the changes to the policy and those to the desk, without their prefixes; without one it is a policy's."""
    policy: dict[str, str] = {}
    desk: dict[str, str] = {}
    for path, value in sets.items():
        if path.startswith("desk."):
            desk[path.removeprefix("desk.")] = value
        else:
            policy[path.removeprefix("policy.")] = value
    return policy, desk
