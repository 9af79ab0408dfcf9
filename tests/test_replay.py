"""A log that is replayed: its instants and its words, bit for bit; what it leaves open; what is refused, and how."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import pickle
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskdrill.main import main
from policy import load_policy
from policy.calendars import to_instant
from policy.errors import InputError
from simulator import Desk, load_desk, run_once, simulate
from simulator.desk.log import Log
from simulator.desk.log_reading import LogRows, read_log
from simulator.draws import Block, arrivals
from simulator.draws.tickets import block_size
from simulator.engine.core import Desk as GeneralDesk
from simulator.engine.plain import PlainDesk, is_plain
from simulator.expected_load import flows
from simulator.model import DeskModel, compile_model
from simulator.theory.textbook import Class, Network, NoProcedure, desk_document, length
from tests.oracle.desk import OracleDesk
from tests.rules_under import rules_under

DATA = Path(__file__).parent / "data"
REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "uci_servicenow" / "tickets.csv.gz"
OPENING = datetime(2025, 2, 24, tzinfo=UTC)
"""Of desk_small: its week begins on 3 March, with one week of warm-up."""
HEADER = ("ticket_id", "opened_at", "priority", "category", "plan", "solved_by")


def written(rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue()


def desk(folder: Path, text: str | bytes, log: dict[str, Any] | None = None, **changes: Any) -> Desk:
    """Return desk_small with a log that says ``text``; ``changes`` are its parts by name, ``None`` leaves one out."""
    document = yaml.safe_load((DATA / "desk_small.yaml").read_text(encoding="utf-8"))
    document["period"] = {"first_day": "2025-03-03", "last_day": "2025-03-09", "warm_up_weeks": 1}
    document["demand"] = {"log": {"file": "log.csv"} | (log or {})}
    document = {key: value for key, value in (document | changes).items() if value is not None}
    (folder / "log.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "desk.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return load_desk(folder / "desk.yaml")


def model(found: Desk, policy: dict[str, str] | None = None) -> DeskModel:
    return compile_model(found, rules_under(policy))


def many(count: int, *, every: int = 7) -> list[list[str]]:
    """Return rows in which some cells are empty, a ticket every so many minutes."""
    found = []
    for n in range(count):
        at = OPENING + timedelta(minutes=every * n)
        cells = [f"P{1 + n % 4}", ("hard", "easy")[n % 2], ("starter", "enterprise")[n % 3 == 0], f"T{1 + n % 3}"]
        if n % 5 < 4:
            cells[n % 5] = ""
        found.append([f"A{n}", at.isoformat(), *cells])
    return found


# -- what is replayed ------------------------------------------------------------------------------------------------


def test_instants_are_those_of_the_log_bit_for_bit_in_every_replication(tmp_path: Path) -> None:
    moments = [OPENING - timedelta(microseconds=1), OPENING, OPENING + timedelta(minutes=1),
               OPENING + timedelta(days=9, minutes=77), OPENING + timedelta(days=9, seconds=1, minutes=77),
               OPENING + timedelta(days=13, hours=23, minutes=59), OPENING + timedelta(days=14)]  # fmt: skip
    one = model(desk(tmp_path, written([[at.isoformat()] for at in reversed(moments)], ["opened_at"])))
    minutes = [to_instant(at) - to_instant(OPENING) for at in moments[1:-1]]
    expected = [round(value * 2**20) / 2**20 for value in minutes]
    assert expected[:3] == minutes[:3]
    for replication in range(3):
        assert arrivals(one, 4, replication).opened.tolist() == expected
        assert run_once(one, None, 4, replication).tickets["opened"].tolist() == expected
    assert one.replayed is not None
    assert (one.replayed.before, one.replayed.after) == (1, 1)


def test_what_the_log_says_of_a_ticket_is_so_and_the_rest_is_drawn(tmp_path: Path) -> None:
    rows = many(1500)
    played = run_once(model(desk(tmp_path, written(rows))), None, 7, 0).tickets
    assert len(played) == 1500
    plans = list(rules_under().plans)
    names = {"priority": ["P1", "P2", "P3", "P4"], "category": ["hard", "easy"], "plan": plans,
             "solved_by": ["T1", "T2", "T3"]}  # fmt: skip
    for place, (what, known) in enumerate(names.items(), 2):
        said = [row[place] for row in rows]
        assert all(known[code] == word for code, word in zip(played[what].tolist(), said, strict=True) if word)
        drawn = Counter(code for code, word in zip(played[what].tolist(), said, strict=True) if not word)
        assert sum(drawn.values()) == 300
        assert len(drawn) > 1


def test_a_ticket_keeps_its_luck_whatever_the_log_names(tmp_path: Path) -> None:
    full = desk(tmp_path, written(many(900)))
    bare = desk(tmp_path, written([row[:2] for row in many(900)], HEADER[:2]))
    for number in range(2):
        one, other = (Block(model(found), 3, 1, 0, number) for found in (full, bare))
        assert one.luck == other.luck
        assert one.response == other.response
        assert list(one.choices(0, 0).checks) == list(other.choices(0, 0).checks)
        open_ = np.array([not row[4] for row in many(900)][number * 512 : number * 512 + one.size])
        assert np.array_equal(one.columns["plan"][: len(open_)][open_], other.columns["plan"][: len(open_)][open_])


def test_without_a_word_of_the_log_the_desk_draws_what_it_draws_without_a_log(tmp_path: Path) -> None:
    usual = compile_model(load_desk(DATA / "desk_small.yaml"), rules_under())
    bare = model(desk(tmp_path, written([row[:2] for row in many(20)], HEADER[:2])))
    for what, codes in Block(bare, 5, 2, 0, 0).columns.items():
        assert np.array_equal(codes, Block(usual, 5, 2, 0, 0).columns[what]), what


def test_two_policies_meet_the_same_tickets_at_the_same_instants(tmp_path: Path) -> None:
    found = desk(tmp_path, written(many(800)))
    one = run_once(model(found), None, 1, 0)
    other = run_once(model(found, {"tiers.T1.no_progress": "5m"}), None, 1, 0)
    for name in ("opened", "priority", "plan", "category", "solved_by"):
        assert np.array_equal(one.tickets[name], other.tickets[name]), name
    assert not np.array_equal(one.tickets["resolved"], other.tickets["resolved"], equal_nan=True)


def test_a_category_left_open_beside_a_priority_is_one_that_has_it(tmp_path: Path) -> None:
    rows = [[OPENING.isoformat(), "P1"]] * 300 + [[OPENING.isoformat(), "P3"]] * 300  # only hard ones are P1
    block = Block(model(desk(tmp_path, written(rows, ["opened_at", "priority"]))), 1, 0, 0, 0)
    assert set(block.category[:300]) == {0}
    assert set(block.category[300:512]) == {0, 1}


def test_the_log_of_a_later_block_is_that_of_its_rows(tmp_path: Path) -> None:
    rows = [[(OPENING + timedelta(minutes=n)).isoformat(), str(1 + n % 3)] for n in range(3000)]
    one = model(desk(tmp_path, written(rows, ["opened_at", "priority"])))
    first = 0
    for number in range(4):
        block = Block(one, 1, 0, 0, number)
        there = block.priority[: max(0, 3000 - first)]
        assert there == [(first + n) % 3 for n in range(len(there))]
        first += block_size(number)
    assert first > 3000


def test_the_readable_twin_plays_the_log_as_the_engine_does(tmp_path: Path) -> None:
    one = model(desk(tmp_path, written(many(300, every=61))))
    engine, oracle = GeneralDesk(one, 2, 0), OracleDesk(one, 2, 0)
    engine.play()
    oracle.play()
    ours, theirs = (np.sort(table, order=["ticket"]) for table in (engine.tickets.table(), oracle.tickets))
    assert ours.tobytes() == theirs.tobytes()


def test_a_plain_desk_plays_a_log_with_ties_the_fast_way_and_in_the_same_way(tmp_path: Path) -> None:
    network = Network((Class(0.1, (length(3.0),)), Class(0.1, (length(5.0),))), (2,))
    document = desk_document(network, 2)
    document["demand"] = {"log": {"file": "log.csv"}}
    first = datetime.fromisoformat(document["period"]["first_day"]).replace(tzinfo=UTC)
    rows = [[(first + timedelta(minutes=n // 3 * 5)).isoformat(), str(1 + n % 2)] for n in range(1200)]
    log = Log(file="log.csv")
    (tmp_path / "log.csv").write_text(written(rows, ["opened_at", "priority"]), encoding="utf-8")
    found = Desk.model_validate(document)
    filled = found.demand.model_copy(update={"log": log.with_rows(read_log(tmp_path / "log.csv", log))})
    one = compile_model(found.model_copy(update={"demand": filled}), NoProcedure(2, 1))
    assert is_plain(one)
    fast, general = PlainDesk(one, 1, 0), GeneralDesk(one, 1, 0)
    fast.play()
    general.play()
    for name, keys in {"visits": ["ticket", "entered", "place"], "tickets": ["ticket"]}.items():
        a, b = (np.sort(getattr(played, name).table(), order=keys) for played in (fast, general))
        assert len(a) > 500
        assert a.tobytes() == b.tobytes(), name


def test_the_same_bytes_on_one_worker_and_on_two(tmp_path: Path) -> None:
    found, policy = desk(tmp_path, written(many(400))), load_policy(DATA / "desk_policy.yaml")
    alone, together = (simulate(policy, found, replications=25, seed=3, workers=n) for n in (1, 2))
    assert alone.months.tobytes() == together.months.tobytes()


# -- which log it was ------------------------------------------------------------------------------------------------


def test_desks_with_other_logs_are_other_desks(tmp_path: Path) -> None:
    one, same, other = (desk(tmp_path, written(many(n))) for n in (30, 30, 31))
    assert one == same != other
    assert one.digest == same.digest != other.digest
    assert load_desk(DATA / "desk_small.yaml").digest not in (one.digest, other.digest)
    sent = pickle.loads(pickle.dumps(other))
    assert sent == other
    assert sent.digest == other.digest


def test_a_packed_log_says_what_it_says_unpacked_and_elsewhere(tmp_path: Path) -> None:
    text = written(many(30)).encode()
    (tmp_path / "other").mkdir()
    assert desk(tmp_path / "other", text) == desk(tmp_path, text)
    assert desk(tmp_path, gzip.compress(text)) == desk(tmp_path, text) == desk(tmp_path, text)


def test_a_desk_whose_log_was_never_read_is_not_played() -> None:
    document = yaml.safe_load((DATA / "desk_small.yaml").read_text(encoding="utf-8"))
    document["period"] = {"first_day": "2025-03-03", "last_day": "2025-03-09"}
    document["demand"] = {"log": {"file": "log.csv"}}
    with pytest.raises(InputError, match=r"log\.csv has not been read"):
        model(Desk.model_validate(document))


# -- how it is read --------------------------------------------------------------------------------------------------

AT = OPENING.isoformat()
TWO = written([["A", AT, "P2", "hard", "starter", "T1"]])
WRONG = [
    ("", "is empty"),
    ("ticket_id,priority\n", r'log\.csv:1: the header has no column "opened_at" \(demand\.log\.columns\.opened\)'),
    ("ticket_id;opened_at\n", "columns must be separated by commas"),
    ("opened_at,opened_at\n", r'the header has the column "opened_at" twice'),
    (TWO + "B\n", r"log\.csv:3: found 1 cells; expected 6"),
    (TWO + "\n\n" + f"A,{AT},,,,\n", r"log\.csv:5: ticket_id: found 'A' twice \(first in line 2\)"),
    (TWO + "B,yesterday,,,,\n", r"log\.csv:3: opened_at: found 'yesterday'; expected date and time such as"),
    (TWO + "B,,,,,\n", r"log\.csv:3: opened_at: found ''; expected date and time"),
    (TWO + "B,2025-03-03,,,,\n", "expected date and time"),
    (TWO + "B,2025-02-30T09:00:00Z,,,,\n", "expected date and time"),
    (TWO + "B,2025-03-03T09:00:00,,,,\n", r"which names no time zone; write an offset .* demand\.log\.time_zone"),
    (TWO + f"B,{AT},P9,,,\n", r"log\.csv:3: priority: found 'P9'; the policy has no priority of that name"),
    (TWO + f"B,{AT},5,,,\n", r"log\.csv:3: priority: found '5'; the policy has no priority"),
    (TWO + f"B,{AT},,hrad,,\n", r"category: found 'hrad'; the desk has no category of that name; did you mean .hard."),
    (TWO + f"B,{AT},,,startr,\n", r"plan: found 'startr'; the policy has no plan of that name; did you mean .starter."),
    (TWO + f"B,{AT},,,,T4\n", r"solved_by: found 'T4'; the desk has no tier of that name"),
    (TWO + f"B,{AT},,,,0\n", r"solved_by: found '0'; the desk has no tier of that name"),
    (TWO + f'B,{AT},"P2,,,\n', r"log\.csv:3: is not CSV"),
    (TWO.encode() + b"B\xff", r"log\.csv:\d: is not UTF-8"),
    (gzip.compress(TWO.encode())[:-9], "cannot be read"),
    (f"opened_at,priority\n{AT},\x1b[2J\n", r"found '\\x1b\[2J'"),
    (f"opened_at,{'x' * 200_000}\n", "is not CSV: field larger than field limit"),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_log_is_refused_in_words(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        model(desk(tmp_path, text))


@pytest.mark.parametrize(
    ("demand", "message"),
    [
        ({}, "tickets_per_week is missing"),
        ({"log": {"file": "log.csv"}, "tickets_per_week": 5}, "leave tickets_per_week out, or the log"),
        ({"log": {"file": "log.csv"}, "growth": 0.1, "quiet_days": {"factor": 1.0}}, "leave quiet_days and growth out"),
        ({"log": {"file": "lgo.csv"}}, r"desk\.yaml:\d+: demand\.log\.file: there is no file .*lgo\.csv"),
        ({"log": {}}, r"demand\.log\.file: is missing"),
        ({"log": {"file": "."}}, r"demand\.log\.file: there is no file"),
        ({"log": {"file": "log.csv", "time_zone": "Berlin"}}, "expected a time zone such as Europe/Berlin"),
        ({"log": {"file": "log.csv", "columns": {"plan": "plna"}}}, r'no column "plna" .*did you mean "plan"'),
        ({"log": {"file": "log.csv", "words": {"category": {"x": "sfot"}}}}, r'words\.category: there is no category'),
        ({"log": {"file": "log.csv", "words": {"solved_by": {"x": "T8"}}}}, r'words\.solved_by: there is no tier "T8"'),
        ({"log": {"file": "log.csv", "words": {"priority": {"x": "P8"}}}}, r'words\.priority\.P8: the policy has no'),
        ({"log": {"file": "log.csv", "words": {"plan": {"x": "free"}}}}, r'words\.plan\.free: the policy has no plan'),
    ],
)  # fmt: skip
def test_a_wrong_word_about_a_log_is_refused(tmp_path: Path, demand: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        model(desk(tmp_path, TWO, demand=demand))


def test_a_factor_on_demand_does_not_go_with_a_log(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"calibrated\.demand is a factor on tickets_per_week"):
        desk(tmp_path, TWO, calibrated={"demand": 1.1})


def test_too_many_rows_and_too_many_bytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(written(many(20)).encode())
    monkeypatch.setattr("simulator.desk.log_reading.MAX_ROWS", 19)
    with pytest.raises(InputError, match=r"log\.csv:21: too long: at most 19 rows"):
        desk(tmp_path, packed)
    monkeypatch.setattr("simulator.desk.log_reading.MAX_BYTES", 500)
    with pytest.raises(InputError, match="too large: at most 500 bytes"):
        desk(tmp_path, packed)


def test_words_columns_and_numbers_are_read_as_the_desk_says(tmp_path: Path) -> None:
    rows = [["urgent", "API", "x", "nobody"], ["2", "Login", "gold", "2"], ["P4", "What", "", "top"],
            ["1", "hard", "y", "T1"]]  # fmt: skip
    text = written([[AT, *row] for row in rows], ["When", "Prio", "category", "contract", "level"])
    log = {
        "columns": {"opened": "When", "priority": "Prio", "plan": "contract", "solved_by": "level"},
        "words": {"priority": {"urgent": "P1", "1": "P3"}, "category": {"API": "hard", "Login": "easy", "*": None},
                  "plan": {"gold": "enterprise", "*": "starter"}, "solved_by": {"top": "T3"}},
    }  # fmt: skip
    one = model(desk(tmp_path, text, log))
    assert one.replayed is not None
    plans = list(one.plans)
    starter, enterprise = plans.index("starter"), plans.index("enterprise")
    assert {what: codes.tolist() for what, codes in one.replayed.named.items()} == {
        "priority": [0, 1, 3, 2], "category": [0, 1, -1, 0], "plan": [starter, enterprise, -1, starter],
        "solved_by": [3, 1, 2, 0],
    }  # fmt: skip


def test_words_outside_the_run_are_not_asked_for(tmp_path: Path) -> None:
    text = written([[AT, "P1"], ["2020-01-01T00:00:00Z", "ancient"]], ["opened_at", "priority"])
    assert model(desk(tmp_path, text)).replayed is not None


def test_a_column_can_be_left_unread_and_a_desk_with_one_kind_reads_no_category(tmp_path: Path) -> None:
    text = written([["A", AT, "P2", "Category 32", "Gold", ""]])
    found = desk(tmp_path, text, {"columns": {"plan": None}}, categories=None)
    one = model(found)
    assert one.replayed is not None
    assert one.replayed.named["category"].tolist() == one.replayed.named["plan"].tolist() == [-1]
    assert run_once(one, None, 0, 0).tickets["category"].tolist() == [0]


def test_hours_that_occur_twice_or_never(tmp_path: Path) -> None:
    log = Log(file="log.csv", time_zone="Europe/Berlin")

    def read(*times: str) -> list[datetime]:
        (tmp_path / "log.csv").write_text(written([[at] for at in times], ["opened_at"]), encoding="utf-8")
        return [datetime.fromtimestamp(at / 1e6, UTC) for at in read_log(tmp_path / "log.csv", log).opened.tolist()]

    assert read("2025-10-26 02:30") == [datetime(2025, 10, 26, 0, 30, tzinfo=UTC)]
    assert read("2025-10-26T02:30+01:00") == [datetime(2025, 10, 26, 1, 30, tzinfo=UTC)]
    assert read("2025-03-30T01:59:59", "2025-03-30T03:00") == [
        datetime(2025, 3, 30, 0, 59, 59, tzinfo=UTC), datetime(2025, 3, 30, 1, tzinfo=UTC)
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"no such time in Europe/Berlin: clocks are put forward"):
        read("2025-03-30T02:30")


WORDS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.sampled_from(
    [UTC, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")]
))  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TIMES, WORDS, WORDS), max_size=12), packed=st.booleans(), mark=st.booleans())
def test_whatever_is_written_is_read_back(
    tmp_path: Path, rows: list[tuple[datetime, str, str]], packed: bool, mark: bool
) -> None:
    """The rows come back in the order of opening, each with its words, whatever the words are."""
    text = written([[at.isoformat(), one, other] for at, one, other in rows], ["opened_at", "plan", "category"])
    raw = text.encode("utf-8-sig" if mark else "utf-8")
    (tmp_path / "log.csv").write_bytes(gzip.compress(raw) if packed else raw)
    found = read_log(tmp_path / "log.csv", Log(file="log.csv"))
    expected = sorted(rows, key=lambda row: row[0].astimezone(UTC))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert found.opened.tolist() == [(row[0] - epoch) // timedelta(microseconds=1) for row in expected]
    for place, what in enumerate(("plan", "category"), 1):
        assert said(found, what) == [row[place].strip() for row in expected]


def said(rows: LogRows, what: str) -> list[str]:
    column = rows.columns[what]
    return [column.words[code] if code >= 0 else "" for code in column.codes.tolist()]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.booleans())
def test_no_file_is_more_than_refused(tmp_path: Path, content: bytes, header: bool) -> None:
    (tmp_path / "log.csv").write_bytes(b"opened_at,plan\n" + content if header else content)
    with contextlib.suppress(InputError):
        read_log(tmp_path / "log.csv", Log(file="log.csv"))


# -- what is said about it -------------------------------------------------------------------------------------------


def test_the_expected_load_counts_the_tickets_of_the_log(tmp_path: Path) -> None:
    one = model(desk(tmp_path, written(many(2880))))  # two weeks of tickets; the second is measured
    found = list(flows(one))
    week = [row for row in many(2880) if datetime.fromisoformat(row[1]) >= OPENING + timedelta(weeks=1)]
    assert sum(flow.per_week for flow in found) == pytest.approx(len(week))
    drawn = np.mean([np.mean(run_once(one, None, 1, r).tickets["solved_by"][-len(week) :] == 1) for r in range(5)])
    told = sum(flow.per_week for flow in found if flow.solved_by == 1) / len(week)
    assert told == pytest.approx(drawn, abs=0.02)


def test_desk_check_explains_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row for row in many(2000) if "2025-02-27" <= row[1] < "2025-03-05"]
    desk(tmp_path, written([*rows, ["Z", "2024-01-01T00:00:00Z", "", "", "", ""]]))
    main(["desk", "check", str(tmp_path / "desk.yaml"), "--policy", str(DATA / "desk_policy.yaml")])
    told = " ".join(capsys.readouterr().out.split())
    inside = sum(row[1] >= "2025-03-03" for row in rows)
    assert f"of {len(rows) + 1:,} rows {inside} fall in the period, {len(rows) - inside} in the warm-up, and 1" in told
    assert "the first row of the run comes 3.0 days after it begins" in told
    assert "the last row of the run comes 5.0 days before it ends" in told
    unsaid = sum(not row[4] for row in rows)
    assert f"of {unsaid} of {len(rows):,} tickets the log does not say the plan: chance decides" in told


def test_desk_check_says_that_a_log_has_nothing_for_the_period(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk(tmp_path, written([["2020-01-01T00:00:00Z"]], ["opened_at"]))
    main(["desk", "check", str(tmp_path / "desk.yaml"), "--policy", str(DATA / "desk_policy.yaml")])
    assert "demand.log: no ticket ever comes" in capsys.readouterr().out


def test_desk_check_names_the_desk_by_its_digest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = desk(tmp_path, written(many(30)))
    main(["desk", "check", str(tmp_path / "desk.yaml"), "--policy", str(DATA / "desk_policy.yaml"), "--format", "json"])
    assert json.loads(capsys.readouterr().out)["desk_digest"] == found.digest


# -- a real one ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not REAL.exists(), reason="the log is not at hand")
def test_a_real_log_in_the_common_form_needs_no_column_mapping(tmp_path: Path) -> None:
    with gzip.open(REAL, "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if "2016-04-18" <= row["opened_at"] < "2016-05-02"]
    found = desk(
        tmp_path, REAL.read_bytes(), {"time_zone": "UTC"}, categories=None,
        period={"first_day": "2016-04-25", "last_day": "2016-05-01", "warm_up_weeks": 1},
        staffing={"T1": {"agents": 60}, "T2": {"agents": 30}, "T3": {"agents": 30, "on_call": 1}},
    )  # fmt: skip
    played = run_once(model(found), None, 1, 0).tickets
    rows.sort(key=lambda row: row["opened_at"])
    opening = datetime(2016, 4, 18)
    assert len(played) == len(rows) > 3000
    assert played["opened"].tolist() == [
        (datetime.fromisoformat(row["opened_at"]) - opening) / timedelta(minutes=1) for row in rows
    ]
    assert [str(code + 1) for code in played["priority"].tolist()] == [row["priority"] for row in rows]
