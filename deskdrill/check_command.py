"""``deskdrill policy check``: what can be said against a policy, proved over every situation there can be."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from deskdrill.options import Commands, add_format, add_policy, command, policy_of
from deskdrill.output import Column, Table, as_json, make_folder, narrate, rendered, write, write_file

if TYPE_CHECKING:
    from policy import Policy
    from policy.lint.findings import Finding, Report

_CHECK = """\
Each property is proved, refuted or not proved; docs/lint.md explains every code. A finding has a smallest situation in
which it shows; --examples writes these as files for "deskdrill policy verdict".
Exit code 1 if there are errors; warnings and notes leave it at 0."""


def add(commands: Commands) -> None:
    """Add the command to those of ``deskdrill policy``."""
    check = command(commands, "check", "Check a policy, and report what to look at", run_check, _CHECK)
    check.add_argument("--examples", metavar="DIR", type=Path, help="write each finding's situation to a file in DIR")
    add_policy(check)
    add_format(check)


def run_check(arguments: argparse.Namespace) -> int:
    """Print what was proved and what is to be said against a policy."""
    from policy.lint.report import lint

    policy = policy_of(arguments)
    if arguments.examples is not None:
        make_folder(arguments.examples)
    report = lint(policy)
    files = _write_examples(arguments.examples, report) if arguments.examples is not None else {}
    if arguments.format == "json":
        write(as_json(_whole(policy, report)))
    else:
        if arguments.format == "table":
            write(_summary(policy, report))
        table = rendered(_table(report, files, arguments.format), arguments.format)
        if arguments.format != "table" or report.findings:
            write(("\n" if arguments.format == "table" else "") + table)
    if files:
        narrate(f"Wrote {_counted(len(files), 'situation')} to {arguments.examples}.")
    return 1 if report.count("error") else 0


def _whole(policy: Policy, report: Report) -> dict[str, object]:
    counts = {f"{name}s": report.count(name) for name in ("error", "warning", "note")}
    return {
        "policy": policy.name,
        "digest": policy.digest,
        "entries": len(policy.entries()),
        "deciding": _deciding(policy),
        "rules": report.rules,
        "situations": report.situations,
        **counts,
        "findings": [asdict(one) for one in report.findings],
        "silenced": [asdict(one) for one in report.silenced],
        "properties": [asdict(one) for one in report.properties],
    }


def _summary(policy: Policy, report: Report) -> str:
    counts = Counter(one.status for one in report.properties)
    proved = ", ".join(f"{number} {status.lower()}" for status, number in sorted(counts.items(), reverse=True))
    counted = [_counted(report.count("error"), "error"), _counted(report.count("warning"), "warning"),
               _counted(report.count("note"), "note")]  # fmt: skip
    silenced = f"; {_counted(len(report.silenced), 'finding')} silenced by the policy" if report.silenced else ""
    return (
        f"{policy.doc.title}\n"
        f"{report.rules} rules loaded, {_deciding(policy)} of them decide something; "
        f"{len(policy.entries())} entries in all, each with its source.\n"
        f"{len(report.properties)} properties over {report.situations:,} situations: {proved}.\n"
        f"{', '.join(counted)}{silenced}.\n"
    )


def _table(report: Report, files: dict[Finding, str], form: str) -> Table:
    """Return the findings as a table; people get one rule and no suggestions, or a line would be too long to read."""
    names = ["severity", "status", "line", "code"]
    names += ["rule", "message"] if form == "table" else ["rules", "message", "suggestion", "file"]
    columns = [Column(name, right=name == "line") for name in (*names, *(["example"] if files else []))]
    rows = []
    for one in report.findings:
        told = {"message": _said(one), "rules": ", ".join(one.rules), "example": files.get(one, "")}
        rows.append([told.get(column.name, getattr(one, column.name, None)) for column in columns])
    return Table(columns, rows)


def _said(finding: Finding) -> str:
    """Return the message of a finding without the id, which stands in a column of its own."""
    return finding.message.removeprefix(f"{finding.rule}: ")


def _write_examples(folder: Path, report: Report) -> dict[Finding, str]:
    """Write the situations of findings, and return the name of each file."""
    files: dict[Finding, str] = {}
    for number, one in enumerate((f for f in report.findings if f.example is not None), start=1):
        assert one.example is not None
        name = f"{number:02d}-{one.code}.yaml"
        head = "".join(f"# {line}\n" for line in (one.message, f"{one.code}, {one.file}:{one.line}"))
        write_file(folder / name, head + one.example)
        files[one] = name
    return files


def _deciding(policy: Policy) -> int:
    return sum(bool(r.define or r.obliges or r.permits or r.forbids or r.pauses) for r in policy.rules)


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
