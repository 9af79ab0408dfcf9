"""``deskdrill policy show --origin``: which file and line each value comes from, and what it replaced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from deskdrill.output import Column, Table, as_json, rendered, shortened, write

if TYPE_CHECKING:
    from policy import Policy
    from policy.source import KeyPath

_SHOWN = 60
"""Characters of a value in the table for the eye; the other formats have it in full."""


def show_origin(policy: Policy, what: str | None, form: str) -> None:
    """Print where a value comes from, or every value of a section or a rule; without a name, all that was changed.

    Raises:
        InputError: there is neither an entry nor a value of that name; the nearest is told.
    """
    found = _changed(policy) if what is None else _of(policy, what)
    if form == "json":
        write(as_json(found))
        return
    rows = []
    for one in found:
        rows.append((one["path"], _text(one["value"], form), one["from"], ""))
        rows += [(one["path"], _text(old["value"], form), old["from"], "replaced") for old in one["replaced"]]
    if not rows and form == "table":
        write("Every value is the policy file's own.\n")
        return
    write(rendered(Table([Column("path"), Column("value"), Column("from"), Column("state")], rows), form))


def _changed(policy: Policy) -> list[dict[str, Any]]:
    """Return everything that does not stand in the policy file as it is."""
    paths = sorted({*policy.source.origins, *policy.source.replaced}, key=str)
    whole = [path for path in paths if not any(path[:length] in paths for length in range(len(path)))]
    return [*(_history(policy, path) for path in whole), *_removed(policy, "")]


def _of(policy: Policy, what: str) -> list[dict[str, Any]]:
    """Return every value of an entry or a section, and what was taken away there."""
    name = what.removeprefix("policy.")
    if gone := [one for one in _removed(policy, name) if one["path"] == name]:
        return gone
    data, replaced = policy.source.data, policy.source.replaced
    start = find(policy, name)
    leaves = list(_leaves(_at(data, start), start))
    above = [start[:length] for length in range(len(start)) if start[:length] in replaced]
    sections = [path for path in replaced if path[: len(start)] == start and path not in leaves]
    return [*(_history(policy, path) for path in (*above, *sections, *leaves)), *_removed(policy, _label(data, start))]


def _removed(policy: Policy, within: str) -> list[dict[str, Any]]:
    found = []
    for one in policy.source.removed:
        path = one.path.removeprefix("rules.")
        if not within or path == within or path.startswith((f"{within}.", f"{within}[")):
            was = [{"value": one.was.value, "from": one.was.place}]
            found.append({"path": path, "value": "(removed)", "from": one.by, "replaced": was})
    return found


def find(policy: Policy, what: str) -> KeyPath:
    """Return where the entry of an id, or the value of a dotted path, stands in the document.

    Raises:
        InputError: there is neither; the nearest is told.
    """
    from policy.errors import InputError
    from policy.explain import nearest
    from policy.source import dotted

    name = what.removeprefix("policy.")
    places: dict[str, KeyPath] = {}
    for path in _paths(policy.source.data, ()):
        places[dotted(path)] = path
        if path and path[-1] == "id":
            places.setdefault(str(_at(policy.source.data, path)), path[:-1])
    if name not in places:
        hint = nearest(name, places)
        raise InputError(f'{policy.name} has no rule and no value "{shortened(what, 80)}"{hint}')
    return places[name]


def _history(policy: Policy, path: KeyPath) -> dict[str, Any]:
    """Return a value, where it comes from, and what it replaced, the newest first."""
    source = policy.source
    return {
        "path": _label(source.data, path),
        "value": _at(source.data, path),
        "from": source.place(path),
        "replaced": [{"value": step.value, "from": step.place} for step in reversed(source.replaced.get(path, ()))],
    }


def _label(data: Any, path: KeyPath) -> str:
    """Return a path as people read it: what has an id is called by it."""
    from policy.source import dotted

    for length in range(len(path), 0, -1):
        part = _at(data, path[:length])
        if isinstance(part, dict) and "id" in part:
            return f"{part['id']}.{dotted(path[length:])}" if len(path) > length else str(part["id"])
    return dotted(path)


def _at(data: Any, path: KeyPath) -> Any:
    for part in path:
        data = data[part]
    return data


def _paths(data: Any, path: KeyPath) -> Iterator[KeyPath]:
    """Yield every path of a document but the topmost."""
    for key, child in _children(data):
        yield (*path, key)
        yield from _paths(child, (*path, key))


def _leaves(data: Any, path: KeyPath) -> Iterator[KeyPath]:
    """Yield the paths of what is not made of parts; a list of plain values counts as one."""
    parts = list(_children(data))
    if not parts or (isinstance(data, list) and not any(isinstance(child, (dict, list)) for child in data)):
        yield path
        return
    for key, child in parts:
        yield from _leaves(child, (*path, key))


def _children(data: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(data, dict):
        yield from data.items()
    elif isinstance(data, list):
        yield from enumerate(data)


def _text(value: Any, form: str) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shortened(text, _SHOWN) if form == "table" else text
