"""Make the picture of the monthly report in ``docs/pictures``: two of its sections, as a browser shows the page.

Run ``python benchmarks/make_report_picture.py``. It needs Chromium, which is not installed with the project.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from policy import load_policy
from simulator import load_desk
from simulator.report import Order, as_html, make_report

PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "report.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SECTIONS = ("Escalation performance", "Where missed targets come from")
SIZE = "980,1560"
LARGEST = 200_000
"""Bytes of the picture."""


def main() -> int:
    """Make the picture; return 1 if there is no browser."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("Chromium is needed", file=sys.stderr)
        return 1
    report = make_report(load_policy(), load_desk("january_2025"), Order(workers=None))
    shown = replace(report, sections=tuple(one for one in report.sections if one.title in SECTIONS))
    assert len(shown.sections) == len(SECTIONS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        page = folder / "report.html"
        page.write_text(as_html(shown), encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={SIZE}"]
        places = [f"--user-data-dir={folder}/profile", f"--screenshot={folder}/report.png", page.as_uri()]
        subprocess.run([browser, *options, *places], check=True, capture_output=True, timeout=120)
        size = (folder / "report.png").stat().st_size
        if size > LARGEST:
            raise SystemExit(f"the picture has {size:,} bytes; at most {LARGEST:,}")
        shutil.copy(folder / "report.png", PICTURE)
    print(f"{PICTURE.name}: {size:,} bytes", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
