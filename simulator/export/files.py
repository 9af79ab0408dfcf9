"""Writing a file so that a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from policy.errors import InputError


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file to be written whole: beside its place first, then renamed. A pipe or a device is written to.

    Raises:
        InputError: it cannot be written.
    """
    temporary: Path | None = None
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                yield file
            return
        with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as beside:
            temporary = Path(beside.name)
            yield beside  # type: ignore[misc]  # a wrapper of a binary file
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
        temporary = None
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) and temporary is not None:  # none about the name of the file
            raise
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{path}: cannot be written: {reason}") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
