"""TL407: cross entropy takes int64 class indices, or probabilities of the input's shape."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.operations import call_behind
from torchlint.analysis.facts.calls import LossCall
from torchlint.analysis.values.abstract import Tensor
from torchlint.diagnostic import Finding, Fix
from torchlint.rule import rule
from torchlint.torch_api.dtypes import is_floating, is_integer

_INDICES = frozenset({"int64", "uint8"})


@rule("TL407", words=("cross_entropy|CrossEntropyLoss|nll_loss|NLLLoss",))
def cross_entropy_target(loss: LossCall) -> Iterator[Finding]:
    if loss.loss not in ("CrossEntropyLoss", "NLLLoss") or not isinstance(loss.target, Tensor):
        return
    problem = _problem(loss.loss, loss.input if isinstance(loss.input, Tensor) else Tensor(), loss.target)
    if problem is None:
        return
    what, mend = problem
    site = loss.argument_site(1, "target")
    yield loss.flag(
        f"the target of {loss.loss} {what}, which raises an error: it takes class indices of dtype int64 and shape (N,); use `.{mend}`",
        fix=Fix(f"Convert with `.{mend}`", call_behind(site, mend), "unsafe") if site else None,
    )


def _problem(loss: str, given: Tensor, target: Tensor) -> tuple[str, str] | None:
    """What is wrong with a target, and the method that mends it."""
    rank = None if given.shape is None else len(given.shape)
    own = None if target.shape is None else len(target.shape)
    column = own == rank and target.shape is not None and given.shape is not None and own is not None and own >= 2
    if column and target.shape and given.shape and target.shape[1] == 1 and isinstance(given.shape[1], int) and given.shape[1] > 1:
        return "has an extra dimension of size 1", "squeeze(1)"
    if is_integer(target.dtype) and loss == "CrossEntropyLoss" and (target.op == "one_hot" or (column and target.shape == given.shape)):
        return "is one-hot rows of integers", "float()"
    if is_integer(target.dtype) and target.dtype not in _INDICES:
        return f"is of dtype {target.dtype}", "long()"
    if is_floating(target.dtype) and (loss == "NLLLoss" or (rank is not None and own == rank - 1)):
        return f"is class indices of dtype {target.dtype}", "long()"
    return None
