"""The tour as text: what DeskDrill is and does, shown on the real procedure, the real desk and a recorded drill."""

from __future__ import annotations

import argparse
import math
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deskdrill.options import Commands, command, whole
from deskdrill.output import Column, Progress, Table, as_table, write
from deskdrill.simulate_command import figure_text

if TYPE_CHECKING:
    from grading import Grade
    from policy import Policy
    from simulator import SimulationResult

REPLICATIONS: Final = 100
SEED: Final = 1
EXAMPLE: Final = Path(__file__).parent / "examples" / "api_401_first_try.jsonl"
"""A drill as it was played by somebody who had not practised yet; the tour and the README grade it."""
CHANGE: Final = ("tiers.T1.no_progress", "60m")
"""The timer that the tour changes, and to what."""
SCENARIO: Final = "api_401"
_SHOWN: Final = {
    "tickets": "tickets",
    "escalations": "escalations",
    "escalations_t1_t2": "  Tier 1 to Tier 2",
    "escalations_t2_t3": "  Tier 2 to Tier 3",
    "escalations_t3_management": "  to management",
    "deescalations": "sent back as premature",
    "escalation_resolution_hours": "hours from escalation to resolution",
    "sla_compliance": "within the SLA",
    "csat": "satisfaction, of 5",
    "utilisation_t1": "Tier 1 busy",
    "utilisation_t2": "Tier 2 busy",
}
_WIDTH: Final = 80


def add(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "tour", "Show in a minute what DeskDrill does, as text", run)
    parser.add_argument("--replications", metavar="N", type=whole(2, 10_000), default=REPLICATIONS,
                        help=f"months to simulate (default: {REPLICATIONS})")  # fmt: skip
    parser.add_argument("--seed", metavar="S", type=whole(0, 2**63 - 1), default=SEED, help=f"(default: {SEED})")
    parser.add_argument("--workers", metavar="W", type=whole(1, 256), help="processes (default: one per core)")


def run(arguments: argparse.Namespace) -> int:
    """Give the tour."""
    return give(replications=arguments.replications, seed=arguments.seed, workers=arguments.workers)


def give(*, replications: int, seed: int, workers: int | None) -> int:
    """Print the tour, part by part as each is ready; return the exit code."""
    from policy import load_policy

    policy = load_policy()
    changed = load_policy("secureai", dict([CHANGE]))
    for part in (
        _opening(policy, changed),
        _desk(policy, changed, replications, seed, workers),
        _drill(policy, changed),
        _next(),
    ):
        for text in part:
            write(text)
    return 0


def _heading(text: str) -> str:
    return f"\n{text}\n{'-' * len(text)}\n\n"


def _paragraph(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), _WIDTH, break_on_hyphens=False) + "\n"


def _opening(policy: Policy, changed: Policy) -> Iterator[str]:
    yield "DeskDrill, a tour\n=================\n\n"
    yield _paragraph(
        f"A support desk has a procedure that says when a ticket goes to whom, and by when. DeskDrill keeps it once, "
        f"as a file of {len(policy.rules)} rules. A simulator runs a desk on these rules, a grader holds a trainee's "
        f"drill against them, and the handbook is printed from them."
    )
    path, value = CHANGE
    yield _heading("1. One line of the procedure")
    yield _paragraph(
        f"The procedure says how long Tier 1 works on a ticket without progress before it hands it over: "
        f"{policy.figures.words(path)}. What if it were {changed.figures.words(path)}? It is one value, "
        f"policy.{path}={value}, and these sentences of the handbook change with it:"
    )
    before = {entry.id: entry.text for entry in policy.entries()}
    for entry in changed.entries():
        if entry.text != before[entry.id] and entry.parent is None:
            yield "\n" + textwrap.fill(
                entry.text, _WIDTH, initial_indent="  > ", subsequent_indent="    ", break_on_hyphens=False
            )
            yield f"\n    ({entry.id}; {entry.source})\n"


def _desk(policy: Policy, changed: Policy, replications: int, seed: int, workers: int | None) -> Iterator[str]:
    from simulator import load_desk, simulate

    desk = load_desk()
    yield _heading("2. A month at the desk")
    results: list[SimulationResult] = []
    for one in (policy, changed):
        with Progress("months simulated") as progress:
            results.append(
                simulate(one, desk, replications=replications, seed=seed, workers=workers, progress=progress)
            )
    base, other = results
    yield _paragraph(
        f"{desk.title}, simulated {replications} times, each month twice: once under the procedure as it is, once "
        f"with the timer at {changed.figures.words(CHANGE[0])}. Both meet the same tickets with the same luck, so that "
        f"the difference is the timer's doing. The first column is what the real month's report gave."
    )
    yield "\n" + as_table(_compared(base, other, changed.figures.words(CHANGE[0]))) + "\n"
    yield _paragraph("* differs from no change at all with 95 % confidence, each line taken by itself.")


