"""The diagram's own rule for "and": the same functions as a truth table says, and one node for each function."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from dd import autoref
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.lint import diagram
from policy.lint.diagram import TooLargeError, cheapest, holds, new_diagram

NAMES = tuple("abcdef")
ROWS = [dict(zip(NAMES, row, strict=True)) for row in itertools.product([False, True], repeat=len(NAMES))]
FORMULAS = st.recursive(
    st.sampled_from([*NAMES, True, False]),
    lambda inner: st.tuples(st.sampled_from(["and", "or", "xor", "implies", "ite"]), inner, inner, inner)
    | st.tuples(st.just("not"), inner),
    max_leaves=40,
)


def value(formula: Any, row: dict[str, bool]) -> bool:
    """Return what a formula says in one row of the truth table."""
    if isinstance(formula, bool):
        return formula
    if isinstance(formula, str):
        return row[formula]
    verb, *parts = formula
    a, b, c = [*(value(part, row) for part in parts), False, False][:3]
    match verb:
        case "not":
            return not a
        case "and":
            return a and b
        case "or":
            return a or b
        case "xor":
            return a != b
        case "implies":
            return not a or b
    return b if a else c


def node(formula: Any, bdd: Any) -> Any:
    """Return a formula as a node."""
    if isinstance(formula, bool):
        return bdd.true if formula else bdd.false
    if isinstance(formula, str):
        return bdd.var(formula)
    verb, *parts = formula
    nodes = [node(part, bdd) for part in parts]
    match verb:
        case "not":
            return ~nodes[0]
        case "ite":
            return bdd.ite(*nodes)
        case "and":
            return nodes[0] & nodes[1]
        case "or":
            return nodes[0] | nodes[1]
    return bdd.apply(verb, nodes[0], nodes[1])


def table(node: Any, bdd: Any) -> tuple[bool, ...]:
    """Return the truth table of a node, read off branch by branch and, for every eighth row, by ``dd``."""
    for row in ROWS[::8]:
        assert holds(node, row) == (bdd.let(row, node) == bdd.true)
    return tuple(holds(node, row) for row in ROWS)


@settings(max_examples=150, deadline=None)
@given(st.lists(FORMULAS, min_size=1, max_size=6))
def test_a_node_says_what_its_formula_says_and_has_the_size_that_dd_gives_it(formulas: list[Any]) -> None:
    ours, theirs = new_diagram(), autoref.BDD()
    theirs.configure(reordering=False)
    nodes = []
    for bdd in (ours, theirs):
        bdd.declare(*NAMES)
        nodes.append([node(formula, bdd) for formula in formulas])
    tables = [tuple(value(formula, row) for row in ROWS) for formula in formulas]
    assert [table(one, ours) for one in nodes[0]] == tables
    for (one, says), (other, also) in itertools.combinations(zip(nodes[0], tables, strict=True), 2):
        assert (one == other) == (says == also)
    assert [len(one) for one in nodes[0]] == [len(one) for one in nodes[1]]
    assert [ours.count(one, nvars=len(NAMES)) for one in nodes[0]] == [sum(one) for one in tables]
    ours._bdd.assert_consistent()


@settings(max_examples=100, deadline=None)
@given(FORMULAS, st.lists(st.integers(0, 3), min_size=len(NAMES), max_size=len(NAMES)))
def test_the_cheapest_way_costs_least(formula: Any, costs: list[int]) -> None:
    bdd = new_diagram()
    bdd.declare(*NAMES)
    rows = [row for row in ROWS if value(formula, row)]
    if not rows:
        return
    way = {NAMES[level]: takes for level, takes in cheapest(node(formula, bdd), costs)}
    row = dict.fromkeys(NAMES, False) | way
    assert value(formula, row)

    def cost(row: dict[str, bool]) -> int:
        return sum(one for one, name in zip(costs, NAMES, strict=True) if row[name])

    assert cost(row) == min(map(cost, rows))


def test_nodes_of_two_diagrams_do_not_mix() -> None:
    one, other = new_diagram(), new_diagram()
    for bdd in (one, other):
        bdd.declare(*NAMES)
    for mixed in (lambda a, b: a & b, lambda a, b: a | b, lambda a, b: a == b, lambda a, b: a != b):
        with pytest.raises(ValueError, match="two diagrams"):
            mixed(one.var("a"), other.var("a"))


def test_what_is_known_takes_no_step() -> None:
    bdd = new_diagram()
    bdd.declare(*NAMES)
    one = bdd.var("a") | (bdd.var("b") & ~bdd.var("c"))
    bdd._bdd.allow(60)
    for again in (one & one, one | one, one & bdd.true, one | bdd.false, ~(~one)):
        assert again == one
    assert (one & ~one, one | ~one) == (bdd.false, bdd.true)
    assert bdd._bdd.steps == 0


def test_a_step_too_many_and_a_second_too_many_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"v{n}" for n in range(40)]

    def grow(seconds: float) -> None:
        bdd = new_diagram()
        bdd.declare(*names)
        bdd._bdd.allow(seconds)
        met = bdd.false
        for left, right in zip(names[:20], names[20:], strict=True):  # pairs that stand far apart: 2^20 nodes
            met = met | (bdd.var(left) & bdd.var(right))

    with pytest.raises(TooLargeError):
        grow(0.05)
    monkeypatch.setattr(diagram, "MAX_STEPS", 3_000)
    with pytest.raises(TooLargeError):
        grow(60)
