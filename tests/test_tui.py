"""The app, driven by keys alone: a whole drill, a killed session, hostile text, the lab, help and quitting."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Select, TextArea

import tui.app
import tui.home
import tui.whatif
from grading import ClockView, reference_transcript
from grading.views import ClockState
from policy import Rulebook, load_policy
from policy.errors import InputError
from scenarios import Scenario, ScenarioInfo, load_scenario
from tui.act_form import ActForm
from tui.app import DeskDrillApp
from tui.attempts import TranscriptLog, past_attempts
from tui.debrief import DebriefScreen
from tui.drill import DrillScreen
from tui.help import HelpScreen
from tui.home import HomeScreen
from tui.panels import clocks_text
from tui.resume import FinishQuestion, ResumeQuestion
from tui.widgets import Menu, Words

DATA = Path(__file__).parent / "data"
BAKERY = str(DATA / "drill_policy.yaml")
SIZES = [(80, 24), pytest.param((120, 40), marks=pytest.mark.heavy)]
FRAME = {"#ff5f57", "#febc2e", "#28c840", "#c5c8c6"}
"""What an exported picture draws around the screen: three buttons and a title."""
HOSTILE = "[bold red]x[/] [/nope] [@click=app.quit]y[/] {{ 7*7 }} \\[z]"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for empty message queues only: Textual's own wait measures processor time, 65 ms a key."""

    async def soon(min_sleep: float = 0, max_sleep: float = 0) -> None:
        for _ in range(4):
            await asyncio.sleep(0.001)

    monkeypatch.setattr("textual.app.wait_for_idle", soon)
    monkeypatch.setattr("textual.pilot.wait_for_idle", soon)
    monkeypatch.setattr("textual.constants.TEXTUAL_ANIMATIONS", "none")


