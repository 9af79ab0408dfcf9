"""The quarterly planning sheet: what is systemic, and what to change in procedure, tiers, people and knowledge base."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from policy.durations import format_minutes
from simulator.codes import Measured
from simulator.report.aims import MEASURED, meeting, target
from simulator.report.counting import TIMERS, word
from simulator.report.details import breaches, utilisation, why_escalated
from simulator.report.figures import Sample, at_least, bare, figure, limits, with_half
from simulator.report.improving import improvements, knowledge, training
from simulator.report.model import NOTHING, Block, Kind, Point, Points, Report, Section, Table, Text
from simulator.report.monthly import about, how_to_read, method, performance, summary
from simulator.report.phrases import cell, joined, mean_cell, quoted, share
from simulator.report.subject import Subject
from simulator.report.trending import trend

if TYPE_CHECKING:
    from simulator.report.staffing import OneMore

OFTEN: Final = 0.25
"""A timer that runs out in this share of the stays, or more, moves tickets as a rule and not as an exception."""
SELDOM: Final = 0.005
"""A timer that runs out in fewer of the stays decides next to nothing."""
CONVINCING: Final = 0.9
"""From this share of the plays to come on, that a target is always met (or never) is worth a question."""
_MANY: Final = 1000
BEYOND: Final = 1 / 3
"""From this share of its tickets on that a tier passes on, a subject counts as beyond it."""


def quarterly_report(subject: Subject, more: Sequence[OneMore]) -> Report:
    """Return the planning sheet; the windows gathered are the months, then all of them together.

    ``more`` is what one agent more in each tier would change.
    """
    months = len(subject.gathered.windows) - 1
    return Report(
        subject.policy.doc.organisation,
        f"Quarterly planning: {subject.window}",
        about(subject),
        (
            how_to_read(subject),
            summary(subject),
            performance(subject),
            Section("Systemic issues", "systemic", tuple(systemic(subject, months))),
            Section("Procedure updates", "procedure", tuple(procedure(subject))),
            Section("Tier capabilities", "capabilities", tuple(capabilities(subject))),
            resources(subject, more),
            knowledge_base(subject),
            trend(subject, months),
            why_escalated(subject),
            breaches(subject),
            utilisation(subject),
            method(subject, form=False),
        ),
    )


def systemic(subject: Subject, months: int) -> Iterator[Block]:
    """Yield what stands out in every month, then what stands out in some."""
    by_month = [
        {point.topic for point in improvements(replace(subject, gathered=subject.gathered.only(place), word="month"))}
        for place in range(months)
    ]
    found = [point for point in improvements(subject) if point.topic]
    always = [point for point in found if all(point.topic in topics for topics in by_month)]
    rest = [point for point in found if point not in always]
    if not always:
        yield Text(f"Nothing stands out in every one of the {months} months.")
    else:
        rule = "Systemic is what stands out in every month by itself, by the rules of the monthly report."
        yield Text(rule, small=True)
        yield Points(tuple(always))
    if rest:
        yield Text(f"Over the whole {subject.word} stands out as well, but not in every month:")
        yield Points(tuple(rest))


def procedure(subject: Subject) -> Iterator[Block]:
    """Yield which timers and targets of the procedure are worth another look."""
    rows, points = [], []
    for clock in TIMERS:
        for tier in subject.tiers:
            whole = subject.gathered.of("timers", word(clock), tier)
            if not whole.sum():
                continue
            over = share(subject.gathered.of("over", word(clock), tier), whole)
            name = f"{subject.label(tier)}, {word(clock).replace('_', ' ')}"
            set_to = _timer(subject, tier, clock)
            rows.append((name, set_to, cell(subject.gathered.sample("timers", word(clock), tier), "count"),
                         cell(over, "share")))  # fmt: skip
            if over.mean >= OFTEN:
                text = "moves tickets as a rule, not as an exception. Is it too short?"
            elif over.mean < SELDOM:
                text = "decides next to nothing. Is it needed?"
            else:
                continue
            part = f"runs out in {mean_cell(over, 'share')} of the stays"
            points.append(Point(f"The timer of {set_to} {part}: it {text}", name))
    points += targets(subject)
    if rows:
        yield Table("Timers of the tiers", ("timer", "set to", "stays with it", "ran out, %"), tuple(rows), left=2)
    yield Points(tuple(points) or (Point("No timer and no target asks for another look."),))
    assumed = sum(1 for entry in subject.policy.entries() if entry.assumed and entry.parent is None)
    if assumed:
        yield Text(
            f"The policy assumes {assumed} things that the written procedure does not say (assumed: true); each is "
            "open to another decision. What another reading would change, the same sheet with another --policy or "
            "--set shows.", small=True,
        )


def targets(subject: Subject) -> Iterator[Point]:
    """Yield targets that every play meets, or none, if there are enough plays to say more than that.

    From so many plays that are alike follows, with 95 %, of how many more the same is true (:func:`at_least`).
    """
    known = {name: subject.gathered.sample("figure", name) for name in subject.policy.targets if name in MEASURED}
    met = {name: meeting(name, found, subject.policy.targets[name]) for name, found in known.items() if found.known}
    every = [name for name in met if met[name] == known[name].known]
    none = [name for name in met if not met[name]]
    if not every and not none:
        return
    plays = min(known[name].known for name in (*every, *none))
    sure = at_least(plays)
    if sure < CONVINCING:
        enough = next(n for n in range(1, _MANY) if at_least(n) >= CONVINCING)
        told = f"{plays} {subject.plural} cannot tell" if plays > 1 else f"one {subject.word} cannot tell"
        text = f"Whether a target could ask for more, or is out of reach, {told}: that takes {enough} or more."
        yield Point(text, "Targets")
        return
    played, confidence = f"of the {plays} {subject.plural} played meets the target", "(95 % confidence)"
    if every:
        it = "it" if len(every) == 1 else "they"
        text = f"Every one {played} of {_targets(subject, every)}; so at least {100 * sure:.0f} of 100 do {confidence}."
        yield Point(f"{text} Could {it} ask for more?", "Targets always met")
    if none:
        it = "it" if len(none) == 1 else "they"
        text = f"None {played} of {_targets(subject, none)}; so at most {100 - 100 * sure:.0f} of 100 do {confidence}."
        yield Point(f"{text} Can {it} be reached at all?", "Targets never met")


def _targets(subject: Subject, names: Sequence[str]) -> str:
    return joined(f"{MEASURED[name].name} ({target(name, subject.policy.targets[name])})" for name in names)


def _timer(subject: Subject, tier: str, clock: Measured) -> str:
    """Return how long the timers of a tier are, over all kinds of ticket."""
    place = subject.tiers.index(tier)
    found = {getattr(kind.tiers[place], word(clock)) for kinds in subject.model.kinds for kind in kinds}
    known = sorted(minutes for minutes in found if np.isfinite(minutes))
    return " or ".join(format_minutes(minutes) for minutes in known) or NOTHING


def capabilities(subject: Subject) -> Iterator[Block]:
    """Yield which subjects are beyond which tier."""
    of = subject.gathered.of
    rows, points = [], []
    for name in subject.model.categories:
        cells = []
        for tier in subject.tiers:
            found = share(of("passed", tier, name), of("stays", tier, name))
            cells.append(cell(found, "share"))
            if found.mean >= BEYOND and tier != subject.tiers[-1]:
                stays = subject.gathered.sample("stays", tier, name).mean
                mine = f"{figure(found.mean, 'share')} of its {figure(stays, 'count')} tickets about"
                text = f"{mine} {quoted(subject.label(name))} go further: enable the tier, or send them past it."
                points.append(Point(text, f"Beyond {subject.label(tier)}"))
        rows.append((subject.label(name), *cells))
    yield Table("Tickets that a tier passes on, % of those that left it", ("about", *map(subject.label, subject.tiers)),
                tuple(rows))  # fmt: skip
    known = tuple(training(subject))
    if points:
        yield Points(tuple(points))
    elif not known:
        yield Points((Point("No subject is beyond a tier, and none stands out."),))
    if known:
        yield _told(joined(quoted(point.lead) for point in known))


def _told(what: str) -> Text:
    """Return where a sentence of this sheet stands already."""
    return Text(f"What stands out is told above, under Systemic issues: {what}.")


def resources(subject: Subject, more: Sequence[OneMore]) -> Section:
    """Return what the people cost, and what one more would change."""
    cost = subject.gathered.sample("figure", "cost")
    priced = bool((cost.values != 0).any() or any((one.cost.values != 0).any() for one in more))
    blocks: list[Block] = []
    if priced:
        names = ("figure", "mean", f"a {subject.word} lies between")
        row = ("Cost (people, on call, overtime, credits)", mean_cell(cost, "money"), limits(cost, "money"))
        blocks.append(Table("What it costs", names, (row,)))
        blocks.append(Text(
            "All costs are in the unit of the desk file's costs (costs.hour and others), which names no currency.",
            small=True,
        ))  # fmt: skip
    else:
        blocks.append(Text("The desk file has no costs (costs.hour and others), so none are told."))
    if more:
        blocks += _one_more(subject, more, priced=priced)
    blocks.append(Text("How busy each tier is, by hour of the week, stands at the end of this sheet."))
    return Section("Resource planning", "resources", tuple(blocks))


def _one_more(subject: Subject, more: Sequence[OneMore], *, priced: bool) -> Iterator[Block]:
    """Yield what one agent more in each tier would change, and where it would change most."""
    rows = tuple(
        (subject.label(one.tier), _change(one.compliance, "share"), _change(one.wait, "minutes"),
         _change(one.csat, "points"), *((_change(one.cost, "money"),) if priced else ()))
        for one in more
    )  # fmt: skip
    names = ("in", "SLA compliance, points", "wait in that tier, min", "satisfaction, of 5",
             *((f"cost a {subject.word}",) if priced else ()))  # fmt: skip
    yield Table("One agent more would change, on average", names, rows)
    plays = more[0].plays
    if plays < 2:
        text = "Each change was played once, so that nothing can be said of how sure the differences are."
        yield Text(text, small=True)
        return
    yield Text(
        f"Each change was played {plays} times, with the same tickets and the same luck as the desk as it is; ± is the "
        "95 % interval of the mean difference. What is smaller than its ± may be nothing.", small=True,
    )  # fmt: skip
    clear = [one for one in more if one.compliance.mean - one.compliance.half > 0]
    if clear:
        best = max(clear, key=lambda one: one.compliance.mean)
        price = f", and costs {_change(best.cost, 'money').removeprefix('+')} more a {subject.word}" if priced else ""
        text = (
            f"One agent more in {subject.label(best.tier)} raises SLA compliance most, by "
            f"{_change(best.compliance, 'share').removeprefix('+')} points{price}."
        )
    else:
        text = "One agent more, wherever it is, raises SLA compliance by no more than chance would explain."
    yield Points((Point(text),))


def _change(of: Sample, kind: Kind) -> str:
    """Return a difference with its sign and how sure it is, without its unit."""
    if not np.nan_to_num(of.values).any():
        return "no change" if of.known else NOTHING
    number, half = with_half(of.mean, of.half, kind) if of.half > 0 else (bare(of.mean, kind), "")
    sign = "" if number.startswith("-") else "+"
    return f"{sign}{number}{half and f' ± {half}'}".replace("-", "−")


def knowledge_base(subject: Subject) -> Section:
    """Return over which subjects the first tier is stuck."""
    tier, clock = subject.tiers[0], word(Measured.NO_PROGRESS)
    of = subject.gathered.of
    rows = tuple(
        (subject.label(name), cell(subject.gathered.sample("over", clock, tier, name), "count"),
         cell(share(of("over", clock, tier, name), of("stays", tier, name)), "share"))
        for name in subject.model.categories
    )  # fmt: skip
    names = ("about", "timer ran out", "of its tickets, %")
    nothing = f"No subject stands out among those that {subject.label(tier)} is stuck over."
    last = _told(quoted("Knowledge base")) if any(knowledge(subject)) else Points((Point(nothing),))
    caption = f"Where {subject.label(tier)} made no progress until its timer ran out"
    return Section("Knowledge base updates", "knowledge", (Table(caption, names, rows), last))
