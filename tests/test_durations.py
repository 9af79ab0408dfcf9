"""Durations as people write and read them, and figures by name."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.durations import format_minutes, parse_duration
from policy.errors import InputError
from policy.figures import Figures, read_figure


@pytest.mark.parametrize(
    ("text", "minutes", "words"),
    [
        ("30m", 30, "30 minutes"), ("1m", 1, "1 minute"), ("30 min", 30, "30 minutes"), (" 2h ", 120, "2 hours"),
        ("1h", 60, "1 hour"), ("1.5h", 90, "1 hour 30 minutes"), ("4.35h", 261, "4 hours 21 minutes"),
        ("90s", 1.5, "1.5 minutes"), ("48h", 2880, "48 hours"), ("72h", 4320, "3 days"), ("7d", 10080, "7 days"),
        ("0m", 0, "0 minutes"), ("876000h", 876000 * 60, "36500 days"), ("1234567m", 1234567, "20576 hours 7 minutes"),
        ("1bd", 480, "1 business day"), ("3bd", 1440, "3 business days"), ("0.5bd", 240, "0.5 business days"),
    ],
)  # fmt: skip
def test_reading_and_wording(text: str, minutes: float, words: str) -> None:
    duration = parse_duration(text)
    assert duration.minutes(day_minutes=480) == minutes
    assert duration.words() == words
    assert duration.text == text.strip()


@pytest.mark.parametrize("text", ["52560000m", "3153600000s", "876000h", "36500d"])
def test_a_hundred_years_may_be_written_in_any_unit(text: str) -> None:
    assert parse_duration(text).amount == 52_560_000


@pytest.mark.parametrize("text", ["52560001m", "3153600001s", "9" * 30 + "m"])
def test_what_is_too_long_is_told_so(text: str) -> None:
    with pytest.raises(InputError, match="a duration is at most a hundred years"):
        parse_duration(text)


def test_a_business_day_is_as_long_as_the_calendar_says() -> None:
    assert parse_duration("2bd").minutes(600) == 1200
    assert parse_duration("2d").minutes(600) == 2880


@pytest.mark.parametrize(
    "text",
    ["", "30", "m", "-5m", "+5m", "5 minutes", "5 m m", "1h30m", "1,5h", "1e3m", "٣m", "5M", "5w", ".5h", "5.h", "inf",
     "nan m", "9" * 40 + "m", "876001h", "36501bd", "9999999d",
     "52560001m", 30, 1.5, None, True, ["5m"], {"of": "x"}],
)  # fmt: skip
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(InputError) as error:
        parse_duration(text)
    assert str(error.value).startswith("found ")
    assert "expected a duration such as" in str(error.value) or "at most a hundred years" in str(error.value)
    assert len(str(error.value)) < 200


@given(st.text(max_size=20))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        minutes = parse_duration(text).minutes(480)
    except InputError:
        return
    assert 0 <= minutes < math.inf


@given(st.integers(0, 10**6), st.sampled_from(["s", "m", "h", "d"]))
def test_whole_units_are_exact(number: int, unit: str) -> None:
    minutes = {"s": number / 60, "m": number, "h": number * 60, "d": number * 1440}[unit]
    if minutes < 100 * 365 * 1440:
        assert parse_duration(f"{number}{unit}").minutes(480) == pytest.approx(minutes, abs=1e-9)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0, "0 min"), (0.5, "0.5 min"), (59.999, "1 h"), (60, "1 h"), (90, "1 h 30 min"), (-75, "-1 h 15 min"),
        (-0.001, "0 min"), (1234567 * 60, "1234567 h"), (61.254, "1 h 1.25 min"), (math.inf, "no limit"),
    ],
)  # fmt: skip
def test_minutes_as_a_person_reads_them(minutes: float, text: str) -> None:
    assert format_minutes(minutes) == text


# -- figures ------------------------------------------------------------------------------------------------------

FIGURES = Figures(
    {
        "tiers": {"T1": {"no_progress": "30m", "response": {"pro": "4h", "basic": None}}, "T2": {"no_progress": None}},
        "priorities": {"P1": {"resolution": "4h"}, "P2": {"resolution": "1bd"}},
        "figures": {"at_risk": 0.75, "wrong": "soon", "channels": ["e_mail", "phone"]},
    }
)
ATTRIBUTES = {"plan": "pro", "priority": "P2", "tier": "T1"}


@pytest.mark.parametrize(
    ("raw", "minutes"),
    [
        ("30m", 30),
        ("tiers.T1.no_progress", 30),
        ("tiers.T2.no_progress", math.inf),
        ({"of": "tiers.T1.response", "by": "plan"}, 240),
        ({"of": "priorities", "by": "priority", "then": "resolution"}, 480),
        ({"share": "figures.at_risk", "of": {"of": "priorities", "by": "priority", "then": "resolution"}}, 360),
        ({"share": 0.5, "of": "tiers.T1.no_progress"}, 15),
        ({"share": 0.5, "of": {"share": 0.5, "of": "1h"}}, 15),
        (None, math.inf),
    ],
)
def test_the_ways_to_write_a_figure(raw: object, minutes: float) -> None:
    assert read_figure(raw, FIGURES).minutes(ATTRIBUTES, 480) == minutes


@pytest.mark.parametrize("attributes", [{"plan": "basic"}, {"plan": None}, {}, {"plan": "unknown"}])
def test_a_figure_that_is_not_set_for_these_attributes(attributes: dict[str, str | None]) -> None:
    assert read_figure({"of": "tiers.T1.response", "by": "plan"}, FIGURES).minutes(attributes, 480) == math.inf


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("tiers.T1.no_progres", 'there is no figure "tiers.T1.no_progres"; did you mean "tiers.T1.no_progress"?'),
        ("tiers.T3.no_progress", 'there is no figure "tiers.T3.no_progress"'),
        ("tiers.T1.no_progress.x", "there is no figure"),
        ("figures.wrong", "figures.wrong: found 'soon'; expected a duration"),
        ("figures.at_risk", "figures.at_risk: found 0.75; expected a duration"),
        ("tiers.T1", "expected a duration"),
        ("soon", "found 'soon'; expected a duration"),
        (30, "expected a duration, the name of a figure, {of, by} or {share, of}"),
        ({}, "expected a duration, the name of a figure"),
        ({"of": "priorities"}, "expected a duration, the name of a figure"),
        ({"of": "priorities", "by": "weather"}, "found by: 'weather'; expected plan, priority or tier"),
        ({"of": "priorities", "by": "priority"}, "expected a duration"),
        ({"of": "priorities", "by": "priority", "then": "resolutoin"}, 'did you mean "priorities.P1.resolution"?'),
        ({"of": "tiers.T1.no_progress", "by": "plan"}, "is a single value; it cannot be asked by plan"),
        ({"share": "figures.wrong", "of": "1h"}, "figures.wrong: found the share 'soon'; expected a number"),
        ({"share": -1, "of": "1h"}, "found the share -1"),
        ({"share": 1.01, "of": "1h"}, "found the share 1.01; expected a number from 0 to 1, such as 0.75"),
        ({"share": 75, "of": "1h"}, "found the share 75"),
        ({"share": True, "of": "1h"}, "found the share True"),
        ({"share": 0.5, "of": 30}, "expected a duration"),
        ({"share": 0.5, "of": "1h", "by": "plan"}, "expected a duration"),
    ],
)
def test_what_is_no_figure(raw: Any, said: str) -> None:
    with pytest.raises(InputError) as error:
        read_figure(raw, FIGURES)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("tiers.T1.no_progress", "30 minutes"),
        ("tiers.T2.no_progress", "no limit"),
        ("figures.at_risk", "0.75"),
        ("figures.wrong", "soon"),
        ("figures.channels", "e mail, phone"),
    ],
)
def test_figures_in_words(path: str, words: str) -> None:
    assert FIGURES.words(path) == words


def test_a_section_has_no_words() -> None:
    with pytest.raises(InputError, match=r'"tiers\.T1" is a whole section, not a figure; expected one of'):
        FIGURES.words("tiers.T1")
