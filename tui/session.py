"""A drill in play: the engine and the file that follows it. Knows nothing of screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading import Drill, FactView, Grade, Message, grade
from grading.errors import PolicyMismatch
from policy import Rulebook
from policy.errors import InputError
from scenarios import Scenario
from tui.attempts import TranscriptLog, keep_grade, past_attempts


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act brought: the minutes that passed, what was said meanwhile and what was found out."""

    minutes: float
    messages: tuple[Message, ...]
    facts: tuple[FactView, ...]


class Session:
    """One attempt at a scenario. ``unsaved`` is why the last line is not on the disk, empty if it is."""

    def __init__(self, drill: Drill, log: TranscriptLog) -> None:
        """Play ``drill`` on, writing to ``log``."""
        self.drill = drill
        self.log = log
        self.unsaved = ""
        self._waiting: list[Mapping[str, Any]] = []

    @classmethod
    def start(cls, scenario: Scenario, rulebook: Rulebook, home: Path) -> Session:
        """Begin a new attempt. Each attempt has chances of its own: its seed is the number of those before it.

        Raises:
            InputError: the policy does not fit the scenario, or the data folder cannot be written.
        """
        drill = Drill(scenario, rulebook, len(past_attempts(home, scenario.id)))
        return cls(drill, TranscriptLog.begin(home, drill.header))

    @classmethod
    def resume(cls, path: Path, scenario: Scenario, rulebook: Rulebook) -> Session:
        """Go on with an attempt: what its file holds is done again, at the minutes at which it was done.

        Raises:
            InputError: the file cannot be read, is not of this scenario, or is open in another session.
            PolicyMismatch: it was made under another policy.
        """
        transcript, log = TranscriptLog.go_on(path)
        try:
            header = transcript.header
            if header is None or header.scenario != scenario.id:
                raise InputError(f"{path}: is no attempt at {scenario.id}")
            if header.policy_digest != rulebook.policy.digest:
                raise PolicyMismatch(f"{path}: was begun under another policy; start afresh")
            drill = Drill(scenario, rulebook, header.seed)
            for act in transcript.acts:
                if not drill.ended:
                    drill.do(act)
        except BaseException:
            log.close()
            raise
        return cls(drill, log)

    def do(self, line: Mapping[str, Any]) -> Outcome:
        """Do an act and write it down at once.

        Raises:
            ActError: it cannot be done; nothing was recorded.
        """
        drill = self.drill
        before, facts = drill.minute, len(drill.facts)
        messages = drill.do(line)
        self._write(drill.transcript().lines[-1])
        return Outcome(drill.minute - before, messages, drill.facts[facts:])

    def grade(self) -> Grade:
        """End the drill, return its grade and keep it beside the transcript."""
        self.drill.finish()
        result = grade(self.drill.transcript(), self.drill.scenario, self.drill.rulebook)
        try:
            keep_grade(self.log.path, result.as_json())
        except OSError as error:
            self.unsaved = str(error.strerror or error)
        self.log.close()
        return result

    def close(self) -> None:
        """Leave the drill; its file is kept and can be resumed."""
        self.log.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        self._waiting.append(line)
        try:
            while self._waiting:
                self.log.append(self._waiting[0])
                self._waiting.pop(0)
            self.unsaved = ""
        except OSError as error:
            # The drill goes on; the lines wait and are tried again with the next act.
            self.unsaved = str(error.strerror or error)
