"""Tickets under the shipped policy, and what a verdict says is owed on them."""

from __future__ import annotations

from dataclasses import replace

from policy import Obligation, Rulebook, Situation, Verdict, load_policy
from policy.calendars import Calendar
from policy.clocks import Clock

POLICY = load_policy("secureai")
BOOK = Rulebook(POLICY)
MONDAY_9 = 28_966_140.0  # 2025-01-27T09:00Z
FRIDAY_1650 = 28_972_370.0  # 2025-01-31T16:50Z
ALWAYS = Calendar.always()


def situation(tier: str = "T1", *signals: str, at: float = MONDAY_9, minutes: float = 0.0, **more: object) -> Situation:
    """A ticket opened ``minutes`` ago at ``at``, its signals known since then."""
    base = Situation(
        now=at + minutes, opened=at, plan="professional", tier=tier, category="common_question", tier_since=at,
        status_since=at, signals=dict.fromkeys(signals, at), clocks={},
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]


def find(
    verdict: Verdict, verb: str, to: str | None = None, via: str | None = None, what: str | None = None
) -> Obligation:
    found = [o for o in verdict.obligations if o.key == (verb, to, via, what)]
    assert len(found) == 1, [o.key for o in verdict.obligations]
    return found[0]


def owes(verdict: Verdict, verb: str, to: str | None = None) -> bool:
    return any(o.verb == verb and (to is None or o.to == to) for o in verdict.obligations)


def in_hand(minutes: float, at: float = MONDAY_9) -> dict[str, Clock]:
    return {name: Clock(ALWAYS).start(at) for name in ("no_progress", "unresolved")} if minutes >= 0 else {}
