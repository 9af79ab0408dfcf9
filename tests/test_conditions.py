"""Conditions: each key, since when it holds, and that the documentation knows them all."""

from __future__ import annotations

import copy
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from policy import Count, Deed, Policy, Rulebook, Situation, load_policy
from policy.building import Builder
from policy.calendars import Calendar
from policy.clocks import Clock
from policy.condition_reading import KEYS, read_condition
from policy.document import PolicyDoc
from policy.document_rules import ForbidDoc, GroupDoc, ObligeDoc, PermitDoc, RuleDoc
from policy.errors import InputError
from policy.loading import build_policy
from policy.situation import CLOCKS, STATUSES
from policy.source import Source
from policy.yaml_source import load_yaml

BAKERY = Path(__file__).parent / "data" / "drill_policy.yaml"
DOC = Path(__file__).parents[1] / "docs" / "policy-language.md"
ALWAYS = Calendar.always()


@cache
def book() -> Rulebook:
    return Rulebook(load_policy(BAKERY))


@cache
def builder() -> Builder:
    policy: Policy = book().policy
    return Builder(policy.doc, policy.source)


def ask(raw: Any, **facts: Any) -> tuple[bool, float]:
    """Return whether a condition holds at minute 100 of a ticket that was opened at minute 0, and since when."""
    base: dict[str, Any] = {"now": 100.0, "opened": 0.0, "plan": "basic", "tier": "counter", "category": "till"}
    condition = read_condition(raw, builder().words)
    return condition.ask(book()._facts(Situation(**(base | facts))))


DEEDS = (
    Deed("notify", "foreman", "phone", (), 20),
    Deed("notify", "foreman", "email", (), 30),
    Deed("reply", "customer", "email", ("note", "expectation"), 40),
)
MOVED = (Deed("escalate", "workshop", None, (), 10, "counter"), Deed("escalate", "workshop", None, (), 60, "office"))
TIMER = {"name": "no_progress", "reaches": "tiers.counter.no_progress"}
RUNNING = {"no_progress": Clock(ALWAYS).start(10)}


