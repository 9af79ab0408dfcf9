"""The sections that show where the figures come from; the monthly report and the quarterly sheet share them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.codes import DE_ESCALATIONS, Judged, Slip
from simulator.openhours import Floats
from simulator.report.aims import MEASURED, target, tick
from simulator.report.counting import BACK, CAUSES, HOURS, OWN_CLOCKS, REASONS, word
from simulator.report.figures import UNITS, sample, together
from simulator.report.model import Bars, Block, Heat, Kind, Section, Table, Text
from simulator.report.phrases import DAYS, cell, mark, mean_cell, row, share, total_of
from simulator.report.subject import BACK_WORDS, ENTRIES, JUDGED, Subject, expected_mix, reasons
from simulator.report.subject import CAUSES as CAUSE_WORDS

_COLUMNS = 14
"""Hours side by side in a table of the week."""


def heads(subject: Subject, first: str, *more: str) -> tuple[str, ...]:
    """Return the heads of a table of figures."""
    return (first, "mean", f"a {subject.word} lies between", *more)


def reported_head(subject: Subject) -> tuple[str, ...]:
    """Return the head of the column of what the real month had, where there is such a column."""
    return ("reported",) if subject.reported else ()


def reported(subject: Subject, name: str, kind: Kind) -> tuple[str, ...]:
    """Return the cell of what the real month had of a figure, empty where that is not known; none without a column."""
    if not subject.reported:
        return ()
    value = subject.reported.get(name)
    if value is None:
        return ("",)
    return (f"{100 * value:g} %" if kind == "share" else f"{value:g}{UNITS.get(kind, '')}",)


def by_tier_and_priority(subject: Subject) -> Section:
    """Return escalations, durations, compliance and satisfaction by tier and by priority."""
    get, word_ = subject.gathered.sample, subject.word
    note = (
        f"In brackets: the limits between which a single {word_} lies. An asterisk: not every {word_} has the figure, "
        "and the limits are of those that have it."
    )
    priorities = [(subject.priority(name), name) for name in subject.model.priorities]
    steps = tuple(f"to {subject.to_label(step)}" for step in subject.steps)
    up = tuple(
        (label, *(cell(get("step", "priority", name, step), "count") for step in subject.steps),
         cell(get("escalations", "priority", name), "count"))
        for label, name in priorities
    )  # fmt: skip
    by_priority = tuple(
        (label, cell(get("solved", "priority", name), "count"), cell(get("complied", "priority", name), "share"),
         cell(get("hours", "priority", name), "hours"), cell(get("csat", "priority", name), "points"))
        for label, name in priorities
    )  # fmt: skip
    by_tier = tuple(
        (subject.label(name), cell(get("solved", "tier", name), "count"), cell(get("complied", "tier", name), "share"),
         cell(get("hours", "tier", name), "hours"), cell(get("csat", "tier", name), "points"))
        for name in subject.tiers
    )  # fmt: skip
    solved = ("tickets solved", "SLA compliance, %", "resolution, h", "satisfaction")
    return Section("By tier and priority", "tiers", (
        Text(note, small=True),
        Table("Escalations by priority and by where they lead", ("priority", *steps, "all"), up),
        Table("Solved tickets by priority", ("priority", *solved), by_priority),
        Table("Solved tickets by the tier that closed them", ("tier", *solved), by_tier),
        _escalation_resolution(subject),
        Text("Resolution counts the time of the ticket's own clock (business time, but for what runs around the "
             "clock), without pauses; elapsed time counts every hour.", small=True),
    ))  # fmt: skip


def _escalation_resolution(subject: Subject) -> Table:
    aim = subject.policy.targets.get("escalation_resolution_ratio")
    rows = []
    for name in subject.model.priorities:
        ratio = subject.gathered.sample("escalated_ratio", name)
        goal = "" if aim is None else tick("escalation_resolution_ratio", ratio.mean, aim)
        rows.append(
            (subject.priority(name), cell(subject.gathered.sample("escalated_hours", name), "hours"),
             cell(subject.gathered.sample("escalated_elapsed", name), "hours"), cell(ratio, "ratio"), goal)
        )  # fmt: skip
    titles = ("priority", "from escalation, h", "elapsed, h", "÷ average of all", "target")
    return Table("Time from the first escalation to the resolution", titles, tuple(rows))


def why_escalated(subject: Subject) -> Section:
    """Return the reasons of escalations against the expected mix, and the categories."""
    blocks: list[Block] = []
    of = subject.gathered.of
    whole = of("figure", "escalations")
    mix, expected = reasons(subject.policy), expected_mix(subject.policy)
    if mix:
        known = subject.gathered.places
        counts = {name: [of("reason", w) for w in words if ("reason", w) in known] for name, words in mix.items()}
        found = {name: share(total_of([0 * whole, *count]), whole) for name, count in counts.items()}
        marks = tuple(mark(_reason(name), one, expected.get(name)) for name, one in found.items())
        about = "The bar is the mean, the line through its end what single months do, the hollow mark what is expected."
        blocks += [
            Bars("Escalation reasons and the expected mix", about, "share", marks, aim="expected"),
            Table("Escalation reasons, shares of all escalations", heads(subject, "reason", "expected"), tuple(
                (*row(_reason(name), one, "share"), _expected(expected.get(name))) for name, one in found.items()
            )),
        ]  # fmt: skip
        none = [_reason(name) for name, words in mix.items() if not words]
        if none:
            blocks.append(Text(f"This desk has nothing that would count as: {', '.join(none).lower()}.", small=True))
    behind = tuple(row(_capital(ENTRIES[entry]), subject.gathered.sample("reason", word(entry)), "count")
                   for entry in REASONS)  # fmt: skip
    blocks.append(Table("What made tickets move up", heads(subject, "what happened"), behind))
    blocks += _categories(subject)
    return Section("Escalation reasons and categories", "reasons", tuple(blocks))


def _categories(subject: Subject) -> Iterator[Block]:
    get = subject.gathered.sample
    names = sorted(subject.model.categories, key=lambda name: -get("escalations", "category", name).mean)
    marks = tuple(mark(subject.label(name), get("escalations", "category", name)) for name in names)
    about = "The bar is the mean number of escalations, the line through its end what single months do."
    yield Bars("Escalations by category", about, "count", marks)
    first = subject.tiers[0]
    rows = tuple(
        (subject.label(name), cell(get("opened", "category", name), "count"),
         cell(get("escalations", "category", name), "count"),
         cell(share(subject.gathered.of("passed", first, name), subject.gathered.of("stays", first, name)), "share"),
         cell(get("complied", "category", name), "share"), *reported(subject, f"escalations_{name}", "count"))
        for name in names
    )  # fmt: skip
    passed = f"passed on by {subject.label(first)}, %"
    more = ("escalations reported",) if subject.reported else ()
    yield Table("Categories", ("category", "tickets", "escalations", passed, "SLA compliance, %", *more), rows)


def deescalations(subject: Subject) -> Section:
    """Return what was sent back, and what the rulebook says of the escalations."""
    get = subject.gathered.sample
    whole = subject.gathered.of("figure", "escalations")
    aim = subject.policy.targets.get("deescalation_rate")
    rate = get("figure", "deescalation_rate")
    empty = reported(subject, "", "count")
    rows = [
        (*row("De-escalations", get("figure", "deescalations"), "count"), *reported(subject, "deescalations", "count")),
        (*row("Share of all escalations", rate, "share"), *reported(subject, "deescalation_rate", "share")),
        *((*row(f"{_capital(BACK_WORDS[entry])}{'' if entry in DE_ESCALATIONS else ' (hand-back)'}",
                get("back", word(entry)), "count"), *empty) for entry in BACK),
    ]  # fmt: skip
    judged = tuple(
        (*row(_capital(JUDGED[one]), get("judged", word(one)), "count"),
         mean_cell(together(subject.gathered.of("judged", word(one)), whole), "share"))
        for one in Judged
    )  # fmt: skip
    by = tuple(
        (subject.label(tier), *(cell(get("judged", word(one), "from", tier), "count") for one in Judged))
        for tier in subject.tiers
    )
    names = heads(subject, "figure", *reported_head(subject))
    blocks: list[Block] = [Table("What came back from a tier above", names, tuple(rows))]
    if aim is not None:
        met = "met" if MEASURED["deescalation_rate"].meets(rate.mean, aim) else "missed"
        blocks.append(Text(f"The target is a share {target('deescalation_rate', aim)}; the mean has {met} it."))
    return Section("De-escalations and the quality of decisions", "deescalations", (
        *blocks,
        Table("Escalations as the rulebook judges them", heads(subject, "judged", "share"), judged),
        Table("By the tier that escalated", ("from", *(JUDGED[one] for one in Judged)), by),
        Text("What came too early, to the wrong tier, or with too high a priority is a de-escalation: it tells how "
             "good the decisions are. The other hand-backs are good practice, and count apart.", small=True),
    ))  # fmt: skip


def breaches(subject: Subject) -> Section:
    """Return where missed targets come from."""
    get, of = subject.gathered.sample, subject.gathered.of
    both = {cause: total_of(of("breaches", word(clock), word(cause)) for clock in OWN_CLOCKS) for cause in CAUSES}
    whole = total_of(both.values())
    rows = []
    for cause in CAUSES:
        parts = [cell(get("breaches", word(clock), word(cause)), "count") for clock in OWN_CLOCKS]
        shares = _mean_share(both[cause], whole)
        rows.append((_capital(CAUSE_WORDS[cause]), *parts, cell(sample(both[cause]), "count"), shares))
    totals = [cell(get("breaches", word(clock)), "count") for clock in OWN_CLOCKS]
    rows.append(("All", *totals, cell(sample(whole), "count"), _mean_share(whole, whole)))
    marks = tuple(mark(_capital(CAUSE_WORDS[cause]), sample(both[cause])) for cause in CAUSES)
    about = "The bar is the mean number of missed targets, the line through its end what single months do."
    kinds = [("priority", subject.priority, subject.model.priorities), ("plan", subject.label, subject.model.plans),
             ("category", subject.label, subject.model.categories)]  # fmt: skip
    where = tuple(
        (called(name), cell(get("solved", kind, name), "count"), cell(get("breached", kind, name), "count"),
         mean_cell(together(of("breached", kind, name), of("solved", kind, name)), "share"))
        for kind, called, names in kinds for name in names
    )  # fmt: skip
    return Section("Where missed targets come from", "breaches", (
        Text("Each missed target of a ticket solved in this time has one cause: what took the largest part of the time "
             "until it was met. A ticket may miss both targets."),
        Bars("Missed targets by cause", about, "count", marks),
        Table("Missed targets by cause", ("cause", "first response", "resolution", "both", "share"), tuple(rows)),
        Table("Tickets that missed a target", ("of", "solved", "missed a target", "share of them"), where),
    ))  # fmt: skip


def utilisation(subject: Subject) -> Section:
    """Return how busy each tier is, in all and by hour of the week."""
    get = subject.gathered.sample
    rows = tuple(
        (subject.label(tier), cell(get("figure", f"utilisation_{tier.lower()}"), "share"),
         cell(get("figure", f"wait_{tier.lower()}_minutes"), "minutes"), cell(get("staffed", tier), "hours"))
        for tier in subject.tiers
    )  # fmt: skip
    blocks: list[Block] = [
        Table("Utilisation and waiting", ("tier", "utilisation, %", "wait in the queue, min", "hours on shift"), rows),
        Table("Work beyond the usual", heads(subject, "figure"), (
            row("Hours of work on call", get("figure", "on_call_hours"), "hours"),
            row("Hours of overtime", get("figure", "overtime_hours"), "hours"),
        )),
        Text("By hour of the week (UTC): the share of the time on shift that was work, in percent, on average; a dash "
             "where nobody is on shift.", small=True),
    ]  # fmt: skip
    for tier in subject.tiers:
        blocks += week(subject, tier)
    return Section("Utilisation by hour of the week", "utilisation", tuple(blocks))


def week(subject: Subject, tier: str) -> Iterator[Block]:
    """Yield the picture and the table of a tier's week."""
    found = [subject.gathered.sample("busy", tier, str(hour)) for hour in range(HOURS)]
    means = np.array([one.mean for one in found]).reshape(7, 24)
    there = np.flatnonzero(np.isfinite(means).any(axis=0))
    if not len(there):
        yield Text(f"Nobody is on shift in {subject.label(tier)}, but for those on call.")
        return
    hours = range(int(there[0]), int(there[-1]) + 1)
    name = f"Utilisation of {subject.label(tier)} by hour of the week"
    unsure = max(one.half for one in found if np.isfinite(one.mean))
    sure = f"each mean is sure to ± {100 * unsure:.0f} or less" if np.isfinite(unsure) else "of one play"
    columns = tuple(f"{hour:02}" for hour in hours)
    values = tuple(tuple(float(means[day, hour]) for hour in hours) for day in range(7))
    yield Heat(name, f"Percent of the time on shift; darker is busier, {sure}.", DAYS, columns, values)
    for start in range(0, len(columns), _COLUMNS):
        part = slice(start, start + _COLUMNS)
        rows = tuple((day, *(_percent(value) for value in values[place][part])) for place, day in enumerate(DAYS))
        yield Table(f"{name}, percent ({sure})", ("", *columns[part]), rows, tight=True, behind=True)


