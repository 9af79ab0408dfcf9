"""The reports as people get them: three forms of one content, neutral to hostile names, the same bytes every time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from deskdrill.main import main
from policy import Rulebook, load_policy
from policy.compiled import DeskRules
from simulator import Desk, load_desk, month_metrics, run_once
from simulator.audit import JUDGED, audit
from simulator.model import DeskModel, compile_model
from simulator.report import Order, Report, as_html, as_markdown, as_text, make_report
from simulator.report.charts import chart_svg
from simulator.report.gathering import gather
from simulator.report.judged import APPROPRIATE, review
from simulator.report.model import Bars, Heat, Mark, Point, Points, Section, Table, Text, Trend, Trends
from simulator.report.staffing import one_more
from simulator.report.windows import week_in, whole

SMALL = Path(__file__).parent / "data" / "desk_small.yaml"
EVIL = "<script>alert(1)</script> | **b** `c` [d](e) $x$ \x1b[31m 日本 &amp; {{ 7*7 }}"
QUICK = ("--desk", str(SMALL), "--replications", "3", "--workers", "1")


@cache
def report(which: str = "monthly", months: int | None = None) -> Report:
    plays = 3 if which == "quarterly" else 12
    order = Order(which=which, months=months, replications=plays)  # type: ignore[arg-type]
    return make_report(load_policy(), load_desk(SMALL), order)


@cache
def rulebook() -> Rulebook:
    return Rulebook(load_policy())


@cache
def model() -> DeskModel:
    return compile_model(load_desk(SMALL), DeskRules(rulebook()))


@cache
def months() -> list[dict[str, float]]:
    return [month_metrics(run_once(model(), None, 0, r)) for r in range(12)]


@cache
def web() -> str:
    return as_html(report("monthly", 2))


def titles(of: Report) -> list[str]:
    return [section.title for section in of.sections]


def table(of: Report, caption: str) -> Table:
    (found,) = [
        block for section in of.sections for block in section.blocks
        if isinstance(block, Table) and block.caption.startswith(caption)
    ]  # fmt: skip
    return found


class Page(HTMLParser):
    """A page as a browser takes it: its elements, what they refer to, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "xlink:href"):
                self.refers.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] in ("meta", "br", "wbr"):
            self.open.pop()
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


# -- what stands in them -----------------------------------------------------------------------------------------------


def test_the_monthly_report_has_the_procedures_form_and_what_is_reviewed_every_month() -> None:
    assert titles(report("monthly", 2)) == [
        "How to read the figures",
        "Summary",
        "Escalation performance",
        "Top escalation reasons",
        "Improvements needed",
        "Success stories",
        "Trend over the months",
        "By tier and priority",
        "Escalation reasons and categories",
        "De-escalations and the quality of decisions",
        "Where missed targets come from",
        "Utilisation by hour of the week",
        "Training: how well it works",
        "How this report was made",
    ]


def test_the_weekly_review_has_what_is_reviewed_every_week() -> None:
    assert titles(report("weekly"))[:6] == [
        "The week in figures",
        "Escalations to talk about",
        "Appropriate escalations",
        "Excellent escalations",
        "Coaching on premature escalations",
        "Training opportunities",
    ]


def test_the_quarterly_sheet_has_what_is_planned_every_quarter() -> None:
    assert titles(report("quarterly"))[3:8] == [
        "Systemic issues",
        "Procedure updates",
        "Tier capabilities",
        "Resource planning",
        "Knowledge base updates",
    ]
    assert report("quarterly").title == "Quarterly planning: 3 March to 2 June 2025"


def test_the_summary_says_what_the_months_had() -> None:
    rows = {row[0]: row for row in table(report(), "Tickets and escalations").rows}
    assert rows["Total tickets"][1].startswith(f"{np.mean([one['tickets'] for one in months()]):.0f} ± ")
    escalations = [one["escalations"] for one in months()]
    assert rows["Total escalations"][1].startswith(f"{np.mean(escalations):.1f} ± ")
    assert rows["Total escalations"][3] == f"{min(escalations):.0f} to {max(escalations):.0f}"
    assert rows["Tier 1 → Tier 2"][1].startswith(f"{np.mean([one['escalations_t1_t2'] for one in months()]):.1f} ± ")


