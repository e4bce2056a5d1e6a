"""TL102: a tensor's shape is a tuple."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import renamed_call
from torchlint.analysis.facts.calls import ValueCalled
from torchlint.analysis.values.abstract import ShapeOf, Tensor, Tuple
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL102", words=("shape",))
def shape_called(called: ValueCalled) -> Iterator[Finding]:
    shape = called.value
    tensor = shape.shape_of if isinstance(shape, Tuple) else shape.tensor if isinstance(shape, ShapeOf) else None
    if isinstance(tensor, Tensor) and called.called_name == "shape":
        yield called.flag(
            "`shape` of a tensor is a tuple, and to call it raises a TypeError; subscript it, or call `size`",
            fix=renamed_call(called.site, "size", "Call `size` instead"),
        )
