"""The handbook: the policy printed as people read it, in Markdown.

Every statement of the catalogue appears with its id, so that a verdict or a debrief that cites it can be looked up.
Figures are filled in from the policy: change one there and its sentences change here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policy.document import ContactDoc, GroupDoc, NoticeDoc, ObligeDoc, RuleDoc
from policy.durations import parse_duration
from policy.loading import Policy


def handbook_markdown(policy: Policy) -> str:
    """Return the whole handbook, ending in a line end."""
    parts = [
        _title(policy),
        _priorities(policy),
        _tiers(policy),
        *(_group(policy, group) for group in policy.doc.groups),
        _contacts(policy),
        _notices(policy),
        _metrics(policy),
        _reports(policy),
        _settlements(policy),
        _index(policy),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _title(policy: Policy) -> str:
    doc = policy.doc
    lines = [
        f"# {doc.organisation}: {doc.title[:1].lower()}{doc.title[1:]}",
        "",
        f"Version {doc.version}, in force from {doc.effective_from}.",
        "",
        "Each statement ends with its id. *Assumed* marks what the written procedure leaves open and this house has "
        "settled; the reason stands with it. Times count business hours unless a rule says otherwise; everything of "
        "the gravest priority runs around the clock.",
    ]
    if doc.history:
        lines += ["", "| Version | Date | Approved by | Why |", "|---|---|---|---|"]
        lines += [_row(one.version, one.date, one.approved_by, one.why) for one in doc.history]
    return "\n".join(lines)


def _priorities(policy: Policy) -> str:
    lines = [
        "## Priorities at a glance",
        "",
        "| Priority | First response | Resolution | Set within |",
        "|---|---|---|---|",
    ]
    for one in policy.priorities.values():
        lines.append(_row(one.label, *(_words(text) for text in (one.first_response, one.resolution, one.set_within))))
    return "\n".join(lines)


def _tiers(policy: Policy) -> str:
    lines = [
        "## Tiers at a glance",
        "",
        "| Tier | Team | Answers within | Passes on after |",
        "|---|---|---|---|",
    ]
    for tier in policy.tiers.values():
        answers = ", ".join(f"{policy.label(who)} {_words(text)}" for who, text in tier.response.items())
        timers = [f"{_words(tier.no_progress)} without progress"] if tier.no_progress else []
        timers += [f"{_words(tier.unresolved)} unresolved"] if tier.unresolved else []
        lines.append(_row(tier.label, tier.team, answers, ", ".join(timers) or "no timer"))
    return "\n".join(lines)


def _group(policy: Policy, group: GroupDoc) -> str:
    lines = [f"## {_plain(group.title)}"]
    if group.about:
        lines += ["", _plain(policy.fill(group.about))]
    lines.append("")
    lines += [line for rule in group.rules for line in _rule(policy, rule)]
    return "\n".join(lines)


def _rule(policy: Policy, rule: RuleDoc) -> Iterator[str]:
    assumed = " *Assumed.*" if rule.assumed else ""
    yield f"- {_plain(policy.fill(rule.says))} {_ids(rule.id, rule.covers)}{assumed}"
    owners = dict.fromkeys(
        policy.label(o.owner) for o in _each(rule.oblige) if o.owner != "holder" and not o.target
    )
    details = [f"Owed by: {', '.join(owners)}."] if owners else []
    details.append(f"Source: {rule.source}.")
    if rule.why:
        details.append(f"Why: {rule.why}")
    yield f"  <br>{_plain(' '.join(details))}"


def _contacts(policy: Policy) -> str:
    lines = ["## Contacts", "", "| Who | How | Hours | Id |", "|---|---|---|---|"]
    for contact in policy.contacts.values():
        hours = contact.hours or ""
        lines.append(_row(contact.name, ", ".join(_ways(policy, contact)), hours, f"`{contact.id}`", raw_last=True))
    return "\n".join(lines)


def _ways(policy: Policy, contact: ContactDoc) -> Iterator[str]:
    yield from filter(None, (contact.email, contact.phone, contact.channel, contact.url))
    if contact.pager:
        yield f"PagerDuty: {contact.pager}"
    if contact.note:
        yield contact.note
    if contact.also_called:
        yield f"also called {contact.also_called}"
    if contact.same_as is not None and contact.same_as in policy.contacts:
        yield f"the same person as {policy.contacts[contact.same_as].name}"


def _notices(policy: Policy) -> str:
    return "\n\n".join(["## Notices", *(_notice(policy, notice) for notice in policy.notices.values())])


def _notice(policy: Policy, notice: NoticeDoc) -> str:
    title = notice.title[:1].upper() + notice.title[1:]
    lines = [f"### {_plain(title)}", "", f"{_plain(policy.fill(notice.says))} `{notice.id}`"]
    if notice.why:
        lines += ["", f"*Assumed.* {_plain(notice.why)}"]
    if notice.body:
        lines += ["", "```text", f"Subject: {notice.subject}", "", notice.body.rstrip(), "```"]
    if notice.fields:
        lines += ["", *(f"- `{name}`: {_plain(says)}" for name, says in notice.fields.items())]
    return "\n".join(lines)


def _metrics(policy: Policy) -> str:
    lines = ["## What is measured", ""]
    for metric in policy.doc.metrics:
        lines.append(f"- **{_plain(metric.name)}.** {_plain(policy.fill(metric.says))} `{metric.id}`")
    lines += ["", "| Target | Value |", "|---|---|"]
    lines += [_row(name.replace("_", " "), f"{value:g}") for name, value in policy.targets.items()]
    return "\n".join(lines)


def _reports(policy: Policy) -> str:
    lines = ["## Reports"]
    for report in policy.doc.reports:
        lines += ["", f"### {_plain(report.title)}", "", f"{_plain(policy.fill(report.says))} `{report.id}`"]
        if report.figures:
            lines += ["", "| Figure | Value |", "|---|---|"]
            lines += [_row(name.replace("_", " "), f"{value:g}") for name, value in report.figures.items()]
        for name, items in report.lists.items():
            lines += ["", f"{name[:1].upper()}{name[1:]}:", "", *(f"- {_plain(item)}" for item in items)]
    return "\n".join(lines)


def _settlements(policy: Policy) -> str:
    lines = ["## How contradictions and gaps are settled", ""]
    for one in policy.doc.settlements:
        carried = f" Carried by {', '.join(f'`{name}`' for name in one.carried_by)}." if one.carried_by else ""
        lines.append(f"- {_plain(one.procedure_says)} **We settle:** {_plain(one.settled)} `{one.id}`{carried}")
    return "\n".join(lines)


def _index(policy: Policy) -> str:
    lines = ["## Index by id", "", "| Id | Where | Source |", "|---|---|---|"]
    for entry in sorted(policy.entries(), key=lambda e: e.id):
        lines.append(f"| `{entry.id}` | {_cell(entry.title)} | {_cell(entry.source)} |")
    return "\n".join(lines)


def _ids(own: str, covers: Iterable[str]) -> str:
    return " ".join(f"`{name}`" for name in (own, *covers))


def _each(value: ObligeDoc | list[ObligeDoc] | None) -> list[ObligeDoc]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _words(text: str | None) -> str:
    return "none" if text is None else parse_duration(text).words()


def _row(*cells: str, raw_last: bool = False) -> str:
    shown = [cell if raw_last and i == len(cells) - 1 else _cell(cell) for i, cell in enumerate(cells)]
    return f"| {' | '.join(shown)} |"


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def _plain(text: str) -> str:
    """Return text of the policy so that Markdown shows it as it is written, on one line."""
    return " ".join(text.split()).replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
