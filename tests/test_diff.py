"""What a change of policy does: exact, exemplified, and nothing in the file is dead."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policy import Policy, Rulebook, load_policy
from policy.clocks import Clock
from policy.diff import changes, compare, differ, sentences
from policy.errors import InputError
from policy.loading import build_policy, find_policy
from policy.yaml_source import Source, load_yaml

BASE = load_policy("secureai")
DURATION = re.compile(r"\d+(\.\d+)?(s|m|h|d|bd)")


def changed(**sets: str) -> Policy:
    return load_policy("secureai", {path.replace("__", "."): value for path, value in sets.items()})


def test_a_policy_does_not_differ_from_itself() -> None:
    meaning = compare(BASE, BASE)
    assert meaning.relation == "same"
    assert meaning.regions == ()
    assert meaning.cells > 10**20
    assert changes(BASE, BASE) == ()


def test_moved_lines_are_no_change_in_meaning() -> None:
    data = copy.deepcopy(BASE.source.data)
    for group in data["groups"]:
        group["rules"] = list(reversed(group["rules"]))
    for name in ("contacts", "conditions", "figures"):
        data[name] = dict(reversed(data[name].items()))
    moved = build_policy(Source("moved", data))
    assert changes(BASE, moved) == ()
    assert compare(BASE, moved).relation == "same"


def test_a_timer_of_45_minutes_is_seen_between_30_and_45() -> None:
    later = changed(tiers__T1__no_progress="45m")
    assert [c.path for c in changes(BASE, later)] == ["tiers.T1.no_progress"]
    assert "trigger.after.t1_timer" in {s.id for s in sentences(BASE, later)}
    meaning = compare(BASE, later)
    gone = [r for r in meaning.regions if r.key == ("escalate", "T2", None, None) and r.what == "gone"]
    assert len(gone) == 1
    assert "trigger.after.t1_timer" in gone[0].rules
    assert gone[0].confirmed
    example = gone[0].example
    assert example.tier == "T1"
    assert 30 <= example.clocks["no_progress"].elapsed_then < 45
    assert any(o.verb == "escalate" for o in Rulebook(BASE).verdict(example).obligations)
    assert not any(o.verb == "escalate" for o in Rulebook(later).verdict(example).obligations)
    assert 0 < gone[0].cells < meaning.cells


@pytest.mark.parametrize(
    ("path", "value", "relation"),
    [
        ("priorities.P1.within.call_oncall", "4m", "more"),
        ("priorities.P1.within.call_oncall", "6m", "less"),
        ("priorities.P2.within.assign_t2", "90m", "less"),
        ("priorities.P2.every.updates", "3h", "more"),
        ("figures.after_escalation", "30m", "less"),
        ("targets.csat", "4.0", "same"),
        ("reports[1].figures.tickets", "400", "same"),
    ],
)
def test_more_or_less(path: str, value: str, relation: str) -> None:
    meaning = compare(BASE, load_policy("secureai", {path: value}))
    assert meaning.relation == relation
    back = {"more": "less", "less": "more", "same": "same"}[relation]
    assert compare(load_policy("secureai", {path: value}), BASE).relation == back


def small(*rules: dict[str, Any]) -> Policy:
    data = copy.deepcopy(load_yaml(Path(__file__).parent / "data" / "drill_policy.yaml").data)
    data["groups"].append({"title": "More", "layer": "duty", "rules": [
        {"source": "test", "says": "Test.", **rule} for rule in rules]})  # fmt: skip
    return build_policy(Source("small", data))


TELL = {"act": "notify", "to": "office"}


def test_an_edit_that_is_never_realised_is_said_to_be() -> None:
    strict = {"id": "strict", "when": {"signal": "till_dead"}, "oblige": TELL | {"within": "15m"}}
    def loose(minutes: int) -> dict[str, Any]:
        when = {"all": [{"signal": "till_dead"}, {"tier": "counter"}]}
        return {"id": "loose", "when": when, "oblige": TELL | {"within": f"{minutes}m"}}

    meaning = compare(small(strict, loose(30)), small(strict, loose(40)))
    assert meaning.relation == "same"
    assert meaning.covered == ("loose",)
    seen = compare(small(strict, loose(30)), small(strict, loose(10)))
    assert seen.relation == "more"
    assert seen.regions[0].confirmed


def test_a_rule_that_may_fall_due_first_is_not_called_idle() -> None:
    """Two rules that begin at different instants: which is the first to fall due, the space cannot tell."""
    one = {"id": "one", "when": {"signal": "till_dead"}, "oblige": TELL | {"within": "15m"}}
    def other(minutes: int) -> dict[str, Any]:
        return {"id": "two", "when": {"signal": "fuse_blown"}, "oblige": TELL | {"within": f"{minutes}m"}}

    meaning = compare(small(one, other(30)), small(one, other(40)))
    assert meaning.covered == ()
    assert meaning.relation == "less"


def test_new_and_removed_rules_are_counted() -> None:
    when = {"all": [{"signal": "fuse_blown"}, {"tier": "counter"}]}
    rule = {"id": "new", "when": when, "oblige": TELL | {"within": "15m"}}
    without, with_it = small({"id": "none"}), small({"id": "none"}, rule)
    meaning = compare(without, with_it)
    assert meaning.relation == "more"
    (region,) = meaning.regions
    assert region.rules == ("new",)
    assert "fuse_blown" in region.example.signals
    assert region.cells * 4 == meaning.cells  # a signal of two, a tier of two
    assert compare(with_it, without).relation == "less"


def test_renaming_rules_changes_nothing() -> None:
    data = copy.deepcopy(BASE.source.data)
    for group in data["groups"]:
        for rule in group["rules"]:
            rule["id"] = "x." + rule["id"]
    for one in data["settlements"]:
        one["carried_by"] = []
    assert compare(BASE, build_policy(Source("renamed", data))).relation == "same"


# -- nothing in the file is dead -----------------------------------------------------------------------------------


def leaves(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from leaves(value, (*path, index))
    else:
        yield path, data


def mutated(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    number = re.match(r"\d+", value)
    assert number is not None
    return f"{int(number[0]) + 1}{value[number.end() :]}"


NUMBERS = [
    path
    for path, value in leaves(load_yaml(Path(find_policy("secureai"))).data)
    if isinstance(value, (bool, int, float)) or (isinstance(value, str) and DURATION.fullmatch(value))
]


@pytest.mark.parametrize(
    "numbers", [pytest.param(NUMBERS[::6], id="every-sixth"), pytest.param(NUMBERS, id="all", marks=pytest.mark.heavy)]
)
def test_every_number_and_every_switch_of_the_policy_means_something(numbers: list[tuple[Any, ...]]) -> None:
    """Each is changed by itself: the file is refused, a verdict changes, or the change says who else reads it."""
    assert len(NUMBERS) > 300
    dead, refused, deciding, elsewhere = [], 0, 0, 0
    for path in numbers:
        data = copy.deepcopy(BASE.source.data)
        holder = data
        for part in path[:-1]:
            holder = holder[part]
        holder[path[-1]] = mutated(holder[path[-1]])
        try:
            other = build_policy(Source("mutated", data))
        except InputError:
            refused += 1
            continue
        found = changes(BASE, other)
        assert len(found) == 1, path
        if not found[0].deciding:
            elsewhere += 1
            assert found[0].reader != "the rulebook", path
        elif differ(BASE, other):
            deciding += 1
        else:
            dead.append(path)
    # The one rule whose timer is off by default: what it would weigh, nobody can tell before it is switched on.
    rules = [BASE.doc.groups[path[1]].rules[path[3]] for path in dead if path[0] == "groups"]
    assert len(rules) == len(dead)
    assert {rule.id for rule in rules} <= {"tier.T1.escalate_after.unresolved"}
    assert all("off by default" in (rule.why or "") for rule in rules)
    assert deciding > len(numbers) / 3
    assert refused + deciding + elsewhere + len(dead) == len(numbers)


def test_clocks_stand_where_the_example_says() -> None:
    meaning = compare(BASE, changed(tiers__T2__unresolved="5h"))
    example = next(r.example for r in meaning.regions if r.what == "gone")
    clock = example.clocks["unresolved"]
    assert isinstance(clock, Clock)
    assert 240 <= clock.elapsed_then < 300
