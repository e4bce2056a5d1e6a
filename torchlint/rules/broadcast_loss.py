"""TL408: (N, 1) against (N,) broadcasts to (N, N)."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.operations import call_behind
from torchlint.analysis.facts.calls import LossCall
from torchlint.analysis.values.abstract import Tensor
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.dims import Shape
from torchlint.torch_api.losses import ELEMENTWISE

_RAISES = frozenset({"BCELoss", "BCEWithLogitsLoss"})


@rule("TL408", words=("loss|Loss|binary_cross_entropy|criterion",))
def broadcast_loss(loss: LossCall) -> Iterator[Finding]:
    if loss.loss not in ELEMENTWISE or not isinstance(loss.input, Tensor) or not isinstance(loss.target, Tensor):
        return
    given, target = loss.input.shape, loss.target.shape
    if not (_column_and_row(given, target) or _column_and_row(target, given)):
        return
    mend = "unsqueeze(1)" if given is not None and len(given) == 2 else "squeeze(1)"
    harm = "raises ValueError" if loss.loss in _RAISES else "compares every prediction with every target, (N, N)"
    names = ("(N, 1)", "(N,)") if mend == "unsqueeze(1)" else ("(N,)", "(N, 1)")
    site = loss.argument_site(1, "target")
    yield loss.flag(
        f"{loss.loss} of a prediction of shape {names[0]} and a target of shape {names[1]} {harm}; give both the same shape",
        fix=Fix(f"Add `.{mend}` to the target", call_behind(site, mend), "unsafe") if site else None,
    )


def _column_and_row(column: Shape, row: Shape) -> bool:
    """Whether two shapes are (N, 1) and (N,)."""
    if column is None or row is None or len(column) != 2 or len(row) != 1:
        return False
    return column[1] == 1 and column[0] != 1 and row[0] != 1 and (column[0] == row[0] or None in (column[0], row[0]))
