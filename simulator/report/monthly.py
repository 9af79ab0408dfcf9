"""The monthly escalation report, in the form of the procedure, with where its figures come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulator.report.aims import MEASURED, months_that_meet, tick
from simulator.report.details import (
    breaches,
    by_tier_and_priority,
    deescalations,
    heads,
    reported,
    reported_head,
    slips,
    utilisation,
    why_escalated,
)
from simulator.report.figures import ENOUGH, FEW, Sample, coverage, limits, mean, said, sample, together
from simulator.report.improving import improvements
from simulator.report.model import MET, MISSED, Bars, Block, Kind, Point, Points, Report, Section, Table, Text
from simulator.report.phrases import joined, mark, mean_cell
from simulator.report.subject import Subject
from simulator.report.succeeding import successes
from simulator.report.trending import trend
from simulator.report.windows import Window

TOP: Final = 5
"""Categories among the top reasons."""
RARE: Final = 0.1
"""What happens less often than this in a month would be written as nothing."""


def monthly_report(subject: Subject) -> Report:
    """Return the monthly report; the windows gathered are the months, and it is about the last one."""
    months = len(subject.gathered.windows)
    return Report(
        subject.policy.doc.organisation,
        f"Escalation report: {subject.window}",
        about(subject),
        (
            how_to_read(subject),
            summary(subject),
            performance(subject),
            top_reasons(subject),
            Section("Improvements needed", "improvements", (Points(improvements(subject)),)),
            success_stories(subject),
            trend(subject, months),
            by_tier_and_priority(subject),
            why_escalated(subject),
            deescalations(subject),
            breaches(subject),
            utilisation(subject),
            slips(subject),
            method(subject),
        ),
    )


def about(subject: Subject) -> tuple[str, ...]:
    """Return what a report rests on, in a line or two."""
    lines = [
        f"Desk: {subject.model.desk.title}",
        f"Policy {subject.policy.name}, version {subject.policy.doc.version}. {_played(subject)}",
    ]
    if subject.changes:
        lines.append(f"Changed for this report: {', '.join(subject.changes)}.")
    if subject.gathered.replications < FEW:
        lines.append(_too_few(subject))
    return tuple(lines)


def _played(subject: Subject) -> str:
    number, months = subject.gathered.replications, len(months_played(subject))
    times = "once" if number == 1 else f"{number} times"
    if months > 1 and subject.word != "quarter":
        return f"{months} months in a row, simulated {times}, seed {subject.seed}."
    return f"{number} {subject.plural if number > 1 else subject.word} simulated, seed {subject.seed}."


def _too_few(subject: Subject) -> str:
    number = subject.gathered.replications
    if number == 1:
        return f"Only one {subject.word} was played: the figures are what may happen, not what to expect."
    return (
        f"Only {number} {subject.plural} were played, and so few say little: the means are rough (see their ±). Before "
        f"acting on a figure play {ENOUGH} or more (--replications)."
    )


def months_played(subject: Subject) -> tuple[Window, ...]:
    """Return the windows that are months (or weeks), without the one that is all of them together."""
    windows = subject.gathered.windows
    return windows[:-1] if len(windows) > 1 and windows[-1].start == windows[0].start else windows


def how_to_read(subject: Subject) -> Section:
    """Return how the two intervals are told apart."""
    number, name = subject.gathered.replications, subject.word
    title, anchor = "How to read the figures", "reading"
    if number < 2:
        text = f"One {name} was played, so nothing can be said of how much such figures stray."
        return Section(title, anchor, (Text(f"{text} Play more with --replications."),))
    news = f"A figure outside its limits in a real {name} is news; one within them may be chance."
    if number < ENOUGH:
        news = f"To have 95 of 100 within them, play it {ENOUGH} times or more (--replications)."
    return Section(title, anchor, (
        Text(f"The desk was played {number} times, each time with other chances. A mean is what to expect on average, "
             f"and ± says how far that mean may be off because no more were played (95 % confidence)."),
        Text(f"A single {name} strays more than the mean. The limits between which it lies hold for about "
             f"{100 * coverage(number):.0f} of 100 further ones, whatever the distribution. {news}"),
        Text("A share that stands beside the counts it divides is that of all plays together; a rate with limits is "
             f"the mean over the {subject.plural}.", small=True),
    ))  # fmt: skip


def summary(subject: Subject) -> Section:
    """Return tickets and escalations by step, with their shares."""
    get, of = subject.gathered.sample, subject.gathered.of
    whole, tickets = of("figure", "escalations"), of("figure", "tickets")
    rows = [
        ("Total tickets", get("figure", "tickets"), "", "tickets"),
        ("Total escalations", get("figure", "escalations"), mean(together(whole, tickets), "share"), "escalations"),
        *_steps(subject),
    ]
    shown = tuple(
        (label, mean_cell(one, "count"), part, limits(one, "count"), *reported(subject, name, "count"))
        for label, one, part, name in rows
    )
    names = ("", "mean", "share", f"a {subject.word} lies between", *reported_head(subject))
    blocks: list[Block] = [Table("Tickets and escalations", names, shown)]
    distinct = get("figure", "escalated_ticket_share")
    text = (
        "An escalation counts by where it leads, wherever it comes from. All escalations are a share of the tickets, a "
        "step is a share of the escalations."
    )
    if distinct.known:
        once = said(distinct, "share", subject.word)
        text += f" Of the tickets, {once} are escalated at least once, some of them more often."
    blocks.append(Text(text, small=True))
    aside = {name: get("elsewhere", name) for name in subject.elsewhere()}
    brought = [f"{_rarely(one, subject.word)} to {subject.label(name)}" for name, one in aside.items() if one.mean > 0]
    if brought:
        blocks.append(Text(f"Besides, outside this sum: {joined(brought)}."))
    if subject.reported:
        blocks.append(Text(
            f"“Reported” is what the real {subject.word} had, as the desk file has it (reference). It is a single one, "
            "and strays; a desk that was fitted to these figures agrees with them by design.", small=True,
        ))  # fmt: skip
    elif subject.withheld:
        blocks.append(Text(
            f"The figures reported for the real {subject.word} are left out: something was changed for this report, "
            "and they are those of another desk.", small=True,
        ))  # fmt: skip
    return Section("Summary", "summary", tuple(blocks))


def _steps(subject: Subject) -> Iterator[tuple[str, Sample, str, str]]:
    """Yield each step of the escalation path, and those of it that came from another tier than the one below."""
    of = subject.gathered.of
    whole = of("figure", "escalations")
    for step in subject.steps:
        name = f"escalations_{subject.below(step).lower()}_{step.lower()}"
        found = of("step", step)
        yield subject.step_label(step), sample(found), mean(together(found, whole), "share"), name
        for tier in subject.jumps(step):
            some = of("step", "from", tier, step)
            label = f"of these from {subject.label(tier)}"
            yield label, sample(some), mean(together(some, whole), "share"), ""


def _rarely(of: Sample, word: str) -> str:
    """Return a count in a phrase, without a nought for what does happen."""
    if of.mean >= RARE:
        return said(of, "count", word)
    return f"fewer than {RARE:g} (a {word}: {limits(of, 'count')})"


def performance(subject: Subject) -> Section:
    """Return the figures that have targets, each with its tick."""
    get = subject.gathered.sample
    hours = get("figure", "escalation_resolution_hours")
    rows = [("Escalation resolution time", mean_cell(hours, "hours"), limits(hours, "hours"),
             *reported(subject, "escalation_resolution_hours", "hours"), "", "")]  # fmt: skip
    marks = []
    for name in MEASURED:
        if name not in subject.policy.targets:
            continue
        one, aim, found = MEASURED[name], subject.policy.targets[name], get("figure", name)
        kind: Kind = "ratio" if one.kind == "points" else one.kind  # of how many points, stands below the table
        rows.append(
            (one.name, mean_cell(found, kind), limits(found, kind), *reported(subject, name, kind),
             tick(name, found.mean, aim), months_that_meet(name, found, aim))
        )  # fmt: skip
        if one.kind == "share":
            marks.append(mark(one.name, found, aim))
    about_ = "The bar is the mean, the line through its end what single months do, the hollow mark the target."
    names = (*heads(subject, "figure", *reported_head(subject)), "target", "met in")
    return Section("Escalation performance", "performance", (
        Table(f"Performance against the targets ({MET} met on average, {MISSED} missed)", names, tuple(rows)),
        Text("Escalation resolution is the time from the first escalation to the resolution, on the ticket's own "
             "clock; “÷ average” compares it with the average of all tickets of the same priority. Satisfaction is in "
             "points of 5.", small=True),
        *([Bars("Shares that have a target", about_, "share", tuple(marks), aim="target")] if marks else []),
    ))  # fmt: skip


def top_reasons(subject: Subject) -> Section:
    """Return the categories that bring most escalations."""
    found = {name: subject.gathered.sample("escalations", "category", name) for name in subject.model.categories}
    top = sorted(found, key=lambda name: -found[name].mean)[:TOP]
    items = []
    for name in top:
        (real,) = reported(subject, f"escalations_{name}", "count") or ("",)
        beside = f"; reported {real}" if real else ""
        items.append(Point(f"{said(found[name], 'count', subject.word)}{beside}", subject.label(name)))
    return Section("Top escalation reasons", "top", (Points(tuple(items), numbered=True),))


def success_stories(subject: Subject) -> Section:
    """Return what went well."""
    text = (
        f"Single tickets are those of one {subject.word} played: replication {subject.run.replication} of seed "
        f"{subject.run.seed}. What happened to one, deskdrill simulate --trace tells."
    )
    return Section("Success stories", "successes", (Points(successes(subject)), Text(text, small=True)))


def method(subject: Subject, *, form: bool = True) -> Section:
    """Return how a report is made again."""
    model, gathered = subject.model, subject.gathered
    period = model.desk.period
    return Section("How this report was made", "method", (
        Points(tuple(map(Point, _method(subject, form=form)))),
        Table("Simulated", ("what", "value"), (
            ("Desk", model.desk.name),
            ("Policy", f"{subject.policy.name} {subject.policy.doc.version} ({subject.policy.digest[:12]})"),
            ("Measured", f"{period.first_day} to {period.last_day}"),
            ("Before that", f"{period.warm_up_weeks} weeks that only fill the desk"),
            ("Replications", f"{gathered.replications} (0 to {gathered.replications - 1}) of seed {subject.seed}"),
            ("Looked at closely", f"replication {subject.run.replication} of seed {subject.run.seed}"),
            *(("Changed", change) for change in subject.changes),
        ), left=2),
    ))  # fmt: skip


def _method(subject: Subject, *, form: bool) -> Iterator[str]:
    yield "All figures are those of a simulated desk, not of a real one."
    found = next((one for one in subject.policy.doc.reports if not one.figures), None)
    if form and found is not None:
        yield f"The form is the procedure's ({found.id}, {found.source})."
    metrics = ", ".join(one.id for one in subject.policy.doc.metrics)
    if metrics:
        yield f"What is measured, and the targets, are the policy's ({metrics})."
    yield "The same desk, policy, seed and number of replications give the same report, on any number of workers."

