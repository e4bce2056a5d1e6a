"""Lists, dicts, tuples and strings: their methods, and subscripts of all kinds."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.accumulation import gather
from torchlint.analysis.values.abstract import (
    NONE,
    UNKNOWN,
    Const,
    Dict,
    Instance,
    Iteration,
    List,
    Tuple,
    Value,
)
from torchlint.analysis.values.contents import MOST_SEEN, held_in
from torchlint.analysis.values.extent import unfolds_too_far
from torchlint.analysis.values.inspection import element_of, known_items, of_set
from torchlint.analysis.values.join import join, join_all
from torchlint.analysis.values.store import CHANGED_LATER, ELEMENT, ENTRIES, ITEMS, LAST, SEEN

_LONGEST = 4096


def list_method(
    machine: Machine, value: List, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    items = value.store.get(ITEMS)
    first = positional[0] if positional else UNKNOWN
    match name:
        case "add":
            _add(machine, value, first)
            return NONE
        case "append" | "appendleft":
            grow(machine, value, Tuple((first,)))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                gather(machine, node, node.func.value, first, node.args[0], value)
            return NONE
        case "extend":
            grow(machine, value, first)
            return NONE
        case "update":
            for each in positional:
                grow(machine, value, Iteration(element_of(each)))
            return NONE
        case "insert":
            note_last(machine, value, UNKNOWN)
            added = UNKNOWN if unfolds_too_far(positional[-1:], value.store) else positional[-1]
            machine.trail.set(value.store, ELEMENT, join(element_of(value), added) if items or items is None else added)
            machine.trail.set(value.store, ITEMS, None)
            return NONE
        case "pop" | "popleft":
            result = element_of(value)
            note_last(machine, value, UNKNOWN)
            if items and (not positional or positional[0] in (Const(-1), Const(0))):
                last = not positional or positional[0] == Const(-1)
                result = items[-1] if last else items[0]
                machine.trail.set(value.store, ITEMS, items[:-1] if last else items[1:])
            elif items is not None:
                _forget(machine, value)
            return result
        case "clear" if CHANGED_LATER not in value.store:
            note_last(machine, value, UNKNOWN)
            machine.trail.set(value.store, ITEMS, ())
            return NONE
        case "clear" | "reverse" | "sort" | "remove" | "discard":
            _forget(machine, value)
            return NONE
        case "copy":
            return List(dict(value.store), machine.site(node))
        case "index" | "count":
            return UNKNOWN
    return UNKNOWN


def _add(machine: Machine, value: List, added: Value) -> None:
    """A set gets an element, which it may have."""
    items = value.store.get(ITEMS)
    known = of_set((*items, added)) if items is not None else None
    if known is None:
        grow(machine, value, Iteration(added))
    elif len(known) > len(items or ()):
        grow(machine, value, Tuple((added,)))


def grow(machine: Machine, value: List, added: Value) -> None:
    """A list gets what an iterable holds."""
    items, more = value.store.get(ITEMS), known_items(added)
    note_held(value, held_in(added))
    if more != ():
        note_last(machine, value, more[-1] if more else UNKNOWN)
    if unfolds_too_far((added,), value.store):
        added, more = Iteration(UNKNOWN), None
    if items is not None and more is not None and len(items) + len(more) < _LONGEST:
        if more and (machine.arms or machine.frame.loops):
            # What the elements are outlives a join in which their number is lost.
            held = value.store.get(ELEMENT) or join_all(list(items)) if items else None
            machine.trail.set(value.store, ELEMENT, join_all([*([held] if held is not None else []), *more]))
        machine.trail.set(value.store, ITEMS, items + more)
        return
    if more == ():
        return
    element = element_of(added)
    before = element_of(value) if items is None or items else element
    machine.trail.set(value.store, ELEMENT, join(before, element))
    machine.trail.set(value.store, ITEMS, None)


def note_last(machine: Machine, value: List, last: Value) -> None:
    if LAST in value.store:
        machine.trail.set(value.store, LAST, last)


def _forget(machine: Machine, value: List) -> None:
    note_last(machine, value, UNKNOWN)
    machine.trail.set(value.store, ELEMENT, element_of(value))
    machine.trail.set(value.store, ITEMS, None)


def dict_method(
    machine: Machine, value: Dict, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    entries = value.store.get(ENTRIES)
    match name:
        case "keys":
            return Iteration(UNKNOWN) if entries is None else Tuple(tuple(Const(key) for key in entries))
        case "values":
            if entries is None:
                return List({ITEMS: None, ELEMENT: value.store.get(ELEMENT, UNKNOWN), SEEN: held_in(value)}, machine.site(node))
            return Tuple(tuple(entries.values()))
        case "items":
            if entries is None:
                return Iteration(Tuple((UNKNOWN, value.store.get(ELEMENT, UNKNOWN))))
            return Tuple(tuple(Tuple((Const(key), held)) for key, held in entries.items()))
        case "get" | "pop" | "setdefault":
            default = positional[1] if len(positional) > 1 else NONE
            key = positional[0] if positional else UNKNOWN
            result = entry(value, key, default)
            if not isinstance(key, Const) and entries is not None:
                result = join(result, default)
            if name == "setdefault" and not (entries is not None and isinstance(key, Const) and key.value in entries):
                note_held(value, (default,))
                machine.trail.set(value.store, ENTRIES, {**entries, key.value: default} if entries is not None and isinstance(key, Const) else None)
            if name == "pop":
                rest = {k: v for k, v in entries.items() if k != key.value} if entries is not None and isinstance(key, Const) else None
                machine.trail.set(value.store, ENTRIES, rest)
            return result
        case "update":
            more = positional[0].store.get(ENTRIES) if positional and isinstance(positional[0], Dict) else None if positional else {}
            merged = None if entries is None or more is None else {**entries, **more, **keywords}
            if unfolds_too_far((*positional, *keywords.values()), value.store):
                merged = None
            note_held(value, [each for given in (*positional, Tuple(tuple(keywords.values()))) for each in held_in(given)])
            machine.trail.set(value.store, ENTRIES, merged)
            return NONE
        case "copy":
            return Dict(dict(value.store), machine.site(node))
        case "clear" if CHANGED_LATER not in value.store:
            machine.trail.set(value.store, ENTRIES, {})
            return NONE
        case "clear" | "popitem":
            machine.trail.set(value.store, ENTRIES, None)
            return UNKNOWN
    return UNKNOWN


def entry(value: Dict, key: Value, default: Value) -> Value:
    entries = value.store.get(ENTRIES)
    if entries is None:
        return UNKNOWN
    if isinstance(key, Const):
        try:
            return entries.get(key.value, default)  # type: ignore[no-any-return]
        except TypeError:
            return UNKNOWN
    return join_all(list(entries.values()))


def note_held(container: List | Dict | Instance, values: Sequence[Value]) -> None:
    """Note what a container may come to hold on some way through the program; ways that meet forget its order."""
    if SEEN not in container.store:
        container.store[SEEN] = held_in(container)
    seen = container.store[SEEN]
    seen.extend(value for value in values if not isinstance(value, Const) and len(seen) < MOST_SEEN)


