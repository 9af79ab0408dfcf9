"""A report in Markdown. A chart is left out: the table behind it says the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

from simulator.report.model import Block, Points, Report, Section, Table, Text

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_LIST = re.compile(r"(#|[-+] |\d+[.)] )")


def as_markdown(report: Report) -> str:
    """Return a report in Markdown, ending in a line end."""
    lines = [f"# {escaped(report.organisation)}: {escaped(report.title)}", ""]
    lines += ["  \n".join(map(escaped, report.about)), ""]
    for section in report.sections:
        lines += _section(section)
    return "\n".join(lines).rstrip() + "\n"


def _section(section: Section) -> Iterator[str]:
    yield from (f"## {escaped(section.title)}", "")
    for block in section.blocks:
        lines = list(_block(block))
        yield from lines
        if lines:
            yield ""


def _block(block: Block) -> Iterator[str]:
    match block:
        case Text(text, small):
            yield f"*{escaped(text)}*" if small else escaped(text)
        case Points(items, numbered):
            for number, item in enumerate(items, 1):
                lead = f"**{escaped(item.lead)}:** " if item.lead else ""
                yield f"{f'{number}.' if numbered else '-'} {lead}{escaped(item.text)}"
        case Table():
            yield from _table(block)


def _table(table: Table) -> Iterator[str]:
    yield from (f"**{escaped(table.caption)}**", "")
    yield f"| {' | '.join(map(escaped, table.heads))} |"
    yield f"|{'|'.join('---' if place < table.left else '---:' for place in range(len(table.heads)))}|"
    for row in table.rows:
        yield f"| {' | '.join(map(escaped, row))} |"


def escaped(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    line = " ".join("".join(one if one.isprintable() or one.isspace() else "?" for one in text).split())
    shown = _SPECIAL.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    found = _LIST.match(shown)
    if found is None:
        return shown
    at = found.end() - 2 if shown[0].isdigit() else 0  # before the point of a number, else before the sign itself
    return f"{shown[:at]}\\{shown[at:]}"
