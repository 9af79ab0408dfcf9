"""How fast the desk is beside other simulators, as ratios. Run: ``python benchmarks/desk.py``.

    python benchmarks/desk.py                          everything, about seven minutes
    python benchmarks/desk.py --only simpy ciw salabim the peers alone
    python benchmarks/desk.py --only bare simpy        what one ratio needs

The players take turns, round after round, so that a machine that grows slower meanwhile is slower for all. A ratio is
taken within each round; of ratios and of speeds the median over the rounds counts. Seconds are those of the processor:
every player uses one, and what else the machine does meanwhile takes time but not theirs.

Every play has a fresh process. Ciw leaves a million objects behind which the garbage collector would visit again while
the next one plays, salabim keeps its environment and its names in globals, and a peak of memory can be told of a
process only. Importing and starting are not measured: each player plays a few tickets before the clock starts.

Figures go to stdout, progress to stderr. Exit code 1 if a goal is missed, or could not be measured though it was asked
for. The peers other than SimPy come with ``python -m pip install -e '.[bench]'``.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import ours
from benchmarks.peers import Network, PeerMissingError, peer

PLAYERS: Final = {
    "simpy": "SimPy, a process per ticket",
    "ciw": "Ciw",
    "salabim": "salabim",
    "bare": "DeskDrill, the bare network",
    "january": "DeskDrill, the January desk",
    "disk": "DeskDrill, January, tables on disk",
}
OURS: Final = ("bare", "january", "disk")
LONG: Final = "long"
"""The name, in ``--only``, of the short and the long plays by which growth and memory are judged."""
FEW, SMALL, LARGE = 100, 10_000, 1_000_000
"""Tickets before the clock starts; tickets of a short and of a long play."""
LENGTHS: Final = {"short": SMALL, "long": LARGE}
SLOW: Final = {"salabim": 20}
"""Players that play only one ticket in so many; what a ticket costs them does not depend on it (measured)."""
USUAL: Final = 100_000
"""Tickets of a play whose speed is compared."""
ENOUGH: Final = 5
"""Rounds below which the medians are not to be relied on."""


@dataclass(frozen=True, slots=True)
class Play:
    """One play: its tickets, its time (seconds of the processor), the peak of its process and its tables (bytes)."""

    tickets: int
    seconds: float
    peak_bytes: int
    table_bytes: int = 0

    @property
    def speed(self) -> float:
        """Return tickets per second."""
        return self.tickets / self.seconds


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio of speeds that is asked for: ``ours`` is at least ``least`` times as fast as ``peer``."""

    ours: str
    peer: str
    least: float


GOALS: Final = (
    Goal("bare", "simpy", 4),
    Goal("bare", "ciw", 9),
    Goal("bare", "salabim", 80),
    Goal("january", "simpy", 0.6),
)
GROWTH: Final = 1.5
"""What a ticket may cost in a play of ``LARGE`` tickets, against one of ``SMALL``."""
BYTES: Final = 500
"""What a ticket may take of memory beyond the tables."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A goal and how it was met: ``value`` is None where it could not be measured."""

    text: str
    value: float | None
    bound: str
    met: bool

    @property
    def shown(self) -> str:
        """Return the value in digits that do not hide on which side of its bound it lies."""
        return "not measured" if self.value is None else f"{self.value:,.3f}"


def play(player: str, tickets: int, seed: int) -> Play:
    """Play in this process, and return what it took.

    Raises:
        PeerMissingError: the player's package is not installed.
    """
    run = _player(player)
    run(FEW, seed)
    begin = time.process_time()
    played = run(tickets, seed)
    seconds = time.process_time() - begin
    return Play(played, seconds, peak_bytes(), ours.table_bytes() if player in OURS else 0)


def _player(player: str) -> Callable[[int, int], int]:
    """Return what plays so many tickets with a seed, and returns how many it played."""
    if player == "january":
        return ours.january
    if player == "disk":
        return ours.january_on_disk
    network, run = Network(), ours.bare if player == "bare" else peer(player)
    return lambda tickets, seed: run(network, tickets, seed).tickets


def peak_bytes() -> int:
    """Return the most memory that this process has held so far (bytes); 0 where the system does not tell it."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ModuleNotFoundError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def afresh(player: str, tickets: int, seed: int) -> Play:
    """Play in a fresh process; raises what ``play`` raises."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(play, player, tickets, seed).result()


