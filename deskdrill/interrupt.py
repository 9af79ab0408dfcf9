"""Ctrl+C: the first one stops the command, further ones change nothing, and it never takes longer than a moment.

Without this a second Ctrl+C would break into the tidying up that the first one began. The tidying up has ``PATIENCE``
seconds; what has not ended by then is ended without it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from types import FrameType
from typing import Final

EXIT_CODE: Final = 130
"""What shells give for a program that Ctrl+C has stopped: 128 + 2."""
PATIENCE: Final = 1.0

_stopping = False


def stop_at_first_interrupt() -> None:
    """Let the first SIGINT raise ``KeyboardInterrupt`` and all others do nothing, until this process ends.

    Does nothing where somebody else already answers the signal, or outside the main thread.
    """
    alone = threading.current_thread() is threading.main_thread()
    if alone and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)


def leave_interrupts_to_others() -> None:
    """Undo ``stop_at_first_interrupt``: what runs now (the app) answers Ctrl+C itself."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is _interrupted:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    global _stopping
    if _stopping:
        return
    _stopping = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # holds until the very end, unlike a function of ours
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.signal(signal.SIGALRM, _leave)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    raise KeyboardInterrupt


def _leave(_number: int, _frame: FrameType | None) -> None:
    """End this process and those it has started, whatever they are doing."""
    if "multiprocessing" in sys.modules:
        from multiprocessing import active_children

        for child in active_children():
            child.kill()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            stream.flush()
    os._exit(EXIT_CODE)
