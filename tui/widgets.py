"""Small widgets that several screens share: a menu and a reading pane that also obey j and k, and plain text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option


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


class Ticks(Menu):
    """A list in which any number of entries can be ticked: ``[x]`` is ticked, ``[ ]`` is not."""

    HELP = "Space (or Enter) ticks an entry, up and down (or k and j) move."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "select", "Tick", id="ticks.tick")]

    def __init__(self, entries: Iterable[tuple[str, str]], ticked: Iterable[str] = ()) -> None:
        """List ``entries`` (value, label), those in ``ticked`` ticked."""
        super().__init__()
        self._entries = tuple(entries)
        self._ticked = set(ticked)

    @property
    def ticked(self) -> list[str]:
        """The values that are ticked, in the order of the list."""
        return [value for value, _ in self._entries if value in self._ticked]

    def on_mount(self) -> None:
        """Fill the list."""
        self.add_options([Option(self._line(value, label)) for value, label in self._entries])
        self.highlighted = 0 if self._entries else None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Tick an entry, or take its tick away."""
        event.stop()
        value, label = self._entries[event.option_index]
        self._ticked ^= {value}
        self.replace_option_prompt_at_index(event.option_index, self._line(value, label))

    def _line(self, value: str, label: str) -> Content:
        return Content(f"[{'x' if value in self._ticked else ' '}] {label}")


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

    _newest: Widget | None = None

    def go_to(self, widget: Widget) -> None:
        """Scroll to a widget that was just mounted, once it is laid out (a hidden pane: once it is shown)."""
        self._newest = widget

    def watch_virtual_size(self) -> None:
        """Scroll to what is new: the text has grown."""
        if self._newest is not None:
            self.call_after_refresh(self._go)

    def _go(self) -> None:
        if self._newest is not None and self._newest.virtual_region.size:
            self.scroll_to_widget(self._newest, top=True, animate=False)
            self._newest = None


class Words(Static):
    """Text as it is: what stands in a ticket or was typed by somebody is never read as markup."""

    def __init__(self, content: Content | str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        """Show ``content``."""
        super().__init__(content, id=id, classes=classes, markup=False)
