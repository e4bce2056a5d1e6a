"""The methods of modules, optimizers and schedulers."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from torchlint.analysis.interpreter.attributes import needs_init
from torchlint.analysis.library.handlers import MODULE_METHODS, LibraryCall, module_method
from torchlint.analysis.library.torch.checkpoints import load_result, stepped
from torchlint.analysis.library.torch.layers import frozen
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
    FALSE,
    NONE,
    TRUE,
    UNKNOWN,
    Const,
    Function,
    Instance,
    Iteration,
    Library,
    LibraryMethod,
    Method,
    OneOf,
    Super,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import (
    children,
    descendants,
    is_module,
    is_module_type,
    layer_of,
    library_bases,
)
from torchlint.analysis.values.contents import held_in
from torchlint.analysis.values.devices import may_move, move_module
from torchlint.analysis.values.inspection import element_of, known_items
from torchlint.analysis.values.join import join_all
from torchlint.analysis.values.registration import plain_contents
from torchlint.analysis.values.store import (
    CAST,
    ENTRIES,
    FIXED,
    FROZEN,
    ITEMS,
    LAST,
    MODE_SET_IN,
    SEEN,
    SET_BY_NAME,
)

_IN_PLACE = frozenset({"to", "cuda", "cpu", "float", "double", "half", "bfloat16", "type", "apply", "share_memory", "xpu", "to_empty"})
_CHILDREN_METHODS = frozenset({"children", "modules"})


def call_module_method(
    machine: Machine,
    module: Instance,
    name: str,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    node: ast.AST,
    receiver: Value,
) -> Value | None:
    """A method that nn.Module or one of its subclasses in torch offers; None if it is none of those."""
    if (handler := MODULE_METHODS.get(name)) is not None:
        return handler(module, LibraryCall(machine, f"torch.nn.Module.{name}", positional, keywords, node))
    if name in _IN_PLACE:
        if name == "to" and any(isinstance(value, Unknown | LibraryMethod) for value in positional):
            machine.torch.picking.add(machine.entry_path)
        move_module(machine.trail, module, name, positional, keywords)
        if name in ("double", "half", "bfloat16", "float", "type") or any(k == "dtype" for k in keywords) or name == "to":
            _note_cast(machine, module, name, positional, keywords)
        return module
    if name == "_apply":
        may_move(machine.trail, module)
        return module
    if name in _CHILDREN_METHODS:
        held = tuple(descendants(module)) if name == "modules" else tuple(child for _, child in children(module))
        return Iteration(join_all(list(held)) if held else UNKNOWN, module)
    if name == "forward":
        return machine.packages.apply(machine, module, positional, keywords, node)
    return None


def _note_cast(machine: Machine, module: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value]) -> None:
    given = [value for value in (*positional, *keywords.values()) if not isinstance(value, Const)]
    if name != "to" or any(not isinstance(v, Instance) for v in given):
        unclear = name != "to" or any(isinstance(v, Tensor) or (isinstance(v, Library) and v.name.startswith("torch.")) for v in given)
        if unclear:
            for each in descendants(module):
                machine.trail.set(each.store, CAST, TRUE)


@module_method("train")
def _train(module: Instance, call: LibraryCall) -> Value:
    mode = call.argument(0, "mode") or TRUE
    set_mode(call.machine, module, bool(mode.value) if isinstance(mode, Const) else None, call.node)
    return module


@module_method("eval")
def _eval(module: Instance, call: LibraryCall) -> Value:
    set_mode(call.machine, module, False, call.node)
    return module


def set_mode(machine: Machine, module: Instance, training: bool | None, node: ast.AST) -> None:
    for each in descendants(module):
        machine.trail.set(each.store, "training", training)
        each.store[MODE_SET_IN] = machine.entry
    machine.event("train" if training else "eval" if training is False else "mode", node, module, training=training)


def may_switch_modes(machine: Machine, taken: Unknown, node: ast.AST) -> None:
    """What was taken by a name that is not known may be any of its holder's modules."""
    if taken.method == "getattr" and isinstance(taken.receiver, Instance):
        for held in list(taken.receiver.store.values()):
            for module in held.alternatives if isinstance(held, OneOf) else (held,):
                if isinstance(module, Instance) and is_module(module):
                    set_mode(machine, module, None, node)


@module_method("parameters")
def _parameters(module: Instance, call: LibraryCall) -> Value:
    requires = None if frozen(call.machine, module) or module.cls == "torch.nn.Module" else True
    return Iteration(Tensor(requires_grad=requires, leaf=True, parameter=True, model=module, op="parameter"), module)


@module_method("named_parameters")
def _named_parameters(module: Instance, call: LibraryCall) -> Value:
    inner = _parameters(module, call)
    return Iteration(Tuple((UNKNOWN, element_of(inner))), module)


@module_method("zero_grad")
def _zero_grad(module: Instance, call: LibraryCall) -> Value:
    call.machine.event("zero_grad", call.node, module)
    return NONE


@module_method("requires_grad_")
def _requires_grad_(module: Instance, call: LibraryCall) -> Value:
    machine = call.machine
    fixed = FALSE in (*call.positional, *call.keywords.values())
    for each in descendants(module):
        machine.trail.set(each.store, FROZEN, TRUE)
        if fixed:
            machine.trail.set(each.store, FIXED, TRUE)
        for name, held in list(each.store.items()):
            if isinstance(held, Tensor) and held.parameter:
                machine.trail.set(each.store, name, replace(held, requires_grad=None))
    return module


