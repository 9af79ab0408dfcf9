"""The desk against theory: a quick case of each kind, what must fail, what is refused, and the form of the result."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import queueing as theory

from deskdrill.main import main
from simulator.theory.cases import read_cases
from simulator.theory.kinds import KINDS
from simulator.theory.quantities import ALL_NAMES

ROOT = Path(__file__).resolve().parent.parent
QUICK = ROOT / "simulator" / "theory" / "quick.json"
ERLANG_B: dict[str, Any] = {"name": "Erlang B M/M/c/c", "params": {"c": 2, "a": 1.0}, "values": {"P_block": 0.2}}
SOONEST: dict[str, Any] = {
    "name": "M/G/1 Pollaczek-Khinchine",
    "params": {"lam": 0.5, "ES": 1.0, "service": "det"},
    "values": {"Wq": 0.5},
}
"""The case whose interval is narrow soonest."""

Answer = Callable[..., tuple[int, str, str]]


@pytest.fixture
def answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Answer:
    """Run ``deskdrill theory`` on cases (or the text of a file); return exit code, stdout and stderr."""

    def call(cases: Any, *options: str, workers: int = 1) -> tuple[int, str, str]:
        path = tmp_path / "cases.json"
        path.write_text(cases if isinstance(cases, str) else json.dumps({"cases": cases}))
        code = main(["theory", str(path), "--workers", str(workers), *options])
        shown = capsys.readouterr()
        return code, shown.out, shown.err.replace(f"{tmp_path}{os.sep}", "")

    return call


def changed(case: dict[str, Any], part: str, **values: Any) -> dict[str, Any]:
    """Return a case with other params or values; ``None`` takes one away."""
    new = {key: value for key, value in (case[part] | values).items() if value is not None}
    return case | {part: new}


# -- the desk and theory ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param(
            ("Erlang C call", "Erlang A", "M/G/1 Poll", "M/G/1 preemptive", "Jackson escalation (feedback"), id="five"
        ),
        pytest.param(("",), id="all", marks=pytest.mark.heavy),
    ],
)
def test_a_quick_case_of_each_kind_is_met(answer: Answer, kinds: tuple[str, ...]) -> None:
    every = json.loads(QUICK.read_text(encoding="utf-8"))["cases"]
    written = [case for case in every if case["name"].startswith(kinds)]
    code, out, err = answer(written, "--format", "json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert list(found) == ["passed", "failed", "undecided", "rows"]
    rows = found["rows"]
    assert (found["passed"], found["failed"], found["undecided"]) == (len(rows), 0, 0)
    assert {row["case"] for row in rows} == set(range(len(written)))
    for row in rows:
        assert list(row) == ["case", "name", "metric", "exact", "mean", "ci", "inside"]
        case = written[row["case"]]
        assert row["name"] == case["name"]
        metric, _, place = row["metric"].partition("[")
        exact = case["values"][metric]
        assert row["exact"] == (exact[int(place[:-1])] if place else exact)
        low, high = row["ci"]
        assert low <= row["exact"] <= high
        assert low <= row["mean"] <= high
        assert row["inside"] is True
        half = max(high - row["mean"], row["mean"] - low)
        assert half <= (0.03 * row["exact"] if row["exact"] >= 0.05 else 0.002)


def test_the_quick_cases_say_what_theory_says() -> None:
    cases = {case["name"]: case for case in json.loads(QUICK.read_text(encoding="utf-8"))["cases"]}

    def is_exactly(name: str, **values: Any) -> None:
        assert cases[name]["values"] == {key: pytest.approx(value, rel=1e-9) for key, value in values.items()}, name

    for name, case in cases.items():
        p = case["params"]
        if name == "Erlang C M/M/c":
            wq = theory.wait(p["c"], p["lam"], p["mu"])
            is_exactly(
                name, P_wait=theory.erlang_c(p["c"], p["lam"] / p["mu"]), Wq=wq, Lq=p["lam"] * wq, W=wq + 1 / p["mu"],
                L=p["lam"] * (wq + 1 / p["mu"]), SL_within_t=theory.within(p["c"], p["lam"], p["mu"], p["t"]),
            )  # fmt: skip
        elif name == "Erlang C call centre":
            lam, mu, c = p["calls"] / p["interval_min"], 1 / p["aht_min"], p["agents"]
            is_exactly(name, P_wait=theory.erlang_c(c, lam / mu), occupancy=lam / mu / c,
                       SL=theory.within(c, lam, mu, p["asa_target_s"] / 60))  # fmt: skip
        elif name == "Erlang B M/M/c/c":
            is_exactly(name, P_block=theory.erlang_b(p["c"], p["a"]))
        elif name == "M/M/c non-preemptive priority":
            is_exactly(name, Wq_by_class=theory.cobham(p["c"], p["lam"], p["mu"]),
                       P_wait=theory.erlang_c(p["c"], sum(p["lam"]) / p["mu"]))  # fmt: skip
        elif name.startswith("M/M/c preemptive"):
            is_exactly(name, sojourn_by_class=theory.preemptive(p["c"], p["lam"], p["mu"]))
        elif name == "M/G/1 Pollaczek-Khinchine":
            assert p["service"] == "det"
            (wq,), _ = theory.mg1([p["lam"]], [p["ES"]], [p["ES"] ** 2])
            is_exactly(name, Wq=wq, W=wq + p["ES"])
        elif name.startswith("M/G/1"):
            assert p["service"] == ["erlang4", "uniform0_2m"]
            second = [mean**2 * factor for mean, factor in zip(p["ES"], (1.25, 4 / 3), strict=True)]
            without, resumed = theory.mg1(p["lam"], p["ES"], second)
            if "non" in name:
                is_exactly(name, Wq_by_class=without)
            else:
                is_exactly(name, sojourn_by_class=[w + m for w, m in zip(resumed, p["ES"], strict=True)])
        elif name == "Erlang A M/M/c+M":
            waits, gives_up, _, busy = theory.erlang_a(p["c"], p["lam"], p["mu"], p["theta"])
            is_exactly(name, P_wait=waits, P_abandon=gives_up, busy=busy)
        elif name.startswith("Jackson"):
            rates, loads, _, sojourn = theory.jackson(p["lam"], p["tiers"], p["p"], p["deescalate_2_to_1"])
            more = {} if "tandem" in name else {"tier_rates": rates}
            is_exactly(name, rho=loads, mean_sojourn=sojourn, **more)
        elif name.startswith("M/G/inf"):
            is_exactly(name, mean_busy=p["lam"] * p["ES"], var_busy=p["lam"] * p["ES"], P_wait=0.0)
        else:
            assert name.startswith("M/M/c+D")
            waits, leaves, wait = theory.leaves_at(p["c"], p["lam"], p["mu"], p["D"])
            assert cases[name]["values"] == pytest.approx({"pw": waits, "pab": leaves, "wait_all": wait}, rel=1e-6)


@pytest.mark.parametrize(
    ("case", "metric"),
    [
        pytest.param(changed(ERLANG_B, "values", P_block=0.215), "P_block", marks=pytest.mark.heavy),
        (
            # Without priorities both classes would wait 1 minute.
            {
                "name": "M/M/c non-preemptive priority",
                "params": {"c": 1, "lam": [0.25, 0.25], "mu": 1.0},
                "values": {"Wq_by_class": [1.0, 1.0]},
            },
            "Wq_by_class[0]",
        ),
        pytest.param(
            # The lengths of service do not change the mean number at work, but the variance that is not Poisson's is.
            {"name": "M/G/inf (infinite staff)", "params": {"lam": 2.0, "ES": 1.0}, "values": {"var_busy": 1.8}},
            "var_busy",
            marks=pytest.mark.heavy,
        ),
    ],
)
def test_a_wrong_exact_value_is_missed(answer: Answer, case: dict[str, Any], metric: str) -> None:
    code, out, _ = answer([case], "--format", "json", workers=2)
    found = json.loads(out)
    assert code == 1
    assert found["failed"] >= 1
    (row,) = [row for row in found["rows"] if row["metric"] == metric]
    assert row["inside"] is False
    assert not row["ci"][0] <= row["exact"] <= row["ci"][1]


# -- the result ------------------------------------------------------------------------------------------------------


def test_the_table_reads_as_it_should(answer: Answer) -> None:
    code, out, err = answer([ERLANG_B])
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["case", "metric", "exact", "mean", "interval", "half-width", "result"]
    assert lines[2].startswith("0 Erlang B M/M/c/c  P_block    0.2  0.")
    assert lines[2].endswith("%  inside")
    assert lines[-1] == "The exact value lies inside."


def test_the_same_replications_on_any_number_of_workers_and_other_ones_with_another_seed(answer: Answer) -> None:
    first = answer([SOONEST], "--format", "csv", "--seed", "3")
    assert answer([SOONEST], "--format", "csv", "--seed", "3", workers=2) == first
    assert answer([SOONEST], "--format", "csv", "--seed", "4") != first
    (row,) = csv.DictReader(io.StringIO(first[1]))
    assert (row["case"], row["metric"], row["exact"], row["result"]) == ("0", "Wq", "0.5", "inside")
    assert float(row["ci_low"]) < float(row["mean"]) < float(row["ci_high"])


def test_what_does_not_get_there_in_its_time_is_undecided(answer: Answer) -> None:
    long = {
        "name": "Erlang C M/M/c",
        "params": {"c": 1, "lam": 0.97, "mu": 1.0},
        "values": {"Wq": theory.wait(1, 0.97, 1.0), "P_wait": 0.97},
    }
    code, out, err = answer([long], "--seconds", "1", "--format", "json")
    found = json.loads(out)
    assert code == 1
    assert (found["passed"], found["failed"], found["undecided"]) == (0, 0, 2)
    assert all(row["inside"] is None and row["mean"] is None and row["ci"] is None for row in found["rows"])
    assert re.fullmatch(r"case 0: Wq, P_wait: no time was left for it(; it takes about \d+ (s|min) at least)?\n", err)


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (
            {"name": "Erlang C M/M/c", "params": {"c": 1, "lam": 0.9999, "mu": 1}, "values": {"P_wait": 0.9999}},
            "so close to saturation that it forgets too slowly to be played here",
        ),
        (
            changed(ERLANG_B, "params", a=1e299),
            "a replication long enough to forget how it began would have about 7.2e+300 tickets; at most 2,000,000 are "
            "played",
        ),
        (
            {"name": "Erlang A M/M/c+M", "params": {"c": 1, "lam": 2.0, "mu": 1.0, "theta": 1e-6},
             "values": {"P_wait": 1.0}},
            "a replication long enough to forget how it began would have about 7.2e+07 tickets; at most 2,000,000 are "
            "played",
        ),
        (
            changed(ERLANG_B, "params", a=1e-300),
            "so little comes that a replication would last more than 200 years of the desk",
        ),
    ],
)  # fmt: skip
def test_what_can_never_be_played_is_undecided_at_once_for_what_it_is(
    answer: Answer, case: dict[str, Any], why: str
) -> None:
    code, out, err = answer([case])
    assert code == 1
    assert "undecided" in out
    assert err == f"case 0: {next(iter(case['values']))}: {why}\n"


def test_ctrl_c_leaves_nothing_behind() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "deskdrill", "theory", str(QUICK), "--workers", "2"], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        time.sleep(1.5)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=5)
        assert (process.returncode, err) == (130, b"\nStopped.\n")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


# -- what is refused -------------------------------------------------------------------------------------------------

ERLANG_C: dict[str, Any] = {
    "name": "Erlang C M/M/c", "params": {"c": 1, "lam": 0.5, "mu": 1.0, "t": 1.0}, "values": {"Wq": 1.0}
}  # fmt: skip
PRIORITY: dict[str, Any] = {
    "name": "M/G/1 non-preemptive priority",
    "params": {"lam": [0.2, 0.2], "ES": [1.0, 1.0], "service": ["exp", "det"]},
    "values": {"Wq_by_class": [0.3, 0.5]},
}
JACKSON: dict[str, Any] = {
    "name": "Jackson escalation (feedback: de-escalation)",
    "params": {"lam": 1.0, "tiers": [[2, 1.0], [1, 0.5]], "p": [0.2], "deescalate_2_to_1": 0.4},
    "values": {"mean_sojourn": 2.3},
}
REFUSED = [
    (ERLANG_C | {"name": "Erlang D"}, 'case 0: name: there is no kind "Erlang D"'),
    (ERLANG_C | {"name": "Erlang C M/M/k"}, 'did you mean "Erlang C M/M/c"?'),
    (ERLANG_C | {"name": 7}, "case 0: name: found 7; expected the name of a kind"),
    (ERLANG_C | {"params": None}, "case 0: params: is missing"),
    (ERLANG_C | {"values": {}}, "case 0: values: expected an object of exact values, by metric"),
    (changed(ERLANG_C, "params", lam=None), "case 0: params.lam: is missing"),
    (changed(ERLANG_C, "params", lam=-1), "case 0: params.lam: found -1; expected a number above 0"),
    (changed(ERLANG_C, "params", lam="fast"), "case 0: params.lam: found 'fast'; expected a number above 0"),
    (changed(ERLANG_C, "params", lam=True), "case 0: params.lam: found True; expected a number above 0"),
    (changed(ERLANG_C, "params", c=1.5), "case 0: params.c: found 1.5; expected a whole number of agents"),
    (changed(ERLANG_C, "params", c=0), "case 0: params.c: found 0; expected a number above 0"),
    (changed(ERLANG_C, "params", lam=1.0), "case 0: params: the queue is not stable: 1 of each agent's time"),
    (changed(ERLANG_C, "params", mu=None, mue=1.0), 'params.mue: this kind has no such parameter; did you mean "mu"?'),
    (changed(ERLANG_C, "values", Wqq=1.0), 'case 0: values.Wqq: this kind has no metric "Wqq"; did you mean "Wq"?'),
    (changed(ERLANG_C, "values", P_block=0.1), 'case 0: values.P_block: this kind has no metric "P_block"'),
    (changed(ERLANG_C, "values", Wq="long"), 'case 0: values.Wq: found "long"; expected a number'),
    (changed(changed(ERLANG_C, "params", t=None), "values", SL=0.7), "case 0: values.SL: needs a time to be within"),
    (changed(PRIORITY, "values", Wq_by_class=[0.3]), "case 0: values.Wq_by_class: found [0.3]; expected a list of 2"),
    (changed(PRIORITY, "values", Wq_by_class=0.3), "expected a list of 2 numbers, one for each of the classes"),
    (changed(PRIORITY, "params", ES=[1.0]), "case 0: params.ES: found [1.0]; expected one value for each of the 2"),
    (changed(PRIORITY, "params", service=["exp", "erlang"]), "params.service[1]: found 'erlang'; expected one of"),
    (changed(PRIORITY, "params", lam=[0.2, 0.9]), "case 0: params: the queue is not stable: 1.1 of each"),
    (changed(JACKSON, "params", p=[]), "case 0: params.p: found []; expected a list"),
    (changed(JACKSON, "params", p=[0.2, 0.1]), "case 0: params.p: found [0.2, 0.1]; expected a list of 1"),
    (changed(JACKSON, "params", p=[1.2]), "case 0: params.p[0]: found 1.2; expected a number from 0 to 1"),
    (changed(JACKSON, "params", tiers=[[2, 1.0], 1]), "case 0: params.tiers[1]: found 1; expected a pair"),
    (changed(JACKSON, "params", tiers=[[2, 1.0], [1, 0.2]]), "params.tiers[1]: the queue is not stable: 1.087 of each"),
    (changed(JACKSON, "params", p=[1.0], deescalate_2_to_1=1.0), "params.p: tickets go round for ever"),
    (changed(JACKSON, "params", deescalate_3_to_1=0.1), "params.deescalate_3_to_1: names no tier of the 2"),
]


@pytest.mark.parametrize(("case", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_is_wrong_is_named_with_file_case_and_key(answer: Answer, case: dict[str, Any], message: str) -> None:
    code, out, err = answer([case])
    assert (code, out) == (2, "")
    assert err.startswith("deskdrill: cases.json: case 0: ")
    assert message in err
    code, _, err = answer([ERLANG_B, case])
    assert code == 2
    assert "case 1: " in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cases.json:1: is no JSON"),
        ("[]", "cases.json: has no cases"),
        ('{"cases": []}', "cases.json: cases: found 0"),
        ('{"cases": [3]}', "cases.json: case 0: expected an object"),
        ('{"cases": [{"name": "a", "name": "b"}]}', 'the key "name" stands twice'),
        ('{"cases": [{"name": "Erlang B M/M/c/c", "params": {"c": 1, "a": NaN}, "values": {}}]}', "found NaN"),
        ("[" * 100_000, "is nested too deeply"),
    ],
)
def test_a_file_that_is_none_is_refused(answer: Answer, text: str, message: str) -> None:
    code, out, err = answer(text)
    assert (code, out) == (2, "")
    assert message in err


def test_a_file_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theory", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err


def test_a_parameter_that_means_nothing_is_passed_over_and_told(tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"cases": [changed(ERLANG_B, "params", shifts=3)]}))
    found = read_cases(path)
    assert [note.removeprefix(f"{path}: ") for note in found.notes] == [
        "case 0: params.shifts: means nothing to this kind, and was passed over"
    ]
    assert [row.metric for row in found.cases[0].rows] == ["P_block"]


# -- the manual ------------------------------------------------------------------------------------------------------


def test_the_manual_lists_every_kind_parameter_and_metric() -> None:
    text = (ROOT / "docs" / "theory.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")]
    kinds = {row[0].strip("`"): set(re.findall(r"`([^`]+)`", row[1])) for row in rows if len(row) == 3}
    assert kinds == {name: set(kind.params) for name, kind in KINDS.items()}
    told = [name for row in rows if len(row) == 2 for name in re.findall(r"`([^`]+)`", row[0])]
    assert sorted(told) == sorted(ALL_NAMES)
