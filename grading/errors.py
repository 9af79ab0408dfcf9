"""What can go wrong in a drill.

    policy.errors.DeskDrillError
    ├── InputError      a transcript that cannot be read (file and line are named)
    ├── ActError        an act that is unknown, malformed or impossible now; nothing is recorded
    └── PolicyMismatch  a transcript that was made under another policy than the one it is to be graded by
"""

from __future__ import annotations

from policy.errors import DeskDrillError


class ActError(DeskDrillError):
    """An act that cannot be done: nothing was recorded and no time has passed."""


class PolicyMismatch(DeskDrillError):
    """The transcript's policy is not the one at hand, and nobody said that this is meant."""
