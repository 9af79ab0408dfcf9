"""How long work takes, tier by tier, and what interrupts it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from simulator.desk.values import Factor, Minutes, Name, Part, Share, Time


def time(mean: float, cv: float = 0.6) -> Time:
    """Return a log-normal length of time (minutes)."""
    return Time(mean=f"{mean}m", cv=cv)  # type: ignore[arg-type]  # read as a desk file is


class HandsBack(Part):
    """Why a tier hands a ticket that was escalated to it back, as shares of its stays; without any, it never does.

    ``waiting_customer``: once it has checked, it needs to know something of the customer; the tier below asks, and
    passes the ticket up again. ``reclassified``: it then turns out to be one priority less urgent. ``resolved``: it is
    solved, and the tier below tells the customer and closes it, which is ``closing`` work. ``workaround``: the same,
    but the permanent fix is pending, and the tier below watches the ticket for ``watch`` before it is closed. The last
    two happen only to what the tier can solve.
    """

    resolved: Share = 0.0
    waiting_customer: Share = 0.0
    reclassified: Share = 0.0
    workaround: Share = 0.0
    closing: Time = time(10, 0.5)
    watch: Time = Time(mean="960m", cv=0.5)  # type: ignore[arg-type]  # read as a desk file is

    @model_validator(mode="after")
    def _shares_of_a_whole(self) -> HandsBack:
        total = self.resolved + self.waiting_customer + self.reclassified + self.workaround
        if total > 1 + 1e-9:
            raise ValueError(f"the shares of what is handed back add up to {total:g}; expected at most 1")
        return self


class TierWork(Part):
    """How a tier works on a ticket.

    It reads and checks (``checks``, the first fact established), then either works piece by piece, each ending with
    progress, the last with the solution, or comes to see (``recognition``) that the ticket is beyond it.

    ``passes_on`` and ``sends_back`` replace all that by chance: each stay's work done, the ticket goes to the next
    tier or to the one before with these probabilities, as in a network of queues.

    ``hands_back`` says how often it gives back what was escalated to it, for which reason.
    """

    checks: Time = time(10)
    piece: Time = time(20)
    pieces: Annotated[float, Field(ge=1, le=6)] = 2.0
    recognition: Time = time(20)
    handoff: Time = time(10, 0.5)
    passes_on: Share | None = None
    sends_back: Share = 0.0
    hands_back: HandsBack | None = None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> TierWork:
        if self.hands_back is not None and self.passes_on is not None:
            raise ValueError("passes_on lets chance alone decide where tickets go; leave hands_back out")
        return self

    @model_validator(mode="after")
    def _no_more_than_all(self) -> TierWork:
        if self.passes_on is not None and self.passes_on + self.sends_back > 1 + 1e-9:
            raise ValueError(
                f"passes_on and sends_back add up to {self.passes_on + self.sends_back:g}; expected at most 1, "
                f"for the rest is solved here"
            )
        return self


class Interruption(Part):
    """Waiting for the customer: the share of stays in which a question must be asked, and how long the answer takes.

    ``never`` is the share of questions that are not answered; the ticket is closed after ``close_after``.
    """

    share: Share
    answer: Time
    never: Share = 0.0
    close_after: Time = Time(mean="168h", shape="fixed")  # type: ignore[arg-type]


class WarRoom(Part):
    """Who is called together for a ticket of these priorities: by tier, how many people, for how long."""

    priorities: Annotated[list[Name], Field(min_length=1)]
    people: Annotated[dict[Name, Annotated[int, Field(ge=1, le=100)]], Field(min_length=1)]
    length: Time


class Work(Part):
    """How long things take.

    ``pace`` multiplies the pieces of work of a priority: 0.5 is twice as fast. ``preempts`` are the priorities for
    which an agent drops a less urgent ticket. ``update`` is what one message to the customer takes, ``shift_handover``
    what reading up on a ticket of the shift before takes. ``swarming`` names, by tier, the tier that it calls in
    instead of escalating to it.
    """

    model_config = ConfigDict(extra="allow", validate_default=True)
    __pydantic_extra__: dict[str, TierWork]

    first_response: Time = time(5, 0.5)
    pace: dict[Name, Factor] = {}
    easier: Annotated[float, Field(gt=0, le=1)] = 1.0
    ask_for_help: Time = time(15)
    paging: Time = time(5)
    management_decision: Time = time(480)
    update: Minutes | None = None
    shift_handover: Minutes = "5m"  # type: ignore[assignment]  # read as a desk file is
    preempts: list[Name] = []
    customer: Interruption | None = None
    war_room: WarRoom | None = None
    swarming: dict[Name, Name] = {}

    @classmethod
    def usual(cls) -> Work:
        """Return how long things take where the desk says nothing."""
        return cls.model_validate({})

    def of(self, tier: str) -> TierWork:
        """Return how a tier works; the usual way where the desk does not say."""
        found: Any = (self.__pydantic_extra__ or {}).get(tier)
        return TierWork() if found is None else found
