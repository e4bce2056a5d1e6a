"""A model is made and applied once, and each module's application on the way is kept, as hooks would see it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from torchlint.frozen import dataclass
from torchlint.semantics.classes import is_module
from torchlint.semantics.interpreter import Interpreter
from torchlint.semantics.machine import Limits
from torchlint.semantics.site import Site
from torchlint.semantics.values import Class, Const, Function, Instance, Store, Value
from torchlint.torch_api.shapes.error import ShapeError

# A whole model is followed, however deep; only what never ends is cut off.
_FOLLOWING = Limits(statements=200_000, calls=100, same_function=12, rounds=4_096, looped=1_000_000, familiar=1_000_000)


@dataclass(frozen=True, slots=True, eq=False)
class Application:
    """One application of a module: what it was given, what came out, and where that is written."""

    module: Instance
    inputs: tuple[Value, ...]
    result: Value
    site: Site


@dataclass(frozen=True, slots=True, eq=False)
class Misfit:
    """What torch would refuse: the operation, the layer of which it is one (None: none), and how many modules were applied before."""

    operation: str
    error: ShapeError
    layer: Value | None
    site: Site
    after: int


@dataclass(frozen=True, slots=True, eq=False)
class Making:
    """The program makes an instance of one of its classes with these arguments."""

    cls: Class
    positional: tuple[Value, ...]
    keywords: Mapping[str, Value]


class Tracer(Interpreter):
    """An interpreter that sees how a program makes and applies its models, and can follow one model all the way."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.tracing = False
        self.makings: list[Making] = []
        self.uses: list[Application] = []
        self.applications: list[Application] = []
        self.misfits: list[Misfit] = []

    def make(self, maker: Value, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        """Call what makes a model, however much that runs."""
        self.limits, self.tracing = _FOLLOWING, True
        self.begin_entry()
        return self.call(maker, positional, keywords, node)

    def follow(self, model: Value, inputs: Sequence[Value], node: ast.AST) -> Value:
        """Apply a model; its `applications` are kept in the order in which they ended, and the `misfits`."""
        self.applications, self.misfits = [], []
        self.limits, self.tracing = _FOLLOWING, True
        self.begin_entry()
        return self.call(model, inputs, {}, node)

    def instantiate(self, cls: Class, positional: Sequence[Value] | None, keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if positional is not None and not self.tracing:
            self.makings.append(Making(cls, tuple(positional), dict(keywords)))
        return super().instantiate(cls, positional, keywords, node)

    def apply_module(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        site = self.application(node)
        result = super().apply_module(module, positional, keywords, node)
        if is_module(module):
            seen = self.applications if self.tracing else self.uses
            seen.append(Application(module, (*positional, *keywords.values()), result, site))
        return result

    def attribute(self, value: Value, name: str, node: ast.AST) -> Value:
        if self.tracing and name == "training" and is_module(value) and self.mode(value) is not None:
            return Const(self.mode(value))
        return super().attribute(value, name, node)

    def shape_mismatch(self, operation: str, error: ShapeError, inputs: Sequence[Value], module: Value | None, node: ast.AST) -> None:
        if self.tracing:
            self.misfits.append(Misfit(operation, error, module, self.application(node), len(self.applications)))
        super().shape_mismatch(operation, error, inputs, module, node)

    def _key(self, function: Function, receiver: Value | None, locals_: Store) -> tuple[Any, ...] | None:
        """While a model is followed no outcome stands in for a call: each application counts."""
        return None if self.tracing else super()._key(function, receiver, locals_)
