"""Which open tickets of a table a change touches; and a table with a slip in it is refused, never half understood."""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deskdrill.main import main
from policy import Policy, Rulebook, load_policy
from policy.calendars import to_datetime
from policy.clocks import Clock
from policy.diff import OpenTicket, compare, outside_tiers, read_tickets, standing, touched
from policy.durations import parse_duration
from policy.errors import InputError
from policy.fast import FastBook
from policy.loading import build_policy
from policy.situation import Deed, Situation
from policy.source import Source
from policy.yaml_source import load_yaml

BASE = load_policy("secureai")
DRILL = Path(__file__).parent / "data" / "drill_policy.yaml"
HEAD = "ticket_id,priority,segment,holder,opened_at,first_response_at,resolved_at\n"
GOOD = "1,P2,professional,T1,2025-01-27T09:00:00Z,,"
Main = Callable[..., tuple[int, str, str]]


def changed(**sets: str) -> Policy:
    return load_policy("secureai", {path.replace("__", "."): value for path, value in sets.items()})


def table(tmp_path: Path, *rows: str, head: str = HEAD) -> Path:
    file = tmp_path / "tickets.csv"
    file.write_text(head + "".join(row + "\n" for row in rows), encoding="utf-8")
    return file


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Main:
    def call(*argv: str | Path) -> tuple[int, str, str]:
        code = main([str(a) for a in argv])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


# -- what is touched -------------------------------------------------------------------------------------------------


def test_open_tickets_that_a_change_touches(tmp_path: Path) -> None:
    file = table(
        tmp_path,
        "1,P2,professional,T1,2025-01-27T09:00:00Z,2025-01-27T09:10:00Z,",
        "2,P2,professional,T1,2025-01-27T09:00:00Z,2025-01-27T09:10:00Z,2025-01-27T09:30:00Z",
        "3,P4,professional,T1,2025-01-27T09:00:00Z,,",
        "4,P2,professional,T3,2025-01-27T09:00:00Z,2025-01-27T09:10:00Z,",
    )
    later = changed(priorities__P2__within__assign_t2="90m")
    tickets, now = read_tickets(file, (BASE, later))
    assert [t.id for t in tickets] == ["1", "3", "4"]
    hit = list(touched(BASE, later, tickets, now, compare(BASE, later).kinds))
    assert [t.ticket.id for t in hit] == ["1"]
    assert "10:00 UTC" in hit[0].now[0]
    assert "10:30 UTC" in hit[0].now[0]


def drawn(number: int) -> list[OpenTicket]:
    """Return tickets of every kind, opened in one month."""
    draw = random.Random(3)
    opened = [29_000_000 + draw.randrange(43_200) + 0.25 for _ in range(number)]
    return [
        OpenTicket(
            str(n), draw.choice(list(BASE.priorities)), draw.choice(list(BASE.plans)), draw.choice(list(BASE.tiers)),
            at, draw.choice([None, at + 7.5]),
        )
        for n, at in enumerate(opened)
    ]  # fmt: skip


def owed(policy: Policy, ticket: OpenTicket, now: float) -> dict[str, str]:
    """Return what the whole rulebook says is owed, and how."""
    book = Rulebook(policy)
    told = () if ticket.responded is None else (Deed("reply", "customer", None, ("first_response",), ticket.responded),)
    facts: dict[str, Any] = {"now": max(now, ticket.opened), "opened": ticket.opened, "plan": ticket.plan}
    since = dict.fromkeys(("tier_since", "stated_since", "status_since"), ticket.opened)
    facts |= since | {"tier": ticket.tier, "stated_priority": ticket.priority, "deeds": told}
    calendar = book.calendar(Situation(**facts))
    target = parse_duration(policy.priorities[ticket.priority].resolution).minutes(calendar.day_minutes)
    clocks = {"resolution": Clock(calendar, target).start(ticket.opened)}
    return {
        " ".join(part for part in o.key if part): f"{o.owner}, "
        + ("whenever" if o.due is None else f"due {to_datetime(o.due):%Y-%m-%d %H:%M} UTC")
        for o in book.verdict(Situation(**facts, clocks=clocks)).obligations
    }


@pytest.mark.parametrize(
    "other",
    [
        "secureai+t1-45m", "secureai+p1-hourly-updates", "secureai+t2-around-the-clock", "secureai+checklist-trimmed",
        "secureai+p2-straight-to-t2", "secureai+p3-backstop-only",
    ],
)  # fmt: skip
def test_what_is_said_of_a_ticket_is_what_the_whole_rulebook_says(other: str) -> None:
    """Tickets are asked about in tables, and only about the acts that a changed rule speaks of."""
    second = load_policy(other)
    tickets, now, kinds = drawn(60), 29_010_000.0, compare(BASE, second).kinds
    found = {one.ticket.id: one.now for one in touched(BASE, second, tickets, now, kinds)}
    for ticket in tickets:
        before, after = (owed(policy, ticket, now) for policy in (BASE, second))
        differing = {
            f"{act}: {before.get(act, 'not owed')} → {after.get(act, 'not owed')}"
            for act in (*before, *after)
            if before.get(act) != after.get(act)
        }
        assert set(found.get(ticket.id, ())) == differing
        assert (ticket.id in found) == ((ticket.priority, ticket.plan, ticket.tier) in kinds)


