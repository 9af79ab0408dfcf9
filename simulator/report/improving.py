"""What to improve, found in the figures by rules that ``docs/report.md`` describes; every sentence tells its figures.

A subject *stands out* where it has more than its part, so clearly that the interval of the mean difference over the
plays (95 % for all subjects together) lies above nothing, and by at least one case a play on average.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from simulator.codes import Cause, Judged, Measured, Slip
from simulator.experiment import estimate
from simulator.openhours import Floats
from simulator.report.aims import MEASURED, meeting, target
from simulator.report.counting import CAUSES, HOURS, OWN_CLOCKS, word
from simulator.report.figures import Sample, figure, said, sample, together
from simulator.report.model import Point
from simulator.report.phrases import hour_name, joined, quoted, share, total_of
from simulator.report.subject import CAUSES as CAUSE_WORDS
from simulator.report.subject import Subject

BUSY: Final = 0.85
"""From this share on an hour of the week counts as crowded."""
INCOMPLETE: Final = 0.05
"""From this share on incomplete hand-offs are worth a word."""
LEAST: Final = 1.0
"""What happens less often than once a period is not worth a word."""
REMEDIES: Final[Mapping[Cause, str]] = {
    Cause.QUEUE: "what helps is people at the hours in which tickets wait, or less work for them",
    Cause.WRONG_TIER: "what helps is seeing sooner which tier a ticket needs",
    Cause.HANDOFF: "what helps is complete and quick hand-offs",
    Cause.NOBODY: "what helps is somebody on shift when these tickets come",
    Cause.CUSTOMER: "what helps is asking sooner, and reminding the customer",
    Cause.WORK: "the work itself takes longer than the target allows",
    Cause.DECISION: "what helps is quicker decisions of the management",
}


def improvements(subject: Subject) -> tuple[Point, ...]:
    """Return what to improve, most pressing first; one sentence that says so where nothing stands out."""
    found = (
        *missed_targets(subject), *resources(subject), *training(subject), *knowledge(subject),
        *coaching(subject), *breaches(subject), *crowded(subject), *handoffs(subject),
    )  # fmt: skip
    nothing = "Nothing stands out: the targets are met, and no subject, cause or hour differs from the others."
    return found or (Point(nothing),)


def missed_targets(subject: Subject) -> Iterator[Point]:
    """Yield a sentence for each target that the mean misses."""
    for name, aim in subject.policy.targets.items():
        if name not in MEASURED:
            continue
        found = subject.gathered.sample("figure", name)
        one = MEASURED[name]
        if not np.isfinite(found.mean) or one.meets(found.mean, aim):
            continue
        text = (
            f"{said(found, one.kind, subject.word)} instead of {target(name, aim)}; the target is met in "
            f"{meeting(name, found, aim)} of {found.known} {subject.plural}"
        )
        if name == "escalation_resolution_ratio":
            text += _furthest(subject)
        yield Point(f"{text}.", one.name, name)


def _furthest(subject: Subject) -> str:
    """Return a sentence on the priority with the largest ratio of all, and how many plays know it if not all do."""
    ratios = {p: subject.gathered.sample("escalated_ratio", p) for p in subject.model.priorities}
    known = {p: one for p, one in ratios.items() if one.known}
    if not known:
        return ""
    worst = max(known, key=lambda p: known[p].mean)
    one = known[worst]
    some = "" if one.known == one.months else f" (known in {one.known} of {one.months} {subject.plural})"
    return f". Furthest from it is {subject.priority(worst)}, with {figure(one.mean, 'ratio')}{some}"


def resources(subject: Subject) -> Iterator[Point]:
    """Yield the subject that brings most escalations."""
    names, of = subject.model.categories, subject.gathered.of
    total = of("figure", "escalations")
    count = {name: of("escalations", "category", name) for name in names}
    top = outstanding({name: count[name] - total / len(names) for name in names})
    if top is not None:
        yield Point(
            f"{quoted(subject.label(top))} brings most escalations, {said(sample(count[top]), 'count', subject.word)} "
            f"of {figure(sample(total).mean, 'count')}.",
            f"Resources for {subject.label(subject.tiers[0])}",
            f"resources {top}",
        )


def training(subject: Subject) -> Iterator[Point]:
    """Yield, for each tier that can pass tickets on, the subject of which it passes on more than of the others."""
    of = subject.gathered.of
    for tier in subject.tiers[:-1]:
        names = subject.model.categories
        passed = {name: of("passed", tier, name) for name in names}
        stays = {name: of("stays", tier, name) for name in names}
        top = outstanding(over_part(passed, stays))
        if top is not None:
            mine = share(passed[top], stays[top]).mean
            usual = share(total_of(passed.values()), total_of(stays.values())).mean
            more = sample(over_part(passed, stays)[top])
            yield Point(
                f"It passes on {figure(mine, 'share')} of its tickets about {quoted(subject.label(top))}, against "
                f"{figure(usual, 'share')} of all its tickets; at that rate it would be "
                f"{figure(more.mean, 'count')} fewer a {subject.word}.",
                f"Training in {subject.label(tier)}",
                f"training {tier} {top}",
            )


def knowledge(subject: Subject) -> Iterator[Point]:
    """Yield the subject on which the first tier is stuck beyond its part."""
    of, tier = subject.gathered.of, subject.tiers[0]
    clock = word(Measured.NO_PROGRESS)
    stuck = {name: of("over", clock, tier, name) for name in subject.model.categories}
    stays = {name: of("stays", tier, name) for name in subject.model.categories}
    top = outstanding(over_part(stuck, stays))
    if top is not None:
        whole = subject.gathered.sample("over", clock, tier)
        yield Point(
            f"{subject.label(tier)} is stuck over {quoted(subject.label(top))} more often than the number of these "
            f"tickets explains: of {figure(whole.mean, 'count')} times that its timer without progress runs out, "
            f"{said(sample(stuck[top]), 'count', subject.word)} are over them.",
            "Knowledge base",
            f"knowledge {top}",
        )


def coaching(subject: Subject) -> Iterator[Point]:
    """Yield a sentence for each kind of escalation that should have been another."""
    what = {
        Judged.PREMATURE: ("premature", "coach on what the tier can solve itself"),
        Judged.LATE: ("late", "coach on seeing sooner that a ticket is beyond the tier"),
        Judged.WRONG_DESTINATION: ("to the wrong destination", "go through the escalation path"),
    }
    for judged, (name, remedy) in what.items():
        found = subject.gathered.sample("judged", word(judged))
        if not found.mean >= LEAST:
            continue
        by = {c: subject.gathered.sample("judged", word(judged), "category", c) for c in subject.model.categories}
        top = max(by, key=lambda c: by[c].mean)
        yield Point(
            f"{said(found, 'count', subject.word)} escalations are {name}, more about {quoted(subject.label(top))} "
            f"than about anything else ({figure(by[top].mean, 'count')}); {remedy}.",
            "Coaching",
            f"coaching {word(judged)}",
        )


def breaches(subject: Subject) -> Iterator[Point]:
    """Yield the cause from which most missed targets come."""
    of = subject.gathered.of
    by = {c: total_of(of("breaches", word(clock), word(c)) for clock in OWN_CLOCKS) for c in CAUSES}
    whole = total_of(by.values())
    top = max(by, key=lambda c: float(by[c].mean()))
    found = sample(by[top])
    if found.mean >= LEAST:
        clocks = {clock: float(of("breaches", word(clock), word(top)).mean()) for clock in OWN_CLOCKS}
        which = max(clocks, key=lambda clock: clocks[clock])
        yield Point(
            f"{figure(together(by[top], whole).mean, 'share')} come from {CAUSE_WORDS[top]}, "
            f"{said(found, 'count', subject.word)} of {figure(sample(whole).mean, 'count')}, above all of the "
            f"{word(which).replace('_', ' ')}; {REMEDIES[top]}.",
            "Missed targets",
            f"breaches {word(top)}",
        )


def crowded(subject: Subject) -> Iterator[Point]:
    """Yield the hours in which a tier has no room left."""
    for tier in subject.tiers:
        use = {hour: subject.gathered.sample("busy", tier, str(hour)).mean for hour in range(HOURS)}
        full = [hour for hour, value in use.items() if value >= BUSY]
        if full:
            top = max(full, key=lambda hour: use[hour])
            hours = "one hour" if len(full) == 1 else f"{len(full)} hours"
            yield Point(
                f"{subject.label(tier)} works for {100 * BUSY:.0f} % of its time or more in {hours} of the week, most "
                f"on {hour_name(top)} ({100 * use[top]:.0f} %).",
                "Crowded hours",
                f"crowded {tier}",
            )


def handoffs(subject: Subject) -> Iterator[Point]:
    """Yield the tiers that have to ask back because hand-offs are incomplete."""
    found: list[tuple[str, Sample, float]] = []
    for tier in subject.tiers[1:]:
        asked = subject.gathered.of("slip", tier, word(Slip.INCOMPLETE_HANDOFF))
        stays = subject.gathered.of("stays", tier)
        if stays.sum() and asked.mean() >= LEAST and asked.sum() / stays.sum() >= INCOMPLETE:
            found.append((tier, sample(asked), together(asked, stays).mean))
    if found:
        parts = [
            f"{subject.label(tier)} about {said(one, 'count', subject.word)}, {figure(part, 'share')} of its tickets"
            for tier, one, part in found
        ]
        text = f"Some come incomplete, and the receiver has to ask back: {joined(parts)}."
        yield Point(text, "Hand-offs", "handoffs")


# -- what stands out ---------------------------------------------------------------------------------------------------


def over_part(count: Mapping[str, Floats], exposed: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return, for each subject and month, how many more it has than its part of what is exposed would bring."""
    total, whole = total_of(count.values()), total_of(exposed.values())
    rate = np.divide(total, whole, out=np.zeros(len(whole)), where=whole > 0)
    return {name: count[name] - rate * exposed[name] for name in count}


def outstanding(excess: Mapping[str, Floats]) -> str | None:
    """Return the subject that stands out most, ``None`` where none does."""
    if len(excess) < 2:
        return None
    top = max(excess, key=lambda name: float(excess[name].mean()))
    one = estimate(excess[top], 1 - 0.05 / len(excess))
    clear = one.low > 0 if len(excess[top]) > 1 else one.mean > 0
    return top if clear and one.mean >= LEAST else None

