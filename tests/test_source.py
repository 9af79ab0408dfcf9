"""Documents as models: what is wrong is told with its place, what was found, and the nearest legal key."""

from __future__ import annotations

import sys
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field

from policy.errors import InputError
from policy.explain import nearest
from policy.source import Source, validate
from policy.yaml_source import apply_sets, load_yaml


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Shift(Strict):
    name: str
    hours: float = Field(gt=0, le=24)


class Tier(Strict):
    agents: int = Field(ge=0)
    shift: str | list[str] = ""
    kind: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")] = "a"


class Desk(Strict):
    title: str
    staffing: dict[str, Tier]
    shifts: Shift | list[Shift] = []
    open: bool = True


GOOD = "title: x\nstaffing:\n  T1: {agents: 1}\n"


def source_of(text: str) -> Source:
    return load_yaml(text, name="d.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: x\n", "d.yaml:1: staffing: is missing"),
        (GOOD + "titel: y\n", 'd.yaml:4: titel: unknown key; did you mean "title"?'),
        (GOOD + "Shifts: []\n", 'd.yaml:4: Shifts: unknown key; did you mean "shifts"?'),
        (GOOD + "zzz: 1\n", "d.yaml:4: zzz: unknown key; expected one of: open, shifts, staffing, title"),
        (GOOD + "  T2: {agents: 1, agnets: 2}\n", 'd.yaml:4: staffing.T2.agnets: unknown key; did you mean "agents"?'),
        (GOOD + "  T2: {agents: -1}\n", "d.yaml:4: staffing.T2.agents: found -1; expected at least 0"),
        (GOOD + "  T2: {agents: 1.5}\n", "staffing.T2.agents: found 1.5; expected a whole number"),
        (GOOD + "  T2: {agents: many}\n", "staffing.T2.agents: found 'many'; expected a whole number"),
        (GOOD + "  T2: {agents: [1]}\n", "staffing.T2.agents: found a list; expected a whole number"),
        (GOOD + "  T2: 3\n", "d.yaml:4: staffing.T2: found 3; expected a mapping"),
        (GOOD + "  T2:\n", "d.yaml:4: staffing.T2: found nothing; expected a mapping"),
        (GOOD + "  T2: {agents: 1, shift: 5}\n", "found 5; expected text or a list (for text, put it in quotes)"),
        (GOOD + "  T2: {agents: 1, kind: 'a b'}\n", "kind: found 'a b'; expected a name of letters, digits and _"),
        (GOOD + "shifts: {name: x, hours: 25}\n", "d.yaml:4: shifts.hours: found 25; expected at most 24"),
        (GOOD + "shifts: [{name: x, hours: 0}]\n", "d.yaml:4: shifts[0].hours: found 0; expected greater than 0"),
        (GOOD + "shifts:\n  - {name: x, hous: 3}\n", "d.yaml:5: shifts[0].ho"),
        (GOOD + "shifts: {name: x, hours: 2, paus: 1}\n", "d.yaml:4: shifts.paus: unknown key"),
        (GOOD + "open: perhaps\n", "d.yaml:4: open: found 'perhaps'; expected true or false"),
        ("title: 1\nstaffing: {}\n", "d.yaml:1: title: found 1; expected text (for text, put it in quotes)"),
        ("title: off\nstaffing: {}\n", "d.yaml:1: title: found false; expected text (for text, put it in quotes)"),
        ("- 1\n", "d.yaml:1: expected a mapping of keys to values at the top of the file"),
        ("null\n", "expected a mapping of keys to values"),
        ("title: [1]\nstaffing: 2\n", "d.yaml:1: title: found a list; expected text (and 1 more place in this file)"),
    ],
)
def test_what_a_model_refuses(text: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        validate(Desk, source_of(text))
    assert said in str(error.value)


def test_a_wrong_value_from_a_set_names_the_set() -> None:
    changed = apply_sets(source_of(GOOD), {"staffing.T1.agents": "-4"}, prefix="desk.")
    with pytest.raises(InputError) as error:
        validate(Desk, changed)
    assert str(error.value) == (
        "--set desk.staffing.T1.agents=-4: staffing.T1.agents: found -4; expected at least 0"
    )


def test_nearest() -> None:
    assert nearest("oustage", ["outage", "breach"]) == '; did you mean "outage"?'
    assert nearest("p1", ["P1", "P2"]) == '; did you mean "P1"?'
    assert nearest("qqq", ["a", "b"]) == "; expected one of: a, b"
    assert nearest("qqq", [f"w{n}" for n in range(40)]) == ""
    assert nearest("qqq", []) == ""


def test_a_file_of_wrong_keys_is_answered_in_steps_that_grow_with_its_length() -> None:
    """Four times the unknown keys take about four times the calls; looking at each pair of them would take sixteen."""

    def calls(keys: int) -> int:
        text = "".join(f"k{n}: 1\n" for n in range(keys))
        count = 0

        def called(*_: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(called)
        try:
            with pytest.raises(InputError, match=r"d\.yaml:1: k0: unknown key; .*and [0-9]+ more places in this file"):
                validate(Desk, load_yaml(text, name="d.yaml"))
        finally:
            sys.setprofile(None)
        return count

    assert calls(4_000) < 5 * calls(1_000)
