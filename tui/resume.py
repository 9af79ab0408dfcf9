"""Small questions: whether to go on with a drill, and whether to end one."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList
from textual.widgets.option_list import Option

from tui.panels import number
from tui.widgets import Menu, Words


class _Question(ModalScreen[bool | None]):
    """A question with a yes and a no, answered from a short menu; Escape answers nothing."""

    CSS_PATH = "resume.tcss"
    HELP = "Choose with the arrows and Enter. Escape goes back; nothing happens then."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="question.back"),
    ]
    title_text = ""
    words: str | Content = ""
    answers: tuple[tuple[bool, str, str], ...] = ((True, "Yes", ""), (False, "No", ""))

    def compose(self) -> ComposeResult:
        """Lay out the question above its answers."""
        with Vertical(id="question"):
            yield Words(Content.styled(self.title_text, "bold"))
            yield Words(self.words, id="words")
            yield Menu(id="answers")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Fill the menu."""
        menu = self.query_one(Menu)
        for value, label, more in self.answers:
            menu.add_option(Option(Content.assemble((label, "bold"), f"  {more}"), id=str(value)))
        menu.highlighted = 0
        menu.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer."""
        event.stop()
        self.dismiss(event.option.id == str(True))

    def action_back(self) -> None:
        """Answer nothing."""
        self.dismiss(None)


class ResumeQuestion(_Question):
    """Whether to go on with an attempt (true) or to begin afresh (false)."""

    answers = (
        (True, "Go on", "where you left it"),
        (False, "Begin afresh", "the earlier attempt is kept in your folder"),
    )

    def __init__(self, title: str, acts: int, minute: float) -> None:
        """Ask about an attempt with so many acts, which goes on at ``minute``."""
        super().__init__()
        self.title_text = title
        self.words = f"You left this drill after {acts} act{'s' if acts > 1 else ''}, at minute {number(minute)}."


class FinishQuestion(_Question):
    """Whether to end the drill and have it graded (true) or to go on (false)."""

    answers = ((False, "Go on with the drill", ""), (True, "End it and read the debrief", ""))

    def __init__(self, minute: float, horizon: float) -> None:
        """Ask at ``minute`` of a drill that lasts until ``horizon``."""
        super().__init__()
        self.title_text = "Have you done all you would do?"
        self.words = (
            f"It is minute {number(minute)} of {number(horizon)}. If you end the drill now, the rest of the time "
            "passes without you: what is still owed by then counts as missed. An ended drill cannot be resumed."
        )
