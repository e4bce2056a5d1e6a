"""What a loop draws from what it goes over."""

from __future__ import annotations

import ast
from dataclasses import replace

from torchlint.analysis.interpreter.functions import run_function
from torchlint.analysis.library.torch.data import loader_method
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
    UNKNOWN,
    Class,
    Function,
    Instance,
    Tensor,
    Unknown,
    Value,
    storages_of,
)
from torchlint.analysis.values.classes import find
from torchlint.analysis.values.inspection import element_of


def iterated(machine: Machine, value: Value, node: ast.AST) -> Value:
    """An element of what a loop goes over."""
    if isinstance(value, Instance):
        loaded = loader_method(machine, value, "__iter__", (), {}, node)
        if loaded is not None:
            return element_of(loaded)
        if isinstance(value.cls, Class):
            own = find(value.cls, "__iter__")
            if isinstance(own, Function):
                return element_of(run_function(machine, own, value, (), {}, node))
    if isinstance(value, Tensor):
        shape = value.shape[1:] if value.shape else None
        return replace(value, shape=shape, tail=None, op="getitem", inputs=(value,), leaf=True if value.requires_grad is False else None, parameter=False, storages=storages_of(value))
    element = element_of(value)
    return Unknown(machine.site(node), "<element>", value) if element is UNKNOWN else element
