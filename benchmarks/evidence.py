"""Write docs/evidence.md: what was measured, on what, and when. Run: ``python benchmarks/evidence.py [SECTION ...]``.

    python benchmarks/evidence.py                      all sections, about three quarters of an hour
    python benchmarks/evidence.py speed                this one; the others stay as they are
    python benchmarks/evidence.py theory --cases FILE  with the cases of a file of yours
    python benchmarks/evidence.py audit --short        a month instead of twenty, and some tickets
    python benchmarks/evidence.py audit --months 3     three months instead of twenty

Each section is measured by itself and says so itself. What it says comes from the run, the missed goals among it; the
exit code is then 1. A section is a function that returns its lines and whether its goals were met; ``SECTIONS`` names
them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import audit, desk

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "evidence.md"
HEAD: Final = """# What was measured

Every figure here was written by `python benchmarks/evidence.py`, section by section; none is typed in by hand. Figures
of speed are ratios of runs that took turns on one machine, because seconds say little about another; the seconds are
those of the processor. A goal that was missed says so.
"""
ROUNDS: Final = 5
MONTHS: Final = 20
SOME: Final = 5  # tickets of each duty, in the short form
RECKONED: Final = 5  # tickets of each duty with a report, and as many without one, that are reckoned anew
ONWARDS: Final = "What is not reported in the first month is looked for in the next, and so on."
SPEED_ROUNDS: Final = 15  # one ratio lies close to its goal
QUICK: Final = ROOT / "simulator" / "theory" / "quick.json"

Section = tuple[list[str], bool]
"""The lines of a section, and whether its goals were met."""


def machine() -> str:
    """Return what this machine is, in a few words that name neither its owner nor its place."""
    model = platform.processor() or platform.machine()
    memory = ""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        model = next(iter(re.findall(r"^model name\s*:\s*(.+)$", told, re.MULTILINE)), model)
        kilobytes = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(encoding="utf-8"), re.MULTILINE)
        memory = f", {int(kilobytes[1]) / 2**20:.0f} GiB of memory" if kilobytes else ""
    except OSError:
        pass
    return f"{model}, {os.cpu_count()} cores{memory}, {platform.system()}"


def versions(packages: Iterable[str]) -> str:
    """Return Python's version and those of packages; one that is not installed is left out."""
    found = [f"Python {platform.python_version()}"]
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def paragraph(text: str) -> list[str]:
    """Return the lines of a paragraph."""
    return textwrap.wrap(" ".join(text.split()), 120)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; all columns but the first are numbers."""
    lines = [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def judged_rows(judged: Iterable[desk.Judged]) -> list[list[str]]:
    """Return the rows of goals: what, measured, goal, verdict."""
    return [
        [one.text, one.shown, one.bound, verdict(one)]
        for one in judged
    ]


def verdict(one: desk.Judged) -> str:
    """Return whether a goal was met, in a word or two."""
    if one.value is None:
        return "open"
    return met(one.met)


def speed(_: argparse.Namespace) -> Section:
    """Measure tickets per second beside three other simulators."""
    asked = ["simpy", "ciw", "salabim", "bare", "january"]
    done = desk.rounds(desk.turns_of(asked, desk.USUAL), SPEED_ROUNDS)
    judged = desk.judge_speeds(done, asked)
    lines = [
        *paragraph(
            f"""The bare network (three tiers, two classes, described in `benchmarks/peers/network.py`) in SimPy,
            Ciw and salabim, each as its own documentation teaches; the same network on the desk's engine; and
            the desk of January with all that it models. In each of {SPEED_ROUNDS} rounds every player plays once, in
            a process of its own; the ratio is taken in each round, and its median counts. What the desk is
            measured with includes all tables and the laws that every run is held against."""
        ),
        "",
        *table(
            ["player", "tickets/s, median", "slowest", "fastest", "tickets a play"],
            [
                [desk.PLAYERS[name], f"{statistics.median(speeds):,.0f}", f"{min(speeds):,.0f}", f"{max(speeds):,.0f}",
                 f"{plays[0].tickets:,}"]
                for name, plays in done.items()
                if (speeds := [one.speed for one in plays])
            ],
        ),
        "",
        *table(["how many times as fast", "measured", "goal", ""], judged_rows(judged)),
    ]  # fmt: skip
    return lines, all(one.met for one in judged)


def growth(_: argparse.Namespace) -> Section:
    """Measure what a ticket costs, in time and memory, in a run a hundred times as long."""
    done = desk.rounds(desk.turns_of([desk.LONG], desk.USUAL), ROUNDS)
    judged = desk.growths(done)
    lines = [
        *paragraph(
            f"""What a ticket costs in a run of {desk.LARGE:,} tickets, as a multiple of one of {desk.SMALL:,}; and
            what it takes of memory: the peak of the process less what the tables take, in the long run more
            than in the short one. Where the tables are on disk nothing is taken off, although the system counts
            parts of those files as memory of the process. Medians of {ROUNDS} rounds."""
        ),
        "",
        *table(["", "measured", "goal", ""], judged_rows(judged)),
    ]
    return lines, all(one.met for one in judged)


def theory(given: argparse.Namespace) -> Section:
    """Hold textbook queues, played as desks, against exact results."""
    path: Path = given.cases
    command = [sys.executable, "-m", "deskdrill", "theory", str(path), "--format", "json"]
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    if ran.returncode not in (0, 1):
        raise SystemExit(f"deskdrill theory ended with exit code {ran.returncode}")
    rows: list[dict[str, Any]] = json.loads(ran.stdout)["rows"]
    cases = len({row["case"] for row in rows})
    lines = [
        *paragraph(
            f"""`deskdrill theory` on the {cases} cases of `{path.name}` ([theory.md](theory.md)): each is set up as
            a desk and played by the engine that plays January. All intervals hold together with 99.9 %."""
        ),
        "",
        *table(["kind", "exact values", "inside", "widest half interval"], by_kind(rows)),
    ]
    return lines, ran.returncode == 0


def audited(given: argparse.Namespace) -> Section:
    """Audit months in which nobody slips, a month without each duty, and a month with each slip."""
    measuring = audit.Measuring()
    kept = measuring.kept(1 if given.short else given.months)
    busy = measuring.kept(kept.months, free=False)
    removed = list(measuring.removed(kept.months, *((SOME, 1) if given.short else (None, RECKONED))))
    slips = list(measuring.slips())
    due = sum(one.came_due for one in removed)
    reckoned, disagree = sum(one.reckoned for one in removed), sum(one.disagree for one in removed)
    months = "a month" if kept.months == 1 else f"{kept.months} months"
    short = f"(The short form: {months}, and at most {SOME} tickets of each duty that is taken away.)"
    lines = [
        *paragraph(
            f"""`deskdrill audit` ([audit.md](audit.md)) on {months} of January with every slip at zero and as many
            people as are needed: {kept.tickets:,} tickets and {kept.due.total():,} duties that were done or fell due,
            by what was to be done. {short if given.short else ""}"""
        ),
        "",
        *table(
            ["", "kinds", "done or due", "missed", "goal", ""],
            [
                [verb, str(len(kept.acts[verb])), f"{due:,}", str(kept.missed[verb]), "0", met(not kept.missed[verb])]
                for verb, due in kept.due.most_common()
            ],
        ),
        "",
        *paragraph(
            f"""What nobody could help is no missed duty: {reasons(kept.could_not)}. With the people that January has,
            {busy.missed.total()} of {busy.due.total():,} duties were missed by somebody who could have kept them, and
            nobody could keep these: {reasons(busy.could_not)}."""
        ),
        "",
        *paragraph(
            f"""It is an audit all the same. Each of the {len(removed)} kinds of duty of {months} was taken away from
            everybody, one at a time: in how many of the tickets about which it was done before it is reported, and in
            how many anything else is. {"" if kept.months == 1 else ONWARDS} It is not reported where it did not fall
            due before the ticket was solved or passed on; {due} kinds came due. In {reckoned} of these tickets what
            fell due was reckoned anew without the audit's ledger (`benchmarks/reckoned.py`), with another result in
            {disagree}."""
        ),
        "",
        *table(
            ["taken away", "tickets", "reported in", "anything else", "reckoned otherwise", ""],
            [
                [audit.act_name(one.act), str(one.tickets), str(one.reported), str(one.else_found),
                 f"{one.disagree} of {one.reckoned}", met(one.met) if one.came_due or not one.met else "never came due"]
                for one in removed
            ],
        ),
        "",
        *paragraph(
            f"""And each slip of the desk file, made alone, at a share of {audit.SHARE}: in how many tickets the desk
            made it by its own tables, in how many it was found, and in how many anything else. (For the first four all
            tickets are P3, so that no protocol sends them on by itself; for late recognition, an hour late, the timers
            are too long to come first. Updates are also forgotten where nobody is at work on the ticket, which the desk
            does not write down.)"""
        ),
        "",
        *table(
            ["slip", "made in", "found in", "anything else", ""],
            [
                [one.name, "-" if one.made is None else str(one.made), str(one.found), str(one.otherwise),
                 met(one.found > 0 and not one.otherwise)]
                for one in slips
            ],
        ),
    ]  # fmt: skip
    clean = not (kept.missed + busy.missed).total() and all(one.met for one in removed)
    return lines, clean and all(one.found and not one.otherwise for one in slips)


def met(is_so: bool) -> str:
    """Return whether a goal was met, as a word."""
    return "met" if is_so else "**missed**"


def reasons(could_not: Mapping[str, int]) -> str:
    """Return why duties could not be kept, and how often."""
    said = [f"{why} ({number:,})" for why, number in sorted(could_not.items(), key=lambda one: -one[1])]
    return "; ".join(said) or "there was no such case"


def by_kind(rows: Iterable[dict[str, Any]]) -> list[list[str]]:
    """Return a row for each kind of case: its values, those inside their interval, and the widest one's half."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        kinds.setdefault(row["name"], []).append(row)
    found = []
    for name, those in kinds.items():
        widths = [(row["ci"][1] - row["ci"][0]) / 2 / abs(row["exact"]) for row in those if row["ci"] and row["exact"]]
        inside = sum(row["inside"] is True for row in those)
        found.append([name, str(len(those)), str(inside), f"{100 * max(widths):.1f} %" if widths else "-"])
    return found


