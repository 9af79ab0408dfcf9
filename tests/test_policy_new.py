"""``policy new``: what it writes passes the check, simulates and drills, and nothing is ever written over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deskdrill.main import main
from grading import grade, reference_transcript
from policy import Rulebook, load_policy
from policy.lint.report import lint
from scenarios import load_scenario
from simulator import load_desk, simulate

SHAPE = (2, 3)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_skeleton_is_small_and_passes_the_check(folder: Path) -> None:
    assert main(["policy", "new", "acme.yaml"]) == 0
    assert [path.name for path in folder.iterdir()] == ["acme.yaml"]
    policy = load_policy(folder / "acme.yaml")
    assert policy.name == "acme"
    assert (len(policy.tiers), len(policy.priorities)) == SHAPE
    assert len(policy.notices) == 1
    assert policy.contacts
    report = lint(policy)
    assert {one.severity for one in report.findings} <= {"note"}
    text = (folder / "acme.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=policy.schema.json\n")


def test_the_walk_makes_every_schema_that_the_files_name(folder: Path) -> None:
    assert main(["policy", "new", "a.yaml", "--desk", "d.yaml", "--scenario", "s.yaml"]) == 0
    walk = (Path(__file__).parent.parent / "docs" / "your-own-policy.md").read_text(encoding="utf-8")
    for file in folder.iterdir():
        name = file.read_text(encoding="utf-8").splitlines()[0].partition("$schema=")[2]
        kind = name.removesuffix(".schema.json")
        of = "" if kind == "policy" else f" --of {kind}"
        assert f"$ deskdrill policy schema{of} > {name}\n" in walk


def test_it_simulates_and_drills(folder: Path) -> None:
    assert main(["policy", "new", "a.yaml", "--desk", "d.yaml", "--scenario", "s.yaml"]) == 0
    policy, scenario = load_policy("./a.yaml"), load_scenario("./s.yaml")
    result = simulate(policy, load_desk("d.yaml"), replications=3, seed=1, workers=1).as_json()["metrics"]
    assert result["tickets"]["mean"] > 100
    assert result["escalations_t1_t2"]["mean"] > 10
    assert "escalations_t2_t3" not in result  # a house of two tiers
    assert "escalations_t2_management" in result
    book = Rulebook(policy)
    perfect = reference_transcript(scenario, book)
    assert [act.verb for act in perfect.acts] == ["set_priority", "reply", "check", "check", "escalate", "confirm"]
    graded = grade(perfect, scenario, book)
    assert graded.score == 100
    assert set(graded.dimensions) == {"priority", "timing", "process", "decision", "hand-off"}


def test_nothing_is_written_over_and_all_or_nothing_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "mine.yaml").write_text("precious")
    (folder / "link.yaml").symlink_to("nowhere")
    for arguments in (["mine.yaml"], ["link.yaml"], ["new.yaml", "--desk", "mine.yaml"]):
        assert main(["policy", "new", *arguments]) == 2
        assert "is there already; it is not written over" in capsys.readouterr().err
    assert main(["policy", "new", "new.yaml", "--desk", "new.yaml"]) == 2
    assert main(["policy", "new", "new.txt"]) == 2
    assert main(["policy", "new", "new.yaml", "--desk", "no/such/folder.yaml"]) == 2
    assert (folder / "mine.yaml").read_text() == "precious"
    assert sorted(path.name for path in folder.iterdir()) == ["link.yaml", "mine.yaml"]


@pytest.mark.parametrize(("file", "name"), [
    ("Acme Corp.yaml", "acme_corp"), ("2nd.yaml", "own_desk"), ("ä.yaml", "own_desk"), ("a.b.yml", "a_b"),
])  # fmt: skip
def test_the_policy_is_named_after_its_file_where_that_is_a_name(folder: Path, file: str, name: str) -> None:
    assert main(["policy", "new", file]) == 0
    assert load_policy(folder / file).name == name


def test_origins_are_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def shown(*arguments: str) -> str:
        assert main(["policy", "show", "--origin", *arguments]) == 0
        return capsys.readouterr().out

    stack = ("--policy", "secureai+t1-45m+checklist-trimmed", "--set", "policy.tiers.T1.no_progress=50m")
    lines = shown("tiers.T1.no_progress", *stack, "--format", "csv").splitlines()
    assert lines[1] == "tiers.T1.no_progress,50m,--set policy.tiers.T1.no_progress=50m,"
    assert lines[2].startswith("tiers.T1.no_progress,45m,variants/t1-45m.yaml:")
    assert lines[3].startswith("tiers.T1.no_progress,30m,secureai.yaml:")
    assert [line.rpartition(",")[2] for line in lines[2:]] == ["replaced", "replaced"]
    (found,) = json.loads(shown("tiers.T1.no_progress", *stack, "--format", "json"))
    assert [one["value"] for one in (found, *found["replaced"])] == ["50m", "45m", "30m"]  # the newest first, as above
    everything = shown(*stack)
    assert "workflow.checklist.sla  " in everything
    assert "(removed)" in everything
    assert "(removed)" in shown("workflow.checklist.sla", *stack)
    assert "secureai.yaml:" in shown("p1.war_room", *stack)
    assert shown() == "Every value is the policy file's own.\n"
    assert main(["policy", "show", "--origin", "tiers.T1.no_progres"]) == 2
    assert 'did you mean "tiers.T1.no_progress"?' in capsys.readouterr().err
