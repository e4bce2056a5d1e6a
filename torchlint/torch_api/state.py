"""The names under which torch's layers keep their weights in a state dict.

Source: the "Variables" section of each class in https://docs.pytorch.org/docs/stable/nn.html
"""

from __future__ import annotations

from torchlint.torch_api.layers import layer

_WEIGHT_AND_BIAS_NAMES = """
    Linear Bilinear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LayerNorm GroupNorm
"""
_WEIGHT_AND_BIAS = frozenset(_WEIGHT_AND_BIAS_NAMES.split())
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def state_names(name: str, *, bias: bool, affine: bool, statistics: bool) -> tuple[str, ...] | None:
    """The keys of one layer's own weights and buffers; None where they are not known.

    `bias`, `affine` (or `elementwise_affine`) and `statistics` are the constructor's switches.
    """
    bare = name.rpartition(".")[2]
    found = layer(name)
    if bare in ("LayerNorm", "GroupNorm"):
        return (("weight", "bias") if bias else ("weight",)) if affine else ()
    if bare in _WEIGHT_AND_BIAS:
        return ("weight", "bias") if bias else ("weight",)
    if bare.startswith("BatchNorm"):
        return (("weight", "bias") if affine else ()) + (_STATISTICS if statistics else ())
    if bare in ("Embedding", "EmbeddingBag", "PReLU", "RMSNorm"):
        return ("weight",)
    return () if found is not None and not found.parameters else None
