"""Locks of the operating system on open files: whoever dies lets go of theirs."""

from __future__ import annotations

import sys
from io import FileIO

if sys.platform == "win32":

    def locked(file: FileIO) -> bool:
        """Return true: files are not locked here."""
        return True

else:
    import fcntl

    def locked(file: FileIO) -> bool:
        """Lock an open file until it is closed; return whether that could be done, false if somebody else has it.

        A file system that knows no locks locks nothing.
        """
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True
