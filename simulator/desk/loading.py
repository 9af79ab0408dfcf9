"""Finding and reading desk files."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from policy.errors import InputError
from policy.explain import nearest
from policy.source import Source, validate
from policy.yaml_source import apply_sets, load_yaml
from simulator.desk.conduct import DutySlip
from simulator.desk.document import Desk
from simulator.desk.log_reading import read_log
from simulator.desk.values import Part, Time
from simulator.desk.work import TierWork, Work

FOLDER: Final = Path(__file__).parent.parent / "desks"


def list_desks() -> list[str]:
    """Return the names of the desks that come with the program."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_desk(ref: str | Path = "january_2025", sets: Mapping[str, str] | None = None) -> Desk:
    """Load a desk by name or file, with ``--set`` changes (paths without the leading ``desk.``).

    A change may name any key that a desk file can have, whether this one has it or not; only tiers, shifts, categories
    and the like, whose names are the file's own, have to be there.

    Raises:
        InputError: no such desk or file, or the first thing wrong in it or in its log, with file, line and key.
    """
    path = desk_path(ref)
    shown = path.name if path.parent == FOLDER else str(path)
    source, changes = load_yaml(path, name=shown), dict(sets or {})
    source = apply_sets(_with_room(source, changes), changes, prefix="desk.")
    return _with_log(validate(Desk, source), source, path.parent)


def desk_path(ref: str | Path) -> Path:
    """Return the file of a desk named by name or path.

    Raises:
        InputError: a bare name that no desk of the program has, and no file either.
    """
    path = Path(ref)
    if isinstance(ref, str) and (FOLDER / f"{ref}.yaml").is_file():
        return FOLDER / f"{ref}.yaml"
    if not path.suffix and len(path.parts) <= 1 and not path.exists():
        raise InputError(f'there is no desk "{str(ref)[:60]}"{nearest(str(ref), list_desks())}')
    return path


def _with_log(desk: Desk, source: Source, folder: Path) -> Desk:
    """Return the desk with what stands in the log that it replays, if it replays one."""
    log = desk.demand.log
    if log is None:
        return desk
    path = folder / log.file
    if not path.is_file():
        raise source.error(("demand", "log", "file"), f"there is no file {path}")
    filled = log.with_rows(read_log(path, log))
    return desk.model_copy(update={"demand": desk.demand.model_copy(update={"log": filled})})


def _with_room(source: Source, sets: Mapping[str, str]) -> Source:
    """Return the document with a place for each optional key that is set and that it leaves out."""
    if not sets or not isinstance(source.data, dict):
        return source
    data = copy.deepcopy(source.data)
    for path in sets:
        _make_room(data, path.split("."))
    return replace(source, data=data)


def _make_room(data: dict[str, Any], words: list[str]) -> None:
    holder: Any = data
    kind: Any = Desk
    for place, word in enumerate(words):
        if not isinstance(holder, dict):
            return
        inside, default = _key(kind, word, there=word in holder)
        if inside is None:
            return
        if word not in holder:
            holder[word] = default if place + 1 < len(words) else None
        holder, kind = holder[word], inside


def _key(kind: Any, word: str, *, there: bool) -> tuple[Any, Any]:
    """Return the kind of value under a key of a kind of part, and what stands there where it is left out.

    Both are ``None`` where there is no such key, or where only the file could make it.
    """
    for one in _kinds(kind):
        if isinstance(one, type) and issubclass(one, Part):
            field = one.model_fields.get(word)
            if field is not None:
                usual = field.get_default(call_default_factory=True) if not field.is_required() else None
                return field.annotation, _written(usual) if isinstance(usual, Time) else {}
            if one is Work:
                return TierWork, {}
        elif get_origin(one) is dict:
            inside = get_args(one)[1]
            named = any(
                isinstance(k, type) and issubclass(k, Part) and k not in (Time, DutySlip) for k in _kinds(inside)
            )
            return (inside, {}) if there or not named else (None, None)
    return None, None


def _kinds(annotation: Any) -> list[Any]:
    """Return the kinds of value that an annotation allows, without what only bounds them."""
    if get_origin(annotation) is dict or isinstance(annotation, type):
        return [annotation]
    return [kind for part in get_args(annotation) for kind in _kinds(part)]


def _written(time: Time) -> dict[str, Any]:
    """Return a length of time as a desk file says it."""
    said: dict[str, Any] = {"mean": f"{time.mean:g}m", "shape": time.shape}
    return said | ({"cv": time.cv} if time.shape in ("lognormal", "gamma") else {})
