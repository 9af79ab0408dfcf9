"""The laws are held against tables on disk too: what is found in memory is found there, whatever the pieces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import simulator.run
from simulator import Run, checks_on_disk, run_once, streaming
from simulator.checks import ImpossibleRun
from simulator.checks_on_disk import check_on_disk
from simulator.laws import LAWS, OF_AGENTS
from tests.test_checks import model, played


@pytest.fixture(params=[5, 50, 1 << 15])
def together(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_on_disk, "TOGETHER", request.param)
    monkeypatch.setattr(streaming, "PIECE", request.param)


def test_a_run_keeps_the_laws(together: None) -> None:
    check_on_disk(played())


def test_each_law_is_looked_at_once_for_every_ticket(together: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Laws of tickets see each ticket once, laws of agents each spell once."""
    seen: list[int] = []
    spells: list[int] = []
    of_tickets = [("", lambda books: seen.extend(books.run.tickets["ticket"]) or np.empty(0, np.intp))]
    of_agents = [("", lambda books: spells.append(len(books.run.spells)) or np.empty(0, np.intp))]
    monkeypatch.setattr(checks_on_disk, "LAWS", (*of_tickets, *of_agents))
    monkeypatch.setattr(checks_on_disk, "OF_AGENTS", {of_agents[0][1]})
    check_on_disk(played())
    assert len(seen) == len(played().tickets)
    assert sum(spells) == len(played().spells)
    assert len(LAWS) > len(OF_AGENTS) == 3


def _early(table: np.ndarray) -> None:
    table["resolved"][np.flatnonzero(~np.isnan(table["resolved"]))[90]] = -1.0


def _backwards(table: np.ndarray) -> None:
    table["began"][np.flatnonzero(~np.isnan(table["began"]))[70]] -= 1e5


def _busy_twice(table: np.ndarray) -> None:
    mine = np.flatnonzero(table["agent"] == table["agent"][60])
    place = next(n for n in range(11, len(mine)) if table["ticket"][mine[n]] != table["ticket"][mine[n + 1]])
    before, after = mine[place], mine[place + 1]
    table["began"][after] = (table["began"][before] + table["ended"][before]) / 2


def _stray(table: np.ndarray) -> None:
    table["ticket"][-1] = 10**6


def _out_of_order(table: np.ndarray) -> None:
    table[[20, -20]] = table[[-20, 20]]


@pytest.mark.parametrize(
    ("name", "change", "law"),
    [
        ("tickets", _early, "within the run"),
        ("visits", _backwards, "time does not run backwards within a stay"),
        ("spells", _busy_twice, "nobody works on two tickets at once|within a stay, in its tier"),
        ("spells", _stray, "tickets are counted"),
        ("notes", _stray, "tickets are counted"),
        ("visits", _out_of_order, "tickets are counted"),
    ],
)
def test_what_was_tampered_with_is_found(
    together: None, name: str, change: Callable[[np.ndarray], None], law: str
) -> None:
    run: Run = played()
    table = getattr(run, name).copy()
    change(table)
    with pytest.raises(ImpossibleRun, match=law):
        check_on_disk(replace(run, **{name: table}))


def test_it_is_the_ticket_itself_that_is_told(together: None) -> None:
    table = played().tickets.copy()
    _early(table)
    number = int(np.flatnonzero(table["resolved"] == -1.0)[0])
    with pytest.raises(ImpossibleRun, match=rf"this ticket alone:\nTicket {number + 1} "):
        check_on_disk(replace(played(), tickets=table))


def test_every_run_to_disk_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Run] = []
    monkeypatch.setattr(simulator.run, "check_on_disk", looked.append)
    run = run_once(model(), None, 1, 0, stream_to=tmp_path)
    assert looked == [run]
