"""The methods of modules, optimizers and schedulers."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from torchlint.semantics.classes import (
    children,
    descendants,
    is_module,
    is_module_type,
    layer_of,
    library_bases,
)
from torchlint.semantics.devices import move_module
from torchlint.semantics.holding import held_in
from torchlint.semantics.inspection import element_of, known_items
from torchlint.semantics.join import join_all
from torchlint.semantics.modules import Modules
from torchlint.semantics.registration import plain_contents
from torchlint.semantics.values import (
    FALSE,
    LAST,
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

_IN_PLACE = frozenset({"to", "cuda", "cpu", "float", "double", "half", "bfloat16", "type", "apply", "share_memory", "xpu", "to_empty"})
_CHILDREN_METHODS = frozenset({"children", "modules"})


class ModuleMethods(Modules):
    """What nn.Module, its containers and the optimizers can be asked to do."""

    def module_method(
        self,
        module: Instance,
        name: str,
        positional: Sequence[Value],
        keywords: Mapping[str, Value],
        node: ast.AST,
        receiver: Value,
    ) -> Value | None:
        """A method that nn.Module or one of its subclasses in torch offers; None if it is none of those."""
        action: Callable[..., Value] | None = getattr(self, f"_module_{name}", None)
        if action is not None:
            return action(module, positional, keywords, node)
        if name in _IN_PLACE:
            self.picks_device = self.picks_device or (name == "to" and any(isinstance(value, Unknown | LibraryMethod) for value in positional))
            move_module(self.trail, module, name, positional, keywords)
            if name in ("double", "half", "bfloat16", "float", "type") or any(k == "dtype" for k in keywords) or name == "to":
                self._note_cast(module, name, positional, keywords)
            return module
        if name in _CHILDREN_METHODS:
            held = tuple(descendants(module)) if name == "modules" else tuple(child for _, child in children(module))
            return Iteration(join_all(list(held)) if held else UNKNOWN, module)
        if name == "forward":
            return self.apply_module(module, positional, keywords, node)
        return None

    def _note_cast(self, module: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value]) -> None:
        given = [value for value in (*positional, *keywords.values()) if not isinstance(value, Const)]
        if name != "to" or any(not isinstance(v, Instance) for v in given):
            unclear = name != "to" or any(isinstance(v, Tensor) or (isinstance(v, Library) and v.name.startswith("torch.")) for v in given)
            if unclear:
                for each in descendants(module):
                    self.trail.set(each.store, "<cast>", TRUE)

    def _module_train(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        mode = positional[0] if positional else keywords.get("mode", TRUE)
        self.set_mode(module, bool(mode.value) if isinstance(mode, Const) else None, node)
        return module

    def _module_eval(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        self.set_mode(module, False, node)
        return module

    def set_mode(self, module: Instance, training: bool | None, node: ast.AST) -> None:
        for each in descendants(module):
            self.trail.set(each.store, "training", training)
        self.event("train" if training else "eval" if training is False else "mode", node, module, training=training)

    def may_switch_modes(self, taken: Unknown, node: ast.AST) -> None:
        """What was taken by a name that is not known may be any of its holder's modules."""
        if taken.method == "getattr" and isinstance(taken.receiver, Instance):
            for held in list(taken.receiver.store.values()):
                for module in held.alternatives if isinstance(held, OneOf) else (held,):
                    if isinstance(module, Instance) and is_module(module):
                        self.set_mode(module, None, node)

    def _module_parameters(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        requires = None if self._frozen(module) or module.cls == "torch.nn.Module" else True
        return Iteration(Tensor(requires_grad=requires, leaf=True, parameter=True, model=module, op="parameter"), module)

    def _module_named_parameters(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        inner = self._module_parameters(module, positional, keywords, node)
        return Iteration(Tuple((UNKNOWN, element_of(inner))), module)

    def _module_zero_grad(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        self.event("zero_grad", node, module)
        return NONE

    def _module_requires_grad_(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        fixed = FALSE in (*positional, *keywords.values())
        for each in descendants(module):
            self.trail.set(each.store, "<frozen>", TRUE)
            if fixed:
                self.trail.set(each.store, "<fixed>", TRUE)
            for name, held in list(each.store.items()):
                if isinstance(held, Tensor) and held.parameter:
                    self.trail.set(each.store, name, replace(held, requires_grad=None))
        return module

    def _module_register_buffer(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        given = (*positional, *(keywords[name] for name in ("name", "tensor") if name in keywords))
        if given and isinstance(given[0], Const):
            self.trail.set(module.store, ("buffer", given[0].value), TRUE)
        return self.register(module, given, node)

    def _module_register_parameter(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return self.register(module, (*positional, *(keywords[name] for name in ("name", "param") if name in keywords)), node)

    def _module_add_module(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if layer_of(module) is not None and isinstance(module.cls, str) and "items" in module.store:
            value = positional[1] if len(positional) > 1 else keywords.get("module", UNKNOWN)
            items = module.store["items"]
            self.trail.set(module.store, "items", None if items is None else (*items, value))
            self.trail.set(module.store, LAST, value)
            if positional and isinstance(positional[0], Const):
                self.trail.set(module.store, ("name", positional[0].value), value)
            return NONE
        if len(positional) >= 2 and module.store.get("items") is not None:
            # A Sequential of the program runs what is added in the order in which that happens, whatever the names are.
            self.trail.set(module.store, "items", (*module.store["items"], positional[1]))
        return self.register(module, (*positional, *keywords.values()), node)

    _module_register_module = _module_add_module

    def _module___setattr__(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        return self.call(Library("builtins.setattr"), (module, *positional), {}, node)

    def register(self, module: Instance, given: Sequence[Value], node: ast.AST) -> Value:
        """Register a module, parameter or buffer under a name, which may not be known."""
        self.needs_init(module, node)
        if len(given) >= 2 and isinstance(given[0], Const) and isinstance(given[0].value, str):
            self.trail.set(module.store, given[0].value, given[1])
        else:
            self.trail.set(module.store, "<setattr>", TRUE)
        return NONE

    def _module_append(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        items = module.store.get("items")
        module.store.setdefault("<seen>", []).extend(positional[:1])
        if positional:
            self.trail.set(module.store, "items", None if items is None else (*items, positional[0]))
            self.trail.set(module.store, LAST, positional[0])
        return module

    def _module_extend(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        items, more = module.store.get("items"), known_items(positional[0]) if positional else None
        module.store.setdefault("<seen>", []).extend(each for value in positional[:1] for each in held_in(value))
        self.trail.set(module.store, "items", None if items is None or more is None else (*items, *more))
        if more != ():
            self.trail.set(module.store, LAST, more[-1] if more else UNKNOWN)
        return module

    def _module_insert(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        module.store.setdefault("<seen>", []).extend(positional[1:2])
        self.trail.set(module.store, "items", None)
        self.trail.set(module.store, LAST, UNKNOWN)
        return NONE

    def _module_update(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        module.store.setdefault("<seen>", []).extend(each for value in positional for each in plain_contents(value))
        self.trail.set(module.store, "entries", None)
        return NONE

    def _module_values(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        entries = module.store.get("entries")
        if entries is None:
            return Iteration(UNKNOWN)
        return Tuple(tuple(entries.values()))

    def _module_items(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        entries = module.store.get("entries")
        if entries is None:
            return Iteration(UNKNOWN)
        return Tuple(tuple(Tuple((Const(key), value)) for key, value in entries.items()))

    def _module_keys(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        entries = module.store.get("entries")
        return Iteration(UNKNOWN) if entries is None else Tuple(tuple(Const(key) for key in entries))

    # Optimizers, schedulers, scalers.

    def optimizer_method(
        self, instance: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        cls = instance.library_name or ""
        if cls.startswith("torch.optim.lr_scheduler."):
            if name == "step":
                self.event("scheduler", node, instance, (*positional, *keywords.values()))
            return self.load_result(instance, node) if name == "load_state_dict" else UNKNOWN
        if name == "zero_grad":
            self.event("zero_grad", node, instance)
            return NONE
        if name == "step":
            closure = positional[0] if positional else keywords.get("closure")
            if isinstance(closure, Function | Method):
                self.call(closure, (), {}, node)
            self.event("step", node, instance, (closure,) if closure is not None else ())
            self.stepped(instance)
            return UNKNOWN
        if name == "load_state_dict":
            return self.load_result(instance, node)
        return Unknown(self.site(node), name, instance)

    def stepped(self, optimizer: Instance) -> None:
        raise NotImplementedError

    def load_result(self, loaded: Value, node: ast.AST) -> Instance:
        raise NotImplementedError


def is_optimizer(instance: Instance) -> bool:
    names = [instance.cls] if isinstance(instance.cls, str) else library_bases(instance.cls)
    return any(name.startswith("torch.optim.") for name in names)


def receiver_module(method: LibraryMethod) -> Instance | None:
    """The module on which a method of nn.Module is called, directly or by super()."""
    value = method.receiver.receiver if isinstance(method.receiver, Super) else method.receiver
    if isinstance(value, Instance) and (is_module(value) or is_module_type(value.cls)):
        return value
    return None
