"""``deskdrill policy diff``: what a change of policy is, and what it does."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskdrill.diff_words import does, example, plain_meaning, regions
from deskdrill.options import Commands, add_format, command
from deskdrill.output import Column, Progress, Table, as_json, make_folder, narrate, plain, rendered, shortened, write

if TYPE_CHECKING:
    from policy import Policy
    from policy.diff import Change, Meaning, OpenTicket, Touched

_ABOUT = """\
A and B are policies: names, files, or stacks such as secureai+t1-45m. The situations that the two decide differently
are counted exactly, over all that can be; of each kind the smallest is shown, after both rulebooks were asked."""
_SHOWN = 40


def add(own: Commands) -> None:
    """Add the command to the family ``policy``."""
    parser = command(own, "diff", "Show what a change of policy does, and where", run, _ABOUT)
    parser.add_argument("first", metavar="A", help="the policy as it was")
    parser.add_argument("second", metavar="B", help="the policy as it is to be")
    parser.add_argument("--set", metavar="PATH=VALUE", action="append", default=[], dest="sets",
                        help="change a value of B, such as policy.tiers.T1.no_progress=45m")  # fmt: skip
    parser.add_argument("--tickets", metavar="FILE", type=Path, help="a ticket table: which open tickets are touched")
    parser.add_argument("--examples", metavar="FOLDER", type=Path, help="write each example as a situation file")
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the difference of two policies."""
    from deskdrill.options import split_sets
    from policy import load_policy
    from policy.diff import changes, compare, read_tickets, sentences

    sets, _ = split_sets(arguments.sets)
    first, second = load_policy(arguments.first), load_policy(arguments.second, sets)
    table = None if arguments.tickets is None else read_tickets(arguments.tickets, (first, second))
    if arguments.examples is not None:  # what cannot be written is said before minutes of work
        make_folder(arguments.examples)
    edits = changes(first, second)
    meaning = compare(first, second)
    hit = () if table is None else _touched(first, second, meaning, *table)
    if arguments.examples is not None:
        _write_examples(meaning, second, arguments.examples)
    words = sentences(first, second)
    if arguments.format == "json":
        write(as_json(_plain(edits, words, meaning, hit, second)))
        return 0
    if arguments.format in ("csv", "md"):
        write(rendered(regions(meaning), arguments.format))
        return 0
    for part in (_edits(edits), _words(words), does(meaning, edits, second), _tickets(arguments, hit)):
        if part:
            write(part)
    return 0


def _touched(
    first: Policy, second: Policy, meaning: Meaning, tickets: Sequence[OpenTicket], now: float
) -> tuple[Touched, ...]:
    """Return the open tickets that the change touches, and say beside it what the reader should know of them."""
    from policy.diff import outside_tiers, standing, touched

    with Progress("open tickets compared") as progress:
        hit = tuple(touched(first, second, tickets, now, meaning.kinds, progress))
    if said := standing(first, second, hit):
        narrate(said)
    for role, number in outside_tiers(tickets, (first, second)).items():
        held = "1 open ticket is" if number == 1 else f"{number} open tickets are"
        narrate(f"{held} held by {role}, which is no tier; what is owed there the table is not enough to tell.")
    return hit


def _edits(edits: Sequence[Change]) -> str:
    if not edits:
        return "No value differs: no change in meaning.\n"
    rows = [(e.path, e.before or "(absent)", e.after or "(absent)", e.reader) for e in edits[:_SHOWN]]
    table = Table([Column("value"), Column("was"), Column("is"), Column("read by")],
                  [tuple(shortened(plain(cell, one_line=True), 60) for cell in row) for row in rows])  # fmt: skip
    more = f"… and {len(edits) - _SHOWN} more values\n" if len(edits) > _SHOWN else ""
    return f"What was changed\n\n{rendered(table, 'table')}{more}\n"


def _words(words: Sequence[Any]) -> str:
    if not words:
        return ""
    lines = ["In the words of the handbook", ""]
    for one in words[:_SHOWN]:
        lines.append(f"  {one.id}")
        lines += [f"    - {plain(one.before, one_line=True)}"] if one.before else []
        lines += [f"    + {plain(one.after, one_line=True)}"] if one.after else []
    return "\n".join(lines) + "\n\n"


def _write_examples(meaning: Meaning, policy: Policy, folder: Path) -> None:
    from deskdrill.output import write_file

    for number, region in enumerate(meaning.regions, start=1):
        write_file(folder / f"{number:03}-{region.key[0]}.yaml", example(region, policy))
    narrate(f"{len(meaning.regions)} examples in {folder}")


def _tickets(arguments: argparse.Namespace, hit: Sequence[Touched]) -> str:
    if arguments.tickets is None:
        return ""
    if not hit:
        return "\nNo open ticket of the table is touched.\n"
    names = ("priority", "plan", "tier", "owed differently now")
    columns = [Column("ticket", right=True), *map(Column, names)]
    rows = [(t.ticket.id, t.ticket.priority, t.ticket.plan, t.ticket.tier, "; ".join(t.now) or "not now, but it may be")
            for t in hit]  # fmt: skip
    return f"\nOpen tickets that it touches\n\n{rendered(Table(columns, rows), 'table')}"


def _plain(
    edits: Sequence[Change], words: Sequence[Any], meaning: Meaning, hit: Sequence[Touched], policy: Policy
) -> dict[str, Any]:
    return {
        "relation": meaning.relation,
        "situations": meaning.cells,
        "changes": [
            {"path": e.path, "before": e.before, "after": e.after, "read_by": e.reader, "declared": e.declared}
            for e in edits
        ],
        "sentences": [{"rule": w.id, "before": w.before, "after": w.after} for w in words],
        **plain_meaning(meaning, policy),
        "tickets": [{"ticket": t.ticket.id, "now": list(t.now)} for t in hit],
    }
