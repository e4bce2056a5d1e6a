"""Items: `value[index]` and `value[index] = …`, by the kind of the value."""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import partial
from typing import Any

from torchlint.analysis.interpreter.attributes import rebind
from torchlint.analysis.interpreter.functions import run_function
from torchlint.analysis.library.arrays import array_item
from torchlint.analysis.library.python.containers import entry, grow, note_held, note_last
from torchlint.analysis.library.torch.checkpoints import set_state_item, state_item
from torchlint.analysis.library.torch.data import library_item
from torchlint.analysis.library.torch.module_methods import register
from torchlint.analysis.library.torch.shapes import plain
from torchlint.analysis.library.torch.tensors import changes, operate
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.calls import shape_mismatch
from torchlint.analysis.values.abstract import (
    UNKNOWN,
    Array,
    Class,
    Const,
    Dict,
    Function,
    Instance,
    Iteration,
    LibraryMethod,
    List,
    OneOf,
    Range,
    ShapeOf,
    Size,
    Tensor,
    Tuple,
    Unknown,
    Value,
    storages_of,
)
from torchlint.analysis.values.buffers import filled
from torchlint.analysis.values.checkpoints import is_state
from torchlint.analysis.values.classes import find, is_module
from torchlint.analysis.values.extent import unfolds_too_far
from torchlint.analysis.values.inspection import element_of, known_items, uncounted
from torchlint.analysis.values.join import join, join_all, present
from torchlint.analysis.values.store import ELEMENT, ENTRIES, ITEMS
from torchlint.torch_api import dims
from torchlint.torch_api.dims import Shape
from torchlint.torch_api.dtypes import is_floating
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.indexing import index as index_shape


def item(machine: Machine, value: Value, index: Value, node: ast.AST) -> Value:
    match value:
        case Tensor():
            return _tensor_item(machine, value, index, node)
        case Tuple() | List():
            return _sequence_item(machine, value, index, node)
        case Dict():
            return entry(value, index, UNKNOWN)
        case Instance():
            return _instance_item(machine, value, index, node)
        case Array():
            return array_item(machine, value, index, _indexed(value.shape, index), node)
        case ShapeOf() if isinstance(index, Range):
            return UNKNOWN
        case ShapeOf():
            return Unknown(machine.site(node), "size", value.tensor)
        case OneOf():
            return join_all([item(machine, each, index, node) for each in value.alternatives])
        case Iteration():
            return UNKNOWN if isinstance(index, Range) else value.element
        case LibraryMethod():
            return Unknown(machine.site(node))
    named = isinstance(index, Const) and isinstance(index.value, str)
    return Unknown(machine.site(node), "<entry>" if named else "<item>", value)


def set_item(machine: Machine, target: Value, index: Value, value: Value, node: ast.AST) -> None:
    """`target[index] = value`."""
    target = present(target)
    if isinstance(target, OneOf):
        machine.in_arms([partial(_set_in_arm, machine, each, index, value, node) for each in target.alternatives])
        return
    if isinstance(target, List | Dict) and unfolds_too_far((value,), target.store):
        value = UNKNOWN
    match target:
        case Dict():
            entries = target.store.get(ENTRIES)
            note_held(target, (value,))
            machine.trail.set(target.store, ELEMENT, join(target.store.get(ELEMENT, value), value))
            machine.trail.set(target.store, ENTRIES, {**entries, index.value: value} if isinstance(index, Const) and entries is not None else None)
        case List():
            items = target.store.get(ITEMS)
            if items is not None and isinstance(index, Const) and isinstance(index.value, int) and -len(items) <= index.value < len(items):
                changed = list(items)
                changed[index.value] = value
                note_last(machine, target, changed[-1])
                machine.trail.set(target.store, ITEMS, tuple(changed))
            else:
                grow(machine, target, Iteration(value))
                note_last(machine, target, value if index == Const(-1) else UNKNOWN)
        case Instance() if is_state(target):
            set_state_item(machine, target, index, value)
        case Instance() if isinstance(target.store.get(ENTRIES), dict):
            note_held(target, (value,))
            held = target.store[ENTRIES]
            machine.trail.set(target.store, ENTRIES, {**held, index.value: value} if isinstance(index, Const) else None)
        case Instance() if isinstance(items := target.store.get(ITEMS), tuple) and isinstance(index, Const) and isinstance(index.value, int) and -len(items) <= index.value < len(items):
            place = index.value % len(items)
            machine.trail.set(target.store, ITEMS, (*items[:place], value, *items[place + 1 :]))
        case Instance() if ENTRIES in target.store and is_module(target):
            note_held(target, (value,))
        case Instance() if isinstance(target.store.get(ITEMS), tuple):
            note_held(target, (value,))
            machine.trail.set(target.store, ITEMS, None)
            machine.trail.set(target.store, ELEMENT, UNKNOWN)
        case Instance() if isinstance(target.cls, Class):
            own = find(target.cls, "__setitem__")
            if isinstance(own, Function):
                run_function(machine, own, target, (index, value), {}, node)
        case LibraryMethod(receiver=Instance() as module, name="_modules" | "_parameters") if is_module(module):
            register(machine, module, (index, value), node)
        case Tensor():
            changes(machine, target, node)
            requires = _may_require_grad(machine, target, value)
            leaf = target.leaf if requires is False else None
            rebind(machine, target, replace(target, requires_grad=requires, leaf=leaf, activation=filled(target, value), scale=None, storages=storages_of(target)))


