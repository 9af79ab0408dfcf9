"""``deskdrill audit``: months at the desk, held against the rulebook that grades trainees."""

from __future__ import annotations

import argparse
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from deskdrill.options import DEFAULT_POLICY, Commands, add_format, add_policy, command, split_sets, whole
from deskdrill.output import Column, Progress, Table, as_json, narrate, rendered, write
from deskdrill.simulate_command import DEFAULT_DESK

if TYPE_CHECKING:
    from policy import Policy
    from simulator.audit import Audit, Finding

_MORE = """\
Each month is played, its agents act on the rulebook with the slips of the desk file, and the rulebook is asked anew
what of it was owed, in time, right and wrong. Duties are judged, not targets: who could not do something, because
nobody was there or everybody was busy, has missed nothing. Exit code 1 if a duty was missed. docs/audit.md explains
it."""
_SHOWN = 40
"""Findings that a table for people lists."""
_WIDTH = 79


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "audit", "Hold months at the desk against the rulebook", run, _MORE)
    add_policy(parser, desk=True)
    parser.add_argument(
        "--desk", metavar="D", default=DEFAULT_DESK, help=f"the desk: a name or a YAML file (default: {DEFAULT_DESK})"
    )
    parser.add_argument("--replications", metavar="N", type=whole(1, 10_000), default=1,
                        help="how many months (default: 1)")  # fmt: skip
    parser.add_argument("--replication", metavar="R", type=whole(0, 10**6 - 1), default=0,
                        help="the first of these months (default: 0)")  # fmt: skip
    parser.add_argument("--seed", metavar="S", type=whole(0, 2**128 - 1), default=0,
                        help="which months they are (default: 0)")  # fmt: skip
    parser.add_argument("--all", action="store_true", help="list also what nobody could help, and every finding")
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Audit and print what was found."""
    from policy import Rulebook, load_policy
    from policy.compiled import DeskRules
    from simulator import load_desk, run_once
    from simulator.audit import audit

    changes, desk_changes = split_sets(arguments.sets, desk=True)
    policy = load_policy(DEFAULT_POLICY if arguments.policy is None else arguments.policy, changes)
    desk = load_desk(arguments.desk, desk_changes)
    rulebook = Rulebook(policy)
    rules = DeskRules(rulebook)
    found: list[Audit] = []
    with Progress("months audited") as progress:
        for number in range(arguments.replications):
            found.append(audit(run_once(desk, rules, arguments.seed, arguments.replication + number), rulebook))
            progress(number + 1, arguments.replications)
    opening = _opening(desk)
    rows = [(one, audited) for audited in found for one in (audited.findings if arguments.all else audited.missed)]
    if arguments.format == "json":
        head = {"desk": desk.name, "policy": policy.name, "seed": arguments.seed}
        write(as_json(head | _whole(found, policy, opening)))
    elif arguments.format == "csv":
        for note in found[0].notes:
            narrate(note)
        write(rendered(_table(rows, policy, opening), "csv"))
    else:
        write(_for_people(found, rows, policy, opening, arguments))
    return 1 if any(audited.missed for audited in found) else 0


def _opening(desk: Any) -> float:
    """Return when the runs of a desk begin (an instant)."""
    from datetime import UTC, datetime, time, timedelta

    from policy.calendars import to_instant

    day = datetime.combine(desk.period.first_day, time(), UTC)
    return to_instant(day - timedelta(weeks=desk.period.warm_up_weeks))


def _at(opening: float, minutes: float | None) -> str | None:
    from policy.calendars import to_datetime

    return None if minutes is None else f"{to_datetime(opening + minutes):%Y-%m-%dT%H:%M:%SZ}"


def _table(rows: Sequence[tuple[Finding, Audit]], policy: Policy, opening: float) -> Table:
    from policy.reasons import act_words

    names = ("month", "ticket", "what", "act", "owner", "due", "done", "could_not", "rules", "says")
    return Table(
        [Column(name) for name in names],
        [
            (audited.replication, one.ticket, one.slip, act_words(policy, one.act), one.owner,
             _at(opening, one.due), _at(opening, one.done), one.could_not or None, " ".join(one.rules), one.says)
            for one, audited in rows
        ],
    )  # fmt: skip


def _for_people(
    found: Sequence[Audit], rows: Sequence[tuple[Finding, Audit]], policy: Policy, opening: float,
    arguments: argparse.Namespace,
) -> str:  # fmt: skip
    return "\n".join(_parts(found, rows, policy, opening, arguments))


def _parts(
    found: Sequence[Audit], rows: Sequence[tuple[Finding, Audit]], policy: Policy, opening: float,
    arguments: argparse.Namespace,
) -> Iterator[str]:  # fmt: skip
    from policy.calendars import to_datetime
    from policy.reasons import act_words

    form = arguments.format
    months, tickets = len(found), sum(audited.tickets for audited in found)
    duties, missed = sum(sum(audited.duties.values()) for audited in found), sum(len(one.missed) for one in found)
    helpless = sum(len(one.findings) for one in found) - missed
    judged = Counter(one.judged for audited in found for one in audited.escalations)
    for note in found[0].notes:
        yield textwrap.fill(note, _WIDTH, break_on_hyphens=False) + "\n"
    yield f"{'1 month' if months == 1 else f'{months} months'}, {tickets} tickets, {duties} duties done or fallen due."
    yield f"{_count(missed, 'finding')} that somebody could have helped, {helpless} that nobody could."
    told = ", ".join(f"{number} {word}" for word, number in judged.most_common())
    yield f"{_count(sum(judged.values()), 'escalation')}{': ' if told else ''}{told}.\n"
    helped = Counter((one.slip, act_words(policy, one.act)) for audited in found for one in audited.missed)
    reasons = Counter((one.could_not,) for audited in found for one in audited.findings if one.could_not)
    for names, counted in ((("what", "act"), helped), (("why nobody could help it",), reasons)):
        if counted:
            columns = [*map(Column, names), Column("number", right=True)]
            ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
            yield rendered(Table(columns, [(*what, number) for what, number in ordered]), form)
    shown = rows if arguments.all else rows[:_SHOWN]
    if shown:
        columns = [Column(name, right=name in ("month", "ticket")) for name in
                   ("month", "ticket", "what", "act", "owner", "due", "done", "rule")]  # fmt: skip

        def when(minutes: float | None) -> str:
            return "-" if minutes is None else f"{to_datetime(opening + minutes):%d %b %H:%M}"

        lines = [
            (audited.replication, one.ticket, one.could_not or one.slip, act_words(policy, one.act),
             policy.label(one.owner), when(one.due), when(one.done), one.rules[0] if one.rules else "-")
            for one, audited in shown
        ]  # fmt: skip
        yield rendered(Table(columns, lines), form)
    if len(rows) > len(shown):
        yield f"{len(rows) - len(shown)} more; --all lists them, --format json or csv too.\n"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _whole(found: Sequence[Audit], policy: Policy, opening: float) -> dict[str, Any]:
    """Return everything as plain data."""
    from policy.reasons import act_words

    findings = [
        {
            "month": audited.replication, "ticket": one.ticket, "owner": one.owner, "act": list(one.act),
            "act_words": act_words(policy, one.act), "rules": list(one.rules), "kind": one.kind, "what": one.slip,
            "since": _at(opening, one.since), "due": _at(opening, one.due), "done": _at(opening, one.done),
            "could_not": one.could_not or None, "says": one.says,
        }
        for audited in found
        for one in audited.findings
    ]  # fmt: skip
    escalations = [
        {
            "month": audited.replication, "ticket": one.ticket, "from": one.source, "to": one.to,
            "reason": one.reason, "category": one.category, "at": _at(opening, one.at), "judged": one.judged,
            "rules": list(one.rules), "why": one.why,
        }
        for audited in found
        for one in audited.escalations
    ]  # fmt: skip
    return {
        "months": len(found),
        "tickets": sum(audited.tickets for audited in found),
        "duties": sum(sum(audited.duties.values()) for audited in found),
        "notes": list(found[0].notes),
        "missed": sum(len(audited.missed) for audited in found),
        "findings": findings,
        "escalations": escalations,
    }
