"""Make the pictures of the app in ``docs/pictures``: key screens at 80×24 and 120×40, as SVG without remote fonts.

Run ``python benchmarks/make_pictures.py``. The app is driven headless, by keys alone, in a data folder of its own; with
the same program and procedure the same pictures come out.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from grading import Grade, grade, reference_transcript
from policy import Rulebook, load_policy
from scenarios import load_scenario
from tui.app import DeskDrillApp
from tui.attempts import TranscriptLog, keep_grade

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
SIZES = ((80, 24), (120, 40))
SCENARIO = "api_401"
IMPACT = "Nothing is published since 06:12; every request is refused."
CHECKED = "Token valid, header right, no incident on the status page."
ASKED = "Please look at how the authentication service resolves this key."
_FONT_FACE = re.compile(r"\s*@font-face\s*\{[^}]*\}")
_FONT = "ui-monospace, 'DejaVu Sans Mono', 'Liberation Mono', Menlo, Consolas, monospace"


async def main() -> int:
    """Make all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        with tempfile.TemporaryDirectory() as home:
            await _session(Path(home), size)
    return 0


async def _session(home: Path, size: tuple[int, int]) -> None:
    _past(home)
    app = DeskDrillApp(home=home)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        _save(app, "home", size)
        await _press(pilot, "enter", "enter", "down", "enter")
        await _press(pilot, "p", "enter", *"P2", "enter", "ctrl+s")
        await _press(pilot, "down", "enter")
        _save(app, "drill", size)
        await _press(pilot, "e", "enter", *"Tier", "enter", "tab", "tab", *IMPACT, "tab", "f3", "tab", *CHECKED, "tab")
        await _press(pilot, *ASKED, *["shift+tab"] * 5)
        _save(app, "escalate", size)
        await _press(pilot, "ctrl+s", "r", "enter", *"the esc", "enter", "ctrl+s")
        await _press(pilot, "n", "enter", *"Tier", "enter", "tab", "enter", *"Chat", "enter", "ctrl+s")
        await _press(pilot, "w", *"10", "enter", "f", "down", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        _save(app, "debrief", size)
        await _press(pilot, "3")
        _save(app, "courses", size)
        await _press(pilot, "escape", "l")
        await app.workers.wait_for_complete()
        await _press(pilot, "up")
        timer = next(i for i in app.screen.query(Input) if i.value == "30m")
        timer.cursor_blink = False  # a picture must not depend on the moment
        timer.focus()
        await _press(pilot, "home", "delete", "6", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        _save(app, "lab", size)


async def _press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


def _past(home: Path) -> None:
    """Leave an earlier, perfect attempt at another scenario, as somebody might have who opens the app again."""
    policy = load_policy()
    scenario, rulebook = load_scenario("slow_analysis"), Rulebook(policy)
    transcript = reference_transcript(scenario, rulebook)
    result: Grade = grade(transcript, scenario, rulebook)
    assert transcript.header is not None
    log = TranscriptLog.begin(home, transcript.header)
    for line in transcript.lines:
        log.append(line)
    log.close()
    keep_grade(log.path, result.as_json())


def _save(app: DeskDrillApp, name: str, size: tuple[int, int]) -> None:
    svg = _FONT_FACE.sub("", app.export_screenshot(title="DeskDrill"))
    svg = re.sub(r"font-family:\s*Fira Code[^;]*;", f"font-family: {_FONT};", svg)
    # Rich numbers its classes by what was drawn before; one name keeps two runs the same.
    svg = re.sub(r"terminal-\d+-", f"{name}-{size[0]}-", svg)
    (FOLDER / f"{name}-{size[0]}x{size[1]}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
