"""The drill: one ticket, its clocks, what was said and found out, and the menu of what can be done now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList
from textual.widgets.option_list import Option

from grading import ActError, ActOption
from policy.errors import DeskDrillError
from tui.act_form import ActForm
from tui.messages import DrillGraded, GradingFailed, HomeWanted
from tui.panels import (
    clocks_text,
    fact_text,
    facts_plain,
    is_form,
    message_text,
    option_text,
    outcome_text,
    ticket_text,
    time_text,
)
from tui.resume import FinishQuestion
from tui.session import Outcome, Session
from tui.widgets import Menu, Pane, Words


class DrillScreen(Screen[None]):
    """One trainee, one ticket. Everything that changes the drill goes through its ``Session``."""

    CSS_PATH = "drill.tcss"
    HELP = (
        "You hold this ticket in the seat named at the top. Choose what to do; the minutes beside an act, [2m], pass "
        "when you do it, and colleagues, customers and clocks move on meanwhile. Nothing here tells you whether an act "
        "is right: the debrief does, with the rule it rests on.\n\n"
        "Each act is written down the moment it is done. Leave whenever you like: the drill waits for you at home.\n\n"
        "A clock shows how much of its time is used, [###.......], and what is left; ! says that little is. The "
        "resolution clock appears once the ticket has a priority."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "act('reply')", "Reply", id="drill.reply"),
        Binding("p", "act('set_priority')", "Set the priority", show=False, id="drill.priority"),
        Binding("e", "act('escalate')", "Escalate", id="drill.escalate"),
        Binding("n", "act('notify')", "Notify", show=False, id="drill.notify"),
        Binding("d", "act('document')", "Write it down", show=False, id="drill.document"),
        Binding("w", "act('wait')", "Wait", id="drill.wait"),
        Binding("1", "view('conversation')", "Conversation", show=False, id="drill.conversation"),
        Binding("2", "view('facts')", "Facts", show=False, id="drill.facts"),
        Binding("3", "view('acts')", "Menu", show=False, id="drill.menu"),
        Binding("f", "finish", "End", id="drill.finish"),
        Binding("escape", "leave", "Home", id="drill.leave"),
    ]

    def __init__(self, session: Session) -> None:
        """Play ``session``."""
        super().__init__()
        self._session = session
        self._options: dict[str, ActOption] = {}
        self._drafts: dict[str, dict[str, Any]] = {}
        self._grading = False

    def compose(self) -> ComposeResult:
        """Lay out the ticket and its clocks above what is known and what can be done."""
        scenario = self._session.drill.scenario
        with Horizontal(id="bar"):
            yield Words(Content.styled(scenario.title, "bold"), id="title")
            yield Words(id="time")
        yield Words(id="ticket")
        yield Words(id="clocks")
        with Horizontal(id="body"):
            with Vertical(id="known"):
                yield Pane(id="conversation")
                with Pane(id="facts"):
                    yield Words("Nothing yet. Look something up, or ask the customer.", id="nothing")
            yield Menu(id="acts")
        yield Words(id="status")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Show the drill as it stands."""
        self.query_one("#acts").border_title = "3 What do you do? (minutes)"
        self._show("conversation")
        self._refresh()
        menu = self.query_one("#acts", Menu)
        menu.action_first()
        menu.focus()
        drill = self._session.drill
        seat = drill.rulebook.policy.label(drill.scenario.seat)
        begun = f"Resumed at minute {drill.minute:g}. " if drill.steps else ""
        self._tell(Content(f"{begun}Your seat: {seat}. Press ? for help."))
        if drill.ended:
            self._grade()

    # -- showing -----------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        drill = self._session.drill
        opens = drill.scenario.opens
        self.query_one("#time", Words).update(time_text(opens, drill.minute, drill.horizon))
        self.query_one("#ticket", Words).update(ticket_text(drill.ticket))
        self.query_one("#clocks", Words).update(clocks_text(drill.clocks()))
        self._grow("conversation", [message_text(message) for message in drill.conversation])
        self._grow("facts", [fact_text(fact) for fact in drill.facts])
        self.query_one("#nothing").display = not drill.facts
        self.query_one("#conversation").border_title = f"1 Conversation ({len(drill.conversation)})"
        self.query_one("#facts").border_title = f"2 Facts ({len(drill.facts)})"
        self._fill_menu()

    def _grow(self, name: str, blocks: list[Content]) -> None:
        """Add what is new to one of the two texts and go where the new begins. What was said never changes."""
        pane = self.query_one(f"#{name}", Pane)
        shown = len(pane.query(".said"))
        new = [Words(block, classes="said") for block in blocks[shown:]]
        if new:
            pane.go_to(new[0] if shown else new[-1])  # a resumed drill begins with what was said last
            pane.mount_all(new)

    def _fill_menu(self) -> None:
        menu = self.query_one("#acts", Menu)
        at = menu.highlighted_option.id if menu.highlighted_option is not None else None
        options: list[Option] = []
        self._options = {}
        groups: dict[str, list[ActOption]] = {}
        for act in self._session.drill.options():
            groups.setdefault(act.group, []).append(act)
        for group, acts in groups.items():
            options.append(Option(Content.styled(f"── {group} ──", "bold"), disabled=True))
            for act in acts:
                key = _key(act)
                self._options[key] = act
                options.append(Option(option_text(act), id=key))
        menu.set_options(options)
        if at in self._options:
            menu.highlighted = menu.get_option_index(at)
        elif options:
            menu.action_first()

    def _tell(self, text: Content) -> None:
        self.query_one("#status", Words).update(text)

    def _show(self, view: str) -> None:
        """Show one of the two texts where there is room for only one (see the style sheet)."""
        self.set_class(view == "facts", "-facts")

    def action_view(self, view: str) -> None:
        """Show a part of the screen and take the keyboard there."""
        if view != "acts":
            self._show(view)
        self.query_one(f"#{view}").focus()

    # -- doing -------------------------------------------------------------------------------------------------

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Do the act chosen, at once or after its form."""
        event.stop()
        option = self._options.get(event.option.id or "")
        if option is not None:
            self._choose(option)

    def action_act(self, verb: str) -> None:
        """Open the form of a verb."""
        option = next((o for o in self._options.values() if o.verb == verb), None)
        if option is None:
            self._tell(Content("That cannot be done here now."))
        else:
            self._choose(option)

    def _choose(self, option: ActOption) -> None:
        if self._grading:
            return
        if not is_form(option):
            try:
                self._done(option, self._session.do(option.line()))
            except ActError as error:
                self._tell(Content(f"Not possible: {error}"))
            return
        outcomes: list[Outcome] = []

        def attempt(line: Mapping[str, Any]) -> str | None:
            try:
                outcomes.append(self._session.do(line))
            except ActError as error:
                return str(error)
            return None

        def closed(draft: dict[str, Any] | None) -> None:
            if outcomes:
                self._drafts.pop(option.verb, None)
                self._done(option, outcomes[-1])
            elif draft:
                self._drafts[option.verb] = draft

        facts = facts_plain(self._session.drill.facts)
        self.app.push_screen(ActForm(option, attempt, facts=facts, draft=self._drafts.get(option.verb)), closed)

    def _done(self, option: ActOption, outcome: Outcome) -> None:
        self._refresh()
        said = [message for message in outcome.messages if message.who != "you"]
        if outcome.facts and not said:
            self._show("facts")
        elif outcome.messages:
            self._show("conversation")
        self._tell(outcome_text(option.label, outcome.minutes, outcome.facts, outcome.messages))
        if self._session.unsaved:
            self.notify(
                f"{self._session.unsaved}. The drill goes on, but its last acts are not on the disk yet.",
                title="Not saved", severity="warning", markup=False,
            )  # fmt: skip
        if self._session.drill.ended:
            self.notify("The time of this drill is over.", markup=False)
            self._grade()

    # -- ending ------------------------------------------------------------------------------------------------

    def action_finish(self) -> None:
        """Ask whether to end the drill."""
        if self._grading:
            return
        drill = self._session.drill

        def answered(end: bool | None) -> None:
            if end:
                self._grade()

        self.app.push_screen(FinishQuestion(drill.minute, drill.horizon), answered)

    def action_leave(self) -> None:
        """Go home; the drill is kept."""
        if not self._grading:
            self.post_message(HomeWanted())

    def on_unmount(self) -> None:
        """Close the transcript, unless the worker that grades it does so."""
        if not self._grading:
            self._session.close()

    @work(thread=True, exclusive=True, group="grading", exit_on_error=False)
    def _grade_now(self) -> None:
        """Grade the drill (thread). The result leaves only as a message."""
        try:
            result = self._session.grade()
        except DeskDrillError as error:
            self.post_message(GradingFailed(str(error)))
        else:
            self.post_message(DrillGraded(result, self._session.log.path))

    def _grade(self) -> None:
        self._grading = True
        self._tell(Content("The drill has ended. Reading what the procedure makes of it…"))
        self._grade_now()

    def on_grading_failed(self, event: GradingFailed) -> None:
        """Say why there is no debrief."""
        event.stop()
        self._grading = False
        self._tell(Content(f"This drill cannot be graded: {event.reason}"))


def _key(option: ActOption) -> str:
    """Return what tells this option from the others: its verb and what is fixed in it."""
    return ":".join([option.verb, *(str(f.default) for f in option.fields if f.kind == "fixed")])
