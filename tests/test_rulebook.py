"""The rulebook: precedence, dues and repeats, and what holds for every situation of every policy."""

from __future__ import annotations

import copy
import random
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from situations import OPENED, deeds_of, situations

from policy import Count, Deed, Policy, Rulebook, Situation, Verdict, load_policy
from policy.calendars import Calendar
from policy.clocks import Clock
from policy.errors import InputError
from policy.fast import FastBook
from policy.loading import build_policy
from policy.source import Source
from policy.yaml_source import load_yaml

BAKERY = Path(__file__).parent / "data" / "drill_policy.yaml"
ALWAYS = Calendar.always()


def bakery_with(*rules: dict[str, Any], **changes: Any) -> Rulebook:
    """Return the bakery's rulebook with more rules, and other top-level parts."""
    data = copy.deepcopy(load_yaml(BAKERY).data)
    data.update(changes)
    full = [{"id": f"extra.{n}", "source": "Test", "says": "Something.", **rule} for n, rule in enumerate(rules)]
    data["groups"].append({"title": "Extra", "layer": "duty", "rules": full})
    return Rulebook(build_policy(Source("bakery", data)))


def at(minute: float, **facts: Any) -> Situation:
    """Return a situation ``minute`` minutes after the ticket was opened, at the counter."""
    base: dict[str, Any] = {"now": OPENED + minute, "opened": OPENED, "plan": "basic", "tier": "counter"}
    return Situation(**(base | {"category": "till"} | facts))


def owed(verdict: Verdict, verb: str, to: str | None = None, what: str | None = None) -> Any:
    """Return the one obligation of this act."""
    found = [o for o in verdict.obligations if o.verb == verb and o.to == to and (what is None or o.what == what)]
    assert len(found) == 1, found
    return found[0]


def forbidden(verdict: Verdict, deed: Deed) -> tuple[str, ...]:
    """Return the rules that a deed would break."""
    return tuple(rule for ban in verdict.prohibitions if ban.matches(deed) for rule in ban.rules)


TO_WORKSHOP = Deed("escalate", "workshop")
LOOKED = {"plug": OPENED + 5, "fuse": OPENED + 6}
BEYOND = {"beyond_us": OPENED + 1}


# -- precedence ---------------------------------------------------------------------------------------------------


def test_what_is_not_ripe_lifts_nothing() -> None:
    """The workshop is owed the ticket, but not before plug and fuse were looked at."""
    book = bakery_with()
    early = book.verdict(at(3, signals=BEYOND))
    assert not owed(early, "escalate", "workshop").ripe
    assert forbidden(early, TO_WORKSHOP) == ("never.blind", "never.idle")
    ready = book.verdict(at(10, signals=BEYOND, checks=LOOKED))
    assert owed(ready, "escalate", "workshop").ripe
    assert forbidden(ready, TO_WORKSHOP) == ()


def test_what_waits_is_ripe_at_its_due_all_the_same() -> None:
    book = bakery_with()
    assert not owed(book.verdict(at(15.99, signals=BEYOND)), "escalate", "workshop").ripe
    late = book.verdict(at(16, signals=BEYOND))  # known at minute 1, due a quarter of an hour later
    assert owed(late, "escalate", "workshop").ripe
    assert forbidden(late, TO_WORKSHOP) == ()


def test_an_obligation_lifts_a_ban_for_its_own_recipient_only() -> None:
    verdict = bakery_with().verdict(at(10, signals=BEYOND, checks=LOOKED))
    assert forbidden(verdict, Deed("escalate", "office")) == ("never.idle",)


def test_a_permission_lifts_a_residual_ban_and_no_other() -> None:
    book = bakery_with({"when": {"signal": "fuse_blown"}, "permit": {"act": "escalate", "to": "workshop"}})
    fuse = {"fuse_blown": OPENED}
    assert forbidden(book.verdict(at(10, signals=fuse)), TO_WORKSHOP) == ("never.blind",)
    assert forbidden(book.verdict(at(10, signals=fuse, checks=LOOKED)), TO_WORKSHOP) == ()
    assert forbidden(book.verdict(at(10, signals=fuse, checks=LOOKED)), Deed("escalate", "office")) == ("never.idle",)
    assert forbidden(book.verdict(at(10, checks=LOOKED)), TO_WORKSHOP) == ("never.idle",)


