"""The tables as files: CSV, Parquet, an event log, and tables that lie on disk while they grow."""

from __future__ import annotations

import csv
import importlib.util
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from deskdrill.main import main
from policy import load_policy
from policy.errors import InputError
from simulator import Run, clocks, escalations, load_desk, run_once, streaming, write_events, write_table
from simulator.codes import Cause, Ending, Entry, Fate, Judged, Measured
from simulator.export import TABLES, parquet
from simulator.export.sheets import Sheet
from simulator.theory.textbook import Class, Network, length, textbook_model

XES = "{http://www.xes-standard.org/}"
TRANSITIONS = {"schedule", "assign", "start", "suspend", "resume", "complete", "withdraw"}


@cache
def month() -> Run:
    return run_once(load_desk(), load_policy(), 0, 0)


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def minutes(text: str) -> float:
    """Return an instant of a file as minutes since the opening of the run."""
    return datetime.fromisoformat(text).timestamp() / 60 - month().model.opening if text else float("nan")


# -- CSV ---------------------------------------------------------------------------------------------------------------


def test_every_table_as_csv_has_every_row(tmp_path: Path) -> None:
    run = month()
    tables = {"tickets": run.tickets, "visits": run.visits, "escalations": escalations(run), "clocks": clocks(run)}
    tables |= {"updates": run.updates, "notes": run.notes}
    assert set(tables) == set(TABLES)
    for name, table in tables.items():
        assert write_table(run, name, tmp_path / f"{name}.csv") == len(table)
        found = lines(tmp_path / f"{name}.csv")
        assert [int(row["ticket_id"]) - 1 for row in found] == table["ticket"].tolist()
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.csv" for name in TABLES}


def test_values_of_the_tables_are_those_of_the_run(tmp_path: Path) -> None:
    run = month()
    for name in TABLES:
        write_table(run, name, tmp_path / f"{name}.csv")
    first = lines(tmp_path / "tickets.csv")
    for text, column in (("opened_at", "opened"), ("resolved_at", "resolved"), ("resolution_due_at", "resolution_due")):
        np.testing.assert_allclose([minutes(row[text]) for row in first], run.tickets[column], atol=0.01)
    assert [row["outcome"] for row in first] == [Fate(code).name.lower() for code in run.tickets["fate"]]
    assert [row["outage"] for row in first] == [str(n + 1) if n >= 0 else "" for n in run.tickets["cause"].tolist()]
    assert run.tickets["cause"].max() >= 0
    visits = lines(tmp_path / "visits.csv")
    assert [row["ended"] for row in visits] == [Ending(code).name.lower() for code in run.visits["ending"]]
    assert {slip for row in visits for slip in row["slips"].split("+")} > {"", "late_recognition", "incomplete_handoff"}
    up, table = lines(tmp_path / "escalations.csv"), escalations(run)
    assert [row["judged"] for row in up] == [Judged(code).name.lower() for code in table["judged"]]
    assert [row["reason"] for row in up] == [Entry(code).name.lower() for code in table["reason"]]
    assert [row["to"] for row in up] == [run.model.places[place] for place in table["to"]]
    ticking, table = lines(tmp_path / "clocks.csv"), clocks(run)
    assert [row["clock"] for row in ticking] == [Measured(code).name.lower() for code in table["clock"]]
    assert [row["breached"] == "true" for row in ticking] == table["breached"].tolist()
    assert {row["why"] for row in ticking if row["breached"] == "false"} == {""}
    for cause in Cause:
        if cause != Cause.NONE:
            found = [float(row[f"{cause.name.lower()}_minutes"]) for row in ticking]
            np.testing.assert_allclose(found, table["minutes"][:, int(cause)], atol=0.001)


def test_a_file_that_fails_midway_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("the old one\n")
    whole = Sheet.chunks

    def broken(sheet: Sheet) -> Iterator[list[np.ndarray]]:
        yield from whole(sheet)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Sheet, "chunks", broken)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        write_table(month(), "tickets", path)
    assert path.read_text() == "the old one\n"
    assert [one.name for one in tmp_path.iterdir()] == ["tickets.csv"]


