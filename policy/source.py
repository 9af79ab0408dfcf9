"""A document from outside, in memory: its data, where each part stands, and the same data as a model.

An error about a part names its place: file and line, or the overlay or the ``--set`` that put it there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from policy.errors import InputError
from policy.explain import explain

Key = str | int
KeyPath = tuple[Key, ...]
Data = Any  # what a document can hold: mappings, lists, strings, numbers, booleans, null
ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Step:
    """A value that stood somewhere before another replaced it, and the file and line (or ``--set``) it came from."""

    value: Data
    place: str


@dataclass(frozen=True, slots=True)
class Removed:
    """What an overlay took away: where it stood (in the words of the overlay), what it was, and who took it away."""

    path: str
    was: Step
    by: str


@dataclass(frozen=True, slots=True)
class Source:
    """A document and where its parts stand: ``data`` is plain Python, ``lines`` maps key paths to 1-based lines."""

    name: str
    data: Data
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    origins: Mapping[KeyPath, str] = field(default_factory=dict)
    """Paths that were set from elsewhere (an overlay file and line, or ``--set``) and by what."""
    replaced: Mapping[KeyPath, tuple[Step, ...]] = field(default_factory=dict)
    """What stood at a path before, oldest first."""
    removed: tuple[Removed, ...] = ()

    def line(self, path: KeyPath) -> int | None:
        """Return the line of ``path``, or of the nearest part around it that has one."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None

    def place(self, path: KeyPath) -> str:
        """Return where the value at ``path`` comes from: file and line, or the ``--set`` that put it there."""
        return self._origin(path) or f"{self.name}:{self.line(path)}"

    def is_changed(self, path: KeyPath) -> bool:
        """Return whether the value at ``path`` comes from elsewhere than the file."""
        return self._origin(path) is not None

    def taken(self, name: str) -> str | None:
        """Return the place that took away what was called ``name``, ``None`` if nothing did."""
        return next((one.by for one in self.removed if one.path == name or one.path.endswith(f".{name}")), None)

    def _origin(self, path: KeyPath) -> str | None:
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
            if path[:length] in self.lines:  # what stands deeper in the file is not from elsewhere
                break
        return None

    def error(self, path: KeyPath, message: str) -> InputError:
        """Return an error about ``path``, at its place.

        What the file says alone was in order before it was changed. So where something inside ``path`` was changed or
        taken away, that is the place: the least deep, and of those the first. The place in the file is told too.
        """
        origin = self._origin(path)
        if origin is not None:
            return InputError(f"{origin}: {dotted(path)}: {message}")
        inside = [one for one in self.origins if path and one[: len(path)] == path]
        below = (dotted(path), f"{dotted(path)}.")
        gone = [one.by for one in self.removed if path and (one.path == below[0] or one.path.startswith(below[1]))]
        if inside or gone:
            origin = self.origins[min(inside, key=len)] if inside else gone[0]
            return InputError(f"{origin}: {dotted(path)} (in {self.name}:{self.line(path)}): {message}")
        return InputError.at(self.name, self.line(path), dotted(path), message)


class Misplaced(ValueError):
    """A validator of a whole document has found something wrong inside it, at the path ``within``."""

    def __init__(self, within: KeyPath, message: str) -> None:
        """Say what is wrong, and where."""
        super().__init__(f"{dotted(within)}: {message}")
        self.within = within


def dotted(path: Iterable[Key]) -> str:
    """Return a key path as text: ``("rules", 3, "when")`` → ``rules[3].when``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


# -- from plain data to models -----------------------------------------------------------------------------------


def validate(model: type[ModelT], source: Source) -> ModelT:
    """Return ``source`` as ``model``.

    Raises:
        InputError: the first thing that is wrong, with file, line, key, what was found, what was expected, and the
            nearest legal key for an unknown one. The number of further errors is told.
    """
    if not isinstance(source.data, dict):
        raise source.error((), "expected a mapping of keys to values at the top of the file")
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        places: dict[KeyPath, list[ErrorDetails]] = {}
        for detail in error.errors(include_url=False):
            places.setdefault(_real_path(detail, source), []).append(detail)
        # Where a value may be of several kinds, pydantic reports each; what was tried to the bottom says most.
        around = {p[:length] for p in places for length in range(len(p))}
        deepest = [p for p in places if p not in around]
        # A key that is missing is often one that is misspelt; the misspelt one is told first.
        path = min(deepest, key=lambda p: (places[p][0]["type"] == "missing", source.line(p) or 0))
        message = explain(places[path], str(path[-1]) if path else "", model).removeprefix(f"{dotted(path)}: ")
        more = len(deepest) - 1
        if more:
            message += f" (and {more} more {'place' if more == 1 else 'places'} in this file)"
        raise source.error(path, message) from None


def _real_path(detail: ErrorDetails, source: Source) -> KeyPath:
    """Return pydantic's location without the names of union members that it puts in between."""
    path: list[Key] = []
    here: Any = source.data
    error = detail.get("ctx", {}).get("error")
    for part in (*detail["loc"], *(error.within if isinstance(error, Misplaced) else ())):
        if isinstance(here, list):
            if isinstance(part, int) and part < len(here):
                path.append(part)
                here = here[part]
        elif isinstance(here, dict) and part in here:
            path.append(part)
            here = here[part]
        elif isinstance(here, dict) and part == detail["loc"][-1] and detail["type"] == "missing":
            path.append(part)
    return tuple(path)
