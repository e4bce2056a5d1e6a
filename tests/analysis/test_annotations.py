"""Shapes that annotations say."""

from __future__ import annotations

import pytest

from tests.analysis.reading import values, x
from torchlint.analysis.values.abstract import Tensor
from torchlint.torch_api.dims import symbol
from torchlint.torch_api.jaxtyping import annotated

HEADER = "from jaxtyping import Float, Float32, Int64\nfrom torch import Tensor\n"


@pytest.mark.parametrize(
    ("text", "shape", "tail"),
    [
        ("b 3 h w", (symbol("b"), 3, symbol("h"), symbol("w")), None),
        ("", (), None),
        ("batch=4 _ n-1 #c", (4, None, None, None), None),
        ("*batch n 3", None, (symbol("n"), 3)),
        ("... 3", None, (3,)),
        ("b ...", None, None),
    ],
)
def test_the_shapes_of_jaxtyping(text: str, shape: object, tail: object) -> None:
    said = annotated("jaxtyping.Float", text, symbol)
    assert said is not None and (said.shape, said.tail, said.dtype) == (shape, tail, None)


def test_only_jaxtyping_s_own_kinds_say_a_shape() -> None:
    assert annotated("jaxtyping.jaxtyped", "b", symbol) is None
    assert annotated("mine.Float", "b", symbol) is None


def test_names_are_shared_within_one_function() -> None:
    program = "def f(a: Float[Tensor, 'n d'], b: Float[torch.Tensor, 'm d']):\n    return a @ b.T\nx = f(unknown(), unknown())"
    assert x(HEADER + program) == "(n1, m1) other"


def test_an_annotation_as_a_string_and_an_exact_dtype() -> None:
    found = values(HEADER + "def f(a: \"Int64[Tensor, 'n 3']\"):\n    return a\nx = f(unknown())")["x"]
    assert isinstance(found, Tensor)
    assert found.dtype == "int64" and found.shape is not None and found.shape[1] == 3


def test_what_is_given_says_more_than_the_annotation() -> None:
    assert x(HEADER + "def f(a: Float32[Tensor, 'n 3']):\n    return a\nx = f(torch.zeros(5, 3))") == "(5, 3) other"
