"""Situations of any policy: whatever its vocabulary and its rules can say, at random."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from policy import Policy
from policy.building import BASIC_CHECKS
from policy.calendars import to_instant
from policy.clocks import Clock
from policy.situation import STATUSES, Count, Deed, Situation, Stretch

OPENED = to_instant(datetime(2025, 1, 10, 15, 0, tzinfo=UTC))  # a Friday afternoon, so that a weekend lies ahead


def deeds_of(policy: Policy) -> list[Deed]:
    """Return an example of every act that a rule names, and that one to a wrong recipient."""
    checks = tuple(policy.doc.vocabulary.checks)
    roles = tuple(policy.doc.vocabulary.roles)
    found = {}
    for rule in policy.rules:
        for act in (*(o.act for o in rule.obliges), *rule.permits, *(f.act for f in rule.forbids)):
            for to in act.to:
                real = to if to is None or to in roles else roles[0]
                for via in act.via:
                    for what in act.what:
                        told = checks if what == BASIC_CHECKS else () if what is None else (what,)
                        found[Deed(act.verb, real, via, told)] = None
                        found[Deed(act.verb, roles[-1], via, told)] = None
    return list(found)


@st.composite
def situations(draw: st.DrawFn, policy: Policy, deeds: list[Deed]) -> Situation:
    """Return a situation in which every fact became known between the opening of the ticket and now."""
    now = OPENED + draw(st.sampled_from([0, 3, 20, 45, 200, 600, 4000, 9000])) + draw(st.integers(0, 60))
    times = st.integers(0, int(now - OPENED)).map(lambda minute: OPENED + minute)
    v = policy.doc.vocabulary

    def some(names: list[str], most: int) -> dict[str, float]:
        chosen = draw(st.lists(st.sampled_from(names), max_size=most, unique=True)) if names else []
        return {name: draw(times) for name in chosen}

    def clock() -> Clock:
        calendar = policy.calendars[draw(st.sampled_from(sorted(policy.calendars)))]
        began = draw(times)
        running = Clock(calendar, draw(st.sampled_from([30.0, 240.0, 480.0, 2400.0]))).start(began)
        return running.pause(draw(times.filter(lambda at: at >= began))) if draw(st.integers(0, 3)) == 0 else running

    def changes() -> tuple[float | None, tuple[Stretch, ...]]:
        """Since when the ticket has its status, and what it was before."""
        ends = sorted(draw(st.lists(times, max_size=4)))
        ends = ends[: len(ends) // 2 * 2]
        was = tuple(
            Stretch(draw(st.sampled_from(STATUSES[1:])), *pair) for pair in zip(ends[::2], ends[1::2], strict=True)
        )
        return max(draw(times), ends[-1]) if ends else draw(st.none() | times), was

    status_since, was = changes()
    done = draw(st.lists(st.sampled_from(deeds), max_size=6)) if deeds else []
    return Situation(
        now=now,
        opened=OPENED,
        plan=draw(st.sampled_from(sorted(policy.plans))),
        tier=draw(st.sampled_from(list(policy.tiers))),
        category=draw(st.none() | st.sampled_from(sorted(v.categories))),
        tier_since=draw(st.none() | times),
        stated_priority=draw(st.none() | st.sampled_from(list(policy.priorities))),
        stated_since=draw(st.none() | times),
        status=draw(st.sampled_from(STATUSES)),
        status_since=status_since,
        was=was,
        signals=some(list(v.signals), 4),
        checks=some(list(v.checks), 6),
        counts={name: Count(draw(st.integers(0, 9)), since) for name, since in some(list(v.counts), 2).items()},
        deeds=tuple(Deed(d.verb, d.to, d.via, d.what, draw(times)) for d in done),
        clocks={
            name: clock() for name in ("no_progress", "unresolved", "resolution") if draw(st.integers(0, 3)) > 0
        },
    )
