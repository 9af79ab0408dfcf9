"""Finding and reading scenario files, and what can be said about one without a policy.

Beyond its shape a scenario must hang together: names are unique, what a conclusion builds on can be found out, and
no text holds anything that a terminal or a template engine would obey.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from policy.errors import InputError
from policy.explain import nearest
from policy.source import KeyPath, Source, validate
from policy.yaml_source import load_yaml
from scenarios.cleaning import find_hostile
from scenarios.model import Scenario, ScenarioInfo
from scenarios.schema import ScenarioFile

DATA: Final = Path(__file__).parent / "data"
_LEVELS: Final = ("easy", "medium", "hard")


def scenario_ids() -> tuple[str, ...]:
    """Return the ids of the scenarios that come with DeskDrill, in alphabetical order."""
    return tuple(sorted(path.stem for path in DATA.glob("*.yaml")))


def list_scenarios() -> list[ScenarioInfo]:
    """Return what comes with DeskDrill, the easy ones first."""
    found = [load_scenario(name) for name in scenario_ids()]
    found.sort(key=lambda s: (_LEVELS.index(s.level), s.id))
    return [ScenarioInfo(s.id, s.title, s.level, s.seat, s.horizon, s.about) for s in found]


def load_scenario(ref: str | Path) -> Scenario:
    """Return a scenario by its id (``api_401``) or from a file (``./mine.yaml``).

    Raises:
        InputError: no such scenario (the nearest id is named), or a file that breaks the schema; with file, line
            and key.
    """
    if isinstance(ref, str):
        if ref in scenario_ids():
            return _own(ref)
        looks_like_a_file = any(mark in ref for mark in ("/", "\\")) or ref.endswith((".yaml", ".yml"))
        if not looks_like_a_file:
            raise InputError(f'there is no scenario "{_plain(ref)}"{nearest(ref, scenario_ids())}')
    return read_scenario(load_yaml(Path(ref), name=_plain(str(ref))))


@lru_cache(maxsize=64)
def _own(name: str) -> Scenario:
    path = DATA / f"{name}.yaml"
    source = load_yaml(path, name=f"scenarios/data/{path.name}")
    scenario = read_scenario(source)
    if scenario.id != name:
        raise source.error(("id",), f'the id is "{scenario.id}" but the file is named {path.name}')
    return scenario


def read_scenario(source: Source) -> Scenario:
    """Return the scenario that ``source`` holds.

    Raises:
        InputError: it breaks the schema, or does not hang together.
    """
    for path, text in _texts(source.data, ()):
        reason = find_hostile(text)
        if reason is not None:
            raise source.error(path, reason)
    file = validate(ScenarioFile, source)
    _hangs_together(file, source)
    return replace(file.scenario(), source=source)


def _hangs_together(file: ScenarioFile, source: Source) -> None:
    names: set[str] = set()
    for part in ("checks", "questions"):
        for index, item in enumerate(getattr(file, part)):
            if item.name in names:
                raise source.error((part, index, "name"), f'the name "{item.name}" stands here twice')
            names.add(item.name)
    for index, conclusion in enumerate(file.conclusions):
        for place, name in enumerate(conclusion.when):
            if name not in names:
                hint = nearest(name, names)
                raise source.error(
                    ("conclusions", index, "when", place), f'no check or question is named "{name}"{hint}'
                )
    teams: set[str] = set()
    for index, colleague in enumerate(file.colleagues):
        if colleague.team in teams:
            raise source.error(("colleagues", index, "team"), f'the team "{colleague.team}" stands here twice')
        teams.add(colleague.team)
    for index, inject in enumerate(file.injects):
        if inject.at is not None and inject.at > file.horizon:
            raise source.error(
                ("injects", index, "at"), f"minute {inject.at:g} lies beyond the horizon ({file.horizon:g})"
            )


def _texts(data: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield every text of a document with its path, keys included."""
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield path, str(key)
            yield from _texts(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts(value, (*path, index))


def _plain(text: str) -> str:
    """Return what a user typed so that it can be printed back: visible characters only, not too long."""
    return "".join(c if c.isprintable() else "?" for c in text[:200])
