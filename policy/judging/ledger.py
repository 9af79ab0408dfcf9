"""The account of a ticket: duties that open, are met, fall late, move on or cease, and deeds that nobody asked for.

A ledger is shown each verdict from the instant at which it holds, and each deed together with the verdict that held
just before it. It asks nothing itself: whatever it says rests on what the rulebook answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Literal, Protocol

from policy.judging.findings import EPSILON, Duty, Misstep
from policy.situation import Deed
from policy.verdict import ActKey, Permission, Prohibition

NEUTRAL: Final = frozenset({"check", "ask", "document", "remind", "confirm", "handoff", "transfer", "reply"})
"""Acts that bother nobody else: doing one that nothing asked for is no misstep."""
EXCLUSIVE: Final = frozenset({"escalate", "set_priority", "status_page", "deescalate"})
"""Acts of which one value is owed: doing another while it is owed is wrong, not only unneeded."""
_DIMENSION: Final = {
    "set_priority": "priority", "escalate": "decision", "deescalate": "decision", "resolve": "decision",
}  # fmt: skip


class Ruling(Protocol):
    """What a ledger reads of a verdict; ``Verdict`` and ``FastVerdict`` both are one."""

    @property
    def priority(self) -> str | None: ...
    @property
    def obligations(self) -> Sequence[Any]:
        """The open obligations, as ``Obligation`` or in the same fields."""

    @property
    def permissions(self) -> Sequence[Permission]: ...
    @property
    def prohibitions(self) -> Sequence[Prohibition]: ...
    @property
    def fulfilled(self) -> Sequence[Any]:
        """The obligations that hold and were done."""


class Ledger:
    """Keeps the account of one owner, or of everybody who owes something about a ticket.

    Life: made empty; :meth:`observe` and :meth:`record` in the order of events; :meth:`close` once.
    """

    def __init__(self, owner: str | None = None, opens: float = 0.0) -> None:
        """Keep the account of ``owner`` (``None``: of everybody); its times are minutes since the instant ``opens``."""
        self._owner = owner
        self._opens = opens
        self._open: dict[ActKey, Duty] = {}
        self._moved: dict[ActKey, Duty] = {}
        self._closed: list[Duty] = []
        self._done: set[tuple[ActKey, float | None]] = set()
        self._last: dict[ActKey, float] = {}
        self._seen: dict[tuple[ActKey, float], float] = {}
        """When each duty was first seen, by what it is and since when it is owed: it may go and come back."""
        self._over: set[tuple[ActKey, float | None]] = set()
        """Duties, by their due, that ceased when they had been missed: if they come back, that is counted already."""
        self.missteps: list[Misstep] = []
        self.kinds: list[tuple[float, str]] = []
        """What each deed was when it was done: ``ok``, ``late``, the kind of a misstep, or nothing in particular."""

    def observe(self, verdict: Ruling, now: float) -> None:
        """See the verdict that holds from ``now``."""
        minute = self._minute(now)
        owed = {o.key: o for o in self._mine(verdict)}
        for key in [key for key in self._open if key not in owed]:
            duty = self._open.pop(key)
            in_time = duty.due is None or minute <= duty.due + EPSILON
            if in_time and any(o.key == key for o in verdict.obligations):
                self._moved[key] = duty
            else:
                self._close(replace(duty, void=in_time, ceased=minute))
                # Of what was seen later than it was owed, the due counts from then.
                if not in_time and duty.seen <= duty.since + EPSILON:
                    self._over.add((key, duty.due))
        for key, o in owed.items():
            due = None if o.due is None else self._minute(o.due)
            known = self._open.get(key)
            if known is not None and known.due is not None and self._minute(o.since) > known.due + EPSILON:
                self._close(replace(known, ceased=minute))  # it was missed, and is owed anew: each counts by itself
                known = None
            if known is None:
                since, owner = max(self._minute(o.since), self._last.get(key, 0.0)), o.owner
                seen = minute if (key, due) in self._over else self._seen.setdefault((key, o.since), minute)
                dated = minute
            elif known.due == due and known.rules == o.rules and known.owner == o.owner:
                continue
            else:
                over = known.due is not None and minute > known.due + EPSILON
                since, owner, seen = known.since, known.owner if over else o.owner, known.seen
                dated = known.dated if known.due == due else minute
            self._open[key] = Duty(
                key, o.rules, o.dimension, o.weight, o.critical, o.text, since, due, None,
                owner=owner, repeat=o.repeat, seen=seen, dated=dated,
            )  # fmt: skip
        self._note_early(verdict)

    def record(self, deed: Deed, verdict: Ruling) -> None:
        """See a deed, with the verdict that held just before it took effect."""
        minute = self._minute(deed.at)
        mine = [o for o in self._mine(verdict) if deed.fits(*o.key)]
        bans = sorted((p for p in verdict.prohibitions if p.matches(deed)), key=lambda p: p.residual)
        ban = bans[0] if bans else None
        if ban is not None and ban.residual and self._owed_instead(deed, verdict) is not None:
            ban = None  # there is a reason for such an act, only not for this recipient: it is wrong, not baseless
        forbidden = ban is not None
        for o in mine:
            duty = self._open.pop(o.key, None)
            if duty is not None:
                self._close(replace(duty, done=minute, spoiled=forbidden))
        if ban is None:  # what went to somebody else together with the ticket may still be done from here
            for key in [key for key in self._moved if deed.fits(*key)]:
                self._close(replace(self._moved.pop(key), done=minute))
        if ban is not None:
            key = (deed.verb, deed.to, None, None)
            self._misstep(
                "forbidden", key, ban.rules, ban.dimension, ban.weight, ban.critical, ban.text, minute, deed.by
            )
        elif mine:
            late = any(o.due is not None and self._minute(o.due) < minute - EPSILON for o in mine)
            self.kinds.append((minute, "late" if late else "ok"))
        else:
            self._unasked(deed, verdict, minute)

    def close(self, horizon: float) -> tuple[Duty, ...]:
        """Return all duties, in order of their due; what is still open is judged at ``horizon`` (a minute)."""
        for duty in self._open.values():
            self._close(replace(duty, void=duty.due is not None and duty.due > horizon + EPSILON))
        self._closed += [replace(duty, moved=True) for duty in self._moved.values()]
        self._open.clear()
        return tuple(sorted(self._closed, key=lambda d: (d.due is None, d.due or 0.0, d.since)))

    # -- inside ------------------------------------------------------------------------------------------------

    def _mine(self, verdict: Ruling) -> list[Any]:
        """Return what the owner owes, results to reach left out."""
        if self._owner is None:
            return [o for o in verdict.obligations if not o.target]
        return [o for o in verdict.obligations if o.owner == self._owner and not o.target]

    def _close(self, duty: Duty) -> None:
        self._closed.append(duty)
        self._done.add((duty.key, duty.done))
        if duty.done is not None:
            self._last[duty.key] = max(duty.done, self._last.get(duty.key, 0.0))

    def _note_early(self, verdict: Ruling) -> None:
        """Count what was done before it began to be owed, where the rules say that this counts."""
        for o in verdict.fulfilled:
            if (self._owner is not None and o.owner != self._owner) or o.target or o.done_at is None:
                continue
            if o.key in self._open:
                continue
            done = self._minute(o.done_at)
            if (o.key, done) not in self._done:
                due = None if o.due is None else self._minute(o.due)
                since = self._minute(o.since)
                self._close(
                    Duty(
                        o.key, o.rules, o.dimension, o.weight, o.critical, o.text, min(since, done), due, done,
                        owner=o.owner, repeat=o.repeat, seen=min(since, done),
                    )
                )  # fmt: skip

    def _unasked(self, deed: Deed, verdict: Ruling, minute: float) -> None:
        """Judge a deed that its owner did not owe and no rule forbids."""
        same = deed.verb == "set_priority" and verdict.priority in deed.what
        allowed = any(p.matches(deed) for p in verdict.permissions)
        allowed = allowed or any(deed.fits(*o.key) for o in verdict.obligations)
        if deed.verb in NEUTRAL or same or allowed:
            self.kinds.append((minute, ""))
            return
        key: ActKey = (deed.verb, deed.to, deed.via, deed.what[0] if deed.what else None)
        instead = self._owed_instead(deed, verdict)
        if instead is not None:
            dimension = "destination" if deed.to is not None else instead.dimension
            self._misstep("wrong", key, instead.rules, dimension, 1.0, False, instead.text, minute, deed.by)
        else:
            dimension = _DIMENSION.get(deed.verb, "process")
            self._misstep("unneeded", key, (), dimension, 1.0, False, "", minute, deed.by)

    def _owed_instead(self, deed: Deed, verdict: Ruling) -> Any | None:
        if deed.verb not in EXCLUSIVE:
            return None
        return next((o for o in self._mine(verdict) if o.verb == deed.verb and o.ripe), None)

    def _misstep(
        self, kind: Literal["forbidden", "wrong", "unneeded"], key: ActKey, rules: tuple[str, ...], dimension: str,
        weight: float, critical: bool, text: str, minute: float, by: str | None,
    ) -> None:  # fmt: skip
        self.missteps.append(Misstep(kind, key, rules, dimension, weight, critical, text, minute, by or ""))
        self.kinds.append((minute, kind))

    def _minute(self, instant: float) -> float:
        return round(instant - self._opens, 6)