def test_a_permission_without_a_recipient_is_one_for_all() -> None:
    book = bakery_with({"when": {"signal": "fuse_blown"}, "permit": {"act": "escalate"}})
    verdict = book.verdict(at(10, signals={"fuse_blown": OPENED}, checks=LOOKED))
    assert forbidden(verdict, Deed("escalate", "office")) == ()


def test_the_most_severe_definition_wins_and_is_cited() -> None:
    low = {"when": {"signal": ["till_dead", "fuse_blown"]}, "define": {"priority": "LOW"}}
    again = {"when": {"count": {"name": "tills", "at_least": 3}}, "define": {"priority": "HIGH"}}
    book = bakery_with(low, again)
    assert book.verdict(at(9)).priority is None
    fuse = book.verdict(at(9, signals={"fuse_blown": OPENED + 2}, stated_priority="HIGH"))
    assert (fuse.priority, fuse.priority_since, fuse.priority_rules) == ("LOW", OPENED + 2, ("extra.0",))
    both = book.verdict(at(9, signals={"till_dead": OPENED + 4}, counts={"tills": Count(3, OPENED + 1)}))
    assert (both.priority, both.priority_since) == ("HIGH", OPENED + 1)
    assert both.priority_rules == ("high.dead", "extra.1")
    stated = book.verdict(at(9, stated_priority="LOW", stated_since=OPENED + 3))
    assert (stated.priority, stated.priority_since, stated.priority_rules) == ("LOW", OPENED + 3, ())


# -- dues ---------------------------------------------------------------------------------------------------------


def test_the_stricter_of_two_dues_holds_and_both_are_cited() -> None:
    looser = {"when": {"signal": "beyond_us"}, "oblige": {"act": "escalate", "to": "workshop", "within": "2h"}}
    book = bakery_with(looser | {"oblige": looser["oblige"] | {"critical": True, "weight": 7}})  # type: ignore[operator]
    one = owed(book.verdict(at(10, signals=BEYOND, checks=LOOKED)), "escalate", "workshop")
    assert one.due == OPENED + 16
    assert one.rules == ("hand.over", "extra.0")  # the one that set the due stands first
    assert (one.weight, one.critical) == (7, True)
    # The same the other way round: the stricter rule comes later in the file.
    stricter = {"when": {"signal": "beyond_us"}, "oblige": {"act": "escalate", "to": "workshop", "within": "2m"}}
    one = owed(bakery_with(stricter).verdict(at(10, signals=BEYOND, checks=LOOKED)), "escalate", "workshop")
    assert one.due == OPENED + 3
    assert one.rules == ("extra.0", "hand.over")


def test_a_due_beats_none() -> None:
    book = bakery_with({"when": {"signal": "beyond_us"}, "oblige": {"act": "escalate", "to": "workshop"}})
    one = owed(book.verdict(at(10, signals=BEYOND)), "escalate", "workshop")
    assert one.due == OPENED + 16
    assert set(one.rules) == {"hand.over", "extra.0"}
    assert one.ripe  # the rule without a due does not wait


def test_what_is_repeated_falls_due_again() -> None:
    book = bakery_with()
    dead = {"till_dead": OPENED + 2}
    first = owed(book.verdict(at(5, signals=dead)), "reply", "customer", "note")
    assert (first.due, first.repeat) == (OPENED + 62, 60)
    note = Deed("reply", "customer", None, ("note",), OPENED + 30)
    later = Deed("reply", "customer", None, ("note",), OPENED + 50)
    for deeds in ((note, later), (later, note)):
        assert owed(book.verdict(at(55, signals=dead, deeds=deeds)), "reply", "customer", "note").due == OPENED + 110
    late = owed(book.verdict(at(300, signals=dead, deeds=(note,))), "reply", "customer", "note")
    assert late.due == OPENED + 90  # it stays due until it is done


