"""TL104: shapes that a matrix product does not take."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.shapes import ShapeMismatch
from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.torch_api.operations import DOTS, PRODUCTS


@rule("TL104", words=("@|mm|mv|matmul|linear|einsum|inner|dot",))
def matmul_shape(mismatch: ShapeMismatch) -> Iterator[Finding]:
    if mismatch.operation in DOTS and mismatch.kind == "rank":
        return
    if mismatch.operation in PRODUCTS | DOTS:
        yield mismatch.flag(
            f"this product raises a RuntimeError: {mismatch.reason}; transpose one side, or use the product that fits the ranks"
        )
