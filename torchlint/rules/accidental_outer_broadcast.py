"""TL110: a column and a vector make a matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torchlint.analysis.facts.calls import Call
from torchlint.analysis.facts.lineage import made_a_column
from torchlint.analysis.facts.statements import Arithmetic
from torchlint.analysis.values.abstract import Tensor, Value
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.written.expressions import operand_sites
from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.torch_api.dims import same, show
from torchlint.torch_api.operations import ELEMENTWISE, bare


@rule("TL110", severity="warning")
def accidental_outer_broadcast(arithmetic: Arithmetic) -> Iterator[Finding]:
    message = _accident(arithmetic.operands, operand_sites(arithmetic.site, 2))
    if message:
        yield arithmetic.flag(message)


@rule("TL110", severity="warning", calls=bare(ELEMENTWISE))
def accidental_outer_broadcast_called(call: Call) -> Iterator[Finding]:
    if call.name in ELEMENTWISE:
        message = _accident(call.positional, operand_sites(call.site, 2, call.receiver is not None))
        if message:
            yield call.flag(message)


def _accident(operands: Sequence[Value], sites: Sequence[Site | None]) -> str | None:
    if len(operands) != 2:
        return None
    for (column, site), vector in zip(zip(operands, sites, strict=True), reversed(operands), strict=True):
        if not isinstance(column, Tensor) or not isinstance(vector, Tensor) or not column.shape or not vector.shape:
            continue
        if len(column.shape) != 2 or len(vector.shape) != 1 or column.shape[1] != 1 or column.shape[0] == 1:
            continue
        if same(column.shape[0], vector.shape[0]) and not made_a_column(column, site):
            size = show(column.shape[0])
            return (
                f"a column ({size}, 1) and a vector ({size},) broadcast to a matrix ({size}, {size}), every element with every "
                "other; bring both to one shape first"
            )
    return None
