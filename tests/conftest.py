"""What holds for all tests: Ctrl+C means what it means in a terminal, also where the tests run in the background."""

from __future__ import annotations

import signal

# A shell starts background jobs with Ctrl+C ignored, and what is ignored stays so in every process they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
