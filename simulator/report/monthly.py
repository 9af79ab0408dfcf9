"""The monthly escalation report, in the form of the procedure, with where its figures come from."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.report.aims import MEASURED, months_that_meet, tick
from simulator.report.details import (
    breaches,
    by_tier_and_priority,
    deescalations,
    heads,
    slips,
    utilisation,
    why_escalated,
)
from simulator.report.figures import ENOUGH, coverage, limits, mean, said
from simulator.report.improving import improvements
from simulator.report.model import MET, MISSED, Bars, Block, Point, Points, Report, Section, Table, Text
from simulator.report.phrases import mark, mean_cell, share
from simulator.report.subject import Subject
from simulator.report.succeeding import successes
from simulator.report.trending import trend

TOP = 5
"""Categories among the top reasons."""


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
    return tuple(lines)


def _played(subject: Subject) -> str:
    number = subject.gathered.replications
    return f"{number} {subject.plural if number > 1 else subject.word} simulated, seed {subject.seed}."


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
    ))  # fmt: skip


def summary(subject: Subject) -> Section:
    """Return tickets and escalations by step, with their shares."""
    get, of = subject.gathered.sample, subject.gathered.of
    whole, tickets = of("figure", "escalations"), of("figure", "tickets")
    rows = [
        ("Total tickets", get("figure", "tickets"), ""),
        ("Total escalations", get("figure", "escalations"), mean(share(whole, tickets), "share")),
        *((subject.step_label(step), get("step", step), mean(share(of("step", step), whole), "share"))
          for step in subject.steps),
    ]  # fmt: skip
    shown = tuple(
        (label, mean_cell(one, "count"), part, limits(one, "count"), *_reported(subject, place))
        for place, (label, one, part) in enumerate(rows)
    )
    names = ("", "mean", "share", f"a {subject.word} lies between", *(("reported",) if _references(subject) else ()))
    blocks: list[Block] = [Table("Tickets and escalations", names, shown)]
    distinct = get("figure", "escalated_ticket_share")
    text = (
        "An escalation counts by where it leads. All escalations are a share of the tickets, a step is a share of the "
        "escalations."
    )
    if distinct.known:
        once = said(distinct, "share", subject.word)
        text += f" Of the tickets, {once} are escalated at least once, some of them more often."
    blocks.append(Text(text, small=True))
    for name in subject.elsewhere():
        found = said(get("elsewhere", name), "count", subject.word)
        blocks.append(Text(f"Besides, outside this sum: {found} to {subject.label(name)}."))
    return Section("Summary", "summary", tuple(blocks))


def _references(subject: Subject) -> bool:
    """Return whether the desk tells what its own period was reported to have, and this is that period."""
    return bool(subject.model.desk.reference) and subject.word == "month" and len(subject.gathered.windows) == 1


def _reported(subject: Subject, place: int) -> tuple[str, ...]:
    if not _references(subject):
        return ()
    low = [tier.lower() for tier in subject.tiers]
    above = [*low[1:], "management"]
    steps = [f"escalations_{a}_{b}" for a, b in zip(low, above, strict=True)]
    name = ["tickets", "escalations", *steps][place]
    value = subject.model.desk.reference.get(name)
    return ("" if value is None else f"{value:g}",)


def performance(subject: Subject) -> Section:
    """Return the figures that have targets, each with its tick."""
    get = subject.gathered.sample
    hours = get("figure", "escalation_resolution_hours")
    rows = [("Escalation resolution time", mean_cell(hours, "hours"), limits(hours, "hours"), "", "")]
    marks = []
    for name in MEASURED:
        if name not in subject.policy.targets:
            continue
        one, aim, found = MEASURED[name], subject.policy.targets[name], get("figure", name)
        rows.append(
            (one.name, mean_cell(found, one.kind), limits(found, one.kind), tick(name, found.mean, aim),
             months_that_meet(name, found, aim))
        )  # fmt: skip
        if one.kind == "share":
            marks.append(mark(one.name, found, aim))
    about_ = "The bar is the mean, the line through its end what single months do, the hollow mark the target."
    names = (*heads(subject, "figure"), "target", "met in")
    return Section("Escalation performance", "performance", (
        Table(f"Performance against the targets ({MET} met on average, {MISSED} missed)", names, tuple(rows)),
        Text("Escalation resolution is the time from the first escalation to the resolution, on the ticket's own "
             "clock; “÷ average” compares it with the average of all tickets of the same priority.", small=True),
        *([Bars("Shares that have a target", about_, "share", tuple(marks), aim="target")] if marks else []),
    ))  # fmt: skip


def top_reasons(subject: Subject) -> Section:
    """Return the categories that bring most escalations."""
    found = {name: subject.gathered.sample("escalations", "category", name) for name in subject.model.categories}
    top = sorted(found, key=lambda name: -found[name].mean)[:TOP]
    items = tuple(Point(said(found[name], "count", subject.word), subject.label(name)) for name in top)
    return Section("Top escalation reasons", "top", (Points(items, numbered=True),))


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

