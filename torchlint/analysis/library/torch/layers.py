"""A layer of torch.nn applied to a tensor: what comes out, and what is known of the input from then on."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torchlint.analysis.facts.devices import DevicesMeet
from torchlint.analysis.interpreter.attributes import rebind
from torchlint.analysis.library.torch.shapes import demanded, layer_shape, single_shape, single_tail
from torchlint.analysis.library.torch.tensors import devices_meet
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.calls import shape_mismatch
from torchlint.analysis.values.abstract import (
    UNKNOWN,
    Activation,
    Const,
    Instance,
    LibraryMethod,
    ShapeOf,
    Tensor,
    Tuple,
    Unknown,
    Value,
    storages_of,
)
from torchlint.analysis.values.classes import is_module, layer_of
from torchlint.analysis.values.devices import module_device
from torchlint.analysis.values.inspection import contents, shape_value, whole_number
from torchlint.analysis.values.origins import model_of
from torchlint.analysis.values.store import CAST, FROZEN
from torchlint.torch_api.dims import Dim, symbol
from torchlint.torch_api.dtypes import is_integer
from torchlint.torch_api.layers import Layer
from torchlint.torch_api.parameters import SIZES_OF_WEIGHTS, has_parameter, parameter_shape
from torchlint.torch_api.shapes.entry import TensorShape
from torchlint.torch_api.shapes.error import ShapeError

_RECURRENT = frozenset({"torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU"})
_CELLS = frozenset({"torch.nn.LSTMCell"})


def refined(
    machine: Machine, module: Instance, found: Layer, positional: Sequence[Value], node: ast.AST
) -> Sequence[Value]:
    """A layer's arguments, knowing what it demands of the first: a batch of images of so many channels."""
    value = positional[0] if positional else None
    if not isinstance(value, Unknown) and not (isinstance(value, Tensor) and value.shape is None and value.tail is None):
        return positional
    bare = value if isinstance(value, Tensor) else Tensor(site=value.site, model=model_of(value))
    wanted = demanded(found.name, arguments_of(module))
    variable = _variable(machine, node, value)
    if wanted is None:
        known = bare
    elif wanted.exact or (wanted.batched and variable is not None and _argument_of_forward(machine, variable, value)):
        known = replace(bare, shape=_named_dims(machine, wanted.dims, wanted.batched))
    else:
        known = replace(bare, tail=wanted.dims)
    if variable is not None:
        machine.trail.set_local(machine.frame.locals, variable, known)
    return (known, *positional[1:])


def sizes_unpacked(machine: Machine, value: Value, targets: Sequence[ast.expr]) -> Value:
    """`n, c, h, w = x.shape` of a tensor of unknown rank: it has that many dims, which have names from then on."""
    tensor = _whose_shape(value)
    if tensor is None or tensor is UNKNOWN or not isinstance(tensor, Tensor | Unknown) or any(isinstance(each, ast.Starred) for each in targets):
        return value
    if isinstance(tensor, Tensor) and (tensor.shape is not None or len(tensor.tail or ()) > len(targets)):
        return value
    if isinstance(tensor, Unknown) and not _shape_of_tensor(machine, value, tensor):
        return value
    machine.named_sizes += 1
    tail = tensor.tail or () if isinstance(tensor, Tensor) else ()
    names = [each.id.strip("_") if isinstance(each, ast.Name) else "" for each in targets]
    shape: list[Dim] = [symbol(f"{name or 'D'}{machine.named_sizes}") if name else symbol(f"D{index}_{machine.named_sizes}") for index, name in enumerate(names)]
    for index, size in enumerate(tail, len(shape) - len(tail)):
        shape[index] = size if size is not None else shape[index]
    known = replace(tensor, shape=tuple(shape), tail=None) if isinstance(tensor, Tensor) else Tensor(shape=tuple(shape), site=tensor.site)
    rebind(machine, tensor, known)
    return shape_value(known)