@pytest.mark.parametrize("name", ["t.txt", "t", "t.xlsx"])
def test_an_ending_that_names_no_format_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a table is written as \.csv or \.parquet"):
        write_table(month(), "tickets", tmp_path / name)


# -- Parquet -----------------------------------------------------------------------------------------------------------


def test_without_pyarrow_the_message_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"needs the package pyarrow.*pip install 'deskdrill\[parquet\]'"):
        write_table(month(), "clocks", tmp_path / "clocks.parquet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed (the extra parquet)")
def test_parquet_holds_what_csv_holds(tmp_path: Path) -> None:
    import pyarrow.parquet as pq  # type: ignore[import-not-found,unused-ignore]

    run = month()
    for name in TABLES:
        write_table(run, name, tmp_path / f"{name}.csv")
        write_table(run, name, tmp_path / f"{name}.parquet")
        plain, packed = lines(tmp_path / f"{name}.csv"), pq.read_table(tmp_path / f"{name}.parquet").to_pylist()
        assert len(plain) == len(packed)
        for text, value in zip(plain, packed, strict=True):
            assert list(text) == list(value)
            for column, said in text.items():
                found = value[column]
                if found is None:
                    assert said == "", (name, column)
                elif isinstance(found, datetime):
                    assert abs(minutes(said) - minutes(found.isoformat())) <= 1 / 60
                elif isinstance(found, bool):
                    assert said == str(found).lower()
                elif isinstance(found, float):
                    assert float(said) == pytest.approx(found, abs=0.001)
                else:
                    assert said == str(found)


# -- the event log -----------------------------------------------------------------------------------------------------


def text_of(element: ET.Element, key: str) -> str | None:
    return next((one.get("value") for one in element if one.get("key") == key), None)


def test_the_event_log_tells_the_visits(tmp_path: Path) -> None:
    run, path = month(), tmp_path / "events.xes"
    assert write_events(run, path) == len(run.tickets)
    log = ET.parse(path).getroot()
    assert {one.get("prefix") for one in log.iter(f"{XES}extension")} == {"concept", "time", "org", "lifecycle"}
    traces = log.findall(f"{XES}trace")
    assert [text_of(one, "concept:name") for one in traces] == [str(n + 1) for n in range(len(run.tickets))]
    seen: dict[str, int] = dict.fromkeys(TRANSITIONS, 0)
    for trace in traces:
        times = []
        for event in trace.findall(f"{XES}event"):
            transition = text_of(event, "lifecycle:transition")
            assert transition in TRANSITIONS
            seen[transition] += 1
            times.append(datetime.fromisoformat(text_of(event, "time:timestamp") or ""))
            assert text_of(event, "concept:name") == text_of(event, "org:group")
        assert times == sorted(times)
        assert times
    tiers = run.visits[run.visits["place"] < run.model.tiers]
    assert seen["schedule"] == len(tiers)
    assert seen["start"] == np.count_nonzero(~np.isnan(tiers["began"]))
    joined = len(run.visits) - len(tiers)
    assert seen["complete"] + seen["withdraw"] == np.count_nonzero(~np.isnan(tiers["left"])) + joined
    assert seen["suspend"] >= seen["resume"] > 0
    assert seen["assign"] > 0


def test_names_are_escaped_in_the_event_log(tmp_path: Path) -> None:
    run = month()
    odd = 'a "b" <c> & \x07 \ud800 ü'
    names = (odd, *run.model.categories[1:])
    write_events(replace(run, model=replace(run.model, categories=names)), tmp_path / "odd.xes")
    found = {text_of(one, "category") for one in ET.parse(tmp_path / "odd.xes").getroot().findall(f"{XES}trace")}
    assert 'a "b" <c> & ? ? ü' in found


