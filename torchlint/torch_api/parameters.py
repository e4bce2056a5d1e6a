"""The shapes of the tensors that torch's own layers hold: `conv.weight`, `linear.bias`.

Source: the "Variables" section of each class in https://docs.pytorch.org/docs/stable/nn.html
"""

from __future__ import annotations

from collections.abc import Callable

from torchlint.torch_api.dims import Dim, Shape

_SHAPES: dict[str, Callable[[Callable[[str], Dim]], tuple[Dim, ...] | None]] = {
    "Linear": lambda size: (size("out_features"), size("in_features")),
    "Embedding": lambda size: (size("num_embeddings"), size("embedding_dim")),
    "BatchNorm1d": lambda size: (size("num_features"),),
    "BatchNorm2d": lambda size: (size("num_features"),),
    "BatchNorm3d": lambda size: (size("num_features"),),
    "Conv1d": lambda size: (size("out_channels"), None, None),
    "Conv2d": lambda size: (size("out_channels"), None, None, None),
    "Conv3d": lambda size: (size("out_channels"), None, None, None, None),
    "LayerNorm": lambda size: None,
    "GroupNorm": lambda size: None,
}

# Arguments of constructors that say the shape of a layer's weight; applied, a layer goes by the weight that it has then.
SIZES_OF_WEIGHTS = frozenset(
    {
        "in_features", "out_features", "in1_features", "in2_features", "in_channels", "out_channels", "kernel_size",
        "num_features", "num_channels", "normalized_shape", "num_embeddings", "embedding_dim",
    }
)  # fmt: skip

# Arguments that a layer does not keep under their names as they are: it has a parameter, a tuple or nothing there.
_NOT_KEPT = frozenset({"bias", "device", "dtype", "normalized_shape", "kdim", "vdim"})
_PAIRED = frozenset({"kernel_size", "stride", "padding", "dilation", "output_padding"})
_RECURRENT = frozenset({"RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"})


def keeps_argument(layer: str, name: str) -> bool:
    """Whether layers of that qualified name have an argument of their constructor as an attribute of the same name and value."""
    kind = layer.rpartition(".")[2]
    if kind.startswith(("Module", "Transformer")) or (name in _PAIRED and any(each in kind for each in ("Conv", "Pool", "Pad"))):
        return False
    return name not in _NOT_KEPT or (name == "bias" and kind in _RECURRENT)


def has_parameter(layer: str, name: str) -> bool:
    """Whether layers of that qualified name hold a parameter of that name (unless built without)."""
    prefix, _, kind = layer.rpartition(".")
    return prefix == "torch.nn" and name in {"weight", "bias"} and kind in _SHAPES


def parameter_shape(layer: str, name: str, size: Callable[[str], Dim]) -> Shape:
    """The shape of a layer's parameter; `size` gives the constructor's arguments by name."""
    return _SHAPES[layer.rpartition(".")[2]](size) if name == "weight" else None
