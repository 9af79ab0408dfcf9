"""Tables as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from policy.calendars import to_datetime
from simulator.export.files import whole_file
from simulator.export.sheets import Kind, Sheet


def write_csv(sheet: Sheet, path: Path) -> None:
    """Write a table as CSV (UTF-8, one header line), all of it or nothing.

    Raises:
        InputError: the file cannot be written.
    """
    with whole_file(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(field.name for field in sheet.fields)
        shown = [_shown(field.kind, sheet.opening) for field in sheet.fields]
        for chunk in sheet.chunks():
            columns = [map(show, values.tolist()) for show, values in zip(shown, chunk, strict=True)]
            lines.writerows(zip(*columns, strict=True))
        text.detach()  # the file is closed by who opened it


def moment(opening: float, minutes: float) -> str:
    """Return an instant as ISO 8601 in UTC, empty where there is none (yet)."""
    return f"{to_datetime(opening + minutes):%Y-%m-%dT%H:%M:%SZ}" if math.isfinite(minutes) else ""


def _shown(kind: Kind, opening: float) -> Callable[[Any], Any]:
    """Return how a value of a kind is written."""
    if kind == "instant":
        return lambda minutes: moment(opening, minutes)
    if kind == "minutes":
        return lambda minutes: f"{minutes:.3f}" if math.isfinite(minutes) else ""
    if kind == "whole":
        return lambda number: number if number >= 0 else ""
    if kind == "flag":
        return lambda yes: "true" if yes else "false"
    return lambda text: text
