"""Text from outside: what must not reach a terminal, and how it is kept away.

Two doors. A *scenario* is written by an author who can mend it, so a text that a terminal or a template engine would
obey is refused (``find_hostile``). What a *trainee* typed or pasted is a record of what happened, so it is kept, and
only what a terminal would obey is taken out (``clean_text``). Nothing in this project ever interprets markup or
templates found in such texts; refusing them in scenarios makes sure that what an author sees is what a trainee reads.
"""

from __future__ import annotations

import re
from typing import Final

MAX_TEXT: Final = 8_000
"""Characters kept of one text that a trainee wrote."""

# Operating-system commands (title, clipboard, links) run to BEL or ST; control sequences to their final byte.
_ESCAPES: Final = re.compile(
    "\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\|$)"
    "|(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]?"
    "|\x1b[PX^_][^\x1b]*(?:\x1b\\\\|$)"
    "|\x1b[ -/]*[0-~]?"
)
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Marks that reorder or hide text: bidirectional controls, zero-width characters, tag characters, surrogates.
_HIDDEN: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_STYLE_WORD: Final = (
    r"(?:bold|italic|underline2?|underlined|dim|blink2?|reverse|strike|conceal|overline|frame|encircle|not|on|none"
    r"|(?:bright_)?(?:black|red|green|yellow|blue|magenta|cyan|white|gr[ae]y\d*)|default"
    r"|(?:dark_|deep_|light_|medium_)?[a-z]+_?[a-z]*\d|color\(\d+\)|rgb\([\d, ]+\)|#[0-9a-f]{3,8})"
)
_MARKUP: Final = re.compile(
    rf"\[(?:/[a-z #@_0-9=-]*|@[a-z.]+(?:=|\()[^\]]*|link[= ][^\]]*|{_STYLE_WORD}(?: {_STYLE_WORD})*)\]",
    re.IGNORECASE,
)
_TEMPLATE: Final = re.compile(r"\{\{|\{%|\{#")


def clean_text(text: str, *, one_line: bool = False) -> str:
    """Return ``text`` without terminal escapes, control characters and characters that reorder or hide text.

    Line ends become ``\\n`` and are kept unless ``one_line``. At most ``MAX_TEXT`` characters are kept; an ellipsis
    shows where the rest was cut off.
    """
    plain = _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    plain = _HIDDEN.sub("", _CONTROL.sub("", plain))
    if one_line:
        plain = " ".join(plain.split())
    return plain if len(plain) <= MAX_TEXT else plain[: MAX_TEXT - 1] + "…"


def find_hostile(text: str) -> str | None:
    """Return in words what in ``text`` a terminal, Rich or Jinja2 would obey; ``None`` if it is plain text."""
    if "\x1b" in text or "\x9b" in text:
        return "holds a terminal escape sequence; scenarios are plain text"
    bad = _CONTROL.search(text) or _HIDDEN.search(text)
    if bad is not None:
        return f"holds the invisible or control character U+{ord(bad[0]):04X}; remove it"
    markup = _MARKUP.search(text)
    if markup is not None:
        return f"holds what looks like text markup, {_short(markup[0])}; scenarios are plain text"
    template = _TEMPLATE.search(text)
    if template is not None:
        return f"holds the start of a template, {template[0]!r}; scenarios are plain text"
    return None


def _short(text: str) -> str:
    return repr(text if len(text) <= 30 else text[:29] + "…")
