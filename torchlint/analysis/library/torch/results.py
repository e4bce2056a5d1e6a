"""What an operation of torch makes: a tensor, with its dtype, device, gradient and activation."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torchlint.analysis.facts.transforms import TensorMade
from torchlint.analysis.library.torch.shapes import single_shape, single_tail
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
    FALSE,
    NONE,
    UNKNOWN,
    Activation,
    Array,
    Const,
    Frame,
    Instance,
    Iteration,
    Library,
    List,
    OneOf,
    ShapeOf,
    Size,
    Tensor,
    Tuple,
    Unknown,
    Value,
    storages_of,
)
from torchlint.analysis.values.classes import running_forward
from torchlint.analysis.values.devices import (
    DEFAULT,
    MADE,
    asked_device,
)
from torchlint.analysis.values.inspection import element_of, known_items
from torchlint.analysis.values.join import join_activations, present
from torchlint.analysis.values.origins import model_of
from torchlint.torch_api.dtypes import dtype_of, is_integer, promote
from torchlint.torch_api.images import scale_after, scale_as
from torchlint.torch_api.operations import (
    CLAMPS,
    COPIES,
    MAY_RETURN_INPUT,
    Operation,
)
from torchlint.torch_api.results import result_dtype
from torchlint.torch_api.transforms import transform

_SOURCES = frozenset({"zeros", "ones", "empty", "rand", "randn", "full", "eye", "linspace", "logspace", "normal"})


def operation_result(
    machine: Machine,
    op: Operation,
    name: str,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    arguments: Mapping[str | int, Value],
    shapes: Any,
    node: ast.AST,
) -> Value:
    inputs = operands(positional, keywords)
    bare = op.name
    dtype = _dtype(machine, op, inputs, arguments)
    requires_grad = _requires_grad(machine, op, inputs, arguments, dtype)
    made = Tensor(
        shape=single_shape(shapes),
        tail=single_tail(shapes),
        dtype=dtype,
        requires_grad=requires_grad,
        leaf=True if requires_grad is False or (op.gradient == "source" and requires_grad) else None if requires_grad is None else False,
        device=_device(machine, op, inputs, arguments),
        activation=_activation(machine, op, inputs, arguments, node),
        site=machine.site(node),
        op=bare,
        inputs=tuple(inputs[:4]),
        model=next((found for each in inputs[:4] if (found := model_of(each)) is not None), None),
        role=inputs[0].role if inputs and isinstance(inputs[0], Tensor) and op.activation == "keeps" else None,
        scale=_scale(op, inputs, dtype),
        storages=storages_of(inputs[0]) if op.activation == "keeps" and inputs and isinstance(inputs[0], Tensor) else frozenset(),
    )
    if made.scale == "1" and isinstance(inputs[0], Tensor) and inputs[0].scale == "255":
        scaled_later(machine, inputs[0], made)
    if bare in MAY_RETURN_INPUT and made.requires_grad:
        made = replace(made, leaf=False if isinstance(inputs[0], Tensor) and inputs[0].leaf is False else None)
    if bare in ("max", "min") and isinstance(arguments.get("dim", NONE), Unknown):
        return Unknown(machine.site(node), bare, inputs[0] if inputs else None)
    if bare in ("max", "min") and len(inputs) > 1 and not _has_dim(positional, arguments):
        if not isinstance(inputs[1], Tensor):
            # A dim gives a pair, another tensor the elementwise maximum.
            return Unknown(machine.site(node), bare, inputs[0])
        made = replace(made, dtype=promote(made.dtype, inputs[1].dtype))
    if op.result == "pair" or (bare in ("max", "min") and _has_dim(positional, arguments)):
        return _with_indices(made, shapes, bare)
    if op.result == "sequence":
        if isinstance(shapes, tuple):
            return Tuple(tuple(replace(made, shape=single_shape(each), tail=single_tail(each)) for each in shapes))
        return Iteration(made)
    if bare in ("max", "min") and len(positional) == 1 and not keywords:
        return replace(made, shape=(), tail=None)
    return made


def _with_indices(made: Tensor, shapes: Any, bare: str) -> Tuple:
    """What was found along a dim, and where it was."""
    first = shapes[0] if isinstance(shapes, tuple) else None
    values = replace(made, shape=single_shape(first), tail=single_tail(first))
    indices = replace(values, dtype="int64", requires_grad=False, leaf=True, activation=Activation("other"), op=f"{bare}_indices")
    return Tuple((values, indices))


def _dtype(machine: Machine, op: Operation, inputs: Sequence[Value], arguments: Mapping[str | int, Value]) -> str | None:
    given = arguments.get("dtype")
    if isinstance(given, Library):
        return dtype_of(given.name)
    if given is not None and given != NONE:
        return None
    if arguments.get("rounding_mode", NONE) != NONE:
        op = replace(op, dtype="promote")
    if op.dtype == "argument":
        return _made_dtype(machine, op, inputs, arguments)
    facts: list[tuple[str | None, int | None]] = []
    for each in inputs:
        if isinstance(each, Tensor):
            facts.append((each.dtype, None if each.shape is None else len(each.shape)))
        elif isinstance(each, Const) and isinstance(each.value, bool | int | float):
            facts.append((f"python {type(each.value).__name__}", 0))
        elif isinstance(each, Size):
            facts.append(("python int", 0))
        else:
            facts.append((None, None))
    return result_dtype(op, facts, machine.torch.default_dtype)


def _made_dtype(machine: Machine, op: Operation, inputs: Sequence[Value], arguments: Mapping[str | int, Value]) -> str | None:
    if op.name in _SOURCES:
        if op.name == "full":
            fill = arguments.get("fill_value")
            return literal_dtype(machine, fill) if fill is not None else None
        return machine.torch.default_dtype
    if op.name.endswith("_like") or op.name.startswith("new_"):
        return inputs[0].dtype if inputs and isinstance(inputs[0], Tensor) else None
    if op.name in ("randint", "randperm"):
        return "int64"
    if op.name in ("embedding", "embedding_bag"):
        weight = arguments.get("weight")
        return weight.dtype if isinstance(weight, Tensor) else None
    if op.name == "arange":
        kinds = {type(each.value) if isinstance(each, Const) else int if isinstance(each, Size) else None for each in arguments.values()}
        return None if None in kinds else machine.torch.default_dtype if float in kinds else "int64"
    if op.name in ("tensor", "as_tensor", "from_numpy"):
        data = arguments.get("data", arguments.get("ndarray"))
        return literal_dtype(machine, data) if data is not None else None
    return None


def literal_dtype(machine: Machine, value: Value) -> str | None:
    """The dtype that `torch.tensor` gives to nested Python data."""
    match value:
        case Const(value=bool()):
            return "bool"
        case Const(value=int()) | Size():
            return "int64"
        case Const(value=float()):
            return machine.torch.default_dtype
        case Tensor() | Array():
            return value.dtype
        case List() | Tuple():
            items = known_items(value)
            if not items:
                return None if items is None else machine.torch.default_dtype
            kinds = {literal_dtype(machine, item) for item in items[:256]}
            if None in kinds or len(items) > 256:
                return None
            if len(kinds) == 1:
                return kinds.pop()
            return machine.torch.default_dtype if machine.torch.default_dtype in kinds and kinds <= {"int64", "bool", machine.torch.default_dtype} else "int64" if kinds <= {"int64", "bool"} else None
    return None


def _requires_grad(
    machine: Machine, op: Operation, inputs: Sequence[Value], arguments: Mapping[str | int, Value], dtype: str | None
) -> bool | None:
    if op.gradient == "source":
        given = arguments.get("requires_grad", FALSE)
        if op.name in ("as_tensor", "asarray") and not all(isinstance(each, Const | Array | List) for each in inputs):
            return None
        return given.value if isinstance(given, Const) and isinstance(given.value, bool) else None
    if op.gradient == "cut" or is_integer(dtype):
        return False
    inputs = inputs[:1] if op.first_only else inputs
    known = [each.requires_grad if isinstance(each, Tensor) else False if isinstance(each, Const | Size | Library | Array) else None for each in inputs]
    if machine.grad is False:
        # Even then a view shares its base's requires_grad.
        return None if op.activation == "keeps" and inputs and known[0] is not False else False
    if True in known:
        return True if machine.grad else None
    return None if None in known else False


def default_device(machine: Machine) -> str | None:
    """Where a tensor comes to be for which no device is named."""
    if machine.torch.device_context == DEFAULT and running_forward(machine.frame) is not None and not _handed_in(machine.frame):
        return MADE
    return machine.torch.device_context


def _handed_in(frame: Frame) -> bool:
    """Whether a lambda runs that stands in no class: who hands it to a module knows where that is."""
    node = frame.function.node if frame.function is not None else None
    return isinstance(node, ast.Lambda) and frame.site(node).around(ast.ClassDef) is None


def _device(machine: Machine, op: Operation, inputs: Sequence[Value], arguments: Mapping[str | int, Value]) -> str | None:
    if op.gradient == "source" and not (op.name.endswith("_like") or op.name.startswith("new_")):
        data = arguments.get("data")
        if "device" in arguments:
            return asked_device(arguments["device"])
        # A copy is where the tensor is that it was made of.
        if op.name in COPIES and isinstance(data, Tensor | Unknown):
            return data.device if isinstance(data, Tensor) else None
        return default_device(machine)
    if "device" in arguments:
        return asked_device(arguments["device"])
    return device_in_common(inputs)


def _activation(
    machine: Machine, op: Operation, inputs: Sequence[Value], arguments: Mapping[str | int, Value], node: ast.AST
) -> Activation | None:
    if op.activation == "keeps":
        kept = [each.activation if isinstance(each, Tensor) else None for each in inputs[:8] if not isinstance(each, Const | Size | Tuple)]
        result = kept[0] if kept else None
        if op.name in ("cat", "stack", "concat", "concatenate", "hstack", "vstack"):
            for other in kept[1:]:
                result = join_activations(result, other)
        return replace(result, clamped=True) if result is not None and op.name in CLAMPS else result
    dim = arguments.get("dim")
    along = dim.value if isinstance(dim, Const) and isinstance(dim.value, int) else None
    kind = "losses" if op.activation == "loss" and unreduced(arguments) else op.activation
    return Activation(kind, along, machine.site(node))


def device_in_common(inputs: Sequence[Value]) -> str | None:
    """Where the result is of an operation on tensors, numbers among them left out; None where they are apart."""
    devices = {each.device for each in inputs if isinstance(each, Tensor) and each.shape != ()}
    return devices.pop() if len(devices) == 1 else None


def unreduced(settings: Mapping[str | int, Value]) -> bool:
    """Whether a loss with these arguments gives one value for each sample; the older `size_average` and `reduce` pass `reduction` by."""
    if any(settings.get(older, NONE) != NONE for older in ("size_average", "reduce")):
        return settings.get("reduce") == FALSE
    return settings.get("reduction") == Const("none")


def operands(positional: Sequence[Value], keywords: Mapping[str, Value]) -> list[Value]:
    """The tensors (or what may be some) among a call's arguments, lists of them opened up."""
    found: list[Value] = []
    for value in (*positional, *(keywords[key] for key in ("input", "other", "weight", "tensors", "target", "min", "max", "value") if key in keywords)):
        if isinstance(value, List | Tuple):
            items = known_items(value)
            if items is None:
                element = element_of(value)
                found.append(element if isinstance(element, Tensor | Unknown) else UNKNOWN)
            elif not all(isinstance(item, Const | Size) for item in items):
                found.extend(items)
        elif isinstance(value, OneOf):
            found.append(present(value))
        elif not isinstance(value, ShapeOf):
            found.append(value)
    return found


