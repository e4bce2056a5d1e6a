"""A model is made and applied once, and each module's application on the way is kept, as hooks would see it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from torchlint.analysis.interpret import PYTHON, machine_for
from torchlint.analysis.machine.machine import Limits, Machine
from torchlint.analysis.values.abstract import Class, Const, Instance, Value
from torchlint.analysis.values.classes import is_module
from torchlint.analysis.values.immutable import immutable
from torchlint.analysis.values.site import Site
from torchlint.project.program import Program
from torchlint.syntax.tree import Tree
from torchlint.torch_api.shapes.error import ShapeError

# A whole model is followed, however deep; only what never ends is cut off.
_FOLLOWING = Limits(statements=200_000, calls=100, same_function=12, rounds=4_096, looped=1_000_000, familiar=1_000_000, remembered=False)


@immutable
class Application:
    """One application of a module: what it was given, what came out, and where that is written."""

    module: Instance
    inputs: tuple[Value, ...]
    result: Value
    site: Site


@immutable
class Misfit:
    """What torch would refuse: the operation, the layer of which it is one (None: none), and how many modules were applied before."""

    operation: str
    error: ShapeError
    layer: Value | None
    site: Site
    after: int


@immutable
class Making:
    """The program makes an instance of one of its classes with these arguments."""

    cls: Class
    positional: tuple[Value, ...]
    keywords: Mapping[str, Value]


class Tracer:
    """Sees how a program makes and applies its models, and can follow one model all the way.

    While a model is followed no outcome stands in for a call: each application counts.
    """

    def __init__(self, program: Program, trees: Mapping[str, Tree]) -> None:
        packages = replace(PYTHON.packages, apply=self._apply)
        watched = replace(PYTHON, call=self._call, attribute=self._attribute, packages=packages)
        self.machine = machine_for(program, trees, language=watched)
        self.machine.refused = self._refused
        self.tracing = False
        self.makings: list[Making] = []
        self.uses: list[Application] = []
        self.applications: list[Application] = []
        self.misfits: list[Misfit] = []

    def make(self, maker: Value, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        """Call what makes a model, however much that runs."""
        self._begin()
        return self.machine.call(maker, positional, keywords, node)

    def follow(self, model: Value, inputs: Sequence[Value], node: ast.AST) -> Value:
        """Apply a model; its `applications` are kept in the order in which they ended, and the `misfits`."""
        self.applications, self.misfits = [], []
        self._begin()
        return self.machine.call(model, inputs, {}, node)

    def _begin(self) -> None:
        self.machine.limits, self.tracing = _FOLLOWING, True
        self.machine.begin_entry(self.machine.frame.tree.path)

    def _call(self, machine: Machine, callee: Value, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        if isinstance(callee, Class) and not self.tracing:
            self.makings.append(Making(callee, tuple(positional), dict(keywords)))
        return PYTHON.call(machine, callee, positional, keywords, node)

    def _apply(self, machine: Machine, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST) -> Value:
        site = machine.application(node)
        result = PYTHON.packages.apply(machine, module, positional, keywords, node)
        if is_module(module):
            seen = self.applications if self.tracing else self.uses
            seen.append(Application(module, (*positional, *keywords.values()), result, site))
        return result

    def _attribute(self, machine: Machine, value: Value, name: str, node: ast.AST) -> Value:
        if self.tracing and name == "training" and is_module(value) and machine.mode(value) is not None:
            return Const(machine.mode(value))
        return PYTHON.attribute(machine, value, name, node)

    def _refused(self, operation: str, error: ShapeError, module: Value | None, site: Site) -> None:
        if self.tracing:
            self.misfits.append(Misfit(operation, error, module, site, len(self.applications)))
