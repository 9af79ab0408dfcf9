"""Make the pictures of the printed handbook in ``docs/pictures``: first page, a role, the matrix, a protocol.

Run ``python benchmarks/make_handbook_pictures.py``. It needs Chromium and the tools of Poppler (``pdftoppm``,
``pdftotext``), which are not installed with the project. The handbook is printed on A4 as a reader would print it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from policy import load_policy
from policy.handbook import handbook_html

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DOTS_PER_INCH = 80
LARGEST = 250_000
"""Bytes of a picture."""
PAGES = {"first": "Escalation procedure", "role": "You are Tier 1", "matrix": "The escalation matrix"}
"""A picture's name, and the heading with which its page begins (the first page's second line)."""
PROTOCOL = "P1 (critical): what is due when"
"""Stands below the picture of the protocol, somewhere on its page."""


def main() -> int:
    """Make all pictures; return 1 if a tool is missing or a page is not found."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None or not (shutil.which("pdftoppm") and shutil.which("pdftotext")):
        print("Chromium, pdftoppm and pdftotext are needed", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        printed = _print(browser, Path(folder))
        text = subprocess.run(["pdftotext", "-layout", printed, "-"], capture_output=True, text=True, check=True).stdout
        pages = text.split("\f")
        for name, heading in (PAGES | {"protocol": PROTOCOL}).items():
            lines = None if name == "protocol" else 5
            found = [i for i, page in enumerate(pages, 1) if heading in map(str.strip, page.split("\n")[:lines])]
            if not found:
                print(f'no page has "{heading}" where it is looked for', file=sys.stderr)
                return 1
            _picture(printed, found[0], FOLDER / f"handbook-{name}.png")
    return 0


def _print(browser: str, folder: Path) -> Path:
    """Return the handbook as PDF."""
    page, printed = folder / "handbook.html", folder / "handbook.pdf"
    page.write_text(handbook_html(load_policy()), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    places = [f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}", page.as_uri()]
    command = [browser, *options, *places]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return printed


def _picture(printed: Path, page: int, target: Path) -> None:
    """Write one page of the PDF as PNG."""
    number = str(page)
    stem = str(target.with_suffix(""))
    command = ["pdftoppm", "-f", number, "-l", number, "-r", str(DOTS_PER_INCH), "-png", "-singlefile", printed, stem]
    subprocess.run(command, check=True)
    size = target.stat().st_size
    if size > LARGEST:
        raise SystemExit(f"{target.name} has {size:,} bytes; at most {LARGEST:,}")
    print(f"{target.name}: page {page}, {size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
