"""The peers of ``benchmarks/desk.py``: they play the network they say, and the goals are judged as they read.

The network is lighter than the benchmark's: so near to empty, a short run tells little of its start. Replications are
independent, and the interval comes from their own spread.
"""

from __future__ import annotations

import importlib
import math
import sys

import numpy as np
import pytest
from scipy import stats

from benchmarks import desk, ours
from benchmarks.peers import PEERS, Network, Outcome, PeerMissingError, Play, peer
from benchmarks.peers.network import Tier

LIGHT = Network(lam=3.6)
SMALL = Network(lam=1.2, tiers=(Tier(2, 1.0), Tier(1, 0.5), Tier(1, 0.2)), onward=(0.25, 0.3))
"""Fewer agents, longer waits: a few tickets tell more, for peers that are slow."""
CONFIDENCE = 0.999
REPLICATIONS, TICKETS = 32, {"simpy": 5_000, "bare": 15_000}


def erlang_c(agents: int, load: float) -> float:
    """Return the probability of waiting in M/M/c at an offered load below ``agents`` (Erlang's recursion for B)."""
    blocked = 1.0
    for servers in range(1, agents + 1):
        blocked = load * blocked / (servers + load * blocked)
    return blocked / (1 - load / agents * (1 - blocked))


def wait_of_all(rate: float, tier: Tier) -> float:
    """Return the mean wait in M/M/c (minutes)."""
    return erlang_c(tier.agents, rate / tier.rate) / (tier.agents * tier.rate - rate)


def wait_by_class(rate: float, tier: Tier, urgent: float) -> tuple[float, float]:
    """Return the mean waits of urgent and routine in M/M/c without pre-emption (Cobham 1954), in minutes."""
    power = tier.agents * tier.rate
    busy, busy_urgent = rate / power, urgent * rate / power
    first = erlang_c(tier.agents, rate / tier.rate) / power / (1 - busy_urgent)
    return first, first / (1 - busy)


def flow(network: Network) -> list[float]:
    """Return the arrivals per minute at each tier."""
    return [network.lam * math.prod(network.onward[:tier]) for tier in range(len(network.tiers))]


def sojourn(network: Network) -> float:
    """Return the mean time that a ticket spends in the network (minutes)."""
    visited = zip(flow(network), network.tiers, strict=True)
    return sum(rate / network.lam * (wait_of_all(rate, tier) + 1 / tier.rate) for rate, tier in visited)


def assert_inside(values: list[float], exact: float, widest: float) -> None:
    """Assert that the interval of the mean holds the exact value, and is narrow enough to say something."""
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values))
    assert half < widest * exact
    assert abs(np.mean(values) - exact) < half, (np.mean(values), exact, half)


def player(name: str) -> Play:
    """Return a peer, or our own engine under the name of ``bare``."""
    if name == "bare":
        return ours.bare
    pytest.importorskip(name, reason=f"{name} comes with the extra 'bench', which make does not install")
    return peer(name)


@pytest.fixture(scope="module", params=["simpy", "bare"])
def plays(request: pytest.FixtureRequest) -> list[Outcome]:
    return [player(request.param)(LIGHT, TICKETS[request.param], seed) for seed in range(REPLICATIONS)]


@pytest.mark.parametrize(("tier", "widest"), [(0, 0.15), (1, 0.2), (2, 0.3)])
def test_tickets_wait_at_a_tier_as_theory_says(plays: list[Outcome], tier: int, widest: float) -> None:
    exact = wait_of_all(flow(LIGHT)[tier], LIGHT.tiers[tier])
    assert_inside([one.wait_at(tier) for one in plays], exact, widest)


@pytest.mark.parametrize("rank", [0, 1])
def test_tickets_wait_by_class_at_the_first_tier_as_theory_says(plays: list[Outcome], rank: int) -> None:
    exact = wait_by_class(LIGHT.lam, LIGHT.tiers[0], LIGHT.urgent)[rank]
    assert_inside([one.wait_minutes[0][rank] for one in plays], exact, 0.2)


def test_tickets_sojourn_as_theory_says(plays: list[Outcome]) -> None:
    assert_inside([one.sojourn_minutes for one in plays], sojourn(LIGHT), 0.05)