@module_method("register_buffer")
def _register_buffer(module: Instance, call: LibraryCall) -> Value:
    given = (*call.positional, *(call.keywords[name] for name in ("name", "tensor") if name in call.keywords))
    if given and isinstance(given[0], Const):
        call.machine.trail.set(module.store, ("buffer", given[0].value), TRUE)
    return register(call.machine, module, given, call.node)


@module_method("register_parameter")
def _register_parameter(module: Instance, call: LibraryCall) -> Value:
    return register(call.machine, module, (*call.positional, *(call.keywords[name] for name in ("name", "param") if name in call.keywords)), call.node)


@module_method("add_module", "register_module")
def _add_module(module: Instance, call: LibraryCall) -> Value:
    machine, positional = call.machine, call.positional
    if layer_of(module) is not None and isinstance(module.cls, str) and ITEMS in module.store:
        value = positional[1] if len(positional) > 1 else call.keywords.get("module", UNKNOWN)
        items = module.store[ITEMS]
        machine.trail.set(module.store, ITEMS, None if items is None else (*items, value))
        machine.trail.set(module.store, LAST, value)
        if positional and isinstance(positional[0], Const):
            machine.trail.set(module.store, ("name", positional[0].value), value)
        return NONE
    if len(positional) >= 2 and module.store.get(ITEMS) is not None:
        # A Sequential of the program runs what is added in the order in which that happens, whatever the names are.
        machine.trail.set(module.store, ITEMS, (*module.store[ITEMS], positional[1]))
    return register(machine, module, (*positional, *call.keywords.values()), call.node)


@module_method("__setattr__")
def _setattr(module: Instance, call: LibraryCall) -> Value:
    return call.machine.call(Library("builtins.setattr"), (module, *call.positional), {}, call.node)


def register(machine: Machine, module: Instance, given: Sequence[Value], node: ast.AST) -> Value:
    """Register a module, parameter or buffer under a name, which may not be known."""
    needs_init(machine, module, node)
    if len(given) >= 2 and isinstance(given[0], Const) and isinstance(given[0].value, str):
        machine.trail.set(module.store, given[0].value, given[1])
    else:
        machine.trail.set(module.store, SET_BY_NAME, TRUE)
    return NONE


@module_method("append")
def _append(module: Instance, call: LibraryCall) -> Value:
    positional = call.positional
    items = module.store.get(ITEMS)
    module.store.setdefault(SEEN, []).extend(positional[:1])
    if positional:
        call.machine.trail.set(module.store, ITEMS, None if items is None else (*items, positional[0]))
        call.machine.trail.set(module.store, LAST, positional[0])
    return module


@module_method("extend")
def _extend(module: Instance, call: LibraryCall) -> Value:
    positional = call.positional
    items, more = module.store.get(ITEMS), known_items(positional[0]) if positional else None
    module.store.setdefault(SEEN, []).extend(each for value in positional[:1] for each in held_in(value))
    call.machine.trail.set(module.store, ITEMS, None if items is None or more is None else (*items, *more))
    if more != ():
        call.machine.trail.set(module.store, LAST, more[-1] if more else UNKNOWN)
    return module


@module_method("insert")
def _insert(module: Instance, call: LibraryCall) -> Value:
    module.store.setdefault(SEEN, []).extend(call.positional[1:2])
    call.machine.trail.set(module.store, ITEMS, None)
    call.machine.trail.set(module.store, LAST, UNKNOWN)
    return NONE


@module_method("update")
def _update(module: Instance, call: LibraryCall) -> Value:
    module.store.setdefault(SEEN, []).extend(each for value in call.positional for each in plain_contents(value))
    call.machine.trail.set(module.store, ENTRIES, None)
    return NONE


@module_method("values")
def _values(module: Instance, call: LibraryCall) -> Value:
    entries = module.store.get(ENTRIES)
    if entries is None:
        return Iteration(UNKNOWN)
    return Tuple(tuple(entries.values()))


@module_method("items")
def _items(module: Instance, call: LibraryCall) -> Value:
    entries = module.store.get(ENTRIES)
    if entries is None:
        return Iteration(UNKNOWN)
    return Tuple(tuple(Tuple((Const(key), value)) for key, value in entries.items()))


@module_method("keys")
def _keys(module: Instance, call: LibraryCall) -> Value:
    entries = module.store.get(ENTRIES)
    return Iteration(UNKNOWN) if entries is None else Tuple(tuple(Const(key) for key in entries))


def optimizer_method(
    machine: Machine, instance: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    cls = instance.library_name or ""
    if cls.startswith("torch.optim.lr_scheduler."):
        if name == "step":
            machine.event("scheduler", node, instance, (*positional, *keywords.values()))
        return load_result(machine, instance, node) if name == "load_state_dict" else UNKNOWN
    if name == "zero_grad":
        machine.event("zero_grad", node, instance)
        return NONE
    if name == "step":
        given = positional[0] if positional else keywords.get("closure", NONE)
        closure = None if given == NONE else given
        if isinstance(closure, Function | Method):
            machine.call(closure, (), {}, node)
        machine.event("step", node, instance, (closure,) if closure is not None else ())
        stepped(machine, instance)
        return UNKNOWN
    if name == "load_state_dict":
        return load_result(machine, instance, node)
    return Unknown(machine.site(node), name, instance)


def is_optimizer(instance: Instance) -> bool:
    names = [instance.cls] if isinstance(instance.cls, str) else library_bases(instance.cls)
    return any(name.startswith("torch.optim.") and not is_module_type(name) for name in names)


def receiver_module(method: LibraryMethod) -> Instance | None:
    """The module on which a method of nn.Module is called, directly or by super()."""
    value = method.receiver.receiver if isinstance(method.receiver, Super) else method.receiver
    if isinstance(value, Instance) and (is_module(value) or is_module_type(value.cls)):
        return value
    return None
