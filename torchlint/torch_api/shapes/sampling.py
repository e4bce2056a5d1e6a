"""Draws, bins and differences."""

from __future__ import annotations

from torchlint.torch_api.dims import Shape, at_least, minus, same, show_shape
from torchlint.torch_api.shapes.entry import Function, both, function
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.reading import axis, expect_rank, expect_rank_from, integer
from torchlint.torch_api.shapes.reading import dim as size_of


def multinomial(input: Shape, num_samples: object) -> Shape:
    """(C,) or (N, C) → (num_samples,) or (N, num_samples).

    https://docs.pytorch.org/docs/stable/generated/torch.multinomial.html
    """
    if input is None:
        return None
    expect_rank(input, (1, 2), "multinomial")
    return (*input[:-1], size_of(num_samples))


def diff(input: Shape, n: object = 1, dim: object = -1) -> Shape:
    """n elements fewer along a dim. https://docs.pytorch.org/docs/stable/generated/torch.diff.html"""
    if input is None:
        return None
    expect_rank_from(input, 1, "diff")
    times = integer(n)
    if not times:
        return input if times == 0 else (None,) * len(input)
    place = axis(dim, len(input), input)
    if place is None:
        return (None,) * len(input)
    left = minus(input[place], times)
    size = left if at_least(left, 0) else 0 if at_least(left, 1) is False else None
    return (*input[:place], size, *input[place + 1 :])


def bucketize(input: Shape, boundaries: Shape) -> Shape:
    """A bucket for each element. https://docs.pytorch.org/docs/stable/generated/torch.bucketize.html"""
    if boundaries is not None:
        expect_rank(boundaries, (1,), "bucketize's boundaries")
    return input


def searchsorted(sorted_sequence: Shape, input: Shape) -> Shape:
    """A place for each element, in the one sequence or in the row of its own.

    https://docs.pytorch.org/docs/stable/generated/torch.searchsorted.html
    """
    if sorted_sequence is None or len(sorted_sequence) == 1 or input is None:
        return input
    rows = sorted_sequence[:-1]
    if len(input) != len(sorted_sequence) or any(
        same(a, b) is False for a, b in zip(rows, input, strict=False)
    ):
        raise ShapeError(
            f"searchsorted: {show_shape(input)} has not the rows of {show_shape(sorted_sequence)}",
            "mismatch",
            input=input,
        )
    return input


FUNCTIONS: dict[str, Function] = {
    **both("multinomial", multinomial, "input: T, num_samples, _replacement"),
    **both("diff", diff, "input: T, n, dim"),
    "torch.bucketize": function(bucketize, "input: T, boundaries: T, *, _out_int32, _right"),
    "torch.searchsorted": function(
        searchsorted, "sorted_sequence: T, input|values: T, *, _out_int32, _right, _side, _sorter"
    ),
}
