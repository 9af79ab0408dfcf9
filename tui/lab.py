"""The lab: change who works and when a ticket moves on, run the month, and see it beside the one you know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, DataTable, Footer, Input
from textual.worker import get_current_worker

from policy import load_policy
from policy.errors import DeskDrillError
from simulator import SimulationResult, load_desk
from tui.messages import HomeWanted, MonthsCancelled, MonthsDone, MonthsFailed, MonthsReady
from tui.whatif import DESK, Baseline, Knob, bar, knobs, rows, run_months
from tui.widgets import Words

MONTHS = 40
_COLUMNS = (("Figure", 21), ("January", 8), ("Now", 9), ("Changed", 9), ("Difference", 17))
_PADDING = 2
_LEAST_BAR = 8


class LabScreen(Screen[None]):
    """A manager's what-if."""

    CSS_PATH = "lab.tcss"
    HELP = (
        "Each figure is the mean of so many simulated months. “Now” is the desk and the procedure as they are, "
        "“Changed” is with your changes; both meet the same tickets with the same luck, so a difference is your "
        "change's doing. “± …” is its 95 % interval; ▲ and ▼ mark a difference that is surely not nothing, · one that "
        "may be. "
        "January is what the report of January 2025 says.\n\n"
        "Times are written 30m, 1.5h or 2d. Up and down change a number of people. Enter, Ctrl+R or the button run "
        "the months; more months make the intervals narrower. Escape calls a run off, or goes home."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "run", "Run", id="lab.run", priority=True),
        Binding("f4", "reset", "Reset", id="lab.reset"),
        Binding("escape", "back", "Cancel/Home", id="lab.back"),
    ]

    def __init__(self, ref: str, policy_sets: Mapping[str, str], desk_sets: Mapping[str, str]) -> None:
        """Start from a policy and the January desk, with the changes the app was opened with."""
        super().__init__()
        self._start = (ref, dict(policy_sets), dict(desk_sets))
        self._knobs: tuple[Knob, ...] = ()
        self._baseline: Baseline | None = None
        self._shown: tuple[SimulationResult, SimulationResult] | None = None
        self._running = False
        self._failed = ""

    def compose(self) -> ComposeResult:
        """Lay out what can be changed above (or beside) the figures."""
        try:
            ref, policy_sets, desk_sets = self._start
            self._knobs = knobs(load_policy(ref, policy_sets), load_desk(DESK, desk_sets))
        except DeskDrillError as error:
            self._failed = str(error)
        yield Words(Content.styled("The lab: a month at the desk", "bold"), id="title")
        with Container(id="lab"):
            with Vertical(id="side"):
                with Container(id="knobs"):
                    for index, knob in enumerate(self._knobs):
                        yield from _knob(f"knob-{index}", knob.label, knob.value, number=knob.people)
                    yield from _knob("months", "Months to run", str(MONTHS), number=True)
                with Horizontal(id="buttons"):
                    yield Button("Run the months", variant="primary", id="run", compact=True)
                    yield Button("Reset", id="reset", compact=True)
            with Vertical(id="outcome"):
                yield Words(id="status")
                yield _Figures(id="figures", cursor_type="row", zebra_stripes=True)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Run the desk as it is, so that there is something to compare with."""
        self.query_one("#knobs Input", Input).focus()
        if self._failed:
            self._say(f"✗ {self._failed}", "bold $error")
        else:
            self.action_run()

    def on_resize(self) -> None:
        """Lay the table out anew: the bars need room."""
        if self._shown is not None:
            self.call_after_refresh(self._show, *self._shown)

    # -- running -----------------------------------------------------------------------------------------------

    def changes(self) -> dict[str, str]:
        """Return what differs from the desk and the procedure as they are, by path."""
        written = {k.path: (self.query_one(f"#knob-{i}", Input).value.strip(), k) for i, k in enumerate(self._knobs)}
        return {path: value for path, (value, knob) in written.items() if value != knob.value}

    def action_run(self) -> None:
        """Simulate the months, in place of a run that is still on its way."""
        if self._failed:
            return
        count = self.query_one("#months", Input).value.strip()
        if not count.isdecimal():
            self._say("✗ Months: expected a whole number, such as 40.", "bold $error")
            return
        self._running = True
        self._say("Starting… esc cancels.")
        self._simulate(self.changes(), int(count[:9]), self._baseline)

    @work(thread=True, exclusive=True, group="lab", exit_on_error=False)
    def _simulate(self, changes: Mapping[str, str], months: int, baseline: Baseline | None) -> None:
        """Run both months (thread). Everything leaves as a message; a cancelled run stops at the next progress."""
        worker = get_current_worker()

        def progress(done: int, total: int) -> None:
            if worker.is_cancelled:
                raise _Cancelled
            self.post_message(MonthsDone(done, total))

        try:
            before, after = run_months(*self._start, changes, months, baseline=baseline, progress=progress)
            old = {knob.path: knob for knob in self._knobs}
            what = ", ".join(f"{old[path].label} {old[path].value} → {value}" for path, value in changes.items())
        except _Cancelled:
            return
        except DeskDrillError as error:
            reason = str(error)
        except Exception as error:  # a defect of ours: the manager still gets a line and keeps the lab
            reason = f"something went wrong inside: {type(error).__name__}: {error}"
        else:
            if not worker.is_cancelled:
                self.post_message(MonthsReady(before, after, what))
            return
        if not worker.is_cancelled:
            self.post_message(MonthsFailed(reason))

    def on_months_done(self, event: MonthsDone) -> None:
        """Show how far the run has come."""
        event.stop()
        if self._running:
            filled = round(20 * event.done / event.total)
            self._say(f"[{'#' * filled}{'.' * (20 - filled)}] {event.done} of {event.total} months · esc cancels")

    def on_months_ready(self, event: MonthsReady) -> None:
        """Show the figures."""
        event.stop()
        self._running = False
        self._baseline = event.baseline
        self._shown = (event.baseline.result, event.changed)
        self._show(*self._shown)
        months = event.changed.replications
        if event.changed is event.baseline.result:
            self._say(f"The desk as it is, mean of {months} months. Change something and run again.")
        else:
            self._say(f"{event.what}. Mean of {months} months each, with the same tickets and the same luck.")

    def on_months_failed(self, event: MonthsFailed) -> None:
        """Say what stands in the way."""
        event.stop()
        self._running = False
        self._say(f"✗ {event.reason.removeprefix('--set ')}", "bold $error")

    def on_months_cancelled(self, event: MonthsCancelled) -> None:
        """Say that the run was called off."""
        event.stop()
        self._say("Called off. The figures below are those of the last run.")

    # -- showing -----------------------------------------------------------------------------------------------

    def _show(self, before: SimulationResult, after: SimulationResult) -> None:
        table = self.query_one("#figures", DataTable)
        at = table.cursor_row
        table.clear(columns=True)
        for head, width in _COLUMNS:
            table.add_column(Text(head, justify="left" if head == "Figure" else "right"), width=width)
        # A bar only where all else has its room (one column is the scroll bar's).
        room = self.query_one("#outcome").content_size.width - 1
        length = min(30, room - sum(width + _PADDING for _, width in _COLUMNS) - _PADDING)
        bars = length >= _LEAST_BAR and after is not before
        if bars:
            table.add_column(Text("now | new #"[:length]), width=length)
        for row in rows(before, after):
            style = "" if row.sign in ("", "·") else "bold"
            cells = [Text(row.label)]
            cells += [Text(text, justify="right") for text in (row.reference, row.now, row.changed)]
            cells.append(Text(f"{row.difference} {row.sign}".strip(), style=style, justify="right"))
            if bars:
                cells.append(Text(bar(row, length)))
            table.add_row(*cells, key=row.name)
        table.move_cursor(row=min(at, table.row_count - 1), animate=False)

    def _say(self, words: str, style: str = "") -> None:
        self.query_one("#status", Words).update(Content.styled(words, style))

    # -- keys --------------------------------------------------------------------------------------------------

    def action_reset(self) -> None:
        """Set everything back to the desk and the procedure as they are."""
        for index, knob in enumerate(self._knobs):
            self.query_one(f"#knob-{index}", Input).value = knob.value
        self.query_one("#months", Input).value = str(MONTHS)
        self._say("Set back. Run to see the desk as it is.")

    def action_back(self) -> None:
        """Call off a run; without one, go home."""
        if self._running:
            self._running = False
            self.workers.cancel_group(self, "lab")
            self.post_message(MonthsCancelled())
        else:
            self.post_message(HomeWanted())

    def on_unmount(self) -> None:
        """Let no run outlive the lab."""
        self.workers.cancel_group(self, "lab")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        event.stop()
        if event.button.id == "run":
            self.action_run()
        else:
            self.action_reset()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Mark what differs from the desk and the procedure as they are."""
        event.stop()
        for index, knob in enumerate(self._knobs):
            if event.input.id == f"knob-{index}" and event.input.parent is not None:
                changed = event.value.strip() != knob.value
                label = Content.styled(f"* {knob.label}", "bold") if changed else Content(knob.label)
                event.input.parent.query_one(".label", Words).update(label)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field runs."""
        event.stop()
        self.action_run()


class _Cancelled(Exception):
    """The run was called off."""


class _Figures(DataTable[Text]):
    """The month's figures."""

    HELP = "Up and down (or k and j) go through the figures."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="figures.down"),
        Binding("k", "cursor_up", "Up", show=False, id="figures.up"),
    ]


class _Number(Input):
    """A whole number that up and down change."""

    HELP = "Type a number, or change it with up and down. Enter runs."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(1)", "One more", show=False, id="number.up"),
        Binding("down", "step(-1)", "One less", show=False, id="number.down"),
    ]

    def action_step(self, by: int) -> None:
        """Change the number."""
        if self.value.strip().isdecimal():
            self.value = str(max(0, int(self.value) + by))


class _Time(Input):
    HELP = "A length of time: 30m, 1.5h, 2d, or 3bd for business days. Enter runs."


def _knob(id_: str, label: str, value: str, *, number: bool) -> Iterator[Widget]:
    # What cannot be part of a number, or of a length of time (30m, 1.5h, 3bd), cannot be typed.
    kind, legal = (_Number, r"[0-9]*") if number else (_Time, r"[0-9]*\.?[0-9]*\s*[a-z]{0,3}")
    field = kind(value, id=id_, compact=True, max_length=12, restrict=legal)
    yield Horizontal(Words(label, classes="label"), field, classes="knob")
