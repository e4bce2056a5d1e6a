"""Between the interpreter's values and the plain arguments of `torch_api.shapes`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torchlint.semantics.values import (
    UNKNOWN,
    Array,
    Const,
    Library,
    List,
    OneOf,
    ShapeOf,
    Size,
    Tensor,
    Tuple,
    Value,
)
from torchlint.torch_api import dims
from torchlint.torch_api.dtypes import is_floating
from torchlint.torch_api.shapes.entry import TensorShape
from torchlint.torch_api.shapes.table import FUNCTIONS, LAYERS

_LONGEST_LITERAL = 512


def plain(value: Value) -> Any:
    """A value as the shape functions take it; `dims.UNKNOWN` for what is not known."""
    match value:
        case Const():
            return value.value
        case Tensor():
            return TensorShape(value.shape, _kind(value.dtype))
        case Size():
            return value.dim
        case Tuple():
            return tuple(map(plain, value.items))
        case List():
            items = value.store.get("items")
            if items is None or len(items) > _LONGEST_LITERAL:
                return dims.UNKNOWN
            return tuple(map(plain, items))
        case Array(kind="ndarray"):
            return TensorShape(value.shape, _kind(value.dtype))
        case ShapeOf() | OneOf() | Library():
            return dims.UNKNOWN
    return dims.UNKNOWN


def _kind(dtype: str | None) -> Any:
    if dtype is None:
        return None
    return "bool" if dtype == "bool" else "floating" if is_floating(dtype) else "integer"


def function_shape(name: str, positional: Sequence[Value], keywords: Mapping[str, Value]) -> Any:
    """What a function of torch gives, in shapes: TensorShape, a tuple of results, or `dims.UNKNOWN`.

    Raises ShapeError where torch would refuse the call whatever the unknowns are.
    """
    entry = FUNCTIONS.get(name)
    if entry is None:
        return dims.UNKNOWN
    return entry([plain(value) for value in positional], {key: plain(value) for key, value in keywords.items()})


def layer_shape(
    name: str, arguments: Mapping[str | int, Value], positional: Sequence[Value], keywords: Mapping[str, Value]
) -> Any:
    """What a layer of torch.nn built with `arguments` gives, in shapes. Raises ShapeError."""
    entry = LAYERS.get(name)
    if entry is None or any(isinstance(key, int) for key in arguments):
        return dims.UNKNOWN
    built = {str(key): plain(value) for key, value in arguments.items()}
    return entry(built, [plain(value) for value in positional], {key: plain(value) for key, value in keywords.items()})


def single_shape(result: Any) -> dims.Shape:
    """The shape of a result that is one tensor; None where that is not known."""
    return result.shape if isinstance(result, TensorShape) else None


def dim_value(dim: dims.Dim) -> Value:
    return UNKNOWN if dim is None else Const(dim) if isinstance(dim, int) else Size(dim)