@pytest.mark.parametrize(("name", "tickets"), [("simpy", 1_000), ("ciw", 1_000), ("salabim", 250), ("bare", 1_000)])
def test_every_player_plays_the_same_network(name: str, tickets: int) -> None:
    play = player(name)
    plays = [play(SMALL, tickets, seed) for seed in range(20)]
    assert [one.tickets for one in plays] == [tickets] * 20
    assert_inside([one.sojourn_minutes for one in plays], sojourn(SMALL), 0.25)
    for rank, exact in enumerate(wait_by_class(SMALL.lam, SMALL.tiers[0], SMALL.urgent)):
        assert_inside([one.wait_minutes[0][rank] for one in plays], exact, 0.4)
    seen = np.sum([one.visits for one in plays], axis=0)
    assert seen[0, 0] / seen[0].sum() == pytest.approx(SMALL.urgent, abs=0.03)
    for tier, onward in enumerate(SMALL.onward):
        assert seen[tier + 1].sum() / seen[tier].sum() == pytest.approx(onward, abs=0.05)


@pytest.mark.parametrize("name", ["simpy", "bare"])
def test_every_ticket_is_counted_and_a_seed_repeats(name: str) -> None:
    play = player(name)
    one = play(LIGHT, 500, 7)
    assert one == play(LIGHT, 500, 7) != play(LIGHT, 500, 8)
    assert one.tickets == sum(one.visits[0]) == 500
    assert math.isnan(play(LIGHT, 0, 1).sojourn_minutes)


def test_the_parts_of_a_network_have_to_fit() -> None:
    with pytest.raises(ValueError, match="3 tiers need 2 probabilities"):
        Network(onward=(0.2,))


def test_a_missing_package_is_named_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ciw", f"benchmarks.peers.{PEERS['ciw']}"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    real = importlib.import_module

    def without(name: str) -> object:
        if name.endswith(PEERS["ciw"]):
            raise ModuleNotFoundError("No module named 'ciw'", name="ciw")
        return real(name)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(PeerMissingError, match=r"ciw is not installed; .*\[bench\]"):
        peer("ciw")


def test_goals_are_judged_by_the_median_of_the_ratios_of_rounds() -> None:
    def at(*speeds: float) -> list[desk.Play]:
        return [desk.Play(1000, 1000 / speed, 0) for speed in speeds]

    done = {"simpy": at(10, 20, 10), "bare": at(41, 20, 40.5), "january": at(5, 20, 5)}
    bare, january = desk.judge_speeds(done, ["simpy", "bare", "january"])
    assert bare.value == pytest.approx(4.05)
    assert january.value == pytest.approx(0.5)
    assert (bare.met, january.met) == (True, False)
    unmeasured = desk.judge_speeds(done, ["bare", "ciw"])
    assert [(one.value, one.met) for one in unmeasured] == [(None, False)]
    assert desk.judge_speeds(done, ["simpy"]) == []


def test_growth_and_memory_are_judged_between_the_short_and_the_long_play() -> None:
    small = [desk.Play(10_000, 1.0, 50_000_000, 2_000_000)]
    large = [desk.Play(1_000_000, 160.0, 743_000_000, 200_000_000)]
    cost, memory = desk.judge_growth("january", small, large)
    assert cost.value == pytest.approx(160 / 100)
    assert memory.value == pytest.approx(500)
    assert not cost.met
    assert not memory.met
    assert [one.value for one in desk.judge_growth("january", [], [])] == [None, None]
    done = {"disk, short": small, "disk, long": large}
    assert [one.value is None for one in desk.growths(done)] == [True, True, True, True, False, False]
    assert {"bare, short", "bare, long", "disk, long"} <= set(desk.turns_of(["simpy", "long"], 100))


def test_the_benchmark_goes_on_without_a_player(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(player: str, tickets: int, seed: int) -> desk.Play:
        if player == "bare":
            raise PeerMissingError("not installed")
        return desk.play(player, tickets, seed)

    monkeypatch.setattr(desk, "afresh", missing)
    assert desk.main(["--only", "simpy", "--tickets", "50", "--rounds", "1"]) == 0
    assert desk.main(["--only", "simpy", "bare", "--tickets", "50", "--rounds", "1"]) == 1
    told = capsys.readouterr()
    assert told.out.count("tickets/s") == 2
    assert "not measured" in told.out
    assert "bare: not installed" in told.err


def test_a_play_has_a_process_of_its_own() -> None:
    one = desk.afresh("simpy", 20, seed=1)
    assert one.tickets == 20
    assert one.speed > 0


def test_january_runs_on_until_about_so_many_tickets_came() -> None:
    for tickets in (2_000, 6_000):
        played = ours.january(tickets, seed=1)
        assert played == pytest.approx(tickets, rel=0.1)
        assert played * 100 < ours.table_bytes() < played * 400
    assert ours.january_on_disk(2_000, seed=1) == ours.january(2_000, seed=1)
    assert ours.january_on_disk(2_000, seed=1) > ours.table_bytes() == 0
