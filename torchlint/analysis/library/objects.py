"""Methods of objects: modules, optimizers, state dicts, loaders, and what else packages make."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from torchlint.analysis.interpreter.escape import escape
from torchlint.analysis.library.handlers import METHODS, LibraryCall
from torchlint.analysis.library.lightning import run_steps
from torchlint.analysis.library.torch.checkpoints import load_result, state_method
from torchlint.analysis.library.torch.data import loader_method
from torchlint.analysis.library.torch.module_methods import (
    call_module_method,
    is_optimizer,
    optimizer_method,
    receiver_module,
)
from torchlint.analysis.library.unknown import is_checkpoint
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.notes.calls import emit_call
from torchlint.analysis.notes.misuse import used_as_model
from torchlint.analysis.values.abstract import TRUE, UNKNOWN, Instance, LibraryMethod, Tuple, Unknown, Value
from torchlint.analysis.values.checkpoints import RESULT, is_state
from torchlint.analysis.values.classes import descendants
from torchlint.analysis.values.join import present
from torchlint.analysis.values.store import DEVICE, IS_MODULE, ZEROED
from torchlint.torch_api.binding import bind
from torchlint.torch_api.layers import PREPARERS
from torchlint.torch_api.lightning import STEPS_OF, TRAINER


def object_method(
    machine: Machine, instance: Instance, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    """`instance.name(...)`, where no class of the program has the method."""
    if isinstance(instance.cls, str) and (handler := METHODS.get(f"{instance.cls}.{name}")) is not None:
        return handler(instance, LibraryCall(machine, f"{instance.cls}.{name}", positional, keywords, node))
    module = receiver_module(LibraryMethod(instance, name))
    if module is not None:
        result = call_module_method(machine, module, name, positional, keywords, node, instance)
        if result is not None:
            _emit_method(machine, "torch.nn.Module", instance, name, positional, keywords, result, node)
            return result
    elif _shows_module(instance, name) and not positional and not keywords:
        if name == "train":
            machine.event("train", node, instance, training=True)
            machine.trail.set(instance.store, "training", True)
            return instance
        machine.trail.set(instance.store, IS_MODULE, TRUE)
        if instance.cls == "torch.Loaded" and "training" not in instance.store:
            machine.trail.set(instance.store, "training", None)
        return object_method(machine, instance, name, positional, keywords, node)
    if name == "load_state_dict" and module is None and isinstance(instance.cls, str) and positional and is_checkpoint(positional[0]):
        return load_result(machine, instance, node)
    if is_state(instance) and IS_MODULE not in instance.store:
        return state_method(machine, instance, name, positional, keywords, node)
    if is_optimizer(instance):
        result = optimizer_method(machine, instance, name, positional, keywords, node)
        _emit_method(machine, instance.cls if isinstance(instance.cls, str) else "torch.optim.Optimizer", instance, name, positional, keywords, result, node)
        return result
    loaded = loader_method(machine, instance, name, positional, keywords, node)
    if loaded is not None:
        return loaded
    if positional and isinstance(instance.cls, str) and name in PREPARERS.get(instance.cls, ()):
        return _prepared(machine, positional)
    if name == "zero_grad" and isinstance(instance.cls, str):
        machine.trail.set(instance.store, ZEROED, TRUE)
    if instance.cls == RESULT:
        used_as_model(machine, instance, name, node)
    model = present(positional[0] if positional else keywords.get("model", UNKNOWN))
    if instance.cls == TRAINER and name in STEPS_OF and isinstance(model, Instance):
        run_steps(machine, model, STEPS_OF[name], node)
    for argument in (*positional, *keywords.values()):
        escape(machine, argument, node)
    if isinstance(instance.cls, str) and instance.cls.endswith("GradScaler") and (name == "step" or (name == "scale" and positional)):
        return _scaler_method(machine, instance, name, positional[0] if positional else UNKNOWN, node)
    if name == "backward":
        machine.event("backward", node, positional[0] if positional else UNKNOWN, tuple(positional))
    machine.event("opaque", node, instance, (*positional, *keywords.values()))
    _emit_method(machine, instance.cls if isinstance(instance.cls, str) else instance.cls.name, instance, name, positional, keywords, UNKNOWN, node)
    return Unknown(machine.site(node), name, instance)


def _scaler_method(machine: Machine, scaler: Instance, name: str, given: Value, node: ast.AST) -> Value:
    """A scaler steps with an optimizer, and scales a loss."""
    if name == "scale":
        return given
    machine.event("step", node, given, (scaler,))
    return UNKNOWN


def _prepared(machine: Machine, given: Sequence[Value]) -> Value:
    """What a framework gives back of models, optimizers and loaders: these, on a device of its choice."""
    for each in given:
        for module in descendants(each):
            machine.trail.set(module.store, DEVICE, None)
    return given[0] if len(given) == 1 else Tuple(tuple(given))


def _shows_module(instance: Instance, name: str) -> bool:
    """Whether a method tells that an object of a class that is not read is a module (`train` alone does not)."""
    unread = isinstance(instance.cls, str) and (instance.cls == "torch.Loaded" or not instance.cls.startswith(("torch.", "builtins.")))
    return unread and name in ("train", "eval", "parameters", "named_parameters", "modules", "children")


def _emit_method(
    machine: Machine, cls: str, instance: Value, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], result: Value, node: ast.AST
) -> None:
    arguments = bind(f"{cls}.{name}", positional, keywords)
    emit_call(machine, f"{cls}.{name}", instance, arguments, positional, result, node)
