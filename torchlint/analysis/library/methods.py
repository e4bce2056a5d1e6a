"""Methods of every kind of value, by the kind."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import partial

from torchlint.analysis.library.arrays import array_method
from torchlint.analysis.library.inherited import class_method, super_method
from torchlint.analysis.library.objects import object_method
from torchlint.analysis.library.python.containers import dict_method, list_method
from torchlint.analysis.library.python.strings import string_method
from torchlint.analysis.library.torch.tensor_methods import call_tensor_method
from torchlint.analysis.library.unknown import unknown_method
from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import (
    UNKNOWN,
    Array,
    Class,
    Const,
    Dict,
    Instance,
    Iteration,
    LibraryMethod,
    List,
    OneOf,
    Super,
    Tensor,
    Unknown,
    Value,
)
from torchlint.analysis.values.join import join_all, present
from torchlint.analysis.values.origins import empties, gradient_of


def call_library_method(
    machine: Machine, method: LibraryMethod, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
) -> Value:
    receiver, name = present(method.receiver), method.name
    match receiver:
        case Tensor():
            return call_tensor_method(machine, receiver, name, positional, keywords, node)
        case List():
            return list_method(machine, receiver, name, positional, keywords, node)
        case Dict():
            return dict_method(machine, receiver, name, positional, keywords, node)
        case Array():
            return array_method(machine, receiver, name, positional, keywords, node)
        case Iteration() if name in ("next", "__next__"):
            return receiver.element
        case Const(value=str()):
            return string_method(receiver.value, name, positional)
        case Super():
            return super_method(machine, receiver, name, positional, keywords, node)
        case Instance():
            return object_method(machine, receiver, name, positional, keywords, node)
        case Class():
            return class_method(machine, receiver, name, positional, keywords, node)
        case OneOf() if any(isinstance(each, List | Dict) for each in receiver.alternatives):
            return machine.either([partial(_of_one, machine, each, name, positional, keywords, node) for each in receiver.alternatives])
        case OneOf():
            results = [
                machine.call(machine.attribute(each, name, node), positional, keywords, node) for each in receiver.alternatives
            ]
            return join_all(results)
        case Unknown():
            return unknown_method(machine, receiver, name, positional, keywords, node)
        case LibraryMethod() if empties(name, positional) and gradient_of(receiver) is not None:
            machine.event("zero_grad", node, UNKNOWN)
        case LibraryMethod():
            return unknown_method(machine, Unknown(machine.site(node), receiver.name, receiver.receiver), name, positional, keywords, node)
    return Unknown(machine.site(node), name, receiver)


def _of_one(machine: Machine, receiver: Value, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
    return machine.call(machine.attribute(receiver, name, node), positional, keywords, node)
