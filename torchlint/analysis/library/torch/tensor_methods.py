"""The methods of tensors that are more than an operation: casts, moves, sizes, leaves."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from torchlint.analysis.facts.gradients import StaleGraph, saved_for_backward
from torchlint.analysis.interpreter.attributes import rebind
from torchlint.analysis.library.handlers import TENSOR_METHODS, LibraryCall, handles, tensor_method
from torchlint.analysis.library.torch.shapes import dim_value
from torchlint.analysis.library.torch.tensors import operate
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
    LibraryMethod,
    Tensor,
    Unknown,
    Value,
    storages_of,
)
from torchlint.analysis.values.classes import descendants
from torchlint.analysis.values.devices import (
    DEFAULT,
    MADE,
    MOVED,
    asked_device,
    device_of,
    type_device,
)
from torchlint.analysis.values.inspection import shape_value
from torchlint.analysis.values.origins import empties, gradient_of
from torchlint.analysis.values.store import FROZEN
from torchlint.torch_api.binding import bind
from torchlint.torch_api.dims import product
from torchlint.torch_api.dtypes import CASTS, LEGACY_TENSORS, dtype_of, is_floating, is_integer
from torchlint.torch_api.images import scale_as


def call_tensor_method(
    machine: Machine,
    tensor: Tensor,
    name: str,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    node: ast.AST,
) -> Value:
    """`tensor.name(...)`."""
    qualified = f"torch.Tensor.{name}"
    if name != "detach_" and empties(name, positional) and (parameter := gradient_of(tensor)) is not None:
        machine.event("zero_grad", node, parameter)
    handler = TENSOR_METHODS.get(name)
    if handler is not None:
        result = handler(tensor, LibraryCall(machine, qualified, positional, keywords, node))
    elif name in CASTS:
        result = _cast(machine, tensor, CASTS[name], node)
    else:
        return operate(machine, qualified, (tensor, *positional), keywords, node)
    emit_call(machine, qualified, tensor, bind(qualified, positional, keywords), (tensor, *positional), result, node)
    return result


def _cast(machine: Machine, tensor: Tensor, dtype: str | None, node: ast.AST) -> Tensor:
    if dtype is not None and tensor.dtype == dtype:
        return tensor
    requires = False if is_integer(dtype) else tensor.requires_grad if machine.grad else (False if machine.grad is False else None)
    if dtype is None and requires:
        requires = None
    moved = dtype is not None and tensor.dtype is not None
    leaf = True if requires is False else False if requires and moved else None
    activation = None if is_integer(dtype) else tensor.activation
    return replace(tensor, dtype=dtype, scale=scale_as(dtype, tensor.scale), activation=activation, requires_grad=requires, leaf=leaf, op="to", inputs=(tensor,), site=machine.site(node), parameter=False, storages=storages_of(tensor))


@tensor_method("to")
def _to(tensor: Tensor, call: LibraryCall) -> Value:
    machine, node = call.machine, call.node
    result = tensor
    for value in (*call.positional, *(call.keywords[key] for key in ("dtype", "device", "other") if key in call.keywords)):
        if isinstance(value, Library) and dtype_of(value.name):
            result = _cast(machine, result, dtype_of(value.name), node)
        elif isinstance(value, Tensor):
            cast = _cast(machine, result, value.dtype, node)
            result = replace(cast, device=value.device, storages=storages_of(cast))
        elif device_of(value) or (isinstance(value, Instance) and value.cls == "torch.device"):
            result = _moved(machine, result, asked_device(value), node)
        elif (isinstance(value, LibraryMethod) and value.name == "dtype") or (isinstance(value, Unknown) and value.method == "dtype"):
            result = _cast(machine, result, None, node)
        elif not isinstance(value, Const):
            is_device = isinstance(value, LibraryMethod) and value.name == "device"
            result = _moved(machine, result if is_device else replace(result, dtype=None), asked_device(value), node)
    return result


@tensor_method("type_as")
def _type_as(tensor: Tensor, call: LibraryCall) -> Value:
    return _to(tensor, call)


def _moved(machine: Machine, tensor: Tensor, device: str | None, node: ast.AST) -> Tensor:
    """On another device: no leaf any more, unless it was there already."""
    if device is not None and device == tensor.device and device != MOVED:
        return tensor
    away = device is not None and device.startswith("cuda") and tensor.device in (DEFAULT, MADE)
    requires = False if machine.grad is False else tensor.requires_grad if machine.grad else None
    leaf = True if tensor.requires_grad is False else False if away and requires else None
    return replace(tensor, device=device, requires_grad=requires if tensor.requires_grad is not False else False, leaf=leaf, op="to", inputs=(tensor,), site=machine.site(node), parameter=False, storages=storages_of(tensor))


@tensor_method("is_floating_point")
def _is_floating_point(tensor: Tensor, call: LibraryCall) -> Value:
    floating = is_floating(tensor.dtype)
    return Const(floating) if floating is not None else call.machine.unknown(call.node)


@handles("torch.is_floating_point")
def _is_floating_point_call(call: LibraryCall) -> Value:
    value = call.positional[0] if call.positional else call.keywords.get("input", UNKNOWN)
    return _is_floating_point(value, call.given(())) if isinstance(value, Tensor) else call.machine.unknown(call.node)


@tensor_method("cuda")
def _cuda(tensor: Tensor, call: LibraryCall) -> Value:
    return _moved(call.machine, tensor, "cuda", call.node)


@tensor_method("cpu")
def _cpu(tensor: Tensor, call: LibraryCall) -> Value:
    return tensor if (tensor.device or "").startswith("cpu") else _moved(call.machine, tensor, "cpu", call.node)


@tensor_method("type")
def _type(tensor: Tensor, call: LibraryCall) -> Value:
    if not call.positional:
        return UNKNOWN
    target = call.positional[0]
    name = target.name if isinstance(target, Library) else target.value if isinstance(target, Const) else ""
    last = str(name).rpartition(".")[2]
    result = _cast(call.machine, tensor, LEGACY_TENSORS.get(last) or dtype_of(str(name)), call.node)
    device = type_device(target)
    return result if device is None and name else _moved(call.machine, result, device, call.node)


@tensor_method("detach")
def _detach(tensor: Tensor, call: LibraryCall) -> Value:
    call.machine.ends(tensor, call.node)
    return replace(
        tensor, requires_grad=False, leaf=True, op="detach", inputs=(tensor,), site=call.machine.site(call.node), parameter=False, storages=storages_of(tensor)
    )


@tensor_method("detach_")
def _detach_(tensor: Tensor, call: LibraryCall) -> Value:
    machine = call.machine
    result = replace(tensor, requires_grad=False, leaf=True, op="detach", inputs=(tensor,), site=machine.site(call.node), storages=storages_of(tensor))
    for each in descendants(tensor.model) if tensor.parameter and tensor.model is not None else ():
        machine.trail.set(each.store, FROZEN, TRUE)
    rebind(machine, tensor, result)
    return result


@tensor_method("requires_grad_")
def _requires_grad_(tensor: Tensor, call: LibraryCall) -> Value:
    value = call.positional[0] if call.positional else call.keywords.get("requires_grad", TRUE)
    known = value.value if isinstance(value, Const) else None
    if known is False and tensor.requires_grad is None:
        known = None
    if known and not tensor.parameter:
        call.machine.event("gradient", call.node, tensor)
    result = replace(tensor, requires_grad=known, storages=storages_of(tensor))
    rebind(call.machine, tensor, result)
    return result


@tensor_method("retain_grad")
def _retain_grad(tensor: Tensor, call: LibraryCall) -> Value:
    rebind(call.machine, tensor, replace(tensor, op="retained"))
    return NONE


@tensor_method("backward")
def _backward(tensor: Tensor, call: LibraryCall) -> Value:
    machine = call.machine
    machine.event("backward", call.node, tensor, (*call.positional, *call.keywords.values()))
    if machine.torch.overwritten and StaleGraph in machine.wanted:
        for each in {id(each) for each in saved_for_backward(tensor)} & machine.torch.overwritten.keys():
            machine.emit(StaleGraph(machine.torch.overwritten[each][1], machine.frame, machine.grad, machine.site(call.node)))
    return NONE


@tensor_method("size")
def _size(tensor: Tensor, call: LibraryCall) -> Value:
    axis = call.positional[0] if call.positional else call.keywords.get("dim")
    if axis is None:
        return shape_value(tensor)
    if tensor.shape is None or not isinstance(axis, Const) or not isinstance(axis.value, int):
        return Unknown(call.machine.site(call.node), "size", tensor)
    return dim_value(tensor.shape[axis.value]) if -len(tensor.shape) <= axis.value < len(tensor.shape) else UNKNOWN


@tensor_method("dim", "ndimension")
def _dim(tensor: Tensor, call: LibraryCall) -> Value:
    return UNKNOWN if tensor.shape is None else Const(len(tensor.shape))


@tensor_method("numel", "nelement")
def _numel(tensor: Tensor, call: LibraryCall) -> Value:
    return UNKNOWN if tensor.shape is None else dim_value(product(tensor.shape))


@tensor_method("item")
def _item(tensor: Tensor, call: LibraryCall) -> Value:
    call.machine.ends(tensor, call.node)
    return Unknown(call.machine.site(call.node), "item", tensor)


@tensor_method("tolist")
def _tolist(tensor: Tensor, call: LibraryCall) -> Value:
    call.machine.ends(tensor, call.node)
    return Unknown(call.machine.site(call.node), "tolist", tensor)


@tensor_method("numpy")
def _numpy(tensor: Tensor, call: LibraryCall) -> Value:
    machine, node = call.machine, call.node
    machine.ends(tensor, node)
    return Array(shape=tensor.shape, dtype=tensor.dtype, scale=tensor.scale, layout=tensor.layout, site=machine.site(node), source=Unknown(machine.site(node), "numpy", tensor))


@tensor_method("clone")
def _clone(tensor: Tensor, call: LibraryCall) -> Value:
    return operate(call.machine, "torch.clone", (tensor,), {}, call.node, quiet=True)


@tensor_method("contiguous")
def _contiguous(tensor: Tensor, call: LibraryCall) -> Value:
    return replace(
        tensor, leaf=tensor.leaf if tensor.requires_grad is False else None, parameter=False, storages=storages_of(tensor)
    )


@tensor_method("register_hook")
def _register_hook(tensor: Tensor, call: LibraryCall) -> Value:
    return UNKNOWN


@tensor_method("data_ptr")
def _data_ptr(tensor: Tensor, call: LibraryCall) -> Value:
    return UNKNOWN
