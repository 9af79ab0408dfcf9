"""``deskdrill policy verdict`` and ``policy clock``: what the procedure says of a situation, and what clocks answer."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskdrill.options import Commands, add_format, add_policy, command, policy_of
from deskdrill.output import Column, Table, as_json, plain, rendered, write

if TYPE_CHECKING:
    from policy import Obligation, Permission, Policy, Prohibition, Situation, Verdict
    from policy.calendars import Calendar
    from policy.reasons import Reasons

_WIDTH = 100
_VERDICT = """\
SITUATION is a YAML file that says what is known about a ticket; docs/situation.md describes it. The answer is who owes
what by when, what is allowed and what is forbidden, each line with its reason and its rules."""
_CLOCK = """\
FILE is JSON: calendars, targets, what happened, and what the clock must answer; docs/clocks.md describes it.
Exit code 1 if a case fails."""
_COLUMNS = (
    "kind", "priority", "owner", "act", "to", "via", "what", "but_to", "clock", "due", "due_in_minutes",
    "repeat_minutes", "done_at", "ripe", "waits", "rules", "reason",
)  # fmt: skip


def add(commands: Commands) -> None:
    """Add the commands to those of ``deskdrill policy``."""
    verdict = command(commands, "verdict", "Say what the procedure demands in a situation", run_verdict, _VERDICT)
    verdict.add_argument("situation", metavar="SITUATION", type=Path, help="a situation file")
    add_policy(verdict)
    clock = command(commands, "clock", "Run published cases of clocks", run_clock, _CLOCK)
    clock.add_argument("--cases", metavar="FILE", type=Path, required=True, help="the file of cases")
    for parser in (verdict, clock):
        add_format(parser)


# -- clocks ----------------------------------------------------------------------------------------------------------


def run_clock(arguments: argparse.Namespace) -> int:
    """Run the cases and print which failed, and how."""
    from policy.clock_cases import failures_of, read_cases

    cases = read_cases(arguments.cases)
    failures = [failure for case in cases for failure in failures_of(case)]
    failed = len({failure.id for failure in failures})
    if arguments.format == "json":
        counts = {"passed": len(cases) - failed, "failed": failed}
        write(as_json(counts | {"failures": [asdict(failure) for failure in failures]}))
        return 1 if failed else 0
    names = ("id", "field", "expected", "got")
    table = Table([Column(name, _shown) for name in names], [[getattr(f, n) for n in names] for f in failures])
    if arguments.format == "table":
        write(f"{len(cases) - failed} of {len(cases)} cases passed, {failed} failed.\n" + ("\n" if failures else ""))
    if failures or arguments.format != "table":
        write(rendered(table, arguments.format))
    return 1 if failed else 0


def _shown(value: object) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


# -- verdicts --------------------------------------------------------------------------------------------------------


def run_verdict(arguments: argparse.Namespace) -> int:
    """Read the situation, ask the rulebook and print what it answers."""
    from policy import Rulebook
    from policy.reasons import Reasons
    from policy.situation_file import read_situation

    policy = policy_of(arguments)
    situation = read_situation(arguments.situation, policy)
    book = Rulebook(policy)
    told = _Told(policy, situation, book.verdict(situation), Reasons(book, situation), book.calendar(situation))
    if arguments.format == "json":
        write(as_json(told.whole(str(arguments.situation))))
    elif arguments.format == "table":
        write(plain(told.sheet()))
    else:
        rows = [[_cell(row.get(name)) for name in _COLUMNS] for row in told.rows()]
        write(rendered(Table([Column(name) for name in _COLUMNS], rows), arguments.format))
    return 0


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(value) if isinstance(value, (list, tuple)) else value


class _Told:
    """A verdict, ready to be printed in one form or another."""

    def __init__(
        self, policy: Policy, situation: Situation, verdict: Verdict, reasons: Reasons, calendar: Calendar
    ) -> None:
        self._policy = policy
        self._situation = situation
        self._verdict = verdict
        self._reasons = reasons
        self._calendar = calendar
        self._calendars = {
            rule.id: policy.calendars[effect.calendar]
            for rule in policy.rules
            for effect in rule.obliges
            if effect.calendar is not None
        }

    def whole(self, name: str) -> dict[str, Any]:
        """Return everything as plain data."""
        parts: dict[str, list[dict[str, Any]]] = {
            "priority": [], "obligation": [], "permission": [], "prohibition": [], "paused": [], "fulfilled": [],
        }  # fmt: skip
        for row in self.rows():
            parts[row.pop("kind")].append(row)
        return {
            "policy": self._policy.name,
            "digest": self._policy.digest,
            "situation": name,
            "now": self._time(self._situation.now, self._calendar),
            "calendar": self._calendar.name,
            "priority": parts["priority"][0],
            "obligations": parts["obligation"],
            "permissions": parts["permission"],
            "prohibitions": parts["prohibition"],
            "paused": parts["paused"],
            "fulfilled": parts["fulfilled"],
        }

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each line of the verdict as plain data, with its ``kind``."""
        v = self._verdict
        yield {
            "kind": "priority",
            "priority": v.priority,
            "since": None if v.priority is None else self._time(v.priority_since, self._calendar),
            "rules": list(v.priority_rules),
            "reason": self._priority_reason(),
        }
        yield from (self._owed("obligation", o) for o in v.obligations)
        yield from ({"kind": "permission", **self._act(p)} for p in v.permissions)
        for p in v.prohibitions:
            yield {"kind": "prohibition", **self._act(p), "but_to": list(p.but_to), "residual": p.residual}
        for clock, rules in v.paused:
            yield {"kind": "paused", "clock": clock, "rules": list(rules), "reason": self._reasons.cited(rules)}
        yield from (self._owed("fulfilled", o) for o in v.fulfilled)

    def _act(self, said: Obligation | Permission | Prohibition) -> dict[str, Any]:
        return {
            "act": said.verb,
            "to": said.to,
            "via": said.via,
            "what": said.what,
            "rules": list(said.rules),
            "reason": self._reasons.cited(said.rules),
        }

    def _owed(self, kind: str, o: Obligation) -> dict[str, Any]:
        calendar = self._calendars.get(o.rules[0], self._calendar)
        row = {
            "kind": kind,
            "owner": o.owner,
            **self._act(o),
            "due": None if o.due is None else self._time(o.due, calendar),
            "due_in_minutes": None if o.due is None else _number(o.due - self._situation.now),
            "since": self._time(o.since, calendar),
            "repeat_minutes": None if o.repeat is None else _number(o.repeat),
        }
        if kind == "fulfilled":
            return row | {"done_at": None if o.done_at is None else self._time(o.done_at, calendar)}
        waits = None if o.ripe else self._reasons.waits(o.rules, o.key)
        return row | {"ripe": o.ripe, "waits": waits, "target": o.target, "critical": o.critical}

    def _priority_reason(self) -> str:
        v, s = self._verdict, self._situation
        if v.priority_rules:
            return self._reasons.cited(v.priority_rules)
        if s.stated_priority is None:
            return "No rule defines it, and none stands on the ticket"
        return "No rule defines it; it stands on the ticket"

    def _time(self, instant: float, calendar: Calendar) -> str:
        from policy.calendars import to_datetime

        return to_datetime(instant, calendar.zone).isoformat()

    # -- for people --------------------------------------------------------------------------------------------

    def sheet(self) -> str:
        """Return the verdict as people read it: a block for each line, its reason below it."""
        from policy.calendars import to_datetime
        from policy.reasons import act_words

        s, policy = self._situation, self._policy
        now = to_datetime(s.now, self._calendar.zone)
        plan, tier = policy.label(s.plan), policy.label(s.tier)
        lines = [
            f"{now:%a} {now.day} {now:%b %Y %H:%M %Z} · {tier} · {plan} · times on the calendar “{self._calendar.name}”"
        ]
        rows = list(self.rows())
        whole = rows[0]
        name = whole["priority"]
        lines += [f"Priority: {'none' if name is None else policy.label(name)}", *_below(whole["reason"])]
        for kind, title in _SECTIONS:
            told = [row for row in rows[1:] if row["kind"] == kind]
            if told:
                lines += ["", f"{title} ({len(told)})"]
            for row in told:
                words = _CLOCKS[row["clock"]] if kind == "paused" else act_words(
                    policy, (row["act"], row["to"], row["via"], row["what"])
                )  # fmt: skip
                lines += _block(self._head(row, words), row)
        return "\n".join(lines) + "\n"

    def _head(self, row: dict[str, Any], words: str) -> str:
        policy = self._policy
        match row["kind"]:
            case "obligation":
                return f"{self._when(row)}: {policy.label(row['owner'])}, {words}{_repeats(row)}"
            case "fulfilled":
                return f"{policy.label(row['owner'])}, {words}"
            case "prohibition" if row["but_to"]:
                return f"{words}, except to {', '.join(policy.label(to) for to in row['but_to'])}"
        return words

    def _when(self, row: dict[str, Any]) -> str:
        from datetime import datetime

        from policy.durations import format_minutes

        if row["due"] is None:
            return "no due"
        due, now = (
            datetime.fromisoformat(row["due"]),
            datetime.fromisoformat(self._time(self._situation.now, self._calendar)),
        )
        minutes = row["due_in_minutes"]
        day = "" if due.date() == now.astimezone(due.tzinfo).date() else f"{due:%a} {due.day} {due:%b} "
        left = (
            "now"
            if minutes == 0
            else f"in {format_minutes(minutes)}"
            if minutes > 0
            else f"{format_minutes(-minutes)} late"
        )
        return f"by {day}{due:%H:%M} ({left})"


