"""Methods that a class of the program has from bases that are not read, by super() or by the base's name."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from torchlint.analysis.interpreter.calls import decorated_dataclass, fill_dataclass
from torchlint.analysis.interpreter.functions import run_function
from torchlint.analysis.library.torch.data import library_init
from torchlint.analysis.library.torch.layers import own_arguments
from torchlint.analysis.library.torch.module_methods import (
    call_module_method,
    is_optimizer,
    optimizer_method,
    receiver_module,
)
from torchlint.analysis.library.torch.modules import applied
from torchlint.analysis.library.torch_functions import initialized
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
    NONE,
    UNKNOWN,
    Class,
    Const,
    Function,
    Instance,
    LibraryMethod,
    Super,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from torchlint.analysis.values.classes import find, is_module_type, library_bases, method_kind


def super_method(
    machine: Machine, value: Super, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    receiver = value.receiver
    if not isinstance(receiver, Instance):
        return Unknown(machine.site(node))
    if name == "__init__":
        _inherited_init(machine, value.cls, receiver, positional, keywords, node)
        return NONE
    if name in ("__setattr__",) and len(positional) == 2 and isinstance(positional[0], Const):
        machine.trail.set(receiver.store, positional[0].value, positional[1])
        return NONE
    if name == "forward" and isinstance(receiver.cls, Class):
        bare = replace(receiver, cls=_library_class(receiver.cls), store=receiver.store, arguments=own_arguments(receiver))
        return applied(machine, bare, positional, keywords, node)
    if name == "train":
        return call_module_method(machine, receiver, "train", positional, keywords, node, receiver) or UNKNOWN
    module = receiver_module(LibraryMethod(value, name))
    if module is not None and name == "__call__":
        return machine.packages.apply(machine, module, positional, keywords, node)
    if module is not None:
        result = call_module_method(machine, module, name, positional, keywords, node, value)
        if result is not None:
            return result
    if is_optimizer(receiver):
        return optimizer_method(machine, receiver, name, positional, keywords, node)
    return Unknown(machine.site(node), name, receiver)


def _inherited_init(
    machine: Machine, cls: Class, receiver: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> None:
    """`super().__init__(...)` where no base writes one: that of a dataclass, or a library's."""
    base = next((each for each in cls.bases if isinstance(each, Class) and decorated_dataclass(each)), None)
    if base is not None:
        fill_dataclass(machine, receiver, base, positional, keywords, node)
    else:
        library_init(machine, receiver, positional, keywords, node)


def class_method(
    machine: Machine, cls: Class, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    if name == "apply" and any(base in ("torch.autograd.Function", "torch.autograd.function.Function") for base in library_bases(cls)):
        forward = find(cls, "forward")
        if isinstance(forward, Function):
            context = Instance("torch.autograd.Context", {}, {}, machine.site(node))
            given = positional if find(cls, "setup_context") is not None else (context, *positional)
            with machine.gradients(False):
                if method_kind(forward) == "class":
                    result = run_function(machine, forward, cls, given, keywords, node)
                else:
                    result = run_function(machine, replace(forward, owner=None), None, given, keywords, node)
            if isinstance(result, Tuple):
                return Tuple(tuple(Tensor(site=machine.site(node), op=cls.name, inputs=tuple(positional)) for _ in result.items))
            if not isinstance(result, Tensor):
                return Unknown(machine.site(node), "apply", cls)
        return Tensor(site=machine.site(node), op=cls.name, inputs=tuple(positional))
    if name == "__init__" and isinstance(receiver := initialized(machine, positional), Instance):
        library_init(machine, receiver, positional[1:], keywords, node)
        return NONE
    if is_module_type(cls):
        return Unknown(machine.site(node))
    return Unknown(machine.site(node), name, cls)


def _library_class(cls: Class) -> str:
    names = library_bases(cls)
    return names[0] if names else "builtins.object"
