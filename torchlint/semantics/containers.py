"""Lists, dicts, tuples and strings: their methods, and subscripts of all kinds."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torchlint.semantics.buffers import filled
from torchlint.semantics.checkpoints import Checkpoints, is_state
from torchlint.semantics.classes import find, is_module
from torchlint.semantics.facts import Subscript
from torchlint.semantics.holding import MOST_SEEN, held_in
from torchlint.semantics.inspection import element_of, known_items, uncounted
from torchlint.semantics.join import join, join_all, present
from torchlint.semantics.shape_bridge import plain
from torchlint.semantics.values import (
    LAST,
    NONE,
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
    ShapeOf,
    Size,
    Tensor,
    Tuple,
    Unknown,
    Value,
    storages_of,
)
from torchlint.torch_api import dims
from torchlint.torch_api.dims import Shape
from torchlint.torch_api.dtypes import is_floating
from torchlint.torch_api.shapes.error import ShapeError
from torchlint.torch_api.shapes.indexing import index as index_shape

_LONGEST = 4096


class Containers(Checkpoints):
    """Python's own containers, over abstract elements."""

    def list_method(
        self, value: List, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        items = value.store.get("items")
        first = positional[0] if positional else UNKNOWN
        match name:
            case "append" | "add" | "appendleft":
                self._grow(value, Tuple((first,)))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                    self.gather(node, node.func.value, first, node.args[0], value)
                return NONE
            case "extend" | "update":
                self._grow(value, first)
                return NONE
            case "insert":
                self._note_last(value, UNKNOWN)
                self.trail.set(value.store, "element", join(element_of(value), positional[-1]) if items or items is None else positional[-1])
                self.trail.set(value.store, "items", None)
                return NONE
            case "pop" | "popleft":
                result = element_of(value)
                self._note_last(value, UNKNOWN)
                if items and (not positional or positional[0] in (Const(-1), Const(0))):
                    last = not positional or positional[0] == Const(-1)
                    result = items[-1] if last else items[0]
                    self.trail.set(value.store, "items", items[:-1] if last else items[1:])
                elif items is not None:
                    self._forget(value)
                return result
            case "clear":
                self._note_last(value, UNKNOWN)
                self.trail.set(value.store, "items", ())
                return NONE
            case "reverse" | "sort" | "remove":
                self._forget(value)
                return NONE
            case "copy":
                return List(dict(value.store), self.site(node))
            case "index" | "count":
                return UNKNOWN
        return UNKNOWN

    def _grow(self, value: List, added: Value) -> None:
        """A list gets what an iterable holds."""
        items, more = value.store.get("items"), known_items(added)
        note_held(value, held_in(added))
        if more != ():
            self._note_last(value, more[-1] if more else UNKNOWN)
        if items is not None and more is not None and len(items) + len(more) < _LONGEST:
            if more and (self.arms or self.frame.loops):
                # What the elements are outlives a join in which their number is lost.
                held = value.store.get("element") or join_all(list(items)) if items else None
                self.trail.set(value.store, "element", join_all([*([held] if held is not None else []), *more]))
            self.trail.set(value.store, "items", items + more)
            return
        if more == ():
            return
        element = element_of(added)
        before = element_of(value) if items is None or items else element
        self.trail.set(value.store, "element", join(before, element))
        self.trail.set(value.store, "items", None)

    def _note_last(self, value: List, last: Value) -> None:
        if LAST in value.store:
            self.trail.set(value.store, LAST, last)

    def _forget(self, value: List) -> None:
        self._note_last(value, UNKNOWN)
        self.trail.set(value.store, "element", element_of(value))
        self.trail.set(value.store, "items", None)

    def dict_method(
        self, value: Dict, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        entries = value.store.get("entries")
        match name:
            case "keys":
                return Iteration(UNKNOWN) if entries is None else Tuple(tuple(Const(key) for key in entries))
            case "values":
                if entries is None:
                    return List({"items": None, "element": value.store.get("element", UNKNOWN), "<seen>": held_in(value)}, self.site(node))
                return Tuple(tuple(entries.values()))
            case "items":
                if entries is None:
                    return Iteration(Tuple((UNKNOWN, value.store.get("element", UNKNOWN))))
                return Tuple(tuple(Tuple((Const(key), held)) for key, held in entries.items()))
            case "get" | "pop" | "setdefault":
                default = positional[1] if len(positional) > 1 else NONE
                key = positional[0] if positional else UNKNOWN
                result = self._entry(value, key, default)
                if name == "pop":
                    rest = {k: v for k, v in entries.items() if k != key.value} if entries is not None and isinstance(key, Const) else None
                    self.trail.set(value.store, "entries", rest)
                return result
            case "update":
                more = positional[0].store.get("entries") if positional and isinstance(positional[0], Dict) else None if positional else {}
                merged = None if entries is None or more is None else {**entries, **more, **keywords}
                note_held(value, [each for given in (*positional, Tuple(tuple(keywords.values()))) for each in held_in(given)])
                self.trail.set(value.store, "entries", merged)
                return NONE
            case "copy":
                return Dict(dict(value.store), self.site(node))
            case "clear":
                self.trail.set(value.store, "entries", {})
                return NONE
        return UNKNOWN

    def _entry(self, value: Dict, key: Value, default: Value) -> Value:
        entries = value.store.get("entries")
        if entries is None:
            return UNKNOWN
        if isinstance(key, Const):
            try:
                return entries.get(key.value, default)  # type: ignore[no-any-return]
            except TypeError:
                return UNKNOWN
        return join_all(list(entries.values()))

    def subscript_of(self, value: Value, node: ast.Subscript) -> Value:
        value = present(value)
        index = self._index(node.slice)
        result = self._item(value, index, node)
        if isinstance(value, self.wanted_values.get(Subscript, ())):
            self.emit(Subscript(self.site(node), self.frame, self.grad, value, index, result))
        return result

    def _index(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Slice):
            parts = [self.eval(each) if each is not None else NONE for each in (node.lower, node.upper, node.step)]
            return Range(tuple(parts))
        if isinstance(node, ast.Tuple):
            return Tuple(tuple(self._index(each) for each in node.elts))
        return self.eval(node)

    def _item(self, value: Value, index: Value, node: ast.AST) -> Value:
        match value:
            case Tensor():
                return self._tensor_item(value, index, node)
            case Tuple() | List():
                return self._sequence_item(value, index, node)
            case Dict():
                return self._entry(value, index, UNKNOWN)
            case Instance():
                return self._instance_item(value, index, node)
            case Array():
                return self.array_item(value, index, _indexed(value.shape, index), node)
            case ShapeOf() if isinstance(index, Range):
                return UNKNOWN
            case ShapeOf():
                return Unknown(self.site(node), "size", value.tensor)
            case OneOf():
                return join_all([self._item(each, index, node) for each in value.alternatives])
            case Iteration():
                return UNKNOWN if isinstance(index, Range) else value.element
            case LibraryMethod():
                return Unknown(self.site(node))
        named = isinstance(index, Const) and isinstance(index.value, str)
        return Unknown(self.site(node), "<entry>" if named else "<item>", value)

    def _sequence_item(self, value: Tuple | List, index: Value, node: ast.AST) -> Value:
        items = known_items(value)
        if isinstance(index, Range):
            bounds: list[Any] = [each.value if isinstance(each, Const) else "?" for each in index.items]
            if items == ():
                return value
            if items is None or "?" in bounds:
                return List(uncounted((value,)), self.site(node))
            try:
                part = items[slice(*bounds)]
            except (TypeError, ValueError):
                return UNKNOWN
            return Tuple(part) if isinstance(value, Tuple) else List({"items": part}, self.site(node))
        if items is not None and isinstance(index, Const) and isinstance(index.value, int):
            return items[index.value] if -len(items) <= index.value < len(items) else UNKNOWN
        return element_of(value)

    def _instance_item(self, value: Instance, index: Value, node: ast.AST) -> Value:
        if isinstance(value.cls, Class):
            own = find(value.cls, "__getitem__")
            if isinstance(own, Function):
                return self.run_function(own, value, (index,), {}, node)
        if is_state(value) and not isinstance(index, Range):
            return self.state_item(value, index, node)
        items, entries = value.store.get("items"), value.store.get("entries")
        if isinstance(items, tuple) and is_module(value):
            if isinstance(index, Const) and isinstance(index.value, int):
                return items[index.value] if -len(items) <= index.value < len(items) else UNKNOWN
            if isinstance(index, Range):
                bounds: list[Any] = [each.value if isinstance(each, Const) else "?" for each in index.items]
                if "?" not in bounds and isinstance(value.cls, str):
                    return Instance(value.cls, {"items": items[slice(*bounds)]}, {}, self.site(node))
                return UNKNOWN
            return join_all(list(items))
        if isinstance(entries, dict):
            if isinstance(index, Const):
                held: Value = entries.get(index.value, UNKNOWN)
                return held
            return join_all(list(entries.values()))
        if "element" in value.store and is_module(value):
            element: Value = value.store["element"]
            return element
        return self.library_item(value, index, node) or Unknown(self.site(node), "<item>", value)

    def array_item(self, array: Array, index: Value, shape: Shape, node: ast.AST) -> Value:
        raise NotImplementedError

    def library_item(self, instance: Instance, index: Value, node: ast.AST) -> Value | None:
        raise NotImplementedError

    def _tensor_item(self, tensor: Tensor, index: Value, node: ast.AST) -> Value:
        try:
            shape = index_shape(tensor.shape, _plain_index(index)) if tensor.shape is not None else None
        except ShapeError as error:
            self.shape_mismatch("torch.Tensor.__getitem__", error, (tensor,), None, node)
            shape = None
        result = self.operate("torch.Tensor.select", (tensor,), {}, node, quiet=True)
        if isinstance(result, Tensor):
            return replace(result, shape=shape, tail=None, op="getitem", inputs=(tensor, index), layout=None, scale=tensor.scale, storages=storages_of(tensor))
        return result

    def set_item(self, target: Value, index: Value, value: Value, node: ast.AST) -> None:
        """`target[index] = value`."""
        target = present(target)
        match target:
            case Dict():
                entries = target.store.get("entries")
                note_held(target, (value,))
                self.trail.set(target.store, "element", join(target.store.get("element", value), value))
                self.trail.set(target.store, "entries", {**entries, index.value: value} if isinstance(index, Const) and entries is not None else None)
            case List():
                items = target.store.get("items")
                if items is not None and isinstance(index, Const) and isinstance(index.value, int) and -len(items) <= index.value < len(items):
                    changed = list(items)
                    changed[index.value] = value
                    self._note_last(target, changed[-1])
                    self.trail.set(target.store, "items", tuple(changed))
                else:
                    self._grow(target, Iteration(value))
                    self._note_last(target, value if index == Const(-1) else UNKNOWN)
            case Instance() if is_state(target):
                self.set_state_item(target, index, value)
            case Instance() if isinstance(target.store.get("entries"), dict):
                note_held(target, (value,))
                held = target.store["entries"]
                self.trail.set(target.store, "entries", {**held, index.value: value} if isinstance(index, Const) else None)
            case Instance() if isinstance(items := target.store.get("items"), tuple) and isinstance(index, Const) and isinstance(index.value, int) and -len(items) <= index.value < len(items):
                place = index.value % len(items)
                self.trail.set(target.store, "items", (*items[:place], value, *items[place + 1 :]))
            case Instance() if "entries" in target.store and is_module(target):
                note_held(target, (value,))
            case Instance() if isinstance(target.store.get("items"), tuple):
                note_held(target, (value,))
                self.trail.set(target.store, "items", None)
                self.trail.set(target.store, "element", UNKNOWN)
            case Instance() if isinstance(target.cls, Class):
                own = find(target.cls, "__setitem__")
                if isinstance(own, Function):
                    self.run_function(own, target, (index, value), {}, node)
            case LibraryMethod(receiver=Instance() as module, name="_modules" | "_parameters") if is_module(module):
                self.register(module, (index, value), node)
            case Tensor():
                self.changes(target, node)
                requires: bool | None = target.requires_grad
                if isinstance(value, Tensor) and value.requires_grad is not False and self.grad is not False and is_floating(target.dtype) is not False:
                    certain = value.requires_grad and self.grad and is_floating(target.dtype)
                    requires = True if certain else (requires or None)
                leaf = target.leaf if requires is False else None
                self.rebind(target, replace(target, requires_grad=requires, leaf=leaf, activation=filled(target, value), scale=None, storages=storages_of(target)))


def note_held(container: List | Dict | Instance, values: Sequence[Value]) -> None:
    """Note what a container may come to hold on some way through the program; ways that meet forget its order."""
    if "<seen>" not in container.store:
        container.store["<seen>"] = held_in(container)
    seen = container.store["<seen>"]
    seen.extend(value for value in values if not isinstance(value, Const) and len(seen) < MOST_SEEN)


class Range(Tuple):
    """`lower:upper:step` in a subscript."""

    __slots__ = ()


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

