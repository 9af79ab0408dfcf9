"""``deskdrill policy check``: what can be said against a policy, proved over every situation there can be."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from deskdrill.options import Commands, add_format, add_policy, command, policy_of
from deskdrill.output import Column, Table, as_json, make_folder, narrate, plain, rendered, write, write_file

if TYPE_CHECKING:
    from policy import Policy
    from policy.lint.findings import Finding, Report

_CHECK = """\
Each property is proved, refuted or not proved; docs/lint.md explains every code. A finding has a smallest situation in
which it shows; --examples writes these as files for "deskdrill policy verdict".
Exit code 1 if there are errors; warnings and notes leave it at 0."""

_WIDTH: Final = 80
"""Columns of a terminal, which lines of prose keep to."""


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
            write(_summary(policy, report) + _listed(report, files))
        else:
            write(rendered(_table(report, files), arguments.format))
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
    told = (
        policy.doc.title,
        f"{report.rules} rules loaded, {_deciding(policy)} of them decide something; "
        f"{len(policy.entries())} entries, each with a source.",
        f"{len(report.properties)} properties over {report.situations:,} situations: {proved}.",
        f"{', '.join(counted)}{silenced}.",
    )
    return "".join(f"{line}\n" for part in told for line in wrap(part, _WIDTH, subsequent_indent="  "))


def _listed(report: Report, files: dict[Finding, str]) -> str:
    """Return the findings for the eye: place, code and rule of each on a line, below it what is to be said."""
    heads = [(one.severity, _place(one), one.code) for one in report.findings]
    widths = [max(map(len, parts)) for parts in zip(*heads, strict=True)]
    indent = " " * (widths[0] + 2) if widths else ""
    lines = []
    for one, head in zip(report.findings, heads, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(head, widths, strict=True)]
        told = _said(one) if one.status == "REFUTED" else f"{one.status.capitalize()}: {_said(one)}"
        lines += ["", plain("  ".join((*cells, one.rule)), one_line=True).rstrip()]
        lines += wrap(plain(told, one_line=True), _WIDTH, initial_indent=indent, subsequent_indent=indent,
                      break_long_words=False, break_on_hyphens=False)  # fmt: skip
        lines += [f"{indent}Example: {files[one]}"] if one in files else []
    return "".join(f"{line}\n" for line in lines)


def _place(finding: Finding) -> str:
    return finding.file if finding.line is None else f"{finding.file}:{finding.line}"


def _table(report: Report, files: dict[Finding, str]) -> Table:
    """Return the findings as a table for programs and documents."""
    names = ["severity", "status", "line", "code", "rules", "message", "suggestion", "file"]
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