def test_tickets_alike_are_asked_about_once_and_never_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Situation] = []
    quick = FastBook.ask

    def counted(book: FastBook, situation: Situation) -> Any:
        asked.append(situation)
        return quick(book, situation)

    def slow(*_: object) -> None:
        raise AssertionError("asked the slow way")

    second = load_policy("secureai+t1-45m")
    kinds = compare(BASE, second).kinds
    monkeypatch.setattr(FastBook, "ask", counted)
    monkeypatch.setattr(Rulebook, "verdict", slow)
    tickets = [OpenTicket(str(n), "P3", "professional", "T1", 29_000_000, None) for n in range(1_200)]
    told: list[tuple[int, int]] = []
    hit = list(touched(BASE, second, tickets, 29_000_060, kinds, lambda *so_far: told.append(so_far)))
    assert len(hit) == len(tickets)
    assert len(asked) == 2  # one of each policy
    assert told == [(0, 1_200), (500, 1_200), (1_000, 1_200)]


def test_a_word_that_only_one_policy_knows_is_told() -> None:
    data = load_yaml(DRILL).data
    data["vocabulary"]["plans"]["trial"] = "Trial"
    first, second = load_policy(DRILL), build_policy(Source("more", data))
    priority, tier = next(iter(first.priorities)), next(iter(first.tiers))
    ticket = OpenTicket("7", priority, "trial", tier, 29_000_000, None)
    for pair, said in (((first, second), "A has no plan trial"), ((second, first), "B has no plan trial")):
        (hit,) = touched(*pair, [ticket], 29_000_000, frozenset())
        assert hit.now == (said,)


def test_a_holder_that_is_no_tier_is_told(tmp_path: Path, run: Main) -> None:
    file = table(tmp_path, GOOD.replace("T1", "support_manager"))
    tickets, _ = read_tickets(file, (BASE,))
    assert outside_tiers(tickets, (BASE,)) == {"support_manager": 1}
    code, out, err = run("policy", "diff", "secureai", "secureai+t1-45m", "--tickets", file)
    assert code == 0
    assert "No open ticket of the table is touched." in out
    assert "1 open ticket is held by support_manager, which is no tier" in err


# -- under which policy they stand -----------------------------------------------------------------------------------


def edition(day: str, *, applies: bool) -> Policy:
    data = load_yaml(DRILL).data | {"effective_from": day, "applies_to_open": applies}
    data.pop("history", None)
    return build_policy(Source("edition", data))


def hits(*days: str) -> list[Any]:
    from policy.diff import Touched

    instants = [(datetime.fromisoformat(day).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) for day in days]
    return [Touched(OpenTicket("1", "", "", "", i / timedelta(minutes=1), None), ()) for i in instants]


@pytest.mark.parametrize(
    ("first", "day", "applies", "opened", "said"),
    [
        ("2025-01-01", "2025-02-01", False, ["2025-01-09"],
         "These tickets were opened before 2025-02-01, when B comes into force, and keep the policy under which they "
         "were opened: B says applies_to_open: false."),
        ("2025-01-01", "2025-02-01", False, ["2025-01-09", "2025-02-09"], "1 of these 2 tickets were opened before"),
        ("2025-01-01", "2025-02-01", False, ["2025-02-09"],
         "These tickets were opened when B was in force (from 2025-02-01 on), so they are under B."),
        ("2025-01-01", "2025-02-01", True, ["2025-01-09"],
         "B says applies_to_open: true, so from 2025-02-01 on it governs these tickets, whenever they were opened."),
        ("2025-01-01", "2025-01-01", False, ["2025-02-09"],
         "A and B both hold from 2025-01-01; which of them governs a ticket opened since then, they do not say."),
        ("2025-01-01", "2025-01-01", False, ["2024-12-31", "2025-02-09"], "1 of these 2 tickets were opened before"),
        ("2025-01-01", "2025-02-01", False, [], ""),
    ],
)  # fmt: skip
def test_what_is_known_of_the_policy_that_governs(
    first: str, day: str, applies: bool, opened: list[str], said: str
) -> None:
    found = standing(edition(first, applies=False), edition(day, applies=applies), hits(*opened))
    assert found.startswith(said)
    assert said or not found


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (GOOD.replace("2025-01-27T09:00:00Z", "soon"), "opened_at: found 'soon'"),
        (GOOD.replace("09:00:00Z", "09:00:00"), "opened_at: found '2025-01-27T09:00:00' without an offset"),
        (GOOD.replace("2025-01-27T09:00:00Z", ""), "opened_at: is empty"),
        (GOOD.replace("2025", "9999"), "expected a moment from 1970 to 2199"),
        (GOOD.replace("2025", "0001"), "expected a moment from 1970 to 2199"),
        (GOOD.replace("2025-01-27T09:00:00Z", "1970-01-01T00:30:00+02:00"), "from 1970 to 2199"),
        (GOOD.replace("2025-01-27T09:00:00Z", "2200-01-01T00:00:00Z"), "from 1970 to 2199"),
        (GOOD[:-1] + "2020-01-01T00:00:00Z,", "first_response_at: is before opened_at"),
        (GOOD.replace("P2", ""), "priority: is empty; expected one of: P1, P2, P3, P4"),
        (GOOD.replace("P2", "zzz"), "priority: found 'zzz'; expected one of: P1, P2, P3, P4"),
        (GOOD.replace("P2", "p2"), "priority: found 'p2'; did you mean \"P2\"?"),
        (GOOD.replace("professional", "zzz"), "segment: found 'zzz'"),
        (GOOD.replace("professional", "profesional"), 'did you mean "professional"?'),
        (GOOD.replace("T1", "zzz"), "holder: found 'zzz'"),
        (GOOD.replace("T1", "T1;T2"), "holder: found 'T1;T2'"),
        (GOOD + ",", "has 8 cells; expected 7"),
        ("1,P2", "has 2 cells; expected 7"),
        (GOOD.replace("1", "", 1), "ticket_id: found ''; expected 1 to 200 characters"),
        (GOOD.replace("1", "x" * 201, 1), "ticket_id: found 'xxx"),
        ('"' + GOOD, "is not valid CSV: a quotation mark is opened here and never closed"),
        (GOOD.replace("P2", '"P2"x'), "is not valid CSV:"),
        ("x" * 200_000, "is not valid CSV: a cell is longer than 131,072 characters"),
    ],
)
def test_a_row_with_a_slip_is_refused_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    file = table(tmp_path, GOOD.replace("1", "0", 1), "", row)
    with pytest.raises(InputError) as error:
        read_tickets(file, (BASE,))
    assert str(error.value).startswith(f"{file}:4: ")
    assert said in str(error.value)
    assert len(str(error.value)) < 300 + len(str(file))


