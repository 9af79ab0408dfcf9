"""What ``policy check`` prints: every finding with its place, on lines that fit a terminal."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from deskdrill.main import main

WIDTH = 80
BROKEN = Path(__file__).parent / "data" / "broken"


def test_every_finding_is_told_with_its_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a stack of overlays, a line alone would not say of which file it is."""
    monkeypatch.chdir(tmp_path)
    head = "overlay: mine\nof: secureai\nsays: x\nwhy: x\nchanges:\n"
    (tmp_path / "mine.yaml").write_text(head + "  vocabulary: {signals: {$add: {full_moon: x}}}\n", encoding="utf-8")
    stack = ("policy", "check", "--policy", "secureai+./mine.yaml")
    assert main([*stack, "--examples", "found"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("note     mine.yaml:6 ") and line.endswith("full_moon") for line in lines)
    assert any(line.startswith("warning  secureai.yaml:") for line in lines)
    assert max(map(len, lines)) <= WIDTH
    assert main([*stack, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    places = [line.split()[1] for line in lines if line.startswith(("warning  ", "note  "))]
    assert places == [f"{one['file']}:{one['line']}" for one in found]
    told = " ".join(" ".join(lines).split())
    for one in found:
        assert one["message"].removeprefix(f"{one['rules'][0]}: ") in told
    assert told.count("Not proved: ") == sum(one["status"] == "NOT PROVED" for one in found) > 0
    assert told.count("Example: ") == len(list((tmp_path / "found").iterdir()))


def test_programs_get_a_row_each(capsys: pytest.CaptureFixture[str]) -> None:
    stack = f"{BROKEN / 'bakery.yaml'}+{BROKEN / 'duplicate-rule.yaml'}"
    assert main(["policy", "check", "--policy", stack, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {"severity", "status", "file", "line", "code", "rules", "message", "suggestion"} == set(rows[0])
    assert all(row["file"] and row["line"] for row in rows)
