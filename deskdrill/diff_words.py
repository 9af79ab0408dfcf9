"""What a change of policy does, in words: the part of ``policy diff`` that people read, and the same as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from deskdrill.output import Column, Table, plain, rendered

if TYPE_CHECKING:
    from policy import Policy
    from policy.diff import Change, Excluded, Meaning, Opening, Region

_RELATIONS: Final = {
    "same": "No situation is decided differently.",
    "more": "B demands more than A.",
    "less": "B demands less than A.",
    "incomparable": "B demands more in some situations and less, or other things, in others.",
}
_SAYS: Final = {
    ("owed", "new"): "owed now", ("owed", "gone"): "no longer owed",
    ("owed", "sooner"): "due sooner", ("owed", "later"): "due later",
    ("owed", "shifted"): "due sooner at some hours, later at others", ("owed", "otherwise"): "as soon, but otherwise",
    ("forbidden", "new"): "forbidden now", ("forbidden", "gone"): "no longer forbidden",
    ("forbidden", "otherwise"): "forbidden otherwise",
    ("permitted", "new"): "permitted now", ("permitted", "gone"): "no longer permitted",
    ("priority", "new"): "this priority now", ("priority", "gone"): "no longer this priority",
    ("paused", "new"): "stands still now", ("paused", "gone"): "runs now",
    ("calendar", "sooner"): "everything counted on it is due sooner",
    ("calendar", "later"): "everything counted on it is due later",
    ("calendar", "shifted"): "what is counted on it is due sooner at some hours, later at others",
}  # fmt: skip
_ORDERS: Final = {"sooner": "sooner, never later", "later": "later, never sooner",
                  "mixed": "sooner from some minutes on and later from others"}  # fmt: skip
_FIRST: Final = "“where its rule comes first”: other rules demand the same act, and whichever falls due first counts."
_NOT_SHOWN: Final = "“not shown”: no situation that was tried shows it, neither the smallest nor any near it."
_POWERS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_WIDE: Final = 10**9
_NAMED: Final = 3


def does(meaning: Meaning, edits: Sequence[Change], policy: Policy) -> str:
    """Return what a change does, as text for the terminal; ``policy`` is the second one."""
    lines = ["What it does", "", _relation(meaning, edits)]
    for one in meaning.openings:
        lines += ["", *_opening(one)]
    if meaning.openings:
        lines.append("")
    if meaning.regions:
        lines += [f"Of {big(meaning.cells)} situations that can be told apart, these are decided differently:", ""]
        lines.append(rendered(regions(meaning), "table"))
        first = next((r for r in meaning.regions if r.confirmed and r.what in ("new", "gone")), None)
        first = first or next((r for r in meaning.regions if r.confirmed), meaning.regions[0])
        if any(region.what.endswith("if first") for region in meaning.regions):
            lines.append(_FIRST)
        if any(not region.confirmed for region in meaning.regions):
            lines.append(_NOT_SHOWN)
        lines += ["--format json prints exact counts, --examples FOLDER writes every example as a file.",
                  f"One of them ({act(first)}: {says(first)}), for policy verdict:", "",
                  example(first, policy).rstrip("\n")]  # fmt: skip
        lines += ["", f"There: {'; '.join(first.differs)}."] if first.differs else []
    lines += [_excluded(one) for one in meaning.excluded]
    lines += [f"This edit is never realised: {_already(one.by)} already what {one.rule} asks for."
              for one in meaning.covered]  # fmt: skip
    return plain("\n".join(lines) + "\n")


def _already(names: Sequence[str]) -> str:
    return f"{names[0]} demands" if len(names) == 1 else f"{_listed(names)} together demand"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _relation(meaning: Meaning, edits: Sequence[Change]) -> str:
    both = " that both policies think possible" if meaning.excluded else ""
    if meaning.regions:
        if not any(region.confirmed for region in meaning.regions):
            return "Rules were changed, and no situation was found that is decided differently."
        return _RELATIONS[meaning.relation]
    said = f"No situation{both} is decided differently."
    if meaning.covered or meaning.excluded or meaning.openings:
        return said
    if edits and all(edit.words for edit in edits):
        return f"{said}\nOnly words were changed: no change in meaning."
    if any(edit.deciding for edit in edits):
        return f"{said}\nA value that rules read was changed, and no verdict with it."
    return f"{said}\nWhat was changed is read elsewhere: see the last column above." if edits else said


def _opening(one: Opening) -> Iterator[str]:
    """Yield lines about opening hours that changed."""
    yield from (f"{words}." for words in one.says)
    if one.rules:
        yield f"  The dues of {_some(one.rules, 'rule')} are counted on it."
    if one.timers:
        yield f"  Timers that run on it: {_listed(sorted(one.timers))}."
    if one.people:
        yield f"  In these hours are there: {_listed(one.people)}."
    if one.order == "same":
        used = one.rules or one.timers or one.people
        yield "  No due and no timer moves in two years." if used else "  No rule and no timer counts on it."
        return
    yield (f"  What is counted on it falls due {_ORDERS[one.order]}: "
           f"from {one.changed:,} of {one.tried:,} start minutes in two years.")  # fmt: skip


def _some(names: Sequence[str], noun: str) -> str:
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{len(names)} {noun}{'' if len(names) == 1 else 's'} ({', '.join(names[:_NAMED])}{rest})"


def _excluded(one: Excluded) -> str:
    a, b = ("B", "A") if one.second else ("A", "B")
    words = " ".join(f"“{said}”" for said in one.says)
    return f"{a} calls {big(one.cells)} situations impossible that {b} does not{': ' if words else '.'}{words}"


def regions(meaning: Meaning) -> Table:
    """Return the regions of situations that are decided differently, one a row."""
    names = ("act", "B says", "situations", "rules", "for example", "there")
    columns = [Column(name, right=name == "situations") for name in names]
    rows = [
        (act(r), says(r), big(r.cells), _few(r.rules), _brief(r), "; ".join(r.differs) if r.confirmed else "not shown")
        for r in meaning.regions
    ]
    return Table(columns, rows)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _NAMED else f"{', '.join(names[:2])} and {len(names) - 2} more"


def says(region: Region) -> str:
    """Return what the second policy says differently, in a phrase."""
    what, first = region.what.removesuffix(" if first"), region.what.endswith(" if first")
    plainly, closed = what.removesuffix(" when closed"), what.endswith(" when closed")
    phrase = _SAYS.get((region.kind, plainly), plainly)
    if first:
        phrase = "otherwise" if plainly == "otherwise" else phrase  # what is due first is then another thing, too
        return f"{phrase} where its rule comes first"
    return f"{phrase} if it begins out of hours" if closed else phrase


def act(region: Region) -> str:
    """Return the act of a region (or its priority, clock, calendar) in a phrase."""
    verb, to, via, what = region.key
    if region.kind in ("priority", "paused", "calendar"):
        return f"{region.kind} {verb}"
    parts = [verb.replace("_", " "), f"to {to}" if to else "", f"by {via}" if via else "", what or ""]
    return " ".join(part for part in parts if part)


def _brief(region: Region) -> str:
    """Return an example in a line."""
    s = region.example
    facts = [s.tier, s.stated_priority or "", s.category or "", "" if s.status == "open" else s.status]
    facts += [*s.signals, *(f"checked {name}" for name in s.checks), *(f"{n} {c.value}" for n, c in s.counts.items())]
    facts += [f"did {d.verb}{f' to {d.to}' if d.to else ''}" for d in s.deeds]
    facts += [f"{name} at {clock.elapsed(s.now):g} min" for name, clock in s.clocks.items() if clock.elapsed(s.now)]
    return ", ".join(fact for fact in facts if fact)


def example(region: Region, policy: Policy) -> str:
    """Return the example of a region as a situation file."""
    from policy import Rulebook
    from policy.situation_text import situation_text

    return situation_text(region.example, policy, book=Rulebook(policy))


def plain_meaning(meaning: Meaning, policy: Policy) -> dict[str, Any]:
    """Return what a change does as plain data, counts exact."""
    return {
        "regions": list(_plain_regions(meaning, policy)),
        "calendars": [
            {
                "calendar": one.name, "says": list(one.says), "dues": one.order, "rules": list(one.rules),
                "timers": list(one.timers), "roles": list(one.people),
                "start_minutes": {"changed": one.changed, "tried": one.tried},
            }
            for one in meaning.openings
        ],
        "impossible": [
            {"in": "B" if one.second else "A", "situations": one.cells, "says": list(one.says)}
            for one in meaning.excluded
        ],
        "never_realised": [{"rule": one.rule, "already": list(one.by)} for one in meaning.covered],
    }  # fmt: skip


def _plain_regions(meaning: Meaning, policy: Policy) -> Iterator[dict[str, Any]]:
    for r in meaning.regions:
        key = dict(zip(("act", "to", "via", "what"), r.key, strict=True))
        yield {
            "kind": r.kind, **key, "direction": r.direction, "how": says(r), "situations": r.cells,
            "rules": list(r.rules), "confirmed": r.confirmed, "differs": list(r.differs),
            "example": example(r, policy),
        }  # fmt: skip


def big(number: int) -> str:
    """Return a count for people: exact below a thousand million, then as 2.15 × 10²¹."""
    if number < _WIDE:
        return f"{number:,}"
    digits, power = f"{number:.2e}".split("e+")
    return f"{digits} × 10{str(int(power)).translate(_POWERS)}"