def test_what_is_done_once_is_no_longer_owed() -> None:
    book = bakery_with()
    dead = {"till_dead": OPENED + 2}
    call = Deed("notify", "foreman", "phone", (), OPENED + 10)
    assert owed(book.verdict(at(12, signals=dead)), "notify", "foreman").due == OPENED + 62
    for deed, left in ((call, 0), (replace(call, via="email"), 1), (replace(call, to="office"), 1)):
        verdict = book.verdict(at(12, signals=dead, deeds=(deed,)))
        assert len([o for o in verdict.obligations if o.verb == "notify"]) == left


@pytest.mark.parametrize(("earlier_counts", "left"), [(False, 1), (True, 0)])
def test_what_was_done_before_it_was_owed(earlier_counts: bool, left: int) -> None:
    duty = {"act": "notify", "to": "office", "within": "1h", "earlier_counts": earlier_counts}
    book = bakery_with({"when": {"signal": "fuse_blown"}, "oblige": duty})
    told = Deed("notify", "office", None, (), OPENED + 5)
    verdict = book.verdict(at(12, signals={"fuse_blown": OPENED + 10}, deeds=(told,)))
    assert len([o for o in verdict.obligations if o.to == "office"]) == left


@pytest.mark.parametrize(
    ("done", "moves", "left"),
    [
        (5, (), 0),  # all of it is one visit
        (5, (("escalate", "workshop", 10),), 0),
        (5, (("escalate", "workshop", 3), ("deescalate", "counter", 10)), 0),
        (2, (("escalate", "workshop", 3), ("deescalate", "counter", 10)), 1),
        (3, (("escalate", "workshop", 3), ("notify", "workshop", 7), ("deescalate", "counter", 10)), 0),
        (2, (("escalate", "office", 3), ("escalate", "workshop", 10)), 0),  # the office is no tier
        (11, (("escalate", "workshop", 3), ("deescalate", "counter", 10)), 0),
    ],
)
@pytest.mark.parametrize("by", [None, "counter", "workshop"])
def test_what_its_owner_did_in_the_visit_before(
    done: float, moves: tuple[tuple[str, str, float], ...], left: int, by: str | None
) -> None:
    duty = {"act": "notify", "to": "office", "within": "1h", "earlier_counts": "visit_before"}
    book = bakery_with({"when": {"done": {"act": "escalate", "in_visit": True}}, "oblige": duty},
                       {"when": {"done": {"act": "deescalate", "in_visit": True}}, "oblige": duty},
                       {"when": {"signal": "fuse_blown"}, "oblige": duty}, vocabulary=_with_a_return())  # fmt: skip
    deeds = [Deed(verb, to, None, (), OPENED + minute) for verb, to, minute in moves]
    told = Deed("notify", "office", None, (), OPENED + done, by)
    asked = at(12, signals={"fuse_blown": OPENED + 10}, deeds=(*deeds, told), tier_since=OPENED + 10 if moves else None)
    of_another = by == "workshop" and done < 10  # the counter owes it
    for ask in (book, FastBook(book)):
        assert len([o for o in ask.verdict(asked).obligations if o.to == "office"]) == (1 if of_another else left)


def _with_a_return() -> dict[str, Any]:
    words: dict[str, Any] = copy.deepcopy(load_yaml(BAKERY).data["vocabulary"])
    words["acts"]["deescalate"] = {"label": "send back", "dimension": "decision"}
    return words


def test_a_deed_of_the_very_instant_counts() -> None:
    book = bakery_with({"when": {"signal": "fuse_blown"}, "oblige": {"act": "notify", "to": "office"}})
    told = Deed("notify", "office", None, (), OPENED + 10)
    verdict = book.verdict(at(12, signals={"fuse_blown": OPENED + 10}, deeds=(told,)))
    assert "notify" not in {o.verb for o in verdict.obligations}


