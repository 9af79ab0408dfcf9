"""Merging a change into a document, key by key, while every value remembers where it comes from.

A document is held as a tree of nodes. Where the change has a plain value, it replaces; where it has a mapping, it is
merged; and a few keys that begin with ``$`` say what cannot be said so: ``$add``, ``$first``, ``$remove``,
``$replace``. What keys there may be is read off the model of the policy file, so that a slip is an error and not a new
value that nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel

from policy.document import PolicyDoc
from policy.document_rules import RuleDoc
from policy.errors import InputError
from policy.explain import closest, nearest, shown
from policy.source import Data, KeyPath, Removed, Source, Step, dotted

ADD, FIRST, REMOVE, REPLACE = "$add", "$first", "$remove", "$replace"
RULES: Final = "rules"
"""Beside the keys of a policy file a change may hold ``rules``: every rule of every group, by its id."""
_NAMED_BY: Final = ("id", "title", "code")


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a document: a mapping or list of nodes, or a plain value; where it stands; what stood there before.

    ``line`` is ``None`` where the part does not come from the document's own file; ``place`` tells where from.
    """

    value: Any
    place: str
    line: int | None
    was: tuple[Step, ...] = ()

    def plain(self) -> Data:
        """Return it as plain data."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def at_line(self) -> int | None:
        """Return the line of its place."""
        tail = self.place.rpartition(":")[2]
        return int(tail) if tail.isdigit() else None


@dataclass(frozen=True, slots=True)
class Shape:
    """What a part of a policy file may hold: known keys, entries of any name, items; or anything (``free``)."""

    fields: Mapping[str, Any] | None = None
    entries: Any = None
    items: Any = None
    free: bool = False


def shape_of(annotation: Any) -> Shape:
    """Return what a field annotated so may hold."""
    shape = Shape()
    for one in _alternatives(annotation):
        origin, inside = get_origin(one), get_args(one)
        if isinstance(one, type) and issubclass(one, BaseModel):
            fields = {name: info.annotation for name, info in one.model_fields.items()}
            shape = replace(shape, fields={**(shape.fields or {}), **fields})
        elif origin is dict and inside[1] is Any:
            shape = replace(shape, free=True)
        elif origin is dict:
            shape = replace(shape, entries=inside[1])
        elif origin is list:
            shape = replace(shape, items=inside[0])
    return shape


def _alternatives(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (dict, list) or not get_args(annotation):
        yield annotation
    elif hasattr(annotation, "__metadata__"):
        yield from _alternatives(get_args(annotation)[0])
    else:
        for one in get_args(annotation):
            yield from _alternatives(one)


def node_of(source: Source, *, whole: bool = True) -> Node:
    """Return a document as a tree; with ``whole`` its lines count as those of the document's own file."""

    def grown(value: Data, path: KeyPath) -> Node:
        line = source.line(path)
        inner: Any = value
        if isinstance(value, dict):
            inner = {key: grown(child, (*path, key)) for key, child in value.items()}
        elif isinstance(value, list):
            inner = [grown(child, (*path, index)) for index, child in enumerate(value)]
        return Node(inner, f"{source.name}:{line}", line if whole else None)

    return grown(source.data, ())


def source_of(tree: Node, name: str, removed: tuple[Removed, ...] = ()) -> Source:
    """Return a tree as a document: data, lines of its own file, and for everything else where it comes from.

    ``removed`` is what was taken away on the way.
    """
    lines: dict[KeyPath, int] = {}
    origins: dict[KeyPath, str] = {}
    replaced: dict[KeyPath, tuple[Step, ...]] = {}

    def walk(node: Node, path: KeyPath) -> None:
        if node.line is not None:
            lines[path] = node.line
        else:
            origins[path] = node.place
        if node.was:
            replaced[path] = node.was
        children = node.value.items() if isinstance(node.value, dict) else ()
        for key, child in enumerate(node.value) if isinstance(node.value, list) else children:
            walk(child, (*path, key))

    walk(tree, ())
    return Source(name, tree.plain(), lines, origins, replaced, removed)


def merged(tree: Node, change: Node, file: str, policy: str) -> tuple[Node, tuple[Removed, ...]]:
    """Return the tree of a whole policy with a change merged in, and what that took away.

    ``file`` is the file of the change, ``policy`` the name of the policy, for messages.

    Raises:
        InputError: the change names what is not there, adds what is there, or has the wrong shape.
    """
    merge = _Merge(file, policy)
    return merge.document(tree, change), tuple(merge.removed)