SECTIONS: Final[dict[str, tuple[str, Callable[[argparse.Namespace], Section], tuple[str, ...]]]] = {
    "speed": ("Speed", speed, ("numpy", "simpy", "ciw", "salabim")),
    "growth": ("Growth and memory", growth, ("numpy", "simpy")),
    "theory": ("Theory", theory, ("numpy", "scipy", "simpy")),
    "audit": ("The audit", audited, ("numpy",)),
}
"""By name: the title, what measures it, and the packages whose versions it names."""


def renewed(page: str, name: str, title: str, lines: Sequence[str], measured: str) -> str:
    """Return the page with a section replaced, or added at its end."""
    text = "\n".join([f"<!-- measured: {name} -->", f"## {title}", "", *lines, "", measured, f"<!-- end of {name} -->"])
    old = re.compile(rf"<!-- measured: {name} -->.*?<!-- end of {name} -->", re.DOTALL)
    if old.search(page):
        return old.sub(lambda _: text, page)
    return f"{page.rstrip()}\n\n{text}\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write the page, and return 0 if every goal was met, else 1."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"some of {', '.join(SECTIONS)}")
    parser.add_argument("--cases", type=Path, default=QUICK, help="cases for theory (default: the quick ones)")
    parser.add_argument("--short", action="store_true", help="the short form of audit: a month, and some tickets")
    parser.add_argument("--months", type=int, default=MONTHS, help=f"how many months audit plays (default: {MONTHS})")
    parser.add_argument("--to", type=Path, default=PAGE, help="the page (default: docs/evidence.md)")
    given = parser.parse_args(argv)
    if unknown := [name for name in given.sections if name not in SECTIONS]:
        parser.error(f"there is no section {unknown[0]}; choose from {', '.join(SECTIONS)}")
    given.cases = given.cases.resolve()
    all_met = True
    for name in given.sections or SECTIONS:
        title, measure, packages = SECTIONS[name]
        print(f"{title} ...", file=sys.stderr)
        lines, met = measure(given)
        page = given.to.read_text(encoding="utf-8") if given.to.exists() else HEAD
        measured = f"*Measured on {date.today().isoformat()}: {machine()}; {versions(packages)}.*"
        given.to.write_text(renewed(page, name, title, lines, measured), encoding="utf-8")
        all_met = all_met and met
    return 0 if all_met else 1


if __name__ == "__main__":
    raise SystemExit(main())
