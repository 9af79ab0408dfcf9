"""What a change of policy does: exact, exemplified, and nothing in the file is dead."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deskdrill.main import main
from policy import Policy, Rulebook, load_policy
from policy.clocks import Clock
from policy.diff import Covered, Meaning, Opening, changes, compare, differ, sentences
from policy.diff.changes import fits, value_paths
from policy.errors import InputError
from policy.loading import build_policy, find_policy
from policy.situation_file import read_situation
from policy.situation_text import situation_text
from policy.source import Source
from policy.yaml_source import load_yaml

BASE = load_policy("secureai")
DURATION = re.compile(r"\d+(\.\d+)?(s|m|h|d|bd)")


def changed(**sets: str) -> Policy:
    return load_policy("secureai", {path.replace("__", "."): value for path, value in sets.items()})


@cache
def meant(path: str, value: str) -> Meaning:
    """Return what a ``--set`` on the shipped policy means."""
    return compare(BASE, load_policy("secureai", {path: value}))


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
    meaning = meant("tiers.T1.no_progress", "45m")
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
        pytest.param("priorities.P1.within.call_oncall", "6m", "less", marks=pytest.mark.heavy),
        ("priorities.P2.within.assign_t2", "90m", "less"),
        ("priorities.P2.every.updates", "3h", "more"),
        ("figures.after_escalation", "30m", "less"),
        pytest.param("figures.after_opening", "20m", "less", marks=pytest.mark.heavy),
        ("targets.csat", "4.0", "same"),
        pytest.param("reports[1].figures.tickets", "400", "same", marks=pytest.mark.heavy),
    ],
)
def test_more_or_less(path: str, value: str, relation: str) -> None:
    assert meant(path, value).relation == relation
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

    def loose(minutes: int, **more: str) -> dict[str, Any]:
        when = {"all": [{"signal": "till_dead"}, *({key: value} for key, value in more.items())]}
        return {"id": "loose", "when": when, "oblige": TELL | {"within": f"{minutes}m"}}

    meaning = compare(small(strict, loose(30)), small(strict, loose(40)))
    assert meaning.relation == "same"
    assert meaning.covered == (Covered("loose", ("strict",)),)
    seen = compare(small(strict, loose(30)), small(strict, loose(10)))
    assert seen.relation == "more"
    assert seen.regions[0].confirmed
    # Of a rule that may begin later, what was done before is no answer to it: there its own minutes count.
    later = compare(small(strict, loose(30, tier="counter")), small(strict, loose(40, tier="counter")))
    assert later.covered == ()
    assert later.relation == "less"
    assert later.regions[0].confirmed


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
    "numbers",
    [pytest.param(NUMBERS[::24], id="every-24th"), pytest.param(NUMBERS, id="all", marks=pytest.mark.heavy)],
)
def test_every_number_and_every_switch_of_the_policy_means_something(numbers: list[tuple[Any, ...]]) -> None:
    """Each is changed by itself: the file is refused, a verdict changes, or the policy declares why none does."""
    assert len(NUMBERS) > 300
    dead, wrong, refused, deciding, elsewhere = [], [], 0, 0, 0
    for path in numbers:
        try:
            other = with_value(path, mutated(at(path)))
        except InputError:
            refused += 1
            continue
        found = changes(BASE, other)
        assert len(found) == 1, path
        means = differ(BASE, other)
        if found[0].declared is not None:
            elsewhere += 1
            wrong += [path] if means else []
        elif means:
            deciding += 1
        else:
            dead.append(path)
    assert dead == [], "no verdict changes and no reason is declared under read_elsewhere"
    assert wrong == [], "declared under read_elsewhere, and a verdict changes"
    assert deciding > len(numbers) / 3
    assert refused + deciding + elsewhere == len(numbers)


def at(path: tuple[Any, ...]) -> Any:
    here = BASE.source.data
    for part in path:
        here = here[part]
    return here


def with_value(path: tuple[Any, ...], value: Any) -> Policy:
    data = copy.deepcopy(BASE.source.data)
    holder = data
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    return build_policy(Source("mutated", data))


def hours_that_mean_something() -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield every opening hour, holiday, special day, time zone and business day of the policy, with another value."""
    for name, doc in BASE.source.data["calendars"].items():
        here = ("calendars", name)
        for key in ("hours", "special_days"):
            yield from (((*here, key, day), "09:00-16:00") for day in doc.get(key, {}))
        for index, day in enumerate(doc.get("holidays", ())):
            later = date.fromisoformat(day) + timedelta(days=1)
            while later.isoformat() in doc["holidays"] or later.weekday() > 4:
                later += timedelta(days=1)
            yield (*here, "holidays", index), later.isoformat()
        if "time_zone" in doc:
            yield (*here, "time_zone"), "America/New_York"
        if "business_day" in doc:
            yield (*here, "business_day"), "9h"


HOURS = list(hours_that_mean_something())


@pytest.mark.parametrize(
    "hours", [pytest.param(HOURS[::5], id="every-fifth"), pytest.param(HOURS, id="all", marks=pytest.mark.heavy)]
)
def test_every_opening_hour_and_every_day_means_something(hours: list[tuple[tuple[Any, ...], Any]]) -> None:
    assert len(HOURS) > 15
    assert [path for path, value in hours if not differ(BASE, with_value(path, value))] == []


