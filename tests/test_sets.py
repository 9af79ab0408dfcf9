"""``--set``: one value of a document replaced, and an error that says what was meant where a path leads nowhere."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.errors import InputError
from policy.source import dotted
from policy.yaml_source import apply_sets, load_yaml

DESK = load_yaml(
    """
title: A desk
staffing:
  T1: {agents: 4, shift: "09:00-17:00"}
  T2: {agents: 2, shift: "09:00-17:00"}
days: [mon, tue]
shifts:
  - {name: early, hours: 8}
  - {name: late, hours: 7}
dotted.key: 1
dotted: {key: 2}
""",
    name="desk.yaml",
)


@pytest.mark.parametrize(
    ("path", "value", "reach", "read"),
    [
        ("staffing.T1.agents", "5", ("staffing", "T1", "agents"), 5),
        ("staffing.T1.shift", "08:00-16:00", ("staffing", "T1", "shift"), "08:00-16:00"),
        ("title", "null", ("title",), None),
        ("days", "[sat]", ("days",), ["sat"]),
        ("days[1]", "sun", ("days", 1), "sun"),
        ("days.0", "sun", ("days", 0), "sun"),
        ("shifts[1].hours", "6.5", ("shifts", 1, "hours"), 6.5),
        ("shifts.1.hours", "6", ("shifts", 1, "hours"), 6),
        ("dotted.key", "9", ("dotted.key",), 9),
        ("staffing.T2", "{agents: 0}", ("staffing", "T2"), {"agents": 0}),
    ],
)
def test_a_value_is_set(path: str, value: str, reach: tuple[Any, ...], read: object) -> None:
    changed = apply_sets(DESK, {path: value})
    here = changed.data
    for part in reach:
        here = here[part]
    assert here == read
    assert DESK.data["staffing"]["T1"]["agents"] == 4  # the original is as it was
    assert str(changed.error(reach, "no")) == f"--set {path}={value}: {dotted(reach)}: no"


def test_an_entry_of_a_list_is_never_the_guess() -> None:
    source = load_yaml("title: x\nlint: {silence: [{rules: [a]}]}\n", name="d.yaml")
    with pytest.raises(InputError) as error:
        apply_sets(source, {"rules": "1"}, prefix="policy.")
    assert "silence" not in str(error.value)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("staffing.T1.agent", 'did you mean "staffing.T1.agents"?'),
        ("staffing.t1.agents", 'did you mean "staffing.T1"?'),
        ("stafing.T1.agents", 'did you mean "staffing"?'),
        ("T2.agents", 'did you mean "staffing.T2.agents"?'),
        ("agents", 'did you mean "staffing.T1.agents"?'),
        ("staffing.Q", "expected one of: staffing.T1, staffing.T2"),
        ("", "there is no such value"),
        (".", "there is no such value"),
        ("title.", "title is a single value; nothing stands below it"),
        ("staffing..T1", "there is no such value"),
        ("staffing.T1", "is a whole section, not a value; name one value inside it"),
        ("days", "is a whole section"),
        ("days[2]", "there is no such entry; days has 2, from 0 on"),
        ("days[999999999]", "days is a list; name an entry by its number: days[0]"),
        ("days[-1]", "days is a list; name an entry by its number: days[0]"),
        ("days[0", "days is a list"),
        ("days.mon", "days is a list"),
        ("days[0]x", "days[0] is a single value; nothing stands below it"),
        ("title.x", "title is a single value; nothing stands below it"),
        ("\x1b[31m", "there is no such value"),
        ("x" * 100_000, "there is no such value"),
    ],
)
def test_a_path_that_leads_nowhere(path: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        apply_sets(DESK, {path: "1"}, prefix="desk.")
    message = str(error.value)
    assert message.startswith("--set desk.")
    assert said in message
    assert "\x1b" not in message
    assert len(message) < 400


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "needs a value; write null for none"),
        ("  ", "needs a value"),
        ("[1", "is not valid YAML"),
        ("&a 1", "anchors"),
        ("!!int 1", "tag"),
        ("\x1b", "terminal escape"),
        ("9" * 400, "expected a finite number"),
        ("9" * 16, "a number is at most"),
        ("a: 1\na: 2", "stands here twice"),
    ],
)
def test_a_value_that_cannot_be_set(value: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        apply_sets(DESK, {"staffing.T1.agents": value}, prefix="desk.")
    assert str(error.value).startswith("--set desk.staffing.T1.agents")
    assert said in str(error.value)
    assert len(str(error.value)) < 300


def test_a_later_change_sees_an_earlier_one() -> None:
    changed = apply_sets(DESK, {"staffing.T2": "{agents: 1, pager: 0}", "staffing.T2.pager": "3"})
    assert changed.data["staffing"]["T2"] == {"agents": 1, "pager": 3}
    assert "--set staffing.T2={agents: 1, pager: 0}: staffing.T2.agents" in str(
        changed.error(("staffing", "T2", "agents"), "no")
    )


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=30), st.lists(st.sampled_from([*"ab.[]01", "staffing", "T1", "days"])).map("".join)))
def test_any_path_sets_or_is_refused(path: str) -> None:
    with contextlib.suppress(InputError):
        apply_sets(DESK, {path: "1"})
