"""JSON Schemas of the files people write, so that an editor completes and checks them (draft 2020-12).

The shape comes from the pydantic models that read the files, the sentence about each key from a table beside the
models (``descriptions/``). A schema knows shapes and closed lists; which names must exist elsewhere in the same file
(a role, a signal, a figure) only ``policy check`` knows.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, get_type_hints

from pydantic import BaseModel

from policy.condition_reading import KEYS
from policy.document import PolicyDoc
from policy.errors import InputError
from policy.merging import ADD, FIRST, REMOVE, REPLACE, RULES
from policy.overlays import OverlayDoc
from policy.situation import CLOCKS, STATUSES
from policy.yaml_source import load_yaml

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
WORDS: Final = Path(__file__).parent / "descriptions"
Schema = dict[str, Any]
Descriptions = Mapping[str, Mapping[str, str]]
"""By the name of a model and the name of a key, what the key means."""

_CONDITION: Final = {"$ref": "#/$defs/Condition"}
_FIGURE: Final = {"$ref": "#/$defs/Figure"}
_CONDITIONS: Final = ("when", "unless", "waits_for")
_FIGURES: Final = ("within", "repeat")


@cache
def read_descriptions(path: Path) -> Descriptions:
    """Return the table of descriptions in a file."""
    data: Descriptions = load_yaml(path, name=path.name).data
    return data


def schema_of(model: type[BaseModel], words: Descriptions, title: str) -> Schema:
    """Return the JSON Schema of a document, each key with its description.

    Raises:
        InputError: a key has no description.
    """
    schema: Schema = {"$schema": DIALECT} | model.model_json_schema(mode="validation")
    schema["title"] = title
    _standard(schema)
    for one in models_of(model):
        part = schema if one is model else schema.get("$defs", {}).get(one.__name__)
        if part is None:
            continue
        for key, field in part.get("properties", {}).items():
            if "patternProperties" in field:  # names that fit no pattern are refused
                field["additionalProperties"] = False
            field["description"] = _described(one, key, field, words)
            field.pop("title", None)
        if one is not model:
            part.pop("title", None)
        part["description"] = _first_sentence(one)
    return schema


def _standard(part: Any) -> None:
    """Put bounds in the words of JSON Schema where pydantic leaves its own."""
    children = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for child in children:
        _standard(child)
    if isinstance(part, dict):
        for own, word in (("ge", "minimum"), ("le", "maximum")):
            if isinstance(part.get(own), (int, float)):
                part[word] = part.pop(own)


def _described(model: type[BaseModel], key: str, field: Schema, words: Descriptions) -> str:
    for one in model.__mro__:
        if key in words.get(one.__name__, {}):
            return words[one.__name__][key]
    said = model.model_fields[key].description
    if said is None:
        raise InputError(f"{model.__name__}.{key} has no description; write one beside the others")
    return said


def _first_sentence(model: type[BaseModel]) -> str:
    text = " ".join((model.__doc__ or "").split("\n\n")[0].split())
    return text.replace("``", '"')


def models_of(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield a model and every model inside it, each once."""
    seen: list[type[BaseModel]] = []
    ahead: list[Any] = [model]
    while ahead:
        here = ahead.pop(0)
        if isinstance(here, type) and issubclass(here, BaseModel):
            if here not in seen:
                seen.append(here)
                ahead += [info.annotation for info in here.model_fields.values()]
                if here.model_config.get("extra") == "allow":  # keys of any name, of one kind
                    ahead.append(get_type_hints(here)["__pydantic_extra__"])
        else:
            ahead += list(getattr(here, "__args__", ()))
    yield from seen


def policy_schema() -> Schema:
    """Return the schema of a policy file."""
    schema = schema_of(PolicyDoc, read_descriptions(WORDS / "policy.yaml"), "DeskDrill policy")
    for part in (schema, *schema["$defs"].values()):
        for key, field in part.get("properties", {}).items():
            if key in _CONDITIONS:
                _refer(field, _CONDITION)
            elif key in _FIGURES and any("string" in str(one.get("type")) for one in field.get("anyOf", ())):
                _refer(field, _FIGURE)
    conditions = schema["properties"]["conditions"]
    conditions["patternProperties"] = dict.fromkeys(conditions["patternProperties"], _CONDITION)
    schema["$defs"] |= {"Condition": _condition(), "Figure": _figure()}
    return schema


def _refer(field: Schema, to: Schema) -> None:
    optional = any(one.get("type") == "null" for one in field.pop("anyOf", ()))
    for key in ("type", "additionalProperties"):
        field.pop(key, None)
    field |= {"anyOf": [to, {"type": "null"}]} if optional else to


