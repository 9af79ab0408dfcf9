"""What tickets carry besides their category: a breach, a request for deletion, the wish to be escalated."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.desk.values import Name, Part, Share, Time


class Verification(Part):
    """How long somebody who was told takes to let the ticket go on; ``signal`` is the policy's name for that.

    Until then nobody works on it, and the clocks stand still that the policy lets stand still.
    """

    signal: Name
    after: Time


class Signal(Part):
    """A signal of the policy, and which tickets carry it; a ticket carries one at most.

    ``share`` is that of the tickets of its ``categories`` (of all, where none are named). It is ``seen`` when somebody
    has read the ticket, that is, as it is ``opened``, or only when the ``checks`` are done.
    """

    share: Share
    categories: Annotated[list[Name], Field(min_length=1)] | None = None
    seen: Literal["opened", "checks"] = "checks"
    verified: Verification | None = None
