"""The weekly review: each escalation of a week judged by the rulebook, whom to praise, and what to coach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from policy.durations import format_minutes
from simulator.audit import JUDGED, Audit
from simulator.report.counting import count
from simulator.report.figures import limits
from simulator.report.judged import APPROPRIATE, PREMATURE, Case, lessons, review
from simulator.report.model import NO_BREAK, NOTHING, Block, Point, Points, Report, Section, Table, Text
from simulator.report.monthly import about, how_to_read, method
from simulator.report.phrases import capital, joined, mean_cell, quoted
from simulator.report.subject import Subject, reason_words
from simulator.report.windows import moment, weekday_moment

if TYPE_CHECKING:
    from policy.rulebook import Rulebook

PRAISED: Final = 3
"""Excellent escalations that are named."""
LESSONS: Final = 8
"""Kinds of lapses that are named."""


def weekly_report(subject: Subject, rulebook: Rulebook) -> Report:
    """Return the weekly review; the window gathered is the week."""
    cases, found = review(subject.run, rulebook, subject.gathered.windows[-1])
    return Report(
        subject.policy.doc.organisation,
        f"Weekly review: {subject.window}",
        (*about(subject), f"The week reviewed is that of replication {subject.run.replication}."),
        (
            numbers(subject, cases),
            to_discuss(subject, cases),
            appropriate(subject, cases),
            praise(subject, cases),
            coaching(subject, cases),
            training(subject, cases, found),
            rules(subject, cases),
            how_to_read(subject),
            method(subject, form=False),
        ),
    )


def numbers(subject: Subject, cases: Sequence[Case]) -> Section:
    """Return the week in figures, beside what a week usually is."""
    (mine,) = count(subject.run, subject.gathered.windows)
    judged = Counter(case.judgement.judged for case in cases)
    keys: list[tuple[str, tuple[str, ...]]] = [
        ("Tickets", ("figure", "tickets")),
        ("Escalations", ("figure", "escalations")),
        *((subject.move_label(tier, step), ("step", "from", tier, step)) for step in subject.steps
          for tier in (subject.below(step), *subject.jumps(step))),
        ("De-escalations", ("figure", "deescalations")),
    ]  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for label, key in keys:
        usual = subject.gathered.sample(*key)
        rows.append((label, f"{mine[key]:.0f}", mean_cell(usual, "count"), limits(usual, "count"),
                     _unusual(mine[key], usual.low, usual.high)))  # fmt: skip
    by = tuple((capital(one), str(judged.get(one, 0))) for one in JUDGED)
    names = ["", "this week", "mean of weeks", "a week lies between", "that is"]
    if not any(row[-1] for row in rows):  # nothing is unusual
        names, rows = names[:-1], [row[:-1] for row in rows]
    return Section("The week in figures", "figures", (
        Table("This week beside others", tuple(names), tuple(rows)),
        Table("The escalations as the rulebook judges them", ("judged", "escalations"), by),
    ))  # fmt: skip


def to_discuss(subject: Subject, cases: Sequence[Case]) -> Section:
    """Return the escalations that were not appropriate, each with the reason."""
    mine = [case for case in cases if case.judgement.judged != APPROPRIATE]
    title, anchor = "Escalations to talk about", "discuss"
    if not mine:
        text = "Every escalation of the week was appropriate." if cases else "Nothing was escalated this week."
        return Section(title, anchor, (Text(text),))
    points = []
    for case in mine:
        one = case.judgement
        about_ = f"{subject.priority(case.priority)}, {quoted(subject.label(one.category))}"
        text = f"{_when(subject, case)}, {_who(case)}, {_path(subject, case)}, {about_}. {one.why}{_cited(one.rules)}"
        points.append(Point(text, f"Ticket {one.ticket}, {one.judged}"))
    return Section(title, anchor, (Points(tuple(points)),))


def appropriate(subject: Subject, cases: Sequence[Case]) -> Section:
    """Return the escalations that were appropriate, with the rules that asked for them."""
    reasons = reason_words()
    rows = tuple(
        (str(case.judgement.ticket), weekday_moment(subject.model, case.judgement.at), _path(subject, case),
         subject.label(case.judgement.category), _because(reasons, case))
        for case in cases if case.judgement.judged == APPROPRIATE
    )  # fmt: skip
    title, anchor = "Appropriate escalations", "appropriate"
    if not rows:
        return Section(title, anchor, (Text("None."),))
    names = ("ticket", "when", "from → to", "about", "because, by the rules")
    return Section(title, anchor, (Table("Appropriate escalations, in the order of time (UTC)", names, rows, left=5),))


def _because(reasons: Mapping[str, str], case: Case) -> str:
    """Return why a ticket moved, and the rules that asked for it."""
    why = reasons.get(case.judgement.reason, case.judgement.reason)
    return f"{why}: {', '.join(case.judgement.rules)}" if case.judgement.rules else why


def praise(subject: Subject, cases: Sequence[Case]) -> Section:
    """Return the escalations that went as they should in every respect, the quickest ones by name."""
    good = sorted((case for case in cases if case.excellent), key=lambda case: case.after)
    text = (
        "Excellent is an escalation that the rulebook asked for, with none of the ticket's duties forgotten or late, "
        "a complete hand-off, and a solution in time by the tier that got it."
    )
    blocks: list[Block] = [Text(text, small=True)]
    points = tuple(
        Point(
            f"{capital(_who(case))}, {_path(subject, case)}, {quoted(subject.label(case.judgement.category))}: solved "
            f"{_said(case.after)} later.",
            f"Ticket {case.judgement.ticket}",
        )
        for case in good[:PRAISED]
    )
    if points:
        blocks = [Points(points), *blocks]
        if len(good) > PRAISED:
            blocks.insert(1, Text(f"As good: {_tickets(good[PRAISED:])}."))
    else:
        blocks = [Text("No escalation of the week was excellent in every respect."), *blocks]
    return Section("Excellent escalations", "excellent", tuple(blocks))


def coaching(subject: Subject, cases: Sequence[Case]) -> Section:
    """Return what to talk over with whom, of premature escalations."""
    mine = [case for case in cases if case.judgement.judged == PREMATURE]
    title, anchor = "Coaching on premature escalations", "coaching"
    if not mine:
        return Section(title, anchor, (Text("No escalation of the week was premature."),))
    by: dict[str, list[Case]] = {}
    for case in mine:
        who = f"{capital(_who(case))} of {subject.label(case.judgement.source)}"
        by.setdefault(who, []).append(case)
    points = []
    for who, theirs in by.items():
        subjects = joined(dict.fromkeys(quoted(subject.label(case.judgement.category)) for case in theirs))
        tier = subject.label(theirs[0].judgement.source)
        text = f"{capital(_tickets(theirs))} about {subjects}: what {tier} could have solved, and how to see that."
        points.append(Point(text, who))
    return Section(title, anchor, (Points(tuple(points)),))


def training(subject: Subject, cases: Sequence[Case], found: Audit) -> Section:
    """Return what was forgotten or late although somebody could have done it, and where escalations went wrong."""
    blocks: list[Block] = []
    wrong = Counter((c.judgement.category, c.judgement.judged) for c in cases if c.judgement.judged != APPROPRIATE)
    if wrong:
        rows = tuple(
            (subject.label(category), judged, str(number))
            for (category, judged), number in sorted(wrong.items(), key=lambda x: (-x[1], x[0]))
        )
        caption = "What the escalations that were not appropriate are about"
        blocks.append(Table(caption, ("category", "judged", "escalations"), rows, left=2))
    told = {case.judgement.why for case in cases if case.judgement.judged != APPROPRIATE}
    known = lessons(found.findings, told)
    if known:
        lapses = tuple(
            (capital(one.slip), _above(tickets), "see there", str(len(tickets))) if one.says in told
            else (capital(one.slip), one.says, ", ".join(one.rules) or NOTHING, str(len(tickets)))
            for one, tickets in known[:LESSONS]
        )  # fmt: skip
        caption = "Duties of the week's escalated tickets that were not done as they should be"
        blocks.append(Table(caption, ("what", "about it", "rules", "times"), lapses, left=3))
    else:
        blocks.append(Text("Of the tickets escalated, no duty was forgotten or late that somebody could have done."))
    unable = sum(1 for one in found.findings if one.could_not)
    if unable:
        duties = "duty was" if unable == 1 else "duties were"
        blocks.append(Text(
            f"{unable} more {duties} late or missed because nobody could do better: everybody was busy, or nobody was "
            "there. That is a matter of staffing, not of training.", small=True,
        ))  # fmt: skip
    return Section("Training opportunities", "training", tuple(blocks))


def rules(subject: Subject, cases: Sequence[Case]) -> Section:
    """Return what the rules say that were cited."""
    cited = dict.fromkeys(rule for case in cases for rule in case.judgement.rules)
    known = subject.policy.catalogue
    rows = tuple((rule, known[rule].text, known[rule].source) for rule in cited if rule in known)
    if not rows:
        return Section("The rules cited", "rules", (Text("None."),))
    return Section("The rules cited", "rules", (Table("Rules", ("id", "what it says", "section"), rows, left=3),))


def _unusual(value: float, low: float, high: float) -> str:
    if not np.isfinite(low) or low <= value <= high:
        return ""
    return "fewer than usual" if value < low else "more than usual"


def _when(subject: Subject, case: Case) -> str:
    return moment(subject.model, case.judgement.at)


def _path(subject: Subject, case: Case) -> str:
    """Return a move from tier to tier on one line; where it leads to somebody else, it may go on on the next."""
    source, to = subject.label(case.judgement.source), subject.label(case.judgement.to)
    if case.judgement.to in subject.tiers:
        return f"{source} → {to}".replace(" ", NO_BREAK)
    return f"{source} →".replace(" ", NO_BREAK) + f" {to}"


def _who(case: Case) -> str:
    return "nobody" if case.agent is None else f"agent {case.agent}"


def _tickets(cases: Sequence[Case]) -> str:
    return _named(case.judgement.ticket for case in cases)


def _named(tickets: Iterable[int]) -> str:
    numbers_ = list(dict.fromkeys(map(str, tickets)))
    return f"ticket {numbers_[0]}" if len(numbers_) == 1 else f"tickets {joined(numbers_)}"


def _above(tickets: Sequence[int]) -> str:
    return f"{capital(_named(tickets))}, among the escalations to talk about."


def _cited(ids: Iterable[str]) -> str:
    cited = ", ".join(ids)
    return f" [{cited}]" if cited else ""


def _said(minutes: float) -> str:
    return format_minutes(float(round(minutes))) if minutes >= 1 else "less than a minute"
