"""State dicts and checkpoints: what was taken out of them, and what loading them does."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from torchlint.semantics.facts import CheckpointRead, LoadResultUsed, StateAliased, StateLoaded
from torchlint.semantics.frame import Frame
from torchlint.semantics.guards import conditions, inside, outermost, way
from torchlint.semantics.inspection import element_of, known_items
from torchlint.semantics.join import present
from torchlint.semantics.module_methods import ModuleMethods
from torchlint.semantics.state import has_key, state_of
from torchlint.semantics.values import (
    NONE,
    TRUE,
    UNKNOWN,
    Class,
    Const,
    Dict,
    Instance,
    Iteration,
    List,
    OneOf,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.torch_api.binding import bind

STATE = "torch.StateDict"
LOADED = "torch.Loaded"
RESULT = "torch.LoadResult"
_RESULT_FIELDS = frozenset({"missing_keys", "unexpected_keys", "_asdict", "_fields", "count", "index", "__class__", "__str__", "__repr__"})


def is_state(value: Value) -> bool:
    """Whether a value is a state dict of a module, or what torch.load gave."""
    return isinstance(value, Instance) and value.cls in (STATE, LOADED)


class Checkpoints(ModuleMethods):
    """Calls of `state_dict`, `load_state_dict` and `torch.load`."""

    @cached_property
    def _written(self) -> list[tuple[Frame, Value]]:
        """The files that `torch.save` wrote to, each with the outermost frame of the run."""
        return []

    # How often optimizers have stepped so far, on any way through the program.
    _clock = 0

    def _module_state_dict(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        plain = not positional and not keywords
        state = state_of(module) if plain and StateLoaded in self.wanted else None
        instance = Instance(STATE, {}, {"module": module, "clock": Const(self._clock)}, self.site(node), self.frame)
        self.trail.version += 1
        self.trail.set(instance.store, "state", state)
        return instance

    def _torch_load(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        file = positional[0] if positional else keywords.get("f", UNKNOWN)
        result = Instance(LOADED, {}, {"file": file}, self.site(node), self.frame, self.arms)
        self.trail.version += 1
        arguments = bind("torch.load", positional, keywords)
        self.emit_call("torch.load", None, arguments, positional, result, node)
        if CheckpointRead in self.wanted:
            run = outermost(self.frame)
            own = any(frame is run and _may_be_same_file(file, written) for frame, written in self._written)
            self.later.append(CheckpointRead(self.site(node), self.frame, self.grad, "torch.load", None, arguments, tuple(positional), result, own=own))
        return result

    def _torch_save(self, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        """What is written to a file while it is fresh is a copy, whatever holds it besides."""
        for value in (*positional[:1], *(keywords[key] for key in ("obj",) if key in keywords)):
            for state, _ in kept_states(value):
                if not is_stale(state):
                    state.store["<saved>"] = TRUE
        self._written.append((outermost(self.frame), positional[1] if len(positional) > 1 else keywords.get("f", UNKNOWN)))
        self.event("opaque", node, UNKNOWN, tuple(positional))
        self.emit_call("torch.save", None, bind("torch.save", positional, keywords), positional, NONE, node)
        return NONE

    def stepped(self, optimizer: Instance) -> None:
        """An optimizer changes the weights of the modules that it was given."""
        self._clock += 1
        for value in optimizer.arguments.values():
            for module in _trained(value):
                module.store["<stepped>"] = self._clock
        if StateAliased in self.wanted:
            self._note_kept_states()

    # Changes of a state dict.

    def state_method(
        self, state: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
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
                return self._popped(state, positional, node)
            case "update":
                self._updated(state, positional[0] if positional else UNKNOWN)
                return NONE
            case "get" if positional:
                return self.state_item(state, positional[0], node)
        return Unknown(self.site(node), name, state)

    def _popped(self, state: Instance, positional: Sequence[Value], node: ast.AST) -> Value:
        key = positional[0] if positional else UNKNOWN
        result = self.state_item(state, key, node)
        held: dict[str, Tensor] | None = state.store.get("state")
        if isinstance(key, Const) and isinstance(key.value, str):
            self.trail.set(state.store, ("popped", key.value), self.site(node))
            if held is not None:
                self.trail.set(state.store, "state", {name: value for name, value in held.items() if name != key.value})
        else:
            self._forget_keys(state)
        return result

    def _updated(self, state: Instance, other: Value) -> None:
        held: dict[str, Tensor] | None = state.store.get("state")
        more = other.store.get("state") if is_state(other) and isinstance(other, Instance) else other.store.get("entries") if isinstance(other, Dict) else None
        if more is None:
            if held is None or any(isinstance(key, tuple) and key[0] == "popped" for key in state.store):
                self._forget_keys(state)
            return
        for key in more:
            self.trail.delete(state.store, ("popped", key))
        if held is not None:
            self.trail.set(state.store, "state", {**held, **more})

    def _forget_keys(self, state: Instance) -> None:
        self.trail.set(state.store, "state", None)
        for key in [key for key in state.store if isinstance(key, tuple) and key[0] == "popped"]:
            self.trail.delete(state.store, key)

    def set_state_item(self, state: Instance, index: Value, value: Value) -> None:
        """`state[index] = value`."""
        if not isinstance(index, Const):
            self._forget_keys(state)
            return
        self.trail.delete(state.store, ("popped", index.value))
        held = state.store.get("state")
        if held is not None and isinstance(value, Tensor):
            self.trail.set(state.store, "state", {**held, index.value: value})
        elif held is not None:
            self.trail.set(state.store, "state", None)

    def state_item(self, state: Instance, index: Value, node: ast.AST) -> Value:
        """`state[index]`: a tensor of a state dict; of a file that was loaded, something that may be a state dict too."""
        if state.cls == STATE:
            held = state.store.get("state") or {}
            return held.get(index.value, Tensor(op="state")) if isinstance(index, Const) else Tensor(op="state")
        if not isinstance(index, Const):
            return Unknown(self.site(node), "<item>", state)
        inner = state.store.get(("item", index.value))
        if not isinstance(inner, Instance):
            inner = Instance(LOADED, {}, dict(state.arguments), self.site(node), self.frame, state.arms)
            self.trail.set(state.store, ("item", index.value), inner)
        return inner

    # Loading.

    def _module_load_state_dict(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        state = present(positional[0] if positional else keywords.get("state_dict", UNKNOWN))
        strict = positional[1] if len(positional) > 1 else keywords.get("strict", TRUE)
        result = self.load_result(module, node)
        module.store["<loaded>"] = TRUE
        if isinstance(state, Instance):
            self._note_alias(state, node)
        if StateLoaded in self.wanted:
            missing = self._missing(module, state)
            discarded = getattr(self, "statement", None) is node
            arguments: dict[str | int, Value] = {"state_dict": state, "strict": strict}
            self.emit(StateLoaded(self.site(node), self.frame, self.grad, "load_state_dict", module, arguments, tuple(positional), result, discarded, missing))
        return result

    def load_result(self, loaded: Value, node: ast.AST) -> Instance:
        """What `load_state_dict` gives, which is no module."""
        self.trail.version += 1
        return Instance(RESULT, {}, {"of": loaded}, self.site(node), self.frame)

    def _missing(self, module: Instance, state: Value) -> tuple[str, ...]:
        """The keys of a module that were taken out of a state dict, or filtered from one."""
        if isinstance(state, Dict) and state.site is not None and isinstance(state.site.node, ast.DictComp):
            entries, own = state.store.get("entries"), state_of(module)
            if entries and own and any(key in own for key in entries):
                return tuple(key for key in own if key not in entries)
            return ()
        if not isinstance(state, Instance) or not is_state(state):
            return ()
        popped = [key[1] for key in state.store if isinstance(key, tuple) and key[0] == "popped"]
        return tuple(key for key in popped if has_key(module, key))

    def _note_alias(self, state: Instance, node: ast.AST) -> None:
        if StateAliased in self.wanted and is_stale(state) and state.site is not None:
            self.emit(StateAliased(state.site, state.made_in or self.frame, self.grad, state, self.site(node)))

    def set_attribute(self, receiver: Value, name: str, value: Value, node: ast.AST) -> None:
        """Besides setting it: where another way through the program leaves something unknown there, a state is kept all the same."""
        super().set_attribute(receiver, name, value, node)
        if StateAliased in self.wanted and isinstance(receiver, Instance):
            kept = receiver.store.setdefault("<kept>", {})
            if isinstance(value, Instance) and value.cls == STATE:
                kept[name] = value
            else:
                kept.pop(name, None)

    def _note_kept_states(self) -> None:
        """An optimizer steps: state dicts that the loop around took at the best moment, or gathered, are changed."""
        frame: Frame | None = self.frame
        while frame is not None and not frame.loops:
            frame = None if frame.alone else frame.caller
        if frame is None:
            return
        loop = frame.loops[0].site
        for value in list(frame.locals.values()):
            for state, gathered in kept_states(value) if isinstance(value, Value) else ():
                if state.site is None or state.made_in is None or "<saved>" in state.store or not is_stale(state):
                    continue
                ways = list(way(state.made_in, state.site.node))
                if any(inside(site, loop) for _, site in ways) and (gathered or next(conditions(state.site), None) is not None):
                    self.emit(StateAliased(state.site, state.made_in, self.grad, state, state.site))

    def used_as_model(self, result: Instance, name: str | None, node: ast.AST) -> None:
        """An attribute of what `load_state_dict` gave is read, or (`name` None) it is called."""
        if LoadResultUsed in self.wanted and result.site is not None and name not in _RESULT_FIELDS:
            self.emit(LoadResultUsed(result.site, self.frame, self.grad, result, self.site(node)))


def _may_be_same_file(one: Value, other: Value) -> bool:
    """Whether two files may be the same: names that are known have to be equal."""
    return not isinstance(one, Const) or not isinstance(other, Const) or one == other


def is_stale(state: Value) -> bool:
    """Whether the weights that a state dict refers to have been trained since it was taken, and it is no copy."""
    if not isinstance(state, Instance) or state.cls != STATE or "<copied>" in state.store:
        return False
    module, clock = state.arguments.get("module"), state.arguments.get("clock")
    if not isinstance(module, Instance) or not isinstance(clock, Const):
        return False
    trained: Any = module.store.get("<stepped>", 0)
    return bool(trained > clock.value)


def _trained(value: Value) -> list[Instance]:
    """The modules whose parameters an optimizer's argument holds."""
    if isinstance(value, Iteration):
        return [value.source] if isinstance(value.source, Instance) else []
    if isinstance(value, Dict):
        entries = value.store.get("entries") or {}
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
            for each in (*(value.store.get("items") or ()), *value.store.get("<seen>", ())):
                yield from ((state, True) for state, _ in kept_states(each, depth - 1))
        case Dict():
            for each in (*(value.store.get("entries") or {}).values(), *value.store.get("<seen>", ())):
                yield from kept_states(each, depth - 1)
        case Instance() if isinstance(value.cls, Class):
            for each in (*value.store.values(), *value.store.get("<kept>", {}).values()):
                if isinstance(each, Value):
                    yield from kept_states(each, depth - 1)
