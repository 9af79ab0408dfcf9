"""Each escalation before the rulebook: was it owed, allowed, to whom, and since when?

The rulebook is asked with hindsight: with the signs since they could be seen, and only with those that were there.
"""

from __future__ import annotations

from collections.abc import Iterable

from policy.calendars import to_datetime
from policy.judging import EPSILON
from policy.probing import ESCALATE
from policy.situation import Deed, Situation
from simulator.audit.book import Book
from simulator.audit.case import Case
from simulator.audit.findings import Judgement
from simulator.audit.replay import hindsight


def judge_escalation(deed: Deed, known: Situation, case: Case, book: Book) -> Judgement:
    """Return what the rulebook says of an escalation; ``known`` is what was known just before."""
    then = hindsight(known, case, book)
    verdict = book.ask(then)
    label = book.policy.label
    to, source = deed.to or "", known.tier
    owed = [one for one in verdict.obligations if one.verb == ESCALATE and not one.target]
    mine = next((one for one in owed if one.to == to), None)
    tiers = list(book.policy.tiers)
    if mine is not None:
        if mine.due is not None and deed.at > mine.due + EPSILON:
            why = f"{label(source)} could have seen it sooner: it was due by {_clock(mine.due)}."
            return _judgement(deed, known, case, book, "late", mine.rules, why)
        return _judgement(deed, known, case, book, "appropriate", mine.rules, mine.text)
    instead = next((one for one in owed if one.to in tiers and one.ripe), None)
    if to in tiers and instead is not None:
        why = f"It had to go to {label(instead.to or '')}, not to {label(to)}."
        return _judgement(deed, known, case, book, "wrong destination", instead.rules, why)
    able = case.solvable_by is not None and tiers.index(case.solvable_by) <= tiers.index(source)
    bans = [one for one in verdict.prohibitions if one.matches(deed)]
    allowed = [one for one in verdict.permissions if one.matches(deed)]
    if bans:
        rules = tuple(dict.fromkeys(rule for one in bans for rule in one.rules))
        return _judgement(deed, known, case, book, "premature", rules, bans[0].text)
    if able or not allowed:
        rules = tuple(dict.fromkeys(rule for one in allowed for rule in one.rules))
        why = f"Nothing asked for it, and {label(source)} could have solved it."
        return _judgement(deed, known, case, book, "premature", rules, why)
    return _judgement(deed, known, case, book, "appropriate", allowed[0].rules, allowed[0].text)


def judge_paging(case: Case, book: Book) -> Judgement:
    """Return what the rulebook says of a page that went out when a ticket was opened, past the first tier."""
    first, tiers = next(iter(book.policy.tiers)), book.policy.tiers
    telling = book.telling.get(case.stated)
    then = Situation(
        now=case.opened, opened=case.opened, plan=case.plan, tier=first, category=case.category,
        stated_priority=case.stated, stated_since=case.opened,
        signals={} if telling is None else {telling: case.opened},
    )  # fmt: skip
    deed = Deed(ESCALATE, case.tier, at=case.opened, by=first)
    assert case.tier in tiers
    return judge_escalation(deed, then, case, book)


def _judgement(
    deed: Deed, known: Situation, case: Case, book: Book, judged: str, rules: Iterable[str], why: str
) -> Judgement:
    to = deed.to or ""
    reason = case.reasons.get((to, deed.at), "")
    return Judgement(case.number + 1, known.tier, to, reason, case.kind, deed.at, judged, tuple(rules), why)


def _clock(instant: float) -> str:
    return f"{to_datetime(instant):%H:%M}"
