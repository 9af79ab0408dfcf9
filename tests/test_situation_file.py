"""Situations as files: what is written reads back as the same, and what is wrong is told with file, line and key."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_situations import perturbed, random_cell
from situations import deeds_of, situations

from policy import Count, Deed, Policy, Rulebook, Situation, load_policy
from policy.calendars import Calendar
from policy.clocks import Clock
from policy.errors import InputError
from policy.lint.cells import situation_of
from policy.lint.space import Space
from policy.situation import Stretch
from policy.situation_file import read_situation
from policy.situation_text import situation_text

BAKERY = Path(__file__).parent / "data" / "drill_policy.yaml"
OPENED = 28_966_140.0  # 2025-01-27T09:00Z
WHOLE = """\
opened: 2025-01-27T10:00:00+01:00
now: +45m
plan: enterprise
tier: T2
tier_since: +20m
category: api_authentication
priority: P2
priority_since: 5
status: waiting_customer
status_since: 2025-01-27T09:40:00Z
signals:
  api_down: +0m
  call_open: -1m
checks: [token_validity, header_format]
counts:
  customers_affected: 3
  share_of_customers: {value: 10, since: +12m}
deeds:
  - {act: reply, to: customer, via: email, what: [first_response, update], at: +3.5m, by: T1}
  - {act: escalate, to: T2, at: 20}
clocks:
  no_progress: 25m
  unresolved: {state: paused, elapsed: 25, calendar: business}
  resolution: {since: +5m}
