"""Classes of the program: their bases in order, what is found on them, whether they are modules."""

from __future__ import annotations

import ast
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from torchlint.analysis.values.abstract import (
    UNKNOWN,
    Class,
    Frame,
    Function,
    Instance,
    Library,
    Lineage,
    OneOf,
    Value,
    each_of,
)
from torchlint.analysis.values.store import ENTRIES, IS_MODULE, ITEMS, LAST, SCRIPTED, SEEN
from torchlint.analysis.values.trail import Trail
from torchlint.syntax.index import below
from torchlint.torch_api.layers import Layer, is_module_class, layer

# Of how many bases a class is known to have them; what it has behind those is not known.
_MOST_BASES = 64


def linear_bases(cls: Class) -> tuple[Value, ...]:
    """The class and its bases in the order in which Python looks attributes up.

    Source: https://docs.python.org/3/howto/mro.html
    """
    return lineage(cls).order


def lineage(cls: Class) -> Lineage:
    if not cls.lineage:
        order = tuple(islice(_order(cls), _MOST_BASES))
        order = order if len(order) < _MOST_BASES else (*order, UNKNOWN)
        libraries = tuple(base.name for base in order if isinstance(base, Library))
        cls.lineage.append(Lineage(order, libraries, any(map(is_module_class, libraries))))
    return cls.lineage[0]


def _order(cls: Class) -> Iterator[Value]:
    """The linearization of a class by C3, from those of its bases; where there is none, the bases one after another."""
    yield cls
    value: Value = cls
    while isinstance(value, Class) and len(value.bases) == 1:
        value = _one(value.bases[0])
        yield value
    if isinstance(value, Class) and value.bases:
        yield from _merged([_one(base) for base in value.bases])


def _merged(bases: Sequence[Value]) -> Iterator[Value]:
    """The orders of several bases and the bases themselves, merged: first what stands behind nothing else."""
    orders = [deque(linear_bases(base) if isinstance(base, Class) else (base,)) for base in bases]
    orders.append(deque(bases))
    behind = Counter(_identity(each) for order in orders for each in islice(order, 1, None))
    while orders := [order for order in orders if order]:
        head = next((order[0] for order in orders if not behind[_identity(order[0])]), orders[0][0])
        yield head
        for order in orders:
            _leave_out(order, _identity(head), behind)


def _leave_out(order: deque[Value], taken: int, behind: Counter[int]) -> None:
    """Take something out of an order, at its head or, where bases contradict each other, behind it as well."""
    if behind[taken] and any(_identity(each) == taken for each in islice(order, 1, None)):
        kept = [order[0], *(each for each in islice(order, 1, None) if _identity(each) != taken)]
        behind[taken] -= len(order) - len(kept)
        order.clear()
        order.extend(kept)
    if _identity(order[0]) == taken:
        order.popleft()
        if order:
            behind[_identity(order[0])] -= 1


def _one(base: Value) -> Value:
    return base.alternatives[0] if isinstance(base, OneOf) else base


def _identity(value: Value) -> int:
    return id(value.node) if isinstance(value, Class) else hash(value)


def library_bases(cls: Class) -> tuple[str, ...]:
    """The qualified names of the classes of packages that a class derives from at any distance."""
    return lineage(cls).libraries


def opaque_base(cls: Class) -> bool:
    """Whether a class derives from something of which nothing is known."""
    return any(not isinstance(base, Class | Library) for base in linear_bases(cls))


def find(cls: Class, name: str, after: Class | None = None) -> Value | None:
    """The attribute of that name in the class or its bases; with `after`, in those behind it."""
    skipping = after is not None
    for base in linear_bases(cls):
        if not isinstance(base, Class):
            if name == "__init__" and not skipping and isinstance(base, Library) and is_module_class(base.name):
                # The chain of inits ends with torch's own.
                return None
            continue
        if skipping:
            skipping = base.node is not after.node if after else False
            continue
        found = base.namespace.get(name)
        if isinstance(found, Value):
            return found
    return None