def _shape_of_tensor(machine: Machine, value: Value, receiver: Unknown) -> bool:
    """Whether only a tensor can have been asked: `x.size()`, or the shape of what `forward` was given."""
    if isinstance(value, Unknown):
        return value.method == "size" and receiver.method is None
    named = next((name for name, held in machine.frame.locals.items() if held is receiver), None)
    return isinstance(value, LibraryMethod) and value.name == "shape" and named is not None and _argument_of_forward(machine, named, receiver)


def _variable(machine: Machine, node: ast.AST, value: Value) -> str | None:
    """The local name under which a call is given a value."""
    for argument in node.args if isinstance(node, ast.Call) else ():
        if isinstance(argument, ast.Name) and machine.frame.locals.get(argument.id) is value:
            return argument.id
    return None


def _argument_of_forward(machine: Machine, name: str, value: Value) -> bool:
    """Whether a variable is what a module's `forward` was called with; models take batches."""
    function = machine.frame.function
    if function is None or function.name != "forward" or not is_module(machine.frame.receiver):
        return False
    if isinstance(value, Tensor) and value.op is not None:
        return False
    if isinstance(value, Unknown) and value.method not in (None, "<batch>"):
        return False
    return name in [each.arg for each in function.node.args.args]


def _named_dims(machine: Machine, dims: tuple[Dim, ...], batched: bool) -> tuple[Dim, ...]:
    """A batch of what has these dims; those that are not known get names of their own."""
    machine.named_sizes += 1
    names = {1: "L", 2: "HW", 3: "DHW"}.get(len(dims) - 1, "")
    sizes = [
        symbol(f"{names[index - 1] if 0 < index <= len(names) else 'C'}{machine.named_sizes}") if each is None else each
        for index, each in enumerate(dims)
    ]
    return (symbol(f"N{machine.named_sizes}"), *sizes) if batched else tuple(sizes)


def layer_result(
    machine: Machine,
    module: Instance,
    found: Layer,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    node: ast.AST,
) -> Value:
    arguments = arguments_of(module)
    try:
        shapes = layer_shape(found.name, arguments, positional, keywords)
    except ShapeError as error:
        shape_mismatch(machine, found.name, error, positional, module, node)
        shapes = _as_if_fixed(found, arguments, positional, keywords, error)
    first = positional[0] if positional else next(iter(keywords.values()), UNKNOWN)
    if found.name == "torch.nn.Identity":
        return first
    if DevicesMeet in machine.wanted:
        given = [each for value in (*positional, *keywords.values()) for each in contents(value)]
        devices_meet(machine, given, found.parameters, node)
    made = _layer_tensor(machine, module, found, first, shapes, node)
    if found.name in _RECURRENT or found.name in _CELLS or found.name == "torch.nn.MultiheadAttention":
        return _several(found.name, made, shapes)
    if isinstance(shapes, tuple):
        return Tuple(tuple(shaped(made, each) for each in shapes))
    return made


def _as_if_fixed(
    found: Layer,
    arguments: Mapping[str | int, Value],
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    error: ShapeError,
) -> Any:
    """What would come out if the one dim were right, so that one fault is reported once."""
    if error.kind not in ("channels", "features") or error.input is None or error.dim is None or not positional:
        return None
    first = positional[0]
    # Where the channels are wrong, the rest of the sample may be what else was given.
    rest = error.input[error.dim + 1 :] if error.kind == "features" else (None,) * (len(error.input) - error.dim - 1)
    shape = (*error.input[: error.dim], error.expected, *rest)
    if not isinstance(first, Tensor) or (first.shape is not None and len(first.shape) != len(shape)):
        return None
    fixed = replace(first, shape=shape) if first.shape is not None else replace(first, tail=shape[-len(first.tail or ()) :])
    try:
        return layer_shape(found.name, arguments, (fixed, *positional[1:]), keywords)
    except ShapeError:
        return None


def arguments_of(module: Instance) -> Mapping[str | int, Value]:
    """What a layer was built with, by its own constructor or by a subclass of the program; sizes are unknown once it has another weight."""
    given = module.arguments if isinstance(module.cls, str) else own_arguments(module)
    if _weight_as_built(module, given):
        return given
    return {name: UNKNOWN if name in SIZES_OF_WEIGHTS else value for name, value in given.items()}


