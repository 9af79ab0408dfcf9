"""A word that the policy does not have is an error with file, line, key and the nearest legal word."""

from __future__ import annotations

import pytest

from grading import Drill
from policy import Rulebook, load_policy
from policy.errors import InputError
from policy.yaml_source import load_yaml
from scenarios import Scenario, load_scenario, read_scenario, scenario_ids
from scenarios.loader import DATA

BOOK = Rulebook(load_policy("secureai"))
GOOD = (
    (DATA / "api_401.yaml").read_text(encoding="utf-8")
    + """
injects:
  - who: T2
    on: {do: escalate, to: T2}
    after: 5
    text: We see it too.
    unless: [solved]
    withdraws: [api_down]
  - who: system
    on: {do: check, what: access_log}
    text: The log is long.
costs:
  reply: 3
"""
)


def open_(text: str) -> Drill:
    scenario = read_scenario(load_yaml(text, name="mine.yaml"))
    assert isinstance(scenario, Scenario)
    return Drill(scenario, BOOK)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize("name", scenario_ids())
def test_what_is_shipped_fits(name: str) -> None:
    Drill(load_scenario(name), BOOK)


def test_the_good_one_fits() -> None:
    open_(GOOD)


@pytest.mark.parametrize(
    ("old", "new", "key", "near"),
    [
        ("signals: [api_down]", "signals: [api_dwon]", "signals[0]", "api_down"),
        ("counts:\n  customers_affected: 1", "counts:\n  customer_affected: 1", "counts.customer_affected",
         "customers_affected"),
        ("    counts:\n      customers_affected", "    counts:\n      customers_afected",
         "checks[2].counts.customers_afected", "customers_affected"),
        ("establishes: [needs_expertise]", "establishes: [need_expertise]", "conclusions[0].establishes[0]",
         "needs_expertise"),
        ("withdraws: [api_down]", "withdraws: [api_donw]", "injects[0].withdraws[0]", "api_down"),
        ("unless: [solved]", "unless: [sloved]", "injects[0].unless[0]", "solved"),
        ("team: T3", "team: T33", "colleagues[1].team", "T3"),
        ("who: T2", "who: costumer", "injects[0].who", "customer"),
        ("do: escalate", "do: esclate", "injects[0].on.do", "escalate"),
        ("to: T2", "to: complaince", "injects[0].on.to", "compliance"),
        ("what: access_log", "what: acces_log", "injects[1].on.what", "access_log"),
        ("  reply: 3", "  replly: 3", "costs.replly", "reply"),
        ("category: api_authentication", "category: api_autentication", "ticket.category", "api_authentication"),
        ("plan: professional", "plan: profesional", "ticket.customer.plan", "professional"),
        ("name: system_status", "name: system_statsu", "checks[2].name", "system_status"),
    ],
)  # fmt: skip
def test_a_misspelt_word_is_refused_with_its_place(old: str, new: str, key: str, near: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    with pytest.raises(InputError) as error:
        open_(text)
    said = str(error.value)
    wrong = new.rsplit("\n", maxsplit=1)[-1]
    assert said.startswith(f"mine.yaml:{line_of(text, wrong)}: {key}: ")
    assert f'did you mean "{near}"' in said


def test_a_seat_is_refused_with_its_place() -> None:
    with pytest.raises(InputError, match=r'^mine\.yaml:\d+: seat: .* has no tier "T9"'):
        open_(GOOD.replace("seat: T1", "seat: T9"))


def test_checks_may_be_the_scenarios_own() -> None:
    drill = open_(GOOD.replace("name: access_log", "name: coffee_machine").replace("what: access_log", "what: impact")
                  .replace("do: check,", "do: ask,"))  # fmt: skip
    drill.do({"do": "check", "what": "coffee_machine"})
    assert drill.facts[-1].check == "coffee_machine"


def test_an_inject_hears_of_a_priority() -> None:
    drill = open_(GOOD.replace("do: check, what: access_log", "do: set_priority, what: P2"))
    drill.do({"do": "set_priority", "priority": "P2"})
    drill.do({"do": "wait", "minutes": 1})
    assert drill.conversation[-1].text == "The log is long."
