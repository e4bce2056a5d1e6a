"""Every layer and function whose shapes are known, by public qualified name, and how to call them.

A tensor is a `TensorShape(shape, kind)`; its shape is a tuple of dims, or None where the rank is unknown. `UNKNOWN`
is any value that is not known. Everything else is the plain Python value: numbers, strings, None, `Expression`s,
tuples and lists of them.

    LAYERS["torch.nn.Conv2d"](arguments, inputs, keywords={})
    FUNCTIONS["torch.Tensor.view"](arguments, keywords={})

`arguments` of a layer are its constructor's by name, only those that the program gave;
`LAYERS[name].constructor.match(positional, keywords)` gives them from a call. `inputs` and `keywords` are those of the
layer's own call. A function takes positional and keyword arguments; of a method, the tensor is the first one. So are
attributes (`torch.Tensor.T`) functions of one tensor.

The result is a `TensorShape`, a plain value (the ints of `Tensor.size`), a tuple of these where torch gives several
(an LSTM: `(output, (h, c))`), or `UNKNOWN`, also where the arguments do not fit the signature. `ShapeError` is raised
where torch would raise whatever the unknowns are.
"""

from __future__ import annotations

from torchlint.torch_api.shapes import (
    attention,
    broadcasting,
    combining,
    convolution,
    creation,
    einops,
    embedding,
    indexing,
    losses,
    norm,
    pooling,
    products,
    recurrent,
    reduction,
    reshaping,
    resizing,
    sampling,
    vision,
)
from torchlint.torch_api.shapes.entry import Function, Layer, Plain, Signature, TensorShape
from torchlint.torch_api.shapes.error import ShapeError

__all__ = ["FUNCTIONS", "LAYERS", "Function", "Layer", "Plain", "ShapeError", "Signature", "TensorShape"]

_LAYERED = (
    attention,
    broadcasting,
    convolution,
    einops,
    embedding,
    losses,
    norm,
    pooling,
    products,
    recurrent,
    reduction,
    reshaping,
    resizing,
)
_FUNCTIONAL = (*_LAYERED, combining, creation, indexing, sampling, vision)

LAYERS: dict[str, Layer] = {name: entry for module in _LAYERED for name, entry in module.LAYERS.items()}

FUNCTIONS: dict[str, Function] = {
    name: entry for module in _FUNCTIONAL for name, entry in module.FUNCTIONS.items()
}
