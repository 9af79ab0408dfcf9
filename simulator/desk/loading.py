"""Finding and reading desk files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from policy.errors import InputError
from policy.yaml_source import apply_sets, load_yaml, nearest, validate
from simulator.desk.document import Desk

FOLDER: Final = Path(__file__).parent.parent / "desks"


def list_desks() -> list[str]:
    """Return the names of the desks that come with the program."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_desk(ref: str | Path = "january_2025", sets: Mapping[str, str] | None = None) -> Desk:
    """Load a desk by name or file, with ``--set`` changes (paths without the leading ``desk.``).

    Raises:
        InputError: no such desk or file, or the first thing wrong in it, with file, line and key.
    """
    path = desk_path(ref)
    shown = path.name if path.parent == FOLDER else str(path)
    return validate(Desk, apply_sets(load_yaml(path, name=shown), dict(sets or {}), prefix="desk."))


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