def test_a_table_with_a_slip_is_bad_input(tmp_path: Path, run: Main) -> None:
    code, out, err = run("policy", "diff", "secureai", "secureai", "--tickets", table(tmp_path, "x" * 200_000))
    assert (code, out) == (2, "")
    assert "tickets.csv:2: is not valid CSV" in err


def test_a_ticket_stands_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"tickets\.csv:3: ticket_id: '1' stands twice \(first at .*tickets\.csv:2\)"):
        read_tickets(table(tmp_path, GOOD, GOOD), (BASE,))


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("a,b\n", 'there is no column "ticket_id"; a ticket table needs the columns ticket_id, priority, segment, '),
        ("", 'there is no column "ticket_id"'),
        (HEAD.replace("holder", "holdr"), 'there is no column "holder"; did you mean "holdr"?'),
        (HEAD.replace("\n", ",holder\n"), "the column 'holder' stands twice"),
    ],
)
def test_a_header_with_a_slip_is_refused(tmp_path: Path, head: str, said: str) -> None:
    with pytest.raises(InputError, match=re.escape("tickets.csv:1: " + said)):
        read_tickets(table(tmp_path, head=head), (BASE,))


def test_words_of_closed_tickets_are_history(tmp_path: Path) -> None:
    row = GOOD.replace("P2", "P9").replace(",,", ",,2025-01-28T09:00:00Z")
    assert read_tickets(table(tmp_path, row), (BASE,))[0] == ()


def test_what_the_simulator_writes_is_taken(tmp_path: Path, run: Main) -> None:
    file = tmp_path / "run.csv"
    assert run("simulate", "--replications", 1, "--workers", "1", "--tickets", file)[0] == 0
    still_open = [row["ticket_id"] for row in csv.DictReader(file.read_text().splitlines()) if not row["resolved_at"]]
    tickets, _ = read_tickets(file, (BASE,))
    assert [ticket.id for ticket in tickets] == still_open
    code, out, _ = run("policy", "diff", "secureai", "secureai+t1-45m", "--tickets", file, "--format", "json")
    assert code == 0
    assert {one["ticket"] for one in json.loads(out)["tickets"]} <= set(still_open)


# -- examples --------------------------------------------------------------------------------------------------------


def test_the_folder_of_examples_is_made(tmp_path: Path, run: Main) -> None:
    folder = tmp_path / "not" / "there"
    assert run("policy", "diff", "secureai", "secureai+t1-45m", "--examples", folder)[0] == 0
    assert len(list(folder.glob("*.yaml"))) > 3


@pytest.mark.parametrize("command", [("diff", "secureai", "secureai+t1-45m"), ("check",)], ids=["diff", "check"])
def test_a_folder_that_cannot_be_is_refused_before_the_work(
    tmp_path: Path, run: Main, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    def work(*_: object) -> None:
        raise AssertionError("worked first")

    monkeypatch.setattr("policy.diff.compare", work)
    monkeypatch.setattr("policy.lint.report.lint", work)
    file = tmp_path / "file"
    file.write_text("")
    code, out, err = run("policy", *command, "--examples", file / "in")
    assert (code, out) == (2, "")
    assert "cannot be made or written into" in err