@pytest.mark.parametrize(
    ("raw", "facts", "answer"),
    [
        ({"always": True}, {}, (True, 0)),
        ({"signal": "till_dead"}, {"signals": {"till_dead": 7}}, (True, 7)),
        ({"signal": "till_dead"}, {"signals": {"fuse_blown": 7}}, (False, 0)),
        ({"signal": ["till_dead", "fuse_blown"]}, {"signals": {"fuse_blown": 9, "till_dead": 7}}, (True, 7)),
        ({"earlier_signal": "till_dead"}, {"signals": {"till_dead": 7}, "tier_since": 50}, (True, 50)),
        ({"earlier_signal": "till_dead"}, {"signals": {"till_dead": 50}, "tier_since": 50}, (False, 50)),
        ({"earlier_signal": "till_dead"}, {"signals": {"till_dead": 0}}, (False, 0)),
        ({"plan": "basic"}, {}, (True, 0)),
        ({"tier": ["counter", "workshop"]}, {"tier_since": 12}, (True, 12)),
        ({"tier": "workshop"}, {}, (False, 0)),
        ({"category": "till"}, {}, (True, 0)),
        ({"category": "till"}, {"category": None}, (False, 0)),
        ({"status": "resolved"}, {"status": "resolved", "status_since": 60}, (True, 60)),
        ({"priority": "HIGH"}, {"signals": {"till_dead": 7}}, (True, 7)),
        ({"priority": "LOW"}, {"stated_priority": "LOW", "stated_since": 5}, (True, 5)),
        ({"priority": "LOW"}, {"stated_priority": "LOW", "signals": {"till_dead": 7}}, (False, 7)),
        ({"capability": "within"}, {"tier": "workshop", "tier_since": 30}, (True, 30)),
        ({"capability": "within"}, {}, (False, 0)),
        ({"capability": "beyond"}, {"tier": "workshop"}, (False, 0)),
        ({"checked": "plug"}, {"checks": {"plug": 3}}, (True, 3)),
        ({"checked": ["plug", "fuse"]}, {"checks": {"plug": 3}}, (False, 0)),
        ({"checked": "basic"}, {"checks": {"plug": 3, "fuse": 8}}, (True, 8)),
        ({"checked": "basic"}, {"checks": {"plug": 3}}, (False, 0)),
        ({"checked": "basic"}, {"category": None}, (False, 0)),
        ({"done": {"act": "notify"}}, {"deeds": DEEDS}, (True, 20)),
        ({"done": {"act": "notify", "via": "email"}}, {"deeds": DEEDS}, (True, 30)),
        ({"done": {"act": "notify", "to": "office"}}, {"deeds": DEEDS}, (False, 0)),
        ({"done": {"act": "notify", "to": ["office", "foreman"]}}, {"deeds": DEEDS}, (True, 20)),
        ({"done": {"act": "reply", "what": "expectation"}}, {"deeds": DEEDS}, (True, 40)),
        ({"done": {"act": "reply", "what": "context"}}, {"deeds": DEEDS}, (False, 0)),
        ({"done": {"act": "notify", "in_visit": True}}, {"deeds": DEEDS, "tier_since": 25}, (True, 30)),
        ({"done": {"act": "notify", "in_visit": True}}, {"deeds": DEEDS, "tier_since": 35}, (False, 0)),
        ({"done": {"act": "escalate", "by": "counter"}}, {"deeds": MOVED, "tier_since": 60}, (True, 10)),
        ({"done": {"act": "escalate", "by": "workshop"}}, {"deeds": MOVED, "tier_since": 60}, (False, 0)),
        ({"done": {"act": "escalate", "by": ["counter", "office"], "in_visit": True}},
         {"deeds": MOVED, "tier_since": 60}, (True, 60)),
        ({"done": {"act": "notify", "by": "counter"}}, {"deeds": DEEDS}, (False, 0)),
        ({"done": {"act": "escalate", "to": "holder"}}, {"deeds": (Deed("escalate", "counter", at=4),)}, (True, 4)),
        ({"clock": TIMER}, {"clocks": RUNNING}, (True, 40)),
        ({"clock": TIMER}, {}, (False, 0)),
        ({"clock": TIMER}, {"clocks": {"no_progress": RUNNING["no_progress"].pause(39)}}, (False, 0)),
        ({"clock": TIMER}, {"clocks": {"no_progress": RUNNING["no_progress"].pause(41)}}, (True, 40)),
        ({"clock": TIMER | {"early": "20m"}}, {"clocks": RUNNING}, (True, 20)),
        ({"clock": TIMER | {"early": "2h"}}, {"clocks": RUNNING}, (True, 10)),
        ({"clock": {"name": "age", "reaches": "1h"}}, {"stated_priority": "LOW", "stated_since": 20}, (True, 80)),
        ({"clock": {"name": "age", "reaches": "1h"}}, {}, (False, 0)),
        ({"clock": {"name": "no_progress", "reaches": None}}, {"clocks": RUNNING}, (False, 0)),
        ({"clock": {"name": "no_progress", "reaches": {"of": "priorities", "by": "priority", "then": "set_within"}}},
         {"clocks": RUNNING, "stated_priority": "LOW"}, (True, 25)),
        ({"count": {"name": "tills", "at_least": 3}}, {"counts": {"tills": Count(3, 11)}}, (True, 11)),
        ({"count": {"name": "tills", "at_least": 3}}, {"counts": {"tills": Count(2, 11)}}, (False, 11)),
        ({"count": {"name": "tills", "at_least": 0}}, {}, (False, 0)),
        ({"all": [{"signal": "till_dead"}, {"tier": "counter"}]}, {"signals": {"till_dead": 7}}, (True, 7)),
        ({"signal": "till_dead", "checked": "plug"}, {"signals": {"till_dead": 7}, "checks": {"plug": 9}}, (True, 9)),
        ({"any": [{"signal": "till_dead"}, {"checked": "plug"}]}, {"signals": {"till_dead": 7}}, (True, 7)),
        ({"any": [{"signal": "till_dead"}, {"checked": "plug"}]}, {"signals": {"till_dead": 7}, "checks": {"plug": 2}},
         (True, 2)),
        ({"any": [{"signal": "till_dead"}, {"checked": "plug"}]}, {}, (False, 0)),
        ({"not": {"signal": "till_dead"}}, {}, (True, 0)),
        ({"not": {"status": "open"}}, {"status": "resolved", "status_since": 60}, (True, 60)),
        ({"not": {"status": "resolved"}}, {"status": "waiting_customer", "status_since": 60}, (True, 0)),
        ({"not": {"status": "resolved"}}, {"status": "open", "status_since": 60}, (True, 0)),
        ({"not": {"status": "resolved"}}, {"status": "resolved", "status_since": 60}, (False, 60)),
        ({"not": {"status": ["resolved", "open"]}}, {"status": "waiting_customer", "status_since": 60}, (True, 60)),
        ({"not": {"signal": "till_dead"}}, {"signals": {"till_dead": 7}}, (False, 7)),
    ],
)  # fmt: skip
def test_a_condition_and_since_when(raw: Any, facts: dict[str, Any], answer: tuple[bool, float]) -> None:
    assert ask(raw, **facts) == answer


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({}, "expected a condition such as {signal: outage}"),
        ([], "expected a condition"),
        ("till_dead", "expected a condition"),
        (None, "expected a condition"),
        ({"sigal": "x"}, 'unknown condition "sigal"; did you mean "signal"?'),
        ({"always": False}, "always: found 'False', which this key cannot hold"),
        ({"capability": "near"}, "capability: found 'near', which this key cannot hold"),
        ({"signal": []}, "found an empty list, which never holds"),
        ({"checked": []}, "found an empty list, which never holds"),
        ({"signal": "till_ded"}, "which is no signal of the vocabulary; did you mean \"till_dead\"?"),
        ({"signal": [["till_dead"]]}, "which is no signal"),
        ({"signal": None}, "which is no signal"),
        ({"status": "opn"}, "which is no status of the vocabulary; did you mean \"open\"?"),
        ({"priority": 1}, "which is no priority"),
        ({"all": []}, "all: found '[]', which this key cannot hold"),
        ({"any": {"signal": "till_dead"}}, "any: found"),
        ({"not": [{"signal": "till_dead"}]}, "expected a condition"),
        ({"done": "notify"}, "done: found 'notify', which this key cannot hold"),
        ({"done": {}}, "which is no act"),
        ({"done": {"act": "notify", "too": "office"}}, 'unknown key "too"; did you mean "to"?'),
        ({"done": {"act": "notify", "via": "fax"}}, "which is no channel"),
        ({"done": {"act": "notify", "by": "holder"}}, "which is no fixed role"),
        ({"clock": {"name": "no_progres", "reaches": "1h"}}, "which is no clock of the vocabulary"),
        ({"clock": {"name": "age", "reaches": "1 hour"}}, "found '1 hour'; expected a duration"),
        ({"clock": {"name": "age", "raches": "1h"}}, 'unknown key "raches"; did you mean "reaches"?'),
        ({"count": {"name": "tills", "at_least": "x"}}, 'there is no figure "x"'),
        ({"count": {"name": "tills", "at_least": -1}}, "found at_least: -1; expected a whole number"),
        ({"count": {"name": "tils", "at_least": 1}}, "which is no count of the vocabulary; did you mean \"tills\"?"),
        ({"is": "x"}, 'there is no condition named "x"'),
    ],
)  # fmt: skip
def test_what_is_no_condition(raw: Any, said: str) -> None:
    with pytest.raises(InputError) as error:
        read_condition(raw, builder().words)
    assert said in str(error.value)


