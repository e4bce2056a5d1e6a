"""How many parameters each layer of torch.nn holds.

Source: the "Variables" section of each class in https://docs.pytorch.org/docs/stable/nn.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from torchlint.torch_api.layers import layer

_AXES = {"1d": 1, "2d": 2, "3d": 3}
_GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}


class _Given:
    """A layer's constructor's arguments; asking for a number that is not known raises LookupError."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._arguments = arguments

    def number(self, name: str, default: int | None = None) -> int:
        value = self._arguments.get(name, default)
        if type(value) is not int:
            raise LookupError(name)
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self._arguments.get(name, default)
        if type(value) is not bool:
            raise LookupError(name)
        return value

    def sizes(self, name: str, count: int | None = None) -> tuple[int, ...]:
        """One number a dim; a single one stands for `count` of them."""
        value = self._arguments.get(name)
        found = (value,) * (count or 1) if type(value) is int else value
        if not isinstance(found, tuple) or not all(type(each) is int for each in found):
            raise LookupError(name)
        return found


def parameter_count(name: str, arguments: Mapping[str, Any]) -> int | None:
    """The parameters of a layer of that qualified name, built with these arguments; None where that is not known."""
    found = layer(name)
    if found is None or found.container:
        return None
    bare = name.rpartition(".")[2]
    kind = bare[:-2] if bare[-2:] in _AXES else bare
    count = _COUNTS.get(kind)
    if count is None:
        return None if found.parameters else 0
    try:
        return count(_Given(arguments), bare)
    except LookupError:
        return None


def _linear(given: _Given, bare: str) -> int:
    rows = given.number("out_features")
    return rows * given.number("in_features") + rows * given.flag("bias", True)


def _bilinear(given: _Given, bare: str) -> int:
    rows = given.number("out_features")
    return rows * given.number("in1_features") * given.number("in2_features") + rows * given.flag("bias", True)


def _convolution(given: _Given, bare: str) -> int:
    out = given.number("out_channels")
    kernel = prod(given.sizes("kernel_size", _AXES[bare[-2:]]))
    return given.number("in_channels") * out // given.number("groups", 1) * kernel + out * given.flag("bias", True)


def _batch_norm(given: _Given, bare: str) -> int:
    affine = given.flag("affine", not bare.startswith("Instance"))
    return 2 * given.number("num_features") if affine else 0


def _group_norm(given: _Given, bare: str) -> int:
    return (1 + given.flag("bias", True)) * given.number("num_channels") * given.flag("affine", True)


def _layer_norm(given: _Given, bare: str) -> int:
    biased = bare == "LayerNorm" and given.flag("bias", True)
    return (1 + biased) * prod(given.sizes("normalized_shape")) * given.flag("elementwise_affine", True)


def _embedding(given: _Given, bare: str) -> int:
    return given.number("num_embeddings") * given.number("embedding_dim")


def _prelu(given: _Given, bare: str) -> int:
    return given.number("num_parameters", 1)


def _recurrent(given: _Given, bare: str) -> int:
    hidden, gates = given.number("hidden_size"), _GATES[bare.removesuffix("Cell")]
    directions = 1 + (not bare.endswith("Cell") and given.flag("bidirectional", False))
    projected = given.number("proj_size", 0) if bare == "LSTM" else 0
    total, taken = 0, given.number("input_size")
    for _ in range(1 if bare.endswith("Cell") else given.number("num_layers", 1)):
        weights = gates * hidden * (taken + (projected or hidden)) + projected * hidden
        total += directions * (weights + 2 * gates * hidden * given.flag("bias", True))
        taken = directions * (projected or hidden)
    return total


def _attention(given: _Given, bare: str) -> int:
    width = given.number("embed_dim")
    inner = width + given.number("kdim", width) + given.number("vdim", width)
    extra = 2 * width * given.flag("add_bias_kv", False)
    return width * inner + width * width + 4 * width * given.flag("bias", True) + extra


_COUNTS: dict[str, Callable[[_Given, str], int]] = {
    "Linear": _linear,
    "Bilinear": _bilinear,
    "Conv": _convolution,
    "ConvTranspose": _convolution,
    "BatchNorm": _batch_norm,
    "SyncBatchNorm": _batch_norm,
    "InstanceNorm": _batch_norm,
    "GroupNorm": _group_norm,
    "LayerNorm": _layer_norm,
    "RMSNorm": _layer_norm,
    "Embedding": _embedding,
    "EmbeddingBag": _embedding,
    "PReLU": _prelu,
    "RNN": _recurrent,
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "RNNCell": _recurrent,
    "LSTMCell": _recurrent,
    "GRUCell": _recurrent,
    "MultiheadAttention": _attention,
}
