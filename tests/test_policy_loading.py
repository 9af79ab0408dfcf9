"""Loading a policy: whatever is wrong in it is said with file, line and key."""

from __future__ import annotations

import copy
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy import load_policy
from policy.errors import InputError
from policy.loading import build_policy, find_policy
from policy.source import Source
from policy.yaml_source import apply_sets, load_yaml

BAKERY = Path(__file__).parent / "data" / "drill_policy.yaml"
TEXT = BAKERY.read_text()

FUSE = "{id: fuse.x, source: House rules, says: Something., when: {signal: fuse_blown}"
NEW_RULE = "      - id: look.first\n"


def rule(rest: str) -> tuple[str, str]:
    """Return how to put one more rule into the file."""
    return NEW_RULE, f"      - {FUSE}, {rest}}}\n{NEW_RULE}"


def when(condition: str) -> tuple[str, str]:
    """Return how to give a rule another condition."""
    return "when: {signal: till_dead}\n        define", f"when: {condition}\n        define"


CASES = {
    "unknown key at the top": ("name: bakery", "nam: bakery", 'nam: unknown key; did you mean "name"?'),
    "unknown key of a tier": (
        "no_progress: 30m,", "no_progres: 30m,",
        'tiers.counter.no_progres: unknown key; did you mean "no_progress"?',
    ),
    "unknown key of a rule": (
        "        define: {priority: HIGH}", "        defines: {priority: HIGH}",
        'groups[0].rules[0].defines: unknown key; did you mean "define"?',
    ),
    "unknown key of a duty": (
        *rule("oblige: {act: notify, too: office}"), 'oblige.too: unknown key; did you mean "to"?',
    ),
    "unknown key of one of two duties": (
        *rule("oblige: [{act: notify}, {act: notify, withn: 1h}]"),
        'oblige[1].withn: unknown key; did you mean "within"?',
    ),
    "unknown key of a ban": (
        *rule("forbid: {act: notify, residul: true}"), 'forbid.residul: unknown key; did you mean "residual"?',
    ),
    "missing key": ("organisation: Bakery\n", "", "organisation: is missing"),
    "missing act": (*rule("oblige: {to: office}"), "groups[1].rules[0].oblige.act: is missing"),
    "wrong unit": (
        "no_progress: 30m,", "no_progress: 30w,",
        "tiers.counter.no_progress: found '30w'; expected a duration such as \"30m\"",
    ),
    "no unit": ("no_progress: 30m,", "no_progress: 30,", "no_progress: found 30; expected a duration such as 30m"),
    "negative": ("set_within: 15m, first_response: 30m", "set_within: -15m, first_response: 30m", "found '-15m'"),
    "wrong unit in a rule": (*rule("oblige: {act: notify, within: 3 weeks}"), "oblige.within: found '3 weeks'"),
    "weight too great": (*rule("forbid: {act: notify, weight: 101}"), "forbid.weight: found 101; expected at most 100"),
    "weight below zero": (*rule("forbid: {act: notify, weight: -1}"), "forbid.weight: found -1; expected at least 0"),
    "no such dimension": (
        *rule("oblige: {act: notify, dimension: timig}"), "oblige.dimension: found 'timig'; expected 'priority',",
    ),
    "no such act": (*rule("oblige: {act: notfy}"), 'oblige.act: there is no act "notfy"; did you mean "notify"?'),
    "no such recipient": (
        *rule("oblige: {act: notify, to: [office, ofice]}"),
        'oblige.to: there is no role "ofice"; did you mean "office"?',
    ),
    "no such owner": (
        *rule("oblige: {act: notify, owner: foremn}"),
        'oblige.owner: there is no role "foremn"; did you mean "foreman"?',
    ),
    "no such channel": (
        *rule("oblige: {act: notify, via: fax}"),
        'oblige.via: there is no channel "fax"; expected one of: email, phone',
    ),
    "no such content": (
        *rule("oblige: {act: reply, what: nte}"), 'oblige.what: there is no content "nte"; did you mean "note"?',
    ),
    "no such calendar": (
        *rule("oblige: {act: reply, calendar: office}"),
        'oblige.calendar: there is no calendar "office"; expected one of',
    ),
    "no such figure": (
        "owner: counter, within: figures.tell_within", "owner: counter, within: figures.tel_within",
        'oblige.within: there is no figure "figures.tel_within"; did you mean "figures.tell_within"?',
    ),
    "no such figure in a sentence": (
        "After {tiers.counter.no_progress} without", "After {tiers.counter.no_progess} without",
        'says: there is no figure "tiers.counter.no_progess"; did you mean "tiers.counter.no_progress"?',
    ),
    "no such signal": (
        *when("{signal: till_ded}"),
        "groups[0].rules[0].when: found 'till_ded', which is no signal of the vocabulary; did you mean \"till_dead\"?",
    ),
    "no such check": (*when("{checked: [plug, fues]}"), "which is no check of the vocabulary; did you mean \"fuse\"?"),
    "no such condition key": (*when("{signals: till_dead}"), 'unknown condition "signals"; did you mean "signal"?'),
    "no such named condition": (*when("{is: nowhere}"), 'when: there is no condition named "nowhere"'),
    "an empty condition": (*when("{}"), "when: expected a condition such as"),
    "no such layer": (
        "    layer: ban", "    layer: bann", 'groups[2].layer: there is no layer "bann"; did you mean "ban"?',
    ),
    "no such priority": (
        "define: {priority: HIGH}", "define: {priority: HIHG}",
        'define.priority: there is no priority "HIHG"; did you mean "HIGH"?',
    ),
    "a priority by the priority": (*when("{priority: LOW}"), "a rule that defines the priority cannot depend on it"),
    "no such calendar of a tier": (
        "team: Counter team, calendar: always", "team: Counter team, calendar: alway",
        'tiers.counter.calendar: there is no calendar "alway"; did you mean "always"?',
    ),
    "a tier that is no role": (
        "    counter: {label: Counter, tier: true}\n", "    till: {label: Counter, tier: true}\n",
        'there is no role "counter"',
    ),
    "no such capability": (
        "capabilities: [till]", "capabilities: [tlil]", 'tiers.workshop.capabilities: there is no category "tlil"',
    ),
    "no such basic check": (
        "basic_checks: [plug, fuse]", "basic_checks: [plg]",
        'vocabulary.categories.till.basic_checks: there is no check "plg"; did you mean "plug"?',
    ),
    "no such implied verb": ("implied_by: [document]", "implied_by: [dcument]", 'there is no act "dcument"'),
    "no such tier of a relative role": (
        "by_tier: {counter: counter,", "by_tier: {conter: counter,",
        'vocabulary.relative_roles.holder.by_tier: there is no tier "conter"; did you mean "counter"?',
    ),
    "no such contact": (
        "office: {label: Office}", "office: {label: Office, contact: anna}",
        'vocabulary.roles.office.contact: there is no contact "anna"',
    ),
    "the same id twice": (
        "- id: high.set", "- id: high.dead", 'groups[0].rules[1].id: the id "high.dead" is used already (line 55)',
    ),
    "an id that is covered": (
        "      - id: high.set\n", "      - id: high.set\n        covers: [never.idle]\n",
        'the id "never.idle" is used already',
    ),
    "no id": (
        "- id: high.set", "- id: 'high set'", "groups[0].rules[1].id: found 'high set'; expected a name of letters",
    ),
    "an effect without a condition": (
        "        when: {signal: till_dead}\n        define", "        define",
        "groups[0].rules[0]: has an effect but no condition",
    ),
    "no such time zone": (
        "always: {always_open: true}", "always: {always_open: true, time_zone: Europe/Berln}",
        'calendars.always.time_zone: found "Europe/Berln"; expected a time zone',
    ),
    "hours that end before they begin": (
        "always: {always_open: true}", "always: {hours: {mon: '17:00-09:00'}}",
        "calendars.always.hours.mon: found '17:00-09:00'",
    ),
    "a day that does not exist": (
        "always: {always_open: true}", "always: {holidays: ['2025-02-30']}",
        "calendars.always.holidays[0]: found '2025-02-30'",
    ),
    "a calendar that never opens": (
        "always: {always_open: true}", "always: {hours: {mon: '', tue: ''}}",
        "calendars.always.hours: is open on no weekday; give at least one its hours, or write always_open: true",
    ),
    "a calendar that says nothing": (
        "always: {always_open: true}", "always: {time_zone: UTC}", "calendars.always: is open on no weekday",
    ),
    "a calendar that opens on one day only": (
        "always: {always_open: true}", "always: {special_days: {'2025-02-03': '09:00-17:00'}}",
        "calendars.always: is open on no weekday",
    ),
    "more intervals than half-hours": (
        "always: {always_open: true}", f"always: {{hours: {{mon: '{'09:00-09:10, ' * 49}'}}}}",
        "calendars.always.hours.mon: found more than 48 intervals; a day holds at most that many",
    ),
    "no calendar for the rest": (
        "calendar_of: [{use: always}]", "calendar_of: [{when: {signal: till_dead}, use: always}]",
        "calendar_of: the last case must hold always",
    ),
    "another kind of file": ("deskdrill_policy: 1", "deskdrill_policy: 2", "deskdrill_policy: found 2; expected 1"),
}  # fmt: skip


