"""The bare network in salabim: one component per ticket, one ``Resource`` per tier.

Of salabim's two forms this is the one with ``yield`` (``yieldless=False``). On this network it is the faster: by
15 % than the form without, which switches greenlets and needs a package more. Trace and the monitors of
the resources are off; the latter costs little either way. What is left is mostly the making of a component: salabim
inspects the signatures of its methods and gives it queues and monitors of its own, each time.
"""

from __future__ import annotations

from collections.abc import Generator
from random import Random

import salabim as sim

from benchmarks.peers.network import CLASSES, Network, Outcome, outcome

Process = Generator[None, None, None]


class Desk:
    """The tiers, and what has been noted of the tickets that passed through them."""

    def __init__(self, network: Network, seed: int) -> None:
        """Open the tiers, all agents free."""
        self.network = network
        self.random = Random(seed)
        self.moves = network.moves
        self.env = sim.Environment(trace=False, yieldless=False)
        self.tiers = [sim.Resource(capacity=tier.agents, monitor=False) for tier in network.tiers]
        self.sojourns: list[float] = []
        self.waits: list[list[list[float]]] = [[[] for _ in range(CLASSES)] for _ in network.tiers]


class Ticket(sim.Component):  # type: ignore[misc]
    """One ticket: at each tier it waits for an agent, is worked on, moves on or is solved."""

    def process(self, desk: Desk, rank: int) -> Process:
        """Live the life of one ticket of class ``rank`` (0 or 1)."""
        env, draw = desk.env, desk.random
        arrived = env.now()
        for number, tier in enumerate(desk.network.tiers):
            joined = env.now()
            yield self.request((desk.tiers[number], 1, rank))
            desk.waits[number][rank].append(env.now() - joined)
            yield self.hold(draw.expovariate(tier.rate))
            self.release()
            if draw.random() >= desk.moves[number]:
                break
        desk.sojourns.append(env.now() - arrived)


class Arrivals(sim.Component):  # type: ignore[misc]
    """The source of the tickets."""

    def process(self, desk: Desk, tickets: int) -> Process:
        """Let so many tickets arrive."""
        for _ in range(tickets):
            yield self.hold(desk.random.expovariate(desk.network.lam))
            Ticket(desk=desk, rank=0 if desk.random.random() < desk.network.urgent else 1)


def play(network: Network, tickets: int, seed: int) -> Outcome:
    """Let ``tickets`` tickets arrive, run until the last is solved, and return what became of them."""
    desk = Desk(network, seed)
    Arrivals(desk=desk, tickets=tickets)
    desk.env.run()
    return outcome(desk.sojourns, desk.waits)
