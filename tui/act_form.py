"""The form of an act: its fields, a button and a key that do it, and what stands in the way if it cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import DescendantFocus
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Footer, Input, Select, TextArea

from grading import VERBS, ActOption, Field
from tui.panels import number
from tui.widgets import Ticks, Words

Attempt = Callable[[Mapping[str, Any]], str | None]
"""Does an act; returns in words why it cannot be done, ``None`` if it was done."""


_SMALL = 14
"""A form of at most so many rows is shown at its own height; a longer one takes all there is and scrolls."""


class ActForm(ModalScreen[dict[str, Any] | None]):
    """Fill in an act and do it. Closed without doing it, it returns what was filled in, so that nothing is lost."""

    CSS_PATH = "act_form.tcss"
    HELP = (
        "Tab and Shift+Tab go from field to field. In a list, Space ticks an entry. A field with ▼ opens with Enter; "
        "typing finds an entry. Ctrl+S, or the button, does the act; Escape goes back and keeps what you wrote.\n\n"
        "F3 puts the facts you found into the field you are writing in."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "Do it", id="form.submit", priority=True),
        Binding("f3", "facts", "Insert facts", id="form.facts", priority=True),
        Binding("escape", "back", "Back", id="form.back"),
        Binding("f1", "app.help", "Help", id="form.help", priority=True),
        Binding("tab", "app.focus_next", "Next field", id="form.next"),
    ]

    def __init__(
        self, option: ActOption, attempt: Attempt, *, facts: str = "", draft: Mapping[str, Any] | None = None
    ) -> None:
        """Show the fields of ``option``, filled from ``draft``; ``facts`` is what F3 inserts."""
        super().__init__()
        self._option = option
        self._attempt = attempt
        self._facts = facts
        self._draft = dict(draft or {})
        self._widgets: dict[tuple[str, str], Widget] = {}

    # -- laying out --------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Lay out a field below the other, then the buttons."""
        option = self._option
        cost = "" if option.verb == "wait" else f" · {number(option.minutes)} min"
        shown = [field for field in option.fields if _is_shown(field, option.verb)]
        with Vertical(id="form", classes="-small" if sum(map(_rows, shown)) <= _SMALL else ""):
            yield Words(Content.assemble((option.label, "bold"), cost), id="heading")
            with VerticalScroll(id="fields", can_focus=False):
                for field in shown:
                    yield from self._field(field)
            yield Words(id="problem")
            with Horizontal(id="buttons"):
                yield Button(Content(option.label), variant="primary", id="submit", compact=True)
                yield Button("Back", id="back", compact=True)
        yield Footer(show_command_palette=False)

    def _field(self, field: Field) -> Iterator[Widget]:
        needed = " (needed)" if field.required else ""
        given = self._draft.get(field.name)
        if field.kind == "form":
            parts = given if isinstance(given, dict) else {}
            yield Words(Content.styled(f"{field.label}: fill in what applies", "bold"), classes="label")
            for part in field.choices:
                yield Words(part.label[:1].upper() + part.label[1:], classes="label part")
                yield self._keep(field.name, part.value, _TextField(parts.get(part.value, ""), compact=True))
            return
        yield Words(Content.styled(field.label + needed, "bold"), classes="label")
        if field.kind == "choice":
            rows = [(_caption(c.label), c.value) for c in field.choices]
            value = given if given in {c.value for c in field.choices} else Select.NULL
            yield self._keep(field.name, "", _Choice(rows, prompt="choose", value=value, compact=True))
        elif field.kind == "choices" and field.choices:
            yield self._keep(field.name, "", Ticks([(c.value, c.label) for c in field.choices], given or ()))
        elif field.kind == "minutes":
            shown = number(given if given is not None else field.default or 5.0)
            yield self._keep(field.name, "", Input(shown, type="number", max_length=9, compact=True))
        elif field.kind == "choices" or _is_word(field, self._option.verb):
            shown = ", ".join(given) if isinstance(given, list) else str(given or "")
            yield self._keep(field.name, "", Input(shown, max_length=60, compact=True, placeholder="a few words"))
        else:
            yield self._keep(field.name, "", _TextField(str(given or ""), compact=True))

    def _keep(self, name: str, part: str, widget: Widget) -> Widget:
        self._widgets[name, part] = widget
        return widget

    def on_mount(self) -> None:
        """Begin in the first field."""
        first = next(iter(self._widgets.values()), None)
        (first or self.query_one("#submit")).focus()

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Focus a field without Textual's own scrolling, which would scroll its label away."""
        super().set_focus(widget, scroll_visible=False, from_app_focus=from_app_focus)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Keep the label above the field in hand in view."""
        fields = self.query_one("#fields", VerticalScroll)
        before: Widget | None = None
        for widget in fields.children:
            if widget is event.widget and before is not None:
                self.call_after_refresh(self._reveal, fields, before, widget)
            before = widget

    def _reveal(self, fields: VerticalScroll, label: Widget, widget: Widget) -> None:
        both = label.virtual_region.union(widget.virtual_region)
        fields.scroll_to_region(both, animate=False, immediate=True)

    # -- what stands in it -------------------------------------------------------------------------------------

    def values(self) -> dict[str, Any]:
        """Return what is filled in, by field, as a transcript line takes it. A number that is none stays text."""
        found: dict[str, Any] = {}
        for field in self._option.fields:
            if field.kind == "form":
                parts = {part.value: self._text(field.name, part.value) for part in field.choices}
                found[field.name] = {name: text for name, text in parts.items() if text.strip()}
            elif (field.name, "") in self._widgets:
                found[field.name] = self._value(field)
        return {name: value for name, value in found.items() if value not in (None, "", [], {})}

    def _value(self, field: Field) -> Any:
        widget = self._widgets[field.name, ""]
        if isinstance(widget, Select):
            return None if widget.is_blank() else widget.value
        if isinstance(widget, Ticks):
            return widget.ticked
        text = self._text(field.name, "").strip()
        if field.kind == "minutes":
            try:
                return float(text)
            except ValueError:
                return text
        if field.kind == "choices":
            return [word.strip() for word in text.split(",") if word.strip()]
        return text

    def _text(self, name: str, part: str) -> str:
        widget = self._widgets[name, part]
        return widget.text if isinstance(widget, TextArea) else widget.value if isinstance(widget, Input) else ""

    # -- doing -------------------------------------------------------------------------------------------------

    def action_submit(self) -> None:
        """Do the act, or say what is missing and go there."""
        values = self.values()
        for field in self._option.fields:
            if field.required and field.kind != "fixed" and field.name not in values:
                self._refuse(f"“{field.label}” is needed.", field.name)
                return
            if field.kind == "minutes" and isinstance(values.get(field.name), str):
                self._refuse("Minutes are a number, such as 10 or 2.5.", field.name)
                return
        problem = self._attempt(self._option.line(**values))
        if problem is None:
            self.dismiss(None)
        else:
            self._refuse(f"Not possible: {problem}", "")

    def _refuse(self, words: str, field: str) -> None:
        self.query_one("#problem", Words).update(Content.styled(f"✗ {words}", "bold $error"))
        widget = self._widgets.get((field, ""))
        if widget is not None:
            widget.focus()

    def action_facts(self) -> None:
        """Put the facts found into the text in hand."""
        area = self.focused
        if not isinstance(area, TextArea):
            self._refuse("Go to a text field first; F3 puts the facts you found into it.", "")
        elif not self._facts:
            self._refuse("You have not found out anything yet.", "")
        else:
            area.insert(self._facts)

    def action_back(self) -> None:
        """Close the form; what was filled in is kept for the next time."""
        self.dismiss(self.values())

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        event.stop()
        if event.button.id == "submit":
            self.action_submit()
        else:
            self.action_back()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a line does the act."""
        event.stop()
        self.action_submit()


class _TextField(TextArea):
    HELP = "Write freely; what you write is kept as it is. Tab leaves the field."


class _Choice(Select[str]):
    HELP = "Enter opens the list; typing finds an entry; Enter takes it."


def _caption(label: str) -> Text:
    """Return how a choice is shown, as text that nobody reads as markup."""
    return Text(label[:1].upper() + label[1:])


def _rows(field: Field) -> int:
    """Return about how many rows a field takes."""
    match field.kind:
        case "choices":
            return 2 + min(8, len(field.choices))
        case "form":
            return 1 + 4 * len(field.choices)
        case "text":
            return 5
    return 3


def _is_word(field: Field, verb: str) -> bool:
    return any(spec.name == field.name and spec.kind == "word" for spec in VERBS[verb].fields)


def _is_shown(field: Field, verb: str) -> bool:
    """Return whether there is anything to fill in; a name for which the policy has no words is left out."""
    if field.kind == "fixed" or (field.kind == "choices" and not field.choices and not field.required):
        return False
    if field.kind == "form":
        return bool(field.choices)
    return field.kind != "text" or field.required or not _is_word(field, verb) or field.name == "reason"
