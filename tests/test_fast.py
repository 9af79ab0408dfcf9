"""The rulebook in tables gives the same verdict as the rulebook: whole, in every one of many thousand situations."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_situations import random_situations
from situations import OPENED, deeds_of, situations

from policy import Deed, Policy, Rulebook, Situation, load_policy
from policy.clocks import Clock
from policy.errors import InputError
from policy.fast import FastBook
from policy.loading import build_policy
from policy.source import Source
from policy.yaml_source import load_yaml

DATA = Path(__file__).parent / "data"
BAKERY = DATA / "drill_policy.yaml"


def odd_bakery() -> Policy:
    """Return a policy that uses what the shipped one does not: calendars, roles and bans that only facts decide."""
    data = copy.deepcopy(load_yaml(BAKERY).data)
    data["calendars"] = {
        "shop": {
            "time_zone": "Europe/Berlin",
            "hours": {"mon": "06:00-12:00", "fri": "06:00-18:00", "sat": "06:00-13:00"},
        },
        "always": {"always_open": True},
    }
    data["calendar_of"] = [{"when": {"signal": "till_dead"}, "use": "always"}, {"use": "shop"}]
    data["vocabulary"]["relative_roles"] |= {
        "chief": {
            "label": "whoever decides",
            "cases": [
                {"when": {"clock": {"name": "no_progress", "reaches": "20m"}}, "role": "office"},
                {
                    "when": {"all": [{"done": {"act": "notify", "to": "foreman"}}, {"tier": "workshop"}]},
                    "role": "second",
                },
                {"role": "foreman"},
            ],
        },
        "second": {
            "label": "the second",
            "cases": [{"when": {"checked": "plug"}, "role": "office"}, {"role": "holder"}],
        },
    }
    rules: list[dict[str, Any]] = [
        {"when": {"any": [{"signal": "fuse_blown"}, {"not": {"done": {"act": "notify", "to": "chief"}}}]},
         "oblige": [{"act": "notify", "to": ["chief", "second"], "via": ["email", "phone"], "owner": "chief",
                     "within": "45m", "waits_for": {"done": {"act": "reply", "in_visit": True}}}]},
        {"when": {"not": {"all": [{"signal": "beyond_us"}, {"checked": ["plug", "fuse"]}]}},
         "forbid": [{"act": "notify", "to": "chief"}, {"act": "check", "what": "basic_checks", "residual": True}]},
        {"when": {"any": [{"earlier_signal": ["fuse_blown", "till_dead"]}, {"not": {"any": [{"signal": "till_dead"},
                  {"count": {"name": "tills", "at_least": 2}}, {"category": "till"}]}}]},
         "permit": [{"act": "check"}, {"act": "notify", "to": "second"}]},
        {"when": {"not": {"not": {"capability": "within"}}},
         "oblige": {"act": "document", "what": "note", "repeat": "30m", "within": "10m", "calendar": "always"}},
        {"when": {"all": [{"status": ["open", "resolved"]}, {"not": {"clock": {"name": "age", "reaches": "1bd",
                  "early": {"of": "prompt", "by": "priority"}}}}]},
         "oblige": {"act": "document", "what": "note", "within": {"of": "prompt", "by": "priority"}, "weight": 2},
         "pause": {"clocks": ["resolution", "unresolved"]}},
        {"when": {"clock": {"name": "resolution", "reaches": {"share": 0.5, "of": {"of": "priorities", "by": "priority",
                  "then": "resolution"}}}}, "oblige": {"act": "check", "earlier_counts": True,
                  "cites_definition": True}, "pause": {"clocks": ["resolution"]}},
        {"when": {"signal": "beyond_us"}, "define": {"priority": "LOW"}},
        {"when": {"not": {"status": "waiting_customer"}},
         "oblige": [{"act": "reply", "to": "customer", "repeat": "50m", "until": "3h", "earlier_counts": True},
                    {"act": "document", "what": "note", "repeat": "40m", "until": {"of": "prompt", "by": "priority"},
                     "calendar": "always"}]},
        {"when": {"clock": {"name": "age", "reaches": "3h"}},
         "oblige": {"act": "reply", "to": "customer", "repeat": "2h", "earlier_counts": True}},
        {"when": {"any": [{"signal": "fuse_blown"}, {"checked": "fuse"}]}, "define": {"priority": "HIGH"}},
    ]  # fmt: skip
    full = [{"id": f"odd.{n}", "source": "Test", "says": "Something.", **rule} for n, rule in enumerate(rules)]
    data["groups"].append({"title": "Odd", "layer": "duty", "rules": full})
    return build_policy(Source("odd", data))


@cache
def books(name: str) -> tuple[Rulebook, FastBook, list[Deed]]:
    policy = odd_bakery() if name == "odd" else load_policy(BAKERY if name == "bakery" else name)
    book = Rulebook(policy)
    return book, FastBook(book), deeds_of(policy)


def compared(book: Rulebook, fast: FastBook, many: Iterable[Situation]) -> Counter[str]:
    """Compare both verdicts on every situation; return how many held what, so that agreement means something."""
    seen: Counter[str] = Counter()
    for situation in many:
        expected = book.verdict(situation)
        found = fast.verdict(situation)
        assert found == expected, situation
        seen["situations"] += 1
        seen[f"priority {expected.priority}"] += 1
        for part in ("obligations", "fulfilled", "permissions", "prohibitions", "paused"):
            seen[part] += bool(getattr(expected, part))
        seen["waiting"] += any(not owed.ripe for owed in expected.obligations)
        seen["lifted in part"] += any(ban.but_to for ban in expected.prohibitions)
    return seen


@pytest.mark.parametrize("cells", [100, pytest.param(680, id="twenty-thousand", marks=pytest.mark.heavy)])
def test_they_agree_on_thousands_of_situations_of_the_shipped_policy(cells: int) -> None:
    book, fast, deeds = books("secureai")
    seen = compared(book, fast, random_situations(book.policy, deeds, cells=cells, each=29, seed=20250127))
    assert seen["situations"] >= 29 * cells
    for name, share in (
        ("obligations", 0.7), ("fulfilled", 0.1), ("permissions", 0.1), ("prohibitions", 0.3), ("paused", 0.05),
        ("waiting", 0.01), ("lifted in part", 0.02), ("priority P1", 0.05), ("priority P2", 0.05),
        ("priority P3", 0.05), ("priority P4", 0.05), ("priority None", 0.02),
    ):  # fmt: skip
        assert seen[name] >= share * seen["situations"], (name, dict(seen))


@pytest.mark.parametrize("name", ["bakery", "odd"])
def test_they_agree_on_policies_of_other_houses(name: str) -> None:
    book, fast, deeds = books(name)
    seen = compared(book, fast, random_situations(book.policy, deeds, cells=60, each=29, seed=7))
    assert seen["situations"] == 1800
    assert min(seen[part] for part in ("obligations", "fulfilled", "prohibitions", "priority HIGH")) > 0, seen


@pytest.mark.parametrize("name", ["bakery", "odd", "secureai"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_they_agree_on_whatever_can_be_said(name: str, data: st.DataObject) -> None:
    book, fast, deeds = books(name)
    situation = data.draw(situations(book.policy, deeds))
    assert fast.verdict(situation) == book.verdict(situation)


def test_they_agree_after_changes_to_figures_that_switch_rules_on() -> None:
    book = Rulebook(
        load_policy("secureai", {"tiers.T1.unresolved": "1h", "tiers.T1.no_progress": "null", "prompt.P2": "0m"})
    )
    seen = compared(
        book, FastBook(book), random_situations(book.policy, deeds_of(book.policy), cells=30, each=20, seed=3)
    )
    assert seen["obligations"] > 0.7 * seen["situations"]


def plain(**changes: Any) -> Situation:
    base = Situation(now=OPENED + 45, opened=OPENED, plan="professional", tier="T1", category="account")
    return replace(base, **changes)


def test_a_row_is_what_an_obligation_is() -> None:
    book, fast, _ = books("secureai")
    situation = plain(
        signals={"api_down": OPENED}, clocks={"no_progress": Clock(book.policy.calendars["always"]).start(OPENED)}
    )
    verdict, rows = book.verdict(situation), fast.ask(situation)
    assert len(rows.obligations) == len(verdict.obligations) > 5
    for row, owed in zip(rows.obligations, verdict.obligations, strict=True):
        assert row.key == owed.key
        assert {name: getattr(owed, name) for name in row._fields} == row._asdict()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tier": "T9"}, 'no tier "T9"'),
        ({"plan": "gold"}, 'no plan "gold"'),
        ({"stated_priority": "P9"}, 'no priority "P9"'),
    ],
)
def test_a_situation_of_another_house_is_refused_in_the_same_words(changes: dict[str, Any], said: str) -> None:
    _, fast, _ = books("secureai")
    with pytest.raises(InputError, match=said):
        fast.verdict(plain(**changes))


def test_words_that_no_rule_knows_change_nothing() -> None:
    book, fast, _ = books("secureai")
    odd = plain(category="gardening", signals={"a_word": OPENED}, checks={"another": OPENED}, deeds=(Deed("sing"),))
    assert fast.verdict(odd) == book.verdict(odd)