def rounds(turns: Mapping[str, tuple[str, int]], times: int) -> dict[str, list[Play]]:
    """Let each turn (its name: player and tickets) be taken once a round; one that cannot be taken is told and left.

    Return:
        the plays of each turn that was taken, one a round, in order.
    """
    done: dict[str, list[Play]] = {name: [] for name in turns}
    for number in range(times):
        for name in list(done):
            player, tickets = turns[name]
            try:
                one = afresh(player, tickets, seed=number)
            except PeerMissingError as error:
                print(f"{name}: {error}", file=sys.stderr)
                del done[name]
                continue
            done[name].append(one)
            print(f"round {number + 1} of {times}: {name:<16} {one.speed:>10,.0f} tickets/s", file=sys.stderr)
    return done


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """Return the median of the ratios of two series, round by round."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def judge_speeds(done: Mapping[str, Sequence[Play]], asked: Sequence[str]) -> list[Judged]:
    """Return how the goals were met whose two players were both asked for."""
    judged = []
    for goal in GOALS:
        if goal.ours not in asked or goal.peer not in asked:
            continue
        value = None
        if goal.ours in done and goal.peer in done:
            value = ratio([one.speed for one in done[goal.ours]], [one.speed for one in done[goal.peer]])
        text = f"{PLAYERS[goal.ours]} : {PLAYERS[goal.peer]}"
        judged.append(Judged(text, value, f">= {goal.least:g}", value is not None and value >= goal.least))
    return judged


def judge_growth(name: str, small: Sequence[Play], large: Sequence[Play]) -> list[Judged]:
    """Return how cost and memory per ticket grow from short plays to long ones; no plays: not measured.

    Memory is what a process held at its peak; what the program itself takes, it takes in the short plays too.
    """
    growth = room = None
    if small and large:
        growth = ratio([one.speed for one in small], [one.speed for one in large])
        if all(one.peak_bytes for one in large):
            room = statistics.median(
                ((b.peak_bytes - b.table_bytes) - (a.peak_bytes - a.table_bytes)) / (b.tickets - a.tickets)
                for a, b in zip(small, large, strict=True)
            )
    what = f"{PLAYERS[name]}: "
    tables = "with the tables" if name == "disk" else "beyond the tables"
    return [
        Judged(what + "cost of a ticket", growth, f"<= {GROWTH:g}", growth is not None and growth <= GROWTH),
        Judged(what + f"bytes {tables}", room, f"< {BYTES}", room is not None and room < BYTES),
    ]


def growths(done: Mapping[str, Sequence[Play]]) -> list[Judged]:
    """Return how cost and memory grow for all players of ours."""
    return [
        judged
        for name in OURS
        for judged in judge_growth(name, done.get(f"{name}, short", ()), done.get(f"{name}, long", ()))
    ]


def turns_of(asked: Sequence[str], tickets: int) -> dict[str, tuple[str, int]]:
    """Return the turns of a round: by name, the player and the number of its tickets."""
    turns = {name: (name, max(1, tickets // SLOW.get(name, 1))) for name in PLAYERS if name in asked}
    if LONG in asked:
        turns |= {f"{name}, {length}": (name, many) for name in OURS for length, many in LENGTHS.items()}
    return turns


def show(done: Mapping[str, Sequence[Play]], judged: Sequence[Judged]) -> None:
    """Print the speeds, and the goals with what was measured."""
    for name, title in PLAYERS.items():
        if name in done:
            speeds = [one.speed for one in done[name]]
            spread = f"{min(speeds):,.0f} to {max(speeds):,.0f}"
            plays = f"{len(speeds)} plays of {done[name][0].tickets:,} tickets"
            print(f"{title:<40}{statistics.median(speeds):>10,.0f} tickets/s   ({spread}; {plays})")
    for one in judged:
        value = one.shown
        verdict = "met" if one.met else "OPEN" if one.value is None else "MISSED"
        print(f"{one.text:<66}{value:>10}   {one.bound:<8}{verdict}")


def main(argv: Sequence[str] | None = None) -> int:
    """Play, print, and return 0 if no goal that was asked for is missed, else 1."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--tickets", type=_positive, default=USUAL, help="tickets of a play (default: %(default)s)")
    parser.add_argument("--rounds", type=_positive, default=ENOUGH, help="plays of each (default: %(default)s)")
    parser.add_argument(
        "--only", nargs="+", choices=[*PLAYERS, LONG], default=[*PLAYERS, LONG], metavar="WHAT",
        help=f"some of {', '.join(PLAYERS)}, and {LONG} for growth and memory",
    )  # fmt: skip
    given = parser.parse_args(argv)
    if given.rounds < ENOUGH:
        print(f"{given.rounds} rounds are few: the medians of the goals are over {ENOUGH} or more", file=sys.stderr)
    done = rounds(turns_of(given.only, given.tickets), given.rounds)
    judged = judge_speeds(done, given.only)
    if LONG in given.only:
        print(f"Growth is from {SMALL:,} to {LARGE:,} tickets.", file=sys.stderr)
        judged += growths(done)
    show(done, judged)
    return 0 if all(one.met for one in judged) else 1


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


if __name__ == "__main__":
    raise SystemExit(main())
