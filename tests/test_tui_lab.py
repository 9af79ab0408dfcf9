"""The lab: a what-if by keys, with a stubbed simulation and with the real one; errors, progress, calling off."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_tui import BAKERY, press, quick, said, settle, text_of  # noqa: F401  (quick is a fixture)
from textual.pilot import Pilot
from textual.widgets import DataTable, Input

import tui.whatif
from policy import load_policy
from policy.errors import InputError
from simulator import Desk, SimulationResult, load_desk
from tui.app import DeskDrillApp, split_sets
from tui.home import HomeScreen
from tui.lab import LabScreen
from tui.whatif import Baseline, bar, knobs, rows, run_months

UNITS = {"tickets": "tickets", "sla_compliance": "share", "escalation_resolution_hours": "hours", "csat": "points of 5"}
REFERENCES = {"tickets": 500.0, "sla_compliance": 0.94}


def months_of(desk: Desk, replications: int) -> SimulationResult:
    """Return months in which each agent of Tier 1 is worth ten points of SLA compliance."""
    agents = desk.staffing["T1"].agents
    noise = np.linspace(-1, 1, replications)
    columns = [500 + noise, 0.5 + 0.1 * agents + noise / 1000, 4.0 - noise / 10, 4.0 + noise / 100]
    return SimulationResult("stub", desk.name, 1, replications, UNITS, REFERENCES, np.column_stack(columns))


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A simulation that takes no time and says how it was called."""
    calls: list[dict[str, Any]] = []

    def simulate(policy: Any, desk: Desk, **options: Any) -> SimulationResult:
        calls.append({"policy": policy, "desk": desk, **options})
        options["progress"](options["replications"], options["replications"])
        return months_of(desk, options["replications"])

    monkeypatch.setattr(tui.whatif, "simulate", simulate)
    return calls


async def open_lab(pilot: Pilot[int]) -> DataTable[Any]:
    await pilot.pause()
    await press(pilot, "l")
    await settle(pilot)
    assert isinstance(pilot.app.screen, LabScreen)
    return pilot.app.screen.query_one(DataTable)


def row_of(table: DataTable[Any], key: str) -> list[str]:
    return [cell.plain.strip() for cell in table.get_row(key)]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_what_if_by_keys(stub: list[dict[str, Any]], tmp_path: Path, size: tuple[int, int]) -> None:
    agents = load_desk().staffing["T1"].agents
    app = DeskDrillApp(home=tmp_path)
    async with app.run_test(size=size) as pilot:
        table = await open_lab(pilot)
        assert row_of(table, "tickets")[:4] == ["Tickets", "500.0", "500.0", ""]
        await press(pilot, "up", "enter")
        await settle(pilot)
        assert f"Tier 1 people {agents} → {agents + 1}" in said(app, "#status")
        assert "* Tier 1 people" in text_of(app)
        cells = row_of(table, "sla_compliance")
        assert cells[1] == "94.0 %"
        assert cells[4] == "+10.0 ± 0.0 pt ▲"
        assert row_of(table, "tickets")[4] == "the same ·"
        assert not table.show_horizontal_scrollbar
        assert "#" in row_of(table, "sla_compliance")[-1] or size[0] == 80
        await press(pilot, "escape")
        assert isinstance(app.screen, HomeScreen)
    # One process, the same seed, and the months of the desk as it is were simulated once.
    assert [call["workers"] for call in stub] == [1, 1]
    assert len({call["seed"] for call in stub}) == 1
    assert [call["desk"].staffing["T1"].agents for call in stub] == [agents, agents + 1]


