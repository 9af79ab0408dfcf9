"""The page ``docs/your-own-policy.md``: every command on it is run, and its output is what the page shows."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_command_of_the_page_prints_what_the_page_shows() -> None:
    spec = importlib.util.spec_from_file_location("renew", ROOT / "docs" / "renew.py")
    assert spec is not None
    assert spec.loader is not None
    renew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(renew)
    page = (ROOT / "docs" / "your-own-policy.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^\$ deskdrill ", page, re.MULTILINE)) >= 8
    assert renew.walked(page) == page
