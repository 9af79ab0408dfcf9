"""The house itself: what each room exports, what it may load, how large its parts are, what is shipped."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys
import types
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from policy import load_policy

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("policy", "simulator", "scenarios", "grading", "tui", "deskdrill")
MODULES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
LONGEST = 450
HEADLESS = (
    ["--help"],
    ["policy", "show"],
    ["policy", "check", "--policy", "tests/data/broken/bakery.yaml"],
    ["policy", "render"],
    ["scenario", "list"],
    ["scenario", "reference", "api_401"],
    ["play", "api_401", "--actions", "deskdrill/examples/api_401_first_try.jsonl"],
    ["simulate", "--replications", "1"],
    ["doctor"],
)


@pytest.mark.parametrize("command", HEADLESS, ids=" ".join)
def test_a_headless_command_never_loads_the_app(command: list[str]) -> None:
    code = (
        "import sys; from deskdrill.main import main; code = main(sys.argv[1:]); "
        "print(sorted({'textual', 'rich'} & set(sys.modules)), code, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr.splitlines()[-1:] == ["[] 0"], done.stderr


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from deskdrill.main import main; main(['--help']); "
        "print(sorted({'policy', 'simulator', 'grading', 'numpy', 'pydantic', 'yaml'} & set(sys.modules)), "
        "file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr.strip() == "[]"


def test_modules_have_one_subject_and_a_bearable_length() -> None:
    too_long = {str(path): n for path in MODULES if (n := len(path.read_text().splitlines())) >= LONGEST}
    assert too_long == {}
    assert [str(p) for p in MODULES if p.stem in ("utils", "util", "helpers", "misc", "common")] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is_for_and_exports_what_it_lists(room: str) -> None:
    module = importlib.import_module(room)
    assert module.__doc__
    listed = module.__all__
    assert len(set(listed)) == len(listed)
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, types.ModuleType)
        and getattr(value, "__module__", room).split(".")[0] in ROOMS
    }
    assert public == set(listed)


@pytest.mark.parametrize("room", ROOMS)
def test_the_reading_order_of_a_room_names_its_files(room: str) -> None:
    said = importlib.import_module(room).__doc__ or ""
    for path in (ROOT / room).glob("*.py"):
        if path.stem != "__init__":
            assert re.search(rf"``{path.stem}``", said), f"{room}/__init__.py does not mention {path.name}"


def _literals(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the string literals of a module with their lines, docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def test_no_rule_id_occurs_in_the_code() -> None:
    ids = {entry.id for entry in load_policy().entries()}
    assert len(ids) > 200
    found = re.compile("|".join(rf"(?<![\w.]){re.escape(one)}(?![\w.])" for one in sorted(ids, key=len, reverse=True)))
    offences = [
        f"{path.relative_to(ROOT)}:{line}: {match[0]}"
        for path in MODULES
        for line, text in _literals(path)
        if (match := found.search(text))
    ]
    assert offences == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_every_room(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    here = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped == here
    for pattern in ("policy/secureai.yaml", "scenarios/data/*.yaml", "simulator/desks/*.yaml", "tui/*.tcss"):
        assert any(fnmatch(name, pattern) for name in shipped), pattern


def test_what_the_wheel_installs_works_without_the_project(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        "import sys, policy, deskdrill.main as m; print(policy.__file__, file=sys.stderr); "
        "sys.exit(m.main(['tour', '--replications', '2', '--workers', '1']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(str(tmp_path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a space in its name, the Makefile and a stand-in for Python that tells its arguments."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    python = folder / "python"
    python.write_text(
        '#!/bin/sh\necho "$@" >> told\n'
        'case "$*" in *venv*) mkdir -p .venv/bin; cp "$0" .venv/bin/python;; *hatchling*) [ ! -f broken ];; esac\n'
    )
    python.chmod(0o755)
    return folder


def _make(folder: Path, target: str = "run") -> tuple[int, list[str]]:
    """Run make there; return its exit code and what Python was asked to do."""
    told = folder / "told"
    told.unlink(missing_ok=True)
    command = ["make", target, f"PYTHON={folder / 'python'}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    return done.returncode, [line for line in told.read_text().splitlines() if "version_info" not in line]


def test_make_installs_once_and_then_only_runs(folder: Path) -> None:
    code, told = _make(folder)
    assert code == 0
    assert [line.split()[:3] for line in told] == [
        ["-m", "venv", "--clear"],
        ["-m", "pip", "install"],
        ["-m", "pip", "install"],
        ["-m", "deskdrill"],
    ]
    assert all("-c constraints.txt" in line for line in told if "pip" in line)
    assert _make(folder) == (0, ["-m deskdrill"])


def test_make_begins_afresh_after_an_interruption_and_in_another_place(folder: Path) -> None:
    (folder / "broken").touch()
    code, told = _make(folder)
    assert code == 2
    assert "-m deskdrill" not in told
    (folder / "broken").unlink()
    assert len(_make(folder)[1]) == 4
    moved = folder.rename(folder.parent / "another folder")
    assert len(_make(moved)[1]) == 4
    assert _make(moved) == (0, ["-m deskdrill"])


def test_make_test_runs_every_check(folder: Path) -> None:
    _make(folder)
    code, told = _make(folder, "test")
    assert code == 0
    for tool in ("ruff check", "mypy", "importlinter", "pytest"):
        assert any(tool in line for line in told), tool
