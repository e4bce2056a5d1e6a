"""What the annotations of a function's parameters say of what it is given."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from torchlint.semantics.attributes import Attributes
from torchlint.semantics.classes import is_module_type
from torchlint.semantics.frame import Frame
from torchlint.semantics.values import (
    UNKNOWN,
    Class,
    Function,
    Instance,
    Library,
    ModuleStore,
    Store,
    Tensor,
    Unknown,
    Value,
)
from torchlint.torch_api.dims import symbol
from torchlint.torch_api.jaxtyping import Annotated, annotated


class Annotations(Attributes):
    """Reads annotations in the scope of their function."""

    # How many functions with shapes in their annotations were run: their names for sizes are their own.
    _sized = 0

    def from_annotation(self, annotation: ast.expr | None, function: Function) -> Value:
        """What is known of a parameter that nobody passes: at most its annotated type."""
        written = _written(annotation)
        if isinstance(written, ast.Name | ast.Attribute):
            value = self._annotated(written, function)
            match value:
                case Library(name="torch.Tensor" | "torch.autograd.Variable"):
                    return Tensor()
                case Library(name="torch.nn.Module"):
                    return Instance("torch.nn.Module", ModuleStore(training=None))
                case Class() if is_module_type(value):
                    return Instance("torch.nn.Module", ModuleStore(training=None))
        return Unknown()

    def note_annotated_shapes(self, bound: Store, annotations: Mapping[str, ast.expr | None], function: Function) -> None:
        """Give the parameters whose shapes are not known those that their annotations say."""
        written = {name: each for name, annotation in annotations.items() if isinstance(each := _written(annotation), ast.Subscript)}
        if not written:
            return
        self._sized += 1
        for name, each in written.items():
            said = self._said(each, function)
            value = bound.get(name)
            if said is None or not isinstance(value, Tensor | Unknown) or (isinstance(value, Tensor) and (value.shape is not None or value.tail is not None)):
                continue
            given = value if isinstance(value, Tensor) else Tensor(site=value.site)
            bound[name] = replace(given, shape=said.shape, tail=said.tail, dtype=given.dtype or said.dtype)

    def _said(self, annotation: ast.Subscript, function: Function) -> Annotated | None:
        """`Float[Tensor, "b c h w"]` of tensors."""
        match annotation.slice:
            case ast.Tuple(elts=[ast.Name() | ast.Attribute() as array, ast.Constant(value=str() as text)]):
                kind = self._annotated(annotation.value, function)
                tensor = self._annotated(array, function)
                if isinstance(kind, Library) and isinstance(tensor, Library) and tensor.name == "torch.Tensor":
                    return annotated(kind.name, text, lambda name: symbol(f"{name}{self._sized}"))
        return None

    def _annotated(self, annotation: ast.expr, function: Function) -> Value:
        if not isinstance(annotation, ast.Name | ast.Attribute):
            return UNKNOWN
        caller = self.frame
        self.frame = Frame(self.files[function.path].tree, {}, function.scopes, caller=caller, depth=caller.depth)
        try:
            return self.eval(annotation)
        finally:
            self.frame = caller


def _written(annotation: ast.expr | None) -> ast.expr | None:
    """An annotation, also where it is written as a string."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return ast.parse(annotation.value.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError):
            return None
    return annotation
