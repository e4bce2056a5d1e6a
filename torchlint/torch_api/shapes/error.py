"""What is raised where torch would certainly raise, for every value of the unknowns."""

from __future__ import annotations

from typing import Literal, TypeAlias

from torchlint.torch_api.dims import Dim, Shape

Kind: TypeAlias = Literal[
    "channels",  # the channels of an input are not those that a layer takes
    "features",  # the last dim (or dims) of an input are not those that a layer takes
    "rank",  # too many or too few dims
    "vanishes",  # an output without elements: the kernel is larger than the padded input
    "inner",  # the inner dims of a matrix product differ
    "broadcast",  # shapes that do not broadcast
    "elements",  # a view with another number of elements, or one element where a spread is wanted
    "divisibility",  # something must be a multiple of something else
    "dim",  # no such dim
    "range",  # an index, start or length beyond a dim
    "mismatch",  # dims that must be equal are not
    "padding",  # a padding that the input's or the kernel's size does not allow
    "argument",  # an argument that no input makes right
]


class ShapeError(Exception):
    """A call that torch refuses, whatever the unknowns are.

    `reason` is one clause for a person: "input (N, 3, 32, 32) has 3 channels, conv2d takes 1". `input` is the shape
    that does not fit; `dim` counts the offending dim from 0; `expected` and `found` are what it should be and
    what it is, where the kind has such (channels, features, inner, mismatch, elements, divisibility).
    """

    def __init__(
        self,
        reason: str,
        kind: Kind,
        *,
        input: Shape = None,
        dim: int | None = None,
        expected: Dim = None,
        found: Dim = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind: Kind = kind
        self.input = input
        self.dim = dim
        self.expected = expected
        self.found = found
