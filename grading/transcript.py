"""Transcripts: what was done, as JSON lines. ``docs/transcript.md`` describes the form.

The first line is a header, each further line an act. A file may end in the middle of a line (the program that wrote
it was killed): that last line is dropped with a warning and everything before it counts. Anything else that cannot be
read is an error that names its line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from grading.acts import Act, read_act
from grading.errors import ActError
from policy.errors import DeskDrillError, InputError
from policy.explain import nearest
from policy.explain import shown as as_found
from scenarios import clean_text

VERSION: Final = 1
MAX_BYTES: Final = 2_000_000
MAX_LINES: Final = 5_000
_WARNED: Final = 5
"""So many lines out of order are told; more would say no more."""


@dataclass(frozen=True, slots=True)
class Header:
    """Which drill a transcript is of: the scenario, the seed of its chances, and the policy it was played under."""

    scenario: str
    seed: int
    policy: str
    policy_digest: str

    def as_line(self) -> dict[str, Any]:
        """Return the header as a transcript line."""
        return {
            "deskdrill": VERSION,
            "scenario": self.scenario,
            "seed": self.seed,
            "policy": self.policy,
            "policy_digest": self.policy_digest,
        }


@dataclass(frozen=True, slots=True)
class Transcript:
    """A header (``None`` if the file has none) and acts in the order in which they are taken."""

    header: Header | None
    acts: tuple[Act, ...]
    warnings: tuple[str, ...] = ()
    name: str = "<transcript>"

    @property
    def lines(self) -> tuple[dict[str, Any], ...]:
        """The acts as transcript lines."""
        return tuple(act.as_line() for act in self.acts)

    def to_jsonl(self) -> str:
        """Return the transcript as text, a line each, ending in a line end."""
        rows = ([] if self.header is None else [self.header.as_line()]) + list(self.lines)
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

    def with_header(self, header: Header) -> Transcript:
        """Return the same acts under ``header``."""
        return replace(self, header=header)


def read_transcript(where: Path | str, *, name: str | None = None) -> Transcript:
    """Read a transcript from a file (a ``Path``) or from text (a ``str``).

    Raises:
        InputError: missing, too large, or a line that cannot be read (named), unless it is a torn last one.
    """
    shown = name or (str(where) if isinstance(where, Path) else "<transcript>")
    raw = _bytes(where, shown) if isinstance(where, Path) else where.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_BYTES:
        raise InputError(f"{shown}: too large: at most {MAX_BYTES:,} bytes are read")
    rows, torn = _rows(raw.removeprefix(b"\xef\xbb\xbf"), shown)
    header: Header | None = None
    acts: list[Act] = []
    warnings: list[str] = []
    for number, row in rows:
        if "deskdrill" in row:
            if header is not None or acts:
                raise InputError.at(shown, number, None, "a header stands only on the first line")
            header = _header(row, shown, number)
            continue
        try:
            acts.append(read_act(row, line=number))
        except ActError as error:
            raise InputError.at(shown, number, None, str(error)) from None
    warnings += [f"{shown}:{text}" for text in _out_of_order(acts)]
    if torn is not None:
        warnings.append(f"{shown}:{torn}: the last line is torn and was dropped; everything before it counts")
    elif not rows:
        warnings.append(f"{shown}: is empty, so nothing was done")
    return Transcript(header, in_order(acts), tuple(warnings), shown)


def _out_of_order(acts: Iterable[Act]) -> list[str]:
    """Return a word about each of the first acts that stand after one which was begun later."""
    last, found = 0.0, []
    for act in acts:
        if act.minute is not None and act.minute < last:
            found.append(f"{act.line}: was begun at minute {act.minute:g}, before the act above it; it is taken first")
        last = last if act.minute is None else act.minute
    return found[:_WARNED]


def in_order(acts: Iterable[Act]) -> tuple[Act, ...]:
    """Return acts by the minute they were begun; one without a minute stays behind the act before it."""
    keyed: list[tuple[float, int, Act]] = []
    last = 0.0
    for place, act in enumerate(acts):
        last = last if act.minute is None else act.minute
        keyed.append((last, place, act))
    return tuple(act for _, _, act in sorted(keyed, key=lambda row: row[:2]))


def _bytes(path: Path, shown: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"{shown}: there is no such file") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{shown}: cannot be read: {reason}") from None


def _rows(raw: bytes, shown: str) -> tuple[list[tuple[int, Mapping[str, Any]]], int | None]:
    """Return ``(line number, object)`` of each line that holds one, and the number of a torn last line."""
    numbered = [(n, line.strip()) for n, line in enumerate(raw.split(b"\n"), start=1)]
    filled = [(n, line) for n, line in numbered if line]
    if len(filled) > MAX_LINES:
        raise InputError(f"{shown}: too long: at most {MAX_LINES:,} lines are read")
    rows: list[tuple[int, Mapping[str, Any]]] = []
    for place, (number, line) in enumerate(filled):
        try:
            rows.append((number, _object(line)))
        except DeskDrillError as error:
            begun = place > 0 or line.startswith((b"{", b"\x00" * len(line)))  # alone, anything might be garbage
            if place == len(filled) - 1 and begun and _is_torn(line):
                return rows, number
            raise InputError.at(shown, number, None, str(error)) from None
    return rows, None


def _is_torn(line: bytes) -> bool:
    """Return whether a line that is no object looks like the beginning of one (or like a disk's zeros)."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return line.count(b"\x00") == len(line) or not line.endswith(b"}")
    return False


def _object(line: bytes) -> Mapping[str, Any]:
    def refuse(constant: str) -> float:
        raise InputError(f"holds {constant}, which is no number")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f'the key "{clean_text(twice, one_line=True)[:40]}" stands twice')
        return found

    try:
        value = json.loads(line.decode("utf-8"), parse_constant=refuse, object_pairs_hook=once)
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text") from None
    except RecursionError:
        raise InputError("is nested too deeply") from None
    except ValueError as error:
        said = getattr(error, "msg", "a number is too long")
        raise InputError(f"is not valid JSON: {said}") from None
    if not isinstance(value, dict):
        found = "a list" if isinstance(value, list) else as_found(value)
        raise InputError(f"found {found}; every line is an object {{...}}")
    return value


def _header(row: Mapping[str, Any], shown: str, line: int) -> Header:
    def wrong(key: str, message: str) -> InputError:
        return InputError.at(shown, line, key, message)

    version = row["deskdrill"]
    if version != VERSION or isinstance(version, bool):
        found = clean_text(str(version), one_line=True)[:20]
        raise wrong("deskdrill", f"found version {found}; this DeskDrill reads version {VERSION}")
    keys = ("deskdrill", "scenario", "seed", "policy", "policy_digest")
    for key in row:
        if key not in keys and nearest(key, keys).startswith("; did"):
            raise wrong(clean_text(key, one_line=True)[:40], f"unknown key{nearest(key, keys)}")
    for key in ("scenario", "policy", "policy_digest"):
        if not isinstance(row.get(key), str) or not row[key] or len(row[key]) > 300:
            raise wrong(key, "is missing" if key not in row else "expected text of 1 to 300 characters")
    seed = row.get("seed", 0)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise wrong("seed", "expected a whole number from 0 to 2^63 - 1")
    policy = clean_text(row["policy"], one_line=True)
    return Header(clean_text(row["scenario"], one_line=True), seed, policy, row["policy_digest"])
