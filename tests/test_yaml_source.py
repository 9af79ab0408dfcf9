"""YAML from outside: read safely, within bounds, with errors that say where."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy import yaml_source
from policy.errors import InputError
from policy.yaml_source import MAX_BYTES, load_yaml


def error_of(text: str) -> str:
    with pytest.raises(InputError) as error:
        load_yaml(text, name="desk.yaml")
    return str(error.value)


# -- what is read -------------------------------------------------------------------------------------------------


def test_plain_data_and_its_lines() -> None:
    source = load_yaml("a: 1\nb:\n  - x\n  - {c: 2.5, d: yes}\n'e f': ~\n", name="f.yaml")
    assert source.data == {"a": 1, "b": ["x", {"c": 2.5, "d": True}], "e f": None}
    assert source.line(("b",)) == 2
    assert source.line(("b", 1, "c")) == 4
    assert source.line(("b", 1, "nothing", "here")) == 4
    assert str(source.error(("b", 1, "c"), "is wrong")) == "f.yaml:4: b[1].c: is wrong"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("09:00", "09:00"), ("1:30:00", "1:30:00"), ("2025-12-25", "2025-12-25"), ("2025-01-05T12:00:00Z",) * 2,
        ("=", "="), ("<<", "<<"), ("1_000", 1000), ("-12", -12), ("+3", 3), ("0", 0), ("0.75", 0.75), (".5", 0.5),
        ("1.5e+3", 1500.0), ("off", False), ("'off'", "off"), ("'007'", "007"), ("Null", None), ('"a\\nb"', "a\nb"),
        ("1h", "1h"), ("Zoë 👩‍🚒", "Zoë 👩‍🚒"),
    ],
)  # fmt: skip
def test_values(text: str, value: object) -> None:
    read = load_yaml(f"k: {text}").data["k"]
    assert read == value
    assert type(read) is type(value)


def test_line_ends_of_another_system(tmp_path: Path) -> None:
    file = tmp_path / "dos.yaml"
    file.write_bytes("\ufeffa: 1\r\nb: 2\r\nb: 3\r\n".encode())
    with pytest.raises(InputError, match=r"dos\.yaml:3: b: the key stands here twice \(first in line 2\)"):
        load_yaml(file)


# -- what is refused ----------------------------------------------------------------------------------------------

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "desk.yaml:1: anchors (&) and aliases (*) are not allowed"),
        ("a: 1\nb: *a\n", "desk.yaml:2: anchors (&) and aliases (*) are not allowed"),
        ("a: &x {b: 1}\nc: {<<: *x}\n", "desk.yaml:1: anchors"),
        ("a: 1\nb: " + "[" * 41 + "]" * 41, "desk.yaml:2: is nested more than 40 levels deep"),
        ("[" * 200_000, "is nested more than 40 levels deep"),
        ("a: " + "{b: " * 50_000, "is nested more than 40 levels deep"),
        ("- " * 100_000, "is nested more than 40 levels deep"),
        ("a: 1\nb: 2\na: 3\n", "desk.yaml:3: a: the key stands here twice (first in line 1)"),
        ("x:\n  - {k: 1, k: 2}\n", "desk.yaml:2: x[0].k: the key stands here twice"),
        ("a: 1\n'a': 2\n", "the key stands here twice"),
        ("1: a\n'1': b\n", "the key stands here twice"),
        ("a: !!python/object/apply:os.system ['true']\n", "desk.yaml:1: the tag '!!python/object/apply:os.system'"),
        ("a: !!int x\n", "the tag '!!int' is not allowed"),
        ("a: !!int ''\n", "the tag '!!int' is not allowed"),
        ("a: !!bool maybe\n", "the tag '!!bool' is not allowed"),
        ("a: !!map x\n", "the tag '!!map' is not allowed"),
        ("!!set {a, b}", "the tag '!!set' is not allowed"),
        ("a: ! x\n", "the tag '!' is not allowed"),
        ("a: !mine x\n", "the tag '!mine' is not allowed"),
        ("a: 1\n\x07b: 2\n", "desk.yaml:2: holds the invisible or control character U+0007"),
        ("a: x\u202ey\n", "U+202E"),
        ("a: x\u2028b: y\n", "U+2028"),
        ("a: x\ufffe\n", "U+FFFE"),
        ("a: \ud800\n", "U+D800"),
        ("\ufeffa: 1\n", "U+FEFF"),
        ("a: \x1b[31m\n", "desk.yaml:1: holds a terminal escape sequence, U+001B"),
        ('a: 1\nb: {c: "\\e[31m"}\n', "desk.yaml:2: b.c: holds a terminal escape sequence, U+001B"),
        ('a: "\\0"\n', "desk.yaml:1: a: holds the invisible or control character U+0000"),
        ('a: "\\ud800"\n', "desk.yaml:1: "),
        ('"\\e": 1\n', "desk.yaml:1: a key must be a plain word"),
        ("? |\n  two\n  lines\n: 1\n", "a key must be a plain word"),
        ("'': 1\n", "a key must be a plain word"),
        ("? [a, b]\n: 1\n", "desk.yaml:1: a key must be a plain word"),
        ("a:\n  {b: c}: d\n", "desk.yaml:2: a: a key must be a plain word"),
        (f"{'k' * 1000}: 1\n", "a key must be a plain word of at most 200 characters"),
        ("", "desk.yaml: is empty"),
        ("\n# nothing but a remark\n", "desk.yaml: is empty"),
        ("a: 1\n--- \nb: 2\n", "desk.yaml:2: is not valid YAML: expected a single document in the stream"),
        ("a: 1\nb: [1, 2\n", "desk.yaml:3: is not valid YAML: while parsing a flow sequence from line 2"),
        ("a: b: c\n", "desk.yaml:1: is not valid YAML: mapping values are not allowed here"),
        ("a: 1\n\tb: 2\n", "desk.yaml:2: is not valid YAML"),
        ("a: 'x\n", "desk.yaml:2: is not valid YAML: while scanning a quoted scalar from line 1"),
        ('a: 1\nb: "\\q"\n', "desk.yaml:2: is not valid YAML"),
        ('a: "\\U00110000"\n', "desk.yaml:1: is not valid YAML"),
        ('a: "\\Uffffffff"\n', "desk.yaml:1: is not valid YAML"),
        ("%YAML 3.0\n---\na: 1\n", "is not valid YAML"),
        ("a: %x\n", "is not valid YAML"),
    ],
)
def test_what_is_refused_and_where(text: str, said: str) -> None:
    message = error_of(text)
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "number",
    ["9" * 16, "9" * 5000, "-" + "9" * 400, "0x" + "f" * 5000, "0b101", "0x1F", "010", ".inf", "-.inf",
     ".nan", "1.0e+400", "9.9e+15", "1__" + "0" * 40],
)  # fmt: skip
def test_numbers_are_plain_and_bounded(number: str) -> None:
    message = error_of(f"agents:\n  T1: {number}\n")
    assert message.startswith("desk.yaml:2: agents.T1: found ")
    assert len(message) < 200


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_both_readers_refuse_the_same(monkeypatch: pytest.MonkeyPatch, loader: str) -> None:
    """The fast reader is not there on every machine; a file that one refuses is refused by the other."""
    import yaml

    if not hasattr(yaml, loader):
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(yaml_source, "_Loader", getattr(yaml, loader))
    assert load_yaml("a: 1\nb: [x, {c: '09:00'}]\n").lines == {
        (): 1, ("a",): 1, ("b",): 2, ("b", 0): 2, ("b", 1): 2, ("b", 1, "c"): 2,
    }  # fmt: skip
    assert error_of('a: "\\Uffffffff"\n').startswith("desk.yaml")
    assert error_of("a: &x 1\n").startswith("desk.yaml:1: anchors")
    assert error_of("a: !!str 1\n").startswith("desk.yaml:1: the tag '!!str'")
    assert "is nested more than" in error_of("[" * 100_000)
    assert "while parsing a flow sequence from line 1" in error_of("a: [1\n")


# -- files --------------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml: there is no such file"):
        load_yaml(tmp_path / "none.yaml")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load_yaml(tmp_path)


@pytest.mark.parametrize("name", ["a\0b.yaml", "x" * 5000, "a\ud800"])
def test_a_name_that_no_file_can_have(name: str) -> None:
    with pytest.raises(InputError):
        load_yaml(Path(name))


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_one_may_not_read(tmp_path: Path) -> None:
    file = tmp_path / "secret.yaml"
    file.write_text("a: 1")
    file.chmod(0)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        load_yaml(file)


def test_fifty_megabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "huge.yaml"
    with file.open("wb") as handle:
        handle.truncate(50_000_000)
    monkeypatch.setattr(yaml_source, "_composed", lambda *_: pytest.fail("it was read"))
    with pytest.raises(InputError, match=r"huge\.yaml: too large: at most 1,000,000 bytes are read"):
        load_yaml(file)


def test_a_device_without_end() -> None:
    device = Path("/dev/zero")
    if not device.exists():
        pytest.skip("no such device here")
    with pytest.raises(InputError, match="too large"):
        load_yaml(device)


def test_text_has_the_same_bound() -> None:
    assert "too large" in error_of("#" * (MAX_BYTES + 1))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"a: 1\nb: \xff\n", ":2: is not UTF-8 text; save it as UTF-8"),
        ("a: Zoë\n".encode("latin-1"), ":1: is not UTF-8 text"),
        ("a: 1\n".encode("utf-16"), ":1: is not UTF-8 text"),
        (b"a: \xed\xa0\x80\n", ":1: is not UTF-8 text"),
        (b"a: 1\n\x00\n", ":2: holds the invisible or control character U+0000"),
        (b"", ": is empty"),
        (b"\xef\xbb\xbf", ": is empty"),
    ],
)
def test_bytes_that_are_no_text(tmp_path: Path, raw: bytes, said: str) -> None:
    file = tmp_path / "desk.yaml"
    file.write_bytes(raw)
    with pytest.raises(InputError) as error:
        load_yaml(file)
    assert f"desk.yaml{said}" in str(error.value)


# -- whatever comes -----------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "a", "b", "k", "1", "2.5", ": ", ":", "- ", "\n", "\n  ", "\n    ", "[", "]", "{", "}", ", ", "'", '"', "&a ",
        "*a", "!!int ", "!x ", "? ", "| \n", ">-\n", "# ", "---\n", "...\n", "%TAG ! x\n", "\\", "\\x1b", "\\Uffffffff",
        "~", "<<", "=", "0x", "9" * 30, ".inf", "true", "2025-01-01", "09:00", "\t", "\u00e9", "\U0001f600", "\x00",
        "\ufeff", "@", "`",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join))


def plain(data: Any) -> bool:
    if isinstance(data, dict):
        return all(isinstance(key, str) and key and plain(value) for key, value in data.items())
    if isinstance(data, list):
        return all(plain(value) for value in data)
    if isinstance(data, float):
        return math.isfinite(data)
    if isinstance(data, str):
        return data.encode() is not None and "\x1b" not in data and "\0" not in data
    return data is None or isinstance(data, (bool, int))


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_any_text_loads_or_is_refused(text: str) -> None:
    try:
        source = load_yaml(text, name="fuzz.yaml")
    except InputError as error:
        message = str(error)
    else:
        assert plain(source.data)
        assert all(1 <= line <= text.count("\n") + 1 for line in source.lines.values())
        return
    assert message.startswith("fuzz.yaml")
    assert "\n" not in message


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_load_or_are_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    file.write_bytes(raw)
    with contextlib.suppress(InputError):
        load_yaml(file)