@pytest.mark.skipif(importlib.util.find_spec("pm4py") is None, reason="pm4py is not installed (a licence of its own)")
@pytest.mark.filterwarnings("ignore")
def test_pm4py_reads_the_event_log(tmp_path: Path) -> None:
    import pm4py  # type: ignore[import-not-found,unused-ignore]

    run, path = month(), tmp_path / "events.xes"
    write_events(run, path)
    log = pm4py.read_xes(str(path))
    assert log["case:concept:name"].nunique() == len(run.tickets)
    assert set(log["lifecycle:transition"]) == TRANSITIONS
    first = pm4py.get_start_activities(log)
    assert sum(first.values()) == len(run.tickets)
    assert set(first) <= {"T1", "T3"}
    assert {"org:resource", "org:group", "time:timestamp"} <= set(log.columns)


# -- tables on disk ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", [7, 1 << 17])
def test_tables_on_disk_are_those_in_memory(piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "PIECE", piece)
    run = month()
    stored = run_once(run.model, None, 0, 0, stream_to=tmp_path)
    names = ("tickets", *streaming.ORDERS)
    for name in names:
        table = getattr(stored, name)
        assert isinstance(table, np.memmap)
        assert table.tobytes() == getattr(run, name).tobytes(), name
        assert np.load(tmp_path / f"{name}.npy").tobytes() == getattr(run, name).tobytes()
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.npy" for name in names
    }
    assert clocks(stored).tobytes() == clocks(run).tobytes()


def test_rows_go_to_disk_while_the_desk_is_played(tmp_path: Path) -> None:
    from simulator.run import played_desk

    desk = load_desk("january_2025", {"period.last_day": "2025-12-31"})
    played = played_desk(run_once(desk, load_policy(), 1, 0).model, 1, 0)
    played.stream_to(tmp_path)
    played.play()
    kept = sum(map(len, played.visits._recent)) // played.visits.dtype.itemsize
    written = (tmp_path / "visits.rows").stat().st_size // played.visits.dtype.itemsize
    assert not played.visits._kept
    assert written > kept > 0  # only what came since the last block of tickets is in memory
    assert len(played.visits.table()) == written + kept


def test_a_plain_desk_and_an_empty_one_on_disk(tmp_path: Path) -> None:
    for rate in (0.2, 1e-9):
        desk = textbook_model(Network((Class(rate, (length(3.0),)),), (1,)), 2)
        kept, stored = run_once(desk, None, 3, 0), run_once(desk, None, 3, 0, stream_to=tmp_path)
        assert len(stored.tickets) == len(kept.tickets)
        assert (len(kept.tickets) > 100) == (rate == 0.2)
        assert stored.tickets.tobytes() == kept.tickets.tobytes()
        assert stored.visits.tobytes() == kept.visits.tobytes()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the tables cannot be written: No such file or directory"):
        run_once(month().model, None, 1, 0, stream_to=tmp_path / "nowhere")


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_writes_any_month(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["simulate", "--replications", "1", "--workers", "1", "--seed", "0", "--replication", "0"]
    for name in TABLES:
        argv += [f"--{name}", str(tmp_path / f"{name}.csv")]
    assert main([*argv, "--events", str(tmp_path / "e.xes")]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"Wrote the {name} of replication 0 to {tmp_path / file}."
        for name, file in [*((name, f"{name}.csv") for name in TABLES), ("events", "e.xes")]
    ]
    for name in TABLES:
        write_table(month(), name, tmp_path / "again.csv")
        assert (tmp_path / f"{name}.csv").read_bytes() == (tmp_path / "again.csv").read_bytes()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--clocks", "c.txt"], "a table is written as .csv or .parquet"),
        (["--events", "e.csv"], "an event log is written as .xes"),
        (["--clocks", "a.csv", "--visits", "a.csv"], "--visits and --clocks name the same file"),
        (["--replication", "2"], 'did you mean "--replications"?'),
    ],
)
def test_what_cannot_be_written_is_refused_at_once(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "--replications", "1000000", *argv]) == 2
    assert message in capsys.readouterr().err