def test_a_duty_that_lists_several_is_one_for_each() -> None:
    book = bakery_with(
        {"when": {"signal": "fuse_blown"}, "oblige": {"act": "notify", "to": ["office", "foreman"], "via": "email"}}
    )
    verdict = book.verdict(at(12, signals={"fuse_blown": OPENED}))
    assert {(o.to, o.via) for o in verdict.obligations if o.verb == "notify"} == {
        ("office", "email"), ("foreman", "email"),
    }  # fmt: skip


def test_basic_checks_are_those_of_the_category() -> None:
    book = bakery_with()
    looked = Deed("check", None, None, ("plug",), OPENED + 1)
    for facts, left in (({}, {"plug", "fuse"}), ({"deeds": (looked,)}, {"fuse"}), ({"category": None}, set())):
        verdict = book.verdict(at(2, **facts))
        assert {o.what for o in verdict.obligations if o.verb == "check"} == left


def test_the_timer_of_a_tier() -> None:
    book = bakery_with()
    clock = {"no_progress": Clock(ALWAYS).start(OPENED + 10)}
    before = at(39, clocks=clock)
    assert not [o for o in book.verdict(before).obligations if o.verb == "escalate"]
    assert book.next_change(before) == OPENED + 40
    one = owed(book.verdict(at(41, clocks=clock)), "escalate", "workshop")
    assert (one.due, one.since, one.rules) == (OPENED + 45, OPENED + 40, ("timer.out",))
    paused = {"no_progress": clock["no_progress"].pause(OPENED + 20)}
    assert not [o for o in book.verdict(at(500, clocks=paused)).obligations if o.verb == "escalate"]


def test_a_duty_with_an_end_owes_what_fell_due_in_its_time_and_no_more() -> None:
    news = {"act": "document", "what": "note", "repeat": "60m", "calendar": "always"}
    first = {"when": {"always": True}, "oblige": {**news, "until": "2h"}}
    then = {"when": {"count": {"name": "tills", "at_least": 1}}, "oblige": {**news, "earlier_counts": True}}

    def dues(book: Rulebook, *told: float, **facts: Any) -> list[float | None]:
        deeds = tuple(Deed("document", what=("note",), at=OPENED + minute) for minute in told)
        verdict = book.verdict(at(500, deeds=deeds, **facts))
        return [o.due and o.due - OPENED for o in verdict.obligations if o.verb == "document" and o.repeat]

    one = bakery_with(first)
    assert [dues(one), dues(one, 30), dues(one, 60), dues(one, 61)] == [[60], [90], [120], []]
    later = {"counts": {"tills": Count(1, OPENED + 130)}}
    both = bakery_with(first, then)
    assert [dues(both, told, **later) for told in (60, 61, 100, 200)] == [[120], [130], [160], [260]]
    with pytest.raises(InputError, match=r"until.*stands beside repeat"):
        bakery_with({"when": {"always": True}, "oblige": {"act": "document", "within": "1h", "until": "2h"}})


def test_a_duty_on_another_calendar() -> None:
    office = {"hours": {"mon": "09:00-17:00"}, "business_day": "8h"}
    duty = {"act": "notify", "to": "office", "within": "1bd", "calendar": "office"}
    calendars = {"always": {"always_open": True}, "office": office}
    book = bakery_with({"when": {"signal": "fuse_blown"}, "oblige": duty}, calendars=calendars)
    one = owed(book.verdict(at(1, signals={"fuse_blown": OPENED})), "notify", "office")
    assert one.due == OPENED + 3 * 1440 + 120  # Friday 15:00 to Monday 17:00


