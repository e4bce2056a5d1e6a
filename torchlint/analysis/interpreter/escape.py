"""Values that go where nobody reads on: code of others may change, keep or move what it is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
    TRUE,
    UNKNOWN,
    Class,
    Dict,
    Frame,
    Function,
    Instance,
    List,
    Method,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import changed_containers, find, is_module
from torchlint.analysis.values.contents import contents_change, holds_items
from torchlint.analysis.values.devices import may_move
from torchlint.analysis.values.inspection import known_items
from torchlint.analysis.values.origins import model_of
from torchlint.analysis.values.store import CHANGED_LATER, ENTRIES, ESCAPED, SAVED
from torchlint.syntax.index import below


def call_unknown(
    machine: Machine, callee: Value, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    """Code that is not read gets these arguments: modules may come back in another mode."""
    arguments = (*positional, *keywords.values())
    for argument in arguments:
        escape(machine, argument, node)
    machine.event("opaque", node, callee, arguments)
    source = next((each for each in arguments if model_of(each) is not None), None)
    return Unknown(machine.site(node), "<call>", source if source is not None else callee)


def escape(machine: Machine, value: Value, node: ast.AST, known: set[int] | None = None) -> None:
    """Note that something is given away, with what it holds; containers that are `known` are done."""
    if isinstance(value, List | Tuple | Dict):
        known = set() if known is None else known
        if id(value) in known:
            return
        known.add(id(value))
    may_move(machine.trail, value)
    match value:
        case Instance() if is_module(value) and value.store.get("training", True) is not None:
            machine.trail.set(value.store, "training", None)
        case List() | Tuple():
            if isinstance(value, List):
                value.store[ESCAPED] = TRUE
            for item in (known_items(value) or ())[:16]:
                escape(machine, item, node, known)
        case Instance(cls="torch.StateDict"):
            # Who gets it may save or copy it at once.
            value.store[SAVED] = TRUE
        case Function() | Method():
            _runs_later(machine, value)
        case Dict():
            value.store[ESCAPED] = TRUE
            for item in list((value.store.get(ENTRIES) or {}).values())[:16]:
                if isinstance(item, Instance) and item.cls == "torch.StateDict":
                    escape(machine, item, node, known)
        case Instance() if isinstance(value.cls, Class):
            for held in list(value.store.values()):
                if isinstance(held, Instance) and is_module(held):
                    machine.trail.set(held.store, "training", None)


def changed_by(callee: Value) -> Iterator[List | Dict | Instance]:
    """The containers that a function of the program changes besides its arguments: those of the scopes around it, and its object's."""
    function = callee.function if isinstance(callee, Method) else callee
    if not isinstance(function, Function):
        return
    receiver = {function.node.args.args[0].arg: callee.receiver} if isinstance(callee, Method) and function.node.args.args else {}
    for node in changed_containers(function.node):
        held = _named(node, (*function.scopes, receiver))
        if isinstance(held, List | Dict) or holds_items(held):
            yield held


def _named(node: ast.Name | ast.Attribute, scopes: Sequence[Mapping[str, Any]]) -> Value | None:
    """What `x` or `x.name` is bound to in some scopes, the innermost last."""
    if isinstance(node, ast.Name):
        return next((scope[node.id] for scope in reversed(scopes) if node.id in scope), None)
    holder = _named(node.value, scopes) if isinstance(node.value, ast.Name) else None
    return holder.store.get(node.attr) if isinstance(holder, Instance) else None


def changed_in(body: ast.AST, frame: Frame) -> Iterator[List | Dict | Instance]:
    """The containers that statements of a running function change, or functions that these call by name."""
    scopes = (*frame.scopes, frame.locals)
    for node in changed_containers(body):
        held = _named(node, scopes)
        if isinstance(held, List | Dict) or holds_items(held):
            yield held
    for call in below(body, ast.Call):
        holder = _named(call.func.value, scopes) if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name | ast.Attribute) else None
        if isinstance(call.func, ast.Name) and (callee := _named(call.func, scopes)) is not None:
            yield from changed_by(callee)
        elif isinstance(call.func, ast.Attribute) and isinstance(holder, Instance) and isinstance(holder.cls, Class):
            method = find(holder.cls, call.func.attr)
            yield from changed_by(Method(holder, method) if isinstance(method, Function) else UNKNOWN)


def _runs_later(machine: Machine, callback: Function | Method) -> None:
    """A function is given to something that calls it when it likes: a hook. The containers that it changes hold who knows what."""
    for held in changed_by(callback):
        contents_change(machine.trail, held)
        machine.trail.set(held.store, CHANGED_LATER, TRUE)
