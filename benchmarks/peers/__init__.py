"""The same bare network as users of three other simulators would write it, to measure the desk against.

Read ``network`` first (what is played, and what comes back), then a peer: ``idiomatic_simpy``, ``ciw_network``,
``salabim_network``. Each has ``play(network, tickets, seed)``, each is written as the documentation of its package
teaches, and each imports its package at the top, as usual; ``peer`` below imports a peer only when it is asked for. The
packages that DeskDrill itself does not need are the extra ``bench``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Final, cast

from benchmarks.peers.network import Network, Outcome

__all__ = ["PEERS", "Network", "Outcome", "PeerMissingError", "Play", "peer"]

Play = Callable[[Network, int, int], Outcome]
"""Network, number of tickets, seed: play that many tickets and return what became of them."""

PEERS: Final = {"simpy": "idiomatic_simpy", "ciw": "ciw_network", "salabim": "salabim_network"}
"""The module of each peer, by the name of its package."""


class PeerMissingError(ImportError):
    """The package that a peer is written for is not installed."""


def peer(name: str) -> Play:
    """Return the function ``play`` of a peer (a key of ``PEERS``).

    Raises:
        PeerMissingError: its package, or one that this needs, is not installed.
    """
    try:
        module = importlib.import_module(f"benchmarks.peers.{PEERS[name]}")
    except ModuleNotFoundError as error:
        text = f"{error.name} is not installed; the peers come with: python -m pip install -e '.[bench]'"
        raise PeerMissingError(text) from error
    return cast(Play, module.play)