"""


@cache
def policy_of(name: str) -> Policy:
    return load_policy(BAKERY if name == "bakery" else name)


@cache
def space_of(name: str) -> Space:
    return Space(policy_of(name))


def read(text: str, name: str = "secureai") -> Situation:
    return read_situation(text, policy_of(name))


def test_everything_that_can_stand_in_a_file() -> None:
    policy = policy_of("secureai")
    business = policy.calendars["business"]
    assert read(WHOLE) == Situation(
        now=OPENED + 45,
        opened=OPENED,
        plan="enterprise",
        tier="T2",
        category="api_authentication",
        tier_since=OPENED + 20,
        stated_priority="P2",
        stated_since=OPENED + 5,
        status="waiting_customer",
        status_since=OPENED + 40,
        signals={"api_down": OPENED, "call_open": OPENED - 1},
        checks={"token_validity": OPENED, "header_format": OPENED},
        counts={"customers_affected": Count(3, OPENED), "share_of_customers": Count(10, OPENED + 12)},
        deeds=(
            Deed("reply", "customer", "email", ("first_response", "update"), OPENED + 3.5, "T1"),
            Deed("escalate", "T2", None, (), OPENED + 20),
        ),
        clocks={
            "no_progress": Clock(business, state="running", at=OPENED + 45, elapsed_then=25),
            "unresolved": Clock(business, state="paused", at=OPENED + 45, elapsed_then=25),
            "resolution": Clock(business, state="running", at=OPENED + 5, elapsed_then=0),
        },
    )


RESTED = """{opened: 2025-01-27T09:00:00Z, now: +4h, plan: starter, tier: T1, status_since: +3h,
was: [{status: waiting_customer, begin: +30m, end: +1h},
{status: resolved, begin: +2h, end: +3h}]}"""


def test_what_the_status_was_before() -> None:
    s = read(RESTED)
    assert s.was == (
        Stretch("waiting_customer", OPENED + 30, OPENED + 60), Stretch("resolved", OPENED + 120, OPENED + 180),
    )  # fmt: skip
    assert read(situation_text(s, policy_of("secureai"))) == s


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("begin: +2h", "begin: +50m", r":3: was\[1\].begin: is before the one above ended"),
        ("end: +1h", "end: +20m", r":2: was\[0\].end: is before it began"),
        ("status_since: +3h", "status_since: +150m", r":3: was\[1\].end: is after status_since"),
        ("status: resolved", "status: closed", r":3: was\[1\].status: there is no status 'closed'"),
    ],
)
def test_what_the_status_was_before_has_an_order(old: str, new: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(RESTED.replace(old, new))


def test_what_is_left_out_holds_since_the_opening() -> None:
    s = read("{opened: 2025-01-27T09:00:00Z, now: +1h, plan: starter, tier: T1}")
    assert s == Situation(OPENED + 60, OPENED, "starter", "T1", None, OPENED, None, OPENED, "open", OPENED)
    assert read("{opened: 2025-01-27T09:00:00Z, now: 0, plan: starter, tier: T1, tier_since: null}").tier_since is None


def test_a_clock_without_a_calendar_runs_on_that_of_the_situation() -> None:
    s = read(
        "{opened: 2025-01-27T09:00:00Z, now: +1h, plan: starter, tier: T1, signals: [outage], clocks: {resolution: 1h}}"
    )
    assert s.clocks["resolution"].calendar is policy_of("secureai").calendars["always"]


def test_the_timers_of_a_tier_run_in_its_hours_unless_the_ticket_is_worked_on_always() -> None:
    policy = load_policy("secureai", {"tiers.T2.calendar": "always"})
    head = "opened: 2025-01-27T09:00:00Z, now: +1h, plan: starter, clocks: {no_progress: 1h, resolution: 1h}"
    told = read_situation(f"{{{head}, tier: T2}}", policy).clocks
    assert [told[name].calendar for name in ("no_progress", "resolution")] == [
        policy.calendars["always"], policy.calendars["business"],
    ]  # fmt: skip
    grave = read_situation(f"{{{head}, tier: T1, signals: [outage]}}", policy).clocks
    assert grave["no_progress"].calendar is policy.calendars["always"]


def test_a_calendar_that_is_the_policys_own_can_be_left_to_the_reader() -> None:
    policy = load_policy("secureai", {"tiers.T2.calendar": "always"})
    clocks = {name: Clock(policy.calendars["always"]).start(OPENED) for name in ("no_progress", "resolution")}
    s = Situation(OPENED + 30, OPENED, "starter", "T2", None, OPENED, None, OPENED, "open", OPENED, clocks=clocks)
    text = situation_text(s, policy, book=Rulebook(policy))
    assert "  no_progress: {state: running, elapsed: 0m, since: +0m}\n" in text
    assert "  resolution: {state: running, elapsed: 0m, since: +0m, calendar: always}\n" in text
    assert read_situation(text, policy) == s
    assert read_situation(text, policy_of("secureai")).clocks["no_progress"].calendar.name == "business"


def test_the_text_leaves_out_what_goes_without_saying() -> None:
    policy = policy_of("secureai")
    s = Situation(OPENED + 30, OPENED, "starter", "T1", None, OPENED, None, OPENED, "open", OPENED, {"outage": OPENED})
    assert situation_text(s, policy) == (
        "opened: 2025-01-27T09:00:00+00:00\nnow: +30m\nplan: starter\ntier: T1\nsignals: [outage]\n"
    )


# -- there and back ------------------------------------------------------------------------------------------------


def told(s: Situation) -> Situation:
    """Return what a file tells of a situation: clocks without what no rule asks about."""

    def asked(clock: Clock) -> Clock:
        at = float("-inf") if clock.state == "new" else clock.at
        return replace(clock, target=float("inf"), breached_at=None, at=at)

    return replace(s, clocks={name: asked(clock) for name, clock in s.clocks.items()})


def there_and_back(s: Situation, policy: Policy) -> None:
    back = read_situation(situation_text(s, policy), policy)
    assert back == told(s)
    assert situation_text(back, policy) == situation_text(s, policy)
    book = Rulebook(policy)
    assert book.verdict(back) == book.verdict(s)


@pytest.mark.parametrize("name", ["bakery", "secureai"])
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_can_be_said_reads_back_as_the_same(name: str, data: st.DataObject) -> None:
    policy = policy_of(name)
    there_and_back(data.draw(situations(policy, deeds_of(policy))), policy)


@pytest.mark.parametrize("name", ["bakery", "secureai"])
def test_random_cells_and_fractions_of_minutes_read_back_as_the_same(name: str) -> None:
    policy, chance = policy_of(name), random.Random(4)
    deeds = deeds_of(policy)
    known = {id(c) for c in policy.calendars.values()}
    for _ in range(100):
        plain = situation_of(space_of(name), random_cell(space_of(name), chance))
        there_and_back(plain, policy)
        other = perturbed(plain, policy, deeds, chance)
        clocks = {name: clock for name, clock in other.clocks.items() if id(clock.calendar) in known}
        there_and_back(replace(other, clocks=clocks), policy)


def test_an_always_open_calendar_has_a_name_in_every_policy() -> None:
    policy = policy_of("secureai")
    s = Situation(OPENED, OPENED, "starter", "T1", clocks={"resolution": Clock(Calendar(None)).start(OPENED)})
    assert read_situation(situation_text(s, policy), policy).clocks["resolution"].calendar.always_open
    office = Calendar({"mon": [(540, 600)]}, name="nowhere")
    with pytest.raises(InputError, match="a calendar that secureai does not have"):
        situation_text(replace(s, clocks={"resolution": Clock(office)}), policy)


def test_the_order_of_facts_in_the_file_changes_no_verdict() -> None:
    policy, chance = policy_of("secureai"), random.Random(11)
    book = Rulebook(policy)
    expected = book.verdict(read(WHOLE))
    blocks: list[list[str]] = []
    for line in WHOLE.splitlines():
        if line.startswith(" "):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    for _ in range(20):
        chance.shuffle(blocks)
        mixed = [[block[0], *chance.sample(block[1:], len(block) - 1)] for block in blocks]
        assert book.verdict(read("\n".join(line for block in mixed for line in block))) == expected


# -- what is wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("api_down: +0m", "api_donw: +0m", r":12: signals.api_donw: there is .*did you mean \"api_down\"\?"),
        ("token_validity, h", "token_validty, h", r":14: checks\[0\]: there is no check 'token_validty'; did you mean"),
        ("header_format]", "token_validity]", r":14: checks\[1\]: token_validity stands here twice"),
        ("plan: enterprise", "plan: gold", r":3: plan: there is no plan 'gold'; expected one of: enterprise"),
        ("tier: T2", "tier: T4", r":4: tier: there is no tier 'T4'; expected one of: T1, T2, T3"),
        ("priority: P2", "priority: P5", r":7: priority: there is no priority 'P5'"),
        ("category: api_authentication", "category: api_auth", r":6: category: .*did you mean \"api_authentication\""),
        ("status: waiting_customer", "status: waiting", r":9: status: .*did you mean \"waiting_customer\""),
        ("customers_affected: 3", "customers: 3", r":16: counts.customers: there is no count"),
        ("customers_affected: 3", "customers_affected: -3", r":16: .*expected a whole number, 0 or more"),
        ("customers_affected: 3", "customers_affected: many", r":16: counts.customers_affected: found 'many'"),
        ("customers_affected: 3", "customers_affected: true", r":16: counts.customers_affected: found true"),
        ("act: reply", "act: repyl", r":19: deeds\[0\].act: there is no act 'repyl'; did you mean \"reply\""),
        ("to: customer", "to: next_tier", r":19: deeds\[0\].to: there is no role 'next_tier'"),
        ("via: email", "via: mail", r":19: deeds\[0\].via: there is no channel 'mail'; did you mean \"email\""),
        ("first_response, update", "update, first_reply", r":19: deeds\[0\].what: there is no content 'first_reply'"),
        ("by: T1", "by: me", r":19: deeds\[0\].by: there is no role 'me'"),
        ("at: 20}", "at: +50m}", r":20: deeds\[1\].at: found '\+50m', which is after now"),
        ("now: +45m", "now: -5m", r":2: now: is before the ticket was opened"),
        ("now: +45m", "now: +1bd", r":2: now: found '\+1bd'; expected an instant in ISO 8601"),
        ("now: +45m", "now: 2025-01-27T10:00:00", r":2: now: found '2025-01-27T10:00:00'; expected an instant"),
        ("now: +45m", "now: true", r":2: now: found true"),
        ("now: +45m", "now: 900000000", r":2: now: found 900000000; expected a year between 1970 and 2199"),
        ("opened: 2025-01-27T10:00:00+01:00", "opened: +5m", r":1: opened: found '\+5m'.*such as \S*\+00:00$"),
        ("opened: 2025-01-27T10:00:00+01:00", "opend: 2025-01-27", r"opend: unknown key; did you mean \"opened\""),
        ("no_progress: 25m", "no_progres: 25m", r":22: clocks.no_progres: there is no clock.*did you mean"),
        ("no_progress: 25m", "age: 25m", r":22: clocks.age: runs from the instant at which the priority is known"),
        ("no_progress: 25m", "no_progress: 1bd", r":22: clocks.no_progress: found '1bd'; expected minutes"),
        ("no_progress: 25m", "no_progress: -4", r":22: clocks.no_progress: found -4; expected minutes"),
        ("state: paused", "state: pause", r":23: clocks.unresolved.state: .*did you mean \"paused\""),
        ("calendar: business", "calendar: busy", r":23: clocks.unresolved.calendar: there is no calendar 'busy'"),
        ("{since: +5m}", "{sinc: +5m}", r":24: clocks.resolution.sinc: unknown key; did you mean \"since\""),
        ("{since: +5m}", "{since: +50m}", r":24: clocks.resolution.since: found '\+50m', which is after now"),
        ("{since: +5m}", "{ran: [{begin: 5, end: 2}]}", r":24: clocks.resolution.ran\[0\].end: is before it began"),
        ("tier_since: +20m", "tier_since: &a 4", r":5: anchors"),
        ("tier_since: +20m", "tier: T1", r":5: tier: the key stands here twice"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_the_nearest_word(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert WHOLE.count(old) >= 1
    file = tmp_path / "situation.yaml"
    file.write_text(WHOLE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=said) as found:
        read_situation(file, policy_of("secureai"))
    assert str(found.value).startswith(str(file))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_file_is_read_or_refused(data: st.DataObject) -> None:
    """One value of a good file is replaced by another thing: the reader never breaks."""
    junk = data.draw(
        st.sampled_from(["", "null", "[]", "{}", "-1", "1e99", "1.5", "yes", "'+-3m'", "[[x]]", "{a: b}", "2025-13-01",
                         "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", "+9999999d", "é", "{state: 3}"])
        | st.text(max_size=12)
    )  # fmt: skip
    lines = WHOLE.splitlines()
    index = data.draw(st.integers(0, len(lines) - 1))
    key, colon, _ = lines[index].partition(":")
    lines[index] = f"{key}{colon} {junk}"
    try:
        s = read("\n".join(lines))
    except InputError:
        return
    Rulebook(policy_of("secureai")).verdict(s)