@pytest.fixture
def bakery(monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """The app with one scenario, of another house."""
    scenario = load_scenario(DATA / "drill_scenario.yaml")
    for module in (tui.app, tui.home):
        monkeypatch.setattr(module, "load_scenario", lambda name: scenario)
    about = ScenarioInfo(scenario.id, scenario.title, scenario.level, scenario.seat, scenario.horizon, scenario.about)
    monkeypatch.setattr(tui.home, "list_scenarios", lambda: [about])
    return scenario


def text_of(app: DeskDrillApp) -> str:
    """Return what stands on the screen now, line by line, as a terminal would show it."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips)


def said(app: DeskDrillApp, selector: str) -> str:
    return str(app.screen.query_one(selector, Words).content)


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


async def point_at(pilot: Pilot[int], words: str) -> None:
    """Move the menu by keys to the entry that holds ``words``."""
    menu = pilot.app.screen.query_one(Menu)
    await press(pilot, "g")
    for _ in range(menu.option_count):
        option = menu.highlighted_option
        if option is not None and words in str(option.prompt):
            return
        await press(pilot, "j")
    raise AssertionError(f"no entry holds {words!r}")


async def settle(pilot: Pilot[int]) -> None:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    await pilot.pause()


async def until(pilot: Pilot[int], holds: Callable[[], bool]) -> None:
    """Let the app go on until something holds: for what it does only after its next refresh."""
    for _ in range(500):
        if holds():
            return
        await pilot.pause()
    raise AssertionError("it never came about")


@pytest.mark.parametrize("size", SIZES)
async def test_a_whole_drill_by_keyboard(bakery: Scenario, tmp_path: Path, size: tuple[int, int]) -> None:
    app = DeskDrillApp(BAKERY, home=tmp_path)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)
        assert "not tried yet" in text_of(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, DrillScreen)
        assert "minute 0 of 150" in said(app, "#time")

        await press(pilot, "p", "enter", "H", "enter", "ctrl+s")
        assert "Priority: HIGH" in said(app, "#ticket")
        await press(pilot, "r", "space", "j", "space", "tab", *"Soon.", "ctrl+s")
        assert "met" in said(app, "#clocks")
        for check in ("the plug", "the fuse"):
            await point_at(pilot, f"Look at {check}")
            await press(pilot, "enter")
        assert "The fuse is fine." in text_of(app)
        await press(pilot, "e", "enter", "W", "enter", "tab", "tab", "f3", "ctrl+s")
        assert "With: Workshop" in said(app, "#ticket")
        await press(pilot, "n", "enter", "F", "enter", "tab", "enter", "P", "enter", "ctrl+s")
        await press(pilot, "w", *"9", "enter")
        await point_at(pilot, "Confirm")
        await press(pilot, "enter", "space", "ctrl+s")
        for _ in range(2):
            await press(pilot, "w", *"25", "ctrl+s")
            await press(pilot, "r", "j", "space", "ctrl+s")

        await press(pilot, "f")
        assert isinstance(app.screen, FinishQuestion)
        await press(pilot, "down", "enter")
        await settle(pilot)
        assert isinstance(app.screen, DebriefScreen)
        assert "PASSED" in said(app, "#summary")
        assert "NOT PASSED" not in said(app, "#summary")
        await press(pilot, "2")
        assert "“The priority is set within 15 minutes.”" in text_of(app)
        assert "high.set · House rules" in text_of(app)
        await press(pilot, "3")
        assert "The reference" in text_of(app)

        await press(pilot, "y")
        saved = next((tmp_path / "debriefs").rglob("*.txt"))
        assert saved.name in said(app, "#status").replace("\n", "")
        assert "Debrief: The till by the door is dead" in saved.read_text(encoding="utf-8")
        await press(pilot, "escape")
        assert isinstance(app.screen, HomeScreen)
        assert "✓ passed, best" in text_of(app)
    attempt = past_attempts(tmp_path, bakery.id)[0]
    assert attempt.passed
    assert attempt.score is not None
    assert attempt.score >= 80


async def test_the_reference_played_in_the_app_scores_full_marks(bakery: Scenario, tmp_path: Path) -> None:
    """The app adds nothing and loses nothing: what the engine calls perfect is perfect here."""
    app = DeskDrillApp(BAKERY, home=tmp_path)
    perfect = reference_transcript(bakery, Rulebook(load_policy(BAKERY)), 0)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        screen = app.screen
        assert isinstance(screen, DrillScreen)
        for line in perfect.lines:
            screen._session.do(line)
        await press(pilot, "f", "down", "enter")
        await settle(pilot)
        assert isinstance(app.screen, DebriefScreen)
        assert app.screen._grade.score == pytest.approx(100)


async def test_a_killed_session_goes_on_where_it_was(bakery: Scenario, tmp_path: Path) -> None:
    app = DeskDrillApp(BAKERY, home=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "enter")
        file = next(tmp_path.rglob("*.jsonl"))
        # Every act is on the disk while the app still runs.
        assert [json.loads(row)["do"] for row in file.read_text().splitlines()[1:]] == ["check"]
    with file.open("a") as torn:
        torn.write('{"minute": 2, "do": "che')  # the machine died in the middle of a line

    again = DeskDrillApp(BAKERY, home=tmp_path)
    async with again.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "▶ go on at minute 2 " in text_of(again)
        await press(pilot, "enter")
        assert isinstance(again.screen, ResumeQuestion)
        assert "You left this drill after 1 act, at minute 2." in text_of(again)
        await press(pilot, "enter")
        assert isinstance(again.screen, DrillScreen)
        assert "Resumed at minute 2" in said(again, "#status")
        assert "The plug is in." in "".join(str(w.content) for w in again.screen.query("#facts .said").results(Words))
        await point_at(pilot, "Look at the fuse")
        await press(pilot, "enter", "escape")
    rows = [json.loads(row) for row in file.read_text().splitlines()]
    assert [row.get("do") for row in rows] == [None, "check", "check"]
    assert len(list(tmp_path.rglob("*.jsonl"))) == 1


async def test_an_attempt_is_open_but_once(bakery: Scenario, tmp_path: Path) -> None:
    one, two = DeskDrillApp(BAKERY, home=tmp_path), DeskDrillApp(BAKERY, home=tmp_path)
    async with two.run_test(size=(80, 24), notifications=True) as second:
        async with one.run_test(size=(80, 24)) as first:
            await press(first, "enter", "enter")
            two.screen._fill()  # as it does when another screen is left
            await press(second, "enter", "enter")
            assert isinstance(two.screen, HomeScreen)
            (told,) = two._notifications
            assert "open in another window" in told.message
            assert isinstance(one.screen, DrillScreen)
            await point_at(first, "Look at the fuse")
            await press(first, "enter")
            assert past_attempts(tmp_path, bakery.id)[0].acts == 2  # nothing was lost
            await press(first, "escape")
            await press(second, "enter", "enter")
            assert isinstance(two.screen, DrillScreen)
            await press(first, "enter", "enter")
            assert isinstance(one.screen, HomeScreen)
        await press(second, "f", "down", "enter")
        await settle(second)
    (path,) = tmp_path.rglob("*.jsonl")
    with pytest.raises(InputError, match="has been graded; begin afresh"):
        TranscriptLog.go_on(path)
    assert [p.name for p in path.parent.iterdir() if p.name.startswith(".")] == []


def test_who_was_killed_holds_no_attempt(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; "
        "from grading import Header; from tui.attempts import TranscriptLog; "
        "log = TranscriptLog.begin(Path(sys.argv[1]), Header('x', 0, 'p', 'd'));"
        "log.append({'do': 'check', 'what': 'y'}); print(log.path, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        path = Path(other.stdout.readline().strip())
        with pytest.raises(InputError, match="open in another window"):
            TranscriptLog.go_on(path)
        other.kill()
    transcript, log = TranscriptLog.go_on(path)
    assert len(transcript.acts) == 1
    with pytest.raises(InputError, match="open in another window"):  # the file that was put in its place is locked too
        TranscriptLog.go_on(path)
    log.append({"do": "check", "what": "z"})
    log.close()
    transcript, log = TranscriptLog.go_on(path)
    assert len(transcript.acts) == 2
    log.close()


async def test_beginning_afresh_keeps_the_old_attempt(bakery: Scenario, tmp_path: Path) -> None:
    app = DeskDrillApp(BAKERY, home=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "enter", "escape")
        await press(pilot, "enter", "down", "enter")
        assert "minute 0 of" in said(app, "#time")
    files = sorted(tmp_path.rglob("*.jsonl"))
    assert len(files) == 2
    assert '"do": "check"' in files[0].read_text()


async def test_an_attempt_under_another_policy_is_not_resumed(bakery: Scenario, tmp_path: Path) -> None:
    async with DeskDrillApp(BAKERY, home=tmp_path).run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "enter")
    other = DeskDrillApp(BAKERY, {"policy.tiers.counter.no_progress": "45m"}, home=tmp_path)
    async with other.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "go on" not in text_of(other)
        await press(pilot, "enter")
        assert isinstance(other.screen, DrillScreen)
        assert "minute 0 of" in said(other, "#time")


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_text_is_shown_as_it_is(
    bakery: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    from dataclasses import replace

    ticket = replace(bakery.ticket, subject=HOSTILE, text=HOSTILE)
    check = replace(bakery.checks[0], label=HOSTILE, shows=HOSTILE)
    hostile = replace(bakery, title=HOSTILE, ticket=ticket, checks=(check, *bakery.checks[1:]))
    monkeypatch.setattr(tui.app, "load_scenario", lambda name: hostile)
    app = DeskDrillApp(BAKERY, home=tmp_path)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "enter", "enter")
        assert said(app, "#title") == HOSTILE
        assert f"#7 {HOSTILE}" in text_of(app)
        assert "[bold red]x[/]" in said(app, "#status")
        await press(pilot, "r", "tab")
        area = app.screen.query_one(TextArea)
        area.insert(f"\x1b[31m{HOSTILE}\x1b]0;title\x07")
        await press(pilot, "ctrl+s")
        assert not isinstance(app.screen, ActForm)
        last = list(app.screen.query("#conversation .said").results(Words))[-1]
        assert HOSTILE in str(last.content)
        assert "\x1b" not in str(last.content)
        await press(pilot, "f", "down", "enter")
        await settle(pilot)
        assert isinstance(app.screen, DebriefScreen)
        assert "[bold red]x[/]" in said(app, "#summary")
    kept = next(tmp_path.rglob("*.jsonl")).read_text()
    assert "\\u001b" not in kept
    assert "[bold red]x[/]" in kept


async def test_a_form_says_what_is_missing_and_forgets_nothing(bakery: Scenario, tmp_path: Path) -> None:
    app = DeskDrillApp(BAKERY, home=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "e", "ctrl+s")
        assert "“To” is needed" in said(app, "#problem")
        assert isinstance(app.focused, Select)
        await press(pilot, "tab", "enter", *"till", "enter")
        reason = app.focused
        assert isinstance(reason, Select)
        assert reason.value == "till_dead"
        await press(pilot, "escape")
        assert isinstance(app.screen, DrillScreen)
        assert "minute 0 of" in said(app, "#time")
        await press(pilot, "e")
        assert [one.value for one in app.screen.query(Select)] == [Select.NULL, "till_dead"]
        await press(pilot, "escape", "w", *"-3", "enter")
        assert "cannot be negative" in said(app, "#problem")
        await press(pilot, "home", "ctrl+k", *"1e9", "enter")
        assert "at most" in said(app, "#problem")
        await press(pilot, "home", "ctrl+k", *"150", "enter")
        await settle(pilot)
        assert isinstance(app.screen, DebriefScreen)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_help_opens_and_closes_everywhere(bakery: Scenario, tmp_path: Path, size: tuple[int, int]) -> None:
    app = DeskDrillApp(BAKERY, home=tmp_path)
    async with app.run_test(size=size) as pilot:
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        assert "A drill puts you in one seat" in text_of(app)
        await press(pilot, "escape", "enter", "question_mark")
        assert "Each act is written down" in text_of(app)
        await press(pilot, "G")
        await until(pilot, lambda: "Quit" in text_of(app))
        await press(pilot, "escape", "r", "f1")
        assert "Tab and Shift+Tab go from field to field" in text_of(app)
        await press(pilot, "f1")
        assert isinstance(app.screen, ActForm)


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_it_quits_cleanly(bakery: Scenario, tmp_path: Path, key: str) -> None:
    app = DeskDrillApp(BAKERY, home=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "enter", key)
    assert app.return_code == 0
    assert past_attempts(tmp_path, bakery.id)[0].acts == 1


async def test_ctrl_q_quits_from_within_a_form(bakery: Scenario, tmp_path: Path) -> None:
    app = DeskDrillApp(BAKERY, home=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "w", "ctrl+q")
    assert app.return_code == 0


async def test_a_full_disk_is_told_and_the_lines_follow_later(
    bakery: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = DeskDrillApp(BAKERY, home=tmp_path)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await press(pilot, "enter")
        with monkeypatch.context() as patch:

            def full(fd: int) -> None:
                raise OSError(28, "No space left on device")

            patch.setattr("tui.attempts.os.fsync", full)
            await press(pilot, "enter")
            assert "No space left on device" in text_of(app)
        file = next(tmp_path.rglob("*.jsonl"))
        assert len(file.read_text().splitlines()) == 1
        await point_at(pilot, "Look at the fuse")
        await press(pilot, "enter")
    rows = [json.loads(row) for row in file.read_text().splitlines()]
    assert [row.get("what") for row in rows[1:]] == ["plug", "fuse"]


async def test_a_data_folder_that_cannot_be_written_is_told(bakery: Scenario, tmp_path: Path) -> None:
    (tmp_path / "attempts").write_text("in the way")
    app = DeskDrillApp(BAKERY, home=tmp_path)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await press(pilot, "enter")
        assert isinstance(app.screen, HomeScreen)
        assert "cannot be" in text_of(app)


async def test_the_real_escalation_form_fits_80_columns(tmp_path: Path) -> None:
    """Every field is reached by Tab, is in view with its label then, and so are both buttons all the time."""
    app = DeskDrillApp(home=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "e")
        form = app.screen
        assert isinstance(form, ActForm)
        fields = form.query_one("#fields")
        rows = list(fields.children)

        def in_view() -> bool:
            widget = app.focused
            if widget not in rows:
                return widget is not None and form.query_one("#form").region.contains_region(widget.region)
            label = rows[rows.index(widget) - 1]
            return all(fields.region.contains_region(one.region) for one in (widget, label))

        seen = []
        for _ in range(len(form._widgets) + 2):
            await until(pilot, in_view)
            assert form.query_one("#submit").region.bottom <= 23
            seen.append(app.focused)
            await press(pilot, "tab")
        assert set(form._widgets.values()) <= set(seen)
        assert form.query_one("#submit") in seen


async def test_nothing_is_wider_than_the_terminal(tmp_path: Path) -> None:
    app = DeskDrillApp(home=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "enter", "j", "enter")
        for widget in app.screen.query("*"):
            assert widget.region.right <= 80
            assert not widget.show_horizontal_scrollbar
        menu = app.screen.query_one(Menu)
        assert menu.max_scroll_y > 0
        # What was found out last is in view, though it does not fit together with the first.
        facts = app.screen.query_one("#facts")
        newest = list(facts.query(".said"))[-1]
        assert facts.virtual_size.height > facts.size.height
        await until(pilot, lambda: facts.region.contains_region(newest.region))
        await press(pilot, "G")
        await until(pilot, lambda: menu.scroll_offset.y == menu.max_scroll_y)


async def test_without_colour_nothing_is_lost(
    bakery: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_COLOR: every cell is grey, and what is ticked, breached, passed or missed is still said."""
    monkeypatch.setenv("NO_COLOR", "1")
    app = DeskDrillApp(BAKERY, home=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "r", "space")
        assert "[x] what to expect" in text_of(app)
        assert "[ ] a note" in text_of(app)
        await press(pilot, "escape", "w", *"90", "enter")
        assert "BREACHED" in text_of(app)
        svg = app.export_screenshot()
    colours = set(re.findall(r"fill[:=]\s*\"?(#[0-9a-f]{6})", svg.split("</clipPath>")[-1]))
    assert colours
    assert not [c for c in sorted(colours - FRAME) if not c[1:3] == c[3:5] == c[5:7]]


@pytest.mark.parametrize(
    ("state", "elapsed", "words"),
    [
        ("running", 2.5, "[..........] 7 h 57.5 min left, due minute 1440"),
        ("running", 400, "[########..] ! 1 h 20 min left, due minute 1440"),
        ("breached", 599.5, "[##########] BREACHED by 1 h 59.5 min"),
        ("paused", 120, "[##........] paused, 6 h left"),
        ("met", 120, "[##........] met"),
    ],
)
def test_a_clock_fits_80_columns(state: ClockState, elapsed: float, words: str) -> None:
    clock = ClockView("resolution", "Without progress in Tier 1", 1440, elapsed, 480, state)
    line = clocks_text([clock]).plain
    assert line == f"Without progress in Tier 1 {words}"
    assert len(line) <= 78


def test_the_package_loads_without_textual() -> None:
    code = "import sys, tui; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _bindings() -> list[tuple[type, Any]]:
    from tui import act_form, debrief, drill, help, home, lab, resume, widgets  # noqa: A004

    modules = (tui.app, act_form, debrief, drill, help, home, lab, resume, widgets)
    classes = [c for m in modules for c in vars(m).values() if isinstance(c, type) and c.__module__ == m.__name__]
    return [(c, b) for c in classes for b in vars(c).get("BINDINGS", ())]


def test_every_key_can_be_changed_and_none_needs_ctrl_enter() -> None:
    found = _bindings()
    assert len(found) > 30
    ids = [binding.id for _, binding in found]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    assert not [b for _, b in found if "ctrl+enter" in b.key]
