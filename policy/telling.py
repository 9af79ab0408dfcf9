"""Which signal makes a ticket a P2: found by asking the rulebook, so that no signal is known by name."""

from __future__ import annotations

import math
from collections.abc import Callable

from policy.fast import FastVerdict
from policy.loading import Policy
from policy.situation import Situation


def telling_signals(policy: Policy, ask: Callable[[Situation], FastVerdict]) -> dict[str, str]:
    """Return the signal from which each priority follows, if there is one: of several, that with the fewest duties."""
    tier, plan, start = next(iter(policy.tiers)), next(iter(policy.plans)), 0.0
    found: dict[str, str] = {}
    for priority in policy.priorities:
        usual = ask(Situation(start, start, plan, tier, stated_priority=priority, stated_since=start))
        least = math.inf
        for signal in policy.doc.vocabulary.signals:
            with_it = ask(Situation(start, start, plan, tier, signals={signal: start}))
            if with_it.priority != priority:
                continue
            more = len({one.key for one in with_it.obligations} - {one.key for one in usual.obligations})
            if more < least:
                least, found[priority] = more, signal
    return found
