"""Ctrl+C, once and twice: the command ends at once, says so in a word, and leaves no process behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from policy import load_policy
from policy.errors import DeskDrillError
from simulator import farm as farms
from simulator import load_desk
from simulator.model import compile_model
from simulator.run import rules_of

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(__file__).parent / "data"
COMMANDS = (["tour", "--replications", "10000"], ["simulate", "--replications", "20000", "--workers", "2"])
SHORT = (("tour", 1.5, 0.15), ("simulate", 1.0, 0.0), ("simulate", 1.5, 0.15))


def _members(group: int) -> list[int]:
    """Return the processes of a group that are still running (no zombies)."""
    done = subprocess.run(["ps", "-eo", "pgid=,pid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    return [int(pid) for pgid, pid, state in rows if int(pgid) == group and not state.startswith("Z")]


@pytest.mark.parametrize(
    ("command", "after", "gap"),
    [
        pytest.param(
            command, after, gap, id=f"{command[0]}-{after}-{gap}",
            marks=() if (command[0], after, gap) in SHORT else pytest.mark.heavy,
        )
        for command in COMMANDS
        for after in (1.0, 1.5, 2.5)
        for gap in (0.0, 0.15, 0.4)
    ],
)  # fmt: skip
def test_a_second_ctrl_c_changes_nothing(command: list[str], after: float, gap: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "deskdrill", *command], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        time.sleep(after)
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(gap)
        with contextlib.suppress(ProcessLookupError):  # gone already
            os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=4)
        assert (process.returncode, err) == (130, b"\nStopped.\n")
        deadline = time.monotonic() + 2  # what keeps count of shared memory goes when it sees that we are gone
        while _members(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert _members(process.pid) == []
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def test_a_command_that_does_not_stop_is_stopped(tmp_path: Path) -> None:
    script = tmp_path / "stubborn.py"
    script.write_text(
        "import time\n"
        "from deskdrill.interrupt import stop_at_first_interrupt\n"
        "stop_at_first_interrupt()\n"
        "while True:\n"
        "    try:\n"
        "        print('ready', flush=True)\n"
        "        time.sleep(60)\n"
        "    except KeyboardInterrupt:\n"
        "        pass\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script)], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=5)
    assert (process.returncode, err) == (130, b"")


def test_the_code_is_ours_wherever_the_interrupt_breaks_in(tmp_path: Path) -> None:
    (tmp_path / "broken_into.py").write_text(
        "import sys\n"
        "from deskdrill import main\n"
        "main._run = lambda argv: exec('raise KeyboardInterrupt')\n"
        "sys.exit(main.main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "broken_into"], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (130, b"\nStopped.\n")


def test_a_process_that_dies_is_told_and_not_waited_for() -> None:
    model = compile_model(load_desk(DATA / "desk_small.yaml"), rules_of(load_policy(DATA / "desk_policy.yaml")))
    with farms.farm(model, 1, 2) as farm:
        months = farm.months([range(i, i + 1) for i in range(1000)])
        next(months)
        farm._processes[0].kill()
        with pytest.raises(DeskDrillError, match="a process that simulated months has died"):
            list(months)
    assert not any(process.is_alive() for process in farm._processes)
