"""Scenarios: what comes with DeskDrill can be read, what is wrong is said clearly, hostile text never gets in."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.errors import InputError
from policy.yaml_source import load_yaml
from scenarios import clean_text, find_hostile, list_scenarios, load_scenario, read_scenario, scenario_ids
from scenarios.loader import DATA

GOOD = (DATA / "api_401.yaml").read_text(encoding="utf-8")


def read(text: str) -> object:
    return read_scenario(load_yaml(text, name="mine.yaml"))


def test_the_three_of_the_procedure_are_there() -> None:
    assert set(scenario_ids()) >= {"api_401", "slow_analysis", "gdpr_delete"}
    infos = list_scenarios()
    assert infos[0].id == "api_401"
    assert {info.seat for info in infos} == {"T1"}
    assert all(info.minutes > 0 and info.about for info in infos)


@pytest.mark.parametrize("name", ["api_401", "slow_analysis", "gdpr_delete"])
def test_a_scenario_names_no_answer_key(name: str) -> None:
    keys = {key for path in load_yaml(DATA / f"{name}.yaml").lines for key in path if isinstance(key, str)}
    assert not keys & {"key", "answer", "answers", "expected", "correct", "priority", "rules", "rule", "points"}
    text = (DATA / f"{name}.yaml").read_text(encoding="utf-8")
    assert not [word for word in ("P1", "P2", "P3", "P4", "escalate to", "trigger.") if word in text]


def test_a_file_is_read_by_path(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace("id: api_401", "id: my_own"), encoding="utf-8")
    assert load_scenario(str(file)).id == "my_own"
    assert load_scenario(file).ticket.customer.plan == "professional"


def test_opening_is_an_instant() -> None:
    assert load_scenario("api_401").opens == 28966140.0  # 2025-01-27T09:00Z in minutes since 1970


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seat: T1", "seat: T1\nhorizont: 180", 'did you mean "horizon"'),
        ("horizon: 180", "horizon: soon", "mine.yaml:10: horizon"),
        ("horizon: 180", "horizon: -5", "greater than 0"),
        ("minutes: 3", "minutes: 3h", "checks[0].minutes"),
        ("minutes: 3", "minutes: -1", "greater than 0"),
        ("minutes: 3", "minutes: .nan", "finite"),
        ("minutes: 3", "minutes: .inf", "mine.yaml"),
        ("plan: professional", "plan: [professional]", "ticket.customer.plan"),
        ("2025-01-27T09:00Z", "tomorrow at nine", "expected a date and time"),
        ("2025-01-27T09:00Z", "2025-01-27T09:00", "without an offset"),
        ("when: [token_validity, header_format]", "when: [token_validty]", 'did you mean "token_validity"'),
        ("name: header_format", "name: token_validity", "stands here twice"),
        ("level: easy", "level: simple", "'easy', 'medium' or 'hard'"),
        ("id: api_401", "id: ../../etc/passwd", "id"),
        ("signals: [api_down]", "signals: api_down", "signals"),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as error:
        read(GOOD.replace(old, new, 1))
    assert said in str(error.value)
    assert str(error.value).startswith("mine.yaml:")


@pytest.mark.parametrize(
    "bad",
    [
        "\\e[31mred",  # a colour, through YAML's own escape
        "\\x1b]0;title\\x07",
        "\\x9b2J",
        "\\u202eright to left",
        "\\u200bhidden",
        "[bold red]look[/bold red]",
        "[/]",
        "[link=https://example.com]here[/link]",
        "[@click=app.quit]press[/]",
        "[#ff0000]x",
        "{{ 7 * 7 }}",
        "{% for x in y %}",
    ],
)
def test_hostile_text_is_refused_with_its_line(bad: str) -> None:
    text = GOOD.replace("subject: API integration stopped working, every request is a 401", f'subject: "{bad}"')
    with pytest.raises(InputError, match=r"mine\.yaml:14: ticket\.subject: ") as error:
        read(text)
    assert "\x1b" not in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    "fine", ["[ERROR] 401", "array[0]", "a [1] b", "see [the log]", "{'a': 1}", "Zoë – ok 👍", "[x]"]
)
def test_ordinary_brackets_are_fine(fine: str) -> None:
    assert find_hostile(fine) is None


def test_raw_escape_in_a_file_is_refused() -> None:
    with pytest.raises(InputError, match="U\\+001B"):
        read(GOOD.replace("Hello,", "Hello \x1b[2J,"))


def test_yaml_bomb_is_refused() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    with pytest.raises(InputError, match="anchors"):
        read(bomb)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("api_400", 'did you mean "api_401"'),
        ("./nowhere.yaml", "there is no such file"),
        ("", "there is no scenario"),
        ("\x1b[2J", "there is no scenario"),
    ],
)
def test_a_wrong_name(name: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        load_scenario(name)
    assert said in str(error.value)
    assert "\x1b" not in str(error.value)


def test_cleaning_keeps_words_and_takes_what_a_terminal_obeys() -> None:
    dirty = "\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07 \x9b1mbold\u202e \x00\x07[bold]kept[/bold]\r\nnext"
    assert clean_text(dirty) == "red link bold [bold]kept[/bold]\nnext"
    assert clean_text("a\n b\tc", one_line=True) == "a b c"
    assert len(clean_text("x" * 100_000)) == 8_000
