"""All chance, from one seed: ``streams`` (names, lengths), ``arrivals`` (when), ``size`` (how many are too many),
``tickets`` (what they are like), ``replay`` (what a log says of them), ``choices`` (one stay of theirs), ``paths``
(where they go, if chance alone decides), ``crew`` (how people differ and when they are away)."""

from simulator.draws.arrivals import Arrivals, arrival_curve, arrivals
from simulator.draws.choices import Agenda, Choices
from simulator.draws.size import check_size, tickets_expected
from simulator.draws.tickets import Block

__all__ = ["Agenda", "Arrivals", "Block", "Choices", "arrival_curve", "arrivals", "check_size", "tickets_expected"]
