"""``docs/desk.md``: its ten lines are a desk that works, and it explains every key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskdrill.own_policy import schema
from policy import load_policy
from policy.errors import InputError
from policy.yaml_source import load_yaml
from simulator import load_desk, simulate

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "desk.md").read_text(encoding="utf-8")


def ten_lines() -> str:
    found = re.search(r"<!-- ten lines -->\n+```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_ten_lines_are_ten_and_a_desk_that_works(tmp_path: Path) -> None:
    assert len(ten_lines().splitlines()) == 10
    (tmp_path / "desk.yaml").write_text(ten_lines(), encoding="utf-8")
    month = simulate(load_policy("secureai"), load_desk(tmp_path / "desk.yaml"), replications=3, seed=1)
    assert month.estimate("tickets").mean > 300
    assert month.estimate("escalations").mean > 10


def test_they_are_those_that_desk_new_writes() -> None:
    written = load_yaml(ROOT / "deskdrill" / "examples" / "own" / "ten_lines.yaml").data
    assert load_yaml(ten_lines(), name="ten lines").data == written


@pytest.mark.parametrize("line", range(10))
def test_what_is_said_to_be_required_is_required(tmp_path: Path, line: int) -> None:
    lines = ten_lines().splitlines(keepends=True)
    key = lines[line].split(":")[0]
    if key.startswith(" "):
        return
    kept = [one for n, one in enumerate(lines) if n != line and not (key == "categories" and one.startswith(" "))]
    (tmp_path / "desk.yaml").write_text("".join(kept), encoding="utf-8")
    if key in ("name", "title", "period", "demand", "staffing"):
        with pytest.raises(InputError, match="missing" if key != "staffing" else "staffing"):
            load_desk(tmp_path / "desk.yaml")
    elif key != "costs":
        assert load_desk(tmp_path / "desk.yaml").tiers == ("T1", "T2", "T3")


def keys() -> Iterator[tuple[str, str]]:
    found = schema("desk")
    for name, part in [("Desk", found), *found["$defs"].items()]:
        for key in part.get("properties", {}):
            yield name, key


@pytest.mark.parametrize(("part", "key"), list(keys()))
def test_every_key_is_explained(part: str, key: str) -> None:
    told = " ".join(cell for line in PAGE.splitlines() if line.startswith("| `") for cell in [line.split("|")[1]])
    if part == "Time":
        told = PAGE  # explained once, under the kinds of value
    if part == "Week":
        assert "demand.hour_weights.mon" in told
        return
    assert re.search(rf"[`.\]]{key}\b", told) or re.search(rf"\{{.*\b{key}\b.*\}}", told), key


def test_every_key_has_a_unit_and_a_source() -> None:
    """Every row of a table of keys is filled in; what is not used in the shipped desk says so."""
    rows = [line.strip().strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
    keys_ = [row for row in rows if len(row) != 2]
    assert len(keys_) > 90
    for row in keys_:
        assert len(row) == 5, row
        assert all(cell.strip() for cell in row), row
        assert row[4].split()[0].rstrip(":,;") in ("report", "policy", "assumed", "calibrated", "off", "T1"), row
