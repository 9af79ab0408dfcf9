"""What people do and feel: agents' slips and habits, customers' patience, and what all of it costs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simulator.desk.values import DutyName, Factor, Minutes, Name, Part, Share, Time, Weight


class DutySlip(Part):
    """How often a duty is forgotten, or done late, by ``late_by`` after it fell due."""

    forgotten: Share = 0.0
    late: Share = 0.0
    late_by: Minutes = "30m"  # type: ignore[assignment]  # read as a desk file is

    model_config = {"validate_default": True}


class Slips(Part):
    """How often people fall short of the procedure, as shares; without any, everybody keeps every rule in time.

    ``premature``: the first agent takes a ticket for harder than it is. ``late_recognition``: escalated only after
    ``late_by`` more minutes in hand. ``wrong_destination``: passed to a tier that cannot help, which sends it back.
    ``incomplete_handoff``: the receiver has to ask back, which takes ``asking_back``. ``wrong_priority``: judged less
    urgent than it is until the checks of the first agent are done, or until somebody who looks through the queue
    sees it ``wrong_priority_found`` after it was opened, if it still waits then. ``duties`` says how often what the
    rulebook asks for, and the desk does not play, is forgotten or late: by the id of its rule, what it tells, the act,
    or ``any``.
    """

    updates_forgotten: Share = 0.0
    premature: Share = 0.0
    late_recognition: Share = 0.0
    late_by: Minutes = "30m"  # type: ignore[assignment]  # read as a desk file is
    wrong_destination: Share = 0.0
    incomplete_handoff: Share = 0.0
    asking_back: Time = Time(mean="15m", cv=0.5)  # type: ignore[arg-type]
    wrong_priority: Share = 0.0
    wrong_priority_found: Time | None = None
    duties: dict[DutyName, DutySlip] = {}

    model_config = {"validate_default": True}


class Behaviour(Slips):
    """Slips, and one habit: the share of tickets that need a change of code of which Tier 1 sees that at once."""

    code_change_seen_in_T1: Share = 0.0


class Customers(Part):
    """How customers behave.

    ``patience``: how long one waits for somebody to take the ticket before giving up (for ever, where it is left out).
    ``reopen`` is the share of solved tickets that come back, after ``reopen_after``.
    """

    patience: Time | None = None
    reopen: Share = 0.0
    reopen_after: Time = Time(mean="24h", shape="exponential")  # type: ignore[arg-type]


class Satisfaction(Part):
    """Points of 5 lost by a customer whose wait, time, updates or outcome were as bad as can be."""

    wait: Weight = 1.5
    time: Weight = 1.5
    missed_updates: Weight = 2.0
    late: Weight = 2.0
    unsolved: Weight = 4.0


class Costs(Part):
    """What the desk costs, in a currency of your choice: an hour of each tier's people at work, an hour on call, an
    hour of overtime, and the credit for a missed resolution target by plan."""

    hour: dict[Name, Weight] = {}
    on_call_hour: Weight = 0.0
    overtime_factor: Annotated[float, Field(ge=1, le=10)] = 1.5
    credit: dict[Name, Weight] = {}


class Calibrated(Part):
    """The free parameters, set by ``benchmarks/calibrate.py`` and by nothing else: factors on what the desk assumes.

    ``demand`` multiplies the tickets of a week, ``beyond_odds`` the odds of the categories' ``beyond``, ``work`` the
    pieces and the recognition, by tier, ``premature`` the share of that slip, ``dissatisfaction`` all points lost.
    """

    demand: Factor = 1.0
    beyond_odds: dict[Name, Factor] = {}
    work: dict[Name, Factor] = {}
    premature: Weight = 1.0
    dissatisfaction: Weight = 1.0