def test_each_target_has_its_tick_and_how_often_it_is_met() -> None:
    rows = table(report(), "Performance against the targets").rows
    targets = load_policy().targets
    assert len(rows) == 1 + len(targets)
    rates = [one["escalation_rate"] for one in months()]
    (row,) = [row for row in rows if row[0] == "Escalation rate"]
    assert row[-2] == ("✓" if np.mean(rates) < targets["escalation_rate"] else "✗") + " < 20 %"
    assert row[-1] == f"{sum(rate < targets['escalation_rate'] for rate in rates)} of 12"


def test_every_escalation_of_the_week_is_judged_once() -> None:
    run, week = run_once(model(), None, 0, 0), week_in(model(), None)
    expected = audit(run, rulebook(), (week.start, week.end)).escalations
    cases, _ = review(run, rulebook(), week)
    assert Counter(case.judgement for case in cases) == Counter(expected)
    assert len(cases) > 10
    found = report("weekly")
    shown = [int(row[0]) for row in table(found, "Appropriate escalations").rows]
    assert sorted(shown) == sorted(one.ticket for one in expected if one.judged == APPROPRIATE)
    (discussed,) = [section for section in found.sections if section.anchor == "discuss"]
    points = [point for block in discussed.blocks if isinstance(block, Points) for point in block.items]
    assert len(points) == sum(one.judged != APPROPRIATE for one in expected)
    judged = {row[0].lower(): int(row[1]) for row in table(found, "The escalations as the rulebook").rows}
    assert judged == {name: sum(one.judged == name for one in expected) for name in JUDGED}
    cited = {row[0] for row in table(found, "Rules").rows}
    assert cited == {rule for one in expected for rule in one.rules} <= set(rulebook().policy.catalogue)


def test_excellent_escalations_are_beyond_reproach() -> None:
    run, week = run_once(model(), None, 0, 0), week_in(model(), None)
    cases, found = review(run, rulebook(), week)
    good = [case for case in cases if case.excellent]
    assert good
    assert len(good) < len(cases)
    faulty = {one.ticket for one in found.missed}
    for case in good:
        row = run.tickets[case.judgement.ticket - 1]
        assert case.judgement.judged == APPROPRIATE
        assert case.judgement.ticket not in faulty
        assert row["resolved"] <= row["resolution_due"]
        assert model().places[row["holder"]] == case.judgement.to


def test_one_agent_more_is_compared_play_by_play() -> None:
    rules, desk = DeskRules(rulebook()), load_desk(SMALL)
    known = gather(model(), (whole(model()),), 0, 4)
    found = {one.tier: one for one in one_more(desk, rules, known, 0, 1)}
    assert set(found) == {"T1", "T2", "T3"}
    more = compile_model(load_desk(SMALL, {"staffing.T1.agents": "3"}), rules)
    for r in range(4):
        before, after = (month_metrics(run_once(one, None, 0, r)) for one in (model(), more))
        assert found["T1"].wait.values[r] == pytest.approx(after["wait_t1_minutes"] - before["wait_t1_minutes"])
        assert found["T1"].cost.values[r] == pytest.approx(after["cost"] - before["cost"])


# -- forms -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["monthly", "weekly", "quarterly"])
def test_text_is_at_most_80_columns_wide_and_says_what_markdown_says(which: str) -> None:
    text, marked = as_text(report(which)), as_markdown(report(which))
    assert max(map(len, text.splitlines())) <= 80
    for section in report(which).sections:
        assert f"\n{section.title}\n{'-' * len(section.title)}\n" in text
        assert f"\n## {section.title}\n" in marked
    rows = [line for line in marked.splitlines() if line.startswith("|")]
    tables = [b for section in report(which).sections for b in section.blocks if isinstance(b, Table)]
    assert len(rows) == sum(len(one.rows) + 2 for one in tables)