def _weight_as_built(module: Instance, given: Mapping[str | int, Value]) -> bool:
    """Whether a layer's weight has the shape that its arguments say, as far as anything is known of it."""
    weight, found = module.store.get("weight"), layer_of(module)
    if weight is None or found is None or (isinstance(weight, Tensor) and weight.shape is None):
        return True
    if not isinstance(weight, Tensor) or not has_parameter(found.name, "weight"):
        return False
    return weight.shape == parameter_shape(found.name, "weight", lambda name: whole_number(given.get(name)))


def own_arguments(module: Instance) -> dict[str | int, Value]:
    return {key[1]: value for key, value in module.store.items() if isinstance(key, tuple) and key[0] == "argument"}


def _layer_tensor(machine: Machine, module: Instance, found: Layer, first: Value, shapes: Any, node: ast.AST) -> Tensor:
    source = first if isinstance(first, Tensor) else Tensor()
    activation: Activation | None
    if found.activation == "keeps":
        activation = source.activation
    else:
        dim = module.arguments.get("dim")
        along = dim.value if isinstance(dim, Const) and isinstance(dim.value, int) else None
        scores = found.activation == "pools" and source.activation is not None and source.activation.kind in ("linear", "unbounded")
        kind = found.activation if found.activation != "pools" else "unbounded" if scores else "other"
        activation = Activation(kind, along, machine.application(node), module.site, layer=module)
    requires: bool | None
    if machine.grad is False:
        requires = None if found.activation == "keeps" and source.requires_grad is not False else False
    elif source.requires_grad or (found.parameters and not frozen(machine, module)):
        requires = True if machine.grad else None
    elif found.parameters:
        requires = None
    else:
        requires = source.requires_grad
    dtype = "float32" if found.parameters and found.name not in ("torch.nn.Embedding",) else source.dtype
    if found.name.startswith("torch.nn.Embedding"):
        dtype = "float32"
    if found.parameters and module.store.get(CAST) is not None:
        dtype = None
    if found.name.endswith("Norm") and source.dtype != "float32":
        dtype = None
    if is_integer(dtype) and found.activation != "keeps":
        dtype = None
    return Tensor(
        shape=single_shape(shapes),
        tail=single_tail(shapes),
        layer=module,
        dtype=dtype,
        requires_grad=requires,
        leaf=True if requires is False else False if requires and found.parameters else None,
        device=_device_after(source.device, module_device(module)),
        activation=activation,
        site=machine.site(node),
        op=found.name,
        inputs=(first,),
        model=model_of(first),
        storages=storages_of(source) if found.activation == "keeps" else frozenset(),
    )


def frozen(machine: Machine, module: Instance) -> bool:
    return module.store.get(FROZEN) is not None or machine.torch.freezing


def _several(name: str, made: Tensor, shapes: Any) -> Value:
    """Layers that return tuples: recurrent ones their state as well, attention its weights."""
    known = shapes if isinstance(shapes, tuple) else (None, None)

    def part(shape: Any) -> Value:
        if isinstance(shape, tuple) and shape and not isinstance(shape, TensorShape):
            return Tuple(tuple(part(each) for each in shape))
        return shaped(made, shape)

    if name == "torch.nn.LSTM":
        state = known[1] if len(known) > 1 and isinstance(known[1], tuple) else (None, None)
        return Tuple((part(known[0]), Tuple(tuple(part(each) for each in state))))
    return Tuple((part(known[0]), part(known[1] if len(known) > 1 else None)))


def shaped(tensor: Tensor, result: Any) -> Tensor:
    """A tensor with the shape that was inferred, or the part of it that is known."""
    return replace(tensor, shape=single_shape(result), tail=single_tail(result))


def _device_after(given: str | None, weights: str | None) -> str | None:
    """Where a layer's result is; not known where the layer and what it is given are apart."""
    return given or weights if weights is None or given is None or given == weights else None


def _whose_shape(value: Value) -> Value | None:
    """What a value is the shape of: it is `x.shape` or `x.size()`."""
    match value:
        case ShapeOf():
            return value.tensor
        case Unknown(method="size") | LibraryMethod(name="shape"):
            return value.receiver
    return None