def test_no_declared_path_is_idle() -> None:
    paths = [path for path, _ in value_paths(BASE)]
    for one in BASE.doc.read_elsewhere:
        for pattern in one.paths:
            assert any(fits(path, pattern) for path in paths), pattern


def test_a_declared_reason_is_what_the_change_says() -> None:
    lowered = changes(BASE, changed(reprioritised__lowered="keep"))[0]
    assert "practice" in lowered.reader
    assert not lowered.deciding
    assert lowered.declared is not None
    assert changes(BASE, changed(tiers__T1__no_progress="45m"))[0].declared is None


# -- opening hours -------------------------------------------------------------------------------------------------


BUSINESS = BASE.source.data["calendars"]["business"]


def opened(meaning: Meaning) -> Opening:
    (one,) = meaning.openings
    return one


@pytest.mark.parametrize(
    ("path", "value", "says", "relation"),
    [
        ("holidays", [*BUSINESS["holidays"], "2025-05-01"], "closed on 1 May 2025", "less"),
        ("hours", BUSINESS["hours"] | {"fri": "09:00-16:00"}, "Friday 09:00-16:00 instead of 09:00-17:00", "less"),
        ("hours", BUSINESS["hours"] | {"fri": "09:00-18:00"}, "Friday 09:00-18:00 instead of 09:00-17:00", "more"),
        ("time_zone", "America/New_York", "in the time zone America/New_York instead of UTC", "incomparable"),
    ],
)  # fmt: skip
def test_other_opening_hours_are_a_change_of_meaning(
    tmp_path: Path, path: str, value: Any, says: str, relation: str
) -> None:
    other = with_value(("calendars", "business", path), value)
    meaning = compare(BASE, other)
    assert meaning.relation == relation
    one = opened(meaning)
    assert one.says == (f"Business hours: {says}",)
    assert len(one.rules) > 20
    assert "no_progress in T1" in one.timers
    assert 0 < one.changed <= one.tried
    (region,) = meaning.regions
    assert 0 < region.cells <= meaning.cells
    file = tmp_path / "example.yaml"
    file.write_text(situation_text(region.example, other), encoding="utf-8")
    dues = [
        {o.key: o.due for o in Rulebook(policy).verdict(read_situation(file, policy)).obligations}
        for policy in (BASE, other)
    ]
    moved = [key for key in dues[0] if dues[0][key] != dues[1][key]]
    assert one.key in moved


def test_a_holiday_on_a_day_that_is_closed_anyway_says_so() -> None:
    days = [*BUSINESS["holidays"], "2025-05-03"]
    meaning = compare(BASE, with_value(("calendars", "business", "holidays"), days))
    assert meaning.relation == "same"
    assert opened(meaning).says == ("Business hours: closed on 3 May 2025, a Saturday on which it is closed anyway",)


def test_a_holiday_in_a_far_year_is_seen() -> None:
    days = [*BUSINESS["holidays"], "2031-05-01"]
    assert compare(BASE, with_value(("calendars", "business", "holidays"), days)).relation == "less"


def test_a_tier_on_another_calendar_is_a_change_of_meaning() -> None:
    meaning = compare(BASE, changed(tiers__T2__calendar="always"))
    assert meaning.relation == "more"
    assert opened(meaning).timers == ("no_progress in T2", "unresolved in T2")
    assert meaning.regions[0].confirmed
    assert {"trigger.after.t2_timer", "tier.T2.escalate_after"} <= set(meaning.regions[0].rules)


# -- what examples show --------------------------------------------------------------------------------------------


def test_what_one_policy_calls_impossible_is_said_and_not_compared() -> None:
    axiom = {"says": "Tier 3 gets no bugs.", "when": {"all": [{"signal": "bug"}, {"tier": "T3"}]}}
    meaning = compare(BASE, with_value(("impossible",), [*BASE.source.data["impossible"], axiom]))
    assert meaning.regions == ()
    assert meaning.relation == "same"
    (one,) = meaning.excluded
    assert one.second
    assert one.says == ("Tier 3 gets no bugs.",)
    assert one.cells > 0


def test_another_order_of_citations_is_no_difference() -> None:
    """The first update of a P1 is due no later than the first of its updates, whatever its own figure says."""
    meaning = compare(BASE, changed(priorities__P1__within__customer_update_1="45m"))
    assert [region.what for region in meaning.regions] == ["later if first"]
    assert all("due" in said for region in meaning.regions for said in region.differs)


