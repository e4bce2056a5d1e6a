"""What is known of a value that came by one of two ways: what both ways agree on."""

from __future__ import annotations

from dataclasses import fields
from functools import reduce
from typing import Any, TypeAlias

from torchlint.analysis.values.abstract import (
    UNKNOWN,
    Activation,
    Array,
    Const,
    Iteration,
    Library,
    LibraryMethod,
    Method,
    OneOf,
    Tensor,
    Tuple,
    Unknown,
    Value,
    each_of,
    storages_of,
)
from torchlint.analysis.values.buffers import fuller
from torchlint.analysis.values.origins import model_of
from torchlint.torch_api.dims import Shape

_MOST_ALTERNATIVES = 4
_MOST_STORAGES = 16
_TENSOR_FIELDS = tuple(f.name for f in fields(Tensor) if f.name not in {"shape", "tail", "activation", "inputs", "model", "storages"})
_ARRAY_FIELDS = tuple(f.name for f in fields(Array) if f.name != "shape")


_Joined: TypeAlias = dict[tuple[int, int], Value]


def join(left: Value, right: Value, known: _Joined | None = None) -> Value:
    """The value that is known to be one of the two; `known` are joins of tuples in them."""
    if left is right:
        return left
    match left, right:
        case Const(), Const():
            return left if left == right else UNKNOWN
        case Library(), Library() if left == right:
            return left
        case (Const(value=int() | float()) | Unknown(method="<number>")), Unknown(method="<sum>"):
            return right
        case Unknown(method="<sum>"), (Const(value=int() | float()) | Unknown(method="<number>")):
            return left
        case Unknown(method="<sum>", site=one), Unknown(method="<sum>", site=other) if one and other and one.node is other.node:
            return right
        case Unknown(), Unknown():
            return _unknown(left, right)
        case Tensor(), Tensor():
            return join_tensors(left, right)
        case Array(), Array():
            kept: dict[str, Any] = {name: _same(getattr(left, name), getattr(right, name)) for name in _ARRAY_FIELDS}
            return Array(**{**kept, "kind": left.kind}, shape=join_shapes(left.shape, right.shape)) if left.kind == right.kind else UNKNOWN
        case Tuple(), Tuple() if len(left.items) == len(right.items):
            known = {} if known is None else known
            pair = id(left), id(right)
            if pair not in known:
                items = tuple(join(a, b, known) for a, b in zip(left.items, right.items, strict=True))
                known[pair] = Tuple(items, fields=left.fields if left.fields == right.fields else ())
            return known[pair]
        case Iteration(), Iteration():
            return Iteration(join(left.element, right.element, known))
        case Method(), Method() if left.receiver is right.receiver and left.function is right.function:
            return left
    return _alternatives(left, right)


def join_slots(left: Any, right: Any) -> Any:
    """The join of what two arms left in a slot of a store: a value, or a container's plain contents."""
    if isinstance(left, Value) and isinstance(right, Value):
        return join(left, right)
    if left is right:
        return left
    if isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
        return tuple(map(join_slots, left, right))
    if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        return {key: join_slots(value, right[key]) for key, value in left.items()}
    return left if type(left) is type(right) and isinstance(left, bool | str) and left == right else None


def join_all(values: list[Value]) -> Value:
    """The join of any number of values; of none at all, unknown."""
    return reduce(join, values) if values else UNKNOWN


def join_tensors(left: Tensor, right: Tensor) -> Tensor:
    kept: dict[str, Any] = {name: _same(getattr(left, name), getattr(right, name)) for name in _TENSOR_FIELDS}
    kept["parameter"] = left.parameter and right.parameter
    return Tensor(
        shape=join_shapes(left.shape, right.shape),
        tail=_joined_tails(left, right),
        activation=join_activations(left.activation, right.activation) or fuller(left, right),
        model=_joined_models(left.model, right.model),
        inputs=left.inputs if left.inputs == right.inputs else (),
        storages=_joined_storages(left, right),
        **kept,
    )


def _unknown(left: Value, right: Value) -> Unknown:
    """Of two values nothing is known in common, but whose output they may be."""
    one, other = model_of(left), model_of(right)
    if one is None and other is None:
        return UNKNOWN
    model = _joined_models(one, other)
    grads = {each.grad for each in (left, right) if isinstance(each, Unknown) and each.method == "<model>"}
    return Unknown(None, "<model>", model, grads.pop() if len(grads) == 1 else None)


def _joined_models(left: Value | None, right: Value | None) -> Value | None:
    """The model that something may be the output of: the one, the other, or either."""
    if left is None or right is None or left is right:
        return right if left is None else left
    found = [*each_of(left), *(each for each in each_of(right) if not any(each is other for other in each_of(left)))]
    return left if len(found) == len(each_of(left)) else OneOf(tuple(found[:_MOST_ALTERNATIVES]))


def _joined_tails(left: Tensor, right: Tensor) -> Shape:
    """The last dims that two tensors have in common, where they do not have the same rank."""
    a, b = left.shape or left.tail, right.shape or right.tail
    if a is None or b is None or (left.shape is not None and right.shape is not None and len(left.shape) == len(right.shape)):
        return None
    least = min(len(a), len(b))
    return join_shapes(a[-least:], b[-least:]) if least else None


def _joined_storages(left: Tensor, right: Tensor) -> frozenset[Tensor]:
    both = storages_of(left) | storages_of(right)
    return both if len(both) <= _MOST_STORAGES else storages_of(left)


def join_shapes(left: Shape, right: Shape) -> Shape:
    if left is None or right is None or len(left) != len(right):
        return None
    return tuple(a if a == b else None for a, b in zip(left, right, strict=True))


def join_activations(left: Activation | None, right: Activation | None) -> Activation | None:
    return left if left is not None and left == right else None


def _same(left: object, right: object) -> object:
    return left if left is right or left == right else None


def _alternatives(left: Value, right: Value) -> Value:
    """Things with an identity stay apart in a small set; anything else that differs is unknown."""
    if isinstance(left, Unknown | LibraryMethod) or isinstance(right, Unknown | LibraryMethod):
        return _unknown(left, right)
    values = (*each_of(left), *each_of(right))
    if not all(map(_distinct, values)):
        return _unknown(left, right)
    found: list[Value] = []
    tensor: Tensor | None = None
    for value in values:
        if isinstance(value, Tensor):
            tensor = value if tensor is None else join_tensors(tensor, value)
        elif not any(value is other or (isinstance(value, Const | Library) and value == other) for other in found):
            found.append(value)
    if tensor is not None:
        found.append(tensor)
    if len(found) > _MOST_ALTERNATIVES:
        return _unknown(left, right)
    return found[0] if len(found) == 1 else OneOf(tuple(found))


def _distinct(value: Value) -> bool:
    return value.value is None if isinstance(value, Const) else not isinstance(value, Unknown | LibraryMethod)


def present(value: Value) -> Value:
    """The value with None left out, for uses in which None would have raised."""
    if isinstance(value, OneOf):
        rest = [each for each in value.alternatives if not (isinstance(each, Const) and each.value is None)]
        if len(rest) < len(value.alternatives):
            return rest[0] if len(rest) == 1 else OneOf(tuple(rest))
    return value
