"""What can be asked of any value: whether it is true, what it holds, what iterating gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torchlint.analysis.values.abstract import (
    FALSE,
    NONE,
    TRUE,
    UNKNOWN,
    Class,
    Const,
    Dict,
    Function,
    Instance,
    Iteration,
    Library,
    LibraryMethod,
    List,
    Method,
    OneOf,
    Partial,
    ProjectFile,
    RecordType,
    ShapeOf,
    Size,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import is_module
from torchlint.analysis.values.contents import MOST_SEEN, held_in
from torchlint.analysis.values.join import join_all
from torchlint.analysis.values.store import ELEMENT, ENTRIES, ITEMS, LAST, SEEN, Store
from torchlint.torch_api.binding import is_public
from torchlint.torch_api.dtypes import dtype_of

# How many terms of a sum are looked at.
_LONGEST_SUM = 64


def origin_of(value: Value) -> Value:
    """What is gone through in the end: the loader inside `enumerate(tqdm(loader))`."""
    return value.source if isinstance(value, Iteration) and value.source is not None else value


def counted(numbers: Sequence[Value]) -> Value | None:
    """What is gone through by number in `range(len(data))`, or a part of it at a time in `range(len(data) // 8)`."""
    pending, looked_at = list(reversed(numbers)), 0
    while pending and looked_at < _LONGEST_SUM:
        looked_at += 1
        match pending.pop():
            case Unknown(method="len", receiver=Value() as data) if not _of_modules(data):
                return data
            case Unknown(method="<sum>" | "<product>", receiver=Tuple(items=items)):
                pending.extend(reversed(items))
            case Unknown(method="int", receiver=Value() as part):
                pending.append(part)
    return None


def _of_modules(data: Value) -> bool:
    return is_module(data) or is_module(element_of(data))


def truth(value: Value) -> bool | None:
    """Whether a value counts as true; None where that depends on what is not known."""
    match value:
        case Const():
            return bool(value.value)
        case Unknown():
            return None
        case Tuple():
            return bool(value.items)
        case List():
            items = value.store.get(ITEMS)
            return None if items is None else bool(items)
        case Dict():
            entries = value.store.get(ENTRIES)
            return None if entries is None else bool(entries)
        case Function() | Method():
            function = value.function if isinstance(value, Method) else value
            return True if all(map(_gives_function, function.decorators)) else None
        case Class() | Partial() | RecordType() | ProjectFile():
            return True
        case Library() if is_public(value.name):
            return True
        case LibraryMethod() if isinstance(value.receiver, Tensor):
            return True
        case Instance() if value.cls == "torch.Loaded":
            return None
        case Instance() if value.library_name or "__len__" not in value.store:
            return True if value.library_name and ITEMS not in value.store else None
    return None


def _gives_function(decorator: Value) -> bool:
    """Whether what a decorator makes of a function is one for certain: others may make a property of it."""
    name = decorator.name if isinstance(decorator, Library) else decorator.cls if isinstance(decorator, Instance) else None
    return isinstance(name, str) and name.startswith(("torch.", "builtins.", "abc."))


def both(left: Value, right: Value) -> Value:
    """Whether two things both count as true."""
    known = truth(left), truth(right)
    if False in known:
        return FALSE
    return TRUE if known == (True, True) else UNKNOWN


def contains(item: Value, container: Value, positive: bool) -> Value:
    """Whether something is in a container, or (not `positive`) is not."""
    if isinstance(item, Library):
        verdicts = [same_thing(item, each) for each in known_items(container) or (UNKNOWN,)]
        return Const(positive) if True in verdicts else UNKNOWN if None in verdicts else Const(not positive)
    if not isinstance(item, Const):
        return UNKNOWN
    if isinstance(container, Dict):
        entries = container.store.get(ENTRIES)
        return UNKNOWN if entries is None else Const((item.value in entries) is positive)
    if isinstance(container, Instance) and isinstance(container.store.get("state"), dict):
        return Const((item.value in container.store["state"]) is positive)
    items = known_items(container)
    if items is None or not all(isinstance(each, Const) for each in items):
        return UNKNOWN
    return Const((item in items) is positive)


def may_be_none(value: Value) -> bool:
    match value:
        case OneOf():
            return any(may_be_none(each) or each == NONE for each in value.alternatives)
        case Unknown():
            return True
        case LibraryMethod():
            return not isinstance(value.receiver, Tensor)
        case Instance():
            return value.cls == "torch.Loaded"
        case Library():
            return not value.name.startswith(("torch", "builtins"))
    return False


def known_items(value: Value) -> tuple[Value, ...] | None:
    """The elements of an iterable, if it is known just which they are."""
    match value:
        case Tuple():
            return value.items
        case List():
            items: tuple[Value, ...] | None = value.store.get(ITEMS)
            return items
        case Dict():
            entries = value.store.get(ENTRIES)
            return None if entries is None else tuple(Const(key) for key in entries)
        case Const() if isinstance(value.value, str) and len(value.value) < 64:
            return tuple(Const(letter) for letter in value.value)
        case Instance() if value.library_name and ITEMS in value.store:
            held: tuple[Value, ...] | None = value.store[ITEMS]
            return held
    return None


def element_of(value: Value) -> Value:
    """What one gets by iterating over a value, or UNKNOWN."""
    match value:
        case Iteration():
            return value.element
        case Dict():
            return UNKNOWN
        case OneOf():
            return join_all([element_of(each) for each in value.alternatives])
    items = known_items(value)
    if items is not None:
        return join_all(list(items))
    match value:
        case List():
            element: Value = value.store.get(ELEMENT, UNKNOWN)
            return element
        case Instance() if ITEMS in value.store:
            held: Value = value.store.get(ELEMENT, UNKNOWN)
            return held
    return UNKNOWN


def uncounted(parts: Sequence[Value]) -> Store:
    """The store of a list that has the elements of all these, in a number that is not known."""
    seen = [each for part in parts for each in held_in(part) if not isinstance(each, Const)]
    element = join_all([element_of(part) for part in parts if known_items(part) != ()])
    return {ITEMS: None, ELEMENT: element, SEEN: seen[:MOST_SEEN]}


def of_set(items: tuple[Value, ...]) -> tuple[Value, ...] | None:
    """The elements of a set that is given these; None where some of them may be the same."""
    plain = [each for each in items if isinstance(each, Const | Library | Class)]
    others = {id(each): each for each in items if isinstance(each, Tensor | Instance | Function)}
    if len(items) > 1 and len(plain) + sum(id(each) in others for each in items) < len(items):
        return None
    return tuple(dict.fromkeys(plain)) + tuple(others.values()) if len(items) > 1 else items


def last_of(parts: Sequence[Value]) -> Value:
    """The last element of the last of several iterables, or UNKNOWN."""
    last = parts[-1]
    items = known_items(last)
    if items is not None:
        return items[-1] if items else UNKNOWN
    return last.store.get(LAST, UNKNOWN) if isinstance(last, List) else UNKNOWN


def shape_value(tensor: Tensor) -> Value:
    """`tensor.shape`."""
    if tensor.shape is None:
        return ShapeOf(tensor)
    return Tuple(tuple(dim_value(dim) for dim in tensor.shape), shape_of=tensor)


def dim_value(dim: Any) -> Value:
    return UNKNOWN if dim is None else Const(dim) if isinstance(dim, int) else Size(dim)


def whole_number(value: Value | None) -> int | None:
    """A known whole number, None for anything else."""
    return value.value if isinstance(value, Const) and isinstance(value.value, int) else None


def same_thing(left: Value, right: Value) -> bool | None:
    """Whether two things of a library are one: torch's dtypes are told apart by any of their names; None where it is not known."""
    if not isinstance(left, Library) or not isinstance(right, Library):
        return None
    one, other = (dtype_of(each.name) if each.name.startswith("torch.") else None for each in (left, right))
    return True if left == right else None if one is None or other is None else one == other


def contents(value: Value, depth: int = 3) -> list[Value]:
    """What nested lists and tuples hold in the end; for a list of unknown length, what each of its elements is."""
    if depth == 0 or not isinstance(value, List | Tuple):
        return [value]
    items = known_items(value)
    if items is None:
        items = (value.store.get(ELEMENT, UNKNOWN),) if isinstance(value, List) else ()
    return [each for item in items[:64] for each in contents(item, depth - 1)]
