"""The tables in which calls of what is not read are looked up, by qualified name.

A handler says what a call gives and does: `@handles("torch.cuda.is_available")` above a function of one `LibraryCall`.
Packages of others bring theirs through the entry point group `torchlint.handlers` (see docs/architecture.md).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from torchlint.analysis.machine.machine import Machine
from torchlint.analysis.values.abstract import UNKNOWN, Instance, Tensor, Value


@dataclass(frozen=True, slots=True)
class LibraryCall:
    """One call of what is not read: the machine that runs it, the arguments' values, and the node of the call."""

    machine: Machine
    name: str
    positional: Sequence[Value]
    keywords: Mapping[str, Value]
    node: ast.AST

    @property
    def first(self) -> Value:
        """The first positional argument; unknown where there is none."""
        return self.positional[0] if self.positional else UNKNOWN

    def argument(self, index: int, keyword: str) -> Value | None:
        """An argument that may be given by place or by name."""
        return self.positional[index] if len(self.positional) > index else self.keywords.get(keyword)

    def given(self, positional: Sequence[Value]) -> LibraryCall:
        """The same call with other arguments, none of them by name."""
        return replace(self, positional=positional, keywords={})


FunctionHandler = Callable[[LibraryCall], Value]
MethodHandler = Callable[[Instance, LibraryCall], Value]
TensorMethodHandler = Callable[[Tensor, LibraryCall], Value]

FUNCTIONS: dict[str, FunctionHandler] = {}
METHODS: dict[str, MethodHandler] = {}
MODULE_METHODS: dict[str, MethodHandler] = {}
TENSOR_METHODS: dict[str, TensorMethodHandler] = {}


def handles(*names: str) -> Callable[[FunctionHandler], FunctionHandler]:
    """Register what calls of these functions or classes do: `@handles("torch.save")`."""

    def register(handler: FunctionHandler) -> FunctionHandler:
        FUNCTIONS.update(dict.fromkeys(names, handler))
        return handler

    return register


def handles_method(*names: str) -> Callable[[MethodHandler], MethodHandler]:
    """Register methods of an object of a library, with the class: `@handles_method("acme.Masker.apply")`."""

    def register(handler: MethodHandler) -> MethodHandler:
        METHODS.update(dict.fromkeys(names, handler))
        return handler

    return register


def module_method(*names: str) -> Callable[[MethodHandler], MethodHandler]:
    """Register methods of nn.Module or of torch's containers by their bare names."""

    def register(handler: MethodHandler) -> MethodHandler:
        MODULE_METHODS.update(dict.fromkeys(names, handler))
        return handler

    return register


def tensor_method(*names: str) -> Callable[[TensorMethodHandler], TensorMethodHandler]:
    """Register methods of torch.Tensor by their bare names."""

    def register(handler: TensorMethodHandler) -> TensorMethodHandler:
        TENSOR_METHODS.update(dict.fromkeys(names, handler))
        return handler

    return register
