"""The stored examples of ``data/verdict_examples``: reading them, and saying what a verdict says of one rule.

A file holds rules by their id, a rule its cases, a case one situation in whose verdict the rule is (``with``), what
the verdict says there (``says``), and changes after each of which the rule is not in the verdict (``but``). A situation
is written as in ``docs/situation.md``, shortened: what is left out is as in ``BARE``, or as in ``everything.yaml``
where the case says ``of: everything``; ``less`` and ``more`` take facts from a list and add some. What stands under
``without`` are more situations in whose verdict the rule is not. ``catalogue.yaml`` is written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from policy import Count, Deed, Rulebook, Situation, Verdict
from policy.calendars import to_instant
from policy.clocks import Clock
from policy.situation import OPEN

FOLDER = Path(__file__).parent / "data" / "verdict_examples"
EVERYTHING = "everything.yaml"
BY_HAND = "catalogue.yaml"
OPENED = "2025-01-06T09:00:00+00:00"
"""A Monday at the opening of the business calendar, two ordinary weeks ahead."""
BEGIN = to_instant(datetime.fromisoformat(OPENED))
BARE: dict[str, Any] = {"now": 0, "plan": "starter", "tier": "T1"}
LISTS = ("signals", "earlier", "checks", "deeds")
Sketch = dict[str, Any]
"""A situation in short: times in minutes after the opening, facts as lists."""
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Case:
    """A situation with the rule, what its verdict says of it (empty = not stored), and changes that undo the rule."""

    id: str
    sets: Mapping[str, str]
    sketch: Sketch
    says: tuple[str, ...]
    but: tuple[Sketch, ...]


def changed(base: Sketch, patch: Mapping[str, Any]) -> Sketch:
    """Return a situation with changes."""
    found = base | {key: value for key, value in patch.items() if key not in ("more", "less")}
    for key, names in patch.get("less", {}).items():
        assert set(names) <= set(found[key]), f"{names} of {patch} were not there"
        found[key] = [name for name in found[key] if name not in names]
    for key, names in patch.get("more", {}).items():
        found[key] = [*found.get(key, ()), *names]
    return {key: value for key, value in found.items() if value not in (None, [], {})}


@cache
def everything() -> Sketch:
    """Return the situation in which all is known and done."""
    return dict(yaml.load((FOLDER / EVERYTHING).read_text(encoding="utf-8"), Loader))


def stored(*, by_hand: bool = False) -> dict[str, dict[str, Any]]:
    """Return what the command has stored (or what people wrote), by rule, as it stands in the files."""
    files = [FOLDER / BY_HAND] if by_hand else sorted(FOLDER.glob("*.yaml"))
    return {
        id_: rule
        for path in files
        if by_hand or path.name not in (EVERYTHING, BY_HAND)
        for id_, rule in (yaml.load(path.read_text(encoding="utf-8"), Loader) or {}).items()
    }


def cases() -> Iterator[Case]:
    """Yield every stored case."""
    for id_, rule in (*stored().items(), *stored(by_hand=True).items()):
        apart = tuple(changed(BARE, one) for one in rule.get("without", ()))
        for case in rule["cases"]:
            base = everything() if case.get("of") == "everything" else BARE
            sketch = changed(base, case["with"])
            but = tuple(changed(sketch, patch) for patch in case.get("but", ()))
            yield Case(id_, rule.get("policy", {}), sketch, tuple(case.get("says", ())), (*but, *apart))
            apart = ()


def situation_doc(sketch: Sketch) -> dict[str, Any]:
    """Return a situation as it would stand in a file of its own."""
    doc = {key: value for key, value in sketch.items() if key not in (*LISTS, "clocks")}
    earlier = sketch.get("earlier", ())
    doc |= {"opened": OPENED, "signals": {name: -1 if name in earlier else 0 for name in sketch.get("signals", ())}}
    doc["checks"] = list(sketch.get("checks", ()))
    doc["deeds"] = [_deed(text) for text in sketch.get("deeds", ())]
    doc["clocks"] = {name: {"state": "paused", "elapsed": at} for name, at in sketch.get("clocks", {}).items()}
    return doc


def situation(sketch: Sketch, book: Rulebook) -> Situation:
    """Return a situation, the same as the file of ``situation_doc`` would be read to, in a fraction of the time."""
    opened, earlier = BEGIN, sketch.get("earlier", ())
    base = Situation(
        now=opened + sketch["now"],
        opened=opened,
        plan=sketch["plan"],
        tier=sketch["tier"],
        category=sketch.get("category"),
        tier_since=opened,
        stated_priority=sketch.get("priority"),
        stated_since=opened,
        status=sketch.get("status", OPEN),
        status_since=opened,
        signals={name: opened - (name in earlier) for name in sketch.get("signals", ())},
        checks=dict.fromkeys(sketch.get("checks", ()), opened),
        counts={name: Count(value, opened) for name, value in sketch.get("counts", {}).items()},
        deeds=tuple(map(_done, sketch.get("deeds", ()))),
    )
    if "clocks" not in sketch:
        return base
    calendar = book.calendar(base)
    clocks = {
        name: Clock(calendar, state="paused", at=base.now, elapsed_then=float(minutes))
        for name, minutes in sketch["clocks"].items()
    }
    return replace(base, clocks=clocks)


@cache
def _done(text: str) -> Deed:
    doc = _deed(text)
    what = (doc["what"],) if "what" in doc else ()
    return Deed(doc["act"], doc.get("to"), None, what, BEGIN + doc["at"], doc.get("by"))


def _deed(text: str) -> dict[str, Any]:
    """Read ``reply to customer: first_response``, done a minute before the opening.

    ``escalate to T3 by T2 in this visit`` was done at the opening, by T2.
    """
    head, _, what = text.partition(": ")
    head, here, _ = head.partition(" in this visit")
    head, _, by = head.partition(" by ")
    verb, _, to = head.partition(" to ")
    doc: dict[str, Any] = {"act": verb, "at": 0 if here else -1}
    return doc | {key: value for key, value in (("to", to), ("what", what), ("by", by)) if value}


def deed_text(deed: Deed, opened: float) -> str:
    """Return a deed as it is stored."""
    text = deed.verb + (f" to {deed.to}" if deed.to else "") + (f" by {deed.by}" if deed.by else "")
    text += " in this visit" if deed.at >= opened else ""
    return text + (f": {deed.what[0]}" if deed.what else "")


def said(verdict: Verdict, id_: str, opened: float) -> list[str]:
    """Return what a verdict says and cites a rule for, each in a line; times in minutes after ``opened``."""
    lines = [f"defines {verdict.priority}"] if id_ in verdict.priority_rules else []
    for one in (*verdict.obligations, *verdict.fulfilled):
        if id_ in one.rules:
            line = f"{one.owner} owes {_act(one.verb, one.to, one.via, one.what)}"
            line += "" if one.due is None else f" by {one.due - opened:g}"
            line += "" if one.repeat is None else f" every {one.repeat:g}"
            line += ("" if one.ripe else ", waits") + (", a target" if one.target else "")
            lines.append(line + (", done" if one.done_at is not None else ""))
    for allowed in verdict.permissions:
        if id_ in allowed.rules:
            lines.append(f"permits {_act(allowed.verb, allowed.to, allowed.via, allowed.what)}")
    for ban in verdict.prohibitions:
        if id_ in ban.rules:
            but = f" but to {', '.join(ban.but_to)}" if ban.but_to else ""
            lines.append(f"forbids {_act(ban.verb, ban.to, ban.via, ban.what)}{but}")
    return lines + [f"pauses {clock}" for clock, rules in verdict.paused if id_ in rules]


def _act(verb: str, to: str | None, via: str | None, what: str | None) -> str:
    text = verb if to is None else f"{verb} to {to}"
    text = text if via is None else f"{text} via {via}"
    return text if what is None else f"{text}: {what}"