def _set_in_arm(machine: Machine, target: Value, index: Value, value: Value, node: ast.AST) -> bool:
    set_item(machine, target, index, value, node)
    return True


def _may_require_grad(machine: Machine, target: Tensor, value: Value) -> bool | None:
    """Whether a tensor requires grad once it was given an item."""
    if machine.grad is False or is_floating(target.dtype) is False or isinstance(value, Const | Size | Array):
        return target.requires_grad
    if isinstance(value, Tensor) and (value.requires_grad is False or is_floating(value.dtype) is False):
        return target.requires_grad
    certain = isinstance(value, Tensor) and value.requires_grad and machine.grad and is_floating(target.dtype)
    return True if certain else (target.requires_grad or None)


def _sequence_item(machine: Machine, value: Tuple | List, index: Value, node: ast.AST) -> Value:
    items = known_items(value)
    if isinstance(index, Range):
        bounds: list[Any] = [each.value if isinstance(each, Const) else "?" for each in index.items]
        if items == ():
            return value
        if items is None or "?" in bounds:
            return List(uncounted((value,)), machine.site(node))
        try:
            part = items[slice(*bounds)]
        except (TypeError, ValueError):
            return UNKNOWN
        return Tuple(part) if isinstance(value, Tuple) else List({ITEMS: part}, machine.site(node))
    if items is not None and isinstance(index, Const) and isinstance(index.value, int):
        return items[index.value] if -len(items) <= index.value < len(items) else UNKNOWN
    return element_of(value)


def _instance_item(machine: Machine, value: Instance, index: Value, node: ast.AST) -> Value:
    if isinstance(value.cls, Class):
        own = find(value.cls, "__getitem__")
        if isinstance(own, Function):
            return run_function(machine, own, value, (index,), {}, node)
    if is_state(value) and not isinstance(index, Range):
        return state_item(machine, value, index, node)
    items, entries = value.store.get(ITEMS), value.store.get(ENTRIES)
    if isinstance(items, tuple) and is_module(value):
        if isinstance(index, Const) and isinstance(index.value, int):
            return items[index.value] if -len(items) <= index.value < len(items) else UNKNOWN
        if isinstance(index, Range):
            bounds: list[Any] = [each.value if isinstance(each, Const) else "?" for each in index.items]
            if "?" not in bounds and isinstance(value.cls, str):
                return Instance(value.cls, {ITEMS: items[slice(*bounds)]}, {}, machine.site(node))
            return UNKNOWN
        return join_all(list(items))
    if isinstance(entries, dict):
        if isinstance(index, Const):
            held: Value = entries.get(index.value, UNKNOWN)
            return held
        return join_all(list(entries.values()))
    if ELEMENT in value.store and is_module(value):
        element: Value = value.store[ELEMENT]
        return element
    return library_item(machine, value, index, node) or Unknown(machine.site(node), "<item>", value)


def _tensor_item(machine: Machine, tensor: Tensor, index: Value, node: ast.AST) -> Value:
    try:
        shape = index_shape(tensor.shape, _plain_index(index)) if tensor.shape is not None else None
    except ShapeError as error:
        shape_mismatch(machine, "torch.Tensor.__getitem__", error, (tensor,), None, node)
        shape = None
    result = operate(machine, "torch.Tensor.select", (tensor,), {}, node, quiet=True)
    if isinstance(result, Tensor):
        return replace(result, shape=shape, tail=None, op="getitem", inputs=(tensor, index), layout=None, scale=tensor.scale, storages=storages_of(tensor))
    return result


def _indexed(shape: Shape, index: Value) -> Shape:
    """The shape of an array's item; None where the index is wrong or not known."""
    try:
        return index_shape(shape, _plain_index(index)) if shape is not None else None
    except ShapeError:
        return None


def _plain_index(index: Value) -> Any:
    """A subscript as `shapes.indexing.index` takes it."""
    if isinstance(index, Range):
        lower, upper, step = (_plain_index(each) for each in index.items)
        return slice(lower, upper, step)
    match index:
        case Tuple():
            return tuple(_plain_index(each) for each in index.items)
        case Const():
            return index.value
        case Size():
            return index.dim
        case Tensor():
            return plain(index)
        case List():
            items = known_items(index)
            return dims.UNKNOWN if items is None else [_plain_index(each) for each in items]
    return dims.UNKNOWN
