"""torch's functions and the methods of tensors, over abstract tensors."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torchlint.analysis.facts.calls import Call, DiscardedCall, LossCall
from torchlint.analysis.facts.devices import DevicesMeet
from torchlint.analysis.facts.gradients import InPlaceChange, StaleGraph
from torchlint.analysis.interpreter.attributes import rebind
from torchlint.analysis.library.torch.results import (
    device_in_common,
    operands,
    operation_result,
    unreduced,
)
from torchlint.analysis.library.torch.shapes import Tail, function_shape, single_shape, single_tail
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.calls import emit_call, shape_mismatch
from torchlint.analysis.notes.thresholds import taken_as_logits, thresholded
from torchlint.analysis.values.abstract import (
    UNKNOWN,
    Activation,
    Class,
    Const,
    Frame,
    Instance,
    Tensor,
    Unknown,
    Value,
    storages_of,
)
from torchlint.analysis.values.alternatives import as_given
from torchlint.analysis.values.classes import find, running_forward
from torchlint.analysis.values.devices import (
    MADE,
    is_argument,
)
from torchlint.analysis.values.join import present
from torchlint.analysis.values.origins import ENDS
from torchlint.torch_api.binding import bind
from torchlint.torch_api.dtypes import is_integer
from torchlint.torch_api.losses import APPLIES_SIGMOID, LOSS_FUNCTIONS, OTHER_LOSSES
from torchlint.torch_api.operations import (
    COPIES,
    FOLLOWS_ANOTHER,
    OF_ONE_OPERAND,
    RESHAPED_IN_PLACE,
    SAME_NUMBERS,
    operation,
)
from torchlint.torch_api.shapes.entry import TensorShape
from torchlint.torch_api.shapes.error import ShapeError


def operate(
    machine: Machine,
    name: str,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    node: ast.AST,
    quiet: bool = False,
) -> Value:
    """A function of torch, or a tensor's method with the tensor as its first argument."""
    bare = name.rpartition(".")[2]
    if name.startswith("torch.Tensor.") and not positional:
        return UNKNOWN  # a method by its class, without a tensor: `torch.Tensor.view()`
    if any(isinstance(each, Instance) and isinstance(each.cls, Class) and find(each.cls, "__torch_function__") is not None for each in positional):
        return Unknown(machine.site(node), bare, positional[0])
    if bare in ("as_tensor", "asarray") and len(positional) == 1 and not keywords and isinstance(positional[0], Tensor):
        return positional[0]
    if bare == "round" and isinstance(node, ast.Call) and positional:
        rounded(machine, positional[0], node)
    arguments = bind(name, positional[1:] if name.startswith("torch.Tensor.") else positional, keywords)
    shapes = _shapes(machine, name, positional, keywords, node)
    op = operation(bare)
    if op is None:
        result: Value = _other_result(machine, bare, positional, shapes, node)
    else:
        result = operation_result(machine, op, name, positional, keywords, arguments, shapes, node)
    if op is None and _changes_in_place(name, bare) and isinstance(positional[0], Tensor):
        result = _overwritten(machine, bare, positional, node)
    if bare in ENDS or (op is not None and (op.gradient == "cut" or op.result == "pair")):
        for each in positional[:2]:
            machine.ends(each, node)
    if bare in LOSS_FUNCTIONS and name.startswith("torch.nn.functional."):
        loss_event(machine, LOSS_FUNCTIONS[bare], arguments, arguments, None, result, positional, node)
    if DevicesMeet in machine.wanted and bare not in FOLLOWS_ANOTHER and bare not in OF_ONE_OPERAND:
        devices_meet(machine, operands(positional, keywords), False, node)
    if _changes_in_place(name, bare) and isinstance(positional[0], Tensor) and isinstance(result, Tensor):
        changes(machine, positional[0], node)
        result = in_place(machine, positional[0], result)
        rebind(machine, positional[0], result)
    if not quiet and (Call in machine.wanted or DiscardedCall in machine.wanted):
        emit_call(machine, name, positional[0] if name.startswith("torch.Tensor.") else None, arguments, positional, result, node)
    return result


def _other_result(machine: Machine, bare: str, positional: Sequence[Value], shapes: Any, node: ast.AST) -> Value:
    """What an operation gives of which only the shape is known."""
    if not isinstance(shapes, TensorShape | Tail):
        return Unknown(machine.site(node), bare, positional[0] if positional else None)
    device = device_in_common(operands(positional, {}))
    return Tensor(shape=single_shape(shapes), tail=single_tail(shapes), site=machine.site(node), op=bare, inputs=tuple(positional[:2]), device=device)


def _overwritten(machine: Machine, bare: str, positional: Sequence[Value], node: ast.AST) -> Tensor:
    """A tensor after a change in place of which only that much is known."""
    known = [each.requires_grad if isinstance(each, Tensor) else False if isinstance(each, Const) else None for each in positional]
    requires = False if machine.grad is False or not any(each is not False for each in known) else None
    shape = positional[0].shape if isinstance(positional[0], Tensor) and bare not in RESHAPED_IN_PLACE else None
    if bare == "resize_":
        shape = single_shape(_shapes(machine, "torch.zeros", positional[1:], {}, node))
    return Tensor(shape=shape, requires_grad=requires, site=machine.site(node))


def in_place(machine: Machine, before: Tensor, result: Tensor) -> Tensor:
    """A tensor after an operation on it in place: the same dtype, and gradients as before unless some flow in."""
    requires, leaf = before.requires_grad, before.leaf
    if result.requires_grad is not False and before.requires_grad is not True and is_integer(before.dtype) is not True:
        requires = result.requires_grad if is_integer(before.dtype) is False else None
        leaf = False if requires else None
    elif machine.grad is not False and before.requires_grad and leaf is not False:
        leaf = None
    return replace(result, dtype=before.dtype, requires_grad=requires, leaf=leaf, parameter=before.parameter, storages=storages_of(before), device=before.device)


