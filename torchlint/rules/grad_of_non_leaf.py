"""TL301: `.grad` of a tensor that is no leaf is None."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.facts.gradients import lost_leaf, stepped_from
from torchlint.analysis.facts.statements import AttributeRead
from torchlint.analysis.values.abstract import Tensor
from torchlint.diagnostic import Finding
from torchlint.rule import rule


@rule("TL301", words=("grad",), attributes=("grad",))
def grad_of_non_leaf(read: AttributeRead) -> Iterator[Finding]:
    tensor = read.value
    if read.name != "grad" or not isinstance(tensor, Tensor) or tensor.parameter or tensor.op == "retained":
        return
    if tensor.requires_grad and tensor.leaf is False and lost_leaf(tensor) is None and stepped_from(tensor) is None:
        yield read.flag(
            "this tensor is the result of an operation, not a leaf: `backward()` leaves its `.grad` None; call `retain_grad()` "
            "on it before `backward()`, or read the gradient of the leaf",
            related=((tensor.site, "it is made here"),),
        )