@pytest.mark.parametrize("clock", ["age", "resolution"])
def test_a_clock_cannot_define_the_priority_or_does_it_well(clock: str) -> None:
    """Either the file is refused on loading, or a verdict is found; a traceback is neither."""
    data = copy.deepcopy(load_yaml(BAKERY).data)
    data["groups"][0]["rules"][0]["when"] = {"clock": {"name": clock, "reaches": "1h"}}
    try:
        changed = Rulebook(build_policy(Source("bakery", data)))
    except InputError:
        return
    clocks = {"resolution": Clock(ALWAYS).start(0)}
    changed.verdict(Situation(now=100, opened=0, plan="basic", tier="counter", clocks=clocks))


def test_roles_in_a_circle_are_refused() -> None:
    data = copy.deepcopy(load_yaml(BAKERY).data)
    data["vocabulary"]["relative_roles"] |= {
        "one": {"label": "one", "cases": [{"role": "other"}]},
        "other": {"label": "other", "cases": [{"role": "one"}]},
    }
    data["groups"][1]["rules"][0]["oblige"]["owner"] = "one"
    try:
        changed = Rulebook(build_policy(Source("bakery", data)))
    except InputError as error:
        assert "circle" in str(error)  # noqa: PT017 (either way out is fine, a crash is not)
        return
    changed.verdict(Situation(now=100, opened=0, plan="basic", tier="counter", category="till"))


# -- the documentation --------------------------------------------------------------------------------------------

WORDS = set(re.findall(r"`([a-z_]+)`", DOC.read_text(encoding="utf-8")))
BLOCKS = re.findall(r"```yaml\n# (\w+)\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("key", KEYS)
def test_every_condition_is_documented(key: str) -> None:
    assert key in WORDS


@pytest.mark.parametrize("model", [ObligeDoc, ForbidDoc, PermitDoc, RuleDoc, GroupDoc, PolicyDoc])
def test_every_key_is_documented(model: Any) -> None:
    assert set(model.model_fields) <= WORDS


@pytest.mark.parametrize("name", [*CLOCKS, *STATUSES])
def test_every_clock_and_status_is_documented(name: str) -> None:
    assert name in WORDS


def test_the_examples_use_every_condition() -> None:
    conditions = [raw for kind, text in BLOCKS if kind == "conditions" for raw in yaml.safe_load(text)]
    used = set(re.findall(r"'(\w+)':", str(conditions)))
    assert set(KEYS) - {"plan", "category"} <= used


@pytest.mark.parametrize(("kind", "text"), BLOCKS)
def test_the_examples_of_the_documentation_load(kind: str, text: str) -> None:
    source = load_policy("secureai").source
    if kind == "conditions":
        secureai = load_policy("secureai")
        words = Builder(secureai.doc, secureai.source).words
        for raw in yaml.safe_load(text):
            read_condition(raw, words)
    else:
        assert kind == "rules"
        data = copy.deepcopy(source.data)
        data["groups"].append({"title": "Examples", "layer": data["precedence"][0], "rules": yaml.safe_load(text)})
        added = build_policy(Source("secureai", data))
        assert all(added.entry(rule["id"]).text for rule in yaml.safe_load(text))