async def test_a_timer_is_a_change_of_policy(stub: list[dict[str, Any]], tmp_path: Path) -> None:
    app = DeskDrillApp(home=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_lab(pilot)
        screen = app.screen
        assert isinstance(screen, LabScreen)
        place = next(i for i, knob in enumerate(screen._knobs) if knob.path == "policy.tiers.T1.no_progress")
        screen.query_one(f"#knob-{place}", Input).focus()
        await press(pilot, "home", "ctrl+k", *"60m", "ctrl+r")
        await settle(pilot)
        assert "T1 no progress 30m → 60m" in said(app, "#status")
    assert stub[-1]["policy"].tiers["T1"].no_progress == "60m"
    assert stub[0]["policy"].tiers["T1"].no_progress == "30m"


WRONG = (
    ("#knob-0", "-2", "staffing.T1.agents"),
    ("#knob-0", "two", "staffing.T1.agents"),
    ("#knob-0", "[bold]1[/]", "staffing.T1.agents"),
    ("#knob-4", "30 parsec", "expected a duration"),
    ("#knob-4", "", "tiers.T1.no_progress"),
    ("#months", "many", "Months: expected a whole number"),
    ("#months", "1", "from 2 to"),
    ("#months", "999999999", "from 2 to"),
)


async def test_what_cannot_be_part_of_a_value_cannot_be_typed(stub: list[dict[str, Any]], tmp_path: Path) -> None:
    app = DeskDrillApp(home=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_lab(pilot)
        for place, typed, left in (
            ("#knob-0", "1a2-", "12"),
            ("#months", "5x0.", "50"),
            ("#knob-4", "1.5h", "1.5h"),
            ("#knob-4", "3bd", "3bd"),
            ("#knob-4", "-4[5m!", "45m"),
        ):
            field = app.screen.query_one(place, Input)
            field.focus()
            field.value = ""
            for character in typed:
                field.insert_text_at_cursor(character)
            assert field.value == left


async def test_what_is_wrong_is_a_line_and_the_lab_goes_on(stub: list[dict[str, Any]], tmp_path: Path) -> None:
    app = DeskDrillApp(home=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_lab(pilot)
        for place, typed, message in WRONG:
            field = app.screen.query_one(place, Input)
            field.focus()
            field.value = typed
            await press(pilot, "enter")
            await settle(pilot)
            status = said(app, "#status")
            assert status.startswith("✗ "), typed
            assert message in status
            assert "Traceback" not in status
            await press(pilot, "f4")
        assert len(stub) == 1  # not a month was spent on any of these
        await press(pilot, "enter")
        await settle(pilot)
        assert said(app, "#status").startswith("The desk as it is")


async def test_a_run_can_be_called_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go = threading.Event(), threading.Event()

    def simulate(policy: Any, desk: Desk, *, progress: Any, **options: Any) -> SimulationResult:
        progress(0, 10)
        begun.set()
        go.wait(10)
        progress(5, 10)
        raise AssertionError("a cancelled run went on")

    monkeypatch.setattr(tui.whatif, "simulate", simulate)
    app = DeskDrillApp(home=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "l")
        assert begun.wait(10)
        await pilot.pause()
        assert "esc cancels" in text_of(app)
        await press(pilot, "escape")
        assert said(app, "#status").startswith("Called off")
        go.set()
        await pilot.pause()
        assert isinstance(app.screen, LabScreen)
        await press(pilot, "escape")
        assert isinstance(app.screen, HomeScreen)


async def test_a_defect_inside_is_a_line_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def simulate(*_: Any, **__: Any) -> SimulationResult:
        raise ZeroDivisionError("oh [bold]no[/]")

    monkeypatch.setattr(tui.whatif, "simulate", simulate)
    app = DeskDrillApp(home=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_lab(pilot)
        assert "went wrong inside: ZeroDivisionError: oh [bold]no[/]" in said(app, "#status")


async def test_another_house_without_these_tiers(tmp_path: Path, stub: list[dict[str, Any]]) -> None:
    """A policy that the January desk does not fit: the lab opens, and says so in a line if it cannot run."""
    app = DeskDrillApp(BAKERY, home=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_lab(pilot)
        assert said(app, "#status")


def test_the_real_simulation_shows_what_people_do() -> None:
    baseline, changed = run_months("secureai", {}, {}, {"desk.staffing.T1.agents": "1"}, 4)
    table = {row.name: row for row in rows(baseline.result, changed)}
    assert table["sla_compliance"].sign == "▼"
    assert table["utilisation_t1"].sign == "▲"
    assert table["tickets"].difference == "the same"
    assert table["tickets"].reference == "500.0"
    again, same = run_months("secureai", {}, {}, {}, 4, baseline=baseline)
    assert again is baseline
    assert same is baseline.result


def test_a_baseline_of_another_desk_is_not_used_again() -> None:
    policy, desk = load_policy(), load_desk()
    baseline = Baseline(months_of(desk, 4), policy.digest, desk)
    assert baseline.fits(policy, desk, 4)
    assert not baseline.fits(policy, desk, 5)
    assert not baseline.fits(load_policy(sets={"tiers.T1.no_progress": "31m"}), desk, 4)
    assert not baseline.fits(policy, load_desk(sets={"staffing.T1.agents": "9"}), 4)


def test_every_knob_leads_to_a_value() -> None:
    policy, desk = load_policy(), load_desk()
    found = knobs(policy, desk)
    paths = [knob.path for knob in found]
    assert {"desk.staffing.T1.agents", "desk.staffing.T3.on_call", "policy.tiers.T2.unresolved"} <= set(paths)
    for knob in found:
        where, path = knob.path.split(".", 1)
        load = load_policy if where == "policy" else load_desk
        load(sets={path: knob.value})


def test_a_difference_that_may_be_nothing_is_marked_so() -> None:
    desk = load_desk()
    before = months_of(desk, 8)
    months = before.months.copy()
    months[::2, 0] += 3.0
    months[1::2, 0] -= 3.0
    row = rows(before, replace(before, months=months))[0]
    assert row.sign == "·"
    months[:, 0] = np.nan
    assert rows(before, replace(before, months=months))[0].changed == "none"


def test_a_bar_shows_both() -> None:
    desk = load_desk()
    row = rows(months_of(desk, 4), months_of(desk, 4))[1]
    assert bar(replace(row, share=0.5, before=0.8), 10) == "#####...|."
    assert bar(replace(row, share=0.8, before=0.5), 10) == "#####|##.."
    assert len(bar(replace(row, share=1.0, before=1.0), 10)) == 10


def test_sets_find_their_file() -> None:
    sets = {"policy.tiers.T1.no_progress": "60m", "desk.staffing.T1.agents": "3", "tiers.T2.unresolved": "3h"}
    policy, desk = split_sets(sets)
    assert policy == {"tiers.T1.no_progress": "60m", "tiers.T2.unresolved": "3h"}
    assert desk == {"staffing.T1.agents": "3"}


def test_a_policy_that_cannot_be_used_is_told_before_the_screen_is_taken() -> None:
    with pytest.raises(InputError, match="no policy named"):
        DeskDrillApp("nowhere")
