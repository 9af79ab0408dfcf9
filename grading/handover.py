"""What a good hand-off says: the form of the reference run, part by part.

Each part is written from what is known at that moment and says one thing: who wrote what and since when, what it does
to the customer, what was looked up and what came out, what the next team is asked to do. A part that is none of these
(another house may ask for more) says by its own name what is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from grading.drill import Drill
from grading.sentences import lowered, minute_text, sentence
from grading.vocabulary import listed
from policy.calendars import to_datetime

MAX_PART: Final = 1_500
"""Characters of one part."""
_MAX_FACT: Final = 300


def handoff_form(parts: Iterable[str], drill: Drill, to: str | None, reason: str = "") -> dict[str, str]:
    """Return a text for each of ``parts``. ``to`` is who takes over, ``reason`` the sentence that asks for it."""
    return {part: _cut(_part(part, drill, to, reason), MAX_PART) for part in parts}


def _part(part: str, drill: Drill, to: str | None, reason: str) -> str:
    match part:
        case "context":
            return _context(drill)
        case "impact":
            return _impact(drill)
        case "notes":
            return _notes(drill)
        case "requested_actions":
            return _requested(drill, to, reason)
    holds = f" What is known: {'; '.join(_signals(drill))}." if _signals(drill) else ""
    label = drill.rulebook.policy.label(part)
    return f"{label[:1].upper()}{label[1:]}: ticket {drill.ticket.number}, {drill.ticket.subject}.{holds}"


def _context(drill: Drill) -> str:
    ticket, policy = drill.ticket, drill.rulebook.policy
    channel = lowered(policy.label(ticket.channel))
    lines = [
        f"{ticket.customer} of {ticket.company} ({ticket.plan}) wrote by {channel} on {ticket.opened_text}: "
        f'"{ticket.subject}". Category: {ticket.category}.',
        f"Priority on the ticket: {policy.label(ticket.priority)}." if ticket.priority else "No priority is set yet.",
        f"{policy.label(drill.scenario.seat)} has worked on it since then; now it is "
        f"{to_datetime(drill.situation.now):%H:%M} UTC.",
    ]
    return "\n".join(lines)


def _impact(drill: Drill) -> str:
    ticket, situation = drill.ticket, drill.situation
    labels = drill.rulebook.policy.doc.vocabulary.counts
    lines = [sentence(f"what is known: {'; '.join(_signals(drill))}")] if _signals(drill) else []
    lines += [sentence(f"{labels.get(name, name)}: {count.value}") for name, count in situation.counts.items()]
    worth = "" if ticket.account_value is None else f", {ticket.account_value:,.0f} US dollars a year"
    lines.append(f"The account: {ticket.plan}{worth}, health {ticket.health}.")
    return "\n".join(lines)


def _notes(drill: Drill) -> str:
    if not drill.facts:
        return "Nothing has been looked up yet."
    return "\n".join(
        f"- {fact.label} (minute {minute_text(fact.minute)}): {_cut(' '.join(fact.text.split()), _MAX_FACT)}"
        for fact in drill.facts
    )


def _requested(drill: Drill, to: str | None, reason: str) -> str:
    policy, situation = drill.rulebook.policy, drill.situation
    whom = policy.label(to) if to else "whoever takes over"
    newest = max(situation.signals.values(), default=0.0)
    why = [_label(drill, name) for name, since in situation.signals.items() if since == newest]
    asked = [f"Confirm to {policy.label(drill.scenario.seat)} that you have received it."]
    asked.append(f"Take it from here: {listed(why)}." if why else "Take it from here.")
    if untried := [lowered(c.label) for c in drill.scenario.checks if c.name not in situation.checks]:
        asked.append(f"Where it helps, do what has not been done yet: {'; '.join(untried[:5])}.")
    asked.append(f"Say what you find and by when, so that {drill.ticket.customer} can be told.")
    head = f"{whom[:1].upper()}{whom[1:]}, please:"
    because = [f"Why it comes to you: {sentence(reason)}"] if reason else []
    return "\n".join([head, *(f"{number}. {text}" for number, text in enumerate(asked, start=1)), *because])


def _signals(drill: Drill) -> list[str]:
    return [_label(drill, name) for name in drill.situation.signals]


def _label(drill: Drill, name: str) -> str:
    return drill.rulebook.policy.label(name)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
