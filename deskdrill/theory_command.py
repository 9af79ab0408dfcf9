"""``deskdrill theory``: the desk as textbook queues, beside what theory says of them."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deskdrill.options import Commands, add_format, command, whole
from deskdrill.output import Column, Progress, Table, as_json, narrate, rendered, write

if TYPE_CHECKING:
    from simulator.theory.verify import Verdict

SECONDS: Final = 1140
_MORE = """\
Each case of FILE (docs/theory.md describes the form) is played as a desk by the engine that plays all desks, with as
many replications as make every interval narrow, and printed beside the exact value. All intervals hold together with
99.9 %. A row that is not narrow when time is up is undecided. Exit code 1 if a row is missed or undecided."""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "theory", "Hold the desk against textbook queues", run, _MORE)
    parser.add_argument("file", metavar="FILE", type=Path, help="a JSON file of cases")
    parser.add_argument("--seconds", metavar="N", type=whole(1, 10_000_000), default=SECONDS,
                        help=f"how long it may take (default: {SECONDS})")  # fmt: skip
    parser.add_argument("--seed", metavar="N", type=whole(0, 2**128 - 1), default=0,
                        help="which chances (default: 0)")  # fmt: skip
    parser.add_argument("--workers", metavar="N", type=whole(1, 256), help="processes (default: one per core)")
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Play the cases and print what became of them."""
    from simulator.theory.cases import read_cases
    from simulator.theory.verify import verify

    cases = read_cases(arguments.file)
    for note in cases.notes:
        narrate(note)
    with Progress("replications played") as progress:
        verdicts = verify(
            cases, seed=arguments.seed, seconds=arguments.seconds,
            workers=arguments.workers or os.cpu_count() or 1, progress=progress,
        )  # fmt: skip
    if arguments.format == "json":
        write(as_json(_whole(verdicts)))
    elif arguments.format == "csv":
        write(rendered(_full(verdicts), "csv"))
    else:
        write(rendered(_for_people(verdicts), arguments.format))
        if arguments.format == "table":
            write(f"\n{_summary(verdicts)}\n")
    for note in _notes(verdicts):
        narrate(note)
    return 0 if all(one.inside for one in verdicts) else 1


def _notes(verdicts: Sequence[Verdict]) -> list[str]:
    """Return what there is to say of rows that are not what they might be, once for each case."""
    metrics: dict[tuple[int, str], list[str]] = {}
    for one in verdicts:
        if one.why:
            metrics.setdefault((one.case, one.why), []).append(one.metric)
    return [f"case {case}: {', '.join(named)}: {why}" for (case, why), named in metrics.items()]


def _counts(verdicts: Sequence[Verdict]) -> tuple[int, int, int]:
    """Return how many rows passed, failed and are undecided."""
    said = [one.inside for one in verdicts]
    return said.count(True), said.count(False), said.count(None)


def _whole(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    passed, failed, undecided = _counts(verdicts)
    rows = [
        {
            "case": one.case,
            "name": one.name,
            "metric": one.metric,
            "exact": one.exact,
            "mean": _number(one.mean),
            "ci": None if math.isnan(one.mean) else [one.low, one.high],
            "inside": one.inside,
        }
        for one in verdicts
    ]
    return {"passed": passed, "failed": failed, "undecided": undecided, "rows": rows}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _full(verdicts: Sequence[Verdict]) -> Table:
    names = ("case", "name", "metric", "exact", "mean", "ci_low", "ci_high", "replications", "result")
    rows = [
        (one.case, one.name, one.metric, one.exact, *(_number(x) for x in (one.mean, one.low, one.high)),
         one.replications, _result(one))
        for one in verdicts
    ]  # fmt: skip
    return Table([Column(name) for name in names], rows)


def _result(one: Verdict) -> str:
    return {True: "inside", False: "missed", None: "undecided"}[one.inside]


def _for_people(verdicts: Sequence[Verdict]) -> Table:
    """Return the rows as a table to be read; a case is named once."""
    names = ("case", "metric", "exact", "mean", "interval", "half-width", "result")
    rows = []
    before = -1
    for one in verdicts:
        name = f"{one.case} {_short(one.name)}" if one.case != before else ""
        before = one.case
        known = math.isfinite(one.mean)
        interval = f"{one.low:.5g} to {one.high:.5g}" if known else "-"
        rows.append((name, one.metric, f"{one.exact:.5g}", f"{one.mean:.5g}" if known else "-", interval,
                     _width(one) if known else "-", _result(one)))  # fmt: skip
    return Table([Column(name, right=place in (2, 3, 5)) for place, name in enumerate(names)], rows)


def _short(name: str) -> str:
    return name.partition(" (")[0]


def _width(one: Verdict) -> str:
    """Return an interval's half-width: in per cent of the exact value, absolute where that is small."""
    from simulator.theory.estimate import SMALL

    half = max(one.high - one.mean, one.mean - one.low)
    return f"{half:.2g}" if abs(one.exact) < SMALL else f"{half / abs(one.exact) * 100:.1f} %"


def _summary(verdicts: Sequence[Verdict]) -> str:
    passed, failed, undecided = _counts(verdicts)
    if passed == len(verdicts):
        return f"All {passed} exact values lie inside." if passed > 1 else "The exact value lies inside."
    parts = [f"{passed} of {len(verdicts)} exact values lie inside"]
    parts += [f"{failed} missed"] if failed else []
    parts += [f"{undecided} undecided"] if undecided else []
    return ", ".join(parts) + "."