def _scale(op: Operation, inputs: Sequence[Value], dtype: str | None) -> str | None:
    """The range of an image's values after an operation."""
    source = inputs[0] if inputs else None
    if not isinstance(source, Tensor | Array):
        return None
    if op.name in ("tensor", "as_tensor", "from_numpy"):
        return scale_as(dtype, source.scale)
    if op.name in ("clamp", "clip") and source.scale == "normalized":
        return None
    if op.activation == "keeps":
        return source.scale
    number = inputs[1].value if len(inputs) == 2 and isinstance(inputs[1], Const) else None
    return scale_after(op.name, source.scale, number)


def _has_dim(positional: Sequence[Value], arguments: Mapping[str | int, Value]) -> bool:
    dim = arguments.get("dim")
    return (isinstance(dim, Const | Size) and dim != NONE) or (len(positional) > 1 and isinstance(positional[1], Const))


def scaled_later(machine: Machine, tensor: Tensor, result: Tensor) -> None:
    """An image up to 255 was divided after all: that is told of the transform that it came from, if it came from one."""
    source: Value = tensor
    for _ in range(8):
        if not isinstance(source, Tensor) or (found := transform(f"torchvision.transforms.{source.op}")) is None or source.site is None:
            source = source.inputs[0] if isinstance(source, Tensor) and source.inputs else UNKNOWN
            continue
        if found.makes == "tensor" and TensorMade in machine.wanted and source.inputs:
            instance = Instance(f"torchvision.transforms.{found.name}", {}, {}, source.site)
            machine.emit(TensorMade(source.site, machine.frame, machine.grad, instance, found, source.inputs[0], result, ()))
        source = source.inputs[0] if source.inputs else UNKNOWN
