"""What screens tell the app: small facts in the past tense. The app decides where they lead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual.message import Message

from grading import Grade
from simulator import SimulationResult
from tui.whatif import Baseline


@dataclass
class ScenarioChosen(Message):
    """Somebody wants to play a scenario; ``resume`` is the file of an attempt to go on with."""

    scenario: str
    resume: Path | None = None


class LabChosen(Message):
    """Somebody wants to go to the lab."""


@dataclass
class DrillGraded(Message):
    """A drill was ended and graded; its transcript lies at ``transcript``."""

    grade: Grade
    transcript: Path


@dataclass
class GradingFailed(Message):
    """A drill could not be graded; ``reason`` says why."""

    reason: str


class HomeWanted(Message):
    """Somebody wants to go home."""


@dataclass
class MonthsDone(Message):
    """A simulation has come this far: ``done`` of ``total`` months."""

    done: int
    total: int

    def can_replace(self, message: Message) -> bool:
        """A newer count takes the place of one that nobody has read yet."""
        return isinstance(message, MonthsDone)


@dataclass
class MonthsReady(Message):
    """A simulation has ended: the desk as it is, the desk as changed, and in words what was changed."""

    baseline: Baseline
    changed: SimulationResult
    what: str


@dataclass
class MonthsFailed(Message):
    """A simulation could not be run; ``reason`` says why in a line."""

    reason: str


class MonthsCancelled(Message):
    """A simulation was called off."""
