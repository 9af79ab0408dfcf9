"""What stands on the screens of a drill, as text: pure functions from what the engine shows to styled content.

Colours only repeat what words and signs say already.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from textual.content import Content

from grading import ActOption, ClockView, FactView, Message, TicketView
from policy.calendars import to_datetime
from policy.durations import format_minutes

_BAR = 10
_NEAR = 0.75
"""A clock that has used this share of its time is marked as near its end."""
_LONG_LINE = 60
"""A line of at least so many characters was probably broken only because it was full."""


def number(minutes: float) -> str:
    """Return minutes as people read them: 3, 2.5."""
    return f"{round(minutes, 2):g}"


def time_text(opens: float, minute: float, horizon: float) -> str:
    """Return where the drill's clock stands: "09:12 UTC · minute 12 of 180"."""
    return f"{to_datetime(opens + minute):%a %H:%M} UTC · minute {number(minute)} of {number(horizon)}"


def ticket_text(ticket: TicketView) -> Content:
    """Return the ticket in three lines: what it is, whose it is, how it stands."""
    value = "" if ticket.account_value is None else f" · ${ticket.account_value:,.0f} a year"
    priority = ticket.priority or "not set"
    return Content.assemble(
        (f"#{ticket.number} ", "bold"),
        (f"{ticket.subject}\n", "bold"),
        f"{ticket.customer}, {ticket.company} · {ticket.plan}{value}\n",
        "Priority: ", (priority, "bold" if ticket.priority else "bold $warning"),
        " · Status: ", (ticket.status, "bold"),
        " · With: ", (ticket.holder, "bold"), f" · {ticket.category}",
    )  # fmt: skip


def clocks_text(clocks: Iterable[ClockView]) -> Content:
    """Return a line per clock: its name, how much of its time is used, and what is left or past."""
    lines: list[Content] = []
    for clock in clocks:
        bar, words, style = _clock(clock)
        lines.append(Content.assemble(f"{clock.label:<26.26} ", (bar, style), " ", (words, style)))
    return Content("\n").join(lines)


def _clock(clock: ClockView) -> tuple[str, str, str]:
    if clock.target is None:
        return " " * (_BAR + 2), f"{format_minutes(clock.elapsed)} so far, no target", ""
    share = clock.elapsed / clock.target if clock.target else 1.0
    filled = min(_BAR, max(0, round(share * _BAR)))
    bar = f"[{'#' * filled}{'.' * (_BAR - filled)}]"
    left = clock.target - clock.elapsed
    due = "" if clock.due_minute is None else f", due minute {number(clock.due_minute)}"
    match clock.state:
        case "met":
            return bar, "met", "$success"
        case "breached":
            return bar, f"BREACHED by {format_minutes(-left)}", "bold $error"
        case "paused" | "stopped":
            return bar, f"{clock.state}, {format_minutes(left)} left", "$text-muted"
    near = share >= _NEAR
    return bar, f"{'! ' if near else ''}{format_minutes(left)} left{due}", "bold $warning" if near else ""


def message_text(message: Message) -> Content:
    """Return a message under the name of who wrote it."""
    style = {"customer": "bold $primary", "you": "bold $success"}.get(message.who, "bold $text-muted")
    name = {"you": "You", "system": "System"}.get(message.who, message.name or message.who.capitalize())
    role = f" ({message.who})" if message.who in ("customer", "colleague") else ""
    return Content.assemble((f"{name}{role}, minute {number(message.minute)}\n", style), reflow(message.text))


def fact_text(fact: FactView) -> Content:
    """Return something found out, under what it came from."""
    head = f"{fact.label or fact.check}, minute {number(fact.minute)}\n"
    return Content.assemble((head, "bold"), reflow(fact.text))


def reflow(text: str) -> str:
    """Return a text whose long lines, broken by whoever wrote it for their own width, run on; short ones stay."""
    lines: list[str] = []
    runs_on = False
    for line in text.split("\n"):
        if runs_on and line.strip():
            lines[-1] = f"{lines[-1]} {line.lstrip()}"
        else:
            lines.append(line.rstrip())
        runs_on = len(line) >= _LONG_LINE
    return "\n".join(lines)


def facts_plain(facts: Iterable[FactView]) -> str:
    """Return what was found out as lines that fit into a hand-off."""
    return "\n".join(f"{fact.label}: {fact.text}" for fact in facts)


def option_text(option: ActOption) -> Content:
    """Return a line of the menu: the act, and in brackets (so that it never breaks) the minutes that it costs."""
    cost = "" if option.verb == "wait" else f" [{number(option.minutes)}m]"
    more = "…" if is_form(option) else ""
    return Content.assemble(f"{option.label}{more}", (cost, "$text-muted"))


def is_form(option: ActOption) -> bool:
    """Return whether an act has anything to fill in."""
    return any(field.kind != "fixed" for field in option.fields)


def outcome_text(label: str, minutes: float, facts: Iterable[FactView], messages: Iterable[Message]) -> Content:
    """Return in a line what an act brought; the first new thing is told, the rest is counted."""
    found, said = list(facts), [m for m in messages if m.who != "you"]
    parts = [f"{label}: took {number(minutes)} min."]
    if found:
        parts.append(f"Found out: {found[0].text}")
    if said:
        who = said[-1].name or said[-1].who.capitalize()
        more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
        parts.append(f"{who}: {' '.join(said[-1].text.split())}{more}")
    return Content(textwrap.shorten(" ".join(parts), 150, placeholder=" …"))
