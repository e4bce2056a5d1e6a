"""Tensors that are made empty and then filled, item by item, with what a model gives."""

from __future__ import annotations

from dataclasses import replace

from torchlint.analysis.values.abstract import Activation, Tensor, Value

_EMPTY = frozenset({"zeros", "empty", "zeros_like", "empty_like", "new_zeros", "new_empty"})
_MOVES = frozenset({"to", "cuda", "cpu", "float", "double", "half", "type"})


def filled(buffer: Tensor, value: Value) -> Activation | None:
    """What was applied last to all that was put into a buffer, `value` among it; None where that is not one thing.

    The dim is left out: the buffer has more of them.
    """
    given = value.activation if isinstance(value, Tensor) and (value.shape or value.tail) else None
    if given is None or given.kind == "other" or not _empty(buffer):
        return None
    given = replace(given, dim=None)
    return given if _unfilled(buffer) or buffer.activation == given else None


def fuller(left: Tensor, right: Tensor) -> Activation | None:
    """What two states of one buffer were filled with, where either has nothing in it yet."""
    if left.site is None or left.site != right.site or not (_empty(left) and _empty(right)):
        return None
    if _unfilled(left):
        return right.activation
    return left.activation if _unfilled(right) else None


def _empty(tensor: Tensor) -> bool:
    """Whether a tensor came into being without numbers of its own."""
    value: Value | None = tensor
    while isinstance(value, Tensor) and value.op in _MOVES and value.inputs:
        value = value.inputs[0]
    return isinstance(value, Tensor) and value.op in _EMPTY


def _unfilled(tensor: Tensor) -> bool:
    return tensor.activation is not None and tensor.activation.kind == "other"
