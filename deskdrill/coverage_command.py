"""``deskdrill policy coverage``: where each statement of the procedure is found, or the declared reason why not."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskdrill.options import Commands, add_format, add_policy, command, policy_of
from deskdrill.output import Column, Table, as_json, narrate, rendered, write

if TYPE_CHECKING:
    from policy import Policy
    from policy.document import CoverageReasonDoc

_ABOUT = """\
Every statement of the catalogue: as what it stands in the policy file, whether a verdict can contain it, whether the
simulator rests on it and whether the handbook cites it. Where not, the reason that the policy file declares. Exit
code 1 if a reason is missing."""
_YES = "yes"


@dataclass(frozen=True, slots=True)
class Row:
    """Where one statement is found: ``yes``, the declared reason why not, or empty where none is declared.

    ``policy`` tells as what it stands in the policy file: a rule, a contact …, or as part of another statement.
    """

    id: str
    policy: str
    verdict: str
    simulator: str
    handbook: str

    @property
    def complete(self) -> bool:
        """Return whether it is found everywhere, or there is a reason."""
        return bool(self.policy and self.verdict and self.simulator and self.handbook)


def add(own: Commands) -> None:
    """Add the command to the family ``policy``."""
    parser = command(own, "coverage", "Show where each statement is found, or why not", run, _ABOUT)
    add_policy(parser)
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    policy = policy_of(arguments)
    rows = list(coverage(policy))
    if arguments.format == "json":
        names = ("id", "policy", "verdict", "simulator", "handbook")
        write(as_json([{name: getattr(row, name) for name in names} for row in rows]))
    else:
        places = ("the policy", "a verdict", "the simulator", "the handbook")
        columns = [Column("id"), *(Column(f"in {place}") for place in places)]
        cells = [
            (r.id, r.policy, r.verdict or "NO REASON", r.simulator or "NO REASON", r.handbook or "NO") for r in rows
        ]
        write(rendered(Table(columns, cells), arguments.format))
    missing = [row.id for row in rows if not row.complete]
    if missing:
        narrate(f"{len(missing)} statements are missing somewhere without a declared reason: {', '.join(missing[:5])}")
    return 1 if missing else 0


def coverage(policy: Policy) -> Iterator[Row]:
    """Yield a row for each statement of the catalogue, in alphabetical order of the ids."""
    from policy.handbook import handbook_markdown

    deciding = {rule.id for rule in policy.rules if rule.define or rule.obliges or rule.permits or rule.forbids}
    deciding |= {rule.id for rule in policy.rules if rule.pauses}
    simulated = _simulated(policy)
    cited = handbook_markdown(policy).split("## Index")[0]
    reasons = policy.doc.coverage
    for entry in sorted(policy.entries(), key=lambda entry: entry.id):
        own = entry.parent or entry.id
        yield Row(
            entry.id,
            entry.kind if entry.parent is None else f"part of {entry.parent}",
            _YES if own in deciding else _reason(entry.id, reasons.no_verdict),
            _YES if own in simulated else _reason(entry.id, reasons.no_simulation),
            _YES if f"`{entry.id}`" in cited else "",
        )


def unused_reasons(policy: Policy) -> list[str]:
    """Return patterns of declared reasons that are not the reason of any statement."""
    rows = list(coverage(policy))
    used = {(name, getattr(row, name)) for row in rows for name in ("verdict", "simulator")}
    both = (("verdict", policy.doc.coverage.no_verdict), ("simulator", policy.doc.coverage.no_simulation))
    return [", ".join(one.ids) for name, reasons in both for one in reasons if (name, one.why) not in used]


def _simulated(policy: Policy) -> set[str]:
    """Return the rules on which the desk's numbers rest, asked for every kind of ticket in every tier."""
    from policy import Rulebook
    from policy.compiled import DeskRules
    from policy.errors import InputError
    from simulator import load_desk
    from simulator.model import compile_model

    rules = DeskRules(Rulebook(policy))
    try:
        compile_model(load_desk(), rules)
    except InputError:  # a policy of another house, whose tiers the desk does not have
        return set()
    return rules.cited


def _reason(name: str, reasons: Sequence[CoverageReasonDoc]) -> str:
    return next((one.why for one in reasons if _fits(name, one.ids)), "")


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(name == p or (p.endswith(".*") and name.startswith(p[:-1])) for p in patterns)