def slips(subject: Subject) -> Section:
    """Return what training is about: how often people fall short of the procedure, by tier."""
    named = {
        Slip.PREMATURE: "passed on too early", Slip.LATE_RECOGNITION: "seen too late that it is beyond the tier",
        Slip.WRONG_DESTINATION: "passed to the wrong tier", Slip.INCOMPLETE_HANDOFF: "received incomplete",
        Slip.WRONG_PRIORITY: "priority taken for too low",
    }  # fmt: skip
    rows = tuple(
        (_capital(text), *(cell(subject.gathered.sample("slip", tier, word(slip)), "count") for tier in subject.tiers))
        for slip, text in named.items()
    )
    people = subject.model.desk.people
    learns = (
        f"{100 * people.newcomers:.0f} % of the people are new, and need {people.newcomer:g} times as long at first."
        if people.newcomers else "Nobody on this desk is new."
    )  # fmt: skip
    return Section("Training: how well it works", "training", (
        Table("Slips by tier, counted when the ticket leaves it", ("slip", *map(subject.label, subject.tiers)), rows),
        Text(f"{learns} How often people slip is set in the desk file (behaviour) and does not change by itself. To "
             "see what a training would be worth, set what it is to reach, such as --set desk.behaviour.premature=0, "
             "and compare the two reports."),
    ))  # fmt: skip


def _mean_share(part: Floats, whole: Floats) -> str:
    return mean_cell(together(part, whole), "share")


def _expected(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"


def _percent(value: float) -> str:
    return f"{100 * value:.0f}" if np.isfinite(value) else "–"


def _reason(name: str) -> str:
    return _capital(name.replace("_", " ")).replace("Sla", "SLA")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
