"""Overlays: small files that change a policy, stacked on it from left to right.

``secureai+t1-45m+p1-hourly-updates`` is the policy ``secureai`` with two overlays. An overlay names what it changes by
the same keys as the policy file, rules by their ids. ``docs/variants.md`` is the manual. What every value comes from,
and what it replaced on the way, is kept in the ``Source`` that results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field

from policy.document_values import Document, Name, Text
from policy.errors import InputError
from policy.explain import nearest
from policy.merging import Node, merged, node_of, source_of
from policy.source import Removed, Source, validate
from policy.yaml_source import load_yaml

VARIANTS: Final = Path(__file__).parent / "variants"
MOST: Final = 20
"""Overlays in one stack."""
ANY: Final = "any"

OverlayName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,59}$")]


class OverlayDoc(Document):
    """A whole overlay file."""

    overlay: OverlayName
    of: Name | list[Name]
    on: list[Text] = Field(default_factory=list)
    says: Text
    why: Text
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay as read: what it says of itself, where it was read from, and the overlays that it builds on."""

    doc: OverlayDoc
    source: Source
    path: Path

    @property
    def name(self) -> str:
        """What it is called."""
        return self.doc.overlay

    def fits(self, policy: str) -> bool:
        """Return whether it is made for the policy of this name."""
        made_for = self.doc.of if isinstance(self.doc.of, list) else [self.doc.of]
        return policy in made_for or ANY in made_for


@dataclass(slots=True)
class _Stack:
    """Overlays found so far, in the order in which they are applied."""

    found: dict[Path, Overlay] = field(default_factory=dict)


def split_reference(ref: str | Path) -> tuple[str | Path, tuple[str, ...]]:
    """Return the policy and the overlays that ``policy+overlay+overlay`` names; a file of that very name comes first.

    Raises:
        InputError: nothing stands before, after or between the signs.
    """
    text = str(ref)
    if "+" not in text or Path(text).is_file():
        return ref, ()
    first, *others = (part.strip() for part in text.split("+"))
    if not first or not all(others):
        raise InputError(f'"{text[:120]}": expected a policy and overlays with a + between them: secureai+t1-45m')
    return first, tuple(others)


def list_overlays() -> tuple[Overlay, ...]:
    """Return the overlays that come with the program, by name."""
    return tuple(read_overlay(path.stem) for path in sorted(VARIANTS.glob("*.yaml")))


def read_overlay(ref: str, *, beside: Path | None = None) -> Overlay:
    """Read an overlay by name, or from a file; a file is looked for beside the one that named it.

    Raises:
        InputError: there is none, or it is not an overlay; the message names file and line.
    """
    path = _find(ref, beside)
    source = load_yaml(path, name=f"variants/{path.name}" if path.parent == VARIANTS else str(path))
    if isinstance(source.data, dict) and "overlay" not in source.data and "deskdrill_policy" in source.data:
        raise source.error((), "is a whole policy, not an overlay; a stack begins with its policy")
    return Overlay(validate(OverlayDoc, source), source, path)


def _find(ref: str, beside: Path | None) -> Path:
    if "/" in ref or "\\" in ref or ref.endswith((".yaml", ".yml")):
        return Path(ref) if beside is None else beside.parent / ref
    path = VARIANTS / f"{ref}.yaml"
    known = [one.stem for one in VARIANTS.glob("*.yaml")]
    if ref not in known:
        raise InputError(f'there is no overlay named "{ref[:80]}"{nearest(ref, known)} (or give a file: ./mine.yaml)')
    return path


def stacked(base: Source, names: Sequence[str], ref: str | Path) -> tuple[Source, tuple[Overlay, ...]]:
    """Return a policy's document with overlays on top, and those overlays in the order in which they were applied.

    An overlay that builds on others brings them along, each once, before itself. ``ref`` is how the stack was asked
    for, for messages.

    Raises:
        InputError: an overlay that is not there, is named twice, is of another policy, builds on itself, or changes
            what the policy does not have.
    """
    if not names:
        return base, ()
    stack = _Stack()
    named: set[Path] = set()
    for name in names:
        path = _find(name, None).resolve()
        if path in named:
            raise InputError(f'the overlay "{name}" stands twice in {str(ref)[:300]}')
        named.add(path)
        _collect(read_overlay(name), stack, ())
    policy = str(base.data.get("name", "")) if isinstance(base.data, dict) else ""
    tree, removed = node_of(base), base.removed
    for overlay in stack.found.values():
        if not overlay.fits(policy):
            made_for = overlay.doc.of if isinstance(overlay.doc.of, str) else ", ".join(overlay.doc.of)
            raise overlay.source.error(("of",), f"is made for {made_for}, not for {policy}")
        tree, gone = _applied(tree, overlay, policy)
        removed += gone
    return source_of(tree, base.name, removed), tuple(stack.found.values())


def _collect(overlay: Overlay, stack: _Stack, above: tuple[Overlay, ...]) -> None:
    path = overlay.path.resolve()
    if path in stack.found:
        return
    way = [*above, overlay]
    for index, name in enumerate(overlay.doc.on):
        try:
            below = read_overlay(name, beside=overlay.path)
        except InputError as error:
            raise overlay.source.error(("on", index), str(error)) from None
        circle = [one.name for one in way if one.path.resolve() == below.path.resolve()]
        if circle:
            names = " → ".join([*(one.name for one in way[[o.name for o in way].index(circle[0]) :]), circle[0]])
            raise overlay.source.error(("on", index), f"overlays run in a circle: {names}")
        _collect(below, stack, tuple(way))
    if len(stack.found) >= MOST:
        raise overlay.source.error((), f"too many overlays; at most {MOST} are stacked")
    stack.found[path] = overlay


def _applied(tree: Node, overlay: Overlay, policy: str) -> tuple[Node, tuple[Removed, ...]]:
    changes: Mapping[str, Node] = node_of(overlay.source, whole=False).value
    if not overlay.doc.changes:
        raise overlay.source.error(("changes",), "changes nothing")
    return merged(tree, changes["changes"], overlay.source.name, policy)
