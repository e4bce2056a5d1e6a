"""TL103: torch.dot takes vectors only."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import renamed_call
from torchlint.analysis.edits.operations import call_behind
from torchlint.analysis.facts.shapes import ShapeMismatch
from torchlint.analysis.values.abstract import Tensor
from torchlint.analysis.values.written.expressions import operand_sites
from torchlint.diagnostic import Edit, Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.dims import Shape, same, show_shape
from torchlint.torch_api.operations import DOTS


@rule("TL103", words=("dot",))
def dot_not_1d(mismatch: ShapeMismatch) -> Iterator[Finding]:
    if mismatch.operation not in DOTS or mismatch.kind != "rank":
        return
    shapes = [each.shape for each in mismatch.inputs if isinstance(each, Tensor)]
    wrong = next((each for each in shapes if each is not None and len(each) != 1), None)
    if wrong is None:
        return
    yield mismatch.flag(
        f"`dot` takes two 1-D tensors, and this one has the shape {show_shape(wrong)}: it raises a RuntimeError; "
        "flatten what is a vector, or use `@` for matrices",
        fix=_fix(mismatch, shapes),
    )


def _fix(mismatch: ShapeMismatch, shapes: list[Shape]) -> Fix | None:
    if len(shapes) != 2 or None in shapes:
        return None
    a, b = (shape for shape in shapes if shape is not None)
    if len(a) == len(b) == 2 and 1 not in (*a, *b) and same(a[1], b[0]):
        return renamed_call(mismatch.site, "matmul", "Use `matmul`", "unsafe")
    edits: list[Edit] = []
    for shape, site in zip((a, b), operand_sites(mismatch.site, 2, mismatch.operation.startswith("torch.Tensor.")), strict=True):
        if site is None or sum(size != 1 for size in shape) > 1:
            return None
        edits.extend(call_behind(site, "flatten()") if len(shape) != 1 else ())
    return Fix("Flatten the vectors", tuple(edits), "unsafe")
