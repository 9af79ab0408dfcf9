"""``deskdrill policy diff``: what a change of policy is, and what it does."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskdrill.options import Commands, add_format, command
from deskdrill.output import Column, Progress, Table, as_json, make_folder, narrate, plain, rendered, shortened, write

if TYPE_CHECKING:
    from policy import Policy
    from policy.diff import Change, Meaning, OpenTicket, Region, Touched

_ABOUT = """\
A and B are policies: names, files, or stacks such as secureai+t1-45m. The situations that the two decide differently
are counted exactly, over all that can be; of each kind the smallest is shown, after both rulebooks were asked."""
_RELATIONS = {
    "same": "No situation is decided differently.",
    "more": "B demands more than A.",
    "less": "B demands less than A.",
    "incomparable": "B demands more in some situations and less, or other things, in others.",
}
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
        write(rendered(_regions(meaning), arguments.format))
        return 0
    for part in (_edits(edits), _words(words), _does(meaning, edits, second), _tickets(arguments, hit)):
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


def _does(meaning: Meaning, edits: Sequence[Change], policy: Policy) -> str:
    lines = ["What it does", "", _RELATIONS[meaning.relation]]
    if meaning.regions:
        lines += [f"Of {_big(meaning.cells)} situations that can be told apart, these are decided differently:", ""]
        lines.append(rendered(_regions(meaning), "table"))
        first = next((r for r in meaning.regions if r.what in ("new", "gone")), meaning.regions[0])
        lines += ["--format json prints exact counts, --examples FOLDER writes every smallest situation as a file.",
                  f"One of them ({_act(first)}, {_says(first)}), for policy verdict:", ""]  # fmt: skip
        lines.append(_example(first, policy))
    elif any(edit.deciding for edit in edits):
        lines.append("A value that rules read was changed, and no verdict with it.")
    elif edits and all(edit.words for edit in edits):
        lines.append("Only words were changed: no change in meaning.")
    elif edits:
        lines.append("What was changed is read elsewhere: see the last column above.")
    lines += [f"This edit is never realised: {_covered(name)}" for name in meaning.covered]
    return "\n".join(line for line in lines) + "\n"


def _covered(name: str) -> str:
    return f"what {name} demands, other rules demand already, as soon and on the same terms."


def _regions(meaning: Meaning) -> Table:
    names = ("act", "B says", "situations", "rules", "smallest situation")
    columns = [Column(name, right=name == "situations") for name in names]
    rows = [
        (_act(r), _says(r), _big(r.cells), ", ".join(r.rules), _brief(r) + ("" if r.confirmed else " (there not yet)"))
        for r in meaning.regions
    ]
    return Table(columns, rows)


def _says(region: Region) -> str:
    kinds = {
        ("owed", "new"): "owed now", ("owed", "gone"): "no longer owed",
        ("forbidden", "new"): "forbidden now", ("forbidden", "gone"): "no longer forbidden",
        ("permitted", "new"): "permitted now", ("permitted", "gone"): "no longer permitted",
        ("priority", "new"): "this priority now", ("priority", "gone"): "no longer this priority",
        ("paused", "new"): "stands still now", ("paused", "gone"): "runs now",
    }  # fmt: skip
    known = kinds.get((region.kind, region.what))
    if known is not None:
        return known
    word = {"more": "sooner, ", "less": "later, ", "other": ""}[region.direction]
    return region.what if region.what in ("sooner", "later") else f"{word}{region.what}"


def _act(region: Region) -> str:
    verb, to, via, what = region.key
    if region.kind in ("priority", "paused"):
        return f"{region.kind} {verb}"
    parts = [verb.replace("_", " "), f"to {to}" if to else "", f"by {via}" if via else "", what or ""]
    return " ".join(part for part in parts if part)


def _brief(region: Region) -> str:
    """Return the smallest situation in a line."""
    s = region.example
    facts = [s.tier, s.stated_priority or "", s.category or "", "" if s.status == "open" else s.status]
    facts += [*s.signals, *(f"checked {name}" for name in s.checks), *(f"{n} {c.value}" for n, c in s.counts.items())]
    facts += [f"did {d.verb}{f' to {d.to}' if d.to else ''}" for d in s.deeds]
    facts += [f"{name} at {clock.elapsed_then:g} min" for name, clock in s.clocks.items() if clock.elapsed_then]
    return ", ".join(fact for fact in facts if fact)


def _example(region: Region, policy: Policy) -> str:
    from policy.situation_file import situation_text

    return situation_text(region.example, policy)


def _write_examples(meaning: Meaning, policy: Policy, folder: Path) -> None:
    from deskdrill.output import write_file

    for number, region in enumerate(meaning.regions, start=1):
        write_file(folder / f"{number:03}-{region.key[0]}.yaml", _example(region, policy))
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
        "changes": [{"path": e.path, "before": e.before, "after": e.after, "read_by": e.reader} for e in edits],
        "sentences": [{"rule": w.id, "before": w.before, "after": w.after} for w in words],
        "regions": list(_plain_regions(meaning, policy)),
        "never_realised": list(meaning.covered),
        "tickets": [{"ticket": t.ticket.id, "now": list(t.now)} for t in hit],
    }


def _plain_regions(meaning: Meaning, policy: Policy) -> Iterator[dict[str, Any]]:
    for r in meaning.regions:
        act = dict(zip(("act", "to", "via", "what"), r.key, strict=True))
        yield {
            "kind": r.kind, **act, "direction": r.direction, "how": _says(r), "situations": r.cells,
            "rules": list(r.rules), "confirmed": r.confirmed, "example": _example(r, policy),
        }  # fmt: skip


def _big(number: int) -> str:
    return f"{number:,}" if number < 10**9 else f"{number:.3g}"
