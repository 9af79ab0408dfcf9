"""Where a trainee's attempts are kept, and how each act reaches the disk the moment it is done.

An attempt is a transcript file, ``attempts/SCENARIO/DATE-NUMBER.jsonl`` in the data folder; beside it stands, once it
was graded, ``….grade.json``. A file without a grade is a drill that was left or whose session died; it can be resumed.
Nothing here is ever deleted or overwritten. Whoever plays an attempt holds a lock on its file, so that nobody else can
go on with it meanwhile.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Any

from grading import Header, Transcript, minute_reached, read_transcript
from policy.errors import DeskDrillError, InputError
from scenarios import Scenario
from tui.locks import locked

_SUFFIX = ".jsonl"


def data_home() -> Path:
    """Return the user's data folder: ``$DESKDRILL_HOME``, else ``deskdrill`` in the XDG data folder."""
    own = os.environ.get("DESKDRILL_HOME", "")
    if own:
        return Path(own).expanduser()
    xdg = os.environ.get("XDG_DATA_HOME", "")
    # The XDG rules say that a relative path is to be ignored.
    base = Path(xdg) if xdg and Path(xdg).is_absolute() else Path.home() / ".local" / "share"
    return base / "deskdrill"


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """An attempt as the home screen tells of it; without a ``score`` it is open."""

    path: Path
    seed: int
    digest: str
    acts: int
    score: float | None = None
    passed: bool = False


def past_attempts(home: Path, scenario: str) -> tuple[PastAttempt, ...]:
    """Return the attempts at a scenario, oldest first; files that are none are passed over."""
    folder = _folder(home, scenario)
    found = []
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            transcript = read_transcript(path)
        except DeskDrillError:
            continue
        if transcript.header is None or transcript.header.scenario != scenario:
            continue
        score, passed = _read_grade(path)
        head = transcript.header
        found.append(PastAttempt(path, head.seed, head.policy_digest, len(transcript.acts), score, passed))
    return tuple(found)


def open_attempt(attempts: tuple[PastAttempt, ...], digest: str) -> PastAttempt | None:
    """Return the latest attempt with an act in it, if it is still open and made under the policy of ``digest``."""
    begun = [attempt for attempt in attempts if attempt.acts or attempt.score is not None]
    latest = begun[-1] if begun else None
    return latest if latest is not None and latest.score is None and latest.digest == digest else None


def goes_on_at(attempt: PastAttempt, scenario: Scenario) -> float:
    """Return the minute at which an attempt at a scenario goes on if it is resumed.

    Raises:
        InputError: its file cannot be read.
    """
    return minute_reached(scenario, read_transcript(attempt.path))


class TranscriptLog:
    """A transcript file that grows by a line an act; each line is on the disk when ``append`` returns."""

    def __init__(self, path: Path, file: FileIO) -> None:
        """Go on writing to ``file``, which lies at ``path``."""
        self.path = path
        self._file = file

    @classmethod
    def begin(cls, home: Path, header: Header) -> TranscriptLog:
        """Begin a new attempt: a new file that holds its header.

        Raises:
            InputError: the data folder cannot be written.
        """
        folder = _folder(home, header.scenario)
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(1, 10_000):
                path = folder / f"{stamp}-{number:04d}{_SUFFIX}"
                try:
                    file = FileIO(path, "x")
                except FileExistsError:
                    continue
                locked(file)  # it is new, and nobody else's
                log = cls(path, file)
                log.append(header.as_line())
                return log
        except OSError as error:
            raise InputError(f"{folder}: the attempt cannot be kept: {error.strerror}") from None
        raise InputError(f"{folder}: holds too many attempts of this second")

    @classmethod
    def go_on(cls, path: Path) -> tuple[Transcript, TranscriptLog]:
        """Return what an earlier session wrote, and the log to go on with; a torn last line is cut off for good.

        Raises:
            InputError: the file cannot be read or written, is open in another session, or has been graded.
        """
        try:
            with FileIO(path, "r+") as old:
                if not locked(old) or not os.path.samestat(os.fstat(old.fileno()), path.stat()):
                    raise InputError(
                        f"{path}: this attempt is open in another window; go on there, or leave the drill there first"
                    )
                if _read_grade(path)[0] is not None:
                    raise InputError(f"{path}: this attempt has been graded; begin afresh")
                transcript = read_transcript(path)
                # Whole lines only: what comes next must not be glued to a torn one.
                return transcript, cls(path, _written(path, transcript.to_jsonl()))
        except OSError as error:
            raise InputError(f"{path}: the attempt cannot be kept: {error.strerror}") from None

    def append(self, line: Mapping[str, Any]) -> None:
        """Write a line through to the disk, whole or not at all.

        Raises:
            OSError: it could not be written.
        """
        data = (json.dumps(line, ensure_ascii=False) + "\n").encode()
        before = self._file.seek(0, os.SEEK_END)
        try:
            if self._file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file.fileno())
        except OSError:
            # A full disk may have taken half a line; what comes later must not be glued to it.
            self._file.truncate(before)
            raise

    def close(self) -> None:
        """Close the file; what was written stays."""
        self._file.close()


def keep_grade(transcript: Path, grade: Mapping[str, Any]) -> None:
    """Keep the grade of an attempt beside its transcript.

    Raises:
        OSError: it could not be written.
    """
    _replace(_grade_path(transcript), json.dumps(grade, ensure_ascii=False, indent=1) + "\n")


def keep_debrief(home: Path, transcript: Path | None, text: str) -> Path:
    """Write a debrief as text where its reader can find it; return where.

    Raises:
        OSError: it could not be written.
    """
    stem = datetime.now().strftime("%Y%m%d-%H%M%S") if transcript is None else transcript.stem
    folder = home / "debriefs" if transcript is None else home / "debriefs" / transcript.parent.name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}.txt"
    _replace(path, text)
    return path


def _folder(home: Path, scenario: str) -> Path:
    # A scenario's id is checked when it is loaded: letters, digits and underscores.
    return home / "attempts" / scenario


def _grade_path(transcript: Path) -> Path:
    return transcript.with_suffix(".grade.json")


def _read_grade(transcript: Path) -> tuple[float | None, bool]:
    try:
        kept = json.loads(_grade_path(transcript).read_text(encoding="utf-8"))
        return float(kept["score"]), kept["passed"] is True
    except (OSError, ValueError, TypeError, KeyError):
        return None, False


def _replace(path: Path, text: str) -> None:
    """Write a file so that a reader (or a crash) meets the old one or the new one, never half of it."""
    _written(path, text).close()


def _written(path: Path, text: str) -> FileIO:
    """Do so, and return the file, open and locked."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    file = FileIO(draft, "w")
    try:
        locked(file)  # before anybody else can come upon it
        data = memoryview(text.encode())
        while data:
            data = data[file.write(data) :]
        os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        file.close()
        draft.unlink(missing_ok=True)
        raise
    return file
