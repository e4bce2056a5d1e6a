"""NumPy's arrays and PIL's images: made, converted, reshaped and reckoned with.

The shape of an array is NumPy's; that of an image of PIL is (channels, height, width).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from torchlint.analysis.library.arguments import by_number_or_name
from torchlint.analysis.library.torch.results import literal_dtype
from torchlint.analysis.library.torch.shapes import function_shape, plain, single_shape
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.calls import emit_call
from torchlint.analysis.values.abstract import (
    Array,
    Const,
    Library,
    Size,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.inspection import known_items
from torchlint.torch_api.arrays import (
    FLOAT_FUNCTIONS,
    FLOAT_SOURCES,
    RANDOM,
    SHAPED_LIKE,
    TEXT_READERS,
    result_dtype,
)
from torchlint.torch_api.dims import Dim, Expression, Shape
from torchlint.torch_api.dtypes import dtype_of
from torchlint.torch_api.images import scale_after, scale_as
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.transforms import HEIGHT, WIDTH

_CHANNELS = {"RGB": 3, "L": 1, "1": 1, "P": 1, "RGBA": 4, "CMYK": 4, "HSV": 3, "YCbCr": 3, "F": 1, "I": 1}
_OPERATIONS = {"Div": "div", "Mult": "mul"}
_NAMES = {"divide": "Div", "true_divide": "Div", "multiply": "Mult", "add": "Add", "subtract": "Sub", "matmul": "MatMult"}


def call_array_function(
    machine: Machine, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    result = _array_made(machine, name, positional, keywords, node)
    emit_call(machine, name, None, by_number_or_name(positional, keywords), positional, result, node)
    return result


def _array_made(
    machine: Machine, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    package, _, last = name.rpartition(".")
    if package == "PIL.Image":
        return _image_made(machine, last, positional, keywords, node)
    first = positional[0] if positional else None
    given = "dtype" in keywords
    dtype = _dtype(keywords.get("dtype"))
    if package == "numpy.random" and last in RANDOM:
        return _random(machine, last, positional, keywords, node)
    if package != "numpy":
        return Unknown(machine.site(node), name, first)
    if last in FLOAT_SOURCES:
        sizes = positional or tuple(keywords[key] for key in ("shape", "N") if key in keywords)
        shape = shape_as(FLOAT_SOURCES[last], sizes[:1] if last in ("zeros", "ones", "empty") else sizes, {})
        return Array(shape=shape, dtype=dtype if given or (len(positional) > 1 and last in ("zeros", "ones", "empty")) else "float64", site=machine.site(node))
    if last in TEXT_READERS and "names" not in keywords:
        return Array(dtype=_dtype(positional[1]) if len(positional) > 1 else dtype if given else "float64", site=machine.site(node))
    if last in ("arange", "full"):
        return _filled(machine, last, positional, keywords, node)
    if last in ("array", "asarray") and first is not None:
        if len(positional) > 1:
            dtype, given = _dtype(positional[1]), True
        return as_array(machine, first, dtype, given, node)
    if first is not None and (cast := dtype_of(name)):
        return as_array(machine, first, cast, True, node)
    if isinstance(first, Array | Tensor) and last in SHAPED_LIKE:
        return _reshaped(machine, _plain_array(machine, first, node), last, positional[1:], keywords, node)
    if last in _NAMES and len(positional) == 2 and any(isinstance(each, Array) for each in positional):
        return array_arithmetic(machine, _NAMES[last], positional, node)
    if isinstance(first, Array) and last in FLOAT_FUNCTIONS:
        return Array(shape=first.shape, dtype="float32" if first.dtype == "float32" else "float64" if first.dtype else None, site=machine.site(node))
    return Array(dtype=dtype, site=machine.site(node)) if dtype is not None else Unknown(machine.site(node), name, first)


def shape_as(function: str, arguments: Sequence[Value], keywords: Mapping[str, Value]) -> Shape:
    """The shape that a function of torch would give; None where it would raise, or is not known."""
    try:
        return single_shape(function_shape(function, arguments, keywords))
    except ShapeError:
        return None


def _filled(
    machine: Machine, last: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    shape = shape_as(f"torch.{last}", positional[:2] if last == "full" else positional, {})
    values = positional[1:2] if last == "full" else positional
    given = keywords.get("dtype") or (positional[2] if last == "full" and len(positional) > 2 else None)
    kinds = {type(each.value) if isinstance(each, Const) else int if isinstance(each, Size) else None for each in values}
    literal = None if not kinds or not kinds <= {int, float} else "float64" if float in kinds else "int64"
    return Array(shape=shape, dtype=_dtype(given) if given is not None else literal, site=machine.site(node))


def _random(
    machine: Machine, last: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    if RANDOM[last] == "sizes":
        sizes: Value | None = Tuple(tuple(positional)) if positional else None
    elif last in ("normal", "uniform"):
        sizes = keywords.get("size", positional[2] if len(positional) > 2 else None)
    else:
        sizes = keywords.get("size", positional[0] if positional else None)
    if sizes is None:
        return Unknown(machine.site(node))
    return Array(shape=shape_as("torch.zeros", (sizes,), {}), dtype="float64", site=machine.site(node))


def as_array(machine: Machine, value: Value, dtype: str | None, given: bool, node: ast.AST) -> Value:
    """`numpy.array(value)`; `given` says whether a dtype was asked for, known or not."""
    if not isinstance(value, Array | Tensor):
        literal = literal_dtype(machine, value)
        own = "float64" if literal == "float32" else literal
        shape = shape_as("torch.tensor", (value,), {})
        return Array(shape=shape, dtype=dtype if given else own, site=machine.site(node))
    source = _plain_array(machine, value, node)
    return replace(source, dtype=dtype, scale=scale_as(dtype, source.scale)) if given else source


def _plain_array(machine: Machine, value: Array | Tensor, node: ast.AST) -> Array:
    """An image, array or tensor as an array."""
    if isinstance(value, Tensor):
        return Array(shape=value.shape, dtype=value.dtype, scale=value.scale, site=machine.site(node))
    if value.kind != "PIL":
        return replace(value, site=machine.site(node))
    shape: Shape = None
    if value.shape is not None and value.shape[0] is not None:
        channels, height, width = value.shape
        shape = (height, width) if channels == 1 else (height, width, channels)
    return Array(shape=shape, dtype="uint8", scale="255", site=machine.site(node))


def _reshaped(
    machine: Machine, array: Array, name: str, arguments: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Array:
    function = SHAPED_LIKE[name]
    renamed = {"dim" if key == "axis" else "dims" if key == "axes" else key: value for key, value in keywords.items()}
    if name in ("clip", "copy", "ascontiguousarray"):
        arguments, renamed = (), {}
    elif name == "transpose" and not arguments and not renamed:
        return replace(array, shape=array.shape[::-1] if array.shape is not None else None, site=machine.site(node))
    elif name in ("transpose", "reshape") and len(arguments) > 1:
        arguments = (Tuple(tuple(arguments)),)
    elif name == "reshape" and "order" in renamed:
        return replace(array, shape=None, site=machine.site(node))
    return replace(array, shape=shape_as(function, (array, *arguments), renamed), site=machine.site(node))


def array_method(
    machine: Machine, value: Array, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    if value.kind == "PIL":
        return _image_method(machine, value, name, positional, keywords, node)
    if name == "astype" and (positional or "dtype" in keywords):
        dtype = _dtype(positional[0] if positional else keywords["dtype"])
        return replace(value, dtype=dtype, scale=scale_as(dtype, value.scale), site=machine.site(node))
    if name in SHAPED_LIKE:
        return _reshaped(machine, value, name, positional, keywords, node)
    return Unknown(machine.site(node), name, value)


def array_item(machine: Machine, array: Array, index: Value, shape: Shape, node: ast.AST) -> Value:
    """`array[index]`, of the shape that indexing gives."""
    if array.kind == "PIL":
        return Unknown(machine.site(node))
    return replace(array, shape=shape, site=machine.site(node))


def array_arithmetic(machine: Machine, operator: str, operands: Sequence[Value], node: ast.AST) -> Value:
    arrays = [each for each in operands if isinstance(each, Array)]
    numbers = [each.value for each in operands if isinstance(each, Const)]
    if any(each.kind == "PIL" for each in arrays):
        return Unknown(machine.site(node))
    dtypes = [
        each.dtype if isinstance(each, Array) else f"python {type(each.value).__name__}" if isinstance(each, Const) else None
        for each in operands
    ]
    number = numbers[0] if len(arrays) == len(numbers) == 1 and not isinstance(operands[0], Const) else None
    if operator == "Mult" and len(arrays) == len(numbers) == 1:
        number = numbers[0]
    held = arrays[0].scale or ("255" if arrays[0].dtype == "uint8" else None)
    scale = scale_after(_OPERATIONS.get(operator, ""), held, number)
    function = {"MatMult": "torch.matmul"}.get(operator, "torch.add")
    shape = shape_as(function, tuple(operands), {}) if len(operands) == 2 else arrays[0].shape
    comparison = operator in ("Eq", "NotEq", "Lt", "LtE", "Gt", "GtE")
    dtype = "bool" if comparison else result_dtype(operator, dtypes)
    return Array(shape=shape, dtype=dtype, scale=scale, site=machine.site(node))


def _image_made(
    machine: Machine, last: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    first = positional[0] if positional else None
    if last == "open":
        return Array(kind="PIL", shape=(None, HEIGHT, WIDTH), scale="255", site=machine.site(node))
    if last == "new":
        size = keywords.get("size", positional[1] if len(positional) > 1 else None)
        return Array(kind="PIL", shape=(_channels(keywords.get("mode", first)), *_size(size)), scale="255", site=machine.site(node))
    if last == "linear_gradient":
        return Array(kind="PIL", shape=(_channels(first), 256, 256), scale="255", site=machine.site(node))
    if last == "fromarray":
        shape = first.shape if isinstance(first, Array) else None
        channels = None if shape is None or len(positional) > 1 else 1 if len(shape) == 2 else shape[-1]
        height, width = shape[:2] if shape is not None and len(shape) in (2, 3) else (HEIGHT, WIDTH)
        return Array(kind="PIL", shape=(channels, height, width), scale="255", site=machine.site(node))
    return Unknown(machine.site(node), f"PIL.Image.{last}", first)


def _image_method(
    machine: Machine, image: Array, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    channels, height, width = image.shape or (None, HEIGHT, WIDTH)
    first = positional[0] if positional else None
    match name:
        case "convert":
            channels = _channels(keywords.get("mode", first))
        case "resize":
            height, width = _size(keywords.get("size", first))
        case "crop" | "rotate" | "transpose" | "reduce":
            height, width = HEIGHT, WIDTH
        case "copy" | "filter" | "point":
            pass
        case _:
            return Unknown(machine.site(node), name, image)
    return Array(kind="PIL", shape=(channels, height, width), scale="255", site=machine.site(node))


def _dtype(value: Value | None) -> str | None:
    if isinstance(value, Library):
        return dtype_of(value.name)
    if isinstance(value, Const) and isinstance(value.value, str):
        return dtype_of(f"numpy.{value.value}") or dtype_of(f"builtins.{value.value}")
    return None


def _channels(mode: Value | None) -> Dim:
    return _CHANNELS.get(mode.value) if isinstance(mode, Const) else None


def _size(size: Value | None) -> tuple[Dim, Dim]:
    """PIL's (width, height) as height and width."""
    items = known_items(size) if size is not None else None
    if items is None or len(items) != 2:
        return HEIGHT, WIDTH
    width, height = (plain(each) for each in items)
    return (
        height if isinstance(height, int | Expression) else HEIGHT,
        width if isinstance(width, int | Expression) else WIDTH,
    )
