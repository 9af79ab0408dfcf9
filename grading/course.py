"""A course through a scenario: what was done, what the seat owed meanwhile and how it went.

The same recorder watches the trainee's course and the reference run, so that both are read with the same eyes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from grading.drill import Drill
from grading.errors import ActError
from grading.reference import run_reference
from grading.score import EPSILON, Duty, Misstep
from grading.sentences import act_phrase, duty_phrase
from grading.transcript import Transcript
from policy.errors import InputError
from policy.rulebook import Rulebook
from policy.situation import Deed
from policy.verdict import ActKey, Obligation, Verdict
from scenarios import Scenario

NEUTRAL: Final = frozenset({"check", "ask", "document", "remind", "confirm", "handoff", "transfer", "reply"})
"""Acts that bother nobody else: doing one that nothing asked for costs its minutes and no points."""
_EXCLUSIVE: Final = frozenset({"escalate", "set_priority", "status_page", "deescalate"})
"""Acts of which one value is owed: doing another while it is owed is wrong, not only unneeded."""
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


class Recorder:
    """Watches a drill: opens a duty when the seat comes to owe it, closes it when it is done or no longer owed."""

    def __init__(self, scenario: Scenario) -> None:
        """Watch the seat of ``scenario``."""
        self._seat = scenario.seat
        self._opens = scenario.opens
        self._open: dict[ActKey, Duty] = {}
        self._moved: dict[ActKey, Duty] = {}
        self._closed: list[Duty] = []
        self.missteps: list[Misstep] = []
        self.kinds: list[tuple[float, str]] = []

    def observe(self, verdict: Verdict, now: float) -> None:
        """See the verdict that holds from ``now``."""
        minute = self._minute(now)
        owed = {o.key: o for o in verdict.owed_by(self._seat) if not o.target}
        for key in [key for key in self._open if key not in owed]:
            duty = self._open.pop(key)
            in_time = duty.due is None or minute <= duty.due + EPSILON
            if in_time and any(o.key == key for o in verdict.obligations):
                self._moved[key] = duty
            else:
                self._closed.append(replace(duty, void=in_time))
        for key, o in owed.items():
            due = None if o.due is None else self._minute(o.due)
            known = self._open.get(key)
            since = known.since if known is not None else max(self._minute(o.since), self._last_done(key))
            self._open[key] = Duty(key, o.rules, o.dimension, o.weight, o.critical, o.text, since, due, None)
        self._note_early(verdict)

    def record(self, deed: Deed, verdict: Verdict) -> None:
        """See a deed, with the verdict that held just before it took effect."""
        minute = self._minute(deed.at)
        mine = [o for o in verdict.owed_by(self._seat) if o.met_by(deed) and not o.target]
        bans = sorted((p for p in verdict.prohibitions if p.matches(deed)), key=lambda p: p.residual)
        ban = bans[0] if bans else None
        if ban is not None and ban.residual and self._owed_instead(deed, verdict) is not None:
            ban = None  # there is a reason for such an act, only not for this recipient: it is wrong, not baseless
        forbidden = ban is not None
        for o in mine:
            duty = self._open.pop(o.key, None)
            if duty is not None:
                self._closed.append(replace(duty, done=minute, spoiled=forbidden))
        if ban is None:  # what went to somebody else together with the ticket may still be done from here
            for key in [key for key in self._moved if deed.fits(*key)]:
                self._closed.append(replace(self._moved.pop(key), done=minute))
        if ban is not None:
            key = (deed.verb, deed.to, None, None)
            self._misstep("forbidden", key, ban.rules, ban.dimension, ban.weight, ban.critical, ban.text, minute)
        elif mine:
            late = any(o.due is not None and self._minute(o.due) < minute - EPSILON for o in mine)
            self.kinds.append((minute, "late" if late else "ok"))
        else:
            self._unasked(deed, verdict, minute)

    def close(self, horizon: float) -> tuple[Duty, ...]:
        """Return all duties, in order of their due; what is still open is judged at ``horizon`` (a minute)."""
        for duty in self._open.values():
            self._closed.append(replace(duty, void=duty.due is not None and duty.due > horizon + EPSILON))
        self._closed += [replace(duty, moved=True) for duty in self._moved.values()]
        self._open.clear()
        return tuple(sorted(self._closed, key=lambda d: (d.due is None, d.due or 0.0, d.since)))

    def _note_early(self, verdict: Verdict) -> None:
        """Count what was done before it began to be owed, where the rules say that this counts."""
        known = {(duty.key, duty.done) for duty in self._closed}
        for o in verdict.fulfilled:
            if o.owner != self._seat or o.target or o.done_at is None or o.key in self._open:
                continue
            done = self._minute(o.done_at)
            if (o.key, done) not in known:
                due = None if o.due is None else self._minute(o.due)
                since = self._minute(o.since)
                duty = Duty(o.key, o.rules, o.dimension, o.weight, o.critical, o.text, min(since, done), due, done)
                self._closed.append(duty)
                known.add((o.key, done))

    def _unasked(self, deed: Deed, verdict: Verdict, minute: float) -> None:
        """Judge a deed that its seat did not owe and no rule forbids."""
        same = deed.verb == "set_priority" and verdict.priority in deed.what
        allowed = any(p.matches(deed) for p in verdict.permissions) or any(o.met_by(deed) for o in verdict.obligations)
        if deed.verb in NEUTRAL or same or allowed:
            self.kinds.append((minute, ""))
            return
        key: ActKey = (deed.verb, deed.to, deed.via, deed.what[0] if deed.what else None)
        instead = self._owed_instead(deed, verdict)
        if instead is not None:
            dimension = "destination" if deed.to is not None else instead.dimension
            self._misstep("wrong", key, instead.rules, dimension, 1.0, False, instead.text, minute)
        else:
            dimension = _DIMENSION.get(deed.verb, "process")
            self._misstep("unneeded", key, (), dimension, 1.0, False, "", minute)

    def _owed_instead(self, deed: Deed, verdict: Verdict) -> Obligation | None:
        if deed.verb not in _EXCLUSIVE:
            return None
        owed = (o for o in verdict.owed_by(self._seat) if o.verb == deed.verb and o.ripe and not o.target)
        return next(owed, None)

    def _misstep(
        self, kind: str, key: ActKey, rules: tuple[str, ...], dimension: str, weight: float, critical: bool,
        text: str, minute: float,
    ) -> None:  # fmt: skip
        self.missteps.append(Misstep(kind, key, rules, dimension, weight, critical, text, minute))  # type: ignore[arg-type]
        self.kinds.append((minute, kind))

    def _minute(self, instant: float) -> float:
        return round(instant - self._opens, 6)

    def _last_done(self, key: ActKey) -> float:
        return max((d.done for d in self._closed if d.key == key and d.done is not None), default=0.0)


_DIMENSION: Final = {
    "set_priority": "priority", "escalate": "decision", "deescalate": "decision", "resolve": "decision",
}  # fmt: skip


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
