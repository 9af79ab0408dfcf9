"""The practice room: scenarios as data. A scenario states what is true and names no answer key.

Reading order: ``model`` (what a scenario is), ``schema`` (the file, key by key), ``cleaning`` (what a text may hold),
``loader`` (finding and reading files). The scenarios themselves stand in ``data/``; how to write one is told in
``docs/writing-scenarios.md``. This room imports ``policy`` and ``simulator`` only.
"""

from scenarios.cleaning import clean_text, find_hostile
from scenarios.loader import list_scenarios, load_scenario, read_scenario, scenario_ids
from scenarios.model import (
    Check,
    Colleague,
    Conclusion,
    Customer,
    Effect,
    Inject,
    Question,
    Scenario,
    ScenarioInfo,
    Ticket,
    Trigger,
)

__all__ = [
    "Check",
    "Colleague",
    "Conclusion",
    "Customer",
    "Effect",
    "Inject",
    "Question",
    "Scenario",
    "ScenarioInfo",
    "Ticket",
    "Trigger",
    "clean_text",
    "find_hostile",
    "list_scenarios",
    "load_scenario",
    "read_scenario",
    "scenario_ids",
]
