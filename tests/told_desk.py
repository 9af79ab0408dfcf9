"""Desks whose tickets are told, not drawn: every length of work is a round number, so a story can be checked by hand.

The clock starts on Monday 2025-03-03 at 00:00 UTC; T1, T2 and the ordinary queue of T3 work 09:00-17:00. In hand, a
ticket costs 5 minutes for the first response, 10 for the checks and one piece of 20 (T1), 40 (T2) or 60 (T3);
recognition takes 10, 30 and 50 minutes, a hand-off 5, a page 4, help 15, management's decision 60.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulator import load_desk
from simulator.codes import Ending, Entry, Fate
from simulator.draws import Arrivals
from simulator.engine.coming import Coming
from simulator.engine.core import Desk as PlayedDesk
from simulator.engine.parts import Bell
from simulator.model import DeskModel, compile_model
from tests.rules_under import SMALL_POLICY, rules_under

DATA = Path(__file__).parent / "data"
NINE, TEN, FIVE_PM = 540.0, 600.0, 1020.0
DAY = 1440.0
SLIPS = ("premature", "code_seen", "late_recognition", "wrong_destination", "incomplete_handoff", "wrong_priority")


def model(policy: dict[str, str] | None = None, name: Path | str = SMALL_POLICY, **desk: str) -> DeskModel:
    sets = {"period.warm_up_weeks": "0", "work.easier": "1.0", "work.pace.P1": "1.0"}
    sets |= {path.replace("__", "."): value for path, value in desk.items()}
    return compile_model(load_desk(DATA / "desk_small.yaml", sets), rules_under(policy, name))


@dataclass
class Stay:
    """One stay of every ticket in a tier, in round numbers."""

    checks: list[float]
    recognition: list[float]
    handoff: list[float]
    pieces: list[float]
    asks: list[int] | None
    answer: list[float]
    close_after: list[float]
    back: list[int] | None
    closing: list[float]
    watch: list[float]
    routed: None = None

    def solve(self, row: int) -> tuple[float, ...]:
        return (self.checks[row], *self.pieces) if self.checks[row] else tuple(self.pieces)


class Block:
    """What chance would have decided about the tickets of a story."""

    def __init__(
        self, desk: DeskModel, tickets: tuple[dict[str, Any], ...], source: int, pieces: list[list[float]], seen: float
    ) -> None:
        self.desk, self.tickets, self.size, self.source = desk, tickets, len(tickets), source
        self.pieces, self.seen = pieces, seen
        self.priority = [desk.priorities.index(one.get("priority", "P3")) for one in tickets]
        self.plan = self.of("plan", 0)
        self.category = self.of("category", 0)
        self.solved_by = self.of("solved_by", 0)
        self.luck = self.of("luck", 0.0)
        self.response, self.help, self.paging = self.of("response", 5.0), self.of("help", 15.0), self.of("paging", 4.0)
        self.decision, self.asking_back = self.of("decision", 60.0), self.of("asking_back", 15.0)
        self.patience, self.comes_back = self.of("patience", math.inf), self.of("comes_back", math.inf)
        self.slips = {name: self.of(name, False) for name in SLIPS}
        self.slip_luck = {name: [0.0 if one else math.inf for one in happens] for name, happens in self.slips.items()}
        self.war_room = self.of("war_room", 30.0)
        self.found_after = self.of("found", math.inf)
        self.signal, self.verified_after = self.of("signal", -1), self.of("verified_after", 0.0)
        wrong = zip(self.priority, self.slips["wrong_priority"], strict=True)
        self.stated = [min(p + one, len(desk.priorities) - 1) for p, one in wrong]

    def of(self, name: str, usual: Any) -> list[Any]:
        return [one.get(name, usual) for one in self.tickets]

    def choices(self, tier: int, stay: int) -> Stay:
        n = self.size
        asks = [one.get("asks", -1) if tier == one.get("asks_in", 0) and stay == 0 else -1 for one in self.tickets]
        back = [
            int(Ending[f"BACK_{one['back'].upper()}"])
            if "back" in one and (tier, stay) == (one.get("back_in", 1), 0)
            else int(Ending.SOLVED)
            for one in self.tickets
        ]
        return Stay(
            self.of("checks", 10.0), [(self.seen, 30.0, 50.0)[tier]] * n, [5.0] * n, self.pieces[tier],
            asks if self.desk.desk.work.customer is not None else None,
            self.of("answer", 90.0), self.of("close_after", 2 * DAY),
            back if tier else None, self.of("closing", 10.0), self.of("watch", 240.0),
        )  # fmt: skip


class TicketsTold(Coming):
    """Tickets that are told, not drawn."""

    blocks: dict[int, Block]

    def block(self, source: int, row: int) -> tuple[Any, int]:
        return self.blocks[source], row


class Told(PlayedDesk):
    """A desk to which they come."""

    coming: TicketsTold


def play(
    desk: DeskModel,
    *tickets: dict[str, Any],
    piece: tuple[Any, Any, Any] = (20.0, 40.0, 60.0),
    recognition: float = 10.0,
    source: int = 0,
    meanwhile: Mapping[float, Callable[[Told], object]] | None = None,
) -> Told:
    """Play tickets given as {at, priority, solved_by, asks, answer, patience, comes_back, cause, slips …}.

    ``back`` is why the second tier (or ``back_in``) hands a ticket back the first time: resolved, waiting,
    reclassified, workaround.
    ``asks`` is the place in the work after which the customer is asked: 0 the checks, 1 the first piece.
    They are given in the order in which they are opened. ``meanwhile`` is done to the desk at these instants.
    """
    n = len(tickets)
    opened = np.array([one.get("at", NINE) for one in tickets], float)
    causes = np.array([one.get("cause", -1) for one in tickets], np.int32)
    sources = np.where(causes >= 0, 1, source).astype(np.int8)
    played = Told(desk, 0, 0, Arrivals(opened, sources, np.arange(n, dtype=np.int32), causes))
    pieces = [[one] if isinstance(one, float) else list(one) for one in piece]
    played.coming = TicketsTold(played, played.arrived)
    played.coming.blocks = {one: Block(desk, tickets, one, pieces, recognition) for one in range(3)}
    for instant, done in (meanwhile or {}).items():
        played.at(Bell(done), instant, (lambda bell: bell.about(played),))
    played.play()
    return played


def rows(played: Told) -> np.ndarray:
    """Return the ticket table, by ticket."""
    found = played.tickets.table()
    return found[np.argsort(found["ticket"])]


def responded(played: Told) -> list[float]:
    return rows(played)["responded"].tolist()


def resolved(played: Told) -> list[float]:
    return rows(played)["resolved"].tolist()


def fates(played: Told) -> list[str]:
    return [Fate(one).name for one in rows(played)["fate"]]


def visits(played: Told, ticket: int = 0) -> np.ndarray:
    """Return the stays of a ticket, in order."""
    found = played.visits.table()
    found = found[found["ticket"] == ticket]
    return found[np.lexsort((found["place"], found["entered"]))]


def story(played: Told, ticket: int = 0) -> list[tuple[str, str, float, float]]:
    """Return (place, why it came, when, when it left) of each stay of a ticket."""
    places = played.model.places
    return [
        (places[v["place"]], Entry(v["entry"]).name, float(v["entered"]), float(v["left"]))
        for v in visits(played, ticket)
    ]


def work(played: Told, ticket: int = 0) -> list[tuple[int, float, float]]:
    """Return (agent, from, to) of each stretch of work on a ticket, hand-offs included (-1: joint work)."""
    spells = played.spells.table()
    mine = [(int(s["agent"]), float(s["began"]), float(s["ended"])) for s in spells if s["ticket"] == ticket]
    return sorted(mine, key=lambda one: one[1:])