@dataclass(frozen=True, slots=True)
class _Merge:
    """One change on its way into a document."""

    file: str
    policy: str
    removed: list[Removed] = field(default_factory=list)

    def gone(self, path: KeyPath, old: Node, by: Node) -> None:
        self.removed.append(Removed(dotted(path), Step(old.plain(), old.place), by.place))

    def error(self, change: Node, path: KeyPath, message: str) -> InputError:
        return InputError.at(self.file, change.at_line(), dotted(("changes", *path)), message)

    # -- the whole ---------------------------------------------------------------------------------------------

    def document(self, tree: Node, change: Node) -> Node:
        if not isinstance(change.value, dict):
            raise self.error(change, (), "expected a mapping of what is changed")
        by_id = change.value.get(RULES)
        rest = replace(change, value={key: node for key, node in change.value.items() if key != RULES})
        if by_id is not None:
            tree = self._rules(tree, by_id)
        shape = shape_of(PolicyDoc)
        return self.merge(tree, rest, replace(shape, fields={**(shape.fields or {}), RULES: None}), ())

    def _rules(self, tree: Node, change: Node) -> Node:
        """Change rules by their ids, take some away, add some to groups by their titles."""
        if not isinstance(change.value, dict):
            raise self.error(change, (RULES,), "expected a mapping of rules by their ids")
        groups: Node = tree.value["groups"]
        known = {one.value["id"].value: one for group in groups.value for one in group.value[RULES].value}
        added = change.value.get(ADD)
        for key, one in change.value.items():
            if key in (ADD, REMOVE):
                continue
            self._known(one, (RULES, key), key, known, "rule")
            groups = self._in_groups(groups, partial(self._changed_rule, key, one))
        if REMOVE in change.value:
            gone = self._names(change.value[REMOVE], (RULES, REMOVE))
            for name, node in gone.items():
                self._known(node, (RULES, REMOVE), name, known, "rule")
                self.gone((name,), known[name], node)
            groups = self._in_groups(groups, lambda rules: [rule for rule in rules if _named(rule) not in gone])
        if added is not None:
            groups = self._added_rules(groups, added)
        return replace(tree, value={**tree.value, "groups": groups})

    def _changed_rule(self, id_: str, change: Node, rules: list[Node]) -> list[Node]:
        shape = shape_of(RuleDoc)
        return [self.merge(rule, change, shape, (RULES, id_)) if _named(rule) == id_ else rule for rule in rules]

    def _in_groups(self, groups: Node, make: Callable[[list[Node]], list[Node]]) -> Node:
        def group(node: Node) -> Node:
            rules = node.value[RULES]
            return replace(node, value={**node.value, RULES: replace(rules, value=make(rules.value))})

        return replace(groups, value=[group(node) for node in groups.value])

    def _added_rules(self, groups: Node, change: Node) -> Node:
        path: KeyPath = (RULES, ADD)
        if not isinstance(change.value, dict):
            raise self.error(change, path, "expected rules by the title of the group that they are added to")
        titles = {_named(group): None for group in groups.value}
        result = groups
        for title, rules in change.value.items():
            self._known(rules, (*path, title), title, titles, "group")
            more = rules.value if isinstance(rules.value, list) else [rules]
            result = replace(
                result, value=[_longer(group, more) if _named(group) == title else group for group in result.value]
            )
        return result

    # -- parts -------------------------------------------------------------------------------------------------

    def merge(self, old: Node, change: Node, shape: Shape, path: KeyPath) -> Node:
        if not isinstance(change.value, dict):
            return _instead(old, change)
        if REPLACE in change.value:
            if len(change.value) > 1:
                raise self.error(change, path, f"{REPLACE} stands alone: what it holds replaces everything here")
            return _instead(old, change.value[REPLACE])
        told = {key for key in change.value if key.startswith("$")}
        for key in told - {ADD, FIRST, REMOVE}:
            hint = nearest(key, (ADD, FIRST, REMOVE, REPLACE))
            raise self.error(change.value[key], (*path, key), f"is no instruction{hint}")
        if isinstance(old.value, list):
            return self._list(old, change, shape, path, told)
        if not isinstance(old.value, dict) or (shape.free and not told):
            if told:
                raise self.error(change, path, f"holds a single value; {', '.join(sorted(told))} has no use here")
            return _instead(old, change)
        return self._mapping(old, change, shape, path)

    def _mapping(self, old: Node, change: Node, shape: Shape, path: KeyPath) -> Node:
        value: dict[str, Node] = dict(old.value)
        fields = shape.fields or {}
        for key, one in change.value.items():
            here = (*path, key)
            if key == FIRST:
                raise self.error(one, here, "is for lists; a mapping has no order, write $add")
            if key == REMOVE:
                for name, node in self._names(one, here).items():
                    self._known(node, here, name, value, "entry")
                    self.gone((*path, name), value.pop(name), node)
            elif key == ADD:
                if not isinstance(one.value, dict):
                    raise self.error(one, here, "expected a mapping of what is added")
                for name, node in one.value.items():
                    if name in value:
                        raise self.error(node, (*here, name), "is there already; leave $add out to change it")
                    value[name] = node
            elif key in value:
                value[key] = self.merge(value[key], one, shape_of(fields.get(key, shape.entries)), here)
            elif key in fields:
                if isinstance(one.value, dict) and any(name.startswith("$") for name in one.value):
                    raise self.error(one, here, "is not there yet; nothing can be added to it, write it in full")
                value[key] = one
            else:
                self._unknown(one, here, {**value, **fields}, added=shape.entries is not None or shape.free)
        return replace(old, value=value)

    def _list(self, old: Node, change: Node, shape: Shape, path: KeyPath, told: set[str]) -> Node:
        items: list[Node] = list(old.value)
        called = [name for node in items if (name := _named(node)) is not None]
        names = {name: None for name in called if called.count(name) == 1}
        for key, one in change.value.items():
            here = (*path, key)
            more = one.value if isinstance(one.value, list) else [one]
            if key == ADD:
                items = [*items, *more]
            elif key == FIRST:
                items = [*more, *items]
            elif key == REMOVE:
                self._once(more, here)
                for gone in more:
                    known = [node for node in items if gone.plain() in (node.plain(), _named(node))]
                    if not known:
                        hint = nearest(str(gone.plain()), [str(_named(node) or node.plain()) for node in items])
                        raise self.error(gone, here, f'there is no "{str(gone.plain())[:60]}" in the list{hint}')
                    items = [node for node in items if all(node is not one for one in known)]
            elif not names:
                message = f"is a list; write the whole list, or {{{ADD}: […], {FIRST}: […], {REMOVE}: […]}}"
                raise self.error(change, path, message)
            else:
                self._known(one, here, key, names, "entry")
                inner = shape_of(shape.items)
                items = [self.merge(node, one, inner, here) if _named(node) == key else node for node in items]
        before = (*old.was, Step(old.plain(), old.place)) if told else old.was
        return Node(items, change.place, None, before) if told else replace(old, value=items)

    # -- names -------------------------------------------------------------------------------------------------

    def _names(self, change: Node, path: KeyPath) -> dict[str, Node]:
        """Return the names that an instruction lists, each with the node that says it."""
        nodes = change.value if isinstance(change.value, list) else [change]
        for node in nodes:
            if not isinstance(node.value, str):
                raise self.error(node, path, "expected a name, or a list of names")
        self._once(nodes, path)
        return {node.value: node for node in nodes}

    def _once(self, nodes: Sequence[Node], path: KeyPath) -> None:
        """Refuse a list that says one thing twice: one of them was meant to be another."""
        for index, node in enumerate(nodes):
            if node.plain() in (one.plain() for one in nodes[:index]):
                raise self.error(node, path, f"{shown(node.plain())} stands twice")

    def _known(self, change: Node, path: KeyPath, name: str, legal: Mapping[Any, Any], kind: str) -> None:
        if name not in legal:
            hint = nearest(name, [str(one) for one in legal])
            raise self.error(change, path, f'{self.policy} has no {kind} "{name[:80]}" here{hint}')

    def _unknown(self, change: Node, path: KeyPath, legal: Mapping[str, Any], *, added: bool) -> None:
        near = closest(str(path[-1]), legal)
        hint = f'; did you mean "{dotted((*path[:-1], near))}"?' if near else nearest("", legal)
        how = f" (a new entry is written under {ADD})" if added else ""
        raise self.error(change, path, f"there is no such value in {self.policy}{hint}{how}")


def _named(node: Node) -> str | None:
    """Return the id, title or code by which an item of a list is called."""
    if isinstance(node.value, dict):
        for key in _NAMED_BY:
            if key in node.value:
                return str(node.value[key].value)
    return None


def _longer(group: Node, more: list[Node]) -> Node:
    rules: Node = group.value[RULES]
    return replace(group, value={**group.value, RULES: replace(rules, value=[*rules.value, *more])})


def _instead(old: Node, new: Node) -> Node:
    return replace(new, line=None, was=(*old.was, Step(old.plain(), old.place)))
