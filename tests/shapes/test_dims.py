"""Dims: arithmetic, certainty and printing agree with plain integers put in the place of the unknowns."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from torchlint.torch_api.dims import (
    Dim,
    Expression,
    at_least,
    bounds,
    divides,
    minus,
    plus,
    product,
    quotient,
    same,
    show_shape,
    substitute,
    symbol,
    times,
)

B, C, H, W = map(symbol, "BCHW")
SYMBOLIC = {"+": plus, "-": minus, "*": times, "/": quotient}
PLAIN = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.floordiv}

leaves = st.one_of(st.sampled_from("BCH"), st.integers(-5, 7))
trees = st.recursive(leaves, lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner), max_leaves=8)
values = st.fixed_dictionaries({name: st.integers(1, 9) for name in "BCH"})


def symbolic(tree: Any) -> Dim:
    if isinstance(tree, tuple):
        return SYMBOLIC[tree[0]](symbolic(tree[1]), symbolic(tree[2]))
    return symbol(tree) if isinstance(tree, str) else tree


def plain(tree: Any, names: dict[str, int]) -> int:
    if isinstance(tree, tuple):
        return PLAIN[tree[0]](plain(tree[1], names), plain(tree[2], names))
    return names[tree] if isinstance(tree, str) else tree


@settings(max_examples=500, deadline=None)
@given(trees, values)
def test_an_expression_has_the_value_of_what_it_was_made_of(tree: Any, names: dict[str, int]) -> None:
    try:
        expected = plain(tree, names)
    except ZeroDivisionError:
        assume(False)
    dim = symbolic(tree)
    if dim is None:
        return
    assert substitute(dim, names) == expected
    assert eval(str(dim), {}, dict(names)) == expected, "it prints as Python that means the same"
    low, high = bounds(dim)
    assert (low is None or low <= expected) and (high is None or expected <= high)


@settings(max_examples=500, deadline=None)
@given(trees, trees, values)
def test_what_is_certain_holds_for_every_value(left: Any, right: Any, names: dict[str, int]) -> None:
    try:
        a, b = plain(left, names), plain(right, names)
    except ZeroDivisionError:
        assume(False)
    x, y = symbolic(left), symbolic(right)
    assert same(x, y) in (None, a == b)
    assert at_least(x, 3) in (None, a >= 3)
    if b:
        assert divides(y, x) in (None, a % b == 0)


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (B, "B"),
        (H // 2, "H//2"),
        (2 * C + 1, "2*C + 1"),
        (quotient(H - 1, 2), "(H - 1)//2"),
        (plus(quotient(H - 1, 2), 1), "(H + 1)//2"),
        (plus(quotient(H + 2 * 2 - 5, 1), 1), "H"),
        (quotient(quotient(H, 2), 2), "H//4"),
        (product((16, H // 4, W // 4)), "16*(H//4)*(W//4)"),
        (quotient(product((B, C, H, W)), product((B, C))), "H*W"),
        (1 - H, "1 - H"),
        (-(H // 2), "-(H//2)"),
        (times(H, H), "H**2"),
    ],
)
def test_expressions_read_as_people_write_them(dim: Dim, text: str) -> None:
    assert str(dim) == text


def test_arithmetic_that_cancels_is_a_plain_integer() -> None:
    assert type(B + 3 - B) is int
    assert (2 * C + 2) // (C + 1) == 2
    assert (6 * B) % 3 == 0


def test_equal_structure_is_equal_and_hashes_alike() -> None:
    assert B * C == C * B
    assert len({H + W, W + H}) == 1
    assert plus(quotient(H - 3, 2), 1) == quotient(H - 1, 2)


def test_unknown_absorbs() -> None:
    assert B + None is None
    assert None * B is None
    assert plus(None, 1) is None
    assert quotient(4, None) is None
    assert product((2, None, 0)) == 0, "but nothing times anything is nothing"


def test_comparisons_claim_only_what_is_certain() -> None:
    assert same(B, B) is True
    assert same(B, B + 1) is False
    assert same(B, 3) is None
    assert same(2 * H, 3) is False, "even is not odd"
    assert same(None, None) is None
    assert divides(C, 6 * C * H) is True
    assert divides(2, 2 * H + 1) is False


def test_an_expression_too_large_to_mean_anything_is_unknown() -> None:
    power: Dim = 1
    for _ in range(40):
        power = times(power, plus(plus(B, C), H))
    assert power is None


def test_shapes_print_as_tuples() -> None:
    assert show_shape((symbol("N"), 3, 32, None)) == "(N, 3, 32, ?)"
    assert show_shape((5,)) == "(5,)"
    assert show_shape(None) == "(...)"
    assert isinstance(B, Expression)