# Where the place is not that of the change: what the line that is named begins with.
ELSEWHERE = {
    "missing key": "deskdrill_policy: 1",
    "a tier that is no role": "  counter: {label: Counter, team",
    "an id that is covered": "      - id: never.idle",
    "an effect without a condition": "      - id: high.dead",
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_said_with_its_place(name: str, tmp_path: Path) -> None:
    old, new, said = CASES[name]
    assert TEXT.count(old) >= 1, "the test no longer fits the file"
    file = tmp_path / "mine.yaml"
    file.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(InputError) as error:
        load_policy(file)
    message = str(error.value)
    assert said in message
    assert re.match(rf"{re.escape(str(file))}:\d+: ", message)
    line = int(message.removeprefix(f"{file}:").partition(":")[0])
    if name in ELSEWHERE:
        assert file.read_text().splitlines()[line - 1].startswith(ELSEWHERE[name])
    else:
        assert line == TEXT[: TEXT.index(old)].count("\n") + 1


def test_holidays_that_leave_no_day(tmp_path: Path) -> None:
    mondays = [date(1970, 1, 5) + timedelta(weeks=week) for week in range(53 * 233)]
    file = tmp_path / "mine.yaml"
    hours = f"always: {{hours: {{mon: '09:00-17:00'}}, holidays: [{', '.join(map(str, mondays))}]}}"
    file.write_text(TEXT.replace("always: {always_open: true}", hours), encoding="utf-8")
    with pytest.raises(InputError, match=r"calendars\.always\.holidays: leave no day on which the calendar is open"):
        load_policy(file)


def test_named_conditions_that_run_in_a_circle(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    conditions = "conditions:\n  a: {is: b}\n  b: {any: [{signal: till_dead}, {not: {is: a}}]}\n"
    file.write_text(TEXT.replace("groups:\n", f"{conditions}groups:\n", 1))
    with pytest.raises(InputError) as error:
        load_policy(file)
    line = TEXT[: TEXT.index("groups:\n")].count("\n") + 2
    assert str(error.value) == f"{file}:{line}: conditions.a: the named conditions b → a → b run in a circle"


def test_a_condition_that_names_itself(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(TEXT.replace("groups:\n", "conditions:\n  a: {all: [{is: a}]}\ngroups:\n", 1))
    with pytest.raises(InputError, match=r"conditions\.a: the named conditions a → a run in a circle"):
        load_policy(file)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("tiers.counter.no_progress", "60x", "--set policy.tiers.counter.no_progress=60x: tiers.counter.no_progress: "),
        ("tiers.counter.no_progres", "60m", 'did you mean "tiers.counter.no_progress"?'),
        ("tiers.T1.no_progress", "60m", "expected one of: tiers.counter, tiers.workshop"),
        ("figures.tell_within", "soon", "--set policy.figures.tell_within=soon: figures.tell_within: found 'soon'"),
        ("figures.tell_within", "3", "oblige.within: figures.tell_within: found 3.0; expected a duration"),
        ("groups[0].rules[0].id", "high.set", 'the id "high.set" is used already'),
    ],
)
def test_changes_on_top(path: str, value: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        load_policy(BAKERY, {path: value})
    assert said in str(error.value)


def test_a_changed_timer_changes_the_sentence_and_the_digest() -> None:
    plain, changed = load_policy(BAKERY), load_policy(BAKERY, {"tiers.counter.no_progress": "1h"})
    assert plain.entry("timer.out").text == "After 30 minutes without progress the workshop takes over."
    assert changed.entry("timer.out").text == "After 1 hour without progress the workshop takes over."
    assert plain.digest != changed.digest
    assert load_policy(BAKERY).digest == plain.digest
    assert load_policy(BAKERY, {"tiers.counter.no_progress": "30m"}).digest == plain.digest


def test_policies_by_name_and_by_file() -> None:
    assert find_policy("secureai").name == "secureai.yaml"
    assert find_policy("./mine.yml") == Path("mine.yml")
    with pytest.raises(InputError, match='there is no policy named "secureia"; did you mean "secureai"'):
        find_policy("secureia")
    with pytest.raises(InputError, match=r"nowhere\.yaml: there is no such file"):
        load_policy("nowhere.yaml")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load_policy(BAKERY.parent)


def test_entries_are_found_by_id() -> None:
    policy = load_policy(BAKERY)
    entry = policy.entry("hand.over")
    line = TEXT[: TEXT.index("- id: hand.over")].count("\n") + 1
    assert (entry.source, entry.kind, entry.line) == ("House rules", "rule", line)
    with pytest.raises(InputError, match=r'bakery has no rule "hand\.ovr"; did you mean "hand\.over"'):
        policy.entry("hand.ovr")


LINES = TEXT.splitlines(keepends=True)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, len(LINES) - 1),
    st.integers(0, 120),
    st.text(max_size=3) | st.sampled_from([": ", "{", "}", "[]", "null", "30", "- ", "not: ", "~", "{is: a}"]),
    st.integers(0, 6),
)
def test_a_damaged_policy_loads_or_is_refused(number: int, column: int, put: str, taken: int) -> None:
    line = LINES[number]
    lines = [*LINES[:number], line[:column] + put + line[column + taken :], *LINES[number + 1 :]]
    try:
        build_policy(load_yaml("".join(lines), name="mine.yaml"))
    except InputError as error:
        message = str(error)
    else:
        return
    assert message.startswith("mine.yaml")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(load_yaml(BAKERY).lines, key=str)[1:]),
    st.sampled_from(["null", "0", "-1", "30m", "x", "[]", "{}", "[x]", "{x: y}", "true", "3.5", "[[1]]", "{is: a}"]),
)
def test_any_value_anywhere_loads_or_is_refused(path: tuple[str | int, ...], value: str) -> None:
    from policy.source import dotted

    source = load_yaml(BAKERY)
    try:
        build_policy(apply_sets(source, {dotted(path): value}))
    except InputError as error:
        message = str(error)
    else:
        return
    assert message.startswith(("--set ", str(BAKERY)))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("calendars", "always"), {"business_day": "1bd"}, "expected hours of one day"),
        (("calendars", "always"), {"business_day": "0h"}, "expected hours of one day"),
        (("calendars", "always"), {"hours": {"mon": "\u00b2:00-10:00"}}, "expected a time of day"),
        (("figures", "tell_within"), True, "expected a number"),
        (("targets",), {"csat": -3}, "expected at least 0"),
        (("effective_from",), "soon", "expected a date"),
        (("precedence",), ["duty", "duty"], "stands here twice"),
        (("calendar_of",), [{"when": {"clock": {"name": "age", "reaches": "1h"}}, "use": "always"}], "on a clock"),
    ],
)
def test_values_that_look_right_and_are_not(path: tuple[str, ...], value: object, said: str) -> None:
    data = copy.deepcopy(load_yaml(BAKERY).data)
    holder = data
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    with pytest.raises(InputError, match=re.escape(said)):
        build_policy(Source("bakery", data))


def test_a_policy_that_is_loaded_again_is_as_the_file_is_then(tmp_path: Path) -> None:
    file = tmp_path / "house.yaml"
    text = (Path(__file__).parent / "data" / "drill_policy.yaml").read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    first = load_policy(file)
    load_policy(file, {"tiers.counter.no_progress": "7m"})
    assert load_policy(file).digest == first.digest
    file.write_text(text.replace("title: ", "title: Another "), encoding="utf-8")
    assert load_policy(file).doc.title == f"Another {first.doc.title}"
    shipped = load_policy().digest
    assert load_policy("secureai+t1-45m").digest != shipped
    assert load_policy().digest == shipped
