"""Python's own functions and standard containers, over abstract values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torchlint.analysis.library.handlers import LibraryCall, handles
from torchlint.analysis.library.torch.checkpoints import set_attribute
from torchlint.analysis.library.torch.shapes import dim_value
from torchlint.analysis.library.torch.tensors import operate
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
    NONE,
    TRUE,
    UNKNOWN,
    Const,
    Dict,
    Instance,
    Iteration,
    Library,
    List,
    Partial,
    Size,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.checkpoints import is_state
from torchlint.analysis.values.contents import held_in
from torchlint.analysis.values.inspection import (
    counted,
    element_of,
    known_items,
    of_set,
    origin_of,
    uncounted,
)
from torchlint.analysis.values.join import join_all
from torchlint.analysis.values.records import record_type
from torchlint.analysis.values.store import DRAWN, ELEMENT, ENTRIES, ITEMS, LAST, SET_BY_NAME

_ROUNDS = 64


def call_builtin(
    machine: Machine, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    if name in ("exit", "quit"):
        return UNKNOWN
    if name in ("int", "float", "bool", "str") and len(positional) == 1:
        return _convert(machine, name, positional[0], node)
    if name in ("Exception", "object"):
        return Unknown(machine.site(node))
    if name == "print":
        return NONE
    return Unknown(machine.site(node), name, positional[0] if positional else None)


def _convert(machine: Machine, name: str, value: Value, node: ast.AST) -> Value:
    if name == "int" and isinstance(value, Size):
        return value
    if not isinstance(value, Const):
        machine.ends(value, node)
        return Unknown(machine.site(node), name, value)
    try:
        return Const({"int": int, "float": float, "bool": bool, "str": str}[name](value.value))
    except (TypeError, ValueError, OverflowError):
        return UNKNOWN


@handles("builtins.len")
def _len(call: LibraryCall) -> Value:
    value = call.first
    items = known_items(value)
    if items is not None and not isinstance(value, Const):
        return Const(len(items))
    if isinstance(value, Tensor) and value.shape:
        return dim_value(value.shape[0])
    return Unknown(call.machine.site(call.node), "len", value)


@handles("builtins.range")
def _range(call: LibraryCall) -> Value:
    positional = call.positional
    if all(isinstance(each, Const) and isinstance(each.value, int) for each in positional) and positional:
        numbers = [each.value for each in positional if isinstance(each, Const)]
        try:
            span = range(*numbers)
        except (TypeError, ValueError):
            return Iteration(UNKNOWN)
        if len(span) <= _ROUNDS:
            return Tuple(tuple(map(Const, span)))
    return Iteration(UNKNOWN, counted(positional))


@handles("builtins.enumerate")
def _enumerate(call: LibraryCall) -> Value:
    positional = call.positional
    source = positional[0] if positional else UNKNOWN
    items = known_items(source)
    start = positional[1] if len(positional) > 1 else call.keywords.get("start", Const(0))
    if items is not None and isinstance(start, Const) and isinstance(start.value, int):
        return Tuple(tuple(Tuple((Const(index), item)) for index, item in enumerate(items, start.value)))
    origin = origin_of(source)
    return Iteration(Tuple((Unknown(None, "<index>", origin), call.machine.iterated(source, call.node))), origin)


@handles("builtins.zip")
def _zip(call: LibraryCall) -> Value:
    positional = call.positional
    known = [known_items(value) for value in positional]
    if known and all(items is not None for items in known):
        return Tuple(tuple(Tuple(row) for row in zip(*(items or () for items in known), strict=False)))
    return Iteration(Tuple(tuple(call.machine.iterated(value, call.node) for value in positional)), origin_of(positional[0]) if positional else None)


@handles("itertools.chain")
def _chain(call: LibraryCall) -> Value:
    known = [known_items(value) for value in call.positional]
    if all(items is not None for items in known):
        return Tuple(tuple(item for items in known for item in items or ()))
    return Iteration(join_all([call.machine.iterated(value, call.node) for value in call.positional]))


@handles("itertools.chain.from_iterable")
def _chain_from_iterable(call: LibraryCall) -> Value:
    parts = known_items(call.positional[0]) if call.positional else None
    return _chain(call.given(parts)) if parts is not None else UNKNOWN


@handles("builtins.list", "builtins.set")
def _list(call: LibraryCall) -> Value:
    machine, positional, node = call.machine, call.positional, call.node
    if not positional:
        return List({ITEMS: (), LAST: UNKNOWN}, machine.site(node))
    items = known_items(positional[0])
    _drawn_from(machine, positional[0])
    if items is not None and call.name == "builtins.set" and (items := of_set(items)) is None:
        return List(uncounted((positional[0],)), machine.site(node))
    return List({ITEMS: items, ELEMENT: machine.iterated(positional[0], node) if items is None else UNKNOWN}, machine.site(node))


@handles("builtins.sorted")
def _sorted(call: LibraryCall) -> Value:
    machine, positional, node = call.machine, call.positional, call.node
    items = known_items(positional[0]) if positional else None
    numbers = [each for each in items or () if isinstance(each, Const) and isinstance(each.value, int | float)]
    if items is not None and len(numbers) == len(items) and not call.keywords:
        return List({ITEMS: tuple(sorted(numbers, key=lambda each: each.value)), ELEMENT: UNKNOWN}, machine.site(node))
    # The order is not known, and with it no single element.
    held = join_all(list(items)) if items else machine.iterated(positional[0], node) if positional else UNKNOWN
    return List({ITEMS: None, ELEMENT: held}, machine.site(node))


@handles("builtins.reversed")
def _reversed(call: LibraryCall) -> Value:
    positional = call.positional
    items = known_items(positional[0]) if positional else None
    return Tuple(items[::-1]) if items is not None else Iteration(element_of(positional[0]) if positional else UNKNOWN)


@handles("builtins.tuple")
def _tuple(call: LibraryCall) -> Value:
    positional = call.positional
    items = known_items(positional[0]) if positional else ()
    return Tuple(items) if items is not None else Iteration(call.machine.iterated(positional[0], call.node))


@handles("builtins.dict")
def _dict(call: LibraryCall) -> Value:
    entries: Any = {}
    element: Value = UNKNOWN
    if call.positional:
        given = call.positional[0]
        if is_state(given):
            return given
        if isinstance(given, Dict):
            entries, element = given.store.get(ENTRIES), given.store.get(ELEMENT, UNKNOWN)
        else:
            pairs = known_items(given)
            keyed = pairs is not None and all(isinstance(p, Tuple) and len(p.items) == 2 and isinstance(p.items[0], Const) for p in pairs)
            entries = {p.items[0].value: p.items[1] for p in pairs} if keyed and pairs is not None else None  # type: ignore[attr-defined]
            pair = element_of(given)
            element = pair.items[1] if isinstance(pair, Tuple) and len(pair.items) == 2 else UNKNOWN
    merged = None if entries is None else {**entries, **call.keywords}
    return Dict({ENTRIES: merged, ELEMENT: element if merged is None else UNKNOWN}, call.machine.site(call.node))


@handles("typing.cast")
def _cast(call: LibraryCall) -> Value:
    return call.positional[1] if len(call.positional) == 2 else call.keywords.get("val", UNKNOWN)


@handles("collections.OrderedDict")
def _ordered_dict(call: LibraryCall) -> Value:
    return _dict(call)


@handles("collections.defaultdict")
def _defaultdict(call: LibraryCall) -> Value:
    return Dict({ENTRIES: None, ELEMENT: UNKNOWN}, call.machine.site(call.node))


@handles("collections.deque")
def _deque(call: LibraryCall) -> Value:
    return List({ITEMS: None, ELEMENT: UNKNOWN}, call.machine.site(call.node))


@handles("collections.namedtuple")
def _namedtuple(call: LibraryCall) -> Value:
    return record_type(call.positional, call.keywords) or UNKNOWN


@handles("functools.partial")
def _partial(call: LibraryCall) -> Value:
    positional = call.positional
    return Partial(positional[0], tuple(positional[1:]), dict(call.keywords)) if positional else UNKNOWN


@handles("functools.wraps")
def _wraps(call: LibraryCall) -> Value:
    return Library("torchlint.identity")


@handles("torchlint.identity")
def _identity(call: LibraryCall) -> Value:
    return call.first


@handles("builtins.getattr")
def _getattr(call: LibraryCall) -> Value:
    machine, positional, node = call.machine, call.positional, call.node
    if len(positional) >= 2 and isinstance(positional[1], Const) and isinstance(positional[1].value, str):
        value = positional[0]
        if isinstance(value, Instance) and positional[1].value not in value.store and len(positional) == 3:
            return Unknown(machine.site(node))
        return machine.attribute(value, positional[1].value, node)
    return Unknown(machine.site(node), "getattr", positional[0] if positional else None)


@handles("builtins.setattr")
def _setattr(call: LibraryCall) -> Value:
    positional = call.positional
    if len(positional) == 3:
        if isinstance(positional[1], Const) and isinstance(positional[1].value, str):
            set_attribute(call.machine, positional[0], positional[1].value, positional[2], call.node)
        elif isinstance(positional[0], Instance):
            call.machine.trail.set(positional[0].store, SET_BY_NAME, TRUE)
    return NONE


@handles("builtins.next")
def _next(call: LibraryCall) -> Value:
    machine, positional = call.machine, call.positional
    for each in positional[:1]:
        _drawn_from(machine, each)
    return machine.iterated(positional[0], call.node) if positional else UNKNOWN


def _drawn_from(machine: Machine, value: Value) -> None:
    """Batches are taken out of a loader one by one, for a look."""
    source = origin_of(value)
    if isinstance(source, Instance) and source.cls == "torch.utils.data.DataLoader":
        machine.trail.set(source.store, DRAWN, TRUE)


@handles("builtins.iter")
def _iter(call: LibraryCall) -> Value:
    value = call.first
    return value if isinstance(value, Iteration) else Iteration(call.machine.iterated(value, call.node), origin_of(value))


@handles("builtins.map")
def _map(call: LibraryCall) -> Value:
    machine, positional, node = call.machine, call.positional, call.node
    if len(positional) < 2:
        return UNKNOWN
    items = known_items(positional[1])
    if items is not None and len(positional) == 2:
        return Tuple(tuple(machine.call(positional[0], (item,), {}, node) for item in items[:_ROUNDS]))
    return Iteration(machine.call(positional[0], tuple(machine.iterated(value, node) for value in positional[1:]), {}, node))


@handles("builtins.filter")
def _filter(call: LibraryCall) -> Value:
    positional = call.positional
    return Iteration(element_of(positional[1]), origin_of(positional[1])) if len(positional) == 2 else UNKNOWN


@handles("builtins.sum")
def _sum(call: LibraryCall) -> Value:
    machine, positional, node = call.machine, call.positional, call.node
    element = element_of(positional[0]) if positional else UNKNOWN
    if isinstance(element, List):
        return List(uncounted(held_in(positional[0])), machine.site(node))
    if not isinstance(element, Tensor):
        return Unknown(machine.site(node), "sum", positional[0] if positional else element)
    result = operate(machine, "torch.add", (element, element), {}, node, quiet=True)
    return replace(result, inputs=(positional[0],)) if isinstance(result, Tensor) else result


@handles("builtins.max")
def _max(call: LibraryCall) -> Value:
    return _extreme(call.machine, max, call.positional, call.node)


@handles("builtins.min")
def _min(call: LibraryCall) -> Value:
    return _extreme(call.machine, min, call.positional, call.node)


def _extreme(machine: Machine, choose: Callable[[list[Any]], Any], positional: Sequence[Value], node: ast.AST) -> Value:
    items = known_items(positional[0]) if len(positional) == 1 else tuple(positional)
    if items and all(isinstance(item, Const) and isinstance(item.value, int | float) for item in items):
        return Const(choose([item.value for item in items if isinstance(item, Const)]))
    return Unknown(machine.site(node))