_SECTIONS = (
    ("obligation", "Owed"),
    ("permission", "Allowed"),
    ("prohibition", "Forbidden"),
    ("paused", "Standing still"),
    ("fulfilled", "Done already"),
)
_CLOCKS = {
    "no_progress": "the timer of the tier that counts work without progress",
    "unresolved": "the timer of the tier that counts work without resolution",
    "resolution": "the time to resolve",
}


def _number(minutes: float) -> float:
    """Return minutes without the dust of floating point."""
    found = round(minutes, 6)
    return int(found) if found.is_integer() else found


def _repeats(row: dict[str, Any]) -> str:
    from policy.durations import format_minutes

    if row["repeat_minutes"] is None:
        return ""
    return f", every {format_minutes(row['repeat_minutes'])}".replace(" ", "\N{NO-BREAK SPACE}").replace(
        "\N{NO-BREAK SPACE}", " ", 1
    )


def _block(head: str, row: dict[str, Any]) -> list[str]:
    notes = [row["reason"]]
    if row.get("waits"):
        notes.append(f"It waits: {row['waits'][:1].lower()}{row['waits'][1:]}.")
    return [*_wrapped(head, "  "), *(line for note in notes for line in _below(note))]


def _below(text: str) -> list[str]:
    return _wrapped(text, "      ")


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=indent if len(indent) > 2 else "      ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
