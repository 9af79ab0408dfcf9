"""Figures by name: a rule says ``tiers.T1.no_progress`` and the number stands once, where people tune it.

A rule may write a figure in four ways::

    30m                                     a literal duration (only where nobody would tune it)
    tiers.T1.no_progress                    one value, by path
    {of: tiers.T1.response, by: plan}       the value for the situation's plan, priority or tier
    {share: figures.sla_at_risk, of: {of: priorities, by: priority, then: resolution}}
                                            a share of another figure
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policy.durations import Duration, parse_duration
from policy.errors import InputError
from policy.explain import missing, nearest

Attributes = Mapping[str, str | None]
"""The situation's ``plan``, ``priority`` and ``tier``."""


class Figures:
    """The values of a policy document, by dotted path."""

    def __init__(self, data: Mapping[str, Any], taken: Callable[[str], str | None] = lambda name: None) -> None:
        """Take the policy as plain data; ``taken`` tells who took a path away that is not there, ``None`` if nobody."""
        self._data = data
        self._taken = taken

    def value(self, path: str) -> Any:
        """Return the value at ``path``.

        Raises:
            InputError: nothing stands there; the nearest name is told.
        """
        here: Any = self._data
        walked: list[str] = []
        for part in path.split("."):
            if not isinstance(here, Mapping) or part not in here:
                legal = [".".join((*walked, str(k))) for k in here] if isinstance(here, Mapping) else []
                hint = missing(".".join((*walked, part)), legal, self._taken)
                raise InputError(f'there is no figure "{path}"{hint}')
            here = here[part]
            walked.append(part)
        return here

    def words(self, path: str) -> str:
        """Return the value at ``path`` as the handbook words it.

        Raises:
            InputError: nothing stands there, or a whole section does.
        """
        value = self.value(path)
        if isinstance(value, Mapping):
            raise InputError(f'"{path}" is a whole section, not a figure{nearest("", [f"{path}.{k}" for k in value])}')
        if isinstance(value, str):
            try:
                return parse_duration(value).words()
            except InputError:
                return value
        if isinstance(value, list):
            return ", ".join(str(item).replace("_", " ") for item in value)
        if value is None:
            return "no limit"
        return f"{value:g}" if isinstance(value, (int, float)) else str(value)


@dataclass(frozen=True, slots=True)
class Figure:
    """A duration that may depend on the situation's attributes, ready to be asked.

    ``by`` is the attribute it depends on (``None``: constant, held in ``fixed``).
    """

    fixed: Duration | None = None
    by: str | None = None
    table: tuple[tuple[str, Duration | None], ...] = ()
    share: float = 1.0
    path: str = ""

    def minutes(self, attributes: Attributes, day_minutes: float) -> float:
        """Return the minutes for these attributes; ``math.inf`` where none is set for them."""
        duration = self.fixed
        if self.by is not None:
            duration = dict(self.table).get(attributes.get(self.by) or "")
        return math.inf if duration is None else duration.minutes(day_minutes) * self.share


_PATH = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)+")


def read_figure(raw: object, figures: Figures) -> Figure:
    """Read one of the four ways to write a figure.

    Raises:
        InputError: it is none of them, or names a figure that does not exist.
    """
    if raw is None:
        return Figure()
    if isinstance(raw, str) and _PATH.fullmatch(raw):
        return Figure(fixed=_as_duration(figures.value(raw), raw), path=raw)
    if isinstance(raw, str):
        return Figure(fixed=parse_duration(raw))
    if isinstance(raw, dict) and set(raw) == {"share", "of"}:
        inner = read_figure(raw["of"], figures)
        share = figures.value(raw["share"]) if isinstance(raw["share"], str) else raw["share"]
        if not isinstance(share, (int, float)) or isinstance(share, bool) or not 0 <= share <= 1:
            named = f"{raw['share']}: " if isinstance(raw["share"], str) else ""
            raise InputError(f"{named}found the share {share!r}; expected a number from 0 to 1, such as 0.75")
        return Figure(inner.fixed, inner.by, inner.table, inner.share * float(share), inner.path)
    if isinstance(raw, dict) and {"of", "by"} <= set(raw) <= {"of", "by", "then"}:
        return _by_attribute(raw, figures)
    raise InputError(f"found {str(raw)[:60]!r}; expected a duration, the name of a figure, {{of, by}} or {{share, of}}")


def _by_attribute(raw: Mapping[str, Any], figures: Figures) -> Figure:
    if raw["by"] not in ("plan", "priority", "tier"):
        raise InputError(f'found by: {raw["by"]!r}; expected plan, priority or tier')
    table = figures.value(str(raw["of"]))
    if not isinstance(table, Mapping):
        raise InputError(f'"{raw["of"]}" is a single value; it cannot be asked by {raw["by"]}')
    then = raw.get("then")
    rows = []
    for name in table:
        path = f"{raw['of']}.{name}" + (f".{then}" if then else "")
        rows.append((str(name), _as_duration(figures.value(path), path)))
    return Figure(by=str(raw["by"]), table=tuple(rows), path=str(raw["of"]))


def _as_duration(value: object, path: str) -> Duration | None:
    if value is None:
        return None
    try:
        return parse_duration(value)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
