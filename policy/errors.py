"""What can go wrong for a user, in one tree.

    DeskDrillError            wrong use or bad input: exit code 2, one clear message, no traceback
    └── InputError            a file (policy, desk, scenario, transcript) or a value that cannot be used
"""

from __future__ import annotations


class DeskDrillError(Exception):
    """Wrong use or bad input. The message is written for the person who made the mistake."""


class InputError(DeskDrillError):
    """A file or a value that cannot be used; the message names where, what was found and what was expected."""

    @classmethod
    def at(cls, file: str, line: int | None, key: str | None, message: str) -> InputError:
        """Return an error that names ``file``, the 1-based ``line`` and the dotted ``key`` it is about."""
        place = file if line is None else f"{file}:{line}"
        return cls(f"{place}: {key}: {message}" if key else f"{place}: {message}")