def accessor(cls: Class | str, kind: str, name: str) -> Function | None:
    """The "setter" or "deleter" of a property of a class, or of a base from which it has that property."""
    for base in linear_bases(cls) if isinstance(cls, Class) else ():
        if isinstance(base, Class) and name in base.namespace:
            found = base.namespace.get((kind, name))
            return found if isinstance(found, Function) else None
    return None


def is_module_type(cls: Class | str) -> bool:
    """Whether the instances of a class are nn.Modules."""
    if isinstance(cls, str):
        return is_module_class(cls)
    return lineage(cls).is_module


def is_module(value: Value | None) -> bool:
    return isinstance(value, Instance) and (is_module_type(value.cls) or IS_MODULE in value.store)


def modules_of(value: Value) -> list[Instance]:
    """The modules that a value is, one of them for certain; none where it may be something else."""
    modules = [each for each in each_of(value) if isinstance(each, Instance) and is_module(each)]
    return modules if len(modules) == len(each_of(value)) else []


def layer_of(value: Value | None) -> Layer | None:
    """torch.nn's class of which a value is an instance, directly or by inheritance."""
    if not isinstance(value, Instance):
        return None
    if isinstance(value.cls, str):
        return layer(value.cls)
    for name in library_bases(value.cls):
        found = layer(name)
        if found is not None:
            return found
    return None


def is_buffer(module: Instance, name: str) -> bool:
    """Whether `register_buffer` was called with that name, on some way at least."""
    return ("buffer", name) in module.store


def children(value: Value) -> Iterator[tuple[str, Instance]]:
    """The sub-modules that a module registers, by name."""
    if not isinstance(value, Instance):
        return
    for name, held in _named_contents(value):
        for each in held.alternatives if isinstance(held, OneOf) else (held,):
            if isinstance(each, Instance) and is_module(each):
                yield name, each


def _named_contents(value: Instance) -> Iterator[tuple[str, Any]]:
    """What an instance holds under its attributes and, where it is a container, under indices and keys."""
    counted = value.store.get(ITEMS) is not None or value.store.get(ENTRIES) is not None
    for name, held in list(value.store.items()):
        if name is LAST:
            continue
        if name is ITEMS and isinstance(held, tuple):
            yield from ((str(index), each) for index, each in enumerate(held))
        elif name is ENTRIES and isinstance(held, dict):
            yield from ((str(key), each) for key, each in held.items())
        elif name is SEEN:
            yield from ((str(name), each) for each in held if not counted)
        else:
            yield str(name), held


def named_modules(value: Instance, prefix: str = "") -> Iterator[tuple[str, Instance]]:
    """A module and all modules below it, each once, by the names that `named_modules` of torch gives them."""
    seen: set[int] = set()
    pending = [(prefix, value)]
    while pending:
        name, each = pending.pop()
        if id(each.store) in seen:
            continue
        seen.add(id(each.store))
        yield name, each
        written = {id(held.store): key[1] for key, held in each.store.items() if isinstance(key, tuple) and key[0] == "name" and isinstance(held, Instance)}
        inner = [(written.get(id(child.store), own), child) for own, child in children(each)]
        pending.extend((f"{name}.{own}" if name else own, child) for own, child in reversed(inner))


def descendants(value: Value) -> Iterator[Instance]:
    """A module and all modules below it, each once."""
    seen: set[int] = set()
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, Instance) and id(each.store) not in seen:
            seen.add(id(each.store))
            yield each
            pending.extend(child for _, child in children(each))


def mode_unknown(trail: Trail, module: Value) -> None:
    """Whether a module and those below it are in training mode is not known."""
    for each in descendants(module) if is_module(module) else ():
        if each.store.get("training", True) is not None:
            trail.set(each.store, "training", None)


def decorated(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, name: str) -> bool:
    """Whether a function carries a plain decorator of that name (`staticmethod`, `x.setter` by "setter")."""
    for decorator in getattr(node, "decorator_list", ()):
        if isinstance(decorator, ast.Name) and decorator.id == name:
            return True
        if isinstance(decorator, ast.Attribute) and decorator.attr == name:
            return True
    return False


