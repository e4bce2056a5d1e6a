"""Which of a module's layers were made while it runs, and so anew at every call."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from torchlint.analysis.values.abstract import (
    FALSE,
    Const,
    Dict,
    Frame,
    Function,
    Instance,
    Library,
    List,
    OneOf,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import descendants, layer_of
from torchlint.analysis.values.site import Site
from torchlint.analysis.values.store import ELEMENT, ENTRIES, FROM_FILE, ITEMS
from torchlint.analysis.values.written.guards import conditions, inside, switched_by_mode, way
from torchlint.syntax.index import below

_UNTOUCHED = ("weight", "bias")
# What is read of something to put a thing there.
_KEEPING = frozenset({"setdefault", "__setattr__", "__dict__", "add_module", "register_module", "append", "add", "update", "extend", "insert"})
# Packages whose decorators run the function at every call.
_RUN_EACH_TIME = ("torch.", "builtins.", "abc.", "typing.", "typing_extensions.", "warnings.", "contextlib.")


def within(frame: Frame | None, outer: Frame) -> bool:
    """Whether a frame is `outer`, or runs inside it."""
    while frame is not None:
        if frame is outer:
            return True
        frame = frame.caller
    return False


def stateful(module: Instance) -> bool:
    """Whether a single layer has weights, running statistics or a mode of its own (what it holds left out)."""
    return weighted(module) or _moded(module)


def weighted(module: Instance) -> bool:
    """Whether a single layer has weights of its own (what it holds left out)."""
    if any(isinstance(held, Tensor) and held.parameter and name not in _UNTOUCHED for name, held in module.store.items()):
        return True
    layer = layer_of(module)
    if layer is None or not layer.parameters:
        return False
    return FALSE not in (module.arguments.get("elementwise_affine"), *(() if layer.moded else (module.arguments.get("affine"),)))


def _moded(module: Instance) -> bool:
    layer = layer_of(module)
    if layer is None or not layer.moded:
        return False
    rate = module.arguments.get("p", module.arguments.get(0))
    return not (isinstance(rate, Const) and rate.value == 0)


def touched(module: Instance) -> bool:
    """Whether the program itself looked at or set a layer's weights."""
    return any(name in module.store for name in (*_UNTOUCHED, FROM_FILE))


def made_anew(module: Instance, outer: Frame) -> Iterator[Instance]:
    """The layers with a state, of a module and below it, that were made while `outer` ran, without a condition that keeps them."""
    for each in descendants(module):
        if each.made_in is None or each.site is None or not within(each.made_in, outer):
            continue
        if not stateful(each) or touched(each):
            continue
        if not weighted(each) and _switched(each, outer):
            continue
        if any(keeps_results(decorator) for decorator in _decorators(each.made_in, outer)):
            continue
        yield each


def _decorators(frame: Frame | None, outer: Frame) -> Iterator[Value]:
    """The decorators of the functions that run inside `outer`."""
    while frame is not None and frame is not outer:
        if frame.function is not None:
            yield from frame.function.decorators
        frame = frame.caller


def keeps_results(decorator: Value) -> bool:
    """Whether a decorator may keep what the function gave, to give it out again: caches, lazy properties, singletons."""
    match decorator:
        case Library(name=name) | Instance(cls=str(name)):
            return not name.startswith(_RUN_EACH_TIME)
        case Function():
            return any(map(_keeps, below(decorator.node, ast.Attribute, ast.Subscript, ast.Name, ast.Nonlocal, ast.Global)))
    return True


def _keeps(node: ast.AST) -> bool:
    """Whether an expression writes to something that is still there at the next call."""
    match node:
        case ast.Attribute(attr=name):
            return isinstance(node.ctx, ast.Store) or name in _KEEPING
        case ast.Subscript():
            return isinstance(node.ctx, ast.Store)
        case ast.Name(id=name):
            return name in ("setattr", "vars")
    return isinstance(node, ast.Nonlocal | ast.Global)


def made_at(value: Value | None, expression: Site) -> bool:
    """Whether something was made where an expression was evaluated, by that itself or by what it calls: `super()` and `holder.net()` make nothing."""
    if isinstance(value, Unknown):
        return value.site is not None and "." in (value.method or "") and inside(value.site, expression)
    if not isinstance(value, Instance) or value.site is None:
        return False
    if value.made_in is None:
        return inside(value.site, expression)
    return any(inside(site, expression) for _, site in way(value.made_in, value.site))


def made_during(value: Value, loop: Site, frame: Frame) -> bool:
    """Whether something was made while a loop of a running function ran, in its body or by what that calls."""
    if not isinstance(value, Instance) or value.site is None:
        return False
    if inside(value.site, loop) or value.made_in is None:
        return inside(value.site, loop)
    return any(each is frame and inside(site, loop) for each, site in way(value.made_in, value.site))


def kept(module: Instance, outer: Frame, owner: Value | None = None) -> bool:
    """Whether a module made while `outer` ran is kept on the object that runs, and is made under a condition.

    With `owner`, it is known to be assigned to that.
    """
    holder = owner or outer.receiver
    return isinstance(holder, Instance) and (owner is not None or holds(holder, module)) and _conditional(module, outer)


def holds(owner: Value, module: Instance, depth: int = 4) -> bool:
    """Whether a module is found on an object, or in the containers there."""
    if depth < 0:
        return False
    if isinstance(owner, Instance) and owner.store is module.store:
        return True
    return any(holds(each, module, depth - 1) for each in _held(owner))


def _held(owner: Value) -> list[Value]:
    match owner:
        case Instance():
            items = owner.store.get(ITEMS)
            entries = owner.store.get(ENTRIES)
            more = [*(items if isinstance(items, tuple) else ()), *(entries.values() if isinstance(entries, dict) else ())]
            return [each for each in (*owner.store.values(), *more) if isinstance(each, Instance | List | Dict | Tuple | OneOf)]
        case List():
            return [*(owner.store.get(ITEMS) or ()), owner.store.get(ELEMENT, owner)] if owner.store.get(ITEMS) is None else list(owner.store[ITEMS])
        case Dict():
            entries = owner.store.get(ENTRIES)
            return [owner.store[ELEMENT]] if entries is None and ELEMENT in owner.store else list((entries or {}).values())
        case Tuple():
            return list(owner.items)
        case OneOf():
            return list(owner.alternatives)
    return []


def _switched(module: Instance, outer: Frame) -> bool:
    """Whether a layer is made under a condition that may be the module's mode."""
    if module.made_in is None or module.site is None:
        return True
    for frame, site in way(module.made_in, module.site):
        if any(switched_by_mode(frame, test) or _flag(test) for test in conditions(site)):
            return True
        if frame is outer:
            return False
    return True


def _flag(test: ast.expr) -> bool:
    """A condition on an attribute as it is: `self.active`, `not self.active`."""
    return isinstance(test.operand if isinstance(test, ast.UnaryOp) else test, ast.Attribute)


def _conditional(module: Instance, outer: Frame) -> bool:
    """Whether a condition written in the program stands between a run of `outer` and the making."""
    if module.made_in is None or module.site is None:
        return True
    for frame, site in way(module.made_in, module.site):
        if next(conditions(site), None) is not None:
            return True
        if frame is outer:
            return False
    return True
