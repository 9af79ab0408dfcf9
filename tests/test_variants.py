"""The variants that come with the policy: each loads, changes a verdict, and brings no finding of the check with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from grading.world import World
from policy import Count, Deed, Policy, Rulebook, Situation, Verdict, load_policy
from policy.calendars import to_instant
from policy.check import check_policy
from policy.clocks import Clock
from policy.durations import parse_duration
from policy.errors import InputError
from policy.life import effective, governing
from policy.lint.names import names
from policy.overlays import VARIANTS, list_overlays
from scenarios import load_scenario
from scenarios.model import Effect

BASE = load_policy()
NAMES = sorted(path.stem for path in VARIANTS.glob("*.yaml"))
MONDAY = to_instant(datetime(2025, 1, 27, 9, tzinfo=UTC))

# What shows each variant: a situation in which it answers otherwise. Minutes since the ticket was opened.
SHOWN: dict[str, dict[str, Any]] = {
    "bug-straight-to-t3": {"priority": "P3", "signals": ("bug",)},
    "checklist-trimmed": {"priority": "P3", "signals": ("needs_expertise",)},
    "enterprise-p2-around-the-clock": {"priority": "P2", "plan": "enterprise", "opened": MONDAY + 450},
    "many-enterprise-is-p1": {"signals": ("multiple_enterprise_customers",)},
    "p1-commander-60m": {"priority": "P1", "tier": "T3"},
    "p1-hourly-updates": {"priority": "P1", "tier": "T3", "age": 90, "told_at": 80},
    "p2-2h-updates": {"priority": "P2", "tier": "T2", "age": 300, "told_at": 270},
    "p2-4h-resolution": {"priority": "P2", "tier": "T2"},
    "p2-4h-updates": {"priority": "P2", "tier": "T2"},
    "p2-straight-to-t2": {"priority": "P2", "checked": False},
    "p3-backstop-only": {"priority": "P3", "age": 35},
    "request-escalates": {"priority": "P3", "signals": ("escalation_requested",)},
    "sla-risk-escalates": {"priority": "P2", "tier": "T3", "age": 380},
    "slow-is-p2": {"signals": ("slow_performance",)},
    "t1-20m": {"priority": "P3", "age": 25},
    "t1-30m-unresolved": {"priority": "P3", "age": 35, "progress": 30},
    "t1-45m": {"priority": "P3", "age": 35},
    "t2-2h-unresolved": {"priority": "P3", "tier": "T2", "age": 150, "progress": 140},
    "t2-around-the-clock": {"priority": "P3", "tier": "T2", "opened": MONDAY + 420, "age": 180},
}
TOLD = ("first_response", "update")
BY_WORLD = {"downgrade-keeps-elapsed", "upgrade-keeps-elapsed"}


def variant(name: str) -> Policy:
    return load_policy(f"secureai+{name}")


def verdict(
    policy: Policy, *, tier: str = "T1", plan: str = "professional", priority: str | None = None,
    signals: tuple[str, ...] = (), opened: float = MONDAY, age: float = 0, progress: float = 0,
    told_at: float | None = None, checked: bool = True,
) -> Verdict:  # fmt: skip
    """Ask about a ticket that has been in hand since it was opened; its clocks run as the policy says."""
    now = opened + age
    tier_hours = policy.calendars[policy.tiers[tier].calendar]
    bare = Situation(now, opened, plan, tier, stated_priority=priority, signals=dict.fromkeys(signals, opened))
    calendar = Rulebook(policy).calendar(bare)
    target = policy.priorities[priority].resolution if priority else "5bd"
    situation = Situation(
        now=now, opened=opened, plan=plan, tier=tier, category="api_authentication", tier_since=opened,
        stated_priority=priority, stated_since=opened, signals=bare.signals,
        checks=dict.fromkeys(policy.doc.vocabulary.checks, opened) if checked else {},
        counts={"customers_affected": Count(1, opened)},
        deeds=() if told_at is None else (Deed("reply", "customer", None, TOLD, opened + told_at),),
        clocks={
            "no_progress": Clock(tier_hours).start(opened + progress),
            "unresolved": Clock(tier_hours).start(opened),
            "resolution": Clock(calendar, parse_duration(target).minutes(calendar.day_minutes)).start(opened),
        },
    )  # fmt: skip
    return Rulebook(policy).verdict(situation)


def said(answer: Verdict) -> tuple[Any, ...]:
    """Return what an answer asks for, without its words."""
    return (
        answer.priority,
        {(o.owner, o.key, o.due, o.repeat) for o in answer.obligations},
        {(p.verb, p.to) for p in answer.permissions},
        {(b.verb, b.to, b.but_to) for b in answer.prohibitions},
    )


def test_every_named_reading_and_what_a_manager_would_try_is_there() -> None:
    named = {
        "t1-30m-unresolved", "t2-2h-unresolved", "p1-hourly-updates", "t2-around-the-clock",
        "enterprise-p2-around-the-clock", "p2-4h-resolution", "downgrade-keeps-elapsed", "upgrade-keeps-elapsed",
        "t1-45m", "t1-20m", "p2-straight-to-t2", "checklist-trimmed",
    }  # fmt: skip
    assert named <= set(NAMES)
    assert set(NAMES) == set(SHOWN) | BY_WORLD
    assert [one.name for one in list_overlays()] == NAMES


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_a_variant_answers_otherwise_where_it_should(name: str) -> None:
    changed = variant(name)
    assert changed.digest != BASE.digest
    assert changed.name == f"secureai+{name}"
    assert said(verdict(changed, **SHOWN[name])) != said(verdict(BASE, **SHOWN[name]))


@pytest.mark.parametrize(("name", "first", "then"), [
    ("downgrade-keeps-elapsed", "outage", "api_down"), ("upgrade-keeps-elapsed", "api_down", "outage"),
])  # fmt: skip
def test_a_variant_keeps_what_has_elapsed_when_the_priority_changes(name: str, first: str, then: str) -> None:
    def resolution(policy: Policy) -> Clock:
        book = Rulebook(policy)
        world = World(load_scenario("api_401"), book, 0)
        for signal, other in ((first, then), (then, first)):
            world.establish(Effect((signal,), (other,), {}))
            world.heed(book.verdict(world.situation()))
            world.move_to(world.now + 60)
        return world.clocks["resolution"]

    kept, restarted = resolution(variant(name)), resolution(BASE)
    now = load_scenario("api_401").opens + 120
    assert kept.elapsed(now) == 120
    assert restarted.elapsed(now) == 60
    assert kept.target == restarted.target
    other = (BY_WORLD - {name}).pop()
    assert resolution(variant(other)).elapsed(now) == 60


@cache
def found(name: str) -> frozenset[tuple[Any, ...]]:
    return frozenset((f.code, f.severity, f.status, f.rules) for f in check_policy(load_policy(name)))


SHORT = ("checklist-trimmed",)
"""What is checked in every run; a whole check takes seconds each."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in SHORT else pytest.mark.heavy) for name in NAMES]
)
def test_the_check_finds_nothing_new_in_a_variant(name: str) -> None:
    assert found(f"secureai+{name}") - found("secureai") == set()