def method_kind(function: Function) -> str:
    """How a function found on a class is bound: "static", "class", "property" or "plain"."""
    if isinstance(function.node, ast.Lambda):
        return "plain"
    for kind, names in (
        ("static", ("staticmethod",)),
        ("class", ("classmethod",)),
        ("property", ("property", "cached_property", "lazy_property", "abstractproperty")),
    ):
        if any(decorated(function.node, name) for name in names):
            return kind
    return "plain"


def is_scripted(module: Instance) -> bool:
    """Whether a module was given to torch.jit.script, which runs `forward` as compiled code."""
    return SCRIPTED in module.store


def assigned_later(cls: Class) -> frozenset[str]:
    """The attributes that methods other than `__init__` assign on self, those of its bases included."""
    return frozenset[str]().union(*(_own_assigned(base.node) for base in linear_bases(cls) if isinstance(base, Class)))


@lru_cache(maxsize=4096)
def _own_assigned(cls: ast.ClassDef) -> frozenset[str]:
    names: set[str] = set()
    for node in cls.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "__init__":
            for each in below(node, ast.Attribute):
                if isinstance(each.ctx, ast.Store) and isinstance(each.value, ast.Name) and each.value.id == "self":
                    names.add(each.attr)
            for call in below(node, ast.Call):
                if isinstance(call.func, ast.Attribute) and call.func.attr in ("register_buffer", "register_parameter") and call.args and isinstance(call.args[0], ast.Constant):
                    names.add(str(call.args[0].value))
    return frozenset(names)


def changed_later(cls: Class) -> frozenset[str]:
    """The containers on self into which methods other than `__init__` put something, or take it out; those of its bases included."""
    return frozenset[str]().union(*(_own_changed_later(base.node) for base in linear_bases(cls) if isinstance(base, Class)))


@lru_cache(maxsize=4096)
def _own_changed_later(cls: ast.ClassDef) -> frozenset[str]:
    methods = [each for each in cls.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name != "__init__"]
    held = [each for method in methods for each in changed_containers(method) if isinstance(each, ast.Attribute)]
    return frozenset(each.attr for each in held if isinstance(each.value, ast.Name) and each.value.id == "self")


# Methods that change a container in place.
_CHANGE = frozenset("append extend insert remove pop popitem clear update add discard setdefault appendleft sort reverse".split())


def shared_changed(cls: Class) -> frozenset[str]:
    """The attributes that methods assign on the class, or change in place: each object of the class sees what others did."""
    return frozenset[str]().union(*(_own_shared_changed(base.node) for base in linear_bases(cls) if isinstance(base, Class)))


@lru_cache(maxsize=4096)
def _own_shared_changed(cls: ast.ClassDef) -> frozenset[str]:
    names: set[str] = set()
    for method in cls.body:
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            assigned = [each for each in below(method, ast.Attribute) if isinstance(each.ctx, ast.Store)]
            names.update(each.attr for each in assigned if not (isinstance(each.value, ast.Name) and each.value.id == "self"))
            names.update(each.attr for each in changed_containers(method) if isinstance(each, ast.Attribute))
    return frozenset(names)


@lru_cache(maxsize=4096)
def changed_containers(function: ast.AST) -> tuple[ast.Name | ast.Attribute, ...]:
    """What a function puts something into, or takes something out of: `seen` of `seen.append(x)`, `self.cache` of `self.cache[k] = x`."""
    written = [each.value for each in below(function, ast.Subscript) if isinstance(each.ctx, ast.Store | ast.Del)]
    called = [each.value for each in below(function, ast.Attribute) if each.attr in _CHANGE]
    return tuple(each for each in (*written, *called) if isinstance(each, ast.Name | ast.Attribute))


def running_forward(frame: Frame | None) -> Frame | None:
    """The innermost running `forward` of a module that this frame is, or is called by."""
    while frame is not None:
        function = frame.function
        if function is not None and function.name == "forward" and is_module(frame.receiver):
            return frame
        frame = frame.caller
    return None
