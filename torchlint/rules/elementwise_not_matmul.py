"""TL105: `*` of matrices that were meant to be multiplied as matrices."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import renamed_call
from torchlint.analysis.edits.operations import operator_replaced
from torchlint.analysis.facts.shapes import ShapeMismatch
from torchlint.analysis.values.abstract import Tensor
from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.torch_api.dims import Shape, same, show_shape
from torchlint.torch_api.operations import ELEMENTWISE_PRODUCTS
from torchlint.torch_api.shapes.broadcasting import broadcast
from torchlint.torch_api.shapes.error import ShapeError


@rule("TL105", words=("*|mul",))
def elementwise_not_matmul(mismatch: ShapeMismatch) -> Iterator[Finding]:
    if mismatch.operation not in ELEMENTWISE_PRODUCTS or mismatch.kind != "broadcast":
        return
    shapes = [each.shape if isinstance(each, Tensor) else None for each in mismatch.inputs]
    if len(shapes) == 2 and _fit(shapes[0], shapes[1]):
        fix = operator_replaced(mismatch.site, "*", "@", "Use `@`", "unsafe") or renamed_call(
            mismatch.site, "matmul", "Use `matmul`", "unsafe"
        )
        yield mismatch.flag(
            f"`*` multiplies element by element, and {show_shape(shapes[0])} does not broadcast with {show_shape(shapes[1])}: "
            "it raises a RuntimeError; use `@` for the matrix product",
            fix=fix,
        )


def _fit(left: Shape, right: Shape) -> bool:
    """Whether two shapes are those of factors of a matrix product."""
    if left is None or right is None or min(len(left), len(right)) < 2 or not same(left[-1], right[-2]):
        return False
    try:
        broadcast(left[:-2], right[:-2])
    except ShapeError:
        return False
    return True