def devices_meet(machine: Machine, values: Sequence[Value], weights: bool, node: ast.AST) -> None:
    """Tell of what forward made on the CPU and now meets its input, or weights."""
    forward = running_forward(machine.frame)
    made = [each for each in values if isinstance(each, Tensor) and each.device == MADE and _has_place(each)]
    if not made or forward is None:
        return
    met = weights or any(
        is_argument(each, forward) if not isinstance(each, Tensor) else _elsewhere(each, forward)
        for each in values
    )
    if met:
        for each in made:
            held = weights or any(isinstance(other, Tensor) and other.parameter for other in values)
            machine.emit(DevicesMeet(machine.site(node), machine.frame, machine.grad, each, held))


def _elsewhere(tensor: Tensor, forward: Frame, depth: int = 8) -> bool:
    """Whether a tensor may be somewhere else than on the CPU: not what was computed of copies of unknown data, or of nothing known, alone."""
    if tensor.device is not None or not depth:
        return tensor.device not in (MADE, "cpu") and _has_place(tensor)
    if tensor.op is None:
        return _has_place(tensor) and (tensor.parameter or tensor.site is not None or is_argument(tensor, forward))
    sources = [each for each in tensor.inputs if isinstance(each, Tensor)]
    if sources:
        return any(_elsewhere(each, forward, depth - 1) for each in sources)
    return tensor.op not in COPIES and any(isinstance(each, Unknown) and each is not UNKNOWN for each in tensor.inputs)


def _has_place(tensor: Tensor) -> bool:
    """Whether it matters where a tensor is: not for a single number, nor for what holds none; a copy of unknown data may be on the CPU."""
    return tensor.shape != () and 0 not in (tensor.shape or ()) and not (tensor.op in COPIES and tensor.device is None)


def changes(machine: Machine, tensor: Tensor, node: ast.AST) -> None:
    """A tensor is about to be changed in place; through `.data`, behind the back of any graph that holds it."""
    if InPlaceChange in machine.wanted:
        machine.emit(InPlaceChange(machine.site(node), machine.frame, machine.grad, tensor))
    base = tensor.inputs[0] if tensor.op == "data" and tensor.inputs else None
    if StaleGraph in machine.wanted and isinstance(base, Tensor):
        machine.torch.overwritten[id(base)] = (base, machine.site(node))


def loss_event(
    machine: Machine,
    loss: str,
    arguments: Mapping[str | int, Value],
    settings: Mapping[str | int, Value],
    criterion: Value | None,
    result: Value,
    positional: Sequence[Value],
    node: ast.AST,
) -> None:
    first = present(arguments.get("input", arguments.get(0, UNKNOWN)))
    second = present(arguments.get("target", arguments.get(1, UNKNOWN)))
    for each in (first, second):
        machine.turned_out.is_taken(each, machine.frame, machine.site(node))
    machine.event("loss", node, criterion or UNKNOWN, (first, second), result)
    if loss in APPLIES_SIGMOID:
        taken_as_logits(machine, first, node)
    if LossCall in machine.wanted:
        for given in [first] if machine.unsure else as_given(first, machine.arms, machine.conditions):
            machine.emit(
                LossCall(
                    machine.site(node), machine.frame, machine.grad, f"torch.nn.{loss}", criterion, arguments, tuple(positional), result,
                    loss=loss, input=given, target=second, settings=settings, criterion=criterion,
                )
            )


def rounded(machine: Machine, value: Value, node: ast.Call) -> None:
    """`torch.round(x)` or `x.round()`."""
    if len(node.args) + isinstance(node.func, ast.Attribute) and not node.keywords:
        written = node.args[0] if node.args else node.func.value if isinstance(node.func, ast.Attribute) else None
        if written is not None:
            thresholded(machine, value, written, node)


def other_loss(machine: Machine, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
    """A loss that is a function of a package beside torch.nn.functional."""
    found = OTHER_LOSSES[name]
    arguments: dict[str | int, Value] = dict(zip(found.parameters, positional, strict=False))
    arguments.update(keywords)
    prediction, target = (arguments.get(key, UNKNOWN) for key in found.parameters[:2])
    kind = "losses" if unreduced({"reduction": Const(found.reduction), **arguments}) else "loss"
    result = Tensor(activation=Activation(kind, None, machine.site(node)), site=machine.site(node), op="loss", inputs=(prediction, target))
    loss_event(machine, found.name, {**arguments, "input": prediction, "target": target}, arguments, None, result, positional, node)
    return result


def _shapes(machine: Machine, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Any:
    try:
        return function_shape(name, positional, keywords)
    except ShapeError as error:
        shape_mismatch(machine, name, error, positional, None, node)
        return None


def _changes_in_place(name: str, bare: str) -> bool:
    return name.startswith("torch.Tensor.") and bare.endswith("_") and not bare.endswith("__") and bare not in SAME_NUMBERS


def augmented(machine: Machine, before: Value, result: Value, node: ast.AST) -> Value:
    """What `before += …` leaves: a tensor is changed in place."""
    if isinstance(before, Tensor):
        changes(machine, before, node)
    if isinstance(before, Tensor) and isinstance(result, Tensor):
        result = in_place(machine, before, replace(result, shape=before.shape, tail=before.tail))
        rebind(machine, before, result)
    return result
