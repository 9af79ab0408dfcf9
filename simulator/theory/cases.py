"""Files of cases: each names a kind, its parameters, and the values that theory says exactly."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from policy.errors import InputError
from policy.explain import closest, nearest
from policy.yaml_source import read_text
from simulator.theory.kinds import KINDS, Params, kind_of, known
from simulator.theory.quantities import Quantity, asked, names
from simulator.theory.system import System, loads, traffic

MAX_BYTES: Final = 5_000_000
MOST_CASES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """One value to be met: ``metric`` is its name, with its place where it stands in a list."""

    metric: str
    exact: float
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its place in the file (from 0), its name, the system it describes, and its rows."""

    index: int
    name: str
    system: System
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Cases:
    """A file of cases, and what is odd in it without being wrong."""

    cases: tuple[Case, ...]
    notes: tuple[str, ...]

    @property
    def rows(self) -> int:
        """How many values there are in all."""
        return sum(len(case.rows) for case in self.cases)


def read_cases(path: Path) -> Cases:
    """Read a file of cases.

    Raises:
        InputError: it is missing, no JSON, or not of this form; the message names the file, the case and the key.
    """
    name = str(path)
    text = read_text(path, name, max_bytes=MAX_BYTES)
    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise InputError.at(name, error.lineno, None, f"is no JSON: {error.msg}") from None
    except RecursionError:
        raise InputError(f"{name}: is nested too deeply") from None
    except ValueError as error:
        raise InputError(f"{name}: {error}") from None
    found = data.get("cases") if isinstance(data, dict) else None
    if not isinstance(found, list):
        raise InputError(f'{name}: has no cases; expected an object {{"cases": [...]}}')
    if not 1 <= len(found) <= MOST_CASES:
        raise InputError(f"{name}: cases: found {len(found)}; expected 1 to {MOST_CASES}")
    notes: list[str] = []
    cases = tuple(_case(name, index, one, notes) for index, one in enumerate(found))
    return Cases(cases, tuple(notes))


def _case(file: str, index: int, data: Any, notes: list[str]) -> Case:
    def refuse(key: str, message: str) -> InputError:
        return InputError(f"{file}: case {index}: {key}: {message}")

    if not isinstance(data, dict):
        raise InputError(f"{file}: case {index}: expected an object with name, params and values")
    name, given, values = data.get("name"), data.get("params"), data.get("values")
    if not isinstance(name, str):
        raise refuse("name", "is missing" if name is None else f"found {_shown(name)}; expected the name of a kind")
    kind = kind_of(name)
    if kind is None:
        hint = nearest(name, KINDS) or f"; the kinds are: {', '.join(KINDS)}"
        raise refuse("name", f"there is no kind {_shown(name)}{hint}")
    if not isinstance(given, dict):
        raise refuse("params", "is missing" if given is None else "expected an object")
    if not isinstance(values, dict) or not values:
        raise refuse("values", "is missing" if values is None else "expected an object of exact values, by metric")
    for key in given:
        if known(kind, key):
            continue
        if near := closest(key, [one for one in kind.params if one not in given]):
            raise refuse(f"params.{key}", f'this kind has no such parameter; did you mean "{near}"?')
        notes.append(f"{file}: case {index}: params.{key}: means nothing to this kind, and was passed over")
    system = kind.read(Params(given, refuse))
    _check_stable(system, refuse)
    rows = tuple(row for key, value in values.items() for row in _rows(system, key, value, refuse))
    return Case(index, name, system, rows)


def _check_stable(system: System, refuse: Any) -> None:
    """Refuse a queue that grows for ever."""
    if system.by_tier and not math.isfinite(float(traffic(system).max())):
        raise refuse("params.p", "tickets go round for ever and never leave")
    if system.always_stable:
        return
    for tier, load in enumerate(loads(system)):
        if load >= 1 - 1e-12:
            where = f"params.tiers[{tier}]" if system.by_tier else "params"
            raise refuse(where, f"the queue is not stable: {load:.4g} of each agent's time is asked for, of 1 there is")


def _rows(system: System, key: str, value: Any, refuse: Any) -> list[Row]:
    place = f"values.{key}"
    try:
        found = asked(system, key)
    except KeyError:
        legal = names(system)
        if key in ("SL", "SL_within_t") and system.target is None:
            raise refuse(place, "needs a time to be within: params.t, or asa_target_s of a call centre") from None
        hint = nearest(key, legal) or f"; they are: {', '.join(legal)}"
        raise refuse(place, f"this kind has no metric {_shown(key)}{hint}") from None
    if isinstance(found, Quantity):
        return [Row(key, _number(place, value, refuse), found)]
    if not isinstance(value, list) or len(value) != len(found):
        what = "tiers" if system.by_tier else "classes"
        raise refuse(
            place, f"found {_shown(value)}; expected a list of {len(found)} numbers, one for each of the {what}"
        )
    return [
        Row(f"{key}[{n}]", _number(f"{place}[{n}]", exact, refuse), quantity)
        for n, (exact, quantity) in enumerate(zip(value, found, strict=True))
    ]


def _number(place: str, value: Any, refuse: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        raise refuse(place, f"found {_shown(value)}; expected a number")
    return float(value)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _unique(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {_shown(twice)} stands twice in one object")
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"found {text}; expected a number that can be counted with")
