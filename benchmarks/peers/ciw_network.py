"""The bare network in Ciw: a network of nodes is what Ciw is for, so it is data from beginning to end.

The run ends when the asked number of tickets has been solved; a few later arrivals are then still in the tiers and are
not counted. Waits and sojourns are read from Ciw's own records, which it keeps in any case.
"""

from __future__ import annotations

import ciw

from benchmarks.peers.network import CLASSES, Network, Outcome, outcome

NAMES = ("urgent", "routine")


def play(network: Network, tickets: int, seed: int) -> Outcome:
    """Run until ``tickets`` tickets have been solved, and return what became of them."""
    ciw.seed(seed)
    size = len(network.tiers)
    shares = {"urgent": network.urgent, "routine": 1 - network.urgent}
    work = [ciw.dists.Exponential(rate=tier.rate) for tier in network.tiers]
    moves = [[network.moves[a] if b == a + 1 else 0.0 for b in range(size)] for a in range(size)]
    described = ciw.create_network(
        arrival_distributions={
            name: [ciw.dists.Exponential(rate=network.lam * shares[name]), *[None] * (size - 1)] for name in NAMES
        },
        service_distributions=dict.fromkeys(NAMES, work),
        routing=dict.fromkeys(NAMES, moves),
        priority_classes={name: rank for rank, name in enumerate(NAMES)},
        number_of_servers=[tier.agents for tier in network.tiers],
    )
    simulation = ciw.Simulation(described)
    simulation.simulate_until_max_customers(tickets, method="Finish")
    sojourns: list[float] = []
    waits: list[list[list[float]]] = [[[] for _ in range(CLASSES)] for _ in network.tiers]
    for solved in simulation.nodes[-1].all_individuals:
        visits = solved.data_records
        sojourns.append(visits[-1].exit_date - visits[0].arrival_date)
        for visit in visits:
            waits[visit.node - 1][NAMES.index(visit.customer_class)].append(visit.waiting_time)
    return outcome(sojourns, waits)
