"""docs/evidence.md is written section by section, and says what was missed."""

from __future__ import annotations

import argparse
import platform
import re
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import audit, desk, evidence


def test_a_section_is_renewed_and_the_others_stay() -> None:
    page = evidence.renewed(evidence.HEAD, "speed", "Speed", ["slow"], "*then*")
    page = evidence.renewed(page, "growth", "Growth", ["large \\1"], "*then*")
    again = evidence.renewed(page, "speed", "Speed", ["fast \\g<0>"], "*now*")
    assert again == page.replace("slow\n\n*then*", "fast \\g<0>\n\n*now*")
    assert again.index("## Speed") < again.index("## Growth")
    assert again.startswith(evidence.HEAD)


def test_only_what_was_asked_for_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def section(name: str, met: bool) -> None:
        def measure(given: argparse.Namespace) -> evidence.Section:
            asked.append(name)
            return [f"{name} was measured"], met

        monkeypatch.setitem(evidence.SECTIONS, name, (name.title(), measure, ("numpy", "no-such-package")))

    section("speed", met=True)
    section("growth", met=False)
    page = tmp_path / "evidence.md"
    assert evidence.main(["speed", "--to", str(page)]) == 0
    assert evidence.main(["growth", "--to", str(page)]) == 1
    assert asked == ["speed", "growth"]
    text = page.read_text(encoding="utf-8")
    assert "speed was measured" in text
    assert "growth was measured" in text
    assert "no-such-package" not in text
    assert platform.node() not in text
    with pytest.raises(SystemExit):
        evidence.main(["spede"])


def test_a_goal_that_was_missed_or_not_measured_says_so() -> None:
    goals = [desk.Judged("one", 4.25, ">= 4", True), desk.Judged("two", 3.0, ">= 4", False),
             desk.Judged("three", None, ">= 4", False)]  # fmt: skip
    assert evidence.table(["", "measured", "goal", ""], evidence.judged_rows(goals)) == [
        "|  | measured | goal |  |",
        "| --- | ---: | ---: | ---: |",
        "| one | 4.250 | >= 4 | met |",
        "| two | 3.000 | >= 4 | **missed** |",
        "| three | not measured | >= 4 | open |",
    ]


def test_theory_is_summed_up_by_kind() -> None:
    rows = [
        {"case": 0, "name": "M/M/1", "metric": "Wq", "exact": 2.0, "ci": [1.9, 2.1], "inside": True},
        {"case": 1, "name": "M/M/1", "metric": "Wq", "exact": 4.0, "ci": [4.1, 4.2], "inside": False},
        {"case": 2, "name": "M/G/1", "metric": "Wq", "exact": 0.0, "ci": None, "inside": None},
    ]
    assert evidence.by_kind(rows) == [["M/M/1", "2", "1", "5.0 %"], ["M/G/1", "1", "0", "-"]]


class Told:
    """An audit whose results are told, not measured."""

    def __init__(self, missed: int = 0, disagree: int = 0, found_as: dict[str, int] | None = None) -> None:
        self.missed, self.disagree, self.found_as = missed, disagree, found_as or {"premature": 4}

    def kept(self, months: int, *, free: bool = True) -> audit.Kept:
        act = ("remind", None, None, None)
        counted = Counter({"remind": self.missed}) if self.missed else Counter()
        excused = Counter({"nobody was there": 2})
        return audit.Kept(months, 1000, {"remind": {act}}, Counter({"remind": 1234}), counted, excused)

    def removed(self, months: int, most: int | None, sample: int) -> list[audit.Removed]:
        assert months == (1 if most else 4)
        asked, sync = ("ask", None, None, None), ("sync", None, None, None)
        return [
            audit.Removed(("remind", None, None, None), 1, 40, 38, 10, self.disagree, 0),
            audit.Removed(asked, months, 7, 0, 2, 0, 0),
            audit.Removed(sync, months, 7, 0, 2, self.disagree, 0),
        ]

    def slips(self) -> list[audit.Slipped]:
        return [audit.Slipped("premature", 5, self.found_as, frozenset({"premature"}))]


@pytest.mark.parametrize(
    ("told", "met"),
    [
        (Told(), True),
        (Told(missed=3), False),
        (Told(disagree=1), False),
        (Told(found_as={"premature": 4, "late": 1}), False),
        (Told(found_as={"late": 1}), False),
    ],
)
def test_the_audit_s_section_says_what_was_found(told: Told, met: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "Measuring", lambda: told)
    for short in (False, True):
        lines, good = evidence.audited(argparse.Namespace(short=short, months=4))
        page = "\n".join(lines)
        assert good == met
        assert ("**missed**" in page) != met
        assert ("short form" in page) == short
        assert f"| remind | 1 | 1,234 | {told.missed} | 0 |" in page
        assert f"| remind | 40 | 38 | 0 | {told.disagree} of 10 |" in page
        assert "nobody was there (2)" in page
        assert "| ask | 7 | 0 | 0 | 0 of 2 | never came due |" in page  # and that is no goal met
        assert ("| sync | 7 | 0 | 0 | 0 of 2 | never came due |" in page) == (not told.disagree)
        assert f"{1 + (told.disagree > 0)} kinds came due" in " ".join(page.split())


def test_no_benchmark_needs_the_tests() -> None:
    # Ciw brings a package of the name "tests", and ours would not be found beside it.
    for path in sorted(Path(evidence.__file__).parent.rglob("*.py")):
        assert not re.search(r"^(from|import) tests\b", path.read_text(encoding="utf-8"), re.MULTILINE), path
