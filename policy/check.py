"""What can be said against a policy that loads. The check itself is ``policy.lint``, loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.lint.findings import Finding
    from policy.loading import Policy


def check_policy(policy: Policy) -> list[Finding]:
    """Return every finding, the gravest first, then in the order of the file."""
    from policy.lint.report import lint  # noqa: PLC0415 (it loads the diagrams, which no other command needs)

    return list(lint(policy).findings)
