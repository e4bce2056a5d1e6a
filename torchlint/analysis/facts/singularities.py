"""Values at which the slope of a root is infinite."""

from __future__ import annotations

from torchlint.analysis.values.abstract import Const, Tensor, Value
from torchlint.analysis.values.classes import layer_of

_JOIN = frozenset({"sum", "mean", "nansum", "add", "cumsum", "amax", "max", "min"})
_SAME = frozenset({"view", "reshape", "flatten", "squeeze", "unsqueeze", "permute", "transpose", "getitem", "select", "clone", "to", "contiguous"})


def reaches_zero(value: Value | None, depth: int = 8) -> bool:
    """Whether something is a sum of squares, or their mean, with nothing added."""
    if not isinstance(value, Tensor) or depth == 0:
        return False
    first = value.inputs[0] if value.inputs else None
    if value.op in ("square", "mse_loss"):
        return True
    if value.op == "loss":
        found = layer_of(value.layer)
        return found is not None and found.name == "torch.nn.MSELoss"
    if value.op == "pow":
        return len(value.inputs) > 1 and value.inputs[1] in (Const(2), Const(2.0))
    if value.op == "mul":
        return len(value.inputs) == 2 and value.inputs[0] is value.inputs[1]
    if value.op == "add":
        return all(reaches_zero(each, depth - 1) for each in value.inputs)
    return value.op in _JOIN | _SAME and reaches_zero(first, depth - 1)
