"""Between the interpreter's values and the plain arguments of `torch_api.shapes`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from torchlint.analysis.values.abstract import (
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
from torchlint.analysis.values.store import ITEMS
from torchlint.torch_api import dims
from torchlint.torch_api.dtypes import is_floating
from torchlint.torch_api.shapes.entry import Layer, TensorShape
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.table import FUNCTIONS, LAYERS

_LONGEST_LITERAL = 512
# A tensor of unknown rank is tried with as many dims before those that are known.
_HIGHEST_RANK = 5
_NUMBERS = frozenset({bool, float, complex})

_Named: TypeAlias = tuple[tuple[Any, Any], ...]


@dataclass(frozen=True, slots=True)
class Tail:
    """A result of unknown rank: its last dims."""

    dims: tuple[dims.Dim, ...]


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
            items = value.store.get(ITEMS)
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
    """What a function of torch gives, in shapes: TensorShape, Tail, a tuple of results, or `dims.UNKNOWN`.

    Raises ShapeError where torch would refuse the call whatever the unknowns are.
    """
    if name not in FUNCTIONS:
        return dims.UNKNOWN
    given, named = tuple(map(plain, positional)), _named(keywords)
    return _function_result(name, given, named, _tail(positional), _exact((given, named)))


@lru_cache(maxsize=8192)
def _function_result(name: str, given: tuple[Any, ...], named: _Named, tail: dims.Shape, exact: Hashable) -> Any:
    """What a function gives; the same call is made again and again. `exact` tells apart what is equal: 1, 1.0 and True."""
    entry, keywords = FUNCTIONS[name], dict(named)
    return _for_every_rank(lambda each: entry(each, keywords), given, tail)


def layer_shape(
    name: str, arguments: Mapping[str | int, Value], positional: Sequence[Value], keywords: Mapping[str, Value]
) -> Any:
    """What a layer of torch.nn built with `arguments` gives, in shapes. Raises ShapeError."""
    if name not in LAYERS:
        return dims.UNKNOWN
    made, given, named = _named(arguments), tuple(map(plain, positional)), _named(keywords)
    return _layer_result(name, made, given, named, _tail(positional), _exact((made, given, named)))


@lru_cache(maxsize=8192)
def _layer_result(name: str, made: _Named, given: tuple[Any, ...], named: _Named, tail: dims.Shape, exact: Hashable) -> Any:
    entry, keywords = LAYERS[name], dict(named)
    built = _by_name(entry, dict(made))
    return dims.UNKNOWN if built is None else _for_every_rank(lambda each: entry(built, each, keywords), given, tail)


def _named(arguments: Mapping[Any, Value]) -> _Named:
    return tuple((key, plain(value)) for key, value in arguments.items())


def _tail(positional: Sequence[Value]) -> dims.Shape:
    """The last dims of a first tensor of which only those are known."""
    first = positional[0] if positional else None
    return first.tail if isinstance(first, Tensor) and first.shape is None else None


def _exact(value: Any) -> Hashable:
    """Equal for what is equal and of the same types."""
    kind = type(value)
    if kind is tuple:
        return tuple(map(_exact, value))
    return (kind, value) if kind in _NUMBERS else None


def _by_name(entry: Layer, arguments: Mapping[str | int, Any]) -> dict[str, Any] | None:
    """What a layer was built with, by the names of its constructor; None where that does not fit."""
    numbers = sorted(key for key in arguments if isinstance(key, int))
    named = {str(key): value for key, value in arguments.items() if not isinstance(key, int)}
    if not numbers:
        return named
    try:
        return entry.constructor.match([arguments[number] for number in numbers], named)
    except TypeError:
        return None


def _for_every_rank(call: Callable[[Sequence[Any]], Any], given: tuple[Any, ...], tail: dims.Shape) -> Any:
    """The result of a call; where only the last dims (`tail`) of the first tensor are known, what all ranks agree on.

    Ranks that torch would refuse do not count; if it refuses all of them, so is the call.
    """
    if tail is None:
        return call(given)
    results: list[Any] = []
    errors: list[ShapeError] = []
    # One rank more than the known dims at least: a leading dim is never ruled out by the limit.
    for rank in range(max(len(tail), 1), max(_HIGHEST_RANK, len(tail) + 1) + 1):
        shape = ((None,) * rank)[: rank - len(tail)] + tail
        try:
            results.append(call([TensorShape(shape, given[0].kind), *given[1:]]))
        except ShapeError as error:
            errors.append(error)
    if not results:
        raise next((error for error in errors if error.kind in ("features", "channels")), errors[0])
    return _agreed(results)


def _agreed(results: list[Any]) -> Any:
    """What several possible results have in common."""
    if all(isinstance(each, tuple) and len(each) == len(results[0]) for each in results):
        return tuple(_agreed(list(parts)) for parts in zip(*results, strict=True))
    shapes = [each.shape if isinstance(each, TensorShape) else each.dims if isinstance(each, Tail) else None for each in results]
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(results):
        return results[0] if all(each == results[0] for each in results) else dims.UNKNOWN
    least = min(map(len, known))
    tail = tuple(_common([shape[len(shape) - least + index] for shape in known]) for index in range(least))
    if all(len(shape) == least for shape in known) and all(isinstance(each, TensorShape) for each in results):
        return TensorShape(tail, results[0].kind)
    return Tail(tail) if tail else dims.UNKNOWN


def _common(found: list[dims.Dim]) -> dims.Dim:
    return found[0] if all(each == found[0] for each in found) else None


@dataclass(frozen=True, slots=True)
class Demand:
    """What a layer takes: the dims of one sample; `exact` if no other rank will do, else `batched` or not."""

    dims: tuple[dims.Dim, ...]
    batched: bool
    exact: bool = False


_AXES = {"1d": 1, "2d": 2, "3d": 3}


def demanded(name: str, arguments: Mapping[str | int, Value]) -> Demand | None:
    """What a layer of torch.nn takes, as far as its class and constructor tell."""
    bare = name.rpartition(".")[2]
    axes = _AXES.get(bare[-2:])

    def size(argument: str) -> dims.Dim:
        value = plain(arguments.get(argument, UNKNOWN))
        return value if isinstance(value, int | dims.Expression) and not isinstance(value, bool) else None

    if axes is not None and "Norm" in bare:
        return Demand((size("num_features"), *(None,) * axes), True, exact=bare.startswith("BatchNorm")) if axes > 1 else None
    if axes is not None and ("Conv" in bare or "Pool" in bare) and "Unpool" not in bare:
        channels = size("in_channels") if "Conv" in bare else None
        return Demand((channels, *(None,) * axes), True)
    if bare == "Linear" and size("in_features") is not None:
        return Demand((size("in_features"),), False)
    if bare in ("LSTM", "GRU", "RNN") and size("input_size") is not None:
        return Demand((size("input_size"),), False)
    return None


def single_shape(result: Any) -> dims.Shape:
    """The shape of a result that is one tensor; None where that is not known."""
    return result.shape if isinstance(result, TensorShape) else None


def single_tail(result: Any) -> dims.Shape:
    """The last dims of a result that is one tensor of unknown rank."""
    return result.dims if isinstance(result, Tail) else None


def dim_value(dim: dims.Dim) -> Value:
    return UNKNOWN if dim is None else Const(dim) if isinstance(dim, int) else Size(dim)
