"""The JSON Schemas: what the project ships fits them, what is wrong does not, and every key has its sentence."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deskdrill.own_policy import KINDS, schema
from policy.document import PolicyDoc
from policy.errors import InputError
from policy.schema import DIALECT, schema_of
from policy.yaml_source import load_yaml

ROOT = Path(__file__).parent.parent
SCHEMAS = {kind: schema(kind) for kind in KINDS}
FILES = {
    "policy": [ROOT / "policy/secureai.yaml", ROOT / "deskdrill/examples/own/policy.yaml",
               *sorted((ROOT / "tests/data").glob("*_policy.yaml"))],
    "overlay": sorted((ROOT / "policy/variants").glob("*.yaml")),
    "desk": [*sorted((ROOT / "simulator/desks").glob("*.yaml")), ROOT / "deskdrill/examples/own/desk.yaml"],
    "scenario": [*sorted((ROOT / "scenarios/data").glob("*.yaml")), ROOT / "deskdrill/examples/own/scenario.yaml"],
}  # fmt: skip
TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int,
    "number": (int, float),
}  # fmt: skip
UNDERSTOOD = {
    "$ref", "$defs", "$schema", "title", "description", "default", "type", "anyOf", "enum", "const", "pattern",
    "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "minItems", "maxItems", "items", "properties",
    "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties", "maxProperties",
    "format",
}  # fmt: skip


def faults(value: Any, part: Any, whole: Any, path: str = "") -> Iterator[str]:
    """Yield what is wrong with a value by a schema: the parts of draft 2020-12 in use here, no others."""
    if isinstance(part, bool):
        if not part:
            yield f"{path}: is not allowed"
        return
    assert set(part) <= UNDERSTOOD, set(part) - UNDERSTOOD
    if "$ref" in part:
        yield from faults(value, whole["$defs"][part["$ref"].rpartition("/")[2]], whole, path)
    if "anyOf" in part and not any(not list(faults(value, one, whole, path)) for one in part["anyOf"]):
        yield f"{path}: fits none of its kinds"
    if "type" in part:
        kinds = part["type"] if isinstance(part["type"], list) else [part["type"]]
        if not any(isinstance(value, TYPES[k]) and (k == "boolean" or not isinstance(value, bool)) for k in kinds):
            yield f"{path}: expected {kinds}"
            return
    if ("enum" in part and value not in part["enum"]) or ("const" in part and value != part["const"]):
        yield f"{path}: is not one of those allowed"
    if isinstance(value, str) and "pattern" in part and not re.search(part["pattern"], value):
        yield f"{path}: does not fit {part['pattern']}"
    if isinstance(value, str) and not part.get("minLength", 0) <= len(value) <= part.get("maxLength", 10**9):
        yield f"{path}: is too short or too long"
    if isinstance(value, (int, float)) and not part.get("minimum", value) <= value <= part.get("maximum", value):
        yield f"{path}: is too small or too great"
    if isinstance(value, (int, float)) and "exclusiveMinimum" in part and value <= part["exclusiveMinimum"]:
        yield f"{path}: is too small"
    if isinstance(value, list):
        if not part.get("minItems", 0) <= len(value) <= part.get("maxItems", 10**9):
            yield f"{path}: has too few or too many items"
        for index, item in enumerate(value):
            yield from faults(item, part.get("items", True), whole, f"{path}[{index}]")
    if isinstance(value, dict):
        yield from _faults_of_keys(value, part, whole, path)


def _faults_of_keys(value: dict[str, Any], part: Any, whole: Any, path: str) -> Iterator[str]:
    for key in part.get("required", ()):
        if key not in value:
            yield f"{path}.{key}: is missing"
    if len(value) < part.get("minProperties", 0):
        yield f"{path}: is empty"
    if len(value) > part.get("maxProperties", 10**9):
        yield f"{path}: has too many keys"
    for key, child in value.items():
        here = f"{path}.{key}"
        if "propertyNames" in part:
            yield from faults(key, part["propertyNames"], whole, here)
        if key in part.get("properties", {}):
            yield from faults(child, part["properties"][key], whole, here)
            continue
        fitting = [one for pattern, one in part.get("patternProperties", {}).items() if re.search(pattern, key)]
        for one in fitting or [part.get("additionalProperties", True)]:
            yield from faults(child, one, whole, here)


@pytest.mark.parametrize(("kind", "file"), [(k, f) for k, files in FILES.items() for f in files],
                         ids=lambda one: getattr(one, "name", one))  # fmt: skip
def test_what_the_project_ships_fits_its_schema(kind: str, file: Path) -> None:
    assert list(faults(load_yaml(file).data, SCHEMAS[kind], SCHEMAS[kind])) == []


WRONG = {
    "unknown key": ("policy", ["tiers", "T1"], {"no_progres": "30m"}),
    "missing key": ("policy", ["tiers", "T1"], {"label": None}),
    "unknown act key": ("policy", ["groups", 0, "rules", 0, "oblige"], {"too": "T3"}),
    "unknown condition": ("policy", ["groups", 0, "rules", 0, "when"], {"signl": "outage"}),
    "bad figure": ("policy", ["groups", 0, "rules", 0, "oblige"], {"within": {"of": "prompt", "bye": "plan"}}),
    "weight": ("policy", ["groups", 0, "rules", 0, "oblige"], {"weight": 101}),
    "bad choice": ("policy", ["reprioritised"], {"raised": "sometimes"}),
    "overlay key": ("overlay", ["changes", "tiers", "T1"], {"no_progres": "30m"}),
    "overlay head": ("overlay", [], {"overlays": "x"}),
    "desk share": ("desk", ["categories", "other", "beyond"], {"T1": 2}),
    "desk length": ("desk", ["work", "first_response"], {"mean": 5}),
    "desk minutes": ("desk", ["work"], {"update": 3}),
    "desk tier": ("desk", ["work", "T1"], {"recognitoin": {"mean": "5m"}}),
    "scenario level": ("scenario", [], {"level": "fiendish"}),
}


@pytest.mark.parametrize(("kind", "where", "change"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_does_not_fit(kind: str, where: list[Any], change: dict[str, Any]) -> None:
    files = {"policy": "policy/secureai.yaml", "overlay": "policy/variants/t1-45m.yaml",
             "desk": "simulator/desks/january_2025.yaml", "scenario": "scenarios/data/api_401.yaml"}  # fmt: skip
    data = copy.deepcopy(load_yaml(ROOT / files[kind]).data)
    part = data
    for key in where:
        part = part[key]
    part.update(change)
    assert list(faults(data, SCHEMAS[kind], SCHEMAS[kind])) != []


def keys(part: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield every key that a schema names, however deep, with its own schema."""
    if isinstance(part, dict):
        for key, child in part.items():
            if key == "properties":
                yield from ((f"{path}.{name}", one) for name, one in child.items())
            yield from keys(child, path if key == "properties" else f"{path}.{key}")
    elif isinstance(part, list):
        for child in part:
            yield from keys(child, path)


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_has_a_sentence(kind: str) -> None:
    assert SCHEMAS[kind]["$schema"] == DIALECT
    found = dict(keys(SCHEMAS[kind], kind))
    assert len(found) > 5
    assert [path for path, field in found.items() if len(field.get("description", "")) <= 3] == []


def test_parts_of_conditions_and_figures_are_among_the_keys() -> None:
    found = {path.removeprefix("policy.$defs.") for path, _ in keys(SCHEMAS["policy"], "policy")}
    assert {"Condition.done.act", "Condition.clock.reaches", "Figure.anyOf.share"} <= found


def test_a_key_without_a_sentence_is_refused() -> None:
    with pytest.raises(InputError, match=r"PolicyDoc\.deskdrill_policy has no description"):
        schema_of(PolicyDoc, {}, "A policy")


@pytest.mark.parametrize("kind", KINDS)
def test_the_committed_schema_is_current(kind: str) -> None:
    committed = json.loads((ROOT / "docs" / "schema" / f"{kind}.schema.json").read_text(encoding="utf-8"))
    assert committed == SCHEMAS[kind], "run: make docs"


@pytest.mark.parametrize("file", [*FILES["policy"][:2], *FILES["overlay"], FILES["desk"][-1], FILES["scenario"][-1]],
                         ids=lambda path: path.stem)  # fmt: skip
def test_the_first_line_names_a_schema_that_is_there(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found is not None
    assert (file.parent / found[1]).is_file()
