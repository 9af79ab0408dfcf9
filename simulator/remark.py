"""What there is to say about a desk: an error, a warning or a note, and where in the desk file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remark:
    """What is to be said: ``severity`` is ``error``, ``warning`` or ``note``; ``where`` is a key of the desk file."""

    severity: str
    code: str
    where: str
    message: str
