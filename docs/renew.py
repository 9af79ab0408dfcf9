"""Renew what the documents quote: output of commands, and the table of verbs. ``make docs`` runs it.

A document marks what is renewed::

    <!-- output of: deskdrill --help -->
    <!-- output of: deskdrill play api_401 --actions first.jsonl | head -n 20 -->
    <!-- table of: deskdrill policy coverage --format md -->
    <!-- verbs -->
    <!-- variants -->
    <!-- vocabulary -->
    <!-- walk -->

The block that follows a mark is replaced; the last mark is about a whole page. Its ``console`` blocks are run from top
to bottom in one new folder, with the files that it shows (``<!-- file: NAME -->`` before a block). The JSON Schemas in
``docs/schema`` are renewed as well. With ``--check`` nothing is written, and the exit code is 1 if a document is out of
date.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/*.md", "docs/decisions/*.md")
ON_PAPER = {"COLUMNS": "80", "NO_COLOR": "1"}
SCHEMAS = ("policy", "overlay", "desk", "scenario")
_OUTPUT = re.compile(r"<!-- output of: (?P<command>.+?) -->\n+```text\n.*?```", re.DOTALL)
_VERBS = re.compile(r"<!-- verbs -->\n.*?<!-- end of verbs -->", re.DOTALL)
_WORDS = re.compile(r"<!-- vocabulary -->\n.*?<!-- end of vocabulary -->", re.DOTALL)
_TABLE = re.compile(r"<!-- table of: (?P<command>.+?) -->\n.*?<!-- end of table -->", re.DOTALL)
_STEP = re.compile(
    r"<!-- file: (?P<file>[\w.-]+) -->\n+```\w+\n(?P<content>.*?)```|```console\n(?P<console>.*?)```", re.DOTALL
)
_VARIANTS = re.compile(r"<!-- variants -->\n.*?<!-- end of variants -->", re.DOTALL)
_HEAD = re.compile(r"(?P<command>.*?)(?: \| head -n (?P<lines>\d+))?")


def documents() -> list[Path]:
    """Return the documents that may quote something."""
    return [path for pattern in DOCUMENTS for path in sorted(ROOT.glob(pattern))]


def renewed(text: str) -> str:
    """Return a document with every marked block as it is now."""
    text = _WORDS.sub(lambda _: f"<!-- vocabulary -->\n{vocabulary()}<!-- end of vocabulary -->", text)
    if "<!-- walk -->" in text:
        return walked(text)
    text = _OUTPUT.sub(lambda match: _block(match["command"]), text)
    text = _TABLE.sub(lambda match: _table(match["command"]), text)
    text = _VARIANTS.sub(lambda _: f"<!-- variants -->\n\n{variants()}\n<!-- end of variants -->", text)
    return _VERBS.sub(lambda _: f"<!-- verbs -->\n{verbs()}<!-- end of verbs -->", text)


def walked(text: str) -> str:
    """Return a page with every ``console`` block as it is now, run in order in a new folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def step(match: re.Match[str]) -> str:
            if match["file"]:
                (folder / match["file"]).write_text(match["content"], encoding="utf-8")
                return match[0]
            commands = [line[2:] for line in match["console"].splitlines() if line.startswith("$ ")]
            return "```console\n" + "\n".join(_said(one, folder) for one in commands) + "```"

        return _STEP.sub(step, text)


def _said(command: str, folder: Path) -> str:
    if command.startswith("cat "):
        return f"$ {command}\n{(folder / command[4:]).read_text(encoding='utf-8')}"
    bare, _, target = command.partition(" > ")
    output = output_of(bare, folder, told=True) if not target else output_of(bare, folder)
    if target:
        (folder / target).write_text(output, encoding="utf-8")
        output = ""
    return f"$ {command}\n{output}"


def schemas() -> dict[Path, str]:
    """Return the JSON Schemas by their files, as they are now."""
    return {
        ROOT / "docs" / "schema" / f"{kind}.schema.json": output_of(f"deskdrill policy schema --of {kind}")
        for kind in SCHEMAS
    }


