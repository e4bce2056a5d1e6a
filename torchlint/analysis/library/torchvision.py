"""Transforms of torchvision, applied to images of PIL, arrays and tensors."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from torchlint.analysis.facts.transforms import TensorMade, TransformCall, normalized_channels
from torchlint.analysis.library.arrays import shape_as
from torchlint.analysis.library.torch.modules import apply_layer
from torchlint.analysis.library.torch.shapes import plain
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.calls import emit_call
from torchlint.analysis.values.abstract import (
    NONE,
    TRUE,
    UNKNOWN,
    Array,
    Const,
    Instance,
    Library,
    Tensor,
    Unknown,
    Value,
)
from torchlint.analysis.values.inspection import known_items
from torchlint.analysis.values.join import join
from torchlint.torch_api.binding import bind
from torchlint.torch_api.dims import Dim, Expression, Shape
from torchlint.torch_api.dtypes import dtype_of
from torchlint.torch_api.images import scale_as
from torchlint.torch_api.transforms import (
    FUNCTIONAL,
    FUNCTIONAL_PACKAGES,
    HEIGHT,
    WIDTH,
    Transform,
    transform,
)

Picture = Array | Tensor


def apply_module(
    machine: Machine, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    found = transform(module.library_name)
    if found is None or len(positional) != 1:
        return apply_layer(machine, module, positional, keywords, node)
    return transformed(machine, module, found, positional[0], (), node)


def call_transform(
    machine: Machine, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value | None:
    if not name.startswith("torchvision."):
        return None
    if name == "torchvision.utils.make_grid":
        return _grid(machine, positional, keywords, node)
    package, _, last = name.rpartition(".")
    found = transform(f"torchvision.transforms.{'v2.' if '.v2.' in name else ''}{FUNCTIONAL.get(last, '')}")
    if not positional or found is None or f"{package}." not in FUNCTIONAL_PACKAGES:
        return None
    names = _FUNCTIONAL_ARGUMENTS.get(last, ())
    arguments: dict[str | int, Value] = dict(zip(names, positional[1:], strict=False))
    arguments.update(keywords)
    instance = Instance(f"torchvision.transforms.{found.name}", {}, arguments, machine.site(node))
    result = transformed(machine, instance, found, positional[0], (), node)
    emit_call(machine, name, None, bind(name, positional, keywords), positional, result, node)
    return result


def _grid(machine: Machine, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
    first = positional[0] if positional else keywords.get("tensor", UNKNOWN)
    source = first if isinstance(first, Tensor) else next((each for each in known_items(first) or () if isinstance(each, Tensor)), Tensor())
    shape = shape_as("torchvision.utils.make_grid", positional, keywords)
    if shape is None or len(shape) != 3:
        shape = (None, HEIGHT, WIDTH)
    shape = (shape[0], shape[1] or HEIGHT, shape[2] or WIDTH)
    stretched = keywords.get("normalize", NONE) not in (NONE, Const(False))
    scale = ("1" if keywords["normalize"] == TRUE else None) if stretched else source.scale
    result = Tensor(shape=shape, dtype=source.dtype, scale=scale, requires_grad=False, leaf=True, device=source.device, op="make_grid", inputs=(first,), site=machine.site(node))
    emit_call(machine, "torchvision.utils.make_grid", None, bind("torchvision.utils.make_grid", positional, keywords), positional, result, node)
    return result


def transformed(
    machine: Machine, instance: Instance, found: Transform, value: Value, following: tuple[Value, ...], node: ast.AST
) -> Value:
    """What a transform makes of a value; `following` are the transforms that come after it in its chain."""
    picture = value if isinstance(value, Array | Tensor) else None
    if found.makes == "chain":
        return _chain(machine, instance, value, following, node)
    if found.makes == "choice":
        return _choice(machine, instance, found, value, following, node)
    if found.makes == "function":
        function = instance.arguments.get("lambd", UNKNOWN)
        return machine.call(function, (value,), {}, node)
    make = _MAKERS.get(found.makes)
    if make is None:
        result: Value = Unknown(machine.site(node))
    elif picture is not None:
        result = make(machine, instance, picture)
    else:
        result = _of_unknown(machine, found, node)
    if isinstance(result, Tensor):
        result = replace(result, site=machine.site(node), op=found.name, inputs=(value,), leaf=True if result.requires_grad is False else None, parameter=False, storages=frozenset())
    if TransformCall in machine.wanted:
        machine.emit(TransformCall(machine.site(node), machine.frame, machine.grad, instance, found, value, result, following))
    if found.makes == "tensor" and TensorMade in machine.wanted:
        machine.emit(TensorMade(machine.site(node), machine.frame, machine.grad, instance, found, value, result, following))
    return result


def _chain(machine: Machine, instance: Instance, value: Value, following: tuple[Value, ...], node: ast.AST) -> Value:
    steps = known_items(instance.arguments.get("transforms", UNKNOWN))
    if steps is None:
        return Unknown(machine.site(node))
    for index, step in enumerate(steps):
        rest = (*steps[index + 1 :], *following)
        found = transform(step.library_name) if isinstance(step, Instance) else None
        if isinstance(step, Instance) and found is not None:
            value = transformed(machine, step, found, value, rest, node)
        else:
            value = machine.call(step, (value,), {}, node)
    return value


def _choice(
    machine: Machine, instance: Instance, found: Transform, value: Value, following: tuple[Value, ...], node: ast.AST
) -> Value:
    steps = known_items(instance.arguments.get("transforms", UNKNOWN))
    if steps is None or found.name == "RandomOrder":
        return Unknown(machine.site(node))
    if found.name == "RandomApply":
        return join(value, _chain(machine, instance, value, following, node))
    results = [machine.call(step, (value,), {}, node) for step in steps]
    joined = results[0] if results else UNKNOWN
    for result in results[1:]:
        joined = join(joined, result)
    return joined


def _of_unknown(machine: Machine, found: Transform, node: ast.AST) -> Value:
    """What is known of the result though nothing is known of the image."""
    match found.makes:
        case "tensor":
            return Tensor(shape=(None, HEIGHT, WIDTH), requires_grad=False)
        case "bytes" if found.name == "PILToTensor":
            return Tensor(shape=(None, HEIGHT, WIDTH), dtype="uint8", scale="255", requires_grad=False)
        case "picture":
            return Array(kind="PIL", shape=(None, HEIGHT, WIDTH), scale="255", site=machine.site(node))
        case "normalized":
            return Tensor(requires_grad=False)
    return Unknown(machine.site(node))


def _make_same(machine: Machine, instance: Instance, picture: Picture) -> Value:
    return replace(picture)


def _make_resized(machine: Machine, instance: Instance, picture: Picture) -> Value:
    height, width = _new_size(instance, picture)
    return _with_shape(picture, lambda channels: (channels, height, width))


def _make_moved(machine: Machine, instance: Instance, picture: Picture) -> Value:
    return _with_shape(picture, lambda channels: (channels, HEIGHT, WIDTH))


def _make_gray(machine: Machine, instance: Instance, picture: Picture) -> Value:
    given = plain(instance.arguments.get("num_output_channels", Const(1)))
    channels = given if isinstance(given, int) else None
    return _with_shape(picture, lambda _: (channels, *_sides(picture)))


def _make_colour(machine: Machine, instance: Instance, picture: Picture) -> Value:
    return _with_shape(picture, lambda _: (3, *_sides(picture)))


def _make_tensor(machine: Machine, instance: Instance, picture: Picture) -> Value:
    if isinstance(picture, Tensor):
        return Tensor(shape=picture.shape, requires_grad=False)
    shape = picture.shape if picture.kind == "PIL" else _channels_first(picture.shape)
    if picture.kind == "PIL" or picture.dtype == "uint8":
        scale = "tiny" if picture.scale == "cut" else "1" if picture.scale == "255" or picture.kind == "PIL" else None
        return Tensor(shape=shape, dtype="float32", scale=scale, requires_grad=False, device="cpu")
    return Tensor(shape=shape, dtype=picture.dtype, scale=picture.scale, requires_grad=False, device="cpu")


def _make_bytes(machine: Machine, instance: Instance, picture: Picture) -> Value:
    if isinstance(picture, Tensor):
        return replace(picture)
    if picture.kind != "PIL":
        return Tensor(shape=_channels_first(picture.shape), dtype=picture.dtype, scale=picture.scale, requires_grad=False)
    return Tensor(shape=picture.shape, dtype="uint8", scale="255", requires_grad=False, device="cpu")


def _make_picture(machine: Machine, instance: Instance, picture: Picture) -> Value:
    if isinstance(picture, Array) and picture.kind == "PIL":
        return picture
    shape = picture.shape if isinstance(picture, Tensor) else _channels_first(picture.shape)
    if shape is None or len(shape) != 3:
        shape = (None, HEIGHT, WIDTH)
    return Array(kind="PIL", shape=shape, scale="255")


def _make_floats(machine: Machine, instance: Instance, picture: Picture) -> Value:
    if isinstance(picture, Array):
        return picture
    given = instance.arguments.get("dtype", Library("torch.float32"))
    dtype = dtype_of(given.name) if isinstance(given, Library) else None
    name = instance.library_name or ""
    scales = name.endswith("ConvertImageDtype") or instance.arguments.get("scale") == TRUE
    if dtype is None or "float" not in dtype:
        return replace(picture, dtype=dtype, scale=None)
    scale = "1" if scales and picture.dtype == "uint8" else scale_as(dtype, picture.scale)
    return replace(picture, dtype=dtype, scale=scale)


def _make_normalized(machine: Machine, instance: Instance, picture: Picture) -> Value:
    if isinstance(picture, Array):
        return Tensor(requires_grad=False)
    channels = normalized_channels(instance)
    shape = picture.shape
    if shape is not None and len(shape) >= 3 and shape[-3] == 1 and channels is not None:
        # Refused, or broadcast to as many channels as there are means: not known, and reported where it happens.
        shape = (*shape[:-3], channels if channels == 1 else None, *shape[-2:])
    # A second Normalize is how the first one is undone.
    return replace(picture, shape=shape, scale=None if picture.scale == "normalized" else "normalized")


# What a transform makes of a picture that is known, by the kind that `torch_api.transforms` gives it.
_MAKERS: dict[str, Callable[[Machine, Instance, Picture], Value]] = {
    "same": _make_same,
    "resized": _make_resized,
    "moved": _make_moved,
    "gray": _make_gray,
    "colour": _make_colour,
    "tensor": _make_tensor,
    "bytes": _make_bytes,
    "picture": _make_picture,
    "floats": _make_floats,
    "normalized": _make_normalized,
}


def _new_size(instance: Instance, picture: Picture) -> tuple[Dim, Dim]:
    size = plain(instance.arguments.get("size", UNKNOWN))
    if isinstance(size, tuple) and len(size) == 1:
        size = size[0]
    if isinstance(size, tuple) and len(size) == 2:
        return _side(size[0], HEIGHT), _side(size[1], WIDTH)
    height, width = _sides(picture)
    name = (instance.library_name or "").rpartition(".")[2]
    if not isinstance(size, int | Expression):
        return HEIGHT, WIDTH
    # Resize with one number keeps the ratio of the sides.
    return (size, size) if name != "Resize" or (height == width and height is not None) else (HEIGHT, WIDTH)


_FUNCTIONAL_ARGUMENTS = {
    "normalize": ("mean", "std"),
    "resize": ("size",),
    "center_crop": ("output_size",),
    "convert_image_dtype": ("dtype",),
    "to_dtype": ("dtype", "scale"),
    "rgb_to_grayscale": ("num_output_channels",),
    "to_grayscale": ("num_output_channels",),
}


def _with_shape(picture: Picture, shape: Callable[[Dim], tuple[Dim, Dim, Dim]]) -> Value:
    """The image with other sides or channels; a batch keeps its dims before them."""
    if isinstance(picture, Tensor):
        before = picture.shape
        if before is None or len(before) < 3:
            return replace(picture, shape=None)
        return replace(picture, shape=(*before[:-3], *shape(before[-3])))
    if picture.kind != "PIL":
        return replace(picture, shape=None)
    return replace(picture, shape=shape(picture.shape[0] if picture.shape else None))


def _sides(picture: Picture) -> tuple[Dim, Dim]:
    if picture.shape is None or len(picture.shape) < 3:
        return HEIGHT, WIDTH
    return picture.shape[-2], picture.shape[-1]


def _side(value: object, otherwise: Dim) -> Dim:
    return value if isinstance(value, int | Expression) else otherwise


def _channels_first(shape: Shape) -> Shape:
    """An array's (H, W, C) or (H, W) as (C, H, W)."""
    if shape is None or len(shape) not in (2, 3):
        return (None, HEIGHT, WIDTH)
    return (1, *shape) if len(shape) == 2 else (shape[2], shape[0], shape[1])


