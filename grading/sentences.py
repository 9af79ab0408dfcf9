"""Acts and duties in plain words: "check the header format", "escalate to Tier 2".

The words for roles, channels and contents come from the policy's vocabulary; here stand only the verbs.
"""

from __future__ import annotations

from grading.acts import VERBS, Act
from grading.vocabulary import CUSTOMER, listed, tags
from policy.loading import Policy
from policy.verdict import ActKey
from scenarios import Scenario


def duty_phrase(key: ActKey, policy: Policy, scenario: Scenario | None = None) -> str:
    """Return an act as an infinitive without "to": "tell the customer the expected time"."""
    verb, to, via, what = key
    whom = _whom(to, policy)
    by = f" by {lowered(policy.label(via))}" if via is not None else ""
    thing = _thing(verb, what, policy, scenario)
    match verb:
        case "check":
            return f"look at {thing}"
        case "ask":
            return f"ask the customer about {thing}"
        case "set_priority":
            return f"set the priority to {what}"
        case "reply" if what is None:
            return "reply to the customer"
        case "reply" if what in policy.notices:
            return f"send the customer {thing}{by}"
        case "reply":
            return f"give the customer {thing}"
        case "document":
            return f"write down {thing} in the ticket"
        case "escalate":
            return f"escalate to {whom}{f' ({thing})' if what else ''}"
        case "notify":
            return f"notify {whom}{by}"
        case "handoff":
            return f"pass on to {whom} {thing}" if to else f"pass on {thing}"
        case "confirm":
            return f"confirm{f' with {whom}' if to else ''} {thing}"
        case "remind":
            return "set a follow-up reminder"
        case "wait":
            return "wait"
    spec = VERBS.get(verb)
    words = policy.label(verb) if spec is None else spec.label
    extra = "".join((f" ({thing})" if what else "", f" to {whom}" if to and verb not in ("workaround",) else "", by))
    return lowered(words) + extra


def act_phrase(act: Act, policy: Policy, scenario: Scenario) -> str:
    """Return a line of a transcript as a timeline words it: "Look up the customer's API token"."""
    to, via = act.word("to"), act.word("via")
    match act.verb:
        case "check" if (check := scenario.check(act.word("what") or "")) is not None:
            return check.label
        case "ask" if (question := scenario.question(act.word("what") or "")) is not None:
            return question.label
        case "wait":
            return f"Wait {act.fields['minutes']:g} min"
        case "set_priority":
            return f"Set the priority to {act.word('priority')}"
        case "escalate":
            return f"Escalate to {policy.label(to or '')}"
        case "notify":
            return f"Notify {_whom(to, policy)}" + (f" by {lowered(policy.label(via))}" if via else "")
    said = [lowered(policy.label(tag)) for tag in tags(act, policy)]
    more = f": {listed(said)}" if said else ""
    return f"{VERBS[act.verb].label}{more}"


def minute_text(minute: float) -> str:
    """Return a minute of the drill as people read it: 12, 12.5."""
    return f"{round(minute, 2):g}"


def sentence(text: str) -> str:
    """Return ``text`` with a capital at its start and a full stop at its end."""
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _thing(verb: str, what: str | None, policy: Policy, scenario: Scenario | None) -> str:
    if what is None:
        return "it"
    return policy.label(what) if what in policy.priorities else lowered(policy.label(what))


def _whom(to: str | None, policy: Policy) -> str:
    if to is None:
        return "whoever it concerns"
    return "the customer" if to == CUSTOMER else policy.label(to)


def lowered(text: str) -> str:
    """Return ``text`` with a small first letter, unless the word is an abbreviation or a name ("API", "T2")."""
    first = text.split(" ", 1)[0]
    is_name = len(first) > 1 and any(c.isupper() or c.isdigit() for c in first[1:])
    return text if is_name else text[:1].lower() + text[1:]
