"""A course through a scenario: what was done, what the seat owed meanwhile and how it went.

The same recorder watches the trainee's course and the reference run, so that both are read with the same eyes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from grading.drill import Drill
from grading.errors import ActError
from grading.reference import run_reference
from grading.sentences import act_phrase, duty_phrase
from grading.transcript import Transcript
from policy.errors import InputError
from policy.judging import EPSILON, Duty, Ledger, Misstep
from policy.rulebook import Rulebook
from policy.verdict import ActKey
from scenarios import Scenario

_SEVERITY: Final = ("forbidden", "wrong", "unneeded", "late", "ok", "")


@dataclass(frozen=True, slots=True)
class Step:
    """An act as a timeline shows it: begun at ``minute``, completed at ``done``."""

    minute: float
    done: float
    text: str
    mark: str


@dataclass(frozen=True, slots=True)
class Course:
    """What a recorder saw, closed at the horizon."""

    duties: tuple[Duty, ...]
    missteps: tuple[Misstep, ...]
    steps: tuple[Step, ...]
    warnings: tuple[str, ...]
    phrases: dict[ActKey, str] = field(default_factory=dict)

    def phrase(self, key: ActKey) -> str:
        """Return an act in words."""
        return self.phrases.get(key, key[0])


class Recorder(Ledger):
    """Watches a drill: the account of the seat's duties, in minutes of the drill."""

    def __init__(self, scenario: Scenario) -> None:
        """Watch the seat of ``scenario``."""
        super().__init__(scenario.seat, scenario.opens)


def play_transcript(transcript: Transcript, scenario: Scenario, rulebook: Rulebook, seed: int) -> Course:
    """Return the course of a transcript.

    Raises:
        InputError: a line names something that the scenario or the policy does not have.
    """
    recorder = Recorder(scenario)
    drill = Drill(scenario, rulebook, seed, watcher=recorder)
    warnings: list[str] = []
    for number, act in enumerate(transcript.acts):
        if drill.ended or (act.minute or 0.0) >= drill.horizon:
            left = len(transcript.acts) - number
            lines = "line" if left == 1 else "lines"
            warnings.append(f"{left} {lines} after minute {drill.horizon:g}, the horizon, not counted")
            break
        try:
            drill.do(act)
        except ActError as error:
            raise InputError.at(transcript.name, act.line or None, None, str(error)) from None
    drill.finish()
    return _course(drill, recorder, warnings)


def play_reference(scenario: Scenario, rulebook: Rulebook, seed: int) -> Course:
    """Return the course of the reference run."""
    recorder = Recorder(scenario)
    return _course(run_reference(scenario, rulebook, seed, watcher=recorder), recorder, ())


def _course(drill: Drill, recorder: Recorder, warnings: list[str] | tuple[str, ...]) -> Course:
    policy, scenario = drill.rulebook.policy, drill.scenario
    duties = recorder.close(drill.horizon)
    steps = []
    for begun, done, act in drill.steps:
        marks = [mark for minute, mark in recorder.kinds if abs(minute - done) < EPSILON and act.verb != "wait"]
        mark = min(marks, key=_SEVERITY.index, default="")
        steps.append(Step(begun, done, act_phrase(act, policy, scenario), mark))
    phrases = {duty.key: duty_phrase(duty.key, policy, scenario) for duty in duties}
    return Course(duties, tuple(recorder.missteps), tuple(steps), tuple(warnings), phrases)