@pytest.mark.parametrize(
    ("path", "value"),
    [("tiers.T3.response.P1", "30m"), ("priorities.P2.within.assign_t2", "30m"), ("tiers.T1.no_progress", "45m")],
)
def test_every_example_shows_its_difference(path: str, value: str) -> None:
    meaning = meant(path, value)
    assert meaning.regions
    for region in meaning.regions:
        assert region.confirmed, region
        if region.what in ("sooner", "later", "sooner if first", "later if first"):
            assert any("due" in said for said in region.differs), region


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("tiers.T2.calendar", "always", marks=pytest.mark.heavy),
        ("figures.sla_at_risk", "0.8"),
        pytest.param("calendars.business.hours.fri", "09:00-16:00", marks=pytest.mark.heavy),
        ("tiers.T2.unresolved", "3h"),
    ],
)
def test_the_file_that_is_written_shows_the_difference(path: str, value: str, tmp_path: Path) -> None:
    """Each policy reads the file by itself, so a clock runs on that policy's own calendar."""
    other = load_policy("secureai", {path: value})
    argv = ["policy", "diff", "secureai", "secureai", "--set", f"policy.{path}={value}", "--format", "json"]
    assert main([*argv, "--examples", str(tmp_path)]) == 0
    files = sorted(tmp_path.glob("*.yaml"))
    shown = [region.confirmed for region in meant(path, value).regions]
    assert len(files) == len(shown)
    assert any(shown)
    for file, confirmed in zip(files, shown, strict=True):
        before, after = (Rulebook(policy).verdict(read_situation(file, policy)) for policy in (BASE, other))
        differs = before.obligations != after.obligations or before.fulfilled != after.fulfilled
        assert differs or not confirmed, file.name


def test_a_clock_runs_where_only_that_shows_when_it_reached_a_figure() -> None:
    meaning = meant("figures.sla_at_risk", "0.8")
    (later,) = (region for region in meaning.regions if region.what == "later")
    assert later.differs == ("due 15:39 instead of 15:15",)
    assert later.example.clocks["resolution"].state == "running"


@pytest.mark.parametrize(("path", "value"), [("prompt.P2", "1h"), ("tiers.T1.no_progress", "45m")])
def test_what_is_said_of_a_row_is_what_its_example_shows(path: str, value: str) -> None:
    meaning = meant(path, value)
    owed = [region for region in meaning.regions if region.kind == "owed" and region.confirmed]
    assert any(region.what == "otherwise if first" for region in owed) == (path == "prompt.P2")
    for region in owed:
        told = {"sooner": "due", "later": "due", "new": "not owed before", "gone": "not owed any more"}
        kind = region.what.split(" if ")[0].split(" when ")[0]
        if kind in told:
            assert any(told[kind] in one for one in region.differs), region
        elif region.what == "otherwise":
            assert not any("due " in one or "not owed" in one for one in region.differs), region


def test_a_rule_that_another_demands_already_names_it() -> None:
    data = copy.deepcopy(BASE.source.data)
    for group in data["groups"]:
        group["rules"] = [rule for rule in group["rules"] if rule["id"] != "tier.T1.escalate_after"]
    for one in data["settlements"]:
        one["carried_by"] = []
    meaning = compare(BASE, build_policy(Source("without", data)))
    assert meaning.relation == "same"
    assert meaning.covered == (Covered("tier.T1.escalate_after", ("trigger.after.t1_timer",)),)


def test_what_was_done_before_a_rule_began_is_done_for_the_others_only() -> None:
    """A breach on a P1 that Tier 3 had already: its own figure counts, although every P1 asks for as much."""
    data = copy.deepcopy(BASE.source.data)
    rule = next(r for g in data["groups"] for r in g["rules"] if r["id"] == "trigger.immediate.security.on_call")
    rule["oblige"]["within"] = "10m"
    meaning = compare(BASE, build_policy(Source("later", data)))
    region = next(region for region in meaning.regions if region.what == "later if first")
    assert region.confirmed
    assert region.differs[0].startswith("due")
    assert any(deed.verb == "escalate" for deed in region.example.deeds)


def test_a_change_in_one_act_that_matters_is_not_called_idle_for_another() -> None:
    def two(minutes: int) -> Policy:
        strict = {"id": "strict", "when": {"signal": "till_dead"}, "oblige": TELL | {"within": "5m"}}
        owed = [one | {"within": f"{minutes}m"} for one in (TELL, {"act": "reply", "to": "customer"})]
        return small(strict, {"id": "both", "when": {"signal": "till_dead"}, "oblige": owed})

    meaning = compare(two(30), two(40))
    assert meaning.covered == ()
    assert meaning.relation == "less"


def test_the_command_says_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    diff = ["policy", "diff", "secureai", "secureai", "--set"]
    assert main([*diff, "policy.calendars.business.time_zone=Europe/Berlin"]) == 0
    told = capsys.readouterr().out
    assert "Business hours: in the time zone Europe/Berlin instead of UTC." in told
    assert "No situation is decided differently" not in told
    assert "× 10³" in told
    assert main([*diff, "policy.tiers.T1.no_progress=45m", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert all(isinstance(region["situations"], int) for region in found["regions"])
    assert not any("there not yet" in str(region) for region in found["regions"])


def test_clocks_stand_where_the_example_says() -> None:
    meaning = compare(BASE, changed(tiers__T2__unresolved="5h"))
    example = next(r.example for r in meaning.regions if r.what == "gone")
    clock = example.clocks["unresolved"]
    assert isinstance(clock, Clock)
    assert 240 <= clock.elapsed_then < 300