def test_the_page_loads_nothing_and_its_charts_have_words() -> None:
    page = Page(web())
    assert page.tags["script"] == page.tags["img"] == page.tags["link"] == 0
    assert all(one.startswith("#") for one in page.refers)
    assert set(page.refers) <= {f"#{one}" for one in page.ids}
    assert "url(" not in re.sub(r"url\(#c\d+-\w+\)", "", web())
    assert not re.search(r"@import|@font-face", web())
    assert [one for one, number in Counter(page.ids).items() if number > 1] == []
    charts = [b for s in report("monthly", 2).sections for b in s.blocks if isinstance(b, (Bars, Trends, Heat))]
    assert page.tags["svg"] == page.tags["desc"] == len(charts) >= 6
    for number, chart in enumerate(charts, 1):
        assert f'<title id="c{number}-title">{chart.title}</title>' in web()
    assert page.tags["h1"] == 1
    assert web().count("<h2 id=") == len(report("monthly", 2).sections)


def test_the_same_bytes_from_another_process_on_two_workers(tmp_path: Path) -> None:
    file = tmp_path / "r.html"
    asked = ["--desk", str(SMALL), "--months", "2", "--replications", "12", "--workers", "2", "--to", str(file)]
    subprocess.run(
        [sys.executable, "-m", "deskdrill", "report", *asked],
        check=True, capture_output=True, timeout=120, env=os.environ | {"PYTHONHASHSEED": "1"},
    )  # fmt: skip
    assert file.read_text(encoding="utf-8") == web()


def test_a_chart_is_the_same_whatever_was_drawn_before_it() -> None:
    marks = (Mark("a", 0.5, 0.2, 0.9, 0.4), Mark("b", float("nan"), float("nan"), float("nan")))
    bars = Bars("Bars", "About.", "share", marks, aim="target")
    week = Heat("Week", "About.", ("Mon",), tuple(f"{h:02}" for h in range(24)), ((0.5,) * 20 + (float("nan"),) * 4,))
    trend = Trends("Way", "About.", (Trend("x", "share", marks[:1] * 3), Trend("y", "count", marks[1:] * 3)))
    first = [chart_svg(one, 1) for one in (bars, week, trend)]
    assert [chart_svg(one, 1) for one in (trend, week, bars)] == first[::-1]
    for svg in first:
        ET.fromstring(svg)  # well-formed
    assert 'class="wide"' in first[1]
    numbered = chart_svg(bars, 12)
    assert not re.search(r'id="(?!c12-)', numbered)
    assert chart_svg(Bars("None", "About.", "count", ()), 1)


def evil_desk() -> Desk:
    """Return the desk with a category and a title that no file could have: files with escapes are refused."""
    desk = load_desk(SMALL)
    easy = desk.categories["easy"].model_copy(update={"label": EVIL})
    return desk.model_copy(update={"title": EVIL, "categories": {**desk.categories, "easy": easy}})


@pytest.mark.parametrize("which", ["monthly", "weekly", "quarterly"])
def test_hostile_names_are_only_names(which: str) -> None:
    months = 3 if which == "quarterly" else 1
    order = Order(which=which, months=months, replications=2, changes=(EVIL,))  # type: ignore[arg-type]
    found = make_report(load_policy(), evil_desk(), order)
    text, marked = as_text(found), as_markdown(found)
    assert "\x1b" not in text + marked
    assert "<script" in text
    assert "<script" not in marked
    for line in marked.splitlines():
        if line.startswith("| &lt;script"):
            first = re.split(r"(?<!\\)\|", line)[1].strip()
            assert first.startswith("&lt;script&gt;alert(1)&lt;/script&gt; \\| \\*\\*b\\*\\* \\`c\\` \\[d\\](e)")
    if which != "monthly":
        return  # one page is enough, and of it what is drawn and what is told
    told = tuple(one for one in found.sections if one.anchor in ("reasons", "method"))
    page = Page(as_html(replace(found, sections=told)))
    assert page.tags["script"] == page.tags["b"] == 0
    assert "<script>alert(1)</script> | **b** `c` [d](e) $x$" in page.text
    assert "&amp; {{ 7*7 }}" in page.text