def overlay_schema() -> Schema:
    """Return the schema of an overlay: of a policy file nothing is required; instructions and rules by id come in."""
    whole = policy_schema()
    words = read_descriptions(WORDS / "overlay.yaml")
    schema = schema_of(OverlayDoc, words, "DeskDrill overlay")
    defs = {name: _partial(part) for name, part in whole["$defs"].items() if name not in ("Condition", "Figure")}
    changes = _partial({key: whole[key] for key in ("type", "properties", "additionalProperties")})
    rule_changes = {
        "description": "Rules by their ids.",
        "type": "object",
        "properties": {
            ADD: {"description": "New rules by the title of their group.", "type": "object"},
            REMOVE: {"description": "Ids of rules that go.", "type": "array", "items": {"type": "string"}},
        },
        "additionalProperties": {"$ref": "#/$defs/RuleDoc"},
    }
    changes["properties"][RULES] = rule_changes
    changes["description"] = schema["properties"]["changes"]["description"]
    schema["properties"]["changes"] = changes
    schema["$defs"] = defs | {name: whole["$defs"][name] for name in ("Condition", "Figure")}
    return schema


def _partial(part: Schema) -> Schema:
    """Return what may stand in a change for what a schema allows in a whole file."""
    part = copy.deepcopy(part)
    part.pop("required", None)
    if "properties" in part:
        part["properties"] = {key: _partial(field) for key, field in part["properties"].items()}
        part["properties"] |= {REMOVE: {"description": "Keys that go."}, REPLACE: {"description": "All anew."}}
    elif part.get("type") == "object":  # entries of any name
        part["properties"] = {
            ADD: {"description": "New entries.", "type": "object"},
            REMOVE: {"description": "Names of entries that go."},
            REPLACE: {"description": "All anew."},
        }
    elif part.get("type") == "array":
        described = {"description": part.pop("description")} if "description" in part else {}
        told = {ADD: "Items at the end.", FIRST: "Items at the beginning.", REMOVE: "Items that go."}
        keys = {key: {"description": text} for key, text in told.items()}
        by_name: Schema = {"type": "object", "properties": keys}
        part.pop("default", None)
        return described | {"anyOf": [part, by_name]}
    for key in ("anyOf", "oneOf"):
        if key in part:
            part[key] = [_partial(one) for one in part[key]]
    if "patternProperties" in part:
        names = {pattern: _partial(one) for pattern, one in part["patternProperties"].items()}
        part["patternProperties"] = names
    part.pop("default", None)
    return part


def _condition() -> Schema:
    names = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
    status = {"enum": list(STATUSES)}
    several: Schema = {"type": "array", "items": _CONDITION, "minItems": 1}
    text: Schema = {"type": "string"}
    done = {"act": text, "to": names, "via": text, "what": text, "in_visit": {"type": "boolean"}, "by": names}
    clock = {"name": {"enum": list(CLOCKS)}, "reaches": _FIGURE, "early": _FIGURE}
    count = {"name": text, "at_least": {"type": ["integer", "string"]}}
    told: dict[str, tuple[str, Schema]] = {
        "always": ("It always holds.", {"const": True}),
        "signal": ("One of these signals is known.", names),
        "earlier_signal": ("One of these signals was known before the ticket came to the tier that holds it.", names),
        "priority": ("The priority is one of these.", names),
        "plan": ("The customer's plan is one of these.", names),
        "tier": ("The tier that holds the ticket is one of these.", names),
        "category": ("The kind of issue is one of these.", names),
        "status": ("The ticket's status is one of these.", {"anyOf": [status, {"type": "array", "items": status}]}),
        "capability": ("What the tier can solve, or passes on.", {"enum": ["within", "beyond"]}),
        "checked": ('These checks are all done; "basic" stands for those of the category.', names),
        "done": ("An act was done.", _object(_told("DoneCondition", done), "act")),
        "clock": ("A clock has counted so much.", _object(_told("ClockCondition", clock), "name")),
        "count": ("A number is known and at least this.", _object(_told("CountCondition", count), "name", "at_least")),
        "is": ('The condition of this name under "conditions" holds.', text),
        "all": ("Every one of these holds.", several),
        "any": ("At least one of these holds.", several),
        "not": ("This does not hold.", _CONDITION),
    }
    properties = {key: {"description": told[key][0]} | told[key][1] for key in KEYS}
    described = {"description": "All of its keys must hold."}
    return described | _object(properties) | {"minProperties": 1}


def _told(name: str, properties: Schema) -> Schema:
    """Return the keys of a part that no model describes, each with its sentence from the table."""
    words = read_descriptions(WORDS / "policy.yaml")[name]
    return {key: {"description": words[key]} | schema for key, schema in properties.items()}


def _figure() -> Schema:
    text: Schema = {"type": "string"}
    by = {"enum": ["plan", "priority", "tier"]}
    asked = _object(_told("FigureBy", {"of": text, "by": by, "then": text}), "of", "by")
    share = _object(_told("FigureShare", {"share": {"type": ["string", "number"]}, "of": _FIGURE}), "share", "of")
    said = "A duration such as 30m, the path of a figure, a figure by plan, priority or tier, or a share of a figure."
    return {"description": said, "anyOf": [{"type": "string"}, asked, share, {"type": "null"}]}


def _object(properties: Schema, *required: str) -> Schema:
    more = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, "additionalProperties": False} | more
