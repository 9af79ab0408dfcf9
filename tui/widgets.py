"""Small widgets that several screens share: a menu and a reading pane that also obey j and k, and plain text."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static


class Menu(OptionList):
    """A list to choose from. Nothing in it is read as markup."""

    HELP = "Up and down (or k and j) move, Enter chooses, Home and End (or g and G) go to the ends."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="menu.down"),
        Binding("k", "cursor_up", "Up", show=False, id="menu.up"),
        Binding("g", "first", "First", show=False, id="menu.first"),
        Binding("G", "last", "Last", show=False, id="menu.last"),
        Binding("enter", "select", "Choose", id="menu.choose"),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  (Textual's name)
        """Make an empty menu."""
        super().__init__(id=id, classes=classes, markup=False)


class Pane(VerticalScroll):
    """A text that scrolls, by its arrows, by j and k, and by pages."""

    HELP = "Up and down (or k and j) scroll, Page Up and Page Down (or Space) go by pages, g and G to the ends."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False, id="pane.down"),
        Binding("k", "scroll_up", "Up", show=False, id="pane.up"),
        Binding("space", "page_down", "Next page", show=False, id="pane.page"),
        Binding("g", "scroll_home", "Top", show=False, id="pane.top"),
        Binding("G", "scroll_end", "End", show=False, id="pane.end"),
    ]


class Words(Static):
    """Text as it is: what stands in a ticket or was typed by somebody is never read as markup."""

    def __init__(self, content: Content | str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        """Show ``content``."""
        super().__init__(content, id=id, classes=classes, markup=False)
