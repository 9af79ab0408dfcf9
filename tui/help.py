"""Help: what the screen and the widget in hand say of themselves, and the keys that work there."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer

from tui.widgets import Pane, Words


class HelpScreen(ModalScreen[None]):
    """A page about the screen beneath it."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "back", "Back", key_display="esc", id="help.back"),
    ]

    def __init__(self, text: Content) -> None:
        """Show ``text``."""
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Lay out the page."""
        with Pane(id="help"):
            yield Words(self._text)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Take the keyboard to the page, so that it scrolls."""
        self.query_one(Pane).focus()

    def action_back(self) -> None:
        """Close the page."""
        self.dismiss(None)


def help_text(app: App[Any], screen: Screen[Any]) -> Content:
    """Return the help of ``screen`` as it stands: its own text, that of the widget in hand, and the live keys."""
    parts: list[str | Content | tuple[str, str]] = [("Help\n\n", "bold")]
    about = str(getattr(screen, "HELP", None) or "")
    if about:
        parts += [about, "\n\n"]
    widget = screen.focused
    hint = "" if widget is None else str(getattr(widget, "HELP", None) or "")
    if hint:
        parts += [("Here\n", "bold"), hint, "\n\n"]
    parts.append(("Keys\n", "bold"))
    keys: dict[str, list[str]] = {}
    for active in screen.active_bindings.values():
        # What the widget in hand does with its keys its own help has said above.
        if active.enabled and active.binding.id is not None and active.node in (screen, app):
            names = keys.setdefault(active.binding.description, [])
            if (shown := app.get_key_display(active.binding)) not in names:
                names.append(shown)
    for description, names in keys.items():
        parts += [(f"  {', '.join(names):<18} ", "bold"), f"{description}\n"]
    parts += [
        ("  tab, shift+tab     ", "bold"), "Next or previous part of the screen\n",
        ("  ^p                 ", "bold"), "More commands, and colour themes\n\n",
        "Colours only repeat what the words and signs say; NO_COLOR=1 turns them off. ",
        "Everything here can be done on the command line too: deskdrill --help.",
    ]  # fmt: skip
    return Content.assemble(*parts)
