"""The documents quote the program: what they show is what it prints."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from deskdrill.main import main
from grading import VERBS, read_transcript
from grading.vocabulary import recipient, tags
from policy import load_policy

ROOT = Path(__file__).resolve().parent.parent


def _renew() -> ModuleType:
    spec = importlib.util.spec_from_file_location("renew", ROOT / "docs" / "renew.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["renew"] = module
    spec.loader.exec_module(module)
    return module


renew = _renew()


def ran_here(arguments: list[str], folder: Path) -> tuple[int, str, str]:
    """Do what ``renew.ran`` does without a process for each command."""
    with (
        pytest.MonkeyPatch.context() as patched,
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        for name, value in renew.ON_PAPER.items():
            patched.setenv(name, value)
        patched.chdir(folder)
        patched.setattr(sys, "stdin", io.StringIO())
        return main(arguments), out.getvalue(), err.getvalue()


@pytest.mark.parametrize("path", renew.documents(), ids=lambda p: p.name)
def test_what_a_document_quotes_is_current(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if path.name != "README.md":  # one document in the way in which they are all renewed
        monkeypatch.setattr(renew, "ran", ran_here)
    text = path.read_text(encoding="utf-8")
    assert renew.renewed(text) == text, "run make docs"


def test_the_page_on_a_policy_of_ones_own_is_walked() -> None:
    page = (ROOT / "docs" / "your-own-policy.md").read_text(encoding="utf-8")
    assert "<!-- walk -->" in page
    assert len(re.findall(r"^\$ deskdrill ", page, re.MULTILINE)) >= 8


def test_the_readme_shows_help_and_an_example() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(re.findall("<!-- output of: ", text)) >= 2
    assert "$ deskdrill --help" in text


@pytest.mark.parametrize("path", renew.documents(), ids=lambda p: p.name)
def test_links_and_pictures_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_the_document_on_transcripts_has_an_example_of_every_verb() -> None:
    text = (ROOT / "docs" / "transcript.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    lines = [json.loads(line) for block in blocks for line in block.splitlines()]
    assert {line["do"] for line in lines if "do" in line} == set(VERBS)
    policy = load_policy()
    for block in blocks:
        transcript = read_transcript(block)
        assert transcript.warnings == ()
        for act in transcript.acts:
            tags(act, policy)
            recipient(act, policy, "T1")
