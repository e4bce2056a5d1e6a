"""A model is made and applied once, and each module's application on the way is kept, as hooks would see it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torchlint.semantics.classes import is_module
from torchlint.semantics.interpreter import Interpreter
from torchlint.semantics.machine import Limits
from torchlint.semantics.site import Site
from torchlint.semantics.values import Function, Instance, Store, Value
from torchlint.torch_api.shapes.error import ShapeError


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


class Tracer(Interpreter):
    """An interpreter that follows one model all the way, and keeps what each module was applied to."""

    limits = Limits(statements=200_000, calls=100, same_function=12, rounds=4_096, looped=1_000_000, familiar=1_000_000)
    tracing = False

    def follow(self, model: Value, inputs: Sequence[Value], node: ast.AST) -> Value:
        """Apply a model; its `applications` are kept in the order in which they ended, and the `misfits`."""
        self.applications: list[Application] = []
        self.misfits: list[Misfit] = []
        self.budget = self.limits.statements
        self.tracing = True
        try:
            return self.call(model, inputs, {}, node)
        finally:
            self.tracing = False

    def apply_module(self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        site = self.application(node)
        result = super().apply_module(module, positional, keywords, node)
        if self.tracing and is_module(module):
            self.applications.append(Application(module, (*positional, *keywords.values()), result, site))
        return result

    def shape_mismatch(self, operation: str, error: ShapeError, inputs: Sequence[Value], module: Value | None, node: ast.AST) -> None:
        if self.tracing:
            self.misfits.append(Misfit(operation, error, module, self.application(node), len(self.applications)))
        super().shape_mismatch(operation, error, inputs, module, node)

    def _key(self, function: Function, receiver: Value | None, locals_: Store) -> None:
        """No outcome stands in for a call: each application counts."""
        return None