def output_of(command: str, folder: Path = ROOT, *, told: bool = False) -> str:
    """Return what a command prints, run in a folder as on a terminal of 80 columns without colour.

    ``told`` puts what it says beside the result before it.
    """
    found = _HEAD.fullmatch(command)
    assert found is not None
    program, *arguments = shlex.split(found["command"])
    if program != "deskdrill":
        raise ValueError(f"only deskdrill is run here, not {program}")
    code, out, err = ran(arguments, folder)
    if code:
        raise ValueError(f"{command}: exit code {code}: {err.strip()}")
    lines = ((err if told else "") + out).splitlines()
    shown = "\n".join(lines[: int(found["lines"])] if found["lines"] else lines).rstrip()
    return f"{shown}\n" if shown else ""


def ran(arguments: list[str], folder: Path) -> tuple[int, str, str]:
    """Return the exit code of ``deskdrill`` with these arguments in a folder, its stdout and its stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "deskdrill", *arguments],
        cwd=folder,
        env=os.environ | ON_PAPER | {"PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def verbs() -> str:
    """Return the table of a transcript's verbs in Markdown."""
    from grading import VERBS  # noqa: PLC0415  (the path is set below when this runs as a script)

    rows = ["| verb | what it is | minutes | fields |", "| --- | --- | --- | --- |"]
    for verb in VERBS.values():
        cost = {"check": "the scenario's", "ask": "the scenario's, usually 1", "wait": "as many as it says"}
        fields = [
            f"`{field.name}`" + ("" if field.required else "?") + f" {KINDS[field.kind]}" for field in verb.fields
        ]
        minutes = cost.get(verb.name, f"{verb.minutes:g}")
        rows.append(f"| `{verb.name}` | {verb.label} | {minutes} | {' · '.join(fields) or 'none'} |")
    return "\n".join(rows) + "\n"


def vocabulary() -> str:
    """Return every word that a situation of the shipped policy may use, in Markdown."""
    from policy import load_policy  # noqa: PLC0415  (as above)
    from policy.situation import CLOCKS, STATUSES  # noqa: PLC0415
    from policy.situation_file import STATES  # noqa: PLC0415

    policy = load_policy()
    v = policy.doc.vocabulary
    labelled = {
        "Plans": v.plans,
        "Tiers": {name: tier.label for name, tier in policy.tiers.items()},
        "Priorities": {name: one.label for name, one in policy.priorities.items()},
        "Signals": v.signals,
        "Checks": v.checks,
        "Counts": v.counts,
        "Categories": {name: one.label for name, one in v.categories.items()},
        "Acts": {name: act.label for name, act in v.acts.items()},
        "Roles": {name: role.label for name, role in v.roles.items()},
        "Channels": v.channels,
        "Contents": {name: content.label for name, content in v.contents.items()},
        "Notices, as contents": {name: notice.title for name, notice in policy.notices.items()},
    }
    parts = []
    for title, words in labelled.items():
        parts.append(f"\n### {title}\n\n" + "\n".join(f"- `{name}`: {label}" for name, label in words.items()) + "\n")
    closed = {"States of a ticket": STATUSES, "Clocks": CLOCKS, "States of a clock": STATES}
    closed["Calendars"] = tuple(policy.calendars)
    for title, names in closed.items():
        parts.append(f"\n### {title}\n\n" + ", ".join(f"`{name}`" for name in names) + "\n")
    return "".join(parts) + "\n"


def variants() -> str:
    """Return the table of the variants in Markdown."""
    from policy.overlays import list_overlays  # noqa: PLC0415  (as above)

    rows = ["| name | what the policy then says | why |", "|---|---|---|"]
    rows += [f"| `{one.name}` | {one.doc.says} | {one.doc.why} |" for one in list_overlays()]
    return "\n".join(rows) + "\n"


KINDS = {
    "word": "name",
    "words": "names",
    "text": "text",
    "form": "form",
    "minutes": "number",
}


def _block(command: str) -> str:
    return f"<!-- output of: {command} -->\n\n```text\n$ {command}\n{output_of(command)}```"


def _table(command: str) -> str:
    return f"<!-- table of: {command} -->\n\n{output_of(command)}\n<!-- end of table -->"


def main() -> int:
    """Renew the documents, or check them with ``--check``; return the exit code."""
    checking = "--check" in sys.argv[1:]
    stale = []
    texts = {path: renewed(path.read_text(encoding="utf-8")) for path in documents()} | schemas()
    for path, after in texts.items():
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if after != before:
            stale.append(str(path.relative_to(ROOT)))
            if not checking:
                path.write_text(after, encoding="utf-8")
    for name in stale:
        print(f"{name}: {'is out of date; run make docs' if checking else 'renewed'}", file=sys.stderr)
    return 1 if checking and stale else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
