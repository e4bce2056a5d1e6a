"""State dicts and checkpoints: what was taken out of them, and what loading them does."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torchlint.analysis.facts.checkpoints import CheckpointRead, StateAliased, StateLoaded
from torchlint.analysis.interpreter.attributes import store_attribute
from torchlint.analysis.library.handlers import LibraryCall, handles, module_method
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.calls import emit_call
from torchlint.analysis.values.abstract import (
    NONE,
    TRUE,
    UNKNOWN,
    Class,
    Const,
    Dict,
    Frame,
    Instance,
    Iteration,
    List,
    OneOf,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.checkpoints import LOADED, RESULT, STATE, is_state
from torchlint.analysis.values.inspection import element_of, known_items
from torchlint.analysis.values.join import present
from torchlint.analysis.values.state_dict import has_key, state_of
from torchlint.analysis.values.store import COPIED, ENTRIES, FROM_FILE, ITEMS, KEPT, SAVED, SEEN, STEPPED
from torchlint.analysis.values.written.guards import conditions, inside, outermost, way
from torchlint.torch_api.binding import bind


@module_method("state_dict")
def _state_dict(module: Instance, call: LibraryCall) -> Value:
    machine = call.machine
    plain = not call.positional and not call.keywords
    state = state_of(module) if plain and StateLoaded in machine.wanted else None
    instance = Instance(STATE, {}, {"module": module, "clock": Const(machine.torch.clock)}, machine.site(call.node), machine.frame)
    machine.trail.version += 1
    machine.trail.set(instance.store, "state", state)
    return instance


@handles("torch.load")
def _load(call: LibraryCall) -> Value:
    machine, positional, node = call.machine, call.positional, call.node
    file = positional[0] if positional else call.keywords.get("f", UNKNOWN)
    result = Instance(LOADED, {}, {"file": file}, machine.site(node), machine.frame, machine.arms)
    machine.trail.version += 1
    arguments = bind("torch.load", positional, call.keywords)
    emit_call(machine, "torch.load", None, arguments, positional, result, node)
    if CheckpointRead in machine.wanted:
        run = outermost(machine.frame)
        own = any(frame is run and _may_be_same_file(file, written) for frame, written in machine.torch.written)
        machine.unit.pending.checkpoints.append(CheckpointRead(machine.site(node), machine.frame, machine.grad, "torch.load", None, arguments, tuple(positional), result, own=own, writes=machine.torch.written))
    return result


@handles("torch.save")
def _save(call: LibraryCall) -> Value:
    """What is written to a file while it is fresh is a copy, whatever holds it besides."""
    machine, positional, keywords = call.machine, call.positional, call.keywords
    for value in (*positional[:1], *(keywords[key] for key in ("obj",) if key in keywords)):
        for state, _ in kept_states(value):
            if not is_stale(state):
                state.store[SAVED] = TRUE
    machine.torch.written.append((outermost(machine.frame), positional[1] if len(positional) > 1 else keywords.get("f", UNKNOWN)))
    machine.event("opaque", call.node, UNKNOWN, tuple(positional))
    emit_call(machine, "torch.save", None, bind("torch.save", positional, keywords), positional, NONE, call.node)
    return NONE


def stepped(machine: Machine, optimizer: Instance) -> None:
    """An optimizer changes the weights of the modules that it was given."""
    machine.torch.clock += 1
    for value in optimizer.arguments.values():
        for module in _trained(value):
            module.store[STEPPED] = machine.torch.clock
    if StateAliased in machine.wanted:
        _note_kept_states(machine)


def state_method(
    machine: Machine, state: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    """A method of a state dict or of what was loaded."""
    held: dict[str, Tensor] | None = state.store.get("state")
    match name:
        case "copy" | "to" | "cuda" | "cpu":
            return state
        case "items":
            return Iteration(Tuple((UNKNOWN, Tensor(op="state"))), state) if held is None else Tuple(tuple(Tuple((Const(key), value)) for key, value in held.items()))
        case "values":
            return Iteration(Tensor(op="state"), state) if held is None else Tuple(tuple(held.values()))
        case "keys":
            return Iteration(UNKNOWN, state) if held is None else Tuple(tuple(map(Const, held)))
        case "pop":
            return _popped(machine, state, positional, node)
        case "update":
            _updated(machine, state, positional[0] if positional else UNKNOWN)
            return NONE
        case "get" if positional:
            return state_item(machine, state, positional[0], node)
    return Unknown(machine.site(node), name, state)


def _popped(machine: Machine, state: Instance, positional: Sequence[Value], node: ast.AST) -> Value:
    key = positional[0] if positional else UNKNOWN
    result = state_item(machine, state, key, node)
    held: dict[str, Tensor] | None = state.store.get("state")
    if isinstance(key, Const) and isinstance(key.value, str):
        machine.trail.set(state.store, ("popped", key.value), machine.site(node))
        if held is not None:
            machine.trail.set(state.store, "state", {name: value for name, value in held.items() if name != key.value})
    else:
        _forget_keys(machine, state)
    return result


def _updated(machine: Machine, state: Instance, other: Value) -> None:
    held: dict[str, Tensor] | None = state.store.get("state")
    more = other.store.get("state") if is_state(other) and isinstance(other, Instance) else other.store.get(ENTRIES) if isinstance(other, Dict) else None
    if more is None:
        if held is None or any(isinstance(key, tuple) and key[0] == "popped" for key in state.store):
            _forget_keys(machine, state)
        return
    for key in more:
        machine.trail.delete(state.store, ("popped", key))
    if held is not None:
        machine.trail.set(state.store, "state", {**held, **more})


def _forget_keys(machine: Machine, state: Instance) -> None:
    machine.trail.set(state.store, "state", None)
    for key in [key for key in state.store if isinstance(key, tuple) and key[0] == "popped"]:
        machine.trail.delete(state.store, key)


def set_state_item(machine: Machine, state: Instance, index: Value, value: Value) -> None:
    """`state[index] = value`."""
    if not isinstance(index, Const):
        _forget_keys(machine, state)
        return
    machine.trail.delete(state.store, ("popped", index.value))
    held = state.store.get("state")
    if held is not None and isinstance(value, Tensor):
        machine.trail.set(state.store, "state", {**held, index.value: value})
    elif held is not None:
        machine.trail.set(state.store, "state", None)


def state_item(machine: Machine, state: Instance, index: Value, node: ast.AST) -> Value:
    """`state[index]`: a tensor of a state dict; of a file that was loaded, something that may be a state dict too."""
    if state.cls == STATE:
        held = state.store.get("state") or {}
        return held.get(index.value, Tensor(op="state")) if isinstance(index, Const) else Tensor(op="state")
    if not isinstance(index, Const):
        return Unknown(machine.site(node), "<item>", state)
    inner = state.store.get(("item", index.value))
    if not isinstance(inner, Instance):
        inner = Instance(LOADED, {}, dict(state.arguments), machine.site(node), machine.frame, state.arms)
        machine.trail.set(state.store, ("item", index.value), inner)
    return inner


@module_method("load_state_dict")
def _load_state_dict(module: Instance, call: LibraryCall) -> Value:
    machine, positional, node = call.machine, call.positional, call.node
    state = present(positional[0] if positional else call.keywords.get("state_dict", UNKNOWN))
    strict = positional[1] if len(positional) > 1 else call.keywords.get("strict", TRUE)
    result = load_result(machine, module, node)
    module.store[FROM_FILE] = TRUE
    if isinstance(state, Instance):
        _note_alias(machine, state, node)
    if StateLoaded in machine.wanted:
        missing = _missing(module, state)
        discarded = machine.statement is node
        arguments: dict[str | int, Value] = {"state_dict": state, "strict": strict}
        machine.emit(StateLoaded(machine.site(node), machine.frame, machine.grad, "load_state_dict", module, arguments, tuple(positional), result, discarded, missing))
    return result


def load_result(machine: Machine, loaded: Value, node: ast.AST) -> Instance:
    """What `load_state_dict` gives, which is no module."""
    machine.trail.version += 1
    return Instance(RESULT, {}, {"of": loaded}, machine.site(node), machine.frame)


def _missing(module: Instance, state: Value) -> tuple[str, ...]:
    """The keys of a module that were taken out of a state dict, or filtered from one."""
    if isinstance(state, Dict) and state.site is not None and isinstance(state.site.node, ast.DictComp):
        entries, own = state.store.get(ENTRIES), state_of(module)
        if entries and own and any(key in own for key in entries):
            return tuple(key for key in own if key not in entries)
        return ()
    if not isinstance(state, Instance) or not is_state(state):
        return ()
    popped = [key[1] for key in state.store if isinstance(key, tuple) and key[0] == "popped"]
    return tuple(key for key in popped if has_key(module, key))


def _note_alias(machine: Machine, state: Instance, node: ast.AST) -> None:
    if StateAliased in machine.wanted and is_stale(state) and state.site is not None:
        machine.emit(StateAliased(state.site, state.made_in or machine.frame, machine.grad, state, machine.site(node)))


def set_attribute(machine: Machine, receiver: Value, name: str, value: Value, node: ast.AST) -> None:
    """Besides setting it: where another way through the program leaves something unknown there, a state is kept all the same."""
    store_attribute(machine, receiver, name, value, node)
    if StateAliased in machine.wanted and isinstance(receiver, Instance):
        kept = receiver.store.setdefault(KEPT, {})
        if isinstance(value, Instance) and value.cls == STATE:
            kept[name] = value
        else:
            kept.pop(name, None)


def _note_kept_states(machine: Machine) -> None:
    """An optimizer steps: state dicts that the loop around took at the best moment, or gathered, are changed."""
    frame: Frame | None = machine.frame
    while frame is not None and not frame.loops:
        frame = None if frame.alone else frame.caller
    if frame is None:
        return
    loop = frame.loops[0].site
    for value in list(frame.locals.values()):
        for state, gathered in kept_states(value) if isinstance(value, Value) else ():
            if state.site is None or state.made_in is None or SAVED in state.store or not is_stale(state):
                continue
            ways = list(way(state.made_in, state.site))
            if any(inside(site, loop) for _, site in ways) and (gathered or next(conditions(state.site), None) is not None):
                machine.emit(StateAliased(state.site, state.made_in, machine.grad, state, state.site))


def _may_be_same_file(one: Value, other: Value) -> bool:
    """Whether two files may be the same: names that are known have to be equal."""
    return not isinstance(one, Const) or not isinstance(other, Const) or one == other


def is_stale(state: Value) -> bool:
    """Whether the weights that a state dict refers to have been trained since it was taken, and it is no copy."""
    if not isinstance(state, Instance) or state.cls != STATE or COPIED in state.store:
        return False
    module, clock = state.arguments.get("module"), state.arguments.get("clock")
    if not isinstance(module, Instance) or not isinstance(clock, Const):
        return False
    trained: Any = module.store.get(STEPPED, 0)
    return bool(trained > clock.value)


def _trained(value: Value) -> list[Instance]:
    """The modules whose parameters an optimizer's argument holds."""
    if isinstance(value, Iteration):
        return [value.source] if isinstance(value.source, Instance) else []
    if isinstance(value, Dict):
        entries = value.store.get(ENTRIES) or {}
        return [module for each in entries.values() for module in _trained(each)]
    if isinstance(value, Tensor):
        return [value.model] if isinstance(value.model, Instance) else []
    items = known_items(value)
    return [module for each in (items or (element_of(value),))[:16] for module in _trained(each)] if items is not None else []


def kept_states(value: Value, depth: int = 3) -> Iterator[tuple[Instance, bool]]:
    """The state dicts that a value is or holds, and whether a list gathers them."""
    if depth < 0:
        return
    match value:
        case Instance() if value.cls == STATE:
            yield value, False
        case OneOf():
            for each in value.alternatives:
                yield from kept_states(each, depth)
        case List():
            for each in (*(value.store.get(ITEMS) or ()), *value.store.get(SEEN, ())):
                yield from ((state, True) for state, _ in kept_states(each, depth - 1))
        case Dict():
            for each in (*(value.store.get(ENTRIES) or {}).values(), *value.store.get(SEEN, ())):
                yield from kept_states(each, depth - 1)
        case Instance() if isinstance(value.cls, Class):
            for each in (*value.store.values(), *value.store.get(KEPT, {}).values()):
                if isinstance(each, Value):
                    yield from kept_states(each, depth - 1)