def test_rules_that_hold_clocks_still_are_named() -> None:
    book = bakery_with(
        {"when": {"status": "waiting_customer"}, "pause": {"clocks": ["resolution", "no_progress"]}},
        {"when": {"signal": "fuse_blown"}, "pause": {"clocks": ["resolution"]}},
    )
    verdict = book.verdict(at(1, status="waiting_customer", signals={"fuse_blown": OPENED}))
    assert dict(verdict.paused) == {"resolution": ("extra.0", "extra.1"), "no_progress": ("extra.0",)}
    assert book.verdict(at(1)).paused == ()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"tier": "cellar"}, 'the policy bakery has no tier "cellar"; it has counter, workshop'),
        ({"plan": "gold"}, 'the policy bakery has no plan "gold"; it has basic'),
        ({"stated_priority": "P1"}, 'the policy bakery has no priority "P1"; it has HIGH, LOW'),
    ],
)
def test_a_situation_of_another_house(facts: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        bakery_with().verdict(at(1, **facts))
    assert str(error.value) == said


def test_the_next_change_sees_clocks_that_decide_a_role() -> None:
    roles = {
        "holder": {"label": "holder", "by_tier": {"counter": "counter", "workshop": "workshop"}},
        "chief": {
            "label": "whoever leads by now",
            "cases": [
                {"when": {"clock": {"name": "no_progress", "reaches": "20m"}}, "role": "office"},
                {"role": "foreman"},
            ],
        },
    }
    vocabulary = load_yaml(BAKERY).data["vocabulary"] | {"relative_roles": roles}
    book = bakery_with(
        {"when": {"signal": "fuse_blown"}, "oblige": {"act": "notify", "to": "chief"}}, vocabulary=vocabulary
    )
    facts = at(5, tier="workshop", signals={"fuse_blown": OPENED}, clocks={"no_progress": Clock(ALWAYS).start(OPENED)})
    assert owed(book.verdict(facts), "notify", "foreman")
    assert owed(book.verdict(replace(facts, now=OPENED + 20)), "notify", "office")
    assert book.next_change(facts) == OPENED + 20


# -- what holds everywhere ----------------------------------------------------------------------------------------


@cache
def book_of(name: str) -> tuple[Rulebook, list[Deed]]:
    policy = load_policy(BAKERY) if name == "bakery" else load_policy(name)
    return Rulebook(policy), deeds_of(policy)


@cache
def renamed_book_of(name: str) -> tuple[Rulebook, dict[str, str]]:
    """Return the same policy with every id replaced, in an order that sorts the other way round."""
    policy: Policy = book_of(name)[0].policy
    names = {entry.id: f"z{9999 - n}.{entry.id[-1]}" for n, entry in enumerate(policy.entries())}

    def renamed(data: Any, key: str = "") -> Any:
        if isinstance(data, dict):
            return {k: renamed(v, k) for k, v in data.items()}
        if isinstance(data, list):
            return [renamed(v, key) for v in data]
        return names.get(data, data) if key in ("id", "covers", "carried_by") else data

    return Rulebook(build_policy(Source("renamed", renamed(policy.source.data)))), names


def any_situation(name: str) -> st.SearchStrategy[Situation]:
    book, deeds = book_of(name)
    return situations(book.policy, deeds)


def acts(verdict: Verdict) -> Any:
    """Return everything that a verdict says to do and not to do."""
    return verdict.priority, verdict.obligations, verdict.permissions, verdict.prohibitions, verdict.paused


POLICIES = ["bakery", "secureai"]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", POLICIES)
@QUICK
@given(data=st.data())
def test_a_verdict_is_pure_whatever_order_the_facts_were_stated_in(name: str, data: st.DataObject) -> None:
    book = book_of(name)[0]
    situation = data.draw(any_situation(name))
    verdict = book.verdict(situation)
    assert book.verdict(situation) == verdict
    shuffle = random.Random(data.draw(st.integers(0, 9)))

    def mixed(facts: Any) -> dict[str, Any]:
        return dict(shuffle.sample(sorted(facts.items()), len(facts)))

    other = replace(
        situation, signals=mixed(situation.signals), checks=mixed(situation.checks), counts=mixed(situation.counts),
        clocks=mixed(situation.clocks),
    )  # fmt: skip
    assert book.verdict(other) == verdict
    assert book.next_change(other) == book.next_change(situation)


def test_deeds_may_be_stated_in_any_order() -> None:
    first, second = (replace(TO_WORKSHOP, at=OPENED + minute) for minute in (3, 40))
    book = bakery_with()
    assert book.verdict(at(50, deeds=(second, first))) == book.verdict(at(50, deeds=(first, second)))


@pytest.mark.parametrize("name", POLICIES)
@QUICK
@given(data=st.data())
def test_renaming_every_id_changes_no_verdict(name: str, data: st.DataObject) -> None:
    situation = data.draw(any_situation(name))
    renamed, names = renamed_book_of(name)
    plain = book_of(name)[0].verdict(situation)

    def told(part: Any) -> Any:
        """Return a part of a verdict with every rule that it cites by its new name."""
        if isinstance(part, tuple):
            return tuple(told(one) for one in part)
        if isinstance(part, str):
            return names.get(part, part)
        if not is_dataclass(part):
            return part
        return replace(part, **{field.name: told(getattr(part, field.name)) for field in fields(part)})

    expected = told(plain)
    assert renamed.verdict(situation) == expected


@pytest.mark.parametrize("name", POLICIES)
@QUICK
@given(data=st.data())
def test_nothing_changes_before_the_next_change(name: str, data: st.DataObject) -> None:
    book = book_of(name)[0]
    situation = data.draw(any_situation(name))
    change = book.next_change(situation)
    ahead = 20 * 1440.0 if change is None else change - situation.now
    assert ahead > 0
    share = data.draw(st.floats(0, 0.999))
    before = acts(book.verdict(situation))
    for later in (situation.now + ahead * share, situation.now + ahead - min(0.01, ahead / 2)):
        assert acts(book.verdict(replace(situation, now=later))) == before


@pytest.mark.parametrize("name", POLICIES)
@QUICK
@given(data=st.data())
def test_what_is_owed_and_ripe_is_never_forbidden(name: str, data: st.DataObject) -> None:
    """Nobody is ever told to do what the same verdict calls wrong (D6)."""
    verdict = book_of(name)[0].verdict(data.draw(any_situation(name)))
    for one in verdict.obligations:
        if one.ripe and not one.target:  # a target is a result to reach, not an act to do
            deed = Deed(one.verb, one.to, one.via, () if one.what is None else (one.what,))
            assert forbidden(verdict, deed) == ()
    for permission in verdict.permissions:
        deed = Deed(permission.verb, permission.to, permission.via, ())
        assert not any(ban.matches(deed) for ban in verdict.prohibitions if ban.residual)


@pytest.mark.parametrize("name", POLICIES)
@QUICK
@given(data=st.data())
def test_doing_what_is_owed_settles_it(name: str, data: st.DataObject) -> None:
    """An act done now is no longer owed, or is owed again later than now."""
    book = book_of(name)[0]
    situation = data.draw(any_situation(name))
    verdict = book.verdict(situation)
    assume(verdict.obligations)
    one = data.draw(st.sampled_from(verdict.obligations))
    deed = Deed(one.verb, one.to, one.via, () if one.what is None else (one.what,), situation.now)
    after = book.verdict(replace(situation, deeds=(*situation.deeds, deed)))
    for left in after.obligations:
        if left.key == one.key:
            assert left.repeat is not None
            assert left.due is None or left.due > situation.now
    assert one.met_by(deed)


@pytest.mark.parametrize("name", POLICIES)
@QUICK
@given(data=st.data())
def test_every_part_of_a_verdict_cites_rules_that_exist(name: str, data: st.DataObject) -> None:
    book = book_of(name)[0]
    verdict = book.verdict(data.draw(any_situation(name)))
    known = {rule.id for rule in book.policy.rules}
    for part in (*verdict.obligations, *verdict.permissions, *verdict.prohibitions):
        assert part.rules
        assert set(part.rules) <= known
    keys = [one.key for one in verdict.obligations]
    assert len(keys) == len(set(keys))
    dues = [one.due_or_never for one in verdict.obligations]
    assert dues == sorted(dues)
    roles = book.policy.doc.vocabulary.roles
    for one in verdict.obligations:
        assert one.owner in roles, f"{one.owner} is no real role"
        assert one.to is None or one.to in roles, f"{one.to} is no real role"