def test_lines_that_would_mean_something_in_markdown() -> None:
    odd = ("# no heading", "- no point", "1. no number", "+ no point", "10) no number", "a $b$ ~c~")
    sections = (Section("Odd", "odd", (*map(Text, odd), Points((Point("# x", "* y"),)))),)
    marked = as_markdown(Report("Org", "Odd", ("- about",), sections)).splitlines()
    assert {"\\# no heading", "\\- no point", "1\\. no number", "\\+ no point", "10\\) no number"} <= set(marked)
    assert "a \\$b\\$ \\~c\\~" in marked
    assert "- **\\* y:** \\# x" in marked
    assert "\\- about" in marked


# -- the command -------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> int:
    return main(["report", *QUICK, *arguments])


def test_the_ending_says_the_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for ending, begins in (("md", "# Smallhouse"), ("txt", "Smallhouse: Weekly"), ("html", "<!doctype html>")):
        file = tmp_path / f"r.{ending}"
        policy = str(SMALL.parent / "desk_policy.yaml")
        assert run("--weekly", "--policy", policy, "--to", str(file)) == 0
        assert file.read_text(encoding="utf-8").startswith(begins)
    out = capsys.readouterr()
    assert out.out == ""
    assert out.err.count("Wrote the report to ") == 3
    assert len(list(tmp_path.iterdir())) == 3  # nothing is left lying beside them
    assert run("--weekly") == 0
    assert capsys.readouterr().out.startswith("SecureAI: Weekly review: week 10, 3 to 9 March 2025\n====")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--to", "report.pdf"), "a report is written as .html, .md or .txt"),
        (("--to", "report"), "a report is written as .html, .md or .txt"),
        (("--weekly", "2025-W30"), "lies outside the period, which runs from 2025-03-03 to 2025-03-09"),
        (("--weekly", "next"), "expected a week such as 2025-W04"),
        (("--months", "0"), "expected a whole number from 1 to 120"),
        (("--months", "many"), "expected a whole number from 1 to 120"),
        (("--quarterly", "--months", "2"), "--months: found 2; a quarterly sheet is of 3 months, or of a multiple"),
        (("--quarterly", "--set", "desk.period.last_day=2025-04-20"), "a quarterly sheet is of 3 months"),
        (("--replications", "0"), "expected a whole number from 1"),
        (("--replication", "3"), "the 3 that are played are 0 to 2"),
        (("--weekly", "--quarterly"), "not allowed with"),
        (("--set", "desk.staffing.T9.agents=1"), "T9"),
        (("--desk", "nowhere"), 'there is no desk "nowhere"'),
    ],
)
def test_bad_input_is_told_in_a_line(
    arguments: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert says in told.err
    assert len(told.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--to", str(tmp_path / "nowhere" / "r.md")) == 2
    assert "cannot be written" in capsys.readouterr().err
    file = tmp_path / "r.md"
    file.write_text("old", encoding="utf-8")
    assert run("--to", str(file), "--weekly", "2031-W01") == 2
    assert file.read_text(encoding="utf-8") == "old"


def test_only_a_page_draws() -> None:
    code = (
        "import io, sys; from deskdrill.main import main; out, sys.stdout = sys.stdout, io.StringIO(); "
        f"code = main(['report', '--weekly', *{QUICK!r}]); "
        "print(code, 'matplotlib' in sys.modules, 'textual' in sys.modules, file=out)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["0", "False", "False"], done.stderr