def test_many_variants_stack() -> None:
    policy = load_policy("secureai+t1-45m+p1-hourly-updates+checklist-trimmed+downgrade-keeps-elapsed")
    assert policy.doc.tiers["T1"].no_progress == "45m"
    assert policy.doc.reprioritised.lowered == "keep"
    assert len(policy.source.removed) == 5


# -- the life of a policy ------------------------------------------------------------------------------------------


def edition(day: str, version: str, *, open_too: bool = False) -> Policy:
    return load_policy(sets={
        "effective_from": f'"{day}"', "version": f'"{version}"', "applies_to_open": str(open_too).lower(),
    })  # fmt: skip


def test_a_ticket_keeps_its_edition_unless_a_newer_one_takes_over_open_ones() -> None:
    first, second = edition("2025-01-01", "1.0"), edition("2025-03-01", "1.1")
    third = edition("2025-05-01", "2.0", open_too=True)
    in_january, in_april, in_june = (to_instant(datetime(2025, m, 10, tzinfo=UTC)) for m in (1, 4, 6))
    assert governing(in_january, [second, first]) is first
    assert governing(in_april, [first, second]) is second
    assert governing(effective(second), [first, second]) is second
    assert governing(effective(second) - 1, [first, second]) is first
    assert governing(to_instant(datetime(2024, 1, 1, tzinfo=UTC)), [first, second]) is first
    assert governing(in_january, [first, second, third]) is third
    assert governing(in_january, [first, second, third], at=in_april) is first
    assert governing(in_january, [first, second, third], at=in_june) is third


def test_an_impossible_timeline_is_refused() -> None:
    with pytest.raises(InputError, match="no policy is given"):
        governing(MONDAY, [])
    with pytest.raises(InputError, match="both come into force on 2025-03-01"):
        governing(MONDAY, [edition("2025-03-01", "1.1"), edition("2025-03-01", "1.2")])
    with pytest.raises(InputError, match="expected a date such as 2025-01-31"):
        edition("2025-02-30", "1.0")


def test_the_check_warns_where_the_history_disagrees() -> None:
    def warned(policy: Policy) -> list[str]:
        return [f.message for f in names(policy) if f.code == "history"]

    assert warned(BASE) == []
    (date_only,) = warned(load_policy(sets={"effective_from": '"2025-06-01"'}))
    assert "holds from 2025-06-01, but the newest entry of its history is of 2025-01-01" in date_only
    assert len(warned(edition("2025-06-01", "1.1"))) == 2


# -- the manual ----------------------------------------------------------------------------------------------------

MANUAL = Path(__file__).parent.parent / "docs" / "variants.md"


def test_the_manual_lists_every_variant_and_its_examples_work(tmp_path: Path) -> None:
    text = MANUAL.read_text(encoding="utf-8")
    for one in list_overlays():
        assert f"| `{one.name}` | {one.doc.says} | {one.doc.why} |" in text, "run: make docs"
    first, second = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    head = "overlay: shown\nof: secureai\nsays: An example.\nwhy: To be tried.\n"
    for name, example in (("first", first), ("second", head + second)):
        (tmp_path / f"{name}.yaml").write_text(example, encoding="utf-8")
        load_policy(f"secureai+{tmp_path / f'{name}.yaml'}")
