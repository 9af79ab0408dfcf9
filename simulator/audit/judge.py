"""The auditor: plays a ticket's history and the log of what was done again, and asks the rulebook anew.

Duties are judged by what their owner knew. What should have been decided otherwise by what could be seen (the priority,
an escalation) is judged with hindsight, by asking the rulebook what it would have said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from policy.fast import FastVerdict
from policy.judging import EPSILON, Duty, Kind, Ledger
from policy.judging.ledger import EXCLUSIVE
from policy.probing import ESCALATE, FIRST_RESPONSE, REPLY, RESOLVE, UPDATE
from policy.situation import Deed
from policy.verdict import ActKey
from simulator.audit.book import Book
from simulator.audit.case import CHECK, Case, Fact
from simulator.audit.doings import HANDOFF, Log
from simulator.audit.escalations import judge_escalation, judge_paging
from simulator.audit.findings import Finding, Judgement
from simulator.audit.people import HANDOVER, NOBODY, WORKING, People
from simulator.audit.replay import Replay, with_true_priority

SET_PRIORITY: Final = "set_priority"
_WORK: Final = ((CHECK, None), (REPLY, FIRST_RESPONSE))
"""Acts that are work themselves, and so take their time: the verb, and the content where that matters."""

_KINDS: Final[Mapping[str, Kind]] = {"premature": "forbidden", "late": "late", "wrong destination": "wrong"}


class Auditor:
    """Judges one ticket. Life: made for a case and its log; ``judge`` once; then what it found can be read."""

    def __init__(self, case: Case, log: Log, book: Book, people: People) -> None:
        """Take the case and what was done."""
        self._case, self._log, self._book, self._people = case, log, book, people
        self._replay = Replay(book, case)
        self._ledger = Ledger(opens=case.opened)
        self._around: list[tuple[float, bool]] = []
        self._holders: list[tuple[float, str]] = []
        self._ceased: set[tuple[ActKey, float]] = set()
        """What was missed and ceased to be owed, by its due: it may come back."""
        self.findings: list[Finding] = []
        self.escalations: list[Judgement] = []
        self.duties: list[ActKey] = []

    def judge(self) -> None:
        """Play everything again and judge it."""
        case, replay = self._case, self._replay
        if case.paged:
            self.escalations.append(judge_paging(case, self._book))
        facts = [item for item in case.items if isinstance(item, Fact)]
        place = 0
        for applied, fact in enumerate((*facts, None)):
            while place < len(self._log) and self._log[place].after == applied:
                place = self._deeds(place, applied)
            until = case.end if fact is None else fact.at
            self._wait(until)
            replay.now = max(replay.now, until)
            if fact is not None:
                replay.apply(fact)
                following = facts[applied + 1] if applied + 1 < len(facts) else None
                done_between = place < len(self._log) and self._log[place].after == applied + 1
                if following is None or following.at > replay.now or done_between:
                    self._look()
        self._close()

    # -- playing it again --------------------------------------------------------------------------------------

    def _look(self) -> FastVerdict:
        replay = self._replay
        verdict = replay.look()
        self._ledger.observe(verdict, replay.now)
        if not self._holders or self._holders[-1][1] != replay.tier:
            self._holders.append((replay.now, replay.tier))
        around = self._people.around_the_clock(verdict.priority, self._case.plan)
        if not self._around or self._around[-1][1] != around:
            self._around.append((replay.now, around))
        return verdict

    def _wait(self, until: float) -> None:
        """Let time pass, and look whenever a clock may change the verdict."""
        if self._replay.verdict is None:
            self._look()
        while (flip := self._replay.next_flip()) < until:
            self._replay.now = flip
            self._look()

    def _deeds(self, place: int, applied: int) -> int:
        """Judge the deeds of one instant, which come after so many facts; return where the log goes on."""
        replay, log = self._replay, self._log
        at = log[place].deed.at
        self._wait(at)
        replay.now = max(replay.now, at)
        verdict = self._look()
        changed = False
        while place < len(log) and log[place].after == applied and log[place].deed.at <= replay.now:
            deed = log[place].deed
            if changed and (deed.verb in EXCLUSIVE or not any(deed.fits(*one.key) for one in verdict.obligations)):
                verdict = self._look()
            self._judge_decision(deed, verdict)
            self._ledger.record(deed, verdict)
            replay.add(deed)
            changed = True
            place += 1
        self._look()
        return place

    def _judge_decision(self, deed: Deed, verdict: FastVerdict) -> None:
        """Judge a decision with hindsight: a priority that was set, an escalation."""
        case, replay = self._case, self._replay
        if deed.verb == ESCALATE and (deed.to or "", deed.at) in case.reasons:
            self.escalations.append(judge_escalation(deed, replay.situation(), case, self._book))
        elif deed.verb == SET_PRIORITY and case.true != case.stated and case.stated in deed.what and not replay.lowered:
            told = self._book.ask(with_true_priority(replay.situation(), case, self._book))
            owed = [one for one in told.obligations if one.verb == SET_PRIORITY]
            if told.priority not in deed.what and owed:
                self._find(
                    deed.by or "", (SET_PRIORITY, None, None, case.stated), owed[0].rules, "wrong", "wrong priority",
                    deed.at, deed.at, None, f"The ticket was taken for {case.stated}, and it was {told.priority}.",
                )  # fmt: skip

    # -- what was found ----------------------------------------------------------------------------------------

    def _close(self) -> None:
        case, ledger = self._case, self._ledger
        known_late: set[tuple[str | None, float]] = set()
        for duty in ledger.close(case.end - case.opened):
            if duty.key[0] == ESCALATE and duty.kind == "late" and duty.done is not None:
                known_late.add((duty.key[1], round(duty.done, 4)))
            self._judge_duty(duty)
        for slip in ledger.missteps:
            verb = slip.key[0]
            # A ticket that came back is solved once more; the target spoke of the first time.
            if verb not in (ESCALATE, SET_PRIORITY) and not (verb == RESOLVE and slip.kind == "unneeded"):
                at = case.opened + slip.minute
                self._find(slip.owner, slip.key, slip.rules, slip.kind, slip.kind, at, None, at, slip.text)
        for one in self.escalations:
            if one.judged != "appropriate" and (one.to, round(one.at - case.opened, 4)) not in known_late:
                kind = _KINDS[one.judged]
                slip_name = "late recognition" if one.judged == "late" else one.judged
                act: ActKey = (ESCALATE, one.to, None, None)
                self._find(one.source, act, one.rules, kind, slip_name, case.opened, None, one.at, one.why)
        self.escalations = [replace(one, at=one.at - self._people.zero) for one in self.escalations]

    def _judge_duty(self, duty: Duty) -> None:
        if duty.due is None or duty.void:
            return
        self.duties.append(duty.key)
        case = self._case
        since, due = case.opened + duty.since, case.opened + duty.due
        done = None if duty.done is None else case.opened + duty.done
        calendar = self._book.calendar(self._replay.situation())
        if duty.seen > duty.since + EPSILON:  # a due counts from when it is known to the one who owes it
            seen = case.opened + duty.seen
            due = max(due, calendar.add(seen, calendar.open_minutes(since, due)))
            since = seen
            ceased = case.end if duty.ceased is None else case.opened + duty.ceased
            if done is None and due >= ceased - EPSILON:
                return
        until = done if done is not None else case.end if duty.ceased is None else case.opened + duty.ceased
        if duty.kind == "met" or calendar.open_minutes(due, max(until, due)) <= EPSILON:
            return  # the end of a day and the beginning of the next are one instant of the calendar
        kind: Kind = duty.kind
        # What comes back after it was missed is thought of when it would have been due the next time.
        round_due = case.opened + duty.due if (duty.key, duty.due) in self._ceased else due
        if duty.ceased is not None:
            self._ceased.add((duty.key, duty.due))
        if duty.repeat is not None and done is not None and done >= calendar.add(round_due, duty.repeat) - EPSILON:
            kind = "missed"  # a whole round was left out
        elif duty.key[3] == UPDATE and any(since <= at < (case.end if done is None else done) for at in case.forgotten):
            kind = "missed"  # the agent forgot it, and what was sent later is another
        could_not = self._could_not(duty, max(since, min(case.opened + duty.dated, due)), due, until)
        self._find(
            duty.owner, duty.key, duty.rules, kind, _slip(duty.key, kind), since, due, done, duty.text, could_not
        )

    def _holder(self, at: float) -> str:
        """Return the tier that had the ticket up to an instant."""
        return [holder for since, holder in self._holders if since < at - EPSILON or since == self._case.opened][-1]

    def _holders_at(self, at: float) -> tuple[str, ...]:
        """Return the tier that had the ticket up to an instant, and that which has it from then on."""
        now = [holder for since, holder in self._holders if since <= at + EPSILON]  # dues are rounded
        return tuple(dict.fromkeys((self._holder(at), *now[-1:])))

    def _around_at(self, at: float) -> bool:
        return [around for since, around in self._around if since <= at][-1:] == [True]

    def _could_not(self, duty: Duty, since: float, due: float, until: float) -> str:
        """Return why an owner could not keep a duty between two instants, in words; empty if they could have.

        ``until`` is when it was done, or ceased to be owed. Who leaves it undone once they can has no excuse.
        """
        why, able = self._prevented(duty, since, due)
        tries = [(why, able)]
        answers = self._book.is_answer(*duty.key[:2])
        if not why and answers and not self._case.responded <= due:
            # Whoever else writes to the customer waits for the first response, which its own tier gives.
            tries += [self._prevented(duty, since, due, tier=tier) for tier in self._holders_at(due)]
        responded = self._case.end if math.isnan(self._case.responded) else self._case.responded
        for why, able in tries:
            if why and until <= (max(able, responded) if answers else able) + EPSILON:
                return why
        return ""

    def _prevented(self, duty: Duty, since: float, due: float, tier: str | None = None) -> tuple[str, float]:
        """Return what kept an owner (or the ``tier`` that has the ticket) from a duty, and until when.

        What is work itself takes its time: it is done, if ever, before the stay ends.
        """
        people, case, around = self._people, self._case, self._around_at(due)
        owner = tier or duty.owner
        hours = people.hours(owner, around_the_clock=around)
        verb, _, _, what = duty.key
        played = tier is not None or any(verb == one and content in (None, what) for one, content in _WORK)
        stay = case.stay(owner, due + EPSILON) if people.is_tier(owner) and owner in self._holders_at(due) else None
        if stay is not None and case.untaken(stay, due):
            stay = None  # it was solved before anybody took it, and nobody needs to take it any more
        if stay is not None and (not stay.began <= due + EPSILON or played or what == UPDATE):
            at_work = case.worked_on(owner, due) or case.worked_on(owner, due + EPSILON)
            if at_work and (tier is not None or what != UPDATE):
                return (WORKING, min(stay.left, case.end)) if played else ("", due)
            why = people.why_not(owner, due, around_the_clock=around) if stay.available <= due else HANDOVER
            able = min(stay.left, case.end) if played else self._work_begins(due, None if what == UPDATE else owner)
            if played and stay.left <= due + EPSILON:
                able = case.end  # it went on in that very instant, and is no longer theirs to work on
            return why, max(able, people.next_there(hours, due)) if why == NOBODY else able
        begins = since if stay is None else max(since, stay.began)
        if stay is None:  # it was theirs, and nobody of them was free to take it before it went on
            begins = max([begins, *(one.left for one in case.stays if one.tier == owner
                          and one.entered <= since + EPSILON and case.went_on(one, due))])  # fmt: skip
        if duty.repeat is not None:
            begins += 2 * EPSILON  # since it was done the last time, which is no time to do it again
        if case.at_hand(owner, begins, due) or people.last_there(hours, begins, due) is not None:
            return "", due
        return NOBODY, people.next_there(hours, max(begins, due))

    def _work_begins(self, at: float, tier: str | None) -> float:
        """Return when somebody (of a tier) works on the ticket again after an instant, its end if nobody does."""
        work = self._case.work
        return min((began for who, began, _ in work if began >= at and tier in (None, who)), default=self._case.end)

    def _find(
        self, owner: str, act: ActKey, rules: tuple[str, ...], kind: Kind, slip: str, since: float, due: float | None,
        done: float | None, says: str, could_not: str = "",
    ) -> None:  # fmt: skip
        zero = self._people.zero

        def minute(at: float | None) -> float | None:
            return None if at is None else round(at - zero, 6)

        self.findings.append(
            Finding(
                self._case.number + 1, owner, act, rules, kind, slip, round(since - zero, 6), minute(due), minute(done),
                says, could_not,
            )
        )  # fmt: skip


def _slip(key: ActKey, kind: str) -> str:
    """Return what went wrong with a duty, as people say it."""
    verb, _, _, what = key
    if verb == HANDOFF and kind == "missed":
        return "incomplete hand-off"
    if what == UPDATE:
        return "update forgotten" if kind == "missed" else "update late"
    return "forgotten" if kind == "missed" else "late"