def _compared(base: SimulationResult, other: SimulationResult, words: str) -> Table:
    """Return the main figures of two runs of the same months, and their paired difference."""
    from simulator.experiment import estimate

    rows = []
    for name, label in _SHOWN.items():
        unit = base.units[name]
        gap = estimate(other.month(name) - base.month(name))
        means = [figure_text(r.estimate(name).mean, unit) for r in (base, other)]
        rows.append((label, figure_text(base.references.get(name), unit), *means, _gap(gap, unit)))
    names = ("a month", "reported", "simulated", words, "difference")
    return Table([Column(name, right=place > 0) for place, name in enumerate(names)], rows)


def _gap(gap: Any, unit: str) -> str:
    """Return a difference with its sign, and a star where its interval leaves out zero."""
    if not math.isfinite(gap.mean):
        return "-  "
    text = f"{gap.mean * 100:+.1f} pt" if unit == "share" else f"{gap.mean:+.2f}"
    text = text if re.search("[1-9]", text) else "0"
    return text + (" *" if gap.low > 0 or gap.high < 0 else "  ")


def _drill(policy: Policy, changed: Policy) -> Iterator[str]:
    from grading import PASS_MARK
    from grading.debrief import advice
    from scenarios import load_scenario

    scenario = load_scenario(SCENARIO)
    yield _heading("3. A drill, graded")
    yield _paragraph(
        f'In the scenario "{scenario.title}" the trainee sits in {policy.label(scenario.seat)} and has '
        f"{scenario.horizon:g} minutes. Here is somebody's first try, as it was recorded. The key it is graded by is "
        f"computed from the rules; nobody has written it down."
    )
    first, again = (_graded(one) for one in (policy, changed))
    passed = "passed" if first.passed else "not passed"
    yield f"\n  Score {first.score:.1f} of 100, {passed} (the pass mark is {PASS_MARK:g}, without a critical error).\n"
    for name, dimension in first.dimensions.items():
        yield f"    {name:<14}{dimension.score:4.0f}\n"
    yield "\n  What to do differently next time:\n"
    for number, said in enumerate(advice(first), start=1):
        yield textwrap.fill(
            said, _WIDTH, initial_indent=f"  {number}. ", subsequent_indent="     ", break_on_hyphens=False
        )
        yield "\n"
    yield "\n" + _paragraph(_judged_again(first, again, changed.figures.words(CHANGE[0])))


def _graded(policy: Policy) -> Grade:
    """Return the grade of the recorded drill under a policy."""
    from grading import Header, grade, read_transcript
    from policy import Rulebook
    from scenarios import load_scenario

    transcript = read_transcript(EXAMPLE, name=EXAMPLE.name)
    header = Header(SCENARIO, 0, policy.name, policy.digest)
    return grade(transcript.with_header(header), load_scenario(SCENARIO), Rulebook(policy))


def _judged_again(first: Grade, again: Grade, words: str) -> str:
    """Return in words what another timer makes of the same drill."""

    def judged(grade: Grade) -> set[tuple[str, str, float | None]]:
        return {(f.rule, f.verdict, f.due_minute) for f in grade.findings}

    gone, come = judged(first) - judged(again), judged(again) - judged(first)
    rules = ", ".join(sorted({rule for rule, _, _ in gone | come if rule}))
    return f"With the timer at {words} the same drill scores {again.score:.1f}: " + (
        f"it is judged otherwise by {rules}." if rules else "it turns on other rules, so nothing changes here."
    )


def _next() -> Iterator[str]:
    yield _heading("What to try next")
    for line, about in (
        ("deskdrill", "in a terminal: practise this yourself"),
        (f"deskdrill play {SCENARIO} --actions {_shown(EXAMPLE)}", "the whole debrief of this drill"),
        (f"deskdrill scenario reference {SCENARIO}", "how it is done"),
        ("deskdrill simulate --set desk.staffing.T2.agents=3", "other changes to the desk"),
        ("deskdrill policy show", "every rule, with its source"),
        ("deskdrill policy render --to handbook.md", "the handbook"),
    ):
        yield f"  {line}\n      {about}\n"
    yield "\n" + _paragraph("Installed with make, the command is .venv/bin/deskdrill; deskdrill --help lists the rest.")


def _shown(path: Path) -> str:
    """Return a path as it is typed from here: relative where it lies below the current folder."""
    import shlex

    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
