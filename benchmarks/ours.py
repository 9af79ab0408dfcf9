"""DeskDrill's own engine, as ``benchmarks/desk.py`` asks for it: the only module of the benchmark that knows it.

``desk.py`` calls each function in a process of its own, once with few tickets before the clock starts. What does not
depend on the number of tickets (the policy, the compiled desk) may therefore be loaded at the first call and kept
(``functools.cache``); drawing the random numbers, playing the tickets and writing the tables belong to what is
measured.
"""

from __future__ import annotations

from benchmarks.peers import Network, Outcome

WAITING = "is not connected to the engine yet; see benchmarks/ours.py"


def bare(network: Network, tickets: int, seed: int) -> Outcome:
    """Play so many tickets of the bare network on DeskDrill's engine, to their end, and return what became of them."""
    raise NotImplementedError(f"the bare network {WAITING}")


def january(tickets: int, seed: int) -> int:
    """Play about so many tickets of the January desk, all features on, and return how many were played.

    Demand is that of January, however many weeks it takes: the time runs on, the arrivals do not come closer.
    """
    raise NotImplementedError(f"the January desk {WAITING}")


def table_bytes() -> int:
    """Return the bytes of tables that the last call of ``january`` held in memory; 0 where streamed to disk."""
    return 0
